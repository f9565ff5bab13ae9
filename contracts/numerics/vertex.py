"""The best vertex of a linear program without rounding: a solver names what binds, whole numbers say what follows.

    maximise cost . x   such that   low <= rows . x <= high,   least <= x <= most

A vertex is where as many rows and limits bind as there are columns. HiGHS says which; the equations are then solved
without rounding, for x and for the prices of the rows, and both sides are checked: x within all rows and limits, every
price of the sign that its side asks for. Then x is best, not nearly so, and cost . x is its own bound. Where the
solver's tolerances hid a price that is wrong by 1e-13, a few steps of the simplex method without rounding end at the
best vertex; where they hid rows and prices at once, the program is shifted to its own residuals and magnified first
(Gleixner, Steffy & Wolter 2016).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.errors import SolverError
from contracts.numerics.basis import Index, LinearProgram, Vertex, is_feasible, is_priced, vertex_at
from contracts.numerics.exact_solve import Whole, as_floats, sizes
from contracts.numerics.pivots import improved

TOLERANCE = 1e-10  # of the solver
FAR_ABOVE = 30  # binary digits by which a limit may exceed the entries of its row
MAGNIFIED = (0, 24, 44, 60)  # binary digits by which residuals are magnified, round by round


class Ended(NamedTuple):
    """How a solver ended that found no best point."""

    is_infeasible: bool
    is_unbounded: bool
    words: str


def best_vertex(program: LinearProgram) -> Vertex | Ended:
    """The best vertex, or how the search for it ended.

    Raises
    ------
    SolverError
        If there is a best vertex by the solver, and no exact one where it says.

    Examples
    --------
    >>> from contracts.numerics.exact_solve import Sparse
    >>> rows = Sparse(np.array([3, 1], dtype=object), np.array([0, 1]), np.array([0, 2]), 2)
    >>> one, none, much = (np.array(v, dtype=object) for v in ([1, 1], [0, 0], [np.inf, np.inf]))
    >>> best_vertex(LinearProgram(one, rows, np.array([-np.inf], dtype=object), one[:1], none, much))
    Vertex(x=array([0, 1], dtype=object), unit=1, prices=array([1], dtype=object), price_unit=1)
    """
    program, scale, cost_scale = _in_like_units(program)
    solver = _Solver(program)
    shift: tuple[Whole, int, Whole, int] | None = None
    for magnified in MAGNIFIED:
        if magnified and shift is not None:
            solver.magnify(*shift, magnified)
        ended = solver.run()
        if ended is not None:
            if magnified:
                break
            return ended
        columns, rows = solver.basis()
        vertex = vertex_at(program, columns, rows)
        if vertex is None:
            break
        is_best = is_feasible(program, vertex) and is_priced(program, vertex)
        if not is_best:
            vertex = improved(program, columns, rows, vertex)
            is_best = is_feasible(program, vertex) and is_priced(program, vertex)
        if is_best:
            prices = vertex.prices * scale
            return Vertex(vertex.x, vertex.unit, *_lowest(prices, vertex.price_unit * cost_scale))
        shift = (vertex.x, vertex.unit, vertex.prices, vertex.price_unit)
    raise SolverError(
        "the solver's best point is none when looked at without rounding: measure in units in which values are "
        "neither tiny nor huge, or round them",
        ("linear",),
    )


def _in_like_units(program: LinearProgram) -> tuple[LinearProgram, Whole, int]:
    """The program with rows and cost times powers of two, so that all have the same size, and these powers."""
    rows = program.rows
    row = np.repeat(np.arange(rows.n_rows), np.diff(rows.indptr))
    digits = np.ones(rows.n_rows, dtype=np.int64)
    np.maximum.at(digits, row, sizes(rows.data))
    for side in (program.low, program.high):  # solvers take limits far above all entries for none
        ends = sizes(np.array([*(0 if isinstance(end, float) else end for end in side.tolist()), 0], dtype=object)[:-1])
        digits = np.maximum(digits, ends - FAR_ABOVE)
    cost_digits = int(sizes(program.cost).max(initial=1))
    top = max(int(digits.max(initial=1)), cost_digits)
    scale = np.array([1 << (top - one) for one in digits.tolist()] + [0], dtype=object)[:-1]
    low, high = (
        np.array(
            [end if isinstance(end, float) else end * one for end, one in zip(side, scale, strict=True)] + [0],
            dtype=object,
        )[:-1]
        for side in (program.low, program.high)
    )
    cost_scale = 1 << (top - cost_digits)
    scaled = program._replace(
        cost=program.cost * cost_scale, rows=rows._replace(data=rows.data * scale[row]), low=low, high=high
    )
    return scaled, scale, cost_scale


def _lowest(numerators: Whole, unit: int) -> tuple[Whole, int]:
    common = math.gcd(unit, *numerators.tolist())
    return np.asarray(numerators // common), unit // common


class _Solver:
    """HiGHS with the program in floats, rows and columns in units of powers of two."""

    def __init__(self, program: LinearProgram) -> None:
        import highspy

        self._kinds: Any = highspy.HighsModelStatus
        self._highs: Any = highspy.Highs()
        self.program = program
        rows, count = program.rows, program.rows.n_rows
        entries = sizes(rows.data)
        row = np.repeat(np.arange(count), np.diff(rows.indptr))
        self.row_digits = np.zeros(count, dtype=np.int64)
        np.maximum.at(self.row_digits, row, entries)
        self.row_digits[:] = self.row_digits.max(initial=1)  # as all rows are in like units
        self.cost_digits = int(sizes(program.cost).max(initial=1))
        data = as_floats(rows.data, self.row_digits[row])
        for option, value in (
            ("output_flag", False),
            ("threads", 1),
            ("primal_feasibility_tolerance", TOLERANCE),
            ("dual_feasibility_tolerance", TOLERANCE),
        ):
            self._highs.setOptionValue(option, value)
        n_columns = len(program.cost)
        self._highs.addVars(n_columns, _floats(program.least), _floats(program.most))
        cost = -as_floats(program.cost, np.full(n_columns, self.cost_digits))
        self._highs.changeColsCost(n_columns, np.arange(n_columns, dtype=np.int32), cost)
        self._highs.addRows(
            count, self._scaled(program.low), self._scaled(program.high), len(data),
            rows.indptr[:-1].astype(np.int32), rows.indices.astype(np.int32), data,
        )  # fmt: skip

    def _scaled(self, limits: Whole) -> NDArray[np.float64]:
        finite = np.array([not isinstance(one, float) for one in limits.tolist()], dtype=bool)
        found = np.array([one if isinstance(one, float) else 0.0 for one in limits.tolist()], dtype=np.float64)
        found[finite] = as_floats(limits[finite], self.row_digits[finite])
        return found

    def run(self) -> Ended | None:
        """None where a best point was found."""
        self._highs.run()
        status = self._highs.getModelStatus()
        no_basis = status == self._kinds.kOptimal and len(self._highs.getBasis().row_status) != self.program.rows.n_rows
        if no_basis or status in (self._kinds.kUnboundedOrInfeasible, self._kinds.kUnknown):
            self._highs.setOptionValue("presolve", "off")
            self._highs.clearSolver()
            self._highs.run()
            status = self._highs.getModelStatus()
        if status == self._kinds.kOptimal:
            return None
        words = str(self._highs.modelStatusToString(status))
        return Ended(status == self._kinds.kInfeasible, status == self._kinds.kUnbounded, words)

    def basis(self) -> tuple[Index, Index]:
        """Where columns and rows are: LOWER, BASIC, UPPER, or beyond for those without limits."""
        found = self._highs.getBasis()
        return (np.array([int(one) for one in found.col_status], dtype=np.intp),
                np.array([int(one) for one in found.row_status], dtype=np.intp))  # fmt: skip

    def magnify(self, x: Whole, unit: int, prices: Whole, price_unit: int, digits: int) -> None:
        """Count from a point and its prices on, in units 2**-digits as large."""
        program = self.program
        inside = program.rows.times(x)
        grown = 1 << digits

        def rest(limits: Whole, at: Whole, scale: NDArray[np.int64]) -> NDArray[np.float64]:
            found = np.empty(len(limits))
            for k, (limit, here, size) in enumerate(zip(limits.tolist(), at.tolist(), scale.tolist(), strict=True)):
                found[k] = limit if isinstance(limit, float) else (limit * unit - here) * grown / (unit << size)
            return found

        n_rows, n_columns = program.rows.n_rows, len(program.cost)
        low, high = (rest(side, inside, self.row_digits) for side in (program.low, program.high))
        self._highs.changeRowsBounds(n_rows, np.arange(n_rows, dtype=np.int32), low, high)
        none = np.zeros(n_columns, dtype=np.int64)
        least, most = (rest(side, x, none) for side in (program.least, program.most))
        self._highs.changeColsBounds(n_columns, np.arange(n_columns, dtype=np.int32), least, most)
        left = program.cost * price_unit - program.rows.transposed().times(prices)
        cost = [-one * grown / (price_unit << self.cost_digits) for one in left.tolist()]
        self._highs.changeColsCost(n_columns, np.arange(n_columns, dtype=np.int32), np.array(cost, dtype=np.float64))


def _floats(limits: Whole) -> NDArray[np.float64]:
    return np.array([float(one) for one in limits.tolist()], dtype=np.float64)

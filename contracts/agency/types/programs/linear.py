"""Linear programs that grow: rows join, bounds move, and the solver starts from where it was."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from contracts.errors import SolverError
from contracts.inputs.arrays import Array, Indices

FEASIBLE = 1e-10  # tolerance of the solver


class Solved(NamedTuple):
    """What became of a program: a point with prices of rows, or a ray of prices that proves that there is none."""

    x: Array | None  # None where no point meets all rows
    prices: Array  # of rows, >= 0; where there is no point, the ray
    value: float


class Program:
    """Minimise cost . x such that rows . x >= right and x lies between bounds.

    Columns are known from the start; `equal` rows at the start may be equations.
    """

    def __init__(self, cost: Array, low: Array, high: Array) -> None:
        import highspy

        self._kinds: Any = highspy.HighsModelStatus
        self._solver: Any = highspy.Highs()
        for option, value in (
            ("output_flag", False),
            ("threads", 1),
            ("presolve", "off"),  # it would leave no ray, and no basis to start from
            ("primal_feasibility_tolerance", FEASIBLE),
            ("dual_feasibility_tolerance", FEASIBLE),
        ):
            self._solver.setOptionValue(option, value)
        self.n_columns = len(cost)
        self._solver.addVars(len(cost), low, high)
        self._solver.changeColsCost(len(cost), np.arange(len(cost), dtype=np.int32), cost)
        self.n_rows = 0

    def add(self, rows: Any, right: Array, *, equal: bool = False) -> None:
        """Rows, a sparse matrix or an array, that join."""
        from scipy.sparse import csr_array

        matrix = csr_array(rows)
        top = right if equal else np.full(len(right), np.inf)
        self._solver.addRows(
            len(right), right, top, matrix.nnz, matrix.indptr[:-1].astype(np.int32), matrix.indices.astype(np.int32),
            matrix.data,
        )  # fmt: skip
        self.n_rows += len(right)

    def bound(self, columns: Indices, low: Array, high: Array) -> None:
        """New bounds of some columns."""
        self._solver.changeColsBounds(len(columns), columns.astype(np.int32), low, high)

    def move(self, rows: Indices, right: Array) -> None:
        """New right sides of some rows."""
        self._solver.changeRowsBounds(len(rows), rows.astype(np.int32), right, np.full(len(right), np.inf))

    def solve(self) -> Solved:
        """The best point.

        Raises
        ------
        SolverError
            If there is none for another reason than that rows contradict each other.
        """
        self._solver.run()
        status = self._solver.getModelStatus()
        for presolve in ("off", "on"):  # once more, from nothing
            if status not in (self._kinds.kOptimal, self._kinds.kInfeasible):
                self._solver.clearSolver()
                self._solver.setOptionValue("presolve", presolve)
                self._solver.run()
                status = self._solver.getModelStatus()
        self._solver.setOptionValue("presolve", "off")
        if status == self._kinds.kInfeasible:
            _, is_there, ray = self._solver.getDualRay()
            prices = np.array(ray) if is_there else np.zeros(self.n_rows)
            return Solved(None, np.maximum(prices, 0.0), np.inf)
        if status != self._kinds.kOptimal:
            words = self._solver.modelStatusToString(status)
            raise SolverError(
                f"the linear program ended with: {words}. Limit wages, or measure in other units", ("linear",)
            )
        found = self._solver.getSolution()
        value = float(self._solver.getInfo().objective_function_value)
        return Solved(np.array(found.col_value), np.maximum(np.array(found.row_dual), 0.0), value)

"""Why there is no mechanism: prices of constraints at which keeping them all would take more than there is.

Some rows may be missed at a cost: the program of missing them least has a best vertex without rounding. If that is no
good, its prices p prove that the rows contradict each other (Farkas): p . rows is at most 0 wherever columns are within
their limits, and p . limits is more. The rows with a price are the conflict. A budget that is missed least is a
subsidy, and its amount the theorem of Myerson & Satterthwaite (1983) in money.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from contracts.errors import InfeasibleMenuError, SolverError
from contracts.inputs.arrays import Indices
from contracts.mechanisms.numbers import Numbers, whole
from contracts.mechanisms.program.layout import MechanismProgram
from contracts.numerics.basis import LinearProgram, Vertex, dual_bound
from contracts.numerics.exact_solve import Sparse, Whole
from contracts.numerics.folding import best_point

SHOWN = 6  # constraints in a message
# what may be missed, first to last
REMEDIES = {
    "budget": "give up the budget",
    "demanded": "leave outcome out",
    "limit": "let transfers be free",
    "row": "widen the limits of constraints",
}
ORDER = (("row",), ("budget",), ("IR",), ("limit", "budget", "IR"), ("IC", "IR", "budget", "limit", "row"))


class Conflict(NamedTuple):
    """A proof that rows contradict each other."""

    rows: Indices  # that have a price
    missed: Fraction | None  # the least subsidy, in money, where only the budget is missed
    kinds: tuple[str, ...]  # of rows that were allowed to be missed


def infeasible(numbers: Numbers, program: MechanismProgram) -> InfeasibleMenuError | SolverError:
    """The error that says which constraints conflict, once that is proven."""
    found = conflict(numbers, program)
    if found is None:
        return SolverError(
            "the solver found no mechanism, and no proof that there is none: measure in units in which values are "
            "neither tiny nor huge, or round them",
            ("linear",),
        )
    problem = numbers.problem
    names = tuple(dict.fromkeys(_said(program, row) for row in found.rows))
    names = tuple(
        sorted((name for name in names if name), key=lambda name: ("budget" not in name, name[:2] != "IR", name))
    )
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    short, remedies = "", []
    if found.missed is not None:
        short = (
            f": agents would have to be given at least {float(found.missed):.6g} more, in expectation, than there is"
        )
        remedies.append("bring in that much (principal_values)")
    kinds = {program.kinds[row] for row in found.rows.tolist()}
    if "IR" in kinds:
        others = {"ex post": "'interim' or None", "interim": "'ex ante' or None"}.get(
            str(problem.participation), "None"
        )
        remedies.append(f"lower reservation_utility, or ask for participation {others}")
    if "IC" in kinds and problem.incentives == "dominant":
        remedies.append("ask for incentives 'bayesian'")
    remedies += [words for kind, words in REMEDIES.items() if kind in kinds]
    if problem.transfers == "none" and "IC" in kinds:
        remedies.append("let transfers be free")
    return InfeasibleMenuError(
        f"no mechanism meets {', '.join(names[:SHOWN])}{more} together ({problem.incentives} incentives, proven "
        f"without rounding){short}. To have one, {'; or '.join(remedies)}",
        names,
    )


def _said(program: MechanismProgram, row: int) -> str:
    """What a row with a price is called: constraints of one type are one, whatever the others are."""
    kind, name = program.kinds[row], program.names(np.array([row]))[0]
    if kind == "demanded":
        return "the outcome that is demanded"
    if kind in ("lottery", "expected"):
        return ""
    if kind == "IC":
        own, _, lie = name.partition(" -> ")
        return f"{own.split(' beside ')[0]} -> {lie.split(' beside ')[0]}"
    return name.split(" beside ")[0].split(" at ")[0]


def conflict(numbers: Numbers, program: MechanismProgram) -> Conflict | None:
    """Rows that contradict each other, with the proof checked; None if none was found."""
    kinds = np.array(program.kinds)
    for allowed in ORDER:
        rows = np.flatnonzero(np.isin(kinds, allowed))
        if not len(rows):
            continue
        try:
            vertex = best_point(_missing(program.program, rows, _units(numbers, program, rows)))
        except SolverError:
            continue
        if not isinstance(vertex, Vertex):
            continue
        nothing = program.program._replace(cost=whole([0] * program.layout.n_columns))
        bound = dual_bound(nothing, vertex.prices, vertex.price_unit)
        if bound is None or bound[0] >= 0:
            continue
        in_sum = allowed == ("budget",) and len(rows) == 1
        missed = Fraction(-bound[0], bound[1]) * _money(numbers) if in_sum else None
        return Conflict(np.flatnonzero(vertex.prices != 0), missed, allowed)
    return None


def _units(numbers: Numbers, program: MechanismProgram, rows: Indices) -> Whole:
    """What a row is missed by if a unit of money is missing."""
    kinds = program.kinds
    whole_budget = [block for block in program.blocks if block.kind == "budget" and block.n_rows == 1]
    money = (numbers.total if whole_budget else 1) << numbers.transfer_digits
    data, indptr = program.program.rows.data, program.program.rows.indptr
    largest = []
    for row in rows.tolist():
        ends = [end for end in (program.program.low[row], program.program.high[row]) if not isinstance(end, float)]
        entries = data[indptr[row] : indptr[row + 1]].tolist()
        largest.append(max(1, *(abs(one) for one in [*entries, *ends])))
    return whole([money if kinds[row] == "budget" else size for row, size in zip(rows.tolist(), largest, strict=True)])


def _money(numbers: Numbers) -> Fraction:
    """A unit of transfers in money."""
    return Fraction(1 << numbers.transfer_digits, 1 << numbers.digits)


def _missing(program: LinearProgram, rows: Indices, units: Whole) -> LinearProgram:
    """The program of missing some rows least: columns that fill them up, and others that take away."""
    low, high = program.low[rows], program.high[rows]
    below = np.array([not isinstance(end, float) for end in low.tolist()])
    above = np.array([not isinstance(end, float) for end in high.tolist()])
    row = np.concatenate([rows[below], rows[above]])
    data = np.concatenate([units[below], -units[above]])
    count = len(program.cost)
    old = np.repeat(np.arange(program.rows.n_rows), np.diff(program.rows.indptr))
    every = np.concatenate([old, row])
    order = np.argsort(every, kind="stable")
    column = np.concatenate([program.rows.indices, count + np.arange(len(row))])[order]
    indptr = np.concatenate([[0], np.cumsum(np.bincount(every, minlength=program.rows.n_rows))]).astype(np.intp)
    matrix = Sparse(np.concatenate([program.rows.data, data])[order], column, indptr, count + len(row))
    infinite: list[Any] = [float("inf")] * len(row)
    return LinearProgram(
        whole([0] * count + [-1] * len(row)),
        matrix,
        program.low,
        program.high,
        np.concatenate([program.least, whole([0] * len(row))]),
        np.concatenate([program.most, whole(infinite)]),
    )

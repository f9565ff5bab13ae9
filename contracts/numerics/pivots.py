"""The simplex method without rounding: the few steps that are left where floats have stopped.

From a vertex whose point is within all limits, a row or column whose price has the wrong sign enters, and the first to
reach a limit stops it (primal). From one whose prices are right, a row or column beyond its limit leaves,
and the first price that would turn stops it (dual). Every step is a system solved in whole numbers; where a step has no
length the smallest number is taken (Bland 1977), so that steps do not go round in circles.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

import numpy as np

from contracts.numerics.basis import (
    BASIC,
    LOWER,
    UPPER,
    Index,
    LinearProgram,
    Vertex,
    is_feasible,
    is_priced,
    reduced_costs,
    vertex_at,
)
from contracts.numerics.exact_solve import Whole, solve_exactly

MOST_STEPS = 60
ROW, COLUMN = True, False


class Step(NamedTuple):
    """Something that enters or leaves: a row or a column, and in which direction it moves."""

    is_row: bool
    number: int
    sign: int  # 1 if it rises
    size: Fraction  # of what is wrong with it


def improved(program: LinearProgram, columns: Index, rows: Index, vertex: Vertex) -> Vertex:
    """The best vertex if a few steps lead there, else the last one reached."""
    columns, rows = columns.copy(), rows.copy()
    dull = False
    for _ in range(MOST_STEPS):
        if is_feasible(program, vertex):
            if is_priced(program, vertex):
                return vertex
            moved = _primal_step(program, columns, rows, vertex, dull=dull)
        elif _has_right_signs(program, columns, rows, vertex):
            moved = _dual_step(program, columns, rows, vertex, dull=dull)
        else:
            return vertex
        found = None if moved is None else vertex_at(program, columns, rows)
        if found is None:
            return vertex
        vertex, dull = found, moved == 0
    return vertex


# ---- what is wrong ----


def _wrong_prices(program: LinearProgram, columns: Index, rows: Index, vertex: Vertex) -> list[Step]:
    """Tight rows and resting columns that would be worth moving."""
    found = []
    for row in np.flatnonzero((rows != BASIC) & (vertex.prices != 0)).tolist():
        price, low, high = vertex.prices[row], program.low[row], program.high[row]
        if low != high and (price > 0) == (_side(program, row, int(rows[row])) == LOWER):
            found.append(Step(ROW, row, 1 if price > 0 else -1, Fraction(abs(price), vertex.price_unit)))
    worth = reduced_costs(program, vertex.prices, vertex.price_unit)
    for column in np.flatnonzero((columns != BASIC) & (worth != 0)).tolist():
        gain, least, most = worth[column], program.least[column], program.most[column]
        held = (gain > 0 and most == least) or (gain < 0 and columns[column] == LOWER) or (
            gain > 0 and columns[column] == UPPER
        )  # fmt: skip
        if not held:
            found.append(Step(COLUMN, column, 1 if gain > 0 else -1, Fraction(abs(gain), vertex.price_unit)))
    return found


def _side(program: LinearProgram, row: int, status: int) -> int:
    """The end at which a tight row rests."""
    if isinstance(program.low[row], float):
        return UPPER
    if isinstance(program.high[row], float):
        return LOWER
    return UPPER if status == UPPER else LOWER


def _has_right_signs(program: LinearProgram, columns: Index, rows: Index, vertex: Vertex) -> bool:
    return not _wrong_prices(program, columns, rows, vertex)


# ---- steps ----


def _primal_step(program: LinearProgram, columns: Index, rows: Index, vertex: Vertex, *, dull: bool) -> Fraction | None:
    """Let something enter until something else is at its limit; its length, None if nothing can be done."""
    wrong = _wrong_prices(program, columns, rows, vertex)
    if not wrong:
        return None
    enters = min(wrong, key=lambda s: (not s.is_row, s.number)) if dull else max(wrong, key=lambda s: s.size)
    basic, tight = np.flatnonzero(columns == BASIC), np.flatnonzero(rows != BASIC)
    square = program.rows.part(tight, basic)
    if enters.is_row:
        right = np.where(tight == enters.number, enters.sign, 0).astype(object)
    else:
        unit = np.zeros(len(columns), dtype=object)
        unit[enters.number] = -enters.sign
        right = program.rows.times(unit)[tight]
    found = solve_exactly(square, right)
    if found is None:
        return None
    move = np.zeros(len(columns), dtype=object)
    move[basic] = found[0]
    if not enters.is_row:
        move[enters.number] = enters.sign * found[1]
    best = _first_stop(program, columns, rows, vertex, move, found[1])
    if best is None:
        return None
    length, is_row, number, side = best
    if enters.is_row:
        rows[enters.number] = BASIC
    else:
        columns[enters.number] = BASIC
    if is_row:
        rows[number] = side
    else:
        columns[number] = side
    return length


def _first_stop(
    program: LinearProgram, columns: Index, rows: Index, vertex: Vertex, move: Whole, unit: int
) -> tuple[Fraction, bool, int, int] | None:
    """How far a move goes until a basic column or row is at a limit, which and at which end."""
    inside, along = program.rows.times(vertex.x), program.rows.times(move)
    best: tuple[Fraction, bool, int, int] | None = None
    for is_row, status, at, step, low, high in (
        (True, rows, inside, along, program.low, program.high),
        (False, columns, vertex.x, move, program.least, program.most),
    ):
        for k in np.flatnonzero((status == BASIC) & (step != 0)).tolist():
            end, side = (high[k], UPPER) if step[k] > 0 else (low[k], LOWER)
            if isinstance(end, float):
                continue
            length = Fraction(end * vertex.unit - at[k], vertex.unit) / Fraction(step[k], unit)
            if best is None or length < best[0]:
                best = (length, is_row, k, side)
    return best


def _dual_step(program: LinearProgram, columns: Index, rows: Index, vertex: Vertex, *, dull: bool) -> Fraction | None:
    """Let what is beyond its limit leave, and what costs least to move enter."""
    leaves = _furthest(program, columns, rows, vertex, dull=dull)
    basic, tight = np.flatnonzero(columns == BASIC), np.flatnonzero(rows != BASIC)
    square = program.rows.part(tight, basic)
    unit = np.zeros(len(columns), dtype=object)
    if leaves.is_row:
        start, end = program.rows.indptr[leaves.number : leaves.number + 2]
        unit[program.rows.indices[start:end]] = program.rows.data[start:end]
    else:
        unit[leaves.number] = 1
    found = solve_exactly(square.transposed(), unit[basic])
    if found is None:
        return None
    # what leaves moves by z_r for a unit of each tight row, and by the rest for a unit of each resting column
    by_row = np.zeros(len(rows), dtype=object)
    by_row[tight] = found[0]
    by_column = unit * found[1] - program.rows.transposed().times(by_row)
    worth = reduced_costs(program, vertex.prices, vertex.price_unit)
    best: tuple[Fraction, bool, int] | None = None
    for is_row, status, effect, price in ((True, rows, by_row, vertex.prices), (False, columns, by_column, worth)):
        for k in np.flatnonzero((status != BASIC) & (effect != 0)).tolist():
            if not _can_help(program, k, int(status[k]), int(effect[k]) * leaves.sign, is_row=is_row):
                continue
            cost = abs(Fraction(price[k], vertex.price_unit)) / abs(Fraction(effect[k], found[1]))
            if best is None or cost < best[0]:
                best = (cost, is_row, k)
    if best is None:
        return None
    cost, is_row, number = best
    side = LOWER if leaves.sign > 0 else UPPER
    if is_row:
        rows[number] = BASIC
    else:
        columns[number] = BASIC
    if leaves.is_row:
        rows[leaves.number] = side
    else:
        columns[leaves.number] = side
    return cost


def _can_help(program: LinearProgram, number: int, status: int, effect: int, *, is_row: bool) -> bool:
    """Whether moving a tight row or a resting column into its limits moves what leaves the right way."""
    low, high = (program.low, program.high) if is_row else (program.least, program.most)
    if low[number] == high[number]:
        return False
    if not is_row and isinstance(low[number], float) and isinstance(high[number], float):
        return True
    side = _side(program, number, status) if is_row else (UPPER if status == UPPER else LOWER)
    return effect > 0 if side == LOWER else effect < 0


def _furthest(program: LinearProgram, columns: Index, rows: Index, vertex: Vertex, *, dull: bool) -> Step:
    """The basic row or column that is furthest beyond its limit; the first one where steps have no length."""
    found = []
    inside = program.rows.times(vertex.x)
    for is_row, status, at, low, high in (
        (True, rows, inside, program.low, program.high),
        (False, columns, vertex.x, program.least, program.most),
    ):
        for k in np.flatnonzero(status == BASIC).tolist():
            for end, sign in ((low[k], 1), (high[k], -1)):
                if not isinstance(end, float) and sign * (end * vertex.unit - at[k]) > 0:
                    found.append(Step(is_row, k, sign, Fraction(abs(end * vertex.unit - at[k]), vertex.unit)))
    return min(found, key=lambda s: (not s.is_row, s.number)) if dull else max(found, key=lambda s: s.size)

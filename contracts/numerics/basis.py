"""What follows from a basis: the point where certain rows and limits bind, its prices, and what is wrong with them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.numerics.exact_solve import Sparse, Whole, factored, solve_exactly

Index = NDArray[np.intp]
LOWER, BASIC, UPPER = 0, 1, 2  # where a column or row is, as HiGHS counts; more for columns without limits


class LinearProgram(NamedTuple):
    """Whole numbers throughout; limits may be infinite floats."""

    cost: Whole  # (n_columns,) of what is maximised
    rows: Sparse
    low: Whole  # (n_rows,)
    high: Whole
    least: Whole  # (n_columns,) whole numbers
    most: Whole


class Vertex(NamedTuple):
    """The best point and the prices that prove it, both as numerators over one denominator."""

    x: Whole
    unit: int
    prices: Whole  # (n_rows,) positive where a row binds from above
    price_unit: int


def vertex_at(program: LinearProgram, columns: Index, rows: Index) -> Vertex | None:
    """Where all that is not basic is at its limit, and the prices that leave basic columns worth nothing."""
    basic, tight = np.flatnonzero(columns == BASIC), np.flatnonzero(rows != BASIC)
    if len(basic) != len(tight):
        return None
    at_rest = [0 if status == BASIC else _limit(program, k, status) for k, status in enumerate(columns.tolist())]
    resting = np.array([*at_rest, 0], dtype=object)[:-1]
    ends = [program.high[k] if _at_high(program, k, int(rows[k])) else program.low[k] for k in tight.tolist()]
    right = np.array([*ends, 0], dtype=object)[:-1]
    if any(isinstance(one, float) for one in [*right.tolist(), *resting.tolist()]):
        return None
    square = program.rows.part(tight, basic)
    factors = factored(square)
    if factors is None:
        return None
    found = solve_exactly(square, right - program.rows.times(resting)[tight], factors)
    if found is None:
        return None
    x = resting * found[1]
    x[basic] = found[0]
    priced = solve_exactly(square.transposed(), program.cost[basic], factors, transposed=True)
    if priced is None:
        return None
    prices = np.zeros(program.rows.n_rows, dtype=object)
    prices[tight] = priced[0]
    return Vertex(x, found[1], prices, priced[1])


def _limit(program: LinearProgram, column: int, status: int) -> Any:
    """The limit that a column rests at; 0 where it has none."""
    at = program.most[column] if status == UPPER else program.least[column]
    if isinstance(at, float):
        at = program.least[column] if status == UPPER else program.most[column]
    return 0 if isinstance(at, float) else at


def _at_high(program: LinearProgram, row: int, status: int) -> bool:
    high, low = program.high[row], program.low[row]
    return isinstance(low, float) or (status == UPPER and not isinstance(high, float))


def is_feasible(program: LinearProgram, vertex: Vertex) -> bool:
    """Whether x is within all rows and limits."""
    inside = program.rows.times(vertex.x)
    for low, at, high in ((program.low, inside, program.high), (program.least, vertex.x, program.most)):
        for side, sign in ((low, 1), (high, -1)):
            if any(
                not isinstance(end, float) and sign * (end * vertex.unit - here) > 0
                for end, here in zip(side.tolist(), at.tolist(), strict=True)
            ):
                return False
    return True


def reduced_costs(program: LinearProgram, prices: Whole, unit: int) -> Whole:
    """What a unit of each column is worth beyond what its rows cost at these prices, times `unit`; (n_columns,)."""
    return np.asarray(program.cost * unit - program.rows.transposed().times(prices))


def is_priced(program: LinearProgram, vertex: Vertex) -> bool:
    """Whether prices have their signs, and no column that could grow or shrink is worth it."""
    bound = dual_bound(program, vertex.prices, vertex.price_unit)
    value = int((program.cost * vertex.x).sum())
    return bound is not None and bound[0] * vertex.unit == value * bound[1]


def dual_bound(program: LinearProgram, prices: Whole, unit: int) -> tuple[int, int] | None:
    """What no point of the program is worth more than, by prices of rows: numerator and denominator; None for no bound.

    For any prices p, cost . x = p . (rows . x) + (cost - p . rows) . x, and each term is largest at one of its limits.
    """
    total = 0
    worth = reduced_costs(program, prices, unit)
    for price, low, high in ((prices, program.low, program.high), (worth, program.least, program.most)):
        for one, down, up in zip(price.tolist(), low.tolist(), high.tolist(), strict=True):
            if one:
                end = up if one > 0 else down
                if isinstance(end, float):
                    return None
                total += one * end
    return total, unit

"""Prices that leave wages without limits no slope: rationals next to those that a solver found.

Where wages of risk neutral agents have no limits, prices prove something only if for every type i and every action a
that it may be asked for the lies cancel: sum_kb mu_kiab p_k(b) = (sum_k nu_ki) p_i(a), with sum_b mu_kiab = nu_ki.
Floats miss that by rounding. The equations are linear and homogeneous, so most prices may stay as they are while the
others, the largest, are solved for exactly.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from contracts.agency.types.prices import AgencyMultipliers, Spread, WholePrices, charge_of_flow
from contracts.agency.types.problem import AgencyProblem
from contracts.inputs.arrays import Mask

NOISE = 1e-9  # share of the prices of honesty towards a type below which a price is a solver's noise
MOST = 60  # equations of a type: rationals grow as they are solved
LESS = Fraction((1 << 30) - 1, 1 << 30)  # of the prices, so that those of participation are not negative

Unknown = tuple[int, int, int]  # type, action told and action taken; -1 and -1 for the price of honesty


def balanced_prices(problem: AgencyProblem, prices: AgencyMultipliers, allowed: Mask) -> WholePrices | None:
    """Prices next to some at which lies cancel; None where there are none, or too many equations."""
    honesty: dict[tuple[int, int], Fraction] = {}
    spread: dict[tuple[int, int, int], dict[int, Fraction]] = {}
    for i in range(problem.n_types):
        found = _of_type(problem, prices, allowed, i)
        if found is None:
            return None
        for (k, told, taken), price in found.items():
            if told < 0:
                honesty[k, i] = price * LESS
            else:
                spread.setdefault((k, i, told), {})[taken] = price * LESS
    shares = [Fraction(weight) for weight in problem.weights.tolist()]
    every = [*honesty.values(), *shares, *(price for inside in spread.values() for price in inside.values())]
    unit = math.lcm(*(price.denominator for price in every))
    whole = np.zeros((problem.n_types, problem.n_types), dtype=object)
    for (k, i), price in honesty.items():
        whole[k, i] = int(price * unit)
    weights = _integers([int(share * unit) for share in shares])
    charge = charge_of_flow(weights, _integers([-1] * problem.n_types), whole)
    if any(one < 0 for one in charge):
        return None
    kept: Spread = {key: {b: int(price * unit) for b, price in inside.items()} for key, inside in spread.items()}
    return WholePrices(unit, weights, charge, whole, kept)


def _integers(values: list[int]) -> NDArray[np.object_]:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def _of_type(
    problem: AgencyProblem, prices: AgencyMultipliers, allowed: Mask, i: int
) -> dict[Unknown, Fraction] | None:
    """The prices of lies that report one type, solved for."""
    least = NOISE * float(prices.honesty[:, i].max(initial=0.0))
    tempted = np.flatnonzero(prices.honesty[:, i] > least).tolist()
    told = np.flatnonzero(allowed[i]).tolist()
    n_equations = len(told) * (problem.n_outcomes - 1 + len(tempted))
    if not tempted:
        return {}
    if n_equations > MOST:
        return None
    start: dict[Unknown, Fraction] = {(k, -1, -1): Fraction(float(prices.honesty[k, i])) for k in tempted}
    mine = (prices.report == i) & (prices.price > least)
    for row in np.flatnonzero(mine).tolist():
        key = (int(prices.tempted[row]), int(prices.told[row]), int(prices.taken[row]))
        if key[0] in tempted and key[1] in told:
            start[key] = start.get(key, Fraction()) + Fraction(float(prices.price[row]))
    order = sorted(start, key=lambda key: -start[key])
    chances, _ = problem.exact_chances
    matrix = []
    for a in told:
        for o in range(problem.n_outcomes - 1):  # the last follows, as chances sum to 1
            matrix.append([
                -int(chances[i, a, o]) if at < 0 else int(chances[k, b, o]) if at == a else 0 for k, at, b in order
            ])  # fmt: skip
        for k in tempted:
            matrix.append([0 if who != k else -1 if at < 0 else int(at == a) for who, at, _ in order])
    solved = _solved([[Fraction(x) for x in row] for row in matrix], [start[key] for key in order])
    return None if min(solved) < 0 else dict(zip(order, solved, strict=True))


def _solved(matrix: list[list[Fraction]], start: list[Fraction]) -> list[Fraction]:
    """Numbers that a matrix takes to zero, the later ones as at the start."""
    pivots: list[tuple[int, int]] = []
    row = 0
    for column in range(len(start)):
        found = next((r for r in range(row, len(matrix)) if matrix[r][column]), None)
        if found is None:
            continue
        matrix[row], matrix[found] = matrix[found], matrix[row]
        top = [x / matrix[row][column] for x in matrix[row]]
        matrix[row] = top
        for r, other in enumerate(matrix):
            if r != row and other[column]:
                times = other[column]
                matrix[r] = [x - times * y if y else x for x, y in zip(other, top, strict=True)]
        pivots.append((row, column))
        row += 1
        if row == len(matrix):
            break
    numbers = list(start)
    fixed = {column for _, column in pivots}
    for r, column in pivots:
        numbers[column] = -sum((x * start[k] for k, x in enumerate(matrix[r]) if x and k not in fixed), Fraction())
    return numbers

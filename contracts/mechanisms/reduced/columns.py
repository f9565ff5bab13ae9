r"""The best lottery over hierarchical rules: prices of rows ask for a rule, rules teach the prices.

Dantzig & Wolfe (1960). At prices p >= 0 of rows A Q <= b the best rule is known without a program, and

    value  <=  max_Q (c - p A) . Q + p . b          for any p >= 0,

so prices from anywhere prove a bound. Floats find the rules that matter; then the same is done without rounding, from
whole numbers, until value and bound are one number. As many rules are needed as rows bind, and one more.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from scipy.optimize import linprog

from contracts.errors import InfeasibleMenuError, SolverError
from contracts.inputs.arrays import Array
from contracts.mechanisms.numbers import whole
from contracts.mechanisms.reduced.problem import Row, SymmetricAuctionProblem
from contracts.mechanisms.reduced.rules import Tiers, best_tiers, chances_of, sum_over
from contracts.numerics.basis import LinearProgram, Vertex
from contracts.numerics.exact_solve import Sparse
from contracts.numerics.vertex import best_vertex

MOST_ROUNDS = 500  # of floats
MOST_EXACT = 30  # rounds without rounding
MISSED = 1e-9  # of a row in its own unit, by which floats may miss it
SPARE = 6  # rules beside those with a chance that the exact rounds begin with


class Lottery(NamedTuple):
    """Rules with their chances, the prices of rows, and what both are worth."""

    rules: list[tuple[Fraction, Tiers]]
    prices: list[Fraction]
    value: Fraction
    bound: Fraction


def best_lottery(problem: SymmetricAuctionProblem) -> Lottery:
    """The lottery over rules that is best.

    Raises
    ------
    InfeasibleMenuError
        If no auction keeps the rows, which is proven.
    SolverError
        If rows leave no room beyond rounding.
    """
    rules = _found(problem) if problem.rows else [best_tiers(problem, problem.objective_of)]
    for extended in range(MOST_EXACT):
        lottery = _mixed(problem, rules)
        better = best_tiers(problem, _at_prices(problem.objective_of, problem.rows, lottery.prices))
        if lottery.bound <= lottery.value or better in rules or extended == MOST_EXACT - 1:
            break
        rules.append(better)
    return lottery


def bound_at(
    problem: SymmetricAuctionProblem, goal: Sequence[Fraction], rows: Sequence[Row], prices: Sequence[Fraction]
) -> Fraction:
    """What no auction is worth more than, by any prices of rows that are not negative."""
    at = _at_prices(goal, rows, prices)
    least = sum((price * row.limit for price, row in zip(prices, rows, strict=True)), Fraction(0))
    return sum_over(problem, best_tiers(problem, at), at) + least


def _at_prices(goal: Sequence[Fraction], rows: Sequence[Row], prices: Sequence[Fraction]) -> list[Fraction]:
    found = list(goal)
    for price, row in zip(prices, rows, strict=True):
        if price:
            found = [one - price * own for one, own in zip(found, row.coefficients, strict=True)]
    return found


# ---- in floats ----


class _Scaled(NamedTuple):
    """Rows in units in which they are near 1."""

    coefficients: Array  # (n_rows, n_types)
    limits: Array  # (n_rows,)
    units: Array  # (n_rows,)


def _found(problem: SymmetricAuctionProblem) -> list[Tiers]:
    """Rules among which the best lottery is, as far as floats can tell."""
    table = np.array([[float(one) for one in row.coefficients] for row in problem.rows])
    limits = np.array([float(row.limit) for row in problem.rows])
    units = np.maximum(np.abs(table).max(axis=1), np.abs(limits))
    units[units == 0] = 1.0
    rows = _Scaled(table / units[:, np.newaxis], limits / units, units)
    goal = np.array([float(one) for one in problem.objective_of])
    goal = goal / (np.abs(goal).max() or 1.0)
    rules: list[Tiers] = [(), best_tiers(problem, problem.objective_of)]
    _met(problem, rows, rules)
    for _ in range(MOST_ROUNDS):
        chances = np.array([chances_of(problem, rule) for rule in rules])
        worth, taken = chances @ goal, rows.coefficients @ chances.T
        found = linprog(-worth, taken, rows.limits + MISSED, np.ones((1, len(rules))), [1.0])
        if found.status != 0:
            raise SolverError(f"the choice between {len(rules)} rules ended with: {found.message}", ("columns",))
        prices = np.maximum(-found.ineqlin.marginals, 0.0)
        better = best_tiers(problem, [Fraction(one) for one in (goal - prices @ rows.coefficients).tolist()])
        if better in rules:
            break
        rules.append(better)
    gains = worth - prices @ taken
    chosen = np.asarray(found.x)
    order = np.lexsort((-gains, -chosen))
    count = int(np.count_nonzero(chosen > 0)) + len(problem.rows) + SPARE
    return [rules[k] for k in order[:count].tolist()]


def _met(problem: SymmetricAuctionProblem, rows: _Scaled, rules: list[Tiers]) -> None:
    """Rules of which a lottery keeps the rows, added to those there are."""
    for _ in range(MOST_ROUNDS):
        chances = np.array([chances_of(problem, rule) for rule in rules])
        taken, count = rows.coefficients @ chances.T, len(rules)
        missing = np.hstack([taken, -np.eye(len(rows.limits))])
        cost = np.append(np.zeros(count), np.ones(len(rows.limits)))
        all_of = np.append(np.ones(count), np.zeros(len(rows.limits)))[np.newaxis]
        found = linprog(cost, missing, rows.limits, all_of, [1.0])
        missed = float(np.dot(cost, np.asarray(found.x)))
        if missed <= MISSED:
            return
        prices = np.maximum(-found.ineqlin.marginals, 0.0)
        better = best_tiers(problem, [Fraction(one) for one in (-prices @ rows.coefficients).tolist()])
        if better in rules:
            break
        rules.append(better)
    exact = [Fraction(price) / Fraction(unit) for price, unit in zip(prices.tolist(), rows.units.tolist(), strict=True)]
    if bound_at(problem, [Fraction(0)] * problem.n_types, problem.rows, exact) >= 0:
        return  # floats cannot tell: the exact rounds will
    names = tuple(dict.fromkeys(row.name for row, price in zip(problem.rows, prices, strict=True) if price > MISSED))
    if len(names) == 1:
        size = missed * float(max(unit for unit, price in zip(rows.units, prices, strict=True) if price > MISSED))
        short = (
            f"{names[0]} (proven without rounding): even lotteries miss it by {size:.6g}. To have one, widen its limit"
        )
    else:
        short = (
            f"{', '.join(names)} together (proven without rounding): even lotteries miss them by {missed:.6g} in sum, "
            "each in units of its largest number. To have one, widen their limits"
        )
    raise InfeasibleMenuError(f"no auction keeps {short}", names)


# ---- without rounding ----


def _mixed(problem: SymmetricAuctionProblem, rules: list[Tiers]) -> Lottery:
    """The best lottery over some rules, with prices and the bound that these prove of all."""
    goal = problem.objective_of
    table = [[sum_over(problem, rule, row.coefficients) for rule in rules] for row in problem.rows]
    worth = [sum_over(problem, rule, goal) for rule in rules]
    units = [
        math.lcm(row.limit.denominator, *(one.denominator for one in own))
        for row, own in zip(problem.rows, table, strict=True)
    ]
    unit = math.lcm(*(one.denominator for one in worth))
    entries = [[int(one * scale) for one in own] for own, scale in zip(table, units, strict=True)] + [[1] * len(rules)]
    kept = [[k for k, one in enumerate(own) if one] for own in entries]
    matrix = Sparse(
        whole([own[k] for own, at in zip(entries, kept, strict=True) for k in at]),
        np.array([k for at in kept for k in at], dtype=np.intp),
        np.cumsum([0, *map(len, kept)]).astype(np.intp),
        len(rules),
    )
    ends = [int(row.limit * scale) for row, scale in zip(problem.rows, units, strict=True)]
    infinite = float("inf")
    found = best_vertex(
        LinearProgram(
            whole([int(one * unit) for one in worth]),
            matrix,
            whole([*([-infinite] * len(ends)), 1]),
            whole([*ends, 1]),
            whole([0] * len(rules)),
            whole([infinite] * len(rules)),
        )
    )
    if not isinstance(found, Vertex):
        names = ", ".join(dict.fromkeys(row.name for row in problem.rows))
        raise SolverError(
            f"{names} leave no room beyond rounding ({found.words}): widen the limits a little", ("columns",)
        )
    chances = [Fraction(one, found.unit) for one in found.x.tolist()]
    prices = [
        max(Fraction(price * scale, found.price_unit * unit), Fraction(0))
        for price, scale in zip(found.prices.tolist(), units, strict=False)
    ]
    value = sum((chance * one for chance, one in zip(chances, worth, strict=True)), Fraction(0))
    taken = [(chance, rule) for chance, rule in zip(chances, rules, strict=True) if chance]
    return Lottery(taken, prices, value, bound_at(problem, goal, problem.rows, prices))

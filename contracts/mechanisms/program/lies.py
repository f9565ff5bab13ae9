"""Which lies a program must know: those to types near one's own, and any other by which somebody would gain.

At every profile of the others an agent has a row for each pair of its types, most of which never bind. A program with a
few of them has a best point that is as good as any; if no lie that was left out gains there, without rounding, it is
the best of all. Prices of rows that were left out are 0.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.inputs.arrays import Array
from contracts.mechanisms.interim import Tables, interim_lies, lies_by_profile
from contracts.mechanisms.numbers import Numbers, Rational, check_rows, whole
from contracts.mechanisms.program.formulate import formulated
from contracts.mechanisms.program.layout import Lies, MechanismProgram, is_interim
from contracts.mechanisms.program.payments import tables_of
from contracts.mechanisms.program.price_of_money import best_on_lines
from contracts.numerics.exact_solve import Whole
from contracts.numerics.folding import best_point
from contracts.numerics.vertex import Ended

FEW = 2_000  # rows of incentives that a program has whole
MOST_DIMENSIONS = 4  # that are counted
NEAR = 3  # types per dimension of values to which a type may lie at first: on a grid of two goods those next to it


class Best(NamedTuple):
    """The best mechanism, and the prices of the rows of the whole program."""

    tables: Tables
    prices: Rational
    program: MechanismProgram  # that knows all lies with a price


def best_of(numbers: Numbers) -> Best | tuple[MechanismProgram, Ended]:
    """The best mechanism by a program that knows enough lies; or the program and how the search ended.

    Raises
    ------
    SolverError
        See `best_vertex`.
    """
    known = best_on_lines(numbers)
    if known is not None:
        return Best(*known)
    lies = near_lies(numbers)
    while True:
        program = formulated(numbers, lies)
        found = best_point(program.program)
        if isinstance(found, Ended):
            if lies is None or found.is_infeasible:
                return program, found
            lies = None  # without the others something grows without limit
            continue
        tables = Tables(*tables_of(numbers, program, found))
        more = [] if lies is None else [gains(numbers, tables, k) for k in range(numbers.problem.n_agents)]
        if lies is None or not any(own.any() for own in more):
            prices = whole([0] * program.n_rows)
            prices[program.numbers] = found.prices
            return Best(tables, Rational(prices, found.price_unit), program)
        lies = [old | new for old, new in zip(lies, more, strict=True)]


def near_lies(numbers: Numbers) -> Lies | None:
    """Lies to types of nearly the same values; None where all are few."""
    problem = numbers.problem
    each = problem.n_profiles if problem.incentives != "bayesian" else 0
    rows = sum((each or count) * (count - 1) for count in problem.n_types)
    if is_interim(problem) or rows <= FEW:
        return None
    found = []
    for agent, count in enumerate(problem.n_types):
        table = problem.values[agent]
        table = np.moveaxis(table, agent, 0) if problem.is_interdependent else table
        found.append(near_types(table.reshape(count, -1)))
    return found


def near_types(values: Array) -> NDArray[np.bool_]:
    """Pairs of types of which one is among the nearest to the other, all of those that are as near."""
    dimensions = min(int(np.linalg.matrix_rank(values - values.mean(axis=0))), MOST_DIMENSIONS)
    most = NEAR * dimensions if dimensions > 1 else 2  # on a line one below and one above
    square = (values**2).sum(axis=1)
    apart = square[:, np.newaxis] + square - 2 * values @ values.T
    np.fill_diagonal(apart, -np.inf)
    reach = np.sort(apart, axis=1)[:, min(most, len(values) - 1)] + 1e-9 * square.max()
    near = apart <= reach[:, np.newaxis]
    return np.asarray((near | near.T) & ~np.eye(len(values), dtype=bool), dtype=bool)


def gains(numbers: Numbers, tables: Tables, agent: int) -> NDArray[np.bool_]:
    """By which lies an agent gains, whatever the size; [true, told]."""
    if numbers.problem.incentives == "bayesian":
        worth = interim_lies(numbers, tables, agent)[0]
        return np.asarray(worth > np.diagonal(worth)[:, np.newaxis], dtype=bool)
    worth = lies_by_profile(numbers, tables, agent)
    honest = worth[np.arange(len(worth)), np.arange(len(worth))]
    return np.asarray(np.any(worth > honest[:, np.newaxis], axis=2), dtype=bool)


def priced(numbers: Numbers, prices: Rational) -> tuple[MechanismProgram, Whole]:
    """The program with the lies that have a price, and the prices of its rows.

    Raises
    ------
    ProblemError
        If there are more or fewer prices than the whole program has rows.
    """
    problem = numbers.problem
    lies: Lies | None = None
    if not is_interim(problem):
        nothing = formulated(numbers, [np.zeros((count, count), dtype=bool) for count in problem.n_types])
        check_rows("prices", prices, (nothing.n_rows,))
        lies = []
        for (start, end), count in zip(nothing.incentives, problem.n_types, strict=True):
            own = np.zeros((count, count), dtype=bool)
            if count > 1:
                has_price = (prices.numerators[start:end] != 0).reshape(count * (count - 1), -1)
                own[~np.eye(count, dtype=bool)] = has_price.any(axis=1)
            lies.append(own)
    program = formulated(numbers, lies)
    check_rows("prices", prices, (program.n_rows,))
    return program, prices.numerators[program.numbers]

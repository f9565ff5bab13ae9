"""Rows that a problem states itself, in whole numbers: over chances of alternatives, transfers and utilities."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from contracts.exact.rationals import as_integers, binary_places
from contracts.mechanisms.interim import Tables, by_profile
from contracts.mechanisms.numbers import Numbers, whole
from contracts.numerics.exact_solve import Whole
from contracts.problem.rows.linear import LinearConstraint


class StatedRow(NamedTuple):
    """low <= alternatives . x + money . t <= high, all in parts of `unit`; money in that of `Numbers`."""

    alternatives: Whole  # (n_profiles * n_alternatives,) of chances
    money: Whole  # (n_agents * n_profiles,) of transfers, a unit of which is 2**transfer_digits of the row's
    low: int | float
    high: int | float
    unit: int


def stated_row(numbers: Numbers, row: LinearConstraint) -> StatedRow:
    """A row as whole numbers; a utility is what alternatives are worth less what is paid."""
    problem = numbers.problem
    parts = [getattr(row, field) for field in ("allocation", "transfer", "utility")]
    ends = np.array([end for end in (row.lower, row.upper) if end is not None])
    digits = max(binary_places(part) for part in (*parts, ends) if part is not None)
    size = problem.n_profiles
    goods = whole([0] * (size * problem.n_alternatives))
    money = whole([0] * (problem.n_agents * size))
    if row.allocation is not None:
        goods = as_integers(row.allocation, digits).ravel() << numbers.digits
    if row.transfer is not None:
        money = as_integers(row.transfer, digits).ravel()
    if row.utility is not None:
        found = as_integers(row.utility, digits).reshape(problem.n_agents, size)
        money = money - found.ravel()
        for agent in range(problem.n_agents):
            goods = goods + (numbers.worth_at(agent) * found[agent][:, np.newaxis]).ravel()
    unit = 1 << (digits + numbers.digits)
    low = -math.inf if row.lower is None else int(Fraction(row.lower) * unit)
    high = math.inf if row.upper is None else int(Fraction(row.upper) * unit)
    return StatedRow(np.asarray(goods), np.asarray(money), low, high, unit)


def excess_of(numbers: Numbers, tables: Tables, row: LinearConstraint) -> Fraction:
    """By how much a mechanism misses a row, 0 or less if it does not; from tables, not from the program."""
    problem, total = numbers.problem, Fraction(0)
    if row.allocation is not None:
        total += _sum(row.allocation, tables.outcome.numerators, tables.outcome.unit)
    if row.transfer is not None:
        total += _sum(row.transfer, tables.transfers.numerators, tables.transfers.unit)
    if row.utility is not None:
        had = np.stack([by_profile(numbers, tables, agent) for agent in range(problem.n_agents)])
        total += _sum(row.utility, had, (tables.outcome.unit * tables.transfers.unit) << numbers.digits)
    missed = [Fraction(row.lower) - total] if row.lower is not None else []
    return max([*missed, total - Fraction(row.upper)] if row.upper is not None else missed)


def _sum(coefficients: np.ndarray[tuple[int, ...], np.dtype[np.float64]], amounts: Whole, unit: int) -> Fraction:
    digits = binary_places(coefficients)
    return Fraction(int((as_integers(coefficients, digits).ravel() * amounts.ravel()).sum()), unit << digits)

"""Types who share a contract: who is to, and what they have on average."""

from __future__ import annotations

import numpy as np

from contracts.engines.candidate import units_of
from contracts.inputs.arrays import Array, Indices, distinct_rows
from contracts.problem.costs import index_of
from contracts.problem.mimicry import access_classes
from contracts.problem.participation import tastes
from contracts.problem.screening import ScreeningProblem
from contracts.problem.units import first_best_amounts

TWINS = 1e-8  # share of the largest valuation within which two types have one taste


def pooled(pool: Indices, weights: Array, values: Array) -> Array:
    """Everybody's values replaced by the mean of its pool, as they are where it is alone in it; (n_types, ...).

    As good by convexity as what each had, where only rounding would tell which one they prefer.

    Examples
    --------
    >>> pooled(np.array([0, 1, 1]), np.array([0.5, 0.25, 0.25]), np.array([1.0, 2.0, 3.0]))
    array([1. , 2.5, 2.5])
    """
    columns = values.reshape(len(values), -1)
    share = np.bincount(pool, weights)[pool]
    means = np.column_stack([np.bincount(pool, weights * column)[pool] / share for column in columns.T])
    alone = (np.bincount(pool) == 1)[pool]
    return np.where(alone[:, np.newaxis], columns, means).reshape(values.shape)


def lowest(pool: Indices, transfer: Array) -> Array:
    """The lowest transfer of everybody's pool, at which none of its members leaves; (n_types,).

    Examples
    --------
    >>> lowest(np.array([0, 1, 1]), np.array([1.0, 2.0, 3.0]))
    array([1., 2., 2.])
    """
    least = np.full(int(pool.max()) + 1, np.inf)
    np.minimum.at(least, pool, transfer)
    return least[pool]


def _seen(problem: ScreeningProblem) -> Array:
    """Powers of two: what a unit more of each good would have to be worth to a type to count as much as all its money.

    (n_types, n_goods); infinite for what nobody would give it.
    """
    amounts = first_best_amounts(problem)
    with np.errstate(divide="ignore", over="ignore"):
        worth = units_of(problem).money / amounts
        powers = np.ldexp(1.0, np.frexp(worth)[1])  # past the largest number for what is hardly given
    return np.where(np.isfinite(worth), powers, np.inf)


def twins_of(problem: ScreeningProblem) -> Indices:
    """Number of the taste that each type has, tastes that nearly coincide counted as one; (n_types,).

    Twins are worth nearly the same to the principal as well, and count alike in the side constraints: otherwise they
    are better off apart. So are types who mimic, or are mimicked by, others than their twins. Valuations differ as much
    as what they say of sums of money: those who are given most, as the skilled are where types are costs, differ by
    least.
    """
    values = tastes(problem.domain, problem.valuations)
    both = np.column_stack([values, problem.principal_values])
    if problem.terms.allocation_values.any():
        both = np.column_stack([both, problem.terms.allocation_values])
    costs = index_of(problem.cost, problem.n_types)  # whoever costs something else is worth something else
    both = np.column_stack([both, costs * float(np.abs(both).max())])
    if problem.mimics is not None:
        both = np.column_stack([both, access_classes(problem.mimics) * float(np.abs(both).max())])
    rows = problem.side_rows
    counts = np.concatenate([rows.allocation, rows.utility[:, :, np.newaxis]], axis=2) / problem.weights[:, np.newaxis]
    largest = np.abs(counts).max(axis=(1, 2), keepdims=True, initial=0.0)
    counts = counts / np.where(largest > 0, largest, 1.0)
    size = max(float(np.abs(both).max()), float(np.abs(problem.valuations).max()))
    if size < np.finfo(np.float64).tiny:
        both, size = np.zeros_like(both), 1.0
    told = np.minimum(_seen(problem) / size, 1.0)
    of_goods = both[:, : 2 * problem.n_goods] / size / np.tile(told, 2)
    cells = np.column_stack([of_goods, both[:, 2 * problem.n_goods :] / size, *counts]) / TWINS
    if (told < 1.0).any():
        cells = np.column_stack([cells, told])
    return distinct_rows(np.round(cells))[1]

"""Repricing menus of many contracts, by the pairs of a type and a contract that come close to tempting it.

Transfers near the solver's need to move by its rounding only. What a type would lose by a contract that is further from
tempting it than twice as much as transfers may move need not be looked at again; few pairs are closer. So the shortest
paths of `repricing` run over a sparse graph.
"""

from __future__ import annotations

import time

import numpy as np

from contracts.engines.candidate import units_of
from contracts.exact.rationals import EPS, UNDERFLOW, utility_error
from contracts.exact.relevance import relevant_blocks
from contracts.inputs.arrays import Array, Indices
from contracts.problem.screening import ScreeningProblem
from contracts.proof.verify import Contracts, distinct_contracts

REACH = 1e-5  # units of money by which transfers may move


def reprice_close(
    problem: ScreeningProblem, allocations: Array, contract: Indices, near: Array, deadline: float = np.inf
) -> Contracts | None:
    """The highest transfers within REACH of `near`, (n_types,), at which every type strictly keeps its contract.

    For profit and free transfers, everybody able to mimic everybody; contracts (n_types,). None if there are no such
    transfers, or after the deadline.
    """
    reach, values = REACH * units_of(problem).money, problem.valuations
    allocations, distinct = np.unique(allocations, axis=0, return_inverse=True)
    contract = distinct.reshape(-1)[contract]
    homes = np.flatnonzero(problem.outside.is_at(allocations))
    paid = np.full(len(allocations), np.inf)
    np.minimum.at(paid, contract, near)
    paid[homes] = 0.0
    if not np.isfinite(paid).all():
        return None
    pairs = _close(problem, allocations, contract, paid, reach)
    if pairs is None:
        return None
    who, what = pairs
    hair = 8 * (problem.n_goods + 3) * EPS
    worth = np.einsum("ij,ij->i", values, allocations[contract])
    size = np.einsum("ij,ij->i", np.abs(values[who]), np.abs(allocations[contract[who]]) + np.abs(allocations[what]))
    room = worth[who] - np.einsum("ij,ij->i", values[who], allocations[what]) - hair * size
    room -= hair * (float(np.abs(paid).max()) + reach) + UNDERFLOW
    ceiling = paid + reach
    rents = worth - problem.reservation_utility - 8 * utility_error(values, allocations, paid)
    np.minimum.at(ceiling, contract, rents)
    ceiling[homes] = 0.0
    found = shortest(contract[who], what, room, ceiling, paid - reach, deadline)
    if found is None or np.any(found[homes] < 0):
        return None  # who keeps the outside contract would rather have another
    return distinct_contracts(allocations[contract], found[contract])[0]


def _close(
    problem: ScreeningProblem, allocations: Array, contract: Indices, near: Array, reach: float
) -> tuple[Indices, Indices] | None:
    """Pairs of types and contracts within twice the reach of tempting; None where one tempts by more than it."""
    values, types, options = problem.valuations, [], []
    for some, offered in relevant_blocks(values, allocations, near, np.full(problem.n_types, reach / 4)):
        utility = values[some] @ allocations[offered].T - near[offered]
        own = np.einsum("ij,ij->i", values[some], allocations[contract[some]]) - near[contract[some]]
        if not np.all(utility.max(axis=1) <= own + reach):
            return None
        rows, columns = np.nonzero(
            (utility >= (own - 2 * reach)[:, np.newaxis]) & (offered != contract[some][:, np.newaxis])
        )
        types.append(some[rows])
        options.append(offered[columns])
    return np.concatenate(types), np.concatenate(options)


def shortest(to: Indices, through: Indices, room: Array, ceiling: Array, floor: Array, deadline: float) -> Array | None:
    """The largest t <= ceiling with t[to] <= t[through] + room; None where one falls below its floor, or no time."""
    if not len(to):
        return ceiling
    order = np.argsort(to, kind="stable")
    to, through, room = to[order], through[order], room[order]
    starts = np.flatnonzero(np.append(True, np.diff(to) > 0))
    heads, found = to[starts], ceiling
    for _ in range(len(ceiling) + 1):
        lowered = found.copy()
        lowered[heads] = np.minimum(found[heads], np.minimum.reduceat(found[through] + room, starts))
        if np.any(lowered < floor) or time.monotonic() > deadline:
            return None
        if np.array_equal(lowered, found):
            return found
        found = lowered
    return None  # a circle of types gains by trading places

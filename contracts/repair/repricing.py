"""Transfers that keep every type at its contract, for allocations as they are.

Differences of transfers are limited by what every type would gain by moving: the highest transfers are shortest paths
over the contracts, and on a line a cumulative sum. A hair less, and exact comparison finds every type in place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from contracts.engines.candidate import Candidate, units_of
from contracts.engines.ironing import line_of
from contracts.exact.rationals import EPS, UNDERFLOW, utility_error
from contracts.exact.relevance import row_blocks
from contracts.inputs.arrays import Array, Indices, Mask, distinct_rows
from contracts.problem.mimicry import access_classes
from contracts.problem.screening import ScreeningProblem
from contracts.proof.verify import Contracts, distinct_contracts
from contracts.repair.close_pairs import shortest
from contracts.repair.sharing import pooled

REPRICED_CONTRACTS = 2500  # shortest paths are dense in the number of contracts
FINEST_MERGER = 1e-13  # share within which amounts that span many orders of magnitude are one contract
CACHED_ROWS = 64  # of a dense matrix that are worked on at a time
BUDGET_ROUNDS = 8  # of raising all transfers alike: those at a type's outside option stay behind
CHAIN_PASSES = 60  # rounds of choosing which neighbours on a line keep contracts of their own


def contracts_of(problem: ScreeningProblem, allocation: Array, utility: Array) -> Contracts:
    """Allocations with the transfers that leave every type its utility, within the limits; (n_types,) of each."""
    if problem.transfers == "none":
        return allocation, np.zeros(len(allocation))
    worth = np.einsum("ij,ij->i", problem.valuations, allocation)
    return allocation, np.clip(worth - utility, *problem.limits_by_type)


def merge(problem: ScreeningProblem, candidate: Candidate, width: float) -> tuple[Array, Indices]:
    """Allocations with neighbours closer than `width` units merged, the outside contract's included; who has which.

    Types within rounding of the outside contract keep it: it comes first, as contract 0, where there is one. Finer than
    `FINEST_MERGER` nothing is told apart next to the largest amount: widths are then shares of each amount itself.
    """
    cell: Any = width * units_of(problem).allocation
    if width <= FINEST_MERGER:
        cell = width * 2.0 ** np.frexp(candidate.allocation)[1]
    rounded = np.round(candidate.allocation / cell)
    told_apart = np.hstack([rounded, np.broadcast_to(cell, rounded.shape)])
    first, merged = distinct_rows(told_apart)
    allocations = pooled(merged, problem.weights, candidate.allocation)[first]
    if not problem.outside.is_contract:
        return allocations, merged
    outside = problem.outside.allocation
    near = width * units_of(problem).allocation if width > FINEST_MERGER else width * np.abs(outside).max()
    allocations = np.where(np.abs(allocations - outside).max(axis=1, keepdims=True) <= near, outside, allocations)
    return np.vstack([outside, allocations]), merged + 1


def reprice(
    problem: ScreeningProblem, allocations: Array, contract: Indices, deadline: float = np.inf
) -> Contracts | None:
    """The highest transfers at which every type strictly keeps its contract; None if the contracts do not allow it.

    None after the deadline, too. Where not everybody can mimic everybody it is one contract for each type.
    """
    found = in_place(problem, allocations, contract, deadline)
    return found if found is None or problem.mimics is not None else distinct_contracts(*found)[0]


def reprice_near(problem: ScreeningProblem, candidate: Candidate, width: float, deadline: float) -> Iterator[Contracts]:
    """Transfers as the candidate's, lowered until every type strictly keeps its contract.

    Where that costs the minimum profit, all of them are raised alike first: IC does not mind.
    """
    allocations, contract = merge(problem, candidate, width)
    allocations = problem.domain.clip(allocations)
    near = contracts_of(problem, allocations[contract], candidate.utility)[1]
    stays = problem.outside.is_at(allocations)[contract]
    near[stays & (np.abs(near) <= width * units_of(problem).money)] = 0.0
    required = -np.inf if problem.terms.minimum_profit is None else problem.terms.minimum_profit
    for _ in range(BUDGET_ROUNDS):
        found = in_place(problem, allocations, contract, deadline, near)
        if found is None:
            return
        yield found
        short = required - float(problem.weights @ problem.payoff(*found))
        if short <= 0:
            return
        near = found[1] + short


def in_place(
    problem: ScreeningProblem, allocations: Array, contract: Indices, deadline: float, near: Array | None = None
) -> Contracts | None:
    """Contracts (n_types,) at the highest transfers at which every type strictly keeps its own; None if there are none.

    t_m <= t_k + min over types i with contract m of a_i . (x_m - x_k), less a hair; t_m <= a_i . x_m - r_i; and the
    outside contract, number 0 where there is one, costs nothing. Transfers that meet this form a lattice: with `near`,
    (n_types,), none exceeds it unless the limits or the outside contract ask for more. Where not everybody can mimic
    everybody the same amounts may be several contracts, each meant for types that the same ones can mimic.
    """
    mimics = problem.mimics
    if mimics is None:
        first, distinct = distinct_rows(allocations)
        allocations, contract = allocations[first], distinct[contract]
    else:
        allocations, contract = by_access(mimics, allocations[contract])
    if len(allocations) > REPRICED_CONTRACTS:
        return None
    homes = np.flatnonzero(problem.outside.is_at(allocations))
    if near is not None:  # where its takers are paid, as by a basic income, it is a contract like any other
        homes = np.array([home for home in homes if near[contract == home].min(initial=0.0) >= 0], dtype=np.intp)
    home = int(homes[0]) if homes.size and mimics is None else -1
    lowest, highest = problem.limits_by_type
    room = np.full((len(allocations), len(allocations)), np.inf)
    ceiling = np.full(len(allocations), np.inf)
    hair = 8 * (problem.n_goods + 3) * EPS  # of the sums that a comparison of two contracts rounds
    for rows in row_blocks(problem.n_types, len(allocations)):
        utility = problem.valuations[rows] @ allocations.T
        size = np.abs(problem.valuations[rows]) @ np.abs(allocations).T
        places = np.arange(len(utility)), contract[rows]
        own = utility[places]
        spare = own[:, np.newaxis] - utility - hair * (size[places][:, np.newaxis] + size)
        if mimics is not None:
            spare = np.where(_reached(mimics[rows], contract), spare, np.inf)
        np.minimum.at(room, contract[rows], spare)
        np.minimum.at(ceiling, contract[rows], np.minimum(own - problem.reservation_utility[rows], highest[rows]))
    np.fill_diagonal(room, np.inf)
    paid = np.append(ceiling[np.isfinite(ceiling)], [] if near is None else near)
    room = room - hair * float(np.abs(paid).max()) - UNDERFLOW
    if mimics is not None:  # of the same amounts the cheaper ones are better, to the last digit
        amount = np.unique(allocations, axis=0, return_inverse=True)[1].reshape(-1)
        room = np.where((amount[:, np.newaxis] == amount) & np.isfinite(room), 0.0, room)
    ceiling = ceiling - 8 * float(utility_error(problem.valuations, allocations, paid).max())
    floor = np.full(len(allocations), -np.inf)
    np.maximum.at(floor, contract, lowest)
    if near is not None:
        np.minimum.at(ceiling, contract, near)
    ceiling[homes] = 0.0
    if home >= 0:
        floor[home] = 0.0
    transfers = _shortest(room, ceiling, deadline, home if near is None else -1)
    if transfers is None:
        return None  # a cycle of types gains by trading places: these allocations are not implementable
    transfers = np.maximum(transfers, floor)
    if np.isfinite(floor).any():
        raised = _shortest(room.T, -floor, deadline, home)
        transfers = transfers if raised is None else np.maximum(transfers, -raised)
    return allocations[contract], transfers[contract]


def by_access(mimics: Mask, allocation: Array) -> tuple[Array, Indices]:
    """Allocations (n_types, n_goods) once for every class of access that has them; number of each type's."""
    rows = np.column_stack([allocation, access_classes(mimics)])
    distinct, number = np.unique(rows, axis=0, return_inverse=True)
    return np.ascontiguousarray(distinct[:, :-1]), number.reshape(-1)


def _reached(mimics: Mask, contract: Indices) -> Mask:
    """Whether types with these rows of the relation can take each contract; (n, n_contracts)."""
    head = np.unique(contract, return_index=True)[1]
    return mimics[:, head]


def _shortest(room: Array, ceiling: Array, deadline: float, fixed: int) -> Array | None:
    """The largest t <= ceiling with t_m <= t_k + room_mk; None where there is none, or no time.

    None, too, where t_fixed is below its ceiling; -1 if none is fixed. Of every contract only the others that hold it
    down most are listed, one more whenever it is too dear at the shortest paths over the list: along a line, say, a
    neighbour. Once none is, the paths are the shortest over all.
    """
    least, listed = ceiling, np.empty((2, 0), dtype=np.intp)
    while True:
        holding = [(room[rows] + least).argmin(axis=1) for rows in _in_turn(len(room))]
        pairs = np.array([np.arange(len(room)), np.concatenate(holding)])
        tighter = room[*pairs] + least[pairs[1]] < least
        if not tighter.any():
            return least
        listed = np.concatenate([listed, pairs[:, tighter]], axis=1)
        to, through = listed
        found = shortest(to, through, room[to, through], least, np.full(len(least), -np.inf), deadline)
        if found is None or (fixed >= 0 and found[fixed] < ceiling[fixed]):
            return None
        least = found


def _in_turn(count: int) -> list[slice]:
    """Rows of a dense matrix that are worked on at a time."""
    return [slice(start, start + CACHED_ROWS) for start in range(0, count, CACHED_ROWS)]


def chain(problem: ScreeningProblem, candidate: Candidate) -> Contracts | None:
    """Repricing for types on a line: a cumulative sum, with a hair less at every step; None off a line.

    Neighbours whose contracts could not be told apart beyond rounding, because (theta' - theta)(y' - y) is smaller
    than the hair, share the lower one. Side constraints and limits are left to the candidate: this is its menu
    but for hairs.
    """
    limited = bool(problem.constraints) or isinstance(problem.transfers, tuple)
    line = line_of(replace(problem, constraints=(), transfers="free") if limited else problem)
    if isinstance(line, str):
        return None
    head = line.order if line.is_plain else line.order[np.searchsorted(line.group, np.arange(len(line.theta)))]
    values, allocation = problem.valuations[head], candidate.allocation[head]
    worth = np.einsum("ij,ij->i", np.abs(values), np.abs(allocation)).max() + np.abs(candidate.utility).max()
    hair = 16 * (problem.n_goods + 3) * EPS * float(worth)
    amount = allocation @ line.direction
    step = np.concatenate([[0.0], np.diff(line.theta)])
    kept = _kept(step, amount, 4 * hair)
    own = values[kept[1:]]
    rise = np.einsum("ij,ij->i", own, allocation[kept[1:]] - allocation[kept[:-1]]) - hair
    first = allocation[kept[0]]
    start, least = 0.0, float(problem.reservation_utility[head[0]])
    gift = float(candidate.utility[head[0]]) - least if limited else 0.0  # a row may ask for one to all
    if gift > hair or not problem.outside.is_at(first[np.newaxis])[0]:
        start = float(values[0] @ first) - least - gift - hair
    return allocation[kept], np.cumsum(np.concatenate([[start], rise]))


def _kept(step: Array, amount: Array, least: float) -> Indices:
    """Positions that get a contract of their own: step * (amount - last kept amount) is at least `least`.

    Amounts below an earlier one get none.
    """
    keeps = np.zeros(len(amount), dtype=bool)
    keeps[0] = True
    highest = np.maximum.accumulate(amount)
    for _ in range(CHAIN_PASSES):
        last = np.maximum.accumulate(np.where(keeps, np.arange(len(amount)), 0))
        far = (step * (amount - amount[last]) >= least) & (amount == highest) & ~keeps
        if not far.any():
            break
        # Of a run that measures against the same kept contract only the first is safe to add, and every one whose
        # own predecessor is far enough as well.
        beside = step[1:] * np.diff(highest) >= least
        run = np.concatenate([[True], last[1:] != last[:-1]])
        before: Indices = np.cumsum(far) - far
        first = far & (before == before[np.maximum.accumulate(np.where(run, np.arange(len(amount)), 0))])
        keeps |= first | (far & np.concatenate([[False], beside]))
    return np.flatnonzero(keeps)

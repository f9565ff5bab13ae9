"""Repairs of menus some of whose constraints cannot have room: to the last digit, for few types.

Equal treatment, a good forbidden, twins who must be indifferent: such constraints hold with equality in every menu, so
no mixture gives them room. Amounts next to an edge of the domain are put on it, the constraints that can have room
are given some, and transfers are the highest ones, no higher than the mixture's, at which nobody moves: shortest paths
in whole numbers, rounded down to a float at every step. That costs a rounding error per step, where repricing with a
hair costs ten, and nothing at all where indifference can be said in floats.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.engines.candidate import Candidate, units_of
from contracts.engines.program import Rows
from contracts.engines.strict import StrictMenu
from contracts.exact.rationals import ExactUtilities, utility_error
from contracts.inputs.arrays import Array, Indices, Mask
from contracts.problem.domains import ends_of, is_lottery
from contracts.problem.participation import in_goods
from contracts.problem.screening import ScreeningProblem
from contracts.proof.verify import Contracts
from contracts.repair.lattice import indifferent_amounts, twin_groups
from contracts.repair.mixing import mixed
from contracts.repair.repricing import contracts_of

FEW_TYPES = 60  # whose utilities from one another's contracts are worth whole numbers
EDGES = (1e-6, 1e-9, 0.0)  # share of their unit by which amounts may miss an edge, or one another
SHARES = (0.0, 1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 3e-7, 1e-6, 1e-5)
UNPAID = 1e-6  # units of money above what the outside contract is worth, below which nobody is paid for keeping it
ROUNDS = 3  # of shortest paths, per contract


def tight_repairs(problem: ScreeningProblem, candidate: Candidate, strict: StrictMenu | None) -> Iterator[Contracts]:
    """Mixtures on the edges of the domain, repriced exactly; contracts (n_types,), or none for many types.

    What is already there comes once, however narrow the edge: all that follows from it would be the same.
    """
    if problem.n_types > FEW_TYPES:
        return
    known: set[tuple[bytes, bytes]] = set()
    twins = twin_groups(problem, candidate.allocation)
    for edge in EDGES:
        for share in SHARES if strict is not None else SHARES[:1]:
            allocation, utility = candidate.allocation, candidate.utility
            if strict is not None:
                allocation, utility = mixed(problem, candidate, strict, share)
            allocation = on_edges(problem, allocation, edge)
            if strict is not None and strict.roomless is not None:
                allocation, utility = on_equations(problem, strict.roomless, allocation, utility)
            utility = level(problem, twins, allocation, utility)
            found = contracts_of(problem, allocation, utility)
            if (same := (allocation.tobytes(), utility.tobytes())) in known:
                continue
            known.add(same)
            yield found
            if problem.transfers == "none":
                for amounts in indifferent_amounts(problem, twins, *found) if twins else ():
                    yield amounts, np.zeros(len(amounts))
                continue
            repriced = list(exactly_repriced(problem, *found))
            yield from repriced
            for amounts in indifferent_amounts(problem, twins, *found) if not repriced else ():
                if twins and strict is not None and strict.roomless is not None:  # those tied to them by rows follow
                    amounts, _ = on_equations(problem, strict.roomless, amounts, utility, np.concatenate(twins))
                yield from exactly_repriced(problem, amounts, contracts_of(problem, amounts, utility)[1])


def on_edges(problem: ScreeningProblem, allocation: Array, width: float) -> Array:
    """Amounts within `width` units of an edge of the domain, or of one another, made equal; (n_types, n_goods)."""
    cell = width * units_of(problem).allocation
    if cell == 0:
        return allocation
    edges = list(ends_of(problem.domain, problem.n_goods) or [np.zeros(problem.n_goods)])
    if problem.outside.is_contract:
        edges.append(problem.outside.allocation)
    moved = allocation
    for edge in edges:
        moved = np.where(np.abs(moved - edge) <= cell, edge, moved)
    columns = []
    for good in moved.T:
        order = np.argsort(good, kind="stable")
        run = np.cumsum(np.append(True, np.diff(good[order]) > cell)) - 1
        least = good[order][np.unique(run, return_index=True)[1]]
        column = np.empty_like(good)
        column[order] = least[run]
        columns.append(column)
    return problem.domain.clip(np.column_stack(columns))


def level(problem: ScreeningProblem, twins: list[Indices], allocation: Array, utility: Array) -> Array:
    """Utilities with the same rent for all twins: of those who keep what they have unpaid, or else the highest."""
    utility, outside = utility.copy(), problem.outside
    for group in twins:
        common = problem.valuations[group, 0] - problem.valuations[group[0], 0]
        rent = utility[group] - common
        same, kept = float(rent.max()), float(problem.valuations[group[0]] @ outside.allocation)
        at_home = outside.is_at(allocation[group])
        if at_home.any() and rent[at_home].min() <= kept + UNPAID * units_of(problem).money:
            same = kept
        utility[group] = same + common
    return utility


def on_equations(
    problem: ScreeningProblem, rows: Rows, allocation: Array, utility: Array, fixed: Indices | None = None
) -> tuple[Array, Array]:
    """The nearest menu at which rows without room hold with equality.

    Amounts on an edge of the domain stay there, and so do those of the types that are `fixed`.
    """
    units, domain, shape = units_of(problem), problem.domain, allocation.shape
    matrix, limit = rows.matrix.toarray(), rows.limit
    if is_lottery(domain):
        sums = np.kron(np.eye(shape[0]), np.ones(shape[1]))
        matrix = np.vstack([matrix, np.hstack([sums, np.zeros((shape[0], shape[0]))])])
        limit = np.append(limit, np.ones(shape[0]))
    free = np.ones(matrix.shape[1], dtype=bool)
    stays = _is_on_edge(problem, allocation)
    stays[[] if fixed is None else fixed] = True
    free[: allocation.size] = ~stays.ravel()
    point = np.append(allocation.ravel() / units.allocation, (utility - units.shift) / units.money)
    for _ in range(2):  # the second time takes away what the first one's rounding left
        point[free] += np.linalg.lstsq(matrix[:, free], limit - matrix @ point, rcond=None)[0]
    moved = point[: allocation.size].reshape(shape) * units.allocation
    return np.where(stays, allocation, domain.clip(moved)), point[allocation.size :] * units.money + units.shift


def _is_on_edge(problem: ScreeningProblem, allocation: Array) -> NDArray[np.bool_]:
    lower, upper = ends_of(problem.domain, problem.n_goods) or (0.0, np.inf)
    return np.asarray((allocation == lower) | (allocation == upper))


def exactly_repriced(problem: ScreeningProblem, allocation: Array, near: Array) -> Iterator[Contracts]:
    """The highest transfers that are floats and keep every type at its contract, up to `near` first, then of all.

    Decided in whole numbers. Where there are none because a type at the outside contract is to be exactly indifferent
    to another, it is paid a sliver. None come where rounding down goes on for ever: a circle of types must be
    indifferent, and floats cannot say it.
    """
    outside, mimics = problem.outside, problem.mimics
    allocations, contract = np.unique(allocation, axis=0, return_inverse=True)
    contract = contract.reshape(-1)
    if mimics is not None:  # the same amounts may be meant for types out of one another's reach
        allocations, contract = allocation, np.arange(problem.n_types)
    found = np.flatnonzero(outside.is_at(allocations))
    home = tuple(int(each) for each in found if near[contract == each].min() >= 0)
    near = near + 4 * utility_error(problem.valuations, allocation, near)
    lowest, highest = problem.transfer_limits
    finite = [limit for limit in (highest,) if np.isfinite(limit)]
    offered = outside.beside(allocations, near[: len(allocations)])[0]
    values, amounts = in_goods(problem.domain, problem.valuations, offered)
    reserved = problem.reservation_utility if problem.has_participation_constraint else np.zeros(0)
    exact = ExactUtilities(values, amounts, near, np.append(reserved, finite))
    worth = exact.worth(values, amounts[: len(allocations)])
    own = worth[np.arange(problem.n_types), contract]
    if outside.is_contract:
        ceilings = own - exact.worth(values, amounts[-1:])[:, 0]
    elif problem.has_participation_constraint:
        ceilings = own - exact.whole(reserved)
    else:
        ceilings = exact.whole(near)  # nothing else ends what can be asked of those who cannot leave
    for limit in finite:
        ceilings = np.minimum(ceilings, exact.whole(np.array([limit]))[0])
    members = [contract == m for m in range(len(allocations))]
    spare = own[:, np.newaxis] - worth
    if mimics is not None:
        spare = np.where(mimics, spare, _out_of_reach(spare, near, mimics, exact))
    room = np.array([np.minimum.reduce(spare[who]) for who in members])
    most = np.array([np.minimum.reduce(np.minimum(ceilings, exact.whole(near))[who]) for who in members])
    highest_of_all = np.array([np.minimum.reduce(ceilings[who]) for who in members])
    for fixed, limit in itertools.product(dict.fromkeys((home, ())), (most, highest_of_all)):
        price = _shortest_floats(room, limit, fixed, exact)
        if price is not None:
            transfers = np.array([exact.as_float(p) for p in price])
            yield allocations[contract], np.maximum(transfers, lowest)[contract]


def _out_of_reach(spare: NDArray[Any], near: Array, mimics: Mask, exact: ExactUtilities) -> int:
    """More than any transfer can differ by: what a type saves on contracts that it cannot take is no reason to move."""
    return int(np.abs(spare).sum() + np.abs(exact.whole(near)).sum()) * len(mimics) + 1


def _shortest_floats(room: NDArray[Any], ceiling: NDArray[Any], fixed: tuple[int, ...], exact: ExactUtilities) -> Any:
    """The largest floats t <= ceiling with t_m <= t_k + room_mk, as whole numbers; None if there is no end to it."""
    count = len(ceiling)
    if _has_losing_circle(room):
        return None
    price = np.array([exact.below(p) for p in ceiling], dtype=object)
    for m in fixed:
        price[m] = 0
    for _ in range(ROUNDS * count + 1):
        moved = False
        for m in range(count):
            most = min(price + room[m])  # room_mm = 0
            if most < price[m]:
                if m in fixed:
                    return None
                price[m], moved = exact.below(most), True
        if not moved:
            return price
    return None


def _has_losing_circle(room: NDArray[Any]) -> bool:
    """Whether prices that nobody leaves fall for ever, however they are rounded: paths have fewer steps than places."""
    price = np.zeros(len(room), dtype=object)
    for _ in range(len(room) + 1):
        before, price = price, np.minimum.reduce(room + price, axis=1)  # room_mm = 0
        if np.array_equal(before, price):
            return False
    return True

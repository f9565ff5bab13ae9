"""First guesses at who shares which option, from few options to more, each with the program that it leads to."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from contracts.engines.candidate import units_of
from contracts.inputs.arrays import Array, Indices
from contracts.menu.offers import ExactMenu
from contracts.problem.costs import conjugate_at
from contracts.problem.screening import ScreeningProblem
from contracts.proof.verify import Contracts
from contracts.short.nodes import FREE, Node, Search, of_all, opened, solved
from contracts.short.prices import best_exact, highest_transfers

EXCHANGES = 20  # of one contract of a part for another
CLIMBS = 8  # programs for one guess at most
MOVES = 3  # single types that are tried with another option, before a guess is left as it is
ALIKE = 1e-6  # units of allocation within which allocations are one option
SHARE = 0.4  # of the time that guesses may take


class Guess(NamedTuple):
    """A program in which everybody is said to have an option, and the exact menu that its allocations lead to."""

    node: Node
    menu: ExactMenu


def guesses(search: Search, root: Node, gap: float, deadline: float) -> Iterator[ExactMenu]:
    """Exact menus: first the best few contracts of the menu of any length, for one option, for two, and so on.

    By the taxation principle any part of a menu is a menu, in which those whose contract is missing take another one.
    The program of who then shares what finds better allocations and transfers for them, and its prices say who would
    better have another option. Longer menus start from the last one, too, with a contract more.
    """
    began = time.monotonic()
    until = began + SHARE * (deadline - began) if np.isfinite(deadline) else deadline
    every = _contracts(search, root)
    if every is None:
        return
    last: Guess | None = None
    for count in range(min(search.most, 1), search.most + 1):
        starts = [_best_part(search, every, [], count)]
        if last is not None:
            allocations, transfers = last.menu.contracts
            both = np.vstack([allocations, every[0]]), np.append(transfers, every[1])
            used = np.unique(last.menu.option_of_type)
            standing = (allocations[used, np.newaxis] == search.stays.allocations).all(axis=2)
            stands = (standing & (transfers[used, np.newaxis] == search.stays.transfers)).any(axis=1)
            starts.append(_best_part(search, both, used[~stands].tolist(), count))
        best = last
        for own in starts:
            for guess in _climbed(search, own, gap, until):
                yield guess.menu
                best = guess if best is None or _value(guess) > _value(best) else best
        last = best
        if time.monotonic() > until:
            return


def _value(guess: Guess) -> float:
    return guess.menu.certificate.value


def _climbed(search: Search, own: Indices, gap: float, deadline: float) -> Iterator[Guess]:
    """A guess, and better ones: what types choose from its menu, what its prices say of all types, or of one."""
    best = _guess(search, own, gap, deadline)
    if best is None:
        return
    yield best
    left = CLIMBS
    while left > 0:
        found = None
        for other in _moves(search, best):
            left -= 1
            found = _guess(search, other, gap, deadline)
            if left <= 0 or time.monotonic() > deadline or (found and _value(found) > _value(best)):
                break
        if found is None or _value(found) <= _value(best):
            return
        best = found
        yield best


def _guess(search: Search, own: Indices, gap: float, deadline: float) -> Guess | None:
    node = solved(search, own, deadline)
    menu = None if node is None else menu_at(search, node, gap)
    return None if node is None or menu is None else Guess(node, menu)


def _moves(search: Search, at: Guess) -> Iterator[Indices]:
    """Other ways to share, the most promising first."""
    program, own = search.relaxed, at.node.own
    offered = at.node.allocation[[int(np.flatnonzero(own == option)[0]) for option in range(opened(search, own))]]
    every = np.vstack([offered.reshape(-1, program.n_goods), search.stays.allocations])
    places = np.array([*range(len(offered)), *range(search.most, search.most + len(search.stays.transfers))])
    taken = at.menu.contracts[0][at.menu.option_of_type]
    chosen = places[np.abs(taken[:, np.newaxis] - every).sum(axis=2).argmin(axis=1)]
    if not np.array_equal(chosen, own):
        yield numbered(search, chosen)
    worth = worth_of_each(program, at.node.bound.virtual_valuation, list(every))
    liked = places[worth.argmax(axis=0)]
    here = worth[np.searchsorted(places, own), np.arange(program.n_types)]
    gain = program.weights * (worth.max(axis=0) - here)
    if np.array_equal(liked, own):
        return
    yield numbered(search, liked)
    for who in np.argsort(-gain)[:MOVES]:
        if liked[who] != own[who]:
            moved = own.copy()
            moved[who] = liked[who]
            yield numbered(search, moved)


def _contracts(search: Search, root: Node) -> Contracts | None:
    """The contracts of the menu of any length that the root's program leads to; None if there is none."""
    program, stays = search.program, search.stays
    allocations, own = np.unique(program.domain.clip(root.allocation), axis=0, return_inverse=True)
    if program.transfers == "none":
        return allocations, np.zeros(len(allocations))
    no_limit = np.full(len(allocations), np.inf)
    for hairs in (1.0, 0.0):
        found = highest_transfers(program, stays, allocations, own.reshape(-1), no_limit, hairs)
        if found is not None:
            return allocations, found
    return None


def _best_part(search: Search, contracts: Contracts, part: list[int], count: int) -> Indices:
    """Who has which of the best few contracts of a list: added to a part, then exchanged as long as that is better."""
    (allocations, transfers), program, stays = contracts, search.program, search.stays
    every, paid = np.vstack([allocations, stays.allocations]), np.append(transfers, stays.transfers)
    utility = program.valuations @ every.T - paid
    utility[:, len(allocations) :][~search.is_liked] = -np.inf
    terms = program.terms
    counted = program.principal_values @ every.T - program.costs_of(every) + paid
    counted = terms.profit_weight * counted + terms.allocation_values @ every.T
    counted = counted + terms.utility_weights[:, np.newaxis] * np.where(np.isfinite(utility), utility, 0.0)
    standing = list(range(len(allocations), len(every)))
    who = np.arange(program.n_types)

    def choice(part: list[int]) -> Indices:
        offered = np.array([*part, *standing])
        return np.asarray(offered[utility[:, offered].argmax(axis=1)])

    def worth(part: list[int]) -> float:
        return float(program.weights @ counted[who, choice(part)]) if part or standing else -np.inf

    for _ in range(count - len(part)):
        part = max(([*part, k] for k in range(len(allocations)) if k not in part), key=worth, default=part)
    for _ in range(EXCHANGES):
        others = [
            [*part[:place], k, *part[place + 1 :]]
            for place in range(len(part))
            for k in range(len(allocations))
            if k not in part
        ]
        better = max(others, key=worth, default=part)
        if worth(better) <= worth(part):
            break
        part = better
    number = np.full(len(every), FREE)
    number[part] = np.arange(len(part))
    number[standing] = search.most + np.arange(len(standing))
    return numbered(search, number[choice(part)])


def worth_of_each(program: ScreeningProblem, virtual: Array, allocations: list[Array]) -> Array:
    """What every type is worth with each of some allocations, at virtual valuations; (n_allocations, n_types)."""
    return np.array([conjugate_at(program.cost, virtual, np.broadcast_to(x, virtual.shape)) for x in allocations])


def numbered(search: Search, own: Indices) -> Indices:
    """Options numbered without gaps, those that stand as they are."""
    used = np.unique(own[own < search.most])
    rank = np.arange(search.most + len(search.stays.transfers))
    rank[used] = np.arange(len(used))
    return np.asarray(rank[own])


def menu_at(search: Search, node: Node, gap: float) -> ExactMenu | None:
    """The exact menu that a node's allocations lead to; None if they are not few enough, or lead to none."""
    program, stays = search.program, search.stays
    cell = ALIKE * units_of(program).allocation
    offered: list[Array] = []
    taken = np.empty(program.n_types, dtype=np.intp)  # of those that stand, counted from the number of types on
    for who in np.argsort(node.own == FREE, kind="stable").tolist():
        own, mine = int(node.own[who]), node.allocation[who]
        stands = np.flatnonzero(np.abs(stays.allocations - mine).max(axis=1, initial=0.0) <= cell)
        near = [k for k, x in enumerate(offered) if np.abs(x - mine).max() <= cell]
        if own >= search.most:
            taken[who] = program.n_types + own - search.most
        elif own == FREE and stands.size:
            taken[who] = program.n_types + stands[-1]
        else:
            taken[who] = near[0] if near else len(offered)
            if not near:
                offered.append(mine)
    if len(offered) > search.most:
        return None
    taken = np.where(taken >= program.n_types, taken - program.n_types + len(offered), taken)
    allocations = program.domain.clip(np.array(offered).reshape(-1, program.n_goods))
    values = np.einsum("ij,ij->i", program.valuations, np.vstack([allocations, stays.allocations])[taken])
    near_transfers = np.array([values[taken == k].min() for k in range(len(offered))])
    return best_exact(program, stays, allocations, taken, near_transfers, of_all(search, node), gap)

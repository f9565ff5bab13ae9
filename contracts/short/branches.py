"""Few options in several goods: branch and bound over who shares which option, a convex program at every node.

A node says of some types which option they have, by number, or that they keep what stands on the menu anyway; the
others are free, as if each could have an option of its own. What is left is the program of the library with equalities,

    x_i = x_j for types of one option,    x_i = what stands there for types who keep it,

a relaxation: for IC both ways among types of one allocation makes their transfers equal. Its prices bound every menu of
the node by the Lagrangian of `contracts.proof.bound`, in which those who share an option share one conjugate,

    W_g c*(sum over j in g of w_j v_j / W_g),    W_g = sum over j in g of w_j.

So bounds need no trust in the solver, and prices found at a node already bound its children, many of which are never
solved. Options are numbered as they are opened, so that no menu is looked at twice. The search takes the node of the
highest bound first; what it has not refuted when it is stopped bounds all menus.
"""

from __future__ import annotations

import functools
import heapq
import itertools
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from contracts.engines.candidate import units_of
from contracts.engines.diagnosis import infeasible_menu, unbounded_menu
from contracts.engines.program import Program, menu_program, multipliers_of
from contracts.errors import SolverError
from contracts.exact.rationals import EPS
from contracts.inputs.arrays import Array, Indices
from contracts.inputs.frozen import dataclass
from contracts.menu.assembly import menu_of
from contracts.menu.menu import Menu
from contracts.menu.offers import ExactMenu
from contracts.numerics.conic import attempts
from contracts.problem.costs import conjugate_at
from contracts.problem.screening import ScreeningProblem
from contracts.proof.bound import Bound, upper_bound
from contracts.proof.conjugates import conjugate_bound
from contracts.proof.kinds import Kind
from contracts.proof.multipliers import Multipliers, no_multipliers
from contracts.proof.scale import gap_scale
from contracts.repair.assign import assigned, is_feasible
from contracts.short.prices import Standing, best_exact, floor_of, standing

FREE = -1  # a type of which nothing is said yet
LEFT = 0.5  # share of the gap asked for that the search closes; rounding has the rest
ROUNDS = 20  # of giving every type its best option and every option its best allocation
ALIKE = 1e-6  # units of allocation within which allocations are one option
ENGINE = "branches of who shares which option"


@dataclass(frozen=True, eq=False)
class Node:
    """Who is said to have which option: 0, 1, ... those opened so far, then, from `most` on, what stands anyway."""

    own: Indices  # (n_types,) FREE where nothing is said
    bound: float
    prices: Multipliers


@dataclass(frozen=True, eq=False)
class Search:
    """What does not change from node to node."""

    program: ScreeningProblem  # of the problem
    relaxed: ScreeningProblem  # the same, with what stands on the menu as reservation utilities
    stays: Standing
    most: int  # options to find, beside those that stand
    rows: Program


def solve(problem: ScreeningProblem, kind: Kind, gap: float, deadline: float, report: Callable[[str], None]) -> Menu:
    """The best menu of a kind, with the lowest bound that was proven of all of them by the deadline."""
    program = problem.program
    stays = standing(problem, kind)
    most = program.n_types if kind.max_options is None else kind.max_options - stays.n_fixed
    relaxed = with_floors(program, stays)
    rows = menu_program(relaxed, np.arange(1, relaxed.n_types + 1))
    search = Search(program, relaxed, stays, most, rows)
    best, bound, stopped = _branched(search, gap, deadline, report)
    bound = replace(bound, among=kind)
    if best is None and len(stays.transfers):  # nothing but what stands
        best = assigned(program, stays.fixed, bound, gap)
    if best is None or not is_feasible(best.certificate):
        raise SolverError(
            "no menu of this kind was found: give more time_limit, or larger max_options", tried=(ENGINE,)
        )
    certificate = replace(
        best.certificate,
        upper_bound=bound.value,
        rigorous=bound.rigorous,
        scale=gap_scale(program, *_taken(best), bound),
        requested_gap=gap,
        among=str(kind),
        is_stopped=stopped,
    )
    return menu_of(problem, replace(best, certificate=certificate), bound, ENGINE)


def _taken(menu: ExactMenu) -> tuple[Array, Array]:
    allocations, transfers = menu.contracts
    return allocations[menu.option_of_type], transfers[menu.option_of_type]


def with_floors(program: ScreeningProblem, stays: Standing) -> ScreeningProblem:
    """The program of those whom nobody can keep from what stands on the menu; leaving is one of its contracts."""
    if not stays.n_fixed:
        return program
    return replace(
        program,
        reservation_utility=floor_of(program, stays),
        outside_option=None,
        participation="compulsory",
    )


# ---- the search ----


def _branched(
    search: Search, gap: float, deadline: float, report: Callable[[str], None]
) -> tuple[ExactMenu | None, Bound, bool]:
    """The best menu found, the bound on all, and whether time or an interrupt ended the search."""
    program = search.program
    root = _solved(search, np.full(program.n_types, FREE), deadline)
    if root is None:
        loosest = upper_bound(program, no_multipliers(program))
        return None, loosest, time.monotonic() > deadline
    node, bound, allocation = root
    best = _better(search, None, node.own, allocation, bound, gap)
    for own in _first_guesses(search, bound, allocation):
        guessed = _solved(search, own, deadline)
        if guessed is not None:
            best = _better(search, best, own, guessed[2], guessed[1], gap)
    order = itertools.count()
    heap = [(-node.bound, next(order), node, bound, allocation)]
    stopped, refuted, rigorous, pending = False, -math.inf, bound.rigorous, -math.inf
    try:
        while heap:
            allowed = LEFT * gap * _scale(search, best, bound)
            if -heap[0][0] <= _value(best) + allowed:
                break
            if time.monotonic() > deadline:
                stopped = True
                break
            pending = -heap[0][0]
            _, _, node, at_node, allocation = heapq.heappop(heap)
            if (node.own != FREE).all():
                refuted = max(refuted, node.bound)  # everything is said, and its bound is what it is
                continue
            for own, proven in _children(search, node, at_node, allocation):
                rigorous &= proven.rigorous
                least = min(node.bound, proven.value)
                if least <= _value(best) + allowed:
                    refuted = max(refuted, least)
                    continue
                found = _solved(search, own, deadline, known=node)
                if found is None:  # no time, or a solver's word that nothing meets the constraints
                    if time.monotonic() > deadline:
                        kept = replace(node, own=own, bound=least)
                        heapq.heappush(heap, (-least, next(order), kept, at_node, allocation))
                    rigorous = False
                    continue
                child, its_bound, its_allocation = found
                rigorous &= its_bound.rigorous
                child = replace(child, bound=min(child.bound, least))
                best = _better(search, best, own, its_allocation, its_bound, gap)
                heapq.heappush(heap, (-child.bound, next(order), child, its_bound, its_allocation))
            pending = -math.inf
            open_bound = max(refuted, -heap[0][0] if heap else -math.inf)
            report(f"{next(order)} programs, value {_value(best):.6g}, bound {max(open_bound, _value(best)):.6g}")
    except KeyboardInterrupt:
        stopped = True
        if best is None:
            raise
    open_bound = max([refuted, pending, _value(best), *(-entry[0] for entry in heap)])
    return best, replace(_lowered(bound, open_bound), rigorous=rigorous), stopped


def _value(best: ExactMenu | None) -> float:
    return -math.inf if best is None else best.certificate.value


def _scale(search: Search, best: ExactMenu | None, bound: Bound) -> float:
    return 0.0 if best is None else gap_scale(search.program, *_taken(best), bound)


def _lowered(root: Bound, value: float) -> Bound:
    """The root's bound, with its prices, at what the search proved."""
    if not value < root.value:
        return root
    return replace(root, value=value, worth=max(root.worth - (root.value - value), 0.0))


def _children(search: Search, node: Node, bound: Bound, allocation: Array) -> Iterator[tuple[Indices, Bound]]:
    """What can be said of one more type, with what the prices of the node prove of it."""
    free = np.flatnonzero(node.own == FREE)
    opened = _opened(search, node.own)
    who = _most_undecided(search, node.own, free, bound, allocation)
    options = [*range(min(opened + 1, search.most)), *range(search.most, search.most + len(search.stays.transfers))]
    for option in options:
        own = node.own.copy()
        own[who] = option
        yield own, bound_of(search, own, node.prices)


def _opened(search: Search, own: Indices) -> int:
    return int(own[own < search.most].max(initial=FREE)) + 1


def _most_undecided(search: Search, own: Indices, free: Indices, bound: Bound, allocation: Array) -> int:
    """The free type that loses most, at the node's prices, with the best of the options that are open."""
    program = search.relaxed
    taken = np.unique(own[(own != FREE) & (own < search.most)])
    offered = [allocation[np.flatnonzero(own == option)[0]] for option in taken]
    open_now = np.array([*offered, *search.stays.allocations]).reshape(-1, program.n_goods)
    virtual = bound.virtual_valuation[free]
    alone = conjugate_at(program.cost, virtual, allocation[free])
    if not len(open_now):
        return int(free[np.argmax(program.weights[free] * alone)])
    each = np.array([conjugate_at(program.cost, virtual, np.broadcast_to(x, virtual.shape)) for x in open_now])
    with np.errstate(invalid="ignore"):
        lost = program.weights[free] * (alone - each.max(axis=0))
    return int(free[np.argmax(np.where(np.isnan(lost), -np.inf, lost))])


# ---- one node ----


def bound_of(search: Search, own: Indices, prices: Multipliers) -> Bound:
    """What prices prove of the menus of a node."""
    return upper_bound(search.relaxed, prices, functools.partial(shared_surplus, search=search, own=own))


def shared_surplus(
    cost: Any, domain: Any, weights: Array, virtual: Array, error: Array, *, search: Search, own: Indices
) -> tuple[Array, Array, bool]:
    """What types are worth if those of one option share an allocation, and some have what stands on the menu."""
    stands = own >= search.most
    group = np.where(own == FREE, search.most + np.arange(len(own)), own)
    _, member = np.unique(group[~stands], return_inverse=True)
    size = np.bincount(member, weights[~stands])
    share = weights[~stands] / size[member] if len(member) else np.zeros(0)
    allocation, terms, closed = np.empty_like(virtual), np.zeros(len(own)), True
    if len(size):
        blurred = error + 8 * len(own) * EPS * np.abs(virtual)
        mean, blur = (_means(member, share, part[~stands]) for part in (virtual, blurred))
        surplus, best, closed = conjugate_bound(cost, domain, mean, blur)
        allocation[~stands] = best[member]
        terms[: len(size)] = size * surplus
    if stands.any():
        kept = search.stays.allocations[own[stands] - search.most]
        allocation[stands] = kept
        each = conjugate_at(cost, virtual[stands], kept)
        rounding = 16 * EPS * (np.abs(virtual[stands]) * np.abs(kept)).sum(axis=1)
        rounding = rounding + 16 * EPS * np.abs(cost.value(kept))
        terms[len(size) :] = (
            weights[stands] * (each + rounding + (error[stands] * np.abs(kept)).sum(axis=1))
        ).sum() / (len(own) - len(size))
    return terms, allocation, closed


def _means(member: Indices, share: Array, values: Array) -> Array:
    """Averages over the members of each group, column by column."""
    return np.column_stack([np.bincount(member, share * column) for column in values.T])


def _solved(
    search: Search, own: Indices, deadline: float, known: Node | None = None
) -> tuple[Node, Bound, Array] | None:
    """A node's program: its bound and its allocation; None where nothing meets its constraints, or time is over."""
    import cvxpy as cp

    program, problem = search.rows, search.relaxed
    terms, units = problem.terms, program.units
    point, allocation, utility = program.variables()
    rows = [part.at_least(point) for part in (program.ic, *program.soft)]
    spent, costing = program.spent(allocation)
    per_type = terms.profit_weight * program.payoff(allocation, utility, spent)
    per_type = per_type + cp.multiply(terms.utility_weights, utility)
    if terms.allocation_values.any():
        values = terms.allocation_values * (units.allocation / units.money)
        per_type = per_type + cp.sum(cp.multiply(values, allocation), axis=1)
    goal = cp.Problem(
        cp.Maximize(problem.weights @ per_type),
        [
            *itertools.chain.from_iterable(rows),
            *program.domain_constraints(allocation),
            *costing,
            *_said(search, own, allocation),
        ],
    )
    for _ in attempts(goal, [], [], deadline):
        if goal.status in ("infeasible", "infeasible_inaccurate"):
            if known is None and (own == FREE).all():
                raise infeasible_menu(program)
            return None
        if goal.status in ("unbounded", "unbounded_inaccurate"):
            raise unbounded_menu(program)
        if point.value is not None:
            break
    if point.value is None:
        if known is None or time.monotonic() > deadline:
            return None
        bound = bound_of(search, own, known.prices)  # the solver gave up: the parent's prices hold all the same
        return Node(own, bound.value, known.prices), bound, bound.allocation
    prices = multipliers_of(program, [row[0].dual_value if row else None for row in rows])
    bound = bound_of(search, own, prices)
    if known is not None:
        bound = min(bound, bound_of(search, own, known.prices), key=lambda each: each.value)
    found, _ = program.read(np.asarray(point.value))
    return Node(own, bound.value, bound.multipliers), bound, found


def _said(search: Search, own: Indices, allocation: Any) -> list[Any]:
    """What a node says, as equations."""
    equations = []
    for option in range(_opened(search, own)):
        members = np.flatnonzero(own == option)
        if len(members) > 1:
            equations.append(allocation[members[1:]] == allocation[np.full(len(members) - 1, members[0])])
    stands = np.flatnonzero(own >= search.most)
    if stands.size:
        kept = search.stays.allocations[own[stands] - search.most] / search.rows.units.allocation
        equations.append(allocation[stands] == kept)
    return equations


# ---- menus on the way ----


def _better(
    search: Search, best: ExactMenu | None, own: Indices, allocation: Array, bound: Bound, gap: float
) -> ExactMenu | None:
    """The better of the best menu so far and the one that a node's allocations lead to, if they are few enough."""
    program, stays = search.program, search.stays
    cell = ALIKE * units_of(program).allocation
    offered: list[Array] = []
    taken = np.empty(program.n_types, dtype=np.intp)
    weight: list[float] = []
    for who in np.argsort(own == FREE, kind="stable").tolist():
        if own[who] >= search.most:
            taken[who] = search.program.n_types + own[who] - search.most
            continue
        stands = np.flatnonzero(np.abs(stays.allocations - allocation[who]).max(axis=1, initial=0.0) <= cell)
        near = [k for k, x in enumerate(offered) if np.abs(x - allocation[who]).max() <= cell]
        if stands.size and own[who] == FREE:
            taken[who] = program.n_types + stands[-1]
        elif near:
            taken[who] = near[0]
        else:
            taken[who] = len(offered)
            offered.append(allocation[who])
            weight.append(1.0)
    if len(offered) > search.most:
        return best
    taken = np.where(taken >= program.n_types, taken - program.n_types + len(offered), taken)
    allocations = program.domain.clip(np.array(offered).reshape(-1, program.n_goods))
    values = np.einsum("ij,ij->i", program.valuations, np.vstack([allocations, stays.allocations])[taken])
    near_transfers = np.array([values[taken == k].min() for k in range(len(offered))])
    found = best_exact(program, stays, allocations, taken, near_transfers, bound, gap)
    return max((menu for menu in (best, found) if menu is not None), key=_value, default=None)


def _first_guesses(search: Search, bound: Bound, allocation: Array) -> Iterator[Indices]:
    """Who shares what if options are the best few at the root's prices: by turns, from the most different ones."""
    program, stays = search.relaxed, search.stays
    virtual, weights = bound.virtual_valuation, program.weights
    for start in range(min(3, program.n_types)):
        first = np.argsort(-weights * conjugate_at(program.cost, virtual, allocation))[start]
        chosen = [allocation[first]] if search.most else []
        own = np.zeros(program.n_types, dtype=np.intp)
        for _ in range(search.most + ROUNDS):
            every = [*chosen, *stays.allocations]
            each = np.array([conjugate_at(program.cost, virtual, np.broadcast_to(x, virtual.shape)) for x in every])
            best = each.argmax(axis=0)
            if len(chosen) < search.most:
                lost = weights * (conjugate_at(program.cost, virtual, allocation) - each.max(axis=0))
                chosen.append(allocation[int(np.argmax(lost))])
                continue
            if np.array_equal(best, own):
                break
            own = best
            for option in range(len(chosen)):
                members = own == option
                if members.any():
                    mean = (weights[members] @ virtual[members] / weights[members].sum())[np.newaxis]
                    chosen[option] = program.cost.conjugate(mean, program.domain)[1][0]
        used = np.unique(own[own < search.most])
        rank = np.full(search.most + len(stays.transfers), FREE)
        rank[used] = np.arange(len(used))
        rank[search.most :] = np.arange(search.most, len(rank))
        yield rank[own]

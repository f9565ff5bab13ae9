"""Few options in several goods: branch and bound over who shares which option, a convex program at every node.

A node says of some types which option they have, by number, or that they keep what stands on the menu anyway; the
others are free, as if each could have an option of its own. What is left is the program of the library with equalities,

    x_i = x_j for types of one option,    x_i, t_i = what stands there for types who keep it,

a relaxation: for IC both ways among types of one allocation makes their transfers equal. Its prices bound every menu of
the node by the Lagrangian of `contracts.proof.bound`, in which those who share an option share one conjugate,

    W_g c*(sum over j in g of w_j v_j / W_g),    W_g = sum over j in g of w_j.

So bounds need no trust in the solver, and prices found at a node already bound its children, many of which are never
solved. Options are numbered as they are opened, so that no menu is looked at twice. The search takes the node of the
highest bound first; what it has not refuted when it is stopped bounds all menus.
"""

from __future__ import annotations

import heapq
import itertools
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from contracts.errors import SolverError
from contracts.inputs.arrays import Array, Indices
from contracts.menu.assembly import menu_of
from contracts.menu.menu import Menu
from contracts.menu.offers import ExactMenu
from contracts.problem.costs import conjugate_at
from contracts.problem.screening import ScreeningProblem
from contracts.proof.bound import Bound, upper_bound
from contracts.proof.kinds import Kind
from contracts.proof.multipliers import no_multipliers
from contracts.proof.scale import gap_scale
from contracts.repair.assign import assigned, is_feasible
from contracts.short.guesses import guesses, menu_at, worth_of_each
from contracts.short.nodes import FREE, Node, Search, bound_of, opened, search_of, solved

LEFT = 0.5  # share of the gap asked for that the search closes; rounding has the rest
ENGINE = "branches of who shares which option"


def solve(problem: ScreeningProblem, kind: Kind, gap: float, deadline: float, report: Callable[[str], None]) -> Menu:
    """The best menu of a kind, with the lowest bound that was proven of all of them by the deadline."""
    search = search_of(problem, kind)
    program, stays = search.program, search.stays
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


# ---- the search ----


def _branched(
    search: Search, gap: float, deadline: float, report: Callable[[str], None]
) -> tuple[ExactMenu | None, Bound, bool]:
    """The best menu found, the bound on all, and whether time or an interrupt ended the search."""
    program = search.program
    root = solved(search, np.full(program.n_types, FREE), deadline)
    if root is None:
        return None, upper_bound(program, no_multipliers(program)), time.monotonic() > deadline
    best = menu_at(search, root, gap)
    order = itertools.count()
    heap = [(-root.value, next(order), root)]
    stopped, refuted, rigorous, pending = False, -math.inf, root.bound.rigorous, -math.inf
    try:
        for menu in guesses(search, root, gap, deadline):
            best = _better(best, menu)
        while heap:
            allowed = LEFT * gap * _scale(search, best, root.bound)
            if -heap[0][0] <= _value(best) + allowed:
                break
            if time.monotonic() > deadline:
                stopped = True
                break
            pending = -heap[0][0]
            node = heapq.heappop(heap)[2]
            if (node.own != FREE).all():
                refuted = max(refuted, node.value)  # everything is said, and its bound is what it is
                continue
            for own, proven in _children(search, node):
                rigorous &= proven.rigorous
                least = min(node.value, proven.value)
                if least <= _value(best) + allowed:
                    refuted = max(refuted, least)
                    continue
                child = solved(search, own, deadline, known=node)
                if child is None:  # no time, or a solver's word that nothing meets the constraints
                    rigorous = False
                    if time.monotonic() <= deadline:
                        continue
                    child = replace(node, own=own)
                rigorous &= child.bound.rigorous
                child = replace(child, value=min(child.value, least))
                best = _better(best, menu_at(search, child, gap))
                heapq.heappush(heap, (-child.value, next(order), child))
            pending = -math.inf
            open_bound = max(refuted, -heap[0][0] if heap else -math.inf, _value(best))
            report(f"{next(order)} programs, value {_value(best):.6g}, bound {open_bound:.6g}")
    except KeyboardInterrupt:
        stopped = True
        if best is None:
            raise
    open_bound = max([refuted, pending, _value(best), *(-entry[0] for entry in heap)])
    return best, replace(_lowered(root.bound, open_bound), rigorous=rigorous), stopped


def _better(best: ExactMenu | None, found: ExactMenu | None) -> ExactMenu | None:
    return max((menu for menu in (best, found) if menu is not None), key=_value, default=None)


def _value(best: ExactMenu | None) -> float:
    return -math.inf if best is None else best.certificate.value


def _scale(search: Search, best: ExactMenu | None, bound: Bound) -> float:
    return 0.0 if best is None else gap_scale(search.program, *_taken(best), bound)


def _lowered(root: Bound, value: float) -> Bound:
    """The root's bound, with its prices, at what the search proved."""
    if not value < root.value:
        return root
    return replace(root, value=value, worth=max(root.worth - (root.value - value), 0.0))


def _children(search: Search, node: Node) -> Iterator[tuple[Indices, Bound]]:
    """What can be said of one more type, with what the prices of the node prove of it."""
    free = np.flatnonzero(node.own == FREE)
    n_opened = opened(search, node.own)
    who = _most_undecided(search, node, free)
    liked = np.flatnonzero(search.is_liked[who])  # nobody keeps what is worse than something else that stands
    for option in [*range(min(n_opened + 1, search.most)), *(search.most + liked)]:
        own = node.own.copy()
        own[who] = option
        yield own, bound_of(search, own, node.bound.multipliers, node.own)


def _most_undecided(search: Search, node: Node, free: Indices) -> int:
    """The free type that loses most, at the node's prices, with the best of the options that are open."""
    program = search.relaxed
    heads = [int(np.flatnonzero(node.own == option)[0]) for option in range(opened(search, node.own))]
    virtual = node.bound.virtual_valuation[free]
    alone = conjugate_at(program.cost, virtual, node.allocation[free])
    open_now = [*node.allocation[heads], *search.stays.allocations]
    if open_now:
        alone = alone - worth_of_each(program, virtual, open_now).max(axis=0)
    lost = program.weights[free] * alone
    return int(free[np.argmax(np.where(np.isnan(lost), -np.inf, lost))])

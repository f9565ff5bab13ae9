"""One node of the search for few options: who is said to have which, its program, and what its prices prove."""

from __future__ import annotations

import functools
import itertools
import time
from dataclasses import replace
from typing import Any

import numpy as np

from contracts.engines.diagnosis import infeasible_menu, unbounded_menu
from contracts.engines.program import Program, menu_program, multipliers_of
from contracts.exact.rationals import EPS, utility_error
from contracts.inputs.arrays import Array, Indices, Mask
from contracts.inputs.frozen import dataclass
from contracts.numerics.conic import attempts
from contracts.problem.costs import conjugate_at
from contracts.problem.rows import LinearConstraint
from contracts.problem.screening import ScreeningProblem
from contracts.proof.bound import Bound, upper_bound
from contracts.proof.conjugates import conjugate_bound
from contracts.proof.kinds import Kind
from contracts.proof.multipliers import Multipliers
from contracts.short.prices import Standing, floor_of, standing

ROOM = 1e-9  # units of money, by which utility may exceed what stands: for rounding, and for solvers
FREE = -1  # a type of which nothing is said yet


@dataclass(frozen=True, eq=False)
class Node:
    """Who is said to have which option: 0, 1, ... those opened so far, then, from `most` on, what stands anyway."""

    own: Indices  # (n_types,) FREE where nothing is said
    value: float  # the lowest that is proven of the menus of this node
    bound: Bound  # what its own prices prove
    allocation: Array  # (n_types, n_goods) of its program


@dataclass(frozen=True, eq=False)
class Search:
    """What does not change from node to node."""

    program: ScreeningProblem  # of the problem
    relaxed: ScreeningProblem  # the same, with what stands on the menu as reservation utilities
    stays: Standing
    most: int  # options to find, beside those that stand
    rows: Program
    is_liked: Mask  # (n_types, n_standing) what stands and is nowhere near worse for a type than something else it has


def search_of(problem: ScreeningProblem, kind: Kind) -> Search:
    """What is searched for the best menu of a kind."""
    program, stays = problem.program, standing(problem, kind)
    most = program.n_types if kind.max_options is None else kind.max_options - stays.n_fixed
    relaxed = with_floors(program, stays)
    rows = menu_program(relaxed, np.arange(1, relaxed.n_types + 1))
    return Search(program, relaxed, stays, most, rows, _liked(program, stays))


def _liked(program: ScreeningProblem, stays: Standing) -> Mask:
    """Which of what stands each type may come to keep: that which is as good as anything it has anyway, to rounding."""
    worth = program.valuations @ stays.allocations.T - stays.transfers
    error = utility_error(program.valuations, stays.allocations, stays.transfers)
    return np.asarray(worth >= (floor_of(program, stays) - 4 * error)[:, np.newaxis])


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


def opened(search: Search, own: Indices) -> int:
    """How many options are open: numbered from 0 on, those that stand not counted."""
    return int(own[own < search.most].max(initial=FREE)) + 1


def bound_of(search: Search, own: Indices, prices: Multipliers, said: Indices | None = None) -> Bound:
    """What prices prove of the menus of a node: its own, or those of a node that says less, which is `said`."""
    keeps, known = _keeps(search, own), _keeps(search, own if said is None else said)
    if len(keeps) > len(known):
        side = np.zeros(len(keeps))
        side[np.isin(keeps, known)] = prices.side
        prices = replace(prices, side=side)
    return upper_bound(told(search, own), prices, functools.partial(shared_surplus, search=search, own=own))


def _keeps(search: Search, own: Indices) -> Indices:
    """Who is said to keep what stands, where there are options that stay, and no limits that differ by type."""
    said = search.stays.n_fixed > 0 and not len(search.relaxed.side_rows.limit)
    return np.flatnonzero(own >= search.most) if said else np.zeros(0, dtype=np.intp)


def of_all(search: Search, node: Node) -> Bound:
    """A node's bound with prices of the rows that all nodes have."""
    prices = node.bound.multipliers
    if not len(_keeps(search, node.own)):
        return node.bound
    return replace(node.bound, multipliers=replace(prices, side=prices.side[:0]))


def told(search: Search, own: Indices) -> ScreeningProblem:
    """The program of a node: who keeps what stands pays its price, and so has no more utility than it has anyway."""
    problem, units = search.relaxed, search.rows.units
    rows = [
        LinearConstraint(
            utility=np.eye(problem.n_types)[who],
            upper=float(problem.reservation_utility[who]) + ROOM * units.money,
        )
        for who in _keeps(search, own).tolist()
    ]
    return replace(problem, constraints=rows) if rows else problem


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


def solved(search: Search, own: Indices, deadline: float, known: Node | None = None) -> Node | None:
    """A node with its program's prices and allocation; None where nothing meets its constraints, or time is over."""
    import cvxpy as cp

    problem = told(search, own)
    program = (
        search.rows if problem is search.relaxed else menu_program(problem, search.rows.contract, search.rows.units)
    )
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
        bound = bound_of(
            search, own, known.bound.multipliers, known.own
        )  # the solver gave up: its parent's prices hold as well
        return Node(own, bound.value, bound, bound.allocation)
    prices = multipliers_of(program, [row[0].dual_value if row else None for row in rows])
    bound = bound_of(search, own, prices)
    if known is not None:
        bound = min(bound, bound_of(search, own, known.bound.multipliers, known.own), key=lambda each: each.value)
    found, _ = program.read(np.asarray(point.value))
    return Node(own, bound.value, bound, found)


def _said(search: Search, own: Indices, allocation: Any) -> list[Any]:
    """What a node says, as equations."""
    equations = []
    for option in range(opened(search, own)):
        members = np.flatnonzero(own == option)
        if len(members) > 1:
            equations.append(allocation[members[1:]] == allocation[np.full(len(members) - 1, members[0])])
    stands = np.flatnonzero(own >= search.most)
    if stands.size:
        kept = search.stays.allocations[own[stands] - search.most] / search.rows.units.allocation
        equations.append(allocation[stands] == kept)
    return equations

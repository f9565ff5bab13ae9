"""The least change that makes contracts incentive compatible and individually rational.

Let (x0, t0) be the contracts as they are. At allocations that some transfers implement, the least change of transfers

    minimise |t - t0|   over t   such that   (x0, t) keeps IC, IR, the limits on transfers and all other rows

is a linear program. Elsewhere allocations have to move: the least change of them,

    minimise sum_ig w_g |x_ig - x0_ig|   over (x, t) in the menu program of the library,

measures goods by what a unit is worth to the types on average, w_g = sum_i f_i |a_ig|, so that it is in money and does
not depend on the units of goods; among the least such changes the transfers then change least. The solver's answer is
made exact by the repairs that every menu goes through, and of the exact menus the nearest is taken. Types nearly of one
taste are also tried with one contract, in the same program: floats can seldom keep them apart.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal, NamedTuple

import numpy as np
from scipy.sparse.csgraph import connected_components

from contracts.engines.candidate import Candidate, units_of
from contracts.engines.program import Program, Rows, menu_program
from contracts.inputs.arrays import Array, Indices
from contracts.menu.offers import ExactMenu
from contracts.numerics.conic import run
from contracts.problem.domains import is_lottery
from contracts.problem.screening import ScreeningProblem
from contracts.proof.bound import Bound
from contracts.proof.multipliers import no_multipliers
from contracts.proof.verify import Contracts
from contracts.repair.assign import assigned, is_feasible
from contracts.repair.repricing import contracts_of, in_place, reprice_near
from contracts.repair.table import repairs

Norm = Literal["l1", "linf"]

SPARES = (1e-9, 1e-7, 1e-5)  # relative; by which an earlier goal may be missed for a later one, the next if need be
NEAR_ENOUGH = 1e-8  # of the unit of money: an exact menu as near as this to the least change is not improved further
NEARLY = 1e-2  # of the largest valuation, within which types are nearly alike
COPIES = (1e-11, 1e-8, 1e-5)  # of the largest valuation of a good, within which types may come to share a contract
SHARING_TYPES = 500  # up to this many may: their program has a row for every pair
PLACES = (28, 44)  # binary places, in units of money or of allocation, that a cure is rounded to
SHARES = (1e-9, 1e-7, 1e-5, 1e-3)  # of allocations that tell all types apart
MERGED = 1e-9  # units of allocation by which contracts that become one may differ


class Cure(NamedTuple):
    """Contracts that a solver found, and how far they are from the contracts as they were."""

    allocation: Array  # (n_types, n_goods)
    transfer: Array  # (n_types,)
    least: tuple[float, float]  # change of allocations and of transfers, money


def sizes(problem: ScreeningProblem, norm: Norm, before: Contracts, after: Contracts) -> tuple[float, float]:
    """Change of allocations, and of transfers, from one list of contracts (n_types) to another, in money."""
    moved = (np.abs(after[0] - before[0]) * _worth(problem)).sum(axis=1)
    paid = np.abs(after[1] - before[1])
    return (float(moved.sum()), float(paid.sum())) if norm == "l1" else (float(moved.max()), float(paid.max()))


def least_change(
    problem: ScreeningProblem, before: Contracts, norm: Norm, *, allocations: bool, contract: Indices | None = None
) -> Cure | None:
    """The least change of transfers alone, or of allocations first; None where a solver finds no menu so near.

    With `contract`, (n_types,), types of one number have one contract.
    """
    import cvxpy as cp

    program = menu_program(problem)
    if contract is not None:  # the rows between types of one contract are implied
        apart = contract[program.tempted] != contract[program.tempter]
        program = replace(
            program,
            contract=contract,
            tempted=program.tempted[apart],
            tempter=program.tempter[apart],
            ic=Rows(program.ic.matrix[apart], program.ic.limit[apart]),
        )
    units, n_types = program.units, problem.n_types
    if allocations:
        point, allocation, utility = program.variables()
    else:
        utility = cp.Variable(n_types)
        allocation = cp.Constant(before[0] / units.allocation)
        point = cp.hstack([before[0].ravel() / units.allocation, utility])
    ic_margin, ir_margin, demands = program.margins(point)
    parts = (program.ic, *program.soft)
    for part, margin in zip(parts, (ic_margin, ir_margin, 0.0, 0.0, 0.0), strict=True):
        demands += part.at_least(point, margin)
    if allocations:
        demands += program.domain_constraints(allocation) + _rising(program, allocation)
        demands += [] if contract is None else program.sharing(allocation, utility)
    terms = problem.terms
    if terms.minimum_profit is not None:
        spent, costing = program.spent(allocation)
        demands += [*costing, program.profit(allocation, utility, spent) >= terms.minimum_profit / units.money]
    value = problem.valuations * (units.allocation / units.money)
    transfer = cp.sum(cp.multiply(value, allocation), axis=1) - utility - units.shift / units.money
    paid = transfer - before[1] / units.money
    moved = cp.multiply(_worth(problem) * (units.allocation / units.money), allocation - before[0] / units.allocation)
    goals = [cp.norm1(paid), problem.weights @ cp.abs(paid)]  # ties: the sum, and then the fewest people
    if norm == "linf":
        goals = [cp.norm_inf(paid), *goals]
    if allocations:
        goals = [
            *([cp.max(cp.norm1(moved, axis=1))] if norm == "linf" else []),
            cp.norm1(cp.vec(moved, order="C")),
            *goals,
        ]
    if not _in_turn(goals, demands):
        return None
    if allocations:
        found_allocation, found_utility = program.read(np.asarray(point.value))
    else:
        found_allocation, found_utility = before[0], np.asarray(utility.value) * units.money + units.shift
    after = contracts_of(problem, found_allocation, found_utility)
    return Cure(*after, sizes(problem, norm, before, after))


def _rising(program: Program, allocation: Any) -> list[Any]:
    """What types that are nearly alike take is in order along their difference, as cvxpy constraints.

    The IC rows of a pair add up to (a_i - a_j) . (x_i - x_j) >= 0. Where the difference is as small as what a solver
    may miss, it sees this only once it is divided by the distance.
    """
    import cvxpy as cp

    valuations = program.problem.valuations
    if program.problem.valuation_sets is not None or program.problem.mimics is not None:
        return []
    first, second = (side[program.tempted < program.tempter] for side in (program.tempted, program.tempter))
    apart = valuations[first] - valuations[second]
    distance = np.abs(apart).max(axis=1)
    near = (distance > 0) & (distance <= NEARLY * np.abs(valuations).max())
    if not near.any():
        return []
    direction = apart[near] / distance[near][:, np.newaxis]
    return [cp.sum(cp.multiply(direction, allocation[first[near]] - allocation[second[near]]), axis=1) >= 0]


def _in_turn(goals: list[Any], demands: list[Any]) -> bool:
    """Minimise one goal after the other, each among the least of those before it; whether the first has a minimum.

    Where types are nearly alike a solver may miss its least by more than it then sees between points: a later goal has
    more room until it is solved, and if it never is, the point that was found for those before it stays.
    """
    import cvxpy as cp

    kept: dict[Any, Any] = {}
    for goal in goals:
        for spare in SPARES if kept else SPARES[:1]:
            caps = [earlier <= least + spare * (1 + abs(least)) for earlier, least in kept.items()]
            program = cp.Problem(cp.Minimize(goal), [*demands, *caps])
            before = [(variable, variable.value) for variable in program.variables()]
            if run(program):
                kept[goal] = float(goal.value)
                break
            for variable, value in before:
                variable.save_value(value)
        if not kept:
            return False
    return True


def nearest_exact(
    problem: ScreeningProblem, before: Contracts, cure: Cure, norm: Norm, bound: Bound, *, allocations: bool
) -> ExactMenu | None:
    """The exact menu nearest to the contracts as they were, of those that a solver's cure leads to."""
    nearest, least = None, math.inf
    counted = 0 if allocations else 1  # the change that is to be least
    enough = cure.least[counted] + NEAR_ENOUGH * units_of(problem).money
    attempts = _with_moves(problem, before, cure, norm) if allocations else _with_transfers(problem, before, cure)
    for contracts in attempts:
        menu = assigned(problem, contracts, bound, math.inf, keeps=len(contracts[1]) == problem.n_types)
        if not is_feasible(menu.certificate):
            continue
        after = menu.contracts[0][menu.option_of_type], menu.contracts[1][menu.option_of_type]
        if not allocations and not np.array_equal(after[0], before[0]):
            continue
        change = sizes(problem, norm, before, after)[counted]
        if change < least:
            nearest, least = menu, change
        if change <= enough:
            break
    return nearest


def _with_transfers(problem: ScreeningProblem, before: Contracts, cure: Cure) -> Iterator[Contracts]:
    """The contracts as they are; transfers in few digits, which may say exactly who is indifferent; a hair beside."""
    yield before
    for places in PLACES:
        yield before[0], _rounded(problem, cure.transfer, places)
    yield before[0], cure.transfer
    if problem.transfers != "none" and problem.valuation_sets is None:
        distinct, contract = np.unique(before[0], axis=0, return_inverse=True)
        found = in_place(problem, distinct, contract.reshape(-1), np.inf, cure.transfer)
        if found is not None:
            yield found


def _with_moves(problem: ScreeningProblem, before: Contracts, cure: Cure, norm: Norm) -> Iterator[Contracts]:
    """The solver's contracts in few digits; with a little of what tells all types apart; what repairs make of them.

    At the least change some types are exactly indifferent between contracts in several goods, which floats can seldom
    say. Mixed with allocations that tell all types apart the contracts have room, and transfers change as little as
    they then can. Before that, types of nearly one taste share contracts.
    """
    everybody = np.arange(problem.n_types)
    yield from _in_few_digits(problem, before, cure, everybody)
    for contract in _copies(problem):
        shared = least_change(problem, before, norm, allocations=True, contract=contract)
        if shared is not None:
            head = np.unique(contract, return_index=True)[1][contract - 1]
            yield from _in_few_digits(problem, before, shared, head)
            yield from _with_room(problem, before, shared, head, norm)
    yield from _with_room(problem, before, cure, everybody, norm)
    utility = np.einsum("ij,ij->i", problem.valuations, cure.allocation) - cure.transfer
    candidate = Candidate(cure.allocation, utility, no_multipliers(problem), "least change")
    if problem.transfers != "none" and problem.valuation_sets is None:
        yield from reprice_near(problem, candidate, MERGED, np.inf)
    yield from repairs(problem, candidate)


def _in_few_digits(problem: ScreeningProblem, before: Contracts, cure: Cure, head: Indices) -> Iterator[Contracts]:
    """The solver's contracts in few digits, those of one head alike; what need not move stays as it is."""
    for places in PLACES:
        digit = units_of(problem).allocation * 2.0**-places
        rounded = problem.domain.clip(np.round(cure.allocation / digit) * digit)
        stays = np.all(np.abs(cure.allocation - before[0]) <= digit, axis=1)
        like = head.copy()
        like[head[stays]] = np.flatnonzero(stays)
        like = like[head]
        yield np.where(stays[:, np.newaxis], before[0], rounded)[like], _rounded(problem, cure.transfer, places)[head]


def _with_room(
    problem: ScreeningProblem, before: Contracts, cure: Cure, head: Indices, norm: Norm
) -> Iterator[Contracts]:
    """The solver's contracts with a little of what tells all types apart, those of one head alike."""
    apart = _all_apart(problem)
    for share in SHARES:
        mixed = problem.domain.clip((1 - share) * cure.allocation + share * apart)[head]
        paid = least_change(problem, (mixed, before[1]), norm, allocations=False)
        if paid is not None:
            yield from _with_transfers(problem, (mixed, paid.transfer), paid)


def _copies(problem: ScreeningProblem) -> Iterator[Indices]:
    """Numbers of contracts, (n_types,), from 1, that types as near as each of `COPIES` share; the nearest first.

    Floats can seldom say that two types of one taste are indifferent between unlike contracts, nor keep types apart
    whose tastes differ in their last digits.
    """
    if problem.n_types > SHARING_TYPES:
        return
    size = np.abs(problem.valuations).max(axis=0)
    taste = problem.valuations / np.where(size > 0, size, 1.0)
    distance = np.abs(taste[:, np.newaxis] - taste).max(axis=2)
    groups = problem.n_types
    for width in COPIES:
        count, group = connected_components(distance <= width, directed=False)
        if count < groups:
            groups = count
            yield np.unique(group, return_inverse=True)[1].reshape(-1) + 1


def _all_apart(problem: ScreeningProblem) -> Array:
    """Allocations (n_types, n_goods) that rise with valuations: whoever differs strictly prefers its own, well priced.

    They lie in a ball inside the domain, and are the gradient of a quadratic in the valuations.
    """
    centre, radius = problem.domain.interior(problem.n_goods)
    direction = problem.valuations - problem.valuations.mean(axis=0)
    if is_lottery(problem.domain):
        direction = direction - direction.mean(axis=1, keepdims=True)
    longest = float(np.linalg.norm(direction, axis=1).max())
    return np.asarray(problem.domain.clip(centre + (radius / longest if longest > 0 else 0.0) * direction))


def _rounded(problem: ScreeningProblem, transfer: Array, places: int) -> Array:
    digit = units_of(problem).money * 2.0**-places
    return np.clip(np.round(transfer / digit) * digit, *problem.limits_by_type)


def _worth(problem: ScreeningProblem) -> Array:
    """What a unit of each good is worth to the types on average, in money; (n_goods,). One where it is nothing."""
    worth = problem.weights @ np.abs(problem.valuations)
    return np.where(worth > 0, worth, 1.0)

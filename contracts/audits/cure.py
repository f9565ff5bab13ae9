"""The least change that makes contracts incentive compatible and individually rational.

Let (x0, t0) be the contracts as they are. At allocations that some transfers implement, the least change of transfers

    minimise |t - t0|   over t   such that   (x0, t) keeps IC, IR, the limits on transfers and all other rows

is a linear program. Elsewhere allocations have to move: the least change of them,

    minimise sum_ig w_g |x_ig - x0_ig|   over (x, t) in the menu program of the library,

measures goods by what a unit is worth to the types on average, w_g = sum_i f_i |a_ig|, so that it is in money and does
not depend on the units of goods; among the least such changes the transfers then change least. The solver's answer is
made exact by the repairs that every menu goes through, and of the exact menus the nearest is taken.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import numpy as np

from contracts.engines.candidate import Candidate, units_of
from contracts.engines.program import menu_program
from contracts.inputs.arrays import Array
from contracts.menu.offers import ExactMenu
from contracts.numerics.conic import run
from contracts.problem.screening import ScreeningProblem
from contracts.proof.bound import Bound
from contracts.proof.multipliers import no_multipliers
from contracts.proof.verify import Contracts
from contracts.repair.assign import assigned, is_feasible
from contracts.repair.repricing import contracts_of, reprice_near
from contracts.repair.table import repairs

Norm = Literal["l1", "linf"]

SPARE = 1e-9  # relative; by which the first of two goals may be missed for the second
NEAR_ENOUGH = 1e-6  # of the unit of money: an exact menu as near as this to the least change is not improved further
FEWEST_DIGITS, MOST_DIGITS = 20, 44  # binary places, in units of money or of allocation, that a cure is rounded to
NO_MERGER = 1e-14  # units of allocation: contracts are kept apart


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


def least_change(problem: ScreeningProblem, before: Contracts, norm: Norm, *, allocations: bool) -> Cure | None:
    """The least change of transfers alone, or of allocations first; None where a solver finds no menu so near."""
    import cvxpy as cp

    program = menu_program(problem)
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
        demands += program.domain_constraints(allocation)
    terms = problem.terms
    if terms.minimum_profit is not None:
        spent, costing = program.spent(allocation)
        demands += [*costing, program.profit(allocation, utility, spent) >= terms.minimum_profit / units.money]
    value = problem.valuations * (units.allocation / units.money)
    transfer = cp.sum(cp.multiply(value, allocation), axis=1) - utility - units.shift / units.money
    paid = transfer - before[1] / units.money
    moved = cp.multiply(_worth(problem) * (units.allocation / units.money), allocation - before[0] / units.allocation)
    goals = [cp.norm1(paid)]  # ties of the largest change are broken by the sum
    if norm == "linf":
        goals = [cp.norm_inf(paid), *goals]
    if allocations:
        goals = [cp.norm1(moved) if norm == "l1" else cp.max(cp.norm1(moved, axis=1)), *goals]
    if problem.transfers == "none":
        goals = goals[:1]
    if not _in_turn(goals, demands):
        return None
    if allocations:
        found_allocation, found_utility = program.read(np.asarray(point.value))
    else:
        found_allocation, found_utility = before[0], np.asarray(utility.value) * units.money + units.shift
    after = contracts_of(problem, found_allocation, found_utility)
    return Cure(*after, sizes(problem, norm, before, after))


def _in_turn(goals: list[Any], demands: list[Any]) -> bool:
    """Minimise one goal after the other, each among the least of those before it."""
    import cvxpy as cp

    for goal in goals:
        if not run(cp.Problem(cp.Minimize(goal), demands)):
            return False
        least = float(goal.value)
        demands = [*demands, goal <= least + SPARE * (1 + abs(least))]
    return True


def nearest_exact(
    problem: ScreeningProblem, before: Contracts, cure: Cure, norm: Norm, bound: Bound
) -> ExactMenu | None:
    """The exact menu nearest to the contracts as they were, of those that a solver's cure leads to."""
    nearest, least = None, math.inf
    enough = NEAR_ENOUGH * units_of(problem).money
    for contracts in _attempts(problem, cure):
        menu = assigned(problem, contracts, bound, math.inf, keeps=len(contracts[1]) == problem.n_types)
        if not is_feasible(menu.certificate):
            continue
        allocations, transfers = menu.contracts
        after = allocations[menu.option_of_type], transfers[menu.option_of_type]
        change = sum(sizes(problem, norm, before, after))
        if change < least:
            nearest, least = menu, change
        if change <= sum(cure.least) + enough:
            break
    return nearest


def _attempts(problem: ScreeningProblem, cure: Cure) -> Iterator[Contracts]:
    """The cure in few digits, which may say exactly who is indifferent; a hair beside it; what repairs make of it."""
    units = units_of(problem)
    utility = np.einsum("ij,ij->i", problem.valuations, cure.allocation) - cure.transfer
    candidate = Candidate(cure.allocation, utility, no_multipliers(problem), "least change")
    for places in (FEWEST_DIGITS, MOST_DIGITS):
        amount, money = units.allocation * 2.0**-places, units.money * 2.0**-places
        allocation = problem.domain.clip(np.round(cure.allocation / amount) * amount)
        near = np.abs(allocation - cure.allocation).max(initial=0.0) <= amount
        transfer = np.clip(np.round(cure.transfer / money) * money, *problem.limits_by_type)
        yield allocation if near else cure.allocation, transfer
        yield cure.allocation, transfer
    if problem.transfers != "none" and problem.valuation_sets is None:
        for width in (NO_MERGER, SPARE):
            yield from reprice_near(problem, candidate, width, np.inf)
    yield from repairs(problem, candidate)


def _worth(problem: ScreeningProblem) -> Array:
    """What a unit of each good is worth to the types on average, in money; (n_goods,). One where it is nothing."""
    worth = problem.weights @ np.abs(problem.valuations)
    return np.where(worth > 0, worth, 1.0)

"""A problem in other units, in which numbers are near one: of each good, and of utility where no money changes hands.

A good counted in other units (x = s x', so that valuations are multiplied by s) changes no menu. Without money nothing
but habit says what a unit of utility is either: dividing valuations and reservation utilities by a factor, and
multiplying by it whatever counts utilities, changes no menu. Both change what solvers see: in the user's units one good
may be counted in grams and another in tons, or utilities be millions beside the payoffs. All units are powers of two,
so that nothing is rounded and who prefers what stays exactly as it is.
"""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any

import numpy as np

from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass
from contracts.problem.costs import power_of_two, scaled_cost
from contracts.problem.costs.per_type import of_each
from contracts.problem.domains import Box, NonNegative, Polyhedron, known_domain
from contracts.problem.screening import ScreeningProblem

ALIKE = 2.0**10  # utilities and payoffs, or amounts of goods, that differ by less are near enough for any solver


@dataclass(frozen=True, eq=False)
class OwnUnits:
    """Powers of two: what one unit of each good, and of utility, is in the user's units."""

    goods: Array  # (n_goods,)
    utility: float

    @property
    def are_the_users(self) -> bool:
        return self.utility == 1.0 and bool((self.goods == 1.0).all())


def own_units(problem: ScreeningProblem) -> OwnUnits:
    """Units in which a problem's amounts, and utilities beside payoffs, are near one another."""
    return OwnUnits(goods_units(problem), utility_unit(problem))


@functools.lru_cache(maxsize=4)
def first_best_amounts(problem: ScreeningProblem) -> Array:
    """What each type would be given if nothing were hidden; 0 where that has no end; (n_types, n_goods)."""
    _, best = problem.cost.conjugate(problem.valuations + problem.principal_values, problem.domain)
    return np.abs(np.where(np.isfinite(best), best, 0.0))


def goods_units(problem: ScreeningProblem) -> Array:
    """Powers of two of the largest first-best amount of each good, where they are far from one another; else 1.

    Of goods that nobody would be given by itself it is the largest amount that there is. Lotteries are measured in
    shares; where sets of valuations or distances between types are stated, these are in the user's units.
    """
    goods = problem.n_goods
    domain = known_domain(problem.domain, goods)
    stated = problem.ambiguity is not None or problem.uncertainty is not None
    if goods == 1 or stated or not isinstance(domain, NonNegative | Box | Polyhedron):
        return np.ones(goods)
    amounts = first_best_amounts(problem).max(axis=0)
    most = domain.magnitude(goods)
    amounts = np.where((amounts == 0) & np.isfinite(most), most, amounts)
    near = amounts[amounts > 0]
    if not near.size or near.max() < ALIKE * near.min():
        return np.ones(goods)
    units = np.array([power_of_two(float(amount)) for amount in amounts])
    return np.where(amounts > 0, units, power_of_two(float(near.max())))


def utility_unit(problem: ScreeningProblem) -> float:
    """A power of two of the size of utilities beside payoffs of one; 1 where the two have the same unit, or are near.

    Payoffs and utilities are those of the largest amounts there are or, where amounts have no end, of what each type
    would be given for its own and the principal's sake.
    """
    terms = problem.terms
    is_plain = problem.ambiguity is None and problem.valuation_sets is None and terms.function is None
    counts_profit = terms.profit_weight > 0 or terms.minimum_profit is not None
    if problem.transfers != "none" or not is_plain or not counts_profit or problem.program.excludes:
        return 1.0
    best = problem.domain.magnitude(problem.n_goods) if problem.domain.bounded else first_best_amounts(problem)
    best = np.broadcast_to(best, problem.valuations.shape)
    utility = float((np.abs(problem.valuations) * best).sum(axis=1).max())
    cost = np.abs(problem.cost.value(best))
    payoff = float(np.max(np.where(np.isfinite(cost), cost, 0.0) + np.abs(problem.principal_values * best).sum(axis=1)))
    if not (utility > 0 and payoff > 0) or 1 / ALIKE < utility / payoff < ALIKE:
        return 1.0
    return power_of_two(utility / payoff)


def in_units(problem: ScreeningProblem, units: OwnUnits) -> ScreeningProblem:
    """The same problem with amounts and utilities in these units."""
    return in_units_of_utility(in_units_of_goods(problem, units.goods), units.utility)


def in_units_of_goods(problem: ScreeningProblem, units: Array) -> ScreeningProblem:
    """The same problem with amounts divided by powers of two, one per good."""
    if (units == 1.0).all():
        return problem
    objective: Any = problem.objective
    if problem.terms.allocation_values.any():
        objective = replace(problem.terms, allocation_values=problem.terms.allocation_values * units)
    kept = None if problem.outside_option is None else problem.outside_option / units
    return replace(
        problem,
        valuations=problem.valuations * units,
        cost=of_each(problem.cost, lambda cost: scaled_cost(cost, units, 1.0)),
        domain=known_domain(problem.domain, problem.n_goods).scaled(units),
        principal_values=problem.principal_values * units,
        outside_option=kept,
        reservation_utility=0.0 if kept is not None else problem.reservation_utility,
        objective=objective,
        constraints=[
            row if row.allocation is None else replace(row, allocation=row.allocation * units) for row in problem.rows
        ],
        readings=(),
    )


def in_units_of_utility(problem: ScreeningProblem, unit: float) -> ScreeningProblem:
    """The same problem with utilities divided by a power of two."""
    if unit == 1.0:
        return problem
    terms = problem.terms
    reserved: Any = 0.0 if problem.outside_option is not None else problem.reservation_utility / unit
    objective = replace(
        terms, utility_weights=terms.utility_weights * unit, worst_off_weight=terms.worst_off_weight * unit
    )
    rows = [row if row.utility is None else replace(row, utility=row.utility * unit) for row in problem.rows]
    return replace(
        problem,
        valuations=problem.valuations / unit,
        reservation_utility=reserved,
        objective=objective,
        constraints=rows,
    )

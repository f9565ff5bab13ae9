"""Utility in another unit, where no money changes hands: then nothing but habit says what a unit of it is.

Dividing valuations and reservation utilities by a factor, and multiplying by it whatever counts utilities, changes no
menu. It changes what solvers see: in the user's unit utilities may be millions or millionths beside the payoffs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from contracts.problem.costs import power_of_two
from contracts.problem.screening import ScreeningProblem

ALIKE = 2.0**10  # utilities and payoffs that differ by less are near enough for any solver


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
    best = problem.domain.magnitude(problem.n_goods) if problem.domain.bounded else None
    if best is None:
        _, found = problem.cost.conjugate(problem.valuations + problem.principal_values, problem.domain)
        best = np.abs(np.where(np.isfinite(found), found, 0.0))
    best = np.broadcast_to(best, problem.valuations.shape)
    utility = float((np.abs(problem.valuations) * best).sum(axis=1).max())
    cost = np.abs(problem.cost.value(best))
    payoff = float(np.max(np.where(np.isfinite(cost), cost, 0.0) + np.abs(problem.principal_values * best).sum(axis=1)))
    if not (utility > 0 and payoff > 0) or 1 / ALIKE < utility / payoff < ALIKE:
        return 1.0
    return power_of_two(utility / payoff)


def in_units_of_utility(problem: ScreeningProblem, unit: float) -> ScreeningProblem:
    """The same problem with utilities divided by a power of two."""
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

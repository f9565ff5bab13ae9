"""Concave welfare that has faded: where utilities are far above the level at which welfare counts as much as money.

Solvers see W(u) in the unit in which it bends, and the menu in units of money; where these lie far apart they see only
one. Yet W is then all but flat at most types' utilities, and steep at those of who has least. So the menu is solved
for a linear objective, W replaced by its slope at what types have, and by nothing at those who have next to nothing;
then all are paid the same sum more, until another unit of it costs what it counts. The certificate is about W itself.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from contracts.engines.candidate import Candidate, units_of
from contracts.inputs.arrays import Array
from contracts.problem.screening import ScreeningProblem
from contracts.proof.bound import upper_bound

ROUNDS = 4  # of slopes at the utilities found
HALVINGS = 200
STEEP = 0.5  # slope of welfare, as a share of the weight on money, above which a type has next to nothing


def reason_against(problem: ScreeningProblem) -> str | None:
    """Why this is not for a problem; None if it is."""
    terms = problem.terms
    if terms.function is None or terms.profit_weight == 0 or terms.minimum_profit is not None:
        return "it takes a concave welfare function beside profit"
    if problem.transfers != "free" or problem.ambiguity is not None or problem.valuation_sets is not None:
        return "it takes free transfers, known weights and valuations"
    if len(problem.side_rows.limit):
        return "side constraints may limit utilities"
    return None


def solve(problem: ScreeningProblem, inner: Callable[[ScreeningProblem], Candidate]) -> Candidate:
    """The candidate with the lowest bound of some rounds; `inner` solves problems with linear objectives."""
    terms = problem.terms
    slope, found = np.zeros(problem.n_types), list[tuple[float, Candidate]]()
    for _ in range(ROUNDS):
        linear = dataclasses.replace(
            terms, function=None, welfare_weights=0.0, utility_weights=terms.utility_weights + slope
        )
        candidate = inner(dataclasses.replace(problem, objective=linear))
        utility = candidate.utility + paid_to_all(problem, candidate.utility)
        prices = dataclasses.replace(candidate.multipliers, ir=np.zeros(problem.n_types))
        candidate = dataclasses.replace(
            candidate, utility=utility, multipliers=prices, engine=f"{candidate.engine}, welfare faded"
        )
        found.append((upper_bound(problem, prices).value, candidate))
        before, slope = slope, terms.welfare_weights * terms.function.marginal(utility)
        slope = np.where(slope < STEEP * terms.profit_weight, slope, 0.0)
        if np.array_equal(before, slope):
            break
    return min(found, key=lambda each: each[0])[1]


def paid_to_all(problem: ScreeningProblem, utility: Array) -> float:
    """The sum that everybody is best paid on top, so that another unit of it costs what it counts."""
    terms, weights = problem.terms, problem.weights
    costs = float(terms.profit_weight - weights @ terms.utility_weights)

    def gains(more: float) -> bool:
        return float((weights * terms.welfare_weights) @ terms.function.marginal(utility + more)) > costs

    low, high = 0.0, units_of(problem).money
    while gains(high) and np.isfinite(high):
        low, high = high, 2 * high
    if not gains(low):
        return 0.0
    low = max(low, np.finfo(np.float64).tiny)
    for _ in range(HALVINGS):  # of the exponent first: what is paid may be any share of what menus are worth
        middle = float(np.sqrt(low) * np.sqrt(high)) if high > 2 * low else (low + high) / 2
        low, high = (middle, high) if gains(middle) else (low, middle)
    return high

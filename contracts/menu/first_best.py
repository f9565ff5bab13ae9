"""The first best: what each type would be given if everybody's type were known, so that nothing need be screened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, Indices
from contracts.problem.costs import Linear
from contracts.problem.participation import WithOutside
from contracts.problem.screening import ScreeningProblem

BISECTIONS = 200  # of the price of participation: takes any bracket to neighbouring floats
DOUBLINGS = 100  # until a price is high enough


def first_best(problem: ScreeningProblem, who: Indices | None = None) -> Array:
    """The allocation of each type (of those in `who`) under full information; (n_types, n_goods).

    Where money moves freely it makes the surplus (a_i + b_i) . x - c(x) largest, whatever the objective thinks of who
    should have the money. Where transfers are limited or there are none, it makes the principal's objective largest
    among the contracts that the type accepts. A type that need not be served, and whose surplus is less than what it
    costs to serve and to win it over, keeps the outside option.

    Raises
    ------
    ProblemError
        If it is not found type by type: with side constraints, or a concave welfare function, a minimum profit or a
        worst-off term where money does not move freely.

    Examples
    --------
    >>> from contracts.problem.costs import Quadratic
    >>> first_best(ScreeningProblem([1.0, 2.0], cost=Quadratic())).ravel()
    array([1., 2.])
    """
    if (reason := reason_against(problem)) is not None:
        raise ProblemError(f"the first best is not found type by type: {reason}")
    who = np.arange(problem.n_types) if who is None else who
    if isinstance(outside := problem.program.domain, WithOutside) and not problem.excludes:
        found = first_best(problem.program, who)
        return found[:, :-1] + (found[:, -1:] / outside.total) * problem.outside.allocation
    taste, own, values = (
        part[who] for part in (problem.valuations, problem.principal_values, problem.terms.allocation_values)
    )
    weight = problem.terms.profit_weight
    if problem.transfers == "free":
        worth = taste + own + (values / weight if values.any() else 0.0)
        return _finite(problem.cost.conjugate(worth, problem.domain)[1])
    cost: Any = problem.cost if weight > 0 else Linear(0.0)
    scale = weight if weight > 0 else 1.0

    def best(price: Array) -> Array:
        """The allocation if one unit of the type's own enjoyment counts `price`."""
        worth = (weight * own + values + price[:, np.newaxis] * taste) / scale
        return np.asarray(cost.conjugate(worth, problem.domain)[1])

    return _finite(_accepted(problem, who, taste, best))


def _finite(allocation: Any) -> Array:
    allocation = np.asarray(allocation)
    if not np.isfinite(allocation).all():
        raise ProblemError("the first best grows without limit: bound the domain (Box), or use a cost that curves")
    return allocation


def reason_against(problem: ScreeningProblem) -> str | None:
    """Why the first best is not found type by type; None if it is."""
    terms = problem.terms
    counts_money = terms.profit_weight > 0 or terms.minimum_profit is not None
    if problem.constraints:
        return "side constraints tie the types together"
    if problem.program.constraints:
        return "transfers are limited for those who are served alone"
    if problem.transfers == "free":
        if not counts_money:
            return "nobody counts the principal's money"
        if terms.allocation_values.any() and terms.minimum_profit is not None:
            return "the minimum profit ties the types together"
        return None
    if terms.minimum_profit is not None:
        return "the minimum profit ties the types together"
    if terms.worst_off_weight:
        return "the worst-off type is one of all"
    return None if terms.function is None else "the welfare function decides between money and goods"


def _accepted(problem: ScreeningProblem, who: Indices, taste: Array, best: Callable[[Array], Array]) -> Array:
    """The best allocations under limits on transfers t, with utility a . x - t at least r.

    At an allocation the best transfer is as high as the limit or participation allows where the principal prefers
    money to the type's utility, else the lowest. So one unit of a . x counts the weight w of utility while the highest
    transfer is paid, that of profit p while participation binds between the limits, and as much as it takes, p or w
    and more, where it binds at the lowest: a price that rises until the type accepts. a . x rises with the price.
    """
    lowest, highest = problem.transfer_limits
    least = problem.reservation_utility[who]
    mild = np.broadcast_to(problem.terms.utility_weights, problem.n_types)[who].astype(np.float64)
    full = np.maximum(mild, problem.terms.profit_weight)
    at_mild, at_full = best(mild), best(full)
    worth = [np.einsum("ij,ij->i", taste, allocation) for allocation in (at_mild, at_full)]
    keeps_mild = worth[0] >= least + np.where(full > mild, highest, lowest)
    at_top = ~keeps_mild & (full > mild) & (worth[1] >= least + highest)
    at_bottom = ~keeps_mild & (worth[1] < least + lowest)
    chosen = np.where(keeps_mild[:, np.newaxis], at_mild, at_full)
    if at_top.any():
        chosen[at_top] = _at_level(best, taste, np.where(at_top, least + highest, -np.inf), mild, full)[at_top]
    if at_bottom.any():
        target = np.where(at_bottom, least + lowest, -np.inf)
        chosen[at_bottom] = _at_level(best, taste, target, full, _high_enough(best, taste, target, full))[at_bottom]
    return chosen


def _high_enough(best: Callable[[Array], Array], taste: Array, target: Array, low: Array) -> Array:
    """A price at which every type accepts, if there is one."""
    step = np.maximum(np.abs(low), 1.0)
    for _ in range(DOUBLINGS):
        accepts = np.einsum("ij,ij->i", taste, best(low + step)) >= target
        if accepts.all():
            break
        step = np.where(accepts, step, 2 * step)
    return np.asarray(low + step)


def _at_level(best: Callable[[Array], Array], taste: Array, target: Array, low: Array, high: Array) -> Array:
    """The allocation between two prices at which a . x reaches the target; where it jumps, a mixture of both sides."""

    def reaches(price: Array) -> tuple[Array, Array]:
        allocation = best(price)
        return allocation, np.einsum("ij,ij->i", taste, allocation)

    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        enough = reaches(middle)[1] >= target
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
        if np.all((np.nextafter(low, high) >= high) | ~np.isfinite(target)):  # no target: any price will do
            break
    (below, worth_below), (above, worth_above) = reaches(low), reaches(high)
    rise = worth_above - worth_below
    missing = np.where(np.isfinite(target), target, worth_above) - worth_below
    share = np.clip(np.where(rise > 0, missing / np.where(rise > 0, rise, 1.0), 1.0), 0.0, 1.0)
    return np.asarray(below + share[:, np.newaxis] * (above - below))

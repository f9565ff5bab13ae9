"""Risk neutral agents: wages by a linear program, and its prices put where they prove a bound.

Utility is money, so implementing an action is linear. Outcomes are measured in expected wages above the lowest wage,
p_a(o) (w_o - lowest), in which likelihood ratios are the coefficients: the good news that is paid for may be rare.
Where no wage has a limit at either end the agent can be made to bear all risk, and the cost is that of the first best.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from contracts.agency.problem import MoralHazardProblem
from contracts.errors import SolverError
from contracts.inputs.arrays import Array

FEASIBLE = 1e-10  # tolerance of the linear program
CLEAR = 1e-13  # share by which prices are lowered so that they lie on the right side beyond rounding
SPARES = (0.0, 4e-10, 4e-9, 1e-7)  # room that constraints are asked to have, until wages keep them exactly
WIDEST = 1e9  # ratio of coefficients in a column
FIRST, MORE = 8, 8  # tempting actions at first, and those that join at a time


class LinearWages(NamedTuple):
    """Wages and prices for one action; `wages` is None where the program has no solution."""

    wages: Array | None
    participation: float
    incentive: Array  # (n_actions,)


def linear_wages(
    problem: MoralHazardProblem, action: int, spare: float, shape: tuple[Array, Array] | None = None
) -> LinearWages:
    """The least costly wages that implement an action, every constraint kept with room to spare.

    `shape` holds further rows and limits, rows . w >= limits, such as those of monotone wages; prices then prove
    nothing.
    """
    probabilities, effort = problem.outcome_probabilities, problem.effort_cost
    own, low, high = probabilities[action], problem.lowest_wage, problem.highest_wage
    others = np.flatnonzero((probabilities != own).any(axis=1) | (effort < effort[action]))
    step = own - probabilities[others]
    size = np.maximum(np.abs(step).sum(axis=1), 1e-12)
    needed = (effort[action] - effort[others]) / size
    plain = size >= 1e-3 * size.max(initial=0.0)
    unit = float(np.maximum(needed[plain], 1e-2 * np.abs(needed[plain])).max(initial=0.0))
    unit = unit or abs(effort[action] + problem.reservation_utility) or 1.0
    always = np.vstack([own, *([] if shape is None else [shape[0]])])
    least = np.append(effort[action] + problem.reservation_utility + spare * unit, [] if shape is None else shape[1])
    scale = _measure(problem, action)
    anchor = np.where(np.isfinite(low), low, np.where(np.isfinite(high), high, 0.0))
    ends = np.sort(np.vstack([low - anchor, high - anchor]) / scale, axis=0).T / unit
    tempting = np.sort(np.argsort(-needed, kind="stable")[:FIRST])
    while True:
        coefficients = np.vstack([always, step[tempting] / size[tempting, np.newaxis]])
        right = np.concatenate([least, needed[tempting] + spare * unit])
        found = _solved(own * scale, coefficients * scale, (right - coefficients @ anchor) / unit, ends)
        if found.x is None:
            break
        wages = np.clip(anchor + scale * found.x * unit, low, high)
        short = needed + spare * unit - step @ wages / size
        short[tempting] = -np.inf
        more = np.argsort(-short, kind="stable")[:MORE]
        more = more[short[more] > FEASIBLE * unit]
        if not len(more):
            break
        tempting = np.concatenate([tempting, more])
    incentive = np.zeros(problem.n_actions)
    if found.status in (2, 4) or (found.x is None and found.status != 3):
        return LinearWages(None, 0.0, incentive)
    if found.x is None:
        raise SolverError(f"the linear program of action {problem.actions[action]!r} ended with: {found.message}")
    prices = np.maximum(-found.ineqlin.marginals, 0.0)
    incentive[others[tempting]] = prices[len(always) :] / size[tempting]
    participation, incentive = on_the_right_side(problem, action, float(prices[0]), incentive)
    return LinearWages(wages, participation, incentive)


def _measure(problem: MoralHazardProblem, action: int) -> Array:
    """Money per unit of each variable: expected wages under the action, from the limit that they have."""
    own, low, high = problem.outcome_probabilities[action], problem.lowest_wage, problem.highest_wage
    most = problem.outcome_probabilities.max(axis=0)
    weight = np.where(own > 0, own, np.maximum(most, 1e-12))
    ratio = np.clip(most / weight, 1.0, WIDEST)
    sign = np.where(np.isfinite(low) | ~np.isfinite(high), 1.0, -1.0)
    return np.asarray(sign / (weight * ratio))


def _solved(cost: Array, rows: Array, right: Array, ends: Array) -> Any:
    """Minimise cost . x such that rows . x >= right and x lies between its ends."""
    from scipy import optimize

    linprog: Any = optimize.linprog  # its stubs know no such options
    options = {"primal_feasibility_tolerance": FEASIBLE, "dual_feasibility_tolerance": FEASIBLE}
    return linprog(cost, A_ub=-rows, b_ub=-right, bounds=ends, method="highs", options=options)


def on_the_right_side(
    problem: MoralHazardProblem, action: int, participation: float, incentive: Array
) -> tuple[float, Array]:
    """Prices for which the bound is finite.

    Slopes are at most p_a(o) where wages have no highest limit, and at least p_a(o) where they have no lowest.
    """
    own = problem.outcome_probabilities[action]
    upward, downward = np.isposinf(problem.highest_wage), np.isneginf(problem.lowest_wage)
    if (upward & downward & (own > 0)).any():
        return 1.0, np.zeros_like(incentive)
    occurs = own > 0
    total = participation + float(incentive.sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(
            occurs, (total * own - incentive @ problem.outcome_probabilities) / np.where(occurs, own, 1), 0
        )
    noise = CLEAR * (1 + total)
    if (upward & occurs).any():
        largest = float(ratio[upward & occurs].max()) + noise
        shrink = 1.0 if largest <= 1 else 1.0 / largest
        return participation * shrink, incentive * shrink
    if (downward & occurs).any():
        smallest = float(ratio[downward & occurs].min()) - noise
        return participation + max(0.0, 1.0 - smallest), incentive
    return participation, incentive


def rounded(wages: Array, digits: int) -> Array:
    """Wages with so many significant digits of the largest: what a person would have written."""
    largest = float(np.abs(wages).max(initial=0.0))
    if largest == 0 or not math.isfinite(largest):
        return wages
    places = digits - 1 - math.floor(math.log10(largest))
    return np.asarray(np.round(wages, places)) if abs(places) < 300 else wages

"""Risk neutral agents: wages by a linear program, and its prices put where they prove a bound.

Utility is money, so implementing an action is linear. Outcomes are measured in expected wages above the lowest wage,
p_a(o) (w_o - lowest), in which likelihood ratios are the coefficients: the good news that is paid for may be rare.
Where no wage has a limit at either end the agent can be made to bear all risk, and the cost is that of the first best.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from contracts.agency.problem import MoralHazardProblem
from contracts.errors import SolverError
from contracts.inputs.arrays import Array

FEASIBLE = 1e-10  # tolerance of the linear program
CLEAR = 1e-13  # share by which prices are lowered so that they lie on the right side beyond rounding
SPARES = (0.0, 4e-10, 4e-9, 1e-7)  # room that constraints are asked to have, until wages keep them exactly
WIDEST = 1e9  # ratio of coefficients in a column
FAR = 1e4  # times the money at stake beyond which a limit is far away
SAME = 1e-9  # distance from the prices of the first best that is a solver's noise
RAISED = (0.0, 1.0, 2.0, 4.0, 8.0)  # digits by which a fixed wage is raised
FIRST, MORE = 8, 8  # tempting actions at first, and those that join at a time


class LinearWages(NamedTuple):
    """Wages and prices for one action; `wages` is None where the program has no solution."""

    wages: Array | None
    participation: float
    incentive: Array  # (n_actions,)


def shared_output(problem: MoralHazardProblem, action: int) -> Iterator[Array]:
    """Wages linear in output that implement an action at what it costs if it is seen; none where wages are limited.

    A share tempts to more that is above what less effort saves per unit of output, and below what more effort costs:
    1, which sells the firm to the agent, is between the two for the action that is best for both together. The fixed
    wage just keeps the agent, but for digits that rounding asks for.
    """
    if np.isfinite([problem.lowest_wage, problem.highest_wage]).any():
        return
    own, output = problem.outcome_probabilities[action], problem.output
    others = np.arange(problem.n_actions) != action
    more = (problem.expected_output - problem.expected_output[action])[others]
    dearer = (problem.effort_cost - problem.effort_cost[action])[others]
    least = float((dearer[more < 0] / more[more < 0]).max(initial=-math.inf))
    most = float((dearer[more > 0] / more[more > 0]).min(initial=math.inf))
    if least > most:
        return
    ends = [end for end in (least, most) if math.isfinite(end)]
    share = 1.0 if least <= 1 <= most else float(np.mean(ends))
    asked = float(problem.effort_cost[action] + problem.reservation_utility - share * (own @ output))
    digit = float(np.spacing(abs(share) * np.abs(output).max() + abs(asked)))
    for ulps in RAISED:
        yield share * output + (asked + ulps * digit)


def linear_wages(
    problem: MoralHazardProblem, action: int, spare: float, shape: tuple[Array, Array] | None = None
) -> LinearWages:
    """The least costly wages that implement an action, every constraint kept with room to spare.

    `shape` holds further rows and limits, rows . w >= limits, such as those of monotone wages; prices then prove
    nothing. Limits far away are left out at first, as a program that knows them may well pay them.
    """
    level = problem.effort_cost + problem.reservation_utility
    reach = FAR * (float(np.abs(level).max() + np.ptp(problem.effort_cost) + np.ptp(problem.output)) or 1.0)
    low, high = problem.lowest_wage, problem.highest_wage
    near = np.where(low < -reach, -np.inf, low), np.where(high > reach, np.inf, high)
    if not (np.array_equal(near[0], low) and np.array_equal(near[1], high)):
        found = _linear_wages(replace(problem, wages=near), action, spare, shape)
        if found.wages is not None and np.all((found.wages >= low) & (found.wages <= high)):
            return found
    return _linear_wages(problem, action, spare, shape)


def _linear_wages(
    problem: MoralHazardProblem, action: int, spare: float, shape: tuple[Array, Array] | None
) -> LinearWages:
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
    free = bool(np.isinf(ends).all())  # the agent can be made to bear all risk: no wages cost less than it asks for
    tempting = np.sort(np.argsort(-needed, kind="stable")[:FIRST])
    while True:
        coefficients = np.vstack([always, step[tempting] / size[tempting, np.newaxis]])
        right = np.concatenate([least, needed[tempting] + spare * unit])
        found = _solved(own * scale, coefficients * scale, (right - coefficients @ anchor) / unit, ends, free=free)
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
    if free:
        return LinearWages(wages, 1.0, incentive)
    prices = np.maximum(-found.ineqlin.marginals, 0.0)
    incentive[others[tempting]] = prices[len(always) :] / size[tempting]
    participation, incentive = on_the_right_side(problem, action, wages, float(prices[0]), incentive)
    return LinearWages(wages, participation, incentive)


def _measure(problem: MoralHazardProblem, action: int) -> Array:
    """Money per unit of each variable: expected wages under the action, from the limit that they have."""
    own, low, high = problem.outcome_probabilities[action], problem.lowest_wage, problem.highest_wage
    most = problem.outcome_probabilities.max(axis=0)
    weight = np.where(own > 0, own, np.maximum(most, 1e-12))
    ratio = np.clip(most / weight, 1.0, WIDEST)
    sign = np.where(np.isfinite(low) | ~np.isfinite(high), 1.0, -1.0)
    return np.asarray(sign / (weight * ratio))


def _solved(cost: Array, rows: Array, right: Array, ends: Array, *, free: bool) -> Any:
    """Minimise cost . x such that rows . x >= right and x lies between its ends.

    Where nothing has an end the first row, the cost itself, holds as an equation, and there is nothing to minimise.
    """
    from scipy import optimize

    linprog: Any = optimize.linprog  # its stubs know no such options
    options = {"primal_feasibility_tolerance": FEASIBLE, "dual_feasibility_tolerance": FEASIBLE}
    if free:
        cost, equal = np.zeros_like(cost), {"A_eq": rows[:1], "b_eq": right[:1]}
    else:
        equal = {}
    return linprog(cost, A_ub=-rows, b_ub=-right, bounds=ends, method="highs", options=options, **equal)


def on_the_right_side(
    problem: MoralHazardProblem, action: int, wages: Array, participation: float, incentive: Array
) -> tuple[float, Array]:
    """Prices for which the bound is finite, and little is lost to limits far away.

    After outcomes whose wage is between its limits the slope s_o is p_a(o), but for rounding, which the bound
    multiplies with how far a limit is. So slopes are put on the side of the nearer limit: none above p_a(o) where wages
    could rise further than fall, else none below it. Prices next to those of the first best are those.
    """
    own, low, high = problem.outcome_probabilities[action], problem.lowest_wage, problem.highest_wage
    occurs = own > 0
    could_rise, could_fall = occurs & (wages < high), occurs & (wages > low)
    up = float((high - wages)[could_rise & could_fall].max(initial=0.0))
    down = float((wages - low)[could_rise & could_fall].max(initial=0.0))
    total = participation + float(incentive.sum())
    is_first_best = abs(participation - 1) <= SAME and total - participation <= SAME
    if is_first_best or (math.isinf(up) and math.isinf(down)):
        return 1.0, np.zeros_like(incentive)
    slopes = total * own - incentive @ problem.outcome_probabilities
    ratio = np.where(occurs, slopes / np.where(occurs, own, 1.0), 0.0)
    noise = CLEAR * (1 + total)
    if up >= down:
        largest = float(ratio[could_rise].max(initial=0.0)) + noise
        shrink = 1.0 if largest <= 1 else 1.0 / largest
        return participation * shrink, incentive * shrink
    smallest = float(ratio[could_fall].min(initial=1.0)) - noise
    return participation + max(0.0, 1.0 - smallest), incentive


def rounded(wages: Array, digits: int) -> Array:
    """Wages with so many significant digits of the largest: what a person would have written."""
    largest = float(np.abs(wages).max(initial=0.0))
    if largest == 0 or not math.isfinite(largest):
        return wages
    places = digits - 1 - math.floor(math.log10(largest))
    return np.asarray(np.round(wages, places)) if abs(places) < 300 else wages

"""Wages that never fall in output, and such that what the principal keeps never falls either, as rows with prices.

In the order of output the rows are v_(k + 1) - v_k >= 0 in promised utilities, which rise with wages; a price nu_k adds
nu_k to the slope of outcome k + 1 in the Lagrangian (see `contracts.agency.bound`) and takes it from that of k. Where
wages must rise by no more than output (of a risk neutral agent only), a negative price stands for that row, and owes
|nu_k| times the difference of output.

Outcomes of equal output are paid alike, and what an action never has is paid as the outcome before it: a higher wage
would only tempt others. So a class of them has one utility v and the sum of their slopes, s; spread over them as their
chances are, it proves the same, sum_k p_k h*(s / p) = p h*(s / p).

A rising row is an incentive constraint, too: it forbids to prefer an action b that has the outcomes of a, but the
chance of k + 1 moved to k,

    p_a . v - e_a >= p_b . v - e_a   <=>   p_a(k + 1) (v_(k + 1) - v_k) >= 0,

and likewise moved to the next outcome, for an effort of p_a(k) times the difference of output. So the program of the
best contract finds the best rising one, with its prices.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from contracts.agency.problem import MoralHazardProblem
from contracts.exact.rationals import EPS
from contracts.inputs.arrays import Array, Indices


class Classes(NamedTuple):
    """Outcomes that are paid alike under an action, numbered by output."""

    of: Indices  # (n_outcomes,) the class of each outcome
    never: int  # classes that the action never has, all at the start
    starts: Indices  # (n_classes,) the first outcome of each, by its place in the order of output
    output: Array  # (n_classes,) there
    low: Array  # (n_classes,) limits of the wage
    high: Array
    is_free: bool  # whether what the action never has may be paid as the outcome before, whatever wages are


def classes(problem: MoralHazardProblem, action: int) -> Classes:
    """Which outcomes are paid alike."""
    order, occurring = problem.by_output, problem.outcome_probabilities[action] > 0
    class_of = np.zeros(problem.n_outcomes, dtype=np.intp)
    number, never, had = -1, 0, False
    joins_never = False
    previous = math.nan
    for k in order:
        occurs, tied = occurring[k], problem.output[k] == previous
        if not (tied or (had and not occurs)):
            number += 1
            never += not occurs
        elif occurs and not had and tied:
            never -= 1
        joins_never |= bool(had and not occurs and not tied)
        had = had or bool(occurs)
        previous = problem.output[k]
        class_of[k] = number
    starts = np.searchsorted(class_of[order], np.arange(number + 1))
    low, high = problem.lowest_wage[order], problem.highest_wage[order]
    free = not joins_never or not np.any(np.append(low != low[0], high != high[0]))
    return Classes(
        class_of, never, starts, problem.output[order][starts],
        np.maximum.reduceat(low, starts), np.minimum.reduceat(high, starts), free,
    )  # fmt: skip


def with_neighbours(problem: MoralHazardProblem, action: int) -> tuple[MoralHazardProblem | None, Classes]:
    """The problem, by classes of outcomes, in which only wages of the shape keep the agent at an action.

    None where the limits of a class leave no wage.
    """
    found = classes(problem, action)
    if np.any(found.low > found.high):
        return None, found
    n_classes, never = len(found.starts), found.never
    member = np.zeros((problem.n_outcomes, n_classes))
    member[np.arange(problem.n_outcomes), found.of] = 1.0
    chances = problem.outcome_probabilities @ member
    own, effort = chances[action], float(problem.effort_cost[action])
    rows, costs = [chances, _neighbours(own, never)], [problem.effort_cost, np.full(n_classes - 1 - never, effort)]
    if problem.monotone == "both":  # up to the next class, at an effort for which that tempts if wages rise too fast
        rows.append(_neighbours(own[::-1], 0)[::-1, ::-1][never:])
        costs.append(effort + own[never:-1] * np.diff(found.output)[never:])
    few = MoralHazardProblem(
        np.vstack(rows), np.arange(n_classes, dtype=np.float64), np.concatenate(costs), utility=problem.utility,
        reservation_utility=problem.reservation_utility, wages=(found.low, found.high),
    )  # fmt: skip
    return few, found


def _neighbours(own: Array, never: int) -> Array:
    """Chances of actions that would be preferred if wages fell: each class's chance moved to the one before it."""
    after = np.arange(never + 1, len(own))
    lower = np.repeat(own[np.newaxis], len(after), axis=0)
    each = np.arange(len(after))
    lower[each, after - 1] += own[after]
    lower[each, after] = 0.0
    return lower


def rising_prices(problem: MoralHazardProblem, few: MoralHazardProblem, action: int, weights: Array) -> Array:
    """Prices of the rows by weights of the actions that stand for them; (n_outcomes - 1,)."""
    found = classes(problem, action)
    own, never = few.outcome_probabilities[action], found.never
    place = found.starts[never + 1 :] - 1  # of the pair of outcomes between two classes
    up, down = (weights[problem.n_actions :], np.zeros(len(place)))
    if problem.monotone == "both":
        up, down = np.split(up, 2)
    prices = np.zeros(problem.n_outcomes - 1)
    prices[place] = up * own[never + 1 :] - down * own[never:-1]
    return prices


class Spread(NamedTuple):
    """Slopes with the prices of the shape, spread over classes, with bounds on their rounding."""

    slope: Array
    off: Array
    owed: float  # for rising by no more than output


def spread(problem: MoralHazardProblem, action: int, prices: Array, slope: Array, off: Array) -> Spread:
    """Slopes of outcomes, (n_outcomes,), as they are if outcomes of a class are paid alike."""
    found, own = classes(problem, action), problem.outcome_probabilities[action]
    if not found.is_free:  # limits that differ may ask for more where an outcome never occurs
        return Spread(slope, off, 0.0)
    n_classes = len(found.starts)
    charge = np.where(np.arange(1, n_classes) > found.never, prices[found.starts[1:] - 1], 0.0)
    count = np.bincount(found.of)
    chance, total, rough, size = (np.bincount(found.of, one, n_classes) for one in (own, slope, off, np.abs(slope)))
    moved = np.append(charge, 0.0), np.append(0.0, charge)
    total = total + (moved[1] - moved[0])
    size = size + np.abs(moved[0]) + np.abs(moved[1])
    occurs = chance > 0
    each = np.where(occurs, total / np.where(occurs, chance, 1.0), 0.0)
    spread_off = np.zeros_like(off)
    order = np.argsort(own, kind="stable")
    largest = np.zeros(n_classes, dtype=np.intp)
    largest[found.of[order]] = order  # the last to be written is the likeliest
    spread_off[largest] = rough + (2 * count + 8) * EPS * size
    keeps = occurs[found.of]
    fast = np.minimum(charge, 0.0)
    owed = float(-fast @ np.diff(found.output)) if fast.any() else 0.0
    return Spread(np.where(keeps, own * each[found.of], slope), np.where(keeps, spread_off, off), owed)


def misses(problem: MoralHazardProblem, wages: Array) -> tuple[int, float]:
    """The outcome whose wage breaks the shape most, and by how much; (-1, 0) where none does. Decided exactly."""
    if not problem.monotone:
        return -1, 0.0
    order = problem.by_output
    paid, output = wages[order].tolist(), problem.output[order].tolist()
    worst, most = -1, 0.0
    for k in range(1, len(paid)):
        short = paid[k - 1] - paid[k]
        if output[k] == output[k - 1]:
            short = abs(short)
        elif problem.monotone == "both":
            short = max(short, math.fsum([paid[k], -paid[k - 1], -output[k], output[k - 1]]))
        if short > most:
            worst, most = int(order[k]), short
    return worst, most

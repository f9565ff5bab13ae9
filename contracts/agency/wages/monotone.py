"""Wages that never fall in output, and such that what the principal keeps never falls either.

That wages do not fall from outcome k to the next is one more incentive constraint: with an action b that has the
outcomes of a, but the chance of k + 1 moved to k,

    p_a . v - e_a >= p_b . v - e_a   <=>   p_a(k + 1) (v_(k + 1) - v_k) >= 0,

and utility rises with the wage. So the program of the best contract finds the best rising one. Outcomes that a never
has are paid as the one before them: a higher wage would only tempt others. A risk neutral agent's wages are a linear
program with rows of its own, which hold the second demand as well; it would not be convex in promised utilities.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from contracts.agency.problem import MoralHazardProblem
from contracts.agency.utility import RiskNeutral
from contracts.agency.verify import first_best_cost
from contracts.agency.wages.implementation import implementations, is_kept
from contracts.agency.wages.linear import linear_wages
from contracts.inputs.arrays import Array, Indices

SPARES = (0.0, 4e-10, 4e-9)  # room that constraints are asked to have, until wages keep them exactly
ROUNDED = 1e-12  # share of output that chances which were moved may misjudge
ALIKE = (1e-4, 1e-6, 0.0)  # shares by which wages may rise and are still meant to be the same


def monotone_wages(problem: MoralHazardProblem, *, both: bool = False) -> Iterator[Array]:
    """The least costly rising wages that implement each action, where there are any; (n_outcomes,) each.

    `both` asks that they rise by no more than output, of a risk neutral agent only.
    """
    order = np.argsort(problem.output, kind="stable")
    for action in range(problem.n_actions):
        linear = isinstance(problem.utility, RiskNeutral)
        tried = _by_rows(problem, action, order, both=both) if linear else _by_actions(problem, action, order)
        kept = next((wages for wages in tried if is_kept(problem, wages, action)), None)
        if kept is not None:
            yield kept


# ---- strictly concave utilities: further actions ----


def _by_actions(problem: MoralHazardProblem, action: int, order: Indices) -> Iterator[Array]:
    """Wages by the program of the best contract, those that hardly rise as one, if that is kept, else as they are."""
    few, class_of = _with_neighbours(problem, action, order, both=False)
    if few is None:
        return
    found = implementations(few, np.array([action])).wages[0]
    if not np.isfinite(found).all():
        return
    for share in ALIKE:
        as_one = _as_one(found, few.outcome_probabilities[action], share)
        yield _straightened(problem, order, as_one[class_of], both=False)


def _with_neighbours(
    problem: MoralHazardProblem, action: int, order: Indices, *, both: bool
) -> tuple[MoralHazardProblem | None, Indices]:
    """The problem in which only rising wages keep the agent at an action, by classes of outcomes that are paid alike.

    None where the limits of a class leave no wage.
    """
    class_of, never = _classes(problem, action, order)
    n_classes = int(class_of.max()) + 1
    member = np.zeros((problem.n_outcomes, n_classes))
    member[np.arange(problem.n_outcomes), class_of] = 1.0
    chances = problem.outcome_probabilities @ member
    starts = np.searchsorted(class_of[order], np.arange(n_classes))
    low, high = (
        pick.reduceat(end[order], starts)
        for pick, end in ((np.maximum, problem.lowest_wage), (np.minimum, problem.highest_wage))
    )
    if np.any(low > high):
        return None, class_of
    own, effort = chances[action], float(problem.effort_cost[action])
    rows, costs = (
        [chances, _neighbours_tempt(own, never)],
        [problem.effort_cost, np.full(n_classes - 1 - never, effort)],
    )
    if both:  # up to the next class, for an effort at which that tempts where wages rise by more than output
        steps = np.diff(problem.output[order][starts])[never:]
        rows.append(_neighbours_tempt(own[::-1], 0)[::-1, ::-1][never:])
        costs.append(effort + own[never:-1] * steps)
    few = MoralHazardProblem(
        np.vstack(rows),
        np.arange(n_classes, dtype=np.float64),
        np.concatenate(costs),
        utility=problem.utility,
        reservation_utility=problem.reservation_utility,
        wages=(low, high),
    )
    return few, class_of


def monotone_bound(problem: MoralHazardProblem, *, both: bool, known: float, reached: float) -> float:
    """What no rising wages earn more than, to twelve digits, by the prices of each action; at most what is known.

    Moving chances to the next outcome rounds them, hence the digits. Actions whose first best is below what was reached
    need no look, nor do those that provably no rising wages implement.
    """
    ends = (problem.lowest_wage, problem.highest_wage)
    if any(np.any(end != end[0]) for end in ends):  # limits that differ may ask for more where an outcome never occurs
        return known
    order = np.argsort(problem.output, kind="stable")
    promise = problem.expected_output - first_best_cost(problem)
    most = reached
    for action in np.flatnonzero(promise > reached):
        few, _ = _with_neighbours(problem, int(action), order, both=both)
        if few is None:
            return known
        found = implementations(few, np.array([action]))
        if np.isinf(found.cost[0]) and int(action) in found.proofs:
            continue
        bound = float(problem.expected_output[action] - max(found.bound[0], problem.expected_output[action] - known))
        most = max(most, bound)
    return min(known, most + ROUNDED * max(abs(most), float(np.ptp(problem.output))))


def _classes(problem: MoralHazardProblem, action: int, order: Indices) -> tuple[Indices, int]:
    """Outcomes that are paid alike, numbered by output; and how many classes the action never has, all at the start."""
    class_of = np.zeros(problem.n_outcomes, dtype=np.intp)
    number, never, had = -1, 0, False
    previous = math.nan
    for k in order:
        occurs = problem.outcome_probabilities[action, k] > 0
        same = problem.output[k] == previous or (had and not occurs)
        if not same:
            number += 1
            never += not occurs
        elif occurs and not had and problem.output[k] == previous:
            never -= 1
        had = had or bool(occurs)
        previous = problem.output[k]
        class_of[k] = number
    return class_of, never


def _neighbours_tempt(own: Array, never: int) -> Array:
    """Chances of actions that would be preferred if wages fell: each class's chance moved to the one before it."""
    classes = np.arange(never + 1, len(own))
    lower = np.repeat(own[np.newaxis], len(classes), axis=0)
    each = np.arange(len(classes))
    lower[each, classes - 1] += own[classes]
    lower[each, classes] = 0.0
    return lower


def _as_one(wages: Array, own: Array, share: float) -> Array:
    """Wages that differ from the one before by no more than a share, at their mean; falling ones are always joined."""
    size = float(np.ptp(wages)) or 1.0
    starts = np.append(True, np.diff(wages) > share * size)
    group = np.cumsum(starts) - 1
    weight = np.bincount(group, own)
    mean = np.bincount(group, own * wages) / np.where(weight > 0, weight, 1.0)
    alone = np.bincount(group) == 1
    return np.where(alone[group] | (weight[group] == 0), wages, mean[group])


# ---- risk neutral agents: further rows ----


def _by_rows(problem: MoralHazardProblem, action: int, order: Indices, *, both: bool) -> Iterator[Array]:
    shape = _rising(problem, order, both=both)
    for spare in SPARES:
        wages = linear_wages(problem, action, spare, shape).wages
        if wages is None:
            return
        yield _straightened(problem, order, wages, both=both)


def _rising(problem: MoralHazardProblem, order: Indices, *, both: bool) -> tuple[Array, Array]:
    step = np.zeros((problem.n_outcomes - 1, problem.n_outcomes))
    each = np.arange(len(step))
    step[each, order[1:]], step[each, order[:-1]] = 1.0, -1.0
    rise = np.diff(problem.output[order])
    same = rise == 0  # outcomes of equal output are paid alike
    rows, limits = [step, -step[same]], [np.zeros(len(step)), np.zeros(int(same.sum()))]
    if both:
        rows.append(-step)
        limits.append(-rise)
    return np.vstack(rows), np.concatenate(limits)


def _straightened(problem: MoralHazardProblem, order: Indices, wages: Array, *, both: bool) -> Array:
    """Wages without the solver's last digits: rising, and by no more than output where that is asked."""
    output, found = problem.output[order], wages[order].copy()
    for k in range(1, len(found)):
        most = found[k - 1] + (output[k] - output[k - 1]) if both else math.inf
        found[k] = found[k - 1] if output[k] == output[k - 1] else min(max(found[k], found[k - 1]), most)
    straight = np.empty_like(found)
    straight[order] = found
    return straight

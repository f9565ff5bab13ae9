"""The least costly rising wages, and the prices that prove it; wages that need not rise are left to others.

The prices are those of further actions (see `contracts.agency.wages.rising`). A risk neutral agent's wages are a linear
program with rows of its own, which hold the second demand as well; it would not be convex in promised utilities.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from contracts.agency.bound import cost_bounds, multipliers_of
from contracts.agency.problem import MoralHazardProblem
from contracts.agency.utility import RiskNeutral
from contracts.agency.wages.implementation import Implementations, implementations, is_kept
from contracts.agency.wages.linear import linear_wages, shared_output
from contracts.agency.wages.rising import rising_prices, with_neighbours
from contracts.inputs.arrays import Array, Indices

SPARES = (0.0, 4e-10, 4e-9)  # room that constraints are asked to have, until wages keep them exactly
ALIKE = (1e-4, 1e-6, 0.0)  # shares by which wages may rise and are still meant to be the same


def implemented(problem: MoralHazardProblem, who: Indices | None = None) -> Implementations:
    """The least costly wages of the shape that is asked for, for each of some actions, with bounds."""
    if not problem.monotone:
        return implementations(problem, who)
    who = np.arange(problem.n_actions) if who is None else who
    n_actions, n_outcomes = problem.n_actions, problem.n_outcomes
    wages = np.full((len(who), n_outcomes), np.nan)
    participation, incentive = np.zeros(n_actions), np.zeros((n_actions, n_actions))
    rising = np.zeros((n_actions, n_outcomes - 1))
    for row, action in enumerate(map(int, who)):
        few, found = with_neighbours(problem, action)
        if few is None:
            continue
        best = implementations(few, np.array([action]))
        participation[action] = best.multipliers.participation[action]
        weights = np.asarray(best.multipliers.incentive[[action], :].todense()).ravel()
        incentive[action], rising[action] = (
            weights[:n_actions], rising_prices(problem, few, action, weights)
        )  # fmt: skip
        by_class = _by_rows if isinstance(problem.utility, RiskNeutral) else _by_actions
        tried = by_class(problem, action, best.wages[0], few.outcome_probabilities[action], found.of)
        kept = next((one for one in tried if is_kept(problem, one, action)), None)
        if kept is not None:
            wages[row] = kept
    cost = np.einsum("ij,ij->i", problem.outcome_probabilities[who], wages)
    prices = multipliers_of(participation, incentive, rising)
    return Implementations(
        problem, who, wages, np.where(np.isnan(cost), np.inf, cost), cost_bounds(problem, prices, who), prices
    )


def _by_actions(
    problem: MoralHazardProblem, action: int, wages: Array, own: Array, class_of: Indices
) -> Iterator[Array]:
    """Wages by the program of the best contract, those that hardly rise as one, if that is kept, else as they are."""
    if np.isfinite(wages).all():
        for share in ALIKE:
            yield _straightened(problem, _as_one(wages, own, share)[class_of])


def _as_one(wages: Array, own: Array, share: float) -> Array:
    """Wages that differ from the one before by no more than a share, at their mean; falling ones are always joined."""
    size = float(np.ptp(wages)) or 1.0
    starts = np.append(True, np.diff(wages) > share * size)
    group = np.cumsum(starts) - 1
    weight = np.bincount(group, own)
    mean = np.bincount(group, own * wages) / np.where(weight > 0, weight, 1.0)
    alone = np.bincount(group) == 1
    return np.where(alone[group] | (weight[group] == 0), wages, mean[group])


def _by_rows(problem: MoralHazardProblem, action: int, wages: Array, own: Array, class_of: Indices) -> Iterator[Array]:
    """Wages of a risk neutral agent: a share of output where that does, else by a linear program of all rows."""
    yield from shared_output(problem, action)
    shape = _rising(problem)
    for spare in SPARES:
        found = linear_wages(problem, action, spare, shape).wages
        if found is None:
            break
        yield _straightened(problem, found)
    yield from _by_actions(problem, action, wages, own, class_of)


def _rising(problem: MoralHazardProblem) -> tuple[Array, Array]:
    order = problem.by_output
    step = np.zeros((problem.n_outcomes - 1, problem.n_outcomes))
    each = np.arange(len(step))
    step[each, order[1:]], step[each, order[:-1]] = 1.0, -1.0
    rise = np.diff(problem.output[order])
    same = rise == 0  # outcomes of equal output are paid alike
    rows, limits = [step, -step[same]], [np.zeros(len(step)), np.zeros(int(same.sum()))]
    if problem.monotone == "both":
        rows.append(-step)
        limits.append(-rise)
    return np.vstack(rows), np.concatenate(limits)


def _straightened(problem: MoralHazardProblem, wages: Array) -> Array:
    """Wages without the solver's last digits: rising, and by no more than output where that is asked."""
    order, both = problem.by_output, problem.monotone == "both"
    output, found = problem.output[order], wages[order].copy()
    for k in range(1, len(found)):
        most = found[k - 1] + (output[k] - output[k - 1]) if both else math.inf
        while both and math.fsum([most, -found[k - 1], -output[k], output[k - 1]]) > 0:  # it was rounded up
            most = math.nextafter(most, -math.inf)
        found[k] = found[k - 1] if output[k] == output[k - 1] else min(max(found[k], found[k - 1]), most)
    straight = np.empty_like(found)
    straight[order] = found
    return straight

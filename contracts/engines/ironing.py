"""Types on a line: virtual valuations, pooled until they rise, and local prices (Mussa & Rosen 1978; Myerson 1981).

Let a_i = a_0 + theta_i e, theta rising, and y = e . x. Only neighbours tempt, and IC is: y rises, and rents grow by

    u_{i+1} = u_i + (theta_{i+1} - theta_i) y_i.

With e signed so that y >= 0 on X, only the lowest type's IR binds. Summing by parts, type i is worth x at

    v_i = a_i + b_i - h_i e,   h_i = (theta_{i+1} - theta_i) R_i / (kappa f_i),   R_i = sum_{k>i} (kappa f_k - pi_k),

where pi_k is the welfare weight of u_k. Where those above i count so much that R_i < 0, rents grow as fast as IC lets
them, u_{i+1} = u_i + (theta_{i+1} - theta_i) y_{i+1}: type i is the one that is tempted, and the price falls on
h_{i+1}. If a_i + b_i = m_0 + omega_i e as well, all types share one concave payoff
G(y) + (omega_i - h_i) y, and the best rising y comes from the isotonic regression of psi = omega - h with weights f
(Barlow & Brunk 1972). The partial sums of f (psi - pooled psi) price the rising constraint: they give the multipliers
of IC within pools, where it binds both ways, and v at the pooled psi closes the dual without a gap.
"""

from __future__ import annotations

import functools
import itertools
from dataclasses import replace
from typing import Any

import numpy as np

from contracts.engines.candidate import Candidate, ungrouped
from contracts.errors import ProblemError, UnboundedMenuError
from contracts.exact.rationals import EPS
from contracts.inputs.arrays import Array, Indices, Mask, rising_order
from contracts.inputs.frozen import dataclass
from contracts.problem.costs import parts_of
from contracts.problem.objectives import WeightedSum
from contracts.problem.participation import tastes
from contracts.problem.screening import ScreeningProblem
from contracts.proof.line_prices import MANY_TYPES, line_prices
from contracts.proof.multipliers import no_multipliers

STRAIGHT = 64 * EPS  # relative distance from the line that counts as rounding
SAME_TYPE = 1e-13  # share of the largest theta within which neighbours count as one type
IN_CACHE = 2**14  # groups whose prices are computed together
HUB = 8  # groups of a pool from one hub to the next
FAVOURED = 1e-12  # share of all weights by which those above must count more than money, or it is rounding
SPARE = 3.0  # rounding errors of the flow through a type that its own IR price covers
BENT = "types do not lie on a line, or principal_values bend away from it"
IR_ABOVE = "a type-dependent reservation utility binds above the lowest type"


@dataclass(frozen=True, eq=False)
class Line:
    """Types a_i = origin + theta_i direction in rising order, grouped where theta repeats or nearly does.

    Between types a rounding error apart no price of finite size would tell one contract from the other.
    """

    direction: Array  # (n_goods,) e, with e . x >= 0 on the domain
    order: Indices  # (n_types,) types by rising theta
    group: Indices  # (n_types,) in that order: number of the group
    theta: Array  # (n_groups,) rising; of the group's lowest type
    ahead: Array  # (n_types,) in that order: theta above that of the group; empty where every type is one
    value: Array  # (n_groups, n_goods) a + b, averaged over the group
    omega: Array  # (n_groups,) position of a + b along the direction

    @property
    def is_plain(self) -> bool:
        """Whether every type is a group of its own."""
        return len(self.theta) == len(self.order)

    def named(self, by_group: Any, more: Any = 0) -> Any:
        """What every type's group has, and more by rank, in the order in which types were named; (n_types, ...)."""
        named = np.empty((len(self.order), *by_group.shape[1:]), dtype=by_group.dtype)
        named[self.order] = by_group if self.is_plain else by_group[self.group] + more
        return named


@functools.lru_cache(maxsize=1)
def line_of(problem: ScreeningProblem) -> Line | str:
    """The line that the types lie on, or the reason why this engine does not apply; remembered for the last problem."""
    terms = problem.terms
    if problem.mimics is not None:
        return "not everybody can mimic everybody (mimics), so that neighbours do not stand for all"
    if not problem.has_participation_constraint:
        return "there is no participation constraint"
    if len(parts_of(problem.cost)) > 1:
        return "costs differ by type, so that pooling virtual valuations does not make allocations rise"
    if problem.transfers != "free" or problem.has_rows:
        return "transfers are limited or there are side constraints"
    if not terms.is_linear or terms.minimum_profit is not None or terms.profit_weight <= 0:
        return "the objective is not linear in utilities"
    direction = line_through(problem.valuations)
    if direction is None:
        return BENT
    sign = _sign(problem, direction)
    if sign is None:
        return "the domain reaches both sides: rents rise towards both ends"
    if problem.n_goods == 1:
        theta, direction = problem.valuations[:, 0] * sign, np.array([sign])
    else:
        direction = sign * direction
        theta = problem.valuations @ direction / float(direction @ direction)
    known = problem.rising if sign > 0 else None
    order = rising_order(theta) if known is None else known
    theta, nothing = theta[order], np.empty(0)
    first = np.concatenate([[True], np.diff(theta) > SAME_TYPE * max(abs(theta[0]), abs(theta[-1]))])
    if first.all():
        return at_terms(Line(direction, order, np.arange(len(order)), theta, nothing, nothing, nothing), problem, terms)
    group = np.cumsum(first) - 1
    return at_terms(
        Line(direction, order, group, theta[first], theta - theta[first][group], nothing, nothing), problem, terms
    )


def at_terms(line: Line, problem: ScreeningProblem, terms: WeightedSum) -> Line | str:
    """The line of the same types where the objective counts their amounts otherwise, or why there is none."""
    gains = problem.principal_values + terms.allocation_values / terms.profit_weight
    if _direction_of(gains, line.direction) is None:
        return BENT
    order, group = line.order, line.group
    value = problem.valuations + gains
    if line.is_plain:
        value = value.take(order, axis=0)
    else:
        alike = (np.diff(group) == 0) & (np.diff(line.ahead) == 0)
        if np.any(np.abs(gains[order[1:]] - gains[order[:-1]])[alike] > STRAIGHT * np.abs(gains).max()):
            return "types of equal valuation differ in principal_values"
        share = problem.weights[order] / np.bincount(group, problem.weights[order])[group]
        value = np.column_stack([np.bincount(group, share * good[order]) for good in value.T])
    along = value[:, 0] * line.direction if problem.n_goods == 1 else value @ line.direction
    omega = along / float(line.direction @ line.direction)
    return replace(line, value=value, omega=omega)


def line_of_tastes(problem: ScreeningProblem) -> tuple[Array, Array] | None:
    """Unit direction of the line that the types' tastes lie on, and their places along it, (n_types,); None if on none.

    Of lotteries only relative values are a taste: -(x - theta)^2 lies on a line as 2 theta x - x^2 does.
    """
    points = tastes(problem.domain, problem.valuations)
    direction = line_through(points, float(np.abs(problem.valuations).max()))
    return None if direction is None else (direction, points @ direction)


def line_through(points: Array, size: float | None = None) -> Array | None:
    """Unit direction of the line through all points, None if they are not on one.

    Rounding is relative to `size`, by default that of the largest coordinate.
    """
    if points.shape[1] == 1:
        return np.ones(1)
    away = points - points[0]
    far = away[np.argmax(np.abs(away).max(axis=1))]
    if not far.any():
        return np.eye(points.shape[1])[0]  # one type only: any direction will do
    far = far / np.abs(far).max()  # squares of the smallest floats are zero
    return _direction_of(points, far / np.linalg.norm(far), size)


def _direction_of(points: Array, direction: Array, size: float | None = None) -> Array | None:
    if len(direction) == 1:  # there is no other way to go
        return direction
    away = points - points[0]
    off = away - np.outer(away @ direction, direction) / float(direction @ direction)
    return direction if np.abs(off).max() <= STRAIGHT * (size or np.abs(points).max()) else None


def _sign(problem: ScreeningProblem, direction: Array) -> float | None:
    """+1 or -1 such that sign * direction . x >= 0 on the domain; None if both signs occur."""
    ends = problem.domain.support(np.vstack([-direction, direction]))
    used = direction != 0
    lowest, highest = (float(end[used] @ direction[used]) for end in ends)
    if lowest >= 0:
        return 1.0
    return -1.0 if highest <= 0 else None


def solve(problem: ScreeningProblem) -> Candidate:
    """Iron virtual valuations; O(n log n).

    Raises
    ------
    ProblemError
        If the types do not lie on a line, or a type-dependent reservation utility binds above the lowest type.
    UnboundedMenuError
        If more allocation always pays.
    """
    line = line_of(problem)
    if isinstance(line, str):
        raise ProblemError(f"method 'ironing' does not apply: {line}; use method='auto'")
    found = at(problem, line, problem.terms)
    if problem.n_types > MANY_TYPES:
        return found
    return replace(found, multipliers=replace(found.multipliers))  # with a matrix of prices


def at(problem: ScreeningProblem, line: Line, terms: WeightedSum) -> Candidate:
    """The same on a line that is known, for an objective that may be another one than the problem's."""
    social = problem.weights * terms.utility_weights
    weights = _by_group(line, problem.weights * terms.profit_weight)
    rent_cost = weights - _by_group(line, social) if social.any() else weights
    above = np.cumsum(rent_cost[::-1])[::-1]  # above[i] = sum over k >= i: what raising all of them by one costs
    if above[0] < -1e-12 * weights.sum():
        raise UnboundedMenuError(
            "the objective grows without limit along the transfer to every type: welfare weights exceed the "
            "principal's own weight; lower them or limit the transfers",
            direction="the transfer to every type",
        )
    is_up = above[1:] < -FAVOURED * weights.sum()  # whoever is above is favoured: rents grow with the upper amount
    pooled, surplus = _pooled(line, weights, above, is_up)
    allocation, utility = _menu(problem, line, pooled, is_up)
    pairs = _pooling_prices(line.theta, surplus, pooled)
    del pooled, surplus
    spare = _spare(line, rent_cost, above, *pairs)
    passed = np.cumsum((rent_cost - spare)[::-1])[::-1][1:]
    downward, upward = np.maximum(passed, 0.0), np.zeros(len(passed))
    upward[is_up] = np.maximum(-passed[is_up], 0.0)
    if line.is_plain:
        prices = no_multipliers(problem).but(ic=line_prices(line.order, downward, upward, *pairs))
    else:
        of_groups = line_prices(np.arange(len(rent_cost)), downward, upward, *pairs).matrix()
        prices = ungrouped(problem, line.named(np.arange(len(rent_cost))), of_groups, social=social)
    return Candidate(allocation, utility, prices, "ironing")


def _pooled(line: Line, weights: Array, above: Array, is_up: Mask) -> tuple[Array, Array]:
    """omega - h, pooled until it rises, and what pooling takes of each group, by its weight; (n_groups,) both."""
    step, psi = np.diff(line.theta), line.omega.copy()
    psi[:-1] -= step * np.where(is_up, 0.0, above[1:]) / weights[:-1]
    if is_up.any():
        psi[1:] -= step * np.where(is_up, above[1:], 0.0) / weights[1:]
    pooled = _iron(psi, weights)
    return pooled, weights * (psi - pooled)


def _menu(problem: ScreeningProblem, line: Line, pooled: Array, is_up: Mask) -> tuple[Array, Array]:
    """What every type gets at its group's pooled virtual valuation, and its utility, of which IC leaves it no less."""
    virtual = line.value + np.outer(pooled - line.omega, line.direction)
    allocation = problem.cost.conjugate(virtual, problem.domain)[1]
    if not np.isfinite(allocation).all():
        good = problem.goods[int(np.argmax(~np.isfinite(allocation).all(axis=0)))]
        raise UnboundedMenuError(
            f"the objective grows without limit along the allocation of good {good!r}: bound the domain (Box) or use "
            "a cost that curves",
            direction=f"the allocation of good {good!r}",
        )
    amount = allocation @ line.direction
    rises = np.diff(line.theta) * np.where(is_up, amount[1:], amount[:-1])
    rent = float(problem.reservation_utility[line.order[0]]) + np.concatenate([[0.0], np.cumsum(rises)])
    utility = line.named(rent, line.ahead * amount[line.group] if len(line.ahead) else 0.0)
    short = np.flatnonzero(utility < problem.reservation_utility)
    asked = problem.reservation_utility[short]
    if np.any(utility[short] < asked - 1e-12 * (np.abs(utility[short]) + np.abs(asked))):
        raise ProblemError(f"method 'ironing' does not apply: {IR_ABOVE}; use method='auto'")
    return line.named(allocation), utility


def _spare(line: Line, rent_cost: Array, above: Array, lower: Indices, upper: Indices, mutual: Array) -> Array:
    """What every group's IR price keeps back, so that none comes out negative: prices are floats.

    What two types charge each other both ways cancels exactly, unless they are groups and share it out among their
    members, or neighbours, whose downward price adds to it.
    """
    inexact, terms = upper == lower + 1, np.full(len(rent_cost), 2.0 * 1 + 12)
    if not line.is_plain:
        members = np.bincount(line.group)
        inexact, terms = inexact | (members[lower] > 1) | (members[upper] > 1), 2.0 * members + 12
    passing = np.abs(rent_cost) + _at_both_ends(np.abs(above[1:]))
    for end in (lower, upper):
        passing += 2 * np.bincount(end[inexact], mutual[inexact], minlength=len(passing))
        terms += 2 * np.bincount(end, minlength=len(passing))
    return EPS * SPARE * terms * passing


def _at_both_ends(between: Array) -> Array:
    """Per group, the sum of what is between it and either neighbour."""
    return np.append(between, 0.0) + np.append(0.0, between)


def _by_group(line: Line, values: Array) -> Array:
    ranked = values[line.order]
    return ranked if line.is_plain else np.asarray(np.bincount(line.group, ranked), dtype=np.float64)


def _iron(psi: Array, weights: Array) -> Array:
    """Pool neighbours until psi rises: weighted isotonic regression."""
    if np.all(psi[1:] >= psi[:-1]):
        return psi
    from scipy.optimize import isotonic_regression

    return np.asarray(isotonic_regression(psi, weights=weights).x)


def _pooling_prices(theta: Array, surplus: Array, pooled: Array) -> tuple[Indices, Indices, Array]:
    """Pairs (lower, upper) of groups that pool, and what they charge each other both ways: some pools at a time."""
    starts = np.concatenate([[0], np.flatnonzero(pooled[1:] != pooled[:-1]) + 1, [len(theta)]])
    cuts = np.unique(
        starts[np.searchsorted(starts, np.arange(0, len(theta) + IN_CACHE, IN_CACHE).clip(max=len(theta)))]
    )
    found = [
        (first + lower, first + upper, price)
        for first, last in itertools.pairwise(cuts.tolist())
        for lower, upper, price in [_prices_of_pools(theta[first:last], surplus[first:last], pooled[first:last])]
    ]
    lower, upper, price = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return lower, upper, price


def _prices_of_pools(theta: Array, surplus: Array, pooled: Array) -> tuple[Indices, Indices, Array]:
    """The same of whole pools that lie side by side.

    A price l that i and k > i charge each other moves l (theta_k - theta_i) of `surplus` = f (psi - pooled psi) from
    i to k; its partial sums C in a pool are never negative. Passing C on from neighbour to neighbour would price tiny
    steps enormously. So every `HUB`-th group of a pool is a hub: hubs pass C on among themselves, each other group
    gives its own surplus to the next hub or takes its deficit from the last one. Where C is smaller than the deficits
    up to the next hub, neighbours pass it on after all: then it is small.
    """
    count = len(theta)
    index = np.arange(count)
    starts = np.concatenate([[True], pooled[1:] != pooled[:-1]])
    start = np.maximum.accumulate(np.where(starts, index, 0))
    ends = np.append(starts[1:], True)
    is_hub = ((index - start) % HUB == 0) | ends
    segment = np.cumsum(is_hub) - 1  # of the last hub at or below
    hubs = np.flatnonzero(is_hub)
    partial = np.cumsum(surplus)
    partial -= (partial - surplus)[start]
    deficit = np.bincount(segment, np.where(is_hub, 0.0, np.maximum(-surplus, 0.0)), minlength=len(hubs))
    passed = partial[hubs] - deficit
    by_hubs = (passed >= 0) & ~ends[hubs]
    satellite = ~is_hub & by_hubs[segment]
    gives, takes = satellite & (surplus > 0), satellite & (surplus < 0)
    step = ~ends & ~by_hubs[segment]  # passes on to its neighbour
    hub = np.flatnonzero(by_hubs)
    lower = np.concatenate([hubs[hub], index[gives], hubs[segment[takes]], index[step]])
    upper = np.concatenate([hubs[hub + 1], hubs[segment[gives] + 1], index[takes], index[step] + 1])
    amount = np.concatenate([passed[hub], surplus[gives], -surplus[takes], np.maximum(partial[step], 0.0)])
    moved = amount > 0
    lower, upper, amount = lower[moved], upper[moved], amount[moved]
    return lower, upper, amount / (theta[upper] - theta[lower])

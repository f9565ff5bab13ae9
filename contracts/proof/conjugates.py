"""What a type is worth at most, at a virtual valuation that rounding leaves uncertain.

c*(v) = sup over x in X of v . x - c(x) is convex in v, so over a box of errors it is largest at a corner: taken there,
or at the one corner above all others where amounts cannot be negative; else bounded by the size of the domain.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from contracts.exact.rationals import EPS
from contracts.inputs.arrays import Array
from contracts.problem.costs import (
    Cost,
    conjugate_at,
    is_a_sum_over_goods,
    is_closed_form,
    least_curvature,
    once_served,
    parts_of,
    value_size,
)
from contracts.problem.domains import Domain, Simplex, ends_of
from contracts.problem.participation import WithOutside

MOST_CORNERS = 16  # of a cube of errors that conjugates are taken at
MOST_STEPS = 12  # that bring a maximiser closer
PROMISED = 1e-9  # share of what is summed that a slope may promise besides
HALVINGS = 60  # of a step, to where it stops to pay


def conjugate_bound(cost: Cost, domain: Domain, valuation: Array, error: Array) -> tuple[Array, Array, bool]:
    """c*(v) from above for every v within `error` of `valuation`; (n,), maximisers, whether the bound is proven.

    Where the domain is unbounded `_furthest` says how far the error of v takes the conjugate. Else c* is convex, so
    over the cube of errors it is largest at a corner, and it rises with v_k where x_k >= 0: then one corner is enough.
    What domain bounds add is thus what they cost, however far away those that do not bind are.
    """
    parts = parts_of(cost)
    if len(parts) > 1:
        return _bound_by_type(parts, domain, valuation, error)
    if isinstance(domain, WithOutside):
        return _conjugate_with_outside(cost, domain, valuation, error)
    if not domain.bounded:
        furthest, slack, known = _furthest(cost, domain, valuation, error)
        above, best, closed = _conjugate_above(cost, domain, furthest)
        return above + slack.sum(axis=1), best, known and closed
    best, worth, proven = np.empty(0), np.full(len(valuation), -np.inf), True
    corners = _corners(domain, valuation.shape[1])
    slip: Array | float = 0.0
    if corners is None:  # too many: v moves by error, and x with it over the whole domain
        corners, slip = np.zeros((1, valuation.shape[1])), (error * domain.magnitude(valuation.shape[1])).sum(axis=1)
    for corner in corners:
        at_corner, best, closed = _conjugate_above(cost, domain, valuation + corner * error)
        worth, proven = np.maximum(worth, at_corner), proven and closed
    return worth + slip, best, proven


def _conjugate_with_outside(
    cost: Cost, domain: WithOutside, valuation: Array, error: Array
) -> tuple[Array, Array, bool]:
    """Where types can be left out: the larger of c*(v) - K and of what the outside option is worth to the bound."""
    inner, fixed = once_served(cost)
    served, best, proven = conjugate_bound(inner, domain.inner, valuation[:, :-1], error[:, :-1])
    served, left = served - fixed, (valuation[:, -1] + error[:, -1]) * domain.total
    stays = left > served
    best = np.column_stack([np.where(stays[:, np.newaxis], 0.0, best), np.where(stays, domain.total, 0.0)])
    worth = np.maximum(served, left)
    return worth + 4 * EPS * np.where(np.isfinite(worth), np.abs(served) + np.abs(left) + fixed, 0.0), best, proven


def _corners(domain: Domain, n_goods: int) -> Array | None:
    """Signs of the errors at which a conjugate may be largest; (n_corners, n_goods), None if they are too many."""
    if isinstance(domain, Simplex):
        return np.ones((1, n_goods))
    ends = ends_of(domain, n_goods)
    if ends is None:
        return None
    signs = [(1.0,) if low >= 0 else (-1.0,) if high <= 0 else (-1.0, 1.0) for low, high in zip(*ends, strict=True)]
    return np.array(list(itertools.product(*signs))) if math.prod(map(len, signs)) <= MOST_CORNERS else None


def _conjugate_above(cost: Cost, domain: Domain, valuation: Array) -> tuple[Array, Array, bool]:
    """c*(v) of every row, rounded up; maximisers; whether it is proven.

    Where the domain is unbounded the conjugate of the library's own costs is known in closed form, and so it is over
    boxes where no good's cost depends on another's amount. Elsewhere, on a bounded domain, concavity proves
    c*(v) <= v.x - c(x) + max over y in X of (v - grad c(x)).(y - x) - k |y - x|^2 / 2 at any x at all, where k is the
    least curvature; over a polyhedron that maximum is a linear program's, good to its tolerance.
    """
    value, best = cost.conjugate(valuation, domain)
    with np.errstate(invalid="ignore"):
        size = np.where(best == 0, 0.0, np.abs(valuation) * np.abs(best)).sum(axis=1) + value_size(cost, best)
        rounding = 16 * (valuation.shape[1] + 4) * EPS * np.where(np.isfinite(value), size + np.abs(value), 0.0)
    if not domain.bounded:
        return value + rounding, best, is_closed_form(cost)
    is_box = ends_of(domain, valuation.shape[1]) is not None
    if is_box and is_closed_form(cost) and is_a_sum_over_goods(cost):
        return value + rounding, best, True
    if not hasattr(cost, "gradient"):
        return value + rounding, best, False
    if not is_box:
        best = _closer(cost, domain, valuation, best)
    gradient = cost.gradient(best)
    slope = valuation - gradient
    size = np.abs(valuation) + (cost.gradient_size(best) if hasattr(cost, "gradient_size") else np.abs(gradient))
    unsure = 8 * (valuation.shape[1] + 4) * EPS * np.where(np.isfinite(size), size, 0.0)
    step = domain.support(slope) - best
    largest = domain.magnitude(valuation.shape[1])
    with np.errstate(invalid="ignore"):  # an infinite slope at a corner that cannot be left
        gained = np.where(step == 0, 0.0, slope * step) + unsure * (np.abs(best) + largest)
    curvature = least_curvature(cost)
    if is_box and curvature > 0:  # no step pays beyond slope / curvature
        gained = np.minimum(gained, (np.abs(slope) + unsure) ** 2 / (2 * curvature))
    above = conjugate_at(cost, valuation, best) + np.maximum(gained.sum(axis=1), 0.0) + rounding
    return above, best, is_box or isinstance(domain, Simplex)


def _closer(cost: Any, domain: Domain, valuation: Array, best: Array) -> Array:
    """Maximisers of v . x - c(x) that a solver left a little off, moved towards the points that its slope points to.

    What concavity proves is off by as much as the slope promises, so it is worth following: always to where it ends.
    """
    for _ in range(MOST_STEPS):
        slope = valuation - cost.gradient(best)
        step = domain.support(slope) - best
        with np.errstate(invalid="ignore", over="ignore"):
            promised = np.where(step == 0, 0.0, slope * step).sum(axis=1)
            size = np.where(best == 0, 0.0, np.abs(valuation * best)).sum(axis=1) + value_size(cost, best)
        short = np.flatnonzero((promised > PROMISED * size) & np.isfinite(promised))
        if not short.size:
            break
        low, high = np.zeros((len(short), 1)), np.ones((len(short), 1))
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            with np.errstate(invalid="ignore"):
                rises = valuation[short] - cost.gradient(best[short] + middle * step[short])
                pays = np.where(step[short] == 0, 0.0, rises * step[short]).sum(axis=1, keepdims=True) > 0
            low, high = np.where(pays, middle, low), np.where(pays, high, middle)
        best = best.copy()
        best[short] += low * step[short]
    return best


def _bound_by_type(
    parts: list[tuple[Cost, Any]], domain: Domain, valuation: Array, error: Array
) -> tuple[Array, Array, bool]:
    """`conjugate_bound` of every type at its own cost."""
    value, best, proven = np.empty(len(valuation)), np.empty_like(valuation), True
    for part, types in parts:
        value[types], best[types], known = conjugate_bound(part, domain, valuation[types], error[types])
        proven = proven and known
    return value, best, proven


def _furthest(cost: Cost, domain: Domain, valuation: Array, error: Array) -> tuple[Array, Array, bool]:
    """Where within `error` of v to take the conjugate over an unbounded domain, what to add, and if that is proven.

    Over x >= l the conjugate less v.l rises with v, so it is taken at v + error, and l moves it by 2 |l| error at most;
    over x <= u it falls. Over a bounded good error times the largest amount is enough. In a good that is free both ways
    c*, convex, rises at most by error times the best amount anywhere within the error: where goods do not depend on
    each other that amount rises with v, so it is largest at an end; where the least curvature is k, it moves by no more
    than |error| / k.
    """
    known = ends_of(domain, valuation.shape[1])
    lower, upper = (np.broadcast_to(end, valuation.shape) for end in known or (np.array(0.0), np.array(np.inf)))
    ends = [np.where(np.isfinite(end), np.abs(end), 0.0) for end in (lower, upper)]
    up, down = np.isfinite(lower) & np.isinf(upper), np.isinf(lower) & np.isfinite(upper)
    reach = np.where(up | down, 2.0, 1.0) * np.maximum(*ends)
    valuation = np.where(up, valuation + error, np.where(down, valuation - error, valuation))
    free, proven = np.isinf(lower) & np.isinf(upper), known is not None
    if free.any():
        both = [cost.conjugate(valuation + way * error * free, domain)[1] for way in (-1.0, 1.0)]
        most = np.maximum(*map(np.abs, both))
        if not is_a_sum_over_goods(cost) and least_curvature(cost) > 0:
            most = most + 2 * np.linalg.norm(error, axis=1, keepdims=True) / least_curvature(cost)
        else:
            proven = proven and is_a_sum_over_goods(cost)
        reach = np.where(free, most, reach)
    with np.errstate(invalid="ignore"):
        return valuation, np.where(error == 0, 0.0, error * reach) * (1 + 16 * EPS), proven

r"""Ironing: where the virtual valuation falls, types share a contract, at the slope of a concave hull.

A schedule must rise in the type. In shares p = 1 - F of types served, the revenue curve S(p) has the slope phi; let H
be its concave hull, the least concave curve above it. For any rising x, with dx >= 0 its increments and x at least 0,

    int phi x dF = int S dx + x(lowest) S(1)  <=  int H dx + x(lowest) H(1) = int phi* x dF,    phi* = H',

with equality if x is constant wherever H > S. The pointwise best x for phi* is rising, since phi* is, and constant
there, since phi* is: so it is optimal, and int c*(phi*) dF is what no schedule beats. Any curve above S, be it
concave or not, bounds likewise, so the bound needs only that chords are above the curve.

Intervals are found on nodes, as facets of their hull under which phi falls, and then made exact: at the slope lambda
let l and r be the points of the left and the right end's neighbourhood where S - lambda p is largest, that is where
phi crosses lambda from below; the true lambda makes both maxima the same. The difference falls in lambda, so it has
one root.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from contracts.continuum.laws import jumps_of, trusted
from contracts.continuum.quadrature import ROUNDING
from contracts.continuum.virtual import Virtual
from contracts.errors import SolverError
from contracts.inputs.arrays import Array, Indices
from contracts.inputs.frozen import dataclass

NODES = 128  # types between two quantiles, on which intervals are looked for at first
CLOSER = np.logspace(-9, -1, 97)  # of the support, distances from a jump
FALLS = 1e-7  # relative fall of the virtual valuation that counts: a smaller one costs its square, which is rounding
ROUNDS = 4  # of doubling the nodes
RARE = np.array([1e-4, 1e-6, 1e-8, 1e-10, 1e-12])  # of types at an infinite end that are taken to need no ironing: the
# least chance of these that the distribution knows to its digits
SAME = 1e-14  # relative difference of shares that is rounding
FLAT = 1e-15  # width of the bracket of a root, relative


class Pool(NamedTuple):
    """Types from lower to upper get one contract, that of the virtual valuation `level`."""

    lower: float
    upper: float
    level: float


@dataclass(frozen=True, eq=False)
class Ironed:
    """The ironed virtual valuation.

    Attributes
    ----------
    excess : how far the revenue curve was seen above its hull, money per unit; rounding, or a bound is off
    """

    virtual: Virtual
    pools: tuple[Pool, ...]
    excess: float

    def at(self, theta: Array) -> Array:
        """The ironed virtual valuation of types; rising."""
        found = self.virtual.at(theta)
        for pool in self.pools:
            found = np.where((theta >= pool.lower) & (theta <= pool.upper), pool.level, found)
        return found


def ironed(virtual: Virtual) -> Ironed:
    """The ironed virtual valuation, on nodes that are made finer until it rises between them.

    Raises
    ------
    SolverError
        If it falls somewhere, on the finest nodes, too.
    """
    likely = _likely(virtual)
    count, jumps = NODES, jumps_of(virtual.law, virtual.edges)
    for _ in range(ROUNDS):
        every = _nodes(likely, count, jumps)
        theta, share, revenue = _distinct(every, virtual.law.sf(every), virtual.revenue(every))
        slope = virtual.at(theta)
        pools = tuple(
            _exact(virtual, theta, (share, revenue, slope), low, high)
            for low, high in _facets(share, revenue)
            if _falls(slope[low : high + 1])
        )
        found = Ironed(virtual, pools, _excess(pools, theta, share, revenue))
        fine = np.unique(np.concatenate([every, (theta[1:] + theta[:-1]) / 2]))
        if not _falls(found.at(fine)):
            return found
        count *= 2
    values = np.nan_to_num(found.at(fine))
    where = float(fine[1:][np.argmin(np.diff(values))])
    raise SolverError(
        f"the ironed virtual valuation still falls near {where:.6g}: smooth the density there, give the points where "
        "it jumps as breaks, or cut the support",
        ("ironing",),
    )


def _likely(virtual: Virtual) -> Array:
    """Where integrals start, without types beyond infinitesimal tails, whose virtual valuations may be noise."""
    edges, line = virtual.edges, virtual.law.line
    below, above = trusted(virtual.law, RARE)
    low, high = virtual.law.quantile(np.array([below, 1 - above]), np.array([1 - below, above]))
    low = line.lower if np.isfinite(line.lower) else low
    high = line.upper if np.isfinite(line.upper) else high
    return edges[(edges >= low) & (edges <= high)]


def _nodes(edges: Array, count: int, jumps: Array) -> Array:
    """Types at equal distances between any two quantiles at which integrals start, and ever closer to jumps.

    A small jump pools few types, which only nodes as close to it see.
    """
    parts = np.linspace(edges[:-1], edges[1:], count, endpoint=False).ravel()
    near = (edges[-1] - edges[0]) * np.append(-CLOSER, CLOSER)
    around = (jumps[:, np.newaxis] + near).ravel()
    around = around[(around > edges[0]) & (around < edges[-1])]
    return np.unique(np.concatenate([parts, edges, jumps, around]))


def _distinct(theta: Array, share: Array, revenue: Array) -> tuple[Array, Array, Array]:
    """Nodes of different shares: of equal ones, the highest type, whose price brings most."""
    last = np.append(share[:-1] - share[1:] > SAME * share[:-1], True)
    last &= np.isfinite(revenue)
    return theta[last], share[last], revenue[last]


def _facets(share: Array, revenue: Array) -> list[tuple[int, int]]:
    """First and last node under each facet of the concave hull that spans more than two nodes."""
    hull: list[int] = []
    p, s = share.tolist(), revenue.tolist()
    for k in range(len(p)):
        while len(hull) > 1:
            i, j = hull[-2], hull[-1]
            if (s[j] - s[i]) * (p[j] - p[k]) > (s[k] - s[j]) * (p[i] - p[j]):
                break
            hull.pop()
        hull.append(k)
    return [(i, j) for i, j in pairwise(hull) if j - i > 1]


def _falls(values: Array) -> bool:
    """Whether values fall by more than rounding."""
    known = np.abs(values[np.isfinite(values)])
    size = np.where(np.isfinite(values), np.abs(values), 0.0)
    size = np.maximum(np.maximum(size[1:], size[:-1]), float(np.median(known)) if len(known) else 0.0)
    return bool(np.any(values[1:] < values[:-1] - FALLS * size))


def _exact(virtual: Virtual, theta: Array, at_nodes: tuple[Array, Array, Array], low: int, high: int) -> Pool:
    """The interval under a facet, with its ends where they are and not at nodes."""
    from scipy.optimize import brentq

    share, revenue, slope = at_nodes
    last = len(theta) - 1

    def crossing(level: float, *, is_left: bool) -> float:
        """Where the virtual valuation crosses a level from below, near an end; at a jump, the pool's side of it."""
        reach = 1e3 * (abs(level) + float(np.abs(theta[[low, high]]).max()) + 1e-300)

        def over(point: float) -> float:
            return float(np.clip(virtual.at(np.array(point)) - level, -reach, reach))

        if is_left:
            before = np.flatnonzero(slope[: low + 1] < level)
            start = int(before[-1]) if len(before) else -1
        else:
            after = np.flatnonzero(slope[high:] >= level)
            start = high + int(after[0]) - 1 if len(after) else last
        if start in (-1, last):
            return float(theta[max(start, 0)])
        ends = float(theta[start]), float(theta[start + 1])
        if over(ends[1]) <= 0 or over(ends[0]) >= 0:
            return ends[1] if over(ends[1]) <= 0 else ends[0]
        root = float(brentq(over, *ends, xtol=FLAT * max(map(abs, ends)) + 1e-300, rtol=4 * FLAT, maxiter=500))
        near = 16 * FLAT * max(map(abs, ends))
        below, beyond = max(root - near, ends[0]), min(root + near, ends[1])
        while over(below) < 0 <= over(beyond):
            middle = (below + beyond) / 2
            if middle in (below, beyond):
                return below if is_left else beyond
            below, beyond = (below, middle) if over(middle) >= 0 else (middle, beyond)
        return root

    def kept(point: float, level: float) -> float:
        return float(virtual.revenue(np.array(point)) - level * virtual.law.sf(np.array(point)))

    def difference(level: float) -> float:
        return kept(crossing(level, is_left=True), level) - kept(crossing(level, is_left=False), level)

    chord = float((revenue[low] - revenue[high]) / (share[low] - share[high]))
    width = 1e-6 * max(abs(chord), 1e-12)
    for _ in range(60):
        bounds = chord - width, chord + width
        if difference(bounds[0]) > 0 > difference(bounds[1]):
            level = float(brentq(difference, *bounds, xtol=FLAT * max(abs(chord), width) + 1e-300, rtol=4 * FLAT))
            break
        width *= 2
    else:
        level = chord
    ends = crossing(level, is_left=True), crossing(level, is_left=False)
    lower = virtual.law.line.lower if ends[0] <= theta[0] else ends[0]
    upper = virtual.law.line.upper if ends[1] >= theta[last] else ends[1]
    return Pool(lower, upper, _mean(virtual, lower, upper, level))


def _mean(virtual: Virtual, lower: float, upper: float, level: float) -> float:
    """The mean virtual valuation of a pool, which its level is, to the last digits."""
    ends = np.array([lower, upper])
    share, revenue = virtual.law.sf(ends), virtual.revenue(ends)
    if not np.isfinite(revenue).all() or share[0] <= share[1]:
        return level
    return float((revenue[0] - revenue[1]) / (share[0] - share[1]))


def _excess(pools: tuple[Pool, ...], theta: Array, share: Array, revenue: Array) -> float:
    """How far the curve is above the chords of pools, at nodes; the rounding of their slopes at least."""
    worst = 16 * ROUNDING * len(pools) * float(np.abs(revenue).max())
    for pool in pools:
        inside: Indices = np.flatnonzero((theta >= pool.lower) & (theta <= pool.upper))
        if len(inside):
            over = revenue[inside] - pool.level * share[inside]
            ends = max(float(over[0]), float(over[-1]))
            worst = max(worst, float(over.max()) - ends)
    return worst

"""A convex front between two polyhedra: the hull of points that were found, the half-spaces that were proven.

All coordinates are to be maximised. Every point y of the front lies

- above the inner polyhedron, conv(points) - R^m_+: what mixtures of found menus reach or exceed;
- inside the outer polyhedron, the half-spaces w . y <= bound with w >= 0: what the duals of weighted problems allow.

The distance of a point v from the inner polyhedron is the smallest e with v - e (1, ..., 1) inside, a linear program.
It is convex in v, so over the outer polyhedron it is largest at a vertex, and the dual prices w of that vertex are the
normal of the nearest inner facet: the weights to try next (Benson 1998; Loehne 2011; Bokrantz & Forsgren 2013).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass

AT_INFINITY = 1e-12  # dual facets closer to the origin, relative to the others, stand for no vertex or facet
BLOCK = 1 << 22  # entries of a vertices x facets product


@dataclass(frozen=True, eq=False)
class Sandwich:
    """Points that were found and half-spaces that were proven."""

    points: Array  # (n, m)
    weights: Array  # (k, m), non-negative; among them a positive multiple of every unit vector
    bounds: Array  # (k,)

    def with_point(self, point: Array) -> Sandwich:
        """The inner polyhedron grown."""
        return replace(self, points=np.vstack([self.points, point]))

    def with_bound(self, weights: Array, bound: float) -> Sandwich:
        """The outer polyhedron cut."""
        return replace(self, weights=np.vstack([self.weights, weights]), bounds=np.append(self.bounds, bound))

    def distances(self) -> Distances:
        """Every vertex of the outer polyhedron with its distance from the inner one, the farthest first."""
        vertices = outer_vertices(self.points, self.weights, self.bounds)
        weights, heights = inner_facets(self.points)
        amounts, nearest = np.empty(len(vertices)), np.empty(len(vertices), dtype=np.intp)
        step = max(1, BLOCK // len(heights))
        for start in range(0, len(vertices), step):
            above = vertices[start : start + step] @ weights.T - heights
            nearest[start : start + step] = above.argmax(axis=1)
            amounts[start : start + step] = above.max(axis=1)
        order = np.argsort(-amounts, kind="stable")
        return Distances(vertices[order], amounts[order], weights[nearest[order]])


@dataclass(frozen=True, eq=False)
class Distances:
    """How far the vertices of the outer polyhedron are from the inner one, the farthest first."""

    vertices: Array  # (n_vertices, m)
    amounts: Array  # (n_vertices,)
    weights: Array  # (n_vertices, m) normal, with sum 1, of the facet that each vertex is far from


def outer_vertices(points: Array, weights: Array, bounds: Array) -> Array:
    """Vertices of {y : weights y <= bounds}; (n_vertices, m).

    From a point o strictly inside, half-spaces are w . (y - o) <= bound - w . o, so by duality the vertices are the
    facets, away from the origin, of the hull of the origin and all w / (bound - w . o).

    Examples
    --------
    >>> weights = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> corners = outer_vertices(np.zeros((1, 2)), weights, np.array([1.0, 1.0, 1.5]))
    >>> corners[np.argsort(corners[:, 0])]
    array([[0.5, 1. ],
           [1. , 0.5]])
    """
    from scipy.spatial import ConvexHull

    origin = points.min(axis=0) - 1.0
    room = bounds - weights @ origin
    polar = np.vstack([np.zeros(points.shape[1]), weights / room[:, np.newaxis]])
    facets = ConvexHull(polar).equations
    away = facets[facets[:, -1] < -AT_INFINITY]
    return np.asarray(origin - away[:, :-1] / away[:, -1:])


def inner_facets(points: Array) -> tuple[Array, Array]:
    """Facets weights . y <= height of conv(points) - R^m_+; (n_facets, m) with sums 1, (n_facets,).

    The points (p, 1) and the directions (-e_k, 0) generate a cone in R^(m+1). Cut where c t - sum(y) = 1, positive on
    all of them, it is a bounded polytope, and Qhull finds its facets n . y <= b: with t = (1 + sum(y)) / c they are
    (n + b 1) . y <= c b t.

    Examples
    --------
    >>> weights, heights = inner_facets(np.eye(2))
    >>> order = np.argsort(weights[:, 0])
    >>> weights[order].round(12) + 0.0, heights[order].round(12)
    (array([[0. , 1. ],
           [0.5, 0.5],
           [1. , 0. ]]), array([1. , 0.5, 1. ]))
    """
    from scipy.spatial import ConvexHull

    m = points.shape[1]
    positive = float(points.sum(axis=1).max()) + 1.0
    cut = np.vstack([points / (positive - points.sum(axis=1))[:, np.newaxis], -np.eye(m)])
    facets = ConvexHull(cut).equations
    weights, heights = facets[:, :-1] - facets[:, -1:], -positive * facets[:, -1]
    size = weights.sum(axis=1)
    proper = size > AT_INFINITY  # the others are the face at infinity, spanned by the directions alone
    return np.maximum(weights[proper] / size[proper, np.newaxis], 0.0), heights[proper] / size[proper]


def dominated(points: Array) -> Array:
    """Which points some other point is at least as good as everywhere, and better somewhere; of equals the later."""
    at_least = (points[:, np.newaxis] >= points[np.newaxis]).all(axis=2)  # [i, j]: i weakly dominates j
    equal = at_least & at_least.T
    earlier = np.tri(len(points), k=-1, dtype=bool).T  # [i, j]: i < j
    return np.asarray((at_least & (~equal | earlier)).any(axis=0))


def volumes(points: Array, weights: Array, bounds: Array) -> tuple[float, float]:
    """Volumes of the inner and the outer polyhedron above the origin; points must not lie below it.

    Examples
    --------
    >>> inner, outer = volumes(np.eye(2), np.array([[1.0, 0], [0, 1.0], [1.0, 1.0]]), np.array([1.0, 1.0, 1.5]))
    >>> round(inner, 12), round(outer, 12)
    (0.5, 0.875)
    """
    from scipy.spatial import HalfspaceIntersection

    m = points.shape[1]
    flat = [_projected(points, axes) for size in range(m + 1) for axes in combinations(range(m), size)]
    inside = np.full(m, 0.5 * float(np.min(bounds / weights.sum(axis=1))))
    halves = np.vstack([np.column_stack([weights, -bounds]), np.column_stack([-np.eye(m), np.zeros(m)])])
    return _volume(np.vstack(flat)), _volume(HalfspaceIntersection(halves, inside).intersections)


def _volume(points: Array) -> float:
    from scipy.spatial import ConvexHull

    corners = np.unique(points, axis=0)
    if np.linalg.matrix_rank(corners) < points.shape[1]:
        return 0.0  # a face of the orthant
    return float(ConvexHull(corners).volume)


def _projected(points: Array, axes: Sequence[int]) -> Array:
    flat = points.copy()
    flat[:, list(axes)] = 0.0
    return flat

"""Pairs of types close in type space, or next to one another under a menu: the first to tempt each other.

Pairs are numbers, tempter times the number of types plus tempted, sorted and both ways.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from contracts.inputs.arrays import Array, Indices

NEIGHBOURS = {2: 20, 3: 26, 4: 30}  # pairs per type to start with, by dimension; linear costs need fewer
NEIGHBOURS_LINEAR = {2: 8, 3: 18, 4: 24}
SPARE_NEIGHBOURS = 4  # nearest types beyond those wanted that a type may tempt at the start
FEW_TYPES = 5000  # up to so many types in two dimensions another round costs less than more pairs
DOWNWARDS = -1e-9  # last entry of the normal of a facet that is on the lower hull


def first_pairs(taste: Array, *, linear: bool) -> Indices:
    """The pairs to start with: nearest neighbours, and in two dimensions those of the Delaunay triangulation."""
    count, dimension = taste.shape
    wanted = (NEIGHBOURS_LINEAR if linear else NEIGHBOURS)[min(max(dimension, 2), 4)]
    if dimension == 2 and count <= FEW_TYPES:
        wanted = NEIGHBOURS_LINEAR[2]
    return union(nearest(taste, wanted), delaunay_pairs(taste))


def union(*lists: Indices) -> Indices:
    """The pairs of several lists, each once; by sorting, which takes a thirtieth of what `np.unique`'s hashing does."""
    ranked = np.sort(np.concatenate(lists))
    return ranked[np.append(True, ranked[1:] != ranked[:-1])[: len(ranked)]]


def nearest(taste: Array, wanted: int) -> Indices:
    """Every type with so many of its nearest."""
    from scipy.spatial import cKDTree

    count = len(taste)
    if count <= wanted + 1:
        return np.flatnonzero(~np.eye(count, dtype=bool))
    distance, near = cKDTree(taste).query(taste, k=wanted + 1)
    tempter, tempted = np.repeat(np.arange(count), wanted + 1), near.ravel()
    both, first = np.unique(np.concatenate([tempter * count + tempted, tempted * count + tempter]), return_index=True)
    tempter, tempted = np.divmod(both, count)
    # A type at the edge is the far neighbour of many: let each tempt its nearest only, so that blocks stay small.
    order = np.lexsort((np.tile(np.asarray(distance).ravel(), 2)[first], tempter))
    place = np.empty(len(both), dtype=np.intp)
    place[order] = np.arange(len(both)) - np.searchsorted(tempter, tempter)
    return both[(tempter != tempted) & (place <= wanted + SPARE_NEIGHBOURS)]


def delaunay_pairs(taste: Array) -> Indices:
    """Neighbours in the Delaunay triangulation of types in the plane; none elsewhere, or of types on a line."""
    from scipy.spatial import Delaunay, QhullError

    if not _is_planar(taste):
        return np.empty(0, dtype=np.intp)
    try:
        return _edges(Delaunay(taste).simplices, len(taste))
    except QhullError:
        return np.empty(0, dtype=np.intp)


def hull_pairs(taste: Array, utility: Array) -> Indices:
    """Neighbours under a menu, for types in the plane: the edges of the lower convex hull of utility over types.

    Contracts are the slopes of a convex function of the taste, and the contract next to a type's own tempts it first.
    None elsewhere, or where utility is flat.
    """
    from scipy.spatial import ConvexHull, QhullError

    if not _is_planar(taste):
        return np.empty(0, dtype=np.intp)
    try:
        hull: Any = ConvexHull(np.column_stack([taste, utility / (np.ptp(utility) or 1.0)]), qhull_options="Qt")
    except (QhullError, ValueError):
        return np.empty(0, dtype=np.intp)
    return _edges(hull.simplices[hull.equations[:, -2] < DOWNWARDS], len(taste))


def _is_planar(taste: Array) -> bool:
    return taste.shape[1] == 2 and len(taste) > NEIGHBOURS_LINEAR[2]


def _edges(triangles: Any, count: int) -> Indices:
    ends = np.vstack([triangles[:, [a, b]] for a in range(3) for b in range(3) if a != b]).astype(np.intp)
    return union(ends[:, 0] * count + ends[:, 1])

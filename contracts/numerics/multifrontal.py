"""Cholesky factors of a sparse matrix whose unknowns lie in space, front by front in dense blocks.

Nested dissection (George 1973) splits the unknowns in two by a separator, again and again. The separators, after both
their sides, make a tree. Each of its nodes has a front: the dense matrix of its own unknowns, its pivots, and of those
above that they touch, its boundary. Eliminating the pivots leaves an update of the boundary, which is added to the
parent's front (Duff & Reid 1983). So all arithmetic is LAPACK's on dense matrices.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import blas, lapack

from contracts.inputs.arrays import Array, Indices, Mask
from contracts.inputs.frozen import dataclass

LEAF = 96  # unknowns that are not split any more

Run = tuple[int, int, int]  # start and stop of places in a row, and where the first of them goes


@dataclass(frozen=True, eq=False)
class Child:
    """A node whose boundary is part of its parent's front."""

    node: int
    pivots: list[Run]  # places of its boundary that are pivots of the parent
    boundary: list[Run]  # the others, in the parent's boundary


@dataclass(frozen=True, eq=False)
class Front:
    """A node of the tree: unknowns by their place in the order."""

    start: int  # first pivot
    stop: int
    boundary: Indices  # rising
    children: list[Child]
    at: int  # where its (pivots, pivots) block begins in the flat storage; the (boundary, pivots) block follows

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of pivots and of the boundary."""
        return self.stop - self.start, len(self.boundary)


class Fronts:
    """What the pattern of a symmetric matrix says: order, fronts, and the places of all entries in flat storage."""

    def __init__(self, pattern: Any, positions: Array) -> None:
        """`pattern` is a csr array with all diagonal entries; `positions` (n, d) are those of its unknowns."""
        parts, below = dissected(pattern, positions)
        count = len(positions)
        self.order: Indices = np.concatenate(parts)
        self._rank = np.empty(count, dtype=np.intp)
        self._rank[self.order] = np.arange(count)
        permuted = pattern[self.order]
        columns, first = self._rank[permuted.indices], permuted.indptr
        self.fronts: list[Front] = []
        start = at = 0
        for part, children in zip(parts, below, strict=True):
            stop = start + len(part)
            touched = np.zeros(count - stop, dtype=bool)
            for reach in (columns[first[start] : first[stop]], *(self.fronts[child].boundary for child in children)):
                touched[reach[reach >= stop] - stop] = True
            boundary = np.flatnonzero(touched) + stop
            into = [_into_parent(child, self.fronts[child].boundary, start, stop, boundary) for child in children]
            self.fronts.append(Front(start, stop, boundary, into, at))
            at += len(part) * (len(part) + len(boundary))
            start = stop
        self.size = at
        self._of = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        self._starts, self._sizes, self._at = (
            np.array(each) for each in zip(*[(f.start, f.shape, f.at) for f in self.fronts], strict=True)
        )
        self._keys = np.concatenate([front.boundary + node * count for node, front in enumerate(self.fronts)])

    def places(self, one: Indices, other: Indices) -> Indices:
        """Places in the flat storage of the entries that join unknowns, in either order."""
        one, other = self._rank[one], self._rank[other]
        column, row = np.minimum(one, other), np.maximum(one, other)
        node = self._of[column]
        (pivots, edge), column = self._sizes[node].T, column - self._starts[node]
        place = self._at[node] + column * pivots + row - self._starts[node]
        far = np.flatnonzero(row >= self._starts[node] + pivots)
        node, column, pivots = node[far], column[far], pivots[far]
        ends = np.cumsum(self._sizes[:, 1])
        local = np.searchsorted(self._keys, row[far] + node * len(self._rank)) - (ends - self._sizes[:, 1])[node]
        place[far] = self._at[node] + pivots**2 + column * edge[far] + local
        return np.asarray(place, dtype=np.intp)


def _into_parent(child: int, edge: Indices, start: int, stop: int, boundary: Indices) -> Child:
    split = int(np.searchsorted(edge, stop))
    return Child(child, _runs(edge[:split] - start, 0), _runs(np.searchsorted(boundary, edge[split:]), split))


def _runs(to: Indices, offset: int) -> list[Run]:
    """Places from `offset` on that go to consecutive places: additions of slices cost little."""
    if not len(to):
        return []
    cuts = np.flatnonzero(np.diff(to) != 1) + 1
    first, last = np.append(0, cuts), np.append(cuts, len(to))
    return [
        (a + offset, b + offset, c) for a, b, c in zip(first.tolist(), last.tolist(), to[first].tolist(), strict=True)
    ]


class Factors:
    """L with L L' = a matrix, from its lower triangle in the flat storage of its fronts, which is overwritten.

    Raises ArithmeticError where the matrix is not positive definite.
    """

    def __init__(self, tree: Fronts, entries: Array) -> None:
        self._tree = tree
        self._own: list[Array] = []
        self._edges: list[Array] = []
        updates: list[Any] = []
        for front in tree.fronts:
            k, m = front.shape
            middle = front.at + k * k
            own = entries[front.at : middle].reshape(k, k).T
            edge = entries[middle : middle + m * k].reshape(k, m).T
            rest = np.zeros((m, m), order="F")
            for child in front.children:
                _add(child, updates[child.node], own, edge, rest)
                updates[child.node] = None
            if k:
                own, failed = lapack.dpotrf(own, lower=1, overwrite_a=1, clean=0)
                if failed:
                    raise ArithmeticError("the matrix is not positive definite")
            if k and m:
                edge = blas.dtrsm(1.0, own, edge, side=1, lower=1, trans_a=1, overwrite_b=1)
                rest = blas.dsyrk(-1.0, edge, beta=1.0, c=rest, lower=1, overwrite_c=1)
            updates.append(rest)
            self._own.append(own)
            self._edges.append(edge)

    def solve(self, right: Array) -> Array:
        """The solution for a right-hand side, both in the order of elimination; (n,)."""
        found = right.copy()
        work = [work for work in zip(self._tree.fronts, self._own, self._edges, strict=True) if len(work[1])]
        for front, own, edge in work:
            part = blas.dtrsv(own, found[front.start : front.stop], lower=1)
            found[front.start : front.stop] = part
            if len(edge):
                found[front.boundary] -= edge @ part
        for front, own, edge in reversed(work):
            part = found[front.start : front.stop]
            if len(edge):
                part = part - found[front.boundary] @ edge
            found[front.start : front.stop] = blas.dtrsv(own, part, lower=1, trans=1)
        return found


def _add(child: Child, update: Array, own: Array, edge: Array, rest: Array) -> None:
    """Add the lower triangle of a child's update to its parent's front, run by run."""
    for i, (start, stop, at) in enumerate(child.pivots):
        for first, last, to in child.pivots[: i + 1]:
            own[at : at + stop - start, to : to + last - first] += update[start:stop, first:last]
    for i, (start, stop, at) in enumerate(child.boundary):
        for first, last, to in child.pivots:
            edge[at : at + stop - start, to : to + last - first] += update[start:stop, first:last]
        for first, last, to in child.boundary[: i + 1]:
            rest[at : at + stop - start, to : to + last - first] += update[start:stop, first:last]


def dissected(pattern: Any, positions: Array) -> tuple[list[Indices], list[list[int]]]:
    """Unknowns of every node of the tree, children before parents, and the numbers of its children."""
    side = np.zeros(len(positions), dtype=np.int8)
    parts: list[Indices] = []
    below: list[list[int]] = []

    def dissect(nodes: Indices) -> int:
        children: list[int] = []
        if len(nodes) > LEAF:
            along = positions[nodes]
            ranked = nodes[np.argsort(along[:, int(np.argmax(np.ptp(along, axis=0)))], kind="stable")]
            left, right = ranked[: len(nodes) // 2], ranked[len(nodes) // 2 :]
            side[left], side[right] = 1, 2
            touching = _touching(pattern, left, side, 2), _touching(pattern, right, side, 1)
            side[nodes] = 0
            thin = int(touching[1].sum() < touching[0].sum())
            halves = [left, right]
            nodes, halves[thin] = halves[thin][touching[thin]], halves[thin][~touching[thin]]
            children = [dissect(half) for half in halves if len(half)]
        # Along its length, so that what touches a part of it touches a run.
        along = positions[nodes]
        if len(nodes):
            nodes = nodes[np.argsort(along[:, int(np.argmax(np.ptp(along, axis=0)))], kind="stable")]
        parts.append(nodes)
        below.append(children)
        return len(parts) - 1

    dissect(np.arange(len(positions)))
    return parts, below


def _touching(pattern: Any, nodes: Indices, side: NDArray[np.int8], other: int) -> Mask:
    """Which of some nodes are joined to any on the other side."""
    rows = pattern[nodes]
    touching = np.zeros(len(nodes), dtype=bool)
    touching[np.repeat(np.arange(len(nodes)), np.diff(rows.indptr))[side[rows.indices] == other]] = True
    return touching

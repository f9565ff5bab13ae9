"""A primal-dual interior point for the menu program on a sparse list of rows, with allocations eliminated.

    minimise   sum_j f_j [c(x_j) - v_j . x_j] + q . u
    such that  s_k = limit_k + u_i - own_k u_j - normal_k . x_j >= 0    for rows k, priced l_k

Every row belongs to the allocation of one type j; IC rows are those with a tempted type i. So IC, IR, limits on
transfers and the faces of the domain are one kind of row:

    IC          u_i - u_j - (a_i - a_j) . x_j       normal = a_i - a_j, own = 1
    IR          u_j - r_j                           normal = 0,         own = -1, limit = -r_j
    t_j >= low  a_j . x_j - u_j - low               normal = -a_j,      own = 1,  limit = -low
    t_j <= high high - a_j . x_j + u_j              normal = a_j,       own = -1, limit = high
    face        limit - normal . x_j                                    own = 0

Newton's equations couple allocations of different types through utilities only. With W = l / s, the block of x_j is

    M_j = f_j Hess c(x_j) + sum_k W_k normal_k normal_k',

and eliminating it leaves one sparse symmetric positive definite system in u, whose pattern joins the types that share a
tempter. It is factorised in a nested-dissection order found from the positions of the types. Mehrotra's
predictor-corrector. A start may miss rows: slacks are then positive numbers of their own, and every step of length t
takes away the share t of what they miss.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse import csc_array, csr_array

from contracts.arrays import Array
from contracts.relevance import Indices

SMALLEST_DISSECTED = 60  # types in a leaf of the nested dissection
TO_BOUNDARY = 0.995  # share of the way to the boundary that a step may go
SHORT_STEP, SHORT_STEPS = 1e-3, 4  # so many steps this short in a row: no further progress
REFINEMENTS = 2  # of every Newton step, unless it misses the equations by no more than
REFINED = 1e-13  # of the weights
OVERSHOT = 1e-2  # complementarity this far below the gap ends the path even if prices are off the flow by more
SHIFTS = 6  # tries with a growing shift when the factorisation breaks down
SIMILAR = 1.25  # types with up to so many times the rows of the smallest are worked on together, padded
GROUP_ENTRIES = 300_000  # of the reduced blocks of a group


@dataclass(frozen=True, eq=False)
class Program:
    """The program's data in normalised units; IC rows come first."""

    weights: Array  # (n,) f
    value: Array  # (n, d) v
    utility_cost: Array  # (n,) q
    tempted: Indices  # (n_pairs,) i of every IC row
    owner: Indices  # (n_rows,) j
    normal: Array  # (n_rows, d)
    own: Array  # (n_rows,)
    limit: Array  # (n_rows,)
    gradient: Callable[[Array], Array]  # of the cost, (n, d) -> (n, d)
    hessian: Callable[[Array], Array]  # of the cost, (n, d) -> (n, d, d)

    @cached_property
    def on_allocation(self) -> csr_array:
        """Rows times x, laid out type by type; (n_rows, n d)."""
        n_rows, goods = self.normal.shape
        columns = self.owner[:, np.newaxis] * goods + np.arange(goods)
        starts = np.arange(n_rows + 1) * goods
        return csr_array((-self.normal.ravel(), columns.ravel(), starts), shape=(n_rows, self.value.size))

    @cached_property
    def on_utility(self) -> csr_array:
        """Rows times u; (n_rows, n)."""
        rows = np.concatenate([np.arange(len(self.tempted)), np.arange(len(self.owner))])
        columns = np.concatenate([self.tempted, self.owner])
        entries = np.concatenate([np.ones(len(self.tempted)), -self.own])
        return csr_array((entries, (rows, columns)), shape=(len(self.owner), len(self.weights)))

    @cached_property
    def transposed(self) -> tuple[csr_array, csr_array]:
        return self.on_allocation.T.tocsr(), self.on_utility.T.tocsr()

    def slack(self, x: Array, u: Array) -> Array:
        """What every row has to spare."""
        return np.asarray(self.limit + self.on_allocation @ x.ravel() + self.on_utility @ u)

    def charges(self, price: Array) -> tuple[Array, Array]:
        """What prices of rows take from each allocation and utility."""
        on_allocation, on_utility = self.transposed
        return (on_allocation @ price).reshape(self.value.shape), on_utility @ price


@dataclass(frozen=True, eq=False)
class Point:
    """Allocations, utilities, and of every row its price, its slack and by how much the slack is overstated.

    Slacks are carried along, not recomputed: near the optimum they are far smaller than the rounding of u_i - u_j.
    """

    x: Array  # (n, d)
    u: Array  # (n,)
    price: Array  # (n_rows,)
    slack: Array  # (n_rows,)
    missing: Array  # (n_rows,)


@dataclass(frozen=True, eq=False)
class _Group:
    """Types with about as many rows, whose blocks are worked on together."""

    types: Indices  # (g,)
    slots: Indices  # (g, w) the rows of each type, IC rows first; n_rows where padded
    n_pairs: int  # how many of the w are IC rows
    normal: Array  # (g, w, d)
    own: Array  # (g, w)
    measured: Array | None  # (g, members, n_pairs + 1) where types are measured from others
    scatter: Indices  # (g members^2,) entries of the factorised matrix that the reduced blocks add to


class Elimination:
    """The pattern of the system in u: which entries of the factorised matrix every block adds to.

    Types that nearly coincide charge each other huge prices, beside which what holds the two together would be lost to
    rounding. So each is measured from one of them: the unknown is u_j - u_head, and u = T w.
    """

    def __init__(self, program: Program, positions: Array, head: Indices) -> None:
        """`head` names, for every type, the one that it is measured from: itself unless types nearly coincide."""
        n, pairs = len(program.weights), len(program.tempted)
        everybody = np.arange(n)
        columns = np.append(everybody, head[head != everybody])
        rows = np.append(everybody, np.flatnonzero(head != everybody))
        self._measured = csr_array((np.ones(len(rows)), (rows, columns)), shape=(n, n))  # T
        blocks, members = np.append(program.owner[:pairs], everybody), np.append(program.tempted, everybody)
        blocks, members = np.append(blocks, blocks), np.append(members, head[members])
        incidence = csr_array((np.ones(len(blocks), dtype=np.int32), (blocks, members)), shape=(n, n))
        pattern = (incidence.T @ incidence).tocsr()
        self.order = nested_dissection(pattern, positions)
        rank = np.empty(n, dtype=np.intp)
        rank[self.order] = np.arange(n)
        self._rows, self._starts = _reordered(pattern, self.order, rank)
        self._columns = np.repeat(np.arange(n), np.diff(self._starts))
        keys = self._columns * n + self._rows
        self._diagonal = np.searchsorted(keys, np.arange(n) * (n + 1))
        self.groups = list(_groups(program, head, rank, keys))

    def factorise(self, blocks: Iterable[tuple[_Group, Array]]) -> Callable[[Array], Array]:
        """Factorise the sum of all groups' reduced blocks, (g, members, members)."""
        from scipy.sparse.linalg import splu

        data = np.zeros(len(self._rows))
        for group, block in blocks:
            data += np.bincount(group.scatter, block.ravel(), minlength=len(data))
        n = len(self._diagonal)
        scale = 1.0 / np.sqrt(np.maximum(data[self._diagonal], 1e-300))
        data = data * scale[self._rows] * scale[self._columns]
        shift = 1e-14
        for _ in range(SHIFTS):
            data[self._diagonal] = 1.0 + shift
            matrix = csc_array((data, self._rows, self._starts), shape=(n, n))
            try:
                factors = splu(matrix, permc_spec="NATURAL", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
            except RuntimeError:  # exactly singular: shift further
                shift *= 100
                continue
            break
        else:
            raise ArithmeticError("the system in the utilities is singular")

        measured: Any = self._measured

        def solve(right: Array) -> Array:
            scaled = (measured.T @ right)[self.order] * scale
            found = factors.solve(scaled)
            found = found + factors.solve(scaled - matrix @ found)
            solution = np.empty_like(found)
            solution[self.order] = found * scale
            return np.asarray(measured @ solution)

        return solve


def _reordered(pattern: Any, order: Indices, rank: Indices) -> tuple[Indices, Indices]:
    """Rows and column starts of a symmetric pattern with rows and columns in the given order."""
    permuted = pattern[order]
    moved = csr_array((permuted.data, rank[permuted.indices], permuted.indptr), shape=pattern.shape)
    moved.sort_indices()
    return moved.indices.astype(np.int32), moved.indptr.astype(np.int32)


def _groups(program: Program, head: Indices, rank: Indices, keys: Indices) -> Iterator[_Group]:
    """Types by their number of IC rows, few enough at a time for the processor's cache; those near others apart."""
    n, pairs = len(program.weights), len(program.tempted)
    sizes = np.bincount(program.owner[:pairs], minlength=n)
    first = np.cumsum(sizes) - sizes
    others = pairs + np.argsort(program.owner[pairs:], kind="stable").reshape(n, -1)
    normal = np.concatenate([program.normal, np.zeros((1, program.normal.shape[1]))])
    own, tempted = np.append(program.own, 0.0), np.append(program.tempted, 0)
    is_near = head != np.arange(n)
    is_near |= np.bincount(program.owner[:pairs], is_near[program.tempted], minlength=n) > 0
    kind = sizes + (sizes.max(initial=0) + 1) * is_near
    by_kind, start = np.argsort(kind, kind="stable"), 0
    while start < n:
        lead = by_kind[start]
        alike = np.searchsorted(kind[by_kind], kind[lead] + int((SIMILAR - 1) * sizes[lead]), side="right")
        many = max(1, GROUP_ENTRIES // int(sizes[lead] + 1) ** 2)
        types = by_kind[start : min(alike, start + many)]
        types = types[is_near[types] == is_near[lead]]
        start += len(types)
        place = np.arange(sizes[types].max())
        listed = place < sizes[types, np.newaxis]
        pair_slots = np.where(listed, first[types, np.newaxis] + place, 0)
        members = np.column_stack([np.where(listed, tempted[pair_slots], types[:, np.newaxis]), types])
        measured = None
        if is_near[lead]:
            members, measured = _measured_members(members, head)
        pair_slots = np.where(listed, pair_slots, len(program.owner))
        slots = np.column_stack([pair_slots, others[types]])
        ranks = rank[members]
        scatter = np.searchsorted(keys, (ranks[:, np.newaxis, :] + n * ranks[:, :, np.newaxis]).ravel())
        yield _Group(types, slots, len(place), normal[slots], own[slots], measured, scatter)


def _measured_members(members: Indices, head: Indices) -> tuple[Indices, Array]:
    """Members and their heads (g, m), and which of them each member's utility is the sum of, (g, m, members)."""
    wider = np.column_stack([members, head[members]])
    place = np.arange(wider.shape[1])
    is_first = (wider[:, :, np.newaxis] == wider[:, np.newaxis, :]).argmax(axis=2) == place
    parts = (members, head[members])
    adds = np.any([wider[:, :, np.newaxis] == part[:, np.newaxis, :] for part in parts], axis=0)
    return wider, (adds & is_first[:, :, np.newaxis]).astype(np.float64)


def nested_dissection(pattern: csr_array, positions: Array) -> Indices:
    """An elimination order that splits types in space, separators last (George 1973)."""
    side = np.zeros(pattern.shape[0], dtype=np.int8)
    order: list[Indices] = []

    def dissect(nodes: Indices) -> None:
        if len(nodes) <= SMALLEST_DISSECTED:
            order.append(nodes)
            return
        along = positions[nodes]
        ranked = np.argsort(along[:, int(np.argmax(np.ptp(along, axis=0)))], kind="stable")
        left, right = nodes[ranked[: len(nodes) // 2]], nodes[ranked[len(nodes) // 2 :]]
        side[right] = 1
        rows = pattern[left]
        touches = np.zeros(len(left), dtype=bool)
        touches[np.repeat(np.arange(len(left)), np.diff(rows.indptr))[side[rows.indices] == 1]] = True
        side[right] = 0
        dissect(left[~touches])
        dissect(right)
        order.append(left[touches])

    dissect(np.arange(pattern.shape[0]))
    return np.concatenate(order)


def minimise(
    program: Program,
    start: Point,
    elimination: Elimination,
    *,
    gap: float,
    max_iterations: int = 80,
    deadline: float = np.inf,
) -> tuple[list[Point], bool]:
    """Follow the central path from a point with positive slacks and prices until their products sum to `gap`.

    Parameters
    ----------
    start : Point with positive slacks and prices
    elimination : of the same program
    gap : objective units; complementarity at which to stop
    deadline : time.monotonic() at which to stop; an interrupt from the keyboard does the same

    Returns
    -------
    All iterates, the start first, and whether it ended by itself.
    """
    path, stalled = [start], 0
    while len(path) <= max_iterations and stalled < SHORT_STEPS:
        if time.monotonic() > deadline:
            return path, False
        try:
            following = _iterate(program, path[-1], elimination, gap)
        except KeyboardInterrupt:
            return path, False
        if following is None:
            break
        point, length = following
        path.append(point)
        stalled = stalled + 1 if length < SHORT_STEP else 0
    while len(path) > 1 and _error(program, path[-1]) > _error(program, path[-2]):
        path.pop()  # beyond the accuracy of the system prices leave the flow
    return path, True


def _iterate(program: Program, point: Point, elimination: Elimination, gap: float) -> tuple[Point, float] | None:
    """One predictor-corrector step and its length; None at the gap, or where the system breaks down."""
    products = point.price * point.slack
    complementarity = float(products.sum())
    residual_x, residual_u = _residuals(program, point)
    missed = _error(program, point) - complementarity
    if complementarity <= gap and (missed <= gap or complementarity <= OVERSHOT * gap):
        return None
    try:
        newton = _Newton(program, point, elimination)
    except ArithmeticError:
        return None
    affine = newton.direction(residual_x, residual_u, -products, refinements=0)  # only a forecast
    primal, dual = (min(1.0, _longest(*pair)) for pair in affine.pairs_with(point))
    ahead = float((point.slack + primal * affine.slack) @ (point.price + dual * affine.price))
    centring = min(1.0, max(ahead / complementarity, 0.0) ** 3)
    target = centring * complementarity / len(products) - affine.price * affine.slack - products
    step = newton.direction(residual_x, residual_u, target)
    primal, dual = (TO_BOUNDARY * _longest(*pair) for pair in step.pairs_with(point))
    if newton.is_curved:  # a curved cost ties prices to allocations: unequal steps would undo its residual
        primal = dual = min(primal, dual)
    moved = Point(
        point.x + primal * step.x,
        point.u + primal * step.u,
        point.price + dual * step.price,
        point.slack + primal * step.slack,
        point.missing * (1 - primal),
    )
    return moved, primal


def _residuals(program: Program, point: Point) -> tuple[Array, Array]:
    """Gradient of the Lagrangian in x and u."""
    charged_x, charged_u = program.charges(point.price)
    marginal = program.weights[:, np.newaxis] * (program.gradient(point.x) - program.value)
    return marginal - charged_x, program.utility_cost - charged_u


def _error(program: Program, point: Point) -> float:
    """Complementarity and how far equations and rows are missed."""
    residuals = _residuals(program, point)
    return float(sum(np.abs(part).sum() for part in residuals) + point.price @ (point.slack + np.abs(point.missing)))


@dataclass(frozen=True, eq=False)
class _Direction:
    x: Array
    u: Array
    price: Array
    slack: Array

    def pairs_with(self, point: Point) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        """What must stay positive and its change: primal, dual."""
        return (point.slack, self.slack), (point.price, self.price)


class _Newton:
    """Newton's equations at one point, factorised once for predictor and corrector.

    With A_j the rows sqrt(W_k) normal_k and a root of the curvature, M_j = A_j' A_j. A full QR of A_j gives M_j = R'R
    and, in the columns Z orthogonal to A_j, what elimination leaves of W_j without subtraction: W - W D M^-1 D' W =
    (W^1/2 Z) (W^1/2 Z)'. Computed as the difference it would lose all digits near a vertex.
    """

    def __init__(self, program: Program, point: Point, elimination: Elimination) -> None:
        self._program, self._point = program, point
        self._ratio = point.price / point.slack  # W
        self._curvature = program.hessian(point.x)
        self.is_curved = bool(np.any(self._curvature))
        self._root = np.empty((*program.value.shape, program.value.shape[1]))  # R^-1: M^-1 = R^-1 R^-T
        try:
            self._solve = elimination.factorise(self._reduced(elimination.groups))
        except np.linalg.LinAlgError as exc:
            raise ArithmeticError("the system in the allocations is singular") from exc

    def _reduced(self, groups: list[_Group]) -> Iterator[tuple[_Group, Array]]:
        """Of every group, what eliminating its allocations leaves in the utilities."""
        weights, goods = self._program.weights, self._program.value.shape[1]
        root_of_ratio = np.append(np.sqrt(self._ratio), 0.0)
        for group in groups:
            root = root_of_ratio[group.slots][:, :, np.newaxis]
            rows = [root * group.normal]
            if self.is_curved:
                curvature = weights[group.types, np.newaxis, np.newaxis] * self._curvature[group.types]
                lower: Array = np.asarray(np.linalg.cholesky(curvature), dtype=np.float64)
                rows.append(lower.transpose(0, 2, 1))
            orthogonal, upper = np.linalg.qr(np.concatenate(rows, axis=1), mode="complete")
            self._root[group.types] = np.linalg.inv(upper[:, :goods])
            left = root * orthogonal[:, : root.shape[1], goods:]
            left = np.concatenate([left[:, : group.n_pairs], -group.own[:, np.newaxis] @ left], axis=1)
            if group.measured is not None:
                left = group.measured @ left
            yield group, left @ left.transpose(0, 2, 1)

    def _inverse_times(self, right: Array) -> Array:
        """M_j^-1 times a vector per type."""
        half = self._root.transpose(0, 2, 1) @ right[:, :, np.newaxis]
        return np.asarray((self._root @ half)[:, :, 0])

    def direction(
        self, residual_x: Array, residual_u: Array, target: Array, *, refinements: int = REFINEMENTS
    ) -> _Direction:
        """The step that cancels the residuals and what slacks miss, and moves every price times slack by `target`.

        Eliminating allocations cancels digits where prices are large beside slacks, so the step is refined against the
        equations as they stand.
        """
        program = self._program
        step = self._eliminated(residual_x, residual_u, target / self._point.slack, self._point.missing)
        nothing = np.zeros_like(target)
        for _ in range(refinements):
            charged_x, charged_u = program.charges(step.price)
            curved = (self._curvature @ step.x[:, :, np.newaxis])[:, :, 0]
            rest_x = residual_x + program.weights[:, np.newaxis] * curved - charged_x
            rest_u = residual_u - charged_u
            if np.abs(rest_x).sum() + np.abs(rest_u).sum() <= REFINED * program.weights.sum():
                break
            more = self._eliminated(rest_x, rest_u, nothing, nothing)
            step = _Direction(*(getattr(step, name) + getattr(more, name) for name in _Direction.__dataclass_fields__))
        return step

    def _eliminated(self, residual_x: Array, residual_u: Array, price: Array, missing: Array) -> _Direction:
        program, ratio = self._program, self._ratio
        charged_x, charged_u = program.charges(price + ratio * missing)
        moved = self._inverse_times(charged_x - residual_x)
        through = program.charges(ratio * (program.on_allocation @ moved.ravel()))[1]
        u = self._solve(charged_u - residual_u - through)
        by_utility = program.on_utility @ u
        x = moved - self._inverse_times(program.charges(ratio * by_utility)[0])
        slack = program.on_allocation @ x.ravel() + by_utility - missing
        return _Direction(x, u, price - ratio * slack, slack)


def _longest(size: Array, change: Array) -> float:
    """Largest step that keeps sizes non-negative, at most 1 / TO_BOUNDARY."""
    shrinking = change < 0
    return float(np.min(-size[shrinking] / change[shrinking], initial=1.0 / TO_BOUNDARY))

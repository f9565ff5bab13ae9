"""A primal-dual interior point for the menu program on a sparse list of IC rows, with allocations eliminated.

    minimise   sum_j f_j [c(x_j) - v_j . x_j] + q . u
    such that  s = u_i - u_j - (a_i - a_j) . x_j >= 0    for the listed pairs (i, j), priced l
               u_i - r_i >= 0,                            priced m
               limit - normal . x_j >= 0                  for the faces of the domain, priced z

Newton's equations couple allocations of different types through utilities only. With W = l / s, the block of x_j is

    M_j = f_j Hess c(x_j) + sum_i W_ij D_ij D_ij' + sum_faces (z / gap) normal normal',    D_ij = a_i - a_j,

and eliminating it leaves one sparse symmetric positive definite system in u, whose pattern joins the types that share a
tempter. It is factorised in a nested-dissection order found from the positions of the types. Mehrotra's
predictor-corrector; the iterates stay strictly feasible because they start so and all constraints are linear.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

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
LIFTED = 0.1  # level of the smallest products at a warm start, as a share of their mean
DEAREST = 1e5  # first price of a pair, in mean weights of a type, that no shortage of slack exceeds
SHIFTS = 6  # tries with a growing shift when the factorisation breaks down


@dataclass(frozen=True, eq=False)
class Blocks:
    """The program's data, type by type, in normalised units; K pairs per type, padded with absent ones."""

    weights: Array  # (n,) f times the principal's own weight
    value: Array  # (n, d) v
    utility_cost: Array  # (n,) q
    reservation: Array  # (n,) r
    tempted: Indices  # (n, K) types tempted by type j
    present: Array  # (n, K) 1 where the pair is listed, 0 where padded
    step: Array  # (n, K, d) D
    normals: Array  # (R, d) faces of the domain
    limits: Array  # (R,)
    gradient: Callable[[Array], Array]  # of the cost, (n, d) -> (n, d)
    hessian: Callable[[Array], Array]  # of the cost, (n, d) -> (n, d, d)


@dataclass(frozen=True, eq=False)
class Slacks:
    """What every constraint has to spare, or its change along a direction."""

    pair: Array
    participation: Array
    face: Array


@dataclass(frozen=True, eq=False)
class Point:
    """Allocations, utilities and the prices of pairs, participation and faces.

    Slacks are carried along, not recomputed: near the optimum they are far smaller than the rounding of u_i - u_j.
    """

    x: Array  # (n, d)
    u: Array  # (n,)
    pair: Array  # (n, K)
    participation: Array  # (n,)
    face: Array  # (n, R)
    slack: Slacks


def slacks(blocks: Blocks, x: Array, u: Array) -> Slacks:
    """Slack of every constraint; absent pairs have slack 1."""
    pair = u[blocks.tempted] - u[:, np.newaxis] - np.einsum("nkd,nd->nk", blocks.step, x)
    pair = np.where(blocks.present > 0, pair, 1.0)
    return Slacks(pair, u - blocks.reservation, blocks.limits - x @ blocks.normals.T)


def priced(
    blocks: Blocks, x: Array, u: Array, have: Slacks, before: Point | None = None, pair: Array | None = None
) -> Point:
    """Prices to start from at a strictly feasible (x, u) whose slacks are `have`.

    Without a point `before`, participation is priced at the weights: pairs listed both ways then balance the flow, all
    at the same price times slack. With one, its prices are kept (`pair` are those of the pairs, 0 where new), raised to
    the level of their mean product with the new slacks.
    """
    if before is None or pair is None:
        level = float(blocks.utility_cost @ have.participation) / len(u)
        participation = blocks.utility_cost
        most = DEAREST * float(blocks.utility_cost.mean())  # types that nearly coincide have next to no slack
        start = blocks.present * np.minimum(level / have.pair, most)
        return Point(x, u, start, participation, level / have.face, have)
    in_pairs = float((pair * have.pair).sum())
    total = in_pairs + float(before.participation @ have.participation) + float((before.face * have.face).sum())
    level = LIFTED * total / float(blocks.present.sum() + have.participation.size + have.face.size)
    most = float(blocks.utility_cost.mean())  # a constraint that is nearly tight must not be priced out of proportion

    def lifted(price: Array, slack: Array) -> Array:
        return np.maximum(price, np.minimum(level / slack, most))

    return Point(
        x,
        u,
        blocks.present * lifted(pair, have.pair),
        lifted(before.participation, have.participation),
        lifted(before.face, have.face),
        have,
    )


class Elimination:
    """The pattern of the system in u: which entries of the factorised matrix every block adds to."""

    def __init__(self, blocks: Blocks, positions: Array) -> None:
        n, width = blocks.tempted.shape
        self.members = np.column_stack([blocks.tempted, np.arange(n)])  # (n, K + 1), the type itself last
        count = width + 1
        rows = np.repeat(self.members, count, axis=1).ravel()
        columns = np.tile(self.members, (1, count)).ravel()
        pattern = csr_array((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=(n, n))
        self.order = nested_dissection(pattern, positions)
        rank = np.empty(n, dtype=np.int64)
        rank[self.order] = np.arange(n)
        keys = rank[columns] * n + rank[rows]
        distinct, self._slot = np.unique(keys, return_inverse=True)
        self._n, self._rows = n, (distinct % n).astype(np.int32)
        self._starts = np.searchsorted(distinct, np.arange(n + 1) * n).astype(np.int32)
        self._diagonal = np.searchsorted(distinct, np.arange(n) * (n + 1))

    def factorise(self, dense: Array, diagonal: Array) -> Callable[[Array], Array]:
        """Factorise sum_j dense_j + diag(diagonal); dense_j is (K + 1, K + 1) over the members of block j."""
        from scipy.sparse.linalg import splu

        data = np.bincount(self._slot, dense.ravel(), minlength=len(self._rows))
        data[self._diagonal] += diagonal[self.order]
        scale = 1.0 / np.sqrt(np.maximum(data[self._diagonal], 1e-300))
        columns = np.repeat(np.arange(self._n), np.diff(self._starts))
        data = data * scale[self._rows] * scale[columns]
        shift = 1e-14
        for _ in range(SHIFTS):
            data[self._diagonal] = 1.0 + shift
            matrix = csc_array((data, self._rows, self._starts), shape=(self._n, self._n))
            try:
                factors = splu(matrix, permc_spec="NATURAL", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
            except RuntimeError:  # exactly singular: shift further
                shift *= 100
                continue
            break
        else:
            raise ArithmeticError("the system in the utilities is singular")

        def solve(right: Array) -> Array:
            scaled = right[self.order] * scale
            found = factors.solve(scaled)
            found = found + factors.solve(scaled - matrix @ found)
            solution = np.empty_like(found)
            solution[self.order] = found * scale
            return solution

        return solve


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
    blocks: Blocks,
    start: Point,
    elimination: Elimination,
    *,
    gap: float,
    max_iterations: int = 80,
    deadline: float = np.inf,
) -> tuple[Point, bool]:
    """Follow the central path from a strictly feasible point until prices times slacks sum to `gap`.

    Parameters
    ----------
    start : Point with positive slacks and prices
    elimination : of the same blocks
    gap : objective units; complementarity at which to stop
    deadline : time.monotonic() at which to stop; an interrupt from the keyboard does the same

    Returns
    -------
    The last iterate, strictly feasible for the listed constraints whatever the gap reached, and whether it ended
    there by itself.
    """
    point = start
    stalled = 0
    for _ in range(max_iterations):
        if time.monotonic() > deadline:
            return point, False
        try:
            following = _iterate(blocks, point, elimination, gap)
        except KeyboardInterrupt:
            return point, False
        if following is None:
            break
        point, length = following
        stalled = stalled + 1 if length < SHORT_STEP else 0
        if stalled >= SHORT_STEPS:
            break
    return point, True


def _iterate(blocks: Blocks, point: Point, elimination: Elimination, gap: float) -> tuple[Point, float] | None:
    """One predictor-corrector step and its length; None at the gap, or where the system breaks down."""
    have = point.slack
    products = [
        (blocks.present * point.pair * have.pair),
        point.participation * have.participation,
        point.face * have.face,
    ]
    complementarity = sum(float(part.sum()) for part in products)
    residual_x, residual_u = _residuals(blocks, point)
    infeasible = float(np.abs(residual_x).sum() + np.abs(residual_u).sum())
    if complementarity <= gap and (infeasible <= gap or complementarity <= OVERSHOT * gap):
        return None
    try:
        newton = _Newton(blocks, point, have, elimination)
    except ArithmeticError:
        return None
    level = complementarity / float(blocks.present.sum() + have.participation.size + have.face.size)
    affine = newton.direction(residual_x, residual_u, [-part for part in products], refinements=0)  # only a forecast
    reach_primal, reach_dual = (min(reach, 1.0) for reach in _reach(point, have, affine))
    ahead = _complementarity(blocks, point, have, affine, reach_primal, reach_dual)
    centring = min(1.0, max(ahead / complementarity, 0.0) ** 3)
    target = [
        blocks.present * (centring * level - affine.pair_price * affine.pair) - products[0],
        centring * level - affine.participation_price * affine.participation - products[1],
        centring * level - affine.face_price * affine.face - products[2],
    ]
    step = newton.direction(residual_x, residual_u, target)
    reach_primal, reach_dual = (TO_BOUNDARY * reach for reach in _reach(point, have, step))
    if newton.is_curved:  # a curved cost ties prices to allocations: unequal steps would undo its residual
        reach_primal = reach_dual = min(reach_primal, reach_dual)
    moved = Point(
        point.x + reach_primal * step.x,
        point.u + reach_primal * step.u,
        point.pair + reach_dual * step.pair_price,
        point.participation + reach_dual * step.participation_price,
        point.face + reach_dual * step.face_price,
        Slacks(
            have.pair + reach_primal * step.pair,
            have.participation + reach_primal * step.participation,
            have.face + reach_primal * step.face,
        ),
    )
    return moved, reach_primal


@dataclass(frozen=True, eq=False)
class _Direction:
    x: Array
    u: Array
    pair: Array  # change of slacks
    participation: Array
    face: Array
    pair_price: Array
    participation_price: Array
    face_price: Array


class _Newton:
    """Newton's equations at one point, factorised once for predictor and corrector.

    With A_j the rows sqrt(W_ij) D_ij, the weighted faces and a root of the curvature, M_j = A_j' A_j. A full QR of A_j
    gives M_j = R'R and, in the columns Z orthogonal to A_j, what elimination leaves of W_j without subtraction:
    W - W D M^-1 D' W = (W^1/2 Z) (W^1/2 Z)'. Computed as the difference it would lose all digits near a vertex.
    """

    def __init__(self, blocks: Blocks, point: Point, have: Slacks, elimination: Elimination) -> None:
        self._blocks, self._elimination = blocks, elimination
        self._have = have
        self._pair = blocks.present * point.pair / have.pair  # W
        self._participation = point.participation / have.participation
        self._face = point.face / have.face
        self._curvature = blocks.hessian(point.x)
        self.is_curved = bool(np.any(self._curvature))
        width, goods = self._pair.shape[1], blocks.normals.shape[1]
        root = np.sqrt(self._pair)[:, :, np.newaxis]
        rows = [root * blocks.step, np.sqrt(self._face)[:, :, np.newaxis] * blocks.normals]
        try:
            if self.is_curved:
                curved = blocks.weights[:, np.newaxis, np.newaxis] * self._curvature
                root_of_curvature: Array = np.asarray(np.linalg.cholesky(curved), dtype=np.float64)
                rows.append(root_of_curvature.transpose(0, 2, 1))
            orthogonal, upper = np.linalg.qr(np.concatenate(rows, axis=1), mode="complete")
            self._root = np.linalg.inv(upper[:, :goods])  # R^-1: M^-1 = R^-1 R^-T
        except np.linalg.LinAlgError as exc:
            raise ArithmeticError("the system in the allocations is singular") from exc
        left = root * orthogonal[:, :width, goods:]
        left = np.concatenate([left, -left.sum(axis=1, keepdims=True)], axis=1)
        weighted = self._pair[:, :, np.newaxis] * blocks.step
        self._to_members = np.concatenate([weighted, -weighted.sum(axis=1, keepdims=True)], axis=1)  # (n, K+1, d)
        self._solve = elimination.factorise(left @ left.transpose(0, 2, 1), self._participation)

    def _inverse_times(self, right: Array) -> Array:
        """M_j^-1 times a vector per type."""
        half = np.einsum("ned,ne->nd", self._root, right)
        return np.asarray(np.einsum("nde,ne->nd", self._root, half))

    def direction(
        self, residual_x: Array, residual_u: Array, target: list[Array], *, refinements: int = REFINEMENTS
    ) -> _Direction:
        """The step that cancels the residuals and moves every price times slack by `target`.

        Eliminating allocations cancels digits where prices are large beside slacks, so the step is refined against the
        equations as they stand.
        """
        blocks = self._blocks
        step = self._eliminated(residual_x, residual_u, target)
        for _ in range(refinements):
            curved = blocks.weights[:, np.newaxis] * np.einsum("nde,ne->nd", self._curvature, step.x)
            missing_x = residual_x + curved + np.einsum("nkd,nk->nd", blocks.step, step.pair_price)
            missing_x = missing_x + step.face_price @ blocks.normals
            tempted = np.bincount(blocks.tempted.ravel(), step.pair_price.ravel(), minlength=len(residual_u))
            missing_u = residual_u - tempted + step.pair_price.sum(axis=1) - step.participation_price
            if np.abs(missing_x).sum() + np.abs(missing_u).sum() <= REFINED * blocks.weights.sum():
                break
            more = self._eliminated(missing_x, missing_u, [np.zeros_like(part) for part in target])
            step = _Direction(*(getattr(step, name) + getattr(more, name) for name in _Direction.__dataclass_fields__))
        return step

    def _eliminated(self, residual_x: Array, residual_u: Array, target: list[Array]) -> _Direction:
        blocks, have = self._blocks, self._have
        pair, participation, face = target[0] / have.pair, target[1] / have.participation, target[2] / have.face
        right_x = -residual_x - np.einsum("nkd,nk->nd", blocks.step, pair) - face @ blocks.normals
        moved = self._inverse_times(right_x)
        through = np.concatenate([pair, -pair.sum(axis=1, keepdims=True)], axis=1)
        through = through + np.einsum("nkd,nd->nk", self._to_members, moved)
        members = self._elimination.members
        right_u = np.bincount(members.ravel(), through.ravel(), minlength=len(residual_u))
        u = self._solve(right_u + participation - residual_u)
        x = moved + self._inverse_times(np.einsum("nkd,nk->nd", self._to_members, u[members]))
        pair_slack = u[blocks.tempted] - u[:, np.newaxis] - np.einsum("nkd,nd->nk", blocks.step, x)
        pair_slack = blocks.present * pair_slack
        face_slack = -x @ blocks.normals.T
        pair_price, face_price = pair - self._pair * pair_slack, face - self._face * face_slack
        return _Direction(
            x, u, pair_slack, u, face_slack, pair_price, participation - self._participation * u, face_price
        )


def _residuals(blocks: Blocks, point: Point) -> tuple[Array, Array]:
    """Gradient of the Lagrangian in x and u."""
    pair = blocks.present * point.pair
    in_x = blocks.weights[:, np.newaxis] * (blocks.gradient(point.x) - blocks.value)
    in_x = in_x + np.einsum("nkd,nk->nd", blocks.step, pair) + point.face @ blocks.normals
    tempted = np.bincount(blocks.tempted.ravel(), pair.ravel(), minlength=len(point.u))
    return in_x, blocks.utility_cost - tempted + pair.sum(axis=1) - point.participation


def _reach(point: Point, have: Slacks, step: _Direction) -> tuple[float, float]:
    """Largest primal and dual step lengths that keep slacks and prices non-negative, at most 1 / TO_BOUNDARY."""
    primal = [(have.pair, step.pair), (have.participation, step.participation), (have.face, step.face)]
    dual = [
        (point.pair, step.pair_price),
        (point.participation, step.participation_price),
        (point.face, step.face_price),
    ]
    return _longest(primal), _longest(dual)


def _longest(pairs: list[tuple[Array, Array]]) -> float:
    longest = 1.0 / TO_BOUNDARY
    for size, change in pairs:
        shrinking = change < 0
        if shrinking.any():
            longest = min(longest, float(np.min(-size[shrinking] / change[shrinking])))
    return longest


def _complementarity(blocks: Blocks, point: Point, have: Slacks, step: _Direction, primal: float, dual: float) -> float:
    pairs = (have.pair + primal * step.pair) * (point.pair + dual * step.pair_price) * blocks.present
    participation = (have.participation + primal * step.participation) * (
        point.participation + dual * step.participation_price
    )
    faces = (have.face + primal * step.face) * (point.face + dual * step.face_price)
    return float(pairs.sum() + participation.sum() + faces.sum())

"""A primal-dual interior point for the menu program on a sparse list of rows, with allocations eliminated.

    minimise   sum_j f_j [c(x_j) - v_j . x_j] + q . u
    such that  s_k = limit_k + u_i - own_k u_j - normal_k . x_j >= 0    for rows k, priced l_k

Rows are IC, IR, limits on transfers and faces of the domain (see `elimination`). Newton's equations couple allocations
of different types through utilities only. With W = l / s, the block of x_j is

    M_j = f_j Hess c(x_j) + sum_k W_k normal_k normal_k',

and eliminating it leaves one sparse system in u. Mehrotra's predictor-corrector. A start may miss rows: slacks are then
positive numbers of their own, and every step of length t takes away the share t of what they miss.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np

from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass
from contracts.numerics.blocks import reduced
from contracts.numerics.elimination import Elimination, Group, Program

TO_BOUNDARY = 0.995  # share of the way to the boundary that a step may go
SHORT_STEP, SHORT_STEPS = 1e-3, 4  # so many steps this short in a row: no further progress
GROWTH, HALVINGS = 4.0, 12  # of the error in one step at most; else the step is halved, so often at most
REFINEMENTS = 2  # of every Newton step, unless it misses the equations by no more than
REFINED = 1e-13  # of the weights
ENOUGH = 1e-4  # of complementarity, where the cost curves
CORRECTORS = 2  # of every step that is not long already
LONG_STEP = 0.9
LONGER = 0.3  # how much further a corrected step is to go
STRAY = 0.1  # products of price and slack between this share of their level and its inverse are left alone
WORTH_IT = 0.1  # share of that by which a corrector has to lengthen the step
OVERSHOT = 1e-2  # complementarity this far below the gap ends the path even if prices are off the flow by more
LEFT_BEHIND = 10.0  # what is missed over complementarity, above which the latter waits
FAR_OVERSHOT = 1e-8  # the same where the curvature of the cost changes: then what is missed falls more slowly


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


def minimise(
    program: Program,
    start: Point,
    elimination: Elimination,
    *,
    gap: float,
    max_iterations: int = 80,
    deadline: float = np.inf,
    watch: Callable[[Point], bool] = lambda point: False,
) -> tuple[list[Point], bool]:
    """Follow the central path from a point with positive slacks and prices until their products sum to `gap`.

    Parameters
    ----------
    start : Point with positive slacks and prices
    elimination : of the same program
    gap : objective units; complementarity at which to stop
    deadline : time.monotonic() at which to stop; an interrupt from the keyboard does the same
    watch : ends the path at the point of which it is true

    Returns
    -------
    The iterates, the start first, up to the one nearest to an optimum, and whether it ended by itself.
    """
    path, errors, stalled = [start], list[float](), 0
    while len(path) <= max_iterations and stalled < SHORT_STEPS:
        if time.monotonic() > deadline:
            return path, False
        try:
            residuals = _residuals(program, path[-1])
            errors.append(_error(path[-1], residuals))
            following = _iterate(program, path[-1], elimination, gap, residuals)
            if following is None:
                break
            point, length = following
            path.append(point)
            if watch(point):
                return path, True
        except KeyboardInterrupt:
            return path, False
        stalled = stalled + 1 if length < SHORT_STEP else 0
    errors += [_error(point, _residuals(program, point)) for point in path[len(errors) :]]
    del path[int(np.argmin(errors)) + 1 :]  # beyond the accuracy of the system prices leave the flow
    return path, True


def _iterate(
    program: Program, point: Point, elimination: Elimination, gap: float, residuals: tuple[Array, Array]
) -> tuple[Point, float] | None:
    """One predictor-corrector step and its length; None at the gap, or where the system breaks down."""
    products = point.price * point.slack
    complementarity = float(products.sum())
    residual_x, residual_u = residuals
    missed = _error(point, residuals) - complementarity
    curvature = program.hessian(point.x)
    is_bent = not np.array_equal(curvature, program.hessian(point.x / 2))  # it changes on the way to the chart's middle
    overshot = FAR_OVERSHOT if is_bent else OVERSHOT
    if complementarity <= gap and (missed <= gap or complementarity <= overshot * gap):
        return None
    try:
        newton = _Newton(program, point, elimination, curvature)
    except ArithmeticError:
        return None
    affine = newton.direction(residual_x, residual_u, -products, refinements=0)  # only a forecast
    primal, dual = (min(1.0, _longest(*pair)) for pair in affine.pairs_with(point))
    ahead = float((point.slack + primal * affine.slack) @ (point.price + dual * affine.price))
    centring = min(1.0, max(ahead / complementarity, 0.0) ** 3)
    if is_bent and missed > LEFT_BEHIND * max(complementarity, gap):
        centring = 1.0  # what is missed falls by less than a step promises: wait for it
    target = centring * complementarity / len(products) - affine.price * affine.slack - products
    step = newton.direction(residual_x, residual_u, target)
    level = centring * complementarity / len(products)
    step, primal, dual = newton.centred(step, level, 0 if is_bent else CORRECTORS)
    moved = _moved(point, step, primal, dual)
    if is_bent:  # where the curvature changes by much on the way, as near a pole, a step may overshoot
        most = GROWTH * _error(point, residuals)
        for _ in range(HALVINGS):
            if _error(moved, _residuals(program, moved)) <= most:
                break
            primal = dual = primal / 2
            moved = _moved(point, step, primal, dual)
    return moved, primal


def _moved(point: Point, step: _Direction, primal: float, dual: float) -> Point:
    """The point after a step of these lengths."""
    return Point(
        point.x + primal * step.x,
        point.u + primal * step.u,
        point.price + dual * step.price,
        point.slack + primal * step.slack,
        point.missing * (1 - primal),
    )


def _residuals(program: Program, point: Point) -> tuple[Array, Array]:
    """Gradient of the Lagrangian in x and u."""
    marginal = program.weights[:, np.newaxis] * (program.gradient(point.x) - program.value)
    charged_x, charged_u = program.charged_to_allocation(point.price), program.charged_to_utility(point.price)
    return marginal - charged_x, program.utility_cost - charged_u


def _error(point: Point, residuals: tuple[Array, Array]) -> float:
    """Complementarity and how far equations and rows are missed."""
    return float(sum(np.abs(part).sum() for part in residuals) + point.price @ (point.slack + np.abs(point.missing)))


@dataclass(frozen=True, eq=False)
class _Direction:
    x: Array
    u: Array
    price: Array
    slack: Array

    def plus(self, other: _Direction) -> _Direction:
        """The sum of both."""
        return _Direction(self.x + other.x, self.u + other.u, self.price + other.price, self.slack + other.slack)

    def pairs_with(self, point: Point) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        """What must stay positive and its change: primal, dual."""
        return (point.slack, self.slack), (point.price, self.price)


class _Newton:
    """Newton's equations at one point, factorised once for predictor and corrector."""

    def __init__(self, program: Program, point: Point, elimination: Elimination, curvature: Array) -> None:
        self._program, self._point = program, point
        self._ratio = point.price / point.slack  # W
        self._curvature = curvature
        self.is_curved = bool(np.any(self._curvature))
        self._root = np.empty((*program.value.shape, program.value.shape[1]))  # R^-1: M^-1 = R^-1 R^-T
        try:
            self._solve = elimination.factorise(self._reduced(elimination.groups))
        except np.linalg.LinAlgError as exc:
            raise ArithmeticError("the system in the allocations is singular") from exc

    def _reduced(self, groups: list[Group]) -> Iterator[Array]:
        """Of every group, what eliminating its allocations leaves in the utilities."""
        root_of_ratio = np.append(np.sqrt(self._ratio), 0.0)
        for group in groups:
            curvature = None
            if self.is_curved:
                curvature = self._program.weights[group.types, np.newaxis, np.newaxis] * self._curvature[group.types]
            self._root[group.types], block = reduced(group, root_of_ratio[group.slots], curvature)
            yield block

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
        enough = REFINED * float(program.weights.sum())
        if self.is_curved:
            enough = max(enough, ENOUGH * float(self._point.price @ self._point.slack))
        for _ in range(refinements):
            curved = np.einsum("nab,nb->na", self._curvature, step.x)
            rest_x = residual_x + program.weights[:, np.newaxis] * curved - program.charged_to_allocation(step.price)
            rest_u = residual_u - program.charged_to_utility(step.price)
            if np.abs(rest_x).sum() + np.abs(rest_u).sum() <= enough:
                break
            more = self._eliminated(rest_x, rest_u, nothing, nothing)
            step = step.plus(more)
        return step

    def lengths(self, step: _Direction) -> tuple[float, float]:
        """How far a step may go: primal, dual."""
        primal, dual = (min(1.0, TO_BOUNDARY * _longest(*pair)) for pair in step.pairs_with(self._point))
        # A curved cost ties prices to allocations: unequal steps would undo its residual.
        return (min(primal, dual),) * 2 if self.is_curved else (primal, dual)

    def centred(self, step: _Direction, level: float, times: int) -> tuple[_Direction, float, float]:
        """The step with products far from their `level` brought back, as often as that lengthens it (Gondzio 1996)."""
        point, (primal, dual) = self._point, self.lengths(step)
        nothing_x, nothing_u, nothing = np.zeros_like(step.x), np.zeros_like(step.u), np.zeros_like(step.slack)
        for _ in range(times):
            if min(primal, dual) > LONG_STEP:
                break
            further = (min(1.0, length + LONGER) for length in (primal, dual))
            slack, price = (
                size + length * change for length, (size, change) in zip(further, step.pairs_with(point), strict=True)
            )
            change = np.clip(slack * price, level * STRAY, level / STRAY) - slack * price
            change = np.maximum(change, -level / STRAY)
            more = self._eliminated(nothing_x, nothing_u, change / point.slack, nothing)
            better = step.plus(more)
            lengths = self.lengths(better)
            if min(lengths) < min(primal, dual) + WORTH_IT * LONGER:
                break
            step, (primal, dual) = better, lengths
        return step, primal, dual

    def _eliminated(self, residual_x: Array, residual_u: Array, price: Array, missing: Array) -> _Direction:
        program, ratio = self._program, self._ratio
        priced = price + ratio * missing
        moved = self._inverse_times(program.charged_to_allocation(priced) - residual_x)
        through = program.charged_to_utility(ratio * (program.on_allocation @ moved.ravel()))
        u = self._solve(program.charged_to_utility(priced) - residual_u - through)
        by_utility = program.on_utility @ u
        x = moved - self._inverse_times(program.charged_to_allocation(ratio * by_utility))
        slack = program.on_allocation @ x.ravel() + by_utility - missing
        return _Direction(x, u, price - ratio * slack, slack)


def _longest(size: Array, change: Array) -> float:
    """Largest step that keeps sizes non-negative, at most 1 / TO_BOUNDARY."""
    return 1.0 / max(-float(np.min(change / size, initial=0.0)), TO_BOUNDARY)

"""What a contract costs where its type may be left out: the perspective of a cost, z c(y / z)."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

import numpy as np

from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass
from contracts.problem.costs.basic import Cost, Entropy, Linear, Power, Quadratic, scaled_cost
from contracts.problem.costs.per_type import of_each
from contracts.problem.costs.traits import asymptotic_slopes, is_straight
from contracts.problem.domains import Domain


@dataclass(frozen=True, eq=False)
class WhenServed:
    """z [c(y / z) + fixed] with z = 1 - w / total: the perspective of a cost, over allocations in `WithOutside`."""

    inner: Cost
    total: float
    fixed: float = 0.0  # money for serving somebody at all

    @property
    def is_straight(self) -> bool:
        return is_straight(self.inner)

    def check(self, n_goods: int, domain: Domain) -> None:
        """The perspective of a convex cost is convex: the cost itself was checked, where it may be infinite too."""

    def _parts(self, allocation: Array) -> tuple[Array, Array]:
        """Probability of being served, and what is then served; (n,), (n, n_goods - 1)."""
        share = np.asarray(1.0 - allocation[:, -1] / self.total)
        return share, allocation[:, :-1] / np.where(share > 0, share, 1.0)[:, np.newaxis]

    def value(self, allocation: Array) -> Array:
        share, each = self._parts(allocation)
        return np.where(share > 0, share * (self.inner.value(each) + self.fixed), 0.0)

    def conjugate(self, valuation: Array, domain: Domain) -> tuple[Array, Array]:
        served, best = self.inner.conjugate(valuation[:, :-1], domain.inner)  # type: ignore[attr-defined]
        served, left = served - self.fixed, valuation[:, -1] * self.total
        stays = left > served
        best = np.column_stack([np.where(stays[:, np.newaxis], 0.0, best), np.where(stays, self.total, 0.0)])
        return np.maximum(served, left), best

    def expression(self, allocation: Any) -> Any:
        """The cost as a variable; whoever uses it adds the constraints that `epigraph` returns with it."""
        raise NotImplementedError("a perspective is a variable with constraints: use epigraph")

    def epigraph(self, allocation: Any) -> tuple[Any, list[Any]]:
        """What every row of a cvxpy expression costs, (n,), and the constraints that define it."""
        share = 1.0 - allocation[:, -1] / self.total
        spent, constraints = perspective(self.inner, allocation[:, :-1], share)
        return spent + self.fixed * share, constraints

    def __getattr__(self, name: str) -> Any:
        """A gradient and a hessian only where the cost of what is served has them."""
        if name in ("gradient", "hessian") and hasattr(self.inner, name):
            return getattr(self, f"_{name}")
        raise AttributeError(name)

    def _gradient(self, allocation: Array) -> Array:
        _, each = self._parts(allocation)
        slope = self.inner.gradient(each)  # type: ignore[attr-defined]
        saved = np.where(each == 0, 0.0, slope) * each  # a slope may be infinite at nothing
        unspent = self.inner.value(each) + self.fixed - saved.sum(axis=1)
        return np.column_stack([slope, -unspent / self.total])

    def _hessian(self, allocation: Array) -> Array:
        """(1 / z) J' H J with J = [identity, x / total]: how y / z moves with y and w."""
        share, each = self._parts(allocation)
        curvature = self.inner.hessian(each)  # type: ignore[attr-defined]
        identity = np.broadcast_to(np.eye(each.shape[1]), (len(each), each.shape[1], each.shape[1]))
        moves = np.concatenate([identity, each[:, :, np.newaxis] / self.total], axis=2)
        return np.asarray(np.swapaxes(moves, 1, 2) @ curvature @ moves / share[:, np.newaxis, np.newaxis])

    def asymptotic_slopes(self, n_goods: int) -> tuple[Array, Array]:
        """Those of what is served; the chance of being served does not grow for ever."""
        down, up = asymptotic_slopes(self.inner, n_goods - 1)
        return np.append(down, np.inf), np.append(up, np.inf)

    def scaled(self, unit: float, money: float) -> WhenServed:
        return WhenServed(scaled_cost(self.inner, unit, money), self.total / unit, self.fixed / money)


def when_served(cost: Any, total: float, fixed: float) -> Any:
    """The cost with the outside option as one more good, type by type where costs differ by type."""
    return of_each(cost, lambda part: WhenServed(part, total, fixed))


def once_served(cost: Any) -> tuple[Any, float]:
    """The cost of what is served, and what serving costs besides."""
    return (cost.inner, cost.fixed) if isinstance(cost, WhenServed) else (cost, 0.0)


@singledispatch
def perspective(cost: Any, allocation: Any, share: Any) -> tuple[Any, list[Any]]:
    """share c(allocation / share), row by row, of cvxpy expressions (n, n_goods) and (n,), with its constraints."""
    import cvxpy as cp

    spent, constraints = [], []
    for row in range(allocation.shape[0]):
        each, part = cp.Variable((1, allocation.shape[1])), cp.Variable(nonneg=True)
        spent.append(cp.perspective(cp.sum(cost.expression(each)), part, f_recession=0.0 * cp.sum(each)))
        constraints += [each[0] == allocation[row], part == share[row]]
    return cp.hstack(spent), constraints


@perspective.register
def _of_linear(cost: Linear, allocation: Any, share: Any) -> tuple[Any, list[Any]]:
    return cost.expression(allocation), []


@perspective.register
def _of_entropy(cost: Entropy, allocation: Any, share: Any) -> tuple[Any, list[Any]]:
    import cvxpy as cp

    reference = cp.reshape(share, (allocation.shape[0], 1), order="C") @ cost.reference[np.newaxis]
    return cost.temperature * cp.sum(cp.rel_entr(allocation, reference), axis=1), []


@perspective.register
def _of_quadratic(cost: Quadratic, allocation: Any, share: Any) -> tuple[Any, list[Any]]:
    """By |root y|^2 <= 2 spent share."""
    import cvxpy as cp

    n_rows, n_goods = allocation.shape
    matrix = cost.curvature if cost.curvature.ndim == 2 else np.eye(n_goods) * cost.curvature
    spent = cp.Variable(n_rows)
    rotated = cp.vstack([np.sqrt(2.0) * (allocation @ np.linalg.cholesky(matrix)).T, spent - share])
    return spent, [cp.SOC(spent + share, rotated, axis=0)]


@perspective.register
def _of_power(cost: Power, allocation: Any, share: Any) -> tuple[Any, list[Any]]:
    import cvxpy as cp

    n_rows, n_goods = allocation.shape
    powers, shares = cp.Variable(allocation.shape), cp.reshape(share, (n_rows, 1), order="C") @ np.ones((1, n_goods))
    three = (powers, shares, allocation) if cost.exponent > 1 else (allocation, shares, powers)
    inverse = min(cost.exponent, 1 / cost.exponent)
    cone = cp.PowCone3D(*(cp.vec(part, order="C") for part in three), np.full(n_rows * n_goods, inverse))
    return powers @ np.array(np.broadcast_to(cost.scale, n_goods)), [cone]

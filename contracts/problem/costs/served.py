"""What a contract costs where its type may be left out: the perspective of a cost, z c(y / z)."""

from __future__ import annotations

from typing import Any

import numpy as np

from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass
from contracts.problem.costs.basic import Cost, Entropy, Linear, Power, Quadratic, scaled_cost
from contracts.problem.costs.per_type import ByType
from contracts.problem.domains import Domain


@dataclass(frozen=True, eq=False)
class WhenServed:
    """z [c(y / z) + fixed] with z = 1 - w / total: the perspective of a cost, over allocations in `WithOutside`."""

    inner: Cost
    total: float
    fixed: float = 0.0  # money for serving somebody at all

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

    def scaled(self, unit: float, money: float) -> WhenServed:
        return WhenServed(scaled_cost(self.inner, unit, money), self.total / unit, self.fixed / money)


def when_served(cost: Any, total: float, fixed: float) -> Any:
    """The cost with the outside option as one more good, type by type where costs differ by type."""
    if isinstance(cost, ByType):
        return type(cost)(tuple(WhenServed(part, total, fixed) for part in cost.costs), cost.index)
    return WhenServed(cost, total, fixed)


def perspective(cost: Any, allocation: Any, share: Any) -> tuple[Any, list[Any]]:
    """share c(allocation / share), row by row, of cvxpy expressions (n, n_goods) and (n,), with its constraints."""
    import cvxpy as cp

    if isinstance(cost, Linear):
        return cost.expression(allocation), []
    n_rows, n_goods = allocation.shape
    if isinstance(cost, Entropy):
        reference = cp.reshape(share, (n_rows, 1), order="C") @ cost.reference[np.newaxis]
        return cost.temperature * cp.sum(cp.rel_entr(allocation, reference), axis=1), []
    if isinstance(cost, Quadratic):  # |root y|^2 <= 2 spent share
        matrix = cost.curvature if cost.curvature.ndim == 2 else np.eye(n_goods) * cost.curvature
        spent = cp.Variable(n_rows)
        rotated = cp.vstack([np.sqrt(2.0) * (allocation @ np.linalg.cholesky(matrix)).T, spent - share])
        return spent, [cp.SOC(spent + share, rotated, axis=0)]
    if isinstance(cost, Power):
        powers, shares = (
            cp.Variable(allocation.shape),
            cp.reshape(share, (n_rows, 1), order="C") @ np.ones((1, n_goods)),
        )
        three = (powers, shares, allocation) if cost.exponent > 1 else (allocation, shares, powers)
        inverse = min(cost.exponent, 1 / cost.exponent)
        cone = cp.PowCone3D(*(cp.vec(part, order="C") for part in three), np.full(n_rows * n_goods, inverse))
        return powers @ np.array(np.broadcast_to(cost.scale, n_goods)), [cone]
    spent, constraints = [], []
    for row in range(n_rows):
        each, part = cp.Variable((1, n_goods)), cp.Variable(nonneg=True)
        spent.append(cp.perspective(cp.sum(cost.expression(each)), part, f_recession=0.0 * cp.sum(each)))
        constraints += [each[0] == allocation[row], part == share[row]]
    return cp.hstack(spent), constraints

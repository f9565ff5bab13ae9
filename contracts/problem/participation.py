"""Voluntary participation as one more good: the chance of being left with one's outside option.

A type may be left with its reservation utility r_i at no cost to the principal. Serving type i with probability z_i,
0 <= z_i <= 1, and writing y_i = z_i x_i for the expected allocation, the principal earns

    sum_i f_i [b_i . y_i - z_i c(y_i / z_i) - K z_i + t_i],    u_i = a_i . y_i + (1 - z_i) r_i - t_i,    y_i in z_i X,

with K the fixed cost of serving somebody. The perspective z c(y / z) is convex, and in the good w = total (1 - z) the
utility is (a_i, r_i / total) . (y_i, w_i) - t_i: affine. So this is the program of the library, with one more good,
whose outside option (0, total) everybody can have for nothing. Its conjugate is the larger of two:

    max over (y, w) of v.y + s w - cost = max(c*(v) - K, total s).

Lotteries over serving are part of it: a menu can serve a type with a chance. Where types lie on a line and share r, an
optimal menu needs none of them: whoever is not worth serving is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass
from contracts.problem.costs import ByType, Cost, Entropy, Linear, Power, Quadratic, scaled_cost
from contracts.problem.domains import Domain
from contracts.problem.uncertainty import ValuationSets

EPS = float(np.finfo(np.float64).eps)
OUTSIDE_GOOD = "outside option"  # what the last good is called
NO_DOUBT = 1e-7  # chance of being served, or not, that a solver may as well have meant to be none
NEVER = 1e-12  # chance of being served below which a type is left out


@dataclass(frozen=True, eq=False)
class WithOutside:
    """Allocations (y, w): somebody served with probability z = 1 - w / total gets y in z X; the last good is w."""

    inner: Any  # the domain X of what is served
    total: float  # amount of the last good that means: never served
    kept: Array | None = None  # (n_goods,) what those who are never served have instead, if that is a contract

    @property
    def bounded(self) -> bool:
        return bool(self.inner.bounded)

    def served(self, allocation: Array) -> Array:
        """Probability of being served, row by row; (n,)."""
        return np.asarray(1.0 - allocation[:, -1] / self.total)

    def in_shares(self, allocation: Array) -> Array:
        """Allocations whose w says the same as the probability of being served, a float, to the last digit."""
        digit = EPS / 2 * self.total
        return np.column_stack([allocation[:, :-1], np.round(allocation[:, -1] / digit) * digit])

    def check(self, n_goods: int) -> None:
        self.inner.check(n_goods - 1)

    def constraints(self, allocation: Any) -> list[Any]:
        share = 1.0 - allocation[:, -1:] / self.total
        return [share >= 0, share <= 1, *self.inner.constraints(allocation[:, :-1], share=share)]

    def support(self, direction: Array) -> Array:
        inner = self.inner.support(direction[:, :-1])
        worth = np.where(inner == 0, 0.0, direction[:, :-1] * inner).sum(axis=1)
        stays = direction[:, -1] * self.total > worth
        return np.column_stack([np.where(stays[:, np.newaxis], 0.0, inner), np.where(stays, self.total, 0.0)])

    def separable_maximiser(self, value: Array, inverse_marginal: Callable[[Array], Array]) -> None:
        """None: the cost is the perspective of another, and knows its conjugate itself."""
        return

    def violation(self, allocation: Array) -> Array:
        share = self.served(allocation)
        outside = np.maximum(np.maximum(-allocation[:, -1], allocation[:, -1] - self.total), 0.0)
        amounts = allocation[:, :-1]
        is_served = share > 0
        missed = np.abs(amounts).max(axis=1, initial=0.0)
        each = amounts[is_served] / share[is_served, np.newaxis]
        found = self.inner.violation(each)
        rounding = 4 * EPS * np.abs(each).max(axis=1, initial=0.0) * (share[is_served] < 1)  # of a quotient
        missed[is_served] = np.where(found <= rounding, 0.0, found) * share[is_served]
        return np.maximum(missed, outside)

    def clip(self, allocation: Array) -> Array:
        share = np.clip(self.served(allocation), 0.0, 1.0)
        is_served = share > NEVER
        part = np.where(is_served, share, 1.0)[:, np.newaxis]
        amounts = np.where(is_served[:, np.newaxis], self.inner.clip(allocation[:, :-1] / part) * part, 0.0)
        alone = np.where(is_served, np.clip(allocation[:, -1], 0.0, self.total), self.total)
        return np.column_stack([amounts, alone])

    def interior(self, n_goods: int) -> tuple[Array, float]:
        centre, radius = self.inner.interior(n_goods - 1)
        if not self.bounded:
            centre, radius = centre * self.total, radius * self.total
        inside = radius / (4 * (1 + float(np.linalg.norm(centre)) / self.total))
        return np.append(centre / 2, self.total / 2), min(inside, self.total / 4)

    def magnitude(self, n_goods: int) -> Array:
        return np.append(self.inner.magnitude(n_goods - 1), self.total)

    def scaled(self, unit: float) -> WithOutside:
        return WithOutside(self.inner.scaled(unit), self.total / unit, None if self.kept is None else self.kept / unit)


def in_goods(domain: Any, values: Array, amounts: Array) -> tuple[Array, Array]:
    """Valuations and allocations in goods whose worth nobody has rounded, by which contracts are compared exactly.

    What an outside contract is worth is rounded before it is the value of the last good. Here every product that it is
    the sum of is a good twice, once for its rounded value and once for what rounding has left out.
    """
    if not isinstance(domain, WithOutside) or domain.kept is None:
        return values, amounts
    share = amounts[:, -1:] / domain.total  # by a power of two
    worth = np.hstack(_exact_products(values[:, :-1], domain.kept))
    return np.hstack([values[:, :-1], worth]), np.hstack([amounts[:, :-1], np.repeat(share, worth.shape[1], axis=1)])


def _exact_products(one: Array, other: Array) -> tuple[Array, Array]:
    """Products as floats, and what is missing to the exact ones (Dekker 1971)."""
    product = one * other
    (high, low), (large, small) = _halves(one), _halves(other)
    return product, low * small - (((product - high * large) - low * large) - high * small)


def _halves(values: Array) -> tuple[Array, Array]:
    """The first and the last half of the digits (Veltkamp)."""
    spread = (2.0**27 + 1.0) * values
    high = spread - (spread - values)
    return high, values - high


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


def settled(domain: WithOutside, allocation: Array) -> Array:
    """Allocations of types that are served almost surely, or almost never, as if there were no doubt."""
    share = domain.served(allocation)
    surely, never = share > 1.0 - NO_DOUBT, share < NO_DOUBT
    each = allocation[:, :-1] / np.where(surely, share, 1.0)[:, np.newaxis]
    amounts = np.where(never[:, np.newaxis], 0.0, each)
    alone = np.where(never, domain.total, np.where(surely, 0.0, allocation[:, -1]))
    return domain.clip(np.column_stack([amounts, alone]))


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


@dataclass(frozen=True, eq=False)
class AmbiguityOfServed:
    """An ambiguity that measures types by what they value of what is served, not by their outside options."""

    inner: Any

    def check(self, weights: Array, valuations: Array) -> None:
        self.inner.check(weights, valuations[:, :-1])

    def worst_case(self, payoff: Array, weights: Array, valuations: Array) -> Any:
        return self.inner.worst_case(payoff, weights, valuations[:, :-1])

    def excess(self, other: Array, weights: Array, valuations: Array) -> float:
        return float(self.inner.excess(other, weights, valuations[:, :-1]))

    def restored(self, other: Array) -> Array:
        return np.asarray(self.inner.restored(other))

    def worth(self, payoff: Any, weights: Array, valuations: Array) -> tuple[Any, list[Any]]:
        worth, constraints = self.inner.worth(payoff, weights, valuations[:, :-1])
        return worth, constraints


@dataclass(frozen=True, eq=False)
class UncertaintyOfServed:
    """Valuations of what is served are uncertain; what the outside option is worth is not."""

    inner: Any

    def sets(self, shape: tuple[int, int]) -> ValuationSets:
        known = self.inner.sets((shape[0], shape[1] - 1))
        return ValuationSets(np.pad(known.factors, ((0, 0), (0, 1), (0, 1))), known.norm)

"""Powers counted from another point than nothing: what promised utility costs under constant relative risk aversion."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, check_one_each, entries_of, finite, number
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import ROWS, Count, Expression, Positive, Units
from contracts.problem.costs.basic import check_per_good, check_same_goods, check_vector, diagonal, per_good
from contracts.problem.costs.curved import finite_conjugate
from contracts.problem.domains import Domain


@checked(own=("exponent",), allocation=ROWS, valuation=ROWS, marginal=ROWS)
@dataclass(frozen=True, eq=False)
class ShiftedPower:
    """c(x) = sum_k scale_k ((1 + x_k / offset_k)^exponent - 1): nothing costs nothing, and amounts end at -offset.

    Convex for an exponent above 1 or below 0 with scale > 0, and for one between 0 and 1 with scale < 0, minus a
    concave benefit. A negative offset is an end above: with a negative exponent the cost grows without limit there, and
    with a positive one it falls to -scale.

    Parameters
    ----------
    exponent : not 0 or 1
    scale : money; one number for all goods or one per good
    offset : units of the good, not 0; one number for all goods or one per good

    Examples
    --------
    Utility -1 / w of wealth 2 is -0.5, and x more costs 2 / (1 - 2 x) - 2:

    >>> from contracts import Box
    >>> promised = ShiftedPower(-1.0, scale=2.0, offset=-0.5)
    >>> promised.value(np.array([[0.0], [0.25]]))
    array([0., 2.])
    >>> promised.conjugate(np.array([[16.0]]), Box(-np.inf, np.inf))[1]  # where 4 / (1 - 2 x)^2 is 16
    array([[0.25]])
    """

    exponent: float
    scale: Any = 1.0
    offset: Any = 1.0
    is_closed_form = is_a_sum_over_goods = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "exponent", number("ShiftedPower exponent", self.exponent))
        for name in ("scale", "offset"):
            object.__setattr__(self, name, finite(f"ShiftedPower {name}", getattr(self, name)))
            check_vector(f"ShiftedPower {name}", getattr(self, name))
        check_same_goods("ShiftedPower", scale=self.scale, offset=self.offset)
        if np.any(self.offset == 0):
            raise ProblemError("ShiftedPower offset is 0: give how far amounts reach beyond nothing, or use Power")
        falls = 0 < self.exponent < 1
        outside = self.exponent > 1 or self.exponent < 0
        if not (outside and np.all(self.scale > 0)) and not (falls and np.all(self.scale < 0)):
            raise ProblemError(
                f"ShiftedPower(exponent={self.exponent}, scale={self.scale.tolist()}) is not strictly convex: use "
                "exponent > 1 or < 0 with scale > 0, exponent in (0, 1) with scale < 0, or Linear for exponent 1"
            )

    @cached_property
    def n_goods(self) -> int | None:
        return entries_of(self.scale, self.offset)

    def check(self, n_goods: Count, domain: Domain) -> None:
        check_per_good("ShiftedPower scale", self.scale, n_goods)
        check_per_good("ShiftedPower offset", self.offset, n_goods)
        end = -per_good("ShiftedPower offset", self.offset, n_goods)
        way = np.sign(end)
        reached = way * np.diag(domain.support(np.diag(way)))
        is_pole = self.exponent < 0  # which solvers keep off by themselves, if the domain has no end there
        beyond = np.isfinite(reached) & (reached >= way * end) if is_pole else reached > way * end
        if np.any(beyond):
            what = "is infinite at" if is_pole else "ends at"
            remedy = "keep its ends short of that, or give it none" if is_pole else "give it ends within that"
            raise ProblemError(f"ShiftedPower {what} {end.tolist()}, which the domain reaches: {remedy}: Box(...)")

    def finite_range(self, n_goods: Count) -> tuple[Array, Array]:
        """Amounts between which the cost is finite; (n_goods,) both."""
        end, nowhere = -per_good("ShiftedPower offset", self.offset, n_goods), np.full(n_goods, np.inf)
        if self.exponent > 0:
            return -nowhere, nowhere
        return np.where(end < 0, end, -np.inf), np.where(end > 0, end, np.inf)

    def _logs(self, allocation: Array) -> tuple[Array, Array]:
        """x / offset, and the logarithm of 1 + x / offset."""
        share = allocation / self.offset
        with np.errstate(divide="ignore", invalid="ignore"):
            return share, np.where(share < -1, -np.inf, np.log1p(share))

    def value(self, allocation: Array) -> Array:
        share, logs = self._logs(allocation)
        with np.errstate(over="ignore", invalid="ignore"):
            each = np.where(share >= -1, self.scale * np.expm1(self.exponent * logs), np.inf)
        return np.asarray(each.sum(axis=1))

    def value_size(self, allocation: Array) -> Array:
        """Sizes of the terms of the value, which its rounding is relative to: near the end x / offset counts."""
        share, logs = self._logs(allocation)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            powers = np.exp(self.exponent * logs)
            off = np.where(
                powers == 0, 0.0, np.abs(self.exponent) * powers * (np.abs(logs) + np.abs(share / (1 + share)))
            )
            terms = np.abs(np.expm1(self.exponent * logs)) + off
        return np.asarray((np.abs(self.scale) * np.where(share >= -1, terms, np.inf)).sum(axis=1))

    def gradient(self, allocation: Array) -> Array:
        _, logs = self._logs(allocation)
        with np.errstate(over="ignore"):
            return np.asarray(self.scale * self.exponent / self.offset * np.exp((self.exponent - 1) * logs))

    def gradient_size(self, allocation: Array) -> Array:
        """Sizes of the terms of the gradient, which its rounding is relative to."""
        share, logs = self._logs(allocation)
        gradient = np.abs(self.gradient(allocation))
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            factor = 1.0 + abs(self.exponent - 1) * (np.abs(logs) + np.abs(share / (1.0 + share)))
            return np.asarray(np.where(gradient == 0, 0.0, gradient * factor))

    def hessian(self, allocation: Array) -> Array:
        _, logs = self._logs(allocation)
        slope = self.scale * self.exponent * (self.exponent - 1) / self.offset**2
        with np.errstate(over="ignore", invalid="ignore"):
            return diagonal(slope * np.exp((self.exponent - 2) * logs))

    def inverse_marginal(self, marginal: Array) -> Array:
        ratio = np.maximum(marginal * self.offset / (self.scale * self.exponent), 0.0)
        with np.errstate(divide="ignore", over="ignore"):
            return np.asarray(self.offset * np.expm1(np.log(ratio) / (self.exponent - 1)))

    def conjugate(self, valuation: Array, domain: Domain) -> tuple[Array, Array]:
        return finite_conjugate(self, valuation, domain)

    def expression(self, allocation: Expression) -> Any:
        import cvxpy as cp

        scale, slope = (np.array(np.broadcast_to(part, allocation.shape)) for part in (self.scale, 1.0 / self.offset))
        powers = cp.power(1.0 + cp.multiply(slope, allocation), self.exponent, approx=False)  # no exponent near it
        return cp.sum(cp.multiply(scale, powers - 1.0), axis=1)

    def asymptotic_slopes(self, n_goods: Count) -> tuple[Array, Array]:
        """What one unit less and one unit more cost in the long run; (n_goods,) both."""
        rises = per_good("ShiftedPower offset", self.offset, n_goods) > 0
        far = np.inf if self.exponent > 1 else 0.0
        return np.where(rises, np.inf, far), np.where(rises, far, np.inf)

    def scaled(self, unit: Units, money: Positive) -> ShiftedPower:
        check_one_each("unit", unit, self.scale * self.offset)
        return ShiftedPower(self.exponent, self.scale / money, self.offset / unit)

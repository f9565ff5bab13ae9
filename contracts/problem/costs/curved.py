"""Costs that curve without limit or come to rest: exponential and logarithmic, sums over goods."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, check_one_each, entries_of, finite
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import ROWS, Count, Expression, Positive, Units
from contracts.problem.costs.basic import (
    check_per_good,
    check_same_goods,
    check_vector,
    diagonal,
    per_good,
    separable_conjugate,
)
from contracts.problem.domains import Domain


def finite_conjugate(cost: Any, valuation: Array, domain: Domain) -> tuple[Array, Array]:
    """The conjugate of a sum over goods; infinite where more and more of a good is better and better."""
    with np.errstate(over="ignore", invalid="ignore"):
        value, best = separable_conjugate(cost, valuation, domain)
    return np.where(np.isfinite(best).all(axis=1), value, np.inf), best


@checked(allocation=ROWS, valuation=ROWS, marginal=ROWS)
@dataclass(frozen=True, eq=False)
class Exponential:
    """c(x) = sum_k scale_k (exp(rate_k x_k) - 1) / rate_k: nothing costs nothing, and the first unit costs `scale`.

    Convex for rate > 0 with scale > 0, and for rate < 0 with scale < 0. The second kind is minus a concave benefit
    that comes to rest, with constant absolute risk aversion -rate: (1 - exp(-r x)) / r for Exponential(-r, -1).

    Parameters
    ----------
    rate : per unit of the good; one number for all goods or one per good
    scale : money per unit of the good, the marginal cost of the first; one number or one per good

    Examples
    --------
    >>> from contracts import NonNegative
    >>> Exponential().value(np.log([[1.0], [2.0]]))
    array([0., 1.])
    >>> value, best = Exponential(rate=2.0, scale=3.0).conjugate(np.array([[6.0]]), NonNegative())
    >>> best.round(6)  # where marginal cost 3 exp(2 x) is 6
    array([[0.346574]])
    """

    rate: Any = 1.0
    scale: Any = 1.0
    is_closed_form = is_a_sum_over_goods = True

    def __post_init__(self) -> None:
        for name in ("rate", "scale"):
            object.__setattr__(self, name, finite(f"Exponential {name}", getattr(self, name)))
            check_vector(f"Exponential {name}", getattr(self, name))
        check_same_goods("Exponential", rate=self.rate, scale=self.scale)
        rises, rests = (
            bool(np.all((self.rate > 0) & (self.scale > 0))),
            bool(np.all((self.rate < 0) & (self.scale < 0))),
        )
        if not rises and not rests:
            raise ProblemError(
                f"Exponential(rate={self.rate.tolist()}, scale={self.scale.tolist()}) is not strictly convex: use rate "
                "> 0 with scale > 0, rate < 0 with scale < 0, or Linear(scale) for rate 0"
            )

    @cached_property
    def n_goods(self) -> int | None:
        return entries_of(self.rate, self.scale)

    def check(self, n_goods: Count, domain: Domain) -> None:
        check_per_good("Exponential rate", self.rate, n_goods)
        check_per_good("Exponential scale", self.scale, n_goods)

    def value(self, allocation: Array) -> Array:
        with np.errstate(over="ignore"):
            return np.asarray((self.scale / self.rate * np.expm1(self.rate * allocation)).sum(axis=1))

    def value_size(self, allocation: Array) -> Array:
        """Sizes of the terms of the value, which its rounding is relative to: that of an exponent multiplies."""
        exponent = self.rate * allocation
        with np.errstate(over="ignore"):
            terms = np.maximum(np.abs(np.expm1(exponent)), np.exp(exponent) * np.abs(exponent))
        return np.asarray((np.abs(self.scale / self.rate) * terms).sum(axis=1))

    def gradient(self, allocation: Array) -> Array:
        with np.errstate(over="ignore"):
            return np.asarray(self.scale * np.exp(self.rate * allocation))

    def gradient_size(self, allocation: Array) -> Array:
        """Sizes of the terms of the gradient, which its rounding is relative to."""
        return np.asarray(np.abs(self.gradient(allocation)) * (1.0 + np.abs(self.rate * allocation)))

    def hessian(self, allocation: Array) -> Array:
        return diagonal(self.rate * self.gradient(allocation))

    def inverse_marginal(self, marginal: Array) -> Array:
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(np.maximum(marginal / self.scale, 0.0)) / self.rate)

    def conjugate(self, valuation: Array, domain: Domain) -> tuple[Array, Array]:
        return finite_conjugate(self, valuation, domain)

    def expression(self, allocation: Expression) -> Any:
        import cvxpy as cp

        rate, worth = (
            np.array(np.broadcast_to(part, allocation.shape)) for part in (self.rate, self.scale / self.rate)
        )
        return cp.sum(cp.multiply(worth, cp.exp(cp.multiply(rate, allocation)) - 1.0), axis=1)

    def asymptotic_slopes(self, n_goods: Count) -> tuple[Array, Array]:
        """What one unit less and one unit more cost in the long run; (n_goods,) both."""
        rises = per_good("Exponential rate", self.rate, n_goods) > 0
        return np.where(rises, 0.0, np.inf), np.where(rises, np.inf, 0.0)

    def scaled(self, unit: Units, money: Positive) -> Exponential:
        check_one_each("unit", unit, self.rate * self.scale)
        return Exponential(self.rate * unit, self.scale * (unit / money))


@checked(allocation=ROWS, valuation=ROWS, marginal=ROWS)
@dataclass(frozen=True, eq=False)
class Logarithm:
    """c(x) = sum_k -scale_k log(1 - x_k / capacity_k), or minus the benefit sum_k scale_k log(1 + x_k / offset_k).

    With a `capacity` it is the cost of congestion: nothing costs nothing, and amounts near the capacity cost without
    limit, so no contract reaches it. With an `offset` it is minus the utility of a principal who values x + offset
    logarithmically, measured from nothing; it ends at x = -offset. (log(x) itself is infinitely bad at nothing, so
    that nobody could be left out.)

    Parameters
    ----------
    scale : money, positive; one number for all goods or one per good
    capacity, offset : units of the good, positive, one of the two; one number for all goods or one per good

    Examples
    --------
    >>> from contracts import NonNegative
    >>> crowded = Logarithm(capacity=2.0)
    >>> crowded.value(np.array([[0.0], [1.0]])).round(6)
    array([0.      , 0.693147])
    >>> value, best = crowded.conjugate(np.array([[1.0]]), NonNegative())
    >>> best  # where marginal cost 1 / (2 - x) is 1
    array([[1.]])
    """

    scale: Any = 1.0
    capacity: Any = None
    offset: Any = None
    is_closed_form = is_a_sum_over_goods = True

    def __post_init__(self) -> None:
        if (self.capacity is None) == (self.offset is None):
            raise ProblemError(
                "Logarithm needs either a capacity or an offset: capacity=2.0 for -scale log(1 - x / 2), offset=2.0 "
                "for minus scale log(1 + x / 2)"
            )
        for name in ("scale", "capacity", "offset"):
            if getattr(self, name) is None:
                continue
            object.__setattr__(self, name, finite(f"Logarithm {name}", getattr(self, name)))
            check_vector(f"Logarithm {name}", getattr(self, name))
            if not np.all(getattr(self, name) > 0):
                raise ProblemError(
                    f"Logarithm {name} is {getattr(self, name).tolist()}: it must be positive; use Linear for a good "
                    "without curvature"
                )
        check_same_goods("Logarithm", scale=self.scale, capacity=self.capacity, offset=self.offset)

    @property
    def _pole(self) -> Array:
        """Where the cost is infinite: at the capacity, or at minus the offset."""
        return np.asarray(self.capacity if self.offset is None else -self.offset)

    @cached_property
    def n_goods(self) -> int | None:
        return entries_of(self.scale, self._pole)

    def check(self, n_goods: Count, domain: Domain) -> None:
        for name in ("scale", "capacity", "offset"):
            if getattr(self, name) is not None:
                check_per_good(f"Logarithm {name}", getattr(self, name), n_goods)
        way = 1.0 if self.offset is None else -1.0
        ends = np.diag(domain.support(way * np.eye(n_goods)))
        if np.any(np.isfinite(ends) & (way * ends >= way * self._pole)):
            remedy = "its upper bound below the capacity, or give it none: Box(0, inf), NonNegative()"
            if self.capacity is None:
                remedy = "its lower bound above -offset, or give it none: Box(-inf, upper)"
            raise ProblemError(
                f"Logarithm is infinite at {self._pole.tolist()}, which the domain reaches: keep {remedy}"
            )

    def finite_range(self, n_goods: Count) -> tuple[Array, Array]:
        """Amounts between which the cost is finite; (n_goods,) both."""
        name = "capacity" if self.offset is None else "offset"
        pole, nowhere = per_good(f"Logarithm {name}", self._pole, n_goods), np.full(n_goods, np.inf)
        return (-nowhere, pole) if self.offset is None else (pole, nowhere)

    def value(self, allocation: Array) -> Array:
        share = allocation / self._pole
        with np.errstate(divide="ignore", invalid="ignore"):
            each = np.where(share < 1, -self.scale * np.log1p(-share), np.inf)
        return np.asarray(each.sum(axis=1))

    def value_size(self, allocation: Array) -> Array:
        """Sizes of the terms of the value, which its rounding is relative to: near the pole that of x / pole counts."""
        share = allocation / self._pole
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = np.abs(np.log1p(-share)) + np.abs(share) / (1.0 - share)
            return np.asarray((self.scale * np.where(share < 1, terms, np.inf)).sum(axis=1))

    def gradient(self, allocation: Array) -> Array:
        with np.errstate(divide="ignore"):
            return np.asarray(self.scale / (self._pole - allocation))

    def gradient_size(self, allocation: Array) -> Array:
        """Sizes of the terms of the gradient, which its rounding is relative to."""
        gradient = np.abs(self.gradient(allocation))
        return np.asarray(gradient * (1.0 + gradient / self.scale * (np.abs(self._pole) + np.abs(allocation))))

    def hessian(self, allocation: Array) -> Array:
        return diagonal(self.gradient(allocation) ** 2 / self.scale)

    def inverse_marginal(self, marginal: Array) -> Array:
        way = np.sign(self._pole)
        with np.errstate(divide="ignore", over="ignore"):
            return np.asarray(np.where(marginal * way > 0, self._pole - self.scale / marginal, -way * np.inf))

    def conjugate(self, valuation: Array, domain: Domain) -> tuple[Array, Array]:
        return finite_conjugate(self, valuation, domain)

    def expression(self, allocation: Expression) -> Any:
        import cvxpy as cp

        scale, slope = (np.array(np.broadcast_to(part, allocation.shape)) for part in (self.scale, -1.0 / self._pole))
        return -cp.sum(cp.multiply(scale, cp.log(1.0 + cp.multiply(slope, allocation))), axis=1)

    def asymptotic_slopes(self, n_goods: Count) -> tuple[Array, Array]:
        """What one unit less and one unit more cost in the long run; (n_goods,) both."""
        rests, ends = np.zeros(n_goods), np.full(n_goods, np.inf)
        return (rests, ends) if self.offset is None else (ends, rests)

    def scaled(self, unit: Units, money: Positive) -> Logarithm:
        check_one_each("unit", unit, self.scale * (self.offset if self.capacity is None else self.capacity))
        capacity, offset = (None if end is None else end / unit for end in (self.capacity, self.offset))
        return Logarithm(self.scale / money, capacity, offset)

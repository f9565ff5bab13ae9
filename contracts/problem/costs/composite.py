"""Costs made of costs: a sum over goods of costs of one good each, and the cost of a total."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, check_one_each, entries_of, finite
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import ROWS, Count, Expression, Positive, Units
from contracts.problem.costs import traits
from contracts.problem.costs.basic import (
    EPS,
    Cost,
    Entropy,
    conjugate_at,
    diagonal,
    numerical_conjugate,
    per_good,
    scaled_cost,
)
from contracts.problem.domains import Box, Domain, NonNegative, Simplex, ends_of

HALVINGS = 200  # of a bracket of prices, more than lie between any two floats of one sign and similar size
DOUBLINGS = 1100  # that take any price to any other


def by_good(domain: Domain, good: int, n_goods: int) -> Domain | None:
    """The amounts of one good, where the domain leaves every good its own; else None."""
    ends = ends_of(domain, n_goods)
    return None if ends is None else Box(float(ends[0][good]), float(ends[1][good]))


def check_kind(where: str, part: Any) -> None:
    """Refuse what is no differentiable cost of one good, on whatever domain."""
    if isinstance(part, type) or not isinstance(part, Cost):
        kind = part.__name__ if isinstance(part, type) else type(part).__name__
        raise ProblemError(f"{where} is {kind}: give a cost of one good, such as Quadratic(1.0) or Linear(0.2)")
    if isinstance(part, Entropy):
        raise ProblemError(f"{where} is Entropy, the cost of a whole lottery: give a cost of one good")
    if not (hasattr(part, "gradient") and hasattr(part, "hessian")):
        raise ProblemError(f"{where} is {type(part).__name__} without gradient or hessian: give it both")


def check_part(where: str, part: Any, domain: Domain) -> None:
    """Refuse a cost of one good that does not fit its amounts."""
    if hasattr(part, "check"):
        try:
            part.check(1, domain)
        except ProblemError as exc:
            raise ProblemError(f"{where}: {exc}") from exc


@checked(allocation=ROWS, valuation=ROWS, marginal=ROWS)
@dataclass(frozen=True, eq=False)
class Separable:
    """c(x) = sum_k c_k(x_k): one cost per good, in their order.

    Parameters
    ----------
    costs : list of costs of one good, such as [Quadratic(1.0), Power(3.0), Linear(0.2)]

    Examples
    --------
    >>> from contracts import Box, Linear, Quadratic
    >>> cost = Separable([Quadratic(1.0), Linear(0.2)])
    >>> cost.value(np.array([[1.0, 2.0]]))
    array([0.9])
    >>> cost.conjugate(np.array([[3.0, 1.0]]), Box(0.0, 2.0))[1]
    array([[2., 2.]])
    """

    costs: Any
    is_a_sum_over_goods = True

    def __post_init__(self) -> None:
        if isinstance(self.costs, Cost) or not isinstance(self.costs, list | tuple) or not len(self.costs):
            raise ProblemError(
                "Separable needs a list of costs, one per good: Separable([Quadratic(1.0), Linear(0.2)])"
            )
        object.__setattr__(self, "costs", tuple(self.costs))
        for good, part in enumerate(self.costs):
            check_kind(f"Separable cost of good {good}", part)

    @property
    def n_goods(self) -> int:
        return len(self.costs)

    is_closed_form = property(lambda self: all(map(traits.is_closed_form, self.costs)))
    curves_everywhere = property(lambda self: all(map(traits.curves_everywhere, self.costs)))

    def check(self, n_goods: Count, domain: Domain) -> None:
        self._check_count(n_goods)
        lower, upper = np.diag(domain.support(-np.eye(n_goods))), np.diag(domain.support(np.eye(n_goods)))
        for good, part in enumerate(self.costs):
            check_part(f"Separable cost of good {good}", part, Box(lower[good], upper[good]))

    def _check_count(self, n_goods: int) -> None:
        if self.n_goods != n_goods:
            raise ProblemError(f"Separable has {self.n_goods} costs for {n_goods} goods: give one per good")

    def value(self, allocation: Array) -> Array:
        return np.asarray(sum(part.value(allocation[:, [good]]) for good, part in enumerate(self.costs)))

    def value_size(self, allocation: Array) -> Array:
        """Sizes of the terms of the value, which its rounding is relative to."""
        sizes = [_size(part, "value", allocation[:, [good]]) for good, part in enumerate(self.costs)]
        return np.asarray(sum(sizes))

    def gradient(self, allocation: Array) -> Array:
        return self._by_good("gradient", allocation)

    def gradient_size(self, allocation: Array) -> Array:
        """Sizes of the terms of the gradient, which its rounding is relative to."""
        return np.hstack([_size(part, "gradient", allocation[:, [good]]) for good, part in enumerate(self.costs)])

    def hessian(self, allocation: Array) -> Array:
        return diagonal(
            np.hstack([part.hessian(allocation[:, [good]])[:, :, 0] for good, part in enumerate(self.costs)])
        )

    def _by_good(self, method: str, values: Array) -> Array:
        return np.hstack([getattr(part, method)(values[:, [good]]) for good, part in enumerate(self.costs)])

    def conjugate(self, valuation: Array, domain: Domain) -> tuple[Array, Array]:
        amounts = [by_good(domain, good, len(self.costs)) for good in range(len(self.costs))]
        if None not in amounts:
            found = [
                part.conjugate(valuation[:, [good]], within)
                for good, (part, within) in enumerate(zip(self.costs, amounts, strict=True))
            ]
            return np.asarray(sum(value for value, _ in found)), np.hstack([best for _, best in found])
        straight = np.array([traits.is_straight(part) for part in self.costs])
        known = all(hasattr(part, "inverse_marginal") or traits.is_straight(part) for part in self.costs)
        if not known or not isinstance(domain, Simplex):
            return numerical_conjugate(self, valuation, domain)
        best = self._filled(valuation, domain, straight)
        return conjugate_at(self, valuation, best), best

    def _filled(self, valuation: Array, domain: Simplex, straight: Any) -> Array:
        """Shares that curve are filled up to the level of the best straight good, which takes the rest."""
        best = np.zeros_like(valuation)
        goods = np.flatnonzero(~straight)
        curved = Separable([self.costs[good] for good in goods]) if goods.size else None
        if curved is not None:
            fill = domain.separable_maximiser(
                valuation[:, goods], lambda marginal: curved._by_good("inverse_marginal", marginal)
            )
            best[:, goods] = fill
        if not straight.any():
            return best
        prices = [float(part.gradient(np.zeros((1, 1)))[0, 0]) for part in self.costs if traits.is_straight(part)]
        margins = valuation[:, straight] - prices
        level = margins.max(axis=1)
        if domain.free_disposal:
            level = np.maximum(level, 0.0)
        below = np.zeros_like(valuation)
        if curved is not None:
            marginal = valuation[:, goods] - level[:, np.newaxis]
            below[:, goods] = np.maximum(curved._by_good("inverse_marginal", marginal), 0.0)
        rest = 1.0 - below.sum(axis=1)
        taken = np.flatnonzero(rest >= 0)
        worth = margins.max(axis=1)[taken] > 0 if domain.free_disposal else np.ones(len(taken), dtype=bool)
        below[taken, np.flatnonzero(straight)[margins[taken].argmax(axis=1)]] = np.where(worth, rest[taken], 0.0)
        best[taken] = below[taken]
        return domain.clip(best)

    def expression(self, allocation: Expression) -> Any:
        return sum(part.expression(allocation[:, good : good + 1]) for good, part in enumerate(self.costs))

    def finite_range(self, n_goods: Count) -> tuple[Array, Array]:
        """Amounts between which the cost is finite; (n_goods,) both."""
        self._check_count(n_goods)
        return _of_all(traits.finite_range, self.costs)

    def asymptotic_slopes(self, n_goods: Count) -> tuple[Array, Array]:
        """What one unit less and one unit more of each good cost in the long run; (n_goods,) both."""
        self._check_count(n_goods)
        return _of_all(traits.asymptotic_slopes, self.costs)

    def scaled(self, unit: Units, money: Positive) -> Separable:
        check_one_each("unit", unit, np.empty(len(self.costs)))
        units = np.broadcast_to(unit, len(self.costs)).tolist()
        return Separable(list(map(scaled_cost, self.costs, units, [money] * len(units))))


@checked(allocation=ROWS, valuation=ROWS, marginal=ROWS)
@dataclass(frozen=True, eq=False)
class Total:
    """c(x) = C(direction . x): the cost of a total of the goods, such as of all hours or of all bytes.

    Parameters
    ----------
    cost : the cost C of one good, the total
    direction : (n_goods,) array, units of the total per unit of each good, none negative; one number for all goods

    Examples
    --------
    >>> from contracts import NonNegative, Quadratic
    >>> cost = Total(Quadratic(1.0), [1.0, 2.0])
    >>> cost.value(np.array([[1.0, 1.0]]))
    array([4.5])
    >>> value, best = cost.conjugate(np.array([[1.0, 4.0]]), NonNegative())
    >>> value.round(12), best.round(12)  # the second good is worth most per unit of the total
    (array([2.]), array([[0., 1.]]))
    """

    cost: Any
    direction: Any = 1.0
    curves_everywhere = False
    is_closed_form = property(lambda self: traits.is_closed_form(self.cost))

    def __post_init__(self) -> None:
        direction = finite("Total direction", self.direction)
        if direction.ndim > 1 or direction.size == 0:
            raise ProblemError(f"Total direction has shape {direction.shape}; expected a number or one number per good")
        if np.any(direction < 0) or not direction.any():
            raise ProblemError(
                f"Total direction is {direction.tolist()}: give amounts that are not negative, some positive; measure "
                "a good that lowers the total the other way round"
            )
        object.__setattr__(self, "direction", direction)
        check_kind("the cost of a Total", self.cost)

    @property
    def n_goods(self) -> int | None:
        return entries_of(self.direction)

    def check(self, n_goods: Count, domain: Domain) -> None:
        along = self.along(n_goods)
        lowest, highest = (np.diag(domain.support(way * np.eye(n_goods))) for way in (-1.0, 1.0))
        free = np.isinf(lowest) & np.isinf(highest) & (along > 0)
        if free.any():  # what it is worth would have to be the price of the total, to the last digit
            raise ProblemError(
                f"Total counts good {int(np.argmax(free))}, whose amount has no end either way: give it one in the "
                "domain, such as Box(0, inf), or a cost of its own by Separable"
            )
        check_part("the cost of a Total", self.cost, self._totals(n_goods, domain))

    def along(self, n_goods: Count) -> Array:
        """The direction, with one entry per good."""
        return per_good("Total direction", self.direction, n_goods)

    def _totals(self, n_goods: int, domain: Domain) -> Box:
        along = self.along(n_goods)
        ends = domain.support(np.vstack([-along, along]))
        return Box(*(float(total) for total in _worth(np.vstack([along, along]), ends)))

    def total(self, allocation: Array) -> Array:
        """direction . x of every row; (n, 1)."""
        return np.asarray(allocation @ self.along(allocation.shape[1]))[:, np.newaxis]

    def value(self, allocation: Array) -> Array:
        return np.asarray(self.cost.value(self.total(allocation)))

    def value_size(self, allocation: Array) -> Array:
        """Sizes of the terms of the value, which its rounding is relative to."""
        return np.asarray(_size(self.cost, "value", self.total(allocation)))

    def gradient(self, allocation: Array) -> Array:
        return np.asarray(self.cost.gradient(self.total(allocation)) * self.along(allocation.shape[1]))

    def gradient_size(self, allocation: Array) -> Array:
        """Sizes of the terms of the gradient, which its rounding is relative to."""
        return np.asarray(_size(self.cost, "gradient", self.total(allocation)) * self.along(allocation.shape[1]))

    def hessian(self, allocation: Array) -> Array:
        along = self.along(allocation.shape[1])
        return np.asarray(self.cost.hessian(self.total(allocation)) * np.outer(along, along))

    def conjugate(self, valuation: Array, domain: Domain) -> tuple[Array, Array]:
        """By a price of the total: max v.x - C(d.x) = min over p of [max (v - p d).x] + C*(p).

        Any p bounds the conjugate, which is what is returned where the domain is unbounded; the best one is where the
        total that is offered at p, and the one that is demanded, cross. It is found by bisection.
        """
        if not isinstance(domain, NonNegative | Box | Simplex):
            return numerical_conjugate(self, valuation, domain)
        along, totals = self.along(valuation.shape[1]), self._totals(valuation.shape[1], domain)
        with np.errstate(over="ignore", invalid="ignore"):
            price = self._crossing(valuation, domain, along, totals)
            best = self._at_price(valuation, domain, along, totals, price)
        if domain.bounded:
            return conjugate_at(self, valuation, best), best
        # What is priced at its worth to the last bit may be worth a rounding error more, or less: both sides are tried.
        apart = 4 * EPS * np.abs(price) + np.finfo(np.float64).tiny
        sides = [self._dual(valuation, domain, along, totals, price + way * apart) for way in (1.0, -1.0)]
        return np.minimum(*sides), best

    def _dual(self, valuation: Array, domain: Domain, along: Array, totals: Box, price: Array) -> Array:
        """What a price proves of the conjugate, its own rounding included; infinite if nothing; (n,)."""
        worth = price[:, np.newaxis] * along
        with np.errstate(invalid="ignore", over="ignore"):
            ends = domain.support(valuation - worth)
            size = np.where(ends == 0, 0.0, (np.abs(valuation) + np.abs(worth)) * np.abs(ends)).sum(axis=1)
            supply, amount = self.cost.conjugate(price[:, np.newaxis], totals)
            value = _worth(valuation - worth, ends) + supply + 4 * (len(along) + 4) * EPS * size
        return np.where(np.isnan(value) | ~np.isfinite(amount).all(axis=1), np.inf, value)

    def _excess(self, valuation: Array, domain: Domain, along: Array, totals: Box, price: Array) -> Array:
        """What is supplied at a price less what is demanded, rising in the price; (n,)."""
        _, supplied = self.cost.conjugate(price[:, np.newaxis], totals)
        wanted = domain.support(valuation - price[:, np.newaxis] * along)
        excess = supplied[:, 0] - _worth(np.broadcast_to(along, wanted.shape), wanted)
        return np.where(np.isnan(excess), 1.0, excess)  # both without limit: then a lower price is as bad

    def _crossing(self, valuation: Array, domain: Domain, along: Array, totals: Box) -> Array:
        """The smallest price, to one unit in the last place, at which as much is supplied as is demanded; (n,)."""
        step = np.maximum(np.abs(valuation).max(axis=1), 1e-300) / along[along > 0].min()
        low, high = -step, step.copy()
        for end, way in ((low, -1.0), (high, 1.0)):
            width = step.copy()
            for _ in range(DOUBLINGS):
                short = way * self._excess(valuation, domain, along, totals, end) < 0
                if not short.any() or not np.isfinite(width).all():
                    break
                width = np.where(short, 2.0 * width, width)
                end[short] = way * width[short]
        for _ in range(HALVINGS):
            middle = low + (high - low) / 2
            if np.all((middle <= low) | (middle >= high)):
                break
            above = self._excess(valuation, domain, along, totals, middle) >= 0
            low, high = np.where(above, low, middle), np.where(above, middle, high)
        return np.asarray(high)

    def _at_price(self, valuation: Array, domain: Domain, along: Array, totals: Box, price: Array) -> Array:
        """An allocation of the total supplied: between what is demanded at the price and at one a little lower."""
        lower = price - 64 * EPS * np.maximum(np.abs(price), np.abs(valuation).max(axis=1))
        _, supplied = self.cost.conjugate(price[:, np.newaxis], totals)
        few, many = (domain.support(valuation - at[:, np.newaxis] * along) for at in (price, lower))
        falls = np.isinf(few).any(axis=1, keepdims=True)  # goods without a lowest amount: count down from the other end
        start, end = np.where(falls, many, few), np.where(falls, few, many)
        spread = np.broadcast_to(along, few.shape)
        endless = np.isinf(end) & (spread > 0)
        step = end - start
        rows = np.flatnonzero(endless.any(axis=1))
        one = endless[rows].argmax(axis=1)  # of the goods that are worth the price, one takes all
        step[rows] = 0.0
        step[rows, one] = np.sign(end[rows, one])
        step = np.where(np.isfinite(step), step, 0.0)
        room = _worth(spread, step)
        share = (supplied[:, 0] - _worth(spread, start)) / np.where(room == 0, 1.0, room)
        share = np.where(room == 0, 0.0, np.clip(share, 0.0, np.where(endless.any(axis=1), np.inf, 1.0)))
        found = start + share[:, np.newaxis] * step
        return np.where(np.isnan(found), np.inf, found)  # more and more of a good both ways: nothing is best

    def expression(self, allocation: Expression) -> Any:
        import cvxpy as cp

        total = allocation @ self.along(allocation.shape[1])
        return self.cost.expression(cp.reshape(total, (allocation.shape[0], 1), order="C"))

    def finite_range(self, n_goods: Count) -> tuple[Array, Array]:
        """Amounts between which the cost is finite, whatever the others are: each good has its part of the total."""
        along = self.along(n_goods)
        with np.errstate(divide="ignore"):
            share = 1.0 / (n_goods * along)
        low, high = traits.finite_range(self.cost, 1)
        return (
            np.full(n_goods, low) if np.isinf(low) else low * share,
            np.full(n_goods, high) if np.isinf(high) else high * share,
        )

    def finite_faces(self, n_goods: Count) -> tuple[Array, Array]:
        """Half-spaces normals . x < limits in which the cost is finite: those of the total."""
        normals, limits = traits.finite_faces(self.cost, 1)
        return normals * self.along(n_goods), limits

    def asymptotic_slopes(self, n_goods: Count) -> tuple[Array, Array]:
        """What one unit less and one unit more of each good cost in the long run; (n_goods,) both."""
        along = self.along(n_goods)
        down, up = (
            np.where(along > 0, slope * np.where(along > 0, along, 1.0), 0.0)
            for slope in traits.asymptotic_slopes(self.cost, 1)
        )
        return down, up

    def scaled(self, unit: Units, money: Positive) -> Total:
        check_one_each("unit", unit, self.direction)
        of_total, each = (unit, 1.0) if np.ndim(unit) == 0 else (1.0, unit)
        return Total(scaled_cost(self.cost, of_total, money), self.direction * each)


def _worth(values: Array, amounts: Array) -> Array:
    """values . amounts, row by row, where nothing times without limit is nothing."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(values == 0, 0.0, values * amounts).sum(axis=1))


def _size(part: Any, what: str, amounts: Array) -> Array:
    """Sizes of the terms of a cost's value or gradient; its own size where it does not say."""
    sized = getattr(part, f"{what}_size", None)
    return np.asarray(np.abs(getattr(part, what)(amounts)) if sized is None else sized(amounts))


def _of_all(pair: Callable[[Any, int], tuple[Array, Array]], parts: Any) -> tuple[Array, Array]:
    """Two numbers of every cost of one good; (n_goods,) both."""
    lower, upper = np.hstack([pair(part, 1) for part in parts])
    return lower, upper

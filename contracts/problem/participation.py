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

import inspect
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, Mask
from contracts.inputs.frozen import dataclass
from contracts.inputs.names import NumberedLabels
from contracts.problem.costs import power_of_two, when_served
from contracts.problem.domains import is_lottery
from contracts.problem.objectives import WeightedSum
from contracts.problem.rows import LinearConstraint, limits_of_transfers
from contracts.problem.uncertainty import ValuationSets

EPS = float(np.finfo(np.float64).eps)
OUTSIDE_GOOD = "outside option"  # what the last good is called
NO_DOUBT = 1e-7  # chance of being served, or not, that a solver may as well have meant to be none
NEVER = 1e-12  # chance of being served below which a type is left out


@dataclass(frozen=True, eq=False)
class Outside:
    """What types have without a contract: worth valuations @ allocation + utility to them, for nothing."""

    allocation: Array  # (n_goods,) none where only its worth is known
    utility: Array  # (n_types,) what it is worth besides
    is_contract: bool  # whether it is on every menu: an allocation of the domain, which nobody can be kept from

    def is_at(self, allocations: Array) -> Mask:
        """Which rows are the allocation of the outside contract, (n,); none, if there is no such contract."""
        return np.asarray((allocations == self.allocation).all(axis=1) & self.is_contract)

    def is_kept(self, allocations: Array, transfers: Array) -> Mask:
        """Which contracts are the outside contract: its allocation, for nothing; (n,)."""
        return self.is_at(allocations) & (transfers == 0)

    def beside(self, allocations: Array, transfers: Array) -> tuple[Array, Array]:
        """A list of contracts, and last the outside contract, if there is one."""
        if not self.is_contract:
            return allocations, transfers
        return np.vstack([allocations, self.allocation]), np.append(transfers, 0.0)


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


def tastes(domain: Any, values: Array) -> Array:
    """Values of the goods without what they are worth alike, row by row, where amounts are shares that sum to one.

    A constant on all outcomes is no taste: it shifts a type's utility, whatever it is given, and no comparison.

    Examples
    --------
    >>> from contracts.problem.domains import Simplex
    >>> tastes(Simplex(), np.array([[1.0, 2.0], [8.0, 9.0]]))
    array([[-0.5,  0.5],
           [-0.5,  0.5]])
    """
    inner = domain.inner if isinstance(domain, WithOutside) else domain
    if not is_lottery(inner):
        return values
    alike = np.ones(values.shape[1])
    if isinstance(domain, WithOutside):
        alike[-1] = 1.0 / domain.total
    return values - np.outer(values @ alike / float(alike @ alike), alike)


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


def settled(domain: WithOutside, allocation: Array) -> Array:
    """Allocations of types that are served almost surely, or almost never, as if there were no doubt."""
    share = domain.served(allocation)
    surely, never = share > 1.0 - NO_DOUBT, share < NO_DOUBT
    each = allocation[:, :-1] / np.where(surely, share, 1.0)[:, np.newaxis]
    amounts = np.where(never[:, np.newaxis], 0.0, each)
    alone = np.where(never, domain.total, np.where(surely, 0.0, allocation[:, -1]))
    return domain.clip(np.column_stack([amounts, alone]))


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


# ---- the problem with the outside option as one more good ----


def with_outside_good(problem: Any) -> dict[str, Any]:
    """The fields of a ScreeningProblem that change when its outside option joins as one more good."""
    if "share" not in inspect.signature(problem.domain.constraints).parameters:
        raise ProblemError(
            f"domain {type(problem.domain).__name__} does not say what a chance of it is, which leaving types out "
            "needs: give its method constraints a parameter share (x in share X), or participation='compulsory'"
        )
    total, outside = _amount_unit(problem), problem.outside
    kept = outside.allocation / total  # per unit of the new good
    worth = problem.reservation_utility if problem.outside_option is None else problem.valuations @ outside.allocation
    earned: Any = 0.0
    if problem.outside_option is not None:
        costs = problem.costs_of(outside.allocation[np.newaxis])[:, 0]
        earned = problem.principal_values @ outside.allocation - costs
    return {
        "valuations": np.column_stack([problem.valuations, worth / total]),
        "principal_values": np.column_stack(
            [problem.principal_values, np.broadcast_to(earned / total, problem.n_types)]
        ),
        "cost": when_served(problem.cost, total, problem.serving_cost),
        "domain": WithOutside(problem.domain, total, problem.outside_option),
        "reservation_utility": 0.0,
        "outside_option": np.append(np.zeros(problem.n_goods), total),
        "transfers": problem.transfers if problem.may_pay_nothing else "free",
        "objective": _with_outside_values(problem, kept),
        "constraints": [*_with_outside_column(problem, kept, total), *_limits_when_served(problem, total)],
        "ambiguity": None if problem.ambiguity is None else AmbiguityOfServed(problem.ambiguity),
        "uncertainty": None if problem.uncertainty is None else UncertaintyOfServed(problem.uncertainty),
        "labels": problem.labels if not isinstance(problem.labels, NumberedLabels) else None,
        "goods": [*problem.goods, OUTSIDE_GOOD],
        "serving_cost": 0.0,
        "readings": (),
    }


def _amount_unit(problem: Any) -> float:
    """About as large as allocations are, a power of two; 1 where they are shares."""
    _, best = problem.cost.conjugate(problem.valuations + problem.principal_values, problem.domain)
    return power_of_two(float(np.max(np.abs(best), where=np.isfinite(best), initial=0.0)))


def _with_outside_values(problem: Any, kept: Array) -> Any:
    if not isinstance(problem.objective, WeightedSum):
        return problem.objective  # it counts no allocations
    values = problem.terms.allocation_values
    return replace(problem.terms, allocation_values=np.column_stack([values, values @ kept]))


def _with_outside_column(problem: Any, kept: Array, total: float) -> Iterator[LinearConstraint]:
    """Rows with a coefficient of the outside good: of what is kept, and of the chance w / total of not being served."""
    for row in problem.constraints:
        on, serving = row.allocation, row.serving
        if on is None and serving is None:
            yield row
            continue
        on = np.zeros((problem.n_types, problem.n_goods)) if on is None else on
        outside, everybody = on @ kept, 0.0
        if serving is not None:
            outside, everybody = outside - serving / total, float(serving.sum())
        ends = {end: None if (limit := getattr(row, end)) is None else limit - everybody for end in ("lower", "upper")}
        yield replace(row, allocation=np.column_stack([on, outside]), serving=None, **ends)


def _limits_when_served(problem: Any, total: float) -> Iterator[LinearConstraint]:
    """Limits that exclude 0 are of those who are served, lowest z <= t <= highest z of every type, as rows."""
    free = (-np.inf, np.inf)
    for row in [] if problem.may_pay_nothing else limits_of_transfers(problem.limits_by_type, free, problem.labels):
        alone = np.zeros((problem.n_types, problem.n_goods + 1))
        alone[:, -1] = row.transfer * (row.lower if row.upper is None else row.upper) / total
        yield replace(row, allocation=alone)

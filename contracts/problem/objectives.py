"""What the principal maximises: a sum of concave terms in the allocations and utilities of a menu.

Every objective is `terms(shape)`, one `WeightedSum`, and that is all that bounds and engines look at.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, ClassVar, Protocol

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite, number
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import FINITE, FINITE_BY_TYPE, GOODS_OF_TYPES, TYPES, Expression, Positive

TOO_AVERSE = "lower the aversion of the welfare function, or measure money in larger units: it is nearly flat or steep"


class WelfareFunction(Protocol):
    """A concave function W of one utility, strictly increasing."""

    def value(self, utility: Array) -> Array:
        """W(u), elementwise; minus infinity outside its domain."""

    def marginal(self, utility: Array) -> Array:
        """W'(u), elementwise, positive."""

    def conjugate(self, price: Array) -> Array:
        """sup over u of W(u) - price u, elementwise; infinite for price < 0, and for price 0 unless W is bounded."""

    def expression(self, utility: Expression) -> Any:
        """W of a cvxpy expression, elementwise and concave."""


@checked(price=FINITE)
@dataclass(frozen=True)
class Isoelastic:
    """W(u) = u^(1 - aversion) / (1 - aversion), log u for aversion 1 (Atkinson 1970).

    Utilities must be positive, or at least 0 where the aversion is below 1.
    """

    aversion: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "aversion", number("Isoelastic aversion", self.aversion))
        if not self.aversion > 0:
            raise ProblemError(f"Isoelastic aversion is {self.aversion}: it must be positive; leave function out for 0")

    def value(self, utility: Array) -> Array:
        positive = np.maximum(utility, np.finfo(np.float64).tiny)
        rho = 1 - self.aversion
        with np.errstate(over="ignore"):  # utilities next to nothing are worth minus infinity, as nothing is
            powers = np.log(positive) if rho == 0 else np.power(positive, rho) / rho
        return np.where(utility > 0, powers, np.where((utility == 0) & (rho > 0), 0.0, -np.inf))

    def marginal(self, utility: Array) -> Array:
        with np.errstate(over="ignore"):
            return np.asarray(np.power(np.maximum(utility, np.finfo(np.float64).tiny), -self.aversion))

    def conjugate(self, price: Array) -> Array:
        positive = np.maximum(price, np.finfo(np.float64).tiny)
        rho = 1 - self.aversion  # at u = price^(-1/aversion): W(u) - price u
        with np.errstate(over="ignore"):
            best = -np.log(positive) - 1 if rho == 0 else np.power(positive, -rho / self.aversion) * self.aversion / rho
        return np.where(price > 0, best, np.inf if self.aversion <= 1 else np.where(price == 0, 0.0, np.inf))

    def expression(self, utility: Expression) -> Any:
        import cvxpy as cp

        if self.aversion == 1:
            return cp.log(utility)
        return cp.power(utility, 1 - self.aversion) / (1 - self.aversion)

    def measured(self, money: Positive) -> tuple[Isoelastic, float, float]:
        """V, unit and constant such that W(money u) = unit V(u) + constant."""
        if self.aversion == 1:
            return self, 1.0, math.log(money)
        with np.errstate(over="ignore"):
            return self, float(np.power(money, 1 - self.aversion)), 0.0

    def level(self, rate: Positive) -> float:
        """The utility at which another unit of it counts `rate`."""
        with np.errstate(over="ignore"):
            return float(np.power(rate, -1 / self.aversion))


@checked(price=FINITE)
@dataclass(frozen=True)
class Exponential:
    """W(u) = (1 - exp(-aversion u)) / aversion, constant absolute aversion to inequality (Kolm 1976).

    Examples
    --------
    The poorer an agent, the more another unit of utility counts:

    >>> even = Exponential(aversion=2.0)
    >>> even.value(np.array([0.0, 1.0, 2.0])).round(3)
    array([0.   , 0.432, 0.491])
    >>> even.marginal(np.array([0.0, 1.0, 2.0])).round(3)
    array([1.   , 0.135, 0.018])
    """

    aversion: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "aversion", number("Exponential aversion", self.aversion))
        if not self.aversion > 0:
            raise ProblemError(
                f"Exponential aversion is {self.aversion}: it must be positive; leave function out for 0"
            )

    def value(self, utility: Array) -> Array:
        with np.errstate(over="ignore"):  # worse than any float: minus infinity
            return np.asarray(-np.expm1(-self.aversion * utility) / self.aversion)

    def marginal(self, utility: Array) -> Array:
        with np.errstate(over="ignore"):
            return np.asarray(np.exp(-self.aversion * utility))

    def conjugate(self, price: Array) -> Array:
        positive = np.maximum(price, np.finfo(np.float64).tiny)
        best = -np.log(positive) / self.aversion
        free = np.where(price == 0, 1 / self.aversion, np.inf)  # W rises towards 1 / aversion, and is bounded by it
        return np.where(price > 0, self.value(best) - positive * best, free)

    def expression(self, utility: Expression) -> Any:
        import cvxpy as cp

        return (1 - cp.exp(-self.aversion * utility)) / self.aversion

    def measured(self, money: Positive) -> tuple[Exponential, float, float]:
        """V, unit and constant such that W(money u) = unit V(u) + constant."""
        return Exponential(self.aversion * money), money, 0.0

    def level(self, rate: Positive) -> float:
        """About the utility at which another unit of it counts for less, whatever the rate."""
        return 1 / self.aversion


@checked
@dataclass(frozen=True)
class WorstOff:
    """The utility of the type that has least of it (Rawls 1971)."""


def _check_function(where: str, function: Any) -> None:
    """Refuse what is neither left out, nor the worst off, nor has the methods of a WelfareFunction."""
    methods = ("value", "marginal", "conjugate", "expression")
    whole = not isinstance(function, type) and all(callable(getattr(function, name, None)) for name in methods)
    if not (function is None or isinstance(function, WorstOff) or whole):
        raise ProblemError(
            f"{where} function is {function!r}: give Isoelastic(...), Exponential(...), WorstOff(), or an object with "
            f"the methods {', '.join(methods)}"
        )


@checked(payoff=TYPES, weights=FINITE_BY_TYPE, utility=FINITE_BY_TYPE, allocation=GOODS_OF_TYPES)
@dataclass(frozen=True, eq=False)
class WeightedSum:
    """A sum of concave terms: the form of every objective, and of weighted sums of objectives.

    Per agent of type i, whose contract is x_i with utility u_i, it counts

        profit_weight payoff_i + allocation_values_i . x_i + utility_weights_i u_i + welfare_weights_i W(u_i),

    takes the mean over types with their shares, and adds worst_off_weight min_i u_i.

    Parameters
    ----------
    profit_weight : non-negative weight on what the principal earns
    allocation_values : (n_types, n_goods) or (n_goods,) array or number, per unit of every good; any sign
    utility_weights : (n_types,) array or number; any sign
    worst_off_weight : non-negative number
    welfare_weights : non-negative (n_types,) array or number, on W
    function : the concave WelfareFunction W
    minimum_profit : money; the budget row of public finance

    Examples
    --------
    Profit less a social cost of 0.5 per unit of the first of two goods:

    >>> WeightedSum(profit_weight=1.0, allocation_values=[-0.5, 0.0]).is_linear
    True
    """

    profit_weight: float = 0.0
    allocation_values: Any = 0.0
    utility_weights: Any = 0.0
    worst_off_weight: float = 0.0
    welfare_weights: Any = 0.0
    function: Any = None
    minimum_profit: float | None = None

    def __post_init__(self) -> None:
        for name in ("allocation_values", "utility_weights", "welfare_weights"):
            object.__setattr__(self, name, finite(f"WeightedSum {name}", getattr(self, name)))
        for name in ("profit_weight", "worst_off_weight"):
            weight = number(f"WeightedSum {name}", getattr(self, name))
            if weight < 0:
                raise ProblemError(f"WeightedSum {name} is {weight}: it must not be negative")
            object.__setattr__(self, name, weight)
        if np.any(self.welfare_weights < 0):
            raise ProblemError("WeightedSum welfare_weights must not be negative: the sum would not be concave")
        _check_function("WeightedSum", self.function)
        if isinstance(self.function, WorstOff):
            raise ProblemError("WorstOff() is not a function of one utility: give worst_off_weight instead")
        if (self.function is None) == bool(np.any(self.welfare_weights > 0)):
            raise ProblemError("WeightedSum takes welfare_weights together with a function: give both or neither")
        if self.minimum_profit is not None:
            object.__setattr__(self, "minimum_profit", number("WeightedSum minimum_profit", self.minimum_profit))

    @property
    def is_linear(self) -> bool:
        """Whether utilities enter linearly: no worst-off term, no welfare function."""
        return self.function is None and self.worst_off_weight == 0

    def check(self, shape: tuple[int, int]) -> None:
        self.terms(shape)

    def terms(self, shape: tuple[int, int]) -> WeightedSum:
        """The same with one entry per type and good."""
        whole: dict[str, Any] = {}
        for name, wanted in (
            ("allocation_values", shape),
            ("utility_weights", shape[:1]),
            ("welfare_weights", shape[:1]),
        ):
            given = getattr(self, name)
            try:
                whole[name] = np.broadcast_to(given, wanted)
            except ValueError as exc:
                raise ProblemError(f"WeightedSum {name} has shape {given.shape}; expected {wanted}") from exc
        return replace(self, **whole)

    def by_type(self, payoff: Array, allocation: Array, utility: Array) -> Array:
        """What an agent of each type counts for at a menu, all but the worst-off term; (n_types,)."""
        counted = self.profit_weight * payoff + np.einsum("ij,ij->i", self.allocation_values, allocation)
        counted = counted + np.where(self.utility_weights != 0, self.utility_weights * utility, 0.0)
        if self.function is not None:
            cares = self.welfare_weights > 0
            counted = counted + np.where(
                cares, self.welfare_weights * np.where(cares, self.function.value(utility), 0), 0
            )
        return np.asarray(counted)

    def value(self, weights: Array, payoff: Array, allocation: Array, utility: Array) -> float:
        """The sum at a menu; `weights` are the shares of the types. Call it on `terms(shape)`."""
        total = self.profit_weight * float(weights @ payoff)
        if self.allocation_values.any():
            total += float(weights @ np.einsum("ij,ij->i", self.allocation_values, allocation))
        counted = self.utility_weights != 0
        total += float(np.dot((weights * self.utility_weights)[counted], utility[counted]))
        if self.worst_off_weight:
            total += float(self.worst_off_weight * utility.min())
        if self.function is not None:
            cares = self.welfare_weights > 0
            total += float(np.dot((weights * self.welfare_weights)[cares], self.function.value(utility)[cares]))
        return total


@checked
@dataclass(frozen=True, eq=False)
class Profit:
    """sum_i f_i [b_i . x_i - c(x_i) + t_i], the principal's expected payoff."""

    minimum_profit: ClassVar[float | None] = None

    def check(self, shape: tuple[int, int]) -> None:
        """Every problem fits."""

    def terms(self, shape: tuple[int, int]) -> WeightedSum:
        return WeightedSum(profit_weight=1.0).terms(shape)


@checked
@dataclass(frozen=True, eq=False)
class Welfare:
    """profit_weight * profit + sum_i f_i w_i W(u_i), or + min_i u_i, with profit at least `minimum_profit` if given.

    The default, Welfare(), is total surplus: profit plus everybody's utility.

    Parameters
    ----------
    weights : number or (n_types,) array w, non-negative, the social weight of one unit of W
    function : None for W(u) = u, a concave WelfareFunction, or WorstOff()
    profit_weight : non-negative weight on the principal's profit
    minimum_profit : money; the budget row of public finance
    """

    weights: Any = 1.0
    function: Any = None
    profit_weight: float = 1.0
    minimum_profit: float | None = None

    def __post_init__(self) -> None:
        weights = finite("Welfare weights", self.weights)
        if weights.ndim > 1 or np.any(weights < 0):
            raise ProblemError("Welfare weights must be one non-negative number, or one per type")
        if not np.any(weights > 0):
            raise ProblemError("Welfare weights are all zero: use Profit(), or give some type a positive weight")
        object.__setattr__(self, "weights", weights)
        profit_weight = number("Welfare profit_weight", self.profit_weight)
        if profit_weight < 0:
            raise ProblemError(f"Welfare profit_weight is {profit_weight}: it must not be negative")
        object.__setattr__(self, "profit_weight", profit_weight)
        if self.minimum_profit is not None:
            object.__setattr__(self, "minimum_profit", number("Welfare minimum_profit", self.minimum_profit))
        _check_function("Welfare", self.function)
        if self.is_worst_off and weights.ndim:
            raise ProblemError("WorstOff() takes one weight on the worst-off type, not one per type: pass a number")

    @property
    def is_worst_off(self) -> bool:
        return isinstance(self.function, WorstOff)

    def check(self, shape: tuple[int, int]) -> None:
        if self.weights.ndim and len(self.weights) != shape[0]:
            raise ProblemError(
                f"Welfare weights has {len(self.weights)} entries for {shape[0]} types: give one per type"
            )

    def terms(self, shape: tuple[int, int]) -> WeightedSum:
        fields: dict[str, Any] = {"profit_weight": self.profit_weight, "minimum_profit": self.minimum_profit}
        if self.is_worst_off:
            fields["worst_off_weight"] = float(self.weights)
        elif self.function is None:
            fields["utility_weights"] = self.weights
        else:
            fields |= {"welfare_weights": self.weights, "function": self.function}
        return WeightedSum(**fields).terms(shape)


Objective = Profit | Welfare | WeightedSum

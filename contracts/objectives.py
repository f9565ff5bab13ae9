"""What the principal maximises: a weight on its own profit plus a concave welfare of the types' utilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from contracts.arrays import Array, finite, number
from contracts.errors import ProblemError


class WelfareFunction(Protocol):
    """A concave function W of one utility, strictly increasing."""

    def value(self, utility: Array) -> Array:
        """W(u), elementwise; minus infinity outside its domain."""

    def marginal(self, utility: Array) -> Array:
        """W'(u), elementwise, positive."""

    def conjugate(self, price: Array) -> Array:
        """max over u of W(u) - price u, elementwise; infinite for price <= 0."""

    def expression(self, utility: Any) -> Any:
        """W of a cvxpy expression, elementwise and concave."""


@dataclass(frozen=True)
class Isoelastic:
    """W(u) = u^(1 - aversion) / (1 - aversion), log u for aversion 1 (Atkinson 1970); utilities must be positive."""

    aversion: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "aversion", number("Isoelastic aversion", self.aversion))
        if not self.aversion > 0:
            raise ProblemError(f"Isoelastic aversion is {self.aversion}: it must be positive; leave function out for 0")

    def value(self, utility: Array) -> Array:
        positive = np.maximum(utility, np.finfo(np.float64).tiny)
        rho = 1 - self.aversion
        powers = np.log(positive) if rho == 0 else np.power(positive, rho) / rho
        return np.where(utility > 0, powers, -np.inf)

    def marginal(self, utility: Array) -> Array:
        return np.power(np.maximum(utility, np.finfo(np.float64).tiny), -self.aversion)

    def conjugate(self, price: Array) -> Array:
        positive = np.maximum(price, np.finfo(np.float64).tiny)
        rho = 1 - self.aversion  # at u = price^(-1/aversion): W(u) - price u
        with np.errstate(over="ignore"):
            best = -np.log(positive) - 1 if rho == 0 else np.power(positive, -rho / self.aversion) * self.aversion / rho
        return np.where(price > 0, best, np.inf if self.aversion <= 1 else np.where(price == 0, 0.0, np.inf))

    def expression(self, utility: Any) -> Any:
        import cvxpy as cp

        if self.aversion == 1:
            return cp.log(utility)
        return cp.power(utility, 1 - self.aversion) / (1 - self.aversion)


@dataclass(frozen=True)
class Exponential:
    """W(u) = (1 - exp(-aversion u)) / aversion, constant absolute aversion to inequality (Kolm 1976)."""

    aversion: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "aversion", number("Exponential aversion", self.aversion))
        if not self.aversion > 0:
            raise ProblemError(
                f"Exponential aversion is {self.aversion}: it must be positive; leave function out for 0"
            )

    def value(self, utility: Array) -> Array:
        return np.asarray(-np.expm1(-self.aversion * utility) / self.aversion)

    def marginal(self, utility: Array) -> Array:
        return np.exp(-self.aversion * utility)

    def conjugate(self, price: Array) -> Array:
        positive = np.maximum(price, np.finfo(np.float64).tiny)
        best = -np.log(positive) / self.aversion
        return np.where(price > 0, self.value(best) - positive * best, np.inf)

    def expression(self, utility: Any) -> Any:
        import cvxpy as cp

        return (1 - cp.exp(-self.aversion * utility)) / self.aversion


@dataclass(frozen=True)
class WorstOff:
    """The utility of the type that has least of it (Rawls 1971)."""


@dataclass(frozen=True, eq=False)
class Profit:
    """sum_i f_i [b_i . x_i - c(x_i) + t_i], the principal's expected payoff."""

    profit_weight: ClassVar[float] = 1.0
    minimum_profit: ClassVar[float | None] = None
    function: ClassVar[Any] = None
    weights: ClassVar[Array] = np.zeros(())
    is_worst_off: ClassVar[bool] = False

    def check(self, n_types: int, labels: Any) -> None:
        """Every problem fits."""

    def utility_weights(self, weights: Array) -> Array:
        return np.zeros(len(weights))

    def welfare(self, weights: Array, utility: Array) -> float:
        return 0.0


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
        if self.is_worst_off and weights.ndim:
            raise ProblemError("WorstOff() takes one weight on the worst-off type, not one per type: pass a number")

    @property
    def is_worst_off(self) -> bool:
        return isinstance(self.function, WorstOff)

    def check(self, n_types: int, labels: Any) -> None:
        if self.weights.ndim and len(self.weights) != n_types:
            raise ProblemError(
                f"Welfare weights has {len(self.weights)} entries for {n_types} types: give one per type"
            )

    def utility_weights(self, weights: Array) -> Array:
        """f_i w_i: what one unit of W(u_i) is worth; (n_types,)."""
        return np.asarray(weights * self.weights)

    def welfare(self, weights: Array, utility: Array) -> float:
        if self.is_worst_off:
            return float(self.weights * utility.min())
        gains = utility if self.function is None else self.function.value(utility)
        served = self.utility_weights(weights)
        return float(np.dot(served[served > 0], gains[served > 0]))


Objective = Profit | Welfare

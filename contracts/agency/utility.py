"""What money is worth to the agent: utility, the wage that gives it, and the price of one unit more.

Utility u is concave and increasing in the wage w. A contract is designed in promised utilities v = u(w), which cost the
principal h(v) = u^-1(v), a convex function. Its slope h'(v) = 1 / u'(w) is the price of utility; at price t the agent
is best paid wage_at(t), the maximiser of t u(w) - w, whose largest value is the conjugate h*(t).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.exact.rationals import EPS
from contracts.inputs.arrays import Array, finite, number
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.problem.costs import Cost, Exponential, Linear, Logarithm, Quadratic, ShiftedPower

ULPS = 8.0  # twice the units in the last place that logarithms, powers and exponentials of arrays may be off
TINY = 1e-300  # where products may lose bits


@checked
class Utility:
    """What the utilities of this module have in common."""

    @property
    def lowest_wage(self) -> float:
        """Where the utility ends: wages are larger, or as large where utility there is finite."""
        return -math.inf

    @property
    def span(self) -> tuple[float, float]:
        """Infimum and supremum of utility over all wages."""
        return (-math.inf, math.inf)

    def value(self, wage: Array) -> Array:
        """Utility of wages, -inf at an end where it has no other value."""
        raise NotImplementedError

    def inverse(self, utility: Array) -> Array:
        """The wage that is worth so much utility."""
        raise NotImplementedError

    def price(self, wage: Array) -> Array:
        """What one unit of utility more costs at a wage, 1 / u'(w)."""
        raise NotImplementedError

    def wage_at(self, price: Array) -> Array:
        """The wage at which one unit of utility more costs the price, positive: it maximises price u(w) - w."""
        raise NotImplementedError

    def response(self, price: Array) -> Array:
        """How much promised utility rises with its price, 1 / h''(v); positive."""
        raise NotImplementedError

    def _at_price(self, price: Array) -> tuple[Array, Array, Array]:
        """The wage at which one unit of utility more costs the price, its utility, and the response; unchecked."""
        wage = self.wage_at(price)
        return wage, self.value(wage), self.response(price)

    def conjugate(self, price: Array) -> tuple[Array, Array]:
        """The largest value of price u(w) - w over all wages, and a bound on the rounding in it."""
        raise NotImplementedError

    def promises(self, wage: Array, chance: Array) -> tuple[Cost, Array, Array]:
        """What promising x_o more utility than wages w_o are worth costs: sum_o chance_o [h(u(w_o) + x_o) - w_o].

        Returns a Cost that is nothing for nothing, a price per unit of x_o besides, and the least x_o; (n_outcomes,).
        """
        raise NotImplementedError

    def interval(self, wage: Array) -> tuple[Array, Array]:
        """Bounds on the utility of wages, rounded outward: what `value` says, less and more what it may be off.

        What functions may be off (`ULPS`) is counted twice over, so that rounding of the bounds themselves is within.
        """
        value, off = self.value(wage), self._rounding(wage)
        with np.errstate(invalid="ignore"):
            return np.asarray(value - off), np.asarray(value + off)

    def _rounding(self, wage: Array) -> Array:
        raise NotImplementedError


def checked_wage(utility: Utility, wage: Any) -> Array:
    """Wages as an array, refused where utility is not defined."""
    wages = np.asarray(wage, dtype=np.float64)
    if not np.all(wages >= utility.lowest_wage):
        low = float(np.min(wages))
        raise ProblemError(f"wage {low:g} has no utility under {utility!r}: pay at least {utility.lowest_wage:g}")
    return wages


def checked_utility(utility: Utility, value: Any) -> Array:
    """Utilities as an array, refused where no wage gives them."""
    values = np.asarray(value, dtype=np.float64)
    low, high = utility.span
    if not np.all((values >= low) & (values <= high)):
        odd = float(values[~((values >= low) & (values <= high))].flat[0])
        raise ProblemError(f"utility {odd:g} is worth no wage under {utility!r}: stay between {low:g} and {high:g}")
    return values


def promised(utility: Utility, wage: Any, chance: Any) -> tuple[Array, Array]:
    """What wages are worth and their chances, (n,) both, refused where more utility than that has no cost."""
    worth, chances = utility.value(finite("wage", wage)), finite("chance", chance)
    if worth.ndim != 1 or chances.shape != worth.shape or not len(worth) or np.any(chances <= 0):
        raise ProblemError("wage and chance must be lists of the same length, with positive chances")
    if not np.all(np.isfinite(worth)) or (
        np.any(worth == 0) and not isinstance(utility, RiskNeutral | SquareRoot | Log)
    ):
        raise ProblemError(f"wages {wage} have no utility to start from under {utility!r}: give larger ones")
    return worth, chances


def checked_price(price: Any) -> Array:
    """Prices as an array, refused where they are not positive."""
    prices = np.asarray(price, dtype=np.float64)
    if not np.all(prices > 0):
        raise ProblemError(f"price {float(np.min(prices)):g} of utility is not positive: utility always costs money")
    return prices


@checked
@dataclass(frozen=True)
class RiskNeutral(Utility):
    """u(w) = w: the agent minds expected wages alone.

    Examples
    --------
    >>> RiskNeutral().value(np.array([1.0, 4.0]))
    array([1., 4.])
    """

    def value(self, wage: Array) -> Array:
        """Utility of wages: the wages."""
        return checked_wage(self, wage)

    def inverse(self, utility: Array) -> Array:
        """The wage that is worth so much utility: as much."""
        return np.asarray(utility, dtype=np.float64)

    def price(self, wage: Array) -> Array:
        """What one unit of utility more costs: one unit of money."""
        return np.ones_like(np.asarray(wage, dtype=np.float64))

    def wage_at(self, price: Array) -> Array:
        """All wages are alike at price 1; there is none best at another: see `contracts.agency.wages.linear`."""
        return np.zeros_like(checked_price(price))

    def response(self, price: Array) -> Array:
        """Promised utility jumps at price 1."""
        return np.full_like(checked_price(price), np.inf)

    def conjugate(self, price: Array) -> tuple[Array, Array]:
        """Nothing at price 1, infinite at any other, without rounding."""
        prices = np.asarray(price, dtype=np.float64)
        return np.where(prices == 1.0, 0.0, np.inf), np.zeros_like(prices)

    def promises(self, wage: Array, chance: Array) -> tuple[Cost, Array, Array]:
        """Promised utility is promised money, without limits."""
        worth, chances = promised(self, wage, chance)
        return Linear(0.0), chances, np.full(len(worth), -np.inf)

    def interval(self, wage: Array) -> tuple[Array, Array]:
        """Wages themselves, twice: nothing is rounded."""
        wages = np.asarray(wage, dtype=np.float64)
        return wages, wages


@checked
class OfWealth(Utility):
    """u(w) = k x^(1 - g) / (1 - g), or k log x for g = 1, of final wealth x = wealth + w."""

    wealth: float

    @property
    def _aversion(self) -> float:
        raise NotImplementedError

    @property
    def _factor(self) -> float:
        return 1.0

    @property
    def lowest_wage(self) -> float:
        """Minus the wealth; zero without a sign."""
        return 0.0 - self.wealth

    @property
    def span(self) -> tuple[float, float]:
        """Infimum and supremum of utility."""
        if self._aversion == 1:
            return (-math.inf, math.inf)
        return (0.0, math.inf) if self._aversion < 1 else (-math.inf, 0.0)

    def value(self, wage: Array) -> Array:
        """Utility of wages, (n,)."""
        wealth = self.wealth + checked_wage(self, wage)
        rho = 1.0 - self._aversion
        with np.errstate(divide="ignore", over="ignore"):
            return np.asarray(self._factor * (np.log(wealth) if rho == 0 else power(wealth, rho) / rho))

    def inverse(self, utility: Array) -> Array:
        """The wage that is worth so much utility."""
        scaled, rho = checked_utility(self, utility) / self._factor, 1.0 - self._aversion
        with np.errstate(divide="ignore", over="ignore"):
            wealth = np.exp(scaled) if rho == 0 else power(np.abs(rho * scaled), 1.0 / rho)
        return np.asarray(wealth - self.wealth)

    def price(self, wage: Array) -> Array:
        """What one unit of utility more costs at a wage: x^g / k."""
        wealth = self.wealth + checked_wage(self, wage)
        with np.errstate(over="ignore"):
            return np.asarray(power(wealth, self._aversion) / self._factor)

    def wage_at(self, price: Array) -> Array:
        """The wage at which one unit of utility more costs the price."""
        return np.asarray(self._wealth_at(price) - self.wealth)

    def response(self, price: Array) -> Array:
        """How much promised utility rises with its price."""
        scaled, aversion = self._factor * checked_price(price), self._aversion
        with np.errstate(over="ignore"):
            return np.asarray(self._factor**2 / aversion * power(scaled, (1.0 - 2.0 * aversion) / aversion))

    def _at_price(self, price: Array) -> tuple[Array, Array, Array]:
        """Wage, utility and response at a price, in one go; unchecked."""
        scaled, aversion, k = self._factor * price, self._aversion, self._factor
        wealth = scaled if aversion == 1 else power(scaled, 1.0 / aversion)
        worth = k * np.log(wealth) if aversion == 1 else k / (1.0 - aversion) * (wealth / scaled)
        return wealth - self.wealth, worth, k / aversion * (wealth / scaled) / price

    def conjugate(self, price: Array) -> tuple[Array, Array]:
        """The largest value of price u(w) - w over all wages, and a bound on the rounding in it."""
        wealth, rho = self._wealth_at(price), 1.0 - self._aversion
        with np.errstate(over="ignore", invalid="ignore"):
            if rho == 0:
                gross = wealth * np.log(np.maximum(wealth, TINY))
                value, size = gross - wealth + self.wealth, np.abs(gross) + 2 * wealth
            else:
                value = wealth * (self._aversion / rho) + self.wealth
                size = np.abs(wealth * (self._aversion / rho))
            logs = np.abs(np.log(np.maximum(wealth, TINY)))
            off = size * (4 * ULPS + logs) * EPS * (1 + 1 / self._aversion) + abs(self.wealth) * EPS
        return np.asarray(value), np.asarray(off + TINY)

    def promises(self, wage: Array, chance: Array) -> tuple[Cost, Array, Array]:
        """Exponential for the logarithm, quadratic for the root, else a shifted power; see `Utility.promises`."""
        (worth, chances), k, rho = promised(self, wage, chance), self._factor, 1.0 - self._aversion
        wealth, nothing = self.wealth + np.asarray(wage, dtype=np.float64), np.zeros(len(worth))
        if rho == 0:
            return Exponential(1.0 / k, chances * wealth / k), nothing, nothing - np.inf
        if rho == 0.5:
            return Quadratic(chances / (2 * k**2)), chances * worth / (2 * k**2), -worth
        return ShiftedPower(1.0 / rho, chances * wealth, worth), nothing, -worth if rho > 0 else nothing - np.inf

    def _wealth_at(self, price: Array) -> Array:
        with np.errstate(over="ignore"):
            return power(self._factor * checked_price(price), 1.0 / self._aversion)

    def _rounding(self, wage: Array) -> Array:
        wealth, rho = self.wealth + wage, 1.0 - self._aversion
        lost = np.where(wealth - self.wealth == wage, 0.0, EPS)  # relative, in the sum
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            logs = np.abs(np.log(wealth))
            if rho == 0:
                return np.asarray(self._factor * (2 * lost + EPS * ULPS * logs))
            root = power(wealth, rho)
            size = np.abs(self._factor * root / rho)
            off = EPS * size * (ULPS + 4 + abs(rho) * (1 + logs)) + TINY
        short = (rho == 0.5) & (lost == 0) & (root.astype(np.float32) == root) & (root * root == wealth)
        return np.where((wealth == 0) | short, 0.0, off)  # u(0) is 0 or -inf, and the root of a square its side


def power(base: Array, exponent: float) -> Array:
    """Powers of positive numbers; squares and roots as exactly as floats have them."""
    if exponent == 0.5:
        return np.sqrt(base)
    return base * base if exponent == 2.0 else np.power(base, exponent)


@checked
@dataclass(frozen=True)
class Log(OfWealth):
    """u(w) = log(wealth + w).

    Examples
    --------
    >>> Log(wealth=50.0).value(np.array([0.0])).round(4)
    array([3.912])
    """

    wealth: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "wealth", number("Log wealth", self.wealth))

    @property
    def _aversion(self) -> float:
        return 1.0


@checked
@dataclass(frozen=True)
class SquareRoot(OfWealth):
    """u(w) = sqrt(wealth + w).

    Examples
    --------
    >>> SquareRoot().inverse(np.array([1.0, 3.0]))
    array([1., 9.])
    """

    wealth: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "wealth", number("SquareRoot wealth", self.wealth))

    @property
    def _aversion(self) -> float:
        return 0.5

    @property
    def _factor(self) -> float:
        return 0.5


@checked
@dataclass(frozen=True)
class CRRA(OfWealth):
    """Constant relative risk aversion g: u(w) = (wealth + w)^(1 - g) / (1 - g), the logarithm for g = 1.

    Examples
    --------
    >>> CRRA(2.0).value(np.array([1.0, 4.0]))
    array([-1.  , -0.25])
    """

    risk_aversion: float
    wealth: float = 0.0

    def __post_init__(self) -> None:
        aversion = number("CRRA risk_aversion", self.risk_aversion)
        if not 1e-3 <= aversion <= 1e3:
            raise ProblemError(
                f"CRRA risk_aversion is {aversion:g}: give one between 0.001 and 1000; for none use RiskNeutral()"
            )
        object.__setattr__(self, "risk_aversion", aversion)
        object.__setattr__(self, "wealth", number("CRRA wealth", self.wealth))

    @property
    def _aversion(self) -> float:
        return self.risk_aversion


@checked
@dataclass(frozen=True)
class CARA(Utility):
    """Constant absolute risk aversion a, per unit of money: u(w) = -exp(-a w).

    Examples
    --------
    >>> CARA(1.0).value(np.array([0.0]))
    array([-1.])
    """

    risk_aversion: float

    def __post_init__(self) -> None:
        aversion = number("CARA risk_aversion", self.risk_aversion)
        if not aversion > 0:
            raise ProblemError(
                f"CARA risk_aversion is {aversion:g}: give a positive number; for no aversion use RiskNeutral()"
            )
        object.__setattr__(self, "risk_aversion", aversion)

    @property
    def span(self) -> tuple[float, float]:
        """Infimum and supremum of utility; the latter is not reached."""
        return (-math.inf, 0.0)

    def value(self, wage: Array) -> Array:
        """Utility of wages, (n,)."""
        with np.errstate(over="ignore"):
            return -np.exp(-self.risk_aversion * checked_wage(self, wage))

    def inverse(self, utility: Array) -> Array:
        """The wage that is worth so much utility."""
        with np.errstate(divide="ignore"):
            return np.asarray(-np.log(-checked_utility(self, utility)) / self.risk_aversion)

    def price(self, wage: Array) -> Array:
        """What one unit of utility more costs at a wage: exp(a w) / a."""
        with np.errstate(over="ignore"):
            return np.asarray(np.exp(self.risk_aversion * np.asarray(wage, dtype=np.float64)) / self.risk_aversion)

    def wage_at(self, price: Array) -> Array:
        """The wage at which one unit of utility more costs the price."""
        return np.asarray(np.log(self.risk_aversion * checked_price(price)) / self.risk_aversion)

    def response(self, price: Array) -> Array:
        """How much promised utility rises with its price."""
        with np.errstate(over="ignore"):
            return np.asarray(1.0 / (self.risk_aversion * checked_price(price) ** 2))

    def _at_price(self, price: Array) -> tuple[Array, Array, Array]:
        """Wage, utility and response at a price, in one go; unchecked."""
        scaled = self.risk_aversion * price
        return np.log(scaled) / self.risk_aversion, -1.0 / scaled, 1.0 / scaled / price

    def conjugate(self, price: Array) -> tuple[Array, Array]:
        """The largest value of price u(w) - w over all wages, and a bound on the rounding in it."""
        logs = np.log(self.risk_aversion * checked_price(price))
        off = (4 + ULPS * (1 + np.abs(logs))) * EPS / self.risk_aversion
        return np.asarray(-(1.0 + logs) / self.risk_aversion), np.asarray(off)

    def promises(self, wage: Array, chance: Array) -> tuple[Cost, Array, Array]:
        """Promised utility costs sum_o chance_o / a log(1 / (1 - utility / capacity_o)): at most -u(w_o) can be had."""
        worth, chances = promised(self, wage, chance)
        nothing = np.zeros(len(worth))
        return Logarithm(chances / self.risk_aversion, -worth), nothing, nothing - np.inf

    def _rounding(self, wage: Array) -> Array:
        with np.errstate(over="ignore", invalid="ignore"):
            exponent = self.risk_aversion * np.asarray(wage, dtype=np.float64)
            return np.asarray(EPS * np.exp(-exponent) * (ULPS + 4 + np.abs(exponent)) + TINY)

"""The result: what every type gets and pays, which types share a contract, and what no schedule earns more than."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from contracts.continuum.curves import Curve
from contracts.continuum.quadrature import Line, pieces
from contracts.display.table import Tabular
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, Mask, finite
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Count
from contracts.problem.costs import Cost
from contracts.problem.domains import Domain

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from contracts.display.table import Table

TypesAs = Literal["values", "costs"]
HALVINGS = 200  # of a bracket of floats
LOWEST = -1e90  # stands for a virtual valuation of minus infinity


@dataclass(frozen=True, eq=False)
class Pointwise:
    """What a principal does with a type at a virtual valuation, where rents are no longer an issue.

    Serving costs the reservation utility, too, and a type is served if that pays.
    """

    cost: Cost
    domain: Domain
    reservation_utility: float

    def best(self, valuation: Array) -> tuple[Array, Array]:
        """Payoff and amount; 0 where it is better not to serve. Both shaped as valuations."""
        flat = np.maximum(np.ravel(valuation), LOWEST)[:, np.newaxis]
        with np.errstate(over="ignore", invalid="ignore"):
            worth, amount = self.cost.conjugate(flat, self.domain)
        served = worth > self.reservation_utility
        payoff = np.where(served, worth - self.reservation_utility, 0.0)
        return payoff.reshape(np.shape(valuation)), np.where(served, amount[:, 0], 0.0).reshape(np.shape(valuation))

    def outlay(self, amount: Array) -> Array:
        """What amounts cost, the reservation utility included; shaped as they are."""
        return (self.cost.value(np.ravel(amount)[:, np.newaxis]) + self.reservation_utility).reshape(np.shape(amount))


@checked
@dataclass(frozen=True, eq=False, repr=False)
class Schedule(Tabular):
    """A contract for every type of a continuum: incentive compatible, since it rises, and voluntary.

    Attributes
    ----------
    types : "values", what a unit is worth to the agent, or "costs", what it costs the agent
    exclusion_point : the type from which on types are served (up for values, down for costs); an end of the support if
        all are, or none
    pooling_intervals : (n_intervals, 2) types that share a contract though they differ, each from lower to upper end
    value : what the principal earns in expectation
    upper_bound : no schedule earns more: the dual at the ironed virtual valuation, with all of `quadrature_error` added
    quadrature_error : an estimate of the error of both integrals, and of the hull's; 0 but for rounding for data
    """

    curve: Curve
    pointwise: Pointwise
    types: TypesAs
    exclusion_point: float
    pooling_intervals: Array
    value: float
    upper_bound: float
    quadrature_error: float

    # ---- what types get and pay ----

    def allocation(self, theta: Any) -> Array:
        """What types get, by their own choice; shaped as they are, 0 for types that are left out."""
        return self._amount(self._inner(theta))

    def utility(self, theta: Any) -> Array:
        """What types are left with: their reservation utility and their rent; shaped as they are."""
        inner = self._inner(theta)
        return self.pointwise.reservation_utility + self._rent(inner)

    def payment(self, theta: Any) -> Array:
        """What types pay, or are paid if types are costs; shaped as they are, 0 for types that are left out."""
        inner = self._inner(theta)
        gross = inner * self._amount(inner) - self.pointwise.reservation_utility - self._rent(inner)
        paid = np.where(self._is_served(inner), gross, 0.0)
        return np.asarray(self._sign * paid + 0.0)

    def tariff(self, amount: Any) -> Array:
        """The price of amounts (or what is paid for them if types are costs): the lowest that tempts nobody further.

        Amounts that nobody takes have the price at which somebody would be indifferent; nan beyond the largest amount.

        Raises
        ------
        ProblemError
            If an amount is negative.
        """
        given = finite("amount", amount)
        if np.any(given < 0):
            raise ProblemError(f"amount is {given.min():g}: give amounts from 0 up")
        low, high = self._sign * self.exclusion_point, self.curve.reach[1]
        left, right = np.full(given.shape, low), np.full(given.shape, max(low, high))
        for _ in range(HALVINGS):
            middle = (left + right) / 2
            if np.all((middle <= left) | (middle >= right)):
                break
            enough = self._amount(middle) >= given
            left, right = np.where(enough, left, middle), np.where(enough, middle, right)
        buyer = np.where(self._amount(left) >= given, left, right)
        price = buyer * given - self.pointwise.reservation_utility - self._rent(buyer)
        most = self._amount(np.array(high))
        return np.asarray(np.where(given <= most, self._sign * price + 0.0, np.nan))

    def virtual_valuation(self, theta: Any) -> Array:
        """What a unit for a type is worth to the principal once rents are paid; shaped as types."""
        return self.curve.raw(self._inner(theta))

    def ironed_virtual_valuation(self, theta: Any) -> Array:
        """The same where schedules must rise: constant on pooling intervals; shaped as types."""
        return self.curve.at(self._inner(theta))

    @property
    def share_served(self) -> float:
        """The chance that a type is served."""
        return self.curve.total(self._served, self._sign * self.exclusion_point).value

    @property
    def expected_rent(self) -> float:
        """What agents expect above their reservation utility."""

        def rents(theta: Array, mass: Array, virtual_mass: Array, above: Array) -> Array:
            return self._amount(theta) * above

        return self.curve.total(rents, self._sign * self.exclusion_point).value

    @property
    def gap(self) -> float:
        """How far the value can be from the best."""
        return self.upper_bound - self.value

    # ---- showing it ----

    def to_frame(self, n_types: Count = 101) -> pd.DataFrame:
        """One row for each of so many types, at equal chances: valuations, allocation, payment, utility."""
        from contracts.continuum.text import schedule_columns

        return schedule_columns(self, n_types).to_frame()

    def plot(self, ax: Axes | None = None, *, against: str = "type") -> Axes:
        """Draw the allocation against the 'type', with pooled types shaded, or the tariff against the 'amount'."""
        from contracts.continuum.text import plot_schedule

        return plot_schedule(self, ax, against)

    def _table(self) -> Table:
        from contracts.continuum.text import schedule_table

        return schedule_table(self)

    # ---- in types that rise in what a unit is worth ----

    @property
    def _sign(self) -> float:
        return 1.0 if self.types == "values" else -1.0

    def _inner(self, theta: Any) -> Array:
        return np.asarray(self._sign * finite("theta", theta))

    def _served(self, theta: Array, mass: Array, virtual_mass: Array, above: Array) -> Array:
        return mass

    def _is_served(self, inner: Array) -> Mask:
        low, high = self.curve.ends
        return (inner >= low) & (self.pointwise.best(self.curve.at(np.minimum(inner, high)))[0] > 0)

    def _amount(self, inner: Array) -> Array:
        """What types get; those above the support take what its end takes, those below nothing."""
        low, high = self.curve.ends
        amount = self.pointwise.best(self.curve.at(np.minimum(inner, high)))[1]
        return np.where(inner >= low, amount, 0.0)

    def _rent(self, inner: Array) -> Array:
        """The integral of what lower types get; from type to type in their order."""
        start = self._sign * self.exclusion_point
        flat = np.ravel(inner)
        served = np.unique(flat[flat > start])
        if len(served) == 0:
            return np.zeros(np.shape(inner))
        edges = self.curve.edges
        inside = edges[(edges > start) & (edges < served[-1])]
        stops = np.unique(np.concatenate([[start], served, inside]))
        found, values, _ = pieces(self._amount, Line(start, float(served[-1])), stops)
        rent = np.append(0.0, np.cumsum(values))
        at = np.clip(np.searchsorted(found, np.maximum(flat, start)), 0, len(rent) - 1)
        return np.where(flat > start, rent[at], 0.0).reshape(np.shape(inner))

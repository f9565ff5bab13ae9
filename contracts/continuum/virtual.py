r"""What a type is worth to the principal once rents are paid: the virtual valuation, and its integral.

A type theta with distribution F and density f gets x(theta) and keeps the rent u(theta) = r + int x below it, so that
every unit that a type gets is a unit of rent for all types above. With the weight alpha of rents and the principal's
own value b(theta) of a unit, the payoff of a rising x is int phi x f with the virtual valuation

    phi(theta) = theta + b(theta) - (1 - alpha) (1 - F(theta)) / f(theta).

Its integral from theta on needs no density:

    S(theta) = int_theta phi f = (1 - alpha) (1 - F(theta)) theta + int_theta (alpha t + b(t)) f(t) dt,

for alpha = 0 and b = 0 the revenue of a unit at the price theta. As a function of the share p = 1 - F of types that
are served, its slope is phi: a marginal revenue (Bulow & Roberts 1989).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np

from contracts.continuum.laws import Law, edges_of
from contracts.continuum.quadrature import Cumulative, cumulative
from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass

Values = float | Callable[[Array], Array]  # of the principal, per unit: one number, or a function of types


@dataclass(frozen=True, eq=False)
class Virtual:
    """A law, what the principal values a unit at, and the weight of rents."""

    law: Law
    principal_value: Values
    rent_weight: float

    @cached_property
    def edges(self) -> Array:
        """Types at which integrals start to look."""
        return edges_of(self.law)

    def own(self, theta: Array) -> Array:
        """What the principal values a unit for types at; shaped as they are."""
        if callable(self.principal_value):
            return self.principal_value(theta)
        return np.full(np.shape(theta), self.principal_value)

    def at(self, theta: Array) -> Array:
        """The virtual valuation; minus infinity where there are types above and none here."""
        density, above = self.law.pdf(theta), (1 - self.rent_weight) * self.law.sf(theta)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            rent = np.where(above > 0, above / density, 0.0)
            return np.asarray(theta + self.own(theta) - rent)

    def mass(self, theta: Array) -> Array:
        """The virtual valuation times the density, which is finite also where there are no types."""
        density, above = self.law.pdf(theta), self.law.sf(theta)
        with np.errstate(invalid="ignore", over="ignore"):
            return np.where(density > 0, (theta + self.own(theta)) * density, 0.0) - (1 - self.rent_weight) * above

    def revenue(self, theta: Array) -> Array:
        """The integral of the virtual valuation over all types above; shaped as types."""
        above = self.law.sf(theta)
        with np.errstate(invalid="ignore"):
            price = np.where(above > 0, (1 - self.rent_weight) * above * theta, 0.0)
        if callable(self.principal_value) or self.rent_weight > 0:
            return np.asarray(price + self._tail.above(theta))
        return np.asarray(price + self.principal_value * above)

    @cached_property
    def _tail(self) -> Cumulative:
        def worth(theta: Array) -> Array:
            density = self.law.pdf(theta)
            with np.errstate(invalid="ignore", over="ignore"):
                return np.where(density > 0, (self.rent_weight * theta + self.own(theta)) * density, 0.0)

        return cumulative(worth, self.law.line, self.edges)

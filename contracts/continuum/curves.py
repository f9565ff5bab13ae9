"""What a principal earns by a type, rents paid and ironed, for continuous laws and for finitely many types alike.

Finitely many types are the same mathematics: with p_i the share of types from theta_i up, the revenue curve consists
of the points (p_i, S_i), S_i = (1 - alpha) p_i theta_i + sum of (alpha theta_j + b_j) f_j from i up, between which it
is straight, and its concave hull is that of the points.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Protocol

import numpy as np

from contracts.continuum.ironing import Ironed, Pool, ironed
from contracts.continuum.laws import Atoms, Law, trusted
from contracts.continuum.quadrature import ROUNDING, Integral, integral
from contracts.continuum.virtual import Values, Virtual
from contracts.inputs.arrays import Array, Indices
from contracts.inputs.frozen import dataclass

THIN = 10.0 ** -np.arange(4.0, 44.0, 4.0)  # chances that show how a tail falls
RARE = np.logspace(-280, -10, 28)  # chances beyond which types are not looked at, the smallest that floats can tell

# From types, their mass, that times their virtual valuation, and the chance of types above (times the distance to the
# next type, where there are finitely many) to what is summed.
Masses = Callable[[Array, Array, Array, Array], Array]


class Curve(Protocol):
    """An ironed virtual valuation with the law that it belongs to; types rise in what a unit is worth to them."""

    @property
    def ends(self) -> tuple[float, float]:
        """Ends of the support, which may be infinite."""

    @property
    def reach(self) -> tuple[float, float]:
        """Finite types between which all are, but for a chance that no float shows."""

    @property
    def edges(self) -> Array:
        """Types between which everything is smooth, as far as is known; (n,)."""

    @property
    def pools(self) -> tuple[Pool, ...]: ...

    @property
    def excess(self) -> float: ...

    def raw(self, theta: Array) -> Array:
        """The virtual valuation."""

    def at(self, theta: Array) -> Array:
        """The ironed one."""

    def own(self, theta: Array) -> Array:
        """What the principal values a unit at."""

    def quantile(self, shares: Array) -> Array:
        """Types below which these shares are."""

    def highest(self, shares: Array) -> Array:
        """Types above which these shares are, be they ever so small."""

    def thinnest(self) -> float:
        """The least chance of a tail without an end that is known to its digits."""

    def total(self, of: Masses, start: float) -> Integral:
        """The integral, or the sum, over types from `start` up."""


@dataclass(frozen=True, eq=False)
class Smooth:
    """The curve of a continuous law."""

    ironed: Ironed

    @property
    def _law(self) -> Law:
        return self.ironed.virtual.law

    @property
    def ends(self) -> tuple[float, float]:
        return self._law.line.lower, self._law.line.upper

    @cached_property
    def reach(self) -> tuple[float, float]:
        found = []
        for end, shares in zip(self.ends, ((RARE, 1 - RARE), (1 - RARE, RARE)), strict=True):
            types = self._law.quantile(*shares)
            known = np.isfinite(types) & np.isfinite(self.raw(np.where(np.isfinite(types), types, 0.0)))
            found.append(end if np.isfinite(end) else float(types[np.argmax(known)]))
        return found[0], found[1]

    @cached_property
    def edges(self) -> Array:
        ends = [end for pool in self.pools for end in (pool.lower, pool.upper)]
        return np.unique(np.concatenate([self.ironed.virtual.edges, ends]))

    @property
    def pools(self) -> tuple[Pool, ...]:
        return self.ironed.pools

    @property
    def excess(self) -> float:
        return self.ironed.excess

    def raw(self, theta: Array) -> Array:
        return self.ironed.virtual.at(theta)

    def at(self, theta: Array) -> Array:
        return self.ironed.at(theta)

    def own(self, theta: Array) -> Array:
        return self.ironed.virtual.own(theta)

    def quantile(self, shares: Array) -> Array:
        return self._law.quantile(shares, 1 - shares)

    def highest(self, shares: Array) -> Array:
        return self._law.quantile(1 - shares, shares)

    def thinnest(self) -> float:
        return trusted(self._law, THIN)[1]

    def total(self, of: Masses, start: float) -> Integral:
        law, virtual = self._law, self.ironed.virtual

        def density(theta: Array) -> Array:
            return of(theta, law.pdf(theta), virtual.mass(theta), law.sf(theta))

        edges = self.edges
        return integral(density, law.line, np.append(start, edges[edges > start]))


@dataclass(frozen=True, eq=False)
class Steps:
    """The curve of finitely many types. Whoever is between two of them takes what the lower one takes."""

    atoms: Atoms
    principal_value: Values
    rent_weight: float

    @property
    def ends(self) -> tuple[float, float]:
        return float(self.atoms.values[0]), float(self.atoms.values[-1])

    @property
    def reach(self) -> tuple[float, float]:
        return self.ends

    @property
    def edges(self) -> Array:
        return self.atoms.values

    @cached_property
    def _points(self) -> tuple[Array, Array]:
        """Shares p_i and revenues S_i from each type up, and 0 at the end; (n_types + 1,) both."""
        values, weights = self.atoms.values, self.atoms.weights
        share = np.append(np.cumsum(weights[::-1])[::-1], 0.0)
        worth = (self.rent_weight * values + self.own(values)) * weights
        tail = np.append(np.cumsum(worth[::-1])[::-1], 0.0)
        return share, np.append((1 - self.rent_weight) * share[:-1] * values, 0.0) + tail

    @cached_property
    def _slopes(self) -> Array:
        _, revenue = self._points
        return np.asarray((revenue[:-1] - revenue[1:]) / self.atoms.weights)

    @cached_property
    def _groups(self) -> list[tuple[int, int]]:
        """First and last type of each facet of the hull: slopes of neighbours are averaged until they rise."""
        groups: list[tuple[int, int, float, float]] = []
        for k, (slope, weight) in enumerate(zip(self._slopes.tolist(), self.atoms.weights.tolist(), strict=True)):
            first, mean, total = k, slope, weight
            while groups and groups[-1][2] > mean:
                first, _, before, mass = groups.pop()
                mean, total = (before * mass + mean * total) / (mass + total), mass + total
            groups.append((first, k, mean, total))
        return [(first, final) for first, final, _, _ in groups]

    @cached_property
    def _levels(self) -> Array:
        share, revenue = self._points
        levels = np.empty(len(self.atoms.values))
        for first, final in self._groups:
            levels[first : final + 1] = (revenue[first] - revenue[final + 1]) / (share[first] - share[final + 1])
        return np.maximum.accumulate(levels)

    @property
    def pools(self) -> tuple[Pool, ...]:
        values, levels = self.atoms.values, self._levels
        return tuple(
            Pool(float(values[first]), float(values[final]), float(levels[first]))
            for first, final in self._groups
            if final > first
        )

    @property
    def excess(self) -> float:
        return 0.0

    def raw(self, theta: Array) -> Array:
        return self._step(theta, self._slopes)

    def at(self, theta: Array) -> Array:
        return self._step(theta, self._levels)

    def own(self, theta: Array) -> Array:
        if callable(self.principal_value):
            return self.principal_value(theta)
        return np.full(np.shape(theta), self.principal_value)

    def quantile(self, shares: Array) -> Array:
        below = 1 - self._points[0][1:]
        return self.atoms.values[np.minimum(np.searchsorted(below, shares), len(below) - 1)]

    def highest(self, shares: Array) -> Array:
        return self.quantile(1 - shares)

    def thinnest(self) -> float:
        return 1.0

    def total(self, of: Masses, start: float) -> Integral:
        values, weights = self.atoms.values, self.atoms.weights
        above = self._points[0][1:] * np.append(np.diff(values), 0.0)
        every = np.where(values >= start, of(values, weights, weights * self._slopes, above), 0.0)
        return Integral(float(every.sum()), len(values) * ROUNDING * float(np.abs(every).sum()))

    def _step(self, theta: Array, levels: Array) -> Array:
        cell: Indices = np.searchsorted(self.atoms.values, theta, side="right") - 1
        return np.where(cell < 0, -np.inf, levels[np.maximum(cell, 0)])


def curve_of(law: Law | Atoms, principal_value: Values, rent_weight: float) -> Curve:
    """The ironed virtual valuation of a law."""
    if isinstance(law, Atoms):
        return Steps(law, principal_value, rent_weight)
    return Smooth(ironed(Virtual(law, principal_value, rent_weight)))

"""Distributions of types as laws: density and both tails as functions, and where they may jump.

A `Law` has its density and both tails as functions of arrays, the ends of its support, and points where it may jump.
A law of costs is mirrored, theta -> -theta, so that whoever is better off stands to the right in every problem.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from contracts.continuum.quadrature import Cumulative, Line, pieces
from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass

THIN = np.array([1e-40, 1e-20, 1e-12, 1e-6, 1e-3, 0.01, 0.05, 0.15, 0.3])
BELOW, ABOVE = np.concatenate([THIN, [0.5], 1 - THIN[::-1]]), np.concatenate([1 - THIN, [0.5], THIN[::-1]])
RARE = 1e-2  # chances below which quantiles are made sharper
FARTHEST, DIGITS = 1e300, 64  # where they are looked for, and halvings
HALVINGS = 200  # of a bracket of floats, which neighbouring floats end
AGREE = 1e-9  # relative difference of a chance and that of its quantile
NARROW = 1e-7  # of a law's scale: intervals that are halved to this width hold a jump
FAR = 40.0  # bandwidths beyond which a normal kernel has no mass that a float could hold


class Law(Protocol):
    """A continuous distribution of one number."""

    @property
    def line(self) -> Line: ...

    @property
    def breaks(self) -> Array:
        """Points of the support where the density may jump; (n,)."""

    def pdf(self, theta: Array) -> Array: ...

    def cdf(self, theta: Array) -> Array: ...

    def sf(self, theta: Array) -> Array: ...

    def quantile(self, below: Array, above: Array) -> Array:
        """Points with chance `below` to their left and `above`, one minus it with all its digits, to their right."""


@dataclass(frozen=True, eq=False)
class Atoms:
    """A law of finitely many types: values, rising, and their shares; (n,) both."""

    values: Array
    weights: Array


@dataclass(frozen=True, eq=False)
class Frozen:
    """A frozen distribution of scipy.stats."""

    of: Any
    line: Line
    breaks: Array

    def pdf(self, theta: Array) -> Array:
        return _quietly(self.of.pdf, theta)

    def cdf(self, theta: Array) -> Array:
        return _quietly(self.of.cdf, theta)

    def sf(self, theta: Array) -> Array:
        return _quietly(self.of.sf, theta)

    def quantile(self, below: Array, above: Array) -> Array:
        found = np.where(below <= 0.5, _quietly(self.of.ppf, below), _quietly(self.of.isf, above))
        return self._sharper(found, np.broadcast_to(above, found.shape))

    def _sharper(self, found: Array, above: Array) -> Array:
        """The same where the upper tail has more digits than its inverse, which some laws take from the lower one."""
        if np.isfinite(self.line.upper):
            return found
        off = np.asarray((above > 0) & (above < RARE))
        off[off] = ~(np.abs(self.sf(found[off]) / above[off] - 1) < AGREE)
        low = float(_quietly(self.of.isf, np.array(RARE)))
        if not off.any() or low <= 0:
            return found
        asked = above[off]
        left, right = np.full(len(asked), math.log(low)), np.full(len(asked), math.log(FARTHEST))
        for _ in range(DIGITS):  # of the logarithm, as tails reach over all magnitudes
            middle = (left + right) / 2
            beyond = self.sf(np.exp(middle)) > asked
            left, right = np.where(beyond, middle, left), np.where(beyond, right, middle)
        sharper = np.array(found)
        sharper[off] = np.exp(right)
        return sharper


def _quietly(function: Callable[[Array], Any], argument: Array) -> Array:
    """What a distribution says, without its remarks on poles and far tails, which are looked at with a purpose."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return np.asarray(function(argument), dtype=np.float64)
        except OverflowError:  # one entry next to a pole ends the whole call
            each = [_infinite_at_poles(function, entry) for entry in np.ravel(argument)]
            return np.array(each, dtype=np.float64).reshape(np.shape(argument))


def _infinite_at_poles(function: Callable[[Array], Any], argument: Any) -> float:
    try:
        return float(function(argument))
    except OverflowError:
        return math.inf


@dataclass(frozen=True, eq=False)
class Newer:
    """A distribution of the newer kind of scipy.stats under the older names."""

    of: Any

    def support(self) -> Any:
        return self.of.support()

    def pdf(self, theta: Array) -> Any:
        return self.of.pdf(theta)

    def cdf(self, theta: Array) -> Any:
        return self.of.cdf(theta)

    def sf(self, theta: Array) -> Any:
        return self.of.ccdf(theta)

    def ppf(self, share: Array) -> Any:
        return self.of.icdf(share)

    def isf(self, share: Array) -> Any:
        return self.of.iccdf(share)


@dataclass(frozen=True, eq=False)
class Density:
    """A density on an interval."""

    mass: Cumulative
    line: Line
    breaks: Array

    def pdf(self, theta: Array) -> Array:
        within = (theta >= self.line.lower) & (theta <= self.line.upper)
        inside = np.clip(theta, self.line.lower, self.line.upper)
        return np.where(within, self.mass.integrand(inside), 0.0)

    def cdf(self, theta: Array) -> Array:
        return self.mass.below(theta) / self.mass.total

    def sf(self, theta: Array) -> Array:
        return self.mass.above(theta) / self.mass.total

    def quantile(self, below: Array, above: Array) -> Array:
        return _bisected(self, below, above, self.line.lower, self.line.upper)


@dataclass(frozen=True, eq=False)
class Kernel:
    """A mixture of normal distributions around data."""

    data: Array
    bandwidth: float
    line: Line
    breaks: Array

    def pdf(self, theta: Array) -> Array:
        return self._mean(theta, lambda z: np.exp(-z * z / 2) / (np.sqrt(2 * np.pi) * self.bandwidth))

    def cdf(self, theta: Array) -> Array:
        from scipy.special import ndtr

        return self._mean(theta, ndtr)

    def sf(self, theta: Array) -> Array:
        from scipy.special import ndtr

        return self._mean(theta, lambda z: ndtr(-z))

    def quantile(self, below: Array, above: Array) -> Array:
        reach = FAR * self.bandwidth
        return _bisected(self, below, above, float(self.data.min()) - reach, float(self.data.max()) + reach)

    def _mean(self, theta: Array, of: Callable[[Array], Array]) -> Array:
        flat = np.asarray(theta, dtype=np.float64).ravel()
        rows = max(1, 2_000_000 // len(self.data))
        parts = [
            of((flat[k : k + rows, np.newaxis] - self.data) / self.bandwidth).mean(axis=1)
            for k in range(0, len(flat), rows)
        ]
        return np.concatenate(parts or [flat]).reshape(np.shape(theta))


@dataclass(frozen=True, eq=False)
class Conditional:
    """A law given that it is in an interval."""

    of: Law
    line: Line
    breaks: Array

    @property
    def _mass(self) -> float:
        low, high = np.array(self.line.lower), np.array(self.line.upper)
        return float(
            self.of.sf(low) - self.of.sf(high) if self.of.cdf(low) > 0.5 else self.of.cdf(high) - self.of.cdf(low)
        )

    def pdf(self, theta: Array) -> Array:
        inside = (theta >= self.line.lower) & (theta <= self.line.upper)
        return np.where(inside, self.of.pdf(theta) / self._mass, 0.0)

    def cdf(self, theta: Array) -> Array:
        theta = np.clip(theta, self.line.lower, self.line.upper)
        start = np.array(self.line.lower)
        left = self.of.cdf(theta) - self.of.cdf(start)
        return np.where(self.of.cdf(theta) < 0.5, left, self.of.sf(start) - self.of.sf(theta)) / self._mass

    def sf(self, theta: Array) -> Array:
        theta = np.clip(theta, self.line.lower, self.line.upper)
        end = np.array(self.line.upper)
        right = self.of.sf(theta) - self.of.sf(end)
        return np.where(self.of.cdf(theta) > 0.5, right, self.of.cdf(end) - self.of.cdf(theta)) / self._mass

    def quantile(self, below: Array, above: Array) -> Array:
        ends = np.where(np.isfinite([self.line.lower, self.line.upper]), [self.line.lower, self.line.upper], 0.0)
        if not (np.isfinite(self.line.lower) and np.isfinite(self.line.upper)):
            ends = self.of.quantile(np.array([1e-300, 1.0]), np.array([1.0, 1e-300]))
            ends = np.clip(ends, self.line.lower, self.line.upper)
        return _bisected(self, below, above, float(ends[0]), float(ends[1]))


@dataclass(frozen=True, eq=False)
class Mirrored:
    """The law of minus a number."""

    of: Law
    line: Line
    breaks: Array

    def pdf(self, theta: Array) -> Array:
        return self.of.pdf(-theta)

    def cdf(self, theta: Array) -> Array:
        return self.of.sf(-theta)

    def sf(self, theta: Array) -> Array:
        return self.of.cdf(-theta)

    def quantile(self, below: Array, above: Array) -> Array:
        return -self.of.quantile(above, below)


def _bisected(law: Law, below: Array, above: Array, low: float, high: float) -> Array:
    """Quantiles by halving a bracket, each by the tail that has its digits."""
    below, above = np.broadcast_arrays(np.asarray(below, dtype=np.float64), np.asarray(above, dtype=np.float64))
    left, right = np.full(below.shape, low), np.full(below.shape, high)
    for _ in range(HALVINGS):
        middle = (left + right) / 2
        if np.all((middle <= left) | (middle >= right)):
            break
        short = np.where(below <= 0.5, law.cdf(middle) < below, law.sf(middle) > above)
        left, right = np.where(short, middle, left), np.where(short, right, middle)
    return right


def mirrored(law: Law) -> Mirrored:
    """The law of minus a number."""
    line = law.line
    return Mirrored(law, Line(-line.upper, -line.lower, -line.middle, line.scale), -law.breaks[::-1])


def trusted(law: Law, shares: Array) -> tuple[float, float]:
    """The smallest of chances, largest first, that both functions of the low tail agree on; and of the high one."""
    found = []
    for tail, types in ((law.cdf, law.quantile(shares, 1 - shares)), (law.sf, law.quantile(1 - shares, shares))):
        known = np.abs(tail(types) / shares - 1) < AGREE
        found.append(float(shares[np.flatnonzero(np.logical_and.accumulate(known))].min(initial=shares[0])))
    return found[0], found[1]


def edges_of(law: Law) -> Array:
    """Ends of the support, breaks, and quantiles: where integrals over a law start to look."""
    spread = law.quantile(BELOW, ABOVE)
    every = np.concatenate([[law.line.lower, law.line.upper], law.breaks, spread])
    return np.unique(np.clip(every, law.line.lower, law.line.upper))


def jumps_of(law: Law, edges: Array) -> Array:
    """Points close by where a density jumps or has a pole: there halving for its integral does not end."""
    line = law.line
    edges, _, _ = pieces(law.pdf, line, edges)
    narrow = np.diff(edges) < NARROW * line.scale
    found = np.unique(np.concatenate([edges[:-1][narrow], edges[1:][narrow], line.coordinate(law.breaks)]))
    apart = np.diff(found, prepend=-np.inf) > NARROW * line.scale
    return line.point(found[apart | np.append(apart[1:], True)])[0]  # of many close by the first and the last

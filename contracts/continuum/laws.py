"""Distributions of types at the door: a frozen distribution of scipy.stats, a density on an interval, or data.

Each becomes a `Law`: density and both tails as functions of arrays, the ends of its support, and points where numbers
may jump. A law on an interval of the support is the conditional one; a law of costs is mirrored, theta -> -theta, so
that whoever is better off stands to the right in every problem. Data are taken as they are, a law of finitely many
types, or smoothed by a normal kernel.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Literal, Protocol

import numpy as np

from contracts.continuum.quadrature import Cumulative, Line, cumulative, integral, pieces
from contracts.errors import ProblemError
from contracts.inputs.arrays import LARGEST, Array, extended, finite
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import described

INTEGRATES = 1e-8  # how far from one a density may integrate; quadrature is right to 1e-14
THIN = np.array([1e-40, 1e-20, 1e-12, 1e-6, 1e-3, 0.01, 0.05, 0.15, 0.3])
BELOW, ABOVE = np.concatenate([THIN, [0.5], 1 - THIN[::-1]]), np.concatenate([1 - THIN, [0.5], THIN[::-1]])
HALVINGS = 200  # of a bracket of floats, which neighbouring floats end
AGREE = 1e-9  # relative difference of a chance and that of its quantile
NARROW = 1e-7  # of a law's scale: intervals that are halved to this width hold a jump
WHOLE = 1e-6  # how far from one the density of scipy may integrate: far tails of some are rough
POLES = 1e-2  # share of types next to poles that an integral may leave out
FAR = 40.0  # bandwidths beyond which a normal kernel has no mass that a float could hold
MOST_DATA = 20_000  # people of a kernel, whose density is a sum over all of them

DataAs = Literal["empirical", "kernel"]


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
        return np.where(below <= 0.5, _quietly(self.of.ppf, below), _quietly(self.of.isf, above))


def _quietly(function: Callable[[Array], Any], argument: Array) -> Array:
    """What a distribution says, without its remarks on poles and far tails, which are looked at with a purpose."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.asarray(function(argument), dtype=np.float64)


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
    """The smallest of some chances, largest first, that both functions of the low tail agree on; and of the high one."""
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


# ---- the door ----


def law_of(distribution: Any, support: Any, data: str, breaks: Any = ()) -> Law | Atoms:
    """The law of what a user calls a distribution.

    Raises
    ------
    ProblemError
        If it is none, or it does not integrate to one.
    """
    if data not in ("empirical", "kernel"):
        raise ProblemError(f"data is {data!r}: give 'empirical' (types as they are) or 'kernel' (smoothed)")
    ends = None if support is None else _ends(support)
    points = np.sort(finite("breaks", breaks).ravel())
    if all(hasattr(distribution, name) for name in ("pdf", "icdf", "iccdf", "support")):
        distribution = Newer(distribution)
    if all(hasattr(distribution, name) for name in ("pdf", "ppf", "isf", "support")):
        return _whole(_cut(_frozen(distribution, points), ends))
    if hasattr(distribution, "pmf") and hasattr(distribution, "support"):
        raise ProblemError(
            "distribution is discrete: give its values and their shares to solve_menu(values, shares, cost=...)"
        )
    if hasattr(distribution, "rvs") and not hasattr(distribution, "support"):
        raise ProblemError(
            f"distribution is {described(distribution)}, of several numbers or without its parameters: freeze it, "
            "scipy.stats.uniform(0, 1), or give a list of one distribution per good to discretise"
        )
    if callable(distribution):
        if ends is None or not np.isfinite(ends).all():
            raise ProblemError(
                f"distribution is a density and support is {support!r}: give the interval that it lives on, "
                "support=(lowest, highest), cut where it has no end"
            )
        return _density(distribution, ends, points)
    values = finite("distribution", distribution)
    if values.ndim != 1 or len(values) < 2 or float(np.ptp(values)) == 0:
        raise ProblemError(
            f"distribution has shape {values.shape} and {len(np.unique(values))} different values: give a frozen "
            "distribution of scipy.stats, a density with its support, or one number per person, not all the same"
        )
    if ends is not None:
        kept = values[(values >= ends[0]) & (values <= ends[1])] if data == "empirical" else values
        if len(np.unique(kept)) < 2:
            raise ProblemError(f"support is {support!r}, which holds {len(kept)} of the data: widen it")
        values = kept
    if data == "empirical":
        found, counts = np.unique(values, return_counts=True)
        return Atoms(found, counts / len(values))
    if len(values) > MOST_DATA:
        raise ProblemError(
            f"distribution has {len(values):,} people: a kernel takes at most {MOST_DATA:,}; draw a sample, or use "
            "data='empirical'"
        )
    return _cut(_kernel(values, points), ends)


def _ends(support: Any) -> Array:
    ends = extended("support", support)
    if ends.shape != (2,) or not ends[0] < ends[1]:
        raise ProblemError(f"support is {support!r}: give (lowest, highest), the lower end first")
    return ends


def _frozen(distribution: Any, breaks: Array) -> Law:
    try:
        low, high = (float(end) for end in distribution.support())
        middle, quarter = (float(distribution.ppf(share)) for share in (0.5, 0.25))
        near = float(distribution.pdf(middle))
    except (TypeError, ValueError, AttributeError, NotImplementedError) as exc:
        raise ProblemError(
            f"distribution does not say its support and quantiles as numbers ({exc}): give one frozen distribution, "
            "scipy.stats.uniform(0, 1)"
        ) from exc
    if not (low < high and np.isfinite([middle, quarter, near]).all()):
        raise ProblemError(
            f"distribution has the support ({low}, {high}), median {middle} and density {near} there: check its "
            "parameters"
        )
    scale = middle - quarter if middle > quarter else max(abs(middle), 1.0)
    return Frozen(distribution, Line(low, high, middle, scale), breaks)


def _whole(law: Law) -> Law:
    """The law, if its density integrates to one."""
    mass = integral(law.pdf, law.line, edges_of(law))
    if not abs(mass.value - 1.0) <= WHOLE + min(mass.error, POLES):
        raise ProblemError(
            f"distribution integrates to {mass.value:.9g} over ({law.line.lower:g}, {law.line.upper:g}), not to 1: "
            "give the support that its density belongs to, or check its parameters"
        )
    return law


def _density(density: Callable[[Any], Any], ends: Array, breaks: Array) -> Law:
    low, high = float(ends[0]), float(ends[1])
    trial = np.linspace(low, high, 9)[1:-1]
    try:
        values = np.asarray(density(trial), dtype=np.float64)
    except (TypeError, ValueError, AttributeError, IndexError, ZeroDivisionError) as exc:
        raise ProblemError(
            f"distribution does not take an array of types ({exc}): give a density that works entry by entry, such as "
            "lambda t: 6 * t * (1 - t)"
        ) from exc
    if values.shape != trial.shape:
        values = np.broadcast_to(values, trial.shape) if values.shape == () else values
        if values.shape != trial.shape:
            raise ProblemError(
                f"distribution gives densities of shape {values.shape} for {len(trial)} types: let it work entry by "
                "entry"
            )
    line = Line(low, high, (low + high) / 2, (high - low) / 4)
    inner = breaks[(breaks > low) & (breaks < high)]

    def one_each(theta: Array) -> Array:
        return np.broadcast_to(np.asarray(density(theta), dtype=np.float64), np.shape(theta))

    looked = one_each(np.linspace(low, high, 1001)[1:-1])
    if not (np.isfinite(looked).all() and (looked >= 0).all()):
        worst = int(np.argmax(~np.isfinite(looked) | (looked < 0)))
        raise ProblemError(
            f"distribution at {np.linspace(low, high, 1001)[1 + worst]:.6g} is {looked[worst]:.6g}: a density is "
            "finite and not negative; check it, or narrow the support"
        )
    mass = cumulative(one_each, line, np.concatenate([np.linspace(low, high, 33), inner]))
    if not abs(mass.total - 1.0) <= INTEGRATES + mass.error:
        raise ProblemError(
            f"distribution integrates to {mass.total:.9g} over ({low:g}, {high:g}), not to 1: divide the density by "
            "that, or give the support that it belongs to"
        )
    return Density(mass, line, inner)


def _kernel(values: Array, breaks: Array) -> Law:
    """Silverman's rule of thumb: .9 min(sd, interquartile range / 1.34) n^(-1/5)."""
    quartiles = np.quantile(values, [0.25, 0.75])
    spread = float(np.std(values, ddof=1))
    inner = float(quartiles[1] - quartiles[0]) / 1.34
    width = 0.9 * (min(spread, inner) if inner > 0 else spread) * len(values) ** -0.2
    return Kernel(values, width, Line(-np.inf, np.inf, float(np.median(values)), spread), breaks)


def _cut(law: Law, ends: Array | None) -> Law:
    """The law given the interval; the law itself where that is all of it."""
    if ends is None or (ends[0] <= law.line.lower and ends[1] >= law.line.upper):
        return law
    low, high = max(float(ends[0]), law.line.lower), min(float(ends[1]), law.line.upper)
    within = float(law.cdf(np.array(high)) - law.cdf(np.array(low))) if low < high else 0.0
    if not within > 1e-12 or max(abs(low) if np.isfinite(low) else 0, abs(high) if np.isfinite(high) else 0) > LARGEST:
        raise ProblemError(
            f"support is ({ends[0]:g}, {ends[1]:g}), where distribution has no mass: it lives on ({law.line.lower:g}, "
            f"{law.line.upper:g})"
        )
    inner = law.breaks[(law.breaks > low) & (law.breaks < high)]
    middle = law.line.middle if low < law.line.middle < high else low if np.isfinite(low) else high
    return Conditional(law, Line(low, high, middle, law.line.scale), inner)

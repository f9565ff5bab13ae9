"""Distributions of types at the door: a frozen distribution of scipy.stats, a density on an interval, or data.

A law on an interval of the support is the conditional one. Data are taken as they are, a law of finitely many types, or
smoothed by a normal kernel.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from contracts.continuum.laws import Atoms, Conditional, Density, Frozen, Kernel, Law, Newer, edges_of
from contracts.continuum.quadrature import Line, cumulative, integral
from contracts.errors import ProblemError
from contracts.inputs.arrays import LARGEST, Array, extended, finite
from contracts.inputs.kinds import described

INTEGRATES = 1e-8  # how far from one a density may integrate; quadrature is right to 1e-14
WHOLE = 1e-6  # how far from one the density of scipy may integrate: far tails of some are rough
POLES = 1e-2  # share of types next to poles that an integral may leave out
MOST_DATA = 20_000  # people of a kernel, whose density is a sum over all of them

DataAs = Literal["empirical", "kernel"]


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

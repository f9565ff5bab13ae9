"""How one taste varies: what a location, a spread and a normal deviate make of it, with derivatives and moments.

Everything else asks here, so that another way of varying is one more entry of `MIXINGS`. A taste is g(m, e, s) with m
its location, e normal with mean 0 and standard deviation s; w = e / s is standard normal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import log_ndtr, ndtr, ndtri_exp

from contracts.inputs.arrays import Array

LEAST = 1e-100  # a spread of 0 has no deviates to divide by
LOG_2PI = float(np.log(2 * np.pi))


class Draws(NamedTuple):
    """Tastes of draws, with derivatives in location, deviation and spread (the deviation held fixed)."""

    value: Array
    in_location: Array | float
    in_deviation: Array | float
    in_spread: Array | float = 0.0


class Moments(NamedTuple):
    """Mean and standard deviation of a taste, each with derivatives in location and spread."""

    mean: float
    sd: float
    mean_in: tuple[float, float]
    sd_in: tuple[float, float]


class Mixing(NamedTuple):
    """One way of varying.

    `at` takes location, deviations (any shape) and spread; `moments` location and spread.
    """

    at: Callable[[float, Array, float], Draws]
    moments: Callable[[float, float], Moments]
    sign: int = 0  # of all tastes; 0: any
    is_log: bool = False  # location and spread are those of logarithms: other units shift the location alone
    varies: bool = True  # otherwise there is no spread
    has_location: bool = True  # otherwise it is 0 and not estimated


# ---- normal, lognormal ----


def plain(location: float, deviation: Array, spread: float) -> Draws:
    """Location plus deviation."""
    return Draws(location + deviation, 1.0, 1.0)


def _normal_moments(location: float, spread: float) -> Moments:
    return Moments(location, spread, (1.0, 0.0), (0.0, 1.0))


def _lognormal(sign: int) -> Mixing:
    """m = s exp(mean + v / 2); its standard deviation is |m| (e^v - 1)^(1/2)."""

    def at(location: float, deviation: Array, spread: float) -> Draws:
        value = np.exp(location + deviation) * sign
        return Draws(value, value, value)

    def moments(location: float, spread: float) -> Moments:
        variance = spread**2
        mean, ratio = sign * np.exp(location + variance / 2), np.sqrt(np.expm1(variance))
        sd = abs(mean) * ratio
        steep = np.exp(variance) * (spread / ratio if spread else 1.0)  # d ratio / d spread
        return Moments(mean, sd, (mean, mean * spread), (sd, sd * spread + abs(mean) * steep))

    return Mixing(at, moments, sign, is_log=True)


# ---- a symmetric shape on location +- spread ----


def _bounded(shape: Callable[[Array], tuple[Array, Array]], sd: float) -> Mixing:
    """location + spread * shape(w), with the shape in [-1, 1] and its standard deviation `sd`."""

    def at(location: float, deviation: Array, spread: float) -> Draws:
        own = max(spread, LEAST)
        deviate = deviation / own
        value, slope = shape(deviate)
        return Draws(location + own * value, 1.0, slope, value - deviate * slope)

    return Mixing(at, lambda location, spread: Moments(location, spread * sd, (1.0, 0.0), (0.0, sd)))


def _density(deviate: Array) -> Array:
    return np.asarray(np.exp(-(deviate**2) / 2 - LOG_2PI / 2))


def _uniform(deviate: Array) -> tuple[Array, Array]:
    return np.asarray(2 * ndtr(deviate) - 1), 2 * _density(deviate)


def _triangular(deviate: Array) -> tuple[Array, Array]:
    """sign(w) (1 - (2 Phi(-|w|))^(1/2))."""
    root = np.sqrt(2 * ndtr(-np.abs(deviate)))
    return np.sign(deviate) * (1 - root), _density(deviate) / np.maximum(root, LEAST)


# ---- a normal cut off at zero ----


def _truncated(sign: int) -> Mixing:
    """sign times a normal of mean m that is known to be positive: m - s q, with Phi(q) = Phi(-w) Phi(m / s)."""

    def at(location: float, deviation: Array, spread: float) -> Draws:
        own = max(spread, LEAST)
        deviate, height = deviation / own, location / own
        tail = log_ndtr(-deviate)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            point = ndtri_exp(tail + log_ndtr(height))
            in_height = np.exp(tail + (point**2 - height**2) / 2)  # dq/d(m/s)
            in_deviate = np.exp(log_ndtr(height) + (point**2 - deviate**2) / 2)  # -dq/dw
        in_spread = height * in_height - point - deviate * in_deviate
        value = np.maximum(location - own * point, 0.0)  # 0 by rounding at worst
        return Draws(sign * value, sign * (1 - in_height), sign * in_deviate, sign * in_spread)

    def moments(location: float, spread: float) -> Moments:
        """With h = m / s and r = phi(h) / Phi(h): mean m + s r, variance s^2 (1 - h r - r^2)."""
        own = max(spread, LEAST)
        height = location / own
        ratio = float(np.exp(-(height**2) / 2 - LOG_2PI / 2 - log_ndtr(height)))
        turn = -ratio * (height + ratio)  # dr/dh
        share = max(1 - height * ratio - ratio**2, 0.0)
        root = float(np.sqrt(share))
        bend = (-ratio - height * turn - 2 * ratio * turn) / (2 * root) if root else 0.0  # d root / dh
        mean_in = (sign * (1 + turn), sign * (ratio - height * turn))
        return Moments(sign * (location + own * ratio), own * root, mean_in, (bend, root - height * bend))

    return Mixing(at, moments, sign)


MIXINGS: dict[str, Mixing] = {
    "normal": Mixing(plain, _normal_moments),
    "positive": _lognormal(1),
    "negative": _lognormal(-1),
    "fixed": Mixing(plain, _normal_moments, varies=False),
    "uniform": _bounded(_uniform, 3**-0.5),
    "triangular": _bounded(_triangular, 6**-0.5),
    "truncated positive": _truncated(1),
    "truncated negative": _truncated(-1),
    "component": Mixing(plain, _normal_moments, has_location=False),
}

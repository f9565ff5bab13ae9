"""Log weights that are normal, and what statements make of them.

An attribute's magnitude is exp(z), a weight its share: w_a = s_a exp(z_a) / sum_b exp(z_b), with a sign s_a. Before a
text z ~ N(0, PRIOR_SD^2 I): nothing is known, and 0 is what a typical attribute is worth. A statement is about one
contrast c.z: it is *near* a number (a ratio, with a stated noise) or *above* one (a half-space, that may be meant
otherwise with a stated doubt). Expectation propagation turns them into one normal posterior (Minka 2001): near
statements exactly, half-spaces by matching moments. An attribute that no statement is about keeps its prior.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

from contracts.inputs.arrays import Array

PRIOR_SD = 0.8  # of a log weight: nine of ten attributes are worth between a quarter and four times a typical one
SWEEPS, SETTLED = 200, 1e-10
DAMPING = 0.8
N_POINTS = 4096
LEVELS = np.linspace(0.0, 1.0, 21)


class Claim(NamedTuple):
    """What is said of a contrast of log weights: near `value` give or take `sd`, or above it but for `doubt`."""

    contrast: tuple[tuple[int, float], ...]  # (attribute, coefficient)
    kind: Literal["near", "above"]
    value: float
    sd: float
    doubt: float = 0.0


def normal_posterior(claims: Sequence[Claim], n_attributes: int) -> tuple[Array, Array]:
    """Mean (n,) and covariance (n, n) of the log weights; the same whatever order and however often things are said.

    Examples
    --------
    >>> mean, covariance = normal_posterior([Claim(((0, 1.0), (1, -1.0)), "near", np.log(2), 0.1)], 3)
    >>> mean.round(2), covariance[2].round(2)
    (array([ 0.34, -0.34,  0.  ]), array([0.  , 0.  , 0.64]))
    """
    distinct = sorted(set(claims))
    directions = np.zeros((len(distinct), n_attributes))
    for row, claim in zip(directions, distinct, strict=True):
        for attribute, coefficient in claim.contrast:
            row[attribute] += coefficient
    precision = np.eye(n_attributes) / PRIOR_SD**2
    shift = np.zeros(n_attributes)
    half = []
    for row, claim in zip(directions, distinct, strict=True):
        if claim.kind == "near":
            precision += np.outer(row, row) / claim.sd**2
            shift += row * claim.value / claim.sd**2
        else:
            half.append((row, claim))
    sites = np.zeros((len(half), 2))  # precision, and precision times mean
    rows = np.array([row for row, _ in half]).reshape(len(half), n_attributes)
    covariance = np.asarray(np.linalg.inv(precision), dtype=np.float64)
    mean = covariance @ shift
    for _ in range(SWEEPS):
        before = mean
        for k, (row, claim) in enumerate(half):
            sites[k] += DAMPING * (_site(row, claim, sites[k], mean, covariance) - sites[k])
            covariance = np.asarray(np.linalg.inv(precision + (rows.T * sites[:, 0]) @ rows), dtype=np.float64)
            mean = covariance @ (shift + rows.T @ sites[:, 1])
        if np.abs(mean - before).max(initial=0.0) < SETTLED:
            break
    return mean, covariance


def _site(row: Array, claim: Claim, site: Array, mean: Array, covariance: Array) -> Array:
    """The normal that stands in for a half-space, given all others: moments of the tilted distribution are matched.

    The likelihood is doubt + (1 - doubt) Phi((c.z - value) / sd).
    """
    variance = float(row @ covariance @ row)
    left = max(1.0 / variance - site[0], 1e-9)
    cavity = ((row @ mean) / variance - site[1]) / left
    scale = np.sqrt(claim.sd**2 + 1.0 / left)
    t = (cavity - claim.value) / scale
    meant = 1.0 - claim.doubt
    evidence = claim.doubt + meant * ndtr(t)
    slope = meant * np.exp(-0.5 * t * t) / np.sqrt(2 * np.pi) / max(float(evidence), 1e-300) / scale
    curvature = -slope * t / scale - slope**2
    tilted = 1.0 / left + curvature / left**2
    if not tilted > 0:
        return site
    precision = max(1.0 / tilted - left, 0.0)
    centre = cavity + slope / left
    return np.array([precision, centre * (precision + left) - cavity * left])


@functools.lru_cache(maxsize=64)
def standard_points(n: int) -> Array:
    """Points of a standard normal in n dimensions, always the same: Sobol's, in the middle of their cells."""
    from scipy.stats import qmc

    uniform = qmc.Sobol(n, scramble=False).random_base2(int(np.log2(N_POINTS))) + 0.5 / N_POINTS
    points = np.asarray(ndtri(uniform))
    points -= points.mean(axis=0)
    points.flags.writeable = False
    return points


def shares(mean: Array, covariance: Array, signs: Array) -> Array:
    """Weights at the points of a normal distribution of log weights, (N_POINTS, n); their sizes sum to 1."""
    values, vectors = np.linalg.eigh(covariance)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    logs = mean + standard_points(len(mean)) @ root
    sizes = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(signs * sizes / sizes.sum(axis=1, keepdims=True))

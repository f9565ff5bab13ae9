"""Shares as a mixture of three kinds of policy: keep nearly everything, split evenly, give nearly everything.

Recorded shares are lumpy: nearly all lie close to 0, 1/2 or 1, which are the only dictator offers of piecewise linear
social preferences (Fehr & Schmidt 1999, Charness & Rabin 2002). With p_k(x) proportional to
exp(s (b_k + w_k . x)) the share has the distribution sum_k p_k F_k, the mean m = sum_k p_k c_k, and the variance
sum_k p_k (s_k^2 + (c_k - m)^2).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass

KINDS = ("selfish", "fair", "altruistic")
LEVELS = np.linspace(0.0, 1.0, 21)


@dataclass(frozen=True, eq=False)
class Kinds:
    """What every kind of policy offers: `centres` (3,), `spreads` (3,), and `quantiles` (3, 21) at steps of 5 %."""

    centres: Array
    spreads: Array
    quantiles: Array

    def mean(self, probabilities: Array) -> Array:
        """Expected share, (...,), for probabilities of the kinds, (..., 3)."""
        return probabilities @ self.centres

    def sd(self, probabilities: Array) -> Array:
        """Standard deviation of the share, (...,)."""
        second = probabilities @ (self.spreads**2 + self.centres**2)
        return np.sqrt(np.maximum(second - self.mean(probabilities) ** 2, 0.0))

    def mass(self, kind: int, edges: Array) -> Array:
        """Probability that a share of this kind, held between the edges, lies in each cell between neighbours."""
        cumulative = np.interp(edges, self.quantiles[kind], LEVELS, left=0.0, right=1.0)
        return np.diff(cumulative[1:-1], prepend=0.0, append=1.0)


class Bounded(NamedTuple):
    """What is known of a share between bounds: mean, sd, probabilities of the kinds, and quantiles at `LEVELS`."""

    mean: float
    sd: float
    probabilities: Array
    quantiles: Array


def bounded(
    kinds: Kinds, probabilities: Array, lowest: float, highest: float, doubt: float = 0.05, points: int = 1001
) -> Bounded:
    """The share held between two bounds: preferences are single-peaked, so what lies beyond a bound moves to it.

    The mixture is mixed with the uniform distribution between the bounds, weight `doubt`. Without bounds and doubt,
    mean and sd are those of the mixture.

    Examples
    --------
    >>> kinds = Kinds(np.array([0.03, 0.5, 0.98]), np.full(3, 0.02), np.linspace([0, .45, .95], [.06, .55, 1], 21).T)
    >>> held = bounded(kinds, np.array([0.4, 0.3, 0.3]), 0.4, 1.0)  # the selfish offer what they must
    >>> round(held.mean, 2), held.probabilities.round(1)
    (0.61, array([0.4, 0.3, 0.3]))
    """
    whole = lowest <= 0.0 and highest >= 1.0 and doubt == 0.0
    edges = np.linspace(lowest, highest, points)
    middle = (edges[1:] + edges[:-1]) / 2
    by_kind = (1 - doubt) * probabilities[:, np.newaxis] * np.stack([kinds.mass(k, edges) for k in range(len(KINDS))])
    flat = np.full(len(middle), doubt / len(middle))
    nearest = np.abs(middle[:, np.newaxis] - kinds.centres).argmin(axis=1)
    mass = by_kind.sum(axis=0) + flat
    total = mass.sum()
    quantiles = np.interp(LEVELS, np.concatenate([[0.0], np.cumsum(mass) / total]), edges)
    if whole:
        return Bounded(float(kinds.mean(probabilities)), float(kinds.sd(probabilities)), probabilities, quantiles)
    mean = float(mass @ middle / total)
    sd = float(np.sqrt(mass @ (middle - mean) ** 2 / total))
    shares = by_kind.sum(axis=1) + np.bincount(nearest, flat, minlength=len(KINDS))
    return Bounded(mean, sd, shares / shares.sum(), quantiles)

"""Manners of speaking as a second, noisy signal of the norm, whose reliability is learned with the norm.

Every remark of a user is rude, neutral or sycophantic. Neutral ones say nothing. A listener who takes words at face
value reads greed into rudeness and generosity into flattery: with probability r a remark that has a tone is sincere,
rude if the speaker's norm gives less than a third, sycophantic if it gives more than two thirds; else, and of fair
speakers, it has either tone with the same probability. The reliability r has a Beta prior on a grid, is the same for
all remarks of a run, and is summed out:

    log p(remarks | norm) = log sum_r p(r) prod_w (r [w fits the norm] + (1 - r) / 2)^count_w.

A listener who trusts words has one r and no doubt. When words and deeds disagree it needs as many deeds as outweigh
them; the listener who doubts learns from the deeds that r is small, and stops listening. An ironic listener also holds
it possible that people mean the opposite: r goes down to -1, where a remark always has the tone that does not fit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import logsumexp

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite, number
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Numbers

TONES = ("rude", "neutral", "sycophantic")
GRID = (np.arange(20) + 0.5) / 20  # reliabilities


@checked
@dataclass(frozen=True)
class Listener:
    """How an assistant takes the tone of what users say.

    Parameters
    ----------
    a, b : positive, parameters of the Beta prior of the reliability; its mean is a / (a + b)
    trust : a reliability in [0, 1) that is never doubted; None to infer it
    ironic : whether people may mean the opposite of what they say; (r + 1) / 2 then has the Beta prior

    Raises
    ------
    ProblemError
        If a parameter lies outside its range.

    Examples
    --------
    Ten insults: whoever trusts words is sure of greed; whoever doubts them as such leans to it less.

    >>> insults = [[10, 0, 0]]
    >>> Listener(trust=0.9).log_likelihood([0.0, 0.5, 1.0], insults).round(1)
    array([[ -0.5,  -6.9, -30. ]])
    >>> Listener().log_likelihood([0.0, 0.5, 1.0], insults).round(1)
    array([[-1.7, -6.9, -9.3]])
    """

    a: float = 1.0
    b: float = 1.0
    trust: float | None = None
    ironic: bool = False

    def __post_init__(self) -> None:
        if number("a", self.a) <= 0 or number("b", self.b) <= 0:
            raise ProblemError(f"a is {self.a}, b is {self.b}: parameters of a Beta prior are positive")
        if self.trust is not None and not 0 <= number("trust", self.trust) < 1:
            raise ProblemError(f"trust is {self.trust}: give a reliability from 0 to below 1")
        if self.trust is not None and self.ironic:
            raise ProblemError(
                "trust is given and ironic is true: whoever trusts words does not look for irony; drop one"
            )

    def log_likelihood(self, shares: Numbers, counts: Numbers) -> Array:
        """Log probability of remarks under norms that give these shares.

        Parameters
        ----------
        shares : (n_norms,)
        counts : (n_runs, 3) remarks heard, in the order of TONES

        Returns
        -------
        (n_runs, n_norms)
        """
        return np.asarray(logsumexp(self._joint(shares, counts), axis=-1))

    def reliability(self, shares: Numbers, counts: Numbers, norm_weights: Numbers) -> Array:
        """Posterior mean of the reliability, with the norms weighed by what deeds say, (n_runs, n_norms); (n_runs,)."""
        self._check_weights(shares, counts, norm_weights)
        return np.asarray(np.exp(self._learned(shares, counts, norm_weights)) @ self._grid[0])

    def heard_later(self, shares: Numbers, counts: Numbers, norm_weights: Numbers, later: Numbers) -> Array:
        """Log probability of later remarks about another norm, once these people's words were held against their deeds.

        Parameters
        ----------
        shares, counts, norm_weights : as for `reliability`: what was said, and the norm that deeds showed
        later : (n_runs, 3) remarks where nothing was done yet

        Returns
        -------
        (n_runs, n_norms) of the norm that these remarks are about
        """
        self._check_weights(shares, counts, norm_weights)
        if np.shape(later) != np.shape(counts):
            raise ProblemError(f"later has shape {np.shape(later)}; expected that of counts, {np.shape(counts)}")
        learned = self._learned(shares, counts, norm_weights)
        return np.asarray(logsumexp(self._spoken(shares, later) + learned[:, np.newaxis], axis=-1))

    def _check_weights(self, shares: Any, counts: Any, norm_weights: Any) -> None:
        if norm_weights.shape != (*counts.shape[:1], *shares.shape[:1]) or not np.all(norm_weights >= 0):
            raise ProblemError(
                f"norm_weights has shape {norm_weights.shape}; expected (n_runs, n_norms), none negative"
            )

    def _learned(self, shares: Any, counts: Any, norm_weights: Any) -> Array:
        """Log posterior of the reliability; (n_runs, n_reliabilities)."""
        with np.errstate(divide="ignore"):
            score = logsumexp(self._joint(shares, counts) + np.log(norm_weights)[..., np.newaxis], axis=1)
        return np.asarray(score - logsumexp(score, axis=-1, keepdims=True))

    @property
    def _grid(self) -> tuple[Array, Array]:
        if self.trust is not None:
            return np.array([self.trust]), np.zeros(1)
        log_weight = (self.a - 1) * np.log(GRID) + (self.b - 1) * np.log1p(-GRID)
        return (2 * GRID - 1 if self.ironic else GRID), log_weight - logsumexp(log_weight)

    def _joint(self, shares: Any, counts: Any) -> Array:
        """Log of prior of r times probability of the remarks; (n_runs, n_norms, n_reliabilities)."""
        return self._spoken(shares, counts) + self._grid[1]

    def _spoken(self, shares: Any, counts: Any) -> Array:
        """Log probability of the remarks by norm and reliability."""
        if shares.ndim != 1 or counts.ndim != 2 or counts.shape[1] != len(TONES):
            raise ProblemError(
                f"shares has shape {shares.shape}, counts {counts.shape}; expected (n_norms,), (n_runs, {len(TONES)})"
            )
        reliability, _ = self._grid
        fitting = fitting_tone(shares)[:, np.newaxis]
        fits = (fitting == np.arange(len(TONES)))[..., np.newaxis]  # (n_norms, tones, 1)
        log_tone = np.log(np.where(fitting[..., np.newaxis] == 1, 0.5, reliability * fits + (1 - reliability) / 2))
        log_tone[:, TONES.index("neutral")] = 0.0
        return np.asarray(np.einsum("rt,ntq->rnq", counts, log_tone))


def fitting_tone(shares: Any) -> Any:
    """Number of the tone that fits a norm: rude below a third, sycophantic above two thirds; (n_norms,) integers."""
    return np.digitize(finite("shares", shares), [1 / 3, 2 / 3])

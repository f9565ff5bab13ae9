"""What whoever knows how noisy a signal is makes of it: estimates drawn towards each other and towards indifference.

Seen utilities of the types in one policy are u + e. Errors e have a known covariance N over the types; that of u, T,
is what the utilities' scatter over the policies leaves after N. The best linear guess of u is W (u + e) with
W = T (T + N)^-1 (Stein 1956; Efron & Morris 1973): noise on one type is corrected by what others want, and noise that
is the same on all of them, which looks like agreement, is taken for what it is.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from inference.society.mechanisms import Signal

TINY = 1e-12  # relative: what remains of a covariance is nothing


@checked
def shrunk(signal: Signal) -> Signal:
    """The same signal for a mechanism that knows the noise, whichever mechanism it is.

    Utilities are the best linear guess, with the covariance of its errors; the pooled reward is shrunk by itself.

    References
    ----------
    Efron & Morris (1973), Stein's estimation rule and its competitors, Journal of the American Statistical
    Association 68.

    Examples
    --------
    >>> seen = Signal(
    ...     utilities=np.array([[[1.0, 0.0, -1.0]]]), covariance=np.eye(3)[np.newaxis, np.newaxis] - 1 / 3,
    ...     pooled=np.array([[1.0, 0.0, -1.0]]), weights=np.ones((1, 1)), safety_cost=np.zeros((1, 3)),
    ...     reference=np.full((1, 3), 1 / 3), temperature=np.ones(1), pooled_variance=np.array([0.25]),
    ... )
    >>> bool(shrunk(seen).utilities.any())  # as much noise as there is scatter: nothing is known
    False
    >>> shrunk(seen).pooled  # a quarter of the scatter is noise
    array([[ 0.75,  0.  , -0.75]])
    """
    freedom = signal.utilities.shape[2] - 1
    seen = signal.utilities @ np.swapaxes(signal.utilities, 1, 2) / freedom
    error = signal.error_between
    wanted = _positive(seen - error)
    weights = wanted @ np.linalg.pinv(wanted + error, hermitian=True)
    left = np.diagonal(wanted - weights @ wanted, axis1=1, axis2=2)  # variance of the guess
    before = np.diagonal(error, axis1=1, axis2=2)
    ratio = np.divide(np.maximum(left, 0.0), before, out=np.ones_like(before), where=before > 0)
    scatter = (signal.pooled**2).sum(axis=1) / freedom
    kept = 1.0 - np.divide(signal.error_pooled, scatter, out=np.zeros_like(scatter), where=scatter > 0)
    kept = np.maximum(kept, 0.0)
    return replace(
        signal,
        utilities=weights @ signal.utilities,
        covariance=signal.covariance * ratio[..., np.newaxis, np.newaxis],
        pooled=signal.pooled * kept[:, np.newaxis],
        between=wanted - weights @ wanted,
        pooled_variance=signal.error_pooled * kept,
    )


def _positive(matrices: Array) -> Array:
    """The nearest positive semidefinite matrices."""
    values, vectors = np.linalg.eigh((matrices + np.swapaxes(matrices, 1, 2)) / 2)
    kept = np.where(values > TINY * np.abs(values).max(axis=1, keepdims=True), values, 0.0)
    return np.asarray((vectors * kept[:, np.newaxis]) @ np.swapaxes(vectors, 1, 2))

"""Points that stand for a standard normal population: Sobol and Halton sequences, scrambled or plain."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from contracts.inputs.arrays import Array

SKIPPED = 100  # first elements of every Halton sequence, in which the large primes still move together
INSIDE = 2.0**-33  # scrambled points may be 0, which is no quantile of a number; half of their last digit


def sobol_normals(n_people: int, draws: int, size: int, rng: np.random.Generator) -> Array:
    """Standard normals from scrambled Sobol points, a run of `draws` points for one person after the other.

    Runs of a power of two are nets: every person's points are as even as points can be (Owen 1998).

    Returns
    -------
    (n_people, draws, size) array

    Examples
    --------
    >>> points = sobol_normals(2, 64, 3, np.random.default_rng(0))
    >>> bool(np.abs(points.mean(axis=1)).max() < 0.02)
    True
    """
    from scipy.stats import qmc  # slow to import

    count = n_people * draws
    points = qmc.Sobol(size, rng=rng).random_base2(int(np.ceil(np.log2(max(count, 1)))))[:count]
    return np.asarray(ndtri(np.clip(points, INSIDE, 1 - INSIDE))).reshape(n_people, draws, size)


def halton_normals(n_people: int, draws: int, size: int, rng: np.random.Generator | None = None) -> Array:
    """Standard normals from Halton points, a run of `draws` points for one person after the other.

    Returns
    -------
    (n_people, draws, size) array

    Examples
    --------
    >>> float(halton_normals(1, 4, 1).mean().round(2))  # 101st to 104th point of base 2
    0.09
    """
    from scipy.stats import qmc  # slow to import

    points = qmc.Halton(size, scramble=rng is not None, rng=rng)
    points.fast_forward(SKIPPED)
    return np.asarray(ndtri(points.random(n_people * draws))).reshape(n_people, draws, size)


def rotated(points: Array, rng: np.random.Generator) -> Array:
    """Standard normals of the same points moved along every axis by a random distance, round the unit cube.

    Parameters
    ----------
    points : (..., size) in the unit cube

    Examples
    --------
    >>> from scipy.special import ndtr
    >>> points = ndtr(halton_normals(1, 256, 2))
    >>> bool(np.abs(rotated(points, np.random.default_rng(0)).mean(axis=1)).max() < 0.05)
    True
    """
    moved = (points + rng.random(points.shape[-1])) % 1.0
    return np.asarray(ndtri(np.clip(moved, INSIDE, 1 - INSIDE)))

"""Densities of steps, whose virtual valuations are straight lines between jumps, and a kink of hand-derived numbers."""

import numpy as np


def steps(heights, low=0.0, high=1.0):
    """A density of steps of equal width, and its support."""
    heights = np.asarray(heights, dtype=float)
    heights = heights / (heights.mean() * (high - low))

    def density(theta):
        cell = np.floor((np.asarray(theta) - low) / (high - low) * len(heights)).astype(int)
        return heights[np.clip(cell, 0, len(heights) - 1)]

    return density, (low, high)


def two_blocks(theta):
    """1.8 below 1/2 and .2 above.

    With p = 1 - F the revenue curve is p (1 - p) / 1.8 below and p - p^2 / .2 above, two parabolas. The tangent of
    slope v touches them at p = (1 - 1.8 v) / 2 and (1 - v) .2 / 2, where it leaves p^2 / 1.8 and p^2 / .2: the same if
    1 - 1.8 v = (1 - v) .6, so v = 1/3. Hence p = 1/5 and 1/15, types 4/9 and 2/3 are the ends of the pool.
    """
    return np.where(np.asarray(theta) < 0.5, 1.8, 0.2)

"""Hamiltonian trajectories of many chains at once, in leapfrog steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from contracts.inputs.arrays import Array


class Trajectory(NamedTuple):
    """Where a trajectory ends."""

    point: Array
    momentum: Array
    found: Any  # what `at` said of the point


def trajectory(
    at: Callable[[Array], tuple[Array, Any]],
    step: Any,
    n_steps: int,
    *,
    point: Array,
    momentum: Array,
    slope: Array,
    along: Callable[[Array], Array],
) -> Trajectory:
    """`n_steps` leapfrog steps from a point (Neal 2011): half a step of momentum, whole ones in turn, and half a step.

    Parameters
    ----------
    at : the derivative of the log density at a point, in the coordinates of the momentum, and anything found besides
    step : size of a step, a number or one per chain
    slope : the derivative where the trajectory starts
    along : how the point moves with the momentum

    Examples
    --------
    A step that is small enough comes back where it started from, once the momentum is turned round.

    >>> start, momentum = np.array([[1.0]]), np.array([[0.5]])
    >>> shared = {"at": lambda x: (-x, None), "step": 0.1, "n_steps": 7, "along": lambda way: way}
    >>> there = trajectory(point=start, momentum=momentum, slope=-start, **shared)
    >>> back = trajectory(point=there.point, momentum=-there.momentum, slope=-there.point, **shared)
    >>> bool(np.allclose(back.point, start, rtol=1e-12))
    True
    """
    found: Any = None
    momentum = momentum + step / 2 * slope
    for last in range(n_steps):
        point = point + step * along(momentum)
        slope, found = at(point)
        momentum = momentum + (step / 2 if last == n_steps - 1 else step) * slope
    return Trajectory(point, momentum, found)


def chance_to_move(gain: Array) -> Array:
    """min(1, exp(gain of log density)) with which a trajectory's end is accepted; 0 where it ran away."""
    return np.asarray(np.exp(np.minimum(np.where(np.isfinite(gain), gain, -np.inf), 0.0)))

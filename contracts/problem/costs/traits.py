"""What engines and bounds ask of a cost beyond its value: where it is finite, what is known to rounding."""

from __future__ import annotations

from typing import Any

import numpy as np

from contracts.inputs.arrays import Array
from contracts.problem.costs.basic import Linear, Power, Quadratic
from contracts.problem.costs.composite import Separable, Total
from contracts.problem.costs.curved import Exponential, Logarithm
from contracts.problem.costs.ends import finite_range
from contracts.problem.costs.per_type import ByType


def is_closed_form(cost: Any) -> bool:
    """Whether the conjugate over intervals of amounts is right to few rounding errors."""
    if isinstance(cost, Separable | ByType):
        return all(is_closed_form(part) for part in cost.costs)
    if isinstance(cost, Total):
        return is_closed_form(cost.cost)
    return isinstance(cost, Linear | Quadratic | Power | Exponential | Logarithm)


def is_a_sum_over_goods(cost: Any) -> bool:
    """Whether what one good costs does not depend on the others."""
    if isinstance(cost, Quadratic):
        return bool(cost.curvature.ndim < 2)
    if isinstance(cost, ByType):
        return all(is_a_sum_over_goods(part) for part in cost.costs)
    return isinstance(cost, Linear | Power | Exponential | Logarithm | Separable)


def curves_everywhere(cost: Any) -> bool:
    """Whether the cost curves in every direction, as far as is known: one's own costs are taken to."""
    if isinstance(cost, Separable | ByType):
        return all(curves_everywhere(part) for part in cost.costs)
    return not isinstance(cost, Linear | Total)


def finite_faces(cost: Any, n_goods: int) -> tuple[Array, Array]:
    """Half-spaces normals . x < limits in which the cost is finite; (n_faces, n_goods), (n_faces,)."""
    if isinstance(cost, ByType):  # of all types together
        faces = [finite_faces(part, n_goods) for part in cost.costs]
        return np.vstack([normals for normals, _ in faces]), np.concatenate([limits for _, limits in faces])
    if isinstance(cost, Total):
        normals, limits = finite_faces(cost.cost, 1)
        return normals * cost.along(n_goods), limits
    lowest, highest = finite_range(cost, n_goods)
    normals, limits = np.vstack([-np.eye(n_goods), np.eye(n_goods)]), np.concatenate([-lowest, highest])
    return normals[np.isfinite(limits)], limits[np.isfinite(limits)]

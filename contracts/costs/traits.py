"""What engines and bounds ask of a cost beyond its value: how it grows, where it ends, what is known to rounding."""

from __future__ import annotations

from typing import Any

import numpy as np

from contracts.arrays import Array
from contracts.costs.basic import Linear, Power, Quadratic
from contracts.costs.by_type import ByType
from contracts.costs.composite import Separable, Total
from contracts.costs.curved import Exponential, Logarithm


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


def finite_range(cost: Any, n_goods: int) -> tuple[Array, Array]:
    """Amounts strictly between which the cost is finite, infinite where there is no such end; (n_goods,) both."""
    if isinstance(cost, ByType):  # of all types together
        ends = [finite_range(part, n_goods) for part in cost.costs]
        return np.max([low for low, _ in ends], axis=0), np.min([high for _, high in ends], axis=0)
    if hasattr(cost, "finite_range"):
        lower, upper = cost.finite_range(n_goods)
        return np.asarray(lower), np.asarray(upper)
    return np.full(n_goods, -np.inf), np.full(n_goods, np.inf)


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


def asymptotic_slopes(cost: Any, n_goods: int) -> tuple[Array, Array]:
    """What one unit less and one unit more of each good cost in the long run; (n_goods,) both.

    Infinitely much where costs curve without limit, and of one's own costs, which nothing is known of. With costs by
    type there is a row for each, (n_types, n_goods).
    """
    if isinstance(cost, ByType):
        each = [asymptotic_slopes(part, n_goods) for part in cost.costs]
        less, more = (np.array([slopes[k] for slopes in each])[cost.index] for k in (0, 1))
        return less, more
    if hasattr(cost, "asymptotic_slopes"):
        down, up = cost.asymptotic_slopes(n_goods)
        return np.asarray(down), np.asarray(up)
    never = np.full(n_goods, np.inf)
    if isinstance(cost, Linear):
        price = np.array(np.broadcast_to(cost.price, n_goods))
        return -price, price
    if isinstance(cost, Power) and cost.exponent < 1:
        return never, np.zeros(n_goods)
    return never, never


def value_size(cost: Any, allocation: Array) -> Array:
    """Sizes of the terms of the value, which its rounding is relative to; (n,)."""
    if hasattr(cost, "value_size"):
        return np.asarray(cost.value_size(allocation))
    return np.abs(cost.value(allocation))

"""What a cost says of itself beyond its value, and what is assumed of one that does not say."""

from __future__ import annotations

from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array


def is_straight(cost: Any) -> bool:
    """Whether the cost curves nowhere: it has one gradient."""
    return _says(cost, "is_straight", unsaid=False)


def is_closed_form(cost: Any) -> bool:
    """Whether the conjugate over intervals of amounts is right to few rounding errors."""
    return _says(cost, "is_closed_form", unsaid=False)


def is_a_sum_over_goods(cost: Any) -> bool:
    """Whether what one good costs does not depend on the others."""
    return _says(cost, "is_a_sum_over_goods", unsaid=False)


def curves_everywhere(cost: Any) -> bool:
    """Whether the cost curves in every direction, as far as is known: one's own costs are taken to."""
    return _says(cost, "curves_everywhere", unsaid=not is_straight(cost))


def _says(cost: Any, name: str, *, unsaid: bool) -> bool:
    said = getattr(cost, name, unsaid)
    if not isinstance(said, bool | np.bool_):
        raise ProblemError(
            f"cost {type(cost).__name__} has {name} {said!r}: say True or False, in an attribute or a property"
        )
    return bool(said)


def least_curvature(cost: Any) -> float:
    """A k with c(y) >= c(x) + grad c(x) . (y - x) + k |y - x|^2 / 2; 0 where none is known."""
    return float(getattr(cost, "least_curvature", 0.0))


def finite_range(cost: Any, n_goods: int) -> tuple[Array, Array]:
    """Amounts strictly between which the cost is finite, infinite where there is no such end; (n_goods,) both."""
    if hasattr(cost, "finite_range"):
        lower, upper = cost.finite_range(n_goods)
        return np.asarray(lower), np.asarray(upper)
    return np.full(n_goods, -np.inf), np.full(n_goods, np.inf)


def finite_faces(cost: Any, n_goods: int) -> tuple[Array, Array]:
    """Half-spaces normals . x < limits in which the cost is finite; (n_faces, n_goods), (n_faces,)."""
    if hasattr(cost, "finite_faces"):
        normals, limits = cost.finite_faces(n_goods)
        return np.asarray(normals), np.asarray(limits)
    lowest, highest = finite_range(cost, n_goods)
    normals, limits = np.vstack([-np.eye(n_goods), np.eye(n_goods)]), np.concatenate([-lowest, highest])
    return normals[np.isfinite(limits)], limits[np.isfinite(limits)]


def asymptotic_slopes(cost: Any, n_goods: int) -> tuple[Array, Array]:
    """What one unit less and one unit more of each good cost in the long run; (n_goods,) both.

    Infinitely much where costs curve without limit, and of one's own costs, which nothing is known of. With costs by
    type there is a row for each, (n_types, n_goods).
    """
    if hasattr(cost, "asymptotic_slopes"):
        down, up = cost.asymptotic_slopes(n_goods)
        return np.asarray(down), np.asarray(up)
    return np.full(n_goods, np.inf), np.full(n_goods, np.inf)

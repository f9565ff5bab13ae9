"""Where a cost ends, and how it grows in the long run."""

from __future__ import annotations

from typing import Any

import numpy as np

from contracts.inputs.arrays import Array
from contracts.problem.costs.basic import Linear, Power
from contracts.problem.costs.per_type import ByType


def finite_range(cost: Any, n_goods: int) -> tuple[Array, Array]:
    """Amounts strictly between which the cost is finite, infinite where there is no such end; (n_goods,) both."""
    if isinstance(cost, ByType):  # of all types together
        ends = [finite_range(part, n_goods) for part in cost.costs]
        return np.max([low for low, _ in ends], axis=0), np.min([high for _, high in ends], axis=0)
    if hasattr(cost, "finite_range"):
        lower, upper = cost.finite_range(n_goods)
        return np.asarray(lower), np.asarray(upper)
    return np.full(n_goods, -np.inf), np.full(n_goods, np.inf)


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

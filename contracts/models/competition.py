"""Competition for agents whose types are hidden: separating contracts that break even one by one, as one program."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from contracts.inputs.arrays import Array
from contracts.problem.objectives import Welfare
from contracts.problem.rows import LinearConstraint


def break_even_rows(utility: Array, labels: Sequence[str], last: int) -> list[LinearConstraint]:
    """Everybody but the `last` type gets at most what it has from its break-even contract, (n_types,) `utility`."""
    each = np.eye(len(utility))
    return [
        LinearConstraint(utility=each[k], upper=float(utility[k]), name=f"break-even utility of type {labels[k]!r}")
        for k in range(len(utility))
        if k != last
    ]


def separating_welfare(own: Array, tempted: Array, weights: Array, order: Sequence[int]) -> Welfare:
    """Welfare weights under which the best menu that breaks even in sum breaks even contract by contract.

    Let the contract of each type make it best off among those that break even and do not tempt the type before it, k -
    1. Where all but the last type are held to their utilities there, the last type is best off with its own, too:
    cheaper utilities for the others do not exist. They are held by rows from above and by weights from below, for which
    any weight beyond the row's price will do. The prices are those of the first-order conditions at the contracts,

        w_k a_k - l_k a_(k-1) = rho f_k grad c_k(x_k),    w_k = price of u_k + l_(k+1).

    Parameters
    ----------
    own, tempted : (n_types,) w_k and l_k per unit of rho f_k
    weights : (n_types,) shares f
    order : types from the one that breaks even first to the last
    """
    scale = 1.0 / (weights[order[-1]] * own[order[-1]])  # rho, at which the last type has weight 1
    price = np.zeros(len(weights))
    price[order[-1]] = 1.0
    for k, after in pairwise(order):
        needed = scale * (weights[k] * own[k] - weights[after] * tempted[after])
        price[k] = 1.0 + 2.0 * max(needed, 0.0)
    return Welfare(price / weights * float(weights.min()), profit_weight=0.0, minimum_profit=0.0)

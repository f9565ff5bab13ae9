"""A few types that stand for a whole distribution of tastes.

What people would pay for a unit of each good, w = -b_good / b_price, is drawn from the distribution and cut into cells
by k-means, in units of each good's standard deviation. A type is the mean of its cell and weighs what the cell weighs:
it is the conditional expectation of w given the cell. So the means of the population are kept exactly, and its variance
shrinks to that between cells.

The value of the menu for the few types is no bound for the population: within a cell tastes are known that in truth
are not, so it is usually too high, and falls as `n_types` grows. Raise `n_types` until it settles, and let people drawn
anew take their choice from the menu (`menu.choose`) to see what it earns.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.cluster.vq import kmeans2

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, Mask
from contracts.inputs.names import listed
from contracts.problem.screening import ScreeningProblem

RESTARTS = 10  # of k-means, the tightest cells are kept


def goods_beside(names: Sequence[str], price: str, goods: Sequence[str] | None) -> list[str]:
    """The attributes that a contract can vary: all but the price, unless they are named."""
    found = [name for name in names if name != price] if goods is None else list(goods)
    if not found:
        raise ProblemError("goods is empty: name at least one attribute")
    for name in (price, *found):
        if name not in names:
            raise ProblemError(f"{name!r} is no attribute: use {listed(names)}")
    if price in found:
        raise ProblemError(f"{price!r} is the price and cannot be a good as well")
    return found


def _the_population(rising: Mask, price: str) -> str:
    return (
        f"{rising.mean():.1%} of the population do not mind paying {price!r}, so nothing has a worth in money to them: "
        f"fit with random={{{price!r}: 'negative'}} or 'fixed'"
    )


def worth_in_money(
    coefficients: Array,
    names: Sequence[str],
    price: str,
    goods: Sequence[str] | None,
    refusal: Callable[[Mask, str], str] = _the_population,
) -> Array:
    """Willingness to pay for a unit of each good; (..., n_goods) from coefficients (..., n_attributes).

    Parameters
    ----------
    refusal : says, of who does not mind paying the price, (...), what that means and what to do

    Raises
    ------
    ProblemError
        If a name is no attribute, or somebody's utility does not fall in the price.
    """
    names, goods = list(names), goods_beside(names, price, goods)
    slope = coefficients[..., [names.index(price)]]
    if (rising := slope[..., 0] >= 0).any():
        raise ProblemError(refusal(rising, price))
    return np.asarray(-coefficients[..., [names.index(name) for name in goods]] / slope)


def quantised(points: Array, n_types: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Types (n_types, n_goods) and weights (n_types,) that stand for equally likely points (n, n_goods).

    Types come in the order of their weights, the largest first.

    Raises
    ------
    ProblemError
        If there are fewer distinct points than types.

    Examples
    --------
    >>> points = np.array([[0.0], [0.2], [1.0], [1.1], [1.2]])
    >>> types, weights = quantised(points, 2, np.random.default_rng(0))
    >>> types.round(2).tolist(), weights.tolist()
    ([[1.1], [0.1]], [0.6, 0.4])
    """
    distinct = len(np.unique(points, axis=0))
    if not 1 <= n_types <= distinct:
        raise ProblemError(f"n_types is {n_types}: use 1 to {distinct}, the different tastes that were drawn")
    scale = points.std(axis=0)
    scaled = points / np.where(scale > 0, scale, 1.0)
    best: tuple[float, Any] = (np.inf, None)
    for _ in range(RESTARTS):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a restart that empties a cell is not the tightest
            centres, cell = kmeans2(scaled, n_types, minit="++", rng=rng, iter=50)
        loss = float(((scaled - centres[cell]) ** 2).sum())
        if len(np.unique(cell)) == n_types and loss < best[0]:
            best = (loss, cell)
    if best[1] is None:
        raise ProblemError(f"{n_types} cells could not all be filled from {len(points)} draws: use fewer types")
    member = np.eye(n_types)[best[1]]
    weights = member.mean(axis=0)
    types = (member.T @ points) / member.sum(axis=0)[:, np.newaxis]
    order = np.lexsort((*types.T[::-1], -weights))
    return types[order], weights[order]


def screening_problem_of(
    coefficients: Array,
    names: Sequence[str],
    *,
    price: str,
    goods: Sequence[str] | None,
    n_types: int,
    rng: np.random.Generator,
    fields: dict[str, Any],
) -> ScreeningProblem:
    """The problem of whoever designs a menu for equally likely tastes, (n, n_attributes), as `n_types` types."""
    goods = goods_beside(names, price, goods)
    types, weights = quantised(worth_in_money(coefficients, names, price, goods), n_types, rng)
    return ScreeningProblem(types, weights, goods=goods, **fields)

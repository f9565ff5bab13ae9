"""The interior point for a few types: every row, and one dense system in allocations and utilities together.

The same program and the same steps as `interior_point`, without elimination: below some twenty types it is the Python
around the numbers that costs, not the numbers. Where prices are so large beside slacks that the system loses its
digits, as at the vertices of a linear cost, it says so, and the caller goes on with the elimination that keeps them.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotrs

from contracts.inputs.arrays import Array
from contracts.numerics.elimination import Program
from contracts.numerics.interior_point import Point

ITERATIONS = 60
TO_BOUNDARY = 0.995  # share of the way to the boundary that a step may go
SHIFT = 1e-14  # share of the diagonal that is added to it
OVERSHOT = 1e-2  # complementarity this far below the gap ends it even if prices are off the flow by more
TINY = 1e-300


def minimise_densely(program: Program, start: Point, *, gap: float) -> Point | None:
    """A point whose prices times slacks, and whatever equations miss, come to `gap`; None where digits do not suffice.

    Parameters
    ----------
    start : Point with positive slacks and prices
    gap : objective units
    """
    rows, (n_types, goods) = _rows(program), program.value.shape
    linear = np.concatenate([-(program.weights[:, np.newaxis] * program.value).ravel(), program.utility_cost])
    place = np.arange(n_types * goods).reshape(n_types, goods)
    diagonal = np.arange(rows.shape[1])
    z = np.concatenate([start.x.ravel(), start.u])
    slack, price, missing = start.slack, start.price, start.missing
    for _ in range(ITERATIONS):
        x = z[: place.size].reshape(n_types, goods)
        gradient = linear.copy()
        gradient[: place.size] += (program.weights[:, np.newaxis] * program.gradient(x)).ravel()
        residual, products = gradient - rows.T @ price, price * slack
        total = float(products.sum())
        missed = float(np.abs(residual).sum() + price @ np.abs(missing))
        if total <= gap and missed <= gap:
            return Point(x, z[place.size :], price, slack, missing)
        if total <= OVERSHOT * gap:
            return None
        curvature, ratio = program.hessian(x), price / slack
        system = (rows.T * ratio) @ rows
        system[place[:, :, np.newaxis], place[:, np.newaxis, :]] += (
            program.weights[:, np.newaxis, np.newaxis] * curvature
        )
        system[diagonal, diagonal] *= 1 + SHIFT
        factor, failed = dpotrf(system, lower=1, overwrite_a=1)
        if failed:
            return None

        def direction(target: Array) -> tuple[Array, Array, Array]:
            """The step that moves every price times slack by `target`."""
            right = rows.T @ (target / slack + ratio * missing) - residual  # noqa: B023 - used within the iteration
            step = dpotrs(factor, right, lower=1)[0]  # noqa: B023
            moved = rows @ step - missing  # noqa: B023
            return step, moved, target / slack - ratio * moved  # noqa: B023

        _, by_slack, by_price = direction(-products)
        ahead = float(
            (slack + min(1.0, _longest(slack, by_slack)) * by_slack)
            @ (price + min(1.0, _longest(price, by_price)) * by_price)
        )
        centring = min(1.0, max(ahead / total, 0.0) ** 3) * total / len(slack)
        step, by_slack, by_price = direction(centring - by_price * by_slack - products)
        primal = min(1.0, TO_BOUNDARY * _longest(slack, by_slack))
        dual = min(1.0, TO_BOUNDARY * _longest(price, by_price))
        if curvature.any():  # a curved cost ties prices to allocations: unequal steps would undo its residual
            primal = dual = min(primal, dual)
        z, slack, price = z + primal * step, slack + primal * by_slack, price + dual * by_price
        missing = missing * (1 - primal)
        if not np.isfinite(z).all():
            return None
    return None


def _rows(program: Program) -> Array:
    """What every row counts of [allocations, utilities]; (n_rows, n (d + 1))."""
    n_types, goods = program.value.shape
    number, pairs = np.arange(len(program.owner)), len(program.tempted)
    rows = np.zeros((len(number), n_types * (goods + 1)))
    rows[number[:, np.newaxis], program.owner[:, np.newaxis] * goods + np.arange(goods)] = -program.normal
    rows[number[:pairs], n_types * goods + program.tempted] += 1.0
    rows[number, n_types * goods + program.owner] -= program.own
    return rows


def _longest(size: Array, change: Array) -> float:
    """The largest step that keeps all sizes positive."""
    return -1.0 / min(float((change / size).min()), -TINY)

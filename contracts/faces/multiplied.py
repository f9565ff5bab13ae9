"""What the prices of a menu prove of every menu nearly as good, with nothing solved: intervals and slacks.

By the identity of `contracts.faces.identity`, at any rate z > 0 and with h_j(p) the most that p . x_j exceeds what is
spent at that rate on D_j,

    p . x_i  <=  z spare + h_i(p)
    u_i      <=  z spare + r + sum over the way of h_j(a_k - a_j)      if z l >= 1 for every price l on it
    u_i      >=  r - z spare - sum over the way of h_j(a_j - a_k)

where k -> j -> ... leads from i along constraints to a type held to its reservation utility r: u_k = u_j + s_kj +
(a_k - a_j) . x_j, and at such a rate the slacks s on the way cost no more than they are worth. Transfers are a_i .
x_i - u_i, bounded the same way. Each bound is the best over a grid of rates.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from contracts.exact.rationals import EPS
from contracts.faces.forest import NO_TYPE, Forest, forest_of
from contracts.faces.identity import Spare
from contracts.inputs.arrays import Array, Indices
from contracts.problem.costs import Entropy, Linear, is_closed_form, once_served, parts_of
from contracts.problem.domains import Simplex, ends_of
from contracts.problem.participation import WithOutside

FINE, COARSE = 1.3, 30.0  # steps of the grid of rates, where conjugates are formulas and where they are programs
LOWEST, HIGHEST = 1e-4, 1e3  # first and last rate, in units of size over worth and of size over what can be spent
LEAST_SPARE = 1e-15  # of what menus are worth, that rates are no longer higher for
TOGETHER = 32  # rates at a time


class Ends(NamedTuple):
    """Proven intervals over all menus that spend no more."""

    allocation: Array  # (n_types, n_goods, 2)
    utility: Array  # (n_types, 2)
    transfer: Array  # (n_types, 2)


def rates(spare: Spare, size: float, worth: float) -> Array:
    """Rates that may be best for amounts of this size in the unit of the direction, rising; worth is of menus."""
    domain = spare.problem.domain
    inner = domain.inner if isinstance(domain, WithOutside) else domain
    if isinstance(inner, Simplex):
        known = all(isinstance(once_served(part)[0], Entropy | Linear) for part, _ in parts_of(spare.cost))
    else:
        known = ends_of(inner, spare.problem.n_goods) is not None and is_closed_form(spare.cost)
    step = FINE if known else COARSE
    low, high = LOWEST * size / worth, HIGHEST * size / max(spare.amount, LEAST_SPARE * worth)
    return np.geomspace(low, high, max(int(np.ceil(np.log(high / low) / np.log(step))), 1) + 1)


def allocation_ends(spare: Spare, onto: Array, sizes: Array, worth: float) -> Array:
    """Intervals of onto_k . x_i for every row of `onto`, (n_goods, n_program_goods); (n_types, n_goods, 2)."""
    n_types = spare.problem.n_types
    everybody = np.arange(n_types)
    ends = np.empty((n_types, len(onto), 2))
    for good, (row, size) in enumerate(zip(onto, sizes, strict=True)):
        for side, sign in ((0, -1.0), (1, 1.0)):
            direction = np.broadcast_to(sign * row, spare.virtual.shape)
            most = _supported(spare, direction)
            for rate in rates(spare, size, worth):
                most = np.minimum(most, _spent(spare, rate) + spare.tilted(everybody, direction, rate))
            ends[:, good, side] = sign * most
    return ends


def _spent(spare: Spare, rate: float) -> float:
    return rate * spare.amount * (1 + 8 * EPS)


def _supported(spare: Spare, direction: Array) -> Array:
    """The most of p . x_j over the domain alone, infinite where that has no end; (n_types,)."""
    if not spare.problem.domain.bounded and np.all(direction >= 0):
        return np.full(len(direction), np.inf)
    corner = spare.problem.domain.support(direction)
    with np.errstate(invalid="ignore"):
        parts = np.where((direction == 0) | (corner == 0), 0.0, direction * corner)
    most = parts.sum(axis=1)
    return np.where(np.isnan(most), np.inf, most + 4 * EPS * np.abs(parts).sum(axis=1) * np.isfinite(most))


def money_ends(spare: Spare, size: float, worth: float) -> tuple[Array, Array]:
    """Intervals of utilities and of transfers; (n_types, 2) both."""
    problem = spare.problem
    n_types, value = problem.n_types, problem.valuations
    reserved = problem.reservation_utility
    lowest, highest = problem.limits_by_type
    most, least = _supported(spare, value), -_supported(spare, -value)
    utility, transfer = np.column_stack([reserved, np.full(n_types, np.inf)]), np.column_stack([lowest, highest])
    forest = forest_of(problem, spare.prices)
    for some in _in_parts(rates(spare, size, worth)):
        own = np.stack([_own(spare, value, some), _own(spare, -value, some)])  # the most of a.x and -a.x, (2, n, L)
        most = np.minimum(most, (own[0] + some * _spent(spare, 1.0)).min(axis=1))
        least = np.maximum(least, -(own[1] + some * _spent(spare, 1.0)).min(axis=1))
        up, down = (_along(spare, forest, some, sign) for sign in (1.0, -1.0))
        used = some * _spent(spare, 1.0)
        unmet = forest.width[:, np.newaxis] * some < 1 + 4 * EPS  # slacks would gain more than they cost
        with np.errstate(invalid="ignore"):
            high = np.where(unmet, np.inf, up + used)
            utility[:, 1] = np.fmin(utility[:, 1], _up(high))
            utility[:, 0] = np.fmax(utility[:, 0], -_up(down + used))
            transfer[:, 1] = np.fmin(transfer[:, 1], _up(own[0] + down + used))
            transfer[:, 0] = np.fmax(transfer[:, 0], -_up(np.where(unmet, np.inf, own[1] + up + used)))
    return _tied(utility, transfer, np.column_stack([least, most]))


def _tied(utility: Array, transfer: Array, worth: Array) -> tuple[Array, Array]:
    """Utilities, transfers and what allocations are worth: each is known from the other two."""
    with np.errstate(invalid="ignore"):
        for _ in range(2):
            utility = _within(utility, worth - transfer[:, ::-1])
            transfer = _within(transfer, worth - utility[:, ::-1])
    return utility, transfer


def _within(known: Array, other: Array) -> Array:
    rounding = 8 * EPS * np.where(np.isfinite(other), np.abs(other), 0.0)
    return np.column_stack(
        [np.fmax(known[:, 0], other[:, 0] - rounding[:, 0]), np.fmin(known[:, 1], other[:, 1] + rounding[:, 1])]
    )


def _up(values: Array) -> Array:
    """The least over rates; nothing known is infinity."""
    return np.asarray(np.where(np.isnan(values), np.inf, values).min(axis=1))


def _own(spare: Spare, direction: Array, some: Array) -> Array:
    everybody = np.arange(len(direction))
    return np.stack([spare.tilted(everybody, direction, rate) for rate in some.tolist()], axis=1)


def _along(spare: Spare, forest: Forest, some: Array, sign: float) -> Array:
    """sign r + the sum along every type's way of h_j(sign (a_k - a_j)); (n_types, n_rates), NaN without a way."""
    problem, n_types = spare.problem, spare.problem.n_types
    steps = np.zeros((n_types, len(some)))
    with_parent = np.flatnonzero(forest.parent != NO_TYPE)
    above: Indices = forest.parent[with_parent]
    apart = problem.valuations[with_parent] - problem.valuations[above]
    for column, rate in enumerate(some.tolist()):
        steps[with_parent, column] = spare.tilted(above, sign * apart, rate)
    sizes = np.abs(steps) + np.abs(sign * forest.level)[:, np.newaxis]
    total = forest.summed(steps) + sign * forest.level[:, np.newaxis]
    rounding = (forest.depth + 8)[:, np.newaxis] * EPS * forest.summed(sizes)
    return total + rounding


def _in_parts(all_rates: Array) -> Iterator[Array]:
    for first in range(0, len(all_rates), TOGETHER):
        yield all_rates[first : first + TOGETHER]

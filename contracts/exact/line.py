"""Exact best options for one good: thresholds instead of all pairs.

With one good, utility theta x - t has single crossing: what a higher type gains from a larger x, it gains more of. So
an assignment that rises with theta is exactly optimal as soon as no type at the end of an option's interval of types
prefers an option between its own and the next used one. That is O(n log n) comparisons instead of n m.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from contracts.exact.rationals import EPS, BestOptions, ExactUtilities, exact_winner, utility_error
from contracts.inputs.arrays import Array, Indices, rising_order

HUGE = 1e300  # no type values a unit more


def best_on_a_line(
    theta: Array,
    amount: Array,
    transfer: Array,
    payoff: Callable[[Indices, Indices], Array],
    own: Indices | None = None,
) -> BestOptions | None:
    """Every type's exactly best option of (amount, transfer); None where the proof by thresholds does not close.

    Runner-up gains are those at the ends of each option's interval, among which the largest of all is found.
    """
    options = np.lexsort((transfer, amount))
    types = rising_order(theta)
    exact = ExactUtilities(theta[:, np.newaxis], amount[:, np.newaxis], transfer)
    error = utility_error(theta[:, np.newaxis], amount[:, np.newaxis], transfer)
    if own is None:
        own, undecided = _by_thresholds(theta, amount, transfer, options, error, exact, payoff)
    else:
        undecided = 0
    rank = np.empty(len(options), dtype=np.intp)
    rank[options] = np.arange(len(options))
    taken = rank[own[types]]  # rank of the option of every type, types rising
    if np.any(np.diff(taken) < 0):
        return None
    runner_up, gain = np.full(len(theta), -1, dtype=np.intp), np.full(len(theta), -np.inf)
    if len(options) == 1:
        return BestOptions(own, runner_up, gain, undecided)
    ranks = np.arange(len(options))
    below = np.searchsorted(taken, ranks, side="left") - 1  # last type that takes a smaller option
    above = np.searchsorted(taken, ranks, side="right")  # first type that takes a larger option
    tempted = np.concatenate([types[below[below >= 0]], types[above[above < len(types)]]])
    tempting = np.concatenate([options[below >= 0], options[above < len(types)]])
    gains = _gains(theta, amount, transfer, tempted, tempting, own[tempted], error, exact)
    if len(gains) == 0:
        return BestOptions(own, runner_up, gain, undecided)
    if gains.max() > 0:
        return None
    np.maximum.at(gain, tempted, gains)
    largest = gains == gain[tempted]
    runner_up[tempted[largest]] = tempting[largest]
    return BestOptions(own, runner_up, gain, undecided)


def _by_thresholds(
    theta: Array,
    amount: Array,
    transfer: Array,
    options: Indices,
    error: Array,
    exact: ExactUtilities,
    payoff: Callable[[Indices, Indices], Array],
) -> tuple[Indices, int]:
    """Best options by the switching points of the upper envelope; near-ties with its neighbours decided exactly."""
    hull = _envelope(amount, transfer, options)
    position = np.searchsorted(_cuts(amount, transfer, hull), theta)
    here = theta * amount[hull[position]] - transfer[hull[position]]
    near = np.zeros(len(theta), dtype=bool)
    for step in (-1, 1):
        beside = np.clip(position + step, 0, len(hull) - 1)
        other = theta * amount[hull[beside]] - transfer[hull[beside]]
        near |= (beside != position) & (other >= here - 2 * error)
    own = hull[position]
    for who in np.flatnonzero(near):
        close = theta[who] * amount[hull] - transfer[hull] >= here[who] - 2 * error[who]
        far = np.flatnonzero(~close)  # options may be tied in a long row: take all that are, next to one another
        after = np.searchsorted(far, position[who])
        start = far[after - 1] + 1 if after > 0 else 0
        stop = far[after] if after < len(far) else len(hull)
        own[who] = exact_winner(int(who), hull[start:stop], exact, payoff)
    return own, int(near.sum())


def _cuts(amount: Array, transfer: Array, hull: Indices) -> Array:
    """Types at which one option of the hull gives way to the next."""
    with np.errstate(over="ignore"):
        return np.clip(np.diff(transfer[hull]) / np.diff(amount[hull]), -HUGE, HUGE)


def _envelope(amount: Array, transfer: Array, options: Indices) -> Indices:
    """Options on the lower convex hull of transfers over amounts, by rising amount, with all that may be on it."""
    hull = options[np.concatenate([[True], np.diff(amount[options]) > 0])]
    while len(hull) > 2:
        cuts = _cuts(amount, transfer, hull)
        rounding = 4 * EPS * np.abs(cuts)
        dented = np.concatenate([[False], cuts[1:] + rounding[1:] < cuts[:-1] - rounding[:-1], [False]])
        if not dented.any():
            break
        hull = hull[~dented]  # along a run of dents the tariff is concave, so all of it lies above the run's ends
    return hull


def _gains(
    theta: Array,
    amount: Array,
    transfer: Array,
    types: Indices,
    options: Indices,
    own: Indices,
    error: Array,
    exact: ExactUtilities,
) -> Array:
    """Gain of types[k] from options[k] over own[k], its sign exact."""
    gains = theta[types] * amount[options] - transfer[options] - (theta[types] * amount[own] - transfer[own])
    close = np.flatnonzero((np.abs(gains) <= 2 * error[types]) & (options != own))
    if close.size:
        exactly = exact.at(types[close], options[close]) - exact.at(types[close], own[close])
        gains[close] = [exact.as_float(gain) for gain in exactly]
    return gains

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
IN_CACHE = 2**14  # types that are looked at together


def best_on_a_line(
    theta: Array,
    amount: Array,
    transfer: Array,
    payoff: Callable[[Indices, Indices], Array],
    own: Indices | None = None,
    rising: Indices | None = None,
) -> BestOptions | None:
    """Every type's exactly best option of (amount, transfer); None where the proof by thresholds does not close.

    `rising` are the types by rising theta, if that is known.
    Runner-up gains are those at the ends of each option's interval, among which the largest of all is found.
    """
    options = np.lexsort((transfer, amount))
    types = rising_order(theta) if rising is None else rising
    exact = ExactUtilities(theta[:, np.newaxis], amount[:, np.newaxis], transfer)
    error = utility_error(theta[:, np.newaxis], amount[:, np.newaxis], transfer)
    undecided = 0
    if own is None:
        taken, undecided = _by_thresholds(theta, amount, transfer, options, types, error, exact, payoff)
        own = np.empty(len(theta), dtype=np.intp)
        own[types] = taken
    else:
        taken = own[types]
    rank = np.empty(len(options), dtype=np.intp)
    rank[options] = np.arange(len(options))
    taken = rank[taken]  # of the option of every type, types rising
    if np.any(taken[1:] < taken[:-1]):
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
    types: Indices,
    error: Array,
    exact: ExactUtilities,
    payoff: Callable[[Indices, Indices], Array],
) -> tuple[Indices, int]:
    """Best options of the types as they rise, and how many were near another one: those are decided exactly.

    The switching points of the upper envelope say which. They are looked up for rising types, a block at a time.
    """
    hull = _envelope(amount, transfer, options)
    cuts = _cuts(amount, transfer, hull)
    worth, price = np.pad(amount[hull], 1), np.pad(transfer[hull], 1, constant_values=np.inf)  # nobody's at either end
    taken, undecided = np.empty(len(types), dtype=np.intp), 0
    for start in range(0, len(types), IN_CACHE):
        who = types[start : start + IN_CACHE]
        value, unsure = theta[who], 2 * error[who]
        position = np.searchsorted(cuts, value)
        here = value * worth[position + 1] - price[position + 1]
        near = value * worth[position] - price[position] >= here - unsure
        near |= value * worth[position + 2] - price[position + 2] >= here - unsure
        taken[start : start + IN_CACHE] = hull[position]
        for place in np.flatnonzero(near):
            close = value[place] * amount[hull] - transfer[hull] >= here[place] - unsure[place]
            far = np.flatnonzero(~close)  # options may be tied in a long row: take all that are, next to one another
            after = np.searchsorted(far, position[place])
            first = far[after - 1] + 1 if after > 0 else 0
            last = far[after] if after < len(far) else len(hull)
            taken[start + place] = exact_winner(int(who[place]), hull[first:last], exact, payoff)
        undecided += int(near.sum())
    return taken, undecided


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

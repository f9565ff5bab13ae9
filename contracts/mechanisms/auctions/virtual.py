r"""Virtual values, ironed, and who wins: the best auction in closed form (Myerson 1981), in whole numbers.

Bidder i has values v_1 < ... < v_m with chances f_k; S_k is the chance of v_k or more. Selling to the top S_k of it at
the price v_k brings R_k = v_k S_k, and the **virtual value** is the slope of that,

    phi_k = (R_k - R_{k+1}) / f_k = v_k - (v_{k+1} - v_k) S_{k+1} / f_k.

Where slopes fall in k they are pooled (`ironed`): the slopes of the least concave curve above R. Expected payments of
any incentive compatible and individually rational auction, Bayesian or dominant, are at most

    E[ sum_i phi_i x_i ]  <=  E[ sum_i ironed_i x_i ]  <=  E[ the n_units highest ironed_i above the cost ],

and who sells to the highest ironed values above its cost, at the lowest value with which the winner would still have
won, attains all three: so the last is the bound and the value at once. Products of chances are whole numbers over the
product of what chances sum to, so both are computed without rounding, from different formulas: payments by type, and
ironed slopes by pool.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from contracts.exact.rationals import DIGITS, as_integers, binary_places
from contracts.inputs.arrays import Array, Indices
from contracts.mechanisms.auctions.problem import AuctionProblem
from contracts.mechanisms.numbers import whole
from contracts.numerics.exact_solve import Whole


class Curve(NamedTuple):
    """One bidder's virtual values: a slope is `rise` over `chance` in units of money."""

    chances: Whole  # (n_types,)
    tails: Whole  # (n_types + 1,) of each value or more, 0 last
    rise: Whole  # (n_types,) R_k - R_{k+1}
    pool: Indices  # (n_types,) the pool of each value
    pool_rise: Whole  # (n_pools,)
    pool_chance: Whole  # (n_pools,)

    @property
    def total(self) -> int:
        return int(self.tails[0])


def curve(values: Whole, chances: Whole) -> Curve:
    """The virtual values of one bidder, ironed by pooling neighbours whose slopes fall.

    Examples
    --------
    The middle value is so unlikely that a price of 2 sells hardly more than one of 3: it is pooled with the lowest.

    >>> found = curve(whole([1, 2, 3]), whole([4, 1, 5]))
    >>> found.rise.tolist(), found.pool.tolist(), found.pool_rise.tolist(), found.pool_chance.tolist()
    ([-2, -3, 15], [0, 0, 1], [-5, 15], [5, 5])
    """
    tails = np.concatenate([np.cumsum(chances[::-1])[::-1], whole([0])])
    revenue = np.concatenate([values * tails[:-1], whole([0])])
    rise = revenue[:-1] - revenue[1:]
    rises, weights, sizes = pooled(rise.tolist(), chances.tolist())
    return Curve(chances, tails, rise, np.repeat(np.arange(len(sizes)), sizes), whole(rises), whole(weights))


def pooled(rises: Iterable[int], weights: Iterable[int]) -> tuple[list[int], list[int], list[int]]:
    """Neighbours pooled until the slopes rise / weight do not fall: sums of both, and the size of each pool."""
    tops, bottoms, sizes = list[int](), list[int](), list[int]()
    for slope, weight in zip(rises, weights, strict=True):
        size = 1
        while tops and tops[-1] * weight > slope * bottoms[-1]:
            slope, weight, size = slope + tops.pop(), weight + bottoms.pop(), size + sizes.pop()
        tops.append(slope)
        bottoms.append(weight)
        sizes.append(size)
    return tops, bottoms, sizes


class Ranked(NamedTuple):
    """Everything about the best auction that is known without rounding."""

    digits: int  # money is in units of 2**-digits
    values: list[Whole]
    curves: list[Curve]
    ranks: list[Indices]  # of each bidder's values among all; equal ironed values have equal ranks
    reserve: int  # the lowest rank that is worth as much as the cost


def ranked(problem: AuctionProblem) -> Ranked:
    """Ironed virtual values of all bidders, compared without rounding."""
    cost = np.array([problem.cost])
    digits = max(binary_places(part) for part in (*problem.values, cost))
    values = [_whole(array, digits) for array in problem.values]
    curves = [
        curve(own, _whole(part, binary_places(part))) for own, part in zip(values, problem.probabilities, strict=True)
    ]
    rises = [*(one for each in curves for one in each.pool_rise.tolist()), int(as_integers(cost, digits)[0])]
    chances = [*(one for each in curves for one in each.pool_chance.tolist()), 1]
    order = _ranks(rises, chances)
    ends = np.cumsum([0, *(len(each.pool_rise) for each in curves)])
    parts = zip(pairwise(ends.tolist()), curves, strict=True)
    ranks = [order[start:end][each.pool] for (start, end), each in parts]
    return Ranked(digits, values, curves, ranks, int(order[-1]))


def _whole(values: Array, digits: int) -> Whole:
    """values * 2**digits, whole numbers all: `as_integers` for thousands at once."""
    parts, exponents = np.frexp(values)
    shifts = np.maximum(digits - DIGITS + exponents, 0).astype(object)
    return np.asarray(np.left_shift((parts * 2.0**DIGITS).astype(np.int64).astype(object), shifts), dtype=object)


def _ranks(rises: list[int], chances: list[int]) -> Indices:
    """Ranks of quotients, equal ones alike: floats, rounded once, settle all that they tell apart."""
    quotients = np.array([a / b for a, b in zip(rises, chances, strict=True)])
    order = np.argsort(quotients, kind="stable")
    same = quotients[order][1:] == quotients[order][:-1]
    found = list(map(int, order))
    start = 0
    for k in range(1, len(found) + 1):
        if k == len(found) or not same[k - 1]:
            if k - start > 1:
                _sort_exactly(found, start, k, rises, chances)
            start = k
    ranks, rank = np.zeros(len(found), dtype=np.intp), 0
    for before, now in pairwise([found[0], *found]):
        apart = quotients[before] != quotients[now]
        rank += int(apart or rises[before] * chances[now] != rises[now] * chances[before])
        ranks[now] = rank
    return ranks


def _sort_exactly(found: list[int], start: int, end: int, rises: list[int], chances: list[int]) -> None:
    """Numbers whose quotients are one float, in the order of the quotients."""
    from fractions import Fraction

    found[start:end] = sorted(found[start:end], key=lambda k: Fraction(rises[k], chances[k]))


def winning_chances(problem: AuctionProblem, known: Ranked, bidder: int) -> Whole:
    """Chance that each value of a bidder wins, in parts of the product of the others' totals; (n_types,).

    It wins if fewer than n_units others are ahead: those of a higher rank, and at equal ranks those named before.
    """
    ranks = known.ranks[bidder]
    ahead = [whole([1] * len(ranks))]  # chances that 0, 1, ... others are ahead
    for other in range(problem.n_bidders):
        if other == bidder:
            continue
        own, tails = known.ranks[other], known.curves[other].tails
        first = np.searchsorted(own, ranks, side="left" if other < bidder else "right")
        is_ahead = tails[first]
        behind = known.curves[other].total - is_ahead
        more = [here * behind for here in ahead]
        for k, here in enumerate(ahead[: problem.n_units - 1]):
            if k + 1 < len(more):
                more[k + 1] = more[k + 1] + here * is_ahead
            else:
                more.append(here * is_ahead)
        ahead = more
    found = sum(ahead)
    return np.where(ranks >= known.reserve, found, whole([0] * len(ranks)))

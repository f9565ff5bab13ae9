r"""Border's conditions for bidders who are unlike: the set of types that comes closest to what there is for it.

With p_i the chance that bidder i is in a set S of types, and m units, bidders in S win together at most

    g(S) = E[ min(m, number of bidders in S) ],      z(S) = sum_{i, t in S_i} f_i(t) Q_i(t)  <=  g(S).

A type adds f_i(t) [ Q_i(t) - P_i ] to z - g, P_i the chance that fewer than m *other* bidders are in S: a worst set has
S_i = {t : Q_i(t) > P_i}. For one good, with F_i(t) the chance of types of i that win no more often than t, and P the
chance that nobody is in S, that is

    t in S_i   =>  F_i(t) > 1 - p_i  and  Q_i(t) > P_i    =>  F_i(t) Q_i(t) >  P,
    t not in   =>  F_i(t) <= 1 - p_i and  Q_i(t) <= P_i   =>  F_i(t) Q_i(t) <= P:

sorting all types of all bidders by F_i Q_i finds it (Cai, Daskalakis & Weinberg 2012). For more units no such number is
known, but P_i falls as S grows: what follows from the smallest set, and from the largest, holds of worst sets between.
Where the two differ, one type is decided either way, until they agree.
"""

from __future__ import annotations

import math
from itertools import accumulate
from typing import NamedTuple

from contracts.errors import SolverError
from contracts.inputs.names import type_of

MOST_BRANCHES = 20_000


class Bidders(NamedTuple):
    """Unlike bidders whose types have chances in whole numbers."""

    weights: tuple[tuple[int, ...], ...]  # of each bidder's types
    n_units: int
    labels: tuple[tuple[str, ...], ...]

    @property
    def totals(self) -> list[int]:
        return [sum(own) for own in self.weights]

    @property
    def unit(self) -> int:
        """What expected units are counted in parts of."""
        return math.prod(self.totals)

    def names(self, types: tuple[tuple[int, ...], ...]) -> tuple[str, ...]:
        """Types of bidders by name; a type that has none by its number."""
        return tuple(type_of(self.labels[k][t], str(k)) for k, own in enumerate(types) for t in own)

    def fewer(self, inside: list[int], but: int | None = None) -> list[int]:
        """How likely 0, 1, .. n_units - 1 bidders are in a set, one of them left out, in parts of their totals."""
        found = [1] + [0] * (self.n_units - 1)
        for k, (own, total) in enumerate(zip(inside, self.totals, strict=True)):
            if k != but:
                found = [(total - own) * a + own * b for a, b in zip(found, [0, *found], strict=False)]
        return found

    def available(self, inside: list[int]) -> int:
        """Units that there are for a set, in expectation, in parts of `unit`."""
        missing = sum((self.n_units - k) * chance for k, chance in enumerate(self.fewer(inside)))
        return int(self.n_units * self.unit - missing)

    def served(self, ranking: tuple[tuple[int, int], ...]) -> list[list[int]]:
        """Units that each type wins if the first of a ranking who are there are served, in parts of `unit`."""
        found, inside = [[0] * len(own) for own in self.weights], [0] * len(self.weights)
        for k, t in ranking:
            found[k][t] = self.weights[k][t] * sum(self.fewer(inside, k))
            inside[k] += self.weights[k][t]
        return found


class Worst(NamedTuple):
    """A set of types, what it wants and what there is for it, in parts of the bidders' unit and `per`."""

    types: tuple[tuple[int, ...], ...]
    wanted: int
    available: int


def levels(wins: list[int], weights: tuple[int, ...], shift: int) -> list[int]:
    """wins / weights, cut where no two of them that differ become alike: `shift` is `digits_of` or more."""
    return [(one << shift) // w for one, w in zip(wins, weights, strict=True)]


def digits_of(bidders: Bidders) -> int:
    """Binary digits after which no two quotients by weights are alike that differ."""
    return 2 * max(max(own) for own in bidders.weights).bit_length()


def worst_set(bidders: Bidders, wins: list[list[int]], per: int) -> Worst:
    """The set of types that wins most beyond what there is for it.

    Parameters
    ----------
    bidders : their types
    wins : units that each bidder's types win in expectation, in parts of `bidders.unit * per`, none negative
    per : a whole number above 0

    Raises
    ------
    SolverError
        If there are several units and too many sets to look at.
    """
    if bidders.n_units > 1:
        return _by_branching(bidders, wins, per)
    order, sums = _by_sorting(bidders, wins, per)
    worst = max(range(len(sums)), key=lambda k: sums[k][0] - sums[k][1])
    return Worst(_first(bidders, order[: worst + 1]), *sums[worst])


def broken_by(bidders: Bidders, wins: list[list[int]], per: int) -> list[Worst]:
    """Sets of types that win more than there is for them, the worst among them; none iff a rule is feasible."""
    if bidders.n_units > 1:
        found = [_by_branching(bidders, wins, per)]
    else:
        order, sums = _by_sorting(bidders, wins, per)
        broken = (k for k, (wanted, available) in enumerate(sums) if wanted > available)
        found = [Worst(_first(bidders, order[: k + 1]), *sums[k]) for k in broken]
    return [one for one in found if one.wanted > one.available]


def _first(bidders: Bidders, order: list[tuple[int, int]]) -> tuple[tuple[int, ...], ...]:
    """Types by bidder."""
    return tuple(tuple(sorted(t for j, t in order if j == k)) for k in range(len(bidders.weights)))


def _by_sorting(
    bidders: Bidders, wins: list[list[int]], per: int
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """All types in order, and what the first, the first two, .. want and what there is for them."""
    shift = digits_of(bidders)
    keys: list[tuple[int, int, int]] = []
    for k, (own, weights) in enumerate(zip(wins, bidders.weights, strict=True)):
        often = levels(own, weights, shift)
        order = sorted(range(len(own)), key=often.__getitem__)
        below = dict(zip([often[t] for t in order], accumulate(weights[t] for t in order), strict=True))
        product = [below[level] * one for level, one in zip(often, own, strict=True)]
        keys += [(key, k, t) for t, key in enumerate(levels(product, weights, shift))]
    keys.sort(key=lambda key: -key[0])
    left, nobody, wanted = bidders.totals, bidders.unit, 0
    sums = []
    for _, k, t in keys:
        before = left[k]
        left[k] -= bidders.weights[k][t]
        nobody = nobody // before * left[k]
        wanted += wins[k][t]
        sums.append((wanted, (bidders.unit - nobody) * per))
    return [(k, t) for _, k, t in keys], sums


def _by_branching(bidders: Bidders, wins: list[list[int]], per: int) -> Worst:
    """Sets are told by how many of each bidder's types are in, those that win most often first."""
    shift, count = digits_of(bidders), len(wins)
    orders, weights, sums = list[list[int]](), list[list[int]](), list[list[int]]()
    for own, w in zip(wins, bidders.weights, strict=True):
        often = levels(own, w, shift)
        orders.append(sorted(range(len(own)), key=often.__getitem__, reverse=True))
        weights.append([0, *accumulate(w[t] for t in orders[-1])])
        sums.append([0, *accumulate(own[t] for t in orders[-1])])

    def gains(place: int, k: int, limits: int) -> int:
        """What bidder k's type at a place adds to the set, where others are in with given chances."""
        return sums[k][place + 1] - sums[k][place] - (weights[k][place + 1] - weights[k][place]) * limits * per

    def settled(ends: list[int], low: list[int], high: list[int]) -> list[int]:
        """From one end, how many types are in where each is in iff it adds something."""
        while True:
            inside = [w[n] for w, n in zip(weights, ends, strict=True)]
            limits = [sum(bidders.fewer(inside, k)) for k in range(count)]
            found = [
                next((n for n in range(low[k], high[k]) if gains(n, k, limits[k]) <= 0), high[k]) for k in range(count)
            ]
            if found == ends:
                return found
            ends = found

    def excess(ends: list[int]) -> tuple[int, int]:
        inside = [w[n] for w, n in zip(weights, ends, strict=True)]
        return sum(s[n] for s, n in zip(sums, ends, strict=True)), bidders.available(inside) * per

    chosen = [1] * count
    best = excess(chosen)
    boxes = [([0] * count, [len(own) for own in wins])]
    for _ in range(MOST_BRANCHES):
        if not boxes:
            types = tuple(tuple(sorted(own[:n])) for own, n in zip(orders, chosen, strict=True))
            return Worst(types, *best)
        low, high = boxes.pop()
        low, high = settled(low, low, high), settled(high, low, high)
        for ends in (low, high) if low != high else (low,):
            now = excess(ends)
            if any(ends) and now[0] - now[1] > best[0] - best[1]:
                best, chosen = now, ends
        if low == high:
            continue
        inside = [w[n] for w, n in zip(weights, high, strict=True)]
        hope = sum(
            max(gains(n, k, limit), 0)
            for k in range(count)
            for limit in [sum(bidders.fewer(inside, k))]
            for n in range(low[k], high[k])
        )
        now = excess(low)
        if now[0] - now[1] + hope <= best[0] - best[1]:
            continue
        k = max(range(count), key=lambda k: high[k] - low[k])
        middle = (low[k] + high[k]) // 2
        boxes.append((low, [middle if j == k else n for j, n in enumerate(high)]))
        boxes.append(([middle + 1 if j == k else n for j, n in enumerate(low)], high))
    raise SolverError(f"after {MOST_BRANCHES} sets of types none is shown to be the worst", ("branching",))

"""What simple auctions earn, without rounding: sums over the values a price can be, and no table of profiles.

Bids are independent, so chances of "at least m of them are v or more" follow bidder by bidder, and

    posted price p           (p - c) E[ min(N_p, m) ]                           N_p bidders of value p or more
    (m + 1)st price          sum over levels of price steps times chances       uniform price, one reserve price for all
    prices one by one        R_k(u) = max over p of S_k(p) (p - c + R_{k+1}(u - 1)) + (1 - S_k(p)) R_{k+1}(u)

with u units left before bidder k. Reserve prices of one's own (second price among those who meet theirs) follow from
E[price; i wins at v] = v W_i(v) - sum over r_i < t <= v of (t - t') L_i(t): W the chance that v wins, L that all others
who meet their reserve are below t.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right
from fractions import Fraction
from typing import NamedTuple

from contracts.mechanisms.auctions.problem import AuctionProblem

MOST_ORDERS = 5  # bidders, up to which all orders are tried


class Demand(NamedTuple):
    """Bidders without rounding."""

    values: list[list[Fraction]]  # rising
    tails: list[list[Fraction]]  # chance of each value or more
    cost: Fraction
    n_units: int

    @property
    def levels(self) -> list[Fraction]:
        """All values that anybody can have, above the cost."""
        return sorted({value for own in self.values for value in own if value >= self.cost})

    def at_least(self, bidder: int, price: Fraction, *, strictly: bool = False) -> Fraction:
        """Chance that a bidder's value is a price or more."""
        first = (bisect_right if strictly else bisect_left)(self.values[bidder], price)
        return self.tails[bidder][first] if first < len(self.tails[bidder]) else Fraction(0)


def demand_of(problem: AuctionProblem) -> Demand:
    """The bidders of an auction."""
    values, tails = [], []
    for own, chances in zip(problem.values, problem.probabilities, strict=True):
        parts = [Fraction(one) for one in chances.tolist()]
        total = sum(parts)
        sums = [*itertools.accumulate(reversed(parts))][::-1]
        values.append([Fraction(one) for one in own.tolist()])
        tails.append([one / total for one in sums])
    return Demand(values, tails, Fraction(problem.cost), problem.n_units)


class Format(NamedTuple):
    """A simple auction at its best prices: what it earns, and the prices."""

    revenue: Fraction  # payments less the cost of units sold
    prices: tuple[Fraction, ...]


def counts(chances: list[Fraction], most: int) -> list[Fraction]:
    """Chances that 0, 1, ..., most - 1 of independent events happen, and that most or more do."""
    found = [Fraction(1)] + [Fraction(0)] * most
    for chance in chances:
        more = found[most] + found[most - 1] * chance
        for k in range(most - 1, 0, -1):
            found[k] = found[k] * (1 - chance) + found[k - 1] * chance
        found[0] *= 1 - chance
        found[most] = more
    return found


def posted_price(demand: Demand) -> Format:
    """One price for all: whoever comes first takes a unit."""
    best = Format(Fraction(0), ())
    for price in demand.levels:
        number = counts([demand.at_least(k, price) for k in range(len(demand.values))], demand.n_units)
        sold = sum(k * chance for k, chance in enumerate(number))
        best = max(best, Format((price - demand.cost) * sold, (price,)))
    return best


def uniform_price(demand: Demand, *, with_reserve: bool) -> Format:
    """The highest bids win and pay the highest that loses, or the reserve price; the best one, or the cost."""
    levels, m = demand.levels, demand.n_units
    if not with_reserve and (not levels or levels[0] > demand.cost):
        levels = [demand.cost, *levels]
    beyond, best = Fraction(0), Format(Fraction(0), ())
    number = [counts([demand.at_least(k, level) for k in range(len(demand.values))], m + 1) for level in levels]
    for k in reversed(range(len(levels))):
        # beyond: E[ what the losing bid exceeds this level by, if it does ]
        if k + 1 < len(levels):
            beyond += (levels[k + 1] - levels[k]) * number[k + 1][m + 1]
        sold = sum(min(j, m) * chance for j, chance in enumerate(number[k]))
        found = Format((levels[k] - demand.cost) * sold + m * beyond, (levels[k],))
        best = max(best, found) if with_reserve else found
    return best


def one_by_one(demand: Demand, order: tuple[int, ...]) -> Format:
    """Bidders come in an order, each is offered a unit at a price of its own; while all are left, the prices shown."""
    after = [Fraction(0)] * (demand.n_units + 1)
    prices: list[Fraction] = []
    for bidder in reversed(order):
        now, chosen = [Fraction(0)], Fraction(0)
        for left in range(1, demand.n_units + 1):
            offers = [(tail * (value - demand.cost + after[left - 1]) + (1 - tail) * after[left], value)
                      for value, tail in zip(demand.values[bidder], demand.tails[bidder], strict=True)]  # fmt: skip
            worth, chosen = max([*offers, (after[left], Fraction(-1))])
            now.append(worth)
        prices.append(chosen)
        after = now
    return Format(after[-1], tuple(prices[::-1]))


def sequential(demand: Demand) -> tuple[Format, tuple[int, ...]]:
    """The best of all orders for a few bidders; for many, the order of the highest values."""
    bidders = range(len(demand.values))
    if len(demand.values) <= MOST_ORDERS:
        orders = list(itertools.permutations(bidders))
    else:
        orders = [tuple(sorted(bidders, key=lambda k: -demand.values[k][-1]))]
    found = [(one_by_one(demand, order), order) for order in orders]
    return max(found, key=lambda pair: pair[0].revenue)


def own_reserves(demand: Demand) -> Format:
    """Second price for one unit among bidders who meet the price that is best for each alone; ties to the first."""
    reserves = []
    for known, tails in zip(demand.values, demand.tails, strict=True):
        offers = [((value - demand.cost) * tail, value) for value, tail in zip(known, tails, strict=True)]
        earned, price = max(offers)
        reserves.append(price if earned > 0 else known[-1] + 1)
    count = len(demand.values)
    levels = sorted({value for k, known in enumerate(demand.values) for value in known if value >= reserves[k]})

    def below(k: int, level: Fraction, *, at_most: bool) -> Fraction:
        return 1 - demand.at_least(k, max(level, reserves[k]), strictly=at_most and level >= reserves[k])

    total = Fraction(0)
    for k in range(count):
        steps, last = Fraction(0), reserves[k]
        after = [*demand.tails[k][1:], Fraction(0)]
        own = zip(demand.values[k], demand.tails[k], after, strict=True)
        chances = {value: tail - more for value, tail, more in own}
        for level in levels:
            if level < reserves[k]:
                continue
            under = wins = Fraction(1)
            for j in range(count):
                if j != k:
                    under *= below(j, level, at_most=False)
                    wins *= below(j, level, at_most=j > k)
            steps += (level - last) * under
            last = level
            total += chances.get(level, Fraction(0)) * ((level - demand.cost) * wins - steps)
    return Format(total, tuple(reserves))

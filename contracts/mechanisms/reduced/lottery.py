r"""An interim rule as a lottery over deterministic allocations that gives every type its chance, without rounding.

Let bidders be alike and types be ordered by their chances Q. Serving the highest types first gives chances Q*, and Q is
feasible iff for every k the first k types get no more than Q* gives them. So Q comes from Q* in two steps:

- types at the bottom are not served: those behind the r-th never, the r-th with a chance, so that sums agree;
- what is too much for a type j goes to one k behind it that has too little, by **borrowed types** (a transfer of Robin
  Hood's; Hardy, Littlewood & Polya): whoever is at j goes to k with chance a, whoever is at k goes to j with chance b,
  f_j a = f_k b. Places keep their chances, and the chances of winning are averaged: Q_j becomes (1 - a) Q_j + a Q_k.

Each step settles a type for good, so there are fewer steps than types. Bidders who draw their places for themselves
remain independent and alike, so the chance of winning from a place is what it was. Once all coins are thrown, a table
of places and an order of bidders for ties say who wins: a deterministic allocation.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from contracts.errors import InfeasibleMenuError, ProblemError
from contracts.inputs.arrays import Array, Indices, generator
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Count, described
from contracts.mechanisms.checks import type_numbers
from contracts.mechanisms.reduced.border import AlikeRule, UnlikeRule, read_rule, verdict_of
from contracts.mechanisms.reduced.rankings import RankingLottery, rankings_of


class Exchange(NamedTuple):
    """Bidders at two places who change places, each by a coin of its own."""

    high: int  # places, 0 first
    low: int
    down: Fraction  # chance that who is at the high place goes to the low one
    up: Fraction


class Priorities(NamedTuple):
    """A deterministic allocation: the lowest place wins, ties go to who is first in the order."""

    places: Indices  # (n_bidders, n_types) the place of each type of each bidder
    n_served: int  # places below this number are served
    order: Indices  # (n_bidders,) bidders, first to last


@checked(own=("rule", "exchanges", "last"))
@dataclass(frozen=True, eq=False, repr=False)
class InterimLottery:
    """A lottery over deterministic allocations; see `interim_lottery`.

    Attributes
    ----------
    rule : the interim rule, in whole numbers
    exchanges : by which bidders change places, in the order in which they do
    n_served : places that are always served
    last : the chance that the next place is served as well
    """

    rule: AlikeRule
    exchanges: tuple[Exchange, ...]
    n_served: int
    last: Fraction

    def __post_init__(self) -> None:
        if not isinstance(self.rule, AlikeRule) or not isinstance(self.last, Fraction):
            raise ProblemError(f"rule is {described(self.rule)}: take a lottery from interim_lottery")

    def __repr__(self) -> str:
        return (
            f"InterimLottery(n_bidders={self.rule.n_bidders}, n_types={len(self.rule.weights)}, "
            f"n_exchanges={len(self.exchanges)}, n_served={self.n_served})"
        )

    def interim(self) -> tuple[Fraction, ...]:
        """The chance with which every type wins, computed from the lottery without rounding; (n_types,)."""
        rule, order = self.rule, self.rule.order
        weights = [rule.weights[t] for t in order]
        units = _served(_highest_first(rule, order), self.n_served, self.last)
        scale = rule.n_bidders * rule.total ** (rule.n_bidders - 1) * rule.chances.unit
        chances = [Fraction(z) / (scale * w) for z, w in zip(units, weights, strict=True)]
        for high, low, down, up in reversed(self.exchanges):
            gap = chances[high] - chances[low]
            chances[high], chances[low] = chances[high] - down * gap, chances[low] + up * gap
        found = [Fraction(0)] * len(order)
        for place, t in enumerate(order):
            found[t] = chances[place]
        return tuple(found)

    def draw(self, *, rng: np.random.Generator | None = None) -> Priorities:
        """All coins thrown: a deterministic allocation."""
        rng = generator(rng)
        rule = self.rule
        size = len(rule.weights)
        places = np.empty((rule.n_bidders, size), dtype=np.intp)
        places[:, rule.order] = np.arange(size)
        for high, low, down, up in self.exchanges:
            coin = rng.random(rule.n_bidders)[:, np.newaxis]
            goes_down, goes_up = (places == high) & (coin < float(down)), (places == low) & (coin < float(up))
            places[goes_down], places[goes_up] = low, high
        n_served = self.n_served + int(rng.random() < float(self.last))
        return Priorities(places, n_served, rng.permutation(rule.n_bidders))

    def play(self, reports: Any, *, rng: np.random.Generator | None = None) -> tuple[int, ...]:
        """Who wins, 1 or 0 each, where bidders report types by number or name, by one draw of the lottery."""
        rule = self.rule
        types = type_numbers(reports, [rule.labels] * rule.n_bidders)
        return tuple(map(int, winners(self.draw(rng=rng), types, rule.n_units)))


@checked(own=("chances", "probabilities", "labels"))
def interim_lottery(
    chances: Any, probabilities: Any = None, *, n_bidders: Count | None = None, n_units: Count = 1, labels: Any = None
) -> InterimLottery | RankingLottery:
    """A lottery over deterministic allocations that gives every type of every bidder its chance of winning, exactly.

    Parameters
    ----------
    chances : (n_types,) chance of winning of each type, for bidders who are alike; or a list with such an array per
        bidder. Floats, whole numbers or fractions.Fraction
    probabilities : chances of the types, in the same form; equal ones if left out
    n_bidders : how many there are, where they are alike
    n_units : identical units, of which every bidder gets at most one
    labels : names of types, in the same form

    Returns
    -------
    InterimLottery or RankingLottery
        For bidders who are alike, coins by which they change places; for others, rankings of all their types, no more
        than there are types, and one. Both have `.interim()`, the chances again, computed from the lottery without
        rounding; `.draw(rng=...)`, a deterministic allocation; and `.play(reports, rng=...)`.

    Raises
    ------
    ProblemError
        If something has another shape, or is no chance.
    InfeasibleMenuError
        If no auction gives these chances; `conflict` names the types that would win more than there is.
    SolverError
        If unlike bidders want several units, and too many sets of types come close to their limits.

    References
    ----------
    Border (1991), Implementation of reduced form auctions. Hardy, Littlewood & Polya (1929), Some simple inequalities
    satisfied by convex functions. Che, Kim & Mierendorff (2013), Generalized reduced-form auctions. Cai, Daskalakis &
    Weinberg (2012), An algorithmic characterization of multi-dimensional mechanisms.

    Examples
    --------
    Of two bidders, low types are to win with chance 1/3, although they could be left out:

    >>> from fractions import Fraction
    >>> lottery = interim_lottery([Fraction(1, 3), Fraction(2, 3)], n_bidders=2, labels=("low", "high"))
    >>> lottery.exchanges
    (Exchange(high=0, low=1, down=Fraction(1, 6), up=Fraction(1, 6)),)
    >>> lottery.interim() == (Fraction(1, 3), Fraction(2, 3))
    True

    An entrant is to win half of the time; types are (bidder, type), the first first:

    >>> for ranking in interim_lottery([[Fraction(1, 4), Fraction(3, 4)], [Fraction(1, 2)]]).rankings:
    ...     print(ranking)
    Ranking(chance=Fraction(1, 4), types=((0, 1), (0, 0), (1, 0)))
    Ranking(chance=Fraction(1, 2), types=((0, 1), (1, 0)))
    Ranking(chance=Fraction(1, 4), types=((1, 0),))
    """
    rule = read_rule(chances, probabilities, n_bidders, n_units, labels)
    verdict = verdict_of(rule)
    if not verdict.holds:
        raise InfeasibleMenuError(
            f"no auction gives these chances: {verdict}. To have one, lower the chances of these types", verdict.names
        )
    return lottery_of(rule)


def lottery_of(rule: AlikeRule | UnlikeRule) -> InterimLottery | RankingLottery:
    """A feasible rule as a lottery."""
    return _exchanged(rule) if isinstance(rule, AlikeRule) else rankings_of(*rule)


def _exchanged(rule: AlikeRule) -> InterimLottery:
    """A feasible rule of like bidders as a lottery."""
    order = rule.order
    weights = [rule.weights[t] for t in order]
    wins = rule.wanted()
    goal, units = [wins[t] for t in order], _highest_first(rule, order)
    n_served, last = _cut(units, sum(goal))
    units = _served(units, n_served, last)
    return InterimLottery(rule, tuple(reversed(_exchanges(units, goal, weights))), n_served, last)


def _highest_first(rule: AlikeRule, order: Sequence[int]) -> list[int]:
    """Units that each place gets if lower places are served first, in parts of the rule's unit."""
    sums = rule.available(order)
    return [now - before for before, now in zip([0, *sums], sums, strict=False)]


def _cut(units: list[int], total: int) -> tuple[int, Fraction]:
    """How many places are served, and the chance of the next, for units to sum to a total."""
    for k, one in enumerate(units):
        if total < one:
            return k, Fraction(total, one)
        total -= one
    return len(units), Fraction(0)


def _served(units: list[int], n_served: int, last: Fraction) -> list[Any]:
    """Units by place where only some places are served. The last product is a whole number for goals that are."""
    found: list[Any] = [one if k < n_served else 0 for k, one in enumerate(units)]
    if n_served < len(units):
        part = units[n_served] * last
        found[n_served] = int(part) if part.denominator == 1 else part
    return found


def _exchanges(units: list[Any], goal: list[int], weights: list[int]) -> list[Exchange]:
    """Transfers from places with too much to places behind them with too little, each settling one for good."""
    now, rich, found = list(units), list[int](), list[Exchange]()
    for k in range(len(now)):
        while now[k] < goal[k]:
            j = rich[-1]
            moved = min(now[j] - goal[j], goal[k] - now[k])
            apart = now[j] * weights[k] - now[k] * weights[j]  # the chances' difference times both weights
            found.append(Exchange(j, k, Fraction(moved * weights[k], apart), Fraction(moved * weights[j], apart)))
            now[j], now[k] = now[j] - moved, now[k] + moved
            if now[j] == goal[j]:
                rich.pop()
        if now[k] > goal[k]:
            rich.append(k)
    return found


# ---- who wins ----


def winners(drawn: Priorities, types: Indices, n_units: int) -> Array:
    """Who wins at reports of types, (n_bidders,), once everything is drawn."""
    bidders = np.arange(len(types))
    place = drawn.places[bidders, types]
    rank = np.empty(len(types), dtype=np.intp)
    rank[drawn.order] = bidders
    first = np.lexsort((rank, place))[:n_units]
    won = np.zeros(len(types))
    won[first] = place[first] < drawn.n_served
    return won

r"""An interim rule of unlike bidders as a lottery over rankings of their types, without rounding.

Who is ranked first among those who are there wins; types that a ranking leaves out never do. The chances of winning
that lotteries over rankings give are all that there are: z(S) <= g(S) is a polymatroid, and rankings are its corners
(Border 2007; Che, Kim & Mierendorff 2013). So a rule z is taken apart as Caratheodory does it:

    z = mu v + (1 - mu) w,      v a ranking on the smallest face of z, mu the largest share with w feasible.

At the largest share either a type of w never wins, or a set wins all there is for it. Sets that do are ranked before
all others from then on (their unions and intersections do as well, so they form a chain), and the face has a dimension
less: there are at most as many rankings as types, and one. The largest share is where no set is broken, found from
above by Newton's method: a broken set says which share it admits.
"""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from contracts.errors import ProblemError, SolverError
from contracts.inputs.arrays import generator
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import described
from contracts.mechanisms.checks import type_numbers
from contracts.mechanisms.reduced.unlike import Bidders, digits_of, levels, worst_set

Types = tuple[tuple[int, int], ...]  # of a bidder each, by number


class Ranking(NamedTuple):
    """A deterministic allocation, drawn with a chance: who is ranked first among those who are there wins."""

    chance: Fraction
    types: Types  # bidder and type; others never win


@checked(own=("bidders", "rankings"))
@dataclass(frozen=True, eq=False, repr=False)
class RankingLottery:
    """A lottery over rankings of the types of unlike bidders; see `interim_lottery`.

    Attributes
    ----------
    bidders : their types and the units there are, in whole numbers
    rankings : the lottery, chances as fractions that sum to 1
    """

    bidders: Bidders
    rankings: tuple[Ranking, ...]

    def __post_init__(self) -> None:
        if not isinstance(self.bidders, Bidders):
            raise ProblemError(f"bidders is {described(self.bidders)}: take a lottery from interim_lottery")

    def __repr__(self) -> str:
        sizes = tuple(len(own) for own in self.bidders.weights)
        return f"RankingLottery(n_types={sizes}, n_units={self.bidders.n_units}, n_rankings={len(self.rankings)})"

    def interim(self) -> tuple[tuple[Fraction, ...], ...]:
        """The chance with which every type of every bidder wins, computed from the rankings without rounding."""
        weights = self.bidders.weights
        found = [[Fraction(0)] * len(own) for own in weights]
        scales = [Fraction(total, self.bidders.unit) for total in self.bidders.totals]
        for chance, types in self.rankings:
            won = self.bidders.served(types)
            for k, t in types:
                found[k][t] += chance * scales[k] * Fraction(won[k][t], weights[k][t])
        return tuple(map(tuple, found))

    def draw(self, *, rng: np.random.Generator | None = None) -> Types:
        """A ranking by its chance: types of bidders, the first served first."""
        odds = np.array([float(one.chance) for one in self.rankings])
        return self.rankings[int(generator(rng).choice(len(odds), p=odds / odds.sum()))].types

    def play(self, reports: Any, *, rng: np.random.Generator | None = None) -> tuple[int, ...]:
        """Who wins, 1 or 0 each, where bidders report types by number or name, by one draw of the lottery."""
        there = set(enumerate(type_numbers(reports, self.bidders.labels).tolist()))
        first = [k for k, t in self.draw(rng=rng) if (k, t) in there][: self.bidders.n_units]
        return tuple(int(k in first) for k in range(len(self.bidders.weights)))


def rankings_of(bidders: Bidders, wins: list[list[int]], per: int) -> RankingLottery:
    """A feasible rule, in parts of the bidders' unit and `per`, as a lottery.

    Raises
    ------
    SolverError
        See `worst_set`.
    """
    now, left, found = [list(own) for own in wins], Fraction(1), list[Ranking]()
    tight, free = list[Types](), tuple((k, t) for k, own in enumerate(wins) for t in range(len(own)))
    for _ in range(2 * len(free) + 2):
        order = _ranked(bidders, now, (*tight, free))
        corner = bidders.served(order)
        if all(z == per * v for own, at in zip(now, corner, strict=True) for z, v in zip(own, at, strict=True)):
            return RankingLottery(bidders, (*found, Ranking(left, order)))
        share, binding = _largest_share(bidders, now, per, corner, order)
        if share:
            found.append(Ranking(left * share, order))
            left *= 1 - share
            now, per = _rest(now, per, corner, share)
        if binding is not None:
            inside = {(k, t) for k, own in enumerate(binding) for t in own}
            halves = [(tuple(filter(inside.__contains__, own)), own) for own in (*tight, free)]
            parts = [(first, tuple(one for one in own if one not in inside)) for first, own in halves]
            tight = [part for pair in parts[:-1] for part in pair if part] + ([parts[-1][0]] if parts[-1][0] else [])
            free = parts[-1][1]
    raise SolverError("a rule was not taken apart", ("rankings",))


def _ranked(bidders: Bidders, wins: list[list[int]], parts: tuple[Types, ...]) -> Types:
    """Types part by part, within a part those first that win most often; those that never win are left out."""
    shift = digits_of(bidders)
    often = [
        [one * total for one in levels(own, weights, shift + total.bit_length())]
        for own, weights, total in zip(wins, bidders.weights, bidders.totals, strict=True)
    ]
    return tuple(at for part in parts for at in sorted(part, key=lambda at: -often[at[0]][at[1]]) if wins[at[0]][at[1]])


def _rest(wins: list[list[int]], per: int, corner: list[list[int]], share: Fraction) -> tuple[list[list[int]], int]:
    """What is left of a rule once a ranking has its share, in lowest terms."""
    common = math.gcd(share.denominator, per)
    a, b = share.numerator * (per // common), share.denominator // common
    rest = [[b * z - a * v for z, v in zip(own, at, strict=True)] for own, at in zip(wins, corner, strict=True)]
    unit = (share.denominator - share.numerator) * (per // common)
    common = unit
    for one in chain.from_iterable(rest):
        common = math.gcd(common, one)
        if common == 1:
            return rest, unit
    return [[one // common for one in own] for own in rest], unit // common


def _largest_share(
    bidders: Bidders, wins: list[list[int]], per: int, corner: list[list[int]], order: Types
) -> tuple[Fraction, tuple[tuple[int, ...], ...] | None]:
    """How much of a ranking a rule can be, and the set of types that wins all there is then, if one says so."""
    share = Fraction(1)
    for k, t in order:
        if wins[k][t] * share.denominator < share.numerator * corner[k][t] * per:
            share = Fraction(wins[k][t], corner[k][t] * per)
    binding = None
    while True:
        rest = [
            [share.denominator * z - share.numerator * per * v for z, v in zip(own, at, strict=True)]
            for own, at in zip(wins, corner, strict=True)
        ]
        worst = worst_set(bidders, rest, per * (share.denominator - share.numerator))
        if worst.wanted <= worst.available:
            return share, binding
        binding = worst.types
        there = bidders.available([sum(bidders.weights[k][t] for t in own) for k, own in enumerate(binding)])
        asked, given = (sum(of[k][t] for k, own in enumerate(binding) for t in own) for of in (wins, corner))
        share = Fraction(there * per - asked, (there - given) * per)

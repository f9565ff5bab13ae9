"""The result: what types win and pay, a lottery per good that does it, and the evidence."""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from contracts.display.numbers import DIGITS, plural
from contracts.display.palette import PALETTE, axes
from contracts.display.table import Certified, Column, Table, names
from contracts.errors import ProblemError, SolverError
from contracts.inputs.arrays import Array, Indices, generator
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import described
from contracts.mechanisms.checks import type_numbers
from contracts.mechanisms.priors import draws_of
from contracts.mechanisms.records import plain_record, written
from contracts.mechanisms.reduced.border import shortened, verdict_of
from contracts.mechanisms.reduced.goods_problem import AdditiveAuctionProblem
from contracts.mechanisms.reduced.goods_program import (
    Interim,
    best_interim,
    bound_of,
    gains,
    money_of,
    rule_of,
)
from contracts.mechanisms.reduced.lottery import InterimLottery, lottery_of
from contracts.mechanisms.reduced.rankings import RankingLottery
from contracts.mechanisms.text import notes_of
from contracts.mechanisms.verify import rounded_down
from contracts.problem.records import Saved
from contracts.proof.certificate import Certificate, Deviation, Violation, shown
from contracts.proof.scale import NO_MONEY

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

SCHEMA = "menuwright/additive-auction/1"
SHOWN_TYPES = 24  # longer tables show their first and last types


class GoodsSold(NamedTuple):
    """What an auction does with reports: which goods each bidder wins, 1 or 0 each, and what it pays."""

    allocations: tuple[tuple[int, ...], ...]  # (n_bidders, n_goods)
    transfers: tuple[float, ...]


@checked(own=("interim",))
@dataclass(frozen=True, eq=False, repr=False)
class AdditiveAuction(Certified, Saved):
    """The best auction of several goods: a lottery per good, and a price for every report.

    A bidder pays what its type expects to be worth it, whether it wins or not. What is known are fractions. Where
    bidders are not alike, types are those of one bidder after the other, as in `problem.names`.

    Attributes
    ----------
    problem : bidders and goods
    interim : chances of winning and utilities of types, and the prices that prove the bound, in whole numbers
    certificate : IC and IR in expectation, Border's conditions, value, bound

    Examples
    --------
    Selling two goods one by one would earn 3; the best auction of both together earns more:

    >>> import contracts
    >>> problem = contracts.AdditiveAuctionProblem([[1, 1], [1, 2], [2, 1], [2, 2]], n_bidders=2)
    >>> auction = contracts.solve_mechanism(problem)
    >>> isinstance(auction, contracts.AdditiveAuction), auction.value, auction.certificate.is_exact
    (True, 3.1875, True)
    """

    _indent = None

    problem: AdditiveAuctionProblem
    interim: Interim
    certificate: Certificate

    def __post_init__(self) -> None:
        if not isinstance(self.interim, Interim):
            raise ProblemError(f"interim is {described(self.interim)}: take an auction from solve_mechanism or a file")

    # ---- what it says ----

    @cached_property
    def interim_allocation(self) -> Array:
        """Chance that each type wins each good; (n_types, n_goods)."""
        return self.interim.wins.floats()

    @cached_property
    def interim_utilities(self) -> Array:
        """What each type expects to have; (n_types,)."""
        return self.interim.utilities.floats()

    @cached_property
    def interim_payments(self) -> Array:
        """What each type pays, if it wins or not; (n_types,)."""
        return np.array([float(one) for one in self._payments])

    @cached_property
    def revenue(self) -> float:
        """Payments less the cost of units sold, in expectation."""
        return float(_worth(self.problem, self.interim)[0])

    @cached_property
    def welfare(self) -> float:
        """Values of those who win, less the cost of units sold, in expectation."""
        return float(_worth(self.problem, self.interim)[1])

    def fractions(self) -> tuple[Any, Any]:
        """`interim_allocation` and `interim_payments` as arrays of fractions.Fraction, without rounding."""
        return self.interim.wins.fractions(), np.array(self._payments, dtype=object)

    @cached_property
    def lotteries(self) -> tuple[InterimLottery | RankingLottery, ...]:
        """Of each good, the lottery over deterministic allocations that gives every type its chance, exactly."""
        problem, wins = self.problem, self.interim.wins
        return tuple(lottery_of(rule_of(problem, wins, j)) for j in range(problem.n_goods))

    @cached_property
    def binding(self) -> list[str]:
        """Constraints with a price, the highest first: lies, and sets of types that win a good as often as they can."""
        problem, rows = self.problem, self.interim.rows
        named = [f"IC of {problem.names[a]!r} -> {problem.names[b]!r}" for a, b in rows.lies]
        for j, types in rows.sets:
            named.append(f"good {problem.goods[j]!r} for {shortened(tuple(problem.names[t] for t in types))}")
        size = [-abs(price) for price in self.interim.prices.numerators.tolist()]
        return [named[k] for k in sorted(range(len(named)), key=lambda k: size[k])]

    # ---- using it ----

    def play(self, reports: Any, *, rng: np.random.Generator | None = None) -> GoodsSold:
        """Who wins what, and what each pays, where bidders report types by name or number, by one draw of lotteries."""
        types = type_numbers(reports, self.problem.bidder_labels)
        won = self._won(types, generator(rng))
        return GoodsSold(tuple(tuple(map(int, row)) for row in won), tuple(self._paid(types).tolist()))

    def simulate(self, n_draws: Any = 1000, *, rng: np.random.Generator | None = None) -> tuple[Indices, Array, Array]:
        """Types drawn by their chances, (n_draws, n_bidders), who won which goods, with a last axis, and payments.

        The generator may stand first: `simulate(rng)`.
        """
        n_draws, rng = draws_of(n_draws, rng)
        problem, members = self.problem, self.problem.members
        drawn = [
            rng.choice(len(own), size=(n_draws, problem.n_agents // len(members)), p=problem.chances[own])
            for own in members
        ]
        types = np.hstack(drawn)
        won = np.array([self._won(row, rng) for row in types])
        return types, won, self._paid(types)

    def _won(self, types: Indices, rng: np.random.Generator) -> Array:
        """(n_bidders, n_goods)."""
        reports = types.tolist()
        return np.array([one.play(reports, rng=rng) for one in self.lotteries], dtype=np.float64).T

    def _paid(self, types: Indices) -> Array:
        starts = [own.start for own in self.problem.members]
        return np.asarray(self.interim_payments[types + np.array(starts)])

    # ---- showing it ----

    def _columns(self) -> Table:
        problem = self.problem
        return Table(
            (
                names("type", problem.names),
                Column("probability", problem.chances),
                *(Column(f"value of {name}", problem.table[:, j]) for j, name in enumerate(problem.goods)),
                *(Column(f"wins {name}", self.interim_allocation[:, j]) for j, name in enumerate(problem.goods)),
                Column("payment", self.interim_payments),
                Column("utility", self.interim_utilities),
            )
        )

    def _table(self) -> Table:
        problem, certificate = self.problem, self.certificate
        count, half = problem.n_types, SHOWN_TYPES // 2
        rows = list(range(count)) if count <= SHOWN_TYPES else [*range(half), *range(count - half, count)]
        first, *others = self._columns().columns
        return Table(
            [first] + [Column(c.name, c.values, ".3f" if c.name[:4] in ("prob", "wins") else DIGITS) for c in others],
            f"Auction: {plural(problem.n_agents, 'bidder')}{' alike' if problem.is_alike else ''}, "
            f"{plural(problem.n_goods, 'good')}, value {shown(certificate.value):.{DIGITS}g}, proven bound "
            f"{shown(certificate.upper_bound):.{DIGITS}g}, welfare {self.welfare:.{DIGITS}g}",
            notes_of(certificate, self.binding),
            shown=rows,
            between={half: f"... {count - len(rows)} more types ..."} if count > len(rows) else {},
            kind="mechanism",
        )

    def to_frame(self) -> pd.DataFrame:
        """One row per type."""
        return self._columns().to_frame(index=False)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the chance of winning each good over its value; returns the matplotlib axes."""
        ax = axes(ax)
        for j, name in enumerate(self.problem.goods):
            own = self.problem.table[:, j]
            ax.scatter(own, self.interim_allocation[:, j], color=PALETTE[j % len(PALETTE)], label=name, alpha=0.7)
        ax.set_xlabel("value")
        ax.set_ylabel("chance of winning")
        ax.legend()
        return ax

    # ---- keeping it ----

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON with a schema version; fractions survive as they are."""
        wins, utilities, rows, prices = self.interim
        return {
            "schema": SCHEMA,
            "problem": plain_record(self.problem),
            "wins": written(wins),
            "utilities": written(utilities),
            "lies": [list(pair) for pair in rows.lies],
            "sets": [[good, list(types)] for good, types in rows.sets],
            "prices": written(prices),
            "revenue": self.revenue,
            "welfare": self.welfare,
            "certificate": self.certificate.to_dict(),
        }

    @cached_property
    def _payments(self) -> list[Fraction]:
        money, (wins, utilities, *_) = money_of(self.problem), self.interim
        worth = (money.values * wins.numerators).sum(axis=1)
        unit = wins.unit << money.digits
        return [
            Fraction(int(a), unit) - Fraction(int(b), utilities.unit)
            for a, b in zip(worth, utilities.numerators, strict=True)
        ]


# ---- the proof ----


def solve_additive(problem: AdditiveAuctionProblem, gap: float) -> AdditiveAuction:
    """The best auction with its certificate.

    Raises
    ------
    SolverError
        See `best_interim`; also if the certificate does not hold.
    """
    auction = certified_goods(problem, best_interim(problem), gap)
    if not auction.certificate.holds:
        raise SolverError(f"the auction is not certified: {auction.certificate}", ("linear",), auction)
    return auction


def certified_goods(problem: AdditiveAuctionProblem, interim: Interim, gap: float) -> AdditiveAuction:
    """What types expect, with the certificate: all lies, all sets of types, value and bound, without rounding."""
    money = money_of(problem)
    found, unit = gains(problem, money, interim.wins, interim.utilities)
    deviation = Deviation("nobody", "anything", 0.0)
    pairs = [(a, b) for own in problem.members for a in own for b in own if a != b]
    if pairs:
        true, told = max(pairs, key=lambda pair: found[pair])
        deviation = Deviation(problem.names[true], problem.names[told], int(found[true, told]) / unit)
    broken = []
    for j, name in enumerate(problem.goods):
        verdict = verdict_of(rule_of(problem, interim.wins, j))
        if not verdict.holds:
            broken.append(
                Violation(f"Border's condition of good {name!r} for {shortened(verdict.names)}", verdict.excess)
            )
    least = int(np.argmin(interim.utilities.numerators))
    revenue, welfare = _worth(problem, interim)
    first, second = problem.goal
    bound = bound_of(problem, interim.rows, interim.prices)
    certificate = Certificate(
        deviation=deviation,
        participation_slack=int(interim.utilities.numerators[least]) / interim.utilities.unit,
        participation_type=problem.names[least],
        violations=tuple(broken),
        value=rounded_down(Fraction(first) * revenue + Fraction(second) * welfare),
        upper_bound=np.inf if bound is None else -rounded_down(-bound),
        rigorous=bound is not None,
        scale=max(float(welfare), float(np.ptp(problem.table, axis=0).max()), NO_MONEY),
        requested_gap=gap,
        tolerance=0.0,
    )
    return AdditiveAuction(problem, interim, certificate)


def _worth(problem: AdditiveAuctionProblem, interim: Interim) -> tuple[Fraction, Fraction]:
    """Revenue and welfare in expectation."""
    money, counts = money_of(problem), problem.expected_bidders
    won = ((money.values - money.cost) * interim.wins.numerators).sum(axis=1)
    welfare = sum((n * one for n, one in zip(counts, won.tolist(), strict=True)), Fraction(0))
    welfare /= interim.wins.unit << money.digits
    had = sum((n * one for n, one in zip(counts, interim.utilities.numerators.tolist(), strict=True)), Fraction(0))
    return welfare - had / interim.utilities.unit, welfare

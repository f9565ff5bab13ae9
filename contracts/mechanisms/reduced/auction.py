"""The result: a lottery over hierarchical auctions, what types expect of it, and the evidence."""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from contracts.display.numbers import DIGITS, plural
from contracts.display.palette import PALETTE, axes
from contracts.display.table import Certified, Column, Table, Tabular, names
from contracts.errors import ProblemError, SolverError
from contracts.inputs.arrays import Array, Indices, generator
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import described
from contracts.mechanisms.auctions.auction import Sale
from contracts.mechanisms.checks import is_listed, type_numbers
from contracts.mechanisms.priors import draws_of
from contracts.mechanisms.records import plain_record
from contracts.mechanisms.reduced.columns import best_lottery, bound_at
from contracts.mechanisms.reduced.problem import SymmetricAuctionProblem
from contracts.mechanisms.reduced.rules import Tiers, chances_of, exact_chances, is_rising, sum_over
from contracts.mechanisms.text import notes_of
from contracts.mechanisms.verify import rounded_down
from contracts.problem.records import Saved
from contracts.proof.certificate import Certificate, Deviation, Violation, shown
from contracts.proof.scale import NO_MONEY

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

SCHEMA = "menuwright/symmetric-auction/1"


class PriorityRule(NamedTuple):
    """A deterministic auction, drawn with a chance: tiers of types, the first served first, others never."""

    chance: Fraction
    tiers: Tiers


@checked(own=("rules", "row_prices"))
@dataclass(frozen=True, eq=False, repr=False)
class SymmetricAuction(Certified, Saved):
    """The best auction for bidders who are alike: a lottery over rules, each of them truthful whatever others report.

    A rule and an order of the bidders are drawn, units go to the first tiers, ties to the first in the order, and
    winners pay the least value of their group with which they would still have won.

    Attributes
    ----------
    problem : bidders, units and rows
    rules : the lottery, chances as fractions that sum to 1; one rule where no lottery is needed
    certificate : IC and IR at every profile, rows, value, bound
    row_prices : what a unit of the limit of each of `problem.rows` is worth to the objective, fractions; they prove the
        bound

    Examples
    --------
    The higher type may win half of its auctions at most.

    >>> import contracts
    >>> cap = contracts.LinearConstraint(allocation=[0, 1], upper=0.5, name="half at most")
    >>> auction = contracts.solve_mechanism(contracts.SymmetricAuctionProblem([1, 2], n_bidders=2, constraints=[cap]))
    >>> isinstance(auction, contracts.SymmetricAuction), round(auction.value, 6), auction.certificate.holds
    (True, 1.0, True)
    """

    problem: SymmetricAuctionProblem
    rules: tuple[PriorityRule, ...]
    certificate: Certificate
    row_prices: tuple[Fraction, ...] = ()

    def __post_init__(self) -> None:
        if not is_listed(self.rules) or not all(isinstance(rule, PriorityRule) for rule in self.rules):
            raise ProblemError(f"rules is {described(self.rules)}: take an auction from solve_mechanism")

    # ---- what it says ----

    @cached_property
    def interim_allocation(self) -> Array:
        """Chance that each type wins; (n_types,)."""
        parts = [float(rule.chance) * chances_of(self.problem, rule.tiers) for rule in self.rules]
        return np.asarray(sum(parts, np.zeros(self.problem.n_types)))

    @cached_property
    def interim_utilities(self) -> Array:
        """What each type expects to have; (n_types,)."""
        found = np.zeros(self.problem.n_types)
        for own in self.problem.members:
            steps = np.diff(self.problem.values[own]) * self.interim_allocation[own][:-1]
            found[own[1:]] = np.cumsum(steps)
        return found

    @property
    def interim_payments(self) -> Array:
        """What each type expects to pay; (n_types,)."""
        return np.asarray(self.problem.values * self.interim_allocation - self.interim_utilities)

    @cached_property
    def revenue(self) -> float:
        """Payments less the cost of units sold, in expectation."""
        return float(self._expected(self.problem.revenue_of))

    @cached_property
    def welfare(self) -> float:
        """Values of those who win, less the cost of units sold, in expectation."""
        return float(self._expected(self.problem.welfare_of))

    @cached_property
    def prices(self) -> dict[str, float]:
        """What a unit of each row's limit is worth to the objective, by name."""
        found: dict[str, float] = {}
        for row, price in zip(self.problem.rows, self.row_prices, strict=True):
            found[row.name] = found.get(row.name, 0.0) + float(price)
        return found

    @property
    def binding(self) -> list[str]:
        """Rows with a price, the highest first."""
        prices = self.prices
        return sorted((name for name, price in prices.items() if price > 0), key=lambda name: -prices[name])

    def fractions(self) -> tuple[Fraction, ...]:
        """`interim_allocation` without rounding."""
        parts = [[rule.chance * one for one in exact_chances(self.problem, rule.tiers)] for rule in self.rules]
        return tuple(sum(own, Fraction(0)) for own in zip(*parts, strict=True))

    # ---- using it ----

    def play(self, reports: Any, *, rng: np.random.Generator | None = None) -> Sale:
        """Who wins and what it pays where bidders report types, by name or number, by one draw of the lottery."""
        problem = self.problem
        types = type_numbers(reports, [problem.labels] * problem.n_bidders)
        won, paid = self._sold(types, generator(rng))
        return Sale(tuple(map(int, won)), tuple(map(float, paid)))

    def simulate(self, n_draws: Any = 1000, *, rng: np.random.Generator | None = None) -> tuple[Indices, Array, Array]:
        """Types drawn by their chances, who won, and payments; (n_draws, n_bidders) each.

        The generator may stand first: `simulate(rng)`.
        """
        n_draws, rng = draws_of(n_draws, rng)
        shape = (n_draws, self.problem.n_bidders)
        types = rng.choice(self.problem.n_types, size=shape, p=self.problem.chances)
        sold = [self._sold(row, rng) for row in types]
        return types, np.array([won for won, _ in sold]), np.array([paid for _, paid in sold])

    def _sold(self, types: Indices, rng: np.random.Generator) -> tuple[Array, Array]:
        drawn = rng.choice(len(self.rules), p=self._odds)
        return sold_by(self.problem, self.rules[drawn].tiers, types, rng.permutation(len(types)))

    @cached_property
    def _odds(self) -> Array:
        odds = np.array([float(rule.chance) for rule in self.rules])
        return np.asarray(odds / odds.sum())

    # ---- showing it ----

    def _columns(self) -> Table:
        problem = self.problem
        return Table(
            (
                names("type", problem.labels),
                names("group", problem.groups),
                Column("value", problem.values),
                Column("probability", problem.chances),
                Column("wins", self.interim_allocation),
                Column("payment", self.interim_payments),
                Column("utility", self.interim_utilities),
            )
        )

    def _table(self) -> Table:
        problem, certificate = self.problem, self.certificate
        columns = self._columns().columns
        forms: dict[str, Any] = {"probability": ".3f", "wins": ".3f"}
        return Table(
            [*columns[:2], *(Column(one.name, one.values, forms.get(one.name, DIGITS)) for one in columns[2:])],
            f"Auction: {plural(problem.n_bidders, 'bidder')} alike, {plural(problem.n_units, 'unit')}, lottery over "
            f"{plural(len(self.rules), 'rule')}, value {shown(certificate.value):.{DIGITS}g}, proven bound "
            f"{shown(certificate.upper_bound):.{DIGITS}g}, welfare {self.welfare:.{DIGITS}g}",
            notes_of(certificate, self.binding),
            kind="mechanism",
        )

    latex = Tabular.to_latex  # as it was first called

    def to_frame(self) -> pd.DataFrame:
        """One row per type."""
        return self._columns().to_frame(index=False)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the chance of winning over values, a line per group; returns the matplotlib axes."""
        ax = axes(ax)
        for k, own in enumerate(self.problem.members):
            name, won = self.problem.groups[int(own[0])], self.interim_allocation[own]
            ax.plot(self.problem.values[own], won, color=PALETTE[k % len(PALETTE)], marker="o", label=name)
        ax.set_xlabel("value")
        ax.set_ylabel("chance of winning")
        ax.legend()
        return ax

    # ---- keeping it ----

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON with a schema version; chances and prices survive as fractions."""
        return {
            "schema": SCHEMA,
            "problem": plain_record(self.problem),
            "rules": [{"chance": str(one.chance), "tiers": [list(tier) for tier in one.tiers]} for one in self.rules],
            "row_prices": [str(price) for price in self.row_prices],
            "interim_allocation": self.interim_allocation.tolist(),
            "interim_payments": self.interim_payments.tolist(),
            "revenue": self.revenue,
            "welfare": self.welfare,
            "certificate": self.certificate.to_dict(),
        }

    def _expected(self, coefficients: list[Fraction]) -> Fraction:
        return expected(self.problem, self.rules, coefficients)


def expected(
    problem: SymmetricAuctionProblem, rules: tuple[PriorityRule, ...], coefficients: list[Fraction]
) -> Fraction:
    """A linear function of the chances of winning under a lottery over rules, without rounding."""
    return sum((rule.chance * sum_over(problem, rule.tiers, coefficients) for rule in rules), Fraction(0))


def sold_by(problem: SymmetricAuctionProblem, tiers: Tiers, types: Indices, order: Indices) -> tuple[Array, Array]:
    """Who wins at reports of types, and the least value of its group with which it would still have won."""
    count = len(types)
    place = np.full(problem.n_types, len(tiers))
    for k, tier in enumerate(tiers):
        place[list(tier)] = k
    rank = np.empty(count, dtype=np.intp)
    rank[order] = np.arange(count)
    key = place[types] * count + rank  # the lowest wins; all are different
    won, paid = np.zeros(count), np.zeros(count)
    for bidder in np.argsort(key)[: problem.n_units].tolist():
        if place[types[bidder]] == len(tiers):
            continue
        others = np.sort(np.delete(key, bidder))
        limit = others[problem.n_units - 1] if len(others) >= problem.n_units else len(tiers) * count
        own = next(own for own in problem.members if types[bidder] in own)
        enough = (place[own] < len(tiers)) & (place[own] * count + rank[bidder] < limit)
        won[bidder], paid[bidder] = 1.0, problem.values[own[np.argmax(enough)]]
    return won, paid


def solve_symmetric(problem: SymmetricAuctionProblem, gap: float) -> SymmetricAuction:
    """The best auction with its certificate.

    Raises
    ------
    InfeasibleMenuError, SolverError
        See `best_lottery`; SolverError also if the certificate does not hold.
    """
    found = best_lottery(problem)
    rules = tuple(PriorityRule(chance, tiers) for chance, tiers in found.rules)
    auction = certified(problem, rules, tuple(found.prices), gap)
    if not auction.certificate.holds:
        raise SolverError(f"the auction is not certified: {auction.certificate}", ("columns",), auction)
    return auction


def certified(
    problem: SymmetricAuctionProblem, rules: tuple[PriorityRule, ...], prices: tuple[Fraction, ...], gap: float
) -> SymmetricAuction:
    """A lottery over rules with its certificate: rows, value and the bound of the prices, without rounding."""
    broken = []
    for row in problem.rows:
        excess = expected(problem, rules, row.coefficients) - row.limit
        broken += [Violation(row.name, float(excess))] if excess > 0 else []
    certificate = Certificate(
        deviation=_most_tempting(problem, rules),
        participation_slack=0.0,  # the lowest type of a group pays its value, and higher ones no more than theirs
        participation_type=problem.labels[int(problem.members[0][0])],
        violations=tuple(broken),
        value=rounded_down(expected(problem, rules, problem.objective_of)),
        upper_bound=-rounded_down(-bound_at(problem, problem.objective_of, problem.rows, prices)),
        rigorous=True,
        scale=max(float(expected(problem, rules, problem.welfare_of)), float(np.ptp(problem.values)), NO_MONEY),
        requested_gap=gap,
        tolerance=0.0,
    )
    return SymmetricAuction(problem, rules, certificate, prices)


def _most_tempting(problem: SymmetricAuctionProblem, rules: tuple[PriorityRule, ...]) -> Deviation:
    """The lie by which a type gains most: under rules that rise in the value none, and neighbours say it for all."""
    chances = [(rule, chances_of(problem, rule.tiers)) for rule in rules]
    best = Deviation("nobody", "anything", 0.0)
    for own in problem.members:
        for low, high in zip(own[:-1].tolist(), own[1:].tolist(), strict=True):
            step = float(problem.values[high] - problem.values[low])
            gain = sum(float(rule.chance) * step * (q[low] - q[high]) for rule, q in chances)
            if best.tempted == "nobody" or gain > best.gain:
                best = Deviation(problem.labels[low], problem.labels[high], float(gain))
    if all(is_rising(problem, rule.tiers) for rule in rules):  # exactly so, whatever floats say
        return Deviation(best.tempted, best.tempter, min(best.gain, 0.0))
    return best

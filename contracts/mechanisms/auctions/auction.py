"""The result: who wins at which reports and what it pays, and the evidence."""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from contracts.display.numbers import DIGITS, plural
from contracts.display.palette import PALETTE, axes
from contracts.display.table import Certified, Column, Table, Tabular, names
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, Indices, number
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import described
from contracts.mechanisms.auctions.problem import AuctionProblem
from contracts.mechanisms.auctions.virtual import Ranked, ranked, winning_chances
from contracts.mechanisms.checks import one_each
from contracts.mechanisms.priors import draws_of
from contracts.mechanisms.text import notes_of
from contracts.mechanisms.verify import rounded_down
from contracts.numerics.exact_solve import Whole
from contracts.problem.records import Saved
from contracts.proof.certificate import Certificate, Deviation, shown
from contracts.proof.scale import NO_MONEY

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

SCHEMA = "menuwright/auction/1"
SHOWN_TYPES = 12  # of a bidder; longer tables show its first and last values


class Sale(NamedTuple):
    """What an auction does with bids: who wins, 1 or 0 each, and what each pays."""

    allocations: tuple[int, ...]
    transfers: tuple[float, ...]


@checked
@dataclass(frozen=True, eq=False, repr=False)
class Auction(Certified, Saved):
    """The best auction: units go to the highest ironed virtual values above the cost, at the least winning value.

    It is best in dominant strategies and in expectation at once. What it knows of chances are whole numbers; values,
    bounds and prices are these, rounded once.

    Attributes
    ----------
    problem : units, values and chances
    certificate : IC and IR at every profile, value, bound
    """

    problem: AuctionProblem
    certificate: Certificate

    # ---- what it says ----

    @property
    def revenue(self) -> float:
        """What bidders pay together, in expectation."""
        return float(self._accounts.revenue)

    @property
    def welfare(self) -> float:
        """What the units are worth to those who get them, less the cost of units sold, in expectation."""
        return float(self._accounts.welfare)

    @cached_property
    def virtual_values(self) -> tuple[Array, ...]:
        """The marginal revenue of each value, before ironing; (n_types,) of each bidder."""
        unit = 1 << self._ranked.digits
        return tuple(
            np.array([a / (b * unit) for a, b in zip(each.rise.tolist(), each.chances.tolist(), strict=True)])
            for each in self._ranked.curves
        )

    @cached_property
    def ironed_virtual_values(self) -> tuple[Array, ...]:
        """The same, pooled until it rises in the value; (n_types,) of each bidder."""
        unit = 1 << self._ranked.digits
        found = []
        for each in self._ranked.curves:
            pairs = zip(each.pool_rise.tolist(), each.pool_chance.tolist(), strict=True)
            found.append(np.array([a / (b * unit) for a, b in pairs])[each.pool])
        return tuple(found)

    @cached_property
    def reserve_prices(self) -> Array:
        """The lowest value at which each bidder can win; inf if none; (n_bidders,)."""
        known = self._ranked
        served = [known.ranks[k] >= known.reserve for k in range(self.problem.n_bidders)]
        lowest = [
            array[can][0] if can.any() else np.inf for array, can in zip(self.problem.values, served, strict=True)
        ]
        return np.array(lowest, dtype=np.float64)

    @cached_property
    def interim_allocation(self) -> tuple[Array, ...]:
        """Chance that each value wins; (n_types,) of each bidder."""
        return tuple(_divided(part, total) for part, total in zip(self._won, self._others_totals, strict=True))

    @cached_property
    def interim_payments(self) -> tuple[Array, ...]:
        """What each value expects to pay; (n_types,) of each bidder."""
        unit = 1 << self._ranked.digits
        return tuple(
            _divided(own * won - rents, total * unit)
            for own, won, rents, total in zip(
                self._ranked.values, self._won, self._rents, self._others_totals, strict=True
            )
        )

    @cached_property
    def interim_utilities(self) -> tuple[Array, ...]:
        """What each value expects to have: its information rent; (n_types,) of each bidder."""
        unit = 1 << self._ranked.digits
        return tuple(
            _divided(rents, total * unit) for rents, total in zip(self._rents, self._others_totals, strict=True)
        )

    # ---- using it ----

    def play(self, reports: Any) -> Sale:
        """Who wins and what it pays where bidders report these values; those between two of theirs count as the lower.

        The answer is what `contracts.testing.check_mechanism` asks of a function of several agents.
        """
        problem = self.problem
        given = one_each(reports, problem.n_bidders, f"a value for each of {problem.n_bidders} bidders")
        said = [_report(problem, k, one) for k, one in enumerate(given)]
        types = np.array([np.searchsorted(problem.values[k], one, side="right") - 1 for k, one in enumerate(said)])
        won, paid = self._sold(types[np.newaxis])
        return Sale(tuple(map(int, won[0])), tuple(map(float, paid[0])))

    def simulate(self, n_draws: Any = 1000, *, rng: np.random.Generator | None = None) -> tuple[Indices, Array, Array]:
        """Values drawn by their chances: numbers of types, who won, and payments; (n_draws, n_bidders) each.

        The generator may stand first: `simulate(rng)`.
        """
        n_draws, rng = draws_of(n_draws, rng)
        types = np.stack(
            [rng.choice(len(part), size=n_draws, p=part / part.sum()) for part in self.problem.probabilities], axis=1
        )
        won, paid = self._sold(types)
        return types, won.astype(np.float64), paid

    def _sold(self, types: Indices) -> tuple[Any, Array]:
        """Who wins at each row of types, -1 for a report below all values, and the least value at which it would."""
        problem, known = self.problem, self._ranked
        n_bidders, n_units = problem.n_bidders, problem.n_units
        tables = [np.append(known.ranks[k], -1) for k in range(n_bidders)]
        rank = np.stack([table[types[:, k]] for k, table in enumerate(tables)], axis=1)
        # a bidder beats a rival at an equal rank if it was named before: keys order all pairs
        key = np.where(rank >= known.reserve, rank * n_bidders + (n_bidders - 1 - np.arange(n_bidders)), -1)
        won, paid = np.zeros(types.shape, dtype=bool), np.zeros(types.shape)
        for k in range(n_bidders):
            others = np.delete(key, k, axis=1)
            needed = np.zeros(len(key), dtype=np.intp) + known.reserve * n_bidders
            if others.shape[1] >= n_units:
                rival = np.partition(others, others.shape[1] - n_units, axis=1)[:, others.shape[1] - n_units]
                needed = np.maximum(needed, rival + 1)
            won[:, k] = key[:, k] >= needed
            own = known.ranks[k] * n_bidders + (n_bidders - 1 - k)
            first = np.searchsorted(own, needed, side="left")
            paid[:, k] = np.where(won[:, k], np.append(problem.values[k], np.nan)[first], 0.0)
        return won, paid

    # ---- showing it ----

    def _columns(self) -> Table:
        problem = self.problem
        each = range(problem.n_bidders)
        parts = [
            ("value", problem.values), ("probability", problem.probabilities), ("virtual_value", self.virtual_values),
            ("ironed", self.ironed_virtual_values), ("wins", self.interim_allocation),
            ("payment", self.interim_payments), ("utility", self.interim_utilities),
        ]  # fmt: skip
        bidders = names("bidder", [problem.bidders[k] for k in each for _ in range(problem.n_types[k])])
        return Table((bidders, *(Column(name, np.concatenate(part)) for name, part in parts)))

    def _table(self) -> Table:
        problem, certificate = self.problem, self.certificate
        everything = self._columns()
        starts = np.cumsum([0, *problem.n_types])
        half = SHOWN_TYPES // 2
        rows: list[int] = []
        between: dict[int, str] = {}
        for a, b in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
            short = b - a <= SHOWN_TYPES
            rows += range(a, b) if short else [*range(a, a + half), *range(b - half, b)]
            if not short:
                between[len(rows) - half] = f"... {b - a - 2 * half} more values ..."
        forms: dict[str, Any] = {"probability": ".3f", "wins": ".3f"}
        columns = [everything.columns[0]] + [
            Column(one.name, one.values, forms.get(one.name, DIGITS)) for one in everything.columns[1:]
        ]
        value = f"{shown(certificate.value):.{DIGITS}g}"
        return Table(
            [names("bidder", everything.columns[0].values), *columns[1:]],
            f"Auction: {plural(problem.n_bidders, 'bidder')}, {plural(problem.n_units, 'unit')}, value {value}, proven "
            f"bound {shown(certificate.upper_bound):.{DIGITS}g}, welfare {self.welfare:.{DIGITS}g}",
            notes_of(certificate, []),
            shown=rows,
            between=between,
            kind="mechanism",
        )

    latex = Tabular.to_latex  # as it was first called

    def to_frame(self) -> pd.DataFrame:
        """One row per bidder and value."""
        return self._columns().to_frame(index=False)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw ironed virtual values over values; returns the matplotlib axes."""
        ax = axes(ax)
        for k, (own, ironed) in enumerate(zip(self.problem.values, self.ironed_virtual_values, strict=True)):
            ax.plot(own, ironed, color=PALETTE[k % len(PALETTE)], drawstyle="steps-post", label=self.problem.bidders[k])
        ax.axhline(self.problem.cost, linestyle=":")
        ax.set_xlabel("value")
        ax.set_ylabel("virtual value, ironed")
        ax.legend()
        return ax

    # ---- keeping it ----

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON with a schema version; the problem says everything, the rest is for reading."""
        problem = self.problem
        return {
            "schema": SCHEMA,
            "problem": {
                "values": [array.tolist() for array in problem.values],
                "probabilities": [np.asarray(part).tolist() for part in problem.probabilities],
                "n_units": problem.n_units,
                "cost": problem.cost,
                "bidders": list(problem.bidders),
            },
            "ironed_virtual_values": [array.tolist() for array in self.ironed_virtual_values],
            "revenue": self.revenue,
            "certificate": self.certificate.to_dict(),
        }

    # ---- parts ----

    @cached_property
    def _ranked(self) -> Ranked:
        return ranked(self.problem)

    @cached_property
    def _won(self) -> list[Whole]:
        return [winning_chances(self.problem, self._ranked, k) for k in range(self.problem.n_bidders)]

    @cached_property
    def _others_totals(self) -> list[int]:
        return others_totals(self._ranked)

    @cached_property
    def _rents(self) -> list[Whole]:
        return [rents(own, won) for own, won in zip(self._ranked.values, self._won, strict=True)]

    @cached_property
    def _accounts(self) -> Accounts:
        return accounts(self.problem, self._ranked, self._won)


def _divided(numerators: Whole, unit: int) -> Array:
    return np.array([one / unit for one in numerators.tolist()], dtype=np.float64)


def _report(problem: AuctionProblem, bidder: int, report: Any) -> float:
    if isinstance(report, bool | np.bool_) or not isinstance(report, int | float | np.integer | np.floating | Fraction):
        raise ProblemError(f"reports has {described(report)} for {problem.bidders[bidder]}: give the value it reports")
    return number(f"the report of {problem.bidders[bidder]}", float(report) if isinstance(report, Fraction) else report)


# ---- the proof ----


def others_totals(known: Ranked) -> list[int]:
    """For each bidder, the product of what the others' chances sum to."""
    product = 1
    for each in known.curves:
        product *= each.total
    return [product // each.total for each in known.curves]


def rents(values: Whole, won: Whole) -> Whole:
    """What each value keeps: steps between lower values, times the chances with which these win."""
    return np.concatenate([won[:1] * 0, np.cumsum((values[1:] - values[:-1]) * won[:-1])]) if len(won) > 1 else won * 0


class Accounts(NamedTuple):
    """Expectations without rounding."""

    revenue: Fraction
    value: Fraction
    bound: Fraction
    welfare: Fraction


def accounts(problem: AuctionProblem, known: Ranked, won: list[Whole]) -> Accounts:
    """Payments by type, and ironed slopes by pool: two formulas of one number, if the auction is right."""
    totals, unit = others_totals(known), 1 << known.digits
    product = totals[0] * known.curves[0].total
    cost = Fraction(problem.cost)
    paid = virtual = sold = enjoyed = 0
    for own, each, wins in zip(known.values, known.curves, won, strict=True):
        worth = own * wins
        paid += int((each.chances * (worth - rents(own, wins))).sum())
        enjoyed += int((each.chances * worth).sum())
        sold += int((each.chances * wins).sum())
        first = np.searchsorted(each.pool, np.arange(len(each.pool_rise)))
        virtual += int((each.pool_rise * wins[first]).sum())
    spent = cost * Fraction(sold, product)
    scale = product * unit
    revenue = Fraction(paid, scale)
    return Accounts(revenue, revenue - spent, Fraction(virtual, scale) - spent, Fraction(enjoyed, scale) - spent)


def certified(problem: AuctionProblem, gap: float) -> Auction:
    """The best auction with its certificate: chances of winning are compared value by value, without rounding."""
    known = ranked(problem)
    won = [winning_chances(problem, known, k) for k in range(problem.n_bidders)]
    found = accounts(problem, known, won)
    certificate = Certificate(
        deviation=_most_tempting(problem, known, won),
        participation_slack=_least_rent(known, won),
        participation_type=f"{problem.bidders[0]} {problem.values[0][0]:g}",
        violations=(),
        value=rounded_down(found.value),
        upper_bound=-rounded_down(-found.bound),
        rigorous=True,
        scale=max(float(found.welfare), float(max(np.ptp(array) for array in problem.values)), NO_MONEY),
        requested_gap=gap,
        tolerance=0.0,
    )
    auction = Auction(problem, certificate)
    auction.__dict__["_ranked"], auction.__dict__["_won"] = known, won  # known already
    return auction


def _least_rent(known: Ranked, won: list[Whole]) -> float:
    """The least utility of any value; its sign is exact."""
    totals, unit = others_totals(known), 1 << known.digits
    least = [int(rents(own, wins).min()) for own, wins in zip(known.values, won, strict=True)]
    return min(one / (total * unit) for one, total in zip(least, totals, strict=True))


def _most_tempting(problem: AuctionProblem, known: Ranked, won: list[Whole]) -> Deviation:
    """The lie by which a value gains most. With rents as steps times chances, neighbours say it for all.

    Reporting the next value down gains nothing by the payments; reporting the next one up gains the step times the fall
    in the chance of winning, which must be none.
    """
    totals, unit = others_totals(known), 1 << known.digits
    best = Deviation("nobody", "anything", 0.0)
    for k, (own, wins) in enumerate(zip(known.values, won, strict=True)):
        if len(own) < 2:
            continue
        gains = (own[1:] - own[:-1]) * (wins[:-1] - wins[1:])
        most = int(np.argmax(gains))
        low, high = (f"{value:g}" for value in problem.values[k][most : most + 2])
        gain = int(gains[most]) / (totals[k] * unit)
        if best.tempted == "nobody" or gain > best.gain:
            best = Deviation(f"{problem.bidders[k]} {low}", high, gain)
            if gain <= 0:  # the lie downward gains exactly nothing
                best = Deviation(f"{problem.bidders[k]} {high}", low, 0.0)
    return best

"""Types on a line under one side constraint: ironing at the constraint's price, which a root search finds.

Let the row be r(x, u) <= limit with r linear. At a price p >= 0 per unit of it,

    g(p) = max over menus of objective - p (r(x, u) - limit)

is solved by ironing and bounds every menu. g is convex and limit - r(x_p, u_p) is a subgradient: r falls as p rises,
and the best p is where it crosses the limit, or 0. Where r jumps there, as under a linear cost, the menus on both sides
are best at that price and so are their mixtures, one of which meets the limit. At the price at which utilities become
free nothing more is gained by a dearer row, and what is left is shared out among all alike.
"""

from __future__ import annotations

import functools
import math
from dataclasses import field, replace

import numpy as np

from contracts.engines import ironing
from contracts.engines.candidate import Candidate
from contracts.errors import ContractError, InfeasibleMenuError, ProblemError, SolverError, UnboundedMenuError
from contracts.exact.rationals import EPS
from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass
from contracts.problem.costs import is_straight
from contracts.problem.screening import ScreeningProblem

SHORT = 2000  # types up to which the whole program is tried where this engine finds no menu
DOUBLINGS = 200  # of the price, until the row is met
KINKS = 60  # menus that the search for a jump may try
AT_THE_KINK = 1e-13  # share of what menus are worth within which they are worth the same
HAIRS = 24  # rounding errors per type and good that repairs may put on a row


@dataclass(frozen=True, eq=False)
class Binding:
    """The one row that can bind: allocation . x + utility . u <= limit."""

    number: int  # among the problem's rows
    allocation: Array  # (n_types, n_goods)
    utility: Array  # (n_types,)
    limit: float

    def over(self, found: Candidate) -> float:
        """By how much a menu exceeds the limit."""
        return float(np.vdot(self.allocation, found.allocation) + self.utility @ found.utility - self.limit)


def reason_against(problem: ScreeningProblem) -> str | None:
    """Why this engine does not apply; None if it does."""
    rows = problem.side_rows
    if len(rows.limit) == 0 or len(rows.limit) > 2:
        return "there is not one side constraint"
    if len(rows.limit) == 2 and not (
        np.array_equal(rows.allocation[0], -rows.allocation[1]) and np.array_equal(rows.utility[0], -rows.utility[1])
    ):
        return "there are two side constraints"
    if not problem.has_participation_constraint:
        return "there is no participation constraint"
    if np.ptp(problem.reservation_utility):
        return ironing.IR_ABOVE
    line = ironing.line_of(_without_row(problem))
    return line if isinstance(line, str) else None


def solve(problem: ScreeningProblem) -> Candidate:
    """The best menu under one row, by its price; a dozen times the work of ironing.

    Raises
    ------
    SolverError
        If no price brings a menu within the limit, or the row alone bounds it: it takes another engine to say which.
    InfeasibleMenuError
        If no price does, and there are more types than that engine takes.
    """
    rows = problem.side_rows
    each = [Binding(k, rows.allocation[k], rows.utility[k], float(rows.limit[k])) for k in range(len(rows.limit))]
    lowest = {row.number: _cheapest(problem, row) for row in each}
    row = max(each, key=lambda row: lowest[row.number])  # without that one, utilities would be worth any sum
    try:
        found = at_price(problem, row, lowest[row.number])
    except UnboundedMenuError as failure:
        raise SolverError(f"nothing but a row over all types may bound this problem: {failure}") from failure
    if lowest[row.number] == 0 and len(each) > 1:
        row = max(each, key=lambda row: row.over(found))
    search = PriceSearch(problem, row, {lowest[row.number]: found})
    price, found = search.result()
    side = np.zeros(len(rows.limit))
    side[row.number] = price
    return replace(found, multipliers=replace(found.multipliers, side=side), engine="ironing at a row's price")


def at_price(problem: ScreeningProblem, row: Binding, price: float) -> Candidate:
    """The best menu of the problem without its row, every unit of which costs `price`."""
    bare, terms, shares = _without_row(problem), problem.terms, problem.weights
    if price:
        terms = replace(
            terms,
            allocation_values=terms.allocation_values - price * row.allocation / shares[:, np.newaxis],
            utility_weights=terms.utility_weights - price * row.utility / shares,
        )
    line = ironing.line_of(bare)
    line = line if isinstance(line, str) else ironing.at_terms(line, bare, terms)
    if isinstance(line, str):
        raise ProblemError(f"method 'ironing' does not apply: {line}; use method='auto'")
    return ironing.at(bare, line, terms)


@functools.lru_cache(maxsize=1)
def _without_row(problem: ScreeningProblem) -> ScreeningProblem:
    return replace(problem, constraints=())


def _cheapest(problem: ScreeningProblem, row: Binding) -> float:
    """The least price at which a gift to everybody costs something; 0 if it does by itself, or never."""
    costs, on_row = _of_a_gift(problem, row)
    return -costs / on_row * (1 + _hair_of_sums(problem)) if costs < 0 < on_row else 0.0


def _dearest(problem: ScreeningProblem, row: Binding) -> float:
    """The price from which on a gift to everybody costs nothing, as it is good for the row; infinite if it is not."""
    costs, on_row = _of_a_gift(problem, row)
    return costs / -on_row * (1 - _hair_of_sums(problem)) if on_row < 0 <= costs else math.inf


def _hair_of_sums(problem: ScreeningProblem) -> float:
    """By how much a gift has to be dearer than free for the sums over all types to say so."""
    return 4 * (problem.n_types + 8) * EPS


def _of_a_gift(problem: ScreeningProblem, row: Binding) -> tuple[float, float]:
    """What one unit of utility for everybody takes from the objective, and puts on the row."""
    terms = problem.terms
    return float(problem.weights @ (terms.profit_weight - terms.utility_weights)), float(row.utility.sum())


@dataclass(frozen=True, eq=False)
class PriceSearch:
    """The price at which the row is met, and a menu there that meets it."""

    problem: ScreeningProblem
    row: Binding
    tried: dict[float, Candidate]
    amounts: dict[float, float] = field(default_factory=dict)  # that each of them is over

    def hair(self, found: Candidate) -> float:
        """What an exact repair of the menu may put on the row: rounding, and neighbours who share the lower contract.

        They do where rounding could not tell their contracts apart, with what one gets more than the other.
        """
        problem, row, order = self.problem, self.row, self.line.order
        values = problem.valuations
        worth = float(np.abs(values).max() * np.abs(found.allocation).max() + np.abs(found.utility).max())
        rounding = HAIRS * EPS * (problem.n_goods + 3) * worth
        more = np.maximum(np.diff(found.allocation[order] @ self.line.direction), 0.0)
        alike = (np.diff(values[order] @ self.line.direction) * more < rounding) * more
        per_unit = np.abs(row.allocation).sum(axis=1) + np.abs(row.utility) * np.abs(values).sum(axis=1)
        everywhere = np.abs(row.utility).sum() * worth + np.abs(row.allocation).sum() * np.abs(found.allocation).max()
        sums = EPS * (problem.n_types + 8) * (everywhere + abs(row.limit))
        return float(rounding * problem.n_types * np.abs(row.utility).sum() + 2 * per_unit[order[1:]] @ alike + sums)

    @functools.cached_property
    def line(self) -> ironing.Line:
        """The line of the types, in their order."""
        line = ironing.line_of(_without_row(self.problem))
        assert not isinstance(line, str)
        return line

    def over(self, price: float) -> float:
        """By how much the menu at a price is above the limit, less a hair."""
        if price in self.amounts:
            return self.amounts[price]
        if price not in self.tried:
            try:
                self.tried[price] = at_price(self.problem, self.row, price)
            except (UnboundedMenuError, ProblemError) as failure:
                raise SolverError(f"ironing at the price {price:g} of a row: {failure}") from failure
        self.amounts[price] = self.row.over(self.tried[price]) + self.hair(self.tried[price])
        return self.amounts[price]

    def worth_halving(self, price: float) -> float:
        """`over`, or 0 once the mixture of the menus on both sides of the limit is as good as any.

        At the price of either the other is worth less by at most the difference of prices times what is over.
        """
        over = self.over(price)
        amounts = {tried: self.over(tried) for tried in self.tried}
        above = max((tried for tried, amount in amounts.items() if amount > 0), default=price)
        below = min((tried for tried, amount in amounts.items() if amount <= 0), default=price)
        lost = (below - above) * min(amounts[above], -amounts[below])
        return over if lost > AT_THE_KINK * abs(self.worth(price)) else 0.0

    def result(self) -> tuple[float, Candidate]:
        """Price and menu."""
        from scipy.optimize import brentq

        first = min(self.tried)
        if self.over(first) <= 0:
            return first, self.tried[first] if first == 0 else self.with_gifts(first)
        dearest = _dearest(self.problem, self.row)
        price = min(max(self.first_guess(), 2 * first), dearest)
        for _ in range(DOUBLINGS):
            if self.over(price) <= 0 or price == dearest:
                break
            price = min(2 * price, dearest)
        if self.over(price) > 0:
            if price < dearest:
                raise self.not_met(price)
            return price, self.with_gifts(price)
        jump = self.jump(first, price) if is_straight(self.problem.cost) else None
        if jump is not None:
            return jump
        brentq(self.worth_halving, first, price, xtol=np.finfo(float).tiny, rtol=4 * EPS)
        below = min(price for price in self.tried if self.over(price) <= 0)
        above = max(price for price in self.tried if self.over(price) > 0)
        nearer = min(above, below, key=lambda price: abs(self.over(price)))  # the mixture is best at its price, nearly
        return nearer, replace(self.mixed(above, below), multipliers=self.tried[nearer].multipliers)

    def jump(self, above: float, below: float) -> tuple[float, Candidate] | None:
        """The price at which the menus best on both sides of it are worth the same, and their mixture; None if unsure.

        Under a linear cost g is piecewise linear: each menu is a line, worth less price times row, below g. Where the
        lines of two menus meet, a third is worth more, and takes the place of one of them, or none is, and that is the
        kink (Kelley 1960). Halving would come there in as many steps as a float has digits.
        """
        for _ in range(KINKS):
            ends = [(self.worth(price), self.row.over(self.tried[price])) for price in (above, below)]
            (worth_above, over_above), (worth_below, over_below) = ends
            if not over_above > over_below:
                return None
            price = (worth_above - worth_below) / (over_above - over_below)
            if not above < price < below:
                return None
            is_met = self.over(price) <= 0
            line = worth_above - price * over_above
            more = self.worth(price) - price * self.row.over(self.tried[price]) - line
            if more <= AT_THE_KINK * (abs(worth_above) + abs(worth_below) + price * abs(over_above)):
                mixture = self.mixed(above, below)
                return price, replace(mixture, multipliers=self.tried[price].multipliers)
            above, below = (above, price) if is_met else (price, below)
        return None

    def worth(self, price: float) -> float:
        """The objective of the menu at a price, without the row."""
        found = self.tried[price]
        transfer = np.einsum("ij,ij->i", self.problem.valuations, found.allocation) - found.utility
        return self.problem.objective_value(found.allocation, transfer)

    def not_met(self, price: float) -> ContractError:
        """That no price brings a menu within the limit; the whole program, where it is short, says what conflicts."""
        name = self.problem.side_rows.names[self.row.number]
        least = self.row.over(self.tried[price])
        said = f"no menu meets {name!r} (with IC, IR and the domain; short by {least:.6g} at the least). Relax it."
        return SolverError(said) if self.problem.n_types <= SHORT else InfeasibleMenuError(said, conflict=(repr(name),))

    def with_gifts(self, price: float) -> Candidate:
        """The menu at a price at which gifts are free, with the gift to everybody that meets the limit."""
        given, on_row = self.tried[price], float(self.row.utility.sum())
        for _ in range(2):  # larger utilities have larger hairs
            given = replace(given, utility=given.utility - (self.row.over(given) + self.hair(given)) / on_row)
        return given

    def mixed(self, above: float, below: float) -> Candidate:
        """The mixture of the menus at two prices next to each other that meets the limit."""
        share = self.over(above) / (self.over(above) - self.over(below))
        high, low = self.tried[above], self.tried[below]
        if self.over(below) >= -self.hair(low):
            return low
        return replace(
            low,
            allocation=share * low.allocation + (1 - share) * high.allocation,
            utility=share * low.utility + (1 - share) * high.utility,
        )

    def first_guess(self) -> float:
        """What a unit of the row would have to cost to eat up what the menu is worth."""
        free = self.tried[min(self.tried)]
        values = np.abs(self.problem.valuations + self.problem.principal_values)
        worth = float(self.problem.weights @ (values * np.abs(free.allocation)).sum(axis=1))
        amount = abs(self.row.over(free) + self.row.limit) + abs(self.row.limit)
        return worth / amount if worth > 0 and amount > 0 else 1.0

"""The result: what is done and who pays at every profile, and the evidence."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from contracts.display.table import Certified, Tabular
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, Indices
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import described, one_of
from contracts.mechanisms.checks import one_each
from contracts.mechanisms.interim import (
    Tables,
    by_profile,
    interim_chances,
    interim_payments,
    utility_unit,
)
from contracts.mechanisms.numbers import Numbers, Rational
from contracts.mechanisms.priors import draws_of
from contracts.mechanisms.problem import MechanismProblem, profiles_of
from contracts.mechanisms.program.lies import priced
from contracts.mechanisms.records import problem_record, written
from contracts.mechanisms.verify import certify, first_best
from contracts.numerics.basis import reduced_costs
from contracts.numerics.exact_solve import Whole
from contracts.problem.records import Saved
from contracts.proof.certificate import Certificate

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from contracts.display.table import Table


SCHEMA = "menuwright/mechanism/1"


class Answer(NamedTuple):
    """What a mechanism does with reports: a chance of every alternative, and what each agent pays; fractions."""

    chances: tuple[Fraction, ...]
    transfers: tuple[Fraction, ...]


class Simulation(NamedTuple):
    """Draws of types, and what became of them."""

    types: Indices  # (n, n_agents)
    alternatives: Indices  # (n,)
    transfers: Array  # (n, n_agents)
    utilities: Array  # (n, n_agents)


@checked(own=("exact", "prices", "feared"))
@dataclass(frozen=True, eq=False, repr=False)
class Mechanism(Certified, Saved):
    """A mechanism that is certainly incentive compatible: what it holds are fractions, and floats are these, rounded.

    Attributes
    ----------
    exact : chances of alternatives and transfers by profile, as numerators over one denominator
    certificate : IC, IR, lotteries, budget, value, bound
    prices : of the rows of the program, which prove the bound; None for a mechanism that nobody optimised
    feared : under ambiguity the prior for which prices prove the bound, (n_profiles,) parts of their sum, else None
    """

    _indent = None

    problem: MechanismProblem
    exact: Tables
    certificate: Certificate
    prices: Rational | None = None
    feared: Whole | None = None

    def __post_init__(self) -> None:
        shape = (self.problem.n_profiles, self.problem.n_alternatives)
        if not isinstance(self.exact, Tables) or self.exact.outcome.shape != shape:
            raise ProblemError(f"exact is {described(self.exact)}: take a mechanism from solve_mechanism or a file")
        if self.prices is not None and not isinstance(self.prices, Rational):
            raise ProblemError(f"prices is {described(self.prices)}: take those of another mechanism of the problem")

    # ---- what it says ----

    @cached_property
    def allocation(self) -> Array:
        """Chances of alternatives; (n_types_1, ..., n_types_n, n_alternatives)."""
        return self.exact.outcome.floats().reshape(*self.problem.n_types, -1)

    @cached_property
    def transfers(self) -> Array:
        """What each agent pays; (n_agents, n_types_1, ..., n_types_n)."""
        return self.exact.transfers.floats().reshape(-1, *self.problem.n_types)

    def fractions(self) -> tuple[Whole, Whole]:
        """`allocation` and `transfers` as arrays of fractions.Fraction, without rounding."""
        outcome, transfers = self.exact.outcome.fractions(), self.exact.transfers.fractions()
        return outcome.reshape(*self.problem.n_types, -1), transfers.reshape(-1, *self.problem.n_types)

    @cached_property
    def revenue(self) -> float:
        """What agents pay together, in expectation."""
        return self._mean(self.exact.transfers.numerators.sum(axis=0), self.exact.transfers.unit)

    @cached_property
    def welfare(self) -> float:
        """What all make of the alternative, the principal included, in expectation."""
        numbers = self._numbers
        worth = sum((numbers.worth_at(k) for k in range(self.problem.n_agents)), numbers.principal_at)
        total = (worth * self.exact.outcome.numerators).sum(axis=1)
        return self._mean(total, self.exact.outcome.unit << numbers.digits)

    @cached_property
    def interim_allocation(self) -> tuple[Array, ...]:
        """Chances of alternatives given one's own type; (n_types, n_alternatives) of each agent."""
        return tuple(
            interim_chances(self._numbers, self.exact.outcome, k).floats() for k in range(self.problem.n_agents)
        )

    @cached_property
    def interim_payments(self) -> tuple[Array, ...]:
        """What each type expects to pay; (n_types,) of each agent."""
        return tuple(
            interim_payments(self._numbers, self.exact.transfers, k).floats() for k in range(self.problem.n_agents)
        )

    @cached_property
    def interim_utilities(self) -> tuple[Array, ...]:
        """What each type expects to have; (n_types,) of each agent."""
        numbers, unit, found = self._numbers, utility_unit(self._numbers, self.exact), []
        for agent in range(self.problem.n_agents):
            profiles = profiles_of(self.problem, agent)
            chance = numbers.chances[profiles]
            sums = (by_profile(numbers, self.exact, agent)[profiles] * chance).sum(axis=1)
            pairs = zip(sums.tolist(), chance.sum(axis=1).tolist(), strict=True)
            found.append(np.array([a / (b * unit) for a, b in pairs], dtype=np.float64))
        return tuple(found)

    @cached_property
    def virtual_values(self) -> Array:
        """What each alternative is worth to the objective, net of rents that it costs; nan where nobody is ever.

        (n_types_1, ..., n_types_n, n_alternatives). An alternative that is chosen has the highest.
        """
        if self.prices is None:
            raise ProblemError("virtual_values are those of a mechanism that solve_mechanism found: this one was given")
        program, price = priced(self._numbers, self.prices)
        price[np.isin(np.array(program.kinds), ("lottery", "demanded"))] = 0
        worth = reduced_costs(program.program, price, self.prices.unit)[: program.layout.n_chances]
        wide = self.problem.n_alternatives
        chances = self._numbers.goal_chances
        scale = np.repeat(chances, wide) * self.prices.unit * (program.value_unit // int(chances.sum()))
        pairs = zip(worth.tolist(), scale.tolist(), strict=True)
        found = np.array([a / b if b else np.nan for a, b in pairs], dtype=np.float64)
        return found.reshape(*self.problem.n_types, wide)

    @cached_property
    def binding(self) -> list[str]:
        """Constraints with a price, such as "IC of Ann '2' -> '1'", the highest price first."""
        if self.prices is None:
            return []
        program, price = priced(self._numbers, self.prices)
        kinds = np.array(program.kinds)
        rows = np.flatnonzero((price != 0) & np.isin(kinds, ("IC", "IR", "budget", "limit", "row")))
        size = [-abs(price[row]) for row in rows]
        return program.names(rows[np.argsort(np.array(size, dtype=object), kind="stable")])

    # ---- using it ----

    def play(self, reports: Any) -> Answer:
        """What is done with a report of each agent, by the names or numbers of types, as fractions.

        The answer is what `contracts.testing.check_mechanism` asks of a function of several agents with a utility.
        """
        profile = self._profile(reports)
        outcome, transfers = self.exact
        return Answer(
            tuple(Fraction(one, outcome.unit) for one in outcome.numerators[profile].tolist()),
            tuple(Fraction(one, transfers.unit) for one in transfers.numerators[:, profile].tolist()),
        )

    def simulate(self, n_draws: Any = 1000, *, rng: np.random.Generator | None = None) -> Simulation:
        """Types drawn by their chances, all telling the truth, and alternatives drawn by the lotteries.

        The generator may stand first: `simulate(rng)`.
        """
        n_draws, rng = draws_of(n_draws, rng)
        numbers, problem = self._numbers, self.problem
        chances = np.array([one / numbers.total for one in numbers.chances.tolist()])
        profiles = rng.choice(problem.n_profiles, size=n_draws, p=chances / chances.sum())
        lotteries = np.cumsum(self.allocation.reshape(problem.n_profiles, -1)[profiles], axis=1)
        lotteries[:, -1] = 1.0
        drawn = (rng.random(n_draws)[:, np.newaxis] >= lotteries).sum(axis=1)
        paid = self.transfers.reshape(problem.n_agents, -1)[:, profiles].T
        types = problem.type_at[:, profiles].T
        tables = problem.values
        worth = [
            table.reshape(problem.n_profiles, -1)[profiles, drawn] if table.ndim > 2 else table[types[:, k], drawn]
            for k, table in enumerate(tables)
        ]
        return Simulation(types, drawn, paid, np.stack(worth, axis=1) - paid)

    # ---- showing it ----

    def _table(self) -> Table:
        from contracts.mechanisms.text import mechanism_table

        return mechanism_table(self)

    latex = Tabular.to_latex  # as it was first called

    def to_frame(self, by: str = "types") -> pd.DataFrame:
        """One row per type of each agent, or per profile (by="profiles")."""
        from contracts.mechanisms.text import profile_columns, type_columns

        if by not in ("types", "profiles"):
            raise ProblemError(f"by is {by!r}: give 'types' or 'profiles'")
        return (type_columns(self) if by == "types" else profile_columns(self)).to_frame(index=False)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw what every type expects to pay and to have; returns the matplotlib axes."""
        from contracts.mechanisms.text import plot_types

        return plot_types(self, ax)

    # ---- keeping it ----

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON with a schema version; fractions survive as they are."""
        outcome, transfers = self.exact
        return {
            "schema": SCHEMA,
            "problem": problem_record(self.problem),
            "outcome": written(outcome),
            "transfers": written(transfers),
            "revenue": self.revenue,
            "welfare": self.welfare,
            "prices": None if self.prices is None else written(self.prices),
            **({} if self.feared is None else {"feared": [str(one) for one in self.feared.tolist()]}),
            "certificate": self.certificate.to_dict(),
        }

    # ---- parts ----

    @cached_property
    def _numbers(self) -> Numbers:
        return Numbers(self.problem, self.feared)

    def _mean(self, totals: Whole, unit: int) -> float:
        return int((totals * self._numbers.chances).sum()) / (self._numbers.total * unit)

    def _profile(self, reports: Any) -> int:
        problem = self.problem
        given = one_each(reports, problem.n_agents, f"a type for each of {problem.n_agents} agents")
        named = zip(problem.agents, given, problem.labels, strict=True)
        types = [one_of(f"the report of {agent}", report, labels, "types") for agent, report, labels in named]
        return int(np.ravel_multi_index(types, problem.n_types))


def given_mechanism(problem: MechanismProblem, tables: Tables, bound: Fraction | None = None) -> Mechanism:
    """A mechanism that nobody optimised, certified as it is; without a bound, against that of knowing all types."""
    numbers = Numbers(problem)
    best = first_best(numbers) if bound is None else bound
    return Mechanism(problem, tables, certify(numbers, tables, best, gap=math.inf))

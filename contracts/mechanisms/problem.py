"""What is asked: agents of types that nobody sees, alternatives that concern them all, and what must be kept."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any, Literal

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, Indices, finite
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import described
from contracts.inputs.names import distinct_names, one_name_each
from contracts.mechanisms.checks import (
    checked_labels,
    checked_objective,
    checked_reservation,
    checked_rows,
    checked_transfers,
    checked_values,
    is_listed,
)
from contracts.mechanisms.priors import checked_prior
from contracts.problem.checks import check_ambiguity

Incentives = Literal["dominant", "ex post", "bayesian"]
Participation = Literal["ex post", "interim", "ex ante"]
Budget = Literal["none", "weak", "balanced"]
BudgetHolds = Literal["ex post", "in expectation"]
CHOICES: dict[str, tuple[Any, ...]] = {
    "incentives": ("dominant", "ex post", "bayesian"),
    "participation": ("ex post", "interim", "ex ante", None),
    "budget": ("none", "weak", "balanced"),
    "budget_holds": ("ex post", "in expectation"),
}
MOST_NUMBERS = 20_000_000  # profiles times alternatives, of a table


@checked(own=("incentives", "participation", "budget", "budget_holds", "constraints", "ambiguity"))
@dataclass(frozen=True, eq=False, repr=False)
class MechanismProblem:
    """Agents report types; what they report decides an alternative, perhaps by lot, and what each of them pays.

    Agent i of type theta_i has the utility v_i(k, theta_i) - t_i under alternative k; v_i(k, theta) where what others
    know concerns it as well. Transfers are paid by the agents to the principal.

    Attributes
    ----------
    values : a list with an array per agent: (n_types, n_alternatives), or (n_types_1, ..., n_types_n, n_alternatives)
        where values depend on the types of all
    probabilities : a list with an array per agent, chances of its types, for independent types; or one array
        (n_types_1, ..., n_types_n), the chance of every profile; equal chances if left out. Chances are divided by
        their sum without rounding
    principal_values : money that each alternative brings the principal, (n_alternatives,), negative if it costs; or
        (n_types_1, ..., n_types_n, n_alternatives)
    objective : "revenue" (transfers and principal_values), "welfare" (what all make of the alternative, the principal
        included), or weights by name, {"revenue": 1, "welfare": 0.5, "utility": [1, 0]}: utility is that of the agents
    incentives : "dominant" (truth is best whatever others report), "ex post" (if they tell the truth, too), or
        "bayesian" (in expectation over their types)
    participation : "ex post", "interim" (in expectation over the others' types), "ex ante" (over one's own, too), None
    reservation_utility : a number, one per agent, or a list with one per type of each agent
    budget : "none", "weak" (transfers and principal_values sum to no less than 0) or "balanced" (to 0)
    budget_holds : "ex post" (at every profile) or "in expectation"
    transfers : "free", "none", or (lowest, highest) of each agent at each profile, None for no such limit
    outcome : the alternative that is demanded at every profile, as numbers (n_types_1, ..., n_types_n), -1 where it is
        left open, or as lotteries with a last axis of n_alternatives, all 0 where it is; chosen if left out
    labels : names of types, a list per agent
    alternatives, agents : names
    constraints : LinearConstraints, sums over all profiles: `allocation`, (n_types_1, ..., n_types_n, n_alternatives),
        times chances of alternatives, `transfer` and `utility`, (n_agents, n_types_1, ..., n_types_n), times what they
        pay and have. With `joint` as a factor they are about expectations
    ambiguity : a set of priors whose worst one the objective is taken at: TotalVariation, KullbackLeibler, ChiSquare,
        Wasserstein or Moments around `joint`, over profiles, or a list of priors, each given as `probabilities`, with
        all mixtures of them. Agents believe `probabilities`, whatever the principal fears

    Raises
    ------
    ProblemError
        If something is missing, has another shape, is no number, or chances are none.

    Examples
    --------
    Two bidders with values 1 and 2; the seller keeps the good, or gives it to the one or the other:

    >>> values = [[[0, 1, 0], [0, 2, 0]], [[0, 0, 1], [0, 0, 2]]]
    >>> problem = MechanismProblem(values, agents=("Ann", "Bob"), alternatives=("nobody", "Ann", "Bob"))
    >>> problem
    MechanismProblem(n_types=(2, 2), n_alternatives=3, objective='revenue', incentives='bayesian')
    """

    values: Any
    probabilities: Any = None
    principal_values: Any = 0.0
    objective: Any = "revenue"
    incentives: Incentives = "bayesian"
    participation: Participation | None = "interim"
    reservation_utility: Any = 0.0
    budget: Budget = "none"
    budget_holds: BudgetHolds = "ex post"
    transfers: Any = "free"
    outcome: Any = None
    labels: Any = None
    alternatives: Any = None
    agents: Any = None
    constraints: Any = ()
    ambiguity: Any = None

    def __post_init__(self) -> None:
        for name, known in CHOICES.items():
            given = getattr(self, name)
            if not (given is None or isinstance(given, str)) or given not in known:
                words = ", ".join(map(repr, known))
                raise ProblemError(f"{name} is {described(getattr(self, name))}: give one of {words}")
        values = checked_values(self.values, self.agents)
        n_agents, n_alternatives = len(values), int(values[0].shape[-1])
        self._set(
            values=values,
            agents=one_name_each("agents", distinct_names("agents", self.agents, "agent"), n_agents, "agent"),
            alternatives=one_name_each(
                "alternatives", distinct_names("alternatives", self.alternatives, "alternative"), n_alternatives,
                "alternative",
            ),
        )  # fmt: skip
        self._set(labels=checked_labels(self.labels, self.n_types, self.agents))
        size = math.prod(self.n_types) * n_alternatives
        if size > MOST_NUMBERS:
            raise ProblemError(
                f"values make {math.prod(self.n_types):,} profiles with {n_alternatives} alternatives, {size:,} "
                f"numbers of a table, and at most {MOST_NUMBERS:,} are kept: give fewer types, or an AuctionProblem"
            )
        self._set(
            probabilities=checked_prior(self.probabilities, self.n_types, self.agents, self.labels),
            principal_values=self._by_profile("principal_values", self.principal_values),
            objective=checked_objective(self.objective, n_agents),
            reservation_utility=checked_reservation(self.reservation_utility, self.n_types, self.agents),
            transfers=checked_transfers(self.transfers),
            outcome=None if self.outcome is None else self._checked_outcome(),
            constraints=checked_rows(self.constraints, self.n_types, n_alternatives),
        )
        if self.ambiguity is not None:
            self._set(ambiguity=self._checked_ambiguity())
        if self.is_interdependent and self.incentives == "dominant":
            raise ProblemError(
                "incentives is 'dominant', but values depend on the types of others, whom an agent cannot trust to "
                "tell them: ask for 'ex post', or give (n_types, n_alternatives) values"
            )

    def _set(self, **fields: Any) -> None:
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return (
            f"MechanismProblem(n_types={self.n_types}, n_alternatives={self.n_alternatives}, "
            f"objective={self.objective!r}, incentives={self.incentives!r})"
        )

    @property
    def n_agents(self) -> int:
        return len(self.values)

    @property
    def n_types(self) -> tuple[int, ...]:
        """How many types each agent has."""
        if self.is_interdependent:
            return tuple(int(size) for size in self.values[0].shape[:-1])
        return tuple(len(table) for table in self.values)

    @property
    def n_profiles(self) -> int:
        return math.prod(self.n_types)

    @property
    def n_alternatives(self) -> int:
        return int(self.values[0].shape[-1])

    @property
    def is_interdependent(self) -> bool:
        """Whether values depend on the types of others."""
        return bool(self.values[0].ndim > 2)

    @property
    def is_independent(self) -> bool:
        """Whether types are independent, by the form in which chances were given."""
        return isinstance(self.probabilities, tuple)

    @cached_property
    def joint(self) -> Array:
        """The chance of every profile; (n_types_1, ..., n_types_n)."""
        return joint_chances(self.probabilities)

    @property
    def has_rows_of_money(self) -> bool:
        """Whether a constraint is about what is paid, or about utilities."""
        return any(row.transfer is not None or row.utility is not None for row in self.constraints)

    @cached_property
    def type_at(self) -> Indices:
        """The type of each agent at each profile; (n_agents, n_profiles)."""
        return np.indices(self.n_types).reshape(self.n_agents, -1)

    @property
    def weights(self) -> tuple[float, float, Array]:
        """What the objective makes of a unit of revenue, of welfare, and of each agent's utility."""
        if isinstance(self.objective, str):
            return float(self.objective == "revenue"), float(self.objective == "welfare"), np.zeros(self.n_agents)
        of = self.objective
        return of.get("revenue", 0.0), of.get("welfare", 0.0), np.broadcast_to(of.get("utility", 0.0), self.n_agents)

    def _by_profile(self, name: str, given: Any) -> Array:
        found = finite(name, given)
        full = (*self.n_types, self.n_alternatives)
        if found.shape in ((), (self.n_alternatives,), full):
            return found if found.shape == full else np.broadcast_to(found, (self.n_alternatives,)).astype(np.float64)
        raise ProblemError(
            f"{name} has shape {found.shape}; expected one number per alternative, {(self.n_alternatives,)}, or {full}"
        )

    @property
    def profile_values(self) -> Array:
        """What tells profiles apart, for distances between them: what all agents make of everything."""
        tables = [
            table.reshape(self.n_profiles, -1) if self.is_interdependent else table[self.type_at[agent]]
            for agent, table in enumerate(self.values)
        ]
        return np.concatenate(tables, axis=1)

    def _checked_ambiguity(self) -> Any:
        """A set around the prior, or a tuple of priors, (n_types_1, ..., n_types_n) each."""
        if is_listed(self.ambiguity):
            given = [checked_prior(one, self.n_types, self.agents, self.labels) for one in self.ambiguity]
            if not given:
                raise ProblemError("ambiguity is an empty list: give priors, or leave it out")
            return tuple(joint_chances(one) for one in given)
        check_ambiguity(self.ambiguity, None)
        if self.joint.min() <= 0:
            raise ProblemError(
                "ambiguity is a set around a prior that gives a profile no chance, where distances have no meaning: "
                "give a list of priors"
            )
        self.ambiguity.check(self.joint.ravel(), self.profile_values)
        return self.ambiguity

    def _checked_outcome(self) -> Array:
        found = finite("outcome", self.outcome)
        if found.shape == self.n_types:
            numbers = np.rint(found).astype(np.intp)
            if np.any(numbers != found) or np.any(numbers < -1) or np.any(numbers >= self.n_alternatives):
                raise ProblemError(
                    f"outcome names alternatives by numbers from 0 to {self.n_alternatives - 1}, or -1 where any will "
                    "do: give those, or lotteries"
                )
            return np.asarray(np.vstack([np.eye(self.n_alternatives), np.zeros(self.n_alternatives)])[numbers])
        if found.shape != (*self.n_types, self.n_alternatives):
            raise ProblemError(
                f"outcome has shape {found.shape}; expected a number per profile, {self.n_types}, or a lottery, "
                f"{(*self.n_types, self.n_alternatives)}"
            )
        sums = found.sum(axis=-1)
        if np.any(found < 0) or np.any((np.abs(sums - 1) > 1e-9) & (sums != 0)):
            raise ProblemError(
                "outcome holds what is no lottery: chances are not negative and sum to 1 at every profile, or to 0 "
                "where any will do"
            )
        return found


def joint_chances(prior: tuple[Array, ...] | Array) -> Array:
    """The chance of every profile; (n_types_1, ..., n_types_n)."""
    if not isinstance(prior, tuple):
        return np.asarray(prior)
    found = np.ones(())
    for part in prior:
        found = np.multiply.outer(found, part)
    return found


# ---- profiles ----


def profiles_of(problem: MechanismProblem, agent: int) -> Indices:
    """Profiles by the type of an agent and what the others are; (n_types, n_profiles / n_types)."""
    numbers = np.arange(problem.n_profiles).reshape(problem.n_types)
    return np.moveaxis(numbers, agent, 0).reshape(problem.n_types[agent], -1)


def words_for(problem: MechanismProblem, profile: int) -> str:
    """A profile in the names of types."""
    types = problem.type_at[:, profile]
    return ", ".join(f"{problem.agents[i]} {problem.labels[i][int(k)]!r}" for i, k in enumerate(types))

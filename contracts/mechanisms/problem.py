"""What is asked: agents of types that nobody sees, alternatives that concern them all, and what must be kept."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Literal

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, Indices, extended, finite, number
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import described
from contracts.inputs.names import distinct_names, one_name_each
from contracts.mechanisms.priors import checked_prior

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
GOALS = ("revenue", "welfare", "utility")
MOST_NUMBERS = 20_000_000  # profiles times alternatives, of a table


@checked(own=("incentives", "participation", "budget", "budget_holds"))
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
    transfers : "free", "none", or (lowest, highest) of each agent at each profile
    outcome : the alternative that is demanded at every profile, as numbers (n_types_1, ..., n_types_n), -1 where it is
        left open, or as lotteries with a last axis of n_alternatives, all 0 where it is; chosen if left out
    labels : names of types, a list per agent
    alternatives, agents : names

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

    def __post_init__(self) -> None:
        for name, known in CHOICES.items():
            given = getattr(self, name)
            if not (given is None or isinstance(given, str)) or given not in known:
                words = ", ".join(map(repr, known))
                raise ProblemError(f"{name} is {described(getattr(self, name))}: give one of {words}")
        values = _checked_values(self.values, self.agents)
        n_agents, n_alternatives = len(values), int(values[0].shape[-1])
        self._set(
            values=values,
            agents=one_name_each("agents", distinct_names("agents", self.agents, "agent"), n_agents, "agent"),
            alternatives=one_name_each(
                "alternatives", distinct_names("alternatives", self.alternatives, "alternative"), n_alternatives,
                "alternative",
            ),
        )  # fmt: skip
        self._set(labels=_checked_labels(self.labels, self.n_types, self.agents))
        size = math.prod(self.n_types) * n_alternatives
        if size > MOST_NUMBERS:
            raise ProblemError(
                f"values make {math.prod(self.n_types):,} profiles with {n_alternatives} alternatives, {size:,} "
                f"numbers of a table, and at most {MOST_NUMBERS:,} are kept: give fewer types, or an AuctionProblem"
            )
        self._set(
            probabilities=checked_prior(self.probabilities, self.n_types, self.agents, self.labels),
            principal_values=self._by_profile("principal_values", self.principal_values),
            objective=_checked_objective(self.objective, n_agents),
            reservation_utility=_checked_reservation(self.reservation_utility, self.n_types, self.agents),
            transfers=_checked_transfers(self.transfers),
            outcome=None if self.outcome is None else self._checked_outcome(),
        )
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
        if not self.is_independent:
            return np.asarray(self.probabilities)
        found = np.ones(())
        for part in self.probabilities:
            found = np.multiply.outer(found, part)
        return found

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


# ---- profiles ----


def profiles_of(problem: MechanismProblem, agent: int) -> Indices:
    """Profiles by the type of an agent and what the others are; (n_types, n_profiles / n_types)."""
    numbers = np.arange(problem.n_profiles).reshape(problem.n_types)
    return np.moveaxis(numbers, agent, 0).reshape(problem.n_types[agent], -1)


def words_for(problem: MechanismProblem, profile: int) -> str:
    """A profile in the names of types."""
    types = problem.type_at[:, profile]
    return ", ".join(f"{problem.agents[i]} {problem.labels[i][int(k)]!r}" for i, k in enumerate(types))


# ---- checks ----


def is_listed(given: Any) -> bool:
    """Whether something has entries that can be counted: a list, or an array."""
    if isinstance(given, np.ndarray):
        return given.ndim > 0
    return isinstance(given, Sequence) and not isinstance(given, str | bytes)


def listed_by_agent(name: str, given: Any) -> list[Any]:
    """A list with something for each agent."""
    if isinstance(given, Mapping):
        return list(given.values())
    if not is_listed(given):
        raise ProblemError(f"{name} is {described(given)}: give a list with an array per agent")
    return list(given)


def _checked_values(given: Any, agents: Any) -> tuple[Array, ...]:
    tables = listed_by_agent("values", given)
    if not tables:
        raise ProblemError("values is empty: give an array per agent")
    names = list(map(str, agents)) if isinstance(agents, list | tuple) and len(agents) == len(tables) else None
    found = []
    for k, table in enumerate(tables):
        where = f"values[{k if names is None else repr(names[k])}]"
        array = finite(where, table)
        if array.ndim not in (2, len(tables) + 1) or 0 in array.shape:
            raise ProblemError(
                f"{where} has shape {array.shape}; expected (n_types, n_alternatives), or for values that depend on "
                f"all types {len(tables)} sizes of types and n_alternatives"
            )
        found.append(array)
    if len({array.shape[-1] for array in found}) > 1:
        counts = ", ".join(str(array.shape[-1]) for array in found)
        raise ProblemError(f"values are of {counts} alternatives: give every agent a column for each of the same ones")
    if len({array.ndim for array in found}) > 1 or (found[0].ndim > 2 and len({a.shape for a in found}) > 1):
        shapes = ", ".join(str(array.shape) for array in found)
        raise ProblemError(f"values have shapes {shapes}: those that depend on all types have one shape for all agents")
    return tuple(found)


def _checked_labels(given: Any, n_types: tuple[int, ...], agents: Sequence[str]) -> tuple[Any, ...]:
    parts = [None] * len(n_types) if given is None else listed_by_agent("labels", given)
    if len(parts) != len(n_types):
        raise ProblemError(f"labels has {len(parts)} lists for {len(n_types)} agents: give a list of names per agent")
    named = []
    for k, (part, count) in enumerate(zip(parts, n_types, strict=True)):
        where = f"labels[{agents[k]!r}]"
        named.append(one_name_each(where, distinct_names(where, part, "type"), count, "type"))
    return tuple(named)


def _checked_objective(given: Any, n_agents: int) -> Any:
    if isinstance(given, str):
        if given not in GOALS[:2]:
            raise ProblemError(
                f"objective is {given!r}: give 'revenue', 'welfare', or weights such as {{'revenue': 1}}"
            )
        return given
    if not isinstance(given, Mapping) or not given:
        raise ProblemError(
            f"objective is {described(given)}: give 'revenue', 'welfare', or weights such as {{'revenue': 1}}"
        )
    odd = next((name for name in given if name not in GOALS), None)
    if odd is not None:
        raise ProblemError(f"objective has a weight for {odd!r}: it knows {', '.join(map(repr, GOALS))}")
    found: dict[str, Any] = {}
    for name, weight in given.items():
        weights = finite(f"objective[{name!r}]", weight)
        if weights.shape not in (((), (n_agents,)) if name == "utility" else ((),)) or np.any(weights < 0):
            each = ", or one per agent" if name == "utility" else ""
            raise ProblemError(f"objective[{name!r}] is {weights}: give one weight, 0 or larger{each}")
        found[name] = weights if weights.ndim else float(weights)
    if not any(np.any(weight) for weight in found.values()):
        raise ProblemError("objective weighs nothing: give a weight above 0")
    return found


def _checked_reservation(given: Any, n_types: tuple[int, ...], agents: Sequence[str]) -> tuple[Array, ...]:
    if not is_listed(given) and not isinstance(given, Mapping):
        return tuple(np.full(count, number("reservation_utility", given)) for count in n_types)
    parts = listed_by_agent("reservation_utility", given)
    if len(parts) != len(n_types):
        raise ProblemError(
            f"reservation_utility has {len(parts)} entries for {len(n_types)} agents: give one per agent"
        )
    found = []
    for k, (part, count) in enumerate(zip(parts, n_types, strict=True)):
        array = finite(f"reservation_utility[{agents[k]!r}]", part)
        if array.shape not in ((), (count,)):
            raise ProblemError(
                f"reservation_utility[{agents[k]!r}] has shape {array.shape}; expected a number or {(count,)}"
            )
        found.append(np.broadcast_to(array, (count,)).astype(np.float64))
    return tuple(found)


def _checked_transfers(given: Any) -> Any:
    if isinstance(given, str):
        if given not in ("free", "none"):
            raise ProblemError(f"transfers is {given!r}: give 'free', 'none', or (lowest, highest)")
        return given
    ends = extended("transfers", given)
    if ends.shape != (2,):
        raise ProblemError(f"transfers has shape {ends.shape}: give 'free', 'none', or (lowest, highest)")
    low, high = float(ends[0]), float(ends[1])
    if low > high or low == math.inf or high == -math.inf:
        raise ProblemError(f"transfers are between {low:g} and {high:g}: the lowest must not exceed the highest")
    return "free" if (low, high) == (-math.inf, math.inf) else (low, high)

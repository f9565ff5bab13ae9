"""What a mechanism answers: asked for every profile of reports, read, and refused in words where it makes no sense."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import described
from contracts.testing.agents import Agents, Profile, is_single, rational, rationals

Amounts = tuple[Fraction, ...]  # of the goods that one agent gets


@dataclass(frozen=True, eq=False)
class Outcome:
    """One answer of a mechanism.

    Attributes
    ----------
    given : as it came
    allocations : (n_agents) amounts of goods; None where a utility of the user's reads the answer
    transfers : (n_agents) money paid to the mechanism; None where the answer does not say
    """

    given: Any
    allocations: tuple[Amounts, ...] | None
    transfers: Amounts | None


@dataclass(frozen=True, eq=False)
class Mechanism:
    """A function of the user's, who it is for, and what agents make of its answers."""

    fn: Callable[..., Any]
    agents: Agents
    utility: Callable[..., Any] | None = None

    def __post_init__(self) -> None:
        if self.utility is None:
            for agent in self.agents.each:
                sizes = {len(self._valuations(agent.name, value, label)) for value, label in
                         zip(agent.types, agent.labels, strict=True)}  # fmt: skip
                if len(sizes) > 1:
                    whose = f" of {agent.name}" if agent.name else ""
                    raise ProblemError(f"types{whose} value {sorted(sizes)} goods: give all one value per good")

    @staticmethod
    def _valuations(name: str, value: Any, label: str) -> Amounts:
        whose = f" of {name}" if name else ""
        if isinstance(value, str | dict) or value is None or callable(value):
            raise ProblemError(
                f"type {label!r}{whose} is {described(value)}: give a number or a tuple with one value per good, or "
                "utility=, a function of a type and an outcome"
            )
        return rationals(f"type {label!r}{whose}", value)

    @cached_property
    def valuations(self) -> tuple[tuple[Amounts, ...], ...]:
        """What each type of each agent values a unit of every good at."""
        return tuple(
            tuple(self._valuations(agent.name, value, label) for value, label in
                  zip(agent.types, agent.labels, strict=True))
            for agent in self.agents.each
        )  # fmt: skip

    def ask(self, profile: Profile, *further: Any) -> Outcome:
        """The answer to a profile of reports.

        Raises
        ------
        ProblemError
            If the function raises, or what it answers cannot be read.
        """
        said = self.agents.said(profile)
        try:
            given = self.fn(said, *further)
        except Exception as exc:
            form = "one report" if self.agents.is_one else f"a list of {len(self.agents)} reports"
            form += " and a generator" if further else ""
            generator = "" if further else ", rng= adds a generator"
            raise ProblemError(
                f"fn raised {type(exc).__name__} ({exc}) at {self.agents.words(profile)}: it is called with {form} of "
                f"{self.agents} (n_agents= says whose types are whose{generator}); mend it, or leave that type out"
            ) from exc
        if self.utility is not None:
            return Outcome(given, None, _transfers(given, len(self.agents)))
        return self.read(given, profile)

    def read(self, given: Any, profile: Profile) -> Outcome:
        """An answer that is a pair of allocations and transfers."""
        where, agents = self.agents.words(profile), self.agents
        form = "(allocation, transfer)" if agents.is_one else f"(allocations, transfers), {len(agents)} of each"
        if not isinstance(given, tuple | list) or len(given) != 2:
            shape = f" of {len(given)}" if isinstance(given, tuple | list) else ""
            raise ProblemError(
                f"fn answers {described(given)}{shape} at {where}: return {form}, or give utility= for other outcomes"
            )
        allocations, transfers = ([part] if agents.is_one else agents.in_order(part) for part in given)
        rows = []
        for name, part in (("allocations", allocations), ("transfers", transfers)):
            if not isinstance(part, list | tuple | np.ndarray) or is_single(part) or len(part) != len(agents):
                size = f" of {len(part)}" if isinstance(part, list | tuple) else ""
                raise ProblemError(f"fn answers {name} that are {described(part)}{size} at {where}: return {form}")
        for who, (agent, amounts) in enumerate(zip(agents.each, allocations, strict=True)):
            whose = f" of {agent.name}" if agent.name else ""
            found = rationals(f"the allocation{whose} at {where}", amounts)
            n_goods = len(self.valuations[who][0])
            if len(found) != n_goods:
                raise ProblemError(
                    f"fn answers {len(found)} amounts as the allocation{whose} at {where}, and types value {n_goods}: "
                    "return one amount per good"
                )
            rows.append(found)
        paid = tuple(rational(f"the transfer at {where}", transfer) for transfer in transfers)
        return Outcome(given, tuple(rows), paid)

    def payoff(self, who: int, own: int, outcome: Outcome) -> Fraction:
        """What an outcome is worth to a type of an agent."""
        if outcome.allocations is not None and outcome.transfers is not None:
            return self.worth(who, own, outcome.allocations[who]) - outcome.transfers[who]
        return rational(f"utility of type {self.agents.each[who].labels[own]!r}", self._asked(who, own, outcome.given))

    def worth(self, who: int, own: int, amounts: Amounts) -> Fraction:
        """What amounts of goods are worth to a type of an agent, before money."""
        values = self.valuations[who][own]
        if len(values) == 1:  # by far the most common case, and sums of fractions take their time
            return values[0] * amounts[0]
        return sum((v * x for v, x in zip(values, amounts, strict=True)), Fraction())

    def _asked(self, who: int, own: int, given: Any) -> Any:
        agent = self.agents.each[who]
        assert self.utility is not None
        arguments = (agent.report(own), given, who)[: self._n_arguments]
        try:
            return self.utility(*arguments)
        except Exception as exc:
            words = "type, outcome, agent" if self._n_arguments > 2 else "type, outcome"
            more = "" if self.agents.is_one or self._n_arguments > 2 else (
                "; the outcome is that of all agents: a third argument is the number of the agent"
            )  # fmt: skip
            raise ProblemError(
                f"utility raised {type(exc).__name__} ({exc}) at type {agent.labels[own]!r}: it is called as "
                f"utility({words}){more}"
            ) from exc

    @cached_property
    def _n_arguments(self) -> int:
        """2 or 3: whether the utility asks who it is about."""
        assert self.utility is not None
        try:
            inspect.signature(self.utility).bind(None, None, None)
        except TypeError:
            return 2
        except ValueError:  # a builtin that does not tell
            return 2
        return 2 if _has_default(self.utility) else 3

    def outcomes(self, n_repeats: int) -> dict[Profile, Outcome]:
        """The answers to all profiles, each asked for again so many times.

        Raises
        ------
        ProblemError
            If an answer differs from the first.
        """
        found = {profile: self.ask(profile) for profile in self.agents.profiles()}
        for _ in range(n_repeats):
            for profile, first in found.items():
                if self._differ(first, self.ask(profile)):
                    raise ProblemError(
                        f"fn answers {self.agents.words(profile)} in two ways: it draws, or remembers. For one that "
                        "draws give n_samples= or precision=, and payoff_range=; one that remembers is for "
                        "repeated_mechanism"
                    )
        return found

    def _differ(self, first: Outcome, again: Outcome) -> bool:
        if first.allocations is not None:
            return first.allocations != again.allocations or first.transfers != again.transfers
        return any(
            self.payoff(who, own, first) != self.payoff(who, own, again)
            for who, agent in enumerate(self.agents.each)
            for own in range(agent.n_types)
        )


def _has_default(function: Callable[..., Any]) -> bool:
    """Whether a third argument may be left out, and then is not the agent: `lambda t, o, scale=2: ...`."""
    places = list(inspect.signature(function).parameters.values())[:3]
    return len(places) == 3 and places[2].default is not inspect.Parameter.empty


def _transfers(given: Any, n_agents: int) -> Amounts | None:
    """Transfers of an answer to which the user gives the utility, if it has the form of allocations and transfers."""
    if not isinstance(given, tuple) or len(given) != 2:
        return None
    last: Sequence[Any] = [given[1]] if n_agents == 1 and is_single(given[1]) else given[1]
    try:
        return tuple(rational("transfer", part) for part in last) if len(last) == n_agents else None
    except (ProblemError, TypeError):
        return None

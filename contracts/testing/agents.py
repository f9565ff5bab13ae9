"""Who may say what: agents with their types, the lies they may tell, what they have elsewhere and what they believe."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.annotations import listed
from contracts.inputs.arrays import LARGEST, is_frame
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import described
from contracts.inputs.names import type_names

Profile = tuple[int, ...]  # number of each agent's report
MOST_PROFILES = 100_000
MOST_COMPARISONS = 10_000_000
MOST_LETTERS = 40  # of a label that nobody gave
PRIOR_TOLERANCE = Fraction(1, 10**12)  # that the sum of typed weights may miss 1 by


def rational(where: str, value: Any) -> Fraction:
    """A finite number as the rational that it is; True and False count as 1 and 0, as in "who gets the item".

    Examples
    --------
    >>> rational("transfer", 0.75)
    Fraction(3, 4)
    """
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, int | Fraction) or (isinstance(value, float | Decimal) and math.isfinite(value)):
        found = Fraction(value)
        if abs(found) > LARGEST:
            raise ProblemError(f"{where} is larger than {LARGEST:g}: choose a larger unit")
        return found
    raise ProblemError(f"{where} is {described(value)}: give a finite number")


def is_single(value: Any) -> bool:
    """Whether something is one value, and not several in a list, an array or a dictionary."""
    return not isinstance(value, list | tuple | range | Mapping) and getattr(value, "ndim", 0) == 0


def rationals(where: str, values: Any) -> tuple[Fraction, ...]:
    """One number, or several in a list or an array, as rationals."""
    if isinstance(values, list | tuple) or (isinstance(values, np.ndarray) and values.ndim):
        return tuple(rational(f"{where}[{k}]", value) for k, value in enumerate(values))
    return (rational(where, values),)


@dataclass(frozen=True, eq=False)
class Agent:
    """One agent: what it can be, and what it can say.

    Attributes
    ----------
    name : in messages; empty if there is one agent only
    types : what it can be, of any kind that `fn` and `utility` understand
    labels : their names
    lies : reports that are no type of its own
    lie_labels : their names
    """

    name: str
    types: tuple[Any, ...]
    labels: tuple[str, ...]
    lies: tuple[Any, ...] = ()
    lie_labels: tuple[str, ...] = ()

    def report(self, number: int) -> Any:
        """What is said, in a copy of its own: mechanisms may sort what they are given."""
        said = self.types[number] if number < len(self.types) else self.lies[number - len(self.types)]
        return said if isinstance(said, int | float | str | Fraction) else copy.deepcopy(said)

    def label(self, number: int) -> str:
        """The name of a type or lie."""
        return self.labels[number] if number < len(self.labels) else self.lie_labels[number - len(self.labels)]

    @property
    def n_types(self) -> int:
        return len(self.types)

    @property
    def n_reports(self) -> int:
        return len(self.types) + len(self.lies)


@dataclass(frozen=True, eq=False)
class Agents:
    """All agents, and whether a mechanism is given one report or a list of them."""

    each: tuple[Agent, ...]
    is_one: bool

    def __len__(self) -> int:
        return len(self.each)

    def truths(self) -> Iterator[Profile]:
        """Every profile of types."""
        return itertools.product(*(range(agent.n_types) for agent in self.each))

    def others(self, who: int) -> Iterator[Profile]:
        """Every profile of the others' types, with a 0 in the agent's own place."""
        return itertools.product(*(range(1 if k == who else agent.n_types) for k, agent in enumerate(self.each)))

    def profiles(self) -> Iterator[Profile]:
        """Every profile in which at most one agent says what it cannot be."""
        yield from self.truths()
        for who, agent in enumerate(self.each):
            for others in self.others(who):
                for lie in range(agent.n_types, agent.n_reports):
                    yield (*others[:who], lie, *others[who + 1 :])

    def said(self, profile: Profile) -> Any:
        """What a mechanism is given: the report, or a list with one of each agent."""
        reports = [agent.report(number) for agent, number in zip(self.each, profile, strict=True)]
        return reports[0] if self.is_one else reports

    def in_order(self, part: Any) -> Any:
        """What is given by the agents' names as a list in their order, and anything else as it is."""
        names = [agent.name for agent in self.each]
        return [part[name] for name in names] if isinstance(part, Mapping) and set(part) == set(names) else part

    def words(self, profile: Profile) -> str:
        """A profile in labels."""
        names = [agent.label(number) for agent, number in zip(self.each, profile, strict=True)]
        return f"report {names[0]!r}" if self.is_one else f"reports ({', '.join(map(repr, names))})"

    def __str__(self) -> str:
        counts = [agent.n_types for agent in self.each]
        plural = "type" if max(counts) == 1 else "types"
        if self.is_one:
            return f"1 agent with {counts[0]} {plural}"
        return f"{len(self)} agent{'s' * (len(self) > 1)} with {', '.join(map(str, counts))} {plural}"


def read_agents(types: Any, lies: Any = None, n_agents: int | None = None) -> Agents:
    """Agents from what the user calls types; see `check_mechanism` for the forms.

    Raises
    ------
    ProblemError
        If there is no type, or the parts do not fit each other.
    """
    if not isinstance(types, Mapping | np.ndarray) and not is_frame(types) and type_names(types) is None:
        types = listed("types", types)  # of an iterator, too, which gives its things once
    several = _is_several(types) if n_agents is None else n_agents > 1
    if not several:
        agents = Agents((_agent("types", "", types, lies),), is_one=True)
    else:
        names, parts = _parts("types", types)
        if n_agents is not None and len(parts) != n_agents:
            raise ProblemError(f"types has {len(parts)} entries for {n_agents} agents: give a list of types for each")
        told: Sequence[Any] = [None] * len(parts)
        if lies is not None:
            told = [lies[name] for name in names] if isinstance(lies, Mapping) and set(lies) == set(names) else lies
            told = listed("lies", told)
            if len(told) != len(parts):
                raise ProblemError(f"lies has {len(told)} entries for {len(parts)} agents: give one list per agent")
        rows = zip(names, parts, told, strict=True)
        agents = Agents(tuple(_agent(f"types[{name!r}]", name, part, lie) for name, part, lie in rows), is_one=False)
    n_profiles = math.prod(agent.n_types for agent in agents.each)
    n_compared = sum(n_profiles * agent.n_reports for agent in agents.each)
    if n_profiles > MOST_PROFILES or n_compared > MOST_COMPARISONS:
        raise ProblemError(
            f"types make {n_profiles:,} profiles and {n_compared:,} utilities to compare, and at most "
            f"{MOST_PROFILES:,} and {MOST_COMPARISONS:,} are looked at: give fewer types per agent"
        )
    return agents


def _is_several(types: Any) -> bool:
    """Whether types are given agent by agent: in a list of lists, or by name."""
    if is_frame(types) or isinstance(types, np.ndarray | str | bytes):
        return False
    entries = list(types.values()) if isinstance(types, Mapping) else listed("types", types)
    return len(entries) > 0 and all(isinstance(entry, list | range | Mapping | np.ndarray) for entry in entries)


def _parts(name: str, given: Any) -> tuple[list[str], Sequence[Any]]:
    """Names and entries of a dictionary or list."""
    if isinstance(given, Mapping):
        return list(map(str, given)), list(given.values())
    entries = listed(name, given)
    return [f"agent {k}" for k in range(len(entries))], entries


def _agent(where: str, name: str, types: Any, lies: Any) -> Agent:
    known, labels = _named(where, types)
    if not known:
        raise ProblemError(f"{where} is empty: give at least one type")
    told, lie_labels = ((), ()) if lies is None else _named(where.replace("types", "lies", 1), lies)
    distinct = _distinct([*labels, *lie_labels])
    return Agent(name, known, distinct[: len(known)], told, distinct[len(known) :])


def _named(where: str, given: Any) -> tuple[tuple[Any, ...], tuple[str, ...]]:
    """Types and their names: keys of a dictionary, the index of a series, or the types themselves."""
    if isinstance(given, Mapping):
        return tuple(given.values()), tuple(map(str, given))
    names = type_names(given)
    if is_frame(given):
        given = np.asarray(given)
    entries = tuple(listed(where, given))
    entries = tuple(tuple(entry) if isinstance(entry, list) else entry for entry in entries)
    return entries, tuple(map(_short, entries)) if names is None else names


def _short(value: Any) -> str:
    shown = str(value)
    return shown if len(shown) <= MOST_LETTERS else shown[: MOST_LETTERS - 3] + "..."


def _distinct(labels: Sequence[str]) -> tuple[str, ...]:
    """Labels, with numbers behind those that were there before."""
    seen: dict[str, int] = {}
    found = []
    for label in labels:
        seen[label] = seen.get(label, 0) + 1
        found.append(label if seen[label] == 1 else f"{label} #{seen[label]}")
    return tuple(found)


def read_reservation(agents: Agents, given: Any) -> tuple[tuple[Fraction, ...], ...]:
    """What every type of every agent has elsewhere: from one number, numbers by type, or lists of them by agent."""
    name = "reservation_utility"
    if is_single(given):
        level = rational(name, given)
        return tuple((level,) * agent.n_types for agent in agents.each)
    entries: Sequence[Any] = [given] if agents.is_one else listed(name, given)
    if len(entries) != len(agents):
        raise ProblemError(f"{name} has {len(entries)} entries for {len(agents)} agents: give one per agent")
    found = []
    for agent, entry in zip(agents.each, entries, strict=True):
        where = name if agents.is_one else f"{name} of {agent.name}"
        levels = rationals(where, entry if is_single(entry) else list(listed(where, entry)))
        if is_single(entry):
            levels = levels * agent.n_types
        if len(levels) != agent.n_types:
            raise ProblemError(f"{where} has {len(levels)} entries for {agent.n_types} types: give one per type")
        found.append(levels)
    return tuple(found)


@dataclass(frozen=True, eq=False)
class Prior:
    """What agents believe of each other: the chance of every profile of types, as rationals that sum to 1."""

    chances: Mapping[Profile, Fraction]
    is_independent: bool

    def beliefs(self, who: int, own: int) -> dict[Profile, Fraction]:
        """Chances of the others' types given the agent's own, by profiles with 0 in the agent's place."""
        found = {
            (*profile[:who], 0, *profile[who + 1 :]): chance
            for profile, chance in self.chances.items()
            if profile[who] == own and chance
        }
        total = sum(found.values())
        return {profile: chance / total for profile, chance in found.items()}


def read_prior(agents: Agents, given: Any) -> Prior:
    """A prior from "uniform", a list of weights per agent, or a table of the chances of all profiles.

    Raises
    ------
    ProblemError
        If it has another shape than the types, is negative, does not sum to 1, or gives a type no chance at all.
    """
    shape = tuple(agent.n_types for agent in agents.each)
    if isinstance(given, str):
        if given != "uniform":
            raise ProblemError(f"prior is {given!r}: give 'uniform', weights per agent, or an array of chances")
        return _independent([[Fraction(1, n)] * n for n in shape])
    if isinstance(given, np.ndarray) and given.shape == shape and len(shape) > 1:
        table = {index: _chance(f"prior{list(index)}", given[index]) for index in np.ndindex(shape)}
        total = _checked_total("prior", sum(table.values(), Fraction()))
        for who, agent in enumerate(agents.each):
            for own in range(agent.n_types):
                if not any(chance for profile, chance in table.items() if profile[who] == own):
                    raise _unlikely("prior", agent.labels[own])
        return Prior({profile: chance / total for profile, chance in table.items()}, is_independent=False)
    if isinstance(given, Mapping):
        names = [agent.name for agent in agents.each]
        if set(map(str, given)) != set(names):
            raise ProblemError(f"prior has the keys {list(given)}: give one list of weights for each of {names}")
        given = [given[name] for name in names]
    rows: Sequence[Any] = [given] if agents.is_one else listed("prior", given)
    if len(rows) != len(agents):
        raise ProblemError(
            f"prior has {len(rows)} entries for {len(agents)} agents: give one list of weights per agent, or an array "
            f"of shape {shape} with the chance of every profile"
        )
    weights = []
    for agent, row in zip(agents.each, rows, strict=True):
        where = "prior" if agents.is_one else f"prior of {agent.name}"
        entries = listed(where, row)
        if len(entries) != agent.n_types:
            raise ProblemError(f"{where} has {len(entries)} weights for {agent.n_types} types: give one per type")
        chances = [_chance(f"{where}[{agent.labels[k]!r}]", entry) for k, entry in enumerate(entries)]
        total = _checked_total(where, sum(chances, Fraction()))
        for k, chance in enumerate(chances):
            if not chance:
                raise _unlikely(where, agent.labels[k])
        weights.append([chance / total for chance in chances])
    return _independent(weights)


def _independent(weights: Sequence[Sequence[Fraction]]) -> Prior:
    profiles = itertools.product(*(range(len(row)) for row in weights))
    chances = {p: math.prod((weights[k][own] for k, own in enumerate(p)), start=Fraction(1)) for p in profiles}
    return Prior(chances, is_independent=True)


def _chance(where: str, value: Any) -> Fraction:
    chance = rational(where, value)
    if chance < 0:
        raise ProblemError(f"{where} is {value}: give chances, none of them negative")
    return chance


def _checked_total(where: str, total: Fraction) -> Fraction:
    if abs(total - 1) > PRIOR_TOLERANCE:
        raise ProblemError(f"{where} sums to {float(total):.6g}: divide it by its sum")
    return total


def _unlikely(where: str, label: str) -> ProblemError:
    return ProblemError(
        f"{where} gives type {label!r} no chance, so what it would believe is not said: leave it out, or give it one"
    )

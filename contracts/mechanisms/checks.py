"""What a mechanism's problem is given, checked: tables of agents, names, objectives, limits and rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, Indices, extended, finite, number
from contracts.inputs.kinds import described, position
from contracts.inputs.names import distinct_names, one_name_each
from contracts.problem.rows.linear import LinearConstraint

GOALS = ("revenue", "welfare", "utility")


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


def checked_values(given: Any, agents: Any) -> tuple[Array, ...]:
    """An array per agent, all of the same alternatives."""
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


def checked_labels(given: Any, n_types: tuple[int, ...], agents: Sequence[str]) -> tuple[Any, ...]:
    """Names of types, a tuple per agent."""
    parts = [None] * len(n_types) if given is None else listed_by_agent("labels", given)
    if len(parts) != len(n_types):
        raise ProblemError(f"labels has {len(parts)} lists for {len(n_types)} agents: give a list of names per agent")
    named = []
    for k, (part, count) in enumerate(zip(parts, n_types, strict=True)):
        where = f"labels[{agents[k]!r}]"
        named.append(one_name_each(where, distinct_names(where, part, "type"), count, "type"))
    return tuple(named)


def checked_objective(given: Any, n_agents: int) -> Any:
    """A goal's name, or weights by name."""
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


def checked_reservation(given: Any, n_types: tuple[int, ...], agents: Sequence[str]) -> tuple[Array, ...]:
    """What each type has elsewhere, an array per agent."""
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


def one_each(reports: Any, count: int, each: str) -> Any:
    """Reports as they are, if there is one for every agent; `each` says what of whom."""
    if is_listed(reports) and len(reports) == count:
        return reports
    size = f" of {len(reports)}" if is_listed(reports) else ""
    raise ProblemError(f"reports is {described(reports)}{size}: give a list with {each}")


def type_numbers(reports: Any, labels: Sequence[Sequence[str]]) -> Indices:
    """The numbers of the types that bidders report, each by number or name; (n_bidders,)."""
    given = one_each(reports, len(labels), f"a type for each of {len(labels)} bidders")
    return np.array([_type_number(one, names) for one, names in zip(given, labels, strict=True)])


def _type_number(report: Any, labels: Sequence[str]) -> int:
    if isinstance(report, str):
        if report not in labels:
            raise ProblemError(f"reports has {report!r}: the types are {', '.join(map(repr, list(labels)[:8]))}")
        return list(labels).index(report)
    if isinstance(report, bool | np.bool_) or not isinstance(report, int | np.integer):
        raise ProblemError(f"reports has {described(report)}: give a type's name or number")
    return position("reports", int(report), len(labels), "types") % len(labels)


def checked_transfers(given: Any) -> Any:
    """A word, or the lowest and the highest."""
    if isinstance(given, str):
        if given not in ("free", "none"):
            raise ProblemError(f"transfers is {given!r}: give 'free', 'none', or (lowest, highest)")
        return given
    if isinstance(given, list | tuple) and len(given) == 2:  # None is no limit
        given = [end if one is None else one for one, end in zip(given, (-math.inf, math.inf), strict=True)]
    ends = extended("transfers", given)
    if ends.shape != (2,):
        raise ProblemError(f"transfers has shape {ends.shape}: give 'free', 'none', or (lowest, highest)")
    low, high = float(ends[0]), float(ends[1])
    if low > high or low == math.inf or high == -math.inf:
        raise ProblemError(f"transfers are between {low:g} and {high:g}: the lowest must not exceed the highest")
    return "free" if (low, high) == (-math.inf, math.inf) else (low, high)


def checked_rows(given: Any, n_types: tuple[int, ...], n_alternatives: int) -> tuple[LinearConstraint, ...]:
    """Rows over chances of alternatives, transfers and utilities at profiles."""
    rows = (given,) if isinstance(given, LinearConstraint) else given
    if not is_listed(rows) or not all(isinstance(row, LinearConstraint) for row in rows):
        raise ProblemError(f"constraints is {described(rows)}: give a LinearConstraint, or a list of them")
    by_agent = (len(n_types), *n_types)
    shapes = {"allocation": (*n_types, n_alternatives), "transfer": by_agent, "utility": by_agent}
    for row in rows:
        if row.serving is not None:
            raise ProblemError(f"{row.name} has coefficients of serving: give those of alternatives in allocation")
        for field, shape in shapes.items():
            found = getattr(row, field)
            if found is not None and found.shape != shape:
                of = "alternatives at every profile" if field == "allocation" else "agents at every profile"
                raise ProblemError(f"{row.name} {field} has shape {found.shape}; expected {shape}, of {of}")
    return tuple(rows)

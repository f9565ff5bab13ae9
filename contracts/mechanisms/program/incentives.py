"""Rows of incentives: no agent gains by reporting another type."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Indices
from contracts.mechanisms.numbers import Numbers, whole
from contracts.mechanisms.problem import MechanismProblem, profiles_of
from contracts.mechanisms.program.layout import Block, Layout, Lies, beside

INF = float("inf")
MOST_ENTRIES = 20_000_000  # of one agent's rows: some 3 GB while they are put in order


def incentives(numbers: Numbers, layout: Layout, lies: Lies | None = None) -> Iterator[Block]:
    """Rows for every pair of an agent's types, or those of some lies, in expectation or at every profile of the others.

    Raises
    ------
    ProblemError
        If rows by profile would be more than can be kept.
    """
    problem = numbers.problem
    for agent in range(problem.n_agents):
        count = problem.n_types[agent]
        true, told = (part.ravel() for part in np.indices((count, count)))
        true, told = true[true != told], told[true != told]
        if layout.expected:
            yield _interim_incentives(numbers, layout, agent, true, told)
            continue
        known = np.arange(len(true)) if lies is None else np.flatnonzero(lies[agent][true, told])
        n_others = problem.n_profiles // count
        entries = len(known) * n_others * 2 * (problem.n_alternatives + 1)
        if entries > MOST_ENTRIES:
            raise ProblemError(
                f"incentives of {problem.agents[agent]}, {count} types beside {n_others:,} profiles of the others, "
                f"take {entries:,} numbers, and at most {MOST_ENTRIES:,} are kept: give fewer types, or ask for "
                "incentives 'bayesian' with independent types, which are looked at in expectation"
            )
        found = _incentives_by_profile(numbers, layout, agent, true[known], told[known])
        each = 1 if problem.incentives == "bayesian" else n_others
        among = (known[:, np.newaxis] * each + np.arange(each)).ravel()
        yield found._replace(among=among, n_all=len(true) * each)


def _interim_incentives(numbers: Numbers, layout: Layout, agent: int, true: Indices, told: Indices) -> Block:
    start, classes = layout.expected[agent]
    n_classes = int(classes.max()) + 1
    worth = numbers.values[agent][:, np.unique(classes, return_index=True)[1]]  # [type, class]
    rows = np.arange(len(true))
    pair, c = (part.ravel() for part in np.indices((len(true), n_classes)))
    row, data = [pair, pair], [worth[true[pair], c], -worth[true[pair], c]]
    column = [start + true[pair] * n_classes + c, start + told[pair] * n_classes + c]
    if layout.interim:
        unit, first = 1 << numbers.transfer_digits, layout.interim[agent]
        row += [rows, rows]
        column += [first + true, first + told]
        data += [whole([-unit] * len(rows)), whole([unit] * len(rows))]
    return _at_least_nothing("IC", row, column, data, len(rows), _ic_name(numbers.problem, agent, true, told))


def _incentives_by_profile(numbers: Numbers, layout: Layout, agent: int, true: Indices, told: Indices) -> Block:
    """Rows at every profile of the others, or in expectation over them, given the type."""
    problem = numbers.problem
    wide, profiles = problem.n_alternatives, profiles_of(problem, agent)
    worth, n_others = numbers.worth_at(agent), profiles.shape[1]
    bayesian = problem.incentives == "bayesian"
    chance = numbers.chances[profiles] if bayesian else np.broadcast_to(whole([1]), profiles.shape)
    pair, other, k = (part.ravel() for part in np.indices((len(true), n_others, wide)))
    honest, lie = profiles[true[pair], other], profiles[told[pair], other]
    value = worth[honest, k] * chance[true[pair], other]
    row_of = pair if bayesian else pair * n_others + other
    row, column, data = [row_of, row_of], [honest * wide + k, lie * wide + k], [value, -value]
    if layout.transfers >= 0:
        first = layout.transfers + agent * problem.n_profiles
        pair, other = (part.ravel() for part in np.indices((len(true), n_others)))
        row_of = pair if bayesian else pair * n_others + other
        price = chance[true[pair], other] * (1 << numbers.transfer_digits)
        row += [row_of, row_of]
        column += [first + profiles[true[pair], other], first + profiles[told[pair], other]]
        data += [-price, price]
    if bayesian:
        return _at_least_nothing("IC", row, column, data, len(true), _ic_name(problem, agent, true, told))
    whose = _ic_name(problem, agent, true, told)

    def name(at: int) -> str:
        return f"{whose(at // n_others)}{beside(problem, agent, int(profiles[0, at % n_others]))}"

    return _at_least_nothing("IC", row, column, data, len(true) * n_others, name)


def _ic_name(problem: MechanismProblem, agent: int, true: Indices, told: Indices) -> Callable[[int], str]:
    names = problem.labels[agent]
    return lambda row: f"IC of {problem.agents[agent]} {names[int(true[row])]!r} -> {names[int(told[row])]!r}"


def _at_least_nothing(
    kind: str, row: list[Any], column: list[Any], data: list[Any], n_rows: int, name: Callable[[int], str]
) -> Block:
    low, high = whole([0] * n_rows), whole([INF] * n_rows)
    return Block(kind, np.concatenate(row), np.concatenate(column), np.concatenate(data), low, high, name)

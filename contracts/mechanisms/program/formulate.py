"""The linear program of a mechanism, row by row, in whole numbers.

Columns are the chances x(k | theta) of every alternative at every profile, and transfers in a unit of money. Where
types are independent and truth need only be best in expectation, an agent looks at its type through

    Q_i(c | theta_i) = E[ sum_{k in c} x(k | theta) ],      T_i(theta_i) = E[ t_i(theta) ]

alone, with c the alternatives that agent i values alike whatever its type: these are columns of their own, so that a
row of incentives has a few entries instead of one per profile. Transfers by profile are then needed only for
participation ex post or limits: a budget that holds in expectation can be made to hold at every profile afterwards
(`contracts.mechanisms.program.payments`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from contracts.exact.rationals import as_integers, binary_places
from contracts.inputs.arrays import Indices
from contracts.mechanisms.numbers import Numbers, whole
from contracts.mechanisms.problem import MechanismProblem, profiles_of, words_for
from contracts.mechanisms.program.incentives import incentives
from contracts.mechanisms.program.layout import (
    Block,
    Layout,
    Lies,
    MechanismProgram,
    beside,
    budget_in_expectation,
    layout_of,
)
from contracts.mechanisms.program.rows import stated_row
from contracts.numerics.basis import LinearProgram
from contracts.numerics.exact_solve import Sparse, Whole

INF = float("inf")


def formulated(numbers: Numbers, lies: Lies | None = None) -> MechanismProgram:
    """The program of a problem; with some lies only, if they are given.

    Raises
    ------
    ProblemError
        If rows of incentives would be more than can be kept.
    """
    problem = numbers.problem
    layout = layout_of(problem)
    blocks = [*_outcomes(numbers, layout), *_expected(numbers, layout), *incentives(numbers, layout, lies)]
    blocks += [*_participation(numbers, layout), *_budget(numbers, layout), *_limits(numbers, layout)]
    blocks += list(_stated(numbers, layout))
    among = [np.arange(block.n_rows) if block.among is None else block.among for block in blocks]
    ends = np.cumsum([block.n_rows if block.among is None else block.n_all for block in blocks])
    firsts = [0, *ends.tolist()]
    of_all = np.concatenate([part + first for part, first in zip(among, firsts, strict=False)])
    spans = [span for block, *span in zip(blocks, firsts, firsts[1:], strict=False) if block.kind == "IC"]
    blocks = [block for block in blocks if block.n_rows]
    cost, unit = _goal(numbers, layout)
    starts = np.cumsum([0, *(block.n_rows for block in blocks)])
    row = np.concatenate([block.row + start for block, start in zip(blocks, starts, strict=False)])
    column = np.concatenate([block.column for block in blocks])
    data = np.concatenate([block.data for block in blocks])
    kept = np.flatnonzero(data != 0)
    order = kept[np.argsort(row[kept], kind="stable")]
    indptr = np.concatenate([[0], np.cumsum(np.bincount(row[order], minlength=int(starts[-1])))]).astype(np.intp)
    rows = Sparse(data[order], column[order].astype(np.intp), indptr, layout.n_columns)
    least = whole([0] * layout.n_chances + [-INF] * (layout.n_columns - layout.n_chances))
    low, high = (np.concatenate([getattr(block, side) for block in blocks]) for side in ("low", "high"))
    program = LinearProgram(cost, rows, low, high, least, whole([INF] * layout.n_columns))
    return MechanismProgram(program, layout, blocks, unit, of_all, int(ends[-1]), [(a, b) for a, b in spans])


# ---- what is feasible ----


def _outcomes(numbers: Numbers, layout: Layout) -> Iterator[Block]:
    """Lotteries at every profile, or those demanded."""
    problem = numbers.problem
    count, wide = problem.n_profiles, problem.n_alternatives
    asked = np.zeros((count, wide)) if problem.outcome is None else problem.outcome.reshape(count, wide)
    is_open = asked.sum(axis=1) == 0
    free, fixed = np.flatnonzero(is_open), np.flatnonzero(~is_open)
    columns = (free[:, np.newaxis] * wide + np.arange(wide)).ravel()
    ones = whole([1] * len(free))
    yield Block(
        "lottery", np.repeat(np.arange(len(free)), wide), columns, whole([1] * len(columns)), ones, ones,
        lambda row: f"lottery at {words_for(problem, int(free[row]))}",
    )  # fmt: skip
    found = as_integers(asked[fixed], binary_places(asked))
    columns = (fixed[:, np.newaxis] * wide + np.arange(wide)).ravel()
    yield Block(
        "demanded", np.arange(len(columns)), columns, np.repeat(found.sum(axis=1), wide), found.ravel(), found.ravel(),
        lambda row: f"the outcome demanded at {words_for(problem, int(fixed[row // wide]))}",
    )  # fmt: skip


def _expected(numbers: Numbers, layout: Layout) -> Iterator[Block]:
    """Q_i and T_i are what they are called."""
    problem = numbers.problem
    wide = problem.n_alternatives
    for agent, (start, classes) in enumerate(layout.expected):
        profiles, others = profiles_of(problem, agent), numbers.others(agent)
        n_types, n_others = profiles.shape
        n_classes = int(classes.max()) + 1
        own, other, k = (part.ravel() for part in np.indices((n_types, n_others, wide)))
        row = own * n_classes + classes[k]
        column = profiles[own, other] * wide + k
        n_rows = n_types * n_classes
        total = numbers.others_total(agent)
        nothing = whole([0] * n_rows)
        yield Block(
            "expected", np.concatenate([row, np.arange(n_rows)]), np.concatenate([column, start + np.arange(n_rows)]),
            np.concatenate([others[other], whole([-total] * n_rows)]), nothing, nothing, lambda row: "an expectation",
        )  # fmt: skip
    if layout.transfers >= 0:
        for agent, start in enumerate(layout.interim):
            profiles, others = profiles_of(problem, agent), numbers.others(agent)
            n_types, n_others = profiles.shape
            own, other = (part.ravel() for part in np.indices((n_types, n_others)))
            column = layout.transfers + agent * problem.n_profiles + profiles[own, other]
            total, nothing = numbers.others_total(agent), whole([0] * n_types)
            yield Block(
                "expected", np.concatenate([own, np.arange(n_types)]),
                np.concatenate([column, start + np.arange(n_types)]),
                np.concatenate([others[other], whole([-total] * n_types)]), nothing, nothing,
                lambda row: "an expected transfer",
            )  # fmt: skip


# ---- participation, budgets and limits ----


def _participation(numbers: Numbers, layout: Layout) -> Iterator[Block]:
    problem = numbers.problem
    for agent in range(problem.n_agents if problem.participation is not None else 0):
        names, who, reserve = problem.labels[agent], problem.agents[agent], numbers.reservation[agent]
        count = problem.n_types[agent]
        if problem.participation != "ex post" and layout.expected:
            row, column, data = _interim_utility(numbers, layout, agent)
            if problem.participation == "interim":
                yield Block("IR", row, column, data, reserve, whole([INF] * count), _ir_name(who, names))
            else:
                own = numbers.own[agent]
                low = whole([int((own * reserve).sum())])
                yield Block("IR", row * 0, column, data * own[row], low, whole([INF]), _one_name(f"IR of {who}"))
            continue
        profile, column, data = _utility_by_profile(numbers, layout, agent)
        types = problem.type_at[agent]
        if problem.participation == "ex post":
            high = whole([INF] * problem.n_profiles)
            yield Block("IR", profile, column, data, reserve[types], high, _ir_name_at(problem, agent))
        elif problem.participation == "interim":
            low = numbers.marginal(agent) * reserve
            data = data * numbers.chances[profile]
            yield Block("IR", types[profile], column, data, low, whole([INF] * count), _ir_name(who, names))
        else:
            low = whole([int((numbers.marginal(agent) * reserve).sum())])
            data = data * numbers.chances[profile]
            yield Block("IR", profile * 0, column, data, low, whole([INF]), _one_name(f"IR of {who}"))


def _one_name(name: str) -> Callable[[int], str]:
    return lambda row: name


def _ir_name(who: str, names: Any) -> Callable[[int], str]:
    return lambda row: f"IR of {who} {names[row]!r}"


def _ir_name_at(problem: MechanismProblem, agent: int) -> Callable[[int], str]:
    names, who = problem.labels[agent], problem.agents[agent]
    return lambda p: f"IR of {who} {names[int(problem.type_at[agent, p])]!r}{beside(problem, agent, p)}"


def _interim_utility(numbers: Numbers, layout: Layout, agent: int) -> tuple[Indices, Indices, Whole]:
    start, classes = layout.expected[agent]
    n_classes, count = int(classes.max()) + 1, numbers.problem.n_types[agent]
    worth = numbers.values[agent][:, np.unique(classes, return_index=True)[1]]
    own = np.repeat(np.arange(count), n_classes)
    row, column, data = [own], [start + np.arange(count * n_classes)], [worth.ravel()]
    if layout.interim:
        row, column = [*row, np.arange(count)], [*column, layout.interim[agent] + np.arange(count)]
        data = [*data, whole([-(1 << numbers.transfer_digits)] * count)]
    return np.concatenate(row), np.concatenate(column), np.concatenate(data)


def _utility_by_profile(numbers: Numbers, layout: Layout, agent: int) -> tuple[Indices, Indices, Whole]:
    problem = numbers.problem
    count = problem.n_profiles
    columns = np.arange(layout.n_chances)
    row, column, data = [columns // problem.n_alternatives], [columns], [numbers.worth_at(agent).ravel()]
    if layout.transfers >= 0:
        row = [*row, np.arange(count)]
        column = [*column, layout.transfers + agent * count + np.arange(count)]
        data = [*data, whole([-(1 << numbers.transfer_digits)] * count)]
    return np.concatenate(row), np.concatenate(column), np.concatenate(data)


def _budget(numbers: Numbers, layout: Layout) -> Iterator[Block]:
    problem = numbers.problem
    if problem.budget == "none":
        return
    count = problem.n_profiles
    columns = np.arange(layout.n_chances)
    profile, unit = columns // problem.n_alternatives, 1 << numbers.transfer_digits
    own = numbers.principal_at.ravel()
    if budget_in_expectation(problem):
        row, column, data = [columns * 0], [columns], [own * numbers.chances[profile]]
        first, price = _expected_transfers(numbers, layout)
        row, column, data = [*row, first * 0], [*column, first], [*data, price * unit]
        n_rows, words = 1, lambda _: f"the budget ({problem.budget})"
    else:
        row, column, data = [profile], [columns], [own]
        if layout.transfers >= 0:
            every = np.arange(problem.n_agents * count)
            row, column = [*row, every % count], [*column, layout.transfers + every]
            data = [*data, whole([unit] * len(every))]
        n_rows, words = count, lambda p: f"the budget ({problem.budget}) at {words_for(problem, p)}"
    nothing = whole([0] * n_rows)
    top = nothing if problem.budget == "balanced" else whole([INF] * n_rows)
    entries = np.concatenate(row), np.concatenate(column), np.concatenate(data)
    yield Block("budget", entries[0], entries[1], entries[2], nothing, top, words)


def _expected_transfers(numbers: Numbers, layout: Layout) -> tuple[Indices, Whole]:
    """Columns of transfers and the chance that each is paid, as parts of the total."""
    problem = numbers.problem
    if layout.interim:
        columns = [start + np.arange(problem.n_types[agent]) for agent, start in enumerate(layout.interim)]
        chance = [own * numbers.others_total(agent) for agent, own in enumerate(numbers.own)]
        return np.concatenate(columns), np.concatenate(chance)
    return _transfers_by_profile(numbers, layout, numbers.chances)


def _transfers_by_profile(numbers: Numbers, layout: Layout, chances: Whole) -> tuple[Indices, Whole]:
    problem = numbers.problem
    if layout.transfers < 0:
        return np.zeros(0, dtype=np.intp), whole([])
    every = np.arange(problem.n_agents * problem.n_profiles)
    return layout.transfers + every, np.asarray(chances[every % problem.n_profiles])


def _limits(numbers: Numbers, layout: Layout) -> Iterator[Block]:
    problem = numbers.problem
    if layout.transfers < 0 or isinstance(problem.transfers, str):
        return
    every = np.arange(problem.n_agents * problem.n_profiles)
    ends: list[Any] = []
    for end in problem.transfers:
        found = end
        if np.isfinite(end):
            top, bottom = float(end).as_integer_ratio()
            found = top * ((1 << numbers.digits) // bottom)
        ends.append(whole([found] * len(every)))

    def name(row: int) -> str:
        agent, profile = divmod(row, problem.n_profiles)
        return f"the limits of transfers for {problem.agents[agent]} at {words_for(problem, profile)}"

    unit = whole([1 << numbers.transfer_digits] * len(every))
    yield Block("limit", every, layout.transfers + every, unit, ends[0], ends[1], name)


def _stated(numbers: Numbers, layout: Layout) -> Iterator[Block]:
    """A block for each row that the problem states itself."""
    for row in numbers.problem.constraints:
        found = stated_row(numbers, row)
        column, data = np.arange(layout.n_chances), found.alternatives
        if layout.transfers >= 0:
            column = np.concatenate([column, layout.transfers + np.arange(len(found.money))])
            data = np.concatenate([data, found.money * (1 << numbers.transfer_digits)])
        ends = whole([found.low]), whole([found.high])
        yield Block("row", column * 0, column, data, ends[0], ends[1], _one_name(row.name))


def _goal(numbers: Numbers, layout: Layout) -> tuple[Whole, int]:
    """What each column adds to the objective, and in parts of what."""
    problem = numbers.problem
    goods, each, parts = numbers.goals()
    cost = whole([0] * layout.n_columns)
    cost[: layout.n_chances] = (goods * numbers.goal_chances[:, np.newaxis]).ravel()
    if problem.ambiguity is None:
        columns, chance = _expected_transfers(numbers, layout)
        counts = problem.n_types if layout.interim else (problem.n_profiles,) * problem.n_agents
    else:
        columns, chance = _transfers_by_profile(numbers, layout, numbers.goal_chances)
        counts = (problem.n_profiles,) * problem.n_agents
    if len(columns):
        weight = np.repeat(whole(list(each)), counts)
        cost[columns] = weight * chance * (1 << numbers.transfer_digits)
    return cost, parts * int(numbers.goal_chances.sum()) * (1 << numbers.digits)

"""A second opinion: the program of a mechanism written down row by row, in floats, for SciPy."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.optimize import linprog

from contracts import MechanismProblem

Row = np.ndarray[Any, Any]


def best_value(problem: MechanismProblem) -> float:
    """The value of the best mechanism; nan if there is none."""
    above, limits, equal, right, ends = rows_of(problem)
    found = linprog(-payoff_of(problem, joint_of(problem)), -above, -limits, equal, right, ends)
    return float(-found.fun) if found.status == 0 else float("nan")


def best_of_worsts(problem: MechanismProblem, goals: list[Any], shares: list[float]) -> float:
    """The best sum of goals, each at the worst of the listed priors for itself: a column per goal."""
    above, limits, equal, right, ends = rows_of(problem)
    n, m = above.shape[1], len(goals)
    wide = np.hstack([above, np.zeros((len(above), m))])
    for j, goal in enumerate(goals):
        for prior in problem.ambiguity:
            joint = dict(zip(joint_of(problem), np.ravel(prior), strict=True))
            column = np.zeros(m)
            column[j] = -1.0  # the goal's worth at this prior, less the column, is at least 0
            wide = np.vstack([wide, np.concatenate([payoff_of(replace(problem, objective=goal), joint), column])])
    limits = np.concatenate([limits, np.zeros(len(wide) - len(limits))])
    cost = np.concatenate([np.zeros(n), -np.asarray(shares)])
    equal = np.hstack([equal, np.zeros((len(equal), m))])
    found = linprog(cost, -wide, -limits, equal, right, [*ends, *[(None, None)] * m])
    assert found.status == 0, found.message
    return float(-found.fun)


def rows_of(problem: MechanismProblem) -> tuple[Row, Row, Row, Row, list[tuple[float | None, float | None]]]:
    """What every mechanism keeps: rows and their least values, rows and their values, ends of columns."""
    sizes, wide, count = problem.n_types, problem.n_alternatives, problem.n_agents
    profiles = list(itertools.product(*map(range, sizes)))
    place = {profile: k for k, profile in enumerate(profiles)}
    prior = joint_of(problem)
    n_x, n_t = len(profiles) * wide, count * len(profiles)

    def x(profile: tuple[int, ...], k: int) -> int:
        return place[profile] * wide + k

    def t(agent: int, profile: tuple[int, ...]) -> int:
        return n_x + agent * len(profiles) + place[profile]

    def value(agent: int, profile: tuple[int, ...], k: int) -> float:
        table = problem.values[agent]
        return float(table[profile][k] if table.ndim > 2 else table[profile[agent], k])

    def utility(agent: int, true: tuple[int, ...], told: tuple[int, ...]) -> np.ndarray[Any, Any]:
        row = np.zeros(n_x + n_t)
        for k in range(wide):
            row[x(told, k)] = value(agent, true, k)
        row[t(agent, told)] = -1.0
        return row

    def lie(profile: tuple[int, ...], agent: int, other: int) -> tuple[int, ...]:
        return (*profile[:agent], other, *profile[agent + 1 :])

    above, limits, equal, right = [], [], [], []
    for agent in range(count):
        own = [sum(prior[p] for p in profiles if p[agent] == k) for k in range(sizes[agent])]
        for true, told in itertools.permutations(range(sizes[agent]), 2):
            rows = [
                (prior[p], utility(agent, p, p) - utility(agent, p, lie(p, agent, told)))
                for p in profiles
                if p[agent] == true
            ]
            if problem.incentives == "bayesian":
                above.append(sum(chance * row for chance, row in rows))
                limits.append(0.0)
            else:
                above += [row for _, row in rows]
                limits += [0.0] * len(rows)
        reserve = problem.reservation_utility[agent]
        if problem.participation == "ex post":
            above += [utility(agent, p, p) for p in profiles]
            limits += [reserve[p[agent]] for p in profiles]
        elif problem.participation == "interim":
            for k in range(sizes[agent]):
                above.append(sum(prior[p] * utility(agent, p, p) for p in profiles if p[agent] == k))
                limits.append(own[k] * reserve[k])
        elif problem.participation == "ex ante":
            above.append(sum(prior[p] * utility(agent, p, p) for p in profiles))
            limits.append(float(np.dot(own, reserve)))
    brings = np.broadcast_to(problem.principal_values.reshape(-1, wide), (len(profiles), wide))
    budgets = []
    for p in profiles:
        row = np.zeros(n_x + n_t)
        row[[x(p, k) for k in range(wide)]] = brings[place[p]]
        row[[t(agent, p) for agent in range(count)]] = 1.0
        budgets.append(row)
        lottery = np.zeros(n_x + n_t)
        lottery[[x(p, k) for k in range(wide)]] = 1.0
        equal.append(lottery)
        right.append(1.0)
    if problem.budget_holds == "in expectation":
        budgets = [sum(prior[p] * row for p, row in zip(profiles, budgets, strict=True))]
    if problem.budget == "weak":
        above += budgets
        limits += [0.0] * len(budgets)
    elif problem.budget == "balanced":
        equal += budgets
        right += [0.0] * len(budgets)
    for stated in problem.constraints:
        row = np.zeros(n_x + n_t)
        if stated.allocation is not None:
            row[:n_x] += np.ravel(stated.allocation)
        if stated.transfer is not None:
            row[n_x:] += np.ravel(stated.transfer)
        if stated.utility is not None:
            row += sum(stated.utility[(a, *p)] * utility(a, p, p) for a in range(count) for p in profiles)
        if stated.lower is not None:
            above.append(row)
            limits.append(stated.lower)
        if stated.upper is not None:
            above.append(-row)
            limits.append(-stated.upper)
    ends: list[tuple[float | None, float | None]] = [(0.0, None)] * n_x
    paid: Any = {"free": (None, None), "none": (0.0, 0.0)}.get(str(problem.transfers), problem.transfers)
    ends += [paid] * n_t
    kept = np.array(above) if above else np.zeros((0, n_x + n_t))
    return kept, np.array(limits), np.array(equal), np.array(right), ends


def payoff_of(problem: MechanismProblem, prior: dict[tuple[int, ...], float]) -> Row:
    """What a unit of every column is worth to the objective at a prior."""
    wide, count = problem.n_alternatives, problem.n_agents
    revenue, welfare, each = problem.weights
    brings = np.broadcast_to(problem.principal_values.reshape(-1, wide), (len(prior), wide))
    chances, money = np.zeros((len(prior), wide)), np.zeros((count, len(prior)))
    for at, (profile, chance) in enumerate(prior.items()):
        chances[at] = chance * (revenue + welfare) * brings[at]
        for agent, table in enumerate(problem.values):
            worth = table[profile] if table.ndim > 2 else table[profile[agent]]
            chances[at] += chance * (welfare + each[agent]) * worth
            money[agent, at] = chance * (revenue - each[agent])
    return np.concatenate([chances.ravel(), money.ravel()])


def joint_of(problem: MechanismProblem) -> dict[tuple[int, ...], float]:
    """The chance of every profile."""
    profiles = itertools.product(*map(range, problem.n_types))
    if isinstance(problem.probabilities, tuple):
        return {
            p: float(np.prod([part[k] for part, k in zip(problem.probabilities, p, strict=True)])) for p in profiles
        }
    return {p: float(np.asarray(problem.probabilities)[p]) for p in profiles}

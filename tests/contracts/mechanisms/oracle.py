"""A second opinion: the program of a mechanism written down row by row, in floats, for SciPy."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from scipy.optimize import linprog

from contracts import MechanismProblem


def best_value(problem: MechanismProblem) -> float:
    """The value of the best mechanism; nan if there is none."""
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
    revenue, welfare, each = problem.weights
    goal = np.zeros(n_x + n_t)
    for p in profiles:
        for k in range(wide):
            worth = [value(agent, p, k) for agent in range(count)]
            total = sum((welfare + w) * v for w, v in zip(each, worth, strict=True))
            goal[x(p, k)] = prior[p] * (total + (revenue + welfare) * brings[place[p]][k])
        for agent in range(count):
            goal[t(agent, p)] = prior[p] * (revenue - each[agent])
    ends: list[tuple[float | None, float | None]] = [(0.0, None)] * n_x
    paid: Any = {"free": (None, None), "none": (0.0, 0.0)}.get(str(problem.transfers), problem.transfers)
    ends += [paid] * n_t
    found = linprog(
        -goal, -np.array(above) if above else None, -np.array(limits) if limits else None, np.array(equal),
        np.array(right), ends,
    )  # fmt: skip
    return float(-found.fun) if found.status == 0 else float("nan")


def joint_of(problem: MechanismProblem) -> dict[tuple[int, ...], float]:
    """The chance of every profile."""
    profiles = itertools.product(*map(range, problem.n_types))
    if isinstance(problem.probabilities, tuple):
        return {
            p: float(np.prod([part[k] for part, k in zip(problem.probabilities, p, strict=True)])) for p in profiles
        }
    return {p: float(np.asarray(problem.probabilities)[p]) for p in profiles}

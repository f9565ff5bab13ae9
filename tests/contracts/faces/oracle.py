"""The face of a linear problem by scipy's HiGHS, written out by hand: no code of the library is asked."""

import itertools

import numpy as np
from scipy.optimize import linprog


def face_ends(problem, floor, directions, top=1.0):
    """The least and the most of each direction (on x, on u) over all menus on [0, top]^d worth at least `floor`.

    Costs are nothing, the objective is profit, transfers are free or limited.
    """
    a, f, n, d = problem.valuations, problem.weights, problem.n_types, problem.n_goods
    size = n * d + n
    rows, limits = [], []

    def row(on_x, on_u, at_most):
        rows.append(np.concatenate([np.asarray(on_x, float).ravel(), np.asarray(on_u, float)]))
        limits.append(at_most)

    unit = np.eye(n)
    for i, j in itertools.permutations(range(n), 2):
        if problem.mimics is None or problem.mimics[i, j]:
            row(unit[j][:, None] * (a[i] - a[j]), unit[j] - unit[i], 0.0)
    for i in range(n):
        row(np.zeros((n, d)), -unit[i], -problem.reservation_utility[i])
        low, high = (limit[i] for limit in problem.limits_by_type)
        own = unit[i][:, None] * a[i]
        if np.isfinite(low):
            row(-own, unit[i], -low)
        if np.isfinite(high):
            row(own, -unit[i], high)
    row(-f[:, None] * (a + problem.principal_values), f, -floor)
    bounds = [(0.0, top)] * (n * d) + [(None, None)] * n
    found = []
    for on_x, on_u in directions:
        goal = np.concatenate([np.asarray(on_x, float).ravel(), np.asarray(on_u, float)])
        ends = []
        for sign in (1.0, -1.0):
            solved = linprog(sign * goal, np.array(rows), limits, bounds=bounds, method="highs")
            assert solved.status in (0, 3), solved.message
            ends.append(goal @ solved.x if solved.status == 0 else -sign * np.inf)
        found.append(ends)
    assert size == len(rows[0])
    return np.array(found)


def all_ends(problem, floor, top=1.0):
    """Intervals of allocations (n, d, 2), transfers (n, 2) and utilities (n, 2)."""
    a, n, d = problem.valuations, problem.n_types, problem.n_goods
    unit, nothing = np.eye(n), np.zeros((n, d))
    amounts = [(unit[i][:, None] * np.eye(d)[k], np.zeros(n)) for i in range(n) for k in range(d)]
    transfers = [(unit[i][:, None] * a[i], -unit[i]) for i in range(n)]
    utilities = [(nothing, unit[i]) for i in range(n)]
    found = face_ends(problem, floor, amounts + transfers + utilities, top)
    return found[: n * d].reshape(n, d, 2), found[n * d : n * d + n], found[n * d + n :]

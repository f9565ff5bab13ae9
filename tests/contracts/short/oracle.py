"""The best menu of few options by trying every assignment of types to options; shares no code with the library."""

from __future__ import annotations

import itertools

import cvxpy as cp
import numpy as np
from scipy.optimize import linprog

OUT = -1


def best_value(tastes, weights, most, *, curvature=1.0, highest=None, fixed=()):
    """Largest profit with cost curvature |x|^2 / 2 and outside option (0, 0): a quadratic program for each assignment.

    `fixed` are (allocation, transfer) on offer besides, the first of the `most`.
    """
    tastes = np.asarray(tastes, dtype=float).reshape(len(weights), -1)
    best = 0.0 if not fixed else -np.inf
    stays = [(np.zeros(tastes.shape[1]), 0.0), *((np.atleast_1d(x), t) for x, t in fixed)]
    n_free = most - len(fixed)
    for own in itertools.product(range(-len(stays), n_free), repeat=len(weights)):
        opened = [option for option in own if option >= 0]
        if list(dict.fromkeys(opened)) != list(range(len(set(opened)))):
            continue
        n_open = len(set(opened))
        x, t = cp.Variable((max(n_open, 1), tastes.shape[1])), cp.Variable(max(n_open, 1))
        rows, goal = [x >= 0] if highest is None else [x >= 0, x <= highest], 0.0
        for i, option in enumerate(own):
            mine = tastes[i] @ x[option] - t[option] if option >= 0 else stays[-1 - option]
            if option < 0:
                allocation, paid = mine
                mine = float(tastes[i] @ allocation) - paid
                goal += weights[i] * (paid - curvature * float(allocation @ allocation) / 2)
            else:
                goal += weights[i] * (t[option] - curvature * cp.sum_squares(x[option]) / 2)
            rows += [mine >= tastes[i] @ x[k] - t[k] for k in range(n_open) if k != option]
            rows += [mine >= float(tastes[i] @ a) - p for k, (a, p) in enumerate(stays) if -1 - k != option]
        if any(isinstance(row, bool | np.bool_) and not row for row in rows):
            continue
        rows = [row for row in rows if not isinstance(row, bool | np.bool_)]
        program = cp.Problem(cp.Maximize(goal), rows) if n_open else None
        if program is None:
            best = max(best, float(goal))
            continue
        try:
            program.solve(solver="CLARABEL")
        except cp.error.SolverError:  # of an assignment that nothing implements
            program.solve(solver="SCS")
        if program.status in ("optimal", "optimal_inaccurate"):
            best = max(best, float(program.value))
    return best


def best_listed_value(tastes, weights, allocations, costs, most):
    """Largest profit of at most so many allocations of a list: a linear program in prices for each assignment."""
    worth = np.asarray(tastes, dtype=float).reshape(len(weights), -1) @ np.asarray(allocations, dtype=float).T
    best = 0.0
    for own in itertools.product(range(OUT, len(costs)), repeat=len(weights)):
        used = sorted(set(own) - {OUT})
        if not used or len(used) > most:
            continue
        place = {option: k for k, option in enumerate(used)}
        rows, limits, goal = [], [], np.zeros(len(used))
        for i, option in enumerate(own):
            base = np.zeros(len(used))
            mine = 0.0
            if option != OUT:
                base[place[option]] = 1.0
                mine = worth[i, option]
                goal[place[option]] += weights[i]
                rows.append(base.copy())
                limits.append(mine)
            for other in used:
                if other != option:
                    row = base.copy()
                    row[place[other]] -= 1.0
                    rows.append(row)
                    limits.append(mine - worth[i, other])
        solved = linprog(-goal, np.array(rows), np.array(limits), bounds=(None, None))
        if solved.status == 0:
            spent = sum(weights[i] * costs[option] for i, option in enumerate(own) if option != OUT)
            best = max(best, -solved.fun - spent)
    return best

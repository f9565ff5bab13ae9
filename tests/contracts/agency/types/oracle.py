"""The best menu by plain programs, from a problem's numbers: linprog, cvxpy and enumeration; no library code."""

import itertools

import cvxpy as cp
import numpy as np
from scipy.optimize import linprog

from tests.contracts.agency.oracle import promised


def limits(problem):
    low, high = (np.broadcast_to(end, problem.n_outcomes) for end in problem.wages)
    return [
        (a if np.isfinite(a) else None, b if np.isfinite(b) else None)
        for a, b in zip(low.tolist(), high.tolist(), strict=True)
    ]


def earned_by(problem, actions):
    """What risk neutral agents who take given actions earn the principal; -inf where no wages make them."""
    n, m = problem.n_types, problem.n_outcomes
    p, e, cost = problem.outcome_probabilities, problem.effort_cost, np.zeros((n, m))
    rows, right = [], []
    for i, a in enumerate(actions):
        cost[i] = problem.weights[i] * p[i, a]
        row = np.zeros((n, m))
        row[i] = -p[i, a]
        rows.append(row.ravel())
        right.append(-e[i, a] - problem.reservation_utility[i])
        for j, b in itertools.product(range(n), range(problem.n_actions)):
            row = np.zeros((n, m))
            row[j] += p[i, b]
            row[i] -= p[i, a]
            rows.append(row.ravel())
            right.append(e[i, b] - e[i, a])
    found = linprog(cost.ravel(), A_ub=np.array(rows), b_ub=right, bounds=limits(problem) * n)
    output = sum(problem.weights[i] * p[i, a] @ problem.output[i] for i, a in enumerate(actions))
    return output - found.fun if found.status == 0 else -np.inf


def best_of_all(problem, earned=earned_by):
    """The best over all assignments of actions, one program each."""
    every = itertools.product(range(problem.n_actions), repeat=problem.n_types)
    return max((earned(problem, actions), actions) for actions in every)


def best_mechanism(problem):
    """Myerson's program for risk neutral agents with wages in [0, inf), stated with a variable for every plan."""
    n, k, m = problem.n_types, problem.n_actions, problem.n_outcomes
    p, e = problem.outcome_probabilities, problem.effort_cost
    chance, paid = cp.Variable((n, k), nonneg=True), [cp.Variable((k, m), nonneg=True) for _ in range(n)]
    rows, profit = [cp.sum(chance, axis=1) == 1], 0
    for i in range(n):
        own = cp.sum(cp.multiply(p[i], paid[i])) - e[i] @ chance[i]
        rows.append(own >= problem.reservation_utility[i])
        profit += problem.weights[i] * ((p[i] @ problem.output[i]) @ chance[i] - cp.sum(cp.multiply(p[i], paid[i])))
        for j in range(n):
            for plan in itertools.product(range(k), repeat=k):  # what i does for each action that it may be told
                lie = sum(p[i, b] @ paid[j][a] - e[i, b] * chance[j, a] for a, b in enumerate(plan))
                rows.append(own >= lie)
    program = cp.Problem(cp.Maximize(profit), rows)
    program.solve(solver=cp.CLARABEL)
    return float(program.value)


def earned_by_averse(problem, actions):
    """The same for risk averse agents, in promised utilities."""
    n, m = problem.n_types, problem.n_outcomes
    p, e = problem.outcome_probabilities, problem.effort_cost
    parts = [promised(problem.utility, m) for _ in range(n)]
    low, high = problem.wages
    kind, rows, cost = type(problem.utility).__name__, [], 0
    for i, a in enumerate(actions):
        v, h, worth = parts[i]
        cost += problem.weights[i] * (p[i, a] @ h)
        rows.append(p[i, a] @ v - e[i, a] >= problem.reservation_utility[i])
        rows += [
            p[i, a] @ v - e[i, a] >= p[i, b] @ parts[j][0] - e[i, b]
            for j in range(n)
            for b in range(problem.n_actions)
            if (j, b) != (i, a)
        ]
        rows += [v >= worth(low)] * bool(np.isfinite(low)) + [v <= worth(high)] * bool(np.isfinite(high))
        rows += [v >= 0] * (kind == "SquareRoot")
    program = cp.Problem(cp.Minimize(cost), rows)
    try:
        program.solve(solver=cp.CLARABEL)
    except cp.error.SolverError:
        return -np.inf
    output = sum(problem.weights[i] * p[i, a] @ problem.output[i] for i, a in enumerate(actions))
    return output - float(program.value) if program.status == "optimal" else -np.inf

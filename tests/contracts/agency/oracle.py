"""The least cost of every action by cvxpy, in utilities, from the numbers of a problem: no code of the library's."""

import cvxpy as cp
import numpy as np


def promised(utility, count):
    """Promised utilities, what they cost, and the limits of utility for limits of wages."""
    v, kind = cp.Variable(count), type(utility).__name__
    if kind == "RiskNeutral":
        return v, v, lambda wage: wage
    if kind == "CARA":
        a = utility.risk_aversion
        return v, -cp.log(-v) / a, lambda wage: -np.exp(-a * wage)
    wealth = utility.wealth
    if kind == "SquareRoot":
        return v, cp.square(v) - wealth, lambda wage: np.sqrt(wealth + wage)
    if kind == "Log" or utility.risk_aversion == 1:
        return v, cp.exp(v) - wealth, lambda wage: np.log(wealth + wage)
    rho = 1 - utility.risk_aversion
    return v, cp.power(rho * v, 1 / rho) - wealth, lambda wage: (wealth + wage) ** rho / rho


def least_cost(problem, action, solver=cp.CLARABEL):
    """What it costs to implement an action; inf where cvxpy finds nothing."""
    own, effort = problem.outcome_probabilities[action], problem.effort_cost
    v, cost, worth = promised(problem.utility, problem.n_outcomes)
    rows = [own @ v - effort[action] >= problem.reservation_utility]
    rows += [
        (own - other) @ v >= effort[action] - effort[b]
        for b, other in enumerate(problem.outcome_probabilities)
        if b != action and np.any(own != other)
    ]
    if any(np.array_equal(own, other) and effort[b] < effort[action]
           for b, other in enumerate(problem.outcome_probabilities)):  # fmt: skip
        return np.inf
    low, high = (np.broadcast_to(end, problem.n_outcomes) for end in problem.wages)
    end = -getattr(problem.utility, "wealth", np.inf)
    for o in range(problem.n_outcomes):
        if np.isfinite(low[o]) and low[o] > end:
            rows.append(v[o] >= worth(low[o]))
        if np.isfinite(high[o]):
            rows.append(v[o] <= worth(high[o]))
    kind = type(problem.utility).__name__
    if kind == "SquareRoot" or (kind == "CRRA" and problem.utility.risk_aversion < 1):
        rows.append(v >= 0)
    program = cp.Problem(cp.Minimize(own @ cost), rows)
    try:
        program.solve(solver=solver)
    except cp.error.SolverError:
        return np.inf
    return float(program.value) if program.status in ("optimal", "optimal_inaccurate") else np.inf

"""Programs in cvxpy handed to solvers, one setting after the other, whose errors do not get out."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

TIGHT = {"tol_gap_abs": 1e-11, "tol_gap_rel": 1e-11, "tol_feas": 1e-11, "max_iter": 200}
SHORTEST = 1e-3  # seconds that a solver is given when there is no time left
ATTEMPTS: tuple[tuple[str, dict[str, Any]], ...] = (("CLARABEL", TIGHT), ("CLARABEL", {}))


def attempts(goal: Any, tried: list[str], causes: list[str], deadline: float = np.inf) -> Iterator[str]:
    """Solve with one solver setting after the other; yields the names of those that finish.

    All are added to `tried`, and why some did not finish to `causes`. Solvers raise whatever their libraries do;
    nothing of that gets out.
    """
    import cvxpy as cp

    for solver, settings in ATTEMPTS:
        limit = {"time_limit": max(deadline - time.monotonic(), SHORTEST)} if np.isfinite(deadline) else {}
        name = f"{solver}, {'tight' if settings else 'default'} tolerances"
        tried.append(name)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # "solution may be inaccurate": the certificate measures it
                goal.solve(
                    solver=solver, warm_start=False, **settings, **limit
                )  # a failed attempt leaves nothing behind
        except (cp.error.SolverError, ValueError, ArithmeticError, np.linalg.LinAlgError) as exc:
            causes.append(f"{solver}: {exc or type(exc).__name__}")
            continue
        if goal.status != "user_limit" or time.monotonic() > deadline:
            yield name
        else:
            causes.append(f"{solver}: status {goal.status}")


def run(goal: Any, deadline: float = np.inf) -> bool:
    """Whether a solver has a solution of the program; the first that has one leaves it in the variables."""
    solved = ("optimal", "optimal_inaccurate", "user_limit")
    return any(goal.status in solved for _ in attempts(goal, [], [], deadline))

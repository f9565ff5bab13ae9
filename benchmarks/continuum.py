"""Continuous types: schedules against closed forms with their proven gaps, and the orders at which menus approach them.

    .venv/bin/python -m benchmarks.continuum [--types 16]

Every row has its truth, derived by hand, and how far the library is from it. The rival of a schedule is a menu for many
types, solved by the same library, and a program for cvxpy that knows none of its formulas.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.stats

from benchmarks.results import table
from contracts import Box, Quadratic, discretise, optimal_schedule, refine, solve_menu

Q = Quadratic()
UNIFORM = scipy.stats.uniform(0, 1)


def two_blocks(theta: Any) -> Any:
    """A density of 1.8 below 1/2 and .2 above: types in [4/9, 2/3] are pooled."""
    return np.where(np.asarray(theta) < 0.5, 1.8, 0.2)


TRUTHS: tuple[tuple[str, dict[str, Any], float], ...] = (
    ("Mussa-Rosen, uniform", {"distribution": UNIFORM, "cost": Q}, 1 / 12),
    ("exponential", {"distribution": scipy.stats.expon(), "cost": Q}, math.exp(-1)),
    ("power, F = t^2", {"distribution": scipy.stats.powerlaw(2), "cost": Q}, math.log(3) / 8),
    ("Pareto 3", {"distribution": scipy.stats.pareto(3), "cost": Q}, 2 / 3),
    ("reserve price", {"distribution": UNIFORM, "domain": Box()}, 1 / 4),
    ("two blocks, ironed", {"distribution": two_blocks, "support": (0, 1), "cost": Q}, 47 / 1620),
    (
        "Baron-Myerson",
        {"distribution": scipy.stats.uniform(1, 1), "cost": Q, "domain": Box(0, 10), "principal_value": 10.0,
         "types": "costs", "rent_weight": 0.5},
        34.125,
    ),
)  # fmt: skip


def by_cvxpy(count: int) -> float:
    """The uniform problem on lower quantiles, as somebody would write it."""
    import cvxpy as cp

    types = np.arange(count) / count
    amount, rent = cp.Variable(count), cp.Variable(count)
    rows = [amount >= 0, cp.diff(amount) >= 0, rent[0] == 0]
    rows.append(cp.diff(rent) == cp.multiply(amount[:-1], np.diff(types)))
    program = cp.Problem(cp.Maximize(cp.sum(cp.multiply(types, amount) - cp.square(amount) / 2 - rent) / count), rows)
    program.solve(solver=cp.CLARABEL)
    return float(program.value)


def timed(task: Callable[[], Any]) -> tuple[Any, float]:
    """What a task finds, and the shortest of three runs."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        found = task()
        times.append(time.perf_counter() - start)
    return found, min(times)


def schedules() -> str:
    """Closed forms beside what the library finds and proves."""
    rows = []
    for name, problem, truth in TRUTHS:
        found, seconds = timed(lambda problem=problem: optimal_schedule(**problem))
        rows.append(
            [name, f"{truth:.12g}", f"{found.value:.12g}", f"{found.value - truth:.1e}", f"{found.gap:.1e}",
             f"{seconds:.3f}"]
        )  # fmt: skip
    return table(["problem", "truth", "library", "off by", "proven gap", "seconds"], rows)


def orders(count: int) -> str:
    """How far menus for n, 2n and 4n types are from 1/12, and the order that shows."""
    rows = []
    for rule in ("midpoint", "quantile", "lower"):
        found = refine(UNIFORM, count, rule=rule, cost=Q, gap=1e-10)
        off = [f"{value - 1 / 12:.2e}" for value in found.values]
        last = found.errors[-1]
        rows.append([rule, *off, f"{found.order:.3f}", f"{found.extrapolated - 1 / 12:.1e}", f"{last.error:.1e}"])
    sizes = [f"n = {count * factor}" for factor in (1, 2, 4)]
    return table(["rule", *sizes, "order", "extrapolated off by", "bounds apart"], rows)


def rivals() -> str:
    """Other ways to the uniform schedule's value."""
    rows = []
    schedule, seconds = timed(lambda: optimal_schedule(UNIFORM, cost=Q))
    rows.append(["schedule", f"{schedule.value - 1 / 12:.1e}", f"{seconds:.3f}"])
    for count in (100, 1000):
        types = discretise(UNIFORM, count, rule="lower")
        menu, seconds = timed(lambda types=types: solve_menu(types.valuations, types.weights, cost=Q))
        rows.append([f"menu for {count} types", f"{menu.value - 1 / 12:.1e}", f"{seconds:.3f}"])
        value, seconds = timed(lambda count=count: by_cvxpy(count))
        rows.append([f"cvxpy, {count} types", f"{value - 1 / 12:.1e}", f"{seconds:.3f}"])
    return table(["way", "off by", "seconds"], rows)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.continuum", description=__doc__)
    parser.add_argument("--types", type=int, default=16, help="types at the coarsest level (16)")
    count = parser.parse_args().types
    print("\n\n".join([schedules(), orders(count), rivals()]))


if __name__ == "__main__":
    main()

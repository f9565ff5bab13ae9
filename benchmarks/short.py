"""Short menus: dynamic programming beside a plain one and a mixed-integer program, with certificates.

    .venv/bin/python -m benchmarks.short [--types 100000]

On a line the rival is the dynamic program that somebody would write, k n^2 / 2 pools in NumPy, told the virtual
valuations; from a list it is one mixed-integer program with a big M, for the same solver. Values stand beside them, and
the gap is what the library proves.
"""

from __future__ import annotations

import argparse
import itertools
import time
from typing import Any

import numpy as np

from benchmarks.results import table
from contracts import Box, Menu, Quadratic, ScreeningProblem, solve_menu

SEED = 20240607
PLAIN = 4000  # types up to which the plain dynamic program is run
HEADER = ["problem", "types", "options", "library", "closed form or rival", "proven gap", "seconds", "rival's", "ratio"]


def plain_intervals(theta: Any, weights: Any, most: int) -> float:
    """The best of `most` pools by all pairs of ends, for cost q^2 / 2 and regular types."""
    above = np.append(np.cumsum(weights[::-1])[::-1][1:], 0.0)
    psi = theta - np.append(np.diff(theta), 0.0) * above / weights
    mass, moment = (np.append(0.0, np.cumsum(part)) for part in (weights, weights * psi))
    best = np.zeros(len(mass))
    for _ in range(most):
        now = best.copy()
        for end in range(1, len(mass)):
            pooled = np.maximum(moment[end] - moment[:end], 0.0) ** 2 / (2 * (mass[end] - mass[:end]))
            now[end] = max(now[end], float((best[:end] + pooled).max()))
        best = now
    return float(best[-1])


def plain_program(worth: Any, weights: Any, most: int) -> float:
    """Bundles at prices, one binary for each type and bundle, a big M for what is paid; by HiGHS through cvxpy."""
    import cvxpy as cp

    n_types, count = worth.shape
    big = float(worth.max())
    takes, offers = cp.Variable((n_types, count), boolean=True), cp.Variable(count, boolean=True)
    price, paid, utility = cp.Variable(count), cp.Variable((n_types, count)), cp.Variable(n_types)
    rows = [cp.sum(takes, axis=1) <= 1, cp.sum(offers) <= most, price >= 0, price <= big, paid >= 0]
    rows += [paid <= big * takes, utility == cp.sum(cp.multiply(worth, takes) - paid, axis=1), utility >= 0]
    for k in range(count):
        rows += [takes[:, k] <= offers[k], utility >= worth[:, k] - price[k] - big * (1 - offers[k])]
        rows += [paid[:, k] <= price[k], paid[:, k] >= price[k] - big * (1 - takes[:, k])]
    program = cp.Problem(cp.Maximize(weights @ cp.sum(paid, axis=1)), rows)
    program.solve(solver=cp.HIGHS)
    return float(program.value)


def timed(task: Any) -> tuple[Any, float]:
    """What a task finds, and how long it takes."""
    start = time.perf_counter()
    found = task()
    return found, time.perf_counter() - start


def row(name: str, menu: Menu, most: int, seconds: float, rival: float, rivals: float) -> list[str]:
    """One line of the table."""
    ratio = f"{rivals / seconds:.1f}" if rivals > 0 else "-"
    own = f"{rivals:.2f}" if rivals > 0 else "-"
    gap = f"{max(menu.certificate.relative_gap, 0.0):.1e}" + ("" if menu.certificate.holds else " (open)")
    found = f"{menu.value:.10g}"
    return [name, str(menu.problem.n_types), str(most), found, f"{rival:.10g}", gap, f"{seconds:.2f}", own, ratio]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.short", description=__doc__)
    parser.add_argument("--types", type=int, default=100_000, help="the most types on a line (100000)")
    most_types = parser.parse_args().types
    rows = []
    for count, most in itertools.product((1000, PLAIN, most_types), (2, 10)):
        theta, weights = np.arange(count) / count, np.full(count, 1.0 / count)
        problem = ScreeningProblem(theta, weights, cost=Quadratic())
        menu, seconds = timed(lambda problem=problem, most=most: solve_menu(problem, max_options=most))
        rival, rivals = most * (most + 1) / (3 * (2 * most + 1) ** 2), 0.0
        if count <= PLAIN:
            rival, rivals = timed(lambda t=theta, w=weights, most=most: plain_intervals(t, w, most))
        rows.append(row("uniform line", menu, most, seconds, rival, rivals))
    rng = np.random.default_rng(SEED)
    for count, most in ((12, 1), (12, 2), (12, 3)):
        theta = np.round(rng.uniform(0, 10, (count, 3)), 1)
        bundles = np.array(list(itertools.product([0.0, 1.0], repeat=3)))[1:]
        problem = ScreeningProblem(theta, domain=Box(0.0, 1.0))
        menu, seconds = timed(
            lambda problem=problem, most=most: solve_menu(problem, deterministic=True, max_options=most)
        )
        rival, rivals = timed(lambda p=problem, w=theta @ bundles.T, most=most: plain_program(w, p.weights, most))
        rows.append(row("whole bundles", menu, most, seconds, rival, rivals))
    for count, most in ((8, 2), (12, 2), (16, 2)):
        problem = ScreeningProblem(rng.uniform(0, 1, (count, 2)), cost=Quadratic())
        best = solve_menu(problem)
        menu, seconds = timed(lambda p=problem, most=most: solve_menu(p, max_options=most, time_limit=60.0))
        rows.append(row("two goods (beside: no limit)", menu, most, seconds, best.value, 0.0))
    print(table(HEADER, rows))


if __name__ == "__main__":
    main()

"""Every truth of the textbooks on contracts beside what the library finds, proves and takes: one table.

    .venv/bin/python -m benchmarks.truths [--cvxpy]

Truths are closed forms, or numbers that were published; the one with all probability is cvxpy's, as the published one
leaves some out. Gaps are those of certificates; rows without one are expressions. With --cvxpy the programs of hidden
action are timed as programs of cvxpy beside, in the same run.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import scipy.stats

import contracts
from benchmarks.continuum import TRUTHS as SCHEDULES
from benchmarks.hidden import by_cvxpy, published
from benchmarks.results import table
from contracts import Log, MoralHazardProblem, Quadratic, SquareRoot, models, symbolic
from tests.contracts.agency.test_forms import venture
from tests.contracts.agency.test_truths import grossman_hart, quickstart
from tests.contracts.models.test_buyers import THIRDS, TRAVELLERS

REPEATS = 3


class Found(NamedTuple):
    """What the library says, how far off it may be, and the program for cvxpy if there is one."""

    value: float
    gap: float | None
    rival: Callable[[], float] | None = None


Row = tuple[str, float | None, Callable[[], Found]]  # without a truth it is what cvxpy finds


def _wage_bill() -> Found:
    problem = grossman_hart()
    contract = contracts.solve_contract(problem)
    return Found(contract.expected_wage, contract.certificate.gap, lambda: _by_cvxpy(problem, 1))


def _by_cvxpy(problem: MoralHazardProblem, action: int) -> float:
    """The least cost of an action, u = sqrt w."""
    import cvxpy as cp

    own, effort = problem.outcome_probabilities[action], problem.effort_cost
    utility = cp.Variable(problem.n_outcomes)
    rows = [own @ utility - effort[action] >= problem.outcome_probabilities @ utility - effort, utility >= 0]
    rows.append(own @ utility - effort[action] >= problem.reservation_utility)
    program = cp.Problem(cp.Minimize(own @ cp.square(utility)), rows)
    program.solve(solver=cp.CLARABEL)
    return float(program.value)


def _published_cost() -> Found:
    problem = quickstart([79.999, 80.001])
    action = list(problem.actions).index("80")
    contract = contracts.solve_contract(problem, action)
    return Found(contract.expected_wage, contract.certificate.gap)


def _published_value() -> Found:
    contract = contracts.solve_contract(quickstart([99.999]), "100")
    return Found(contract.value, contract.certificate.gap)


def _all_probability() -> Found:
    line = published()
    others = np.linspace(0.0, 100.0, 101)
    problem = line.at(np.append(80.0, others[others != 80.0]))
    contract = contracts.solve_contract(problem, 0)
    return Found(contract.expected_wage, contract.certificate.gap, lambda: by_cvxpy(problem, 0, wealth=50.0))


def _debt() -> Found:
    compared = contracts.compare_contracts(venture())
    debt, both = compared.form("debt"), compared.form("monotone in both")
    return Found(float(np.abs(debt.wages - both.wages).max()), None)


def _noise() -> Found:
    chances, noise = np.array([[0.5, 0.3, 0.2], [0.2, 0.3, 0.5]]), np.array([0.25, 0.75])
    both = np.einsum("ao,s->aos", chances, noise).reshape(2, 6)
    problem = MoralHazardProblem(both, np.repeat([0.0, 5.0, 20.0], 2), [0.0, 0.1], Log(1.0), 0.5)
    contract = contracts.solve_contract(problem, 1)
    return Found(float(np.abs(np.diff(contract.wages.reshape(3, 2))).max()), contract.certificate.gap)


def _menu(problem: Any, read: Callable[[Any], float] = lambda menu: float(menu.value)) -> Found:
    menu = contracts.solve_menu(problem)
    return Found(read(menu), menu.certificate.gap)


def _schedule(problem: dict[str, Any]) -> Found:
    found = contracts.optimal_schedule(**problem)
    return Found(found.value, found.gap)


def _insured(**fields: Any) -> tuple[Any, Callable[[Any], Any]]:
    market = {"wealth": 100.0, "loss": 60.0, "utility": SquareRoot()}
    problem = models.insurance(**fields, **market)
    return problem, lambda menu: models.insured_consumption(menu.allocation, **market)


def _full_insurance() -> Found:
    problem, consumed = _insured(loss_probabilities=[0.5, 0.2], weights=[0.1, 0.9])
    return _menu(problem, lambda menu: float(np.diff(consumed(menu)[0])[0]))


def _indifference() -> Found:
    problem, _ = _insured(loss_probabilities=[0.5, 0.2], weights=[0.1, 0.9])
    return _menu(problem, lambda menu: float(np.diff((menu.problem.valuations @ menu.allocation.T)[0])[0]))


def _separation() -> Found:
    problem, consumed = _insured(loss_probabilities=[0.5, 0.2], market="competitive")
    return _menu(problem, lambda menu: float(consumed(menu)[1, 1]))


def _safe_after_loss() -> float:
    """What the safe consume after a loss: the indifference of the risky on the safe's fair line, a quadratic."""
    root = 2 * math.sqrt(70.0)
    return float(min(np.roots([1.0, -1.6 * root, 0.8 * root**2 - 88.0])) ** 2)


def _regulation() -> Found:
    """Laffont & Tirole, public money at 2, half efficient: costs on a grid, effort 1 and .5."""
    costs = np.arange(0.5, 2.5 + 1e-9, 0.125)
    psi = np.array([np.maximum(beta - costs, 0.0) ** 2 / 2 for beta in (2.0, 2.5)])
    problem = contracts.AgencyProblem(np.eye(len(costs)), 10 - 2 * costs - psi, psi, [0.5, 0.5], wages=(0.0, math.inf))
    menu = contracts.solve_contract(problem)
    return Found(menu.value, menu.certificate.gap)


def _few_options(k: int) -> Found:
    types = contracts.discretise(scipy.stats.uniform(0, 1), 4000)
    menu = contracts.solve_menu(types.valuations, types.weights, cost=Quadratic(), max_options=k)
    return Found(menu.value, menu.certificate.gap)


def _linear(read: str) -> Found:
    """LEN: slope 1 / (1 + r k v), surplus 1 / (2 k (1 + r k v)), at r = 2, k = 1/2, v = 3."""
    contract = symbolic.derive_linear_contract(risk_aversion=2, effort_cost="1/2", variance=3)
    return Found(float(getattr(contract, read)), None)


ROWS: tuple[Row, ...] = (
    ("Grossman & Hart, wage bill", 4.75, _wage_bill),
    ("  the same if effort is seen", 4.0, lambda: Found(
        float(contracts.solve_contract(grossman_hart()).first_best_cost[1]), None)),
    ("LEN, slope", 1 / 4, lambda: _linear("slope")),
    ("LEN, surplus", 1 / 4, lambda: _linear("surplus")),
    ("Innes: distance of the best from debt", 0.0, _debt),
    ("Holmstrom: use of a worthless signal", 0.0, _noise),
    ("Azevedo & Wolff, cost of action 80", 11.86989, _published_cost),
    ("  value of action 100", 80.18629, _published_value),
    ("  cost of 80 with all probability", None, _all_probability),
    ("Laffont & Tirole, regulation", 0.5 * (10 - 2 - 0.5 - 0.75) + 0.5 * (10 - 3.5 - 0.5625), _regulation),
    ("Stiglitz: insurance of the risky", 0.0, _full_insurance),
    ("  what they gain as the safe", 0.0, _indifference),
    ("Rothschild & Stiglitz, safe after loss", _safe_after_loss(), _separation),
    ("Courty & Li, two refunds", 2 / 3, lambda: _menu(
        models.sequential_screening(TRAVELLERS, [1 / 3, 2 / 3], values=THIRDS, unit_cost=1.0, refunds=[0.0, 1.0]))),
    ("Deneckere & McAfee, damaged", 0.55 * 6 + 0.45 * 1.5 - 0.55 * 0.5, lambda: _menu(
        models.damaged_goods([2.0, 6.0], [0.45, 0.55], damaged_values=[1.5, 2.0]))),
    ("2 options, 4,000 uniform tastes", 2 / 25, lambda: _few_options(2)),
    ("3 options, 4,000 uniform tastes", 4 / 49, lambda: _few_options(3)),
    *((name, truth, lambda problem=problem: _schedule(problem)) for name, problem, truth in SCHEDULES),
)  # fmt: skip


def measured(row: Row, *, with_cvxpy: bool) -> list[str]:
    """A row of the table: its shortest time of some runs."""
    name, truth, task = row
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        found = task()
        times.append(time.process_time() - start)
    start = time.process_time()
    rival = found.rival() if found.rival is not None and (with_cvxpy or truth is None) else math.nan
    rival_time = time.process_time() - start
    truth = rival if truth is None else truth
    cells = [name, f"{truth:.8g}", f"{found.value:.8g}", f"{found.value - truth:.1e}"]
    cells += ["" if found.gap is None else f"{found.gap:.1e}", f"{min(times):.4f}"]
    ratio = "" if math.isnan(rival) else f"{rival_time / min(times):.0f}"
    return [*cells, ratio] if with_cvxpy else cells


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.truths", description=__doc__)
    parser.add_argument("--cvxpy", action="store_true", help="time cvxpy beside, where it can state the program")
    with_cvxpy = parser.parse_args().cvxpy
    heads = ["problem", "truth", "library", "off by", "proven gap", "seconds of the processor"]
    heads = [*heads, "cvxpy's time / ours"] if with_cvxpy else heads
    print(table(heads, [measured(row, with_cvxpy=with_cvxpy) for row in ROWS]))


if __name__ == "__main__":
    main()

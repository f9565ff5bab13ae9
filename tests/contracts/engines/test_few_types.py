"""A few types in several goods: a dense interior point, against the whole program in cvxpy."""

import subprocess
import sys

import numpy as np
import pytest

import contracts as c
from contracts import solve_menu
from contracts.engines import cuts
from contracts.numerics import dense
from contracts.problem.costs import Exponential, Logarithm

COSTS = {
    "quadratic": c.Quadratic(np.array([[1.0, 0.4], [0.4, 2.0]])),
    "power": c.Power(3.0, [0.4, 0.7]),
    "exponential": Exponential([1.0, 0.5], [0.5, 0.6]),
    "logarithm": Logarithm([0.5, 0.8], [1.0, 2.0]),
    "linear": c.Linear([0.3, 0.2]),
}


@pytest.mark.parametrize("cost", list(COSTS))
@pytest.mark.parametrize("n_types", [3, 11])
def test_few_types_are_solved_as_the_whole_program_is(cost, n_types):
    rng = np.random.default_rng(n_types)
    domain = c.Box(0.0, 1.5) if cost == "linear" else c.NonNegative()
    problem = c.ScreeningProblem(
        1 + rng.random((n_types, 2)), rng.dirichlet(np.full(n_types, 4.0)), cost=COSTS[cost], domain=domain
    )
    menu, whole = solve_menu(problem), solve_menu(problem, method="reference")
    assert menu.engine == "cuts"
    assert menu.certificate.holds
    assert menu.value <= whole.upper_bound
    assert whole.value <= menu.upper_bound


def test_where_the_dense_system_has_no_digits_the_rounds_go_on(monkeypatch):
    tried = []
    monkeypatch.setattr(cuts, "minimise_densely", lambda *args, **kw: tried.append(1))
    menu = solve_menu(1 + np.random.default_rng(1).random((5, 2)), cost=c.Quadratic())
    assert tried
    assert menu.certificate.holds


def test_it_says_so_where_it_does_not_get_there(monkeypatch):
    monkeypatch.setattr(dense, "ITERATIONS", 2)
    master = cuts.master_of(c.ScreeningProblem([[1.0, 2.0], [2.0, 1.5]], cost=c.Quadratic()))
    program = master.program(np.array([1, 2]))
    assert dense.minimise_densely(program, cuts.first_point(program, *master.strict_point()), gap=1e-9) is None


def test_a_first_menu_of_a_few_types_starts_no_solver():
    code = (
        "import sys, contracts as c; c.solve_menu([[1.0, 2.0], [2.0, 1.0], [2.0, 2.5]], cost=c.Quadratic()); "
        "print('cvxpy' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["False"]

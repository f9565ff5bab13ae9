"""Where one engine leads to no certified menu, the next one does, and the menu says which ones ran."""

from dataclasses import replace

import numpy as np
import pytest

import contracts as c
from contracts.engines import cuts, dual, reference
from contracts.errors import SolverError

TWO_GOODS = c.ScreeningProblem([[1.0, 1.0], [1.0, 2.0], [2.0, 1.0]], cost=c.Quadratic())
POLICIES = c.ScreeningProblem(
    [[0.0, 1.0], [1.0, 0.0]],
    domain=c.Simplex(),
    cost=c.Entropy([0.5, 0.5], 1.0),
    outside_option=[0.5, 0.5],
    principal_values=[1.0, 0.0],
    transfers="none",
)


def breaks_down(problem, **options):
    raise SolverError("no digits are left", tried=("this one",))


@pytest.mark.parametrize(("problem", "module", "name"), [(TWO_GOODS, cuts, "cuts"), (POLICIES, dual, "dual")])
def test_an_engine_that_breaks_down_is_named_before_the_one_that_did_not(monkeypatch, problem, module, name):
    usual = c.solve_menu(problem)
    assert usual.engine == name
    monkeypatch.setattr(module, "solve", breaks_down)
    menu = c.solve_menu(problem)
    assert menu.engine.startswith(f"{name}, then reference (")
    assert menu.certificate.holds
    assert menu.value <= usual.upper_bound


def test_a_candidate_that_is_no_good_counts_as_an_engine_that_ran(monkeypatch):
    solve = cuts.solve

    def poor(problem, **options):
        found = solve(problem, **options)
        nothing = np.zeros_like(found.allocation)
        free = replace(found.multipliers, ic=found.multipliers.ic * 0.0)
        return replace(found, allocation=nothing, utility=0 * found.utility, multipliers=free)

    monkeypatch.setattr(cuts, "solve", poor)
    assert c.solve_menu(TWO_GOODS).engine.startswith("cuts, then reference")


def test_the_same_engine_again_is_a_second_attempt(monkeypatch):
    solve, runs = reference.solve, []

    def once_broken(problem, **options):
        runs.append(options)
        return breaks_down(problem) if len(runs) == 1 else solve(problem, **options)

    twins = c.ScreeningProblem([[1.0, 1.0], [1.0, 1.0 + 1e-9], [2.0, 1.0]], cost=c.Quadratic())
    monkeypatch.setattr(reference, "solve", once_broken)
    menu = c.solve_menu(twins, method="reference", gap=1e-3)
    assert len(runs) > 1
    assert menu.engine.startswith("reference")
    assert "second attempt" in menu.engine

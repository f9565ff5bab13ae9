"""A constant on all outcomes of a lottery is no taste: lines, twins and neighbours are looked for without it."""

import numpy as np
import pytest

import contracts as c
from contracts import solve_menu
from contracts.engines.ironing import line_of_tastes
from contracts.engines.program import menu_program
from contracts.problem.participation import tastes
from contracts.repair.sharing import twins_of

PLACES, ACTIONS = np.linspace(0, 1, 12), np.linspace(0, 1, 9)
BIASED = -((ACTIONS - PLACES[:, np.newaxis] - 0.1) ** 2)
LINEAR = 2 * PLACES[:, np.newaxis] * ACTIONS - ACTIONS**2


def delegated(utility, **more):
    return c.ScreeningProblem(utility, domain=c.Simplex(), transfers="none", principal_values=BIASED,
                              reservation_utility=-np.inf, **more)  # fmt: skip


@pytest.mark.parametrize("size", [0.0, 1.0, 1e3])
def test_squared_distances_lie_on_a_line_whatever_constants_types_have(size):
    constants = size * np.random.default_rng(3).normal(size=(12, 1))
    program = menu_program(delegated(LINEAR - (PLACES**2)[:, np.newaxis] + constants))
    assert len(program.tempted) == 2 * 11  # neighbours only, not all 132 pairs


def test_the_menu_is_the_same_in_both_forms():
    one, other = solve_menu(delegated(LINEAR)), solve_menu(delegated(-((ACTIONS - PLACES[:, np.newaxis]) ** 2)))
    assert one.certificate.holds
    assert other.certificate.holds
    assert other.value == pytest.approx(one.value, abs=2e-6 * abs(one.value))


def test_where_amounts_are_no_shares_a_constant_is_a_taste():
    box = c.ScreeningProblem(LINEAR - (PLACES**2)[:, np.newaxis], domain=c.Box())
    assert line_of_tastes(box) is None
    assert np.array_equal(tastes(c.Simplex(free_disposal=True), LINEAR), LINEAR)


def test_points_off_a_line_have_the_rows_of_all_pairs():
    bent = LINEAR + 0.1 * (PLACES[:, np.newaxis] ** 2) * ACTIONS**3
    assert line_of_tastes(delegated(bent)) is None


def test_an_outside_option_that_is_a_good_of_the_program_does_not_hide_the_line():
    constants = np.random.default_rng(5).normal(size=(12, 1))
    problem = c.ScreeningProblem(LINEAR + constants, domain=c.Simplex(), reservation_utility=-1.0 + constants[:, 0])
    assert problem.program.excludes
    found = tastes(problem.program.domain, problem.program.valuations)
    served = np.column_stack([np.tile(np.eye(9), 1), np.zeros(9)])  # every outcome for sure
    worth = served @ found.T
    plain = tastes(c.Simplex(), LINEAR) @ np.eye(9)
    assert np.ptp((worth.T - plain), axis=1) == pytest.approx(np.zeros(12), abs=1e-12)


def test_types_alike_up_to_a_constant_are_twins():
    values = np.array([[1.0, 2.0, 0.5], [1.0, 2.0, 0.5], [0.3, 2.0, 0.9]])
    problem = c.ScreeningProblem(values + np.array([[0.0], [0.7], [0.0]]), domain=c.Simplex())
    number = twins_of(problem)
    assert number[0] == number[1] != number[2]
    menu = solve_menu(problem, cost=c.Quadratic(0.3))
    assert menu.certificate.holds


@pytest.mark.slow
def test_a_thousand_random_types_of_which_a_mean_is_known_share_contracts_where_they_come_out_of_order():
    """Rows of all pairs, a million, took minutes."""
    rng = np.random.default_rng(0)
    types, weights = np.sort(rng.uniform(1.0, 2.0, 1000)), rng.dirichlet(np.ones(1000))
    mean = float(weights @ types)
    menu = c.solve_menu(types, weights, cost=c.Quadratic(), ambiguity=c.Moments(types, mean, mean))
    assert menu.certificate.holds
    assert "reference" in menu.engine

"""Cases that random search found, made small: each stands for a kind of problem that has a best menu and gets it."""

import numpy as np
import pytest

import contracts as c
from contracts.engines.strict import strict_menu


def test_a_ball_of_radius_nothing_around_equal_types_is_known_weights():
    """Prices of the whole program prove little there; those of menus at known weights are as sharp as ever."""
    values = np.array([4.08598121290381, 4.424056122870279, 4.293615419679743, 2.260886325881659, 4.293615419679743])
    weights = [0.04, 0.04, 0.04, 0.32, 0.56]
    menu = c.solve_menu(values, weights, cost=c.Quadratic(0.0158), ambiguity=c.Wasserstein(0.0))
    assert menu.certificate.holds
    assert menu.value == pytest.approx(c.solve_menu(values, weights, cost=c.Quadratic(0.0158)).value, rel=1e-6)


def test_where_everybody_pays_the_most_allowed_only_the_shares_to_the_last_digit_prove_it():
    """What costs nothing and has no end is given away until the limit on transfers is what the menu earns."""
    values = [[0.519, 0.396], [0.638, 0.515], [0.947, 0.824], [1.302, 1.179]]
    menu = c.solve_menu(
        values, [0.3, 0.4, 0.2, 0.1], cost=c.Linear([0.123, 0.0]), domain=c.NonNegative(), transfers=(-np.inf, 1.7)
    )
    assert menu.certificate.holds
    assert menu.value == pytest.approx(1.7, rel=1e-6)


@pytest.mark.parametrize("unit", [1e-9, 1e-6, 1.0, 1e6])
@pytest.mark.parametrize("share", [0.5, 1.0])
def test_welfare_in_any_unit_leads_to_the_same_menu(unit, share):
    """What solvers take for one is what welfare counts for: W and its weight, not W alone."""
    objective = c.Welfare(np.array([1.0, 0.9, 1.0]) * unit, c.Isoelastic(1.0), profit_weight=share * unit)
    menu = c.solve_menu(
        [[0.5, 1.0], [1.0, 0.75], [1.5, 0.25]],
        [0.3, 0.4, 0.3],
        cost=c.Quadratic(2.0),
        domain=c.NonNegative(),
        objective=objective,
        serving_cost=0.2,
        reservation_utility=[0.1, 0.1, 0.2],
    )
    assert menu.value / unit == pytest.approx({0.5: -0.221653611, 1.0: -0.775318863}[share], rel=1e-6)


def test_where_the_best_menu_pays_everybody_and_serves_nobody_it_serves_nobody():
    """Traces of service, a solver's noise, would cost more than the gap."""
    menu = c.solve_menu(
        [[0.02, 0.0175], [0.0025, 0.0175], [0.0225, -0.005], [0.005, 0.025], [0.0225, 0.0]],
        [0.295, 0.35, 0.0877, 0.1867, 0.0806],
        cost=c.Quadratic(70.0),
        domain=c.NonNegative(),
        reservation_utility=[-3e-6, -4e-6, 0.0, 4e-6, -2e-6],
        serving_cost=1e-5,
        objective=c.Welfare([1.25e-5, 1.25e-5, 1.15e-5, 1.25e-5, 1.15e-5], c.Isoelastic(1.0), profit_weight=0.5),
    )
    assert not menu.allocation.any()
    assert (menu.transfer < 0).all()


def test_rows_excused_already_do_not_hide_those_that_have_no_room_either():
    """Of rows with no room prices may be anything; those that still were to have some are measured by themselves."""
    values = [2.0, 8.0, 11.0, 8.0, 2.0, 7.0, 0.0, 3.0, 3.0, -2.0, 10.0, 4.0, 8.0, 7.0, 0.0, 10.0, -2.0, 10.0, 5.0, -1.0]
    first, second, everybody = np.arange(20) < 10, np.arange(20) >= 10, np.eye(20)
    rows = [
        c.LinearConstraint(utility=everybody[6] - everybody[9], lower=0.0, upper=0.0),
        c.LinearConstraint(allocation=everybody[10][:, np.newaxis], upper=0.0),
        c.LinearConstraint(utility=second / 10 - first / 10, upper=0.0),
    ]
    problem = c.ScreeningProblem(
        values, cost=c.Power(2.5), domain=c.Box(0.0, 1.5), constraints=rows, participation="compulsory"
    )
    strict = strict_menu(problem.program)
    assert strict is not None
    assert strict.utility.min() > 0.1
    assert strict.utility[first].mean() > strict.utility[second].mean() + 0.1

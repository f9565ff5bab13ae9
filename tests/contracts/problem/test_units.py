"""Without money nothing says what a unit of utility is: in any unit the menu is the same."""

import numpy as np
import pytest

import contracts as c
from contracts import models, solve_menu
from contracts.problem.units import in_units_of_utility, utility_unit

UNITS = (1e-9, 1e-6, 1e-3, 1e3, 1e6)
THRESHOLDS, STATES = np.array([0.9, 0.15, 0.4, 0.7]), np.array([0.0, 0.25, 0.5, 0.75, 1.0])
PRIOR, SHARES = np.array([0.3, 0.1, 0.2, 0.15, 0.25]), [0.3, 0.2, 0.1, 0.4]


@pytest.mark.parametrize("unit", UNITS)
def test_persuasion_is_the_same_in_any_unit_of_the_receivers(unit):
    one = solve_menu(models.persuasion_menu(THRESHOLDS, SHARES, states=STATES, prior=PRIOR))
    other = solve_menu(models.persuasion_menu(THRESHOLDS * unit, SHARES, states=STATES * unit, prior=PRIOR))
    assert other.certificate.holds
    assert other.value == pytest.approx(one.value, abs=1e-6)
    assert other.utility / unit == pytest.approx(one.utility, abs=1e-5)


@pytest.mark.parametrize("unit", UNITS)
def test_lotteries_with_rows_over_utilities_are_the_same_in_any_unit(unit):
    tastes = np.array([[4.0, 0.0, 1.0], [0.0, 3.0, 2.0]])

    def solved(unit):
        return solve_menu(
            models.lotteries(tastes * unit, [0.4, 0.6], principal_values=[0.0, 0.5, 1.0], transfers="none",
                             reservation_utility=unit),
            participation="compulsory", constraints=c.RentInequality(0.5 * unit, [0, 1], of="utility"),
        )  # fmt: skip

    one, other = solved(1.0), solved(unit)
    assert other.certificate.holds
    assert other.value == pytest.approx(one.value, abs=1e-6)
    assert other.shadow_prices["rent inequality"] * unit == pytest.approx(
        one.shadow_prices["rent inequality"], abs=1e-5
    )


def test_utilities_near_payoffs_are_left_in_their_unit():
    near = models.persuasion_menu(THRESHOLDS, SHARES, states=STATES)
    assert utility_unit(near) == 1.0
    assert utility_unit(c.ScreeningProblem([1e9, 2e9], cost=c.Quadratic())) == 1.0  # there money is utility


def test_a_problem_in_another_unit_asks_for_the_same_menu():
    problem = c.ScreeningProblem(
        [[4.0, 0.0], [0.0, 2.0]], domain=c.Simplex(), transfers="none", participation="compulsory",
        objective=c.WeightedSum(profit_weight=1.0, utility_weights=[0.5, 1.0]), reservation_utility=[1.0, 0.5],
        constraints=c.LinearConstraint(utility=[1.0, -1.0], upper=3.0),
    )  # fmt: skip
    other = in_units_of_utility(problem, 4.0)
    allocation = np.array([[0.5, 0.5], [0.25, 0.75]])
    assert other.objective_value(allocation, np.zeros(2)) == problem.objective_value(allocation, np.zeros(2))
    utilities = [each.utility(allocation, np.zeros(2)) for each in (problem, other)]
    assert utilities[1].tolist() == (utilities[0] / 4).tolist()
    held = [each.side_rows.activity(allocation, u) for each, u in zip((problem, other), utilities, strict=True)]
    assert held[0].tolist() == held[1].tolist()


def test_what_cannot_be_is_said_in_the_users_unit():
    with pytest.raises(c.InfeasibleMenuError, match="short by 5e\\+08"):
        solve_menu(
            models.lotteries([[1e9, 0.0]], principal_values=[0.0, 1.0], transfers="none", reservation_utility=1.5e9),
            participation="compulsory",
        )

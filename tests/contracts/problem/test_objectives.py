"""Objectives are sums of concave terms: what the sum is worth, that its bound holds, that engines agree on it."""

from dataclasses import replace

import numpy as np
import pytest

import contracts as c

TYPES = c.ScreeningProblem(
    [[1.0, 2.0], [2.0, 1.0], [1.5, 1.5]], [0.5, 0.3, 0.2], cost=c.Quadratic(), domain=c.Box(0.0, 3.0), transfers=(-2, 9)
)
HARM = np.array([[0.2, 0.0], [0.1, 0.4], [0.0, 0.0]])
SUMS = {
    "profit less harm": c.WeightedSum(profit_weight=1.0, allocation_values=-HARM),
    "no profit": c.WeightedSum(allocation_values=-HARM, utility_weights=[1.0, 0.5, 0.0]),
    "worst-off too": c.WeightedSum(
        profit_weight=0.7, worst_off_weight=0.8, utility_weights=0.1, allocation_values=-HARM
    ),
    "utility counts against": c.WeightedSum(profit_weight=1.0, utility_weights=-0.5, worst_off_weight=0.2),
    "everything": c.WeightedSum(
        profit_weight=1.0,
        allocation_values=[0.1, -0.2],
        utility_weights=0.2,
        worst_off_weight=0.3,
        welfare_weights=[1.0, 0.0, 2.0],
        function=c.Exponential(0.5),
    ),
}


@pytest.mark.parametrize("objective", SUMS.values(), ids=SUMS)
def test_weighted_sums_are_solved_to_a_rigorous_bound(objective):
    menu = c.solve_menu(replace(TYPES, objective=objective), method="reference")
    assert menu.certificate.holds
    assert menu.certificate.rigorous


@pytest.mark.parametrize("objective", SUMS.values(), ids=SUMS)
def test_the_value_of_a_weighted_sum_is_the_sum_over_agents(objective):
    menu = c.solve_menu(replace(TYPES, objective=objective), method="reference", gap=1e-4)
    terms, f = objective.terms((3, 2)), TYPES.weights
    per_agent = terms.profit_weight * menu.payoff + (terms.allocation_values * menu.allocation).sum(axis=1)
    per_agent = per_agent + terms.utility_weights * menu.utility
    if terms.function is not None:
        per_agent = per_agent + terms.welfare_weights * terms.function.value(menu.utility)
    assert menu.value == pytest.approx(f @ per_agent + terms.worst_off_weight * menu.utility.min(), rel=1e-13)


def test_a_harm_is_the_same_as_a_principal_who_minds_it():
    one = c.solve_menu(replace(TYPES, objective=SUMS["profit less harm"]))
    other = c.solve_menu(replace(TYPES, principal_values=-HARM))
    assert one.value == pytest.approx(other.value, rel=1e-7)
    assert one.upper_bound == pytest.approx(other.upper_bound, rel=1e-7)


@pytest.mark.parametrize(
    ("method", "problem"),
    [
        ("ironing", c.ScreeningProblem([1.0, 2.0, 4.0], [0.5, 0.3, 0.2], cost=c.Quadratic())),
        (
            "dual",
            c.ScreeningProblem(
                [[1.0, 0.0], [0.0, 2.0], [1.0, 0.5]],
                cost=c.Entropy([0.5, 0.5], 0.3),
                domain=c.Simplex(),
                transfers="none",
                outside_option=[0.4, 0.6],
            ),
        ),
    ],
)
def test_fast_engines_know_values_of_the_objective_own(method, problem):
    values = np.array([0.3, -0.2])[: problem.n_goods]
    objective = c.WeightedSum(profit_weight=0.6, allocation_values=values, utility_weights=0.2)
    problem = replace(problem, objective=objective)
    fast, slow = (c.solve_menu(problem, method=name) for name in (method, "reference"))
    assert fast.value == pytest.approx(slow.value, rel=1e-6)


def test_ties_go_to_the_contract_that_the_objective_likes():
    types = {"valuations": [[1.0, 1.0]], "transfers": "none", "domain": c.Simplex(free_disposal=False)}
    menus = [
        c.solve_menu(c.ScreeningProblem(**types, objective=c.WeightedSum(allocation_values=values, profit_weight=1.0)))
        for values in ([1.0, 0.0], [0.0, 1.0])
    ]
    assert [int(np.argmax(menu.allocation[0])) for menu in menus] == [0, 1]


def test_a_menu_for_a_weighted_sum_survives_saving(tmp_path):
    menu = c.solve_menu(replace(TYPES, objective=SUMS["everything"]), gap=1e-4)
    again = c.load_menu(menu.save(tmp_path / "menu.json"))
    assert again.certificate == menu.certificate


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"profit_weight": -1.0}, "profit_weight is -1.0: it must not be negative"),
        ({"worst_off_weight": -1.0}, "worst_off_weight is -1.0"),
        ({"function": c.WorstOff(), "welfare_weights": 1.0}, "give worst_off_weight instead"),
        ({"function": c.Isoelastic()}, "give both or neither"),
        ({"welfare_weights": 1.0}, "give both or neither"),
        ({"welfare_weights": [-1.0, 1.0, 1.0], "function": c.Isoelastic()}, "would not be concave"),
        ({"allocation_values": [1.0, 2.0, 3.0]}, r"allocation_values has shape \(3,\); expected \(3, 2\)"),
        ({"utility_weights": [1.0, 2.0]}, r"utility_weights has shape \(2,\); expected \(3,\)"),
    ],
)
def test_sums_that_make_no_sense_are_refused(fields, message):
    with pytest.raises(c.ProblemError, match=message):
        replace(TYPES, objective=c.WeightedSum(**fields))


@pytest.mark.parametrize("function", [c.Isoelastic(0.5), c.Isoelastic(1.0), c.Isoelastic(3.0), c.Exponential(2.0)])
def test_welfare_in_another_unit_of_money_is_the_same_welfare(function):
    utility, money = np.array([0.25, 1.0, 4.0]), 1e-4
    measured, unit, constant = function.measured(money)
    np.testing.assert_allclose(function.value(money * utility), unit * measured.value(utility) + constant, rtol=1e-12)


def test_nothing_is_worth_nothing_where_the_first_unit_is_not_worth_infinitely_much():
    assert c.Isoelastic(0.5).value(np.array([0.0, -1.0])).tolist() == [0.0, -np.inf]
    assert c.Isoelastic(1.0).value(np.zeros(1)) == c.Isoelastic(2.0).value(np.zeros(1)) == -np.inf

"""What menus are compared by: each objective against its definition, computed by hand."""

from dataclasses import replace

import numpy as np
import pytest

import contracts as c
from contracts.front.goals.goal import goal_of, goals_of
from inference import Logit

PROBLEM = c.ScreeningProblem(
    [[1.0, 3.0], [2.0, 1.0], [4.0, 0.5]],
    [0.5, 0.3, 0.2],
    cost=c.Quadratic(),
    domain=c.Box(0.0, 2.0),
    labels=("low", "middle", "high"),
    goods=("speed", "storage"),
)
MENU = c.solve_menu(PROBLEM)
F, X, T, U = PROBLEM.weights, MENU.allocation, MENU.transfer, MENU.utility
PROFIT = F @ (T - (X**2).sum(axis=1) / 2)

BY_HAND = [
    (c.Profit(), "profit", PROFIT),
    (c.TotalSurplus(), "total surplus", PROFIT + F @ U),
    (c.Surplus(), "surplus", F @ U),
    (c.Surplus("high"), "surplus of high", U[2]),
    (c.Surplus(["low", "high"]), "surplus of low and high", (0.5 * U[0] + 0.2 * U[2]) / 0.7),
    (c.WorstOff(), "worst-off", U.min()),
    (c.Welfare([2.0, 1.0, 0.0]), "welfare", PROFIT + F @ (U * [2, 1, 0])),
    (c.Harm([0.5, 0.0]), "harm", 0.5 * F @ X[:, 0]),
    (c.Harm(np.eye(3, 2)), "harm", 0.5 * X[0, 0] + 0.3 * X[1, 1]),
    (c.Access("low"), "access of low", X[0].sum()),
    (c.Access(goods="storage"), "access to storage", F @ X[:, 1]),
    (c.Misalignment("middle"), "misalignment of middle", 6.0 - PROBLEM.valuations[1] @ X[1]),
    (c.Misalignment(), "misalignment", F @ ([8.0, 6.0, 9.0] - np.einsum("ij,ij->i", PROBLEM.valuations, X))),
    (c.NumberOfOptions(), "number of options", len(MENU.options.transfers)),
    (c.Criterion("least paid", lambda menu: menu.transfer.min(), "min"), "least paid", T.min()),
]


@pytest.mark.parametrize(("objective", "name", "value"), BY_HAND, ids=[case[1] for case in BY_HAND])
def test_objectives_are_what_they_say(objective, name, value):
    goal = goal_of(PROBLEM, objective)
    assert goal.name == name
    assert goal.value(MENU) == pytest.approx(value, rel=1e-12, abs=1e-12)


def test_a_plain_function_of_a_menu_is_maximised_under_its_own_name():
    def highest_transfer(menu):
        return menu.transfer.max()

    goal = goal_of(PROBLEM, highest_transfer)
    assert (goal.name, goal.sense, goal.value(MENU)) == ("highest_transfer", "max", T.max())


def test_inequality_is_the_gini_coefficient_of_rents():
    rents = MENU.information_rent
    pairs = np.abs(rents[:, np.newaxis] - rents)
    gini = F @ pairs @ F / (2 * F @ rents)
    assert goal_of(PROBLEM, c.Inequality()).value(MENU) == pytest.approx(gini, rel=1e-12)


def test_there_is_no_inequality_where_nobody_gains():
    alone = c.solve_menu([1.0], cost=c.Quadratic())
    assert alone.information_rent.max() < 1e-9
    assert goal_of(alone.problem, c.Inequality()).value(alone) == pytest.approx(0.0, abs=1e-12)


def test_information_is_entropy_where_choice_reveals_the_type_and_nothing_where_it_is_noise():
    entropy = -F @ np.log(F)
    sharp, noisy = (goal_of(PROBLEM, c.Information(Logit(temperature))).value(MENU) for temperature in (1e-9, 1e9))
    taken = np.array([F[MENU.option_of_type == k].sum() for k in np.unique(MENU.option_of_type)])
    assert sharp <= entropy
    assert noisy == pytest.approx(0.0, abs=1e-12)
    separate = c.solve_menu([1.0, 2.0], [0.75, 0.25], cost=c.Quadratic(), reservation_utility=-0.1)
    split = goal_of(separate.problem, c.Information(Logit(1e-14))).value(separate)
    assert 0 < split <= -0.75 * np.log(0.75) - 0.25 * np.log(0.25) + 1e-12
    assert len(taken) >= 1


class OnlyLogLikelihood:
    def log_likelihood(self, utility):
        return Logit(0.5).log_likelihood(utility)


def test_information_takes_any_model_of_choice():
    whole, bare = (c.Information(model).value(MENU) for model in (Logit(0.5), OnlyLogLikelihood()))
    assert whole == pytest.approx(bare, rel=1e-12)


@pytest.mark.parametrize(
    ("objectives", "message"),
    [
        ([c.Profit()], "objectives has 1 entries: a front needs at least two"),
        ("profit", "objectives has 1 entries"),
        (("profit", "joy"), "no objective 'joy': there are profit, total-surplus, worst-off"),
        ("profit, suplus", "no objective 'suplus', did you mean 'surplus'"),
        ("profit, surplus:nobody", "names no type 'nobody': there are 'low', 'middle', 'high'"),
        ({"one": "profit", "other": "profit:low"}, "no objective 'profit:low'"),
        (3, "objectives is 3: give a list of at least two"),
        ([c.Profit(), c.Profit()], "two of the name 'profit': pass a dictionary"),
        ([c.Profit(), c.Surplus], "is no objective: use Profit"),
        ([c.Profit(), 3], "3 is no objective"),
        ([c.Profit(), c.Surplus("nobody")], "names no type 'nobody': there are 'low', 'middle', 'high'"),
        ([c.Profit(), c.Surplus(7)], "objective 'surplus of 7' names no type 7: there are 'low', 'middle', 'high'"),
        ([c.Profit(), c.Surplus([])], "an empty group of types"),
        ([c.Profit(), c.Access(goods="time")], "no good 'time': there are 'speed', 'storage'"),
        ([c.Profit(), c.Harm([1.0, 2.0, 3.0])], r"harm has shape \(3,\); expected \(2,\) or \(3, 2\)"),
        ([c.Profit(), c.Welfare(minimum_profit=1.0)], "holds no minimum_profit: put it into the problem"),
    ],
)
def test_objectives_that_make_no_sense_are_refused(objectives, message):
    with pytest.raises(c.ProblemError, match=message):
        c.pareto_front(PROBLEM, objectives)


def test_names_in_a_line_of_text_mean_the_objectives():
    spoken = goals_of(PROBLEM, "profit, Total surplus, worst_off,surplus:low+high, access:low, harm:storage=2+speed=1")
    meant = [c.Profit(), c.TotalSurplus(), c.WorstOff(), c.Surplus(["low", "high"]), c.Access("low"), c.Harm([1, 2])]
    menu = c.solve_menu(PROBLEM)
    for said, goal in zip(spoken, goals_of(PROBLEM, meant), strict=True):
        assert (said.name, said.sense, said.value(menu)) == (goal.name, goal.sense, goal.value(menu))
    mixed = goals_of(PROBLEM, {"money": "profit", "us": c.Surplus()})
    assert [goal.name for goal in mixed] == ["money", "us"]


def test_a_best_allocation_needs_a_bounded_domain():
    with pytest.raises(c.ProblemError, match=r"misalignment has no best allocation .* use a Box or a Simplex"):
        goal_of(replace(PROBLEM, domain=c.NonNegative()), c.Misalignment())


def test_a_choice_model_is_an_object():
    with pytest.raises(c.ProblemError, match=r"pass inference.Logit\(temperature=...\)"):
        c.Information(Logit)


@pytest.mark.parametrize(
    ("criterion", "message"),
    [
        (lambda: c.Criterion("mood", len, "up"), "objective 'mood' has sense 'up': use 'max' or 'min'"),
        (lambda: c.Criterion("mood", 3), "objective 'mood' has function 3: give a function of a menu"),
    ],
)
def test_a_criterion_is_a_function_that_is_to_be_high_or_low(criterion, message):
    with pytest.raises(c.ProblemError, match=message):
        criterion()


def test_an_objective_that_fails_is_named():
    def ratio(menu):
        return 1 / 0

    with pytest.raises(c.ProblemError, match="objective 'ratio' fails at a menu with ZeroDivisionError: ") as caught:
        c.pareto_front(PROBLEM, [c.Profit(), ratio], rng=np.random.default_rng(1))
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_value_that_is_no_number_is_refused():
    with pytest.raises(c.ProblemError, match="objective 'nothing' is nan at a menu"):
        goal_of(PROBLEM, c.Criterion("nothing", lambda menu: np.nan)).value(MENU)
    with pytest.raises(c.ProblemError, match="objective 'mood' is 'good' at a menu: give a function to numbers"):
        goal_of(PROBLEM, c.Criterion("mood", lambda menu: "good")).value(MENU)

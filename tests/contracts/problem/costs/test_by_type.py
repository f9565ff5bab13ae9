"""Costs that depend on who is served: insurance, credit, selection."""

import dataclasses

import numpy as np
import pytest

import contracts as c
from contracts.cli.problem_files import read_problem
from contracts.problem.costs import ByType, by_type
from contracts.repair.assign import tie_break

CLOSE = 2e-6


def by_hand(problem):
    """The value of the program, written in cvxpy without the library: sum of payoffs, IC and IR row by row."""
    import cvxpy as cp

    x, t = cp.Variable(problem.valuations.shape), cp.Variable(problem.n_types)
    a, f = problem.valuations, problem.weights
    costs = [problem.cost.costs[k] for k in problem.cost.index]
    payoff = sum(
        f[i] * (problem.principal_values[i] @ x[i] + t[i] - cp.sum(costs[i].expression(x[i : i + 1])))
        for i in range(problem.n_types)
    )
    utility = [a[i] @ x[i] - t[i] for i in range(problem.n_types)]
    rows = [x >= 0] + [utility[i] >= problem.reservation_utility[i] for i in range(problem.n_types)]
    rows += [utility[i] >= a[i] @ x[j] - t[j] for i in range(problem.n_types) for j in range(problem.n_types) if i != j]
    program = cp.Problem(cp.Maximize(payoff), rows)
    program.solve(solver=cp.CLARABEL)
    return program.value


def test_each_type_gets_what_its_own_cost_and_virtual_valuation_ask_for():
    menu = c.solve_menu([1.0, 2.0], [0.75, 0.25], cost=[c.Quadratic(1.0), c.Quadratic(2.0)])
    np.testing.assert_allclose(menu.allocation.ravel(), [2 / 3, 1.0], atol=CLOSE)  # 1 - (2 - 1) / 3, and 2 / 2
    assert menu.value == pytest.approx(0.75 * (2 / 3) ** 2 / 2 + 0.25 * 1.0, rel=CLOSE)
    assert menu.certificate.rigorous


def test_a_type_that_is_dear_to_serve_is_left_with_less_than_a_lower_one_and_both_are_pooled():
    problem = c.ScreeningProblem([1.0, 1.5], cost=[c.Quadratic(0.1), c.Quadratic(100.0)])
    menu = c.solve_menu(problem)
    assert menu.allocation[0, 0] == pytest.approx(menu.allocation[1, 0], rel=1e-4)  # allocations must rise
    virtual = 0.5, 1.5  # alone they would get 5 and 0.015
    assert menu.allocation[0, 0] == pytest.approx(sum(virtual) / 100.1, rel=1e-4)


def test_equal_types_of_different_cost_get_different_contracts_and_are_exactly_indifferent():
    menu = c.solve_menu([2.0, 2.0], cost=[c.Quadratic(1.0), c.Quadratic(2.0)])
    np.testing.assert_allclose(menu.allocation.ravel(), [2.0, 1.0], atol=1e-5)
    assert menu.utility[0] == menu.utility[1]
    assert menu.value == pytest.approx(1.5, rel=CLOSE)


@pytest.mark.parametrize("seed", range(6))
def test_every_engine_agrees_with_the_program_written_by_hand(seed):
    rng = np.random.default_rng(seed)
    n_types = int(rng.integers(2, 6))
    pool = [c.Quadratic(1.0), c.Quadratic([2.0, 0.5]), c.ExponentialCost(), c.Power(3.0)]
    problem = c.ScreeningProblem(
        rng.uniform(0.5, 3.0, size=(n_types, 2)),
        cost=[pool[k] for k in rng.integers(0, 4, n_types - 2)] + [pool[0], pool[1]],
        principal_values=rng.uniform(-0.2, 0.5, size=(n_types, 2)),
    )
    for method in ("reference", "cuts"):
        menu = c.solve_menu(problem, method=method)
        assert menu.certificate.rigorous
        assert menu.value == pytest.approx(by_hand(problem), rel=1e-5)


def test_prices_that_differ_by_type_are_principal_values():
    dear = c.solve_menu([2.0, 3.0], cost=[c.Linear(0.5), c.Linear(1.0)], domain=c.Box())
    same = c.solve_menu([2.0, 3.0], principal_values=[[-0.5], [-1.0]], domain=c.Box())
    assert dear.value == pytest.approx(same.value, rel=CLOSE)


def test_permuting_the_types_permutes_the_menu():
    costs = [c.Quadratic(1.0), c.Quadratic(2.0), c.Power(3.0)]
    taste = np.array([1.0, 2.0, 3.5])
    menu = c.solve_menu(taste, cost=costs)
    order = [2, 0, 1]
    other = c.solve_menu(taste[order], cost=[costs[k] for k in order])
    np.testing.assert_allclose(other.allocation, menu.allocation[order], atol=1e-5)


def test_one_cost_for_all_is_no_cost_by_type():
    problem = c.ScreeningProblem([1.0, 2.0], cost=[c.Quadratic(), c.Quadratic()])
    assert isinstance(problem.cost, c.Quadratic)
    assert c.solve_menu(problem).engine == "ironing"


def test_ties_go_to_the_option_that_is_cheaper_for_the_type_in_question():
    problem = c.ScreeningProblem([1.0, 1.0], cost=[c.Linear(0.5), c.Linear(1.5)], domain=c.Box(0.0, 2.0))
    payoff = tie_break(problem, (np.array([[1.0], [2.0]]), np.array([1.0, 2.0])))
    everybody = np.array([0, 0, 1, 1])
    assert payoff(everybody, np.array([0, 1, 0, 1])).tolist() == [0.5, 1.0, -0.5, -1.0]


def test_other_agents_break_ties_by_the_mean_cost():
    menu = c.solve_menu([1.0, 2.0], [0.75, 0.25], cost=[c.Quadratic(1.0), c.Quadratic(2.0)])
    assert menu.choose([1.5]).tolist() == [0]
    assert menu.choose(menu.problem.valuations.ravel()).tolist() == menu.option_of_type.tolist()


def test_payoffs_and_the_expected_value_count_each_type_at_its_own_cost():
    problem = c.ScreeningProblem([1.0, 2.0], cost=[c.Quadratic(1.0), c.Quadratic(4.0)])
    assert problem.payoff(np.ones((2, 1)), np.ones(2)).tolist() == [0.5, -1.0]
    assert problem.costs_of(np.array([[1.0], [2.0]])).tolist() == [[0.5, 2.0], [2.0, 8.0]]


def test_a_saved_menu_comes_back_to_the_bit(tmp_path):
    menu = c.solve_menu([1.0, 2.0, 3.0], cost=[c.Quadratic(1.0), c.ExponentialCost(), c.Quadratic(1.0)])
    again = c.load_menu(menu.save(tmp_path / "menu.json"))
    assert again.value == menu.value
    assert again.upper_bound == menu.upper_bound
    assert again.problem.cost.index.tolist() == [0, 1, 0]


def test_problem_files_list_one_cost_per_type(tmp_path):
    path = tmp_path / "risks.toml"
    path.write_text(
        "valuations = [1.0, 2.0]\n[[cost]]\nkind = 'quadratic'\n"
        "[[cost]]\nkind = 'total'\ncost = {kind = 'exponential'}\n"
    )
    cost = read_problem(path).cost
    assert isinstance(cost, ByType)
    assert [type(part) for part in cost.costs] == [c.Quadratic, c.Total]
    path.write_text("valuations = [1.0, 2.0]\ncost = ['quadratic', 'cubic']\n")
    with pytest.raises(c.ProblemError, match=r"cost\[1\] has kind 'cubic': known kinds are"):
        read_problem(path)


def test_a_problem_can_be_varied():
    problem = c.ScreeningProblem([1.0, 2.0], cost=[c.Quadratic(1.0), c.Quadratic(2.0)])
    assert dataclasses.replace(problem, weights=[0.5, 0.5]).cost.index.tolist() == [0, 1]
    assert isinstance(dataclasses.replace(problem, cost=c.Quadratic()).cost, c.Quadratic)


@pytest.mark.parametrize(
    "doubt", [{"ambiguity": c.TotalVariation(0.1)}, {"uncertainty": c.Interval(0.1)}], ids=["ambiguity", "uncertainty"]
)
def test_doubts_are_worth_no_more_than_certainty(doubt):
    problem = c.ScreeningProblem([1.0, 2.0], [0.6, 0.4], cost=[c.Quadratic(1.0), c.Quadratic(2.0)])
    known, doubtful = c.solve_menu(problem), c.solve_menu(dataclasses.replace(problem, **doubt))
    assert doubtful.certificate.holds
    assert doubtful.value < known.value


def test_units_do_not_matter():
    costs = [c.Quadratic(1.0), c.ExponentialCost(0.5)]
    menu = c.solve_menu([1.5, 2.0], cost=costs)
    scaled = c.solve_menu(np.array([1.5, 2.0]) * 2.0**-24, cost=by_type(costs).scaled(2.0**-4, 2.0**20))
    assert scaled.value == pytest.approx(menu.value / 2.0**20, rel=CLOSE)


def test_the_type_whose_allocation_grows_for_ever_is_named():
    with pytest.raises(c.UnboundedMenuError, match="to type 'cheap'"):
        c.solve_menu(
            [[1.0, 0.0], [0.0, 3.0]], cost=[c.Quadratic(), c.Linear(2.0)], labels=("dear", "cheap"), method="reference"
        )


@pytest.mark.parametrize(
    ("cost", "message"),
    [
        ([c.Quadratic()], r"cost has 1 entries for 2 types: .* \(for one per good use Separable"),
        ([c.Quadratic(), 3.0], r"cost\['high'\] is float: use Linear"),
        ([c.Quadratic(), c.Quadratic], r"cost\['high'\] is the class Quadratic"),
        ([c.Quadratic(), c.Quadratic([1.0, 2.0])], r"cost\['high'\]: Quadratic curvature has 2 entries for 1 goods"),
    ],
)
def test_costs_that_do_not_fit_are_refused_by_label(cost, message):
    with pytest.raises(c.ProblemError, match=message):
        c.ScreeningProblem([1.0, 2.0], cost=cost, labels=("low", "high"))


def test_ironing_says_why_it_does_not_apply():
    with pytest.raises(c.ProblemError, match="costs differ by type"):
        c.solve_menu([1.0, 2.0], cost=[c.Quadratic(1.0), c.Quadratic(2.0)], method="ironing")


def test_rows_of_nobody_in_particular_are_refused():
    with pytest.raises(ValueError, match="say whose they are"):
        by_type([c.Quadratic(1.0), c.Quadratic(2.0)]).value(np.ones((3, 1)))

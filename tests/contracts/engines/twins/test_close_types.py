"""Types closer than a solver's digits: what the rows between them say holds all the same, and is priced."""

import dataclasses

import numpy as np
import pytest

import contracts as c
from contracts.engines import reference
from contracts.engines.program import menu_program
from contracts.engines.twins.close_types import handed_on, in_steps, tree_of
from contracts.proof.bound import upper_bound

DISTANCES = (1e-3, 1e-5, 1e-6, 1e-7, 1e-9, 1e-12)
EQUAL = c.LinearConstraint(utility=[1.0, 0.0, -1.0], lower=0.0, upper=0.0)


@pytest.mark.parametrize("distance", DISTANCES)
def test_who_may_not_be_better_off_than_a_hair_lower_type_leaves_that_one_nothing(distance):
    # u_1 >= u_3 + (a_1 - a_3) x_3 and u_1 = u_3 say x_3 <= 0, however small the difference. What is left is the problem
    # of types 1 and 2: x_1 = 1.2 - (1.7 - 1.2), x_2 = 1.7, and the value is a third of .7^2 / 2 + 1.7^2 / 2.
    menu = c.solve_menu([1.2, 1.7, 1.2 - distance], cost=c.Quadratic(), constraints=[EQUAL])
    assert menu.certificate.holds
    assert menu.allocation[2, 0] <= 1e-9
    assert menu.allocation[0, 0] == pytest.approx(0.7, rel=1e-4)
    assert menu.value == pytest.approx((0.7**2 + 1.7**2) / 6, rel=2e-6)


@pytest.mark.parametrize("distance", DISTANCES)
def test_so_it_is_where_utilities_count(distance):
    # Per unit of weight: x_1 - x_1^4 of type 1 less what type 2 gains by it at its rate 1 - .75, and x_2 at full value.
    menu = c.solve_menu(
        [1.25, 1.75, 1.25 - distance],
        cost=c.Power(4.0),
        constraints=[EQUAL],
        objective=c.Welfare([0.375, 0.75, 0.375]),
    )
    low, high = 1.25 - 0.5 * 0.25, 1.75
    best = sum(worth * (worth / 4) ** (1 / 3) - (worth / 4) ** (4 / 3) for worth in (low, high)) / 3
    assert menu.certificate.holds
    assert menu.value == pytest.approx(best, rel=2e-6)


@pytest.mark.parametrize("distance", [1e-4, 1e-6, 1e-8])
def test_close_types_whom_the_principal_would_serve_in_the_wrong_order_share_what_they_differ_in(distance):
    # Rents of close types are as small as their differences, so everybody gets a + b but for good 0: type 2 values it
    # more than type 1, and so gets no less of it, where 1 and 3 would be right. Both get 2, which costs 1/2 each.
    menu = c.solve_menu(
        [[1.0, 2.0], [1.0 + distance, 2.0], [1.0, 2.0 + distance / 1000], [2.0, 1.0]],
        principal_values=[[2.0, 0.0], [0.0, 2.0], [1.0, 1.0], [0.0, 0.0]],
        cost=c.Quadratic(),
    )
    assert menu.certificate.holds
    assert menu.allocation[1, 0] >= menu.allocation[0, 0]
    assert menu.allocation == pytest.approx(np.array([[2.0, 2.0], [2.0, 4.0], [2.0, 3.0], [2.0, 1.0]]), rel=2e-3)
    assert menu.value == pytest.approx((13 + 17 + 13 + 5) / 8 - 1 / 4, rel=1e-4)


def test_exact_twins_have_one_utility_and_no_rows():
    problem = c.ScreeningProblem([1.0, 1.0, 2.0], principal_values=[[0.0], [1.0], [0.0]], cost=c.Quadratic())
    tree = tree_of(problem)
    program = in_steps(menu_program(problem), tree)
    assert tree.parent.tolist() == [0, 0, 2]
    assert program.basis.shape == (3, 2)
    assert not any({i, j} == {0, 1} for i, j in zip(program.tempted, program.tempter, strict=True))


def test_rows_between_close_types_are_rows_like_any_other():
    problem = c.ScreeningProblem([1.0, 1.0 + 1e-9, 1.0 + 3e-9, 2.0], cost=c.Quadratic())
    program = in_steps(menu_program(problem), tree_of(problem))
    largest = abs(program.ic.matrix).max(axis=1).toarray()
    assert np.all((largest > 0.5) & (largest <= 2.0))
    utility = np.array([0.3, 0.3 + 1e-9, 0.3 + 4e-9, 0.8])
    steps = np.linalg.lstsq(program.basis.toarray(), utility, rcond=None)[0]
    assert np.abs(steps).max() < 10  # steps, too, are numbers near one


def test_nobody_is_joined_to_types_further_away_or_whom_it_cannot_mimic():
    far = c.ScreeningProblem([1.0, 1.01, 2.0], cost=c.Quadratic())
    assert tree_of(far) is None
    close = c.ScreeningProblem([1.0, 1.0 + 1e-6, 2.0], cost=c.Quadratic())
    assert tree_of(close) is not None
    one_way = np.array([[True, True, True], [False, True, True], [True, True, True]])
    assert tree_of(dataclasses.replace(close, mimics=one_way)) is None


def test_the_program_in_steps_has_the_same_solution_and_the_same_bound():
    problem = c.ScreeningProblem(
        [[1.0, 0.5], [1.0005, 0.5], [0.5, 1.0], [0.5, 1.0]],
        principal_values=[[0.2, 0.0], [0.0, 0.1], [0.3, 0.0], [0.0, 0.3]],
        cost=c.Quadratic(),
    )
    plain, stepped = (reference.solve(problem, stepped=each) for each in (False, True))
    assert stepped.allocation == pytest.approx(plain.allocation, abs=1e-5)
    assert stepped.utility == pytest.approx(plain.utility, abs=1e-6)
    bounds = [upper_bound(problem, found.multipliers).value for found in (plain, stepped)]
    assert bounds[1] == pytest.approx(bounds[0], rel=1e-8)


def test_what_flows_into_a_type_and_not_out_is_handed_on_along_the_tree():
    problem = c.ScreeningProblem([1.0, 1.0, 1.0 + 1e-9, 2.0], cost=c.Quadratic())
    none = dataclasses.replace(c.solve_menu(problem).bound.multipliers, ir=np.array([1.0, 0.0, 0.0, 0.0]))
    none = dataclasses.replace(none, ic=(0.0 * none.ic).tocsr())
    ic = handed_on(problem, none, tree_of(problem)).ic.toarray()
    gain = problem.weights + ic.sum(axis=0) - ic.sum(axis=1) - none.ir
    assert gain[:3].sum() == pytest.approx(-0.25)  # the last type is close to nobody: what it owes stays
    assert gain[1:3] == pytest.approx(0.0)


def test_where_all_types_are_twins_no_rows_are_left_and_none_are_missed():
    problem = c.ScreeningProblem([1.0, 1.0], principal_values=[[0.0], [1.0]], cost=c.Quadratic())
    found = reference.solve(problem, stepped=True)
    assert found.allocation.ravel() == pytest.approx([1.0, 2.0], abs=1e-6)
    assert found.utility == pytest.approx(0.0, abs=1e-8)
    assert upper_bound(problem, found.multipliers).value == pytest.approx((0.5 + 2.0) / 2, rel=1e-9)

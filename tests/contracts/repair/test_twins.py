"""Twins whom a row or the principal tells apart: indifferent where floats can say so, else with one contract."""

from fractions import Fraction

import numpy as np
import pytest

import contracts as c
from contracts.repair.sharing import twins_of

DIGITS = 0.3071814043196214  # a number whose 52 binary digits leave one good no two contracts that are worth the same


def reached(**fields):
    with pytest.raises(c.SolverError) as failure:
        c.solve_menu(**fields)
    return failure.value.reached


def merged(problem, weights, values):
    """The best menu when the first two types are one, whom the principal values as it does the two on average."""
    shares = np.array(weights[:2]) / sum(weights[:2])
    together = [shares @ values[:2], *values[2:]]
    return c.solve_menu(problem[1:], [sum(weights[:2]), *weights[2:]], principal_values=together, cost=c.Quadratic())


@pytest.mark.parametrize("values", [[[0.5], [0.1], [0.3]], [[0.1], [0.6], [0.2]]])
def test_where_floats_cannot_tell_twins_apart_the_best_contract_for_both_is_reached(values):
    types, weights = [[DIGITS], [DIGITS], [0.5]], [0.4, 0.2, 0.4]
    menu = reached(problem=types, weights=weights, principal_values=values, cost=c.Quadratic())
    assert menu.certificate.is_exact
    assert menu.value >= merged(types, weights, np.array(values)).value * (1 - 1e-8)


def test_who_is_paid_for_keeping_the_outside_contract_and_his_twin_are_exactly_indifferent():
    """A row gives the first twin .3, so the second, who may get nothing of the good, is paid .3 to the last digit."""
    low = c.LinearConstraint(allocation=[[0.0], [1.0]], upper=0.0)
    owed = c.LinearConstraint(utility=[1.0, 0.0], lower=0.3)
    menu = c.solve_menu([2.908537100028851] * 2, cost=c.Linear(1.0), domain=c.Box(0.0, 3.0), constraints=[low, owed])
    assert menu.allocation[:, 0].tolist() == [3.0, 0.0]
    assert menu.value == pytest.approx(0.5 * 3 * 1.908537100028851 - 0.3, rel=1e-6)
    (best, nothing), value = menu.transfer.tolist(), Fraction(2.908537100028851)
    assert 3 * value - Fraction(best) == -Fraction(nothing)


def test_twins_on_an_edge_that_two_goods_share_are_moved_inwards():
    """Where the budget binds one good moves against the other; a hair below it there are two that move."""
    goods = [[26.511890344133228, 7.069837425102194], [14.139674850204388, 51.256321331990905], [5.30237, 35.34918]]
    alike = c.LinearConstraint(allocation=[[0.0, 0.0], [0.0, 1.0], [0.0, -1.0], [0.0, 0.0]], lower=0.0, upper=0.0)
    menu = c.solve_menu(
        [goods[0], *goods], [0.26, 0.27, 0.31, 0.16], cost=c.Quadratic([[53.0, -26.5], [-26.5, 57.5]]),
        domain=c.Polyhedron([[1.0, 1.0], [-1.0, 0.0], [0.0, -1.0]], [1.0, 0.0, 0.0]), constraints=[alike],
    )  # fmt: skip
    assert menu.certificate.holds
    assert menu.allocation[:2].sum(axis=1) == pytest.approx(1.0, abs=1e-6)
    assert menu.allocation[1, 1] > menu.allocation[0, 1] + 1e-3


def test_an_engine_that_was_asked_for_is_the_one_that_answers():
    """Others than the reference engine are not helped out by it: their menus are their own, or an error."""
    tastes = 3e-9 * np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 1.0]])
    problem = c.ScreeningProblem(
        tastes, cost=c.Total(c.Quadratic(5e-10), [0.5, 0.5, 0.5]), domain=c.Simplex(),
        reservation_utility=[0.0, 0.0, 0.0, 1.25e-10], participation="compulsory",
    )  # fmt: skip
    try:
        found = c.solve_menu(problem, method="cuts")
    except c.SolverError as failure:
        found = failure.reached
    assert found is None or found.engine == "cuts"


@pytest.mark.parametrize("taste", [2.1, 1.7, 1.3])
def test_twins_a_whole_amount_apart_are_indifferent_in_decimals_of_one_good(taste):
    """Their transfers differ by the taste itself, which takes the last digit of the smaller one."""
    menu = c.solve_menu([taste] * 2, principal_values=[[0.0], [-1.0]], cost=c.Quadratic())
    assert menu.certificate.holds
    assert menu.allocation[:, 0] == pytest.approx([taste, taste - 1], rel=1e-5)


def test_decimals_of_one_good_come_as_near_as_their_grid():
    """Amounts 1.05 apart would be best, and floats say what 1 is worth: that costs .0003 of the value, not .1."""
    with pytest.raises(c.SolverError, match="equal valuations") as failure:
        c.solve_menu([2.1, 2.1], cost=[c.Quadratic(1.0), c.Quadratic(2.0)])
    reached = failure.value.reached
    assert reached.certificate.is_exact
    assert reached.value == pytest.approx(reached.upper_bound, rel=3e-4)
    assert reached.allocation[0, 0] - reached.allocation[1, 0] == 1.0


@pytest.mark.parametrize("worst", [704.0, 708.0, 744.0])
def test_what_nobody_would_be_given_has_no_size_at_which_it_counts(worst):
    """All the money by so little of a good is past the largest number: infinite, not 1, and no warning."""
    problem = c.ScreeningProblem(
        [[0.0, -worst], [0.0, -worst * (1 + 1e-12)]],
        [0.5, 0.5],
        cost=c.Entropy(reference=[0.5, 0.5], temperature=1.0),
        domain=c.Simplex(),
        transfers="none",
    )
    with np.errstate(over="raise"):
        assert twins_of(problem).tolist() == [0, 0]


@pytest.mark.parametrize("seed", [1, 2, 4])
def test_without_money_twins_are_exactly_indifferent_between_unlike_amounts(seed):
    """Nobody pays, so what the amounts differ by must be worth nothing: with four goods there are such amounts."""
    rng = np.random.default_rng(seed)
    taste, other = rng.uniform(0.1, 3.0, (2, 4))
    menu = c.solve_menu(
        [taste, taste, other],
        principal_values=rng.uniform(0.0, 2.0, (3, 4)),
        cost=c.Quadratic(1.0),
        domain=c.Box(0.0, 2.0),
        transfers="none",
    )
    assert menu.certificate.is_exact
    assert menu.certificate.relative_gap <= 1e-6
    first, second = ([Fraction(amount) for amount in row] for row in menu.allocation[:2].tolist())
    assert max(abs(a - b) for a, b in zip(first, second, strict=True)) > 0.1
    assert sum(Fraction(v) * (a - b) for v, a, b in zip(taste.tolist(), first, second, strict=True)) == 0

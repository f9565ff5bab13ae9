"""More problems that have a best menu and get it: what a solver's prices, last digits and odd statements hide."""

import dataclasses
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

import contracts as c
from contracts import solve
from contracts.exact.rationals import ExactUtilities
from contracts.proof.bound import upper_bound
from contracts.proof.multipliers import no_multipliers
from contracts.repair.lattice import indifferent_amounts, twin_groups
from contracts.repair.tight import exactly_repriced
from tests.contracts.test_solvable import certified

UP, DOWN = math.inf, -math.inf
TASTE = [0.6, 1.3, 1.8]  # three decimals: floats have nearly no two contracts that are worth exactly the same
NEAR = [math.nextafter(*pair) for pair in zip(TASTE, (UP, UP, DOWN), strict=True)]  # a last digit apart


def test_near_twins_who_are_given_all_there_is_pay_anything_between_what_the_two_would():
    """Floats have next to no contracts between which either is indifferent, and many that keep both from moving."""
    problem = c.ScreeningProblem([TASTE, NEAR], cost=c.Quadratic(), domain=c.Simplex(free_disposal=True))
    allocation = np.array([[0.13616232644671, 0.58708420248717, 0.27675347106612], [0.0, 0.68920594732, 0.31079405268]])
    transfer = np.einsum("ij,ij->i", problem.valuations, allocation)
    found = []
    for amounts in indifferent_amounts(problem, twin_groups(problem, allocation), allocation, transfer):
        assert problem.domain.violation(amounts).max() == 0
        if np.abs(amounts - allocation).max() < 1e-6:
            found += list(exactly_repriced(problem, amounts, np.einsum("ij,ij->i", problem.valuations, amounts)))
    assert found
    for amounts, paid in found:
        utility = np.array(
            [
                [exact(value, one) - Fraction(price) for one, price in zip(amounts, paid, strict=True)]
                for value in (TASTE, NEAR)
            ]
        )
        assert utility[0, 0] >= utility[0, 1]
        assert utility[1, 1] >= utility[1, 0]
        assert paid == pytest.approx(transfer, rel=1e-6)


def exact(values, amounts):
    return sum(Fraction(value) * Fraction(float(amount)) for value, amount in zip(values, amounts, strict=True))


def test_near_twins_at_an_edge_are_put_in_order_by_moving_the_others():
    """The second has the least of the first good, and must not have more of it than the first: nor can it have less."""
    values = [[-38843.13779146715, 213637.2578530693], [-38843.137791467154, 213637.2578530693]]
    least = 0.00024013171796760058
    problem = c.ScreeningProblem(values, cost=c.Quadratic(), domain=c.Box([least, 0.0], [0.0012, 0.00096]))
    allocation = np.array([[least, 0.00031400433398445305], [least, 5.204274883168655e-05]])
    transfer = np.einsum("ij,ij->i", problem.valuations, allocation)
    moved = indifferent_amounts(problem, twin_groups(problem, allocation), allocation, transfer)
    found = [amounts for amounts in moved if np.abs(amounts - allocation).max() < 1e-9]
    assert found
    for amounts in found:
        assert amounts[0, 0] > amounts[1, 0] >= least


def test_prices_found_in_units_of_noise_do_not_replace_those_of_the_problem():
    """Nobody is given anything: amounts of 1e-11 say nothing, and neither do prices in units of them."""
    problem = c.ScreeningProblem(
        [1.349505604007513] * 3 + [2.6169072025234157, 2.940963492951364],
        [0.1252060958918116, 0.199993420396729, 0.2897920141581383, 0.1969709835969494, 0.1880374859563718],
        cost=c.Quadratic(0.5), domain=c.Box(0.0, 3.0), transfers=(-math.inf, 1.0), reservation_utility=-1.0,
        principal_values=[[0.7822983], [-0.26976175], [-0.10322473], [-1.3304767], [-0.87988754]],
        participation="compulsory",
    )  # fmt: skip
    menu = certified(problem)
    assert menu.value == pytest.approx(1.0, rel=1e-9)
    assert menu.upper_bound == pytest.approx(1.0, rel=1e-9)


@pytest.mark.parametrize("scale", [1.0, 1e-6, 1e6])
def test_where_all_that_is_paid_is_paid_out_again_nothing_is_earned(scale):
    weights = [0.2, 0.3, 0.5]
    balanced = c.LinearConstraint(transfer=weights, upper=0.0)
    values = scale * np.array([-1.05, 1.7, 6.1])
    menu = c.solve_menu(values, weights, cost=c.Quadratic(scale), constraints=[balanced])
    assert menu.value == 0
    assert menu.upper_bound <= 1e-12 * scale


def test_a_row_that_does_not_bind_has_no_price_though_a_solver_gives_it_one():
    """Nothing may be given. A limit on utility is far away, but its price of 1e-9 is no less than that of amounts."""
    rows = [
        c.LinearConstraint(utility=[1.0], upper=0.0035658984260859192),
        c.LinearConstraint(allocation=[[1.0]], upper=0.0),
    ]
    menu = c.solve_menu(
        [[1.8886007197206103e-05]], cost=c.Linear([3.2520921997218825e-06]), domain=c.Box(0.0, 328948.09314362676),
        constraints=rows, participation="compulsory",
    )  # fmt: skip
    assert menu.value == 0
    assert menu.certificate.holds


@pytest.mark.parametrize("reserved", [-1e6, 3.0, 1e9])
def test_a_reservation_utility_that_all_have_in_common_does_not_cost_the_bound_digits(reserved):
    """Prices of close types are large, and their rounding times a million would be money."""
    problem = c.ScreeningProblem([1.0] * 3 + [2.0], cost=c.Quadratic(), participation="compulsory")
    around = csr_array(([1e6] * 3, ([0, 1, 2], [1, 2, 0])), shape=(4, 4))  # of equal types: it costs nothing
    prices = dataclasses.replace(no_multipliers(problem), ic=around)
    at_zero = upper_bound(problem, prices)
    shifted = upper_bound(dataclasses.replace(problem, reservation_utility=reserved), prices)
    assert shifted.rigorous
    assert shifted.value + reserved == pytest.approx(at_zero.value, abs=1e-13 * abs(reserved))
    one = [reserved - 1.0, reserved, reserved, reserved]  # who differs counts by what he differs
    apart = upper_bound(dataclasses.replace(problem, reservation_utility=one), prices)
    assert apart.value >= shifted.value


def test_limits_far_away_are_left_out_by_every_attempt_and_low_prices_of_overlapping_sets_are_tried():
    values = [236.8282936113797, 223.51189862867017, 223.50189862867015, 223.50189862867015, 223.50189862867018,
              21.88648494352884, 223.49189862867013]  # fmt: skip
    rows = [
        c.LinearConstraint(utility=[-1 / 3] * 3 + [0.25] * 4, upper=0.0),
        c.LinearConstraint(utility=[0.0] * 4 + [1.0, 0.0, 0.0], lower=0.03),
    ]
    menu = c.solve_menu(
        values, constraints=rows, transfers=(-1e8, 1e8), cost=c.Quadratic(150000.0), uncertainty=c.Interval(1.0),
        reservation_utility=[-0.09, 0.025, -0.089, -0.06, 0.021, -0.084, -0.081], participation="compulsory",
    )  # fmt: skip
    assert menu.value == pytest.approx(0.1293034121, rel=1e-6)
    assert "IC prices up to 3" in menu.engine


def test_goods_that_nobody_can_be_given_make_no_difference_in_taste():
    """Twins but for such a good can be exactly indifferent, as those without it are."""
    values = np.array([[3.0, 1.1], [3.0, 2.3], [3.0, 1.7], [1.0, 0.3]])
    gains = np.array([[0.0, 0.0], [-1.0, 0.4], [0.5, 0.0], [0.0, -0.7]])
    reserved, limits = [-1.0, 0.3, -0.4, 0.1], (-3.0, 2.5)
    given = {"reservation_utility": reserved, "transfers": limits, "participation": "compulsory"}
    with_it = c.solve_menu(
        values, cost=c.Quadratic(), domain=c.Box([0.0, 0.0], [2.0, 0.0]), principal_values=gains, **given
    )
    without = c.solve_menu(
        values[:, :1], cost=c.Quadratic(), domain=c.Box(0.0, 2.0), principal_values=gains[:, :1], **given
    )
    assert with_it.value == pytest.approx(without.value, rel=1e-6)
    assert with_it.problem.valuations.tolist() == values.tolist()
    assert not with_it.allocation[:, 1].any()
    again = c.verify(with_it.problem, with_it.allocation, with_it.transfer, multipliers=with_it.bound.multipliers)
    assert again.holds
    assert again.upper_bound == with_it.upper_bound


def test_where_nothing_at_all_can_be_given_it_costs_nothing_whatever_it_would_cost():
    amount, money = 1.30672e-05, 363.883
    costs = [c.Quadratic(money / amount**2), c.Logarithm([money], [amount / 2]), c.Power(4.0, 1.25e22), c.Linear(8e6)]
    menu = c.solve_menu([2.8e7, 4.2e7, 6.9e6, -1.4e7], cost=costs, domain=c.Box(0.0, 0.0), principal_values=-3.5e7)
    assert menu.value == 0
    assert menu.certificate.holds


def test_a_numerical_conjugate_on_an_edge_is_as_good_as_what_it_misses():
    """The first type's best amounts lie on an edge of a polyhedron, where cvxpy leaves the last digits open."""
    menu = c.solve_menu(
        [[0.5, 3.0], [2.0, 2.5]], [2 / 3, 1 / 3],
        cost=[c.Total(c.ExponentialCost(1.0, 1.0), [1.0, 1.0]), c.Power(2.5, 2.2)],
        domain=c.Polyhedron([[1.0, 1.0], [-1.0, 0.0], [0.0, -1.0]], [2.0, 0.0, 0.0]),
    )  # fmt: skip
    best = math.log(3.0)  # of 3 x - (e^x - 1), the first type's, whom nothing tempts
    alone = 3 * best - (math.exp(best) - 1)
    amounts = menu.allocation[1]
    second = np.array([2.0, 2.5]) @ amounts - 2.2 * (amounts**2.5).sum()
    assert menu.value == pytest.approx(2 / 3 * alone + second / 3, rel=1e-6)


@pytest.mark.parametrize("cost", [c.Quadratic(), c.Power(1.5, 0.7), c.Linear(0.3)])
def test_rows_that_state_a_box_are_the_box(cost):
    values, gains = [[1.0, 0.7], [1.6, 0.4], [0.2, 1.1]], [[0.1, -0.2], [0.0, 0.3], [0.2, 0.0]]
    rows = c.Polyhedron([[2.0, 0.0], [-1.0, 0.0], [0.0, 0.5], [0.0, -1.0]], [2.0, 0.0, 0.75, -0.25])
    box = c.Box([0.0, 0.25], [1.0, 1.5])
    stated, known = (c.solve_menu(values, cost=cost, domain=domain, principal_values=gains) for domain in (rows, box))
    assert stated.bound.rigorous
    assert stated.value == pytest.approx(known.value, rel=1e-6)
    assert rows.ends(2)[0].tolist() == [0.0, 0.25]
    assert rows.ends(2)[1].tolist() == [1.0, 1.5]
    assert c.Polyhedron([[1.0, 1.0], [-1.0, 0.0], [0.0, -1.0]], [1.0, 0.0, 0.0]).ends(2) is None
    assert c.Polyhedron([[3.0], [-1.0]], [1.0, 0.0]).ends(1) is None  # a third is no float


def test_the_best_menu_of_all_attempts_is_judged_by_the_lowest_bound_of_all(monkeypatch):
    """The first attempt reaches the menu, the second one only the bound."""
    problem = c.ScreeningProblem([1.0, 2.0, 3.0], [0.5, 0.3, 0.2], cost=c.Quadratic(), domain=c.Box(0.0, 9.0))
    best = c.solve_menu(problem)
    full, nothing = no_multipliers(problem), np.zeros(0)
    loose = solve.upper_bound(problem, full)
    well_sold = solve.assembled(problem, best.contracts, best.option_of_type, loose, "first", 1e-6)
    unsold = solve.assembled(
        problem, type(best.contracts)(np.empty((0, 1)), nothing), np.full(3, -1), best.bound, "second", 1e-6
    )
    assert not well_sold.certificate.holds
    assert not unsold.certificate.holds
    reached = iter([well_sold, unsold])

    def fails(*args, **fields):
        raise c.SolverError("not certified", reached=next(reached))

    monkeypatch.setattr(solve, "certified_menu", fails)
    monkeypatch.setattr(
        solve, "other_engines", lambda *_: iter([lambda _: solve.engine_for(problem, "ironing")(problem)])
    )
    menu = c.solve_menu(problem)
    assert menu.certificate.holds
    assert menu.value == best.value
    assert menu.upper_bound == best.upper_bound


@given(st.integers(-(2**150), 2**150), st.sampled_from([0, 20, 106, 1080]))
def test_the_largest_float_below_a_whole_number_of_units_is_found_by_its_digits(whole, places):
    exact_utilities = ExactUtilities(np.zeros((1, 1)), np.zeros((1, 1)), np.zeros(1))
    exact_utilities.places = places
    found = exact_utilities.below(whole)
    value = Fraction(whole, 1 << places)
    below = float(value)
    if below > value:
        below = math.nextafter(below, DOWN)
    assert Fraction(found, 1 << places) == Fraction(below)

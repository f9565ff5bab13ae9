"""Finitely many types for a continuum: weights, moments, orders of convergence, and errors bounded on both sides."""

import numpy as np
import pytest
import scipy.stats

import contracts as c
from tests.contracts.continuum.densities import two_blocks

Q = c.Quadratic()
UNIFORM = scipy.stats.uniform(0, 1)
TWO_GOODS = 0.5491867  # Manelli & Vincent (2006), two independent uniform goods: (12 + 2 sqrt(2)) / 27


@pytest.mark.parametrize("rule", ["midpoint", "lower", "quantile"])
def test_weights_are_exact_chances_of_cells_that_meet(rule):
    types = c.discretise(scipy.stats.beta(2, 3), 7, rule=rule)
    ends = scipy.stats.beta(2, 3).cdf(np.append(types.lower[:, 0], types.upper[-1]))
    assert types.weights == pytest.approx(np.diff(ends), abs=1e-14)
    assert np.array_equal(types.lower[1:], types.upper[:-1])
    assert np.all((types.lower <= types.valuations) & (types.valuations <= types.upper))


def test_quantile_cells_reach_to_infinity_and_their_types_are_medians():
    types = c.discretise(scipy.stats.expon(), 4, rule="quantile")
    assert types.valuations.ravel() == pytest.approx(-np.log(1 - np.array([1, 3, 5, 7]) / 8))
    assert types.upper[-1, 0] == np.inf


@pytest.mark.parametrize(
    ("distribution", "points"),
    [
        (scipy.stats.expon(), np.polynomial.laguerre.laggauss(6)),
        (UNIFORM, (np.polynomial.legendre.leggauss(6)[0] / 2 + 0.5, np.polynomial.legendre.leggauss(6)[1] / 2)),
        (scipy.stats.norm(0, 1), tuple(np.array(np.polynomial.hermite_e.hermegauss(6)) / [[1], [np.sqrt(2 * np.pi)]])),
    ],
)
def test_gauss_finds_the_points_of_the_classics(distribution, points):
    types = c.discretise(distribution, 6, rule="gauss")
    assert types.valuations.ravel() == pytest.approx(points[0], rel=1e-10, abs=1e-12)
    assert types.weights == pytest.approx(points[1], rel=1e-9)


def test_gauss_keeps_twice_as_many_moments_as_types():
    types = c.discretise(two_blocks, 5, rule="gauss", support=(0, 1))
    for power in range(10):
        exact = (1.8 * 0.5 ** (power + 1) + 0.2 * (1 - 0.5 ** (power + 1))) / (power + 1)
        assert types.weights @ types.valuations.ravel() ** power == pytest.approx(exact, rel=1e-12)


def test_several_goods_are_a_product():
    types = c.discretise([UNIFORM, scipy.stats.expon()], 3, rule="quantile")
    assert (types.n_types, types.n_goods) == (9, 2)
    assert types.weights == pytest.approx(1 / 9)
    first = c.discretise(UNIFORM, 3, rule="quantile").valuations.ravel()
    assert sorted(set(types.valuations[:, 0])) == pytest.approx(first)


def test_a_cell_where_nobody_is_has_no_type():
    types = c.discretise(lambda t: np.where((t < 1) | (t > 2), 0.5, 0.0), 6, support=(0, 3))
    assert types.n_types == 4
    assert c.solve_menu(types.valuations, types.weights, cost=Q).certificate.holds


# ---- convergence ----


@pytest.mark.parametrize(("rule", "order", "error"), [("midpoint", 1, 3e-5), ("quantile", 1, 3e-5), ("lower", 2, 1e-9)])
def test_values_approach_the_closed_form_at_the_stated_order(rule, order, error):
    found = c.refine(UNIFORM, 16, rule=rule, cost=Q, gap=1e-10)
    assert found.order == pytest.approx(order, abs=0.05)
    assert found.extrapolated == pytest.approx(1 / 12, abs=error)
    assert abs(found.extrapolated - 1 / 12) < abs(found.values[-1] - 1 / 12) / 10


def test_lower_ends_converge_at_order_two_where_types_are_pooled_too():
    found = c.refine(two_blocks, 20, rule="lower", support=(0, 1), cost=Q, gap=1e-10)
    assert found.order == pytest.approx(2, abs=0.4)
    assert found.extrapolated == pytest.approx(47 / 1620, abs=2e-5)


# ---- errors on both sides ----


@pytest.mark.parametrize("rule", ["midpoint", "lower", "quantile"])
@pytest.mark.parametrize("count", [5, 40])
def test_the_error_is_bounded_on_both_sides(rule, count):
    types = c.discretise(UNIFORM, count, rule=rule)
    menu = c.solve_menu(types.valuations, types.weights, cost=Q)
    found = c.discretisation_error(menu, types)
    people = (np.arange(50_000) + 0.5) / 50_000  # who is between two of them moves what is earned by 1e-5 at most
    allocations, transfers = menu.options
    option = menu.choose(people[:, np.newaxis])
    earned = np.append(transfers - allocations[:, 0] ** 2 / 2, 0.0)[option].mean()
    assert found.earned_at_least - 1e-5 <= earned <= found.earned_at_most + 1e-5
    assert found.earned_at_least <= 1 / 12 <= found.optimum_at_most
    assert found.error <= 2 / count


def test_a_menu_for_lower_ends_earns_its_value_from_the_continuum():
    types = c.discretise(two_blocks, 60, rule="lower", support=(0, 1))
    menu = c.solve_menu(types.valuations, types.weights, cost=Q)
    found = c.discretisation_error(menu, types)
    assert found.earned_at_least == pytest.approx(menu.value, rel=1e-6)
    assert found.earned_at_most == pytest.approx(menu.value, rel=1e-6)
    assert found.earned_at_most <= 47 / 1620 <= found.optimum_at_most


def test_finer_cells_bound_what_is_earned_more_closely():
    coarse, fine = c.discretise(UNIFORM, 10), c.discretise(UNIFORM, 1000)
    menu = c.solve_menu(coarse.valuations, coarse.weights, cost=Q)
    before, after = c.discretisation_error(menu, coarse), c.discretisation_error(menu, fine)
    assert before.earned_at_least <= after.earned_at_least <= after.earned_at_most <= before.earned_at_most
    assert after.earned_at_most - after.earned_at_least < 1e-3 + (before.earned_at_most - before.earned_at_least) / 10


def test_two_goods_are_bounded_on_both_sides_too():
    found = c.refine([UNIFORM, UNIFORM], 3, domain=c.Box(0, 1), gap=1e-3)
    for error in found.errors:
        assert error.earned_at_least <= TWO_GOODS <= error.optimum_at_most
    bounds = [error.optimum_at_most for error in found.errors]
    assert bounds == sorted(bounds, reverse=True)
    assert found.extrapolated == pytest.approx(TWO_GOODS, abs=5e-3)
    assert "order" in str(found)


def test_a_cost_that_curves_limits_amounts_of_several_goods():
    """The principal loses on no option: |x|^2 / 2 <= v . x, a ball around v that reaches to v_k + |v|."""
    types = c.discretise([UNIFORM, UNIFORM], 4)
    menu = c.solve_menu(types.valuations, types.weights, cost=Q)
    distance = 2 * (1 / 8) * (1 + np.sqrt(2))
    found = c.discretisation_error(menu, types).optimum_at_most
    assert found == pytest.approx((np.sqrt(menu.value) + np.sqrt(distance)) ** 2, rel=1e-3)
    finer = c.discretise([UNIFORM, UNIFORM], 8)
    better = c.solve_menu(finer.valuations, finer.weights, cost=Q)
    assert c.discretisation_error(better, finer).earned_at_least <= found
    assert menu.allocation.max() <= 1 + np.sqrt(2)

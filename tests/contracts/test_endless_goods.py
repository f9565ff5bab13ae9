"""Linear costs where some goods have no end and others have one: bounds are finite, and linear programs agree."""

import numpy as np
import pytest
from scipy.optimize import linprog

import contracts as c
from contracts.proof.bound import upper_bound
from contracts.proof.multipliers import no_multipliers

INF = np.inf


def best_by_linear_program(valuations, price, lower, upper, rows=()):
    """The best value, equal weights, by scipy; columns are allocations, then utilities. Shares no code."""
    values = np.asarray(valuations, dtype=float)
    n_types, n_goods = values.shape
    width = n_types * n_goods

    def goods(who):
        return slice(who * n_goods, (who + 1) * n_goods)

    tempted = []
    for i in range(n_types):
        for j in range(n_types):
            if i != j:  # u_j + (a_i - a_j) . x_j <= u_i
                row = np.zeros(width + n_types)
                row[goods(j)], row[width + j], row[width + i] = values[i] - values[j], 1.0, -1.0
                tempted.append(row)
    limits = [0.0] * len(tempted)
    for row, least in rows:
        tempted.append(-np.append(np.ravel(row), np.zeros(n_types)))
        limits.append(-least)
    earned = np.append((values - price).ravel(), -np.ones(n_types)) / n_types
    ends = [*zip(lower, upper, strict=True)] * n_types + [(0.0, INF)] * n_types
    return -linprog(-earned, np.array(tempted), limits, bounds=ends, method="highs").fun


@pytest.mark.parametrize(
    ("valuations", "price", "lower", "upper"),
    [
        ([[1.0, 1.0], [0.8, 2.0], [0.5, 3.0]], [1.0, 0.0], [0.0, 0.0], [INF, 1.0]),
        ([[0.1, 1.0], [0.3, 2.0], [0.7, 3.0]], [0.7, 0.0], [-1.0, 0.0], [INF, 1.0]),
        ([[0.1, 1.0], [0.3, 2.0], [0.7, 3.0]], [0.7, 0.5], [0.0, -INF], [INF, 1.0]),
    ],
)
def test_a_good_without_an_end_beside_goods_with_one_has_a_finite_bound(valuations, price, lower, upper):
    menu = c.solve_menu(valuations, cost=c.Linear(price), domain=c.Box(lower, upper))
    assert menu.certificate.holds
    assert menu.certificate.rigorous
    assert menu.value == pytest.approx(best_by_linear_program(valuations, price, lower, upper), rel=1e-6)


def test_prices_of_a_row_count_what_goods_with_ends_are_worth():
    valuations, row = [[1.0, 1.0], [2.0, 2.0]], [[0.3, 0.0], [0.3, 0.0]]
    menu = c.solve_menu(
        valuations,
        cost=c.Linear([3.0, 0.0]),
        domain=c.Box([0.0, 0.0], [INF, 1.0]),
        constraints=[c.LinearConstraint(allocation=row, lower=0.7)],
    )
    best = best_by_linear_program(valuations, [3.0, 0.0], [0.0, 0.0], [INF, 1.0], [(row, 0.7)])
    assert menu.value == pytest.approx(best, rel=1e-6)


@pytest.mark.parametrize(("value", "finite"), [(1.0, True), (np.nextafter(1.0, 2.0), False)])
def test_a_last_digit_above_the_price_is_worth_any_amount(value, finite):
    """Prices of nothing at all: the one bound is what two goods in full are worth, the other none."""
    problem = c.ScreeningProblem(
        [[value, 1.0], [0.5, 2.0]], cost=c.Linear([1.0, 0.0]), domain=c.Box([0.0, 0.0], [INF, 1.0])
    )
    bound = upper_bound(problem, no_multipliers(problem)).value
    assert bound == pytest.approx(1.5) if finite else bound == INF


def test_a_last_digit_below_the_price_is_worth_most_where_amounts_are_most_negative():
    value = np.nextafter(1.0, 0.0)
    problem = c.ScreeningProblem(
        [[value, 1.0]], [1.0], cost=c.Linear([1.0, 0.0]), domain=c.Box([-1e9, 0.0], [INF, 1.0])
    )
    bound = upper_bound(problem, no_multipliers(problem)).value
    assert 1.0 + (1.0 - value) * 1e9 <= bound < 1.001


def test_costs_that_are_straight_for_some_types_only_are_bounded_by_what_is_hidden():
    """The second and fourth type's second, or first, good is free, so that only whom they tempt curbs their amounts."""
    values = [[2.0, 6.0], [2.0, 6.0], [12.0, 7.0], [6.0, 3.0], [1.0, 8.0]]
    costs = [c.Total(c.Quadratic(9.0), [1.0, 0.5]), c.Linear([2.0, 0.0]), c.Power(1.5, 4.0), c.Linear([1.0, 0.0])]
    menu = c.solve_menu(values, cost=[*costs, c.Quadratic(4.0)], domain=c.NonNegative())
    assert menu.certificate.holds
    assert menu.certificate.scale == pytest.approx(menu.upper_bound, rel=1e-3)


def test_a_straight_part_of_separable_costs_is_bounded_as_well():
    """The first type is worth serving without end, for its own sake; whom that tempts keeps it from being served."""
    menu = c.solve_menu(
        [[1.0, 1.0], [1.2, 2.0], [0.7, 0.3]], cost=c.Separable([c.Linear(1.0), c.Quadratic()]),
        principal_values=[[0.1, 0.0], [-0.3, 0.0], [0.0, 0.0]], domain=c.NonNegative(),
    )  # fmt: skip
    assert menu.certificate.holds

"""Concave welfare beside sums of money far above, or far below, those at which it bends."""

import numpy as np
import pytest

import contracts as c

COSTS = [c.Power(1.01), c.Power(1.01, 2.0), c.Power(1.1), c.Power(1.5), c.Quadratic(1e-3)]


@pytest.mark.parametrize("cost", COSTS, ids=repr)
@pytest.mark.parametrize("tastes", [[5.0, 3.0], [0.5, 0.3], [1.5, 1.2, 0.9]])
@pytest.mark.parametrize("aversion", [1.0, 5.0, 40.0])
def test_surplus_far_from_where_welfare_bends_leaves_a_best_menu(aversion, tastes, cost):
    menu = c.solve_menu(tastes, cost=cost, objective=c.Welfare(1.0, c.Isoelastic(aversion)))
    assert menu.certificate.holds


def test_who_has_next_to_nothing_is_paid_until_a_unit_costs_what_it_counts():
    """The second type has a rent of about 1,000, where welfare is flat: the first has all that it asks for."""
    menu = c.solve_menu([2.0, 3.0], cost=c.Quadratic(1e-3), objective=c.Welfare(1.0, c.Isoelastic(4.0)))
    low, high = menu.utility
    assert 0.5 * low**-4.0 == pytest.approx(1.0, rel=1e-3)
    assert high > 900.0


def test_without_surplus_everybody_has_what_welfare_asks_for():
    menu = c.solve_menu([0.5, 0.3], cost=c.Power(1.01, 2.0), objective=c.Welfare(1.0, c.Isoelastic(2.0)))
    assert menu.utility == pytest.approx([1.0, 1.0], rel=1e-3)
    assert menu.value == pytest.approx(-2.0, rel=1e-6)
    assert np.abs(menu.allocation).max() < 1e-3


def test_a_type_of_vanishing_weight_has_a_price_of_utility_all_the_same():
    """A solver's digits take more from it than it weighs; twins with other social weights have prices both ways."""
    menu = c.solve_menu(
        [[1.5, 1.6], [1.5, 1.6], [0.3, 2.1], [2.4, 1.4], [0.8, 2.9], [1.5, -0.4]],
        [0.23, 0.215, 0.155, 0.22, 2.5e-13, 0.18 - 2.5e-13], cost=c.Quadratic(0.1), participation="compulsory",
        objective=c.Welfare([1.25, 1.15, 1.25, 1.25, 1.25, 0.25], c.Isoelastic(1.0), 0.5),
    )  # fmt: skip
    assert menu.certificate.holds


def test_where_nothing_can_be_given_the_dearest_profit_proves_that_nothing_is_best():
    """The first unit of utility would count infinitely much, so no price of the minimum profit is the last."""
    menu = c.solve_menu(
        [1.4, 2.2, 2.3], cost=c.Power(1.5, 0.5), domain=c.Box(0.0, 0.0), reservation_utility=-np.inf,
        objective=c.Welfare(1.0, c.Isoelastic(0.5), 0.0, 0.0),
    )  # fmt: skip
    assert menu.value == 0.0
    assert menu.certificate.holds

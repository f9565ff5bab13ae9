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
    """The second type has a rent of about 1,000, where the slope is 1e-12, so the first has all that welfare asks for."""
    menu = c.solve_menu([2.0, 3.0], cost=c.Quadratic(1e-3), objective=c.Welfare(1.0, c.Isoelastic(4.0)))
    low, high = menu.utility
    assert 0.5 * low**-4.0 == pytest.approx(1.0, rel=1e-3)
    assert high > 900.0


def test_without_surplus_everybody_has_what_welfare_asks_for():
    menu = c.solve_menu([0.5, 0.3], cost=c.Power(1.01, 2.0), objective=c.Welfare(1.0, c.Isoelastic(2.0)))
    assert menu.utility == pytest.approx([1.0, 1.0], rel=1e-3)
    assert menu.value == pytest.approx(-2.0, rel=1e-6)
    assert np.abs(menu.allocation).max() < 1e-3

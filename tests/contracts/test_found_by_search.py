"""Cases that random search found, made small: each stands for a kind of problem that has a best menu and gets it."""

import numpy as np
import pytest

import contracts as c
from contracts.repair.lattice import _nearest


def test_a_ball_of_radius_nothing_around_equal_types_is_known_weights():
    """Prices of the whole program prove little there; those of menus at known weights are as sharp as ever."""
    values = np.array([4.08598121290381, 4.424056122870279, 4.293615419679743, 2.260886325881659, 4.293615419679743])
    weights = [0.04, 0.04, 0.04, 0.32, 0.56]
    menu = c.solve_menu(values, weights, cost=c.Quadratic(0.0158), ambiguity=c.Wasserstein(0.0))
    assert menu.certificate.holds
    assert menu.value == pytest.approx(c.solve_menu(values, weights, cost=c.Quadratic(0.0158)).value, rel=1e-6)


def test_where_everybody_pays_the_most_allowed_only_the_shares_to_the_last_digit_prove_it():
    """What costs nothing and has no end is given away until the limit on transfers is what the menu earns."""
    values = [[0.519, 0.396], [0.638, 0.515], [0.947, 0.824], [1.302, 1.179]]
    menu = c.solve_menu(
        values, [0.3, 0.4, 0.2, 0.1], cost=c.Linear([0.123, 0.0]), domain=c.NonNegative(), transfers=(-np.inf, 1.7)
    )
    assert menu.certificate.holds
    assert menu.value == pytest.approx(1.7, rel=1e-6)


@pytest.mark.parametrize("digits", [0, 1100])
def test_a_lattice_with_steps_beyond_floats_in_one_direction_is_searched_all_the_same(digits):
    unit = np.array([1, 1 << digits], dtype=object)
    basis = np.array([[3, 1], [1, 4]], dtype=object)
    near = _nearest(np.array([1001, 777], dtype=object) * unit, basis * unit)
    assert [near[0], near[1] >> digits] == [1, 0]

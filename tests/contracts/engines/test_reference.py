"""The reference engine: rows of neighbours on a line, and of all pairs where these are too close."""

import numpy as np
import pytest

import contracts as c


@pytest.mark.parametrize("n_types", [50, 100])
def test_types_on_a_line_that_nearly_coincide_are_kept_in_order(n_types):
    """Random types lie as close as 1e-5: rows of neighbours alone left allocations out of order, and a gap of 4e-4."""
    taste = np.random.default_rng(3).uniform(1, 2, n_types)
    menu = c.solve_menu(taste, cost=c.Quadratic(), transfers=(0.0, 1.0), method="reference")
    assert np.diff(menu.allocation[np.argsort(taste), 0]).min() >= 0
    assert menu.certificate.holds

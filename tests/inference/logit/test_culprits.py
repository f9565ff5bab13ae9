"""Directions that decide every choice, and what choices say nothing of."""

import numpy as np
from scipy.optimize import linprog

from inference import ChoiceData
from inference.logit.culprits import contrasts_of, deciding


def test_deciding_directions_are_those_of_linear_programming():
    """Against the dual, Farkas: no direction decides if and only if positive weights balance the contrasts."""
    rng = np.random.default_rng(3)
    found = []
    for number in range(60):
        rows = rng.normal(size=(6, 3)) + np.array([0.5 * (number % 3), 0.0, 0.0])
        balance = linprog(np.zeros(6), A_eq=rows.T, b_eq=np.zeros(3), bounds=(1, None))
        found.append(bool(deciding(rows, ("a", "b", "c"))))
        assert found[-1] == (balance.status != 0)
    assert 5 < sum(found) < 55


def test_contrasts_leave_out_what_was_not_within_reach():
    data = ChoiceData([[[1.0], [2.0], [5.0]]], [0], available=[[True, True, False]])
    np.testing.assert_array_equal(contrasts_of(data), [[1.0]])

"""Types a last digit apart, whose order only a price of its own can say: what that price leaves of the flow."""

import numpy as np
import pytest

import contracts as c
from contracts.engines import reference
from contracts.proof.bound import upper_bound

LAST_DIGITS = np.array(
    [[0.31, 0.45, 0.71], [0.31, 0.45, 0.71], [0.31, np.nextafter(0.45, 1), 0.71], [0.05, 0.55, 0.14]]
)
WRONG_WAY = [[0.3, 0.6, -0.2], [-0.3, -0.2, 0.5], [0.2, -0.5, 0.6], [0.0, 0.0, 0.0]]  # the third should have less


@pytest.mark.parametrize("least", [(0.0, 0.0, 0.0, 0.0), (0.3, 0.0, 0.0, 0.0), (0.0, 0.0, 0.3, 0.1)])
def test_only_those_with_the_least_rent_stay_for_participations_sake(least):
    """The twins have one utility, so that only who is owed most is kept by its reservation utility."""
    problem = c.ScreeningProblem(
        LAST_DIGITS, [0.3, 0.2, 0.3, 0.2], principal_values=WRONG_WAY, cost=c.Quadratic(), reservation_utility=least,
        participation="compulsory",
    )  # fmt: skip
    found = reference.solve(problem.program, ordered=True)
    paid = np.einsum("ij,ij->i", LAST_DIGITS, found.allocation) - found.utility
    worth = float(problem.weights @ problem.payoff(found.allocation, paid))
    assert upper_bound(problem.program, found.multipliers).value == pytest.approx(worth, rel=1e-7)


def test_lotteries_that_are_worth_a_constant_more_to_a_twin_keep_it_for_that_much_less():
    tastes = LAST_DIGITS[:3] + np.array([[0.0], [0.25], [0.5]])
    problem = c.ScreeningProblem(
        tastes, principal_values=np.array(WRONG_WAY[:3]), cost=c.Quadratic(), domain=c.Simplex(),
        participation="compulsory",
    )  # fmt: skip
    found = reference.solve(problem.program, ordered=True)
    paid = np.einsum("ij,ij->i", tastes, found.allocation) - found.utility
    worth = float(problem.weights @ problem.payoff(found.allocation, paid))
    assert upper_bound(problem.program, found.multipliers).value == pytest.approx(worth, rel=1e-7)

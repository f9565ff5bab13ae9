"""What is computed a block of types at a time is the same to the bit as all at once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import contracts as c
from contracts.engines import ironing
from contracts.exact import line as exact_line
from contracts.proof import bound as proven

COSTS = (c.Quadratic(), c.Power(1.5), c.Linear(0.4))


def menus(problem, sizes):
    """The menu with blocks of each of these sizes."""
    found = []
    for size in sizes:
        with pytest.MonkeyPatch.context() as patch:
            for module in (ironing, exact_line, proven):
                patch.setattr(module, "IN_CACHE", size)
            found.append(c.solve_menu(problem))
    return found


@given(
    seed=st.integers(0, 10**6), size=st.integers(1, 9), cost=st.sampled_from(COSTS), favour=st.sampled_from([0.25, 0.5])
)
def test_menus_and_bounds_do_not_depend_on_the_size_of_blocks(seed, size, cost, favour):
    rng = np.random.default_rng(seed)
    theta = rng.uniform(0.0, 1.0, 24).round(int(rng.integers(1, 6)))  # some alike
    problem = c.ScreeningProblem(
        theta,
        rng.dirichlet(np.full(24, 0.5)) * 0.9 + 0.1 / 24,
        cost=cost,
        domain=c.Box(0.0, 2.0),
        objective=c.Welfare(favour),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("contracts.exact.best.ALL_PAIRS", 0)  # the exact comparison is by thresholds as well
        one, other = menus(problem, (10**6, size))
    assert np.array_equal(one.allocation, other.allocation)
    assert np.array_equal(one.transfer, other.transfer)
    assert one.value == other.value
    assert other.certificate.holds
    assert one.upper_bound == pytest.approx(other.upper_bound, rel=1e-12)


@given(seed=st.integers(0, 10**6), size=st.integers(1, 9))
def test_prices_of_pools_are_those_of_all_pools_together(seed, size):
    rng = np.random.default_rng(seed)
    theta, weights = np.sort(rng.uniform(0.0, 1.0, 40)), rng.dirichlet(np.ones(40))
    psi = theta + rng.normal(0.0, 0.3, 40)
    pooled = ironing._iron(psi, weights)
    together, apart = [], []
    for found, block in ((together, 10**6), (apart, size)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ironing, "IN_CACHE", block)
            lower, upper, price = ironing._pooling_prices(theta, weights * (psi - pooled), pooled)
        moved = np.zeros(40)
        np.add.at(moved, lower, price * (theta[upper] - theta[lower]))
        np.add.at(moved, upper, -price * (theta[upper] - theta[lower]))
        assert np.all(pooled[lower] == pooled[upper])
        found.append(moved)
    assert together[0] == pytest.approx(weights * (psi - pooled), abs=1e-12)
    assert apart[0] == pytest.approx(weights * (psi - pooled), abs=1e-12)


def test_one_number_for_all_types_is_kept_as_one():
    problem = c.ScreeningProblem(np.linspace(1.0, 2.0, 50), cost=c.Quadratic())
    assert problem.principal_values.shape == (50, 1)
    assert not any(problem.principal_values.strides)
    assert not any(problem.terms.utility_weights.strides)
    with pytest.raises(c.ProblemError, match="utility_weights"):
        c.WeightedSum(1.0, utility_weights=np.broadcast_to(np.nan, 50))

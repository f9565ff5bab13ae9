"""Limits on transfers of types on a line: the price of the one that binds, against the whole program."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import contracts as c
from contracts.engines import limited

COSTS = (c.Quadratic(), c.Power(3.0), c.Linear(0.3))


@settings(max_examples=25)
@given(
    st.lists(st.integers(4, 20), min_size=1, max_size=6),
    st.sampled_from(COSTS),
    st.sampled_from([(-np.inf, 0.3), (-0.2, 0.3), (0.05, np.inf), (0.0, 0.5), (-0.3, 1.0)]),
    st.sampled_from([0.0, 0.5, 1.0, 2.0]),
    st.sampled_from([0.0, 1.0, 3.0]),
    st.integers(0, 100),
)
def test_it_agrees_with_the_whole_program(types, cost, limits, welfare, below, seed):
    """Types may repeat, and value more, or less, or some of them more and others less."""
    rng = np.random.default_rng(seed)
    problem = c.ScreeningProblem(
        np.array(types) / 8 - below,
        rng.dirichlet(np.full(len(types), 3.0)),
        cost=cost,
        domain=c.Box(0.0, 1.0),
        principal_values=below,
        transfers=limits,
        objective=c.Welfare(welfare) if welfare else c.Profit(),
    )
    try:
        expected = c.solve_menu(problem, method="reference")
    except c.InfeasibleMenuError:
        with pytest.raises(c.InfeasibleMenuError):
            c.solve_menu(problem)
        return
    found = c.solve_menu(problem)
    size = max(abs(expected.value), expected.certificate.scale)
    assert abs(found.value - expected.value) <= 3e-6 * size
    assert found.upper_bound >= expected.value - 1e-9 * size


@pytest.mark.parametrize("n_types", [50, 3000])
def test_a_cap_pools_the_top_at_the_price_by_hand(n_types):
    """Types uniform on [1, 2], cost q^2/2, all pay at most 3/2.

    Whoever is given more leaves more rent to all above, the one at the cap included: that is worth the cap's price p.
    So q = 2 theta - 2 + p up to where the top is pooled.
    """
    types = np.linspace(1.0, 2.0, n_types)
    menu = c.solve_menu(types, cost=c.Quadratic(), transfers=(-np.inf, 1.5))
    assert menu.engine == "ironing at a limit's price"
    assert menu.certificate.relative_gap < 1e-9
    assert menu.transfer.max() == pytest.approx(1.5, rel=1e-8)
    assert np.ptp(menu.allocation[types > 1.75]) == 0  # bunched at the top
    rising = types < 1.5
    price = -menu.bound.multipliers.transfer.sum()
    assert menu.allocation[rising, 0] == pytest.approx(2 * types[rising] - 2 + price, abs=3 / n_types)
    assert np.ptp(menu.allocation[rising, 0] - 2 * types[rising]) < 1e-9
    assert limited.reason_against(menu.problem) is None


def test_a_limit_that_binds_nobody_costs_nothing():
    free = c.solve_menu(np.linspace(1, 2, 20), cost=c.Quadratic())
    menu = c.solve_menu(np.linspace(1, 2, 20), cost=c.Quadratic(), transfers=(-5.0, 50.0))
    assert menu.value == pytest.approx(free.value, rel=1e-12)
    assert not menu.bound.multipliers.transfer.any()


@pytest.mark.parametrize("unit", [1e-9, 1e9])
def test_units_change_nothing(unit):
    rng = np.random.default_rng(4)
    valuations, weights = rng.uniform(1, 2, 50), rng.dirichlet(np.full(50, 3.0))
    order = rng.permutation(50)
    plain = c.solve_menu(valuations, weights, cost=c.Quadratic(), transfers=(-np.inf, 1.0))
    scaled = c.solve_menu(
        unit * valuations[order],
        weights[order],
        cost=c.Quadratic(curvature=unit),
        transfers=(-np.inf, unit),
    )
    assert scaled.value == pytest.approx(unit * plain.value, rel=1e-9)
    assert scaled.bound.multipliers.transfer == pytest.approx(plain.bound.multipliers.transfer[order], rel=1e-6)


def test_where_several_limits_bind_another_engine_takes_over():
    menu = c.solve_menu([1.0, 1.5, 2.0], cost=c.Quadratic(), transfers=(0.2, 0.6), participation="compulsory")
    again = c.solve_menu(menu.problem, method="reference")
    assert menu.value == pytest.approx(again.value, rel=1e-6)

"""Ironing at a row's price against the whole program, closed forms and what a price means."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import contracts as c
from contracts.engines import priced_row

COSTS = (c.Quadratic(), c.Power(3.0), c.Linear(0.3))
ROWS = ("capacity", "coverage", "budget", "some types", "range", "equal shares", "utility")


def row(kind, share, n_types, rng):
    """A side constraint of a kind, whose limit moves over what menus may do as the share goes from 0 to 1."""
    weights = rng.uniform(-1, 1, n_types)
    return {
        "capacity": lambda: c.Capacity(share),
        "coverage": lambda: c.Coverage(0.9 * share),
        "budget": lambda: c.Budget(share),
        "some types": lambda: c.Coverage(0.9 * share, types=[0]),
        "range": lambda: c.LinearConstraint(
            allocation=np.ones(n_types), lower=0.3 * n_types * share, upper=0.4 * n_types
        ),
        "equal shares": lambda: c.LinearConstraint(allocation=weights, lower=0.0, upper=0.0),
        "utility": lambda: c.LinearConstraint(utility=np.abs(weights), upper=2 * share * n_types),
    }[kind]()


@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=6, unique=True),
    st.sampled_from(COSTS),
    st.sampled_from(ROWS),
    st.floats(0.05, 0.95),
    st.sampled_from([0.0, 0.5, 1.0, 2.0]),
    st.integers(0, 100),
)
def test_it_agrees_with_the_whole_program(types, cost, kind, share, welfare, seed):
    rng = np.random.default_rng(seed)
    valuations = np.array(types) / 16
    problem = c.ScreeningProblem(
        valuations,
        rng.dirichlet(np.full(len(types), 3.0)),
        cost=cost,
        domain=c.Box(0.0, 1.0),
        objective=c.Welfare(welfare) if welfare else c.Profit(),
        constraints=[row(kind, share, len(types), rng)],
    )
    assert priced_row.reason_against(problem) is None
    try:
        expected = c.solve_menu(problem, method="reference")
    except c.ContractError as refused:
        with pytest.raises(type(refused)):
            c.solve_menu(problem)
        return
    found = c.solve_menu(problem)
    assert found.engine.startswith("ironing")
    size = max(abs(expected.value), expected.certificate.scale)
    assert abs(found.value - expected.value) <= 3e-6 * size
    assert found.upper_bound >= expected.value - 1e-9 * size


@pytest.mark.parametrize("limit", [0.01, 0.05, 0.1, 0.2])
def test_a_capacity_of_a_uniform_line_has_the_price_by_hand(limit):
    """Types uniform on [0, 1], cost q^2/2: q = max(2 theta - 1 - p, 0), whose mean is (1 - p)^2 / 4."""
    n_types = 2000
    menu = c.solve_menu(
        (np.arange(n_types) + 0.5) / n_types,
        np.full(n_types, 1 / n_types),
        cost=c.Quadratic(),
        constraints=[c.Capacity(limit)],
    )
    assert menu.engine == "ironing at a row's price"
    assert menu.shadow_prices["capacity"] == pytest.approx(1 - 2 * np.sqrt(limit), abs=2e-3)
    assert menu.certificate.relative_gap < 1e-8


def test_a_row_that_does_not_bind_costs_nothing():
    problem = c.ScreeningProblem([1.0, 2.0], [0.5, 0.5], cost=c.Quadratic())
    menu = c.solve_menu(dataclasses.replace(problem, constraints=[c.Capacity(5.0)]))
    assert menu.value == pytest.approx(c.solve_menu(problem).value, rel=1e-12)
    assert menu.shadow_prices["capacity"] == 0


@pytest.mark.parametrize("n_types", [2, 3000])
def test_a_limit_at_which_allocations_jump_is_met_by_a_mixture(n_types):
    """A posted price serves those above it: half of the line's goods are sold by two prices, drawn by lot."""
    valuations = np.linspace(1.0, 2.0, n_types)
    menu = c.solve_menu(valuations, cost=c.Linear(0.0), domain=c.Box(0.0, 1.0), constraints=[c.Capacity(0.3)])
    assert menu.certificate.relative_gap < 1e-6
    assert menu.allocation.mean() == pytest.approx(0.3, abs=1e-9)


@pytest.mark.parametrize("unit", [1e-9, 1e9])
def test_units_change_nothing(unit):
    rng = np.random.default_rng(4)
    valuations, weights = rng.uniform(1, 2, 50), rng.dirichlet(np.full(50, 3.0))
    plain = c.solve_menu(valuations, weights, cost=c.Quadratic(), constraints=[c.Budget(1.2)])
    scaled = c.solve_menu(
        unit * valuations, weights, cost=c.Quadratic(curvature=unit), constraints=[c.Budget(1.2 * unit)]
    )
    assert scaled.value == pytest.approx(unit * plain.value, rel=1e-8)
    assert scaled.shadow_prices["budget"] == pytest.approx(plain.shadow_prices["budget"], rel=1e-6)


def test_what_cannot_be_met_is_said_in_the_users_words():
    with pytest.raises(c.InfeasibleMenuError, match="'coverage'"):
        c.solve_menu([1.0, 2.0], domain=c.Box(0.0, 1.0), cost=c.Quadratic(), constraints=[c.Coverage(1.5)])
    many = np.linspace(1.0, 2.0, 3000)
    with pytest.raises(c.InfeasibleMenuError, match="'coverage'"):
        c.solve_menu(many, domain=c.Box(0.0, 1.0), cost=c.Quadratic(), constraints=[c.Coverage(1.5)])


@pytest.mark.parametrize("row", ["capacity", "coverage", "weighted"])
def test_under_a_linear_cost_the_jump_is_found_where_two_lines_meet(row, monkeypatch):
    rng = np.random.default_rng(4)
    types, shares = 1 + rng.random(300), rng.dirichlet(np.ones(300))
    rows = {
        "capacity": c.Capacity(0.3),
        "coverage": c.LinearConstraint(allocation=shares, lower=0.9),
        "weighted": c.LinearConstraint(allocation=shares * rng.random(300), upper=0.1),
    }
    cost = c.Linear(1.2 if row == "coverage" else 0.2)
    problem = c.ScreeningProblem(types, shares, cost=cost, domain=c.Box(0.0, 1.0), constraints=rows[row])
    prices = []
    solved = priced_row.at_price
    monkeypatch.setattr(priced_row, "at_price", lambda *given: prices.append(given[-1]) or solved(*given))
    menu = c.solve_menu(problem)
    assert menu.certificate.holds
    assert len(prices) < 20  # halving takes some sixty
    monkeypatch.setattr(priced_row.PriceSearch, "jump", lambda *_: None)
    halved = c.solve_menu(problem)
    assert halved.value == pytest.approx(menu.value, rel=1e-9)
    assert halved.bound.multipliers.side == pytest.approx(menu.bound.multipliers.side, rel=1e-9)

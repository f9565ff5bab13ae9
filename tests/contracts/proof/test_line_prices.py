"""Prices of a long line without a matrix prove what the matrix proves, and become it when somebody asks."""

import copy
import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import contracts as c
from contracts.engines import ironing
from contracts.errors import ContractError
from contracts.proof.bound import upper_bound
from contracts.proof.flow import _flow
from contracts.proof.line_prices import LinePrices, line_prices

PRICES = st.floats(0.0, 4.0)


@st.composite
def banded(draw):
    """A band with prices of zero, and pairs that are neighbours or not, each once."""
    count = draw(st.integers(2, 9))
    down, up = (np.array(draw(st.lists(PRICES, min_size=count - 1, max_size=count - 1))) for _ in range(2))
    pairs = draw(st.sets(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(lambda p: p[0] < p[1])))
    lower, upper = (np.array([pair[k] for pair in sorted(pairs)], dtype=np.intp) for k in (0, 1))
    mutual = np.array([draw(st.floats(0.25, 4.0)) for _ in pairs])
    return line_prices(np.array(draw(st.permutations(range(count)))), down, up, lower, upper, mutual)


@given(banded(), st.randoms())
def test_slices_sum_what_the_matrix_does(stated, random):
    dense = stated.matrix().toarray()
    one, other = _flow(stated), _flow(stated.matrix())
    for name in ("inflow", "outflow", "met"):
        assert np.array_equal(getattr(one, name), getattr(other, name))
    worth = np.array([random.uniform(-2, 2) for _ in dense])
    terms = dense * (worth[:, np.newaxis] - worth)
    forced = stated.forced(worth)
    assert forced.total == pytest.approx(terms.sum(axis=0), abs=1e-12)
    assert forced.size == pytest.approx(np.abs(terms).sum(axis=0), abs=1e-12)
    assert np.array_equal(forced.number, (dense > 0).sum(axis=0))


@pytest.mark.parametrize("seed", range(12))
def test_a_line_without_its_matrix_is_bounded_as_with_it(seed, monkeypatch):
    monkeypatch.setattr(ironing, "MANY_TYPES", 1)
    rng = np.random.default_rng(seed)
    count = int(rng.integers(2, 80))
    tastes, weights = rng.random(count) + seed % 2, rng.random(count) + 0.01
    more = {"cost": c.Quadratic()}
    if seed % 3 == 1:  # types with costs, the dearest of which nobody is tempted by
        tastes, more = -tastes, {**more, "domain": c.Box(0.0, 1.0), "principal_values": 3.0}
    if seed % 3 == 2:
        more["objective"] = c.Welfare(rng.random(count))
    problem = c.ScreeningProblem(tastes, weights / weights.sum(), **more)
    try:
        found = ironing.solve(problem).multipliers
    except ContractError as refused:
        pytest.skip(f"no menu: {refused}")
    assert isinstance(found.stated_ic, LinePrices)
    bound = upper_bound(problem, found)
    usual = upper_bound(problem, replace(found, ic=found.stated_ic.matrix()))
    assert bound.value == pytest.approx(usual.value, rel=1e-13)
    assert bound.rigorous
    assert c.solve_menu(problem).certificate.holds


def test_the_matrix_is_made_when_asked_for(monkeypatch):
    monkeypatch.setattr(ironing, "MANY_TYPES", 1)
    menu = c.solve_menu(1 + np.random.default_rng(0).random(50), cost=c.Quadratic())
    assert isinstance(menu.bound.multipliers.stated_ic, LinePrices)
    twin = pickle.loads(pickle.dumps(copy.deepcopy(menu)))
    monkeypatch.undo()
    usual = c.solve_menu(menu.problem)
    for each in (menu, twin):
        assert (each.ic_multipliers != usual.ic_multipliers).nnz == 0
        assert not each.ic_multipliers.data.flags.writeable
        assert each.bound.multipliers.stated_ic is each.ic_multipliers

"""Prices that a solver leaves a little off the flow are put on it, also where one type after another runs short."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import contracts as c
from contracts.exact.rationals import EPS
from contracts.proof.bound import upper_bound
from contracts.testing.screening import plain_problems

MISSED = 1e-7  # share by which prices miss the flow


def disturbed(prices, seed):
    """The prices, each a little dearer or cheaper."""
    rng, ic = np.random.default_rng(seed), prices.ic.copy()
    ic.data *= 1 + MISSED * rng.uniform(-1, 1, ic.nnz)
    return replace(prices, ic=ic)


def check_on_the_flow(problem, prices):
    inflow, outflow = prices.ic.sum(axis=0), prices.ic.sum(axis=1)
    missed = problem.weights + inflow - outflow - prices.ir
    assert prices.ir.min() >= 0
    assert np.all(np.abs(missed) <= 64 * EPS * (problem.weights + inflow + outflow + prices.ir))


@pytest.mark.parametrize("seed", range(3))
def test_what_one_type_of_a_long_line_lacks_is_passed_on_to_all_below(seed):
    menu = c.solve_menu(np.linspace(1.0, 2.0, 1000)[:: (-1) ** seed], cost=c.Quadratic())
    bound = upper_bound(menu.problem, disturbed(menu.bound.multipliers, seed))
    check_on_the_flow(menu.problem, bound.multipliers)
    assert bound.rigorous
    assert bound.value >= menu.value
    assert bound.value - menu.value <= 10 * MISSED * menu.value


@given(plain_problems(), st.integers(0, 99))
def test_shortages_of_any_network_are_passed_on(problem, seed):
    prices = c.solve_menu(problem).bound.multipliers
    bound = upper_bound(problem, disturbed(prices, seed))
    check_on_the_flow(problem, bound.multipliers)


@pytest.mark.parametrize("function", [c.Isoelastic(), c.Isoelastic(0.5), c.Exponential()], ids=str)
@pytest.mark.parametrize("counts", [[1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 0.0]], ids=str)
@pytest.mark.parametrize("transfers", ["free", (-1.0, 3.0), (-np.inf, 3.0)], ids=str)
def test_welfare_of_some_is_proven_too(function, counts, transfers):
    """What a solver misses at types who do not count flows to those who do."""
    equal = c.Welfare(counts, function=function)
    menu = c.solve_menu(
        [1.0, 2.0, 3.0],
        [0.5, 0.3, 0.2],
        cost=c.Quadratic(),
        reservation_utility=0.1,
        objective=equal,
        transfers=transfers,
    )
    assert menu.certificate.holds
    assert menu.certificate.rigorous
    assert menu.certificate.relative_gap < 1e-9

"""Bounds and virtual valuations beside the same sums in rational numbers, by code that shares nothing with them."""

import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from scipy.sparse import csr_array

import contracts as c
from contracts.proof import bound as made
from contracts.proof.bound import upper_bound
from contracts.proof.checker import Proof
from contracts.proof.multipliers import no_multipliers
from contracts.proof.record import Evidence
from tests.contracts.proof.proofs import problems

NUMERICAL = {"served by chance"}  # a polyhedron's range is known to a linear program's tolerance


def tenths(rng, *shape):
    return rng.integers(-9, 10, shape) / 10


def drawn_prices(problem, rng):
    """Prices that are decimals, on no flow."""
    n_types = problem.n_types
    ic = np.abs(tenths(rng, n_types, n_types)) * (rng.random((n_types, n_types)) < 0.6)
    np.fill_diagonal(ic, 0.0)
    return replace(
        no_multipliers(problem),
        ic=csr_array(ic),
        ir=np.abs(tenths(rng, n_types)),
        transfer=tenths(rng, n_types) * np.isfinite(problem.transfer_limits).all(),
        side=np.abs(tenths(rng, len(problem.side_rows.limit))),
        profit=float(rng.integers(0, 3)) / 10 * (problem.terms.minimum_profit is not None),
    )


@pytest.mark.parametrize("common", [0.0, 3.7])
@pytest.mark.parametrize(("name", "problem"), list(problems()))
def test_the_bound_that_prices_prove_is_the_one_of_the_checker(name, problem, common):
    """Whatever the prices: they are put on a flow in floats, what that leaves open is closed in rationals."""
    if "polyhedron" in name or (
        common and not (problem.has_participation_constraint and problem.outside_option is None)
    ):
        return
    if common:
        problem = replace(problem, reservation_utility=problem.reservation_utility + common)
    for seed in range(2):
        bound = upper_bound(problem.program, drawn_prices(problem.program, np.random.default_rng(seed)))
        if not np.isfinite(bound.value):  # a price of the row that no flow carries
            assert name == "budget"
            continue
        allocation = np.zeros((problem.n_types, problem.program.n_goods))
        menu = Evidence(problem, allocation, np.zeros(problem.n_types), np.arange(problem.n_types), bound)
        claims = {"value": 0.0, "upper_bound": None, "gap": None, "rigorous": bound.rigorous}
        proof = Proof(json.loads(json.dumps(menu.to_dict(claims))), of_menu=False)
        most = proof.bound()
        size = 1 + abs(bound.value) + common * float(bound.multipliers.ir.sum())
        assert most is not None
        assert abs(float(most) - bound.value) <= 1e-8 * size, seed
        if bound.rigorous and name not in NUMERICAL:
            assert most <= Fraction(bound.value), seed


def exact_virtual(problem, prices, weights, j, k, *, priced):
    """The virtual valuation of type j for good k, from its definition."""
    a, b = Fraction(float(problem.valuations[j, k])), Fraction(float(problem.principal_values[j, k]))
    total = Fraction(float(prices.transfer[j])) * a
    total += Fraction(float(problem.weights[j])) * Fraction(float(problem.terms.allocation_values[j, k]))
    for i, price in enumerate(prices.ic.toarray()[:, j].tolist()):
        total -= Fraction(price) * (Fraction(float(problem.valuations[i, k])) - a)
    for price, amounts in zip(prices.side.tolist(), problem.side_rows.allocation, strict=True):
        total -= Fraction(price) * Fraction(float(amounts[j, k]))
    if not priced:
        return total / Fraction(float(weights[j]))
    return (
        a
        + b
        + total
        / ((Fraction(problem.terms.profit_weight) + Fraction(prices.profit)) * Fraction(float(problem.weights[j])))
    )


def drawn_problem(rng, domain, price):
    """Decimals everywhere, and every kind of term in a virtual valuation."""
    n_types = int(rng.integers(2, 5))
    goal = c.WeightedSum(profit_weight=1.5, allocation_values=tenths(rng, 2), minimum_profit=-50.0)
    return c.ScreeningProblem(
        tenths(rng, n_types, 2), np.full(n_types, 1 / n_types), principal_values=tenths(rng, n_types, 2),
        cost=c.Linear(price), domain=domain, transfers=(-5.0, 5.0), objective=goal,
        constraints=[c.Capacity(0.7, good=1), c.Budget(-9.0)],
    )  # fmt: skip


ENDS = [
    (0.0, np.inf), (-2.0, np.inf), (0.5, np.inf), (1.0, np.inf),
    (-np.inf, 0.0), (-np.inf, 0.5), (-np.inf, 3.0), (-np.inf, np.inf),
]  # fmt: skip


@pytest.mark.parametrize("priced", [True, False])
@pytest.mark.parametrize("ends", ENDS, ids=str)
def test_virtual_valuations_lie_within_their_rounding_and_on_the_right_side_of_a_price(ends, priced):
    """A price is put next to a virtual valuation, a few units in the last place off."""
    rng, seen = np.random.default_rng(0), set()
    for _ in range(12):
        problem = drawn_problem(rng, c.Box(*ends), 0.0)
        prices = drawn_prices(problem, rng)
        weights = problem.weights * (1.5 + prices.profit) if priced else np.full(problem.n_types, 0.75)
        virtual, error = made._virtual_valuations(problem, prices, weights, priced=priced)
        places = [(j, k) for j in range(problem.n_types) for k in range(2)]
        exact = {place: exact_virtual(problem, prices, weights, *place, priced=priced) for place in places}
        for place in places:
            assert abs(Fraction(float(virtual[place])) - exact[place]) <= Fraction(float(error[place]))
            assert error[place] < 1e-13
        j = rng.integers(problem.n_types)
        price = np.array([float(exact[j, k]) for k in range(2)]) + rng.integers(-2, 3) * 2.0**-54
        found = made._on_the_right_side(problem, prices, weights, virtual, error, c.Linear(price), priced=priced)
        for j, k in places:
            over = exact[j, k] - Fraction(float(price[k]))
            near = abs(virtual[j, k] - price[k]) <= error[j, k]
            ends_well = (over <= 0 or np.isfinite(ends[1])) and (over >= 0 or np.isfinite(ends[0]))
            seen.add((bool(near), bool(ends_well), int(over > 0) - int(over < 0)))
            if not (near and ends_well):
                assert (found[0][j, k], found[1][j, k]) == (virtual[j, k], error[j, k])
                continue
            assert found[1][j, k] == 0
            gain = Fraction(float(found[0][j, k])) - Fraction(float(price[k]))
            for amount in ends:  # what is rounded to the price is worth no less anywhere in the domain
                if np.isfinite(amount):
                    assert gain * Fraction(amount) >= over * Fraction(amount)
                elif amount > 0:
                    assert gain <= 0
                else:
                    assert gain >= 0
    assert {near for near, _, _ in seen} == {True, False}
    assert {1, -1} <= {sign for near, _, sign in seen if near}


@pytest.mark.parametrize("good", [0, 1])
def test_a_taste_one_unit_in_the_last_place_above_a_linear_cost_has_no_bound_and_one_at_it_has(good):
    price = np.array([0.1, 0.7])
    for taste, finite in (
        (price[good], True),
        (np.nextafter(price[good], 0), True),
        (np.nextafter(price[good], 1), False),
    ):
        tastes = np.tile(price / 2, (2, 1))
        tastes[1, good] = taste
        bound = upper_bound(*_with_no_prices(c.ScreeningProblem(tastes, cost=c.Linear(price))))
        assert np.isfinite(bound.value) == finite
        assert not finite or 0 <= bound.value < 1e-14


def _with_no_prices(problem):
    return problem.program, no_multipliers(problem.program)


def test_a_least_profit_of_nothing_is_a_least_profit():
    def proven(least):
        goal = c.Welfare(1.5, profit_weight=1.0, minimum_profit=least)
        problem = c.ScreeningProblem([1.0, 2.0], cost=c.Quadratic(), objective=goal)
        program, prices = _with_no_prices(problem)
        return upper_bound(program, replace(prices, profit=0.5)).value

    assert proven(0.0) == pytest.approx(proven(1e-300), rel=1e-14)
    assert proven(-1.0) == pytest.approx(proven(0.0) + 0.5, rel=1e-14)

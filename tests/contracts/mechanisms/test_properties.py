"""What holds for every mechanism, on problems that are drawn, and against a program written by other hands."""

from __future__ import annotations

import itertools
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from contracts import AuctionProblem, InfeasibleMenuError, MechanismProblem, UnboundedMenuError, models, solve_mechanism
from tests.contracts.mechanisms.oracle import best_value

CLOSE = 1e-7  # of SciPy's own tolerance
FEW = settings(max_examples=25, deadline=None)


@st.composite
def problems(draw: Any) -> MechanismProblem:
    """Small problems of every kind, whole numbers and floats, infeasible and unbounded ones among them."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sizes = [draw(st.integers(1, 3)) for _ in range(draw(st.integers(1, 3)))]
    wide, whole = draw(st.integers(1, 3)), draw(st.booleans())

    def numbers(*shape: int) -> Any:
        return rng.integers(-3, 4, size=shape).astype(float) if whole else rng.normal(size=shape)

    several = len(sizes) > 1
    mixed = several and draw(st.booleans())
    joint = rng.random(sizes) + 0.05
    prior: Any = joint / joint.sum() if several and draw(st.booleans()) else None
    incentives = draw(st.sampled_from(["bayesian", "ex post"] if mixed else ["bayesian", "dominant", "ex post"]))
    return MechanismProblem(
        [numbers(*(sizes if mixed else [size]), wide) for size in sizes],
        prior,
        principal_values=numbers(wide),
        objective=draw(st.sampled_from(["revenue", "welfare", {"revenue": 1.0, "welfare": 0.5, "utility": 0.25}])),
        incentives=incentives,
        participation=draw(st.sampled_from([None, "ex ante", "interim", "ex post"])),
        reservation_utility=float(draw(st.integers(-2, 1))),
        budget=draw(st.sampled_from(["none", "weak", "balanced"])),
        budget_holds=draw(st.sampled_from(["ex post", "in expectation"])),
        transfers=draw(st.sampled_from(["free", "none", (-2.0, 2.5)])),
    )


@settings(max_examples=60, deadline=None)
@given(problems())
def test_mechanisms_are_exact_and_as_good_as_another_solver_finds(problem):
    expected = best_value(problem)
    try:
        mechanism = solve_mechanism(problem)
    except (InfeasibleMenuError, UnboundedMenuError):
        assert np.isnan(expected)
    else:
        certificate = mechanism.certificate
        assert certificate.holds
        assert certificate.is_exact
        assert certificate.gap <= 1e-14 * max(1.0, abs(mechanism.value))
        assert mechanism.value == pytest.approx(expected, abs=CLOSE, rel=CLOSE)


@st.composite
def auctions(draw: Any, most: int = 3) -> AuctionProblem:
    """Auctions with few bidders of few values, ironing and ties included."""
    values = [
        sorted(draw(st.sets(st.integers(0, 9), min_size=1, max_size=3))) for _ in range(draw(st.integers(1, most)))
    ]
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    chances = [(part / part.sum()).tolist() for part in (rng.random(len(own)) + 0.02 for own in values)]
    return AuctionProblem(values, chances, draw(st.integers(1, 2)), float(draw(st.integers(0, 3))))


@FEW
@given(auctions(), st.sampled_from(["dominant", "bayesian"]), st.sampled_from(["ex post", "interim"]))
def test_dominant_strategies_cost_nothing_where_values_are_private_and_independent(problem, incentives, participation):
    """Manelli & Vincent (2010), Gershkov et al. (2013): both earn what virtual values say."""
    auction = solve_mechanism(problem)
    whole = solve_mechanism(problem.tabulated(incentives, participation))
    assert whole.value == pytest.approx(auction.value, abs=1e-13)
    assert auction.certificate.holds
    assert auction.certificate.gap <= 1e-13


@FEW
@given(auctions())
def test_what_is_played_is_what_is_expected(problem):
    """Winners and prices, profile by profile, add up to the interim rule and to the revenue; and units suffice."""
    auction = solve_mechanism(problem)
    wins = [np.zeros(size) for size in problem.n_types]
    paid = [np.zeros(size) for size in problem.n_types]
    for types in itertools.product(*map(range, problem.n_types)):
        sale = auction.play([float(own[k]) for own, k in zip(problem.values, types, strict=True)])
        assert sum(sale.allocations) <= problem.n_units
        chances = [float(part[k] / part.sum()) for part, k in zip(problem.probabilities, types, strict=True)]
        for bidder, k in enumerate(types):
            others = np.prod([chance for j, chance in enumerate(chances) if j != bidder])
            wins[bidder][k] += others * sale.allocations[bidder]
            paid[bidder][k] += others * sale.transfers[bidder]
            assert sale.transfers[bidder] <= problem.values[bidder][k]
    for bidder in range(problem.n_bidders):
        assert wins[bidder] == pytest.approx(auction.interim_allocation[bidder], abs=1e-12)
        assert paid[bidder] == pytest.approx(auction.interim_payments[bidder], abs=1e-12)
        assert (np.diff(auction.interim_allocation[bidder]) >= 0).all()


@FEW
@given(auctions(most=2), st.sets(st.integers(0, 9), min_size=1, max_size=3))
def test_another_bidder_never_lowers_revenue(problem, values):
    more = AuctionProblem([*problem.values, sorted(values)], None, problem.n_units, problem.cost)
    before = AuctionProblem(problem.values, None, problem.n_units, problem.cost)
    assert solve_mechanism(more).value >= solve_mechanism(before).value - 1e-12


@FEW
@given(st.integers(2, 6), st.integers(1, 3), st.floats(-0.1, 0.8))
def test_one_more_bidder_is_worth_more_than_the_best_reserve_price(n_values, n_bidders, tilt):
    """Bulow & Klemperer (1996), for regular priors and a good that is surely worth selling."""
    grid = np.arange(1, n_values + 1) + n_values
    weights = np.exp(-tilt * np.arange(n_values))
    chances = (weights / weights.sum()).tolist()
    best = models.myerson_auction([grid] * n_bidders, [chances] * n_bidders)
    assume(all((np.diff(part) >= 0).all() and part[0] >= 0 for part in best.virtual_values))
    plain = models.second_price([grid] * (n_bidders + 1), [chances] * (n_bidders + 1))
    assert plain.revenue >= best.value - 1.0  # up to a step of the grid, by which discrete prices beat second bids


@FEW
@given(auctions(), st.sampled_from([1e-6, 0.25, 3.0, 1e6]))
def test_units_of_money_change_nothing_but_units(problem, unit):
    scaled = AuctionProblem(
        [own * unit for own in problem.values], problem.probabilities, problem.n_units, problem.cost * unit
    )
    assert solve_mechanism(scaled).value == pytest.approx(
        solve_mechanism(problem).value * unit, rel=1e-12, abs=1e-15 * unit
    )


@FEW
@given(st.integers(0, 1000))
def test_relabelling_agents_and_types_permutes_the_mechanism(seed):
    rng = np.random.default_rng(seed)
    values = [rng.integers(0, 6, size=(2, 3)).astype(float) for _ in range(2)]
    problem = MechanismProblem(values, objective="welfare", budget="balanced", incentives="bayesian")
    turned = MechanismProblem([values[1][::-1], values[0]], objective="welfare", budget="balanced")
    assert solve_mechanism(turned).value == pytest.approx(solve_mechanism(problem).value, abs=1e-13)


@FEW
@given(st.integers(0, 1000))
def test_asking_for_more_never_helps(seed):
    """Dominant strategies are Bayesian ones, ex post participation is interim participation, and so on."""
    rng = np.random.default_rng(seed)
    values = [rng.integers(-2, 5, size=(2, 3)).astype(float) for _ in range(2)]
    free = MechanismProblem(values, participation="interim")
    loose = solve_mechanism(free).value
    for change in ({"incentives": "dominant"}, {"participation": "ex post"}, {"transfers": (-1.0, 1.0)}):
        with suppress(InfeasibleMenuError):
            assert solve_mechanism(replace(free, **change)).value <= loose + 1e-13


@FEW
@given(st.integers(1, 4), st.integers(0, 5))
def test_revenue_is_the_same_whatever_the_format(n_values, reserve):
    """Revenue equivalence: who wins decides what types expect to pay."""
    values = [list(range(1, n_values + 1))] * 2
    sealed, paying = models.second_price(values, reserve=reserve), models.all_pay(values, reserve=reserve)
    assert sealed.revenue == paying.revenue
    assert sealed.revenue <= sealed.upper_bound
    assert paying.certificate.is_exact

"""What must hold of every menu of contracts: theorems, and a second opinion that shares no code."""

from dataclasses import replace

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from contracts import (
    CARA,
    AgencyProblem,
    ContractError,
    Log,
    RiskNeutral,
    SquareRoot,
    solve_contract,
    solve_lottery,
    verify_contract,
)
from tests.contracts.agency.types.oracle import best_mechanism, best_of_all, earned_by_averse
from tests.strategies import examples

CLOSE = 2e-6  # what two solutions may differ by, relative to what menus are worth


@st.composite
def problems(draw, utilities=("neutral",), most_types=3):
    n_types, n_actions, n_outcomes = draw(st.integers(1, most_types)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    shape = (n_types, n_actions, n_outcomes) if draw(st.booleans()) else (n_actions, n_outcomes)
    chances = rng.integers(0, 9, shape).astype(float)
    chances[..., 0] += chances.sum(axis=-1) == 0
    effort = rng.integers(0, 8, (n_types, n_actions)) / 20 + 0.01 * rng.uniform(size=(n_types, n_actions))
    name = draw(st.sampled_from(utilities))
    utility, reserve, times = {
        "neutral": (RiskNeutral(), 0.5, 1.0), "root": (SquareRoot(), 1.0, 1.0), "log": (Log(1.0), 0.5, 1.0),
        "cara": (CARA(0.5), -0.8, 0.3),
    }[name]  # fmt: skip
    weights = rng.integers(1, 6, n_types)
    output = rng.integers(0, 30, (n_types, n_outcomes) if draw(st.booleans()) else n_outcomes).astype(float)
    wages = draw(st.sampled_from([(0.0, np.inf), (0.0, 40.0)]))
    return AgencyProblem(
        chances / chances.sum(axis=-1, keepdims=True), output, effort * times, weights / weights.sum(), utility,
        reserve, wages,
    )  # fmt: skip


def solved(problem):
    """The menu; None where exact ties leave nothing that floats could keep."""
    try:
        return solve_contract(problem)
    except ContractError:
        return None


def agree(menu, other, scale=1.0):
    assert (menu is None) == (other is None)
    if menu is not None:
        assert other.value / scale == pytest.approx(menu.value, abs=CLOSE * menu.certificate.scale + 1e-9)


@pytest.mark.slow
@examples(25)
@given(problems())
def test_a_menu_is_certified_and_enumeration_finds_no_better(problem):
    menu = solved(problem)
    best, _ = best_of_all(problem)
    if menu is None:
        assert not np.isfinite(best)
        return
    assert menu.certificate.holds
    assert menu.certificate.is_exact
    assert menu.value == pytest.approx(best, abs=CLOSE * menu.certificate.scale + 1e-9)
    assert menu.value <= menu.upper_bound


@examples(15)
@given(problems(utilities=("root", "log", "cara"), most_types=2))
def test_a_menu_for_risk_averse_agents_is_what_cvxpy_finds_for_the_best_assignment(problem):
    menu = solved(problem)
    best, _ = best_of_all(problem, earned_by_averse)
    if menu is None:
        assert not np.isfinite(best)
        return
    assert menu.certificate.is_exact
    assert menu.value == pytest.approx(best, abs=1e-5 * max(1.0, abs(best)))


@pytest.mark.slow
@examples(10)
@given(problems(most_types=2))
def test_no_mechanism_earns_more_than_a_lottery_and_none_less_than_a_menu(problem):
    problem = replace(problem, wages=(0.0, np.inf))
    menu = solved(problem)
    if menu is None:
        return
    best = best_mechanism(problem)
    assert best >= menu.value - 1e-5 * max(1.0, abs(best))
    try:
        lottery = solve_lottery(problem)
    except ContractError as exc:
        assert "ever more rarely" in str(exc)  # noqa: PT017
        return
    assert lottery.certificate.is_exact
    assert lottery.value == pytest.approx(best, abs=1e-5 * max(1.0, abs(best)))


@examples(25)
@given(problems(), st.randoms(use_true_random=False))
def test_permuting_types_actions_and_outcomes_permutes_the_menu(problem, random):
    who, rows, columns = (list(range(n)) for n in problem.outcome_probabilities.shape)
    for order in (who, rows, columns):
        random.shuffle(order)
    other = solved(
        AgencyProblem(
            problem.outcome_probabilities[who][:, rows][:, :, columns], problem.output[who][:, columns],
            problem.effort_cost[who][:, rows], problem.weights[who], problem.utility, problem.reservation_utility[who],
            problem.wages,
        )
    )  # fmt: skip
    agree(solved(problem), other)


@examples(25)
@given(problems(), st.sampled_from([1e-9, 1e-3, 1e6, 1e9]))
def test_the_unit_of_money_changes_nothing_for_risk_neutral_agents(problem, unit):
    low, high = problem.wages
    other = solved(
        replace(
            problem, output=problem.output * unit, effort_cost=problem.effort_cost * unit,
            reservation_utility=problem.reservation_utility * unit, wages=(low * unit, high * unit),
        )
    )  # fmt: skip
    agree(solved(problem), other, unit)


@examples(10)
@given(problems(utilities=("root",), most_types=2), st.sampled_from([1e-6, 1e-3, 1e3, 1e6]))
def test_the_unit_of_money_scales_roots_of_it(problem, unit):
    low, high = problem.wages
    times = float(np.sqrt(unit))
    other = solved(
        replace(
            problem, output=problem.output * unit, effort_cost=problem.effort_cost * times,
            reservation_utility=problem.reservation_utility * times, wages=(low * unit, high * unit),
        )
    )  # fmt: skip
    agree(solved(problem), other, unit)


@examples(20)
@given(problems(), st.sampled_from([-3.0, 0.25, 1.0]))
def test_wages_and_reservations_that_rise_alike_cost_what_they_rise_by(problem, rise):
    low, high = problem.wages
    other = solved(
        replace(problem, reservation_utility=problem.reservation_utility + rise, wages=(low + rise, high + rise))
    )
    menu = solved(problem)
    agree(menu, None if other is None else replace_value(other, rise))


def replace_value(menu, rise):
    return replace(menu, certificate=replace(menu.certificate, value=menu.value + rise))


@examples(20)
@given(problems(), st.sampled_from([60.0, 1e4, 1e9]))
def test_limits_that_do_not_bind_change_nothing(problem, beyond):
    menu = solved(replace(problem, wages=(0.0, np.inf)))
    if menu is not None and menu.wages.max() < beyond:
        agree(menu, solved(replace(problem, wages=(0.0, beyond))))


@examples(20)
@given(problems(most_types=2))
def test_a_type_counted_as_two_is_still_one(problem):
    """Two halves of a type are asked for the same, or as good: no menu for both earns more than drawing does."""
    menu = solved(problem)
    twice = np.concatenate([[0], np.arange(problem.n_types)])
    weights = problem.weights[twice] * np.where(twice == 0, 0.5, 1.0)
    other = solved(
        replace(
            problem, outcome_probabilities=problem.outcome_probabilities[twice], output=problem.output[twice],
            effort_cost=problem.effort_cost[twice], weights=weights,
            reservation_utility=problem.reservation_utility[twice], labels=None,
        )
    )  # fmt: skip
    if menu is not None and other is not None:
        assert other.value >= menu.value - CLOSE * menu.certificate.scale - 1e-9


@examples(25)
@given(problems())
def test_knowing_types_or_actions_never_earns_less(problem):
    menu = solved(problem)
    if menu is None:
        return
    alone = [solve_contract(one) for one in problem.each]
    known = float(problem.weights @ [one.value for one in alone])
    assert menu.value <= known + CLOSE * menu.certificate.scale + 1e-9
    assert known <= menu.first_best_value + CLOSE * menu.certificate.scale + 1e-9


@examples(20)
@given(problems())
def test_anybody_can_check_a_menu_and_its_bound(problem):
    menu = solved(problem)
    if menu is None:
        return
    certificate = verify_contract(problem, menu.wages, actions=menu.actions, multipliers=menu.multipliers)
    assert certificate.is_exact
    assert certificate.value == menu.value
    whole = verify_contract(problem, menu.wages, multipliers=menu.proof, gap=1e-6)
    assert whole.upper_bound == menu.upper_bound
    assert whole.value >= menu.value  # what types prefer, ties for the principal
    assert whole.holds


@examples(20)
@given(problems(), st.integers(0, 1000))
def test_any_prices_prove_a_bound(problem, seed):
    """Whatever the prices: what they say of some assignment is not below what it earns."""
    menu = solved(problem)
    if menu is None:
        return
    rng = np.random.default_rng(seed)
    prices = menu.multipliers
    shaken = replace(
        prices, participation=prices.participation * rng.uniform(0, 2, problem.n_types),
        price=prices.price * rng.uniform(0, 2, len(prices.price)),
        honesty=prices.honesty * rng.uniform(0, 2, prices.honesty.shape),
    )  # fmt: skip
    certificate = verify_contract(problem, menu.wages, actions=menu.actions, multipliers=shaken)
    assert certificate.upper_bound >= menu.value

"""Types that differ in one number: the closed form against the whole program, without rounding, and against SciPy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import InfeasibleMenuError, LinearConstraint, MechanismProblem, UnboundedMenuError, solve_mechanism
from contracts.mechanisms.mechanism import Mechanism
from contracts.mechanisms.numbers import Numbers
from contracts.mechanisms.program.price_of_money import on_lines
from contracts.mechanisms.verify import expected_value
from tests.contracts.mechanisms.oracle import best_value

UTILITY = {"revenue": 1.0, "welfare": 0.5, "utility": 0.25}


def on_a_line(seed: int, sizes: tuple[int, ...], wide: int, *, whole: bool, **asked: Any) -> MechanismProblem:
    """Agents with values c(t) + s(t) d(k), of either sign, in any order of types, alternatives and rank."""
    rng = np.random.default_rng(seed)

    def numbers(*shape: int) -> Any:
        return rng.integers(-4, 5, size=shape).astype(float) if whole else rng.normal(size=shape)

    tables, reservation, prior = [], [], []
    for size in sizes:
        slopes = rng.permutation(np.arange(-3, 6))[:size].astype(float) if whole else rng.normal(size=size)
        amounts = rng.choice([0.5, 1.0, 1.0, 2.0], size=wide)  # of which products are not rounded
        amounts[rng.integers(wide)] = 0.0
        level = numbers(size) if whole else np.zeros(size)
        tables.append(level[:, np.newaxis] + np.outer(slopes, amounts))
        reservation.append(level + float(rng.integers(-2, 1)))
        chances = rng.integers(1, 5, size=size) if whole else rng.random(size) + 0.05
        prior.append(chances / chances.sum())
    return MechanismProblem(
        tables,
        prior,
        principal_values=numbers(wide) / 2,
        reservation_utility=reservation,
        participation="interim",
        **asked,
    )


def value_of(mechanism: Mechanism) -> Any:
    return expected_value(Numbers(mechanism.problem), mechanism.exact)


@st.composite
def problems(draw: Any) -> MechanismProblem:
    budget = draw(st.sampled_from(["none", "weak", "balanced", "balanced"]))
    return on_a_line(
        draw(st.integers(0, 2**32 - 1)), tuple(draw(st.lists(st.integers(1, 4), min_size=2, max_size=3))),
        draw(st.integers(2, 4)), whole=draw(st.booleans()), budget=budget,
        objective=draw(st.sampled_from(["revenue", "welfare", UTILITY])),
        budget_holds=draw(st.sampled_from(["ex post", "in expectation"])),
    )  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(problems())
def test_one_price_of_money_is_as_good_as_the_whole_program(problem):
    assert on_lines(Numbers(problem)) is not None
    anything = LinearConstraint(allocation=np.zeros((*problem.n_types, problem.n_alternatives)), upper=1.0, name="none")
    whole = replace(problem, constraints=anything)
    assert on_lines(Numbers(whole)) is None
    expected = best_value(problem)
    try:
        mechanism = solve_mechanism(problem)
    except (InfeasibleMenuError, UnboundedMenuError) as exc:
        assert np.isnan(expected)
        with pytest.raises(type(exc)):
            solve_mechanism(whole)
        return
    assert mechanism.certificate.holds
    assert mechanism.certificate.is_exact
    assert value_of(mechanism) == value_of(solve_mechanism(whole))
    assert mechanism.value == pytest.approx(expected, abs=1e-7)


def trade(count: int, **asked: Any) -> MechanismProblem:
    grid = (np.arange(count) + 0.5) / count
    tables = [np.outer(own, [0.0, 1.0]) for own in (-grid, grid)]
    return MechanismProblem(tables, objective="welfare", budget="balanced", agents=("seller", "buyer"), **asked)


def test_trade_of_many_types_is_the_second_best():
    mechanism = solve_mechanism(trade(24))
    assert mechanism.certificate.is_exact
    assert mechanism.certificate.gap < 1e-15
    assert mechanism.value == pytest.approx(9 / 64, rel=0.04)  # on the unit square, to the width of a step
    assert any("budget" in name for name in mechanism.binding)
    gaps = np.subtract.outer(-np.arange(24), -np.arange(24)) / 24
    assert np.all(mechanism.allocation[..., 1][gaps < 0.2] == 0)
    assert np.all(mechanism.allocation[..., 1][gaps > 0.3] == 1)

"""Which rules can be implemented: the solver agrees, counterexamples count up, and transfers are the best ones."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import (
    InfeasibleMenuError,
    MechanismProblem,
    ProblemError,
    implementable,
    models,
    solve_mechanism,
    verify_mechanism,
)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 100_000), st.sampled_from(["dominant", "bayesian"]))
def test_rules_are_implementable_iff_a_mechanism_does_it_and_transfers_earn_most(seed, incentives):
    rng = np.random.default_rng(seed)
    sizes = (3, 2)
    values = [rng.integers(0, 4, size=(size, 2)).astype(float) for size in sizes]
    participation = "ex post" if incentives == "dominant" else "interim"
    problem = MechanismProblem(values, incentives=incentives, participation=participation, reservation_utility=0.25)
    rule = rng.integers(0, 2, size=sizes)
    found = implementable(problem, rule)
    try:
        solved = solve_mechanism(replace(problem, outcome=rule))
    except InfeasibleMenuError:
        assert not found.holds
        assert found.gain > 0
        assert found.transfers is None
        return
    assert found.holds
    certificate = verify_mechanism(problem, rule, found.transfers)
    assert certificate.is_exact
    assert certificate.value == pytest.approx(solved.value, abs=1e-12)


def test_the_cycle_counts_up():
    values = [[[0.0, 1.0], [0.0, 2.0], [0.0, 3.0]], [[1.0, 0.0]]]
    found = implementable(MechanismProblem(values, incentives="dominant"), [[1], [0], [1]])
    assert not found.is_weakly_monotone
    assert found.gain == 1
    assert "not even weakly monotone" in str(found)


def test_a_rule_may_be_weakly_monotone_and_no_more():
    """Three types in a circle, each of whom likes the next one's lottery; no pair of them would change."""
    values = np.array([[0.0, 1.0, -1.0], [-1.0, 0.0, 1.0], [1.0, -1.0, 0.0]])
    problem = MechanismProblem([values, [[0.0, 0.0, 0.0]]], incentives="dominant")
    found = implementable(problem, [[0], [1], [2]])
    assert found.is_weakly_monotone
    assert not found.holds
    assert sorted(found.cycle) == ["0", "1", "2"]
    assert found.gain == Fraction(3)


def test_efficient_rules_are_implementable():
    auction = models.second_price([[1, 2, 4], [1, 3]])
    asked = auction.problem
    found = implementable(asked, auction.fractions()[0])
    assert found.holds
    assert verify_mechanism(asked, auction.fractions()[0], found.transfers).value >= auction.revenue


def test_beliefs_that_depend_on_types_are_refused():
    joint = [[0.3, 0.2], [0.2, 0.3]]
    problem = MechanismProblem([[[0, 1], [0, 2]], [[1, 0], [2, 0]]], joint)
    with pytest.raises(ProblemError, match="cycles decide nothing"):
        implementable(problem, [[0, 1], [1, 0]])

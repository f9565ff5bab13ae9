"""Fronts of mechanisms: no weighted program finds anything beyond them, and their ends are what single goals reach."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import (
    MechanismProblem,
    ProblemError,
    Profit,
    Surplus,
    TotalSurplus,
    TotalVariation,
    load_mechanism,
    pareto_front,
    solve_mechanism,
)
from tests.contracts.mechanisms.oracle import best_of_worsts, best_value

TWO = [[[0, 1, 0], [0, 3, 0]], [[0, 0, 1], [0, 0, 3]]]


def sale(values=TWO, **asked) -> MechanismProblem:
    return MechanismProblem(values, **{"incentives": "dominant", "participation": "ex post", **asked})


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000))
def test_no_weights_find_more_than_the_front(seed):
    rng = np.random.default_rng(seed)
    values = [rng.integers(0, 6, size=(2, 3)).astype(float) for _ in range(2)]
    front = pareto_front(sale(values), ["revenue", "welfare"])
    assert front.holds
    for share in (0.0, 0.2, 0.5, 0.9, 1.0):
        goal = {"revenue": share, "welfare": 1 - share}
        best = best_value(sale(values, objective=goal))  # by another solver
        assert (front.points @ [share, 1 - share]).max() == pytest.approx(best, abs=1e-6)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10_000))
def test_every_goal_fears_a_prior_of_its_own(seed):
    rng = np.random.default_rng(seed)
    values = [rng.integers(0, 6, size=(2, 3)).astype(float) for _ in range(2)]
    priors = [(rng.integers(1, 8, size=(2, 2)) / 8).astype(float) for _ in range(2)]
    doubt = sale(values, ambiguity=[prior / prior.sum() for prior in priors])
    front = pareto_front(doubt, ["revenue", "welfare"])
    assert front.holds
    for share in (0.0, 0.2, 0.5, 0.9, 1.0):
        best = best_of_worsts(doubt, ["revenue", "welfare"], [share, 1 - share])
        assert (front.points @ [share, 1 - share]).max() == pytest.approx(best, abs=1e-6)


def test_a_point_is_what_its_mechanism_is_worth_at_the_worst_prior_for_each_goal():
    priors = [np.outer([a, 1 - a], [a, 1 - a]) for a in (0.25, 0.75)]
    front = pareto_front(sale(ambiguity=priors), ["revenue", "welfare"])
    welfare = np.array([[[0, a, b] for b in (1, 3)] for a in (1, 3)])
    for point, mechanism in zip(front.points, front.mechanisms, strict=True):
        paid = mechanism.transfers.sum(axis=0)
        earned = [(paid * prior).sum() for prior in priors]
        made = [((mechanism.allocation * welfare).sum(axis=-1) * prior).sum() for prior in priors]
        assert point == pytest.approx([min(earned), min(made)], abs=1e-9)


def test_a_set_of_priors_has_a_front_with_a_bound():
    doubt = sale(ambiguity=TotalVariation(0.1))
    front = pareto_front(doubt, ["revenue", "welfare"])
    assert front.holds
    for goal, column in (("revenue", 0), ("welfare", 1)):
        alone = solve_mechanism(replace(doubt, objective=goal))
        assert front.points[:, column].max() == pytest.approx(alone.value, abs=1e-5)


@pytest.mark.parametrize("asked", [{"incentives": "dominant"}, {"incentives": "bayesian", "participation": "interim"}])
def test_each_point_under_ambiguity_has_a_bound_of_its_own(asked, tmp_path):
    """It is what the best mechanism for the same weights is worth; in a file it is that of knowing all types.

    Bayesian programs of moved mass were no program a solver could end, since mass that stays moved by rounding.
    """
    priors = [np.outer([a, 1 - a], [a, 1 - a]) for a in (0.5, 0.25, 0.75)]
    for doubt in (priors, TotalVariation(0.1)):
        front = pareto_front(sale(ambiguity=doubt, **asked), ["revenue", "welfare"])
        for k, mechanism in enumerate(front.mechanisms):
            best = solve_mechanism(mechanism.problem)
            assert mechanism.value - 1e-12 <= mechanism.upper_bound == pytest.approx(best.value, abs=1e-5)
            again = load_mechanism(mechanism.save(tmp_path / f"{k}.json"))
            assert mechanism.upper_bound <= again.upper_bound < np.inf


def test_goals_are_said_as_for_menus():
    words, objects = pareto_front(sale(), ["revenue", "welfare"]), pareto_front(sale(), [Profit(), TotalSurplus()])
    assert words.names == objects.names == ("revenue", "welfare")
    assert (words.points == objects.points).all()


def test_three_goals_with_a_budget():
    """Utilities of both, and welfare, where nothing may be lost or made."""
    problem = sale(incentives="bayesian", participation="interim", budget="balanced", agents=("Ann", "Bob"))
    front = pareto_front(problem, {"Ann": Surplus("Ann"), "Bob": {"utility": [0, 1]}, "all": TotalSurplus()})
    assert front.holds
    assert front.points[:, 0].max() == pytest.approx(front.points[:, 1].max(), abs=1e-9)  # they are alike
    assert front.points[:, 2] == pytest.approx(front.points[:, 0] + front.points[:, 1], abs=1e-12)


def test_goals_that_agree_have_one_point():
    front = pareto_front(sale([[[0, 1]], [[0, 2]]]), ["revenue", "welfare"])  # types are known: all is extracted
    assert len(front) == 1
    assert front.points == pytest.approx(np.array([[3, 3]]))


def test_tables_and_pictures(tmp_path):
    front = pareto_front(sale(), ["revenue", "welfare"])
    assert list(front.to_frame()) == ["revenue", "welfare", "weight of revenue", "weight of welfare"]
    assert "Front of 2 mechanisms" in str(front)
    assert front.plot().get_xlabel() == "revenue"
    assert solve_mechanism(front.mechanisms[0]).certificate.holds


@pytest.mark.parametrize(
    ("objectives", "words"),
    [
        (["revenue"], "two or more"),
        (["revenue", Profit()], "repeat 'revenue'"),
        (["profit", "welfare"], "objectives has"),
        ([Surplus("Carl"), "revenue"], "agents are"),
        (3, "give a list"),
    ],
)
def test_other_goals_are_refused(objectives, words):
    with pytest.raises(ProblemError, match=words):
        pareto_front(sale(), objectives)
    with pytest.raises(ProblemError, match="exact"):
        pareto_front(sale(), ["revenue", "welfare"], method="search")

"""The worst case over priors: against a program of its own for lists and moved mass, and what is proven of any set."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import contracts
from contracts import (
    ChiSquare,
    KullbackLeibler,
    MechanismProblem,
    ProblemError,
    TotalVariation,
    Wasserstein,
    load_mechanism,
    solve_mechanism,
)

VALUES = [[[0, 1, 0], [0, 2, 0]], [[0, 0, 1], [0, 0, 3]]]
SALE = MechanismProblem(VALUES, incentives="dominant", participation="ex post")


def payoffs(mechanism):
    """Revenue by profile."""
    return mechanism.transfers.sum(axis=0).ravel()


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["dominant", "bayesian"]))
def test_a_list_of_priors_is_solved_without_rounding_and_no_mixture_is_worse(seed, incentives):
    rng = np.random.default_rng(seed)
    values = [rng.integers(0, 5, size=(2, 3)).astype(float) for _ in range(2)]
    priors = [rng.dirichlet(np.ones(4)).reshape(2, 2) for _ in range(3)]
    problem = MechanismProblem(values, incentives=incentives, participation="ex post", ambiguity=priors)
    mechanism = solve_mechanism(problem)
    assert mechanism.certificate.holds
    assert mechanism.certificate.rigorous
    assert mechanism.certificate.gap <= 1e-14
    worth = [float(prior.ravel() @ payoffs(mechanism)) for prior in priors]
    assert min(worth) == pytest.approx(mechanism.value, abs=1e-12)
    feared = np.array([one / sum(mechanism.feared) for one in mechanism.feared])
    if incentives == "dominant":  # beliefs do not matter, so the feared prior's best mechanism is worth no more
        known = solve_mechanism(replace(problem, probabilities=feared.reshape(2, 2) / feared.sum(), ambiguity=None))
        assert known.value == pytest.approx(mechanism.value, abs=1e-9)


@pytest.mark.parametrize("ambiguity", [TotalVariation(0.1), KullbackLeibler(0.02), ChiSquare(0.05), Wasserstein(0.2)])
def test_sets_around_the_prior_cost_something_and_what_they_cost_is_proven(ambiguity):
    known = solve_mechanism(SALE)
    robust = solve_mechanism(replace(SALE, ambiguity=ambiguity))
    assert robust.certificate.holds
    assert robust.certificate.is_exact  # IC and IR
    assert robust.value < known.value
    weights, seen = SALE.joint.ravel(), SALE.profile_values
    assert ambiguity.worst_case(payoffs(known), weights, seen).value <= robust.upper_bound + 1e-9
    feared = np.array([one / sum(robust.feared) for one in robust.feared])
    assert ambiguity.excess(feared, weights, seen) <= 1e-6  # the prior that proves the bound is in the set
    assert feared @ payoffs(robust) == pytest.approx(robust.value, abs=2e-6)


def test_moved_mass_agrees_with_a_closed_form():
    """One buyer of value 1 or 3, alike: a price of 3 earns 3 (1/2 - r), a price of 1 earns 1, whatever is moved."""
    sale = MechanismProblem([[[0, 1], [0, 3]]], incentives="dominant", participation="ex post")
    for radius in (0.05, 0.1, 0.3):
        found = solve_mechanism(replace(sale, ambiguity=TotalVariation(radius)))
        assert found.value == pytest.approx(max(3 * (0.5 - radius), 1.0), abs=1e-6)


def test_files_keep_what_is_feared(tmp_path):
    made = solve_mechanism(replace(SALE, ambiguity=TotalVariation(0.1)))
    again = contracts.load_mechanism(made.save(tmp_path / "made.json"))
    assert again.certificate == made.certificate
    assert again.problem.ambiguity == TotalVariation(0.1)
    assert (again.virtual_values == made.virtual_values).all()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (0.1, "ambiguity is float"),
        ([], "empty list"),
        ([[[0.5, 0.5], [0.5, 0.5], [1.0]]], "3 entries for 2 agents"),
    ],
)
def test_what_is_no_set_of_priors_is_refused(given, words):
    with pytest.raises(ProblemError, match=words):
        replace(SALE, ambiguity=given)
    with pytest.raises(ProblemError, match="no chance"):
        replace(SALE, probabilities=[[0.5, 0.0], [0.25, 0.25]], ambiguity=TotalVariation(0.1))


@pytest.mark.parametrize("given", [[np.full((2, 2), 0.25), np.array([[0.4, 0.2], [0.2, 0.2]])], TotalVariation(0.1)])
def test_a_prior_in_a_file_that_is_none_of_the_set_proves_nothing(given, tmp_path):
    """Prices under a prior of another set would prove that the mechanism beats all there is."""
    problem = replace(SALE, ambiguity=given)
    made, other = solve_mechanism(problem), solve_mechanism(replace(SALE, ambiguity=[[[0.81, 0.09], [0.09, 0.01]]]))
    path = made.save(tmp_path / "mechanism.json")
    record = json.loads(path.read_text())
    assert load_mechanism(path).upper_bound == made.upper_bound > other.upper_bound
    path.write_text(json.dumps({**record, **{name: other.to_dict()[name] for name in ("feared", "prices")}}))
    with pytest.raises(ProblemError, match="feared lies outside of the problem's ambiguity"):
        load_mechanism(path)
    path.write_text(json.dumps({**record, "feared": ["1", "1"]}))
    with pytest.raises(ProblemError, match="feared is no prior of 4 profiles"):
        load_mechanism(path)

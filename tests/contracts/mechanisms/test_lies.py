"""A program that knows few lies at first ends at the same mechanism's worth, with prices of the whole program."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import contracts
from contracts import InfeasibleMenuError, MechanismProblem, load_mechanism, solve_mechanism, verify_mechanism
from contracts.mechanisms.program import incentives, lies
from contracts.mechanisms.program.formulate import formulated

SETTINGS = [
    {"incentives": "dominant", "participation": "ex post"},
    {"incentives": "ex post", "participation": "interim", "budget": "weak"},
    {"incentives": "bayesian", "participation": "interim", "transfers": (-3.0, 3.0)},
    {"incentives": "dominant", "participation": None, "transfers": "none", "objective": "welfare"},
]


def drawn(seed, setting):
    """Types in two dimensions, correlated; values of their own, or with a part that the others know."""
    rng = np.random.default_rng(seed)
    joint = rng.integers(1, 9, size=(5, 4)).astype(float)
    values = [rng.integers(0, 9, size=(count, 3)) / 4 for count in (5, 4)]
    if setting["incentives"] == "ex post":
        part = rng.integers(0, 3, size=(5, 4, 1)) / 4
        values = [values[0][:, np.newaxis] + part, values[1][np.newaxis] + part]
    return MechanismProblem(values, joint / joint.sum(), **setting)


def neighbours(values):
    """The next types by number, however far they are."""
    return np.eye(len(values), k=1, dtype=bool) | np.eye(len(values), k=-1, dtype=bool)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: f"{setting['incentives']} {len(setting)}")
@pytest.mark.parametrize("seed", range(3))
def test_few_lies_lead_to_the_same_worth(seed, setting, monkeypatch):
    problem = drawn(seed, setting)
    every = solve_mechanism(problem)
    monkeypatch.setattr(lies, "FEW", 0)
    monkeypatch.setattr(lies, "near_types", neighbours)
    few = solve_mechanism(problem)
    assert few.certificate.is_exact
    assert few.value == every.value
    assert few.prices.shape == every.prices.shape
    again = verify_mechanism(problem, few.exact.outcome.fractions(), few.exact.transfers.fractions(),
                             prices=few.prices.fractions())  # fmt: skip
    assert again.upper_bound == few.upper_bound


def test_a_lie_far_away_is_found_where_it_gains(monkeypatch):
    """Without money somebody far away may get what one likes best: the program learns of it in a second round."""
    monkeypatch.setattr(lies, "FEW", 0)
    monkeypatch.setattr(lies, "near_types", neighbours)
    asked = []
    monkeypatch.setattr(lies, "formulated", lambda numbers, known: asked.append(known) or formulated(numbers, known))
    rounds = []
    for seed in range(6):
        asked.clear()
        assert solve_mechanism(drawn(seed, SETTINGS[3])).certificate.is_exact
        sizes = [sum(int(own.sum()) for own in known) for known in asked]
        assert sizes == sorted(set(sizes))
        rounds.append(len(sizes))
    assert max(rounds) > 1


def test_conflicts_names_and_files_are_those_of_the_whole_program(monkeypatch, tmp_path):
    trade = {
        "agents": ("seller", "buyer"),
        "incentives": "dominant",
        "participation": "ex post",
        "objective": "welfare",
    }
    grid = np.arange(6.0)
    values = [np.outer(-grid, [0, 1]), np.outer(grid + 0.5, [0, 1])]
    problem = MechanismProblem(values, budget="balanced", **trade)
    monkeypatch.setattr(lies, "FEW", 0)
    found = solve_mechanism(problem)
    again = load_mechanism(found.save(tmp_path / "trade.json"))
    assert again.certificate == found.certificate
    assert again.binding == found.binding
    assert any(name.startswith("IC of seller") for name in found.binding)
    gain = values[1][:, 1][np.newaxis, :] + values[0][:, 1][:, np.newaxis]
    with pytest.raises(InfeasibleMenuError) as caught:
        solve_mechanism(dataclasses.replace(problem, outcome=(gain > 0).astype(int)))
    assert any(name.startswith("IC of") for name in caught.value.conflict)


def test_prices_of_another_program_are_refused():
    problem = drawn(0, SETTINGS[0])
    found = solve_mechanism(problem)
    with pytest.raises(contracts.ProblemError, match="prices has shape"):
        verify_mechanism(problem, found.exact.outcome.fractions(), prices=found.prices.fractions()[:-1])


def test_what_cannot_be_kept_is_refused_in_words(monkeypatch):
    monkeypatch.setattr(incentives, "MOST_ENTRIES", 100)
    with pytest.raises(contracts.ProblemError, match=r"5 types beside 4 profiles .* at most 100 are kept: give fewer"):
        solve_mechanism(drawn(0, SETTINGS[0]))

"""Programs that look the same from several sides: folded, nothing is lost, and like agents are treated alike."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import MechanismProblem, solve_mechanism
from contracts.mechanisms.numbers import Numbers
from contracts.mechanisms.program.formulate import formulated
from contracts.numerics.basis import is_feasible, is_priced
from contracts.numerics.folding import folded
from contracts.numerics.vertex import best_vertex


def alike(seed: int, n_agents: int, **asked) -> MechanismProblem:
    """Agents with one table of values for the same projects, and a share of each for themselves."""
    rng = np.random.default_rng(seed)
    public, private = rng.integers(-2, 4, size=(2, 2)), rng.integers(0, 4, size=2)
    values = [
        np.column_stack([public, np.where(np.arange(n_agents) == k, private[:, np.newaxis], 0)])
        for k in range(n_agents)
    ]
    return MechanismProblem(values, principal_values=np.r_[rng.integers(-2, 1, 2), np.full(n_agents, -0.5)], **asked)


@settings(max_examples=20, deadline=None)
@given(
    st.integers(0, 10_000), st.integers(2, 3), st.sampled_from(["dominant", "bayesian"]),
    st.sampled_from(["revenue", "welfare"]), st.sampled_from(["none", "weak"]),
)  # fmt: skip
def test_the_folded_program_is_worth_the_whole_one(seed, n_agents, incentives, objective, budget):
    problem = alike(seed, n_agents, incentives=incentives, objective=objective, budget=budget)
    program = formulated(Numbers(problem)).program
    smaller = folded(program)
    assert len(smaller.program.cost) <= 0.7 * len(program.cost)
    whole, part = best_vertex(program), best_vertex(smaller.program)
    unfolded = smaller.unfolded(part)
    assert is_feasible(program, unfolded)
    assert is_priced(program, unfolded)
    values = [int((program.cost * one.x).sum()) * other.unit for one, other in ((whole, unfolded), (unfolded, whole))]
    assert values[0] == values[1]  # as fractions


def test_like_agents_are_treated_alike():
    mechanism = solve_mechanism(alike(1, 3, incentives="dominant"))
    paid = mechanism.transfers
    for order in itertools.permutations(range(3)):
        turned = np.transpose(paid, (0, *(1 + np.argsort(order))))[list(np.argsort(order))]
        assert turned == pytest.approx(paid, abs=1e-12)


def test_goods_that_are_alike_fold_too():
    """Two bidders and two goods: a program of a quarter."""
    values = list(itertools.product((1.0, 2.0, 3.0), repeat=2))
    owners = list(itertools.product((-1, 0, 1), repeat=2))
    tables = [[[sum(v for v, who in zip(own, pair, strict=True) if who == k) for pair in owners] for own in values]
              for k in (0, 1)]  # fmt: skip
    program = formulated(Numbers(MechanismProblem(tables, incentives="dominant", participation="ex post"))).program
    assert len(folded(program).program.cost) < 0.3 * len(program.cost)


def test_what_is_not_alike_is_left_as_it_is():
    values = [[[0, 1.0, 0], [0, 2.0, 0]], [[0, 0, 1.5], [0, 0, 4.0]]]
    joint = [[0.1, 0.2], [0.3, 0.4]]
    problem = MechanismProblem(values, joint, principal_values=[0, 0.25, 0.5])
    assert folded(formulated(Numbers(problem)).program) is None

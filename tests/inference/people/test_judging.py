"""Welfare of people with gaps in their answers, against loops over single answers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.people.judging import Panel, benefit, best, cost, item_means, own_welfare, welfare

SEEDS = st.integers(0, 2**32 - 1)


def drawn(seed, n_people=6, n_items=7, n_policies=3, missing=0.3):
    rng = np.random.default_rng(seed)
    answers = rng.integers(-1, 2, size=(n_people, n_items)).astype(float)
    gaps = rng.random(answers.shape) < missing
    gaps[:, :2] = False
    answers[gaps] = np.nan
    return answers, rng.normal(size=(n_policies, n_items))


def by_hand(answers, policy, *, balanced):
    """Benefit and cost of one policy to one person, one item at a time."""
    told = [j for j in range(len(answers)) if not np.isnan(answers[j])]
    mean = sum(policy[j] for j in told) / len(told) if balanced else 0.0
    enjoyed = sum(answers[j] * (policy[j] - mean) for j in told)
    spent = sum((policy[j] - mean) ** 2 / 2 for j in told)
    return enjoyed * len(answers) / len(told), spent * len(answers) / len(told)


@given(SEEDS, st.booleans())
def test_benefit_and_cost_are_those_of_the_answered_items(seed, balanced):
    answers, policies = drawn(seed)
    panel = Panel.of(answers, balanced=balanced)
    expected = np.array([[by_hand(one, policy, balanced=balanced) for policy in policies] for one in answers])
    np.testing.assert_allclose(benefit(panel, policies), expected[..., 0], atol=1e-12)
    np.testing.assert_allclose(cost(panel, policies), expected[..., 1], atol=1e-12)


@given(SEEDS, st.booleans())
def test_no_policy_is_worth_more_than_the_own(seed, balanced):
    answers, policies = drawn(seed, missing=0.0)
    panel = Panel.of(answers, balanced=balanced)
    own = answers - answers.mean(axis=1, keepdims=True) if balanced else answers
    np.testing.assert_allclose(np.diag(welfare(panel, own)), own_welfare(panel), atol=1e-12)
    assert np.all(own_welfare(panel)[:, np.newaxis] >= welfare(panel, policies) - 1e-12)


@given(SEEDS)
def test_who_wants_more_of_everything_judges_balanced_policies_the_same(seed):
    answers, policies = drawn(seed)
    panel, more = Panel.of(answers, balanced=True), Panel.of(answers + 3.0, balanced=True)
    np.testing.assert_allclose(welfare(panel, policies), welfare(more, policies), atol=1e-9)
    np.testing.assert_allclose(item_means(panel), item_means(more), atol=1e-9)


@pytest.mark.parametrize("balanced", [False, True])
def test_means_are_of_those_who_answered_and_balance(balanced):
    answers, _ = drawn(1)
    if balanced:
        centred = answers - np.nanmean(answers, axis=1, keepdims=True)
        expected = np.nanmean(centred, axis=0) - np.nanmean(centred, axis=0).mean()
    else:
        expected = np.nanmean(answers, axis=0)
    np.testing.assert_allclose(item_means(Panel.of(answers, balanced=balanced)), expected, atol=1e-12)


@given(SEEDS, st.booleans())
def test_programmes_are_enjoyed_by_the_part_that_was_answered(seed, balanced):
    answers, programmes = drawn(seed)
    panel = Panel.of(answers, balanced=balanced).of_programmes(programmes, 1.0)
    for person, said in enumerate(answers):
        told = ~np.isnan(said)
        for k, row in enumerate(programmes):
            enjoyed = by_hand(said, row, balanced=balanced)[0] * told.sum() / len(said)
            assert panel.values[person, k] == pytest.approx(enjoyed * np.abs(row).sum() / np.abs(row[told]).sum())
    unsaid = Panel.of(np.array([[1.0, 1.0, np.nan]]), balanced=False).of_programmes(np.eye(3)[1:], 1.0)
    np.testing.assert_allclose(unsaid.values, [[1.0, 0.0]])


@given(SEEDS, st.sampled_from([0.0, 0.3]))
def test_no_mixture_is_worth_more_than_the_own(seed, temperature):
    answers, programmes = drawn(seed, missing=0.0)
    panel = Panel.of(answers, balanced=False).of_programmes(programmes, temperature)
    mixtures = np.random.default_rng(seed).dirichlet(np.ones(len(programmes)), size=50)
    assert np.all(own_welfare(panel)[:, np.newaxis] >= welfare(panel, mixtures) - 1e-9)
    np.testing.assert_allclose(np.diag(welfare(panel, best(panel.values, temperature))), own_welfare(panel))

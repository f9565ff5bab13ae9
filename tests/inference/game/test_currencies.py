"""Norms in other currencies, in mixed groups and behind misleading words: theorems, closed forms, failure paths."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import ProblemError
from inference.game.assistant import Assistant
from inference.game.beliefs import norm_prior, preference_norms, share_norms
from inference.game.currencies import CurrencyKernel, carried_prior, currency_kernel, length_posterior, question
from inference.game.manners import Listener
from inference.game.mixed import infer_groups, infer_user_norms
from inference.game.rules import Game
from inference.game.ultimatum import play
from inference.splits.policies import PreferencePolicy
from inference.splits.preferences import FehrSchmidt
from tests.strategies import examples

SPACE = share_norms(shares=[0.0, 0.5, 1.0], spreads=[0.1])
SIMILARITY = st.floats(0, 1)
LOGS = st.lists(st.floats(-20, 0), min_size=3, max_size=3).map(np.array)


def kernel_of(*similarities):
    n = len(similarities) + 1
    matrix = np.eye(n)
    matrix[0, 1:] = matrix[1:, 0] = similarities
    return CurrencyKernel(tuple(f"c{k}" for k in range(n)), matrix)


@given(st.lists(SIMILARITY, min_size=1, max_size=4))
def test_carried_and_fresh_probabilities_sum_to_one(similarities):
    kernel = kernel_of(*similarities)
    carried, fresh = kernel.carry("c0", kernel.names[1:])
    assert carried.sum() + fresh == pytest.approx(1)
    assert (carried >= 0).all()


@given(SIMILARITY, LOGS)
def test_the_pull_of_the_prior_is_one_minus_similarity(similarity, seen):
    prior = norm_prior(SPACE, "altruistic")
    before = np.exp(carried_prior(prior, {"c1": seen[np.newaxis]}, "c0", kernel_of(similarity)))[0]
    elsewhere = np.exp(prior + seen) / np.exp(prior + seen).sum()
    np.testing.assert_allclose(before, similarity * elsewhere + (1 - similarity) * np.exp(prior), atol=1e-9)


@given(LOGS)
def test_full_similarity_is_one_principle_and_none_is_the_prior(seen):
    prior, evidence = norm_prior(SPACE, "fair"), {"c1": seen[np.newaxis]}
    together = carried_prior(prior, evidence, "c0", None)
    np.testing.assert_allclose(carried_prior(prior, evidence, "c0", kernel_of(1.0)), together, atol=1e-9)
    np.testing.assert_allclose(carried_prior(prior, evidence, "c0", kernel_of(0.0))[0], prior, atol=1e-9)


def test_norms_that_agree_across_currencies_speak_for_a_long_kernel():
    same, other = np.array([0.0, -50.0, -50.0]), np.array([-50.0, -50.0, 0.0])
    lengths, prior = [0.1, 1.0, 10.0], norm_prior(SPACE)
    agree = length_posterior(prior, [{"dollars": same, "medicine": same}] * 5, lengths)
    differ = length_posterior(prior, [{"dollars": same, "medicine": other}] * 5, lengths)
    assert (np.diff(agree) > 0).all()
    assert (np.diff(differ) < 0).all()


@given(st.lists(st.floats(0.01, 1), min_size=3, max_size=3), st.floats(0, 1), st.floats(0, 1))
def test_an_answer_is_worth_no_less_than_nothing_and_no_more_than_all_regret(weights, one, other):
    beliefs = [np.array(weights) / sum(weights)]
    low, high = (question(beliefs, SPACE, reliability=r) for r in sorted((one, other)))
    assert -1e-12 <= low.value[0] <= high.value[0] + 1e-9
    assert high.value[0] <= high.regret[0] + 1e-12
    assert question(beliefs, SPACE).value[0] == pytest.approx(high.regret[0])


@examples(15)
@given(st.permutations(range(8)))
def test_who_comes_first_does_not_matter_to_groups(order):
    acts = np.log(np.array([[0.98, 0.01, 0.01]] * 5 + [[0.01, 0.01, 0.98]] * 3))[np.newaxis] * 3
    groups = infer_groups(SPACE, acts[:, order], rng=np.random.default_rng(1))
    assert groups.weight_near(1.0)[0] == pytest.approx(3 / 8, abs=0.01)
    assert int(groups.n_groups[0].argmax()) == 2


def test_groups_agree_with_the_sum_over_all_assignments():
    likelihood = np.array([[0.6, 0.3, 0.1], [0.2, 0.2, 0.6], [0.5, 0.4, 0.1]])
    alpha = 1.0 / 3
    exact = np.zeros((3, 3))
    for z in np.ndindex(3, 3, 3):
        weight, counts = 1.0, np.zeros(3)
        for person, norm in enumerate(z):
            weight *= (counts[norm] + alpha) / (person + 1.0) * likelihood[person, norm]
            counts[norm] += 1
        for person, norm in enumerate(z):
            exact[person, norm] += weight
    exact /= exact.sum(axis=1, keepdims=True)
    many = np.tile(np.log(likelihood), (400, 1, 1))
    drawn = infer_groups(SPACE, many, rng=np.random.default_rng(1), n_sweeps=100).membership.mean(axis=0)
    np.testing.assert_allclose(drawn, exact, atol=0.01)


@given(st.integers(0, 30), st.integers(0, 30))
def test_neutral_words_say_nothing_and_a_deaf_ear_hears_nothing(neutral, rude):
    for listener in (Listener(), Listener(trust=0.9)):
        assert np.ptp(listener.log_likelihood(SPACE.share, [[0, neutral, 0]])) == pytest.approx(0)
    assert np.ptp(Listener(trust=0.0).log_likelihood(SPACE.share, [[rude, 0, 0]])) == pytest.approx(0)


def test_reliability_is_learned_from_deeds():
    counts, deeds = [[40, 0, 0]], [[0.0, 0.0, 1.0]]  # forty insults from people who give everything
    assert Listener().reliability(SPACE.share, counts, deeds)[0] < 0.05
    assert Listener().reliability(SPACE.share, [[0, 0, 40]], deeds)[0] > 0.9


def test_social_preferences_of_users_are_recovered():
    envy, guilt = (grid.ravel() for grid in np.meshgrid([0.0, 1.0, 3.0], [0.0, 0.6, 0.9]))
    space = preference_norms(FehrSchmidt(envy, guilt), 0.02)
    policy = PreferencePolicy(FehrSchmidt(1.0, 0.6), temperature=0.02)
    game = Game(users=("them",) * 9, policies={"them": policy}, alike=0.0)
    played = play(game, Assistant(space=space, priors=(None,)), n_runs=20, rng=np.random.default_rng(1), beliefs=True)
    truth = space.share[(envy == 1.0) & (guilt == 0.6)]
    assert played.belief_mean[:, -1, -1] == pytest.approx(float(truth[0]), abs=0.02)


@pytest.mark.slow
def test_runs_take_seconds_by_the_ten_thousand():
    begin = time.process_time()
    play(Game(users=("fair",) * 9), n_runs=2_500, rng=np.random.default_rng(1))
    assert time.process_time() - begin < 8  # about one on a quiet core


FAILURES = [
    (lambda: CurrencyKernel(("a", "b"), [[1.0, 0.5], [0.4, 1.0]]), "symmetric"),
    (lambda: CurrencyKernel(("a", "b"), np.eye(3)), "one row and column per currency"),
    (lambda: currency_kernel(["dollars"], length=0.0), "length is 0.0"),
    (lambda: question([[1.0, 0.0, 0.0]], SPACE, reliability=2.0), "reliability is 2.0"),
    (lambda: Listener(a=0.0), "parameters of a Beta prior are positive"),
    (lambda: Listener(trust=1.0), "trust is 1.0"),
    (lambda: infer_groups(SPACE, np.zeros((2, 0, 3)), rng=np.random.default_rng(1)), "has shape"),
    (
        lambda: infer_groups(SPACE, np.zeros((2, 1, 3)), rng=np.random.default_rng(1), concentration=0.0),
        "must be positive",
    ),
    (lambda: infer_groups(SPACE, np.zeros((2, 1, 3)), rng=np.random.default_rng(1), n_sweeps=0), "at least one sweep"),
]


@pytest.mark.parametrize(("broken", "message"), FAILURES)
def test_what_makes_no_sense_is_refused(broken, message):
    with pytest.raises(ProblemError, match=message):
        broken()


def test_the_norms_of_the_users_of_a_play_are_told_from_their_offers():
    users = ("selfish", "altruistic", "altruistic")
    played = play(Game(users=users, n_assistants=0), n_runs=30, rng=np.random.default_rng(1))
    groups = infer_user_norms(played, rng=np.random.default_rng(2))
    assert [groups.share_of(person).mean() for person in range(3)] == pytest.approx([0, 1, 1], abs=0.02)
    assert "2 norms held" in repr(groups)
    with pytest.raises(ProblemError, match="played is tuple: give what play"):
        infer_user_norms(users, rng=np.random.default_rng(2))
    with pytest.raises(ProblemError, match="rng is 1"):
        infer_user_norms(played, rng=1)

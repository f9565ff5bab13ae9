"""Bets against one norm: what they are worth, when they ring, and what is believed then."""

from itertools import pairwise, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.game.assistant import Assistant, Memory
from inference.game.beliefs import (
    drawn,
    in_new_setting,
    no_evidence,
    norm_evidence,
    norm_prior,
    offer_moments,
    share_norms,
    tables_of,
)
from inference.game.checks.doubt import ALARM, Doubt
from inference.game.learned import learn_norm
from inference.game.rules import Game
from inference.game.ultimatum import play
from inference.social_contract.open_rows.stochastic import USERS, MixedPolicy
from inference.splits.policies import mean_share
from tests.strategies import examples

SMALL = share_norms(shares=[0.0, 0.5, 1.0], spreads=[0.5], slips=[0.0])


def watched(space, amount, offers, prior=None):
    """Memory and doubt after offers, (n_groups, n_settings, n_offers)."""
    assistant = Assistant(space, priors=(prior,))
    tables = tables_of(space, np.append(np.ravel(amount), 50))
    memory, doubt = Memory.empty(assistant, tables, ("x",), len(offers)), Doubt.none(space, len(offers))
    for setting in range(offers.shape[1]):
        memory, doubt = memory.entering(np.zeros(len(offers), dtype=int)), doubt.entering()
        pot = np.broadcast_to(amount, offers.shape[:2])[:, setting]
        for units in offers[:, setting].T:
            doubt = doubt.saw(tables, pot, units, memory.log_chance(assistant.log_priors[0], pot, units))
            memory = memory.saw_offer(pot, units)
    return memory, doubt, tables, assistant.log_priors[0]


@examples(20)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=5), st.sampled_from(["selfish", "fair", None]))
def test_a_bet_is_the_ratio_of_two_forecasts_written_out(offers, prior):
    kernel = np.exp(SMALL.policy.log_offers(4))[:, 0]  # (n_norms, 5)
    weights, belief, worth = np.full(3, 1 / 3), np.exp(norm_prior(SMALL, prior)), 1.0
    for t, k in enumerate(offers, start=1):
        worth *= (weights @ kernel[:, k]) / (belief @ kernel[:, k])
        moved = weights * kernel[:, k] / (weights @ kernel[:, k])
        weights = weights + (moved - weights) / (t + 1)
        belief = belief * kernel[:, k] / (belief @ kernel[:, k])
    _, doubt, *_ = watched(SMALL, 4, np.array(offers)[np.newaxis, np.newaxis], prior)
    assert np.exp(doubt.log_bet[0]) == pytest.approx(worth)
    np.testing.assert_allclose(np.exp(doubt.log_weights[0, :, 0]), weights)


def test_nobody_can_expect_to_win_against_somebody_whose_prior_is_right():
    every = np.array(list(product(range(4), repeat=3)))[:, np.newaxis]  # all that three offers of 3 units can be
    _, doubt, _, log_prior = watched(SMALL, 3, every)
    kernel = np.exp(SMALL.policy.log_offers(3))[:, 0]
    chance = np.exp(log_prior) @ kernel[:, every[:, 0]].prod(axis=-1)
    assert chance.sum() == pytest.approx(1)
    assert chance @ np.exp(doubt.log_bet) == pytest.approx(1)


def test_it_rings_in_few_groups_that_hold_a_norm_and_what_they_offer_is_covered():
    space, rng, n = share_norms(), np.random.default_rng(1), 400
    norm, slip, amount = (
        rng.integers(space.n_norms, size=n),
        rng.integers(4, size=n),
        rng.integers(10, 101, size=(n, 3)),
    )
    tables, offers = tables_of(space, amount), np.empty((n, 3, 8), dtype=int)
    for setting in range(3):
        for k in range(8):
            offers[:, setting, k] = drawn(tables.offers[tables.row(amount[:, setting]), :, norm, slip], rng)
    memory, doubt, tables, log_prior = watched(space, amount, offers)
    assert doubt.rings.mean() <= 0.05
    truth = offer_moments(tables, 50)[0][norm, slip]
    mean, sd = doubt.averaged(*memory.mean_offer(log_prior, 50, tables), tables, 50)
    assert (np.abs(mean - truth) <= 1.645 * sd + 0.01).mean() > 0.9


@pytest.mark.parametrize("kind", ["mixes one unit and half", "mixes all three", "logit, temperature .5"])
def test_it_rings_for_users_whom_no_norm_describes_and_the_mean_is_covered(kind):
    policy = USERS[kind]
    game = Game(users=("they",) * 10, n_assistants=0, policies={"they": policy}, alike=0.0)
    played = play(game, n_runs=60, rng=np.random.default_rng(1))
    memory, doubt, tables, log_prior = watched(share_norms(), played.amount, played.units)
    truth = float(mean_share(policy, 50))
    own, sd_own = memory.mean_offer(log_prior, 50, tables)
    mean, sd = doubt.averaged(own, sd_own, tables, 50)
    assert doubt.rings.mean() > 0.9
    assert (np.abs(mean - truth) <= 1.645 * sd + 0.01).mean() > 0.85
    assert (np.abs(own - truth) <= 1.645 * sd_own + 0.01).mean() < 0.8


def test_an_offer_that_repeats_the_last_one_counts_once():
    offers = np.array([[[2, 2, 2, 2], [2, 2, 2, 2]], [[0, 4, 0, 4], [0, 4, 0, 4]]])
    _, doubt, *_ = watched(SMALL, 4, offers)
    assert doubt.n_minds.tolist() == [2, 8]
    assert doubt.n_seen.tolist() == [8, 8]


def test_whoever_learns_a_norm_is_told_that_there_is_none():
    users = ("selfish",) * 5 + ("fair",) * 5
    mixed = learn_norm(play(Game(users=users, n_assistants=0), rng=np.random.default_rng(1)).to_frame())
    assert not mixed.fits
    assert mixed.misfit.max() > ALARM
    assert "NOT ONE NORM" in repr(mixed)
    mean, sd = mixed.mean_offer(50)
    assert mean == pytest.approx(0.26, abs=2 * sd)
    fair = learn_norm(play(Game(users=("fair",) * 9), rng=np.random.default_rng(1)).to_frame())
    assert fair.fits
    assert "NOT ONE NORM" not in repr(fair)
    assert fair.mean_offer(50) == pytest.approx((0.5, 0.0), abs=0.01)


def test_a_mixed_policy_mixes_probabilities():
    policy = MixedPolicy((USERS["selfish"], USERS["gives three in ten"]), (0.25, 0.75))
    expected = 0.25 * np.exp(USERS["selfish"].log_offers(9)) + 0.75 * np.exp(USERS["gives three in ten"].log_offers(9))
    np.testing.assert_allclose(np.exp(policy.log_offers(9)), expected)
    assert (policy.log_acceptance(9) <= 0).all()


# ---- norms that drift ----


@given(st.lists(st.integers(0, 3), min_size=1, max_size=4), st.floats(0, 1))
def test_drift_agrees_with_the_sum_over_all_paths_of_norms(offers, drift):
    space = share_norms(shares=[0.0, 0.5, 1.0], spreads=[0.5], slips=[0.0], drift=drift)
    kernel, tables = np.exp(space.policy.log_offers(3))[:, 0], tables_of(space, [3])
    evidence = no_evidence(space, 1)
    for t, k in enumerate(offers):
        evidence = in_new_setting(evidence, space) if t else evidence
        evidence = evidence + tables.offers[0, k]
    exact = np.zeros(3)
    for path in product(range(3), repeat=len(offers)):
        chance = np.prod([kernel[n, k] for n, k in zip(path, offers, strict=True)])
        for a, b in pairwise(path):
            chance *= (1 - drift) * (a == b) + drift / 3
        exact[path[-1]] += chance
    np.testing.assert_allclose(np.exp(norm_evidence(evidence))[0], exact, rtol=1e-6)


def test_norms_that_change_are_followed_by_whoever_lets_them_drift():
    one, two = (
        play(Game(users=(who,) * 9, n_assistants=0, n_epochs=3), rng=np.random.default_rng(k)).to_frame()
        for k, who in enumerate(("selfish", "fair"))
    )
    table = pd.concat([one, two.assign(epoch=two["epoch"] + 3)], ignore_index=True)
    lasting, drifting = (learn_norm(table, Assistant(share_norms(drift=drift))) for drift in (0.0, 0.1))
    assert drifting.mean[-1] == pytest.approx(0.5, abs=0.02)
    assert abs(lasting.mean[-1] - 0.5) > 0.1

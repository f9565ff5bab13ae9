"""The game, the assistant that learns from it, and what must hold whatever is drawn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import ProblemError
from inference.game.assistant import Assistant, Interaction, Memory, watch
from inference.game.beliefs import (
    after_answer,
    after_offer,
    in_new_setting,
    no_evidence,
    norm_evidence,
    norm_prior,
    share_norms,
    tables_of,
)
from inference.game.learned import learn_norm
from inference.game.manners import TONES, Listener
from inference.game.rules import PAIRINGS, Game, Setting
from inference.game.ultimatum import play
from inference.splits.policies import ALTRUISTIC, FAIR, POLICIES, SELFISH, ShareRule, mean_share
from tests.strategies import examples

SPACE = share_norms(shares=np.linspace(0, 1, 5), spreads=(0.1, 2.0))
SEEN = st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=6)
COUNTS = [  # assistants, users, user-user, mixed each way, assistant-assistant: the recorded games
    (1, 9, 8, 1, 0),
    (5, 5, 3, 2, 3),
    (9, 1, 0, 1, 8),
]


@pytest.mark.parametrize(("assistants", "users", "among_users", "across", "among_assistants"), COUNTS)
def test_groups_play_as_many_interactions_as_recorded(assistants, users, among_users, across, among_assistants):
    pairings = [slot.pairing for slot in Game(users=("fair",) * users, n_assistants=assistants).schedule]
    assert [pairings.count(one) for one in PAIRINGS] == [among_users, across, across, among_assistants]


@given(st.integers(1, 6), st.integers(0, 6))
def test_everybody_proposes_once_and_answers_once(users, assistants):
    if users + assistants < 2:
        return
    schedule = Game(users=("fair",) * users, n_assistants=assistants).schedule
    assert sorted(slot.proposer for slot in schedule) == list(range(users + assistants))
    assert sorted(slot.responder for slot in schedule) == list(range(users + assistants))


def test_fixed_policies_offer_what_was_recorded():
    assert mean_share(SELFISH, 50) == pytest.approx(1 / 50, abs=1e-3)
    assert mean_share(FAIR, 51) == pytest.approx(0.5, abs=1e-3)
    assert mean_share(ALTRUISTIC, 50) == pytest.approx(0.99, abs=1e-3)


@pytest.mark.parametrize("policy", POLICIES.values())
@pytest.mark.parametrize("amount", [1, 2, 37])
def test_offers_are_a_distribution(policy, amount):
    assert np.exp(policy.log_offers(amount)).sum() == pytest.approx(1)
    assert ((policy.log_acceptance(amount) < 0) & (policy.log_acceptance(amount) > -np.inf)).all()


def test_selfish_and_altruistic_users_refuse_an_even_split_as_recorded():
    for policy in (SELFISH, ALTRUISTIC):
        accepts = np.exp(policy.log_acceptance(50))
        assert accepts[25] < 0.05
        assert accepts[1] > 0.9
    assert np.exp(FAIR.log_acceptance(50))[[1, 25]].round(1).tolist() == [0.0, 1.0]


@given(SEEN, st.randoms(use_true_random=False))
def test_the_order_of_what_is_seen_in_a_setting_does_not_matter(seen, random):
    tables = tables_of(SPACE, [20])

    def learned(acts):
        evidence = no_evidence(SPACE, 1)
        for units, accepted in acts:
            evidence = after_answer(after_offer(evidence, tables, 20, units), tables, 20, units, accepted)
        return norm_evidence(evidence)

    shuffled = random.sample(seen, len(seen))
    np.testing.assert_allclose(learned(shuffled), learned(seen), rtol=1e-9)


@given(st.permutations(range(10)), SEEN)
def test_relabelling_norms_relabels_the_posterior(order, seen):
    shuffled = share_norms(shares=[0.0], spreads=[0.1])
    rule = SPACE.policy
    order = np.array(order)
    turned = ShareRule(rule.share[order], rule.units, rule.spread[order], rule.tolerance)
    shuffled = type(SPACE)(turned, SPACE.share[order], SPACE.slip_weights, SPACE.keep)

    def learned(space):
        tables, evidence = tables_of(space, [20]), no_evidence(space, 1)
        for units, _ in seen:
            evidence = in_new_setting(after_offer(evidence, tables, 20, units), space)
        return norm_evidence(evidence)[0]

    np.testing.assert_allclose(learned(shuffled), learned(SPACE)[order], rtol=1e-9)


@given(SEEN)
def test_a_new_setting_forgets_slips_and_keeps_norms(seen):
    tables, evidence = tables_of(SPACE, [20]), no_evidence(SPACE, 1)
    for units, _ in seen:
        evidence = after_offer(evidence, tables, 20, units)
    np.testing.assert_allclose(norm_evidence(in_new_setting(evidence, SPACE)), norm_evidence(evidence), rtol=1e-9)


def test_the_filter_is_the_sum_over_paths_of_slips():
    space = share_norms(shares=[1.0], spreads=[0.1], keep=0.6)
    tables, offers = tables_of(space, [10]), [9, 10, 9]
    evidence = no_evidence(space, 1)
    for k, units in enumerate(offers):
        evidence = in_new_setting(evidence, space) if k else evidence
        evidence = after_offer(evidence, tables, 10, units)
    likelihood = np.exp([[tables.offers[0, units, 0, slip] for slip in range(4)] for units in offers])
    stays = 0.6 * np.eye(4) + 0.4 / 4
    by_paths = sum(
        likelihood[0, a] / 4 * stays[a, b] * likelihood[1, b] * stays[b, c] * likelihood[2, c]
        for a in range(4)
        for b in range(4)
        for c in range(4)
    )
    assert float(np.exp(norm_evidence(evidence))[0, 0]) == pytest.approx(by_paths)


@pytest.mark.parametrize("policy", ["selfish", "fair", "altruistic"])
@pytest.mark.parametrize("group", [(1, 9), (5, 5), (9, 1)])
def test_assistants_come_within_two_percent_of_any_norm_by_the_last_epoch(policy, group):
    assistants, users = group
    game = Game(users=(policy,) * users, n_assistants=assistants)
    played = play(game, n_runs=100, rng=np.random.default_rng(5))
    assert abs(played.assistant_share[:, -1].mean() - played.users_share[:, -1].mean()) < 0.02


def test_before_anything_is_seen_the_assistant_follows_its_prior():
    game = Game(users=("selfish",) * 9, n_epochs=1)
    kind = Assistant(priors=("altruistic",), temperature=0.0, learning="epoch")
    assert play(game, kind, n_runs=20, rng=np.random.default_rng(1)).assistant_share.min() > 0.85


@examples(10)
@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.5, 1.0, 2.0]))
def test_the_same_seed_gives_the_same_bytes(seed, temperature):
    game, kind = Game(users=("fair", "selfish"), n_assistants=2, n_epochs=2), Assistant(temperature=temperature)
    one, two = (play(game, kind, n_runs=3, rng=np.random.default_rng(seed), beliefs=True) for _ in range(2))
    for name in ("setting", "amount", "seated", "units", "accepted", "belief_mean", "belief_sd"):
        assert getattr(one, name).tobytes() == getattr(two, name).tobytes()


@examples(20)
@given(st.integers(0, 2**32), st.integers(1, 3), st.integers(1, 3))
def test_offers_split_what_there_is(seed, users, assistants):
    game = Game(users=("altruistic",) * users, n_assistants=assistants, settings=(Setting("coins", 1, 4),), n_epochs=2)
    played = play(game, n_runs=5, rng=np.random.default_rng(seed))
    assert ((played.units >= 0) & (played.units <= played.amount[..., np.newaxis])).all()
    frame = played.to_frame()
    assert (frame["to_self"] + frame["to_other"] == frame["amount"]).all()


def test_beliefs_narrow_down_on_the_norm():
    played = play(Game(users=("fair",) * 9), n_runs=20, rng=np.random.default_rng(2), beliefs=True)
    assert played.belief_mean[:, -1, -1] == pytest.approx(0.5, abs=0.02)
    assert (played.belief_sd[:, -1, -1] < played.belief_sd[:, 0, 0] + 1e-9).all()


def test_exceptions_and_answers_change_the_policy_of_a_setting_and_of_a_role():
    game = Game(
        users=("selfish",) * 4,
        n_assistants=0,
        settings=(Setting("dollars"), Setting("apples")),
        exceptions={("selfish", "apples"): "fair"},
        in_turn=True,
        n_epochs=2,
    )
    shares = play(game, n_runs=50, rng=np.random.default_rng(1)).share.mean(axis=(0, 2))
    assert shares == pytest.approx([0.03, 0.5], abs=0.03)
    refusing = Game(users=("selfish",) * 4, n_assistants=0, answers={"selfish": "fair"})
    assert play(refusing, n_runs=50, rng=np.random.default_rng(1)).accepted.mean() < 0.05


def test_separate_roles_learn_from_their_own_evidence():
    tables = tables_of(SPACE, [20])
    kind = Assistant(space=SPACE, roles="separate")
    memory = Memory.empty(kind, tables, ("coins",), 1).saw_offer(20, np.array([19]))
    prior = norm_prior(SPACE)
    assert np.exp(memory.norm_posterior(prior, "proposer"))[0, SPACE.share == 1].sum() > 0.9
    np.testing.assert_allclose(memory.norm_posterior(prior, "responder")[0], prior)


@pytest.mark.parametrize(("users", "assistants"), [(9, 1), (5, 5), (1, 3)])
@pytest.mark.parametrize("listener", [None, Listener(trust=0.4)])
@pytest.mark.parametrize("roles", ["joint", "separate"])
def test_an_assistant_that_plays_believes_what_one_that_reads_the_transcript_does(users, assistants, listener, roles):
    """In every interaction: among users, with assistants, and among these, who teach one another nothing."""
    kind = Assistant(space=SPACE, priors=(None,), listener=listener, roles=roles)
    game = Game(users=("altruistic",) * users, n_assistants=assistants, tone="rude", n_epochs=2)
    played = play(game, kind, rng=np.random.default_rng(3), beliefs=True)
    assert played.amount[0, 0] != played.amount[0, 1]
    learned = learn_norm(played.to_frame(), kind)
    np.testing.assert_allclose(learned.mean[1:], played.belief_mean[0].ravel(), rtol=1e-12)
    np.testing.assert_allclose(learned.sd[1:] ** 2, played.belief_sd[0].ravel() ** 2, rtol=1e-12, atol=1e-15)  # of 1


def test_every_user_who_takes_part_in_an_interaction_makes_a_remark():
    kind = Assistant(space=SPACE, listener=Listener())
    memory = Memory.empty(kind, tables_of(SPACE, [20]), ("coins",), 3)
    acts = {"amount": 20, "units": np.full(3, 10), "accepted": np.ones(3, dtype=bool), "tone": TONES.index("rude")}
    who = {"shown": np.array([True, True, False]), "told": np.array([True, False, False])}
    assert watch(memory, Interaction(**acts, **who)).remarks.tolist() == [[2, 0, 0], [1, 0, 0], [0, 0, 0]]
    deaf = Memory.empty(Assistant(space=SPACE), tables_of(SPACE, [20]), ("coins",), 3)
    assert not watch(deaf, Interaction(**acts, **who)).remarks.any()


def test_what_nobody_saw_teaches_nothing():
    kind = Assistant(space=SPACE, listener=Listener())
    memory = Memory.empty(kind, tables_of(SPACE, [20]), ("coins",), 2).entering(np.zeros(2, dtype=int))
    nobody = np.zeros(2, dtype=bool)
    unseen = watch(memory, Interaction(20, np.array([0, 20]), ~nobody, nobody, nobody, 0))
    assert unseen.evidence == memory.evidence
    assert not unseen.remarks.any()


FAILURES = [
    (lambda: Game(users=()), "at least one user and two people"),
    (lambda: Game(users=("greedy",) * 2), "no policy is called 'greedy'"),
    (lambda: Game(users=("fair",) * 2, exceptions={("fair", "gold"): "selfish"}), "the setting 'gold'"),
    (lambda: Game(users=("fair",) * 2, tone="angry"), "tone is 'angry'"),
    (lambda: Game(users=("fair",) * 2, n_epochs=0), "epochs and settings are needed"),
    (lambda: Game(users=("fair",) * 2, alike=1.5), "alike is 1.5"),
    (lambda: Setting("coins", 5, 4), "lowest 5 exceeds highest 4"),
    (lambda: Setting("coins", 0, 4), "whole number of units from 1"),
    (lambda: ShareRule(share=1.5), "a share of the amount lies between 0 and 1"),
    (lambda: ShareRule(share=0.5, spread=0.0), "spread is not positive"),
    (lambda: ShareRule(share=0.5, lapse=0.0), "lapse must lie strictly"),
    (lambda: Assistant(temperature=-1.0), "temperature is -1.0"),
    (lambda: Assistant(priors=()), "priors is empty"),
    (lambda: Assistant(priors=("greedy",)), "prior is 'greedy'"),
    (lambda: Assistant(strength=1.0), "can never learn"),
    (lambda: Assistant(learning="later"), "learning is 'later'"),
    (lambda: Assistant(roles="mixed"), "roles is 'mixed'"),
    (lambda: play(Game(users=("fair",) * 2), n_runs=0, rng=np.random.default_rng(1)), "play at least once"),
    (lambda: play(Game(users=("fair",) * 2), rng=1), r"rng is 1: pass numpy\.random\.default_rng\(1\)"),
    (lambda: Game(users="selfish"), r"users is 'selfish': give one policy per user, such as \('selfish',\) \* 9"),
    (lambda: Game(users=("fair",), n_assistants=1.5), "assistants is 1.5: give a whole number"),
    (lambda: Game(users=("fair",), n_epochs="5"), "epochs is '5': give a whole number"),
    (lambda: tables_of(SPACE, [20]).row(30), "amount 30 has no table"),
    (lambda: tables_of(share_norms(), np.arange(50_000, 50_100)), "use larger units"),
]


@pytest.mark.parametrize(("broken", "message"), FAILURES)
def test_what_makes_no_sense_is_refused(broken, message):
    with pytest.raises(ProblemError, match=message):
        broken()

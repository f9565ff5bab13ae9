"""What the paper leaves open: similarity that is learned or not, words before deeds, strict users, another game."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import ProblemError
from inference.game.currencies import LengthEstimate, currency_kernel
from inference.game.manners import GRID, Listener
from inference.game.recordings import read_offers, replay, script_of
from inference.social_contract.open_rows.graded import SUITE, TOPS, learned_from_recordings, learned_in
from inference.social_contract.open_rows.left_out import DRIFTING, LASTING, assistant_of
from inference.social_contract.open_rows.public_good import contribute, public_good_jobs
from inference.social_contract.open_rows.stochastic import USERS, stochastic_job
from inference.social_contract.open_rows.third_party import punishment, third_party_findings, third_party_job, transfers
from inference.social_contract.open_rows.tones import confusion, read_tones, tone_reader
from inference.social_contract.open_rows.words import degree_jobs

RECORDED = Path(__file__).resolve().parents[4].parent / "shared" / "data" / "scai"
needs_recordings = pytest.mark.skipif(not RECORDED.is_dir(), reason="../shared/data/scai is not here")


# ---- new currencies ----


@pytest.mark.parametrize("truth", [0.5, 1.5, 4.5])
def test_similarity_is_learned_from_people_whose_norms_change_with_the_currency(truth):
    found = learned_in(currency_kernel(SUITE, length=truth), 400, np.random.default_rng(1))
    low, high = found.interval
    assert not found.at_bound
    assert low <= 1.2 * truth
    assert high >= truth / 1.2
    assert found.length == pytest.approx(truth, rel=0.35)


def test_a_bound_that_binds_is_no_estimate():
    found = LengthEstimate(np.array([1.0, 2.0, 4.0]), np.array([0.1, 0.2, 0.7]))
    assert found.at_bound
    with pytest.raises(ProblemError, match="not identified: the posterior is highest at the longest length offered, 4"):
        found.length  # noqa: B018
    inner = LengthEstimate(np.array([1.0, 2.0, 4.0]), np.array([0.25, 0.5, 0.25]))
    assert inner.length == pytest.approx(2.0)
    assert inner.said == "2.00, from 1 to 4"


@needs_recordings
def test_recorded_users_do_not_identify_similarity():
    offers = read_offers(RECORDED)
    for top in TOPS[:2]:
        found = learned_from_recordings(offers, 2.0 ** np.arange(-2, top + 1))
        assert found.at_bound
        assert found.probabilities.argmax() == len(found.lengths) - 1


# ---- words ----


TALLY = st.lists(st.integers(0, 6), min_size=3, max_size=3).map(lambda c: np.array([c], dtype=float))
SHARES = np.array([0.0, 0.5, 1.0])


@given(TALLY, TALLY, st.lists(st.floats(0.01, 1), min_size=3, max_size=3))
def test_what_is_heard_later_is_weighed_by_how_words_fitted_deeds(said, later, deeds):
    weights = np.array([deeds]) / sum(deeds)
    grid = 2 * GRID - 1
    fits = np.array([[1, 0], [0, 0], [0, 1]])  # rude, sycophantic for each norm

    def chance(counts, norm, r):
        if norm == 1:
            return 0.5 ** (counts[0] + counts[2])
        p = r * fits[norm] + (1 - r) / 2
        return p[0] ** counts[0] * p[1] ** counts[2]

    learned = np.array([sum(weights[0, n] * chance(said[0], n, r) for n in range(3)) for r in grid])
    exact = [(learned / learned.sum()) @ [chance(later[0], n, r) for r in grid] for n in range(3)]
    heard = Listener(ironic=True).heard_later(SHARES, said, weights, later)
    np.testing.assert_allclose(np.exp(heard[0]), exact, rtol=1e-6)


def test_words_help_before_any_deed_and_are_worth_nothing_after_one():
    rows = {job.condition: job.run(1)[0].more for job in degree_jobs(300)}
    before, after = "before any offer there", "after one offer there"
    for degree in ("degree 0.0", "degree 1.0"):
        assert rows[degree][f"ironic, {before}"] < rows[degree][f"deaf, {before}"] / 3
    assert rows["degree 0.0"][f"doubting, {before}"] < rows["degree 0.0"][f"deaf, {before}"] / 3
    assert rows["degree 0.5"][f"ironic, {before}"] > rows["degree 0.5"][f"deaf, {before}"] - 0.05
    for row in rows.values():
        assert row[f"ironic, {after}"] == pytest.approx(row[f"deaf, {after}"], abs=0.02)


def test_whoever_trusts_words_does_not_look_for_irony():
    with pytest.raises(ProblemError, match="drop one"):
        Listener(trust=0.9, ironic=True)
    with pytest.raises(ProblemError, match="no text"):
        tone_reader([], [])


@needs_recordings
def test_tones_are_read_from_words_of_runs_that_the_reader_never_saw():
    offers = read_offers(RECORDED)
    table = read_tones(offers[offers["experiment"] == "manners_rerun"].head(4000))
    assert (table["read"] == table["manners"]).mean() > 0.97
    whole = read_tones(offers[offers["experiment"] == "manners"])
    assert np.diag(confusion(whole)).min() > 0.98


# ---- who was left out ----


@needs_recordings
def test_strict_users_are_followed_once_norms_drift_and_answers_are_kept_apart():
    offers = read_offers(RECORDED)
    table = offers[(offers["experiment"] == "strict_responders") & offers["condition"].str.endswith("1v9_selfish")]
    script, rng = script_of(table), np.random.default_rng(1)
    gaps = {
        kind: np.abs(
            replay(script, assistant_of(kind, "interaction"), rng=rng, replicates=2) - script.users_share
        ).mean()
        for kind in (LASTING, DRIFTING)
    }
    assert gaps[LASTING] > 0.1
    assert gaps[DRIFTING] < 0.01


# ---- the public good ----


def test_contributions_follow_members_and_conditional_ones_follow_the_others():
    played = contribute((1.0,) * 5, 200, np.random.default_rng(1))
    assert played.share.mean() == pytest.approx(0.97, abs=0.02)
    waning = contribute((None,) * 9, 200, np.random.default_rng(1)).share.mean(axis=0)
    assert waning[0] == pytest.approx(0.6, abs=0.02)
    assert waning[-1] == pytest.approx(0.6 * 0.9**9, abs=0.08)
    own = np.zeros_like(played.share)
    alone = contribute((0.0,), 1, np.random.default_rng(1))
    assert alone.earned(np.ones((1, 10)))[0] == pytest.approx(20 * 0.8 * (1 + alone.share[0]))
    assert (played.earned(own) > played.earned(own + 1)).all()  # riding free pays, whatever others do


def test_the_same_assistant_learns_what_members_contribute_and_says_where_no_norm_fits():
    wanted = ("nothing, one norm that lasts", "half, one norm that lasts", "all, one norm that lasts")
    rows = {job.condition: job.run(1) for job in public_good_jobs(None, 20) if job.condition.endswith(wanted)}
    for name in ("all give nothing", "all give half", "all give all"):
        last = rows[f"{name}, one norm that lasts"][-1].more
        assert last["mean |gap| of a run"] < 0.06
        assert last["alarm"] < 0.1
    mixed = rows["four give nothing, five give all, one norm that lasts"][-1].more
    assert mixed["alarm"] > 0.9
    assert mixed["belief, mean |gap| of a run"] < 0.05 < mixed["imitation, mean |gap| of a run"]


# ---- a dictator with a third party ----


def test_third_parties_punish_what_is_below_what_they_ask():
    seen = transfers((0.2, 0.5), 0.5, 2000, np.random.default_rng(1))
    low = seen.units < 10
    assert seen.punished[low].mean() == pytest.approx(0.6, abs=0.02)
    assert seen.punished[~low].mean() == pytest.approx(0.05, abs=0.02)
    assert low.mean() == pytest.approx(0.5, abs=0.03)
    assert punishment(np.array([0.0, 0.45, 0.5, 1.0]), 0.5).tolist() == [0.6, 0.6, 0.05, 0.05]


def test_a_dictator_learns_from_transfers_what_is_given_and_from_punishments_what_is_asked():
    given, asked = (0.2,) * 5, 0.5
    rows = {
        which: third_party_job("a fifth is given", given, asked, *which, 30).run(1)
        for which in ((True, False), (False, True))
    }
    by_deeds, by_judges = rows[True, False][-1].more, rows[False, True][-1].more
    assert by_deeds["ours, |gap| to what is given"] < 0.02 < by_judges["ours, |gap| to what is given"]
    assert by_judges["ours, |gap| to what is asked"] < 0.15 < by_deeds["ours, |gap| to what is asked"]
    assert by_deeds["imitation, punished"] == pytest.approx(0.6)
    assert len(third_party_findings(rows[True, False])) == 1


def test_beliefs_are_averaged_where_users_draw_their_offers():
    kinds = ("mixes one unit and half", "selfish")
    rows = {kind: stochastic_job(kind, USERS[kind], 0.0, 40).run(1)[-1].more for kind in kinds}
    mixed = rows["mixes one unit and half"]
    assert mixed["truth"] == pytest.approx(0.26, abs=0.01)
    assert mixed["one norm, |error|"] > 0.1 > mixed["averaged, |error|"]
    assert mixed["one norm, covers"] < 0.3 < 0.8 < mixed["averaged, covers"]
    assert rows["selfish"]["alarm"] <= 0.1

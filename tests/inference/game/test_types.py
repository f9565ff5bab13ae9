"""Types learned from splits, scored on runs left out, and the menu that serves them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import contracts
from contracts.errors import ProblemError
from inference.game.assistant import Assistant
from inference.game.currencies import currency_kernel
from inference.game.learned import learn_norm
from inference.game.recordings import read_offers
from inference.game.rules import Game, Setting
from inference.game.scores import held_out
from inference.game.types import BANDS, fit_split_types
from inference.game.ultimatum import play

RECORDED = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "scai"
needs_recordings = pytest.mark.skipif(
    not RECORDED.is_dir(), reason="../shared/data/scai is not here: nothing is learned from recorded games"
)


@pytest.fixture(scope="module")
def simulated():
    frames = []
    for k, policy in enumerate(("selfish", "fair", "altruistic")):
        played = play(Game(users=(policy,) * 9), n_runs=8, rng=np.random.default_rng(k))
        frame = played.to_frame()
        frames.append(frame.assign(run_id=frame["run_id"].astype(str) + policy))
    return pd.concat(frames, ignore_index=True)


def test_types_are_those_that_played(simulated):
    types = fit_split_types(simulated)
    assert types.labels == ("altruistic", "fair", "selfish")
    assert types.weights == pytest.approx(1 / 3)
    assert types.share == pytest.approx([1.0, 0.5, 0.0], abs=0.05)
    assert types.offers(40).argmax(axis=1).tolist()[1] == 20
    assert types.offers(40).sum(axis=1) == pytest.approx(1)
    assert types.decided.sum() == simulated["responder_policy"].notna().sum()


def test_offers_of_left_out_runs_are_predicted_better_than_by_histograms(simulated):
    scores = held_out(simulated, rng=np.random.default_rng(1), n_folds=4)
    offers = list(scores.offers.values())
    assert scores.n_runs == 24
    assert scores.n_offers == simulated["proposer_policy"].notna().sum()
    assert max(offers) == scores.offers["norms, learning in the run"]
    assert min(offers) == scores.offers["even odds"]


def test_the_menu_of_rules_is_certified_and_gives_each_type_its_own(simulated):
    types = fit_split_types(simulated)
    menu = contracts.solve_menu(types.screening_problem())
    assert menu.certificate.holds
    assert [menu.problem.goods[k] for k in menu.allocation.argmax(axis=1)] == ["all but one unit", "half", "one unit"]
    assert (menu.information_rent >= 0).all()


BROKEN = [
    (lambda t: fit_split_types(t.drop(columns="proposer_policy")), "types are learned by policy"),
    (lambda t: fit_split_types(t.assign(proposer_policy=None)), "nothing to learn types from"),
    (lambda t: fit_split_types(t).screening_problem({"half": 0.5}), "at least two shares"),
    (lambda t: fit_split_types(t).screening_problem({"a": 0.5, "b": 0.5}), "rule 'b' covers no offer"),
    (lambda t: fit_split_types(t).acceptable("greedy"), "type is 'greedy': the types are"),
    (lambda t: held_out(t, rng=np.random.default_rng(1), n_folds=100), "n_folds is 100 with 24 runs"),
    (lambda t: learn_norm(t), "the transcript holds 24 runs"),
    (lambda t: learn_norm(t.iloc[:0]), "the transcript is empty"),
]


@pytest.mark.parametrize(("broken", "message"), BROKEN)
def test_what_makes_no_sense_is_refused(simulated, broken, message):
    with pytest.raises(ProblemError, match=message):
        broken(simulated)


def one_run(simulated, policy):
    return simulated[simulated["run_id"] == f"0{policy}"]


def test_the_posterior_of_every_interaction_can_be_asked_for_and_drawn(simulated):
    learned = learn_norm(one_run(simulated, "altruistic"), prior="selfish")
    assert learned.probabilities.shape == (51, learned.assistant.space.n_norms)
    assert learned.probabilities.sum(axis=1) == pytest.approx(1)
    assert learned.mean[0] < 0.5 < 0.9 < learned.mean[-1]
    assert learned.entropy[-1] < learned.entropy[0]
    assert len(learned.to_frame()) == 50
    assert learned.plot().get_ylabel() == "share offered"
    assert not learned.question.worth_asking(0.05).any()


def test_unreadable_offers_are_counted_and_passed_over(simulated):
    table = one_run(simulated, "fair")
    blank = table.assign(to_other=table["to_other"].astype("Int64").where(table["interaction"] != 0))
    learned = learn_norm(blank)
    assert learned.n_unreadable == 5
    assert learned.mean[-1] == pytest.approx(0.5, abs=0.01)


def test_a_currency_never_seen_needs_a_kernel_and_then_leans_on_the_prior(simulated):
    game = Game(users=("selfish",) * 9, settings=(Setting("dollars"),))
    table = play(game, rng=np.random.default_rng(1)).to_frame()
    with pytest.raises(ProblemError, match="'favours' has never been seen, only dollars"):
        learn_norm(table).propose(50, rng=np.random.default_rng(1), currency="favours")
    with pytest.raises(ProblemError, match="no similarity to dollars"):
        learn_norm(table, Assistant(kernel=currency_kernel(["dollars"]))).propose(
            50, rng=np.random.default_rng(1), currency="favours"
        )
    with pytest.raises(ProblemError, match="'gold' has never been seen: describe it"):
        currency_kernel(["dollars", "gold"])
    kernel = currency_kernel(["dollars", "apples", "favours"], length=0.5)
    learned = learn_norm(table, Assistant(kernel=kernel), prior="altruistic")
    rng = np.random.default_rng(2)
    near, far = (np.mean([learned.propose(50, rng=rng, currency=c) for _ in range(200)]) for c in ("apples", "favours"))
    assert near < 25 < far


@needs_recordings
def test_recorded_users_refuse_an_even_split_where_they_were_told_not_to_want_one():
    offers = read_offers(RECORDED)
    types = fit_split_types(offers[offers["manners"].isna() | (offers["manners"] == "neutral")])
    even = int(np.flatnonzero(BANDS == 0.5001)[0]) - 1
    by_label = dict(zip(types.labels, types.acceptance[:, even], strict=True))
    assert by_label["selfish"] < 0.05
    assert by_label["altruistic"] < 0.05
    assert by_label["fair"] > 0.95
    shares = dict(zip(types.labels, types.share, strict=True))
    assert shares["selfish"] < 0.03
    assert shares["fair"] == pytest.approx(0.5, abs=0.01)
    assert shares["altruistic"] > 0.97


@pytest.mark.slow
@needs_recordings
def test_recorded_offers_and_decisions_of_left_out_runs_are_predicted():
    offers = read_offers(RECORDED)
    scores = held_out(offers[offers["manners"].isna() | (offers["manners"] == "neutral")], rng=np.random.default_rng(1))
    assert scores.offers["norms, learning in the run"] > 0.5 * scores.offers["histogram by policy"]
    assert max(scores.decisions, key=scores.decisions.get) == "rates by band"

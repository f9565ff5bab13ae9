"""The assistant without inference: what it copies, and what it matches without knowing any norm."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from inference.game.assistant import Assistant
from inference.game.checks.imitation import copied_offers, imitated_play, imitated_replay
from inference.game.recordings import read_offers, script_of
from inference.game.rules import Game
from inference.game.ultimatum import play

RECORDED = Path(__file__).resolve().parents[4].parent / "shared" / "data" / "scai"
needs_recordings = pytest.mark.skipif(not RECORDED.is_dir(), reason="../shared/data/scai is not here")
SHAPE = (3, 2, 4)


@given(
    arrays(np.int64, SHAPE, elements=st.integers(0, 10)), arrays(bool, SHAPE), st.sampled_from(["interaction", "epoch"])
)
def test_it_offers_what_it_saw_last(units, shown, learning):
    amount = np.full(SHAPE, 10)
    copied = copied_offers(units, amount, shown, np.ones(SHAPE, dtype=bool), learning=learning)
    for run in range(SHAPE[0]):
        for epoch in range(SHAPE[1]):
            for k in range(SHAPE[2]):
                last = k if learning == "interaction" else 0
                past = [(epoch, j) for j in range(last)] if learning == "interaction" else []
                past = [(e, j) for e in range(epoch) for j in range(SHAPE[2])] + past
                seen = [units[run, e, j] for e, j in past if shown[run, e, j]]
                assert copied[run, epoch, k] == (seen[-1] if seen else 5)


def test_among_users_who_do_the_same_it_needs_no_inference_and_among_others_it_is_one_of_them():
    same = play(Game(users=("fair",) * 9), n_runs=20, rng=np.random.default_rng(1))
    assert imitated_play(same)[:, 1:] == pytest.approx(same.users_share[:, 1:], abs=0.06)
    mixed = play(
        Game(users=("selfish",) * 5 + ("altruistic",) * 5, n_assistants=0), n_runs=20, rng=np.random.default_rng(1)
    )
    assert np.abs(imitated_play(mixed) - mixed.users_share).mean() > 0.4


@needs_recordings
def test_it_matches_the_recorded_model_in_nearly_all_conditions_with_one_norm_but_not_where_norms_are_mixed():
    offers = read_offers(RECORDED)

    def gaps(experiment):
        for _, table in offers[offers["experiment"] == experiment].groupby("condition"):
            script = script_of(table)
            copied, recorded = (s - script.users_share for s in (imitated_replay(script), script.recorded_share))
            yield copied[:, -1], recorded[:, -1]

    one = [abs(copied.mean()) - abs(recorded.mean()) for copied, recorded in gaps("one_norm")]
    assert len(one) == 18
    assert sum(excess < 0.0005 for excess in one) >= 17
    assert min(np.abs(copied).mean() for copied, _ in gaps("mixed_norm")) > 0.1


def test_it_sees_as_much_as_the_assistant_beside_it():
    game = Game(users=("selfish",) * 9, n_epochs=1)
    late = play(game, Assistant(learning="epoch"), n_runs=5, rng=np.random.default_rng(1))
    assert imitated_play(late) == pytest.approx(0.5, abs=0.05)

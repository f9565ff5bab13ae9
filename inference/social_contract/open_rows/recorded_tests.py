"""Recorded tests in a new currency: what was learned on dollars is in force, and nothing is learned during the test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logsumexp

from contracts.inputs.arrays import Array
from inference.game.beliefs import (
    after_offer,
    expected_offer,
    in_new_setting,
    no_evidence,
    norm_evidence,
    norm_prior,
    share_norms,
    tables_of,
)
from inference.game.currencies import carried_prior, currency_kernel, question
from inference.game.recordings import Script, script_of
from inference.game.rules import Game, Setting
from inference.game.transcripts import Play
from inference.game.ultimatum import play
from inference.social_contract.experiment import Job, Row, curve
from inference.splits.policies import POLICIES, mean_share

if TYPE_CHECKING:
    import pandas as pd

SPACE = share_norms()
COST = 0.05  # share of the amount that a question costs


def play_with_dollars(policy: str, n_runs: int, rng: np.random.Generator) -> Play:
    """Five epochs among nine users who split dollars."""
    return play(Game(users=(policy,) * 9, n_assistants=0, settings=(Setting("dollars"),)), n_runs=n_runs, rng=rng)


def watched(played: Play) -> Array:
    """Log evidence of all offers of a play among users, by a single norm; (n_runs, n_norms, n_slips)."""
    tables, evidence = tables_of(SPACE, played.amount), no_evidence(SPACE, played.n_runs)
    for epoch in range(played.game.n_epochs):
        evidence = in_new_setting(evidence, SPACE)
        for k in range(played.units.shape[2]):
            evidence = after_offer(evidence, tables, played.amount[:, epoch], played.units[:, epoch, k])
    return evidence


def normalised(score: Array) -> Array:
    """Log probabilities; (n_runs, n_norms)."""
    return np.asarray(score - logsumexp(score, axis=-1, keepdims=True))


def recorded_test(condition: str, table: pd.DataFrame, *, policy: str = "selfish", prior: str | None = None) -> Job:
    """Our assistant in the recorded test, after a game with dollars among users of a policy.

    Similarity is as we judge it. The imitator offers the share that it saw last with dollars. Whoever asks is told the
    users' share, and pays for it.
    """

    def rows(rng: np.random.Generator) -> list[Row]:
        script = script_of(table)
        kernel = currency_kernel(("dollars", *(name for name in script.settings if name != "dollars")))
        n_runs, n_epochs, _ = script.units.shape
        with_dollars = play_with_dollars(policy, n_runs, rng)
        learned = watched(with_dollars)
        beliefs = np.full((n_runs, n_epochs, SPACE.n_norms), np.nan)
        pull, ours = np.full((2, n_runs, n_epochs), np.nan)
        tables = tables_of(SPACE, np.maximum(script.amount.max(axis=2), 1))
        for number, name in enumerate(script.settings):
            here = (script.setting == number).any(axis=2)
            before = carried_prior(norm_prior(SPACE, prior), {"dollars": norm_evidence(learned)}, name, kernel)
            if name == "dollars":
                before = normalised(norm_prior(SPACE, prior) + norm_evidence(learned))
            beliefs[here] = np.broadcast_to(np.exp(before)[:, np.newaxis], beliefs.shape)[here]
            for epoch in range(n_epochs):
                pot = np.maximum(script.amount[:, epoch].max(axis=1), 1)
                offers = expected_offer(before, in_new_setting(learned, SPACE), tables, pot)
                ours[:, epoch] = np.where(here[:, epoch], offers, ours[:, epoch])
            pull[here] = 0.0 if name == "dollars" else kernel.carry(name, ["dollars"])[1]
        copied = np.where(np.isnan(ours), np.nan, with_dollars.share[:, -1, -1, np.newaxis])
        users, seen = script.users_share, ~np.isnan(ours)
        asked = question(beliefs[seen], SPACE)
        asks = asked.worth_asking(COST)
        loss = np.where(asks, COST, np.abs(ours - users)[seen])
        more = {
            "entropy": asked.entropy.mean(),
            "value of asking": asked.value.mean(),
            "pull of the prior": np.nanmean(pull),
            "asks": asks.mean(),
            "loss if asking": np.nanmean(loss),
        }
        return curve(
            condition,
            *(_run_means(side) for side in (users, ours)),
            imitation=_run_means(copied),
            recorded=[float(np.nanmean(script.recorded_share))],
            recorded_gap=[float(np.nanmean(script.recorded_share - users))],
            source="replay",
            prior_share=(float(mean_share(POLICIES[prior], 50)) if prior else None),
            recorded_runs=_recorded_means(script),
            more=more,
        )

    return Job(condition, rows)


def _run_means(shares: Array) -> Array:
    return np.asarray(np.nanmean(shares, axis=1, keepdims=True))


def _recorded_means(script: Script) -> tuple[Array, Array]:
    return _run_means(script.users_share), _run_means(script.recorded_share)

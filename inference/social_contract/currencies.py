"""Experiments on norms in new currencies, on asking, and on how general a principle should be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logsumexp

from contracts.inputs.arrays import Array
from inference.game.assistant import Assistant
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
from inference.game.currencies import LENGTH, CurrencyKernel, carried_prior, currency_kernel, length_posterior, question
from inference.game.mixed import offer_likelihood
from inference.game.recordings import Script, script_of
from inference.game.rules import Game, Setting
from inference.game.transcripts import Play
from inference.game.ultimatum import play
from inference.social_contract.experiment import Job, Row, curve
from inference.social_contract.jobs import Design, play_job
from inference.splits.policies import POLICIES, mean_share

if TYPE_CHECKING:
    import pandas as pd

SPACE = share_norms()
SHARES_ONLY = share_norms(spreads=(1.0,))
LENGTHS = 2.0 ** np.arange(-2, 7)
COST = 0.05  # share of the amount that a question costs
SIMILARITIES = (0.95, 0.8, 0.5, 0.2, 0.0)
TRAINED = ("one_norm", "manners", "currency_crossval")  # recorded experiments whose users show how alike currencies are


# ---- E3: new currencies ----


def currency_jobs(offers: pd.DataFrame | None, n_runs: int) -> list[Job]:
    """The recorded tests of a principle learned on dollars, and simulated distances, with and without asking."""
    jobs = []
    if offers is not None:
        learned_kernel: list[float] = []  # the length is learned once, when first needed

        def length(kind: str) -> float:
            if kind == "judged":
                return LENGTH
            if not learned_kernel:
                learned_kernel.append(float(np.exp(learned_length(offers) @ np.log(LENGTHS))))
            return learned_kernel[0]

        tests = offers[(offers["experiment"] == "ood_final") & (offers["phase"] == "test")]
        for name, table in tests.groupby("condition", sort=True):
            for kind in ("judged", "learned"):
                jobs.append(_test_job(f"replay {str(name).split('/')[0]}, {kind} similarity", table, kind, length))
    for similarity in SIMILARITIES:
        for prior in ("altruistic", None):
            for now in ("selfish", "altruistic"):
                condition = f"similarity {similarity}, prior {prior or 'even'}, users now {now}"
                jobs.append(distance_job(condition, similarity, prior, now, n_runs))
    return jobs


def currency_findings(rows: Sequence[Row]) -> list[str]:
    """Gaps in the new currency beside the recorded, and what asking saves."""
    found = []
    for row in rows:
        if row.source == "replay" and row.gap is not None and row.recorded_gap is not None:
            found.append(
                f"{row.condition.removeprefix('replay ')}: gap {row.gap:+.3f}, recorded {row.recorded_gap:+.3f}, "
                f"entropy {row.more['entropy']:.2f} nats, pull of the prior {row.more['pull of the prior']:.2f}"
            )
    first = [row for row in rows if row.epoch == 0 and row.source == "simulated"]
    for similarity in SIMILARITIES:
        for now, what in (("selfish", "norm carried over"), ("altruistic", "norm turned round")):
            here = [
                r for r in first if r.condition.startswith(f"similarity {similarity},") and r.condition.endswith(now)
            ]
            plain, asked, asks = (
                np.mean([abs(row.more[name] or 0.0) for row in here])
                for name in ("gap before", "gap if asking", "asks")
            )
            found.append(
                f"similarity {similarity}, {what}: first |gap| {plain:.3f}, {asked:.3f} if it asks where that is worth "
                f"more than {COST}, which it is in {asks:.0%}"
            )
    return found


def learned_length(offers: pd.DataFrame) -> Array:
    """Posterior of the kernel's length from users told the same policy in other currencies; (len(LENGTHS),).

    A recorded run keeps to one currency, so the groups are all users of a policy in the training runs, where they
    split dollars, apples, blankets, subscriptions, and in some runs portions of medicine. Norms are told apart by
    their share alone: how exactly people keep to it, and how they round, may well differ.
    """
    chosen = offers[
        offers["experiment"].isin(TRAINED) & (offers["phase"] == "train") & (offers["manners"] == "neutral")
    ]
    chosen = chosen[chosen["proposer_policy"].notna() & chosen["to_other"].notna()]
    tables = tables_of(SHARES_ONLY, chosen["amount"].unique())
    score = offer_likelihood(
        SHARES_ONLY, tables, chosen["amount"].to_numpy(), chosen["to_other"].to_numpy(dtype=np.int64)
    )
    evidence: list[Mapping[str, Array]] = []
    for _, rows in chosen.assign(row=np.arange(len(chosen))).groupby("proposer_policy"):
        parts = rows.groupby("currency")
        evidence.append({str(currency): score[part["row"].to_numpy()].sum(axis=0) for currency, part in parts})
    return length_posterior(norm_prior(SHARES_ONLY), evidence, LENGTHS)


def _test_job(condition: str, table: pd.DataFrame, kind: str, length: Callable[[str], float]) -> Job:
    """A recorded test: what was learned on dollars is in force, and nothing is learned during the test."""
    prior = "altruistic" if "include_prior" in condition else None

    def rows(rng: np.random.Generator) -> list[Row]:
        script = script_of(table)
        kernel = currency_kernel(("dollars", *(s for s in script.settings if s != "dollars")), length=length(kind))
        learned = learned_on_dollars("selfish", len(script.run_ids), rng)
        beliefs = np.full((len(script.run_ids), script.units.shape[1], SPACE.n_norms), np.nan)
        pull, ours = np.full((2, *beliefs.shape[:2]), np.nan)
        tables = tables_of(SPACE, np.maximum(script.amount.max(axis=2), 1))
        for number, name in enumerate(script.settings):
            here = (script.setting == number).any(axis=2)
            before = carried_prior(norm_prior(SPACE, prior), {"dollars": norm_evidence(learned)}, name, kernel)
            if name == "dollars":
                before = normalised(norm_prior(SPACE, prior) + norm_evidence(learned))
            beliefs[here] = np.broadcast_to(np.exp(before)[:, np.newaxis], beliefs.shape)[here]
            for epoch in range(here.shape[1]):
                pot = np.maximum(script.amount[:, epoch].max(axis=1), 1)
                offers = expected_offer(before, in_new_setting(learned, SPACE), tables, pot)
                ours[:, epoch] = np.where(here[:, epoch], offers, ours[:, epoch])
            pull[here] = 0.0 if name == "dollars" else kernel.carry(name, ["dollars"])[1]
        asked = question(beliefs.reshape(-1, SPACE.n_norms), SPACE)
        users = script.users_share
        more = {
            "entropy": asked.entropy.mean(),
            "value of asking": asked.value.mean(),
            "pull of the prior": pull.mean(),
        }
        share = prior and float(mean_share(POLICIES[prior], 50))
        return curve(
            condition,
            *(np.nanmean(side, axis=1, keepdims=True) for side in (users, ours)),
            recorded=[float(np.nanmean(script.recorded_share))],
            recorded_gap=[float(np.nanmean(script.recorded_share - users))],
            source="replay",
            prior_share=share or None,
            recorded_runs=_run_means(script),
            more=more,
        )

    return Job(condition, rows)


def normalised(score: Array) -> Array:
    """Log probabilities; (n_runs, n_norms)."""
    return np.asarray(score - logsumexp(score, axis=-1, keepdims=True))


def _run_means(script: Script) -> tuple[Array, Array]:
    users, theirs = script.users_share, script.recorded_share
    return np.nanmean(users, axis=1, keepdims=True), np.nanmean(theirs, axis=1, keepdims=True)


def learned_on_dollars(policy: str, n_runs: int, rng: np.random.Generator) -> Array:
    """Log evidence after five epochs among nine users who split dollars; (n_runs, n_norms, n_slips)."""
    game = Game(users=(policy,) * 9, n_assistants=0, settings=(Setting("dollars"),))
    return watched(play(game, n_runs=n_runs, rng=rng))


def watched(played: Play) -> Array:
    """Log evidence of all offers of a play among users, by a single norm; (n_runs, n_norms, n_slips)."""
    tables, evidence = tables_of(SPACE, played.amount), no_evidence(SPACE, played.n_runs)
    for epoch in range(played.game.n_epochs):
        evidence = in_new_setting(evidence, SPACE)
        for k in range(played.units.shape[2]):
            evidence = after_offer(evidence, tables, played.amount[:, epoch], played.units[:, epoch, k])
    return evidence


def distance_job(condition: str, similarity: float, prior: str | None, now: str, n_runs: int) -> Job:
    """Selfish with dollars; what is offered in another currency at first, and after an epoch there."""

    def rows(rng: np.random.Generator) -> list[Row]:
        kernel = CurrencyKernel(("dollars", "new"), [[1.0, similarity], [similarity, 1.0]])
        learned = learned_on_dollars("selfish", n_runs, rng)
        before = carried_prior(norm_prior(SPACE, prior), {"dollars": norm_evidence(learned)}, "new", kernel)
        game = Game(users=(now,) * 9, n_assistants=0, settings=(Setting("new"),), n_epochs=1)
        played = play(game, n_runs=n_runs, rng=rng)
        seen = watched(played)
        after = normalised(before + norm_evidence(seen))
        users = np.repeat(played.users_share, 2, axis=1)
        tables, amount = tables_of(SPACE, played.amount), played.amount[:, 0]
        unseen = in_new_setting(learned, SPACE)  # how norms land on units carries over with them
        offers = [expected_offer(*one, tables, amount) for one in ((before, unseen), (after, seen))]
        ours = np.stack(offers, axis=1)
        asked = [question(np.exp(one), SPACE) for one in (before, after)]
        asks = asked[0].worth_asking(COST)
        told = np.where(asks, users[:, 0], ours[:, 0])
        more = {
            "entropy": [one.entropy.mean() for one in asked],
            "value of asking": [one.value.mean() for one in asked],
            "asks": [one.worth_asking(COST).mean() for one in asked],
            "gap before": (ours - users)[:, 0].mean(),
            "gap if asking": (told - users[:, 0]).mean(),
        }
        share = float(mean_share(POLICIES[prior], 50)) if prior else None
        return curve(condition, users, ours, prior_share=share, more=more)

    return Job(condition, rows)


# ---- E8: how general a principle should be ----


def granularity_jobs(offers: pd.DataFrame | None, n_runs: int) -> list[Job]:
    """Users whose norm is the same everywhere, or differs by currency, amount or role; four kinds of assistant."""
    plain = (Setting("dollars"), Setting("apples"))
    sized = (Setting("dollars", 10, 30, "few dollars"), Setting("dollars", 70, 100, "many dollars"))
    worlds = {
        "same everywhere": Game(users=("fair",) * 9, settings=plain, n_epochs=6),
        "by currency": Game(
            users=("fair",) * 9, settings=plain, exceptions={("fair", "apples"): "altruistic"}, n_epochs=6
        ),
        "by amount": Game(
            users=("fair",) * 9, settings=sized, exceptions={("fair", "many dollars"): "selfish"}, n_epochs=6
        ),
        "by role": Game(users=("altruistic",) * 9, settings=plain, answers={"altruistic": "fair"}, n_epochs=6),
    }
    jobs = []
    for world, game in worlds.items():
        names = tuple(setting.name for setting in game.settings)
        kinds = {
            "one principle": Assistant(learning="epoch"),
            "a rule per setting": Assistant(learning="epoch", kernel=CurrencyKernel(names, np.eye(2))),
            "rules pooled by half": Assistant(learning="epoch", kernel=CurrencyKernel(names, [[1.0, 0.5], [0.5, 1.0]])),
            "a rule per role": Assistant(learning="epoch", roles="separate"),
        }
        jobs += [play_job(f"{world}, {kind}", game, assistant, n_runs) for kind, assistant in kinds.items()]
    return jobs


def granularity_findings(rows: Sequence[Row]) -> list[str]:
    """How far off each kind of assistant is in each world, summed over epochs."""
    worlds = dict.fromkeys(row.condition.split(", ")[0] for row in rows)
    found = []
    for world in worlds:
        kinds: dict[str, list[float]] = {}
        for row in rows:
            if row.condition.startswith(world + ", ") and row.epoch:
                kinds.setdefault(row.condition.split(", ")[1], []).append(row.more["mean |gap| of a run"] or 0.0)
        words = ", ".join(f"{kind} {np.mean(gaps):.3f}" for kind, gaps in kinds.items())
        found.append(f"norm {world}: mean |gap| of a run after epoch 0: {words}")
    return found


DESIGNS = {
    "E3": Design("does a norm carry over to a new currency, and should one ask?", currency_jobs, currency_findings),
    "E8": Design("one general principle, or rules for settings and roles?", granularity_jobs, granularity_findings),
}

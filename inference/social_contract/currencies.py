"""Experiments on norms in new currencies, on asking, and on how general a principle should be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from inference.game.assistant import Assistant
from inference.game.beliefs import expected_offer, in_new_setting, norm_evidence, norm_prior, tables_of
from inference.game.currencies import CurrencyKernel, carried_prior, question
from inference.game.rules import Game, Setting
from inference.game.ultimatum import play
from inference.social_contract.experiment import Job, Row, curve
from inference.social_contract.jobs import Design, play_job
from inference.social_contract.open_rows.graded import graded_findings, graded_jobs
from inference.social_contract.open_rows.recorded_tests import (
    COST,
    SPACE,
    normalised,
    play_with_dollars,
    recorded_test,
    watched,
)
from inference.splits.policies import POLICIES, mean_share

if TYPE_CHECKING:
    import pandas as pd

SIMILARITIES = (0.95, 0.8, 0.5, 0.2, 0.0)
PRIORS = ("selfish", "altruistic", None)


# ---- E3: new currencies ----


def currency_jobs(offers: pd.DataFrame | None, n_runs: int) -> list[Job]:
    """The recorded tests of a principle learned on dollars, simulated similarities, and a suite of currencies."""
    jobs = []
    if offers is not None:
        tests = offers[(offers["experiment"] == "ood_final") & (offers["phase"] == "test")]
        for name, table in tests.groupby("condition", sort=True):
            prior = "altruistic" if "include_prior" in str(name) else None
            jobs.append(recorded_test(f"replay {str(name).split('/')[0]}", table, prior=prior))
    for similarity in SIMILARITIES:
        for prior in PRIORS:
            for now in ("selfish", "altruistic"):
                condition = f"similarity {similarity}, prior {prior or 'even'}, users now {now}"
                jobs.append(distance_job(condition, similarity, prior, now, n_runs))
    return [*jobs, *graded_jobs(offers, n_runs)]


def currency_findings(rows: Sequence[Row]) -> list[str]:
    """Gaps in the new currency beside the recorded, and what asking saves."""
    found = []
    for row in rows:
        if row.source == "replay" and row.gap is not None and row.recorded_gap is not None:
            found.append(
                f"{row.condition.removeprefix('replay ')}: gap {row.gap:+.3f}, recorded {row.recorded_gap:+.3f}, "
                f"imitation {row.imitation_gap or 0.0:+.3f}, entropy {row.more['entropy']:.2f} nats, pull of the prior "
                f"{row.more['pull of the prior']:.2f}"
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
    return [*found, *graded_findings(rows)]


def distance_job(condition: str, similarity: float, prior: str | None, now: str, n_runs: int) -> Job:
    """Selfish with dollars; what is offered in another currency at first, and after an epoch there."""

    def rows(rng: np.random.Generator) -> list[Row]:
        kernel = CurrencyKernel(("dollars", "new"), [[1.0, similarity], [similarity, 1.0]])
        with_dollars = play_with_dollars("selfish", n_runs, rng)
        learned = watched(with_dollars)
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
        copied = np.stack([with_dollars.share[:, -1, -1], played.share[:, -1, -1]], axis=1)
        more = {
            "entropy": [one.entropy.mean() for one in asked],
            "value of asking": [one.value.mean() for one in asked],
            "asks": [one.worth_asking(COST).mean() for one in asked],
            "gap before": (ours - users)[:, 0].mean(),
            "gap if asking": (told - users[:, 0]).mean(),
        }
        share = float(mean_share(POLICIES[prior], 50)) if prior else None
        return curve(condition, users, ours, imitation=copied, prior_share=share, more=more)

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

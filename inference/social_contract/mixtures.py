"""Experiments with several norms in one group: how common they are, and who holds which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from contracts.inputs.arrays import Array
from inference.game.assistant import Assistant
from inference.game.beliefs import Tables, drawn, share_norms, tables_of
from inference.game.checks.imitation import imitated_play, imitated_replay
from inference.game.mixed import NormGroups, infer_groups, offer_likelihood, user_likelihood
from inference.game.recordings import Script, script_of
from inference.game.rules import Game
from inference.game.ultimatum import play
from inference.social_contract.experiment import Job, Row, curve, replayed_curve
from inference.social_contract.jobs import Design, dispersion, recorded_conditions, replay_job, size_of
from inference.splits.policies import POLICIES, mean_share

if TYPE_CHECKING:
    import pandas as pd

REPLICATES = 20
SPACE = share_norms()
GROUP = 10  # users; every one proposes once an epoch, 50 offers in five epochs


# ---- E2: two norms ----


def mixed_norm_jobs(offers: pd.DataFrame | None, n_runs: int) -> list[Job]:
    """Recorded mixtures seen by an assistant that knows of mixtures and by one that does not; and simulated ones."""
    jobs = []
    for name, table in recorded_conditions(offers, "mixed_norm"):
        jobs.append(mixture_replay(f"replay {name}", table))
        jobs.append(replay_job(f"replay {name}, one norm assumed", table, Assistant(temperature=0.0)))
    for n_altruistic in (8, 5, 2):
        users = ("altruistic",) * n_altruistic + ("selfish",) * (GROUP - n_altruistic)
        name = f"{n_altruistic * 10}/{(GROUP - n_altruistic) * 10} altruistic/selfish"
        jobs.append(mixture_job(f"{name}, people known", users, n_runs, known=True))
        jobs.append(mixture_job(f"{name}, people unknown", users, n_runs, known=False))
        jobs.append(population_job(f"{name}, 50 people drawn from it", n_altruistic / GROUP, n_runs))
    return jobs


def mixed_norm_findings(rows: Sequence[Row]) -> list[str]:
    """Errors of weights within a run, gaps and dispersion beside the recorded."""
    final = list({row.condition: row for row in rows}.values())
    found = [
        f"weights within a run after 50 offers, {row.condition}: mean |error| {row.more['weight error']:.4f}"
        + (f", against the population {row.more['population error']:.4f}" if "population error" in row.more else "")
        for row in final
        if row.source == "simulated" and row.more.get("weight error") is not None
    ]
    ours = [row for row in final if row.source == "replay" and "assumed" not in row.condition]
    if ours:
        gap, theirs = (np.mean([abs(getattr(r, g) or 0.0) for r in ours]) for g in ("gap", "recorded_gap"))
        found.append(f"replays: mean final |gap| {gap:.3f}, recorded {theirs:.3f}, {len(ours)} conditions")
        for measure in ("mean |gap| of a run", "sd over runs"):
            three = [
                float(np.mean([row.more[who + measure] or 0.0 for row in ours]))
                for who in ("", "imitation, ", "recorded, ")
            ]
            found.append(
                "replays: {} of the expected share {:.3f}, imitation {:.3f}, recorded {:.3f}".format(measure, *three)
            )
        error = max(row.more["weight error"] or 0.0 for row in ours)
        found.append(f"replays: largest mean |error| of weights in the last epoch {error:.4f}")
    return found


def mixture_replay(condition: str, table: pd.DataFrame) -> Job:
    """Recorded users whose names nobody noted: each offer is that of a person unknown."""

    def rows(rng: np.random.Generator) -> list[Row]:
        script = script_of(table)
        tables = tables_of(SPACE, script.amount[script.happened])
        n_runs, n_epochs, _ = script.units.shape
        ours = np.full((REPLICATES, n_runs, n_epochs), np.nan)
        held = {name: np.zeros(n_epochs) for name in ("weight error", "groups")}
        expected = np.empty((n_runs, n_epochs))
        for epoch in range(n_epochs):
            groups = infer_groups(SPACE, seen_offers(script, epoch, tables), rng=rng)
            pot = script.amount[:, epoch].max(axis=1)
            norm = drawn(np.log(np.tile(groups.group_weights, (REPLICATES, 1))), rng)
            slip = rng.integers(SPACE.n_slips, size=len(norm))
            units = drawn(tables.offers[tables.row(np.tile(pot, REPLICATES)), :, norm, slip], rng)
            ours[:, :, epoch] = (units / np.tile(pot, REPLICATES)).reshape(REPLICATES, n_runs)
            held["weight error"][epoch] = np.abs(groups.weight_near(1.0) - generous(script, epoch)).mean()
            held["groups"][epoch] = (groups.n_groups @ np.arange(groups.n_groups.shape[1])).mean()
            expected[:, epoch] = groups.share
        copied, users = imitated_replay(script), script.users_share
        return replayed_curve(
            condition, script, ours, more=held | dispersion(expected, copied, script.recorded_share, users)
        )

    return Job(condition, rows)


def seen_offers(script: Script, last_epoch: int, tables: Tables) -> Array:
    """Log likelihood of all users' offers up to an epoch; flat where a run has fewer; (n_runs, n_offers, n_norms)."""
    shown = (script.user_proposes & (script.units >= 0))[:, : last_epoch + 1].reshape(len(script.run_ids), -1)
    units, amount = (a[:, : last_epoch + 1].reshape(shown.shape) for a in (script.units, script.amount))
    amount = np.where(shown, amount, script.amount[script.happened].min())
    score = offer_likelihood(SPACE, tables, amount, np.where(shown, units, 0))
    columns = np.flatnonzero(shown.any(axis=0))
    return np.where(shown[..., np.newaxis], score, 0.0)[:, columns]


def generous(script: Script, last_epoch: int) -> Array:
    """Fraction of the users' offers so far that give more than half; (n_runs,)."""
    shown = (script.user_proposes & (script.units >= 0))[:, : last_epoch + 1]
    more = (script.units * 2 > script.amount)[:, : last_epoch + 1] & shown
    return np.asarray(more.sum(axis=(1, 2)) / shown.sum(axis=(1, 2)))


def mixture_job(condition: str, users: tuple[str, ...], n_runs: int, *, known: bool) -> Job:
    """A simulated mixture: the assistant offers as somebody drawn from the group would."""
    truth = users.count("altruistic") / len(users)

    def rows(rng: np.random.Generator) -> list[Row]:
        played = play(Game(users=users, n_assistants=0), n_runs=n_runs, rng=rng)
        tables, n_epochs = tables_of(SPACE, played.amount), played.game.n_epochs
        pots = np.broadcast_to(played.amount[..., np.newaxis], played.units.shape)
        ours, held = np.empty((n_runs, n_epochs)), {name: np.empty(n_epochs) for name in ("weight error", "groups")}
        own: list[float] = []
        for epoch in range(n_epochs):
            if known:
                groups = infer_groups(SPACE, user_likelihood(SPACE, tables, played, epoch + 1), rng=rng)
                own.append(distance_to_own(groups, users))
            else:
                score = offer_likelihood(SPACE, tables, pots[:, : epoch + 1], played.units[:, : epoch + 1])
                groups = infer_groups(SPACE, score.reshape(n_runs, -1, SPACE.n_norms), rng=rng)
            ours[:, epoch] = groups.share
            held["weight error"][epoch] = np.abs(groups.weight_near(1.0) - truth).mean()
            held["groups"][epoch] = (groups.n_groups @ np.arange(groups.n_groups.shape[1])).mean()
        more = held | ({"distance to the person's own norm": np.array(own)} if known else {})
        copied, users_share = imitated_play(played), played.users_share
        more |= {"mean |gap| of a run": size_of(ours - users_share)}
        more |= {"imitation, mean |gap| of a run": size_of(copied - users_share)}
        return curve(condition, users_share, ours, imitation=copied, more=more)

    return Job(condition, rows)


def distance_to_own(groups: NormGroups, users: tuple[str, ...]) -> float:
    """Mean |expected share - share of the person's own policy|: what knowing the person is worth."""
    shares = [float(mean_share(POLICIES[name], 50)) for name in users]
    return float(np.mean([np.abs(groups.share_of(k) - share).mean() for k, share in enumerate(shares)]))


def population_job(condition: str, weight: float, n_runs: int) -> Job:
    """Fifty people drawn from a population propose once each: sampling noise of the users is in the error as well."""
    n_people = 50

    def rows(rng: np.random.Generator) -> list[Row]:
        compositions, times = np.unique(rng.binomial(n_people, weight, size=n_runs), return_counts=True)
        users_share, ours, copied, realised, population = [], [], [], [], []
        for n_generous, count in zip(compositions.tolist(), times.tolist(), strict=True):
            users = ("altruistic",) * n_generous + ("selfish",) * (n_people - n_generous)
            played = play(Game(users=users, n_assistants=0, n_epochs=1), n_runs=count, rng=rng)
            tables = tables_of(SPACE, played.amount)
            pots = np.broadcast_to(played.amount[..., np.newaxis], played.units.shape)
            score = offer_likelihood(SPACE, tables, pots, played.units).reshape(count, n_people, SPACE.n_norms)
            groups = infer_groups(SPACE, score, rng=rng)
            users_share.append(played.users_share)
            ours.append(groups.share[:, np.newaxis])
            copied.append(imitated_play(played))
            realised += np.abs(groups.weight_near(1.0) - n_generous / n_people).tolist()
            population += np.abs(groups.weight_near(1.0) - weight).tolist()
        more = {"weight error": np.mean(realised), "population error": np.mean(population)}
        shares, offers, copies = map(np.concatenate, (users_share, ours, copied))
        return curve(condition, shares, offers, imitation=copies, more=more)

    return Job(condition, rows)


# ---- E7: more than two ----


def several_jobs(offers: pd.DataFrame | None, n_runs: int) -> list[Job]:
    """Three policies in one group, people known or not."""
    groups = {
        "one third each": ("selfish",) * 3 + ("fair",) * 3 + ("altruistic",) * 4,
        "mostly fair": ("selfish",) * 1 + ("fair",) * 8 + ("altruistic",) * 1,
        "all fair": ("fair",) * 10,
    }
    return [
        mixture_job(f"{name}, people {'known' if known else 'unknown'}", users, n_runs, known=known)
        for name, users in groups.items()
        for known in (True, False)
    ]


def several_findings(rows: Sequence[Row]) -> list[str]:
    """Groups found, and the distance to each person's own norm."""
    return [
        f"{row.condition}: {row.more['groups']:.2f} groups on average, weight error {row.more['weight error']:.4f}"
        + (f", distance to the person's own norm {own:.4f}" if own is not None else "")
        for row in {row.condition: row for row in rows}.values()
        for own in (row.more.get("distance to the person's own norm"),)
    ]


DESIGNS = {
    "E2": Design("are mixed norms learned within one run?", mixed_norm_jobs, mixed_norm_findings),
    "E7": Design("can an assistant serve several policies in one run?", several_jobs, several_findings),
}

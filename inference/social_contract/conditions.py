"""Experiments with one norm in a group: sizes of groups, temperatures, priors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from inference.game.assistant import Assistant
from inference.game.checks.imitation import imitated_play
from inference.game.rules import Game
from inference.game.ultimatum import play
from inference.social_contract.experiment import Job, Row, curve
from inference.social_contract.jobs import GROUPS, NAMES, Design, play_job, recorded_conditions, replay_job, size_of
from inference.splits.policies import POLICIES, Policy, PreferencePolicy, ShareRule
from inference.splits.preferences import FehrSchmidt

if TYPE_CHECKING:
    import pandas as pd

TEMPERATURES = (0.0, 0.25, 0.5, 1.0, 2.0)


# ---- E1: one norm, three sizes of groups ----


def one_norm_jobs(offers: pd.DataFrame | None, n_runs: int) -> list[Job]:
    """Replays of the recorded conditions by three assistants, and simulations of every group and policy."""
    jobs = []
    variants = {
        "": Assistant(temperature=0.0),
        ", Thompson": Assistant(temperature=1.0),
        ", learning by epoch": Assistant(temperature=0.0, learning="epoch"),
    }
    for name, table in recorded_conditions(offers, "one_norm"):
        for suffix, assistant in variants.items():
            jobs.append(replay_job(f"replay {name}{suffix}", table, assistant))
    for group, (assistants, users) in GROUPS.items():
        for policy in NAMES:
            game = Game(users=(policy,) * users, n_assistants=assistants)
            beside = None
            if offers is not None:
                here = (offers["experiment"] == "one_norm") & offers["condition"].str.endswith(f"{group}_{policy}")
                beside = offers[here]
            jobs.append(play_job(f"{group} {policy}", game, Assistant(), n_runs, beside))
    return jobs


def one_norm_findings(rows: Sequence[Row]) -> list[str]:
    """How many recorded conditions are matched by epoch 1, and which not."""
    found = []
    for learning, suffix in (("within the epoch", ""), ("by epoch, as GPT-4 learns", ", learning by epoch")):
        here = [row for row in rows if row.condition.partition(",")[1:] == suffix.partition(",")[1:]]
        for who, of in (("", "gap"), ("an imitator's ", "imitation_gap")):
            for epoch in (1, -1):
                found += matched(here, epoch, f"learning {learning}: {who}|gap|", of)
    return [*found, *largest_final_gap(rows)]


def matched(rows: Sequence[Row], epoch: int, what: str, of: str) -> list[str]:
    """Where a |gap| is at most the recorded final one, to three decimals as published; -1 is the last epoch."""
    final = {row.condition: row for row in rows if row.source == "replay"}
    ours = final if epoch < 0 else {row.condition: row for row in rows if row.epoch == epoch and row.condition in final}
    missed, compared = [], 0
    for condition, one in ours.items():
        gap, recorded = getattr(one, of), final[condition].recorded_gap
        if gap is None or recorded is None:
            continue
        compared += 1
        if round(abs(gap), 3) > round(abs(recorded), 3):
            name = condition.split(",")[0].removeprefix("replay ")
            missed.append(f"{name} ({abs(gap):.4f} against {abs(recorded):.4f})")
    if not compared:
        return []
    when = "at last" if epoch < 0 else f"at epoch {epoch}"
    text = f"{what} {when} is at most GPT-4's final one in {compared - len(missed)} of {compared} replays"
    return [text + (": not in " + ", ".join(missed) if missed else "")]


def largest_final_gap(rows: Sequence[Row]) -> list[str]:
    """The simulated condition with the largest final |gap|."""
    final = [r for r in {row.condition: row for row in rows}.values() if r.source == "simulated" and r.gap is not None]
    if not final:
        return []
    worst = max(final, key=lambda row: abs(row.gap or 0.0))
    return [f"largest simulated final |gap|: {abs(worst.gap or 0.0):.4f}, se {worst.se or 0.0:.4f}, {worst.condition}"]


# ---- E5: temperature, E6: priors ----


def temperature_jobs(offers: pd.DataFrame | None, n_runs: int) -> list[Job]:
    """Temperatures from a point estimate to beyond Thompson sampling, for each policy and a diverse population."""
    jobs = []
    for temperature in TEMPERATURES:
        assistant = Assistant(temperature=temperature, learning="epoch")
        for policy in NAMES:
            game = Game(users=(policy,) * 9)
            jobs.append(play_job(f"{policy}, temperature {temperature}", game, assistant, n_runs))
        jobs.append(diverse_job(f"diverse, temperature {temperature}", assistant, n_runs))
    return jobs


def temperature_findings(rows: Sequence[Row]) -> list[str]:
    """Mean |gap| by temperature."""
    final = {row.condition: row for row in rows}.values()
    found = []
    for temperature in TEMPERATURES:
        gaps = [abs(r.gap or 0.0) for r in final if r.condition.endswith(f"temperature {temperature}")]
        spread = [r.more["mean |gap| of a run"] for r in final if r.condition == f"diverse, temperature {temperature}"]
        found.append(
            f"temperature {temperature}: mean final |gap| {np.mean(gaps):.4f}; diverse population, mean |gap| of a run "
            f"{spread[0]:.4f}"
        )
    return found


def prior_jobs(offers: pd.DataFrame | None, n_runs: int) -> list[Job]:
    """Every prior against every policy and a diverse population, with Thompson sampling and with point estimates."""
    jobs = []
    for prior in (*NAMES, None):
        for temperature in (0.0, 1.0):
            assistant = Assistant(priors=(prior,), temperature=temperature, learning="epoch")
            kind = f"prior {prior or 'even'}, temperature {temperature}"
            for policy in NAMES:
                jobs.append(play_job(f"{policy}, {kind}", Game(users=(policy,) * 9), assistant, n_runs))
            jobs.append(diverse_job(f"diverse, {kind}", assistant, n_runs))
    return jobs


def prior_findings(rows: Sequence[Row]) -> list[str]:
    """How far priors pull before anything is seen, and one epoch later."""
    found = []
    for epoch in (0, 1):
        gaps = {row.condition: abs(row.gap or 0.0) for row in rows if row.epoch == epoch}
        worst = max(gaps, key=lambda name: gaps[name])
        found.append(
            f"epoch {epoch}: mean |gap| {np.mean(list(gaps.values())):.4f}, largest {gaps[worst]:.4f}, {worst}"
        )
    return found


def diverse_policies(rng: np.random.Generator, n_policies: int = 12) -> dict[str, Policy]:
    """Policies that no prior names: rules with shares and spreads at random, and inequality aversion at random."""
    policies: dict[str, Policy] = {}
    for k in range(n_policies // 2):
        policies[f"rule {k}"] = ShareRule(rng.random(), units=0.0, spread=rng.choice([0.1, 1.0, 3.0]))
        aversion = FehrSchmidt(envy=float(rng.gamma(1.0, 0.85)), guilt=float(rng.beta(1.0, 1.0)))
        policies[f"preference {k}"] = PreferencePolicy(aversion, temperature=0.05)
    return policies


def diverse_job(condition: str, assistant: Assistant, n_runs: int) -> Job:
    """Groups each with one policy out of many, none of which has a prior of its own."""

    def rows(rng: np.random.Generator) -> list[Row]:
        policies = diverse_policies(rng)
        each = max(2, n_runs // len(policies))
        played = [
            play(Game(users=(name,) * 9, policies=POLICIES | policies), assistant, n_runs=each, rng=rng)
            for name in policies
        ]
        users, ours = (
            np.concatenate([getattr(p, side) for p in played]) for side in ("users_share", "assistant_share")
        )
        copied = np.concatenate([imitated_play(p) for p in played])
        more = {"mean |gap| of a run": size_of(ours - users), "imitation, mean |gap| of a run": size_of(copied - users)}
        return curve(condition, users, ours, imitation=copied, more=more)

    return Job(condition, rows)


DESIGNS = {
    "E1": Design("does an assistant learn one norm, in groups of every size?", one_norm_jobs, one_norm_findings),
    "E5": Design("does it pay to sample from the posterior?", temperature_jobs, temperature_findings),
    "E6": Design("how long do priors last?", prior_jobs, prior_findings),
}

"""Recorded users who were left out so far: strict responders, the exploited, scripted users, those who answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from inference.game.assistant import Assistant
from inference.game.beliefs import share_norms
from inference.game.checks.doubt import watched_with_doubt
from inference.game.recordings import script_of
from inference.game.rules import Game
from inference.social_contract.experiment import Job, Row
from inference.social_contract.jobs import Design, play_job, recorded_conditions, replay_job
from inference.social_contract.open_rows.recorded_tests import COST, recorded_test
from inference.splits.policies import ALTRUISTIC, FAIR, SELFISH

if TYPE_CHECKING:
    import pandas as pd

LASTING, DRIFTING = "one norm that lasts", "norms that drift, answers apart"
DRIFT = 0.1
GROUPS = {
    "strict responders": ("strict_responders",),
    "exploiter": ("exploiter",),
    "scripted users": ("scripted_users",),
    "questions, training": ("questions_a1", "questions_c1", "questions_degeneralized", "questions_first"),
}
ALARMED = {"one norm": ("one_norm", "manners"), "mixed norms": ("mixed_norm",)}  # replayed elsewhere
TESTED = ("selfish", "altruistic")
LEARNING: tuple[Literal["interaction", "epoch"], ...] = ("interaction", "epoch")


def assistant_of(kind: str, learning: Literal["interaction", "epoch"]) -> Assistant:
    """The assistant of every other experiment, or one for users whose norm changes and who refuse by other rules."""
    if kind == LASTING:
        return Assistant(temperature=0.0, learning=learning)
    return Assistant(share_norms(drift=DRIFT), temperature=0.0, learning=learning, roles="separate")


def left_out_jobs(offers: pd.DataFrame | None, n_runs: int) -> list[Job]:
    """Replays of what was left out by two assistants, recorded tests with questions, and simulated strict users."""
    jobs = []
    for group, experiments in GROUPS.items():
        for name, table in recorded_conditions(offers, *experiments):
            trained = table[table["phase"] == "train"]
            if not len(trained):
                continue
            jobs += [
                replay_job(f"{group}: {name}, {kind}, by {learning}", trained, assistant_of(kind, learning), 5)
                for kind in (LASTING, DRIFTING)
                for learning in LEARNING
            ]
            jobs.append(alarm_job(f"{group}: {name}, alarm", trained))
    for group, experiments in ALARMED.items():
        jobs += [
            alarm_job(f"{group}: {name}, alarm", table) for name, table in recorded_conditions(offers, *experiments)
        ]
    for name, table in recorded_conditions(offers, "questions_a1"):
        for policy in TESTED:
            if name.startswith(f"test/test_{policy}"):
                jobs.append(recorded_test(f"questions, test: {name}", table, policy=policy))
    policies = {"selfish": SELFISH, "fair": FAIR, "altruistic": ALTRUISTIC}
    answers = {"selfish": "fair", "altruistic": "fair"}  # as strict users, they refuse what they offer themselves
    for policy in TESTED:
        game = Game(users=(policy,) * 9, policies=policies, answers=answers)
        for kind in (LASTING, DRIFTING):
            jobs.append(
                play_job(
                    f"simulated {policy}, fair in answers, {kind}", game, assistant_of(kind, "interaction"), n_runs
                )
            )
    return jobs


def alarm_job(condition: str, table: pd.DataFrame) -> Job:
    """In how many runs a bet against one norm that lasts rings; answers apart."""

    def rows(rng: np.random.Generator) -> list[Row]:
        script = script_of(table)
        assistant = Assistant(priors=(None,), roles="separate")
        doubt = watched_with_doubt(script, assistant, assistant.log_priors[0])[1]
        runs = len(script.run_ids)
        more = {"alarm": float(doubt.rings.sum())}
        return [Row(condition, 0, None, None, None, None, None, runs, "replay", more=more)]

    return Job(condition, rows)


def left_out_findings(rows: Sequence[Row]) -> list[str]:
    """Mean final |gap| of a run by kind of users: ours, an imitator's, the recorded; tests with questions; alarms."""
    final = list({row.condition: row for row in rows}.values())
    found = []
    for group in GROUPS:
        for learning in LEARNING:
            here = [r for r in final if r.condition.startswith(f"{group}: ") and r.condition.endswith(f"by {learning}")]
            kinds = {kind: [row for row in here if f", {kind}, " in row.condition] for kind in (LASTING, DRIFTING)}
            if not here:
                continue
            words = [f"{kind} {_mean(of, ''):.3f}" for kind, of in kinds.items()]
            rivals = [
                f"{name} {_mean(kinds[LASTING], who):.3f}"
                for name, who in (("imitation", "imitation, "), ("GPT-4", "recorded, "))
            ]
            found.append(
                f"{group}, learning by {learning}: mean final |gap| of a run: {', '.join(words + rivals)}, "
                f"{len(kinds[LASTING])} conditions"
            )
    for group in (*GROUPS, *ALARMED):
        alarms = [row for row in final if row.condition.startswith(f"{group}: ") and row.condition.endswith(", alarm")]
        if alarms:
            rung = sum(row.more["alarm"] or 0.0 for row in alarms)
            found.append(f"{group}: the alarm rings in {rung:.0f} of {sum(row.runs for row in alarms)} runs")
    found += [
        f"{row.condition}: |gap| {abs(row.gap or 0.0):.3f}, {row.more['loss if asking']:.3f} with questions, "
        f"asked at {COST} in {row.more['asks']:.0%}; imitation {abs(row.imitation_gap or 0.0):.3f}, recorded "
        f"{abs(row.recorded_gap or 0.0):.3f}"
        for row in final
        if row.condition.startswith("questions, test: ")
    ]
    return found + [
        f"{row.condition}: mean final |gap| of a run {row.more['mean |gap| of a run']:.3f}, imitation "
        f"{row.more['imitation, mean |gap| of a run']:.3f}"
        for row in final
        if row.source == "simulated"
    ]


def _mean(rows: Sequence[Row], who: str) -> float:
    return float(np.mean([row.more[f"{who}mean |gap| of a run"] or 0.0 for row in rows]))


DESIGNS = {
    "E10": Design(
        "what of recorded users who refuse, are exploited, scripted, or asked?", left_out_jobs, left_out_findings
    ),
}

"""Social Contract AI as an inference problem: its experiments, ours beside the recorded language models.

The experiments follow Franken et al. (2023), Social Contract AI: aligning AI assistants with implicit group norms,
arXiv 2310.17769. Where recordings are given, each recorded condition is replayed with our assistant in the recorded
seat, at temperature 0 as the language models were; conditions without a recording are simulated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from contracts.errors import ProblemError
from inference.norm_assistant import Assistant
from inference.norm_experiments import Experiment, Job, Row, curve, replayed_curve, run_jobs
from inference.recordings import read_offers, replay, script_of
from inference.ultimatum import Game, play

if TYPE_CHECKING:
    import pandas as pd

GROUPS = {"1v9": (1, 9), "5v5": (5, 5), "9v1": (9, 1)}  # assistants, users
NAMES = ("selfish", "fair", "altruistic")


@dataclass(frozen=True)
class Design:
    """An experiment before it is run: what it asks, its conditions, and how to read its rows."""

    question: str
    jobs: Callable[[pd.DataFrame | None, int], Sequence[Job]]
    findings: Callable[[Sequence[Row]], Sequence[str]]


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
            game = Game(users=(policy,) * users, assistants=assistants)
            beside = None
            if offers is not None:
                here = (offers["experiment"] == "one_norm") & offers["condition"].str.endswith(f"{group}_{policy}")
                beside = offers[here]
            jobs.append(play_job(f"{group} {policy}", game, Assistant(), n_runs, beside))
    return jobs


def one_norm_findings(rows: Sequence[Row]) -> list[str]:
    """How many recorded conditions are matched by epoch 1, and which not."""
    return [
        *matched_by_epoch_1([row for row in rows if "," not in row.condition]),
        *largest_final_gap(rows),
    ]


def matched_by_epoch_1(rows: Sequence[Row]) -> list[str]:
    """Where |gap| at epoch 1 is at most the recorded final one, to the three decimals of the published tables."""
    final = {row.condition: row for row in rows if row.source == "replay"}
    first = {row.condition: row for row in rows if row.source == "replay" and row.epoch == 1}
    missed, compared = [], 0
    for condition, one in first.items():
        recorded = final[condition].recorded_gap
        if one.gap is None or recorded is None:
            continue
        compared += 1
        if round(abs(one.gap), 3) > round(abs(recorded), 3):
            missed.append(f"{condition} ({abs(one.gap):.4f} against {abs(recorded):.4f})")
    if not compared:
        return []
    text = f"|gap| at epoch 1 is at most the recorded final one in {compared - len(missed)} of {compared} replays"
    return [text + (": not in " + ", ".join(missed) if missed else "")]


def largest_final_gap(rows: Sequence[Row]) -> list[str]:
    """The simulated condition with the largest final |gap|."""
    final = [r for r in {row.condition: row for row in rows}.values() if r.source == "simulated" and r.gap is not None]
    if not final:
        return []
    worst = max(final, key=lambda row: abs(row.gap or 0.0))
    return [f"largest simulated final |gap|: {abs(worst.gap or 0.0):.4f}, se {worst.se or 0.0:.4f}, {worst.condition}"]


# ---- what experiments share ----


def recorded_conditions(offers: pd.DataFrame | None, *experiments: str) -> list[tuple[str, pd.DataFrame]]:
    """The recorded conditions of experiments, by name."""
    if offers is None:
        return []
    chosen = offers[offers["experiment"].isin(experiments)]
    return [(str(name), table) for name, table in chosen.groupby("condition", sort=True)]


def replay_job(condition: str, table: pd.DataFrame, assistant: Assistant, replicates: int = 20, **options: Any) -> Job:
    """Recorded users, our assistant."""

    def rows(rng: np.random.Generator) -> list[Row]:
        script = script_of(table)
        ours = replay(script, assistant, rng=rng, replicates=replicates)
        return replayed_curve(condition, script, ours, **options)

    return Job(condition, rows)


def play_job(
    condition: str,
    game: Game,
    assistant: Assistant,
    n_runs: int,
    beside: pd.DataFrame | None = None,
    **options: Any,
) -> Job:
    """A simulation; `beside` are recorded offers of the same condition, for their curve."""

    def rows(rng: np.random.Generator) -> list[Row]:
        played = play(game, assistant, n_runs=n_runs, rng=rng)
        recorded = {} if beside is None or not len(beside) else recorded_curve(beside)
        return curve(condition, played.users_share, played.assistant_share, **recorded, **options)

    return Job(condition, rows)


def recorded_curve(table: pd.DataFrame) -> dict[str, Any]:
    """Mean recorded shares and gaps by epoch, over all runs of a table."""
    script = script_of(table)
    with np.errstate(invalid="ignore"):
        gap = script.recorded_share - script.users_share
    return {
        "recorded": [_nanmean(column) for column in script.recorded_share.T],
        "recorded_gap": [_nanmean(column) for column in gap.T],
        "recorded_runs": (script.users_share, script.recorded_share),
    }


def _nanmean(values: Any) -> float:
    kept = values[~np.isnan(values)]
    return float(kept.mean()) if len(kept) else float("nan")


DESIGNS: Mapping[str, Design] = {
    "E1": Design("does an assistant learn one norm, in groups of every size?", one_norm_jobs, one_norm_findings),
}


def run_experiment(
    name: str,
    *,
    seed: int,
    recordings: str | Path | pd.DataFrame | None = None,
    n_runs: int = 1000,
    done: Mapping[str, Sequence[Row]] | None = None,
    keep: Callable[[str, list[Row]], None] | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> Experiment:
    """Run one experiment.

    Parameters
    ----------
    name : "E1", ...
    seed : the same seed gives the same bytes
    recordings : folder with the recorded `offers.parquet`, or its table; None for simulations only
    n_runs : simulated runs of each condition
    done, keep, progress : see `run_jobs`; finished conditions, what keeps them, and what takes a line for each

    Raises
    ------
    ProblemError
        If there is no such experiment, or the recordings cannot be read.
    """
    if name not in DESIGNS:
        raise ProblemError(f"experiment is {name!r}: give one of {', '.join(DESIGNS)}")
    if n_runs < 2:
        raise ProblemError(f"n_runs is {n_runs}: errors over runs need at least two")
    offers = read_offers(recordings) if isinstance(recordings, str | Path) else recordings
    design = DESIGNS[name]
    rows = run_jobs(design.jobs(offers, n_runs), seed, done=done, keep=keep, progress=progress)
    return Experiment(name, design.question, seed, rows, tuple(design.findings(rows)))

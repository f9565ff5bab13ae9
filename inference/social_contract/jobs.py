"""What experiments on norms are made of: replays of recorded conditions, simulations, and how their rows are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass
from inference.game.assistant import Assistant
from inference.game.checks.imitation import imitated_play, imitated_replay
from inference.game.recordings import replay, script_of
from inference.game.rules import Game
from inference.game.ultimatum import play
from inference.social_contract.experiment import Job, Row, curve, replayed_curve

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
        copied = imitated_replay(script, assistant.learning)
        more = dispersion(ours.mean(axis=0), copied, script.recorded_share, script.users_share)
        return replayed_curve(condition, script, ours, learning=assistant.learning, more=more, **options)

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
        users, ours = played.users_share, played.assistant_share
        copied = imitated_play(played)
        more = {"mean |gap| of a run": size_of(ours - users), "imitation, mean |gap| of a run": size_of(copied - users)}
        return curve(condition, users, ours, imitation=copied, more=more, **recorded, **options)

    return Job(condition, rows)


def size_of(gaps: Any) -> Array:
    """Mean |gap| over runs, by epoch; unlike the mean gap it does not let runs make up for each other."""
    return np.array([_nanmean(column) for column in np.abs(gaps).T])


def dispersion(ours: Array, copied: Array, recorded: Array, users: Array) -> dict[str, Array]:
    """How far runs lie from their users and from each other: ours in expectation, an imitator, GPT-4; by epoch."""
    found = {}
    for name, shares in (("", ours), ("imitation, ", copied), ("recorded, ", recorded)):
        found[f"{name}mean |gap| of a run"] = size_of(shares - users)
        found[f"{name}sd over runs"] = np.array([_nansd(column) for column in shares.T])
    return found


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


def _nansd(values: Any) -> float:
    kept = values[~np.isnan(values)]
    return float(kept.std(ddof=1)) if len(kept) > 1 else float("nan")

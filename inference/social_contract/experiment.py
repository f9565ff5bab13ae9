"""Experiments on assistants that learn norms: conditions, curves by epoch, and the recorded curve beside ours."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from contracts.display.table import Column, Table, Tabular
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from contracts.inputs.extras import pandas
from contracts.inputs.frozen import dataclass
from inference.game.checks.imitation import imitated_replay
from inference.game.recordings import Script
from inference.social_contract.diagnosis import diagnose, tally

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Row:
    """One epoch of one condition; means over runs, and errors over runs, never over offers.

    Attributes
    ----------
    users_share, assistant_share, recorded_share : mean shares offered; None where nobody of that kind offered or
        nothing was recorded
    gap : assistant_share - users_share
    se : standard error of the gap over runs; None for a single run
    runs : how many
    source : "replay" of recorded users, or "simulated"
    recorded_gap : recorded_share - users' share in the same recorded runs
    imitation_share, imitation_gap : of an assistant that copies the users' last offer in our assistant's place
    troubles, recorded_troubles : in how many runs what was found wrong, in the last epoch of a condition
    more : other measures of the experiment, by name
    """

    condition: str
    epoch: int
    users_share: float | None
    assistant_share: float | None
    recorded_share: float | None
    gap: float | None
    se: float | None
    runs: int
    source: str = "simulated"
    recorded_gap: float | None = None
    imitation_share: float | None = None
    imitation_gap: float | None = None
    troubles: Mapping[str, int] = field(default_factory=dict)
    recorded_troubles: Mapping[str, int] = field(default_factory=dict)
    more: Mapping[str, float | None] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Job:
    """One condition of an experiment, with its own draws so that conditions can be run in any order."""

    condition: str
    rows: Callable[[np.random.Generator], Sequence[Row]]

    def run(self, seed: int) -> list[Row]:
        """The rows; the same seed gives the same bytes."""
        return list(self.rows(np.random.default_rng([seed, zlib.crc32(self.condition.encode())])))


class Condition(NamedTuple):
    """A job with its seed, as a piece of a study."""

    job: Job
    seed: int

    def __str__(self) -> str:
        return self.job.condition

    def compute(self) -> list[Row]:
        """Its rows."""
        return self.job.run(self.seed)

    def record(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """The rows as plain JSON."""
        return [row.to_dict() for row in rows]

    def recall(self, record: Sequence[Mapping[str, Any]]) -> list[Row]:
        """The inverse of `record`."""
        return [Row(**one) for one in record]


@dataclass(frozen=True, eq=False, repr=False)
class Experiment(Tabular):
    """What came out.

    Attributes
    ----------
    name, question : such as "E1", and what it asks
    seed : of all draws
    rows : by condition and epoch
    findings : sentences with the numbers that answer the question
    """

    name: str
    question: str
    seed: int
    rows: tuple[Row, ...]
    findings: tuple[str, ...]

    @property
    def final(self) -> tuple[Row, ...]:
        """The last epoch of each condition."""
        return tuple({row.condition: row for row in self.rows}.values())

    def to_frame(self) -> pd.DataFrame:
        """One row per condition and epoch; other measures as columns of their own."""
        pd = pandas()

        def flat(row: Row) -> dict[str, Any]:
            plain = row.to_dict()
            return {k: v for k, v in plain.items() if k not in ("more", "troubles", "recorded_troubles")} | plain[
                "more"
            ]

        return pd.DataFrame([flat(row) for row in self.rows])

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON with a schema version."""
        return {
            "schema": "menuwright/norm-experiment/1",
            "experiment": self.name,
            "question": self.question,
            "seed": self.seed,
            "findings": list(self.findings),
            "rows": [row.to_dict() for row in self.rows],
        }

    def _table(self) -> Table:
        forms = {
            "epoch": "",
            "users": ".3f",
            "assistant": ".3f",
            "recorded": ".3f",
            "gap": "+.3f",
            "se": ".3f",
            "imitation": "+.3f",
            "runs": "",
        }
        rows = [
            (r.epoch, r.users_share, r.assistant_share, r.recorded_share, r.gap, r.se, r.imitation_gap, r.runs)
            for r in self.final
        ]
        columns = [Column(name, cells, form) for (name, form), *cells in zip(forms.items(), *rows, strict=True)]
        conditions = Column("condition", [row.condition for row in self.final])
        return Table([conditions, *columns], f"{self.name}: {self.question}", self.findings)


def curve(
    condition: str,
    users: Any,
    ours: Any,
    *,
    recorded: Any = None,
    source: str = "simulated",
    recorded_gap: Any = None,
    imitation: Any = None,
    spoken_share: float | None = None,
    prior_share: float | None = None,
    recorded_runs: tuple[Array, Array] | None = None,
    more: Mapping[str, Any] | None = None,
) -> list[Row]:
    """The rows of one condition.

    Parameters
    ----------
    users, ours : (n_runs, n_epochs) mean shares offered; NaN where nobody did
    recorded, recorded_gap : (n_epochs,) of recorded assistants
    imitation : (n_runs, n_epochs) of an imitator in our assistant's place
    spoken_share, prior_share : for the diagnosis, see `diagnose`
    recorded_runs : users' and assistants' shares of the recorded runs, to be diagnosed as well
    more : other measures, one number or (n_epochs,) each

    Raises
    ------
    ProblemError
        If there is no run or no epoch.
    """
    users, ours = np.asarray(users, dtype=np.float64), np.asarray(ours, dtype=np.float64)
    if users.ndim != 2 or users.shape != ours.shape or not users.size:
        raise ProblemError(f"{condition}: users {users.shape} and assistants {ours.shape}; expected (n_runs, n_epochs)")

    def found(shares: tuple[Array, Array]) -> dict[str, int]:
        return tally(diagnose(*shares, spoken_share=spoken_share, prior_share=prior_share))

    copied = np.full(users.shape, np.nan) if imitation is None else np.asarray(imitation, dtype=np.float64)
    rows, last = [], users.shape[1] - 1
    for epoch in range(last + 1):
        gap = (ours - users)[:, epoch]
        gap = gap[~np.isnan(gap)]
        rows.append(
            Row(
                condition,
                epoch,
                _mean(users[:, epoch]),
                _mean(ours[:, epoch]),
                _at(recorded, epoch),
                _mean(gap),
                float(gap.std(ddof=1) / np.sqrt(len(gap))) if len(gap) > 1 else None,
                len(users),
                source,
                _at(recorded_gap, epoch),
                _mean(copied[:, epoch]),
                _mean((copied - users)[:, epoch]),
                found((users, ours)) if epoch == last else {},
                found(recorded_runs) if epoch == last and recorded_runs is not None else {},
                {name: _at(values, epoch) for name, values in (more or {}).items()},
            )
        )
    return rows


def replayed_curve(
    condition: str,
    script: Script,
    ours: Array,
    *,
    learning: Literal["interaction", "epoch"] = "interaction",
    **options: Any,
) -> list[Row]:
    """The rows of a replay; ours is (replicates, n_runs, n_epochs), and replicates of a run count as one.

    `learning` is how often our assistant learns: the imitator beside it sees as much.
    """
    users, recorded = script.users_share, script.recorded_share
    return curve(
        condition,
        users,
        ours.mean(axis=0),
        recorded=_epoch_means(recorded),
        source="replay",
        recorded_gap=_epoch_means(recorded - users),
        imitation=imitated_replay(script, learning),
        recorded_runs=(users, recorded),
        **options,
    )


def _epoch_means(values: Array) -> Array:
    return np.array([np.nan if (m := _mean(values[:, k])) is None else m for k in range(values.shape[1])])


def _mean(values: Array) -> float | None:
    kept = values[~np.isnan(values)]
    return float(kept.mean()) if len(kept) else None


def _at(values: Any, epoch: int) -> float | None:
    """The value of an epoch, or one for all; None for none, or NaN."""
    if values is None:
        return None
    array = np.asarray(values, dtype=np.float64)
    if array.ndim and epoch >= len(array):
        return None
    value = float(array[epoch] if array.ndim else array)
    return None if np.isnan(value) else value

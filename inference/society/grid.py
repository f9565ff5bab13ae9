"""The grid of scenarios, degrees of conflict and levels of noise, and of societies over time, in pieces.

A piece is some replications of a family of scenarios at one degree of conflict, or the course of some societies; either
is a pure function of its description. Pieces are the cells of a sweep, so one that was stopped goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Count, Seed
from contracts.inputs.progress import reporter
from contracts.sweeps.documents import in_pieces
from inference.society.probes.probe import KINDS, Probe, Probed, probed
from inference.society.rounds import Course, run_course
from inference.society.scenarios import AXES, PLAIN, SCENARIOS, Cell, Scenario, communities, joined, run_cell

STUDY = "menuwright/societal-study/4"


@checked
@dataclass(frozen=True)
class Scale:
    """How much is computed.

    Attributes
    ----------
    conflicts, noises : the grid of the plain family
    n_replications : of the plain family
    other_conflicts, n_other_replications : of the other families
    axis_conflicts, axis_noises, n_axis_replications : of the axes: spread within groups, and people in wrong groups
    probe_noises, n_probes : levels of noise, and societies that are asked about over-optimisation, promises of fronts,
        and a provider's hidden effort
    probe_gap : of the fronts whose promises are judged
    piece : replications per piece
    n_rounds, n_societies : of the study over time, and how many societies live through it
    gap : of the Pareto front
    """

    name: str
    conflicts: tuple[float, ...]
    noises: tuple[float, ...]
    n_replications: int
    other_conflicts: tuple[float, ...] = ()
    n_other_replications: int = 0
    axis_conflicts: tuple[float, ...] = ()
    axis_noises: tuple[float, ...] = (0.0,)
    n_axis_replications: int = 0
    piece: int = 25
    probe_noises: tuple[float, ...] = (0.0, 0.2, 0.5)
    n_probes: int = 0
    probe_gap: float = 0.2
    n_rounds: int = 12
    n_societies: int = 10
    gap: float = 0.03


SCALES = {
    "small": Scale("small", (0.0, 0.5, 1.0), (0.0, 0.2, 0.5), 5, piece=5, n_rounds=6, n_societies=5, gap=0.1),
    "default": Scale(
        "default",
        (0.0, 0.25, 0.5, 1.0),
        (0.0, 0.2, 0.5),
        20,
        other_conflicts=(0.5,),
        n_other_replications=5,
        axis_conflicts=(0.5,),
        n_axis_replications=10,
        n_probes=10,
        piece=5,
    ),
    "full": Scale(
        "full",
        (0.0, 0.25, 0.5, 0.75, 1.0),
        (0.0, 0.1, 0.2, 0.3, 0.4, 0.5),
        200,
        other_conflicts=(0.0, 0.5, 1.0),
        n_other_replications=50,
        axis_conflicts=(0.25, 0.5, 1.0),
        axis_noises=(0.0, 0.2),
        n_axis_replications=50,
        n_probes=40,
        n_rounds=20,
        n_societies=40,
    ),
}


EVERY = (*SCENARIOS, *(one for axis in AXES.values() for one in axis))


@dataclass(frozen=True)
class Piece:
    """Some replications of the scenarios of a family at one degree of conflict."""

    scenarios: tuple[str, ...]
    conflict: float
    noises: tuple[float, ...]
    replications: tuple[int, ...]
    seed: int

    def __str__(self) -> str:
        return f"{self.scenarios[0]}, conflict {self.conflict:g}"

    def compute(self) -> list[Cell]:
        """One cell per scenario."""
        by_name = {one.name: one for one in EVERY}
        family = [by_name[name] for name in self.scenarios]
        asked = communities(family[0], self.conflict, self.replications, seed=self.seed)
        return [run_cell(asked, scenario, self.noises) for scenario in family]

    def record(self, cells: Sequence[Cell]) -> dict[str, Any]:
        """What was computed, as plain JSON."""
        return {"cells": [cell.to_dict() for cell in cells]}

    def recall(self, record: Mapping[str, Any]) -> list[Cell]:
        """The inverse of `record`."""
        return [Cell.from_dict(one) for one in record["cells"]]


@dataclass(frozen=True)
class Lives:
    """The course of some societies at one degree of conflict."""

    conflict: float
    societies: int
    rounds: int
    seed: int

    def __str__(self) -> str:
        return f"over time, conflict {self.conflict:g}"

    def compute(self) -> Course:
        """All rounds of every society."""
        return run_course(conflict=self.conflict, n_societies=self.societies, n_rounds=self.rounds, seed=self.seed)

    def record(self, course: Course) -> dict[str, Any]:
        """What was computed, as plain JSON."""
        return {"course": course.to_dict()}

    def recall(self, record: Mapping[str, Any]) -> Course:
        """The inverse of `record`."""
        return Course.from_dict(record["course"])


Unit = Piece | Lives | Probe  # what is computed at once


class Swept(NamedTuple):
    """What a sweep found."""

    cells: tuple[Cell, ...]
    courses: dict[float, Course]  # by conflict
    probed: Probed | None  # None if the scale asks no such questions


def pieces(scale: Scale, seed: int) -> tuple[Piece, ...]:
    """The whole sweep."""
    plain = (scale.conflicts, scale.noises, scale.n_replications)
    others = (scale.other_conflicts, scale.noises, scale.n_other_replications)
    along = (scale.axis_conflicts, scale.axis_noises, scale.n_axis_replications)
    planned = [(family, plain if family[0] == PLAIN else others) for family in families()]
    planned += [([one], along) for axis in AXES.values() for one in axis]
    found = []
    for family, (conflicts, noises, count) in planned:
        names = tuple(one.name for one in family)
        for conflict in conflicts:
            for start in range(0, count, scale.piece):
                replications = tuple(range(start, min(start + scale.piece, count)))
                found.append(Piece(names, conflict, noises, replications, seed))
    return tuple(found)


def families() -> list[list[Scenario]]:
    """Scenarios that ask the same communities, together."""
    found: dict[Any, list[Scenario]] = {}
    for scenario in SCENARIOS:
        found.setdefault(scenario.family, []).append(scenario)
    return list(found.values())


@checked
def run_grid(
    scale: Scale,
    *,
    seed: Seed,
    folder: str | Path,
    n_workers: Count = 1,
    progress: bool | Callable[[str], None] = False,
) -> Swept:
    """Run every piece that `folder` does not hold yet, and put the replications of each cell together.

    Parameters
    ----------
    folder : where pieces are kept; created if need be
    n_workers : processes, of one thread each; 1 computes in this one
    progress : True to print a line per finished piece to standard error, or a function that takes the line

    Raises
    ------
    ProblemError
        If a piece fails, the folder holds pieces of another study, or damaged ones, or another process works there.

    Examples
    --------
    >>> import tempfile
    >>> scale = Scale("over time only", conflicts=(1.0,), noises=(0.0,), n_replications=0, n_rounds=2, n_societies=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     found = run_grid(scale, seed=1, folder=folder)
    ...     again = run_grid(scale, seed=1, folder=folder)  # reads the pieces
    >>> found.courses[1.0].misalignment["menu"].shape, again.courses[1.0].drift == found.courses[1.0].drift
    ((1, 2), True)
    """
    planned = pieces(scale, seed)
    lives = [Lives(conflict, scale.n_societies, scale.n_rounds, seed) for conflict in scale.conflicts if conflict > 0]
    asked = [
        Probe(
            kind,
            tuple(range(start, min(start + scale.piece, scale.n_probes))),
            scale.probe_noises,
            scale.probe_gap,
            seed,
        )
        for kind in KINDS
        for start in range(0, scale.n_probes, scale.piece)
    ]
    everything: list[Unit] = [*planned, *lives, *asked]
    facts = {"study": STUDY, "scale": asdict(scale), "seed": seed}
    found = in_pieces(everything, facts=facts, folder=folder, n_workers=n_workers, report=reporter(progress))
    done = dict(zip(everything, found, strict=True))
    together: dict[tuple[str, float], list[Cell]] = {}
    for piece in planned:
        for cell in done[piece]:
            together.setdefault((cell.scenario, cell.conflict), []).append(cell)
    answers = probed([(one, done[one]) for one in asked]) if asked else None
    return Swept(tuple(map(joined, together.values())), {one.conflict: done[one] for one in lives}, answers)

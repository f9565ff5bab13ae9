"""The lists that a search has found, none of which beats another; on disk, if asked."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from contracts.errors import ProblemError
from contracts.front.front import Front, signs
from contracts.front.goals.goal import Goal
from contracts.front.lists import Search, Space
from contracts.front.sandwich import dominated
from contracts.inputs.arrays import Array
from contracts.inputs.files import open_file, replacing
from contracts.inputs.frozen import dataclass
from contracts.menu.menu import Menu

RECOMPUTED = 5  # candidates of a checkpoint whose values are computed again, to see that they are the same


@dataclass
class Archive:
    """Every candidate that was evaluated; resuming replays the search from it, to the bit."""

    space: Space
    path: str | Path | None
    mark: str
    known: dict[bytes, Array] = field(default_factory=dict)
    best: list[tuple[Array, Array]] = field(default_factory=list)  # (genes, values) that nothing dominates
    scale: tuple[Array, Array] | None = None  # worst values and ranges of the first generation, for the hypervolume

    def __post_init__(self) -> None:
        if self.path is not None and Path(self.path).exists():
            self.known = recalled(self.path, self.mark, self.space)

    def evaluate(self, genes: Array, executor: Executor | None) -> Array:
        keys = [row.tobytes() for row in genes]
        missing = [key for key in dict.fromkeys(keys) if key not in self.known]
        rows = [np.frombuffer(key) for key in missing]
        step = executor.map(_values_of, rows, chunksize=8) if executor else map(self.space.values, rows)
        self.known.update(zip(missing, step, strict=True))
        found = np.array([self.known[key] for key in keys])
        legal = [(row, values[:-1]) for row, values in zip(genes, found, strict=True) if values[-1] == 0]
        pool = [*self.best, *legal]
        if pool:
            gone = dominated(np.array([values for _, values in pool]))
            self.best = [each for each, out in zip(pool, gone, strict=True) if not out]
        return found

    def hypervolume(self) -> float:
        from pymoo.indicators.hv import Hypervolume

        if not self.best:
            return 0.0
        points = np.array([values for _, values in self.best])
        if self.scale is None:
            size = np.ptp(points, axis=0)
            self.scale = points.min(axis=0), np.where(size > 0, size, 1.0)
        low, size = self.scale
        above = np.maximum((points - low) / size, 0.0)
        return float(Hypervolume(ref_point=np.zeros(points.shape[1]))(-above))

    def save(self) -> None:
        if self.path is None:
            return
        genes = np.array([np.frombuffer(key) for key in self.known])
        with replacing(self.path) as stream:
            np.savez(stream, mark=np.array(self.mark), genes=genes, values=np.array(list(self.known.values())))


def recalled(path: str | Path, mark: str, space: Space) -> dict[bytes, Array]:
    """The values of the candidates that a checkpoint holds, some of them computed again to see that they are the same.

    Raises
    ------
    ProblemError
        If the file is damaged, or of another search.
    """
    try:
        with open_file(path) as file, np.load(file, allow_pickle=False) as stored:
            whose, genes, values = str(stored["mark"]), stored["genes"], stored["values"]
    except ProblemError:
        raise
    except (OSError, ValueError, KeyError, EOFError, BadZipFile, NotImplementedError) as exc:
        raise ProblemError(f"checkpoint {path} is not readable ({exc}): delete it, or name another") from exc
    if whose != mark:
        raise ProblemError(
            f"checkpoint {path} is of another search: resume with the same problem, objectives, settings and rng, or "
            "name another file"
        )
    for k in np.unique(np.linspace(0, len(genes) - 1, RECOMPUTED).astype(int)) if len(genes) else ():
        if not np.array_equal(space.values(genes[k]), values[k]):
            raise ProblemError(
                f"checkpoint {path} is of other objectives: what it says a menu is worth is not what the menu is worth "
                "now; name another file"
            )
    return {row.tobytes(): value for row, value in zip(genes, values, strict=True)}


def front_of(archive: Archive, most: int, *, is_finished: bool) -> Front:
    """At most so many of the best menus, far from each other; the ends of the front among them."""
    goals = archive.space.goals
    if not archive.best:
        raise ProblemError("the search found no menu that meets the constraints: allow more options or generations")
    _check_varied(goals, np.array([values[:-1] for values in archive.known.values() if values[-1] == 0]))
    values = np.array([each for _, each in archive.best])
    ideal, nadir = values.max(axis=0), values.min(axis=0)
    unit = np.where(ideal > nadir, ideal - nadir, 1.0)
    kept = spread((values - nadir) / unit, most)
    kept = kept[np.lexsort(-values[kept].T[::-1])]
    sign = signs(tuple(goal.sense for goal in goals))
    return Front(
        problem=archive.space.problem,
        names=tuple(goal.name for goal in goals),
        senses=tuple(goal.sense for goal in goals),
        points=sign * values[kept],
        menus=tuple(archive.space.menu(archive.best[k][0]) for k in kept),
        weights=np.zeros((len(kept), len(goals))),
        ideal=sign * ideal,
        nadir=sign * nadir,
        unit=unit,
        support_weights=np.empty((0, len(goals))),
        support_bounds=np.empty(0),
        requested_gap=math.inf,
        is_finished=is_finished,
        method="search",
        forms=tuple(goal.concave for goal in goals),
    )


def _check_varied(goals: tuple[Goal, ...], legal: Array) -> None:
    """Refuse objectives by which all menus seen are worth the same."""
    for goal, column in zip(goals, legal.T, strict=True):
        if len(column) > 1 and np.ptp(column) == 0:
            raise ProblemError(
                f"objective {goal.name!r} does not vary: each of {len(column)} menus searched is worth "
                f"{goal.sign * column[0]:.6g} by it; leave it out"
            )


def spread(points: Array, most: int) -> Any:
    """Numbers of at most so many points: the best of every column, then always the one farthest from those chosen."""
    chosen = list(dict.fromkeys(int(k) for k in points.argmax(axis=0)))[:most]
    away = np.linalg.norm(points[:, np.newaxis] - points[chosen], axis=2).min(axis=1)
    while len(chosen) < min(most, len(points)) and away.max() > 0:
        chosen.append(int(away.argmax()))
        away = np.minimum(away, np.linalg.norm(points - points[chosen[-1]], axis=1))
    return np.array(chosen)


def fingerprint(space: Space, search: Search, seed: int, seeds: list[Menu]) -> str:
    """What a checkpoint belongs to."""
    parts = [
        [goal.name for goal in space.goals],
        [space.places, search.n_population, search.n_generations, search.patience, search.growth, seed],
        [array.tolist() for array in (space.problem.valuations, space.problem.weights, space.lowest, space.highest)],
        [menu.options.transfers.tolist() for menu in seeds],
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


_WORKER: dict[str, Space] = {}  # in a worker process: the space it evaluates in


def _start_worker(space: Space) -> None:
    _WORKER["space"] = space


def _values_of(genes: Array) -> Array:
    return _WORKER["space"].values(genes)


@contextmanager
def pool(workers: int, space: Space) -> Iterator[Executor | None]:
    """Processes to evaluate in; none for one worker."""
    if workers == 1:
        yield None
        return
    import multiprocessing

    context = multiprocessing.get_context("fork" if "fork" in multiprocessing.get_all_start_methods() else None)
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker, initargs=(space,)) as executor:
        yield executor

"""The loop of a sweep: rows as they come, parts as they come, and what is there already is not computed again."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import field
from pathlib import Path
from typing import Any

from contracts.errors import ProblemError
from contracts.inputs.folders import working_in
from contracts.inputs.frozen import dataclass
from contracts.sweeps.cells import Found, Row, Task
from contracts.sweeps.chunks import Chunks
from contracts.sweeps.local import locally
from contracts.sweeps.parts import PLAN, Parts, claim

MISSING, DONE, FAILED = 0, 1, 2
MOST_ROWS = 1_000_000  # that are kept in memory
MOST_CELLS = 100_000_000  # of a sweep with a folder, whose progress is a byte a cell
EVERY = 2.0, 0.01  # seconds, and share of the time so far, that pass between parts and that a kill may cost
SAID = 1.0, 0.02  # the same between lines of progress
BUFFERED = 50_000  # rows of a part at most
HEAD = 10  # rows that are shown


@dataclass
class Ran:
    """Rows of a sweep, in memory or in a folder."""

    task: Task
    state: bytearray  # of every cell
    head: dict[int, Row] = field(default_factory=dict)
    kept: dict[int, Row] | None = None  # in memory
    parts: Parts | None = None

    def take(self, found: Found) -> Found:
        """Note a row that was computed."""
        self.note({"cell": found.cell, **self.task.shown(found.cell), **found.row, "error": found.error})
        return found

    def note(self, row: Row) -> None:
        """Note a row, as it is written down."""
        cell = row["cell"]
        self.state[cell] = DONE if row["error"] is None else FAILED
        if self.kept is not None:
            self.kept[cell] = row
        if cell < HEAD:
            self.head[cell] = row

    def rows(self) -> list[Row]:
        """All rows, by cell."""
        found = self.kept
        if found is None:
            found = {row["cell"]: row for row in self.parts or ()}
        return [found[cell] for cell in sorted(found)]


def run(
    task: Task,
    n_cells: int,
    *,
    facts: Mapping[str, Any],
    folder: str | Path | None = None,
    parts: str = "jsonl",
    n_workers: int | None = None,
    cluster: Any = None,
    retry: bool = False,
    report: Callable[[str], None] = lambda line: None,
    named: Callable[[int], str] | None = None,
) -> Ran:
    """Run every cell that the folder does not hold yet.

    Parameters
    ----------
    facts : what the sweep is: a folder holds rows of one
    retry : whether cells that failed are run again
    named : what lines of progress call a cell; then every cell has its line

    Raises
    ------
    ProblemError
        If the folder is another sweep's or another process's, cannot be written to, or no process can run the task.
    """
    with nullcontext() if folder is None else working_in(folder) as place:
        ran = _begun(task, n_cells, place, parts, facts)
        again = (MISSING, FAILED) if retry else (MISSING,)
        n_left = sum(map(ran.state.count, again))
        if place is not None:
            report(f"{n_cells - n_left} of {n_cells} cells were there")
        chunks = Chunks((cell for cell in range(n_cells) if ran.state[cell] in again), n_left)
        if n_left:
            with closing(_rows(task, chunks, n_workers, cluster, report)) as rows, _written(ran.parts) as write:
                line = Lines(report, n_cells, chunks, named)
                for found in rows:
                    write([ran.take(one) for one in found])
                    for one in found:
                        line.say(one)
        return ran


def check_size(n_cells: int, folder: Any) -> None:
    """Refuse more cells than can be kept track of."""
    if n_cells > MOST_CELLS:
        raise ProblemError(
            f"the grid has {n_cells:,} cells, and a sweep at most {MOST_CELLS:,}: take fewer values, or draw cells at "
            "random and give them as a list; dry_run=True says how long a grid would take"
        )
    if folder is None and n_cells > MOST_ROWS:
        raise ProblemError(
            f"the grid has {n_cells:,} cells, and {MOST_ROWS:,} rows are kept in memory: folder=PATH writes them "
            "there as they come"
        )


def _begun(task: Task, n_cells: int, place: Path | None, kind: str, facts: Mapping[str, Any]) -> Ran:
    if place is None:
        return Ran(task, bytearray(n_cells), kept={})
    claim(place, {**facts, "cells": n_cells, "parts": kind})
    for partial in place.glob(".*.partial"):  # of a process that was killed: we are alone here
        partial.unlink(missing_ok=True)
    ran = Ran(task, bytearray(n_cells), parts=Parts(place, kind, task))
    for row in ran.parts or ():
        ran.note(row)
    return ran


def recalled(task: Task, n_cells: int, folder: Any, parts: str, facts: Mapping[str, Any]) -> int:
    """How many cells a folder holds already, which is left as it is."""
    if folder is None or not (Path(folder) / PLAN).exists():
        return 0
    claim(Path(folder), {**facts, "cells": n_cells, "parts": parts})
    return len({row["cell"] for row in Parts(Path(folder), parts, task)})


def _rows(
    task: Task, chunks: Chunks, n_workers: int | None, cluster: Any, report: Callable[[str], None]
) -> Generator[list[Found]]:
    if cluster is None:
        return locally(task, chunks, n_workers)
    from contracts.sweeps.cluster import on_cluster

    return on_cluster(task, chunks, cluster, report)


@contextmanager
def _written(parts: Parts | None) -> Iterator[Callable[[list[Found]], None]]:
    """What takes rows, and writes a part now and then; whatever happens, rows that have come are written."""
    if parts is None:
        yield lambda found: None
        return
    waiting: list[Found] = []
    begun = last = time.monotonic()

    def take(found: list[Found]) -> None:
        nonlocal last
        waiting.extend(found)
        now = time.monotonic()
        if len(waiting) >= BUFFERED or now - last >= max(EVERY[0], EVERY[1] * (now - begun)):
            parts.write(waiting)
            waiting.clear()
            last = now

    try:
        yield take
    except BaseException:
        with suppress(ProblemError):  # the first error is the one to tell
            if waiting:
                parts.write(waiting)
        raise
    if waiting:
        parts.write(waiting)


class Lines:
    """Lines of progress: how many cells are done, how many failed, and about how long the rest takes."""

    def __init__(
        self, report: Callable[[str], None], n_cells: int, chunks: Chunks, named: Callable[[int], str] | None
    ) -> None:
        self.report, self.n_cells, self.n_left, self.named = report, n_cells, chunks.n_left, named
        self.n_failed = self.n_new = 0
        self.begun = self.last = time.monotonic()

    def say(self, found: Found) -> None:
        """Say that a cell is done, if it is time to."""
        self.n_new += 1
        self.n_failed += found.error is not None
        now, left = time.monotonic(), self.n_left - self.n_new
        if self.named is None and left and now - self.last < max(SAID[0], SAID[1] * (now - self.begun)):
            return
        self.last = now
        words = f"{self.n_cells - left} of {self.n_cells} cells"
        words += f", {self.n_failed} failed" if self.n_failed else ""
        if left and self.n_new > 1:
            words += f", about {duration((now - self.begun) / self.n_new * left)} left"
        self.report(words if self.named is None else f"{words}: {self.named(found.cell)}")


def duration(seconds: float) -> str:
    """A time in words.

    Examples
    --------
    >>> duration(0.04), duration(90), duration(10_000), duration(10**7)
    ('less than a second', '2 min', '2.8 h', '116 days')
    """
    if seconds < 1:
        return "less than a second"
    for size, unit, least in ((86_400.0, "days", 2.0), (3600.0, "h", 1.5), (60.0, "min", 1.5)):
        if seconds >= least * size:
            return f"{seconds / size:.1f} {unit}" if unit == "h" else f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"

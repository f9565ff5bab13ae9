"""What is done in a cell, wherever that is: a pure function of the cell's number, whose failure is an answer, too."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

LONGEST_ERROR = 500  # letters of an error in a row
Row = dict[str, Any]  # of numbers, texts, truth values and None


class Task(Protocol):
    """What every worker is given, whole: it must survive pickling if it leaves this process."""

    def shown(self, cell: int) -> Row:
        """The parameters of a cell."""
        ...

    def row(self, cell: int) -> Row:
        """What a cell found; whatever this raises is the error of that cell."""
        ...


class Found(NamedTuple):
    """One row: the number of the cell, what it found, and how it failed if it did."""

    cell: int
    row: Row
    error: str | None = None


class Finished(NamedTuple):
    """A chunk of cells that was run, and how long that took."""

    found: list[Found]
    seconds: float


def run_cells(task: Task, cells: Sequence[int]) -> Finished:
    """Run some cells one after the other."""
    began = time.perf_counter()
    return Finished([_run_cell(task, cell) for cell in cells], time.perf_counter() - began)


def _run_cell(task: Task, cell: int) -> Found:
    try:
        return Found(cell, task.row(cell))
    except (Exception, SystemExit) as exc:  # noqa: BLE001 - a cell that fails is a row, and the others go on
        return Found(cell, {}, f"{type(exc).__name__}: {exc}"[:LONGEST_ERROR])

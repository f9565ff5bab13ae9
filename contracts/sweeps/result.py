"""What a sweep found, and what one would take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contracts.display.table import Column, Table, Tabular
from contracts.inputs.door import checked
from contracts.inputs.extras import pandas
from contracts.inputs.frozen import dataclass
from contracts.readable import readable
from contracts.sweeps.run import Ran, duration

if TYPE_CHECKING:
    import pandas as pd


@checked
@dataclass(frozen=True, eq=False, repr=False)
class Sweep(Tabular):
    """Rows by cell, in memory or in the parts of a folder.

    Attributes
    ----------
    parameters : what varies
    n_cells, n_failed : how many rows there are, and how many of them are errors
    folder : where the parts are; None if rows are in memory
    """

    parameters: tuple[str, ...]
    n_cells: int
    n_failed: int
    folder: Path | None
    _ran: Ran = field(repr=False)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Rows by cell: parameters, what was found, and under "error" how a cell failed, or None."""
        yield from self._ran.rows()

    def failed(self) -> list[dict[str, Any]]:
        """The rows of cells that failed."""
        return [row for row in self.rows() if row["error"] is not None]

    def to_frame(self) -> pd.DataFrame:
        """One row per cell, whose number is the index; NaN or None where a cell failed."""
        rows = list(self.rows())
        frame = pandas().DataFrame(rows, columns=_names(rows))
        return frame.set_index("cell")

    def _table(self) -> Table:
        head = [row for _, row in sorted(self._ran.head.items())]
        names = [name for name in _names(head) if name != "error" or self.n_failed]
        columns = [Column(name, [row.get(name) for row in head], _shown, readable(name)) for name in names]
        notes = [f"{self.n_cells - len(head)} more rows"] if self.n_cells > len(head) else []
        notes += [f"{self.n_failed} of {self.n_cells} cells failed: see failed()"] if self.n_failed else []
        notes += [f"parts in {self.folder}"] if self.folder is not None else []
        return Table(columns, "", notes)


@checked
@dataclass(frozen=True, repr=False)
class SweepEstimate(Tabular):
    """What a sweep would take, by a few cells that were tried in this process.

    Attributes
    ----------
    n_cells, n_done : how many there are, and how many of them the folder holds
    n_tried : how many were run, and forgotten
    seconds_per_cell : on average over these
    n_workers : processes, or threads of a cluster, that would share the work
    errors : what those raised that failed, each once
    """

    n_cells: int
    n_done: int
    n_tried: int
    seconds_per_cell: float
    n_workers: int
    errors: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """How long the cells that are left would take on all workers."""
        return (self.n_cells - self.n_done) * self.seconds_per_cell / self.n_workers

    def _table(self) -> Table:
        values: Mapping[str, str] = {
            "cells": f"{self.n_cells:,}",
            "of them done": f"{self.n_done:,}",
            "seconds a cell": f"{self.seconds_per_cell:.2g}",
            "workers": str(self.n_workers),
            "takes about": duration(self.seconds),
        }
        notes = [f"of {self.n_tried} cells that were tried, some failed: {one}" for one in self.errors]
        return Table([Column("", list(values)), Column("", list(values.values()), left=False)], "", notes)


def _names(rows: list[dict[str, Any]]) -> list[str]:
    return [*dict.fromkeys(name for row in rows for name in row if name != "error"), "error"]


def _shown(value: Any) -> str:
    if isinstance(value, bool | int):
        return str(value)
    return format(value, ".6g") if isinstance(value, float) else readable(str(value))

"""A folder of rows: what sweep it belongs to, and parts that appear whole or not at all."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from contracts.errors import ProblemError
from contracts.inputs.extras import extra
from contracts.inputs.files import read_bytes, write_bytes
from contracts.problem.records import read_json, write_document
from contracts.sweeps.cells import Found, Row, Task

PLAN = "sweep.json"
SCHEMA = "menuwright/sweep/1"
KINDS = ("parquet", "jsonl")


class Parts:
    """The parts in a folder, in the order in which they came."""

    def __init__(self, place: Path, kind: str, task: Task) -> None:
        if kind == "parquet":
            extra("pyarrow")
        self.place, self.kind, self.task = place, kind, task
        self.paths = sorted(place.glob(f"part-*.{kind}"))

    def write(self, rows: Sequence[Found]) -> None:
        """Write a part.

        Raises
        ------
        ProblemError
            If there is no room, say; then the folder holds what it held.
        """
        last = int(self.paths[-1].stem.removeprefix("part-")) if self.paths else -1
        flat = [{"cell": one.cell, **self.task.shown(one.cell), **one.row, "error": one.error} for one in sorted(rows)]
        path = self.place / f"part-{last + 1:06d}.{self.kind}"
        write_bytes(path, _parquet(flat, path) if self.kind == "parquet" else _lines(flat))
        self.paths.append(path)

    def __iter__(self) -> Iterator[Row]:
        """Rows as they were written; of a cell that is there twice the last one counts.

        Raises
        ------
        ProblemError
            If a part is damaged.
        """
        for path in self.paths:
            try:
                rows = _read(path)
            except ProblemError:
                raise
            except (ValueError, KeyError, TypeError, OSError) as exc:
                raise ProblemError(f"{path} is damaged ({exc!r}): delete it, and its cells are computed anew") from exc
            yield from rows


def claim(place: Path, facts: Mapping[str, Any]) -> None:
    """Make a folder the one of this sweep.

    Raises
    ------
    ProblemError
        If it is the folder of another sweep: by what that differs.
    """
    ours = json.loads(json.dumps({"schema": SCHEMA, **facts}))
    if not (place / PLAN).exists():
        if any(place.glob("part-*")):
            raise ProblemError(f"{place} holds parts of a sweep and no {PLAN}: name another folder")
        write_document(place / PLAN, ours)
        return
    theirs = read_json(place / PLAN)
    if not isinstance(theirs, dict):
        raise ProblemError(f"{place / PLAN} says of no sweep what it is: name another folder, or delete this one")
    for name in [*ours, *theirs]:
        if ours.get(name) != theirs.get(name):
            raise ProblemError(
                f"{place} holds another sweep: {name} is {_said(theirs.get(name))} there and {_said(ours.get(name))} "
                "here; name another folder, or delete that one to begin anew"
            )


def _said(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _lines(rows: Sequence[Row]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def _parquet(rows: Sequence[Row], path: Path) -> bytes:
    """Columns of one kind each: numbers are doubles, so that parts fit together whatever they happen to hold."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = list(dict.fromkeys(name for row in rows for name in row if name != "error"))
    columns = {}
    for name in names:
        values = [row.get(name) for row in rows]
        kinds = {type(value) for value in values} - {type(None)}
        if kinds == {int, float}:
            values = [value if value is None else float(value) for value in values]
        elif len(kinds) > 1:
            words = " and ".join(sorted(kind.__name__ for kind in kinds))
            raise ProblemError(
                f"{path} cannot hold {name!r}, which is {words}: give one kind, or ask for parts='jsonl'"
            )
        columns[name] = pa.array(values)
    columns["error"] = pa.array([row["error"] for row in rows], pa.string())
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream)
    return stream.getvalue()


def _read(path: Path) -> list[Row]:
    content = read_bytes(path)
    if path.suffix == ".jsonl":
        rows = [json.loads(line) for line in content.splitlines()]
    else:
        import pyarrow.parquet as pq

        rows = pq.read_table(io.BytesIO(content)).to_pylist()
    return [{**row, "cell": int(row["cell"]), "error": row["error"]} for row in rows]

"""The command that solves a problem in every cell of a grid."""

from __future__ import annotations

import dataclasses
import math
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from contracts.cli.commands import CERTIFICATE_FAILS, AsJson, answering, busy, json_text, note
from contracts.cli.grids.file import read_sweep
from contracts.errors import ProblemError
from contracts.sweeps.result import Sweep, SweepEstimate
from contracts.sweeps.sweep import sweep as sweep_over

SCHEMA = "menuwright/sweep-rows/1"


def sweep(
    file: Annotated[Path, typer.Argument(metavar="SWEEP", readable=False, help="Sweep file, .toml or .json.")],
    *,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write rows here as they come; a sweep that was stopped goes on from it."),
    ] = None,
    parts: Annotated[str, typer.Option(metavar="parquet|jsonl", help="Format of the rows in the folder.")] = "parquet",
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes on this machine; by default as many as pay.")
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Scheduler of a dask cluster, such as tcp://HOST:8786.")
    ] = None,
    retry: Annotated[bool, typer.Option("--retry", help="Run cells again that failed before.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Try a few cells; say how many there are and how long they would take.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Solve a problem in every cell of a grid, in processes or on a cluster; exit code 1 if a cell fails."""
    failed: list[dict[str, Any]] = []
    with answering(as_json=as_json) as answer:
        if workers is not None and cluster is not None:
            raise ProblemError("--workers and --cluster are both given: workers of a cluster are started there")
        family, grid, asked = read_sweep(file)
        with busy(f"sweeping {file.stem}") as said:
            found = sweep_over(
                family,
                grid,
                **asked,
                folder=out,
                parts=parts,
                n_workers=workers,
                cluster=cluster,
                retry=retry,
                dry_run=dry_run,
                progress=said if sys.stderr.isatty() else note,
            )
        if isinstance(found, Sweep):
            failed = [row for row in found.rows() if row["error"] is not None or not row["holds"]]
        answer.give(json_text(_document(found)) if as_json else str(found))
    if failed:
        why = failed[0]["error"] or "its certificate fails"
        typer.echo(f"{len(failed)} cells failed, the first of them cell {failed[0]['cell']}: {why}", err=True)
        raise typer.Exit(CERTIFICATE_FAILS)


def _document(found: Sweep | SweepEstimate) -> dict[str, Any]:
    if isinstance(found, SweepEstimate):
        return {**dataclasses.asdict(found), "errors": list(found.errors), "seconds": found.seconds}
    rows = [{name: _plain(value) for name, value in row.items()} for row in found.rows()]
    return {"schema": SCHEMA, "parameters": list(found.parameters), "n_failed": found.n_failed, "rows": rows}


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value

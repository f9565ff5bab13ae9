"""contracts simulate: experiments on groups, run from a shell, with results as JSON and a page that explains them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from contracts.cli.commands import AsJson, answering, json_text, note
from contracts.errors import ProblemError

simulate = typer.Typer(no_args_is_help=True, help="Simulate groups and assistants, and report what came out.")
RECORDINGS = Path("..") / "shared" / "data" / "scai"


@simulate.command(epilog="Example: contracts simulate scai --experiment E1 --seed 1 --out out")
def scai(
    *,
    experiment: Annotated[str, typer.Option(help="E1 to E12.")] = "E1",
    seed: Annotated[int, typer.Option(min=0, help="Seed of all draws; the same seed gives the same bytes.")] = 0,
    runs: Annotated[int, typer.Option(min=2, help="Simulated runs of each condition.")] = 200,
    recordings: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Recorded games to replay and compare with; by default ../shared/data/scai where that exists.",
        ),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Folder for the results; made if need be.")] = Path("out"),
    as_json: AsJson = False,
) -> None:
    """Social Contract AI: an assistant learns the norm of a group of ultimatum players.

    Writes results.json, findings.json and report.html. A run that is interrupted goes on when started again.
    """
    with answering(as_json=as_json) as answer:
        from inference.social_contract.report import write_experiment
        from inference.social_contract.run import run_experiment

        if out.exists() and not out.is_dir():
            raise ProblemError(f"--out {out} is a file: name a folder")
        folder = RECORDINGS if recordings is None and RECORDINGS.is_dir() else recordings
        result = run_experiment(
            experiment, seed=seed, recordings=folder, n_runs=runs, folder=out / "pieces", progress=note
        )
        written: list[Path] = []
        answer.give(
            json_text(result.to_dict()) if as_json else str(result),
            ("", out, lambda place: written.extend(write_experiment(result, place))),
        )
        for path in written:
            note(f"saved {path}")


@simulate.command(epilog="Example: contracts simulate societal --scale small --seed 1 --out societal")
def societal(
    *,
    scale: Annotated[str, typer.Option(help="small (seconds), default (minutes) or full (the whole grid).")] = "small",
    seed: Annotated[int, typer.Option(min=0, help="Seed of all draws; the same seed gives the same bytes.")] = 1,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that share the work; as many as cores by default.")
    ] = None,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Folder for the results; made if need be.")] = Path("out"),
    as_json: AsJson = False,
) -> None:
    """Societal alignment: menus of policies against averaged preferences, where groups' norms conflict.

    Writes verdict.json and report.html. A run that is interrupted goes on where it was when started again.
    """
    with answering(as_json=as_json) as answer:
        from inference.society.study import REPORT, VERDICT, run_study, write_study

        if out.exists() and not out.is_dir():
            raise ProblemError(f"--out {out} is a file: name a folder")
        progress = note
        study = run_study(scale, seed=seed, out=out, n_workers=workers or os.cpu_count() or 1, progress=progress)

        progress("drawing")
        answer.give(
            json_text(study.to_dict()) if as_json else str(study), ("", out, lambda place: write_study(study, place))
        )
        for name in (VERDICT, REPORT):
            progress(f"saved {out / name}")

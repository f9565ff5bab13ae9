"""The command that traces what competing objectives cost one another."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from contracts.cli.commands import CERTIFICATE_FAILS, AsJson, ProblemFile, answering, busy, check_writable, json_text
from contracts.errors import ProblemError

if TYPE_CHECKING:
    from contracts.front.front import Front


def pareto(
    problem: ProblemFile,
    *,
    objectives: Annotated[
        str, typer.Option(metavar="NAME,NAME,...", help="At least two, such as profit,surplus:light,harm:speed=0.5.")
    ],
    gap: Annotated[
        float | None, typer.Option(help="Certified distance of any other menu, as a share of the ranges.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FRONT.json", help="Save the front here, to the last bit.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="REPORT.html", help="Write a page on which points say which menu they are.")
    ] = None,
    method: Annotated[
        str, typer.Option(metavar="auto|exact|search", help="auto is exact where all objectives are concave.")
    ] = "auto",
    time_limit: Annotated[
        float, typer.Option(help="Seconds after which the front is taken as it is; exit code 1.")
    ] = math.inf,
    seed: Annotated[int, typer.Option(help="What a search draws from.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes that a search evaluates in.")] = 1,
    checkpoint: Annotated[
        Path | None, typer.Option(metavar="SEARCH.npz", help="A search writes its progress here, and goes on from it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Menus between objectives that compete, with what each costs the others."""
    with answering(as_json=as_json) as answer:
        import numpy as np

        from contracts.cli.problem_files import read_problem
        from contracts.front.pareto import pareto_front

        targets = (("--out", out, ".json"), ("--report", report, ".html"), ("--checkpoint", checkpoint, ".npz"))
        check_writable(*targets, inputs=[problem])
        if seed < 0:
            raise ProblemError(f"--seed is {seed}: give a whole number that is not negative")
        described = read_problem(problem)
        with busy(f"tracing the front for {described.n_types} types") as progress:
            front = pareto_front(
                described,
                objectives,
                gap=gap,
                method=method,
                time_limit=time_limit,
                progress=progress,
                rng=np.random.default_rng(seed),
                n_workers=workers,
                checkpoint=checkpoint,
            )
        answer.give(
            json_text(front.to_dict()) if as_json else str(front),
            ("saved", out, front.save),
            ("wrote", report, lambda path: _write_front_report(front, path, title=problem.stem)),
        )
    if not (front.holds and front.is_finished):
        short = "is not certified to the gap that was asked for" if not front.holds else "was stopped early"
        typer.echo(f"the front {short}", err=True)
        raise typer.Exit(CERTIFICATE_FAILS)


def _write_front_report(front: Front, path: Path, *, title: str) -> None:
    """One page: the front to look into, all objectives side by side, the table."""
    from matplotlib.figure import Figure

    from contracts.display.report import Report

    figure = Figure(figsize=(7.5, 4.2), layout="constrained")
    front.plot(figure.subplots(), kind="parallel")
    page = Report(f"{title}: {' against '.join(front.names)}").front(front)
    page = page.figure(
        figure, caption="One line per menu, from nadir to ideal of every objective; the knee stands out."
    )
    page.verbatim(str(front)).write(path)

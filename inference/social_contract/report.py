"""Experiments on norms as files: rows as JSON, curves in a page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from contracts.display.drawn import drawn
from contracts.display.palette import DIM, INK, axes
from contracts.problem.records import write_document
from inference.social_contract.experiment import Experiment, Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RESULTS, FINDINGS, REPORT = "results.json", "findings.json", "report.html"
HEADER = ("condition", "source", "users", "assistant", "recorded", "gap", "se", "recorded gap", "imitation gap", "runs")


def plot_condition(rows: list[Row], ax: Axes | None = None) -> Axes:
    """Mean shares offered by epoch: users, our assistant with two standard errors of the gap, rivals."""
    ax = axes(ax, figsize=(4, 3), layout="constrained")
    epochs = [row.epoch for row in rows]

    def line(values: list[float | None]) -> list[float]:
        return [float("nan") if value is None else value for value in values]

    ours = line([row.assistant_share for row in rows])
    ax.plot(epochs, line([row.users_share for row in rows]), color=DIM, lw=4, alpha=0.6, label="users")
    ax.errorbar(epochs, ours, [2 * (row.se or 0.0) for row in rows], marker="o", ms=4, capsize=2, label="assistant")
    if any(row.recorded_share is not None for row in rows):
        ax.plot(epochs, line([row.recorded_share for row in rows]), "s--", ms=4, label="recorded GPT-4")
    if any(row.imitation_share is not None for row in rows):
        copied = line([row.imitation_share for row in rows])
        ax.plot(epochs, copied, ":", color=INK, lw=1, label="copies the last offer")
    ax.set(ylim=(-0.04, 1.04), xticks=epochs, xlabel="epoch", ylabel="share offered", title=drawn(rows[0].condition))
    ax.title.set_fontsize(8)
    return ax


def by_condition(experiment: Experiment) -> dict[str, list[Row]]:
    """Rows of each condition, in order."""
    grouped: dict[str, list[Row]] = {}
    for row in experiment.rows:
        grouped.setdefault(row.condition, []).append(row)
    return grouped


def plot_experiment(experiment: Experiment) -> Any:
    """All conditions as small panels of one figure."""
    from matplotlib.figure import Figure

    conditions = by_condition(experiment)
    columns = 3
    n_rows = -(-len(conditions) // columns)
    figure = Figure(figsize=(3.6 * columns, 2.6 * n_rows), layout="constrained")
    panels = figure.subplots(n_rows, columns, squeeze=False).ravel()
    for ax, rows in zip(panels, conditions.values(), strict=False):
        plot_condition(rows, ax)
    for ax in panels[len(conditions) :]:
        ax.set_axis_off()
    panels[0].legend(fontsize=7)
    return figure


def write_experiment(experiment: Experiment, folder: Path) -> tuple[Path, Path, Path]:
    """Write results.json, a list of rows, findings.json and report.html into a folder; returns where they are."""
    from contracts.display.report import Report

    document = experiment.to_dict()
    results = write_document(folder / RESULTS, document.pop("rows"))
    findings = write_document(folder / FINDINGS, document)
    page = Report(f"{experiment.name}: {experiment.question}")
    page = page.section("What was found").text("\n\n".join(experiment.findings) or "Nothing to compare with.")
    page = page.section("The last epoch of every condition")
    table = [
        (
            row.condition,
            row.source,
            *map(_cell, (row.users_share, row.assistant_share, row.recorded_share, row.gap, row.se)),
            *map(_cell, (row.recorded_gap, row.imitation_gap)),
            row.runs,
        )
        for row in experiment.final
    ]
    page = page.table(HEADER, table, caption="Mean shares offered; errors are over runs. Seed " + str(experiment.seed))
    measures = list(dict.fromkeys(name for row in experiment.final for name in row.more))
    if measures:
        cells = [(row.condition, *(_cell(row.more.get(name)) for name in measures)) for row in experiment.final]
        page = page.table(("condition", *measures), cells, caption="Other measures, last epoch")
    page = page.figure(plot_experiment(experiment), caption="Mean share offered, by epoch and condition")
    page = page.section("Runs that went wrong")
    wrong = [
        (row.condition, who, name, count, row.runs)
        for row in experiment.final
        for who, found in (("ours", row.troubles), ("recorded GPT-4", row.recorded_troubles))
        for name, count in found.items()
    ]
    if wrong:
        page = page.table(("condition", "whose", "what", "in runs", "of"), wrong)
    else:
        page = page.text("No run was found to deviate, to stall on words, or to fall back on a prior.")
    return results, findings, page.write(folder / REPORT)


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"

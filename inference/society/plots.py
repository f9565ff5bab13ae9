"""Figures of the study of societal alignment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from contracts.display.drawn import drawn
from contracts.display.palette import DIM, GREY, PALETTE
from inference.society.claims import COHERENT
from inference.society.frontier import Placement
from inference.society.mechanisms import FULL_INFORMATION
from inference.society.rounds import DESIGNS, Course
from inference.society.scenarios import Cell
from inference.society.verdicts import interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DRAWN = ("averaging", "mean utility", "max-min", "majority", "labels", "open labels", "menu", "robust menu")
MARKERS = "osv^D<d*P"
STYLE = {  # the same mechanism looks the same in every figure
    name: (PALETTE[number % len(PALETTE)], MARKERS[number]) for number, name in enumerate((*DRAWN, FULL_INFORMATION))
} | {"menu never renewed": (DIM, "x")}


def lines_figure(cells: Sequence[Cell], what: str) -> Figure:
    """A measure against the noise, a panel per degree of conflict, a line per mechanism, bars for 95% intervals."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3.2 * len(cells), 3.4), layout="constrained")
    panels = np.atleast_1d(figure.subplots(1, len(cells), sharey=True))
    for ax, cell in zip(panels, cells, strict=True):
        for number, name in enumerate(DRAWN):
            rows = cell.values[name][what]
            bars = np.array([interval(row, np.random.default_rng(0)) for row in rows])
            mean = rows.mean(axis=1)
            away = np.maximum(np.abs(bars.T - mean), 0.0)
            x = np.array(cell.noises) + 0.004 * (number - len(DRAWN) / 2)  # side by side
            color, marker = STYLE[name]
            ax.errorbar(x, mean, yerr=away, label=name, color=color, marker=marker, markersize=4, linewidth=1)
        if what == "coherence":
            ax.axhline(COHERENT, color=DIM, linewidth=0.8, linestyle=":")
        ax.set_title(f"conflict {cell.conflict:g}", fontsize=10)
        ax.set_xlabel("noise, sd of the signal")
        ax.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel(what)
    figure.legend(
        *panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False, fontsize=8
    )
    return figure


def course_figure(course: Course) -> Figure:
    """Misalignment by round and design."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 3.2), layout="constrained")
    ax = figure.subplots()
    rounds = np.arange(course.recognised.shape[1]) + 1
    for name in DESIGNS:
        color, marker = STYLE[name]
        rows = course.misalignment[name]
        low, high = np.array([interval(column, np.random.default_rng(0)) for column in rows.T]).T
        ax.fill_between(rounds, low, high, color=color, alpha=0.2, linewidth=0)
        ax.plot(rounds, rows.mean(axis=0), color=color, marker=marker, markersize=4, label=name)
    ax.axvline(course.drift + 0.5, color=DIM, linestyle="--", linewidth=0.8)
    ax.set_ylim(bottom=0)
    ax.set_xlabel("round")
    ax.set_ylabel("misalignment")
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, fontsize=8)
    return figure


def front_figure(placed: Placement) -> Figure:
    """Safety cost and mean utility of the front's menus and of the mechanisms."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    ax = figure.subplots()
    weights = placed.society.weights
    ax.scatter(placed.front.points[:, -1], placed.front.points[:, :-1] @ weights, color=GREY, s=16, label="front")
    for name, point in placed.points.items():
        color, marker = STYLE[name]
        ax.scatter(point[-1], point[:-1] @ weights, color=color, marker=marker, s=40, label=name)
    ax.set_xlabel("expected safety cost, logits")
    ax.set_ylabel("mean utility, logits")
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, fontsize=8, ncols=2)
    return figure


def picks_figure(placed: Placement) -> Figure:
    """Who takes which option of the menu."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 2.4), layout="constrained")
    ax = figure.subplots()
    groups = placed.society.groups
    options = (*(f"meant for {drawn(name)}" for name in groups), "reference")
    left = np.zeros(len(groups))
    for number, name in enumerate(options):
        share = placed.taken[:, number]
        ax.barh(np.arange(len(groups)), share, left=left, color=PALETTE[number % len(PALETTE)], label=name)
        left = left + share
    ax.set_yticks(np.arange(len(groups)), list(map(drawn, groups)))
    ax.invert_yaxis()
    ax.set_xlabel("share of the group")
    ax.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=4, frameon=False, fontsize=8)
    return figure

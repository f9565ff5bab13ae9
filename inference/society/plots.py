"""Figures of the study of societal alignment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from contracts.plotting import PALETTE
from inference.society.scenarios import Cell
from inference.society.verdicts import COHERENT, interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DRAWN = ("averaging", "mean utility", "max-min", "majority", "labels", "menu", "robust menu")
MARKERS = "osv^Dd*"


def lines_figure(cells: Sequence[Cell], what: str) -> Figure:
    """A measure against the noise, a panel per degree of conflict, a line per mechanism, bars for 95% intervals."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3.2 * len(cells), 3.4), layout="constrained")
    panels = np.atleast_1d(figure.subplots(1, len(cells), sharey=True))
    for ax, cell in zip(panels, cells, strict=True):
        for number, name in enumerate(DRAWN):
            if name not in cell.values:
                continue
            rows = cell.values[name][what]
            bars = np.array([interval(row, np.random.default_rng(0)) for row in rows])
            mean = rows.mean(axis=1)
            away = np.maximum(np.abs(bars.T - mean), 0.0)
            x = np.array(cell.noises) + 0.004 * (number - len(DRAWN) / 2)  # side by side
            color = PALETTE[number % len(PALETTE)]
            ax.errorbar(x, mean, yerr=away, label=name, color=color, marker=MARKERS[number], markersize=4, linewidth=1)
        if what == "coherence":
            ax.axhline(COHERENT, color="#888", linewidth=0.8, linestyle=":")
        ax.set_title(f"conflict {cell.conflict:g}", fontsize=10)
        ax.set_xlabel("noise, sd of the signal")
        ax.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel(what)
    figure.legend(
        *panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False, fontsize=8
    )
    return figure

"""Norms as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from contracts.display.drawn import drawn
from contracts.display.palette import GREY, PALETTE, axes
from inference.norms.text import ShownNorms

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_norms(norms: ShownNorms, ax: Axes | None = None) -> Axes:
    """Utilities with 95% intervals, one row per policy, one colour per group; dashes where a group could live with it.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from inference.norms.elicitation import Comparisons
    >>> from inference.norms.norms import elicit_norms
    >>> norms = elicit_norms(Comparisons(["a"] * 3, ["tea", "tea", "milk"], ["milk", "milk", "tea"]))
    >>> ax = plot_norms(norms, Figure().subplots())
    >>> ax.get_xlabel(), [label.get_text() for label in ax.get_yticklabels()]
    ('utility (logits)', ['milk', 'tea'])
    """
    ax = axes(ax)
    order = np.argsort(norms.common, kind="stable")
    rows = np.arange(len(order))
    interval = norms.interval()
    offsets = np.linspace(-0.25, 0.25, len(norms.groups)) if len(norms.groups) > 1 else [0.0]
    for g, (group, offset) in enumerate(zip(norms.groups, offsets, strict=True)):
        colour = PALETTE[g % len(PALETTE)]
        centre = norms.utilities[g, order]
        around = np.stack([centre - interval[g, order, 0], interval[g, order, 1] - centre])
        ax.errorbar(centre, rows + offset, xerr=around, fmt="o", markersize=4, color=colour, label=drawn(group))
        if norms.has_reservation_utility:
            ax.axvline(norms.reservation_utility[g], color=colour, linestyle="--", linewidth=1)
    ax.set_yticks(rows, [drawn(norms.policies[k]) for k in order])
    ax.set_xlabel("utility (logits)")
    ax.axvline(0.0, color=GREY, linewidth=0.8, zorder=0)
    ax.legend(frameon=False)
    return ax

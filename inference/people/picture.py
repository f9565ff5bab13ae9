"""Gains of held-out people as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from contracts.display.drawn import drawn
from contracts.display.palette import GREY, PALETTE, axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class ShownGain(Protocol):
    """What the picture asks of a gain."""

    @property
    def effect(self) -> float: ...

    @property
    def interval(self) -> tuple[float, float]: ...


def plot_gains(
    groupings: Sequence[str],
    mechanisms: Sequence[str],
    gains: Mapping[tuple[str, str], ShownGain],
    ax: Axes | None = None,
) -> Axes:
    """One row per grouping, one colour per mechanism, bars for 95% intervals."""
    ax = axes(ax)
    rows = np.arange(len(groupings))
    offsets = np.linspace(-0.3, 0.3, len(mechanisms)) if len(mechanisms) > 1 else [0.0]
    for m, (mechanism, offset) in enumerate(zip(mechanisms, offsets, strict=True)):
        shown = [gains[grouping, mechanism] for grouping in groupings]
        centre = np.array([one.effect for one in shown])
        low, high = np.array([one.interval for one in shown]).T
        around = np.maximum([centre - low, high - centre], 0.0)
        colour = PALETTE[m % len(PALETTE)]
        ax.errorbar(centre, rows + offset, xerr=around, fmt="o", markersize=4, color=colour, label=mechanism)
    ax.axvline(0.0, color=GREY, linewidth=0.8, zorder=0)
    ax.set_yticks(rows, [drawn(name) for name in groupings])
    ax.invert_yaxis()
    ax.set_xlabel("gain over averaging, % of what a policy of everybody's own would gain")
    ax.legend(frameon=False)
    return ax

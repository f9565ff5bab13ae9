"""Who envies whom, as arrows between types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from contracts.audits.offer import OUTSIDE_NAME
from contracts.audits.temptations import Binding, Envy
from contracts.display.drawn import drawn
from contracts.display.palette import GREY, INK, PALETTE, axes
from contracts.problem.screening import ScreeningProblem

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN_TYPES = 30  # that a circle can name; those with the largest gains come first
WIDEST, THINNEST = 4.0, 0.8  # points that an arrow is wide


class ShownAudit(Protocol):
    """What the picture asks of an audit."""

    @property
    def problem(self) -> ScreeningProblem: ...

    @property
    def envy(self) -> tuple[Envy, ...]: ...

    def binding(self, within: float = 1e-9) -> tuple[Binding, ...]: ...


def plot_envy(audit: ShownAudit, ax: Axes | None = None) -> Axes:
    """Names on a circle and an arrow from whoever gains to the contract that it gains by, as wide as the gain.

    Where there are many names, those with the largest gains are shown, and the title says how many are not.
    """
    ax = axes(ax, figsize=(6.0, 6.0), layout="constrained")
    envy = audit.envy
    names = list(dict.fromkeys([name for one in envy for name in (one.type, one.envied)]))
    named = {*names}
    names += [label for label in audit.problem.labels if label not in named]
    left_out = max(0, len(names) - SHOWN_TYPES)
    names = names[:SHOWN_TYPES]
    order = {label: k for k, label in enumerate(audit.problem.labels)}
    names.sort(key=lambda name: order.get(name, len(order)))
    angle = np.pi / 2 - 2 * np.pi * np.arange(len(names)) / max(len(names), 1)
    place = dict(zip(names, np.column_stack([np.cos(angle), np.sin(angle)]), strict=True))
    largest = max((one.gain for one in envy), default=1.0)
    for one in envy:
        if one.type in place and one.envied in place:
            width = THINNEST + (WIDEST - THINNEST) * one.gain / largest
            ax.annotate(
                "",
                place[one.envied],
                place[one.type],
                arrowprops={"arrowstyle": "-|>", "color": PALETTE[3], "lw": width, "shrinkA": 12, "shrinkB": 12,
                            "connectionstyle": "arc3,rad=0.12"},
            )  # fmt: skip
    gains = {one.type: one.gain for one in reversed(envy)}
    for name, (x, y) in place.items():
        colour = PALETTE[3] if name in gains else GREY if name == OUTSIDE_NAME else PALETTE[0]
        ax.plot([x], [y], "s" if name == OUTSIDE_NAME else "o", color=colour, markersize=9, zorder=3)
        words = drawn(name) + (f"\ngains {gains[name]:.3g}" if name in gains else "")
        side = "left" if x > 0.1 else "right" if x < -0.1 else "center"
        ax.text(1.12 * x, 1.12 * y, words, ha=side, va="center", fontsize=9, color=INK)
    ax.set(xlim=(-1.7, 1.7), ylim=(-1.4, 1.4), aspect="equal")
    ax.set_axis_off()
    more = f" ({left_out} more not shown)" if left_out else ""
    ax.set_title(("Who would rather have whose contract" if envy else "Nobody envies anybody") + more)
    return ax

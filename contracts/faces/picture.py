"""The face as a picture: of every type the least and the most, proven, and what menus found reach of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from contracts.display.drawn import drawn
from contracts.display.palette import DIM, INK, PALETTE, axes
from contracts.errors import ProblemError
from contracts.faces.text import ShownFace
from contracts.inputs.arrays import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MONEY = ("transfer", "utility")
NAMED = 24  # types that the axis can name
WIDEST = 0.6  # of the distance between two types
ROOM = 0.1  # of what is seen, beyond it: where ends that nothing is proven of are drawn


def plot_face(face: ShownFace, ax: Axes | None = None, *, of: str | None = None) -> Axes:
    """A bar per type from the least to the most, proven; inside, what some menus reach; a line, the menu itself.

    Ends of which nothing is proven leave the picture.
    """
    problem = face.menu.problem
    goods = [str(good) for good in problem.goods]
    if of is None:
        of = goods[0] if len(goods) == 1 else "transfer"
    if of not in (*goods, *MONEY):
        raise ProblemError(f"of is {of!r}: use {', '.join(map(repr, (*goods, *MONEY)))}")
    if of in goods:  # first, should a good be called so
        k = goods.index(of)
        proven, reached, own = (
            face.proven.allocation[:, k],
            face.reached.allocation[:, k],
            face.menu.allocation[:, k],
        )
    else:
        proven, reached, own = (getattr(part, of) for part in (face.proven, face.reached, face.menu))
    ax = axes(ax, figsize=(7.0, 4.2), layout="constrained")
    seen = np.concatenate([proven[np.isfinite(proven)], reached.ravel(), own])
    least, most = float(seen.min()), float(seen.max())
    room = ROOM * (max(most - least, abs(most), abs(least)) or 1.0)
    shown = np.clip(proven, least - 2 * room, most + 2 * room)
    place = np.arange(float(len(own)))
    for interval, colour, width, what in (
        (shown, PALETTE[2], WIDEST, "proven of all of them"),
        (reached, PALETTE[0], WIDEST / 2, "reached by some"),
    ):
        _bars(ax, place, interval, colour, width, what)
    if len(own) <= NAMED:
        ax.hlines(own, place - WIDEST / 2, place + WIDEST / 2, color=INK, linewidth=1.5, zorder=3, label="this menu")
        names = [drawn(label) for label in problem.labels]
        long = sum(map(len, names)) > 60
        ax.set_xticks(place, names, rotation=30 if long else 0, ha="right" if long else "center")
    else:
        ax.plot(place, own, color=INK, linewidth=1.0, zorder=3, label="this menu")
        ax.set_xlabel("type")
    ax.set_ylim(least - room, most + room)
    ax.set_ylabel(drawn(of))
    ax.set_title(f"Menus within {face.gap:.1e} of the proven bound", fontsize=10, color=DIM)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, loc="best")
    return ax


def _bars(ax: Axes, place: Array, interval: Array, colour: str, width: float, what: str) -> None:
    """Types apart have a bar each; more of them than can be named have a band."""
    if len(place) <= NAMED:
        ax.bar(place, interval[:, 1] - interval[:, 0], width, bottom=interval[:, 0], color=colour, label=what)
    else:
        ax.fill_between(place, interval[:, 0], interval[:, 1], color=colour, label=what, linewidth=0)

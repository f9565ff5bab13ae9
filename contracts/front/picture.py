"""A front as a picture: two objectives against each other, three in space, more side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from contracts.display.drawn import drawn
from contracts.display.palette import GREY, INK, PALETTE, require_axes
from contracts.errors import ProblemError
from contracts.front.text import ShownFront

LABELLED = 12  # menus that can carry their number


def plot_front(front: ShownFront, ax: Any = None, *, kind: str = "auto") -> Any:
    """Draw a front on `ax`, or on new axes, and return them; numbers say which menu a point is.

    Parameters
    ----------
    kind : "2d" draws the first two objectives, "3d" the first three (on axes with that projection), "parallel" one
        line per menu over all objectives, "matrix" every pair of objectives (on axes of its own; an array of them is
        returned), "auto" what suits the number of objectives

    Raises
    ------
    ProblemError
        If the kind is unknown, or needs more objectives or other axes.
    """
    if kind != "auto" and kind not in KINDS:
        raise ProblemError(f"kind is {kind!r}: use 'auto', {', '.join(map(repr, KINDS))}")
    require_axes(ax)
    if kind == "auto":
        kind = {2: "2d", 3: "3d"}.get(len(front.names), "parallel")
    if kind == "3d" and len(front.names) < 3:
        raise ProblemError("kind '3d' needs three objectives, this front has two: use '2d'")
    return KINDS[kind](front, ax)


def _plane(front: ShownFront, ax: Any) -> Any:
    ax = _axes() if ax is None else ax
    _scatter(front, ax, 0, 1)
    for k in _labelled(front):
        ax.annotate(str(k), front.points[k, :2], xytext=(4, 4), textcoords="offset points", fontsize=7, color=INK)
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def _space(front: ShownFront, ax: Any) -> Any:
    ax = _axes("3d") if ax is None else ax
    if not hasattr(ax, "set_zlabel"):
        raise ProblemError("kind '3d' needs axes with projection='3d': leave ax out, or use kind='matrix'")
    ax.scatter(*front.points[:, :3].T, c=PALETTE[0], s=12)
    for k in _labelled(front):
        ax.text(*front.points[k, :3], str(k), fontsize=7, color=INK)
    for name, set_label in zip(front.names, (ax.set_xlabel, ax.set_ylabel, ax.set_zlabel), strict=False):
        set_label(drawn(name))
    return ax


def _parallel(front: ShownFront, ax: Any) -> Any:
    ax = _axes() if ax is None else ax
    place = np.arange(len(front.names))
    knee = front.knee().index
    for k, height in enumerate(front.normalised):
        ax.plot(place, height, color=PALETTE[3] if k == knee else PALETTE[0], lw=1.6 if k == knee else 0.7, alpha=0.7)
    for k in _labelled(front):
        ax.annotate(
            str(k), (place[-1], front.normalised[k, -1]), xytext=(4, -2), textcoords="offset points", fontsize=7
        )
    named = zip(front.names, front.nadir, front.ideal, strict=True)
    ax.set_xticks(place, [f"{drawn(name)}\n{low:.4g} to {high:.4g}" for name, low, high in named])
    ax.set_ylabel("from nadir to ideal")
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def _matrix(front: ShownFront, ax: Any) -> Any:
    import matplotlib.pyplot as plt

    m = len(front.names)
    if ax is not None:
        raise ProblemError("kind 'matrix' draws on axes of its own: leave ax out")
    _, grid = plt.subplots(m, m, figsize=(2.1 * m, 2.1 * m), layout="constrained", squeeze=False)
    for row in range(m):
        for column in range(m):
            cell = grid[row, column]
            if row == column:
                cell.text(0.5, 0.5, drawn(front.names[row]), ha="center", va="center", transform=cell.transAxes)
                cell.set_axis_off()
            else:
                _scatter(front, cell, column, row)
    return grid


def _scatter(front: ShownFront, ax: Any, x: int, y: int) -> None:
    order = np.argsort(front.points[:, x], kind="stable")
    if len(front.names) == 2 and front.method == "exact":  # mixtures of neighbours are menus, or dominated by one
        ax.plot(front.points[order, x], front.points[order, y], color=GREY, lw=1.0, zorder=1)
    ax.scatter(front.points[:, x], front.points[:, y], color=PALETTE[0], s=14, zorder=2)
    ax.set_xlabel(drawn(front.names[x]))
    ax.set_ylabel(drawn(front.names[y]))


def _labelled(front: ShownFront) -> list[int]:
    count = min(len(front), LABELLED)
    return sorted({round(k * (len(front) - 1) / max(count - 1, 1)) for k in range(count)})


def _axes(projection: str | None = None) -> Any:
    import matplotlib.pyplot as plt

    return plt.figure(figsize=(7.0, 4.4), layout="constrained").add_subplot(projection=projection)


KINDS: dict[str, Callable[[ShownFront, Any], Any]] = {
    "2d": _plane,
    "3d": _space,
    "parallel": _parallel,
    "matrix": _matrix,
}

"""Colours, shades and names of points: what all pictures share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize

# Okabe & Ito (2008), told apart with any colour vision; ordered so that neighbours in a stack differ in lightness too.
PALETTE = ("#0072B2", "#E69F00", "#56B4E9", "#D55E00", "#F0E442", "#009E73", "#CC79A7", "#004D40")
GREY, INK, PAPER, DIM = "#B8B8B8", "#333333", "white", "#888888"  # beside, lines and words, ground, lines to read by
MIDDLE = "#21918C"  # of the scale of shades


def require_axes(ax: Any) -> None:
    """Refuse what is given to draw on and is no axes."""
    if ax is not None and not hasattr(ax, "transData"):
        raise ProblemError(f"ax is {ax!r}: give the axes that matplotlib's subplots() made, or leave it out")


def name_points(ax: Axes, points: Array, names: list[str], *, left: bool = False, beyond: Array | float = 0.0) -> None:
    """Names beside points, to the right or the left, `beyond` the radius of what is drawn there."""
    side, across = ("right", -6.0) if left else ("left", 6.0)
    for point, name, radius in zip(points, names, np.broadcast_to(beyond, len(names)), strict=True):
        offset = (across + np.sign(across) * radius, 5.0)
        ax.annotate(name, (point[0], point[1]), offset, textcoords="offset points", ha=side, fontsize=8, zorder=5)


def shades(count: int) -> Array:
    """That many colours of one scale, dark to light; (count, 4)."""
    from matplotlib import colormaps

    return np.asarray(colormaps["viridis"](np.linspace(0.0, 0.9, count)))


def norm(values: Array) -> Normalize:
    """The scale of colours from the least to the largest value."""
    from matplotlib.colors import Normalize

    if len(values) == 0 or float(np.ptp(values)) == 0:
        middle = float(values[0]) if len(values) else 0.0
        return Normalize(middle - 0.5, middle + 0.5)
    return Normalize(float(values.min()), float(values.max()))


def colour_bar(ax: Axes, norm: Normalize, label: str) -> None:
    """What the colours beside the axes mean."""
    from matplotlib.cm import ScalarMappable

    figure = ax.get_figure()
    if figure is not None:
        figure.colorbar(ScalarMappable(norm, "viridis"), ax=ax, label=label)


def is_dark(colour: str) -> bool:
    """Whether words on this colour are read in white."""
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue < 140


def axes(ax: Axes | None, **new: Any) -> Axes:
    """The axes to draw on: those given, or new ones, made with what `new` says."""
    require_axes(ax)
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(**new)[1]

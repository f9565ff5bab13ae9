"""A front as a table: as text, as HTML."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from contracts.display.table import DIGITS, column, html_table, plural
from contracts.front.goals import Sense
from contracts.inputs.arrays import Array
from contracts.menu.text import ShownMenu
from contracts.readable import aligned, readable

SHOWN_MENUS = 12


class ShownPoint(Protocol):
    """One menu of a front, as `str` shows it."""

    @property
    def index(self) -> int: ...


class ShownFront(Protocol):
    """What a table or a picture asks of a front."""

    @property
    def points(self) -> Array: ...

    @property
    def names(self) -> tuple[str, ...]: ...

    @property
    def senses(self) -> tuple[Sense, ...]: ...

    @property
    def menus(self) -> Sequence[ShownMenu]: ...

    @property
    def unit(self) -> Array: ...

    @property
    def ideal(self) -> Array: ...

    @property
    def nadir(self) -> Array: ...

    @property
    def normalised(self) -> Array: ...

    @property
    def method(self) -> str: ...

    @property
    def is_finished(self) -> bool: ...

    @property
    def gap(self) -> float: ...

    @property
    def hypervolume(self) -> float: ...

    @property
    def hypervolume_interval(self) -> tuple[float, float]: ...

    def knee(self) -> ShownPoint: ...

    def point(self, index: int) -> ShownPoint: ...

    def __len__(self) -> int: ...


def front_table(front: ShownFront) -> tuple[list[str], list[list[str]], int]:
    """Header, rows of text for its ends and menus spread between them, and how many are not shown."""
    knee, best = front.knee().index, front.normalised.argmax(axis=0)
    shown = sorted({*_spread(len(front), SHOWN_MENUS), knee, *map(int, best)})
    sizes = np.maximum(np.abs(front.points).max(axis=0), front.unit)  # a column of tiny numbers is one of zeros
    cells = [
        [f"{value + 0.0:.0f}" for value in values] if _are_counts(values) else column(values, DIGITS, size)
        for values, size in zip(front.points.T, sizes.tolist(), strict=True)
    ]
    named = [f"{readable(name)} ({sense})" for name, sense in zip(front.names, front.senses, strict=True)]
    rows = []
    for k in shown:
        notes = [f"best {readable(name)}" for name, winner in zip(front.names, best, strict=True) if winner == k]
        notes += ["knee"] if k == knee else []
        size = len(front.menus[k].options.transfers)
        rows.append([str(k), *(cell[k] for cell in cells), str(size), ", ".join(notes)])
    return ["menu", *named, "options", ""], rows, len(front) - len(shown)


def _are_counts(values: Array) -> bool:
    """Whether a column holds whole numbers only, such as numbers of options."""
    return bool(np.all(values == np.round(values)) and np.abs(values).max() < 1e7)


def front_text(front: ShownFront) -> str:
    """The front as plain text."""
    header, rows, hidden = front_table(front)
    left = [f"... {hidden} more menus"] if hidden else []
    lines = aligned([header, *rows], words={len(header) - 1})
    return "\n".join([_front_headline(front), *lines, *left, _front_footer(front)])


def front_html(front: ShownFront) -> str:
    """The same table as HTML."""
    header, rows, hidden = front_table(front)
    left_out = {len(rows): f"... {hidden} more menus"} if hidden else {}
    return html_table("front", _front_headline(front), header, rows, left_out, _front_footer(front))


def _front_headline(front: ShownFront) -> str:
    stopped = "" if front.is_finished else ", stopped early"
    return f"Front: {plural(len(front), 'menu')}, {len(front.names)} objectives, {front.method}{stopped}"


def _front_footer(front: ShownFront) -> str:
    lower, upper = front.hypervolume_interval
    if math.isinf(upper):
        return (
            f"hypervolume {front.hypervolume:.4f}; searched for: IC and IR are exact, nothing proves the front complete"
        )
    ends = np.array([front.points.min(axis=0), front.points.max(axis=0)])
    is_whole = np.array_equal(ends, np.sort([front.nadir, front.ideal], axis=0))
    whole = "" if is_whole else " of the whole front"  # from which these menus were chosen
    return (
        f"no menu is more than {front.gap:.1e} of the ranges{whole} better than a mixture of these; "
        f"hypervolume of the whole front in [{lower:.5f}, {upper:.5f}]"
    )


def _spread(count: int, most: int) -> list[int]:
    return sorted({round(k * (count - 1) / max(min(count, most) - 1, 1)) for k in range(min(count, most))})

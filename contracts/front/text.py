"""A front as a table: as text, as HTML."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from contracts.display.numbers import DIGITS, column, plural
from contracts.display.table import Column, Table
from contracts.front.goals.objectives import Sense
from contracts.inputs.arrays import Array
from contracts.menu.text import ShownMenu
from contracts.readable import readable

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


def front_table(front: ShownFront) -> Table:
    """Its ends, menus spread between them, what is the best for whom, and what is proven of the whole."""
    knee, best = front.knee().index, front.normalised.argmax(axis=0)
    shown = sorted({*_spread(len(front), SHOWN_MENUS), knee, *map(int, best)})
    sizes = np.maximum(np.abs(front.points).max(axis=0), front.unit)  # a column of tiny numbers is one of zeros
    columns = [Column("menu", shown)]
    for name, sense, values, size in zip(front.names, front.senses, front.points.T, sizes.tolist(), strict=True):
        form = ".0f" if _are_counts(values) else column(values[shown], DIGITS, size)
        columns.append(Column(name, values[shown], form, f"{readable(name)} ({sense})"))
    columns.append(Column("options", [len(front.menus[k].options.transfers) for k in shown]))
    praise = [
        [f"best {readable(name)}" for name, winner in zip(front.names, best, strict=True) if winner == k] for k in shown
    ]
    columns.append(
        Column("", [", ".join(said + ["knee"] * (k == knee)) for k, said in zip(shown, praise, strict=True)])
    )
    hidden = len(front) - len(shown)
    between = {len(shown): f"... {hidden} more menus"} if hidden else {}
    return Table(columns, _front_headline(front), [_front_footer(front)], between=between, kind="front")


def _are_counts(values: Array) -> bool:
    """Whether a column holds whole numbers only, such as numbers of options."""
    return bool(np.all(values == np.round(values)) and np.abs(values).max() < 1e7)


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

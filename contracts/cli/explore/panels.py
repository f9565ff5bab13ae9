"""Drawings as plain data: panels of lines, points, bars and arrows, which the page draws and tests can read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from contracts.inputs.arrays import Array
from contracts.proof.certificate import Certificate
from contracts.readable import readable

Panel = dict[str, Any]
Mark = dict[str, Any]
Rows = list[list[str]]
BLUE, ORANGE, SKY, VERMILION, YELLOW, GREEN, PINK = range(7)  # places in contracts.display.palette.PALETTE
INK, GREY = -1, -2  # of words and lines; of what stands in the background
MOST_ROWS = 200  # of a table on the page; downloads hold all


class Proven(Protocol):
    """A result that comes with its evidence."""

    @property
    def certificate(self) -> Certificate: ...


def panel(name: str, title: str, across: str, up: str, marks: Sequence[Mark], **more: Any) -> Panel:
    """One pair of axes; `more` may hold `zero`, axes that begin at nothing, and `names` of places on the first axis."""
    return {"name": name, "title": title, "across": across, "up": up, "marks": list(marks), **more}


def line(label: str, x: Any, y: Any, colour: int, *, dashed: bool = False, steps: bool = False) -> Mark:
    """A curve through points."""
    return _mark("line", label, x, y, colour, dashed=dashed, steps=steps)


def dots(label: str, x: Any, y: Any, colour: int, **look: Any) -> Mark:
    """Points, `hollow` or not; `size` is a radius for each or for all, `shade` from 0 to 1 and `names` are for each."""
    return _mark("dots", label, x, y, colour, **{name: _plain(value) for name, value in look.items()})


def bars(label: str, x: Any, y: Any, colour: int, **look: Any) -> Mark:
    """Bars from nothing, or from `base`; `width` in units of the first axis."""
    return _mark("bars", label, x, y, colour, **{name: _plain(value) for name, value in look.items()})


def arrows(label: str, tails: Array, heads: Array, colour: int = INK, *, arched: bool = False) -> Mark:
    """Arrows between points, (n, 2) each; arched ones leave what lies between them to be seen."""
    ends = np.asarray(heads, dtype=np.float64)
    return _mark("arrows", label, tails[:, 0], tails[:, 1], colour, x2=_plain(ends[:, 0]), y2=_plain(ends[:, 1]),
                 arched=arched)  # fmt: skip


def table(header: Sequence[str], columns: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """What the page shows below the pictures: texts as they are, numbers with four digits."""
    written = [[readable(cell) for cell in one] if _is_text(one) else shown(one) for one in columns]
    rows = [list(row) for row in zip(*written, strict=True)]
    hidden = max(len(rows) - MOST_ROWS, 0)
    return {"header": list(header), "rows": rows[:MOST_ROWS], "hidden": hidden}


def proof(found: Proven) -> dict[str, Any]:
    """The verdict of the certificate, in its own words."""
    certificate = found.certificate
    return {"holds": certificate.holds, "exact": certificate.is_exact, "lines": str(certificate).splitlines()}


def shown(values: Any) -> list[str]:
    """Numbers with four digits; what is small beside the others is nothing."""
    array = np.asarray(values, dtype=np.float64)
    least = 1e-9 * float(np.abs(array[np.isfinite(array)]).max(initial=0.0))
    return [f"{0.0 if abs(value) <= least else value:.4g}" for value in array]


def _is_text(column: Sequence[Any]) -> bool:
    return any(isinstance(cell, str) for cell in column)


def _mark(kind: str, label: str, x: Any, y: Any, colour: int, **look: Any) -> Mark:
    return {"kind": kind, "label": label, "x": _plain(x), "y": _plain(y), "colour": colour, **look}


def _plain(value: Any) -> Any:
    """JSON: lists of numbers, and null where there is none."""
    if not isinstance(value, np.ndarray):
        return value
    if value.dtype.kind != "f":
        return value.tolist()
    return [one if np.isfinite(one) else None for one in value.tolist()]

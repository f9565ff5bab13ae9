"""What the tables of every result are made of: numbers of one column, counted nouns, a table as HTML."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

DIGITS = 4


def column(values: Any, digits: int, scale: float | None = None) -> list[str]:
    """Numbers of one column with a common number of decimals, so that the largest shows `digits` digits.

    Examples
    --------
    >>> column([2 / 3, 10 / 3], 4)
    ['0.667', '3.333']
    """
    largest = float(np.max(np.abs(values), initial=0.0)) if scale is None else scale
    if largest == 0 or not 1e-4 <= largest < 1e7:
        return [f"{value + 0.0:.{digits - 1}g}" for value in values]
    largest = float(f"{largest:.{digits - 1}e}")  # 0.99996 is shown as 1
    decimals = max(0, digits - 1 - math.floor(math.log10(largest)))
    return [f"{0.0 if round(value, decimals) == 0 else value:.{decimals}f}" for value in values]


def last_digit(number: float, digits: int) -> float:
    """What one unit of the last of so many significant digits is worth; 0 for 0 and what is infinite.

    Examples
    --------
    >>> last_digit(123.4, 2)
    10.0
    """
    counts = number != 0 and math.isfinite(number)
    return float(10.0 ** (math.floor(math.log10(abs(number))) - digits + 1)) if counts else 0.0


def plural(count: int, noun: str) -> str:
    """How many of what."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def html_table(
    kind: str,
    caption: str,
    header: list[str],
    rows: list[list[str]],
    left_out: dict[int, str],
    foot: str,
    kinds: Sequence[str] = (),
) -> str:
    """A table with its caption and foot; `left_out` says before which row what is hidden, `kinds` classes of rows."""

    def cells(tag: str, row: list[str], of: str = "") -> str:
        opening = f"<tr class='{of}'>" if of else "<tr>"
        return opening + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row) + "</tr>"

    body = [cells("td", row, of) for row, of in zip(rows, kinds or [""] * len(rows), strict=True)]
    for place, words in left_out.items():
        body.insert(place, f'<tr><td colspan="{len(header)}">{words}</td></tr>')
    return (
        f"<table class='{kind}'><caption>{html.escape(caption)}</caption>"
        f"<thead>{cells('th', header)}</thead><tbody>{''.join(body)}</tbody>"
        f"<tfoot><tr><td colspan='{len(header)}'>{html.escape(foot)}</td></tr></tfoot></table>"
    )

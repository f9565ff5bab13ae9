"""Numbers as tables and headlines show them: digits, decimals, counted nouns."""

from __future__ import annotations

import math
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
    return f"{count:,} {noun}{'' if count == 1 else 's'}"

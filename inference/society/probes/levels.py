"""Levels that are asked for, of noise and of budgets, and where on them one is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import finite

KINDS = ("as told", "shrunk")  # of signals


def levels(name: str, given: Any) -> tuple[float, ...]:
    """Numbers from 0 on, ascending, at least one.

    Raises
    ------
    ProblemError
        If they are anything else.

    Examples
    --------
    >>> levels("noises", [0, 0.2])
    (0.0, 0.2)
    """
    found = finite(name, given)
    if found.ndim != 1 or not len(found) or found[0] < 0 or np.any(np.diff(found) <= 0):
        raise ProblemError(f"{name} are {found.tolist()}: give numbers from 0 on, each larger than the one before")
    return tuple(found.tolist())


def place_of(name: str, value: Any, known: Sequence[Any]) -> int:
    """Where a value is among those known.

    Raises
    ------
    ProblemError
        If it is none of them.

    Examples
    --------
    >>> place_of("noise", 0.2, (0.0, 0.2))
    1
    """
    for number, one in enumerate(known):
        if type(value) in (str, int, float) and value == one:
            return number
    raise ProblemError(f"{name} is {value!r}: it is one of {', '.join(map(str, known))}")

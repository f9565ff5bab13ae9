"""How a long job is watched and limited: a line per round, a number of seconds."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

from contracts.errors import ProblemError
from contracts.inputs.arrays import number


def checked_seconds(time_limit: Any) -> float:
    """A time limit: a positive number, or infinity for none."""
    if isinstance(time_limit, float) and time_limit == math.inf:
        return time_limit
    if time_limit is None:
        raise ProblemError("time_limit is None: leave it out for no limit")
    seconds = number("time_limit", time_limit)
    if seconds <= 0:
        raise ProblemError(f"time_limit is {seconds}: give a positive number of seconds")
    return seconds


def reporter(progress: bool | Callable[[str], None]) -> Callable[[str], None]:  # noqa: FBT001 - the user's own switch
    """What engines report their rounds to."""
    if callable(progress):
        return progress
    if progress:
        return lambda line: print(line, file=sys.stderr, flush=True)  # noqa: T201 - progress is asked for
    return lambda line: None


def counter(progress: bool | Callable[[str], None], what: str, total: int) -> Callable[[int], None]:  # noqa: FBT001
    """What many short steps report their number to: a line for every twentieth of them.

    Examples
    --------
    >>> lines = []
    >>> report = counter(lines.append, "sweep", 40)
    >>> for done in range(40):
    ...     report(done + 1)
    >>> len(lines), lines[-1]
    (20, 'sweep 40 of 40')
    """
    report, every = reporter(progress), max(total // 20, 1)

    def said(done: int) -> None:
        if done % every == 0 or done == total:
            report(f"{what} {done} of {total}")

    return said

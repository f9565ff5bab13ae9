"""What can be moved: sliders with their limits, and what a page says they stand at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from contracts.errors import ProblemError


class Control(NamedTuple):
    """A slider with a number box beside it.

    `off` is the value at which it does nothing, which the page shows as the word `without`.
    """

    name: str
    label: str
    low: float
    high: float
    step: float
    value: float
    off: float | None = None
    without: str = "none"
    group: str = ""  # heading under which the page shows it

    @property
    def is_whole(self) -> bool:
        """Whether it counts something."""
        return float(self.step).is_integer() and float(self.low).is_integer()


Values = dict[str, float]


def values_of(controls: Sequence[Control], given: Any) -> Values:
    """Where each control stands; where nothing is given, at its own value.

    Raises
    ------
    ProblemError
        If a control is not known, or what is given is no number within its limits.

    Examples
    --------
    >>> values_of([Control("types", "types", 2, 60, 1, 50)], {"types": 3})
    {'types': 3.0}
    """
    if not isinstance(given, dict):
        raise ProblemError(f"values is {type(given).__name__}: give an object with a number for each control")
    known = {control.name: control for control in controls}
    odd = next((name for name in given if name not in known), None)
    if odd is not None:
        raise ProblemError(f"unknown control {odd!r}: known are {', '.join(known)}")
    return {name: _within(control, given.get(name, control.value)) for name, control in known.items()}


def _within(control: Control, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ProblemError(f"{control.label} is {value!r}: give a number from {control.low:g} to {control.high:g}")
    if not control.low <= value <= control.high:
        raise ProblemError(f"{control.label} is {value:g}: give a number from {control.low:g} to {control.high:g}")
    if control.is_whole and not float(value).is_integer():
        raise ProblemError(f"{control.label} is {value:g}: give a whole number")
    return float(value)

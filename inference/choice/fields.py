"""Fields of choices, checked at the door: options taken, rows picked, weights, what is out of reach."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite, rectangular, yes_or_no
from contracts.inputs.kinds import whole_numbers
from contracts.inputs.names import listed

Integers = NDArray[np.int64]


def weights_of(weights: Any, n_obs: int) -> Array:
    """Positive weights, one per observation."""
    given = finite("weights", weights)
    if given.shape != (n_obs,):
        raise ProblemError(f"weights has shape {given.shape}; expected one per observation, ({n_obs},)")
    if (given <= 0).any():
        row = int(np.argmax(given <= 0))
        raise ProblemError(
            f"weights[{row}] is {given[row]:g}: weights must be positive. Leave out observations that count for "
            "nothing, with of_observations(weights > 0)"
        )
    return given


def refuse_weights(weights: Any, remedy: str) -> None:
    """A posterior is that of so many people: there is no such thing as a part of one."""
    if weights is not None:
        raise ProblemError(
            f"data has weights, and a posterior is one of people, who do not count in parts: {remedy}, or make "
            "ChoiceData without weights"
        )


def option_names(options: Sequence[Any], n_options: int) -> tuple[str, ...]:
    """Different names, one per option."""
    names = tuple(map(str, options))
    if len(names) != n_options or len(set(names)) != n_options:
        raise ProblemError(f"options are {listed(names)}; expected {n_options} different names, one per option")
    return names


def rows_of(name: str, chosen: Any, count: int) -> NDArray[Any]:
    """Some of so many rows: one true or false for each, or their numbers."""
    given = rectangular(name, chosen)
    if given.dtype == np.bool_ and given.shape == (count,):
        return given
    rows = whole_numbers(name, chosen) if given.size else np.zeros(0, dtype=np.int64)
    if rows.ndim != 1 or given.dtype == np.bool_ or np.any((rows < -count) | (rows >= count)):
        raise ProblemError(f"{name} must be numbers from 0 to {count - 1} in a list, or true or false {count} times")
    return rows


def blank_out_of_reach(attributes: Any, available: Any) -> Any:
    """The attributes with 0 for what is no number where an option could not be taken, so that nobody knows it."""
    if available is None:
        return attributes
    reach = yes_or_no("available", available)
    try:
        raw = np.asarray(attributes)
        given = (
            raw.astype(np.float64) if raw.dtype.kind in ("f", "O") else np.zeros(0)
        )  # whole numbers are never missing
    except (TypeError, ValueError, OverflowError):
        return attributes  # refused in the words of the door
    if given.ndim != 3 or given.shape[:2] != reach.shape:
        return attributes
    absent = ~np.isfinite(given) & ~reach[:, :, np.newaxis]
    return np.where(absent, 0.0, given) if absent.any() else attributes


def options_taken(name: str, values: Any, n_obs: int, n_options: int) -> Integers:
    """Integers from 0 to n_options - 1, one per observation."""
    array = np.asarray(values)
    if array.shape != (n_obs,):
        raise ProblemError(f"{name} has shape {array.shape}; expected one option per observation, ({n_obs},)")
    if array.dtype.kind not in "iu":
        numbers = finite(name, values)
        if (numbers != np.round(numbers)).any():
            row = int(np.flatnonzero(numbers != np.round(numbers))[0])
            raise ProblemError(f"{name}[{row}] is {numbers[row]}: number the options from 0, as integers")
        array = numbers
    outside = np.flatnonzero((array < 0) | (array >= n_options))
    if len(outside):
        row = int(outside[0])
        raise ProblemError(f"{name}[{row}] is {array[row]}: options are numbered from 0 to {n_options - 1}")
    return array.astype(np.int64)

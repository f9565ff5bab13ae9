"""Arrays at the door: whatever table the user has becomes a read-only, finite float array or a clear error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from contracts.errors import ProblemError

Array = NDArray[np.float64]
LARGEST = 1e100  # products and sums of entries must stay far from overflow


def column_names(values: Any) -> tuple[str, ...] | None:
    """Column names of a pandas, polars or other dataframe; None for anything else."""
    columns = getattr(values, "columns", None)
    return None if columns is None else tuple(str(name) for name in columns)


def finite(name: str, values: Any, labels: Sequence[str] | None = None) -> Array:
    """Float array of `values`, read-only; names the first entry that is not a finite number.

    Examples
    --------
    >>> finite("weights", [0.5, float("nan")], labels=("low", "high"))
    Traceback (most recent call last):
        ...
    contracts.errors.ProblemError: weights['high'] is nan: every entry must be a finite number
    """
    try:
        if column_names(values) is not None:
            import narwhals as nw

            values = nw.from_native(values).to_numpy()
        raw = np.asarray(values)
        if raw.dtype.kind in "bSU":
            kind = "true or false" if raw.dtype.kind == "b" else "text"
            raise ProblemError(f"{name} holds {kind}, not numbers: convert it first")
        array = np.array(raw, dtype=np.float64)
    except ProblemError:
        raise
    except (TypeError, ValueError, OverflowError) as exc:
        raise ProblemError(
            f"{name} is not a rectangular array of numbers ({exc}): give every row the same length"
        ) from exc
    bad = np.argwhere(~(np.abs(array) <= LARGEST))
    if len(bad):
        where = tuple(int(k) for k in bad[0])
        remedy = "choose a larger unit" if np.isfinite(array[where]) else "every entry must be a finite number"
        raise ProblemError(f"{name}{place(where, labels)} is {array[where]}: {remedy}")
    array.setflags(write=False)
    return array


def number(name: str, value: Any) -> float:
    """One finite number.

    Examples
    --------
    >>> number("temperature", [1.0, 2.0])
    Traceback (most recent call last):
        ...
    contracts.errors.ProblemError: temperature has shape (2,); expected one number
    """
    array = finite(name, value)
    if array.ndim:
        raise ProblemError(f"{name} has shape {array.shape}; expected one number")
    return float(array)


def generator(rng: Any) -> np.random.Generator:
    """The generator that something random was given; a seed or nothing in its place is refused.

    Examples
    --------
    >>> generator(0)
    Traceback (most recent call last):
        ...
    contracts.errors.ProblemError: rng is 0: pass numpy.random.default_rng(0)
    """
    if isinstance(rng, np.random.Generator):
        return rng
    seed = rng if isinstance(rng, int | np.integer) and rng >= 0 else "seed"
    raise ProblemError(f"rng is {rng!r}: pass numpy.random.default_rng({seed})")


def rising_order(values: Array) -> NDArray[np.intp]:
    """Positions by rising value, equal values in the order they have.

    Sorting with vector instructions is several times faster than a stable sort, which only ties need.
    """
    order = np.argsort(values)
    ranked = values[order]
    return np.argsort(values, kind="stable") if np.any(ranked[1:] == ranked[:-1]) else order


def place(index: tuple[int, ...], labels: Sequence[str] | None) -> str:
    """Subscript in the user's words: the type's label if there is one, else its number."""
    if not index:
        return ""
    first = repr(labels[index[0]]) if labels is not None and index[0] < len(labels) else str(index[0])
    return "[" + ", ".join([first, *map(str, index[1:])]) + "]"


class NumberedLabels(Sequence[str]):
    """The labels '1', '2', ..., 'n', made when asked for: a million types cost nothing."""

    def __init__(self, count: int) -> None:
        self._numbers = range(1, count + 1)

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...
    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        chosen = self._numbers[index]
        return str(chosen) if isinstance(chosen, int) else tuple(map(str, chosen))

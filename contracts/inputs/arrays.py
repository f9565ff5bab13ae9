"""Arrays at the door: whatever table the user has becomes a read-only, finite float array or a clear error."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.errors import ProblemError

Array = NDArray[np.float64]
Indices = NDArray[np.intp]
Mask = NDArray[np.bool_]
FEW_TERMS = 8192  # of a sum, which are added up together
SUM_PASSES = 4  # over them before the rest is added up one by one
HUGE_TERM = 1e280  # beyond which a sum may overflow on the way
SUM_TOLERANCE = 2 * float(np.finfo(np.float64).eps)  # a quotient rounds once, its divisor once, and the sum once
LARGEST = 1e100  # products and sums of entries must stay far from overflow


# What arrays hold that are no numbers, by the kind of their dtype; NumPy would turn most of it into numbers.
WORDS_OF_TRUTH = {"true": True, "yes": True, "t": True, "y": True, "false": False, "no": False, "f": False, "n": False}
MOST_SEEN = 1000  # entries of text that are looked at to say what they are
NOT_NUMBERS = {
    "b": "true or false",
    "S": "text",
    "U": "text",
    "M": "dates",
    "m": "durations",
    "c": "complex numbers",
    "V": "records",
}


def is_frame(values: Any) -> bool:
    """Whether something has columns, as dataframes do."""
    return hasattr(type(values), "columns")


def eager(frame: Any) -> Any:
    """A pandas, polars or other table in memory as a narwhals frame; anything else is refused."""
    import narwhals as nw

    try:
        return nw.from_native(frame, eager_only=True)
    except TypeError as exc:
        first = "collect() it first, or " if hasattr(frame, "collect") else ""
        raise ProblemError(
            f"{type(frame).__name__} is no table in memory: {first}pass a pandas or polars frame"
        ) from exc
    except nw.exceptions.DuplicateError as exc:
        names = list(map(str, frame.columns))
        twice = next((name for name in names if names.count(name) > 1), "")
        raise ProblemError(f"the frame repeats the column {twice!r}: give every column its own name") from exc


def finite(name: str, values: Any, labels: Sequence[str] | None = None) -> Array:
    """Float array of `values`, read-only; names the first entry that is not a finite number.

    Examples
    --------
    >>> finite("weights", [0.5, float("nan")], labels=("low", "high"))
    Traceback (most recent call last):
        ...
    contracts.errors.ProblemError: weights['high'] is nan: every entry must be a finite number
    """
    array = _of_frame(name, eager(values), labels) if is_frame(values) else _floats(name, values, labels)
    if array.size > 1 and not any(array.strides):  # one number for all
        finite(name, array.flat[0])
        return array
    good = np.abs(array) <= LARGEST
    if not good.all():
        where = tuple(int(k) for k in np.argwhere(~good)[0])
        remedy = "choose a larger unit" if np.isfinite(array[where]) else "every entry must be a finite number"
        raise ProblemError(f"{name}{place(where, labels)} is {array[where]}: {remedy}")
    array.setflags(write=False)
    return array


def is_unlimited_below(values: Any) -> bool:
    """Whether a number, or every entry of an array, is minus infinity: no lower limit at all."""
    absent = infinite_entries(values)
    return bool(absent.size) and bool(absent.all()) and bool((np.asarray(values, dtype=np.float64) < 0).all())


def _of_frame(name: str, table: Any, labels: Sequence[str] | None) -> Array:
    """Floats of a narwhals frame; columns that are not plainly of numbers are looked at one by one."""
    if all(dtype.is_numeric() for dtype in table.schema.values()):
        return _floats(name, table.to_numpy(), labels)
    return np.column_stack(
        [
            _floats(f"column {str(column)!r} of {name}", table.get_column(column).to_numpy(), labels)
            for column in table.columns
        ]
    )


def _floats(name: str, values: Any, labels: Sequence[str] | None) -> Array:
    """A new array of floats; refuses what is no number, though NumPy might make one of it."""
    masked = np.ma.getmask(values)
    if masked is not np.ma.nomask and masked.any():
        where = tuple(int(k) for k in np.argwhere(masked)[0])
        raise ProblemError(f"{name}{place(where, labels)} is masked: every entry must be a finite number")
    try:
        raw = np.asarray(values)
    except (TypeError, ValueError) as exc:
        raise ProblemError(_no_rectangle(f"{name} is not a rectangular array of numbers", values, exc)) from exc
    for kind in _kinds(raw, values):
        if kind in NOT_NUMBERS:
            raise ProblemError(f"{name} holds {NOT_NUMBERS[kind]}, not numbers: convert it first{_how(raw)}")
    try:
        if raw.size > 1 and raw.dtype == np.float64 and not any(raw.strides):  # one number for all stays one
            return np.broadcast_to(raw.flat[0], raw.shape)
        return np.array(raw, dtype=np.float64, order="C")  # sums over entries depend, in the last bit, on their order
    except (TypeError, ValueError, OverflowError) as exc:
        if raw.ndim == 0 and not isinstance(values, int):
            raise ProblemError(
                f"{name} is {type(values).__name__}: give numbers, in a list, an array or a frame"
            ) from exc
        where, entry = next((k, entry) for k, entry in np.ndenumerate(raw) if not _is_number(entry))
        raise ProblemError(f"{name}{place(where, labels)} is {_told(entry)}") from exc


def _how(raw: NDArray[Any]) -> str:
    """How to make numbers of text, if it can be seen; `values` stands for what was given."""
    text = [entry.strip() for entry in raw.ravel()[:MOST_SEEN].tolist() if isinstance(entry, str) and entry.strip()]
    if not text:
        return ""
    if all(entry.casefold() in WORDS_OF_TRUTH for entry in text):
        yes = next((entry for entry in text if WORDS_OF_TRUTH[entry.casefold()]), None)
        no = next(entry for entry in text if yes is None or not WORDS_OF_TRUTH[entry.casefold()] or entry == yes)
        return f", by numpy.asarray(values) {f'== {yes!r}' if yes else f'!= {no!r}'}"
    if all(map(_is_number, text)):
        return ", by numpy.asarray(values, dtype=float)"
    if all(_is_number(entry.replace(",", "")) for entry in text):
        return f": {next(entry for entry in text if ',' in entry)!r} has a comma in it, which may separate thousands"
    return ""


def _told(entry: Any) -> str:
    """What is no float, and what to do, in a line: whole numbers may have thousands of digits."""
    if isinstance(entry, int):
        return f"a whole number of {entry.bit_length()} binary digits: choose a larger unit"
    return f"{reprlib.repr(entry)}: every entry must be a finite number"


def _kinds(raw: NDArray[Any], values: Any) -> set[str]:
    """Kinds of dtype among the entries: where any object may be one, and in lists, whose kinds NumPy has mixed."""
    entries: list[Any] = []
    if raw.dtype.kind == "O":
        entries = raw.ravel().tolist()
    elif isinstance(values, list | tuple):
        entries = list(values)
        while {type(entry) for entry in entries} in ({list}, {tuple}, {list, tuple}):
            entries = list(chain.from_iterable(entries))
    one_of_each = {type(entry): entry for entry in entries}
    return {raw.dtype.kind, *(np.asarray(entry).dtype.kind for entry in one_of_each.values())}


def _is_number(entry: Any) -> bool:
    try:
        float(entry)
    except (TypeError, ValueError, OverflowError):
        return entry is None  # which NumPy reads as nan
    return True


def rectangular(name: str, values: Any) -> NDArray[Any]:
    """An array of anything, where rows have one length."""
    try:
        return np.asarray(values)
    except ValueError as exc:
        raise ProblemError(_no_rectangle(f"{name} is not a rectangular array", values, exc)) from exc


def _no_rectangle(said: str, values: Any, error: Exception) -> str:
    """A sentence with the first row that is unlike the first of its kind, or else with what NumPy says."""
    level = [("", values)]
    while any(_is_row(row) for _, row in level):
        first, *others = (f"{at} has length {len(row)}" if _is_row(row) else f"{at} is no row" for at, row in level)
        for other in others:
            if other.partition(" ")[2] != first.partition(" ")[2]:
                return f"{said} ({first}, {other}): give every row the same length"
        level = [(f"{at}[{k}]", entry) for at, row in level for k, entry in enumerate(row)]
    return f"{said} ({error}): give every row the same length"


def _is_row(value: Any) -> bool:
    return isinstance(value, list | tuple) or bool(np.ndim(value))


def check_one_each(name: str, value: Any, like: Any) -> None:
    """Refuse what is neither one number nor one for each entry of the last axis of `like`.

    Examples
    --------
    >>> check_one_each("unit", [1.0, 2.0, 4.0], [0.5, 0.5])
    Traceback (most recent call last):
        ...
    contracts.errors.ProblemError: unit has shape (3,); expected one number, or 2 of them
    """
    count = np.shape(like)[-1:]
    if np.shape(value) not in ((), (1,), count) and count not in ((), (1,)):
        raise ProblemError(f"{name} has shape {np.shape(value)}; expected one number, or {count[0]} of them")


def infinite_entries(values: Any) -> NDArray[np.bool_]:
    """Which entries are infinite; none of what is no array of numbers, about which `finite` has better words.

    Examples
    --------
    >>> infinite_entries([1.0, float("inf")]), infinite_entries("text")
    (array([False,  True]), array(False))
    """
    try:
        raw = np.asarray(values)  # of text too: files write infinity as "inf"
        return np.isinf(raw.astype(np.float64)) if raw.dtype.kind in "fOU" else np.zeros(raw.shape, dtype=bool)
    except (TypeError, ValueError, OverflowError):
        return np.zeros((), dtype=bool)


def extended(name: str, values: Any) -> Array:
    """Float array of `values`, read-only, whose entries may be infinite but must be numbers.

    Examples
    --------
    >>> extended("upper", [1.0, float("inf")])
    array([ 1., inf])
    """
    absent = infinite_entries(values)
    if not absent.any() or np.ma.is_masked(values):
        return finite(name, values)
    rest = np.array(values, dtype=object)
    ends = np.where(absent, rest, 0.0).astype(np.float64)
    rest[absent] = 0.0
    array = np.where(absent, ends, finite(name, rest.tolist()))
    array.setflags(write=False)
    return array


def entries_of(*values: Array) -> int | None:
    """How many entries parameters have, of which each is one number or one per good; None for one number each."""
    return next((len(each) for each in values if each.ndim), None)


def yes_or_no(name: str, values: Any) -> NDArray[np.bool_]:
    """True and False, or 1 and 0, as an array of bool.

    Examples
    --------
    >>> yes_or_no("accepted", [1, 0])
    array([ True, False])
    """
    array = rectangular(name, values)
    if array.dtype.kind == "O" and all(isinstance(entry, bool | np.bool_) for entry in array.ravel().tolist()):
        array = array.astype(bool)
    if array.dtype == np.bool_:
        return array.copy()
    numbers = finite(name, array)
    neither = np.argwhere((numbers != 0) & (numbers != 1))
    if len(neither):
        where = tuple(int(k) for k in neither[0])
        raise ProblemError(f"{name}{place(where, None)} is {numbers[where]:g}: use True and False, or 1 and 0")
    return numbers == 1


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


def exact_parts(values: Array) -> list[float]:
    """A few floats whose sum is that of all values without rounding: `math.fsum` of them sums a million in no time.

    Of values below 2^e, n of them with 2 n <= 2^m, those rounded to multiples of 2^(e + m - 53) add up without rounding
    in any order, and what rounding leaves of each is a float (Rump, Ogita & Oishi 2008). So block by block, until
    nothing is left.
    """
    if len(values) < FEW_TERMS:
        return values.tolist()
    found: list[float] = []
    for start in range(0, len(values), FEW_TERMS):
        rest = values[start : start + FEW_TERMS]
        for _ in range(SUM_PASSES):
            largest = max(float(rest.max()), -float(rest.min()))
            if largest == 0 or not largest < HUGE_TERM:
                break
            rounder = math.ldexp(1.0, math.frexp(largest)[1] + FEW_TERMS.bit_length())
            high = (rest + rounder) - rounder
            found.append(float(high.sum()))
            rest = rest - high
        found += rest[rest != 0].tolist()
    return found


def is_distribution(shares: Array) -> bool:
    """Whether shares sum to 1, as exactly as shares that were divided by their sum do."""
    return abs(math.fsum(exact_parts(shares)) - 1.0) <= SUM_TOLERANCE


def distribution(shares: Array) -> Array:
    """Shares divided by their sum; a distribution comes back as it is, to the bit.

    Examples
    --------
    >>> once = distribution(np.array([1.0, 2.0, 4.0]))
    >>> distribution(once) is once
    True
    """
    return shares if is_distribution(shares) else np.asarray(shares / math.fsum(exact_parts(shares)))


def distinct_rows(rows: Array) -> tuple[Indices, Indices]:
    """The first of every kind of equal rows, kinds in rising order, and the kind of every row.

    What `np.unique` says of rows, by sorting columns: an eighth of the time of a few rows.

    Examples
    --------
    >>> distinct_rows(np.array([[2.0, 1.0], [1.0, 3.0], [2.0, 1.0]]))
    (array([1, 0]), array([1, 0, 1]))
    """
    order = np.lexsort(rows.T[::-1])
    ranked = rows[order]
    new = np.append(True, (ranked[1:] != ranked[:-1]).any(axis=1))[: len(rows)]
    kind = np.empty(len(rows), dtype=np.intp)
    kind[order] = np.cumsum(new) - 1
    return order[new], kind


def rising_order(values: Array) -> NDArray[np.intp]:
    """Positions by rising value, equal values in the order they have.

    Sorting with vector instructions is several times faster than a stable sort, which only ties need; values that rise
    already need neither.
    """
    if np.all(values[1:] >= values[:-1]):
        return np.arange(len(values))
    order = np.argsort(values)
    ranked = values[order]
    return np.argsort(values, kind="stable") if np.any(ranked[1:] == ranked[:-1]) else order


def place(index: tuple[int, ...], labels: Sequence[str] | None) -> str:
    """Subscript in the user's words: the type's label if somebody gave one, else its number, from 0.

    Examples
    --------
    >>> place((1,), ("low", "high")), place((1,), None)
    ("['high']", '[1]')
    """
    if not index:
        return ""
    first = str(index[0])
    if labels is not None and index[0] < len(labels) and labels[index[0]] != first:
        first = repr(labels[index[0]])
    return "[" + ", ".join([first, *map(str, index[1:])]) + "]"

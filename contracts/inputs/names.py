"""Names of types and goods: read from tables, checked and compared. They never rearrange anything."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from contracts.errors import ProblemError
from contracts.inputs.arrays import eager, is_frame

ABSENT = ("None", "nan", "NaT", "<NA>")  # what labels that are not there are called as text
# how exports write a cell in which nothing is, in the spellings of SQL, R, Python and spreadsheets
WORDS_FOR_NOTHING = ("\\N", "NULL", "null", "NA", "N/A", "n/a", "#N/A", "nan", "NaN", "NAN", "NaT", "None", "<NA>")


class NumberedLabels(Sequence[str]):
    """The labels '0', '1', ..., made when asked for: a million types cost nothing.

    Types and goods that nobody named are called by their position in the arrays, as options are.

    Examples
    --------
    >>> NumberedLabels(3), list(NumberedLabels(3))
    (NumberedLabels(3), ['0', '1', '2'])
    """

    def __init__(self, count: int) -> None:
        self._numbers = range(count)

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...
    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        chosen = self._numbers[index]
        return str(chosen) if isinstance(chosen, int) else tuple(map(str, chosen))

    def __repr__(self) -> str:
        return f"NumberedLabels({len(self)})"


def given_names(names: Sequence[str]) -> Sequence[str] | None:
    """The names that somebody gave; None for mere numbers."""
    return None if isinstance(names, NumberedLabels) else names


# ---- what tables call their rows and columns ----


def column_names(values: Any) -> tuple[str, ...] | None:
    """Column names of a pandas, polars or other frame, or the name of a series; None where nobody gave one.

    What pandas and polars call the columns of bare arrays (0, 1, ... and column_0, column_1, ...) is no name.
    """
    if is_frame(values):
        names = list(eager(values).columns)
    elif hasattr(values, "to_numpy") and getattr(values, "name", None) not in (None, ""):
        names = [values.name]
    else:
        return None
    counted = names in (list(range(len(names))), [f"column_{k}" for k in range(len(names))])
    return None if counted else tuple(map(str, names))


def row_names(values: Any) -> NDArray[Any] | None:
    """The index of a pandas frame or series; None for anything else."""
    index = getattr(values, "index", None)
    return np.asarray(index) if hasattr(index, "equals") else None  # lists have an index too, their method


def type_names(values: Any) -> tuple[str, ...] | None:
    """A pandas index of distinct text, which names the types; None for any other.

    Examples
    --------
    >>> import pandas as pd
    >>> type_names(pd.Series([1.0, 2.0], index=["low", "high"]))
    ('low', 'high')
    """
    names = row_names(values)
    if names is None or names.dtype.kind != "O":
        return None
    text = tuple(names.tolist())
    return text if set(map(type, text)) == {str} and len(set(text)) == len(text) else None


# ---- names that the user gives ----


def missing(labels: Any) -> NDArray[np.bool_]:
    """Which of the labels are not there: None, NaN, NaT or NA. Text always is; (n_labels,).

    Examples
    --------
    >>> missing(["nan", float("nan"), None, 3])
    array([False,  True,  True, False])
    """
    array = np.asarray(labels)
    if np.ma.isMaskedArray(labels):
        return np.ma.getmaskarray(labels) | missing(array)
    if array.dtype.kind in "fmM":
        return np.asarray(array != array)
    if array.dtype.kind in "iub" or (array.dtype.kind in "SU" and isinstance(labels, np.ndarray)):
        return np.zeros(len(array), dtype=bool)
    entries = labels if isinstance(labels, list | tuple) else array.tolist()
    return np.array([not isinstance(entry, str) and str(entry) in ABSENT for entry in entries], dtype=bool)


def refuse_nobody(
    name: str, labels: NDArray[Any], cell: str = "{name}[{row}] is {label}", *, first_row: int = 0
) -> None:
    """Labels of people, (n_rows,), must name somebody: none missing, blank, or a word by which exports say nothing.

    Rows are counted from `first_row`.

    Examples
    --------
    >>> refuse_nobody("users", np.array(["ann", "NULL", "NULL"]))
    Traceback (most recent call last):
        ...
    contracts.errors.ProblemError: users[1] is 'NULL', which names nobody: all such rows would be one person. Leave \
them out, or write it differently if somebody is called so
    """
    if labels.dtype.kind in "iub":
        return
    text = labels.dtype.kind == "U"
    words = np.char.strip(labels) if text else np.array([str(label).strip() for label in labels.tolist()])
    unknown = np.isin(words, ["", *WORDS_FOR_NOTHING])
    if unknown.any():
        row = int(np.argmax(unknown))
        place = cell.format(name=name, row=row + first_row, label=repr(labels.tolist()[row]))
        raise ProblemError(
            f"{place}, which names nobody: all such rows would be one "
            "person. Leave them out, or write it differently if somebody is called so"
        )


def listed(names: Iterable[Any], shown: int = 6) -> str:
    """Names in one line, however many there are: the first few and how many more.

    Examples
    --------
    >>> listed(["low", "high"])
    "'low', 'high'"
    >>> listed(map(str, range(83)), shown=3)
    "'0', '1', '2' and 80 more"
    """
    all_of_them = list(names)
    more = len(all_of_them) - shown
    some = all_of_them[: shown if more > 1 else None]  # "and 1 more" is no shorter than the one
    return ", ".join(map(repr, some)) + (f" and {more:,} more" if more > 1 else "")


def one_name_each(field: str, names: Sequence[str] | None, count: int, noun: str) -> Sequence[str]:
    """The names of so many types or goods; numbers where nobody gave any."""
    if names is None:
        return NumberedLabels(count)
    if len(names) != count:
        raise ProblemError(f"{field} has {len(names)} names for {count} {noun}s: give one per {noun}")
    return names


def distinct_names(field: str, names: Any, noun: str) -> tuple[str, ...] | None:
    """The names of types or goods as text, all there and all different; None where they are numbered."""
    if names is None or isinstance(names, NumberedLabels):
        return None
    if isinstance(names, str):
        raise ProblemError(f"{field} is the text {names!r}: give a list with one name per {noun}")
    if isinstance(names, set | frozenset | Mapping):
        raise ProblemError(f"{field} is a {type(names).__name__}, which has no order: give a list of one per {noun}")
    if len(absent := np.flatnonzero(np.ma.getmask(names))):
        raise ProblemError(f"{field}[{absent[0]}] is masked: give every {noun} a name")
    try:
        given = tuple(names)
    except TypeError as exc:
        raise ProblemError(f"{field} is {names!r}: give a list of names, one per {noun}") from exc
    seen: set[str] = set()
    for k, name in enumerate(map(str, given)):
        if name in ABSENT and not isinstance(given[k], str):
            raise ProblemError(f"{field}[{k}] is {name}: give every {noun} a name")
        check_name(f"{field}[{k}]", name)
        if name in seen:
            raise ProblemError(f"{field} repeats {name!r}: give every {noun} its own name")
        seen.add(name)
    return tuple(map(str, given))


def check_name(where: str, name: str) -> None:
    r"""Refuse a name that no file could hold; any other text is a name.

    Examples
    --------
    >>> check_name("labels[0]", "low\ud800")
    Traceback (most recent call last):
        ...
    contracts.errors.ProblemError: labels[0] holds '\ud800', half a character: take it out
    """
    try:
        name.encode("utf-8")
    except UnicodeEncodeError as exc:
        raise ProblemError(f"{where} holds {name[exc.start]!r}, half a character: take it out") from exc


# ---- names of two tables ----


def field_names(kind: Any) -> tuple[str, ...]:
    """What the fields of a dataclass are called."""
    return tuple(field.name for field in dataclasses.fields(kind))


def meant(name: Any, known: Iterable[str]) -> str:
    """What joins a name that nobody knows and the list of those that are known: a question where one is near.

    Examples
    --------
    >>> meant("weight", ["valuations", "weights"]), meant("cost", ["valuations", "weights"])
    (", did you mean 'weights'?", ':')
    """
    near = difflib.get_close_matches(str(name), list(known), 1)
    return f", did you mean {near[0]!r}?" if near else ":"


def check_keys(
    record: Any, known: Iterable[str], where: str, needed: Iterable[str] = (), *, thing: str = "key"
) -> None:
    """Refuse a record that is no table of fields, has a key that nobody knows, or lacks one that is needed.

    Examples
    --------
    >>> check_keys({"weight": [0.5, 0.5]}, ["valuations", "weights"], "the file")
    Traceback (most recent call last):
        ...
    contracts.errors.ProblemError: unknown key 'weight' in the file, did you mean 'weights'? known are valuations, ...
    """
    known = tuple(known)
    if not isinstance(record, dict):
        raise ProblemError(f"{where} is {type(record).__name__}, expected a table of fields: {', '.join(known)}")
    for key in record:
        if key not in known:
            raise ProblemError(
                f"unknown {thing} {key!r} in {where}{meant(key, known)} known are {', '.join(known) or 'none'}"
            )
    if lacking := [key for key in needed if key not in record]:
        raise ProblemError(f"{where} lacks {', '.join(map(repr, lacking))}: known keys are {', '.join(known)}")


def check_same_names(name: str, names: Any, whose: str, known: Any, remedy: str, *, may_differ: bool = False) -> None:
    """Refuse names that are the known ones in another order or, unless they may differ, other names.

    Rows that pandas has counted, 0, 1, 2, ..., have no names: they may stand beside any but their own rearrangement.

    Parameters
    ----------
    name, names : a field of the user's, and what it calls its rows or columns; None if it calls them nothing
    whose, known : what they are compared with, and its names
    remedy : how to put them into the known order
    may_differ : whether other names mean something else than a mistake

    Examples
    --------
    >>> check_same_names("weights", ["high", "low"], "labels", ["low", "high"], "sort them")
    Traceback (most recent call last):
        ...
    contracts.errors.ProblemError: weights has the names of labels in another order ('high' in place of 'low'): sort ...
    """
    if names is None or known is None or len(names) != len(known):  # whoever looks at shapes has better words
        return
    whole = _is_whole(names) and _is_whole(known)
    counted = _is_counted(names) or _is_counted(known)
    if (whole and np.array_equal(names, known)) or (counted and not whole):
        return
    pairs = zip(map(str, names), map(str, known), strict=True)
    odd = next((pair for pair in pairs if pair[0] != pair[1]), None)
    if odd is None:
        return
    at = f"({odd[0]!r} in place of {odd[1]!r})"
    if set(map(str, names)) == set(map(str, known)):
        raise ProblemError(f"{name} has the names of {whose} in another order {at}: {remedy}")
    if not (may_differ or counted):
        raise ProblemError(
            f"{name} has other names than {whose} {at}: name both alike, or pass {name}.to_numpy() to go by position"
        )


def _is_whole(names: Any) -> bool:
    return isinstance(names, np.ndarray) and names.dtype.kind in "iu"


def _is_counted(names: Any) -> bool:
    return _is_whole(names) and np.array_equal(names, np.arange(len(names)))


def type_of(name: str, agent: str) -> str:
    """A type and whose it is; who has no name is said by number, as in 'type 2 of bidder 0'.

    >>> type_of("low", "Ann"), type_of("2", "0")
    ('low of Ann', 'type 2 of bidder 0')
    """
    return f"{'type ' * name.isdigit()}{name} of {'bidder ' * agent.isdigit()}{agent}"

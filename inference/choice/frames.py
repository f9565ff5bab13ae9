"""Tables of choices as arrays: long frames with a row per option, wide frames with a row per choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, eager, finite, rectangular
from contracts.inputs.columns import read_columns, values_of
from contracts.inputs.names import listed, missing, refuse_nobody

Integers = NDArray[np.int64]
EMPTY = ("", None)  # cells of a CSV that say nothing


def long_arrays(
    frame: Any,
    *,
    attributes: Sequence[str] | None,
    chosen: str,
    person: str,
    occasion: str | None,
    option: str | None,
    weights: str | None = None,
) -> dict[str, Any]:
    """Fields of ChoiceData from a frame with one row per option; observations in the order of their first rows."""
    table = Table(frame)
    keys = [person, *(name for name in (occasion, option, weights) if name)]
    names = [name for name in table.names if name not in (*keys, chosen)] if attributes is None else list(attributes)
    values = np.column_stack([table.numbers(name) for name in _some(names, "attributes")])
    people = table.people(person)
    group = _codes(people)[1]
    if occasion:
        occasions, inner = _codes(table.labels(occasion))
        group = group * len(occasions) + inner
    _, first, observation = np.unique(group, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    order = np.argsort(first, kind="stable")
    rank[order] = np.arange(len(first))
    observation, first = rank[observation], first[order]

    def where(row: int) -> str:
        at = f", {occasion} {table.cells(occasion)[row]!s}" if occasion else ""
        return f"{person} {people[row]!s}{at}"

    position, options = _positions(table, observation, option, where)
    n_options = len(options)
    n_obs = len(first)
    took = table.flags(chosen)
    per_observation = np.bincount(observation[took], minlength=n_obs)
    if (per_observation != 1).any():
        bad = int(np.flatnonzero(per_observation != 1)[0])
        hint = "" if occasion else "; name the column that tells a person's choices apart, occasion=..."
        raise ProblemError(
            f"{where(int(first[bad]))}: {per_observation[bad]} options are marked in {chosen!r}; mark exactly one{hint}"
        )
    cube = np.zeros((n_obs, n_options, len(names)))
    cube[observation, position] = values
    available = np.zeros((n_obs, n_options), dtype=bool)
    available[observation, position] = True
    choice = np.empty(n_obs, dtype=np.int64)
    choice[observation[took]] = position[took]
    weight = None if weights is None else table.numbers(weights)
    if weight is not None and (apart := weight != weight[first][observation]).any():
        raise ProblemError(
            f"{where(int(np.argmax(apart)))} has different weights in column {weights!r}: a choice has one weight, the "
            "same in all its rows"
        )
    return {
        "attributes": cube,
        "choice": choice,
        "person": people[first],
        "names": names,
        "available": None if available.all() else available,
        "weights": None if weight is None else weight[first],
        "options": options,
    }


def wide_arrays(
    frame: Any,
    *,
    attributes: Mapping[str, Any],
    choice: str,
    person: str | None,
    options: Sequence[Any] | None,
    available: Sequence[str] | None,
    weights: str | None = None,
) -> dict[str, Any]:
    """Fields of ChoiceData from a frame with one row per choice and one column per attribute of each option."""
    table = Table(frame)
    _some(list(attributes), "attributes")
    n_options = _n_options(attributes, options)
    for name, columns in attributes.items():
        fits = isinstance(columns, str) or (isinstance(columns, Sequence) and len(columns) == n_options)
        if not fits or not all(column is None or isinstance(column, str) for column in columns):
            raise ProblemError(
                f"attributes[{name!r}] is {columns!r}; expected a list of {n_options} columns, one each, with None for "
                "an option without, or one column alone for what is the same for all options"
            )
    if available is not None and len(available) != n_options:
        raise ProblemError(f"available names {len(available)} columns for {n_options} options: one each")
    if options is None:
        _refuse_from_one(table.numbers(choice), choice, n_options)
    reach = None if available is None else [table.flags(name) for name in available]
    needed: Sequence[NDArray[np.bool_] | None] = reach or [None] * n_options
    nothing = np.zeros(len(table.cells(choice)))
    known = [
        [table.numbers(cs)] * n_options
        if isinstance(cs, str)
        else [nothing if c is None else table.numbers(c, within) for c, within in zip(cs, needed, strict=True)]
        for cs in attributes.values()
    ]
    cube = np.stack([np.column_stack(columns) for columns in known], axis=2)
    return {
        "attributes": cube,
        "choice": table.numbers(choice) if options is None else _coded(table, choice, options),
        "person": None if person is None else table.people(person),
        "names": list(attributes),
        "available": None if reach is None else np.column_stack(reach),
        "weights": None if weights is None else table.numbers(weights),
        "options": options,
    }


def _cells(name: str, values: Any) -> NDArray[Any]:
    """A column as an array of cells."""
    cells = rectangular(f"column {name!r}", values)
    if cells.ndim != 1:
        raise ProblemError(f"column {name!r} has shape {cells.shape}; expected one cell per row")
    return cells


class Table:
    """Columns of a pandas, polars or other eager frame, or of a file, checked as they are read.

    Messages number the rows of a frame from 0, as frames do, and those below the header of a file from 1.
    """

    def __init__(self, frame: Any, *, first_row: int = 0) -> None:
        self.first_row, self._written = first_row, False
        if isinstance(frame, str | Path):
            self.first_row, self._written = 1, Path(frame).suffix.lower() == ".csv"
            frame = file_columns(Path(frame))
        if isinstance(frame, Mapping):
            self._columns = {str(name): _cells(str(name), cells) for name, cells in frame.items()}
            self._missing = {str(name): missing(cells) for name, cells in frame.items()}
            if len({len(cells) for cells in self._columns.values()}) > 1:
                raise ProblemError("the columns have different lengths: give every row a cell in each")
        else:
            table = eager(frame)
            self._columns = {str(name): table.get_column(name).to_numpy() for name in table.columns}
            self._missing = {str(name): table.get_column(name).is_null().to_numpy() for name in table.columns}
        if not self._columns or not len(next(iter(self._columns.values()))):
            raise ProblemError("the frame has no rows: give one row per option or per choice")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._columns)

    def cells(self, name: str) -> NDArray[Any]:
        """The column as it is; refuses a name that the frame does not have."""
        if name not in self._columns:
            raise ProblemError(f"the frame has no column {name!r}: it has {listed(self.names)}")
        return self._columns[name]

    def numbers(self, name: str, needed: NDArray[np.bool_] | None = None) -> Array:
        """A column of finite numbers; true and false count as 1 and 0, what is missing and not needed as 0."""
        cells, absent = self.cells(name), self._missing[name]
        if self._written and cells.dtype == object:
            cells, absent = values_of(cells.tolist())
        if needed is not None:
            absent = absent | (cells != cells)
            cells, absent = np.where(absent & ~needed, 0, cells), absent & needed
        if absent.any():
            raise ProblemError(f"column {name!r} is empty in {self.row(absent)}: every cell must be a number")
        return finite(f"column {name!r}", cells.astype(np.float64) if cells.dtype == bool else cells)

    def row(self, marked: NDArray[np.bool_]) -> str:
        """The first row that is marked, as messages call it."""
        return f"row {int(np.argmax(marked)) + self.first_row}"

    def labels(self, name: str) -> NDArray[Any]:
        """A column of labels, none missing; text without the blanks around it."""
        cells = self.cells(name)
        absent = self._missing[name]
        if absent.any():
            raise ProblemError(f"column {name!r} is empty in {self.row(absent)}: every row needs a label")
        kinds = {type(cell) for cell in cells} if cells.dtype == object else set()
        if len(kinds) > 1:
            words = ", ".join(sorted(kind.__name__ for kind in kinds))
            raise ProblemError(f"column {name!r} mixes {words}: make all labels of one kind")
        if kinds != {str} and cells.dtype.kind != "U":
            return cells
        text = np.array([cell.strip() for cell in cells.tolist()])
        if (blank := text == "").any():
            raise ProblemError(f"column {name!r} is empty in {self.row(blank)}: every row needs a label")
        return text

    def people(self, name: str) -> NDArray[Any]:
        """A column of labels of people, none a word by which exports say that nobody is known."""
        labels = self.labels(name)
        refuse_nobody(name, labels, "column {name!r} is {label} in row {row}", first_row=self.first_row)
        return labels

    def flags(self, name: str) -> NDArray[np.bool_]:
        """A column of true and false, or of ones and zeros."""
        values = self.numbers(name)
        bad = (values != 0) & (values != 1)
        if bad.any():
            cell = self.cells(name)[int(np.argmax(bad))]
            raise ProblemError(f"column {name!r} is {cell} in {self.row(bad)}; expected 1 or 0, true or false")
        return values == 1


def file_columns(path: Path) -> dict[str, NDArray[Any]]:
    """Columns of a CSV or Parquet file; those of a CSV in which every cell is a number are numbers."""
    found = read_columns(path)
    if path.suffix.lower() != ".csv":
        return {name: _cells(name, cells) for name, cells in found.cells.items()}
    columns: dict[str, NDArray[Any]] = {}
    for name, cells in found.cells.items():
        columns[name] = _number_or_text(cells)
    return columns


def _number_or_text(cells: list[Any]) -> NDArray[Any]:
    """Cells of a column, whole numbers as such: labels 1 and 2 are not 1.0 and 2.0."""
    for number in (int, float):
        try:
            return np.array([np.nan if number is float and cell in EMPTY else number(cell) for cell in cells])
        except (ValueError, TypeError):
            continue
    return np.array(cells, dtype=object)


def _n_options(attributes: Mapping[str, Any], options: Sequence[Any] | None) -> int:
    """How many options a wide frame has: as many as are named, or as an attribute has columns."""
    if options is not None:
        return len(options)
    lists = [columns for columns in attributes.values() if isinstance(columns, Sequence)]
    several = [columns for columns in lists if not isinstance(columns, str)]
    if not several:
        raise ProblemError("attributes has no list of columns: give at least one, a column per option, or options=")
    return len(several[0])


def _some(names: list[str], field: str) -> list[str]:
    if not names:
        raise ProblemError(f"{field} names no column: name at least one that describes the options")
    return names


def _codes(labels: NDArray[Any]) -> tuple[NDArray[Any], Integers]:
    values, codes = np.unique(labels, return_inverse=True)
    return values, codes.astype(np.int64)


def _positions(table: Table, observation: Integers, option: str | None, where: Any) -> tuple[Integers, tuple[str, ...]]:
    """Number of the option that each row describes, and their names: by label, else in the order of rows."""
    if option is None:
        order = np.argsort(observation, kind="stable")
        counts = np.bincount(observation)
        starts = np.repeat(np.cumsum(counts) - counts, counts)
        position = np.empty(len(observation), dtype=np.int64)
        position[order] = np.arange(len(observation)) - starts
        return position, tuple(map(str, range(int(counts.max()))))
    labels, position = _codes(table.labels(option))
    key = observation * len(labels) + position
    order = np.argsort(key, kind="stable")
    repeated = np.flatnonzero(np.diff(key[order]) == 0)
    if len(repeated):
        row = int(order[repeated[0] + 1])
        raise ProblemError(f"{where(row)} has option {labels[position[row]]!s} twice: one row per option")
    return position, tuple(map(str, labels))


def _refuse_from_one(numbers: Array, column: str, n_options: int) -> None:
    """Numbers from 1 whose last option nobody took look like numbers from 0 whose first one nobody took: ask."""
    if numbers.min() >= 1:
        from_one, from_zero = list(range(1, n_options + 1)), list(range(n_options))
        raise ProblemError(
            f"column {column!r} is never 0: say how options are numbered, options={from_one} from 1, or "
            f"options={from_zero} from 0 if nobody took the first one"
        )


def _coded(table: Table, column: str, options: Sequence[Any]) -> Integers:
    """Numbers of the options by what a column calls them; a file does not say whether its 1 is a number or text."""
    number = {label.strip() if isinstance(label, str) else label: k for k, label in enumerate(options)}
    labels = table.labels(column).tolist()
    if not any(label in number for label in labels):
        labels = [str(label) if str(label) in number else label for label in labels]
    unknown = np.array([label not in number for label in labels])
    if unknown.any():
        label = labels[int(np.argmax(unknown))]
        raise ProblemError(f"column {column!r} is {label!r} in {table.row(unknown)}: the options are {list(options)}")
    return np.array([number[label] for label in labels], dtype=np.int64)

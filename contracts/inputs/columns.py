"""Columns of a CSV or Parquet file, read without guessing what a cell means.

Cells of a CSV stay text until somebody asks for numbers, so a segment named "NA" keeps its name, and every number
is the float closest to what the file says. Columns are told apart by commas, or in a header without commas by
semicolons or tabs, as where decimals stand after a comma.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from contracts.inputs.files import open_file
from contracts.inputs.frozen import dataclass
from contracts.inputs.names import listed

INSTALL_LINE = "pip install 'menuwright[frames]'"
SUFFIXES = (".csv", ".parquet")
HEADER = re.compile(rb'[\r\n]*(?:"[^"]*"|[^"\r\n])*')  # the first line that says something
QUOTED = re.compile(rb'"[^"]*"')
SEPARATORS = (",", ";", "\t")
DECIMAL_COMMA = re.compile(r"\s*[+-]?\d*,\d*\s*")
ONE_WAY = re.compile(r"\s*[+-]?(0?,\d+|\d*,(\d{1,2}|\d{4,}))\s*")  # 1,234 may be a thousand and more


@dataclass(frozen=True, eq=False)
class Columns:
    """A table in memory: named columns of cells, all of one length."""

    path: Path
    cells: dict[str, list[Any]]
    separator: str = ","

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.cells)

    def column(self, name: str) -> list[Any]:
        """The cells of one column; refuses a name that the file does not have."""
        if name not in self.cells:
            raise ProblemError(f"{self.path} has no column {name!r}: it has {_listed(self.names)}")
        return self.cells[name]

    def find(self, name: str) -> str | None:
        """The column of that name, or the only one that differs in nothing but capitals and blanks; None if none is."""
        if name in self.cells:
            return name
        alike = [each for each in self.cells if each.strip().casefold() == name.strip().casefold()]
        return alike[0] if len(alike) == 1 else None

    def text(self, name: str) -> tuple[str, ...]:
        """A column of names; refuses empty cells and repetitions."""
        seen: dict[str, int] = {}
        cells = ["" if cell is None else str(cell) for cell in self.column(name)]
        bare = [cell.strip() for cell in cells]
        names = (
            bare if len(set(bare)) == len(set(cells)) else cells
        )  # blanks mean nothing, unless they tell names apart
        for row, words in enumerate(names, start=1):
            if not words.strip():
                raise ProblemError(f"{self.path}: column {name!r} is empty in row {row}: give every row a name")
            if words in seen:
                raise ProblemError(
                    f"{self.path}: column {name!r} repeats {words!r} in rows {seen[words]} and {row}: "
                    "give every row its own name"
                )
            seen[words] = row
        return tuple(seen)

    def numbers(self, name: str, labels: Sequence[str] | None = None) -> Array:
        """A column of finite numbers, (n_rows,); names the first cell that is not one, by its row and label."""
        cells = self.column(name)
        values = [_number(cell if self.separator == "," else _with_a_point(cell)) for cell in cells]
        for row, (value, cell) in enumerate(zip(values, cells, strict=True)):
            if not math.isfinite(value):
                whose = f" of type {labels[row]!r}" if labels is not None else ""
                found = "empty" if cell is None or cell == "" else repr(cell)
                raise ProblemError(
                    f"{self.path}: column {name!r}{whose} is {found} in row {row + 1}: every cell must be a finite "
                    "number, decimals after a point"
                )
        return np.array(values)


def read_columns(path: Path) -> Columns:
    """The columns of a .csv or .parquet file.

    Raises
    ------
    ProblemError
        If the file cannot be read, has no rows or repeats a column, or if pyarrow is missing.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ProblemError(f"{path} is not a table that can be read: use {' or '.join(SUFFIXES)}")
    try:
        import pyarrow as pa
        import pyarrow.csv
        import pyarrow.parquet
    except ImportError as exc:
        raise ProblemError(f"reading {path} needs pyarrow: {INSTALL_LINE}") from exc
    separator = ","
    try:
        with open_file(path) as file:
            if suffix == ".csv":
                written = file.read()
                header = HEADER.match(written)  # parsed alone: a reader of streams would go on reading behind our back
                assert header is not None
                separator = separator_of(header.group())
                apart = pyarrow.csv.ParseOptions(delimiter=separator)
                line = pa.BufferReader(header.group() + b"\n")
                names = pyarrow.csv.read_csv(line, parse_options=apart).column_names
                as_text = pyarrow.csv.ConvertOptions(column_types={name: pa.string() for name in names})
                table = pyarrow.csv.read_csv(pa.BufferReader(written), parse_options=apart, convert_options=as_text)
            else:
                table = pyarrow.parquet.read_table(file)
    except ProblemError:
        raise
    except (pa.ArrowException, ValueError) as exc:
        remedy = "save it as UTF-8 text with one header row and commas" if suffix == ".csv" else "write it again"
        raise ProblemError(f"{path} is not a readable {suffix[1:]} table ({exc}): {remedy}") from exc
    except OSError as exc:
        raise ProblemError(f"{path} cannot be read: {exc.strerror or exc}") from exc
    if table.num_rows == 0:
        raise ProblemError(f"{path} has no rows below its header: give it at least one")
    names = [str(name).strip() for name in table.column_names]
    repeated = {name for name in names if names.count(name) > 1}
    if repeated:
        raise ProblemError(f"{path} repeats the column {_listed(sorted(repeated))}: rename or drop one")
    cells = {name: column.to_pylist() for name, column in zip(names, table.columns, strict=True)}
    return Columns(path, cells, separator)


def separator_of(header: bytes) -> str:
    r"""What stands between the names of columns: the first of comma, semicolon and tab that does, outside of quotes.

    Examples
    --------
    >>> separator_of(b'plan;"speed, Mb/s";price'), separator_of(b"plan,price;EUR"), separator_of(b"plan\tprice")
    (';', ',', '\t')
    """
    bare = QUOTED.sub(b"", header)
    return next((mark for mark in SEPARATORS if mark.encode() in bare), ",")


def _with_a_point(cell: Any) -> Any:
    """A cell of a file whose columns are not told apart by commas, where a comma may stand before decimals."""
    if not isinstance(cell, str) or not DECIMAL_COMMA.fullmatch(cell):
        return cell
    return cell.replace(",", ".") if ONE_WAY.fullmatch(cell) else None


def _number(cell: Any) -> float:
    """The float closest to a cell; NaN for what is not a number."""
    if cell is None or isinstance(cell, bool) or (isinstance(cell, str) and "_" in cell):
        return math.nan
    try:
        return float(cell)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _listed(names: Sequence[str]) -> str:
    return listed(names)

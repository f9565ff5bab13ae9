"""Columns of a CSV or Parquet file, read without guessing what a cell means.

Cells of a CSV stay text until somebody asks for numbers, so a segment named "NA" keeps its name, and every number
is the float closest to what the file says. Columns are told apart by commas, or in a header without commas by
semicolons or tabs, as where decimals stand after a comma. Money may have the sign or code of its currency, and marks
between thousands, wherever they can be read in one way only.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from contracts.inputs.files import open_file
from contracts.inputs.frozen import dataclass
from contracts.inputs.names import WORDS_FOR_NOTHING, listed

INSTALL_LINE = "pip install 'menuwright[frames]'"
SUFFIXES = (".csv", ".parquet")
HEADER = re.compile(rb'[\r\n]*(?:"[^"]*"|[^"\r\n])*')  # the first line that says something
QUOTED = re.compile(rb'"[^"]*"')
SEPARATORS = (",", ";", "\t")
CODES = ("USD", "EUR", "GBP", "JPY", "CHF", "CNY", "INR", "CAD", "AUD", "NZD", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF")
AMOUNT = re.compile(r"(?P<sign>[+-]?)(?P<before>[^\d.,+-]*)(?P<minus>[+-]?)(?P<digits>[\d.,]*\d[\d.,]*)(?P<after>\D*)")
GROUPED = {".": re.compile(r"[1-9]\d{0,2}(,\d{3})+(\.\d*)?"), ",": re.compile(r"[1-9]\d{0,2}(\.\d{3})+(,\d*)?")}
OTHER = {".": ",", ",": "."}


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
        values = numbers_of(cells)
        for row, (value, cell) in enumerate(zip(values, cells, strict=True)):
            if not math.isfinite(value):
                whose = f" of type {labels[row]!r}" if labels is not None else ""
                found = "empty" if cell is None or cell == "" else repr(cell)
                raise ProblemError(
                    f"{self.path}: column {name!r}{whose} is {found} in row {row + 1}: every cell must be a finite "
                    f"number{_remedy(cell, self.separator)}"
                )
        return np.array(values)

    def is_money(self, name: str) -> bool:
        """Whether a column has an amount with the sign or code of a currency."""
        parts = [AMOUNT.fullmatch(cell.strip()) for cell in self.column(name) if isinstance(cell, str)]
        return any(_is_currency(part[side].strip()) for part in parts if part for side in ("before", "after"))

    def has_numbers(self, name: str) -> bool:
        """Whether a column can be read as numbers."""
        try:
            self.numbers(name)
        except ProblemError:
            return False
        return True


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
    cells = {name: column.to_pylist() for name, column in zip(table.column_names, table.columns, strict=True)}
    rows = table.num_rows
    while rows and all(column[rows - 1] in ("", None) for column in cells.values()):  # a sheet's empty last lines
        rows -= 1
    if rows == 0:
        raise ProblemError(f"{path} has no rows below its header: give it at least one")
    names = [str(name).strip() for name in table.column_names]
    repeated = {name for name in names if names.count(name) > 1}
    if repeated:
        raise ProblemError(f"{path} repeats the column {_listed(sorted(repeated))}: rename or drop one")
    return Columns(path, {name: column[:rows] for name, column in zip(names, cells.values(), strict=True)}, separator)


def separator_of(header: bytes) -> str:
    r"""What stands between the names of columns: the first of comma, semicolon and tab that does, outside of quotes.

    Examples
    --------
    >>> separator_of(b'plan;"speed, Mb/s";price'), separator_of(b"plan,price;EUR"), separator_of(b"plan\tprice")
    (';', ',', '\t')
    """
    bare = QUOTED.sub(b"", header)
    return next((mark for mark in SEPARATORS if mark.encode() in bare), ",")


def numbers_of(cells: list[Any]) -> list[float]:
    """The cells of a column as numbers, NaN for what is none; money as people write it, if it can be read in one way.

    Examples
    --------
    >>> numbers_of(["1.250,50", "", "3,5"])
    [1250.5, nan, 3.5]
    """
    values = list(map(_number, cells))
    return values if all(map(math.isfinite, values)) else list(map(_number, _bare(cells)))


def values_of(cells: list[Any]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Cells of text as truth values or numbers, and which of them say that nothing is there.

    Text is returned as it is where any other cell is neither.

    Examples
    --------
    >>> values_of(["TRUE", "false"])[0], values_of(["3,5", " NULL"])
    (array([ True, False]), (array([3.5, nan]), array([False,  True])))
    """
    words = ["" if cell is None else str(cell).strip() for cell in cells]
    nothing = np.isin(words, ["", *WORDS_FOR_NOTHING])
    said = {word.casefold() for word, skipped in zip(words, nothing, strict=True) if not skipped}
    if said and said <= {"true", "false"}:
        return np.array([word.casefold() == "true" for word in words]), nothing
    values = np.array(numbers_of(words))
    return (np.array(cells, dtype=object) if (np.isnan(values) & ~nothing).any() else values), nothing


def _bare(cells: list[Any]) -> list[Any]:
    """Cells of a column as a program writes them: no currency, no marks between thousands, decimals after a point.

    What could be read in two ways is None: amounts in two currencies, decimals after a point and after a comma, and
    2,500 where no other cell says what a comma is.
    """
    parts = [AMOUNT.fullmatch(cell.strip()) if isinstance(cell, str) else None for cell in cells]
    units = [
        {each for side in ("before", "after") if (each := part[side].strip())} if part else set() for part in parts
    ]
    if len(used := set[str]().union(*units)) > 1 or not all(map(_is_currency, used)):
        parts = [None if unit else part for part, unit in zip(parts, units, strict=True)]
    digits = [part["digits"] for part in parts if part]
    marks = list(dict.fromkeys(mark for each in digits for mark in _decimal_mark(each)))
    thousands = any({*",."} <= {*each} or max(map(each.count, ",.")) > 1 for each in digits)
    known = thousands or marks[:1] != [","]  # 1,250 beside 900.50, but not 1.250 beside 3,5
    grouped = GROUPED[marks[0]] if known and marks else None
    return [
        cell if part is None else _written(part, marks[0] if marks else ".", grouped)
        for part, cell in zip(parts, cells, strict=True)
    ]


def _is_currency(unit: str) -> bool:
    """Whether it is a code, or a sign with no more than a country's letters: EUR, $, US$."""
    letters = "".join(each for each in unit if unicodedata.category(each) != "Sc")
    return unit in CODES or (
        len(unit) - len(letters) == 1 and (not letters or (len(letters) < 4 and letters.isupper()))
    )


def _decimal_mark(digits: str) -> str:
    """What must stand before decimals in these digits, a point or a comma; nothing where they do not say."""
    last = max(digits.rfind("."), digits.rfind(","))
    mark = digits[last : last + 1] if last >= 0 else ""
    if mark and digits.count(mark) > 1:
        return OTHER[mark]
    return mark if mark and (OTHER[mark] in digits or not GROUPED[OTHER[mark]].fullmatch(digits)) else ""


def _written(part: re.Match[str], mark: str, grouped: re.Pattern[str] | None) -> str | None:
    """A number as a program writes it; None where digits are in no order, or may be read in two."""
    digits = part["digits"]
    if OTHER[mark] in digits:
        digits = digits.replace(OTHER[mark], "") if grouped is not None and grouped.fullmatch(digits) else "?"
    elif mark == "," and grouped is None and GROUPED["."].fullmatch(digits):
        return None
    return None if part["sign"] and part["minus"] else part["sign"] + part["minus"] + digits.replace(mark, ".")


def _remedy(cell: Any, separator: str) -> str:
    """What to do about a cell that is no number, or may be two."""
    words = cell.strip() if isinstance(cell, str) else ""
    inner = AMOUNT.fullmatch(words.strip("()"))
    unit = (inner["before"] + inner["after"]).strip() if inner else ""
    if "%" in unit:
        return f": write what the problem means by it, {words.strip('% ')} or a hundredth of that, without the sign"
    if unit and not _is_currency(unit):
        return ": write it alone, and its unit in the name of the column"
    if words.startswith("(") and inner:
        return ": write a minus in place of the brackets"
    mixed = ": write thousands without a mark" if {*",."} & {*words} else ", in one currency" if unit else ""
    comma = "" if separator == "," and "," not in words else ", or after a comma in the whole column"
    return f", decimals after a point{comma}{mixed}"


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

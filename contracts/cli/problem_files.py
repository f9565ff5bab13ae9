"""Problem files: a ScreeningProblem in TOML or JSON, with types inline or in a table next to it.

The keys are those of the constructor, see `contracts.problem.records`. A table `types` may hold what is known of each
type and take it from the columns of a CSV or Parquet file:

    [types]
    file = "types.csv"                      # relative to the problem file
    labels = "segment"                      # one column
    weights = "share"
    valuations = ["speed", "storage"]       # one column per good, which gives the goods their names

    [cost]
    kind = "quadratic"

or from what another package can read, a table of its own in `types`: `SOURCES` says who reads it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from contracts.cli.textbook import HIDDEN_ACTION, modelled
from contracts.errors import ProblemError
from contracts.inputs.arrays import finite, place
from contracts.inputs.columns import Columns, read_columns
from contracts.inputs.documents import parse_json, parse_toml
from contracts.inputs.files import read_bytes
from contracts.inputs.names import check_keys, field_names, listed
from contracts.problem.records import KINDS, from_record
from contracts.problem.screening import ScreeningProblem

KEYS = field_names(ScreeningProblem)
ONE_COLUMN = ("labels", "weights", "counts", "reservation_utility")
MANY_COLUMNS = ("valuations", "principal_values")
OF_TYPES = ("file", *ONE_COLUMN, *MANY_COLUMNS)
NAMES = ("labels", "goods")  # lists of text
WORDS = (
    "kind",
    "name",
    "transfers",
    "participation",
    "metric",
    "good",
    "types",
    "between",
    "of",
    *KINDS,
)  # keys that may hold text; everything else is numbers
INFINITIES = ("inf", "-inf")  # how records write them, since JSON has none
SWITCHES = ("free_disposal",)
RELATION = "mimics"  # of types: a mask of 0 and 1 or true and false, or pairs of numbers or labels
LARGEST = sys.float_info.max
# Tables in `types` that others turn into fields of the problem: name -> function of the table and the file's folder.
SOURCES: dict[str, Callable[[dict[str, Any], Path], dict[str, Any]]] = {}
READ_ELSEWHERE = {"words": "import inference.cli first, or use the program `contracts`"}


def read_problem(path: str | Path) -> ScreeningProblem:
    """The problem of hidden types that a .toml or .json file describes.

    Raises
    ------
    ProblemError
        If the file cannot be read or does not describe a problem; the message names the file, the key and the remedy.
    """
    path = Path(path)
    return problem_of(read_record(path), path)


def problem_of(record: dict[str, Any], path: Path) -> ScreeningProblem:
    """The problem that the record in a file describes."""
    tabled: tuple[str, ...] = ()  # how messages begin that are about what a table says of the types
    try:
        if "model" in record:
            return modelled(record)
        if HIDDEN_ACTION in record:
            raise ProblemError("the file describes hidden action, and this is for hidden types: use contracts solve")
        check_keys(record, ("types", "model", *KEYS), "the problem file")
        fields = _with_types(record, path.parent)
        if "file" in record.get("types", {}):
            tabled = ("types", "goods", *record["types"])
        _check_values(fields)
        return from_record(ScreeningProblem, _with_shares(fields))
    except ProblemError as exc:
        where = f"{path}, types in {record['types']['file']}" if str(exc).startswith(tabled) else str(path)
        raise ProblemError(f"{where}: {exc}") from exc
    except (TypeError, ValueError, OverflowError) as exc:
        raise ProblemError(f"{path}: a value does not fit its key ({exc}): give numbers where numbers belong") from exc


def with_tables(record: dict[str, Any], path: Path) -> dict[str, Any]:
    """The same record without other files: the fields of `types` in place, read from the table that it names."""
    if "types" not in record:
        return record
    try:
        return _with_shares(_with_types(record, path.parent))
    except ProblemError as exc:
        raise ProblemError(f"{path}: {exc}") from exc


def read_record(path: Path) -> dict[str, Any]:
    """The dictionary in a .toml or .json file."""
    return record_in(read_bytes(path), path)


def record_in(content: bytes, path: Path) -> dict[str, Any]:
    """The dictionary that a .toml or .json file of this name holds."""
    readers = {".toml": parse_toml, ".json": parse_json}
    suffix = path.suffix.lower()
    if suffix not in readers:
        raise ProblemError(f"{path} is neither {' nor '.join(readers)}: name the file after what it holds")
    if not content.strip():
        raise ProblemError(f"{path} is empty: see the problem files under examples/")
    try:
        record = readers[suffix](content.decode("utf-8-sig"))
    except ValueError as exc:
        raise ProblemError(f"{path} is not {suffix[1:].upper()} ({exc}): correct it there") from exc
    if not isinstance(record, dict):
        raise ProblemError(f"{path} holds {type(record).__name__}, expected an object of named fields")
    return record


# ---- types in a table ----


def _with_types(record: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The record with the fields of `types` in place, columns replaced by what they hold."""
    types = record.get("types", {})
    for key in types if isinstance(types, dict) else ():
        if key in KEYS and key not in OF_TYPES:
            raise ProblemError(f"{key} is in types, and belongs to the whole problem: write it above [types]")
    check_keys(types, (*OF_TYPES, *READ_ELSEWHERE), "types")
    types, sourced = _from_sources(types, folder)
    rest = {key: value for key, value in record.items() if key != "types"}
    for key in (*types, *sourced):
        if key in rest and not (key == "goods" and key in sourced):
            raise ProblemError(f"{key} is given twice, in types and outside: keep one")
    if "file" not in types:
        _refuse_columns(types)
        return sourced | rest | types
    if not isinstance(types["file"], str):
        raise ProblemError(f"types.file is {types['file']!r}: give the path of a table, relative to the problem file")
    table = read_columns(folder / types["file"])
    if "valuations" not in types:
        raise ProblemError(
            f"types lacks 'valuations': name the columns of {table.path} that hold them; it has {listed(table.names)}"
        )
    fields = _from_columns(types, table)
    if "goods" not in rest and _is_text(types["valuations"]):
        rest["goods"] = _columns_named(types["valuations"])
    return rest | fields


def _from_sources(types: dict[str, Any], folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is left of `types`, and the fields that its tables for others stand for."""
    fields: dict[str, Any] = {}
    for name, remedy in READ_ELSEWHERE.items():
        if name not in types:
            continue
        if name not in SOURCES:
            raise ProblemError(f"types.{name} is read by a package that is not loaded: {remedy}")
        if "file" in types or "valuations" in types:
            raise ProblemError(f"types.{name} gives the valuations, and so do other keys of types: keep one of them")
        if not isinstance(types[name], dict):
            raise ProblemError(f"types.{name} is {type(types[name]).__name__}, expected a table")
        fields |= SOURCES[name](types[name], folder)
    kept = {key: value for key, value in types.items() if key not in READ_ELSEWHERE}
    for key in fields:
        if key in kept:
            raise ProblemError(f"{key} is given twice, in types and by words in it: keep one")
    return kept, fields


def _with_shares(record: dict[str, Any]) -> dict[str, Any]:
    """Weights from `counts`, how many agents of each type there are: here the user has said that they are counts."""
    if "counts" not in record:
        return record
    if "weights" in record:
        raise ProblemError("types gives counts, but weights are given as well: keep one of them")
    labels = record.get("labels")
    counts = finite("types.counts", record["counts"], labels).reshape(-1)
    for k in np.flatnonzero(counts <= 0)[:1]:
        raise ProblemError(
            f"types.counts{place((int(k),), labels)} is {counts[k]:g}: leave out types that do not occur"
        )
    return {key: value for key, value in record.items() if key != "counts"} | {"weights": counts / counts.sum()}


def _from_columns(types: dict[str, Any], table: Columns) -> dict[str, Any]:
    for key in ONE_COLUMN:
        if isinstance(types.get(key), list) and _is_text(types[key]):
            raise ProblemError(f"types.{key} names {len(types[key])} columns of {table.path}: name one")
    if "labels" in types and not isinstance(types["labels"], str):
        raise ProblemError(f"types.labels is {types['labels']!r}: name one column of {table.path}")
    fields: dict[str, Any] = {}
    labels = table.text(types["labels"]) if "labels" in types else None
    if labels is not None:
        fields["labels"] = list(labels)
    for key, value in types.items():
        if key in ("file", "labels"):
            continue
        if not _is_text(value):
            fields[key] = value
        elif key in ONE_COLUMN:
            fields[key] = table.numbers(value, labels)
        else:
            fields[key] = np.column_stack([table.numbers(name, labels) for name in _columns_named(value)])
    return fields


def _refuse_columns(types: dict[str, Any]) -> None:
    for key, value in types.items():
        if isinstance(value, str) or (key != "labels" and _is_text(value)):
            raise ProblemError(f"types.{key} is {value!r}, but types names no file with such columns: add file = '...'")


def _is_text(value: Any) -> bool:
    """Whether a value names columns: text, or a list of text."""
    return isinstance(value, str) or (isinstance(value, list) and any(isinstance(item, str) for item in value))


def _columns_named(value: Any) -> list[str]:
    names = [value] if isinstance(value, str) else value
    for name in names:
        if not isinstance(name, str):
            raise ProblemError(f"{value!r} mixes column names and numbers: give one or the other")
    return names


# ---- values of the right kind ----


def _check_values(record: dict[str, Any]) -> None:
    """Text and switches only where they mean something: "3" is not a number, and true is not 1."""
    for key in NAMES:
        names = record.get(key, [])
        if not isinstance(names, list) or not all(isinstance(name, str | int) for name in names):
            raise ProblemError(f"{key} is {names!r}: give a list of names, each in quotes")
    require_numbers({key: value for key, value in record.items() if key not in (*NAMES, RELATION)})


def require_numbers(value: Any, where: str = "") -> None:
    """Refuse text and switches in a value read from a file, at any depth, except under keys that are made of them."""
    key = where.rpartition(".")[2]
    if key.startswith(("good[", "types[", "between[")):  # lists of names, or of lists of them
        key = key.partition("[")[0]
    if key.startswith(("cost[", "costs[")):  # one kind of a list of costs
        key = "cost"
    if isinstance(value, dict):
        for name, item in value.items():
            require_numbers(item, f"{where}.{name}" if where else name)
    elif isinstance(value, list):
        for k, item in enumerate(value):
            require_numbers(item, f"{where}[{k}]")
    elif isinstance(value, str) and key not in WORDS and value not in INFINITIES:
        raise ProblemError(f"{where} is {value!r}: give a number, without quotes")
    elif isinstance(value, bool) != (key in SWITCHES):
        raise ProblemError(
            f"{where} is {str(value).lower()}: give {'true or false' if key in SWITCHES else 'a number'}"
        )
    elif isinstance(value, int) and abs(value) > LARGEST:
        raise ProblemError(f"{where} has {len(str(abs(value)))} digits: give a number of at most {LARGEST:.1e}")

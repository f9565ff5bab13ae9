"""Problems as plain records: what a problem file, a saved menu and the command line share.

A record is a dictionary of the constructor's fields; parts that come in kinds carry `kind`, the class's name in
lower case with underscores. No code is ever read from a file.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.documents import parse_json
from contracts.inputs.door import checked
from contracts.inputs.files import read_text, write_text
from contracts.inputs.names import NumberedLabels, check_keys, field_names
from contracts.problem.ambiguity import ChiSquare, KullbackLeibler, Moments, TotalVariation, Wasserstein
from contracts.problem.costs import (
    ByType,
    Entropy,
    Linear,
    Logarithm,
    Power,
    Quadratic,
    Separable,
    ShiftedPower,
    Total,
)
from contracts.problem.costs import Exponential as ExponentialCost
from contracts.problem.domains import Box, NonNegative, Polyhedron, Simplex
from contracts.problem.objectives import Exponential, Isoelastic, Profit, WeightedSum, Welfare, WorstOff
from contracts.problem.reading import Reading
from contracts.problem.rows import NAMED, LinearConstraint
from contracts.problem.screening import ScreeningProblem
from contracts.problem.uncertainty import Ellipsoid, Interval, Noise

T = TypeVar("T")


def kind_of(part: type) -> str:
    """linear_constraint for LinearConstraint."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", part.__name__).lower()


KINDS: dict[str, dict[str, type]] = {
    "cost": {
        kind_of(part): part
        for part in (Linear, Quadratic, Power, Entropy, ExponentialCost, Logarithm, ShiftedPower, Separable, Total)
    },
    "domain": {kind_of(part): part for part in (NonNegative, Box, Simplex, Polyhedron)},
    "objective": {kind_of(part): part for part in (Profit, Welfare, WeightedSum)},
    "function": {kind_of(part): part for part in (Isoelastic, Exponential, WorstOff)},
    "ambiguity": {kind_of(part): part for part in (TotalVariation, Wasserstein, KullbackLeibler, ChiSquare, Moments)},
    "uncertainty": {kind_of(part): part for part in (Interval, Ellipsoid, Noise)},
    "constraints": {kind_of(part): part for part in (LinearConstraint, *NAMED)},
    "readings": {kind_of(Reading): Reading},
}
LISTS: dict[str, type] = {"constraints": LinearConstraint, "readings": Reading}  # keys that hold several; their kind
# where a record does not say it


def to_record(part: Any) -> Any:
    """Plain JSON for a problem or any of its parts.

    Examples
    --------
    >>> to_record(Quadratic(2.0))
    {'kind': 'quadratic', 'curvature': 2.0}
    """
    if isinstance(part, float) and math.isinf(part):
        return "inf" if part > 0 else "-inf"  # JSON has no infinity; numbers are read back from text as well
    if part is None or isinstance(part, bool | int | float | str):
        return part
    if isinstance(part, np.ndarray):
        return part.tolist() if np.isfinite(part).all() else to_record(part.tolist())
    if isinstance(part, NumberedLabels):
        return None
    if isinstance(part, tuple | list):
        return [to_record(item) for item in part]
    if isinstance(part, ByType):
        return [to_record(part.costs[k]) for k in part.index]
    if not isinstance(part, ScreeningProblem) and type(part) not in _known():
        raise ProblemError(
            f"{type(part).__name__} is your own class and cannot be written to a file: save its parameters yourself"
        )
    fields = {field.name: to_record(getattr(part, field.name)) for field in dataclasses.fields(part)}
    if isinstance(part, ScreeningProblem):
        if part.outside_option is not None:
            del fields["reservation_utility"]
        return {
            name: value for name, value in fields.items() if value is not None and (name, value) != ("readings", [])
        }
    return {"kind": kind_of(type(part)), **{name: value for name, value in fields.items() if value is not None}}


def read_json(path: str | Path) -> Any:
    """What a JSON file says."""
    text = read_text(path)
    try:
        return parse_json(text)
    except ValueError as exc:
        raise ProblemError(f"{path} is not a readable JSON file: {exc}") from exc


def read_document(path: str | Path, schema: str, writer: str) -> dict[str, Any]:
    """The JSON object in a file that `writer` wrote under a schema; the contents are still to be checked."""
    record = read_json(path)
    if not isinstance(record, dict) or record.get("schema") != schema:
        found = record.get("schema") if isinstance(record, dict) else None
        raise ProblemError(f"{path} has schema {found!r}; expected {schema!r}, as written by {writer}")
    return record


def built_from_document(
    path: str | Path, schema: str, writer: str, build: Callable[[dict[str, Any]], T], what: str
) -> T:
    """What `build` makes of the record that `writer` wrote; whatever is wrong with it is told with the file's name.

    Raises
    ------
    ProblemError
        If the file is not such a record, is damaged, or holds what `build` refuses; `what` is what to save again.
    """
    record = read_document(path, schema, writer)
    try:
        return build(record)
    except ProblemError as exc:
        raise ProblemError(f"{path}: {exc}") from exc
    except (KeyError, TypeError, IndexError, AttributeError, ValueError, OverflowError) as exc:
        raise ProblemError(f"{path} is incomplete or damaged ({exc!r}): save the {what} again") from exc


def write_document(path: str | Path, document: Any, *, indent: int | None = 1) -> Path:
    """Write plain JSON, which keeps every float to the bit, and return where it is."""
    return write_text(path, json.dumps(document, indent=indent, allow_nan=False) + "\n")


@checked
class Saved:
    """What is kept in a file, as plain JSON with a schema version; the function that loads its kind reads it."""

    _indent: ClassVar[int | None] = 1  # of the file; None where tables are long

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON with a schema version."""
        raise NotImplementedError

    def save(self, path: str | Path) -> Path:
        """Write it as JSON, every number to the bit."""
        return write_document(path, self.to_dict(), indent=self._indent)


def _known() -> set[type]:
    return {part for group in KINDS.values() for part in group.values()}


def from_record(cls: type[T], record: Any, where: str = "problem") -> T:
    """The object that a record describes; refuses unknown keys and kinds by name.

    Raises
    ------
    ProblemError
        Naming the key, where it stands, and what is known there.
    """
    given = {name: value for name, value in record.items() if name != "kind"} if isinstance(record, dict) else record
    check_keys(given, field_names(cls), where, needed=_needed(cls))
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name in LISTS:
            rows = value if isinstance(value, list) else [value]
            values[name] = tuple(
                _of_kind(name, _of_usual_kind(name, row), f"{name}[{k}]") for k, row in enumerate(rows)
            )
        elif name == "cost" and isinstance(value, list):  # one per type
            values[name] = [_of_kind("cost", row, f"cost[{k}]") for k, row in enumerate(value)]
        elif name == "costs":
            rows = value if isinstance(value, list) else [value]
            values[name] = [_of_kind("cost", row, f"costs[{k}]") for k, row in enumerate(rows)]
        elif name in KINDS and value is not None:
            values[name] = _of_kind(name, value)
        else:
            values[name] = value
    return cls(**values)


def _needed(cls: Any) -> list[str]:
    return [
        field.name
        for field in dataclasses.fields(cls)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]


def _of_usual_kind(name: str, record: Any) -> Any:
    """The record of one of a list, which says its kind where it is the usual one."""
    is_plain = isinstance(record, dict) and "kind" not in record
    return {"kind": kind_of(LISTS[name]), **record} if is_plain else record


def _of_kind(name: str, record: Any, where: str | None = None) -> Any:
    where = where or name
    return from_record(part_of_kind(KINDS[name], record, where), {} if isinstance(record, str) else record, where=where)


def part_of_kind(kinds: dict[str, type[T]], record: Any, where: str) -> type[T]:
    """The class that a record, or its kind alone, names: as it is spelled here, or with other capitals and marks.

    Examples
    --------
    >>> part_of_kind(KINDS["domain"], {"kind": "Non-Negative"}, "domain")
    <class 'contracts.problem.domains.NonNegative'>
    """
    kind = record.get("kind") if isinstance(record, dict) else record
    spellings = {re.sub("[^a-z]", "", known): known for known in kinds}
    known = spellings.get(re.sub("[^a-z]", "", kind.lower())) if isinstance(kind, str) else None
    if known is None:
        given = f"kind {kind!r}" if isinstance(kind, str) else "no kind"
        raise ProblemError(f"{where} has {given}: known kinds are {', '.join(kinds)}")
    return kinds[known]

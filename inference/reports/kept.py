"""Results in files, and read back to the bit: their fields by name, as plain records."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite, number
from contracts.inputs.kinds import whole_numbers
from contracts.problem.records import Saved, built_from_document, kind_of

T = TypeVar("T")


class Kept(Saved):
    """A result that a file can hold."""

    schema: ClassVar[str]  # of its files

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON with a schema version; floats survive to the bit."""
        return {"schema": self.schema, **{name: plain(value) for name, value in self._kept().items()}}

    def _kept(self) -> dict[str, Any]:
        """What a file holds, by name: the fields."""
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]


def plain(value: Any) -> Any:
    """Plain JSON of what a result holds; null for a number that is none.

    Raises
    ------
    ProblemError
        If it holds an object of a class that is no record.

    Examples
    --------
    >>> plain(np.arange(2.0)), plain(("price", "speed")), plain([1.0, float("nan")])
    ([0.0, 1.0], ['price', 'speed'], [1.0, None])
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {"kind": kind_of(type(value))} | {
            field.name: plain(getattr(value, field.name)) for field in fields(value)
        }
    if isinstance(value, np.ndarray):
        is_whole = value.dtype.kind != "f" or np.isfinite(value).all()
        return value.tolist() if is_whole and value.dtype.kind != "O" else plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, tuple | list):
        return [plain(part) for part in value]
    if isinstance(value, dict):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, float) and math.isnan(value):
        return None
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise ProblemError(f"{type(value).__name__} is no number, no text and no record: it cannot be written to a file")


Reader = Callable[[str, Any], Any]
READERS: dict[str, Reader] = {  # by the annotations of fields
    "Array": finite,
    "Integers": whole_numbers,
    "float": number,
    "int": lambda _, record: int(record),
    "tuple[str, ...]": lambda _, record: tuple(map(str, record)),
    "Sequence[str]": lambda _, record: tuple(map(str, record)),
}


def loaded(path: str | Path, kind: type[T], build: Callable[[dict[str, Any]], T]) -> T:
    """A result of a kind that its `save` wrote."""
    return built_from_document(path, kind.schema, f"{kind.__name__}.save", build, "model")  # type: ignore[attr-defined]


def of_record(kind: type[T], record: dict[str, Any], readers: dict[str, Reader] = READERS, **own: Any) -> T:
    """A result of the fields that `plain` wrote; `own` are those that were read in another way.

    Files of old may lack what has a default.
    """
    for field in fields(kind):  # type: ignore[arg-type]
        is_left_out = record.get(field.name) is None and field.default is not MISSING
        if field.name not in own and not is_left_out:
            read = readers[str(field.type).removesuffix(" | None")]
            own[field.name] = read(field.name, record[field.name])
    return kind(**own)


def refuse_other_shapes(wanted: dict[str, tuple[Array, tuple[int, ...]]]) -> None:
    """Arrays of a record must fit together: each has the shape beside it."""
    for name, (values, shape) in wanted.items():
        if values.shape != shape:
            raise ProblemError(f"{name} has shape {values.shape}; expected {shape}: save the model again")

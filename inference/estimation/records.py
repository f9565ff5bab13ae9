"""Choices and what every fitted model holds, as plain records for files."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite, number
from contracts.inputs.kinds import whole_numbers
from contracts.problem.records import built_from_document
from inference.choice.data import ChoiceData
from inference.logit.convergence import Convergence

T = TypeVar("T")
SQUARE = ("covariance", "information", "classical_covariance")  # with a row and a column per parameter


def choices_record(data: ChoiceData) -> dict[str, Any]:
    """Plain JSON of choices, to the bit; labels of people must be text or numbers.

    Examples
    --------
    >>> data = ChoiceData([[[1.0], [2.0]]], [1], ["ann"])
    >>> choices_of_record(choices_record(data))
    ChoiceData: 1 person, 1 choice among 2 options, attributes 0
    """
    return {
        "attributes": data.attributes.tolist(),
        "choice": data.choice.tolist(),
        "person": data.person.tolist(),
        "names": list(data.names or ()),
        "available": None if data.available is None else data.available.tolist(),
        "weights": None if data.weights is None else data.weights.tolist(),
        "options": list(data.options or ()),
    }


def choices_of_record(record: dict[str, Any]) -> ChoiceData:
    """Choices from their record."""
    return ChoiceData(
        finite("attributes", record["attributes"]),
        record["choice"],
        np.array(record["person"]),
        record["names"],
        record["available"],
        record["weights"],
        record["options"],
    )


def plain(value: Any) -> Any:
    """Plain JSON of what a model holds; null for a number that is none.

    Examples
    --------
    >>> plain(np.arange(2.0)), plain(("price", "speed")), plain(float("nan"))
    ([0.0, 1.0], ['price', 'speed'], None)
    """
    if isinstance(value, ChoiceData):
        return choices_record(value)
    if isinstance(value, Convergence):
        return {"log_likelihoods": list(value.log_likelihoods), "rounds": value.n_rounds, "gradient": value.gradient}
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, tuple | list):
        return list(value)
    return None if isinstance(value, float) and math.isnan(value) else value


READERS: dict[str, Callable[[str, Any], Any]] = {  # by the annotations of fields
    "ChoiceData": lambda _, record: choices_of_record(record),
    "Convergence": lambda _, record: Convergence(
        tuple(map(float, record["log_likelihoods"])), int(record["rounds"]), float(record["gradient"])
    ),
    "Array": finite,
    "Integers": whole_numbers,
    "float": number,
    "int": lambda _, record: int(record),
    "tuple[str, ...]": lambda _, record: tuple(map(str, record)),
    "Sequence[str]": lambda _, record: tuple(map(str, record)),
}


def loaded(path: str | Path, kind: type[T], build: Callable[[dict[str, Any]], T]) -> T:
    """A model of a kind that its `save` wrote."""
    return built_from_document(path, kind.schema, f"{kind.__name__}.save", build, "model")  # type: ignore[attr-defined]


def model_of_record(kind: type[T], record: dict[str, Any], **own: Any) -> T:
    """A model of the fields that `plain` wrote; `own` are those that were kept in another way.

    Files of old may lack what has a default, and call rounds by no number.
    """
    record = {"n_rounds": record.get("rounds"), **record}
    for field in fields(kind):  # type: ignore[arg-type]
        is_left_out = record.get(field.name) is None and field.default is not MISSING
        if field.name not in own and not is_left_out:
            read = READERS[str(field.type).removesuffix(" | None")]
            own[field.name] = read(field.name, record[field.name])
    model = kind(**own)
    size = len(model.parameter_names)  # type: ignore[attr-defined]
    square = {name: own[name] for name in SQUARE if own.get(name) is not None}
    refuse_other_shapes({name: (values, (size, size)) for name, values in square.items()})
    return model


def refuse_other_shapes(wanted: dict[str, tuple[Array, tuple[int, ...]]]) -> None:
    """Arrays of a record must fit together: each has the shape beside it."""
    for name, (values, shape) in wanted.items():
        if values.shape != shape:
            raise ProblemError(f"{name} has shape {values.shape}; expected {shape}: save the model again")

"""Choices and what every fitted model holds, as plain records for files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite
from contracts.problem.records import built_from_document
from inference.choice.data import ChoiceData
from inference.logit.convergence import Convergence

T = TypeVar("T")


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


def convergence_record(how: Convergence) -> dict[str, Any]:
    """Where each start ended."""
    return {"log_likelihoods": list(how.log_likelihoods), "rounds": how.rounds, "gradient": how.gradient}


def convergence_of_record(record: dict[str, Any]) -> Convergence:
    """How the maximum was found, from its record."""
    return Convergence(tuple(map(float, record["log_likelihoods"])), int(record["rounds"]), float(record["gradient"]))


def loaded(path: str | Path, schema: str, writer: str, build: Callable[[dict[str, Any]], T]) -> T:
    """A model that `writer` wrote."""
    return built_from_document(path, schema, writer, build, "model")


def refuse_other_shapes(wanted: dict[str, tuple[Array, tuple[int, ...]]]) -> None:
    """Arrays of a record must fit together: each has the shape beside it."""
    for name, (values, shape) in wanted.items():
        if values.shape != shape:
            raise ProblemError(f"{name} has shape {values.shape}; expected {shape}: save the model again")

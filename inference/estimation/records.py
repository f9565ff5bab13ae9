"""Choices and fitted models from plain records of files."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from contracts.inputs.arrays import finite
from inference.choice.data import ChoiceData
from inference.logit.convergence import Convergence
from inference.reports.kept import READERS, Reader, of_record, refuse_other_shapes

T = TypeVar("T")
SQUARE = ("covariance", "information", "classical_covariance")  # with a row and a column per parameter


def choices_of_record(record: dict[str, Any]) -> ChoiceData:
    """Choices from their record.

    Examples
    --------
    >>> from inference.reports.kept import plain
    >>> choices_of_record(plain(ChoiceData([[[1.0], [2.0]]], [1], ["ann"])))
    ChoiceData: 1 person, 1 choice among 2 options, attributes 0
    """
    return ChoiceData(
        finite("attributes", record["attributes"]),
        record["choice"],
        np.array(record["person"]),
        record["names"],
        record["available"],
        record["weights"],
        record["options"],
    )


OF_MODELS: dict[str, Reader] = {
    **READERS,
    "ChoiceData": lambda _, record: choices_of_record(record),
    "Convergence": lambda _, record: Convergence(
        tuple(map(float, record["log_likelihoods"])),
        int(record.get("n_rounds", record.get("rounds"))),
        float(record["gradient"]),
    ),
}


def model_of_record(kind: type[T], record: dict[str, Any], **own: Any) -> T:
    """A model of the fields that `plain` wrote; `own` are those that were kept in another way.

    Files of old call rounds by no number.
    """
    record = {"n_rounds": record.get("rounds"), **record}
    model: Any = of_record(kind, record, OF_MODELS, **own)
    size = len(model.parameter_names)
    squares = {name: getattr(model, name) for name in SQUARE if record.get(name) is not None}
    refuse_other_shapes({name: (values, (size, size)) for name, values in squares.items()})
    return model

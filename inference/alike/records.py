"""Multinomial and nested logit in files, read back to the bit with the choices they were fitted to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contracts.errors import ProblemError
from contracts.inputs.arrays import finite, number
from contracts.inputs.door import checked
from inference.alike.multinomial import SCHEMA as MULTINOMIAL
from inference.alike.multinomial import MultinomialLogit
from inference.alike.nested import SCHEMA as NESTED
from inference.alike.nested import NestedLogit
from inference.alike.nests import nests_of
from inference.estimation.records import choices_of_record, convergence_of_record, loaded, refuse_other_shapes


@checked
def load_multinomial_logit(path: str | Path) -> MultinomialLogit:
    """Read a model that `MultinomialLogit.save` wrote.

    Raises
    ------
    ProblemError
        If the file is not such a file, or is damaged.
    """
    return loaded(path, MULTINOMIAL, "MultinomialLogit.save", _multinomial)


@checked
def load_nested_logit(path: str | Path) -> NestedLogit:
    """Read a model that `NestedLogit.save` wrote.

    Raises
    ------
    ProblemError
        If the file is not such a file, or is damaged.
    """
    return loaded(path, NESTED, "NestedLogit.save", _nested)


def _multinomial(record: dict[str, Any]) -> MultinomialLogit:
    model = MultinomialLogit(
        choices_of_record(record["data"]),
        finite("coefficients", record["coefficients"]),
        number("log_likelihood", record["log_likelihood"]),
        finite("covariance", record["covariance"]),
        finite("information", record["information"]),
        int(record["rounds"]),
    )
    size = len(model.names)
    refuse_other_shapes(
        {
            "coefficients": (model.coefficients, (size,)),
            "covariance": (model.covariance, (size, size)),
            "information": (model.information, (size, size)),
        }
    )
    return model


def _nested(record: dict[str, Any]) -> NestedLogit:
    data = choices_of_record(record["data"])
    model = NestedLogit(
        data,
        nests_of(record["nests"], data),
        finite("coefficients", record["coefficients"]),
        finite("log_sums", record["log_sums"]),
        number("log_likelihood", record["log_likelihood"]),
        finite("covariance", record["covariance"]),
        finite("information", record["information"]),
        convergence_of_record(record["convergence"]),
    )
    size = len(model.parameter_names)
    refuse_other_shapes(
        {
            "coefficients": (model.coefficients, (len(model.names),)),
            "log_sums": (model.log_sums, (model.nests.n_free,)),
            "covariance": (model.covariance, (size, size)),
            "information": (model.information, (size, size)),
        }
    )
    if (model.log_sums <= 0).any():
        raise ProblemError("a log-sum parameter is not positive: save the model again")
    return model

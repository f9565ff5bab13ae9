"""Multinomial and nested logit in files, read back to the bit with the choices they were fitted to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contracts.errors import ProblemError
from contracts.inputs.door import checked
from inference.alike.multinomial import MultinomialLogit
from inference.alike.nested import NestedLogit
from inference.alike.nests import nests_of
from inference.estimation.records import choices_of_record, model_of_record
from inference.reports.kept import loaded, refuse_other_shapes


@checked
def load_multinomial_logit(path: str | Path) -> MultinomialLogit:
    """Read a model that `MultinomialLogit.save` wrote.

    Raises
    ------
    ProblemError
        If the file is not such a file, or is damaged.
    """
    return loaded(path, MultinomialLogit, _multinomial)


@checked
def load_nested_logit(path: str | Path) -> NestedLogit:
    """Read a model that `NestedLogit.save` wrote.

    Raises
    ------
    ProblemError
        If the file is not such a file, or is damaged.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from inference import ChoiceData, fit_nested_logit
    >>> draws = np.random.default_rng(0)
    >>> offers = draws.normal(size=(60, 3, 1))
    >>> data = ChoiceData(offers, draws.integers(3, size=60), names=["speed"], options=["walk", "bus", "car"])
    >>> nested = fit_nested_logit(data, {"motor": ["bus", "car"]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     str(load_nested_logit(nested.save(f"{folder}/nested.json"))) == str(nested)
    True
    """
    return loaded(path, NestedLogit, _nested)


def _multinomial(record: dict[str, Any]) -> MultinomialLogit:
    model = model_of_record(MultinomialLogit, record)
    refuse_other_shapes({"coefficients": (model.coefficients, (len(model.names),))})
    return model


def _nested(record: dict[str, Any]) -> NestedLogit:
    data = choices_of_record(record["data"])
    model = model_of_record(NestedLogit, record, data=data, nests=nests_of(record["nests"], data))
    refuse_other_shapes(
        {
            "coefficients": (model.coefficients, (len(model.names),)),
            "log_sums": (model.log_sums, (model.nests.n_free,)),
        }
    )
    if (model.log_sums <= 0).any():
        raise ProblemError("a log-sum parameter is not positive: save the model again")
    return model

"""Mixed logit in files, read back to the bit with its choices and draws."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import finite
from contracts.inputs.door import checked
from contracts.inputs.kinds import whole, whole_numbers
from inference.estimation.records import choices_of_record, model_of_record
from inference.reports.kept import loaded, refuse_other_shapes
from inference.tastes.distribution import KINDS
from inference.tastes.layout import Layout
from inference.tastes.mixed_logit import MixedLogit


@checked
def load_mixed_logit(path: str | Path) -> MixedLogit:
    """Read a model that `MixedLogit.save` wrote.

    Raises
    ------
    ProblemError
        If the file is not such a file, or is damaged.

    Examples
    --------
    >>> import tempfile
    >>> from inference import ChoiceData, fit_mixed_logit
    >>> rng = np.random.default_rng(0)
    >>> data = ChoiceData(rng.normal(size=(80, 3, 1)), rng.integers(3, size=80), np.repeat(np.arange(20), 4), ["speed"])
    >>> model = fit_mixed_logit(data, n_draws=16, n_starts=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     again = load_mixed_logit(model.save(f"{folder}/tastes.json"))
    >>> bool((again.individual_means == model.individual_means).all())
    True
    """
    return loaded(path, MixedLogit, _mixed)


def _mixed(record: dict[str, Any]) -> MixedLogit:
    data = choices_of_record(record["data"])
    layout, parameters = _layout(record, data.n_attributes), finite("parameters", record["parameters"])
    varying, drawn = layout.varying, finite("normals", record["normals"])
    n_draws = drawn.shape[1] if drawn.ndim == 3 else 0
    refuse_other_shapes(
        {
            "parameters": (parameters, (layout.n_parameters,)),
            "normals": (drawn, (data.n_people, max(n_draws, 1), len(varying))),
        }
    )
    normals = np.zeros((data.n_people, n_draws, data.n_attributes))
    normals[:, :, varying] = drawn
    model = model_of_record(MixedLogit, record, data=data, tastes=layout.tastes(parameters), normals=normals)
    refuse_other_shapes({"elsewhere": (model.elsewhere, (model.elsewhere.size,))})
    return model


def _layout(record: dict[str, Any], n_attributes: int) -> Layout:
    kinds, price = tuple(map(str, record["kinds"])), record["price"]
    rows, columns = whole_numbers("rows", record["rows"]), whole_numbers("columns", record["columns"])
    if len(kinds) != n_attributes or not set(kinds) <= set(KINDS):
        raise ProblemError(f"kinds are {kinds}; expected one per attribute: save the model again")
    layout = Layout(kinds, None if price is None else whole("price", price), rows, columns)
    if rows.shape != columns.shape or not set(rows.tolist() + columns.tolist()) <= set(layout.varying.tolist()):
        raise ProblemError("rows and columns are not those of a factor of these tastes: save the model again")
    return layout

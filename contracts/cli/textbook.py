"""Problem files that name a textbook model.

[model]                                 # the function of `contracts.models`, and its arguments by name
name = "mussa_rosen"
types = [1.0, 2.0]
weights = [0.75, 0.25]
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from contracts import models
from contracts.agency.records import KINDS as UTILITIES
from contracts.errors import ProblemError
from contracts.inputs.names import check_keys, listed
from contracts.problem.records import KINDS, from_record, part_of_kind
from contracts.problem.screening import ScreeningProblem

HIDDEN_ACTION = "outcome_probabilities"  # the key that only problems of hidden action have
PARTS: dict[str, dict[str, type]] = {"welfare_function": KINDS["function"], "utility": dict(UTILITIES)}


def known_models() -> dict[str, Callable[..., ScreeningProblem]]:
    """The functions of `contracts.models` that state a problem, by name."""
    named = {name: getattr(models, name) for name in models.__all__}
    return {name: model for name, model in named.items() if _returns(model) == ScreeningProblem.__name__}


def modelled(record: dict[str, Any]) -> ScreeningProblem:
    """The problem that the table `model` of a file names.

    Raises
    ------
    ProblemError
        If there is no such model, it has no such argument, lacks one, or refuses what it is given.

    Examples
    --------
    >>> modelled({"model": {"name": "mussa_rosen", "types": [1.0, 2.0]}})
    ScreeningProblem(n_types=2, n_goods=1, cost=Quadratic, domain=NonNegative, objective=Profit, transfers='free')
    """
    table = record["model"]
    if not isinstance(table, dict):
        raise ProblemError(f"model is {table!r}: give a table with a name, [model] and name = {table!r} below it")
    if others := [key for key in record if key != "model"]:
        raise ProblemError(f"the file names a model and holds {listed(others)} as well: put arguments under [model]")
    known = known_models()
    model = known.get(table.get("name", ""))
    if model is None:
        raise ProblemError(f"model.name is {table.get('name')!r}: the models are {', '.join(known)}")
    arguments = {key: _part(key, value) for key, value in table.items() if key != "name"}
    _check_arguments(table["name"], model, arguments)
    return model(**arguments)


def _returns(model: Any) -> str:
    return str(inspect.signature(model).return_annotation)


def _part(key: str, value: Any) -> Any:
    """An argument, which is an object where it comes in kinds."""
    if key not in PARTS or not isinstance(value, dict | str):
        return value
    where = f"model.{key}"
    return from_record(part_of_kind(PARTS[key], value, where), {} if isinstance(value, str) else value, where)


def _check_arguments(name: str, model: Callable[..., Any], arguments: dict[str, Any]) -> None:
    known = inspect.signature(model).parameters
    needed = [key for key, known_one in known.items() if known_one.default is inspect.Parameter.empty]
    check_keys(arguments, known, f"model {name}", needed=needed)

"""Problems of hidden action as plain records, and contracts from files: what is not an input is computed again."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from typing import Any

import numpy as np

from contracts.agency.problem import MoralHazardProblem
from contracts.agency.utility import CARA, CRRA, Log, RiskNeutral, SquareRoot, Utility
from contracts.inputs.names import check_keys, field_names
from contracts.problem.records import part_of_kind, to_record

KINDS: dict[str, type[Utility]] = {
    "risk_neutral": RiskNeutral,
    "log": Log,
    "square_root": SquareRoot,
    "crra": CRRA,
    "cara": CARA,
}


def problem_record(problem: MoralHazardProblem) -> dict[str, Any]:
    """Plain JSON for a problem.

    Examples
    --------
    >>> problem_record(MoralHazardProblem([[1.0]], [2.0], [0.0]))["utility"]
    {'kind': 'risk_neutral'}
    """
    return fields_record(problem)


def problem_from_record(record: Any) -> MoralHazardProblem:
    """The problem that a record describes; refuses unknown keys and kinds by name."""
    return MoralHazardProblem(**fields_from_record(MoralHazardProblem, record))


def fields_record(problem: Any, without: Collection[str] = ()) -> dict[str, Any]:
    """Plain JSON for the fields of a problem with a utility, `without` some of them."""
    kinds = {part: kind for kind, part in KINDS.items()}
    fields = {
        field.name: getattr(problem, field.name) for field in dataclasses.fields(problem) if field.name not in without
    }
    utility: Any = fields.pop("utility")
    own = {field.name: getattr(utility, field.name) for field in dataclasses.fields(utility)}
    record = {name: to_record(value) for name, value in fields.items()}
    return {**record, "utility": {"kind": kinds[type(utility)], **own}}


def fields_from_record(cls: Any, record: Any) -> dict[str, Any]:
    """The fields of a problem with a utility that a record describes; refuses unknown keys and kinds by name."""
    check_keys(record, field_names(cls), "problem")
    given = dict(record)
    utility = given.get("utility", {"kind": "risk_neutral"})
    kind = part_of_kind(KINDS, utility, "utility")
    parameters = {k: v for k, v in utility.items() if k != "kind"} if isinstance(utility, dict) else {}
    check_keys(parameters, field_names(kind), "utility")
    given["utility"] = kind(**parameters)
    wages = given.get("wages")
    if isinstance(wages, list) and len(wages) == 2:
        given["wages"] = tuple(
            np.array(end, dtype=np.float64) if isinstance(end, list) else float(end) for end in wages
        )
    return given

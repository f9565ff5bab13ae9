"""Problems of several agents, and fractions, as plain records."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from contracts.errors import ProblemError
from contracts.inputs.arrays import finite
from contracts.inputs.names import check_keys, field_names
from contracts.mechanisms.checks import is_listed
from contracts.mechanisms.numbers import Rational, whole
from contracts.mechanisms.problem import MechanismProblem
from contracts.problem.records import KINDS, from_record, part_of_kind, to_record
from contracts.problem.rows.linear import LinearConstraint


def problem_record(problem: MechanismProblem) -> dict[str, Any]:
    """Plain JSON for a problem, of what is not left out."""
    fields = {field.name: getattr(problem, field.name) for field in dataclasses.fields(problem)}
    objective = fields["objective"]
    if not isinstance(objective, str):
        objective = {name: to_record(weight) for name, weight in objective.items()}
    record = {name: to_record(value) for name, value in fields.items() if name != "objective"}
    if not problem.constraints:
        del record["constraints"]
    return {**{name: value for name, value in record.items() if value is not None}, "objective": objective,
            "participation": problem.participation}  # fmt: skip


def problem_from_record(record: Any) -> MechanismProblem:
    """The problem that a record describes; refuses unknown keys by name."""
    check_keys(record, field_names(MechanismProblem), "problem", needed=("values",))
    given = dict(record)
    if given.get("participation") == "none":  # TOML has no null
        given["participation"] = None
    rows = given.get("constraints", [])
    given["constraints"] = [
        from_record(LinearConstraint, row, f"constraints[{k}]")
        for k, row in enumerate(rows if isinstance(rows, list) else [rows])
    ]
    if isinstance(given.get("ambiguity"), dict | str):
        told = given["ambiguity"]
        kind: type[Any] = part_of_kind(KINDS["ambiguity"], told, "ambiguity")
        given["ambiguity"] = from_record(kind, {} if isinstance(told, str) else told, "ambiguity")
    labels = given.get("labels")
    if isinstance(labels, list) and all(part is None for part in labels):
        del given["labels"]
    return MechanismProblem(**given)


def plain_record(problem: Any) -> dict[str, Any]:
    """Plain JSON for the fields of a problem that are not left out, as files have them."""
    fields = {field.name: getattr(problem, field.name) for field in dataclasses.fields(problem)}
    fields["probabilities"] = _plain_chances(fields["probabilities"])
    objective = fields.pop("objective")
    return {name: to_record(value) for name, value in fields.items() if value is not None} | {"objective": objective}


def _plain_chances(given: Any) -> Any:
    """Chances, or a list of them per bidder, as floats."""
    if given is None:
        return None
    if any(is_listed(part) for part in given):
        return [_plain_chances(part) for part in given]
    return finite("probabilities", given)


def written(numbers: Rational) -> dict[str, Any]:
    """Plain JSON; whole numbers of any length are text."""
    return {"numerators": [str(one) for one in numbers.numerators.ravel().tolist()], "denominator": str(numbers.unit)}


def read_rational(record: dict[str, Any], shape: tuple[int, ...]) -> Rational:
    """The inverse, as a table of a shape."""
    numerators = [int(one) for one in record["numerators"]]
    unit = int(record["denominator"])
    if len(numerators) != math.prod(shape) or unit <= 0:
        raise ProblemError(f"the file has {len(numerators)} fractions for a table of {shape}: save the mechanism again")
    return Rational(whole(numerators, shape), unit)

"""What models ask of their arguments, in the models' own words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, distribution, finite, place
from contracts.inputs.names import check_same_names, given_names, row_names, type_names
from contracts.problem.checks import WEIGHTS_SUM_TOLERANCE
from contracts.problem.reading import TAKEN, Reading
from contracts.problem.screening import ScreeningProblem


def in_words(problem: ScreeningProblem, noun: str, money: str) -> ScreeningProblem:
    """The problem with columns named after its goods, or numbered by what they are, and after what is paid."""
    given, count = given_names(problem.goods), problem.n_goods
    names = [noun if count == 1 else f"{noun} {k}" for k in range(count)]
    if given is not None:
        names = [f"{noun} {name}" if name in (*TAKEN, money) else str(name) for name in given]
    goods = tuple(Reading(name, good=k) for k, name in enumerate(names))
    return replace(problem, readings=(*goods, Reading(money, per_transfer=1.0)))


def one_each(name: str, values: Any, labels: Any) -> Array:
    """One number per type; (n_types,)."""
    array = finite(name, values, names_for(values, labels))
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1 or array.size == 0:
        raise ProblemError(
            f"{name} has shape {array.shape}; expected one number per type, (n_types,); "
            "for types with several dimensions use multiproduct"
        )
    return array


def names_for(values: Any, labels: Any) -> Any:
    """What messages call the types: the labels given, or those of their index."""
    return type_names(values) if labels is None else labels


def labels_for(name: str, values: Any, weights: Any, labels: Any) -> Any:
    """Labels of types that are not handed on as they are: those given, or their index, which weights must share."""
    remedy = f"pass weights.reindex({name}.index)"
    check_same_names("weights", row_names(weights), name, row_names(values), remedy)
    return names_for(values, labels)


def table_of(name: str, values: Any, columns: str, labels: Any, *, instead: str) -> Array:
    """One row per type."""
    array = finite(name, values, names_for(values, labels))
    if array.ndim != 2 or array.size == 0:
        raise ProblemError(f"{name} has shape {array.shape}; expected (n_types, n_{columns}); {instead}")
    return array


def not_negative(name: str, values: Array, labels: Any) -> Array:
    """The values, none of them below nothing."""
    lowest = int(np.argmin(values))
    if values[lowest] < 0:
        raise ProblemError(
            f"{name}{place((lowest,), labels)} is {values[lowest]}: it must not be negative; check its sign, or state "
            "the problem as a ScreeningProblem if it is meant"
        )
    return values


def shares_of(name: str, given: Any, count: int, noun: str) -> Array:
    """Positive shares of so many things, which sum to 1; equal ones if left out."""
    if given is None:
        return np.full(count, 1.0 / count)
    shares = finite(name, given).reshape(-1)
    if len(shares) != count:
        raise ProblemError(f"{name} has {len(shares)} entries for {count} {noun}s: give one each")
    lowest = int(np.argmin(shares))
    if shares[lowest] <= 0:
        raise ProblemError(
            f"{name}[{lowest}] is {shares[lowest]}: every {noun} needs a positive share; leave out "
            "those that do not occur"
        )
    if abs(shares.sum() - 1.0) > WEIGHTS_SUM_TOLERANCE:
        raise ProblemError(f"{name} sums to {shares.sum():.10g}, not 1: divide it by its sum")
    return distribution(shares)


def positive(name: str, value: Any) -> float:
    """The value, above nothing."""
    number = finite(name, value)
    if number.ndim or not number > 0:
        raise ProblemError(f"{name} is {value}: give one positive number")
    return float(number)

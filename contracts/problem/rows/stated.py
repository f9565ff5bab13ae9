"""What a row says in its problem: its coefficients, what a menu holds of it, what its limit is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import singledispatch
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, Indices
from contracts.inputs.names import given_names
from contracts.problem.mimicry import type_numbers
from contracts.problem.rows.linear import LinearConstraint
from contracts.problem.rows.named import Budget, Capacity, Coverage, EqualAccess, RentInequality, Row

LISTED = 6  # goods that a message names


class Taken(NamedTuple):
    """What each type has with a menu."""

    allocation: Array  # (n_types, n_goods)
    utility: Array  # (n_types,)
    transfer: Array  # (n_types,)
    serving: Array  # (n_types,)


# ---- the coefficients ----


@singledispatch
def linear_rows(row: Any, problem: Any) -> tuple[LinearConstraint, ...]:
    """The rows of coefficients that a row of a problem is; a LinearConstraint is its own."""
    raise TypeError(f"{type(row).__name__} is no row")


@linear_rows.register
def _(row: LinearConstraint, problem: Any) -> tuple[LinearConstraint, ...]:
    return (row,)


@linear_rows.register
def _(row: Capacity, problem: Any) -> tuple[LinearConstraint, ...]:
    used = _on_goods(row, row.n_agents * problem.weights, problem)
    return (LinearConstraint(allocation=used, upper=row.upper, name=title(row, problem)),)


@linear_rows.register
def _(row: Budget, problem: Any) -> tuple[LinearConstraint, ...]:
    paid = row.n_agents * problem.weights
    return (LinearConstraint(transfer=paid, lower=row.lower, name=title(row, problem)),)


@linear_rows.register
def _(row: Coverage, problem: Any) -> tuple[LinearConstraint, ...]:
    everybody = problem.weights
    mean = everybody if row.types is None else _mean(_numbers(row, "types", row.types, problem), problem)
    return (LinearConstraint(**_access(row, mean, problem), lower=row.lower, name=title(row, problem)),)


@linear_rows.register
def _(row: EqualAccess, problem: Any) -> tuple[LinearConstraint, ...]:
    means, most = _means(row, problem), row.tolerance
    return tuple(
        LinearConstraint(
            **_access(row, means[one] - means[other], problem), lower=-most, upper=most, name=title(row, problem)
        )
        for one, other in _pairs(len(means), most)
    )


@linear_rows.register
def _(row: RentInequality, problem: Any) -> tuple[LinearConstraint, ...]:
    means, most = _means(row, problem), row.upper
    reserved = means @ _counted_reservation(row, problem)
    return tuple(
        LinearConstraint(
            utility=means[one] - means[other],
            lower=reserved[one] - reserved[other] - most,
            upper=reserved[one] - reserved[other] + most,
            name=title(row, problem),
        )
        for one, other in _pairs(len(means), most)
    )


def _pairs(count: int, most: float) -> list[tuple[int, int]]:
    """Which groups a row compares: all pairs, but each with the first where all must be equal."""
    return [(0, other) for other in range(1, count)] if most == 0 else list(combinations(range(count), 2))


def _access(row: Any, coefficients: Array, problem: Any) -> dict[str, Any]:
    """Coefficients, one per type, of what the row counts as access."""
    if row.of == "serving":
        return {"serving": coefficients}
    return {"allocation": _on_goods(row, coefficients, problem)}


def _on_goods(row: Any, coefficients: Array, problem: Any) -> Array:
    """Coefficients on the allocation, (n_types, n_goods): those of the types, on the goods of the row."""
    counted = np.zeros((problem.n_types, problem.n_goods))
    counted[:, _goods(row, problem)] = coefficients[:, np.newaxis]
    return counted


def _goods(row: Any, problem: Any) -> Indices:
    if row.good is None:
        if problem.n_goods == 1:
            return np.zeros(1, dtype=np.intp)
        named = ", ".join(map(repr, problem.goods[:LISTED])) + (", ..." if problem.n_goods > LISTED else "")
        raise ProblemError(f"{title(row, problem)} names no good: give good= one of {named}, or a list of them")
    chosen = row.good if isinstance(row.good, tuple) else (row.good,)
    position = {name: k for k, name in enumerate(problem.goods)}
    for good in chosen:
        if (good not in position) if isinstance(good, str) else not 0 <= good < problem.n_goods:
            named = ", ".join(map(repr, problem.goods[:LISTED])) + (", ..." if problem.n_goods > LISTED else "")
            raise ProblemError(
                f"{title(row, problem)} is of good {good!r}: the goods are {named}, or 0 to {problem.n_goods - 1}"
            )
    found = [position[good] if isinstance(good, str) else good for good in chosen]
    if len(set(found)) < len(found):
        raise ProblemError(f"{title(row, problem)} names a good twice: leave one out")
    return np.array(found, dtype=np.intp)


def _numbers(row: Any, field: str, types: Sequence[str | int], problem: Any) -> Indices:
    """The types that a field of a row names, each of them once."""
    where = f"{field} of {title(row, problem)}"
    found = type_numbers(where, list(types), problem.labels, len(types))
    if len(np.unique(found)) < len(found):
        raise ProblemError(f"{where} names a type twice: leave one out")
    return found


def _mean(types: Indices, problem: Any) -> Array:
    """Coefficients of the average over some types; (n_types,)."""
    mean = np.zeros(problem.n_types)
    mean[types] = problem.weights[types] / problem.weights[types].sum()
    return mean


def _means(row: EqualAccess | RentInequality, problem: Any) -> Array:
    """Coefficients of the averages over the groups; (n_groups, n_types)."""
    groups = [_numbers(row, f"between[{k}]", group, problem) for k, group in enumerate(row.between)]
    if len(np.unique(np.concatenate(groups))) < sum(map(len, groups)):
        raise ProblemError(f"{title(row, problem)} has a type in two groups: leave it out of one")
    return np.array([_mean(group, problem) for group in groups])


def _counted_reservation(row: RentInequality, problem: Any) -> Array:
    """What is taken off utilities before they are compared; (n_types,)."""
    if row.of == "utility":
        return np.zeros(problem.n_types)
    if not problem.has_participation_constraint:
        raise ProblemError(
            f"{title(row, problem)} compares rents, but nobody has a reservation utility: compare of='utility'"
        )
    return np.asarray(problem.reservation_utility)


# ---- what a menu makes of it ----


def title(row: Any, problem: Any) -> str:
    """What tables and messages call a row."""
    if row.name is not None:
        return str(row.name)
    words = {Capacity: "capacity", Budget: "budget", Coverage: "coverage", EqualAccess: "equal access"}
    noun = words.get(type(row), "rent inequality")
    good = getattr(row, "good", None)
    if good is None or problem.n_goods == 1:
        return noun
    several = good if isinstance(good, tuple) else (good,)
    names = given_names(problem.goods)
    known = [str(k) if names is None or isinstance(k, str) or not 0 <= k < len(names) else names[k] for k in several]
    return f"{noun} of {' and '.join(known)}"


def limits(row: Any) -> tuple[float | None, float | None]:
    """The least and the most that a row allows of what it counts."""
    if isinstance(row, EqualAccess):
        return None, row.tolerance
    return getattr(row, "lower", None), getattr(row, "upper", None)


def held(row: Any, problem: Any, taken: Taken) -> tuple[float, float]:
    """What a menu has of what a row counts, an amount or the largest difference; and the size of its terms."""
    if isinstance(row, EqualAccess):
        access = taken.serving if row.of == "serving" else taken.allocation[:, _goods(row, problem)].sum(axis=1)
        return _range(_means(row, problem), access)
    if isinstance(row, RentInequality):
        return _range(_means(row, problem), taken.utility - _counted_reservation(row, problem))
    (linear,) = linear_rows(row, problem)
    parts = ((getattr(linear, field), getattr(taken, field)) for field in Taken._fields)
    terms = [counts.reshape(amounts.shape) * amounts for counts, amounts in parts if counts is not None]
    return float(sum(part.sum() for part in terms)), float(sum(np.abs(part).sum() for part in terms))


def _range(means: Array, amounts: Array) -> tuple[float, float]:
    return float(np.ptp(means @ amounts)), float(np.abs(means @ np.abs(amounts)).max())


def shadow_price(row: Any, net: Array) -> float:
    """What raising the limit of a row by one unit is worth.

    Parameters
    ----------
    net : (n_linear_rows,) prices of the upper limits less those of the lower ones

    Averages of k groups that differ by at most a limit lie in an interval of that length. If it grows by one, those
    whose averages have a positive price can all rise by one, against the others: the sum of the positive prices.
    """
    if isinstance(row, EqualAccess | RentInequality):
        most = row.tolerance if isinstance(row, EqualAccess) else row.upper
        of_group = np.zeros(len(row.between))
        for (one, other), price in zip(_pairs(len(row.between), most), net, strict=True):
            of_group[one] += price
            of_group[other] -= price
        return float(np.maximum(of_group, 0.0).sum())
    return float(net[0])


# ---- without some types ----


def of_types(row: Row, whole: Any, gone: Indices, kept: Indices) -> Row:
    """The row of a problem without types of weight zero."""
    if isinstance(row, LinearConstraint):
        return _without_coefficients(row, whole, gone, kept)
    if isinstance(row, Coverage) and row.types is not None:
        return replace(row, types=_who_stay(row, "types", row.types, whole, gone))
    if isinstance(row, EqualAccess | RentInequality):
        groups = enumerate(row.between)
        return replace(row, between=[_who_stay(row, f"between[{k}]", group, whole, gone) for k, group in groups])
    return row


def _who_stay(row: Row, field: str, types: Sequence[str | int], whole: Any, gone: Indices) -> list[str]:
    """The labels of the types of a group that stay: those of weight zero count for nothing in its average."""
    numbers = _numbers(row, field, types, whole)
    stay = [whole.labels[who] for who in numbers if who not in gone]
    if not stay:
        raise ProblemError(
            f"{title(row, whole)} counts type {whole.labels[numbers[0]]!r}, whose weight is zero: give it a small "
            "weight, or leave the row out"
        )
    return stay


def _without_coefficients(row: LinearConstraint, whole: Any, gone: Indices, kept: Indices) -> LinearConstraint:
    found = {}
    for field in Taken._fields:
        given = getattr(row, field)
        if given is None:
            continue
        for who in gone:
            if np.any(given[who]):
                raise ProblemError(
                    f"{row.name} counts type {whole.labels[who]!r}, whose weight is zero: give it a small weight, or "
                    f"set its {field} in the row to zero"
                )
        found[field] = given[kept]
    return replace(row, **found)

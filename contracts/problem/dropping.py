"""What does not occur: types of weight zero, left out on request and by name, and what goods that nobody has are worth.

Everything that is known by type goes with a type that is left out.
"""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, Indices, finite
from contracts.inputs.door import checked
from contracts.inputs.names import check_same_names, given_names, row_names
from contracts.problem.checks import Transfers
from contracts.problem.costs import Linear, rows_of
from contracts.problem.domains import extent_of
from contracts.problem.rows import of_types
from contracts.problem.screening import ScreeningProblem

BY_TYPE = {  # fields of parts that may hold one row per type, and how many dimensions they then have
    "weights": (1,),
    "allocation_values": (2,),
    "utility_weights": (1,),
    "welfare_weights": (1,),
    "widths": (2,),
    "factors": (1, 3),
    "sd": (2,),
}


class Kept(NamedTuple):
    """A problem of the types that occur, and the labels of those that do not."""

    problem: ScreeningProblem
    dropped: tuple[str, ...]


@checked
def without_zero_weights(valuations: Any, weights: Any, **fields: Any) -> Kept:
    """The problem without the types of weight zero, and the labels of these.

    Parameters
    ----------
    valuations, weights : as of ScreeningProblem, but weights may be zero
    fields : the other arguments of ScreeningProblem, for all types; numbered types keep their numbers as labels

    Raises
    ------
    ProblemError
        If anything does not fit, if a side constraint counts a type that is dropped, or if ambiguity about the weights
        might give it weight.

    Examples
    --------
    >>> problem, dropped = without_zero_weights([1.0, 2.0, 3.0], [0.5, 0.0, 0.5], labels=("low", "middle", "high"))
    >>> problem.valuations.ravel(), dropped
    (array([1., 3.]), ('middle',))
    """
    shares = finite("weights", weights).reshape(-1)
    whole = ScreeningProblem(valuations, **fields)
    rows = row_names(valuations)
    whose, order = ("labels", "labels") if rows is None else ("valuations", "valuations.index")
    known = given_names(whole.labels) if rows is None else rows
    remedy = f"pass weights.reindex({order})"
    check_same_names("weights", row_names(weights), whose, known, remedy, may_differ=rows is None)
    if len(shares) != whole.n_types or np.any(shares < 0) or not np.any(shares > 0):  # the problem has the words for it
        return Kept(dataclasses.replace(whole, weights=weights), ())
    gone, kept = np.flatnonzero(shares == 0), np.flatnonzero(shares > 0)
    dropped = tuple(whole.labels[who] for who in gone)
    if not dropped:
        return Kept(dataclasses.replace(whole, weights=shares), ())
    if whole.ambiguity is not None:
        raise ProblemError(
            f"ambiguity might give weight to type {dropped[0]!r}, whose weight is zero: give it a small weight, or "
            "leave ambiguity out"
        )
    by_hand = whole.outside_option is not None  # whose worth is the reservation utility
    return Kept(
        dataclasses.replace(  # what is not named here does not depend on the types
            whole,
            valuations=whole.valuations[kept],
            weights=shares[kept],
            cost=rows_of(whole.cost, kept),
            principal_values=whole.principal_values[kept],
            reservation_utility=0.0 if by_hand else whole.reservation_utility[kept],
            transfers=_limits_of_types(whole, kept),
            objective=_of_types(whole.objective, kept),
            constraints=[of_types(row, whole, gone, kept) for row in whole.constraints],
            uncertainty=None if whole.uncertainty is None else _of_types(whole.uncertainty, kept),
            labels=[whole.labels[who] for who in kept],
            mimics=None if whole.mimics is None else whole.mimics[np.ix_(kept, kept)],
        ),
        dropped,
    )


def _of_types(part: Any, kept: Indices) -> Any:
    """A part of a problem with the rows of these types."""
    found: dict[str, Array] = {}
    for field in dataclasses.fields(part):
        value = getattr(part, field.name)
        if isinstance(value, np.ndarray) and value.ndim in BY_TYPE.get(field.name, ()):
            found[field.name] = value[kept]
    return dataclasses.replace(part, **found)


def _limits_of_types(whole: ScreeningProblem, kept: Indices) -> Transfers:
    if isinstance(whole.transfers, str):
        return whole.transfers
    lowest, highest = (end if np.ndim(end) == 0 else np.asarray(end)[kept] for end in whole.transfers)
    return (lowest, highest)


def without_idle_goods(problem: ScreeningProblem) -> ScreeningProblem | None:
    """The problem in which goods that nobody can be given are worth nothing; None if there are none that would be.

    What they would be worth is no taste: types who differ in nothing else are twins, and have to be treated so. Under
    ambiguity valuations may say which distributions there are, and stay.

    Examples
    --------
    >>> from contracts.problem.domains import Box
    >>> nobody_flies = ScreeningProblem([[1.0, 2.0], [1.0, 3.0]], domain=Box([0.0, 0.0], [1.0, 0.0]))
    >>> without_idle_goods(nobody_flies).valuations
    array([[1., 0.],
           [1., 0.]])
    """
    lowest, highest = extent_of(problem.domain, problem.n_goods)
    varies = (lowest != 0) | (highest != 0)
    if varies.all() or problem.ambiguity is not None:
        return None
    fields: dict[str, Any] = {name: getattr(problem, name) * varies for name in ("valuations", "principal_values")}
    if all(np.array_equal(value, getattr(problem, name)) for name, value in fields.items()):
        return None
    if not varies.any() and not problem.costs_of(np.zeros((1, problem.n_goods))).any():
        fields["cost"] = Linear(0.0)  # nothing costs nothing
    return dataclasses.replace(problem, **fields)

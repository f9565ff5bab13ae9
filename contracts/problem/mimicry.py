"""Who can mimic whom: the contracts that a type may take, where groups are observed or claims need evidence.

The relation M is a truth mask, M[i, j] = type i can take the contract meant for type j. None stands for everybody. IC
has a row for every other pair of M and no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, Indices, Mask, is_frame
from contracts.inputs.door import checked
from contracts.inputs.names import check_same_names, column_names, missing, row_names

REMEDY = (
    "give an (n_types, n_types) mask of true and false, [i, j] for type i who can take the contract of type j, or a "
    "list of such pairs (i, j)"
)
LISTED = 6  # labels that a message names


@checked
def same_group(groups: Any) -> Mask:
    """Everybody can mimic those of the own observable group: the mask for `mimics`, (n_types, n_types).

    Parameters
    ----------
    groups : (n_types,) names or numbers, the group that each type is seen to belong to

    Raises
    ------
    ProblemError
        If there are no groups, or one of them is missing.

    Examples
    --------
    Students show a card, so nobody else can take what is meant for them, and they are not offered what others are:

    >>> same_group(["student", "student", "regular"])
    array([[ True,  True, False],
           [ True,  True, False],
           [False, False,  True]])
    """
    if isinstance(groups, str) or not hasattr(groups, "__len__"):
        raise ProblemError(f"groups is {groups!r}: give a list with one group per type")
    names = np.asarray(groups, dtype=object) if not isinstance(groups, list | tuple) else _objects(groups)
    if names.ndim != 1 or not len(names):
        raise ProblemError(f"groups has shape {names.shape}; expected one group per type")
    for who in np.flatnonzero(missing(names))[:1]:
        raise ProblemError(f"groups[{who}] is missing: give every type a group")
    number: dict[Any, int] = {}
    try:
        member = np.array([number.setdefault(name, len(number)) for name in names.tolist()])
    except TypeError as exc:
        raise ProblemError(f"groups holds what is no name ({exc}): give text or numbers") from exc
    return np.asarray(member[:, np.newaxis] == member)


def _objects(entries: Sequence[Any]) -> NDArray[np.object_]:
    array = np.empty(len(entries), dtype=object)
    array[:] = entries
    return array


# ---- at the door ----


def checked_mimics(given: Any, labels: Sequence[str]) -> Mask | None:
    """The relation as a mask with a true diagonal; None where everybody can mimic everybody.

    Parameters
    ----------
    given : (n_types, n_types) truth mask (or of 0 and 1), or pairs (i, j) by number or label; None for all pairs

    Raises
    ------
    ProblemError
        If it is neither, or could be both.

    Examples
    --------
    >>> checked_mimics([("high", "low")], ("low", "high"))
    array([[ True, False],
           [ True,  True]])
    """
    if given is None:
        return None
    mask = _mask_of(given, labels) | np.eye(len(labels), dtype=bool)
    return None if mask.all() else mask


def _mask_of(given: Any, labels: Sequence[str]) -> Mask:
    count = len(labels)
    if is_frame(given):
        for names, end in ((row_names(given), "rows"), (column_names(given), "columns")):
            check_same_names("mimics", names, "labels", labels, f"put its {end} into the order of labels")
        given = given.to_numpy()
    if isinstance(given, np.ndarray) and given.dtype == np.bool_:
        if given.shape != (count, count):
            raise ProblemError(f"mimics has shape {given.shape}; expected {(count, count)}: {REMEDY}")
        return given
    listed = isinstance(given, Sequence | set | frozenset) or (isinstance(given, np.ndarray) and given.ndim > 0)
    if isinstance(given, str | bytes) or not listed:
        raise ProblemError(f"mimics is {given if isinstance(given, str) else type(given).__name__!r}: {REMEDY}")
    rows = [_row(row) for row in given]
    is_mask = len(rows) == count and all(len(row) == count and all(map(_is_truth, row)) for row in rows)
    is_pairs = all(len(row) == 2 and not any(isinstance(who, bool) for who in row) for row in rows)
    if is_mask and is_pairs and rows:  # two types, and numbers
        as_mask, as_pairs = np.array(rows, dtype=bool), _of_pairs(rows, labels)
        if np.any((as_mask | np.eye(2, dtype=bool)) != as_pairs):
            raise ProblemError(
                f"mimics is {rows}, which with two types may be a mask or a list of pairs: write true and false, or "
                "pairs of labels"
            )
        return as_pairs
    if is_mask and rows:
        return np.array(rows, dtype=bool)
    if is_pairs:
        return _of_pairs(rows, labels)
    raise ProblemError(f"mimics is {_fault(rows, count)}: {REMEDY}")


def _row(row: Any) -> list[Any]:
    """A row of a mask, or a pair, as a list of Python's own values."""
    if isinstance(row, str) or not isinstance(row, Sequence | np.ndarray):
        raise ProblemError(f"mimics holds {row!r}, which is neither a row of a mask nor a pair: {REMEDY}")
    return [entry.item() if isinstance(entry, np.generic) else entry for entry in row]


def _is_truth(entry: Any) -> bool:
    return isinstance(entry, bool | int | float) and entry in (0, 1)


def _fault(rows: list[list[Any]], count: int) -> str:
    """What is wrong with something that is neither a mask nor a list of pairs, in words."""
    if len(rows) == count and all(len(row) == count for row in rows):
        for i, row in enumerate(rows):
            for j, entry in enumerate(row):
                if not _is_truth(entry):
                    return f"{entry!r} in row {i}, column {j}"
    odd = next((row for row in rows if len(row) not in (2, count)), rows[0])
    return f"{len(rows)} rows for {count} types, one of them with {len(odd)} entries"


def _of_pairs(pairs: list[list[Any]], labels: Sequence[str]) -> Mask:
    mask = np.eye(len(labels), dtype=bool)
    number = _positions(labels) if any(isinstance(who, str) for pair in pairs for who in pair) else {}
    for k, (who, whom) in enumerate(pairs):
        mask[_type(who, k, labels, number), _type(whom, k, labels, number)] = True
    return mask


def type_numbers(name: str, given: Any, labels: Sequence[str], count: int) -> Indices:
    """The types that numbers or labels name, one for all agents or one each; (count,)."""
    alone = isinstance(given, str) or not hasattr(given, "__len__")
    entries = [given] if alone else np.asarray(given, dtype=object).ravel().tolist()
    if not alone and len(entries) != count:
        raise ProblemError(f"{name} has {len(entries)} entries for {count} agents: give one type, or one per agent")
    number = _positions(labels) if any(isinstance(entry, str) for entry in entries) else {}
    found = np.array([_numbered(name, entry, labels, number) for entry in entries], dtype=np.intp)
    return np.broadcast_to(found, count)


def _positions(labels: Sequence[str]) -> dict[str, int]:
    return {label: k for k, label in enumerate(labels)}


def _type(given: Any, pair: int, labels: Sequence[str], number: dict[str, int]) -> int:
    return _numbered(f"mimics, pair {pair},", given, labels, number)


def _numbered(name: str, given: Any, labels: Sequence[str], number: dict[str, int]) -> int:
    if isinstance(given, str):
        if given not in number:
            known = ", ".join(map(repr, labels[:LISTED])) + (", ..." if len(labels) > LISTED else "")
            raise ProblemError(f"{name} names type {given!r}: the types are {known}")
        return number[given]
    is_whole = isinstance(given, int | np.integer) and not isinstance(given, bool)
    if not is_whole or not 0 <= given < len(labels):
        raise ProblemError(f"{name} names type {given!r}: give a label, or a number from 0 to {len(labels) - 1}")
    return int(given)


# ---- what follows from it ----


def tempting_pairs(mimics: Mask | None, n_types: int) -> tuple[Indices, Indices]:
    """Types (i, j), i != j, such that i can take the contract of j: the rows of IC; (n_pairs,) both."""
    others = ~np.eye(n_types, dtype=bool)
    tempted, tempter = np.nonzero(others if mimics is None else others & mimics)
    return tempted, tempter


def access_classes(mimics: Mask) -> Indices:
    """Number of the class of each type, (n_types,): types of one class mimic, and are mimicked by, the same ones.

    They can mimic one another, and a contract may as well be meant for all of them.
    """
    return np.unique(np.hstack([mimics, mimics.T]), axis=0, return_inverse=True)[1].reshape(-1)


def accessible(mimics: Mask, taken: Indices, n_options: int) -> Mask:
    """Which options are meant for somebody whom the type can mimic; (n_types, n_options).

    Parameters
    ----------
    taken : (n_types,) option that each type is meant to take

    Examples
    --------
    >>> accessible(np.eye(2, dtype=bool), np.array([0, 2]), 3)
    array([[ True, False, False],
           [False, False,  True]])
    """
    order = np.argsort(taken, kind="stable")
    used, starts = np.unique(taken[order], return_index=True)
    access = np.zeros((len(mimics), n_options), dtype=bool)
    access[:, used] = np.logical_or.reduceat(mimics[:, order], starts, axis=1)
    return access


def moved_within_reach(mimics: Mask, givers: Indices, room: Array, short: Indices, need: Array) -> Array:
    """What each giver moves to each type that is short, through types who can mimic; (n_givers, n_short).

    Types that few can feed are served first. Less than the need where there is not enough.
    """
    open_to = mimics[np.ix_(givers, short)]
    moved, left = np.zeros(open_to.shape), room.copy()
    for k in np.argsort(open_to.sum(axis=0), kind="stable"):
        end = np.minimum(np.cumsum(np.where(open_to[:, k], left, 0.0)), need[k])
        moved[:, k] = np.diff(end, prepend=0.0)
        left = np.maximum(left - moved[:, k], 0.0)
    return moved

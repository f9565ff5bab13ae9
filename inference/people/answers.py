"""Answers of people on items, with gaps, and the groups that they say they belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, eager, is_frame
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Count
from contracts.inputs.names import column_names, distinct_names, listed, missing, one_name_each

Indices = NDArray[np.intp]
UNKNOWN = -1  # number of a group that somebody did not tell
FEWEST_ANSWERS = 4  # of a person: two to choose by, and two to be judged by


@checked(own=("answers", "items", "groups"))
@dataclass(frozen=True, eq=False, repr=False)
class SurveyAnswers:
    """What people said about items, in numbers, with the groups that they declared.

    Parameters
    ----------
    answers : (n_people, n_items) array or frame, at least four answers a person: how much each wants of each item, such
        as 1 too little is spent on it, 0 about right, -1 too much; or 1 agree, 0 pass, -1 disagree. NaN where missing
    items : n_items names; the frame's columns, or numbers, if left out
    groups : {"party": (n_people,) labels, ...}, what people say they are; None or NaN where somebody does not

    Raises
    ------
    ProblemError
        If an answer is no finite number or missing, somebody answered less than four items or nobody answered an item,
        or labels are not one a person.

    Examples
    --------
    >>> import numpy as np
    >>> said = [[1, 0, -1, 1], [0, 0, -1, 1], [-1, 1, 1, 0], [-1, 0, 1, -1], [-1, 0, 1, 0]]
    >>> survey = SurveyAnswers(said, items=("a", "b", "c", "d"), groups={"side": ["left"] * 2 + ["right"] * 3})
    >>> survey
    SurveyAnswers: 5 people, 4 items, 100.0% answered; side (left 2, right 3)
    >>> round(survey.explained_by("side"), 2)
    0.79
    """

    answers: Any
    items: Any = None
    groups: Any = None

    def __post_init__(self) -> None:
        values = _floats(self.answers)
        named = distinct_names("items", column_names(self.answers) if self.items is None else self.items, "item")
        items = tuple(one_name_each("items", named, values.shape[1], "item"))
        object.__setattr__(self, "items", items)
        object.__setattr__(self, "answers", values)
        asked = (~np.isnan(values)).sum(axis=1)
        few = int((asked < FEWEST_ANSWERS).sum())
        if few:
            raise ProblemError(
                f"person {int(asked.argmin())} answered {int(asked.min())} items, and {few} people less than "
                f"{FEWEST_ANSWERS}: leave them out"
            )
        unanswered = np.isnan(values).all(axis=0)
        if unanswered.any():
            raise ProblemError(f"nobody answered {items[int(unanswered.argmax())]!r}: leave the item out")
        object.__setattr__(self, "groups", _declared(self.groups, len(values)))

    @property
    def n_people(self) -> int:
        """How many people."""
        return len(self.answers)

    @property
    def n_items(self) -> int:
        """How many items."""
        return int(self.answers.shape[1])

    def group(self, name: str) -> tuple[tuple[str, ...], Indices]:
        """Names of the groups that people declared, sorted, and (n_people,) the number of everybody's; -1 if unknown.

        Raises
        ------
        ProblemError
            If nobody was asked.
        """
        if name not in self.groups:
            known = listed(self.groups) or "none"
            raise ProblemError(f"there are no groups {name!r}: these are declared: {known}")
        labels = self.groups[name]
        names = tuple(sorted({label for label in labels if label is not None}))
        number = {label: k for k, label in enumerate(names)} | {None: UNKNOWN}
        return names, np.array([number[label] for label in labels], dtype=np.intp)

    def of_people(self, chosen: Any) -> SurveyAnswers:
        """The answers of some people: (n_people,) of True and False, or their numbers.

        Raises
        ------
        ProblemError
            If there are no such people.
        """
        rows = self._rows(chosen)
        groups = {name: [labels[k] for k in rows] for name, labels in self.groups.items()}
        return SurveyAnswers(self.answers[rows], self.items, groups)

    def answered_by_at_least(self, n_people: Count) -> SurveyAnswers:
        """Only items that so many people answered, and who still answered four of them."""
        known = ~np.isnan(self.answers)
        items = known.sum(axis=0) >= n_people
        people = known[:, items].sum(axis=1) >= FEWEST_ANSWERS
        if not people.any():
            raise ProblemError(f"no {FEWEST_ANSWERS} items have {n_people} answers: ask for fewer")
        groups = {name: [labels[k] for k in np.flatnonzero(people)] for name, labels in self.groups.items()}
        names = [item for item, kept in zip(self.items, items, strict=True) if kept]
        return SurveyAnswers(self.answers[people][:, items], names, groups)

    def explained_by(self, name: str, *, balanced: bool = False) -> float:
        """Share of the variance of answers that lies between groups, corrected for their number.

        One less the ratio of mean squares within groups and in all (epsilon squared, Kelley 1935), pooled over items:
        0 on average where groups mean nothing, whatever their number.

        Parameters
        ----------
        balanced : whether to leave out how much everybody wants of everything, the person's own mean
        """
        names, group = self.group(name)
        told = group != UNKNOWN
        values = self.answers[told]
        if balanced:
            values = values - np.nanmean(values, axis=1, keepdims=True)
        return variance_explained(values, group[told], len(names))

    def _rows(self, chosen: Any) -> Indices:
        try:
            rows = np.atleast_1d(np.arange(self.n_people)[np.asarray(chosen)])
        except (TypeError, ValueError, IndexError, OverflowError) as exc:
            raise ProblemError(
                f"chosen picks nobody ({exc}): give True or False for each of {self.n_people} people, or their numbers"
            ) from exc
        if rows.ndim != 1 or rows.size == 0:
            raise ProblemError(f"chosen picks {rows.size} people: give True or False for each, or their numbers")
        return rows

    def __repr__(self) -> str:
        parts = []
        for name in self.groups:
            names, group = self.group(name)
            parts.append(f"{name} ({', '.join(f'{one} {int((group == k).sum()):,}' for k, one in enumerate(names))})")
        share = f"{np.mean(~np.isnan(self.answers)):.1%} answered"
        return "; ".join([f"SurveyAnswers: {self.n_people:,} people, {self.n_items} items, {share}", *parts])


def variance_explained(values: Array, group: Indices, n_groups: int) -> float:
    """Epsilon squared of groups, pooled over items; see `SurveyAnswers.explained_by`."""
    known = ~np.isnan(values)
    filled = np.where(known, values, 0.0)
    member = np.eye(n_groups)[group]
    count = member.T @ known  # (n_groups, n_items)
    mean = (member.T @ filled) / np.maximum(count, 1)
    within = np.where(known, values - mean[group], 0.0)
    total = np.where(known, values - filled.sum(axis=0) / known.sum(axis=0), 0.0)
    asked = known.sum(axis=0)
    spare = np.maximum(asked - (count > 0).sum(axis=0), 1)
    inside = ((within**2).sum(axis=0) / spare).sum()
    overall = float(((total**2).sum(axis=0) / np.maximum(asked - 1, 1)).sum())
    return float(1 - inside / overall) if overall > 0 else 0.0


def _floats(answers: Any) -> Array:
    raw = eager(answers).to_numpy() if is_frame(answers) else answers
    try:
        kind = np.asarray(raw).dtype.kind
        values = np.zeros(()) if kind in "bcSU" else np.array(raw, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as exc:
        raise ProblemError(
            f"answers are no table of numbers ({exc}): write answers as numbers, NaN if missing"
        ) from exc
    if values.ndim != 2 or 0 in values.shape:
        raise ProblemError(f"answers has shape {values.shape}; expected numbers, (n_people, n_items)")
    if np.isinf(values).any():
        raise ProblemError("answers hold infinity: write a missing answer as NaN")
    return values


def _declared(groups: Any, n_people: int) -> dict[str, tuple[str | None, ...]]:
    if groups is None:
        return {}
    if not isinstance(groups, Mapping):
        raise ProblemError(
            f"groups is {type(groups).__name__}: give a dictionary of labels, such as {{'party': [...]}}"
        )
    declared: dict[str, tuple[str | None, ...]] = {}
    for name, labels in groups.items():
        if isinstance(labels, str | bytes) or not (isinstance(labels, Sequence) or hasattr(labels, "__array__")):
            raise ProblemError(f"groups {name!r} are {labels!r}: give one label a person")
        entries = labels if isinstance(labels, list | tuple) else np.asarray(labels).tolist()
        if not isinstance(entries, list | tuple) or len(entries) != n_people:
            raise ProblemError(f"groups {name!r} must have {n_people} labels, one a person")
        absent = missing(list(entries))
        told = tuple(None if gone else str(one) for one, gone in zip(entries, absent, strict=True))
        if len(set(told) - {None}) < 2:
            raise ProblemError(f"groups {name!r} are all the same: leave them out")
        declared[str(name)] = told
    return declared

"""Observed choices between options described by attributes: frozen, checked at the door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.arrays import Array, finite
from contracts.errors import ProblemError

Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ChoiceData:
    """Who chose which option, and what each option offered.

    Parameters
    ----------
    attributes : (n_obs, n_options, n_attributes) array, what the options offered at each observation
    choice : (n_obs,) integers, the option taken, 0 to n_options - 1
    person : (n_obs,) labels of any kind, who chose; observations of one person need not be adjacent.
        None: everybody chose once.
    names : n_attributes names; by default "1", "2", ...
    available : (n_obs, n_options) of bool, False where an option could not be taken; None: all could.
        The attributes of an option out of reach must still be finite numbers; they do not matter.

    Raises
    ------
    ProblemError
        If shapes disagree, a number is not finite, or a choice is not among the options within reach.

    Examples
    --------
    >>> data = ChoiceData([[[1.0, 0.0], [0.0, 1.0]], [[1.0, 2.0], [0.0, 1.0]]], choice=[0, 1], person=["ann", "ann"])
    >>> data.n_people, data.n_options, data.n_attributes
    (1, 2, 2)
    """

    attributes: Array
    choice: Integers
    person: NDArray[Any] = None  # type: ignore[assignment]  # replaced at the door
    names: Sequence[str] | None = None
    available: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        attributes = finite("attributes", self.attributes)
        if attributes.ndim != 3 or 0 in attributes.shape:
            raise ProblemError(
                f"attributes has shape {attributes.shape}; expected (n_obs, n_options, n_attributes), none of them zero"
            )
        n_obs, n_options, n_attributes = attributes.shape
        person = np.arange(n_obs) if self.person is None else np.asarray(self.person)
        if person.shape != (n_obs,):
            raise ProblemError(f"person has shape {person.shape}; expected one label per observation, ({n_obs},)")
        names = tuple(str(k + 1) for k in range(n_attributes)) if self.names is None else tuple(map(str, self.names))
        if len(names) != n_attributes or len(set(names)) != n_attributes:
            raise ProblemError(f"names are {names}; expected {n_attributes} different names, one per attribute")
        available = None if self.available is None else np.array(self.available, dtype=bool)
        if available is not None and available.shape != (n_obs, n_options):
            raise ProblemError(f"available has shape {available.shape}; expected {(n_obs, n_options)}")
        choice = _options("choice", self.choice, n_obs, n_options)
        if available is not None and not (within_reach := available[np.arange(n_obs), choice]).all():
            row = int(np.flatnonzero(~within_reach)[0])
            raise ProblemError(f"choice[{row}] is option {choice[row]}, which was not available there")
        for name, value in (("choice", choice), ("person", person), ("available", available)):
            if value is not None:
                value.setflags(write=False)
            object.__setattr__(self, name, value)
        object.__setattr__(self, "attributes", attributes)
        object.__setattr__(self, "names", names)

    @property
    def n_obs(self) -> int:
        return self.attributes.shape[0]

    @property
    def n_options(self) -> int:
        return self.attributes.shape[1]

    @property
    def n_attributes(self) -> int:
        return self.attributes.shape[2]

    @cached_property
    def _people(self) -> tuple[NDArray[Any], Integers]:
        people, index = np.unique(self.person, return_inverse=True)
        return people, index.astype(np.int64)

    @property
    def people(self) -> NDArray[Any]:
        """Label of each person, sorted, `(n_people,)`."""
        return self._people[0]

    @property
    def person_index(self) -> Integers:
        """Index into `people` of each observation, `(n_obs,)`."""
        return self._people[1]

    @property
    def n_people(self) -> int:
        return len(self.people)


def _options(name: str, values: Any, n_obs: int, n_options: int) -> Integers:
    """Integers from 0 to n_options - 1, one per observation."""
    array = np.asarray(values)
    if array.shape != (n_obs,):
        raise ProblemError(f"{name} has shape {array.shape}; expected one option per observation, ({n_obs},)")
    if array.dtype.kind not in "iu":
        numbers = finite(name, values)
        if (numbers != np.round(numbers)).any():
            row = int(np.flatnonzero(numbers != np.round(numbers))[0])
            raise ProblemError(f"{name}[{row}] is {numbers[row]}: number the options from 0, as integers")
        array = numbers
    outside = np.flatnonzero((array < 0) | (array >= n_options))
    if len(outside):
        row = int(outside[0])
        raise ProblemError(f"{name}[{row}] is {array[row]}: options are numbered from 0 to {n_options - 1}")
    return array.astype(np.int64)

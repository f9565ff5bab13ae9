"""Observed choices between options described by attributes: frozen, checked at the door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite, rectangular, yes_or_no
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Names, whole_numbers
from contracts.inputs.names import listed

if TYPE_CHECKING:
    from contracts.menu.menu import Menu

Integers = NDArray[np.int64]


@checked(own=("parts",))
@dataclass(frozen=True, eq=False, repr=False)
class ChoiceData:
    """Who chose which option, and what each option offered.

    Parameters
    ----------
    attributes : (n_obs, n_options, n_attributes) array, what the options offered at each observation
    choice : (n_obs,) integers, the option taken, 0 to n_options - 1
    person : (n_obs,) labels of any kind, who chose; observations of one person need not be adjacent.
        None: everybody chose once.
    names : n_attributes names; by default "0", "1", ...
    available : (n_obs, n_options) of bool, False where an option could not be taken; None: all could.
        The attributes of an option out of reach do not matter; those that are NaN or infinite are kept as 0.

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
        attributes = finite("attributes", _blank_out_of_reach(self.attributes, self.available))
        if attributes.ndim != 3 or 0 in attributes.shape:
            raise ProblemError(
                f"attributes has shape {attributes.shape}; expected (n_obs, n_options, n_attributes), none of them zero"
            )
        n_obs, n_options, n_attributes = attributes.shape
        person = np.arange(n_obs) if self.person is None else np.asarray(self.person)
        if person.shape != (n_obs,):
            raise ProblemError(f"person has shape {person.shape}; expected one label per observation, ({n_obs},)")
        names = tuple(str(k) for k in range(n_attributes)) if self.names is None else tuple(map(str, self.names))
        if len(names) != n_attributes or len(set(names)) != n_attributes:
            raise ProblemError(f"names are {listed(names)}; expected {n_attributes} different names, one per attribute")
        available = None if self.available is None else yes_or_no("available", self.available)
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

    # ---- where it comes from ----

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        *,
        attributes: Sequence[str] | None = None,
        chosen: str = "chosen",
        person: str = "person",
        occasion: str | None = "occasion",
        option: str | None = None,
    ) -> ChoiceData:
        """Choices from a long frame: one row per option that was within reach.

        Parameters
        ----------
        frame : pandas or polars frame, or a mapping of columns
        attributes : columns of numbers that describe an option; by default all columns that nothing else names
        chosen : column with 1 or true for the option taken, 0 or false for the others
        person, occasion : columns that say which rows belong to one choice; occasion=None: one choice per person
        option : column that names the option, which numbers the options in the order of their sorted names;
            None: options are numbered in the order of the rows of each choice

        Choice sets may differ in size: what an occasion does not list was not available there.

        Raises
        ------
        ProblemError
            If a column is missing or not of numbers, or a choice has not exactly one option marked.

        Examples
        --------
        >>> frame = {
        ...     "person": ["ann", "ann", "bob", "bob", "bob"],
        ...     "occasion": [1, 1, 1, 1, 1],
        ...     "price": [2.0, 3.0, 2.0, 3.0, 4.0],
        ...     "chosen": [1, 0, 0, 0, 1],
        ... }
        >>> ChoiceData.from_frame(frame)
        ChoiceData: 2 people, 2 choices among up to 3 options, attributes price
        """
        from inference.choice.frames import long_arrays

        fields = long_arrays(
            frame, attributes=attributes, chosen=chosen, person=person, occasion=occasion, option=option
        )
        return cls(**fields)

    @classmethod
    def from_wide_frame(
        cls,
        frame: Any,
        *,
        attributes: Mapping[str, Sequence[str]],
        choice: str = "choice",
        person: str | None = "person",
        options: Names = None,
        available: Sequence[str] | None = None,
    ) -> ChoiceData:
        """Choices from a wide frame: one row per choice, one column per attribute of each option.

        Parameters
        ----------
        frame : pandas or polars frame, or a mapping of columns
        attributes : columns of each attribute in the order of the options, {"price": ["price_1", "price_2"], ...}
        choice : column of the option taken, numbered from 0, or one of `options`; a column without a 0 needs
            `options`, for it could be numbered from 1
        person : column of who chose; None: everybody chose once
        options : what `choice` calls the options, in their order
        available : columns, in the order of the options, that say whether an option was within reach

        Examples
        --------
        >>> frame = {"id": [7, 7], "p1": [2.0, 3.0], "p2": [3.0, 2.0], "took": ["left", "right"]}
        >>> ChoiceData.from_wide_frame(
        ...     frame, attributes={"price": ["p1", "p2"]}, choice="took", person="id", options=["left", "right"]
        ... )
        ChoiceData: 1 person, 2 choices among 2 options, attributes price
        """
        from inference.choice.frames import wide_arrays

        fields = wide_arrays(
            frame, attributes=attributes, choice=choice, person=person, options=options, available=available
        )
        return cls(**fields)

    @classmethod
    def from_menu(
        cls, menu: Menu, choices: Any, person: Any = None, *, outside: str | None = None, transfer: str = "transfer"
    ) -> ChoiceData:
        """Choices from a menu: attributes are the goods and the transfer; the outside option comes last.

        Parameters
        ----------
        choices : (n_obs,) integers, index of the option taken as in `menu.options`, -1 for the outside option
        person : (n_obs,) labels, who chose; None: everybody chose once
        outside : name of an attribute that is 1 for the outside option and 0 for contracts. It stands for a
            reservation utility that is not known; without it leaving means no goods and no transfer, or the
            problem's outside_option
        transfer : name of the attribute that says what is paid

        Examples
        --------
        >>> import contracts
        >>> menu = contracts.solve_menu([1.0, 2.0], [0.5, 0.5], cost=contracts.Quadratic(), goods=["quality"])
        >>> ChoiceData.from_menu(menu, [0, -1, 0])
        ChoiceData: 3 people, 3 choices among 2 options, attributes quality, transfer
        """
        problem, (allocations, transfers) = menu.problem, menu.options
        if problem.mimics is not None:
            raise ProblemError(
                "not everybody can take every option of this menu, because its problem has mimics: make ChoiceData "
                "yourself, with available= for what each person could take"
            )
        if not problem.outside.is_contract and outside is None:
            raise ProblemError(
                "the outside option of this menu is worth a reservation utility, not a contract: name an attribute for "
                "it, outside='outside', and its coefficients are estimated"
            )
        n_contracts = len(transfers)
        options = np.column_stack([np.vstack([allocations, problem.outside.allocation]), np.append(transfers, 0.0)])
        names = [*map(str, problem.goods), transfer]
        if outside is not None:
            options = np.column_stack([options, np.append(1.0 - menu.option_serving, 1.0)])
            names.append(outside)
        taken = whole_numbers("choices", choices)
        if taken.ndim != 1:
            raise ProblemError(f"choices has shape {taken.shape}; expected one option per observation")
        taken = _options("choices", np.where(taken == -1, n_contracts, taken), len(taken), n_contracts + 1)
        attributes = np.broadcast_to(options, (len(taken), *options.shape))
        return cls(attributes, taken, person, names)

    @classmethod
    def joined(cls, *parts: ChoiceData) -> ChoiceData:
        """One data set from several with the same attributes, such as choices from different menus.

        Examples
        --------
        >>> first = ChoiceData([[[1.0], [2.0]]], [1], ["ann"])
        >>> second = ChoiceData([[[1.0], [2.0], [3.0]]], [0], ["ann"])
        >>> ChoiceData.joined(first, second)
        ChoiceData: 1 person, 2 choices among up to 3 options, attributes 0
        """
        if not parts:
            raise ProblemError("joined needs at least one data set")
        for k, part in enumerate(parts):
            if not isinstance(part, ChoiceData):
                raise ProblemError(
                    f"data set {k} is {type(part).__name__}: give ChoiceData, as in joined(first, second)"
                )
            if part.names != parts[0].names:
                raise ProblemError(f"data set {k} has attributes {part.names}, the first {parts[0].names}: align them")
        widest = max(part.n_options for part in parts)
        available = np.concatenate([part._within_reach(widest) for part in parts])
        padded = [np.pad(part.attributes, ((0, 0), (0, widest - part.n_options), (0, 0))) for part in parts]
        return cls(
            np.concatenate(padded),
            np.concatenate([part.choice for part in parts]),
            np.concatenate([part.person for part in parts]),
            parts[0].names,
            None if available.all() else available,
        )

    def of_people(self, people: Any) -> ChoiceData:
        """The choices of some people only.

        Parameters
        ----------
        people : (n_people,) of bool, or indices into `people`
        """
        kept = np.zeros(self.n_people, dtype=bool)
        kept[_rows("people", people, self.n_people)] = True
        return self.of_observations(kept[self.person_index])

    def of_observations(self, observations: Any) -> ChoiceData:
        """Some of the observations only: (n_obs,) of bool, or indices."""
        observations = _rows("observations", observations, self.n_obs)
        return ChoiceData(
            self.attributes[observations],
            self.choice[observations],
            self.person[observations],
            self.names,
            None if self.available is None else self.available[observations],
        )

    # ---- what it holds ----

    def __repr__(self) -> str:
        people = f"{self.n_people:,} {'person' if self.n_people == 1 else 'people'}"
        choices = f"{self.n_obs:,} choice{'' if self.n_obs == 1 else 's'}"
        up_to = "" if self.available is None else "up to "
        return f"ChoiceData: {people}, {choices} among {up_to}{self.n_options} options, attributes " + ", ".join(
            self.names or ()
        )

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

    def _within_reach(self, n_options: int) -> NDArray[np.bool_]:
        """Availability of so many options, those beyond the data's own out of reach."""
        own = np.ones((self.n_obs, self.n_options), dtype=bool) if self.available is None else self.available
        return np.pad(own, ((0, 0), (0, n_options - self.n_options)))


def _rows(name: str, chosen: Any, count: int) -> NDArray[Any]:
    """Some of so many rows: one true or false for each, or their numbers."""
    given = rectangular(name, chosen)
    if given.dtype == np.bool_ and given.shape == (count,):
        return given
    rows = whole_numbers(name, chosen) if given.size else np.zeros(0, dtype=np.int64)
    if rows.ndim != 1 or given.dtype == np.bool_ or np.any((rows < -count) | (rows >= count)):
        raise ProblemError(f"{name} must be numbers from 0 to {count - 1} in a list, or true or false {count} times")
    return rows


def checked_data(data: Any) -> ChoiceData:
    """Refuse what is no ChoiceData, such as the frame that it could be made from."""
    if not isinstance(data, ChoiceData):
        raise ProblemError(
            f"data is {type(data).__name__}: make ChoiceData of it, ChoiceData(attributes, choice, person), or of a "
            "frame with ChoiceData.from_frame or ChoiceData.from_wide_frame"
        )
    return data


def _blank_out_of_reach(attributes: Any, available: Any) -> Any:
    """The attributes with 0 for what is no number where an option could not be taken, so that nobody knows it."""
    if available is None:
        return attributes
    reach = yes_or_no("available", available)
    try:
        raw = np.asarray(attributes)
        given = (
            raw.astype(np.float64) if raw.dtype.kind in ("f", "O") else np.zeros(0)
        )  # whole numbers are never missing
    except (TypeError, ValueError, OverflowError):
        return attributes  # refused in the words of the door
    if given.ndim != 3 or given.shape[:2] != reach.shape:
        return attributes
    absent = ~np.isfinite(given) & ~reach[:, :, np.newaxis]
    return np.where(absent, 0.0, given) if absent.any() else attributes


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

"""Observed choices between options described by attributes: frozen, checked at the door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite, yes_or_no
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Names, whole_numbers
from contracts.inputs.names import listed, refuse_nobody
from inference.choice.fields import blank_out_of_reach, option_names, options_taken, rows_of, weights_of
from inference.choice.terms import Offers, described

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
    weights : (n_obs,) positive numbers, how many observations each one stands for; None: itself. Sampling weights
        are best scaled to a mean of one, for sums of weights count as sample sizes. In models of people a person
        weighs the mean of its choices
    options : n_options names; by default "0", "1", ...

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
    weights: Array | None = None
    options: Sequence[Any] | None = None

    def __post_init__(self) -> None:
        attributes = finite("attributes", blank_out_of_reach(self.attributes, self.available))
        if attributes.ndim != 3 or 0 in attributes.shape:
            raise ProblemError(
                f"attributes has shape {attributes.shape}; expected (n_obs, n_options, n_attributes), none of them zero"
            )
        n_obs, n_options, n_attributes = attributes.shape
        person = np.arange(n_obs) if self.person is None else np.asarray(self.person)
        if person.shape != (n_obs,):
            raise ProblemError(f"person has shape {person.shape}; expected one label per observation, ({n_obs},)")
        refuse_nobody("person", person)
        names = tuple(str(k) for k in range(n_attributes)) if self.names is None else tuple(map(str, self.names))
        if len(names) != n_attributes or len(set(names)) != n_attributes:
            raise ProblemError(f"names are {listed(names)}; expected {n_attributes} different names, one per attribute")
        available = None if self.available is None else yes_or_no("available", self.available)
        if available is not None and available.shape != (n_obs, n_options):
            raise ProblemError(f"available has shape {available.shape}; expected {(n_obs, n_options)}")
        choice = options_taken("choice", self.choice, n_obs, n_options)
        if available is not None and not (within_reach := available[np.arange(n_obs), choice]).all():
            row = int(np.flatnonzero(~within_reach)[0])
            raise ProblemError(f"choice[{row}] is option {choice[row]}, which was not available there")
        weights = None if self.weights is None else weights_of(self.weights, n_obs)
        options = option_names(range(n_options) if self.options is None else self.options, n_options)
        object.__setattr__(self, "options", options)
        for name, value in (("choice", choice), ("person", person), ("available", available), ("weights", weights)):
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
        weights: str | None = None,
    ) -> ChoiceData:
        """Choices from a long frame: one row per option that was within reach.

        Parameters
        ----------
        frame : pandas or polars frame, a mapping of columns, or the path of a CSV or Parquet file
        attributes : columns of numbers that describe an option; by default all columns that nothing else names
        chosen : column with 1 or true for the option taken, 0 or false for the others
        person, occasion : columns that say which rows belong to one choice; occasion=None: one choice per person
        option : column that names the option, which numbers the options in the order of their sorted names;
            None: options are numbered in the order of the rows of each choice
        weights : column of weights, the same in all rows of a choice

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
            frame,
            attributes=attributes,
            chosen=chosen,
            person=person,
            occasion=occasion,
            option=option,
            weights=weights,
        )
        return cls(**fields)

    @classmethod
    def from_wide_frame(
        cls,
        frame: Any,
        *,
        attributes: Mapping[str, Any],
        choice: str = "choice",
        person: str | None = "person",
        options: Names = None,
        available: Sequence[str] | None = None,
        weights: str | None = None,
    ) -> ChoiceData:
        """Choices from a wide frame: one row per choice, one column per attribute of each option.

        Parameters
        ----------
        frame : pandas or polars frame, a mapping of columns, or the path of a CSV or Parquet file
        attributes : columns of each attribute in the order of the options, {"price": ["price_1", "price_2"], ...}; None
            for an option that has none of it, which counts as 0. One column alone is of the person, {"age": "age"}
        choice : column of the option taken, numbered from 0, or one of `options`; a column without a 0 needs
            `options`, for it could be numbered from 1
        person : column of who chose; None: everybody chose once. Blanks around text are removed; an empty cell, or a
            word such as NULL or NA, names nobody and is refused
        options : what `choice` calls the options, in their order
        available : columns, in the order of the options, that say whether an option was within reach
        weights : column of weights

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
            frame,
            attributes=attributes,
            choice=choice,
            person=person,
            options=options,
            available=available,
            weights=weights,
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
        taken = options_taken("choices", np.where(taken == -1, n_contracts, taken), len(taken), n_contracts + 1)
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
            None if all(part.weights is None for part in parts) else np.concatenate([part.weight for part in parts]),
            max(parts, key=lambda part: part.n_options).options,
        )

    def described(
        self,
        attributes: Sequence[str] | None = None,
        *,
        constants: str | None = None,
        by_option: Sequence[str] = (),
        interactions: Sequence[tuple[str, str]] = (),
        components: Mapping[str, Sequence[str]] | None = None,
    ) -> ChoiceData:
        """The same choices, described by what a model gives coefficients to.

        Parameters
        ----------
        attributes : those with one coefficient for all options; by default all that differ between options and that
            `by_option` does not name
        constants : the option that the constants of all others are measured from; None: no constants
        by_option : those with a coefficient for every option. What is the same for all options of a choice, as a
            person's income is, has none for the option of `constants`, or else the first: only differences show
        interactions : pairs of attributes, whose products get one coefficient each
        components : names of options by error component, which is 1 for these options and 0 for others: what they have
            in common for somebody and nobody has measured. `fit_mixed_logit` takes them as "component"

        Raises
        ------
        ProblemError
            If a name is no attribute or no option, or one attribute is asked for twice.

        Examples
        --------
        >>> data = ChoiceData(
        ...     [[[2.0, 30.0], [3.0, 30.0]], [[2.0, 50.0], [1.0, 50.0]]],
        ...     choice=[0, 1], names=["price", "income"], options=["bus", "car"])
        >>> data.described(constants="bus", by_option=["income"], interactions=[("price", "income")]).names
        ('price', 'constant[car]', 'income[car]', 'price*income')
        """
        offers = Offers(self.attributes, tuple(self.names or ()), tuple(self.options or ()), self._differs())
        columns, names = described(offers, attributes, constants, by_option, interactions, components or {})
        return replace(self, attributes=columns, names=names)

    def of_people(self, people: Any) -> ChoiceData:
        """The choices of some people only.

        Parameters
        ----------
        people : (n_people,) of bool, or indices into `people`
        """
        kept = np.zeros(self.n_people, dtype=bool)
        kept[rows_of("people", people, self.n_people)] = True
        return self.of_observations(kept[self.person_index])

    def of_observations(self, observations: Any) -> ChoiceData:
        """Some of the observations only: (n_obs,) of bool, or indices."""
        observations = rows_of("observations", observations, self.n_obs)
        return ChoiceData(
            self.attributes[observations],
            self.choice[observations],
            self.person[observations],
            self.names,
            None if self.available is None else self.available[observations],
            None if self.weights is None else self.weights[observations],
            self.options,
        )

    def among(self, options: Sequence[str]) -> ChoiceData:
        """The choices of some options, as if no others had been on offer.

        Attributes that differed between other options only are left out.

        Parameters
        ----------
        options : names, as in `options`

        Examples
        --------
        >>> data = ChoiceData([[[1.0], [2.0], [4.0]]] * 2, [0, 2], options=["bus", "car", "train"])
        >>> data.among(["car", "train"])
        ChoiceData: 1 person, 1 choice among 2 options, attributes 0
        """
        known = list(self.options or ())
        for option in options:
            if option not in known:
                raise ProblemError(f"there is no option {option!r}: the options are {listed(known)}")
        kept = [k for k, option in enumerate(known) if option in set(options)]
        rows = np.isin(self.choice, kept)
        if len(kept) < 2 or not rows.any():
            raise ProblemError(f"options are {listed(options)}: name at least two, one of them taken by somebody")
        part = self.of_observations(rows)
        left = replace(
            part,
            attributes=part.attributes[:, kept],
            choice=np.searchsorted(kept, part.choice),
            available=None if part.available is None else part.available[:, kept],
            options=[known[k] for k in kept],
        )
        kept_attributes = left._differs() | ~self._differs()
        names = [name for name, here in zip(left.names or (), kept_attributes, strict=True) if here]
        return replace(left, attributes=left.attributes[:, :, kept_attributes], names=names)

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

    @property
    def weight(self) -> Array:
        """Weight of each observation, 1 where none are given; (n_obs,)."""
        return np.ones(self.n_obs) if self.weights is None else self.weights

    @property
    def person_weight(self) -> Array:
        """Mean weight of each person's choices, for models of people; (n_people,)."""
        return self._weights_of_people[0]

    @property
    def within_person(self) -> Array | None:
        """What each choice weighs, over the mean of its person; (n_obs,). None: everybody's choices weigh the same.

        Models of people take it as the exponent of the probability of the choice.
        """
        return self._weights_of_people[1]

    @cached_property
    def _weights_of_people(self) -> tuple[Array, Array | None]:
        if self.weights is None:
            return np.ones(self.n_people), None
        found = np.empty(self.n_people)
        found[self.person_index] = self.weights
        if (found[self.person_index] == self.weights).all():
            return found, None
        mean = np.bincount(self.person_index, self.weights) / np.bincount(self.person_index)
        return mean, self.weights / mean[self.person_index]

    def _differs(self) -> NDArray[np.bool_]:
        """Whether each attribute differs between the options within reach of some choice; (n_attributes,)."""
        taken = self.attributes[np.arange(self.n_obs), self.choice][:, np.newaxis]
        reach = self._within_reach(self.n_options)[:, :, np.newaxis]
        return np.asarray(((self.attributes != taken) & reach).any(axis=(0, 1)))

    def _within_reach(self, n_options: int) -> NDArray[np.bool_]:
        """Availability of so many options, those beyond the data's own out of reach."""
        own = np.ones((self.n_obs, self.n_options), dtype=bool) if self.available is None else self.available
        return np.pad(own, ((0, 0), (0, n_options - self.n_options)))


def checked_data(data: Any) -> ChoiceData:
    """Refuse what is no ChoiceData, such as the frame that it could be made from."""
    if not isinstance(data, ChoiceData):
        raise ProblemError(
            f"data is {type(data).__name__}: make ChoiceData of it, ChoiceData(attributes, choice, person), or of a "
            "frame with ChoiceData.from_frame or ChoiceData.from_wide_frame"
        )
    return data

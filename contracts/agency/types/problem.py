"""What is asked: types that nobody sees, who take actions that nobody sees."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.agency.problem import FREE, MoralHazardProblem, action_names, text_of_rows
from contracts.agency.utility import RiskNeutral, Utility
from contracts.errors import ProblemError
from contracts.exact.rationals import as_integers, binary_places
from contracts.inputs.arrays import Array, finite, is_frame, rectangular
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Values, one_of
from contracts.inputs.names import (
    check_same_names,
    column_names,
    distinct_names,
    given_names,
    one_name_each,
    row_names,
    type_names,
)
from contracts.problem.checks import checked_weights


class Integers(NamedTuple):
    """Numbers as Python integers: each is an integer over 2**places."""

    numerators: NDArray[np.object_]
    places: int


@checked
@dataclass(frozen=True, eq=False, repr=False)
class AgencyProblem:
    """A principal faces agents whose types and actions it cannot see, and pays by outcomes only.

    Type i that takes action a has outcome o with probability p_i(a, o), is worth output_i(o) to the principal, and has
    the utility of its wage less its effort e_i(a). Every type must be kept; one that may stay away takes an action of
    its own, with an outcome that is worth what it has elsewhere.

    Attributes
    ----------
    outcome_probabilities : (n_types, n_actions, n_outcomes) array, rows that sum to 1; (n_actions, n_outcomes) array or
        frame where they are the same for all types
    output : (n_outcomes,) array, money that each outcome is worth to the principal, or (n_types, n_outcomes)
    effort_cost : (n_types, n_actions) array or frame, utility that each action costs each type, or (n_actions,)
    weights : (n_types,) array, positive shares that sum to 1; equal shares if left out
    utility : RiskNeutral(), Log(), SquareRoot(), CRRA(g) or CARA(a), of all types
    reservation_utility : utility that agents have elsewhere, a number or (n_types,) array
    wages : (lowest, highest) wage, each a number or (n_outcomes,) array; limited liability is (0, inf)
    labels, actions, outcomes : names of types, actions and outcomes; by default those of frames, else their numbers

    Raises
    ------
    ProblemError
        If something is missing, has another shape, is no number, or no wage within the limits keeps a type.

    Examples
    --------
    >>> problem = AgencyProblem([[0.75, 0.25], [0.25, 0.75]], output=[0.0, 20.0], effort_cost=[[0.0, 1.0], [0.0, 4.0]],
    ...                         labels=("able", "slow"), actions=("shirk", "work"), wages=(0.0, np.inf))
    >>> problem
    AgencyProblem(n_types=2, n_actions=2, n_outcomes=2, utility=RiskNeutral())
    >>> problem.of_type("slow").effort_cost
    array([0., 4.])
    """

    outcome_probabilities: Values
    output: Values
    effort_cost: Values
    weights: Any = None
    utility: Utility = RiskNeutral()
    reservation_utility: Any = 0.0
    wages: Any = FREE
    labels: Any = None
    actions: Any = None
    outcomes: Any = None

    def __post_init__(self) -> None:
        labels, actions, outcomes = self._names()
        given = {
            "outcome_probabilities": _read("outcome_probabilities", self.outcome_probabilities, 2, labels, actions),
            "output": _read("output", self.output, 1, labels, outcomes),
            "effort_cost": _read("effort_cost", self.effort_cost, 1, labels, actions),
            "reservation_utility": _read("reservation_utility", self.reservation_utility, 0, labels, None),
        }
        weights = None if self.weights is None else finite("weights", self.weights, labels)
        n_types = _number_of_types(given, weights, labels)
        labels = one_name_each("labels", labels, n_types, "type")
        chances = _by_type("outcome_probabilities", given["outcome_probabilities"], n_types, 2, "n_actions, n_outcomes")
        effort = _by_type("effort_cost", given["effort_cost"], n_types, 1, "n_actions")
        output = _by_type("output", given["output"], n_types, 1, "n_outcomes")
        reserve = _by_type("reservation_utility", given["reservation_utility"], n_types, 0, "")
        each = [
            _one_type(self, chances[k], output[k], effort[k], float(reserve[k]), (actions, outcomes), str(labels[k]))
            for k in range(n_types)
        ]
        self._set(
            outcome_probabilities=np.array([one.outcome_probabilities for one in each]),
            output=np.array([one.output for one in each]),
            effort_cost=np.array([one.effort_cost for one in each]),
            reservation_utility=np.array(reserve, dtype=np.float64),
            weights=checked_weights(weights, labels),
            wages=each[0].wages,
            labels=labels,
            actions=each[0].actions,
            outcomes=each[0].outcomes,
        )

    def _set(self, **fields: Any) -> None:
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    def _names(self) -> tuple[Sequence[str] | None, Sequence[str] | None, Sequence[str] | None]:
        """Names of types, actions and outcomes, as given or as frames have them; refuses frames in another order."""
        chances, effort = self.outcome_probabilities, self.effort_cost
        labels = distinct_names("labels", self.labels, "type")
        actions = action_names("actions", self.actions)
        outcomes = distinct_names("outcomes", self.outcomes, "outcome")
        by_type = is_frame(effort)
        if labels is None:
            labels = type_names(self.weights) or (type_names(effort) if by_type else None)
        if actions is None:
            actions = text_of_rows("outcome_probabilities", chances) or (
                action_names("effort_cost.columns", column_names(effort))
                if by_type
                else text_of_rows("effort_cost", effort)
            )
        if outcomes is None:
            outcomes = column_names(chances) if is_frame(chances) else type_names(self.output)
        rows, columns = row_names(effort), column_names(effort) if by_type else None
        for field, names, whose, known in (
            ("outcome_probabilities", row_names(chances), "the actions", actions),
            ("effort_cost", columns if by_type else rows, "the actions", actions),
            ("effort_cost", rows if by_type else None, "the types", labels),
            ("weights", row_names(self.weights), "the types", labels),
            ("reservation_utility", row_names(self.reservation_utility), "the types", labels),
            ("output", None if is_frame(self.output) else row_names(self.output), "the outcomes", outcomes),
        ):
            check_same_names(field, names, whose, known, f"reindex {field}", may_differ=True)
        return labels, actions, outcomes

    def __repr__(self) -> str:
        sizes = f"n_types={self.n_types}, n_actions={self.n_actions}, n_outcomes={self.n_outcomes}"
        return f"AgencyProblem({sizes}, utility={self.utility!r})"

    @property
    def n_types(self) -> int:
        return int(self.outcome_probabilities.shape[0])

    @property
    def n_actions(self) -> int:
        return int(self.outcome_probabilities.shape[1])

    @property
    def n_outcomes(self) -> int:
        return int(self.outcome_probabilities.shape[2])

    @property
    def expected_output(self) -> Array:
        """What each action of each type is worth to the principal before wages; (n_types, n_actions)."""
        return np.asarray(np.einsum("iao,io->ia", self.outcome_probabilities, self.output))

    def of_type(self, label: str | int) -> MoralHazardProblem:
        """The problem of a principal who knows that it faces one type, given by its name or number."""
        return self.each[type_number(self, label)]

    @cached_property
    def each(self) -> tuple[MoralHazardProblem, ...]:
        """The same for every type."""
        return tuple(
            MoralHazardProblem(
                self.outcome_probabilities[k], self.output[k], self.effort_cost[k], self.utility,
                float(self.reservation_utility[k]), self.wages, given_names(self.actions), given_names(self.outcomes),
            )
            for k in range(self.n_types)
        )  # fmt: skip

    @property
    def lowest_wage(self) -> Array:
        """The lowest wage after each outcome; (n_outcomes,)."""
        return self.each[0].lowest_wage

    @property
    def highest_wage(self) -> Array:
        """The highest wage after each outcome; (n_outcomes,)."""
        return self.each[0].highest_wage

    @property
    def utility_limits(self) -> tuple[Array, Array]:
        """Utility at the lowest and the highest wage; (n_outcomes,) both, infinite where it has no limit."""
        return self.each[0].utility_limits

    @cached_property
    def exact_chances(self) -> Integers:
        """Chances that sum to 1 without rounding: what the floats of a row lack counts for its likeliest outcome."""
        chances = self.outcome_probabilities
        places = binary_places(chances)
        numerators = as_integers(chances, places)
        missing = (1 << places) - numerators.sum(axis=2)
        likeliest = chances.argmax(axis=2)[..., np.newaxis]
        found = np.take_along_axis(numerators, likeliest, axis=2) + missing[..., np.newaxis]
        np.put_along_axis(numerators, likeliest, found, axis=2)
        return Integers(numerators, places)


def type_number(problem: AgencyProblem, label: Any) -> int:
    """The number of a type, given by its name or number.

    Examples
    --------
    >>> type_number(AgencyProblem([[1.0]], [2.0], [0.0], labels=["able"]), "slow")
    Traceback (most recent call last):
        ...
    contracts.errors.ProblemError: label is 'slow': the types are 'able'
    """
    return one_of("label", label, problem.labels, "types")


def action_numbers(problem: AgencyProblem, actions: Any) -> NDArray[np.intp]:
    """The numbers of the actions that types are meant to take, given by names or numbers, one for all or one each.

    Examples
    --------
    >>> problem = AgencyProblem([[1.0], [1.0]], [2.0], [0.0, 1.0], [0.5, 0.5], actions=["rest", "work"])
    >>> action_numbers(problem, ["work", "rest"]), action_numbers(problem, "work")
    (array([1, 0]), array([1, 1]))
    """
    if isinstance(actions, dict):
        odd = [label for label in actions if label not in problem.labels]
        missing = [label for label in problem.labels if label not in actions]
        if odd or missing:
            what = f"names {odd[0]!r}, which is no type" if odd else f"leaves out {missing[0]!r}"
            raise ProblemError(f"actions {what}: give one action per type")
        actions = [actions[label] for label in problem.labels]
    if isinstance(actions, str | int | np.integer):
        actions = [actions] * problem.n_types
    try:
        given = list(actions)
    except TypeError as exc:
        raise ProblemError(f"actions is {type(actions).__name__}: give one name or number per type") from exc
    if len(given) != problem.n_types:
        raise ProblemError(f"actions has {len(given)} entries for {problem.n_types} types: give one per type")
    return np.array([one_of("actions", one, problem.actions, "actions") for one in given], dtype=np.intp)


def _number_of_types(given: dict[str, Array], weights: Array | None, labels: Sequence[str] | None) -> int:
    """How many types there are, by whatever says so."""
    common = {"outcome_probabilities": 2, "output": 1, "effort_cost": 1, "reservation_utility": 0}
    said = {name: len(given[name]) for name, width in common.items() if given[name].ndim == width + 1}
    if weights is not None:
        said = {"weights": weights.size, **said}
    if labels is not None:
        said = {"labels": len(labels), **said}
    if not said:
        return 1
    first, count = next(iter(said.items()))
    for name, other in said.items():
        if other != count:
            raise ProblemError(f"{name} is for {other} types, but {first} for {count}: give one row per type")
    return count


def _read(field: str, given: Any, width: int, labels: Sequence[str] | None, names: Sequence[str] | None) -> Array:
    """Finite numbers, common ones or those of types, whose rows messages call by their names."""
    return finite(field, given, labels if rectangular(field, given).ndim == width + 1 else names)


def _by_type(field: str, values: Array, n_types: int, width: int, sizes: str) -> Array:
    """Values for each type, from common ones or from one row per type."""
    if values.ndim not in (width, width + 1):
        common, own = (f"({sizes},)" if width == 1 else f"({sizes})"), f"(n_types, {sizes})"
        wanted = "a number or (n_types,)" if width == 0 else f"{common} or {own}"
        raise ProblemError(f"{field} has shape {values.shape}; expected {wanted}")
    return values if values.ndim == width + 1 else np.broadcast_to(values, (n_types, *values.shape))


def _one_type(
    problem: AgencyProblem, chances: Array, output: Array, effort: Array, reserve: float, names: tuple[Any, Any],
    label: str,
) -> MoralHazardProblem:  # fmt: skip
    """The problem of one type alone, which checks what is given of it."""
    try:
        return MoralHazardProblem(chances, output, effort, problem.utility, reserve, problem.wages, *names)
    except ProblemError as exc:
        raise ProblemError(f"of type {label!r}: {exc}") from exc

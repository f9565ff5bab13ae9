"""What is asked: actions that nobody sees, outcomes that everybody sees, and what both are worth to whom."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from contracts.agency.utility import RiskNeutral, Utility
from contracts.errors import ProblemError
from contracts.exact.rationals import EPS
from contracts.inputs.arrays import Array, extended, finite, is_frame, number, place
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Values, one_of
from contracts.inputs.names import (
    check_same_names,
    column_names,
    distinct_names,
    one_name_each,
    row_names,
)

SUM_TOLERANCE = (
    1e-9  # of probabilities, which are taken as they are: an action that sums to more has more of everything
)
FREE = (-math.inf, math.inf)


@checked
@dataclass(frozen=True, eq=False, repr=False)
class MoralHazardProblem:
    """A principal wants an agent to take an action that cannot be seen, and can pay by outcomes only.

    Under action a outcome o occurs with probability p_a(o), is worth output(o) to the principal and pays the agent the
    wage w(o). The agent has utility u(w) less the cost of its effort, and something else to do.

    Attributes
    ----------
    outcome_probabilities : (n_actions, n_outcomes) array or frame, rows that sum to 1
    output : (n_outcomes,) array, money that each outcome is worth to the principal
    effort_cost : (n_actions,) array, utility that each action costs the agent
    utility : RiskNeutral(), Log(), SquareRoot(), CRRA(g) or CARA(a)
    reservation_utility : utility that the agent has elsewhere
    wages : (lowest, highest) wage, each a number or (n_outcomes,) array; limited liability is (0, inf), and without any
        limit wages go as far as utility is defined
    actions, outcomes : their names; by default those of a frame, else their numbers
    monotone : True asks for wages that never fall in output, the same for equal output; "both" that what the principal
        keeps never falls either, of a risk neutral agent only

    Raises
    ------
    ProblemError
        If something is missing, has another shape, is no number, or no wage within the limits keeps the agent.

    Examples
    --------
    >>> problem = MoralHazardProblem([[0.75, 0.25], [0.25, 0.75]], output=[0.0, 20.0], effort_cost=[0.0, 1.0],
    ...                              actions=("shirk", "work"))
    >>> problem
    MoralHazardProblem(n_actions=2, n_outcomes=2, utility=RiskNeutral())
    >>> problem.expected_output
    array([ 5., 15.])
    """

    outcome_probabilities: Values
    output: Values
    effort_cost: Values
    utility: Utility = RiskNeutral()
    reservation_utility: float = 0.0
    wages: Any = FREE
    actions: Any = None
    outcomes: Any = None
    monotone: bool | Literal["both"] = False

    def __post_init__(self) -> None:
        rows, columns = row_names(self.outcome_probabilities), column_names(self.outcome_probabilities)
        columns = columns if is_frame(self.outcome_probabilities) else None
        named = action_names("actions", self.actions)
        actions = text_of_rows("outcome_probabilities", self.outcome_probabilities) if named is None else named
        outcomes = distinct_names("outcomes", columns if self.outcomes is None else self.outcomes, "outcome")
        probabilities = _checked_probabilities(self.outcome_probabilities, actions)
        n_actions, n_outcomes = probabilities.shape
        for field, whose, known in (
            ("effort_cost", "the actions", rows if named is None else named),
            ("output", "the outcomes", outcomes),
        ):
            check_same_names(field, row_names(getattr(self, field)), whose, known, f"reindex {field}", may_differ=True)
        self._set(
            outcome_probabilities=probabilities,
            actions=one_name_each("actions", actions, n_actions, "action"),
            outcomes=one_name_each("outcomes", outcomes, n_outcomes, "outcome"),
            output=_one_each("output", self.output, n_outcomes, "outcome", outcomes),
            effort_cost=_one_each("effort_cost", self.effort_cost, n_actions, "action", actions),
            reservation_utility=number("reservation_utility", self.reservation_utility),
        )
        self._set(wages=_checked_wages(self.wages, n_outcomes, self.utility))
        self._check_participation()
        if self.monotone == "both" and not isinstance(self.utility, RiskNeutral):
            raise ProblemError(
                f"monotone is 'both' for an agent with {self.utility!r}: shares of both sides are linear in wages of a "
                "risk neutral agent only; give monotone=True, or utility=RiskNeutral()"
            )

    def _set(self, **fields: Any) -> None:
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return f"MoralHazardProblem(n_actions={self.n_actions}, n_outcomes={self.n_outcomes}, utility={self.utility!r})"

    @property
    def n_actions(self) -> int:
        return int(self.outcome_probabilities.shape[0])

    @property
    def n_outcomes(self) -> int:
        return int(self.outcome_probabilities.shape[1])

    @property
    def expected_output(self) -> Array:
        """What each action is worth to the principal before wages; (n_actions,)."""
        return np.asarray(self.outcome_probabilities @ self.output)

    @cached_property
    def lowest_wage(self) -> Array:
        """The lowest wage after each outcome; (n_outcomes,)."""
        return np.broadcast_to(np.maximum(self.wages[0], self.utility.lowest_wage), self.n_outcomes).astype(np.float64)

    @cached_property
    def highest_wage(self) -> Array:
        """The highest wage after each outcome; (n_outcomes,)."""
        return np.broadcast_to(self.wages[1], self.n_outcomes).astype(np.float64)

    @cached_property
    def utility_limits(self) -> tuple[Array, Array]:
        """Utility at the lowest and the highest wage; (n_outcomes,) both, infinite where it has no limit."""
        low, high = self.utility.span
        lowest, highest = self.lowest_wage, self.highest_wage
        return _utility_at(self.utility, lowest, low), _utility_at(self.utility, highest, high)

    @cached_property
    def by_output(self) -> NDArray[np.intp]:
        """Outcomes in the order of their output; (n_outcomes,)."""
        return np.argsort(self.output, kind="stable")

    @cached_property
    def likeliest(self) -> NDArray[np.intp]:
        """The likeliest outcome of each action; (n_actions,)."""
        return np.asarray(self.outcome_probabilities.argmax(axis=1))

    @cached_property
    def remainders(self) -> Array:
        """What the floats of each action lack to 1, in parts that sum to it without rounding; (n_actions, n_parts).

        It counts for the likeliest outcome, so that chances sum to 1 exactly: else agents would prefer, at wages that
        are the same after every outcome, the action whose chances were rounded up.
        """
        parts = [self.rests[action] for action in range(self.n_actions)]
        width = max(map(len, parts))
        return np.array([[*row, *[0.0] * (width - len(row))] for row in parts]).reshape(self.n_actions, width)

    @cached_property
    def rests(self) -> Rests:
        """The same by action, each when it is asked for: few proofs ask for all."""
        return Rests(self.outcome_probabilities)

    @cached_property
    def lacking(self) -> Array:
        """A bound on the size of what the floats of each action lack to 1; (n_actions,).

        Sums are made pairwise, in blocks of 128 with eight sums each.
        """
        sums = self.outcome_probabilities.sum(axis=1)
        return np.asarray(np.abs(sums - 1) + (16 + math.log2(self.n_outcomes + 1)) * EPS)

    def _check_participation(self) -> None:
        """Refuse a reservation utility that no wages within the limits give under any action."""
        high = self.utility_limits[1]
        best = np.where(
            self.outcome_probabilities > 0, self.outcome_probabilities * np.where(np.isinf(high), 0, high), 0
        )
        unlimited = ((self.outcome_probabilities > 0) & np.isposinf(high)).any(axis=1)
        most = np.where(unlimited, np.inf, best.sum(axis=1)) - self.effort_cost
        reached, top = self.utility.span[1], float(most.max())
        if self.reservation_utility > top or (self.reservation_utility == top and np.any(high == reached)):
            raise ProblemError(
                f"reservation_utility is {self.reservation_utility:g}, but no wages within the limits are worth more "
                f"than {top:g} to the agent, effort deducted: lower reservation_utility or raise the highest wage"
            )


def action_names(field: str, names: Any) -> tuple[str, ...] | None:
    """Names of actions, all there, all different, and none of them blank; None where they are numbered.

    Examples
    --------
    >>> action_names("actions", ["shirk", " "])
    Traceback (most recent call last):
        ...
    contracts.errors.ProblemError: actions[1] is ' ', which is blank: give every action a name
    """
    given = distinct_names(field, names, "action")
    for k, name in enumerate(given or ()):
        if not name.strip():
            raise ProblemError(f"{field}[{k}] is {name!r}, which is blank: give every action a name")
    return given


def text_of_rows(field: str, values: Any) -> tuple[str, ...] | None:
    """What a frame calls its rows, the actions; None where it only counts them."""
    rows = row_names(values)
    if rows is None or not any(isinstance(name, str) for name in rows):
        return None
    return action_names(f"{field}.index", rows.tolist())


def action_number(problem: MoralHazardProblem, name: Any) -> int:
    """The number of an action, given by its name or number.

    Examples
    --------
    >>> action_number(MoralHazardProblem([[1.0]], [2.0], [0.0], actions=["wait"]), "work")
    Traceback (most recent call last):
        ...
    contracts.errors.ProblemError: action is 'work': the actions are 'wait'
    """
    return one_of("action", name, problem.actions, "actions")


def _utility_at(utility: Utility, wage: Array, end: float) -> Array:
    values = np.full(len(wage), end)
    known = np.isfinite(wage)
    values[known] = utility.value(wage[known])
    return values


def _checked_probabilities(given: Any, actions: Any) -> Array:
    probabilities = finite("outcome_probabilities", given, actions)
    if probabilities.ndim != 2 or 0 in probabilities.shape:
        raise ProblemError(
            f"outcome_probabilities has shape {probabilities.shape}; expected (n_actions, n_outcomes), a row per action"
        )
    if np.any(probabilities < 0):
        where = tuple(int(k) for k in np.argwhere(probabilities < 0)[0])
        raise ProblemError(
            f"outcome_probabilities{place(where, actions)} is {probabilities[where]:g}: no probability is negative"
        )
    sums = probabilities.sum(axis=1)
    worst = int(np.argmax(np.abs(sums - 1)))
    if abs(sums[worst] - 1) > SUM_TOLERANCE:
        raise ProblemError(
            f"outcome_probabilities{place((worst,), actions)} sum to {sums[worst]:.10g}, not 1: "
            "divide every row by its sum"
        )
    return np.where((sums == 1)[:, np.newaxis], probabilities, probabilities / sums[:, np.newaxis])


class Rests(dict[int, list[float]]):
    """What the floats of each action lack to 1, found when it is first asked for."""

    def __init__(self, chances: Array) -> None:
        super().__init__()
        self.chances = chances

    def __missing__(self, action: int) -> list[float]:
        self[action] = remainder(self.chances[action].tolist())
        return self[action]


def remainder(chances: list[float]) -> list[float]:
    """Numbers that add up, without rounding, to what chances lack to 1."""
    summed, rest = [-1.0, *chances], list[float]()
    while (excess := math.fsum(summed)) != 0:
        rest.append(-excess)
        summed.append(-excess)
    return rest


def _one_each(field: str, given: Any, count: int, noun: str, names: Any) -> Array:
    values = finite(field, given, names).reshape(-1)
    if len(values) != count:
        raise ProblemError(f"{field} has {len(values)} entries for {count} {noun}s: give one per {noun}")
    return values


def _checked_wages(given: Any, n_outcomes: int, utility: Utility) -> tuple[Any, Any]:
    several = isinstance(given, tuple | list) or (isinstance(given, np.ndarray) and given.ndim > 0)
    if not several or len(given) != 2:
        raise ProblemError("wages are no pair of limits: give (lowest, highest), such as (0, numpy.inf)")
    lowest, highest = (extended("wages", end) for end in (given[0], given[1]))
    for end in (lowest, highest):
        if end.shape not in ((), (n_outcomes,)):
            raise ProblemError(f"wages has a limit of shape {end.shape}; expected a number or {(n_outcomes,)}")
    if np.any(lowest > highest) or np.any(np.isposinf(lowest)) or np.any(np.isneginf(highest)):
        raise ProblemError(f"wages are between {lowest} and {highest}: the lowest must not exceed the highest")
    least = utility.lowest_wage
    if np.any(highest <= least) or np.any((lowest < least) & np.isfinite(lowest)):
        raise ProblemError(
            f"wages reach {float(np.min(np.where(np.isfinite(lowest), lowest, highest))):g}, where {utility!r} is not "
            f"defined: keep them above {least:g}, or give the agent more wealth"
        )
    return (lowest if lowest.ndim else float(lowest)), (highest if highest.ndim else float(highest))

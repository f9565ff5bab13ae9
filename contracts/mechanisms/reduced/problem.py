"""What is asked: bidders who are alike, of types that nobody sees, and rows over their chances of winning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, Indices, finite, number
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Count, described
from contracts.inputs.names import distinct_names, one_name_each
from contracts.mechanisms.auctions.virtual import curve
from contracts.mechanisms.checks import is_listed
from contracts.mechanisms.numbers import whole
from contracts.mechanisms.reduced.border import read_weights
from contracts.problem.rows.linear import LinearConstraint

GOALS = ("revenue", "welfare")


class Row(NamedTuple):
    """sum_t coefficients_t Q_t <= limit."""

    coefficients: list[Fraction]  # (n_types,)
    limit: Fraction
    name: str


@checked(own=("objective", "constraints", "groups"))
@dataclass(frozen=True, eq=False, repr=False)
class SymmetricAuctionProblem:
    """A seller has identical units; every bidder wants one, and all draw their types from the same chances.

    What is asked of the chances of winning, such as a share of sales for a group or a cap on who wins too often, can
    make lotteries necessary; without it this is an AuctionProblem of like bidders.

    Attributes
    ----------
    values : (n_types,) money that a unit is worth to a bidder of each type
    probabilities : (n_types,) chances of the types; equal ones if left out. Divided by their sum without rounding
    n_bidders : how many there are
    n_units : how many units there are
    cost : money that a unit is worth to the seller
    objective : "revenue" (payments less the cost of units sold), "welfare" (values less that cost), or weights by name,
        {"revenue": 1, "welfare": 0.5}
    groups : (n_types,) what the seller sees of a bidder, by name: it can claim to be of any type of its own group, and
        of no other; one group if left out
    constraints : LinearConstraints whose `allocation`, (n_types,), are coefficients of the types' chances of winning
    minimum_revenue : payments less costs must come to that, or None
    labels : names of types

    Raises
    ------
    ProblemError
        If lists do not fit, a group repeats a value, or a constraint is about anything else than chances of winning.

    Examples
    --------
    >>> SymmetricAuctionProblem([1, 2], n_bidders=5)
    SymmetricAuctionProblem(n_types=2, n_bidders=5, n_units=1, objective='revenue', n_constraints=0)
    """

    values: Any
    probabilities: Any = None
    n_bidders: Count = 2
    n_units: Count = 1
    cost: float = 0.0
    objective: Any = "revenue"
    groups: Any = None
    constraints: Any = ()
    minimum_revenue: float | None = None
    labels: Any = None

    def __post_init__(self) -> None:
        values = finite("values", self.values)
        if values.ndim != 1 or not values.size:
            raise ProblemError(f"values has shape {values.shape}; expected (n_types,), a value per type")
        size = len(values)
        labels = tuple(one_name_each("labels", distinct_names("labels", self.labels, "type"), size, "type"))
        groups = _checked_groups(self.groups, size)
        for name in dict.fromkeys(groups):
            own = np.sort(values[[group == name for group in groups]])
            twice = np.flatnonzero(own[1:] == own[:-1])
            if len(twice):
                raise ProblemError(
                    f"values repeats {own[twice[0]]:g} in group {name!r}: give it once, with the sum of its chances"
                )
        read_weights("probabilities", self.probabilities, labels)
        rows = self.constraints
        rows = (rows,) if isinstance(rows, LinearConstraint) else rows
        if not isinstance(rows, Sequence) or not all(isinstance(row, LinearConstraint) for row in rows):
            raise ProblemError(f"constraints is {described(rows)}: give a LinearConstraint, or a list of them")
        for row in rows:
            _check_row(row, size)
        for field, value in (
            ("values", values),
            ("labels", labels),
            ("groups", groups),
            ("constraints", tuple(rows)),
            ("cost", number("cost", self.cost)),
            ("objective", checked_goal(self.objective)),
        ):
            object.__setattr__(self, field, value)

    def __repr__(self) -> str:
        return (
            f"SymmetricAuctionProblem(n_types={len(self.values)}, n_bidders={self.n_bidders}, n_units={self.n_units}, "
            f"objective={self.objective!r}, n_constraints={len(self.constraints)})"
        )

    @property
    def n_types(self) -> int:
        return len(self.values)

    @cached_property
    def chances(self) -> Array:
        """Chances of the types; (n_types,)."""
        return np.array([one / sum(self.weights) for one in self.weights])

    @cached_property
    def weights(self) -> list[int]:
        """Chances of types as whole numbers without a common divisor."""
        return read_weights("probabilities", self.probabilities, self.labels)

    @cached_property
    def members(self) -> list[Indices]:
        """The types of each group, the lowest value first."""
        found = [np.flatnonzero([group == name for group in self.groups]) for name in dict.fromkeys(self.groups)]
        return [own[np.argsort(self.values[own], kind="stable")] for own in found]

    # ---- linear functions of the chances of winning ----

    @cached_property
    def revenue_of(self) -> list[Fraction]:
        """Payments less costs, per chance of winning of each type: n f_t (virtual value - cost)."""
        found = [Fraction(0)] * self.n_types
        scale, cost = Fraction(self.n_bidders, sum(self.weights)), Fraction(self.cost)
        for own in self.members:
            values = [Fraction(value) for value in self.values[own].tolist()]
            slopes = curve(whole(values), whole([self.weights[t] for t in own])).rise
            for t, slope in zip(own.tolist(), slopes.tolist(), strict=True):
                found[t] = scale * (slope - cost * self.weights[t])
        return found

    @cached_property
    def welfare_of(self) -> list[Fraction]:
        """Values less costs, per chance of winning of each type."""
        scale, cost = Fraction(self.n_bidders, sum(self.weights)), Fraction(self.cost)
        return [scale * w * (Fraction(v) - cost) for w, v in zip(self.weights, self.values.tolist(), strict=True)]

    @cached_property
    def objective_of(self) -> list[Fraction]:
        """The objective, per chance of winning of each type."""
        of = self.objective if isinstance(self.objective, dict) else {self.objective: 1.0}
        first, second = (Fraction(of.get(name, 0.0)) for name in GOALS)
        return [first * a + second * b for a, b in zip(self.revenue_of, self.welfare_of, strict=True)]

    @cached_property
    def rows(self) -> list[Row]:
        """All constraints, as sums that have an upper limit."""
        found = []
        for row in self.constraints:
            own = [Fraction(one) for one in np.ravel(row.allocation).tolist()]
            if row.upper is not None:
                found.append(Row(own, Fraction(row.upper), row.name))
            if row.lower is not None:
                found.append(Row([-one for one in own], -Fraction(row.lower), row.name))
        if self.minimum_revenue is not None:
            found.append(Row([-one for one in self.revenue_of], -Fraction(self.minimum_revenue), "minimum_revenue"))
        return found


def _checked_groups(given: Any, size: int) -> tuple[str, ...]:
    if given is None:
        return ("all",) * size
    if not is_listed(given) or len(given) != size:
        raise ProblemError(f"groups is {described(given)}: give the name of a group for each of {size} types")
    return tuple(map(str, given))


def _check_row(row: LinearConstraint, size: int) -> None:
    other = next((name for name in ("utility", "transfer", "serving") if getattr(row, name) is not None), None)
    if other is not None:
        raise ProblemError(
            f"{row.name} has coefficients of {other}: rows of a SymmetricAuctionProblem are about chances of winning, "
            "give allocation alone"
        )
    if np.size(row.allocation) != size:
        raise ProblemError(f"{row.name} allocation has shape {np.shape(row.allocation)}; expected {(size,)}")


def checked_goal(given: Any) -> Any:
    """Revenue, welfare, or weights of both by name."""
    words = "'revenue', 'welfare', or weights such as {'revenue': 1, 'welfare': 0.5}"
    if isinstance(given, str) and given in GOALS:
        return given
    if not isinstance(given, Mapping) or not given or any(name not in GOALS for name in given):
        raise ProblemError(f"objective is {described(given)}: give {words}")
    found = {name: number(f"objective[{name!r}]", weight) for name, weight in given.items()}
    if min(found.values()) < 0:
        raise ProblemError(f"objective has a negative weight: give {words}")
    return found

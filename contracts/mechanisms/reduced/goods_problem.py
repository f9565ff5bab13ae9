"""What is asked: several goods for bidders who value them additively, of types that nobody sees."""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Count, described
from contracts.inputs.names import distinct_names, one_name_each, type_of
from contracts.mechanisms.checks import is_listed
from contracts.mechanisms.reduced.border import read_weights
from contracts.mechanisms.reduced.problem import GOALS, checked_goal

NAMED = ("probabilities", "labels")  # what may be given per bidder


@checked(own=("objective",))
@dataclass(frozen=True, eq=False, repr=False)
class AdditiveAuctionProblem:
    """A seller has several goods; every bidder values a bundle at the sum of its goods, and draws its type alone.

    A bidder looks at its chance of winning each good, and which chances are possible is known of every good by itself
    (Border): so nobody lists profiles, however many bidders there are. Truth is best in expectation, and everybody
    takes part knowing its type. Goods whose values are no sum, such as those of which one is enough, are for a
    MechanismProblem.

    Attributes
    ----------
    values : (n_types, n_goods) money that each good is worth to a bidder of each type, for bidders who are alike; or a
        list with such an array per bidder
    probabilities : (n_types,) chances of the types, or a list of such; equal ones if left out. Divided by their sum
        without rounding
    n_bidders : how many there are; 2 who are alike if left out
    n_units : units of each good, of which every bidder gets at most one
    cost : money that a unit is worth to the seller; a number, or one per good
    objective : "revenue" (payments less the cost of units sold), "welfare" (values less that cost), or weights by name,
        {"revenue": 1, "welfare": 0.5}
    labels, goods : names of types, or a list of such per bidder, and of goods
    bidders : names of bidders who are not alike

    Raises
    ------
    ProblemError
        If lists do not fit, two types value all goods alike, or chances are none.

    Examples
    --------
    >>> AdditiveAuctionProblem([[1, 1], [1, 2], [2, 1], [2, 2]], n_bidders=5)
    AdditiveAuctionProblem(n_types=4, n_goods=2, n_bidders=5, n_units=1, objective='revenue')
    >>> AdditiveAuctionProblem([[[1, 1], [2, 2]], [[1, 3], [3, 1], [2, 2]]], bidders=["Ann", "Bob"]).names
    ('type 0 of Ann', 'type 1 of Ann', 'type 0 of Bob', 'type 1 of Bob', 'type 2 of Bob')
    """

    values: Any
    probabilities: Any = None
    n_bidders: Count | None = None
    n_units: Count = 1
    cost: Any = 0.0
    objective: Any = "revenue"
    labels: Any = None
    goods: Any = None
    bidders: Any = None

    def __post_init__(self) -> None:
        unlike = is_listed(self.values) and len(self.values) > 0 and np.ndim(_first(self.values)) == 2
        n_bidders, who = self._numbered() if unlike else self._alike()
        parts = list(self.values) if unlike else [self.values]
        given = [_per_bidder(name, getattr(self, name), n_bidders) for name in NAMED] if unlike else []
        chances, named = given or ([self.probabilities], [self.labels])
        tables, labels = list[Array](), list[tuple[str, ...]]()
        for k, part in enumerate(parts):
            at = f"[{who[k]!r}]" if unlike else ""
            tables.append(_checked_table(f"values{at}", part, tables[0].shape[1] if tables else None))
            size = len(tables[-1])
            labels.append(
                tuple(one_name_each(f"labels{at}", distinct_names(f"labels{at}", named[k], "type"), size, "type"))
            )
            _check_distinct(f"values{at}", tables[-1], labels[-1])
            read_weights(f"probabilities{at}", chances[k], labels[-1])
        n_goods = tables[0].shape[1]
        goods = tuple(one_name_each("goods", distinct_names("goods", self.goods, "good"), n_goods, "good"))
        cost = finite("cost", self.cost)
        if cost.shape not in ((), (n_goods,)):
            raise ProblemError(f"cost has shape {cost.shape}; expected a number, or {(n_goods,)}, one per good")
        for name, value in (
            ("values", tuple(tables) if unlike else tables[0]),
            ("labels", tuple(labels) if unlike else labels[0]),
            ("n_bidders", n_bidders),
            ("bidders", who if unlike else None),
            ("goods", goods),
            ("cost", np.broadcast_to(cost, (n_goods,)).astype(np.float64)),
            ("objective", checked_goal(self.objective)),
        ):
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return (
            f"AdditiveAuctionProblem(n_types={self.n_types}, n_goods={self.n_goods}, n_bidders={self.n_bidders}, "
            f"n_units={self.n_units}, objective={self.objective!r})"
        )

    def _alike(self) -> tuple[int, tuple[str, ...]]:
        """How many there are."""
        if self.bidders is not None:
            raise ProblemError("bidders have names, but values are one array: give a list with an array per bidder")
        return 2 if self.n_bidders is None else self.n_bidders, ()

    def _numbered(self) -> tuple[int, tuple[str, ...]]:
        """How many there are, and their names."""
        count = len(self.values)
        if self.n_bidders not in (None, count):
            raise ProblemError(f"n_bidders is {self.n_bidders}, but values are of {count}: leave n_bidders out")
        names = distinct_names("bidders", self.bidders, "bidder")
        return count, tuple(one_name_each("bidders", names, count, "bidder"))

    @property
    def n_agents(self) -> int:
        """How many bidders there are."""
        return int(self.n_bidders or 0)

    @property
    def is_alike(self) -> bool:
        """Whether all bidders draw the same types by the same chances."""
        return self.bidders is None

    # ---- types, of one bidder after the other where these are not alike ----

    @cached_property
    def table(self) -> Array:
        """`values` of all types; (n_types, n_goods)."""
        return np.asarray(self.values) if self.is_alike else np.concatenate(self.values)

    @property
    def n_types(self) -> int:
        return len(self.table)

    @property
    def n_goods(self) -> int:
        return int(self.table.shape[1])

    @cached_property
    def members(self) -> list[range]:
        """The numbers of each bidder's types; all of them, once, if bidders are alike."""
        sizes = [self.n_types] if self.is_alike else [len(own) for own in self.values]
        ends = [0, *accumulate(sizes)]
        return [range(*pair) for pair in pairwise(ends)]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """`labels` of all types, with the bidder's name where these are not alike."""
        if self.is_alike:
            return tuple(self.labels)
        return tuple(type_of(name, who) for who, own in zip(self.bidders, self.labels, strict=True) for name in own)

    @cached_property
    def bidder_labels(self) -> list[tuple[str, ...]]:
        """Names of types for each bidder."""
        return [self.labels] * self.n_agents if self.is_alike else list(self.labels)

    @cached_property
    def weights(self) -> tuple[list[int], ...]:
        """Chances of each bidder's types as whole numbers without a common divisor; once, if bidders are alike."""
        if self.is_alike:
            return (read_weights("probabilities", self.probabilities, self.labels),)
        given = _per_bidder("probabilities", self.probabilities, len(self.labels))
        return tuple(read_weights("probabilities", *pair) for pair in zip(given, self.labels, strict=True))

    @cached_property
    def expected_bidders(self) -> list[Fraction]:
        """How many bidders of each type there are, in expectation."""
        scale = self.n_agents if self.is_alike else 1
        return [Fraction(scale * one, sum(own)) for own in self.weights for one in own]

    @cached_property
    def chances(self) -> Array:
        """Chances of the types; (n_types,)."""
        return np.array([one / sum(own) for own in self.weights for one in own])

    @property
    def goal(self) -> tuple[float, float]:
        """The weights of revenue and welfare."""
        of = self.objective if isinstance(self.objective, dict) else {self.objective: 1.0}
        first, second = (float(of.get(name, 0.0)) for name in GOALS)
        return first, second


def _first(given: Any) -> Any:
    return next(iter(given))


def _per_bidder(name: str, given: Any, count: int) -> list[Any]:
    if given is None:
        return [None] * count
    if not is_listed(given) or len(given) != count:
        raise ProblemError(f"{name} is {described(given)}: give a list with an array for each of {count} bidders")
    return list(given)


def _checked_table(name: str, given: Any, n_goods: int | None) -> Array:
    values = finite(name, given)
    if values.ndim != 2 or not values.size:
        raise ProblemError(f"{name} has shape {values.shape}; expected (n_types, n_goods)")
    if n_goods not in (None, values.shape[1]):
        raise ProblemError(f"{name} has {values.shape[1]} goods, the first bidder's {n_goods}: give all the same goods")
    return values


def _check_distinct(name: str, values: Array, labels: tuple[str, ...]) -> None:
    _, first, counts = np.unique(values, axis=0, return_index=True, return_counts=True)
    if counts.max() > 1:
        twice = labels[int(first[int(np.argmax(counts))])]
        raise ProblemError(f"{name} repeats those of type {twice!r}: give it once, with the sum of its chances")

"""What is asked: several goods for bidders who are alike and value them additively, of types that nobody sees."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Count
from contracts.inputs.names import distinct_names, one_name_each
from contracts.mechanisms.reduced.border import read_weights
from contracts.mechanisms.reduced.problem import GOALS, checked_goal


@checked(own=("objective",))
@dataclass(frozen=True, eq=False, repr=False)
class AdditiveAuctionProblem:
    """A seller has several goods; every bidder values a bundle at the sum of its goods, and all draw types alike.

    A bidder looks at its chance of winning each good, and which chances are possible is known of every good by itself
    (Border): so nobody lists profiles, however many bidders there are. Truth is best in expectation, and everybody
    takes part knowing its type. Goods whose values are no sum, such as those of which one is enough, are for a
    MechanismProblem.

    Attributes
    ----------
    values : (n_types, n_goods) money that each good is worth to a bidder of each type
    probabilities : (n_types,) chances of the types; equal ones if left out. Divided by their sum without rounding
    n_bidders : how many there are
    n_units : units of each good, of which every bidder gets at most one
    cost : money that a unit is worth to the seller; a number, or one per good
    objective : "revenue" (payments less the cost of units sold), "welfare" (values less that cost), or weights by name,
        {"revenue": 1, "welfare": 0.5}
    labels, goods : names of types and goods

    Raises
    ------
    ProblemError
        If lists do not fit, two types value all goods alike, or chances are none.

    Examples
    --------
    >>> AdditiveAuctionProblem([[1, 1], [1, 2], [2, 1], [2, 2]], n_bidders=5)
    AdditiveAuctionProblem(n_types=4, n_goods=2, n_bidders=5, n_units=1, objective='revenue')
    """

    values: Any
    probabilities: Any = None
    n_bidders: Count = 2
    n_units: Count = 1
    cost: Any = 0.0
    objective: Any = "revenue"
    labels: Any = None
    goods: Any = None

    def __post_init__(self) -> None:
        values = finite("values", self.values)
        if values.ndim != 2 or not values.size:
            raise ProblemError(f"values has shape {values.shape}; expected (n_types, n_goods)")
        n_types, n_goods = values.shape
        labels = tuple(one_name_each("labels", distinct_names("labels", self.labels, "type"), n_types, "type"))
        goods = tuple(one_name_each("goods", distinct_names("goods", self.goods, "good"), n_goods, "good"))
        _, first, counts = np.unique(values, axis=0, return_index=True, return_counts=True)
        if counts.max() > 1:
            twice = labels[int(first[int(np.argmax(counts))])]
            raise ProblemError(f"values repeats those of type {twice!r}: give it once, with the sum of its chances")
        read_weights("probabilities", self.probabilities, labels)
        cost = finite("cost", self.cost)
        if cost.shape not in ((), (n_goods,)):
            raise ProblemError(f"cost has shape {cost.shape}; expected a number, or {(n_goods,)}, one per good")
        for name, value in (
            ("values", values),
            ("labels", labels),
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

    @property
    def n_types(self) -> int:
        return len(self.values)

    @property
    def n_goods(self) -> int:
        return int(self.values.shape[1])

    @cached_property
    def weights(self) -> list[int]:
        """Chances of types as whole numbers without a common divisor."""
        return read_weights("probabilities", self.probabilities, self.labels)

    @cached_property
    def chances(self) -> Array:
        """Chances of the types; (n_types,)."""
        return np.array([one / sum(self.weights) for one in self.weights])

    @property
    def goal(self) -> tuple[float, float]:
        """The weights of revenue and welfare."""
        of = self.objective if isinstance(self.objective, dict) else {self.objective: 1.0}
        first, second = (float(of.get(name, 0.0)) for name in GOALS)
        return first, second

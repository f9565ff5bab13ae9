"""What is asked: a seller with identical units, and bidders who want one each at values that nobody else knows."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite, number
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Count
from contracts.inputs.names import distinct_names, one_name_each
from contracts.mechanisms.checks import listed_by_agent
from contracts.mechanisms.priors import checked_prior
from contracts.mechanisms.problem import Incentives, MechanismProblem, Participation


@checked
@dataclass(frozen=True, eq=False, repr=False)
class AuctionProblem:
    """A seller has some units of a good; every bidder wants one, at a value that is drawn independently.

    Attributes
    ----------
    values : a list with an array per bidder, money; sorted if they are not
    probabilities : a list with an array per bidder, chances of its values; equal ones if left out
    n_units : how many there are
    cost : money that a unit is worth to the seller if it keeps it
    bidders : their names

    Raises
    ------
    ProblemError
        If lists do not fit, values repeat, or chances do not sum to 1.

    Examples
    --------
    >>> AuctionProblem([[1, 2], [1, 2]])
    AuctionProblem(n_bidders=2, n_types=(2, 2), n_units=1, cost=0)
    """

    values: Any
    probabilities: Any = None
    n_units: Count = 1
    cost: float = 0.0
    bidders: Any = None

    def __post_init__(self) -> None:
        parts = listed_by_agent("values", self.values)
        if self.bidders is None and isinstance(self.values, Mapping):
            object.__setattr__(self, "bidders", tuple(map(str, self.values)))
        if not parts:
            raise ProblemError("values is empty: give a list with an array per bidder")
        named = distinct_names("bidders", self.bidders, "bidder")
        bidders = tuple(one_name_each("bidders", named, len(parts), "bidder"))
        found = [_checked_values(part, bidders[k]) for k, part in enumerate(parts)]
        labels = [[f"{value:g}" for value in array] for array in found]
        sizes = tuple(map(len, found))
        given = self.probabilities
        given = list(given.values()) if isinstance(given, Mapping) else given
        prior = checked_prior(given, sizes, bidders, labels)
        if not isinstance(prior, tuple):
            raise ProblemError(
                "probabilities are of profiles: bidders of an AuctionProblem are independent, give a list each"
            )
        order = [np.argsort(array, kind="stable") for array in found]
        for name, value in (
            ("values", tuple(array[k] for array, k in zip(found, order, strict=True))),
            ("probabilities", tuple(np.asarray(part)[k] for part, k in zip(prior, order, strict=True))),
            ("cost", number("cost", self.cost)),
            ("bidders", bidders),
        ):
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return (
            f"AuctionProblem(n_bidders={self.n_bidders}, n_types={self.n_types}, n_units={self.n_units}, "
            f"cost={self.cost:g})"
        )

    @property
    def n_bidders(self) -> int:
        return len(self.values)

    @property
    def n_types(self) -> tuple[int, ...]:
        """How many values each bidder can have."""
        return tuple(map(len, self.values))

    def tabulated(
        self, incentives: Incentives = "dominant", participation: Participation | None = "ex post"
    ) -> MechanismProblem:
        """The same as a table of profiles and alternatives, for few bidders of few values."""
        sold = [winners for size in range(min(self.n_units, self.n_bidders) + 1)
                for winners in itertools.combinations(range(self.n_bidders), size)]  # fmt: skip
        wins = np.array([[k in winners for k in range(self.n_bidders)] for winners in sold], dtype=np.float64)
        return MechanismProblem(
            [np.outer(array, wins[:, k]) for k, array in enumerate(self.values)],
            self.probabilities,
            principal_values=-self.cost * wins.sum(axis=1),
            incentives=incentives,
            participation=participation,
            labels=[[f"{value:g}" for value in array] for array in self.values] if _are_short(self.values) else None,
            alternatives=[" and ".join(self.bidders[k] for k in winners) or "nobody" for winners in sold],
            agents=self.bidders,
        )


def _are_short(values: tuple[Array, ...]) -> bool:
    """Whether six digits tell values apart."""
    return all(len({f"{value:g}" for value in array}) == len(array) for array in values)


def _checked_values(given: Any, bidder: str) -> Array:
    array = finite(f"values[{bidder!r}]", given)
    if array.ndim != 1 or not array.size:
        raise ProblemError(f"values[{bidder!r}] has shape {array.shape}; expected (n_types,), the values it can have")
    ranked = np.sort(array)
    twice = np.flatnonzero(ranked[1:] == ranked[:-1])
    if len(twice):
        raise ProblemError(
            f"values[{bidder!r}] repeats {ranked[twice[0]]:g}: give it once, with the sum of its chances"
        )
    return array

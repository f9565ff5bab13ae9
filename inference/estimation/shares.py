"""A population of tastes, as all models of choices see it: shares of options and what choosing is worth."""

from __future__ import annotations

from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite, yes_or_no
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import one_of
from inference.choice.data import ChoiceData

AT_ONCE = 1 << 16  # utilities, which fit into the cache


@dataclass(frozen=True, eq=False)
class Population:
    """Tastes with their weights: one of a multinomial logit, those of latent types, draws of continuous ones.

    Examples
    --------
    >>> people = Population(("price",), np.ones(1), np.array([[-1.0]]))
    >>> people.shares([[0.0], [0.0]])
    array([[0.5, 0.5]])
    >>> people.surplus([[0.0], [0.0]], None, "price").round(4)  # log 2
    array([0.6931])
    """

    names: tuple[str, ...]
    weights: Array  # (m,), sum one
    coefficients: Array  # (m, n_attributes)

    def shares(self, attributes: Any, available: Any = None) -> Array:
        """Share of the population that takes each option; (n_obs, n_options)."""
        offers, reach = offers_of(attributes, available, len(self.names))
        found = np.empty(offers.shape[:2])
        for rows in _runs(offers, len(self.weights)):
            share, total = self._exponentials(offers[rows], None if reach is None else reach[rows])[:2]
            share /= total
            found[rows] = share @ self.weights
        return found

    def surplus(self, attributes: Any, available: Any, price: str) -> Array:
        """Mean over the population of the log-sum over the marginal utility of money (Small & Rosen 1981); (n_obs,)."""
        offers, reach = offers_of(attributes, available, len(self.names))
        money = -self.coefficients[:, self.column(price)]
        if (money <= 0).any():
            share = self.weights[money <= 0].sum()
            raise ProblemError(
                f"utility does not fall in {price!r} for {share:.1%} of the population: nothing has a worth in money "
                "to them. Bring choices that respond to it, or fit a coefficient of one sign, such as 'negative'"
            )
        found = np.empty(len(offers))
        for rows in _runs(offers, len(self.weights)):
            _, total, peak = self._exponentials(offers[rows], None if reach is None else reach[rows])
            found[rows] = (np.log(total) + peak)[:, 0] @ (self.weights / money)
        return found

    def column(self, name: str) -> int:
        """Where an attribute stands."""
        return column_of(self.names, name)

    def _exponentials(self, offers: Array, reach: Any) -> tuple[Array, Array, Array]:
        """Of utilities less the best, (n_obs, n_options, m), their sums, and the best utilities, (n_obs, 1, m)."""
        utility = offers @ self.coefficients.T
        if reach is not None:
            utility[~reach] = -np.inf
        peak = utility.max(axis=1, keepdims=True)
        utility -= peak
        np.exp(utility, out=utility)
        return utility, utility.sum(axis=1, keepdims=True), peak


def column_of(names: tuple[str, ...], name: str) -> int:
    """Where an attribute stands."""
    return one_of("attribute", name, names, "attributes")


def offers_of(attributes: Any, available: Any, n_attributes: int) -> tuple[Array, Any]:
    """What is on offer, (n_obs, n_options, n_attributes), and what is within reach, (n_obs, n_options) or None."""
    if isinstance(attributes, ChoiceData):
        attributes, available = attributes.attributes, attributes.available if available is None else available
    offers = finite("attributes", attributes)
    if offers.ndim not in (2, 3) or offers.shape[-1] != n_attributes or 0 in offers.shape:
        raise ProblemError(f"attributes has shape {offers.shape}; expected (n_obs, n_options, {n_attributes})")
    offers = offers[np.newaxis] if offers.ndim == 2 else offers
    if available is None:
        return offers, None
    reach = yes_or_no("available", available)
    reach = reach[np.newaxis] if reach.ndim == 1 else reach
    if reach.shape != offers.shape[:2] or not reach.any(axis=1).all():
        raise ProblemError(f"available has shape {reach.shape}; expected {offers.shape[:2]}, an option in each row")
    return offers, reach


def checked_parameters(parameters: Any, count: int) -> Array:
    """Parameters of a model, as many as it has."""
    given = finite("parameters", parameters)
    if given.shape != (count,):
        raise ProblemError(f"parameters has shape {given.shape}; expected ({count},)")
    return given


def counted(data: ChoiceData) -> str:
    """How many people and choices there are, in words."""
    return repr(data).removeprefix("ChoiceData: ").rsplit(", attributes", 1)[0]


def _runs(offers: Array, n_tastes: int) -> list[slice]:
    """Runs of observations whose utilities fit into memory."""
    size = max(1, AT_ONCE // (offers.shape[1] * n_tastes))
    return [slice(start, start + size) for start in range(0, len(offers), size)]

"""Offers moved a little: what shares, revenue and surplus do when an attribute of one option changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, Mask
from inference.choice.data import ChoiceData, checked_data
from inference.estimation.derived import Movable
from inference.estimation.shares import column_of

STEP = 1e-4  # relative step of central differences: error of order 1e-8


class Demand(Movable, Protocol):
    """A model that says who takes what, at its estimates and at other parameters."""

    @property
    def names(self) -> Any:
        """The attributes."""

    def predict(self, attributes: Any, *, available: Any = None) -> Array:
        """Choice probabilities; (n_obs, n_options)."""


class Market(NamedTuple):
    """Offers with weights that sum to one."""

    attributes: Array  # (n_obs, n_options, n_attributes)
    available: Mask | None
    weight: Array  # (n_obs,)
    options: tuple[str, ...]

    def shares(self, model: Any) -> Array:
        """Share of each option, (n_options,)."""
        return np.asarray(self.weight @ model.predict(self.attributes, available=self.available))

    def moved(self, column: int, option: int, by: Array | float) -> Market:
        """The market with an attribute of one option changed by so much, a number or (n_obs,)."""
        attributes = self.attributes.copy()
        attributes[:, option, column] += by
        return self._replace(attributes=attributes)


def market_of(model: Any, data: ChoiceData) -> Market:
    """The offers of choices; refuses models and data that do not fit."""
    check_demand(model)
    checked_data(data)
    if tuple(data.names or ()) != tuple(model.names):
        raise ProblemError(f"data has attributes {data.names}, the model {tuple(model.names)}: describe both alike")
    weight = data.weight / data.weight.sum()
    return Market(data.attributes, data.available, weight, tuple(map(str, data.options or ())))


def check_demand(model: Any) -> None:
    """Refuse what is no model of choices with estimates."""
    if not all(hasattr(model, field) for field in ("names", "parameters", "covariance", "at", "predict")):
        raise ProblemError(
            f"model is {type(model).__name__}: give a model of choices that was fitted by maximum likelihood, such as "
            "fit_multinomial_logit(data)"
        )


def slopes(
    model: Any, market: Market, name: str, of: Callable[[Market], Array], *, relative: bool
) -> tuple[Array, list[str]]:
    """Derivative of what a market gives, (n,), in an attribute of each option; (n, n_options).

    Parameters
    ----------
    of : from the market to (n,)
    relative : whether the attribute grows in proportion, or by units
    """
    column = column_of(tuple(model.names), name)
    size = float(np.sqrt(np.mean(market.attributes[:, :, column] ** 2))) or 1.0
    found = []
    for option in range(len(market.options)):
        unit = market.attributes[:, option, column] if relative else size
        step = STEP * unit
        ahead, behind = of(market.moved(column, option, step)), of(market.moved(column, option, -step))
        found.append((ahead - behind) / (2 * STEP * (1.0 if relative else size)))
    return np.stack(found, axis=1), list(market.options)

"""What a menu tells about types: the exact mutual information between an agent's type and its choice."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import xlogy

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite
from contracts.inputs.door import checked
from inference.choice.model import ChoiceModel, check_choice_model
from inference.choice.offered import choice_set


@checked(own=("choice_model",))
def expected_information(menu: Any, choice_model: ChoiceModel, weights: Any = None) -> float:
    """How many nats one choice from the menu is expected to tell about the type of who chose.

    With p_k(o) the probability that type k takes option o, and q(o) = sum_k w_k p_k(o),

        I = sum_k w_k sum_o p_k(o) log(p_k(o) / q(o)),

    between 0 (all types choose alike) and the entropy of the weights (every choice reveals the type).

    Parameters
    ----------
    menu : Menu or ChoiceSet
    choice_model : how agents choose, such as Logit(temperature)
    weights : (n_types,) probabilities of the types; by default the menu's own

    Raises
    ------
    ProblemError
        If the weights are not probabilities of the menu's types.

    Examples
    --------
    >>> import contracts, inference
    >>> menu = contracts.solve_menu([1.0, 2.0], [0.5, 0.5], cost=contracts.Quadratic())
    >>> float(round(expected_information(menu, inference.BestResponse()) / np.log(2), 6))  # bits: buyers are high
    1.0
    >>> expected_information(menu, inference.Logit(1e6)) < 1e-9
    True
    """
    check_choice_model(choice_model)
    offer = choice_set(menu)
    shares = offer.weights if weights is None else finite("weights", weights, offer.labels)
    shares = np.asarray(shares)
    if shares.shape != (offer.n_types,) or np.any(shares < 0) or abs(shares.sum() - 1) > 1e-6:
        raise ProblemError(f"weights are no probabilities of {offer.n_types} types: give one share per type, sum 1")
    return mutual_information(shares, np.exp(choice_model.log_likelihood(offer.utility)))


def mutual_information(weights: Array, chances: Array) -> float:
    """Mutual information in nats of types with `weights` and options with probabilities `chances` (n_types, ...)."""
    overall = weights @ chances
    ratio = np.divide(chances, overall, out=np.ones_like(chances), where=chances > 0)
    return max(0.0, float(weights @ xlogy(chances, ratio).sum(axis=1)))

"""A population of logit types: how probable each choice is, and choices drawn from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.special import softmax

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite, generator, yes_or_no
from contracts.inputs.door import checked
from contracts.inputs.kinds import Names
from inference.choice.data import ChoiceData, Integers


class Simulated(NamedTuple):
    """Drawn choices, and the type of each of data.people that they were drawn from."""

    data: ChoiceData
    type_of_person: Integers


@checked
def simulate_choices(
    weights: Any,
    coefficients: Any,
    attributes: Any,
    person: Names,
    *,
    rng: np.random.Generator,
    available: Any = None,
    names: Sequence[str] | None = None,
) -> Simulated:
    """Choices of a population of logit types.

    Parameters
    ----------
    weights : (n_types,) shares
    coefficients : (n_types, n_attributes)
    attributes : (n_obs, n_options, n_attributes), what is offered at each observation
    person : (n_obs,) labels of who chooses; each person has one type
    available : (n_obs, n_options) of bool

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> drawn = simulate_choices([0.5, 0.5], [[9.0], [-9.0]], [[[0.0], [1.0]]] * 4, ["a", "a", "b", "b"], rng=rng)
    >>> drawn.type_of_person, drawn.data.choice
    (array([1, 1]), array([0, 0, 0, 0]))
    """
    tastes, shares = finite("coefficients", coefficients), finite("weights", weights)
    if tastes.ndim != 2 or shares.shape != (len(tastes),) or (shares < 0).any() or abs(shares.sum() - 1) > 1e-9:
        raise ProblemError("weights must be shares that sum to 1, one per row of coefficients")
    options = offered_options(attributes, tastes.shape[1])
    people, index = np.unique(np.asarray(person), return_inverse=True)
    if index.shape != (len(options),):
        raise ProblemError(f"person has shape {index.shape}; expected one label per observation, ({len(options)},)")
    type_of_person = generator(rng).choice(len(shares), size=len(people), p=shares)
    chances = np.cumsum(logit(options, tastes, available)[np.arange(len(options)), type_of_person[index]], axis=1)
    taken = (rng.random((len(options), 1)) * chances[:, -1:] > chances).sum(axis=1)
    return Simulated(ChoiceData(options, taken, np.asarray(person), names, available), type_of_person)


def logit(options: Array, coefficients: Array, available: Any = None) -> Array:
    """Logit choice probabilities of every type (McFadden 1974); (n_obs, n_types, n_options)."""
    utility = np.einsum("nja,ka->nkj", options, coefficients)
    if available is not None:
        reach = yes_or_no("available", available)
        if reach.shape != options.shape[:2] or not reach.any(axis=1).all():
            raise ProblemError(
                f"available has shape {reach.shape}; expected {options.shape[:2]}, an option in each row"
            )
        utility = np.where(reach[:, np.newaxis], utility, -np.inf)
    return np.asarray(softmax(utility, axis=2))


def offered_options(attributes: Any, n_attributes: int) -> Array:
    """What is offered as (n_obs, n_options, n_attributes); one observation may come without its axis."""
    options = finite("attributes", attributes)
    if options.ndim == 2:
        options = options[np.newaxis]
    if options.ndim != 3 or options.shape[2] != n_attributes:
        raise ProblemError(f"attributes has shape {options.shape}; expected (n_obs, n_options, {n_attributes})")
    return options

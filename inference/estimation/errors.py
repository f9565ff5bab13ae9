"""Standard errors of estimates: one convention for all estimators.

A person with weight w adds w log L_i to the log likelihood and w s_i to its score. With the weighted information
I = sum_i w_i I_i at the maximum,

    classical   Var = I^-1                                          weights are counts: w equal rows
    clustered   Var = n / (n - 1)  I^-1 (sum_i w_i^2 s_i s_i') I^-1 weights are sampling weights; n people are clusters

(Huber 1967, White 1982, Liang & Zeger 1986). Where everybody chose once, clusters are observations, and clustered
errors are robust ones. Only the factor n / (n - 1) is a matter of taste: it makes the error of a mean unbiased.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from inference.choice.data import ChoiceData

KINDS = {"clustered": "standard errors clustered by person", "classical": "classical standard errors"}
FEW = 10  # people: sandwiches of fewer clusters are far too small


def clustered(scores: Array, information: Array) -> Array:
    """The sandwich with people as clusters, (n_parameters, n_parameters).

    Parameters
    ----------
    scores : (n_people, n_parameters) derivatives of each person's weighted log likelihood
    information : (n_parameters, n_parameters) minus the second derivative of all of it

    Examples
    --------
    >>> clustered(np.array([[1.0], [-1.0]]), np.array([[2.0]]))  # 2 / 1 x (1 + 1) / 2 / 2
    array([[1.]])
    """
    n_people = len(scores)
    bread = np.linalg.inv(information)
    return np.asarray(bread @ (scores.T @ scores) @ bread * (n_people / (n_people - 1)))


def kind_of(errors: str) -> str:
    """The name of a kind of errors, checked."""
    if errors not in KINDS:
        raise ProblemError(f"errors is {errors!r}: use 'clustered' or 'classical'")
    return errors


def refuse_one_person(data: ChoiceData) -> None:
    """Errors clustered by person need several people."""
    if data.n_people < 2:
        raise ProblemError(
            "all choices are of one person: standard errors clustered by person need several. Leave `person` out if "
            "choices are independent of each other"
        )


def few_people(n_people: int) -> list[str]:
    """What to say of errors clustered by few people."""
    return [f"{n_people} people are few: errors clustered by person are too small"] if n_people < FEW else []


def thin(what: str, labels: Sequence[str], people: Array) -> list[str]:
    """What to say of types or classes of so few people, (n_types,), that there are too few to cluster by."""
    return [
        f"{what} {label} is about {count:.1f} people: too few for errors clustered by person"
        for label, count in zip(labels, people, strict=True)
        if count < FEW
    ]


def equal_chances(data: ChoiceData) -> float:
    """Log likelihood of the model in which all options within reach are equally likely."""
    count = np.full(data.n_obs, data.n_options) if data.available is None else data.available.sum(axis=1)
    return float(-(data.weight @ np.log(count)))


def sample_size(data: ChoiceData) -> float:
    """Sum of the weights of people; of somebody whose choices differ in weight, the mean of those."""
    return float(data.person_weight.sum())

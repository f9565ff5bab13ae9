"""Who belongs to which class: shares that depend on what is known of people.

Person i with covariates z_i is of class k with probability exp(g_k0 + z_i . g_k) / sum_l exp(g_l0 + z_i . g_l), and
g_0 = 0: the first class is the reference (Dayton & Macready 1988; Greene & Hensher 2003). Covariates are computed with
mean zero and a standard deviation of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy.special import log_softmax, logsumexp

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from contracts.inputs.names import listed
from inference.choice.data import ChoiceData
from inference.logit.culprits import refuse_collinear
from inference.logit.panel import Panel, log_likelihood_and_score

SAME = 1e-9  # relative differences within a person that are rounding


class Members(NamedTuple):
    """Covariates of people, and the affine map that standardises them."""

    values: Array  # (n_people, n_covariates), in the units of the data
    centre: Array  # (n_covariates,)
    spread: Array  # (n_covariates,)

    @property
    def design(self) -> Array:
        """A one and the standardised covariates; (n_people, 1 + n_covariates)."""
        return with_constant((self.values - self.centre) / self.spread)

    def to_users(self, n_classes: int) -> Array:
        """What turns membership parameters, class by class from the second on, into those in units of the data."""
        one = np.diag(np.concatenate([[1.0], 1 / self.spread]))
        one[0, 1:] = -self.centre / self.spread
        return np.asarray(np.kron(np.eye(n_classes - 1), one), dtype=np.float64)


def with_constant(covariates: Array) -> Array:
    """A column of ones before the others."""
    return np.asarray(np.column_stack([np.ones(len(covariates)), covariates]), dtype=np.float64)


def members_of(data: ChoiceData, names: Sequence[str]) -> tuple[ChoiceData, Members]:
    """The data without the attributes that describe people, and those; refuses what is not of people, or tells nothing.

    Examples
    --------
    >>> offers = [[[2.0, 30.0], [3.0, 30.0]], [[2.0, 50.0], [1.0, 50.0]]]
    >>> data, members = members_of(ChoiceData(offers, [0, 1], names=["price", "income"]), ["income"])
    >>> data.names, members.values.ravel()
    (('price',), array([30., 50.]))
    """
    known = list(data.names or ())
    for k, name in enumerate(names):
        if name not in known:
            raise ProblemError(f"membership names {name!r}, which is no attribute: the attributes are {listed(known)}")
        if name in names[:k]:
            raise ProblemError(f"membership names {name!r} twice: name every attribute once")
    kept = [k for k, name in enumerate(known) if name not in names]
    if not kept:
        raise ProblemError("membership names all attributes: none is left for utility")
    columns = [known.index(name) for name in names]
    values = covariates_of(data, columns)
    centre, spread = values.mean(axis=0), values.std(axis=0)
    if (idle := np.flatnonzero(spread <= SAME * np.abs(values).max(axis=0, initial=0.0))).size:
        raise ProblemError(f"{names[int(idle[0])]!r} is the same for all people: leave it out of membership")
    members = Members(values, centre, spread)
    if columns:
        refuse_collinear(members.design, ("constant", *names), "differences between people in")
    return without(data, kept), members


def covariates_of(data: ChoiceData, columns: Sequence[int]) -> Array:
    """Attributes that are the same in all options and choices of a person; (n_people, n_columns)."""
    seen = data.attributes[:, :, columns]
    reach = np.ones(seen.shape[:2], bool) if data.available is None else data.available
    low, high = np.full((data.n_people, len(columns)), np.inf), np.full((data.n_people, len(columns)), -np.inf)
    here = reach[:, :, np.newaxis]
    np.minimum.at(low, data.person_index, np.where(here, seen, np.inf).min(axis=1))
    np.maximum.at(high, data.person_index, np.where(here, seen, -np.inf).max(axis=1))
    moving = (high - low) > SAME * np.maximum(np.abs(high), np.abs(low))
    if moving.any():
        person, k = np.argwhere(moving)[0]
        raise ProblemError(
            f"{(data.names or ())[columns[k]]!r} is {low[person, k]:g} and {high[person, k]:g} for person "
            f"{data.people[person]!s}: membership is by what is the same in all options and choices of a person"
        )
    return low


def without(data: ChoiceData, kept: Sequence[int]) -> ChoiceData:
    """The data with some of its attributes."""
    names = data.names or ()
    return replace(data, attributes=data.attributes[:, :, kept], names=[names[k] for k in kept])


def log_shares(design: Array, membership: Array) -> Array:
    """Log probability of each class, (n, n_classes); of (n, 1 + n_covariates) and (n_classes, 1 + n_covariates)."""
    return np.asarray(log_softmax(design @ membership.T, axis=1))


class Evaluation(NamedTuple):
    """The mixture at one point."""

    by_person: Array  # (n_people,) log likelihoods
    posterior: Array  # (n_people, n_classes)
    in_coefficients: Array  # (n_people, n_classes, n_attributes), derivatives
    in_membership: Array  # (n_people, n_classes - 1, 1 + n_covariates)


def evaluated(panel: Panel, design: Array, coefficients: Array, membership: Array) -> Evaluation:
    """Log likelihood with its first derivatives.

    With p_ik posterior and w_ik prior probabilities and s_ik the score of person i in class k they are p_ik s_ik in
    coefficients and (p_ik - w_ik) z_i in membership.
    """
    value, slope = log_likelihood_and_score(panel, coefficients[np.newaxis])
    prior = log_shares(design, membership)
    joint = value + prior
    by_person = logsumexp(joint, axis=1)
    posterior = np.exp(joint - by_person[:, np.newaxis])
    moved = (posterior - np.exp(prior))[:, 1:, np.newaxis] * design[:, np.newaxis]
    return Evaluation(by_person, posterior, posterior[:, :, np.newaxis] * slope, moved)

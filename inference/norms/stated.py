"""What groups say about themselves before anybody is asked: a normal prior over their utilities of policies."""

from __future__ import annotations

from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from inference.norms.elicitation import Labels, positions
from inference.norms.pooling import contrasts

SMALLEST = 1e-6  # relative variance below which a direction counts as certain up to this


@checked
@dataclass(frozen=True, eq=False)
class Stated:
    """Utilities that words stand for, as a prior of `elicit_norms`: words first, answers as evidence.

    Parameters
    ----------
    groups, policies : labels, distinct
    mean : (n_groups, n_policies) array, logits; only differences between policies matter
    covariance : (n_groups, n_policies, n_policies) array, of what the words leave open

    Raises
    ------
    ProblemError
        If shapes do not fit or a covariance is not one.
    """

    groups: tuple[str, ...]
    policies: tuple[str, ...]
    mean: Any
    covariance: Any

    def __post_init__(self) -> None:
        mean, covariance = finite("Stated mean", self.mean), finite("Stated covariance", self.covariance)
        n, k = len(self.groups), len(self.policies)
        if mean.shape != (n, k) or covariance.shape != (n, k, k):
            raise ProblemError(
                f"Stated has mean {mean.shape} and covariance {covariance.shape}; expected {(n, k)} and {(n, k, k)}"
            )
        scale = np.abs(covariance).max(initial=0.0)
        if np.abs(covariance - covariance.transpose(0, 2, 1)).max(initial=0.0) > 1e-9 * scale:
            raise ProblemError("Stated covariance is not symmetric: give covariances of policies by policies")
        if len(covariance) and np.linalg.eigvalsh(covariance).min() < -1e-7 * scale:
            raise ProblemError("Stated covariance has a negative variance in some direction: give covariances")
        object.__setattr__(self, "mean", mean)
        object.__setattr__(self, "covariance", covariance)


def covers(stated: Stated, groups: Labels, policies: Labels) -> bool:
    """Whether it says something of every group and policy."""
    return set(map(str, groups)) <= set(stated.groups) and set(map(str, policies)) <= set(stated.policies)


def quadratic(stated: Stated, groups: Labels, policies: Labels, n_items: int) -> StatedUtilities:
    """The prior on the items of answers, which may be about more policies and groups than words are."""
    items = positions("policies", np.array(stated.policies), np.array([str(one) for one in policies]))
    rows = positions("groups", np.array(stated.groups), np.array([str(one) for one in groups]))
    mean, precision = np.zeros((len(groups), n_items)), np.zeros((len(groups), n_items, n_items))
    for own, row in enumerate(rows):
        among = np.ix_(items, items)
        mean[row, items] = stated.mean[own] - stated.mean[own].mean()
        precision[row][among] = precision_of(stated.covariance[own])
    return StatedUtilities(mean, precision)


def precision_of(covariance: Array) -> Array:
    """The inverse on the contrasts: along the constant nothing is said; along what is certain, very much is."""
    basis = contrasts(len(covariance))
    values, vectors = np.linalg.eigh(basis.T @ covariance @ basis)
    values = np.maximum(values, SMALLEST * max(float(values.max()), SMALLEST))
    outer = basis @ vectors
    return np.asarray((outer / values) @ outer.T)


@dataclass(frozen=True, eq=False)
class StatedUtilities:
    """A likelihood of the kind of `inference.norms.likelihoods`: -(v - m)' P (v - m) / 2 for every group."""

    mean: Array  # (n_groups, n_items)
    precision: Array  # (n_groups, n_items, n_items), zero along the constant

    def log_likelihood(self, utilities: Array) -> Array:
        gap = utilities - self.mean[:, np.newaxis]
        return -0.5 * np.einsum("gdi,gij,gdj->gd", gap, self.precision, gap)

    def derivatives(self, utilities: Array) -> tuple[Array, Array, Array]:
        gap = utilities - self.mean
        slope = -np.einsum("gij,gj->gi", self.precision, gap)
        return 0.5 * np.einsum("gi,gi->g", gap, slope), slope, -self.precision

    def of_units(self, units: slice) -> StatedUtilities:
        return StatedUtilities(self.mean[units], self.precision[units])

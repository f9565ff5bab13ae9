"""The likelihood of a mixture of logit choice models, with its derivatives.

Person i takes option c at observation n with probability exp(x_c . b) / sum_j exp(x_j . b) if it is of the type with
coefficients b. Only differences between options matter, so an observation is kept as the rows x_j - x_c of the options
passed over, and observations with the same rows are kept once, with a count per person: in an experiment in which
everybody answers the same questions almost all of the work is shared.

Train (2009), Discrete Choice Methods with Simulation, ch. 3 and 14; McLachlan & Peel (2000), Finite Mixture Models.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.special import logsumexp

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass
from inference.choice.data import ChoiceData
from inference.logit.culprits import refuse_collinear, same_for_all


@dataclass(frozen=True, eq=False)
class Situations:
    """Distinct observations: what each option passed over offered beyond the one taken, in units of `scale`."""

    difference: Array  # (n_options - 1, n_distinct, n_attributes), divided by scale
    is_closed: NDArray[np.bool_]  # (n_options - 1, n_distinct, 1), whether the option could not have been taken
    counts: csr_array  # (n_people, n_distinct), how often each person faced each, times its weight within the person
    weight: Array  # (n_people,), how many people each one stands for
    scale: Array  # (n_attributes,), root mean square difference of each attribute

    @property
    def n_people(self) -> int:
        return int(self.counts.shape[0])

    @property
    def n_attributes(self) -> int:
        return int(self.difference.shape[2])


class Evaluation(NamedTuple):
    """Log probability of what was taken, and probabilities of what was passed over, for m coefficient vectors."""

    log_probability: Array  # (n_distinct, m)
    passed_over: Array  # (n_options - 1, n_distinct, m)


def situations_of(data: ChoiceData, scale: Array | None = None) -> Situations:
    """Distinct observations of a data set; refuses attributes that the choices cannot speak about.

    With a `scale` (n_attributes,) that is known the data need not identify anything.

    Raises
    ------
    ProblemError
        If nobody had a choice, an attribute never differs between options, or attributes are collinear.

    Examples
    --------
    >>> data = ChoiceData([[[0.0], [2.0]], [[0.0], [2.0]], [[2.0], [0.0]]], [1, 1, 1], person=["a", "a", "b"])
    >>> found = situations_of(data)
    >>> found.difference[0, :, 0] * found.scale, found.counts.toarray()
    (array([-2.,  2.]), array([[2, 0],
           [0, 1]]))
    """
    rows = np.arange(data.n_obs)
    others = np.arange(data.n_options - 1) + (np.arange(data.n_options - 1) >= data.choice[:, np.newaxis])
    taken = data.attributes[rows, data.choice][:, np.newaxis]
    difference = data.attributes[rows[:, np.newaxis], others] - taken
    if data.available is None:
        is_open = np.ones(others.shape, dtype=bool)
    else:
        is_open = data.available[rows[:, np.newaxis], others]
        difference = np.where(is_open[..., np.newaxis], difference, 0.0)
    if scale is None:
        scale = identified_scale(data, difference, is_open)
    flat = np.column_stack([difference.reshape(data.n_obs, -1), is_open])
    _, first, index = np.unique(flat, axis=0, return_index=True, return_inverse=True)
    times = np.ones(data.n_obs, dtype=np.int64) if data.within_person is None else data.within_person
    counts = csr_array((times, (data.person_index, index.reshape(-1))), shape=(data.n_people, len(first)))
    counts.sum_duplicates()
    by_option = np.ascontiguousarray((difference[first] / scale).transpose(1, 0, 2))
    return Situations(by_option, ~is_open[first].T[..., np.newaxis], counts, data.person_weight, scale)


def identified_scale(data: ChoiceData, difference: Array, is_open: NDArray[np.bool_]) -> Array:
    """Root mean square difference of each attribute; refuses those that no choice can identify."""
    names = tuple(data.names or ())
    rows = difference[is_open]
    if not len(rows):
        raise ProblemError("no observation has two options within reach: there is no choice to learn from")
    largest = np.abs(rows).max(axis=0)
    magnitude = np.abs(data.attributes).max(axis=(0, 1))
    if (same := largest <= 1e-12 * magnitude).any():
        raise same_for_all(names[int(np.argmax(same))], magnitude[np.argmax(same)])
    scale = largest * np.sqrt(np.mean((rows / largest) ** 2, axis=0))
    refuse_collinear(rows / scale, names)
    return np.asarray(scale)


# ---- one logit model per column ----


def evaluate(situations: Situations, coefficients: Array) -> Evaluation:
    """Choice probabilities at m coefficient vectors, (m, n_attributes) in scaled units."""
    utility = situations.difference @ coefficients.T
    np.putmask(utility, np.broadcast_to(situations.is_closed, utility.shape), -np.inf)
    top = utility.max(axis=0, initial=0.0)
    weight = np.exp(utility - top)
    excess = np.expm1(-top) + weight.sum(axis=0)  # of the sum of weights, that of the option taken included, over one
    return Evaluation(-top - np.log1p(excess), weight / (1.0 + excess))


def expected_difference(situations: Situations, found: Evaluation) -> Array:
    """Expected attributes minus those taken, the score with the sign turned; (m, n_distinct, n_attributes)."""
    result = np.empty((found.log_probability.shape[1], *situations.difference.shape[1:]))
    for m, expected in enumerate(result):
        np.einsum("ju,jua->ua", found.passed_over[:, :, m], situations.difference, out=expected)
    return result


def information(situations: Situations, found: Evaluation, expected: Array, weights: Array) -> Array:
    """Minus the Hessian of sum_u weights[u, m] log_probability[u, m]: covariances; (m, n_attributes, n_attributes)."""
    rows = situations.difference.reshape(-1, situations.n_attributes)
    result = np.empty((weights.shape[1], situations.n_attributes, situations.n_attributes))
    for m, weight in enumerate(weights.T):
        squares = rows.T @ (rows * (found.passed_over[:, :, m] * weight).reshape(-1, 1))
        result[m] = squares - expected[m].T @ (expected[m] * weight[:, np.newaxis])
    return result


# ---- the mixture ----


class Likelihood(NamedTuple):
    """The mixture at one point."""

    by_person: Array  # (n_people,) log likelihood of each person's choices
    posterior: Array  # (n_people, n_types)


class Derivatives(NamedTuple):
    """First and second derivatives of the log likelihood; coefficients first, type by type, then the shares.

    Shares are softmax(basis @ y) with orthonormal columns of `basis` that sum to zero: no type is the reference.
    """

    scores: Array  # (n_people, n_parameters), gradient of each person's weighted log likelihood
    information: Array  # (n_parameters, n_parameters), minus the Hessian


def likelihood(by_type: Array, log_weights: Array) -> Likelihood:
    """Log likelihood and posterior types from log likelihoods (n_people, n_types) given the type.

    Examples
    --------
    >>> found = likelihood(np.log([[0.5, 0.25]]), np.log([0.5, 0.5]))
    >>> np.exp(found.by_person), found.posterior
    (array([0.375]), array([[0.66666667, 0.33333333]]))
    """
    joint = by_type + log_weights
    by_person = logsumexp(joint, axis=-1)
    return Likelihood(by_person, np.exp(joint - by_person[..., np.newaxis]))


def share_basis(n_types: int) -> Array:
    """Orthonormal columns that sum to zero, (n_types, n_types - 1): Helmert contrasts.

    Examples
    --------
    >>> share_basis(2).round(3)
    array([[ 0.707],
           [-0.707]])
    """
    columns = np.triu(np.ones((n_types, n_types - 1)))
    k = np.arange(1, n_types)
    columns[k, k - 1] = -k
    return np.asarray(columns / np.sqrt(k * (k + 1.0)))


def derivatives(
    situations: Situations, found: Evaluation, posterior: Array, weights: Array, *, ridge: float = 0.0
) -> Derivatives:
    """Scores by person and information of the mixture, in scaled units.

    With s_ik the score of person i under type k, p_ik its posterior and J_i,k the information of its choices,

        d log L_i / d b_k      = p_ik s_ik
        d2 log L_i / d b_k d b_l = p_ik 1{k=l} (s_ik s_ik' - J_ik) - p_ik p_il s_ik s_il'

    and for log shares up to a constant, g: d log L_i / d g = p_i - w, with second derivatives
    diag(p_i) - p_i p_i' - diag(w) + w w' and p_ik (1{k=m} - p_im) s_ik. Every person counts as often as it weighs.
    """
    n_people, n_types = posterior.shape
    each = situations.weight[:, np.newaxis]
    size, basis = n_types * situations.n_attributes, share_basis(n_types)
    expected = expected_difference(situations, found)
    own = -np.stack([situations.counts @ by_situation for by_situation in expected], axis=1)
    weighted = posterior[..., np.newaxis] * own
    flat = weighted.reshape(n_people, size)
    hessian = np.zeros((size + n_types, size + n_types))
    covariance = information(situations, found, expected, situations.counts.T @ (each * posterior))
    hessian[:size, :size] = -flat.T @ (each * flat)
    mixed = -flat.T @ (each * posterior)
    for k in range(n_types):
        block = slice(k * situations.n_attributes, (k + 1) * situations.n_attributes)
        hessian[block, block] += (
            own[:, k].T @ (each * weighted[:, k]) - covariance[k] - ridge * np.eye(situations.n_attributes)
        )
        mixed[block, k] += situations.weight @ weighted[:, k]
    hessian[:size, size:], hessian[size:, :size] = mixed, mixed.T
    shares = np.diag(situations.weight @ posterior) - posterior.T @ (each * posterior)
    hessian[size:, size:] = shares - each.sum() * (np.diag(weights) - np.outer(weights, weights))
    onto = np.zeros((size + n_types, size + n_types - 1))
    onto[:size, :size], onto[size:, size:] = np.eye(size), basis
    return Derivatives(each * np.hstack([flat, (posterior - weights) @ basis]), -onto.T @ hessian @ onto)

"""Multinomial logit in passes over the choices, a chunk that fits into the cache at a time.

With d_j the attributes of option j minus those of the option taken, P_j = exp(d_j . b) / sum_l exp(d_l . b) and weight
w, a choice adds to the log likelihood -w log sum_l exp(d_l . b), to the score -w sum_j P_j d_j, and to the information
w (sum_j P_j d_j d_j' - m m') with m = sum_j P_j d_j (McFadden 1974). Memory beyond the data is a chunk.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from contracts.inputs.arrays import Array
from inference.choice.data import ChoiceData
from inference.logit.culprits import contrasts_of, refuse_collinear, same_for_all
from inference.logit.units import IDLE

CHUNK_ENTRIES = 1 << 15  # of attributes at a time: a quarter of a megabyte
DOUBTFUL = 1e-9  # smallest eigenvalue of the information, its diagonal one: attributes may be collinear


class Chunk(NamedTuple):
    """Some choices; arrays end in the choices, so that sums over options and attributes run along memory."""

    rows: slice
    difference: Array  # (n_attributes, n_options, n), 0 for the option taken and for those out of reach
    closed: Array | None  # (n_options, n), 0, or minus infinity for options out of reach
    weight: Array  # (n,)


class Derivatives(NamedTuple):
    """Log likelihood with its first and second derivatives."""

    value: float
    gradient: Array  # (n_attributes,)
    information: Array  # (n_attributes, n_attributes)


def chunks(data: ChoiceData) -> Iterator[Chunk]:
    """The choices in chunks."""
    size = max(1, CHUNK_ENTRIES // (data.n_options * data.n_attributes))
    weight = data.weight
    for start in range(0, data.n_obs, size):
        rows = slice(start, min(start + size, data.n_obs))
        offered, choice = data.attributes[rows], data.choice[rows]
        taken = offered[np.arange(len(choice)), choice]
        difference = np.ascontiguousarray(offered.transpose(2, 1, 0))
        difference -= taken.T[:, np.newaxis]
        closed = None
        if data.available is not None:
            reach = data.available[rows].T
            difference *= reach
            closed = np.where(reach, 0.0, -np.inf)
        yield Chunk(rows, difference, closed, weight[rows])


def probabilities(chunk: Chunk, coefficients: Array) -> tuple[Array, Array]:
    """Log probability of the option taken, (n,), and probabilities of all, (n_options, n)."""
    share = (coefficients @ chunk.difference.reshape(len(coefficients), -1)).reshape(chunk.difference.shape[1:])
    if chunk.closed is not None:
        share += chunk.closed
    peak = share.max(axis=0)
    share -= peak
    np.exp(share, out=share)
    total = share.sum(axis=0)
    share /= total
    return -peak - np.log(total), share


def of_chunk(chunk: Chunk, coefficients: Array) -> tuple[Derivatives, Array]:
    """What a chunk adds, and scores of its choices, (n_attributes, n)."""
    log_probability, share = probabilities(chunk, coefficients)
    share *= chunk.weight
    weighted = chunk.difference * share
    mean = weighted.sum(axis=1)
    size = len(coefficients)
    squares = weighted.reshape(size, -1) @ chunk.difference.reshape(size, -1).T
    information = squares - (mean / chunk.weight) @ mean.T
    return Derivatives(float(chunk.weight @ log_probability), -mean.sum(axis=1), information), -mean


def derivatives(data: ChoiceData, coefficients: Array, into: Array | None = None) -> Derivatives:
    """One pass; `coefficients` is (n_attributes,); scores of choices go `into` (n_attributes, n_obs)."""
    value, gradient, information = 0.0, 0.0 * coefficients, np.zeros((len(coefficients), len(coefficients)))
    for chunk in chunks(data):
        part, scores = of_chunk(chunk, coefficients)
        value += part.value
        gradient += part.gradient
        information += part.information
        if into is not None:
            into[:, chunk.rows] = scores
    return Derivatives(value, gradient, (information + information.T) / 2)


def by_person(data: ChoiceData, scores: Array) -> Array:
    """Sums over each person's choices, (n_people, n), of (n, n_obs) scores."""
    if data.n_people == data.n_obs:
        return scores.T
    person = data.person_index
    return np.stack([np.bincount(person, column, minlength=data.n_people) for column in scores], axis=1)


def refuse_unidentified(data: ChoiceData) -> Array:
    """Information at equal chances, (n_attributes, n_attributes); refuses attributes that choices cannot tell apart."""
    names = tuple(data.names or ())
    largest, magnitude = np.zeros(data.n_attributes), np.zeros(data.n_attributes)
    information = np.zeros((data.n_attributes, data.n_attributes))
    for chunk in chunks(data):
        offered = data.attributes[chunk.rows].reshape(-1, data.n_attributes)
        np.maximum(magnitude, np.maximum(offered.max(axis=0), -offered.min(axis=0)), out=magnitude)
        np.maximum(largest, np.abs(chunk.difference).max(axis=(1, 2)), out=largest)
        information += of_chunk(chunk, np.zeros(data.n_attributes))[0].information
    idle = np.flatnonzero(largest <= IDLE * magnitude)
    if len(idle):
        raise same_for_all(names[int(idle[0])], magnitude[idle[0]])
    scale = np.sqrt(np.diag(information))
    if np.linalg.eigvalsh(information / np.outer(scale, scale))[0] <= DOUBTFUL:
        refuse_collinear(contrasts_of(data) / largest, names)
    return information

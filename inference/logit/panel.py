"""Choices arranged by person: logit likelihoods of many coefficient vectors at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass
from inference.choice.data import ChoiceData, Integers

LARGEST = 600.0  # utility beyond the option taken up to which nothing overflows
BLOCK_ENTRIES = 1 << 17  # utilities held at a time: 1 MB, so that a block stays in the cache


@dataclass(frozen=True, eq=False)
class Block:
    """Some people with about equally many observations, padded to the same number T of them."""

    people: Integers  # (p,) their numbers
    contrasts: Array  # (p, T, n_options - 1, n_attributes) every option left, minus the option taken
    reachable: NDArray[np.bool_] | None  # (p, T, n_options - 1), False where padded or unavailable; None: all are
    exponent: Array | None  # (p, T) how often each observation counts within its person; None: once


@dataclass(frozen=True, eq=False)
class Panel:
    """All people in blocks.

    With d the attributes of an option minus those of the option taken, a person of coefficients b chooses as observed
    with log likelihood -sum_t v_t log(1 + sum_d exp(b . d)), v_t = 1 unless weights differ within the person. Only the
    contrasts d are kept.

    Examples
    --------
    >>> data = ChoiceData([[[1.0], [0.0]], [[2.0], [0.0]], [[1.0], [0.0]]], choice=[0, 0, 1], person=["a", "a", "b"])
    >>> log_likelihood(panel_of(data), np.log([[[2.0]], [[3.0]]])).round(4)  # log (2/3 x 4/5), log 1/4
    array([[-0.6286],
           [-1.3863]])
    """

    blocks: tuple[Block, ...]
    n_people: int
    n_attributes: int


def panel_of(data: ChoiceData, width: int = 1) -> Panel:
    """The panel whose blocks hold `BLOCK_ENTRIES` utilities when each person has `width` coefficient vectors."""
    by_person = np.argsort(data.person_index, kind="stable")
    counts = np.bincount(data.person_index, minlength=data.n_people)
    starts = np.concatenate([[0], np.cumsum(counts)])
    chosen = data.choice[:, np.newaxis]
    others = np.arange(data.n_options - 1) + (np.arange(data.n_options - 1) >= chosen)  # options left, in order
    rows = np.arange(data.n_obs)[:, np.newaxis]
    contrasts = data.attributes[rows, others] - data.attributes[rows, chosen]
    reachable = np.ones(others.shape, dtype=bool) if data.available is None else data.available[rows, others]
    shortest_first = np.argsort(counts, kind="stable")
    blocks = []
    for people in _batches(shortest_first, counts * max(data.n_options - 1, 1) * width):
        n_rounds = int(counts[people].max())
        place = starts[people][:, np.newaxis] + np.arange(n_rounds)
        real = np.arange(n_rounds) < counts[people][:, np.newaxis]
        observation = by_person[np.where(real, place, starts[people][:, np.newaxis])]
        mask = reachable[observation] & real[:, :, np.newaxis]
        exponent = None if data.within_person is None else data.within_person[observation]
        blocks.append(Block(people, contrasts[observation], None if mask.all() else mask, exponent))
    return Panel(tuple(blocks), data.n_people, data.n_attributes)


def _batches(people: Integers, entries: Integers) -> Iterator[Integers]:
    """Runs of people, padded to the last and longest of them, of at most BLOCK_ENTRIES entries or one person."""
    start = 0
    while start < len(people):
        size = np.arange(1, len(people) - start + 1) * entries[people[start:]]
        stop = start + max(1, int(np.searchsorted(size, BLOCK_ENTRIES, side="right")))
        yield people[start:stop]
        start = stop


class Odds(NamedTuple):
    """What logit chances are made of, for every draw of coefficients."""

    log_chance: Array  # (p, n_draws) of each person's choices
    left: Array  # (p, T, n_options - 1, n_draws) odds of the options left, over those of the best where they are large
    total: Array  # (p, T, n_draws) their sum with the option taken


def odds(block: Block, coefficients: Array) -> Odds:
    """Odds at coefficients (p, n_draws, n_attributes), or (1, n_draws, n_attributes) if everybody has the same."""
    people, rounds, others, attributes = block.contrasts.shape
    flat = block.contrasts.reshape(people, rounds * others, attributes)
    left = (flat @ coefficients.transpose(0, 2, 1)).reshape(people, rounds, others, coefficients.shape[1])
    if block.reachable is not None:
        left[~block.reachable] = -np.inf
    highest = left.max(initial=0.0)
    peak = None
    if highest >= LARGEST:  # nothing overflows: the best option counts as 1
        peak = left.max(axis=2, initial=0.0)
        left -= peak[:, :, np.newaxis]
    np.exp(left, out=left)
    total = left.sum(axis=2)
    total += 1 if peak is None else np.exp(-peak)
    if block.exponent is None and rounds * (highest + np.log1p(others)) < LARGEST:  # one logarithm serves all rounds
        return Odds(-np.log(total.prod(axis=1)), left, total)
    rounds_lost = np.log(total) if peak is None else np.log(total) + peak
    if block.exponent is not None:
        rounds_lost *= block.exponent[:, :, np.newaxis]
    return Odds(-rounds_lost.sum(axis=1), left, total)


def choice_shares(block: Block, coefficients: Array) -> tuple[Array, Array]:
    """Log likelihood of each person, (p, n_draws), and shares of the options left, (p, T, n_options - 1, n_draws).

    Shares are multiplied with the exponents of their observations.
    """
    log_chance, share, total = odds(block, coefficients)
    if block.exponent is not None:
        total /= block.exponent[:, :, np.newaxis]
    share /= total[:, :, np.newaxis]
    return log_chance, share


def log_likelihood(panel: Panel, coefficients: Array) -> Array:
    """Log probability of each person's choices under each of its coefficient vectors.

    Parameters
    ----------
    panel : from `panel_of`
    coefficients : (n_people, n_draws, n_attributes) array, or (1, n_draws, n_attributes) for the same for everybody

    Returns
    -------
    (n_people, n_draws) array
    """
    value = np.empty((panel.n_people, coefficients.shape[1]))
    for block in panel.blocks:
        value[block.people] = odds(block, _of(block, coefficients)).log_chance
    return value


def log_likelihood_and_score(panel: Panel, coefficients: Array) -> tuple[Array, Array]:
    """The log likelihood, (n_people, n_draws), and its derivative, (n_people, n_draws, n_attributes)."""
    value = np.empty((panel.n_people, coefficients.shape[1]))
    score = np.empty((*value.shape, panel.n_attributes))
    for block in panel.blocks:
        value[block.people], share = choice_shares(block, _of(block, coefficients))
        score[block.people] = score_of(block, share)
    return value, score


def score_of(block: Block, share: Array) -> Array:
    """Derivative of the log likelihood: minus the expected contrasts; (p, n_draws, n_attributes)."""
    people, rounds, others, attributes = block.contrasts.shape
    flat = block.contrasts.reshape(people, rounds * others, attributes)
    return -(flat.transpose(0, 2, 1) @ share.reshape(people, flat.shape[1], share.shape[3])).transpose(0, 2, 1)


def information(panel: Panel, coefficients: Array) -> Array:
    """Minus the second derivative of each person's log likelihood at one coefficient vector each.

    Parameters
    ----------
    panel : from `panel_of`
    coefficients : (n_people, n_attributes) array

    Returns
    -------
    (n_people, n_attributes, n_attributes) array, positive semidefinite: sum_t var_t(d), the variance of the contrast
    over the choice
    """
    value = np.empty((panel.n_people, panel.n_attributes, panel.n_attributes))
    for block in panel.blocks:
        share = choice_shares(block, coefficients[block.people][:, np.newaxis])[1]
        weighted = block.contrasts * share
        mean = weighted.sum(axis=2)
        once = mean if block.exponent is None else mean / block.exponent[:, :, np.newaxis]
        second = np.einsum("ptjk,ptjl->pkl", weighted, block.contrasts, optimize=True)
        value[block.people] = second - np.einsum("ptk,ptl->pkl", mean, once, optimize=True)
    return value


def _of(block: Block, coefficients: Array) -> Array:
    return coefficients if len(coefficients) == 1 else coefficients[block.people]

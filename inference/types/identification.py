"""Which types choices can tell apart: types that choose alike from every menu stay confounded, however many choices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import found_number
from contracts.readable import readable
from inference.choice.counts import named_offers
from inference.choice.model import ChoiceModel, check_choice_model

ALIKE = 0.01  # total variation below which two types choose alike: a choice tells them apart in one case of a hundred
SHOWN_PAIRS = 6
BLOCK = 64  # types compared with all others at a time


@checked
@dataclass(frozen=True, eq=False, repr=False)
class Identification:
    """How far apart the types' choices are.

    Attributes
    ----------
    labels : names of the types
    distance : (n_types, n_types) total variation between choice probabilities, on the menu where it is largest;
        0 for types that choose alike from every menu, 1 for types that never choose the same option
    hellinger : (n_types, n_types) squared Hellinger distance 1 - sum_k sqrt(p_k q_k), on the menu where it is largest
    tolerance : total variation below which types count as alike
    """

    labels: Sequence[str]
    distance: Array
    hellinger: Array
    tolerance: float

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Pairs of types that these menus cannot tell apart."""
        first, second = np.nonzero(np.triu(self.distance <= self.tolerance, k=1))
        return tuple((self.labels[i], self.labels[j]) for i, j in zip(first.tolist(), second.tolist(), strict=True))

    def choices_needed(self, error: float = 0.05) -> Array:
        """Choices that suffice to tell two equally likely types apart with at most this error; (n_types, n_types).

        The probability of error of Bayes' rule after n choices is at most (1 - hellinger)^n / 2 (Bhattacharyya), so
        n = log(2 error) / log(1 - hellinger), rounded up, at least 1; infinite for types that choose alike.
        """
        if not 0 < error < 0.5:
            raise ProblemError(f"error is {error}: give a probability between 0 and one half")
        with np.errstate(divide="ignore"):
            enough = np.log(2 * error) / np.log1p(-self.hellinger)
        return np.where(self.hellinger > 0, np.maximum(np.ceil(enough), 1.0), np.inf)

    def __repr__(self) -> str:
        pairs = self.pairs
        if not pairs:
            if len(self.labels) == 1:
                return "One type: nothing to tell apart"
            return f"All {len(self.labels)} types choose differently (total variation above {self.tolerance:g})"
        shown = ", ".join(f"{readable(one)} ~ {readable(other)}" for one, other in pairs[:SHOWN_PAIRS])
        more = f" and {len(pairs) - SHOWN_PAIRS} more pairs" if len(pairs) > SHOWN_PAIRS else ""
        return f"Not told apart (choice probabilities within {self.tolerance:g}): {shown}{more}"


@checked(own=("tolerance", "choice_model"))
def identification(menu: Any, choice_model: ChoiceModel, *, tolerance: float = ALIKE) -> Identification:
    """Which types choose so much alike from a menu, or from several, that choices do not tell them apart.

    Parameters
    ----------
    menu : Menu or ChoiceSet, or a list or dict of them
    choice_model : how agents choose
    tolerance : total variation between choice probabilities below which types count as alike

    Examples
    --------
    Bunched types take one option, and a best response says no more about them:

    >>> from contracts import ScreeningProblem
    >>> from inference.choice.model import BestResponse, Logit
    >>> from inference.choice.offered import choice_set
    >>> problem = ScreeningProblem([1.0, 2.0, 2.5], labels=("low", "middle", "high"))
    >>> offer = choice_set(problem, allocations=[1.0, 2.0], transfers=[0.5, 2.0])
    >>> identification(offer, BestResponse())
    Not told apart (choice probabilities within 0.01): middle ~ high
    >>> identification(offer, Logit(0.5)).choices_needed()[1, 2]
    np.float64(111.0)
    """
    check_choice_model(choice_model)
    if not 0 <= found_number("tolerance", tolerance) < 1:
        raise ProblemError(f"tolerance is {tolerance}: give a total variation from 0 to below 1, such as {ALIKE}")
    offers = {offer.key: offer for offer in named_offers(menu).values()}
    labels = next(iter(offers.values())).labels
    distance, hellinger = np.zeros((len(labels), len(labels))), np.zeros((len(labels), len(labels)))
    for offer in offers.values():
        p = np.exp(choice_model.log_likelihood(offer.utility))
        root = np.sqrt(p)
        for start in range(0, len(p), BLOCK):
            rows = slice(start, start + BLOCK)
            apart = np.abs(p[rows, np.newaxis] - p[np.newaxis]).sum(axis=2) / 2
            squared = ((root[rows, np.newaxis] - root[np.newaxis]) ** 2).sum(axis=2) / 2
            distance[rows] = np.maximum(distance[rows], apart)
            hellinger[rows] = np.maximum(hellinger[rows], np.minimum(squared, 1.0))
    return Identification(labels, distance, hellinger, tolerance)

"""What responders answered: counts by person and distinct offer."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite, yes_or_no
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Names
from contracts.inputs.names import missing, refuse_nobody


@dataclass(frozen=True, eq=False)
class Decisions:
    """Offers answered by responders: counts by person and distinct offer.

    Examples
    --------
    >>> answers = answers_of(person=["ann", "ann", "bob"], offer=[0.5, 0.1, 0.1], accepted=[1, 0, 1])
    >>> answers.offers, answers.accepted
    (array([0.1, 0.5]), array([[0., 1.], [1., 0.]]))
    """

    people: NDArray[Any]  # (n_people,)
    offers: Array  # (n_offers,), shares of the pie, increasing
    accepted: Array  # (n_people, n_offers), how often
    rejected: Array

    @property
    def n_answers(self) -> int:
        return int(self.accepted.sum() + self.rejected.sum())


@checked
def answers_of(person: Names, offer: Any, accepted: Any) -> Decisions:
    """Counts from one row per answer.

    Parameters
    ----------
    person : (n_answers,) labels
    offer : (n_answers,) array, the responder's share of the pie, from 0 to 1
    accepted : (n_answers,) of bool, or 1 and 0

    Raises
    ------
    ProblemError
        If lengths disagree, an offer is no share, or an answer is neither yes nor no.

    Examples
    --------
    >>> found = answers_of(["ann", "ann", "bob"], offer=[0.5, 0.1, 0.1], accepted=[1, 0, 1])
    >>> found.people, found.n_answers
    (array(['ann', 'bob'], dtype='<U3'), 3)
    """
    who, share, yes = np.asarray(person), finite("offer", offer), yes_or_no("accepted", accepted)
    if who.ndim != 1 or not len(who) or share.shape != who.shape or yes.shape != who.shape:
        raise ProblemError(
            f"person, offer and accepted have shapes {who.shape}, {share.shape} and {yes.shape}; expected one "
            "entry each per answer"
        )
    if len(absent := np.flatnonzero(missing(person))):
        raise ProblemError(f"person[{absent[0]}] is missing: say who gave every answer")
    refuse_nobody("person", who)
    if np.any((share < 0) | (share > 1)):
        raise ProblemError(
            f"an offer is {share[np.argmax(np.abs(share - 0.5))]}: give the responder's share of the pie, from 0 to 1"
        )
    near = np.where(np.abs(share - 0.5) < 1e-9, 0.5, share)  # half a pie, however it was divided
    people, row = np.unique(who, return_inverse=True)
    offers, column = np.unique(near.round(12), return_inverse=True)
    shape = (len(people), len(offers))
    cell = row.ravel() * shape[1] + column.ravel()
    count = [np.bincount(cell[answer], minlength=shape[0] * shape[1]).reshape(shape) for answer in (yes, ~yes)]
    return Decisions(people, offers, count[0].astype(np.float64), count[1].astype(np.float64))

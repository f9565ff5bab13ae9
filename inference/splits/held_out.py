"""Responders predicted out of sample: every answer by a model that did not see it, person by person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, log_expit, xlogy

from contracts.display.table import Column, Table, Tabular, names
from contracts.errors import ProblemError, SolverError
from contracts.inputs.arrays import Array, finite, generator, yes_or_no
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Names, one_of
from inference.splits.answers import Decisions, answers_of
from inference.splits.fit import fit_responders
from inference.splits.responders import Responders

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, repr=False)
class PersonScores(Tabular):
    """Log likelihood of held-out answers by model and person; made by `compare_responders`."""

    models: tuple[str, ...]
    log_likelihood: Array  # (n_models, n_people), every answer counted once
    n_answers: int

    def difference(self, model: str, other: str) -> tuple[float, float]:
        """Mean over people of the gain of one model on another, and its standard error."""
        ours, theirs = (self.log_likelihood[one_of("model", one, self.models, "models")] for one in (model, other))
        gain = ours - theirs
        return float(gain.mean()), float(gain.std(ddof=1) / np.sqrt(len(gain)))

    def to_frame(self) -> pd.DataFrame:
        """One row per model: total, mean per person with standard error, per answer, people predicted best."""
        return self._table().to_frame()

    def _table(self) -> Table:
        total, people = self.log_likelihood.sum(axis=1), self.log_likelihood.shape[1]
        error = self.log_likelihood.std(axis=1, ddof=1) / np.sqrt(people)
        best = np.bincount(self.log_likelihood.argmax(axis=0), minlength=len(self.models))
        return Table(
            [
                names("model", self.models),
                Column("total", total, ".1f", "total log likelihood"),
                Column("per_person", total / people, ".3f"),
                Column("standard_error", error, "({:.3f})".format, "(se)"),
                Column("per_answer", total / self.n_answers, ".4f"),
                Column("people_predicted_best", best, None),
            ]
        )


@checked
def compare_responders(
    person: Names,
    offer: Any,
    accepted: Any,
    *,
    n_types: tuple[int, ...] = (1, 3),
    n_folds: int = 5,
    rng: np.random.Generator,
) -> PersonScores:
    """Hold out a part of every person's answers in turn, and predict it from the rest.

    Compared are the population of `fit_responders` with each number of kinds, one logit in Fehr & Schmidt's utility for
    everybody (pooled), and one rate of acceptance for everybody (intercept only).

    Parameters
    ----------
    person, offer, accepted : as in `answers_of`
    n_types : numbers of kinds to compare
    n_folds : parts of every person's answers; everybody must have answered at least as often
    rng : deals answers to parts, and starts the fits

    Raises
    ------
    ProblemError
        If somebody answered less often than there are parts.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> person, offer = np.repeat(np.arange(6), 8), np.tile([0.05, 0.15, 0.25, 0.35, 0.4, 0.45, 0.5, 0.5], 6)
    >>> accepted = offer > np.repeat([0.1, 0.1, 0.2, 0.3, 0.3, 0.4], 8)
    >>> scores = compare_responders(person, offer, accepted, n_types=(1,), n_folds=2, rng=rng)
    >>> scores.models, scores.models[scores.log_likelihood.sum(axis=1).argmax()]
    (('hierarchical, 1 kind', 'pooled logit', 'intercept only'), 'hierarchical, 1 kind')
    """
    if n_folds < 2:
        raise ProblemError(f"n_folds is {n_folds}: hold out one part of at least 2")
    answers_of(person, offer, accepted)  # refuses what is no answer
    who, share, said = np.asarray(person), finite("offer", offer), yes_or_no("accepted", accepted)
    people, row = np.unique(who, return_inverse=True)
    fewest = int(np.bincount(row.ravel()).argmin())
    if (count := np.bincount(row.ravel())[fewest]) < n_folds:
        raise ProblemError(f"person {people[fewest]} answered {count} times: use n_folds of at most that")
    fold = np.empty(len(who), dtype=np.int64)
    for k in range(len(people)):
        own = np.flatnonzero(row == k)
        fold[own] = generator(rng).permutation(len(own)) % n_folds
    names = [*(f"hierarchical, {k} kind{'s' if k > 1 else ''}" for k in n_types), "pooled logit", "intercept only"]
    total = np.zeros((len(names), len(people)))
    fits: dict[int, Responders] = {}  # of the first part: the others differ little, and start from them
    for held in range(n_folds):
        seen, new = (answers_of(who[part], share[part], said[part]) for part in (fold != held, fold == held))
        for m, kinds in enumerate(n_types):
            fit = fit_responders(seen, kinds, start=fits.get(kinds), rng=None if kinds in fits else rng)
            fits.setdefault(kinds, fit)
            total[m] += fit.log_predictive(new)
        total[-2] += _pooled(seen, new)
        rate = seen.accepted.sum() / seen.n_answers
        total[-1] += xlogy(new.accepted.sum(axis=1), rate) + xlogy(new.rejected.sum(axis=1), 1 - rate)
    return PersonScores(tuple(names), total, len(who))


def _pooled(seen: Decisions, new: Decisions) -> Array:
    """Everybody alike: (s - envy (1 - 2s)) / temperature with one envy and temperature, by maximum likelihood."""

    def worth(coefficients: Array, offers: Array) -> Array:
        return coefficients[0] * offers - coefficients[1] * (1 - 2 * offers)

    accepted, rejected = seen.accepted.sum(axis=0), seen.rejected.sum(axis=0)

    def loss(coefficients: Array) -> tuple[float, Array]:
        eta = worth(coefficients, seen.offers)
        error = accepted - (accepted + rejected) * expit(eta)
        gradient = -np.array([error @ seen.offers, -error @ (1 - 2 * seen.offers)])
        return -float(accepted @ log_expit(eta) + rejected @ log_expit(-eta)), gradient

    found = minimize(loss, np.array([5.0, 1.0]), jac=True, method="BFGS", options={"gtol": 1e-4})
    if not found.success:
        raise SolverError(f"the pooled logit did not converge: {found.message}", tried=("BFGS",))
    eta = worth(found.x, new.offers)
    return new.accepted @ log_expit(eta) + new.rejected @ log_expit(-eta)

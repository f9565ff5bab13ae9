"""Groups that nobody declared, found in the answers alone: latent classes, and k-means as their rival."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from contracts.display.table import Column, Table, Tabular
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, generator
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Count
from inference.people.answers import SurveyAnswers
from inference.people.judging import Panel, benefit, cost, item_means

if TYPE_CHECKING:
    import pandas as pd

Indices = NDArray[np.intp]
MOST_LEVELS = 7  # different answers that latent classes tell apart
ROUNDS, GAIN = 300, 1e-6  # of EM, and the gain per person below which it stops
PRIOR_ANSWERS = 1.0  # per class and item, dealt out as all people answered: no class is certain of an answer


@checked
@dataclass(frozen=True)
class FoundGroups:
    """How to find groups in answers.

    Attributes
    ----------
    n_groups : how many; `compare_found_groups` helps to choose
    method : "latent classes": people of a class answer every item independently, each answer with a probability of the
        class (Lazarsfeld & Henry 1968), by EM; "k-means": the means that leave least variance
    n_starts : random starts, of which the best is kept
    """

    n_groups: Count = 3
    method: Literal["latent classes", "k-means"] = "latent classes"
    n_starts: Count = 5

    @property
    def name(self) -> str:
        """As in tables."""
        return f"{self.n_groups} by {self.method}"


class Classes(NamedTuple):
    """A mixture of people who answer alike."""

    log_shares: Array  # (n_classes,)
    log_chances: Array  # (n_classes, n_items * n_levels)

    def joint(self, shown: Array) -> Array:
        """Log probability of every class together with everybody's answers; (n_people, n_classes)."""
        return np.asarray(shown @ self.log_chances.T + self.log_shares)


def indicators(panel: Panel, levels: Array) -> Array:
    """One column per item and level, 1 where that was answered; (n_people, n_items * n_levels)."""
    hit = (panel.values[:, :, np.newaxis] == levels) & (panel.known[:, :, np.newaxis] > 0)
    return np.asarray(hit.reshape(len(hit), -1), dtype=np.float64)


def levels_of(panel: Panel) -> Array:
    """The different answers that were given."""
    levels = np.unique(panel.values[panel.known > 0])
    if len(levels) > MOST_LEVELS:
        raise ProblemError(
            f"there are {len(levels)} different answers, and latent classes take up to {MOST_LEVELS}: use k-means"
        )
    return levels


def fit_classes(shown: Array, n_levels: int, n_classes: int, *, rng: np.random.Generator, n_starts: int) -> Classes:
    """Largest posterior density of several starts; `shown` are indicators."""
    best, reached = None, -np.inf
    for _ in range(n_starts if n_classes > 1 else 1):
        found, density = _climb(shown, n_levels, rng.dirichlet(np.ones(n_classes), size=len(shown)))
        if density > reached:
            best, reached = found, density
    assert best is not None
    return best


def _climb(shown: Array, n_levels: int, belonging: Array) -> tuple[Classes, float]:
    """EM from a start to where it gains next to nothing."""
    everybody = shown.sum(axis=0).reshape(-1, n_levels) + 1.0
    prior = PRIOR_ANSWERS * everybody / everybody.sum(axis=1, keepdims=True)
    before = -np.inf
    for _ in range(ROUNDS):
        counts = (belonging.T @ shown).reshape(belonging.shape[1], *prior.shape) + prior
        chances = np.log(counts / counts.sum(axis=2, keepdims=True))
        shares = (belonging.sum(axis=0) + 1.0) / (len(shown) + belonging.shape[1])
        found = Classes(np.log(shares), chances.reshape(len(chances), -1))
        joint = found.joint(shown)
        each = logsumexp(joint, axis=1)
        density = float(each.sum() + (prior * chances).sum() + found.log_shares.sum())
        if density - before < GAIN * len(shown):
            break
        before, belonging = density, np.exp(joint - each[:, np.newaxis])
    return found, density


def k_means(panel: Panel, n_groups: int, *, rng: np.random.Generator, n_starts: int) -> Array:
    """Centres that leave least variance on the items that everybody answered; (n_groups, n_items).

    The nearest centre is the policy that is worth most: |y - c|^2 / 2 is a constant less welfare.
    """
    best, reached = None, -np.inf
    for _ in range(n_starts):
        centres = np.stack(
            [item_means(panel, part) for part in np.array_split(rng.permutation(len(panel.values)), n_groups)]
        )
        nearest = np.full(len(panel.values), -1, dtype=np.intp)
        for _ in range(ROUNDS):
            worth = benefit(panel, centres) - cost(panel, centres)
            moved, nearest = nearest, worth.argmax(axis=1)
            if np.array_equal(moved, nearest):
                break
            centres = np.stack(
                [
                    item_means(panel, np.flatnonzero(nearest == k)) if np.any(nearest == k) else centres[k]
                    for k in range(n_groups)
                ]
            )
        total = float(worth.max(axis=1).sum())
        if total > reached:
            best, reached = centres, total
    assert best is not None
    return best


def assigner(panel: Panel, groups: FoundGroups, *, rng: np.random.Generator) -> Callable[[Panel], Indices]:
    """Groups found in some people's answers, as a rule that tells anybody's group from answers."""
    if groups.method == "k-means":
        centres = k_means(panel, groups.n_groups, rng=rng, n_starts=groups.n_starts)
        return lambda other: np.asarray((benefit(other, centres) - cost(other, centres)).argmax(axis=1))
    levels = levels_of(panel)
    classes = fit_classes(indicators(panel, levels), len(levels), groups.n_groups, rng=rng, n_starts=groups.n_starts)
    return lambda other: np.asarray(classes.joint(indicators(other, levels)).argmax(axis=1))


@dataclass(frozen=True, eq=False, repr=False)
class FoundGroupScores(Tabular):
    """Log likelihood of held-out people's answers by number of latent classes; made by `compare_found_groups`."""

    n_groups: tuple[int, ...]
    log_likelihood: Array  # (n_counts, n_people)

    @property
    def best(self) -> int:
        """The number of classes that predicts held-out people best."""
        return self.n_groups[int(self.log_likelihood.sum(axis=1).argmax())]

    @property
    def fewest(self) -> int:
        """The fewest classes that predict as well as the best within one standard error of the difference."""
        best = self.log_likelihood[self.n_groups.index(self.best)]
        for count, scores in sorted(zip(self.n_groups, self.log_likelihood, strict=True), key=lambda pair: pair[0]):
            less = best - scores
            if less.mean() <= less.std(ddof=1) / np.sqrt(len(less)):
                return count
        raise AssertionError("the best is as good as itself")

    def to_frame(self) -> pd.DataFrame:
        """One row per number of classes."""
        return self._table().to_frame()

    def _table(self) -> Table:
        gain = np.diff(self.log_likelihood, axis=0)
        error = gain.std(axis=1, ddof=1) / np.sqrt(gain.shape[1])
        return Table(
            [
                Column("classes", list(self.n_groups), "d"),
                Column("per_person", self.log_likelihood.mean(axis=1), ".3f", "log likelihood per held-out person"),
                Column("gain", [None, *gain.mean(axis=1)], "+.3f", "gain on the row above"),
                Column("standard_error", [None, *error], "({:.3f})".format, "(se)"),
            ],
            notes=[f"predicted best by {self.best}, and as well within one standard error by {self.fewest}"],
        )


@checked
def compare_found_groups(
    answers: SurveyAnswers,
    n_groups: tuple[int, ...] = (1, 2, 3, 4, 5, 6),
    *,
    rng: np.random.Generator,
    n_folds: int = 2,
    n_starts: Count = 5,
) -> FoundGroupScores:
    """How many latent classes people's answers show: each fold is predicted by classes fitted on all others.

    Parameters
    ----------
    n_groups : numbers of classes to compare
    n_folds : parts of the people; at least 2
    n_starts : of EM

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> side = np.repeat([1.0, -1.0], 60)[:, np.newaxis]
    >>> answers = SurveyAnswers(np.where(rng.random((120, 6)) < 0.8, side, -side))
    >>> compare_found_groups(answers, (1, 2, 3), rng=rng).fewest
    2
    """
    if not n_groups or min(n_groups) < 1:
        raise ProblemError(f"n_groups is {n_groups}: give numbers of classes, each at least 1")
    if not 2 <= n_folds <= answers.n_people:
        raise ProblemError(f"n_folds is {n_folds}: use 2 to {answers.n_people}, as many as there are people")
    drawn, panel = generator(rng), Panel.of(answers.answers, balanced=False)
    levels = levels_of(panel)
    shown = indicators(panel, levels)
    fold = drawn.permutation(answers.n_people) % n_folds
    scores = np.empty((len(n_groups), answers.n_people))
    for held in range(n_folds):
        for row, count in enumerate(n_groups):
            fitted = fit_classes(shown[fold != held], len(levels), count, rng=drawn, n_starts=n_starts)
            scores[row, fold == held] = logsumexp(fitted.joint(shown[fold == held]), axis=1)
    return FoundGroupScores(tuple(n_groups), scores)

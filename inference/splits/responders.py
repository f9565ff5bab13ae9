"""Responders of the ultimatum game: how averse to being behind a population is, and every person in it.

Person i accepts the share s of the pie with probability 1 / (1 + exp(-(s - envy_i (1 - 2s)) / temperature_i)): a logit
in the utility of Fehr & Schmidt. log envy and log temperature are normal in each of `n_types` kinds of people, whose
shares, means and covariances maximise the likelihood of everybody's answers, the person's own pair integrated out on a
grid (EM: on a grid every expectation is a sum, and the maximisation is in closed form).
"""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_expit

from contracts.display.numbers import plural
from contracts.display.table import Column, Table, Tabular
from contracts.errors import ProblemError, SolverError
from contracts.inputs.arrays import Array, finite, generator, yes_or_no
from contracts.inputs.door import checked
from contracts.inputs.extras import pandas
from contracts.inputs.frozen import dataclass, read_only
from contracts.inputs.kinds import Count, Names
from contracts.inputs.names import missing
from inference.splits.preferences import FehrSchmidt

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

Integers = NDArray[np.int64]
ENVY, TEMPERATURE = (0.005, 50.0), (0.002, 3.0)  # of the grid; thresholds from 0.005 to 0.495 of the pie
STEPS = (51, 31)
NARROWEST = 0.2  # sd of a kind in logs: about a step of the grid, below which it cannot see
STARTS, TRIAL, KEPT = 16, 60, 4  # starts, EM steps after which the best few go on, and how many
ITERATIONS, FOUND = 5000, 1e-7  # largest number, and gain, relative to the log likelihood or 100 nats, at which to stop


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
    offer : (n_answers,) array, the responder's share of the pie, from 0 to 1/2
    accepted : (n_answers,) of bool, or 1 and 0

    Raises
    ------
    ProblemError
        If lengths disagree, an offer is no share, or an answer is neither yes nor no.
    """
    who, share, yes = np.asarray(person), finite("offer", offer), yes_or_no("accepted", accepted)
    if who.ndim != 1 or not len(who) or share.shape != who.shape or yes.shape != who.shape:
        raise ProblemError(
            f"person, offer and accepted have shapes {who.shape}, {share.shape} and {yes.shape}; expected one "
            "entry each per answer"
        )
    if len(absent := np.flatnonzero(missing(person))):
        raise ProblemError(f"person[{absent[0]}] is missing: say who gave every answer")
    if np.any((share < 0) | (share > 0.5 + 1e-9)):
        raise ProblemError(
            f"an offer is {share[np.argmax(np.abs(share - 0.25))]}: give the responder's share of the pie, from 0 to "
            "0.5; more than half says nothing about envy"
        )
    people, row = np.unique(who, return_inverse=True)
    offers, column = np.unique(np.minimum(share, 0.5).round(12), return_inverse=True)
    shape = (len(people), len(offers))
    cell = row.ravel() * shape[1] + column.ravel()
    count = [np.bincount(cell[answer], minlength=shape[0] * shape[1]).reshape(shape) for answer in (yes, ~yes)]
    return Decisions(people, offers, count[0].astype(np.float64), count[1].astype(np.float64))


class Band(NamedTuple):
    """A curve with its uncertainty, and how far people differ around it; each (n_offers,)."""

    mean: Array
    lower: Array
    upper: Array
    least: Array  # the person at the 10th percentile of the population
    most: Array  # the one at the 90th


@checked
@dataclass(frozen=True, eq=False, repr=False)
class Responders(Tabular):
    """A fitted population of responders; made by `fit_responders`."""

    answers: Decisions
    weights: Array  # (n_types,), shares of the kinds, decreasing
    means: Array  # (n_types, 2), of log envy and log temperature
    covariances: Array  # (n_types, 2, 2)
    log_likelihood: float

    # ---- the population ----

    @property
    def n_types(self) -> int:
        return len(self.weights)

    @property
    def bic(self) -> float:
        """Bayesian information criterion, people as the units: lower is better."""
        return float((6 * self.n_types - 1) * np.log(len(self.answers.people)) - 2 * self.log_likelihood)

    @cached_property
    def density(self) -> Array:
        """Probability of every kind and grid point, (n_types, n_points)."""
        return np.exp(_log_density(self.means, self.covariances)) * self.weights[:, np.newaxis]

    def rejection_curve(self, offers: Any, level: float = 0.95) -> Band:
        """Share of a population that rejects each offer, with confidence limits and the spread of people."""
        from scipy.stats import norm

        if not 0 < level < 1:
            raise ProblemError(f"level is {level}: give a probability between 0 and 1, 0.95 say")
        offers = finite("offers", offers)
        if offers.ndim != 1:
            raise ProblemError(f"offers has shape {offers.shape}; expected a list of shares, (n_offers,)")
        reject = expit(-_worth(offers))  # (n_points, n_offers)
        mass = self.density.sum(axis=0)
        mean = mass @ reject
        slope = np.einsum("kg,go,kgp->op", self.density, reject, self._features)
        error = np.sqrt(np.einsum("op,pq,oq->o", slope, self.parameter_covariance, slope))
        half = norm.ppf((1 + level) / 2) * error
        order = np.argsort(reject, axis=0)
        ranked = np.take_along_axis(reject, order, axis=0)
        below = np.cumsum(mass[order], axis=0)
        least, most = (ranked[(below < q).sum(axis=0), np.arange(len(offers))] for q in (0.1, 0.9))
        return Band(mean, np.maximum(mean - half, 0.0), np.minimum(mean + half, 1.0), least, most)

    @cached_property
    def parameter_covariance(self) -> Array:
        """Of shares (all but the first, log odds), means and covariances: inverse outer product of people's scores."""
        within = self.density / np.maximum(self.density.sum(axis=0), 1e-300)
        scores = np.einsum("ig,kg,kgp->ip", self.posterior, within, self._features, optimize=True)
        return np.asarray(np.linalg.pinv(scores.T @ scores, hermitian=True))

    @property
    def _features(self) -> Array:
        """Derivative of the log probability of every kind and point in every parameter, (n_types, n_points, n)."""
        n_types, grid = self.n_types, _grid()
        parts: list[Array] = []
        for k in range(n_types):
            away = (grid - self.means[k]) @ np.linalg.inv(self.covariances[k])
            second = np.stack([away[:, 0] ** 2 / 2, away[:, 0] * away[:, 1], away[:, 1] ** 2 / 2], axis=1)
            own = np.concatenate([away, second], axis=1)
            own -= (self.density[k] @ own) / self.weights[k]  # the grid is normalised
            block = np.zeros((n_types, len(grid), 5))
            block[k] = own
            parts.append(block)
        shares = np.eye(n_types)[:, 1:] - self.weights[1:]
        parts.append(np.broadcast_to(shares[:, np.newaxis, :], (n_types, len(grid), n_types - 1)))
        return np.concatenate(parts, axis=2)

    def types(self, n_types: Count) -> tuple[FehrSchmidt, Array]:
        """The population as `n_types` equally common types of envy, with their weights.

        Each is the median of its part of the distribution of envy.
        """
        envy = np.exp(_grid()[:, 0])
        order = np.argsort(envy, kind="stable")
        below = np.cumsum(self.density.sum(axis=0)[order])
        middle = (np.arange(n_types) + 0.5) / n_types
        return FehrSchmidt(envy[order][np.searchsorted(below, middle)], 0.0), np.full(n_types, 1 / n_types)

    # ---- people ----

    @cached_property
    def posterior(self) -> Array:
        """Belief about every person's envy and temperature, (n_people, n_points) on the grid."""
        log_likelihood = _log_likelihood(self.answers)
        joint = np.exp(log_likelihood - log_likelihood.max(axis=1, keepdims=True)) * self.density.sum(axis=0)
        return np.asarray(joint / joint.sum(axis=1, keepdims=True))

    @property
    def envy(self) -> Array:
        """Posterior mean of log envy, exponentiated; (n_people,)."""
        return np.exp(self.posterior @ _grid()[:, 0])

    @property
    def temperature(self) -> Array:
        """Posterior mean of log temperature, exponentiated; (n_people,), shares of the pie."""
        return np.exp(self.posterior @ _grid()[:, 1])

    @property
    def minimal_acceptable_offer(self) -> Array:
        """Posterior mean of envy / (1 + 2 envy), (n_people,), shares of the pie."""
        envy = np.exp(_grid()[:, 0])
        return self.posterior @ (envy / (1 + 2 * envy))

    def log_predictive(self, new: Decisions) -> Array:
        """Log probability of new answers of the same people given what they answered before, (n_people,).

        Raises
        ------
        ProblemError
            If the people are not the same.
        """
        if not np.array_equal(new.people, self.answers.people):
            raise ProblemError("the new answers are of other people: give those of the fitted ones, all of them")
        log_likelihood = _log_likelihood(new)
        highest = log_likelihood.max(axis=1, keepdims=True)
        return np.log((self.posterior * np.exp(log_likelihood - highest)).sum(axis=1)) + highest[:, 0]

    # ---- showing it ----

    def _table(self) -> Table:
        envy, temperature = np.exp(self.means).T
        spread = np.sqrt(np.diagonal(self.covariances, axis1=1, axis2=2))
        columns = [
            Column("share", self.weights, ".3f"),
            Column("median envy", envy, ".3f"),
            Column("(sd of log)", spread[:, 0], ".2f"),
            Column("just accepts", envy / (1 + 2 * envy), ".3f"),
            Column("median temperature", temperature, ".4f"),
            Column("(sd of log)", spread[:, 1], ".2f"),
        ]
        size = f"{len(self.answers.people)} people, {self.answers.n_answers:,} answers, {plural(self.n_types, 'kind')}"
        return Table(columns, f"Responders: {size}; log likelihood {self.log_likelihood:.2f}, BIC {self.bic:.1f}")

    def to_frame(self) -> pd.DataFrame:
        """One row per person: envy, temperature, minimal acceptable offer."""
        pd = pandas()
        columns = {
            "envy": self.envy,
            "temperature": self.temperature,
            "minimal_acceptable_offer": self.minimal_acceptable_offer,
        }
        return pd.DataFrame(columns, index=pd.Index(self.answers.people, name="person"))

    def plot(self, ax: Axes | None = None) -> Axes:
        """The rejection curve with its bands and what was observed; returns the matplotlib axes."""
        from inference.splits.picture import plot_rejection

        return plot_rejection(self, ax)


@checked
def fit_responders(answers: Decisions, n_types: int = 1, *, rng: np.random.Generator | None = None) -> Responders:
    """Fit the population by EM, from several starts if there are several kinds.

    Parameters
    ----------
    answers : what `answers_of` returns
    n_types : kinds of people; within each, log envy and log temperature are jointly normal
    rng : draws the starts; needed for more than one kind

    Raises
    ------
    ProblemError
        If n_types is not positive, or rng is missing.
    SolverError
        If EM does not converge.

    References
    ----------
    Fehr & Schmidt (1999), Quarterly Journal of Economics 114. Dempster, Laird & Rubin (1977), JRSS B 39.

    Examples
    --------
    Everybody accepts 30% and more and rejects less, so envy is near 0.25 / (1 - 2 x 0.25) = 0.5:

    >>> offer = np.tile([0.1, 0.2, 0.3, 0.4, 0.5], 40)
    >>> fit = fit_responders(answers_of(np.repeat(np.arange(40), 5), offer, offer > 0.25))
    >>> fit.minimal_acceptable_offer.mean().round(2)
    np.float64(0.25)
    """
    if n_types < 1 or int(n_types) != n_types:
        raise ProblemError(f"n_types is {n_types}: give a positive integer")
    if n_types > 1 and rng is None:
        raise ProblemError("several kinds of people are fitted from random starts: give rng=np.random.default_rng(...)")
    if not isinstance(answers, Decisions):
        raise ProblemError(f"answers is {type(answers).__name__}: give answers_of(person, offer, accepted)")
    if rng is not None:
        generator(rng)
    alike = _alike(answers)
    trials = [_start(n_types, rng)]
    if n_types > 1:
        trials = [_em(alike, _start(n_types, rng), TRIAL) for _ in range(STARTS)]
        trials = sorted(trials, key=lambda trial: -trial.log_likelihood)[:KEPT]
    ends = [_em(alike, trial, ITERATIONS) for trial in trials]
    population = max(ends, key=lambda end: end.log_likelihood)
    if not population.converged:
        raise SolverError(f"EM did not converge in {ITERATIONS} steps: use fewer kinds", tried=("EM",))
    order = np.argsort(-population.weights, kind="stable")
    return Responders(
        answers,
        population.weights[order],
        population.means[order],
        population.covariances[order],
        population.log_likelihood,
    )


class _Population(NamedTuple):
    weights: Array
    means: Array
    covariances: Array
    log_likelihood: float = -np.inf
    converged: bool = False


def _start(n_types: int, rng: np.random.Generator | None) -> _Population:
    centre = np.tile(np.log([0.3, 0.05]), (n_types, 1))
    moved = centre if rng is None else centre + rng.normal(size=(n_types, 2))
    return _Population(np.full(n_types, 1 / n_types), moved, np.tile(np.eye(2), (n_types, 1, 1)))


class _Alike(NamedTuple):
    """Distinct lists of answers: where everybody is asked the same few offers there are far fewer than people."""

    likelihood: Array  # (n_lists, n_points), divided by each list's largest
    n_people: Array  # (n_lists,) who gave each
    log_divided: float  # log of what was divided out, added up over people


def _alike(answers: Decisions) -> _Alike:
    lists = np.column_stack([answers.accepted, answers.rejected])
    _, first, count = np.unique(lists, axis=0, return_index=True, return_counts=True)
    given = Decisions(answers.people[first], answers.offers, answers.accepted[first], answers.rejected[first])
    log_likelihood = _log_likelihood(given)
    highest = log_likelihood.max(axis=1)
    return _Alike(np.exp(log_likelihood - highest[:, np.newaxis]), count.astype(np.float64), float(count @ highest))


def _em(alike: _Alike, population: _Population, iterations: int) -> _Population:
    grid, n_people = _grid(), alike.n_people.sum()
    weights, means, covariances, previous, _ = population
    for _ in range(iterations):
        density = np.exp(_log_density(means, covariances)) * weights[:, np.newaxis]
        mixed = density.sum(axis=0)
        total = alike.likelihood @ mixed
        value = float(alike.n_people @ np.log(total) + alike.log_divided)
        if value - previous < FOUND * max(abs(value), 100.0):
            return _Population(weights, means, covariances, value, converged=True)
        previous = value
        taken = mixed * ((alike.n_people / total) @ alike.likelihood)  # posterior mass of every point, of all people
        share = density / np.maximum(mixed, 1e-300) * taken
        weights = share.sum(axis=1) / n_people
        share = share / share.sum(axis=1, keepdims=True)
        means = share @ grid
        away = grid - means[:, np.newaxis, :]
        covariances = (share[:, :, np.newaxis] * away).transpose(0, 2, 1) @ away
        scale, axes = np.linalg.eigh(covariances)
        covariances = (axes * np.maximum(scale, NARROWEST**2)[:, np.newaxis, :]) @ axes.transpose(0, 2, 1)
    return _Population(weights, means, covariances, previous)


@cache
def _grid() -> Array:
    """Log envy and log temperature of every point, (n_points, 2)."""
    axes = [np.log(np.geomspace(*ends, steps)) for ends, steps in zip((ENVY, TEMPERATURE), STEPS, strict=True)]
    return read_only(np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2))


def _worth(offers: Array) -> Array:
    """Utility of accepting over temperature, at every point of the grid; (n_points, n_offers)."""
    envy, temperature = np.exp(_grid()).T[:, :, np.newaxis]
    return FehrSchmidt(envy, 0.0).utility(offers, 1 - offers) / temperature


def _log_likelihood(answers: Decisions) -> Array:
    """Of every person at every point, (n_people, n_points)."""
    worth = _worth(answers.offers)
    return answers.accepted @ log_expit(worth).T + answers.rejected @ log_expit(-worth).T


def _log_density(means: Array, covariances: Array) -> Array:
    """Normal on the grid, normalised there; (n_types, n_points)."""
    away = _grid() - means[:, np.newaxis, :]
    exponent = -((away @ np.linalg.inv(covariances)) * away).sum(axis=2) / 2
    exponent -= exponent.max(axis=1, keepdims=True)
    return exponent - np.log(np.exp(exponent).sum(axis=1, keepdims=True))

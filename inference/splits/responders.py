"""Responders of the ultimatum game: how averse to unequal splits a population is, and every person in it.

Person i of kind k accepts the share s of the pie with probability 1 / (1 + exp(-u / temperature_i)), a logit in the
utility of Fehr & Schmidt, u = s - envy_i max(1 - 2s, 0) - guilt_k max(2s - 1, 0). log envy and log temperature are
normal in each of `n_types` kinds of people, whose shares, means, covariances and guilts maximise the likelihood of
everybody's answers, the person's own pair integrated out.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.special import expit

from contracts.display.limits import at_the_bound
from contracts.display.numbers import plural
from contracts.display.table import Column, Table, Tabular
from contracts.errors import ProblemError, SolverError
from contracts.inputs.arrays import Array, finite, generator
from contracts.inputs.door import checked
from contracts.inputs.extras import pandas
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Count
from inference.splits.answers import Decisions
from inference.splits.climb import best_population, log_likelihood, with_one_more
from inference.splits.crowd import (
    Crowd,
    Frame,
    Kind,
    Lists,
    beliefs,
    crowd,
    kinds_of,
    lattice,
    lists_of,
    log_likelihoods,
    scores,
    slopes,
    worth,
)
from inference.splits.preferences import FehrSchmidt

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

FINEST = 3.0  # times as many points a side, to tell the error of quadrature
NOTHING = 0.02  # sd of logs below which people are as good as alike
ROUND_NOTHING = 1e-3  # sd at which derivatives by a spread of nothing are taken: there they have a limit


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
    guilt: Array  # (n_types,), of every kind; NaN where no offer was above one half, so that none shows
    parameters: Array  # as `inference.splits.crowd` has them, to start another fit from
    n_evaluations: int  # of the likelihood, over all starts
    log_likelihood: float  # of all answers
    at_bound: tuple[str, ...]  # what is no estimate: spreads of nothing, and what the answers do not bound

    # ---- the population ----

    @property
    def n_types(self) -> int:
        return len(self.weights)

    @cached_property
    def quadrature_error(self) -> float:
        """What lattices that move, as fine, change in the log likelihood, nats."""
        return abs(self.log_likelihood - log_likelihood(self.parameters, self.n_types, self._lists, FINEST))

    @property
    def bic(self) -> float:
        """Bayesian information criterion, people as the units: lower is better."""
        n_parameters = self.n_types * self._lists.per_kind + self.n_types - 1
        return float(n_parameters * np.log(len(self.answers.people)) - 2 * self.log_likelihood)

    @cached_property
    def _lists(self) -> Lists:
        return lists_of(self.answers)

    @cached_property
    def _kinds(self) -> tuple[list[Kind], Array]:
        return kinds_of(self.parameters, self.n_types, self._lists)

    @cached_property
    def _frame(self) -> Frame:
        return Frame([lattice(kind.root) for kind in self._kinds[0]], np.zeros(len(self._lists.n_people)))

    @cached_property
    def _crowd(self) -> Crowd:
        return crowd(*self._kinds, self._frame.parts)  # type: ignore[arg-type]  # all of them move

    @property
    def mass(self) -> Array:
        """Probability of every point over which people are integrated out, (n_points,)."""
        return np.exp(self._crowd.log_weight)

    def rejection_curve(self, offers: Any, level: float = 0.95) -> Band:
        """Share of a population that rejects each offer, with confidence limits and the spread of people."""
        from scipy.stats import norm

        if not 0 < level < 1:
            raise ProblemError(f"level is {level}: give a probability between 0 and 1, 0.95 say")
        offers = self._answered(finite("offers", offers))
        people = self._crowd
        odds = worth(people, offers)
        reject = expit(-odds)  # (n_points, n_offers)
        mean = self.mass @ reject
        slope = self._slopes(offers, reject, odds)
        error = np.sqrt(np.einsum("op,pq,oq->o", slope, self.parameter_covariance, slope))
        half = norm.ppf((1 + level) / 2) * error
        order = np.argsort(reject, axis=0)
        ranked = np.take_along_axis(reject, order, axis=0)
        below = np.cumsum(self.mass[order], axis=0)
        least, most = (ranked[(below < q).sum(axis=0), np.arange(len(offers))] for q in (0.1, 0.9))
        return Band(mean, np.maximum(mean - half, 0.0), np.minimum(mean + half, 1.0), least, most)

    def _answered(self, offers: Array) -> Array:
        if offers.ndim != 1:
            raise ProblemError(f"offers has shape {offers.shape}; expected a list of shares, (n_offers,)")
        if offers.max(initial=0.0) > 0.5 and not self._lists.has_ahead:
            raise ProblemError(
                f"an offer is {offers.max()}, and nobody was offered more than half: what people think of that is not "
                "known; give offers up to 0.5"
            )
        return offers

    @cached_property
    def _away_from_nothing(self) -> Array:
        """Parameters with spreads of at least almost nothing."""
        size = self._lists.per_kind
        moved = self.parameters.copy()
        own = moved[: self.n_types * size].reshape(self.n_types, size)
        for entry in (2, 4):
            own[:, entry] = np.where(np.abs(own[:, entry]) < ROUND_NOTHING, ROUND_NOTHING, own[:, entry])
        return moved

    def _slopes(self, offers: Array, reject: Array, odds: Array) -> Array:
        """Derivative of the mean rejection of every offer in every parameter, (n_offers, n_parameters)."""
        frame, size = self._frame, self._lists.per_kind
        steps = [-(reject * (1 - reject) * step) for step in slopes(self._crowd, offers, odds)]
        steps[2] = 2 * np.sqrt(self._crowd.guilt)[:, np.newaxis] * steps[2]
        shares = np.exp(self._kinds[1])
        parts, of_kind = [], []
        for k, part in enumerate(frame.parts):
            here = self._crowd.kind == k
            mass = self.mass[here]
            first, second, third = (mass[:, np.newaxis] * step[here] for step in steps)
            z = part.z  # type: ignore[union-attr]
            own = [first.sum(axis=0), second.sum(axis=0), z[:, 0] @ first, z[:, 0] @ second, z[:, 1] @ second]
            parts += [*own, third.sum(axis=0)][:size]
            of_kind.append(mass @ reject[here])
        mean = np.sum(of_kind, axis=0)
        parts += [each - share * mean for each, share in zip(of_kind[1:], shares[1:], strict=True)]
        return np.stack(parts, axis=1)

    @cached_property
    def parameter_covariance(self) -> Array:
        """Of the parameters of every kind and the log odds of all but the first: inverse outer product of scores."""
        lists = self._lists
        score = scores(self._away_from_nothing, lists, self._frame) * np.sqrt(lists.n_people)[:, np.newaxis]
        return np.asarray(np.linalg.pinv(score.T @ score, hermitian=True, rcond=1e-10))

    def types(self, n_types: Count) -> tuple[FehrSchmidt, Array]:
        """The population as `n_types` equally common types, with their weights.

        Each has the median envy of its part of the distribution of envy, and the mean guilt there (0 where none was
        asked about).
        """
        envy = np.exp(self._crowd.points[:, 0])
        order = np.argsort(envy, kind="stable")
        below = np.cumsum(self.mass[order])
        middle = (np.arange(n_types) + 0.5) / n_types
        part = np.minimum((below * n_types).astype(np.int64), n_types - 1)
        owned = np.bincount(part, self.mass[order], n_types)
        regret = np.bincount(part, (self.mass * self._crowd.guilt)[order], n_types)
        guilt = np.divide(regret, owned, out=np.zeros(n_types), where=owned > 0)
        return FehrSchmidt(envy[order][np.searchsorted(below, middle)], guilt), np.full(n_types, 1 / n_types)

    # ---- people ----

    @cached_property
    def posterior(self) -> Array:
        """Belief about every person's envy and temperature, (n_people, n_points)."""
        odds = worth(self._crowd, self._lists.offers)
        return np.asarray(beliefs(self._lists, self._crowd, odds)[1][self._lists.list_of_person])

    @property
    def envy(self) -> Array:
        """Posterior mean of log envy, exponentiated; (n_people,)."""
        return np.exp(self.posterior @ self._crowd.points[:, 0])

    @property
    def temperature(self) -> Array:
        """Posterior mean of log temperature, exponentiated; (n_people,), shares of the pie."""
        return np.exp(self.posterior @ self._crowd.points[:, 1])

    @property
    def minimal_acceptable_offer(self) -> Array:
        """Posterior mean of envy / (1 + 2 envy), (n_people,), shares of the pie."""
        envy = np.exp(self._crowd.points[:, 0])
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
        odds = worth(self._crowd, self._answered(new.offers))
        given = log_likelihoods(new.accepted, new.rejected, odds)
        highest = given.max(axis=1, keepdims=True)
        return np.log((self.posterior * np.exp(given - highest)).sum(axis=1)) + highest[:, 0]

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
        if self._lists.has_ahead:
            columns.append(Column("guilt", self.guilt, ".3f"))
        size = f"{len(self.answers.people)} people, {self.answers.n_answers:,} answers, {plural(self.n_types, 'kind')}"
        fit = f"log likelihood {self.log_likelihood:.2f}, BIC {self.bic:.1f}"
        return Table(columns, f"Responders: {size}; {fit}", list(self.at_bound))

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
def fit_responders(
    answers: Decisions,
    n_types: int = 1,
    *,
    start: Responders | None = None,
    rng: np.random.Generator | None = None,
) -> Responders:
    """Fit the population by maximum likelihood, from several starts if there are several kinds.

    Parameters
    ----------
    answers : what `answers_of` returns
    n_types : kinds of people; within each, log envy and log temperature are jointly normal
    start : a fit to start from as well, of as many kinds or of one fewer: more kinds then never fit worse
    rng : draws the other starts; needed for more than one kind, unless there is a `start`

    Raises
    ------
    ProblemError
        If n_types is not positive, or nothing says where to start.
    SolverError
        If the climb does not end.

    References
    ----------
    Fehr & Schmidt (1999), Quarterly Journal of Economics 114. Berndt, Hall, Hall & Hausman (1974), Annals of Economic
    and Social Measurement 3.

    Examples
    --------
    Everybody accepts 30% and more and rejects less, so that all just accept something between, and nothing in the
    answers says that people differ, or err:

    >>> from inference.splits.answers import answers_of
    >>> offer = np.tile([0.1, 0.2, 0.3, 0.4, 0.5], 40)
    >>> fit = fit_responders(answers_of(np.repeat(np.arange(40), 5), offer, offer > 0.25))
    >>> bool(0.2 < fit.minimal_acceptable_offer.mean() < 0.3)
    True
    """
    if n_types < 1 or int(n_types) != n_types:
        raise ProblemError(f"n_types is {n_types}: give a positive integer")
    if n_types > 1 and rng is None and start is None:
        raise ProblemError("several kinds of people are fitted from random starts: give rng=np.random.default_rng(...)")
    if not isinstance(answers, Decisions):
        raise ProblemError(f"answers is {type(answers).__name__}: give answers_of(person, offer, accepted)")
    if rng is not None:
        generator(rng)
    lists = lists_of(answers)
    found = best_population(lists, n_types, _starts(start, n_types, lists), rng)
    if not found.end.converged:
        raise SolverError("the population did not converge: use fewer kinds", tried=("L-BFGS", "Newton"))
    parameters = found.end.parameters
    kinds, log_shares = kinds_of(parameters, n_types, lists)
    return Responders(
        answers,
        np.exp(log_shares),
        np.array([kind.mean for kind in kinds]),
        np.array([kind.root @ kind.root.T for kind in kinds]),
        np.array([kind.guilt if lists.has_ahead else np.nan for kind in kinds]),
        parameters,
        found.n_evaluations,
        found.end.log_likelihood,
        _at_bound(kinds, found.flat),
    )


def _starts(start: Responders | None, n_types: int, lists: Lists) -> list[Array]:
    """Where another fit says to begin."""
    if start is None:
        return []
    if not n_types - 1 <= start.n_types <= n_types:
        raise ProblemError(
            f"start has {plural(start.n_types, 'kind')}, and n_types is {n_types}: start from as many kinds or from "
            "one fewer"
        )
    if start._lists.has_ahead != lists.has_ahead:
        raise ProblemError("start is of answers with offers above one half, or these are: start from the same offers")
    if start.n_types == n_types:
        return [start.parameters]
    return [with_one_more(start.parameters, start.n_types, lists)]


def _at_bound(kinds: list[Kind], flat: list[tuple[int, str, float]]) -> tuple[str, ...]:
    """What of a fit is no estimate: spreads of nothing, and what may as well be without limit."""
    said = []
    for k, kind in enumerate(kinds):
        whose = f" of kind {k + 1}" if len(kinds) > 1 else ""
        spread = np.linalg.svd(kind.root, compute_uv=False)
        if spread[0] < NOTHING:
            said.append(at_the_bound(f"sd{whose}", 0.0, "people are alike, up to the noise of a choice"))
        elif spread[1] < NOTHING:
            said.append(at_the_bound(f"sd{whose} across one line", 0.0, "envy and temperature vary together there"))
    for k, name, end in flat:
        whose = f" of kind {k + 1}" if len(kinds) > 1 else ""
        said.append(at_the_bound(f"{name}{whose}", end, "the answers set no limit on this side"))
    return tuple(said)

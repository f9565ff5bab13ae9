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

from contracts.display.numbers import plural
from contracts.display.table import Column, Table, Tabular
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite
from contracts.inputs.door import checked
from contracts.inputs.extras import pandas
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Count
from inference.reports.kept import Kept
from inference.reports.summary import Summary, checked_level
from inference.splits.answers import Decisions
from inference.splits.climb import log_likelihood
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
NEARBY = 1e-5  # step of differences, relative
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
class Responders(Kept, Tabular):
    """A fitted population of responders; made by `fit_responders`."""

    schema = "menuwright/responders/1"

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
        """Schwarz's criterion, people as the sample: lower is better."""
        return self.summary().bic

    def _is_bound(self, names: list[str], values: Array) -> list[bool]:
        """Which rows of a summary have no error, for what is at its bound; across one line it is the smaller spread."""
        bound = set()
        for whose in [f" of kind {k + 1}" for k in range(self.n_types)] if self.n_types > 1 else [""]:
            spread = [values[names.index(name + whose)] for name in SDS]
            starts = {f"{what}{whose} is": rows for what, rows in BOUND.items()}
            starts[f"sd{whose} across"] = ("correlation", SDS[int(np.argmin(spread))])
            for start, rows in starts.items():
                if any(said.startswith(start) for said in self.at_bound):
                    bound |= {row + whose for row in rows}
        return [name in bound for name in names]

    def summary(self, *, level: float = 0.95) -> Summary:
        """Means, spreads and correlations of the logs of every kind, with z, p and intervals, and how well they fit.

        Errors are of the outer product of people's scores, by the delta method; what is listed in `at_bound` has none.

        Parameters
        ----------
        level : of the intervals
        """
        checked_level(level)
        at = self._away_from_nothing
        steps = NEARBY * np.maximum(np.abs(at), 1.0)
        moved = [
            _told(at + step, self.n_types, self._lists)[1] for step in np.concatenate([np.diag(steps), -np.diag(steps)])
        ]
        slope = (np.array(moved[: len(at)]) - np.array(moved[len(at) :])) / (2 * steps[:, np.newaxis])
        names, values = _told(self.parameters, self.n_types, self._lists)
        variance = np.einsum("pn,pq,qn->n", slope, self.parameter_covariance, slope)
        return Summary(
            f"Responders: {len(self.answers.people)} people, {self.answers.n_answers:,} answers",
            names,
            values,
            np.where(self._is_bound(names, values), np.nan, np.sqrt(np.maximum(variance, 0.0))),
            self.log_likelihood,
            -self.answers.n_answers * float(np.log(2)),
            len(self.parameters),
            float(len(self.answers.people)),
            ["standard errors of the outer product of scores", *self.at_bound],
            level,
        )

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


BOUND = {  # what has no error where something has no estimate
    "median envy": ("mean log envy", "sd log envy", "correlation"),
    "median temperature": ("mean log temperature", "sd log temperature", "correlation"),
    "sd": ("sd log envy", "sd log temperature", "correlation"),
    "guilt": ("guilt",),
}
SDS = ("sd log envy", "sd log temperature")


def _told(parameters: Array, n_types: int, lists: Lists) -> tuple[list[str], Array]:
    """What a summary tells of every kind, and the log odds of all but the first."""
    names: list[str] = []
    values: list[float] = []
    for k, kind in enumerate(kinds_of(parameters, n_types, lists)[0]):
        spread = np.sqrt((kind.root**2).sum(axis=1))
        told = {
            "mean log envy": kind.mean[0],
            "sd log envy": spread[0],
            "mean log temperature": kind.mean[1],
            "sd log temperature": spread[1],
            "correlation": kind.root[0] @ kind.root[1] / (np.prod(spread) or 1.0),
            **({"guilt": kind.guilt} if lists.has_ahead else {}),
        }
        whose = f" of kind {k + 1}" if n_types > 1 else ""
        names += [name + whose for name in told]
        values += map(float, told.values())
    odds = parameters[n_types * lists.per_kind :]
    return [*names, *(f"log odds of kind {k + 2}" for k in range(len(odds)))], np.concatenate([values, odds])

"""Beliefs about known types, from what users chose from known menus.

Bayes' rule on arrays: with prior w_k, choice probabilities p_k(o) of type k, and counts c_u(o) of user u,

    P(type of u is k | choices)  is proportional to  w_k prod_o p_k(o)^c_u(o),

so counts are all that matters of a log, and choices from different menus multiply. Where several choice models are
possible (temperatures, say), one of them is true for all users; its posterior is in proportion to its prior times the
product over users of the evidence sum_k w_k prod_o p_k(o)^c_u(o).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr, logsumexp

from contracts.display.table import Table, Tabular
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite, generator
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Count, Names
from contracts.problem.checks import WEIGHTS_SUM_TOLERANCE
from contracts.problem.records import Saved
from contracts.problem.screening import ScreeningProblem
from inference.choice.counts import ChoiceCounts, NamedChoiceSets, count_choices, named_offers
from inference.choice.model import BestResponse, ChoiceModel, check_choice_model
from inference.choice.offered import ChoiceSet, choice_set
from inference.types.draws import for_arviz
from inference.types.evidence import TypeEvidence, evidence_of, no_evidence, refuse_impossible
from inference.types.identification import Identification, identification
from inference.types.misfit import Misfit, misfit_of
from inference.types.population import Population, checked_concentration, population_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

Integers = NDArray[np.int64]
STEADY = BestResponse()


@dataclass(frozen=True, eq=False)
class Observed:
    """What users took from one choice set; counts are (n_users, n_options + 1), the outside option last."""

    offer: ChoiceSet
    counts: NDArray[Any]


@checked(own=("tolerance",))
@dataclass(frozen=True, eq=False, repr=False)
class TypePosterior(Tabular, Saved):
    """What choices say about the type of every user.

    Attributes
    ----------
    labels : names of the types
    users : (n_users,) labels; the rows of arrays are numbered from 0
    prior : (n_types,) probabilities, or one row per user, (n_users, n_types)
    choice_models, model_prior : the choice models that are possible, and their prior, (n_models,)
    concentration : (n_types,) parameters of the Dirichlet prior of the population's weights
    offers : the menus by name; a later update without a menu is about these
    observed : every choice set seen, with counts
    evidence : log likelihood by model, user and type
    """

    labels: Sequence[str]
    users: NDArray[Any]
    prior: Array
    choice_models: tuple[ChoiceModel, ...]
    model_prior: Array
    concentration: Array
    offers: NamedChoiceSets
    observed: tuple[Observed, ...]
    evidence: TypeEvidence

    # ---- who they are ----

    @cached_property
    def joint(self) -> Array:
        """Posterior of choice model and type of each user; (n_models, n_users, n_types), sums to 1 for each user."""
        scores, _ = self._scores
        with np.errstate(invalid="ignore"):  # users that a model rules out, under that model
            of_type = np.exp(scores - logsumexp(scores, axis=2, keepdims=True))
        weights = self.model_probabilities[:, np.newaxis, np.newaxis]
        return np.where(weights > 0, weights * of_type, 0.0)

    @cached_property
    def probabilities(self) -> Array:
        """Probability of each type for each user; (n_users, n_types)."""
        return np.asarray(self.joint.sum(axis=0))

    @property
    def model_probabilities(self) -> Array:
        """Posterior of the choice models, the same for all users; (n_models,)."""
        _, evidence = self._scores
        return np.asarray(np.exp(evidence - logsumexp(evidence)))

    @property
    def choice_model(self) -> ChoiceModel:
        """The most probable choice model."""
        return self.choice_models[int(np.argmax(self.model_probabilities))]

    @property
    def log_evidence(self) -> float:
        """Log probability of all choices, in their order, before they were seen: types and models summed out."""
        return float(logsumexp(self._scores[1]))

    @property
    def map(self) -> NDArray[Any]:
        """Most probable type of each user, the first of those that tie; (n_users,) labels."""
        return np.array([self.labels[k] for k in self.probabilities.argmax(axis=1).tolist()])

    @property
    def entropy(self) -> Array:
        """Entropy of each user's posterior, in nats: 0 where the type is certain; (n_users,)."""
        return np.asarray(entr(self.probabilities).sum(axis=1))

    @property
    def n_choices(self) -> Integers:
        """Choices seen of each user; (n_users,)."""
        totals = [seen.counts.sum(axis=1, dtype=np.int64) for seen in self.observed]
        return np.asarray(sum(totals, start=np.zeros(len(self.users), dtype=np.int64)))

    def credible_set(self, level: float = 0.95) -> NDArray[np.bool_]:
        """Smallest set of types with at least this probability, for each user; (n_users, n_types)."""
        if not 0 < level <= 1:
            raise ProblemError(f"level is {level}: give a probability above 0 and at most 1, such as 0.95")
        order = np.argsort(-self.probabilities, axis=1, kind="stable")
        sorted_ = np.take_along_axis(self.probabilities, order, axis=1)
        before = np.cumsum(sorted_, axis=1) - sorted_
        belongs = np.zeros(order.shape, dtype=bool)
        np.put_along_axis(belongs, order, (before < level) & (sorted_ > 0), axis=1)
        return belongs

    def sample(self, n_draws: int | None = None, *, rng: np.random.Generator) -> Integers:
        """Indices of types drawn from the posterior, for Thompson sampling; (n_users,) or (n_draws, n_users)."""
        if n_draws is not None and n_draws < 0:
            raise ProblemError(f"n_draws is {n_draws}: give a number of draws that is not negative")
        draws = np.empty((1 if n_draws is None else n_draws, len(self.users)), dtype=np.int64)
        models = generator(rng).choice(len(self.choice_models), size=len(draws), p=self.model_probabilities)
        for row, model in zip(draws, models, strict=True):
            cumulative = np.cumsum(self.joint[model], axis=1)
            row[:] = (rng.random(len(row))[:, np.newaxis] * cumulative[:, -1:] >= cumulative).sum(axis=1)
        return draws[0] if n_draws is None else draws

    # ---- what it means for menus ----

    def predict(self, menu: Any) -> Array:
        """Probability that each user takes each option, the outside option last; (n_users, n_options + 1)."""
        return np.asarray(np.einsum("muk,mko->uo", self.joint, self._choice_probabilities(self._offer(menu))))

    def expected_value(self, menu: Any) -> Array:
        """What the principal expects to earn from each user with this menu, as the user chooses; (n_users,), money.

        Parameters
        ----------
        menu : Menu, ChoiceSet
        """
        offer = self._offer(menu)
        earned = np.einsum("mko,ko->mk", self._choice_probabilities(offer), offer.payoff)
        return np.asarray(np.einsum("muk,mk->u", self.joint, earned))

    @cached_property
    def population(self) -> Population:
        """How common types are, learned from all users: the mode by EM, and draws with `population.gibbs(rng=rng)`."""
        seen = [seen.counts for seen in self.observed]
        table = np.hstack(seen) if seen else np.zeros((len(self.users), 0))
        _, first, size = np.unique(table, axis=0, return_index=True, return_counts=True)
        relative, top = self.evidence.relative()
        return population_of(
            relative[:, first],
            self.labels,
            concentration=self.concentration,
            model_prior=self.model_prior,
            size=size,
            log_scale=top[:, first],
        )

    def screening_problem(self, problem: ScreeningProblem) -> ScreeningProblem:
        """The problem with the weights that choices suggest, `population.smoothed`, for the next menu."""
        return self.population.screening_problem(problem)

    def with_prior(self, prior: Any) -> TypePosterior:
        """The posterior under another prior, such as `population.weights` (empirical Bayes).

        Parameters
        ----------
        prior : (n_types,) probabilities; or (n_users, n_types), one row for each of `users`, such as what each of them
            said in words
        """
        given = finite("prior", prior)
        if given.ndim != 2:
            return dataclasses.replace(self, prior=_checked_prior("prior", prior, self.labels))
        if len(given) != len(self.users):
            raise ProblemError(f"prior has {len(given)} rows for {len(self.users)} users: give one each, or one row")
        rows = [_checked_prior(f"prior[{k}]", row, self.labels) for k, row in enumerate(given)]
        return dataclasses.replace(self, prior=np.array(rows))

    # ---- whether to believe it ----

    def identification(self, *, tolerance: float = 0.01) -> Identification:
        """Which types the menus seen so far cannot tell apart, under the most probable choice model."""
        offers = {str(k): seen.offer for k, seen in enumerate(self.observed)} or self.offers
        return identification(offers, self.choice_model, tolerance=tolerance)

    def misfit(
        self, *, rng: np.random.Generator, n_draws: int | None = None, progress: bool | Callable[[str], None] = False
    ) -> Misfit:
        """Users whom no type explains: a posterior predictive test, see `inference.types.misfit`."""
        tables = [(self._choice_probabilities(seen.offer), seen.counts) for seen in self.observed]
        return misfit_of(self.users, tables, self.joint, rng, n_draws=n_draws, progress=progress)

    # ---- learning more ----

    def update(self, choices: Any, menu: Any = None, *, users: Names = None) -> TypePosterior:
        """The posterior after more choices; the order of updates does not matter.

        Parameters
        ----------
        choices : as for `infer_types`; the rows of an array are this posterior's users. Users of a frame may be new
        menu : what they chose from; by default the menus so far
        """
        offers = self.offers if menu is None else named_offers(menu)
        if tuple(next(iter(offers.values())).labels) != tuple(self.labels):
            raise ProblemError("the menu is about other types: their labels must be those of this posterior, in order")
        seen = count_choices(offers, choices, users)
        if users is None and not _has_users(choices):
            if len(seen.users) != len(self.users):
                raise ProblemError(
                    f"choices has {len(seen.users)} rows for {len(self.users)} users: give every user a row, masked "
                    "where there is no choice, or users=..."
                )
            seen = dataclasses.replace(seen, users=self.users)
        return _updated(self, offers, seen)

    # ---- showing and keeping it ----

    def to_frame(self) -> pd.DataFrame:
        """One row per user: choices, probability of each type, most probable type, entropy in nats."""
        from inference.types.text import posterior_frame

        return posterior_frame(self)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON with a schema version."""
        from inference.types.text import posterior_record

        return posterior_record(self)

    def to_arviz(self, *, rng: np.random.Generator, n_draws: Count = 1000, n_chains: Count = 4) -> Any:
        """For ArviZ: independent draws of `type` over (chain, draw, user), indices into the labels.

        The weights of the population have their own: `population.gibbs(rng=rng).to_arviz()`.
        """
        draws = self.sample(n_chains * n_draws, rng=rng).reshape(n_chains, n_draws, -1)
        return for_arviz(
            posterior={"type": draws},
            constant_data={"prior": self.prior, "label": np.array(list(self.labels))},
            observed_data={f"counts_{k}": seen.counts for k, seen in enumerate(self.observed)},
            coords={"user": self.users, "of_type": list(self.labels)},
            dims={"type": ["user"], "prior": ["user", "of_type"][-self.prior.ndim :], "label": ["of_type"]}
            | {f"counts_{k}": ["user", f"option_{k}"] for k in range(len(self.observed))},
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the posterior of every user: bars for two types, a triangle for three, shades for more."""
        from inference.types.picture import plot_posterior

        return plot_posterior(self, ax)

    def _table(self) -> Table:
        from inference.types.text import posterior_table

        return posterior_table(self)

    # ---- inside ----

    @cached_property
    def _scores(self) -> tuple[Array, Array]:
        """Log prior plus relative log likelihood, (n_models, n_users, n_types), and log evidence, (n_models,)."""
        relative, top = self.evidence.relative()
        with np.errstate(divide="ignore"):
            scores = np.log(self.prior) + relative
            evidence = np.log(self.model_prior) + logsumexp(scores, axis=2).sum(axis=1) + top.sum(axis=1)
        return scores, evidence

    def _offer(self, menu: Any) -> ChoiceSet:
        offer = choice_set(menu)
        if tuple(offer.labels) != tuple(self.labels):
            raise ProblemError("the menu is about other types: their labels must be those of this posterior, in order")
        return offer

    def _choice_probabilities(self, offer: ChoiceSet) -> Array:
        """(n_models, n_types, n_options + 1)."""
        return np.stack([np.exp(model.log_likelihood(offer.utility)) for model in self.choice_models])


@checked(own=("choice_model",))
def infer_types(
    menu: Any,
    choices: Any,
    prior: Any = None,
    choice_model: ChoiceModel | Sequence[ChoiceModel] = STEADY,
    *,
    model_prior: Any = None,
    users: Names = None,
    concentration: Any = 1.0,
) -> TypePosterior:
    """Posterior of the type of every user, from what they chose.

    Parameters
    ----------
    menu : Menu, AskingMenu, or ChoiceSet made by `choice_set`; a list with one per round; or a dict from names to menus
    choices : (n_users, n_rounds) integers, -1 for the outside option; mask what is missing, or NaN in floats. Or a
        frame, or a path of a CSV or Parquet file, with the columns `user`, `option`, and `menu` if there are several.
        Or ChoiceCounts, for choices that are counted already
    prior : (n_types,) probabilities; by default the weights of the (first) menu's problem
    choice_model : how agents choose, by default exact best responses; or a list of models, of which one is true
    model_prior : (n_models,) probabilities of the models in the list; equal by default
    users : (n_users,) labels of the rows of an array; by default 0, 1, ...
    concentration : Dirichlet parameters of the prior of the population's weights, one number or one per type

    Raises
    ------
    ProblemError
        If a choice is not on its menu, or if no type can have made a user's choices: the message names the user, the
        option and the round.

    Examples
    --------
    >>> from contracts import Quadratic, solve_menu
    >>> from inference.choice.model import Logit
    >>> menu = solve_menu([1.0, 2.0], [0.75, 0.25], cost=Quadratic(), labels=("low", "high"))
    >>> posterior = infer_types(menu, [[0, 0, -1], [1, 1, 0]], choice_model=Logit(temperature=0.5))
    >>> posterior
    Types of 2 users: 2 types, 6 choices, Logit(temperature=0.5), log evidence -6.22298
    user  choices     low    high  most probable  entropy
    0           3  0.9371  0.0629            low    0.235
    1           3  0.0186  0.9814           high    0.093
    All 2 types choose differently (total variation above 0.01)
    >>> menu.problem.weights, posterior.screening_problem(menu.problem).weights.round(3)
    (array([0.75, 0.25]), array([0.439, 0.561]))
    """
    offers = named_offers(menu)
    first = next(iter(offers.values()))
    if isinstance(choice_model, str):
        check_choice_model(choice_model)
    listed = isinstance(choice_model, Sequence)
    models = tuple(choice_model) if isinstance(choice_model, Sequence) else (choice_model,)
    for number, model in enumerate(models):
        check_choice_model(model, f"choice_model[{number}]" if listed else "choice_model")
    if not models:
        raise ProblemError("choice_model is an empty list: give at least one choice model")
    names = [repr(model) for model in models]
    equal = np.full(len(models), 1 / max(len(models), 1))
    seen = count_choices(offers, choices, users)
    order = np.argsort(seen.users, kind="stable")
    nobody = TypePosterior(
        labels=first.labels,
        users=seen.users[order],
        prior=_checked_prior("prior", first.weights if prior is None else prior, first.labels),
        choice_models=models,
        model_prior=_checked_prior("model_prior", equal if model_prior is None else model_prior, names),
        concentration=checked_concentration(concentration, first.labels),
        offers=offers,
        observed=(),
        evidence=no_evidence(len(models), len(seen.users), first.n_types),
    )
    return _updated(nobody, offers, seen)


# ---- Bayes' rule, one table of counts at a time ----


def _updated(before: TypePosterior, offers: NamedChoiceSets, seen: ChoiceCounts) -> TypePosterior:
    """The posterior with more counts; users who are new are taken in."""
    before = _with_users(before, seen.users)
    row = np.searchsorted(before.users, seen.users)
    observed = {one.offer.key: one for one in before.observed}
    evidence = before.evidence
    for name, counts in seen.counts.items():
        offer = offers[name]
        table = np.zeros((len(before.users), offer.n_options + 1), dtype=np.int64)
        table[row] = counts
        if not table.any():
            continue
        evidence = evidence + evidence_of(offer.utility, before.choice_models, table)
        if offer.key in observed:
            table = table + observed[offer.key].counts
        observed[offer.key] = Observed(offer, table.astype(np.min_scalar_type(int(table.max()))))
    prior = before.prior if before.prior.ndim == 1 else before.prior[row]
    could = (prior > 0) & (before.model_prior > 0)[:, np.newaxis, np.newaxis]
    can_before, can_now = (could & known.possible[:, row] for known in (before.evidence, evidence))
    refuse_impossible(can_before, can_now, before.choice_models, offers, seen)
    in_order = tuple(observed[key] for key in sorted(observed))
    return dataclasses.replace(before, evidence=evidence, observed=in_order)


def _with_users(posterior: TypePosterior, users: NDArray[Any]) -> TypePosterior:
    """The same beliefs about these users too."""
    known = posterior.users
    if np.array_equal(known, np.sort(users)):
        return posterior
    if (known.dtype.kind in "iuf") != (users.dtype.kind in "iuf"):
        raise ProblemError(
            f"users are {known.tolist()[0]!r}, ... so far and {users.tolist()[0]!r}, ... now: name all of them, or "
            "number all of them"
        )
    union = np.union1d(known, users)
    if posterior.prior.ndim == 2 and len(union) > len(known):
        raise ProblemError("the prior has a row per user, and there are new users: give `with_prior` one row first")
    row = np.searchsorted(union, known)

    def wider(counts: NDArray[Any]) -> NDArray[Any]:
        table = np.zeros((len(union), counts.shape[1]), dtype=counts.dtype)
        table[row] = counts
        return table

    return dataclasses.replace(
        posterior,
        users=union,
        observed=tuple(Observed(seen.offer, wider(seen.counts)) for seen in posterior.observed),
        evidence=posterior.evidence.scattered(row, len(union)),
    )


def _has_users(choices: Any) -> bool:
    """Whether choices say themselves whose they are."""
    return isinstance(choices, ChoiceCounts | str | Path | dict) or hasattr(type(choices), "columns")


def _checked_prior(name: str, prior: Any, labels: Sequence[str]) -> Array:
    given = finite(name, prior, labels)
    if given.shape != (len(labels),) or not len(labels):
        raise ProblemError(f"{name} has shape {given.shape}; expected ({len(labels)},), one probability per label")
    if (given < 0).any() or abs(given.sum() - 1) > WEIGHTS_SUM_TOLERANCE:
        raise ProblemError(f"{name} has smallest entry {given.min()} and sum {given.sum():.10g}: give probabilities")
    return np.asarray(given / given.sum())

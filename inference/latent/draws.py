"""Latent types with all their uncertainty: a finite mixture of logit models by Gibbs sampling.

Given which person is of which type, the coefficients of each type are those of a logit model: they move by a
Hamiltonian trajectory, in the metric of the information that EM leaves them with, accepted by the rule of Metropolis.
Given the coefficients, people are assigned and shares drawn exactly. The posterior does not know the names of the
types: every draw is renamed so that its assignment of people is closest, in Kullback-Leibler divergence, to that of the
EM estimate (Stephens 2000, with a fixed pivot; the best renaming is an assignment problem).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from contracts.display.table import Column, Table, Tabular
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, Mask, generator, number
from contracts.inputs.door import checked
from contracts.inputs.extras import pandas
from contracts.inputs.frozen import dataclass
from contracts.inputs.progress import counter
from contracts.problem.screening import ScreeningProblem
from contracts.readable import readable
from inference.choice.data import ChoiceData, Integers, checked_data
from inference.choice.fields import refuse_weights
from inference.latent.maximum import Point, fit
from inference.logit.culprits import kept_by_prior
from inference.logit.mixture import Situations, evaluate, expected_difference, information, likelihood, situations_of
from inference.logit.quantisation import goods_beside, worth_in_money
from inference.logit.trajectory import chance_to_move, trajectory
from inference.types.draws import diagnosed, for_arviz, not_met

if TYPE_CHECKING:
    import pandas as pd

ACCEPTANCE = 0.8  # of trajectories, which the step size is tuned to
LEAPFROGS = 4  # steps of one trajectory
JITTER = (0.6, 1.2)  # the step size varies between sweeps, so that no trajectory comes back to its start
APART = 2.0  # posterior standard deviations between the starts of chains
INTERVAL = (0.025, 0.975)


def _in_some_draws(rising: Mask, price: str) -> str:
    share = rising.mean(axis=(0, 1))
    worst = int(np.argmax(share))
    return (
        f"in {share[worst]:.1%} of the draws type {worst} does not mind paying {price!r}, so nothing has a worth in "
        "money to it: fit fewer types, or bring more choices"
    )


@checked
@dataclass(frozen=True, eq=False, repr=False)
class TypeDraws(Tabular):
    """Draws from the posterior of the types, every draw named like the EM estimate.

    Attributes
    ----------
    data : what was fitted
    weights : (n_chains, n_draws, n_types) shares
    coefficients : (n_chains, n_draws, n_types, n_attributes)
    log_likelihood : (n_chains, n_draws) of all choices, summed over types
    probabilities : (n_people, n_types) posterior probability that a person is of a type
    renamed : share of draws whose names had to be changed
    acceptance : share of trajectories accepted
    """

    data: ChoiceData
    weights: Array
    coefficients: Array
    log_likelihood: Array
    probabilities: Array
    renamed: float
    acceptance: float

    @property
    def names(self) -> tuple[str, ...]:
        """The attributes."""
        return tuple(self.data.names or ())

    @property
    def n_types(self) -> int:
        return int(self.weights.shape[2])

    @cached_property
    def diagnostics(self) -> dict[str, Array]:
        """R-hat ("r_hat") and bulk effective sample size ("effective"); (n_types, 1 + n_attributes), weights first."""
        parts = diagnosed(weight=self.weights, coefficient=self.coefficients)
        return {what: np.column_stack(list(part.values())) for what, part in parts.items()}

    def willingness_to_pay(self, price: str, goods: Sequence[str] | None = None) -> Array:
        """Draws of what a unit of each good is worth in money; (n_chains, n_draws, n_types, n_goods).

        Raises
        ------
        ProblemError
            If in some draw the utility of a type does not fall in the price: there is no such worth then.
        """
        return worth_in_money(self.coefficients, self.names, price, goods, _in_some_draws)

    def screening_problem(
        self, *, price: str, goods: Sequence[str] | None = None, draw: int | None = None, **fields: Any
    ) -> ScreeningProblem:
        """The problem of whoever designs a menu for this population.

        Parameters
        ----------
        price : attribute that becomes the transfer
        goods : attributes that a contract can vary; by default all others
        draw : number of a draw, 0 to n_chains n_draws - 1: one possible population. None: posterior means of shares
            and of willingness to pay
        fields : the other fields of ScreeningProblem, in the units of the data
        """
        goods = goods_beside(self.names, price, goods)
        worth = self.willingness_to_pay(price, goods).reshape(-1, self.n_types, len(goods))
        weights = self.weights.reshape(-1, self.n_types)
        if draw is not None and not 0 <= draw < len(worth):
            raise ProblemError(f"draw is {draw}: there are draws 0 to {len(worth) - 1}")
        valuations, shares = (
            (worth.mean(axis=0), weights.mean(axis=0)) if draw is None else (worth[draw], weights[draw])
        )
        return ScreeningProblem(valuations, shares, goods=goods, **fields)

    def to_arviz(self) -> Any:
        """For ArviZ: the draws of weights and coefficients."""
        types = list(range(self.n_types))
        return for_arviz(
            posterior={"weight": self.weights, "coefficient": self.coefficients},
            sample_stats={"lp": self.log_likelihood},
            coords={"type": types, "attribute": list(self.names)},
            dims={"weight": ["type"], "coefficient": ["type", "attribute"]},
        )

    def to_frame(self) -> pd.DataFrame:
        """One row per type and parameter: posterior mean, sd, central 95% interval, R-hat, effective sample size."""
        pd = pandas()
        draws = np.concatenate([self.weights[..., np.newaxis], self.coefficients], axis=3)
        draws = draws.reshape(-1, self.n_types * (1 + len(self.names)))
        low, high = np.quantile(draws, INTERVAL, axis=0)
        labels = [range(self.n_types), ["weight", *self.names]]
        columns = {"estimate": draws.mean(axis=0), "posterior_sd": draws.std(axis=0), "low": low, "high": high}
        tested = {name: part.ravel() for name, part in self.diagnostics.items()}
        return pd.DataFrame(columns | tested, index=pd.MultiIndex.from_product(labels, names=["type", "parameter"]))

    def _table(self) -> Table:
        n_chains, n_draws = self.weights.shape[:2]
        columns = [Column("type", [*map(str, range(self.n_types))])]
        for name, part in zip(
            ["weight", *self.names], [self.weights, *np.moveaxis(self.coefficients, -1, 0)], strict=True
        ):
            drawn = part.reshape(-1, self.n_types)
            cells = [f"{mean:.4g} ({sd:.2g})" for mean, sd in zip(drawn.mean(axis=0), drawn.std(axis=0), strict=True)]
            columns.append(Column(name, cells, heading=readable(name), left=False))
        chains = f"{n_chains} chains of {n_draws} draws, {self.renamed:.1%} of them renamed"
        head = f"{self.n_types} latent types: {self.data.n_people} people, {self.data.n_obs} choices"
        return Table(columns, head, [f"{chains}; in brackets the posterior sd", *self._doubts()])

    def _doubts(self) -> list[str]:
        """Chains that have not met, coefficients that the prior alone keeps finite."""
        labels = [f"{name} of type {k}" for k in range(self.n_types) for name in ("weight", *map(repr, self.names))]
        both = np.concatenate([self.weights[..., np.newaxis], self.coefficients], axis=3)
        return [*not_met(both.reshape(*both.shape[:2], -1), labels), *kept_by_prior(self.data)]


@checked
def sample_latent_types(
    data: ChoiceData,
    n_types: int,
    *,
    rng: np.random.Generator,
    n_draws: int = 1000,
    n_warmup: int = 300,
    n_chains: int = 4,
    concentration: float = 1.0,
    spread: float = 10.0,
    n_starts: int = 20,
    progress: bool | Callable[[str], None] = False,
) -> TypeDraws:
    """Sample the posterior of types of taste in a population.

    Prior: shares ~ Dirichlet(concentration, ..., concentration); every coefficient ~ N(0, spread^2) in units of the
    utility of its attribute's root mean square difference between options. Chains start around the best of `n_starts`
    EM maxima of the posterior, `APART` standard deviations away: R-hat speaks about what is reached from there, not
    about maxima that no start has found.

    Parameters
    ----------
    data : ChoiceData
    n_types : how many types
    rng : all randomness; the same seed gives the same draws
    n_draws, n_warmup : kept and discarded draws of each chain
    n_chains : independent of each other after their start
    concentration, spread : of the prior
    n_starts : of EM
    progress : True to print a line per twentieth of the sweeps to standard error, or a function that takes the line

    Raises
    ------
    ProblemError
        If an argument does not fit, or no choice can identify the coefficient of an attribute.

    References
    ----------
    Stephens (2000), Dealing with label switching in mixture models, JRSS B 62. Frühwirth-Schnatter (2006), Finite
    Mixture and Markov Switching Models, ch. 3.

    Examples
    --------
    >>> from inference.logit.simulated import simulate_choices
    >>> rng = np.random.default_rng(0)
    >>> offers, person = rng.normal(size=(800, 2, 1)), np.repeat(np.arange(40), 20)
    >>> data = simulate_choices([0.7, 0.3], [[2.0], [-1.0]], offers, person, rng=rng, names=["quality"]).data
    >>> types = sample_latent_types(data, 2, rng=rng, n_draws=100, n_warmup=100, n_chains=2)
    >>> types.coefficients.mean(axis=(0, 1)).round(0)
    array([[ 2.],
           [-1.]])
    """
    checked_data(data)
    generator(rng)
    counted = (("n_types", n_types, 1), ("n_draws", n_draws, 4), ("n_warmup", n_warmup, 20), ("n_chains", n_chains, 1))
    for name, count, least in (*counted, ("n_starts", n_starts, 1)):
        if count < least:
            raise ProblemError(f"{name} is {count}: use at least {least}")
    refuse_weights(data.weights, "use fit_latent_types, which weighs people")
    if n_types > data.n_people:
        raise ProblemError(f"n_types is {n_types}: there are only {data.n_people} people")
    prior = MixturePrior(number("concentration", concentration), number("spread", spread))
    if not (prior.concentration > 0 and prior.spread > 0):
        raise ProblemError(f"concentration and spread are {concentration} and {spread}: both must be positive")
    situations = situations_of(data)
    ridge = prior.spread**-2
    maxima = fit(situations, n_types, rng, starts=n_starts, ridge=ridge, tolerance=1e-6, report=lambda line: None)
    pivot = _by_weight(maxima[0].point)
    located, metric = _located(situations, pivot, ridge)
    state = _started(pivot, metric, n_chains, rng)
    weights, coefficients = (
        np.empty((n_chains, n_draws, n_types)),
        np.empty((n_chains, n_draws, n_types, data.n_attributes)),
    )
    value, acceptance = np.empty((n_chains, n_draws)), np.empty(n_draws)
    probabilities, renamed, step = np.zeros((data.n_people, n_types)), 0, 1.0
    report = counter(progress, "sweep", n_warmup + n_draws)
    for at in range(-n_warmup, n_draws):
        state, found = sweep(situations, state, metric, step, prior, rng)
        if at < 0:
            step *= np.exp((found.acceptance - ACCEPTANCE) / np.sqrt(1 + (at + n_warmup) / 10))
        else:
            acceptance[at] = found.acceptance
            value[:, at] = found.log_likelihood
            for chain, posterior in enumerate(found.probabilities):
                order = names_like(posterior, located)
                renamed += bool((order != np.arange(n_types)).any())
                weights[chain, at] = found.weights[chain, order]
                coefficients[chain, at] = found.coefficients[chain, order] / situations.scale
                probabilities += posterior[:, order] / (n_chains * n_draws)
        report(at + n_warmup + 1)
    return TypeDraws(
        data, weights, coefficients, value, probabilities, renamed / (n_chains * n_draws), float(acceptance.mean())
    )


def names_like(posterior: Array, pivot: Array) -> Integers:
    """The order of types that brings (n_people, n_types) probabilities closest to those of the pivot.

    Minimises sum_i sum_k p[i, order[k]] log(p[i, order[k]] / q[i, k]) over orders; the entropy of p does not depend on
    the order, so the cost of naming l as k is -sum_i p[i, l] log q[i, k].

    Examples
    --------
    >>> names_like(np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([[0.1, 0.9], [0.7, 0.3]]))
    array([1, 0])
    """
    cost = -posterior.T @ np.log(np.maximum(pivot, np.finfo(np.float64).tiny))
    rows, columns = linear_sum_assignment(cost)
    return np.asarray(rows[np.argsort(columns)], dtype=np.int64)


# ---- one sweep ----


class MixturePrior(NamedTuple):
    """Dirichlet concentration of the shares, standard deviation of scaled coefficients."""

    concentration: float
    spread: float


class MixtureState(NamedTuple):
    """One point of all chains, in scaled units."""

    coefficients: Array  # (n_chains, n_types, n_attributes)
    weights: Array  # (n_chains, n_types)


class Found(NamedTuple):
    """A point that a sweep started from, and what was computed there."""

    coefficients: Array  # (n_chains, n_types, n_attributes)
    weights: Array  # (n_chains, n_types)
    probabilities: Array  # (n_chains, n_people, n_types)
    log_likelihood: Array  # (n_chains,)
    acceptance: float  # of the trajectories that leave it


def sweep(
    situations: Situations,
    now: MixtureState,
    metric: Array,
    step: float,
    prior: MixturePrior,
    rng: np.random.Generator,
) -> tuple[MixtureState, Found]:
    """People are assigned, shares drawn, coefficients moved.

    Parameters
    ----------
    metric : (n_types, n_attributes, n_attributes), S with S S' the inverse of the metric of each type
    """
    n_chains, n_types, _ = now.coefficients.shape
    flat = now.coefficients.reshape(n_chains * n_types, -1)
    by_type = (situations.counts @ evaluate(situations, flat).log_probability).reshape(-1, n_chains, n_types)
    by_person, posterior = likelihood(by_type, np.log(np.maximum(now.weights, np.finfo(np.float64).tiny)))
    below = np.cumsum(posterior, axis=2)
    assigned = (rng.random((*by_person.shape, 1)) * below[:, :, -1:] > below).sum(axis=2)
    member = (assigned[:, :, np.newaxis] == np.arange(n_types)).astype(np.float64)
    shares = rng.standard_gamma(prior.concentration + member.sum(axis=0))
    weights = shares / shares.sum(axis=1, keepdims=True)
    faced = np.asarray(situations.counts.T @ member.reshape(len(member), -1))
    moved, acceptance = _moved(situations, flat, faced, np.tile(metric, (n_chains, 1, 1)), step, prior, rng)
    found = Found(now.coefficients, now.weights, posterior.transpose(1, 0, 2), by_person.sum(axis=0), acceptance)
    return MixtureState(moved.reshape(now.coefficients.shape), weights), found


def _moved(
    situations: Situations,
    start: Array,
    faced: Array,
    metric: Array,
    step: float,
    prior: MixturePrior,
    rng: np.random.Generator,
) -> tuple[Array, float]:
    """One trajectory for every row of coefficients (m, n_attributes), given how often its type faced each situation."""
    rows = situations.difference.reshape(-1, situations.n_attributes)
    step = step * rng.uniform(*JITTER)

    def at(coefficients: Array) -> tuple[Array, Array]:
        """Derivative of the log posterior of each row in y = S^-1 coefficients, and the log posterior."""
        found = evaluate(situations, coefficients)
        value = (faced * found.log_probability).sum(axis=0) - 0.5 * (coefficients**2).sum(axis=1) / prior.spread**2
        pulled = (found.passed_over * faced).reshape(len(rows), -1)
        slope = -(rows.T @ pulled).T - coefficients / prior.spread**2
        return np.einsum("ma,mab->mb", slope, metric), value

    momentum = rng.standard_normal(start.shape)
    slope, value = at(start)
    energy = value - 0.5 * (momentum**2).sum(axis=1)
    coefficients, momentum, value = trajectory(
        at,
        step,
        LEAPFROGS,
        point=start,
        momentum=momentum,
        slope=slope,
        along=lambda way: np.einsum("mab,mb->ma", metric, way),
    )
    probability = chance_to_move(value - 0.5 * (momentum**2).sum(axis=1) - energy)
    moves = rng.random(len(start)) < probability
    return np.where(moves[:, np.newaxis], coefficients, start), float(probability.mean())


# ---- the start ----


def _by_weight(point: Point) -> Point:
    order = np.argsort(-point.log_weights, kind="stable")
    return Point(point.coefficients[order], point.log_weights[order])


def _located(situations: Situations, pivot: Point, ridge: float) -> tuple[Array, Array]:
    """Who is of which type at the pivot, (n_people, n_types), and the factor S of each type's inverse information."""
    found = evaluate(situations, pivot.coefficients)
    posterior = likelihood(np.asarray(situations.counts @ found.log_probability), pivot.log_weights).posterior
    faced = np.asarray(situations.counts.T @ posterior)
    own = information(situations, found, expected_difference(situations, found), faced)
    own = own + ridge * np.eye(situations.n_attributes)
    return posterior, np.ascontiguousarray(np.linalg.inv(np.linalg.cholesky(own)).transpose(0, 2, 1))


def _started(pivot: Point, metric: Array, chains: int, rng: np.random.Generator) -> MixtureState:
    n_types, size = pivot.coefficients.shape
    noise = np.einsum("kab,ckb->cka", metric, rng.standard_normal((chains, n_types, size)))
    weights = np.exp(pivot.log_weights - np.logaddexp.reduce(pivot.log_weights))
    coefficients = pivot.coefficients + APART * noise
    return MixtureState(coefficients, np.tile(weights, (chains, 1)))

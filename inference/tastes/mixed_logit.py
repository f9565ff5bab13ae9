"""Tastes that vary continuously: mixed logit by simulated maximum likelihood."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.optimize
from scipy.special import logsumexp, ndtri

from contracts.display.table import Column, Table, Tabular, names
from contracts.errors import ProblemError, SolverError
from contracts.inputs.arrays import Array, finite, generator, yes_or_no
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Count, Values, whole
from contracts.inputs.progress import reporter
from contracts.problem.screening import ScreeningProblem
from inference.choice.data import ChoiceData, Integers, checked_data
from inference.logit.panel import Panel, log_likelihood, log_likelihood_and_score, panel_of
from inference.logit.quantisation import screening_problem_of
from inference.logit.units import Units, units_of
from inference.tastes.distribution import TasteDistribution, choices_of, kinds_of

if TYPE_CHECKING:
    import pandas as pd

SKIPPED = 100  # first elements of every Halton sequence, in which the large primes still move together
CONVERGED = 1e-8  # log likelihood that a Newton step still promises, over all people
DIFFERENCE = 1e-4  # relative step of central differences of the exact gradient: error of order 1e-8
FLAT = 1e-8  # information left, relative to that at the start, below which there is no maximum to speak of
START_SPREAD = 0.1  # of mean + factor z, at the start


@checked
@dataclass(frozen=True, eq=False, repr=False)
class MixedLogit(Tabular):
    """An estimated distribution of tastes.

    Attributes
    ----------
    data : the choices it was fitted to
    tastes : TasteDistribution, the estimate
    log_likelihood : simulated log likelihood of all choices
    parameters : (n_parameters,) means, then the free entries of the factor, row by row
    covariance : (n_parameters, n_parameters) of their estimates, clustered by person
    information : (n_parameters, n_parameters) minus the second derivative of the log likelihood
    normals : (n_people, n_draws, n_attributes) the draws that were used
    """

    data: ChoiceData
    tastes: TasteDistribution
    log_likelihood: float
    parameters: Array
    covariance: Array
    information: Array
    normals: Array
    rows: Integers
    columns: Integers

    @property
    def names(self) -> tuple[str, ...]:
        """The attributes."""
        return tuple(self.data.names or ())

    @property
    def means(self) -> Array:
        """Mean coefficient of the population; (n_attributes,)."""
        return self.tastes.means

    @property
    def sds(self) -> Array:
        """Standard deviation of each coefficient over the population; (n_attributes,)."""
        return self.tastes.sds

    @cached_property
    def standard_errors(self) -> Array:
        """Of the means and of the standard deviations, clustered by person; (2, n_attributes).

        Not a number for the spread of a fixed coefficient.
        """
        slope = self.tastes.moments_jacobian(self.rows, self.columns)
        variance = np.einsum("ij,jk,ik->i", slope, self.covariance, slope)
        error = np.sqrt(variance).reshape(2, -1)
        error[1, np.array(self.tastes.kinds) == "fixed"] = np.nan
        return np.asarray(error)

    @cached_property
    def _posterior(self) -> tuple[Array, Array]:
        coefficients = self.tastes.coefficients(self.normals)
        value = log_likelihood(panel_of(self.data, self.normals.shape[1]), coefficients)
        weight = np.exp(value - logsumexp(value, axis=1, keepdims=True))[:, :, np.newaxis]
        mean = (weight * coefficients).sum(axis=1)
        variance = (weight * (coefficients - mean[:, np.newaxis]) ** 2).sum(axis=1)
        return mean, np.sqrt(variance)

    @property
    def individual_means(self) -> Array:
        """Expected coefficients of each person, given its choices; (n_people, n_attributes)."""
        return self._posterior[0]

    @property
    def individual_sds(self) -> Array:
        """Standard deviation of each person's coefficients, given its choices; (n_people, n_attributes)."""
        return self._posterior[1]

    def predict(self, attributes: Any, available: Any = None, *, n_draws: Count = 1000) -> Array:
        """Share of the population that takes each option.

        Parameters
        ----------
        attributes : (n_sets, n_options, n_attributes) or (n_options, n_attributes) array, what is on offer
        available : bool array of the shape of `attributes` without its last axis; None: everything is
        n_draws : Halton points of the average over tastes

        Returns
        -------
        (n_sets, n_options) or (n_options,) array
        """
        offers = finite("attributes", attributes)
        if offers.ndim not in (2, 3) or offers.shape[-1] != len(self.names):
            raise ProblemError(f"attributes has shape {offers.shape}; expected (n_sets, n_options, {len(self.names)})")
        reach = np.ones(offers.shape[:-1], dtype=bool) if available is None else yes_or_no("available", available)
        if reach.shape != offers.shape[:-1] or not reach.any(axis=-1).all():
            raise ProblemError(f"available has shape {reach.shape}; expected {offers.shape[:-1]}, an option a row")
        coefficients = self.tastes.coefficients(halton_normals(1, n_draws, len(self.names))[0])
        share = np.empty(offers.shape[:-1])
        for index in np.ndindex(offers.shape[:-2]):
            utility = coefficients @ offers[index].T
            utility[:, ~reach[index]] = -np.inf
            share[index] = np.exp(utility - logsumexp(utility, axis=1, keepdims=True)).mean(axis=0)
        return share

    def simulate(self, data: ChoiceData | None = None, *, rng: np.random.Generator) -> ChoiceData:
        """Choices of new people with these tastes, in the situations of `data` (those of the fit by default)."""
        data = self.data if data is None else data
        return choices_of(data, self.tastes.draw(data.n_people, rng=rng), rng)

    def screening_problem(
        self,
        *,
        price: str,
        n_types: int,
        rng: np.random.Generator,
        goods: Sequence[str] | None = None,
        n_draws: Count = 10_000,
        **fields: Any,
    ) -> ScreeningProblem:
        """The problem of whoever designs a menu for this population, with a few types that stand for it.

        Parameters
        ----------
        price : attribute that becomes the transfer; everybody must mind paying it, so fit it "negative" or "fixed"
        n_types : how many types; see `inference.logit.quantisation` for what they keep
        rng : draws the people
        goods : attributes that a contract can vary; by default all others
        n_draws : people drawn
        fields : cost, domain and the other fields of ScreeningProblem, in the units of the data

        Raises
        ------
        ProblemError
            If somebody does not mind paying, or the fields make no problem.
        """
        people = self.tastes.draw(n_draws, rng=rng)
        return screening_problem_of(
            people, self.names, price=price, goods=goods, n_types=n_types, rng=rng, fields=fields
        )

    def to_frame(self) -> pd.DataFrame:
        """One row per attribute: how it varies, mean and standard deviation with their standard errors."""
        return self._table().to_frame()

    def _table(self) -> Table:
        data, errors, kinds = self.data, self.standard_errors, self.tastes.kinds
        model = "Multinomial logit" if set(kinds) == {"fixed"} else "Mixed logit"
        columns = [names("attribute", self.names), Column("varies", list(kinds))]
        for name, values, error in (("mean", self.means, errors[0]), ("sd", self.sds, errors[1])):
            told = [name == "mean" or kind != "fixed" for kind in kinds]
            cells = [f"{value:.4f}" * shown for value, shown in zip(values, told, strict=True)]
            columns.append(Column(name, values, cells))
            cells = [f"({value:.4f})" * shown for value, shown in zip(error, told, strict=True)]
            columns.append(Column(f"{name}_se", error, cells, "(se)"))
        draws = "" if model != "Mixed logit" else f"{self.normals.shape[1]} draws a person; "
        head = f"{model}: {data.n_people} people, {data.n_obs} choices, log likelihood {self.log_likelihood:.3f}"
        return Table(columns, head, [f"{draws}standard errors clustered by person"])


@checked
def fit_mixed_logit(
    data: ChoiceData,
    random: str | Mapping[str, str] = "normal",
    *,
    correlated: bool = False,
    n_draws: int | Values = 200,
    rng: np.random.Generator | None = None,
    progress: bool | Callable[[str], None] = False,
) -> MixedLogit:
    """Fit a distribution of tastes to the choices of people observed several times each.

    Person n has coefficients b_n = g(mean + factor z_n), z_n standard normal (see `TasteDistribution`), and takes
    option j of a set with probability exp(b_n . x_j) / sum_k exp(b_n . x_k), always with the same b_n. The likelihood
    of its choices is averaged over draws of z_n, and the sum of the logarithms is maximised by BFGS with the exact
    gradient, then Newton. Standard errors are clustered by person: I^-1 (sum_n s_n s_n') I^-1, with s_n the score of
    person n and I the information.

    Parameters
    ----------
    data : ChoiceData, at least as many people as parameters
    random : how coefficients vary: "normal", "positive" or "negative" (lognormal), "fixed"; one word for all, or a
        mapping by attribute, in which attributes left out are normal. All "fixed" is the multinomial logit.
    correlated : whether coefficients vary together; otherwise `factor` is diagonal
    n_draws : points per person, or an (n_people, n_draws, n_attributes) array of standard normals
    rng : scrambles the Halton points; None: the plain sequence of the first primes, the first 100 elements left out,
        people one after the other in the order of their labels (as in mlogit for R). Few plain points are
        unevenly spread in the large primes, so the optimum still moves: raise `n_draws` until it does not.
    progress : True to print a line per iteration to standard error, or a function that takes the line

    Raises
    ------
    ProblemError
        If an attribute is not known or does not vary between options.
    SolverError
        If the likelihood has no proper maximum, for instance because an attribute decides every choice.

    References
    ----------
    Train (2009), Discrete Choice Methods with Simulation, ch. 6, 9, 10. Revelt & Train (1998), Review of Economics and
    Statistics 80.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> offers = ChoiceData(rng.normal(size=(600, 3, 1)), np.zeros(600, int), np.repeat(np.arange(100), 6), ["speed"])
    >>> truth = TasteDistribution(("normal",), np.array([1.0]), np.array([[0.8]]))
    >>> model = fit_mixed_logit(choices_of(offers, truth.draw(100, rng=rng), rng), n_draws=50)
    >>> bool(abs(model.means[0] - 1.0) < 3 * model.standard_errors[0, 0])
    True
    """
    kinds = kinds_of(random, tuple(checked_data(data).names or ()))
    if rng is not None:
        generator(rng)
    units = units_of(data)
    normals = _normals(data, kinds, n_draws, rng)
    size = data.n_attributes
    varies = np.flatnonzero(np.array(kinds) != "fixed")
    grid = np.array([(k, m) for k in varies for m in varies if m == k or (correlated and m < k)], dtype=np.int64)
    rows, columns = grid.reshape(-1, 2).T
    panel = panel_of(units.applied(data), normals.shape[1])

    def tastes(parameters: Array) -> TasteDistribution:
        factor = np.zeros((size, size))
        factor[rows, columns] = parameters[size:]
        return TasteDistribution(kinds, parameters[:size], factor)

    def scores(parameters: Array) -> tuple[Array, Array]:
        return _person_scores(panel, tastes(parameters), normals, rows, columns)

    pooled = np.zeros(size) if (np.array(kinds) == "fixed").all() else _pooled_start(data, kinds, units)
    start = np.concatenate([pooled, START_SPREAD * _unit_spread(kinds, units)[rows] * (rows == columns)])
    parameters, value, information = _maximum(scores, start, reporter(progress))
    score = scores(parameters)[1]
    bread = np.linalg.inv(information)
    covariance = bread @ (score.T @ score) @ bread
    stretch, shift = _to_users(kinds, units)
    stretch = np.concatenate([stretch, stretch[rows]])
    parameters = parameters * stretch + np.concatenate([shift, np.zeros(len(rows))])
    both = np.outer(stretch, stretch)
    return MixedLogit(
        data, tastes(parameters), value, parameters, covariance * both, information / both, normals, rows, columns
    )


def halton_normals(n_people: int, draws: int, size: int, rng: np.random.Generator | None = None) -> Array:
    """Standard normals from Halton points, a run of `draws` points for one person after the other.

    Returns
    -------
    (n_people, draws, size) array

    Examples
    --------
    >>> float(halton_normals(1, 4, 1).mean().round(2))  # 101st to 104th point of base 2
    0.09
    """
    from scipy.stats import qmc  # slow to import

    points = qmc.Halton(size, scramble=rng is not None, rng=rng)
    points.fast_forward(SKIPPED)
    return np.asarray(ndtri(points.random(n_people * draws))).reshape(n_people, draws, size)


# ---- the likelihood ----


def _person_scores(
    panel: Panel, tastes: TasteDistribution, normals: Array, rows: Integers, columns: Integers
) -> tuple[Array, Array]:
    """Log likelihood, (n_people,), and score in (mean, factor entries), (n_people, n_parameters).

    With weights w_r = L_r / sum L_r over the draws, the score is sum_r w_r (dlog L_r / db) (db / dparameter), where
    db_k/dmean_k is 1, or b_k if lognormal, and db_k/dfactor[k, l] is that times z_l.
    """
    coefficients = tastes.coefficients(normals)
    value, slope = log_likelihood_and_score(panel, coefficients)
    total = logsumexp(value, axis=1)
    slope *= np.exp(value - total[:, np.newaxis])[:, :, np.newaxis]
    lognormal = tastes.is_lognormal
    slope[:, :, lognormal] *= coefficients[:, :, lognormal]
    spread = np.einsum("nrk,nrk->nk", slope[:, :, rows], normals[:, :, columns])
    return total - np.log(normals.shape[1]), np.concatenate([slope.sum(axis=1), spread], axis=1)


def _maximum(
    scores: Callable[[Array], tuple[Array, Array]], start: Array, report: Callable[[str], None]
) -> tuple[Array, float, Array]:
    """Parameters, log likelihood and information at the maximum: BFGS, then Newton until a step promises nothing."""

    def loss(parameters: Array) -> tuple[float, Array]:
        with np.errstate(over="ignore", invalid="ignore"):  # a long first step of the line search
            value, score = scores(parameters)
        total = float(value.sum())
        return (-total, -score.sum(axis=0)) if np.isfinite(total) else (np.inf, np.zeros(len(parameters)))

    def told(intermediate_result: Any) -> None:
        report(f"log likelihood {-intermediate_result.fun:.4f}")

    score = scores(start)[1]
    outer = score.T @ score  # the information at the truth (Berndt, Hall, Hall & Hausman 1974): a good first metric
    size = np.maximum(np.diag(outer), np.finfo(np.float64).tiny)
    metric = np.linalg.inv(outer + 1e-3 * np.diag(size))
    options: Any = {"hess_inv0": (metric + metric.T) / 2, "gtol": 1e-3, "maxiter": 1000}
    found = scipy.optimize.minimize(loss, start, jac=True, method="BFGS", callback=told, options=options)
    parameters = np.asarray(found.x)
    for _ in range(20):
        value, slope = loss(parameters)
        information = _second_derivative(loss, parameters)
        relative = information / np.sqrt(np.outer(size, size))  # free of units
        if not np.isfinite(relative).all() or np.linalg.eigvalsh(relative)[0] <= FLAT:
            raise SolverError(
                "the log likelihood has no proper maximum: some combination of coefficients is not identified, or an "
                "attribute decides every choice; fix or leave out a coefficient, or observe more choices",
                ("BFGS", "Newton"),
                parameters,
            )
        step = np.linalg.solve(information, slope)
        if slope @ step / 2 < CONVERGED:
            return parameters, -value, information
        length = 1.0
        while loss(parameters - length * step)[0] > value and length > 1e-6:
            length /= 2
        parameters = parameters - length * step
    raise SolverError("the log likelihood was not maximised in 20 Newton steps", ("BFGS", "Newton"), parameters)


def _second_derivative(loss: Callable[[Array], tuple[float, Array]], parameters: Array) -> Array:
    """Central differences of the exact gradient; symmetric."""
    steps = DIFFERENCE * np.maximum(np.abs(parameters), 0.1)
    columns = [
        (loss(parameters + step * unit)[1] - loss(parameters - step * unit)[1]) / (2 * step)
        for step, unit in zip(steps, np.eye(len(parameters)), strict=True)
    ]
    second = np.array(columns)
    return np.asarray((second + second.T) / 2)


# ---- the door ----


def _normals(data: ChoiceData, kinds: tuple[str, ...], draws: Any, rng: np.random.Generator | None) -> Array:
    if all(kind == "fixed" for kind in kinds):
        return np.zeros((data.n_people, 1, data.n_attributes))
    if isinstance(draws, int | np.integer):
        if whole("draws", draws) < 1:
            raise ProblemError(f"draws is {draws}: use at least 1 point per person, better hundreds")
        varies = np.array(kinds) != "fixed"  # primes go to the coefficients that vary, in order
        normals = np.zeros((data.n_people, int(draws), data.n_attributes))
        normals[:, :, varies] = halton_normals(data.n_people, int(draws), int(varies.sum()), rng)
        return normals
    given = finite("draws", draws)
    if given.ndim != 3 or given.shape[0] != data.n_people or given.shape[2] != data.n_attributes:
        raise ProblemError(
            f"draws has shape {given.shape}; expected ({data.n_people}, n_draws, {data.n_attributes}): standard "
            "normals for every person and attribute"
        )
    return np.array(given)


def _pooled_start(data: ChoiceData, kinds: tuple[str, ...], units: Units) -> Array:
    """The multinomial logit, on the scale of mean + factor z, in computed units."""
    pooled = fit_mixed_logit(data, "fixed").parameters * units.spread
    sign = np.where(np.array(kinds) == "negative", -1.0, 1.0)
    log_size = np.log(np.maximum(pooled * sign, 0.05 * np.abs(pooled).max()))
    ratio = units.size / units.spread
    return np.where(np.isin(kinds, ("positive", "negative")), log_size + np.log(ratio), pooled * ratio)


def _unit_spread(kinds: tuple[str, ...], units: Units) -> Array:
    """A spread of mean + factor z that moves utilities by about one, in computed units; (n_attributes,)."""
    return np.where(np.isin(kinds, ("positive", "negative")), 1.0, units.size / units.spread)


def _to_users(kinds: tuple[str, ...], units: Units) -> tuple[Array, Array]:
    """What mean + factor z is multiplied with, and what is added to means, from computed units to those of the data."""
    lognormal = np.isin(kinds, ("positive", "negative"))
    return np.where(lognormal, 1.0, 1 / units.size), np.where(lognormal, -np.log(units.size), 0.0)

"""Tastes that vary continuously: mixed logit by simulated maximum likelihood."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy.special import logsumexp

from contracts.display.table import Column, Table, Tabular, names
from contracts.errors import ProblemError, SolverError
from contracts.inputs.arrays import Array, finite, generator
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Count, Values, whole
from contracts.inputs.progress import reporter
from contracts.problem.screening import ScreeningProblem
from inference.choice.data import ChoiceData, Integers, checked_data
from inference.estimation.errors import clustered, covariance_by, equal_chances, sample_size
from inference.estimation.maximum import maximum_of
from inference.estimation.shares import Population, checked_parameters, counted
from inference.estimation.summary import Summary, checked_level
from inference.logit.convergence import Convergence
from inference.logit.culprits import contrasts_of, deciding, no_maximum, refuse_collinear
from inference.logit.panel import Panel, log_likelihood, log_likelihood_and_score, panel_of
from inference.logit.quantisation import screening_problem_of
from inference.logit.units import Units, units_of
from inference.tastes.distribution import TasteDistribution, choices_of, kinds_of
from inference.tastes.points import halton_normals, sobol_normals
from inference.tastes.starts import first_start, random_start

if TYPE_CHECKING:
    import pandas as pd

POPULATION = 1000  # draws of tastes that stand for the population
FEW_DRAWS = 100  # on which a climb begins where there are several times as many
SCRAMBLINGS = 4  # other points at which the log likelihood of the estimate is computed again


@checked
@dataclass(frozen=True, eq=False, repr=False)
class MixedLogit(Tabular):
    """An estimated distribution of tastes.

    Attributes
    ----------
    data : the choices it was fitted to
    tastes : TasteDistribution, the estimate
    log_likelihood : simulated log likelihood of all choices
    parameters : (n_parameters,) means, then the free entries of the factor, row by row; its diagonal is not negative
    covariance : (n_parameters, n_parameters) of their estimates, clustered by person
    information : (n_parameters, n_parameters) minus the second derivative of the log likelihood
    normals : (n_people, n_draws, n_attributes) the draws that were used, those of a spread that came out negative with
        the other sign, which is the same likelihood
    convergence : Convergence, where each start ended
    simulation_sd : standard deviation of the log likelihood at the estimate over other scramblings of the points: how
        much of it is luck of the draws. Not a number for draws of your own; 0 for the multinomial logit
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
    convergence: Convergence
    simulation_sd: float

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

    # ---- what every estimator says of itself ----

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Means, or means of logarithms, and then entries of the factor."""
        pairs = zip(self.rows, self.columns, strict=True)
        entries = (f"factor {self.names[k]}" + ("" if k == m else f", {self.names[m]}") for k, m in pairs)
        return (*(f"mean {name}" for name in self.names), *entries)

    @property
    def n_parameters(self) -> int:
        return len(self.parameters)

    @property
    def n_obs(self) -> int:
        return self.data.n_obs

    @property
    def population(self) -> Population:
        """Draws of tastes that stand for the population."""
        return self._population(POPULATION)

    def _population(self, n_draws: int) -> Population:
        if set(self.tastes.kinds) == {"fixed"}:
            n_draws = 1
        coefficients = self.tastes.coefficients(halton_normals(1, n_draws, len(self.names))[0])
        return Population(self.names, np.full(n_draws, 1 / n_draws), coefficients)

    def at(self, parameters: Any) -> MixedLogit:
        """The same model at other parameters, as `with_errors` asks."""
        given, size = checked_parameters(parameters, self.n_parameters), len(self.names)
        factor = np.zeros((size, size))
        factor[self.rows, self.columns] = given[size:]
        return replace(self, parameters=given, tastes=TasteDistribution(self.tastes.kinds, given[:size], factor))

    def surplus(self, attributes: Any, available: Any = None, *, price: str) -> Array:
        """Expected utility of choosing, in money, up to a constant, as a mean over the population; (n_obs,)."""
        return self.population.surplus(attributes, available, price)

    def summary(self, *, errors: str = "clustered", level: float = 0.95) -> Summary:
        """Means and standard deviations of tastes with z, p and intervals, and how well the model fits.

        Parameters
        ----------
        errors : "clustered" by person, or "classical"
        level : of the intervals
        """
        checked_level(level)
        covariance, said = covariance_by(errors, self.data, self.covariance, self.information)
        slope = self.tastes.moments_jacobian(self.rows, self.columns)
        error = np.sqrt(np.einsum("ij,jk,ik->i", slope, covariance, slope))
        shown = np.r_[np.ones(len(self.names), bool), np.array(self.tastes.kinds) != "fixed"]
        labels = [f"{part} {name}" for part in ("mean", "sd") for name in self.names]
        draws = f"{self.normals.shape[1]} draws a person" if shown[len(self.names) :].any() else "no draws"
        luck = f", {self.simulation_sd:.2g} sd of the log likelihood over scramblings" if self.simulation_sd > 0 else ""
        return Summary(
            f"Mixed logit: {counted(self.data)}",
            [name for name, here in zip(labels, shown, strict=True) if here],
            np.concatenate([self.means, self.sds])[shown],
            error[shown],
            self.log_likelihood,
            equal_chances(self.data),
            self.n_parameters,
            sample_size(self.data),
            [f"{said}; {draws}{luck}; {self.convergence.told()}", *self.convergence.doubts()],
            level,
        )

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
        share = self._population(n_draws).shares(attributes, available)
        return share[0] if np.ndim(attributes) == 2 else share

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
        notes = ["standard errors clustered by person"]
        if model == "Mixed logit":
            luck = f" (sd of the log likelihood over scramblings {self.simulation_sd:.2g})"
            draws = f"{self.normals.shape[1]} draws a person{luck * bool(np.isfinite(self.simulation_sd))}"
            notes = [f"{draws}; {notes[0]}", self.convergence.told(), *self.convergence.doubts()]
        head = f"{model}: {data.n_people} people, {data.n_obs} choices, log likelihood {self.log_likelihood:.3f}"
        return Table(columns, head, notes)


@checked
def fit_mixed_logit(
    data: ChoiceData,
    random: str | Mapping[str, str] = "normal",
    *,
    correlated: bool = False,
    n_draws: int | Values = 256,
    draws: Literal["sobol", "halton"] = "sobol",
    n_starts: Count = 4,
    start_values: Values | None = None,
    rng: np.random.Generator | None = None,
    progress: bool | Callable[[str], None] = False,
) -> MixedLogit:
    """Fit a distribution of tastes to the choices of people observed several times each.

    Person n has coefficients b_n = g(mean + factor z_n), z_n standard normal (see `TasteDistribution`), and takes
    option j of a set with probability exp(b_n . x_j) / sum_k exp(b_n . x_k), always with the same b_n. The likelihood
    of its choices is averaged over draws of z_n, and the sum of the logarithms is maximised by BFGS with the exact
    gradient from several starts, then Newton from the best end. The likelihood has several maxima; `convergence` says
    how many starts ended at the one returned. Standard errors are clustered by person: I^-1 (sum_n s_n s_n') I^-1,
    with s_n the score of person n and I the information.

    Parameters
    ----------
    data : ChoiceData, at least as many people as parameters
    random : how coefficients vary: "normal", "positive" or "negative" (lognormal), "fixed"; one word for all, or a
        mapping by attribute, in which attributes left out are normal. All "fixed" is the multinomial logit.
    correlated : whether coefficients vary together; otherwise `factor` is diagonal
    n_draws : points per person, best a power of two, or an (n_people, n_draws, n_attributes) array of standard normals
    draws : "sobol", scrambled; or "halton", plain without `rng`: the sequences of the first primes, the first 100
        elements left out, people one after the other in the order of their labels (as in mlogit for R). Few plain
        points are unevenly spread in the large primes, so the optimum still moves.
    n_starts : the first is the multinomial logit without spreads, the others have random spreads; each costs about as
        much as the whole fit with one. The multinomial logit has one maximum and needs one.
    start_values : (n_parameters,) like `parameters` of the result, in the units of the data; the first start, before
        the multinomial logit
    rng : scrambles the points and draws the starts; None: default_rng(0), so that results are the same every time
    progress : True to print a line per iteration to standard error, or a function that takes the line

    Raises
    ------
    ProblemError
        If an attribute is not known or does not vary between options, or attributes are collinear, such as a full set
        of constants.
    SolverError
        If the likelihood has no proper maximum, for instance because an attribute decides every choice; it is
        named.

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
    normals = _normals(data, kinds, n_draws, draws, rng)
    size = data.n_attributes
    varies = np.flatnonzero(np.array(kinds) != "fixed")
    grid = np.array([(k, m) for k in varies for m in varies if m == k or (correlated and m < k)], dtype=np.int64)
    rows, columns = grid.reshape(-1, 2).T
    scaled = units.applied(data)
    refuse_collinear(contrasts_of(scaled), tuple(data.names or ()))
    panel = panel_of(scaled, normals.shape[1])

    def tastes(parameters: Array) -> TasteDistribution:
        factor = np.zeros((size, size))
        factor[rows, columns] = parameters[size:]
        return TasteDistribution(kinds, parameters[:size], factor)

    each = data.person_weight

    def scores_at(panel: Panel, normals: Array) -> Callable[[Array], tuple[Array, Array]]:
        def scores(parameters: Array) -> tuple[Array, Array]:
            value, score = _person_scores(panel, tastes(parameters), normals, rows, columns)
            return value * each, score * each[:, np.newaxis]

        return scores

    scores = scores_at(panel, normals)
    is_many = normals.shape[1] >= 4 * FEW_DRAWS
    coarse = scores_at(panel_of(scaled, FEW_DRAWS), normals[:, :FEW_DRAWS]) if is_many else None

    alike = not len(rows)
    pooled = np.zeros(size) if alike else fit_mixed_logit(data, "fixed").parameters * units.size
    first = first_start(pooled, kinds, units, rows, columns)
    chance = np.random.default_rng(0) if rng is None else rng
    starts = [first] if start_values is None else [_given_start(start_values, kinds, units, rows), first]
    starts += [random_start(first, kinds, units, rows, columns, chance) for _ in range(n_starts - len(starts))]
    starts = starts[: 1 if alike else n_starts]
    try:
        found = maximum_of(scores, starts, reporter(progress), coarse)
    except SolverError as trouble:
        raise _explained(trouble, scaled) from trouble
    covariance = clustered(scores(found.parameters)[1], found.information)
    luck = _luck(panel, each, tastes(found.parameters), n_draws, draws, chance)
    stretch, shift = _to_users(kinds, units, rows)
    turned = np.ones(size)
    turned[rows[rows == columns]] = np.where(found.parameters[size:][rows == columns] < 0, -1.0, 1.0)
    stretch[size:] *= turned[columns]  # factor z is the same with a column of the factor and its z turned
    parameters, both = found.parameters * stretch + shift, np.outer(stretch, stretch)
    return MixedLogit(
        data,
        tastes(parameters),
        found.log_likelihood,
        parameters,
        covariance * both,
        found.information / both,
        normals * turned,
        rows,
        columns,
        found.convergence,
        luck,
    )


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


# ---- the door ----


def _normals(
    data: ChoiceData, kinds: tuple[str, ...], n_draws: Any, draws: str, rng: np.random.Generator | None
) -> Array:
    if draws not in ("sobol", "halton"):
        raise ProblemError(f"draws is {draws!r}: use 'sobol' or 'halton', and n_draws for how many")
    if all(kind == "fixed" for kind in kinds):
        return np.zeros((data.n_people, 1, data.n_attributes))
    if isinstance(n_draws, int | np.integer):
        if whole("n_draws", n_draws) < 1:
            raise ProblemError(f"n_draws is {n_draws}: use at least 1 point per person, better hundreds")
        return _points(data.n_people, int(n_draws), kinds, draws, rng)
    given = finite("n_draws", n_draws)
    if given.ndim != 3 or given.shape[0] != data.n_people or given.shape[2] != data.n_attributes:
        raise ProblemError(
            f"n_draws has shape {given.shape}; expected ({data.n_people}, n_draws, {data.n_attributes}): standard "
            "normals for every person and attribute"
        )
    return np.array(given)


def _points(n_people: int, n_draws: int, kinds: tuple[str, ...], draws: str, rng: np.random.Generator | None) -> Array:
    """Points for the coefficients that vary, in order; 0 for the others."""
    varies = np.array(kinds) != "fixed"
    normals = np.zeros((n_people, n_draws, len(kinds)))
    if draws == "halton":
        normals[:, :, varies] = halton_normals(n_people, n_draws, int(varies.sum()), rng)
    else:
        chance = np.random.default_rng(0) if rng is None else rng
        normals[:, :, varies] = sobol_normals(n_people, n_draws, int(varies.sum()), chance)
    return normals


def _luck(
    panel: Panel, each: Array, tastes: TasteDistribution, n_draws: Any, draws: str, rng: np.random.Generator
) -> float:
    """Standard deviation of the simulated log likelihood at an estimate over scramblings of the points."""
    if set(tastes.kinds) == {"fixed"}:
        return 0.0
    if not isinstance(n_draws, int | np.integer):
        return float("nan")
    values = []
    for _ in range(SCRAMBLINGS):
        normals = _points(panel.n_people, int(n_draws), tastes.kinds, draws, rng)
        by_draw = log_likelihood(panel, tastes.coefficients(normals))
        values.append(float(each @ (logsumexp(by_draw, axis=1) - np.log(n_draws))))
    return float(np.std(values, ddof=1))


def _explained(trouble: SolverError, data: ChoiceData) -> SolverError:
    """The same error with the attributes that decide every choice, if some do."""
    if not deciding(contrasts_of(data), tuple(data.names or ())):
        return trouble
    return SolverError(no_maximum(data), trouble.tried, trouble.reached)


def _given_start(start_values: Any, kinds: tuple[str, ...], units: Units, rows: Integers) -> Array:
    """Parameters of the user in computed units."""
    given = finite("start_values", start_values)
    size = len(kinds)
    if given.shape != (size + len(rows),):
        raise ProblemError(
            f"start_values has shape {given.shape}; expected ({size + len(rows)},): {size} means, then the "
            f"{len(rows)} free entries of the factor, like `parameters` of a fit"
        )
    stretch, shift = _to_users(kinds, units, rows)
    return np.asarray((given - shift) / stretch)


def _to_users(kinds: tuple[str, ...], units: Units, rows: Integers) -> tuple[Array, Array]:
    """What parameters are multiplied with, and what is then added, from computed units to those of the data."""
    lognormal = np.isin(kinds, ("positive", "negative"))
    stretch = np.where(lognormal, 1.0, 1 / units.size)
    shift = np.where(lognormal, -np.log(units.size), 0.0)
    return np.concatenate([stretch, stretch[rows]]), np.concatenate([shift, np.zeros(len(rows))])

"""Tastes that vary continuously, with all their uncertainty: hierarchical logit by Gibbs sampling."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from contracts.display.table import Column, Table, Tabular, names
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, generator
from contracts.inputs.door import checked
from contracts.inputs.extras import pandas
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Count
from contracts.inputs.progress import counter
from inference.choice.data import ChoiceData, checked_data
from inference.choice.fields import refuse_weights
from inference.estimation.shares import counted
from inference.logit.culprits import contrasts_of, kept_by_prior, refuse_collinear
from inference.logit.panel import information, panel_of
from inference.logit.units import units_of
from inference.reports.kept import Kept
from inference.reports.summary import Summary, checked_level
from inference.tastes.distribution import DrawnPeople, TasteDistribution, kinds_of
from inference.tastes.prior import HierarchicalPrior, computed_prior
from inference.tastes.sampler import People, sweeps
from inference.types.draws import diagnosed, for_arviz, not_met

if TYPE_CHECKING:
    import pandas as pd

INTERVAL = (0.025, 0.975)


@checked
@dataclass(frozen=True, eq=False, repr=False)
class HierarchicalLogit(DrawnPeople, Kept, Tabular):
    """Posterior of a population of tastes, and of each person's.

    Person i has coefficients b_i = g(beta_i) with beta_i ~ N(mean, covariance); g is the identity, or exp or -exp for
    coefficients of one sign, so that `mean`, `sd` and `covariance` are those of the logarithm there.

    Attributes
    ----------
    data, kinds, prior : what was fitted
    mean : (n_chains, n_draws, n_attributes) draws of the population's mean
    covariance : (n_chains, n_draws, n_attributes, n_attributes) draws of its covariance
    log_likelihood : (n_chains, n_draws) of all choices at the people's coefficients
    individual_means, individual_sds : (n_people, n_attributes) posterior of each person's coefficients b_i
    individual_draws : (n_chains, n_kept, n_people, n_attributes) evenly spaced draws of them
    acceptance : share of proposals accepted
    """

    schema = "menuwright/hierarchical-logit/1"

    data: ChoiceData
    kinds: tuple[str, ...]
    prior: HierarchicalPrior
    mean: Array
    covariance: Array
    log_likelihood: Array
    individual_means: Array
    individual_sds: Array
    individual_draws: Array
    acceptance: float

    @property
    def names(self) -> tuple[str, ...]:
        """The attributes."""
        return tuple(self.data.names or ())

    @cached_property
    def sd(self) -> Array:
        """Draws of the population's standard deviations; (n_chains, n_draws, n_attributes)."""
        return np.asarray(np.sqrt(np.diagonal(self.covariance, axis1=2, axis2=3)))

    @property
    def tastes(self) -> TasteDistribution:
        """The population at the posterior mean of its mean and covariance."""
        factor = np.linalg.cholesky(self.covariance.mean(axis=(0, 1)))
        return TasteDistribution(self.kinds, self.mean.mean(axis=(0, 1)), factor)

    def draw_people(self, n_people: Count, *, rng: np.random.Generator) -> Array:
        """Coefficients of new people from the posterior predictive distribution; (n_people, n_attributes)."""
        chain, draw = (rng.integers(count, size=n_people) for count in self.mean.shape[:2])
        factor = np.linalg.cholesky(self.covariance[chain, draw])
        beta = self.mean[chain, draw] + (factor @ rng.standard_normal((n_people, len(self.kinds), 1)))[:, :, 0]
        return TasteDistribution.standard(self.kinds).coefficients(beta)

    @cached_property
    def diagnostics(self) -> dict[str, Array]:
        """R-hat ("r_hat") and bulk effective sample size ("effective") of mean and sd; (2, n_attributes) each."""
        parts = diagnosed(mean=self.mean, sd=self.sd)
        return {what: np.stack(list(part.values())) for what, part in parts.items()}

    def to_arviz(self) -> Any:
        """For ArviZ: the draws of mean, sd and covariance."""
        names = list(self.names)
        return for_arviz(
            posterior={"mean": self.mean, "sd": self.sd, "covariance": self.covariance},
            sample_stats={"lp": self.log_likelihood},
            coords={"attribute": names, "other_attribute": names},
            dims={"mean": ["attribute"], "sd": ["attribute"], "covariance": ["attribute", "other_attribute"]},
        )

    def to_frame(self) -> pd.DataFrame:
        """Posterior mean, sd, central 95% interval, R-hat and effective sample size of every mean and sd."""
        pd = pandas()
        draws = np.concatenate([self.mean, self.sd], axis=2).reshape(-1, 2 * len(self.names))
        low, high = np.quantile(draws, INTERVAL, axis=0)
        index = pd.MultiIndex.from_product([["mean", "sd"], self.names], names=["parameter", "attribute"])
        columns = {"estimate": draws.mean(axis=0), "posterior_sd": draws.std(axis=0), "low": low, "high": high}
        tested = {name: part.ravel() for name, part in self.diagnostics.items()}
        return pd.DataFrame(columns | tested, index=index)

    def summary(self, *, level: float = 0.95) -> Summary:
        """Posterior means of means and standard deviations of tastes, with central intervals.

        A posterior has no z and no p; the log likelihood at people's own coefficients is no maximum, so there are no
        criteria either.

        Parameters
        ----------
        level : of the intervals
        """
        checked_level(level)
        draws = np.concatenate([self.mean, self.sd], axis=2).reshape(-1, 2 * len(self.names))
        ends = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0).T
        n_chains, n_draws = self.mean.shape[:2]
        return Summary(
            f"Hierarchical logit: {counted(self.data)}",
            [f"{part} {name}" for part in ("mean", "sd") for name in self.names],
            draws.mean(axis=0),
            draws.std(axis=0),
            np.nan,
            np.nan,
            0,
            float(self.data.n_people),
            [f"{n_chains} chains of {n_draws} draws", *self._doubts()],
            level,
            ends,
            is_posterior=True,
        )

    def individual_frame(self) -> pd.DataFrame:
        """One row per person: posterior mean and sd of each coefficient."""
        pd = pandas()
        columns = pd.MultiIndex.from_product([["mean", "sd"], self.names], names=["posterior", "attribute"])
        values = np.concatenate([self.individual_means, self.individual_sds], axis=1)
        return pd.DataFrame(values, index=pd.Index(self.data.people, name="person"), columns=columns)

    def _table(self) -> Table:
        n_chains, n_draws = self.mean.shape[:2]
        columns = [names("attribute", self.names), Column("varies", self.kinds)]
        for name, part in (("mean", self.mean), ("sd", self.sd)):
            columns.append(Column(name, part.mean(axis=(0, 1)), ".4f"))
            columns.append(Column(f"{name}_sd", part.std(axis=(0, 1)), "({:.4f})".format, "(sd)"))
        head = f"Hierarchical logit: {self.data.n_people} people, {self.data.n_obs} choices"
        chains = f"{n_chains} chains of {n_draws} draws, {self.acceptance:.0%} of proposals accepted"
        return Table(columns, head, [f"{chains}; in brackets the posterior sd", *self._doubts()])

    def _doubts(self) -> list[str]:
        """What not to trust: chains that have not met, coefficients that the prior alone keeps finite."""
        labels = [f"{part} of {name!r}" for part in ("mean", "sd") for name in self.names]
        return [*not_met(np.concatenate([self.mean, self.sd], axis=2), labels), *kept_by_prior(self.data)]


@checked
def fit_hierarchical_logit(
    data: ChoiceData,
    random: str | Mapping[str, str] = "normal",
    *,
    rng: np.random.Generator,
    n_draws: int = 1000,
    n_warmup: int = 500,
    n_chains: int = 4,
    prior: HierarchicalPrior | None = None,
    n_individual_draws: Count = 100,
    progress: bool | Callable[[str], None] = False,
) -> HierarchicalLogit:
    """Sample the posterior of a normal population of tastes, with a full covariance, and of each person's tastes.

    Parameters
    ----------
    data : ChoiceData
    random : how coefficients vary: "normal", "positive" or "negative" (lognormal) for all, or a mapping by attribute,
        in which attributes left out are normal
    rng : all randomness; the same seed gives the same draws
    n_draws, n_warmup : kept and discarded draws of each chain
    n_chains : started far apart, so that an R-hat near 1 says something
    prior : HierarchicalPrior() if left out: its default scale moves with the units of attributes, one that you give is
        in the units of the data
    n_individual_draws : draws of every person that are kept, per chain
    progress : True to print a line per twentieth of the sweeps to standard error, or a function that takes the line

    Raises
    ------
    ProblemError
        If an argument does not fit, an attribute never differs, or a coefficient is to be "fixed".

    References
    ----------
    Rossi, Allenby & McCulloch (2005), Bayesian Statistics and Marketing, ch. 5. The sampler is described in
    `inference.tastes.sampler`.

    Examples
    --------
    >>> from inference.tastes.distribution import choices_of
    >>> rng = np.random.default_rng(1)
    >>> offers = ChoiceData(rng.normal(size=(300, 3, 1)), np.zeros(300, int), np.repeat(np.arange(60), 5), ["speed"])
    >>> data = choices_of(offers, rng.normal(1.0, 0.5, size=(60, 1)), rng)
    >>> posterior = fit_hierarchical_logit(data, rng=rng, n_draws=200, n_warmup=200, n_chains=2)
    >>> posterior.mean.shape, posterior.individual_means.shape
    ((2, 200, 1), (60, 1))
    >>> bool(abs(posterior.mean.mean() - 1.0) < 4 * posterior.mean.std())
    True
    """
    kinds = _checked_kinds(random, data)
    generator(rng)
    for name, count, least in (("n_draws", n_draws, 4), ("n_warmup", n_warmup, 20), ("n_chains", n_chains, 1)):
        if count < least:
            raise ProblemError(f"{name} is {count}: use at least {least}")
    refuse_weights(data.weights, "use fit_mixed_logit, which weighs people")
    units = units_of(data)
    prior = HierarchicalPrior() if prior is None else prior
    size = data.n_attributes
    computed = computed_prior(prior, kinds, units)
    mean, root = np.empty((n_chains, n_draws, size)), np.empty((n_chains, n_draws, size, size))
    value, acceptance = np.empty((n_chains, n_draws)), np.empty(n_draws)
    kept = np.unique(np.linspace(0, n_draws - 1, min(max(n_individual_draws, 1), n_draws)).astype(int))
    people = np.empty((n_chains, len(kept), data.n_people, size))
    total, square = np.zeros((data.n_people, size)), np.zeros((data.n_people, size))
    scaled = units.applied(data)
    refuse_collinear(contrasts_of(scaled), tuple(data.names or ()))
    everybody = People(panel_of(scaled, n_chains), kinds, computed.centre)
    states = sweeps(everybody, _start(scaled, everybody, n_chains, rng), computed.prior, n_warmup, rng)
    report = counter(progress, "sweep", n_warmup + n_draws)
    for number, now in enumerate(islice(states, n_warmup + n_draws), start=-n_warmup):
        if number >= 0:
            mean[:, number], root[:, number], value[:, number] = now.mean, now.root, now.value.sum(axis=0)
            acceptance[number] = now.acceptance
            coefficients = everybody.coefficients(now.beta) / units.size
            total += coefficients.sum(axis=1)
            square += (coefficients**2).sum(axis=1)
            if (place := np.searchsorted(kept, number)) < len(kept) and kept[place] == number:
                people[:, place] = coefficients.transpose(1, 0, 2)
        report(number + n_warmup + 1)
    average = total / (n_chains * n_draws)
    spread = np.sqrt(np.maximum(square / (n_chains * n_draws) - average**2, 0.0))
    normal = np.array(kinds) == "normal"
    stretch = np.where(normal, 1 / units.size, 1.0)
    mean = mean * stretch + np.where(normal, 0.0, computed.centre - np.log(units.size))
    covariance = np.asarray(np.linalg.inv(root @ root.transpose(0, 1, 3, 2))) * np.outer(stretch, stretch)
    return HierarchicalLogit(
        data, kinds, prior, mean, covariance, value, average, spread, people, float(acceptance.mean())
    )


def _checked_kinds(random: str | Mapping[str, str], data: ChoiceData) -> tuple[str, ...]:
    names = tuple(checked_data(data).names or ())
    kinds = kinds_of(random, names)
    for name, kind in zip(names, kinds, strict=True):
        if kind not in ("normal", "positive", "negative"):
            raise ProblemError(
                f"random[{name!r}] is {kind!r}: here all coefficients are 'normal', 'positive' or 'negative'; use "
                "fit_mixed_logit"
            )
    return kinds


def _start(data: ChoiceData, people: People, n_chains: int, rng: np.random.Generator) -> Array:
    """Where people begin: indifferent, up to noise that differs between chains and would matter in one choice.

    The unit of a coefficient is one over the root of the information that one choice holds about it.
    """
    nobody = np.zeros((data.n_people, data.n_attributes))
    own = np.diagonal(information(panel_of(data), nobody), axis1=1, axis2=2).sum(axis=0) / data.n_obs
    unit = 1 / np.sqrt(own)
    apart = rng.standard_normal((1, n_chains, data.n_attributes))
    each = rng.standard_normal((data.n_people, n_chains, data.n_attributes)) / 2
    normal = np.array(people.kinds) == "normal"
    return np.asarray(np.where(normal, unit * (apart + each), np.log(unit) - people.centre + apart + each))

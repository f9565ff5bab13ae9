"""An estimated distribution of tastes that vary continuously, and what follows from it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import logsumexp

from contracts.display.table import Column, Table, Tabular, names
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Count
from contracts.problem.records import write_document
from contracts.problem.screening import ScreeningProblem
from inference.choice.data import ChoiceData, Integers
from inference.estimation.errors import covariance_by, equal_chances, sample_size
from inference.estimation.records import choices_record, convergence_record
from inference.estimation.shares import Population, checked_parameters, counted
from inference.estimation.summary import Summary, checked_level
from inference.logit.convergence import Convergence
from inference.logit.panel import log_likelihood, panel_of
from inference.logit.quantisation import screening_problem_of
from inference.tastes.distribution import TasteDistribution, choices_of, in_utility
from inference.tastes.layout import Layout
from inference.tastes.points import halton_normals

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = "menuwright/mixed-logit/1"
POPULATION = 1000  # draws of tastes that stand for the population


@checked
@dataclass(frozen=True, eq=False, repr=False)
class MixedLogit(Tabular):
    """An estimated distribution of tastes.

    Attributes
    ----------
    data : the choices it was fitted to
    tastes : TasteDistribution, the estimate
    log_likelihood : simulated log likelihood of all choices
    parameters : (n_parameters,) means (not of error components), then the free entries of the factor, row by row; its
        diagonal is not negative
    covariance : (n_parameters, n_parameters) of their estimates, clustered by person
    information : (n_parameters, n_parameters) minus the second derivative of the log likelihood
    normals : (n_people, n_draws, n_attributes) the draws that were used, those of a spread that came out negative with
        the other sign, which is the same likelihood
    convergence : Convergence, where each start ended
    elsewhere : (n_scramblings,) log likelihood of the estimate at other scramblings of the points, to which it was not
        fitted; empty for draws of your own, and for the multinomial logit
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
    elsewhere: Array

    @property
    def names(self) -> tuple[str, ...]:
        """The attributes."""
        return tuple(self.data.names or ())

    @property
    def price(self) -> str | None:
        """The attribute that tastes for all others are worths in, willingness to pay; None: tastes are coefficients."""
        return None if self.tastes.price is None else self.names[self.tastes.price]

    @property
    def layout(self) -> Layout:
        """Where each parameter stands."""
        return Layout(self.tastes.kinds, self.tastes.price, self.rows, self.columns)

    @property
    def simulation_sd(self) -> float:
        """Standard deviation of the log likelihood over scramblings of the points: how much of it is luck of the draws.

        Not a number for draws of your own; 0 for the multinomial logit.
        """
        if not len(self.rows):
            return 0.0
        return float(np.std(self.elsewhere, ddof=1)) if len(self.elsewhere) > 1 else math.nan

    @property
    def means(self) -> Array:
        """Mean taste of the population, a worth in money with `wtp`; (n_attributes,)."""
        return self.tastes.means

    @property
    def sds(self) -> Array:
        """Standard deviation of each taste over the population; (n_attributes,)."""
        return self.tastes.sds

    @property
    def standard_errors(self) -> Array:
        """Of the means and of the standard deviations, clustered by person; (2, n_attributes).

        Not a number for what is not estimated: the spread of a fixed taste, the mean of an error component.
        """
        return self._errors(self.covariance)

    def _errors(self, covariance: Array) -> Array:
        slope = self.layout.moments_jacobian(self.tastes)
        error = np.sqrt(np.einsum("ij,jk,ik->i", slope, covariance, slope)).reshape(2, -1)
        return np.where(self._told, error, np.nan)

    @property
    def _told(self) -> Array:
        """Which means and which standard deviations are estimated; (2, n_attributes) of bool."""
        return np.array([(mixing.has_location, mixing.varies) for mixing in self.tastes.mixings]).T

    # ---- what every estimator says of itself ----

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Means, or means of logarithms, and then entries of the factor."""
        return self.layout.names(self.names)

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
        if not len(self.rows):
            n_draws = 1
        coefficients = self.tastes.coefficients(halton_normals(1, n_draws, len(self.names))[0])
        return Population(self.names, np.full(n_draws, 1 / n_draws), coefficients)

    def at(self, parameters: Any) -> MixedLogit:
        """The same model at other parameters, as `with_errors` asks."""
        given = checked_parameters(parameters, self.n_parameters)
        return replace(self, parameters=given, tastes=self.layout.tastes(given))

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
        shown = self._told.ravel()
        labels = [f"{part} {name}" for part in ("mean", "sd") for name in self.names]
        return Summary(
            f"Mixed logit: {counted(self.data)}",
            [name for name, here in zip(labels, shown, strict=True) if here],
            np.concatenate([self.means, self.sds])[shown],
            self._errors(covariance).ravel()[shown],
            self.log_likelihood,
            equal_chances(self.data),
            self.n_parameters,
            sample_size(self.data),
            [*self._in_money(), f"{said}; {self._drawn()}; {self.convergence.told()}", *self.convergence.doubts()],
            level,
        )

    def _drawn(self) -> str:
        """The draws, and what the log likelihood is at others."""
        if not len(self.rows):
            return "no draws"
        drawn = f"{self.normals.shape[1]} draws a person"
        if not len(self.elsewhere):
            return drawn
        return f"{drawn} (log likelihood at others {self.elsewhere.mean():.0f}, sd {self.simulation_sd:.1g})"

    def _in_money(self) -> list[str]:
        return [] if self.price is None else [f"tastes for all but {self.price} are worths in units of {self.price}"]

    @cached_property
    def _posterior(self) -> tuple[Array, Array]:
        tastes = self.tastes.tastes(self.normals)
        value = log_likelihood(panel_of(self.data, self.normals.shape[1]), in_utility(tastes, self.tastes.price))
        weight = np.exp(value - logsumexp(value, axis=1, keepdims=True))[:, :, np.newaxis]
        mean = (weight * tastes).sum(axis=1)
        variance = (weight * (tastes - mean[:, np.newaxis]) ** 2).sum(axis=1)
        return mean, np.sqrt(variance)

    @property
    def individual_means(self) -> Array:
        """Expected tastes of each person, given its choices; (n_people, n_attributes)."""
        return self._posterior[0]

    @property
    def individual_sds(self) -> Array:
        """Standard deviation of each person's tastes, given its choices; (n_people, n_attributes)."""
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

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON with a schema version, choices and draws included; floats survive to the bit."""
        return {
            "schema": SCHEMA,
            "data": choices_record(self.data),
            "kinds": list(self.tastes.kinds),
            "price": self.tastes.price,
            "rows": self.rows.tolist(),
            "columns": self.columns.tolist(),
            "parameters": self.parameters.tolist(),
            "log_likelihood": self.log_likelihood,
            "covariance": self.covariance.tolist(),
            "information": self.information.tolist(),
            "normals": self.normals[:, :, self.layout.varying].tolist(),  # the others are 0
            "convergence": convergence_record(self.convergence),
            "elsewhere": self.elsewhere.tolist(),
        }

    def save(self, path: str | Path) -> Path:
        """Write the model with its choices and draws as JSON; `load_mixed_logit` reads it."""
        return write_document(path, self.to_dict())

    def to_frame(self) -> pd.DataFrame:
        """One row per attribute: how it varies, mean and standard deviation with their standard errors."""
        return self._table().to_frame()

    def _table(self) -> Table:
        data, errors, kinds = self.data, self.standard_errors, self.tastes.kinds
        model = "Multinomial logit" if set(kinds) == {"fixed"} else "Mixed logit"
        columns = [names("attribute", self.names), Column("varies", list(kinds))]
        parts = (("mean", self.means, errors[0]), ("sd", self.sds, errors[1]))
        for (name, values, error), told in zip(parts, self._told.astype(int), strict=True):
            cells = [f"{value:.4f}" * shown for value, shown in zip(values, told, strict=True)]
            columns.append(Column(name, values, cells))
            cells = [f"({value:.4f})" * shown for value, shown in zip(error, told, strict=True)]
            columns.append(Column(f"{name}_se", error, cells, "(se)"))
        notes = [*self._in_money(), "standard errors clustered by person"]
        if model == "Mixed logit":
            notes = [*notes[:-1], f"{self._drawn()}; {notes[-1]}", self.convergence.told(), *self.convergence.doubts()]
        head = f"{model}: {data.n_people} people, {data.n_obs} choices, log likelihood {self.log_likelihood:.3f}"
        return Table(columns, head, notes)

"""An estimated distribution of tastes that vary continuously, and what follows from it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import logsumexp

from contracts.display.table import Column, Table, names
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Count
from inference.choice.data import ChoiceData, Integers
from inference.estimation.fitted import FittedToChoices, OfTastes
from inference.estimation.shares import Population, checked_parameters
from inference.logit.convergence import Convergence
from inference.logit.panel import log_likelihood, panel_of
from inference.tastes.distribution import DrawnPeople, TasteDistribution, in_utility
from inference.tastes.layout import Layout
from inference.tastes.points import halton_normals

if TYPE_CHECKING:
    import pandas as pd

POPULATION = 1000  # draws of tastes that stand for the population


@checked
@dataclass(frozen=True, eq=False, repr=False)
class MixedLogit(FittedToChoices, DrawnPeople, OfTastes):
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

    schema = "menuwright/mixed-logit/1"
    model = "Mixed logit"

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

    def _estimates(self, covariance: Array) -> tuple[Sequence[str], Array, Array]:
        shown = self._told.ravel()
        labels = [f"{part} {name}" for part in ("mean", "sd") for name in self.names]
        named = [name for name, here in zip(labels, shown, strict=True) if here]
        return named, np.concatenate([self.means, self.sds])[shown], self._errors(covariance).ravel()[shown]

    def _found(self) -> str:
        return f"{self._drawn()}; {self.convergence.told()}"

    def _doubts(self) -> list[str]:
        return self.convergence.doubts()

    def _drawn(self) -> str:
        """The draws, and what the log likelihood is at others."""
        if not len(self.rows):
            return "no draws"
        drawn = f"{self.normals.shape[1]} draws a person"
        if not len(self.elsewhere):
            return drawn
        digits = 0 if self.simulation_sd >= 1 else 2  # -446 says nothing of a spread of .06
        return f"{drawn} (log likelihood at others {self.elsewhere.mean():.{digits}f}, sd {self.simulation_sd:.1g})"

    def _known(self) -> list[str]:
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

    def draw_people(self, n_people: Count, *, rng: np.random.Generator) -> Array:
        """Tastes of new people as coefficients; (n_people, n_attributes)."""
        return self.tastes.draw(n_people, rng=rng)

    def _kept(self) -> dict[str, Any]:
        kept = super()._kept()
        del kept["tastes"]
        drawn = self.normals[:, :, self.layout.varying]  # the others are 0
        return kept | {"kinds": self.tastes.kinds, "price": self.tastes.price, "normals": drawn}

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
        notes = [*self._known(), "standard errors clustered by person"]
        if model == "Mixed logit":
            notes = [*notes[:-1], f"{self._drawn()}; {notes[-1]}", self.convergence.told(), *self.convergence.doubts()]
        head = f"{model}: {data.n_people} people, {data.n_obs} choices, log likelihood {self.log_likelihood:.3f}"
        return Table(columns, head, notes)

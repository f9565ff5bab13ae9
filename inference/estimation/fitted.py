"""What every model of choices that was fitted by maximum likelihood says of itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from contracts.display.table import Table, Tabular
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from contracts.problem.screening import ScreeningProblem
from inference.choice.data import ChoiceData
from inference.estimation.errors import KINDS, equal_chances, few_people, kind_of, sample_size
from inference.estimation.shares import Population, counted
from inference.logit.quantisation import goods_beside, worth_in_money
from inference.reports.kept import Kept
from inference.reports.summary import Summary, checked_level


@checked
class Fitted(Kept, Tabular):
    """A model with estimates; a subclass says what is different about it."""

    log_likelihood: float
    covariance: Array

    if TYPE_CHECKING:  # fields of some models, properties of others

        @property
        def parameter_names(self) -> tuple[str, ...]: ...
        @property
        def parameters(self) -> Array: ...
        @property
        def null_log_likelihood(self) -> float: ...
        @property
        def sample_size(self) -> float: ...
        @property
        def _title(self) -> str: ...
        def _notes(self, said: str) -> list[str]: ...
        def covariance_by(self, errors: str) -> tuple[Array, str]: ...

    @property
    def n_parameters(self) -> int:
        return len(self.covariance)

    @property
    def standard_errors(self) -> Array:
        """Of the parameters, clustered by person; (n_parameters,)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def aic(self) -> float:
        """Akaike's criterion; smaller is better."""
        return self.summary().aic

    @property
    def bic(self) -> float:
        """Schwarz's criterion, with people as the sample, for they are what is independent; smaller is better."""
        return self.summary().bic

    def summary(self, *, errors: str = "clustered", level: float = 0.95) -> Summary:
        """Estimates with z, p and intervals, and how well the model fits.

        Parameters
        ----------
        errors : "clustered" by person, which are robust errors where everybody chose once; or "classical"
        level : of the intervals
        """
        checked_level(level)
        covariance, said = self.covariance_by(errors)
        names, values, deviations = self._estimates(covariance)
        return Summary(
            self._title,
            names,
            values,
            deviations,
            self.log_likelihood,
            self.null_log_likelihood,
            self.n_parameters,
            self.sample_size,
            self._notes(said),
            level,
        )

    def _table(self) -> Table:
        return self.summary()._table()

    def _estimates(self, covariance: Array) -> tuple[Sequence[str], Array, Array]:
        """Names, values and standard errors of what a summary shows, by the covariance of the parameters."""
        return self.parameter_names, self.parameters, np.sqrt(np.diag(covariance))


@checked
class FittedToChoices(Fitted):
    """A model that holds the choices it was fitted to."""

    model: ClassVar[str]  # in a title

    data: ChoiceData
    information: Array

    @property
    def names(self) -> tuple[str, ...]:
        """The attributes."""
        return tuple(self.data.names or ())

    @property
    def n_obs(self) -> int:
        return self.data.n_obs

    @property
    def sample_size(self) -> float:
        """People, or the sum of their weights."""
        return sample_size(self.data)

    @property
    def null_log_likelihood(self) -> float:
        """Of equal chances for all options within reach."""
        return equal_chances(self.data)

    @property
    def classical_covariance(self) -> Array:
        """Inverse information: right if the model is, and weights are counts; (n_parameters, n_parameters)."""
        return np.asarray(np.linalg.inv(self.information))

    def covariance_by(self, errors: str) -> tuple[Array, str]:
        """Covariance by the name of its kind, "clustered" or "classical", and what to say of it."""
        if kind_of(errors) == "classical":
            return self.classical_covariance, KINDS["classical"]
        is_robust = self.data.n_people == self.data.n_obs
        return self.covariance, "robust standard errors" if is_robust else KINDS["clustered"]

    @property
    def _title(self) -> str:
        return f"{self.model}: {counted(self.data)}"

    def _notes(self, said: str) -> list[str]:
        return [*self._known(), f"{said}; {self._found()}", *few_people(self.data.n_people), *self._doubts()]

    def _known(self) -> list[str]:
        """What to know before one reads the estimates."""
        return []

    def _found(self) -> str:
        """How the maximum was found."""
        raise NotImplementedError

    def _doubts(self) -> list[str]:
        """What not to trust."""
        return []


@checked
class OfTastes:
    """A model in which people differ by their tastes alone."""

    if TYPE_CHECKING:

        @property
        def population(self) -> Population: ...

    def surplus(self, attributes: Any, available: Any = None, *, price: str) -> Array:
        """Expected utility of choosing, in money, up to a constant, as a mean over the population; (n_obs,).

        It is the log-sum over the marginal utility of money; only differences between offers mean anything.
        """
        return self.population.surplus(attributes, available, price)


@checked
class OfTypes(OfTastes):
    """A model with a few tastes, each of a share of the population."""

    if TYPE_CHECKING:

        @property
        def weights(self) -> Array: ...
        @property
        def names(self) -> Sequence[str]: ...

    coefficients: Array

    @property
    def population(self) -> Population:
        """The types or classes as a population of tastes."""
        return Population(tuple(self.names), self.weights, self.coefficients)

    def screening_problem(
        self, *, price: str, goods: Sequence[str] | None = None, outside: str | None = None, **fields: Any
    ) -> ScreeningProblem:
        """The problem of whoever designs a menu for this population.

        Parameters
        ----------
        price : attribute that becomes the transfer
        goods : attributes that a contract can vary; by default all others. What is left out is taken to be the same
            in all contracts and outside of them, and cancels
        outside : attribute that is 1 for the outside option, as in `ChoiceData.from_menu`: its worth in money becomes
            the reservation utility
        fields : cost, domain, principal_values and the other fields of ScreeningProblem, in the units of the data

        Raises
        ------
        ProblemError
            If somebody's utility does not fall in the price, or the fields make no problem.
        """
        people = self.population
        people.column(price)

        def worth(of: Sequence[str]) -> Array:
            return worth_in_money(people.coefficients, people.names, price, of, self._rising)

        if goods is None:
            goods = [name for name in people.names if name not in (price, outside)]
        if outside is not None:
            fields = {"reservation_utility": worth([outside])[:, 0], **fields}
        goods = goods_beside(people.names, price, goods)
        fields = {"labels": getattr(self, "labels", None), "weights": people.weights, **fields}
        return ScreeningProblem(worth(goods), goods=goods, **fields)

    def _rising(self, rising: Any, price: str) -> str:
        """What to say where utility of some, (n_types,) of bool, does not fall in the price."""
        raise NotImplementedError

"""What is known of types that nobody has seen: who wants what, how surely, and what follows for a menu."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import entr, softmax

from contracts.display.table import Table
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, Mask, finite
from contracts.inputs.door import checked
from contracts.inputs.extras import pandas
from contracts.inputs.frozen import dataclass
from inference.choice.data import ChoiceData, Integers
from inference.estimation.errors import KINDS, kind_of, thin
from inference.estimation.fitted import Fitted, OfTypes
from inference.estimation.shares import checked_parameters
from inference.logit.convergence import Convergence
from inference.logit.estimates import Estimates, delta_method, estimates_table
from inference.logit.mixture import evaluate, likelihood, situations_of
from inference.logit.quantisation import goods_beside, worth_in_money
from inference.logit.simulated import Simulated, logit, offered_options, simulate_choices

if TYPE_CHECKING:
    import pandas as pd


@checked
@dataclass(frozen=True, eq=False, repr=False)
class LatentTypes(Fitted, OfTypes):
    """A population of types with linear utility and logit choice, as `fit_latent_types` estimates it.

    Attributes
    ----------
    weights : (n_types,) shares of the types, the largest first
    coefficients : (n_types, n_attributes) utility per unit of each attribute, in units of the choice noise
    names : n_attributes names
    log_likelihood : of all choices
    probabilities : (n_people, n_types) posterior types of those who chose
    people : (n_people,) their labels
    covariance : of the coefficients, type by type, and then the weights, clustered by person
    n_obs : choices
    ridge : penalty on squared coefficients, 0 for maximum likelihood
    convergence : how the maximum was found
    null_log_likelihood : of equal chances for all options within reach
    person_weights : (n_people,) how many people each one stands for; None: one
    classical_covariance : of the same as `covariance`, from the information; None in files of old
    """

    schema = "menuwright/latent-types/1"

    weights: Array
    coefficients: Array
    names: Sequence[str]
    log_likelihood: float
    probabilities: Array
    people: Any
    covariance: Array
    n_obs: int
    ridge: float
    convergence: Convergence
    null_log_likelihood: float = math.nan
    person_weights: Array | None = None
    classical_covariance: Array | None = None

    # ---- how large, how well ----

    @property
    def n_types(self) -> int:
        return len(self.weights)

    @property
    def n_attributes(self) -> int:
        return self.coefficients.shape[1]

    @property
    def n_people(self) -> int:
        return len(self.people)

    @property
    def n_parameters(self) -> int:
        return self.n_types * self.n_attributes + self.n_types - 1

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the types: '0' is the largest."""
        return tuple(map(str, range(self.n_types)))

    @property
    def standard_errors(self) -> Array:
        """Of the coefficients, clustered by person; (n_types, n_attributes)."""
        return np.sqrt(np.diag(self.covariance)[: self.coefficients.size]).reshape(self.coefficients.shape)

    @property
    def weight_standard_errors(self) -> Array:
        """Of the weights, clustered by person; (n_types,)."""
        return np.sqrt(np.diag(self.covariance)[self.coefficients.size :])

    @property
    def entropy(self) -> float:
        """What stays uncertain about who is of which type: -sum p log p over people and types, in nats."""
        each = entr(self.probabilities).sum(axis=1)
        return float(each.sum() if self.person_weights is None else self.person_weights @ each)

    @property
    def sample_size(self) -> float:
        """People, or the sum of their weights."""
        return float(self.n_people if self.person_weights is None else self.person_weights.sum())

    @property
    def icl(self) -> float:
        """BIC plus twice the entropy (Biernacki, Celeux & Govaert 2000): also asks that types can be told apart."""
        return self.bic + 2 * self.entropy

    # ---- what every estimator says of itself ----

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Coefficients, type by type, and then shares."""
        coefficients = [f"{label}: {name}" for label in self.labels for name in self.names]
        return (*coefficients, *(f"{label}: weight" for label in self.labels))

    @property
    def parameters(self) -> Array:
        """Coefficients and shares, in the order of `covariance`."""
        return np.concatenate([self.coefficients.ravel(), self.weights])

    def at(self, parameters: Any) -> LatentTypes:
        """The same types at other parameters, as `with_errors` asks; shares move in logarithms and sum to one."""
        given = checked_parameters(parameters, len(self.parameters))
        coefficients, shares = np.split(given, [self.coefficients.size])
        moved = softmax(np.log(self.weights) + (shares - self.weights) / self.weights)
        return replace(self, coefficients=coefficients.reshape(self.coefficients.shape), weights=moved)

    def covariance_by(self, errors: str) -> tuple[Array, str]:
        """Covariance by the name of its kind, "clustered" or "classical", and what to say of it."""
        covariance = self.classical_covariance if kind_of(errors) == "classical" else self.covariance
        if covariance is None:
            raise ProblemError("these types were saved without classical errors: fit them again")
        return covariance, KINDS[errors]

    @property
    def _title(self) -> str:
        return f"Latent types: {self.n_types} types among {self.n_people:,} people, {self.n_obs:,} choices"

    def _estimates(self, covariance: Array) -> tuple[Sequence[str], Array, Array]:
        order = self._shown_order
        return [self.parameter_names[k] for k in order], self.parameters[order], np.sqrt(np.diag(covariance))[order]

    @property
    def _shown_order(self) -> Integers:
        """Parameters as they are shown: type by type, the share first."""
        size = self.coefficients.size
        return np.column_stack([size + np.arange(self.n_types), np.arange(size).reshape(self.n_types, -1)]).ravel()

    def _notes(self, said: str, gradient: str = "") -> list[str]:
        penalty, how = f", ridge {self.ridge:g}" if self.ridge else "", self.convergence
        few = thin("type", self.labels, self.weights * self.n_people)
        return [f"{said}{penalty}; {how.told()}{gradient}", *few, *how.doubts()]

    # ---- what follows ----

    @cached_property
    def estimates(self) -> Estimates:
        """The coefficients with their standard errors."""
        size = self.coefficients.size
        return Estimates(self.labels, self.names, self.coefficients, self.covariance[:size, :size])

    def transformed(
        self,
        function: Callable[[Array], Any],
        names: Sequence[str] | None = None,
        *,
        jacobian: Callable[[Array], Any] | None = None,
    ) -> Estimates:
        """Parameters that are a function of a type's coefficients, with standard errors by the delta method.

        Parameters
        ----------
        function : takes (n_attributes,) coefficients of one type, returns (n_new,) parameters
        names : n_new names
        jacobian : (n_attributes,) -> (n_new, n_attributes); by central differences if left out
        """
        return delta_method(self.estimates, function, names, jacobian)

    def willingness_to_pay(self, price: str, goods: Sequence[str] | None = None) -> Estimates:
        """What a unit of each good is worth in money: its coefficient over minus that of the price.

        Parameters
        ----------
        price : attribute that is paid; its coefficient is minus the marginal utility of money
        goods : attributes; by default all others

        Raises
        ------
        ProblemError
            If a type's utility does not fall in the price.
        """
        column, names = self.population.column(price), goods_beside(self.names, price, goods)
        columns = [self.population.column(name) for name in names]

        def worth(b: Array) -> Array:
            return worth_in_money(b, self.names, price, names)

        def slopes(b: Array) -> Array:
            jacobian = np.zeros((len(columns), len(b)))
            jacobian[np.arange(len(columns)), columns] = -1 / b[column]
            jacobian[:, column] = b[columns] / b[column] ** 2
            return jacobian

        worth_in_money(self.coefficients, self.names, price, names, self._rising)
        return self.transformed(worth, names, jacobian=slopes)

    def _rising(self, rising: Mask, price: str) -> str:
        k, column = int(np.argmax(rising)), self.population.column(price)
        return (
            f"type {self.labels[k]} (share {self.weights[k]:.3f}) has the coefficient "
            f"{self.coefficients[k, column]:+.4g} on {price!r}: it does not mind paying, so nothing has a "
            f"worth in money to it. Fit fewer types, or leave out people whose choices do not respond to {price!r}"
        )

    def assign(self, data: ChoiceData) -> Array:
        """Posterior types of other people from their choices; (data.n_people, n_types), in the order of data.people."""
        return self._at(data)[1]

    def log_likelihood_by_person(self, data: ChoiceData) -> Array:
        """Log likelihood of the choices of each person whose type is not known; (data.n_people,)."""
        return self._at(data)[0]

    def predict(self, attributes: Any, *, available: Any = None, probabilities: Any = None) -> Array:
        """Choice probabilities; (n_obs, n_options).

        Parameters
        ----------
        attributes : (n_obs, n_options, n_attributes), or (n_options, n_attributes) for one observation
        available : (n_obs, n_options) of bool, where not all options are within reach
        probabilities : (n_types,) or (n_obs, n_types), beliefs about who chooses, such as `assign` gives;
            by default the weights
        """
        options = offered_options(attributes, self.n_attributes)
        beliefs = finite("probabilities", self.weights if probabilities is None else probabilities)
        if beliefs.shape not in ((self.n_types,), (len(options), self.n_types)):
            raise ProblemError(
                f"probabilities has shape {beliefs.shape}; expected one per type, or per choice and type"
            )
        by_type = logit(options, self.coefficients, available)
        return np.asarray(np.einsum("nk,nkj->nj", np.broadcast_to(beliefs, (len(options), self.n_types)), by_type))

    def simulate(self, attributes: Any, person: Any, *, rng: np.random.Generator, available: Any = None) -> Simulated:
        """Choices of people drawn from this population; see `simulate_choices`."""
        return simulate_choices(
            self.weights, self.coefficients, attributes, person, rng=rng, available=available, names=self.names
        )

    # ---- showing and keeping it ----

    def _table(self) -> Table:
        order, how = self._shown_order, self.convergence
        shown = Estimates(
            self.labels,
            ["weight", *self.names],
            np.column_stack([self.weights, self.coefficients]),
            self.covariance[np.ix_(order, order)],
        )
        types = f"{self.n_types} type{'' if self.n_types == 1 else 's'}"
        return estimates_table(
            shown,
            f"LatentTypes: {types} among {self.n_people:,} people, {self.n_obs:,} choices, "
            f"log likelihood {self.log_likelihood:.2f}, BIC {self.bic:.1f}, ICL {self.icl:.1f}",
            self._notes(KINDS["clustered"], f", relative gradient {how.gradient:.0e}"),
        )

    def to_frame(self) -> pd.DataFrame:
        """One row per type and parameter, the weight first: estimate, standard error, 95% interval."""
        pd = pandas()
        weights = Estimates(
            self.labels,
            ["weight"],
            self.weights[:, np.newaxis],
            self.covariance[self.coefficients.size :, self.coefficients.size :],
        )
        both = pd.concat([weights.to_frame(), self.estimates.to_frame()])
        return both.reindex([(label, name) for label in self.labels for name in ("weight", *self.names)])

    # ---- inside ----

    def _at(self, data: ChoiceData) -> tuple[Array, Array]:
        if data.names != self.names:
            raise ProblemError(f"data has attributes {data.names}, the types want {self.names}: align them")
        situations = situations_of(data, scale=np.ones(self.n_attributes))
        found = evaluate(situations, self.coefficients)
        return likelihood(situations.counts @ found.log_probability, np.log(self.weights))

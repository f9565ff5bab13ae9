"""Everybody weighs attributes alike: the multinomial (conditional) logit, by Newton's method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from contracts.errors import ProblemError, SolverError
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked, formerly
from contracts.inputs.frozen import dataclass
from contracts.inputs.progress import reporter
from inference.alike.passes import Derivatives, by_person, derivatives, refuse_unidentified
from inference.choice.data import ChoiceData, checked_data
from inference.estimation.errors import (
    clustered,
    refuse_one_person,
)
from inference.estimation.fitted import FittedToChoices, OfTypes
from inference.estimation.shares import Population, checked_parameters
from inference.logit.culprits import no_maximum

CONVERGED = 1e-9  # log likelihood that a Newton step still promises
FLAT = 1e-8  # information left, relative to that at equal chances, below which there is no maximum to speak of
SAMPLE = 20_000  # choices that a start is looked for in, where there are several times as many
ROUNDS, HALVINGS = 60, 40


@checked
@dataclass(frozen=True, eq=False, repr=False)
class MultinomialLogit(FittedToChoices, OfTypes):
    """Estimated coefficients of a population with one taste.

    Attributes
    ----------
    data : the choices it was fitted to
    coefficients : (n_attributes,) utility per unit of each attribute, in units of the choice noise
    log_likelihood : of all choices, weighted
    covariance : (n_attributes, n_attributes) of the coefficients, clustered by person
    information : (n_attributes, n_attributes) minus the second derivative of the log likelihood; its inverse is the
        classical covariance
    n_rounds : Newton steps
    """

    schema = "menuwright/multinomial-logit/1"
    model = "Multinomial logit"

    data: ChoiceData
    coefficients: Array
    log_likelihood: float
    covariance: Array
    information: Array
    n_rounds: int
    rounds = formerly("n_rounds")

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """The attributes."""
        return self.names

    @property
    def parameters(self) -> Array:
        """The coefficients."""
        return self.coefficients

    @property
    def weights(self) -> Array:
        """The share of the one taste."""
        return np.ones(1)

    @property
    def population(self) -> Population:
        """One taste that everybody has."""
        return Population(self.names, np.ones(1), self.coefficients[np.newaxis])

    def at(self, parameters: Any) -> MultinomialLogit:
        """The same model at other coefficients, (n_attributes,): what `with_errors` asks."""
        return replace(self, coefficients=checked_parameters(parameters, self.n_parameters))

    def predict(self, attributes: Any, available: Any = None) -> Array:
        """Choice probabilities.

        Parameters
        ----------
        attributes : (n_obs, n_options, n_attributes), or (n_options, n_attributes) for one observation
        available : (n_obs, n_options) of bool, where not all options are within reach

        Returns
        -------
        (n_obs, n_options) array
        """
        return self.population.shares(attributes, available)

    def _found(self) -> str:
        return f"Newton's method, {self.n_rounds} rounds"

    def _rising(self, rising: Any, price: str) -> str:
        return (
            f"utility does not fall in {price!r}: nothing has a worth in money. Bring choices that respond to it, or "
            "describe what makes options dear as well as good"
        )


@checked
def fit_multinomial_logit(data: ChoiceData, *, progress: bool | Callable[[str], None] = False) -> MultinomialLogit:
    """Maximum-likelihood estimates of a multinomial logit.

    An option with attributes x is taken with a probability in proportion to exp(x . b).
    The log likelihood is concave, so there is one maximum. Time and memory are linear in the choices.

    Parameters
    ----------
    data : ChoiceData; `described` makes constants, coefficients by option and interactions
    progress : True to print a line per Newton step to standard error, or a function that takes the line

    Raises
    ------
    ProblemError
        If an attribute does not vary between options, or attributes are collinear, such as a full set of constants.
    SolverError
        If the likelihood has no proper maximum because attributes decide every choice; they are named.

    References
    ----------
    McFadden (1974), Conditional logit analysis of qualitative choice behavior. Train (2009), Discrete Choice Methods
    with Simulation, ch. 3.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> offers = rng.normal(size=(1000, 2, 2))
    >>> taken = (offers @ [-1.0, 2.0] + rng.gumbel(size=(1000, 2))).argmax(axis=1)
    >>> fit_multinomial_logit(ChoiceData(offers, taken, names=["price", "speed"]))
    Multinomial logit: 1,000 people, 1,000 choices among 2 options
           estimate   error       z       p  95% from       to
    price   -0.9938  0.0869  -11.44  <0.001   -1.1641  -0.8236
    speed     1.990   0.132   15.12  <0.001     1.732    2.248
    log likelihood -348.51, of equal chances -693.15, pseudo R2 0.497, adjusted 0.494
    AIC 701.0, BIC 710.8, 2 parameters
    robust standard errors; Newton's method, 7 rounds
    """
    checked_data(data)
    refuse_one_person(data)
    report = reporter(progress)
    coefficients, size = _start(data, report)
    scores = np.empty((data.n_attributes, data.n_obs))
    found = _newton(data, coefficients, size, report, scores)
    if found is None:
        raise SolverError(no_maximum(data), ("Newton",), coefficients)
    coefficients, here, rounds = found
    covariance = clustered(by_person(data, scores), here.information)
    return MultinomialLogit(data, coefficients, here.value, covariance, here.information, rounds)


def _start(data: ChoiceData, report: Callable[[str], None]) -> tuple[Array, Array]:
    """Coefficients to begin with, and the root of the information about each at equal chances.

    What a sample identifies all choices identify, and its estimate saves most steps.
    """
    nothing = np.zeros(data.n_attributes)
    if data.n_obs > 4 * SAMPLE:
        some = data.of_observations(np.linspace(0, data.n_obs - 1, SAMPLE).astype(np.int64))
        try:
            size = np.sqrt(np.diag(refuse_unidentified(some)))
        except ProblemError:  # of all choices, perhaps, it is not true
            return nothing, np.sqrt(np.diag(refuse_unidentified(data)))
        first = _newton(some, nothing, size, report)
        return nothing if first is None else first[0], size * np.sqrt(data.n_obs / SAMPLE)
    return nothing, np.sqrt(np.diag(refuse_unidentified(data)))


def _newton(
    data: ChoiceData, coefficients: Array, size: Array, report: Callable[[str], None], scores: Array | None = None
) -> tuple[Array, Derivatives, int] | None:
    """Coefficients, derivatives there (scores of choices in `scores`) and rounds; None if there is no maximum."""
    here = derivatives(data, coefficients, scores)
    for rounds in range(1, ROUNDS):
        relative = here.information / np.outer(size, size)
        if not np.isfinite(relative).all() or np.linalg.eigvalsh(relative)[0] <= FLAT:
            return None
        step = np.linalg.solve(relative, here.gradient / size) / size
        gain = float(here.gradient @ step) / 2
        ahead, length = derivatives(data, coefficients + step, scores), 1.0
        while gain > CONVERGED and not ahead.value > here.value and length > 2.0**-HALVINGS:
            length /= 2
            ahead = derivatives(data, coefficients + length * step, scores)
        coefficients, here = coefficients + length * step, ahead
        report(f"log likelihood {here.value:.4f}")
        if gain <= CONVERGED:
            return coefficients, here, rounds
    return None

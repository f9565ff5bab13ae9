"""Options that are alike in ways nobody has measured: nested logit, by maximum likelihood."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from contracts.errors import ProblemError, SolverError
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Count
from contracts.inputs.progress import reporter
from inference.alike.multinomial import fit_multinomial_logit
from inference.alike.nests import Nests, log_likelihood_and_score, nests_of, parts_of
from inference.alike.passes import by_person
from inference.choice.data import ChoiceData
from inference.estimation.errors import clustered
from inference.estimation.fitted import FittedToChoices
from inference.estimation.maximum import maximum_of
from inference.estimation.shares import checked_parameters, column_of, offers_of
from inference.logit.convergence import Convergence
from inference.logit.units import units_of

SPREAD = (0.2, 1.1)  # of log-sum parameters that searches begin with


@checked
@dataclass(frozen=True, eq=False, repr=False)
class NestedLogit(FittedToChoices):
    """Estimated coefficients, and how alike the options of each nest are.

    Attributes
    ----------
    data : the choices it was fitted to
    nests : which options are in which nest
    coefficients : (n_attributes,)
    log_sums : (n_nests,) log-sum parameters; 1 if options are no more alike than others, 0 if they are the same
    log_likelihood : of all choices, weighted
    covariance : of coefficients and then log-sum parameters, clustered by person
    information : of the same, minus the second derivative of the log likelihood
    convergence : Convergence, where each start ended
    """

    schema = "menuwright/nested-logit/1"
    model = "Nested logit"

    data: ChoiceData
    nests: Nests
    coefficients: Array
    log_sums: Array
    log_likelihood: float
    covariance: Array
    information: Array
    convergence: Convergence

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """The attributes and the nests."""
        return (*self.names, *(f"nest {name}" for name in self.nests.names))

    @property
    def parameters(self) -> Array:
        """Coefficients, then log-sum parameters."""
        return np.concatenate([self.coefficients, self.log_sums])

    def at(self, parameters: Any) -> NestedLogit:
        """The same model at other parameters, as `with_errors` asks."""
        given = checked_parameters(parameters, self.n_parameters)
        coefficients, log_sums = np.split(given, [len(self.coefficients)])
        if (log_sums <= 0).any():
            name = self.nests.names[int(np.argmax(log_sums <= 0))]
            raise ProblemError(f"the log-sum parameter of nest {name!r} is {log_sums.min():g}: it must be positive")
        return replace(self, coefficients=coefficients, log_sums=log_sums)

    def predict(self, attributes: Any, available: Any = None) -> Array:
        """Choice probabilities.

        Parameters
        ----------
        attributes : (n_obs, n_options, n_attributes) or (n_options, n_attributes), the options of the data in order
        available : (n_obs, n_options) of bool, where not all options are within reach

        Returns
        -------
        (n_obs, n_options) array
        """
        found = self._parts(attributes, available)
        return np.asarray(found.within * found.nest[:, self.nests.member.argmax(axis=0)])

    def surplus(self, attributes: Any, available: Any = None, *, price: str) -> Array:
        """Expected utility of choosing, in money, up to a constant: the log-sum over the marginal utility of money.

        Returns
        -------
        (n_obs,) array; only differences between offers mean anything
        """
        slope = self.coefficients[column_of(self.names, price)]
        if slope >= 0:
            raise ProblemError(f"utility does not fall in {price!r}: nothing has a worth in money")
        return np.asarray(self._parts(attributes, available).log_total / -slope)

    def _parts(self, attributes: Any, available: Any) -> Any:
        offers, reach = offers_of(attributes, available, len(self.names))
        if offers.shape[1] != self.data.n_options:
            raise ProblemError(
                f"attributes has {offers.shape[1]} options: nests are of the {self.data.n_options} options of the data "
                "and say nothing of others. For those use fit_multinomial_logit, fit_latent_classes or fit_mixed_logit"
            )
        return parts_of(offers, reach, self.coefficients, self.nests, self.nests.log_sums(self.log_sums))

    def _found(self) -> str:
        return self.convergence.told()

    def _doubts(self) -> list[str]:
        """Log-sum parameters outside (0, 1]."""
        outside = [
            f"the log-sum parameter of nest {name!r} is {value:.3f}, above 1: no random utilities behave so for all "
            "attributes; try other nests"
            for name, value in zip(self.nests.names, self.log_sums, strict=True)
            if value > 1
        ]
        return [*outside, *self.convergence.doubts()]

    def _kept(self) -> dict[str, Any]:
        options = np.array(self.data.options)
        rows = zip(self.nests.names, self.nests.member, strict=False)  # options alone come after the nests
        return super()._kept() | {"nests": {name: options[row].tolist() for name, row in rows}}


@checked
def fit_nested_logit(
    data: ChoiceData,
    nests: Mapping[str, Sequence[str]],
    *,
    n_starts: Count = 3,
    rng: np.random.Generator | None = None,
    progress: bool | Callable[[str], None] = False,
) -> NestedLogit:
    """Maximum-likelihood estimates of a nested logit.

    Log-sum parameters are positive and otherwise free: one above 1 is reported as it is, with a note.

    Parameters
    ----------
    data : ChoiceData, whose `options` have names
    nests : names of options by nest, at least two each; options in no nest are alone
    n_starts : the first is the multinomial logit; the likelihood may have several maxima
    rng : draws the other starts; None: default_rng(0)
    progress : True to print a line per iteration to standard error, or a function that takes the line

    Raises
    ------
    ProblemError
        If nests are no nests of the options, an attribute does not vary, or attributes are collinear.
    SolverError
        If the likelihood has no proper maximum.

    References
    ----------
    McFadden (1978), Modelling the choice of residential location. Train (2009), Discrete Choice Methods with
    Simulation, ch. 4.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> offers = rng.normal(size=(2000, 3, 1))
    >>> shared = rng.gumbel(size=(2000, 1)) * [[0, 1, 1]]  # makes bus and train alike
    >>> taken = (2 * offers[:, :, 0] + shared + rng.gumbel(size=(2000, 3))).argmax(axis=1)
    >>> data = ChoiceData(offers, taken, names=["comfort"], options=["car", "bus", "train"])
    >>> model = fit_nested_logit(data, {"public": ["bus", "train"]})
    >>> bool(model.log_sums[0] < 1)
    True
    """
    pooled = fit_multinomial_logit(data)
    found = nests_of(nests, data)
    chance = np.random.default_rng(0) if rng is None else rng
    units = units_of(data)
    scaled, size = units.applied(data), data.n_attributes
    difference = scaled.attributes - scaled.attributes[np.arange(data.n_obs), data.choice][:, np.newaxis]
    if data.available is not None:
        difference *= data.available[:, :, np.newaxis]
    weight = data.weight[:, np.newaxis]

    def scores(parameters: Array) -> tuple[Array, Array]:  # log-sum parameters as logarithms
        free = np.exp(parameters[size:])
        value, score = log_likelihood_and_score(difference, data, found, parameters[:size], free)
        score[:, size:] *= free
        return value * weight[:, 0], by_person(data, (score * weight).T)

    starts = [np.r_[pooled.coefficients * units.size, np.zeros(found.n_free)]]
    for _ in range(max(n_starts, 1) - 1):
        log_sums = chance.uniform(*SPREAD, size=found.n_free)
        starts.append(np.r_[starts[0][:size] * log_sums.mean(), np.log(log_sums)])
    try:
        best = maximum_of(scores, starts, reporter(progress))
    except SolverError as trouble:
        raise SolverError(
            f"nests {', '.join(map(repr, nests))}: {trouble}", trouble.tried, trouble.reached
        ) from trouble
    free = np.exp(best.parameters[size:])
    stretch = np.concatenate([1 / units.size, free])
    both = np.outer(stretch, stretch)
    covariance = clustered(scores(best.parameters)[1], best.information) * both
    return NestedLogit(
        data,
        found,
        best.parameters[:size] / units.size,
        free,
        best.log_likelihood,
        covariance,
        best.information / both,
        best.convergence,
    )

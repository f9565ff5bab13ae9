"""What follows from estimates, with the error that it inherits: delta method, draws (Krinsky & Robb), bootstrap."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from scipy.special import ndtri

from contracts.display.table import Column, Table, Tabular, names
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite, generator
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Count
from contracts.inputs.progress import counter
from inference.choice.data import ChoiceData, checked_data
from inference.logit.estimates import central_differences
from inference.reports.summary import checked_level, decimals, written

if TYPE_CHECKING:
    import pandas as pd

METHODS = ("delta", "draws")
N_DRAWS = 1000


class Movable(Protocol):
    """A model with estimates that can say what it would be at other parameters."""

    @property
    def parameters(self) -> Array:
        """The estimates; (n_parameters,)."""

    @property
    def covariance(self) -> Array:
        """Of the estimates; (n_parameters, n_parameters)."""

    def at(self, parameters: Array) -> Any:
        """The same model at other parameters."""


@checked
@dataclass(frozen=True, eq=False, repr=False)
class Derived(Tabular):
    """Numbers that follow from estimates, with standard errors and intervals.

    Attributes
    ----------
    names : n_values names
    values : (n_values,) at the estimates
    covariance : (n_values, n_values)
    draws : (n_draws, n_values) of the draws or the bootstrap, whose quantiles are the ends of intervals; None with the
        delta method, whose intervals are normal
    method : in words

    Examples
    --------
    >>> Derived(["worth of speed"], np.array([2.0]), np.array([[0.25]]))
                    value  error  95% from     to
    worth of speed  2.000  0.500     1.020  2.980
    """

    names: Sequence[str]
    values: Array
    covariance: Array
    draws: Array | None = None
    method: str = ""

    @property
    def standard_errors(self) -> Array:
        """Of the values; (n_values,)."""
        return np.sqrt(np.maximum(np.diag(self.covariance), 0.0))

    def interval(self, level: float = 0.95) -> Array:
        """Lower and upper ends; (n_values, 2)."""
        checked_level(level)
        if self.draws is not None:
            return np.asarray(np.quantile(self.draws, [(1 - level) / 2, (1 + level) / 2], axis=0).T)
        reach = ndtri((1 + level) / 2) * self.standard_errors
        return np.stack([self.values - reach, self.values + reach], axis=1)

    def to_frame(self) -> pd.DataFrame:
        """One row per value: itself, its standard error, the ends of its 95% interval."""
        ends = self.interval()
        columns = {
            "value": self.values,
            "standard_error": self.standard_errors,
            "lower": ends[:, 0],
            "upper": ends[:, 1],
        }
        listed = [Column(name, part) for name, part in columns.items()]
        return Table([names("name", self.names), *listed]).to_frame()

    def _table(self) -> Table:
        rows = [decimals(error, value) for error, value in zip(self.standard_errors, self.values, strict=True)]
        ends = self.interval()
        parts = (
            ("value", self.values),
            ("error", self.standard_errors),
            ("95% from", ends[:, 0]),
            ("to", ends[:, 1]),
        )
        shown = [
            Column(name, [written(value, digits) for value, digits in zip(part, rows, strict=True)], left=False)
            for name, part in parts
        ]
        return Table([names("name", self.names, heading=""), *shown], notes=[self.method] if self.method else ())


@checked(own=("model",))
def with_errors(
    model: Movable,
    function: Callable[[Any], Any],
    names: Sequence[str] | None = None,
    *,
    method: str = "delta",
    n_draws: Count = N_DRAWS,
    rng: np.random.Generator | None = None,
) -> Derived:
    """What follows from a model, with the errors of its estimates carried along.

    Parameters
    ----------
    model : MultinomialLogit, NestedLogit, MixedLogit, LatentTypes or LatentClasses
    function : takes a model, returns a number or (n_values,)
    names : n_values names
    method : "delta", by derivatives at the estimates; or "draws" of the estimates from their normal distribution
        (Krinsky & Robb 1986), whose intervals need not be symmetric
    n_draws, rng : of the method "draws"; rng None: default_rng(0)

    Raises
    ------
    ProblemError
        If the function has no finite value at the estimates or at a draw.

    Examples
    --------
    >>> from inference.alike.multinomial import fit_multinomial_logit
    >>> rng = np.random.default_rng(0)
    >>> offers = rng.normal(size=(900, 2, 2))
    >>> taken = (offers @ [-1.0, 2.0] + rng.gumbel(size=(900, 2))).argmax(axis=1)
    >>> model = fit_multinomial_logit(ChoiceData(offers, taken, names=["price", "speed"]))
    >>> with_errors(model, lambda m: -m.coefficients[1] / m.coefficients[0], ["worth of speed"])
                    value  error  95% from     to
    worth of speed  1.914  0.157     1.607  2.221
    delta method
    """
    if not all(hasattr(model, field) for field in ("parameters", "covariance", "at")):
        raise ProblemError(
            f"model is {type(model).__name__}: give a model that was fitted by maximum likelihood, such as "
            "fit_multinomial_logit(data)"
        )
    if method not in METHODS:
        raise ProblemError(f"method is {method!r}: use 'delta' or 'draws', or bootstrap(data, fit, function)")
    values = _values(function, model)
    labels = _labels(names, len(values))
    if method == "delta":
        error = np.sqrt(np.maximum(np.diag(model.covariance), 0.0))
        slope = central_differences(lambda at: _values(function, model.at(at)), model.parameters, error)
        return Derived(labels, values, slope @ model.covariance @ slope.T, None, "delta method")
    chance = np.random.default_rng(0) if rng is None else generator(rng)
    found = np.array([_values(function, one) for one in _drawn(model, _several(n_draws), chance)])
    return Derived(labels, values, _covariance(found), found, f"{n_draws} draws of the estimates")


@checked
def bootstrap(
    data: ChoiceData,
    fit: Callable[[Any], Any],
    function: Callable[[Any], Any],
    names: Sequence[str] | None = None,
    *,
    rng: np.random.Generator,
    n_draws: Count = 200,
    progress: bool | Callable[[str], None] = False,
) -> Derived:
    """What follows from a model, with errors from models of people drawn anew.

    People are drawn with replacement, all of their choices together; whoever is drawn twice has twice the weight.

    Parameters
    ----------
    data : ChoiceData, what the model is fitted to
    fit : takes ChoiceData, returns a model, such as fit_multinomial_logit
    function : takes a model, returns a number or (n_values,)
    names : n_values names
    n_draws : models fitted

    Examples
    --------
    >>> from inference.alike.multinomial import fit_multinomial_logit
    >>> rng = np.random.default_rng(0)
    >>> data = ChoiceData(rng.normal(size=(300, 2, 1)), rng.integers(2, size=300), names=["price"])
    >>> found = bootstrap(data, fit_multinomial_logit, lambda m: m.coefficients, ["price"], rng=rng, n_draws=20)
    >>> found.draws.shape
    (20, 1)
    """
    checked_data(data)
    generator(rng)
    model = fit(data)
    if isinstance(model, ChoiceData):
        raise ProblemError("fit returned the data: give a function that fits a model to them, fit_multinomial_logit")
    values = _values(function, model)
    labels = _labels(names, len(values))
    report = counter(progress, "draw", _several(n_draws))
    found = np.empty((n_draws, len(values)))
    for number in range(n_draws):
        times = np.bincount(rng.integers(data.n_people, size=data.n_people), minlength=data.n_people)
        drawn = replace(data, weights=data.weight * np.maximum(times, 1)[data.person_index]).of_people(times > 0)
        found[number] = _values(function, fit(drawn))
        report(number + 1)
    return Derived(labels, values, _covariance(found), found, f"bootstrap of people, {n_draws} draws")


def _drawn(model: Movable, n_draws: int, rng: np.random.Generator) -> Iterator[Any]:
    """The model at draws of its parameters from their normal distribution."""
    sizes, directions = np.linalg.eigh(model.covariance)
    root = directions * np.sqrt(np.maximum(sizes, 0.0))
    for noise in rng.standard_normal((n_draws, len(sizes))):
        yield model.at(model.parameters + root @ noise)


def _values(function: Callable[[Any], Any], model: Any) -> Array:
    found = np.atleast_1d(finite("what function returns", function(model)))
    if found.ndim != 1:
        raise ProblemError(f"function returned shape {found.shape}; expected a number or a vector")
    return found


def _labels(names: Sequence[str] | None, count: int) -> tuple[str, ...]:
    labels = tuple(map(str, range(count) if names is None else names))
    if len(labels) != count:
        raise ProblemError(f"names are {labels}; expected {count}, one per value of the function")
    return labels


def _several(n_draws: int) -> int:
    if n_draws < 2:
        raise ProblemError(f"n_draws is {n_draws}: a spread needs at least 2, an interval some hundreds")
    return n_draws


def _covariance(draws: Array) -> Array:
    return np.atleast_2d(np.cov(draws, rowvar=False))

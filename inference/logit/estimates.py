"""Estimates by type with their standard errors: a table, intervals, and what follows from them by the delta method."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtri

from contracts.display.table import Column, Table, Tabular
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite
from contracts.inputs.door import checked
from contracts.inputs.extras import pandas
from contracts.inputs.frozen import dataclass
from contracts.readable import readable

if TYPE_CHECKING:
    import pandas as pd


@checked
@dataclass(frozen=True, eq=False, repr=False)
class Estimates(Tabular):
    """Parameters of every type, jointly normal in large samples.

    Attributes
    ----------
    labels : n_types names of types
    names : n_parameters names of parameters
    values : (n_types, n_parameters)
    covariance : (n_types * n_parameters,) squared, type by type

    Examples
    --------
    >>> found = Estimates(["a", "b"], ["taste"], np.array([[1.0], [2.0]]), np.diag([0.04, 0.09]))
    >>> found
    type   taste
    a       1.00
          (0.20)
    b       2.00
          (0.30)
    >>> found.interval(0.95).round(2)
    array([[[0.61, 1.39]],
    <BLANKLINE>
           [[1.41, 2.59]]])
    """

    labels: Sequence[str]
    names: Sequence[str]
    values: Array
    covariance: Array

    @property
    def standard_errors(self) -> Array:
        """Standard errors; (n_types, n_parameters)."""
        return np.sqrt(np.diag(self.covariance)).reshape(self.values.shape)

    def interval(self, level: float = 0.95) -> Array:
        """Lower and upper ends of normal confidence intervals; (n_types, n_parameters, 2)."""
        if not 0 < level < 1:
            raise ProblemError(f"level is {level}: give a share between 0 and 1, such as 0.95")
        reach = ndtri((1 + level) / 2) * self.standard_errors
        return np.stack([self.values - reach, self.values + reach], axis=-1)

    def _table(self) -> Table:
        return estimates_table(self)

    def to_frame(self) -> pd.DataFrame:
        """One row per type and parameter: estimate, standard error, 95% interval."""
        pd = pandas()
        index = pd.MultiIndex.from_product([list(self.labels), list(self.names)], names=["type", "parameter"])
        ends = self.interval().reshape(-1, 2)
        columns = {
            "estimate": self.values.reshape(-1),
            "standard_error": self.standard_errors.reshape(-1),
            "lower": ends[:, 0],
            "upper": ends[:, 1],
        }
        return pd.DataFrame(columns, index=index)


def delta_method(
    estimates: Estimates,
    function: Callable[[Array], Any],
    names: Sequence[str] | None = None,
    jacobian: Callable[[Array], Any] | None = None,
) -> Estimates:
    """Parameters that are functions of those estimated, the same function for every type.

    Parameters
    ----------
    function : takes the (n_parameters,) of one type, returns the (n_new,) that follow from them
    names : n_new names
    jacobian : takes the same, returns (n_new, n_parameters); by central differences if left out

    Examples
    --------
    A ratio of two estimates:

    >>> found = Estimates(["a"], ["taste", "price"], np.array([[3.0, -2.0]]), np.diag([0.04, 0.04]))
    >>> delta_method(found, lambda b: [-b[0] / b[1]], names=["worth"])
    type   worth
    a      1.50
          (0.18)
    """
    n_types, n_parameters = estimates.values.shape
    values: list[Array] = []
    blocks = np.zeros((n_types, 0, n_parameters))
    for k, (at, error) in enumerate(zip(estimates.values, estimates.standard_errors, strict=True)):
        value = finite(f"function at type {estimates.labels[k]}", function(at))
        if value.ndim != 1 or (values and value.shape != values[0].shape):
            raise ProblemError(f"function returned shape {value.shape}; expected a vector, equally long for every type")
        if not values:
            blocks = np.zeros((n_types, len(value), n_parameters))
        slope = central_differences(function, at, error) if jacobian is None else jacobian(at)
        slope = finite("jacobian", slope)
        if slope.shape != (len(value), n_parameters):
            raise ProblemError(f"jacobian returned shape {slope.shape}; expected {(len(value), n_parameters)}")
        values.append(value)
        blocks[k] = slope
    n_new = len(values[0])
    names = tuple(str(j) for j in range(n_new)) if names is None else tuple(map(str, names))
    if len(names) != n_new:
        raise ProblemError(f"names are {names}; expected {n_new}, one per value of the function")
    covariance = estimates.covariance.reshape(n_types, n_parameters, n_types, n_parameters)
    carried = np.einsum("kia,kalb,ljb->kilj", blocks, covariance, blocks)
    return Estimates(estimates.labels, names, np.array(values), carried.reshape(n_types * n_new, n_types * n_new))


def central_differences(function: Callable[[Array], Any], at: Array, error: Array) -> Array:
    """Jacobian with steps between rounding and curvature, relative to the estimate or its standard error."""
    steps = np.finfo(np.float64).eps ** (1 / 3) * np.maximum(np.abs(at), error)
    columns = []
    for k, step in enumerate(steps):
        ahead, behind = at.copy(), at.copy()
        ahead[k], behind[k] = at[k] + step, at[k] - step
        columns.append((np.asarray(function(ahead)) - np.asarray(function(behind))) / (ahead[k] - behind[k]))
    return np.column_stack(columns)


def estimates_table(estimates: Estimates, title: str = "", notes: Sequence[str] = ()) -> Table:
    """The estimates with standard errors below them in parentheses, to two digits of the smallest error of a column."""
    labels = [cell for label in estimates.labels for cell in (readable(label), "")]
    columns = [Column("type", labels)]
    for name, values, errors in zip(estimates.names, estimates.values.T, estimates.standard_errors.T, strict=True):
        decimals = _decimals(errors, values)
        cells = [
            cell
            for value, error in zip(values, errors, strict=True)
            for cell in (f"{0.0 if round(value, decimals) == 0 else value:.{decimals}f} ", f"({error:.{decimals}f})")
        ]
        columns.append(Column(name, cells, heading=readable(name), left=False))
    return Table(columns, title, notes)


def _decimals(errors: Array, values: Array) -> int:
    scale = np.where(np.isfinite(errors) & (errors > 0), errors, np.abs(values))
    positive = scale[scale > 0]
    return int(np.clip(1 - math.floor(math.log10(positive.min())), 0, 9)) if len(positive) else 2

"""One summary for all estimators, in the form that users of statistics packages know."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtr, ndtri

from contracts.display.table import Column, Table, Tabular, names
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass

if TYPE_CHECKING:
    import pandas as pd

DIGITS = 3  # of standard errors in print
LEAST_P = 1e-3  # smaller ones are printed as less than this


@checked
@dataclass(frozen=True, eq=False, repr=False)
class Summary(Tabular):
    """Estimates with their errors, z, p and intervals, and how well the model fits.

    Attributes
    ----------
    title : the model and its data
    names : n_parameters names
    values, standard_errors : (n_parameters,)
    log_likelihood : at the estimate; of the draws' mean in a posterior
    null_log_likelihood : of equal chances for all options within reach
    n_free : parameters that were free
    sample_size : what BIC counts: people, or the sum of their weights
    notes : how errors, draws and starts came about, and doubts
    level : of the intervals
    ends : (n_parameters, 2) ends of the intervals; None: normal ones
    is_posterior : whether errors are posterior standard deviations, which have no z and no p

    Examples
    --------
    >>> found = Summary("Model", ["price"], np.array([-0.5]), np.array([0.1]), -80.0, -100.0, 1, 120.0)
    >>> found
    Model
           estimate  error      z       p  95% from      to
    price    -0.500  0.100  -5.00  <0.001    -0.696  -0.304
    log likelihood -80.00, of equal chances -100.00, pseudo R2 0.200, adjusted 0.190
    AIC 162.0, BIC 164.8, 1 parameter
    """

    title: str
    names: Sequence[str]
    values: Array
    standard_errors: Array
    log_likelihood: float
    null_log_likelihood: float
    n_free: int
    sample_size: float
    notes: Sequence[str] = ()
    level: float = 0.95
    ends: Array | None = None
    is_posterior: bool = False

    # ---- estimates ----

    @property
    def z(self) -> Array:
        """Estimates over their errors; not a number in a posterior."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.where(self.is_posterior, np.nan, self.values / self.standard_errors))

    @property
    def p(self) -> Array:
        """How often an estimate so far from 0 comes about if the truth is 0; not a number in a posterior."""
        return np.asarray(2 * ndtr(-np.abs(self.z)))

    @property
    def intervals(self) -> Array:
        """Lower and upper ends; (n_parameters, 2)."""
        if self.ends is not None:
            return self.ends
        checked_level(self.level)
        reach = ndtri((1 + self.level) / 2) * self.standard_errors
        return np.stack([self.values - reach, self.values + reach], axis=1)

    # ---- fit ----

    @property
    def aic(self) -> float:
        """Akaike's criterion; smaller is better."""
        return 2 * self.n_free - 2 * self.log_likelihood

    @property
    def bic(self) -> float:
        """Schwarz's criterion, with people as the sample, for they are what is independent; smaller is better."""
        return self.n_free * math.log(max(self.sample_size, 1.0)) - 2 * self.log_likelihood

    @property
    def pseudo_r2(self) -> float:
        """One minus the log likelihood over that of equal chances (McFadden 1974)."""
        return self._above_null(0.0)

    @property
    def adjusted_pseudo_r2(self) -> float:
        """The same with one unit of log likelihood off per parameter (Ben-Akiva & Lerman 1985)."""
        return self._above_null(float(self.n_free))

    def _above_null(self, penalty: float) -> float:
        null = self.null_log_likelihood
        return 1 - (self.log_likelihood - penalty) / null if null else math.nan

    # ---- showing it ----

    def to_frame(self) -> pd.DataFrame:
        """One row per parameter: estimate, standard error, z, p and the ends of its interval."""
        ends = self.intervals
        columns = (
            names("parameter", self.names),
            Column("estimate", self.values),
            Column("standard_error", self.standard_errors),
            Column("z", self.z),
            Column("p", self.p),
            Column("lower", ends[:, 0]),
            Column("upper", ends[:, 1]),
        )
        return Table(columns).to_frame()

    def _table(self) -> Table:
        rows = [decimals(error, value) for error, value in zip(self.standard_errors, self.values, strict=True)]
        low, high = self.intervals.T

        def column(name: str, values: Array, over: str = "") -> Column:
            cells = [written(value, digits) for value, digits in zip(values, rows, strict=True)]
            return Column(name, cells, heading="" if over else name, left=False, over=over)

        columns = [names("parameter", self.names, heading=""), column("estimate", self.values)]
        columns.append(column("posterior sd" if self.is_posterior else "error", self.standard_errors))
        if not self.is_posterior:
            columns.append(Column("z", [written(z, 2) for z in self.z], left=False))
            columns.append(Column("p", [written_p(p) for p in self.p], left=False))
        share = f"{self.level:.10g}"
        columns += [
            Column(f"lower {share}", column("", low).values, heading=f"{100 * self.level:.6g}% from", left=False),
            Column(f"upper {share}", column("", high).values, heading="to", left=False),
        ]
        return Table(columns, self.title, [*self._fit(), *self.notes])

    def _fit(self) -> list[str]:
        if math.isnan(self.log_likelihood):
            return []
        parameters = f"{self.n_free} parameter{'' if self.n_free == 1 else 's'}"
        criteria = f"AIC {self.aic:.1f}, BIC {self.bic:.1f}, {parameters}"
        value = f"log likelihood {self.log_likelihood:.2f}"
        if math.isnan(self.null_log_likelihood):
            return [value, criteria]
        r2 = f"pseudo R2 {self.pseudo_r2:.3f}, adjusted {self.adjusted_pseudo_r2:.3f}"
        return [f"{value}, of equal chances {self.null_log_likelihood:.2f}, {r2}", criteria]


def checked_level(level: float) -> float:
    """A share between 0 and 1."""
    if not 0 < level < 1:
        raise ProblemError(f"level is {level}: give a share between 0 and 1, such as 0.95")
    return level


def decimals(error: float, value: float) -> int:
    """Decimals that show an error, or else a value, to `DIGITS` digits."""
    scale = error if np.isfinite(error) and error > 0 else abs(value)
    return int(np.clip(DIGITS - 1 - math.floor(math.log10(scale)), 0, 9)) if np.isfinite(scale) and scale > 0 else 2


def written(value: Any, digits: int) -> str:
    """A number in print; - for what is none, and no minus in front of zero."""
    if np.isnan(value):
        return "-"
    return f"{0.0 if round(float(value), digits) == 0 else value:.{digits}f}"


def written_p(p: float) -> str:
    """A p value in print."""
    return f"<{LEAST_P:g}" if p < LEAST_P else written(p, 3)

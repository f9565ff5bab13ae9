"""Whether predicted probabilities come true: of what was given probability p, a share p should happen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from contracts.display.table import Column, Table, Tabular
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite, rectangular
from contracts.inputs.door import checked, formerly
from contracts.inputs.frozen import dataclass

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@checked
@dataclass(frozen=True, eq=False, repr=False)
class Calibration(Tabular):
    """Predicted probabilities in bins, and how often what was predicted happened.

    Attributes
    ----------
    predicted : (n_bins,) mean predicted probability of each bin that holds a prediction
    frequency : (n_bins,) share of its predictions that came true
    n_predictions : (n_bins,) number of its predictions
    lower, upper : (n_bins,) 95 % intervals of the frequency (Wilson 1927), for predictions that are independent
    """

    predicted: Array
    frequency: Array
    n_predictions: NDArray[np.int64]
    count = formerly("n_predictions")
    lower: Array
    upper: Array

    @property
    def error(self) -> float:
        """Mean distance of frequencies from predictions, weighted by the number of predictions."""
        return float(np.average(np.abs(self.frequency - self.predicted), weights=self.n_predictions))

    def to_frame(self) -> pd.DataFrame:
        """One row per bin."""
        return self._table().to_frame(index=False)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Frequencies against predictions, with the diagonal."""
        from inference.types.picture import plot_calibration

        return plot_calibration(self, ax)

    def _table(self) -> Table:
        ends = [f"{low:.3f} - {high:.3f}" for low, high in zip(self.lower, self.upper, strict=True)]
        columns = [
            Column("predicted", self.predicted, ".3f"),
            Column("frequency", self.frequency, ".3f"),
            Column("lower", self.lower, ends, "95 % interval"),
            Column("count", self.n_predictions, "", "predictions"),
            Column("upper", self.upper, None),
        ]
        return Table(columns, f"Calibration: {self.n_predictions.sum()} predictions, mean distance {self.error:.4f}")


@checked
def calibration(probabilities: Any, happened: Any, *, n_bins: int = 10) -> Calibration:
    """Predictions against what happened.

    Parameters
    ----------
    probabilities : array of any shape, such as `posterior.predict(menu)` or `posterior.probabilities`
    happened : array of the same shape, 1 or True where it did, such as the options taken or the true types
    n_bins : bins of equal width between 0 and 1; empty ones are left out

    Raises
    ------
    ProblemError
        If shapes differ, or if an entry is no probability.

    Examples
    --------
    >>> calibration([0.1, 0.1, 0.9, 0.9], [0, 0, 1, 0], n_bins=2)
    Calibration: 4 predictions, mean distance 0.2500
    predicted  frequency  95 % interval  predictions
        0.100      0.000  0.000 - 0.658            2
        0.900      0.500  0.095 - 0.905            2
    """
    p = finite("probabilities", probabilities)
    came = np.asarray(rectangular("happened", happened))
    came = came.astype(np.float64) if came.dtype == bool else finite("happened", happened)
    if p.shape != came.shape or not p.size:
        raise ProblemError(f"probabilities has shape {p.shape}, happened {came.shape}; expected one shape, not empty")
    slack = 1e-9  # sums of probabilities round
    if not ((p >= -slack) & (p <= 1 + slack)).all() or not np.isin(came, (0.0, 1.0)).all():
        raise ProblemError("probabilities must lie between 0 and 1, and happened must be 0 or 1, or false or true")
    if n_bins < 1:
        raise ProblemError(f"n_bins is {n_bins}: use at least one bin")
    which = np.clip((p.ravel() * n_bins).astype(np.int64), 0, n_bins - 1)
    count = np.bincount(which, minlength=n_bins)
    held = count > 0
    count = count[held]
    mean, share = (np.bincount(which, weights=values.ravel(), minlength=n_bins)[held] / count for values in (p, came))
    z = 1.959963984540054  # normal quantile of 0.975
    middle = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z / (1 + z**2 / count) * np.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
    return Calibration(mean, share, count, np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0))

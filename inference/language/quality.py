"""How well a reader does on texts whose shares are known."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite
from contracts.inputs.door import checked
from contracts.inputs.extras import pandas
from contracts.inputs.frozen import dataclass
from inference.language.offline import OfflineReader
from inference.language.reading import PolicyReader, PolicyReading, UnreadablePolicyError

LEVELS = (0.5, 0.8, 0.95)
WRONG, SURE = 0.3, 0.1  # an error and a deviation that do not go together
BANDS = (0.0, 0.05, 0.1, 0.2, 0.3, 1.0)  # of deviations
SLACK = 0.005  # shares are whole units of at most a hundred: half a unit


class Band(NamedTuple):
    """Readings whose deviations lie in [`low`, `high`): how many, what they promise, and how they did.

    `sd` is the mean deviation, `error` the root mean square error; `half` and `nine_tenths` are the parts of the texts
    whose share lies in their central intervals of 50 and 90 %.
    """

    low: float
    high: float
    texts: int
    sd: float
    error: float
    half: float
    nine_tenths: float


@checked
@dataclass(frozen=True, eq=False)
class ReaderQuality:
    """Readings beside the shares that were true.

    Attributes
    ----------
    readings : one per text that was read or abstained from
    shares : (n_texts,) array, the true shares
    refused : messages of the reader for the texts that it could not read, by their number
    """

    readings: tuple[PolicyReading | None, ...]
    shares: Array
    refused: dict[int, str]

    @property
    def read(self) -> tuple[int, ...]:
        """Numbers of the texts that were read."""
        return tuple(k for k, one in enumerate(self.readings) if one is not None and not one.abstained)

    @property
    def error(self) -> Array:
        """Share read minus share true, of the texts that were read."""
        return self._estimates("share_offered") - self.shares[list(self.read)]

    @property
    def mean_absolute_error(self) -> float:
        """Mean absolute error of the texts that were read."""
        return float(np.abs(self.error).mean())

    @property
    def r_squared(self) -> float:
        """Explained part of the variance of the shares; nan where they do not vary."""
        shares = self.shares[list(self.read)]
        varied = float(((shares - shares.mean()) ** 2).sum())
        return 1 - float((self.error**2).sum()) / varied if varied else float("nan")

    @property
    def standardised_error(self) -> float:
        """Root mean square of error over sd: 1 if the deviations are right, above 1 if they are too small."""
        return float(np.sqrt(np.mean((self.error / np.maximum(self._estimates("share_sd"), SLACK)) ** 2)))

    def coverage(self, level: float) -> float:
        """Part of the texts whose share lies in the central interval of this level."""
        return float(np.mean([self._covers(k, level) for k in self.read]))

    @property
    def confident_errors(self) -> tuple[int, ...]:
        """Numbers of the texts read as surely wrong: an error above .3 at a deviation below .1."""
        sure = (np.abs(self.error) > WRONG) & (self._estimates("share_sd") < SURE)
        return tuple(k for k, is_wrong in zip(self.read, sure, strict=True) if is_wrong)

    def reliability(self, edges: Sequence[float] = BANDS) -> tuple[Band, ...]:
        """Error and coverage of the texts in every band of the deviation that was read; bands without a text left out.

        Parameters
        ----------
        edges : increasing deviations that bound the bands

        Examples
        --------
        >>> quality = calibrate(["Offer 40%", "Keep 80%", "Give them half of what you keep"], [0.4, 0.2, 1 / 3])
        >>> [(band.texts, band.half, band.nine_tenths) for band in quality.reliability()]
        [(3, 1.0, 1.0)]
        """
        sd = self._estimates("share_sd")
        bands = []
        for low, high in itertools.pairwise(edges):
            inside = np.flatnonzero((sd >= low) & (sd < high))
            if len(inside):
                part = [self.read[k] for k in inside]
                error = float(np.sqrt(np.mean(self.error[inside] ** 2)))
                cover = [float(np.mean([self._covers(k, level) for k in part])) for level in (0.5, 0.9)]
                bands.append(Band(low, high, len(part), float(sd[inside].mean()), error, *cover))
        return tuple(bands)

    def _covers(self, number: int, level: float) -> bool:
        reading = self.readings[number]
        assert reading is not None
        low, high = reading.interval(level)
        return bool(low - SLACK <= self.shares[number] <= high + SLACK)

    def _estimates(self, name: str) -> Array:
        return np.array([getattr(self.readings[k], name) for k in self.read])

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "texts": len(self.readings),
            "read": len(self.read),
            "mean_absolute_error": self.mean_absolute_error,
            "r_squared": self.r_squared if np.isfinite(self.r_squared) else None,
            "standardised_error": self.standardised_error,
            "coverage": {str(level): self.coverage(level) for level in LEVELS},
            "confident_errors": len(self.confident_errors),
        }

    def to_frame(self) -> Any:
        """One row per text: the text, the share, the reading and its sd."""
        pd = pandas()
        return pd.DataFrame(
            [
                {
                    "text": one.text if one else None,
                    "share": share,
                    "share_read": one.share_offered if one else None,
                    "sd": one.share_sd if one else None,
                    "abstained": one is None or one.abstained,
                }
                for one, share in zip(self.readings, self.shares, strict=True)
            ]
        )

    def __str__(self) -> str:
        covered = "  ".join(f"{100 * level:.0f} % {self.coverage(level):.3f}" for level in LEVELS)
        return (
            f"{len(self.readings)} texts, {len(self.read)} read\n"
            f"mean absolute error {self.mean_absolute_error:.3f}\nR squared           {self.r_squared:.3f}\n"
            f"error over sd       {self.standardised_error:.2f}\nshares inside their central intervals: {covered}"
        )

    __repr__ = __str__


@checked
def calibrate(texts: Sequence[str], shares: Any, reader: PolicyReader | None = None) -> ReaderQuality:
    """How a reader does on the user's own examples.

    Parameters
    ----------
    texts : policies
    shares : (n_texts,) array in [0, 1], what was offered under them
    reader : the offline reader by default

    Raises
    ------
    ProblemError
        If lengths differ, a share is outside [0, 1], or no text can be read.

    Examples
    --------
    >>> print(calibrate(["Offer 40% to the other", "Keep 80% for yourself", "Be fair"], [0.4, 0.2, 0.5]))
    3 texts, 3 read
    mean absolute error 0.0...
    """
    shares = finite("shares", shares)
    if isinstance(texts, str) or shares.shape != (len(texts),):
        raise ProblemError(f"shares has shape {shares.shape}; expected one per text, and texts as a list")
    if np.any((shares < 0) | (shares > 1)):
        raise ProblemError(f"shares holds {shares[(shares < 0) | (shares > 1)][0]:g}: shares lie in [0, 1]")
    reader = OfflineReader() if reader is None else reader
    readings: list[PolicyReading | None] = []
    refused: dict[int, str] = {}
    for number, text in enumerate(texts):
        try:
            readings.append(reader.read(text))
        except UnreadablePolicyError as error:
            readings.append(None)
            refused[number] = str(error)
    quality = ReaderQuality(tuple(readings), shares, refused)
    if not quality.read:
        raise ProblemError(f"none of the {len(texts)} texts can be read; the first: {next(iter(refused.values()), '')}")
    return quality

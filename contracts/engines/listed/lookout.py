"""Looking out for IC rows that are not listed while the interior point is on its way: it never goes far wrong."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from contracts.engines.listed.neighbours import nearest
from contracts.inputs.arrays import Array, Indices
from contracts.numerics.interior_point import Point

WATCHED = 24  # nearest types whose rows are looked at after every step
EVERYBODY = 2  # steps after which all pairs are looked at; twice as many after every look that finds nothing
FAR = 0.3  # slacks of the usual size that a row has to be missed by


class Lookout:
    """Rows that are not listed and missed by much more than listed rows have to spare; pairs as in `neighbours`."""

    def __init__(self, taste: Array, weights: Array, violated: Callable[[Point], Indices], least: float) -> None:
        """`violated` looks at all pairs; nothing below `least` is seen."""
        self._taste, self._weights = taste, weights
        self._violated, self._least = violated, least
        self._watched = nearest(taste, WATCHED)
        self._steps, self._wait = 0, EVERYBODY
        self._found = False  # whether a look at all pairs ever found any
        self.keep_to(np.empty(0, dtype=np.intp))

    def keep_to(self, listed: Indices) -> None:
        """Look at the pairs that are not in this list."""
        self._listed = listed
        self._unlisted = np.setdiff1d(self._watched, listed, assume_unique=True)
        self.seen = self._unlisted[:0]

    def __call__(self, point: Point) -> bool:
        """Whether to go back and list the pairs that are `seen`."""
        self._steps += 1
        allowed = max(FAR * float(np.mean(point.price * point.slack) / self._weights.mean()), self._least)
        self.seen = self._missed(self._unlisted, point, allowed)
        if not len(self.seen) and self._steps >= self._wait:
            others = np.setdiff1d(self._violated(point), self._listed, assume_unique=True)
            self.seen = self._missed(others, point, allowed)
            self._found = self._found or len(self.seen) > 0
            self._wait = EVERYBODY if self._found else 2 * self._wait
            self._steps = 0
        return len(self.seen) > 0

    def _missed(self, pairs: Indices, point: Point, allowed: float) -> Indices:
        tempter, tempted = np.divmod(pairs, len(self._weights))
        gain = np.einsum("nd,nd->n", self._taste[tempted] - self._taste[tempter], point.x[tempter])
        return pairs[gain + point.u[tempter] - point.u[tempted] > allowed]

r"""Integrals over a line, with an estimate of their error: Gauss's rule on intervals, halved where another disagrees.

Integrals here are of densities, tails and costs: smooth but for a few kinks, jumps and poles at the ends, which
halving closes in on at a factor of two a round. An infinite end is reached in strides, theta = m + s (exp(z) - 1).
The error of
an interval is how far a rule of 20 nodes and two of 8, on unequal parts of it, are apart,
and how far its ends are from where the rule's polynomial ends: between them and its nodes a jump would go unseen.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np

from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass

ROUNDS = 140  # of halving: a jump is then at the last digit, a pole at 0 as near as it matters
MOST = 50_000  # intervals, beyond which the error is reported as it is
TOLERANCE = 1e-15  # of one interval's error, relative to the integral of the absolute value
FAR = 340.0  # strides to an infinite end: squares of types there are still floats
POLE = 32.0  # what an integrable pole holds at most, by the interval beside it: enough for powers down to -0.95
FINE = 20  # nodes of the rule
SPLIT = 0.38196601125010515  # of an interval for the second rule: not its middle, where a jump would go unseen
ROUNDING = 8 * float(np.finfo(np.float64).eps)

Integrand = Callable[[Array], Array]


class Integral(NamedTuple):
    """A number and how far it may be off."""

    value: float
    error: float


@cache
def _rules() -> tuple[Array, Array, Array]:
    """Nodes of both rules on [0, 1], weights of the fine one, and weights of the difference of the two."""
    (fine, heavy), (coarse, light) = (np.polynomial.legendre.leggauss(count) for count in (FINE, 8))
    fine, heavy, coarse, light = (fine + 1) / 2, heavy / 2, (coarse + 1) / 2, light / 2
    nodes = np.concatenate([fine, SPLIT * coarse, SPLIT + (1 - SPLIT) * coarse])
    nodes = np.concatenate([nodes, [0.0, 1.0]])
    weights = np.concatenate([heavy, np.zeros(18)])
    return nodes, weights, weights - np.concatenate([np.zeros(FINE), SPLIT * light, (1 - SPLIT) * light, [0.0, 0.0]])


@cache
def _at_ends() -> Array:
    """Values at both ends of the polynomial through the nodes of the fine rule, less those that are there; (n, 2)."""
    fine = _rules()[0][:FINE]
    scale = [np.prod(node - np.delete(fine, k)) for k, node in enumerate(fine)]
    through = [[np.prod(end - np.delete(fine, k)) / scale[k] for end in (0.0, 1.0)] for k in range(FINE)]
    return np.vstack([through, np.zeros((16, 2)), -np.eye(2)])


@dataclass(frozen=True, eq=False)
class Line:
    """An interval whose ends may be infinite, in the coordinate z: theta = z inside, and bent where it has no end.

    Attributes
    ----------
    middle, scale : beyond middle + scale, and below middle - scale, the line is bent if it has no end there
    """

    lower: float
    upper: float
    middle: float = 0.0
    scale: float = 1.0

    @property
    def _bends(self) -> tuple[float, float]:
        high = self.middle + self.scale if self.upper == np.inf else np.inf
        low = self.middle - self.scale if self.lower == -np.inf else -np.inf
        return low, high

    @property
    def ends(self) -> tuple[float, float]:
        """Ends of the line in z."""
        low, high = self._bends
        return (
            low - FAR * self.scale if self.lower == -np.inf else self.lower,
            high + FAR * self.scale if self.upper == np.inf else self.upper,
        )

    @property
    def kinks(self) -> list[float]:
        """Where the coordinate is not smooth."""
        return [bend for bend in self._bends if np.isfinite(bend)]

    def coordinate(self, theta: Array) -> Array:
        """Z of points."""
        low, high = self._bends
        z = np.array(theta, dtype=np.float64)
        above, below = z > high, z < low
        with np.errstate(invalid="ignore"):
            up, down = (z[above] - high) / self.scale, (low - z[below]) / self.scale
            z[above] = high + self.scale * np.minimum(np.log1p(up), FAR)
            z[below] = low - self.scale * np.minimum(np.log1p(down), FAR)
        return z

    def point(self, z: Array) -> tuple[Array, Array]:
        """Theta, and how fast it moves with z."""
        low, high = self._bends
        theta, speed = np.array(z, dtype=np.float64), np.ones_like(z)
        for beyond, end, way in ((theta > high, high, 1.0), (theta < low, low, -1.0)):
            if beyond.any():
                strides = way * (theta[beyond] - end) / self.scale
                theta[beyond] = end + way * self.scale * np.expm1(strides)
                speed[beyond] = np.exp(strides)
        return theta, speed


def pieces(integrand: Integrand, line: Line, edges: Array) -> tuple[Array, Array, Array]:
    """Edges in z of intervals on which the integral is right, (n + 1,), the integrals over them and their errors, (n,).

    `edges` are points of the line, its kinks among them; finer ones are found.
    """
    start = np.unique(np.concatenate([line.coordinate(edges), line.kinks]))
    low, high = line.coordinate(np.array([edges.min(), edges.max()]))
    start = start[(start >= low) & (start <= high)]
    left, right = start[:-1], start[1:]
    done: list[tuple[Array, Array, Array, Array]] = []
    total, count = 0.0, 0
    for turn in range(ROUNDS):
        value, error, size = _gauss(integrand, line, left, right)
        total += float(size.sum()) if turn == 0 else 0.0
        narrow = (right - left) <= 4 * np.spacing(np.maximum(np.abs(left), np.abs(right)))
        with np.errstate(invalid="ignore"):
            good = narrow | (np.isfinite(error) & (error <= np.maximum(TOLERANCE * total, ROUNDING * size)))
        if turn == ROUNDS - 1 or count + 2 * int((~good).sum()) > MOST:
            error = np.where(good, error, POLE * error)
            good[:] = True
        done.append((left[good], right[good], value[good], error[good]))
        count += int(good.sum())
        left, right = left[~good], right[~good]
        if len(left) == 0:
            break
        middle = (left + right) / 2
        left, right = np.concatenate([left, middle]), np.concatenate([middle, right])
    left, right, value, error = (np.concatenate(parts) for parts in zip(*done, strict=True))
    order = np.argsort(left)
    value, error = _without_poles(value[order], error[order])
    return np.append(left[order], right[order[-1]]) if len(order) else start, value, error


def _without_poles(value: Array, error: Array) -> tuple[Array, Array]:
    """At a pole the last interval that floats can tell is left out; it holds what its neighbour does, times a few."""
    lost = ~np.isfinite(value) | ~np.isfinite(error)
    if not lost.any() or lost.all():
        return value, error
    known = np.flatnonzero(~lost)
    nearest = known[np.clip(np.searchsorted(known, np.flatnonzero(lost)), 0, len(known) - 1)]
    before = known[np.clip(np.searchsorted(known, np.flatnonzero(lost)) - 1, 0, len(known) - 1)]
    value, error = np.where(lost, 0.0, value), error.copy()
    error[lost] = POLE * np.maximum(np.abs(value[nearest]), np.abs(value[before]))
    return value, error


def _gauss(integrand: Integrand, line: Line, left: Array, right: Array) -> tuple[Array, Array, Array]:
    nodes, weights, difference = _rules()
    width = right - left
    theta, speed = line.point(left[:, np.newaxis] + width[:, np.newaxis] * nodes)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        values = np.asarray(integrand(theta.ravel())).reshape(theta.shape) * speed
        values[np.isnan(values)] = 0.0
        ends = np.abs(values[:, :FINE] @ _at_ends()[:FINE] - values[:, -2:])
        unseen = nodes[0] * np.where(np.isfinite(ends), ends, 0.0).sum(axis=1)  # beyond the first and the last node
        values[:, -2:] = 0.0
        error = np.abs(values @ difference) + unseen
        return width * (values @ weights), width * error, width * (np.abs(values) @ weights)


def masses(integrand: Integrand, line: Line, edges: Array) -> tuple[Array, Array]:
    """Points and weights that integrate functions against an integrand, as finely as its own integral needs."""
    nodes, weights, _ = _rules()
    found, _, _ = pieces(integrand, line, edges)
    width = np.diff(found)[:, np.newaxis]
    theta, speed = line.point(found[:-1, np.newaxis] + width * nodes[:FINE])
    mass = np.asarray(integrand(theta.ravel())).reshape(theta.shape) * speed * width * weights[:FINE]
    kept = np.isfinite(mass) & (mass > 0)
    return theta[kept], mass[kept]


def integral(integrand: Integrand, line: Line, edges: Array) -> Integral:
    """The integral between the first and the last edge.

    Examples
    --------
    >>> tail = integral(lambda t: np.exp(-t), Line(0.0, np.inf), np.array([0.0, np.inf]))
    >>> abs(tail.value - 1.0) < 1e-14, tail.error < 1e-13
    (True, True)
    """
    with np.errstate(over="ignore", invalid="ignore"):
        _, value, error = pieces(integrand, line, edges)
        size = float(np.abs(value).sum())
    return Integral(float(value.sum()), float(error.sum()) + ROUNDING * size)


@dataclass(frozen=True, eq=False)
class Cumulative:
    """Integrals from either end of a line to any point; of a density, both tails keep their digits."""

    integrand: Integrand
    line: Line
    edges: Array
    values: Array
    error: float

    @property
    def total(self) -> float:
        """The integral over the whole line."""
        return float(self.values.sum())

    def below(self, theta: Array) -> Array:
        """The integral up to points, shaped as they are."""
        theta = np.asarray(theta, dtype=np.float64)
        z, cell = self._cell(theta.ravel())
        sums = np.append(0.0, np.cumsum(self.values))
        return np.asarray(sums[cell] + self._part(self.edges[cell], z)).reshape(theta.shape)

    def above(self, theta: Array) -> Array:
        """The integral from points on, shaped as they are."""
        theta = np.asarray(theta, dtype=np.float64)
        z, cell = self._cell(theta.ravel())
        sums = np.append(np.cumsum(self.values[::-1])[::-1], 0.0)
        return np.asarray(sums[cell + 1] + self._part(z, self.edges[cell + 1])).reshape(theta.shape)

    def _cell(self, theta: Array) -> tuple[Array, np.ndarray[tuple[int, ...], np.dtype[np.intp]]]:
        z = np.clip(self.line.coordinate(theta), self.edges[0], self.edges[-1])
        return z, np.clip(np.searchsorted(self.edges, z, side="right") - 1, 0, len(self.values) - 1)

    def _part(self, left: Array, right: Array) -> Array:
        nodes, weights, _ = _rules()
        width = right - left
        theta, speed = self.line.point(left[:, np.newaxis] + width[:, np.newaxis] * nodes[:FINE])
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            values = np.asarray(self.integrand(theta.ravel())).reshape(theta.shape) * speed
        return np.asarray(width * (np.where(np.isfinite(values), values, 0.0) @ weights[:FINE]))


def cumulative(integrand: Integrand, line: Line, edges: Array) -> Cumulative:
    """The integral of a function as a function.

    Examples
    --------
    >>> square = cumulative(lambda t: 2 * t, Line(0.0, 1.0), np.array([0.0, 1.0]))
    >>> square.below(np.array([0.5])), square.above(np.array([0.5]))
    (array([0.25]), array([0.75]))
    """
    found, values, error = pieces(integrand, line, edges)
    return Cumulative(integrand, line, found, values, float(error.sum()))

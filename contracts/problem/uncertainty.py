"""Sets of valuations around each type's own: IC and IR must then hold for every valuation in the set.

The set of type i is {a_i + L_i z : ||z|| <= 1}, a box for the largest-entry norm, an ellipsoid for the Euclidean one.
Its members must not prefer the contract of j, whatever z is:

    a_i . (x_i - x_j) - (t_i - t_j)  >=  s_i(x_i - x_j),      s_i(q) = max over z of (L_i z) . q = ||L_i' q||_*,

with the dual norm: the sum of sizes for a box, Euclidean for an ellipsoid. Where the sets of two types overlap in a
ball, every valuation in it must be indifferent between their two contracts, so these are the same: robust IC pools.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, Protocol, runtime_checkable

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite, number
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass


@dataclass(frozen=True, eq=False)
class ValuationSets:
    """Every type's set of valuations, as factors L and the norm of s_i: 1 for boxes, 2 for ellipsoids."""

    factors: Array  # (n_types, n_goods, n_goods)
    norm: int

    def reach(self, types: Any, difference: Array) -> Array:
        """L_i' q for pairs of a type and a difference of allocations; (n_pairs, n_goods)."""
        return np.asarray(np.einsum("ikl,ik->il", self.factors[types], difference))

    def support(self, types: Any, difference: Array) -> Array:
        """s_i(q); (n_pairs,), utility."""
        return np.asarray(np.linalg.norm(self.reach(types, difference), self.norm, axis=1))

    def within(self, direction: Array) -> Array:
        """Directions z brought back into the unit ball; last axis n_goods."""
        if self.norm == 1:
            return np.clip(direction, -1.0, 1.0)
        return np.asarray(direction / np.maximum(np.linalg.norm(direction, axis=-1, keepdims=True), 1.0))

    def shift(self, direction: Array) -> Array:
        """L_i z for an array of directions (n_types, ..., n_goods)."""
        return np.asarray(np.einsum("ikl,i...l->i...k", self.factors, direction))

    def exact_gain(self, who: int, nominal: Fraction, difference: list[Fraction]) -> float:
        """nominal + s_i(q) with an exact sign, rounded once."""
        columns = self.factors[who].T.tolist()
        reach = [
            sum((Fraction(f) * q for f, q in zip(column, difference, strict=True)), Fraction()) for column in columns
        ]
        if self.norm == 1:
            return _signed(nominal + sum(map(abs, reach), Fraction()))
        square = sum((part * part for part in reach), Fraction())
        gain = math.sqrt(square) + float(nominal)
        if nominal >= 0:
            return gain if gain or not (nominal or square) else math.ulp(0.0)
        size = max(abs(gain), math.ulp(0.0))  # where floats cannot tell, the squares can
        return size if square > nominal * nominal else (-size if square < nominal * nominal else 0.0)


def _signed(value: Fraction) -> float:
    rounded = float(value)
    return rounded if rounded or not value else math.copysign(math.ulp(0.0), value)


@runtime_checkable
class Uncertainty(Protocol):
    """How far the valuations of a type may be from what the problem says."""

    def sets(self, shape: tuple[int, int]) -> ValuationSets:
        """The sets for (n_types, n_goods), checked."""


@checked
@dataclass(frozen=True, eq=False)
class Interval:
    """Every valuation may be off by up to `widths`, each by itself: a box.

    Parameters
    ----------
    widths : number, (n_goods,) or (n_types, n_goods) array, money per unit, not negative; half the length of a side
    """

    widths: Any

    def __post_init__(self) -> None:
        object.__setattr__(self, "widths", _sizes("Interval widths", self.widths))

    def sets(self, shape: tuple[int, int]) -> ValuationSets:
        return ValuationSets(_diagonal(_spread("Interval widths", self.widths, shape)), 1)


@checked
@dataclass(frozen=True, eq=False)
class Ellipsoid:
    """Valuations a_i + L_i z with |z| <= 1.

    Parameters
    ----------
    factors : number or (n_types,) array, radii of balls; or (n_goods, n_goods) or (n_types, n_goods, n_goods), the
        matrices L, such as a Cholesky factor of a covariance times the number of standard deviations
    """

    factors: Any

    def __post_init__(self) -> None:
        factors = finite("Ellipsoid factors", self.factors)
        if factors.ndim < 2:
            factors = _sizes("Ellipsoid factors", factors)
        object.__setattr__(self, "factors", factors)

    def sets(self, shape: tuple[int, int]) -> ValuationSets:
        n_types, n_goods = shape
        factors = self.factors
        if factors.ndim < 2:
            factors = np.expand_dims(factors, (-2, -1)) * np.eye(n_goods)
        try:
            return ValuationSets(np.broadcast_to(factors, (n_types, n_goods, n_goods)), 2)
        except ValueError as exc:
            raise ProblemError(
                f"Ellipsoid factors has shape {self.factors.shape}; expected one radius, one per type ({n_types},), or "
                f"matrices {(n_goods, n_goods)} or {(n_types, n_goods, n_goods)}"
            ) from exc


@checked
@dataclass(frozen=True, eq=False)
class Noise:
    """Ellipsoids that hold a type's true valuation with a stated probability, if it is off by Gaussian noise.

    The radius is sd times the square root of the chi-square quantile with n_goods degrees of freedom.

    Parameters
    ----------
    sd : number, (n_goods,) or (n_types, n_goods) array, money per unit
    probability : of each type's set, strictly between 0 and 1

    Examples
    --------
    >>> Noise(0.1, probability=0.95).sets((1, 2)).factors[0].diagonal().round(4)
    array([0.2448, 0.2448])
    """

    sd: Any
    probability: float = 0.95

    def __post_init__(self) -> None:
        object.__setattr__(self, "sd", _sizes("Noise sd", self.sd))
        object.__setattr__(self, "probability", number("Noise probability", self.probability))
        if not 0 < self.probability < 1:
            raise ProblemError(f"Noise probability is {self.probability}: give one strictly between 0 and 1")

    def sets(self, shape: tuple[int, int]) -> ValuationSets:
        from scipy.stats import chi2

        radius = math.sqrt(float(chi2.ppf(self.probability, shape[1])))
        return ValuationSets(_diagonal(_spread("Noise sd", self.sd, shape) * radius), 2)


def _sizes(name: str, values: Any) -> Array:
    sizes = finite(name, values)
    if np.any(sizes < 0):
        raise ProblemError(f"{name} holds {sizes.min()}: sizes must not be negative")
    return sizes


def _spread(name: str, sizes: Array, shape: tuple[int, int]) -> Array:
    if sizes.ndim == 1 and shape[1] == 1 and len(sizes) == shape[0]:
        sizes = sizes[:, np.newaxis]
    try:
        return np.broadcast_to(sizes, shape)
    except ValueError as exc:
        raise ProblemError(f"{name} has shape {sizes.shape}; expected {shape} or something that fits it") from exc


def _diagonal(sizes: Array) -> Array:
    return np.asarray(sizes[:, :, np.newaxis] * np.eye(sizes.shape[1]))

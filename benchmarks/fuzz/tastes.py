"""Who wants what, who may be left out and who can mimic whom, in exact rationals; from plain data alone.

Where types may be left out, allocations have one more column, the chance w of being left with the outside option: the
first ones are what is to be expected of being served, y = (1 - w) x. Type i values w at r_i, or at a_i . o.

Nothing here imports the library.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from benchmarks.fuzz.units import Fields

Array = np.ndarray
Vector = list[Fraction]
NOISE = 1e-13  # relative: quantiles of chi-square differ in the last bits


def rational(values: Any) -> Any:
    """Floats as the rationals they are."""
    return [rational(entry) for entry in values] if np.ndim(values) else Fraction(float(values))


def dot(left: Vector, right: Vector) -> Fraction:
    """Exact."""
    return sum((a * b for a, b in zip(left, right, strict=True)), Fraction())


# ---- who may be left out ----


def may_leave(fields: Fields) -> bool:
    """Whether a type can be left with its outside option, so that allocations have one more column."""
    return fields.get("participation") == "voluntary" and has_reservation(fields)


def has_reservation(fields: Fields) -> bool:
    """Whether anybody has a reservation utility; minus infinity is none."""
    return bool(np.isfinite(fields.get("reservation_utility", 0.0)).all())


def kept_of(fields: Fields) -> Array:
    """The allocation that comes with the outside option; nothing where it is only a utility."""
    outside = fields.get("outside_option")
    return np.zeros(fields["valuations"].shape[1]) if outside is None else np.asarray(outside, dtype=float)


def exact_values(fields: Fields) -> list[Vector]:
    """What types value, with the outside option as the last good where there is one to be left with."""
    values = rational(fields["valuations"].tolist())
    if not may_leave(fields):
        return list(values)
    kept = rational(kept_of(fields).tolist())
    worth = rational(np.broadcast_to(fields.get("reservation_utility", 0.0), len(values)).tolist())
    has_option = fields.get("outside_option") is not None
    return [[*row, dot(row, kept) if has_option else worth[who]] for who, row in enumerate(values)]


def values_of(fields: Fields) -> Array:
    """The same in floats."""
    if not may_leave(fields):
        return np.asarray(fields["valuations"])
    return np.array([[float(value) for value in row] for row in exact_values(fields)])


def amounts_of(fields: Fields, allocation: Array) -> tuple[Array, Array]:
    """What is expected of being served, and the chance of being left out; (n, n_goods), (n,)."""
    if not may_leave(fields):
        return allocation, np.zeros(len(allocation))
    return allocation[:, :-1], allocation[:, -1]


def is_mimic(fields: Fields, who: int, whom: int) -> bool:
    """Whether a type can take the contract meant for another."""
    return fields.get("mimics") is None or bool(fields["mimics"][who][whom])


# ---- who wants what ----


@dataclass(frozen=True)
class Tastes:
    """Valuations as rationals, with what doubt about them takes away."""

    values: list[Vector]
    factors: list[list[Vector]] | None  # columns of L_i
    norm: int

    @staticmethod
    def of(fields: Fields) -> Tastes:
        """From the fields of a problem."""
        shape, doubt = fields["valuations"].shape, fields.get("uncertainty")
        values = exact_values(fields)
        if doubt is None:
            return Tastes(values, None, 0)
        factors, norm = doubts(doubt, shape)
        if doubt["kind"] == "Noise":
            factors = factors * (1 - NOISE)
        if may_leave(fields):  # what the outside option is worth is known
            factors = np.pad(factors, ((0, 0), (0, 1), (0, 0)))
        return Tastes(values, rational(np.swapaxes(factors, 1, 2).tolist()), norm)

    def prefers(self, who: int, new: tuple[Vector, Fraction], own: tuple[Vector, Fraction]) -> float:
        """How much the type gains by `new` at its most tempted valuation; the sign is exact, positive if it gains."""
        step = [a - b for a, b in zip(new[0], own[0], strict=True)]
        gain = dot(self.values[who], step) - (new[1] - own[1])
        if self.factors is None:
            return signed(gain)
        reach = [dot(column, step) for column in self.factors[who]]
        if self.norm == 1:
            return signed(gain + sum(map(abs, reach), Fraction()))
        square = dot(reach, reach)
        if gain >= 0:
            return signed(gain) + math.sqrt(square)
        size = signed(gain) + math.sqrt(square)
        more = square > gain * gain
        return max(size, math.ulp(0.0)) if more else min(size, 0.0)


def doubts(doubt: Fields, shape: tuple[int, int]) -> tuple[Array, int]:
    """The matrices L_i of valuations a_i + L_i z, ||z|| <= 1, and the norm of s_i(q) = ||L_i' q||: 1 or 2."""
    n_types, n_goods = shape
    if doubt["kind"] == "Ellipsoid":
        radii = np.asarray(doubt["factors"])
        if radii.ndim >= 2:
            return np.broadcast_to(radii, (n_types, n_goods, n_goods)), 2
        return np.broadcast_to(radii, n_types)[:, None, None] * np.eye(n_goods), 2
    sizes = np.asarray(doubt["widths" if doubt["kind"] == "Interval" else "sd"])
    wide = np.broadcast_to(sizes, shape)[:, :, None] * np.eye(n_goods)
    if doubt["kind"] == "Interval":
        return wide, 1
    from scipy.stats import chi2

    return wide * math.sqrt(float(chi2.ppf(doubt["probability"], n_goods))), 2


def signed(value: Fraction) -> float:
    """A float of the same sign."""
    rounded = float(value)
    return rounded if rounded or not value else math.copysign(math.ulp(0.0), value)


def leaving(fields: Fields, who: int) -> tuple[Vector, Fraction]:
    """The outside option as a contract: nothing, for minus the reservation utility."""
    if may_leave(fields):
        return [*[Fraction(0)] * fields["valuations"].shape[1], Fraction(1)], Fraction(0)
    if fields.get("outside_option") is not None:
        return rational(list(fields["outside_option"])), Fraction(0)
    n_types, n_goods = fields["valuations"].shape
    worth = np.broadcast_to(fields.get("reservation_utility", 0.0), n_types)
    return [Fraction(0)] * n_goods, -Fraction(float(worth[who]))


def transfer_limits(fields: Fields) -> tuple[Array, Array]:
    """Lowest and highest transfer of each type; (n_types,) both."""
    limits = fields.get("transfers", "free")
    named = {"free": (-math.inf, math.inf), "none": (0.0, 0.0)}
    ends = named[limits] if isinstance(limits, str) else limits
    low, high = (np.broadcast_to(np.asarray(end, dtype=float), len(fields["valuations"])) for end in ends)
    return low, high


def are_for_served(fields: Fields) -> bool:
    """Whether limits on transfers are for those who take part: where they exclude 0, which those pay who do not."""
    low, high = transfer_limits(fields)
    return may_leave(fields) and bool(np.any((low > 0) | (high < 0)))

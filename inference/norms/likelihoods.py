"""How likely answers are, given utilities: pairs, choices from sets, ratings on a scale of one's own.

A unit is a group, or a member, whose answers share one vector of utilities v, (n_items,). Every likelihood here is
concave in v and does not change when a constant is added to it; each class gives the log likelihood of every unit,
with its gradient and Hessian.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_expit, logsumexp

from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass

Indices = NDArray[np.int64]
NODES = np.linspace(0.0, 1.0, 193)  # of the trapezoidal rule: the widest range needs this many for 1e-11


class Likelihood(Protocol):
    """Log likelihood of the answers of every unit."""

    def log_likelihood(self, utilities: Array) -> Array:
        """(n_units, n_draws, n_items) -> (n_units, n_draws)."""
        ...

    def derivatives(self, utilities: Array) -> tuple[Array, Array, Array]:
        """(n_units, n_items) -> value (n_units,), gradient (n_units, n_items), Hessian (n_units, n_items, n_items)."""
        ...

    def of_units(self, units: slice) -> Likelihood:
        """The answers of consecutive units."""
        ...


@dataclass(frozen=True, eq=False)
class Pairs:
    """Bradley & Terry (1952): i is preferred to j with probability 1 / (1 + exp(v_j - v_i)).

    Sufficient are the counts of who won how often, so the cost does not grow with the number of answers.

    Examples
    --------
    >>> both = pairs(np.array([0, 0, 0]), np.array([0, 0, 1]), np.array([1, 1, 0]), n_units=1, n_items=2)
    >>> both.first_won, both.second_won
    (array([[2.]]), array([[1.]]))
    >>> float(both.derivatives(np.array([[np.log(2.0), 0.0]]))[1][0, 0].round(12))  # the log odds fit exactly
    0.0
    """

    design: Array  # (n_pairs, n_items), 1 for the first and -1 for the second of the pair
    first_won: Array  # (n_units, n_pairs)
    second_won: Array

    def log_likelihood(self, utilities: Array) -> Array:
        gap = utilities @ self.design.T
        asked = (self.first_won + self.second_won)[:, np.newaxis, :]
        linear = np.einsum("udk,uk->ud", utilities, self.second_won @ self.design)
        return (asked * log_expit(gap)).sum(axis=-1) - linear  # log_expit(-x) = log_expit(x) - x

    def derivatives(self, utilities: Array) -> tuple[Array, Array, Array]:
        n_items = utilities.shape[1]
        gap = utilities @ self.design.T
        asked, chance = self.first_won + self.second_won, expit(gap)
        value = (asked * log_expit(gap) - self.second_won * gap).sum(axis=1)
        outer = np.einsum("pi,pj->pij", self.design, self.design).reshape(-1, n_items**2)
        curvature = -(asked * chance * (1 - chance)) @ outer
        return value, (self.first_won - asked * chance) @ self.design, curvature.reshape(-1, n_items, n_items)

    def of_units(self, units: slice) -> Pairs:
        return Pairs(self.design, self.first_won[units], self.second_won[units])


def pairs(unit: Indices, winner: Indices, loser: Indices, *, n_units: int, n_items: int) -> Pairs:
    """Counts of answers by unit and pair; `winner` was preferred to `loser`."""
    low, high = np.minimum(winner, loser), np.maximum(winner, loser)
    code = low * n_items + high
    asked = np.flatnonzero(np.bincount(code, minlength=n_items**2))
    place = np.zeros(n_items**2, dtype=np.int64)
    place[asked] = np.arange(len(asked))
    cell, shape = unit * len(asked) + place[code], (n_units, len(asked))
    size = n_units * len(asked)
    everything = np.bincount(cell, minlength=size).reshape(shape).astype(np.float64)
    won = np.bincount(cell[winner == low], minlength=size).reshape(shape).astype(np.float64)
    design = np.zeros((len(asked), n_items))
    rows = np.arange(len(asked))
    design[rows, asked // n_items], design[rows, asked % n_items] = 1.0, -1.0
    return Pairs(design, won, everything - won)


@dataclass(frozen=True, eq=False)
class SetChoices:
    """Luce (1959), Plackett (1975): i is chosen from a set with probability proportional to exp(v_i).

    A ranking is a sequence of choices, each from what is left. Sufficient are the counts of what was chosen from
    which set; `first` says at which row each unit begins.
    """

    offered: NDArray[np.bool_]  # (n_rows, n_items)
    chosen: Array  # (n_rows, n_items), how often
    first: Indices  # (n_units + 1,)

    def log_likelihood(self, utilities: Array) -> Array:
        value = np.empty(utilities.shape[:2])
        for unit, own in enumerate(utilities):  # the rows of a unit are few, its draws many
            rows = slice(self.first[unit], self.first[unit + 1])
            worth = np.where(self.offered[rows, np.newaxis, :], own, -np.inf)
            total = self.chosen[rows].sum(axis=1) @ logsumexp(worth, axis=-1) if self.offered[rows].size else 0.0
            value[unit] = own @ self.chosen[rows].sum(axis=0) - total
        return value

    def derivatives(self, utilities: Array) -> tuple[Array, Array, Array]:
        unit = np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))
        worth = np.where(self.offered, utilities[unit], -np.inf)
        inclusive = logsumexp(worth, axis=1)
        chance = np.exp(worth - inclusive[:, np.newaxis])
        times = self.chosen.sum(axis=1)
        value = (self.chosen * np.where(self.chosen > 0, utilities[unit], 0.0)).sum(axis=1) - times * inclusive
        spread = np.einsum("ri,rj->rij", chance, chance)
        n_items = utilities.shape[1]
        spread[:, np.arange(n_items), np.arange(n_items)] -= chance
        n_units = len(utilities)
        return (
            _sum_by(unit, value, n_units),
            _sum_by(unit, self.chosen - times[:, np.newaxis] * chance, n_units),
            _sum_by(unit, times[:, np.newaxis, np.newaxis] * spread, n_units),
        )

    def of_units(self, units: slice) -> SetChoices:
        first = self.first[units.start : units.stop + 1]
        rows = slice(first[0], first[-1])
        return SetChoices(self.offered[rows], self.chosen[rows], first - first[0])


def set_choices(unit: Indices, offered: NDArray[np.bool_], chosen: Indices, *, n_units: int) -> SetChoices:
    """Counts of choices by unit and set: one row per choice in, one row per distinct unit and set out."""
    n_items = offered.shape[1]
    key = np.column_stack([unit.astype(">i8").view(np.uint8).reshape(-1, 8), np.packbits(offered, axis=1)])
    _, first, row = np.unique(key, axis=0, return_index=True, return_inverse=True)
    counts = np.bincount(row.ravel() * n_items + chosen, minlength=len(first) * n_items).reshape(-1, n_items)
    begins = np.searchsorted(unit[first], np.arange(n_units + 1))
    return SetChoices(offered[first], counts.astype(np.float64), begins.astype(np.int64))


@dataclass(frozen=True, eq=False)
class Directions:
    """Ratings freed of each member's own location and scale, without assuming how these are distributed.

    A member rates item k at a + b (v_k + e_k), with e_k normal of standard deviation `noise` and any a, any b > 0.
    What does not depend on a and b is the direction y of the centred ratings, a unit vector, and all that it says
    about v is its own likelihood (the angular normal distribution). With m = v / noise, centred over what was rated,
    and n ratings,

        log density = log I(y.m) - |m|^2 / 2,     I(t) = integral over r > 0 of r^(n-2) exp(t r - r^2 / 2),

    up to a constant. It is concave: the second derivative of log I is the variance of r, which is at most 1.
    Two ratings are a comparison with a probit: I is then sqrt(2 pi) exp(t^2 / 2) Phi(t).
    """

    unit: Indices  # (n_raters,), not decreasing
    rated: Array  # (n_raters, n_items), how often each item was rated
    direction: Array  # (n_raters, n_items), centred ratings of unit length, added up by item
    noise: float  # utility units
    n_units: int

    def log_likelihood(self, utilities: Array) -> Array:
        own = utilities[self.unit] / self.noise
        along = np.einsum("rdk,rk->rd", own, self.direction)
        n_ratings = self.rated.sum(axis=1)
        power = np.broadcast_to(n_ratings[:, np.newaxis] - 2, along.shape)
        total = np.einsum("rdk,rk->rd", own, self.rated)
        length = np.einsum("rdk,rk->rd", own**2, self.rated) - total**2 / n_ratings[:, np.newaxis]
        return _sum_by(self.unit, radial_moments(along, power)[0] - length / 2, self.n_units)

    def derivatives(self, utilities: Array) -> tuple[Array, Array, Array]:
        own = utilities[self.unit] / self.noise
        n_ratings = self.rated.sum(axis=1)
        log_integral, mean, variance = radial_moments((own * self.direction).sum(axis=1), n_ratings - 2)
        total = (own * self.rated).sum(axis=1)
        pull = own * self.rated - self.rated * (total / n_ratings)[:, np.newaxis]
        value = log_integral - (own * pull).sum(axis=1) / 2
        gradient = (mean[:, np.newaxis] * self.direction - pull) / self.noise
        n_items = utilities.shape[1]
        hessian = np.einsum("r,ri,rj->rij", variance, self.direction, self.direction)
        hessian += np.einsum("r,ri,rj->rij", 1 / n_ratings, self.rated, self.rated)
        hessian[:, np.arange(n_items), np.arange(n_items)] -= self.rated
        return (
            _sum_by(self.unit, value, self.n_units),
            _sum_by(self.unit, gradient, self.n_units),
            _sum_by(self.unit, hessian / self.noise**2, self.n_units),
        )

    def of_units(self, units: slice) -> Directions:
        rows = slice(*np.searchsorted(self.unit, [units.start, units.stop]))
        return Directions(
            self.unit[rows] - units.start, self.rated[rows], self.direction[rows], self.noise, units.stop - units.start
        )


def directions(
    unit: Indices, rater: Indices, item: Indices, rating: Array, *, noise: float, n_units: int, n_items: int
) -> tuple[Directions, Indices]:
    """Directions of all raters, and those set aside because they rated everything alike, which orders nothing.

    `rater` numbers the raters from 0; `unit` is the unit of each rater.
    """
    n_raters = len(unit)
    n_ratings = np.bincount(rater, minlength=n_raters)
    mean = np.bincount(rater, weights=rating, minlength=n_raters) / np.maximum(n_ratings, 1)
    centred = rating - mean[rater]
    length = np.sqrt(np.bincount(rater, weights=centred**2, minlength=n_raters))
    largest = np.zeros(n_raters)
    np.maximum.at(largest, rater, np.abs(rating))
    flat = length <= 1e-12 * np.maximum(largest, np.finfo(float).tiny) * np.sqrt(np.maximum(n_ratings, 1))
    cell, size = rater * n_items + item, n_raters * n_items
    rated = np.bincount(cell, minlength=size).reshape(n_raters, n_items).astype(np.float64)
    scaled = np.divide(centred, length[rater], out=np.zeros_like(centred), where=~flat[rater])
    direction = np.bincount(cell, weights=scaled, minlength=size).reshape(n_raters, n_items).astype(np.float64)
    kept = np.flatnonzero(~flat)
    kept = kept[np.argsort(unit[kept], kind="stable")]
    return Directions(unit[kept], rated[kept], direction[kept], noise, n_units), np.flatnonzero(flat)


def radial_moments(along: Array, power: Any) -> tuple[Array, Array, Array]:
    """log I, mean and variance of r under the density proportional to r^power exp(along r - r^2 / 2), r > 0.

    By the trapezoidal rule in log r, whose error falls exponentially for an integrand analytic like this one.

    Examples
    --------
    Without a power and along nothing, r is half normal:

    >>> log_integral, mean, variance = radial_moments(np.zeros(1), np.zeros(1))
    >>> np.exp(log_integral).round(10), mean.round(10), variance.round(10)
    (array([1.25331414]), array([0.79788456]), array([0.36338023]))
    """
    mode = (along + np.sqrt(along**2 + 4 * (power + 1))) / 2
    width = 1 / np.sqrt(mode**2 + power + 1)
    # The exponent, as a function of log r, falls from its mode by (power + 1) (x - 1 + exp(-x)) + (mode - r)^2 / 2 over
    # a distance x to the left: stop once that exceeds 26, which leaves 5e-12 of the mass out.
    far = np.maximum(3.0, 1 + (26 - 0.45 * mode**2) / (power + 1))
    left = np.where(mode > 7.5, np.minimum(far, -np.log1p(-7.3 / np.maximum(mode, 7.5))), far)
    right = np.minimum(9 * width, np.log1p(12 / mode))
    log_r = (np.log(mode) - left)[..., np.newaxis] + (left + right)[..., np.newaxis] * NODES
    r = np.exp(log_r)
    exponent = (power[..., np.newaxis] + 1) * log_r + along[..., np.newaxis] * r - r**2 / 2
    highest = exponent.max(axis=-1, keepdims=True)
    mass = np.exp(exponent - highest)
    total = mass.sum(axis=-1)
    mean = (mass * r).sum(axis=-1) / total
    variance = (mass * (r - mean[..., np.newaxis]) ** 2).sum(axis=-1) / total
    step = (left + right) * NODES[1]
    return np.log(total * step) + highest[..., 0], mean, variance


@dataclass(frozen=True, eq=False)
class Together:
    """Answers of several kinds: log likelihoods add up."""

    parts: Sequence[Any]

    def log_likelihood(self, utilities: Array) -> Array:
        return np.sum([part.log_likelihood(utilities) for part in self.parts], axis=0)

    def derivatives(self, utilities: Array) -> tuple[Array, Array, Array]:
        values, gradients, hessians = zip(*[part.derivatives(utilities) for part in self.parts], strict=True)
        return np.sum(values, axis=0), np.sum(gradients, axis=0), np.sum(hessians, axis=0)

    def of_units(self, units: slice) -> Together:
        return Together([part.of_units(units) for part in self.parts])


def _sum_by(unit: Indices, values: Array, n_units: int) -> Array:
    """Rows of `values` added up by unit."""
    from scipy.sparse import csr_array

    flat = values.reshape(len(values), -1)
    rows = csr_array((np.ones(len(unit)), (unit, np.arange(len(unit)))), shape=(n_units, len(unit)))
    return np.asarray(rows @ flat).reshape(n_units, *values.shape[1:])

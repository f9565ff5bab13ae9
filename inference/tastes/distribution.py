"""How tastes vary in a population: each coefficient fixed, normal, or lognormal of one sign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Count
from contracts.inputs.names import listed
from inference.choice.data import ChoiceData, Integers

KINDS = ("normal", "positive", "negative", "fixed")


@checked
@dataclass(frozen=True, eq=False)
class TasteDistribution:
    """Coefficients b = g(mean + factor z) with z standard normal, attribute by attribute.

    g is the identity for "normal" and "fixed", exp for "positive", -exp for "negative". Rows of `factor` that belong
    to fixed coefficients are zero.

    Examples
    --------
    >>> tastes = TasteDistribution(("negative", "normal"), np.array([0.0, 1.0]), np.diag([0.5, 2.0]))
    >>> tastes.means.round(3), tastes.sds.round(3)
    (array([-1.133,  1.   ]), array([0.604, 2.   ]))
    >>> tastes.coefficients(np.zeros((1, 2)))
    array([[-1.,  1.]])
    """

    kinds: tuple[str, ...]
    mean: Array  # (n_attributes,)
    factor: Array  # (n_attributes, n_attributes), lower triangular

    @classmethod
    def standard(cls, kinds: tuple[str, ...]) -> TasteDistribution:
        """Mean zero and unit factor: `coefficients` of it is g itself."""
        return cls(kinds, np.zeros(len(kinds)), np.eye(len(kinds)))

    @property
    def sign(self) -> Array:
        """1, or -1 where all coefficients are negative; (n_attributes,)."""
        return np.where(np.array(self.kinds) == "negative", -1.0, 1.0)

    @property
    def is_lognormal(self) -> NDArray[np.bool_]:
        """Whether the coefficient keeps one sign; (n_attributes,) of bool."""
        return np.isin(self.kinds, ("positive", "negative"))

    @property
    def covariance(self) -> Array:
        """Covariance of mean + factor z: of the coefficients, or of their logarithms; (n_attributes, n_attributes)."""
        return np.asarray(self.factor @ self.factor.T)

    def coefficients(self, normals: Array) -> Array:
        """Coefficients of people whose standard normals are (..., n_attributes)."""
        if normals.shape[-1:] != self.mean.shape or not np.isfinite(normals).all():
            raise ProblemError(f"normals has shape {normals.shape}; expected finite numbers, (..., {len(self.kinds)})")
        value = self.mean + normals @ self.factor.T
        lognormal = self.is_lognormal
        if lognormal.any():
            value[..., lognormal] = np.exp(value[..., lognormal]) * self.sign[lognormal]
        return np.asarray(value)

    def draw(self, n_people: Count, *, rng: np.random.Generator) -> Array:
        """Coefficients of `n_people` people drawn from the population; (size, n_attributes)."""
        return self.coefficients(rng.standard_normal((n_people, len(self.kinds))))

    @property
    def means(self) -> Array:
        """Mean coefficient of the population; (n_attributes,)."""
        return np.where(self.is_lognormal, self.sign * np.exp(self._logs(self.mean + self._variance / 2)), self.mean)

    @property
    def sds(self) -> Array:
        """Standard deviation of each coefficient over the population; (n_attributes,)."""
        variance = self._variance
        lognormal = np.abs(self.means) * np.sqrt(np.expm1(self._logs(variance)))
        return np.asarray(np.where(self.is_lognormal, lognormal, variance**0.5))

    @property
    def _variance(self) -> Array:
        return np.asarray(np.diag(self.covariance))

    def _logs(self, values: Array) -> Array:
        """Values where coefficients are exponentials, 0 elsewhere, where exponentials mean nothing and may overflow."""
        return np.where(self.is_lognormal, values, 0.0)

    def moments_jacobian(self, rows: Integers, columns: Integers) -> Array:
        """Derivative of (means, sds) in (mean, factor[rows, columns]); (2 n_attributes, n_attributes + n_entries).

        For a lognormal of variance v, m = s exp(mean + v / 2): dm/dmean = m, dm/dv = m / 2, and its standard deviation
        is |m| (e^v - 1)^(1/2), with derivative in v of half itself plus |m| e^v / (2 (e^v - 1)^(1/2)). Everywhere
        dv/dfactor[k, l] = 2 factor[k, l]. An estimate of no variation at all has no standard error: not a number.
        """
        size = len(self.kinds)
        apart = rows.ndim != 1 or rows.shape != columns.shape
        if apart or not set(rows.tolist() + columns.tolist()) <= set(range(size)):
            raise ProblemError(f"rows and columns must be equally many numbers from 0 to {size - 1}")
        variance = np.diag(self.covariance)
        entry = self.factor[rows, columns]
        own = rows == np.arange(size)[:, np.newaxis]  # (n_attributes, n_entries)
        in_variance = own * 2 * entry
        with np.errstate(divide="ignore", invalid="ignore"):
            normal_sd = 1 / (2 * np.sqrt(variance))
            logs = self._logs(variance)
            lognormal_sd = self.sds / 2 + np.abs(self.means) * np.exp(logs) / (2 * np.sqrt(np.expm1(logs)))
            sd_in_variance = np.where(self.is_lognormal, lognormal_sd, normal_sd)
            of_sd = np.where(own, sd_in_variance[:, np.newaxis] * in_variance, 0.0)
        of_mean = np.where(self.is_lognormal, self.means / 2, 0.0)[:, np.newaxis] * in_variance
        return np.block(
            [
                [np.diag(np.where(self.is_lognormal, self.means, 1.0)), of_mean],
                [np.diag(np.where(self.is_lognormal, self.sds, 0.0)), of_sd],
            ]
        )


def kinds_of(random: str | Mapping[str, str], names: Sequence[str]) -> tuple[str, ...]:
    """How each coefficient varies, from one word for all or a mapping by attribute; others are normal.

    Examples
    --------
    >>> kinds_of({"price": "negative"}, ("price", "speed"))
    ('negative', 'normal')
    """
    by_name = dict.fromkeys(names, random) if isinstance(random, str) else {name: random[name] for name in random}
    for name, kind in by_name.items():
        if name not in names:
            raise ProblemError(f"random names {name!r}, which is no attribute: use {listed(names)}")
        if kind not in KINDS:
            raise ProblemError(f"random[{name!r}] is {kind!r}: use {', '.join(map(repr, KINDS))}")
    return tuple(by_name.get(name, "normal") for name in names)


def choices_of(data: ChoiceData, coefficients: Array, rng: np.random.Generator) -> ChoiceData:
    """The situations of `data`, chosen from anew by people with the given coefficients, (n_people, n_attributes)."""
    utility = np.einsum("njk,nk->nj", data.attributes, coefficients[data.person_index])
    noisy = utility + rng.gumbel(size=utility.shape)  # the best option under Gumbel noise is a logit choice
    reach = noisy if data.available is None else np.where(data.available, noisy, -np.inf)
    return replace(data, choice=reach.argmax(axis=1))

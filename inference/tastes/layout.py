"""Where each parameter of a distribution of tastes stands: locations first, then entries of the factor, row by row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass
from contracts.inputs.names import listed
from inference.choice.data import Integers
from inference.logit.units import Units
from inference.tastes.distribution import TasteDistribution
from inference.tastes.mixing import MIXINGS, Mixing


@dataclass(frozen=True, eq=False)
class Layout:
    """What is estimated: the locations of all tastes but error components, and free entries of the factor."""

    kinds: tuple[str, ...]
    price: int | None  # the attribute that the others are worth something in
    rows: Integers
    columns: Integers

    @property
    def mixings(self) -> tuple[Mixing, ...]:
        """How each taste varies."""
        return tuple(MIXINGS[kind] for kind in self.kinds)

    @property
    def located(self) -> Integers:
        """Attributes whose location is estimated."""
        return np.flatnonzero([mixing.has_location for mixing in self.mixings])

    @property
    def varying(self) -> Integers:
        """Attributes that have a spread."""
        return np.flatnonzero([mixing.varies for mixing in self.mixings])

    @property
    def n_parameters(self) -> int:
        return len(self.located) + len(self.rows)

    def tastes(self, parameters: Array) -> TasteDistribution:
        """The distribution at parameters."""
        located, size = self.located, len(self.kinds)
        mean, factor = np.zeros(size), np.zeros((size, size))
        mean[located] = parameters[: len(located)]
        factor[self.rows, self.columns] = parameters[len(located) :]
        return TasteDistribution(self.kinds, mean, factor, self.price)

    def of(self, locations: Array, entries: Array) -> Array:
        """Parameters from all locations, (..., n_attributes), and free entries, (..., n_entries)."""
        return np.concatenate([locations[..., self.located], entries], axis=-1)

    def moments_jacobian(self, tastes: TasteDistribution) -> Array:
        """Derivative of means and then standard deviations in the parameters."""
        slope = tastes.moments_jacobian(self.rows, self.columns)
        return self.of(slope[:, : len(self.kinds)], slope[:, len(self.kinds) :])

    def names(self, attributes: Sequence[str]) -> tuple[str, ...]:
        """Of the parameters, in words."""
        pairs = zip(self.rows, self.columns, strict=True)
        entries = (f"factor {attributes[k]}" + ("" if k == m else f", {attributes[m]}") for k, m in pairs)
        return (*(f"mean {attributes[k]}" for k in self.located), *entries)

    def to_users(self, units: Units) -> tuple[Array, Array]:
        """What parameters are multiplied with, and what is then added, from computed units to those of the data."""
        is_log = np.array([mixing.is_log for mixing in self.mixings])
        stretch = np.where(is_log, 1.0, 1 / units.size)
        shift = np.where(is_log, -np.log(units.size), 0.0)
        return self.of(stretch, stretch[self.rows]), self.of(shift, np.zeros(len(self.rows)))


def layout_of(
    kinds: tuple[str, ...], names: tuple[str, ...], *, correlated: bool | Sequence[str], price: str | None
) -> Layout:
    """The layout of tastes that vary so, all or some of them together."""
    varies = [k for k, kind in enumerate(kinds) if MIXINGS[kind].varies]
    together = set(varies) if correlated is True else _named(correlated or (), kinds, names)
    pairs = [(k, m) for k in varies for m in varies if m == k or (m < k and {k, m} <= together)]
    rows, columns = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return Layout(kinds, None if price is None else names.index(price), rows, columns)


def _named(correlated: Sequence[str], kinds: tuple[str, ...], names: tuple[str, ...]) -> set[int]:
    """Attributes that vary together, by name."""
    for name in correlated:
        if name not in names:
            raise ProblemError(f"correlated names {name!r}, which is no attribute: use {listed(names)}")
        if not MIXINGS[kinds[names.index(name)]].varies:
            raise ProblemError(f"correlated names {name!r}, which is 'fixed': leave it out, or let it vary")
    found = {names.index(name) for name in correlated}
    if len(found) == 1:
        raise ProblemError(f"correlated names {correlated[0]!r} alone: give at least two attributes")
    return found

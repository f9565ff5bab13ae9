"""IC prices of types on a line as what they are: a band of neighbours, and pairs that charge each other.

A sparse matrix of a million types in the order in which somebody named them costs more to make and to take apart than
the menu. In rising order prices are arrays, and their sums are sums of slices. The matrix is made when asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from contracts.inputs.arrays import Array, Indices
from contracts.inputs.frozen import dataclass

if TYPE_CHECKING:
    from scipy.sparse import csr_array

MANY_TYPES = 20_000  # from here on the matrix is worth doing without


class Through(NamedTuple):
    """What flows through every type, of what two types charge each other only the difference; (n_types,) all."""

    inflow: Array
    outflow: Array
    met: Array  # how many prices meet


class Forced(NamedTuple):
    """What rents force on virtual valuations, sum_i l_ij (a_i - a_j) of every j; (n_types,) all."""

    total: Array
    size: Array  # of the terms
    number: Array  # of the terms


@dataclass(frozen=True, eq=False)
class LinePrices:
    """Non-negative IC prices between the types `order[k]`; numbers of types are places in that order."""

    order: Indices  # (n_types,)
    down: Array  # (n_types - 1,) k + 1 tempted by k
    up: Array  # (n_types - 1,) k tempted by k + 1
    lower: Indices  # (n_pairs,)
    upper: Indices  # (n_pairs,) beyond lower + 1
    mutual: Array  # (n_pairs,) what lower and upper charge each other

    def matrix(self) -> csr_array:
        """The same, [i, j]: type i tempted by the contract of type j."""
        from scipy.sparse import csr_array

        falls, climbs = np.flatnonzero(self.down), np.flatnonzero(self.up)
        tempted = np.concatenate([falls + 1, climbs, self.lower, self.upper])
        tempter = np.concatenate([falls, climbs + 1, self.upper, self.lower])
        price = np.concatenate([self.down[falls], self.up[climbs], self.mutual, self.mutual])
        return csr_array((price, (self.order[tempted], self.order[tempter])), shape=(len(self.order),) * 2)

    @property
    def through(self) -> Through:
        """What flows through every type."""
        down, up = self.down, self.up
        if up.any():
            both = np.minimum(down, up)
            down, up = down - both, up - both
        falls, climbs = (down > 0).astype(np.float64), (up > 0).astype(np.float64)
        inflow, outflow = _ends(down, up), _ends(up, down)
        return Through(self._named(inflow), self._named(outflow), self._named(_ends(falls + climbs, falls + climbs)))

    def forced(self, worth: Array) -> Forced:
        """What rents force on virtual valuations of types that value a good at `worth`, (n_types,)."""
        worth, count = worth[self.order], len(self.order)
        step, apart = np.diff(worth), worth[self.upper] - worth[self.lower]
        falls, climbs, apart = self.down * step, self.up * step, self.mutual * apart
        total, size = _ends(falls, -climbs), _ends(np.abs(falls), np.abs(climbs))
        terms = _ends((self.down > 0).astype(np.float64), (self.up > 0).astype(np.float64))
        for end, sign in ((self.lower, 1.0), (self.upper, -1.0)):
            total += sign * np.bincount(end, apart, minlength=count)
            size += np.bincount(end, np.abs(apart), minlength=count)
            terms += np.bincount(end, minlength=count)
        return Forced(self._named(total), self._named(size), self._named(terms))

    def _named(self, ranked: Array) -> Array:
        """In the order in which types were named."""
        named = np.empty_like(ranked)
        named[self.order] = ranked
        return named


def line_prices(order: Indices, down: Array, up: Array, lower: Indices, upper: Indices, mutual: Array) -> LinePrices:
    """Prices of a band, and of pairs that may be neighbours, each of them once."""
    beside = upper == lower + 1
    at = lower[beside]
    down, up = down.copy(), up.copy()
    down[at] += mutual[beside]
    up[at] += mutual[beside]
    return LinePrices(order, down, up, lower[~beside], upper[~beside], mutual[~beside])


def _ends(on_the_left: Array, on_the_right: Array) -> Array:
    """Per type, what its upper step leaves on its left end and its lower step on its right end."""
    found = np.append(on_the_left, 0.0)
    found[1:] += on_the_right
    return found

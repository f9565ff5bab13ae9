"""Values behind bids: what bidders in first-price auctions were willing to pay, and the reserve price that suits them.

In the symmetric equilibrium with independent private values, a bid b is best for the value v at which

    v = b + G(b) / ((n - 1) g(b)),

with n bidders and G, g the distribution and the density of bids: who bids less trades the chance of winning against the
margin (Guerre, Perrigne & Vuong 2000). Both are estimated from the bids, the density with a triweight kernel. Within
its bandwidth of the lowest and the highest bid part of a kernel lies where no bids are; there it is the line through
what remains, (a_2 - a_1 u) K(u) / (a_0 a_2 - a_1^2) with a_k the moments of that part (Jones 1993), so that the values
of all bids are stated (as Hickman & Hubbard 2015 do with another correction).
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from contracts.display.numbers import DIGITS
from contracts.display.table import Column, Table, Tabular, names
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite, number
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Count
from contracts.mechanisms.auctions.problem import AuctionProblem

RULE = 2.978 * 1.06  # times sd n^(-1/5): the bandwidth of a triweight kernel that is as smooth as the usual normal one
GRID = 512  # points at which the density is computed; between them it is read off a line
CHUNK = 4_000_000  # numbers in a table of points by bids
FEWEST = 20  # bids without which a density is a guess


@checked
@dataclass(frozen=True, eq=False, repr=False)
class BidValues(Tabular):
    """What bidders were willing to pay, as their bids tell.

    Attributes
    ----------
    bids : (n_auctions, n_bidders) as they were made
    values : (n_auctions, n_bidders) money
    bandwidth : money within which bids were averaged
    """

    bids: Array
    values: Array
    bandwidth: float

    @property
    def n_bidders(self) -> int:
        """How many bid in every auction."""
        return int(self.bids.shape[1])

    @cached_property
    def ordered(self) -> Array:
        """Values from low to high, raised where they would fall, for equilibrium bids rise in values; (n_bids,)."""
        return np.maximum.accumulate(self._by_bid)

    @cached_property
    def _by_bid(self) -> Array:
        return np.asarray(self.values.ravel()[np.argsort(self.bids, axis=None, kind="stable")])

    @property
    def falling(self) -> float:
        """Share of values that are lower than that of a lower bid: many say that bidders play something else."""
        return float((self._by_bid < self.ordered).mean())

    def reserve_price(self, cost: float = 0.0) -> float:
        """The lowest price that earns the seller most from these bidders, whose good costs `cost` to give away.

        It maximises (r - cost) (1 - F(r)), for any number of bidders, if F is regular.
        """
        values = self.ordered
        above = 1.0 - np.arange(len(values)) / len(values)
        return float(values[int(np.argmax((values - number("cost", cost)) * above))])

    def reserve_interval(
        self,
        cost: float = 0.0,
        *,
        level: float = 0.95,
        n_draws: Count = 200,
        rng: np.random.Generator | None = None,
    ) -> tuple[float, float]:
        """Where the best reserve price lies, by bootstrap over auctions; `level` is the share of draws inside."""
        level = number("level", level)
        if not 0 < level < 1:
            raise ProblemError(f"level is {level:g}: give a share between 0 and 1, such as 0.95")
        rng = np.random.default_rng(0) if rng is None else rng
        found = []
        for _ in range(n_draws):
            drawn = self.bids[rng.integers(len(self.bids), size=len(self.bids))]
            found.append(values_from_bids(drawn, bandwidth=self.bandwidth).reserve_price(cost))
        # positions (n + 1) p: few draws span less than their law by any other
        low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2], method="weibull")
        return float(low), float(high)

    def problem(self, n_bidders: int | None = None, *, n_values: Count = 50, cost: float = 0.0) -> AuctionProblem:
        """The auction of one good among such bidders, each with `n_values` equally likely values."""
        points = np.quantile(self.ordered, (np.arange(n_values) + 0.5) / n_values)
        distinct, times = np.unique(points, return_counts=True)
        count = self.n_bidders if n_bidders is None else n_bidders
        return AuctionProblem([distinct] * count, [times / n_values] * count, cost=cost)

    def _table(self) -> Table:
        shares = (0.1, 0.25, 0.5, 0.75, 0.9)
        return Table(
            (
                names("quantile", [f"{share:.0%}" for share in shares]),
                Column("bid", np.quantile(self.bids, shares).tolist(), f".{DIGITS}g"),
                Column("value", np.quantile(self.ordered, shares).tolist(), f".{DIGITS}g"),
            ),
            f"Values behind {self.bids.size} bids, {self.n_bidders} in each of {len(self.bids)} first-price auctions",
            [f"{self.falling:.1%} of values fall where bids rise; bids are averaged within {self.bandwidth:.3g}"],
        )


@checked
def values_from_bids(bids: Any, *, bandwidth: float | None = None) -> BidValues:
    """What bidders in first-price auctions were willing to pay.

    Parameters
    ----------
    bids : (n_auctions, n_bidders) array or frame, money; every bid of every auction, nobody kept out by a reserve price
    bandwidth : money within which bids are averaged; by default Silverman's rule for a triweight kernel

    Returns
    -------
    BidValues
        Its `problem()` is an `AuctionProblem`; `reserve_price` and `reserve_interval` are what to do about it.

    Raises
    ------
    ProblemError
        If bids are no table of numbers, too few, all alike, or from auctions of one bidder.

    References
    ----------
    Guerre, Perrigne & Vuong (2000), Optimal nonparametric estimation of first-price auctions, Econometrica 68. Hickman
    & Hubbard (2015), Replacing sample trimming with boundary correction, Journal of Applied Econometrics 30. Jones
    (1993), Simple boundary correction for kernel density estimation, Statistics and Computing 3.

    Examples
    --------
    Values uniform on [0, 1], three bidders: they bid two thirds of them, and the best reserve price is one half.

    >>> drawn = np.random.default_rng(0).uniform(size=(2000, 3))
    >>> found = values_from_bids(drawn * 2 / 3)
    >>> bool(np.abs(found.values - drawn).max() < 0.12), round(found.reserve_price(), 1)
    (True, 0.5)
    """
    table = finite("bids", bids)
    if table.ndim != 2 or table.shape[1] < 2:
        raise ProblemError(f"bids has shape {table.shape}; expected (n_auctions, n_bidders) with two bidders or more")
    if table.size < FEWEST:
        raise ProblemError(f"bids holds {table.size} bids: a density takes {FEWEST} at least")
    low, high = float(table.min()), float(table.max())
    if low == high:
        raise ProblemError("bids are all the same: they tell nothing of values")
    width = RULE * float(table.std()) * table.size ** (-1 / 5) if bandwidth is None else number("bandwidth", bandwidth)
    if width <= 0:
        raise ProblemError(f"bandwidth is {width:g}: give money above 0")
    flat = np.sort(table, axis=None)
    at = np.linspace(low, high, GRID)
    density = np.interp(table, at, _density(flat, at, width))
    below = np.searchsorted(flat, table, side="right") / len(flat)
    return BidValues(table, table + below / ((table.shape[1] - 1) * density), width)


def _density(bids: Array, at: Array, width: float) -> Array:
    """Kernel density at some points between the lowest and the highest bid, corrected near both."""
    kernel, line = np.empty(len(at)), np.empty(len(at))
    step = max(CHUNK // len(bids), 1)
    for start in range(0, len(at), step):
        apart = (bids - at[start : start + step, np.newaxis]) / width
        weight = _triweight(apart)
        kernel[start : start + step] = weight.mean(axis=1)
        line[start : start + step] = (weight * apart).mean(axis=1)
    part = _moments((bids[0] - at) / width, (bids[-1] - at) / width)
    corrected = (part[2] * kernel - part[1] * line) / (part[0] * part[2] - part[1] ** 2)
    return np.where(corrected > 0, corrected, kernel / part[0]) / width


def _moments(low: Array, high: Array) -> Array:
    """Integrals of u^k K(u) between two ends for k = 0, 1, 2; (3, n), exact as K is a polynomial."""
    nodes, weights = np.polynomial.legendre.leggauss(6)
    low, high = np.clip(low, -1.0, 1.0), np.clip(high, -1.0, 1.0)
    u = (low + high) / 2 + np.multiply.outer(nodes, (high - low) / 2)
    mass = weights[:, np.newaxis] * _triweight(u) * (high - low) / 2
    return np.stack([(mass * u**k).sum(axis=0) for k in range(3)])


def _triweight(u: Array) -> Array:
    return np.asarray(35 / 32 * np.maximum(1.0 - u**2, 0.0) ** 3)

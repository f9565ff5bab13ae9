r"""Finitely many types for a continuum: cells of equal width or equal chance, or Gauss's points.

Cells keep the distribution: each weight is the exact chance of its cell. A type that stands for a cell at its lower
end ("lower") makes the value one that a schedule earns, for contracts made for the lowest type of a cell are taken by
all of it; along one dimension its revenue curve runs through the true one, so the error is of order 2. Middles and
medians misjudge rents by half a cell, an error of order 1. Gauss's points have the first 2 n moments right, and no
cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from contracts.continuum.laws import Atoms, Law, edges_of
from contracts.continuum.quadrature import masses
from contracts.continuum.reading import DataAs, law_of
from contracts.display.numbers import plural
from contracts.display.table import Column, Table, Tabular
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, distribution, extended
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Count

if TYPE_CHECKING:
    import pandas as pd

Rule = Literal["midpoint", "lower", "quantile", "gauss"]
MOST_TYPES = 200_000
MOST_POINTS = 64  # of Gauss, beyond which moments are no floats
NOBODY = 1e-15  # share of types that a difference of chances cannot tell from none
SHOWN = 12


@checked
@dataclass(frozen=True, eq=False, repr=False)
class Discretisation(Tabular):
    """Types and weights that stand for a continuum.

    Attributes
    ----------
    valuations, weights : (n_types, n_goods) and (n_types,), as solve_menu takes them
    lower, upper : (n_types, n_goods) ends of the cell that each type stands for, nan for Gauss's points
    rule : "midpoint", "lower", "quantile" or "gauss"
    """

    valuations: Array
    weights: Array
    lower: Array
    upper: Array
    rule: str

    @property
    def n_types(self) -> int:
        """How many types there are."""
        return len(self.weights)

    @property
    def n_goods(self) -> int:
        """How many goods they value."""
        return self.valuations.shape[1]

    @property
    def has_cells(self) -> bool:
        """Whether each type stands for all types near it, so that errors can be bounded."""
        return self.rule != "gauss"

    def to_frame(self) -> pd.DataFrame:
        """One row per type: its weight, and for each good its valuation and the ends of its cell."""
        return Table(self._columns()).to_frame()

    def _columns(self) -> list[Column]:
        columns = [Column("type", list(range(self.n_types)))]
        for k in range(self.n_goods):
            name = "" if self.n_goods == 1 else f"_{k}"
            parts = (("valuation", self.valuations), ("lower", self.lower), ("upper", self.upper))
            columns += [Column(f"{word}{name}", part[:, k], ".4g") for word, part in parts]
        return [*columns, Column("weight", self.weights, ".4g")]

    def _table(self) -> Table:
        rows = np.unique(np.linspace(0, self.n_types - 1, SHOWN).round().astype(int))
        words = f"{plural(self.n_types, 'type')} for a continuum in {plural(self.n_goods, 'good')}, rule {self.rule!r}"
        return Table(self._columns(), words, shown=rows.tolist())


@checked(own=("distribution", "support"))
def discretise(
    distribution: Any,
    n_types: Count,
    *,
    rule: Rule = "midpoint",
    support: Any = None,
    data: DataAs = "kernel",
) -> Discretisation:
    """Types and weights for a distribution, ready for solve_menu.

    Parameters
    ----------
    distribution : as for optimal_schedule; for several goods a list of one per good, independent of each other
    n_types : along each good, so that d goods have n_types^d types
    rule : "midpoint" (cells of equal width, their middles), "lower" (their lower ends), "quantile" (cells of equal
        chance, their medians) or "gauss" (the points and weights of Gauss)
    support : (lowest, highest), or a list of one per good; the distribution is conditional on it
    data : what (n_people,) data are: "kernel", smoothed, or "empirical", which are types already and are refused

    Raises
    ------
    ProblemError
        If cells of equal width have no end, moments that Gauss's points need are infinite, or there are too many types.

    Examples
    --------
    >>> import scipy.stats
    >>> types = discretise(scipy.stats.uniform(0, 1), 4)
    >>> types.valuations.ravel(), types.weights
    (array([0.125, 0.375, 0.625, 0.875]), array([0.25, 0.25, 0.25, 0.25]))
    >>> discretise([scipy.stats.uniform(0, 1), scipy.stats.expon()], 3, rule="quantile").n_types
    9
    """
    if rule not in ("midpoint", "lower", "quantile", "gauss"):
        raise ProblemError(f"rule is {rule!r}: give 'midpoint', 'lower', 'quantile' or 'gauss'")
    several = isinstance(distribution, list | tuple) and len(distribution) > 0 and not np.isscalar(distribution[0])
    goods = list(distribution) if several else [distribution]
    ends = _supports(support, len(goods)) if several else [support]
    if n_types ** len(goods) > MOST_TYPES:
        raise ProblemError(
            f"n_types is {n_types}, so there are {n_types}^{len(goods)} types: stay below {MOST_TYPES:,}, or draw "
            "types at random and weigh them alike"
        )
    laws = [law_of(good, end, data) for good, end in zip(goods, ends, strict=True)]
    for law in laws:
        if isinstance(law, Atoms):
            raise ProblemError(
                "distribution is of finitely many types: give them to solve_menu as they are, or smooth them, "
                "data='kernel'"
            )
    sides = [_gauss(law, n_types) if rule == "gauss" else _cells(law, n_types, rule) for law in laws]  # type: ignore[arg-type]
    return _product(sides, rule)


def _supports(support: Any, count: int) -> Sequence[Any]:
    if support is None:
        return [None] * count
    if not isinstance(support, list | tuple) or len(support) != count or any(np.ndim(end) == 0 for end in support):
        raise ProblemError(f"support is {support!r}: give (lowest, highest) for each of {count} goods, in a list")
    return support


Side = tuple[Array, Array, Array, Array]  # values, weights, lower and upper ends


def _cells(law: Law, count: int, rule: str) -> Side:
    low, high = law.line.lower, law.line.upper
    if rule == "quantile":
        shares = np.arange(1, count) / count
        edges = np.concatenate([[low], law.quantile(shares, 1 - shares), [high]])
        middle = (np.arange(count) + 0.5) / count
        return law.quantile(middle, 1 - middle), np.full(count, 1 / count), edges[:-1], edges[1:]
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ProblemError(
            f"the distribution lives on ({low:g}, {high:g}), which cells of equal width do not fill: cut it, "
            "support=(lowest, highest), or use rule='quantile'"
        )
    edges = np.linspace(low, high, count + 1)
    below, above = law.cdf(edges), law.sf(edges)
    weights = np.where(below[1:] < 0.5, np.diff(below), -np.diff(above))
    values = (edges[:-1] + edges[1:]) / 2 if rule == "midpoint" else edges[:-1]
    kept = weights > NOBODY
    return values[kept], weights[kept], edges[:-1][kept], edges[1:][kept]


def _gauss(law: Law, count: int) -> Side:
    """Eigenvalues of the Jacobi matrix that Lanczos finds for the distribution on fine points (Golub & Welsch 1969)."""
    if count > MOST_POINTS:
        raise ProblemError(
            f"n_types is {count}: Gauss's points are found for at most {MOST_POINTS}; use rule='quantile'"
        )
    points, mass = masses(law.pdf, law.line, edges_of(law))
    middle, scale = law.line.middle, law.line.scale
    x = (points - middle) / scale
    diagonal, beside = np.zeros(count), np.zeros(count)
    basis = np.zeros((count + 1, len(x)))
    with np.errstate(over="ignore", invalid="ignore"):
        basis[0] = np.sqrt(mass / mass.sum())
        for k in range(count):
            following = x * basis[k]
            diagonal[k] = following @ basis[k]
            for _ in range(2):
                following = following - basis[: k + 1].T @ (basis[: k + 1] @ following)
            beside[k] = np.sqrt(following @ following)
            basis[k + 1] = following / beside[k] if beside[k] > 0 else 0.0
    tail = float(np.abs(basis[:count, -1]).max())
    if not (np.isfinite(diagonal).all() and np.isfinite(beside).all()) or (tail > 1e-3 and np.isinf(law.line.upper)):
        raise ProblemError(
            f"moments up to {2 * count} of the distribution are infinite: Gauss's points need them; cut the support, "
            "support=(lowest, highest), take fewer, or use rule='quantile'"
        )
    jacobi = np.diag(diagonal) + np.diag(beside[: count - 1], 1) + np.diag(beside[: count - 1], -1)
    nodes, vectors = np.linalg.eigh(jacobi)
    absent = np.full(count, np.nan)
    weights = vectors[0] ** 2
    kept = weights > 0
    return middle + scale * nodes[kept], weights[kept], absent[kept], absent[kept]


def _product(sides: list[Side], rule: str) -> Discretisation:
    values, lower, upper = (
        np.stack(np.meshgrid(*(side[part] for side in sides), indexing="ij"), axis=-1).reshape(-1, len(sides))
        for part in (0, 2, 3)
    )
    weights = reduce(np.multiply.outer, [side[1] for side in sides]).ravel()
    kept = weights > 0  # a product of small shares may be none
    return Discretisation(
        extended("valuations", values[kept]), distribution(weights[kept]), lower[kept], upper[kept], rule
    )

"""Costs that differ by type: what serving an agent costs may depend on who it is, as claims of the insured do."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from contracts.inputs.arrays import Array, Indices
from contracts.inputs.frozen import dataclass
from contracts.problem.costs import traits
from contracts.problem.costs.basic import Cost, scaled_cost, value_size
from contracts.problem.costs.composite import Separable
from contracts.problem.domains import Domain


@dataclass(frozen=True, eq=False)
class ByType:
    """A cost whose k-th row is that of the k-th type: c_i(x_i), row by row.

    A problem makes one of `cost=[...]`, with one cost per type. Every method takes exactly one row per type; `rows_of`
    chooses other types, and `parts_of` tells which types have which cost.

    Parameters
    ----------
    costs : the distinct costs
    index : (n_types,) which of them each type has
    """

    costs: tuple[Any, ...]
    index: Indices

    is_closed_form = property(lambda self: all(map(traits.is_closed_form, self.costs)))
    is_a_sum_over_goods = property(lambda self: all(map(traits.is_a_sum_over_goods, self.costs)))
    curves_everywhere = property(lambda self: all(map(traits.curves_everywhere, self.costs)))

    def finite_range(self, n_goods: int) -> tuple[Array, Array]:
        """Of all types together."""
        ends = [traits.finite_range(part, n_goods) for part in self.costs]
        return np.max([low for low, _ in ends], axis=0), np.min([high for _, high in ends], axis=0)

    def finite_faces(self, n_goods: int) -> tuple[Array, Array]:
        """Of all types together."""
        faces = [traits.finite_faces(part, n_goods) for part in self.costs]
        return np.vstack([normals for normals, _ in faces]), np.concatenate([limits for _, limits in faces])

    def asymptotic_slopes(self, n_goods: int) -> tuple[Array, Array]:
        """A row for each type, (n_types, n_goods)."""
        each = [traits.asymptotic_slopes(part, n_goods) for part in self.costs]
        less, more = (np.array([slopes[way] for slopes in each])[self.index] for way in (0, 1))
        return less, more

    def parts(self) -> list[tuple[Any, Indices]]:
        """Every cost that some type has, and the types that have it."""
        found = ((cost, np.flatnonzero(self.index == k)) for k, cost in enumerate(self.costs))
        return [(cost, types) for cost, types in found if types.size]

    def _rows(self, method: str, values: Array, *others: Any) -> Array:
        """Rows of an array from a method of each type's own cost."""
        self._check_rows(values)
        found: Array | None = None
        for cost, types in self.parts():
            part = np.asarray(getattr(cost, method)(values[types], *others))
            found = np.empty((len(values), *part.shape[1:])) if found is None else found
            found[types] = part
        assert found is not None
        return found

    def _check_rows(self, values: Any) -> None:
        if values.shape[0] != len(self.index):
            raise ValueError(f"{values.shape[0]} rows for the costs of {len(self.index)} types: say whose they are")

    def value(self, allocation: Array) -> Array:
        return self._rows("value", allocation)

    def value_size(self, allocation: Array) -> Array:
        """Sizes of the terms of the value, which its rounding is relative to."""
        found = np.empty(len(allocation))
        for cost, types in self.parts():
            found[types] = value_size(cost, allocation[types])
        return found

    def conjugate(self, valuation: Array, domain: Domain) -> tuple[Array, Array]:
        self._check_rows(valuation)
        value, best = np.empty(len(valuation)), np.empty_like(valuation)
        for cost, types in self.parts():
            value[types], best[types] = cost.conjugate(valuation[types], domain)
        return value, best

    def expression(self, allocation: Any) -> Any:
        import cvxpy as cp

        self._check_rows(allocation)
        parts = self.parts()
        order = np.concatenate([types for _, types in parts])
        spent = cp.hstack([cost.expression(allocation[types]) for cost, types in parts])
        return spent[np.argsort(order)]

    def scaled(self, unit: float, money: float) -> ByType:
        return self.of_each(lambda cost: scaled_cost(cost, unit, money))

    def of_each(self, change: Callable[[Any], Any]) -> ByType:
        """The types' costs, each changed."""
        return type(self)(tuple(map(change, self.costs)), self.index)

    def rows_of(self, types: Indices) -> ByType:
        """The costs of these types, one row each."""
        return type(self)(self.costs, self.index[types])


@dataclass(frozen=True, eq=False)
class SmoothByType(ByType):
    """Costs by type that all have a gradient, and a hessian."""

    def gradient(self, allocation: Array) -> Array:
        return self._rows("gradient", allocation)

    def hessian(self, allocation: Array) -> Array:
        return self._rows("hessian", allocation)


def by_type(costs: Sequence[Any]) -> ByType:
    """Costs of types, one each in their order; equal ones are one cost.

    Examples
    --------
    >>> from contracts import Quadratic
    >>> cost = by_type([Quadratic(1.0), Quadratic(2.0), Quadratic(1.0)])
    >>> len(cost.costs), cost.index
    (2, array([0, 1, 0]))
    >>> cost.value(np.ones((3, 1)))
    array([0.5, 1. , 0.5])
    """
    numbers: dict[Any, int] = {}
    index = np.array([numbers.setdefault(_key(cost), len(numbers)) for cost in costs], dtype=np.intp)
    distinct = tuple(costs[int(np.argmax(index == k))] for k in range(len(numbers)))
    index.setflags(write=False)
    smooth = all(hasattr(cost, "gradient") and hasattr(cost, "hessian") for cost in distinct)
    return (SmoothByType if smooth else ByType)(distinct, index)


def parts_of(cost: Any) -> list[tuple[Cost, Any]]:
    """Every cost that some type has, with an index of the types that have it: all of them where there is one cost."""
    return cost.parts() if isinstance(cost, ByType) else [(cost, slice(None))]


def straight_prices(cost: Any, shape: tuple[int, int]) -> Array:
    """What another unit of each good costs, however much there is of it; nan where the cost curves; (n_types, n_goods).

    Costs may be straight for some types only, or in some goods.
    """
    prices = np.full(shape, np.nan)
    part: Any
    for part, types in parts_of(cost):
        if traits.is_straight(part):
            prices[types] = part.gradient(np.zeros((1, shape[1])))[0]
        elif isinstance(part, Separable):
            for good, own in enumerate(part.costs):
                if traits.is_straight(own):
                    prices[types, good] = own.gradient(np.zeros((1, 1)))[0, 0]
    return prices


def rows_of(cost: Any, types: Indices) -> Any:
    """The cost of these types, one row each."""
    return cost.rows_of(types) if isinstance(cost, ByType) else cost


def of_each(cost: Any, change: Callable[[Any], Any]) -> Any:
    """A changed cost, type by type where costs differ by type."""
    return cost.of_each(change) if isinstance(cost, ByType) else change(cost)


def index_of(cost: Any, n_types: int) -> Indices:
    """Number of each type's cost, 0 where there is one cost; (n_types,)."""
    return cost.index if isinstance(cost, ByType) else np.zeros(n_types, dtype=np.intp)


def _key(part: Any) -> Any:
    """Equal for costs of equal parameters; a cost of the user's own is equal to itself only."""
    if isinstance(part, np.ndarray):
        return part.shape, part.tobytes()
    if isinstance(part, tuple | list):
        return tuple(map(_key, part))
    if part is None or isinstance(part, int | float | str):
        return part
    if dataclasses.is_dataclass(part) and type(part).__module__.startswith("contracts."):
        return type(part), *(_key(getattr(part, field.name)) for field in dataclasses.fields(part))
    return id(part)

"""Which coefficients classes share, and which are known: coefficients as an affine function of free parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, number
from contracts.inputs.frozen import dataclass
from contracts.inputs.names import listed


@dataclass(frozen=True, eq=False)
class Restrictions:
    """Coefficients of all classes are `known` plus `design` times the free parameters.

    Examples
    --------
    >>> found = restrictions_of(("time", "cost"), 2, ["cost"], {"time": [0.0, None]})
    >>> found.labels
    ('cost', 'class 1: time')
    >>> found.coefficients(np.array([-1.0, -2.0]))
    array([[ 0., -1.],
           [-2., -1.]])
    """

    labels: tuple[str, ...]  # of the free parameters: shared ones first, then class by class
    known: Array  # (n_classes, n_attributes), 0 where coefficients are free
    design: Array  # (n_classes, n_attributes, n_free) of 0 and 1

    @property
    def n_free(self) -> int:
        return len(self.labels)

    @property
    def are_alike(self) -> bool:
        """Whether classes are restricted alike, so that their order means nothing."""
        free = self.design.max(axis=2)
        return bool((free == free[0]).all() and (self.known == self.known[0]).all())

    def coefficients(self, free: Array) -> Array:
        """Coefficients of all classes; (n_classes, n_attributes)."""
        return np.asarray(self.known + self.design @ free)

    def free(self, coefficients: Array) -> Array:
        """The free parameters of coefficients, those of shared ones as a mean over classes; (n_free,)."""
        total = np.einsum("kaf,ka->f", self.design, coefficients)
        return np.asarray(total / self.design.sum(axis=(0, 1)))

    def in_units(self, size: Array) -> Restrictions:
        """The same restrictions of attributes divided by `size`, (n_attributes,)."""
        return Restrictions(self.labels, self.known * size, self.design)

    def free_sizes(self, size: Array) -> Array:
        """The size of the attribute of each free parameter; (n_free,)."""
        return np.asarray(size[self.design.any(axis=0).argmax(axis=0)])


def restrictions_of(
    names: tuple[str, ...], n_classes: int, shared: Sequence[str], fixed: Mapping[str, Any]
) -> Restrictions:
    """Restrictions by the names of attributes; refuses unknown names, and classes that cannot differ."""
    for what, given in (("shared", shared), ("fixed", fixed)):
        for name in given:
            if name not in names:
                raise ProblemError(f"{what} names {name!r}, which is no attribute: the attributes are {listed(names)}")
    values = {name: _values(name, fixed[name], n_classes) for name in fixed}
    places: list[tuple[str, list[tuple[int, int]]]] = []  # of each free parameter
    for a, name in enumerate(names):
        if name in shared:
            free = [(k, a) for k in range(n_classes) if values.get(name, [None] * n_classes)[k] is None]
            places += [(name, free)] if free else []
    for k in range(n_classes):
        for a, name in enumerate(names):
            if name not in shared and values.get(name, [None] * n_classes)[k] is None:
                places.append((f"class {k}: {name}", [(k, a)]))
    if not places:
        raise ProblemError("fixed leaves nothing to estimate: leave a coefficient free")
    known, design = np.zeros((n_classes, len(names))), np.zeros((n_classes, len(names), len(places)))
    for name, row in values.items():
        known[:, names.index(name)] = [0.0 if value is None else value for value in row]
    for f, (_, where) in enumerate(places):
        for k, a in where:
            design[k, a, f] = 1.0
    _refuse_same(known, design)
    return Restrictions(tuple(label for label, _ in places), known, design)


def _values(name: str, given: Any, n_classes: int) -> list[float | None]:
    """One number or None per class."""
    row = [given] * n_classes if np.ndim(given) == 0 else list(given)
    if len(row) != n_classes:
        raise ProblemError(
            f"fixed[{name!r}] has {len(row)} values for {n_classes} classes: give one number, or one per class, None "
            "where the coefficient is to be estimated"
        )
    return [None if value is None else number(f"fixed[{name!r}]", value) for value in row]


def _refuse_same(known: Array, design: Array) -> None:
    """Two classes whose coefficients are the same for all parameters are one class."""
    for k in range(len(known)):
        for other in range(k):
            if np.array_equal(known[k], known[other]) and np.array_equal(design[k], design[other]):
                raise ProblemError(
                    f"classes {other} and {k} have the same coefficients, whatever is estimated: leave an attribute "
                    "out of shared, or fix it in one of the two"
                )

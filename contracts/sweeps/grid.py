"""The cells of a sweep by number: every combination of values of named parameters, none made before it is asked for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.frozen import dataclass

RESERVED = ("cell", "error", "rng", "replication")  # columns and arguments of the sweep's own


@dataclass(frozen=True, eq=False)
class Grid:
    """Parameters and their values.

    Attributes
    ----------
    names : of the parameters
    axes : the values of each, of which a cell is a combination, the last varying fastest; or None
    listed : the values of every cell, if they are no combinations
    n_replications : how often every cell is repeated

    Examples
    --------
    >>> grid = Grid(("cost", "tax"), axes=([1.0, 2.0], range(10**9)))
    >>> grid.n_cells, grid.cell(10**9 + 7)
    (2000000000, {'cost': 2.0, 'tax': 7})
    """

    names: tuple[str, ...]
    axes: tuple[Sequence[Any], ...] = ()
    listed: Sequence[Mapping[str, Any]] | None = None
    n_replications: int = 1

    @property
    def n_cells(self) -> int:
        """How many cells there are."""
        points = math.prod(map(len, self.axes)) if self.listed is None else len(self.listed)
        return points * self.n_replications

    def cell(self, index: int) -> dict[str, Any]:
        """The parameters of one cell."""
        point = index // self.n_replications
        if self.listed is not None:
            return dict(self.listed[point])
        values = []
        for axis in reversed(self.axes):
            point, place = divmod(point, len(axis))
            values.append(axis[place])
        return dict(zip(self.names, reversed(values), strict=True))

    def shown(self, index: int) -> dict[str, Any]:
        """The same as rows hold them: numbers and texts, and objects in their own words."""
        row = {name: shown(value) for name, value in self.cell(index).items()}
        return row | ({"replication": index % self.n_replications} if self.n_replications > 1 else {})


def read_grid(grid: Any, n_replications: int) -> Grid:
    """What users write: values by parameter, or a list of cells.

    Raises
    ------
    ProblemError
        If there is no parameter or no value, or a name is one that rows of a sweep have of their own.

    Examples
    --------
    >>> read_grid({"cost": []}, 1)
    Traceback (most recent call last):
        ...
    contracts.errors.ProblemError: grid['cost'] is empty: give at least one value
    """
    if isinstance(grid, Mapping):
        _check_names(grid)
        return Grid(tuple(grid), axes=tuple(_axis(*one) for one in grid.items()), n_replications=n_replications)
    if isinstance(grid, str) or not isinstance(grid, Sequence) or not all(isinstance(one, Mapping) for one in grid):
        raise ProblemError(
            f"grid is {type(grid).__name__}: give values by parameter, such as {{'cost': [1.0, 2.0]}}, or a list of "
            "mappings, one for each cell"
        )
    if not grid:
        raise ProblemError("grid is empty: give at least one cell")
    _check_names(grid[0])
    for place, one in enumerate(grid):
        if set(one) != set(grid[0]):
            raise ProblemError(
                f"grid[{place}] names {list(one)} and grid[0] {list(grid[0])}: name the same in every cell"
            )
    return Grid(tuple(grid[0]), listed=grid, n_replications=n_replications)


def shown(value: Any) -> Any:
    """A value as a row holds it.

    Examples
    --------
    >>> shown(np.float64(0.5)), shown([1, 2])
    (0.5, '[1, 2]')
    """
    plain = value.item() if isinstance(value, np.generic) else value
    if plain is None or isinstance(plain, bool | float | str) or (isinstance(plain, int) and abs(plain) < 2**63):
        return plain
    return str(plain)


def _axis(name: str, values: Any) -> Sequence[Any]:
    if isinstance(values, str) or not hasattr(values, "__len__") or isinstance(values, Mapping):
        raise ProblemError(f"grid[{name!r}] is {type(values).__name__}: give a list of values")
    axis = values if isinstance(values, Sequence) else list(values)
    if not len(axis):
        raise ProblemError(f"grid[{name!r}] is empty: give at least one value")
    return axis


def _check_names(names: Mapping[Any, Any]) -> None:
    if not names:
        raise ProblemError("grid names no parameter: give at least one, with its values")
    for name in names:
        if not isinstance(name, str):
            raise ProblemError(f"grid has the name {name!r}: name parameters by text")
        if name in RESERVED:
            raise ProblemError(f"grid names {name!r}, which a sweep has of its own: name the parameter otherwise")

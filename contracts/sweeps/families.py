"""The families that a sweep runs over: a function or a problem, and what either gives in a cell, as plain columns."""

from __future__ import annotations

import dataclasses
import inspect
import numbers
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import described
from contracts.inputs.names import field_names
from contracts.menu.menu import Menu
from contracts.problem.screening import ScreeningProblem
from contracts.solve import solve_menu
from contracts.sweeps.cells import Row
from contracts.sweeps.grid import RESERVED, Grid
from contracts.sweeps.marks import fact, library_version

ROUNDING = 1e-9  # share of the largest transfer
OWN = ("rng", "replication")  # arguments that a function may ask for


@dataclass(frozen=True, eq=False)
class Family:
    """A function or a problem with its grid: the task of every worker."""

    family: Callable[..., Any] | ScreeningProblem
    grid: Grid
    seed: int
    gap: float
    takes: tuple[str, ...]  # arguments of the sweep's own that the function asks for

    def shown(self, cell: int) -> Row:
        """The parameters of a cell."""
        return self.grid.shown(cell)

    def row(self, cell: int) -> Row:
        """What the function finds in a cell, with draws of that cell's own."""
        values = self.grid.cell(cell)
        if isinstance(self.family, ScreeningProblem):
            return self.columns(dataclasses.replace(self.family, **values))
        if "rng" in self.takes:  # what SeedSequence(seed).spawn(n_cells)[cell] is, without the others
            values["rng"] = np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(cell,)))
        if "replication" in self.takes:
            values["replication"] = cell % self.grid.n_replications
        return self.columns(self.family(**values))

    def columns(self, found: Any) -> Row:
        """A row of what a function gives: plain values by name; a problem is solved."""
        if isinstance(found, ScreeningProblem):
            found = solve_menu(found, gap=self.gap)
        if isinstance(found, Menu):
            found = _of_menu(found)
        elif hasattr(found, "value") and hasattr(found, "upper_bound"):
            found = {"value": found.value, "upper_bound": found.upper_bound}
        if not isinstance(found, Mapping):
            return {"value": _plain("value", found)}
        taken = {*self.grid.names, *RESERVED}
        for name in found:
            if not isinstance(name, str) or name in taken:
                raise ProblemError(f"the function gives {name!r}, which names no column of its own: name it otherwise")
        return {name: _plain(name, value) for name, value in found.items()}


def _of_menu(menu: Menu) -> Row:
    """The columns of a menu; nothing where expected utility is rounding."""
    expected = float(menu.problem.weights @ menu.utility)
    money = float(np.abs(menu.transfer).max(initial=0.0))
    return {
        "value": menu.value,
        "upper_bound": menu.upper_bound,
        "expected_utility": expected if abs(expected) > ROUNDING * money else 0.0,
        "n_options": len(menu.options.transfers),
        "n_excluded": int((menu.option_of_type < 0).sum()),
    }


def _plain(name: str, value: Any) -> Any:
    """A value of a row: numbers become floats, so that a column is one kind whatever its cells happen to give."""
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        value = value.item()
    if value is None or isinstance(value, bool | str):
        return value
    if not isinstance(value, numbers.Real):
        raise ProblemError(f"{name} is {described(value)}: give a number, a text, True, False or None in each column")
    return float(value)


def read_family(family: Any, grid: Grid, seed: int, gap: float) -> Family:
    """The task of a sweep.

    Raises
    ------
    ProblemError
        If it is neither function nor problem, or cannot take the parameters of the grid.
    """
    if isinstance(family, ScreeningProblem):
        known = field_names(family)
        for name in grid.names:
            if name not in known:
                raise ProblemError(f"grid names {name!r}, which is no field of the problem: use {', '.join(known)}")
        takes: tuple[str, ...] = ()
    elif callable(family) and not isinstance(family, type):
        takes = _asked(family, grid)
    else:
        raise ProblemError(f"family is {described(family)}: give a function of the parameters, or a problem")
    if grid.n_replications > 1 and not takes:
        raise ProblemError(
            f"n_replications is {grid.n_replications}, and every repetition would be the same: give a function "
            "that takes rng, or leave n_replications out"
        )
    return Family(family, grid, seed, gap, takes)


def _asked(function: Callable[..., Any], grid: Grid) -> tuple[str, ...]:
    """The arguments of the sweep's own that a function takes by name."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # compiled, without a signature
        return ()
    takes = tuple(
        name
        for name in OWN
        if name in signature.parameters and signature.parameters[name].kind.name != "POSITIONAL_ONLY"
    )
    try:
        signature.bind(**dict.fromkeys([*grid.names, *takes]))
    except TypeError as exc:
        named = getattr(function, "__name__", type(function).__name__)
        raise ProblemError(
            f"{named} cannot be called with the names of the grid ({exc}): make names and arguments agree"
        ) from exc
    return takes


def facts_of(task: Family) -> dict[str, Any]:
    """What a folder of rows belongs to."""
    grid = task.grid
    values = (
        fact(list(grid.listed)) if grid.listed is not None else dict(zip(grid.names, map(fact, grid.axes), strict=True))
    )
    return {
        "function": fact(task.family),
        "grid": values,
        "replications": grid.n_replications,
        "seed": task.seed,
        "gap": task.gap,
        "version": library_version(),
    }

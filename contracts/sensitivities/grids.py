"""The best menu along a grid of one parameter, with certified values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from contracts.display.palette import INK, PALETTE, axes
from contracts.display.table import Column, Table, Tabular
from contracts.errors import ContractError, ProblemError
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.progress import reporter
from contracts.menu.menu import Menu
from contracts.problem.screening import ScreeningProblem
from contracts.solve import solve_menu

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


ROUNDING = 1e-9  # share of the largest transfer


@checked
@dataclass(frozen=True, eq=False)
class ComparativeStatics(Tabular):
    """The best menus along a grid of one parameter.

    Attributes
    ----------
    parameter : what varies
    grid : its values
    menus : the best menu at each of them
    """

    parameter: str
    grid: tuple[Any, ...]
    menus: tuple[Menu, ...]

    @property
    def value(self) -> Array:
        """(n_grid,) what the menus are worth."""
        return np.array([menu.value for menu in self.menus])

    @property
    def upper_bound(self) -> Array:
        """(n_grid,) what no menu is worth more than, proven."""
        return np.array([menu.upper_bound for menu in self.menus])

    def to_frame(self) -> pd.DataFrame:
        """One row per value of the parameter: value, proven bound, expected utility, how many options and left out."""
        return self._table().to_frame()

    def types_frame(self) -> pd.DataFrame:
        """One row per value of the parameter and type: the menus themselves, one below the other."""
        from contracts.inputs.extras import pandas

        return pandas().concat([menu.to_frame() for menu in self.menus], keys=self._named, names=[self.parameter])

    def plot(self, ax: Axes | None = None, *, of: str = "value") -> Axes:
        """The value and its proven bound along the grid, or of="utility", or "allocation" of every type (one good)."""
        if of not in ("value", "utility", "allocation"):
            raise ProblemError(f"of is {of!r}: use 'value', 'utility' or 'allocation'")
        ax = axes(ax, figsize=(6.4, 4.2), layout="constrained")
        numeric = all(isinstance(one, int | float | np.number) for one in self.grid)
        where = np.array(self.grid, dtype=np.float64) if numeric else np.arange(len(self.grid))
        if of == "value":
            ax.plot(where, self.value, "o-", color=PALETTE[0], markersize=4, label="best menu")
            ax.fill_between(where, self.value, self.upper_bound, color=PALETTE[1], alpha=0.5, label="proven bound")
            ax.set_ylabel("value")
        else:
            problem = self.menus[0].problem
            if of == "allocation" and problem.n_goods > 1:
                raise ProblemError("allocation is drawn of one good: use types_frame() for several")
            by_type = np.array([menu.utility if of == "utility" else menu.allocation[:, 0] for menu in self.menus])
            for i, label in enumerate(problem.labels):
                ax.plot(where, by_type[:, i], color=PALETTE[i % len(PALETTE)], label=str(label))
            ax.set_ylabel(of)
        if not numeric:
            ax.set_xticks(where, self._named, rotation=30, ha="right")
        ax.set_xlabel(self.parameter, color=INK)
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend(frameon=False)
        return ax

    @property
    def _named(self) -> list[Any]:
        return [one if isinstance(one, int | float | np.number) else str(one) for one in self.grid]

    def _table(self) -> Table:
        menus = self.menus
        return Table(
            [
                Column(self.parameter, self._named, lambda one: one if isinstance(one, str) else format(one, ".6g")),
                Column("value", self.value, ".6g"),
                Column("upper_bound", self.upper_bound, ".6g", "proven bound"),
                Column("expected_utility", [_expected_utility(menu) for menu in menus], ".6g"),
                Column("n_options", [len(menu.options.transfers) for menu in menus], "", "options"),
                Column("n_excluded", [int((menu.option_of_type < 0).sum()) for menu in menus], "", "left out"),
            ]
        )


def _expected_utility(menu: Menu) -> float:
    """Nothing where it is rounding."""
    expected = float(menu.problem.weights @ menu.utility)
    return expected if abs(expected) > ROUNDING * float(np.abs(menu.transfer).max(initial=0.0)) else 0.0


@checked(own=("parameter", "grid"))
def comparative_statics(
    problem: ScreeningProblem,
    parameter: str | Callable[[ScreeningProblem, Any], ScreeningProblem],
    grid: Sequence[Any],
    *,
    gap: float = 1e-6,
    progress: bool | Callable[[str], None] = False,
) -> ComparativeStatics:
    """The best menu at every value of a parameter.

    Parameters
    ----------
    parameter : a field of the problem, such as "serving_cost" or "cost", which takes each value of the grid; or a
        function of the problem and a value that returns the problem to solve
    grid : the values, in order
    gap : as for `solve_menu`
    progress : True to print a line per menu to standard error, or a function that takes the line

    Raises
    ------
    ProblemError
        If the parameter is unknown, the grid is empty, or a problem on it makes no sense: with the value in front.

    Examples
    --------
    >>> from contracts import Quadratic
    >>> problem = ScreeningProblem([1.0, 2.0], [0.75, 0.25], cost=Quadratic())
    >>> print(comparative_statics(problem, "serving_cost", [0.0, 0.5, 1.0]))
    serving cost     value  proven bound  expected utility  options  left out
               0  0.666667      0.666667          0.166667        2         0
             0.5     0.375         0.375                 0        1         1
               1      0.25          0.25                 0        1         1
    """
    named = [field.name for field in fields(problem)]
    if isinstance(parameter, str) and parameter not in named:
        raise ProblemError(f"parameter is {parameter!r}: use a field of the problem ({', '.join(named)}) or a function")
    if not isinstance(parameter, str) and (not callable(parameter) or isinstance(parameter, type)):
        raise ProblemError(f"parameter is {parameter!r}: give the name of a field, or a function of problem and value")
    if isinstance(grid, str) or not hasattr(grid, "__iter__"):
        raise ProblemError(f"grid is {grid!r}: give a list of values")
    values = [one.item() if isinstance(one, np.generic) else one for one in grid]
    if not values:
        raise ProblemError("grid is empty: give at least one value of the parameter")
    report = reporter(progress)
    menus = []
    for number, one in enumerate(values, 1):
        try:
            varied = replace(problem, **{parameter: one}) if isinstance(parameter, str) else parameter(problem, one)
            if not isinstance(varied, ScreeningProblem):
                raise ProblemError(f"the function gave {type(varied).__name__}: let it return a ScreeningProblem")
            menus.append(solve_menu(varied, gap=gap))
        except ContractError as error:
            error.args = (f"at {one!r}: {error}", *error.args[1:])
            raise
        report(f"{number} of {len(values)}: value {menus[-1].value:.6g}")
    name = parameter if isinstance(parameter, str) else getattr(parameter, "__name__", "value")
    return ComparativeStatics(name if name.isidentifier() else "value", tuple(values), tuple(menus))

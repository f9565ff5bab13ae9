"""What short menus cost: the best menu of one option, of two, of three, ..., beside the best of any length."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from contracts.display.numbers import plural
from contracts.display.palette import DIM, PALETTE, axes
from contracts.display.table import Column, Table, Tabular
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, Indices
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Count
from contracts.inputs.progress import checked_seconds, reporter
from contracts.menu.assembly import assembled
from contracts.menu.menu import Menu
from contracts.problem.screening import ScreeningProblem
from contracts.solve import solve_menu

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

MOST_MENUS = 12  # where nobody says how many, and the best menu is longer


@checked
@dataclass(frozen=True, eq=False, repr=False)
class PriceOfSimplicity(Tabular):
    """The best menus of 1, 2, ..., k options, and the best of any number.

    Attributes
    ----------
    best : the best menu of any number of options, of the same allocations and with the same fixed ones
    menus : the best ones of at most so many options, shortest first, each with its certificate
    n_options : (n_menus,) how many that is
    """

    best: Menu
    menus: tuple[Menu, ...]
    n_options: Indices

    @property
    def value(self) -> Array:
        """What each menu is worth; (n_menus,)."""
        return np.array([menu.value for menu in self.menus])

    @property
    def upper_bound(self) -> Array:
        """What no menu of so few options exceeds; (n_menus,)."""
        return np.array([menu.upper_bound for menu in self.menus])

    @property
    def loss(self) -> Array:
        """What each short menu costs at most: the bound on menus of any length less its value; (n_menus,), money."""
        return self.best.upper_bound - self.value

    @property
    def holds(self) -> bool:
        """Whether every certificate holds, that of the longest menu too."""
        return all(menu.certificate.holds for menu in (*self.menus, self.best))

    def to_frame(self) -> pd.DataFrame:
        """One row per menu: options allowed and used, value, bound, loss, share of the best value."""
        return self._table().to_frame()

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the value of every menu under its bound, and the best value of any length. Returns the axes."""
        ax = axes(ax)
        ax.axhline(self.best.value, color=DIM, linestyle="--", linewidth=1, label="any number of options")
        between = self.upper_bound - self.value
        ax.errorbar(self.n_options, self.value, [0.0 * between, np.maximum(between, 0.0)], color=PALETTE[0],
                    marker="o", markersize=4, capsize=3, label="at most so many, up to the proven bound")  # fmt: skip
        ax.set_xticks(self.n_options)
        ax.set_xlabel("options")
        ax.set_ylabel("value")
        ax.legend(frameon=False, fontsize=8)
        ax.spines[["top", "right"]].set_visible(False)
        return ax

    def _table(self) -> Table:
        used = [len(menu.options.transfers) for menu in self.menus]
        whole = self.best.value
        share = self.value / whole if whole > 0 else np.full(len(self.menus), np.nan)
        words = f"Best menu of any length: {plural(len(self.best.options.transfers), 'option')}, value {whole:.6g}"
        columns = [
            Column("options", self.n_options.tolist()),
            Column("used", used),
            Column("value", self.value, ".6g"),
            Column("proven bound", self.upper_bound, ".6g"),
            Column("loss", self.loss, ".3g"),
            Column("share", share, ".2%"),
            Column("certificate", ["holds" if menu.certificate.holds else "open" for menu in self.menus]),
        ]
        return Table(columns, words)


@checked(own=("time_limit", "deterministic", "fixed_options"))
def price_of_simplicity(
    problem: ScreeningProblem,
    max_options: Count | None = None,
    *,
    deterministic: Any = False,
    fixed_options: Any = None,
    gap: float = 1e-6,
    time_limit: float = math.inf,
    progress: bool | Callable[[str], None] = False,
) -> PriceOfSimplicity:
    """The best menus of 1, 2, ..., `max_options` options: what a longer list is worth, with a proof for each.

    Parameters
    ----------
    max_options : the longest of the short menus; by default as long as the best of all, but no more than 12
    deterministic, fixed_options, gap : as for solve_menu. With fixed options the shortest menu has these alone
    time_limit : seconds for all menus together, shared out evenly among those still to come. A menu whose search was
        stopped keeps the gap that it has, and its certificate says "open" in the table

    Raises
    ------
    ProblemError, SolverError
        As solve_menu does.

    Examples
    --------
    Four types, with cost q^2 / 2:

    >>> from contracts.problem.costs import Quadratic
    >>> problem = ScreeningProblem([0.0, 1.0, 2.0, 3.0], cost=Quadratic())
    >>> print(price_of_simplicity(problem))
    Best menu of any length: 2 options, value 1.25
    options  used  value  proven bound      loss    share  certificate
          1     1  1.125         1.125     0.125   90.00%  holds
          2     2   1.25          1.25  ...  100.00%  holds
    """
    limit, began = checked_seconds(time_limit), time.monotonic()
    report = reporter(progress)
    asked = {"deterministic": deterministic, "fixed_options": fixed_options, "gap": gap, "progress": progress}

    def left(n_menus: int) -> float:
        return max((limit - (time.monotonic() - began)) / n_menus, 1e-3) if limit < math.inf else math.inf

    longest = max_options or MOST_MENUS
    if longest > problem.n_types and max_options is not None:
        solve_menu(problem, max_options=max_options)  # which says what is wrong with it
    best = solve_menu(problem, time_limit=left(longest + 1), **asked)
    if max_options is None:
        longest = min(MOST_MENUS, max(len(best.options.transfers), 1))
    shortest = 1 if best.bound.among.fixed is None else len(best.bound.among.fixed)
    if shortest > longest:
        raise ProblemError(f"fixed_options has {shortest} options: give max_options={shortest} or more")
    menus: list[Menu] = []
    for count in range(shortest, longest + 1):
        found = solve_menu(problem, max_options=count, time_limit=left(longest - count + 1), **asked)
        menus.append(_no_worse(found, menus[-1]) if menus else found)
        report(f"{plural(count, 'option')}: value {menus[-1].value:.6g}, bound {menus[-1].upper_bound:.6g}")
    return PriceOfSimplicity(best, tuple(menus), np.arange(shortest, longest + 1))


def _no_worse(found: Menu, shorter: Menu) -> Menu:
    """A menu, or a shorter one that is worth more, as where a search was stopped: it has at most as many options."""
    if found.value >= shorter.value:
        return found
    gap, stopped = found.certificate.requested_gap, found.certificate.is_stopped
    menu = assembled(found.problem, shorter.contracts, shorter.option_of_type, found.bound, shorter.engine, gap)
    return replace(menu, certificate=replace(menu.certificate, is_stopped=stopped))

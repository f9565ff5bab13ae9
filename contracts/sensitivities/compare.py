"""Two menus for the same types: who gains, who loses, what has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from contracts.display.table import Column, Table, Tabular, names
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.menu.menu import Menu
from contracts.readable import readable

if TYPE_CHECKING:
    import pandas as pd

SAME = 1e-9  # share of the largest utility or transfer by which two that are alike may differ


@checked
@dataclass(frozen=True, eq=False)
class Comparison(Tabular):
    """What is different under the second of two menus.

    Attributes
    ----------
    before, after : the menus
    utility, transfer, payoff : (n_types,) changes; payoff is what the principal earns from each type
    allocation : (n_types, n_goods) change
    """

    before: Menu
    after: Menu
    utility: Array
    transfer: Array
    payoff: Array
    allocation: Array

    @property
    def gainers(self) -> tuple[str, ...]:
        """Types that are better off, by more than rounding."""
        return self._beyond(self.utility)

    @property
    def losers(self) -> tuple[str, ...]:
        """Types that are worse off, by more than rounding."""
        return self._beyond(-self.utility)

    @property
    def value(self) -> float:
        """Change of the objective, each menu by its own problem."""
        return self.after.value - self.before.value

    @property
    def value_range(self) -> tuple[float, float]:
        """In what interval the difference of the two best values lies, proven by the menus' bounds."""
        return (
            self.after.value - self.before.upper_bound,
            self.after.upper_bound - self.before.value,
        )

    def to_frame(self) -> pd.DataFrame:
        """One row per type."""
        return self._table().to_frame()

    def _beyond(self, change: Array) -> tuple[str, ...]:
        return tuple(self.before.problem.labels[i] for i in np.flatnonzero(change > self._rounding).tolist())

    @property
    def _rounding(self) -> float:
        """Changes of money that are rounding."""
        menus = (self.before, self.after)
        return SAME * max(float(np.abs(menu.utility).max() + np.abs(menu.transfer).max()) for menu in menus)

    def _table(self) -> Table:
        problem = self.before.problem
        columns = [names("type", problem.labels)]
        columns += [Column(good, self.allocation[:, k], ".6g", readable(good)) for k, good in enumerate(problem.goods)]
        columns += [
            Column(name, np.where(np.abs(change) > self._rounding, change, 0.0), ".6g")
            for name, change in (("transfer", self.transfer), ("utility", self.utility), ("payoff", self.payoff))
        ]
        least, most = self.value_range
        notes = [
            f"better off: {_listed(self.gainers)}; worse off: {_listed(self.losers)}",
            f"value {self.before.value:.6g} -> {self.after.value:.6g}; "
            f"of the best menus between {least:.6g} and {most:.6g} more",
        ]
        return Table(columns, "What changes", notes)


def _listed(labels: tuple[str, ...]) -> str:
    return ", ".join(map(readable, labels)) if labels else "nobody"


@checked
def compare(before: Menu, after: Menu) -> Comparison:
    """Who gains and who loses from one menu to another for the same types, and what changes.

    The two problems may differ in anything but labels and goods.

    Raises
    ------
    ProblemError
        If types or goods are not the same.

    Examples
    --------
    >>> from contracts import Quadratic, solve_menu
    >>> labels = ("low", "high")
    >>> cheap, dear = (solve_menu([2.0, 3.0], [0.5, 0.5], cost=Quadratic(k), labels=labels) for k in (1.0, 2.0))
    >>> print(compare(cheap, dear))
    What changes
    type     0  transfer  utility  payoff
    low   -0.5        -1        0   -0.75
    high  -1.5        -4     -0.5   -1.75
    better off: nobody; worse off: high
    value 2.5 -> 1.25; of the best menus between -1.25 and -1.25 more
    """
    for what, one, other in (
        ("types", before.problem.labels, after.problem.labels),
        ("goods", before.problem.goods, after.problem.goods),
    ):
        if tuple(one) != tuple(other):
            raise ProblemError(f"the menus have other {what}: compare menus with the same {what}, in the same order")
    return Comparison(
        before,
        after,
        after.utility - before.utility,
        after.transfer - before.transfer,
        after.payoff - before.payoff,
        after.allocation - before.allocation,
    )

"""What a menu holds of each constraint over all types, and what one more unit of its limit is worth."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from contracts.inputs.arrays import Array
from contracts.inputs.extras import pandas
from contracts.problem.rows import Taken, held, limits, linear_rows, shadow_price, title
from contracts.problem.screening import ScreeningProblem
from contracts.proof.bound import Bound
from contracts.readable import readable

if TYPE_CHECKING:
    import pandas as pd

NO_AMOUNT = 1e-9  # of the amounts that are compared, or of what the menu is worth: less is a solver's rounding


class PricedMenu(Protocol):
    """What is asked of a menu about its constraints."""

    @property
    def problem(self) -> ScreeningProblem: ...

    @property
    def bound(self) -> Bound: ...

    @property
    def value(self) -> float: ...

    @property
    def allocation(self) -> Array: ...

    @property
    def utility(self) -> Array: ...

    @property
    def transfer(self) -> Array: ...

    @property
    def serving(self) -> Array: ...


class HeldRow(NamedTuple):
    """A constraint, what the menu holds of it, and what raising its limit by one unit is worth."""

    name: str
    held: float
    lower: float | None
    upper: float | None
    shadow_price: float
    size: float  # of the amounts that `held` is made of, which its rounding is relative to
    stake: float  # objective: what a price is noise beside, if it prices no more than rounding of this


def held_rows(menu: PricedMenu) -> list[HeldRow]:
    """Every constraint of the problem, in order, each with a name of its own."""
    problem, prices = menu.problem, menu.bound.multipliers.side
    taken = Taken(menu.allocation, menu.utility, menu.transfer, menu.serving)
    stake = max(abs(menu.value), float(problem.weights @ np.abs(menu.utility)))
    names = distinct(title(row, problem) for row in problem.constraints)
    found, first = [], 0
    for name, row in zip(names, problem.constraints, strict=True):
        net = []
        for linear in linear_rows(row, problem):
            price = 0.0
            for end, sign in ((linear.upper, 1.0), (linear.lower, -1.0)):  # in the order of `side_rows`
                if end is not None:
                    price += sign * float(prices[first])
                    first += 1
            net.append(price)
        amount, size = held(row, problem, taken)
        lower, upper = limits(row)
        found.append(HeldRow(name, amount, lower, upper, shadow_price(row, np.array(net)), size, stake))
    return found


def distinct(names: Iterable[str]) -> list[str]:
    """The names, repeated ones numbered.

    Examples
    --------
    >>> distinct(["capacity", "quota", "capacity"])
    ['capacity', 'quota', 'capacity (2)']
    """
    found: list[str] = []
    for name in names:
        count, free = 1, name
        while free in found:
            count += 1
            free = f"{name} ({count})"
        found.append(free)
    return found


def row_lines(rows: list[HeldRow], digits: int) -> list[str]:
    """One line for each constraint: what is held, what is allowed, what one more unit of the limit is worth."""
    return [
        f"{readable(row.name)}: {_shown(row.held, row.size, digits)} ({_allowed(row, digits)}), shadow price "
        f"{_shown(row.shadow_price, row.stake / row.size if row.size else 0.0, digits)}"
        for row in rows
    ]


def _allowed(row: HeldRow, digits: int) -> str:
    if row.lower is not None and row.lower == row.upper:
        return f"exactly {row.lower:.{digits}g}"
    ends = (("at least", row.lower), ("at most", row.upper))
    return ", ".join(f"{word} {end:.{digits}g}" for word, end in ends if end is not None)


def _shown(number: float, size: float, digits: int) -> str:
    return f"{0.0 if abs(number) <= NO_AMOUNT * size else number:.{digits}g}"


def rows_frame(rows: list[HeldRow]) -> pd.DataFrame:
    """One row per constraint, indexed by its name."""
    pd = pandas()
    index = pd.Index([row.name for row in rows], name="constraint")
    columns = {
        "held": [row.held for row in rows],
        "lower": [np.nan if row.lower is None else row.lower for row in rows],
        "upper": [np.nan if row.upper is None else row.upper for row in rows],
        "shadow_price": [row.shadow_price for row in rows],
    }
    return pd.DataFrame(columns, index=index, dtype=np.float64)

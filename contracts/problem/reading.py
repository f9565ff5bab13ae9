"""How a contract reads in the words of its model: the columns in which people, not solvers, think.

A menu holds allocations in which utility is linear. Where a model reached them by a change of variables, as an income
tax does (x = earnings^k / k), nobody wants to read x: a `Reading` takes one column back to what the model speaks of.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, number
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import ROWS, shaped

TAKEN = (  # by other columns of a menu's tables
    "type",
    "weight",
    "worst_case_weight",
    "allocation",
    "transfer",
    "utility",
    "information_rent",
    "payoff",
    "option",
    "binding",
    "is_bunched",
    "is_excluded",
)


@checked(allocation=ROWS, transfer=shaped("n"))
@dataclass(frozen=True)
class Reading:
    """One column of a menu as its model speaks of it: constant + scale x_good^power + per_transfer t.

    Parameters
    ----------
    name : heading of the column
    good : number of the good that it reads, from 0; None for a column of transfers alone
    scale, power : what is made of the amount of the good; the power is positive, and keeps the sign of the amount
    per_transfer : what one unit of the transfer counts
    constant : what is read off a contract of nothing for nothing

    Examples
    --------
    Utility is linear in x = sqrt(q), and people read the quantity q:

    >>> Reading("quantity", good=0, power=2.0).of(np.array([[3.0]]), np.array([5.0]))
    array([9.])

    What a firm is paid is minus what it pays:

    >>> Reading("payment", per_transfer=-1.0).of(np.array([[3.0]]), np.array([-5.0]))
    array([5.])
    """

    name: str
    good: int | None = None
    scale: float = 1.0
    power: float = 1.0
    per_transfer: float = 0.0
    constant: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise ProblemError(f"a Reading has the name {self.name!r}: give the heading of a column")
        for field in ("scale", "power", "per_transfer", "constant"):
            object.__setattr__(self, field, number(f"{field} of the Reading {self.name!r}", getattr(self, field)))
        if not self.power > 0:
            raise ProblemError(f"power of the Reading {self.name!r} is {self.power}: it must be positive")
        if self.good is None and self.per_transfer == 0:
            raise ProblemError(f"the Reading {self.name!r} reads nothing: give a good, per_transfer or both")
        if self.good is not None and (isinstance(self.good, bool) or not isinstance(self.good, int | np.integer)):
            raise ProblemError(f"good of the Reading {self.name!r} is {self.good!r}: give its number, 0 for the first")

    @property
    def is_of_money(self) -> bool:
        """Whether it reads the transfer and nothing else."""
        return self.good is None

    @property
    def is_plain(self) -> bool:
        """Whether it reads the amount of a good as it is."""
        return self.good is not None and (self.scale, self.power, self.per_transfer, self.constant) == (1, 1, 0, 0)

    def of(self, allocation: Array, transfer: Array) -> Array:
        """The column for contracts (n, n_goods) and (n,); (n,)."""
        column = np.full(len(transfer), self.constant)
        if self.good is not None:
            if not 0 <= self.good < allocation.shape[1]:
                raise ProblemError(
                    f"the Reading {self.name!r} is of good {self.good}, but the allocations have "
                    f"{allocation.shape[1]} columns: give one column per good"
                )
            amount = allocation[:, self.good]
            column = column + self.scale * (np.sign(amount) * np.abs(amount) ** self.power)
        return column + self.per_transfer * transfer if self.per_transfer else column


def checked_readings(readings: Any, n_goods: int) -> tuple[Reading, ...]:
    """Readings that fit a problem with so many goods, each with its own name."""
    given = (readings,) if isinstance(readings, Reading) else readings
    if not isinstance(given, Sequence) or not all(isinstance(reading, Reading) for reading in given):
        raise ProblemError("readings must be a list of Reading(...): one per column, or none for the plain ones")
    names = [reading.name for reading in given]
    for k, reading in enumerate(given):
        if reading.name in TAKEN:
            raise ProblemError(f"a Reading is called {reading.name!r}, as another column is: choose another name")
        if reading.name in names[:k]:
            raise ProblemError(f"readings repeat the name {reading.name!r}: give every column its own")
        if reading.good is not None and not 0 <= reading.good < n_goods:
            raise ProblemError(
                f"the Reading {reading.name!r} is of good {reading.good}, but the goods are 0 to {n_goods - 1}: leave "
                "it out, or readings=() for the plain columns"
            )
    return tuple(given)

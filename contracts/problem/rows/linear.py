"""Linear constraints over all types, and the rows that they become."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite, number
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass, read_only
from contracts.inputs.names import check_name

COEFFICIENTS = ("allocation", "utility", "transfer", "serving")  # what a row may count
INFINITE = {"inf": np.inf, "-inf": -np.inf}  # as files write it


@checked(own=("lower", "upper"))
@dataclass(frozen=True, eq=False)
class LinearConstraint:
    """lower <= sum_i allocation_i . x_i + utility_i u_i + transfer_i t_i + serving_i z_i <= upper, over the whole menu.

    Parameters
    ----------
    allocation : (n_types, n_goods) array of coefficients, or None; (n_types,) for one good
    utility, transfer : (n_types,) arrays of coefficients, or None
    lower, upper : limits in the row's own units; leave one out for a one-sided row
    name : how messages call it
    serving : (n_types,) coefficients of the chances z_i of being served, or None; only where types can be left out, and
        serving them costs something or their outside options differ
    """

    allocation: Any = None
    utility: Any = None
    lower: float | None = None
    upper: float | None = None
    name: str = "side constraint"
    transfer: Any = None
    serving: Any = None

    def __post_init__(self) -> None:
        check_name("name", str(self.name))
        for field in COEFFICIENTS:
            if getattr(self, field) is not None:
                object.__setattr__(self, field, finite(f"{self.name} {field}", getattr(self, field)))
        for field in ("lower", "upper"):
            if getattr(self, field) is not None:
                object.__setattr__(self, field, number(f"{self.name} {field}", getattr(self, field)))
        if all(getattr(self, field) is None for field in COEFFICIENTS):
            raise ProblemError(f"{self.name} has no coefficients: give allocation, utility, transfer or several")
        if self.lower is None and self.upper is None:
            raise ProblemError(f"{self.name} has no limit: give lower, upper or both")
        if self.lower is not None and self.upper is not None and self.lower > self.upper:
            raise ProblemError(f"{self.name} has lower {self.lower} above upper {self.upper}: swap them")


def transfer_limit(limit: Any) -> Array:
    """One limit on transfers, or one per type; each may be infinite, and a file writes that as a word."""
    raw = np.asarray(limit, dtype=object)
    plain = np.array([INFINITE.get(one, one) if isinstance(one, str) else one for one in raw.ravel()], dtype=object)
    limits = np.array([float(one) if is_infinite(one) else number("transfers", one) for one in plain])
    return limits.reshape(raw.shape)


def is_infinite(value: Any) -> bool:
    """Whether it is a float, and infinite."""
    return isinstance(value, float | np.floating) and bool(np.isinf(value))


@dataclass(frozen=True, eq=False)
class SideRows:
    """All side constraints as rows allocation . x + utility . u <= limit."""

    allocation: Array  # (n_rows, n_types, n_goods)
    utility: Array  # (n_rows, n_types)
    limit: Array  # (n_rows,)
    names: tuple[str, ...]
    is_equation: NDArray[np.bool_]  # (n_rows,) one of the two rows of an equation

    def activity(self, allocation: Array, utility: Array) -> Array:
        """Left-hand side of every row; (n_rows,)."""
        return np.asarray(np.einsum("kij,ij->k", self.allocation, allocation) + self.utility @ utility)


def side_rows(constraints: Sequence[LinearConstraint], valuations: Array) -> SideRows:
    """Constraints as one or two rows each, over types of these valuations.

    A transfer is a_i . x_i - u_i, so a coefficient of it is one of the allocation and one of the utility. Chances of
    being served are amounts of a good of the program, and count as such there.
    """
    n_types, n_goods = valuations.shape
    rows: list[tuple[Array, Array, float, str, bool]] = []
    for row in constraints:
        on_allocation = np.zeros(valuations.shape) if row.allocation is None else row.allocation
        on_utility = np.zeros(n_types) if row.utility is None else row.utility
        if row.transfer is not None:
            on_allocation = on_allocation + row.transfer[:, np.newaxis] * valuations
            on_utility = on_utility - row.transfer
        is_equation = row.lower == row.upper
        if row.upper is not None:
            rows.append((on_allocation, on_utility, float(row.upper), row.name, is_equation))
        if row.lower is not None:
            rows.append((-on_allocation, -on_utility, -float(row.lower), row.name, is_equation))
    return SideRows(
        read_only(np.array([row[0] for row in rows]).reshape(len(rows), n_types, n_goods)),
        read_only(np.array([row[1] for row in rows]).reshape(len(rows), n_types)),
        read_only(np.array([row[2] for row in rows])),
        tuple(row[3] for row in rows),
        read_only(np.array([row[4] for row in rows], dtype=bool)),
    )


def limits_of_transfers(
    limits: tuple[Array, Array], common: tuple[float, float], labels: Sequence[str]
) -> list[LinearConstraint]:
    """lowest_i <= t_i <= highest_i, a row for every limit that is not the one they have in common."""
    rows = []
    for limit, usual, side, word in zip(limits, common, ("lower", "upper"), ("lowest", "highest"), strict=True):
        for who in np.flatnonzero(limit != usual).tolist():
            name = f"{word} transfer of type {labels[who]!r}"
            own = (np.arange(len(labels)) == who).astype(np.float64)
            rows.append(LinearConstraint(transfer=own, name=name, **{side: float(limit[who])}))
    return rows

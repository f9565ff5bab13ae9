"""Linear constraints over all types: rows of coefficients, rows by name, and the program's rows that they become."""

from contracts.problem.rows.linear import LinearConstraint, SideRows, limits_of_transfers, side_rows, transfer_limit
from contracts.problem.rows.named import (
    NAMED,
    Budget,
    Capacity,
    Coverage,
    EqualAccess,
    RentInequality,
    Row,
)
from contracts.problem.rows.stated import Taken, held, limits, linear_rows, of_types, shadow_price, title

__all__ = [
    "NAMED",
    "Budget",
    "Capacity",
    "Coverage",
    "EqualAccess",
    "LinearConstraint",
    "RentInequality",
    "Row",
    "SideRows",
    "Taken",
    "held",
    "limits",
    "limits_of_transfers",
    "linear_rows",
    "of_types",
    "shadow_price",
    "side_rows",
    "title",
    "transfer_limit",
]

"""What an engine hands over: a menu in numbers, and the prices that bound every other menu."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from contracts.arrays import Array
from contracts.bounds import Multipliers
from contracts.costs import power_of_two
from contracts.domains import NonNegative
from contracts.problem import ScreeningProblem


@dataclass(frozen=True, eq=False)
class Candidate:
    """Allocation, utility and multipliers in the problem's own units; nothing is proven yet."""

    allocation: Array  # (n_types, n_goods)
    utility: Array  # (n_types,)
    multipliers: Multipliers
    engine: str  # which engine, and which solver inside it


@dataclass(frozen=True)
class Units:
    """Powers of two in which a problem's numbers are near one, and a common shift of utilities.

    Engines work on x / allocation, (u - shift) / money; since both units are powers of two nothing is rounded.
    """

    allocation: float
    money: float
    shift: float


def units_of(problem: ScreeningProblem) -> Units:
    """Units from the largest amount any type would be given, and the largest money it is worth to that type.

    Not the largest valuation times the largest amount: with costs as types (taxation, regulation) the type that minds
    most takes least, and such a product would exceed every sum of money in the program by orders of magnitude.
    """
    value = problem.valuations + problem.principal_values
    money_per_unit = float(np.max(np.abs(problem.valuations)) + np.max(np.abs(problem.principal_values)))
    if isinstance(problem.domain, NonNegative):
        _, best = problem.cost.conjugate(value, problem.domain)
        best = np.where(np.isfinite(best), best, 0.0)
        amount = float(np.max(best, initial=0.0))
        worth = float(np.max((np.abs(problem.valuations) + np.abs(problem.principal_values)) * best, initial=0.0))
    else:
        amount, worth = float(problem.domain.magnitude(problem.n_goods).max()), 0.0
    allocation = 1.0 if amount == 1.0 else power_of_two(amount)
    shift = float(problem.reservation_utility.min()) if problem.transfers == "free" else 0.0
    money = worth if worth > 0 else money_per_unit * allocation
    return Units(allocation, power_of_two(money), shift)

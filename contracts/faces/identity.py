"""What a bound leaves to menus that are nearly as good as it: every one of them has the same little to spend.

The bound is the Lagrangian at its prices, maximised. So for every IC and IR menu (x, u), whoever found it,

    value(x, u) + sum_ij l_ij s_ij + sum_i m_i s_i + ... + sum_j w_j D_j(x_j)  <=  bound,

with s the slacks of IC, of IR and (the dots) of whatever else has a price, w_j = kappa f_j, and D_j(x) = c*(v_j) -
v_j . x + c(x) >= 0 what an allocation loses at type j's virtual valuation, a Bregman distance where the cost is smooth.
Menus worth at least `floor` spend at most spare = bound - floor on all these together. That is the whole proof: it
follows that s <= spare / price for each constraint, and for an allocation (Fenchel & Young) at any rate z > 0

    p . x_j  <=  z w_j D_j(x_j) + z w_j [c*(v_j + p / (z w_j)) - c*(v_j)].
"""

from __future__ import annotations

from typing import Any

import numpy as np

from contracts.exact.rationals import EPS
from contracts.inputs.arrays import Array, Indices
from contracts.inputs.frozen import dataclass
from contracts.problem.costs import rows_of
from contracts.problem.screening import ScreeningProblem
from contracts.proof.bound import upper_bound
from contracts.proof.conjugates import conjugate_bound
from contracts.proof.multipliers import Multipliers


@dataclass(frozen=True, eq=False)
class Spare:
    """What menus worth at least `floor` can spend, and on what."""

    problem: ScreeningProblem  # the program, at the weights that the bound is proven at
    prices: Multipliers  # on the flow
    floor: float  # objective
    amount: float  # objective: the bound less the floor
    rigorous: bool
    cost: Any
    weights: Array  # (n_types,) w
    virtual: Array  # (n_types, n_goods) v
    error: Array  # (n_types, n_goods) of v
    surplus: Array  # (n_types,) c*(v), rounded up

    def tilted(self, types: Indices, directions: Array, rate: float) -> Array:
        """The most of p . x_j less what is spent on D_j at this rate, for types j and directions p; (n,)."""
        weights = self.weights[types]
        step = directions / (rate * weights)[:, np.newaxis]
        error = self.error[types] + 2 * EPS * (np.abs(step) + np.abs(self.virtual[types]))
        cost = rows_of(self.cost, types)
        with np.errstate(invalid="ignore", over="ignore"):
            try:
                most, _, _ = conjugate_bound(cost, self.problem.domain, self.virtual[types] + step, error)
            except (ArithmeticError, ValueError):  # a program of its own, which a solver had too few digits for
                return np.full(len(step), np.inf)
            rise = most - self.surplus[types]
            rounding = 8 * EPS * (np.abs(most) + np.abs(self.surplus[types]))
            found = rate * weights * (rise + rounding)
        return np.asarray(np.where(np.isfinite(found), found, np.inf))


def spare_of(problem: ScreeningProblem, given: Multipliers, floor: float) -> Spare:
    """What the prices leave to menus worth at least `floor`.

    Parameters
    ----------
    problem : a program of known valuations; under ambiguity a menu is worth no more than at the weights of the prices
    """
    seen: list[tuple[Any, Array, Array, Array, Array]] = []

    def heard(cost: Any, domain: Any, weights: Array, virtual: Array, error: Array) -> tuple[Array, Array, bool]:
        surplus, best, closed = conjugate_bound(cost, domain, virtual, error)
        seen.append((cost, weights, virtual, error, surplus))
        return weights * surplus, best, closed

    bound = upper_bound(problem, given, heard)
    if problem.ambiguity is not None:
        problem = problem.under(bound.multipliers.weights)
    of_bound = (one for one in seen if np.array_equal(one[2], bound.virtual_valuation, equal_nan=True))
    cost, weights, virtual, error, surplus = next(of_bound)
    amount = max(bound.value - floor, 0.0) + 4 * EPS * (abs(bound.value) + abs(floor))
    return Spare(problem, bound.multipliers, floor, amount, bound.rigorous, cost, weights, virtual, error, surplus)

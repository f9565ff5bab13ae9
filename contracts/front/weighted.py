"""Several goals in one: weighted sums as screening problems, each solved with its bound."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from typing import Any

import numpy as np

from contracts.errors import ProblemError, SolverError, UnboundedMenuError
from contracts.front.goals.goal import Goal
from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass
from contracts.menu.menu import Menu
from contracts.problem.costs import power_of_two
from contracts.problem.objectives import WeightedSum
from contracts.problem.screening import ScreeningProblem
from contracts.solve import solve_menu

MENU_GAP = 1e-6  # relative, of each menu; where it cannot be had, a tenth of the front's
EASIER = 100.0  # how much larger than a menu's gap that of a front may well be asked for
LEAST_SECONDS = 1e-3  # that a menu may take when time is nearly over


@dataclass(frozen=True, eq=False)
class Solution:
    """A menu that maximises a weighted sum of the goals, all to be maximised, and the bound that proves it."""

    menu: Menu
    weights: Array  # (m,) on sign * objective, own units
    point: Array  # (m,) sign * objective
    bound: float  # weights . (sign * objective) of any menu is at most this


@dataclass(frozen=True, eq=False)
class Programs:
    """Weighted sums of goals as screening problems."""

    problem: ScreeningProblem
    goals: tuple[Goal, ...]
    engine: str
    gap: float

    def solve(self, weights: Array, *, start: Menu | None = None, time_limit: float = math.inf) -> Solution:
        """The menu that is best for these weights, on objectives in their own units.

        Raises KeyboardInterrupt also where an engine took the interrupt for itself, or ran out of time: its menu is no
        optimum then.
        """
        total = weighted(self.goals, weights, self.problem)
        scale = 1.0 / power_of_two(money_per_money(total, self.problem))
        scaled = replace(self.problem, objective=_times(total, scale))
        options: dict[str, Any] = {"method": self.engine, "start": start, "time_limit": max(time_limit, LEAST_SECONDS)}
        try:
            menu = solve_menu(scaled, gap=min(MENU_GAP, self.gap / 10), **options)
        except SolverError:
            menu = self._last_resort(scaled, options)
        if menu.certificate.is_stopped and not menu.certificate.holds:
            raise KeyboardInterrupt
        constants = np.array([goal.concave.constant if goal.concave else 0.0 for goal in self.goals])
        bound = menu.upper_bound / scale + float(weights @ constants)
        bound += 8 * np.finfo(np.float64).eps * (abs(menu.upper_bound) / scale + float(weights @ np.abs(constants)))
        return Solution(menu, weights, self.point(menu), bound)

    def _last_resort(self, scaled: ScreeningProblem, options: dict[str, Any]) -> Menu:
        """A menu no closer to the best than the front needs."""
        try:
            return solve_menu(scaled, gap=self.gap / 10, **options)
        except SolverError as exc:
            reached = exc.reached.certificate.relative_gap if isinstance(exc.reached, Menu) else 0.0
            raise SolverError(
                f"a menu of the front was not certified to a tenth of the gap asked for, {self.gap:.1e}: ask for a "
                f"larger gap, gap={max(EASIER * reached, 10 * self.gap):.0e}. {exc}",
                tried=exc.tried,
                reached=exc.reached,
            ) from exc

    def point(self, menu: Menu) -> Array:
        return np.array([goal.sign * goal.value(menu) for goal in self.goals])

    def ideal(self, k: int) -> Solution:
        """The optimum by one objective alone; it may be weakly dominated, its bound holds."""
        try:
            found = self.solve(np.eye(len(self.goals))[k])
        except UnboundedMenuError as exc:
            raise ProblemError(
                f"objective {self.goals[k].name!r} is unbounded on the feasible set: it grows without limit along "
                f"{exc.direction}. Limits on transfers alone leave allocations to grow: bound the domain (Box) too. "
                "Limit the transfers, or give the problem a minimum profit, objective=Welfare(minimum_profit=0.0)"
            ) from exc
        if not math.isfinite(found.bound):
            raise SolverError(f"no bound on objective {self.goals[k].name!r} was proven: limit transfers or the domain")
        return found


def weighted(goals: Sequence[Goal], weights: Array, problem: ScreeningProblem) -> WeightedSum:
    """sum_k weights_k goal_k as one objective of the problem, its minimum profit kept."""
    concave = [goal.concave.sum for goal in goals if goal.concave is not None]
    parts = [_times(part, float(weight)) for part, weight in zip(concave, weights, strict=True)]
    none = WeightedSum(minimum_profit=problem.terms.minimum_profit).terms(problem.valuations.shape)
    return reduce(_plus, parts, none)


def _times(total: WeightedSum, factor: float) -> WeightedSum:
    return replace(
        total,
        profit_weight=total.profit_weight * factor,
        allocation_values=total.allocation_values * factor,
        utility_weights=total.utility_weights * factor,
        worst_off_weight=total.worst_off_weight * factor,
        welfare_weights=total.welfare_weights * factor,
        function=total.function if factor > 0 else None,
    )


def _plus(one: WeightedSum, other: WeightedSum) -> WeightedSum:
    return replace(
        one,
        profit_weight=one.profit_weight + other.profit_weight,
        allocation_values=one.allocation_values + other.allocation_values,
        utility_weights=one.utility_weights + other.utility_weights,
        worst_off_weight=one.worst_off_weight + other.worst_off_weight,
        welfare_weights=one.welfare_weights + other.welfare_weights,
        function=other.function if one.function is None else one.function,
    )


def money_per_money(total: WeightedSum, problem: ScreeningProblem) -> float:
    """About how much the sum moves per unit of money."""
    money = float(np.abs(problem.valuations).max() + np.abs(problem.principal_values).max()) or 1.0
    goods = float(np.abs(total.allocation_values).max()) / money
    utilities = float(np.abs(total.utility_weights).max()) + total.worst_off_weight + float(total.welfare_weights.max())
    return total.profit_weight + goods + utilities

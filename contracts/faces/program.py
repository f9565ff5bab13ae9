"""The program over all menus worth at least so much: what any sum of allocations and utilities may be among them.

Maximise p . x + q . u over IC, IR, limits, rows and value(x, u) >= floor. The prices of its rows, z of the value's, are
multipliers of the problem whose objective is z value + p . x + q . u. So the bound of that objective, recomputed from
them as every bound is, less z floor, is an upper end whatever the solver said.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from contracts.engines.candidate import Candidate
from contracts.engines.inside import bounds_near
from contracts.engines.program import Program, menu_program, multipliers_of
from contracts.engines.reference import counted
from contracts.errors import ProblemError
from contracts.exact.rationals import EPS
from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass
from contracts.numerics.conic import attempts
from contracts.problem.costs import is_straight, once_served, parts_of
from contracts.problem.objectives import WeightedSum
from contracts.problem.screening import ScreeningProblem
from contracts.proof.multipliers import Multipliers

VERTICES: dict[str, Any] = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}


class Direction(NamedTuple):
    """A sum over a menu, allocation . x + utility . u."""

    allocation: Array  # (n_types, n_goods)
    utility: Array  # (n_types,)

    def of(self, allocation: Array, utility: Array) -> float:
        """What it is at a menu."""
        return float((self.allocation * allocation).sum() + self.utility @ utility)

    def opposite(self) -> Direction:
        """Minus the sum."""
        return Direction(-self.allocation, -self.utility)


class End(NamedTuple):
    """What a solver makes of a direction: a bound on it, proven; and a menu to be repaired."""

    most: float
    candidate: Candidate  # its multipliers are of the objective z value + direction
    direction: Direction
    rate: float  # z
    size: float  # of the direction, as menus go


@dataclass(frozen=True, eq=False)
class FaceProgram:
    """The program of a problem of known valuations and weights; compiled once, for any direction."""

    problem: ScreeningProblem  # a program
    floor: float  # objective, of which bounds are
    aim: float  # objective: what the solver keeps, a little more, for repairs cost something

    @cached_property
    def _stated(self) -> _Stated:
        import cvxpy as cp

        program = menu_program(self.problem)
        terms = self.problem.terms
        point, allocation, utility = program.variables()
        rows = [part.at_least(point) for part in (program.ic, *program.soft)]
        spent, costing = program.spent(allocation)
        by_type, worst_off, floor, goal_unit = counted(program, allocation, utility, spent)
        worth = [self.problem.weights @ by_type + worst_off >= self.aim / goal_unit]
        budget = []
        if terms.minimum_profit is not None:
            budget = [program.profit(allocation, utility, spent) >= terms.minimum_profit / program.units.money]
        direction = cp.Parameter(point.size)
        demands = [one for row in rows for one in row] + [*program.domain_constraints(allocation), *costing]
        goal = cp.Problem(cp.Maximize(direction @ point), [*demands, *budget, *floor, *worth])
        return _Stated(program, goal, direction, point, rows, budget, floor, worth, goal_unit)

    @cached_property
    def is_linear(self) -> bool:
        """Whether its solutions are vertices."""
        straight = all(is_straight(once_served(part)[0]) for part, _ in parts_of(self.problem.cost))
        return straight and self.problem.terms.function is None

    def end(self, direction: Direction) -> End | None:
        """The most of a direction; None if no solver gets anywhere, as where there is no end."""
        stated = self._stated
        program, units = stated.program, stated.program.units
        onto = np.concatenate([direction.allocation.ravel() * units.allocation, direction.utility * units.money])
        unit = float(np.abs(onto).max()) or 1.0
        stated.direction.value = onto / unit
        if not self._solved(stated.goal) or stated.point.value is None:
            return None
        allocation, utility = program.read(np.asarray(stated.point.value))
        prices = multipliers_of(
            program, [_price(row) for row in stated.rows], _price(stated.budget), _price(stated.least), unit
        )
        rate = max(float(np.asarray(_price(stated.worth)).reshape(())), 0.0) * unit / stated.goal_unit
        try:
            problem = tilted_problem(self.problem, direction, rate)
        except ProblemError:  # nothing is worth anything, and a unit of the direction more than any number of it
            return None
        bound = min(bounds_near(problem, _shares(prices)), key=lambda one: one.value)
        most = bound.value - rate * self.floor
        sizes = np.abs(direction.allocation * allocation).sum() + np.abs(direction.utility) @ np.abs(utility)
        most += 8 * EPS * (abs(bound.value) + rate * abs(self.floor) + float(sizes))
        candidate = Candidate(allocation, utility, bound.multipliers, "optimal face")
        return End(most, candidate, direction, rate, unit)

    @property
    def is_endless(self) -> bool:
        """Whether the last direction was found to have no end."""
        return self._stated.goal.status in ("unbounded", "unbounded_inaccurate")

    def _solved(self, goal: Any) -> bool:
        import cvxpy as cp

        if self.is_linear:
            try:
                goal.solve(solver="HIGHS", **VERTICES)
            except (cp.error.SolverError, ValueError, ArithmeticError):
                return False
            return goal.status == "optimal"
        return any(goal.status in ("optimal", "optimal_inaccurate") for _ in attempts(goal, [], []))


class _Stated(NamedTuple):
    """A program in cvxpy."""

    program: Program
    goal: Any
    direction: Any
    point: Any
    rows: list[list[Any]]
    budget: list[Any]
    least: list[Any]
    worth: list[Any]
    goal_unit: float


def _price(row: list[Any]) -> Any:
    return row[0].dual_value if row else None


def _shares(prices: Multipliers) -> Multipliers:
    """Prices of the worst-off term's rows as shares."""
    shares = np.maximum(prices.worst_off, 0.0)
    total = float(shares.sum())
    return replace(prices, worst_off=shares / total if total > 0 else np.full(len(shares), 1.0 / len(shares)))


def at_rate(prices: Multipliers, own: Multipliers, more: float) -> Multipliers:
    """Prices of z value + direction, and those of the value alone, at a rate that is higher by `more`."""
    added: dict[str, Any] = {
        name: getattr(prices, name) + more * getattr(own, name) for name in ("ir", "transfer", "side", "profit")
    }
    return replace(prices, ic=(prices.ic + more * own.ic).tocsr(), worst_off=own.worst_off, **added)


def tilted_problem(problem: ScreeningProblem, direction: Direction, rate: float) -> ScreeningProblem:
    """The problem whose objective is rate times its own plus the direction."""
    terms, share = problem.terms, 1.0 / problem.weights
    welfare = {} if rate == 0 else {"welfare_weights": rate * terms.welfare_weights, "function": terms.function}
    objective = WeightedSum(
        profit_weight=rate * terms.profit_weight,
        allocation_values=rate * terms.allocation_values + direction.allocation * share[:, np.newaxis],
        utility_weights=rate * terms.utility_weights + direction.utility * share,
        worst_off_weight=rate * terms.worst_off_weight,
        minimum_profit=terms.minimum_profit,
        **welfare,
    )
    return replace(problem, objective=objective)

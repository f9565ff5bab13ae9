"""Fronts to a proven distance: weighted programs between ends, until no gap is left."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import field, replace

import numpy as np

from contracts.engines.strict import strict_menu
from contracts.errors import ProblemError, SolverError, UnboundedMenuError
from contracts.front.front import Front, signs
from contracts.front.goals.goal import Goal
from contracts.front.sandwich import Distances, Sandwich, dominated
from contracts.front.weighted import Programs, Solution, money_per_money
from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass
from contracts.problem.screening import ScreeningProblem
from contracts.solve import solve_menu

AUGMENTED = 0.05  # share of the gap that every weight is at least: no point is weakly dominated
UNIT_ROUNDS = 6  # of ends and ranges, until they agree
AGREED = 1.5  # factor between two rounds of ranges that is close enough
NO_CONFLICT = 1e-6  # share of its size that is the least range of an objective: below it, the ends agree on it
SAME_POINT = 1e-7  # normalised distance below which two menus are one
TOGETHER = {2: 1, 3: 1}  # weights tried per look at the polyhedra; more objectives have costlier polyhedra
MANY = 8
NO_WEIGHT = 1e-9  # below it a weight is Qhull's rounding


@dataclass
class Clock:
    """When to stop, and whom to tell."""

    deadline: float
    report: Callable[[str], None]
    interrupted: bool = False

    @property
    def left(self) -> float:
        """Seconds."""
        return self.deadline - time.monotonic()

    @property
    def is_over(self) -> bool:
        return self.interrupted or time.monotonic() > self.deadline


def exact_front(problem: ScreeningProblem, goals: tuple[Goal, ...], *, gap: float, engine: str, clock: Clock) -> Front:
    """The sandwich, from the ends of the front inwards."""
    _check_concave(problem, goals)
    programs = Programs(problem, goals, engine, gap)
    ideals = [programs.ideal(k) for k in range(len(goals))]
    least = NO_CONFLICT * np.array([_natural_size(programs, k, ideals) for k in range(len(ideals))])
    ends, unit = _ends(programs, ideals, least, gap)
    state = _State(programs, gap, unit, least, ends, ideals)
    try:
        while not clock.is_over:
            distances = state.sandwich.distances()
            clock.report(f"{len(state.found)} menus, gap {max(distances.amounts[0], 0.0):.1e}")
            todo = state.next_weights(distances)
            if not todo:
                break
            for weights in todo:
                state.try_weights(weights, clock)
                if clock.is_over:
                    break
    except KeyboardInterrupt:
        clock.interrupted = True
    stopped, front = clock.is_over, state.front(is_finished=True)
    if front.gap > gap and stopped:
        return replace(front, is_finished=False)
    if front.gap > gap:
        raise SolverError(
            f"the front was certified to a gap of {front.gap:.1e} only, not {gap:.1e}: ask for a larger gap, "
            f"gap={1.1 * front.gap:.1e} or more; the front is in the error's `reached`",
            tried=(engine,),
            reached=front,
        )
    return front


def _check_concave(problem: ScreeningProblem, goals: tuple[Goal, ...]) -> None:
    """Refuse what no weighted sum with a proven bound expresses."""
    for goal in goals:
        if goal.concave is not None and money_per_money(goal.concave.sum, problem) == 0:
            raise ProblemError(f"objective {goal.name!r} does not vary: all of its coefficients are 0; leave it out")
    functions = [goal.concave.sum.function for goal in goals if goal.concave is not None]
    distinct = {repr(function) for function in functions if function is not None}
    if len(distinct) > 1:
        raise ProblemError(
            f"objectives use different welfare functions, {' and '.join(sorted(distinct))}: their weighted sums have "
            "no proven bound; use one function for all"
        )


def _ends(programs: Programs, ideals: list[Solution], least: Array, gap: float) -> tuple[list[Solution], Array]:
    """The ends of the front, none weakly dominated, and the range of every objective over them.

    Each end maximises its own objective with a small weight on all others, in units of their ranges; ranges depend on
    ends, so both are found in turn. The first ranges are those of the optima of single objectives.
    """
    m, ends = len(ideals), ideals
    unit = _ranges(programs, ends, ideals, least)
    for _ in range(UNIT_ROUNDS):
        ends = [programs.solve(augmented(np.eye(m)[k], gap) / unit) for k in range(m)]
        previous, unit = unit, _ranges(programs, ends, ideals, least)
        if np.all(np.maximum(unit / previous, previous / unit) <= AGREED):
            break
    return ends, unit


def augmented(weights: Array, gap: float) -> Array:
    """Weights, with sum 1, of which none is below a small share of the gap."""
    least = AUGMENTED * gap
    if weights.min() >= least:
        return weights
    return (1 - len(weights) * least) * weights + least


def _ranges(programs: Programs, ends: list[Solution], ideals: list[Solution], least: Array) -> Array:
    """Ideal less worst of every objective over the ends; at least `least`."""
    points = np.array([end.point for end in ends])
    best = np.array([ideal.bound for ideal in ideals])
    ranges = points.max(axis=0) - points.min(axis=0)
    for k in np.flatnonzero(ranges <= least):
        _check_varies(programs, int(k), best[k], least[k])
    return np.maximum(ranges, least)


def _natural_size(programs: Programs, k: int, ideals: list[Solution]) -> float:
    """What the terms of an objective add up to, signs apart, at the menus that are best by it."""
    concave, menu, weights = programs.goals[k].concave, ideals[k].menu, programs.problem.weights
    if concave is None:
        return 1.0
    amount = np.abs(menu.allocation) + np.abs(ideals[k].menu.problem.domain.interior(programs.problem.n_goods)[0])
    money = float(weights @ (np.abs(programs.problem.valuations) * amount).sum(axis=1))
    worth = float(weights @ (np.abs(concave.sum.allocation_values) * amount).sum(axis=1))
    share = concave.sum.profit_weight + float(np.abs(concave.sum.utility_weights).max()) + concave.sum.worst_off_weight
    return abs(concave.constant) + worth + share * money + abs(ideals[k].point[k]) + float(np.finfo(np.float64).tiny)


def _check_varies(programs: Programs, k: int, best: float, least: float) -> None:
    """Refuse an objective that is worth the same at every menu.

    A linear one is minimised. A concave function that attains its maximum inside is constant, and the menu with room
    on all constraints lies inside.
    """
    goal, problem = programs.goals[k], programs.problem
    concave = goal.concave
    if concave is None:
        return
    lowest = best
    if concave.sum.is_linear and concave.sum.profit_weight == 0:
        worst = replace(
            concave.sum,
            allocation_values=-concave.sum.allocation_values,
            utility_weights=-concave.sum.utility_weights,
            minimum_profit=problem.terms.minimum_profit,
        )
        try:
            lowest = concave.constant - solve_menu(replace(problem, objective=worst), gap=1e-3).value
        except UnboundedMenuError:
            return
    else:
        inside = strict_menu(problem)
        if inside is not None:
            transfer = np.einsum("ij,ij->i", problem.valuations, inside.allocation) - inside.utility
            payoff = problem.payoff(inside.allocation, transfer)
            lowest = concave.constant + concave.sum.value(problem.weights, payoff, inside.allocation, inside.utility)
    if best - lowest <= least:
        raise ProblemError(
            f"objective {goal.name!r} does not vary: every menu is worth {goal.sign * best:.6g} by it; leave it out"
        )


@dataclass
class _State:
    """What was found so far; normalised by `unit` and by the worst of the first ends."""

    programs: Programs
    gap: float
    unit: Array
    least: Array  # (m,) smallest unit
    found: list[Solution]
    ideals: list[Solution]
    tried: set[bytes] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.origin = np.min([end.point for end in self.found], axis=0)
        m = len(self.unit)
        self.sandwich = Sandwich(
            (np.array([end.point for end in self.found]) - self.origin) / self.unit, np.empty((0, m)), np.empty(0)
        )
        self.supports: list[Solution] = []
        for solution in (*self.ideals, *self.found):
            self._cut(solution)

    def _cut(self, solution: Solution) -> None:
        weights = solution.weights * self.unit
        bound = solution.bound - float(solution.weights @ self.origin)
        size = float(weights.sum())
        self.sandwich = self.sandwich.with_bound(weights / size, bound / size)
        self.supports.append(solution)

    def next_weights(self, distances: Distances) -> list[Array]:
        """Normals of the facets farthest from a proven half-space, none of them tried before; empty when done."""
        chosen: list[Array] = []
        for normal, amount in zip(distances.weights, distances.amounts, strict=True):
            weights = np.where(normal < NO_WEIGHT, 0.0, normal)
            weights = weights / weights.sum()
            key = np.round(weights / NO_WEIGHT).tobytes()
            if amount <= self.gap or len(chosen) == TOGETHER.get(len(normal), MANY):
                break
            if key not in self.tried:
                self.tried.add(key)
                chosen.append(weights)
        return chosen

    def try_weights(self, weights: Array, clock: Clock) -> None:
        """A half-space with these weights, and a point that is optimal for positive ones."""
        positive = augmented(weights, self.gap)
        away = [float(np.abs(found.weights * self.unit - positive).sum()) for found in self.found]
        start = self.found[int(np.argmin(away))].menu
        if positive is not weights:
            self._cut(self.programs.solve(weights / self.unit, start=start, time_limit=clock.left))
        solution = self.programs.solve(positive / self.unit, start=start, time_limit=clock.left)
        self._cut(solution)
        self.found.append(solution)
        self.sandwich = self.sandwich.with_point((solution.point - self.origin) / self.unit)

    def front(self, *, is_finished: bool) -> Front:
        """The points that nothing dominates, the best by the first objective first."""
        goals, sign = self.programs.goals, signs(tuple(goal.sense for goal in self.programs.goals))
        points = np.array([solution.point for solution in self.found])
        gone = _repeated(points / self.unit)
        order = [int(k) for k in np.lexsort(-points.T[::-1]) if int(k) not in gone]
        points = points[order]
        weights = np.array([self.found[k].weights * self.unit for k in order])
        ideal, nadir = points.max(axis=0), points.min(axis=0)
        return Front(
            problem=self.programs.problem,
            names=tuple(goal.name for goal in goals),
            senses=tuple(goal.sense for goal in goals),
            points=sign * points,
            menus=tuple(self.found[k].menu for k in order),
            weights=weights / weights.sum(axis=1, keepdims=True),
            ideal=sign * ideal,
            nadir=sign * nadir,
            unit=np.maximum(ideal - nadir, self.least),
            support_weights=np.array([support.weights for support in self.supports]),
            support_bounds=np.array([support.bound for support in self.supports]),
            requested_gap=self.gap,
            is_finished=is_finished,
            method="exact",
            forms=tuple(goal.concave for goal in goals),
        )


def _repeated(points: Array) -> set[int]:
    """Points that another one dominates, by a solver's rounding, or that are found twice."""
    left = np.flatnonzero(np.logical_not(dominated(points)))
    gone = set(range(len(points))) - {int(k) for k in left}
    for position, k in enumerate(left):
        before = [j for j in left[:position] if int(j) not in gone]
        if before and np.abs(points[before] - points[k]).max(axis=1).min() < SAME_POINT:
            gone.add(int(k))
    return gone

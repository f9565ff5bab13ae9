"""Many types in several dimensions: IC rows only where they are needed.

A menu of n types has n (n - 1) IC rows, but an optimum holds few of them tight: neighbours in type space, mostly. So
solve with a short list of pairs, look at ALL pairs for the most tempting contract of every type, add what is violated,
go back along the path of the interior point to where the new rows hold, and go on from there. The multipliers of a list
are multipliers of the whole program, so every round yields a bound; the last round's menu misses IC by rounding, which
the repair removes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
from scipy.sparse import csr_array

from contracts.engines.candidate import Candidate, Units, ungrouped, units_of
from contracts.engines.listed.chart import Chart, chart_of
from contracts.engines.listed.lookout import Lookout
from contracts.engines.listed.neighbours import first_pairs, hull_pairs, union
from contracts.engines.strict import gradient_menu
from contracts.errors import ProblemError, SolverError
from contracts.exact.rationals import EPS, utility_error
from contracts.exact.relevance import relevant_blocks
from contracts.inputs.arrays import Array, Indices, distinct_rows
from contracts.inputs.frozen import dataclass
from contracts.numerics.dense import minimise_densely
from contracts.numerics.elimination import Elimination, Program
from contracts.numerics.interior_point import Point, minimise
from contracts.problem.costs import (
    curves_everywhere,
    finite_faces,
    index_of,
    is_straight,
    parts_of,
    rows_of,
    scaled_cost,
)
from contracts.problem.screening import ScreeningProblem

SAME_TASTE = 1e-7  # tastes closer than this share of their range are one type: IC slack between them is all rounding
NEAR = 1e-2  # types closer than this share of the usual spacing are measured from one another
ROUNDS = 80
FIRST_GAP = 1e-2  # complementarity of the first round, relative to the value
LAST_GAP = 2e-10  # and of the others
VIOLATION = 1e-9  # normalised IC violation that the repair takes care of
LEAST_SLACK = 1e-8  # of IC rows at the start
LEAST_ROOM = 0.1  # of rows other than IC at the start
DEAREST = 1e5  # first price of a row, in mean weights of a type, that no shortage of slack exceeds
BEHIND = 10.0  # slacks of the least size that fits its path by which a point may miss rows that are new
REMEMBERED = 4  # last points of a path that the next round may start from, besides its first
KEPT_BACK = 1e-9  # share of all IC prices given up, so that every IR price clears the rounding of its flow
DENSE_TYPES = 20  # up to so many every row is listed at once, and the system is dense
ADDED = 4  # pairs that one type may add in a round
TEMPTED = 8  # types that one contract may be compared with anew in a round


@functools.lru_cache(maxsize=1)
def reason_against(problem: ScreeningProblem) -> str | None:
    """Why this engine does not apply, or None if it does; remembered for the last problem."""
    if problem.mimics is not None:
        return "not everybody can mimic everybody (mimics), and its IC rows come from neighbours in type space"
    if not problem.has_participation_constraint:
        return "it needs a participation constraint"
    if not problem.is_for_profit or problem.transfers == "none":
        return "it solves Profit() with transfers and no side constraints"
    if not (hasattr(problem.cost, "gradient") and hasattr(problem.cost, "hessian")):
        return f"cost {type(problem.cost).__name__} has no gradient and hessian: give it both"
    if problem.excludes and not all(is_straight(cost) for cost, _ in parts_of(problem.cost)):
        return "types may be left out, and the cost curves: the perspective is too steep for its steps"
    if not problem.domain.bounded and not curves_everywhere(problem.cost):
        return "a cost that is linear in some direction needs a bounded domain"
    if chart_of(problem, units_of(problem).allocation) is None:
        return "the domain has no interior, or is a class of your own"
    costs = parts_of(problem.cost)
    apart = np.column_stack([problem.principal_values, index_of(problem.cost, problem.n_types)])
    if len(costs) > 1 and any(finite_faces(cost, problem.n_goods)[1].size for cost, _ in costs):
        return "costs differ by type and end somewhere, as Logarithm does at its capacity"
    if (apart != apart[0]).any() and _number(np.column_stack([problem.valuations, apart])) > _number(
        problem.valuations
    ):
        return "types of equal valuation differ in principal_values or in their cost"
    return None


def _number(rows: Array) -> int:
    """How many rows there are, equal ones once."""
    return len(distinct_rows(rows)[0])


@dataclass(frozen=True, eq=False)
class Master:
    """The program over distinct types, in normalised units and in the chart's coordinates.

    Utilities are measured from what the chart's origin is worth, so that IC rows are u_i - u_j - (a_i - a_j) . z_j.
    Types whose tastes agree to rounding share one contract: their weights add up.
    """

    problem: ScreeningProblem
    units: Units
    chart: Chart
    member: Indices  # (n_types,) the distinct type of every type
    head: Indices  # (m,) a type of the problem for every distinct type
    taste: Array  # (m, d) valuations in the chart
    value: Array  # (m, d) valuations plus principal values in the chart
    weights: Array  # (m,)
    reservation: Array  # (m,) from the chart's origin; the highest among the types that are merged

    @property
    def limits(self) -> list[tuple[float, float]]:
        """Limits on transfers in units: 1 and the lowest, -1 and the highest, where they are finite."""
        both = zip((1.0, -1.0), self.problem.transfer_limits, strict=True)
        return [(sign, limit / self.units.money) for sign, limit in both if np.isfinite(limit)]

    @property
    def scale(self) -> float:
        """What the program is about, in units of money: first-best surplus, at least a thousandth."""
        cost = rows_of(scaled_cost(self.problem.cost, self.units.allocation, self.units.money), self.head)
        value = (self.problem.valuations + self.problem.principal_values)[self.head]
        value = value * (self.units.allocation / self.units.money)
        surplus, _ = cost.conjugate(value, self.problem.domain.scaled(self.units.allocation))
        return max(1e-3, float(self.weights @ np.abs(surplus)))

    def program(self, listed: Indices) -> Program:
        """The interior point's data for a list of pairs, tempter times the number of types plus tempted, sorted."""
        cost = rows_of(scaled_cost(self.problem.cost, self.units.allocation, self.units.money), self.head)
        count, goods = self.taste.shape
        tempter, tempted = np.divmod(listed, count)
        everybody, faces = np.arange(count), len(self.chart.limits)
        basis = self.chart.basis
        rows = [
            (tempter, self.taste[tempted] - self.taste[tempter], 1.0, np.zeros(len(listed))),
            (everybody, np.zeros((count, goods)), -1.0, -self.reservation),
            *[(everybody, -sign * self.taste, sign, np.full(count, -sign * limit)) for sign, limit in self.limits],
            (
                np.repeat(everybody, faces),
                np.tile(self.chart.normals, (count, 1)),
                0.0,
                np.tile(self.chart.limits, count),
            ),
        ]
        owner, normal, own, limit = zip(*rows, strict=True)
        return Program(
            weights=self.weights,
            value=self.value,
            utility_cost=self.weights,
            tempted=tempted,
            owner=np.concatenate(owner),
            normal=np.concatenate(normal),
            own=np.repeat(own, [len(of) for of in owner]),
            limit=np.concatenate(limit),
            gradient=lambda z: cost.gradient(self.chart.origin + z @ basis) @ basis.T,
            hessian=lambda z: basis @ cost.hessian(self.chart.origin + z @ basis) @ basis.T,
        )

    def strict_point(self) -> tuple[Array, Array]:
        """The strictly IC menu in the chart: allocations and utilities."""
        strict = gradient_menu(self.problem)
        allocation = strict.allocation[self.head] / self.units.allocation
        utility = (strict.utility[self.head] - self.units.shift) / self.units.money
        worth = self.problem.valuations[self.head] @ self.chart.origin * (self.units.allocation / self.units.money)
        return (allocation - self.chart.origin) @ self.chart.basis.T, utility - worth

    def separate(self, point: Point) -> tuple[Indices, float]:
        """Violated pairs to add, as numbers, and the worst violation over all pairs.

        A type is compared with the contract that tempts it most and with those of its nearest types among the ones that
        tempt it half as much. One contract may tempt very many types: only the most tempted of them are added at once,
        for the others will follow their neighbours.
        """
        transfer = np.einsum("nd,nd->n", self.taste, point.x) - point.u
        error = utility_error(self.taste, point.x, transfer)
        found, gains, worst = [np.empty((0, 2), dtype=np.intp)], [np.empty(0)], 0.0
        wide, offers = np.column_stack([self.taste, -np.ones(len(error))]), np.column_stack([point.x, transfer])
        for types, options in relevant_blocks(self.taste, point.x, transfer, error):
            worth = wide[types] @ offers[options].T
            most = worth.max(axis=1) - point.u[types]
            worst = max(worst, float(most.max()))
            kept = np.flatnonzero(most > VIOLATION / 10)
            gain = worth[kept] - point.u[types[kept], np.newaxis]
            row, column = np.nonzero(gain >= most[kept, np.newaxis] / 2)
            gain = gain[row, column]
            away = ((self.taste[types[kept[row]]] - self.taste[options[column]]) ** 2).sum(axis=1)
            away[gain == most[kept[row]]] = -1.0
            order = np.lexsort((away, row))
            first = np.searchsorted(row, np.arange(len(kept)))  # of every type
            closest = order[np.arange(len(row)) - first[row] < ADDED]
            found.append(np.column_stack([types[kept[row[closest]]], options[column[closest]]]))
            gains.append(gain[closest])
        pairs, gain = np.concatenate(found), np.concatenate(gains)
        ranked = pairs[np.lexsort((-gain, pairs[:, 1]))]
        first = np.searchsorted(ranked[:, 1], ranked[:, 1])
        kept = ranked[np.arange(len(ranked)) - first < TEMPTED]
        return kept[:, 1] * len(self.weights) + kept[:, 0], worst

    def candidate(self, point: Point, listed: Indices, *, is_finished: bool) -> Candidate:
        """Back to the problem's own types and units; a SolverError if there is nothing to hand over."""
        if not all(np.isfinite(part).all() for part in (point.x, point.u, point.price)):
            raise SolverError("the interior point of method 'cuts' broke down: use method='reference'", tried=("cuts",))
        allocation = (self.chart.origin + point.x @ self.chart.basis) * self.units.allocation
        worth = self.problem.valuations[self.head] @ self.chart.origin * (self.units.allocation / self.units.money)
        utility = (point.u + worth) * self.units.money + self.units.shift
        transfer = np.einsum("ij,ij->i", self.problem.valuations[self.head], allocation) - utility
        allocation = self.problem.domain.clip(allocation)[self.member]
        utility = self.problem.utility(allocation, transfer[self.member])
        count = len(self.weights)
        tempter, tempted = np.divmod(listed, count)
        kept = point.price[: len(listed)] * (1 - KEPT_BACK)
        prices = csr_array((kept, (tempted, tempter)), shape=(count, count))
        ir, *of_limits = point.price[len(listed) :].reshape(-1, count)[: 1 + len(self.limits)]
        transfer = sum((sign * price for (sign, _), price in zip(self.limits, of_limits, strict=True)), np.zeros(count))
        above = self.problem.valuations @ (self.chart.origin * self.units.allocation)  # what all of X gives a type
        outside = self.problem.reservation_utility - above
        multipliers = ungrouped(self.problem, self.member, prices, transfer, ir * bool(of_limits), outside)
        return Candidate(allocation, utility, multipliers, "cuts", is_finished)


def master_of(problem: ScreeningProblem) -> Master:
    """The master program of a problem that `reason_against` has nothing against."""
    units = units_of(problem)
    chart = chart_of(problem, units.allocation)
    if chart is None:
        raise ProblemError("method 'cuts' does not apply: the domain has no interior, or is a class of your own")
    rate = units.allocation / units.money
    taste = problem.valuations @ chart.basis.T * rate
    rounding = 4 * (problem.n_goods + 3) * EPS * rate * float(np.abs(problem.valuations).max())
    reach = float(np.ptp(taste, axis=0).max())
    head, member = _distinct(taste, max(SAME_TASTE * reach, rounding))
    reservation = (problem.reservation_utility - units.shift) / units.money - problem.valuations @ chart.origin * rate
    highest = np.full(len(head), -np.inf)
    np.maximum.at(highest, member, reservation)
    value = (problem.valuations + problem.principal_values) @ chart.basis.T * rate
    return Master(
        problem,
        units,
        chart,
        member,
        head,
        taste[head],
        value[head],
        np.asarray(np.bincount(member, problem.weights), dtype=np.float64),
        highest,
    )


def _distinct(taste: Array, width: float) -> tuple[Indices, Indices]:
    """One type for every group of types whose tastes are closer than `width`, and the group of every type."""
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    away = taste - taste.min(axis=0)
    away = away / (width or 1.0)
    first, member = distinct_rows(away)
    unique = away[first]
    close = cKDTree(unique).query_pairs(1.0, output_type="ndarray")
    if len(close):
        joined = csr_array((np.ones(len(close)), (close[:, 0], close[:, 1])), shape=(len(unique), len(unique)))
        member = np.asarray(connected_components(joined, directed=False)[1], dtype=np.intp)[member]
    return np.unique(member, return_index=True)[1], member


def solve(
    problem: ScreeningProblem,
    *,
    deadline: float = np.inf,
    report: Callable[[str], None] = lambda message: None,
) -> Candidate:
    """Solve by rounds of interior point and exact separation over all pairs.

    Parameters
    ----------
    deadline : time.monotonic() at which to stop with what there is; an interrupt from the keyboard does the same
    report : called with one line after every round

    Raises
    ------
    ProblemError
        If the problem is outside this engine's class.
    SolverError
        If violations remain after the last round.
    """
    against = reason_against(problem)
    if against is not None:
        raise ProblemError(f"method 'cuts' does not apply: {against}; use method='auto'")
    master = master_of(problem)
    scale, count = master.scale, len(master.weights)
    if count <= DENSE_TYPES:
        every = np.flatnonzero(~np.eye(count, dtype=bool))
        program = master.program(every)
        start = first_point(program, *master.strict_point())
        reached_at_once = minimise_densely(program, start, gap=LAST_GAP * scale)
        if reached_at_once is not None:
            return master.candidate(reached_at_once, every, is_finished=True)
    listed = first_pairs(master.taste, linear=is_straight(problem.cost))
    spacing = float(np.ptp(master.taste, axis=0).max()) / count ** (1 / master.taste.shape[1])
    first, group = _distinct(master.taste, NEAR * spacing)
    near = first[group]
    program = master.program(listed)
    elimination = Elimination(program, master.taste, near)
    path, worst = [first_point(program, *master.strict_point())], np.inf
    separate = functools.lru_cache(maxsize=1)(master.separate)
    lookout = Lookout(master.taste, master.weights, lambda point: separate(point)[0], VIOLATION)
    reached: tuple[Point, Indices] | None = None
    try:
        for number in range(1, ROUNDS + 1):
            lookout.keep_to(listed)
            gap = FIRST_GAP if number == 1 else LAST_GAP
            further, finished = minimise(
                program, path.pop(), elimination, gap=gap * scale, deadline=deadline, watch=lookout
            )
            path += further
            reached = path[-1], listed
            violated, worst = separate(path[-1])
            report(f"round {number}: {len(listed)} IC rows, worst violation {worst:.1e}, {len(further) - 1} steps")
            if not finished or (gap == LAST_GAP and worst <= VIOLATION and not len(lookout.seen)):
                return master.candidate(*reached, is_finished=finished)
            before, listed = listed, union(listed, violated, lookout.seen)
            if (
                gap == LAST_GAP and len(listed) == len(before) and len(further) == 1
            ):  # as far as it gets: the repairs see to the rest
                return master.candidate(*reached, is_finished=True)
            if len(listed) > len(before):
                listed = union(listed, hull_pairs(master.taste, path[-1].u))
                program = master.program(listed)
                elimination = Elimination(program, master.taste, near)
                path = restarted(program, path, np.searchsorted(listed, before))
    except KeyboardInterrupt:
        if reached is None:
            raise
        return master.candidate(*reached, is_finished=False)
    raise SolverError(
        f"IC violations of {worst * master.units.money:.1e} remain after {ROUNDS} rounds: use method='reference'",
        tried=("cuts",),
    )


def first_point(program: Program, x: Array, u: Array) -> Point:
    """Prices to start from at the strict menu.

    Participation is priced at the weights: pairs listed both ways then balance the flow, all at the same price times
    slack. Types that nearly coincide have next to no slack: theirs is overstated.
    """
    actual, pairs = program.slack(x, u), len(program.tempted)
    participation = slice(pairs, pairs + len(u))
    slack = np.maximum(actual, LEAST_SLACK)
    slack[pairs:] = np.maximum(actual[pairs:], LEAST_ROOM)
    level = float(program.utility_cost @ actual[participation]) / len(u)
    price = np.minimum(level / slack, DEAREST * float(program.utility_cost.mean()))
    price[participation] = program.utility_cost
    return Point(x, u, price, slack, slack - actual)


def restarted(program: Program, path: list[Point], kept: Indices) -> list[Point]:
    """The last points of the path on a longer list that (nearly) meet it, after the first, which always does.

    The IC rows before are at the places `kept`. The last point is good for the old rows but may be next to the walls of
    the new ones: steps from there would be short. So go back to where the new rows are hardly missed. They begin at the
    price times slack of the others.
    """
    at = np.concatenate([kept, np.arange(len(program.tempted), len(program.owner))])
    is_new = np.ones(len(program.owner), dtype=bool)
    is_new[at] = False
    most, last = float(program.utility_cost.mean()), list[Point]()
    for point in [*path[:0:-1], path[0]]:
        if len(last) == REMEMBERED and point is not path[0]:
            continue
        level = float(np.mean(point.price * point.slack))
        actual = program.slack(point.x, point.u)
        if not last and point is not path[0] and np.any(actual[is_new] < -BEHIND * level / most):
            continue
        slack = np.maximum(actual, level / most)
        missing, price = slack - actual, level / slack
        slack[at], missing[at], price[at] = point.slack, point.missing, point.price
        last.append(Point(point.x, point.u, price, slack, missing))
    return last[::-1]

"""Allocations from a list: which ones to offer at which transfers, as a mixed-integer linear program.

Every type takes one option (Hanson & Martin 1990). With z_im = 1 where type i takes allocation m, p_m its transfer and
q_im = p_m z_im what it pays, everything is linear, whatever allocations cost:

    u_i = sum_m (a_i . x_m z_im - q_im) >= a_i . x_m - p_m,    q_im is p_m or 0 as z_im is 1 or 0,    z_im <= y_m

and at most k of the y_m are 1. A transfer so high that nobody pays it is as good as no offer. Transfers have a lowest
value that loses nothing: at the best ones each option is linked to a limit or to what somebody has anyway by a chain of
indifferent types, and each link moves a transfer by no more than the range of what a type makes of the list.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import Any

import numpy as np

from contracts.errors import InfeasibleMenuError, ProblemError, SolverError
from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass
from contracts.menu.assembly import menu_of
from contracts.menu.menu import Menu
from contracts.problem.costs import parts_of, power_of_two
from contracts.problem.screening import ScreeningProblem
from contracts.proof.bound import Bound, upper_bound
from contracts.proof.kinds import Kind, beside_chances
from contracts.proof.multipliers import no_multipliers
from contracts.repair.assign import assigned, is_feasible
from contracts.short.prices import Standing, best_exact, floor_of, standing

WITHIN = 0.1  # of the gap asked for, which the program is solved to; rounding and repricing have the rest
TAKEN = 0.5  # of a variable that is 0 or 1
NO_LIMIT = "nothing limits transfers from above: give every type a reservation_utility, or transfers=(lowest, highest)"


def solve(problem: ScreeningProblem, kind: Kind, gap: float, deadline: float) -> Menu:
    """The best menu of allocations from a list, by HiGHS, with the bound that its search proves.

    Raises
    ------
    ProblemError
        If nothing limits transfers.
    InfeasibleMenuError
        If no menu of the kind gives everybody what it can have elsewhere.
    """
    program = problem.program
    allocations = beside_chances(kind, program.n_goods)
    assert allocations is not None
    stays = standing(problem, kind)
    if _earns_alike(program, stays):  # nobody is paid for what everybody has anyway
        others = allocations[~program.outside.is_at(allocations)]
        allocations = others if len(others) else allocations
    most = len(allocations) if kind.max_options is None else kind.max_options - stays.n_fixed
    found = _searched(program, allocations, stays, most, gap, deadline)
    bound = _bound(program, kind, found.bound)
    exact = None
    if found.taken is not None:
        offered = np.unique(found.taken[found.taken < len(allocations)])
        own = np.searchsorted(offered, found.taken)
        own = np.where(found.taken < len(allocations), own, found.taken - len(allocations) + len(offered))
        exact = best_exact(program, stays, allocations[offered], own, found.transfers[offered], bound, gap)
    if exact is None:
        exact = assigned(program, stays.fixed, bound, gap) if len(stays.transfers) else None
    if exact is None or not is_feasible(exact.certificate):
        raise SolverError(
            f"no menu with the {len(allocations)} given allocations was found; give more time_limit, or fewer "
            "allocations",
            tried=("HiGHS",),
        )
    if bound.value < exact.certificate.value:  # by what the solver forgives
        bound = replace(bound, value=exact.certificate.value)
        exact = replace(exact, certificate=replace(exact.certificate, upper_bound=bound.value))
    exact = replace(exact, certificate=replace(exact.certificate, is_stopped=found.is_stopped))
    return menu_of(problem, exact, bound, "allocations from a list (HiGHS)")


def _bound(program: ScreeningProblem, kind: Kind, value: float) -> Bound:
    """The bound that the search proves, next to the one that needs no search."""
    known = upper_bound(program, no_multipliers(program))
    if not value < known.value:
        return replace(known, among=kind)
    worth = max(known.worth - (known.value - value), 0.0) if math.isfinite(known.value) else abs(value)
    return replace(known, value=value, rigorous=False, worth=worth, among=kind)


@dataclass(frozen=True, eq=False)
class _Found:
    """What the search ended with; nobody takes anything where it found no menu."""

    bound: float
    taken: Any  # (n_types,) option of every type, those that stand last; None
    transfers: Any  # (n_allocations,)
    is_stopped: bool


def _searched(
    program: ScreeningProblem, allocations: Array, stays: Standing, most: int, gap: float, deadline: float
) -> _Found:
    """The solution of the mixed-integer program, in units of money near one."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    terms, n_types, count = program.terms, program.n_types, len(allocations)
    every = np.vstack([allocations, stays.allocations])
    worth = program.valuations @ every.T
    money = power_of_two(float(np.abs(worth).max()) + float(np.abs(stays.transfers).max(initial=0.0)))
    floor = floor_of(program, stays)
    low, high = stays.lowest, stays.highest
    dearest = np.minimum(worth[:, :count] - floor[:, np.newaxis], high[:, np.newaxis]) / money  # that i pays for m
    if not np.isfinite(dearest).all():
        raise ProblemError(NO_LIMIT)
    spread = float((worth.max(axis=1) - worth.min(axis=1)).max()) / money
    links = min(most, count, n_types)
    least = float(dearest.min()) - (links + 1) * spread
    if np.isfinite(low).all():
        least = max(least, min(float(low.min()) / money, float(dearest.min())))
    lowest = np.full(count, least)
    if _earns_alike(program, stays):
        earned = program.principal_values[0] @ every.T - program.costs_of(every)[0]
        lowest = np.maximum(lowest, (earned[-1] - earned[:count]) / money)
    unwanted = (worth[:, :count] - floor[:, np.newaxis]).max(axis=0) / money
    unwanted = np.where(np.isfinite(unwanted), unwanted, float(high.max()) / money + spread)
    nobody = np.maximum(unwanted, lowest)  # a transfer that nobody pays gladly
    program_rows = _Rows(n_types, count, len(stays.transfers))
    gains = program.principal_values @ every.T - program.costs_of(every) + 0.0
    own = terms.profit_weight * gains + terms.allocation_values @ every.T
    fixed = np.append(np.zeros(count), stays.transfers)
    own = own + terms.profit_weight * fixed + terms.utility_weights[:, np.newaxis] * (worth - fixed)
    goal = program_rows.empty()
    goal[program_rows.takes] = program.weights[:, np.newaxis] * own / money
    goal[program_rows.pays] = (program.weights * (terms.profit_weight - terms.utility_weights))[:, np.newaxis]
    program_rows.choose_one()
    program_rows.offer(most)
    program_rows.prefer((worth - fixed) / money, floor / money)
    cheapest = np.maximum(low[:, np.newaxis] / money, lowest)
    program_rows.pay(dearest, cheapest, lowest, nobody)
    lower, upper, integral = program_rows.empty(), program_rows.empty(), program_rows.empty()
    upper[program_rows.takes] = 1.0
    upper[program_rows.takes[:, :count]] = dearest >= cheapest
    upper[program_rows.offers] = 1.0
    lower[program_rows.prices], upper[program_rows.prices] = lowest, nobody
    lower[program_rows.pays], upper[program_rows.pays] = np.minimum(lowest, 0.0), np.maximum(nobody, 0.0)
    integral[program_rows.takes], integral[program_rows.offers] = 1, 1
    options: Any = {"mip_rel_gap": WITHIN * gap}
    if math.isfinite(deadline):
        options["time_limit"] = max(deadline - time.monotonic(), 0.1)
    solved = milp(
        -goal,
        constraints=LinearConstraint(*program_rows.matrix()),
        integrality=integral.astype(np.intp),
        bounds=Bounds(lower, upper),
        options=options,
    )
    status = int(solved.status)
    if status == 2:
        raise InfeasibleMenuError(
            "no menu of the given allocations gives every type its reservation utility within the limits on transfers: "
            "add allocations, lower reservation_utility, or let participation='voluntary'",
        )
    proven = getattr(solved, "mip_dual_bound", None)
    bound = math.inf if proven is None else -float(proven) * money
    if solved.x is None:
        if status != 1:
            raise SolverError(f"HiGHS ended with: {solved.message}; rescale the problem", tried=("HiGHS",))
        return _Found(bound, None, None, is_stopped=True)
    taken = solved.x[program_rows.takes].argmax(axis=1)
    return _Found(bound, taken, solved.x[program_rows.prices] * money, is_stopped=status == 1)


def _earns_alike(program: ScreeningProblem, stays: Standing) -> bool:
    """Whether options earn the same from whoever takes them, so that none that earns less than leaving is needed.

    Without those, their takers move to better ones, or leave.
    """
    alike = (
        program.is_for_profit
        and len(parts_of(program.cost)) == 1
        and not np.ptp(program.principal_values, axis=0).any()
    )
    return bool(alike and stays.n_fixed == 0 and program.outside.is_contract)


class _Rows:
    """Variables z (types, options), q (types, allocations), p and y (allocations), and rows over them."""

    def __init__(self, n_types: int, count: int, n_standing: int) -> None:
        every = count + n_standing
        sizes = np.cumsum([0, n_types * every, n_types * count, count, count])
        self.takes = np.arange(sizes[0], sizes[1]).reshape(n_types, every)
        self.pays = np.arange(sizes[1], sizes[2]).reshape(n_types, count)
        self.prices = np.arange(sizes[2], sizes[3])
        self.offers = np.arange(sizes[3], sizes[4])
        self.n_types, self.count, self.size = n_types, count, int(sizes[4])
        self.entries: list[tuple[Array, Array, Array]] = []  # row, column, value
        self.ends: list[tuple[Array, Array]] = []
        self.n_rows = 0

    def empty(self) -> Array:
        return np.zeros(self.size)

    def add(self, least: Any, most: Any, n_rows: int, *terms: tuple[Any, Any]) -> None:
        """Rows least <= sum of coefficient * variable <= most; terms are (columns, coefficients), (n_rows, any)."""
        row = self.n_rows + np.arange(n_rows)
        for columns, coefficients in terms:
            columns = np.asarray(columns).reshape(n_rows, -1)
            values = np.broadcast_to(np.asarray(coefficients, dtype=np.float64), columns.shape)
            self.entries.append((np.repeat(row, columns.shape[1]), columns.ravel(), values.ravel()))
        self.ends.append((np.broadcast_to(least, n_rows), np.broadcast_to(most, n_rows)))
        self.n_rows += n_rows

    def choose_one(self) -> None:
        self.add(1.0, 1.0, self.n_types, (self.takes, 1.0))

    def offer(self, most: int) -> None:
        """z_im <= y_m, and at most so many are offered."""
        pairs = self.pays.size
        offered = np.broadcast_to(self.offers, self.pays.shape).reshape(pairs, 1)
        self.add(-np.inf, 0.0, pairs, (self.takes[:, : self.count].reshape(pairs, 1), 1.0), (offered, -1.0))
        self.add(-np.inf, float(most), 1, (self.offers[np.newaxis], 1.0))

    def prefer(self, worth: Array, floor: Array) -> None:
        """u_i is at least what every option, and what stands anyway, is worth to type i."""
        pairs = self.pays.size
        who = np.repeat(np.arange(self.n_types), self.count)
        priced = np.broadcast_to(self.prices, self.pays.shape).reshape(pairs, 1)
        self.add(
            worth[:, : self.count].ravel(),
            np.inf,
            pairs,
            (self.takes[who], worth[who]),
            (self.pays[who], -1.0),
            (priced, 1.0),
        )
        bound = np.flatnonzero(np.isfinite(floor))
        if bound.size:
            self.add(floor[bound], np.inf, len(bound), (self.takes[bound], worth[bound]), (self.pays[bound], -1.0))

    def pay(self, dearest: Array, cheapest: Array, lowest: Array, nobody: Array) -> None:
        """q_im = p_m z_im, within what type i may and would pay for m."""
        pairs = self.pays.size
        takes = self.takes[:, : self.count].reshape(pairs, 1)
        pays, priced = (
            self.pays.reshape(pairs, 1),
            np.broadcast_to(self.prices, self.pays.shape).reshape(pairs, 1),
        )
        column = np.ones((pairs, 1))
        never, least, cheapest = (
            np.broadcast_to(part, self.pays.shape).reshape(pairs, 1) for part in (nobody, lowest, cheapest)
        )
        self.add(-np.inf, 0.0, pairs, (pays, column), (takes, -dearest.reshape(pairs, 1)))
        self.add(0.0, np.inf, pairs, (pays, column), (takes, -cheapest))
        self.add(-np.inf, -least.ravel(), pairs, (pays, column), (priced, -column), (takes, -least))
        self.add(-never.ravel(), np.inf, pairs, (pays, column), (priced, -column), (takes, -never))

    def matrix(self) -> tuple[Any, Array, Array]:
        """The rows as a sparse matrix with its lower and upper ends."""
        from scipy.sparse import csr_array

        row, column, value = (np.concatenate(part) for part in zip(*self.entries, strict=True))
        least, most = (np.concatenate(part) for part in zip(*self.ends, strict=True))
        return csr_array((value, (row, column)), shape=(self.n_rows, self.size)), least, most

"""What an engine hands over: a menu in numbers, and the prices that bound every other menu."""

from __future__ import annotations

import functools
import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from contracts.inputs.arrays import Array, Indices
from contracts.inputs.frozen import dataclass
from contracts.problem.costs import power_of_two
from contracts.problem.domains import Simplex
from contracts.problem.participation import WithOutside
from contracts.problem.screening import ScreeningProblem
from contracts.proof.multipliers import Multipliers, no_multipliers

if TYPE_CHECKING:
    from scipy.sparse import coo_array, csr_array

FARTHEST = 1e300
FAR_BELOW = 1e-2  # share of the unit of allocations below which another is better
HANDED_ON = 1e-14  # share of a flow kept back, so that no IR price comes out negative by rounding


@dataclass(frozen=True, eq=False)
class Candidate:
    """Allocation, utility and multipliers in the problem's own units; nothing is proven yet."""

    allocation: Array  # (n_types, n_goods)
    utility: Array  # (n_types,)
    multipliers: Multipliers
    engine: str  # which engine, and which solver inside it
    is_finished: bool = True  # False where a time limit or an interrupt stopped it


@dataclass(frozen=True)
class Units:
    """Powers of two in which a problem's numbers are near one, and a common shift of utilities.

    Engines work on x / allocation, (u - shift) / money; since both units are powers of two nothing is rounded.
    """

    allocation: float
    money: float
    shift: float


@functools.lru_cache(maxsize=4)
def units_of(problem: ScreeningProblem) -> Units:
    """Units from the largest amount any type would be given, and the largest money it is worth to that type.

    Not the largest valuation times the largest amount: with costs as types (taxation, regulation) the type that minds
    most takes least, and such a product would exceed every sum of money in the program by orders of magnitude.
    """
    value = problem.valuations + problem.principal_values
    money_per_unit = float(np.max(np.abs(problem.valuations)) + np.max(np.abs(problem.principal_values)))
    amount, worth = 0.0, 0.0
    if not is_in_shares(problem):
        _, best = problem.cost.conjugate(value, problem.domain)
        best = np.where(np.isfinite(best), best, 0.0)
        amount = float(np.max(np.abs(best), initial=0.0))
        worths = (np.abs(problem.valuations) + np.abs(problem.principal_values)) * np.abs(best)
        worth = float(np.max(worths, initial=0.0))
    if amount == 0 and problem.domain.bounded:
        amount, worth = float(problem.domain.magnitude(problem.n_goods).max()), 0.0
    allocation = 1.0 if amount == 1.0 else power_of_two(amount)
    shifts = problem.transfers == "free" and problem.has_participation_constraint and problem.terms.function is None
    shift = float(problem.reservation_utility.min()) if shifts else 0.0  # a welfare function has a zero of its own
    money = worth if worth > 0 else money_per_unit * allocation
    if money == 0:  # nobody values anything: what allocations cost is all there is
        money = float(np.abs(problem.costs_of(allocation * np.eye(problem.n_goods))).max())
    if problem.terms.profit_weight == 0:  # nothing but a budget, or the limit itself, keeps the principal from paying
        lowest = problem.transfer_limits[0] if problem.terms.minimum_profit is None else problem.terms.minimum_profit
        money = max(money, abs(lowest) if math.isfinite(lowest) else 0.0)
    elif hasattr(problem.terms.function, "level"):  # or the welfare of utilities, which are given up to where it fades
        level = problem.terms.function.level(problem.terms.profit_weight / float(problem.terms.welfare_weights.max()))
        money = max(money, level if level < FARTHEST * money else 0.0)
    return Units(allocation, power_of_two(money), shift)


def is_in_shares(problem: ScreeningProblem) -> bool:
    """Whether allocations are lotteries, whose unit is 1."""
    domain = problem.domain
    return isinstance(domain.inner if isinstance(domain, WithOutside) else domain, Simplex)


def finer_units_of(problem: ScreeningProblem, units: Units, found: Candidate) -> Units | None:
    """Units in which what was found is near one, where it is far below the first best; None elsewhere.

    Rows or limits may leave little of what nobody else would stop: a solver sees only a share of its unit.
    """
    amount = float(np.abs(found.allocation).max())
    if not 0 < amount < FAR_BELOW * units.allocation or is_in_shares(problem):
        return None
    sizes = np.abs(problem.valuations) + np.abs(problem.principal_values)
    money = max(float((sizes * np.abs(found.allocation)).max()), float(np.abs(found.utility - units.shift).max()))
    return Units(power_of_two(amount), power_of_two(money), units.shift)


def widest_units_of(problem: ScreeningProblem) -> Units:
    """Units in which what the constraints ask for is near one as well, however little the first best is.

    An outside option, a reservation utility, a limit on utilities or a minimum profit may lie far above what anybody
    would be given for its own sake.
    """
    units = units_of(problem)
    outside = np.abs(problem.outside.allocation)
    rows = problem.side_rows
    with np.errstate(divide="ignore", invalid="ignore"):
        asked = np.abs(rows.limit) / np.abs(rows.allocation).max(axis=(1, 2), initial=0.0)
        owed = np.abs(rows.limit) / np.abs(rows.utility).max(axis=1, initial=0.0)
    amount = max(units.allocation, float(outside.max()), float(np.max(asked[np.isfinite(asked)], initial=0.0)))
    if problem.domain.bounded:
        amount = units.allocation
    worth = float(np.abs(problem.valuations).max() + np.abs(problem.principal_values).max()) * amount
    reserved = np.ptp(problem.reservation_utility - units.shift) if problem.has_participation_constraint else 0.0
    least = max(float(np.max(owed[np.isfinite(owed)], initial=0.0)), abs(problem.terms.minimum_profit or 0.0))
    money = max(units.money, worth if amount > units.allocation else 0.0, float(reserved), least)
    return Units(power_of_two(amount), power_of_two(money), units.shift)


def ungrouped(
    problem: ScreeningProblem,
    member: Indices,
    prices: csr_array | coo_array,
    transfer: Array | None = None,
    ir: Array | None = None,
    outside: Array | None = None,
    social: Array | None = None,
) -> Multipliers:
    """Multipliers of all types from prices of groups of equal types.

    A group tempts through all its members, in proportion to their weights; it is tempted as the member with the best
    outside option, to whom the others hand on what flows through them: among equal types a price costs nothing.

    Parameters
    ----------
    member : (n_types,) group of every type
    prices : sparse (n_groups, n_groups), [g, h]: group g tempted by group h; repeated entries add up
    transfer, ir : (n_groups,) prices of limits on transfers, shared by weight, and of IR, which the best outside option
        bears; none if left out
    outside : (n_types,) what the outside options of a group are compared by, if its types value some amounts alike up
        to a constant; the reservation utility by default
    social : (n_types,) what the objective gains from a unit of each type's utility; the problem's by default
    """
    from scipy.sparse import csr_array

    n_types, n_groups = problem.n_types, prices.shape[0]
    transfer = np.zeros(n_groups) if transfer is None else transfer
    ir = np.zeros(n_groups) if ir is None else ir
    if n_groups == n_types:  # everybody is a group: only the numbering changes
        head = np.empty(n_types, dtype=np.intp)
        head[member] = np.arange(n_types)
        pairs = prices.tocoo()
        ic = csr_array((pairs.data, (head[pairs.row], head[pairs.col])), shape=prices.shape)
        return replace(no_multipliers(problem), ic=ic, transfer=transfer[member], ir=ir[member])
    order = np.lexsort((-(problem.reservation_utility if outside is None else outside), member))
    head = order[np.unique(member[order], return_index=True)[1]]
    share = problem.weights / np.bincount(member, problem.weights)[member]
    spread = csr_array((share, (member, np.arange(n_types))), shape=(n_groups, n_types))
    lifted = csr_array((np.ones(n_groups), (head, np.arange(n_groups))), shape=(n_types, n_groups))
    ic = (lifted @ prices @ spread).tocsr()
    transfer = share * transfer[member]
    follower = np.flatnonzero(np.arange(n_types) != head[member])
    if follower.size:
        social = problem.weights * problem.terms.utility_weights if social is None else social
        passed = (problem.weights * problem.terms.profit_weight - social + transfer + ic.sum(axis=0))[follower]
        amount = np.abs(passed) * np.where(passed > 0, 1 - HANDED_ON, 1 + HANDED_ON)
        giver, taker = np.where(passed > 0, follower, head[member[follower]]), head[member[follower]]
        taker = np.where(passed > 0, taker, follower)
        ic = (ic + csr_array((amount, (giver, taker)), shape=(n_types, n_types))).tocsr()
    return replace(no_multipliers(problem), ic=ic, transfer=transfer, ir=lifted @ ir)

"""The constraints of the menu program as sparse rows over [allocations, utilities], in normalised units."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from scipy.sparse import csr_array, eye_array, hstack

from contracts.engines.candidate import Units, units_of
from contracts.engines.ironing import line_of_tastes
from contracts.inputs.arrays import Array, Indices, rising_order
from contracts.inputs.frozen import dataclass
from contracts.problem.costs import parts_of, scaled_cost
from contracts.problem.domains import Box, is_orthant
from contracts.problem.mimicry import tempting_pairs
from contracts.problem.participation import WithOutside, tastes
from contracts.problem.screening import ScreeningProblem
from contracts.proof.multipliers import Multipliers

ALIKE = 1e-8  # of the range of types on a line: a step too small for a solver to see
OUT_OF_REACH = 1e5  # units of allocation
LEAST_SHARE = 1e-24  # of the largest amount, below which an amount counts as this
OUT_OF_ORDER = 1e-8  # units of allocation by which it may fall from a type to the next
OUTSIDE = 0  # number of the outside contract where types are told which contract to take


@dataclass(frozen=True, eq=False)
class Rows:
    """matrix @ [x.ravel(), u] >= limit."""

    matrix: csr_array
    limit: Array
    names: tuple[str, ...] = ()  # how messages call each row; IC rows have none, they never conflict alone

    def __len__(self) -> int:
        return len(self.limit)

    def at_least(self, point: Any, more: Any = 0.0) -> list[Any]:
        """The rows as one cvxpy constraint, tightened by `more`; an empty list if there are none."""
        return [self.matrix @ point >= self.limit + more] if len(self) else []


@dataclass(frozen=True, eq=False)
class Program:
    """All linear rows of a problem; transfers limited on no side have no rows."""

    problem: ScreeningProblem
    units: Units
    contract: Indices  # (n_types,) number of the contract that each type takes; 0 is the outside contract
    tempted: Indices  # (n_pairs,) type i of every IC row, between types of different contracts
    tempter: Indices  # (n_pairs,) type j of every IC row
    ic: Rows
    ir: Rows
    lowest: Rows
    highest: Rows
    side: Rows
    side_size: Array  # (n_rows,) what each side constraint was divided by
    near: Array  # (n_types, n_goods) powers of two about as large as the allocations
    ic_size: Array | None = None  # (n_pairs,) what each IC row was divided by; None for nothing
    basis: csr_array | None = None  # (n_types, n_steps) utilities from the rows' own variables; None where they are it

    @property
    def soft(self) -> tuple[Rows, Rows, Rows, Rows]:
        """The rows that may conflict with one another."""
        return (self.ir, self.lowest, self.highest, self.side)

    def variables(self) -> tuple[Any, Any, Any]:
        """cvxpy expressions: the point, and its parts allocation (n_types, n_goods) and utility (n_types,).

        The solver's own variables are allocations / near, and utilities.
        """
        import cvxpy as cp

        shape = self.problem.valuations.shape
        n_allocation = shape[0] * shape[1]
        n_steps = shape[0] if self.basis is None else self.basis.shape[1]
        point = cp.Variable(n_allocation + n_steps)
        if (self.near != 1).any():
            point = cp.multiply(np.append(self.near.ravel(), np.ones(n_steps)), point)
        utility = point[n_allocation:] if self.basis is None else self.basis @ point[n_allocation:]
        return point, cp.reshape(point[:n_allocation], shape, order="C"), utility

    def sharing(self, allocation: Any, utility: Any) -> list[Any]:
        """Types with the same contract have the same allocation and transfer, as cvxpy constraints."""
        import cvxpy as cp

        problem, units = self.problem, self.units
        value = problem.valuations * (units.allocation / units.money)
        transfer = cp.sum(cp.multiply(value, allocation), axis=1) - utility - units.shift / units.money
        same = []
        followers = np.flatnonzero(self.head != np.arange(problem.n_types))
        if followers.size:
            heads = self.head[followers]
            same = [allocation[followers] == allocation[heads], transfer[followers] == transfer[heads]]
        leaves = self.contract == OUTSIDE
        if leaves.any():
            outside = np.tile(problem.outside.allocation / units.allocation, (leaves.sum(), 1))
            same += [allocation[leaves] == outside, transfer[leaves] == 0]
        return same

    def is_out_of_order(self, allocation: Array) -> bool:
        """Whether neighbours on a line so near that a solver's digits do not order them have allocations out of order.

        Where only neighbours have rows, all other IC rests on this order.
        """
        n_types = self.problem.n_types
        has_all = len(self.tempted) == n_types * (n_types - 1) or len(np.unique(self.contract)) < n_types
        if self.problem.mimics is not None or has_all:
            return False
        taste = tastes(self.problem.domain, self.problem.valuations)
        apart = taste[self.tempted] - taste[self.tempter]
        distance = np.linalg.norm(apart, axis=1)
        step = (allocation[self.tempted] - allocation[self.tempter]) / self.units.allocation
        rise = np.einsum("ij,ij->i", apart, step) / np.where(distance > 0, distance, 1.0)
        return bool(rise.min() < -OUT_OF_ORDER)

    @property
    def head(self) -> Indices:
        """The first type that takes the same contract; (n_types,)."""
        _, first, number = np.unique(self.contract, return_index=True, return_inverse=True)
        return np.asarray(first[number.reshape(-1)])

    def domain_constraints(self, allocation: Any) -> list[Any]:
        return _within_reach(self.problem.domain.scaled(self.units.allocation)).constraints(allocation)

    def margins(self, point: Any) -> tuple[Any, Any, list[Any]]:
        """What IC and IR rows must hold by for every valuation, as cvxpy expressions, and the definitions they need.

        The two definitions set variables to L_i'(x_i - x_j) and L_i'(x_i - outside option): their prices over those
        of the rows are the directions in which the valuations that bind lie.
        """
        import cvxpy as cp

        problem, sets = self.problem, self.problem.valuation_sets
        if sets is None:
            return 0.0, 0.0, []
        shape, everybody = problem.valuations.shape, np.arange(problem.n_types)
        factors = sets.factors * (self.units.allocation / self.units.money)
        own, other = (_reach_matrix(factors, self.tempted, who, shape) for who in (self.tempted, self.tempter))
        home = _reach_matrix(factors, everybody, everybody, shape)
        away = np.einsum("ikl,k->il", factors, problem.outside.allocation / self.units.allocation)
        x = point[: problem.valuations.size]
        apart = cp.Variable((len(self.tempted), shape[1]))
        taken = cp.Variable(shape)
        definitions = [
            cp.vec(apart, order="C") == (own - other) @ x,
            cp.vec(taken, order="C") == home @ x - away.ravel(),
        ]
        return cp.norm(apart, sets.norm, axis=1), cp.norm(taken, sets.norm, axis=1), definitions

    def spent(self, allocation: Any) -> tuple[Any, list[Any]]:
        """What every type's allocation costs, (n_types,), in units of money, as a cvxpy expression; what defines it."""
        import cvxpy as cp

        units = self.units
        cost: Any = scaled_cost(self.problem.cost, units.allocation, units.money)
        if not self.problem.excludes:
            if hasattr(cost, "takes_near"):
                return cost.expression(allocation, self.near), []
            return cost.expression(allocation), []
        parts = [(types, part.epigraph(allocation[types])) for part, types in parts_of(cost)]  # type: ignore[attr-defined]
        order = np.concatenate([np.arange(self.problem.n_types)[types] for types, _ in parts])
        spent = cp.hstack([spent for _, (spent, _) in parts])[np.argsort(order)]
        return spent, [one for _, (_, constraints) in parts for one in constraints]

    def payoff(self, allocation: Any, utility: Any, spent: Any) -> Any:
        """What the principal earns from each type, (n_types,), in units of money, as a cvxpy expression."""
        import cvxpy as cp

        problem, units = self.problem, self.units
        surplus = (problem.valuations + problem.principal_values) * (units.allocation / units.money)
        gross = cp.sum(cp.multiply(surplus, allocation), axis=1)
        return gross - spent - utility - units.shift / units.money

    def profit(self, allocation: Any, utility: Any, spent: Any) -> Any:
        """The principal's expected payoff."""
        return self.problem.weights @ self.payoff(allocation, utility, spent)

    def read(self, point: Array) -> tuple[Array, Array]:
        """Allocation and utility in the problem's own units."""
        n_allocation = self.problem.valuations.size
        allocation = point[:n_allocation].reshape(self.problem.valuations.shape) * self.units.allocation
        utility = point[n_allocation:] if self.basis is None else self.basis @ point[n_allocation:]
        return self.problem.domain.clip(self._kept(allocation)), utility * self.units.money + self.units.shift

    def _kept(self, allocation: Array) -> Array:
        """Amounts that rows of their own limit, put there where a solver missed it: what is forbidden is not given."""
        rows = self.problem.side_rows
        alone = (np.count_nonzero(rows.allocation, axis=(1, 2)) == 1) & ~rows.utility.any(axis=1)
        for k in np.flatnonzero(alone).tolist():
            place = tuple(np.argwhere(rows.allocation[k])[0])
            share = float(rows.allocation[k][place])
            if share * allocation[place] > rows.limit[k]:
                allocation[place] = rows.limit[k] / share
        return allocation


def _within_reach(domain: Any) -> Any:
    """The domain without what lies so far from amounts near one, nothing among them, that a solver would lose digits.

    No more than a restriction: the bound is about the domain itself.
    """
    if isinstance(domain, WithOutside):
        return replace(domain, inner=_within_reach(domain.inner))
    if not isinstance(domain, Box) or np.any(domain.lower > 0) or np.any(domain.upper < 0):
        return domain
    lower = np.where(np.isfinite(domain.lower), np.maximum(domain.lower, -OUT_OF_REACH), domain.lower)
    return Box(lower, np.where(np.isfinite(domain.upper), np.minimum(domain.upper, OUT_OF_REACH), domain.upper))


def menu_program(problem: ScreeningProblem, contract: Indices | None = None, units: Units | None = None) -> Program:
    """Every IR, transfer and side row of the problem and the IC rows that imply all, without a Python loop over pairs.

    `contract` numbers the contract that each type takes, 0 for the outside contract; by default all have their own.
    """
    units = units_of(problem) if units is None else units
    n_types = problem.n_types
    value = problem.valuations * (units.allocation / units.money)
    near = _near(problem, units)
    if contract is None:
        contract = np.arange(1, n_types + 1)
        tempted, tempter = _tempting_pairs(problem, near)
    else:
        apart = contract[:, np.newaxis] != contract
        tempted, tempter = np.nonzero(apart if problem.mimics is None else apart & problem.mimics)
    named = [repr(label) for label in problem.labels]
    low, high = ((limit + units.shift) / units.money for limit in problem.transfer_limits)
    side, side_size = _side_rows(problem, units)
    transfer = _transfer_matrix(value)
    utility = hstack([csr_array((n_types, value.size)), eye_array(n_types)], format="csr")
    participation = Rows(
        utility, (problem.reservation_utility - units.shift) / units.money, _names("IR of type", named)
    )
    if not problem.has_participation_constraint:
        participation = Rows(utility[:0], np.zeros(0))
    return Program(
        problem,
        units,
        contract,
        tempted,
        tempter,
        Rows(_ic_matrix(value, tempted, tempter), np.zeros(len(tempted))),
        participation,
        _limited(transfer, low, _names("lowest transfer of type", named)),
        _limited(-transfer, -high, _names("highest transfer of type", named)),
        side,
        side_size,
        near,
    )


def _near(problem: ScreeningProblem, units: Units) -> Array:
    """What each type would be given if nothing were hidden, in units of allocation; (n_types, n_goods).

    Only for powers on x >= 0: a solver may rescale a power cone as a whole, but not x within it. Where amounts differ
    by orders of magnitude, as earnings to a high power do, the small ones would drown in its tolerance.
    """
    if not hasattr(problem.cost, "takes_near") or not is_orthant(problem.domain, problem.n_goods):
        return np.ones(problem.valuations.shape)
    _, best = problem.cost.conjugate(problem.valuations + problem.principal_values, problem.domain)
    best = np.maximum(best, problem.outside.allocation)  # nobody can be kept from that
    share = np.where(np.isfinite(best) & (best > 0), best / units.allocation, 1.0)
    return np.asarray(2.0 ** np.round(np.log2(np.maximum(share, LEAST_SHARE))))


def _tempting_pairs(problem: ScreeningProblem, near: Array) -> tuple[Indices, Indices]:
    """Pairs (tempted, tempter) whose IC rows imply all others: neighbours both ways where types lie on a line.

    There a_i = a_0 + theta_i e, and with y = e . x the row of (i, j) is u_i - u_j >= (theta_i - theta_j) y_j. The two
    rows of theta' > theta add up to (theta' - theta)(y' - y) >= 0: between neighbours, y rises. So for i above j the
    steps between them sum to u_i - u_j >= sum_k (theta_{k+1} - theta_k) y_k >= (theta_i - theta_j) y_j, and for i below
    j likewise. Equal types have equal utilities, which their own neighbours in a row say, but y need not rise among
    them: each of them is a neighbour of the types next to them. With sets of valuations around the types the margins of
    the steps add up to more than that of the pair, so all pairs stay; and so do those of all who can mimic one another,
    where not everybody can.
    """
    known = problem.valuation_sets is None and problem.mimics is None
    along = line_of_tastes(problem) if known else None
    if along is None:
        return tempting_pairs(problem.mimics, problem.n_types)
    theta = along[1]
    order = rising_order(theta)
    rise = np.diff(theta[order])
    worth = rise * near.max(axis=1)[order[1:]]  # types of tiny valuations may be given as much more
    alike = (rise <= ALIKE * rise.sum()) & (worth <= ALIKE * worth.sum())
    group = np.concatenate([[0], np.cumsum(~alike)])  # of every place in the order
    sizes = np.append(np.bincount(group), 0)
    following = sizes[group + 1]
    lower, beside = np.repeat(np.arange(problem.n_types), following), np.flatnonzero(alike)
    upper = np.cumsum(sizes)[group[lower]] + np.arange(len(lower)) - (np.cumsum(following) - following)[lower]
    one, other = order[np.append(lower, beside)], order[np.append(upper, beside + 1)]
    tempted, tempter = np.divmod(
        np.sort(np.append(one, other) * problem.n_types + np.append(other, one)), problem.n_types
    )
    return tempted, tempter


def _reach_matrix(factors: Array, types: Indices, who: Indices, shape: tuple[int, int]) -> csr_array:
    """Rows (L_i' x_j) for pairs of a set's type i and an allocation's type j, one row per pair and column of L."""
    n_goods = shape[1]
    goods = who[:, np.newaxis] * n_goods + np.arange(n_goods)
    entries = factors[types].transpose(0, 2, 1)
    columns = np.broadcast_to(goods[:, np.newaxis, :], entries.shape)
    starts = np.arange(0, entries.size + 1, n_goods)
    return csr_array((entries.ravel(), columns.ravel(), starts), shape=(len(types) * n_goods, shape[0] * n_goods))


def _ic_matrix(value: Array, tempted: Indices, tempter: Indices) -> csr_array:
    """Rows u_i - u_j - (a_i - a_j) . x_j."""
    n_types, n_goods = value.shape
    goods = tempter[:, np.newaxis] * n_goods + np.arange(n_goods)
    utilities = value.size + np.column_stack([tempted, tempter])
    ones = np.ones((len(tempted), 1))
    entries = np.hstack([value[tempter] - value[tempted], ones, -ones])
    starts = np.arange(0, entries.size + 1, n_goods + 2)
    columns = np.hstack([goods, utilities])
    return csr_array((entries.ravel(), columns.ravel(), starts), shape=(len(tempted), value.size + n_types))


def _transfer_matrix(value: Array) -> csr_array:
    """Rows t_i = a_i . x_i - u_i."""
    n_types, n_goods = value.shape
    starts = np.arange(0, value.size + 1, n_goods)
    worth = csr_array((value.ravel(), np.arange(value.size), starts), shape=(n_types, value.size))
    return hstack([worth, -eye_array(n_types)], format="csr")


def _limited(matrix: csr_array, limit: float, names: tuple[str, ...]) -> Rows:
    if np.isfinite(limit):
        return Rows(matrix, np.full(matrix.shape[0], limit), names)
    return Rows(matrix[:0], np.zeros(0))


def _side_rows(problem: ScreeningProblem, units: Units) -> tuple[Rows, Array]:
    rows = problem.side_rows
    count = len(rows.limit)
    matrix = np.hstack(
        [rows.allocation.reshape(count, problem.valuations.size) * units.allocation, rows.utility * units.money]
    )
    limit = rows.limit - rows.utility.sum(axis=1) * units.shift
    size = np.abs(matrix).max(axis=1, initial=0.0)
    size[size == 0] = 1.0
    names = tuple(repr(name) for name in rows.names)
    return Rows(csr_array(-matrix / size[:, np.newaxis]), -limit / size, names), size


def _names(what: str, labels: list[str]) -> tuple[str, ...]:
    return tuple(f"{what} {label}" for label in labels)


def multipliers_of(
    program: Program, prices: list[Any], profit: Any = None, floor: Any = None, goal_unit: float | None = None
) -> Multipliers:
    """Dual values of ic, ir, lowest, highest, side (None where there are no rows), in units of the objective per unit.

    `profit` is the price of the minimum profit, `floor` those of the worst-off term's rows, (n_types,).
    """
    n_types = program.problem.n_types
    goal_unit = program.units.money if goal_unit is None else goal_unit
    per_utility = goal_unit / program.units.money
    ic, ir, lowest, highest, side = (np.zeros(0) if price is None else np.asarray(price) for price in prices)
    if program.ic_size is not None:
        ic = ic / program.ic_size
    return Multipliers(
        ic=csr_array((ic * per_utility, (program.tempted, program.tempter)), shape=(n_types, n_types)),
        ir=_per_type(ir, n_types) * per_utility,
        transfer=(_per_type(lowest, n_types) - _per_type(highest, n_types)) * per_utility,
        side=side * goal_unit / program.side_size,
        profit=0.0 if profit is None else float(np.asarray(profit).reshape(())) * per_utility,
        worst_off=np.full(n_types, 1.0 / n_types) if floor is None else np.asarray(floor),
        weights=program.problem.weights,
        directions=np.zeros((0, 0, program.problem.n_goods)),
    )


def _per_type(prices: Array, n_types: int) -> Array:
    return prices if len(prices) else np.zeros(n_types)

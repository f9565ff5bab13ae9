"""An upper bound on every menu's value, recomputed from multipliers alone.

For multipliers l_ij, m_i >= 0 of IC and IR, t_i of the transfer limits, s >= 0 of the side constraints and rho >= 0 of
the minimum profit, write kappa = profit_weight + rho. The Lagrangian bounds the objective of every feasible menu. It
separates: utilities drop out when the multipliers lie on the flow

    kappa f_i - pi_i + t_i + (s.H)_i + sum_j l_ji = m_i + sum_j l_ij,        pi_i the welfare weight of u_i,

and what is left is one conjugate per type at its virtual valuation (B_j: the objective's own allocation values)

    v_j = a_j + b_j + [f_j B_j + t_j a_j - sum_i l_ij (a_i - a_j) - (s.G)_j] / (kappa f_j),
    bound = sum_j kappa f_j c*(v_j) - m.r - t_low.lowest + t_high.highest + s.g - rho minimum_profit (+ welfare terms).

A solver's multipliers miss the flow by its tolerance; they are first put on it (a small change of the multipliers), so
the bound holds whatever the solver said. Sums carry a bound on their own rounding, and the result is rounded up.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from contracts.exact.rationals import EPS
from contracts.inputs.arrays import Array, distribution, exact_parts, is_distribution
from contracts.inputs.frozen import dataclass
from contracts.problem.costs import (
    Cost,
    Linear,
    conjugate_at,
    straight_prices,
)
from contracts.problem.domains import ends_of, has_endless_goods
from contracts.problem.screening import ScreeningProblem
from contracts.proof.conjugates import conjugate_bound
from contracts.proof.flow import all_that_leaves, on_the_flow, stake_in_leaving
from contracts.proof.kinds import EVERY_MENU, Kind
from contracts.proof.line_prices import Forced, LinePrices
from contracts.proof.multipliers import Multipliers, no_multipliers, non_negative, of_existing_rows, times

NUDGES = (1e-13, 1e-11, 1e-9, 1e-7)  # of the prices of side constraints, relative
DECIDED = 2000  # virtual valuations next to a linear cost's price that are looked at in fractions
IN_CACHE = 2**14  # types whose virtual valuations are computed together
FLOW_ROUNDS = 20  # of putting robust prices on the flow and pricing anew


@dataclass(frozen=True, eq=False)
class Bound:
    """A proven upper bound with the multipliers, on the flow, that prove it."""

    value: float
    rigorous: bool  # closed-form conjugate and exact flow, rounding accounted for
    virtual_valuation: Array  # (n_types, n_goods)
    allocation: Array  # (n_types, n_goods) maximisers of the conjugates
    multipliers: Multipliers
    worth: float  # objective: what the bound says menus are worth above one contract for all; see `_worth`
    utility_price: Array | None = None  # (n_types,) see `OnFlow`; None without a welfare function
    among: Kind = EVERY_MENU  # the menus that it bounds


# From (cost, domain, weights, virtual valuations, their errors), all types together, to terms whose sum is at least
# what allocations are worth at the virtual valuations; the allocations (n_types, n_goods) that are; if it is proven.
Surplus = Callable[[Any, Any, Array, Array, Array], tuple[Array, Array, bool]]


def each_its_own(cost: Any, domain: Any, weights: Array, virtual: Array, error: Array) -> tuple[Array, Array, bool]:
    """What types are worth if each can be given an allocation of its own: the conjugates."""
    surplus, allocation, closed = conjugate_bound(cost, domain, virtual, error)
    return weights * surplus, allocation, closed


def upper_bound(problem: ScreeningProblem, multipliers: Multipliers, surplus: Surplus = each_its_own) -> Bound:
    """Bound on the objective of every menu that is IC and IR, from any multipliers.

    Those of IC rows that do not exist, because the one type cannot mimic the other, count as zero. With another
    `surplus` it bounds the menus whose allocations are worth no more than that.

    Examples
    --------
    Without multipliers it is the full-information value, here 1/2 (1^2/2 + 2^2/2):

    >>> from contracts.problem.costs import Quadratic
    >>> problem = ScreeningProblem([1.0, 2.0], [0.5, 0.5], cost=Quadratic())
    >>> round(upper_bound(problem, no_multipliers(problem)).value, 12)
    1.25
    """
    if problem.mimics is not None:
        multipliers = of_existing_rows(problem, multipliers)
    if problem.ambiguity is not None:  # no menu's worst case is better than its value at any one distribution
        weights = distribution_within(problem, multipliers.weights)
        return upper_bound(problem.under(weights), replace(multipliers, weights=weights), surplus)
    if problem.valuation_sets is not None:
        return _robust_bound(problem, multipliers)
    bound = _bound_at(problem, multipliers, surplus)
    for more in NUDGES:  # a linear cost on x >= 0 needs v <= price to the last digit: dearer side rows lower v
        if math.isfinite(bound.value) or not multipliers.side.any():
            break
        bound = _bound_at(problem, replace(multipliers, side=multipliers.side * (1 + more)), surplus)
    if math.isfinite(bound.value):
        return bound
    # Prices that are rounding alone, as where utilities weigh nothing, may find no flow to lie on: none at all do.
    return min(bound, _bound_at(problem, no_multipliers(problem), surplus), key=lambda proven: proven.value)


def _bound_at(problem: ScreeningProblem, multipliers: Multipliers, surplus: Surplus) -> Bound:
    """The bound from these multipliers, put on the flow."""
    prices, missed, welfare, welfare_size, exact_flow, utility_price = on_the_flow(problem, non_negative(multipliers))
    weights = problem.weights * (problem.terms.profit_weight + prices.profit)
    cost: Any = problem.cost
    if not np.all(weights > 0):  # nothing weighs on the principal's payoff: only the constraints' prices count
        weights, cost = np.ones(problem.n_types), Linear(0.0)
    virtual, error = _virtual_valuations(problem, prices, weights, priced=cost is problem.cost)
    clears = np.all(prices.ir >= missed)
    common, leaving = 0.0, (0.0, 0.0)
    if np.isfinite(problem.transfer_limits).all() and not clears:  # it is paid in utility, a_i . x_i - t_i
        error = error + (missed / weights)[:, np.newaxis] * np.abs(problem.valuations)
        slip = float(missed.sum() * np.abs(problem.transfer_limits).max())
    else:  # ... or moves the IR multipliers, which price the reservation utility; their sum stays what it is
        stake = stake_in_leaving(problem)
        if exact_flow and problem.terms.function is None and not np.isfinite(problem.transfer_limits).all():
            common, leaving = float(np.median(stake)), all_that_leaves(problem, prices)
        slip = float(missed @ np.abs(stake - common))
    if has_endless_goods(problem.domain, problem.n_goods):
        virtual, error = _on_the_right_side(problem, prices, weights, virtual, error, cost, priced=cost is problem.cost)
    earned, allocation, closed = surplus(cost, problem.domain, weights, virtual, error)
    rows = problem.side_rows
    lowest, highest = problem.transfer_limits
    terms = [
        earned,
        -times(prices.ir, problem.reservation_utility - common),
        np.array([-common * leaving[0]]),
        -times(np.maximum(prices.transfer, 0.0), lowest),
        times(np.maximum(-prices.transfer, 0.0), highest),
        times(prices.side, rows.limit),
        np.array([-times(prices.profit, problem.terms.minimum_profit or 0.0), welfare]),
    ]
    if not all(np.isfinite(term).all() for term in terms):
        return Bound(math.inf, exact_flow, virtual, allocation, prices, math.inf)
    size = sum(float(np.abs(term).sum()) for term in terms) + welfare_size + abs(common) * leaving[1]
    size += float(prices.ir @ (np.abs(problem.valuations) @ np.abs(problem.outside.allocation)))
    total = (
        math.fsum(part for term in terms for part in exact_parts(np.atleast_1d(term)))
        + (problem.n_goods + 8) * EPS * size
        + slip
    )
    owed = float(times(prices.ir, problem.reservation_utility - common).sum()) + common * leaving[0]
    worth = _worth(problem, cost, weights, virtual, total - welfare, owed)
    value, rigorous = float(np.nextafter(total, np.inf)), closed and exact_flow
    return Bound(value, rigorous, virtual, allocation, prices, worth, utility_price)


def _worth(problem: ScreeningProblem, cost: Cost, weights: Array, virtual: Array, bound: float, owed: float) -> float:
    """What the bound leaves above giving everybody the reference contract at its reservation utility.

    The bound is sum_j w_j [v_j . x_j - c(x_j)] - m.r + limits at the maximisers; this is the same less its value at one
    x for all. What shifts the objective of every menu alike (all reservation utilities, a constant in the cost, or in
    the utilities of lotteries) drops out, and so do constraints that do not bind: their prices are zero.
    """
    everybody = np.broadcast_to(problem.reference_allocation, virtual.shape)
    with np.errstate(invalid="ignore"):
        alike = weights @ conjugate_at(cost, virtual, everybody) - owed
    return abs(bound - float(alike)) if np.isfinite(alike) else abs(bound)


def _robust_bound(problem: ScreeningProblem, multipliers: Multipliers) -> Bound:
    """Uncertain valuations: every row is priced at one valuation a_i + L_i z of its type's set.

    Where valuations were known the Lagrangian had l_ij [u_i - u_j - (a_i - a_j) . x_j]; now it has l_ij L_i z_ij .
    (x_i - x_j) besides, and m_i L_i z_i . (x_i - outside option): values of allocations, which join the objective.
    They are summed in floats, so the bound is called numerical. Without directions every row is priced at a_i, and the
    bound is the one for known valuations: uncertainty only adds constraints.
    """
    directions = multipliers.directions
    if not directions.size:
        return upper_bound(replace(problem, uncertainty=None), multipliers)
    shifts = problem.valuation_sets.shift(problem.valuation_sets.within(directions))  # type: ignore[union-attr]
    bound, prices = None, multipliers
    for _ in range(FLOW_ROUNDS):  # prices move a little to lie on the flow, and what they price moves with them
        lifted = shifts[:, :-1] * prices.ic.toarray()[:, :, np.newaxis]
        at_home = shifts[:, -1] * prices.ir[:, np.newaxis]
        values = (lifted.sum(axis=1) - lifted.sum(axis=0) + at_home) / problem.weights[:, np.newaxis]
        terms = replace(problem.terms, allocation_values=problem.terms.allocation_values + values)
        bound = upper_bound(replace(problem, uncertainty=None, objective=terms), prices)
        moved = abs(bound.multipliers.ic - prices.ic).sum() + np.abs(bound.multipliers.ir - prices.ir).sum()
        prices = bound.multipliers
        if moved == 0:
            break
    assert bound is not None
    prices = replace(prices, directions=directions)
    return replace(
        bound,
        value=bound.value - float((at_home @ problem.outside.allocation).sum()),
        rigorous=False,
        multipliers=prices,
    )


def distribution_within(problem: ScreeningProblem, weights: Array) -> Array:
    """The distribution on the way from the problem's weights to `weights` that is still in its ambiguity."""
    known, ambiguity = problem.weights, problem.ambiguity
    assert ambiguity is not None

    def is_within(weights: Array) -> bool:
        return bool(np.all(weights > 0)) and ambiguity.excess(weights, known, problem.valuations) <= 0

    if is_distribution(weights) and is_within(weights):
        return weights  # as it is, to the bit
    weights = ambiguity.restored(distribution(np.maximum(weights, 0.0)))
    for step in (1.0, *(1.0 - 10.0 ** np.arange(-12, 0)), 0.5):
        inside = distribution(known + step * (weights - known))
        if is_within(inside):
            return inside
    return known


# ---- putting multipliers on the flow ----


def _virtual_valuations(
    problem: ScreeningProblem, prices: Multipliers, weights: Array, *, priced: bool
) -> tuple[Array, Array]:
    """Virtual valuations and a bound on their rounding; (n_types, n_goods) both."""
    forced = _forced(prices.stated_ic, problem.valuations)
    virtual, error = np.empty_like(problem.valuations), np.empty_like(problem.valuations)
    for start in range(0, problem.n_types, IN_CACHE):
        some = slice(start, start + IN_CACHE)
        virtual[some], error[some] = _virtual_valuations_of(some, problem, prices, weights, forced, priced=priced)
    return virtual, error


def _virtual_valuations_of(
    some: slice, problem: ScreeningProblem, prices: Multipliers, weights: Array, by_good: list[Forced], *, priced: bool
) -> tuple[Array, Array]:
    """The same of some types."""
    rows, valuations, gains = problem.side_rows, problem.valuations[some], problem.principal_values[some]
    own = prices.transfer[some, np.newaxis] * valuations
    side = side_size = np.zeros(1)
    if len(rows.limit):
        on = rows.allocation[:, some]
        side, side_size = (np.einsum("k,kij->ij", prices.side, part) for part in (on, np.abs(on)))
    forced, forced_size = (
        np.column_stack([getattr(part, name)[some] for part in by_good]) for name in ("total", "size")
    )
    per_type = 1.0 / weights[some, np.newaxis]
    value = valuations + gains if priced else 0.0
    value_size = np.abs(valuations) + np.abs(gains) if priced else 0.0
    linear = problem.weights[some, np.newaxis] * problem.terms.allocation_values[some]
    virtual = value + (own - forced - side + linear) * per_type
    counts = by_good[0].number[some, np.newaxis] + len(rows.limit) + 8
    error = counts * EPS * (value_size + (np.abs(own) + forced_size + side_size + np.abs(linear)) * per_type)
    return np.asarray(virtual), np.asarray(error)


def _forced(ic: Any, valuations: Array) -> list[Forced]:
    """What rents force on virtual valuations, good by good."""
    if isinstance(ic, LinePrices):
        return [ic.forced(worth) for worth in valuations.T]
    pairs, n_types, found = ic.tocoo(), len(valuations), list[Forced]()
    number = np.bincount(pairs.col, minlength=n_types).astype(np.float64)
    for worth in np.ascontiguousarray(valuations.T):
        apart = pairs.data * (worth[pairs.row] - worth[pairs.col])
        total, size = (np.bincount(pairs.col, part, minlength=n_types) for part in (apart, np.abs(apart)))
        found.append(Forced(np.asarray(total, dtype=np.float64), np.asarray(size, dtype=np.float64), number))
    return found


def _on_the_right_side(
    problem: ScreeningProblem,
    prices: Multipliers,
    weights: Array,
    virtual: Array,
    error: Array,
    cost: Any,
    *,
    priced: bool,
) -> tuple[Array, Array]:
    """Virtual valuations within rounding of a linear cost's price put on the side of it where they exactly lie.

    Of a good without an upper end that decides whether the bound is finite, and so it does the other way round without
    a lower one. Fractions of the same numbers know, and few of them are asked. Where amounts of the other sign end
    somewhere, the valuation that is worth most there is the furthest from the price that rounding leaves possible.
    """
    price = straight_prices(cost, virtual.shape)
    if np.isnan(price).all():
        return virtual, error
    ends: Any = ends_of(problem.domain, problem.n_goods)
    below, above = np.isneginf(ends[0]), np.isposinf(ends[1])
    furthest = 2.0 * ((ends[1] > 0) & ~above) - 2.0 * ((ends[0] < 0) & ~below)  # errors from the price
    near = np.argwhere((np.abs(virtual - price) <= error) & (below | above))
    if not len(near) or len(near) > DECIDED:
        return virtual, error
    virtual, error, rows = virtual.copy(), error.copy(), problem.side_rows
    kappa = Fraction(problem.terms.profit_weight) + Fraction(prices.profit)
    column = prices.ic.tocsc()
    for j, k in near.tolist():
        own = Fraction(float(problem.valuations[j, k]))
        total = Fraction(float(prices.transfer[j])) * own
        total += Fraction(float(problem.weights[j])) * Fraction(float(problem.terms.allocation_values[j, k]))
        for place in range(column.indptr[j], column.indptr[j + 1]):
            other = Fraction(float(problem.valuations[column.indices[place], k]))
            total -= Fraction(float(column.data[place])) * (other - own)
        for row in np.flatnonzero(prices.side * rows.allocation[:, j, k]):
            total -= Fraction(float(prices.side[row])) * Fraction(float(rows.allocation[row, j, k]))
        weight = kappa * Fraction(float(problem.weights[j])) if priced else Fraction(float(weights[j]))
        value = own + Fraction(float(problem.principal_values[j, k])) if priced else Fraction(0)
        over = total - weight * (Fraction(float(price[j, k])) - value)
        if (over <= 0 or not above[k]) and (over >= 0 or not below[k]):
            virtual[j, k], error[j, k] = price[j, k] + furthest[k] * error[j, k], 0.0
    return virtual, error

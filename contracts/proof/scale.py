"""What a gap is relative to: what menus are worth, whatever the units and whatever does not bind."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from contracts.inputs.arrays import Array
from contracts.problem.costs import conjugate_at
from contracts.problem.domains import is_lottery
from contracts.problem.screening import ScreeningProblem
from contracts.proof.bound import Bound
from contracts.proof.flow import stake_in_leaving, worth_at_price

SMALLEST_VALUE = 1e-4  # share of the money that changes hands below which a value counts as zero
CLEAR_GAIN = 1e-9  # share of a value that is gained by trade, or trade is idle
NO_SURPLUS = 1e-6  # share of the sizes of what is summed that counts where no menu is worth anything
CONJUGATE_NOISE = 1e-10  # share of the same sizes that a numerical bound may find where there is nothing
PRICE_STEPS = tuple(4.0**k for k in range(10))  # multiples of the prices of rows at which surplus is bounded
ROUNDING = 2.0**-49  # share of what is summed by which a surplus is nothing but rounding
NO_MONEY = 1e-280  # where nothing at all is at stake: far above what comparisons leave room for lost bits


def gap_scale(problem: ScreeningProblem, allocation: Array, transfer: Array, bound: Bound) -> float:
    """What menus are worth, in the objective's units: what a relative gap refers to.

    It is what the bound says menus earn above one contract for everybody (`Bound.worth`): with nothing to reserve, the
    bound itself. Domain bounds, limits and reservation utilities that do not bind have no price, so they do not count.
    Welfare functions count as what they rise by. Sums that cancel are only known to a share of what is summed: so the
    scale is at least `SMALLEST_VALUE` of what changes hands under the menu, of what lotteries can be worth, and of the
    first-best surplus. Where no menu can be worth anything the gap is absolute, in units of `NO_SURPLUS` times the
    expected value of the largest allocation, the sizes of its terms added up (`SMALLEST_VALUE` under numerical bounds).
    """
    terms, weights = problem.terms, problem.weights
    worth = bound.worth if math.isfinite(bound.worth) else 0.0
    first_best = _first_best_surplus(problem, bound)
    flows = weights @ _at_stake(problem, np.abs(allocation), np.abs(problem.cost.value(allocation)), np.abs(transfer))
    if SMALLEST_VALUE * flows > worth:  # else it does not matter whether more changes hands than need be
        flows = weights @ _at_stake(problem, *_no_more_than_traded(problem, allocation, transfer))
    if is_lottery(problem.domain):
        most = np.abs(problem.costs_of(np.eye(problem.n_goods))).max()
        flows = flows + weights @ _at_stake(problem, np.ones(allocation.shape), most, 0.0)
    weight = max(terms.profit_weight, terms.worst_off_weight, float(np.abs(terms.utility_weights).max()))
    resolved = SMALLEST_VALUE * max(float(flows), weight * first_best if math.isfinite(first_best) else 0.0)
    largest = weight * _largest_value(problem)
    noise = 0.0 if bound.rigorous else CONJUGATE_NOISE * largest
    idle = (
        0.0
        if weight > 0 and weight * first_best > noise
        else (NO_SURPLUS if bound.rigorous else SMALLEST_VALUE) * largest
    )
    return max(worth, _welfare_at_stake(problem, allocation, transfer, bound), resolved, idle, NO_MONEY)


def _at_stake(problem: ScreeningProblem, amounts: Array, cost: Any, paid: Any) -> Array:
    """Sizes of the terms that the linear part of the objective sums for each type; (n_types,)."""
    terms = problem.terms
    earned = terms.profit_weight * ((np.abs(problem.principal_values) * amounts).sum(axis=1) + cost + paid)
    enjoyed = (np.abs(problem.valuations) * amounts).sum(axis=1) + paid
    own = (np.abs(terms.allocation_values) * amounts).sum(axis=1)
    return np.asarray(earned + own + (np.abs(terms.utility_weights) + terms.worst_off_weight) * enjoyed)


def _no_more_than_traded(problem: ScreeningProblem, allocation: Array, transfer: Array) -> tuple[Array, Array, Array]:
    """Sizes of amounts, costs and transfers of a menu, up to the largest there would be if nothing were hidden.

    Goods that are worth exactly their price can be handed out without limit, in menus that are worth nothing.
    """
    amounts, cost, money = _largest_trade(problem)
    paid = np.minimum(np.abs(transfer), np.abs(stake_in_leaving(problem)) + money)
    return np.minimum(np.abs(allocation), amounts), np.minimum(np.abs(problem.cost.value(allocation)), cost), paid


@functools.lru_cache(maxsize=4)  # of the repairs of one menu
def _largest_trade(problem: ScreeningProblem) -> tuple[Array, float, float]:
    """Of what types would have if nothing were hidden, the largest amounts (n_goods,), cost, and worth to anybody.

    Without what gains nothing; infinite where it has no limit.
    """
    value = (problem.valuations + problem.principal_values) * (1 - CLEAR_GAIN)
    best = np.abs(problem.cost.conjugate(value, problem.domain)[1])
    if not np.isfinite(best).all():
        amounts = np.where(np.isfinite(best), best, np.inf).max(axis=0)
        return amounts, math.inf, math.inf
    amounts = best.max(axis=0)
    with np.errstate(over="ignore"):
        cost = float(np.abs(problem.cost.value(best)).max())
    return amounts, cost, float((np.abs(problem.valuations) @ amounts).max())


def _welfare_at_stake(problem: ScreeningProblem, allocation: Array, transfer: Array, bound: Bound) -> float:
    """sum_i f_i w_i [W(u_i) - W(0)]; where W(0) is minus infinity, W'(u_i) (|a_i| . |x_i| + |t_i|) instead of that.

    A logarithm has no natural zero: another unit of money shifts it. Neither may be more than what utility is worth at
    the prices of the bound, or else a type left next to nothing would make any loss small beside its own W'(u_i). Junk
    prices do not help a junk menu. Let V be the best value, B the bound, W* the conjugate, p_i the prices. Then
    B - V >= sum_i f_i w_i [W*(p_i) + p_i u_i - W(u_i)] at the best menu's utilities: what is left of the Lagrangian is
    its maximum. The bracket is about p_i u_i where p_i is many times W'(u_i). So what prices overstate, the gap is
    larger by.
    """
    terms = problem.terms
    if terms.function is None or bound.utility_price is None:
        return 0.0
    utility = problem.utility(allocation, transfer)
    nothing = float(terms.function.value(np.zeros(1))[0])
    worth = terms.function.value(utility)
    cares = (terms.welfare_weights > 0) & np.isfinite(worth)
    priced = worth_at_price(terms.function, bound.utility_price[cares])
    if math.isfinite(nothing):
        rise = np.minimum(np.abs(worth[cares] - nothing), np.maximum(priced, np.abs(worth[cares])))
    else:
        money = (np.abs(problem.valuations) * np.abs(allocation)).sum(axis=1) + np.abs(transfer)
        with np.errstate(over="ignore"):
            rise = np.minimum(money[cares] * terms.function.marginal(utility[cares]), priced)
    return float((problem.weights * terms.welfare_weights)[cares] @ rise)


@functools.lru_cache(maxsize=4)  # of the repairs of one menu
def _first_best_surplus(problem: ScreeningProblem, bound: Bound) -> float:
    """Bound on the expected surplus above the reference allocation's if nothing were hidden.

    The surplus may be limited by the domain, by side constraints (at the prices of the bound, or a multiple: under full
    information more is to be had) or by the highest transfer, whichever binds first: looser ones do not count. Infinite
    where only what is hidden keeps amounts from growing.
    """
    value = problem.valuations + problem.principal_values
    weights, rows, prices = problem.weights, problem.side_rows, bound.multipliers.side
    reference = np.broadcast_to(problem.reference_allocation, value.shape)

    def surplus(values: Array) -> float:
        most, best = problem.cost.conjugate(values, problem.domain)
        with np.errstate(invalid="ignore", over="ignore"):  # where nothing attains it
            attained = conjugate_at(problem.cost, values, best)  # without what a conjugate is rounded up by
        most = np.where(np.isfinite(attained), np.minimum(most, attained), most)
        alike = conjugate_at(problem.cost, values, reference)
        alike = np.where(np.isfinite(alike), alike, 0.0) + ROUNDING * _sizes(problem, values, best)
        return float(weights @ np.maximum(most - alike, 0.0))

    found = [surplus(value)]
    if prices.any():
        onto = np.einsum("k,kij->ij", prices, rows.allocation) / weights[:, np.newaxis]
        spared = float(prices @ np.abs(rows.limit))
        found += [surplus(value - scale * onto) + scale * spared for scale in PRICE_STEPS]
    highest = problem.transfer_limits[1]
    if math.isfinite(highest):
        found.append(surplus(problem.principal_values) + abs(highest))
    finite_ones = [one for one in found if math.isfinite(one)]
    return min(finite_ones, default=math.inf)


def _sizes(problem: ScreeningProblem, values: Array, amounts: Array) -> Array:
    """Sizes of what amounts are worth and cost at the margin, summed over those that are finite; (n_types,)."""
    sizes = np.abs(values)
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        if hasattr(problem.cost, "gradient"):
            sizes = sizes + np.abs(problem.cost.gradient(amounts))
        each = sizes * np.abs(amounts)
    return np.where(np.isfinite(each), each, 0.0).sum(axis=1)


def _largest_value(problem: ScreeningProblem) -> float:
    """Expected sum of the sizes of what a unit of each good is worth and costs at first, times its largest amount.

    Where that is nothing, what the largest amounts cost.
    """
    sizes = np.abs(problem.valuations) + np.abs(problem.principal_values)
    if hasattr(problem.cost, "gradient"):
        slope = problem.cost.gradient(np.broadcast_to(problem.reference_allocation, sizes.shape))
        sizes = sizes + np.where(np.isfinite(slope), np.abs(slope), 0.0)
    amounts = problem.domain.magnitude(problem.n_goods)
    amounts = np.where(np.isfinite(amounts), amounts, 1.0)
    largest = float(problem.weights @ (sizes @ amounts))
    return largest if largest > 0 else float(problem.weights @ np.abs(problem.costs_of(amounts[np.newaxis])[:, 0]))

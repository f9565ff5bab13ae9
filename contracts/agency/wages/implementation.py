"""What it costs to implement each action: wages that do, and bounds that nothing is cheaper.

Strictly concave utilities go through `contracts.agency.wages.prices`, all actions at once; a risk neutral agent's wages
are linear programs. Whatever they find is compared anew: an action counts as implemented only by wages, as floats, for
which the agent certainly prefers it and certainly stays. Where there are none, the proof says why not.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from contracts.agency.bound import ContractMultipliers, cost_bounds, multipliers_of
from contracts.agency.problem import MoralHazardProblem
from contracts.agency.utility import RiskNeutral
from contracts.agency.verify import compared
from contracts.agency.wages.impossible import Impossibility, impossibility
from contracts.agency.wages.linear import SPARES, linear_wages, rounded, shared_output
from contracts.agency.wages.prices import SPARE, Priced, implementation_prices
from contracts.agency.wages.rising import misses
from contracts.exact.rationals import EPS
from contracts.inputs.arrays import Array, Indices, Mask
from contracts.inputs.frozen import dataclass

MORE_SPARE = (SPARE, 1e-8, 1e-6, 1e-5)  # room that constraints are asked to have, until wages keep them beyond doubt
DIGITS = (12, 15)  # of wages that are tried first, as somebody would write them
TIDY = (4, 6, 8)  # digits of wages that are tried last
POLISHED = 1e-4  # share of the unit of utility that a constraint may have to spare and still count as binding
SLIVERS = (4e-15, 1e-13, 1e-12)  # to spare after polishing
BACK = 12  # steps of bringing wages back to what constraints ask
CHUNK = 20_000_000  # numbers in one table of actions by actions


@dataclass(frozen=True, eq=False)
class Implementations:
    """Wages for every action that was asked about, in that order.

    Attributes
    ----------
    who : (n,) actions
    wages : (n, n_outcomes), nan where there are none
    cost : (n,) expected wages, inf where there are none
    bound : (n,) what no wages cost less, -inf where nothing is proven
    multipliers : prices that prove the bounds, zero for other actions
    """

    problem: MoralHazardProblem
    who: Indices
    wages: Array
    cost: Array
    bound: Array
    multipliers: ContractMultipliers

    @cached_property
    def proofs(self) -> dict[int, Impossibility]:
        """Why actions without wages have none, by number of the action, where that is proven."""
        missing = (int(a) for a in self.who[np.isinf(self.cost)])
        found = {a: impossibility(self.problem, a) for a in missing}
        return {a: proof for a, proof in found.items() if proof is not None}


def implementations(problem: MoralHazardProblem, who: Indices | None = None) -> Implementations:
    """The least costly wages for each of some actions, with bounds."""
    who = np.arange(problem.n_actions) if who is None else who
    if isinstance(problem.utility, RiskNeutral):
        wages, participation, incentive = _by_linear_programs(problem, who)
    else:
        wages, participation, incentive = _by_prices(problem, who)
    prices = np.zeros(problem.n_actions)
    prices[who] = participation
    multipliers = multipliers_of(prices, incentive)
    cost = np.einsum("ij,ij->i", problem.outcome_probabilities[who], wages)
    cost = np.where(np.isnan(cost), np.inf, cost)
    return Implementations(problem, who, wages, cost, cost_bounds(problem, multipliers, who), multipliers)


# ---- risk neutral agents ----


def _by_linear_programs(problem: MoralHazardProblem, who: Indices) -> tuple[Array, Array, Any]:
    wages = np.full((len(who), problem.n_outcomes), np.nan)
    participation, incentive = np.zeros(len(who)), np.zeros((problem.n_actions, problem.n_actions))
    for k, action in enumerate(who):
        shared = next((one for one in shared_output(problem, int(action)) if is_kept(problem, one, int(action))), None)
        if shared is not None:
            wages[k], participation[k] = shared, 1.0
            continue
        for spare in SPARES:
            found = linear_wages(problem, int(action), spare)
            if spare == 0:
                participation[k], incentive[action] = found.participation, found.incentive
            if found.wages is None:
                break
            tries = [rounded(found.wages, digits) for digits in DIGITS] if spare == 0 else []
            kept = next((one for one in [*tries, found.wages] if is_kept(problem, one, int(action))), None)
            if kept is not None:
                wages[k] = kept
                break
    return wages, participation, incentive


def tidied(problem: MoralHazardProblem, wages: Array, action: int) -> Array:
    """The same wages with few digits, if those are kept beyond doubt and cost no more; else as they are."""
    own = problem.outcome_probabilities[action]
    cost = float(own @ wages)
    for digits in TIDY:
        short = np.clip(rounded(wages, digits), problem.lowest_wage, problem.highest_wage)
        if float(own @ short) <= cost and is_kept(problem, short, action):
            return np.asarray(short)
    return wages


def is_kept(problem: MoralHazardProblem, wages: Array, action: int) -> bool:
    """Whether wages are within their limits, have the shape that is asked for, and implement an action beyond doubt."""
    if not (np.isfinite(wages).all() and np.all((wages >= problem.lowest_wage) & (wages <= problem.highest_wage))):
        return False
    if misses(problem, wages)[1] > 0:
        return False
    found = compared(problem, wages, action)
    return found.gain <= 0 and found.slack >= 0


# ---- strictly concave utilities ----


def _by_prices(problem: MoralHazardProblem, who: Indices) -> tuple[Array, Array, Any]:
    from scipy.sparse import csr_array

    wages = np.full((len(who), problem.n_outcomes), np.nan)
    found = implementation_prices(problem, who)
    best, pending, otherwise = found, np.arange(len(who)), wages
    for spare in MORE_SPARE:
        if spare != SPARE:
            best = implementation_prices(problem, who[pending], spare=spare)
        offered = wages_at(problem, who[pending], best)
        certain = are_kept(problem, offered, who[pending])
        kept = best.is_solved & certain
        wages[pending[kept]] = offered[kept]
        if spare == SPARE:
            otherwise = np.where(certain[:, np.newaxis], offered, np.nan)
        for k in np.flatnonzero(
            ~kept & ~certain & (spare == SPARE)
        ):  # prices too far apart to be told from one another in floats
            brought = brought_back(problem, int(who[pending[k]]), offered[k])
            if brought is not None:
                wages[pending[k]] = brought
                kept[k] = True
        pending = pending[~kept & best.is_solved]
        if not len(pending):
            break
    wages = np.where(np.isnan(wages), otherwise, wages)  # ties, which leave nothing to spare
    slots = found.tempting.shape[1]
    rows, columns, prices = np.repeat(who, slots), found.tempting.ravel(), found.incentive.ravel()
    used = (columns >= 0) & (prices > 0)
    shape = (problem.n_actions, problem.n_actions)
    return wages, found.participation, csr_array((prices[used], (rows[used], columns[used])), shape=shape)


def wages_at(problem: MoralHazardProblem, who: Indices, found: Priced) -> Array:
    """The wages that go with prices of utility after each outcome; (n, n_outcomes).

    After outcomes that an action never has, the wage is the lowest where utility there is finite. Elsewhere it is as
    low as it takes to keep the agent from the actions that have them.
    """
    utility, low, high = problem.utility, problem.lowest_wage, problem.highest_wage
    price = found.price
    paid = price > 0
    wages = np.clip(utility.wage_at(np.where(paid, price, 1.0)), low, high)
    wages = np.where(paid, wages, low)
    never = np.isnan(price)
    bottomless = np.isneginf(problem.utility_limits[0])
    if (never & bottomless).any():
        for k in np.flatnonzero((never & bottomless).any(axis=1)):
            wages[k] = _with_punishment(problem, int(who[k]), wages[k], never[k] & bottomless)
    return wages


def _with_punishment(problem: MoralHazardProblem, action: int, wages: Array, where: Mask) -> Array:
    """Wages after impossible outcomes low enough to keep the agent from every action that has them."""
    utility, probabilities, effort = problem.utility, problem.outcome_probabilities, problem.effort_cost
    filled = np.where(where, np.nan, wages)
    with np.errstate(invalid="ignore"):
        values = np.where(where, 0.0, utility.value(np.where(where, np.nanmax(filled), wages)))
    here = float(probabilities[action] @ values) - effort[action]
    there = probabilities @ values - effort
    chance = probabilities @ where
    tempted = chance > 0
    level = float(((here - there[tempted]) / chance[tempted]).min(initial=here + effort[action]))
    top = float(problem.utility_limits[1][where].min())
    level = min(level - 1e-9 * (abs(level) + abs(here)), top)
    return np.where(where, np.clip(utility.inverse(np.array(level)), -np.inf, problem.highest_wage), wages)


def brought_back(problem: MoralHazardProblem, action: int, wages: Array) -> Array | None:
    """Wages near some that miss a few constraints, which keep them all; None if none are found.

    Promised utilities move as little as it takes, where money is least concerned, by Newton's method on constraints.
    """
    moving = _Moving(problem, action, wages)
    values = moving.values
    spare = 1e-9 * moving.unit * moving.size
    for _ in range(BACK):
        if not np.isfinite(values).all():
            return None
        short = moving.needed + spare - moving.rows @ values
        if np.all(short <= 0):
            found = moving.wages(values)
            return found if is_kept(problem, found, action) else None
        tight = np.flatnonzero(short > -spare)
        values = moving.moved(values, tight, short[tight] + 0.5 * spare[tight])
    return None


def polished(problem: MoralHazardProblem, action: int, wages: Array) -> Array:
    """Wages that keep all constraints with less to spare, where there are such that cost less; else as they are."""
    moving = _Moving(problem, action, wages)
    if not np.isfinite(moving.values).all():
        return wages
    own = problem.outcome_probabilities[action]
    slack = moving.rows @ moving.values - moving.needed
    tight = np.flatnonzero(slack <= POLISHED * moving.unit * moving.size)
    for spare in SLIVERS:
        values = moving.values
        for _ in range(2):
            short = moving.needed[tight] + spare * moving.unit * moving.size[tight] - moving.rows[tight] @ values
            values = moving.moved(values, tight, short)
        if not np.isfinite(values).all():
            return wages
        found = moving.wages(values)
        if float(own @ found) < float(own @ wages) and is_kept(problem, found, action):
            return found
    return wages


class _Moving:
    """Promised utilities of an action, its constraints, and how to move the one to meet the other."""

    def __init__(self, problem: MoralHazardProblem, action: int, wages: Array) -> None:
        self.problem, utility = problem, problem.utility
        own, effort = problem.outcome_probabilities[action], problem.effort_cost
        self.low, self.high = problem.utility_limits
        filled = np.where(np.isfinite(wages), wages, problem.highest_wage)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            self.values = utility.value(filled)
            inside = (filled > problem.lowest_wage) & (filled < problem.highest_wage) & (own > 0)
            price = np.where(inside, utility.price(filled), 1.0)
            response = np.ones_like(price) if isinstance(utility, RiskNeutral) else utility.response(price)
            self.weight = np.sqrt(np.where(inside, response, 0.0) / np.where(own > 0, own, 1.0))
        self.weight = np.where(np.isfinite(self.weight), self.weight, 0.0)
        rows = np.vstack([own, own - problem.outcome_probabilities])
        needed = np.append(effort[action] + problem.reservation_utility, effort[action] - effort)
        kept = np.any(rows != 0, axis=1)
        self.rows, self.needed = rows[kept], needed[kept]
        self.size = np.abs(self.rows).sum(axis=1)
        plain = self.size >= 1e-3 * self.size.max()
        self.unit = float(np.abs(self.needed[plain] / self.size[plain]).max()) or 1.0

    def moved(self, values: Array, which: Indices, short: Array) -> Array:
        """Values at which some constraints have so much more."""
        part = self.rows[which] * self.weight
        length = np.maximum(np.linalg.norm(part, axis=1), 1e-300)
        step = self.weight * np.linalg.lstsq(part / length[:, np.newaxis], short / length, rcond=1e-11)[0]
        return np.asarray(np.clip(values + step, self.low, self.high))

    def wages(self, values: Array) -> Array:
        """The wages that are worth so much."""
        with np.errstate(over="ignore"):
            found = self.problem.utility.inverse(values)
        return np.asarray(np.clip(found, self.problem.lowest_wage, self.problem.highest_wage))


def are_kept(problem: MoralHazardProblem, wages: Array, who: Indices) -> Mask:
    """Which rows of wages implement their action beyond doubt; (n,).

    All actions are compared at once, by products of matrices; each is as sure as `compared`, if less sharp.
    """
    utility = problem.utility
    safe = np.isfinite(wages).all(axis=1) & np.all(
        (wages >= problem.lowest_wage) & (wages <= problem.highest_wage), axis=1
    )
    kept = np.zeros(len(who), dtype=bool)
    step = max(1, CHUNK // problem.n_actions)
    for start in range(0, len(who), step):
        rows = np.flatnonzero(safe[start : start + step]) + start
        if len(rows):
            low, high = utility.interval(wages[rows])
            finite = np.isfinite(low).all(axis=1) & np.isfinite(high).all(axis=1)
            rows, low, high = rows[finite], low[finite], high[finite]
            kept[rows] = _prefer(problem, who[rows], low, high)
    for k in np.flatnonzero(safe & ~kept)[: 1 + CHUNK // wages.size]:  # a sharper look at each
        kept[k] = is_kept(problem, wages[k], int(who[k]))
    return kept


def _prefer(problem: MoralHazardProblem, who: Indices, low: Array, high: Array) -> Mask:
    probabilities, effort = problem.outcome_probabilities, problem.effort_cost
    middle = (low + high) / 2
    centre = middle.mean(axis=1, keepdims=True)
    size = np.abs(middle - centre)
    off = (high - low) / 2 + 2 * EPS * (np.abs(middle) + np.abs(centre))
    spread = off + (problem.n_outcomes + 4) * EPS * size
    worth = (middle - centre) @ probabilities.T
    doubt = spread @ probabilities.T
    level = 2 * problem.lacking.max() * size.max(axis=1)
    each = np.arange(len(who))
    own, own_doubt = worth[each, who], doubt[each, who]
    gain = worth - own[:, np.newaxis] + doubt + own_doubt[:, np.newaxis]
    dearer = effort[np.newaxis, :] - effort[who][:, np.newaxis]
    gain = (
        gain - dearer + 4 * EPS * (np.abs(effort)[np.newaxis, :] + np.abs(effort[who])[:, np.newaxis] + np.abs(worth))
    )
    gain += 2 * level[:, np.newaxis]
    gain[each, who] = -np.inf
    reserve = problem.reservation_utility
    slack = own + centre[:, 0] - own_doubt - level - effort[who] - reserve
    slack = slack - 8 * EPS * (np.abs(own) + np.abs(centre[:, 0]) + np.abs(effort[who]) + abs(reserve))
    return np.asarray((gain.max(axis=1) <= 0) & (slack >= 0))

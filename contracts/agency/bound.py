"""What no contract beats: a lower bound on the cost of every action, from prices alone.

To implement action a in promised utilities v_o = u(w_o), h = u^-1, is the convex program

    minimise  sum_o p_a(o) h(v_o)   such that   p_a . v - e_a >= p_b . v - e_b  for every action b   (IC, price mu_b)
                                                p_a . v - e_a >= r                                   (IR, price lambda)

with wages within their limits. For any lambda, mu >= 0 the Lagrangian separates by outcomes: with the slopes
s_o = lambda p_a(o) + sum_b mu_b (p_a(o) - p_b(o)),

    cost of a  >=  lambda (e_a + r) + sum_b mu_b (e_a - e_b) - sum_o max_w [s_o u(w) - p_a(o) w],

and the maximum is p_a(o) times the conjugate of h at s_o / p_a(o), in closed form. So whatever solver found the prices,
anybody can compute this again. Prices of rising wages add to the slopes (`contracts.agency.wages.rising`). Every sum
carries a bound on its own rounding, and the result is rounded down.
"""

from __future__ import annotations

import math
from dataclasses import field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from contracts.agency.problem import MoralHazardProblem
from contracts.agency.utility import RiskNeutral, Utility
from contracts.agency.wages.rising import spread
from contracts.errors import ProblemError
from contracts.exact.rationals import EPS
from contracts.inputs.arrays import Array, Indices
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass

if TYPE_CHECKING:
    from scipy.sparse import csr_array

AT_AN_END = 1e-9  # share by which a price must lie beyond that of a limit for the limit to be best beyond doubt


@checked
@dataclass(frozen=True, eq=False)
class ContractMultipliers:
    """Prices of the constraints, for every action that a contract might implement.

    Attributes
    ----------
    participation : (n_actions,) price of IR, money per unit of utility
    incentive : sparse (n_actions, n_actions), [a, b] prices the constraint that an agent meant to take a does not
        prefer b
    rising : (n_actions, n_outcomes - 1), in the order of output, prices that the wage after the next outcome is not
        lower, or, where they are negative, that it rises by no more than output; (0, 0) where wages need not rise

    Examples
    --------
    What a unit of reservation utility costs, and what it costs that the agent must not rather shirk:

    >>> from contracts import MoralHazardProblem, SquareRoot, solve_contract
    >>> problem = MoralHazardProblem([[0.75, 0.25], [0.25, 0.75]], output=[0.0, 20.0], effort_cost=[0.0, 1.0],
    ...                              utility=SquareRoot(), reservation_utility=1.0, actions=("shirk", "work"))
    >>> contract = solve_contract(problem)
    >>> contract.multipliers.participation.round(3)
    array([2., 4.])
    >>> contract.multipliers.incentive.toarray().round(3)
    array([[0. , 0. ],
           [1.5, 0. ]])
    """

    participation: Array
    incentive: csr_array
    rising: Array = field(default_factory=lambda: np.zeros((0, 0)))


def multipliers_of(participation: Any, incentive: Any = None, rising: Any = ()) -> ContractMultipliers:
    """Multipliers as read-only arrays; prices that are left out are zero.

    Examples
    --------
    >>> multipliers_of([1.0, 1.0]).incentive.shape
    (2, 2)
    """
    from scipy.sparse import csr_array

    prices = np.asarray(participation, dtype=np.float64)
    if incentive is None:
        incentive = csr_array((len(prices), len(prices)))
    if not (isinstance(incentive, csr_array) and incentive.has_canonical_format):
        incentive = csr_array(incentive)
        incentive.sum_duplicates()
    shape = np.asarray(rising, dtype=np.float64)
    return ContractMultipliers(prices, incentive, shape if shape.size else np.zeros((0, 0)))


def check_multipliers(problem: MoralHazardProblem, multipliers: ContractMultipliers) -> None:
    """Refuse multipliers of another problem, and prices that are negative or no numbers."""
    n_actions = problem.n_actions
    if multipliers.participation.shape != (n_actions,) or multipliers.incentive.shape != (n_actions, n_actions):
        raise ProblemError(
            f"multipliers are for {multipliers.participation.shape} actions: give those of a contract of this problem, "
            f"participation {(n_actions,)} and incentive {(n_actions, n_actions)}"
        )
    for name, prices in (("participation", multipliers.participation), ("incentive", multipliers.incentive.data)):
        if not np.all((prices >= 0) & np.isfinite(prices)):
            raise ProblemError(f"multipliers.{name} holds a price that is negative or no number: prices are >= 0")
    rising = multipliers.rising
    if rising.size and (not problem.monotone or rising.shape != (n_actions, problem.n_outcomes - 1)):
        asked = f"give {(n_actions, problem.n_outcomes - 1)} prices" if problem.monotone else "set monotone=True"
        raise ProblemError(f"multipliers.rising has shape {rising.shape} for {problem!r}: {asked}")
    if not np.isfinite(rising).all() or (problem.monotone is True and np.any(rising < 0)):
        raise ProblemError("multipliers.rising holds a price that is negative or no number: prices are >= 0")


def cost_bounds(problem: MoralHazardProblem, multipliers: ContractMultipliers, who: Indices | None = None) -> Array:
    """A proven lower bound on the expected wage of any contract that implements an action; (n_actions,).

    -inf where the prices prove nothing. `who` asks for some actions only.
    """
    who = np.arange(problem.n_actions) if who is None else who
    probabilities, effort = problem.outcome_probabilities, problem.effort_cost
    own, charge = probabilities[who], multipliers.participation[who]
    prices, others = _dense(multipliers.incentive, who)
    total, elsewhere = prices.sum(axis=1), prices @ probabilities[others]
    count = np.count_nonzero(prices, axis=1).astype(np.float64)
    plain = total == 0
    weight = charge + total
    slope = weight[:, np.newaxis] * own - elsewhere
    gross = weight[:, np.newaxis] * own + elsewhere
    exact = plain & (charge == 1.0)
    off = np.where(exact[:, np.newaxis], 0.0, (len(others) * (count > 0) + 6)[:, np.newaxis] * EPS * gross)
    own_rest, other_rest = (  # they count for the likeliest outcome
        np.array([math.fsum(map(abs, problem.rests[action])) for action in rows.tolist()]) for rows in (who, others)
    )
    off[np.arange(len(who)), problem.likeliest[who]] += np.where(exact, 0.0, 2 * weight * own_rest)
    for place in np.unique(problem.likeliest[others]):
        off[:, place] += 2 * prices @ np.where(problem.likeliest[others] == place, other_rest, 0.0)
    owed = np.zeros(len(who))
    if problem.monotone:
        rising = multipliers.rising if multipliers.rising.size else np.zeros((problem.n_actions, slope.shape[1] - 1))
        for k in np.flatnonzero(~plain | rising[who].any(axis=1)):
            slope[k], off[k], owed[k] = spread(problem, int(who[k]), rising[who[k]], slope[k], off[k])
    surplus, size = largest_surplus(problem, own, slope, off)
    deviations = np.asarray(prices @ effort[others])
    constant = charge * (effort[who] + problem.reservation_utility) + (total * effort[who] - deviations) - owed
    size = size + owed
    size = size + charge * (np.abs(effort[who]) + abs(problem.reservation_utility))
    size = size + total * np.abs(effort[who]) + np.asarray(prices @ np.abs(effort[others]))
    with np.errstate(invalid="ignore"):
        bound = constant - surplus - (len(others) + problem.n_outcomes + 8) * EPS * size
    return np.where(np.isfinite(bound), np.nextafter(bound, -np.inf), -np.inf)


def _dense(incentive: csr_array, who: Indices) -> tuple[Array, Indices]:
    """Rows of prices in the columns that have any, and these columns."""
    starts, ends = incentive.indptr[who], incentive.indptr[who + 1]
    entries = np.concatenate([np.arange(a, b) for a, b in zip(starts, ends, strict=True)] or [np.arange(0)]).astype(int)
    rows = np.repeat(np.arange(len(who)), ends - starts)
    others, column = np.unique(incentive.indices[entries], return_inverse=True)
    prices = np.zeros((len(who), len(others)))
    prices[rows, column] = incentive.data[entries]
    return prices, others


class Limited(Protocol):
    """What limits wages: all that the best of them depends on, beside their prices."""

    @property
    def utility(self) -> Utility: ...

    @property
    def lowest_wage(self) -> Array: ...

    @property
    def highest_wage(self) -> Array: ...


def largest_surplus(problem: Limited, own: Array, slope: Array, off: Array) -> tuple[Array, Array]:
    """Upper bounds on sum_o max_w [s_o u(w) - p_o w] for slopes within `off`, and the sizes of what is summed."""
    limits = _Limits(problem)
    if isinstance(problem.utility, RiskNeutral):
        terms, size = _of_money(own, slope, off, limits)
    else:
        terms, size = _of_utility(problem.utility, own, slope, off, limits)
    return terms.sum(axis=1), size.sum(axis=1)


class _Limits:
    """Wages at both ends with bounds on their utility; (n_outcomes,) all."""

    def __init__(self, problem: Limited) -> None:
        self.low, self.high = problem.lowest_wage, problem.highest_wage
        self.at_low, self.at_high = (_interval(problem.utility, end) for end in (self.low, self.high))
        self.low_price, self.high_price = np.zeros(len(self.low)), np.full(len(self.low), np.inf)
        for wage, price in ((self.low, self.low_price), (self.high, self.high_price)):
            known = np.isfinite(wage)
            price[known] = problem.utility.price(wage[known])


def _interval(utility: Utility, wage: Array) -> tuple[Array, Array]:
    known = np.isfinite(wage)
    ends = np.full((2, len(wage)), np.where(wage > 0, utility.span[1], utility.span[0]))
    if known.any():
        ends[:, known] = utility.interval(wage[known])
    return ends[0], ends[1]


def _of_money(own: Array, slope: Array, off: Array, limits: _Limits) -> tuple[Array, Array]:
    """max_w (s - p) w: linear in both, so largest at an end of either."""
    excess = slope - own
    off = off + np.where(off > 0, EPS * (np.abs(slope) + own), 0.0)
    with np.errstate(invalid="ignore"):
        corners = [
            np.where(x == 0, 0.0, x * end) for x in (excess - off, excess + off) for end in (limits.low, limits.high)
        ]
    best = np.maximum.reduce(corners)
    return best, np.abs(best)


def _of_utility(utility: Utility, own: Array, slope: Array, off: Array, limits: _Limits) -> tuple[Array, Array]:
    """The same for a strictly concave utility, by its conjugate; convex in the slope, so largest at an end of it."""
    terms = np.zeros_like(own)
    size = np.zeros_like(own)
    occurs = own > 0
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for side in (slope - off, slope + off):
            price = side / np.where(occurs, own, 1.0)
            value, summed = _conjugate(utility, price, limits)
            term = own * value
            better = occurs & ~(term <= np.where(size > 0, terms, -np.inf))
            terms = np.where(better, term, terms)
            size = np.where(occurs, np.maximum(size, np.maximum(own * summed, 1e-300)), size)
        # Outcomes that cannot happen punish other actions: the lowest wage is best there, and slopes are not positive.
        low, high = np.minimum(slope - off, 0.0), np.minimum(slope + off, 0.0)
        ends = [np.where(s < 0, s * at, 0.0) for s in (low, high) for at in limits.at_low]
        punished = np.maximum.reduce(ends)
    terms = np.where(occurs, terms, punished)
    return terms, np.where(occurs, size, np.abs(punished))


def _conjugate(utility: Utility, price: Array, limits: _Limits) -> tuple[Array, Array]:
    """Upper bounds on max_w [price u(w) - w] within the limits, and the sizes of what is summed."""
    positive = np.where(price > 0, price, 1.0)
    value, off = utility.conjugate(positive)
    inside = value + off

    def at(wage: Array, ends: tuple[Array, Array]) -> Array:
        with np.errstate(invalid="ignore", over="ignore"):
            worth = np.maximum(price * ends[0], price * ends[1])
        worth = np.where(price == 0, 0.0, worth)
        with np.errstate(invalid="ignore"):
            return np.asarray(worth - wage + 2 * EPS * (np.abs(worth) + np.abs(wage)))

    below = (price <= 0) | (price < limits.low_price * (1 - AT_AN_END))
    above = price > limits.high_price * (1 + AT_AN_END)
    best = np.where(below, at(limits.low, limits.at_low), inside) if below.any() else inside
    best = np.where(above, at(limits.high, limits.at_high), best) if above.any() else best
    best = np.where(np.isnan(best), np.inf, best)
    return best, np.abs(best)

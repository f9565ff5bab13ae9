"""What no menu of contracts beats, from prices alone, in whatever way types and actions are matched, drawn or not.

Let a mechanism tell type i to take action a with probability pi_i(a) and pay it w_i(a, .); Myerson (1982) shows that
nothing is more general. Price participation of type i at lambda_i, and let nu_ki >= 0 price the constraint that type k
does not report i. A liar who is told a takes whatever action b is best for it: so nu_ki is spread over b as mu_kiab, in
any way, with sum_b mu_kiab = nu_ki for every a (reports of one's own type, k = i, are obedience). With

    s_i(a, o) = (lambda_i + sum_j nu_ij) p_i(a, o) - sum_k sum_b mu_kiab p_k(b, o)

the Lagrangian separates by type, action and outcome:

    value  <=  sum_i max_a phi_i(a) - sum_i lambda_i r_i,
    phi_i(a) = f_i E_i y(a) - (lambda_i + sum_j nu_ij) e_i(a) + sum_kb mu_kiab e_k(b)
               + sum_o max_w [s_i(a, o) u(w) - f_i p_i(a, o) w].

With the actions that types may be asked for restricted, the maximum is over those: with one action for each type it is
the bound of menus that implement these. Prices are floats, hence rationals: for risk neutral agents everything is
summed in integers and rounded once, upward. For others slopes are rounded from integers, and the maximum over wages
carries a bound on its rounding.
"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from contracts.agency.bound import largest_surplus
from contracts.agency.types.balance import balanced_prices
from contracts.agency.types.prices import LESS, AgencyMultipliers, WholePrices, scaled, summed, whole_prices
from contracts.agency.types.problem import AgencyProblem
from contracts.agency.utility import RiskNeutral
from contracts.exact.rationals import EPS, as_integers, binary_places
from contracts.inputs.arrays import Array, Mask

FINE = 1e-9  # share by which a slope may be too high and is mended by lowering all prices
PATCHES = 3  # rounds of mending slopes that are further off
CLEAR = 1e-13  # share by which prices are lowered so that slopes lie on the right side beyond rounding


class Slopes:
    """The integers of the bound: slopes and constants of every type and every action that it may be asked for."""

    def __init__(self, problem: AgencyProblem, prices: WholePrices, allowed: Mask) -> None:
        self.chances, self.chance_places = problem.exact_chances
        self.prices, self.unit = prices, prices.unit
        self.effort_places = max(binary_places(problem.effort_cost), binary_places(problem.reservation_utility))
        effort = as_integers(problem.effort_cost, self.effort_places)
        self.reserve = as_integers(problem.reservation_utility, self.effort_places)
        self.allowed = [np.flatnonzero(row).tolist() for row in allowed]
        own = prices.charge + prices.honesty.sum(axis=1)
        self.slope: dict[tuple[int, int], NDArray[np.object_]] = {}
        self.constant: dict[tuple[int, int], int] = {}
        for i in range(problem.n_types):
            tempted = np.flatnonzero(prices.honesty[:, i] != 0).tolist()
            for a in self.allowed[i]:
                slope, constant = own[i] * self.chances[i, a], -int(own[i] * effort[i, a])
                for k in tempted:
                    for b, price in prices.spread.get((k, i, a), {a: int(prices.honesty[k, i])}).items():
                        slope = slope - price * self.chances[k, b]
                        constant += price * int(effort[k, b])
                self.slope[i, a], self.constant[i, a] = slope, constant


def value_bound(
    problem: AgencyProblem, prices: AgencyMultipliers, allowed: Mask | None = None, *, balance: bool = True
) -> float:
    """What no menu earns more than that asks for allowed actions, drawn or not; inf if nothing is proven.

    Parameters
    ----------
    allowed : (n_types, n_actions), by default all
    balance : whether prices that leave wages without limits a slope may be moved to rationals next to them that do not
    """
    allowed = np.ones((problem.n_types, problem.n_actions), dtype=bool) if allowed is None else allowed
    if not isinstance(problem.utility, RiskNeutral):
        return _of_utility(problem, Slopes(problem, whole_prices(problem, prices), allowed))
    bound = _of_money(problem, Slopes(problem, whole_prices(problem, prices, flow=_is_free(problem)), allowed))
    if math.isinf(bound) and balance and _is_free(problem):
        balanced = balanced_prices(problem, prices, allowed)
        bound = bound if balanced is None else _of_money(problem, Slopes(problem, balanced, allowed))
    return bound


def _is_free(problem: AgencyProblem) -> bool:
    """Whether wages have no limits after some outcome."""
    return bool(np.any(np.isneginf(problem.lowest_wage) & np.isposinf(problem.highest_wage)))


def _of_money(problem: AgencyProblem, parts: Slopes) -> float:
    limits = [np.where(np.isfinite(end), end, 0.0) for end in (problem.lowest_wage, problem.highest_wage)]
    without = [np.isneginf(problem.lowest_wage), np.isposinf(problem.highest_wage)]
    money = max(binary_places(values) for values in (problem.output, *limits))
    output = as_integers(problem.output, money)
    low, high = (as_integers(end, money) for end in limits)
    fine, total = parts.effort_places, Fraction()
    for i, actions in enumerate(parts.allowed):
        best: Fraction | None = None
        for a in actions:
            own = parts.prices.weights[i] * parts.chances[i, a]
            excess = parts.slope[i, a] - own
            up = excess > 0
            if np.any(up & without[1]) or np.any((excess < 0) & without[0]):
                return math.inf
            earned = int((own * output[i]).sum() + (excess * np.where(up, high, low)).sum())
            worth = Fraction(earned, parts.unit << (parts.chance_places + money))
            worth += Fraction(parts.constant[i, a], parts.unit << fine)
            best = worth if best is None or worth > best else best
        total += best or Fraction()
        total -= Fraction(int(parts.prices.charge[i] * parts.reserve[i]), parts.unit << fine)
    return rounded_up(total)


def _of_utility(problem: AgencyProblem, parts: Slopes) -> float:
    rows = [(i, a) for i, actions in enumerate(parts.allowed) for a in actions]
    unit = 1 << parts.chance_places
    own = np.array([[chance / unit for chance in parts.chances[i, a]] for i, a in rows])
    slope = np.array([[s / (parts.prices.weights[i] * unit) for s in parts.slope[i, a]] for i, a in rows])
    surplus, size = largest_surplus(problem, own, slope, 3 * EPS * np.abs(slope))
    output = np.array([problem.output[i] for i, _ in rows])
    size = size + (own * np.abs(output)).sum(axis=1)
    surplus = surplus + (own * output).sum(axis=1) + (problem.n_outcomes + 8) * EPS * size
    total = Fraction()
    for i in range(problem.n_types):
        best: Fraction | None = None
        for row, (k, a) in enumerate(rows):
            if k != i:
                continue
            if not math.isfinite(surplus[row]):
                if surplus[row] > 0 or math.isnan(surplus[row]):
                    return math.inf
                continue
            worth = Fraction(float(problem.weights[i])) * Fraction(float(surplus[row]))
            worth += Fraction(parts.constant[i, a], parts.unit << parts.effort_places)
            best = worth if best is None or worth > best else best
        total += best or Fraction()
        total -= Fraction(int(parts.prices.charge[i] * parts.reserve[i]), parts.unit << parts.effort_places)
    return rounded_up(total)


def rounded_up(number: Fraction) -> float:
    """The least float that is not below a number."""
    nearest = float(number)
    return nearest if nearest >= number else float(np.nextafter(nearest, np.inf))


def sharpened(
    problem: AgencyProblem, prices: AgencyMultipliers, allowed: Mask | None = None
) -> tuple[AgencyMultipliers, float]:
    """The prices, or those next to them, that prove most, and the bound.

    A solver's prices leave slopes on the wrong side of f_i p_i(a, o) by rounding, which a wage without a limit, or with
    one far away, multiplies. So they are tried as they are, lowered until no slope asks for more of wages that may
    rise, with participation raised until none asks for less of wages that may fall, and for lies that leave outcomes as
    they are alone, which leave no slope at all. Where an outcome is so rare that noise is more than its chance, lies
    are priced a little more before. The first may stand for rationals next to them that leave none.
    """
    allowed = np.ones((problem.n_types, problem.n_actions), dtype=bool) if allowed is None else allowed
    tries = [prices]
    if isinstance(problem.utility, RiskNeutral):
        near = prices
        for _ in range(PATCHES):
            most, lack, high = _off(problem, near, allowed)
            tries.append(scaled(near, (1 - CLEAR) / most))
            tries.append(replace(near, participation=near.participation + lack * (1 + CLEAR)))
            if not high:
                break
            near = _patched(problem, near, high)
        if _is_free(problem):
            tries.append(_alike(problem, prices, allowed))
    bounds = [value_bound(problem, one, allowed, balance=one is prices) for one in tries]
    best = int(np.argmin(bounds))
    return tries[best], bounds[best]


def _off(
    problem: AgencyProblem, prices: AgencyMultipliers, allowed: Mask
) -> tuple[float, Array, list[tuple[int, int, int, float]]]:
    """How far slopes are beyond f_i p_i(a, o): the largest ratio, what types lack, and where by how much it is more."""
    parts = Slopes(problem, whole_prices(problem, prices), allowed)
    unit = 1 << parts.chance_places
    most, lack, high = 1.0, np.zeros(problem.n_types), []
    for (i, a), slopes in parts.slope.items():
        own = np.array([chance / unit for chance in parts.chances[i, a]], dtype=np.float64) * problem.weights[i]
        slope = np.array([s / (unit * parts.unit) for s in slopes], dtype=np.float64)
        occurs = own > 0
        ratio = slope / np.where(occurs, own, 1.0)
        most = max(most, float(ratio[occurs].max(initial=1.0)))
        lack[i] = max(lack[i], float((1.0 - ratio[occurs]).max(initial=0.0)) * problem.weights[i])
        beyond = occurs & (ratio > 1 + FINE)
        high += [(i, a, int(o), float(slope[o] - own[o])) for o in np.flatnonzero(beyond)]
    return most, lack, high


def _patched(
    problem: AgencyProblem, prices: AgencyMultipliers, high: list[tuple[int, int, int, float]]
) -> AgencyMultipliers:
    """Prices with a little more on lies that have an outcome often, where one who seldom has it has too high a slope.

    The slope is a difference of numbers much larger than the outcome's chance: a solver's noise is more than that.
    """
    chances, honesty, rows, added = problem.outcome_probabilities, np.zeros_like(prices.honesty), [], []
    for i, a, o, excess in high:
        k, b = (int(n) for n in np.unravel_index(int(np.argmax(chances[:, :, o])), chances.shape[:2]))
        if chances[k, b, o] > 2 * chances[i, a, o]:
            extra = 2 * excess / float(chances[k, b, o])
            honesty[k, i] += extra
            rows.append((k, i, a, b))
            added.append(extra)
    tempted, report, told, taken = np.array(rows, dtype=np.intp).reshape(-1, 4).T
    nothing = np.zeros_like(prices.participation)
    return summed(prices, AgencyMultipliers(nothing, honesty, tempted, report, told, taken, np.array(added)))


def _alike(problem: AgencyProblem, prices: AgencyMultipliers, allowed: Mask) -> AgencyMultipliers:
    """Prices of lies that leave the outcomes of what is told as they are, for pairs of types that always can do so."""
    chances, effort = problem.outcome_probabilities, problem.effort_cost
    honesty, rows = np.zeros_like(prices.honesty), []
    for k, i in zip(*map(np.ndarray.tolist, np.nonzero(prices.honesty)), strict=True):
        found = []
        for a in np.flatnonzero(allowed[i]).tolist():
            same = np.flatnonzero((chances[k] == chances[i, a]).all(axis=1))
            found += [(k, i, a, int(same[np.argmin(effort[k, same])]))] if len(same) else []
        if len(found) == int(allowed[i].sum()):
            honesty[k, i] = (1 - LESS) * prices.honesty[k, i]
            rows += found
    tempted, report, told, taken = np.array(rows, dtype=np.intp).reshape(-1, 4).T
    return AgencyMultipliers(prices.participation, honesty, tempted, report, told, taken, honesty[tempted, report])

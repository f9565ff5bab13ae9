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
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.agency.bound import largest_surplus
from contracts.agency.types.problem import AgencyProblem
from contracts.agency.utility import RiskNeutral
from contracts.errors import ProblemError
from contracts.exact.rationals import EPS, as_integers, binary_places
from contracts.inputs.arrays import Array, Indices, Mask
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass

CLEAR = 1e-13  # share by which prices are lowered so that slopes lie on the right side beyond rounding
LESS = 1e-12  # share by which those of honesty are, so that those of participation are not negative


@checked
@dataclass(frozen=True, eq=False)
class AgencyMultipliers:
    """Prices of the constraints of a menu of contracts, money per unit of utility.

    Attributes
    ----------
    participation : (n_types,) of IR
    honesty : (n_types, n_types), [i, j] prices that type i does not report j; [i, i], that it obeys
    tempted, report, told, taken : (n_prices,) a type, the type that it reports, the action that this one is asked for,
        and what it does instead
    price : (n_prices,) of these deviations; for every told action those of a pair sum to its honesty price, and what
        they lack counts for the largest
    """

    participation: Array
    honesty: Array
    tempted: Indices
    report: Indices
    told: Indices
    taken: Indices
    price: Array


def scaled(prices: AgencyMultipliers, times: float) -> AgencyMultipliers:
    """All prices multiplied by a number."""
    return replace(
        prices, participation=prices.participation * times, honesty=prices.honesty * times, price=prices.price * times
    )


def summed(one: AgencyMultipliers, other: AgencyMultipliers) -> AgencyMultipliers:
    """The sum of prices."""
    parts = {
        name: np.concatenate([getattr(one, name), getattr(other, name)])
        for name in ("tempted", "report", "told", "taken", "price")
    }
    return AgencyMultipliers(one.participation + other.participation, one.honesty + other.honesty, **parts)


def no_prices(n_types: int, participation: Any = 0.0) -> AgencyMultipliers:
    """Prices of participation only.

    Examples
    --------
    >>> no_prices(2, [0.5, 0.5]).honesty.shape
    (2, 2)
    """
    none = np.zeros(0, dtype=np.intp)
    paid = np.array(np.broadcast_to(np.asarray(participation, dtype=np.float64), n_types))
    return AgencyMultipliers(paid, np.zeros((n_types, n_types)), none, none, none, none, np.zeros(0))


def check_multipliers(problem: AgencyProblem, multipliers: AgencyMultipliers) -> None:
    """Refuse multipliers of another problem, and prices that are negative or no numbers."""
    n_types, n_actions = problem.n_types, problem.n_actions
    if multipliers.participation.shape != (n_types,) or multipliers.honesty.shape != (n_types, n_types):
        raise ProblemError(
            f"multipliers are for {multipliers.participation.shape} types: give those of a menu of this problem, "
            f"participation {(n_types,)} and honesty {(n_types, n_types)}"
        )
    for name, most in (("tempted", n_types), ("report", n_types), ("told", n_actions), ("taken", n_actions)):
        which = getattr(multipliers, name)
        if which.shape != multipliers.price.shape or np.any((which < 0) | (which >= most)):
            raise ProblemError(f"multipliers.{name} are no numbers below {most}: give those of a menu of this problem")
    for name in ("participation", "honesty", "price"):
        prices = getattr(multipliers, name)
        if not np.all((prices >= 0) & np.isfinite(prices)):
            raise ProblemError(f"multipliers.{name} holds a price that is negative or no number: prices are >= 0")


class Slopes:
    """The integers of the bound: slopes and constants of every type and every action that it may be asked for."""

    def __init__(self, problem: AgencyProblem, prices: AgencyMultipliers, allowed: Mask, *, flow: bool) -> None:
        n_types, n_actions = problem.n_types, problem.n_actions
        self.chances, self.chance_places = problem.exact_chances
        every = np.concatenate([prices.participation, prices.honesty.ravel(), prices.price, problem.weights])
        self.places = binary_places(every)
        self.weights = as_integers(problem.weights, self.places)
        charge = as_integers(prices.participation, self.places)
        honesty = as_integers(prices.honesty, self.places)
        if flow:  # only one price of participation leaves no type's wages a slope where they have no limits
            needed = self.weights - honesty.sum(axis=1) + honesty.sum(axis=0)
            charge = np.where(needed >= 0, needed, charge)
        self.charge = charge
        own = charge + honesty.sum(axis=1)
        self.effort_places = max(binary_places(problem.effort_cost), binary_places(problem.reservation_utility))
        effort = as_integers(problem.effort_cost, self.effort_places)
        self.reserve = as_integers(problem.reservation_utility, self.effort_places)
        self.allowed = [np.flatnonzero(row).tolist() for row in allowed]
        spread = _spread(prices, as_integers(prices.price, self.places), honesty)
        self.slope: dict[tuple[int, int], NDArray[np.object_]] = {}
        self.constant: dict[tuple[int, int], int] = {}
        tempted = [np.flatnonzero(prices.honesty[:, i]).tolist() for i in range(n_types)]
        for i in range(n_types):
            for a in self.allowed[i]:
                slope, constant = own[i] * self.chances[i, a], -int(own[i] * effort[i, a])
                for k in tempted[i]:
                    for b, price in spread.get((k, i, a), {a: int(honesty[k, i])}).items():
                        slope = slope - price * self.chances[k, b]
                        constant += price * int(effort[k, b])
                self.slope[i, a], self.constant[i, a] = slope, constant
        self.n_actions = n_actions


def _spread(
    prices: AgencyMultipliers, whole: NDArray[np.object_], honesty: NDArray[np.object_]
) -> dict[tuple[int, int, int], dict[int, int]]:
    """Prices of deviations by who reports whom and is told what, made to sum to honesty prices."""
    found: dict[tuple[int, int, int], dict[int, int]] = {}
    rows = zip(prices.tempted.tolist(), prices.report.tolist(), prices.told.tolist(), strict=True)
    for key, taken, price in zip(rows, prices.taken.tolist(), whole, strict=True):
        inside = found.setdefault(key, {})
        inside[taken] = inside.get(taken, 0) + int(price)
    for (k, i, _), inside in found.items():
        most = max(inside, key=lambda b: inside[b])
        inside[most] += int(honesty[k, i]) - sum(inside.values())
        if inside[most] < 0:
            inside.clear()
            inside[most] = int(honesty[k, i])
    return found


def value_bound(problem: AgencyProblem, prices: AgencyMultipliers, allowed: Mask | None = None) -> float:
    """What no menu earns more than that asks for allowed actions, drawn or not; inf if nothing is proven.

    Parameters
    ----------
    allowed : (n_types, n_actions), by default all
    """
    allowed = np.ones((problem.n_types, problem.n_actions), dtype=bool) if allowed is None else allowed
    if isinstance(problem.utility, RiskNeutral):
        free = np.isneginf(problem.lowest_wage) & np.isposinf(problem.highest_wage)
        return _of_money(problem, Slopes(problem, prices, allowed, flow=bool(free.any())))
    return _of_utility(problem, Slopes(problem, prices, allowed, flow=False))


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
            own = parts.weights[i] * parts.chances[i, a]
            excess = parts.slope[i, a] - own
            up = excess > 0
            if np.any(up & without[1]) or np.any((excess < 0) & without[0]):
                return math.inf
            earned = int((own * output[i]).sum() + (excess * np.where(up, high, low)).sum())
            worth = Fraction(earned, 1 << (parts.places + parts.chance_places + money))
            worth += Fraction(parts.constant[i, a], 1 << (parts.places + fine))
            best = worth if best is None or worth > best else best
        total += best or Fraction()
        total -= Fraction(int(parts.charge[i] * parts.reserve[i]), 1 << (parts.places + fine))
    return rounded_up(total)


def _of_utility(problem: AgencyProblem, parts: Slopes) -> float:
    rows = [(i, a) for i, actions in enumerate(parts.allowed) for a in actions]
    unit = 1 << parts.chance_places
    own = np.array([[chance / unit for chance in parts.chances[i, a]] for i, a in rows])
    slope = np.array([[s / (parts.weights[i] * unit) for s in parts.slope[i, a]] for i, a in rows])
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
            worth += Fraction(parts.constant[i, a], 1 << (parts.places + parts.effort_places))
            best = worth if best is None or worth > best else best
        total += best or Fraction()
        total -= Fraction(int(parts.charge[i] * parts.reserve[i]), 1 << (parts.places + parts.effort_places))
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
    they are alone, which leave no slope at all.
    """
    allowed = np.ones((problem.n_types, problem.n_actions), dtype=bool) if allowed is None else allowed
    tries = [prices]
    if isinstance(problem.utility, RiskNeutral):
        parts = Slopes(problem, prices, allowed, flow=False)
        unit = 1 << parts.chance_places
        most, lack = 1.0, np.zeros(problem.n_types)
        for (i, a), slope in parts.slope.items():
            own = np.array([float(chance / unit) for chance in parts.chances[i, a]]) * problem.weights[i]
            ratio = np.array([float(s / (unit << parts.places)) for s in slope]) / np.where(own > 0, own, 1.0)
            occurs = own > 0
            most = max(most, float(ratio[occurs].max(initial=1.0)))
            lack[i] = max(lack[i], float((1.0 - ratio[occurs]).max(initial=0.0)) * problem.weights[i])
        tries.append(scaled(prices, (1 - CLEAR) / most))
        tries.append(replace(prices, participation=prices.participation + lack * (1 + CLEAR)))
        if np.any(np.isneginf(problem.lowest_wage) & np.isposinf(problem.highest_wage)):
            tries.append(_alike(problem, prices, allowed))
    bounds = [value_bound(problem, one, allowed) for one in tries]
    best = int(np.argmin(bounds))
    return tries[best], bounds[best]


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

"""From expressions to numbers, and to problems for the engines.

Closed forms come in as they are (`Any`): their modules import this one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from contracts.agency.problem import MoralHazardProblem
from contracts.agency.utility import CARA, CRRA, Log, RiskNeutral, SquareRoot, Utility
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, number
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import count
from contracts.problem.costs import Cost, Linear, Power, Quadratic
from contracts.problem.screening import ScreeningProblem
from contracts.symbolic.algebra.signs import value
from contracts.symbolic.trade import Trade

MOST_TYPES = 100_000
SUM_TOLERANCE = 1e-9  # of weights, which are divided by their sum
TRIED = 50  # types at which a condition is tried
SMALLEST, LARGEST = 1e-12, 1e12  # parameters
SIMPLE, DIGITS = 10**6, 60  # the denominator of an exponent that is taken exactly, and digits of others


@dataclass(frozen=True, eq=False)
class ScheduleNumbers:
    """A schedule at some values of its parameters.

    Attributes
    ----------
    problem : the same with finitely many types, for `contracts.solve_menu`; its good is g(q)
    value, expected_rent, welfare, threshold : of the closed form
    types : (n_types,) midpoints of cells of equal width
    allocation, transfer, information_rent : (n_types,) of the closed form at these types; 0 where they are left out

    Examples
    --------
    >>> from contracts.symbolic import derive_schedule
    >>> numbers = derive_schedule("theta*q", cost="q**2/2", types="uniform(0, 1)").to_numeric(4)
    >>> numbers.types, numbers.allocation
    (array([0.125, 0.375, 0.625, 0.875]), array([0.  , 0.  , 0.25, 0.75]))
    """

    problem: ScreeningProblem
    value: float
    expected_rent: float
    welfare: float
    threshold: float
    types: Array
    allocation: Array
    transfer: Array
    information_rent: Array


@dataclass(frozen=True, eq=False)
class MenuNumbers:
    """A menu at some values of its parameters; types from the lowest taste to the highest.

    Attributes
    ----------
    problem : the same for `contracts.solve_menu`; its good is g(q)
    case : number of the case that holds, from 0
    value : of the closed form
    allocation, transfer, information_rent : (n_types,) of the closed form

    Examples
    --------
    >>> from contracts.symbolic import derive_menu
    >>> menu = derive_menu("theta*q", cost="q**2/2", types=(1, 2), weights=("1 - f", "f"), parameters=("f",))
    >>> numbers = menu.to_numeric(f=0.25)
    >>> numbers.allocation.round(4), numbers.transfer.round(4)
    (array([0.6667, 2.    ]), array([0.6667, 3.3333]))
    """

    problem: ScreeningProblem
    case: int
    value: float
    allocation: Array
    transfer: Array
    information_rent: Array


@dataclass(frozen=True, eq=False)
class WageNumbers:
    """Wages of two outcomes at some values of their parameters.

    Attributes
    ----------
    problem : the same for `contracts.solve_contract`; actions are shirk and work, outcomes failure and success
    wages, utilities : (2,) after failure and success
    expected_wage, first_best_cost, rent, value_of_work, value_of_shirking : of the closed form

    Examples
    --------
    >>> from contracts.symbolic import derive_wages
    >>> wages = derive_wages("sqrt(w)", shirk="1/4", work="3/4", effort_cost=1, reservation_utility=1, output=(0, 20))
    >>> numbers = wages.to_numeric()
    >>> numbers.wages, numbers.expected_wage - numbers.first_best_cost
    (array([0.25, 6.25]), 0.75)
    """

    problem: MoralHazardProblem
    wages: Array
    utilities: Array
    expected_wage: float
    first_best_cost: float
    rent: float
    value_of_work: float
    value_of_shirking: float


@dataclass(frozen=True, eq=False)
class LinearNumbers:
    """A linear contract at some values of its parameters.

    Attributes
    ----------
    slope, intercept, effort, surplus, value : as of the closed form

    Examples
    --------
    >>> from contracts.symbolic import derive_linear_contract
    >>> numbers = derive_linear_contract(effort_cost=1, risk_aversion=2, variance=1).to_numeric()
    >>> round(numbers.slope, 4), round(numbers.surplus, 4)
    (0.3333, 0.1667)
    """

    slope: float
    intercept: float
    effort: float
    surplus: float
    value: float


def values_of(names: tuple[str, ...], symbols: Mapping[str, Any], given: Mapping[str, Any]) -> dict[Any, Any]:
    """Parameters as exact numbers, by symbol.

    Raises
    ------
    ProblemError
        If one is missing, unknown, or no positive number.
    """
    import sympy

    for name in given:
        if name not in names:
            raise ProblemError(f"{name!r} is no parameter: there are {', '.join(names) or 'none'}")
    found = {}
    for name in names:
        if name not in given:
            raise ProblemError(f"no value for the parameter {name!r}: give {name}=, such as {name}=0.5")
        here = float(number(name, given[name]))
        if not SMALLEST <= here <= LARGEST:
            raise ProblemError(f"{name} is {here:g}: parameters are positive numbers, from 1e-12 to 1e12")
        found[symbols[name]] = sympy.Rational(here)
    return found


def exactly(expression: Any, at: Mapping[Any, Any]) -> float:
    """The float next to an expression at exact numbers.

    Raises
    ------
    ProblemError
        If it has none there, as x / (k - 2) has none at k = 2.
    """
    found = value(expression.subs(_plain_exponents(expression, at)))
    if math.isnan(found):
        raise ProblemError(
            "the closed form has no real value at these parameters: if one of them is where two exponents meet, move "
            "it by a hair, such as 2.0001 for 2; else solve the problem in numbers, with contracts.solve_menu or "
            "contracts.solve_contract"
        )
    return found


def _plain_exponents(expression: Any, at: Mapping[Any, Any]) -> dict[Any, Any]:
    """Parameters, those in exponents that are no simple fraction as floats: no algebra of their roots is worth it."""
    import sympy

    powers: set[Any] = set().union(*(one.exp.free_symbols for one in expression.atoms(sympy.Pow)))
    return {
        symbol: sympy.Float(exact, DIGITS) if symbol in powers and exact.q > SIMPLE else exact
        for symbol, exact in at.items()
    }


def check_conditions(conditions: tuple[Any, ...], at: Mapping[Any, Any], points: Mapping[Any, Array]) -> None:
    """Refuse parameters at which something is not positive that the closed form takes to be so.

    Parameters
    ----------
    points : values of further symbols at which each condition is tried

    Raises
    ------
    ProblemError
        With the condition.
    """
    import sympy

    for condition in conditions:
        here = condition.subs(dict(at))
        free = [symbol for symbol in points if here.has(symbol)]
        tried = [here] if not free else [here.subs(free[0], sympy.Rational(float(x))) for x in points[free[0]]]
        if not all(value(one) >= 0 for one in tried):
            raise ProblemError(
                f"the closed form holds where {sympy.sstr(condition)} is positive, and at these parameters it is "
                f"not: choose "
                "others, or solve the problem in numbers with contracts.solve_menu"
            )


def schedule_numbers(schedule: Any, n_types: Any, given: Mapping[str, Any]) -> ScheduleNumbers:
    """A schedule in numbers, and its problem with midpoints for types."""
    import sympy

    n = count("n_types", n_types)
    if n > MOST_TYPES:
        raise ProblemError(f"n_types is {n}: give at most {MOST_TYPES}")
    who = schedule.distribution
    symbols = {symbol.name: symbol for symbol in _symbols(schedule)}
    symbols |= {name: sympy.Symbol(name, positive=True) for name in schedule.parameters if name not in symbols}
    at = values_of(schedule.parameters, symbols, given)
    if who.highest == sympy.oo:
        raise ProblemError(
            f"types {who.name!r} have no highest, and the engines ask for one: cut the distribution, as "
            "'exp(-theta)/(1 - exp(-9)) on (0, 9)'"
        )
    low, high = (exactly(end, at) for end in (who.lowest, who.highest))
    if not low < high:
        raise ProblemError(f"types lie between {low:g} and {high:g}: the lowest must be below the highest")
    edges = np.linspace(low, high, n + 1)
    types = (edges[:-1] + edges[1:]) / 2
    q, inner = schedule.trade.quantity, np.linspace(low, high, TRIED + 2)[1:-1]
    check_conditions(schedule.conditions, at, {who.type: inner, q: np.geomspace(1e-6, 1e6, TRIED)})
    shares = np.diff([exactly(who.cumulative.subs(who.type, sympy.Rational(float(x))), at) for x in edges])
    threshold = exactly(schedule.threshold, at)
    served = types > threshold if schedule.is_increasing else types < threshold
    quantity, paid, kept = (
        np.array([_at_type(one, who.type, x, at) if s else 0.0 for x, s in zip(types, served, strict=True)])
        for one in (schedule.allocation, schedule.transfer, schedule.information_rent)
    )
    cost, price = engine_cost(schedule.trade, at)
    tastes = [exactly(schedule.trade.taste.subs(who.type, sympy.Rational(float(x))), at) for x in types]
    return ScheduleNumbers(
        ScreeningProblem(tastes, shares / shares.sum(), cost=cost, principal_values=price),
        exactly(schedule.value, at),
        exactly(schedule.expected_rent, at),
        exactly(schedule.welfare, at),
        threshold,
        types,
        quantity,
        paid,
        kept,
    )


def menu_numbers(menu: Any, given: Mapping[str, Any]) -> MenuNumbers:
    """A menu in numbers, and its problem."""
    import sympy

    named = {name: sympy.Symbol(name, positive=True) for name in menu.parameters}
    at = values_of(menu.parameters, named, given)
    weights = np.array([exactly(share, at) for share in menu.weights])
    if not np.all(weights > 0) or abs(weights.sum() - 1) > SUM_TOLERANCE:
        raise ProblemError(f"weights are {weights.tolist()}: give parameters at which they are positive and sum to one")
    tastes = np.array([exactly(taste, at) for taste in menu.tastes])
    if not np.all(np.diff(tastes) > 0):
        raise ProblemError(f"tastes are {tastes.tolist()}: give parameters at which types increase")
    check_conditions(
        (*menu.trade.conditions, *menu.conditions), at, {menu.trade.quantity: np.geomspace(1e-6, 1e6, TRIED)}
    )
    which = next((k for k, case in enumerate(menu.cases) if _holds(case, at)), None)
    if which is None:
        raise ProblemError("no case holds at these parameters: weights have to sum to one, to the last digit")
    case = menu.cases[which]
    cost, price = engine_cost(menu.trade, at)
    problem = ScreeningProblem(tastes, weights / weights.sum(), cost=cost, principal_values=price, labels=menu.labels)
    by_type = (
        np.array([exactly(x, at) for x in each]) for each in (case.allocation, case.transfer, case.information_rent)
    )
    return MenuNumbers(problem, which, exactly(case.value, at), *by_type)


def _holds(case: Any, at: Mapping[Any, Any]) -> bool:
    return all(_is_true(one, at) for one in case.conditions)


def _is_true(one: Any, at: Mapping[Any, Any]) -> bool:
    gap = exactly(one.left - one.right, at)
    return gap > 0 if one.is_strict else gap >= 0


def wage_numbers(made: Any, given: Mapping[str, Any]) -> WageNumbers:
    """Wages in numbers, and their problem."""
    import sympy

    at = values_of(made.parameters, {name: sympy.Symbol(name, positive=True) for name in made.parameters}, given)
    low, high, effort, reservation, failure, success = (
        exactly(one, at) for one in (made.shirk, made.work, made.effort_cost, made.reservation_utility, *made.output)
    )
    if not 0 <= low < high <= 1:
        raise ProblemError(
            f"shirk is {low:g} and work is {high:g}: give chances of success with 0 <= shirk < work <= 1"
        )
    limit = -math.inf if made.lowest_wage is None else exactly(made.lowest_wage, at)
    numbers = [exactly(one, at) for one in (*made.wages, *made.utilities)]
    problem = MoralHazardProblem(
        [[1 - low, low], [1 - high, high]],
        [failure, success],
        [0.0, effort],
        engine_utility(made.utility.subs(dict(at)), made.wage),
        reservation,
        (limit, math.inf),
        actions=("shirk", "work"),
        outcomes=("failure", "success"),
    )
    rest = (made.expected_wage, made.first_best_cost, made.rent, made.value_of_work, made.value_of_shirking)
    return WageNumbers(problem, np.array(numbers[:2]), np.array(numbers[2:]), *(exactly(one, at) for one in rest))


def engine_utility(utility: Any, wage: Any) -> Utility:
    """The library's own utility that an expression is.

    Raises
    ------
    ProblemError
        If there is none, also where it is one of them on another scale.
    """
    import sympy

    wealth = sympy.Symbol("x", positive=True)
    if sympy.expand(utility - wage) == 0:
        return RiskNeutral()
    inner = next((one.args[0] for one in utility.atoms(sympy.log, sympy.Pow) if one.args[0].has(wage)), wage)
    shift = sympy.expand(inner - wage)
    if not shift.has(wage):
        own = sympy.simplify(utility.subs(wage, wealth - shift))
        if own == sympy.log(wealth):
            return Log(value(shift))
        scale, power = own.as_coeff_exponent(wealth)
        if own == sympy.sqrt(wealth):
            return SquareRoot(value(shift))
        if power.is_number and power < 1 and power != 0 and sympy.simplify(scale * power - 1) == 0:
            return CRRA(value(1 - power), value(shift))
    rate = sympy.simplify(-sympy.diff(utility, wage) / utility) if utility != 0 else sympy.Integer(0)
    if not rate.has(wage) and sympy.simplify(utility + sympy.exp(-rate * wage)) == 0:
        return CARA(value(rate))
    raise ProblemError(
        f"the engines know no utility {sympy.sstr(utility)}: they take w, sqrt(w + c), log(w + c), (w + c)**(1 - "
        f"g)/(1 - g) "
        "and -exp(-a*w); scale effort_cost and reservation_utility instead of utility"
    )


def linear_numbers(made: Any, given: Mapping[str, Any]) -> LinearNumbers:
    """A linear contract in numbers."""
    import sympy

    at = values_of(made.parameters, {name: sympy.Symbol(name, positive=True) for name in made.parameters}, given)
    parts = (made.slope, made.intercept, made.effort, made.surplus, made.value)
    return LinearNumbers(*(exactly(one, at) for one in parts))


def _symbols(schedule: Any) -> set[Any]:
    who, made = schedule.distribution, schedule.trade
    parts = (who.density, who.cumulative, who.lowest, who.highest, made.utility, made.cost)
    found: set[Any] = set().union(*(part.free_symbols for part in parts))
    return found - {who.type, made.quantity}


def _at_type(expression: Any, theta: Any, x: float, at: Mapping[Any, Any]) -> float:
    import sympy

    return exactly(expression.subs(theta, sympy.Rational(float(x))), at)


def engine_cost(made: Trade, at: Mapping[Any, Any]) -> tuple[Cost, float]:
    """The net cost as one of the library's own, in units of g(q), and what a unit is worth to the principal besides.

    Raises
    ------
    ProblemError
        If it is no sum of a linear part and one power.
    """
    import sympy

    amount = sympy.Symbol("x", positive=True)
    solutions = sympy.solve(made.enjoyed.subs(dict(at)) - amount, made.quantity)
    if not solutions:
        raise ProblemError(f"{sympy.sstr(made.enjoyed)} has no inverse that was found: use the expressions themselves")
    cost = sympy.expand(sympy.powdenest(sympy.expand(made.net_cost.subs(dict(at)).subs(made.quantity, solutions[-1]))))
    price, curved = 0.0, []
    for term in sympy.Add.make_args(sympy.powsimp(cost)):
        scale, power = term.as_coeff_exponent(amount)
        if term == 0:
            continue
        if power == 1 and not scale.has(amount):
            price -= value(scale)
        else:
            curved.append((scale, power))
    if not curved:
        return Linear(0.0), price
    if len(curved) > 1 or curved[0][0].has(amount) or not curved[0][1].is_number:
        raise ProblemError(
            f"the engines know no cost of the form {sympy.sstr(cost)} in units x of {sympy.sstr(made.enjoyed)}: they "
            f"take a "
            "linear part and one power; use the expressions themselves, or state a ScreeningProblem with a cost of "
            "your own"
        )
    scale, power = value(curved[0][0]), value(curved[0][1])
    return (Quadratic(2 * scale) if power == 2 else Power(power, scale)), price

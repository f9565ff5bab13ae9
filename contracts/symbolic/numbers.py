"""From expressions to numbers, and to problems for the engines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, number
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import count
from contracts.problem.costs import Cost, Linear, Power, Quadratic
from contracts.problem.screening import ScreeningProblem
from contracts.symbolic.signs import value
from contracts.symbolic.trade import Trade

if TYPE_CHECKING:
    from contracts.symbolic.continuum import SymbolicSchedule

MOST_TYPES = 100_000
TRIED = 50  # types at which a condition is tried
SMALLEST, LARGEST = 1e-12, 1e12  # parameters


@dataclass(frozen=True, eq=False)
class ScheduleNumbers:
    """A schedule at some values of its parameters.

    Attributes
    ----------
    problem : the same with finitely many types, for `contracts.solve_menu`; its good is g(q)
    value, expected_rent, welfare, threshold : of the closed form
    types : (n_types,) midpoints of cells of equal width
    allocation, transfer, information_rent : (n_types,) of the closed form at these types; 0 where they are left out
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
    """The float next to an expression at exact numbers."""
    return value(expression.subs(dict(at)))


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
                f"the closed form holds where {sympy.sstr(condition)} is positive, and at these parameters it is not: choose "
                "others, or solve the problem in numbers with contracts.solve_menu"
            )


def schedule_numbers(schedule: SymbolicSchedule, n_types: Any, given: Mapping[str, Any]) -> ScheduleNumbers:
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
    by_type = [
        np.array([_at_type(one, who.type, x, at) if s else 0.0 for x, s in zip(types, served, strict=True)])
        for one in (schedule.allocation, schedule.transfer, schedule.information_rent)
    ]
    cost, price = engine_cost(schedule.trade, at)
    tastes = [exactly(schedule.trade.taste.subs(who.type, sympy.Rational(float(x))), at) for x in types]
    return ScheduleNumbers(
        ScreeningProblem(tastes, shares / shares.sum(), cost=cost, principal_values=price),
        *(exactly(one, at) for one in (schedule.value, schedule.expected_rent, schedule.welfare)),
        threshold,
        types,
        *by_type,
    )


def _symbols(schedule: SymbolicSchedule) -> set[Any]:
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
            f"the engines know no cost of the form {sympy.sstr(cost)} in units x of {sympy.sstr(made.enjoyed)}: they take a "
            "linear part and one power; use the expressions themselves, or state a ScreeningProblem with a cost of your own"
        )
    scale, power = value(curved[0][0]), value(curved[0][1])
    return (Quadratic(2 * scale) if power == 2 else Power(power, scale)), price

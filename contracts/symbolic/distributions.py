"""Types on a line: a distribution by name, by its density, or of sympy.stats, as expressions."""

from __future__ import annotations

import re
from typing import Any

from contracts.errors import ProblemError
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import described
from contracts.symbolic.algebra.signs import NOTHING, Facts, inside, sign_of, sign_on
from contracts.symbolic.algebra.solving import integral, tidy
from contracts.symbolic.reader import read_expression

FORMS = "uniform(a, b), power(k), exponential(rate), pareto(shape, lowest) or 'DENSITY on (a, b)'"
CALL = re.compile(r"\s*([A-Za-z_]+)\s*\((.*)\)\s*", re.DOTALL)
ON = re.compile(r"(.*)\bon\s*[\[(]([^,]*),([^,]*)[\])]\s*", re.DOTALL)
NUMBERS = {"uniform": 2, "power": 1, "exponential": 1, "pareto": 2}


@dataclass(frozen=True, eq=False)
class Distribution:
    """Who there is: density f and distribution function F between two ends.

    Attributes
    ----------
    name : as the user wrote it
    type : the symbol theta, positive if no type is negative
    density, cumulative : expressions in it, between the ends
    lowest, highest : ends, expressions or oo
    facts : what is known of the parameters
    conditions : expressions in theta that are taken to be positive
    """

    name: str
    type: Any
    density: Any
    cumulative: Any
    lowest: Any
    highest: Any
    facts: Facts
    conditions: tuple[Any, ...]


def distribution(types: Any, parameters: dict[str, Any]) -> Distribution:
    """A distribution of types from text or sympy.stats.

    Raises
    ------
    ProblemError
        If it cannot be read, is empty, is negative somewhere or does not integrate to one.

    Examples
    --------
    >>> distribution("uniform(0, 1)", {}).density, distribution("2*theta on (0, 1)", {}).cumulative
    (1, theta**2)
    """
    if not isinstance(types, str):
        return _of_sympy(types, parameters)
    form, density = CALL.fullmatch(types), ON.fullmatch(types)
    if density is not None:
        low, high = (_end(end, parameters) for end in density.groups()[1:])
        facts = ordered(low, high)
        theta = type_symbol(low, facts)
        read = read_expression(density[1], {**parameters, "theta": theta}, field="the density of types")
        return _checked(types, theta, read, None, low, high, facts)
    if form is None or form[1] not in NUMBERS:
        raise ProblemError(f"types is {described(types)}: give {FORMS}")
    given = [part for part in form[2].split(",") if part.strip()]
    if len(given) != NUMBERS[form[1]]:
        raise ProblemError(f"types is {described(types)}, with {len(given)} numbers: give {FORMS}")
    return _named(types, form[1], [_end(part, parameters) for part in given])


def _named(text: str, name: str, given: list[Any]) -> Distribution:
    import sympy

    one = sympy.Integer(1)
    if name == "uniform":
        low, high = given
        facts = ordered(low, high)
        theta = type_symbol(low, facts)
        return _checked(text, theta, 1 / (high - low), (theta - low) / (high - low), low, high, facts)
    theta = sympy.Symbol("theta", positive=True)
    if any(sign_of(number) != "positive" for number in given):
        raise ProblemError(f"types is {text!r}: the numbers of {name} are positive")
    first = given[0]
    if name == "power":
        return _checked(text, theta, first * theta ** (first - 1), theta**first, sympy.Integer(0), one, NOTHING)
    if name == "exponential":
        cumulative = 1 - sympy.exp(-first * theta)
        return _checked(text, theta, first * sympy.exp(-first * theta), cumulative, sympy.Integer(0), sympy.oo, NOTHING)
    low = given[1]
    density = first * low**first / theta ** (first + 1)
    return _checked(text, theta, density, 1 - (low / theta) ** first, low, sympy.oo, NOTHING)


def _of_sympy(types: Any, parameters: dict[str, Any]) -> Distribution:
    import sympy
    from sympy.stats import density
    from sympy.stats.rv import RandomSymbol

    if not isinstance(types, RandomSymbol):
        raise ProblemError(f"types is {described(types)}: give {FORMS}, or a random variable of sympy.stats")
    support = types.pspace.domain.set
    if not isinstance(support, sympy.Interval):
        raise ProblemError(f"types has the support {support}: give a continuous distribution on an interval")
    named = {symbol: parameters.get(symbol.name, symbol) for symbol in types.pspace.distribution.free_symbols}
    odd = next((symbol.name for symbol in named if symbol.name not in parameters), None)
    if odd is not None:
        raise ProblemError(f"types names {odd!r}, which is not declared: add it to parameters")
    low, high = (end.xreplace(named) for end in (support.start, support.end))
    facts = ordered(low, high)
    theta = type_symbol(low, facts)
    found = sympy.piecewise_fold(density(types)(theta)).xreplace(named)
    if found.has(sympy.Piecewise):
        found = found.replace(lambda one: isinstance(one, sympy.Piecewise), lambda one: one.args[0].expr)
    return _checked(
        str(types.pspace.distribution),
        theta,
        sympy.simplify(sympy.expand_func(found.rewrite(sympy.gamma))),
        None,
        low,
        high,
        facts,
    )


def _checked(name: str, theta: Any, density: Any, cumulative: Any, low: Any, high: Any, facts: Facts) -> Distribution:
    import sympy

    if low == -sympy.oo:
        raise ProblemError(
            f"types {name!r} have no lowest: cut the distribution, as 'DENSITY on (a, b)' with a number a"
        )
    if cumulative is None:
        point = sympy.Dummy("s", real=True, positive=theta.is_positive)
        cumulative = integral(
            density.subs(theta, point), point, low, theta, Facts({**facts.known, theta: facts(inside(low, high))})
        )
        if cumulative.has(sympy.Integral):
            raise ProblemError(
                f"the density of types {name!r} has no integral in closed form that was found: simplify it"
            )
        total = (
            sympy.simplify(cumulative.subs(theta, high)) if high != sympy.oo else sympy.limit(cumulative, theta, high)
        )
        if sympy.simplify(total - 1) != 0:
            raise ProblemError(f"the density of types {name!r} integrates to {total}, not 1: divide it by that")
    found = sign_on(density, theta, low, high, facts)
    if found in ("negative", "both", "zero"):
        raise ProblemError(f"the density of types {name!r} is negative somewhere: check its signs and its interval")
    taken = (tidy(density),) if found == "open" else ()
    return Distribution(name, theta, tidy(density), tidy(cumulative), low, high, facts, taken)


def ordered(low: Any, high: Any) -> Facts:
    """That one end is below the other, if that says anything of a parameter.

    Raises
    ------
    ProblemError
        If it is not, or cannot be told.
    """
    import sympy

    gap = sympy.Dummy("d", positive=True)
    if not high.free_symbols and not low.free_symbols:
        if not low < high:
            raise ProblemError(f"types lie between {low} and {high}: give the lower end first")
        return NOTHING
    if high == sympy.oo or sign_of(high - low) == "positive":
        return NOTHING
    if high.is_Symbol and not low.has(high):
        return Facts({high: low + gap})
    if low.is_Symbol and not high.has(low) and sign_of(high) == "positive":
        return Facts({low: high / (1 + gap)})
    raise ProblemError(f"types lie between {low} and {high}, whose order is not known: make one end a number or a name")


def type_symbol(low: Any, facts: Facts) -> Any:
    """The symbol theta: positive where no type is negative."""
    import sympy

    if sign_of(low, facts) in ("positive", "zero"):
        return sympy.Symbol("theta", positive=True)
    return sympy.Symbol("theta", real=True)


def _end(text: str, parameters: dict[str, Any]) -> Any:
    import sympy

    if text.strip() in ("oo", "inf"):
        return sympy.oo
    return read_expression(text, parameters, field="an end or a number of types")

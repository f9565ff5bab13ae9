"""Signs of expressions: proven for all parameters, proven for none, or a condition on them.

Parameters are positive. What else is known of them (one below another, shares that sum to one) is written as a
substitution by positive numbers: b = a + d. An expression all of whose terms are positive in positive numbers is
positive: that is the proof. Without parameters, polynomials are decided by counting their roots.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import numpy as np

from contracts.inputs.frozen import dataclass

Sign = Literal["positive", "negative", "zero", "both", "open"]  # both: proven to change; open: not known
N_SAMPLES = 12  # values of the parameters at which candidates are tried
GRID = 64  # points of an interval at which a change of sign is looked for
DIGITS = 30
MANY_TERMS = 400  # of a product that is multiplied out to see its signs


@dataclass(frozen=True)
class Facts:
    """What is known of parameters beyond that they are positive: each as an expression in positive numbers."""

    known: Mapping[Any, Any]

    def __call__(self, expression: Any) -> Any:
        """The expression in positive numbers alone."""
        return expression.xreplace(dict(self.known))

    def samples(self, *expressions: Any) -> Iterator[dict[Any, Any]]:
        """Some values of all symbols in expressions that agree with what is known; one empty value without symbols."""
        import sympy

        symbols = sorted(set().union(*(one.free_symbols for one in expressions)), key=str)
        fresh = sorted(set().union(*(self(one).free_symbols for one in symbols)) if symbols else (), key=str)
        rng = np.random.default_rng(len(fresh))
        for number in range(N_SAMPLES if symbols else 1):
            spread = 0.3 + 0.15 * number  # from near one outward
            drawn = {one: sympy.Rational(int(1000 * math.exp(spread * rng.normal())) + 1, 1000) for one in fresh}
            yield {symbol: self(symbol).xreplace(drawn) for symbol in symbols}


NOTHING = Facts({})


def sign_of(expression: Any, facts: Facts = NOTHING) -> Sign:
    """The sign of an expression for all positive values of its symbols, as far as it can be proven.

    Examples
    --------
    >>> import sympy
    >>> a, b, d = sympy.symbols("a b d", positive=True)
    >>> sign_of(b - a), sign_of(b - a, Facts({b: a + d})), sign_of((a + b) / (a + 2 * b) - 1)
    ('open', 'positive', 'negative')
    """
    import sympy

    plain = facts(sympy.sympify(expression))
    if not plain.free_symbols:
        return _of_number(plain)
    if plain.is_positive or plain.is_negative:
        return "positive" if plain.is_positive else "negative"
    plain = sympy.cancel(plain) if plain.is_rational_function() else sympy.together(sympy.simplify(plain))
    if plain == 0:
        return "zero"
    result = 1
    for part in sympy.fraction(plain):
        for factor in sympy.Mul.make_args(sympy.factor_terms(part)):
            found = _of_terms(factor)
            if found == 0:
                return "open"
            result *= found
    return "positive" if result > 0 else "negative"


def sign_on(expression: Any, variable: Any, low: Any, high: Any, facts: Facts = NOTHING) -> Sign:
    """The sign of an expression at every point strictly between two ends.

    Examples
    --------
    >>> import sympy
    >>> t = sympy.Symbol("t", real=True)
    >>> sign_on(t * (1 - t), t, 0, 1), sign_on(t**2 - 2, t, 0, 2), sign_on(t**2 + t + 1, t, -5, 5)
    ('positive', 'both', 'positive')
    """
    import sympy

    low, high = sympy.sympify(low), sympy.sympify(high)
    step = sympy.Dummy("z", positive=True)
    between = facts(inside(low, high, step))
    moved = sympy.sympify(expression).subs(variable, between)
    found = sign_of(moved, facts)
    if found != "open" or facts(moved).free_symbols != {step}:
        return found
    return _without_parameters(facts(expression), variable, between, step, facts(low), facts(high))


def inside(low: Any, high: Any, step: Any = None) -> Any:
    """Any number strictly between two ends, as an expression in a positive number."""
    import sympy

    step = sympy.Dummy("z", positive=True) if step is None else step
    if low == -sympy.oo:
        return high - step if high != sympy.oo else step - 1 / step
    return low + step if high == sympy.oo else low + (high - low) / (1 + step)


def _without_parameters(expression: Any, variable: Any, between: Any, step: Any, low: Any, high: Any) -> Sign:
    """Root counting for rational functions; for others points of both signs, or nothing."""
    import sympy

    values = [value(expression.subs(variable, between.subs(step, z))) for z in _points()]
    if min(values) < 0 < max(values):
        return "both"
    ratio = sympy.cancel(expression)
    if not ratio.is_rational_function(variable) or low.is_infinite or high.is_infinite:
        return "open"
    above, below = sympy.fraction(ratio)
    for part in (above, below):
        if not part.has(variable):
            continue
        polynomial = sympy.Poly(part, variable)
        if not polynomial.domain.is_QQ and not polynomial.domain.is_ZZ:
            return "open"
        for factor, times in polynomial.factor_list()[1]:
            inner = factor.count_roots(low, high) - (factor.eval(low) == 0) - (factor.eval(high) == 0)
            if inner and times % 2:
                return "both"
            if inner and part is above:
                return "open"  # touches zero inside
    return "positive" if max(values) > 0 else "negative"


def value(expression: Any) -> float:
    """A number as a float, nan if it is none."""
    import sympy

    if expression.has(sympy.Integral):
        numbers = {one: sympy.Float(quadrature(one)) for one in expression.atoms(sympy.Integral)}
        expression = expression.xreplace(numbers)
    found = expression.evalf(DIGITS)
    return float(found) if found.is_extended_real and found.is_number else math.nan


def quadrature(integral: Any) -> float:
    """A definite integral in numbers; nan where its integrand has none."""
    from scipy.integrate import quad

    variable, low, high = integral.limits[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what did not converge disagrees with the closed form, or with nothing
        found = quad(
            lambda x: value(integral.function.subs(variable, x)), float(low), float(high), epsabs=1e-12, epsrel=1e-11
        )
    return float(found[0])


def _points() -> list[Any]:
    import sympy

    return [sympy.Rational(GRID + 1 - k, k) for k in range(1, GRID + 1)]


def _of_number(number: Any) -> Sign:
    import sympy

    found = sympy.simplify(number).evalf(DIGITS)
    if found == 0 or not found.is_extended_real:
        return "zero" if found == 0 else "open"
    return "positive" if found > 0 else "negative"


def _of_terms(expression: Any) -> int:
    """1 or -1 if every term has that sign, else 0."""
    import sympy

    if expression.is_positive or expression.is_negative:
        return 1 if expression.is_positive else -1
    if expression.is_Pow and expression.exp.is_Integer and expression.exp % 2 == 0:
        return 0  # may be zero
    if expression.is_Pow:
        return _of_terms(expression.base) ** int(expression.exp) if expression.exp.is_Integer else 0
    terms = sympy.Add.make_args(sympy.expand(expression))
    if len(terms) > MANY_TERMS:
        return 0
    if all(term.is_positive for term in terms):
        return 1
    return -1 if all(term.is_negative for term in terms) else 0

"""Roots and integrals in closed form, each tried against numbers before anybody sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from contracts.errors import ProblemError
from contracts.symbolic.algebra.signs import NOTHING, Facts, sign_on, value

CLOSE = 1e-9  # relative, of a closed form and quadrature or of both sides of an equation
FEW_OPERATIONS, MANY_OPERATIONS = 40, 400  # in an expression that is made simpler by all means, and at all


def root(
    equation: Any,
    unknown: Any,
    fits: Callable[[Any], bool | None],
    facts: Facts = NOTHING,
    *,
    scope: tuple[Any, ...] = (),
    what: str,
    remedy: str,
) -> Any:
    """The solution of equation = 0 that fits at all values of the parameters that are tried.

    Parameters
    ----------
    fits : whether the unknown may be what it is in a dictionary of it and all parameters; None where that says nothing
    scope : expressions whose parameters `fits` asks for
    what, remedy : what is sought and what to do instead, for the error

    Raises
    ------
    ProblemError
        If there is none in closed form.
    """
    import sympy

    try:
        found = sympy.solve(equation, unknown, cubics=False, quartics=False)
    except NotImplementedError:
        found = []
    good = [one for one in found if not one.has(unknown) and _is_root(equation, unknown, one, fits, facts, scope)]
    if not good:
        raise ProblemError(f"{what} has no closed form that was found, from {sympy.sstr(equation)} = 0: {remedy}")
    return tidy(min(good, key=sympy.count_ops))


def _is_root(
    equation: Any,
    unknown: Any,
    candidate: Any,
    fits: Callable[[Any], bool | None],
    facts: Facts,
    scope: tuple[Any, ...],
) -> bool:
    tried = 0
    for values in facts.samples(equation.subs(unknown, 1), candidate, *scope):
        point = value(candidate.subs(values))
        if point != point:
            return False
        verdict = fits({**values, unknown: candidate.subs(values)})
        if verdict is None:
            continue
        left = abs(value(equation.subs(values).subs(unknown, candidate.subs(values))))
        if not verdict or not left <= CLOSE:
            return False
        tried += 1
    return tried > 0


def integral(integrand: Any, variable: Any, low: Any, high: Any, facts: Facts = NOTHING) -> Any:
    """A definite integral: in closed form where one is found that agrees with quadrature, else as it stands.

    Examples
    --------
    >>> import sympy
    >>> t, k = sympy.symbols("t k", positive=True)
    >>> integral(t**k, t, 0, 1), integral(sympy.exp(-k * t), t, 0, sympy.oo)
    (1/(k + 1), 1/k)
    """
    import sympy

    low, high = sympy.sympify(low), sympy.sympify(high)
    as_it_stands = sympy.Integral(integrand, (variable, low, high))
    if low == high or integrand == 0:
        return sympy.Integer(0)
    integrand = _opened(integrand)
    for way in (integrand, sympy.expand(integrand)):
        antiderivative = _antiderivative(way, variable)
        if antiderivative.has(sympy.Integral, sympy.nan, sympy.zoo):
            continue
        antiderivative = _real_logs(generic(sympy.piecewise_fold(antiderivative)), variable, low, high, facts)
        closed = tidy(_at(antiderivative, variable, high, "-") - _at(antiderivative, variable, low, "+"))
        if _agrees(closed, as_it_stands, facts):
            return closed
    return as_it_stands


def _antiderivative(integrand: Any, variable: Any) -> Any:
    """An antiderivative, term by term, or an Integral; rules that go round in circles are not asked."""
    import sympy
    from sympy.integrals.rationaltools import ratint

    if integrand.is_polynomial(variable) or not integrand.has(variable):
        return sympy.Poly(integrand, variable).integrate().as_expr()
    if integrand.is_rational_function(variable):
        return ratint(integrand, variable, real=True)
    constant, integrand = integrand.as_independent(variable, as_Add=False)
    terms = [sympy.powsimp(term) for term in sympy.Add.make_args(sympy.expand(integrand))]
    found = sum(_of_term(term, variable) for term in terms)
    if found.has(sympy.Integral) and sympy.count_ops(integrand) <= FEW_OPERATIONS:
        found = _by_rules(integrand, variable)
    return constant * found


def _of_term(term: Any, variable: Any) -> Any:
    """Of x**n exp(b x + c), n times at once, and of logarithms by parts; of others by rules."""
    import sympy

    if not term.has(sympy.exp):
        parts = _by_parts(term, variable)
        return _by_rules(term, variable) if parts is None else parts
    factor, rest = term.as_independent(variable, as_Add=False)
    power, exponential = rest.as_independent(sympy.exp, as_Add=False)
    scale, n = power.as_coeff_exponent(variable)
    if not isinstance(exponential, sympy.exp) or scale.has(variable) or not (n.is_Integer and n >= 0):
        return _by_rules(term, variable)
    slope = exponential.args[0].diff(variable)
    if slope.has(variable) or slope == 0:
        return _by_rules(term, variable)
    parts = ((-1) ** k * sympy.ff(n, k) * variable ** (n - k) / slope ** (k + 1) for k in range(int(n) + 1))
    return factor * scale * exponential * sum(parts)


def _by_rules(integrand: Any, variable: Any) -> Any:
    import sympy
    from sympy.integrals.manualintegrate import manualintegrate

    below = sympy.fraction(sympy.together(integrand))[1]
    sums_below = any(factor.has(variable) and factor.atoms(sympy.Add) for factor in sympy.Mul.make_args(below))
    kinds = {one.func for one in integrand.atoms(sympy.Function) if one.has(variable)}
    odd = any(one.has(variable) and not one.exp.is_Integer for one in integrand.atoms(sympy.Pow))
    if sums_below or not kinds <= {sympy.exp, sympy.log} or (len(kinds) + odd > 1 and sympy.exp in kinds):
        return sympy.Integral(integrand, variable)
    return manualintegrate(integrand, variable)


def _opened(expression: Any) -> Any:
    """Logarithms of powers as multiples of logarithms, which holds where the base is positive."""
    import sympy

    return expression.replace(
        lambda one: isinstance(one, sympy.log) and one.args[0].is_Pow,
        lambda one: one.args[0].exp * sympy.log(one.args[0].base),
    )


def _by_parts(term: Any, variable: Any) -> Any:
    """Of a rational function times the logarithm of another; None for other terms, and where logarithms multiply."""
    import sympy
    from sympy.integrals.rationaltools import ratint

    logs = [one for one in sympy.Mul.make_args(term) if isinstance(one, sympy.log) and one.has(variable)]
    if len(logs) != 1 or not logs[0].args[0].is_rational_function(variable):
        return None
    factor = term / logs[0]
    if not factor.is_rational_function(variable):
        return None
    whole = ratint(sympy.together(factor), variable, real=True)
    if not whole.is_rational_function(variable):
        return None
    inner = sympy.together(logs[0].args[0])
    left = sympy.cancel(whole * inner.diff(variable) / inner)
    return whole * logs[0] - ratint(left, variable, real=True)


def _real_logs(expression: Any, variable: Any, low: Any, high: Any, facts: Facts) -> Any:
    """Logarithms of what is negative on an interval, as logarithms of its size."""
    import sympy

    turned = {}
    for one in expression.atoms(sympy.log):
        if sign_on(one.args[0], variable, low, high, facts) == "negative":
            turned[one] = sympy.log(-one.args[0])
    return expression.xreplace(turned)


def generic(expression: Any) -> Any:
    """The first piece of every Piecewise: the case that no equation between parameters spoils."""
    import sympy

    return expression.replace(lambda one: isinstance(one, sympy.Piecewise), lambda one: one.args[0].expr)


def limit_by_cases(expression: Any, variable: Any, end: Any, side: str) -> Any:
    """A limit that may depend on the sign of an exponent, which is then a condition on its parameter.

    Examples
    --------
    >>> import sympy
    >>> w, g = sympy.symbols("w g", positive=True)
    >>> limit_by_cases(w ** (1 - g) / (1 - g), w, 0, "+")
    Piecewise((0, g < 1), (-oo, True))
    """
    import sympy

    size = sympy.Dummy("z", positive=True)
    for power in sorted(expression.atoms(sympy.Pow), key=str):
        exponent, names = power.exp, sorted(power.exp.free_symbols - {variable}, key=str)
        if not power.base.has(variable) or not names or exponent.is_positive or exponent.is_negative:
            continue
        solved = [sympy.solve(exponent - sign * size, names[0]) for sign in (1, -1)]
        if [len(one) for one in solved] != [1, 1]:
            continue
        cases = [
            sympy.limit(expression.subs(names[0], one), variable, end, side).subs(size, sign * exponent)
            for (one,), sign in zip(solved, (1, -1), strict=True)
        ]
        return sympy.Piecewise((cases[0], exponent > 0), (cases[1], True))
    return sympy.limit(expression, variable, end, side)


def _at(expression: Any, variable: Any, end: Any, side: str) -> Any:
    import sympy

    found = expression.subs(variable, end) if end.is_finite is not False else sympy.nan
    if found.has(sympy.nan, sympy.zoo, sympy.oo):
        found = sympy.limit(expression, variable, end, side)
    return found


def _agrees(closed: Any, as_it_stands: Any, facts: Facts) -> bool:
    """At some values of the parameters, by quadrature."""
    samples = list(facts.samples(as_it_stands))[:2]
    for values in samples:
        expected = value(as_it_stands.subs(values))
        if not abs(value(closed.subs(values)) - expected) <= CLOSE * (1 + abs(expected)):
            return False
    return bool(samples)


def tidy(expression: Any) -> Any:
    """The shortest of a few ways to write an expression that all mean the same."""
    import sympy

    if not isinstance(expression, sympy.Expr) or (size := sympy.count_ops(expression)) > MANY_OPERATIONS:
        return expression
    ways = [expression, sympy.expand(expression), sympy.factor(expression)]
    plain = all(one.exp.is_number for one in expression.atoms(sympy.Pow)) and not expression.has(sympy.LambertW)
    if plain and not expression.is_rational_function() and size <= FEW_OPERATIONS:
        ways.append(sympy.simplify(expression))
    return min(ways, key=_length)


def _length(expression: Any) -> tuple[int, str]:
    import sympy

    text = sympy.sstr(expression)
    return len(text) + 3 * text.startswith("-"), text

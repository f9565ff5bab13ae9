"""What is traded: utility and cost as expressions, and the quantity that is best at every virtual valuation.

Utility is v(theta, q) = m(theta) g(q) + h(q), less the transfer. With the net cost C = c - h, a type whose virtual
valuation is p is worth serving the q that maximises p g(q) - C(q). Where the marginal cost of one unit of g,
r(q) = C'(q) / g'(q), increases, that is r(q) = p, or nothing for p <= r(0).
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from contracts.errors import ProblemError, UnboundedMenuError
from contracts.inputs.frozen import dataclass
from contracts.symbolic.algebra.signs import NOTHING, Facts, inside, sign_of, sign_on, value
from contracts.symbolic.algebra.solving import root, tidy
from contracts.symbolic.derivation import Formula, Step
from contracts.symbolic.reader import expression_of

OWN_NAMES = ("theta", "q")  # the type and the quantity, in every expression of utility and cost


@dataclass(frozen=True, eq=False)
class Trade:
    """Utility and cost, taken apart.

    Attributes
    ----------
    type, quantity : the symbols theta and q
    utility, cost : v(theta, q) and c(q), as given
    taste : m(theta)
    enjoyed, common : g(q) and h(q), the parts of utility that types differ in and agree on
    net_cost : C(q) = c(q) - h(q)
    marginal : r(q) = C'(q) / g'(q)
    threshold, ceiling : r(0) and the limit of r: virtual valuations between them are served some finite quantity
    virtual : the symbol p that stands for a virtual valuation
    best : the quantity at virtual valuation p, for threshold < p < ceiling
    conditions : what was not proven of the parameters, and is taken to hold: expressions in q that are positive
    """

    type: Any
    quantity: Any
    utility: Any
    cost: Any
    taste: Any
    enjoyed: Any
    common: Any
    net_cost: Any
    marginal: Any
    threshold: Any
    ceiling: Any
    virtual: Any
    best: Any
    conditions: tuple[Any, ...]

    def at(self, valuation: Any) -> Any:
        """The quantity at a virtual valuation that is served."""
        return tidy(self.best.subs(self.virtual, valuation))

    def profit(self, valuation: Any) -> Any:
        """The conjugate: the largest value of p g(q) - C(q), where it is served."""
        return tidy(self._profit.subs(self.virtual, valuation))

    def enjoyed_at(self, valuation: Any) -> Any:
        """g of the quantity at a virtual valuation that is served."""
        return tidy(self._enjoyed.subs(self.virtual, valuation))

    def common_at(self, valuation: Any) -> Any:
        """h of the quantity at a virtual valuation that is served."""
        return tidy(self.common.subs(self.quantity, self.best).subs(self.virtual, valuation))

    @cached_property
    def _enjoyed(self) -> Any:
        """In p, whose sign is known: a root of its square has no other."""
        return tidy(self.enjoyed.subs(self.quantity, self.best))

    @cached_property
    def _profit(self) -> Any:
        return tidy(self._enjoyed * self.virtual - self.net_cost.subs(self.quantity, self.best))

    def steps(self, distance: str) -> tuple[Step, ...]:
        """What is derived of the trade alone."""
        import sympy

        q = self.quantity
        starts = self.threshold != -sympy.oo
        return (
            Step(
                "The trade",
                "An agent of type theta who gets q and pays t has utility v(theta, q) - t; the principal earns t - "
                "c(q). "
                "Who takes nothing pays nothing.",
                (Formula("v", self.utility), Formula("c", self.cost)),
            ),
            Step(
                "Quantity by virtual valuation",
                f"With m(theta) replaced by a virtual valuation p, {distance}, the principal maximises p g(q) - C(q), "
                "where v = m g + h and C = c - h. The marginal cost of a unit of g, r = C'/g', increases: the "
                "maximum is "
                f"where it is p{', and nothing is sold for p <= r(0)' if starts else ''}.",
                (
                    Formula("g", self.enjoyed),
                    Formula("C", self.net_cost),
                    Formula("r", self.marginal),
                    *((Formula("r_0", self.threshold, remark="r at q = 0"),) if starts else ()),
                    Formula(q, self.best, remark="solves r(q) = p"),
                ),
            ),
        )


def trade(utility: Any, cost: Any, theta: Any, parameters: dict[str, Any], facts: Facts = NOTHING) -> Trade:
    """Utility and cost, read and taken apart.

    Raises
    ------
    ProblemError
        If utility is no m(theta) g(q) + h(q), nobody differs, r decreases, or its inverse has no closed form.

    Examples
    --------
    >>> import sympy
    >>> trade("theta*q", "q**2/2", sympy.Symbol("theta", positive=True), {}).best
    p
    """
    import sympy

    q = sympy.Symbol("q", positive=True)
    known = {**parameters, "theta": theta, "q": q}
    v = expression_of("utility", utility, known)
    c = expression_of("cost", cost, {**parameters, "q": q})
    taste, enjoyed, common = _taken_apart(v, theta, q)
    nothing_for_nothing = sympy.limit(c, q, 0, "+")
    if sympy.simplify(nothing_for_nothing) != 0:
        raise ProblemError(f"cost is {nothing_for_nothing} for no quantity: write cost so that it is 0 at q = 0")
    net = tidy(c - common)
    slope = sympy.diff(enjoyed, q)
    marginal = tidy(sympy.diff(net, q) / slope)
    if sign_on(slope, q, 0, sympy.oo, facts) not in ("positive", "open"):
        raise ProblemError(
            f"utility {sympy.sstr(v)} falls in q somewhere for high types: types must like more, or dislike it"
        )
    rising = sign_on(sympy.diff(marginal, q), q, 0, sympy.oo, facts)
    if rising in ("negative", "both", "zero"):
        raise ProblemError(
            f"the marginal cost {sympy.sstr(marginal)} of a unit of {sympy.sstr(enjoyed)} does not increase in q: "
            f"the best "
            "quantity is nothing or without limit; give a cost that is convex, or utility that is concave, in q"
        )
    conditions = (sympy.diff(marginal, q),) if rising == "open" else ()
    try:
        threshold = tidy(sympy.limit(marginal, q, 0, "+"))
        ceiling = sympy.limit(marginal, q, sympy.oo)
    except NotImplementedError as exc:
        raise ProblemError(
            f"how the marginal cost {sympy.sstr(marginal)} begins and ends depends on exponents: write them so that "
            f"their "
            "signs are known of positive parameters, such as q**(1 + k) for a convex cost, q**(1/(1 + k)) for a root"
        ) from exc
    p = _valuation(threshold, ceiling, facts)
    facts = Facts({**facts.known, p: facts(inside(threshold, ceiling))})
    best = root(
        marginal - p,
        q,
        lambda at: _between(at, p, threshold, ceiling, q),
        facts,
        scope=(threshold, ceiling),
        what="the quantity",
        remedy="choose another cost, or solve the problem in numbers with contracts.solve_menu",
    )
    return Trade(theta, q, v, c, taste, enjoyed, common, net, marginal, threshold, ceiling, p, best, conditions)


def check_ceiling(made: Trade, highest: Any, facts: Facts) -> tuple[Any, ...]:
    """That the highest virtual valuation is served a finite quantity; what is not proven is given back.

    Raises
    ------
    UnboundedMenuError
        If it certainly is not.
    """
    import sympy

    if made.ceiling == sympy.oo or highest == made.ceiling:
        return ()
    found = sign_of(made.ceiling - highest, facts)
    if found in ("negative", "zero"):
        raise UnboundedMenuError(
            f"marginal costs stay below {made.ceiling}, and types are worth up to {highest}: the principal sells "
            f"without "
            "limit; give a cost that rises more steeply"
        )
    return () if found == "positive" else (made.ceiling - highest,)


def _between(at: dict[Any, Any], p: Any, threshold: Any, ceiling: Any, q: Any) -> bool | None:
    """Whether a quantity is positive; None where the valuation is not between the limits."""
    low, high, own = (_number(one, at) for one in (threshold, ceiling, p))
    return value(at[q]) > 0 if low < own < high else None


def _number(expression: Any, at: dict[Any, Any]) -> float:
    import sympy

    found = expression.subs(at)
    if found in (sympy.oo, -sympy.oo):
        return float(found)
    return value(found)


def _valuation(threshold: Any, ceiling: Any, facts: Facts) -> Any:
    """A symbol for virtual valuations, with the sign that they have."""
    import sympy

    if threshold != -sympy.oo and sign_of(threshold, facts) in ("positive", "zero"):
        return sympy.Symbol("p", positive=True)
    if ceiling != sympy.oo and sign_of(ceiling, facts) in ("negative", "zero"):
        return sympy.Symbol("p", negative=True)
    return sympy.Symbol("p", real=True)


def _taken_apart(v: Any, theta: Any, q: Any) -> tuple[Any, Any, Any]:
    """m(theta), g(q), h(q) with v = m g + h and g(0) = h(0) = 0."""
    import sympy

    remedy = "write it as m(theta)*g(q) + h(q), such as theta*sqrt(q) - q"
    cross = sympy.factor(sympy.diff(v, theta, q))
    if sympy.simplify(cross) == 0:
        raise ProblemError(f"utility {sympy.sstr(v)} has no part in which types differ by quantity: {remedy}")
    coefficient, by_type = cross.as_independent(theta, as_Add=False)
    if by_type.has(q):
        coefficient, by_type = sympy.simplify(cross).as_independent(theta, as_Add=False)
    if by_type.has(q):
        raise ProblemError(f"utility {sympy.sstr(v)} mixes theta and q in a way that is not read: {remedy}")
    number, slope = coefficient.as_independent(q, as_Add=False)
    own = theta * by_type if not by_type.has(theta) else sympy.integrate(by_type, theta)
    taste = tidy(number * own)
    size = abs(taste.as_coeff_Mul()[0])  # theta * sqrt(q), not theta / 2 * 2 sqrt(q)
    taste, enjoyed = tidy(taste / size), tidy(size * _integrated(slope, q))
    rest = sympy.expand(sympy.simplify(v - taste * enjoyed))
    if rest.has(theta):
        worth = rest.diff(q)  # the constant of the taste was dropped: it is what q is worth besides
        if sympy.simplify(worth).has(theta):
            raise ProblemError(f"utility {sympy.sstr(v)} is not read: {remedy}")
        rest = _integrated(sympy.simplify(worth), q)
    ratio = sympy.simplify(rest / enjoyed)
    if not ratio.has(q):  # a part of the taste that does not vary
        taste, rest = tidy(taste + ratio), sympy.Integer(0)
    if sympy.simplify(sympy.limit(v, q, 0, "+")) != 0:
        raise ProblemError(
            f"utility {sympy.sstr(v)} is not 0 for no quantity: write it so, with the constant elsewhere"
        )
    at_nothing = sympy.limit(rest, q, 0, "+")
    return taste, tidy(enjoyed), tidy(rest - at_nothing)


def _integrated(slope: Any, q: Any) -> Any:
    """The antiderivative that is 0 at q = 0."""
    import sympy

    found = sympy.integrate(slope, q)
    start = sympy.limit(found, q, 0, "+")
    if not start.is_finite:
        raise ProblemError(
            f"utility is not finite for no quantity, with the slope {sympy.sstr(slope)}: let it start at 0"
        )
    return sympy.expand(found - start)

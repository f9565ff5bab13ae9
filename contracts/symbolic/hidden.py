"""Hidden action with two outcomes: the wages that make effort worth while, in closed form."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from contracts.errors import ProblemError
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.symbolic.algebra.signs import Facts, sign_of, sign_on
from contracts.symbolic.algebra.solving import limit_by_cases, root, tidy
from contracts.symbolic.algebra.words import in_words
from contracts.symbolic.derivation import Derivation, Formula, Step
from contracts.symbolic.numbers import WageNumbers, wage_numbers
from contracts.symbolic.reader import expression_of, symbols_for

OWN = ("p_0", "p_1", "e", "r", "y_0", "y_1")  # what stands for itself unless something else is given


@in_words
@checked(own=("utility", "shirk", "work", "effort_cost", "reservation_utility", "output", "lowest_wage", "parameters"))
def derive_wages(
    utility: Any,
    *,
    shirk: Any = "p_0",
    work: Any = "p_1",
    effort_cost: Any = "e",
    reservation_utility: Any = "r",
    output: Any = ("y_0", "y_1"),
    lowest_wage: Any = None,
    parameters: Any = (),
) -> SymbolicWages:
    """The cheapest wages after failure and success for which an agent works whom nobody sees.

    Parameters
    ----------
    utility : u(w), increasing and concave, in the wage w, such as "sqrt(w)", "log(w)", "w" or "-exp(-a*w)"
    shirk, work : chances of success if the agent shirks and works; symbols p_0 < p_1 < 1 by default
    effort_cost : utility that work costs the agent; symbol e
    reservation_utility : utility that the agent has elsewhere; symbol r
    output : money that failure and success are worth to the principal; symbols y_0 < y_1
    lowest_wage : limited liability; by default wages go as far as utility is defined
    parameters : names of further parameters, all positive numbers

    Raises
    ------
    ProblemError
        If the text cannot be read, or utility is not increasing and concave, or has no inverse that was found.

    References
    ----------
    Laffont & Martimort (2002), The Theory of Incentives, ch. 4; Grossman & Hart (1983), Econometrica 51.

    Examples
    --------
    >>> wages = derive_wages("sqrt(w)", shirk="1/4", work="3/4", effort_cost=1, reservation_utility=1)
    >>> wages.wages, wages.expected_wage, wages.first_best_cost
    ((1/4, 25/4), 19/4, 4)
    """
    import sympy

    named = symbols_for("parameters", parameters, taken=(*OWN, "w", "self"))
    own = {name: sympy.Symbol(name, positive=True) for name in OWN}
    if not isinstance(output, tuple | list) or len(output) != 2:
        raise ProblemError("output is no pair: give what failure and success are worth, such as ('y_0', 'y_1')")
    given = {
        "shirk": shirk, "work": work, "effort_cost": effort_cost, "reservation_utility": reservation_utility,
        "output of failure": output[0], "output of success": output[1],
    }  # fmt: skip
    read = [expression_of(field, one, {**named, **own}) for field, one in given.items()]
    used = set().union(*(one.free_symbols for one in read))
    low, high, effort, reservation, failure, success = read
    facts = _facts(low, high, failure, success)
    names = tuple(name for name in (*named, *OWN) if name in named or own[name] in used)
    wage = sympy.Symbol("w", real=True)
    u = expression_of("utility", utility, {**named, "w": wage})
    floor = None if lowest_wage is None else expression_of("lowest_wage", lowest_wage, {**named, **own})
    return _checked(SymbolicWages(u, wage, low, high, effort, reservation, (failure, success), floor, facts, names))


@in_words
@checked
@dataclass(frozen=True, eq=False, repr=False)
class SymbolicWages:
    """Wages after failure and success that make an agent work, as sympy expressions.

    Attributes
    ----------
    utility, wage : u(w) and the symbol w
    shirk, work : chances of success
    effort_cost, reservation_utility : what work costs, and what the agent has elsewhere
    output : what failure and success are worth
    lowest_wage : the limit of wages, None if there is none but utility's own
    facts : what is known of the parameters
    parameters : their names
    """

    utility: Any
    wage: Any
    shirk: Any
    work: Any
    effort_cost: Any
    reservation_utility: Any
    output: tuple[Any, Any]
    lowest_wage: Any
    facts: Facts
    parameters: tuple[str, ...]

    @cached_property
    def inverse(self) -> Any:
        """h(v), the wage that is worth v."""
        v = self.promised
        return root(
            self.utility - v,
            self.wage,
            lambda at: True,
            Facts({v: self.utility.subs(self.wage, self.domain[1])}),
            what="the wage that is worth a utility",
            remedy="choose a utility such as sqrt(w), log(w), w or -exp(-a*w)",
        )

    @cached_property
    def promised(self) -> Any:
        """The symbol v."""
        import sympy

        return sympy.Symbol("v", real=True, positive=True if self.span == 0 else None)

    @cached_property
    def domain(self) -> tuple[Any, Any]:
        """Where utility is defined from, -oo if anywhere, and any wage above, in a positive number."""
        import sympy

        z = sympy.Dummy("z", positive=True)
        start = -sympy.oo
        for one in self.utility.atoms(sympy.log, sympy.Pow):
            base = one.args[0]
            if base.has(self.wage) and (isinstance(one, sympy.log) or not (one.exp.is_integer and one.exp.is_positive)):
                ends = sympy.solve(base, self.wage)
                start = ends[0] if len(ends) == 1 else start
        return start, (start + z if start != -sympy.oo else z - 1 / z)

    @cached_property
    def span(self) -> Any:
        """The lowest utility: at the lowest wage, -oo if there is none; None where it is not known."""
        import sympy

        start = self.domain[0] if self.lowest_wage is None else self.lowest_wage
        found = self.utility.subs(self.wage, start) if start != -sympy.oo else sympy.nan
        if found.has(sympy.nan, sympy.zoo, sympy.oo) or any(one.base == 0 for one in found.atoms(sympy.Pow)):
            found = limit_by_cases(self.utility, self.wage, start, "+")
        return found

    def _at_least_lowest(self, level: Any) -> Any:
        """A utility, or the lowest one where that is higher, case by case."""
        import sympy

        if isinstance(self.span, sympy.Piecewise):
            return sympy.Piecewise(*((self._higher(low, level), condition) for low, condition in self.span.args))
        return self._higher(self.span, level)

    def _higher(self, low: Any, level: Any) -> Any:
        import sympy

        if low == -sympy.oo:
            return level
        found = sign_of(level - low, self.facts)
        return low if found == "negative" else sympy.Max(low, level) if found in ("open", "both") else level

    @property
    def power(self) -> Any:
        """How much more utility success brings than failure: effort cost over what effort adds to success."""
        return tidy(self.effort_cost / (self.work - self.shirk))

    @cached_property
    def utilities(self) -> tuple[Any, Any]:
        """What the agent is promised after failure and success."""
        failure = self._at_least_lowest(tidy(self.reservation_utility + self.effort_cost - self.work * self.power))
        return failure, tidy(failure + self.power)

    @cached_property
    def wages(self) -> tuple[Any, Any]:
        """What is paid after failure and success."""
        low, high = (tidy(self.inverse.subs(self.promised, one)) for one in self.utilities)
        return low, high

    @cached_property
    def expected_wage(self) -> Any:
        """What it costs the principal that the agent works."""
        return tidy((1 - self.work) * self.wages[0] + self.work * self.wages[1])

    @cached_property
    def first_best_cost(self) -> Any:
        """What it would cost if work could be seen: one wage, whatever comes of it."""
        level = self._at_least_lowest(self.reservation_utility + self.effort_cost)
        return tidy(self.inverse.subs(self.promised, level))

    @cached_property
    def agency_cost(self) -> Any:
        """What it costs that work cannot be seen."""
        return tidy(self.expected_wage - self.first_best_cost)

    @cached_property
    def rent(self) -> Any:
        """What the agent has above its reservation utility."""
        low, high = self.utilities
        return tidy((1 - self.work) * low + self.work * high - self.effort_cost - self.reservation_utility)

    @cached_property
    def value_of_work(self) -> Any:
        """What the principal earns if the agent works."""
        return tidy((1 - self.work) * self.output[0] + self.work * self.output[1] - self.expected_wage)

    @cached_property
    def value_of_shirking(self) -> Any:
        """What the principal earns at one wage for which the agent stays and shirks."""
        level = self._at_least_lowest(self.reservation_utility)
        wage = self.inverse.subs(self.promised, level)
        return tidy((1 - self.shirk) * self.output[0] + self.shirk * self.output[1] - wage)

    def derivation(self) -> Derivation:
        """All steps from the constraints to the wages."""
        import sympy

        v0, v1 = sympy.symbols("v_0 v_1")
        limit = self.span
        bounded = limit != -sympy.oo
        steps = (
            Step(
                "The problem",
                "Success has chance p_1 if the agent works, which costs it e, and p_0 if not. Nobody sees which; "
                "wages depend "
                "on the outcome alone.",
                (
                    Formula("u", self.utility),
                    Formula("p_0", self.shirk),
                    Formula("p_1", self.work),
                    Formula("e", self.effort_cost),
                    Formula("r", self.reservation_utility),
                ),
            ),
            Step(
                "Promised utilities",
                "Let v_0 = u(w_0) and v_1 = u(w_1). With h the inverse of u, convex, the principal minimises "
                "(1 - p_1) h(v_0) + p_1 h(v_1), and the constraints are linear.",
                (Formula(sympy.Function("h")(self.promised), self.inverse),),
            ),
            Step(
                "Incentive compatibility",
                "Working must be worth its cost, and a larger spread is only more risk: it binds.",
                (Formula((self.work - self.shirk) * (v1 - v0), self.effort_cost), Formula(v1 - v0, self.power)),
            ),
            Step(
                "Participation",
                "The agent must stay. Lower wages after both outcomes keep the spread: participation binds"
                + (
                    ", unless utility after failure has reached its lowest, and the agent keeps a rent."
                    if bounded
                    else "."
                ),
                (
                    Formula((1 - self.work) * v0 + self.work * v1 - self.effort_cost, self.reservation_utility, ">="),
                    *((Formula(v0, limit, ">="),) if bounded else ()),
                    Formula(v0, self.utilities[0]),
                    Formula(v1, self.utilities[1]),
                ),
            ),
            Step("Wages", "Put them into h.", (Formula("w_0", self.wages[0]), Formula("w_1", self.wages[1]))),
            Step(
                "What hiding costs",
                "If work were seen, one wage would do: risk is what costs.",
                (
                    Formula("expected_wage", self.expected_wage),
                    Formula("first_best_cost", self.first_best_cost),
                    Formula("agency_cost", self.agency_cost),
                    Formula("rent", self.rent),
                ),
            ),
            Step(
                "Whether work is worth it",
                "The principal compares both actions.",
                (Formula("work", self.value_of_work), Formula("shirk", self.value_of_shirking)),
            ),
        )
        return Derivation("Hidden action, two outcomes", steps)

    def to_numeric(self, **parameters: float) -> WageNumbers:
        """The numbers of the closed form, and the same problem for the engines.

        Raises
        ------
        ProblemError
            If a parameter is missing, unknown or not positive, or makes no sense, or the engines know no such utility.
        """
        return wage_numbers(self, parameters)

    def __repr__(self) -> str:
        return str(self.derivation())

    def _repr_html_(self) -> str:
        return self.derivation().html()


def _checked(made: SymbolicWages) -> SymbolicWages:
    """The same, if utility is increasing and concave and has an inverse."""
    import sympy

    u, w = made.utility, made.wage
    if not u.has(w):
        raise ProblemError(f"utility {u} does not depend on the wage w: give one such as sqrt(w)")
    start = made.domain[0]
    first, second = sympy.diff(u, w), sympy.diff(u, w, 2)
    if sign_on(first, w, start, sympy.oo) not in ("positive", "open"):
        raise ProblemError(
            f"utility {u} does not increase in the wage w: give one such as sqrt(w), log(w) or -exp(-a*w)"
        )
    if second != 0 and sign_on(second, w, start, sympy.oo) not in ("negative", "open"):
        raise ProblemError(f"utility {u} is not concave in the wage w: give one such as sqrt(w), log(w) or w")
    _ = made.inverse
    top = sympy.limit(u, w, sympy.oo)
    if top.is_finite and sign_of(top - made.reservation_utility - made.effort_cost, made.facts) in ("negative", "zero"):
        raise ProblemError(
            f"utility {u} stays below {top}, and the agent asks for {made.reservation_utility + made.effort_cost}: "
            f"lower "
            "reservation_utility or effort_cost, such as reservation_utility=-2 for -exp(-w)"
        )
    return made


def _facts(low: Any, high: Any, failure: Any, success: Any) -> Facts:
    """0 <= p_0 < p_1 <= 1, y_0 < y_1."""
    import sympy

    known: dict[Any, Any] = {}
    z, d, more = (sympy.Dummy(name, positive=True) for name in ("z", "d", "more"))
    if high.is_Symbol:
        room = low if low.is_number else sympy.Integer(0)
        known[high] = room + (1 - room) / (1 + z)
    if low.is_Symbol and low != high:
        known[low] = high.xreplace(known) / (1 + d)
    if success.is_Symbol and not failure.has(success):
        known[success] = failure + more
    facts = Facts(known)
    asked = (
        (high - low, ("positive",), "work makes success likelier than shirking"),
        (1 - high, ("positive", "zero"), "the chance of work is at most 1"),
        (low, ("positive", "zero"), "the chance of shirking is not negative"),
    )
    for one, signs, words in asked:
        if sign_of(one, facts) not in signs:
            raise ProblemError(
                f"shirk is {low} and work is {high}, of which it is not known that {words}: give numbers or names, "
                "such as shirk='p_0', work='p_1'"
            )
    return facts

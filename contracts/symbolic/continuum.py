"""Types on a continuum: the schedule that sells to them, as expressions with their derivation."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from contracts.errors import ProblemError
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.symbolic.derivation import Derivation, Formula, Step
from contracts.symbolic.distributions import Distribution, distribution
from contracts.symbolic.numbers import ScheduleNumbers, schedule_numbers
from contracts.symbolic.reader import symbols_for
from contracts.symbolic.signs import Facts, inside, sign_of, sign_on, value
from contracts.symbolic.solving import integral, root, tidy
from contracts.symbolic.trade import OWN_NAMES, Trade, check_ceiling, trade

BRACKET = 10**6  # parts of a unit between which a root is enclosed
NEAR, MANY = 1e-9, 1e6  # how near the ends of types are looked at, and how far away if there is none
TAKEN = (*OWN_NAMES, "n_types", "theta_0", "p", "s", "self")  # no names for parameters


@checked(own=("utility", "cost", "types", "parameters"))
def derive_schedule(utility: Any, *, cost: Any, types: Any, parameters: Any = ()) -> SymbolicSchedule:
    """The best nonlinear price for a continuum of types in closed form, or in which way there is none.

    Parameters
    ----------
    utility : v(theta, q) of the form m(theta)*g(q) + h(q), as text or a sympy expression, 0 at q = 0
    cost : c(q), 0 at q = 0; in procurement minus what q is worth to the principal
    types : "uniform(a, b)", "power(k)" with F = theta**k on (0, 1), "exponential(rate)", "pareto(shape, lowest)",
        "DENSITY on (a, b)", or a continuous random variable of sympy.stats
    parameters : names of parameters, all positive numbers

    Returns
    -------
    SymbolicSchedule
        Its expressions are refused with the reason if types are not regular.

    Raises
    ------
    ProblemError
        If the text cannot be read, or something has no closed form that was found.

    Examples
    --------
    Mussa & Rosen (1978), types uniform between 0 and 1:

    >>> schedule = derive_schedule("theta*q", cost="q**2/2", types="uniform(0, 1)")
    >>> schedule.allocation, schedule.threshold, schedule.value
    (2*theta - 1, 1/2, 1/12)
    >>> schedule.tariff
    q*(q + 2)/4
    """
    known = symbols_for("parameters", parameters, taken=TAKEN)
    who = distribution(types, known)
    made = trade(utility, cost, who.type, known, who.facts)
    rising = sign_on(made.taste.diff(who.type), who.type, who.lowest, who.highest, who.facts)
    if rising not in ("positive", "negative"):
        raise ProblemError(
            f"the taste {made.taste} of types {who.name!r} is not known to increase or to decrease in theta: order types "
            "by their taste, and name their ends so that the order is known"
        )
    return SymbolicSchedule(made, who, tuple(known), rising == "positive")


@checked
@dataclass(frozen=True, eq=False, repr=False)
class SymbolicSchedule:
    """What a continuum of types buys, pays and keeps, as sympy expressions.

    Attributes
    ----------
    trade : utility and cost, taken apart
    distribution : who there is
    parameters : their names
    is_increasing : whether tastes increase in the type; where they decrease, as costs do in procurement, the highest
        types are the worst
    """

    trade: Trade
    distribution: Distribution
    parameters: tuple[str, ...]
    is_increasing: bool

    # ---- who is worth what ----

    @cached_property
    def hazard(self) -> Any:
        """Types better than theta per type like it: (1 - F)/f, or F/f where tastes decrease."""
        who = self.distribution
        better = 1 - who.cumulative if self.is_increasing else who.cumulative
        return tidy(better / who.density)

    @cached_property
    def virtual_valuation(self) -> Any:
        """phi(theta): the taste less the rent that serving a type leaves to all better ones."""
        sign = 1 if self.is_increasing else -1
        taste = self.trade.taste
        return tidy(taste - sign * self.hazard * taste.diff(self.distribution.type))

    @cached_property
    def slope(self) -> Any:
        """d phi / d theta."""
        return tidy(self.virtual_valuation.diff(self.distribution.type))

    @cached_property
    def _regularity(self) -> tuple[bool | None, str]:
        """Whether virtual valuations rise with tastes where anybody is served, and what it says of that."""
        import sympy

        who = self.distribution
        wanted = "positive" if self.is_increasing else "negative"
        found = sign_on(self.slope, who.type, who.lowest, who.highest, who.facts)
        sign = ">=" if self.is_increasing else "<="
        if found == wanted:
            return True, f"d phi/d theta {sign} 0 for all types"
        condition = f"{sympy.sstr(self.slope)} {sign} 0"
        if found == "open":
            return None, f"{condition} for theta between {who.lowest} and {who.highest}"
        if found == "both" and self._is_regular_where_served():
            return True, f"d phi/d theta {sign} 0 for all types that are served"
        return False, f"{condition}, which fails for some types between {who.lowest} and {who.highest}"

    @property
    def is_regular(self) -> bool | None:
        """Whether the closed form is right: proven True or False, or None where it depends on the parameters."""
        return self._regularity[0]

    @property
    def condition(self) -> str:
        """What regularity asks for, in the parameters where it depends on them."""
        return self._regularity[1]

    def _is_regular_where_served(self) -> bool:
        """Without parameters: virtual valuations are below the threshold, and from where they reach it they rise."""
        import sympy

        who, made = self.distribution, self.trade
        if not self.is_increasing or made.threshold.is_infinite or who.highest.is_infinite:
            return False
        try:
            roots = sympy.solve(self.virtual_valuation - made.threshold, who.type)
        except NotImplementedError:
            return False
        points = [value(one) for one in roots]
        within = [one for one in points if value(who.lowest) < one < value(who.highest)]
        if len(within) != 1:
            return False
        below = sympy.Rational(int(within[0] * BRACKET) - 1, BRACKET)
        before = sign_on(self.virtual_valuation - made.threshold, who.type, who.lowest, below)
        return before == "negative" and sign_on(self.slope, who.type, below, who.highest) == "positive"

    def _check_regular(self) -> None:
        if self.is_regular is False:
            raise ProblemError(
                f"types {self.distribution.name!r} are not regular: regularity is {self.condition}. Some types are bunched, "
                "and the closed form for regular types is not incentive compatible; state a ScreeningProblem with many "
                "types and call contracts.solve_menu, which irons"
            )

    @cached_property
    def threshold(self) -> Any:
        """theta_0: the type between those served and those left out; the end of the types if all are served."""
        import sympy

        self._check_regular()
        who, made = self.distribution, self.trade
        worst, _ = self._ends
        if made.threshold == -sympy.oo:
            return worst
        phi = self.virtual_valuation - made.threshold
        at_best = self._at_end(phi, best=True)
        if at_best != sympy.oo and sign_of(at_best, who.facts) in ("negative", "zero"):
            raise ProblemError(
                f"nobody is served: no virtual valuation exceeds {made.threshold}, what the first unit costs. Lower cost, "
                "or raise utility"
            )
        found = sign_of(self._at_end(phi, best=False), who.facts)
        if found in ("positive", "zero"):
            return worst
        cut = self._root
        if found == "negative":
            return cut
        return sympy.Max(worst, cut) if self.is_increasing else sympy.Min(worst, cut)

    @cached_property
    def _root(self) -> Any:
        import sympy

        who, made = self.distribution, self.trade

        def fits(at: dict[Any, Any]) -> bool | None:
            low, high = (_number(end, at) for end in (who.lowest, who.highest))
            inner = (low + (min(high, low + MANY) - low) * share for share in (NEAR, 1 - NEAR))
            phi = (self.virtual_valuation - made.threshold).subs({s: x for s, x in at.items() if s != who.type})
            ends = sorted(value(phi.subs(who.type, sympy.Rational(x))) for x in inner)
            return low <= value(at[who.type]) <= high if ends[0] < 0 < ends[1] else None

        return root(
            self.virtual_valuation - made.threshold,
            who.type,
            fits,
            who.facts,
            scope=(who.lowest, who.highest, made.threshold),
            what="the type from which on somebody is served",
            remedy="choose other parameters or another distribution, or solve it in numbers with contracts.solve_menu",
        )

    def _at_end(self, expression: Any, *, best: bool) -> Any:
        """The limit of an expression at the end of the best or the worst types."""
        import sympy

        who = self.distribution
        high = best == self.is_increasing
        end = who.highest if high else who.lowest
        plain = expression.subs(who.type, end) if end != sympy.oo else sympy.nan
        if plain.has(sympy.nan, sympy.zoo, sympy.oo):
            try:
                plain = sympy.limit(expression, who.type, end, "-" if high else "+")
            except NotImplementedError:  # it depends on the parameters
                return sympy.nan
        return plain

    @property
    def _ends(self) -> tuple[Any, Any]:
        """The ends of the types, that of the worst first."""
        low, high = self.distribution.lowest, self.distribution.highest
        return (low, high) if self.is_increasing else (high, low)

    # ---- what they buy, pay and keep ----

    @property
    def first_best(self) -> Any:
        """The quantity of a type that could be seen, where it is served."""
        return self.trade.at(self.trade.taste)

    @cached_property
    def allocation(self) -> Any:
        """q(theta) for the types that are served."""
        self._check_regular()
        return self.trade.at(self.virtual_valuation)

    @cached_property
    def information_rent(self) -> Any:
        """U(theta) for the types that are served."""
        return tidy(self._rent.subs(self._start, self.threshold))

    @cached_property
    def transfer(self) -> Any:
        """t(theta) for the types that are served."""
        return tidy(self._transfer.subs(self._start, self.threshold))

    @cached_property
    def tariff(self) -> Any:
        """T(q), the price of every quantity that is sold."""
        return tidy(self._tariff.subs(self._start, self.threshold))

    @cached_property
    def marginal_tariff(self) -> Any:
        """T'(q), the price of a little more."""
        return tidy(self._tariff.diff(self.trade.quantity))

    @cached_property
    def value(self) -> Any:
        """What the principal expects to earn."""
        return tidy(self._value.subs(self._start, self.threshold))

    @cached_property
    def expected_rent(self) -> Any:
        """What the agents expect to keep."""
        return tidy(self._expected_rent.subs(self._start, self.threshold))

    @cached_property
    def welfare(self) -> Any:
        """What both expect to earn together."""
        return tidy(self.value + self.expected_rent)

    def piecewise(self, expression: Any) -> Any:
        """An expression in theta for the types that are served, and 0 for those that are not."""
        import sympy

        if not isinstance(expression, sympy.Expr):
            raise ProblemError("expression is no sympy expression: give one of this schedule's, such as its allocation")
        theta = self.distribution.type
        out = theta < self.threshold if self.is_increasing else theta > self.threshold
        return sympy.Piecewise((0, out), (expression, True))

    # ---- the same in terms of theta_0, where that is no single expression ----

    @cached_property
    def _start(self) -> Any:
        """What stands for the threshold in formulas: itself, or a symbol where it is the larger of two."""
        import sympy

        if self.threshold.has(sympy.Max, sympy.Min):
            return sympy.Symbol("theta_0", real=True, positive=self.distribution.type.is_positive)
        return self.threshold

    @cached_property
    def _served(self) -> Facts:
        """What is known, with the threshold and the type where they can be."""
        import sympy

        who = self.distribution
        known = dict(who.facts.known)
        if self.threshold.has(sympy.Max, sympy.Min):
            cut = who.facts(self._root)
            worst, best = map(who.facts, self._ends)
            gap = 1 / (1 / (best - worst) + 1 / (best - cut))  # shorter than both, so that the start is beyond both
            known[self._start] = inside(best - gap, best) if self.is_increasing else inside(best, best - gap)
        start = known.get(self._start, who.facts(self._start))
        known[who.type] = (
            inside(start, who.facts(who.highest)) if self.is_increasing else inside(who.facts(who.lowest), start)
        )
        return Facts(known)

    @cached_property
    def _rent_slope(self) -> Any:
        """How fast rents grow with the type: |m'(theta)| g(q(theta))."""
        made = self.trade
        size = made.taste.diff(made.type) * (1 if self.is_increasing else -1)
        return tidy(size * made.enjoyed_at(self.virtual_valuation))

    @cached_property
    def _rent(self) -> Any:
        import sympy

        theta = self.distribution.type
        point = sympy.Dummy("s", real=True, positive=theta.is_positive)
        ends = (self._start, theta) if self.is_increasing else (theta, self._start)
        return integral(self._rent_slope.subs(theta, point), point, *ends, self._served)

    @cached_property
    def _transfer(self) -> Any:
        made = self.trade
        phi = self.virtual_valuation
        return tidy(made.taste * made.enjoyed_at(phi) + made.common_at(phi) - self._rent)

    @cached_property
    def _tariff(self) -> Any:
        made = self.trade
        return tidy(made.utility.subs(made.type, self.type_of_quantity) - self._rent.subs(made.type, self.type_of_quantity))

    @cached_property
    def type_of_quantity(self) -> Any:
        """The type that buys q, for the quantities that are sold."""
        import sympy

        made, who = self.trade, self.distribution
        self._check_regular()
        sold = sympy.Symbol("p", real=True, positive=made.virtual.is_positive, negative=made.virtual.is_negative)
        level = self._served(self.virtual_valuation)
        facts = Facts({**self._served.known, sold: level})

        def fits(at: dict[Any, Any]) -> bool:
            low, high = (_number(end, at) for end in (who.lowest, who.highest))
            return low <= value(at[who.type]) <= high

        found = root(
            self.virtual_valuation - sold,
            who.type,
            fits,
            facts,
            scope=(who.lowest, who.highest),
            what="the type that buys a quantity",
            remedy="use allocation and transfer, which are the tariff by type",
        )
        return tidy(found.subs(sold, made.marginal))

    @cached_property
    def _value(self) -> Any:
        who = self.distribution
        return self._expected(self.trade.profit(self.virtual_valuation) * who.density)

    @cached_property
    def _expected_rent(self) -> Any:
        return self._expected(tidy(self.hazard * self.distribution.density) * self._rent_slope)

    def _expected(self, integrand: Any) -> Any:
        import sympy

        who = self.distribution
        point = sympy.Dummy("s", real=True, positive=who.type.is_positive)
        ends = (self._start, who.highest) if self.is_increasing else (who.lowest, self._start)
        return integral(integrand.subs(who.type, point), point, *ends, self._served)

    @cached_property
    def conditions(self) -> tuple[Any, ...]:
        """Expressions that are taken to be positive, because nothing proves it of all parameters."""
        who, made = self.distribution, self.trade
        sign = 1 if self.is_increasing else -1
        found = [*made.conditions, *check_ceiling(made, self._at_end(made.taste, best=True), who.facts)]
        return (*found, *([sign * self.slope] if self.is_regular is None else []))

    # ---- to show and to use ----

    def derivation(self) -> Derivation:
        """All steps from the problem to the tariff; without the closed form where types are not regular."""
        from contracts.symbolic.lecture import schedule_steps

        return Derivation(f"Types {self.distribution.name}", schedule_steps(self))

    def to_numeric(self, n_types: int = 100, **parameters: float) -> ScheduleNumbers:
        """The numbers of the closed form, and a problem with so many types for the engines.

        Types of the problem are midpoints of cells of equal width, weights the cells' probabilities.

        Raises
        ------
        ProblemError
            If a parameter is missing, unknown or not positive, or a condition does not hold at them.
        """
        return schedule_numbers(self, n_types, parameters)

    def __repr__(self) -> str:
        return str(self.derivation())

    def _repr_html_(self) -> str:
        return self.derivation().html()


def _number(end: Any, at: dict[Any, Any]) -> float:
    found = end.subs(at)
    return float(found) if found.is_infinite else value(found)

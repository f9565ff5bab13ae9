"""Types on a continuum: the schedule that sells to them, as expressions with their derivation."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from contracts.errors import ProblemError, UnboundedMenuError
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.symbolic.algebra.signs import Facts, inside, sign_on, value
from contracts.symbolic.algebra.solving import integral, root, tidy
from contracts.symbolic.algebra.words import in_words
from contracts.symbolic.derivation import Derivation, schedule_steps
from contracts.symbolic.distributions import distribution
from contracts.symbolic.numbers import ScheduleNumbers, schedule_numbers
from contracts.symbolic.reader import symbols_for
from contracts.symbolic.trade import OWN_NAMES, check_ceiling, trade
from contracts.symbolic.virtual import Screened, number_at

TAKEN = (*OWN_NAMES, "n_types", "theta_0", "p", "self")  # no names for parameters


@in_words
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
            f"the taste {made.taste} of types {who.name!r} is not known to increase or to decrease in theta: order "
            f"types "
            "by their taste, and name their ends so that the order is known"
        )
    return SymbolicSchedule(made, who, tuple(known), rising == "positive")


@in_words
@checked
@dataclass(frozen=True, eq=False, repr=False)
class SymbolicSchedule(Screened):
    """What a continuum of types buys, pays and keeps, as sympy expressions.

    Attributes
    ----------
    trade : utility and cost, taken apart
    distribution : who there is
    parameters : their names
    is_increasing : whether tastes increase in the type; where they decrease, as costs do in procurement, the highest
        types are the worst
    """

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
            cut = who.facts(self.root)
            worst, best = map(who.facts, self.ends)
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
        return tidy(
            made.utility.subs(made.type, self.type_of_quantity) - self._rent.subs(made.type, self.type_of_quantity)
        )

    @cached_property
    def type_of_quantity(self) -> Any:
        """The type that buys q, for the quantities that are sold."""
        import sympy

        made, who = self.trade, self.distribution
        self._check_regular()
        sold = sympy.Symbol("p", real=True, positive=made.virtual.is_positive, negative=made.virtual.is_negative)
        level = self._served(self.virtual_valuation)
        facts = Facts({**self._served.known, sold: level})

        best = self._at_end(made.taste, best=True)

        def fits(at: dict[Any, Any]) -> bool | None:
            if value(at[sold]) >= number_at(best, at):
                return None  # nobody is served at these parameters
            low, high = (number_at(end, at) for end in (who.lowest, who.highest))
            return low <= value(at[who.type]) <= high

        found = root(
            self.virtual_valuation - sold,
            who.type,
            fits,
            facts,
            scope=(who.lowest, who.highest, best),
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
        integrand = integrand.subs(who.type, point)
        found = integral(integrand, point, *ends, self._served)
        is_plain = integrand.free_symbols == {point} or integrand.is_rational_function(point)
        if found.has(sympy.oo) and is_plain and sympy.limit(point * integrand, point, sympy.oo) != 0:
            raise UnboundedMenuError(
                f"expected gains are infinite: the tail of types {who.name!r} is too heavy for this cost; cut it, "
                "as 'DENSITY on (a, b)', or give a cost that curves more"
            )
        return found

    @cached_property
    def conditions(self) -> tuple[Any, ...]:
        """Expressions that are taken to be positive, because nothing proves it of all parameters."""
        who, made = self.distribution, self.trade
        sign = 1 if self.is_increasing else -1
        found = [
            *who.conditions,
            *made.conditions,
            *check_ceiling(made, self._at_end(made.taste, best=True), who.facts),
        ]
        return (*found, *([sign * self.slope] if self.is_regular is None else []))

    # ---- to show and to use ----

    def derivation(self) -> Derivation:
        """All steps from the problem to the tariff; without the closed form where types are not regular."""
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

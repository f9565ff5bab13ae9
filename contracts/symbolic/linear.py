"""A linear contract under normal noise: exponential utility, quadratic effort cost, in closed form."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from contracts.errors import ProblemError
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.symbolic.algebra.signs import sign_of
from contracts.symbolic.algebra.solving import tidy
from contracts.symbolic.algebra.words import in_words
from contracts.symbolic.derivation import Derivation, Formula, Step
from contracts.symbolic.numbers import LinearNumbers, linear_numbers
from contracts.symbolic.reader import expression_of, symbols_for

OWN = ("k", "r", "v", "u")


@in_words
@checked(own=("effort_cost", "risk_aversion", "variance", "reservation_utility", "parameters"))
def derive_linear_contract(
    *,
    effort_cost: Any = "k",
    risk_aversion: Any = "r",
    variance: Any = "v",
    reservation_utility: Any = 0,
    parameters: Any = (),
) -> SymbolicLinearContract:
    """The best linear contract for an agent with exponential utility whose output is effort plus normal noise.

    Output is x = a + noise, the wage alpha + beta x; effort a costs k a**2/2 in money. Among all contracts a linear one
    need not be best in this static problem (Mirrlees 1974); it is where the agent chooses over time (Holmstrom &
    Milgrom 1987).

    Parameters
    ----------
    effort_cost : k; the cost of effort a is k*a**2/2
    risk_aversion : r, absolute
    variance : v, of the noise
    reservation_utility : u, the wage for certain that the agent has elsewhere
    parameters : names of further parameters, all positive numbers

    Examples
    --------
    >>> contract = derive_linear_contract()
    >>> contract.slope, contract.surplus
    (1/(k*r*v + 1), 1/(2*k*(k*r*v + 1)))
    """
    import sympy

    named = symbols_for("parameters", parameters, taken=(*OWN, "alpha", "beta", "a", "self"))
    own = {name: sympy.Symbol(name, positive=True) for name in OWN}
    given = {"effort_cost": effort_cost, "risk_aversion": risk_aversion, "variance": variance}
    k, r, v = read = [expression_of(field, one, {**named, **own}) for field, one in given.items()]
    for field, one in zip(given, read, strict=True):
        if sign_of(one) not in ("positive", "zero") or (field == "effort_cost" and sign_of(one) == "zero"):
            raise ProblemError(f"{field} is {one}, which is not known to be positive: give a positive number or a name")
    outside = expression_of("reservation_utility", reservation_utility, {**named, **own})
    used = set().union(*(one.free_symbols for one in (*read, outside)))
    return SymbolicLinearContract(k, r, v, outside, tuple(n for n in (*named, *OWN) if n in named or own[n] in used))


@in_words
@checked
@dataclass(frozen=True, eq=False, repr=False)
class SymbolicLinearContract:
    """A linear contract as sympy expressions.

    Attributes
    ----------
    effort_cost, risk_aversion, variance, reservation_utility : k, r, v, u
    parameters : names of parameters in them
    """

    effort_cost: Any
    risk_aversion: Any
    variance: Any
    reservation_utility: Any
    parameters: tuple[str, ...]

    @cached_property
    def slope(self) -> Any:
        """beta, the share of output that the agent is paid."""
        return tidy(1 / (1 + self.risk_aversion * self.effort_cost * self.variance))

    @cached_property
    def effort(self) -> Any:
        """The effort that the agent chooses."""
        return tidy(self.slope / self.effort_cost)

    @cached_property
    def first_best_effort(self) -> Any:
        """Effort if it were seen."""
        return tidy(1 / self.effort_cost)

    @cached_property
    def surplus(self) -> Any:
        """What both earn together, the agent's risk deducted."""
        return tidy(self.slope / (2 * self.effort_cost))

    @cached_property
    def first_best_surplus(self) -> Any:
        """What both would earn if effort were seen."""
        return tidy(1 / (2 * self.effort_cost))

    @cached_property
    def intercept(self) -> Any:
        """alpha, the part of the wage that does not depend on output; it leaves the agent its reservation utility."""
        k, r, v, beta = self.effort_cost, self.risk_aversion, self.variance, self.slope
        return tidy(self.reservation_utility - beta**2 / (2 * k) + r * v * beta**2 / 2)

    @cached_property
    def value(self) -> Any:
        """What the principal expects to earn."""
        return tidy(self.surplus - self.reservation_utility)

    def derivation(self) -> Derivation:
        """All steps from the certainty equivalent to the slope."""
        import sympy

        k, r, v, u = self.effort_cost, self.risk_aversion, self.variance, self.reservation_utility
        a, alpha, beta = sympy.symbols("a alpha beta")
        steps = (
            Step(
                "The problem",
                "Output is x = a + noise, normal with mean 0 and variance v. The wage is alpha + beta x, effort a "
                "costs "
                "k a^2/2, the agent has utility -exp(-r (wage - cost)).",
                (Formula("k", k), Formula("r", r), Formula("v", v), Formula("u", u)),
            ),
            Step(
                "Certainty equivalent",
                "With normal noise the expectation of an exponential is an exponential: the agent acts as if it had "
                "the mean "
                "less r/2 times the variance of its wage.",
                (Formula("CE", alpha + beta * a - k * a**2 / 2 - r * v * beta**2 / 2),),
            ),
            Step(
                "Effort",
                "The agent maximises it over a: concave, so the first-order condition is enough.",
                (Formula(beta - k * a, 0), Formula(a, beta / k)),
            ),
            Step(
                "Surplus",
                "alpha only moves money, and leaves the agent u. The principal maximises what there is for both.",
                (Formula("S", tidy(beta / k - beta**2 / (2 * k) - r * v * beta**2 / 2)),),
            ),
            Step(
                "Slope",
                "Set dS/dbeta = 1/k - beta/k - r v beta to zero; S is concave in beta.",
                (Formula(beta, self.slope), Formula(a, self.effort), Formula(alpha, self.intercept)),
            ),
            Step(
                "What it is worth",
                "Were effort seen, the agent would be insured and work more.",
                (
                    Formula("surplus", self.surplus),
                    Formula("first_best_surplus", self.first_best_surplus),
                    Formula("value", self.value),
                ),
            ),
        )
        return Derivation("A linear contract, exponential utility, normal noise", steps)

    def to_numeric(self, **parameters: float) -> LinearNumbers:
        """The numbers of the closed form; no problem for the engines, whose contracts need not be linear.

        Raises
        ------
        ProblemError
            If a parameter is missing, unknown or not positive.
        """
        return linear_numbers(self, parameters)

    def __repr__(self) -> str:
        return str(self.derivation())

    def _repr_html_(self) -> str:
        return self.derivation().html()

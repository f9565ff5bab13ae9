"""Virtual valuations of a continuum of types: what serving each is worth, whether that rises, and who is served."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from contracts.errors import ProblemError
from contracts.inputs.frozen import dataclass
from contracts.symbolic.algebra.signs import sign_of, sign_on, value
from contracts.symbolic.algebra.solving import root as solution
from contracts.symbolic.algebra.solving import tidy
from contracts.symbolic.algebra.words import in_words
from contracts.symbolic.distributions import Distribution
from contracts.symbolic.trade import Trade

BRACKET = 10**6  # parts of a unit between which a root is enclosed
NEAR, MANY = 1e-9, 1e6  # how near the ends of types are looked at, and how far away if there is none


@in_words
@dataclass(frozen=True, eq=False, repr=False)
class Screened:
    """Types whom the principal cannot tell apart, and what it trades with them; see SymbolicSchedule."""

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
        """Refuse types that are not regular, with the condition and the way out."""
        if self.is_regular is False:
            raise ProblemError(
                f"types {self.distribution.name!r} are not regular: regularity is {self.condition}. Some types are "
                f"bunched, "
                "and the closed form for regular types is not incentive compatible; state a ScreeningProblem with many "
                "types and call contracts.solve_menu, which irons"
            )

    @cached_property
    def threshold(self) -> Any:
        """theta_0: the type between those served and those left out; the end of the types if all are served."""
        import sympy

        self._check_regular()
        who, made = self.distribution, self.trade
        worst, _ = self.ends
        if made.threshold == -sympy.oo:
            return worst
        phi = self.virtual_valuation - made.threshold
        at_best = self._at_end(phi, best=True)
        if at_best != sympy.oo and sign_of(at_best, who.facts) in ("negative", "zero"):
            raise ProblemError(
                f"nobody is served: no virtual valuation exceeds {made.threshold}, what the first unit costs. Lower "
                f"cost, "
                "or raise utility"
            )
        found = sign_of(self._at_end(phi, best=False), who.facts)
        if found in ("positive", "zero"):
            return worst
        cut = self.root
        if found == "negative":
            return cut
        return sympy.Max(worst, cut) if self.is_increasing else sympy.Min(worst, cut)

    @cached_property
    def root(self) -> Any:
        """The type at which the virtual valuation is what the first unit costs."""
        import sympy

        who, made = self.distribution, self.trade

        def fits(at: dict[Any, Any]) -> bool | None:
            low, high = (number_at(end, at) for end in (who.lowest, who.highest))
            inner = (low + (min(high, low + MANY) - low) * share for share in (NEAR, 1 - NEAR))
            phi = (self.virtual_valuation - made.threshold).subs({s: x for s, x in at.items() if s != who.type})
            ends = sorted(value(phi.subs(who.type, sympy.Rational(x))) for x in inner)
            return low <= value(at[who.type]) <= high if ends[0] < 0 < ends[1] else None

        return solution(
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
    def ends(self) -> tuple[Any, Any]:
        """The ends of the types, that of the worst first."""
        low, high = self.distribution.lowest, self.distribution.highest
        return (low, high) if self.is_increasing else (high, low)


def number_at(end: Any, at: dict[Any, Any]) -> float:
    """A number or an infinity, at some values of the parameters."""
    found = end.subs(at)
    return float(found) if found.is_infinite else value(found)

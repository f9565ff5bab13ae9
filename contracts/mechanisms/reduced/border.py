r"""Border's conditions: whether some auction gives every type the chance of winning that an interim rule promises.

For a set S of types, bidders in S win together at most what there is for them. With bidders alike and m units,

    n sum_{t in S} f_t Q_t  <=  H(f(S)),      H(s) = E[ min(m, Binomial(n, s)) ],

and as H depends on the chance of S alone, the sets to look at are {t : Q_t >= c}: sorting finds the worst one. For
bidders who are unlike see `unlike`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate
from typing import Any, NamedTuple

from contracts.errors import ProblemError
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Count, described
from contracts.inputs.names import distinct_names, one_name_each
from contracts.mechanisms.checks import is_listed
from contracts.mechanisms.numbers import Rational, rational
from contracts.mechanisms.priors import SUM_TOLERANCE
from contracts.mechanisms.reduced.unlike import Bidders, worst_set
from contracts.readable import readable

SHOWN = 6  # types of a set that messages name


@checked
@dataclass(frozen=True)
class InterimFeasibility:
    """Whether an interim rule is feasible, and the set of types that comes closest to its limit, or is beyond it.

    Attributes
    ----------
    holds : whether some auction gives all types these chances; decided without rounding
    types : of each bidder the types in the set, one tuple for all where bidders are alike
    names : the same by name
    wanted : units that bidders of these types would win together, in expectation
    available : units that there are for them: the expected number of such bidders, or of units if these are fewer
    """

    holds: bool
    types: tuple[tuple[int, ...], ...]
    names: tuple[str, ...]
    wanted: Fraction
    available: Fraction

    @property
    def excess(self) -> float:
        """wanted - available, rounded once: its sign is exact."""
        return float(self.wanted - self.available)

    def __str__(self) -> str:
        said = shortened(self.names)
        if self.holds:
            return f"feasible; closest to their limit: {said}, {abs(self.excess):.6g} below"
        return (
            f"not feasible: {said} would win {float(self.wanted):.6g} units in expectation, and there are "
            f"{float(self.available):.6g} for them"
        )


@checked(own=("chances", "probabilities", "labels"))
def feasible_interim(
    chances: Any, probabilities: Any = None, *, n_bidders: Count | None = None, n_units: Count = 1, labels: Any = None
) -> InterimFeasibility:
    """Whether some auction gives every type these chances of winning (Border), decided without rounding.

    Parameters
    ----------
    chances : (n_types,) chance of winning of each type, for bidders who are alike; or a list with such an array per
        bidder who is unlike others. Floats, whole numbers or fractions.Fraction
    probabilities : chances of the types, in the same form; equal ones if left out
    n_bidders : how many there are, where they are alike
    n_units : identical units, of which every bidder gets at most one
    labels : names of types, in the same form

    Raises
    ------
    ProblemError
        If something is missing, has another shape, or is no chance.
    SolverError
        If unlike bidders want several units, and too many sets come close to their limits.

    References
    ----------
    Border (1991), Implementation of reduced form auctions. Che, Kim & Mierendorff (2013), Generalized reduced-form
    auctions. Cai, Daskalakis & Weinberg (2012), An algorithmic characterization of multi-dimensional mechanisms.

    Examples
    --------
    Of two bidders one is high with chance 3/4, so the high types cannot win more often than 3/4 in each bidder's eyes:

    >>> print(feasible_interim([0.25, 0.75], n_bidders=2, labels=("low", "high")))
    feasible; closest to their limit: high, 0 below
    >>> print(feasible_interim([0.0, 0.8], n_bidders=2, labels=("low", "high")))
    not feasible: high would win 0.8 units in expectation, and there are 0.75 for them
    >>> print(feasible_interim([[1.0], [0.5]], labels=[("old",), ("new",)]))
    not feasible: old of bidder 0, new of bidder 1 would win 1.5 units in expectation, and there are 1 for them
    """
    return verdict_of(read_rule(chances, probabilities, n_bidders, n_units, labels))


class AlikeRule(NamedTuple):
    """An interim rule of bidders who are alike, in whole numbers."""

    chances: Rational  # (n_types,)
    weights: list[int]  # (n_types,) of types, whole numbers
    n_bidders: int
    n_units: int
    labels: tuple[str, ...]

    @property
    def total(self) -> int:
        return sum(self.weights)

    @property
    def order(self) -> list[int]:
        """Types, those that win most often first."""
        found = self.chances.numerators.tolist()
        return sorted(range(len(found)), key=lambda t: -found[t])

    @property
    def unit(self) -> int:
        """What expected units are counted in parts of."""
        return int(self.total**self.n_bidders * self.chances.unit)

    def wanted(self) -> list[int]:
        """Units that bidders of each type win together, in expectation, in parts of `unit`."""
        scale = self.n_bidders * self.total ** (self.n_bidders - 1)
        return [scale * w * q for w, q in zip(self.weights, self.chances.numerators.tolist(), strict=True)]

    def available(self, order: Sequence[int]) -> list[int]:
        """Units for bidders of the first, the first two, ... types of an order, in parts of `unit`."""
        first = accumulate(self.weights[t] for t in order)
        return [units_for(s, self.total, self.n_bidders, self.n_units) * self.chances.unit for s in first]


class UnlikeRule(NamedTuple):
    """An interim rule of unlike bidders: units that their types win, in parts of the bidders' unit and `per`."""

    bidders: Bidders
    wins: list[list[int]]
    per: int


def units_for(weight: int, total: int, n_bidders: int, n_units: int) -> int:
    """Expected min(n_units, bidders in a set of chance weight / total), in parts of total ** n_bidders."""
    n_units = min(n_units, n_bidders)
    rest = total - weight
    missing = sum((n_units - k) * math.comb(n_bidders, k) * weight**k * rest ** (n_bidders - k) for k in range(n_units))
    return int(n_units * total**n_bidders - missing)


def verdict_of(rule: AlikeRule | UnlikeRule) -> InterimFeasibility:
    """The set of types that comes closest to its limit, or exceeds it most."""
    return _verdict_alike(rule) if isinstance(rule, AlikeRule) else _verdict_unlike(rule)


def _verdict_alike(rule: AlikeRule) -> InterimFeasibility:
    """The set of highest types that comes closest to its limit, or exceeds it most."""
    order = rule.order
    wins = rule.wanted()
    wanted = list(accumulate(wins[t] for t in order))
    available = rule.available(order)
    worst = max(range(len(order)), key=lambda k: wanted[k] - available[k])
    found = tuple(sorted(order[: worst + 1]))
    return InterimFeasibility(
        wanted[worst] <= available[worst],
        (found,),
        tuple(rule.labels[t] for t in found),
        Fraction(wanted[worst], rule.unit),
        Fraction(available[worst], rule.unit),
    )


def _verdict_unlike(rule: UnlikeRule) -> InterimFeasibility:
    """The set of types of all bidders that comes closest to its limit, or exceeds it most."""
    types, wanted, available = worst_set(*rule)
    unit = rule.bidders.unit * rule.per
    return InterimFeasibility(
        wanted <= available, types, rule.bidders.names(types), Fraction(wanted, unit), Fraction(available, unit)
    )


# ---- reading ----


def read_rule(chances: Any, probabilities: Any, n_bidders: Any, n_units: int, labels: Any) -> AlikeRule | UnlikeRule:
    """An interim rule as whole numbers, checked: of bidders who are alike if chances are one array of numbers."""
    if not is_listed(chances) or not len(chances):
        raise ProblemError(
            f"chances is {described(chances)}: give a chance of winning for each type, or a list of such per bidder"
        )
    read = read_unlike if any(is_listed(part) for part in chances) else read_alike
    return read(chances, probabilities, n_bidders, n_units, labels)


def read_alike(chances: Any, probabilities: Any, n_bidders: Any, n_units: int, labels: Any, at: str = "") -> AlikeRule:
    """An interim rule as whole numbers, checked."""
    if n_bidders is None:
        raise ProblemError(
            "n_bidders is left out: say how many bidders have these chances, or give a list of arrays, one per bidder"
        )
    found = rational(f"chances{at}", chances)
    if len(found.shape) != 1 or not found.shape[0]:
        raise ProblemError(f"chances{at} has shape {found.shape}; expected (n_types,)")
    size = found.shape[0]
    names = one_name_each(f"labels{at}", distinct_names(f"labels{at}", labels, "type"), size, "type")
    for t, one in enumerate(found.numerators.tolist()):
        if not 0 <= one <= found.unit:
            raise ProblemError(f"chances{at} of type {names[t]!r} is {one / found.unit:g}: give a number from 0 to 1")
    return AlikeRule(found, read_weights(f"probabilities{at}", probabilities, names), n_bidders, n_units, tuple(names))


def read_unlike(chances: Any, probabilities: Any, n_bidders: Any, n_units: int, labels: Any) -> UnlikeRule:
    """An interim rule of unlike bidders as whole numbers, checked."""
    count = len(chances)
    if n_bidders is not None and n_bidders != count:
        raise ProblemError(f"n_bidders is {n_bidders}, but chances are of {count}: leave n_bidders out")
    given = zip(chances, _listed("probabilities", probabilities, count), _listed("labels", labels, count), strict=True)
    parts = [read_alike(q, f, 1, 1, names, f"[{k}]") for k, (q, f, names) in enumerate(given)]
    bidders = Bidders(
        tuple(tuple(part.weights) for part in parts), min(n_units, count), tuple(part.labels for part in parts)
    )
    per = math.lcm(*(part.chances.unit for part in parts))
    scales = [bidders.unit // part.total * (per // part.chances.unit) for part in parts]
    wins = [
        [scale * w * q for w, q in zip(part.weights, part.chances.numerators.tolist(), strict=True)]
        for scale, part in zip(scales, parts, strict=True)
    ]
    return UnlikeRule(bidders, wins, per)


def read_weights(name: str, given: Any, names: Sequence[str]) -> list[int]:
    """Chances of types as whole numbers without a common divisor; equal ones if left out."""
    if given is None:
        return [1] * len(names)
    found = rational(name, given)
    if found.shape != (len(names),):
        raise ProblemError(f"{name} has shape {found.shape}; expected {(len(names),)}, a chance per type")
    weights = found.numerators.tolist()
    for t, one in enumerate(weights):
        if one <= 0:
            raise ProblemError(
                f"{name} of type {names[t]!r} is {one / found.unit:g}: leave the type out, or give it more"
            )
    if abs(sum(weights) / found.unit - 1) > SUM_TOLERANCE:
        raise ProblemError(f"{name} sum to {sum(weights) / found.unit:.10g}, not 1: divide them by their sum")
    common = math.gcd(*weights)
    return [one // common for one in weights]


def _listed(name: str, given: Any, count: int) -> list[Any]:
    if given is None:
        return [None] * count
    if not is_listed(given) or len(given) != count:
        raise ProblemError(f"{name} is {described(given)}: give a list with an array for each of {count} bidders")
    return list(given)


def shortened(names: tuple[str, ...]) -> str:
    """The first names of a set, and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(map(readable, names[:SHOWN])) + more

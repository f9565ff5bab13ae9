r"""The best schedule for a continuum of types: maximise pointwise at the ironed virtual valuation, and prove it.

    maximise   E [ b x - c(x) + t + alpha (u - r) ],   u = theta x - t
    over       x(theta) in X = [lowest, highest], lowest >= 0, t(theta), and who is served
    such that  u(theta) >= theta x(theta') - t(theta')  for all theta, theta'   (IC: x rises and u' = x)
               u(theta) >= r                            for all who are served  (IR)

With the ironed virtual valuation phi* (see `ironing`) and the conjugate c*(v) = max over X of v x - c(x)

    upper bound = E max(c*(phi*) - r, 0),

and the schedule that attains it gives every type its maximiser where c*(phi*) > r, and leaves out the others. Its
value is computed from phi, not from phi*, by a second integral that shares only the allocation with the bound.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from contracts.continuum.curves import THIN, Curve, curve_of
from contracts.continuum.laws import Atoms, Law, mirrored, trusted
from contracts.continuum.reading import DataAs, law_of
from contracts.continuum.schedule import Pointwise, Schedule, TypesAs
from contracts.continuum.virtual import Values
from contracts.errors import ProblemError, SolverError, UnboundedMenuError
from contracts.inputs.arrays import Array, finite, number
from contracts.inputs.door import checked
from contracts.problem.costs import ByType, Cost, Linear, is_closed_form
from contracts.problem.domains import Domain, NonNegative, ends_of, known_domain

NO_COST, ANY_AMOUNT = Linear(0.0), NonNegative()
HALVINGS = 1100  # between any two floats
AGREE = 1e-6  # relative gap, beyond errors, of what is returned
THINNER = np.logspace(-300, -40, 66)  # where densities may be no floats any more
CROWDED = 1e-7  # share of the types between an end and the float next to it
THINNEST = 1e-3  # power of the chance that the gains of a tail must fall with


@checked(own=("distribution", "principal_value", "support", "breaks"))
def optimal_schedule(
    distribution: Any,
    *,
    cost: Cost = NO_COST,
    principal_value: Any = 0.0,
    reservation_utility: float = 0.0,
    domain: Domain = ANY_AMOUNT,
    types: TypesAs = "values",
    rent_weight: float = 0.0,
    support: Any = None,
    data: DataAs = "empirical",
    breaks: Any = (),
) -> Schedule:
    """The best contracts for a continuum of types that nobody sees, with a bound that proves them.

    Parameters
    ----------
    distribution : of types: frozen, of scipy.stats; a density that works entry by entry, with its `support`; or data,
        (n_people,) types
    cost : of amounts, for the principal, with a closed conjugate: Quadratic, Power, Linear, ...
    principal_value : what a unit is worth to the principal, a number or a function of an array of types
    reservation_utility : what every type has without a contract; types that are not worth it are left out
    domain : NonNegative() or Box(lowest, highest), with lowest at least 0
    types : "values", what a unit is worth to the agent, or "costs", what it costs the agent (procurement)
    rent_weight : in [0, 1], what a unit of rents counts against one of the principal's
    support : (lowest, highest); the distribution is conditional on it
    data : "empirical", the types are those of the data, or "kernel", smoothed by normal densities (Silverman's rule)
    breaks : types at which a density jumps; most are found without

    Raises
    ------
    ProblemError
        If the distribution is none or does not integrate to one, or anything else does not fit.
    UnboundedMenuError
        If expected gains are infinite: amounts have no limit, or the support has no end and too much mass there.
    SolverError
        If the distribution is too wild to be ironed.

    References
    ----------
    Mussa & Rosen (1978), Monopoly and product quality, Journal of Economic Theory 18.
    Myerson (1981), Optimal auction design, Mathematics of Operations Research 6.
    Baron & Myerson (1982), Regulating a monopolist with unknown costs, Econometrica 50.

    Examples
    --------
    >>> import scipy.stats
    >>> from contracts import Quadratic
    >>> schedule = optimal_schedule(scipy.stats.uniform(0, 1), cost=Quadratic())
    >>> round(schedule.value, 12), schedule.exclusion_point
    (0.083333333333, 0.5)
    >>> schedule.allocation([0.25, 0.75, 1.0])
    array([0. , 0.5, 1. ])
    """
    if types not in ("values", "costs"):
        raise ProblemError(f"types is {types!r}: give 'values' (of a unit to the agent) or 'costs'")
    weight, reserve = number("rent_weight", rent_weight), number("reservation_utility", reservation_utility)
    if not 0 <= weight <= 1:
        raise ProblemError(f"rent_weight is {weight:g}: give a number from 0 (rents are waste) to 1 (rents are money)")
    pointwise = Pointwise(_checked_cost(cost, domain), known_domain(domain, 1), reserve)
    law, own = law_of(distribution, support, data, breaks), _checked_value(principal_value)
    if types == "costs":
        law, own = _mirrored(law), _at_minus(own)
    if weight < 1:
        _check_mean(law)
    _check_pole(law, -1.0 if types == "costs" else 1.0)
    curve = curve_of(law, own, weight)
    tail = _tail(curve, pointwise)
    start = _first_served(curve, pointwise)

    def earned(theta: Array, mass: Array, virtual_mass: Array, above: Array) -> Array:
        amount = pointwise.best(curve.at(theta))[1]
        return amount * virtual_mass - pointwise.outlay(amount) * mass

    def conjugates(theta: Array, mass: Array, virtual_mass: Array, above: Array) -> Array:
        return pointwise.best(curve.at(theta))[0] * mass

    value, bound = curve.total(earned, start), curve.total(conjugates, start)
    most = float(pointwise.best(np.array([pool.level for pool in curve.pools]))[1].max(initial=0.0))
    error = value.error + bound.error + curve.excess * most + tail
    if not np.isfinite([value.value, bound.value, error]).all():
        raise UnboundedMenuError(_endless(curve))
    if value.value < bound.value - error - AGREE * abs(bound.value):
        raise SolverError(
            f"the schedule that was found earns {value.value:.6g}, and the bound is {bound.value:.6g}: the tails of "
            "the distribution are too rough; cut them, support=(lowest, highest)",
            ("ironing",),
        )
    sign = 1.0 if types == "values" else -1.0
    pools = np.array([sorted((sign * pool.lower, sign * pool.upper)) for pool in curve.pools]).reshape(-1, 2)
    return Schedule(
        curve, pointwise, types, sign * start + 0.0, pools[np.argsort(pools[:, 0])] + 0.0, value.value,
        bound.value + error, error,
    )  # fmt: skip


def _first_served(curve: Curve, pointwise: Pointwise) -> float:
    """The type above which all are served, to the last digit: the ironed virtual valuation rises."""

    def is_served(theta: float) -> bool:
        payoff, amount = pointwise.best(curve.at(np.array(theta)))
        return bool(payoff > 0) or bool(amount > 0)

    low, high = curve.reach
    if is_served(low):
        return curve.ends[0] if np.isfinite(curve.ends[0]) else low
    if not is_served(high):
        return high
    for _ in range(HALVINGS):
        middle = low + (high - low) / 2
        if middle in (low, high):
            break
        low, high = (low, middle) if is_served(middle) else (middle, high)
    return high if np.any(curve.edges == high) else low


def _check_mean(law: Law | Atoms) -> None:
    """Refuse types without a mean: p theta, what a unit earns at a price that a share p pays, does not fall with p.

    The revenue curve then jumps at its end, which no virtual valuation shows.
    """
    if isinstance(law, Atoms) or np.isfinite(law.line.upper):
        return
    thin = trusted(law, THIN)[1]
    tails = np.array([thin**0.5, thin])
    highest = law.quantile(1 - tails, tails)
    if highest[1] > 0 and _power(highest * tails, tails) < THINNEST:
        most = float(law.quantile(np.array(0.9999), np.array(1e-4)))
        raise UnboundedMenuError(
            "types have no finite mean: ever higher prices, for ever fewer types, never cease to pay; cut the "
            f"distribution, support=(lowest, highest) with highest about {most:.3g} for all but one in ten thousand"
        )


def _check_pole(law: Law | Atoms, sign: float) -> None:
    """Refuse a pole at the best end, which holds more types than its neighbouring floats can tell apart."""
    if isinstance(law, Atoms) or not np.isfinite(law.line.upper):
        return
    beside = np.nextafter(law.line.upper, -np.inf)
    crowded = float(law.sf(np.array(beside)))
    if crowded > CROWDED:
        inside = float(law.quantile(np.array(0.9), np.array(0.1)))
        raise ProblemError(
            f"distribution has a share of {crowded:.1e} of the types within the last digit of "
            f"{sign * law.line.upper:g}, where nothing tells them apart: cut this pole off with support=(lowest, "
            f"highest), such as an end of {sign * inside:.6g}, which leaves one in ten beyond"
        )


def _tail(curve: Curve, pointwise: Pointwise) -> float:
    """What types beyond all floats are worth, at most about; refused if that is infinite, or more is always better.

    The gains of a tail fall like a power k of its chance p, and those above p are worth g(p) / k.
    """
    payoff, amount = pointwise.best(curve.at(np.array(curve.reach[1])))
    if not (np.isfinite(payoff) and np.isfinite(amount)):
        raise UnboundedMenuError(
            "the best type would get an infinite amount: give amounts a limit, domain=Box(0, most), or a cost that "
            "curves, such as Quadratic()"
        )
    if np.isfinite(curve.ends[1]):
        return 0.0
    thin = curve.thinnest()
    for thicker in (thin**0.5, 10.0 * thin):  # the first that is served
        tails = np.array([thicker, thin])
        gains = pointwise.best(curve.at(curve.highest(tails)))[0] * tails
        if gains[0] > 0:
            break
    if not np.isfinite(gains).all():
        raise UnboundedMenuError(_endless(curve))
    if gains.min() <= 0:
        return 0.0
    power = _power(gains, tails)
    if power < THINNEST:
        raise UnboundedMenuError(_endless(curve))
    if thin > THINNER[-1]:
        return float(gains[1] / power)
    last = THINNER[np.isfinite(curve.at(curve.highest(THINNER)))].min(initial=tails[1])
    return float(gains[1] * (last / tails[1]) ** power / power)


def _power(values: Array, tails: Array) -> float:
    """The power of the chance of a tail that two positive values fall with; infinite where it does not matter."""
    if not (values > 0).all():
        return float("inf")
    return float(np.log(values[1] / values[0]) / np.log(tails[1] / tails[0]))


def _endless(curve: Curve) -> str:
    return (
        "expected gains are infinite: the support has no end, and its tail is too heavy for this cost; cut it, "
        f"support=(lowest, highest) with highest about {float(curve.quantile(np.array(0.9999))):.3g} for all but one "
        "in ten thousand, or give amounts a limit, domain=Box(0, most)"
    )


# ---- the door ----


def _checked_cost(cost: Any, domain: Any) -> Cost:
    """A cost of one good whose conjugate over the domain is known in closed form."""
    known = known_domain(domain, 1)
    known.check(1)
    ends = ends_of(known, 1)
    if ends is None:
        raise ProblemError(
            f"domain is {type(domain).__name__}: an amount is a number; give NonNegative() or Box(0, most)"
        )
    if ends[0][0] < 0:
        raise ProblemError(
            f"domain reaches down to {ends[0][0]:g}: amounts below 0 would make types worse off the more they like the "
            "good; measure amounts from the least one, Box(0, most)"
        )
    if isinstance(cost, ByType):
        raise ProblemError(
            "cost differs by type: give one cost, and what differs as principal_value, a function of types"
        )
    if not is_closed_form(cost):
        raise ProblemError(
            f"cost {type(cost).__name__} has no closed conjugate: use Quadratic, Power, Linear, ExponentialCost or "
            "Logarithm, or set is_closed_form = True if its conjugate is exact"
        )
    if hasattr(cost, "check"):
        cost.check(1, known)
    return cost


def _checked_value(value: Any) -> Values:
    if not callable(value):
        return number("principal_value", value)

    def one_each(theta: Array) -> Array:
        try:
            found = np.broadcast_to(finite("principal_value", value(theta)), np.shape(theta))
        except ProblemError:
            raise
        except (TypeError, ValueError, AttributeError, IndexError, ZeroDivisionError) as exc:
            raise ProblemError(
                f"principal_value does not take an array of types ({exc}): give a number, or a function that works "
                "entry by entry, such as lambda t: 2 - t"
            ) from exc
        return np.asarray(found)

    one_each(np.array([0.25, 0.5]))
    return one_each


def _at_minus(value: Values) -> Values:
    if not callable(value):
        return value
    inner: Callable[[Array], Array] = value
    return lambda theta: inner(-theta)


def _mirrored(law: Law | Atoms) -> Law | Atoms:
    if isinstance(law, Atoms):
        return Atoms(-law.values[::-1], law.weights[::-1])
    return mirrored(law)

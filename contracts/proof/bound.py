"""An upper bound on every menu's value, recomputed from multipliers alone.

For multipliers l_ij, m_i >= 0 of IC and IR, t_i of the transfer limits, s >= 0 of the side constraints and rho >= 0 of
the minimum profit, write kappa = profit_weight + rho. The Lagrangian bounds the objective of every feasible menu. It
separates: utilities drop out when the multipliers lie on the flow

    kappa f_i - pi_i + t_i + (s.H)_i + sum_j l_ji = m_i + sum_j l_ij,        pi_i the welfare weight of u_i,

and what is left is one conjugate per type at its virtual valuation (B_j: the objective's own allocation values)

    v_j = a_j + b_j + [f_j B_j + t_j a_j - sum_i l_ij (a_i - a_j) - (s.G)_j] / (kappa f_j),
    bound = sum_j kappa f_j c*(v_j) - m.r - t_low.lowest + t_high.highest + s.g - rho minimum_profit (+ welfare terms).

A solver's multipliers miss the flow by its tolerance; they are first put on it (a small change of the multipliers), so
the bound holds whatever the solver said. Sums carry a bound on their own rounding, and the result is rounded up.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import fields, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from contracts.errors import ProblemError
from contracts.exact.rationals import EPS
from contracts.inputs.arrays import Array, distribution, is_distribution
from contracts.inputs.frozen import dataclass
from contracts.problem.costs import (
    ByType,
    Cost,
    Linear,
    Quadratic,
    conjugate_at,
    is_a_sum_over_goods,
    is_closed_form,
    value_size,
)
from contracts.problem.domains import Box, Domain, NonNegative, Simplex
from contracts.problem.mimicry import moved_within_reach
from contracts.problem.participation import WhenServed, WithOutside
from contracts.problem.screening import ScreeningProblem

if TYPE_CHECKING:
    from scipy.sparse import csr_array

BALANCING_ROUNDS = 200
MOST_CORNERS = 16  # of a cube of errors that conjugates are taken at
NUDGES = (1e-13, 1e-11, 1e-9, 1e-7)  # of the prices of side constraints, relative
DECIDED = 2000  # virtual valuations next to a linear cost's price that are looked at in fractions
FLOW_ROUNDS = 20  # of putting robust prices on the flow and pricing anew
NEARLY_BALANCED = 1e-8  # share of all prices that no flow needs to carry for a bound that is called numerical


@dataclass(frozen=True, eq=False)
class Multipliers:
    """Prices of the constraints, in units of the objective per unit of utility (or of the row)."""

    ic: csr_array  # (n_types, n_types), [i, j]: type i tempted by the contract of type j
    ir: Array  # (n_types,)
    transfer: Array  # (n_types,) price of the lowest transfer minus that of the highest
    side: Array  # (n_rows,) of problem.side_rows
    profit: float  # of the minimum profit
    worst_off: Array  # (n_types,) shares of the worst-off objective, sum 1
    weights: Array  # (n_types,) the problem's, or those of the ambiguity's worst case
    directions: Array  # (n_types, n_types + 1, n_goods) where in its set each row's valuation lies, IR last; or empty


def no_multipliers(problem: ScreeningProblem) -> Multipliers:
    """Everything free: the bound becomes what full information about types would earn."""
    from scipy.sparse import csr_array

    n_types = problem.n_types
    return Multipliers(
        ic=csr_array((n_types, n_types)),
        ir=np.zeros(n_types),
        transfer=np.zeros(n_types),
        side=np.zeros(len(problem.side_rows.limit)),
        profit=0.0,
        worst_off=np.full(n_types, 1.0 / n_types),
        weights=problem.weights,
        directions=np.zeros((0, 0, problem.n_goods)),
    )


def without_noise(multipliers: Multipliers, share: float) -> Multipliers:
    """The same without prices below a share of the largest of their kind."""
    ic = multipliers.ic.copy()
    ic.data = np.where(np.abs(ic.data) >= share * np.abs(ic.data).max(initial=0.0), ic.data, 0.0)

    def cleaned(prices: Array) -> Array:
        return np.where(np.abs(prices) >= share * np.abs(prices).max(initial=0.0), prices, 0.0)

    ir, transfer, side = (cleaned(prices) for prices in (multipliers.ir, multipliers.transfer, multipliers.side))
    return replace(multipliers, ic=ic, ir=ir, transfer=transfer, side=side)


def check_multipliers(problem: ScreeningProblem, given: Any) -> None:
    """Refuse what are no multipliers of this problem's constraints."""
    if not isinstance(given, Multipliers):
        raise ProblemError(
            f"multipliers is {type(given).__name__}: give menu.bound.multipliers of a menu of this problem"
        )
    none = no_multipliers(problem)
    pairs = (problem.n_types, problem.n_types + 1, problem.n_goods)
    for field in fields(Multipliers):
        shape, wanted = np.shape(getattr(given, field.name)), np.shape(getattr(none, field.name))
        if shape != wanted and not (field.name == "directions" and shape == pairs):
            raise ProblemError(
                f"multipliers.{field.name} has shape {shape}; expected {wanted}: give those of a menu of this problem"
            )


@dataclass(frozen=True, eq=False)
class Bound:
    """A proven upper bound with the multipliers, on the flow, that prove it."""

    value: float
    rigorous: bool  # closed-form conjugate and exact flow, rounding accounted for
    virtual_valuation: Array  # (n_types, n_goods)
    allocation: Array  # (n_types, n_goods) maximisers of the conjugates
    multipliers: Multipliers
    worth: float  # objective: what the bound says menus are worth above one contract for all; see `_worth`


def upper_bound(problem: ScreeningProblem, multipliers: Multipliers) -> Bound:
    """Bound on the objective of every menu that is IC and IR, from any multipliers.

    Those of IC rows that do not exist, because the one type cannot mimic the other, count as zero.

    Examples
    --------
    Without multipliers it is the full-information value, here 1/2 (1^2/2 + 2^2/2):

    >>> from contracts.problem.costs import Quadratic
    >>> problem = ScreeningProblem([1.0, 2.0], [0.5, 0.5], cost=Quadratic())
    >>> round(upper_bound(problem, no_multipliers(problem)).value, 12)
    1.25
    """
    if problem.mimics is not None:
        multipliers = _of_existing_rows(problem, multipliers)
    if problem.ambiguity is not None:  # no menu's worst case is better than its value at any one distribution
        weights = distribution_within(problem, multipliers.weights)
        return upper_bound(problem.under(weights), replace(multipliers, weights=weights))
    if problem.valuation_sets is not None:
        return _robust_bound(problem, multipliers)
    bound = _bound_at(problem, multipliers)
    for more in NUDGES:  # a linear cost on x >= 0 needs v <= price to the last digit: dearer side rows lower v
        if math.isfinite(bound.value) or not multipliers.side.any():
            break
        bound = _bound_at(problem, replace(multipliers, side=multipliers.side * (1 + more)))
    if math.isfinite(bound.value):
        return bound
    # Prices that are rounding alone, as where utilities weigh nothing, may find no flow to lie on: none at all do.
    return min(bound, _bound_at(problem, no_multipliers(problem)), key=lambda proven: proven.value)


def _of_existing_rows(problem: ScreeningProblem, given: Multipliers) -> Multipliers:
    """The same without prices of IC between types who cannot mimic one another."""
    from scipy.sparse import csr_array

    pairs = given.ic.tocoo()
    exists = problem.mimics[pairs.row, pairs.col]
    if exists.all():
        return given
    kept = (pairs.data[exists], (pairs.row[exists], pairs.col[exists]))
    return replace(given, ic=csr_array(kept, shape=given.ic.shape))


def _bound_at(problem: ScreeningProblem, multipliers: Multipliers) -> Bound:
    """The bound from these multipliers, put on the flow."""
    prices, missed, welfare, welfare_size, exact_flow = _on_the_flow(problem, _non_negative(multipliers))
    weights = problem.weights * (problem.terms.profit_weight + prices.profit)
    cost: Any = problem.cost
    if not np.all(weights > 0):  # nothing weighs on the principal's payoff: only the constraints' prices count
        weights, cost = np.ones(problem.n_types), Linear(0.0)
    virtual, error = _virtual_valuations(problem, prices, weights, priced=cost is problem.cost)
    clears = np.all(prices.ir >= missed)
    if np.isfinite(problem.transfer_limits).all() and not clears:  # it is paid in utility, a_i . x_i - t_i
        error = error + (missed / weights)[:, np.newaxis] * np.abs(problem.valuations)
        slip = float(missed.sum() * np.abs(problem.transfer_limits).max())
    else:  # ... or moves the IR multipliers, which price the reservation utility
        slip = float(missed @ _stake_in_leaving(problem))
    if isinstance(cost, Linear) and isinstance(problem.domain, NonNegative):
        virtual, error = _on_the_right_side(problem, prices, weights, virtual, error, cost, priced=cost is problem.cost)
    surplus, allocation, closed = conjugate_bound(cost, problem.domain, virtual, error)
    rows = problem.side_rows
    lowest, highest = problem.transfer_limits
    terms = [
        weights * surplus,
        -_times(prices.ir, problem.reservation_utility),
        -_times(np.maximum(prices.transfer, 0.0), lowest),
        _times(np.maximum(-prices.transfer, 0.0), highest),
        _times(prices.side, rows.limit),
        np.array([-_times(prices.profit, problem.terms.minimum_profit or 0.0), welfare]),
    ]
    if not all(np.isfinite(term).all() for term in terms):
        return Bound(math.inf, exact_flow, virtual, allocation, prices, math.inf)
    size = sum(float(np.abs(term).sum()) for term in terms) + welfare_size
    option = 0.0 if problem.outside_option is None else float(np.abs(problem.outside_option).max())
    size += option * float((prices.ir * np.abs(problem.valuations).sum(axis=1)).sum())
    total = (
        math.fsum(np.concatenate([term[term != 0] for term in terms]).tolist())
        + (problem.n_goods + 8) * EPS * size
        + slip
    )
    worth = _worth(problem, cost, weights, virtual, total - welfare, prices.ir)
    return Bound(float(np.nextafter(total, np.inf)), closed and exact_flow, virtual, allocation, prices, worth)


def _worth(problem: ScreeningProblem, cost: Cost, weights: Array, virtual: Array, bound: float, ir: Array) -> float:
    """What the bound leaves above giving everybody the reference contract at its reservation utility.

    The bound is sum_j w_j [v_j . x_j - c(x_j)] - m.r + limits at the maximisers; this is the same less its value at one
    x for all. What shifts the objective of every menu alike (all reservation utilities, a constant in the cost, or in
    the utilities of lotteries) drops out, and so do constraints that do not bind: their prices are zero.
    """
    everybody = np.broadcast_to(problem.reference_allocation, virtual.shape)
    with np.errstate(invalid="ignore"):
        alike = weights @ conjugate_at(cost, virtual, everybody) - float(_times(ir, problem.reservation_utility).sum())
    return abs(bound - float(alike)) if np.isfinite(alike) else abs(bound)


def _robust_bound(problem: ScreeningProblem, multipliers: Multipliers) -> Bound:
    """Uncertain valuations: every row is priced at one valuation a_i + L_i z of its type's set.

    Where valuations were known the Lagrangian had l_ij [u_i - u_j - (a_i - a_j) . x_j]; now it has l_ij L_i z_ij .
    (x_i - x_j) besides, and m_i L_i z_i . (x_i - outside option): values of allocations, which join the objective.
    They are summed in floats, so the bound is called numerical. Without directions every row is priced at a_i, and the
    bound is the one for known valuations: uncertainty only adds constraints.
    """
    directions, n_goods = multipliers.directions, problem.n_goods
    if not directions.size:
        return upper_bound(replace(problem, uncertainty=None), multipliers)
    shifts = problem.valuation_sets.shift(problem.valuation_sets.within(directions))  # type: ignore[union-attr]
    outside = np.zeros(n_goods) if problem.outside_option is None else problem.outside_option
    bound, prices = None, multipliers
    for _ in range(FLOW_ROUNDS):  # prices move a little to lie on the flow, and what they price moves with them
        lifted = shifts[:, :-1] * prices.ic.toarray()[:, :, np.newaxis]
        at_home = shifts[:, -1] * prices.ir[:, np.newaxis]
        values = (lifted.sum(axis=1) - lifted.sum(axis=0) + at_home) / problem.weights[:, np.newaxis]
        terms = replace(problem.terms, allocation_values=problem.terms.allocation_values + values)
        bound = upper_bound(replace(problem, uncertainty=None, objective=terms), prices)
        moved = abs(bound.multipliers.ic - prices.ic).sum() + np.abs(bound.multipliers.ir - prices.ir).sum()
        prices = bound.multipliers
        if moved == 0:
            break
    assert bound is not None
    prices = replace(prices, directions=directions)
    return replace(bound, value=bound.value - float((at_home @ outside).sum()), rigorous=False, multipliers=prices)


def distribution_within(problem: ScreeningProblem, weights: Array) -> Array:
    """The distribution on the way from the problem's weights to `weights` that is still in its ambiguity."""
    known, ambiguity = problem.weights, problem.ambiguity
    assert ambiguity is not None

    def is_within(weights: Array) -> bool:
        return bool(np.all(weights > 0)) and ambiguity.excess(weights, known, problem.valuations) <= 0

    if is_distribution(weights) and is_within(weights):
        return weights  # as it is, to the bit
    weights = ambiguity.restored(distribution(np.maximum(weights, 0.0)))
    for step in (1.0, *(1.0 - 10.0 ** np.arange(-12, 0)), 0.5):
        inside = distribution(known + step * (weights - known))
        if is_within(inside):
            return inside
    return known


def conjugate_bound(cost: Cost, domain: Domain, valuation: Array, error: Array) -> tuple[Array, Array, bool]:
    """c*(v) from above for every v within `error` of `valuation`; (n,), maximisers, whether the bound is proven.

    Where the domain is unbounded `_furthest` says how far the error of v takes the conjugate. Else c* is convex, so
    over the cube of errors it is largest at a corner, and it rises with v_k where x_k >= 0: then one corner is enough.
    What domain bounds add is thus what they cost, however far away those that do not bind are.
    """
    if isinstance(cost, ByType):
        return _bound_by_type(cost, domain, valuation, error)
    if isinstance(domain, WithOutside):
        return _conjugate_with_outside(cost, domain, valuation, error)
    if not domain.bounded:
        furthest, slack, known = _furthest(cost, domain, valuation, error)
        above, best, closed = _conjugate_above(cost, domain, furthest)
        return above + slack.sum(axis=1), best, known and closed
    best, worth, proven = np.empty(0), np.full(len(valuation), -np.inf), True
    corners = _corners(domain, valuation.shape[1])
    slip: Array | float = 0.0
    if corners is None:  # too many: v moves by error, and x with it over the whole domain
        corners, slip = np.zeros((1, valuation.shape[1])), (error * domain.magnitude(valuation.shape[1])).sum(axis=1)
    for corner in corners:
        at_corner, best, closed = _conjugate_above(cost, domain, valuation + corner * error)
        worth, proven = np.maximum(worth, at_corner), proven and closed
    return worth + slip, best, proven


def _conjugate_with_outside(
    cost: Cost, domain: WithOutside, valuation: Array, error: Array
) -> tuple[Array, Array, bool]:
    """Where types can be left out: the larger of c*(v) - K and of what the outside option is worth to the bound."""
    inner, fixed = (cost.inner, cost.fixed) if isinstance(cost, WhenServed) else (cost, 0.0)
    served, best, proven = conjugate_bound(inner, domain.inner, valuation[:, :-1], error[:, :-1])
    served, left = served - fixed, (valuation[:, -1] + error[:, -1]) * domain.total
    stays = left > served
    best = np.column_stack([np.where(stays[:, np.newaxis], 0.0, best), np.where(stays, domain.total, 0.0)])
    worth = np.maximum(served, left)
    return worth + 4 * EPS * np.where(np.isfinite(worth), np.abs(served) + np.abs(left) + fixed, 0.0), best, proven


def _corners(domain: Domain, n_goods: int) -> Array | None:
    """Signs of the errors at which a conjugate may be largest; (n_corners, n_goods), None if they are too many."""
    if isinstance(domain, Simplex):
        return np.ones((1, n_goods))
    if not isinstance(domain, Box):
        return None
    lower, upper = (np.broadcast_to(limit, n_goods) for limit in (domain.lower, domain.upper))
    signs = [
        (1.0,) if low >= 0 else (-1.0,) if high <= 0 else (-1.0, 1.0) for low, high in zip(lower, upper, strict=True)
    ]
    return np.array(list(itertools.product(*signs))) if math.prod(map(len, signs)) <= MOST_CORNERS else None


def _conjugate_above(cost: Cost, domain: Domain, valuation: Array) -> tuple[Array, Array, bool]:
    """c*(v) of every row, rounded up; maximisers; whether it is proven.

    Where the domain is unbounded the conjugate of the library's own costs is known in closed form, and so it is over
    boxes where no good's cost depends on another's amount. Elsewhere, on a bounded domain, concavity proves
    c*(v) <= v.x - c(x) + max over y in X of (v - grad c(x)).(y - x) - k |y - x|^2 / 2 at any x at all, where k is the
    least curvature; over a polyhedron that maximum is a linear program's, good to its tolerance.
    """
    value, best = cost.conjugate(valuation, domain)
    with np.errstate(invalid="ignore"):
        size = np.where(best == 0, 0.0, np.abs(valuation) * np.abs(best)).sum(axis=1) + value_size(cost, best)
        rounding = 16 * (valuation.shape[1] + 4) * EPS * np.where(np.isfinite(value), size + np.abs(value), 0.0)
    if not domain.bounded:
        return value + rounding, best, is_closed_form(cost)
    if isinstance(domain, Box) and is_closed_form(cost) and is_a_sum_over_goods(cost):
        return value + rounding, best, True
    if not hasattr(cost, "gradient"):
        return value + rounding, best, False
    gradient = cost.gradient(best)
    slope = valuation - gradient
    size = np.abs(valuation) + (cost.gradient_size(best) if hasattr(cost, "gradient_size") else np.abs(gradient))
    unsure = 8 * (valuation.shape[1] + 4) * EPS * np.where(np.isfinite(size), size, 0.0)
    step = domain.support(slope) - best
    largest = domain.magnitude(valuation.shape[1])
    with np.errstate(invalid="ignore"):  # an infinite slope at a corner that cannot be left
        gained = np.where(step == 0, 0.0, slope * step) + unsure * (np.abs(best) + largest)
    if isinstance(domain, Box) and isinstance(cost, Quadratic):  # no step pays beyond slope / curvature
        gained = np.minimum(gained, (np.abs(slope) + unsure) ** 2 / (2 * cost.least_curvature))
    above = conjugate_at(cost, valuation, best) + np.maximum(gained.sum(axis=1), 0.0) + rounding
    return above, best, isinstance(domain, Box | Simplex)


def _bound_by_type(cost: ByType, domain: Domain, valuation: Array, error: Array) -> tuple[Array, Array, bool]:
    """`conjugate_bound` of every type at its own cost."""
    value, best, proven = np.empty(len(valuation)), np.empty_like(valuation), True
    for part, types in cost.parts():
        value[types], best[types], known = conjugate_bound(part, domain, valuation[types], error[types])
        proven = proven and known
    return value, best, proven


def _furthest(cost: Cost, domain: Domain, valuation: Array, error: Array) -> tuple[Array, Array, bool]:
    """Where within `error` of v to take the conjugate over an unbounded domain, what to add, and if that is proven.

    Over x >= l the conjugate less v.l rises with v, so it is taken at v + error, and l moves it by 2 |l| error at most;
    over x <= u it falls. Over a bounded good error times the largest amount is enough. In a good that is free both ways
    c*, convex, rises at most by error times the best amount anywhere within the error: where goods do not depend on
    each other that amount rises with v, so it is largest at an end; where the least curvature is k, it moves by no more
    than |error| / k.
    """
    box = domain if isinstance(domain, Box) else Box(0.0, np.inf)
    lower, upper = (np.broadcast_to(end, valuation.shape) for end in (box.lower, box.upper))
    ends = [np.where(np.isfinite(end), np.abs(end), 0.0) for end in (lower, upper)]
    up, down = np.isfinite(lower) & np.isinf(upper), np.isinf(lower) & np.isfinite(upper)
    reach = np.where(up | down, 2.0, 1.0) * np.maximum(*ends)
    valuation = np.where(up, valuation + error, np.where(down, valuation - error, valuation))
    free, known = np.isinf(lower) & np.isinf(upper), isinstance(domain, Box | NonNegative)
    if free.any():
        both = [cost.conjugate(valuation + way * error * free, domain)[1] for way in (-1.0, 1.0)]
        most = np.maximum(*map(np.abs, both))
        if isinstance(cost, Quadratic) and not is_a_sum_over_goods(cost):
            most = most + 2 * np.linalg.norm(error, axis=1, keepdims=True) / cost.least_curvature
        else:
            known = known and is_a_sum_over_goods(cost)
        reach = np.where(free, most, reach)
    with np.errstate(invalid="ignore"):
        return valuation, np.where(error == 0, 0.0, error * reach) * (1 + 16 * EPS), known


# ---- putting multipliers on the flow ----


def _times(price: Any, limit: Any) -> Any:
    """price * limit, with 0 * infinity = 0."""
    price = np.asarray(price)
    with np.errstate(invalid="ignore"):
        return np.where(price == 0, 0.0, price * limit)


def _non_negative(multipliers: Multipliers) -> Multipliers:
    from scipy.sparse import csr_array

    ic = multipliers.ic
    is_clean = isinstance(ic, csr_array) and ic.has_canonical_format and not ic.diagonal().any()
    if not is_clean or ic.data.min(initial=np.inf) <= 0:
        pairs = ic.tocoo()
        kept = (pairs.data > 0) & (pairs.row != pairs.col)
        ic = csr_array((pairs.data[kept], (pairs.row[kept], pairs.col[kept])), shape=pairs.shape)
    return replace(
        multipliers,
        ic=ic,
        ir=np.maximum(multipliers.ir, 0.0),
        side=np.maximum(multipliers.side, 0.0),
        profit=max(multipliers.profit, 0.0),
    )


@dataclass(frozen=True, eq=False)
class Flow:
    """IC multipliers taken apart: what two types charge each other both ways, and what is left one way.

    Types that are nearly alike charge each other huge prices that almost cancel. Only the difference flows, and the
    floats know it exactly (Sterbenz), or to the rounding of the difference itself.
    """

    ic: csr_array
    mutual: csr_array
    net: csr_array
    inflow: Array  # (n_types,) of net
    outflow: Array  # (n_types,)
    met: Array  # (n_types,) how many prices meet in a type's flow

    @property
    def gain(self) -> Array:
        """Inflow less outflow of every type; (n_types,)."""
        return self.inflow - self.outflow


def _flow(ic: csr_array) -> Flow:
    if not (ic.data.all() and ic.has_sorted_indices):
        ic = ic.sorted_indices()  # a menu's file lists prices in this order, and sums depend on it
        ic.eliminate_zeros()
    mutual = ic.minimum(ic.T).tocsr()
    net = ic
    if mutual.nnz:
        net = (ic - mutual).tocsr()
        net.eliminate_zeros()
    met = np.diff(net.indptr) + np.bincount(net.indices, minlength=net.shape[0])
    inflow, outflow = (np.asarray(net.sum(axis=axis), dtype=np.float64) for axis in (0, 1))
    return Flow(ic, mutual, net, inflow, outflow, met.astype(np.float64))


class OnFlow(NamedTuple):
    """Multipliers on the flow, and what is left of welfare in the bound."""

    prices: Multipliers
    missed: Array  # (n_types,) how far rounding keeps them off the flow
    welfare: float
    welfare_size: float  # of the terms it sums
    exact: bool  # whether the flow is


def _on_the_flow(problem: ScreeningProblem, given: Multipliers) -> OnFlow:
    """Multipliers moved onto the flow."""
    terms, limits = problem.terms, np.array(problem.transfer_limits)
    if terms.minimum_profit is None:
        given = replace(given, profit=0.0)
    fixed = np.isinf(limits)  # an infinite limit cannot carry a price
    transfer = np.clip(given.transfer, -np.inf if not fixed[1] else 0.0, np.inf if not fixed[0] else 0.0)
    given = replace(given, transfer=transfer)
    base, flow = _base(problem, given), _flow(given.ic)
    if terms.function is not None:
        return _welfare_absorbs(problem, given, flow, base)
    if not fixed.any():  # limits on both sides: the transfer's own price closes every gap
        without = _base(problem, replace(given, transfer=np.zeros(problem.n_types)))
        price = given.ir - (without + flow.gain)
        near = np.abs(price - given.transfer) <= EPS * _flow_size(problem, replace(given, transfer=price), flow)
        given = replace(given, transfer=np.where(near, given.transfer, price))
        return OnFlow(given, EPS * _flow_size(problem, given, flow), 0.0, 0.0, exact=True)
    if terms.minimum_profit is not None:
        least = 16 * EPS * float(_flow_size(problem, given, flow).sum())
        if base.sum() < least:  # pay for the welfare weights with a higher price
            given = replace(given, profit=given.profit + (2 * least - float(base.sum())) / float(problem.weights.sum()))
            base = _base(problem, given)
    flow, ir = _settled(problem, given, flow, base)
    if problem.mimics is not None and terms.minimum_profit is not None and ir.min() < 0:
        # Whoever lacks what nobody can bring to it is paid for with a higher price of the minimum profit, too.
        margin = 8 * EPS * _flow_size(problem, replace(given, ir=np.abs(ir)), flow)
        dearer = float(np.max((margin - ir) / problem.weights))
        given = replace(given, profit=given.profit + dearer)
        base = _base(problem, given)
        ir = base + flow.gain
    given = replace(given, ic=flow.ic, ir=np.maximum(ir, 0.0))
    missed = EPS * _flow_size(problem, given, flow)
    if not problem.has_participation_constraint:
        return _without_participation(problem, given, ir, missed)
    if _closes(problem, given, ir, missed):
        return OnFlow(given, missed, 0.0, 0.0, exact=True)
    # Utilities can rise without limit together, so no charge makes this rigorous: it stands for a miss by rounding.
    missing = np.maximum(-ir, 0.0)
    if EPS * missing.sum() > NEARLY_BALANCED * float(missed.sum()):
        return OnFlow(given, missed, math.inf, math.inf, exact=False)
    charge = float(missing @ (np.abs(problem.valuations).sum(axis=1) + np.abs(problem.reservation_utility)))
    return OnFlow(given, missed, charge, charge, exact=False)


def _stake_in_leaving(problem: ScreeningProblem) -> Array:
    """Size of the reservation utilities, 0 where there are none; (n_types,)."""
    return np.where(np.isfinite(problem.reservation_utility), np.abs(problem.reservation_utility), 0.0)


def _without_participation(problem: ScreeningProblem, given: Multipliers, ir: Array, missed: Array) -> OnFlow:
    """Nothing prices utilities: the flow must close by itself, and does so up to rounding only.

    Utilities can move without limit together, so no charge makes this rigorous: it stands for a miss by rounding.
    """
    given = replace(given, ir=np.zeros(problem.n_types))
    if EPS * np.abs(ir).sum() > NEARLY_BALANCED * float(missed.sum()):
        return OnFlow(given, missed, math.inf, math.inf, exact=False)
    charge = float(np.abs(ir) @ np.abs(problem.valuations).sum(axis=1))
    return OnFlow(given, missed, charge, charge, exact=False)


def _settled(problem: ScreeningProblem, given: Multipliers, flow: Flow, base: Array) -> tuple[Flow, Array]:
    """A flow with the IR multipliers that close it; one that is closed comes back as it is.

    So the bound of a menu is the same to the bit when it is computed again from the multipliers that prove it.
    """
    ir = base + flow.gain
    closed = replace(given, ic=flow.ic, ir=np.maximum(ir, 0.0))
    if _closes(problem, closed, ir, EPS * _flow_size(problem, closed, flow)):
        return flow, ir
    unpriced = replace(given, ir=np.zeros(problem.n_types))
    flow, ir = _balanced(flow, base, 2 * EPS * _flow_size(problem, unpriced, flow))
    if ir.min() < 0 or base.min() < 0:
        flow, ir = _routed(problem, flow, ir, base, 4 * EPS * _flow_size(problem, replace(given, ir=np.abs(ir)), flow))
    return flow, ir


def _closes(problem: ScreeningProblem, prices: Multipliers, ir: Array, missed: Array) -> bool:
    """Whether IR multipliers close the flow with a sign that is certain in spite of rounding."""
    return bool(np.all(ir >= missed) or _is_unused(problem, prices)[ir < missed].all())


def _base(problem: ScreeningProblem, prices: Multipliers) -> Array:
    """kappa f + t + s.H - pi: what each type's utility costs before IC and IR; (n_types,)."""
    base = problem.weights * (problem.terms.profit_weight + prices.profit) + prices.transfer
    return np.asarray(base + prices.side @ problem.side_rows.utility - _linear_welfare(problem, prices))


def _flow_size(problem: ScreeningProblem, prices: Multipliers, flow: Flow) -> Array:
    """Sum of the sizes that meet in each type's flow, times their number: EPS times this bounds the rounding."""
    rows = problem.side_rows
    own = problem.weights * (problem.terms.profit_weight + prices.profit) + np.abs(prices.transfer)
    own = own + prices.side @ np.abs(rows.utility) + np.abs(_linear_welfare(problem, prices))
    return np.asarray((flow.met + len(rows.limit) + 8) * (own + flow.inflow + flow.outflow + prices.ir))


def _is_unused(problem: ScreeningProblem, prices: Multipliers) -> Array:
    """Types through which nothing flows out: their IR multiplier is non-negative whatever flows in; (n_types,) bool."""
    terms = problem.terms
    unused = terms.profit_weight + prices.profit * (1 - 2 * EPS) >= terms.utility_weights
    unused = unused & (prices.transfer >= 0) & (np.diff(prices.ic.indptr) == 0)
    return np.asarray(unused & (terms.worst_off_weight == 0) & (not prices.side.any()))


def _linear_welfare(problem: ScreeningProblem, given: Multipliers) -> Array:
    """pi: what the linear terms and the shares of the worst-off term weigh on utilities; (n_types,)."""
    linear = problem.weights * problem.terms.utility_weights
    if not problem.terms.worst_off_weight:
        return np.asarray(linear)
    shares = np.maximum(given.worst_off, 0.0)
    total = float(shares.sum())
    shares = shares / total if total > 0 else np.full(problem.n_types, 1.0 / problem.n_types)
    return np.asarray(linear + problem.terms.worst_off_weight * shares)


def _welfare_absorbs(problem: ScreeningProblem, given: Multipliers, flow: Flow, base: Array) -> OnFlow:
    """Concave welfare: the conjugate max_u f w W(u) - pi u takes whatever weight pi the flow leaves.

    The conjugate is convex in pi, so its larger end over the rounding of pi is an upper bound. Types without social
    weight must lie on the flow themselves.
    """
    social = problem.weights * problem.terms.welfare_weights
    cares = social > 0
    through = base + flow.gain
    participates = problem.has_participation_constraint
    ir = np.where(cares, given.ir, np.maximum(through, 0.0)) if participates else np.zeros(problem.n_types)
    given = replace(given, ir=ir)
    error = EPS * _flow_size(problem, given, flow)
    if np.any(~cares & ((through < -error) | (through > error) & ~np.isfinite(problem.reservation_utility))):
        return OnFlow(given, error, math.inf, math.inf, exact=False)
    prices = (through - ir)[cares] / social[cares]
    width = error[cares] / social[cares] + EPS * np.abs(prices)
    function = problem.terms.function
    conjugates = np.maximum(function.conjugate(prices - width), function.conjugate(prices + width))
    terms = social[cares] * conjugates
    if not np.isfinite(terms).all():
        return OnFlow(given, error, math.inf, math.inf, exact=False)
    size = float(np.abs(terms).sum() + social.sum() + np.abs((through - ir)[cares]).sum())
    certain = bool(np.all(cares | (through >= error)))
    # What rounding leaves on the utilities of those who count is within the width of their conjugates.
    return OnFlow(given, np.where(cares, 0.0, error), math.fsum(terms), 8 * size, certain)


def _routed(problem: ScreeningProblem, flow: Flow, ir: Array, base: Array, margin: Array) -> tuple[Flow, Array]:
    """Types whose flow runs short are fed by types whose IR multiplier has room: l_ji moves it from j to i."""
    from scipy.sparse import coo_array

    short = np.flatnonzero((ir < 0) | ((ir < margin / 4) & (base < 0)))
    if not short.size:
        return flow, ir
    need = margin[short] - ir[short]
    givers = np.setdiff1d(np.flatnonzero(ir > 2 * margin), short)
    room = ir[givers] - margin[givers]
    if problem.mimics is not None and givers.size:
        to, giver = np.tile(short, len(givers)), np.repeat(givers, len(short))
        amounts = moved_within_reach(problem.mimics, givers, room, short, need).ravel()
        fed = amounts > 0
        routes = coo_array((amounts[fed], (giver[fed], to[fed])), shape=flow.ic.shape)
        flow = _flow((flow.ic + routes.tocsr()).tocsr())
        return flow, base + flow.gain
    if not givers.size or room.sum() < need.sum():
        return flow, ir
    # Lay needs and rooms end to end on one line: each overlap of two intervals is one route.
    need_ends, room_ends = np.cumsum(need), np.cumsum(room)
    ends = np.union1d(need_ends, room_ends[room_ends < need_ends[-1]])
    middles = ends - np.diff(ends, prepend=0.0) / 2
    to = short[np.minimum(np.searchsorted(need_ends, middles), len(short) - 1)]
    giver = givers[np.minimum(np.searchsorted(room_ends, middles), len(givers) - 1)]
    routes = coo_array((np.diff(ends, prepend=0.0), (giver, to)), shape=flow.ic.shape)
    flow = _flow((flow.ic + routes.tocsr()).tocsr())
    return flow, base + flow.gain


def _joined(mutual: csr_array, net: csr_array) -> csr_array:
    """The prices that a Flow takes apart; what flows is rounded towards zero where the mutual price is too coarse."""
    if not mutual.nnz:
        return net
    whole = (mutual + net).tocoo()
    charged, flows = mutual[whole.row, whole.col], net[whole.row, whole.col]
    whole.data = np.where(whole.data - charged > flows, np.nextafter(whole.data, 0.0), whole.data)
    return whole.tocsr()


def _balanced(flow: Flow, base: Array, margin: Array) -> tuple[Flow, Array]:
    """IC multipliers shrunk where they flow out more than comes in, and the IR multipliers that close the flow.

    `margin` is what every IR multiplier should clear, so that its sign is certain in spite of rounding.
    """
    from scipy.sparse import diags_array

    for _ in range(BALANCING_ROUNDS):
        inflow, outflow = flow.inflow, flow.outflow
        ir = base + flow.gain
        short = (ir < margin) & (outflow > 0)
        if not short.any():
            return flow, ir
        room = np.maximum(base + inflow - 2 * margin, 0.0)
        shrink = np.where(short, np.minimum(room / np.where(outflow > 0, outflow, 1.0), 1.0 - 4 * EPS), 1.0)
        flow = _flow(_joined(flow.mutual, (diags_array(shrink) @ flow.net).tocsr()))
    if np.all(base > 0):  # mix with the flow that has no IC multipliers at all
        surplus = ir - margin
        keep = float(np.min(np.where(surplus < 0, base / (base - surplus), 1.0))) * (1 - 8 * EPS)
        flow = _flow(_joined(flow.mutual, flow.net * keep))
    return flow, base + flow.gain


def _virtual_valuations(
    problem: ScreeningProblem, prices: Multipliers, weights: Array, *, priced: bool
) -> tuple[Array, Array]:
    """Virtual valuations and a bound on their rounding; (n_types, n_goods) both."""
    pairs = prices.ic.tocoo()
    tempted, tempter = pairs.row, pairs.col
    rows = problem.side_rows
    own = prices.transfer[:, np.newaxis] * problem.valuations
    side = np.einsum("k,kij->ij", prices.side, rows.allocation) if len(rows.limit) else np.zeros_like(own)
    side_size = np.einsum("k,kij->ij", prices.side, np.abs(rows.allocation)) if len(rows.limit) else side
    forced, forced_size = np.empty_like(own), np.empty_like(own)
    for good in range(problem.n_goods):
        worth = np.ascontiguousarray(problem.valuations[:, good])
        step = worth[tempted] - worth[tempter]
        forced[:, good] = np.bincount(tempter, pairs.data * step, minlength=problem.n_types)
        forced_size[:, good] = np.bincount(tempter, np.abs(pairs.data * step), minlength=problem.n_types)
    per_type = 1.0 / weights[:, np.newaxis]
    value = problem.valuations + problem.principal_values if priced else 0.0
    value_size = np.abs(problem.valuations) + np.abs(problem.principal_values) if priced else 0.0
    linear = problem.weights[:, np.newaxis] * problem.terms.allocation_values
    virtual = value + (own - forced - side + linear) * per_type
    counts = np.bincount(tempter, minlength=problem.n_types)[:, np.newaxis] + len(rows.limit) + 8
    error = counts * EPS * (value_size + (np.abs(own) + forced_size + side_size + np.abs(linear)) * per_type)
    return np.asarray(virtual), np.asarray(error)


def _on_the_right_side(
    problem: ScreeningProblem,
    prices: Multipliers,
    weights: Array,
    virtual: Array,
    error: Array,
    cost: Linear,
    *,
    priced: bool,
) -> tuple[Array, Array]:
    """Virtual valuations within rounding of a linear cost's price put on the side of it where they exactly lie.

    On x >= 0 that decides whether the bound is finite. Fractions of the same numbers know, and few of them are asked.
    """
    price = np.broadcast_to(cost.price, virtual.shape)
    near = np.argwhere(np.abs(virtual - price) <= error)
    if not len(near) or len(near) > DECIDED:
        return virtual, error
    virtual, error, rows = virtual.copy(), error.copy(), problem.side_rows
    kappa = Fraction(problem.terms.profit_weight) + Fraction(prices.profit)
    column = prices.ic.tocsc()
    for j, k in near.tolist():
        own = Fraction(float(problem.valuations[j, k]))
        total = Fraction(float(prices.transfer[j])) * own
        total += Fraction(float(problem.weights[j])) * Fraction(float(problem.terms.allocation_values[j, k]))
        for place in range(column.indptr[j], column.indptr[j + 1]):
            other = Fraction(float(problem.valuations[column.indices[place], k]))
            total -= Fraction(float(column.data[place])) * (other - own)
        for row in np.flatnonzero(prices.side * rows.allocation[:, j, k]):
            total -= Fraction(float(prices.side[row])) * Fraction(float(rows.allocation[row, j, k]))
        weight = kappa * Fraction(float(problem.weights[j])) if priced else Fraction(float(weights[j]))
        value = own + Fraction(float(problem.principal_values[j, k])) if priced else Fraction(0)
        if total <= weight * (Fraction(float(price[j, k])) - value):
            virtual[j, k], error[j, k] = price[j, k], 0.0
    return virtual, error

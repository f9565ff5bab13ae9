"""Multipliers put on the flow, where utilities drop out of the Lagrangian.

What comes in at type i, its share of what menus are for and what others would gain by mimicking it, goes out to those
that it would mimic, and to its outside option; see `contracts.proof.bound`. A solver misses that by its tolerance. The
remainder is sent along cheap paths to where it can leave, with a margin for the rounding of every sum on the way.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from contracts.exact.rationals import EPS
from contracts.inputs.arrays import Array, exact_parts
from contracts.inputs.frozen import dataclass
from contracts.problem.mimicry import moved_within_reach
from contracts.problem.objectives import WelfareFunction
from contracts.problem.screening import ScreeningProblem
from contracts.proof.line_prices import LinePrices
from contracts.proof.multipliers import Multipliers

if TYPE_CHECKING:
    from scipy.sparse import csr_array


BALANCING_ROUNDS = 20
CLOSER = 20  # times that a step in the price of utility is halved, in search of a finite conjugate
LEAST_PRICE = 1e-3  # share of what a type weighs that is left as the price of its utility where a solver left none
NEARLY_BALANCED = 1e-8  # share of all prices that no flow needs to carry for a bound that is called numerical


@dataclass(frozen=True, eq=False)
class Flow:
    """IC multipliers taken apart: what two types charge each other both ways, and what is left one way.

    Types that are nearly alike charge each other huge prices that almost cancel. Only the difference flows, and the
    floats know it exactly (Sterbenz), or to the rounding of the difference itself.
    """

    ic: Any  # csr_array, or LinePrices
    mutual: Any  # csr_array; None beside LinePrices
    net: Any
    inflow: Array  # (n_types,) of net
    outflow: Array  # (n_types,)
    met: Array  # (n_types,) how many prices meet in a type's flow

    @property
    def gain(self) -> Array:
        """Inflow less outflow of every type; (n_types,)."""
        return self.inflow - self.outflow


def _flow(ic: Any) -> Flow:
    if isinstance(ic, LinePrices):
        return Flow(ic, None, None, *ic.through)
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
    utility_price: Array | None = None  # (n_types,) price of utility per unit of welfare weight


def on_the_flow(problem: ScreeningProblem, given: Multipliers) -> OnFlow:
    """Multipliers moved onto the flow: signs first, then what closes it, the more the less is otherwise free to.

    Welfare functions and two-sided limits on transfers close every gap themselves. Else the price of a minimum profit
    pays for what everybody together lacks, prices are balanced and routed, and IR multipliers take what is left.
    """
    prices = _signed(problem, given)
    flow = _flow(prices.stated_ic)
    if problem.terms.function is not None:
        closed = _closed_by_welfare(problem, prices, flow)
        if math.isfinite(closed.welfare) or flow.mutual is None:
            return closed
        return _closed_by_welfare(problem, *_with_a_price_of_utility(problem, prices, flow))
    if np.isfinite(problem.transfer_limits).all():
        return _closed_by_transfers(problem, prices, flow)
    if problem.terms.minimum_profit is not None:
        prices = _solvent(problem, prices, flow)
    flow, ir = _settled(problem, prices, flow)
    if problem.mimics is not None and problem.terms.minimum_profit is not None and ir.min() < 0:
        prices, ir = _dearer(problem, prices, flow, ir)
    prices = replace(prices, ic=flow.ic, ir=np.maximum(ir, 0.0))
    return _closed_by_leaving(problem, prices, flow, ir)


def _signed(problem: ScreeningProblem, given: Multipliers) -> Multipliers:
    """Prices of the signs that they must have: an infinite limit, or a profit that nobody asks for, carries none."""
    free_below, free_above = np.isinf(problem.transfer_limits)
    transfer = np.clip(given.transfer, 0.0 if free_above else -np.inf, 0.0 if free_below else np.inf)
    if free_above and free_below:
        transfer = np.broadcast_to(0.0, problem.n_types)
    profit = 0.0 if problem.terms.minimum_profit is None else given.profit
    return given.but(profit=profit, transfer=transfer)


def _closed_by_transfers(problem: ScreeningProblem, given: Multipliers, flow: Flow) -> OnFlow:
    """Limits on both sides: the transfer's own price closes every gap."""
    without = _base(problem, replace(given, transfer=np.zeros(problem.n_types)))
    price = given.ir - (without + flow.gain)
    near = np.abs(price - given.transfer) <= EPS * _flow_size(problem, replace(given, transfer=price), flow)
    given = replace(given, transfer=np.where(near, given.transfer, price))
    return OnFlow(given, EPS * _flow_size(problem, given, flow), 0.0, 0.0, exact=True)


def _solvent(problem: ScreeningProblem, given: Multipliers, flow: Flow) -> Multipliers:
    """A price of the minimum profit that pays for the welfare weights of all together."""
    least = 16 * EPS * float(_flow_size(problem, given, flow).sum())
    have = float(_base(problem, given).sum())
    if have >= least:
        return given
    return replace(given, profit=given.profit + (2 * least - have) / float(problem.weights.sum()))


def _dearer(problem: ScreeningProblem, given: Multipliers, flow: Flow, ir: Array) -> tuple[Multipliers, Array]:
    """A price of the minimum profit that pays for whoever lacks what nobody can bring to it; and the IR multipliers."""
    margin = 8 * EPS * _flow_size(problem, replace(given, ir=np.abs(ir)), flow)
    given = replace(given, profit=given.profit + float(np.max((margin - ir) / problem.weights)))
    return given, _base(problem, given) + flow.gain


def _closed_by_leaving(problem: ScreeningProblem, given: Multipliers, flow: Flow, ir: Array) -> OnFlow:
    """IR multipliers take what is left, if they have the sign; nothing does where there is no IR.

    Utilities can rise without limit together, so no charge makes a gap rigorous: it stands for a miss by rounding.
    """
    missed = EPS * _flow_size(problem, given, flow)
    missing, stake = np.maximum(-ir, 0.0), np.abs(problem.valuations).sum(axis=1)
    if problem.has_participation_constraint:
        if _closes(problem, given, ir, missed):
            return OnFlow(given, missed, 0.0, 0.0, exact=True)
        stake = stake + np.abs(problem.reservation_utility)
    else:
        given, missing = replace(given, ir=np.zeros(problem.n_types)), np.abs(ir)
    if EPS * missing.sum() > NEARLY_BALANCED * float(missed.sum()):
        return OnFlow(given, missed, math.inf, math.inf, exact=False)
    charge = float(missing @ stake)
    return OnFlow(given, missed, charge, charge, exact=False)


def stake_in_leaving(problem: ScreeningProblem) -> Array:
    """The reservation utilities, 0 where there are none; (n_types,)."""
    return np.where(np.isfinite(problem.reservation_utility), problem.reservation_utility, 0.0)


def all_that_leaves(problem: ScreeningProblem, prices: Multipliers) -> tuple[float, float]:
    """Sum of the IR multipliers that close a flow, whatever flows between types, and of the sizes that it rounds."""
    total = math.fsum(exact_parts(_base(problem, prices)))
    return total, float((len(problem.side_rows.limit) + 4) * _own_size(problem, prices).sum())


def _settled(problem: ScreeningProblem, given: Multipliers, flow: Flow) -> tuple[Flow, Array]:
    """A flow with the IR multipliers that close it; one that is closed comes back as it is.

    So the bound of a menu is the same to the bit when it is computed again from the multipliers that prove it.
    """
    base = _base(problem, given)
    ir = base + flow.gain
    closed = replace(given, ic=flow.ic, ir=np.maximum(ir, 0.0))
    if _closes(problem, closed, ir, EPS * _flow_size(problem, closed, flow)):
        return flow, ir
    if isinstance(flow.ic, LinePrices):
        flow = _flow(flow.ic.matrix())
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
    flows = _own_size(problem, prices) + flow.inflow + flow.outflow + prices.ir
    return np.asarray((flow.met + len(problem.side_rows.limit) + 8) * flows)


def _own_size(problem: ScreeningProblem, prices: Multipliers) -> Array:
    """Sum of the sizes of what each type's utility costs before IC and IR; (n_types,)."""
    own = problem.weights * (problem.terms.profit_weight + prices.profit) + np.abs(prices.transfer)
    return np.asarray(own + prices.side @ np.abs(problem.side_rows.utility) + np.abs(_linear_welfare(problem, prices)))


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


def _closed_by_welfare(problem: ScreeningProblem, given: Multipliers, flow: Flow) -> OnFlow:
    """Concave welfare: the conjugate max_u f w W(u) - pi u takes whatever weight pi the flow leaves.

    The conjugate is convex in pi, so its larger end over the rounding of pi is an upper bound. Types without social
    weight must lie on the flow themselves.
    """
    social = problem.weights * problem.terms.welfare_weights
    cares = social > 0
    through = _base(problem, given) + flow.gain
    if np.any(~cares & (through < EPS * _flow_size(problem, given, flow))):  # a solver's miss flows to those who do
        flow, through = _settled(problem, given, flow)
        given = replace(given, ic=flow.ic)
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
    parts = worth_at_price(function, np.maximum(prices, 0.0))  # that a conjugate is the difference of, besides itself
    size = float(np.abs(terms).sum() + social[cares] @ parts)
    certain = bool(np.all(cares | (through >= error)))
    utility_price = np.zeros(problem.n_types)
    utility_price[cares] = np.maximum(prices, 0.0)
    # What rounding leaves on the utilities of those who count is within the width of their conjugates.
    return OnFlow(given, np.where(cares, 0.0, error), math.fsum(terms), 8 * size, certain, utility_price)


def _with_a_price_of_utility(problem: ScreeningProblem, given: Multipliers, flow: Flow) -> tuple[Multipliers, Flow]:
    """Prices that leave everybody's utility at some price, and the same as a flow.

    A solver's digits may take more from a type of next to no weight than it has, and at no price there is no end to
    what utility is worth.
    """
    base = _base(problem, given)
    error = EPS * _flow_size(problem, given, flow)
    lacks = (base + flow.gain - given.ir <= error) & (base > 0)
    ir = np.where(lacks, 0.0, given.ir)
    flow, _ = _balanced(flow, base - ir, np.where(lacks, LEAST_PRICE * base, 2 * error))
    return replace(given, ic=flow.ic, ir=ir), flow


def worth_at_price(function: WelfareFunction, price: Array) -> Array:
    """About p |u| where W'(u) = p, elementwise: by how much W* falls as p is doubled, or rises as it is halved.

    W* has the slope -u, so both differences are averages of it. Where half the price has no conjugate, less is taken
    off.
    """
    known, share = function.conjugate(price), np.full(price.shape, 0.5)
    with np.errstate(invalid="ignore"):
        risen = function.conjugate(price * (1 - share)) - known
        for _ in range(CLOSER):
            if np.isfinite(risen).all():
                break
            share = np.where(np.isfinite(risen), share, share / 2)
            risen = function.conjugate(price * (1 - share)) - known
        sides = np.abs(risen) / share, np.abs(known - function.conjugate(2 * price))
    return np.asarray(np.maximum(*(np.where(np.isfinite(side), side, 0.0) for side in sides)))


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
    for _ in range(BALANCING_ROUNDS):
        ir = base + flow.gain
        if not np.any((ir < margin) & (flow.outflow > 0)):
            return flow, ir
        flow = _flow(_joined(flow.mutual, _passed_on(flow, base, margin)))
    if np.all(base > 0):  # mix with the flow that has no IC multipliers at all
        surplus = ir - margin
        keep = float(np.min(np.where(surplus < 0, base / (base - surplus), 1.0))) * (1 - 8 * EPS)
        flow = _flow(_joined(flow.mutual, flow.net * keep))
    return flow, base + flow.gain


def _passed_on(flow: Flow, base: Array, margin: Array) -> csr_array:
    """What flows one way, shrunk at every type that gives more than it has; (n_types, n_types).

    What one gives less the next one lacks: along a line a shortage goes through all types below. So givers come before
    takers, and one pass is enough; only where flow goes round in a circle, what comes back last is left short.
    """
    net = flow.net.copy()
    starts, taker, given = net.indptr.tolist(), net.indices.tolist(), net.data.tolist()
    has, gives, spare = (base + flow.inflow).tolist(), flow.outflow.tolist(), margin.tolist()
    for giver in _givers_first(net):
        if gives[giver] <= 0 or has[giver] - gives[giver] >= spare[giver]:
            continue
        keep = min(max(has[giver] - 2 * spare[giver], 0.0) / gives[giver], 1.0 - 4 * EPS)
        for place in range(starts[giver], starts[giver + 1]):
            has[taker[place]] -= given[place] * (1 - keep)
            given[place] *= keep
    net.data[:] = given
    return net


def _givers_first(net: csr_array) -> list[int]:
    """All types, whoever feeds others before them; circles are cut at the type of least number."""
    starts, taker = net.indptr.tolist(), net.indices.tolist()
    awaited = np.bincount(net.indices, minlength=net.shape[0])
    sources, left = np.flatnonzero(awaited == 0).tolist(), awaited.tolist()
    order, is_placed = list[int](), [False] * len(left)
    for first in (*sources, *range(len(left))):
        waiting = [] if is_placed[first] else [first]
        while waiting:
            giver = waiting.pop()
            is_placed[giver] = True
            order.append(giver)
            for place in range(starts[giver], starts[giver + 1]):
                left[taker[place]] -= 1
                if left[taker[place]] == 0 and not is_placed[taker[place]]:
                    waiting.append(taker[place])
    return order

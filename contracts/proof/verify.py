"""Evidence for a menu: who is tempted by what, who would rather leave, and how far the value is from the best."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.exact.best import best_options, participation_slacks
from contracts.exact.rationals import EPS, BestOptions
from contracts.exact.worst_case import worst_deviations, worst_participation_slacks
from contracts.inputs.arrays import Array, Indices, finite, number
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.names import check_same_names, column_names, given_names, row_names
from contracts.problem.costs import conjugate_at
from contracts.problem.domains import Simplex
from contracts.problem.mimicry import Mask, accessible
from contracts.problem.screening import ScreeningProblem
from contracts.proof.bound import Bound, Multipliers, check_multipliers, no_multipliers, upper_bound
from contracts.readable import one_line, readable

ROW_TOLERANCE = 1e-9  # equations are sums over all types: judged relative to the size of their terms
CONTRADICTION = 1e-8  # relative; rounding and what equations are forgiven take a value less far above a proven bound
SMALLEST_VALUE = 1e-4  # share of the money that changes hands below which a value counts as zero
NO_SURPLUS = 1e-7  # share of the sizes of what is summed that counts where no menu is worth anything
CONJUGATE_NOISE = 1e-10  # share of the same sizes that a numerical bound may find where there is nothing
PRICE_STEPS = tuple(4.0**k for k in range(10))  # multiples of the prices of rows at which surplus is bounded
NO_MONEY = 1e-280  # where nothing at all is at stake: far above what comparisons leave room for lost bits


@checked
@dataclass(frozen=True)
class Deviation:
    """The most tempting untruth: `tempted` gains `gain` by taking the contract of `tempter`."""

    tempted: str
    tempter: str
    gain: float  # utility; its sign is exact

    def __str__(self) -> str:
        return f"{readable(self.tempted)} -> {readable(self.tempter)} gains {self.gain:.6g}"


@dataclass(frozen=True)
class Violation:
    """A constraint other than IC and IR that the menu breaks most."""

    what: str
    amount: float


@checked
@dataclass(frozen=True)
class Certificate:
    """What `verify` found; no solver was asked.

    Gains and slacks are differences of exact rationals rounded once, so their signs are exact. `upper_bound` holds for
    every menu of the problem; `rigorous` says whether rounding and the conjugate are accounted for as well.
    """

    deviation: Deviation
    participation_slack: float  # smallest over types, utility units
    participation_type: str
    violations: tuple[Violation, ...]  # domain, transfers, side constraints; empty when all hold
    value: float
    upper_bound: float
    rigorous: bool
    scale: float  # what menus are worth, objective units: the relative gap is taken against it; see `gap_scale`
    requested_gap: float  # relative; infinite when only IC and IR were asked about
    tolerance: float  # utility units that IC and IR may miss; 0 means exact
    is_robust: bool = False  # IC and IR are judged at every valuation in the types' sets, not at one of each type
    is_stopped: bool = False  # a time limit or an interrupt ended the search: the menu has whatever gap it has

    @property
    def gap(self) -> float:
        """upper_bound - value, in money."""
        return self.upper_bound - self.value

    @property
    def relative_gap(self) -> float:
        """gap / scale."""
        return self.gap / self.scale if math.isfinite(self.gap) else math.inf

    @property
    def is_incentive_compatible(self) -> bool:
        return self.deviation.gain <= self.tolerance

    @property
    def is_individually_rational(self) -> bool:
        return self.participation_slack >= -self.tolerance

    @property
    def is_exact(self) -> bool:
        """IC and IR hold for the floats as rational numbers."""
        return self.deviation.gain <= 0 and self.participation_slack >= 0

    @property
    def is_contradictory(self) -> bool:
        """Whether a menu that keeps every constraint exactly is worth more than is proven of all of them.

        Then the bound is wrong, or the value is.
        """
        return self.rigorous and self.is_exact and not self.violations and self.relative_gap < -CONTRADICTION

    @property
    def holds(self) -> bool:
        """IC, IR and all other constraints hold, and the gap is within what was asked, and no less than none."""
        within = self.requested_gap == math.inf or self.relative_gap <= self.requested_gap
        within = within and not self.is_contradictory
        return self.is_incentive_compatible and self.is_individually_rational and not self.violations and within

    def __str__(self) -> str:
        lines = []
        everywhere = " at every valuation in the types' sets" if self.is_robust else ""
        if self.is_exact:
            lines.append(f"IC and IR hold exactly{everywhere}")
        elif self.is_incentive_compatible and self.is_individually_rational:
            lines.append(f"IC and IR hold to {self.tolerance:.1e}{everywhere}")
        if not self.is_incentive_compatible:
            lines.append(f"IC fails: {self.deviation}")
        if not self.is_individually_rational:
            lines.append(
                f"IR fails: {readable(self.participation_type)} falls short by {-self.participation_slack:.6g}"
            )
        lines += [f"{one_line(broken.what)} is broken by {broken.amount:.6g}" for broken in self.violations]
        if self.relative_gap > self.requested_gap:
            if self.is_stopped:
                lines[0] = f"{lines[0]}; gap {_percent(self.relative_gap)} (stopped)"
            lines.append(f"the gap is {self.relative_gap:.1e}, more than the {self.requested_gap:.1e} asked for")
        if self.is_contradictory:
            lines.append("the value exceeds what is proven of every menu: one of the two is computed wrongly")
        kind = "rigorous" if self.rigorous else "numerical"
        value, bound = shown(self.value), shown(self.upper_bound)
        lines.append(f"value {value:.10g}, {kind} bound {bound:.10g}, relative gap {shown(self.relative_gap):.1e}")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON, with the verdict."""
        return {
            "holds": self.holds,
            "exact": self.is_exact,
            "deviation": {
                "tempted": self.deviation.tempted,
                "tempter": self.deviation.tempter,
                "gain": _json_number(self.deviation.gain),
            },
            "participation": {"type": self.participation_type, "slack": _json_number(self.participation_slack)},
            "violations": [{"what": broken.what, "amount": broken.amount} for broken in self.violations],
            "value": _json_number(self.value),
            "upper_bound": _json_number(self.upper_bound),
            "gap": _json_number(self.gap),
            "relative_gap": _json_number(self.relative_gap),
            "requested_gap": _json_number(self.requested_gap),
            "stopped": self.is_stopped,
            "rigorous": self.rigorous,
            "scale": self.scale,
            "tolerance": self.tolerance,
        }


def shown(number: float) -> float:
    """A number as people read it: 0 if it is less than any sum of money, such as a bound rounded up from nothing."""
    return 0.0 if abs(number) < NO_MONEY else number


def _percent(share: float) -> str:
    """A relative gap as people say it: 8%, 0.03%; its power of ten where percent say nothing."""
    return f"{100 * share:.2g}%" if 1e-5 <= share < 10 else f"{share:.1e}"


def _json_number(number: float) -> float | None:
    return number if math.isfinite(number) else None


@checked
def verify(
    problem: ScreeningProblem,
    allocation: Any,
    transfer: Any = None,
    *,
    serving: Any = None,
    multipliers: Multipliers | None = None,
    gap: float = math.inf,
    tolerance: float = 0.0,
) -> Certificate:
    """Check contracts from anywhere against the problem, without a solver and without rounding.

    Parameters
    ----------
    allocation : (n_types, n_goods) array, or (n_types,) for one good: what each type is meant to take
    transfer : (n_types,) array, positive from agent to principal; may be left out where there is no money
    serving : (n_types,) array, the chance that each type is served, where participation is voluntary; the allocation is
        then the expected one. If left out, rows without allocation and transfer keep the outside option
    multipliers : prices that prove a bound, such as menu.bound.multipliers of a menu of this problem; without them the
        bound is the full-information value
    gap : relative gap that `holds` asks for; by default only IC, IR and the other constraints
    tolerance : utility units that IC and IR may miss, for menus typed with few digits

    Raises
    ------
    ProblemError
        If the arrays or multipliers do not fit the problem, or what is asked for makes no sense.

    Examples
    --------
    >>> problem = ScreeningProblem([1.0, 2.0], [0.5, 0.5], labels=("low", "high"))
    >>> verify(problem, [1.0, 2.0], [1.0, 3.0]).holds
    True
    >>> print(verify(problem, [1.0, 2.0], [1.0, 3.25]).deviation)
    high -> low gains 0.25
    """
    if not isinstance(problem, ScreeningProblem):
        raise ProblemError(f"problem is {type(problem).__name__}: give the ScreeningProblem that the menu is for")
    gap, tolerance = checked_standards(gap, tolerance)
    if transfer is None and problem.transfers != "none":
        raise ProblemError("transfer is left out: give one per type, or a problem with transfers='none'")
    types, goods = given_names(problem.labels), given_names(problem.goods)
    for name, rows in (("allocation", row_names(allocation)), ("transfer", row_names(transfer))):
        check_same_names(name, rows, "labels", types, f"pass {name}.reindex(problem.labels)", may_differ=True)
    remedy = "pass allocation[list(problem.goods)]"
    check_same_names("allocation", column_names(allocation), "goods", goods, remedy, may_differ=True)
    allocation = finite("allocation", allocation, problem.labels)
    transfer = np.zeros(problem.n_types) if transfer is None else transfer
    transfer = finite("transfer", transfer, problem.labels)
    if allocation.ndim == 1 and problem.n_goods == 1:
        allocation = allocation[:, np.newaxis]
    for name, given, expected in (
        ("allocation", allocation, (problem.n_types, problem.n_goods)),
        ("transfer", transfer, (problem.n_types,)),
    ):
        if given.shape != expected:
            raise ProblemError(f"{name} has shape {given.shape}; expected {expected}, one row per type of the problem")
    if serving is not None:
        serving = _checked_serving(problem, serving)
    program = problem.program
    if multipliers is None:
        multipliers = no_multipliers(program)
    check_multipliers(program, multipliers)
    bound = upper_bound(program, multipliers)
    options, option_of_type = distinct_contracts(problem.in_program(allocation, transfer, serving), transfer)
    return certify(program, options, option_of_type, bound, gap=gap, tolerance=tolerance)


def _checked_serving(problem: ScreeningProblem, serving: Any) -> Array:
    """Chances of being served, (n_types,); refused where everybody is served, or has a contract instead."""
    serving = finite("serving", serving, problem.labels)
    if serving.shape != (problem.n_types,):
        raise ProblemError(f"serving has shape {serving.shape}; expected {(problem.n_types,)}, one chance per type")
    if serving.min() < 0 or serving.max() > 1:
        raise ProblemError("serving holds chances: give numbers between 0 and 1")
    if not problem.program.excludes and serving.min() < 1:
        raise ProblemError(
            "serving is below 1, but in this problem nobody needs to be left out: give the outside option as the "
            "contract that it is (no allocation, no transfer), or let participation='voluntary'"
        )
    return serving


def checked_standards(gap: Any, tolerance: Any) -> tuple[float, float]:
    """The relative gap, which may be infinite, and the tolerance that a certificate is asked for, as numbers."""
    gap = math.inf if isinstance(gap, float) and gap == math.inf else number("gap", gap)
    tolerance = number("tolerance", tolerance)
    if gap < 0:
        raise ProblemError(f"gap is {gap}: give a relative gap, such as 1e-6")
    if tolerance < 0:
        raise ProblemError(f"tolerance is {tolerance}: give utility units, 0 for none")
    return gap, tolerance


Contracts = tuple[Array, Array]  # allocations (m, n_goods), transfers (m,)


def distinct_contracts(allocation: Array, transfer: Array) -> tuple[Contracts, Indices]:
    """The distinct rows of (allocation, transfer) and each type's index into them."""
    rows = np.column_stack([allocation, transfer])
    order = contract_order(allocation, transfer)
    new = np.concatenate([[True], (rows[order[1:]] != rows[order[:-1]]).any(axis=1)])
    option_of_type = np.empty(len(rows), dtype=np.intp)
    option_of_type[order] = np.cumsum(new) - 1
    distinct = rows[order[new]]
    return (np.ascontiguousarray(distinct[:, :-1]), np.ascontiguousarray(distinct[:, -1])), option_of_type


def contract_order(allocation: Array, transfer: Array) -> Indices:
    """Contracts by rising amounts of the first good, then the second, ..., then by rising transfer."""
    return np.lexsort((transfer, *allocation.T[::-1]))


def certify(
    problem: ScreeningProblem,
    options: Contracts,
    option_of_type: Indices,
    bound: Bound,
    *,
    gap: float,
    tolerance: float = 0.0,
    compared: BestOptions | None = None,
) -> Certificate:
    """The certificate of a menu given as distinct options and an assignment, against a bound already computed.

    `compared` is what `best_options` says of these options in the order of `distinct_contracts`, if that is known.
    """
    allocations, transfers = options
    tempted, tempting, gain = _most_tempted(problem, options, option_of_type, compared)
    allocation, transfer = allocations[option_of_type], transfers[option_of_type]
    slack = participation_slacks_of(problem, allocation, transfer)
    reluctant = int(np.argmin(slack))
    value = problem.objective_value(allocation, transfer)
    return Certificate(
        deviation=Deviation(
            problem.labels[tempted],
            _holder(problem, options, option_of_type, tempting, tempted),
            gain,
        ),
        participation_slack=float(slack[reluctant]),
        participation_type=problem.labels[reluctant],
        violations=tuple(violations(problem, allocation, transfer)),
        value=value,
        upper_bound=bound.value,
        rigorous=bound.rigorous,
        scale=gap_scale(problem, allocation, transfer, bound),
        requested_gap=gap,
        tolerance=tolerance,
        is_robust=problem.valuation_sets is not None,
    )


def _most_tempted(
    problem: ScreeningProblem, options: Contracts, own: Indices, compared: BestOptions | None
) -> tuple[int, int, float]:
    """The type that another option tempts most, that option, and the gain.

    Options are compared in one order, whatever their numbers: where two tempt alike, both orders name the same.
    """
    order = np.arange(len(options[1]))
    if problem.valuation_sets is not None:
        compared = worst_deviations(problem, options, own)
    elif compared is None:
        order = contract_order(*options)
        rank = np.empty(len(order), dtype=np.intp)
        rank[order] = np.arange(len(order))
        access = access_to(problem, options, own)
        compared = best_options(
            problem.valuations,
            options[0][order],
            options[1][order],
            payoff=lambda _, k: np.zeros(len(k)),
            own=rank[own],
            access=None if access is None else access[:, order],
        )
    tempted = int(np.argmax(compared.runner_up_gain))
    tempting = int(compared.runner_up[tempted])
    return tempted, int(order[tempting]) if tempting >= 0 else -1, float(compared.runner_up_gain[tempted])


def access_to(problem: ScreeningProblem, options: Contracts, option_of_type: Indices) -> Mask | None:
    """Which options each type can take, (n_types, n_options): those meant for types that it can mimic, or the outside.

    None where everybody can take all of them.
    """
    if problem.mimics is None:
        return None
    access = accessible(problem.mimics, option_of_type, len(options[1]))
    if problem.outside_contract is not None:
        access[:, (options[0] == problem.outside_contract).all(axis=1) & (options[1] == 0)] = True
    return access


def _holder(problem: ScreeningProblem, options: Contracts, option_of_type: Indices, option: int, tempted: int) -> str:
    """What to call a tempting contract: after the first of its takers that can be mimicked, or the outside option."""
    if option < 0:
        return "nothing else"
    takes = option_of_type == option
    takers = np.flatnonzero(takes if problem.mimics is None else takes & problem.mimics[tempted])
    if takers.size:
        return problem.labels[int(takers[0])]
    outside = problem.outside_contract
    is_outside = outside is not None and options[1][option] == 0 and np.array_equal(options[0][option], outside)
    return "the outside option" if is_outside else f"option {option}"


def participation_slacks_of(problem: ScreeningProblem, allocation: Array, transfer: Array) -> Array:
    """Utility above the outside option with an exact sign; an outside contract is compared as the contract it is."""
    outside = problem.outside_contract
    if not problem.has_participation_constraint:
        return np.full(problem.n_types, np.inf)
    if problem.valuation_sets is not None:
        return worst_participation_slacks(problem, allocation, transfer)
    if outside is None:
        return participation_slacks(problem.valuations, allocation, transfer, problem.reservation_utility)
    slack = np.zeros(problem.n_types)
    takes = (allocation != outside).any(axis=1) | (transfer != 0)  # keeping it leaves nobody worse off
    values, amounts = problem.valuations[takes], allocation[takes]
    if problem.outside_option is not None:
        values = np.column_stack([values, -values])
        amounts = np.column_stack([amounts, np.broadcast_to(outside, amounts.shape)])
    slack[takes] = participation_slacks(values, amounts, transfer[takes], slack[takes])
    return slack


def violations(problem: ScreeningProblem, allocation: Array, transfer: Array) -> list[Violation]:
    """Every constraint besides IC and IR that the menu breaks, in the user's words."""
    found = []
    outside = problem.domain.violation(allocation)
    worst = int(np.argmax(outside))
    if outside[worst] > 0:
        found.append(Violation(f"domain (type {problem.labels[worst]!r})", float(outside[worst])))
    lowest, highest = problem.transfer_limits
    excess = np.maximum(lowest - transfer, transfer - highest)
    worst = int(np.argmax(excess))
    if excess[worst] > 0:
        found.append(Violation(f"transfer limits (type {problem.labels[worst]!r})", float(excess[worst])))
    rows = problem.side_rows
    utility = problem.utility(allocation, transfer)
    over = rows.activity(allocation, utility) - rows.limit
    on_allocation = np.einsum("kij,ij->k", np.abs(rows.allocation), np.abs(allocation)) + np.abs(rows.limit)
    # Inequalities are forgiven rounding only: any more and a menu could be worth more than the proven bound. A utility
    # is the difference of what an allocation is worth and what it costs, and is as uncertain as these two.
    parts = np.einsum("ij,ij->i", np.abs(problem.valuations), np.abs(allocation)) + np.abs(transfer)
    rounding = (problem.valuations.size + problem.n_goods + 8) * EPS * (on_allocation + np.abs(rows.utility) @ parts)
    equation = ROW_TOLERANCE * (on_allocation + np.abs(rows.utility) @ np.abs(utility))
    allowed = rounding + np.where(rows.is_equation, equation, 0.0)
    for name, amount, least in zip(rows.names, over, allowed, strict=True):
        if amount > least:
            found.append(Violation(name, float(amount)))
    required = problem.terms.minimum_profit
    if required is not None:
        # Only rounding is forgiven: any more and a menu that overspends could be worth more than the proven bound.
        short = required - float(problem.weights @ problem.payoff(allocation, transfer))
        gross = np.einsum("ij,ij->i", np.abs(problem.principal_values), np.abs(allocation))
        size = float(problem.weights @ (gross + np.abs(problem.cost.value(allocation)) + np.abs(transfer)))
        if short > (problem.n_types + problem.n_goods + 8) * EPS * (size + abs(required)):
            found.append(Violation("minimum profit", short))
    return found


def gap_scale(problem: ScreeningProblem, allocation: Array, transfer: Array, bound: Bound) -> float:
    """What menus are worth, in the objective's units: what a relative gap refers to.

    It is what the bound says menus earn above one contract for everybody (`Bound.worth`): with nothing to reserve, the
    bound itself. Domain bounds, limits and reservation utilities that do not bind have no price, so they do not count.
    Welfare functions count as what they rise by. Sums that cancel are only known to a share of what is summed: so the
    scale is at least `SMALLEST_VALUE` of what changes hands under the menu, of what lotteries can be worth, and of the
    first-best surplus. Where no menu can be worth anything the gap is absolute, in units of `NO_SURPLUS` times the
    expected value of the largest allocation, the sizes of its terms added up (`SMALLEST_VALUE` under numerical bounds).
    """
    terms, weights = problem.terms, problem.weights
    worth = bound.worth if math.isfinite(bound.worth) else 0.0
    first_best = _first_best_surplus(problem, bound)
    flows = weights @ _at_stake(problem, np.abs(allocation), np.abs(problem.cost.value(allocation)), np.abs(transfer))
    if isinstance(problem.domain, Simplex) and not problem.domain.free_disposal:
        most = np.abs(problem.costs_of(np.eye(problem.n_goods))).max()
        flows = flows + weights @ _at_stake(problem, np.ones(allocation.shape), most, 0.0)
    weight = max(terms.profit_weight, terms.worst_off_weight, float(np.abs(terms.utility_weights).max()))
    resolved = SMALLEST_VALUE * max(float(flows), weight * first_best)
    largest = weight * _largest_value(problem)
    noise = 0.0 if bound.rigorous else CONJUGATE_NOISE * largest
    idle = 0.0 if weight * first_best > noise else (NO_SURPLUS if bound.rigorous else SMALLEST_VALUE) * largest
    return max(worth, _welfare_at_stake(problem, allocation, transfer), resolved, idle, NO_MONEY)


def _at_stake(problem: ScreeningProblem, amounts: Array, cost: Any, paid: Any) -> Array:
    """Sizes of the terms that the linear part of the objective sums for each type; (n_types,)."""
    terms = problem.terms
    earned = terms.profit_weight * ((np.abs(problem.principal_values) * amounts).sum(axis=1) + cost + paid)
    enjoyed = (np.abs(problem.valuations) * amounts).sum(axis=1) + paid
    own = (np.abs(terms.allocation_values) * amounts).sum(axis=1)
    return np.asarray(earned + own + (np.abs(terms.utility_weights) + terms.worst_off_weight) * enjoyed)


def _welfare_at_stake(problem: ScreeningProblem, allocation: Array, transfer: Array) -> float:
    """sum_i f_i w_i [W(u_i) - W(0)]; where W(0) is minus infinity, W'(u_i) (|a_i| . |x_i| + |t_i|) instead of that.

    A logarithm has no natural zero: another unit of money shifts it.
    """
    terms = problem.terms
    if terms.function is None:
        return 0.0
    utility = problem.utility(allocation, transfer)
    nothing = float(terms.function.value(np.zeros(1))[0])
    worth = terms.function.value(utility)
    cares = (terms.welfare_weights > 0) & np.isfinite(worth)
    if math.isfinite(nothing):
        rise = np.abs(worth[cares] - nothing)
    else:
        money = (np.abs(problem.valuations) * np.abs(allocation)).sum(axis=1) + np.abs(transfer)
        rise = money[cares] * terms.function.marginal(utility[cares])
    return float((problem.weights * terms.welfare_weights)[cares] @ rise)


@functools.lru_cache(maxsize=4)  # of the repairs of one menu
def _first_best_surplus(problem: ScreeningProblem, bound: Bound) -> float:
    """Bound on the expected surplus above the reference allocation's if nothing were hidden.

    The surplus may be limited by the domain, by side constraints (at the prices of the bound, or a multiple: under full
    information more is to be had) or by the highest transfer, whichever binds first: looser ones do not count.
    """
    value = problem.valuations + problem.principal_values
    weights, rows, prices = problem.weights, problem.side_rows, bound.multipliers.side
    reference = np.broadcast_to(problem.reference_allocation, value.shape)

    def surplus(values: Array) -> float:
        most, _ = problem.cost.conjugate(values, problem.domain)
        alike = conjugate_at(problem.cost, values, reference)
        return float(weights @ np.abs(most - np.where(np.isfinite(alike), alike, 0.0)))

    found = [surplus(value)]
    if prices.any():
        onto = np.einsum("k,kij->ij", prices, rows.allocation) / weights[:, np.newaxis]
        spared = float(prices @ np.abs(rows.limit))
        found += [surplus(value - scale * onto) + scale * spared for scale in PRICE_STEPS]
    highest = problem.transfer_limits[1]
    if math.isfinite(highest):
        found.append(surplus(problem.principal_values) + abs(highest))
    finite_ones = [one for one in found if math.isfinite(one)]
    return min(finite_ones, default=0.0)


def _largest_value(problem: ScreeningProblem) -> float:
    """Expected sum of the sizes of what a unit of each good is worth and costs at first, times its largest amount.

    Where that is nothing, what the largest amounts cost.
    """
    sizes = np.abs(problem.valuations) + np.abs(problem.principal_values)
    if hasattr(problem.cost, "gradient"):
        slope = problem.cost.gradient(np.broadcast_to(problem.reference_allocation, sizes.shape))
        sizes = sizes + np.where(np.isfinite(slope), np.abs(slope), 0.0)
    amounts = problem.domain.magnitude(problem.n_goods)
    amounts = np.where(np.isfinite(amounts), amounts, 1.0)
    largest = float(problem.weights @ (sizes @ amounts))
    return largest if largest > 0 else float(problem.weights @ np.abs(problem.costs_of(amounts[np.newaxis])[:, 0]))

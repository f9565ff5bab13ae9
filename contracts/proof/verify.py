"""Evidence for a menu: who is tempted by what, who would rather leave, and how far the value is from the best."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.exact.best import best_options, participation_slacks
from contracts.exact.rationals import EPS, BestOptions
from contracts.exact.worst_case import worst_deviations, worst_participation_slacks
from contracts.inputs.arrays import Array, Indices, Mask, finite
from contracts.inputs.door import checked
from contracts.inputs.names import check_same_names, column_names, given_names, row_names
from contracts.problem.mimicry import accessible
from contracts.problem.participation import in_goods
from contracts.problem.screening import ScreeningProblem
from contracts.proof.bound import Bound, upper_bound
from contracts.proof.certificate import Certificate, Deviation, Violation, checked_standards
from contracts.proof.multipliers import Multipliers, check_multipliers, no_multipliers
from contracts.proof.record import Evidence
from contracts.proof.scale import gap_scale

ROW_TOLERANCE = 1e-9  # equations are sums over all types: judged relative to the size of their terms


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
    serving : (n_types,) array, the chance that each type is served, where participation is voluntary, such as
        menu.serving; the allocation is then the expected one. If left out, rows without allocation and transfer keep
        the outside option
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
    allocation, transfer, serving = checked_contracts(problem, allocation, transfer, serving)
    program = problem.program
    if multipliers is None:
        multipliers = no_multipliers(program)
    check_multipliers(program, multipliers)
    bound = upper_bound(program, multipliers)
    options, option_of_type = distinct_contracts(problem.in_program(allocation, transfer, serving), transfer)
    certificate = certify(program, options, option_of_type, bound, gap=gap, tolerance=tolerance)
    return replace(certificate, evidence=Evidence(problem, *options, option_of_type, bound))


def checked_contracts(
    problem: ScreeningProblem, allocation: Any, transfer: Any, serving: Any
) -> tuple[Array, Array, Array | None]:
    """What somebody offers each type, as arrays (n_types, n_goods), (n_types,) and, if said, (n_types,)."""
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
        serving = _checked_serving(problem, serving, allocation, transfer)
    return allocation, transfer, serving


def _checked_serving(problem: ScreeningProblem, serving: Any, allocation: Array, transfer: Array) -> Array:
    """Chances of being served, (n_types,); refused where everybody is served, or has a contract instead."""
    serving = finite("serving", serving, problem.labels)
    if serving.shape != (problem.n_types,):
        raise ProblemError(f"serving has shape {serving.shape}; expected {(problem.n_types,)}, one chance per type")
    if serving.min() < 0 or serving.max() > 1:
        raise ProblemError("serving holds chances: give numbers between 0 and 1")
    if problem.program.excludes:
        return serving
    leaves = (serving == 0) & problem.program.outside.is_kept(allocation, transfer)  # as menus say it
    if np.any(serving[~leaves] < 1):
        raise ProblemError(
            "serving is below 1, but in this problem nobody needs to be left out: give the outside option as the "
            "contract that it is (no allocation, no transfer), or let participation='voluntary'"
        )
    return serving


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
            holder(problem, options, option_of_type, tempting, tempted),
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
        among=str(bound.among),
    )


def _most_tempted(
    problem: ScreeningProblem, options: Contracts, own: Indices, compared: BestOptions | None
) -> tuple[int, int, float]:
    """The type that another option tempts most, that option, and the gain."""
    tempting, gain = temptations(problem, options, own, compared)
    tempted = int(np.argmax(gain))
    return tempted, int(tempting[tempted]), float(gain[tempted])


def temptations(
    problem: ScreeningProblem, options: Contracts, own: Indices, compared: BestOptions | None = None
) -> tuple[Indices, Array]:
    """The option that tempts each type most, -1 for none, and what it gains, with an exact sign; (n_types,) of each.

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
            *in_goods(problem.domain, problem.valuations, options[0][order]),
            options[1][order],
            payoff=lambda _, k: np.zeros(len(k)),
            own=rank[own],
            access=None if access is None else access[:, order],
        )
    tempting = compared.runner_up
    return np.where(tempting >= 0, order[tempting], -1), compared.runner_up_gain


def access_to(problem: ScreeningProblem, options: Contracts, option_of_type: Indices) -> Mask | None:
    """Which options each type can take, (n_types, n_options): those meant for types that it can mimic, or the outside.

    None where everybody can take all of them.
    """
    if problem.mimics is None:
        return None
    access = accessible(problem.mimics, option_of_type, len(options[1]))
    access[:, problem.outside.is_kept(*options)] = True
    return access


def holder(problem: ScreeningProblem, options: Contracts, option_of_type: Indices, option: int, tempted: int) -> str:
    """What to call a tempting contract: after the first of its takers that can be mimicked, or the outside option."""
    if option < 0:
        return "nothing else"
    takes = option_of_type == option
    takers = np.flatnonzero(takes if problem.mimics is None else takes & problem.mimics[tempted])
    if takers.size:
        return problem.labels[int(takers[0])]
    return "the outside option" if problem.outside.is_kept(*options)[option] else f"option {option}"


def participation_slacks_of(problem: ScreeningProblem, allocation: Array, transfer: Array) -> Array:
    """Utility above the outside option with an exact sign; an outside contract is compared as the contract it is."""
    if not problem.has_participation_constraint:
        return np.full(problem.n_types, np.inf)
    if problem.valuation_sets is not None:
        return worst_participation_slacks(problem, allocation, transfer)
    if not problem.outside.is_contract:
        return participation_slacks(problem.valuations, allocation, transfer, problem.reservation_utility)
    slack = np.zeros(problem.n_types)
    takes = ~problem.outside.is_kept(allocation, transfer)  # keeping it leaves nobody worse off
    values, amounts = in_goods(problem.domain, problem.valuations[takes], allocation[takes])
    if problem.outside_option is not None:
        values = np.column_stack([values, -values])
        instead = in_goods(problem.domain, problem.valuations, problem.outside.allocation[np.newaxis])[1]
        amounts = np.column_stack([amounts, np.broadcast_to(instead, amounts.shape)])
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

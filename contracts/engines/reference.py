"""The whole program in cvxpy: every cost, domain, objective and constraint; the oracle of the other engines."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.engines.candidate import Candidate, Units, finer_units_of, units_of, widest_units_of
from contracts.engines.diagnosis import infeasible_menu, unbounded_menu, welfare_at_most
from contracts.engines.inside import bounds_near
from contracts.engines.program import Program, menu_program, multipliers_of
from contracts.engines.twins.close_types import Tree, flow_base, handed_on, in_steps, tree_of
from contracts.engines.twins.near_twins import NearTwins, near_twins, with_twins_priced
from contracts.errors import ContractError, InfeasibleMenuError, ProblemError, SolverError
from contracts.inputs.arrays import Array
from contracts.numerics.conic import attempts
from contracts.problem.objectives import TOO_AVERSE, WeightedSum
from contracts.problem.screening import ScreeningProblem
from contracts.proof.bound import distribution_within, upper_bound
from contracts.proof.multipliers import Multipliers

ALL_PAIRS_TYPES = 300  # on a line, whose rows are all looked at where those of neighbours drown in a solver's digits


def solve(
    problem: ScreeningProblem,
    *,
    deadline: float = np.inf,
    contract: NDArray[np.intp] | None = None,
    ic_price: float = np.inf,
    ordered: bool = False,
    stepped: bool = False,
) -> Candidate:
    """Solve the program with every IC row present, or on a line those of neighbours, which imply the others.

    Where no solver gets through in the units of the first best, those of the constraints are tried.

    Parameters
    ----------
    deadline : time.monotonic() after which the solver stops at its next iteration with what there is
    contract : (n_types,) numbers of contracts that types must share, 0 for the outside contract; none if left out
    ic_price : what the objective pays for a unit of utility by which an IC row is broken, in the program's units: an
        upper limit to the rows' prices, which otherwise may have none
    ordered : whether types that differ by a last digit get rows of their own, see `near_twins`
    stepped : whether utilities of close types are stated in steps from one to the next, see `close_types`

    Raises
    ------
    InfeasibleMenuError
        With a small set of constraints that conflict, proven by their prices.
    UnboundedMenuError
        With the direction in which the objective grows.
    SolverError
        If no solver finished; names what was tried, and why it failed.
    """
    failures: list[SolverError] = []
    within: dict[str, Any] = {"deadline": deadline, "ic_price": ic_price, "ordered": ordered, "stepped": stepped}
    for units in dict.fromkeys((units_of(problem), widest_units_of(problem))):
        try:
            found = _solved(menu_program(problem, contract, units), **within)
            finer = finer_units_of(problem, units, found.candidate)
            if finer is not None:
                # It may be noise that was taken for amounts, in units of which nobody's constraints can be kept, or
                # whose prices say little of larger amounts: the lowest bound that either proves stands.
                with contextlib.suppress(SolverError, InfeasibleMenuError):
                    closer = _solved(menu_program(problem, contract, finer), **within)
                    prices = _lowest(problem, [closer.candidate.multipliers, found.candidate.multipliers])
                    found = closer._replace(candidate=dataclasses.replace(closer.candidate, multipliers=prices))
        except SolverError as failure:
            failures.append(failure)
            continue
        if contract is None and found.is_out_of_order and problem.n_types <= ALL_PAIRS_TYPES:
            everybody_apart = np.arange(1, problem.n_types + 1)
            try:  # with the rows of all pairs: those of far ones say what those of near ones are too small for
                return solve(problem, contract=everybody_apart, **within)
            except SolverError:
                pass  # the certificate says what it is worth
        return found.candidate
    raise failures[0]


class Found(NamedTuple):
    """A candidate, and whether neighbours on a line came out in an order that breaks the rows of others."""

    candidate: Candidate
    is_out_of_order: bool


def _solved(stated: Program, deadline: float, ic_price: float, *, ordered: bool, stepped: bool) -> Found:
    """The program's solution by the first solver that has one; what they claim besides is checked before it is said."""
    import cvxpy as cp

    tree = tree_of(stated.problem) if stepped else None
    program = stated if tree is None else in_steps(stated, tree)
    problem, terms, units = program.problem, program.problem.terms, program.units
    point, allocation, utility = program.variables()
    ic_margin, ir_margin, reaches = program.margins(point)
    missed: Any = 0.0 if ic_price == np.inf else cp.Variable(len(program.tempted), nonneg=True)
    margins = (ic_margin - missed, ir_margin, 0.0, 0.0, 0.0)
    parts = (program.ic, *program.soft)
    rows = [part.at_least(point, margin) for part, margin in zip(parts, margins, strict=True)]
    spent, costing = program.spent(allocation)
    by_type, worst_off, floor, goal_unit = counted(program, allocation, utility, spent)
    expected, worst_case = _expected(program, by_type)
    budget = []
    if terms.minimum_profit is not None:
        budget = [program.profit(allocation, utility, spent) >= terms.minimum_profit / units.money]
    sharing = program.sharing(allocation, utility)
    twins = near_twins(problem)
    in_order = []
    if ordered and len(twins):
        step = allocation[twins.first] - allocation[twins.second]
        in_order = [cp.sum(cp.multiply(twins.direction, step), axis=1) >= 0]
    demands = [*chain.from_iterable(rows), *program.domain_constraints(allocation), *costing, *sharing, *in_order]
    penalty = 0.0 if ic_price == np.inf else ic_price * cp.sum(missed)
    goal = cp.Problem(cp.Maximize(expected + worst_off - penalty), [*demands, *budget, *floor, *worst_case, *reaches])
    if not goal.is_dcp():
        raise ProblemError(
            f"the cvxpy expression of cost {type(problem.cost).__name__} is not convex: build it from convex atoms"
        )
    tried: list[str] = []
    causes: list[str] = []
    solver = "none"
    for solver in attempts(goal, tried, causes, deadline):  # noqa: B007 - the last one is named in the result
        if goal.status in ("infeasible", "infeasible_inaccurate"):
            causes.append(_cause(infeasible_menu(stated)))
        elif goal.status in ("unbounded", "unbounded_inaccurate"):
            causes.append(_cause(unbounded_menu(stated)))
        elif point.value is not None:
            break
    if point.value is None:  # else the point of a solver that gave up may be good enough: the certificate decides
        if goal.status not in ("infeasible", "unbounded"):  # solvers that only fail may still have had a reason to
            causes.append(_cause(unbounded_menu(stated)))
            causes.append(_cause(infeasible_menu(stated)))
        remedy = "relax what makes it nearly infeasible" if terms.function is None else TOO_AVERSE
        raise SolverError(
            f"the reference engine found no menu ({'; '.join(dict.fromkeys(causes))}); tried {', '.join(tried)}. "
            f"Rescale the problem, or {remedy}",
            tried=tuple(tried),
        )
    found_allocation, found_utility = program.read(np.asarray(point.value))
    prices = multipliers_of(program, [_price(row) for row in rows], _price(budget), _price(floor), goal_unit)
    if worst_case:
        prices = dataclasses.replace(prices, weights=np.asarray(_price(worst_case)))
    if in_order:
        order_prices = _price(in_order) * (goal_unit / units.allocation)
        priced = with_twins_priced(problem, prices, twins, order_prices, _rent(problem, found_utility))
        prices = _lowest(problem, [prices, *priced])
    if tree is not None:
        prices = _lowest(problem, _of_close_types(problem, prices, tree, twins, found_utility))
    endless = terms.function is not None and terms.profit_weight == 0
    if endless and upper_bound(problem, prices).value >= welfare_at_most(terms, problem.weights):
        _cause(unbounded_menu(stated))  # a logarithm grows so slowly that a solver may stop anywhere
    if reaches:
        prices = dataclasses.replace(prices, directions=_directions(program, rows, reaches))
    if all(bound.value == np.inf for bound in bounds_near(problem, prices)):
        _cause(unbounded_menu(stated))  # or where what grows is worth little next to what was taken for the goal's unit
    finished = goal.status != "user_limit" or time.monotonic() <= deadline
    limited = "" if ic_price == np.inf else f", IC prices up to {ic_price:g}"
    found = Candidate(found_allocation, found_utility, prices, f"reference ({solver}{limited})", is_finished=finished)
    return Found(found, stated.is_out_of_order(found_allocation))


def _lowest(problem: ScreeningProblem, prices: list[Multipliers]) -> Multipliers:
    """Those that prove the lowest bound."""
    return min(prices, key=lambda each: upper_bound(problem, each).value)


def _rent(problem: ScreeningProblem, utility: Array) -> Array:
    """Utility above the reservation utility, where there is one; (n_types,)."""
    return utility - np.where(np.isfinite(problem.reservation_utility), problem.reservation_utility, 0.0)


def _of_close_types(
    problem: ScreeningProblem, prices: Multipliers, tree: Tree, twins: NearTwins, utility: Array
) -> list[Multipliers]:
    """Prices as they are, handed on along the tree, and with nothing flowing between those a last digit apart."""
    if problem.ambiguity is not None:
        prices = dataclasses.replace(prices, weights=distribution_within(problem, prices.weights))
        problem = problem.under(prices.weights)
    base = flow_base(problem, prices)
    found = [prices, handed_on(problem, prices, tree, base)]
    if len(twins):
        both = prices.ic.toarray()
        mutual = np.minimum(both, both.T)[twins.first, twins.second] * twins.distance
        apart = with_twins_priced(problem, prices, twins, mutual, _rent(problem, utility))
        found += [*apart, *(handed_on(problem, each, tree, base) for each in apart)]
    return found


def _cause(error: ContractError) -> str:
    """What a solver claimed without proof, in words; what is proven is raised."""
    if not isinstance(error, SolverError):
        raise error
    return str(error)


def _price(row: list[Any]) -> Any:
    return row[0].dual_value if row else None


def counted(program: Program, allocation: Any, utility: Any, spent: Any) -> tuple[Any, Any, list[Any], float]:
    """What each type counts for, (n_types,), the worst-off term with its constraints, and the unit of the objective."""
    import cvxpy as cp

    units, terms = program.units, program.problem.terms
    goal_unit = units.money
    if terms.function is not None:  # one unit of the goal: W there or its slope, whichever is larger (W may be flat)
        size = np.array([units.money])
        largest = max(abs(terms.function.value(size)[0]), units.money * terms.function.marginal(size)[0])
        largest = max(float(largest) * float(terms.welfare_weights.max()), terms.profit_weight * units.money)
        goal_unit = largest if 0 < largest < np.inf else units.money
    per_money, worst_off, floor = units.money / goal_unit, 0.0, []
    by_type = terms.profit_weight * per_money * program.payoff(allocation, utility, spent)
    if terms.allocation_values.any():
        values = terms.allocation_values * (units.allocation / goal_unit)
        by_type = by_type + cp.sum(cp.multiply(values, allocation), axis=1)
    if terms.utility_weights.any():
        by_type = by_type + cp.multiply(terms.utility_weights * per_money, utility)
        by_type = by_type + terms.utility_weights * (units.shift / goal_unit)  # counts where weights are in doubt
    if terms.function is not None:
        welfare, unit, constant = _measured(terms, utility, units)
        by_type = by_type + cp.multiply(terms.welfare_weights * (unit / goal_unit), welfare)
        by_type = by_type + terms.welfare_weights * (constant / goal_unit)
    if terms.worst_off_weight:
        least = cp.Variable()
        worst_off, floor = terms.worst_off_weight * per_money * least, [utility - least >= 0]
    return by_type, worst_off, floor, goal_unit


def _measured(terms: WeightedSum, utility: Any, units: Units) -> tuple[Any, float, float]:
    """W of utilities in units of money as unit times an expression, plus a constant; see `Isoelastic.measured`.

    The expression is of utilities in units of those at which welfare counts as much as money, or of money where nothing
    but a budget limits them: there a solver has most digits. A function of one's own is told the money itself.
    """
    function: Any = terms.function
    if not hasattr(function, "measured") or units.shift != 0:
        return function.expression(utility * units.money + units.shift), 1.0, 0.0
    level = units.money
    if terms.profit_weight > 0:
        level = function.level(terms.profit_weight / float(terms.welfare_weights.max()))
    if not 0 < level < np.inf:
        level = units.money
    scaled, unit, constant = function.measured(level)
    return scaled.expression(utility * (units.money / level)), unit, constant


def _expected(program: Program, by_type: Any) -> tuple[Any, list[Any]]:
    """The expectation over types; under ambiguity the worst one, whose distribution is the first constraint's price."""
    import cvxpy as cp

    problem = program.problem
    if problem.ambiguity is None:
        return problem.weights @ by_type, []
    at_most = cp.Variable(problem.n_types)
    worth, constraints = problem.ambiguity.worth(at_most, problem.weights, problem.valuations)
    return worth, [at_most <= by_type, *constraints]


def _directions(program: Program, rows: list[list[Any]], reaches: list[Any]) -> Array:
    """Where in its set the valuation lies at which each row binds; (n_types, n_types + 1, n_goods), the last for IR."""
    n_types, n_goods = program.problem.valuations.shape
    found = np.zeros((n_types, n_types + 1, n_goods))
    for row, reach, places in (
        (rows[0], reaches[0], (program.tempted, program.tempter)),
        (rows[1], reaches[1], (np.arange(n_types), np.full(n_types, n_types))),
    ):
        price = np.asarray(_price(row)) if row else np.zeros(0)
        total = np.asarray(reach.dual_value).reshape(len(price), n_goods)
        found[places] = total / np.maximum(price, np.finfo(np.float64).tiny)[:, np.newaxis]
    return found

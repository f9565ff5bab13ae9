"""Why a program has no solution: which constraints conflict, or in which direction the objective grows for ever."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from contracts.engines.candidate import Units
from contracts.engines.inside import bounds_near
from contracts.engines.program import Program, menu_program, multipliers_of
from contracts.errors import ContractError, InfeasibleMenuError, SolverError, UnboundedMenuError
from contracts.inputs.arrays import Array, Indices
from contracts.numerics.conic import run
from contracts.problem.costs import asymptotic_slopes, power_of_two
from contracts.problem.objectives import WeightedSum
from contracts.proof.multipliers import Multipliers

CONFLICT_PRICE = 1e-6  # share of the largest price above which a constraint takes part in the conflict
SHORTFALL = 1e-7  # normalised violation below which a problem counts as feasible
NOISE = (0.0, 1e-9, 1e-6, 1e-3)  # shares of the largest price below which prices may be rounding
PROOF = 1e-9  # share of the priced amounts by which a bound must lie below nothing
GROWTH = 1e-7  # of the goal, along a direction of length one, that a solver can tell from none
LARGEST_CONFLICT = 24  # constraints that the deletion filter tries one by one
BUDGET = "minimum profit"


def infeasible_menu(program: Program) -> ContractError:
    """An InfeasibleMenuError with an irreducible set of constraints, or a SolverError if that is not proven.

    The menu that breaks the soft constraints least prices each of them; those with a positive price cannot hold
    together (Farkas). These prices prove it without the solver: they bound a goal that is worth nothing for every menu,
    and a bound below nothing says that there is no menu. Dropping members that are not needed, one by one, makes the
    set irreducible.
    """
    found = _least_violation(program, None)
    if found is None:
        return SolverError("the search for what conflicts failed", tried=("CLARABEL",))
    shortfall, prices = found.shortfall, found.prices
    if shortfall <= SHORTFALL:
        return SolverError(
            "the solver called the problem infeasible, but a menu misses its constraints by only "
            f"{shortfall * program.units.money:.3g}: relax a constraint a little, or rescale",
            tried=("CLARABEL",),
        )
    if not _is_proven(program, found):
        return SolverError(
            "the solver called the problem infeasible, which its prices do not prove: undecided", tried=("CLARABEL",)
        )
    largest = max(prices.values())
    conflict = sorted(
        (name for name, price in prices.items() if price > CONFLICT_PRICE * largest), key=lambda n: -prices[n]
    )
    for name in tuple(conflict[:LARGEST_CONFLICT]):
        rest = set(conflict) - {name}
        without = _least_violation(program, rest) if rest else None
        if without is not None and without.shortfall > SHORTFALL:
            conflict.remove(name)
    everywhere = "" if program.problem.valuation_sets is None else ", for every valuation in its set"
    listed = "; ".join(conflict[:6]) + (f"; and {len(conflict) - 6} more" if len(conflict) > 6 else "")
    missing = shortfall * program.units.money
    return InfeasibleMenuError(
        f"no menu meets together: {listed} (with IC and the domain{everywhere}; short by {missing:.6g} in sum). "
        f"{_remedy(conflict)}",
        conflict=tuple(conflict),
    )


def _is_proven(program: Program, found: Shortfall) -> bool:
    """Whether the prices bound a goal worth nothing below nothing; under uncertainty the solver's word is all there is.

    On x >= 0 virtual valuations must not be positive to the last digit: prices next to those with room are tried.
    """
    problem = program.problem
    if problem.valuation_sets is not None:
        return True
    nothing = replace(problem, objective=WeightedSum(minimum_profit=problem.terms.minimum_profit), ambiguity=None)
    given = found.multipliers
    largest = max(
        float(np.abs(part).max(initial=0.0)) for part in (given.ic.data, given.ir, given.transfer, given.side)
    )
    for share in NOISE:  # without a goal there is no flow for prices that are rounding alone to lie on
        kept = _without_noise(given, share * max(largest, given.profit))
        best = min(bound.value for bound in bounds_near(nothing, kept))
        if best < -PROOF * (float(kept.ir @ np.abs(problem.reservation_utility)) + abs(best)):
            return True
    return False


def _without_noise(given: Multipliers, least: float) -> Multipliers:
    """Multipliers with those below `least` put to zero; those of IR are whatever the flow makes of the others."""
    ic = given.ic.copy()
    ic.data = np.where(ic.data < least, 0.0, ic.data)
    side = np.where(given.side < least, 0.0, given.side)
    transfer = np.where(np.abs(given.transfer) < least, 0.0, given.transfer)
    return replace(given, ic=ic, side=side, transfer=transfer, profit=given.profit * (given.profit >= least))


def _remedy(conflict: list[str]) -> str:
    remedies = {
        "IR of type": "lower reservation_utility",
        "lowest transfer": "lower the lowest transfer",
        "highest transfer": "raise the highest transfer",
        BUDGET: "lower minimum_profit",
    }
    words = [word for start, word in remedies.items() if any(name.startswith(start) for name in conflict)]
    if any(name.startswith(("'", '"')) for name in conflict):
        words.append("relax the side constraint")
    remedy = ", or ".join(words)
    return remedy[:1].upper() + remedy[1:] + "."


class Shortfall(NamedTuple):
    """The smallest total violation of the soft constraints, in units of money, and what prices it."""

    shortfall: float
    prices: dict[str, float]  # of the soft constraints, by name
    multipliers: Multipliers


def _least_violation(program: Program, only: set[str] | None) -> Shortfall | None:
    """Smallest total violation of the soft constraints named in `only` (all for None); None if no solver knows."""
    import cvxpy as cp

    point, allocation, utility = program.variables()
    ic_margin, ir_margin, reaches = program.margins(point)
    ic = program.ic.at_least(point, ic_margin)
    constraints = [*ic, *program.domain_constraints(allocation), *reaches]
    total: Any = 0.0
    priced: list[tuple[list[int], Any]] = []
    for rows in program.soft:
        kept = [k for k, name in enumerate(rows.names) if only is None or name in only]
        row = None
        if kept:
            short = cp.Variable(len(kept), nonneg=True)
            margin = ir_margin[kept] if rows is program.ir and reaches else 0.0
            row = rows.matrix[kept] @ point + short >= rows.limit[kept] + margin
            constraints.append(row)
            total += cp.sum(short)
        priced.append((kept, row))
    required = program.problem.terms.minimum_profit
    budget = None
    if required is not None and (only is None or BUDGET in only):
        short = cp.Variable(1, nonneg=True)
        spent, costing = program.spent(allocation)
        profit = cp.reshape(program.profit(allocation, utility, spent), (1,), order="C")
        budget = profit + short >= required / program.units.money
        constraints += [budget, *costing]
        total += cp.sum(short)
    phase_one = cp.Problem(cp.Minimize(total), constraints)
    if not run(phase_one):
        return None
    prices: dict[str, float] = {}
    every: list[Any] = [ic[0].dual_value if ic else None]
    for rows, (kept, row) in zip(program.soft, priced, strict=True):
        price = np.zeros(len(rows))
        if row is not None:
            price[kept] = np.maximum(row.dual_value, 0.0)
        every.append(price)
        for k in kept:
            prices[rows.names[k]] = prices.get(rows.names[k], 0.0) + float(price[k])
    if budget is not None:
        prices[BUDGET] = float(budget.dual_value[0])
    return Shortfall(
        float(phase_one.value), prices, multipliers_of(program, every, None if budget is None else budget.dual_value)
    )


def unbounded_menu(program: Program) -> ContractError:
    """An UnboundedMenuError with a direction of recession, of transfers alone if there is one; else a SolverError.

    A direction has no size, so it is sought where a unit of allocation is worth about a unit of money, however large
    the limits are: else a solver takes what grows for nothing.
    """
    shares = len(np.unique(program.contract)) < program.problem.n_types
    program = menu_program(program.problem, program.contract if shares else None, _units_of_growth(program))
    for growth in (None,) if program.problem.domain.bounded else (None, _asymptotic_rates(program)):
        point = _growing(program, growth)
        if point is not None:
            break
    else:
        return SolverError(
            "the solver called the problem unbounded, but no direction of growth was found",
            tried=("CLARABEL",),
        )
    point = np.where(np.abs(point) < 1e-6, 0.0, point)
    direction = _in_words(program, point)
    counts = _counts_profit(program)
    if np.abs(point[: program.problem.valuations.size]).max() > 0:
        curb = "use a cost that curves" if counts else "give profit a weight or a minimum"
        remedy = f"bound the domain (Box), or {curb}"
    elif counts:
        remedy = "limit the transfers, or lower the welfare weights"
    else:  # what allocations cost counts for nothing either, so that they would grow next
        remedy = "limit the transfers and the domain (Box), or give profit a minimum"
    grows = "the objective grows without limit along"
    if (
        program.problem.terms.function is not None
        and welfare_at_most(program.problem.terms, program.problem.weights) == 0
    ):
        grows = "no menu is best, for utilities grow without limit, and welfare towards 0, along"
    return UnboundedMenuError(f"{grows} {direction}: {remedy}", direction=direction)


def _units_of_growth(program: Program) -> Units:
    """The units of the program with the money that a unit of allocation is worth."""
    problem, units = program.problem, program.units
    worth = float(np.abs(problem.valuations).max() + np.abs(problem.principal_values).max()) * units.allocation
    return replace(units, money=power_of_two(worth) if worth > 0 else units.money)


def _growing(program: Program, rates: tuple[Array, Array] | None) -> Array | None:
    """A direction (x, u) in which the objective grows for ever; x = 0 if `rates` is None. None if there is none.

    Every constraint must hold along it with limit 0, while allocations cost `rates`, (n_goods,) or by type, per unit
    less and per unit more. Goods that cannot fall, or rise, for ever have an infinite rate.
    """
    import cvxpy as cp

    problem = program.problem
    terms = problem.terms
    point, allocation, utility = program.variables()
    margins = _margins_of_growth(program, point)
    constraints = [
        rows.matrix @ point >= margin
        for rows, margin in zip((program.ic, *program.soft), margins, strict=True)
        if len(rows)
    ]
    constraints += [point >= -1, point <= 1]
    if program.problem.excludes:  # along a direction of growth nobody is left out for ever
        constraints.append(allocation[:, -1] == 0)
    shape, rate_unit = problem.valuations.shape, program.units.allocation / program.units.money
    spent: Any = 0.0
    if rates is None:
        constraints.append(allocation == 0)
    else:
        less, more = cp.Variable(shape, nonneg=True), cp.Variable(shape, nonneg=True)
        constraints.append(allocation == more - less)
        for change, rate in ((less, rates[0]), (more, rates[1])):
            rate = np.broadcast_to(rate, shape)
            constraints.append(cp.multiply(np.isinf(rate).astype(float), change) == 0)
            dear = np.where(np.isinf(rate), 0.0, rate * rate_unit) * problem.weights[:, np.newaxis]
            spent = spent + cp.sum(cp.multiply(dear, change))
    worth = (problem.valuations + problem.principal_values) * rate_unit * problem.weights[:, np.newaxis]
    profit = cp.sum(cp.multiply(worth, allocation)) - spent - problem.weights @ utility
    if terms.minimum_profit is not None:
        constraints.append(profit >= 0)
    welfare: Any = (problem.weights * terms.utility_weights) @ utility + terms.worst_off_weight * cp.min(utility)
    values = terms.allocation_values * problem.weights[:, np.newaxis] * rate_unit
    linear = terms.profit_weight * profit + welfare + cp.sum(cp.multiply(values, allocation))
    grows = cp.Problem(cp.Maximize(linear), constraints)
    if run(grows) and grows.value > GROWTH:
        return np.asarray(point.value)
    if not _is_endless(program):
        return None
    cares = np.flatnonzero(terms.welfare_weights > 0)
    richer = cp.Problem(cp.Maximize(cp.min(utility[cares])), [*constraints, linear >= 0])
    return np.asarray(point.value) if run(richer) and richer.value > GROWTH else None


def _margins_of_growth(program: Program, point: Any) -> tuple[Any, ...]:
    """What each part of the rows must rise by along a direction, for every valuation in the sets."""
    import cvxpy as cp

    problem, sets = program.problem, program.problem.valuation_sets
    if sets is None:
        return (0.0,) * 5
    everybody = np.arange(problem.n_types)
    x = cp.reshape(point[: problem.valuations.size], problem.valuations.shape, order="C")
    per_money = program.units.allocation / program.units.money

    factors = sets.factors * per_money

    def reach(types: Indices, step: Any) -> Any:
        parts = [cp.sum(cp.multiply(factors[types, :, k], step), axis=1) for k in range(problem.n_goods)]
        return cp.norm(cp.vstack(parts), sets.norm, axis=0)

    apart = x[program.tempted] - x[program.tempter]
    return (reach(program.tempted, apart), reach(everybody, x), 0.0, 0.0, 0.0)


def welfare_at_most(terms: WeightedSum, weights: Array) -> float:
    """What concave welfare comes near as utilities grow for ever; infinite for logarithms and roots."""
    assert terms.function is not None
    cares = terms.welfare_weights > 0
    social = (weights * terms.welfare_weights)[cares]
    return float(social @ terms.function.conjugate(np.zeros(len(social))))


def _is_endless(program: Program) -> bool:
    """Whether concave welfare has no best menu where utilities can grow along a direction and nothing else is lost.

    Its marginal welfare fades, so it pays for no loss. But where W has no upper limit (logarithms, roots), or none but
    0, relative to which no menu is near it, it needs not pay where nothing is lost, as where profit counts for nothing.
    Against the worst distribution everybody must count, and nothing else may: then what the least count for grows.
    """
    problem, terms = program.problem, program.problem.terms
    if terms.function is None or welfare_at_most(terms, problem.weights) not in (0.0, np.inf):
        return False
    alone = terms.profit_weight == 0 and not terms.utility_weights.any() and not terms.allocation_values.any()
    return problem.ambiguity is None or bool(alone and np.all(terms.welfare_weights > 0))


def _counts_profit(program: Program) -> bool:
    terms = program.problem.terms
    return terms.profit_weight > 0 or terms.minimum_profit is not None


def _asymptotic_rates(program: Program) -> tuple[Array, Array]:
    """What one unit less and one unit more cost in the long run; infinitely much out of the domain.

    Each is (n_goods,), or with costs by type (n_types, n_goods).

    Where no profit counts, costs are nobody's.
    """
    problem, goods = program.problem, program.problem.n_goods
    down, up = asymptotic_slopes(problem.cost, goods) if _counts_profit(program) else (np.zeros(goods), np.zeros(goods))
    lowest, highest = (np.diag(problem.domain.support(way * np.eye(goods))) for way in (-1.0, 1.0))
    return np.where(np.isfinite(lowest), np.inf, down), np.where(np.isfinite(highest), np.inf, up)


def _in_words(program: Program, point: Array) -> str:
    problem, units = program.problem, program.units
    count = problem.valuations.size
    allocation, utility = (
        point[:count].reshape(problem.valuations.shape) * units.allocation,
        point[count:] * units.money,
    )
    largest = np.unravel_index(np.argmax(np.abs(allocation)), allocation.shape)
    if allocation[largest] != 0:
        sign = "" if allocation[largest] > 0 else "minus "
        return f"{sign}the allocation of good {problem.goods[largest[1]]!r} to type {problem.labels[largest[0]]!r}"
    transfer = -utility
    largest_transfer = int(np.argmax(np.abs(transfer)))
    towards = "from" if transfer[largest_transfer] > 0 else "to"
    return f"the transfer {towards} type {problem.labels[largest_transfer]!r}"

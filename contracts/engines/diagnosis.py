"""Why a program has no solution: which constraints conflict, or in which direction the objective grows for ever."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from contracts.arrays import Array
from contracts.bounds import Multipliers
from contracts.costs import Linear, Power
from contracts.domains import NonNegative
from contracts.engines.inside import bounds_near
from contracts.engines.program import Program, multipliers_of
from contracts.errors import ContractError, InfeasibleMenuError, SolverError, UnboundedMenuError
from contracts.objectives import WeightedSum

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

    from contracts.engines.reference import run

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
        budget = (
            cp.reshape(program.profit(allocation, utility), (1,), order="C") + short >= required / program.units.money
        )
        constraints.append(budget)
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
    """An UnboundedMenuError with a direction of recession, of transfers alone if there is one; else a SolverError."""
    rate = _asymptotic_rate(program)
    for growth in (None, rate) if rate is not None else (None,):
        point = _growing(program, growth)
        if point is not None:
            break
    else:
        return SolverError(
            "the solver called the problem unbounded, but no direction of growth was found",
            tried=("CLARABEL",),
        )
    direction = _in_words(program, *program.read(np.where(np.abs(point) < 1e-6, 0.0, point)))
    curb = "use a cost that curves" if _counts_profit(program) else "give profit a weight or a minimum"
    return UnboundedMenuError(
        f"the objective grows without limit along {direction}: bound the domain (Box), {curb}, limit the transfers, or "
        "lower the welfare weights",
        direction=direction,
    )


def _growing(program: Program, rate: Array | None) -> Array | None:
    """A direction (x, u) in which the objective grows for ever; x = 0 if `rate` is None. None if there is none.

    Every constraint must hold along it with limit 0, while allocations cost `rate`, (n_goods,), per unit.
    """
    import cvxpy as cp

    from contracts.engines.reference import run

    problem = program.problem
    terms = problem.terms
    point, allocation, utility = program.variables()
    constraints = [rows.matrix @ point >= 0 for rows in (program.ic, *program.soft) if len(rows)]
    constraints += [point >= -1, point <= 1, allocation >= 0]
    if rate is None:
        constraints.append(allocation == 0)
        rate = np.zeros(problem.n_goods)
    units = program.units
    margin = (problem.valuations + problem.principal_values - rate) * (units.allocation / units.money)
    profit = cp.sum(cp.multiply(margin * problem.weights[:, np.newaxis], allocation)) - problem.weights @ utility
    if terms.minimum_profit is not None:
        constraints.append(profit >= 0)
    # The marginal welfare of a concave function fades: it is no reason to grow for ever.
    welfare: Any = (problem.weights * terms.utility_weights) @ utility + terms.worst_off_weight * cp.min(utility)
    values = terms.allocation_values * problem.weights[:, np.newaxis] * (units.allocation / units.money)
    welfare = welfare + cp.sum(cp.multiply(values, allocation))
    grows = cp.Problem(cp.Maximize(terms.profit_weight * profit + welfare), constraints)
    if not run(grows) or grows.value <= GROWTH:
        return None
    return np.asarray(point.value)


def _counts_profit(program: Program) -> bool:
    terms = program.problem.terms
    return terms.profit_weight > 0 or terms.minimum_profit is not None


def _asymptotic_rate(program: Program) -> Array | None:
    """What one more unit costs in the long run, (n_goods,); None where allocations cannot grow.

    Its price for a linear cost, nothing for falling benefits or where no profit counts, infinitely much for strictly
    convex costs.
    """
    problem = program.problem
    if not isinstance(problem.domain, NonNegative):
        return None
    if not _counts_profit(program):
        return np.zeros(problem.n_goods)
    if isinstance(problem.cost, Linear):
        return np.array(np.broadcast_to(problem.cost.price, problem.n_goods))
    if isinstance(problem.cost, Power) and problem.cost.exponent < 1:
        return np.zeros(problem.n_goods)
    return None


def _in_words(program: Program, allocation: Array, utility: Array) -> str:
    problem = program.problem
    largest = np.unravel_index(np.argmax(allocation), allocation.shape)
    if allocation[largest] > 0:
        return f"the allocation of good {problem.goods[largest[1]]!r} to type {problem.labels[largest[0]]!r}"
    transfer = problem.utility(allocation, utility * 0) - (utility - program.units.shift)
    largest_transfer = int(np.argmax(np.abs(transfer)))
    towards = "from" if transfer[largest_transfer] > 0 else "to"
    return f"the transfer {towards} type {problem.labels[largest_transfer]!r}"

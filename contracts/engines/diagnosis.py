"""Why a program has no solution: which constraints conflict, or in which direction the objective grows for ever."""

from __future__ import annotations

from typing import Any

import numpy as np

from contracts.arrays import Array
from contracts.costs import Linear, Power
from contracts.domains import NonNegative
from contracts.engines.program import Program
from contracts.errors import ContractError, InfeasibleMenuError, SolverError, UnboundedMenuError

CONFLICT_PRICE = 1e-6  # share of the largest price above which a constraint takes part in the conflict
SHORTFALL = 1e-7  # normalised violation below which a problem counts as feasible
LARGEST_CONFLICT = 24  # constraints that the deletion filter tries one by one
BUDGET = "minimum profit"


def infeasible_menu(program: Program) -> ContractError:
    """An InfeasibleMenuError with an irreducible set of constraints, or a SolverError if none conflict.

    The menu that breaks the soft constraints least prices each of them; those with a positive price cannot hold
    together (Farkas). Dropping members that are not needed, one by one, makes the set irreducible.
    """
    shortfall, prices = _least_violation(program, None)
    if shortfall <= SHORTFALL:
        return SolverError(
            "the solver called the problem infeasible, but a menu misses its constraints by only "
            f"{shortfall * program.units.money:.3g}: relax a constraint a little, or rescale",
            tried=("CLARABEL",),
        )
    largest = max(prices.values())
    conflict = sorted(
        (name for name, price in prices.items() if price > CONFLICT_PRICE * largest), key=lambda n: -prices[n]
    )
    for name in tuple(conflict[:LARGEST_CONFLICT]):
        rest = set(conflict) - {name}
        if rest and _least_violation(program, rest)[0] > SHORTFALL:
            conflict.remove(name)
    everywhere = "" if program.problem.valuation_sets is None else ", for every valuation in its set"
    listed = "; ".join(conflict[:6]) + (f"; and {len(conflict) - 6} more" if len(conflict) > 6 else "")
    missing = shortfall * program.units.money
    return InfeasibleMenuError(
        f"no menu meets together: {listed} (with IC and the domain{everywhere}; short by {missing:.6g} in sum). "
        f"{_remedy(conflict)}",
        conflict=tuple(conflict),
    )


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


def _least_violation(program: Program, only: set[str] | None) -> tuple[float, dict[str, float]]:
    """Smallest total violation of the soft constraints named in `only` (all for None), and the price of each."""
    import cvxpy as cp

    point, allocation, utility = program.variables()
    ic_margin, ir_margin, reaches = program.margins(point)
    constraints = program.ic.at_least(point, ic_margin) + program.domain_constraints(allocation) + reaches
    total: Any = 0.0
    priced: list[tuple[tuple[str, ...], Any]] = []
    for rows in program.soft:
        kept = [k for k, name in enumerate(rows.names) if only is None or name in only]
        if kept:
            short = cp.Variable(len(kept), nonneg=True)
            margin = ir_margin[kept] if rows is program.ir and reaches else 0.0
            row = rows.matrix[kept] @ point + short >= rows.limit[kept] + margin
            constraints.append(row)
            total += cp.sum(short)
            priced.append((tuple(rows.names[k] for k in kept), row))
    required = program.problem.terms.minimum_profit
    if required is not None and (only is None or BUDGET in only):
        short = cp.Variable(1, nonneg=True)
        row = cp.reshape(program.profit(allocation, utility), (1,), order="C") + short >= required / program.units.money
        constraints.append(row)
        total += cp.sum(short)
        priced.append(((BUDGET,), row))
    phase_one = cp.Problem(cp.Minimize(total), constraints)
    try:
        phase_one.solve(solver=cp.CLARABEL)
    except cp.error.SolverError as exc:
        raise SolverError(
            "the problem is infeasible, and the search for the conflict failed", tried=("CLARABEL",)
        ) from exc
    prices: dict[str, float] = {}
    for names, row in priced:
        for name, price in zip(names, np.atleast_1d(row.dual_value), strict=True):
            prices[name] = prices.get(name, 0.0) + float(price)
    return float(phase_one.value), prices


def unbounded_menu(program: Program) -> ContractError:
    """An UnboundedMenuError with a direction of recession, of transfers alone if there is one; else a SolverError."""
    rate = _asymptotic_rate(program)
    for growth in (None, rate) if rate is not None else (None,):
        point = _growing(program, growth)
        if point is not None:
            break
    else:
        return SolverError(
            "the solver called the problem unbounded, but no direction of growth was found: rescale the problem",
            tried=("CLARABEL",),
        )
    allocation, utility = program.read(np.where(np.abs(point) < 1e-6, 0.0, point))
    direction = _in_words(program, allocation, utility)
    counts = _counts_profit(program)
    if allocation.max() > 0:
        curb = "use a cost that curves" if counts else "give profit a weight or a minimum"
        remedy = f"bound the domain (Box), or {curb}"
    elif counts:
        remedy = "limit the transfers, or lower the welfare weights"
    else:  # what allocations cost counts for nothing either, so that they would grow next
        remedy = "limit the transfers and the domain (Box), or give profit a minimum"
    return UnboundedMenuError(f"the objective grows without limit along {direction}: {remedy}", direction=direction)


def _growing(program: Program, rate: Array | None) -> Array | None:
    """A direction (x, u) in which the objective grows for ever; x = 0 if `rate` is None. None if there is none.

    Every constraint must hold along it with limit 0, while allocations cost `rate`, (n_goods,), per unit.
    """
    import cvxpy as cp

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
    grows.solve(solver=cp.CLARABEL)
    return None if grows.value is None or grows.value <= 1e-7 else np.asarray(point.value)


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

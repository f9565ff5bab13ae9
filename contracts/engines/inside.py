"""Prices with room to spare: what multipliers are mixed with where a bound hangs on their last digit.

Of a good without an upper end a linear cost asks every virtual valuation to be at most the price, to the last digit, or
the bound is infinite: nothing curbs an amount that earns a rounding error. Feasible prices form a convex set, so a
mixture with prices at which every virtual valuation is below by some margin has room, and costs its share of the
difference.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.sparse import coo_array, csr_array, vstack

from contracts.inputs.arrays import Array, Mask
from contracts.problem.costs import straight_prices
from contracts.problem.domains import ends_of, has_endless_goods
from contracts.problem.mimicry import tempting_pairs
from contracts.problem.screening import ScreeningProblem
from contracts.proof.bound import Bound, distribution_within, upper_bound
from contracts.proof.multipliers import Multipliers, no_multipliers

FEW_TYPES = 100  # whose pairs are priced in one linear program
SHARES = (1e-14, 1e-13, 1e-12, 1e-11, 1e-10, 1e-9, 1e-8, 1e-7)
TIGHT: Any = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
LEAST_RATE = 1e-3  # share of the rate at which utilities count that prices to be mixed in keep
LEAST_ROOM = 1e-9  # of a virtual valuation below the price, relative to the largest, that a solver can tell from none
DEAREST = (10.0, 1e6)  # prices, in units of the weight on profit, up to which others are looked for: low ones first


def bounds_near(problem: ScreeningProblem, multipliers: Multipliers) -> Iterator[Bound]:
    """The bound from multipliers, and from others close to them where digits may matter.

    A limit on transfers that no menu reaches bears no price, but a solver's rounding times the limit may be money: the
    flow is then closed by the prices of IR. Where a linear cost asks for it, prices that have room are mixed in.
    """
    yield upper_bound(problem, multipliers)
    if problem.ambiguity is not None:
        weights = distribution_within(problem, multipliers.weights)
        problem, multipliers = problem.under(weights), replace(multipliers, weights=weights)
    low, high = problem.transfer_limits
    if problem.valuation_sets is None and isinstance(problem.transfers, tuple) and np.isfinite([low, high]).all():
        by_type = (*problem.constraints, *problem.limits_of_single_types())  # rows, whose prices stay what they are
        for limits in ((low, math.inf), (-math.inf, high), (-math.inf, math.inf)):
            eased = upper_bound(replace(problem, transfers=limits, constraints=by_type), multipliers)
            yield upper_bound(problem, eased.multipliers)
    if not hangs_on_digits(problem):
        return
    tried = (priced_by_program(problem, multipliers, dearest, room=True) for dearest in DEAREST)
    roomy = next((prices for prices in tried if prices is not None), None)
    cheapest = priced_by_program(problem, multipliers, DEAREST[-1], room=False) if _is_flat(problem).all() else None
    for base in (multipliers, cheapest):
        if base is cheapest and base is not None:
            yield upper_bound(problem, base)
        if base is not None and roomy is not None:
            for share in SHARES:
                yield upper_bound(problem, mixed_prices(base, roomy, share))


def hangs_on_digits(problem: ScreeningProblem) -> bool:
    """Whether an infinite conjugate is a rounding error away."""
    if problem.valuation_sets is not None or not has_endless_goods(problem.domain, problem.n_goods):
        return False
    return bool((np.isinf(_ends(problem)).any(axis=0) & _is_flat(problem)).any())


def _is_flat(problem: ScreeningProblem) -> Mask:
    """Where another unit costs what the last one did, or costs do not count; (n_types, n_goods)."""
    terms = problem.terms
    nobody_pays = terms.profit_weight == 0 and terms.minimum_profit is None
    return np.asarray(~np.isnan(straight_prices(problem.cost, problem.valuations.shape)) | nobody_pays)


def _ends(problem: ScreeningProblem) -> Array:
    """Least and largest amounts, (2, n_types, n_goods), those of goods that curve taken for nothing."""
    ends = np.array(ends_of(problem.domain, problem.n_goods))[:, np.newaxis]
    return np.where(_is_flat(problem), ends, 0.0)


def mixed_prices(multipliers: Multipliers, roomy: Multipliers, share: float) -> Multipliers:
    """(1 - share) multipliers + share roomy."""
    mixed: dict[str, Any] = {
        name: (1 - share) * getattr(multipliers, name) + share * getattr(roomy, name)
        for name in ("ir", "transfer", "side", "profit")
    }
    ic = (multipliers.ic.multiply(1 - share) + roomy.ic.multiply(share)).tocsr()
    return replace(multipliers, ic=ic, **mixed)


def priced_by_program(
    problem: ScreeningProblem, given: Multipliers, dearest: float, *, room: bool
) -> Multipliers | None:
    """Prices on the flow at which virtual valuations lie furthest below the linear cost, or else the lowest bound.

    With kappa = profit_weight + rho and the flow of `contracts.proof.bound`, the largest s, or the lowest bound with s
    = 0,

        e_j = kappa f_j (a_j + b_j - price) + f_j B_j + t_j a_j - sum_i l_ij (a_i - a_j) - (side . G)_j <= - f_j s

    for all types, and goods without an upper end; without a lower one it is at least f_j s. What a good with ends is
    worth to the bound is the larger of e_j times either: a linear program, whose vertices have prices of zero that are
    zero. Goods that curve have no row, and no worth. None if there is none. A welfare function counts utilities at the
    rate at which the given prices leave them: it lies below its tangents.
    """
    from scipy import optimize

    linprog: Any = optimize.linprog  # its stubs know no sparse matrices
    n_types, n_goods = problem.valuations.shape
    if n_types > FEW_TYPES:
        return None
    terms, rows, weights = problem.terms, problem.side_rows, problem.weights
    cost: Any = problem.cost
    price = np.nan_to_num(straight_prices(cost, problem.valuations.shape))
    margin = problem.valuations + problem.principal_values - price
    tempted, tempter = tempting_pairs(problem.mimics, n_types)
    pairs, sides, everybody = len(tempted), len(rows.limit), np.arange(n_types)
    size = float(max(np.abs(margin).max(), np.abs(problem.valuations).max())) or 1.0
    limited = np.isfinite(problem.transfer_limits)
    ends = [end.ravel() for end in _ends(problem)]
    counts = (np.isfinite(ends) & (np.array(ends) != 0)).any(axis=0) & (not room)  # what has an end is worth something
    # columns: ic, ir, lowest, highest, side, profit, room, worth of goods
    starts = np.cumsum([0, pairs, n_types, n_types, n_types, sides, 1, 1, counts.sum()])
    ic, ir, low, high, side, profit, spare, worth_of = (int(start) for start in starts[:-1])
    cells = (np.arange(n_types)[:, np.newaxis] * n_goods + np.arange(n_goods)).astype(np.intp)
    apart = problem.valuations[tempted] - problem.valuations[tempter]
    share = weights[:, np.newaxis] * np.ones(n_goods)
    virtual = [  # in units of the largest valuation: a solver drops numbers far below one
        _block(cells[tempter], ic + np.arange(pairs)[:, np.newaxis], -apart / size),
        _block(cells, (low + everybody)[:, np.newaxis], problem.valuations / size),
        _block(cells, (high + everybody)[:, np.newaxis], -problem.valuations / size),
        _block(
            np.tile(cells, (sides, 1, 1)), side + np.arange(sides)[:, np.newaxis, np.newaxis], -rows.allocation / size
        ),
        _block(cells, np.full((n_types, 1), profit), share * margin / size),
    ]
    flow = [
        (tempter, ic + np.arange(pairs), np.ones(pairs)),
        (tempted, ic + np.arange(pairs), -np.ones(pairs)),
        (everybody, ir + everybody, -np.ones(n_types)),
        (everybody, low + everybody, np.ones(n_types)),
        (everybody, high + everybody, -np.ones(n_types)),
        _block(np.tile(everybody, (sides, 1)), side + np.arange(sides)[:, np.newaxis], rows.utility),
        (everybody, np.full(n_types, profit), weights),
    ]
    total = int(starts[-1])
    fixed = weights[:, np.newaxis] * (terms.profit_weight * margin + terms.allocation_values)
    shares = np.maximum(given.worst_off, 0.0)
    social = weights * terms.utility_weights + terms.worst_off_weight * shares / max(float(shares.sum()), 1e-300)
    if terms.function is not None:
        social = weights * (terms.profit_weight + given.profit) + given.transfer + given.side @ rows.utility - given.ir
        social = social + given.ic.sum(axis=0) - given.ic.sum(axis=1)
    upper = np.full(total, dearest)
    upper[ir:low] = dearest * problem.has_participation_constraint
    upper[low:high], upper[high:side] = dearest * limited[0], dearest * limited[1]
    upper[profit] = dearest if terms.minimum_profit is not None else 0.0
    upper[spare], lower = float(room), np.zeros(total)
    upper[worth_of:], lower[worth_of:] = np.inf, -np.inf
    goal = np.zeros(total)
    if room:
        goal[spare] = -1.0
    else:
        worth = np.where(limited, problem.transfer_limits, 0.0)
        goal[ir:low] = -problem.reservation_utility if problem.has_participation_constraint else 0.0
        goal[low:high], goal[high:side] = -worth[0], worth[1]
        goal[side:profit], goal[profit] = rows.limit, -(terms.minimum_profit or 0.0)
        goal[worth_of:] = size
    solve: Any = linprog
    excess: Any = _matrix(virtual, n_types * n_goods, total)
    below, limit = _beside_ends(excess, -fixed.ravel() / size, ends, (spare, share.ravel()), (worth_of, counts))
    closed: Any = _matrix(flow, n_types, total)
    through: Any = social - weights * terms.profit_weight
    if room and terms.function is not None:  # prices to be mixed in may count utilities at another rate, if at any
        least = LEAST_RATE * np.maximum(social, 0.0) - weights * terms.profit_weight
        below, limit, closed, through = vstack([below, -closed]), np.append(limit, -least), None, None
    found = solve(
        goal / (float(np.abs(goal).max()) or 1.0),
        A_ub=below,
        b_ub=limit,
        A_eq=closed,
        b_eq=through,
        bounds=np.column_stack([lower, upper]),
        method="highs",
        options=TIGHT,
    )
    if found.x is None or found.x[spare] < LEAST_ROOM * room:
        return None
    x = found.x
    return replace(
        no_multipliers(problem),
        ic=csr_array((x[ic:ir], (tempted, tempter)), shape=(n_types, n_types)),
        ir=x[ir:low],
        transfer=x[low:high] - x[high:side],
        side=x[side:profit],
        profit=float(x[profit]),
        worst_off=given.worst_off,
    )


def _beside_ends(
    excess: Any, limit: Array, ends: list[Array], room: tuple[int, Array], worth: tuple[int, Array]
) -> tuple[Any, Array]:
    """Rows that keep `excess` - `limit` from paying where a good has no end, and say what it is worth where it has one.

    Parameters
    ----------
    excess, limit : of every type and good, (n_cells, n_columns) and (n_cells,)
    ends : least and largest amount of every cell
    room : the column of what it must be away from paying, and how much of that counts, (n_cells,)
    worth : the first column of worths, and which cells have one
    """
    (spare, share), (first, counts) = room, worth
    matrices, limits = [], []
    for end, way in zip(ends, (-1.0, 1.0), strict=True):
        endless = np.flatnonzero(np.isinf(end))
        both = (np.isinf(ends[0]) & np.isinf(ends[1]))[endless]
        apart = _matrix(
            [(np.arange(len(endless)), np.full(len(endless), spare), share[endless] * ~both)],
            len(endless),
            excess.shape[1],
        )
        matrices.append(way * excess[endless] + apart)
        limits.append(way * limit[endless])
        stops = np.flatnonzero(np.isfinite(end) & counts)
        column = first + np.cumsum(counts)[stops] - 1
        own = _matrix([(np.arange(len(stops)), column, np.ones(len(stops)))], len(stops), excess.shape[1])
        matrices.append(excess[stops].multiply(end[stops][:, np.newaxis]) - own)
        limits.append(end[stops] * limit[stops])
    return vstack(matrices, format="csr"), np.concatenate(limits)


Entries = tuple[Any, Any, Any]  # rows, columns and entries, (n,) each


def _block(row: Any, column: Any, entry: Array) -> Entries:
    """Rows, columns and entries of a part of a matrix, all of the entries' shape."""
    return tuple(np.broadcast_to(part, entry.shape).ravel() for part in (row, column, entry))  # type: ignore[return-value]


def _matrix(parts: list[Entries], n_rows: int, n_columns: int) -> csr_array:
    row, column, entry = (np.concatenate(each) for each in zip(*parts, strict=True))
    return coo_array((entry, (row.astype(np.intp), column.astype(np.intp))), shape=(n_rows, n_columns)).tocsr()

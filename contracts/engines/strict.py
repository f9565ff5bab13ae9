"""A menu whose constraints hold with room to spare: what every numerical menu is mixed with to become exact."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from scipy.sparse import vstack

from contracts.engines.candidate import units_of
from contracts.engines.program import Rows
from contracts.inputs.arrays import Array, Indices
from contracts.inputs.frozen import dataclass
from contracts.numerics.conic import run
from contracts.problem.costs import finite_range
from contracts.problem.domains import Box, Simplex, ends_of, is_lottery
from contracts.problem.screening import ScreeningProblem

LEAST_ROOM = 1e-8  # common slack, in the program's units, that a solver can tell from none
ROOMLESS = 1e-4  # share of the largest price above which a row is known to have no room
EXCUSES = 8  # rounds of excusing rows without room


@dataclass(frozen=True, eq=False)
class StrictMenu:
    """Allocation and utility whose IC slack between types of different taste is positive."""

    allocation: Array  # (n_types, n_goods)
    utility: Array  # (n_types,)
    roomless: Rows | None = None  # rows that hold with equality in every menu, in the units of the program


def strict_menu(problem: ScreeningProblem) -> StrictMenu | None:
    """A strictly IC and IR menu, in closed form where there is one; None where none exists."""
    problem = problem if problem.ambiguity is None else problem.under(problem.weights)  # IC and IR know no weights
    if problem.is_plain:
        return gradient_menu(problem)
    ellipsoid = _ellipsoid_menu(problem) if problem.mimics is None else None  # it has no room between equal tastes
    return _roomiest_menu(problem) if ellipsoid is None else ellipsoid


def _ellipsoid_menu(problem: ScreeningProblem) -> StrictMenu | None:
    """Without money, over lotteries: every type's favourite point of one ellipsoid around the outside option.

    With the covariance S of the outside lottery p, type i is given p + alpha S a_i / |a_i|_S, which maximises its
    utility on {p + S^1/2 y : |y| <= alpha}. So nobody wants another's, strictly where tastes differ in direction, and
    everybody gains on p itself.
    """
    centre = problem.outside_option
    applies = problem.transfers == "none" and not problem.has_rows and problem.terms.minimum_profit is None
    lotteries = is_lottery(problem.domain)
    if not applies or not lotteries or centre is None or not np.all(centre > 0):
        return None
    taste = problem.valuations - (problem.valuations @ centre)[:, np.newaxis]
    length = np.sqrt((taste**2) @ centre)
    taste = taste / np.where(length > 0, length, 1.0)[:, np.newaxis]
    alpha = 0.5 / max(float(np.abs(taste).max()), 1.0)
    allocation = problem.domain.clip(centre * (1 + alpha * taste))
    return StrictMenu(allocation, np.einsum("ij,ij->i", problem.valuations, allocation))


def gradient_menu(problem: ScreeningProblem) -> StrictMenu:
    """u(a) = centre . a + alpha |a - mean|^2 / 2 + constant is convex, so its gradient implements it (Rochet 1987).

    Type i loses alpha |a_i - a_j|^2 / 2 by taking the contract of j.
    """
    units = units_of(problem)
    centre, radius, size = _roomy_ball(problem, units.allocation)
    taste = problem.valuations - problem.valuations.mean(axis=0)
    if isinstance(problem.domain, Simplex):  # lotteries move along the simplex: only relative tastes count
        taste = taste - taste.mean(axis=1, keepdims=True) * (not problem.domain.free_disposal)
    largest = float(np.linalg.norm(taste, axis=1).max())
    alpha = 0.0 if largest == 0 else 0.9 * size * radius / largest
    allocation = size * centre + alpha * taste
    utility = problem.valuations @ (size * centre) + alpha * (taste**2).sum(axis=1) / 2
    room = alpha * largest**2 / 2 + size * radius * largest + units.money * 1e-3
    short = (problem.reservation_utility - utility).max() if problem.has_participation_constraint else 0.0
    utility = utility + float(short) + room
    return StrictMenu(problem.domain.clip(allocation), utility)


def _roomy_ball(problem: ScreeningProblem, unit: float) -> tuple[Array, float, float]:
    """Centre and radius of a ball in the domain where costs are finite, and the size that both are measured in."""
    goods, domain = problem.n_goods, problem.domain
    size = 1.0 if domain.bounded else unit
    lowest, highest = (end / size for end in finite_range(problem.cost, goods))
    if domain.bounded or (np.isinf(lowest) & np.isinf(highest)).all():
        return *domain.scaled(size).interior(goods), size
    least, most = ends_of(domain, goods) or (0.0, np.inf)
    lower, upper = np.maximum(least / size, lowest), np.minimum(most / size, highest)
    lower = np.where(np.isfinite(lower), lower, np.minimum(upper - 2.0, -1.0))
    upper = np.where(np.isfinite(most), upper, np.minimum(upper, lower + 2.0))
    return *Box(lower, upper).interior(goods), size


def roomiest_sharing(problem: ScreeningProblem, contract: Indices) -> StrictMenu | None:
    """A strict menu in which types share contracts as told, 0 being the outside contract; None where none exists."""
    return _roomiest_menu(problem if problem.ambiguity is None else problem.under(problem.weights), contract)


def _roomiest_menu(problem: ScreeningProblem, contract: Indices | None = None) -> StrictMenu | None:
    """The menu with the largest common slack, by cvxpy programs over the rows of the reference engine.

    Where some rows can have no room, the largest common slack is nothing, and the prices of the program are of rows
    whose slacks, weighed with them, add up to nothing for every menu: none of these rows ever has room (Farkas). They
    are excused, and the others are asked again.
    """
    import cvxpy as cp

    from contracts.engines.program import OUTSIDE, menu_program

    program = menu_program(problem, contract)
    lowest, highest = problem.transfer_limits
    needs = _can_gain(problem) * (program.contract != OUTSIDE)
    limits = float(highest > lowest) * needs
    rooms = [_room_per_pair(problem, program.tempted, program.tempter), needs, limits, limits, _one_sided(problem)]
    parts = (program.ic, *program.soft)
    for _ in range(EXCUSES):
        point, allocation, utility = program.variables()
        slack = cp.Variable()
        rows = [part.at_least(point, slack * room[: len(part)]) for part, room in zip(parts, rooms, strict=True)]
        budget = []
        required = problem.terms.minimum_profit
        if required is not None:
            spent, costing = program.spent(allocation)
            budget = [program.profit(allocation, utility, spent) >= required / program.units.money + slack, *costing]
        constraints = [slack <= 1, *program.domain_constraints(allocation), *itertools.chain(*rows), *budget]
        constraints += program.sharing(allocation, utility)
        run(cp.Problem(cp.Maximize(slack), constraints))
        if point.value is None:
            return None
        if slack.value > LEAST_ROOM:
            return StrictMenu(*program.read(np.asarray(point.value)), _roomless(parts, rooms, np.asarray(point.value)))
        prices = [np.asarray(row[0].dual_value) if row else np.zeros(0) for row in rows]
        asked = [price[room[: len(price)] > 0] for price, room in zip(prices, rooms, strict=True)]
        dearest = max(float(price.max(initial=0.0)) for price in asked)  # those excused already may cost anything
        rooms = [
            np.where(price > ROOMLESS * dearest, 0.0, room[: len(price)])
            for price, room in zip(prices, rooms, strict=True)
        ]
    return None


def _roomless(parts: tuple[Rows, ...], rooms: list[Array], point: Array) -> Rows:
    """The rows that were given no room and have none."""
    tight = [
        np.flatnonzero((room[: len(part)] == 0) & (np.abs(part.matrix @ point - part.limit) <= LEAST_ROOM))
        for part, room in zip(parts, rooms, strict=True)
    ]
    matrices = [part.matrix[which] for part, which in zip(parts, tight, strict=True)]
    limits = [part.limit[which] for part, which in zip(parts, tight, strict=True)]
    return Rows(vstack(matrices, format="csr"), np.concatenate(limits))


def _can_gain(problem: ScreeningProblem) -> Array:
    """1 for types that some contract would leave better off than none, 0 for those that need no room; (n_types,)."""
    if problem.transfers == "none":  # a type that likes everything equally has no room
        return (np.ptp(problem.valuations, axis=1) > 0).astype(float)
    with np.errstate(invalid="ignore"):
        worth = problem.valuations * problem.domain.support(problem.valuations)
    most = np.where(problem.valuations == 0, 0.0, worth).sum(axis=1)
    return (most - problem.transfer_limits[0] > problem.reservation_utility).astype(float)


def robustly_strict(problem: ScreeningProblem, contract: Indices) -> StrictMenu | None:
    """The menu with the largest common slack at every valuation in the sets, types sharing contracts as told.

    Parameters
    ----------
    contract : (n_types,) number of the contract that each type takes; 0 is the outside contract

    Returns
    -------
    None if there is no slack to be had
    """
    import cvxpy as cp

    from contracts.engines.program import OUTSIDE, menu_program

    program = menu_program(problem, contract)
    point, allocation, utility = program.variables()
    ic_margin, ir_margin, reaches = program.margins(point)
    slack = cp.Variable()
    stays = contract != OUTSIDE
    constraints: list[Any] = [slack <= 1, *program.domain_constraints(allocation), *reaches]
    constraints += [*program.sharing(allocation, utility), *program.ic.at_least(point, ic_margin + slack)]
    if not problem.domain.bounded:
        constraints += [allocation <= 2, allocation >= -2]  # slack grows with the allocations: keep them to size
    if stays.any():
        room = float(problem.transfers != "none" or problem.outside_option is not None)
        rows = program.ir.matrix @ point - program.ir.limit - ir_margin
        constraints.append(rows[stays] >= slack * room)
    lowest, highest = problem.transfer_limits
    for rows in (program.lowest, program.highest):
        constraints += rows.at_least(point, slack * float(highest > lowest) * stays)
    constraints += program.side.at_least(point, slack * _one_sided(problem))
    required = problem.terms.minimum_profit
    if required is not None:
        spent, costing = program.spent(allocation)
        least = required / program.units.money + slack
        constraints += [program.profit(allocation, utility, spent) >= least, *costing]
    roomiest = cp.Problem(cp.Maximize(slack), constraints)
    run(roomiest)
    if point.value is None or slack.value <= 0:
        return None
    return StrictMenu(*program.read(np.asarray(point.value)))


def _room_per_pair(problem: ScreeningProblem, tempted: Any, tempter: Any) -> Array:
    """How much slack a pair can have at all: the squared distance of tastes, of their directions without money.

    Where the one can mimic the other, but not the other way round, it may just as well be given more.
    """
    taste = problem.valuations
    if problem.transfers == "none":
        if is_lottery(problem.domain):
            taste = taste - taste.mean(axis=1, keepdims=True)
        length = np.linalg.norm(taste, axis=1, keepdims=True)
        taste = taste / np.where(length > 0, length, 1.0)
    distance = ((taste[tempted] - taste[tempter]) ** 2).sum(axis=1)
    widest = float((np.ptp(taste, axis=0) ** 2).sum())  # of any pair, listed or not
    room = np.asarray(distance / max(widest, 1e-300))
    if problem.mimics is not None:
        room = np.where(problem.mimics[tempter, tempted], room, 1.0)
    return room


def _one_sided(problem: ScreeningProblem) -> Array:
    """1 for rows that can have room, 0 for the two halves of an equation."""
    return np.asarray(~problem.side_rows.is_equation, dtype=np.float64)

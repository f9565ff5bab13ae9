"""From allocations and who is meant to have which to an exact menu: transfers that keep everybody in place."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from scipy.optimize import linprog

from contracts.engines.candidate import units_of
from contracts.exact.rationals import EPS, UNDERFLOW
from contracts.inputs.arrays import Array, Indices
from contracts.inputs.frozen import dataclass
from contracts.menu.offers import ExactMenu
from contracts.problem.domains import is_lottery
from contracts.problem.screening import ScreeningProblem
from contracts.proof.bound import Bound
from contracts.proof.kinds import Kind
from contracts.proof.verify import Contracts
from contracts.repair.assign import assigned, is_feasible
from contracts.repair.indifference import doubles

STEPS = (1e-11, 1e-9, 1e-7)  # units of allocation, by which options move to where there is room for a price
FINE = 2.0**-26  # of a unit: what is left of amounts where types of one taste are kept exactly indifferent


@dataclass(frozen=True, eq=False)
class Standing:
    """What stands on every menu: options that stay, and the outside contract last, in the goods of the program."""

    allocations: Array  # (m, n_goods)
    transfers: Array  # (m,)
    n_fixed: int
    lowest: Array  # (n_types,) limits on the transfers of options to find
    highest: Array  # (n_types,)

    @property
    def fixed(self) -> Contracts:
        """Without the outside contract."""
        return self.allocations[: self.n_fixed], self.transfers[: self.n_fixed]


def standing(problem: ScreeningProblem, kind: Kind) -> Standing:
    """What stands on every menu of a kind."""
    program = problem.program
    fixed = np.zeros((0, program.n_goods + 1)) if kind.fixed is None else kind.fixed
    allocations = np.pad(fixed[:, :-1], ((0, 0), (0, program.n_goods - fixed.shape[1] + 1)))
    return Standing(*program.outside.beside(allocations, fixed[:, -1]), len(fixed), *problem.limits_by_type)


def floor_of(program: ScreeningProblem, stays: Standing) -> Array:
    """Utility that every type has in any case: its reservation utility, or the best of what stands; (n_types,)."""
    worth = program.valuations @ stays.allocations.T - stays.transfers
    return np.asarray(np.maximum(program.reservation_utility, worth.max(axis=1, initial=-np.inf)))


def best_exact(
    program: ScreeningProblem,
    stays: Standing,
    allocations: Array,
    own: Indices,
    near: Array,
    bound: Bound,
    gap: float,
) -> ExactMenu | None:
    """The most valuable exact menu of these allocations, everybody given its exactly best one; None if there is none.

    Parameters
    ----------
    allocations : (m, n_goods) of the options that are priced
    own : (n_types,) which one each type is meant to have: one of those, or, from m on, of those that stand
    near : (m,) transfers that a solver found
    """
    found = []
    for amounts, transfers in _candidates(program, stays, allocations, own, near):
        listed = np.vstack([amounts, stays.fixed[0]]), np.append(transfers, stays.fixed[1])
        menu = assigned(program, listed, bound, gap)
        if is_feasible(menu.certificate):
            found.append(menu)
    return max(found, key=lambda menu: menu.certificate.value, default=None)


def _beside(program: ScreeningProblem, stays: Standing, allocations: Array, own: Indices, step: float) -> Array | None:
    """Allocations within a step of these, where who is meant to have them, and nobody else, has most room to want them.

    An option may be pinned between those that take it and those that keep what stands: both are indifferent, no float
    lies between them, and only another amount makes room. With who has what given, all of it is linear in (x, t).
    """
    (count, goods), standing = allocations.shape, len(stays.transfers)
    own_row = np.hstack([program.valuations, -np.ones((program.n_types, 1))])  # what a type gets of (x, t)
    gets = np.zeros((program.n_types, count + standing, count * (goods + 1)))
    for option in range(count):
        gets[:, option, option * (goods + 1) : (option + 1) * (goods + 1)] = own_row
    known = np.zeros((program.n_types, count + standing))
    known[:, count:] = program.valuations @ stays.allocations.T - stays.transfers
    who = np.arange(program.n_types)
    other = own[:, np.newaxis] != np.arange(count + standing)
    other &= (own < count)[:, np.newaxis] | (np.arange(count + standing) < count)  # nothing moves what stands
    rows = (gets - gets[who, own][:, np.newaxis])[other]
    limits = (known[who, own][:, np.newaxis] - known)[other]
    bound_to = (own < count) & np.isfinite(program.reservation_utility)
    rows = np.vstack([rows, -gets[who, own][bound_to]])
    limits = np.append(limits, -program.reservation_utility[bound_to])
    least, most = (program.domain.clip(allocations + sign * step) for sign in (-1.0, 1.0))
    totals = None
    if is_lottery(program.domain):
        least, most = np.maximum(allocations - step, 0.0), allocations + step
        totals = np.kron(np.eye(count), np.append(np.ones(goods), 0.0))
    # in steps from what is there, since a solver does not see less than a billionth
    at = np.hstack([allocations, np.zeros((count, 1))]).ravel()
    lower, upper = (np.hstack([(side - allocations) / step, np.full((count, 1), np.inf * sign)]).ravel()
                    for side, sign in ((least, -1.0), (most, 1.0)))  # fmt: skip
    answer = linprog(
        np.append(np.zeros(len(at)), -1.0),
        np.hstack([rows, np.ones((len(rows), 1))]),
        (limits - rows @ at) / step,
        None if totals is None else np.hstack([totals, np.zeros((count, 1))]),
        None if totals is None else np.zeros(count),
        [*zip(lower, upper, strict=True), (0.0, None)],
    )
    if answer.x is None or answer.status != 0:
        return None
    moved = answer.x[:-1].reshape(count, goods + 1)[:, :-1]
    return np.asarray(program.domain.clip(allocations + step * moved))


def _candidates(
    program: ScreeningProblem, stays: Standing, allocations: Array, own: Indices, near: Array
) -> Iterator[Contracts]:
    """Contracts to try: at the highest transfers that keep takers in place, by a hair and without, and near others.

    Types of one taste that are meant to have different options must be exactly indifferent: for these amounts and
    transfers have few digits, too.
    """
    no_limit = np.full(len(near), np.inf)
    in_place = False
    for limit in (no_limit, near):
        for hairs in (1.0, 0.0):
            found = highest_transfers(program, stays, allocations, own, limit, hairs)
            if found is not None:
                in_place |= _all_stay(program, stays, allocations, own, found)
                yield allocations, found
    for step in () if in_place or not stays.n_fixed or not len(near) else STEPS:
        moved = _beside(program, stays, allocations, own, step * units_of(program).allocation)
        found = None if moved is None else highest_transfers(program, stays, moved, own, no_limit, 1.0)
        if moved is not None and found is not None and _all_stay(program, stays, moved, own, found):
            yield moved, found
            break
    if doubles(program) is not None:
        units = units_of(program)
        amounts = program.domain.clip(_rounded(np.round, allocations, units.allocation))
        for limit in (no_limit, near):
            found = highest_transfers(program, stays, amounts, own, limit, 0.0, units.money)
            if found is not None:
                yield amounts, found
    yield allocations, np.zeros(len(near)) if program.transfers == "none" else near


def _all_stay(program: ScreeningProblem, stays: Standing, allocations: Array, own: Indices, transfers: Array) -> bool:
    """Whether those who keep what stands prefer it to options at these transfers."""
    keeps = own >= len(transfers)
    taste = program.valuations[keeps]
    kept = (taste @ stays.allocations.T - stays.transfers)[np.arange(len(taste)), own[keeps] - len(transfers)]
    return bool(np.all(taste @ allocations.T - transfers <= kept[:, np.newaxis]))


def _rounded(rounding: Callable[[Array], Array], numbers: Array, unit: float) -> Array:
    """Numbers to a few binary digits of a unit."""
    return np.asarray(rounding(numbers / (unit * FINE)) * (unit * FINE))


def highest_transfers(
    program: ScreeningProblem,
    stays: Standing,
    allocations: Array,
    own: Indices,
    limit: Array,
    hairs: float,
    money: float = 0.0,
) -> Array | None:
    """The highest transfers of the options, at most `limit`, at which whoever is meant to have one takes it; (m,).

    Types who keep what stands set no limit here, and may prefer an option at these transfers: `_all_stay` says whether
    they do. Transfers are shortest paths: t_m <= t_k + min over those meant to have m of a . (x_m - x_k), less hairs of
    rounding. None where there are none, or the limits on transfers of those meant to have them do not allow them. With
    `money`, its unit, paths start at transfers of few digits.
    """
    count = len(allocations)
    every = np.vstack([allocations, stays.allocations])
    worth, size = program.valuations @ every.T, np.abs(program.valuations) @ np.abs(every).T
    who = np.arange(program.n_types)
    mine = worth[who, own]
    hair = hairs * 8 * (program.n_goods + 3) * EPS
    spare = mine[:, np.newaxis] - worth - hair * (size + size[who, own][:, np.newaxis]) - hairs * UNDERFLOW
    floor = np.where(np.isfinite(program.reservation_utility), program.reservation_utility, -np.inf)
    top = np.minimum(
        mine - floor - hair * (size[who, own] + np.where(np.isfinite(floor), np.abs(floor), 0.0)), stays.highest
    )
    room, ceiling = np.full((count, len(every)), np.inf), limit.copy()
    least = np.full(count, -np.inf)
    priced = own < count
    np.minimum.at(room, own[priced], spare[priced])
    np.minimum.at(ceiling, own[priced], top[priced])
    np.maximum.at(least, own[priced], stays.lowest[priced])
    np.fill_diagonal(room, np.inf)
    if money:
        ceiling = _rounded(np.floor, ceiling, money)
    room = room - hair * float(np.abs(ceiling[np.isfinite(ceiling)]).max(initial=0.0))
    transfers = np.append(ceiling, stays.transfers)
    for _ in range(count + 1):
        less = np.minimum(transfers[:count], (room + transfers).min(axis=1, initial=np.inf))
        if np.array_equal(less, transfers[:count]):
            fits = np.isfinite(less).all() and np.all(less >= least)
            return less if fits else None
        transfers = np.append(less, stays.transfers)
    return None

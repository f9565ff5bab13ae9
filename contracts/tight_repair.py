"""Repairs of menus some of whose constraints cannot have room: to the last digit, for few types.

Equal treatment, a good forbidden, twins who must be indifferent: such constraints hold with equality in every menu, so
no mixture gives them room. Amounts next to an edge of the domain are put on it, the constraints that can have room
are given some, and transfers are the highest ones, no higher than the mixture's, at which nobody moves: shortest paths
in whole numbers, rounded down to a float at every step. That costs a rounding error per step, where repricing with a
hair costs ten, and nothing at all where indifference can be said in floats.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from contracts.arrays import Array
from contracts.certificate import Contracts
from contracts.domains import Box, Simplex
from contracts.engines.candidate import Candidate, units_of
from contracts.engines.program import Rows
from contracts.engines.strict import StrictMenu
from contracts.exact import as_integers, binary_places
from contracts.mixing import mixed
from contracts.problem import ScreeningProblem
from contracts.repricing import contracts_of

FEW_TYPES = 60  # whose utilities from one another's contracts are worth whole numbers
EDGES = (1e-6, 1e-9, 0.0)  # share of their unit by which amounts may miss an edge, or one another
SHARES = (0.0, 1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5)
ROUNDS = 3  # of shortest paths, per contract


def tight_repairs(problem: ScreeningProblem, candidate: Candidate, strict: StrictMenu | None) -> Iterator[Contracts]:
    """Mixtures on the edges of the domain, repriced exactly; contracts (n_types,), or none for many types."""
    if problem.n_types > FEW_TYPES:
        return
    for edge in EDGES:
        for share in SHARES if strict is not None else SHARES[:1]:
            allocation, utility = candidate.allocation, candidate.utility
            if strict is not None:
                allocation, utility = mixed(problem, candidate, strict, share)
            allocation = on_edges(problem, allocation, edge)
            if strict is not None and strict.roomless is not None:
                allocation, utility = on_equations(problem, strict.roomless, allocation, utility)
            found = contracts_of(problem, allocation, utility)
            yield found
            if problem.transfers != "none":
                repriced = exactly_repriced(problem, *found)
                if repriced is not None:
                    yield repriced


def on_edges(problem: ScreeningProblem, allocation: Array, width: float) -> Array:
    """Amounts within `width` units of an edge of the domain, or of one another, made equal; (n_types, n_goods)."""
    cell = width * units_of(problem).allocation
    if cell == 0:
        return allocation
    edges = [problem.domain.lower, problem.domain.upper] if isinstance(problem.domain, Box) else [np.zeros(())]
    if problem.outside_contract is not None:
        edges.append(problem.outside_contract)
    moved = allocation
    for edge in edges:
        moved = np.where(np.abs(moved - edge) <= cell, edge, moved)
    columns = []
    for good in moved.T:
        order = np.argsort(good, kind="stable")
        run = np.cumsum(np.append(True, np.diff(good[order]) > cell)) - 1
        least = good[order][np.unique(run, return_index=True)[1]]
        column = np.empty_like(good)
        column[order] = least[run]
        columns.append(column)
    return problem.domain.clip(np.column_stack(columns))


def on_equations(problem: ScreeningProblem, rows: Rows, allocation: Array, utility: Array) -> tuple[Array, Array]:
    """The nearest menu at which rows without room hold with equality; amounts on an edge of the domain stay there."""
    units, domain, shape = units_of(problem), problem.domain, allocation.shape
    matrix, limit = rows.matrix.toarray(), rows.limit
    if isinstance(domain, Simplex) and not domain.free_disposal:
        sums = np.kron(np.eye(shape[0]), np.ones(shape[1]))
        matrix = np.vstack([matrix, np.hstack([sums, np.zeros((shape[0], shape[0]))])])
        limit = np.append(limit, np.ones(shape[0]))
    free = np.ones(matrix.shape[1], dtype=bool)
    free[: allocation.size] = ~_is_on_edge(problem, allocation).ravel()
    point = np.append(allocation.ravel() / units.allocation, (utility - units.shift) / units.money)
    for _ in range(2):  # the second time takes away what the first one's rounding left
        point[free] += np.linalg.lstsq(matrix[:, free], limit - matrix @ point, rcond=None)[0]
    moved = point[: allocation.size].reshape(shape) * units.allocation
    return domain.clip(moved), point[allocation.size :] * units.money + units.shift


def _is_on_edge(problem: ScreeningProblem, allocation: Array) -> NDArray[np.bool_]:
    if isinstance(problem.domain, Box):
        return np.asarray((allocation == problem.domain.lower) | (allocation == problem.domain.upper))
    return np.asarray(allocation == 0)


def exactly_repriced(problem: ScreeningProblem, allocation: Array, near: Array) -> Contracts | None:
    """The highest transfers up to `near` that are floats and keep every type at its contract, decided exactly.

    None where rounding down goes on for ever: a circle of types must be indifferent, and floats cannot say it.
    """
    allocations, contract = np.unique(allocation, axis=0, return_inverse=True)
    contract = contract.reshape(-1)
    outside = problem.outside_contract
    home = -1
    if outside is not None:
        found = np.flatnonzero((allocations == outside).all(axis=1))
        home = int(found[0]) if found.size else -1
    if home >= 0 and near[contract == home].min() < 0:
        home = -1  # its takers are paid: a contract like any other
    values, amounts = binary_places(problem.valuations), binary_places(allocations)
    highest = problem.transfer_limits[1]
    limit = np.array([highest if np.isfinite(highest) else 0.0])
    places = max(values + amounts, *map(binary_places, (near, problem.reservation_utility, limit)))
    worth = as_integers(problem.valuations, values) @ as_integers(allocations, amounts).T
    worth = worth * (1 << (places - values - amounts))
    own = worth[np.arange(problem.n_types), contract]
    leaving = as_integers(problem.reservation_utility, places)
    if outside is not None:
        leaving = (as_integers(problem.valuations, values) @ as_integers(outside, binary_places(outside))) * (
            1 << (places - values - binary_places(outside))
        )
    ceiling = as_integers(near, places)
    ceiling = np.minimum(ceiling, own - leaving)
    if np.isfinite(highest):
        ceiling = np.minimum(ceiling, int(as_integers(limit, places)[0]))
    count = len(allocations)
    room = own[:, np.newaxis] - worth
    gaps = [np.minimum.reduce(room[contract == m]) for m in range(count)]
    price = [_below(min(ceiling[contract == m]), places) for m in range(count)]
    if home >= 0:
        price[home] = 0
    for _ in range(ROUNDS * count + 1):
        moved = False
        for m in range(count):
            if m == home:
                continue
            most = min((price[k] + gaps[m][k] for k in range(count) if k != m), default=price[m])
            if most < price[m]:
                price[m], moved = _below(most, places), True
        if not moved:
            break
    else:
        return None
    transfers = np.array([float(Fraction(int(p), 1 << places)) for p in price])
    return allocations[contract], np.maximum(transfers, problem.transfer_limits[0])[contract]


def _below(whole: int, places: int) -> int:
    """The largest float not above whole / 2^places, times 2^places."""
    exact = Fraction(int(whole), 1 << places)
    nearest = float(exact)
    if Fraction(nearest) > exact:
        nearest = float(np.nextafter(nearest, -np.inf))
    numerator, denominator = nearest.as_integer_ratio()
    return numerator * (1 << places) // denominator

"""Twins who share a contract: what is left to offer where floats cannot say that they are indifferent between two.

Types of one taste whom the principal or a row tells apart get different contracts in the best menu, and each of them is
indifferent between the two. Where no floats say so, the best menu that gives them one contract comes next, or one that
gives it to those who are served and leaves the others out, which costs a sliver. Prices of the problem itself bound it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from contracts.engines import reference
from contracts.engines.candidate import Candidate, units_of
from contracts.errors import ContractError, SolverError
from contracts.inputs.arrays import Array, Indices
from contracts.menu.menu import Menu
from contracts.problem.screening import ScreeningProblem
from contracts.repair.lattice import twin_groups

FEW_TYPES = 150  # whose program has the rows of all pairs
FEW_GROUPS = 4  # of twins that are also left apart, one group at a time
LEFT_OUT = 1e-6  # units of allocation from the outside contract within which a type is left out


def with_twins_sharing(
    problem: ScreeningProblem, allocation: Array, certified: Callable[[Candidate], Menu], deadline: float
) -> Menu | None:
    """The best menu in which twins share contracts, if it can be certified; None if there are no twins.

    All of them share at first; then every group for itself is left apart, or only those who are served share, and that
    stays if the menu gains by it.

    Parameters
    ----------
    allocation : (n_types, n_goods) of the program in which nobody shares, which says who is served
    certified : raises SolverError, with the menu that was reached, for candidates that lead to none

    Raises
    ------
    SolverError
        With the best exact menu that was reached.
    """
    groups = twin_groups(problem, allocation) if problem.n_types <= FEW_TYPES else []
    if not groups:
        return None
    sharing = groups
    best = _tried(problem, sharing, certified, deadline)
    for number, group in enumerate(groups if len(groups) <= FEW_GROUPS else []):
        for part in _parts(problem, group, allocation):
            if isinstance(best, Menu):
                return best
            trial = [*sharing[:number], part, *sharing[number + 1 :]]
            found = _tried(problem, trial, certified, deadline)
            if isinstance(found, Menu) or _worth(found) > _worth(best):
                best, sharing = found, trial
    if isinstance(best, Menu):
        return best
    raise best


def _parts(problem: ScreeningProblem, group: Indices, allocation: Array) -> list[Indices]:
    """Whoever of a group of twins may share when not all do: those who are served, or nobody."""
    nobody = group[:0]
    if not problem.outside.is_contract:
        return [nobody]
    far = np.abs(allocation[group] - problem.outside.allocation).max(axis=1) > LEFT_OUT * units_of(problem).allocation
    return [nobody] if far.all() or far.sum() < 2 else [nobody, group[far]]


def _tried(
    problem: ScreeningProblem, sharing: list[Indices], certified: Callable[[Candidate], Menu], deadline: float
) -> Menu | SolverError:
    """The menu in which groups share contracts, or how far it got."""
    contract = np.arange(1, problem.n_types + 1)
    for group in sharing:
        contract[group] = contract[group[:1]]
    try:
        found = reference.solve(problem, deadline=deadline, contract=contract)
        return certified(replace(found, engine=f"{found.engine}, twins share contracts"))
    except SolverError as failure:
        return failure
    except ContractError as failure:  # nobody may share: the rows forbid it
        return SolverError(str(failure))


def _worth(failure: SolverError) -> float:
    return -math.inf if failure.reached is None else float(failure.reached.value)

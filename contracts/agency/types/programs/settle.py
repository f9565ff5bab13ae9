"""From a solver's contracts to a menu of floats that every type certainly obeys.

Types that may as well take another's contract for the same action, at no loss to the principal, take it: where
contracts coincide nothing can be left to spare between them. Other constraints are asked for ever more room until the
wages, as floats, keep all of them beyond doubt.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from contracts.agency.types.problem import AgencyProblem
from contracts.agency.types.programs.assigned import Assignment
from contracts.agency.types.programs.scales import Scales
from contracts.agency.types.responses import is_kept
from contracts.agency.wages.linear import rounded
from contracts.inputs.arrays import Array, Indices

SPARES = (0.0, 4e-10, 4e-9, 1e-7, 1e-6)  # room, in units of utility
SHARES = (1e-6, 1e-5, 1e-4, 1e-2, 1.0)  # of the way from contracts without room to those with some
DIGITS = (12, 15)  # of wages that are tried first, as somebody would write them
TIDY = (4, 6, 8)  # digits of wages that are tried last
INDIFFERENT = 1e-8  # share of the unit of utility by which contracts may differ and be as good
NO_LOSS = 1e-9  # share of the money that wages may cost more


class Settled(NamedTuple):
    """Contracts as floats, one a type."""

    wages: Array  # (n_types, n_outcomes)
    contract_of: Indices  # (n_types,)


def settled(
    problem: AgencyProblem, scales: Scales, actions: Indices, utilities: Array, enough: float
) -> Settled | None:
    """Contracts near the utilities found that implement actions beyond doubt; None if none were found."""
    everyone = np.arange(problem.n_types)
    shared = pooled(problem, scales, actions, utilities)
    partitions = [shared] if int(shared.max()) + 1 == problem.n_types else [shared, everyone]
    for contract_of in partitions:
        program = Assignment(problem, scales, actions, contract_of, enough)
        tight: Array | None = None
        for spare in SPARES:
            found = program.solve(spare)
            if found.utilities is None:
                break
            tight = found.utilities if tight is None else tight
            steps = [scales.wages(tight + share * (found.utilities - tight))[contract_of] for share in SHARES]
            tries = [rounded(steps[-1], digits) for digits in DIGITS] if spare == 0 and scales.is_linear else []
            tries = [
                one for one in tries if cost_of(problem, one, actions) <= cost_of(problem, steps[-1], actions) + enough
            ]
            tries += steps if spare > 0 else steps[-1:]
            kept = next((one for one in tries if is_kept(problem, one, everyone, actions)), None)
            if kept is not None:
                return Settled(tidied(problem, kept, actions), contract_of)
    return None


def pooled(problem: AgencyProblem, scales: Scales, actions: Indices, utilities: Array) -> Indices:
    """Which contract each type takes, numbered from 0, once types that do not mind share contracts."""
    everyone = np.arange(problem.n_types)
    own = problem.outcome_probabilities[everyone, actions]
    worth = own @ utilities.T  # [i, j]: of type i's action under contract j
    cost = own @ scales.cost(utilities).T
    alike = np.abs(worth - np.diag(worth)[:, np.newaxis]) <= INDIFFERENT * scales.unit
    alike &= cost <= np.diag(cost)[:, np.newaxis] + NO_LOSS * scales.money
    holder = everyone.copy()
    for who in everyone:
        if np.any(holder[everyone != who] == who):  # others have come to share this contract
            continue
        for other in np.unique(holder):
            if other != who and alike[who, other]:
                holder[who] = other
                break
    return np.asarray(np.unique(holder, return_inverse=True)[1])


def cost_of(problem: AgencyProblem, wages: Array, actions: Indices) -> float:
    """Expected wages over all types."""
    own = problem.outcome_probabilities[np.arange(problem.n_types), actions]
    return float((problem.weights[:, np.newaxis] * own * wages).sum())


def tidied(problem: AgencyProblem, wages: Array, actions: Indices) -> Array:
    """The same wages with few digits, if those are kept beyond doubt and cost no more; else as they are."""
    everyone, cost = np.arange(problem.n_types), cost_of(problem, wages, actions)
    for digits in TIDY:
        short = np.clip(rounded(wages, digits), problem.lowest_wage, problem.highest_wage)
        if cost_of(problem, short, actions) <= cost and is_kept(problem, short, everyone, actions):
            return np.asarray(short)
    return wages

"""Repairs of menus that must be IC and IR at every valuation of every type's set.

Types whose sets overlap share one contract; sets that touch leave no room between their types, which exact arithmetic
needs none of; elsewhere a menu with room at every valuation is mixed in.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from contracts.engines.candidate import Candidate, units_of
from contracts.engines.program import OUTSIDE
from contracts.engines.strict import robustly_strict
from contracts.exact.rationals import utility_error
from contracts.exact.worst_case import worst_deviations, worst_participation_slacks
from contracts.inputs.arrays import Array, Indices
from contracts.problem.screening import ScreeningProblem
from contracts.proof.verify import Contracts
from contracts.repair.indifference import in_few_digits
from contracts.repair.mixing import LARGEST_MIXTURE, share_needed
from contracts.repair.repricing import contracts_of
from contracts.repair.sharing import lowest, pooled

POOLS = (1e-6, 1e-9, 1e-5, 1e-4, 1e-3)  # the same where types must be pooled, as far as flat optima leave them apart
ALLOCATION_DIGITS = (52, 30)  # binary, of allocations that are to leave types exactly indifferent; the second: 1e-9


def robust_repairs(problem: ScreeningProblem, candidate: Candidate) -> Iterator[Contracts]:
    """Types whose allocations nearly coincide are pooled for good: at some valuations they must be indifferent.

    Where an optimum is so flat that the solver leaves a pool visibly apart, the best menu with these pools is solved.
    """
    from contracts.engines import reference

    if problem.outside.is_contract:
        yield np.empty((0, problem.n_goods)), np.empty(0)
    known: list[Indices] = []
    for width in POOLS:
        contract = pools(problem, candidate, width)
        if any(np.array_equal(contract, other) for other in known):
            continue
        known.append(contract)
        found = _one_each(problem, contract, candidate.allocation, candidate.utility)
        yield found
        for digits in ALLOCATION_DIGITS:
            yield from robustly_repriced(problem, found[0], digits)
        strict = robustly_strict(problem, contract)
        if strict is None:
            continue
        if width > POOLS[0]:
            best = reference.solve(problem, contract=contract)
            found = _one_each(problem, contract, best.allocation, best.utility)
        roomy = _one_each(problem, contract, strict.allocation, strict.utility)
        share = robust_mixture_needed(problem, contract, found, roomy)
        if share < LARGEST_MIXTURE:
            allocation, paid = ((1 - share) * now + share * spare for now, spare in zip(found, roomy, strict=True))
            leaves = contract == OUTSIDE
            allocation[leaves] = found[0][leaves]
            yield problem.domain.clip(allocation), np.clip(paid, *problem.transfer_limits)


def pools(problem: ScreeningProblem, candidate: Candidate, width: float) -> Indices:
    """Number of the contract that each type takes if those within `width` units are one; 0 is the outside contract."""
    from scipy.sparse.csgraph import connected_components

    units = units_of(problem)
    paid = contracts_of(problem, candidate.allocation, candidate.utility)[1]
    places = np.column_stack([candidate.allocation / units.allocation, paid / units.money])
    apart = np.abs(places[:, np.newaxis] - places).max(axis=2)
    contract = connected_components(apart <= width, directed=False)[1] + 1
    if problem.outside.is_contract:
        leaves = np.abs(places - np.append(problem.outside.allocation / units.allocation, 0.0)).max(axis=1) <= width
        contract[np.isin(contract, contract[leaves])] = OUTSIDE
    return np.asarray(contract, dtype=np.intp)


def _one_each(problem: ScreeningProblem, contract: Indices, allocation: Array, utility: Array) -> Contracts:
    """One contract per pool, at the lowest of its transfers; (n_types,) of each."""
    shared = problem.domain.clip(pooled(contract, problem.weights, allocation))
    leaves = contract == OUTSIDE
    shared[leaves] = problem.outside.allocation
    return shared, np.where(leaves, 0.0, lowest(contract, contracts_of(problem, allocation, utility)[1]))


def robustly_repriced(problem: ScreeningProblem, allocation: Array, digits: int) -> Iterator[Contracts]:
    """The highest transfers at which nobody moves, whatever its valuation: shortest paths, without any rounding.

    Type i pays at most a_i . (x_i - x_j) - s_i(x_i - x_j) more than type j. Where two sets touch these limits meet, so
    no menu has room, and only allocations of few binary digits keep both to the last one. Boxes that share a face
    leave no room for differences along it either, which rounding to fewer digits takes away.
    """
    sets = problem.valuation_sets
    if problem.transfers == "none" or sets is None:
        return
    exact = in_few_digits(problem, allocation, np.append(problem.valuations, sets.factors), digits)
    if exact is None:
        return
    x, everybody = exact[0], np.arange(problem.n_types)

    def most(types: Indices, step: Array) -> Array:
        return np.einsum("ij,ij->i", problem.valuations[types], step) - sets.support(types, step)

    pairs = np.indices((problem.n_types, problem.n_types)).reshape(2, -1)
    more = most(pairs[0], x[pairs[0]] - x[pairs[1]]).reshape(problem.n_types, -1)
    paid = most(everybody, x - problem.outside.allocation) - problem.outside.utility
    for _ in everybody:
        before, paid = paid, np.minimum(paid, (paid + more).min(axis=1))
        if np.array_equal(before, paid):
            yield x, np.clip(paid, *problem.transfer_limits)
            return


def robust_mixture_needed(problem: ScreeningProblem, contract: Indices, found: Contracts, roomy: Contracts) -> float:
    """Smallest share of a roomy menu that keeps every constraint at every valuation: what is missed is convex in menus.

    The constraints are IC and IR, the minimum profit and the side constraints.
    """
    hair = 8 * utility_error(problem.valuations, *found)
    _, head, own = np.unique(contract, return_index=True, return_inverse=True)
    gains = [worst_deviations(problem, (menu[0][head], menu[1][head]), own).runner_up_gain for menu in (found, roomy)]
    slacks = [worst_participation_slacks(problem, *menu) for menu in (found, roomy)]
    over = [_over_expectations(problem, *menu) for menu in (found, roomy)]
    stays = contract != OUTSIDE
    shares = share_needed(gains[0] + hair, -gains[1]), share_needed((hair - slacks[0])[stays], slacks[1][stays])
    return max(*shares, share_needed(over[0] + float(problem.weights @ hair), -over[1]))


def _over_expectations(problem: ScreeningProblem, allocation: Array, transfer: Array) -> Array:
    """By how much the rows over all types are broken, the minimum profit last if there is one; negative is room."""
    rows, required = problem.side_rows, problem.terms.minimum_profit
    over = rows.activity(allocation, problem.utility(allocation, transfer)) - rows.limit
    if required is None:
        return over
    return np.append(over, required - problem.weights @ problem.payoff(allocation, transfer))

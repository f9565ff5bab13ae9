"""From a numerical menu to one that is exactly IC and IR, at the smallest loss.

By the taxation principle a finite list of contracts is a menu as soon as every type is given its exactly best one.
What can go wrong is the value: a solver's rounding lets a type slip to the wrong contract. Three repairs prevent it.

* Repricing: keep the allocations (bunched ones merged) and charge the highest transfers that keep every type in place
  by a hair: shortest paths over the contracts. Costs a few rounding errors where the allocations are implementable.
  Where the principal wants more than profit, the highest near those of the solver.
* Mixing: (1 - e) menu + e strict menu has e times the strict menu's slack on every constraint. Costs e times the
  distance to the strict menu, with e about the solver's violation over the slack.
* Nothing: the candidate as it is.

All are tried and the exact assignment decides which menu earns most.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from contracts.arrays import Array
from contracts.bounds import Bound
from contracts.certificate import Certificate, Contracts, certify, distinct_contracts
from contracts.domains import Simplex
from contracts.engines.candidate import Candidate, units_of
from contracts.engines.ironing import line_of
from contracts.engines.program import OUTSIDE
from contracts.engines.strict import StrictMenu, robustly_strict, strict_menu
from contracts.exact import EPS, UNDERFLOW, best_options, utility_error
from contracts.exact_robust import worst_deviations, worst_participation_slacks
from contracts.indifference import doubles, in_few_digits, indifferent
from contracts.problem import ScreeningProblem
from contracts.relevance import Indices, relevant_blocks, row_blocks

MERGERS = (1e-6, 1e-9)  # allocations closer than this share of their unit are one contract
FINEST_MERGER = 1e-13  # where amounts span many orders of magnitude
POOLS = (1e-6, 1e-9, 1e-5, 1e-4, 1e-3)  # the same where types must be pooled, as far as flat optima leave them apart
ALLOCATION_DIGITS = (52, 30)  # binary, of allocations that are to leave types exactly indifferent; the second: 1e-9
TWINS = 1e-8  # share of the largest valuation within which two types have one taste
MIXTURES = (0.0, 1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5)
ROOMIEST_TYPES = 200  # where the strict menu is a program over all pairs
LARGEST_MIXTURE = 0.1  # a larger share of the strict menu is no repair
REPRICED_CONTRACTS = 2500  # shortest paths are dense in the number of contracts
CACHED_ROWS = 64  # of a dense matrix that are worked on at a time
REPRICED_TYPES = 20_000  # and need every type's utility from each of them
BUDGET_ROUNDS = 8  # of raising all transfers alike: those at a type's outside option stay behind
CHAIN_PASSES = 60  # rounds of choosing which neighbours on a line keep contracts of their own
LARGEST_GAP = 1e-6  # relative; a menu this close is not repaired further, however large a gap was asked for
TRY_ALL_TYPES = 2000  # larger menus take the first repair that meets the gap
FEWER_OPTIONS_WORTH = 1e-3  # share of the requested gap that a menu with fewer, cleaner contracts may cost


@dataclass(frozen=True, eq=False)
class ExactMenu:
    """Contracts on offer and who takes which; the last contract is the outside contract where there is one."""

    contracts: Contracts
    option_of_type: Indices
    certificate: Certificate


def exact_menu(
    problem: ScreeningProblem, candidate: Candidate, bound: Bound, gap: float, deadline: float = np.inf
) -> ExactMenu:
    """The most valuable exact menu that the repairs of a candidate lead to; large ones stop at the first good one.

    After `deadline`, by time.monotonic(), the first repair that yields a menu ends the search, and so does an interrupt
    from the keyboard once there is a menu. Of a menu found by such a search, or of a candidate whose engine was
    stopped, no gap is asked.
    """
    stopped = not candidate.is_finished
    enough = min(gap, LARGEST_GAP) * (FEWER_OPTIONS_WORTH if problem.n_types <= TRY_ALL_TYPES else 1.0)
    tried: list[ExactMenu] = []
    try:
        for contracts in repairs(problem, candidate, deadline):
            tried.append(assigned(problem, contracts, bound, gap))
            certificate = tried[-1].certificate
            if certificate.holds and certificate.relative_gap <= enough:
                break
            if len(contracts[1]) and is_feasible(certificate) and time.monotonic() > deadline:
                stopped = True
                break
    except KeyboardInterrupt:
        stopped = True
        if not any(is_feasible(menu.certificate) for menu in tried):
            raise
    feasible = [menu for menu in tried if is_feasible(menu.certificate)]
    ranked = sorted(feasible or tried, key=lambda menu: -menu.certificate.value)
    best = ranked[0]
    spare = FEWER_OPTIONS_WORTH * min(gap, LARGEST_GAP) * best.certificate.scale
    close = [menu for menu in ranked if menu.certificate.value >= best.certificate.value - spare]
    chosen = min(close, key=lambda menu: len(menu.contracts[1]))
    if stopped and not chosen.certificate.holds:
        return replace(chosen, certificate=replace(chosen.certificate, requested_gap=np.inf))
    return chosen


def is_feasible(certificate: Certificate) -> bool:
    """Whether an exact assignment keeps every constraint; IC it keeps by construction where valuations are known."""
    return certificate.is_exact and not certificate.violations


def assigned(problem: ScreeningProblem, contracts: Contracts, bound: Bound, gap: float) -> ExactMenu:
    """Give every type its exactly best contract, the outside contract included."""
    (allocations, transfers), _ = distinct_contracts(*_with_outside(problem, contracts))
    best = best_options(problem.valuations, allocations, transfers, tie_break(problem, (allocations, transfers)))
    certificate = certify(problem, (allocations, transfers), best.option, bound, gap=gap, compared=best)
    return ExactMenu((allocations, transfers), best.option, certificate)


def tie_break(problem: ScreeningProblem, contracts: Contracts) -> Callable[[Indices, Indices], Array]:
    """What the objective gains from a type with an option, utility left out: in a tie it is equal."""
    allocations, transfers = contracts
    net, terms = transfers - problem.cost.value(allocations), problem.terms
    alone = terms.profit_weight == 0 and not terms.allocation_values.any()  # then the principal's own favour decides
    share = 1.0 if alone else terms.profit_weight
    values = problem.principal_values * share + terms.allocation_values

    def payoff(types: Indices, options: Indices) -> Array:
        return np.asarray(np.einsum("ij,ij->i", values[types], allocations[options]) + share * net[options])

    return payoff


def _with_outside(problem: ScreeningProblem, contracts: Contracts) -> Contracts:
    outside = problem.outside_contract
    if outside is None:
        return contracts
    return np.vstack([contracts[0], outside]), np.append(contracts[1], 0.0)


def repairs(problem: ScreeningProblem, candidate: Candidate, deadline: float = np.inf) -> Iterator[Contracts]:
    """Lists of contracts, one per repair, the most promising first; shortest paths only before the deadline."""
    if problem.valuation_sets is not None:
        yield from _robust_repairs(problem, candidate)
        return
    chained = chain(problem, candidate)
    if chained is not None:
        yield chained
    if problem.outside_contract is not None:  # offering nothing is a menu, too
        yield np.empty((0, problem.n_goods)), np.empty(0)
    if chained is not None and problem.n_types > REPRICED_TYPES:
        return
    twins = twins_of(problem)
    allocation, utility = _shared(problem, twins, candidate.allocation, candidate.utility)
    if problem.is_plain and not candidate.is_finished:  # half-way all have too much or too little; IC does not mind
        transfer = np.einsum("ij,ij->i", problem.valuations, allocation) - utility
        hair = 8 * float(utility_error(problem.valuations, allocation, transfer).max())
        utility = utility - float((utility - problem.reservation_utility).min()) + hair
    candidate = replace(candidate, allocation=allocation, utility=utility)
    if problem.is_for_profit and problem.transfers != "none" and problem.n_types <= REPRICED_TYPES:
        for width in MERGERS:
            repriced = reprice(problem, *merge(problem, candidate, width), deadline)
            if repriced is not None:
                yield repriced
    if not problem.is_for_profit and problem.transfers != "none":
        for width in (*MERGERS, FINEST_MERGER):
            yield from _reprice_near(problem, candidate, width, deadline)
    if not problem.is_plain:
        for width in MERGERS:
            yield _contracts(problem, *_merged(problem, candidate, width))
    if isinstance(problem.domain, Simplex) and problem.transfers != "free":  # IR may hold at a vertex only
        for width in MERGERS:
            certain = np.where(candidate.allocation < width, 0.0, candidate.allocation)
            yield _contracts(problem, problem.domain.clip(certain), candidate.utility)
    too_many = isinstance(problem.transfers, tuple) and problem.n_types > ROOMIEST_TYPES
    strict = None if problem.is_for_profit and too_many else strict_menu(problem)
    taste = doubles(problem) if problem.transfers == "free" else None
    if strict is not None and taste is not None:
        for share in MIXTURES:
            exact = indifferent(problem, taste, *_mixed(problem, candidate, strict, share))
            if exact is not None:
                yield _contracts(problem, *exact)
    if strict is not None:
        strict = StrictMenu(*_shared(problem, twins, strict.allocation, strict.utility))
        needed = mixture_needed(problem, candidate, strict.allocation, strict.utility)
        if needed < LARGEST_MIXTURE:
            yield _contracts(problem, *_mixed(problem, candidate, strict, needed))
    if problem.is_plain:
        for width in MERGERS:
            yield _contracts(problem, *_merged(problem, candidate, width))
    if strict is not None:
        for share in MIXTURES:
            yield _contracts(problem, *_mixed(problem, candidate, strict, share))


def _robust_repairs(problem: ScreeningProblem, candidate: Candidate) -> Iterator[Contracts]:
    """Types whose allocations nearly coincide are pooled for good: at some valuations they must be indifferent.

    Where an optimum is so flat that the solver leaves a pool visibly apart, the best menu with these pools is solved.
    """
    from contracts.engines import reference

    if problem.outside_contract is not None:
        yield np.empty((0, problem.n_goods)), np.empty(0)
    known: list[Indices] = []
    for width in POOLS:
        contract = pools(problem, candidate, width)
        if any(np.array_equal(contract, other) for other in known):
            continue
        known.append(contract)
        found = _pooled(problem, contract, candidate.allocation, candidate.utility)
        yield found
        for digits in ALLOCATION_DIGITS:
            yield from robustly_repriced(problem, found[0], digits)
        strict = robustly_strict(problem, contract)
        if strict is None:
            continue
        if width > MERGERS[0]:
            best = reference.solve(problem, contract=contract)
            found = _pooled(problem, contract, best.allocation, best.utility)
        roomy = _pooled(problem, contract, strict.allocation, strict.utility)
        share = robust_mixture_needed(problem, contract, found, roomy)
        if share < LARGEST_MIXTURE:
            allocation, paid = ((1 - share) * now + share * spare for now, spare in zip(found, roomy, strict=True))
            leaves = contract == OUTSIDE
            allocation[leaves] = found[0][leaves]
            yield problem.domain.clip(allocation), np.clip(paid, *problem.transfer_limits)


def pools(problem: ScreeningProblem, candidate: Candidate, width: float) -> Indices:
    """Number of the contract that each type takes if those within `width` units are one; 0 is the outside contract."""
    from scipy.sparse.csgraph import connected_components

    units, outside = units_of(problem), problem.outside_contract
    paid = _contracts(problem, candidate.allocation, candidate.utility)[1]
    places = np.column_stack([candidate.allocation / units.allocation, paid / units.money])
    apart = np.abs(places[:, np.newaxis] - places).max(axis=2)
    contract = connected_components(apart <= width, directed=False)[1] + 1
    if outside is not None:
        leaves = np.abs(places - np.append(outside / units.allocation, 0.0)).max(axis=1) <= width
        contract[np.isin(contract, contract[leaves])] = OUTSIDE
    return np.asarray(contract, dtype=np.intp)


def _pooled(problem: ScreeningProblem, contract: Indices, allocation: Array, utility: Array) -> Contracts:
    """One contract per pool, at the lowest of its transfers: none of them leaves; (n_types,) of each."""
    _, number = np.unique(contract, return_inverse=True)
    share = np.bincount(number, problem.weights)
    shared = np.column_stack([np.bincount(number, problem.weights * good) / share for good in allocation.T])[number]
    single = (np.bincount(number) == 1)[number]
    shared = problem.domain.clip(np.where(single[:, np.newaxis], allocation, shared))
    each = _contracts(problem, allocation, utility)[1]
    lowest = np.full(len(share), np.inf)
    np.minimum.at(lowest, number, each)
    leaves = contract == OUTSIDE
    shared[leaves] = 0.0 if problem.outside_contract is None else problem.outside_contract
    return shared, np.where(leaves, 0.0, lowest[number])


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
    outside = np.zeros(problem.n_goods) if problem.outside_option is None else problem.outside_option
    leaving = np.zeros(problem.n_types) if problem.outside_option is not None else problem.reservation_utility

    def most(types: Indices, step: Array) -> Array:
        return np.einsum("ij,ij->i", problem.valuations[types], step) - sets.support(types, step)

    pairs = np.indices((problem.n_types, problem.n_types)).reshape(2, -1)
    more = most(pairs[0], x[pairs[0]] - x[pairs[1]]).reshape(problem.n_types, -1)
    paid = most(everybody, x - outside) - leaving
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
    shares = _share(gains[0] + hair, -gains[1]), _share((hair - slacks[0])[stays], slacks[1][stays])
    return max(*shares, _share(over[0] + float(problem.weights @ hair), -over[1]))


def _over_expectations(problem: ScreeningProblem, allocation: Array, transfer: Array) -> Array:
    """By how much the rows over all types are broken, the minimum profit last if there is one; negative is room."""
    rows, required = problem.side_rows, problem.terms.minimum_profit
    over = rows.activity(allocation, problem.utility(allocation, transfer)) - rows.limit
    if required is None:
        return over
    return np.append(over, required - problem.weights @ problem.payoff(allocation, transfer))


def _mixed(problem: ScreeningProblem, candidate: Candidate, strict: StrictMenu, share: float) -> tuple[Array, Array]:
    """(1 - share) candidate + share strict menu: allocations and utilities."""
    allocation = problem.domain.clip((1 - share) * candidate.allocation + share * strict.allocation)
    return allocation, (1 - share) * candidate.utility + share * strict.utility


def _contracts(problem: ScreeningProblem, allocation: Array, utility: Array) -> Contracts:
    if problem.transfers == "none":
        return allocation, np.zeros(len(allocation))
    worth = np.einsum("ij,ij->i", problem.valuations, allocation)
    return allocation, np.clip(worth - utility, *problem.transfer_limits)


def twins_of(problem: ScreeningProblem) -> Indices:
    """Number of the taste that each type has, tastes that nearly coincide counted as one; (n_types,).

    Twins are worth nearly the same to the principal as well: otherwise they are better off apart.
    """
    both = np.column_stack([problem.valuations, problem.principal_values])
    if problem.terms.allocation_values.any():
        both = np.column_stack([both, problem.terms.allocation_values])
    cell = TWINS * float(np.abs(both).max())
    if cell < np.finfo(np.float64).tiny:
        return np.zeros(problem.n_types, dtype=np.intp)
    return np.unique(np.round(both / cell), axis=0, return_inverse=True)[1].reshape(-1)


def _shared(problem: ScreeningProblem, twins: Indices, allocation: Array, utility: Array) -> tuple[Array, Array]:
    """Twins take their mean contract: as good by convexity, and only rounding would tell which one they prefer."""
    count = np.bincount(twins)
    if len(count) == len(twins):
        return allocation, utility
    share = np.bincount(twins, problem.weights)
    means = [(np.bincount(twins, problem.weights * values) / share)[twins] for values in (*allocation.T, utility)]
    single = (count == 1)[twins]
    mean_allocation = np.where(single[:, np.newaxis], allocation, np.column_stack(means[:-1]))
    return mean_allocation, np.where(single, utility, means[-1])


def merge(problem: ScreeningProblem, candidate: Candidate, width: float) -> tuple[Array, Indices]:
    """Allocations with neighbours closer than `width` units merged, the outside contract's included; who has which.

    Types within rounding of the outside contract keep it: it comes first, as contract 0, where there is one.
    """
    cell = width * units_of(problem).allocation
    rounded = np.round(candidate.allocation / cell)
    _, first, merged = np.unique(rounded, axis=0, return_index=True, return_inverse=True)
    merged = merged.reshape(-1)
    share = np.bincount(merged, problem.weights)
    means = [np.bincount(merged, problem.weights * good) / share for good in candidate.allocation.T]
    allocations = np.column_stack(means)
    single = np.bincount(merged) == 1
    allocations[single] = candidate.allocation[first[single]]
    outside = problem.outside_contract
    if outside is None:
        return allocations, merged
    allocations = np.where(np.abs(allocations - outside).max(axis=1, keepdims=True) <= cell, outside, allocations)
    return np.vstack([outside, allocations]), merged + 1


def _merged(problem: ScreeningProblem, candidate: Candidate, width: float) -> tuple[Array, Array]:
    """Types with nearly the same allocation share one contract, at the lowest of their transfers: none of them leaves.

    Types at the outside contract's allocation get it as it is, for nothing, unless they are paid for taking it.
    """
    allocations, contract = merge(problem, candidate, width)
    allocation = problem.domain.clip(allocations)[contract]
    worth = np.einsum("ij,ij->i", problem.valuations, allocation)
    lowest = np.full(len(allocations), np.inf)
    np.minimum.at(lowest, contract, worth - candidate.utility)
    outside = problem.outside_contract
    if outside is not None:
        is_paid = lowest < -width * units_of(problem).money
        lowest[(allocations == outside).all(axis=1) & ~is_paid] = 0.0
    return allocation, worth - lowest[contract]


def reprice(
    problem: ScreeningProblem, allocations: Array, contract: Indices, deadline: float = np.inf
) -> Contracts | None:
    """The highest transfers at which every type strictly keeps its contract; None if the contracts do not allow it.

    None after the deadline, too.
    """
    found = _in_place(problem, allocations, contract, deadline)
    return None if found is None else distinct_contracts(*found)[0]


def _reprice_near(
    problem: ScreeningProblem, candidate: Candidate, width: float, deadline: float
) -> Iterator[Contracts]:
    """Transfers as the candidate's, lowered until every type strictly keeps its contract.

    Where that costs the minimum profit, all of them are raised alike first: IC does not mind.
    """
    allocations, contract = merge(problem, candidate, width)
    allocations = problem.domain.clip(allocations)
    near = _contracts(problem, allocations[contract], candidate.utility)[1]
    if problem.outside_contract is not None:
        stays = (allocations[contract] == problem.outside_contract).all(axis=1)
        near[stays & (np.abs(near) <= width * units_of(problem).money)] = 0.0
    required = -np.inf if problem.terms.minimum_profit is None else problem.terms.minimum_profit
    for _ in range(BUDGET_ROUNDS):
        found = _in_place(problem, allocations, contract, deadline, near)
        if found is None:
            return
        yield found
        short = required - float(problem.weights @ problem.payoff(*found))
        if short <= 0:
            return
        near = found[1] + short


def _in_place(
    problem: ScreeningProblem, allocations: Array, contract: Indices, deadline: float, near: Array | None = None
) -> Contracts | None:
    """Contracts (n_types,) at the highest transfers at which every type strictly keeps its own; None if there are none.

    t_m <= t_k + min over types i with contract m of a_i . (x_m - x_k), less a hair; t_m <= a_i . x_m - r_i; and the
    outside contract, number 0 where there is one, costs nothing. Transfers that meet this form a lattice: with `near`,
    (n_types,), none exceeds it unless the limits or the outside contract ask for more.
    """
    allocations, distinct = np.unique(allocations, axis=0, return_inverse=True)
    contract = distinct.reshape(-1)[contract]
    if len(allocations) > REPRICED_CONTRACTS:
        return None
    outside = problem.outside_contract
    home = -1 if outside is None else int(np.flatnonzero((allocations == outside).all(axis=1))[0])
    if near is not None and near[contract == home].min(initial=0.0) < 0:
        home = -1  # its takers are paid, as by a basic income: a contract like any other
    lowest, highest = problem.transfer_limits
    room = np.full((len(allocations), len(allocations)), np.inf)
    ceiling = np.full(len(allocations), np.inf)
    hair = 8 * (problem.n_goods + 3) * EPS  # of the sums that a comparison of two contracts rounds
    for rows in row_blocks(problem.n_types, len(allocations)):
        utility = problem.valuations[rows] @ allocations.T
        size = np.abs(problem.valuations[rows]) @ np.abs(allocations).T
        places = np.arange(len(utility)), contract[rows]
        own = utility[places]
        spare = own[:, np.newaxis] - utility - hair * (size[places][:, np.newaxis] + size)
        np.minimum.at(room, contract[rows], spare)
        np.minimum.at(ceiling, contract[rows], np.minimum(own - problem.reservation_utility[rows], highest))
    np.fill_diagonal(room, np.inf)
    paid = np.append(ceiling[np.isfinite(ceiling)], [] if near is None else near)
    room = room - hair * float(np.abs(paid).max()) - UNDERFLOW
    ceiling = ceiling - 8 * float(utility_error(problem.valuations, allocations, paid).max())
    floor = np.full(len(allocations), lowest)
    if near is not None:
        np.minimum.at(ceiling, contract, near)
    if home >= 0:
        ceiling[home] = floor[home] = 0.0
    transfers = _shortest(room, ceiling, deadline, home if near is None else -1)
    if transfers is None:
        return None  # a cycle of types gains by trading places: these allocations are not implementable
    transfers = np.maximum(transfers, floor)
    if np.isfinite(floor).any():
        raised = _shortest(room.T, -floor, deadline, home)
        transfers = transfers if raised is None else np.maximum(transfers, -raised)
    return allocations[contract], transfers[contract]


def _shortest(room: Array, ceiling: Array, deadline: float, fixed: int) -> Array | None:
    """The largest t <= ceiling with t_m <= t_k + room_mk, by Bellman-Ford; None where there is none, or no time.

    None, too, where t_fixed is below its ceiling; -1 if none is fixed.
    """
    least = ceiling.copy()
    for _ in range(len(least) + 1):
        before = least.copy()
        for start in range(0, len(room), CACHED_ROWS):  # later rows see at once how far earlier ones fell
            rows = slice(start, start + CACHED_ROWS)
            least[rows] = np.minimum(before[rows], (room[rows] + least).min(axis=1))
        if fixed >= 0 and least[fixed] < ceiling[fixed]:
            return None
        if np.array_equal(before, least):
            return least
        if time.monotonic() > deadline:
            return None
    return None


def chain(problem: ScreeningProblem, candidate: Candidate) -> Contracts | None:
    """Repricing for types on a line: a cumulative sum, with a hair less at every step; None off a line.

    Neighbours whose contracts could not be told apart beyond rounding, because (theta' - theta)(y' - y) is smaller
    than the hair, share the lower one.
    """
    line = line_of(problem)
    if isinstance(line, str):
        return None
    head = line.order[np.searchsorted(line.group, np.arange(len(line.theta)))]
    values, allocation = problem.valuations[head], candidate.allocation[head]
    worth = np.einsum("ij,ij->i", np.abs(values), np.abs(allocation)).max() + np.abs(candidate.utility).max()
    hair = 16 * (problem.n_goods + 3) * EPS * float(worth)
    amount = allocation @ line.direction
    step = np.concatenate([[0.0], np.diff(line.theta)])
    kept = _kept(step, amount, 4 * hair)
    own = values[kept[1:]]
    rise = np.einsum("ij,ij->i", own, allocation[kept[1:]] - allocation[kept[:-1]]) - hair
    first = allocation[kept[0]]
    outside = problem.outside_contract
    start = 0.0
    if outside is None or not np.array_equal(first, outside):
        start = float(values[0] @ first - problem.reservation_utility[head[0]]) - hair
    return allocation[kept], np.cumsum(np.concatenate([[start], rise]))


def _kept(step: Array, amount: Array, least: float) -> Indices:
    """Positions that get a contract of their own: step * (amount - last kept amount) is at least `least`.

    Amounts below an earlier one get none.
    """
    keeps = np.zeros(len(amount), dtype=bool)
    keeps[0] = True
    highest = np.maximum.accumulate(amount)
    for _ in range(CHAIN_PASSES):
        last = np.maximum.accumulate(np.where(keeps, np.arange(len(amount)), 0))
        far = (step * (amount - amount[last]) >= least) & (amount == highest) & ~keeps
        if not far.any():
            break
        # Of a run that measures against the same kept contract only the first is safe to add, and every one whose
        # own predecessor is far enough as well.
        beside = step[1:] * np.diff(highest) >= least
        run = np.concatenate([[True], last[1:] != last[:-1]])
        before: Indices = np.cumsum(far) - far
        first = far & (before == before[np.maximum.accumulate(np.where(run, np.arange(len(amount)), 0))])
        keeps |= first | (far & np.concatenate([[False], beside]))
    return np.flatnonzero(keeps)


def mixture_needed(problem: ScreeningProblem, candidate: Candidate, allocation: Array, utility: Array) -> float:
    """Smallest share of the strict menu that leaves every IC and IR constraint some room."""
    valuations, rent = problem.valuations, candidate.utility
    price = np.einsum("ij,ij->i", valuations, candidate.allocation) - rent
    strict_price = np.einsum("ij,ij->i", valuations, allocation) - utility
    hair = 8 * utility_error(valuations, candidate.allocation, price)
    needed = _share(problem.reservation_utility - rent + hair, utility - problem.reservation_utility)
    for types, options in relevant_blocks(valuations, candidate.allocation, price, hair):
        miss = valuations[types] @ candidate.allocation[options].T - price[options] - rent[types, np.newaxis]
        rows, columns = np.nonzero((miss > -hair[types, np.newaxis]) & (types[:, np.newaxis] != options))
        who, what = types[rows], options[columns]
        gain = np.einsum("ij,ij->i", valuations[who], allocation[what]) - strict_price[what] - utility[who]
        needed = max(needed, _share(miss[rows, columns] + hair[who], -gain))
    return needed


def _share(miss: Array, room: Array) -> float:
    """Largest miss / (miss + room) where something is missed and there is room."""
    short = (miss > 0) & (room > 0)
    return float(np.max(miss[short] / (miss[short] + room[short]), initial=0.0))

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
from dataclasses import replace

import numpy as np

from contracts.engines.candidate import Candidate, units_of
from contracts.engines.strict import strict_menu
from contracts.exact.best import best_options
from contracts.exact.rationals import BestOptions, utility_error
from contracts.inputs.arrays import Array, Indices
from contracts.menu.offers import ExactMenu
from contracts.problem.costs import ByType
from contracts.problem.domains import Simplex
from contracts.problem.mimicry import access_classes
from contracts.problem.participation import WithOutside, in_goods, settled
from contracts.problem.screening import ScreeningProblem
from contracts.proof.bound import Bound
from contracts.proof.certificate import Certificate
from contracts.proof.verify import Contracts, access_to, certify, distinct_contracts
from contracts.repair.indifference import doubles, indifferent
from contracts.repair.mixing import LARGEST_MIXTURE, mixed, mixture_needed
from contracts.repair.pooling import robust_repairs
from contracts.repair.repricing import by_access, chain, contracts_of, merge, reprice, reprice_near
from contracts.repair.tight import tight_repairs

Tie = Callable[[Indices, Indices], Array]

MERGERS = (1e-6, 1e-9)  # allocations closer than this share of their unit are one contract
FINEST_MERGER = 1e-13  # where amounts span many orders of magnitude
TWINS = 1e-8  # share of the largest valuation within which two types have one taste
MIXTURES = (0.0, 1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5)
ROOMIEST_TYPES = 200  # where the strict menu is a program over all pairs
REPRICED_TYPES = 20_000  # and need every type's utility from each of them
LARGEST_GAP = 1e-6  # relative; a menu this close is not repaired further, however large a gap was asked for
TRY_ALL_TYPES = 2000  # larger menus take the first repair that meets the gap
FEWER_OPTIONS_WORTH = 1e-3  # share of the requested gap that a menu with fewer, cleaner contracts may cost


def exact_menu(
    problem: ScreeningProblem, candidate: Candidate, bound: Bound, gap: float, deadline: float = np.inf
) -> ExactMenu:
    """The most valuable exact menu that the repairs of a candidate lead to; large ones stop at the first good one.

    After `deadline`, by time.monotonic(), the first repair that yields a menu ends the search, and so does an interrupt
    from the keyboard once there is a menu. The certificate of a menu found by such a search, or of a candidate whose
    engine was stopped, says so: it does not hold, unless the gap is within what was asked all the same.
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
            if not is_feasible(certificate) and len(contracts[1]) == problem.n_types:  # in a tie all keep their own
                tried.append(assigned(problem, contracts, bound, gap, keeps=True))
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
    return replace(chosen, certificate=replace(chosen.certificate, is_stopped=stopped))


def is_feasible(certificate: Certificate) -> bool:
    """Whether an exact assignment keeps every constraint; IC it keeps by construction where valuations are known."""
    return certificate.is_exact and not certificate.violations


def assigned(
    problem: ScreeningProblem, contracts: Contracts, bound: Bound, gap: float, *, keeps: bool = False
) -> ExactMenu:
    """Give every type its exactly best contract, the outside contract included.

    Ties are broken in the objective's favour; with `keeps`, type i keeps contract i if nothing is better. Rows over all
    types may need that, and where not everybody can mimic everybody it is always so: contract i is meant for type i.
    """
    if isinstance(problem.domain, WithOutside):
        contracts = problem.domain.in_shares(contracts[0]), contracts[1]
    (allocations, transfers), own = distinct_contracts(*problem.outside.beside(*contracts))
    favour = tie_break(problem, (allocations, transfers))

    def loyal(types: Indices, options: Indices) -> Array:
        return np.where(options == own[types], np.inf, favour(types, options))

    if problem.mimics is not None:
        meant = own[: problem.n_types] if len(own) >= problem.n_types else np.full(problem.n_types, own[-1])
        best = _chosen_within_reach(problem, (allocations, transfers), meant, favour)
    else:
        goods = in_goods(problem.domain, problem.valuations, allocations)
        best = best_options(*goods, transfers, loyal if keeps else favour)
    certificate = certify(problem, (allocations, transfers), best.option, bound, gap=gap, compared=best)
    return ExactMenu((allocations, transfers), best.option, certificate)


def _chosen_within_reach(problem: ScreeningProblem, options: Contracts, taken: Indices, favour: Tie) -> BestOptions:
    """Each type's best option among those of types that it can mimic, `taken` at first, again until nobody moves.

    Where the relation is transitive, whoever can mimic a type that moves could take what it moves to before. Elsewhere
    a move may tempt others in turn, so in a tie nobody moves; and since whoever moves gains by it, there is an end.
    """

    def loyal(types: Indices, found: Indices) -> Array:
        return np.where(found == taken[types], np.inf, favour(types, found))

    while True:
        access = access_to(problem, options, taken)
        goods = in_goods(problem.domain, problem.valuations, options[0])
        best = best_options(*goods, options[1], loyal, access=access)
        if np.array_equal(best.option, taken):
            return best
        taken = best.option


def tie_break(problem: ScreeningProblem, contracts: Contracts) -> Tie:
    """What the objective gains from a type with an option, utility left out: in a tie it is equal."""
    allocations, transfers = contracts
    terms = problem.terms
    net = transfers if isinstance(problem.cost, ByType) else transfers - problem.cost.value(allocations)
    alone = terms.profit_weight == 0 and not terms.allocation_values.any()  # then the principal's own favour decides
    share = 1.0 if alone else terms.profit_weight
    values = problem.principal_values * share + terms.allocation_values

    def payoff(types: Indices, options: Indices) -> Array:
        found = np.einsum("ij,ij->i", values[types], allocations[options]) + share * net[options]
        if isinstance(problem.cost, ByType):
            found = found - share * problem.cost.rows_of(types).value(allocations[options])
        return np.asarray(found)

    return payoff


def repairs(problem: ScreeningProblem, candidate: Candidate, deadline: float = np.inf) -> Iterator[Contracts]:
    """Lists of contracts, one per repair, the most promising first; shortest paths only before the deadline."""
    if isinstance(problem.domain, WithOutside):
        candidate = replace(candidate, allocation=settled(problem.domain, candidate.allocation))
    if problem.valuation_sets is not None:
        yield from robust_repairs(problem, candidate)
        return
    chained = chain(problem, candidate)
    if chained is not None:
        yield chained
    if problem.outside.is_contract:  # offering nothing is a menu, too
        yield np.empty((0, problem.n_goods)), np.empty(0)
    else:  # ... and so is the least for everybody, free of charge, next to which a flat cost leaves a solver's digits
        yield problem.reference_allocation[np.newaxis].copy(), np.zeros(1)
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
            yield from reprice_near(problem, candidate, width, deadline)
    if not problem.is_plain:
        for width in MERGERS:
            yield contracts_of(problem, *_merged(problem, candidate, width))
    if isinstance(problem.domain, Simplex) and problem.transfers != "free":  # IR may hold at a vertex only
        for width in MERGERS:
            certain = np.where(candidate.allocation < width, 0.0, candidate.allocation)
            yield contracts_of(problem, problem.domain.clip(certain), candidate.utility)
    too_many = isinstance(problem.transfers, tuple) and problem.n_types > ROOMIEST_TYPES
    strict = None if problem.is_for_profit and too_many else strict_menu(problem)
    taste = doubles(problem) if problem.transfers == "free" else None
    if strict is not None and taste is not None:
        for share in MIXTURES:
            exact = indifferent(problem, taste, *mixed(problem, candidate, strict, share))
            if exact is not None:
                yield contracts_of(problem, *exact)
    if strict is not None:
        allocation, utility = _shared(problem, twins, strict.allocation, strict.utility)
        strict = replace(strict, allocation=allocation, utility=utility)
        needed = mixture_needed(problem, candidate, strict.allocation, strict.utility)
        if needed < LARGEST_MIXTURE:
            yield contracts_of(problem, *mixed(problem, candidate, strict, needed))
    if problem.is_plain:
        for width in MERGERS:
            yield contracts_of(problem, *_merged(problem, candidate, width))
    if strict is not None:
        for share in MIXTURES:
            yield contracts_of(problem, *mixed(problem, candidate, strict, share))
    yield from tight_repairs(problem, candidate, strict)


def twins_of(problem: ScreeningProblem) -> Indices:
    """Number of the taste that each type has, tastes that nearly coincide counted as one; (n_types,).

    Twins are worth nearly the same to the principal as well, and count alike in the side constraints: otherwise they
    are better off apart. So are types who mimic, or are mimicked by, others than their twins.
    """
    both = np.column_stack([problem.valuations, problem.principal_values])
    if problem.terms.allocation_values.any():
        both = np.column_stack([both, problem.terms.allocation_values])
    if isinstance(problem.cost, ByType):  # whoever costs something else is worth something else
        both = np.column_stack([both, problem.cost.index * float(np.abs(both).max())])
    if problem.mimics is not None:
        both = np.column_stack([both, access_classes(problem.mimics) * float(np.abs(both).max())])
    rows = problem.side_rows
    counts = np.concatenate([rows.allocation, rows.utility[:, :, np.newaxis]], axis=2) / problem.weights[:, np.newaxis]
    largest = np.abs(counts).max(axis=(1, 2), keepdims=True, initial=0.0)
    counts = counts / np.where(largest > 0, largest, 1.0)
    size = float(np.abs(both).max())
    if size < np.finfo(np.float64).tiny:
        both, size = np.zeros_like(both), 1.0
    cells = np.column_stack([both / size, *counts]) / TWINS
    return np.unique(np.round(cells), axis=0, return_inverse=True)[1].reshape(-1)


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


def _merged(problem: ScreeningProblem, candidate: Candidate, width: float) -> tuple[Array, Array]:
    """Types with nearly the same allocation share one contract, at the lowest of their transfers: none of them leaves.

    Types at the outside contract's allocation get it as it is, for nothing, unless they are paid for taking it.
    """
    allocations, contract = merge(problem, candidate, width)
    allocation = problem.domain.clip(allocations)[contract]
    worth = np.einsum("ij,ij->i", problem.valuations, allocation)
    if problem.mimics is not None:  # the same amounts at the transfers of types whom the same ones can mimic
        allocations, contract = by_access(problem.mimics, allocation)
    lowest = np.full(len(allocations), np.inf)
    np.minimum.at(lowest, contract, worth - candidate.utility)
    is_paid = lowest < -width * units_of(problem).money
    lowest[problem.outside.is_at(allocations) & ~is_paid] = 0.0
    return allocation, worth - lowest[contract]

"""The repairs of a candidate, in the order in which they are tried: a name, where each applies, what it offers.

* Repricing: keep the allocations (bunched ones merged) and charge the highest transfers that keep every type in place
  by a hair: shortest paths over the contracts. Costs a few rounding errors where the allocations are implementable.
  Where the principal wants more than profit, the highest near those of the solver.
* Mixing: (1 - e) menu + e strict menu has e times the strict menu's slack on every constraint. Costs e times the
  distance to the strict menu, with e about the solver's violation over the slack.
* Pooled with room: mixing with a strict menu in which those who share contracts share them, too.
* One for all: the least for everybody, where transfers alone are worth something.
* Nothing: the candidate as it is, neighbours merged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from contracts.engines.candidate import Candidate, units_of
from contracts.engines.program import OUTSIDE
from contracts.engines.strict import StrictMenu, roomiest_sharing, strict_menu
from contracts.exact.rationals import utility_error
from contracts.inputs.arrays import Indices
from contracts.inputs.frozen import dataclass
from contracts.problem.domains import Simplex
from contracts.problem.participation import WithOutside, settled
from contracts.problem.screening import ScreeningProblem
from contracts.proof.verify import Contracts
from contracts.repair.close_pairs import reprice_close
from contracts.repair.indifference import doubles, in_whole_shares, indifferent, likes_all_alike
from contracts.repair.mixing import LARGEST_MIXTURE, mixed, mixture_needed
from contracts.repair.pooling import robust_repairs
from contracts.repair.repricing import FINEST_MERGER, by_access, chain, contracts_of, merge, reprice, reprice_near
from contracts.repair.sharing import lowest, pooled, twins_of
from contracts.repair.tight import tight_repairs

MERGERS = (1e-6, 1e-9)  # allocations closer than this share of their unit are one contract
DUST = 1e-4  # share of the unit up to which an amount may be a solver's digits next to the outside option's
MIXTURES = (0.0, 1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5)
ROOMIEST_TYPES = 200  # where the strict menu is a program over all pairs
POOLED_TYPES = 60  # the same, of a repair that few menus need
MANY_CONTRACTS = 200  # more than these are repriced by the pairs that come close to tempting
REPRICED_TYPES = 20_000  # and need every type's utility from each of them


@dataclass(frozen=True, eq=False)
class Case:
    """A candidate to repair, and what several repairs need to know of it: computed when the first one asks."""

    problem: ScreeningProblem
    candidate: Candidate
    deadline: float  # by time.monotonic(), after which no shortest paths are begun

    @cached_property
    def chained(self) -> Contracts | None:
        """The repriced chain of types on a line; None off a line."""
        return chain(self.problem, self.candidate)

    @cached_property
    def twins(self) -> Indices:
        """Number of every type's taste."""
        return twins_of(self.problem)

    @cached_property
    def shared(self) -> Candidate:
        """The candidate in which twins share contracts, and IR holds if it was stopped: IC does not mind."""
        problem, found = self.problem, self._among_twins(self.candidate)
        if not problem.is_plain or found.is_finished:
            return found
        transfer = np.einsum("ij,ij->i", problem.valuations, found.allocation) - found.utility
        hair = 8 * float(utility_error(problem.valuations, found.allocation, transfer).max())
        return replace(found, utility=found.utility - float((found.utility - problem.reservation_utility).min()) + hair)

    @cached_property
    def settled(self) -> Candidate:
        """The candidate in which amounts next to those of the outside option are these: a solver's digits are no offer.

        Where a type is worth serving by nothing more than it costs, amounts are as exact as the square root of values.
        """
        outside, amounts = self.problem.outside.allocation, self.shared.allocation
        near = np.abs(amounts - outside) <= DUST * units_of(self.problem).allocation
        if np.array_equal(amounts, settled := np.where(near, outside, amounts)):
            return self.shared
        return replace(self.shared, allocation=settled)

    @cached_property
    def strict(self) -> StrictMenu | None:
        """A menu with room, in which twins share contracts; None where there is none, or it takes too long."""
        problem = self.problem
        if problem.is_for_profit and isinstance(problem.transfers, tuple) and problem.n_types > ROOMIEST_TYPES:
            return None
        found = strict_menu(problem)
        return None if found is None else self._among_twins(found)

    def _among_twins(self, found: Any) -> Any:
        weights = self.problem.weights
        allocation, utility = (pooled(self.twins, weights, part) for part in (found.allocation, found.utility))
        return replace(found, allocation=allocation, utility=utility)

    def mixed(self, share: float) -> Contracts:
        """With a share of the strict menu, where there is one."""
        assert self.strict is not None
        return contracts_of(self.problem, *mixed(self.problem, self.shared, self.strict, share))


class Repair(NamedTuple):
    """One way from a candidate to lists of contracts."""

    name: str
    applies: Callable[[ScreeningProblem], bool]
    contracts: Callable[[Case], Iterable[Contracts]]


def repairs(problem: ScreeningProblem, candidate: Candidate, deadline: float = np.inf) -> Iterator[Contracts]:
    """Lists of contracts, one per repair, the most promising first; shortest paths only before the deadline."""
    if isinstance(problem.domain, WithOutside):
        candidate = replace(candidate, allocation=settled(problem.domain, candidate.allocation))
    case = Case(problem, candidate, deadline)
    for repair in table_for(case):
        if repair.applies(problem):
            yield from repair.contracts(case)


def table_for(case: Case) -> tuple[Repair, ...]:
    """The repairs of a case: those at every valuation, those on a long line, or all others."""
    if case.problem.valuation_sets is not None:
        return AT_EVERY_VALUATION
    if case.problem.n_types > REPRICED_TYPES and case.chained is not None and not case.problem.has_rows:
        return ON_A_LINE
    return (*ON_A_LINE, *ELSEWHERE)


def _nothing(case: Case) -> Iterator[Contracts]:
    """Offering nothing is a menu, too.

    And so is the least for everybody, free of charge, next to which a flat cost leaves a solver's digits.
    """
    if case.problem.outside.is_contract:
        yield np.empty((0, case.problem.n_goods)), np.empty(0)
    else:
        yield case.problem.reference_allocation[np.newaxis].copy(), np.zeros(1)


def _one_for_all(case: Case) -> Iterator[Contracts]:
    """The least for everybody, at the highest transfer at which all stay, or at the lowest within the limits.

    Where limits on transfers are what menus earn, allocations are worth next to nothing, and a solver's digits cost
    more than they bring.
    """
    problem, everybody = case.problem, np.zeros(case.problem.n_types, dtype=np.intp)
    least = problem.domain.clip(problem.reference_allocation[np.newaxis])
    dearest = problem.valuations @ least[0] - problem.reservation_utility
    dearest = np.where(np.isfinite(dearest), dearest, np.inf)
    hair = utility_error(problem.valuations, least[everybody], np.where(np.isfinite(dearest), dearest, 0.0))
    lowest_limit, highest_limit = problem.limits_by_type
    highest = min(float((dearest - hair).min()), float(np.min(highest_limit)))
    lowest_of_all = float(np.max(lowest_limit))
    for transfer in dict.fromkeys((highest, lowest_of_all)):
        if np.isfinite(transfer) and lowest_of_all <= transfer <= highest:
            yield least.copy(), np.full(1, transfer)


def _repriced(case: Case) -> Iterator[Contracts]:
    problem = case.problem
    is_simple = problem.is_plain and problem.mimics is None
    starts = [(case.shared, width) for width in MERGERS]
    if problem.outside.is_contract and problem.n_types <= MANY_CONTRACTS and case.settled is not case.shared:
        starts = [(case.settled, MERGERS[0]), *starts]
    for candidate, width in starts:
        allocations, contract = merge(problem, candidate, width)
        if is_simple and len(allocations) > MANY_CONTRACTS:
            paid = contracts_of(problem, allocations[contract], case.shared.utility)[1]
            found = reprice_close(problem, allocations, contract, paid, case.deadline)
        else:
            found = reprice(problem, allocations, contract, case.deadline)
        if found is not None:
            yield found


def _repriced_nearby(case: Case) -> Iterator[Contracts]:
    for width in (*MERGERS, FINEST_MERGER):
        yield from reprice_near(case.problem, case.shared, width, case.deadline)


def _merged(case: Case) -> Iterator[Contracts]:
    """Types with nearly the same allocation share one contract, at the lowest of their transfers: none of them leaves.

    Types at the outside contract's allocation get it as it is, for nothing, unless they are paid for taking it.
    """
    problem = case.problem
    for width in MERGERS:
        allocations, contract = merge(problem, case.shared, width)
        allocation = problem.domain.clip(allocations)[contract]
        worth = np.einsum("ij,ij->i", problem.valuations, allocation)
        if problem.mimics is not None:  # the same amounts at the transfers of types whom the same ones can mimic
            contract = by_access(problem.mimics, allocation)[1]
        paid = lowest(contract, worth - case.shared.utility)
        paid[problem.outside.is_at(allocation) & (paid >= -width * units_of(problem).money)] = 0.0
        yield contracts_of(problem, allocation, worth - paid)


def _certain(case: Case) -> Iterator[Contracts]:
    """Lotteries without what is all but impossible: IR may hold at a vertex only."""
    for width in MERGERS:
        certain = np.where(case.shared.allocation < width, 0.0, case.shared.allocation)
        yield contracts_of(case.problem, case.problem.domain.clip(certain), case.shared.utility)


def _indifferent(case: Case) -> Iterator[Contracts]:
    """Mixtures in so few digits that types of one taste, told apart by the principal, are exactly indifferent."""
    taste = doubles(case.problem)
    if taste is None or case.strict is None:
        return
    for share in MIXTURES:
        exact = indifferent(case.problem, taste, *mixed(case.problem, case.shared, case.strict, share))
        if exact is not None:
            yield contracts_of(case.problem, *exact)


def _in_whole_shares(case: Case) -> Iterator[Contracts]:
    """Lotteries that a type who values all alike does not tell apart."""
    if not likes_all_alike(case.problem):
        return
    for share in MIXTURES if case.strict is not None else MIXTURES[:1]:
        allocation = case.shared.allocation
        if case.strict is not None:
            allocation, _ = mixed(case.problem, case.shared, case.strict, share)
        yield contracts_of(case.problem, in_whole_shares(case.problem, allocation), case.shared.utility)


def _mixed_enough(case: Case) -> Iterator[Contracts]:
    """With the smallest share of the strict menu that gives all constraints room."""
    if case.strict is not None:
        needed = mixture_needed(case.problem, case.shared, case.strict.allocation, case.strict.utility)
        if needed < LARGEST_MIXTURE:
            yield case.mixed(needed)


def _pooled_with_room(case: Case) -> Iterator[Contracts]:
    """Types with nearly the same allocation share a contract for good, and the menus mixed in are shared alike.

    Mixing in what tells them apart would leave as little room as there is between them.
    """
    problem, candidate = case.problem, case.shared
    if problem.n_types > POOLED_TYPES:
        return
    known: list[Indices] = []
    for width in MERGERS:
        contract = merge(problem, candidate, width)[1] + (not problem.outside.is_contract)
        _, head, own = np.unique(contract, return_index=True, return_inverse=True)
        own = own.reshape(-1)
        if len(head) == problem.n_types or any(np.array_equal(contract, other) for other in known):
            continue
        known.append(contract)
        roomy = roomiest_sharing(problem, contract)
        if roomy is None:
            continue
        found = pooled(own, problem.weights, candidate.allocation)
        found[contract == OUTSIDE] = problem.outside.allocation
        paid = lowest(own, contracts_of(problem, found, candidate.utility)[1])
        utility = np.einsum("ij,ij->i", problem.valuations, found) - paid
        for share in MIXTURES:
            allocation, kept = mixed(problem, replace(candidate, allocation=found, utility=utility), roomy, share)
            allocation = allocation[head][own]
            if problem.is_for_profit and problem.transfers != "none":
                repriced = reprice(problem, allocation[head], own, case.deadline)
                if repriced is not None:
                    yield repriced
            yield contracts_of(problem, allocation, kept)


def _always(problem: ScreeningProblem) -> bool:
    return True


AT_EVERY_VALUATION = (Repair("pools", _always, lambda case: robust_repairs(case.problem, case.candidate)),)
ON_A_LINE = (
    Repair("chain", _always, lambda case: () if case.chained is None else (case.chained,)),
    Repair("nothing", _always, _nothing),
)
ELSEWHERE = (
    Repair("repriced", lambda p: p.is_for_profit and p.transfers != "none" and p.n_types <= REPRICED_TYPES, _repriced),
    Repair("repriced nearby", lambda p: not p.is_for_profit and p.transfers != "none", _repriced_nearby),
    Repair("one for all", lambda p: not p.outside.is_contract and p.transfers != "none", _one_for_all),
    Repair("merged", lambda p: not p.is_plain, _merged),
    Repair("certain", lambda p: isinstance(p.domain, Simplex) and p.transfers != "free", _certain),
    Repair("indifferent", lambda p: p.transfers == "free", _indifferent),
    Repair("in whole shares", lambda p: isinstance(p.domain, Simplex) and p.transfers == "none", _in_whole_shares),
    Repair("mixed enough", _always, _mixed_enough),
    Repair("merged after all", lambda p: p.is_plain, _merged),
    Repair("mixed", _always, lambda case: () if case.strict is None else map(case.mixed, MIXTURES)),
    Repair("pooled with room", lambda p: p.mimics is None, _pooled_with_room),
    Repair("tight", _always, lambda case: tight_repairs(case.problem, case.shared, case.strict)),
)

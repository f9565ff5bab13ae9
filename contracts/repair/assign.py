"""From a numerical menu to one that is exactly IC and IR, at the smallest loss.

By the taxation principle a finite list of contracts is a menu as soon as every type is given its exactly best one.
What can go wrong is the value: a solver's rounding lets a type slip to the wrong contract. The repairs of the table
prevent it; the exact assignment decides which menu earns most.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain

import numpy as np

from contracts.engines.candidate import Candidate, units_of
from contracts.exact.best import best_options
from contracts.exact.rationals import BestOptions
from contracts.inputs.arrays import Array, Indices
from contracts.menu.offers import ExactMenu
from contracts.problem.costs import rows_of
from contracts.problem.participation import WithOutside, in_goods
from contracts.problem.screening import ScreeningProblem
from contracts.proof.bound import Bound
from contracts.proof.certificate import Certificate
from contracts.proof.verify import Contracts, access_to, certify, distinct_contracts
from contracts.repair.table import repairs

Tie = Callable[[Indices, Indices], Array]

LARGEST_GAP = 1e-6  # relative; a menu this close is not repaired further, however large a gap was asked for
TRY_ALL_TYPES = 2000  # larger menus take the first repair that meets the gap
FEWER_OPTIONS_WORTH = 1e-3  # share of the requested gap that a menu with fewer, cleaner contracts may cost
IDLE = 1e-3  # share of the unit of money that menus are to be worth, or offering nothing is among the first to be tried
PATIENCE = 2.0  # a further digit is worth one more repair, not fifty: what is enough doubles with each that is tried


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
    one_holds = False
    try:
        for menu, offers_something in _assignments(problem, candidate, bound, gap, deadline):
            tried.append(menu)
            one_holds = one_holds or menu.certificate.holds
            if one_holds and _within(tried, enough):
                break
            if offers_something and is_feasible(menu.certificate) and time.monotonic() > deadline:
                stopped = True
                break
            enough = min(PATIENCE * enough, gap, LARGEST_GAP)
    except KeyboardInterrupt:
        stopped = True
        if not any(is_feasible(menu.certificate) for menu in tried):
            raise
    chosen = min(_within(tried, enough) or _most_valuable(tried, gap), key=lambda menu: len(menu.contracts[1]))
    return replace(chosen, certificate=replace(chosen.certificate, is_stopped=stopped))


def _within(tried: list[ExactMenu], enough: float) -> list[ExactMenu]:
    """The menus that are proven to this gap, relative to what the most valuable one says menus are worth."""
    kept = [menu.certificate for menu in tried if is_feasible(menu.certificate)]
    scale = max(kept, key=lambda certificate: certificate.value).scale if kept else 0.0
    return [menu for menu in tried if menu.certificate.holds and menu.certificate.gap <= enough * scale]


def _most_valuable(tried: list[ExactMenu], gap: float) -> list[ExactMenu]:
    """The menus worth most, those first that keep every constraint, and what is worth as much but for a spare digit."""
    ranked = sorted(tried, key=lambda menu: (not is_feasible(menu.certificate), -menu.certificate.value))
    best = ranked[0].certificate
    spare = FEWER_OPTIONS_WORTH * min(gap, LARGEST_GAP) * best.scale
    return [
        menu
        for menu in ranked
        if is_feasible(menu.certificate) == is_feasible(best) and menu.certificate.value >= best.value - spare
    ]


def _assignments(
    problem: ScreeningProblem, candidate: Candidate, bound: Bound, gap: float, deadline: float
) -> Iterator[tuple[ExactMenu, bool]]:
    """The menu of every repair, and whether it offers something; where rows are broken, also with ties kept apart.

    Where there is nothing to repair, several come to the same contracts: these are assigned once.
    """
    known: set[tuple[bytes, bytes]] = set()
    offers, last = repairs(problem, candidate, deadline), list[Contracts]()
    for contracts in chain(offers, last):
        if problem.n_types <= TRY_ALL_TYPES:
            offered = contracts[0].tobytes(), contracts[1].tobytes()
            if offered in known:
                continue
            if not len(contracts[1]) and not last and bound.worth > IDLE * units_of(problem).money:
                last.append(contracts)  # to offer nothing is only what is left where all else fails
                continue
            known.add(offered)
        menu = assigned(problem, contracts, bound, gap)
        yield menu, len(contracts[1]) > 0
        if not is_feasible(menu.certificate) and len(contracts[1]) == problem.n_types:
            yield assigned(problem, contracts, bound, gap, keeps=True), True


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
        best = best_options(*goods, transfers, loyal if keeps else favour, rising=problem.rising)
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
    alone = terms.profit_weight == 0 and not terms.allocation_values.any()  # then the principal's own favour decides
    share = 1.0 if alone else terms.profit_weight
    values = problem.principal_values * share + terms.allocation_values

    def payoff(types: Indices, options: Indices) -> Array:
        net = transfers[options] - rows_of(problem.cost, types).value(allocations[options])
        return np.asarray(np.einsum("ij,ij->i", values[types], allocations[options]) + share * net)

    return payoff

"""From a candidate to a certified menu: repaired, assigned exactly and proven; or an error that says why not."""

from __future__ import annotations

import dataclasses
import math

from contracts.engines.candidate import Candidate
from contracts.errors import SolverError
from contracts.menu.assembly import assembled, menu_of
from contracts.menu.menu import Menu
from contracts.problem.objectives import TOO_AVERSE
from contracts.problem.screening import ScreeningProblem
from contracts.proof.bound import Bound, upper_bound
from contracts.proof.certificate import Certificate
from contracts.proof.multipliers import Multipliers, no_multipliers, of_rows_that_pay, without_noise
from contracts.repair.assign import exact_menu, is_feasible
from contracts.repair.indifference import doubles

PROVEN = 1e-8  # share of a bound that a rigorous one may be higher
CLEARLY = 1e-12  # share of a bound by which another must be lower to be preferred
ROUNDED_UP = 1.1  # so that two digits are no less than the number
DEAR = (1e10, 1e150, 1e300)  # prices of a minimum profit
NOISE = (1e-9, 1e-7)  # shares of the largest price of a kind below which prices may be a solver's noise
INDIFFERENT = (
    "Some types have equal valuations but different principal_values: the best menu leaves them exactly indifferent, "
    "which floats can say only of valuations with few binary digits. Measure in units in which valuations are whole "
    "numbers, or quarters; or ask for a larger gap"
)
TOUCHING = (
    "Where the sets of two types touch, valuations in common must be exactly indifferent, which floats can say only "
    "of numbers with few binary digits. Make the sets a little narrower (or wider, and the types share a contract), "
    "measure in units in which valuations and widths are whole numbers, or quarters; or ask for a larger gap"
)
LARGER = "Ask for a larger gap"


def certified_menu(
    problem: ScreeningProblem,
    candidate: Candidate,
    *,
    gap: float,
    deadline: float = math.inf,
    known: Bound | None = None,
) -> Menu:
    """Repair a candidate, assign contracts exactly, prove the bound; raises if the certificate does not hold.

    `candidate` is one of `problem.program`; a bound that is `known` already stands where its prices prove no lower one.
    """
    program = problem.program
    bound = proven_bound(program, candidate)
    if known is not None and known.value < bound.value:
        bound = known
    found = exact_menu(program, candidate, bound, gap, deadline)
    if not found.certificate.holds:  # rounding errors may prove less than nothing, where nothing is worth anything
        full_information = upper_bound(program, no_multipliers(program))
        if full_information.value < bound.value:
            bound = full_information
            found = exact_menu(program, candidate, bound, gap, deadline)
    menu = menu_of(problem, found, bound, candidate.engine)
    if not menu.certificate.holds:
        menu = _under_simpler_prices(menu, gap, candidate.multipliers)
    return kept(menu, gap)


def proven_bound(problem: ScreeningProblem, candidate: Candidate) -> Bound:
    """The lowest bound that a candidate's prices prove, or those next to them that have room.

    Prices half-way may prove less than none at all.
    """
    from contracts.engines.inside import bounds_near

    best, *others = bounds_near(problem, candidate.multipliers)
    for bound in others:
        if not math.isfinite(best.value):
            best = bound
            continue
        allowed = CLEARLY * abs(best.value)
        if bound.rigorous != best.rigorous:  # what is proven to the last digit may cost a little
            allowed = PROVEN * abs(best.value) * (1.0 if best.rigorous else -1.0)
        if bound.value < best.value - allowed:
            best = bound
    if candidate.is_finished:
        return best
    return min(best, upper_bound(problem, no_multipliers(problem)), key=lambda proven: proven.value)


def _under_simpler_prices(menu: Menu, gap: float, given: Multipliers) -> Menu:
    """The menu under the best of its own bound, and of those without the prices that may be a solver's noise.

    Where menus are worth next to nothing, prices of 1e-12 prove worse than none, and so they do where they tempt to the
    contract of a type of next to no weight, over which they are divided. And where there is no money, what no menu
    beats may be what each type's surplus is, all of it paid for with participation; or what is left where rows pay
    for it; or, where no type may pay more, that everybody pays as much: only shares equal to the last digit say so.
    Where nothing can be given to anybody, and the first unit of utility would count infinitely much, no price of profit
    is the last: the dearer, the less is left.

    Parameters
    ----------
    given : the prices of the candidate, of which others may have proven more than with their noise
    """
    program, own = menu.problem.program, menu.bound
    simpler = [without_noise(program, prices, share) for prices in (own.multipliers, given) for share in NOISE]
    simpler.append(dataclasses.replace(no_multipliers(program), ir=program.weights * program.terms.profit_weight))
    if math.isfinite(program.transfer_limits[1]):
        paid = program.weights * program.terms.profit_weight
        simpler.append(dataclasses.replace(no_multipliers(program), transfer=-paid))
    if program.terms.function is not None and program.terms.minimum_profit is not None:
        simpler += [dataclasses.replace(no_multipliers(program), profit=price) for price in DEAR]
    if len(program.side_rows.limit) and program.valuation_sets is None:
        simpler.append(of_rows_that_pay(program))
    best = min([own, *(upper_bound(program, prices) for prices in simpler)], key=lambda proven: proven.value)
    if best is own:
        return menu
    again = assembled(menu.problem, menu.contracts, menu.option_of_type, best, menu.engine, gap)
    return dataclasses.replace(
        again, certificate=dataclasses.replace(again.certificate, is_stopped=menu.certificate.is_stopped)
    )


def kept(menu: Menu, gap: float) -> Menu:
    """The menu, if its certificate holds, or it is exact and the search was stopped; else a SolverError with it."""
    problem, exact = menu.problem, is_feasible(menu.certificate)
    if not menu.certificate.holds and not (exact and menu.certificate.is_stopped):
        remedy = attainable(menu.certificate)
        if doubles(problem) is not None:
            remedy = INDIFFERENT
        elif problem.valuation_sets is not None:
            remedy = TOUCHING
        elif problem.terms.function is not None:
            remedy = f"{remedy}, or {TOO_AVERSE}"
        where = (
            "the menu, exactly IC and IR, is in the error's `reached`" if exact else "`reached` is None: no exact menu"
        )
        raise SolverError(
            f"no menu within a relative gap of {gap:.1e} was certified; the best one reached:\n{menu.certificate}\n"
            f"{remedy}; {where}",
            tried=(menu.engine,),
            reached=menu if exact else None,
        )
    return menu


def attainable(certificate: Certificate) -> str:
    """What to ask for instead: the gap that was reached, or the room that constraints lack; two digits, rounded up."""
    missing = max(certificate.deviation.gain, -certificate.participation_slack)
    if missing > 0:
        more = f"{missing * ROUNDED_UP:.1e}"
        return f"Leave types {more} more: lower reservation_utility, or relax what else binds, by that"
    if certificate.violations:
        broken = max(certificate.violations, key=lambda violation: violation.amount)
        return f"Relax {broken.what} by {broken.amount * ROUNDED_UP:.1e} or more"
    reached = certificate.relative_gap
    if not 0 < reached < 1 / ROUNDED_UP:
        return LARGER
    return f"{LARGER}, gap={reached * ROUNDED_UP:.1e} or more"

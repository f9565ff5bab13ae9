"""solve_menu: choose an engine, run it, and another where its candidate leads to no certified menu."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from contracts.engines.candidate import Candidate, units_of
from contracts.errors import ContractError, InfeasibleMenuError, ProblemError, SolverError
from contracts.inputs.door import checked
from contracts.inputs.kinds import Count
from contracts.inputs.names import check_keys, field_names
from contracts.inputs.progress import checked_seconds, reporter
from contracts.menu.assembly import assembled
from contracts.menu.menu import Menu
from contracts.menu.offers import Options
from contracts.problem.ambiguity import Moments
from contracts.problem.dropping import without_idle_goods
from contracts.problem.screening import ScreeningProblem
from contracts.problem.units import OwnUnits, in_units, own_units
from contracts.proof.bound import Bound, upper_bound
from contracts.proof.certificate import checked_gap
from contracts.proof.multipliers import Multipliers
from contracts.repair.certified import certified_menu, kept
from contracts.short.kinds import kind_of
from contracts.short.search import short_menu

Engine = Callable[[ScreeningProblem], Candidate]
METHODS = ("auto", "ironing", "cuts", "dual", "reference")
UNCERTAIN = ("robust", "reference")  # "robust" is what "auto" means under uncertainty
AMBIGUOUS_TYPES = 150  # so few that one program with every IC row beats many solves at known weights
RESCUED_TYPES = 2000  # the same on a line, where there are few IC rows
ENGINE_SHARE = 0.85  # of the time limit; repairs have the rest
REPAIR_SECONDS = 1.0  # that repairs may always take after an interrupt
FAR = 64.0  # units of money beyond which a limit on transfers is first left out
REFERENCE_GOODS = 20  # more goods than that are policies, which have an engine of their own
REFERENCE_TYPES = 12  # so few types that the whole program takes no longer than a guess at it


@checked(own=("time_limit", "deterministic", "fixed_options"))
def solve_menu(
    problem: Any,
    weights: Any = None,
    *,
    method: str = "auto",
    gap: float = 1e-6,
    time_limit: float = math.inf,
    progress: bool | Callable[[str], None] = False,
    start: Menu | None = None,
    max_options: Count | None = None,
    deterministic: Any = False,
    fixed_options: Any = None,
    **fields: Any,
) -> Menu:
    """The best menu of contracts, exactly incentive compatible and individually rational.

    Parameters
    ----------
    problem : ScreeningProblem, or the valuations of one: then `weights` and further fields are its other arguments
    method : "auto" picks the engine by structure; "ironing" is for types on a line, "cuts" for many types in
        several dimensions, "dual" for policies without money under an entropy cost, "reference" the general one, the
        whole program in cvxpy; menu.engine says which one ran
    gap : largest certified distance to the optimum, relative to the menu's value
    time_limit : seconds after which the search for a better menu stops; the menu is then exact all the same, with the
        gap it has, and its certificate says "stopped": `holds` is False unless the gap is within what was asked. So it
        is after an interrupt from the keyboard (Ctrl-C)
    progress : True to print a line per round to standard error, or a function that takes the line
    start : the menu of the same types under another objective, whose multipliers "dual" starts from; others do not
    max_options : most options on offer. The outside option, which nobody can be kept from, is not counted, and
        `upper_bound` is then a bound on all menus of so few options
    deterministic : True to offer corners of the domain only, a Box or a Simplex: whole goods, no lotteries; or an
        (n, n_goods) array, the only allocations that may be offered. `upper_bound` is a bound on menus of these
    fixed_options : a pair of allocations (n, n_goods) and transfers (n,), such as menu.options, that stand on the menu
        as they are: everybody can take them, the principal earns from whoever does, and they count among max_options
        even if nobody does. `menu.options` lists those that somebody takes

    Returns
    -------
    Menu
        Its certificate holds: IC and IR exactly, for the floats it contains, and value within `gap` of the bound.

    Raises
    ------
    ProblemError, InfeasibleMenuError, UnboundedMenuError
        If the problem makes no sense, or has no best menu.
    SolverError
        If no menu could be certified; `reached` is the best exact menu that was found, None if there is none.
    KeyboardInterrupt
        If interrupted before there is anything to return.

    Examples
    --------
    Two types, quadratic cost (Mussa & Rosen 1978; Maskin & Riley 1984):

    >>> from contracts.problem.costs import Quadratic
    >>> menu = solve_menu([1.0, 2.0], [0.75, 0.25], cost=Quadratic(), labels=("low", "high"))
    >>> menu.allocation.round(6).T
    array([[0.666667, 2.      ]])
    >>> menu.certificate.holds
    True

    With one option only, here one that all share:

    >>> print(solve_menu([1.0, 2.0], [0.8, 0.2], cost=Quadratic(), max_options=1))
    Menu: 2 types, 1 option, 2 bunched, value 0.5, proven bound 0.5
    ...
    """
    problem = as_problem(problem, weights, fields)
    gap = checked_gap(gap)
    time_limit = checked_seconds(time_limit)
    kind = kind_of(problem, max_options, deterministic, fixed_options)
    if not kind.is_every_menu:
        _check_no_engine(method, start)
        deadline = time.monotonic() + ENGINE_SHARE * time_limit
        return kept(short_menu(problem, kind, gap=gap, deadline=deadline, report=reporter(progress)), gap)
    elsewhere = _in_another_unit(problem, method, gap, time_limit, progress) if start is None else None
    return _best_menu(problem, method, gap, time_limit, progress, start) if elsewhere is None else elsewhere


def _best_menu(
    problem: ScreeningProblem,
    method: str,
    gap: float,
    time_limit: float,
    progress: Any,
    start: Menu | None,
) -> Menu:
    """The best menu, with utilities in the unit that they have."""
    began = time.monotonic()
    deadline = began + ENGINE_SHARE * time_limit
    engine: Callable[[ScreeningProblem], Engine] = functools.partial(
        engine_for, method=method, deadline=deadline, report=reporter(progress), gap=gap, start=start
    )
    served = _everybody_served(problem, method, gap, deadline)
    if served is not None:
        return served
    worthless = _without_idle_goods(problem, gap, method=method, time_limit=time_limit, progress=progress, start=start)
    if worthless is not None:
        return worthless
    failures: list[SolverError] = []
    candidates: list[Candidate] = []

    def certified(candidate: Candidate, limit: float = time_limit) -> Menu:
        return certified_menu(problem, candidate, gap=gap, deadline=began + limit, known=_lowest_bound(failures))

    begun = ""
    for attempt in itertools.chain(
        [engine], map(_whatever_the_problem, other_engines(problem.program, method, deadline))
    ):
        limit = time_limit
        try:
            candidate = candidate_within(problem.program, attempt)
            candidate = _named_after(begun, candidate) if failures else candidate
            candidates.append(candidate)
            if not candidate.is_finished:  # after an interrupt, repairs have their share of the time spent so far
                spent = time.monotonic() - began
                limit = min(limit, max(spent / ENGINE_SHARE, spent + REPAIR_SECONDS))
            return certified(candidate, limit)
        except SolverError as failure:
            failures.append(failure)
            begun = begun or _begun_with(problem, method, candidates)
            if time.monotonic() > deadline:
                break
    try:
        shared = _twins_sharing(problem, method, candidates, certified, deadline)
        if shared is not None:
            return shared
    except SolverError as failure:
        failures.append(failure)
    combined = _at_lowest_bound(problem, failures, gap)
    if combined is not None:
        return combined
    raise min(failures, key=_from_the_best)


def _begun_with(problem: ScreeningProblem, method: str, candidates: list[Candidate]) -> str:
    """The name of the first engine, which may have failed before there was a candidate."""
    if candidates:
        return candidates[0].engine.split(" (")[0]
    return suitable_method(problem.program) if method == "auto" else method


def _named_after(begun: str, found: Candidate) -> Candidate:
    """A candidate that also names the engine which led to no certified menu."""
    again = found.engine.split(" (")[0] == begun
    return dataclasses.replace(
        found, engine=f"{found.engine}, second attempt" if again else f"{begun}, then {found.engine}"
    )


def _at_lowest_bound(problem: ScreeningProblem, failures: list[SolverError], gap: float) -> Menu | None:
    """The best menu of all attempts under the lowest bound of all, if its certificate holds with it; else None."""
    reached = max((f.reached for f in failures if f.reached is not None), key=lambda menu: menu.value, default=None)
    lowest = _lowest_bound(failures)
    if reached is None or lowest is None or reached.certificate.is_stopped:
        return None
    again = assembled(problem, reached.contracts, reached.option_of_type, lowest, reached.engine, gap)
    return again if again.certificate.holds else None


def _twins_sharing(
    problem: ScreeningProblem,
    method: str,
    candidates: list[Candidate],
    certified: Callable[[Candidate], Menu],
    deadline: float,
) -> Menu | None:
    """The best menu in which twins share contracts, where floats may not say that they are indifferent.

    By the reference engine, so not where another one was asked for.
    """
    known = problem.valuation_sets is None and method in ("auto", "reference")
    if not candidates or not known or time.monotonic() > deadline:
        return None
    from contracts.repair.twins import with_twins_sharing

    return with_twins_sharing(problem.program, candidates[-1].allocation, certified, deadline)


def _in_another_unit(
    problem: ScreeningProblem, method: str, gap: float, time_limit: float, progress: Any
) -> Menu | None:
    """The best menu, found with amounts of goods, and utilities beside payoffs, in units in which they are near.

    None where they are near in the user's own. The proof and the exact comparison are about the user's own numbers.
    """
    units = own_units(problem)
    if units.are_the_users:
        return None
    try:
        found = _best_menu(in_units(problem, units), method, gap, time_limit, progress, None)
    except ContractError:
        return None  # what is wrong is said in the user's unit
    bound = upper_bound(problem.program, _per_utility(problem, found.bound.multipliers, units.utility))
    menu = assembled(problem, _in_users_units(problem, found, units), found.option_of_type, bound, found.engine, gap)
    menu = dataclasses.replace(
        menu, certificate=dataclasses.replace(menu.certificate, is_stopped=found.certificate.is_stopped)
    )
    return menu if menu.certificate.holds or menu.certificate.is_stopped else None


def _per_utility(problem: ScreeningProblem, prices: Multipliers, unit: float) -> Multipliers:
    """Prices of constraints on utilities in another unit as prices in the user's."""
    if unit == 1.0:
        return prices
    paid = problem.weights * (problem.terms.profit_weight + prices.profit)  # what a unit of transfer is worth by itself
    transfer = (prices.transfer + paid) / unit - paid
    return dataclasses.replace(prices, ic=(prices.ic * (1.0 / unit)).tocsr(), ir=prices.ir / unit, transfer=transfer)


def _in_users_units(problem: ScreeningProblem, found: Menu, units: OwnUnits) -> Options:
    """Contracts of the program in other units as contracts of the user's, in which the outside option is a good."""
    allocations, transfers = found.contracts
    last = []
    if problem.program.excludes:
        last = [problem.program.domain.total / found.problem.program.domain.total]  # type: ignore[attr-defined]
    return Options(allocations * np.append(units.goods, last), transfers)


def _lowest_bound(failures: list[SolverError]) -> Bound | None:
    """The lowest that is proven of all menus, whichever of them was reached."""
    bounds = [failure.reached.bound for failure in failures if failure.reached is not None]
    return min(bounds, key=lambda bound: bound.value, default=None)


def _everybody_served(problem: ScreeningProblem, method: str, gap: float, deadline: float) -> Menu | None:
    """The best menu that leaves nobody out, by an engine for that, if its prices prove it best of all; else None.

    Tried where types can be left out, and the program that says so is for the slower, general engine.
    """
    known = problem.ambiguity is None and problem.valuation_sets is None
    has_rows = problem.has_rows or isinstance(problem.transfers, tuple)  # limits are rows where types can be left out
    if problem.program is problem or has_rows or not known or suitable_method(problem.program) != "reference":
        return None
    compulsory = dataclasses.replace(problem, participation="compulsory", serving_cost=0.0)
    is_large = problem.n_types > REFERENCE_TYPES or problem.n_goods > REFERENCE_GOODS
    named = suitable_method(compulsory) if method == "auto" and is_large else method
    if named in ("auto", "reference"):
        return None
    try:
        found = engine_for(compulsory, named, deadline)(compulsory)
        allocation = np.column_stack([found.allocation, np.zeros(problem.n_types)])
        return certified_menu(problem, dataclasses.replace(found, allocation=allocation), gap=gap, deadline=deadline)
    except (InfeasibleMenuError, SolverError, ProblemError):
        return None


def _without_idle_goods(problem: ScreeningProblem, gap: float, **options: Any) -> Menu | None:
    """The menu of the problem in which goods that nobody can be given are worth nothing; None if there are none."""
    simpler = without_idle_goods(problem)
    if simpler is None:
        return None
    try:
        found = solve_menu(simpler, gap=gap, **options)
    except (SolverError, ProblemError):
        return None
    bound = upper_bound(problem.program, found.bound.multipliers)
    menu = assembled(problem, found.contracts, found.option_of_type, bound, found.engine, gap)
    stopped = found.certificate.is_stopped
    menu = dataclasses.replace(menu, certificate=dataclasses.replace(menu.certificate, is_stopped=stopped))
    return menu if menu.certificate.holds or stopped else None


def other_engines(problem: ScreeningProblem, method: str, deadline: float) -> Iterator[Engine]:
    """What to try where the engine of the problem's structure led to no certified menu."""
    if problem.valuation_sets is not None:
        from contracts.engines import robust

        for price in robust.IC_PRICES:
            yield functools.partial(robust.priced, ic_price=price, deadline=deadline)
    elif method in ("auto", "reference") and problem.n_types <= _rescued_types(problem):
        from contracts import faded
        from contracts.engines import reference
        from contracts.engines.twins.close_types import tree_of
        from contracts.engines.twins.near_twins import near_twins

        whole = functools.partial(reference.solve, deadline=deadline)
        doubtful = method == "auto" and problem.ambiguity is not None
        if doubtful and suitable_method(problem.under(problem.weights)) != "reference":
            yield searched(problem, "auto", deadline)  # each menu at weights that are known has sharp prices, and soon
        if method == "auto" and (problem.ambiguity is not None or suitable_method(problem) != "reference"):
            yield whole
        if len(near_twins(problem)):
            yield functools.partial(whole, ordered=True)
        if tree_of(problem) is not None:
            yield functools.partial(whole, stepped=True)
        if faded.reason_against(problem) is None:
            yield functools.partial(faded.solve, inner=lambda linear: engine_for(linear, method, deadline)(linear))
    elif method == "auto" and problem.constraints:  # the price of a row on a long line was not enough
        from contracts.engines import cuts

        if cuts.reason_against(problem) is None:
            yield functools.partial(cuts.solve, deadline=deadline)


def _whatever_the_problem(engine: Engine) -> Callable[[ScreeningProblem], Engine]:
    return lambda _: engine


def _rescued_types(problem: ScreeningProblem) -> int:
    """Up to how many types the whole program is a second attempt; under ambiguity it is slow on a line as well."""
    return RESCUED_TYPES if problem.ambiguity is None and has_few_rows(problem) else AMBIGUOUS_TYPES


def has_few_rows(problem: ScreeningProblem) -> bool:
    """Whether the rows of neighbours imply all IC: the whole program is then as long as the list of types."""
    from contracts.engines.ironing import line_of_tastes

    return problem.valuation_sets is None and problem.mimics is None and line_of_tastes(problem) is not None


def _from_the_best(failure: SolverError) -> tuple[float, float]:
    """Failures with the best menu first, and those with the lower bound before others."""
    reached = failure.reached
    return (math.inf, math.inf) if reached is None else (-float(reached.value), float(reached.upper_bound))


def candidate_within(problem: ScreeningProblem, engine: Callable[[ScreeningProblem], Engine]) -> Candidate:
    """The candidate of the problem's engine, without limits on transfers that are far from anything in it.

    A limit of a thousand million next to sums near one leaves a solver few digits. Without it there is an easier
    problem, whose prices bound the harder one, too; where its transfers are within the limit, it is all there is.
    """
    suited = engine(problem)  # refuses a method that does not apply
    low, high = problem.transfer_limits
    if isinstance(problem.transfers, tuple):
        far = FAR * units_of(problem).money
        eased = (-math.inf if low < -far else low, math.inf if high > far else high)
        easier = dataclasses.replace(problem, transfers="free" if eased == (-math.inf, math.inf) else eased)
        if eased != (low, high):
            try:
                candidate = engine(easier)(easier)
            except ContractError:  # such as unbounded: the far limits are needed
                return suited(problem)
            transfer = problem.utility(candidate.allocation, candidate.utility)
            if (low == eased[0] or transfer.min() > low / 2) and (high == eased[1] or transfer.max() < high / 2):
                return candidate
    return suited(problem)


def as_problem(problem: Any, weights: Any, fields: dict[str, Any]) -> ScreeningProblem:
    """A ScreeningProblem from solve_menu's arguments; fields override those of a problem that is already one."""
    if weights is not None:
        fields = {"weights": weights, **fields}
    check_keys(fields, field_names(ScreeningProblem), "the problem", thing="argument")
    if isinstance(problem, ScreeningProblem):
        return dataclasses.replace(problem, **fields)
    return ScreeningProblem(problem, **fields)


def engine_for(
    problem: ScreeningProblem,
    method: str,
    deadline: float = math.inf,
    report: Callable[[str], None] = lambda line: None,
    gap: float = 1e-6,
    start: Menu | None = None,
) -> Engine:
    """The engine that a method names, or that suits the problem."""
    if method not in METHODS:
        raise ProblemError(f"method is {method!r}: use one of {', '.join(METHODS)}")
    if problem.ambiguity is not None and method != "reference":
        return _against_the_worst(problem, method, deadline, report, gap)
    if method == "auto":
        method = suitable_method(problem)
    if problem.valuation_sets is not None and method not in UNCERTAIN:
        raise ProblemError(f"method {method!r} is for known valuations: use 'reference' or 'auto' under uncertainty")
    if method == "ironing":
        from contracts.engines import ironing, limited, priced_row

        priced = next((way for way in (priced_row, limited) if way.reason_against(problem) is None), ironing)
        return priced.solve  # seconds for millions of types
    if method == "cuts":
        from contracts.engines import cuts

        return functools.partial(cuts.solve, deadline=deadline, report=report)
    if method == "dual":
        from contracts.engines import dual

        return functools.partial(dual.solve, deadline=deadline, start=_prices_per_profit(problem, start))
    if method == "robust":
        from contracts.engines import robust

        return functools.partial(robust.solve, deadline=deadline)
    from contracts.engines import reference

    return functools.partial(reference.solve, deadline=deadline)


def searched(
    problem: ScreeningProblem,
    method: str,
    deadline: float,
    report: Callable[[str], None] = lambda line: None,
    gap: float = 1e-6,
) -> Engine:
    """Under ambiguity: a search over distributions with the engine asked for."""
    from contracts import worst_case

    engine = engine_for(problem.under(problem.weights), method, deadline)

    def inner(known: ScreeningProblem) -> Menu:
        return certified_menu(known, engine(known), gap=math.inf, deadline=deadline)

    return functools.partial(worst_case.solve, inner=inner, gap=gap, deadline=deadline, report=report)


def _against_the_worst(
    problem: ScreeningProblem, method: str, deadline: float, report: Callable[[str], None], gap: float
) -> Engine:
    """Under ambiguity: the whole program for few types, else a search over distributions with the engine asked for."""
    from contracts.engines import reference

    search = searched(problem, method, deadline, report, gap)
    short = isinstance(problem.ambiguity, Moments) and has_few_rows(problem)  # many corners, few rows
    if method != "auto" or problem.n_types > (RESCUED_TYPES if short else AMBIGUOUS_TYPES):
        return search

    def whole(problem: ScreeningProblem) -> Candidate:
        try:
            return reference.solve(problem, deadline=deadline)
        except SolverError:  # exponential cones of many types are too much for it now and then
            return search(problem)

    return whole


def _prices_per_profit(problem: ScreeningProblem, start: Menu | None) -> Multipliers | None:
    """The multipliers of a menu as fit to start from: of the same types, per unit of the weight on profit."""
    if start is None or start.problem.n_types != problem.n_types or start.problem.terms.profit_weight == 0:
        return None
    prices, weight = start.bound.multipliers, start.problem.terms.profit_weight
    return dataclasses.replace(prices, ic=prices.ic.multiply(1.0 / weight).tocsr(), ir=prices.ir / weight)


def suitable_method(problem: ScreeningProblem) -> str:
    """The fastest engine for the problem's structure."""
    if problem.valuation_sets is not None:
        return "robust"
    if problem.mimics is not None:
        return "reference"
    from contracts.engines.ironing import line_of

    line = line_of(problem)
    if not isinstance(line, str) and not np.ptp(problem.reservation_utility):
        return "ironing"
    from contracts.engines import cuts, dual, limited, priced_row

    if priced_row.reason_against(problem) is None or limited.reason_against(problem) is None:
        return "ironing"
    if dual.reason_against(problem) is None:
        return "dual"
    may_conflict = problem.transfers != "free" and not problem.outside.is_contract  # only `reference` says what does
    return "reference" if may_conflict or cuts.reason_against(problem) else "cuts"


def _check_no_engine(method: str, start: Menu | None) -> None:
    """Refuse an engine, or where it starts from, for menus that have engines of their own."""
    if method != "auto":
        raise ProblemError(
            f"method is {method!r}, but menus with max_options, deterministic or fixed_options have engines of their "
            "own: leave it 'auto'"
        )
    if start is not None:
        raise ProblemError("start is for the engine 'dual', which finds no menus of few options: leave it out")

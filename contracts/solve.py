"""solve_menu: choose an engine, run it, repair what it returns, prove it."""

from __future__ import annotations

import dataclasses
import functools
import math
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from contracts.arrays import number
from contracts.bounds import Multipliers, no_multipliers, upper_bound
from contracts.certificate import Certificate
from contracts.engines.candidate import Candidate
from contracts.errors import ProblemError, SolverError
from contracts.indifference import doubles
from contracts.menu import Menu, menu_of
from contracts.objectives import TOO_AVERSE
from contracts.problem import ScreeningProblem
from contracts.repair import exact_menu

Engine = Callable[[ScreeningProblem], Candidate]
METHODS = ("auto", "ironing", "cuts", "dual", "reference")
UNCERTAIN = ("robust", "reference")  # "robust" is what "auto" means under uncertainty
AMBIGUOUS_TYPES = 150  # so few that one program with every IC row beats many solves at known weights
ENGINE_SHARE = 0.85  # of the time limit; repairs have the rest
REPAIR_SECONDS = 1.0  # that repairs may always take after an interrupt
ROUNDED_UP = 1.1  # so that two digits are no less than the number
REFERENCE_TYPES = 12  # so few types in several dimensions that every IC row may as well be there
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


def solve_menu(
    problem: Any,
    weights: Any = None,
    *,
    method: str = "auto",
    gap: float = 1e-6,
    time_limit: float = math.inf,
    progress: bool | Callable[[str], None] = False,
    start: Menu | None = None,
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
        gap it has, whatever gap was asked for. So it is after an interrupt from the keyboard (Ctrl-C)
    progress : True to print a line per round to standard error, or a function that takes the line
    start : the menu of the same types under another objective, whose multipliers "dual" starts from; others do not

    Returns
    -------
    Menu
        Its certificate holds: IC and IR exactly, for the floats it contains, and value within `gap` of the bound.

    Raises
    ------
    ProblemError, InfeasibleMenuError, UnboundedMenuError
        If the problem makes no sense, or has no best menu.
    SolverError
        If no menu could be certified; `reached` holds the best exact menu that was found.
    KeyboardInterrupt
        If interrupted before there is anything to return.

    Examples
    --------
    Two types, quadratic cost (Mussa & Rosen 1978; Maskin & Riley 1984):

    >>> from contracts.costs import Quadratic
    >>> menu = solve_menu([1.0, 2.0], [0.75, 0.25], cost=Quadratic(), labels=("low", "high"))
    >>> menu.allocation.round(6).T
    array([[0.666667, 2.      ]])
    >>> menu.certificate.holds
    True
    """
    problem = as_problem(problem, weights, fields)
    gap = number("gap", gap)
    if not 0 < gap < 1:
        raise ProblemError(f"gap is {gap}: give a relative gap between 0 and 1, such as 1e-6")
    time_limit = checked_seconds(time_limit)
    began = time.monotonic()
    deadline = began + ENGINE_SHARE * time_limit
    engine = engine_for(problem, method, deadline, reporter(progress), gap, start)
    candidate, limit = engine(problem), time_limit
    if not candidate.is_finished:  # after an interrupt, repairs have their share of the time spent so far
        spent = time.monotonic() - began
        limit = min(limit, max(spent / ENGINE_SHARE, spent + REPAIR_SECONDS))
    try:
        return certified_menu(problem, candidate, gap=gap, deadline=began + limit)
    except SolverError:
        if problem.uncertainty is None:
            raise
    from contracts.engines import robust

    return certified_menu(problem, robust.priced(problem, deadline=deadline), gap=gap, deadline=began + limit)


def checked_seconds(time_limit: Any) -> float:
    """A time limit: a positive number, or infinity for none."""
    if isinstance(time_limit, float) and time_limit == math.inf:
        return time_limit
    if time_limit is None:
        raise ProblemError("time_limit is None: leave it out for no limit")
    seconds = number("time_limit", time_limit)
    if seconds <= 0:
        raise ProblemError(f"time_limit is {seconds}: give a positive number of seconds")
    return seconds


def reporter(progress: bool | Callable[[str], None]) -> Callable[[str], None]:  # noqa: FBT001 - the user's own switch
    """What engines report their rounds to."""
    if callable(progress):
        return progress
    if progress:
        return lambda line: print(line, file=sys.stderr, flush=True)  # noqa: T201 - progress is asked for
    return lambda line: None


def as_problem(problem: Any, weights: Any, fields: dict[str, Any]) -> ScreeningProblem:
    """A ScreeningProblem from solve_menu's arguments; fields override those of a problem that is already one."""
    if weights is not None:
        fields = {"weights": weights, **fields}
    known = {field.name for field in dataclasses.fields(ScreeningProblem)}
    for name in fields:
        if name not in known:
            raise ProblemError(f"unknown argument {name!r}: a problem has {', '.join(sorted(known))}")
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
    if problem.uncertainty is not None and method not in UNCERTAIN:
        raise ProblemError(f"method {method!r} is for known valuations: use 'reference' or 'auto' under uncertainty")
    if method == "ironing":
        from contracts.engines import ironing

        return ironing.solve  # it takes seconds for millions of types
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


def _against_the_worst(
    problem: ScreeningProblem, method: str, deadline: float, report: Callable[[str], None], gap: float
) -> Engine:
    """Under ambiguity: the whole program for few types, else a search over distributions with the engine asked for."""
    from contracts.engines import reference, worst_case

    engine = engine_for(problem.under(problem.weights), method, deadline)

    def inner(known: ScreeningProblem) -> Menu:
        return certified_menu(known, engine(known), gap=math.inf, deadline=deadline)

    search = functools.partial(worst_case.solve, inner=inner, gap=gap, deadline=deadline, report=report)
    if method != "auto" or problem.n_types > AMBIGUOUS_TYPES:
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
    if problem.uncertainty is not None:
        return "robust"
    from contracts.engines.ironing import line_of

    line = line_of(problem)
    if not isinstance(line, str) and not np.ptp(problem.reservation_utility):
        return "ironing"
    from contracts.engines import cuts, dual

    if dual.reason_against(problem) is None:
        return "dual"
    may_conflict = problem.transfers != "free" and problem.outside_contract is None  # only `reference` says what does
    few = problem.n_types <= REFERENCE_TYPES
    return "reference" if few or may_conflict or cuts.reason_against(problem) else "cuts"


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


def certified_menu(problem: ScreeningProblem, candidate: Candidate, *, gap: float, deadline: float = math.inf) -> Menu:
    """Repair a candidate, assign contracts exactly, prove the bound; raises if the certificate does not hold."""
    bound = upper_bound(problem, candidate.multipliers)
    if not candidate.is_finished:  # prices half-way may prove less than none at all
        bound = min(bound, upper_bound(problem, no_multipliers(problem)), key=lambda proven: proven.value)
    found = exact_menu(problem, candidate, bound, gap, deadline)
    menu = menu_of(problem, found, bound, candidate.engine)
    if not menu.certificate.holds:
        remedy = attainable(menu.certificate)
        if doubles(problem) is not None:
            remedy = INDIFFERENT
        elif problem.uncertainty is not None:
            remedy = TOUCHING
        elif problem.terms.function is not None:
            remedy = f"{remedy}, or {TOO_AVERSE}"
        raise SolverError(
            f"no menu within a relative gap of {gap:.1e} was certified; the best one reached:\n{menu.certificate}\n"
            f"{remedy}; the menu is in the error's `reached`",
            tried=(candidate.engine,),
            reached=menu,
        )
    return menu

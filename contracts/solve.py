"""solve_menu: choose an engine, run it, repair what it returns, prove it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from contracts.bounds import upper_bound
from contracts.engines.candidate import Candidate
from contracts.errors import ProblemError, SolverError
from contracts.menu import Menu, menu_of
from contracts.problem import ScreeningProblem
from contracts.repair import exact_menu

Engine = Callable[[ScreeningProblem], Candidate]
METHODS = ("auto", "ironing", "reference")


def solve_menu(
    problem: Any,
    weights: Any = None,
    *,
    method: str = "auto",
    gap: float = 1e-6,
    **fields: Any,
) -> Menu:
    """The best menu of contracts, exactly incentive compatible and individually rational.

    Parameters
    ----------
    problem : ScreeningProblem, or the valuations of one: then `weights` and further fields are its other arguments
    method : "auto" picks the engine by structure; "ironing" is for types on a line, "reference" the general
        one, with every IC row in cvxpy; menu.engine says which one ran
    gap : largest certified distance to the optimum, relative to the menu's value

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
    if not 0 < gap < 1:
        raise ProblemError(f"gap is {gap}: give a relative gap between 0 and 1, such as 1e-6")
    candidate = engine_for(problem, method)(problem)
    return certified_menu(problem, candidate, gap=gap)


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


def engine_for(problem: ScreeningProblem, method: str) -> Engine:
    """The engine that a method names, or that suits the problem."""
    from contracts.engines import ironing, reference

    if method not in METHODS:
        raise ProblemError(f"method is {method!r}: use one of {', '.join(METHODS)}")
    if method == "ironing" or (method == "auto" and not isinstance(ironing.line_of(problem), str)):
        return ironing.solve
    return reference.solve


def certified_menu(problem: ScreeningProblem, candidate: Candidate, *, gap: float) -> Menu:
    """Repair a candidate, assign contracts exactly, prove the bound; raises if the certificate does not hold."""
    bound = upper_bound(problem, candidate.multipliers)
    found = exact_menu(problem, candidate, bound, gap)
    menu = menu_of(problem, found, bound, candidate.engine)
    if not menu.certificate.holds:
        raise SolverError(
            f"no menu within a relative gap of {gap:.1e} was certified; the best one reached:\n{menu.certificate}\n"
            "Ask for a larger gap, or rescale the problem; the menu is in the error's `reached`",
            tried=(candidate.engine,),
            reached=menu,
        )
    return menu

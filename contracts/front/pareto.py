"""Pareto fronts: objectives are kept apart, and every menu is optimal for some weights on them.

Over the convex set of menus, in allocations and utilities, a front between concave objectives is the boundary of a
convex set. Each weighted problem, solved with a proven bound, gives a point of it and a half-space around it; the next
weights are those where points and half-spaces are farthest apart (`contracts.front.sandwich`). Fronts of anything else
are searched for (`contracts.front.search`).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, overload

import numpy as np

from contracts.errors import ProblemError
from contracts.front.exact import Clock, exact_front
from contracts.front.front import Front
from contracts.front.goals.goal import Goal, goals_of
from contracts.front.lists import Search
from contracts.front.mechanisms.front import MechanismFront, mechanism_front
from contracts.front.weighted import Programs
from contracts.inputs.arrays import generator, number
from contracts.inputs.door import checked
from contracts.inputs.names import listed
from contracts.inputs.progress import checked_seconds, reporter
from contracts.mechanisms.problem import MechanismProblem
from contracts.menu.menu import Menu
from contracts.problem.screening import ScreeningProblem
from contracts.solve import solve_menu

GAPS = {2: 1e-3, 3: 1e-3, 4: 1e-2, 5: 5e-2}  # default by number of objectives: menus needed grow as 1/gap^((m - 1)/2)
METHODS = ("auto", "exact", "search")
RELAXED = 0.05  # gap of the relaxation that a search starts from


@overload
def pareto_front(
    problem: ScreeningProblem,
    objectives: Any,
    *,
    gap: float | None = ...,
    method: str = ...,
    engine: str = ...,
    time_limit: float = ...,
    progress: bool | Callable[[str], None] = ...,
    search: Search | None = ...,
    rng: np.random.Generator | None = ...,
    n_workers: int = ...,
    checkpoint: str | Path | None = ...,
) -> Front: ...
@overload
def pareto_front(
    problem: MechanismProblem,
    objectives: Any,
    *,
    gap: float | None = ...,
    method: str = ...,
    engine: str = ...,
    time_limit: float = ...,
    progress: bool | Callable[[str], None] = ...,
    search: Search | None = ...,
    rng: np.random.Generator | None = ...,
    n_workers: int = ...,
    checkpoint: str | Path | None = ...,
) -> MechanismFront: ...
@checked(own=("time_limit", "problem"))
def pareto_front(
    problem: Any,
    objectives: Any,
    *,
    gap: float | None = None,
    method: str = "auto",
    engine: str = "auto",
    time_limit: float = math.inf,
    progress: bool | Callable[[str], None] = False,
    search: Search | None = None,
    rng: np.random.Generator | None = None,
    n_workers: int = 1,
    checkpoint: str | Path | None = None,
) -> Any:
    """The menus that are best for some trade-off between objectives, with a proven distance from all others.

    Parameters
    ----------
    problem : what the menus are for; of its own objective only the minimum profit matters. Or a MechanismProblem: its
        objectives are "revenue", "welfare", "utility", Profit(), TotalSurplus(), Surplus(agent), or weights by a name
        of one's own, {"small ones": {"utility": [1, 0]}}; only gap, time_limit and progress apply
    objectives : at least two of Profit(), Surplus(...), TotalSurplus(), WorstOff(), Misalignment(...), Harm(...),
        Access(...), Welfare(...), WeightedSum(...), for an exact front; with Inequality(), Information(...),
        NumberOfOptions(), a Criterion or a function of a menu among them the front is searched for. Text names them as
        on the command line, "profit, surplus:low" or one each. A dictionary gives names of one's own
    gap : share of the distance between ideal and nadir by which a menu off the front may be better in all objectives
        than a mixture of menus on it; 1e-3 for two and three objectives, 1e-2 for four, 5e-2 for five
    engine : the method of `solve_menu`
    time_limit : seconds after which the front is returned with the gap it has; so it is after an interrupt
    method : "exact", "search", or "auto": exact where all objectives are concave and no Search(...) is given
    progress : True to print a line per menu to standard error, or a function that takes the line
    search : how to search, Search(...); the options, allocations, generations
    rng : what a search draws from; the same generator gives the same front
    n_workers : processes that evaluate candidates of a search
    checkpoint : file that a search writes after every generation; if it exists, the search goes on from it

    Returns
    -------
    Front
        Every menu is exactly IC and IR; on an exact front it maximises a weighted sum with positive weights. Of a
        MechanismProblem a MechanismFront.

    Raises
    ------
    ProblemError
        If an objective does not vary, is unbounded on the feasible set, or repeats a name; if there are fewer than two.
    SolverError
        If the gap could not be reached; `reached` holds the front that was.

    Examples
    --------
    A monopolist of quality and its two types of buyer (Mussa & Rosen 1978):

    >>> from contracts import Profit, Quadratic, ScreeningProblem, TotalSurplus
    >>> problem = ScreeningProblem([1.0, 2.0], [0.75, 0.25], cost=Quadratic(), labels=("low", "high"))
    >>> front = pareto_front(problem, [Profit(), TotalSurplus()], gap=1e-2)
    >>> front.ideal.round(3), front.nadir.round(3)
    (array([0.667, 0.875]), array([0.625, 0.833]))
    >>> front.gap <= 1e-2
    True

    What objectives are called in a line of text does as well:

    >>> pareto_front(problem, "profit, total surplus", gap=1e-2).gap <= 1e-2
    True
    """
    if not isinstance(problem, ScreeningProblem | MechanismProblem):
        raise ProblemError(f"problem is {type(problem).__name__}: pass a ScreeningProblem or a MechanismProblem")
    if method not in METHODS:
        raise ProblemError(f"method is {method!r}: use one of {', '.join(METHODS)}")
    if isinstance(problem, MechanismProblem):
        if method == "search" or search is not None:
            raise ProblemError("fronts of mechanisms are exact: leave search and method='search' out")
        clock = Clock(time.monotonic() + checked_seconds(time_limit), reporter(progress))
        return mechanism_front(problem, objectives, gap, clock)
    if problem.ambiguity is not None:
        raise ProblemError(
            "fronts are for known weights: their objectives would have different worst cases; leave out ambiguity"
        )
    goals = goals_of(problem, objectives)
    if not isinstance(n_workers, int) or n_workers < 1:
        raise ProblemError(f"n_workers is {n_workers!r}: give a positive whole number of processes")
    clock = Clock(time.monotonic() + checked_seconds(time_limit), reporter(progress))
    is_concave = all(goal.concave is not None for goal in goals)
    if method == "exact" and not is_concave:
        curved = listed(goal.name for goal in goals if goal.concave is None)
        raise ProblemError(f"method 'exact' needs concave objectives, and these are not: {curved}; use method='search'")
    if problem.uncertainty is not None and not (is_concave and method != "search" and search is None):
        raise ProblemError("a search is for known valuations: leave out uncertainty, or use concave objectives only")
    if problem.mimics is not None and not (is_concave and method != "search" and search is None):
        raise ProblemError(
            "a search is for types who choose from one list of options: leave out mimics, or use concave objectives "
            "only"
        )
    if method == "search" or (method == "auto" and not (is_concave and search is None)):
        return _searched(problem, goals, search or Search(), rng, n_workers, checkpoint, clock)
    if len(goals) > max(GAPS):
        raise ProblemError(
            f"objectives has {len(goals)} entries: exact fronts have at most {max(GAPS)}; leave some out"
        )
    gap = GAPS[len(goals)] if gap is None else number("gap", gap)
    if not 0 < gap < 1:
        raise ProblemError(f"gap is {gap}: give a share between 0 and 1, such as 1e-3")
    return exact_front(problem, goals, gap=gap, engine=engine, clock=clock)


def _searched(
    problem: ScreeningProblem,
    goals: tuple[Goal, ...],
    search: Search,
    rng: np.random.Generator | None,
    workers: int,
    checkpoint: str | Path | None,
    clock: Clock,
) -> Front:
    """The search, from the exact front of the concave objectives among the goals; of one, its optimum."""
    from contracts.front.search import searched_front  # and with it pymoo

    if rng is None:
        raise ProblemError("a search draws at random: pass rng=numpy.random.default_rng(seed)")
    generator(rng)
    concave = tuple(goal for goal in goals if goal.concave is not None)
    seeds: list[Menu] = []
    if len(concave) > 1:
        gap = max(RELAXED, GAPS[len(concave)])
        relaxed = exact_front(problem, concave, gap=gap, engine="auto", clock=Clock(math.inf, clock.report))
        seeds = list(relaxed.menus)
    elif concave:
        seeds = [Programs(problem, concave, "auto", RELAXED).ideal(0).menu]
    else:
        seeds = [solve_menu(problem, gap=RELAXED)]
    return searched_front(
        problem,
        goals,
        seeds,
        search=search,
        rng=rng,
        workers=workers,
        checkpoint=checkpoint,
        is_over=lambda: clock.is_over,
        report=clock.report,
    )


# ---- the exact front ----

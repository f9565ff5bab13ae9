"""The best menu of a kind: by intervals on a line, from a list by a mixed-integer program, elsewhere by branches."""

from __future__ import annotations

import math
from collections.abc import Callable

from contracts.errors import ProblemError
from contracts.menu.menu import Menu
from contracts.problem.costs import parts_of
from contracts.problem.screening import ScreeningProblem
from contracts.proof.kinds import Kind
from contracts.short import branches, line, listed

MOST_TYPES = 30  # that branches go through without a time limit


def short_menu(
    problem: ScreeningProblem, kind: Kind, *, gap: float, deadline: float, report: Callable[[str], None]
) -> Menu:
    """The best menu of a kind and its bound, whatever gap that leaves: the certificate says.

    Raises
    ------
    ProblemError
        If costs differ by type, or types are many, where neither a line nor a list makes that easy.
    """
    if line.applies(problem, kind):
        return line.solve(problem, kind, gap)
    if kind.allocations is not None:
        return listed.solve(problem, kind, gap, deadline)
    if len(parts_of(problem.cost)) > 1:
        raise ProblemError(
            "costs that differ by type are covered where options come from a list: give deterministic=[...], "
            "allocations among which a good menu may be"
        )
    if problem.n_types > MOST_TYPES and deadline == math.inf:
        raise ProblemError(
            f"{problem.n_types} types off a line may take for ever: give time_limit=, and the menu comes with the gap "
            "that it has, or deterministic=[...], a list of allocations"
        )
    return branches.solve(problem, kind, gap, deadline, report)

"""Objectives of a front as people name them in a line of text, in Python and on the command line alike.

A name stands alone, or is followed by a colon and by what it is about; a plus joins several types or goods:
`profit`, `surplus:high`, `access:low+middle`, `harm:speed=0.5+storage=1`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.front.goals.objectives import (
    Access,
    Group,
    Harm,
    Inequality,
    Misalignment,
    NumberOfOptions,
    Surplus,
    TotalSurplus,
)
from contracts.inputs.names import listed, meant
from contracts.problem.objectives import Profit, WorstOff
from contracts.problem.screening import ScreeningProblem

ALONE: dict[str, Callable[[], Any]] = {
    "profit": Profit,
    "total-surplus": TotalSurplus,
    "worst-off": WorstOff,
    "inequality": Inequality,
    "number-of-options": NumberOfOptions,
}
OF_GROUPS: dict[str, Callable[[Group], Any]] = {"surplus": Surplus, "misalignment": Misalignment, "access": Access}
HARM = "harm"


def objective_named(problem: ScreeningProblem, text: str) -> Any:
    """The objective that a name stands for; blanks and underscores are as good as hyphens.

    Raises
    ------
    ProblemError
        If the name is unknown, or what it is about does not fit the problem.

    Examples
    --------
    >>> problem = ScreeningProblem([[1.0, 2.0], [3.0, 1.0]], labels=("low", "high"), goods=("speed", "storage"))
    >>> objective_named(problem, "surplus:high"), objective_named(problem, "total surplus")
    (Surplus(group='high'), TotalSurplus(name='total surplus'))
    """
    text = text.strip()
    said, _, about = text.partition(":")
    name = said.strip().lower().replace(" ", "-").replace("_", "-")
    if name in ALONE and not about:
        return ALONE[name]()
    if name in OF_GROUPS:
        return OF_GROUPS[name](_group(about))
    if name == HARM and about:
        return Harm(_per_good(problem, about))
    known = [*ALONE, *(f"{group}[:TYPE+...]" for group in OF_GROUPS), f"{HARM}:GOOD=AMOUNT+..."]
    raise ProblemError(f"no objective {text!r}{meant(name, [*ALONE, *OF_GROUPS])} there are {', '.join(known)}")


def _group(about: str) -> Group:
    return tuple(about.split("+")) if "+" in about else about or None


def _per_good(problem: ScreeningProblem, about: str) -> Any:
    vector = np.zeros(problem.n_goods)
    for part in about.split("+"):
        good, _, amount = part.partition("=")
        if good not in problem.goods:
            raise ProblemError(f"objective 'harm' names no good {good!r}: there are {listed(problem.goods)}")
        try:
            vector[list(problem.goods).index(good)] = float(amount)
        except ValueError as exc:
            raise ProblemError(f"the harm of {good!r} is {amount!r}: give a number, {good}=0.5") from exc
    return vector

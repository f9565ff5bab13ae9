"""The tab of Pareto fronts: what profit costs everybody together, and the menu at any point between."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from contracts.cli.explore.controls import Control, Values
from contracts.cli.explore.overtaken import each_round
from contracts.cli.explore.panels import BLUE, GREY, VERMILION, dots, line, panel
from contracts.cli.explore.tabs.drawn_menus import drawn_menu
from contracts.cli.explore.tabs.menus import COST, TYPES, Opened
from contracts.errors import ProblemError
from contracts.front.front import Front
from contracts.front.goals.objectives import TotalSurplus
from contracts.front.pareto import pareto_front
from contracts.menu.menu import Menu
from contracts.problem.costs import Quadratic
from contracts.problem.objectives import Profit
from contracts.problem.screening import ScreeningProblem

GAP = 2e-2  # of a front that is redrawn while somebody drags
MOST = 60  # types of a file: a front is many menus
WHERE = "Where on the front"
PICK = Control("pick", "from profit to everybody's surplus", 0, 1, 0.02, 0.5, group=WHERE)
CONTROLS = (
    PICK,
    Control("types", "types", 2, 12, 1, 6, group=TYPES),
    Control("spread", "spread of valuations", 0.2, 4, 0.1, 2, group=TYPES),
    Control("skew", "more low types", -3, 6, 0.1, 1, 0, "equal shares", TYPES),
    Control("cost", "cost curvature", 0.5, 3, 0.1, 1, group=COST),
)


def controls(opened: Opened | None) -> tuple[Control, ...]:
    """Of a file, where on its front."""
    return CONTROLS if opened is None else (PICK,)


def stated(values: Values, opened: Opened | None) -> ScreeningProblem:
    """What the menus of the front are for."""
    if opened is not None:
        if opened.problem.n_types > MOST:
            raise ProblemError(
                f"the front of {opened.problem.n_types} types is no matter of a moment: use contracts pareto"
            )
        problem: ScreeningProblem = opened.problem
        return problem
    place = np.linspace(0.0, 1.0, int(values["types"]))
    weights = np.exp(-values["skew"] * place)
    return ScreeningProblem(1.0 + values["spread"] * place, weights / weights.sum(), cost=Quadratic(values["cost"]))


def solved(values: Values, opened: Opened | None) -> tuple[Front, int]:
    """The front, and the menu on it that was picked."""
    front = _traced(tuple(sorted((k, v) for k, v in values.items() if k != PICK.name)), opened)
    order = np.argsort(front.points[:, 0], kind="stable")[::-1]  # from most profit
    return front, int(order[round(values["pick"] * (len(front) - 1))])


def picked(found: tuple[Front, int]) -> Menu:
    """The menu at the point."""
    front, index = found
    return front.menus[index]


def drawn(found: tuple[Front, int]) -> dict[str, Any]:
    """The front with the picked point, and that point's menu."""
    front, index = found
    points = front.points[np.argsort(front.points[:, 0], kind="stable")]
    menu = drawn_menu(front.menus[index])
    first = panel("front", "What can be had together", front.names[0], front.names[1], [
        line("mixtures of these menus", points[:, 0], points[:, 1], GREY),
        dots("menus, each best for some weights", points[:, 0], points[:, 1], BLUE, size=5),
        dots("this menu", front.points[[index], 0], front.points[[index], 1], VERMILION, size=9, hollow=True),
    ])  # fmt: skip
    return {
        **menu,
        "panels": [first, *menu["panels"]],
        "notes": [
            f"{len(front)} menus; none off the front is better in both by more than {front.gap:.2g} of the distance "
            "between its ends.",
            *menu["notes"],
        ],
    }


@lru_cache(maxsize=16)
def _traced(values: tuple[tuple[str, float], ...], opened: Opened | None) -> Front:
    return pareto_front(stated(dict(values), opened), [Profit(), TotalSurplus()], gap=GAP, progress=each_round)

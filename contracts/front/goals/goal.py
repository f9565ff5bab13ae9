"""Objectives at a problem: checked, named, and with what each makes of a menu."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from contracts.errors import ContractError, ProblemError
from contracts.front.goals.objectives import Concave, Criterion, Sense, check_sense
from contracts.front.goals.spoken import objective_named
from contracts.inputs.frozen import dataclass
from contracts.problem.objectives import Profit, WeightedSum, Welfare, WorstOff
from contracts.problem.screening import ScreeningProblem

if TYPE_CHECKING:
    from contracts.menu.menu import Menu


@dataclass(frozen=True, eq=False)
class Goal:
    """An objective at a problem: its name, its sense, how to measure a menu by it, and its concave form if any."""

    name: str
    sense: Sense
    concave: Concave | None
    measure: Callable[[Menu], float]

    @property
    def sign(self) -> float:
        return 1.0 if self.sense == "max" else -1.0

    def value(self, menu: Menu) -> float:
        """What the menu is worth, in the objective's own unit and sense; an error if it is no finite number."""
        try:
            value = self.measure(menu)
        except ContractError:
            raise
        except Exception as exc:  # of the user's own function
            raise ProblemError(
                f"objective {self.name!r} fails at a menu with {type(exc).__name__}: {exc}; give a function of any menu"
            ) from exc
        if not np.isfinite(value):
            raise ProblemError(f"objective {self.name!r} is {value} at a menu: give a function that is finite")
        return value


def goals_of(problem: ScreeningProblem, objectives: Any) -> tuple[Goal, ...]:
    """Objectives checked against a problem: a list, a dictionary from names of one's own, or a line with commas.

    Raises
    ------
    ProblemError
        If there are fewer than two, if names repeat, or if one does not fit the problem.
    """
    if isinstance(objectives, str):
        objectives = objectives.split(",")
    if isinstance(objectives, Mapping):
        named: list[tuple[str | None, Any]] = [(str(name), objective) for name, objective in objectives.items()]
    elif isinstance(objectives, Sequence):
        named = [(None, objective) for objective in objectives]
    else:
        raise ProblemError(f"objectives is {objectives!r}: give a list of at least two, such as [Profit(), Surplus()]")
    goals = tuple(goal_of(problem, objective, name) for name, objective in named)
    if len(goals) < 2:
        raise ProblemError(f"objectives has {len(goals)} entries: a front needs at least two; one is for solve_menu")
    names = [goal.name for goal in goals]
    for name in names:
        if names.count(name) > 1:
            raise ProblemError(
                f"objectives has two of the name {name!r}: pass a dictionary {{'name': objective}} to tell them apart"
            )
    return goals


def goal_of(problem: ScreeningProblem, objective: Any, name: str | None = None) -> Goal:
    """One objective at a problem, under its own name unless another is given."""
    if isinstance(objective, str):
        objective = objective_named(problem, objective)
    if isinstance(objective, Profit | Welfare | WeightedSum | WorstOff):
        given = WeightedSum(worst_off_weight=1.0) if isinstance(objective, WorstOff) else objective
        if given.minimum_profit is not None:
            raise ProblemError("an objective of a front holds no minimum_profit: put it into the problem's objective")
        given.check(problem.valuations.shape)
        concave = Concave(given.terms(problem.valuations.shape))
        return _goal(name or _plain_name(objective), "max", concave)
    if isinstance(objective, type) or not (callable(objective) or hasattr(objective, "sense")):
        raise ProblemError(
            f"{objective!r} is no objective: use Profit(), Surplus(...), TotalSurplus(), WorstOff(), "
            "Misalignment(...), Harm(...), Access(...), Inequality(), Information(...), NumberOfOptions() or a "
            "function of a menu"
        )
    if not hasattr(objective, "sense"):
        objective = Criterion(getattr(objective, "__name__", type(objective).__name__), objective)
    check_sense(objective)
    if hasattr(objective, "concave"):
        found = objective.concave(problem)
        return _goal(
            name or objective.name, objective.sense, Concave(found.sum.terms(problem.valuations.shape), found.constant)
        )
    return Goal(name or objective.name, objective.sense, None, objective.value)


def _goal(name: str, sense: Sense, concave: Concave) -> Goal:
    return Goal(name, sense, concave, functools.partial(measured, concave, sense))


def measured(concave: Concave, sense: Sense, menu: Menu) -> float:
    """What a menu is worth by a concave objective, in the objective's own sense."""
    whole = concave.sum.value(menu.problem.weights, menu.payoff, menu.allocation, menu.utility) + concave.constant
    return whole if sense == "max" else -whole


def _plain_name(objective: Any) -> str:
    return {Profit: "profit", Welfare: "welfare", WeightedSum: "weighted sum", WorstOff: "worst-off"}[type(objective)]

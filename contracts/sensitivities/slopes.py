"""Slopes of the value to the left and to the right of where it is, each with an interval that is proven.

Two certified menus a step apart bound the difference of the two best values from both sides, whatever the solver said:

    (value(p + h) - bound(p)) / h  <=  [V(p + h) - V(p)] / h  <=  (bound(p + h) - value(p)) / h.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np

from contracts.errors import ProblemError, SolverError
from contracts.inputs.arrays import number
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import one_of
from contracts.inputs.names import listed
from contracts.menu.menu import Menu
from contracts.problem.screening import ScreeningProblem
from contracts.solve import solve_menu

Parameter = Literal["weights", "valuations", "principal_values", "reservation_utility"]

STEP = 1e-4  # of the parameter, or of one where it is smaller
PRECISE = 1e-9  # relative gap that slopes are computed from, where it can be had
KINK = 1e-2  # share of the larger slope by which the two differ where there is a kink


@checked
@dataclass(frozen=True)
class Slopes:
    """How the value changes over a step to either side, per unit of the parameter.

    Attributes
    ----------
    left, right : of the values of the menus found
    left_range, right_range : intervals in which the slopes of the best values lie, proven
    step : how far to either side
    """

    left: float
    right: float
    left_range: tuple[float, float]
    right_range: tuple[float, float]
    step: float

    @property
    def is_kink(self) -> bool:
        """Whether the two slopes differ by more than a hundredth, beyond what the gaps leave open."""
        apart = max(self.left_range[0] - self.right_range[1], self.right_range[0] - self.left_range[1])
        return apart > KINK * max(abs(self.left), abs(self.right))

    def __str__(self) -> str:
        kind = "a kink" if self.is_kink else "no kink"
        return f"slope {self.left:.6g} to the left, {self.right:.6g} to the right over {self.step:.3g}: {kind}"


@checked
def slopes(
    menu: Menu, parameter: Parameter, type: str | int, good: str | int | None = None, *, step: float | None = None
) -> Slopes:
    """The slopes of the best value on both sides, by solving again a step away.

    Parameters
    ----------
    parameter : "weights" (the others give way in proportion), "valuations", "principal_values", "reservation_utility"
    type, good : label or number; the good may be left out where there is one, and is not asked for by the others
    step : how far; by default a ten-thousandth of the parameter, or of one where it is smaller

    Raises
    ------
    ProblemError
        If there is no such parameter, type or good, or the step leaves what is possible.

    Examples
    --------
    A low type that is left out costs nothing, however much better off it is elsewhere; were it worse off there, it
    could be charged for nothing, and sold a little:

    >>> from contracts import Quadratic, solve_menu
    >>> menu = solve_menu([1.0, 3.0], [0.5, 0.5], cost=Quadratic(), labels=("low", "high"))
    >>> print(slopes(menu, "valuations", "high"))
    slope 1.49993 to the left, 1.50008 to the right over 0.0003: no kink
    >>> print(slopes(menu, "reservation_utility", "low"))
    slope -0.749994 to the left, -...e-10 to the right over 0.0001: a kink
    """
    problem = menu.problem
    if parameter not in ("weights", "valuations", "principal_values", "reservation_utility"):
        raise ProblemError(
            f"parameter is {parameter!r}: use 'weights', 'valuations', 'principal_values' or 'reservation_utility'"
        )
    i = one_of("type", type, problem.labels, "types")
    place: tuple[int, ...] = (i,)
    if parameter in ("valuations", "principal_values"):
        if good is None and problem.n_goods > 1:
            raise ProblemError(f"good is left out: say which of {listed(problem.goods)}")
        place = (i, 0 if good is None else one_of("good", good, problem.goods, "goods"))
    now = float(np.asarray(getattr(problem, parameter))[place])
    size = STEP * max(abs(now), 1.0 if parameter != "weights" else 0.0) if step is None else number("step", step)
    if not size > 0 or (parameter == "weights" and size >= min(now, 1 - now)):
        raise ProblemError(f"step is {size:g}: give a step above 0 that leaves every weight positive, such as {STEP:g}")
    here = _precisely(problem)
    ranges, means = [], []
    for sign in (-1.0, 1.0):
        there = _precisely(_moved(problem, parameter, place, sign * size))
        ends = ((there.value - here.upper_bound) / size, (there.upper_bound - here.value) / size)
        ranges.append((sign * ends[0], sign * ends[1]) if sign > 0 else (-ends[1], -ends[0]))
        means.append(sign * (there.value - here.value) / size)
    return Slopes(means[0], means[1], ranges[0], ranges[1], size)


def _moved(problem: ScreeningProblem, parameter: str, place: tuple[int, ...], by: float) -> ScreeningProblem:
    values = np.array(getattr(problem, parameter), dtype=np.float64)
    if parameter == "weights":
        others = np.arange(len(values)) != place[0]
        values[others] *= 1 - by / (1 - values[place])
        values[place] += by
        values /= values.sum()
    else:
        values[place] += by
    fields: dict[str, Any] = {parameter: values}
    if problem.outside_option is not None:  # what it is worth follows from the valuations
        fields.setdefault("reservation_utility", 0.0)
    return replace(problem, **fields)


def _precisely(problem: ScreeningProblem) -> Menu:
    """The best menu, as near to the optimum as it can be had."""
    try:
        return solve_menu(problem, gap=PRECISE)
    except SolverError as failure:
        if failure.reached is None:
            raise
        return failure.reached

"""The tab of menus: hidden types on a line, in two goods, or those of an opened file."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, NamedTuple

import numpy as np

from contracts.cli.explore.controls import Control, Values
from contracts.cli.explore.overtaken import each_round
from contracts.errors import ContractError, ProblemError
from contracts.inputs.arrays import Array
from contracts.menu.menu import Menu
from contracts.problem.ambiguity import TotalVariation
from contracts.problem.costs import Entropy, Linear, Power, Quadratic
from contracts.problem.objectives import Profit, Welfare
from contracts.problem.rows import Capacity
from contracts.problem.screening import ScreeningProblem
from contracts.solve import solve_menu

TYPES, COST, LIMITS, AIMS = "Types", "Cost", "Limits", "Aims and doubts"  # headings
BY_HAND = 12  # types whose numbers can be moved one by one
SCALED = {Quadratic: "curvature", Linear: "price", Power: "scale", Entropy: "temperature"}  # what a cost grows with

LINE = (
    Control("goods", "goods", 1, 2, 1, 1, group=TYPES),
    Control("types", "types", 2, 60, 1, 50, group=TYPES),
    Control("spread", "spread of valuations", 0.1, 4, 0.1, 2, group=TYPES),
    Control("skew", "more low types", -3, 6, 0.1, 1, 0, "equal shares", TYPES),
    Control("middle", "fewer in the middle", 0, 0.95, 0.05, 0, 0, "none", TYPES),
    Control("cost", "cost curvature", 0.5, 3, 0.1, 1, group=COST),
    Control("capacity", "capacity per agent", 0.05, 4, 0.05, 4, 4, "no limit", LIMITS),
    Control("cap", "largest transfer", 0.1, 10, 0.1, 10, 10, "no limit", LIMITS),
    Control("outside", "worth of the way out", 0, 2, 0.05, 0, 0, "nothing", LIMITS),
    Control("care", "weight on agents", 0, 0.95, 0.05, 0, 0, "profit only", AIMS),
    Control("doubt", "doubt about shares", 0, 0.5, 0.02, 0, 0, "none", AIMS),
    Control("noise", "noise in choices", 0, 1, 0.02, 0, 0, "none", AIMS),
)


class Opened(NamedTuple):
    """A problem from a file, and how large its menus are, which sliders are made for."""

    name: str
    problem: Any
    amount: float = 1.0  # of all goods, of the average agent
    money: float = 1.0  # the largest transfer


def opened_menu(name: str, problem: ScreeningProblem) -> Opened:
    """The problem with its sizes; if it has no menu as it stands, sliders may lead to one that has."""
    try:
        menu = solved(problem)
    except ContractError:
        return Opened(name, problem)
    amount = float(problem.weights @ menu.allocation.sum(axis=1))
    return Opened(name, problem, _round(amount), _round(float(np.abs(menu.transfer).max())))


def controls(opened: Opened | None) -> tuple[Control, ...]:
    """What can be moved: everything of the built-in types, and of a file what its problem leaves open."""
    if opened is None:
        return LINE
    problem, amount, money = opened.problem, opened.amount, opened.money
    found = [
        Control("spread", "differences of valuations", 0.05, 2, 0.05, 1, 1, "as in the file", TYPES),
        Control("skew", "more low types", -3, 3, 0.1, 0, 0, "as in the file", TYPES),
    ]
    if type(problem.cost) in SCALED:
        found.append(Control("cost", "cost, times", 0.25, 4, 0.05, 1, 1, "as in the file", COST))
    if problem.transfers == "free":
        found.append(Control("capacity", "capacity per agent", amount / 50, 2 * amount, amount / 50, 2 * amount,
                             2 * amount, "no limit", LIMITS))  # fmt: skip
        found.append(
            Control(
                "cap", "largest transfer", money / 50, 2 * money, money / 50, 2 * money, 2 * money, "no limit", LIMITS
            )
        )
    if isinstance(problem.objective, Profit):
        found.append(Control("care", "weight on agents", 0, 0.95, 0.05, 0, 0, "profit only", AIMS))
        if problem.mimics is None and problem.uncertainty is None:
            found.append(Control("noise", "noise in choices", 0, money, money / 50, 0, 0, "none", AIMS))
    if problem.ambiguity is None:
        found.append(Control("doubt", "doubt about shares", 0, 0.5, 0.02, 0, 0, "none", AIMS))
    return tuple(found)


def stated(values: Values, opened: Opened | None) -> ScreeningProblem:
    """The problem under the sliders."""
    base = _built_in(values) if opened is None else _moved(opened.problem, values)
    changes: dict[str, Any] = {}
    known = {control.name: control for control in controls(opened)}

    def on(name: str) -> bool:
        return name in known and values[name] != known[name].off

    if on("capacity"):
        rows = (*base.constraints, Capacity(values["capacity"], good=list(base.goods)))
        changes["constraints"] = rows
    if on("cap"):
        changes["transfers"] = (-math.inf, values["cap"])
    if on("outside"):
        changes["reservation_utility"] = values["outside"]
    if on("care"):
        changes["objective"] = Welfare(weights=values["care"])
    if on("doubt"):
        changes["ambiguity"] = TotalVariation(values["doubt"])
    return dataclasses.replace(base, **changes) if changes else base


def solved(problem: ScreeningProblem) -> Menu:
    """The menu, by the engine that answers soonest for what a page shows."""
    return solve_menu(problem, progress=each_round)


# ---- types ----


def _built_in(values: Values) -> ScreeningProblem:
    """Valuations from 1 upwards, evenly on a line or a grid, with shares that fall and may be hollow in the middle."""
    count = int(values["types"])
    if values["goods"] == 1:
        place = np.linspace(0.0, 1.0, count)[:, np.newaxis]
    else:
        count = min(count, 30)
        down = max(int(math.sqrt(count)), 1)
        first, second = np.meshgrid(np.linspace(0.0, 1.0, count // down), np.linspace(0.0, 1.0, down), indexing="ij")
        place = np.column_stack([first.ravel(), second.ravel()])
    at = place.mean(axis=1)
    weights = np.exp(-values["skew"] * at) * (1.0 - values["middle"] * np.exp(-(((at - 0.5) / 0.15) ** 2)))
    return ScreeningProblem(1.0 + values["spread"] * place, weights / weights.sum(), cost=Quadratic(values["cost"]))


def _moved(problem: ScreeningProblem, values: Values) -> ScreeningProblem:
    """The problem of a file with other differences between its types, other shares, another cost."""
    changes: dict[str, Any] = {}
    if values["spread"] != 1:
        mean = problem.weights @ problem.valuations
        changes["valuations"] = mean + values["spread"] * (problem.valuations - mean)
    if values["skew"]:
        rank = np.argsort(np.argsort(problem.valuations.sum(axis=1), kind="stable"), kind="stable")
        weights = problem.weights * np.exp(-values["skew"] * rank / max(problem.n_types - 1, 1))
        changes["weights"] = weights / weights.sum()
    if values.get("cost", 1.0) != 1:
        field = SCALED[type(problem.cost)]
        changes["cost"] = dataclasses.replace(
            problem.cost, **{field: np.asarray(getattr(problem.cost, field)) * values["cost"]}
        )
    return dataclasses.replace(problem, **changes) if changes else problem


def by_hand(problem: ScreeningProblem) -> dict[str, Any] | None:
    """The numbers of each type, where there are few enough to be moved one by one."""
    if problem.n_types > BY_HAND or problem.n_goods > BY_HAND:
        return None
    return {
        "labels": list(problem.labels),
        "goods": list(problem.goods),
        "weights": problem.weights.tolist(),
        "valuations": problem.valuations.tolist(),
    }


def edited(problem: ScreeningProblem, edits: Any) -> ScreeningProblem:
    """The problem with the numbers that somebody has given its types; shares are made to sum to 1.

    Raises
    ------
    ProblemError
        If they are not numbers, or of other types.
    """
    if edits is None:
        return problem
    if not isinstance(edits, dict) or set(edits) != {"weights", "valuations"}:
        raise ProblemError("types by hand are no object with weights and valuations: give both")
    weights = _numbers("weights", edits["weights"], (problem.n_types,))
    if weights.min() < 0 or not weights.sum() > 0:
        raise ProblemError("the shares by hand are negative, or all nothing: give shares of at least 0")
    valuations = _numbers("valuations", edits["valuations"], problem.valuations.shape)
    return dataclasses.replace(problem, weights=weights / weights.sum(), valuations=valuations)


def _numbers(what: str, given: Any, shape: tuple[int, ...]) -> Array:
    rows = given if isinstance(given, list) else []
    cells = [cell for row in rows for cell in (row if isinstance(row, list) else [row])]
    if any(isinstance(cell, bool) or not isinstance(cell, int | float) or not math.isfinite(cell) for cell in cells):
        raise ProblemError(f"the {what} by hand hold what is no number: give a number for each type")
    even = len({len(row) if isinstance(row, list) else -1 for row in rows}) == 1
    array = np.array(rows if even else [], dtype=np.float64)
    if array.shape != shape:
        raise ProblemError(f"the {what} by hand are {array.shape}, and the types are {shape}: give one for each")
    return array


def _round(size: float) -> float:
    """Two digits of a size, for sliders; 1 of nothing."""
    return float(f"{size:.2g}") if size > 1e-9 else 1.0

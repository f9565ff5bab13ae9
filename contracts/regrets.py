"""What a menu costs against knowing the type distribution: regret, by distribution and at its largest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from contracts.display.table import Column, Table, Tabular, names
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.menu.menu import Menu
from contracts.problem.checks import WEIGHTS_SUM_TOLERANCE
from contracts.problem.screening import ScreeningProblem
from contracts.proof.bound import distribution_within
from contracts.solve import solve_menu

if TYPE_CHECKING:
    import pandas as pd

ASCENTS = 30  # solves at most for one climb to a larger regret
LEAST = 1e-9  # share of the problem's own distribution in every other
RISE = 1e-9  # relative; a climb that gains less has arrived


@checked
@dataclass(frozen=True, eq=False)
class Regret(Tabular):
    """A menu's value and the best there is, under each of several type distributions.

    Attributes
    ----------
    names : of the distributions
    distributions : (n_distributions, n_types) array
    value : (n_distributions,) what the menu is worth there, money
    best : (n_distributions,) what the best menu for that distribution is worth; its proven bound is `bound`
    """

    names: tuple[str, ...]
    distributions: Array
    value: Array
    best: Array
    bound: Array

    @property
    def regret(self) -> Array:
        """best - value: what not knowing costs; (n_distributions,), money."""
        return self.best - self.value

    @property
    def largest(self) -> float:
        """The largest regret in the table."""
        return float(self.regret.max())

    def to_frame(self) -> pd.DataFrame:
        """One row per distribution."""
        return self._table().to_frame()

    def _table(self) -> Table:
        numbers = {"value": (self.value, ".6g"), "best": (self.best, ".6g"), "regret": (self.regret, ".4g")}
        columns = [Column(name, values, form) for name, (values, form) in numbers.items()]
        return Table([names("distribution", self.names), *columns, Column("bound on the best", self.bound, None)])


@checked(own=("distributions",))
def regret(menu: Menu, distributions: Mapping[str, Any] | None = None, *, method: str = "auto") -> Regret:
    """How much a menu falls short of the best one for each of several type distributions.

    Parameters
    ----------
    menu : a menu of a problem whose objective is an expectation over types
    distributions : named (n_types,) weights, inside the problem's ambiguity or not; by default the problem's own and,
        if the problem has an ambiguity, the menu's worst case and the distribution of the largest regret found. Regret
        is convex in the distribution, so that search climbs by linearising it, from the two others; what it finds is a
        lower bound on the largest.
    method : engine for the best menus

    Raises
    ------
    ProblemError
        If the objective has a worst-off term, or a distribution does not fit or sum to one.

    Examples
    --------
    >>> from contracts.problem.ambiguity import TotalVariation
    >>> from contracts.problem.costs import Quadratic
    >>> menu = solve_menu([1.0, 2.0], [0.5, 0.5], cost=Quadratic(), ambiguity=TotalVariation(0.1))
    >>> print(regret(menu))
    distribution         value        best      regret
    as given          0.972222           1     0.02778
    worst case        0.833333    0.833333   ...
    largest regret     1.11111         1.2     0.08889
    """
    if not isinstance(menu, Menu):
        raise ProblemError(f"menu is {type(menu).__name__}: give a Menu, as solve_menu returns it")
    problem = menu.problem
    if problem.terms.worst_off_weight:
        raise ProblemError("regret is for objectives that are expectations over types: leave the worst-off term out")
    by_type = problem.terms.by_type(menu.payoff, menu.allocation, menu.utility)
    if distributions is not None:
        if not isinstance(distributions, Mapping):
            raise ProblemError(f"distributions is {type(distributions).__name__}: give weights by name, as in a dict")
        if not distributions:
            raise ProblemError("distributions is empty: give at least one, or leave it out")
        named = {name: _distribution(name, weights, problem) for name, weights in distributions.items()}
        solved = {name: _best(problem, weights, method) for name, weights in named.items()}
    else:
        solved = {"as given": _best(problem, problem.weights, method)}
        if problem.ambiguity is not None:
            worst = distribution_within(problem, _shared(problem, menu.worst_case_weights))
            solved["worst case"] = _best(problem, worst, method)
            climbs = [_climb(problem, by_type, start, method) for start in solved.values()]
            solved["largest regret"] = max(climbs, key=lambda best: best.value - best.problem.weights @ by_type)
    every = list(solved.values())
    weights = np.array([best.problem.weights for best in every])
    return Regret(
        tuple(solved),
        weights,
        weights @ by_type,
        np.array([best.value for best in every]),
        np.array([best.upper_bound for best in every]),
    )


def _best(problem: ScreeningProblem, weights: Array, method: str) -> Menu:
    return solve_menu(problem.under(weights), method=method)


def _shared(problem: ScreeningProblem, weights: Array) -> Array:
    """Every type keeps a share of the weight, or there would be no best contract for it."""
    return (1 - LEAST) * weights + LEAST * problem.weights


def _climb(problem: ScreeningProblem, by_type: Array, start: Menu, method: str) -> Menu:
    """Regret g . (p - v) with p the best menu's payoffs at g: the g that maximises it for this p has no less regret."""
    ambiguity: Any = problem.ambiguity
    best, size = start, float(np.abs(by_type).max()) + abs(start.value)
    for _ in range(ASCENTS):
        slope = problem.terms.by_type(best.payoff, best.allocation, best.utility) - by_type
        further = ambiguity.worst_case(-slope, problem.weights, problem.valuations).weights
        tried = _best(problem, distribution_within(problem, _shared(problem, further)), method)
        gain = (tried.value - tried.problem.weights @ by_type) - (best.value - best.problem.weights @ by_type)
        if gain <= RISE * size:
            break
        best = tried
    return best


def _distribution(name: str, weights: Any, problem: ScreeningProblem) -> Array:
    given = finite(f"distribution {name!r}", weights, problem.labels)
    if given.shape != (problem.n_types,):
        raise ProblemError(f"distribution {name!r} has shape {given.shape}; expected one share per type")
    if np.any(given < 0) or abs(given.sum() - 1) > WEIGHTS_SUM_TOLERANCE:
        raise ProblemError(
            f"distribution {name!r} must not be negative and must sum to 1: its least entry is {given.min():g}, "
            f"its sum {given.sum():g}"
        )
    return _shared(problem, given) if np.any(given == 0) else given

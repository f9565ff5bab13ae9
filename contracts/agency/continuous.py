"""Outcomes on a line and actions on an interval: cells of outcomes, and deviations that are found as they tempt.

Outcomes are told apart by cells. A wage that is the same within each cell is a contract of the continuous problem, too:
chances of cells are exact, so what the agent does is what it would do, and finer cells can only lower what an action
costs. The agent may take every action of the interval. An action is implemented against its neighbours at a small
distance, which stand for the first-order condition, against a grid, and against whatever other action turns out to
tempt (Azevedo & Wolff 2025). The first-order approach alone asks about neighbours; whether it would do is reported.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from contracts.agency.contract import Contract
from contracts.agency.problem import MoralHazardProblem
from contracts.agency.solve import solve_contract
from contracts.agency.utility import RiskNeutral, Utility
from contracts.agency.wages.between import FINER, ActionProof, highest_between, proofs_of
from contracts.agency.wages.implementation import implementations
from contracts.display.numbers import DIGITS
from contracts.display.table import Column, Table, Tabular
from contracts.errors import ProblemError, SolverError
from contracts.inputs.arrays import Array, finite, number
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Count

NEIGHBOUR = 1e-4  # share of the interval at which neighbours stand for the first-order condition
FINE = 501  # actions among which the most tempting one is looked for
SKIPPED = 3  # actions of the grid from one that is looked at first to the next
CLOSER = (3.0, 1.0, 0.25, 0.05)  # of the grid's spacing, around the best action so far
AROUND = np.array([-1.0, -0.75, -0.5, -0.25, 0.25, 0.5, 0.75, 1.0])
ROUNDS = 12  # of letting actions that tempt join
TEMPTS = 1e-6  # share of the range of effort costs that another action may gain before it joins


@checked
@dataclass(frozen=True, eq=False, repr=False)
class ContinuousMoralHazardProblem:
    """Hidden action where output is a number on a line, and the action a number in an interval.

    Attributes
    ----------
    distribution : from an array of actions, (n, 1), to a frozen distribution of scipy.stats, such as
        lambda a: scipy.stats.norm(a, 10)
    outcomes : (lowest, highest), between which outcomes are told apart; all beyond counts as the last cell
    actions : (lowest, highest)
    effort_cost : from an array of actions to utility
    utility, reservation_utility, wages : as in MoralHazardProblem
    n_outcomes, n_actions : cells of outcomes, even, and actions of the grid

    Examples
    --------
    >>> import scipy.stats
    >>> problem = ContinuousMoralHazardProblem(lambda a: scipy.stats.norm(a, 10.0), (-30.0, 210.0), (0.0, 110.0),
    ...                                        lambda a: a**2 / 30_000, n_outcomes=40)
    >>> problem.at([0.0, 80.0])
    MoralHazardProblem(n_actions=2, n_outcomes=40, utility=RiskNeutral())
    """

    distribution: Callable[[Any], Any]
    outcomes: tuple[float, float]
    actions: tuple[float, float]
    effort_cost: Callable[[Any], Any]
    utility: Utility = RiskNeutral()
    reservation_utility: float = 0.0
    wages: tuple[float, float] = (-math.inf, math.inf)
    n_outcomes: Count = 200
    n_actions: Count = 101

    def __post_init__(self) -> None:
        for name in ("outcomes", "actions"):
            ends = finite(name, getattr(self, name)).ravel()
            if len(ends) != 2 or not ends[0] < ends[1]:
                raise ProblemError(f"{name} is {getattr(self, name)!r}: give (lowest, highest)")
            object.__setattr__(self, name, (float(ends[0]), float(ends[1])))
        if self.n_outcomes < 4 or self.n_outcomes % 2 or self.n_actions < 3:
            raise ProblemError(
                f"n_outcomes is {self.n_outcomes} and n_actions {self.n_actions}: give an even number of cells, at "
                "least 4, and at least 3 actions"
            )
        self._stated(self.grid, *self._on_grid)  # whatever is wrong is said at the door

    def __repr__(self) -> str:
        return (
            f"ContinuousMoralHazardProblem(outcomes={self.outcomes}, actions={self.actions}, utility={self.utility!r})"
        )

    @property
    def edges(self) -> Array:
        """Ends of the cells; (n_outcomes + 1,), the first and the last infinite."""
        edges = np.linspace(*self.outcomes, self.n_outcomes + 1)
        edges[[0, -1]] = -np.inf, np.inf
        return np.asarray(edges)

    @property
    def middles(self) -> Array:
        """Middles of the cells, which stand for the output in them; (n_outcomes,)."""
        ends = np.linspace(*self.outcomes, self.n_outcomes + 1)
        return np.asarray((ends[1:] + ends[:-1]) / 2)

    @property
    def grid(self) -> Array:
        """Actions at equal distances; (n_actions,)."""
        return np.linspace(*self.actions, self.n_actions)

    def at(self, actions: Any) -> MoralHazardProblem:
        """The problem with some actions only, in their order, and cells of outcomes."""
        chosen = finite("actions", actions).ravel()
        return self._stated(chosen, *self._laws(chosen))

    def _with_grid(self, actions: Array) -> Array:
        """Some actions, then all others of the grid."""
        return np.append(actions, self.grid[~np.isin(self.grid, actions)])

    def _against_grid(self, actions: Array) -> MoralHazardProblem:
        """The problem with these actions."""
        others = ~np.isin(self.grid, actions)
        laws = zip(self._laws(actions), self._on_grid, strict=True)
        both = (np.concatenate([given, known[others]]) for given, known in laws)
        return self._stated(self._with_grid(actions), *both)

    @cached_property
    def _on_grid(self) -> tuple[Array, Array]:
        """Chances of the cells and effort for every action of the grid."""
        return self._laws(self.grid)

    @cached_property
    def _on_fine_grid(self) -> tuple[Array, Array]:
        """The same for the actions among which the most tempting one is looked for."""
        return self._laws(np.linspace(*self.actions, FINE))

    def _laws(self, chosen: Array) -> tuple[Array, Array]:
        """Chances of the cells, (n, n_outcomes), and effort, (n,), of some actions."""
        try:
            law = self.distribution(chosen[:, np.newaxis])
            below = np.asarray(law.cdf(self.edges), dtype=np.float64)
            above = np.asarray(law.sf(self.edges), dtype=np.float64)
            effort = np.asarray(self.effort_cost(chosen), dtype=np.float64)
        except Exception as exc:  # whatever a function raises
            raise ProblemError(
                f"distribution and effort_cost do not take an array of actions ({exc}): use functions such as "
                "lambda a: scipy.stats.norm(a, 10) and lambda a: a**2"
            ) from exc
        if below.shape != (len(chosen), self.n_outcomes + 1) or effort.shape != chosen.shape:
            raise ProblemError(
                f"distribution gives chances of shape {below.shape} and effort_cost {effort.shape} for {len(chosen)} "
                "actions: let both work entry by entry"
            )
        left = np.diff(below, axis=1)  # in the upper tail differences of sf keep the digits
        chances = np.where(below[:, 1:] < 0.5, left, -np.diff(above, axis=1))
        chances = np.maximum(chances, 0.0)
        total = chances.sum(axis=1)
        if not np.all(np.isfinite(total) & (np.abs(total - 1) < 1e-6)):
            odd = chosen[np.argmax(~(np.abs(total - 1) < 1e-6))]
            raise ProblemError(f"distribution at action {odd:g} does not integrate to one: give a frozen distribution")
        return chances / total[:, np.newaxis], effort

    def _stated(self, chosen: Array, chances: Array, effort: Array) -> MoralHazardProblem:
        return MoralHazardProblem(
            chances, self.middles, effort, self.utility, self.reservation_utility, self.wages,
            actions=_names(chosen), outcomes=None,
        )  # fmt: skip


def _names(actions: Array) -> tuple[str, ...]:
    names: list[str] = []
    seen: set[str] = set()
    for action in actions.tolist():
        name = f"{action:.6g}"
        name = name if name not in seen else repr(action)
        while name in seen:
            name += "'"
        seen.add(name)
        names.append(name)
    return tuple(names)


class Searched(NamedTuple):
    """Actions that were looked at, what they earn the principal, and what nothing earns more than; (n,) each."""

    actions: Array
    profit: Array
    bound: Array


@checked
@dataclass(frozen=True, eq=False, repr=False)
class ContinuousContract(Tabular):
    """Wages by cells of outcomes for which the agent takes an action of the interval.

    Attributes
    ----------
    action : what the agent does
    contract : the wages with their certificate, against the actions that tempt
    searched : the actions that were looked at, with their profits; one if the action was asked for
    largest_gain : what the agent could gain at most by another action of the interval, by a fine grid; utility
    first_order_gain : the same under the wages that the first-order approach alone would pay
    coarse_value : what the best contract for the action earns with half as many cells
    proofs : prices that bound what the actions that were looked at cost, in the order of the actions
    """

    problem: ContinuousMoralHazardProblem
    action: float
    contract: Contract
    searched: Searched
    largest_gain: float
    first_order_gain: float
    coarse_value: float
    proofs: tuple[ActionProof, ...]

    @property
    def wages(self) -> Array:
        """What is paid after outcomes in each cell; (n_outcomes,)."""
        return self.contract.wages

    @property
    def value(self) -> float:
        """Expected output less wages."""
        return self.contract.value

    @property
    def upper_bound(self) -> float:
        """No contract with wages by cells earns more, whichever of the actions that were looked at it implements."""
        return float(max(self.searched.bound.max(), self.contract.upper_bound))

    @cached_property
    def numerical_bound(self) -> float:
        """What no contract seems to earn more than, whichever action it implements and however fine its cells.

        The same prices prove bounds for actions in between, and with finer cells. From there on it is numerical:
        second differences stand for curvature, and what still finer cells bring is extrapolated. If the action was
        asked for, it is about that action.
        """
        problem = self.problem
        finer = replace(problem, n_outcomes=FINER * problem.n_outcomes)
        low, high = problem.actions
        return highest_between(problem.at, finer.at, self.proofs, problem.actions, NEIGHBOUR * (high - low))

    @property
    def expected_wage(self) -> float:
        """What the principal expects to pay."""
        return self.contract.expected_wage

    @property
    def discretisation_error(self) -> float:
        """How much twice as fine cells brought; finer ones bring less."""
        return abs(self.value - self.coarse_value)

    @property
    def is_first_order(self) -> bool:
        """Whether the first-order approach is valid: no other action tempts under its wages."""
        return self.first_order_gain <= self._negligible

    @property
    def _negligible(self) -> float:
        return TEMPTS * float(np.ptp(self.problem._on_grid[1]))

    def wage(self, outcome: Any) -> Array:
        """What is paid after outcomes; an array of their shape."""
        cells = np.searchsorted(self.problem.edges, finite("outcome", outcome), side="right") - 1
        return np.asarray(self.wages[np.clip(cells, 0, len(self.wages) - 1)])

    def _table(self) -> Table:
        certificate = self.contract.certificate
        rows = np.unique(np.linspace(0, self.problem.n_outcomes - 1, 11).round().astype(int))
        way = "the first-order approach is valid" if self.is_first_order else "the first-order approach is not valid"
        return Table(
            (
                Column("output", self.problem.middles[rows], DIGITS),
                Column("probability", self.contract.problem.outcome_probabilities[self.contract.action][rows], 3),
                Column("wage", self.wages[rows], DIGITS),
            ),
            f"Contract: the agent takes {self.action:.6g}, expected wage {self.expected_wage:.6g}, "
            f"value {self.value:.6g}",
            [
                f"{way}; gains elsewhere {self.largest_gain:.1e}; cells half as many: value {self.coarse_value:.6g}",
                f"numerical bound over actions in between and finer cells {self.numerical_bound:.6g}",
                str(certificate).splitlines()[0],
            ],
        )


@checked
def solve_continuous_contract(
    problem: ContinuousMoralHazardProblem, action: float | None = None, *, gap: float = 1e-6
) -> ContinuousContract:
    """The best wages by outcome where actions are an interval.

    Parameters
    ----------
    action : which to implement; by default the one that is best for the principal, found on the grid and refined
    gap : largest certified distance to the optimum for the action

    Raises
    ------
    ProblemError
        If the action is not in the interval.
    InfeasibleMenuError, SolverError
        As `solve_contract`.

    Examples
    --------
    >>> import scipy.stats
    >>> from contracts.agency.utility import Log
    >>> problem = ContinuousMoralHazardProblem(lambda a: scipy.stats.norm(a, 10.0), (-30.0, 210.0), (0.0, 110.0),
    ...     lambda a: a**2 / 30_000, Log(50.0), np.log(50) - 5, wages=(0.0, np.inf), n_outcomes=100)
    >>> best = solve_continuous_contract(problem, 80.0)
    >>> round(best.expected_wage, 1), best.is_first_order
    (12.0, False)
    """
    if action is not None:
        action = number("action", action)
        if not problem.actions[0] <= action <= problem.actions[1]:
            raise ProblemError(f"action is {action:g}: stay within {problem.actions}")
        proofs: list[ActionProof] = []
        searched = Searched(np.array([action]), np.array([np.nan]), np.array([-np.inf]))
    else:
        searched, proofs = _search(problem)
        action = float(searched.actions[np.argmax(searched.profit)])
    contract, asked, gain = _against_all(problem, action, gap)
    proofs = [
        *(one for one in proofs if one.action != action),
        *proofs_of(problem._with_grid(asked), contract.multipliers, 1),
    ]
    first = implementations(problem.at(_with_neighbours(problem, np.array([action]))), np.array([0]))
    first_gain = _most_tempting(problem, action, first.wages[0])[1] if np.isfinite(first.cost[0]) else math.inf
    half = replace(problem, n_outcomes=problem.n_outcomes // 2 + problem.n_outcomes // 2 % 2)
    coarse = implementations(half._against_grid(asked), np.array([0]))
    coarse_value = float(coarse.problem.expected_output[0] - coarse.cost[0])
    proofs.sort(key=lambda one: one.action)
    return ContinuousContract(problem, action, contract, searched, gain, first_gain, coarse_value, tuple(proofs))


def _with_neighbours(problem: ContinuousMoralHazardProblem, actions: Array) -> Array:
    """The actions, then those a little below, then those a little above, as far as there are such."""
    low, high = problem.actions
    step = NEIGHBOUR * (high - low)
    beside = np.concatenate([actions - step, actions + step])
    return np.concatenate([actions, beside[(beside >= low) & (beside <= high)]])


def _search(problem: ContinuousMoralHazardProblem) -> tuple[Searched, list[ActionProof]]:
    """The grid, and ever closer actions around the best so far, each against neighbours and the grid."""
    grid = problem.grid
    parts = [_profits(problem, np.append(grid[:-1:SKIPPED], grid[-1]))]
    spacing = float(grid[1] - grid[0])
    for closer in CLOSER:
        actions, profit = (np.concatenate(column) for column in list(zip(*(one for one, _ in parts), strict=True))[:2])
        if not np.isfinite(profit).any():
            raise SolverError("no wages were found that implement any action: limit wages from below", ("prices",))
        around = actions[np.argmax(profit)] + closer * spacing * AROUND
        around = np.setdiff1d(np.clip(around, *problem.actions), actions)
        if len(around):
            parts.append(_profits(problem, around))
    found = Searched(*(np.concatenate(column) for column in zip(*(one for one, _ in parts), strict=True)))
    return found, [proof for _, proofs in parts for proof in proofs]


def _profits(problem: ContinuousMoralHazardProblem, actions: Array) -> tuple[Searched, list[ActionProof]]:
    near = _with_neighbours(problem, actions)
    finite_problem = problem._against_grid(near)
    found = implementations(finite_problem, np.arange(len(actions)))
    output = finite_problem.expected_output[: len(actions)]
    proofs = proofs_of(problem._with_grid(near), found.multipliers, len(actions))
    return Searched(actions, output - found.cost, output - found.bound), proofs


def _against_all(problem: ContinuousMoralHazardProblem, action: float, gap: float) -> tuple[Contract, Array, float]:
    """The contract for an action against all that tempts, that action and others off the grid, and what is gained.

    The last is what the most tempting other action of a fine grid still gains.
    """
    asked = _with_neighbours(problem, np.array([action]))
    negligible = TEMPTS * float(np.ptp(problem._on_grid[1]))
    for _ in range(ROUNDS):
        contract = solve_contract(problem._against_grid(asked), 0, gap=gap)
        tempting, gain = _most_tempting(problem, action, contract.wages)
        if gain <= negligible or tempting in problem.grid or tempting in asked:
            break
        asked = np.append(asked, tempting)
    return contract, asked, gain


def _most_tempting(problem: ContinuousMoralHazardProblem, action: float, wages: Array) -> tuple[float, float]:
    """The action of a fine grid that tempts most under some wages, and what the agent gains by it."""
    utilities = problem.utility.value(wages)
    above = utilities - float(utilities[np.isfinite(utilities)].mean())
    worth, own = (
        chances @ above - effort for chances, effort in (problem._on_fine_grid, problem._laws(np.array([action])))
    )
    best = int(np.argmax(worth))
    if worth[best] <= own[0]:
        return action, 0.0
    return float(np.linspace(*problem.actions, FINE)[best]), float(worth[best] - own[0])

"""The best wages on a line, against all actions that tempt.

The agent may take every action of the interval. An action is implemented against its neighbours at a small distance,
which stand for the first-order condition, against a grid, and against whatever other action turns out to tempt (Azevedo
& Wolff 2025). The first-order approach alone asks about neighbours; whether it would do is reported.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from contracts.agency.bound import cost_bounds
from contracts.agency.contract import Contract
from contracts.agency.line.contract import NEIGHBOUR, TEMPTS, ContinuousContract, Searched
from contracts.agency.line.problem import FINE, ContinuousMoralHazardProblem
from contracts.agency.problem import MoralHazardProblem
from contracts.agency.solve import proving_prices, solve_contract
from contracts.agency.verify import first_best_prices, highest_values
from contracts.agency.wages.between import ActionProof, proofs_of
from contracts.agency.wages.implementation import implementations
from contracts.errors import ProblemError, SolverError
from contracts.inputs.arrays import Array, number
from contracts.inputs.door import checked

PROMISING = 8  # actions of the grid that are looked at first
SKIPPED = 3  # actions of the grid from one that is looked at first to the next
CLOSER = (3.0, 1.0, 0.25, 0.05)  # of the grid's spacing, around the best action so far
AROUND = np.array([-1.0, -0.75, -0.5, -0.25, 0.25, 0.5, 0.75, 1.0])
ROUNDS = 12  # of letting actions that tempt join


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
        searched = Searched(np.array([action]), np.array([-np.inf]), np.array([np.inf]))
    else:
        searched, proofs = _search(problem)
        action = float(searched.actions[np.argmax(searched.profit)])
    contract, asked = _against_all(problem, action, gap)
    proofs = [
        *(one for one in proofs if one.action != action),
        *proofs_of(problem._with_grid(asked), contract.multipliers, 1),
    ]
    chosen = searched.actions == action
    searched.profit[chosen], searched.bound[chosen] = contract.value, contract.upper_bound
    return described(problem, contract, asked, searched, sorted(proofs, key=lambda one: one.action))


def described(
    problem: ContinuousMoralHazardProblem,
    contract: Contract,
    asked: Array,
    searched: Searched,
    proofs: Sequence[ActionProof],
) -> ContinuousContract:
    """The contract with what tempts elsewhere, under its wages and under those of the first-order approach alone."""
    stated = contract.problem
    first = implementations(_with_actions(stated, len(_with_neighbours(problem, asked[:1]))), np.array([0]))
    first_gain = _most_tempting(stated, problem, first.wages[0])[1] if np.isfinite(first.cost[0]) else math.inf
    coarse = implementations(problem._coarse(stated), np.array([0]))
    return ContinuousContract(
        problem, float(asked[0]), contract, asked, searched,
        largest_gain=_most_tempting(stated, problem, contract.wages)[1],
        first_order_gain=first_gain,
        coarse_value=float(coarse.problem.expected_output[0] - coarse.cost[0]),
        proofs=tuple(proofs),
    )  # fmt: skip


def _with_neighbours(problem: ContinuousMoralHazardProblem, actions: Array) -> Array:
    """The actions, then those a little below, then those a little above, as far as there are such."""
    low, high = problem.actions
    step = NEIGHBOUR * (high - low)
    beside = np.concatenate([actions - step, actions + step])
    return np.concatenate([actions, beside[(beside >= low) & (beside <= high)]])


def _search(problem: ContinuousMoralHazardProblem) -> tuple[Searched, list[ActionProof]]:
    """The grid, and ever closer actions around the best so far, each against neighbours and the grid."""
    parts = _looked_at(problem)
    spacing = float(problem.grid[1] - problem.grid[0])
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


def _looked_at(problem: ContinuousMoralHazardProblem) -> list[tuple[Searched, list[ActionProof]]]:
    """Some actions of the grid: the most promising first, then those that may earn more than the best of them.

    What the others would earn if they were seen is all that is asked about them.
    """
    grid, chosen = problem.grid, np.append(np.arange(problem.n_actions - 1)[::SKIPPED], problem.n_actions - 1)
    seen = first_best_prices(problem._finite)
    promise = highest_values(problem._finite, chosen, cost_bounds(problem._finite, seen, chosen))
    first = np.isin(np.arange(len(chosen)), np.argsort(-promise, kind="stable")[:PROMISING])
    parts = [_profits(problem, grid[chosen[first]])]
    others = ~first & ~(promise <= parts[0][0].profit.max())
    if others.any():
        parts.append(_profits(problem, grid[chosen[others]]))
    left = ~(first | others)
    bounded = Searched(grid[chosen[left]], np.full(int(left.sum()), -np.inf), promise[left])
    proofs = [ActionProof(float(grid[k]), float(seen.participation[k]), np.zeros(0), np.zeros(0)) for k in chosen[left]]
    return [*parts, (bounded, proofs)]


def _profits(problem: ContinuousMoralHazardProblem, actions: Array) -> tuple[Searched, list[ActionProof]]:
    near = _with_neighbours(problem, actions)
    finite_problem = problem._against_grid(near)
    found = implementations(finite_problem, np.arange(len(actions)))
    prices, bound = found.multipliers, found.bound
    if not np.isfinite(bound).all():
        prices, bound = proving_prices(finite_problem, found)
    proofs = proofs_of(problem._with_grid(near), prices, len(actions))
    profit = finite_problem.expected_output[: len(actions)] - found.cost
    return Searched(actions, profit, highest_values(finite_problem, found.who, bound[: len(actions)])), proofs


def _against_all(problem: ContinuousMoralHazardProblem, action: float, gap: float) -> tuple[Contract, Array]:
    """The contract for an action against all that tempts: the grid, and other actions, which are returned."""
    asked = _with_neighbours(problem, np.array([action]))
    negligible = TEMPTS * float(np.ptp(problem._on_grid[1]))
    for left in reversed(range(ROUNDS)):
        contract = solve_contract(problem._against_grid(asked), 0, gap=gap)
        tempting, gain = _most_tempting(contract.problem, problem, contract.wages)
        if not left or gain <= negligible or tempting in problem.grid or tempting in asked:
            break
        asked = np.append(asked, tempting)
    return contract, asked


def _with_actions(problem: MoralHazardProblem, n: int) -> MoralHazardProblem:
    """The problem with its first actions only."""
    rows = {name: getattr(problem, name)[:n] for name in ("outcome_probabilities", "effort_cost", "actions")}
    return replace(problem, **rows)


def _most_tempting(
    implemented: MoralHazardProblem, problem: ContinuousMoralHazardProblem, wages: Array
) -> tuple[float, float]:
    """The action of a fine grid that tempts most from the first action, and what the agent gains by it.

    Where none does, nothing is gained.
    """
    utilities = problem.utility.value(wages)
    above = utilities - float(utilities[np.isfinite(utilities)].mean())
    chances, effort = problem._on_fine_grid
    worth = chances @ above - effort
    own = float(implemented.outcome_probabilities[0] @ above - implemented.effort_cost[0])
    best = int(np.argmax(worth))
    return float(np.linspace(*problem.actions, FINE)[best]), max(float(worth[best]) - own, 0.0)

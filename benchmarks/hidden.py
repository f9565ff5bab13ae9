"""Hidden action: all implementation costs at once against a loop of cvxpy problems, certificates beside the times.

    .venv/bin/python -m benchmarks.hidden [--programs 5]

The library solves 1,000 actions x 100 outcomes; cvxpy is timed on a few of these programs, stated with every row and
given the same data, and its time is what all of them would take. Then one action against 101 deviations at 201
outcomes, and the best action of an interval. Last types are hidden as well: the menu of contracts for given actions
against the same program in cvxpy, with every lie a row, and the search for the best actions.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import scipy.stats

from contracts import (
    AgencyProblem,
    ContinuousMoralHazardProblem,
    Log,
    MoralHazardProblem,
    RiskNeutral,
    solve_continuous_contract,
    solve_contract,
    solve_lottery,
)
from contracts.agency.wages.implementation import implementations

N_ACTIONS, N_OUTCOMES, SEED = 1000, 100, 0


def family(n_actions: int = N_ACTIONS, n_outcomes: int = N_OUTCOMES, noise: float = 0.2) -> MoralHazardProblem:
    """Bells of outcomes around rising means, with noise so that no formula fits; u = log(1 + w), wages from 0."""
    effort = np.linspace(0, 1, n_actions)
    output = np.linspace(0, 10, n_outcomes)
    chances = scipy.stats.norm.pdf(output, 2 + 6 * effort[:, np.newaxis], 2.0)
    chances = chances * (1 + noise * np.random.default_rng(SEED).uniform(-1, 1, chances.shape))
    return MoralHazardProblem(
        chances / chances.sum(axis=1, keepdims=True), output, 0.3 * effort**2 + 0.05 * effort, Log(1.0), 0.0,
        wages=(0.0, np.inf),
    )  # fmt: skip


def by_cvxpy(problem: MoralHazardProblem, action: int, wealth: float = 1.0) -> float:
    """The least cost of an action as one program of cvxpy, as somebody would write it; u = log(wealth + w), w >= 0."""
    import cvxpy as cp

    own, effort = problem.outcome_probabilities[action], problem.effort_cost
    utility = cp.Variable(problem.n_outcomes)
    others = np.delete(np.arange(problem.n_actions), action)
    rows = [
        (own - problem.outcome_probabilities[others]) @ utility >= effort[action] - effort[others],
        own @ utility - effort[action] >= problem.reservation_utility,
        utility >= np.log(wealth),
    ]
    program = cp.Problem(cp.Minimize(own @ (cp.exp(utility) - wealth)), rows)
    program.solve(solver=cp.CLARABEL)
    return float(program.value)


def published(n_outcomes: int = 200) -> ContinuousMoralHazardProblem:
    """The example of Azevedo & Wolff (2025)."""
    return ContinuousMoralHazardProblem(
        lambda a: scipy.stats.norm(a, 10.0), (-30.0, 210.0), (0.0, 100.0), lambda a: a**2 / 30_000, Log(50.0),
        float(np.log(50.0)) - 5, wages=(0.0, np.inf), n_outcomes=n_outcomes,
    )  # fmt: skip


def seconds(task: object, repeat: int = 1) -> float:
    """The shortest of some runs, in seconds of the processor."""
    times = []
    for _ in range(repeat):
        start = time.process_time()
        task()  # type: ignore[operator]
        times.append(time.process_time() - start)
    return min(times)


def types_and_actions(
    utility: RiskNeutral | Log, n_types: int = 5, n_actions: int = 10, n_outcomes: int = 10
) -> AgencyProblem:
    """The same bells for types to whom effort is ever dearer, wages between 0 and 100."""
    one = family(n_actions, n_outcomes)
    dearer = np.linspace(0.5, 2.0, n_types)[:, np.newaxis]
    return AgencyProblem(
        one.outcome_probabilities, one.output, dearer * one.effort_cost, None, utility, 0.2, (0.0, 100.0)
    )


def menu_by_cvxpy(problem: AgencyProblem, actions: np.ndarray) -> float:
    """What a menu for given actions earns, as one program of cvxpy, as somebody would write it."""
    import cvxpy as cp

    chances, effort = problem.outcome_probabilities, problem.effort_cost
    utility = cp.Variable((problem.n_types, problem.n_outcomes))
    averse = isinstance(problem.utility, Log)
    earned, rows = 0, [utility >= 0, utility <= (np.log(101.0) if averse else 100.0)]
    for i, a in enumerate(actions):
        paid = cp.exp(utility[i]) - 1 if averse else utility[i]
        earned += problem.weights[i] * (problem.expected_output[i, a] - chances[i, a] @ paid)
        own = chances[i, a] @ utility[i] - effort[i, a]
        rows.append(own >= problem.reservation_utility[i])
        rows += [own >= chances[i] @ utility[j] - effort[i] for j in range(problem.n_types)]
    program = cp.Problem(cp.Maximize(earned), rows)
    program.solve(solver=cp.CLARABEL)
    return float(program.value)


def both_hidden() -> None:
    """Measure and print menus of contracts."""
    for utility in (RiskNeutral(), Log(1.0)):
        problem = types_and_actions(utility)
        start = time.process_time()
        menu = solve_contract(problem)
        searched = time.process_time() - start
        ours = seconds(lambda: solve_contract(problem, actions=menu.actions), 5)  # noqa: B023
        theirs = seconds(lambda: menu_by_cvxpy(problem, menu.actions), 3)  # noqa: B023
        print(
            f"{problem.n_types} types x {problem.n_actions} actions x {problem.n_outcomes} outcomes, {utility!r}: "
            f"search {searched:.2f} s, {len(menu.proof.allowed)} parts, value {menu.value:.6f}, "
            f"relative gap {menu.certificate.relative_gap:.1e}"
        )
        print(
            f"  given actions: {ours:.3f} s, proven; cvxpy {theirs:.3f} s, ratio {theirs / ours:.1f}, "
            f"values differ by {abs(menu_by_cvxpy(problem, menu.actions) - menu.value):.1e}"
        )
        lottery = solve_lottery(problem)
        drawn = seconds(lambda: solve_lottery(problem))  # noqa: B023
        print(
            f"  all mechanisms: {drawn:.2f} s, value {lottery.value:.6f}, "
            f"relative gap {lottery.certificate.relative_gap:.1e}"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hidden", description=__doc__)
    parser.add_argument("--programs", type=int, default=5, help="programs that cvxpy is timed on (5)")
    n_programs = parser.parse_args().programs
    problem = family()
    start = time.process_time()
    found = implementations(problem)
    ours = time.process_time() - start
    implemented = np.isfinite(found.cost)
    gap = float((found.cost - found.bound)[implemented].max())
    chosen = np.linspace(0, N_ACTIONS - 1, n_programs).astype(int)
    start = time.process_time()
    theirs = np.array([by_cvxpy(problem, int(action)) for action in chosen])
    each = (time.process_time() - start) / n_programs
    print(f"{N_ACTIONS} actions x {N_OUTCOMES} outcomes: {ours:.2f} s, all implemented: {implemented.all()}")
    print(f"largest gap {gap:.1e}")
    print(f"cvxpy, {n_programs} of {N_ACTIONS} programs: {each:.2f} s each; ratio {each * N_ACTIONS / ours:.0f}")
    print(f"costs differ by at most {np.abs(theirs - found.cost[chosen]).max():.1e}")
    line = published()
    grid = line.at(np.append(80.0, np.linspace(0.0, 100.0, 101)[np.arange(101) != 80]))
    contract = solve_contract(grid, 0)
    print(
        f"one action, {grid.n_outcomes} outcomes, {grid.n_actions} actions: "
        f"{1000 * seconds(lambda: solve_contract(grid, 0), 50):.1f} ms, cost {contract.expected_wage:.6f}, "
        f"relative gap {contract.certificate.relative_gap:.1e}"
    )
    best = solve_continuous_contract(line)
    print(
        f"an interval of actions: {seconds(lambda: solve_continuous_contract(line), 5):.2f} s, "
        f"action {best.action:.6g}, value {best.value:.6f}, bound {best.upper_bound:.6f}"
    )
    both_hidden()


if __name__ == "__main__":
    main()

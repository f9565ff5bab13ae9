"""The same mechanisms by a library of others', where it is installed: values, seconds of the processor, what is proven.

    pip install mechaudit            # in an environment of its own, with this library beside it
    python -m benchmarks.mechanisms_beside [auctions trades goods] [--seconds 20]

It solves the program of every profile in floats, and audits what it found by tolerances; a size is the last one if it
takes longer than asked. Ours is the exact vertex with its certificate.
"""

from __future__ import annotations

import argparse
import importlib
import itertools
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from contracts import AuctionProblem, MechanismProblem, solve_mechanism


def auctions() -> Iterator[tuple[str, MechanismProblem]]:
    """One good and two bidders, of more and more values."""
    for count in (2, 4, 8, 16, 24, 32):
        problem = AuctionProblem([np.arange(1.0, count + 1), np.arange(1.0, count + 1) * 1.5])
        yield f"one good, 2 bidders of {count} values, dominant", problem.tabulated()  # an AuctionProblem needs no time


def trades() -> Iterator[tuple[str, MechanismProblem]]:
    """Trade between two that gains most, with a balanced budget."""
    for count in (2, 4, 8, 16, 24, 32, 40):
        grid = (np.arange(count) + 0.5) / count
        tables = [np.outer(own, [0.0, 1.0]) for own in (-grid, grid)]
        problem = MechanismProblem(
            tables, objective="welfare", budget="balanced", agents=("seller", "buyer"), alternatives=("keep", "trade")
        )
        yield f"trade, {count} x {count} types, Bayesian", problem


def goods() -> Iterator[tuple[str, MechanismProblem]]:
    """Two goods and two additive bidders."""
    for count in (2, 3, 4, 5):
        types = np.array(list(itertools.product(np.arange(1.0, count + 1), repeat=2)))
        owners = list(itertools.product((-1, 0, 1), repeat=2))
        tables = [types @ np.array([[who == k for who in pair] for pair in owners], dtype=float).T for k in (0, 1)]
        asked: dict[str, Any] = {"incentives": "dominant", "participation": "ex post"}
        yield f"two goods, 2 bidders of {count * count} types, dominant", MechanismProblem(tables, **asked)


def theirs(library: Any, problem: MechanismProblem) -> float:
    """What the other library's best mechanism is worth."""
    agents = {agent: list(map(str, names)) for agent, names in zip(problem.agents, problem.labels, strict=True)}
    outcomes = list(map(str, problem.alternatives))
    table = {
        agent: {
            str(name): dict(zip(outcomes, row.tolist(), strict=True)) for name, row in zip(names, values, strict=True)
        }
        for agent, names, values in zip(problem.agents, problem.labels, problem.values, strict=True)
    }
    prior = library.JointPrior.from_independent(
        {
            agent: dict(zip(agents[agent], part.tolist(), strict=True))
            for agent, part in zip(agents, problem.probabilities, strict=True)
        }
    )
    world = library.FiniteEnvironment(
        agents=agents, outcomes=outcomes, prior=prior, values=library.PrivateValues.from_mapping(table)
    )
    rules = [library.DSIC() if problem.incentives == "dominant" else library.BIC()]
    rules.append(library.ExPostIR() if problem.participation == "ex post" else library.InterimIR())
    if problem.budget == "balanced":
        rules.append(library.StrongBudgetBalance())
    goal = library.ExpectedRevenue() if problem.objective == "revenue" else library.ExpectedSocialWelfare()
    return float(world.design(objective=goal, requirements=tuple(rules)).solve().objective_value)


def main() -> None:
    """Print a line per problem; each family ends where the other library takes longer than asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    families = {"auctions": auctions, "trades": trades, "goods": goods}
    parser.add_argument("families", nargs="*", choices=[*families, []], help="which; all if left out")
    parser.add_argument("--seconds", type=float, default=20.0, help="after which larger problems are left out")
    asked = parser.parse_args()
    try:
        library = importlib.import_module("mechaudit")
    except ImportError:
        print("mechaudit is not installed: pip install mechaudit, in an environment of its own")
        return
    for family in asked.families or families:
        for name, problem in families[family]():
            start = time.process_time()
            ours = solve_mechanism(problem)
            middle = time.process_time()
            try:
                value = f"{theirs(library, problem):.12g}"
            except library.MechAuditError as exc:
                value = f"{type(exc).__name__}: {str(exc)[:60]}"
            own, other = middle - start, time.process_time() - middle
            print(
                f"{name}: ours {ours.value:.12g} in {own:.2f} s, gap {ours.certificate.gap:.0e}; theirs {value} in "
                f"{other:.2f} s, {other / own:.1f} times as long",
                flush=True,
            )
            if other > asked.seconds:
                break


if __name__ == "__main__":
    main()

"""Fronts that no convex program gives: a search over lists of options, from which types choose for themselves.

By the taxation principle a list of contracts, with the outside option on it, is a menu as soon as every type has its
exactly best contract. So a candidate is a list of contracts, and whatever recombination and mutation do to it, its
menu is IC and IR: there is nothing to penalise. The search is U-NSGA-III (Seada & Deb 2016) from pymoo over

    for each of k places on the list: whether it is used, its allocation, its transfer;   one switch for all of them

With the switch on, transfers rise until they just keep every type at its contract, so binding constraints need not be
hit by chance. It starts from the exact front of the convex relaxation: the objectives that are concave, on the same
problem.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from pymoo.algorithms.moo.unsga3 import UNSGA3
from pymoo.core.problem import Problem
from pymoo.core.repair import Repair
from pymoo.util.ref_dirs import get_reference_directions

from contracts.errors import ProblemError
from contracts.front.archive import Archive, fingerprint, front_of, pool
from contracts.front.front import Front
from contracts.front.goals.goal import Goal
from contracts.front.lists import CLEAR, Search, Space, space_of
from contracts.inputs.arrays import Array
from contracts.menu.menu import Menu
from contracts.problem.screening import ScreeningProblem

MOST_ADDITIONS = 400  # options tried next to those a list already has
PARTITIONS = {2: 60, 3: 12, 4: 7, 5: 5}  # of the simplex of reference directions, by number of objectives


def searched_front(
    problem: ScreeningProblem,
    goals: tuple[Goal, ...],
    seeds: list[Menu],
    *,
    search: Search,
    rng: np.random.Generator,
    workers: int,
    checkpoint: str | Path | None,
    is_over: Callable[[], bool],
    report: Callable[[str], None],
) -> Front:
    """Generations until the hypervolume stands still; every candidate ever evaluated may end up on the front."""
    if len(goals) not in PARTITIONS:
        raise ProblemError(
            f"objectives has {len(goals)} entries: searched fronts have at most {max(PARTITIONS)}; leave some out"
        )
    space = space_of(problem, goals, search, seeds)
    seed = int(rng.integers(2**31))
    archive = Archive(space, checkpoint, fingerprint(space, search, seed, seeds))
    with pool(workers, space) as executor:

        def evaluate(genes: Array) -> Array:
            return archive.evaluate(genes, executor)

        directions = get_reference_directions("das-dennis", len(goals), n_partitions=PARTITIONS[len(goals)])
        population = max(search.n_population, len(directions))
        first = initial(space, grown(space, seeds, evaluate), seeds, population, np.random.default_rng(seed))
        algorithm = UNSGA3(directions, pop_size=population, sampling=first, repair=Canonical(space))
        algorithm.setup(Lists(space, evaluate), seed=seed, termination=("n_gen", search.n_generations), verbose=False)
        history: list[float] = []
        is_finished = True
        try:
            while algorithm.has_next() and not _stands_still(history, search):
                if history and is_over():
                    is_finished = False
                    break
                algorithm.next()
                archive.save()
                history.append(archive.hypervolume())
                report(f"generation {len(history)}: {len(archive.best)} menus, hypervolume {history[-1]:.5f}")
        except KeyboardInterrupt:
            is_finished = False
    return front_of(archive, search.n_population, is_finished=is_finished)


class Lists(Problem):  # type: ignore[misc]
    """What pymoo minimises: minus the objectives, and by how much constraints are broken."""

    def __init__(self, space: Space, evaluate: Callable[[Array], Array]) -> None:
        super().__init__(len(space.lowest), len(space.goals), 1, xl=space.lowest, xu=space.highest)
        self.evaluate_all = evaluate

    def _evaluate(self, genes: Array, out: dict[str, Any], *_: Any, **__: Any) -> None:
        found = self.evaluate_all(genes)
        out["F"], out["G"] = -found[:, : self.n_obj], np.minimum(found[:, self.n_obj :], 1e30)


class Canonical(Repair):  # type: ignore[misc]
    """One vector for every list of contracts, in whatever order it was bred."""

    def __init__(self, space: Space) -> None:
        super().__init__()
        self.space = space

    def _do(self, _: Any, genes: Array, **__: Any) -> Array:
        return np.array([self.space.repaired(row) for row in genes])


def _stands_still(history: list[float], search: Search) -> bool:
    """Whether the hypervolume grew by less than asked over so many generations."""
    if len(history) <= search.patience:
        return False
    return history[-1] - history[-1 - search.patience] < search.growth * history[-1]


def grown(space: Space, seeds: list[Menu], evaluate: Callable[[Array], Array]) -> list[Array]:
    """For every goal the best single option, then the best to add to it, and so on: vectors that recombine well.

    The transfers tried are those that some type is just willing to pay for the allocation instead of what it has. They
    are evaluated like all candidates, so the front is never worse than the best single option among them.
    """
    problem = space.problem
    allocations = space.allocations
    if allocations is None:
        allocations = np.unique(np.vstack([menu.options.allocations for menu in seeds]), axis=0)
    worth = problem.valuations @ allocations.T
    found: list[Array] = []
    for goal in range(len(space.goals)):
        table = np.empty((0, problem.n_goods + 1))
        utility, best, row = problem.reservation_utility, -math.inf, None
        for _ in range(space.places):
            asked = worth - utility[:, np.newaxis]
            hair = CLEAR * (np.abs(worth) + np.abs(utility)[:, np.newaxis])
            prices = np.clip(asked - hair, *problem.transfer_limits)
            options = np.column_stack([np.tile(allocations, (problem.n_types, 1)), prices.ravel()])
            options = np.unique(options, axis=0)
            options = options[:: -(-len(options) // MOST_ADDITIONS)]
            rows = [space.listed(np.vstack([table, option])) for option in options]
            values = evaluate(np.array(rows))
            score = np.where(values[:, -1] == 0, values[:, goal], -math.inf)
            pick = int(score.argmax())
            if score[pick] <= best:
                break
            best, row, table = float(score[pick]), rows[pick], np.vstack([table, options[pick]])
            utility = np.maximum(utility, problem.valuations @ options[pick, :-1] - options[pick, -1])
        if row is not None:
            found.append(row)
    return found


def initial(space: Space, simple: list[Array], seeds: list[Menu], count: int, rng: np.random.Generator) -> Array:
    """Simple menus, the relaxation's, the same with their options thinned out, and random lists; (count, n_genes)."""
    rows = [*simple, *(space.genes(menu, rng, rises=False) for menu in seeds[: count // 2])][:count]
    while len(rows) < count:
        if seeds and len(rows) < 3 * count // 4:
            table = space.genes(seeds[int(rng.integers(len(seeds)))], rng, rises=True)
            places = table[1:].reshape(space.places, -1)
            places[rng.random(space.places) < rng.random(), 0] = 0.0
            rows.append(space.repaired(table))
        else:
            rows.append(space.repaired(rng.uniform(space.lowest, space.highest)))
    return np.array(rows)

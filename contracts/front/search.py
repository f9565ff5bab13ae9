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

import hashlib
import json
import math
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from contracts.errors import ProblemError
from contracts.front.front import Front, signs
from contracts.front.goals import Goal
from contracts.front.sandwich import dominated
from contracts.inputs.arrays import Array, finite
from contracts.inputs.door import checked
from contracts.inputs.files import open_file, replacing
from contracts.inputs.frozen import dataclass
from contracts.menu.menu import Menu, menu_of
from contracts.problem.screening import ScreeningProblem
from contracts.proof.bound import Bound, no_multipliers, upper_bound
from contracts.repair.assign import assigned
from contracts.repair.repricing import reprice

MOST_OPTIONS = 12  # places on the list where nothing else is said
ROOM = 0.25  # share of the relaxation's ranges that allocations and transfers may go beyond them
SWITCHED_ON = 0.5
RECOMPUTED = 5  # candidates of a checkpoint whose values are computed again, to see that they are the same
CLEAR = 1e-9  # share of the transfers that keeps types in place when transfers rise
MOST_ADDITIONS = 400  # options tried next to those a list already has
PARTITIONS = {2: 60, 3: 12, 4: 7, 5: 5}  # of the simplex of reference directions, by number of objectives


@checked
@dataclass(frozen=True, eq=False)
class Search:
    """How to search where no program is convex.

    Parameters
    ----------
    options : most contracts that a menu may offer; by default one per type, at most 12
    allocations : (n, n_goods) array of the only allocations that may be offered (deterministic menus), or None for all
    population : candidates per generation, at least as many as reference directions
    generations : most generations
    patience, growth : stop when the hypervolume has grown by less than this share in so many generations
    """

    options: int | None = None
    allocations: Any = None
    population: int = 100
    generations: int = 1000
    patience: int = 50
    growth: float = 1e-3

    def __post_init__(self) -> None:
        if self.allocations is not None:
            object.__setattr__(self, "allocations", finite("Search allocations", self.allocations))
        for name in ("population", "generations", "patience", "options"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, int | np.integer) or value < 1):
                raise ProblemError(f"Search {name} is {value!r}: give a positive whole number")
        if not 0 < self.growth < 1:
            raise ProblemError(f"Search growth is {self.growth}: give a share between 0 and 1, such as 1e-3")


@dataclass(frozen=True, eq=False)
class Space:
    """Lists of options as vectors: a switch, then (used, allocation, transfer) for every place."""

    problem: ScreeningProblem
    goals: tuple[Goal, ...]
    bound: Bound
    places: int
    lowest: Array  # (n_genes,)
    highest: Array  # (n_genes,)
    allocations: Array | None

    @property
    def has_transfers(self) -> bool:
        return self.problem.transfers != "none"

    @property
    def rises(self) -> bool:
        """Whether transfers may rise as far as types allow: they are free, and rows do not count them."""
        return self.problem.transfers == "free" and not self.problem.has_rows

    def repaired(self, genes: Array) -> Array:
        """The vector with every allocation in its set; places that are not used do not differ."""
        table = genes[1:].reshape(self.places, -1).copy()
        table[:, 0] = np.where(table[:, 0] > SWITCHED_ON, 1.0, 0.0)
        low, high = self.problem.transfer_limits
        outside = self.problem.domain.violation(table[:, 1:-1]) > 0  # others keep every bit
        table[outside, 1:-1] = self.problem.domain.clip(table[outside, 1:-1])
        if self.allocations is not None:
            away = ((table[:, np.newaxis, 1:-1] - self.allocations) ** 2).sum(axis=2)
            table[:, 1:-1] = self.allocations[away.argmin(axis=1)]
        table[:, -1] = np.clip(table[:, -1], low, high)
        table[table[:, 0] == 0, 1:] = self.lowest[1:].reshape(self.places, -1)[table[:, 0] == 0, 1:]
        return np.concatenate([[float(genes[0] > SWITCHED_ON)], table.ravel()])

    def menu(self, genes: Array) -> Menu:
        """The menu from which types choose."""
        table = genes[1:].reshape(self.places, -1)
        used = table[:, 0] == 1.0
        contracts = table[used, 1:-1], table[used, -1]
        program = self.problem.program
        if program.outside_contract is None:
            if not used.any():
                raise ProblemError("the list is empty, and there is no outside contract to fall back on")
            contracts = self._cheap_enough(*contracts)
        if program.excludes:  # whoever takes a contract is served for sure
            contracts = np.column_stack([contracts[0], np.zeros(len(contracts[1]))]), contracts[1]
        found = assigned(program, contracts, self.bound, math.inf)
        if genes[0] == 1.0 and self.rises:
            raised = self._raised(found.contracts, found.option_of_type)
            found = found if raised is None else assigned(program, raised, self.bound, math.inf)
        return menu_of(self.problem, found, self.bound, "search")

    def values(self, genes: Array) -> Array:
        """sign * objective of every goal, then how much the menu breaks constraints other than IC and IR; (m + 1,)."""
        try:
            menu = self.menu(genes)
        except ProblemError:
            return np.append(np.zeros(len(self.goals)), np.inf)  # no list of contracts that everybody takes part in
        broken = sum(each.amount for each in menu.certificate.violations)
        broken += max(0.0, -menu.certificate.participation_slack)
        return np.append([goal.sign * goal.value(menu) for goal in self.goals], broken)

    def _cheap_enough(self, allocations: Array, transfers: Array) -> tuple[Array, Array]:
        """Transfers lowered together until everybody has a contract worth its reservation utility."""
        if not self.has_transfers:
            return allocations, np.zeros(len(transfers))
        worth = self.problem.valuations @ allocations.T
        short = float((self.problem.reservation_utility - (worth - transfers).max(axis=1)).max())
        size = float(np.abs(worth).max() + np.abs(transfers).max())
        return allocations, transfers - max(0.0, short) - CLEAR * size * (short > -CLEAR * size)

    def _raised(self, contracts: tuple[Array, Array], option_of_type: Any) -> tuple[Array, Array] | None:
        allocations, transfers = contracts
        program = self.problem.program
        outside = program.outside_contract
        if outside is not None:  # reprice expects the outside contract first
            home = int(np.flatnonzero((allocations == outside).all(axis=1) & (transfers == 0))[0])
            taken = np.where(option_of_type == home, 0, option_of_type + 1)
            return reprice(program, np.vstack([outside, allocations]), taken)
        return reprice(program, allocations, option_of_type)

    def listed(self, options: Array) -> Array:
        """The vector of a list of options, (m, n_goods + 1) with their transfers last."""
        table = self.lowest[1:].reshape(self.places, -1).copy()
        table[: len(options)] = np.column_stack([np.ones(len(options)), options])
        table[len(options) :, 0] = 0.0
        return self.repaired(np.concatenate([[0.0], table.ravel()]))

    def genes(self, menu: Menu, rng: np.random.Generator, *, rises: bool) -> Array:
        """A vector of a menu; of too many options some are left out."""
        allocations, transfers = menu.options
        count = min(len(transfers), self.places)
        kept = np.sort(rng.permutation(len(transfers))[:count])
        table = self.lowest[1:].reshape(self.places, -1).copy()
        table[:count] = np.column_stack([np.ones(count), allocations[kept], transfers[kept]])
        table[count:, 0] = 0.0
        return self.repaired(np.concatenate([[float(rises)], table.ravel()]))


def space_of(problem: ScreeningProblem, goals: tuple[Goal, ...], search: Search, seeds: list[Menu]) -> Space:
    """The box of vectors around the options of the relaxation's menus."""
    if search.allocations is not None:
        shape = search.allocations.shape
        if search.allocations.ndim != 2 or shape[1] != problem.n_goods:
            raise ProblemError(f"Search allocations has shape {shape}; expected (n, {problem.n_goods})")
        outside = problem.domain.violation(search.allocations)
        if outside.max() > 0:
            raise ProblemError(f"Search allocations[{int(outside.argmax())}] lies outside the domain: leave it out")
    places = min(problem.n_types, MOST_OPTIONS) if search.options is None else search.options
    offered = [np.column_stack(menu.options) for menu in seeds if len(menu.options.transfers)]
    if search.allocations is not None:
        offered.append(np.column_stack([search.allocations, np.zeros(len(search.allocations))]))
    centre, radius = problem.domain.interior(problem.n_goods)
    offered += [np.append(centre + sign * radius, 0.0)[np.newaxis] for sign in (-1.0, 1.0)]
    every = np.vstack(offered)
    low, high = every.min(axis=0), every.max(axis=0)
    room = ROOM * (high - low) + 1e-6 * float(np.abs(every).max() + 1e-300)
    lowest = np.concatenate([[0.0], np.tile(np.concatenate([[0.0], low - room]), places)])
    highest = np.concatenate([[1.0], np.tile(np.concatenate([[1.0], high + room]), places)])
    bound = upper_bound(problem.program, no_multipliers(problem.program))
    return Space(problem, goals, bound, places, lowest, highest, search.allocations)


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
    from pymoo.algorithms.moo.unsga3 import UNSGA3
    from pymoo.core.problem import Problem
    from pymoo.core.repair import Repair
    from pymoo.util.ref_dirs import get_reference_directions

    m = len(goals)
    if m not in PARTITIONS:
        raise ProblemError(
            f"objectives has {m} entries: searched fronts have at most {max(PARTITIONS)}; leave some out"
        )
    space = space_of(problem, goals, search, seeds)
    seed = int(rng.integers(2**31))
    archive = _Archive(space, checkpoint, fingerprint(space, search, seed, seeds))

    class Canonical(Repair):  # type: ignore[misc]
        def _do(self, _: Any, genes: Array, **__: Any) -> Array:
            return np.array([space.repaired(row) for row in genes])

    with _pool(workers, space) as executor:

        class Lists(Problem):  # type: ignore[misc]
            def __init__(self) -> None:
                super().__init__(len(space.lowest), m, 1, xl=space.lowest, xu=space.highest)

            def _evaluate(self, genes: Array, out: dict[str, Any], *_: Any, **__: Any) -> None:
                found = archive.evaluate(genes, executor)
                out["F"], out["G"] = -found[:, :m], np.minimum(found[:, m:], 1e30)

        directions = get_reference_directions("das-dennis", m, n_partitions=PARTITIONS[m])
        population = max(search.population, len(directions))
        simple = grown(space, seeds, archive, executor)
        first = initial(space, simple, seeds, population, np.random.default_rng(seed))
        algorithm = UNSGA3(directions, pop_size=population, sampling=first, repair=Canonical())
        algorithm.setup(Lists(), seed=seed, termination=("n_gen", search.generations), verbose=False)
        history: list[float] = []
        is_finished = True
        try:
            while algorithm.has_next():
                if history and is_over():
                    is_finished = False
                    break
                algorithm.next()
                archive.save()
                history.append(archive.hypervolume())
                report(f"generation {len(history)}: {len(archive.best)} menus, hypervolume {history[-1]:.5f}")
                before = history[-1 - search.patience] if len(history) > search.patience else -math.inf
                if history[-1] - before < search.growth * history[-1]:
                    break
        except KeyboardInterrupt:
            is_finished = False
    return archive.front(search.population, is_finished=is_finished)


def grown(space: Space, seeds: list[Menu], archive: _Archive, executor: Executor | None) -> list[Array]:
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
            values = archive.evaluate(np.array(rows), executor)
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


@dataclass
class _Archive:
    """Every candidate that was evaluated; resuming replays the search from it, to the bit."""

    space: Space
    path: str | Path | None
    mark: str
    known: dict[bytes, Array] = field(default_factory=dict)
    best: list[tuple[Array, Array]] = field(default_factory=list)  # (genes, values) that nothing dominates
    scale: tuple[Array, Array] | None = None  # worst values and ranges of the first generation, for the hypervolume

    def __post_init__(self) -> None:
        if self.path is None or not Path(self.path).exists():
            return
        try:
            with open_file(self.path) as file, np.load(file, allow_pickle=False) as stored:
                mark, genes, values = str(stored["mark"]), stored["genes"], stored["values"]
        except ProblemError:
            raise
        except (OSError, ValueError, KeyError, EOFError, BadZipFile, NotImplementedError) as exc:
            raise ProblemError(f"checkpoint {self.path} is not readable ({exc}): delete it, or name another") from exc
        if mark != self.mark:
            raise ProblemError(
                f"checkpoint {self.path} is of another search: resume with the same problem, objectives, settings and "
                "rng, or name another file"
            )
        self.known = {row.tobytes(): value for row, value in zip(genes, values, strict=True)}
        for k in np.unique(np.linspace(0, len(genes) - 1, RECOMPUTED).astype(int)) if len(genes) else ():
            if not np.array_equal(self.space.values(genes[k]), values[k]):
                raise ProblemError(
                    f"checkpoint {self.path} is of other objectives: what it says a menu is worth is not what the menu "
                    "is worth now; name another file"
                )

    def evaluate(self, genes: Array, executor: Executor | None) -> Array:
        new = {row.tobytes(): row for row in genes if row.tobytes() not in self.known}
        rows = list(new.values())
        step = executor.map(_values_of, rows, chunksize=8) if executor else map(self.space.values, rows)
        for key, values in zip(new, step, strict=True):
            self.known[key] = values
        found = np.array([self.known[row.tobytes()] for row in genes])
        legal = [(row, values[:-1]) for row, values in zip(genes, found, strict=True) if values[-1] == 0]
        pool = [*self.best, *legal]
        if pool:
            gone = dominated(np.array([values for _, values in pool]))
            self.best = [each for each, out in zip(pool, gone, strict=True) if not out]
        return found

    def hypervolume(self) -> float:
        from pymoo.indicators.hv import Hypervolume

        if not self.best:
            return 0.0
        points = np.array([values for _, values in self.best])
        if self.scale is None:
            size = np.ptp(points, axis=0)
            self.scale = points.min(axis=0), np.where(size > 0, size, 1.0)
        low, size = self.scale
        above = np.maximum((points - low) / size, 0.0)
        return float(Hypervolume(ref_point=np.zeros(points.shape[1]))(-above))

    def save(self) -> None:
        if self.path is None:
            return
        genes = np.array([np.frombuffer(key) for key in self.known])
        with replacing(self.path) as stream:
            np.savez(stream, mark=np.array(self.mark), genes=genes, values=np.array(list(self.known.values())))

    def _check_varied(self) -> None:
        """Refuse objectives by which all menus seen are worth the same."""
        legal = np.array([values[:-1] for values in self.known.values() if values[-1] == 0])
        for goal, column in zip(self.space.goals, legal.T, strict=True):
            if len(column) > 1 and np.ptp(column) == 0:
                raise ProblemError(
                    f"objective {goal.name!r} does not vary: each of {len(column)} menus searched is worth "
                    f"{goal.sign * column[0]:.6g} by it; leave it out"
                )

    def front(self, most: int, *, is_finished: bool) -> Front:
        """At most so many of the best menus, far from each other; the ends of the front among them."""
        goals, problem = self.space.goals, self.space.problem
        if not self.best:
            raise ProblemError("the search found no menu that meets the constraints: allow more options or generations")
        self._check_varied()
        values = np.array([each for _, each in self.best])
        ideal, nadir = values.max(axis=0), values.min(axis=0)
        unit = np.where(ideal > nadir, ideal - nadir, 1.0)
        kept = spread((values - nadir) / unit, most)
        kept = kept[np.lexsort(-values[kept].T[::-1])]
        sign = signs(tuple(goal.sense for goal in goals))
        return Front(
            problem=problem,
            names=tuple(goal.name for goal in goals),
            senses=tuple(goal.sense for goal in goals),
            points=sign * values[kept],
            menus=tuple(self.space.menu(self.best[k][0]) for k in kept),
            weights=np.zeros((len(kept), len(goals))),
            ideal=sign * ideal,
            nadir=sign * nadir,
            unit=unit,
            support_weights=np.empty((0, len(goals))),
            support_bounds=np.empty(0),
            requested_gap=math.inf,
            is_finished=is_finished,
            method="search",
            forms=tuple(goal.concave for goal in goals),
        )


def spread(points: Array, most: int) -> Any:
    """Numbers of at most so many points: the best of every column, then always the one farthest from those chosen."""
    chosen = list(dict.fromkeys(int(k) for k in points.argmax(axis=0)))[:most]
    away = np.linalg.norm(points[:, np.newaxis] - points[chosen], axis=2).min(axis=1)
    while len(chosen) < min(most, len(points)) and away.max() > 0:
        chosen.append(int(away.argmax()))
        away = np.minimum(away, np.linalg.norm(points - points[chosen[-1]], axis=1))
    return np.array(chosen)


def fingerprint(space: Space, search: Search, seed: int, seeds: list[Menu]) -> str:
    """What a checkpoint belongs to."""
    parts = [
        [goal.name for goal in space.goals],
        [space.places, search.population, search.generations, search.patience, search.growth, seed],
        [array.tolist() for array in (space.problem.valuations, space.problem.weights, space.lowest, space.highest)],
        [menu.options.transfers.tolist() for menu in seeds],
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


_WORKER: dict[str, Space] = {}  # in a worker process: the space it evaluates in


def _start_worker(space: Space) -> None:
    _WORKER["space"] = space


def _values_of(genes: Array) -> Array:
    return _WORKER["space"].values(genes)


@contextmanager
def _pool(workers: int, space: Space) -> Iterator[Executor | None]:
    """Processes to evaluate in; none for one worker."""
    if workers == 1:
        yield None
        return
    import multiprocessing

    context = multiprocessing.get_context("fork" if "fork" in multiprocessing.get_all_start_methods() else None)
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker, initargs=(space,)) as executor:
        yield executor

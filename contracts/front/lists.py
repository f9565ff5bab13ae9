"""Lists of options as genes of a search: what a list is worth when every type takes what it likes best."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.front.goals.goal import Goal
from contracts.inputs.arrays import Array, finite
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.menu.assembly import menu_of
from contracts.menu.menu import Menu
from contracts.problem.screening import ScreeningProblem
from contracts.proof.bound import Bound, upper_bound
from contracts.proof.multipliers import no_multipliers
from contracts.repair.assign import assigned
from contracts.repair.repricing import reprice

MOST_OPTIONS = 12  # places on the list where nothing else is said
ROOM = 0.25  # share of the relaxation's ranges that allocations and transfers may go beyond them
SWITCHED_ON = 0.5
CLEAR = 1e-9  # share of the transfers that keeps types in place when transfers rise


@checked
@dataclass(frozen=True, eq=False)
class Search:
    """How to search where no program is convex.

    Parameters
    ----------
    n_options : most contracts that a menu may offer; by default one per type, at most 12
    allocations : (n, n_goods) array of the only allocations that may be offered (deterministic menus), or None for all
    n_population : candidates per generation, at least as many as reference directions
    n_generations : most generations
    patience, growth : stop when the hypervolume has grown by less than this share in so many generations
    """

    n_options: int | None = None
    allocations: Any = None
    n_population: int = 100
    n_generations: int = 1000
    patience: int = 50
    growth: float = 1e-3

    def __post_init__(self) -> None:
        if self.allocations is not None:
            object.__setattr__(self, "allocations", finite("Search allocations", self.allocations))
        for name in ("n_population", "n_generations", "patience", "n_options"):
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
        if not program.outside.is_contract:
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
        if program.outside.is_contract:  # reprice expects the outside contract first
            home = int(np.flatnonzero(program.outside.is_kept(allocations, transfers))[0])
            taken = np.where(option_of_type == home, 0, option_of_type + 1)
            return reprice(program, np.vstack([program.outside.allocation, allocations]), taken)
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
    places = min(problem.n_types, MOST_OPTIONS) if search.n_options is None else search.n_options
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

"""Where the columns of a mechanism's program are, and what its rows are called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.inputs.arrays import Indices
from contracts.mechanisms.problem import MechanismProblem
from contracts.numerics.basis import LinearProgram
from contracts.numerics.exact_solve import Whole

Lies = Sequence[NDArray[np.bool_]]  # of each agent, [true, told]: which ones a program knows


class Block(NamedTuple):
    """Rows of one kind: entries, limits, and what each is called."""

    kind: str  # "lottery", "demanded", "expected", "IC", "IR", "budget", "limit" or "row"
    row: Indices
    column: Indices
    data: Whole
    low: Whole
    high: Whole
    name: Callable[[int], str]
    among: Indices | None = None  # the numbers of its rows among all that there could be; None for all
    n_all: int = 0  # how many there could be, if not all are there

    @property
    def n_rows(self) -> int:
        return len(self.low)


class Layout(NamedTuple):
    """Where columns are."""

    n_chances: int
    expected: list[tuple[int, Indices]]  # of each agent the first Q, and the class of every alternative; or none
    interim: list[int]  # of each agent the first T, or none
    transfers: int  # the first t, -1 where there are none by profile
    n_columns: int


class MechanismProgram(NamedTuple):
    """A problem as a linear program."""

    program: LinearProgram
    layout: Layout
    blocks: list[Block]
    value_unit: int  # what a unit of the program's value is, in parts of the objective
    numbers: Indices  # of its rows in the whole program, which knows all lies
    n_rows: int  # of the whole program
    incentives: list[tuple[int, int]]  # where the rows of each agent's incentives are in the whole program

    def names(self, rows: Indices) -> list[str]:
        """What rows are called."""
        starts = np.cumsum([0, *(block.n_rows for block in self.blocks)])
        found = []
        for row in rows.tolist():
            k = int(np.searchsorted(starts, row, side="right")) - 1
            found.append(self.blocks[k].name(row - int(starts[k])))
        return found

    @property
    def kinds(self) -> list[str]:
        """The kind of every row."""
        return [block.kind for block in self.blocks for _ in range(block.n_rows)]


def needs_profiles(problem: MechanismProblem) -> bool:
    """Whether transfers by profile are asked about, not only what they are in expectation."""
    interim = problem.is_independent and problem.incentives == "bayesian" and not problem.is_interdependent
    alone = problem.n_agents == 1 and problem.budget != "none" and problem.budget_holds == "ex post"
    limited = problem.participation == "ex post" or problem.transfers != "free"
    return not interim or alone or limited or problem.has_rows_of_money or problem.ambiguity is not None


def is_interim(problem: MechanismProblem) -> bool:
    """Whether incentives are about Q_i and T_i."""
    return problem.is_independent and problem.incentives == "bayesian" and not problem.is_interdependent


def budget_in_expectation(problem: MechanismProblem) -> bool:
    """Whether the program asks for the budget in expectation: where that is asked for, or is enough."""
    return problem.budget_holds == "in expectation" or not needs_profiles(problem)


def beside(problem: MechanismProblem, agent: int, profile: int) -> str:
    """Such as " beside Bob '2'": what the others are at a profile; nothing if there are none."""
    types = problem.type_at[:, profile]
    said = [f"{problem.agents[j]} {problem.labels[j][int(types[j])]!r}" for j in range(problem.n_agents) if j != agent]
    return f" beside {', '.join(said)}" if said else ""


def layout_of(problem: MechanismProblem) -> Layout:
    """Chances first, then expectations, then transfers of types, then of profiles."""
    at = n_chances = problem.n_profiles * problem.n_alternatives
    expected: list[tuple[int, Indices]] = []
    interim: list[int] = []
    paid = problem.transfers != "none"
    if is_interim(problem):
        for agent in range(problem.n_agents):
            _, classes = np.unique(problem.values[agent], axis=1, return_inverse=True)
            classes = np.asarray(classes).ravel()
            expected.append((at, classes))
            at += problem.n_types[agent] * (int(classes.max()) + 1)
        for agent in range(problem.n_agents if paid else 0):
            interim.append(at)
            at += problem.n_types[agent]
    transfers = -1
    if paid and needs_profiles(problem):
        transfers, at = at, at + problem.n_agents * problem.n_profiles
    return Layout(n_chances, expected, interim, transfers, at)

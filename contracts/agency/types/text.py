"""A menu of contracts as a table and as a picture."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from contracts.agency.types.problem import AgencyProblem
from contracts.agency.types.verify import MenuCertificate
from contracts.display.drawn import drawn
from contracts.display.numbers import DIGITS, column, last_digit
from contracts.display.palette import INK, PALETTE, axes
from contracts.display.table import Column, Table, names
from contracts.inputs.arrays import Array, Indices
from contracts.proof.certificate import shown
from contracts.readable import readable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN_TYPES = 20  # longer menus show their first and last types
NOTHING = 1e-7  # share of utility below which a rent is what rounding leaves, and shown as 0
SHOWN_OUTCOMES = 5  # wages after more outcomes are in frames only


class ShownMenu(Protocol):
    """What a table or a picture asks of a menu of contracts."""

    @property
    def problem(self) -> AgencyProblem: ...

    @property
    def wages(self) -> Array: ...

    @property
    def certificate(self) -> MenuCertificate: ...

    @property
    def action_names(self) -> tuple[str, ...]: ...

    @property
    def contract_of(self) -> Indices: ...

    @property
    def expected_output(self) -> Array: ...

    @property
    def expected_wages(self) -> Array: ...

    @property
    def agent_utility(self) -> Array: ...

    @property
    def rents(self) -> Array: ...

    @property
    def binding(self) -> list[str]: ...


def menu_columns(menu: ShownMenu) -> Table:
    """Everything about the types, one a row."""
    problem = menu.problem
    wages = [Column(f"wage {outcome}", menu.wages[:, k]) for k, outcome in enumerate(problem.outcomes)]
    return Table(
        (
            names("type", problem.labels),
            Column("weight", problem.weights),
            Column("action", list(menu.action_names)),
            *wages,
            Column("expected_output", menu.expected_output),
            Column("expected_wage", menu.expected_wages),
            Column("utility", menu.agent_utility),
            Column("rent", menu.rents),
        )
    )


def menu_table(menu: ShownMenu) -> Table:
    """The types shown, what the menu is worth above them and what was proven below."""
    problem, certificate = menu.problem, menu.certificate
    gap = max(certificate.relative_gap, 1e-16)
    digits = int(np.clip(math.floor(-math.log10(gap)), 2, DIGITS)) if math.isfinite(gap) else DIGITS
    value, bound = (f"{shown(worth):.{digits}g}" for worth in (certificate.value, certificate.upper_bound))
    if abs(certificate.gap) < 0.5 * last_digit(certificate.value, digits):
        bound = value
    half, count = SHOWN_TYPES // 2, problem.n_types
    rows = np.arange(count) if count <= SHOWN_TYPES else np.r_[np.arange(half), np.arange(count - half, count)]
    money = float(max(np.abs(menu.wages).max(), np.abs(problem.output).max()))
    wages = [
        Column(f"wage {k}", menu.wages[rows, k], column(menu.wages[rows, k], digits, money), readable(outcome),
               over="wage after")
        for k, outcome in enumerate(problem.outcomes)
    ]  # fmt: skip
    size = float(max(np.abs(menu.agent_utility).max(), np.abs(problem.effort_cost).max()))
    rents = np.where(np.abs(menu.rents) < NOTHING * size, 0.0, menu.rents)[rows]
    columns = [
        names("type", [problem.labels[k] for k in rows]),
        Column("weight", problem.weights[rows], 3),
        Column("action", [menu.action_names[k] for k in rows], readable, left=True),
        *(wages if problem.n_outcomes <= SHOWN_OUTCOMES else []),
        Column("expected wage", menu.expected_wages[rows], column(menu.expected_wages[rows], digits, money)),
        Column("rent", rents, DIGITS),
    ]
    kind = "rigorous" if certificate.rigorous else "numerical"
    binding = ", ".join(map(readable, menu.binding[:4])) or "nothing"
    n_contracts = int(menu.contract_of.max()) + 1
    return Table(
        columns,
        f"Menu of {n_contracts} contract{'s' * (n_contracts != 1)} for {count} type{'s' * (count != 1)}: "
        f"value {value}, proven bound {bound}",
        [
            f"binding: {binding}",
            f"{str(certificate).splitlines()[0]}; {kind} gap {shown(max(certificate.relative_gap, 0.0)):.1e}",
        ],
        shown=None,
        between={half: f"... {count - len(rows)} more types ..."} if count > len(rows) else {},
        kind="contract",
    )


def plot_menu(menu: ShownMenu, ax: Axes | None) -> Any:
    """Wages of every distinct contract against output; the area of a dot is its outcome's probability."""
    ax = axes(ax)
    problem = menu.problem
    for k in range(int(menu.contract_of.max()) + 1):
        takers = np.flatnonzero(menu.contract_of == k)
        who = int(takers[0])
        colour = PALETTE[k % len(PALETTE)]
        action = list(problem.actions).index(menu.action_names[who])
        own = problem.outcome_probabilities[who, action]
        order = np.argsort(problem.output[who], kind="stable")
        x, wages = problem.output[who][order], menu.wages[who][order]
        label = ", ".join(f"{problem.labels[int(one)]}: {menu.action_names[int(one)]}" for one in takers[:3])
        ax.plot(x, wages, color=colour, linewidth=1.0, label=drawn(label))
        ax.scatter(x, wages, s=10 + 190 * own[order] / own.max(), color=colour, edgecolors=INK, linewidths=0.5)
    ax.set_xlabel("output")
    ax.set_ylabel("wage")
    ax.legend()
    return ax

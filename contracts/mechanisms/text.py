"""A mechanism as a table and as a picture."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from contracts.display.numbers import DIGITS, column, last_digit, plural
from contracts.display.palette import PALETTE, axes
from contracts.display.table import Column, Table, names
from contracts.inputs.arrays import Array
from contracts.mechanisms.problem import MechanismProblem
from contracts.proof.certificate import Certificate, shown
from contracts.readable import readable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN_TYPES = 24  # longer tables show their first and last types
SHOWN_BINDING = 4


class ShownMechanism(Protocol):
    """What a table or a picture asks of a mechanism."""

    @property
    def problem(self) -> MechanismProblem: ...

    @property
    def certificate(self) -> Certificate: ...

    @property
    def allocation(self) -> Array: ...

    @property
    def transfers(self) -> Array: ...

    @property
    def revenue(self) -> float: ...

    @property
    def welfare(self) -> float: ...

    @property
    def interim_allocation(self) -> tuple[Array, ...]: ...

    @property
    def interim_payments(self) -> tuple[Array, ...]: ...

    @property
    def interim_utilities(self) -> tuple[Array, ...]: ...

    @property
    def binding(self) -> list[str]: ...


def chances_of(problem: MechanismProblem, agent: int) -> Array:
    """Chances of an agent's types; (n_types,)."""
    if problem.is_independent:
        return np.asarray(problem.probabilities[agent] / problem.probabilities[agent].sum())
    joint = np.asarray(problem.probabilities)
    own = joint.sum(axis=tuple(k for k in range(joint.ndim) if k != agent))
    return np.asarray(own / own.sum())


def type_columns(mechanism: ShownMechanism) -> Table:
    """What every type of every agent expects, without a title."""
    problem = mechanism.problem
    each = range(problem.n_agents)
    found = np.concatenate(mechanism.interim_allocation)
    return Table(
        (
            names("agent", [problem.agents[k] for k in each for _ in range(problem.n_types[k])]),
            names("type", [name for k in each for name in problem.labels[k]]),
            Column("probability", np.concatenate([chances_of(problem, k) for k in each])),
            *(Column(str(name), found[:, k]) for k, name in enumerate(problem.alternatives)),
            Column("payment", np.concatenate(mechanism.interim_payments)),
            Column("utility", np.concatenate(mechanism.interim_utilities)),
        )
    )


def profile_columns(mechanism: ShownMechanism) -> Table:
    """What is done and paid at every profile, without a title."""
    problem = mechanism.problem
    outcome = mechanism.allocation.reshape(problem.n_profiles, -1)
    paid = mechanism.transfers.reshape(problem.n_agents, -1)
    types = [[problem.labels[k][int(own)] for own in row] for k, row in enumerate(problem.type_at)]
    return Table(
        (
            *(names(f"type of {problem.agents[k]}", row) for k, row in enumerate(types)),
            *(Column(str(name), outcome[:, k]) for k, name in enumerate(problem.alternatives)),
            *(Column(f"payment of {problem.agents[k]}", row) for k, row in enumerate(paid)),
        )
    )


def mechanism_table(mechanism: ShownMechanism) -> Table:
    """The types shown, what the mechanism is worth above them and what was proven below."""
    problem, certificate = mechanism.problem, mechanism.certificate
    value, bound = (f"{shown(worth):.{DIGITS}g}" for worth in (certificate.value, certificate.upper_bound))
    if abs(certificate.gap) < 0.5 * last_digit(certificate.value, DIGITS):
        bound = value
    everything = type_columns(mechanism)
    count, half = len(everything.columns[0].values), SHOWN_TYPES // 2
    rows = np.arange(count) if count <= SHOWN_TYPES else np.r_[np.arange(half), np.arange(count - half, count)]
    money = [np.asarray(one.values)[rows] for one in everything.columns[-2:]]
    size = float(max(np.abs(part).max() for part in money))
    columns: list[Column] = []
    for one in everything.columns:
        if one.name in ("payment", "utility") and one in everything.columns[-2:]:
            values = np.asarray(one.values)[rows]
            columns.append(Column(one.name, values, column(values, DIGITS, size)))
        elif one in everything.columns[:2]:
            columns.append(names(one.name, [one.values[int(k)] for k in rows]))
        else:
            columns.append(Column(one.name, np.asarray(one.values)[rows], ".3f", heading=readable(one.name)))
    return Table(
        columns,
        f"Mechanism: {plural(problem.n_agents, 'agent')}, {plural(problem.n_profiles, 'profile')}, "
        f"{plural(problem.n_alternatives, 'alternative')}, value {value}, proven bound {bound}, "
        f"revenue {mechanism.revenue:.{DIGITS}g}, welfare {mechanism.welfare:.{DIGITS}g}",
        notes_of(certificate, mechanism.binding),
        between={half: f"... {count - len(rows)} more types ..."} if count > len(rows) else {},
        kind="mechanism",
    )


def notes_of(certificate: Certificate, binding: list[str]) -> list[str]:
    """What binds, and what was proven."""
    more = f" and {len(binding) - SHOWN_BINDING} more" if len(binding) > SHOWN_BINDING else ""
    words = ", ".join(map(readable, binding[:SHOWN_BINDING])) + more
    kind = "rigorous" if certificate.rigorous else "numerical"
    gap = shown(max(certificate.relative_gap, 0.0))
    proof = f"; {kind} gap {gap:.1e}" if math.isfinite(gap) else ""
    return [*([f"binding: {words}"] if binding else []), f"{str(certificate).splitlines()[0]}{proof}"]


def plot_types(mechanism: ShownMechanism, ax: Axes | None) -> Any:
    """What types expect to pay and to have, a pair of lines per agent."""
    ax = axes(ax)
    problem = mechanism.problem
    for k in range(problem.n_agents):
        colour, at = PALETTE[k % len(PALETTE)], np.arange(problem.n_types[k])
        ax.plot(at, mechanism.interim_payments[k], color=colour, marker="o", label=f"{problem.agents[k]} pays")
        ax.plot(at, mechanism.interim_utilities[k], color=colour, linestyle="--", label=f"{problem.agents[k]} has")
    ax.set_xlabel("type")
    ax.set_ylabel("expected money")
    ax.legend()
    return ax

"""A contract as a table and as a picture."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from contracts.agency.bound import ContractMultipliers
from contracts.agency.problem import MoralHazardProblem
from contracts.display.drawn import drawn
from contracts.display.numbers import DIGITS, column, last_digit
from contracts.display.palette import DIM, INK, PALETTE, axes
from contracts.display.table import Column, Table, names
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from contracts.proof.certificate import Certificate, shown
from contracts.readable import readable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN_OUTCOMES = 20  # longer contracts show their first and last outcomes


class ShownContract(Protocol):
    """What a table or a picture asks of a contract."""

    @property
    def problem(self) -> MoralHazardProblem: ...

    @property
    def wages(self) -> Array: ...

    @property
    def action(self) -> int: ...

    @property
    def certificate(self) -> Certificate: ...

    @property
    def multipliers(self) -> ContractMultipliers: ...

    @property
    def action_name(self) -> str: ...

    @property
    def utilities(self) -> Array: ...

    @property
    def expected_wage(self) -> float: ...

    @property
    def likelihood_ratio(self) -> Array: ...

    @property
    def binding(self) -> list[str]: ...


def contract_columns(contract: ShownContract) -> Table:
    """All outcomes, without a title."""
    problem = contract.problem
    ratio, own = contract.likelihood_ratio, problem.outcome_probabilities[contract.action]
    return Table(
        (
            names("outcome", problem.outcomes),
            Column("output", problem.output),
            Column("probability", own),
            Column("likelihood_ratio", ratio),
            Column("wage", contract.wages),
            Column("utility", contract.utilities),
        )
    )


def contract_table(contract: ShownContract) -> Table:
    """The outcomes shown, what the contract is worth above them and what was proven below."""
    problem, certificate = contract.problem, contract.certificate
    digits = _digits(certificate)
    value, bound = (f"{shown(worth):.{digits}g}" for worth in (certificate.value, certificate.upper_bound))
    if abs(certificate.gap) < 0.5 * last_digit(certificate.value, digits):
        bound = value
    half = SHOWN_OUTCOMES // 2
    count = problem.n_outcomes
    rows = np.arange(count) if count <= SHOWN_OUTCOMES else np.r_[np.arange(half), np.arange(count - half, count)]
    own = problem.outcome_probabilities[contract.action]
    money = float(max(np.abs(contract.wages).max(), np.abs(problem.output).max()))
    ratio = [None if math.isnan(one) else one for one in contract.likelihood_ratio[rows].tolist()]
    columns = [
        names("outcome", [problem.outcomes[k] for k in rows]),
        Column("output", problem.output[rows], column(problem.output[rows], digits, money)),
        Column("probability", own[rows], 3),
        Column("likelihood ratio", ratio, ".3f"),
        Column("wage", contract.wages[rows], column(contract.wages[rows], digits, money)),
        Column("utility", contract.utilities[rows], DIGITS),
    ]
    kind = "rigorous" if certificate.rigorous else "numerical"
    binding = ", ".join(map(readable, contract.binding[:4])) or "nothing"
    return Table(
        columns,
        f"Contract: the agent takes {readable(contract.action_name)}, expected wage "
        f"{contract.expected_wage:.{digits}g}, value {value}, proven bound {bound}",
        [
            f"binding: {binding}",
            f"{str(certificate).splitlines()[0]}; {kind} gap {shown(max(certificate.relative_gap, 0.0)):.1e}",
        ],
        shown=None,
        between={half: f"... {count - len(rows)} more outcomes ..."} if count > len(rows) else {},
        kind="contract",
    )


def _digits(certificate: Certificate) -> int:
    gap = max(certificate.relative_gap, 1e-16)
    return int(np.clip(math.floor(-math.log10(gap)), 2, DIGITS)) if math.isfinite(gap) else DIGITS


def plot_contract(contract: ShownContract, ax: Axes | None, against: str) -> Any:
    """Wages against the likelihood ratio, or against output; the area of a dot is its outcome's probability."""
    if against not in ("likelihood ratio", "output"):
        raise ProblemError(f"against is {against!r}: give 'likelihood ratio' or 'output'")
    ax = axes(ax)
    problem = contract.problem
    own = problem.outcome_probabilities[contract.action]
    across = contract.likelihood_ratio if against == "likelihood ratio" else problem.output
    occurs = np.isfinite(across) & (own > 0)
    order = np.argsort(across[occurs], kind="stable")
    x, wages = across[occurs][order], contract.wages[occurs][order]
    ax.plot(x, wages, color=DIM, linewidth=1.0)
    ax.scatter(x, wages, s=10 + 190 * own[occurs][order] / own.max(), color=PALETTE[0], edgecolors=INK, linewidths=0.5)
    ax.set_xlabel("how much likelier under what tempts" if against == "likelihood ratio" else "output")
    ax.set_ylabel("wage")
    ax.set_title(drawn(f"for {contract.action_name}"))
    return ax

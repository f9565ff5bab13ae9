"""Evidence for a menu of contracts: what types do at it, whether they stay, and how far the value is from the best."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from contracts.agency.types.bound import sharpened, value_bound
from contracts.agency.types.prices import AgencyMultipliers, check_multipliers, no_prices
from contracts.agency.types.problem import AgencyProblem, action_numbers
from contracts.agency.types.proof import AgencyProof, bound_within, check_proof, covers
from contracts.agency.types.responses import Choice, Menu, profit
from contracts.agency.utility import RiskNeutral
from contracts.agency.verify import SMALLEST_FLOW, SMALLEST_STAKE, checked_wages, first_best_cost, first_best_prices
from contracts.display.table import Column, Table, names
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, Mask, finite, is_frame
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.names import check_same_names, column_names, given_names, listed, row_names
from contracts.proof.certificate import Certificate, Deviation, Violation, checked_standards
from contracts.proof.scale import NO_MONEY

if TYPE_CHECKING:
    import pandas as pd


@checked
@dataclass(frozen=True)
class Response:
    """What a type makes of a menu of contracts.

    Attributes
    ----------
    label : the type
    report, action : whose contract it is meant to take, and the action
    tempting_report, tempting_action : the best of all other choices, however it lies; None where there are none
    gain : utility from this over what is meant: exact, or the most that it can be
    slack : utility above the reservation utility: exact, or the least that it can be

    Examples
    --------
    >>> from contracts import AgencyProblem, solve_contract
    >>> problem = AgencyProblem([[0.75, 0.25], [0.25, 0.75]], output=[0.0, 8.0], effort_cost=[[0.0, 1.0], [0.0, 4.0]],
    ...                         labels=("able", "slow"), actions=("shirk", "work"), wages=(0.0, float("inf")))
    >>> menu = solve_contract(problem)
    >>> response = menu.certificate.response("able")
    >>> response.action, response.gain, response.slack
    ('work', 0.0, 0.5)
    """

    label: str
    report: str
    action: str
    tempting_report: str | None
    tempting_action: str | None
    gain: float
    slack: float

    @property
    def is_tempted(self) -> bool:
        """Whether the type may do better than what is meant."""
        return self.gain > 0


@checked
@dataclass(frozen=True)
class MenuCertificate(Certificate):
    """A certificate of a menu of contracts, with the best response of every type.

    IC counts double deviations: a type that reports another may take any action. Deviations are written type / action.

    Examples
    --------
    >>> from contracts import AgencyProblem, solve_contract
    >>> problem = AgencyProblem([[0.75, 0.25], [0.25, 0.75]], output=[0.0, 8.0], effort_cost=[[0.0, 1.0], [0.0, 4.0]],
    ...                         labels=("able", "slow"), actions=("shirk", "work"), wages=(0.0, float("inf")))
    >>> menu = solve_contract(problem)
    >>> menu.certificate.deviation
    Deviation(tempted='able / work', tempter='able / shirk', gain=0.0)
    >>> menu.certificate.response("slow").tempting_action
    'shirk'
    """

    responses: tuple[Response, ...] = ()

    def response(self, label: str) -> Response:
        """That of one type, by its name."""
        known = {one.label: one for one in self.responses}
        if label not in known:
            raise ProblemError(f"label is {label!r}: the types are {listed(known)}")
        return known[label]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON, with the verdict and the responses."""
        rows = [
            {
                "type": one.label,
                "report": one.report,
                "action": one.action,
                "tempting_report": one.tempting_report,
                "tempting_action": one.tempting_action,
                "gain": one.gain if math.isfinite(one.gain) else None,
                "slack": one.slack,
            }
            for one in self.responses
        ]
        return {**super().to_dict(), "responses": rows}

    def to_frame(self) -> pd.DataFrame:
        """One row per type: what is meant, what tempts it most, what it gains by that, and what it has to spare."""
        rows = self.responses
        gains = [one.gain if math.isfinite(one.gain) else None for one in rows]
        table = Table(
            (
                names("type", [one.label for one in rows]),
                Column("meant", [f"{one.report} / {one.action}" for one in rows]),
                Column("tempting", [_written(one) for one in rows]),
                Column("gain", gains),
                Column("above_reservation", [one.slack for one in rows]),
            )
        )
        return table.to_frame()

    __str__ = Certificate.__str__
    __repr__ = Certificate.__repr__


def _written(one: Response) -> str:
    return "-" if one.tempting_report is None else f"{one.tempting_report} / {one.tempting_action}"


@checked
def verify_menu(
    problem: AgencyProblem,
    wages: Any,
    *,
    actions: Any = None,
    multipliers: AgencyMultipliers | AgencyProof | None = None,
    gap: float = math.inf,
    tolerance: float = 0.0,
) -> MenuCertificate:
    """Check a menu of contracts from anywhere, without a solver; arguments and errors are those of `verify_contract`.

    Examples
    --------
    A bonus of 2 makes the able work and one of 4 the slow, whose effort costs twice as much; but the able want the
    contract of the slow.

    >>> problem = AgencyProblem([[0.75, 0.25], [0.25, 0.75]], output=[0.0, 20.0], effort_cost=[[0.0, 1.0], [0.0, 2.0]],
    ...                         labels=("able", "slow"), actions=("shirk", "work"), wages=(0.0, np.inf))
    >>> verify_menu(problem, [[0.0, 2.0], [0.0, 4.0]], actions="work").response("slow").gain
    0.0
    """
    gap, tolerance = checked_standards(gap, tolerance)
    paid = checked_menu(problem, wages)
    chosen = None if actions is None else action_numbers(problem, actions)
    allowed = np.ones((problem.n_types, problem.n_actions), dtype=bool)
    if chosen is not None:
        allowed = np.arange(problem.n_actions) == chosen[:, np.newaxis]
    if multipliers is None:
        bound = first_best_bound(problem, allowed)
    elif isinstance(multipliers, AgencyProof):
        check_proof(problem, multipliers)
        if not covers(multipliers, allowed):
            raise ProblemError(
                "multipliers prove nothing about some actions: give menu.proof of a menu for these actions"
            )
        bound = bound_within(problem, multipliers, allowed)
    else:
        check_multipliers(problem, multipliers)
        bound = value_bound(problem, multipliers, allowed)
    choices = preferred_choices(problem, paid) if chosen is None else [Choice(i, int(a)) for i, a in enumerate(chosen)]
    return certify(problem, paid, choices, bound, gap=gap, tolerance=tolerance)


def checked_menu(problem: AgencyProblem, wages: Any) -> Array:
    """One contract per type at which utility is finite; one contract is for all."""
    outcomes, labels = given_names(problem.outcomes), given_names(problem.labels)
    columns = column_names(wages) if is_frame(wages) else row_names(wages)
    check_same_names("wages", columns, "outcomes", outcomes, "pass wages[list(problem.outcomes)]", may_differ=True)
    if is_frame(wages):
        check_same_names("wages", row_names(wages), "types", labels, "pass wages.loc[list(problem.labels)]")
    paid = finite("wages", wages, problem.labels)
    paid = np.broadcast_to(paid, (problem.n_types, len(paid))) if paid.ndim == 1 else paid
    if paid.shape != (problem.n_types, problem.n_outcomes):
        raise ProblemError(
            f"wages has shape {paid.shape}; expected {(problem.n_types, problem.n_outcomes)}, a contract per type, or "
            f"{(problem.n_outcomes,)}, one for all"
        )
    for one, row, label in zip(problem.each, paid, problem.labels, strict=True):
        try:
            checked_wages(one, row)
        except ProblemError as exc:
            raise ProblemError(f"of type {label!r}: {exc}") from exc
    return np.array(paid)


def preferred_choices(problem: AgencyProblem, wages: Array) -> list[Choice]:
    """What each type chooses, ties in the principal's favour."""
    menu = Menu(problem, wages)
    return [menu.preferred(who) for who in range(problem.n_types)]


def certify(
    problem: AgencyProblem,
    wages: Array,
    choices: list[Choice],
    bound: float,
    *,
    gap: float,
    tolerance: float = 0.0,
) -> MenuCertificate:
    """The certificate of contracts, one a row, of which types are meant to take some, against a known bound."""
    menu = Menu(problem, wages)
    labels, actions = problem.labels, problem.actions
    responses = []
    for who, meant in enumerate(choices):
        tempting, gain, slack = menu.compared(who, meant)
        report, action = (None, None) if tempting is None else (labels[tempting.report], actions[tempting.action])
        responses.append(
            Response(labels[who], labels[meant.report], actions[meant.action], report, action, gain, slack)
        )
    worst = max(responses, key=lambda one: one.gain)
    poorest = min(responses, key=lambda one: one.slack)
    return MenuCertificate(
        deviation=Deviation(
            f"{worst.label} / {worst.action}",
            "nothing else" if worst.tempting_report is None else _written(worst),
            worst.gain,
        ),
        participation_slack=poorest.slack,
        participation_type=poorest.label,
        violations=tuple(_violations(problem, wages)),
        value=profit(problem, wages, choices),
        upper_bound=bound,
        rigorous=math.isfinite(bound),
        scale=stakes(problem, bound),
        requested_gap=gap,
        tolerance=tolerance,
        responses=tuple(responses),
    )


def _violations(problem: AgencyProblem, wages: Array) -> list[Violation]:
    excess = np.maximum(problem.lowest_wage - wages, wages - problem.highest_wage)
    who, outcome = (int(k) for k in np.unravel_index(int(np.argmax(excess)), excess.shape))
    where = f"limits of wages (type {problem.labels[who]!r}, outcome {problem.outcomes[outcome]!r})"
    return [Violation(where, float(excess[who, outcome]))] if excess[who, outcome] > 0 else []


def first_best_prices_of(problem: AgencyProblem, allowed: Mask | None = None) -> AgencyMultipliers:
    """Prices of participation alone: those of the action that earns most from each type if both could be seen."""
    if isinstance(problem.utility, RiskNeutral):
        return no_prices(problem.n_types, problem.weights)
    prices = np.zeros(problem.n_types)
    for who, one in enumerate(problem.each):
        earned = one.expected_output - first_best_cost(one)
        earned = earned if allowed is None else np.where(allowed[who], earned, -np.inf)
        prices[who] = first_best_prices(one).participation[int(np.argmax(earned))]
    return no_prices(problem.n_types, prices * problem.weights)


def first_best_bound(problem: AgencyProblem, allowed: Mask) -> float:
    """What no menu earns more than, by prices of participation alone."""
    return min(
        sharpened(problem, first_best_prices_of(problem, allowed), allowed)[1],
        sharpened(problem, no_prices(problem.n_types), allowed)[1],
    )


def stakes(problem: AgencyProblem, bound: float) -> float:
    """What a menu is worth, in money: what a relative gap refers to.

    It is what the bound leaves above paying every type, if it could be seen, for what it does without incentives; at
    least a share of what actions differ by under the first best, and of the money that moves.
    """
    flat, spread, moved, known_all = 0.0, 0.0, 0.0, True
    for one, weight in zip(problem.each, problem.weights.tolist(), strict=True):
        cost = first_best_cost(one)
        earned = one.expected_output - cost
        known = np.isfinite(earned)
        idle = known & (one.effort_cost == one.effort_cost.min())
        known_all &= bool(idle.any())
        if known.any():
            flat += weight * float(earned[idle].max(initial=-np.inf)) if idle.any() else 0.0
            spread += weight * float(np.ptp(earned[known]))
            moved += weight * float(max(np.ptp(one.output), np.abs(cost[known]).max(initial=0.0)))
    worth = abs(bound - flat) if math.isfinite(bound) and known_all else 0.0
    return max(worth, SMALLEST_STAKE * spread, SMALLEST_FLOW * moved, NO_MONEY)

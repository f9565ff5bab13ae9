"""Lotteries: the principal draws which action it asks for, and pays by outcome as the draw says.

With utility that is additive in wages and effort, a lottery over wages alone never helps: its certainty equivalent
gives the agent the same utility after the same outcome, and costs less. A lottery over actions may (Prescott & Townsend
1984; Karaivanov 2001): participation is asked for on average over the draw, so an agent can be promised much under one
action and little under another, where what the principal earns is not concave in the utility that it promises. The
bound is that of deterministic contracts with one price of participation for all actions,

    value  <=  max_a [ E y_a - cost bound of a at (lambda, mu_a) ]        for any lambda, mu >= 0,

and is least at the lambda at which the actions that are drawn earn alike.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from contracts.agency.bound import ContractMultipliers, cost_bounds, multipliers_of
from contracts.agency.contract import Contract
from contracts.agency.problem import MoralHazardProblem
from contracts.agency.solve import solve_contract
from contracts.agency.utility import RiskNeutral
from contracts.agency.verify import AGENT, compared, profit, stakes, value_bound
from contracts.agency.wages.implementation import wages_at
from contracts.agency.wages.prices import implementation_prices
from contracts.display.numbers import DIGITS
from contracts.display.table import Certified, Column, Table, names
from contracts.errors import ProblemError, SolverError
from contracts.exact.rationals import EPS
from contracts.inputs.arrays import Array, Indices
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.proof.certificate import Certificate, Deviation, checked_gap
from contracts.readable import readable

ROUNDS = 60  # of prices of participation
FAR = 1e3  # times the price of the deterministic contract beyond which prices are not looked for


@checked
@dataclass(frozen=True, eq=False, repr=False)
class LotteryContract(Certified):
    """Contracts that are drawn: the agent is told which, obeys, and stays on average.

    Attributes
    ----------
    probabilities : (n_drawn,) of the contracts
    actions : (n_drawn,) numbers of the actions that they implement
    wages : (n_drawn, n_outcomes)
    certificate : IC of the most tempted draw, IR on average, value and bound
    deterministic : the best contract without a lottery

    Examples
    --------
    >>> from contracts import MoralHazardProblem, SquareRoot
    >>> chances = [[0.75, 0.25], [0.25, 0.75]]
    >>> lottery = solve_lottery(MoralHazardProblem(chances, [0.0, 20.0], [0.0, 1.0], SquareRoot(), 4.125))
    >>> lottery.actions, lottery.probabilities.round(4)
    (array([0, 1]), array([0.5, 0.5]))
    >>> lottery.certificate.holds, round(lottery.deterministic.value + lottery.gain, 4)
    (True, -11.7656)
    """

    problem: MoralHazardProblem
    probabilities: Array
    actions: Indices
    wages: Array
    certificate: Certificate
    deterministic: Contract

    @property
    def gain(self) -> float:
        """What the lottery earns above the best contract without one."""
        return self.value - self.deterministic.value

    def _table(self) -> Table:
        own = self.problem.outcome_probabilities[self.actions]
        earned = (own * (self.problem.output - self.wages)).sum(axis=1)
        return Table(
            (
                names("action", [readable(self.problem.actions[int(k)]) for k in self.actions]),
                Column("probability", self.probabilities, 3),
                Column("expected wage", (own * self.wages).sum(axis=1), DIGITS),
                Column("utility", utilities_of(self.problem, self.actions, self.wages), DIGITS),
                Column("value", earned, DIGITS),
            ),
            f"Lottery: value {self.value:.6g}, proven bound {self.upper_bound:.6g}, "
            f"gain over deterministic contracts {self.gain:.4g}",
            [str(self.certificate).splitlines()[0]],
        )


def utilities_of(problem: MoralHazardProblem, actions: Indices, wages: Array) -> Array:
    """Expected utility of contracts less the cost of the action that each implements; (n,)."""
    own, values = problem.outcome_probabilities[actions], problem.utility.value(wages)
    return np.asarray((own * values).sum(axis=1) - problem.effort_cost[actions])


@checked
def solve_lottery(problem: MoralHazardProblem, *, gap: float = 1e-6) -> LotteryContract:
    """The best lottery over contracts, and what it gains over the best single one; raises as the public verb does."""
    gap = checked_gap(gap)
    if isinstance(problem.utility, RiskNeutral):
        raise ProblemError("lotteries are for a utility that is strictly concave: use solve_contract for RiskNeutral()")
    if problem.monotone:
        raise ProblemError("wages that are drawn may fall in output: leave monotone out, or use solve_contract")
    single = solve_contract(problem, gap=gap)
    start = float(single.multipliers.participation[single.action])
    if start == 0.0:  # the agent stays without being paid for it, on average too
        return _drawn(problem, [(1.0, single.action, single.wages)], single.multipliers, single, gap)
    faces = _lowest(problem, start, single)
    mixed = _mixture(problem, faces)
    prices = ContractMultipliers(np.full(problem.n_actions, faces.price), faces.multipliers.incentive)
    bound = min(value_bound(problem, prices), math.inf)
    alone = [(1.0, single.action, single.wages)]
    lottery = _drawn(problem, mixed, prices, single, gap, bound) if mixed else None
    found = lottery if lottery is not None and lottery.value > single.value else _drawn(
        problem, alone, prices, single, gap, bound
    )  # fmt: skip
    if not found.certificate.holds:
        raise SolverError(
            f"the lottery is not certified: {found.certificate}. Ask for a larger gap", ("prices",), found
        )
    return found


class _Faces(NamedTuple):
    """What every action earns at one price of participation."""

    price: float
    worth: Array  # (n_actions,) bounds on profit
    slope: Array  # (n_actions,) utility above the reservation utility
    wages: Array  # (n_actions, n_outcomes)
    multipliers: ContractMultipliers


def _faces(problem: MoralHazardProblem, price: float, single: Contract) -> _Faces:
    from scipy.sparse import csr_array

    who = np.arange(problem.n_actions)
    found = implementation_prices(problem, who, fixed=price)
    slots = found.tempting.shape[1]
    rows, columns, values = np.repeat(who, slots), found.tempting.ravel(), found.incentive.ravel()
    used = (columns >= 0) & (values > 0)
    shape = (problem.n_actions, problem.n_actions)
    incentive = csr_array((values[used], (rows[used], columns[used])), shape=shape)
    never = np.isinf(single.implementation_cost)
    if never.any():  # far along the proof that nothing implements them
        dense = incentive.toarray()
        for action, proof in single.implementations.proofs.items():
            dense[action] = proof.mixture * (1e3 * float(np.ptp(problem.output)) / proof.saving)
        incentive = csr_array(dense)
    multipliers = multipliers_of(np.full(problem.n_actions, price), incentive)
    worth = problem.expected_output - cost_bounds(problem, multipliers)
    wages = wages_at(problem, who, found)
    slope = np.where(never, np.nan, utilities_of(problem, who, wages) - problem.reservation_utility)
    return _Faces(price, np.where(never, -np.inf, worth), slope, wages, multipliers)


def _lowest(problem: MoralHazardProblem, start: float, single: Contract) -> _Faces:
    """The price of participation at which the best action earns least: where utility is neither short nor left over."""
    low, high = 0.0, math.inf
    faces = best = _faces(problem, start, single)
    for _ in range(ROUNDS):
        top = int(np.argmax(faces.worth))
        if faces.worth.max() < best.worth.max():
            best = faces
        if faces.slope[top] < 0:
            low = faces.price
        else:
            high = faces.price
        price = 2 * low if math.isinf(high) else (low + high) / 2
        if price > FAR * start or not low < price < high or high - low <= 1e-13 * start:
            break
        faces = _faces(problem, price, single)
    return best


def _mixture(problem: MoralHazardProblem, faces: _Faces) -> list[tuple[float, int, Array]]:
    """Two actions that earn alike, one with utility to spare and one short of it, so that none is left on average."""
    reach = 1e-6 * max(1.0, float(np.abs(faces.worth[np.isfinite(faces.worth)]).max()))
    close = np.flatnonzero(faces.worth >= faces.worth.max() - reach)
    above = [int(k) for k in close if faces.slope[k] >= 0]
    below = [int(k) for k in close if faces.slope[k] < 0]
    if not above or not below:
        return []
    rich = max(above, key=lambda k: faces.worth[k])
    poor = max(below, key=lambda k: faces.worth[k])
    spare = 1e-12 * (1 + abs(problem.reservation_utility))
    share = (-faces.slope[poor] + spare) / (faces.slope[rich] - faces.slope[poor])
    return [(min(share, 1.0), rich, faces.wages[rich]), (max(1 - share, 0.0), poor, faces.wages[poor])]


def _drawn(
    problem: MoralHazardProblem,
    parts: list[tuple[float, int, Array]],
    prices: ContractMultipliers,
    single: Contract,
    gap: float,
    bound: float | None = None,
) -> LotteryContract:
    """The lottery with its certificate."""
    parts = [part for part in parts if part[0] > 0]
    shares = np.array([part[0] for part in parts])
    actions, wages = np.array([part[1] for part in parts]), np.array([part[2] for part in parts])
    found = [compared(problem, paid, int(action)) for _, action, paid in parts]
    worst = max(range(len(found)), key=lambda k: found[k].gain)
    slack = float(shares @ np.array([one.slack for one in found]))
    slack -= 4 * EPS * float(shares @ np.abs([one.slack for one in found])) * (len(found) > 1)
    value = math.fsum(share * profit(problem, action, paid) for share, action, paid in parts)
    tempting = found[worst].tempting
    limit = value_bound(problem, prices) if bound is None else bound
    certificate = Certificate(
        deviation=Deviation(
            problem.actions[int(actions[worst])],
            problem.actions[tempting] if tempting >= 0 else "nothing else",
            found[worst].gain,
        ),
        participation_slack=slack,
        participation_type=AGENT,
        violations=(),
        value=value,
        upper_bound=limit,
        rigorous=math.isfinite(limit),
        scale=stakes(problem, limit),
        requested_gap=gap,
        tolerance=0.0,
    )
    return LotteryContract(problem, shares, actions, wages, certificate, single)

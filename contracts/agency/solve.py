"""solve_contract: wages for every action, the best of them, and the proof."""

from __future__ import annotations

import math

import numpy as np

from contracts.agency.bound import ContractMultipliers, cost_bounds, multipliers_of
from contracts.agency.contract import Contract
from contracts.agency.problem import MoralHazardProblem, action_number
from contracts.agency.utility import RiskNeutral
from contracts.agency.verify import certify, first_best_cost, first_best_prices, highest_value, value_bound
from contracts.agency.wages.implementation import Implementations, polished, tidied
from contracts.agency.wages.impossible import impossibility
from contracts.agency.wages.monotone import implemented
from contracts.errors import InfeasibleMenuError, SolverError
from contracts.inputs.arrays import Array, Mask
from contracts.inputs.door import checked
from contracts.proof.certificate import checked_gap

FEW = 30  # outcomes for which wages are polished to the last digit, and written with few
SHARP = 1e-2  # share of the gap asked for above which they are polished, too
DEARER = (2.0, 10.0, 1e3, 1e6)  # times what a proof has to be worth, to count after rounding
INSIDE = 1e-9  # weight of participation that outweighs rounding in a proof
STEEP = (1e3, 1e6, 1e9, 1e12)  # prices of participation, where no wages are enough
ENOUGH = 1e-9  # share of what is at stake by which an action's first best must fall short not to be looked at


@checked
def solve_contract(problem: MoralHazardProblem, action: int | str | None = None, *, gap: float = 1e-6) -> Contract:
    """The best contract for an agent whose action nobody sees; `contracts.solve_contract` says it in full."""
    gap = checked_gap(gap)
    if action is not None:
        return _implementing(problem, action_number(problem, action), gap)
    found = _all_that_matter(problem)
    profit = problem.expected_output[found.who] - found.cost
    if not np.isfinite(profit).any():
        raise _nothing(problem, found)
    best = int(np.argmax(profit))
    multipliers = _priced_out(problem, proving_prices(problem, found)[0], found, float(profit[best]))
    bound = value_bound(problem, multipliers)
    contract = _contract(problem, found.wages[best], int(found.who[best]), multipliers, bound, gap, demanded=False)
    if len(found.who) == problem.n_actions:
        contract.__dict__["implementations"] = found  # known already
    return _certified(contract, found)


def _implementing(problem: MoralHazardProblem, action: int, gap: float) -> Contract:
    found = implemented(problem, np.array([action]))
    if not np.isfinite(found.cost[0]):
        proof = impossibility(problem, action)
        if proof is not None:
            raise InfeasibleMenuError(f"{proof}. Ask for another action, or change what outcomes tell", (str(proof),))
        raise SolverError(
            f"no wages were found that implement {problem.actions[action]!r} beyond doubt, and no proof that there are"
            " none: other actions may be as good at best, or utilities too far apart for floats. Lower its effort_cost"
            " a little, or limit wages from below",
            ("prices",),
        )
    bound = highest_value(problem, found.who, found.bound)
    return _certified(_contract(problem, found.wages[0], action, found.multipliers, bound, gap, demanded=True), found)


def _contract(
    problem: MoralHazardProblem,
    wages: Array,
    action: int,
    multipliers: ContractMultipliers,
    bound: float,
    gap: float,
    *,
    demanded: bool,
) -> Contract:
    certificate = certify(problem, wages, action, bound, gap=gap)
    if problem.n_outcomes <= FEW or certificate.relative_gap > SHARP * gap:
        wages = polished(problem, action, wages)
        wages = tidied(problem, wages, action) if problem.n_outcomes <= FEW else wages
        certificate = certify(problem, wages, action, bound, gap=gap)
    return Contract(problem, wages, action, certificate, multipliers, demanded)


def _certified(contract: Contract, found: Implementations) -> Contract:
    """The contract, if its certificate holds."""
    if contract.certificate.holds:
        return contract
    problem = contract.problem
    open_ones = [problem.actions[int(a)] for a in found.who[np.isinf(found.cost)] if int(a) not in found.proofs]
    undecided = (
        f" Whether {', '.join(map(repr, open_ones[:3]))} can be implemented is undecided: limit wages from below."
        if open_ones
        else ""
    )
    raise SolverError(
        f"the contract is not certified: {contract.certificate}. Ask for a larger gap.{undecided}",
        ("prices",),
        contract,
    )


def _nothing(problem: MoralHazardProblem, found: Implementations) -> InfeasibleMenuError | SolverError:
    proofs = tuple(str(proof) for proof in found.proofs.values())
    if len(proofs) == problem.n_actions:
        return InfeasibleMenuError(
            f"no wages within the limits keep the agent: {proofs[0]}. Raise the highest wage or lower "
            "reservation_utility",
            proofs,
        )
    return SolverError(
        "no wages were found that implement any action: limit wages from below, or measure in other units", ("prices",)
    )


def _all_that_matter(problem: MoralHazardProblem) -> Implementations:
    """Wages for every action, or, found one by one, only for those that could be best, the most promising first.

    An action earns at most its first best, so once that is less than what a contract earns, nothing better is left.
    """
    if not (problem.monotone or isinstance(problem.utility, RiskNeutral)):
        return implemented(problem)
    promise = value_promise(problem)
    order = np.argsort(-promise, kind="stable")
    parts: list[Implementations] = []
    reached = -math.inf
    stake = ENOUGH * float(np.ptp(promise))
    for k in order:
        if promise[k] <= reached - stake:
            break
        parts.append(implemented(problem, np.array([k])))
        reached = max(reached, float(problem.expected_output[k] - parts[-1].cost[0]))
    return _joined(problem, parts)


def value_promise(problem: MoralHazardProblem) -> Array:
    """What each action would earn if it could be seen, or -inf where nobody could be kept; (n_actions,)."""
    if not isinstance(problem.utility, RiskNeutral):
        return np.asarray(problem.expected_output - first_best_cost(problem))
    least = problem.outcome_probabilities @ np.where(np.isfinite(problem.lowest_wage), problem.lowest_wage, 0.0)
    free = (problem.outcome_probabilities > 0) @ np.isneginf(problem.lowest_wage).astype(float) > 0
    cost = np.maximum(problem.effort_cost + problem.reservation_utility, np.where(free, -np.inf, least))
    return np.asarray(problem.expected_output - cost)


def _joined(problem: MoralHazardProblem, parts: list[Implementations]) -> Implementations:
    who = np.concatenate([part.who for part in parts])
    order = np.argsort(who, kind="stable")
    participation, incentive, rising = (
        sum(getattr(part.multipliers, name) for part in parts) for name in ("participation", "incentive", "rising")
    )
    return Implementations(
        problem,
        who[order],
        np.concatenate([part.wages for part in parts])[order],
        np.concatenate([part.cost for part in parts])[order],
        np.concatenate([part.bound for part in parts])[order],
        multipliers_of(participation, incentive, rising),
    )


def proving_prices(problem: MoralHazardProblem, found: Implementations) -> tuple[ContractMultipliers, Array]:
    """The prices that prove most of every action: those found, those of the first best, or none; and their bounds.

    What no wages keep the agent for costs ever more, the higher participation is priced.
    """
    known = np.full(problem.n_actions, -np.inf)
    known[found.who] = found.bound
    prices = found.multipliers
    plain = (np.full(problem.n_actions, price) for price in (0.0, *STEEP))
    for simple in (first_best_prices(problem), *map(multipliers_of, plain)):
        if simple.participation.max() in STEEP and not np.isneginf(known).any():
            break
        bound = cost_bounds(problem, simple)
        prices = _replaced(prices, simple, bound > known)
        known = np.maximum(known, bound)
    return prices, known


def _priced_out(
    problem: MoralHazardProblem, prices: ContractMultipliers, found: Implementations, value: float
) -> ContractMultipliers:
    """Prices under which actions that nothing implements are worth no more than a value.

    Along the proof that an action cannot be implemented, its bound rises without limit.
    """
    promise = problem.expected_output - cost_bounds(problem, prices)
    for action in found.who[np.isinf(found.cost)]:
        if promise[action] <= value or int(action) not in found.proofs:
            continue
        proof = found.proofs[int(action)]
        base = (
            0.0 if isinstance(problem.utility, RiskNeutral) else float(first_best_prices(problem).participation[action])
        )
        lacking = promise[action] - value
        enough = (lacking if math.isfinite(lacking) else abs(value) + float(np.ptp(problem.output))) / proof.saving
        for times in DEARER:
            participation, incentive = np.zeros(problem.n_actions), np.zeros((problem.n_actions, problem.n_actions))
            participation[action] = base + times * enough * (proof.charge + INSIDE)
            incentive[action] = times * enough * proof.mixture
            rising = np.zeros((problem.n_actions, len(proof.rising)))
            rising[action] = times * enough * proof.rising
            ray = multipliers_of(participation, incentive, rising)
            if problem.expected_output[action] - cost_bounds(problem, ray, np.array([action]))[0] <= value:
                prices = _replaced(prices, ray, np.arange(problem.n_actions) == action)
                break
    return prices


def _replaced(prices: ContractMultipliers, other: ContractMultipliers, where: Mask) -> ContractMultipliers:
    from scipy.sparse import diags_array

    kept, taken = (diags_array(mask.astype(np.float64)) for mask in (~where, where))
    participation = np.where(where, other.participation, prices.participation)
    rising = [one.rising if one.rising.size else 0.0 for one in (other, prices)]
    shape = np.where(where[:, np.newaxis], *rising) if prices.rising.size or other.rising.size else ()
    return multipliers_of(participation, kept @ prices.incentive + taken @ other.incentive, shape)

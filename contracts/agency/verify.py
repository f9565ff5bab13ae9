"""Evidence for a contract: which action the agent prefers, whether it stays, and how far the value is from the best.

Utilities that are floats, such as those of a risk neutral agent, are compared as rational numbers, by the same code as
types of a menu: the agent is a type whose valuations are the utilities of wages, and actions are options whose goods
are chances and whose transfer is effort. Other utilities are intervals, rounded outward, and one action is called
better than another only where no number in them says otherwise.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from contracts.agency.bound import ContractMultipliers, check_multipliers, cost_bounds, multipliers_of
from contracts.agency.problem import MoralHazardProblem, action_number
from contracts.agency.utility import RiskNeutral
from contracts.agency.wages.rising import misses
from contracts.errors import ProblemError
from contracts.exact.best import best_options, participation_slacks
from contracts.exact.rationals import EPS
from contracts.inputs.arrays import Array, Indices, finite
from contracts.inputs.door import checked
from contracts.inputs.kinds import Values
from contracts.inputs.names import check_same_names, given_names, row_names
from contracts.proof.certificate import Certificate, Deviation, Violation, checked_standards
from contracts.proof.scale import NO_MONEY

AGENT = "the agent"
SMALLEST_FLOW = 1e-4  # share of the money that changes hands
SPLIT = 2.0**27 + 1  # takes the leading half of the digits of a float
DOUBLINGS, BISECTIONS = 40, 100
SMALLEST_STAKE = 1e-3  # share of the range of first-best profits that a contract counts as worth, at least


@checked
def verify_contract(
    problem: MoralHazardProblem,
    wages: Values,
    *,
    action: int | str | None = None,
    multipliers: ContractMultipliers | None = None,
    gap: float = math.inf,
    tolerance: float = 0.0,
) -> Certificate:
    """Check wages from anywhere against the problem, without a solver; `contracts.verify_contract` says it in full."""
    gap, tolerance = checked_standards(gap, tolerance)
    outcomes = given_names(problem.outcomes)
    check_same_names("wages", row_names(wages), "outcomes", outcomes, "pass wages.reindex(problem.outcomes)")
    paid = checked_wages(problem, wages)
    chosen = None if action is None else action_number(problem, action)
    if multipliers is None:
        multipliers = first_best_prices(problem)
    check_multipliers(problem, multipliers)
    taken = preferred_action(problem, paid) if chosen is None else chosen
    bound = value_bound(problem, multipliers, chosen)
    return certify(problem, paid, taken, bound, gap=gap, tolerance=tolerance)


def checked_wages(problem: MoralHazardProblem, wages: Any) -> Array:
    """Wages after each outcome at which utility is finite."""
    paid = finite("wages", wages, problem.outcomes).reshape(-1)
    if len(paid) != problem.n_outcomes:
        raise ProblemError(f"wages has {len(paid)} entries for {problem.n_outcomes} outcomes: give one per outcome")
    end = problem.utility.lowest_wage
    low = int(np.argmin(paid))
    if paid[low] < end or not np.isfinite(problem.utility.value(paid[low : low + 1])[0]):
        reach = (
            "at least" if math.isfinite(end) and np.isfinite(problem.utility.value(np.array([end]))[0]) else "more than"
        )
        remedy = f"pay {reach} {end if math.isfinite(end) else paid[low]:g}"
        raise ProblemError(
            f"wages[{problem.outcomes[low]!r}] is {paid[low]:g}, where {problem.utility!r} is not defined: {remedy}"
        )
    return paid


class Comparison(NamedTuple):
    """What the agent makes of the action it is meant to take."""

    tempting: int  # action, -1 for none
    gain: float  # from it: exact, or the most that it can be
    slack: float  # above the reservation utility: exact, or the least that it can be


def compared(problem: MoralHazardProblem, wages: Array, action: int) -> Comparison:
    """The most tempting other action, what the agent gains by it, and what it has above its reservation utility."""
    effort = problem.effort_cost
    low, high = problem.utility.interval(wages)
    if np.array_equal(low, high):  # money, or roots of squares
        worth, chances = _exactly(problem, low)
        best = best_options(worth, chances, effort, payoff=lambda _, k: np.zeros(len(k)), own=np.array([action]))
        reserve = np.array([problem.reservation_utility])
        slack = participation_slacks(worth, chances[[action]], effort[[action]], reserve)
        return Comparison(int(best.runner_up[0]), float(best.runner_up_gain[0]), float(slack[0]))
    most = _gains(problem, wages, action, low, high)
    most[action] = -np.inf
    tempting = int(np.argmax(most))
    least = _slack(problem, wages, action, low, high)
    return Comparison(tempting if problem.n_actions > 1 else -1, float(most[tempting]), least)


def _exactly(problem: MoralHazardProblem, utilities: Array) -> tuple[Array, Array]:
    """Utilities of wages, and chances that sum to 1 without rounding: what is missing joins as goods of its own.

    The remainder of an action is worth what its likeliest outcome is.
    """
    rest, likeliest = problem.remainders, problem.likeliest
    places = np.unique(likeliest)
    columns = [np.where((likeliest == place)[:, np.newaxis], rest, 0.0) for place in places]
    values = np.concatenate([utilities, np.repeat(utilities[places], rest.shape[1])])
    return values[np.newaxis], np.hstack([problem.outcome_probabilities, *columns])


def gains(problem: MoralHazardProblem, wages: Array, action: int) -> Array:
    """The most that the agent can gain by each action over one, whatever its utilities within bounds; (n_actions,).

    Utilities count from that of the action's likeliest outcome: equal wages are worth exactly the same.
    """
    return _gains(problem, wages, action, *problem.utility.interval(wages))


def _gains(problem: MoralHazardProblem, wages: Array, action: int, low: Array, high: Array) -> Array:
    here = int(problem.likeliest[action])
    same = wages == wages[here]
    down, up = np.where(same, 0.0, low - high[here]), np.where(same, 0.0, high - low[here])
    largest = np.maximum(np.abs(down), np.abs(up))
    rounding = 2 * EPS * np.where(same, 0.0, np.maximum(np.abs(low), np.abs(high)) + abs(high[here]) + abs(low[here]))
    step = problem.outcome_probabilities - problem.outcome_probabilities[action]
    dearer = problem.effort_cost - problem.effort_cost[action]
    most = step @ ((up + down) / 2)
    off = np.abs(step) @ ((up - down) / 2 + rounding + (problem.n_outcomes + 6) * EPS * largest)
    off = off + problem.lacking * largest[problem.likeliest] * (1 + 4 * EPS)
    gain = most - dearer
    return np.asarray(
        np.where((most == 0) & (off == 0), -dearer, gain + off + 2 * EPS * (np.abs(dearer) + np.abs(most)))
    )


def _slack(problem: MoralHazardProblem, wages: Array, action: int, low: Array, high: Array) -> float:
    """The least that the agent can have above its reservation utility."""
    own = problem.outcome_probabilities[action]
    effort, reserve = float(problem.effort_cost[action]), problem.reservation_utility
    here = int(problem.likeliest[action])
    if np.all((wages == wages[here]) | (own == 0)) and low[here] == high[here]:
        return math.fsum([float(low[here]), -effort, -reserve])
    worth = math.fsum([*(own * low).tolist(), -effort, -reserve])
    sizes = np.maximum(np.abs(low), np.abs(high))
    rest = math.fsum(map(abs, problem.rests[action]))
    off = 2 * EPS * float(own @ sizes) + rest * float(sizes[here])
    return worth - off - EPS * abs(worth)


def preferred_action(problem: MoralHazardProblem, wages: Array) -> int:
    """The action that the agent takes, ties in the principal's favour.

    Where intervals cannot tell which of some actions is better, it is the one that certainly is best, if there is one,
    else the one that is best by its numbers: its certificate then says that IC is not sure.
    """
    profits = problem.expected_output - problem.outcome_probabilities @ wages
    low, high = problem.utility.interval(wages)
    if np.array_equal(low, high):
        payoff = lambda _, options: profits[options]  # noqa: E731
        return int(best_options(*_exactly(problem, low), problem.effort_cost, payoff=payoff).option[0])
    worth = problem.outcome_probabilities @ ((low + high) / 2) - problem.effort_cost
    first = int(np.argmax(worth))
    close = [first, *np.flatnonzero(gains(problem, wages, first) >= 0)]
    sure = [k for k in close if np.delete(gains(problem, wages, int(k)), k).max(initial=-np.inf) <= 0]
    return int(max(sure, key=lambda k: profits[k])) if sure else first


def first_best_prices(problem: MoralHazardProblem) -> ContractMultipliers:
    """The prices of participation if actions were seen: what utility costs at the wage that just keeps the agent."""
    low, high = problem.utility_limits
    level = problem.effort_cost + problem.reservation_utility
    if isinstance(problem.utility, RiskNeutral):
        return multipliers_of(np.ones(problem.n_actions))
    inside = (level > low.min()) & (level < high.max())
    safe = np.where(inside, level, level[inside].max(initial=-np.inf) if inside.any() else 0.0)
    prices = problem.utility.price(problem.utility.inverse(safe)) if inside.any() else np.zeros(problem.n_actions)
    return multipliers_of(np.where(inside & np.isfinite(prices), prices, 0.0))


def value_bound(problem: MoralHazardProblem, multipliers: ContractMultipliers, action: int | None = None) -> float:
    """What no contract earns more than, of those that implement an action if one is named."""
    who = np.arange(problem.n_actions) if action is None else np.array([action])
    return highest_value(problem, who, cost_bounds(problem, multipliers, who))


def highest_value(problem: MoralHazardProblem, who: Indices, costs: Array) -> float:
    """What no contract earns more than that implements one of some actions, by bounds on what they cost."""
    return float(highest_values(problem, who, costs).max())


def highest_values(problem: MoralHazardProblem, who: Indices, costs: Array) -> Array:
    """The same for each of the actions; (n,)."""
    output = problem.outcome_probabilities[who] @ problem.output
    off = (problem.n_outcomes + 4) * EPS * (problem.outcome_probabilities[who] @ np.abs(problem.output))
    return np.asarray(np.nextafter(output + off - costs, np.inf))


def certify(
    problem: MoralHazardProblem, wages: Array, action: int, bound: float, *, gap: float, tolerance: float = 0.0
) -> Certificate:
    """The certificate of wages that are meant to implement an action, against a bound already computed."""
    tempting, gain, slack = compared(problem, wages, action)
    value = profit(problem, action, wages)
    return Certificate(
        deviation=Deviation(
            problem.actions[action], problem.actions[tempting] if tempting >= 0 else "nothing else", gain
        ),
        participation_slack=slack,
        participation_type=AGENT,
        violations=tuple(_violations(problem, wages)),
        value=value,
        upper_bound=bound,
        rigorous=math.isfinite(bound),
        scale=stakes(problem, bound),
        requested_gap=gap,
        tolerance=tolerance,
    )


def profit(problem: MoralHazardProblem, action: int, wages: Array) -> float:
    """Expected output less expected wages under an action, rounded once."""
    chances = np.append(problem.outcome_probabilities[action], problem.rests[action])
    likeliest = np.full(len(chances) - problem.n_outcomes, problem.likeliest[action])
    output, paid = (np.append(money, money[likeliest]) for money in (problem.output, wages))
    return math.fsum([*_products(chances, output), *_products(-chances, paid)])


def _products(left: Array, right: Array) -> list[float]:
    """Products as sums of two floats without rounding (Dekker 1971)."""
    whole = left * right
    parts = []
    for factor in (left, right):
        scaled = factor * SPLIT
        high = scaled - (scaled - factor)
        parts += [high, factor - high]
    rest = ((parts[0] * parts[2] - whole) + parts[0] * parts[3] + parts[1] * parts[2]) + parts[1] * parts[3]
    return [*whole.tolist(), *rest.tolist()]


def _violations(problem: MoralHazardProblem, wages: Array) -> list[Violation]:
    excess = np.maximum(problem.lowest_wage - wages, wages - problem.highest_wage)
    worst, (fallen, short) = int(np.argmax(excess)), misses(problem, wages)
    broken = [("limits of wages", worst, float(excess[worst])), ("monotone wages", fallen, short)]
    return [Violation(f"{name} (outcome {problem.outcomes[k]!r})", size) for name, k, size in broken if size > 0]


def stakes(problem: MoralHazardProblem, bound: float) -> float:
    """What a contract is worth, in money: what a relative gap refers to.

    It is what the bound leaves above the best contract that pays the same whatever happens, and at least a share of
    what actions differ by under the first best; sums that cancel are only known to a share of what is summed.
    Limits that do not bind do not count.
    """
    cost = first_best_cost(problem)
    profit = problem.expected_output - cost
    known = profit[np.isfinite(profit)]
    moved = SMALLEST_FLOW * float(max(np.ptp(problem.output), np.abs(cost[np.isfinite(profit)]).max(initial=0.0)))
    if not len(known):
        return max(moved, NO_MONEY)
    idle = problem.effort_cost == problem.effort_cost.min()  # what an agent does for a fixed wage
    flat = profit[idle & np.isfinite(profit)].max(initial=-np.inf)
    worth = abs(bound - flat) if math.isfinite(bound) and math.isfinite(flat) else 0.0
    return max(worth, SMALLEST_STAKE * float(np.ptp(known)), moved or SMALLEST_FLOW * np.abs(known).max(), NO_MONEY)


def first_best_cost(problem: MoralHazardProblem) -> Array:
    """What each action would cost if it could be seen; (n_actions,), inf where no wages within limits keep the agent.

    The agent then bears no risk: its wage is the same after every outcome, or at the limit that keeps it from it.
    """
    level = problem.effort_cost + problem.reservation_utility
    probabilities, lowest, highest = problem.outcome_probabilities, problem.lowest_wage, problem.highest_wage
    if isinstance(problem.utility, RiskNeutral):
        ends = [_expected(probabilities, end) for end in (lowest, highest)]
        return np.where(ends[1] >= level, np.maximum(level, ends[0]), np.inf)
    low, high = problem.utility.span
    known = (level > low) & (level < high)
    wage = np.where(level <= low, problem.utility.lowest_wage, np.inf)
    wage[known] = problem.utility.inverse(level[known])
    if np.all(lowest == lowest[0]) and np.all(highest == highest[0]):
        wage = np.maximum(wage, lowest[0])
        return np.where(wage <= highest[0], wage, np.inf)
    return _first_best_within(problem, wage)


def _expected(probabilities: Array, values: Array) -> Array:
    """Expectations of values that may be infinite where they do not occur."""
    with np.errstate(invalid="ignore"):
        return np.where(probabilities > 0, probabilities * values, 0.0).sum(axis=1)


def _first_best_within(problem: MoralHazardProblem, wage: Array) -> Array:
    """The same where limits differ by outcome: one wage, cut off at the limits of each, as high as it takes."""
    probabilities, utility = problem.outcome_probabilities, problem.utility
    level = problem.effort_cost + problem.reservation_utility

    def offered(wage: Array) -> Array:
        return np.asarray(np.clip(wage[:, np.newaxis], problem.lowest_wage, problem.highest_wage))

    def worth(wage: Array) -> Array:
        paid = offered(wage)
        values = np.where(probabilities > 0, utility.value(np.maximum(paid, utility.lowest_wage)), 0.0)
        return _expected(probabilities, values)

    limits = np.concatenate([problem.lowest_wage, problem.highest_wage])
    limits = limits[np.isfinite(limits)]
    low = np.minimum(np.where(np.isfinite(wage), wage, limits.min()), limits.min())
    low = np.maximum(low, utility.lowest_wage)
    high = np.maximum(np.where(np.isfinite(wage), wage, limits.max()), limits.max()) + np.abs(limits).max() + 1.0
    for _ in range(DOUBLINGS):
        short = worth(high) < level
        if not short.any():
            break
        high = np.where(short, 2 * high - low, high)
    enough = worth(high) >= level
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        reaches = worth(middle) >= level
        low, high = np.where(reaches, low, middle), np.where(reaches, middle, high)
    return np.where(enough, _expected(probabilities, offered(high)), np.inf)

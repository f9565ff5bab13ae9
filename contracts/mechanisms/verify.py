"""Whether a mechanism keeps its word: incentives, participation, lotteries and budgets as rationals, with a witness.

Nothing here knows a solver. Gains and slacks are differences of fractions, rounded once at the very end, so that their
signs are exact.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from contracts.exact.rationals import as_integers, binary_places
from contracts.inputs.door import checked
from contracts.inputs.kinds import Values
from contracts.mechanisms.given import read_tables
from contracts.mechanisms.interim import Tables, by_profile, interim_lies, lies_by_profile, utility_unit
from contracts.mechanisms.numbers import Numbers, Rational, rational, whole
from contracts.mechanisms.problem import MechanismProblem, profiles_of, words_for
from contracts.mechanisms.program.layout import MechanismProgram, beside
from contracts.mechanisms.program.lies import priced
from contracts.mechanisms.program.rows import excess_of
from contracts.mechanisms.program.worst import listed_priors, worth_at_worst
from contracts.numerics.basis import reduced_costs
from contracts.numerics.exact_solve import Whole
from contracts.proof.certificate import Certificate, Deviation, Violation, checked_standards
from contracts.proof.scale import NO_MONEY, SMALLEST_VALUE


@checked(own=("outcome", "transfers", "prices"))
def verify_mechanism(
    problem: MechanismProblem,
    outcome: Values,
    transfers: Values = None,
    *,
    prices: Any = None,
    gap: float = math.inf,
    tolerance: float = 0.0,
) -> Certificate:
    """Check a mechanism from anywhere against a problem, as the rational numbers it holds and without a solver.

    Parameters
    ----------
    outcome : (n_types_1, ..., n_types_n, n_alternatives) chances of every alternative at every profile, or
        (n_types_1, ..., n_types_n) the numbers of alternatives; floats, whole numbers or fractions.Fraction. Or a
        function of a list with the name of each agent's type, asked twice for every profile, that answers with an
        alternative's name or number, with chances, or with a pair of these and transfers, as `Mechanism.play` does
    transfers : (n_agents, n_types_1, ..., n_types_n) what each agent pays; nothing if left out. Or a function of that
        list with a number per agent
    prices : of the constraints, such as mechanism.prices.fractions(), that prove a bound; without them it is that of
        knowing all types
    gap : relative gap that `holds` asks for; by default only the constraints
    tolerance : utility or money by which constraints may be missed, for tables with few digits

    Raises
    ------
    ProblemError
        If tables have another shape, or hold what is no number; if a function raises, draws, or answers with neither.

    Examples
    --------
    A second-price auction, ties to the first, where values are 1 or 2:

    >>> values = [[[1, 0], [2, 0]], [[0, 1], [0, 2]]]
    >>> problem = MechanismProblem(values, incentives="dominant", participation="ex post", alternatives=("Ann", "Bob"))
    >>> winner = [[0, 1], [0, 0]]
    >>> verify_mechanism(problem, winner, [[[1, 0], [1, 2]], [[0, 1], [0, 0]]]).is_exact
    True

    If the winner pays its bid, it would rather say less:

    >>> print(verify_mechanism(problem, winner, [[[1, 0], [2, 2]], [[0, 2], [0, 0]]]).deviation)
    0 '1' beside 1 '0' -> '0' gains 1

    The same as functions of reports; `contracts.testing.check_mechanism` audits functions that have no problem:

    >>> def first_price(reports):
    ...     winner = 1 if int(reports[1]) > int(reports[0]) else 0
    ...     return winner, [(1 + int(reports[k])) * (k == winner) for k in range(2)]
    >>> verify_mechanism(problem, first_price).deviation.gain
    1.0
    """
    gap, tolerance = checked_standards(gap, tolerance)
    numbers = Numbers(problem)
    tables = read_tables(problem, outcome, transfers)
    bound = first_best(numbers) if prices is None else bound_at(numbers, rational("prices", prices))
    return certify(numbers, tables, bound, gap=gap, tolerance=tolerance)


# ---- the certificate ----


def certify(
    numbers: Numbers, tables: Tables, bound: Fraction | None, *, gap: float, tolerance: float = 0.0
) -> Certificate:
    """The certificate of a mechanism against a bound; None for no bound."""
    problem = numbers.problem
    most = max((one for k in range(problem.n_agents) for one in _temptations(numbers, tables, k)), key=lambda t: t.gain,
               default=None)  # fmt: skip
    slack = min(_slacks(numbers, tables), key=lambda s: s[0], default=(Fraction(0), "nobody"))
    in_doubt = numbers.problem.ambiguity is not None
    value = Fraction(worth_at_worst(numbers, tables)) if in_doubt else expected_value(numbers, tables)
    return Certificate(
        deviation=Deviation("nobody", "anything", 0.0)
        if most is None
        else Deviation(most.who, most.told, float(most.gain)),
        participation_slack=math.inf if slack[1] == "nobody" else float(slack[0]),
        participation_type=slack[1],
        violations=tuple(one for one in _violations(numbers, tables) if one.amount > tolerance),
        value=rounded_down(value),
        upper_bound=math.inf if bound is None else -rounded_down(-bound),
        rigorous=bound is not None and (not in_doubt or isinstance(numbers.problem.ambiguity, tuple)),
        scale=stakes(numbers),
        requested_gap=gap,
        tolerance=tolerance,
    )


def rounded_down(number: Fraction) -> float:
    """The largest float that is no more."""
    found = float(number)
    return found if Fraction(found) <= number else float(np.nextafter(found, -math.inf))


class Temptation(NamedTuple):
    """What somebody gains by a lie."""

    who: str
    told: str
    gain: Fraction


def _temptations(numbers: Numbers, tables: Tables, agent: int) -> Iterator[Temptation]:
    """The lie by which an agent gains most; nothing if it has one type."""
    problem = numbers.problem
    names, who = problem.labels[agent], problem.agents[agent]
    if problem.n_types[agent] == 1:
        return
    if problem.incentives == "bayesian":
        found, units = interim_lies(numbers, tables, agent)
        for own in range(len(found)):
            gains = found[own] - found[own, own]
            best = _largest(gains, own)
            yield Temptation(f"{who} {names[own]!r}", repr(names[best]), Fraction(int(gains[best]), int(units[own])))
        return
    lies, unit = lies_by_profile(numbers, tables, agent), utility_unit(numbers, tables)
    true, told = np.nonzero(~np.eye(len(lies), dtype=bool))
    gains = lies[true, told] - lies[true, true]
    pair, at = divmod(int(np.argmax(gains)), gains.shape[1])
    others = beside(problem, agent, int(profiles_of(problem, agent)[true[pair], at]))
    gain = Fraction(int(gains[pair, at]), unit)
    yield Temptation(f"{who} {names[int(true[pair])]!r}{others}", repr(names[int(told[pair])]), gain)


def _largest(gains: Whole, own: int) -> int:
    """The report that gains most, the truth left out."""
    order = [k for k in range(len(gains)) if k != own]
    return max(order, key=lambda k: gains[k])


def _slacks(numbers: Numbers, tables: Tables) -> Iterator[tuple[Fraction, str]]:
    """What agents have beyond what they have elsewhere, the least of each."""
    problem, unit = numbers.problem, utility_unit(numbers, tables)
    for agent in range(problem.n_agents if problem.participation is not None else 0):
        per = tables.outcome.unit * tables.transfers.unit
        slack = by_profile(numbers, tables, agent) - numbers.reservation[agent][problem.type_at[agent]] * per
        profiles = profiles_of(problem, agent)
        name, labels = problem.agents[agent], problem.labels[agent]
        if problem.participation == "ex post":
            least = int(np.argmin(slack))
            yield Fraction(int(slack[least]), unit), words_for(problem, least)
        elif problem.participation == "interim":
            chance = numbers.chances[profiles]
            sums, weights = (slack[profiles] * chance).sum(axis=1), chance.sum(axis=1)
            for own in range(len(profiles)):
                yield Fraction(int(sums[own]), int(weights[own]) * unit), f"{name} {labels[own]!r}"
        else:
            yield Fraction(int((slack * numbers.chances).sum()), numbers.total * unit), name


def _violations(numbers: Numbers, tables: Tables) -> Iterator[Violation]:
    problem, chances, paid = numbers.problem, tables.outcome, tables.transfers
    negative = -chances.numerators.min(axis=1)
    yield _worst("the lottery", negative, chances.unit, problem)
    yield _worst("the sum of the lottery", abs(chances.numerators.sum(axis=1) - chances.unit), chances.unit, problem)
    if problem.outcome is not None:
        asked = as_integers(problem.outcome, binary_places(problem.outcome)).reshape(chances.shape)
        totals = asked.sum(axis=1)
        apart = abs(chances.numerators * totals[:, np.newaxis] - asked * chances.unit).max(axis=1)
        apart = [
            Fraction(int(a), int(t) * chances.unit) if t else Fraction(0) for a, t in zip(apart, totals, strict=True)
        ]
        most = max(range(len(apart)), key=lambda p: apart[p])
        yield Violation(f"the outcome demanded at {words_for(problem, most)}", float(apart[most]))
    for row in problem.constraints:
        yield Violation(row.name, float(excess_of(numbers, tables, row)))
    if problem.transfers == "none":
        yield _worst("transfers, of which there are to be none,", abs(paid.numerators).max(axis=0), paid.unit, problem)
    elif problem.transfers != "free":
        low, high = problem.transfers
        for end, side in ((low, -1), (high, 1)):
            if math.isfinite(end):
                top, bottom = float(end).as_integer_ratio()
                excess = side * (paid.numerators * bottom - top * paid.unit)
                yield _worst("the limits of transfers", excess.max(axis=0), paid.unit * bottom, problem)
    if problem.budget != "none":
        brings = (chances.numerators * numbers.principal_at).sum(axis=1) * paid.unit
        total = paid.numerators.sum(axis=0) * (chances.unit << numbers.digits) + brings
        unit = utility_unit(numbers, tables)
        missing = abs(total) if problem.budget == "balanced" else -total
        if problem.budget_holds == "ex post":
            yield _worst(f"the budget ({problem.budget})", missing, unit, problem)
        else:
            mean = int((total * numbers.chances).sum())
            short = abs(mean) if problem.budget == "balanced" else -mean
            yield Violation(
                f"the budget ({problem.budget}) in expectation", float(Fraction(short, numbers.total * unit))
            )


def _worst(what: str, amounts: Whole, unit: int, problem: MechanismProblem) -> Violation:
    most = int(np.argmax(amounts))
    return Violation(f"{what} at {words_for(problem, most)}", float(Fraction(int(amounts[most]), unit)))


# ---- values and bounds ----


def expected_value(numbers: Numbers, tables: Tables) -> Fraction:
    """The objective, without rounding."""
    goods, each, parts = numbers.goals()
    per_good = (goods * tables.outcome.numerators).sum(axis=1)
    earned = Fraction(int((per_good * numbers.chances).sum()), tables.outcome.unit << numbers.digits)
    paid = sum(weight * row for weight, row in zip(each, tables.transfers.numerators, strict=True))
    paid = Fraction(int((paid * numbers.chances).sum()), tables.transfers.unit)
    return (earned + paid) / (parts * numbers.total)


def first_best(numbers: Numbers) -> Fraction | None:
    """What no mechanism is worth more than, if all types were known; None if nothing limits it.

    Whoever takes part pays, in expectation, at most what the alternative is worth to it above what it has elsewhere.
    """
    problem = numbers.problem
    goods, each, parts = numbers.goals()
    total, kept, least = goods, whole([0] * problem.n_profiles), Fraction(0)
    has_to_keep = False
    for agent, weight in enumerate(each):
        if weight == 0 or problem.transfers == "none":
            continue
        limit = (
            math.inf if problem.transfers == "free" else (problem.transfers[1] if weight > 0 else -problem.transfers[0])
        )
        if weight > 0 and problem.participation is not None:
            has_to_keep = True
            total = total + weight * numbers.worth_at(agent)
            kept = kept + weight * numbers.reservation[agent][problem.type_at[agent]]
        elif math.isfinite(limit):
            least -= abs(weight) * Fraction(limit) * (1 << numbers.digits)
        else:
            return None
    best = total.max(axis=1) - kept
    means = [
        Fraction(int((best * prior).sum()), int(prior.sum())) for prior in _priors_of(numbers, has_to_keep=has_to_keep)
    ]
    return (min(means) - least) / (parts << numbers.digits) if means else None


def _priors_of(numbers: Numbers, *, has_to_keep: bool) -> list[Whole]:
    """Priors that the objective may be taken at, of which each proves a bound.

    Whoever takes part in expectation pays no more than something is worth by its own belief, and only by that.
    """
    problem = numbers.problem
    if not isinstance(problem.ambiguity, tuple):  # the prior that a set is around lies in it
        return [numbers.chances]
    if not has_to_keep or problem.participation == "ex post":
        return listed_priors(problem)
    return [prior for prior in listed_priors(problem)
            if np.all(prior * numbers.total == numbers.chances * int(prior.sum()))]  # fmt: skip


def bound_at(numbers: Numbers, prices: Rational) -> Fraction | None:
    """What no mechanism is worth more than, by any prices of the program's rows; None if they prove nothing.

    Prices of the wrong sign count as 0, and those of lotteries are replaced by the best alternative at each profile.
    """
    return bound_by(numbers, *priced(numbers, prices), prices.unit)


def bound_by(numbers: Numbers, formulation: MechanismProgram, price: Whole, unit: int) -> Fraction | None:
    """`bound_at` with prices of the rows of a program."""
    program, price = formulation.program, price.copy()
    open_above = np.array([isinstance(end, float) for end in program.high.tolist()])
    open_below = np.array([isinstance(end, float) for end in program.low.tolist()])
    price[open_above & (price > 0)] = 0
    price[open_below & (price < 0)] = 0
    kinds = np.array(formulation.kinds)
    price[(kinds == "lottery") | (kinds == "demanded")] = 0
    worth = reduced_costs(program, price, unit)
    count, wide = formulation.layout.n_chances, numbers.problem.n_alternatives
    if np.any(worth[count:] != 0):
        return None
    best = worth[:count].reshape(-1, wide)
    asked = np.zeros(best.shape) if numbers.problem.outcome is None else numbers.problem.outcome.reshape(best.shape)
    is_open = asked.sum(axis=1) == 0
    demanded = Fraction(0)
    lots = as_integers(asked, binary_places(asked))
    for row in np.flatnonzero(~is_open):
        demanded += Fraction(int((lots[row] * best[row]).sum()), int(lots[row].sum()))
    total = int(best[is_open].max(axis=1).sum()) if is_open.any() else 0
    ends = np.where(price > 0, program.high, program.low)
    total += int(sum(one * end for one, end in zip(price.tolist(), ends.tolist(), strict=True) if one))
    return (demanded + total) / (unit * formulation.value_unit)


def stakes(numbers: Numbers) -> float:
    """What a relative gap refers to: what alternatives differ by, the best from the worst, in expectation.

    Sums that cancel are only known to a share of what is summed, so it is at least `SMALLEST_VALUE` of that.
    """
    problem = numbers.problem
    revenue, welfare, each = problem.weights
    shape = (problem.n_profiles, problem.n_alternatives)
    total = np.broadcast_to(problem.principal_values.reshape(-1, shape[1]), shape) * (revenue + welfare)
    size = np.abs(total)
    for agent, table in enumerate(problem.values):
        own = table.reshape(shape) if problem.is_interdependent else table[problem.type_at[agent]]
        weight = max(revenue, float(each[agent])) + welfare
        total = total + own * weight
        reserve = np.abs(problem.reservation_utility[agent][problem.type_at[agent]])
        size = size + (np.abs(own) + reserve[:, np.newaxis]) * weight
    chances = np.array([one / numbers.total for one in numbers.chances.tolist()])
    largest = float(chances @ size.max(axis=1))
    return max(float(chances @ np.ptp(total, axis=1)), SMALLEST_VALUE * largest, NO_MONEY)

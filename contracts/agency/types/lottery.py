"""The best of all mechanisms: what an agent is asked for is drawn, and it is paid by outcome and by the draw.

An agent that reports its type is told which action was drawn for it, and what it will be paid. It weighs whole
lotteries when it reports, each by the best that it can do when told; so what tempts a liar under one draw may be made
up for under another. Myerson (1982) shows that no mechanism does better, and the bound of menus without draws is that
of lotteries, too. What each type does at the lotteries, as floats, is decided without rounding.
"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from contracts.agency.types.bound import sharpened
from contracts.agency.types.menu import ContractMenu
from contracts.agency.types.prices import AgencyMultipliers
from contracts.agency.types.problem import AgencyProblem
from contracts.agency.types.programs.mechanism import Drawn, Mechanism
from contracts.agency.types.programs.scales import Scales
from contracts.agency.types.programs.search import NEAR
from contracts.agency.types.responses import Choice, Menu, signed
from contracts.agency.types.solve import solve_agency
from contracts.agency.types.verify import first_best_bound, stakes, verify_menu
from contracts.display.numbers import DIGITS
from contracts.display.table import Certified, Column, Table, names
from contracts.errors import InfeasibleMenuError, SolverError
from contracts.exact.rationals import as_integers, binary_places
from contracts.inputs.arrays import Array, Mask
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.proof.certificate import Certificate, Deviation, checked_gap
from contracts.readable import readable

SPARES = (0.0, 4e-10, 4e-9, 1e-7, 1e-6)  # room, in units of utility
DRAWN = 1e-9  # chances below are a solver's noise
ALIKE = 1e-7  # share of the unit of utility by which lotteries may differ and be as good


@checked
@dataclass(frozen=True, eq=False, repr=False)
class LotteryMenu(Certified):
    """Lotteries over actions with their wages, one for each type, of which it takes its own and obeys every draw.

    Attributes
    ----------
    chances : (n_types, n_actions) with which each type is asked for each action
    wages : (n_types, n_actions, n_outcomes), what it is paid if asked; nan where it never is
    certificate : IC of the most tempted type, IR on average over draws, value and bound
    multipliers : prices that prove the bound

    Examples
    --------
    >>> problem = AgencyProblem([[0.75, 0.25], [0.25, 0.75]], output=[0.0, 2.5], effort_cost=[0.0, 1.0],
    ...                         reservation_utility=0.25, actions=("shirk", "work"), wages=(0.0, np.inf))
    >>> lottery = solve_lotteries(problem)
    >>> lottery.chances.round(6).tolist(), lottery.certificate.holds
    ([[0.5, 0.5]], True)
    """

    problem: AgencyProblem
    chances: Array
    wages: Array
    certificate: Certificate
    multipliers: AgencyMultipliers

    @property
    def is_deterministic(self) -> bool:
        """Whether nothing is drawn."""
        return bool(((self.chances > 0).sum(axis=1) == 1).all())

    def gain_over(self, menu: ContractMenu) -> float:
        """What drawing earns above a menu without draws."""
        return self.value - menu.value

    def _table(self) -> Table:
        problem = self.problem
        who, action = np.nonzero(self.chances > 0)
        own, paid = problem.outcome_probabilities[who, action], self.wages[who, action]
        utility = (own * problem.utility.value(paid)).sum(axis=1) - problem.effort_cost[who, action]
        return Table(
            (
                names("type", [problem.labels[int(k)] for k in who]),
                Column("action", [problem.actions[int(k)] for k in action], readable, left=True),
                Column("probability", self.chances[who, action], 3),
                Column("expected wage", (own * paid).sum(axis=1), DIGITS),
                Column("utility", utility, DIGITS),
            ),
            f"Lotteries for {problem.n_types} type{'s' * (problem.n_types != 1)}: value {self.value:.6g}, "
            f"proven bound {self.upper_bound:.6g}",
            [str(self.certificate).splitlines()[0]],
        )


@checked
def solve_lotteries(problem: AgencyProblem, *, gap: float = 1e-6) -> LotteryMenu:
    """The best mechanism for agents whose types and actions nobody sees.

    Raises
    ------
    ProblemError
        If the gap makes no sense.
    InfeasibleMenuError
        If no wages keep all types.
    SolverError
        If no lotteries could be certified; `reached` is the best, None if there are none.

    Examples
    --------
    Work takes a bonus of 2 and leaves a utility of 1/2, twice what the agent has elsewhere: the principal earns as
    much, 3/8, from an agent who shirks for 1/4. If it draws between work for the bonus and shirking for nothing, no
    rent is left on average, and it earns 1/2:

    >>> problem = AgencyProblem([[0.75, 0.25], [0.25, 0.75]], output=[0.0, 2.5], effort_cost=[0.0, 1.0],
    ...                         reservation_utility=0.25, actions=("shirk", "work"), wages=(0.0, np.inf))
    >>> lottery = solve_lotteries(problem)
    >>> lottery.chances.round(6).tolist(), round(lottery.value, 6)
    ([[0.5, 0.5]], 0.5)
    """
    gap = checked_gap(gap)
    scales, everything = Scales(problem, whole=True), np.ones((problem.n_types, problem.n_actions), dtype=bool)
    enough = 0.25 * NEAR * gap * stakes(problem, first_best_bound(problem, everything))
    found = Mechanism(problem, scales, enough).solve()
    if found.chances is None:
        raise InfeasibleMenuError(
            "no wages within the limits keep all types. Raise the highest wage or lower reservation_utility",
            ("IR", "limits of wages"),
        )
    multipliers, bound = sharpened(problem, found.prices)
    apart, best = _apart(problem, scales, found), None
    for spare in SPARES:
        drawn = found if spare == 0 else Mechanism(problem, scales, enough, spare, apart).solve()
        if drawn.chances is None or drawn.weighted is None:
            break
        offered = _offered(problem, scales, drawn.chances, drawn.weighted, multipliers, bound, gap)
        if offered is not None and offered.certificate.holds:
            return offered
        if offered is not None and offered.certificate.is_exact and (best is None or offered.value > best.value):
            best = offered
    plain = _undrawn(problem, multipliers, bound, gap)
    if plain is not None:
        return plain
    if _is_out_of_reach(scales, found):
        raise SolverError(
            "no lotteries are best: drawing an action ever more rarely, for ever higher wages, earns ever more. Limit "
            f"wages, such as to at most {1e3 * scales.unit:.0g}",
            ("linear",),
            best,
        )
    reached = "" if best is None else f": {best.certificate}"
    raise SolverError(f"no lotteries are certified{reached}. Limit wages, or ask for a larger gap", ("linear",), best)


def _undrawn(problem: AgencyProblem, multipliers: AgencyMultipliers, bound: float, gap: float) -> LotteryMenu | None:
    """The best menu without draws, if lotteries earn no more; else None."""
    try:
        menu = solve_agency(problem, gap=gap)
    except SolverError:
        return None
    certificate = verify_menu(problem, menu.wages, actions=menu.actions, gap=gap)
    everyone = np.arange(problem.n_types)
    chances = np.zeros((problem.n_types, problem.n_actions))
    wages = np.full((problem.n_types, problem.n_actions, problem.n_outcomes), np.nan)
    chances[everyone, menu.actions], wages[everyone, menu.actions] = 1.0, menu.wages
    found = replace(certificate, upper_bound=bound, scale=stakes(problem, bound), rigorous=math.isfinite(bound))
    return LotteryMenu(problem, chances, wages, found, multipliers) if found.holds else None


def _is_out_of_reach(scales: Scales, found: Drawn) -> bool:
    """Whether wages are paid for actions that are never drawn."""
    assert found.chances is not None
    assert found.weighted is not None
    paid = found.weighted - np.where(np.isfinite(scales.anchor), found.chances[..., np.newaxis] * scales.anchor, 0.0)
    return bool(np.any(np.abs(paid[found.chances <= DRAWN]) > ALIKE * np.abs(scales.step)))


class _Draw(NamedTuple):
    """One row of what is offered: under whose lottery, the action asked for, and how likely it is."""

    report: int
    action: int
    chance: Fraction


def _offered(
    problem: AgencyProblem,
    scales: Scales,
    chances: Array,
    weighted: Array,
    multipliers: AgencyMultipliers,
    bound: float,
    gap: float,
) -> LotteryMenu | None:
    """The lotteries with their certificate, every type taking the one that it prefers; None if one would disobey."""
    chances = np.where(chances > DRAWN, chances, 0.0)
    chances = chances / chances.sum(axis=1, keepdims=True)
    who, action = np.nonzero(chances > 0)
    wages = scales.wages(np.clip(weighted[who, action] / chances[who, action, np.newaxis], *problem.utility_limits))
    if not np.isfinite(problem.utility.value(wages)).all():
        return None
    draws = [_Draw(i, a, Fraction(float(chances[i, a]))) for i, a in zip(who.tolist(), action.tolist(), strict=True)]
    draws = _whole(draws, problem.n_types)
    menu = Menu(problem, wages)
    taken, gains = [], []
    for i in range(problem.n_types):
        most, least = _worth(problem, menu, draws, i)
        report = _preferred(problem, menu, draws, i, least)
        if report is None:
            return None
        rivals = [most[j] for j in range(problem.n_types) if j != report and not _same(draws, wages, report, j)]
        gains.append((max(rivals, default=least[report]) - least[report], least[report], report))
        taken.append(report)
    value = sum((_earned(problem, wages, draws, i, report) for i, report in enumerate(taken)), Fraction())
    offered = np.full((problem.n_types, problem.n_actions, problem.n_outcomes), np.nan)
    offered[who, action] = wages
    worst = max(range(problem.n_types), key=lambda i: gains[i][0])
    slacks = [gains[i][1] - Fraction(float(problem.reservation_utility[i])) for i in range(problem.n_types)]
    poorest = min(range(problem.n_types), key=lambda i: slacks[i])
    certificate = Certificate(
        deviation=Deviation(problem.labels[worst], "another lottery", signed(gains[worst][0])),
        participation_slack=signed(slacks[poorest]),
        participation_type=problem.labels[poorest],
        violations=(),
        value=float(value),
        upper_bound=bound,
        rigorous=math.isfinite(bound),
        scale=stakes(problem, bound),
        requested_gap=gap,
        tolerance=0.0,
    )
    return LotteryMenu(problem, chances[taken], offered[taken], certificate, multipliers)


def _whole(draws: list[_Draw], n_types: int) -> list[_Draw]:
    """Chances that sum to 1 exactly: what the floats of a lottery lack counts for its likeliest draw."""
    found = list(draws)
    for i in range(n_types):
        rows = [k for k, draw in enumerate(draws) if draw.report == i]
        most = max(rows, key=lambda k: draws[k].chance)
        missing = 1 - sum((draws[k].chance for k in rows), Fraction())
        found[most] = draws[most]._replace(chance=draws[most].chance + missing)
    return found


def _worth(problem: AgencyProblem, menu: Menu, draws: list[_Draw], who: int) -> tuple[list[Fraction], list[Fraction]]:
    """What every lottery is worth to a type that does its best at every draw, at most, and if it obeys, at least."""
    most, least = ([Fraction()] * problem.n_types for _ in range(2))
    for row, draw in enumerate(draws):
        best = max(menu.most(who, Choice(row, b)) for b in range(problem.n_actions))
        most[draw.report] += draw.chance * best
        least[draw.report] += draw.chance * menu.least(who, Choice(row, draw.action))
    return most, least


def _preferred(problem: AgencyProblem, menu: Menu, draws: list[_Draw], who: int, least: list[Fraction]) -> int | None:
    """The best lottery of a type whose draws it obeys, its own if that is as good; None if there is none."""
    obeyed = [
        j
        for j in range(problem.n_types)
        if all(
            menu.gain(who, Choice(row, b), Choice(row, draw.action)) <= 0
            for row, draw in enumerate(draws)
            if draw.report == j
            for b in range(problem.n_actions)
        )
    ]
    return max(obeyed, key=lambda j: (least[j], j == who), default=None)


def _same(draws: list[_Draw], wages: Array, one: int, other: int) -> bool:
    """Whether two lotteries are the same."""
    rows = [[k for k, draw in enumerate(draws) if draw.report == j] for j in (one, other)]
    if [draws[k][1:] for k in rows[0]] != [draws[k][1:] for k in rows[1]]:
        return False
    return bool(np.array_equal(wages[rows[0]], wages[rows[1]]))


def _earned(problem: AgencyProblem, wages: Array, draws: list[_Draw], who: int, report: int) -> Fraction:
    """What the principal earns from a type that obeys a lottery, exactly."""
    chances, places = problem.exact_chances
    finest = max(binary_places(problem.output[who]), binary_places(wages))
    output, paid = as_integers(problem.output[who], finest), as_integers(wages, finest)
    total = Fraction()
    for row, draw in enumerate(draws):
        if draw.report == report:
            earned = int((chances[who, draw.action] * (output - paid[row])).sum())
            total += draw.chance * Fraction(earned, 1 << (places + finest))
    return Fraction(float(problem.weights[who])) * total


def _apart(problem: AgencyProblem, scales: Scales, found: Drawn) -> Mask:
    """Which pairs of types have lotteries that are not the same to both."""
    assert found.chances is not None
    assert found.weighted is not None
    different = np.abs(found.chances[:, np.newaxis] - found.chances).max(axis=2) > ALIKE
    distance = np.abs(found.weighted[:, np.newaxis] - found.weighted).max(axis=(2, 3))
    return np.asarray(different | (distance > ALIKE * np.abs(scales.step).max()))

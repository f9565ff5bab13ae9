r"""The best mechanism where types differ in one number and money is short: one price settles it.

Let a rule be an alternative for every profile, G what it brings by the objective and B what it leaves in the budget, if
agents pay the most they would. At a price q of money the best rule picks the alternative with the highest sum of
virtual values at every profile (`line`), and is worth W(q) = G + q B, the highest of many lines. The least W over the
prices there can be is the value: a budget is met there by one rule, or by a lottery over two, one with a surplus and
one that lacks money. Both are known, so the next price to try is where their lines cross, in fractions; when no
rule is above that crossing, it is the least (Myerson & Satterthwaite 1983 for two traders and continuous types).
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from contracts.mechanisms.interim import Tables
from contracts.mechanisms.numbers import Numbers, Rational, in_lowest_terms, whole
from contracts.mechanisms.program.formulate import formulated
from contracts.mechanisms.program.layout import MechanismProgram, needs_profiles
from contracts.mechanisms.program.line import Line, ironed, lines_of, most_paid, temptations
from contracts.mechanisms.program.payments import paid_by_profile
from contracts.numerics.basis import reduced_costs
from contracts.numerics.exact_solve import Whole


class Rule(NamedTuple):
    """Chances of alternatives by profile, what they bring and what they leave in the budget."""

    outcome: Rational
    goal: Fraction
    surplus: Fraction


class Lines:
    """A problem whose agents are all lines, its weights in whole numbers."""

    def __init__(self, numbers: Numbers, lines: list[Line]) -> None:
        self.numbers, self.lines = numbers, lines
        revenue, welfare, each, _ = numbers.weights()
        self.own = [welfare + weight for weight in each]  # of each agent's alternative
        self.money = [revenue - weight for weight in each]  # of what it pays
        self.brings = revenue + welfare  # of what alternatives bring the principal
        budget = numbers.problem.budget
        spent = -min(self.money)  # where the price of money is less, agents are given any amount
        self.least = Fraction(spent if budget == "balanced" else max(spent, 0))
        self.principal = np.asarray(numbers.principal)

    def at(self, price: Fraction | None) -> Rule:
        """The best rule at a price of money; at none, that which leaves most money."""
        top, bottom = (1, 0) if price is None else (price.numerator, price.denominator)
        found = [
            ironed(line, own * bottom, money * bottom + top)
            for line, own, money in zip(self.lines, self.own, self.money, strict=True)
        ]
        scales = [math.lcm(*part.bottoms) * line.unit for part, line in zip(found, self.lines, strict=True)]
        common = math.lcm(*scales)
        total = (self.brings * bottom + top) * common * self.principal
        for agent, (part, line) in enumerate(zip(found, self.lines, strict=True)):
            by_pool = whole(
                [one * (common // (down * line.unit)) for one, down in zip(part.tops, part.bottoms, strict=True)]
            )
            by_type = np.empty(len(line.order), dtype=object)
            by_type[line.order] = np.repeat(by_pool, part.sizes)
            shape = [1] * len(self.lines) + [1]
            shape[agent] = len(by_type)
            total = total + by_type.reshape(shape) * line.amounts
        flat = np.broadcast_to(total, (*self.numbers.problem.n_types, len(self.principal)))
        flat = flat.reshape(self.numbers.problem.n_profiles, -1)
        return self.rule(_shared(flat == flat.max(axis=1)[:, np.newaxis]))

    def rule(self, outcome: Rational) -> Rule:
        """What chances of alternatives bring, and leave, with the highest payments."""
        numbers, shape = self.numbers, (*self.numbers.problem.n_types, -1)
        likely = (outcome.numerators * numbers.chances[:, np.newaxis]).reshape(shape)
        every = numbers.total * outcome.unit
        bring = Fraction(int((likely.reshape(-1, len(self.principal)).sum(axis=0) * self.principal).sum()), every)
        goal, surplus = self.brings * bring, bring
        for agent, line in enumerate(self.lines):
            amounts = self.amounts(outcome, agent)
            unit = every * line.unit
            worth = Fraction(int((line.chances * line.slopes * amounts).sum()), unit)
            paid = Fraction(int((line.rises * amounts).sum()), unit) + line.spare
            goal += self.own[agent] * worth + self.money[agent] * paid
            surplus += paid
        return Rule(outcome, goal, surplus)

    def amounts(self, outcome: Rational, agent: int) -> Whole:
        """D by type in order of the line, in parts of outcome.unit, line.unit and what chances of others sum to."""
        numbers, line = self.numbers, self.lines[agent]
        per_profile = (outcome.numerators @ line.amounts).reshape(numbers.problem.n_types)
        by_type = np.moveaxis(per_profile, agent, 0).reshape(len(line.order), -1)[line.order]
        return np.asarray(by_type @ numbers.others(agent))


def on_lines(numbers: Numbers) -> Lines | None:
    """The problem of one number per agent; None if it is another."""
    problem = numbers.problem
    plain = problem.participation == "interim" and problem.outcome is None and not problem.constraints
    if not plain or needs_profiles(problem) or problem.principal_values.ndim > 1:
        return None
    lines = lines_of(numbers)
    return None if lines is None else Lines(numbers, lines)


def best_on_lines(numbers: Numbers) -> tuple[Tables, Rational, MechanismProgram] | None:
    """The best mechanism, and prices of all rows; None for another kind of problem, and where nothing is feasible."""
    view = on_lines(numbers)
    if view is None:
        return None
    found = least_worth(view)
    if found is None:
        return None
    price, rule = found
    program = formulated(numbers)
    return _tables(view, price, rule), _prices(view, price, program), program


def least_worth(view: Lines) -> tuple[Fraction, Rule] | None:
    """The price at which the best rule is worth least, and the rule or lottery that meets the budget there."""
    price = view.least
    lacks = view.at(price)
    if view.numbers.problem.budget == "none" or lacks.surplus >= 0:
        return price, lacks
    leaves = view.at(None)
    if leaves.surplus < 0:
        return None
    while True:
        price = (leaves.goal - lacks.goal) / (lacks.surplus - leaves.surplus)
        middle = view.at(price)
        if middle.goal + price * middle.surplus == lacks.goal + price * lacks.surplus:
            return price, view.rule(_mixed(lacks, leaves))
        if middle.surplus < 0:
            lacks = middle
        else:
            leaves = middle


def _shared(best: Whole) -> Rational:
    """Equal chances of all that are best."""
    counts = best.sum(axis=1).astype(int)
    common = math.lcm(*np.unique(counts).tolist())
    return Rational(best.astype(int).astype(object) * (common // counts).astype(object)[:, np.newaxis], common)


def _mixed(lacks: Rule, leaves: Rule) -> Rational:
    """The lottery over two rules that leaves nothing."""
    share = lacks.surplus / (lacks.surplus - leaves.surplus)  # of the second
    parts = [(1 - share, lacks.outcome), (share, leaves.outcome)]
    unit = math.lcm(*(chance.denominator * outcome.unit for chance, outcome in parts))
    total = sum(
        outcome.numerators * (chance.numerator * (unit // (chance.denominator * outcome.unit)))
        for chance, outcome in parts
    )
    return in_lowest_terms(np.asarray(total), unit)


# ---- what the program calls it ----


def _tables(view: Lines, price: Fraction, rule: Rule) -> Tables:
    """The highest payments; what is left of a budget that must be spent goes to those whose money weighs least."""
    numbers, problem = view.numbers, view.numbers.problem
    spent = problem.budget == "balanced" or (problem.budget == "weak" and price > 0)
    poorest = [agent for agent, money in enumerate(view.money) if money == min(view.money)]
    given = rule.surplus / len(poorest) if spent else Fraction(0)
    units = [rule.outcome.unit * line.unit * numbers.others_total(k) for k, line in enumerate(view.lines)]
    common = math.lcm(given.denominator, *units)
    interim = []
    for agent, (line, unit) in enumerate(zip(view.lines, units, strict=True)):
        paid = np.empty(len(line.order), dtype=object)
        paid[line.order] = most_paid(line, view.amounts(rule.outcome, agent), unit // line.unit) * (common // unit)
        back = given.numerator * (common // given.denominator) if agent in poorest else 0
        interim.append(paid - back)
    return Tables(rule.outcome, paid_by_profile(numbers, rule.outcome, interim, common << numbers.digits))


def _prices(view: Lines, price: Fraction, formulation: MechanismProgram) -> Rational:
    """Of all rows of the program: incentives, participation, budget, and what expectations follow from these."""
    numbers = view.numbers
    kinds = np.array(formulation.kinds)
    top, bottom = price.numerator, price.denominator
    found = np.zeros(len(kinds), dtype=object)
    first_of = {kind: np.flatnonzero(kinds == kind) for kind in ("IC", "IR", "budget", "expected")}
    found[first_of["budget"]] = Fraction(-top)
    incentives, participation = first_of["IC"].tolist(), first_of["IR"].tolist()
    at_ic = at_ir = 0
    for agent, line in enumerate(view.lines):
        own, money = view.own[agent] * bottom, view.money[agent] * bottom + top
        others, count = numbers.others_total(agent), len(line.order)
        found[participation[at_ir + int(line.order[0])]] = -money * int(line.tails[0]) * others
        down, both = temptations(line, own, money)
        for k in range(count - 1):
            low, high = int(line.order[k]), int(line.order[k + 1])
            found[incentives[at_ic + _pair(high, low, count)]] = -(int(down[k]) + both[k]) * others
            found[incentives[at_ic + _pair(low, high, count)]] = -both[k] * others
        at_ic, at_ir = at_ic + count * (count - 1), at_ir + count
    unit = math.lcm(*(one.denominator for one in found.tolist()), *map(numbers.others_total, range(len(view.lines))))
    prices = whole([int(one * unit) for one in found.tolist()])
    worth = reduced_costs(formulation.program, prices, unit * bottom)
    expected = first_of["expected"]
    totals = -formulation.program.rows.data[formulation.program.rows.indptr[expected + 1] - 1]
    start = formulation.layout.n_chances
    prices[expected] = -worth[start : start + len(expected)] // totals
    return Rational(prices, unit * bottom)


def _pair(true: int, told: int, count: int) -> int:
    """The number of a lie among all of an agent with so many types."""
    return true * (count - 1) + told - (told > true)

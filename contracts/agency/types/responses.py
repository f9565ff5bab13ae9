"""What every type makes of a menu: the contract and the action that it prefers, decided without rounding.

A type may report that it is another and then take any action: what that is worth to it is p_i(b) . u(w_j) - e_i(b).
Chances sum to 1 exactly (`AgencyProblem.exact_chances`), and utilities are floats, such as those of money, or
intervals. Sums are made in floats with a bound on their rounding; whatever is closer than that is summed again in
integers. Where the same wage is on both sides of a comparison it counts once, as one number somewhere in its interval,
so that contracts that are the same are worth the same.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.agency.types.problem import AgencyProblem
from contracts.exact.rationals import EPS, as_integers, binary_places
from contracts.inputs.arrays import Array, Indices


class Choice(NamedTuple):
    """A contract and an action under it."""

    report: int
    action: int


class Comparison(NamedTuple):
    """What a type makes of what it is meant to do."""

    tempting: Choice | None  # the best of all other choices, None if there are none
    gain: float  # from it: exact, or the most that it can be
    slack: float  # above the reservation utility: exact, or the least that it can be


class Menu:
    """Contracts on offer, one a row, and what they are worth to every type.

    Parameters
    ----------
    wages : (n_contracts, n_outcomes), at which utility is finite
    """

    def __init__(self, problem: AgencyProblem, wages: Array) -> None:
        self.problem, self.wages = problem, wages
        low, high = problem.utility.interval(wages)
        self.is_exact = bool(np.array_equal(low, high))
        paid, self._which = np.unique(wages, return_inverse=True)
        self._which = self._which.reshape(wages.shape)
        ends = np.empty((2, len(paid)))
        ends[0, self._which.ravel()], ends[1, self._which.ravel()] = low.ravel(), high.ravel()
        self._places = max(binary_places(ends), 0)
        self._low, self._high = as_integers(ends, self._places)
        self._effort_places = max(binary_places(problem.effort_cost), binary_places(problem.reservation_utility))
        self._effort = as_integers(problem.effort_cost, self._effort_places)
        middle = (low + high) / 2
        self.worth = np.einsum("ibo,jo->ijb", problem.outcome_probabilities, middle)
        self.worth -= problem.effort_cost[:, np.newaxis, :]
        size = np.abs(middle).max(initial=0.0)
        off = (2 * problem.n_outcomes + 40) * EPS * (size + np.abs(problem.effort_cost).max(axis=1))
        self._off = off + (high - low).max(initial=0.0) / 2  # (n_types,), of every entry of worth

    def compared(self, who: int, meant: Choice) -> Comparison:
        """The best of all other choices of a type, and what it has above its reservation utility."""
        gains = (self.worth[who] - self.worth[who, meant.report, meant.action]).ravel()
        own = meant.report * self.problem.n_actions + meant.action
        gains[own] = -np.inf
        slack = self.slack(who, meant)
        if len(gains) == 1:
            return Comparison(None, -math.inf, slack)
        close = np.flatnonzero(gains >= gains.max() - 4 * self._off[who])
        exactly = [self.gain(who, self._choice(k), meant) for k in close]
        best = max(range(len(close)), key=lambda k: exactly[k])
        return Comparison(self._choice(close[best]), signed(exactly[best]), slack)

    def preferred(self, who: int, first: Choice | None = None) -> Choice:
        """What a type chooses, ties in the principal's favour, and among equals what is meant, or its own contract.

        Where intervals cannot tell which of some choices is better, it is the one that certainly is best, if there is
        one, else the one that is best by its numbers: a certificate then says that IC is not sure.
        """
        worth = self.worth[who].ravel()
        close = [self._choice(k) for k in np.flatnonzero(worth >= worth.max() - 4 * self._off[who])]
        if len(close) == 1:
            return close[0]
        profits = self.profits(who)
        order = sorted(close, key=lambda one: (-profits[one], one != first, one.report != who, one))
        leader = order[0]
        if self.is_exact:
            for one in order[1:]:  # a later one must be better, an earlier one as good
                if self.gain(who, one, leader) > 0:
                    leader = one
            return leader
        for one in order:
            if all(self.gain(who, other, one) <= 0 for other in close if other != one):
                return one
        return self._choice(int(np.argmax(worth)))

    def profits(self, who: int) -> Array:
        """What the principal earns from a type by its choice, to rounding; (n_contracts, n_actions)."""
        problem = self.problem
        return np.asarray(problem.expected_output[who] - self.wages @ problem.outcome_probabilities[who].T)

    def gain(self, who: int, choice: Choice, meant: Choice) -> Fraction:
        """What a type gains by a choice over another: exact, or the most that it can be."""
        chances, places = self.problem.exact_chances
        weight: dict[int, int] = {}
        for sign, one in ((1, choice), (-1, meant)):
            for wage, chance in zip(self._which[one.report].tolist(), chances[who, one.action], strict=True):
                weight[wage] = weight.get(wage, 0) + sign * chance
        total = sum(times * (self._high[wage] if times > 0 else self._low[wage]) for wage, times in weight.items())
        dearer = int(self._effort[who, choice.action] - self._effort[who, meant.action])
        return Fraction(int(total), 1 << (places + self._places)) - Fraction(dearer, 1 << self._effort_places)

    def least(self, who: int, choice: Choice) -> Fraction:
        """What a choice is worth to a type: exact, or the least that it can be."""
        return self._at(self._low, who, choice)

    def most(self, who: int, choice: Choice) -> Fraction:
        """The same: exact, or the most that it can be."""
        return self._at(self._high, who, choice)

    def _at(self, values: NDArray[np.object_], who: int, choice: Choice) -> Fraction:
        chances, places = self.problem.exact_chances
        total = int((chances[who, choice.action] * values[self._which[choice.report]]).sum())
        effort = Fraction(int(self._effort[who, choice.action]), 1 << self._effort_places)
        return Fraction(total, 1 << (places + self._places)) - effort

    def slack(self, who: int, meant: Choice) -> float:
        """What a type has above its reservation utility: exact, or the least that it can be."""
        return signed(self.least(who, meant) - Fraction(float(self.problem.reservation_utility[who])))

    def _choice(self, index: int | np.intp) -> Choice:
        return Choice(*map(int, divmod(int(index), self.problem.n_actions)))


def signed(number: Fraction) -> float:
    """The nearest float, with the number's sign."""
    nearest = float(number)
    return nearest if nearest or not number else math.copysign(5e-324, number)


def profit(problem: AgencyProblem, wages: Array, choices: list[Choice]) -> float:
    """Expected output less expected wages over all types, rounded once."""
    chances, places = problem.exact_chances
    money = [np.concatenate([problem.output[who], wages[one.report]]) for who, one in enumerate(choices)]
    finest = max(map(binary_places, money))
    finer = binary_places(problem.weights)
    weights = as_integers(problem.weights, finer)
    total = 0
    for who, one in enumerate(choices):
        output, paid = np.split(as_integers(money[who], finest), 2)
        total += int(weights[who] * (chances[who, one.action] * (output - paid)).sum())
    return float(Fraction(total, 1 << (places + finest + finer)))


def is_kept(problem: AgencyProblem, wages: Array, reports: Indices, actions: Indices) -> bool:
    """Whether wages are within their limits, and every type certainly stays and does what it is meant to."""
    if not (np.isfinite(wages).all() and np.all((wages >= problem.lowest_wage) & (wages <= problem.highest_wage))):
        return False
    low, high = problem.utility.interval(wages)
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        return False
    menu = Menu(problem, wages)
    for who in range(problem.n_types):
        found = menu.compared(who, Choice(int(reports[who]), int(actions[who])))
        if found.gain > 0 or found.slack < 0:
            return False
    return True

"""A problem's floats as the whole numbers they are, and fractions with one denominator."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from contracts.errors import ProblemError
from contracts.exact.rationals import as_integers, binary_places
from contracts.inputs.arrays import Array, finite, rectangular
from contracts.inputs.kinds import described
from contracts.mechanisms.problem import MechanismProblem
from contracts.numerics.exact_solve import Whole


class Rational(NamedTuple):
    """Fractions of one denominator."""

    numerators: Whole
    unit: int

    def floats(self) -> Array:
        """Each rounded once."""
        found = [one / self.unit for one in self.numerators.ravel().tolist()]
        return np.array(found, dtype=np.float64).reshape(self.numerators.shape)

    def fractions(self) -> Whole:
        """The same as fractions.Fraction."""
        return whole([Fraction(one, self.unit) for one in self.numerators.ravel().tolist()], self.numerators.shape)

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.numerators.shape)


def whole(values: list[Any], shape: tuple[int, ...] | None = None) -> Whole:
    """An array of Python's numbers, none of them turned into a float."""
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found if shape is None else found.reshape(shape)


def in_lowest_terms(numerators: Whole, unit: int) -> Rational:
    """The same fractions over the least denominator."""
    common = math.gcd(unit, *numerators.ravel().tolist()) if unit > 1 else 1
    return Rational(numerators // common, unit // common) if common > 1 else Rational(numerators, unit)


def rational(name: str, given: Any) -> Rational:
    """Numbers as they are: floats, whole numbers or fractions."""
    array = given if isinstance(given, np.ndarray) else rectangular(name, given)
    if array.ndim == 0:
        raise ProblemError(f"{name} is {described(given)}: give a table, an entry per profile")
    if array.dtype == object and any(type(one) is Fraction for one in array.ravel().tolist()):
        finite(name, array)
        parts = [Fraction(one) for one in array.ravel().tolist()]
        unit = math.lcm(*(part.denominator for part in parts))
        return Rational(whole([p.numerator * (unit // p.denominator) for p in parts], array.shape), unit)
    floats = finite(name, given)
    digits = binary_places(floats)
    return in_lowest_terms(as_integers(floats, digits), 1 << digits)


class Numbers:
    """The whole numbers of a problem: money in units of 2**-digits, chances in parts of their sum."""

    def __init__(self, problem: MechanismProblem, feared: Whole | None = None) -> None:
        self.problem = problem
        self.feared = feared  # chances of profiles that the objective is taken at, if not the problem's own
        limits = [] if isinstance(problem.transfers, str) else [one for one in problem.transfers if np.isfinite(one)]
        money = [*problem.values, *problem.reservation_utility, problem.principal_values, np.array(limits)]
        self.digits = max(binary_places(part) for part in money)
        self.values = [as_integers(table, self.digits) for table in problem.values]
        self.reservation = [as_integers(part, self.digits) for part in problem.reservation_utility]
        self.principal = as_integers(problem.principal_values, self.digits)
        largest = max(float(np.abs(part).max()) for part in problem.values)
        exponent = int(np.frexp(largest)[1]) if largest > 0 else 0
        self.transfer_digits = max(self.digits + exponent, 0)  # a transfer's unit is 2**(this - digits)

    def worth_at(self, agent: int) -> Whole:
        """What an agent makes of every alternative at every profile; (n_profiles, n_alternatives)."""
        table = self.values[agent]
        if self.problem.is_interdependent:
            return table.reshape(self.problem.n_profiles, -1)
        return np.asarray(table[self.problem.type_at[agent]])

    @property
    def principal_at(self) -> Whole:
        """What the principal makes of every alternative at every profile; (n_profiles, n_alternatives)."""
        shape = (self.problem.n_profiles, self.problem.n_alternatives)
        return np.asarray(np.broadcast_to(self.principal.reshape(-1, self.problem.n_alternatives), shape))

    @cached_property
    def own(self) -> list[Whole]:
        """Chances of each agent's types, as parts of `totals`; of marginals where types depend on each other."""
        if self.problem.is_independent:
            return [as_integers(part, binary_places(part)) for part in self.problem.probabilities]
        joint = self.chances.reshape(self.problem.n_types)
        axes = range(self.problem.n_agents)
        return [np.asarray(joint.sum(axis=tuple(a for a in axes if a != k))) for k in axes]

    @cached_property
    def totals(self) -> list[int]:
        """What the chances of each agent's types sum to."""
        return [int(part.sum()) for part in self.own]

    @cached_property
    def chances(self) -> Whole:
        """Chances of profiles, as parts of `total`; (n_profiles,)."""
        if not self.problem.is_independent:
            joint = np.asarray(self.problem.probabilities)
            return as_integers(joint, binary_places(joint)).ravel()
        found = whole([1])
        for part in self.own:
            found = (found[:, np.newaxis] * part[np.newaxis, :]).ravel()
        return found

    @cached_property
    def total(self) -> int:
        """What the chances of all profiles sum to."""
        return int(self.chances.sum())

    @property
    def goal_chances(self) -> Whole:
        """Chances of profiles that the objective is taken at; (n_profiles,)."""
        return self.chances if self.feared is None else self.feared

    def marginal(self, agent: int) -> Whole:
        """Chances of an agent's types, as parts of `total`; (n_types,)."""
        return self.own[agent] * self.others_total(agent) if self.problem.is_independent else self.own[agent]

    def others(self, agent: int) -> Whole:
        """Chances of what the others are, for independent types; (n_profiles / n_types,), parts of `others_total`."""
        found = whole([1])
        for k, part in enumerate(self.own):
            if k != agent:
                found = (found[:, np.newaxis] * part[np.newaxis, :]).ravel()
        return found

    def others_total(self, agent: int) -> int:
        """What those chances sum to."""
        return math.prod(total for k, total in enumerate(self.totals) if k != agent)

    def weights(self) -> tuple[int, int, list[int], int]:
        """The weights of revenue, welfare and each agent's utility, as parts of the last."""
        revenue, welfare, each = self.problem.weights
        numbers = np.array([revenue, welfare, *each])
        digits = binary_places(numbers)
        first, second, *rest = as_integers(numbers, digits).tolist()
        return first, second, rest, 1 << digits

    def goals(self) -> tuple[Whole, list[int], int]:
        """What the objective makes of every alternative at every profile, and of each agent's transfers.

        In money and parts of the last: sum_i (w + w_i) v_i + (r + w) v_0 for the alternative, r - w_i for transfers.
        """
        revenue, welfare, each, parts = self.weights()
        found = (revenue + welfare) * self.principal_at
        for agent, weight in enumerate(each):
            if welfare + weight:
                found = found + (welfare + weight) * self.worth_at(agent)
        return np.asarray(found), [revenue - weight for weight in each], parts


def check_rows(name: str, given: Rational, shape: tuple[int, ...]) -> None:
    """Refuse a table of another shape."""
    if given.shape != shape:
        raise ProblemError(f"{name} has shape {given.shape}; expected {shape}")

"""What a mechanism is to an agent that knows its type: chances, payments and utilities, of truth and of every lie."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from contracts.mechanisms.numbers import Numbers, Rational, in_lowest_terms
from contracts.mechanisms.problem import profiles_of
from contracts.numerics.exact_solve import Whole


class Tables(NamedTuple):
    """What is done and paid at every profile."""

    outcome: Rational  # (n_profiles, n_alternatives)
    transfers: Rational  # (n_agents, n_profiles)


def utility_unit(numbers: Numbers, tables: Tables) -> int:
    """The denominator of utilities at profiles."""
    return (tables.outcome.unit * tables.transfers.unit) << numbers.digits


def by_profile(numbers: Numbers, tables: Tables, agent: int) -> Whole:
    """Utility of an agent that tells the truth, at every profile, in parts of `utility_unit`; (n_profiles,)."""
    worth = (numbers.worth_at(agent) * tables.outcome.numerators).sum(axis=1) * tables.transfers.unit
    return np.asarray(worth - tables.transfers.numerators[agent] * (tables.outcome.unit << numbers.digits))


def lies_by_profile(numbers: Numbers, tables: Tables, agent: int) -> Whole:
    """Utility by true type, reported type and the others' types; (n_types, n_types, n_profiles / n_types)."""
    profiles = profiles_of(numbers.problem, agent)
    chances = tables.outcome.numerators
    paid = tables.transfers.numerators[agent] * (tables.outcome.unit << numbers.digits)
    if not numbers.problem.is_interdependent:
        found = (numbers.values[agent] @ chances[profiles.ravel()].T).reshape(-1, *profiles.shape)
        return np.asarray(found * tables.transfers.unit - paid[profiles])
    worth = numbers.worth_at(agent)
    return np.stack(
        [
            np.stack(
                [(worth[row] * chances[told]).sum(axis=1) * tables.transfers.unit - paid[told] for told in profiles]
            )
            for row in profiles
        ]
    )


def interim_lies(numbers: Numbers, tables: Tables, agent: int) -> tuple[Whole, Whole]:
    """Utility by true and reported type in expectation over the others, and the denominator of each true type's."""
    problem = numbers.problem
    profiles, unit = profiles_of(problem, agent), utility_unit(numbers, tables)
    if problem.is_independent and not problem.is_interdependent:
        others, total = numbers.others(agent), numbers.others_total(agent)
        chances = (tables.outcome.numerators[profiles] * others[np.newaxis, :, np.newaxis]).sum(axis=1)
        paid = (tables.transfers.numerators[agent][profiles] * others).sum(axis=1)
        found = (numbers.values[agent] @ chances.T) * tables.transfers.unit - paid * (
            tables.outcome.unit << numbers.digits
        )
        return np.asarray(found), np.full(len(profiles), unit * total, dtype=object)
    found = lies_by_profile(numbers, tables, agent)
    chance = numbers.chances[profiles]
    return np.asarray((found * chance[:, np.newaxis, :]).sum(axis=2)), numbers.marginal(agent) * unit


def interim_chances(numbers: Numbers, outcome: Rational, agent: int) -> Rational:
    """Chances of every alternative given one's type; (n_types, n_alternatives)."""
    profiles = profiles_of(numbers.problem, agent)
    chance = numbers.chances[profiles]
    found = (outcome.numerators[profiles] * chance[:, :, np.newaxis]).sum(axis=1)
    return _shared(found, chance.sum(axis=1)[:, np.newaxis], outcome.unit)


def interim_payments(numbers: Numbers, transfers: Rational, agent: int) -> Rational:
    """What every type expects to pay; (n_types,)."""
    profiles = profiles_of(numbers.problem, agent)
    chance = numbers.chances[profiles]
    return _shared((transfers.numerators[agent][profiles] * chance).sum(axis=1), chance.sum(axis=1), transfers.unit)


def _shared(numerators: Whole, denominators: Whole, unit: int) -> Rational:
    """Rows with denominators of their own, over one."""
    common = math.lcm(*denominators.ravel().tolist())
    return in_lowest_terms(numerators * (common // denominators), common * unit)

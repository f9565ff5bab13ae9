"""Mechanisms as people have them: tables by profile, or functions of reports."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.kinds import one_of
from contracts.mechanisms.checks import is_listed
from contracts.mechanisms.interim import Tables
from contracts.mechanisms.numbers import Rational, check_rows, rational, whole
from contracts.mechanisms.problem import MechanismProblem, words_for


def read_tables(problem: MechanismProblem, outcome: Any, transfers: Any) -> Tables:
    """What is done and paid, from tables by profile or in one row of profiles, or from functions of reports."""
    if callable(outcome):
        outcome, said = _asked(problem, "outcome", outcome, partial(_lottery, pays=transfers is None))
        transfers = said if transfers is None else transfers
    if callable(transfers):
        transfers = np.moveaxis(_asked(problem, "transfers", transfers, _payments)[0], -1, 0)
    found = rational("outcome", outcome)
    n_profiles, wide = problem.n_profiles, problem.n_alternatives
    if found.shape in (problem.n_types, (n_profiles,)) and found.shape != (n_profiles, wide) and found.unit == 1:
        chosen = found.numerators.ravel()
        odd = np.flatnonzero((chosen < 0) | (chosen >= wide))
        if len(odd):
            raise ProblemError(
                f"outcome is {chosen[odd[0]]} at {words_for(problem, int(odd[0]))}: the alternatives are numbered from "
                f"0 to {wide - 1}; give one of them, or lotteries with a last axis of {wide} chances"
            )
        picked = (chosen[:, np.newaxis] == np.arange(wide).astype(object)).astype(int).astype(object)
        found = Rational(picked, 1)
    if found.shape == (*problem.n_types, wide):
        found = Rational(found.numerators.reshape(n_profiles, wide), found.unit)
    if found.shape != (n_profiles, wide):
        check_rows("outcome", found, (*problem.n_types, wide))
    paid = rational("transfers", np.zeros((problem.n_agents, n_profiles)) if transfers is None else transfers)
    if paid.shape != (problem.n_agents, n_profiles):
        check_rows("transfers", paid, (problem.n_agents, *problem.n_types))
    return Tables(found, Rational(paid.numerators.reshape(problem.n_agents, n_profiles), paid.unit))


def _asked(problem: MechanismProblem, name: str, function: Any, read: Any) -> tuple[Any, Any]:
    """Tables of what a function answers at every profile, and of what agents then pay if it says so.

    Raises
    ------
    ProblemError
        If it raises, answers one profile in two ways, or in a form that `read` does not know.
    """
    found = []
    for profile in range(problem.n_profiles):
        types = problem.type_at[:, profile].tolist()
        reports = [names[own] for names, own in zip(problem.labels, types, strict=True)]
        where = f"{name} at {words_for(problem, profile)}"
        twice = []
        for _ in range(2):
            try:
                given = function(list(reports))
            except Exception as exc:
                raise ProblemError(
                    f"{where} raised {type(exc).__name__} ({exc}): it is called with a list of {problem.n_agents} "
                    f"names of types, here {reports}; mend it, or give a table"
                ) from exc
            twice.append(read(problem, where, given))
        if twice[0] != twice[1]:
            raise ProblemError(
                f"{where} is answered in two ways: give chances of alternatives for what is drawn, or "
                "`contracts.testing.check_mechanism` n_samples="
            )
        found.append(twice[0])
    shape = (*problem.n_types, -1)
    done = whole([one for row, _ in found for one in row]).reshape(shape)
    if all(paid is None for _, paid in found):
        return done, None
    none = [Fraction(0)] * problem.n_agents
    paid = whole([one for _, row in found for one in row or none]).reshape(shape)
    return done, np.moveaxis(paid, -1, 0)


def _lottery(problem: MechanismProblem, where: str, given: Any, *, pays: bool) -> tuple[list[Any], list[Any] | None]:
    """Chances of alternatives, and transfers where the answer is a pair with them."""
    if pays and isinstance(given, tuple | list) and len(given) == 2 and is_listed(given[1]):
        return _lottery(problem, where, given[0], pays=False)[0], _numbers(where, given[1], problem.n_agents, "agent")
    if is_listed(given):
        return _numbers(where, given, problem.n_alternatives, "alternative"), None
    chosen = one_of(where, given, map(str, problem.alternatives), "alternatives")
    return [Fraction(int(k == chosen)) for k in range(problem.n_alternatives)], None


def _payments(problem: MechanismProblem, where: str, given: Any) -> tuple[list[Any], None]:
    return _numbers(where, given, problem.n_agents, "agent"), None


def _numbers(where: str, given: Any, count: int, each: str) -> list[Any]:
    found = rational(where, given)
    if found.shape != (count,):
        raise ProblemError(f"{where} has shape {found.shape}: give a number per {each}, {count} of them")
    return list(found.fractions())

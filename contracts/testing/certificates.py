"""Menus and wages from anywhere: what `verify` and `verify_contract` find, as findings to assert."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from contracts.agency.contract import Contract
from contracts.agency.problem import MoralHazardProblem
from contracts.agency.verify import verify_contract
from contracts.errors import ProblemError
from contracts.exact.rationals import implementable
from contracts.inputs.arrays import Array, finite
from contracts.inputs.door import checked
from contracts.menu.assembly import taken_apart
from contracts.menu.menu import Menu
from contracts.problem.participation import in_goods
from contracts.problem.screening import ScreeningProblem
from contracts.proof.certificate import Certificate
from contracts.proof.multipliers import Multipliers
from contracts.proof.verify import verify
from contracts.testing.findings import Finding, Inspection, Verdict, exact, open_question, without_comparison

OF_MENUS = ("IC", "IR", "constraints", "monotonicity", "no positive cycle", "optimality")
ALL_KNOWN = math.inf


@checked
def check_menu(
    problem: ScreeningProblem,
    allocation: Any,
    transfer: Any = None,
    *,
    properties: Sequence[str] = ("IC", "IR", "constraints"),
    serving: Any = None,
    multipliers: Multipliers | None = None,
    gap: float | None = None,
    tolerance: float = 0.0,
) -> Inspection:
    """Whether contracts from anywhere, one per type, are a menu of the problem: exactly, and without a solver.

    Parameters
    ----------
    allocation, transfer, serving, multipliers, tolerance : as in `contracts.verify`; a Menu may stand for all but the
        tolerance
    properties : of "IC", "IR", "constraints" (the domain, limits on transfers, side constraints), "monotonicity" and
        "no positive cycle" (whether any transfers could make the allocation incentive compatible), and "optimality"
    gap : relative gap to the best menu that "optimality" asks for, which it then does

    Raises
    ------
    ProblemError
        If the arrays do not fit the problem, or a property is not known.

    Examples
    --------
    >>> import contracts
    >>> problem = contracts.ScreeningProblem([1.0, 2.0], [0.5, 0.5], labels=("low", "high"))
    >>> check_menu(problem, [1.0, 2.0], [1.0, 3.0]).holds
    True
    >>> print(check_menu(problem, [1.0, 2.0], [1.0, 3.25]))
    IC fails; IR holds; constraints holds: 2 types
    property     verdict  gain  worst case
    IC           fails    0.25  'high' takes the contract of 'low'
    IR           holds       0  'low' takes part
    constraints  holds       -
    IC: exact, every type compared with every contract as rational numbers
    IR: exact, every type compared with what it has elsewhere as rational numbers
    constraints: rounding is forgiven, and nothing else
    """
    if isinstance(allocation, Menu) and multipliers is None:
        multipliers = allocation.bound.multipliers
    allocation, transfer, serving = taken_apart(allocation, transfer, serving)
    asked = tuple(dict.fromkeys([*properties, *(["optimality"] if gap is not None else [])]))
    _check_known(asked, OF_MENUS)
    if "optimality" in asked and gap is None:
        raise ProblemError("optimality needs to know how close: give gap=1e-6, say")
    found = verify(
        problem, allocation, transfer, serving=serving, multipliers=multipliers,
        gap=ALL_KNOWN if gap is None else gap, tolerance=tolerance,
    )  # fmt: skip
    tabled = finite("allocation", allocation, problem.labels).reshape(problem.n_types, problem.n_goods)
    paid = np.zeros(problem.n_types) if transfer is None else finite("transfer", transfer, problem.labels)
    chances = None if serving is None else finite("serving", serving, problem.labels)
    program = problem.program  # in which being left out is a good as well
    values, goods = in_goods(program.domain, program.valuations, problem.in_program(tabled, paid, chances))
    tell = {
        "IC": lambda: _tempted(found, "takes the contract of"),
        "IR": lambda: _reluctant(found, "exact, every type compared with what it has elsewhere as rational numbers"),
        "constraints": lambda: _constraints(found),
        "monotonicity": lambda: _monotonicity(problem, values, goods),
        "no positive cycle": lambda: _cycle(problem, values, goods),
        "optimality": lambda: _optimality(found, "a better bound may show more: give multipliers of a solved menu"),
    }
    about = f"{problem.n_types} type{'s' * (problem.n_types > 1)}"
    return Inspection(about, tuple(tell[name]() for name in asked))


@checked
def check_contract(
    problem: MoralHazardProblem,
    wages: Any,
    *,
    action: int | str | None = None,
    gap: float | None = None,
    tolerance: float = 0.0,
) -> Inspection:
    """Whether wages from anywhere make the agent take an action, keep it, and are within their limits.

    Parameters
    ----------
    wages, action, tolerance : as in `contracts.verify_contract`; without an action, of what the agent prefers. A
        Contract may stand for its wages and its action
    gap : relative gap to the first best of "optimality", which is otherwise not asked for

    Raises
    ------
    ProblemError
        If wages or action do not fit the problem.

    Examples
    --------
    >>> import contracts, numpy as np
    >>> problem = contracts.MoralHazardProblem([[0.75, 0.25], [0.25, 0.75]], [0.0, 20.0], [0.0, 1.0],
    ...                                        wages=(0.0, np.inf), actions=("shirk", "work"))
    >>> check_contract(problem, [0.0, 1.5], action="work").finding("IC").worst_case
    "the agent takes 'shirk' rather than 'work'"
    """
    if isinstance(wages, Contract):
        if action is not None:
            raise ProblemError("wages is a Contract, which has its action: leave action out, or give contract.wages")
        wages, action = wages.wages, wages.action
    found = verify_contract(problem, wages, action=action, gap=ALL_KNOWN if gap is None else gap, tolerance=tolerance)
    elsewhere = "the agent compared with what it has elsewhere, in rational numbers or within bounds on rounding"
    findings = [_tempted(found, None), _reluctant(found, elsewhere), _constraints(found)]
    better = "the bound is the first best, which may be out of reach: compare with solve_contract(problem).upper_bound"
    findings += [] if gap is None else [_optimality(found, better)]
    return Inspection(f"{problem.n_actions} actions, {problem.n_outcomes} outcomes", tuple(findings))


def _check_known(asked: Sequence[str], known: Sequence[str]) -> None:
    for name in asked:
        if name not in known:
            raise ProblemError(f"properties has {name!r}: it knows {', '.join(map(repr, known))}")
    if not asked:
        raise ProblemError(f"properties is empty: give some of {', '.join(map(repr, known))}")


def _number(value: float) -> tuple[Fraction | float, tuple[float, float]]:
    """A gain with its interval: a float that is rounded once is as good as exact, but for its last digit."""
    return value, (value, value)


def _tempted(found: Certificate, verb: str | None) -> Finding:
    deviation = found.deviation
    if deviation.gain == -math.inf:
        return without_comparison("IC", "there is nothing else to take")
    words = (
        f"the agent takes {deviation.tempter!r} rather than {deviation.tempted!r}"
        if verb is None
        else f"{deviation.tempted!r} takes {deviation.tempter}"
        if deviation.tempter == "the outside option"
        else f"{deviation.tempted!r} {verb} {deviation.tempter!r}"
    )
    other = "every type compared with every contract" if verb else "every action compared with the one that is meant"
    how = f"exact, {other} as rational numbers"
    if verb is None:
        how = f"{other}, in rational numbers or within bounds on rounding"
    if found.is_robust:
        how += ", at every valuation in the types' sets"
    how += f", where {found.tolerance:g} is forgiven" if found.tolerance else ""
    verdict: Verdict = "holds" if found.is_incentive_compatible else "fails"
    return Finding("IC", verdict, words, *_number(deviation.gain), how, (deviation.tempted, deviation.tempter))


def _reluctant(found: Certificate, how: str) -> Finding:
    slack = found.participation_slack
    if slack == math.inf:
        return without_comparison("IR", "participation is no constraint of this problem")
    how += f", where {found.tolerance:g} is forgiven" if found.tolerance else ""
    verdict: Verdict = "holds" if found.is_individually_rational else "fails"
    who = found.participation_type
    return Finding("IR", verdict, f"{who!r} takes part", *_number(0.0 - slack), how, (who,))


def _constraints(found: Certificate) -> Finding:
    how = "rounding is forgiven, and nothing else"
    if not found.violations:
        return without_comparison("constraints", how)
    worst = max(found.violations, key=lambda one: one.amount)
    words = ", ".join(one.what for one in found.violations)
    return Finding("constraints", "fails", words, *_number(worst.amount), how, tuple(v.what for v in found.violations))


def _optimality(found: Certificate, remedy: str) -> Finding:
    how = f"value {found.value:.6g}, bound {found.upper_bound:.6g}, relative gap asked for {found.requested_gap:g}"
    how += ", rigorous" if found.rigorous else ", numerical"
    gap = found.relative_gap
    if gap <= found.requested_gap and not found.is_contradictory:
        return Finding("optimality", "holds", "", *_number(gap), how)
    how += f"; {remedy}"
    return Finding("optimality", "undecided", "", *_number(gap), how)


def _unfit(problem: ScreeningProblem) -> str | None:
    """Why all pairs of types cannot be compared; None if they can."""
    if problem.valuation_sets is not None:
        return "valuations are sets, and the allocation alone is judged for one valuation per type"
    if problem.mimics is not None:
        return "some types cannot mimic others, and the allocation alone is judged for types who can"
    return None


def _monotonicity(problem: ScreeningProblem, values: Array, goods: Array) -> Finding:
    """No two types would gain, in sum, by changing places: (a_i - a_j).(x_i - x_j) >= 0."""
    if (why := _unfit(problem)) is not None:
        return open_question("monotonicity", why)
    n_types = problem.n_types
    if n_types == 1:
        return without_comparison("monotonicity", "there is one type")
    worth = values @ goods.T
    own = np.diag(worth)
    swapped = worth + worth.T - own - own[:, np.newaxis]
    size = (np.abs(values) @ np.abs(goods).T).max()
    rounding = 8 * (goods.shape[1] + 3) * np.finfo(np.float64).eps * size
    np.fill_diagonal(swapped, -np.inf)
    close = np.argwhere(np.triu(swapped >= swapped.max() - rounding, 1))  # the largest is among these
    rows = [tuple(map(Fraction, row)) for row in values.tolist()]
    amounts = [tuple(map(Fraction, row)) for row in goods.tolist()]

    def gain(i: int, j: int) -> Fraction:
        parts = zip(rows[i], rows[j], amounts[i], amounts[j], strict=True)
        return -sum(((a - b) * (x - y) for a, b, x, y in parts), Fraction())

    worst, i, j = max((gain(int(i), int(j)), int(i), int(j)) for i, j in close)
    names = (problem.labels[i], problem.labels[j])
    words = f"{names[0]!r} and {names[1]!r} change places"
    return exact("monotonicity", words, worst, n_types * (n_types - 1) // 2, "pair", names)


def _cycle(problem: ScreeningProblem, values: Array, goods: Array) -> Finding:
    name = "no positive cycle"
    if (why := _unfit(problem)) is not None:
        return open_question(name, why)
    found = implementable(values, goods)
    how = "exact, cycles of types compared as rational numbers (Rochet 1987)"
    names = tuple(problem.labels[k] for k in found.cycle)
    words = " -> ".join(map(repr, [*names, names[0]])) if names else ""
    return Finding(name, "holds" if found.holds else "fails", words, *_number(found.gain), how, names)

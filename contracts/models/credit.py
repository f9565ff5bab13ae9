"""Credit: loans for borrowers who know their projects better than the bank."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite, place
from contracts.inputs.door import checked
from contracts.models.checks import labels_for, names_for, not_negative, one_each, positive
from contracts.models.competition import break_even_rows, separating_welfare
from contracts.problem.costs import Linear
from contracts.problem.domains import Polyhedron
from contracts.problem.reading import Reading
from contracts.problem.screening import ScreeningProblem


@checked
def credit_rationing(
    success_probabilities: Any,
    weights: Any = None,
    *,
    returns: Any,
    funds: float,
    collateral: float = 0.0,
    recovery: float = 1.0,
    reservation_utility: Any = 0.0,
    market: Literal["monopoly", "competitive"] = "monopoly",
    labels: Any = None,
) -> ScreeningProblem:
    """A bank lends to borrowers who know how likely their projects are to succeed.

    A project needs one loan, which costs the bank `funds`, and returns R_i with probability p_i, else nothing. A
    contract is a chance g of getting the loan, a repayment D out of the return, and a collateral C, which the bank
    takes where nothing is returned and values at `recovery` times what it is worth to the borrower. In expected
    amounts, (g, D, C) with D and C counted where the loan is granted, everything is linear: a borrower gains p_i (R_i g
    - D) - (1 - p_i) C - r_i g on what else it could do, and the bank p_i D + recovery (1 - p_i) C - funds g. There is
    no other money: transfers are "none". Menus may ration (g < 1), and leave borrowers out who are creditworthy:
    lending to them would leave rents to others.

    A monopoly maximises profit. In competition every contract breaks even on its own: the riskiest borrower posts no
    collateral, and everybody else as much as leaves the next riskier one indifferent.

    Parameters
    ----------
    success_probabilities : (n_types,) array p, between 0 and 1
    weights : (n_types,) array, shares of the types; equal if left out
    returns : number or (n_types,) array R, positive, money
    funds : positive, money that a loan costs the bank
    collateral : what a borrower can post at most, money
    recovery : in [0, 1], what a unit of collateral is worth to the bank
    reservation_utility : number or (n_types,) array, not negative, money; what a borrower gives up for the project
    market : "monopoly" or "competitive"
    labels : names of the types

    Raises
    ------
    ProblemError
        If something is out of range, or if separating contracts do not exist in competition: the message says whether
        it takes more collateral, another recovery, or creditworthy types alone.

    References
    ----------
    Stiglitz & Weiss (1981), Credit rationing in markets with imperfect information, American Economic Review 71.
    Bester (1985), Screening vs. rationing in credit markets with imperfect information, American Economic Review 75.
    Besanko & Thakor (1987), Collateral and rationing: sorting equilibria in monopolistic and competitive credit
    markets, International Economic Review 28.

    Examples
    --------
    Both are creditworthy, .5 x 4 - 1.2 > .5, but many safe borrowers would take the cheaper loan of few risky ones:

    >>> from contracts import solve_menu
    >>> market = {"returns": 4.0, "funds": 1.2, "reservation_utility": 0.5, "labels": ("risky", "safe")}
    >>> solve_menu(credit_rationing([0.5, 0.8], [0.4, 0.6], **market)).allocation[:, 0].round(6) + 0.0
    array([0., 1.])
    """
    names = names_for(success_probabilities, labels)
    chance = one_each("success_probabilities", success_probabilities, labels)
    for who in np.flatnonzero((chance <= 0) | (chance >= 1))[:1]:
        raise ProblemError(
            f"success_probabilities{place((int(who),), names)} is {chance[who]}: give a probability between 0 and 1, "
            "neither of which is a risk"
        )
    gross = _spread("returns", returns, chance, names)
    given_up = not_negative(
        "reservation_utility", _spread("reservation_utility", reservation_utility, chance, names), names
    )
    lowest = int(np.argmin(gross))
    if gross[lowest] <= 0:
        raise ProblemError(f"returns{place((lowest,), names)} is {gross[lowest]}: it must be positive")
    share = float(finite("recovery", recovery))
    if not 0 <= share <= 1:
        raise ProblemError(f"recovery is {share}: give a number from 0 (worth nothing to the bank) to 1 (as much)")
    cost, most = positive("funds", funds), float(finite("collateral", collateral))
    if most < 0:
        raise ProblemError(f"collateral is {most}: it must not be negative; 0 for none")
    if market not in ("monopoly", "competitive"):
        raise ProblemError(f"market is {market!r}: use 'monopoly' or 'competitive'")
    problem = ScreeningProblem(
        np.column_stack([chance * gross - given_up, -chance * cost, (chance - 1.0) * cost]),
        weights,
        cost=Linear([cost, 0.0, 0.0]),
        domain=_contracts(float(gross.max()) / cost, most / cost),
        principal_values=np.column_stack([np.zeros_like(chance), chance, share * (1.0 - chance)]) * [1.0, cost, cost],
        transfers="none",
        labels=labels_for("success_probabilities", success_probabilities, weights, labels),
        goods=("credit", "repayment", "collateral"),
        readings=(
            Reading("credit", good=0),
            *(Reading(name, good=k, scale=cost) for k, name in ((1, "repayment"), (2, "collateral"))),
        ),
    )
    return problem if market == "monopoly" else _competitive(problem, cost, most)


def _spread(name: str, given: Any, like: Array, names: Any) -> Array:
    """One number per type, from one for all or one each."""
    values = finite(name, given, names)
    if values.shape not in ((), like.shape):
        raise ProblemError(f"{name} has shape {values.shape}; expected one number, or one per type, {like.shape}")
    return np.array(np.broadcast_to(values, like.shape))


def _contracts(largest: float, most: float) -> Polyhedron:
    """0 <= g <= 1, 0 <= D <= largest return g, 0 <= C <= most g."""
    rows = [[-1.0, 0, 0], [1, 0, 0], [0, -1, 0], [-largest, 1, 0], [0, 0, -1], [-most, 0, 1]]
    return Polyhedron(np.array(rows) + 0.0, [0.0, 1.0, 0.0, 0.0, 0.0, 0.0])


def _competitive(problem: ScreeningProblem, funds: float, most: float) -> ScreeningProblem:
    """The program whose best menu holds the separating contracts that break even one by one."""
    worth, earned, labels = problem.valuations, problem.principal_values, problem.labels
    chance = -worth[:, 1] / funds
    order = np.argsort(chance, kind="stable").tolist()
    own, tempted, gained = (np.zeros(len(chance)) for _ in range(3))
    for k, who in enumerate(order):
        before = order[k - 1]
        if k == 0:
            terms, own[who] = np.array([1.0 / chance[who], 0.0]), 1.0
        elif chance[who] == chance[before]:
            raise ProblemError(
                f"types {labels[before]!r} and {labels[who]!r} have the same success probability: make them one type "
                "with the sum of their weights"
            )
        else:  # break even, and leave the type before indifferent
            rows, needed = [earned[who, 1:], worth[before, 1:]], [funds, gained[before] - worth[before, 0]]
            terms = np.linalg.solve(rows, needed)
            prices = np.linalg.solve(np.column_stack([worth[who, 1:], -worth[before, 1:]]), -earned[who, 1:])
            own[who], tempted[who] = prices
        gained[who] = worth[who, 0] + worth[who, 1:] @ terms
        if gained[who] < 0:
            raise ProblemError(
                f"type {labels[who]!r} gains {gained[who]:.6g} from a loan that breaks even: leave it out, it is not "
                "creditworthy in competition"
            )
        if terms[1] * funds > most:
            raise ProblemError(
                f"collateral is {most:.6g}, but it takes {terms[1] * funds:.6g} to tell type {labels[who]!r} from "
                f"{labels[before]!r}: let borrowers post as much"
            )
        if k > 0 and own[who] * gained[who] < tempted[who] * gained[before]:
            raise ProblemError(
                f"recovery is so low that type {labels[who]!r} is told from {labels[before]!r} more cheaply by smaller "
                "chances of credit than by collateral: raise recovery"
            )
    return replace(
        problem,
        objective=separating_welfare(own, tempted, problem.weights, order),
        constraints=break_even_rows(gained, labels, order[-1]),
    )

"""solve_menu_of_contracts: a contract for every type, the action that it takes, and the proof."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from contracts.agency.types.bound import sharpened
from contracts.agency.types.impossible import menu_impossibility
from contracts.agency.types.menu import ContractMenu
from contracts.agency.types.prices import AgencyMultipliers, no_prices
from contracts.agency.types.problem import AgencyProblem, action_numbers
from contracts.agency.types.programs.assigned import Assigned, Assignment
from contracts.agency.types.programs.scales import Scales
from contracts.agency.types.programs.search import NEAR, searched
from contracts.agency.types.programs.settle import settled
from contracts.agency.types.proof import AgencyProof
from contracts.agency.types.responses import Choice
from contracts.agency.types.verify import certify, first_best_bound, stakes
from contracts.errors import InfeasibleMenuError, SolverError
from contracts.inputs.arrays import Array, Indices, Mask
from contracts.inputs.door import checked
from contracts.proof.certificate import checked_gap

LOWER = (1.0, 1e-2)  # shares of the gap that programs aim at, one after the other


@checked
def solve_agency(problem: AgencyProblem, actions: Any = None, *, gap: float = 1e-6) -> ContractMenu:
    """The best menu of contracts for agents whose types and actions nobody sees; for the rest see `solve_contract`.

    Every type is asked for one action, under one contract. Without `actions` those are searched by branch and bound,
    bounded by all mechanisms, those that draw actions included (Myerson 1982); with them there is one program.

    Examples
    --------
    Work makes success likelier by 1/2; it costs the able 1, so they take a bonus of 2. The slow would want 8 for it, of
    which the able would have 4.5 more: they are asked for nothing.

    >>> problem = AgencyProblem([[0.75, 0.25], [0.25, 0.75]], output=[0.0, 8.0], effort_cost=[[0.0, 1.0], [0.0, 4.0]],
    ...                         labels=("able", "slow"), actions=("shirk", "work"), wages=(0.0, np.inf))
    >>> solve_agency(problem).value
    3.0
    """
    gap = checked_gap(gap)
    chosen = None if actions is None else action_numbers(problem, actions)
    failure: SolverError | None = None
    for whole in (False, True):  # limits far away are left out at first
        scales = Scales(problem, whole=whole)
        try:
            return _searched(problem, scales, gap) if chosen is None else _implementing(problem, scales, chosen, gap)
        except SolverError as exc:
            if failure is None or failure.reached is None:
                failure = exc
        if not scales.is_cut:
            break
    assert failure is not None
    raise failure


def _searched(problem: AgencyProblem, scales: Scales, gap: float) -> ContractMenu:
    found = searched(problem, scales, gap)
    if found.actions is None or found.found is None or found.found.utilities is None:
        if found.is_open or found.bound > -np.inf:
            raise SolverError(
                f"no menu was found, and no proof that there is none: limit wages, or give actions for the types "
                f"{_few(problem)}",
                ("branch and bound",),
            )
        raise InfeasibleMenuError(
            "no wages within the limits keep all types. Raise the highest wage or lower reservation_utility",
            ("IR", "limits of wages"),
        )
    enough = 0.25 * NEAR * gap * stakes(problem, found.value)
    menu = _menu(problem, scales, found.actions, found.found.utilities, found.proof, found.bound, gap, enough, None)
    if menu.certificate.holds:
        return menu
    more = "Give actions, or ask for a larger gap" if found.is_open else f"{_limits(menu, scales)} or a larger gap"
    raise SolverError(f"the menu is not certified: {menu.certificate}. {more}", ("branch and bound",), menu)


def _implementing(problem: AgencyProblem, scales: Scales, actions: Indices, gap: float) -> ContractMenu:
    allowed = np.arange(problem.n_actions) == actions[:, np.newaxis]
    everyone = np.arange(problem.n_types)
    scale = stakes(problem, first_best_bound(problem, allowed))
    menu: ContractMenu | None = None
    for share in LOWER:
        enough = 0.25 * NEAR * gap * scale * share
        found = Assignment(problem, scales, actions, everyone, enough).solve()
        if found.utilities is None:
            raise _impossible(problem, actions, found)
        prices, bound = _priced(problem, found, allowed)
        proof = AgencyProof(allowed[np.newaxis], (prices,))
        menu = _menu(problem, scales, actions, found.utilities, proof, bound, gap, enough, actions)
        if menu.certificate.holds:
            return menu
    assert menu is not None
    raise SolverError(
        f"the menu is not certified: {menu.certificate}. {_limits(menu, scales)} or a larger gap", ("linear",), menu
    )


def _limits(menu: ContractMenu, scales: Scales) -> str:
    """What to ask for where prices prove no bound because wages could go anywhere."""
    problem = menu.problem
    free = np.isneginf(problem.lowest_wage) | np.isposinf(problem.highest_wage)
    if not free.any() and not Scales(problem).is_cut:
        return "Ask for other actions,"
    reach = max(1e3 * scales.money, float(np.abs(problem.output).max()), 10 * float(np.abs(menu.wages).max()))
    far = 10.0 ** math.ceil(math.log10(reach))
    return f"Limit wages, such as to wages=({-far:g}, {far:g}) or within,"


def _priced(problem: AgencyProblem, found: Assigned, allowed: Mask) -> tuple[AgencyMultipliers, float]:
    prices, bound = sharpened(problem, found.prices, allowed)
    if np.isfinite(bound):
        return prices, bound
    return sharpened(problem, no_prices(problem.n_types, problem.weights), allowed)


def _impossible(problem: AgencyProblem, actions: Indices, found: Assigned) -> InfeasibleMenuError | SolverError:
    proof = menu_impossibility(problem, actions, found.prices)
    if proof is None:
        return SolverError(
            f"no wages were found that implement the actions of {_few(problem)}, and no proof that there are none: "
            "limit wages, or ask for other actions",
            ("linear",),
        )
    return InfeasibleMenuError(f"{proof}. Ask for other actions, or change what outcomes tell", (str(proof),))


def _menu(
    problem: AgencyProblem,
    scales: Scales,
    actions: Indices,
    utilities: Array,
    proof: AgencyProof,
    bound: float,
    gap: float,
    enough: float,
    demanded: Indices | None,
) -> ContractMenu:
    kept = settled(problem, scales, actions, utilities, enough)
    if kept is None:
        raise SolverError(
            "no wages were found, as floats, that every type certainly obeys: types or actions may be as good as one "
            "another. Change an effort_cost a little, or limit wages",
            ("linear",),
        )
    choices = [Choice(who, int(action)) for who, action in enumerate(actions)]
    certificate = certify(problem, kept.wages, choices, bound, gap=gap)
    return ContractMenu(problem, kept.wages, actions, certificate, proof, demanded is not None)


def _few(problem: AgencyProblem) -> str:
    return ", ".join(map(repr, problem.labels[:3])) + (", ..." if problem.n_types > 3 else "")

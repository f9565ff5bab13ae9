"""An exact menu, its bound and its problem become a Menu."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Indices
from contracts.inputs.frozen import read_only
from contracts.menu.menu import Menu
from contracts.menu.offers import OUTSIDE, ExactMenu, Options
from contracts.problem.screening import ScreeningProblem
from contracts.proof.bound import Bound
from contracts.proof.verify import certify


def menu_of(problem: ScreeningProblem, found: ExactMenu, bound: Bound, engine: str) -> Menu:
    """The menu of an exact assignment: contracts that somebody takes, in the order of the types.

    `found` and `bound` are about `problem.program`.
    """
    (allocations, transfers), taken = found.contracts, found.option_of_type
    is_outside = problem.program.outside.is_kept(allocations, transfers)
    first = np.full(len(transfers), len(taken))  # type that takes a contract; len(taken) if none does
    np.minimum.at(first, taken, np.arange(len(taken)))
    is_used = (first < len(taken)) & ~is_outside
    kept = np.argsort(np.where(is_used, first, len(taken)), kind="stable")[: np.count_nonzero(is_used)]
    position = np.full(len(transfers), OUTSIDE)
    position[kept] = np.arange(len(kept))
    options, option_of_type = (
        Options(read_only(allocations[kept]), read_only(transfers[kept])),
        read_only(position[taken]),
    )
    if np.all(is_used | is_outside):  # the certificate is about these very contracts
        return Menu(problem, options, option_of_type, found.certificate, bound, engine)
    menu = assembled(problem, options, option_of_type, bound, engine, found.certificate.requested_gap)
    return replace(menu, certificate=replace(menu.certificate, is_stopped=found.certificate.is_stopped))


def taken_apart(allocation: Any, transfer: Any, serving: Any) -> tuple[Any, Any, Any]:
    """What each type gets, pays and is served with: as given, or of a Menu that stands for all three."""
    if not isinstance(allocation, Menu):
        return allocation, transfer, serving
    if transfer is not None or serving is not None:
        raise ProblemError("allocation is a Menu, which has transfers and chances of being served: leave them out")
    return allocation.allocation, allocation.transfer, allocation.serving


def assembled(
    problem: ScreeningProblem, options: Options, option_of_type: Indices, bound: Bound, engine: str, gap: float
) -> Menu:
    """A menu with its certificate computed from nothing but the contracts, the assignment and the bound.

    `options` and `bound` are about `problem.program`.
    """
    program = problem.program
    allocations, transfers = program.outside.beside(*options)  # last, so that index -1 points to it
    if program.outside.is_contract:
        own = np.where(option_of_type == OUTSIDE, len(transfers) - 1, option_of_type)
    elif np.any(option_of_type == OUTSIDE):
        raise ProblemError("option_of_type names the outside option, but this problem has no outside contract")
    else:
        own = option_of_type
    certificate = certify(program, (allocations, transfers), own, bound, gap=gap)
    return Menu(problem, options, option_of_type, certificate, bound, engine)

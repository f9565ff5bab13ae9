"""Types on a line: the best options at ironed virtual valuations, by dynamic programming over intervals of types."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from contracts.engines import ironing
from contracts.menu.assembly import menu_of
from contracts.menu.menu import Menu
from contracts.problem.screening import ScreeningProblem
from contracts.proof.bound import upper_bound
from contracts.proof.few_options import BY_INTERVALS, surplus_of
from contracts.proof.kinds import Kind
from contracts.repair.assign import assigned
from contracts.repair.repricing import chain


def applies(problem: ScreeningProblem, kind: Kind) -> bool:
    """Whether types lie on a line, where ironing solves the problem, and no option stands on the menu already."""
    program = problem.program
    known = problem.ambiguity is None and problem.valuation_sets is None
    on_a_line = known and not isinstance(ironing.line_of(program), str)
    return kind.fixed is None and on_a_line and not np.ptp(program.reservation_utility)


def solve(problem: ScreeningProblem, kind: Kind, gap: float) -> Menu:
    """The best menu of the kind, by the bound that proves it; O(k n log n).

    Transfers are the highest at which every type keeps its option, so the menu is exact whatever rounding did.
    """
    program = problem.program
    candidate = ironing.solve(program)
    bound = replace(upper_bound(program, candidate.multipliers, surplus_of(program, kind)), among=kind)
    contracts = chain(program, replace(candidate, allocation=bound.allocation))
    assert contracts is not None  # types lie on a line
    return menu_of(problem, assigned(program, contracts, bound, gap), bound, BY_INTERVALS)

"""Robust menus: first the best menu without uncertainty, which is the best robust one if it happens to be robust.

A set of valuations around each type's own adds constraints and takes none away. So the prices of the problem without
uncertainty bound every robust menu, and where its best menu keeps IC and IR at all valuations in the sets, that bound
is met. Policies without money are often so: what nobody is nearly tempted by needs no margin.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from contracts.engines import dual, reference
from contracts.engines.candidate import Candidate
from contracts.exact.worst_case import worst_deviations, worst_participation_slacks
from contracts.problem.screening import ScreeningProblem

# Objective per utility, in the program's units; prices of 1 are usual where sets are well apart. Lower ones leave a
# solver more digits where they are enough: those of a bound are lost in proportion to the prices.
IC_PRICES = (1e3, 30.0, 3.0)


def solve(problem: ScreeningProblem, *, deadline: float = np.inf) -> Candidate:
    """The menu of `dual` where that applies and its menu is robust, else the one of `reference`.

    Parameters
    ----------
    deadline : time.monotonic() after which the engines stop with what there is

    Raises
    ------
    ContractError
        As `reference` does.
    """
    known = replace(problem, uncertainty=None)
    if problem.ambiguity is None and dual.reason_against(known) is None:
        candidate = dual.solve(known, deadline=deadline)
        if is_robust(problem, candidate):
            return candidate
    return reference.solve(problem, deadline=deadline)


def priced(problem: ScreeningProblem, *, ic_price: float = IC_PRICES[0], deadline: float = np.inf) -> Candidate:
    """The menu of `reference` with limited IC prices, for sets that nearly touch.

    Between such types no menu has room, so the prices of their rows are huge or have no limit, and a solver stops far
    from them. Where a price below the limit is enough, paying it changes nothing.
    """
    return reference.solve(problem, deadline=deadline, ic_price=ic_price)


def is_robust(problem: ScreeningProblem, candidate: Candidate) -> bool:
    """Whether policies without money keep IC and IR at every valuation in the sets."""
    options = candidate.allocation, np.zeros(problem.n_types)
    tempted = worst_deviations(problem, options, np.arange(problem.n_types)).runner_up_gain
    return bool(tempted.max() <= 0 and worst_participation_slacks(problem, *options).min() >= 0)

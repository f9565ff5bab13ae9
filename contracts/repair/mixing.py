"""Mixtures with a strict menu: the smallest share of it that gives every constraint room.

(1 - e) menu + e strict menu has e times the strict menu's slack, less what the menu misses.
"""

from __future__ import annotations

import numpy as np

from contracts.engines.candidate import Candidate
from contracts.engines.strict import StrictMenu
from contracts.exact.rationals import utility_error
from contracts.exact.relevance import relevant_blocks
from contracts.inputs.arrays import Array
from contracts.problem.screening import ScreeningProblem

LARGEST_MIXTURE = 0.1  # a larger share of the strict menu is no repair


def mixed(problem: ScreeningProblem, candidate: Candidate, strict: StrictMenu, share: float) -> tuple[Array, Array]:
    """(1 - share) candidate + share strict menu: allocations and utilities."""
    allocation = problem.domain.clip((1 - share) * candidate.allocation + share * strict.allocation)
    return allocation, (1 - share) * candidate.utility + share * strict.utility


def mixture_needed(problem: ScreeningProblem, candidate: Candidate, allocation: Array, utility: Array) -> float:
    """Smallest share of the strict menu that leaves every IC and IR constraint some room."""
    valuations, rent = problem.valuations, candidate.utility
    price = np.einsum("ij,ij->i", valuations, candidate.allocation) - rent
    strict_price = np.einsum("ij,ij->i", valuations, allocation) - utility
    hair = 8 * utility_error(valuations, candidate.allocation, price)
    needed = share_needed(problem.reservation_utility - rent + hair, utility - problem.reservation_utility)
    for types, options in relevant_blocks(valuations, candidate.allocation, price, hair):
        miss = valuations[types] @ candidate.allocation[options].T - price[options] - rent[types, np.newaxis]
        counts = types[:, np.newaxis] != options
        if problem.mimics is not None:
            counts &= problem.mimics[np.ix_(types, options)]
        rows, columns = np.nonzero((miss > -hair[types, np.newaxis]) & counts)
        who, what = types[rows], options[columns]
        gain = np.einsum("ij,ij->i", valuations[who], allocation[what]) - strict_price[what] - utility[who]
        needed = max(needed, share_needed(miss[rows, columns] + hair[who], -gain))
    return needed


def share_needed(miss: Array, room: Array) -> float:
    """Largest miss / (miss + room) where something is missed and there is room."""
    short = (miss > 0) & (room > 0)
    return float(np.max(miss[short] / (miss[short] + room[short]), initial=0.0))

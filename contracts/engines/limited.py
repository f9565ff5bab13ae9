"""Types on a line whose transfers are limited: the limit of the type that would pay most, or least, at its price.

Where transfers rise along the line, as they do wherever all types value more, or all value less, only an end can be at
a limit, and one limit at most binds as a rule. So leave all limits out but that of the type that misses its own most:
one side constraint, which ironing meets at its price. If the others keep theirs, the menu is best under all of them,
and the price is that of the type's limit. Nothing here takes on trust that they do.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from contracts.engines import ironing, priced_row
from contracts.engines.candidate import Candidate
from contracts.errors import InfeasibleMenuError, SolverError, UnboundedMenuError
from contracts.problem.rows import LinearConstraint
from contracts.problem.screening import ScreeningProblem

TRIES = 3  # types whose limit may turn out to be the one that binds
ROUNDING = 1e-12  # share of the largest transfer by which one may miss a limit before repairs


def reason_against(problem: ScreeningProblem) -> str | None:
    """Why this engine does not apply; None if it does."""
    if not isinstance(problem.transfers, tuple) or problem.has_rows:
        return "transfers are not limited, or there are side constraints besides"
    line = ironing.line_of(replace(problem, transfers="free"))
    if isinstance(line, str):
        return line
    return ironing.IR_ABOVE if np.ptp(problem.reservation_utility) else None


def solve(problem: ScreeningProblem) -> Candidate:
    """The best menu under limits on transfers, by the price of the one that binds.

    Raises
    ------
    SolverError
        If limits bind at several types, or nothing but limits bounds the problem: it takes another engine.
    """
    free = replace(problem, transfers="free")
    try:
        found, price = ironing.solve(free), np.zeros(problem.n_types)
        for _ in range(TRIES):
            row = _missed(problem, found)
            if row is None:
                prices = replace(found.multipliers, transfer=price, side=np.zeros(0))
                return replace(found, multipliers=prices, engine="ironing at a limit's price")
            found = priced_row.solve(replace(free, constraints=[row]))
            price = float(found.multipliers.side[0]) * np.asarray(row.transfer) * (1.0 if row.upper is None else -1.0)
    except (UnboundedMenuError, InfeasibleMenuError) as failure:
        raise SolverError(f"more than one limit on transfers may bind: {failure}", tried=("ironing",)) from failure
    raise SolverError("limits on transfers bind at several types of the line", tried=("ironing",))


def _missed(problem: ScreeningProblem, found: Candidate) -> LinearConstraint | None:
    """The limit that a menu misses most, as a row over the type that misses it; None if all are kept.

    Types that count as one on the line have one contract, and bear the limit together.
    """
    lowest, highest = problem.transfer_limits
    transfer = problem.utility(found.allocation, found.utility)
    missed = np.maximum(lowest - transfer, transfer - highest)
    rounding = ROUNDING * float(np.abs(transfer).max())
    if missed.max() <= rounding:
        return None
    line = ironing.line_of(replace(problem, transfers="free"))
    assert not isinstance(line, str)
    place = np.empty(problem.n_types, dtype=np.intp)
    place[line.order] = line.group
    most = np.flatnonzero(missed >= missed.max() - rounding)  # types that share a contract, of which an end counts
    who = most[np.argmax(np.abs(2 * place[most] - place.max()))]
    share = np.where(place == place[who], problem.weights, 0.0)
    share /= share.sum()
    if transfer[who] > highest:
        return LinearConstraint(transfer=share, upper=highest, name="highest transfer")
    return LinearConstraint(transfer=share, lower=lowest, name="lowest transfer")

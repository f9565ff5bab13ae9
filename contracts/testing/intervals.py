"""How far the mean of bounded draws can be from their average, and how many draws a wanted precision takes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked, renamed
from contracts.inputs.kinds import Count, Positive


def radii(draws: Array, width: float, n_statements: int, alpha: float) -> Array:
    """By how much each mean can be off, on either side, so that all are within with a chance of 1 - alpha.

    The better of Hoeffding's (1963) and the empirical Bernstein bound (Maurer & Pontil 2009), each allowed half of what
    one side of one statement may err.

    Parameters
    ----------
    draws : (n_statements, n_samples), independent along the last axis, within an interval of the width
    """
    n = draws.shape[-1]
    return np.asarray(
        np.minimum(
            width * math.sqrt(_doubt(n_statements, alpha) / (2 * n)),
            _bernstein(draws.var(axis=-1, ddof=1), n, width, _doubt(n_statements, alpha) + math.log(2)),
        )
    )


def _doubt(n_statements: int, alpha: float) -> float:
    """Logarithm of one over the chance that one bound on one side of one statement may err."""
    return math.log(4 * n_statements / alpha)


def _bernstein(variance: Any, n: int, width: float, doubt: float) -> Any:
    return np.sqrt(2 * variance * doubt / n) + 7 * width * doubt / (3 * (n - 1))


def needed(variance: float, width: float, radius: float, n_statements: int, alpha: float) -> int | None:
    """The least number of draws whose radius is at most this, if their variance stays; None if none is enough."""
    if not radius > 0:
        return None
    doubt = _doubt(n_statements, alpha)
    by_hoeffding = (width / radius) ** 2 * doubt / 2
    sharper = doubt + math.log(2)
    a, b = math.sqrt(2 * variance * sharper), 7 * width * sharper / 3  # a / sqrt(n) + b / (n - 1) <= radius
    root = (a + math.sqrt(a * a + 4 * b * radius)) / (2 * radius)
    return max(2, math.ceil(min(by_hoeffding, root * root + 1)))


@renamed(confidence="level")
@checked
def samples_needed(
    precision: Positive,
    *,
    payoff_range: tuple[float, float],
    n_deviations: Count,
    level: float = 0.95,
) -> int:
    """Draws of each report after which every regret is known to within `precision`, whatever the mechanism draws.

    By Hoeffding's inequality for differences of utilities in the range, over all deviations at once. Draws that vary
    less than they might need fewer: `check_mechanism` says how many, once it has seen some.

    Parameters
    ----------
    precision : utility units
    payoff_range : (lowest, highest) utility that any outcome has
    n_deviations : pairs of a type and another report, times the others' profiles
    level : confidence with which all statements are true together

    Raises
    ------
    ProblemError
        If the range is empty or infinite, or the level not between 0 and 1.

    Examples
    --------
    >>> samples_needed(0.1, payoff_range=(0.0, 1.0), n_deviations=6)
    1235
    """
    low, high = checked_range(payoff_range)
    return max(2, math.ceil((2 * (high - low) / precision) ** 2 * _doubt(n_deviations, checked_doubt(level)) / 2))


def checked_range(payoff_range: tuple[float, float]) -> tuple[float, float]:
    """The lowest and highest utility, finite and apart."""
    low, high = payoff_range
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ProblemError(f"payoff_range is ({low:g}, {high:g}): give the lowest and the highest utility, both finite")
    return float(low), float(high)


def checked_doubt(level: float) -> float:
    """1 - level."""
    if not 0 < level < 1:
        raise ProblemError(f"level is {level:g}: give a number between 0 and 1, such as 0.95")
    return 1 - level

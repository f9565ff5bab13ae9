"""A number that stopped at a bound is said to be there, in one way everywhere: it is no estimate."""

from __future__ import annotations


def at_the_bound(what: str, bound: float, meaning: str) -> str:
    """What stands in the attribute `at_bound` of a result, and under its table.

    Examples
    --------
    >>> at_the_bound("sd of groups", 0.0, "groups differ by no more than chance")
    'sd of groups is at its bound 0: groups differ by no more than chance'
    """
    return f"{what} is at its bound {bound:g}: {meaning}"

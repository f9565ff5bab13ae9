"""Exact indifference: contracts of so few binary digits that types of equal valuations get exactly equal utilities.

Types i and k with a_i = a_k but different principal_values have the same utility, by IC, from two contracts that the
principal would like to differ. If their utilities differ in the last digit, both take the same one. So a . x must be a
float, and the transfer a . x - u as well: valuations are whole multiples of some 2^-p (whole numbers, quarters, ...),
allocations and utilities are rounded to multiples of powers of two, and all sums stay below 2^53 of the smallest unit.
The same goes for types whose sets of valuations touch: the valuation in common is indifferent.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from contracts.inputs.arrays import Array, Indices
from contracts.problem.costs import index_of
from contracts.problem.domains import Simplex, is_lottery
from contracts.problem.screening import ScreeningProblem
from contracts.repair.sharing import pooled

DIGITS = 52  # binary digits of the largest sum, one less than a float has
FEWEST_DIGITS = 24  # of an allocation, below which rounding costs more than indifference gains
SHARE_DIGITS = 53  # binary digits of shares that sum to one
ON_FACE = 1e-6  # by which shares may miss a sum of one, for it to be meant


def doubles(problem: ScreeningProblem) -> Indices | None:
    """Number of every type's valuations, (n_types,); None unless types of equal valuations are worth different things.

    They are where principal values or costs differ.

    Examples
    --------
    >>> doubles(ScreeningProblem([1.0, 2.0, 2.0], principal_values=[[0.0], [0.0], [0.5]]))
    array([0, 1, 1])
    >>> doubles(ScreeningProblem([1.0, 2.0, 2.0])) is None
    True
    """
    if problem.mimics is not None:  # types of equal valuations may be out of one another's reach
        return None
    values = problem.principal_values + problem.terms.allocation_values
    values = np.column_stack([values, index_of(problem.cost, problem.n_types)])
    if not np.ptp(values, axis=0).any():
        return None
    taste = np.unique(problem.valuations - _common(problem), axis=0, return_inverse=True)[1].reshape(-1)
    first = np.unique(taste, return_index=True)[1]
    return taste if np.any(values != values[first[taste]]) else None


def _common(problem: ScreeningProblem) -> Array:
    """What a type values any lottery at, whichever it is: types that differ by it have one taste; (n_types, 1)."""
    if is_lottery(problem.domain):
        return np.asarray(problem.valuations[:, :1])
    return np.zeros((problem.n_types, 1))


def _places(value: float) -> int:
    """The least p for which value * 2^p is whole; negative for multiples of larger powers of two."""
    numerator, denominator = float(value).as_integer_ratio()
    return denominator.bit_length() - (numerator & -numerator).bit_length()


def in_few_digits(
    problem: ScreeningProblem, allocation: Array, values: Array, most: int = DIGITS
) -> tuple[Array, float] | None:
    """Allocations rounded so that sums of their products with `values` are exact, and the unit of such sums.

    They have at most `most` binary digits. None where the values have too many, or rounding leaves the domain.
    """
    places = max((_places(value) for value in np.unique(np.abs(values)) if value), default=0)
    largest = max(float(np.abs(values).max(initial=0.0)), 2.0**-1000)
    spare = min(most, DIGITS - (int(np.frexp(largest)[1]) + places + int(problem.n_goods).bit_length()))
    if spare < FEWEST_DIGITS:
        return None
    unit = 2.0 ** (int(np.frexp(np.abs(allocation).max(initial=2.0**-1000))[1]) - spare)
    rounded = np.round(allocation / unit) * unit
    if isinstance(problem.domain, Simplex):  # what rounding moved is moved back, where there is most
        largest_share = np.arange(len(rounded)), np.argmax(rounded, axis=1)
        rounded[largest_share] += np.round(allocation.sum(axis=1) / unit) * unit - rounded.sum(axis=1)
    else:  # what rounding took over an edge goes back by one unit
        rounded -= unit * np.sign(rounded - problem.domain.clip(rounded))
    if problem.domain.violation(rounded).max() > 0:
        return None
    return rounded, unit * 2.0**-places


def indifferent(
    problem: ScreeningProblem, taste: Indices, allocation: Array, utility: Array
) -> tuple[Array, Array] | None:
    """Allocations and utilities rounded so that a . x - u is exact, one utility for every taste; None if impossible."""
    found = in_few_digits(problem, allocation, problem.valuations)
    if found is None:
        return None
    rounded, step = found
    above = _common(problem)[:, 0]
    mean = pooled(taste, problem.weights, utility - above)
    return rounded, np.ceil(mean / step) * step + above


def likes_all_alike(problem: ScreeningProblem) -> bool:
    """Whether some type values every lottery alike, so that without money it takes the one whose shares sum to most."""
    by_type = np.ptp(problem.valuations, axis=1) == 0
    return is_lottery(problem.domain) and problem.transfers == "none" and bool(by_type.any())


def in_whole_shares(problem: ScreeningProblem, allocation: Array) -> Array:
    """Lotteries whose shares sum to one exactly, or to the next digit beside what those of the outside contract do.

    Floats sum to one within a last digit, and that digit is all that a type sees who values every outcome alike. Where
    outcomes are worth less than nothing to it, it wants the lower sum, and else the higher: so each has its own.
    """
    total = Fraction(1)
    if problem.outside.is_contract:
        at_home = sum(map(Fraction, problem.outside.allocation.tolist()), Fraction(0))
        total = at_home if abs(at_home - 1) < ON_FACE else total
    unit = 2**SHARE_DIGITS
    lower, upper = math.floor(total * unit), math.ceil(total * unit)
    dislikes = (np.ptp(problem.valuations, axis=1) == 0) & (problem.valuations[:, 0] < 0)
    shares = np.round(allocation * float(unit))
    for row in np.flatnonzero(np.abs(allocation.sum(axis=1) - 1) < ON_FACE):
        others = sum(map(int, shares[row].tolist()))
        shares[row, np.argmax(shares[row])] += (lower if dislikes[row] else upper) - others
    return shares / float(unit)

"""Amounts at which twins are exactly indifferent: the nearest points of a lattice.

Twins value everything alike, so a menu that gives them different contracts leaves them exactly indifferent: what the
difference of their allocations is worth must be a difference of two floats, a multiple of the last digit g of their
transfers. With amounts as multiples of h, D of them apart, and valuations A / 2^p that asks for

    sum_k A_k D_k = 0  mod  g 2^p / h,

a lattice of whole numbers. Two goods that may vary are enough to come as near as the square root of the modulus, a
hundred-millionth of the amounts; with one good only its multiples are left, and indifference is luck.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from contracts.arrays import Array
from contracts.domains import Simplex
from contracts.engines.near_twins import LOTTERY_DIGITS
from contracts.exact import as_integers, binary_places
from contracts.problem import ScreeningProblem
from contracts.relevance import Indices

AMOUNT_DIGITS = 53  # binary digits of the largest amount
ROOM = 4.0  # roots of the modulus that an amount needs on both sides to be free to vary
TRIALS = 5000  # amounts that are looked at for a float between what two near twins would pay
LARGEST_EXPONENT = 500  # of amounts that are worth the trouble
ORDER = 4.0  # roots of the modulus by which near twins are put in the order of their tastes
ALIKE = 1e-12  # share of the largest valuation within which two tastes are told apart by their last digits
INWARDS = (0.0, 0.5, 2.0, 8.0)  # roots of the modulus by which amounts leave an edge of the domain


def twin_groups(problem: ScreeningProblem) -> list[Indices]:
    """Types of equal tastes, two and more, or of tastes that a last digit tells apart.

    What all outcomes of a lottery are worth in common is no taste.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    taste = problem.valuations - problem.valuations.mean(axis=1, keepdims=True) * _sums_to_one(problem)
    apart = np.abs(taste[:, np.newaxis] - taste).max(axis=2)
    close = apart <= ALIKE * float(np.abs(problem.valuations).max())
    if problem.mimics is not None:  # who can mimic one another only one way need not be indifferent
        close &= problem.mimics & problem.mimics.T
    group = connected_components(csr_array(close), directed=False)[1]
    members = [np.flatnonzero(group == number) for number in range(int(group.max()) + 1)]
    return [each.astype(np.intp) for each in members if len(each) > 1]


def indifferent_amounts(
    problem: ScreeningProblem, groups: list[Indices], allocation: Array, transfer: Array
) -> Iterator[Array]:
    """Allocations near the given ones at which the differences between twins are worth multiples of a last digit.

    First with the amounts on an edge of the domain where they are, then with those moved inwards, more and more.
    Where the lattice has no point at all the allocations stay.
    """
    if problem.n_goods == 1:
        moved = allocation.copy()
        for group in groups:
            _move_by_digits(problem, group, moved, transfer)
        yield problem.domain.clip(moved)
    for inwards in INWARDS:
        moved = allocation.copy()
        for group in groups:
            _move(problem, group, moved, transfer, inwards)
        if problem.domain.violation(moved).max() == 0:
            yield moved


def _sums_to_one(problem: ScreeningProblem) -> bool:
    return isinstance(problem.domain, Simplex) and not problem.domain.free_disposal


def _move(problem: ScreeningProblem, group: Indices, allocation: Array, transfer: Array, inwards: float) -> None:
    """Move the allocations of one group of twins, in place: all but one, the one that has fewest amounts to vary."""
    step_places = AMOUNT_DIGITS - _exponent(allocation[group])
    places = binary_places(problem.valuations[group])
    q = _exponent(transfer[group]) - 52 + places + step_places
    if q <= 0 or abs(step_places) > LARGEST_EXPONENT:
        return
    step, (centre, _) = 2.0**-step_places, problem.domain.interior(problem.n_goods)
    root = 2.0 ** (q / 2) * step
    rounded = np.round(allocation[group] / step) * step
    if _sums_to_one(problem):
        largest = np.argmax(rounded, axis=1)
        rounded[np.arange(len(group)), largest] += 1.0 - rounded.sum(axis=1)
    varies = _has_room(problem, rounded, ROOM * root)
    if inwards:
        gap = np.sign(centre - rounded)
        rounded = np.where(varies, rounded, np.round((rounded + gap * inwards * root) / step) * step)
        if _sums_to_one(problem):
            rounded[np.arange(len(group)), largest] += 1.0 - rounded.sum(axis=1)
        varies[:] = True
    anchor = int(np.argmin(varies.sum(axis=1)))
    worth = as_integers(problem.valuations[group[anchor]], places)
    if _sums_to_one(problem):
        worth = worth - worth[0]
    for member in range(len(group)):
        if member != anchor:
            rounded[member] += _into_order(
                problem, group[[anchor, member]], rounded[[anchor, member]], ORDER * root, step
            )
        apart = [int(d) for d in np.round((rounded[member] - rounded[anchor]) / step)]
        if member == anchor or not any(apart):
            continue
        shift = _to_lattice(
            [int(w) for w in worth],
            apart,
            np.flatnonzero(varies[member]).tolist(),
            q,
            balanced=_sums_to_one(problem),
        )
        if shift is not None:
            rounded[member] = rounded[member] + np.array(shift, dtype=np.float64) * step
    allocation[group] = rounded


def _move_by_digits(problem: ScreeningProblem, group: Indices, allocation: Array, transfer: Array) -> None:
    """Move amounts of one good by last digits, in place, until transfers fit between what near twins would pay.

    Of neighbours a < b with amounts x < y the transfers must differ by at least a (y - x) and at most b (y - x). Some
    of the amounts next to y leave a float in between.
    """
    digit = Fraction(2) ** (_exponent(transfer[group]) - 53)
    order = group[np.argsort(problem.valuations[group, 0], kind="stable")]
    for below, above in itertools.pairwise(order.tolist()):
        low, high = (Fraction(float(problem.valuations[who, 0])) for who in (below, above))
        first, start = Fraction(float(allocation[below, 0])), float(allocation[above, 0])
        if low == high or start <= first:
            continue
        trial = start
        for _ in range(TRIALS):
            step = Fraction(trial) - first
            if -(-low * step // digit) * digit <= high * step:
                allocation[above, 0] = trial
                break
            trial = float(np.nextafter(trial, np.inf))


def _exponent(values: Array) -> int:
    """The least e with all sizes below 2^e."""
    return int(np.frexp(np.abs(values).max(initial=2.0**-1000))[1])


def _into_order(problem: ScreeningProblem, pair: Indices, amounts: Array, room: float, step: float) -> Array:
    """What to add to the second's amounts for it to have more, by `room`, of what it values more by a last digit."""
    values = [[Fraction(value) for value in row] for row in problem.valuations[pair].tolist()]
    ahead = [b - a for a, b in zip(*values, strict=True)]
    if _sums_to_one(problem):
        ahead = [each - sum(ahead) / len(ahead) for each in ahead]
    direction = np.array([float(each) for each in ahead])
    length = float(np.linalg.norm(direction))
    rounding = LOTTERY_DIGITS * float(np.abs(problem.valuations[pair]).max()) * _sums_to_one(problem)
    if length <= rounding:
        return np.zeros(len(direction))
    direction /= length
    short = max(0.0, room - float(direction @ (amounts[1] - amounts[0])))
    added = np.round(short * direction / step) * step
    if _sums_to_one(problem):
        added[np.argmax(amounts[1])] -= added.sum()
    return np.asarray(added)


def _has_room(problem: ScreeningProblem, points: Array, room: float) -> NDArray[np.bool_]:
    """Which amounts are further than `room` from the ends of the range that their good has in the domain."""
    ends = np.vstack([-np.eye(problem.n_goods), np.eye(problem.n_goods)])
    corners = problem.domain.support(ends)
    lowest, highest = np.diag(corners[: problem.n_goods]), np.diag(corners[problem.n_goods :])
    return np.asarray((points - room > lowest) & (points + room < highest))


def _to_lattice(worth: list[int], apart: list[int], free: list[int], q: int, *, balanced: bool) -> list[int] | None:
    """Whole numbers to add to `apart`, at `free` places only, so that worth . apart = 0 mod 2^q; None if impossible."""
    modulus = 1 << q
    miss = sum(w * d for w, d in zip(worth, apart, strict=True)) % modulus
    shift = [0] * len(worth)
    if miss == 0:
        return shift
    last = -1
    if balanced:
        if len(free) < 2:
            return None
        last = free[-1]
        rates = {k: worth[k] - worth[last] for k in free[:-1]}
    else:
        rates = {k: worth[k] for k in free}
    rates = {k: rate for k, rate in rates.items() if rate % modulus}
    if not rates:
        return None
    first, *others = sorted(rates, key=lambda k: rates[k] & -rates[k])
    power = rates[first] & -rates[first]  # the largest power of two that divides it
    if miss % power or power >= modulus:
        return None
    small = modulus // power
    inverse = pow(rates[first] // power, -1, small)
    one = (-(miss // power) * inverse) % small
    if others:
        second = others[0]
        slope = (-(rates[second] // power) * inverse) % small
        one, two = _nearest((one, 0), (small, 0), (slope, 1))
        shift[second] = two
    else:
        one = one - small if one > small // 2 else one
    shift[first] = one
    if balanced:
        shift[last] = -sum(shift)
    return shift


Pair = tuple[int, int]


def _nearest(point: Pair, one: Pair, two: Pair) -> Pair:
    """The shortest vector that differs from `point` by whole multiples of two others, nearly (Gauss; Babai)."""

    def dot(a: Pair, b: Pair) -> int:
        return a[0] * b[0] + a[1] * b[1]

    def less(a: Pair, b: Pair) -> Pair:
        """a less the whole multiple of b that leaves it shortest."""
        times = (2 * dot(a, b) + dot(b, b)) // (2 * dot(b, b))
        return a[0] - times * b[0], a[1] - times * b[1]

    while True:
        if dot(one, one) < dot(two, two):
            one, two = two, one
        shorter = less(one, two)
        if dot(shorter, shorter) >= dot(one, one):
            break
        one = shorter
    # one, two are reduced and nearly at right angles: take away the larger, then the smaller
    across = (-two[1], two[0])
    height = dot(one, across)
    times = (2 * dot(point, across) + abs(height)) // (2 * abs(height)) * (1 if height > 0 else -1)
    point = point[0] - times * one[0], point[1] - times * one[1]
    return less(point, two)

"""Amounts at which twins are exactly indifferent: the nearest points of a lattice.

Twins value everything alike, so a menu that gives them different contracts leaves them exactly indifferent: what the
difference D of their allocations is worth must be a difference of two floats, a multiple of the last digit g of the
smaller transfer. With amounts as multiples of h, and valuations A / 2^p, that asks for

    sum_k A_k D_k = 0  mod  g 2^p / h,

a lattice of whole numbers. Two goods that may vary are enough to come as near as the square root of the modulus, a
hundred-millionth of the amounts, unless the valuations are decimals: those of .1 and 2.9 differ from whole multiples of
one another by last digits only, and the lattice is sparse in one direction. What helps is an amount that can vary in
finer digits than the others: a small one, or one that is moved a hair inwards from an edge at zero. With one good only,
and no such amount, the taste's own last digit decides how far apart amounts may be.

Near twins, a last digit apart, need not be indifferent: what they pay may lie anywhere between what the difference is
worth to the one and to the other. That room is one more way to come to the lattice.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.engines.twins.near_twins import LOTTERY_DIGITS
from contracts.exact.rationals import EPS, as_integers, binary_places
from contracts.inputs.arrays import Array, Indices
from contracts.inputs.frozen import dataclass
from contracts.numerics.short_vectors import nearest_to
from contracts.problem.domains import Simplex, ends_of, extent_of, is_lottery
from contracts.problem.participation import WithOutside
from contracts.problem.screening import ScreeningProblem

AMOUNT_DIGITS = 53  # binary digits of the largest amount
FREE = 2.0**-14  # share of the largest amount by which others may vary
FEWEST_STEPS = 4.0  # by which an amount must be able to vary
MOST_WAYS = 6  # of varying amounts that are looked at together
NOTHING_IS_PAID = 58  # powers of two by which sums of money, were there any, would exceed what all amounts are worth
TRIALS = 5000  # amounts that are looked at for a float between what two near twins would pay
LARGEST_EXPONENT = 500  # of amounts that are worth the trouble
LEAST_SHARE = 2.0**-10  # of a direction in goods that may move, for them to do so alone
ORDER = 4.0  # roots of the modulus by which near twins are put in the order of their tastes
ALIKE = 1e-12  # share of the largest valuation within which two tastes are told apart by their last digits
ON_FACE = 1e-6  # by which shares may miss a sum of one, for it to be meant
INWARDS = (0.0, 2.0**-34, 2.0**-28, 2.0**-24)  # share of the largest amount by which others leave an edge


@dataclass(frozen=True, eq=False)
class Tastes:
    """What indifference is about: valuations of the goods that vary, (n_types, n_goods), and where they vary."""

    valuations: Array
    domain: Any
    is_shared_out: bool = False  # whether all there may be is given away: then what moves keeps its sum

    @property
    def n_goods(self) -> int:
        """Number of goods."""
        return int(self.valuations.shape[1])

    @property
    def sums_to_one(self) -> bool:
        """Whether amounts sum to one, as lotteries do; what all goods are worth in common is no taste then."""
        return self.is_shared_out or is_lottery(self.domain)


def tastes_of(problem: ScreeningProblem, allocation: Array) -> Tastes:
    """The tastes that twins share: where all in `allocation` are served for sure, those for what is served."""
    if isinstance(problem.domain, WithOutside) and not allocation[:, -1].any():
        return _shared_out(Tastes(problem.valuations[:, :-1], problem.domain.inner), allocation[:, :-1])
    return _shared_out(Tastes(problem.valuations, problem.domain), allocation)


def _shared_out(tastes: Tastes, allocation: Array) -> Tastes:
    """Tastes on the face of unit demand where nothing is disposed of, if all of `allocation` is there."""
    at_most_one = isinstance(tastes.domain, Simplex) and tastes.domain.free_disposal
    is_face = at_most_one and len(allocation) > 0 and bool((allocation.sum(axis=1) >= 1 - ON_FACE).all())
    return replace(tastes, is_shared_out=is_face)


def twin_groups(problem: ScreeningProblem, allocation: Array) -> list[Indices]:
    """Types of equal tastes, two and more, or of tastes that a last digit tells apart.

    Of those who are served for sure what they want from what is served; of others what they want from the rest, too.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    close = _alike(Tastes(problem.valuations, problem.domain))
    if isinstance(problem.domain, WithOutside):
        served = allocation[:, -1] == 0
        close |= _alike(tastes_of(problem, allocation[:0])) & (served[:, np.newaxis] & served)
    if problem.mimics is not None:  # who can mimic one another only one way need not be indifferent
        close &= problem.mimics & problem.mimics.T
    group = connected_components(csr_array(np.asarray(close, dtype=np.int8)), directed=False)[1]
    members = [np.flatnonzero(group == number) for number in range(int(group.max()) + 1)]
    return [each.astype(np.intp) for each in members if len(each) > 1]


def _alike(tastes: Tastes) -> NDArray[np.bool_]:
    """Which pairs of types a last digit tells apart at most; (n_types, n_types)."""
    taste = tastes.valuations - tastes.valuations.mean(axis=1, keepdims=True) * tastes.sums_to_one
    apart = np.abs(taste[:, np.newaxis] - taste).max(axis=2)
    return np.asarray(apart <= ALIKE * float(np.abs(tastes.valuations).max()))


def indifferent_amounts(
    problem: ScreeningProblem, groups: list[Indices], allocation: Array, transfer: Array
) -> Iterator[Array]:
    """Allocations near the given ones at which the differences between twins are worth multiples of a last digit.

    First with the amounts on an edge of the domain where they are, then with those moved inwards, more and more.
    Where the lattice has no point at all the allocations stay.
    """
    if problem.n_goods == 1 and problem.transfers != "none":
        moved = allocation.copy()
        for group in groups:
            _move_by_digits(tastes_of(problem, moved), group, moved, transfer)
        yield problem.domain.clip(moved)
    differ = any(np.ptp(problem.valuations[group], axis=0).any() for group in groups)
    for inwards, loose in itertools.product(INWARDS, (False, True) if differ else (False,)):
        moved = allocation.copy()
        for group in groups:
            tastes = tastes_of(problem, moved[group])
            varying = moved[:, : tastes.n_goods]
            unpaid = problem.transfers == "none"
            paid = _more_than_all(tastes, varying) if unpaid else transfer
            _move(tastes, group, varying, paid, inwards, loose=loose, unpaid=unpaid)
        if problem.domain.violation(moved).max() == 0:
            yield moved


def _move(
    tastes: Tastes, group: Indices, allocation: Array, transfer: Array, inwards: float, *, loose: bool, unpaid: bool
) -> None:
    """Move the allocations of one group of twins, in place: those of whoever pays most first, in coarsest digits.

    With `loose`, transfers may lie anywhere between what near twins would pay, not only where one is indifferent.
    """
    amounts = _off_edges(tastes, allocation[group], inwards)
    exponents = np.frexp(np.abs(transfer[group]))[1]
    places = binary_places(tastes.valuations[group])
    step_places = AMOUNT_DIGITS - _exponent(amounts)
    q = int(exponents.max()) - 52 + places + step_places
    order = q - NOTHING_IS_PAID * unpaid
    if q <= 0 or abs(step_places) > LARGEST_EXPONENT or int(exponents.min()) < -LARGEST_EXPONENT:
        return
    step = max(2.0**-step_places, EPS * tastes.sums_to_one)  # shares move by what keeps their sums
    taste, count = np.unique(tastes.valuations[group], axis=0, return_inverse=True, return_counts=True)[1:]
    taste = taste.reshape(-1)
    commonest = int(np.argmax(count[taste]))
    first, *others = np.argsort(-exponents, kind="stable").tolist()
    placed, extent = [first], extent_of(tastes.domain, tastes.n_goods)
    for member in others:
        for other in placed:
            near = [other, member]
            more = _into_order(tastes, group[near], amounts[near], ORDER * 2.0 ** (order / 2) * step, step)
            if np.array_equal(np.clip(amounts[member] + more, *extent), amounts[member] + more):
                amounts[member] += more
            else:  # there is an edge: the others move the other way
                amounts[placed] -= more
        exact = next(
            (other for other in placed if taste[other] == taste[member]), None
        )  # tastes equal to the last digit
        pair = [first if exact is None else exact, member]
        ways = _ways(tastes, amounts, placed, member, same=exact is not None or tastes.is_shared_out)
        digit = int(exponents[member]) - 53
        if (amounts[pair[0]] != amounts[member]).any() and ways:
            counted = taste[commonest] if exact is None else taste[member]
            worth, *own = as_integers(tastes.valuations[group[[np.argmax(taste == counted), *pair]]], places)
            spare = (own[1] - own[0]) * (int(taste[first] == counted) - int(taste[member] == counted)) * loose
            for way, steps in zip(ways, _to_lattice(worth, spare, places, amounts[pair], ways, digit), strict=True):
                way.vary(amounts, steps)
        placed.append(member)
    allocation[group] = amounts


def _more_than_all(tastes: Tastes, amounts: Array) -> Array:
    """Sums of money whose last digits are more than all amounts are worth: nobody pays, so differences are worth 0."""
    largest = float((np.abs(tastes.valuations) @ np.abs(amounts).max(axis=0)).max())
    return np.full(len(amounts), 2.0**NOTHING_IS_PAID * largest)


def _off_edges(tastes: Tastes, amounts: Array, inwards: float) -> Array:
    """Amounts on an edge of the domain moved inwards by a share of the largest; lotteries keep their sums."""
    width = inwards * float(np.abs(amounts).max())
    lowest, highest = extent_of(tastes.domain, tastes.n_goods)
    if ends_of(tastes.domain, tastes.n_goods) is None and not tastes.sums_to_one:  # edges that several goods share
        amounts = amounts + inwards * (tastes.domain.interior(tastes.n_goods)[0] - amounts)
    moved = np.clip(amounts, np.minimum(lowest + width, amounts.max()), np.maximum(highest - width, amounts.min()))
    digits = EPS if tastes.sums_to_one else _steps(moved)
    moved = np.round(moved / digits) * digits
    if tastes.sums_to_one:
        total = 1.0 - np.round(width * tastes.is_shared_out / EPS) * EPS
        moved[np.arange(len(moved)), np.argmax(moved, axis=1)] += total - moved.sum(axis=1)
    return np.asarray(moved)


def _steps(amounts: Array) -> Array:
    """The steps in which amounts can vary without running out of digits: two of their last ones."""
    return np.asarray(2.0 ** (np.frexp(np.maximum(np.abs(amounts), 2.0**-LARGEST_EXPONENT))[1] - 52.0))


@dataclass(frozen=True, eq=False)
class Way:
    """A way to vary the difference of a twin's amounts from those of the twins placed before."""

    rows: tuple[int, ...]  # of the amounts that move: the twin's own, or all others'
    sign: int  # 1 for its own, -1 for the others'
    goods: tuple[int, ...]  # the one that rises, and the one that falls where the sum of a lottery matters
    step: float  # a power of two
    room: float  # by which it may vary

    def vary(self, amounts: Array, count: int) -> None:
        """Move amounts, in place, by `count` steps."""
        for good, direction in zip(self.goods, (1.0, -1.0), strict=False):
            amounts[list(self.rows), good] += self.sign * direction * float(count) * self.step

    def rate(self, worth: NDArray[np.object_], exponent: int) -> int:
        """What a step is worth, in units of which a difference of one in all amounts is worth `worth` 2^exponent."""
        return sum(int(worth[good]) * direction for good, direction in zip(self.goods, (1, -1), strict=False)) * int(
            self.step * 2.0**exponent
        )


def _ways(tastes: Tastes, amounts: Array, placed: list[int], member: int, *, same: bool) -> list[Way]:
    """The ways that leave most freedom, counted in steps; at most MOST_WAYS.

    A sum of one may be off by a last digit, unless it is lotteries whose valuations are the same but for a constant.
    """
    lowest, highest = extent_of(tastes.domain, tastes.n_goods)
    free = FREE * float(np.abs(amounts).max())
    found = []
    for rows, sign in (((member,), 1), (tuple(placed), -1)):
        moving = amounts[list(rows)]
        digits = _steps(np.abs(moving).max(axis=0))
        room = np.minimum(np.minimum(moving - lowest, highest - moving).min(axis=0) / 2, free)
        last = int(np.argmax(moving.min(axis=0)))
        unspent = EPS + float(np.maximum(1.0 - moving.sum(axis=1), 0.0).min()) / 2
        for good in range(tastes.n_goods):
            step = float(digits[good])
            if not tastes.sums_to_one:
                found.append(Way(rows, sign, (good,), step, float(room[good])))
            elif good != last:
                found.append(Way(rows, sign, (good, last), EPS, float(min(room[good], room[last]))))
                found.append(Way(rows, sign, (good,), step, float(min(room[good], unspent)) * same))
    found = [way for way in found if way.room >= FEWEST_STEPS * way.step]
    return sorted(found, key=lambda way: -way.room / way.step)[:MOST_WAYS]


def _to_lattice(
    worth: NDArray[np.object_], spare: NDArray[np.object_], places: int, pair: Array, ways: list[Way], digit: int
) -> list[int]:
    """How many steps to go each way for the difference of a pair to be worth a multiple of 2^digit; 0 if impossible.

    `worth` 2^-places is what a unit of each good is worth. What the difference is worth may be more, or less, by up to
    what it is at `spare` 2^-places.
    """
    finest = min(way.step for way in ways)
    exponent = max(binary_places(pair), 1 - int(np.frexp(finest)[1]))
    one, other = as_integers(pair, exponent)
    modulus = 1 << max(0, digit + places + exponent)
    width = int(spare @ (other - one))
    miss = (int(worth @ (other - one)) + width // 2) % modulus
    rates = [way.rate(worth, exponent) for way in ways]
    steps = [way.room / way.step for way in ways]
    if width:  # as another way to go, by units of what things are worth
        rates, steps = [*rates, 1], [*steps, abs(width) / 2]
    stays = [0] * len(rates)
    order = sorted(range(len(rates)), key=lambda way: rates[way] & -rates[way] or modulus)
    power = rates[order[0]] & -rates[order[0]]  # the largest power of two that divides it, and all rates
    if miss == 0 or not 0 < power < modulus or miss % power:
        return stays[: len(ways)]
    small = modulus // power
    inverse = pow(rates[order[0]] // power, -1, small)
    basis = np.eye(len(rates), dtype=int).astype(object)
    basis[:, 0] = [small, *(-(rates[way] // power) * inverse % small for way in order[1:])]
    size = [1 << round(np.log2(max(steps) / steps[way])) for way in order]
    start = np.zeros(len(rates), dtype=int).astype(object)
    start[0] = -(miss // power) * inverse % small * size[0]
    near = nearest_to(start, basis * np.array(size, dtype=object))
    for way, entry, scale in zip(order, near, size, strict=True):
        stays[way] = entry // scale
    return stays[: len(ways)]


def _move_by_digits(tastes: Tastes, group: Indices, allocation: Array, transfer: Array) -> None:
    """Move amounts of one good by last digits, in place, until transfers fit between what near twins would pay.

    Of neighbours a < b with amounts x < y the transfers must differ by at least a (y - x) and at most b (y - x). Some
    of the amounts next to y leave a float in between.
    """
    digit = _exponent(transfer[group]) - 53
    order = group[np.argsort(tastes.valuations[group, 0], kind="stable")]
    for below, above in itertools.pairwise(order.tolist()):
        low, high = (float(tastes.valuations[who, 0]) for who in (below, above))
        first, trial = float(allocation[below, 0]), float(allocation[above, 0])
        if low == high or trial <= first:
            continue
        worth = _whole(low, high)
        for _ in range(TRIALS):
            if _pays_between(worth, first, trial, digit):
                allocation[above, 0] = trial
                break
            trial = math.nextafter(trial, math.inf)


def _pays_between(worth: tuple[list[int], int], first: float, trial: float, digit: int) -> bool:
    """Whether a multiple of 2^digit lies between what the step from `first` to `trial` is worth to two near twins."""
    (low, high), worth_places = worth
    (start, end), places = _whole(first, trial)
    places += worth_places + digit
    step = end - start
    return places <= 0 or -(-low * step >> places) << places <= high * step


def _whole(*values: float) -> tuple[list[int], int]:
    """Floats as whole numbers over 2^places, and the places; in Python's integers, of which thousands are tried."""
    ratios = [value.as_integer_ratio() for value in values]
    places = max(under.bit_length() - 1 for _, under in ratios)
    return [over << places - under.bit_length() + 1 for over, under in ratios], places


def _exponent(values: Array) -> int:
    """The least e with all sizes below 2^e."""
    return int(np.frexp(np.abs(values).max(initial=2.0**-1000))[1])


def _into_order(tastes: Tastes, pair: Indices, amounts: Array, room: float, step: float) -> Array:
    """What to add to the second's amounts for it to have more, by `room`, of what it values more by a last digit.

    Nothing where both have the same. What is on an edge of the domain, where a row may hold it, stays if others move.
    """
    values = [[Fraction(value) for value in row] for row in tastes.valuations[pair].tolist()]
    ahead = [b - a for a, b in zip(*values, strict=True)]
    common = sum(ahead) / len(ahead) * int(tastes.sums_to_one)
    direction = np.array([float(each - common) for each in ahead])
    length = float(np.linalg.norm(direction))
    rounding = LOTTERY_DIGITS * abs(float(common))
    if length <= rounding or (amounts[0] == amounts[1]).all():
        return np.zeros(len(direction))
    direction /= length
    lowest, highest = extent_of(tastes.domain, tastes.n_goods)
    moving = np.where((amounts[1] > lowest) & (amounts[1] < highest), direction, 0.0)
    if tastes.sums_to_one or np.abs(moving).max() < LEAST_SHARE:
        moving = direction
    short = max(0.0, room - float(direction @ (amounts[1] - amounts[0])))
    added = np.round(short / float(direction @ moving) * moving / step) * step
    if tastes.sums_to_one:
        added[np.argmax(amounts[1])] -= added.sum()
    return np.asarray(added)

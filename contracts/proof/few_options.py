r"""What types are worth at their virtual valuations if together they have few options.

The Lagrangian of `contracts.proof.bound` leaves sum_j w_j [v_j . x_j - c(x_j)]. In a menu of at most k options x_j is
one of k allocations, or that of the outside contract o; so for any multipliers at all no such menu is worth more than

    max over lists x_1, ..., x_k of   sum_j w_j max_g [v_j . x_g - c(x_g)]      (o included)

plus the terms that no allocation is in. Where the v_j lie on a line, v_j = p + s_j e, this maximum is found exactly:

* Of two options, whoever prefers the one with the larger e . x does so the more, the larger s is. So those who share an
  option are neighbours in s. A pool with weight W and mean valuation m is worth W c*(m), c* the conjugate of the cost
  over all allocations, or over a given list of them; a pool at o is worth what its members are, one by one.
* Let C(i, j) be the worth of the pool of i, ..., j - 1. For i <= j <= k <= l, C(i, l) + C(j, k) <= C(i, k) + C(j, l).
  Let x be best for the pool (i, l) and y for (j, k). If e.x <= e.y, give x to (i, k) and y to (j, l): what changes is
  that those of k, ..., l - 1 have y for x, and they gain, for the members of (j, k), of lower s, gain on average, or x
  were better for that pool than y. If e.x > e.y, give y to (i, k) and x to (j, l), and those of i, ..., j - 1 gain.
* So the best last pool begins the later, the later it ends, and dynamic programming over pools, by divide and conquer,
  takes O(k n log n) conjugates.

On a line of types the bound is attained. Ironed multipliers give virtual valuations that rise with the type, constant
on the pools of ironing; the best pools never divide those, for c* is convex; so the best allocations rise with the
type, which is all that IC asks on a line, and the price of the rising constraint is paid by nobody.

Floats: sums over pools are differences of partial sums, each off by a known share of what it sums. An evaluation off by
d misleads the search on one level by 2 d at most, on log2 n levels for each option; `_slack` adds this up.
"""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple

import numpy as np

from contracts.exact.rationals import EPS
from contracts.inputs.arrays import Array, Indices
from contracts.problem.costs import conjugate_at, parts_of, value_size
from contracts.problem.participation import WithOutside
from contracts.problem.screening import ScreeningProblem
from contracts.proof.bound import Surplus
from contracts.proof.conjugates import conjugate_bound
from contracts.proof.kinds import Kind, beside_chances

BY_INTERVALS = "intervals of types"  # engine of menus whose bound is this one
OFF_THE_LINE = 1e-9  # share of the largest virtual valuation by which they may miss a line


class Pools(NamedTuple):
    """Neighbours that have one option each, and those at the outside contract, if that is somebody's choice."""

    worth: float
    cuts: Indices  # (n_pools + 1,) where each pool begins, the number of atoms last
    is_outside: Any  # (n_pools,) of bool


class OnALine(NamedTuple):
    """Virtual valuations base + s direction, in rising order, equal ones together in an atom."""

    base: Array  # (n_goods,)
    direction: Array  # (n_goods,) of length 1
    position: Array  # (n_atoms,) s, rising
    weight: Array  # (n_atoms,)
    atom: Indices  # (n_types,) atom of every type
    error: Array  # (n_types, n_goods) how far a type's virtual valuation may be from its atom's


def worth_of_few(
    cost: Any,
    domain: Any,
    weights: Array,
    virtual: Array,
    error: Array,
    *,
    most: int | None,
    allocations: Array | None,
    outside: Array | None,
) -> tuple[Array, Array, bool]:
    """Terms whose sum no list of `most` options exceeds; what each type has of the best list; whether that is proven.

    Parameters
    ----------
    most : options at most; None for as many as there are types
    allocations : (n, n_goods) what options may be; None for the whole domain
    outside : (n_goods,) allocation of the outside contract, which everybody may have; None where there is none

    Off a line, or where costs differ by type, everybody is taken to have an option of its own.
    """
    line = line_of_virtual(weights, virtual, error)
    worth = Worth(cost, domain, allocations)
    each, best, closed_alone = _each_its_own(worth, virtual, error, outside)
    if line is None or len(parts_of(cost)) > 1:
        return weights * each, best, closed_alone
    reach = float((line.error @ np.abs(line.direction)).max(initial=0.0))
    along = np.concatenate([line.position[:1] - reach, line.position, line.position[-1:] + reach])
    along = line.base + np.outer(along, line.direction)
    top, amounts, closed = worth.rows(along, np.zeros_like(along))
    if not np.isfinite(top).all():
        return weights * np.inf, np.broadcast_to(amounts[-1], virtual.shape), closed
    pools = best_pools(line, worth, len(line.weight) if most is None else most, outside)
    largest, proven = _largest(domain, worth, amounts, outside)
    costs = float(value_size(cost, amounts).max()) + (
        0.0 if outside is None else abs(float(cost.value(outside[None])[0]))
    )
    slack = _slack(line, largest, costs, most) + float(weights @ (line.error @ largest))
    allocation = _allocations_of(pools, line, worth, outside)[line.atom]
    if float(weights @ each) <= pools.worth + slack:  # no rounding where one option each is as good as none
        return weights * each, allocation, closed_alone
    return np.array([pools.worth, slack]), allocation, closed and proven


def _each_its_own(worth: Worth, virtual: Array, error: Array, outside: Array | None) -> tuple[Array, Array, bool]:
    """What every type is worth with an option of its own, from above, what it then has, and whether that is proven."""
    each, best, closed = worth.rows(virtual, error)
    if worth.allocations is None or outside is None:
        return each, best, closed
    kept = np.broadcast_to(outside, virtual.shape)
    rounding = 16 * EPS * ((np.abs(virtual) * np.abs(kept)).sum(axis=1) + np.abs(worth.cost.value(kept)))
    stays = conjugate_at(worth.cost, virtual, kept) + rounding + (error * np.abs(kept)).sum(axis=1)
    return np.maximum(each, stays), np.where((stays > each)[:, np.newaxis], kept, best), closed


def surplus_of(program: ScreeningProblem, kind: Kind) -> Surplus:
    """What types are worth together with the options of a kind, of which those that stay are not told apart."""
    outside = program.outside
    return functools.partial(
        worth_of_few,
        most=kind.max_options,
        allocations=beside_chances(kind, program.n_goods),
        outside=outside.allocation if outside.is_contract else None,
    )


def line_of_virtual(weights: Array, virtual: Array, error: Array) -> OnALine | None:
    """The line that virtual valuations lie on; None if they do not. Those within rounding of each other are one."""
    far = virtual - virtual[0]
    longest = int(np.argmax(np.abs(far).max(axis=1)))
    size = float(np.abs(virtual).max())
    direction = far[longest]
    if not direction.any() or float(np.abs(direction).max()) <= OFF_THE_LINE * size:
        direction = np.eye(virtual.shape[1])[0]
    direction = direction / np.linalg.norm(direction / np.abs(direction).max()) / np.abs(direction).max()
    if direction[np.argmax(np.abs(direction))] < 0:
        direction = -direction
    base = virtual[0] * (virtual.shape[1] > 1)
    position = (virtual - base) @ direction
    off = np.abs(virtual - base - np.outer(position, direction))
    if off.max() > OFF_THE_LINE * size:
        return None
    own = error + off + 4 * EPS * np.abs(virtual)
    order = np.argsort(position, kind="stable")
    blur = own[order] @ np.abs(direction)
    risen, blur = position[order], 2 * blur
    begins = np.concatenate([[True], np.diff(risen) > np.maximum(blur[1:], blur[:-1])])
    atom = np.empty(len(order), dtype=np.intp)
    atom[order] = np.cumsum(begins) - 1
    weight = np.bincount(atom, weights)
    centre = np.maximum.accumulate(np.bincount(atom, weights * position) / weight)
    moved = np.outer(np.abs(position - centre[atom]), np.abs(direction))
    return OnALine(base, direction, np.asarray(centre), np.asarray(weight), atom, own + moved)


class Worth(NamedTuple):
    """What one unit of weight is worth at a virtual valuation, with the best allocation that an option may have."""

    cost: Any
    domain: Any
    allocations: Array | None

    def rows(self, virtual: Array, error: Array) -> tuple[Array, Array, bool]:
        """Conjugates from above, maximisers, whether they are proven; row by row."""
        if self.allocations is None:
            return conjugate_bound(self.cost, self.domain, virtual, error)
        each = virtual @ self.allocations.T - self.cost.value(self.allocations)
        best = self.allocations[each.argmax(axis=1)]
        rounding = (virtual.shape[1] + 4) * EPS * (np.abs(virtual) @ np.abs(self.allocations).T).max(axis=1)
        rounding = rounding + 16 * EPS * float(value_size(self.cost, self.allocations).max())
        return each.max(axis=1) + rounding + error @ np.abs(self.allocations).max(axis=0), best, True

    def of(self, virtual: Array) -> Array:
        """Conjugates as floats have them; row by row."""
        if self.allocations is None:
            return np.asarray(self.cost.conjugate(virtual, self.domain)[0])
        return np.asarray((virtual @ self.allocations.T - self.cost.value(self.allocations)).max(axis=1))


def best_pools(line: OnALine, worth: Worth, most: int, outside: Array | None) -> Pools:
    """The best division into at most `most` pools of neighbours, and one at the outside contract."""
    count = len(line.weight)
    weight, moment = _partial_sums(line.weight), _partial_sums(line.weight * line.position)

    def pooled(first: Indices, end: Indices) -> Array:
        """Worth of the pools of first, ..., end - 1; nothing for empty ones."""
        size = weight[end] - weight[first]
        mean = (moment[end] - moment[first]) / np.where(end > first, size, 1.0)
        mean = np.clip(mean, line.position[np.minimum(first, count - 1)], line.position[np.maximum(end - 1, 0)])
        each = worth.of(line.base + np.multiply.outer(mean, line.direction))
        return np.where(end > first, size * each, 0.0)

    everybody = np.arange(count + 1)
    never = np.full(count + 1, -np.inf)
    never[0] = 0.0
    alone = None if outside is None else _worth_outside(line, worth, outside)
    before = never if alone is None else alone  # with the outside contract, in use or not
    without = never  # those pools all below it
    history: list[tuple[Indices, Indices]] = []  # where last pools begin, with the outside contract and without
    lowest = alone is not None and _is_lowest(line, worth, outside)
    for _ in range(min(most, count)):
        now, begins = _stage(before, pooled)
        if alone is None or lowest:
            begins_without = begins
        else:
            without, begins_without = _stage(without, pooled)
            open_to = np.maximum.accumulate(without - alone)
            at = np.maximum.accumulate(np.where(without - alone == open_to, everybody, 0))
            later = alone + open_to > now
            now, begins = np.where(later, alone + open_to, now), np.where(later, -1 - at, begins)
        history.append((begins, begins_without))
        if now[-1] <= before[-1]:
            history.pop()
            break
        before = now
    return _traced(float(before[-1]), history, count, has_outside=alone is not None)


def _traced(worth: float, history: list[tuple[Indices, Indices]], count: int, *, has_outside: bool) -> Pools:
    """The pools that the search ended with, from the last to the first."""
    end, cuts, is_outside, used = count, [count], [], False
    stage = len(history) - 1
    while end > 0 and stage >= 0:
        begin = int(history[stage][1 if used else 0][end])
        if begin < 0:  # the outside contract has the last ones, and no one else
            begin, used = -1 - begin, True
            is_outside.append(True)
        else:
            is_outside.append(False)
            stage -= 1
        if begin < end:
            cuts.append(begin)
        else:
            is_outside.pop()
        end = begin
    if end > 0 and has_outside:
        cuts.append(0)
        is_outside.append(True)
    return Pools(worth, np.array(cuts[::-1], dtype=np.intp), np.array(is_outside[::-1], dtype=bool))


def _stage(before: Array, pooled: Any) -> tuple[Array, Indices]:
    """max over i <= j of before_i + pooled(i, j), with the i, for every j, by divide and conquer on all levels at once.

    Because the best i rises with j, what is best in the middle halves what is left to look at on either side.
    """
    count = len(before)
    best, begins = np.full(count, -np.inf), np.zeros(count, dtype=np.intp)
    first, last = np.array([0]), np.array([count - 1])
    low, high = np.array([0]), np.array([count - 1])
    while len(first):
        middle = (first + last) // 2
        width = np.minimum(high, middle) - low + 1
        starts = np.concatenate([[0], np.cumsum(width)[:-1]])
        of = np.repeat(np.arange(len(middle)), width)
        tried = np.arange(int(width.sum())) - starts[of] + low[of]
        total = before[tried] + pooled(tried, middle[of])
        top = np.maximum.reduceat(total, starts)
        hits = np.flatnonzero(total == top[of])
        hit = hits[np.unique(of[hits], return_index=True)[1]]
        best[middle], begins[middle] = top, tried[hit]
        left, right = first < middle, middle < last
        first, last, low, high = (
            np.concatenate(parts)
            for parts in (
                (first[left], middle[right] + 1),
                (middle[left] - 1, last[right]),
                (low[left], tried[hit][right]),
                (tried[hit][left], high[right]),
            )
        )
    return best, begins


def _worth_outside(line: OnALine, worth: Worth, outside: Array) -> Array:
    """What the first j atoms are worth at the outside contract; (n_atoms + 1,)."""
    virtual = line.base + np.outer(line.position, line.direction)
    each = conjugate_at(worth.cost, virtual, np.broadcast_to(outside, virtual.shape))
    return _partial_sums(line.weight * each)


def _partial_sums(terms: Array) -> Array:
    """Sums of the first j terms, in the longest floats that there are; (n + 1,)."""
    return np.concatenate([[0.0], np.cumsum(terms, dtype=np.longdouble)]).astype(np.float64)


def _is_lowest(line: OnALine, worth: Worth, outside: Array | None) -> bool:
    """Whether no option has less than the outside contract, so that it is for the first ones if for anybody."""
    lowest = worth.rows((line.base + line.position[0] * line.direction)[np.newaxis], np.zeros((1, len(line.base))))[1]
    return bool((lowest @ line.direction)[0] >= np.asarray(outside) @ line.direction)


def _allocations_of(pools: Pools, line: OnALine, worth: Worth, outside: Array | None) -> Array:
    """What every atom has; (n_atoms, n_goods)."""
    size = np.add.reduceat(line.weight, pools.cuts[:-1])
    mean = np.add.reduceat(line.weight * line.position, pools.cuts[:-1]) / size
    virtual = line.base + np.outer(mean, line.direction)
    best = worth.rows(virtual, np.zeros_like(virtual))[1].copy()
    if outside is not None:
        best[pools.is_outside] = outside
    return np.repeat(best, np.diff(pools.cuts), axis=0)


def _largest(domain: Any, worth: Worth, amounts: Array, outside: Array | None) -> tuple[Array, bool]:
    """Bounds on the amounts that pools may have, (n_goods,), and whether they are known to be.

    Of one good the amount rises with s, so that of a pool lies between those of its ends.
    """
    n_goods = amounts.shape[1]
    candidates, proven = [np.abs(amounts).max(axis=0)], n_goods == 1 + isinstance(domain, WithOutside)
    if worth.allocations is not None:
        candidates, proven = [np.abs(worth.allocations).max(axis=0)], True
    elif domain.bounded:
        candidates, proven = [domain.magnitude(n_goods)], True
    if outside is not None:
        candidates.append(np.abs(outside))
    return np.max(candidates, axis=0), proven


def _slack(line: OnALine, largest: Array, costs: float, most: int | None) -> float:
    """How far rounding can take the search below the best pools; `costs` is the size of what an option costs."""
    count, n_goods = len(line.weight), len(line.direction)
    valuation = np.abs(line.base) + np.abs(line.position)[:, np.newaxis] * np.abs(line.direction)
    size = float(line.weight @ (valuation @ largest)) + costs * float(line.weight.sum())
    summing = 2 * count * float(np.finfo(np.longdouble).eps)
    evaluation = (summing + (16 * (n_goods + 4) + 12) * EPS) * size
    levels = math.ceil(math.log2(count + 1)) + 2
    stages = count if most is None else min(most, count)
    return 2 * levels * stages * evaluation

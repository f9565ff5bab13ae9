"""Exact comparison of floats: a float is a rational, so "who prefers what" has one answer.

Utilities are first compared in floating point with a proven bound on the rounding error; only pairs closer than
that bound are compared again as Python integers (every float is an integer times a power of two).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, Indices, finite
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass

EPS = float(np.finfo(np.float64).eps)
DIGITS = 53  # binary, of a float
SMALLEST_PLACES = 1074  # after the point, of the smallest float
UNDERFLOW = 1e-300  # products below this may lose bits; added to every error bound


def as_integers(values: Array, exponent: int) -> NDArray[np.object_]:
    """values * 2**exponent as Python integers; `exponent` must be large enough for all of them."""
    fraction, power = np.frexp(values)
    digits = (fraction * 2.0**DIGITS).astype(np.int64)
    places = power.astype(np.int64) - DIGITS + exponent
    digits >>= np.maximum(-places, 0)  # zeros
    return np.asarray(digits.astype(object) << np.maximum(places, 0).astype(object), dtype=object)


def binary_places(values: Array) -> int:
    """Smallest p >= 0 such that every value times 2**p is an integer, or a little more."""
    sizes = np.abs(values)
    least = float(sizes.min(initial=np.inf, where=sizes > 0))
    return 0 if math.isinf(least) else max(0, DIGITS - math.frexp(least)[1])


class ExactUtilities:
    """The utilities valuations_i . allocation_m - transfer_m as integers on one common scale 2**-places."""

    def __init__(self, valuations: Array, allocations: Array, transfers: Array, extra: Array | None = None) -> None:
        self._inputs = (valuations, allocations, transfers)
        self._value_places = binary_places(valuations)
        self._amount_places = binary_places(allocations)
        also = [transfers] if extra is None else [transfers, extra]
        self.places = max(self._value_places + self._amount_places, *map(binary_places, also))

    def at(self, types: Indices, options: Indices) -> NDArray[np.object_]:
        """Exact utility of types[k] from options[k], times 2**places; (n_pairs,)."""
        valuations, allocations, transfers = self._inputs
        price = self._lookup(transfers[:, np.newaxis], options, self.places)[:, 0]
        worth = self._lookup(valuations, types, self._value_places)
        amount = self._lookup(allocations, options, self._amount_places)
        shift = 1 << (self.places - self._value_places - self._amount_places)
        return np.asarray((worth * amount).sum(axis=1) * shift - price, dtype=object)

    def worth(self, valuations: Array, allocations: Array) -> NDArray[np.object_]:
        """Exact valuations_i . allocations_m of all pairs, times 2**places; (n_types, n_options)."""
        values, amounts = as_integers(valuations, self._value_places), as_integers(allocations, self._amount_places)
        return np.asarray((values @ amounts.T) * (1 << (self.places - self._value_places - self._amount_places)))

    def whole(self, values: Array) -> NDArray[np.object_]:
        """Floats times 2**places."""
        return as_integers(values, self.places)

    def below(self, integer: Any) -> int:
        """The largest float that is at most an integer on the common scale, on that scale."""
        whole = int(integer)
        spare = max(0, whole.bit_length() - DIGITS, self.places - SMALLEST_PLACES)  # digits that no float has
        return whole >> spare << spare  # shifts of whole numbers round down, negative ones as well

    @staticmethod
    def _lookup(values: Array, rows: Indices, places: int) -> NDArray[np.object_]:
        distinct, position = np.unique(rows, return_inverse=True)
        return np.asarray(as_integers(values[distinct], places)[position], dtype=object)

    def as_float(self, integer: Any) -> float:
        """An integer on the common scale, rounded to the nearest float with its sign kept."""
        exact = float(Fraction(int(integer), 1 << self.places))
        least = float(np.finfo(np.float64).smallest_subnormal)
        return exact if exact or not integer else (least if integer > 0 else -least)


def utility_error(valuations: Array, allocations: Array, transfers: Array) -> Array:
    """Bound on the rounding error of each type's float utility over all options; (n_types,)."""
    largest = np.abs(allocations).max(axis=0, initial=0.0)
    sizes = np.abs(valuations) @ largest + np.abs(transfers).max(initial=0.0)
    return np.asarray((valuations.shape[1] + 3) * EPS * sizes + UNDERFLOW)


@dataclass(frozen=True, eq=False)
class BestOptions:
    """Each type's exactly best option and how much better it is than the type's own."""

    option: Indices  # (n_types,)
    runner_up: Indices  # (n_types,) most tempting other option, -1 if there is none
    runner_up_gain: Array  # (n_types,) utility from the runner-up minus utility from the own option
    undecided: int  # pairs that floating point could not order


def exact_winner(who: int, options: Indices, exact: ExactUtilities, payoff: Callable[[Indices, Indices], Array]) -> int:
    """The exactly best of a few options for one type, ties by payoff."""
    return int(exact_winners(np.full(len(options), who), options, exact, payoff)[0])


def exact_winners(
    types: Indices, options: Indices, exact: ExactUtilities, payoff: Callable[[Indices, Indices], Array]
) -> Indices:
    """Of pairs in runs of equal types, the exactly best option of each type, ties by payoff, then the first."""
    best, first = _best_of_runs(types, exact.at(types, options))
    run = np.cumsum(first) - 1
    types, options, run = types[best], options[best], run[best]
    ranked = np.lexsort((-payoff(types, options), run))
    return options[ranked][np.append(True, np.diff(run[ranked]) > 0)]


def exact_runners_up(types: Indices, options: Indices, own: Indices, exact: ExactUtilities) -> tuple[Indices, Array]:
    """Of pairs in runs of equal types, the exactly best option of each and its gain over `own`; its sign is exact."""
    utility = exact.at(types, options)
    best, first = _best_of_runs(types, utility)
    run = np.cumsum(first) - 1
    leads = np.flatnonzero(best)
    leads = leads[np.append(True, np.diff(run[leads]) > 0)]
    gains = utility[leads] - exact.at(types[first], own)
    return options[leads], np.array([exact.as_float(gain) for gain in gains])


def _best_of_runs(types: Indices, utility: NDArray[np.object_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which pairs are exactly best in their run of equal types, and which are the first of one."""
    first = np.append(True, np.diff(types) != 0)
    starts = np.flatnonzero(first)
    most = np.maximum.reduceat(utility, starts)
    return np.asarray(utility == np.repeat(most, np.diff(np.append(starts, len(types)))), dtype=bool), first


# ---- implementability of an allocation alone ----


@checked
@dataclass(frozen=True)
class Implementability:
    """Rochet's test: an allocation is implementable iff no cycle of types gains by each taking the next one's.

    Examples
    --------
    The type that values the good at 3 must not get less of it than the one that values it at 1:

    >>> found = implementable(np.array([[1.0], [3.0]]), np.array([[0.5], [0.25]]))
    >>> found.holds, found.cycle, found.gain
    (False, (0, 1), 0.5)
    """

    holds: bool
    cycle: tuple[int, ...]  # types i1, i2, ...: each prefers, in sum, the allocation of the next; empty if none
    gain: float  # exact total gain around the cycle, rounded once


@checked
def implementable(valuations: Array, allocation: Array) -> Implementability:
    """Whether some transfers make the allocation incentive compatible (Rochet 1987), decided exactly.

    Edge i -> j carries (a_i - a_j) . x_j, what u_i must exceed u_j by. A positive cycle is a counterexample;
    without one, longest paths are utilities that implement the allocation.

    Examples
    --------
    >>> implementable(np.array([[1.0], [2.0]]), np.array([[1.0], [0.0]]))
    Implementability(holds=False, cycle=(0, 1), gain=1.0)
    """
    valuations, allocation = finite("valuations", valuations), finite("allocation", allocation)
    if valuations.shape != allocation.shape or valuations.ndim not in (1, 2) or not valuations.size:
        raise ProblemError(
            f"valuations has shape {valuations.shape}, allocation {allocation.shape}; both must be (n_types, n_goods)"
        )
    valuations, allocation = valuations.reshape(len(valuations), -1), allocation.reshape(len(allocation), -1)
    n_types = len(valuations)
    value = valuations @ allocation.T
    edges = value - np.diag(value)  # [i, j] = a_i.x_j - a_j.x_j
    worth, amount = (as_integers(part, binary_places(part)) for part in (valuations, allocation))
    unit = 1 << (binary_places(valuations) + binary_places(allocation))

    def gain(i: int, j: int) -> int:
        return int(((worth[i] - worth[j]) * amount[j]).sum())

    def verdict(cycle: tuple[int, ...]) -> Implementability:
        total = sum(gain(i, j) for i, j in zip(cycle, cycle[1:] + cycle[:1], strict=True))
        return Implementability(total <= 0, cycle if total > 0 else (), float(Fraction(max(total, 0), unit)))

    potential, follows = np.zeros(n_types), np.full(n_types, -1)
    for _ in range(n_types):
        longest = (edges + potential).max(axis=1)
        rises = longest > potential
        if not rises.any():
            break
        follows = np.where(rises, (edges + potential).argmax(axis=1), follows)
        potential = np.maximum(potential, longest)
    else:
        suspect = verdict(_cycle_through(follows, int(np.argmax(potential))))
        if not suspect.holds:
            return suspect
    # A positive cycle needs every edge's slack below what the other edges of the cycle can fall short of.
    slack = potential[:, np.newaxis] - potential - edges
    error = utility_error(valuations, allocation, potential).max() * 4
    suspicion = n_types * (max(0.0, float(-slack.min())) + error)
    pairs = [(int(i), int(j)) for i, j in np.argwhere(slack <= suspicion) if i != j]
    return verdict(positive_cycle(n_types, {pair: gain(*pair) for pair in pairs}))


def _cycle_through(follows: Indices | list[int], start: int) -> tuple[int, ...]:
    """The cycle that following the arrows from `start` ends in, smallest member first; () if it ends."""
    position = start
    for _ in range(len(follows)):
        position = int(follows[position])
        if position < 0:
            return ()
    cycle = [position]
    while (following := int(follows[cycle[-1]])) != position:
        cycle.append(following)
    first = cycle.index(min(cycle))
    return tuple(cycle[first:] + cycle[:first])


def positive_cycle(n_types: int, gains: Mapping[tuple[int, int], int | Fraction]) -> tuple[int, ...]:
    """Bellman-Ford in integers or fractions: a cycle of positive total gain, or () if there is none."""
    longest: list[int | Fraction] = [0] * n_types
    follows = [-1] * n_types
    changed = -1
    for _ in range(n_types + 1):
        changed = -1
        for (i, j), gain in gains.items():
            if longest[j] + gain > longest[i]:
                longest[i], follows[i], changed = longest[j] + gain, j, i
        if changed < 0:
            return ()
    return _cycle_through(follows, changed)

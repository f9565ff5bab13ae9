r"""Hierarchical rules: tiers of types, the first served first, ties by lot; and the best one at prices of rows.

With a chance f(S) that a bidder is in the tiers above and f(T) that it is in tier T, each of its types wins with

    Q_T = [ H(f(S) + f(T)) - H(f(S)) ] / (n f(T)).

A linear function sum_t c_t Q_t of rules that rise in the value within each group is at most that of the tiers that pool
neighbours until c_t / f_t rises (ironing), in the order of these slopes, negative ones left out: the best rule, and a
bound for any prices of rows that c_t contains.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from contracts.inputs.arrays import Array
from contracts.mechanisms.auctions.virtual import pooled
from contracts.mechanisms.reduced.border import units_for
from contracts.mechanisms.reduced.problem import SymmetricAuctionProblem

Tiers = tuple[tuple[int, ...], ...]


class Sold(NamedTuple):
    """Units that tiers get together, in expectation: whole numbers over `unit`."""

    units: list[int]  # (n_tiers,)
    weights: list[int]  # (n_tiers,) chances of tiers, in parts of `total`
    unit: int
    total: int


def best_tiers(problem: SymmetricAuctionProblem, coefficients: Sequence[Fraction]) -> Tiers:
    """The rule that is best for a linear function of the chances of winning."""
    common = math.lcm(*(one.denominator for one in coefficients))
    worth = [one.numerator * (common // one.denominator) for one in coefficients]
    weights, pools = problem.weights, list[tuple[Fraction, tuple[int, ...]]]()
    for own in problem.members:
        rises, chances, sizes = pooled([worth[t] for t in own], [weights[t] for t in own])
        start = 0
        for rise, chance, size in zip(rises, chances, sizes, strict=True):
            if rise > 0:
                pools.append((Fraction(rise, chance), tuple(own[start : start + size].tolist())))
            start += size
    pools.sort(key=lambda pool: -pool[0])
    return tuple(types for _, types in pools)


def sold(problem: SymmetricAuctionProblem, tiers: Tiers) -> Sold:
    """What each tier gets."""
    total = sum(problem.weights)
    weights = [sum(problem.weights[t] for t in tier) for tier in tiers]
    before, served, units = 0, 0, []
    for weight in weights:
        before += weight
        now = units_for(before, total, problem.n_bidders, problem.n_units)
        units.append(now - served)
        served = now
    return Sold(units, weights, total**problem.n_bidders, total)


def chances_of(problem: SymmetricAuctionProblem, tiers: Tiers) -> Array:
    """Chances of winning, each rounded once; (n_types,)."""
    found = np.zeros(problem.n_types)
    known = sold(problem, tiers)
    for tier, units, weight in zip(tiers, known.units, known.weights, strict=True):
        found[list(tier)] = units * known.total / (problem.n_bidders * weight * known.unit)
    return found


def exact_chances(problem: SymmetricAuctionProblem, tiers: Tiers) -> list[Fraction]:
    """The same without rounding."""
    found = [Fraction(0)] * problem.n_types
    known = sold(problem, tiers)
    for tier, units, weight in zip(tiers, known.units, known.weights, strict=True):
        chance = Fraction(units * known.total, problem.n_bidders * weight * known.unit)
        for t in tier:
            found[t] = chance
    return found


def sum_over(problem: SymmetricAuctionProblem, tiers: Tiers, coefficients: Sequence[Fraction]) -> Fraction:
    """A linear function of the chances of winning, without rounding."""
    known = sold(problem, tiers)
    common = math.lcm(*(one.denominator for one in coefficients))
    worth = [one.numerator * (common // one.denominator) for one in coefficients]
    parts = [
        (sum(worth[t] for t in tier) * units, weight)
        for tier, units, weight in zip(tiers, known.units, known.weights, strict=True)
    ]
    top, bottom = _added(parts)
    return Fraction(top * known.total, bottom * common * problem.n_bidders * known.unit)


def _added(parts: list[tuple[int, int]]) -> tuple[int, int]:
    """A sum of quotients, halves first: products of many whole numbers are cheapest between equals."""
    if len(parts) < 2:
        return parts[0] if parts else (0, 1)
    middle = len(parts) // 2
    (a, b), (c, d) = _added(parts[:middle]), _added(parts[middle:])
    return a * d + c * b, b * d


def is_rising(problem: SymmetricAuctionProblem, tiers: Tiers) -> bool:
    """Whether no type of a group is served before one of a higher value."""
    place = np.full(problem.n_types, len(tiers))
    for k, tier in enumerate(tiers):
        place[list(tier)] = k
    return all(bool((np.diff(place[own]) <= 0).all()) for own in problem.members)

"""What floats cannot express: twins who should get different contracts, and have to be exactly indifferent to both.

Twins value everything alike, or are apart by rounding only. Where the principal or a row tells them apart, the best
menu gives them different contracts (x, t) and (x', t'), and IC both ways asks for a . (x - x') = t - t' of floats,
exactly. That is a relation of whole numbers between the goods that count, and the transfer where it may move. If only
two of these may move, their differences must be multiples of the digits of a: with 1.5 there are many such pairs of
floats, with 2.1 there are nearly none but equal contracts. With three that may move there are in general pairs within
the square root of a last digit; but not of decimals such as 0.2 and 1.7, see lattice.py.

So a menu that falls short of the best is beyond floats if there are twins of that kind, and it is worth at least the
best menu that gives each group of them one contract. Everything else is a failure. Nothing here knows the library.
"""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction

import numpy as np

from benchmarks.fuzz.lattice import coarseness
from benchmarks.fuzz.tastes import exact_values, is_mimic, may_leave, transfer_limits, values_of
from benchmarks.fuzz.units import Fields

Array = np.ndarray
Pool = tuple[int, ...]
ALIKE = 1e-12  # share of the largest valuation within which types are twins
DIGITS = 26  # binary digits of a valuation up to which pairs of floats lie closer than any gap that is asked for
COARSE = 2.0**30  # last digits of amounts that such pairs may be apart: 2e-7 of the unit
FLAT = 1e-9  # singular value of the equations among the rows of a polyhedron, below which there is none


def pools_beyond_floats(fields: Fields) -> tuple[Pool, ...]:
    """Groups of twins for whom floats hold nearly no two contracts that are worth exactly the same."""
    return tuple(pool for pool in twins(fields) if not _have_room(fields, pool))


def twins(fields: Fields) -> list[Pool]:
    """Groups of types who value everything alike, or apart by rounding, and can mimic one another."""
    values = values_of(fields)
    if not _is_lottery(fields):
        taste = values
    else:  # what all outcomes are worth in common is no taste
        served = values[:, : fields["valuations"].shape[1]]
        taste = values - served.mean(axis=1, keepdims=True)
    close = np.abs(taste[:, None] - taste).max(axis=2) <= ALIKE * np.abs(values).max(initial=0.0)
    group = np.arange(len(values))
    for who, other in np.argwhere(close):
        if is_mimic(fields, who, other) and is_mimic(fields, other, who):
            group[group == group[who]] = group[other]
    members = [tuple(int(who) for who in np.flatnonzero(group == number)) for number in np.unique(group)]
    return [pool for pool in members if len(pool) > 1]


def _is_lottery(fields: Fields) -> bool:
    return fields["domain"]["kind"] == "Simplex" and not fields["domain"].get("free_disposal") and not may_leave(fields)


def _have_room(fields: Fields, pool: Pool) -> bool:
    """Whether there are many pairs of floats between which these types are exactly indifferent."""
    low, high = transfer_limits(fields)
    free_money = any(low[who] < high[who] for who in pool)
    exact = exact_values(fields)
    counting = [_counts(fields, exact[who]) for who in pool]
    moving = max(len(each) for each in counting) + free_money
    if moving < 2:
        return max(len(each) for each in counting) == 0
    shared = Counter(map(tuple, counting))
    if moving > 2:  # those who differ in the last digits have the width of these to be indifferent in
        same = [list(values) for values, members in shared.items() if members > 1]
        return all(coarseness(values, money=free_money) <= COARSE for values in same)
    if len(shared) > 1:
        return False  # the same pair for values that differ in the last digits
    ratio = counting[0][0] if free_money else counting[0][0] / counting[0][1]
    return max(map(_digits, (ratio.numerator, ratio.denominator))) <= DIGITS


def _counts(fields: Fields, values: list[Fraction]) -> list[Fraction]:
    """What is worth something of what may move, in directions that may move alone."""
    domain, served = fields["domain"], values[: fields["valuations"].shape[1]]
    left = values[len(served) :]
    if domain["kind"] == "Simplex" and not domain.get("free_disposal") and not left:
        found = [value - served[0] for value in served[1:]]
    elif domain["kind"] == "Box":
        low, high = (np.broadcast_to(domain[side], len(served)) for side in ("lower", "upper"))
        found = [value for value, a, b in zip(served, low, high, strict=True) if a < b]
    elif domain["kind"] == "Polyhedron" and not left:
        found = _within_equations(domain, served)
    else:
        found = served
    return [value for value in [*found, *left] if value != 0]


def _within_equations(domain: Fields, served: list[Fraction]) -> list[Fraction]:
    """Worth of the directions in which a set moves; pairs of opposite rows are equations."""
    rows = {(tuple(row.tolist()), float(bound)) for row, bound in zip(domain["matrix"], domain["bounds"], strict=True)}
    opposite = [row for row, bound in rows if (tuple(0.0 - entry for entry in row), 0.0 - bound) in rows]
    if not opposite:
        return served
    free = np.linalg.svd(np.array(opposite))
    basis = free.Vh[int((free.S > FLAT).sum()) :]
    worth = basis @ np.array([float(value) for value in served])
    size = math.fsum(abs(float(value)) for value in served)
    return [Fraction(float(value)) for value in worth if abs(value) > FLAT * size]


def _digits(whole: int) -> int:
    """Binary digits of a whole number, without the zeros at its end."""
    whole = abs(whole)
    return (whole // (whole & -whole)).bit_length() if whole else 0

r"""Agents whose types differ in one number: virtual values with a price of money, and what they prove.

Say alternative k is worth c(t) + s(t) d(k) to type t of an agent, d(k) >= 0, and c(t) is a constant above what it has
elsewhere; "keep" or "nothing is built" is such a k, with d = 0. In order of s, and with F_t the chance of t or more,
an agent with D(t) = E[d | t] pays at most

    E[ phi_t D(t) ] + constant,      phi_t = s_t - (s_{t+1} - s_t) F_{t+1} / f_t,

iff D rises (Myerson 1981). A unit of its money that is worth m makes of an alternative z_t = w s_t + m phi_t per unit
of d, with w the weight of the alternative itself; z is pooled where it falls, since D must rise. Types one above the
other are then tempted at the prices m F_t, and pools at some more in both directions.
"""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from contracts.inputs.arrays import Indices
from contracts.mechanisms.auctions.virtual import pooled
from contracts.mechanisms.numbers import Numbers, whole
from contracts.numerics.exact_solve import Whole


class Line(NamedTuple):
    """One agent, its types in order."""

    order: Indices  # (n_types,) types, the least s first
    slopes: Whole  # (n_types,) s by that order, all different, in units of money
    amounts: Whole  # (n_alternatives,) d, in parts of `unit`
    unit: int
    spare: int  # what a type has above its reservation utility where d is 0
    chances: Whole  # (n_types,) by that order
    tails: Whole  # (n_types,) of that type or more
    rises: Whole  # (n_types,) f_t phi_t


class Ironed(NamedTuple):
    """z by type of a line, tops over bottoms, pool by pool."""

    tops: list[int]
    bottoms: list[int]
    sizes: list[int]


def lines_of(numbers: Numbers) -> list[Line] | None:
    """All agents as lines; None if one of them is none."""
    found = []
    for agent in range(numbers.problem.n_agents):
        line = _line(numbers, agent)
        if line is None:
            return None
        found.append(line)
    return found


def _line(numbers: Numbers, agent: int) -> Line | None:
    values = numbers.values[agent]
    spare = values - numbers.reservation[agent][:, np.newaxis]
    for base in np.flatnonzero(np.all(spare == spare[0], axis=0)).tolist():
        worth = values - values[:, [base]]
        found = (whole([1]), worth[0], 1) if len(worth) == 1 else _slopes(worth)
        if found is not None:
            slopes, amounts, unit = found
            order = np.argsort(slopes, kind="stable")
            slopes, chances = slopes[order], numbers.own[agent][order]
            tails = np.cumsum(chances[::-1])[::-1]
            revenue = np.concatenate([slopes * tails, whole([0])])
            return Line(order, slopes, amounts, unit, int(spare[0, base]), chances, tails, revenue[:-1] - revenue[1:])
    return None


def _slopes(worth: Whole) -> tuple[Whole, Whole, int] | None:
    """worth[t, k] = s[t] d[k] with different s and no d below 0; None if it is not so."""
    types, alternatives = np.nonzero(worth)
    if not len(types):
        return None
    at = types[0]
    slopes = worth[:, alternatives[0]]
    unit = int(slopes[at])
    amounts = worth[at] if unit > 0 else -worth[at]
    unit = abs(unit)
    common = math.gcd(unit, *amounts.tolist())
    amounts, unit = amounts // common, unit // common
    if np.any(amounts < 0) or len(set(slopes.tolist())) < len(slopes):
        return None
    return (slopes, amounts, unit) if np.all(worth * unit == np.multiply.outer(slopes, amounts)) else None


def ironed(line: Line, own: int, money: int) -> Ironed:
    """What a unit of d is worth by type, if the alternative weighs `own` and the agent's money `money`."""
    return Ironed(*pooled((own * line.chances * line.slopes + money * line.rises).tolist(), line.chances.tolist()))


def temptations(line: Line, own: int, money: int) -> tuple[Whole, list[Fraction]]:
    """Prices of one type's wish to be the one below, and what is added both ways within pools; (n_types - 1,) each."""
    found = ironed(line, own, money)
    apart = own * line.chances * line.slopes + money * line.rises
    more: list[Fraction] = []
    start = 0
    for top, bottom, size in zip(*found, strict=True):
        inside = slice(start, start + size)
        sums = zip(accumulate(apart[inside].tolist()), accumulate(line.chances[inside].tolist()), strict=True)
        more += [Fraction(a * bottom - f * top, bottom) for a, f in sums]  # the last of a pool is 0
        start += size
    gaps = np.diff(line.slopes).tolist()
    return money * line.tails[1:], [one / gap for one, gap in zip(more, gaps, strict=False)]


def most_paid(line: Line, amounts: Whole, unit: int) -> Whole:
    """The highest payments by type for rising D in parts of `unit`, in order of the line; parts of unit * line.unit."""
    lost = np.concatenate([whole([0]), np.cumsum(np.diff(line.slopes) * amounts[:-1])]) if len(amounts) > 1 else 0
    return np.asarray(line.spare * unit * line.unit + line.slopes * amounts - lost)

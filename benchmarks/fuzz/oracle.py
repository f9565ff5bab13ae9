"""What a menu must keep, in exact rationals wherever the numbers are; from plain data alone.

The definitions, with a_i, f_i, b_i, r_i the fields of a problem and c its cost:

    IC    a_i . x_i - t_i >= a_i . x_k - t_k                for every type i and every contract k on offer
    IR    a_i . x_i - t_i >= r_i, or a_i . o with an outside option o
    doubt the left sides less the right sides are at least s_i(x_i - x_k), the most by which a valuation in the set of
          type i can change the difference; s_i(x_i - o) for IR, with o = 0 where there is no outside option

Where types may be left out, allocations have one more column, the chance w of being left with the outside option: the
first ones are what is to be expected of being served, y = (1 - w) x. Type i values w at r_i, or at a_i . o.

Nothing here imports the library.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from benchmarks.fuzz.payoffs import profits, terms
from benchmarks.fuzz.tastes import (
    Tastes,
    amounts_of,
    are_for_served,
    dot,
    exact_values,
    has_reservation,
    is_mimic,
    kept_of,
    leaving,
    may_leave,
    rational,
    signed,
    transfer_limits,
    values_of,
)
from benchmarks.fuzz.units import Fields

Array = np.ndarray
Vector = list[Fraction]
ROUNDING = 1e-12  # relative: sums that floats cannot hit, such as shares that sum to one
EQUATION = 2e-9  # relative: the library documents 1e-9 for equations


@dataclass(frozen=True)
class Broken:
    """A constraint that a menu breaks, and by how much; `exact` if no rounding is at fault."""

    kind: str
    what: str
    amount: float


def broken(fields: Fields, allocation: Array, transfer: Array, offered: list[tuple[Array, float]]) -> list[Broken]:
    """Everything that a menu breaks: type i gets (allocation[i], transfer[i]), and may take any offered contract.

    Where not everybody can mimic everybody, it may take what those get whom it can mimic.
    """
    tastes = Tastes.of(fields)
    own = [(rational(x.tolist()), Fraction(float(t))) for x, t in zip(allocation, transfer, strict=True)]
    others = {(tuple(map(float, x)), float(t)) for x, t in offered} | {
        (tuple(map(float, x)), float(t)) for x, t in zip(allocation, transfer, strict=True)
    }
    contracts = [(rational(list(x)), Fraction(t)) for x, t in others]
    within_reach = [
        contracts
        if fields.get("mimics") is None
        else [own[whom] for whom in range(len(own)) if is_mimic(fields, who, whom)]
        for who in range(len(own))
    ]
    return [
        *_tempted(tastes, own, within_reach),
        *_leaving(fields, tastes, own),
        *_outside_domain(fields, allocation),
        *_beyond_limits(fields, allocation, transfer),
        *_rows(fields, allocation, transfer),
    ]


def _tempted(
    tastes: Tastes, own: list[tuple[Vector, Fraction]], within_reach: list[list[tuple[Vector, Fraction]]]
) -> Iterator[Broken]:
    for who, contract in enumerate(own):
        gains = [tastes.prefers(who, other, contract) for other in within_reach[who] if other != contract]
        if gains and max(gains) > 0:
            yield Broken("IC", f"type {who} wants another contract", max(gains))


def _leaving(fields: Fields, tastes: Tastes, own: list[tuple[Vector, Fraction]]) -> Iterator[Broken]:
    for who, contract in enumerate(own if has_reservation(fields) else []):
        outside = leaving(fields, who)
        gain = 0.0 if contract == outside else tastes.prefers(who, outside, contract)
        if gain > 0:
            yield Broken("IR", f"type {who} would rather leave", gain)


def _outside_domain(fields: Fields, allocation: Array) -> Iterator[Broken]:
    for who, amounts in enumerate(allocation):
        excess, allowed = excess_of(fields, amounts)
        if excess > allowed:
            yield Broken("domain", f"type {who} is outside the {fields['domain']['kind']}", float(excess))


def excess_of(fields: Fields, amounts: Array) -> tuple[Fraction, float]:
    """By how much an allocation leaves what can be offered; nothing can be served to those who are left out."""
    if not may_leave(fields):
        return domain_excess(fields["domain"], rational(amounts.tolist()))
    *expected, left = rational(amounts.tolist())
    if not 0 <= left <= 1:
        return max(-left, left - 1), 0.0
    if left == 1:
        return max(map(abs, expected)), 0.0
    each = [amount / (1 - left) for amount in expected]
    excess, allowed = domain_excess(fields["domain"], each)
    return excess, allowed + (ROUNDING * float(max(map(abs, each))) if left else 0.0)  # of a quotient


def domain_excess(domain: Fields, exact: Vector) -> tuple[Fraction, float]:
    """By how much an allocation leaves the domain, exactly, and what rounding of sums excuses."""
    n_goods = len(exact)
    if domain["kind"] == "NonNegative":
        return max(-x for x in exact), 0.0
    if domain["kind"] == "Box":
        low, high = (np.broadcast_to(domain[side], n_goods).tolist() for side in ("lower", "upper"))
        below = [Fraction(end) - x for end, x in zip(low, exact, strict=True) if math.isfinite(end)]
        above = [x - Fraction(end) for end, x in zip(high, exact, strict=True) if math.isfinite(end)]
        return max([*below, *above], default=Fraction(0)), 0.0
    if domain["kind"] == "Simplex":
        over = sum(exact, Fraction()) - 1
        off = over if domain.get("free_disposal") else abs(over)
        if min(exact) < 0:
            return max(off, -min(exact)), 0.0
        return max(off, Fraction(0)), 4 * n_goods * 2.0**-52
    worst, excused = Fraction(0), 0.0
    for row, bound in zip(domain["matrix"], domain["bounds"], strict=True):
        over = dot(rational(row.tolist()), exact) - Fraction(float(bound))
        amounts = np.array([float(x) for x in exact])
        least = 2 * ROUNDING * (float(np.abs(row) @ np.abs(amounts)) + abs(float(bound)))
        if over - Fraction(least) > worst - Fraction(excused):
            worst, excused = over, least
    return worst, excused


def _beyond_limits(fields: Fields, allocation: Array, transfer: Array) -> Iterator[Broken]:
    _, left = amounts_of(fields, allocation)
    for who, (low, paid, high) in enumerate(
        zip(transfer_limits(fields)[0], transfer, transfer_limits(fields)[1], strict=True)
    ):
        excess, allowed = max(low - paid, paid - high), 0.0
        if are_for_served(fields):
            served, exact = 1 - Fraction(float(left[who])), Fraction(float(paid))
            over = [exact - served * Fraction(float(high))] if math.isfinite(high) else []
            under = [served * Fraction(float(low)) - exact] if math.isfinite(low) else []
            excess = signed(max([*over, *under], default=Fraction()))
            allowed = (EQUATION if low == high else ROUNDING) * max(
                abs(e) for e in (low, high, paid) if math.isfinite(e)
            )
        if excess > allowed:
            yield Broken("transfers", f"type {who} pays {paid}", excess)


def _rows(fields: Fields, allocation: Array, transfer: Array) -> Iterator[Broken]:
    """Side constraints and a minimum profit, to the rounding of their sums."""
    utility = [
        dot(a, rational(x.tolist())) - Fraction(float(t))
        for a, x, t in zip(exact_values(fields), allocation, transfer, strict=True)
    ]
    sizes_of = (np.abs(values_of(fields)) * np.abs(allocation)).sum(axis=1) + np.abs(transfer)
    expected, left = amounts_of(fields, allocation)
    kept = rational(kept_of(fields).tolist())
    amounts = [
        [x + Fraction(float(w)) * o for x, o in zip(rational(row.tolist()), kept, strict=True)]
        for row, w in zip(expected, left, strict=True)
    ]
    for number, row in enumerate(fields.get("constraints", [])):
        activity, size = Fraction(), 0.0
        if row.get("allocation") is not None:
            activity += sum(map(dot, rational(row["allocation"].tolist()), amounts), Fraction())
            size += float((np.abs(row["allocation"]) * np.abs([[float(x) for x in each] for each in amounts])).sum())
        if row.get("utility") is not None:
            activity += dot(rational(row["utility"].tolist()), utility)
            size += float(np.abs(row["utility"]) @ sizes_of)
        if row.get("transfer") is not None:
            activity += dot(rational(row["transfer"].tolist()), rational(transfer.tolist()))
            size += float(np.abs(row["transfer"]) @ sizes_of)
        low, high = (row.get(side) for side in ("lower", "upper"))
        allowed = (EQUATION if low == high else ROUNDING) * (
            size + max(abs(side) for side in (low, high) if side is not None)
        )
        over = max([activity - Fraction(high)] if high is not None else [Fraction(-1)], default=Fraction(-1))
        under = Fraction(low) - activity if low is not None else over
        if max(over, under) > allowed:
            yield Broken("row", f"row {number}", float(max(over, under)))
    required = terms(fields)["minimum_profit"]
    if required is not None:
        earned, terms_of = profits(fields, allocation, transfer)
        short = float(required) - math.fsum(fields["weights"] * earned)
        if short > ROUNDING * (float(fields["weights"] @ terms_of) + abs(required)):
            yield Broken("row", "minimum profit", short)

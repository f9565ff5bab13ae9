"""What a menu keeps and what it is worth, in exact rationals wherever the numbers are; from plain data alone.

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
from typing import Any

import numpy as np

from benchmarks.fuzz.costs import costs, exact_cost, sizes
from benchmarks.fuzz.units import Fields, is_part

Array = np.ndarray
Vector = list[Fraction]
ROUNDING = 1e-12  # relative: sums that floats cannot hit, such as shares that sum to one
EQUATION = 2e-9  # relative: the library documents 1e-9 for equations
NOISE = 1e-13  # relative: quantiles of chi-square differ in the last bits


@dataclass(frozen=True)
class Broken:
    """A constraint that a menu breaks, and by how much; `exact` if no rounding is at fault."""

    kind: str
    what: str
    amount: float


def rational(values: Any) -> Any:
    """Floats as the rationals they are."""
    return [rational(entry) for entry in values] if np.ndim(values) else Fraction(float(values))


def dot(left: Vector, right: Vector) -> Fraction:
    """Exact."""
    return sum((a * b for a, b in zip(left, right, strict=True)), Fraction())


# ---- who may be left out ----


def may_leave(fields: Fields) -> bool:
    """Whether a type can be left with its outside option, so that allocations have one more column."""
    return fields.get("participation") == "voluntary" and has_reservation(fields)


def has_reservation(fields: Fields) -> bool:
    """Whether anybody has a reservation utility; minus infinity is none."""
    return bool(np.isfinite(fields.get("reservation_utility", 0.0)).all())


def kept_of(fields: Fields) -> Array:
    """The allocation that comes with the outside option; nothing where it is only a utility."""
    outside = fields.get("outside_option")
    return np.zeros(fields["valuations"].shape[1]) if outside is None else np.asarray(outside, dtype=float)


def exact_values(fields: Fields) -> list[Vector]:
    """What types value, with the outside option as the last good where there is one to be left with."""
    values = rational(fields["valuations"].tolist())
    if not may_leave(fields):
        return list(values)
    kept = rational(kept_of(fields).tolist())
    worth = rational(np.broadcast_to(fields.get("reservation_utility", 0.0), len(values)).tolist())
    has_option = fields.get("outside_option") is not None
    return [[*row, dot(row, kept) if has_option else worth[who]] for who, row in enumerate(values)]


def values_of(fields: Fields) -> Array:
    """The same in floats."""
    if not may_leave(fields):
        return np.asarray(fields["valuations"])
    return np.array([[float(value) for value in row] for row in exact_values(fields)])


def amounts_of(fields: Fields, allocation: Array) -> tuple[Array, Array]:
    """What is expected of being served, and the chance of being left out; (n, n_goods), (n,)."""
    if not may_leave(fields):
        return allocation, np.zeros(len(allocation))
    return allocation[:, :-1], allocation[:, -1]


def is_mimic(fields: Fields, who: int, whom: int) -> bool:
    """Whether a type can take the contract meant for another."""
    return fields.get("mimics") is None or bool(fields["mimics"][who][whom])


# ---- who wants what ----


@dataclass(frozen=True)
class Tastes:
    """Valuations as rationals, with what doubt about them takes away."""

    values: list[Vector]
    factors: list[list[Vector]] | None  # columns of L_i
    norm: int

    @staticmethod
    def of(fields: Fields) -> Tastes:
        """From the fields of a problem."""
        shape, doubt = fields["valuations"].shape, fields.get("uncertainty")
        values = exact_values(fields)
        if doubt is None:
            return Tastes(values, None, 0)
        factors, norm = doubts(doubt, shape)
        if doubt["kind"] == "Noise":
            factors = factors * (1 - NOISE)
        if may_leave(fields):  # what the outside option is worth is known
            factors = np.pad(factors, ((0, 0), (0, 1), (0, 0)))
        return Tastes(values, rational(np.swapaxes(factors, 1, 2).tolist()), norm)

    def prefers(self, who: int, new: tuple[Vector, Fraction], own: tuple[Vector, Fraction]) -> float:
        """How much the type gains by `new` at its most tempted valuation; the sign is exact, positive if it gains."""
        step = [a - b for a, b in zip(new[0], own[0], strict=True)]
        gain = dot(self.values[who], step) - (new[1] - own[1])
        if self.factors is None:
            return signed(gain)
        reach = [dot(column, step) for column in self.factors[who]]
        if self.norm == 1:
            return signed(gain + sum(map(abs, reach), Fraction()))
        square = dot(reach, reach)
        if gain >= 0:
            return signed(gain) + math.sqrt(square)
        size = signed(gain) + math.sqrt(square)
        more = square > gain * gain
        return max(size, math.ulp(0.0)) if more else min(size, 0.0)


def doubts(doubt: Fields, shape: tuple[int, int]) -> tuple[Array, int]:
    """The matrices L_i of valuations a_i + L_i z, ||z|| <= 1, and the norm of s_i(q) = ||L_i' q||: 1 or 2."""
    n_types, n_goods = shape
    if doubt["kind"] == "Ellipsoid":
        radii = np.asarray(doubt["factors"])
        if radii.ndim >= 2:
            return np.broadcast_to(radii, (n_types, n_goods, n_goods)), 2
        return np.broadcast_to(radii, n_types)[:, None, None] * np.eye(n_goods), 2
    sizes = np.asarray(doubt["widths" if doubt["kind"] == "Interval" else "sd"])
    wide = np.broadcast_to(sizes, shape)[:, :, None] * np.eye(n_goods)
    if doubt["kind"] == "Interval":
        return wide, 1
    from scipy.stats import chi2

    return wide * math.sqrt(float(chi2.ppf(doubt["probability"], n_goods))), 2


def signed(value: Fraction) -> float:
    """A float of the same sign."""
    rounded = float(value)
    return rounded if rounded or not value else math.copysign(math.ulp(0.0), value)


# ---- what a menu must keep ----


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


def leaving(fields: Fields, who: int) -> tuple[Vector, Fraction]:
    """The outside option as a contract: nothing, for minus the reservation utility."""
    if may_leave(fields):
        return [*[Fraction(0)] * fields["valuations"].shape[1], Fraction(1)], Fraction(0)
    if fields.get("outside_option") is not None:
        return rational(list(fields["outside_option"])), Fraction(0)
    n_types, n_goods = fields["valuations"].shape
    worth = np.broadcast_to(fields.get("reservation_utility", 0.0), n_types)
    return [Fraction(0)] * n_goods, -Fraction(float(worth[who]))


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


def transfer_limits(fields: Fields) -> tuple[Array, Array]:
    """Lowest and highest transfer of each type; (n_types,) both."""
    limits = fields.get("transfers", "free")
    named = {"free": (-math.inf, math.inf), "none": (0.0, 0.0)}
    ends = named[limits] if isinstance(limits, str) else limits
    low, high = (np.broadcast_to(np.asarray(end, dtype=float), len(fields["valuations"])) for end in ends)
    return low, high


def are_for_served(fields: Fields) -> bool:
    """Whether limits on transfers are for those who take part: where they exclude 0, which those pay who do not."""
    low, high = transfer_limits(fields)
    return may_leave(fields) and bool(np.any((low > 0) | (high < 0)))


def _beyond_limits(fields: Fields, allocation: Array, transfer: Array) -> Iterator[Broken]:
    _, left = amounts_of(fields, allocation)
    for who, (low, paid, high) in enumerate(zip(transfer_limits(fields)[0], transfer, transfer_limits(fields)[1], strict=True)):
        excess, allowed = max(low - paid, paid - high), 0.0
        if are_for_served(fields):
            served, exact = 1 - Fraction(float(left[who])), Fraction(float(paid))
            over = [exact - served * Fraction(float(high))] if math.isfinite(high) else []
            under = [served * Fraction(float(low)) - exact] if math.isfinite(low) else []
            excess = signed(max([*over, *under], default=Fraction()))
            allowed = (EQUATION if low == high else ROUNDING) * max(abs(e) for e in (low, high, paid) if math.isfinite(e))
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


# ---- what a menu is worth ----


def profits(fields: Fields, allocation: Array, transfer: Array) -> tuple[Array, Array]:
    """What the principal earns from each type, and the size of the terms of that sum."""
    expected, left = amounts_of(fields, allocation)
    valued = np.broadcast_to(fields.get("principal_values", 0.0), expected.shape)
    gross, outlay, size = valued * expected, costs(fields["cost"], expected), sizes(fields["cost"], expected)
    if may_leave(fields):
        served = 1.0 - left
        some = np.where(served > 0, served, 1.0)
        each, fixed, kept = expected / some[:, None], fields.get("serving_cost", 0.0), kept_of(fields)
        free = np.broadcast_to(kept, expected.shape)
        has_option = fields.get("outside_option") is not None
        alone = left[:, None] * valued * free
        unserved = left * costs(fields["cost"], free) if has_option else np.zeros(len(left))
        outlay = np.where(served > 0, served * (costs(fields["cost"], each) + fixed), 0.0) + unserved
        size = np.where(served > 0, served * (sizes(fields["cost"], each) + fixed), 0.0) + np.abs(unserved)
        gross = np.hstack([gross, alone])
    return gross.sum(axis=1) - outlay + transfer, np.abs(gross).sum(axis=1) + size + np.abs(transfer)


def terms(fields: Fields) -> Fields:
    """Every objective as one sum of terms."""
    n_types, n_goods = fields["valuations"].shape
    given = fields.get("objective") or {"kind": "Profit"}
    found: Fields = {
        "profit_weight": 1.0 if given["kind"] != "WeightedSum" else 0.0,
        "allocation_values": np.zeros((n_types, n_goods)),
        "utility_weights": np.zeros(n_types),
        "welfare_weights": np.zeros(n_types),
        "worst_off_weight": 0.0,
        "function": None,
        "minimum_profit": None,
    }
    if given["kind"] == "Welfare":
        function, weights = given.get("function"), given.get("weights", 1.0)
        name = "welfare_weights" if is_part(function) else "worst_off_weight" if function else "utility_weights"
        given = {**given, name: weights, "function": function if is_part(function) else None}
    for name, nothing in found.items():
        if name in given:
            value = given[name]
            found[name] = np.broadcast_to(value, np.shape(nothing)) if isinstance(nothing, np.ndarray) else value
    return found


def welfare(function: Fields, utility: Array) -> Array:
    """W(u), minus infinity where it has no value."""
    aversion = function["aversion"]
    if function["kind"] == "Exponential":
        return np.asarray(-np.expm1(-aversion * utility) / aversion)
    with np.errstate(all="ignore"):
        power = 1.0 - aversion
        worth = np.log(utility * function.get("money", 1.0)) if power == 0 else utility**power / power
    return np.where(utility > 0, worth, -np.inf)


def by_type(fields: Fields, allocation: Array, transfer: Array) -> tuple[Array, Array, Array]:
    """What each type counts for, the size of its terms (rounding is relative to that), and its utility."""
    objective = terms(fields)
    earned, size = profits(fields, allocation, transfer)
    gross = values_of(fields) * allocation
    utility = np.array([math.fsum([*row, -paid]) for row, paid in zip(gross, transfer, strict=True)])
    utility_size = np.abs(gross).sum(axis=1) + np.abs(transfer)
    expected, left = amounts_of(fields, allocation)
    social = objective["allocation_values"] * (expected + left[:, None] * kept_of(fields))
    worth = objective["profit_weight"] * earned + social.sum(axis=1) + objective["utility_weights"] * utility
    size = (
        objective["profit_weight"] * size
        + np.abs(social).sum(axis=1)
        + np.abs(objective["utility_weights"]) * utility_size
    )
    cares = objective["welfare_weights"] > 0
    if objective["function"] is not None:
        added = np.where(cares, objective["welfare_weights"] * welfare(objective["function"], utility), 0.0)
        slope = (
            np.abs(
                welfare(objective["function"], utility * (1 + 1e-6) + 1e-300) - welfare(objective["function"], utility)
            )
            * 1e6
        )
        worth, size = (
            worth + added,
            size + np.abs(added) + np.where(cares, objective["welfare_weights"] * np.nan_to_num(slope), 0.0),
        )
    return worth, size + np.where(utility_size > 0, objective["worst_off_weight"] * utility_size, 0.0), utility


def worth(fields: Fields, allocation: Array, transfer: Array) -> tuple[float, float]:
    """The objective, and the size of its terms; the least over the distributions of an ambiguity."""
    counted, size, utility = by_type(fields, allocation, transfer)
    worst_off = terms(fields)["worst_off_weight"] * float(utility.min())
    if fields.get("ambiguity") is not None:
        from benchmarks.fuzz.distributions import worst_distribution

        weights = worst_distribution(fields, counted)
        return math.fsum(weights * counted) + worst_off, float(weights @ size) + float(np.ptp(counted))
    return math.fsum(fields["weights"] * counted) + worst_off, float(fields["weights"] @ size)


def exact_profit(fields: Fields, allocation: Array, transfer: Array) -> Fraction | None:
    """The objective as a rational, where it is one: a weighted sum of payoffs and utilities under a rational cost."""
    objective = terms(fields)
    if fields.get("ambiguity") is not None or objective["function"] is not None:
        return None
    amounts, paid, values = rational(allocation.tolist()), rational(transfer.tolist()), exact_values(fields)
    valued = rational(np.broadcast_to(fields.get("principal_values", 0.0), fields["valuations"].shape).tolist())
    kept, fixed = rational(kept_of(fields).tolist()), Fraction(float(fields.get("serving_cost", 0.0)))
    total, utilities = Fraction(), []
    for who, x in enumerate(amounts):
        cost = fields["cost"][who] if isinstance(fields["cost"], list) else fields["cost"]
        utility = dot(values[who], x) - paid[who]
        *expected, left = x if may_leave(fields) else [*x, Fraction()]
        served = 1 - left
        outlay = exact_cost(cost, [y / served for y in expected] if served else expected)
        unserved = exact_cost(cost, kept) if left and fields.get("outside_option") is not None else Fraction()
        if outlay is None or unserved is None:
            return None
        outlay = served * (outlay + fixed) + left * unserved
        had = [y + left * o for y, o in zip(expected, kept, strict=True)]
        counted = Fraction(float(objective["profit_weight"])) * (dot(valued[who], had) - outlay + paid[who])
        counted += dot(rational(objective["allocation_values"][who].tolist()), had)
        counted += Fraction(float(objective["utility_weights"][who])) * utility
        total += Fraction(float(fields["weights"][who])) * counted
        utilities.append(utility)
    return total + Fraction(float(objective["worst_off_weight"])) * min(utilities)

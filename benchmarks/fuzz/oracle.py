"""What a menu keeps and what it is worth, in exact rationals wherever the numbers are; from plain data alone.

The definitions, with a_i, f_i, b_i, r_i the fields of a problem and c its cost:

    IC    a_i . x_i - t_i >= a_i . x_k - t_k                for every type i and every contract k on offer
    IR    a_i . x_i - t_i >= r_i, or a_i . o with an outside option o
    doubt the left sides less the right sides are at least s_i(x_i - x_k), the most by which a valuation in the set of
          type i can change the difference; s_i(x_i - o) for IR, with o = 0 where there is no outside option

Nothing here imports the library.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

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
        values = rational(fields["valuations"].tolist())
        if doubt is None:
            return Tastes(values, None, 0)
        factors, norm = doubts(doubt, shape)
        if doubt["kind"] == "Noise":
            factors = factors * (1 - NOISE)
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
    """Everything that a menu breaks: type i gets (allocation[i], transfer[i]), and may take any offered contract."""
    tastes = Tastes.of(fields)
    own = [(rational(x.tolist()), Fraction(float(t))) for x, t in zip(allocation, transfer, strict=True)]
    others = {(tuple(map(float, x)), float(t)) for x, t in offered} | {
        (tuple(map(float, x)), float(t)) for x, t in zip(allocation, transfer, strict=True)
    }
    contracts = [(rational(list(x)), Fraction(t)) for x, t in others]
    return [
        *_tempted(tastes, own, contracts),
        *_leaving(fields, tastes, own),
        *_outside_domain(fields["domain"], allocation),
        *_beyond_limits(fields, transfer),
        *_rows(fields, allocation, transfer),
    ]


def _tempted(
    tastes: Tastes, own: list[tuple[Vector, Fraction]], contracts: list[tuple[Vector, Fraction]]
) -> Iterator[Broken]:
    for who, contract in enumerate(own):
        gains = [tastes.prefers(who, other, contract) for other in contracts if other != contract]
        if gains and max(gains) > 0:
            yield Broken("IC", f"type {who} wants another contract", max(gains))


def leaving(fields: Fields, who: int) -> tuple[Vector, Fraction]:
    """The outside option as a contract: nothing, for minus the reservation utility."""
    if fields.get("outside_option") is not None:
        return rational(list(fields["outside_option"])), Fraction(0)
    n_types, n_goods = fields["valuations"].shape
    worth = np.broadcast_to(fields.get("reservation_utility", 0.0), n_types)
    return [Fraction(0)] * n_goods, -Fraction(float(worth[who]))


def _leaving(fields: Fields, tastes: Tastes, own: list[tuple[Vector, Fraction]]) -> Iterator[Broken]:
    for who, contract in enumerate(own):
        outside = leaving(fields, who)
        gain = 0.0 if contract == outside else tastes.prefers(who, outside, contract)
        if gain > 0:
            yield Broken("IR", f"type {who} would rather leave", gain)


def _outside_domain(domain: Fields, allocation: Array) -> Iterator[Broken]:
    for who, amounts in enumerate(allocation):
        excess, allowed = domain_excess(domain, amounts)
        if excess > allowed:
            yield Broken("domain", f"type {who} is outside the {domain['kind']}", float(excess))


def domain_excess(domain: Fields, amounts: Array) -> tuple[Fraction, float]:
    """By how much an allocation leaves the domain, exactly, and what rounding of sums excuses."""
    exact, n_goods = rational(amounts.tolist()), len(amounts)
    if domain["kind"] == "NonNegative":
        return max(-x for x in exact), 0.0
    if domain["kind"] == "Box":
        sides = [rational(np.broadcast_to(domain[side], n_goods).tolist()) for side in ("lower", "upper")]
        return max(max(low - x, x - high) for low, x, high in zip(sides[0], exact, sides[1], strict=True)), 0.0
    if domain["kind"] == "Simplex":
        over = sum(exact, Fraction()) - 1
        off = over if domain.get("free_disposal") else abs(over)
        if min(exact) < 0:
            return max(off, -min(exact)), 0.0
        return max(off, Fraction(0)), 4 * n_goods * 2.0**-52
    worst, excused = Fraction(0), 0.0
    for row, bound in zip(domain["matrix"], domain["bounds"], strict=True):
        over = dot(rational(row.tolist()), exact) - Fraction(float(bound))
        least = 2 * ROUNDING * (float(np.abs(row) @ np.abs(amounts)) + abs(float(bound)))
        if over - Fraction(least) > worst - Fraction(excused):
            worst, excused = over, least
    return worst, excused


def transfer_limits(fields: Fields) -> tuple[float, float]:
    """Lowest and highest transfer."""
    limits = fields.get("transfers", "free")
    named = {"free": (-math.inf, math.inf), "none": (0.0, 0.0)}
    return named[limits] if isinstance(limits, str) else (float(limits[0]), float(limits[1]))


def _beyond_limits(fields: Fields, transfer: Array) -> Iterator[Broken]:
    low, high = transfer_limits(fields)
    for who, paid in enumerate(transfer):
        if not low <= paid <= high:
            yield Broken("transfers", f"type {who} pays {paid}", max(low - paid, paid - high))


def _rows(fields: Fields, allocation: Array, transfer: Array) -> Iterator[Broken]:
    """Side constraints and a minimum profit, to the rounding of their sums."""
    values = fields["valuations"]
    utility = [
        dot(rational(a.tolist()), rational(x.tolist())) - Fraction(float(t))
        for a, x, t in zip(values, allocation, transfer, strict=True)
    ]
    sizes = (np.abs(values) * np.abs(allocation)).sum(axis=1) + np.abs(transfer)
    for number, row in enumerate(fields.get("constraints", [])):
        activity, size = Fraction(), 0.0
        if row.get("allocation") is not None:
            activity += dot(rational(row["allocation"].ravel().tolist()), rational(allocation.ravel().tolist()))
            size += float((np.abs(row["allocation"]) * np.abs(allocation)).sum())
        if row.get("utility") is not None:
            activity += dot(rational(row["utility"].tolist()), utility)
            size += float(np.abs(row["utility"]) @ sizes)
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


def costs(cost: Fields, allocation: Array) -> Array:
    """c(x) of every row."""
    kind = cost["kind"]
    if kind == "Linear":
        return np.asarray((allocation * cost["price"]).sum(axis=1))
    if kind == "Quadratic":
        curvature = np.asarray(cost["curvature"])
        marginal = allocation @ curvature if curvature.ndim == 2 else allocation * curvature
        return np.asarray((allocation * marginal).sum(axis=1) / 2)
    if kind == "Power":
        return np.asarray((cost["scale"] * allocation ** cost["exponent"]).sum(axis=1))
    if kind == "Entropy":
        safe = np.where(allocation > 0, allocation, 1.0)
        return np.asarray(cost["temperature"] * (allocation * np.log(safe / cost["reference"]))[:, :].sum(axis=1))
    if kind == "Cosh":
        return np.asarray(cost["scale"] * (2 * np.sinh(allocation / cost["unit"] / 2) ** 2).sum(axis=1))
    raise ValueError(f"the oracle knows no cost {kind}: teach it in costs() and in program.cost_expression()")


def profits(fields: Fields, allocation: Array, transfer: Array) -> tuple[Array, Array]:
    """What the principal earns from each type, and the size of the terms of that sum."""
    gross = np.broadcast_to(fields.get("principal_values", 0.0), allocation.shape) * allocation
    outlay = costs(fields["cost"], allocation)
    size = np.abs(gross).sum(axis=1) + np.abs(outlay) + np.abs(transfer)
    if fields["cost"]["kind"] == "Entropy":
        size = size + fields["cost"]["temperature"]
    return gross.sum(axis=1) - outlay + transfer, size


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
    gross = fields["valuations"] * allocation
    utility = np.array([math.fsum([*row, -paid]) for row, paid in zip(gross, transfer, strict=True)])
    utility_size = np.abs(gross).sum(axis=1) + np.abs(transfer)
    social = objective["allocation_values"] * allocation
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
    objective, cost = terms(fields), fields["cost"]
    rationals = cost["kind"] in ("Linear", "Quadratic")
    if fields.get("ambiguity") is not None or objective["function"] is not None or not rationals:
        return None
    n_types, n_goods = allocation.shape
    amounts, paid = rational(allocation.tolist()), rational(transfer.tolist())
    gross = rational(np.broadcast_to(fields.get("principal_values", 0.0), allocation.shape).tolist())
    matrix = np.asarray(cost.get("curvature", np.zeros((n_goods, n_goods))))
    matrix = matrix if matrix.ndim == 2 else np.diag(np.broadcast_to(matrix, n_goods))
    curvature, price = rational(matrix.tolist()), rational(np.broadcast_to(cost.get("price", 0.0), n_goods).tolist())
    total, utilities = Fraction(), []
    for who in range(n_types):
        x = amounts[who]
        utility = dot(rational(fields["valuations"][who].tolist()), x) - paid[who]
        outlay = dot(price, x) + sum((x[k] * dot(curvature[k], x) for k in range(n_goods)), Fraction()) / 2
        counted = Fraction(float(objective["profit_weight"])) * (dot(gross[who], x) - outlay + paid[who])
        counted += dot(rational(objective["allocation_values"][who].tolist()), x)
        counted += Fraction(float(objective["utility_weights"][who])) * utility
        total += Fraction(float(fields["weights"][who])) * counted
        utilities.append(utility)
    return total + Fraction(float(objective["worst_off_weight"])) * min(utilities)

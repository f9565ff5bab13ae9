"""What a menu is worth: profit, welfare and every objective, in floats and, where it is one, as a rational.

Nothing here imports the library.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from benchmarks.fuzz.costs import costs, exact_cost, sizes
from benchmarks.fuzz.tastes import amounts_of, dot, exact_values, kept_of, may_leave, rational, values_of
from benchmarks.fuzz.units import Fields, is_part

Array = np.ndarray


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

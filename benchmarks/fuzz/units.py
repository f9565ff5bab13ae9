"""The same problem in other units of money and of amounts: what a factor does to every field.

Problems are dictionaries of the arguments of `solve_menu`. A part of a problem, such as a cost, is a dictionary too,
with its name under "kind". Nothing here knows the library.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Fields = dict[str, Any]


def scaled(fields: Fields, money: float, amount: float) -> Fields:
    """The problem with one unit of money written as `money`, and one unit of every good as `amount`."""
    if money == amount == 1.0:
        return dict(fields)
    per_good = money / amount
    factors = {
        "valuations": per_good,
        "principal_values": per_good,
        "reservation_utility": money,
        "outside_option": amount,
        "serving_cost": money,
    }
    new = {name: times(value, factors.get(name, 1.0)) for name, value in fields.items() if not is_part(value)}
    for name, value in fields.items():
        if is_part(value):
            new[name] = _part(value, money, amount)
    if isinstance(fields["cost"], list):  # one per type
        new["cost"] = [_part(part, money, amount) for part in fields["cost"]]
    if isinstance(fields.get("transfers"), tuple):
        new["transfers"] = tuple(limit * money for limit in fields["transfers"])
    if is_part((objective := fields.get("objective", {})).get("function")):
        function = objective["function"]
        steep = {"aversion": function["aversion"] / money} if function["kind"] == "Exponential" else {}
        new["objective"]["function"] = {**function, **steep}
    new["constraints"] = [_row(row, money, amount) for row in fields.get("constraints", [])]
    return new


def _part(part: Fields, money: float, amount: float) -> Fields:
    """A part, with the parts that it is made of."""
    new: Fields = {}
    for key, entry in part.items():
        if key in ("cost", "costs"):
            whole = [_part(inner, money, amount) for inner in (entry if isinstance(entry, list) else [entry])]
            new[key] = whole if isinstance(entry, list) else whole[0]
        else:
            new[key] = times(entry, _factor(part, key, money, amount))
    return new


def times(value: Any, factor: float) -> Any:
    """A number or an array times a factor; names and what is left out stay."""
    return (
        value if factor == 1.0 or isinstance(value, str | dict | list) or value is None else np.multiply(value, factor)
    )


def is_part(value: Any) -> bool:
    """Whether this is a part of a problem, such as a cost."""
    return isinstance(value, dict) and "kind" in value


def objective_unit(fields: Fields, money: float) -> float:
    """What one unit of the objective becomes where money is written as `money`; welfare of logarithms also shifts."""
    objective = fields.get("objective", {})
    function = objective.get("function")
    if not _is_pure(objective) or not is_part(function) or function["kind"] != "Isoelastic":
        return money
    return float(money ** (1.0 - function["aversion"]))


def _is_pure(objective: Fields) -> bool:
    """Nothing but welfare: its weights need no unit."""
    return bool(objective) and not any(
        np.any(objective.get(name, 1.0 if name == "profit_weight" and objective["kind"] == "Welfare" else 0.0))
        for name in ("profit_weight", "allocation_values", "utility_weights", "worst_off_weight")
    )


def _factor(part: Fields, key: str, money: float, amount: float) -> float:
    per_good = money / amount
    powers = {
        ("Linear", "price"): per_good,
        ("Quadratic", "curvature"): per_good / amount,
        ("Power", "scale"): money / amount ** part.get("exponent", 1.0),
        ("Entropy", "temperature"): money,
        ("Cosh", "scale"): money,
        ("Cosh", "unit"): amount,
        ("ExponentialCost", "rate"): 1.0 / amount,
        ("ExponentialCost", "scale"): per_good,
        ("Logarithm", "scale"): money,
        ("Logarithm", "capacity"): amount,
        ("Logarithm", "offset"): amount,
        ("Box", "lower"): amount,
        ("Box", "upper"): amount,
        ("Polyhedron", "bounds"): amount,
        ("Welfare", "minimum_profit"): money,
        ("WeightedSum", "minimum_profit"): money,
        ("WeightedSum", "allocation_values"): per_good,
        ("Interval", "widths"): per_good,
        ("Ellipsoid", "factors"): per_good,
        ("Noise", "sd"): per_good,
    }
    if part["kind"] == "Wasserstein" and key == "radius" and isinstance(part.get("metric", ""), str):
        return per_good
    function = part.get("function")
    if is_part(function) and function["kind"] == "Isoelastic" and not _is_pure(part):
        powers["Welfare", "weights"] = powers["WeightedSum", "welfare_weights"] = money ** function["aversion"]
    return powers.get((part["kind"], key), 1.0)


def _row(row: Fields, money: float, amount: float) -> Fields:
    """A row in allocations alone has a limit in amounts, every other one in money."""
    in_money = row.get("utility") is not None or row.get("transfer") is not None
    new = dict(row)
    if in_money and row.get("allocation") is not None:
        new["allocation"] = row["allocation"] * (money / amount)
    for side in ("lower", "upper"):
        if row.get(side) is not None:
            new[side] = row[side] * (money if in_money else amount)
    return new

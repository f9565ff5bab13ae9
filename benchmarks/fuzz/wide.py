"""The second generation of random problems: participation, who can mimic whom, more costs, open domains, more rows.

Drafts and features of the first generation are used as they are, so that its cases stay the same problems.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.fuzz import drafts, families
from benchmarks.fuzz.families import size_of
from benchmarks.fuzz.units import Fields

Array = np.ndarray
Rng = np.random.Generator
INFINITE = float("inf")
FIXED_COSTS = (0.1, 0.3, 0.1 + 0.2, 1.0)
CURVATURES = (0.1, 0.5, 1.0, 1.0, 2.0, 7.0)


# ---- drafts ----


def drafted(rng: Rng, family: str) -> Fields:
    """Types, cost and domain, before a family adds what it is about; half the costs are of the new kinds."""
    fields = drafts.drafted(rng, "plain")
    if family in ("open", "blend") and rng.random() < (1.0 if family == "open" else 0.3):
        open_domain(rng, fields)
    elif rng.random() < (1.0 if family == "costs" else 0.3):
        fields["cost"] = new_cost(rng, fields)
    return fields


def is_signed(fields: Fields) -> bool:
    """Whether an amount may be negative."""
    return fields["domain"]["kind"] == "Box" and bool(np.any(np.asarray(fields["domain"]["lower"]) < 0))


def largest(fields: Fields) -> float:
    """An amount that no good exceeds."""
    kind = fields["domain"]["kind"]
    if kind == "Box":
        return float(np.max(fields["domain"]["upper"]))
    return {"Simplex": 1.0, "Polyhedron": 2.0}.get(kind, INFINITE)


def new_cost(rng: Rng, fields: Fields) -> Fields:
    """An exponential, logarithmic or separable cost, or one of a total, that the domain admits."""
    _, n_goods = size_of(fields)
    kind = str(rng.choice(["exponential", "logarithm", "separable", "total"]))
    if kind == "separable":
        return {"kind": "Separable", "costs": [of_one_good(rng, fields) for _ in range(n_goods)]}
    if kind == "total":
        direction = rng.choice([0.5, 1.0, 1.0, 2.0], n_goods)
        if largest(fields) < INFINITE and n_goods > 1 and rng.random() < 0.2:
            direction[rng.integers(n_goods)] = 0.0
        inner = [{"kind": "Quadratic", "curvature": float(rng.choice(CURVATURES))}, exponential(rng, 1.0)]
        inner += (
            [] if is_signed(fields) else [{"kind": "Power", "exponent": float(rng.choice([1.5, 3.0])), "scale": 1.0}]
        )
        inner += [{"kind": "Logarithm", "scale": 1.0, "capacity": 2.0}] if largest(fields) == INFINITE else []
        part = inner[rng.integers(len(inner))]
        if part["kind"] == "ExponentialCost" and INFINITE > largest(fields) > 100:
            part = inner[0]
        return {"kind": "Total", "cost": part, "direction": direction}
    if kind == "exponential" and not INFINITE > largest(fields) > 100:
        rises = largest(fields) == INFINITE or rng.random() < 0.7
        return exponential(rng, 1.0 if rises else -1.0, n_goods if rng.random() < 0.4 else None)
    return logarithm(rng, fields, n_goods if rng.random() < 0.4 else None)


def of_one_good(rng: Rng, fields: Fields) -> Fields:
    """A part of a separable cost."""
    endless = largest(fields) == INFINITE
    chances = ["Quadratic", "Quadratic", "exponential", "logarithm"]
    chances += [] if is_signed(fields) else ["Power"]
    chances += [] if endless and rng.random() < 0.8 else ["Linear"]
    kind = str(rng.choice(chances))
    if kind == "Linear":
        return {"kind": "Linear", "price": float(rng.choice([0.0, 0.5, 1.0, 0.3]))}
    if kind == "Power":
        return {
            "kind": "Power",
            "exponent": float(rng.choice([1.25, 1.5, 3.0])),
            "scale": float(rng.choice([0.5, 1.0])),
        }
    if kind == "exponential" and not INFINITE > largest(fields) > 100:
        return exponential(rng, 1.0 if endless or rng.random() < 0.7 else -1.0)
    if kind == "logarithm":
        return logarithm(rng, fields)
    return {"kind": "Quadratic", "curvature": float(rng.choice(CURVATURES))}


def exponential(rng: Rng, way: float, n_goods: int | None = None) -> Fields:
    """A cost that rises ever faster, or a benefit that comes to rest; one for all goods or one each."""
    return {
        "kind": "ExponentialCost",
        "rate": way * _one_or_each(rng, [0.5, 1.0, 2.0], n_goods),
        "scale": way * _one_or_each(rng, [0.2, 0.5, 1.0], n_goods),
    }


def logarithm(rng: Rng, fields: Fields, n_goods: int | None = None) -> Fields:
    """Congestion up to a capacity beyond the domain, or a benefit where amounts have an end."""
    most, scale = max(largest(fields), 0.0), _one_or_each(rng, [0.25, 0.5, 1.0], n_goods)
    if most == INFINITE or rng.random() < 0.6:
        room = [1.5, 2.0, 5.0] if most == INFINITE else [most + 0.1, 1.5 * most + 0.5]
        return {"kind": "Logarithm", "scale": scale, "capacity": _one_or_each(rng, room, n_goods)}
    return {"kind": "Logarithm", "scale": scale, "offset": _one_or_each(rng, [1.25, 2.0], n_goods)}


def _one_or_each(rng: Rng, values: list[float], n_goods: int | None) -> float | Array:
    return float(rng.choice(values)) if n_goods is None else rng.choice(values, n_goods)


def open_domain(rng: Rng, fields: Fields) -> None:
    """A box without some of its ends, and a cost that curves."""
    _, n_goods = size_of(fields)
    lower = rng.choice([0.0, 0.0, 0.25, -1.0, -INFINITE, -INFINITE], n_goods)
    upper = np.where(np.isfinite(lower), lower, 0.5) + rng.choice([INFINITE, INFINITE, 0.5, 2.0], n_goods)
    fields["domain"] = {"kind": "Box", "lower": lower, "upper": upper}
    root = rng.integers(-4, 5, (n_goods, n_goods)) / 4
    costs: list[Fields] = [
        {"kind": "Quadratic", "curvature": float(rng.choice(CURVATURES))},
        {"kind": "Quadratic", "curvature": rng.choice(CURVATURES, n_goods)},
        {"kind": "Quadratic", "curvature": root @ root.T + 0.5 * np.eye(n_goods)},
        {"kind": "Cosh", "scale": float(rng.choice([0.5, 2.0])), "unit": 1.0},
        {"kind": "Separable", "costs": [_of_open_good(rng, low) for low in lower]},
    ]
    if lower.min() >= 0:
        costs.append({"kind": "Power", "exponent": float(rng.choice([1.5, 3.0])), "scale": 1.0})
    fields["cost"] = costs[rng.integers(len(costs))]


def _of_open_good(rng: Rng, low: float) -> Fields:
    if np.isfinite(low) and rng.random() < 0.5:
        return exponential(rng, 1.0)
    return {"kind": "Quadratic", "curvature": float(rng.choice(CURVATURES))}


# ---- features ----


def costs(rng: Rng, fields: Fields) -> None:
    """The new kinds of cost: the draft holds one."""


def open_goods(rng: Rng, fields: Fields) -> None:
    """Goods without one end or without both: the draft holds them."""


def left_out(rng: Rng, fields: Fields) -> None:
    """Types may be left with what they have; serving them may have a price of its own."""
    n_types, _ = size_of(fields)
    fields["participation"] = "voluntary"
    kind = rng.choice(["high", "low", "by type", "mixed", "near", "none"])
    if kind == "high":
        worth = np.full(n_types, rng.choice([0.2, 0.1 + 0.2, 0.5, 1.0]))
    elif kind == "low":
        worth = np.full(n_types, -rng.choice([0.1, 0.7, 2.0]))
    elif kind == "by type":
        worth = rng.uniform(-0.5, 1.5, n_types)
    elif kind == "mixed":
        worth = np.where(rng.random(n_types) < 0.5, 0.0, drafts.decimals(rng, rng.integers(-10, 10, n_types)))
    elif kind == "near":
        worth = drafts.near(rng, np.full(n_types, 0.6), str(rng.choice(["ulp", "thirds", "close"])))
    else:
        worth = np.zeros(n_types)
    fields["reservation_utility"] = worth
    if kind == "none" or rng.random() < 0.4:
        fields["serving_cost"] = float(rng.choice(FIXED_COSTS))


def left_out_with(rng: Rng, fields: Fields) -> None:
    """The same with rows, limits on transfers, another objective, doubt, or a contract that everybody has."""
    left_out(rng, fields)
    kinds = ["rows", "limits", "objective", "ambiguity", "uncertainty", "outside", "served limits", "transfer rows"]
    kind, worth = str(rng.choice(kinds)), fields["reservation_utility"]
    if kind == "rows":
        families.rows(rng, fields)
    elif kind == "transfer rows":
        fields["constraints"] = [_transfer_row(rng, fields) for _ in range(rng.integers(1, 3))]
    elif kind == "objective":
        families.objective(rng, fields)
    elif kind == "ambiguity":
        families.ambiguity(rng, fields)
    elif kind == "uncertainty":
        families.uncertainty(rng, fields)
    elif kind == "limits":
        families.transfers(rng, fields)
        fields["reservation_utility"] = worth
    elif kind == "served limits":  # for those who take part: 0 is none of them
        fields["transfers"] = [(0.1, 2.0), (0.3, INFINITE), (-3.0, -0.2), (0.5, 0.5)][rng.integers(4)]
    else:
        fields.pop("reservation_utility")
        families.outside(rng, fields)
        fields["serving_cost"] = float(rng.choice(FIXED_COSTS))


def nobody_leaves(rng: Rng, fields: Fields) -> None:
    """No participation constraint: taxation, limits on transfers, floors under utilities; a few without a best menu."""
    n_types, _ = size_of(fields)
    fields["reservation_utility"] = -INFINITE
    kind = rng.choice(
        ["tax", "limits", "floors", "none", "worst off", "average", "endless"],
        p=[0.25, 0.2, 0.15, 0.15, 0.1, 0.1, 0.05],
    )
    if kind == "tax":
        function: Fields = {"kind": "Isoelastic", "aversion": float(rng.choice([0.5, 1.0, 2.0]))}
        if rng.random() < 0.3:
            function = {"kind": "Exponential", "aversion": float(rng.choice([0.5, 2.0]))}
        least = float(rng.choice([-1.0, 0.0, 0.1]))
        fields["objective"] = {"kind": "Welfare", "weights": 1.0, "function": function, "profit_weight": 0.0}
        fields["objective"]["minimum_profit"] = least
    elif kind == "limits":
        fields["transfers"] = [(-0.5, 0.5), (0.0, 1.0), (-INFINITE, 1.0), (-2.0, 3.0)][rng.integers(4)]
    elif kind == "none":
        fields["transfers"] = "none"
        families._keep_finite(fields)
    elif kind == "floors":
        least = rng.choice([0.0, 0.1, 0.3, -0.5], n_types)
        fields["constraints"] = [
            {"utility": np.eye(n_types)[who], "lower": float(least[who])}
            for who in range(n_types)
            if who == 0 or rng.random() < 0.8
        ]
    elif kind == "worst off":
        fields["objective"] = {"kind": "Welfare", "weights": 1.0, "function": "WorstOff", "profit_weight": 0.0}
        fields["objective"]["minimum_profit"] = float(rng.choice([-1.0, 0.0]))
    elif kind == "average":
        fields["constraints"] = [{"utility": fields["weights"].copy(), "lower": float(rng.choice([0.0, 0.3]))}]


def mimicry(rng: Rng, fields: Fields) -> None:
    """Observable groups, evidence, bonds, or any pairs; sometimes with something else besides."""
    n_types, _ = size_of(fields)
    kind = rng.choice(["groups", "evidence", "pairs", "next", "nobody"], p=[0.3, 0.3, 0.25, 0.1, 0.05])
    if kind == "groups":
        member = rng.integers(0, max(2, n_types // 2), n_types)
        mask = member[:, None] == member
    elif kind == "evidence":
        rank = rng.integers(0, 4, n_types)
        mask = rank[:, None] >= rank
    elif kind == "pairs":
        mask = rng.random((n_types, n_types)) < rng.choice([0.2, 0.5, 0.9])
    elif kind == "next":
        mask = np.abs(np.subtract.outer(np.arange(n_types), np.arange(n_types))) <= 1
    else:
        mask = np.zeros((n_types, n_types), dtype=bool)
    fields["mimics"] = mask | np.eye(n_types, dtype=bool)
    if rng.random() < 0.35:
        more = [left_out, families.rows, families.transfers, families.objective, families.ambiguity, by_type]
        more[rng.integers(len(more))](rng, fields)


def by_type(rng: Rng, fields: Fields) -> None:
    """A cost for each type, of one kind or of several."""
    n_types, n_goods = size_of(fields)
    one, several = fields["cost"], rng.random() < 0.4
    one = one[0] if isinstance(one, list) else one
    found = []
    for _ in range(n_types):
        how = rng.random()
        if how < 0.3 or (fields["domain"]["kind"] == "Simplex" and one["kind"] == "Entropy"):
            found.append(_dearer(rng, one))
        elif several and not (fields["domain"]["kind"] == "Box" and not np.isfinite(fields["domain"]["lower"]).all()):
            found.append(new_cost(rng, fields) if how < 0.6 else drafts.cost_of(rng, n_goods, fields["domain"]))
        else:
            found.append({"kind": "Quadratic", "curvature": float(rng.choice(CURVATURES))})
    fields["cost"] = found


def _dearer(rng: Rng, cost: Fields) -> Fields:
    """The same cost at another price, where it has one."""
    times = float(rng.choice([0.5, 1.0, 1.5, 1.1]))
    name = {"Linear": "price", "Quadratic": "curvature", "Entropy": "temperature"}.get(cost["kind"], "scale")
    return (
        {**cost, name: np.multiply(cost[name], times) if np.ndim(cost[name]) else float(cost[name] * times)}
        if name in cost
        else cost
    )


def transfer_rows(rng: Rng, fields: Fields) -> None:
    """Rows that count transfers, limits that differ by type, or both."""
    n_types, _ = size_of(fields)
    kind = rng.choice(["rows", "limits", "both"], p=[0.5, 0.35, 0.15])
    if kind != "rows":
        low = rng.choice([-INFINITE, -INFINITE, -1.0, -0.1, 0.0], n_types)
        high = rng.choice([INFINITE, INFINITE, 0.5, 1.0, 0.1 + 0.2, 0.0], n_types)
        fields["transfers"] = (low, high)
        if rng.random() < 0.3:
            fields["reservation_utility"] = np.full(n_types, rng.choice([-1.0, 0.1]))
    if kind != "limits":
        fields["constraints"] = [_transfer_row(rng, fields) for _ in range(rng.integers(1, 3))]
        if rng.random() < 0.3:
            fields["constraints"].append(families.row(rng, fields))


def _transfer_row(rng: Rng, fields: Fields) -> Fields:
    n_types, n_goods = size_of(fields)
    kind = str(rng.choice(["revenue", "refund", "equal", "cap", "order", "wage", "any"]))
    who, other = rng.integers(n_types, size=2)
    paid = np.zeros(n_types)
    if kind == "revenue":
        return {"transfer": fields["weights"].copy(), "upper": float(rng.choice([0.0, 0.25, 1.0]))}
    if kind == "refund":
        return {"transfer": fields["weights"].copy(), "lower": float(rng.choice([0.0, 0.1, 0.3]))}
    if kind == "equal" and who != other:
        paid[[who, other]] = (1.0, -1.0)
        return {"transfer": paid, "lower": 0.0, "upper": 0.0}
    if kind == "order" and who != other:
        paid[[who, other]] = (1.0, -1.0)
        return {"transfer": paid, "upper": float(rng.choice([0.0, 0.1]))}
    if kind == "wage":  # paid by the unit, at most
        amounts = np.zeros((n_types, n_goods))
        amounts[who] = -float(rng.choice([0.5, 1.0]))
        paid[who] = 1.0
        return {"transfer": paid, "allocation": amounts, "upper": 0.0}
    if kind == "any":
        coefficients = rng.integers(-2, 3, n_types) / 2
        return {
            "transfer": coefficients,
            "utility": rng.integers(-1, 2, n_types) / 2,
            "upper": float(rng.choice([0.0, 0.5])),
        }
    paid[who] = 1.0
    return {"transfer": paid, "upper": float(rng.choice([0.0, 0.1, 0.5]))}


def blend(rng: Rng, fields: Fields) -> None:
    """Two or three features at once, of both generations."""
    features = [left_out, mimicry, transfer_rows, families.rows, families.objective, families.ambiguity, by_type]
    for number in sorted(rng.choice(len(features), size=rng.integers(2, 4), replace=False)):
        features[number](rng, fields)


def _fitted(fields: Fields) -> Fields:
    """Without what the library refuses together, or takes for another problem."""
    if fields.get("participation") == "voluntary" and fields.get("outside_option") is not None:
        fields.pop("reservation_utility", None)
    if fields.get("participation") != "voluntary":
        fields.pop("serving_cost", None)
    if "ambiguity" in fields and "objective" in fields:
        fields["objective"].pop("minimum_profit", None)
    if fields.get("transfers") == "none":
        for row in fields.get("constraints", []):
            row.pop("transfer", None)
        rows = fields.get("constraints", [])
        fields["constraints"] = [row for row in rows if set(row) & {"allocation", "utility"}]
    if "mimics" in fields:
        fields.pop("uncertainty", None)
    return fields


FAMILIES: dict[str, tuple[float, Callable[[Rng, Fields], None]]] = {  # share of all cases
    "left out": (0.15, left_out),
    "left out with": (0.13, left_out_with),
    "nobody leaves": (0.09, nobody_leaves),
    "mimicry": (0.14, mimicry),
    "costs": (0.13, costs),
    "by type": (0.09, by_type),
    "transfer rows": (0.10, transfer_rows),
    "open": (0.09, open_goods),
    "blend": (0.08, blend),
}


def problem(rng: Rng, family: str) -> Fields:
    """A random problem of a family."""
    fields = drafted(rng, family)
    FAMILIES[family][1](rng, fields)
    return _fitted(fields)

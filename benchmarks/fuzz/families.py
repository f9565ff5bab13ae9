"""What a random problem is about, beyond the textbook program: one function per feature, which adds its fields."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.fuzz.drafts import decimals, near
from benchmarks.fuzz.units import Fields

Array = np.ndarray
Rng = np.random.Generator
ROWS = (
    "capacity",
    "equal utility",
    "equal contract",
    "equal groups",
    "budget",
    "service",
    "one",
    "none",
    "floor",
    "any",
)


def size_of(fields: Fields) -> tuple[int, int]:
    """(n_types, n_goods)."""
    n_types, n_goods = fields["valuations"].shape
    return n_types, n_goods


def plain(rng: Rng, fields: Fields) -> None:
    """Profit, free transfers, nothing else."""


def reservation(rng: Rng, fields: Fields) -> None:
    """Outside options in utility: equal, by type, or so low that nobody would leave."""
    n_types, _ = size_of(fields)
    kind = rng.choice(["equal", "by type", "low", "mixed", "near"])
    if kind == "equal":
        worth = np.full(n_types, rng.choice([0.2, 0.1 + 0.2, 0.5, 1.0, -0.7]))
    elif kind == "by type":
        worth = rng.uniform(-0.5, 1.5, n_types)
    elif kind == "low":
        worth = np.full(n_types, -rng.choice([1e2, 1e4, 1e6]))
    elif kind == "mixed":
        worth = np.where(rng.random(n_types) < 0.5, 0.0, decimals(rng, rng.integers(-10, 10, n_types)))
    else:
        worth = near(rng, np.full(n_types, 0.6), str(rng.choice(["ulp", "thirds", "close"])))
    fields["reservation_utility"] = worth


def outside(rng: Rng, fields: Fields) -> None:
    """A contract that everybody can keep; with or without money."""
    _, n_goods = size_of(fields)
    fields["outside_option"] = _point(rng, fields["domain"], n_goods)
    if fields["cost"]["kind"] == "Entropy" and rng.random() < 0.5:
        fields["outside_option"] = fields["cost"]["reference"]
    kind = rng.choice(["free", "none", "limits"], p=[0.35, 0.4, 0.25])
    if kind != "free":
        _keep_finite(fields)
        fields["transfers"] = (
            "none" if kind == "none" else (-float(rng.choice([0.0, 0.5])), float(rng.choice([0.5, 2.0])))
        )


def transfers(rng: Rng, fields: Fields) -> None:
    """Limits on transfers, or none at all; with reservation utilities that somebody may not be given."""
    n_types, _ = size_of(fields)
    infinite = float("inf")
    limits = ["none", (-0.5, 0.5), (0.0, 1.0), (0.0, infinite), (-infinite, 1.0), (-2.0, 3.0), (-1e9, 1e9), (0.0, 0.0)]
    limits += [(-0.1 - 0.2, 0.3)]
    fields["transfers"] = limits[rng.integers(len(limits))]
    if fields["transfers"] in ("none", (0.0, 0.0), (-1e9, 1e9)):  # a billion is meant not to bind
        _keep_finite(fields)
    if rng.random() < 0.5:
        fields["reservation_utility"] = np.full(n_types, rng.choice([-4.0, -1.0, 0.1]))
    elif rng.random() < 0.3:
        fields["reservation_utility"] = rng.uniform(-1.0, 0.5, n_types)


def rows(rng: Rng, fields: Fields) -> None:
    """One to three rows over allocations and utilities."""
    fields["constraints"] = [row(rng, fields) for _ in range(rng.integers(1, 4))]


def row(rng: Rng, fields: Fields) -> Fields:
    """A LinearConstraint that users write: equal treatment, capacity, a budget, a minimum, or anything small."""
    (n_types, n_goods), kind = size_of(fields), str(rng.choice(ROWS))
    who, other = rng.integers(n_types, size=2)
    of_good = np.zeros((n_types, n_goods))
    good = rng.integers(n_goods)
    utility = np.zeros(n_types)
    if kind == "capacity":
        of_good[:] = fields["weights"][:, None]
        return {"allocation": of_good, "upper": float(rng.choice([0.25, 0.3, 1.0]))}
    if kind == "equal utility" and who != other:
        utility[[who, other]] = (1.0, -1.0)
        return {"utility": utility, "lower": 0.0, "upper": 0.0}
    if kind == "equal contract" and who != other:
        of_good[who, good], of_good[other, good] = (1.0, -1.0)
        return {"allocation": of_good, "lower": 0.0, "upper": 0.0}
    if kind == "equal groups" and n_types > 1:
        half = n_types // 2
        utility[:half], utility[half:] = -1.0 / half, 1.0 / (n_types - half)
        return {"utility": utility * (half if rng.random() < 0.3 else 1.0), "upper": 0.0}
    if kind == "budget":
        return {"utility": fields["weights"].copy(), "upper": float(rng.choice([0.1, 0.5, 1.0]))}
    if kind == "service":
        of_good[:] = fields["weights"][:, None]
        return {"allocation": of_good, "lower": float(rng.choice([0.1, 0.3]))}
    if kind == "one":
        of_good[who, good] = 1.0
        return {"allocation": of_good, "upper": float(rng.choice([0.0, 0.1, 0.5]))}
    if kind == "none":
        of_good[who, good] = 1.0
        return {"allocation": of_good, "lower": 0.0, "upper": 0.0}
    if kind == "floor":
        utility[who] = 1.0
        return {"utility": utility, "lower": float(rng.choice([0.1, 0.3, 0.1 + 0.2]))}
    utility = rng.integers(-2, 3, n_types) / 2
    of_good = rng.integers(-2, 3, (n_types, n_goods)) / 2
    return {"allocation": of_good, "utility": utility, "upper": float(rng.choice([0.0, 0.5, 1.0]))}


def objective(rng: Rng, fields: Fields) -> None:
    """Welfare of every kind, weighted sums and minimum profits; mostly such that a best menu exists."""
    n_types, n_goods = size_of(fields)
    kind = rng.choice(["linear", "surplus", "isoelastic", "exponential", "worst off", "budget", "sum", "mixed"])
    weights = rng.choice([0.0, 0.5, 0.9, 1.0], n_types)
    weights[rng.integers(n_types)] = 1.0
    if kind == "linear":
        fields["objective"] = {"kind": "Welfare", "weights": weights * 0.75}
    elif kind == "surplus":
        fields["objective"] = {"kind": "Welfare", "weights": 1.0}
    elif kind == "isoelastic":
        function = {"kind": "Isoelastic", "aversion": float(rng.choice([0.5, 1.0, 2.0, 5.0], p=[0.3, 0.3, 0.3, 0.1]))}
        budget = float(rng.choice([-1.0, 0.0, -0.1]))
        fields["objective"] = {
            "kind": "Welfare",
            "weights": 1.0,
            "function": function,
            "profit_weight": 0.0,
            "minimum_profit": budget,
        }
    elif kind == "exponential":
        function = {"kind": "Exponential", "aversion": float(rng.choice([0.5, 2.0]))}
        fields["objective"] = {"kind": "Welfare", "weights": weights + 0.25, "function": function, "profit_weight": 0.5}
    elif kind == "worst off":
        fields["objective"] = {"kind": "Welfare", "weights": float(rng.choice([0.5, 0.75])), "function": "WorstOff"}
    elif kind == "budget":
        fields["objective"] = {"kind": "Welfare", "weights": weights, "profit_weight": 0.0, "minimum_profit": 0.0}
        fields["transfers"] = (-2.0, 2.0)
    elif kind == "sum":
        fields["objective"] = {
            "kind": "WeightedSum",
            "profit_weight": 1.0,
            "allocation_values": rng.integers(-4, 3, n_goods) / 4,
            "utility_weights": weights * 0.5,
            "worst_off_weight": float(rng.choice([0.0, 0.25])),
        }
    else:
        function = {"kind": "Isoelastic", "aversion": float(rng.choice([0.5, 1.0, 2.0]))}
        fields["objective"] = {
            "kind": "Welfare",
            "weights": weights + 0.25,
            "function": function,
            "profit_weight": float(rng.choice([0.5, 1.0])),
        }
    if rng.random() < 0.3:
        fields["transfers"] = (-2.0, 2.0)


def ambiguity(rng: Rng, fields: Fields) -> None:
    """Weights in doubt: every kind of set."""
    n_types, _ = size_of(fields)
    kind = str(rng.choice(["TotalVariation", "Wasserstein", "KullbackLeibler", "ChiSquare", "Moments"]))
    radius = float(rng.choice([0.0, 0.01, 0.05, 0.2, 1.0], p=[0.05, 0.25, 0.3, 0.3, 0.1]))
    part: Fields = {"kind": kind, "radius": radius}
    if kind == "Wasserstein" and rng.random() < 0.3:
        steps = np.abs(np.subtract.outer(np.arange(n_types), np.arange(n_types))) * 1.0
        part["metric"] = steps
    if kind == "Moments":
        features = np.arange(n_types) * 1.0 if rng.random() < 0.5 else np.round(rng.uniform(0, 2, n_types), 1)
        mean, slack = float(fields["weights"] @ features), float(rng.choice([0.05, 0.2, 1.0]))
        part = {"kind": kind, "features": features, "lower": mean - slack, "upper": mean + slack}
    fields["ambiguity"] = part


def uncertainty(rng: Rng, fields: Fields) -> None:
    """Valuations in doubt: boxes, balls and noise, from nothing to sets that touch or overlap."""
    n_types, n_goods = size_of(fields)
    kind = str(rng.choice(["Interval", "Ellipsoid", "Noise"]))
    width = float(rng.choice([0.0, 0.01, 0.05, 0.125, 0.3, 0.5], p=[0.05, 0.25, 0.3, 0.2, 0.1, 0.1]))
    sizes = width if rng.random() < 0.6 else width * rng.choice([0.5, 1.0, 1.5], (n_types, n_goods))
    if kind == "Interval":
        fields["uncertainty"] = {"kind": kind, "widths": sizes}
    elif kind == "Noise":
        fields["uncertainty"] = {"kind": kind, "sd": sizes, "probability": float(rng.choice([0.5, 0.9]))}
    else:
        fields["uncertainty"] = {"kind": kind, "factors": width if np.ndim(sizes) == 0 else sizes.mean(axis=1)}


def mixed(rng: Rng, fields: Fields) -> None:
    """Two or three features at once."""
    chosen = rng.choice(
        ["reservation", "transfers", "rows", "objective", "doubt"], size=rng.integers(2, 4), replace=False
    )
    for name in chosen:
        adds = (ambiguity if rng.random() < 0.6 else uncertainty) if name == "doubt" else FAMILIES[str(name)][1]
        adds(rng, fields)
    if "ambiguity" in fields and "objective" in fields:
        fields["objective"].pop("minimum_profit", None)  # has no meaning under ambiguity


def impossible(rng: Rng, fields: Fields) -> None:
    """No menu, or no best one, on purpose."""
    n_types, n_goods = size_of(fields)
    kind = rng.choice(["IR", "capacity", "utility", "cheap", "generous", "minimum profit"])
    if kind == "IR":
        fields |= {"transfers": "none", "reservation_utility": np.full(n_types, rng.choice([5.0, 20.0]))}
        fields["domain"] = {"kind": "Box", "lower": 0.0, "upper": 1.0}
        fields["cost"] = {"kind": "Quadratic", "curvature": 1.0}
    elif kind == "capacity":
        whole = np.tile(fields["weights"][:, None], (1, n_goods))
        fields["constraints"] = [{"allocation": whole, "lower": 0.5}, {"allocation": whole, "upper": 0.4}]
    elif kind == "utility":
        fields["constraints"] = [{"utility": fields["weights"].copy(), "upper": -0.1}]
    elif kind == "cheap":
        fields |= {"domain": {"kind": "NonNegative"}, "cost": {"kind": "Linear", "price": 0.1}}
    elif kind == "generous":
        fields["objective"] = {"kind": "Welfare", "weights": float(rng.choice([1.5, 1.01]))}
    else:
        fields["objective"] = {"kind": "Welfare", "weights": 0.5, "profit_weight": 0.5, "minimum_profit": 1e3}
        fields["domain"] = {"kind": "Box", "lower": 0.0, "upper": 1.0}
        fields["cost"] = {"kind": "Quadratic", "curvature": 1.0}


def _keep_finite(fields: Fields) -> None:
    """Without money nothing but the cost curbs amounts: a linear one needs a bounded domain."""
    if fields["domain"]["kind"] == "NonNegative" and fields["cost"]["kind"] == "Linear":
        fields["cost"] = {"kind": "Quadratic", "curvature": 1.0}


def _point(rng: Rng, domain: Fields, n_goods: int) -> Array:
    """A point of the domain: a corner, nothing, or inside."""
    if domain["kind"] == "Simplex":
        raw = rng.integers(0, 4, n_goods) * 1.0
        raw = raw if raw.any() else np.ones(n_goods)
        return np.array(raw / raw.sum())
    if domain["kind"] == "Box":
        share = rng.choice([0.0, 0.5, 1.0], n_goods)
        return np.array((1 - share) * domain["lower"] + share * domain["upper"])
    if domain["kind"] == "Polyhedron":
        return np.full(n_goods, float(rng.choice([0.0, 0.125])))
    return rng.choice([0.0, 0.5, 0.3], n_goods)


FAMILIES: dict[str, tuple[float, Callable[[Rng, Fields], None]]] = {  # share of all cases
    "plain": (0.18, plain),
    "reservation": (0.10, reservation),
    "outside": (0.10, outside),
    "transfers": (0.12, transfers),
    "rows": (0.14, rows),
    "objective": (0.12, objective),
    "ambiguity": (0.08, ambiguity),
    "uncertainty": (0.08, uncertainty),
    "mixed": (0.12, mixed),
    "impossible": (0.04, impossible),
}

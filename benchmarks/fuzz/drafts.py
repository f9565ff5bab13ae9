"""The textbook program at random: types with ties and near ties, a cost and a domain, in units of one."""

from __future__ import annotations

import numpy as np

from benchmarks.fuzz.units import Fields

Array = np.ndarray
FEW_TYPES, MANY_TYPES = 12, 60


def drafted(rng: np.random.Generator, family: str) -> Fields:
    """Types, cost and domain, before a family adds what it is about."""
    n_types = _number_of_types(rng, family)
    lottery = family == "outside" and rng.random() < 0.6
    n_goods = int(rng.integers(2, 4)) if lottery else int(rng.choice([1, 2, 3], p=[0.4, 0.4, 0.2]))
    domain = lottery_domain(rng) if lottery else domain_of(rng, n_goods)
    if domain["kind"] == "Simplex":
        n_goods = max(n_goods, 2)
    fields: Fields = {
        "valuations": tastes(rng, n_types, n_goods),
        "weights": shares_of(rng, n_types),
        "cost": cost_of(rng, n_goods, domain),
        "domain": domain,
    }
    if rng.random() < 0.35:
        fields["principal_values"] = principal_values(rng, n_types, n_goods)
    return fields


def _number_of_types(rng: np.random.Generator, family: str) -> int:
    few = int(rng.choice(np.arange(1, FEW_TYPES + 1), p=np.array([5, 18, 16, 13, 11, 9, 7, 6, 5, 4, 3, 3]) / 100))
    most = {"ambiguity": 20, "uncertainty": 15}.get(family, MANY_TYPES)
    return int(rng.integers(FEW_TYPES + 1, most + 1)) if rng.random() < 0.08 else few


def tastes(rng: np.random.Generator, n_types: int, n_goods: int) -> Array:
    """Valuations on a grid, at decimals or anywhere, with copies and near copies of types."""
    shape = (n_types, n_goods)
    kind = rng.choice(["quarters", "decimals", "anywhere", "line"])
    if kind == "quarters":
        values = rng.integers(-2, 13, shape) / 4
    elif kind == "decimals":
        values = decimals(rng, rng.integers(-5, 31, shape))
    elif kind == "line":
        values = np.sort(rng.uniform(0.5, 3.0, n_types))[:, None] * np.ones(shape) + rng.choice([0.0, 0.3], shape[1])
    else:
        values = rng.uniform(-0.5, 3.0, shape)
    for who in range(1, n_types):
        if rng.random() < 0.25:
            copied = values[rng.integers(who)]
            how = rng.choice(["tie", "ulp", "thirds", "close", "one good"])
            if how == "one good":
                good = rng.integers(n_goods)
                values[who, good] = copied[good]
            else:
                values[who] = near(rng, copied, str(how))
    return values


def decimals(rng: np.random.Generator, tenths: Array) -> Array:
    """Tenths in one of the ways to write them, which differ in the last bit: k / 10, k * 0.1, 0.1 + ... + 0.1."""
    ways = np.stack([tenths / 10, tenths * 0.1, np.sign(tenths) * _sums_of_tenths(np.abs(tenths))])
    return np.take_along_axis(ways, rng.integers(0, 3, (1, *tenths.shape)), axis=0)[0]


def _sums_of_tenths(counts: Array) -> Array:
    return np.concatenate([[0.0], np.cumsum(np.full(int(counts.max(initial=0)), 0.1))])[counts]


def near(rng: np.random.Generator, values: Array, how: str) -> Array:
    """A copy that is exact, an ulp off, three times a third, or close."""
    if how == "ulp":
        return np.nextafter(values, rng.choice([-np.inf, np.inf], values.shape))
    if how == "thirds":
        return values * 3 / 3 if rng.random() < 0.5 else values / 3 * 3
    if how == "close":
        return values + rng.choice([1e-12, 1e-9, 1e-6, 1e-4]) * rng.choice([-1.0, 0.0, 1.0], values.shape)
    return values.copy()


def shares_of(rng: np.random.Generator, n_types: int) -> Array:
    """Weights: equal, whole, or anywhere, a few of them tiny."""
    kind = rng.choice(["equal", "whole", "anywhere"])
    raw = {"equal": np.ones(n_types), "whole": rng.integers(1, 10, n_types) * 1.0}.get(
        str(kind), rng.uniform(0.05, 1, n_types)
    )
    if n_types > 1 and rng.random() < 0.1:
        raw[rng.integers(n_types)] = rng.choice([1e-12, 1e-6, 1e-3])
    return raw / raw.sum()


def principal_values(rng: np.random.Generator, n_types: int, n_goods: int) -> Array:
    """The same for all types, or type by type; often negative (a harm)."""
    shape = (n_types if rng.random() < 0.5 else 1, n_goods)
    values = rng.integers(-6, 5, shape) / 4 if rng.random() < 0.5 else rng.uniform(-1.5, 1.0, shape)
    return np.array(np.broadcast_to(values, (n_types, n_goods)))


def domain_of(rng: np.random.Generator, n_goods: int) -> Fields:
    """Any of the domains, some of them with no interior or with bounds that no contract reaches."""
    kind = rng.choice(["NonNegative", "Box", "Simplex", "Polyhedron"], p=[0.45, 0.3, 0.12, 0.13])
    if kind == "Box":
        lower = rng.choice([0.0, 0.0, 0.0, 0.25, -1.0], n_goods)
        upper = lower + rng.choice([0.5, 1.0, 3.0], n_goods)
        special = rng.random()
        if special < 0.1:
            upper = lower + 1e3  # binds for nobody
        elif special < 0.2:
            good = rng.integers(n_goods)
            upper[good] = lower[good]
        return {"kind": "Box", "lower": lower, "upper": upper}
    if kind == "Simplex":
        return lottery_domain(rng)
    if kind == "Polyhedron":
        return polyhedron(rng, n_goods)
    return {"kind": "NonNegative"}


def lottery_domain(rng: np.random.Generator) -> Fields:
    """Lotteries, a third of them with free disposal."""
    return {"kind": "Simplex", "free_disposal": bool(rng.random() < 0.33)}


def polyhedron(rng: np.random.Generator, n_goods: int) -> Fields:
    """A budget set, a box that random rows cut, or one that a pair of rows flattens; all within x >= 0."""
    rows, bounds = [np.ones((1, n_goods)), -np.eye(n_goods)], [[float(rng.choice([1.0, 2.0]))], np.zeros(n_goods)]
    kind = rng.random()
    if kind > 0.5:
        cuts = rng.integers(-2, 4, (2, n_goods)) / 2
        cuts[~cuts.any(axis=1)] = 1.0
        rows.append(cuts)
        bounds.append(cuts @ np.full(n_goods, 0.25) + rng.choice([0.25, 0.5], 2))
    if kind > 0.85 and n_goods > 1:
        equal = np.zeros((2, n_goods))
        equal[0, :2], equal[1, :2] = (1, -1), (-1, 1)
        rows.append(equal)
        bounds.append(np.zeros(2))
    return {"kind": "Polyhedron", "matrix": np.vstack(rows), "bounds": np.concatenate(bounds)}


def cost_of(rng: np.random.Generator, n_goods: int, domain: Fields) -> Fields:
    """A cost that the domain admits."""
    signed = domain["kind"] == "Box" and bool(np.any(np.asarray(domain["lower"]) < 0))
    chances = {"Linear": 0.25, "Quadratic": 0.3, "per good": 0.1, "matrix": 0.15, "Power": 0.15, "Cosh": 0.05}
    if domain["kind"] == "NonNegative":
        chances["Linear"] = 0.08
    if signed:
        del chances["Power"]
    if domain["kind"] == "Polyhedron" or np.any(np.asarray(domain.get("upper", 0.0)) > 100):
        del chances["Cosh"]  # beyond the largest float
    if domain["kind"] == "Simplex" and not domain["free_disposal"]:
        chances["Entropy"] = 0.5
    share = np.array(list(chances.values()))
    kind = list(chances)[rng.choice(len(chances), p=share / share.sum())]
    curvatures = np.array([0.1, 0.5, 1.0, 1.0, 2.0, 7.0])
    if kind == "Linear":
        return {"kind": "Linear", "price": rng.choice([0.0, 0.0, 0.5, 1.0, 0.3], n_goods)}
    if kind == "Quadratic":
        return {"kind": "Quadratic", "curvature": float(rng.choice(curvatures))}
    if kind == "per good":
        return {"kind": "Quadratic", "curvature": rng.choice(curvatures, n_goods)}
    if kind == "matrix":
        root = rng.integers(-4, 5, (n_goods, n_goods)) / 4
        return {"kind": "Quadratic", "curvature": root @ root.T + 0.5 * np.eye(n_goods)}
    if kind == "Power":
        exponent = float(rng.choice([1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 0.5]))
        size = float(rng.choice([0.5, 1.0, 1.0, 2.0]))
        if exponent < 1 and domain["kind"] == "NonNegative":
            exponent = 1.5  # a benefit needs a price to end somewhere
        return {"kind": "Power", "exponent": exponent, "scale": size if exponent > 1 else -size}
    if kind == "Entropy":
        raw = rng.integers(1, 5, n_goods) * 1.0
        return {"kind": "Entropy", "reference": raw / raw.sum(), "temperature": float(rng.choice([0.1, 0.5, 1.0]))}
    return {"kind": "Cosh", "scale": float(rng.choice([0.5, 2.0])), "unit": 1.0}

"""What allocations cost: in floats, in rationals where that is one, and for cvxpy; one cost for all types or one each.

A cost is a dictionary with its name under "kind", or a list of them, one per type. Where somebody is served with a
chance z only, y = z x is the expected allocation, and z c(y / z) what is to be expected of the cost.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from benchmarks.fuzz.units import Fields

Array = np.ndarray
Vector = list[Fraction]
UNKNOWN = "the oracle knows no cost {}: teach it in benchmarks/fuzz/costs.py"


def costs(cost: Fields | list[Fields], allocation: Array) -> Array:
    """c(x) of every row; with one cost per type the rows are those of the types."""
    if isinstance(cost, list):
        return np.concatenate([costs(part, allocation[[who]]) for who, part in enumerate(cost)])
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
    if kind == "ExponentialCost":
        return np.asarray((cost["scale"] / cost["rate"] * np.expm1(cost["rate"] * allocation)).sum(axis=1))
    if kind == "Logarithm":
        inside = -allocation / pole(cost)
        with np.errstate(all="ignore"):
            return np.asarray(np.where(inside > -1, -cost["scale"] * np.log1p(inside), np.inf).sum(axis=1))
    if kind == "Separable":
        return np.asarray(sum(costs(part, allocation[:, [good]]) for good, part in enumerate(cost["costs"])))
    if kind == "Total":
        return costs(cost["cost"], (allocation * cost["direction"]).sum(axis=1)[:, None])
    raise ValueError(UNKNOWN.format(kind))


def sizes(cost: Fields | list[Fields], allocation: Array) -> Array:
    """The size of the terms of c(x), row by row: its rounding is relative to that."""
    if isinstance(cost, list):
        return np.concatenate([sizes(part, allocation[[who]]) for who, part in enumerate(cost)])
    kind, size = cost["kind"], np.abs(costs(cost, allocation))
    if kind == "Entropy":
        return np.asarray(size + cost["temperature"])
    if kind == "ExponentialCost":
        terms = np.exp(cost["rate"] * allocation) * np.abs(cost["rate"] * allocation)
        return np.asarray(size + (cost["scale"] / cost["rate"] * terms).sum(axis=1))
    if kind == "Logarithm":
        share = np.abs(allocation / pole(cost))
        with np.errstate(all="ignore"):
            return np.asarray(size + (cost["scale"] * share / (1 - allocation / pole(cost))).sum(axis=1))
    if kind == "Separable":
        return np.asarray(sum(sizes(part, allocation[:, [good]]) for good, part in enumerate(cost["costs"])))
    if kind == "Total":
        return sizes(cost["cost"], (allocation * cost["direction"]).sum(axis=1)[:, None])
    return size


def pole(cost: Fields) -> Any:
    """Where a Logarithm is infinite."""
    return cost["capacity"] if cost.get("capacity") is not None else -np.asarray(cost["offset"])


def exact_cost(cost: Fields, amounts: Vector) -> Fraction | None:
    """c(x) as a rational; None where it is none."""
    kind, n_goods = cost["kind"], len(amounts)
    if kind == "Linear":
        prices = np.broadcast_to(cost["price"], n_goods).tolist()
        return sum((Fraction(price) * x for price, x in zip(prices, amounts, strict=True)), Fraction())
    if kind == "Quadratic":
        matrix = np.asarray(cost["curvature"], dtype=float)
        matrix = matrix if matrix.ndim == 2 else np.diag(np.broadcast_to(matrix, n_goods))
        pairs = ((i, j) for i in range(n_goods) for j in range(n_goods) if matrix[i, j])
        return sum((Fraction(float(matrix[i, j])) * amounts[i] * amounts[j] for i, j in pairs), Fraction()) / 2
    if kind == "Separable":
        parts = [exact_cost(part, [x]) for part, x in zip(cost["costs"], amounts, strict=True)]
        return None if None in parts else sum((part for part in parts if part is not None), Fraction())
    if kind == "Total":
        along = np.broadcast_to(cost["direction"], n_goods).tolist()
        total = sum((Fraction(step) * x for step, x in zip(along, amounts, strict=True)), Fraction())
        return exact_cost(cost["cost"], [total])
    return None


def kinds_of(cost: Fields | list[Fields]) -> set[str]:
    """The names of a cost and of its parts."""
    if isinstance(cost, list):
        return {kind for part in cost for kind in kinds_of(part)}
    inner = [*cost.get("costs", []), *([cost["cost"]] if "cost" in cost else [])]
    return {cost["kind"]} | kinds_of(inner)


def cost_expression(cost: Fields | list[Fields], x: Any, share: Any = None) -> tuple[Any, list[Any]]:
    """For cvxpy: c of every row, or share c(x / share), with the constraints that define its variables."""
    import cvxpy as cp

    if isinstance(cost, list):
        parts = [
            cost_expression(part, x[who : who + 1], None if share is None else share[who : who + 1])
            for who, part in enumerate(cost)
        ]
        return cp.hstack([part for part, _ in parts]), [row for _, rows in parts for row in rows]
    kind, (n_types, n_goods) = cost["kind"], x.shape
    if kind == "Linear":
        return x @ np.array(np.broadcast_to(cost["price"], n_goods)), []
    if kind == "Separable":
        parts = [cost_expression(part, x[:, good : good + 1], share) for good, part in enumerate(cost["costs"])]
        return sum(part for part, _ in parts), [row for _, rows in parts for row in rows]
    if kind == "Total":
        total = cp.reshape(x @ np.array(np.broadcast_to(cost["direction"], n_goods)), (n_types, 1), order="C")
        return cost_expression(cost["cost"], total, share)
    if kind == "Quadratic":
        rooted = x @ _root(cost["curvature"], n_goods)
        if share is None:
            return cp.sum(cp.square(rooted), axis=1) / 2, []
        return cp.hstack([cp.quad_over_lin(rooted[who], share[who]) for who in range(n_types)]) / 2, []
    if kind == "Power":
        return _power(cost, x, share)
    ones = None if share is None else cp.reshape(share, (n_types, 1), order="C") @ np.ones((1, n_goods))
    if kind == "Entropy":
        reference = np.tile(cost["reference"], (n_types, 1))
        whole = reference if ones is None else cp.multiply(reference, ones)
        return cost["temperature"] * cp.sum(cp.rel_entr(x, whole), axis=1), []
    if kind == "Cosh":
        up, more = _exponential(x / cost["unit"], ones)
        down, rows = _exponential(-x / cost["unit"], ones)
        nothing = n_goods if share is None else n_goods * share
        return cost["scale"] * (cp.sum(up + down, axis=1) / 2 - nothing), [*more, *rows]
    if kind == "ExponentialCost":
        rate, worth = (np.array(np.broadcast_to(v, x.shape)) for v in (cost["rate"], cost["scale"] / cost["rate"]))
        risen, rows = _exponential(cp.multiply(rate, x), ones)
        return cp.sum(cp.multiply(worth, risen - (1.0 if ones is None else ones)), axis=1), rows
    if kind == "Logarithm":
        scale, part = (np.array(np.broadcast_to(v, x.shape)) for v in (cost["scale"], -1.0 / pole(cost)))
        if ones is None:
            return -cp.sum(cp.multiply(scale, cp.log(1 + cp.multiply(part, x))), axis=1), []
        return cp.sum(cp.multiply(scale, cp.rel_entr(ones, ones + cp.multiply(part, x))), axis=1), []
    raise ValueError(UNKNOWN.format(kind))


def _root(curvature: Any, n_goods: int) -> Array:
    """R with R R' the curvature."""
    curvature = np.asarray(curvature)
    matrix = curvature if curvature.ndim == 2 else np.diag(np.broadcast_to(curvature, n_goods))
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))


def _exponential(exponent: Any, ones: Any) -> tuple[Any, list[Any]]:
    """exp(q), or share exp(q / share)."""
    import cvxpy as cp

    if ones is None:
        return cp.exp(exponent), []
    risen = cp.Variable(exponent.shape)
    return risen, [cp.ExpCone(exponent, ones, risen)]


def _power(cost: Fields, x: Any, share: Any) -> tuple[Any, list[Any]]:
    """scale x^p, or scale x^p share^(1 - p): a power cone of three."""
    import cvxpy as cp

    scale, exponent = np.array(np.broadcast_to(cost["scale"], x.shape)), cost["exponent"]
    if share is None:
        return cp.sum(cp.multiply(scale, cp.power(x, exponent)), axis=1), []
    risen = cp.Variable(x.shape, nonneg=True)
    ones = cp.reshape(share, (x.shape[0], 1), order="C") @ np.ones((1, x.shape[1]))
    first, third = (risen, x) if exponent > 1 else (x, risen)
    whole = [cp.vec(part, order="C") for part in (first, ones, third)]
    power = 1 / exponent if exponent > 1 else exponent
    return cp.sum(cp.multiply(scale, risen), axis=1), [cp.PowCone3D(*whole, np.full(x.size, power))]

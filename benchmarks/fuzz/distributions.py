"""The distribution of types under which payoffs are worth least, by a convex program over distributions."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from benchmarks.fuzz.units import Fields

Array = np.ndarray


def worst_distribution(fields: Fields, payoff: Array) -> Array:
    """argmin of g . payoff over the ambiguity's set of distributions g."""
    import cvxpy as cp

    weights = fields["weights"] / fields["weights"].sum()
    spread = float(np.ptp(payoff))
    if len(weights) == 1 or spread == 0 or not np.isfinite(payoff).all():
        return weights
    other = cp.Variable(len(weights), nonneg=True)
    inside = membership(fields, other, weights)
    program = cp.Problem(cp.Minimize(other @ ((payoff - payoff.min()) / spread)), [cp.sum(other) == 1, *inside])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "solution may be inaccurate": at these tolerances it is good enough
        program.solve(solver=cp.CLARABEL, tol_gap_abs=1e-10, tol_gap_rel=1e-10, tol_feas=1e-10)
    if other.value is None:
        raise ArithmeticError(f"the worst distribution is {program.status}")
    found = np.maximum(np.asarray(other.value), 0.0)
    return found / found.sum()


def membership(fields: Fields, other: Any, weights: Array) -> list[Any]:
    """The constraints of the set, as in the definitions of each kind."""
    import cvxpy as cp

    doubt, n_types = fields["ambiguity"], len(weights)
    kind, radius = doubt["kind"], doubt.get("radius", 0.0)
    if kind != "Moments" and radius == 0:
        return [other == weights]
    if kind == "TotalVariation":
        return [cp.norm1(other - weights) <= 2 * radius]
    if kind == "KullbackLeibler":
        return [cp.sum(cp.rel_entr(other, weights)) <= radius]
    if kind == "ChiSquare":
        return [cp.sum_squares(cp.multiply(1 / np.sqrt(weights), other - weights)) <= radius]
    if kind == "Moments":
        features = np.asarray(doubt["features"])
        size = float(np.abs(features).max()) or 1.0
        mean = other @ (features / size)
        return [mean >= doubt["lower"] / size, mean <= doubt["upper"] / size]
    metric = doubt.get("metric", "euclidean")
    values = fields["valuations"]
    distance = np.linalg.norm(values[:, None] - values[None], axis=2) if isinstance(metric, str) else np.asarray(metric)
    longest = float(distance.max()) or 1.0
    moved = cp.Variable((n_types, n_types), nonneg=True)
    work = cp.sum(cp.multiply(distance / longest, moved))
    return [cp.sum(moved, axis=1) == weights, cp.sum(moved, axis=0) == other, work <= radius / longest]

"""A smaller problem that fails alike: fewer types, units of one, fewer parts, rounder numbers, one step at a time."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks.fuzz.cases import Case
from benchmarks.fuzz.judge import Verdict
from benchmarks.fuzz.report import LONGEST, kind_of
from benchmarks.fuzz.trial import tried
from benchmarks.fuzz.units import Fields

STEPS = 200  # trials at most
PER_TYPE = {"valuations", "weights", "principal_values", "reservation_utility"}
PER_TYPE_OF_PART = {
    "allocation",
    "utility",
    "transfer",
    "weights",
    "utility_weights",
    "welfare_weights",
    "features",
    "widths",
    "sd",
    "factors",
    "metric",
}
OPTIONAL = (
    "ambiguity",
    "uncertainty",
    "objective",
    "principal_values",
    "reservation_utility",
    "outside_option",
    "serving_cost",
    "participation",
    "mimics",
    "transfers",
    "constraints",
)


def shrunk(case: Case, verdict: Verdict, seconds: float, report: Callable[[str], None] = lambda line: None) -> Case:
    """The smallest case found whose verdict and message are of the same kind."""
    wanted, left = _kind(verdict), STEPS
    progress = True
    while progress and left > 0:
        progress = False
        for name, smaller in candidates(case):
            left -= 1
            if left < 0:
                break
            _, found = tried(smaller, seconds)
            if _kind(found) == wanted:
                report(f"  {name}")
                case, progress = smaller, True
                break
    return case


def _kind(verdict: Verdict) -> str:
    said = verdict.detail.replace("gap is inf", "gap is infinite")  # no bound at all is a failure of another kind
    return kind_of({"verdict": verdict.verdict, "detail": said})[:LONGEST]


def candidates(case: Case) -> Iterator[tuple[str, Case]]:
    """Simpler cases, the boldest steps first."""
    base = case.base
    if case.money != 1.0 or case.amount != 1.0:
        yield "units of one", dataclasses.replace(case, money=1.0, amount=1.0)
        yield "units of powers of ten", dataclasses.replace(case, money=_round(case.money), amount=_round(case.amount))
        yield "money 1", dataclasses.replace(case, money=1.0)
        yield "amounts 1", dataclasses.replace(case, amount=1.0)
    for name in OPTIONAL:
        if name in base:
            yield f"without {name}", _with(case, {key: value for key, value in base.items() if key != name})
    for number in range(len(base.get("constraints", []))):
        rows = [row for k, row in enumerate(base["constraints"]) if k != number]
        if rows:
            yield f"without row {number}", _with(case, {**base, "constraints": rows})
    for who in range(case.n_types if case.n_types > 1 else 0):
        yield f"without type {who}", _with(case, without_type(base, who))
    for cost in ({"kind": "Linear", "price": 0.0}, {"kind": "Quadratic", "curvature": 1.0}):
        if isinstance(base["cost"], list) or base["cost"]["kind"] != cost["kind"]:
            yield f"cost {cost['kind']}", _with(case, {**base, "cost": cost})
    if base["domain"]["kind"] in ("Polyhedron", "Box"):
        for domain in ({"kind": "NonNegative"}, {"kind": "Box", "lower": 0.0, "upper": 1.0}):
            if not _same(base["domain"], domain):
                yield f"domain {domain['kind']}", _with(case, {**base, "domain": domain})
    equal = np.full(case.n_types, 1.0 / case.n_types)
    if not np.array_equal(base["weights"], equal):
        yield "equal weights", _with(case, {**base, "weights": equal})
    for digits in (0, 1, 2):
        for name in ("valuations", "principal_values", "reservation_utility"):
            if name in base and not np.array_equal(np.round(base[name], digits), base[name]):
                yield f"{name} to {digits} digits", _with(case, {**base, name: np.round(base[name], digits)})
        weights = np.round(base["weights"], digits + 1)
        if not np.array_equal(weights, base["weights"]) and weights.min() > 0 and abs(weights.sum() - 1) < 1e-9:
            yield "rounder weights", _with(case, {**base, "weights": weights})


def _round(unit: float) -> float:
    return float(10.0 ** np.round(np.log10(unit)))


def _with(case: Case, base: Fields) -> Case:
    return dataclasses.replace(case, base=base)


def _same(left: Fields, right: Fields) -> bool:
    return left.keys() == right.keys() and all(np.array_equal(left[key], right[key]) for key in left)


def without_type(base: Fields, who: int) -> Fields:
    """The problem without one of its types."""
    n_types = len(base["valuations"])

    def kept(value: Any) -> Any:
        if isinstance(value, np.ndarray) and value.ndim and len(value) == n_types:
            value = np.delete(value, who, axis=0)
        return value

    new = {name: kept(value) if name in PER_TYPE else value for name, value in base.items()}
    new["weights"] = new["weights"] / new["weights"].sum()
    if isinstance(base["cost"], list):
        new["cost"] = [part for k, part in enumerate(base["cost"]) if k != who]
    if "mimics" in base:
        new["mimics"] = np.delete(np.delete(base["mimics"], who, axis=0), who, axis=1)
    if isinstance(base.get("transfers"), tuple):
        new["transfers"] = tuple(map(kept, base["transfers"]))
    for name in ("objective", "ambiguity", "uncertainty"):
        if name in base:
            new[name] = {key: kept(entry) if key in PER_TYPE_OF_PART else entry for key, entry in base[name].items()}
            if isinstance(new[name].get("metric"), np.ndarray):
                new[name]["metric"] = np.delete(new[name]["metric"], who, axis=1)
    new["constraints"] = [
        {key: kept(entry) if key in PER_TYPE_OF_PART else entry for key, entry in row.items()}
        for row in base.get("constraints", [])
    ]
    return new

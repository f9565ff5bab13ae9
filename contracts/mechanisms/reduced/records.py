"""A SymmetricAuctionProblem and its auction as plain records, with chances as fractions."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import number
from contracts.mechanisms.reduced.auction import PriorityRule, SymmetricAuction, certified
from contracts.mechanisms.reduced.problem import SymmetricAuctionProblem
from contracts.problem.records import from_record
from contracts.problem.rows.linear import LinearConstraint


def symmetric_problem(record: Any) -> SymmetricAuctionProblem:
    """The problem that a record describes; refuses unknown keys by name."""
    known = [field.name for field in dataclasses.fields(SymmetricAuctionProblem)]
    odd = next((name for name in record if name not in known), None)
    if odd is not None or "values" not in record:
        what = f"unknown key {odd!r}" if odd is not None else "'values' is missing"
        raise ProblemError(f"{what} in a symmetric auction: known are {', '.join(known)}")
    rows = record.get("constraints", [])
    constraints = [
        from_record(LinearConstraint, row, f"constraints[{k}]")
        for k, row in enumerate(rows if isinstance(rows, list) else [rows])
    ]
    return SymmetricAuctionProblem(**{**record, "constraints": constraints})


def symmetric_auction(record: dict[str, Any]) -> SymmetricAuction:
    """The inverse of SymmetricAuction.to_dict; the certificate is computed anew: a file is not believed."""
    problem = symmetric_problem(record["problem"])
    rules = tuple(PriorityRule(Fraction(rule["chance"]), _tiers(rule["tiers"], problem)) for rule in record["rules"])
    if any(rule.chance <= 0 for rule in rules) or sum((rule.chance for rule in rules), Fraction(0)) != 1:
        raise ProblemError("rules have chances that are no lottery: save the auction again")
    prices = tuple(Fraction(price) for price in record["row_prices"])
    if len(prices) != len(problem.rows) or any(price < 0 for price in prices):
        raise ProblemError(f"row_prices are no prices of {len(problem.rows)} rows: save the auction again")
    requested = record["certificate"]["requested_gap"]
    return certified(problem, rules, prices, np.inf if requested is None else number("requested_gap", requested))


def _tiers(given: Any, problem: SymmetricAuctionProblem) -> tuple[tuple[int, ...], ...]:
    tiers = tuple(tuple(int(t) for t in tier) for tier in given)
    types = [t for tier in tiers for t in tier]
    if len(set(types)) < len(types) or not set(types) <= set(range(problem.n_types)) or not all(tiers):
        raise ProblemError(f"tiers are none of {problem.n_types} types, each at most once: save the auction again")
    return tiers

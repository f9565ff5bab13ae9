"""Auctions of like bidders from files: what is not an input is computed again."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import number
from contracts.inputs.names import check_keys, field_names
from contracts.mechanisms.records import read_rational
from contracts.mechanisms.reduced.auction import PriorityRule, SymmetricAuction, certified
from contracts.mechanisms.reduced.goods_auction import AdditiveAuction, certified_goods
from contracts.mechanisms.reduced.goods_problem import AdditiveAuctionProblem
from contracts.mechanisms.reduced.goods_program import Interim, Rows
from contracts.mechanisms.reduced.problem import SymmetricAuctionProblem
from contracts.problem.records import from_record
from contracts.problem.rows.linear import LinearConstraint

# ---- problems ----


def symmetric_problem(record: dict[str, Any]) -> SymmetricAuctionProblem:
    """The problem that a record describes; refuses unknown keys by name."""
    check_keys(record, field_names(SymmetricAuctionProblem), "a symmetric auction", needed=("values",))
    rows = record.get("constraints", [])
    constraints = [
        from_record(LinearConstraint, row, f"constraints[{k}]")
        for k, row in enumerate(rows if isinstance(rows, list) else [rows])
    ]
    return SymmetricAuctionProblem(**{**record, "constraints": constraints})


def additive_problem(record: dict[str, Any]) -> AdditiveAuctionProblem:
    """The problem that a record describes; refuses unknown keys by name."""
    check_keys(record, field_names(AdditiveAuctionProblem), "an additive auction", needed=("values",))
    return AdditiveAuctionProblem(**record)


# ---- results ----


def symmetric_auction(record: dict[str, Any]) -> SymmetricAuction:
    """The inverse of SymmetricAuction.to_dict; the certificate is computed anew: a file is not believed."""
    problem = symmetric_problem(record["problem"])
    rules = tuple(PriorityRule(Fraction(rule["chance"]), _tiers(rule["tiers"], problem)) for rule in record["rules"])
    if any(rule.chance <= 0 for rule in rules) or sum((rule.chance for rule in rules), Fraction(0)) != 1:
        raise ProblemError("rules have chances that are no lottery: save the auction again")
    prices = tuple(Fraction(price) for price in record["row_prices"])
    if len(prices) != len(problem.rows) or any(price < 0 for price in prices):
        raise ProblemError(f"row_prices are no prices of {len(problem.rows)} rows: save the auction again")
    return certified(problem, rules, prices, _gap(record))


def additive_auction(record: dict[str, Any]) -> AdditiveAuction:
    """The inverse of AdditiveAuction.to_dict; the certificate is computed anew: a file is not believed."""
    problem = additive_problem(record["problem"])
    lies = tuple((int(a), int(b)) for a, b in record["lies"])
    sets = tuple((int(good), tuple(map(int, types))) for good, types in record["sets"])
    types = [t for pair in lies for t in pair] + [t for _, own in sets for t in own]
    known = all(0 <= t < problem.n_types for t in types) and all(0 <= j < problem.n_goods for j, _ in sets)
    if not known or any(len(set(own)) < len(own) for _, own in sets):
        raise ProblemError("lies or sets name types or goods that there are not, or twice: save the auction again")
    wins = read_rational(record["wins"], (problem.n_types, problem.n_goods))
    if wins.numerators.min() < 0 or wins.numerators.max() > wins.unit:
        raise ProblemError("wins holds what is no chance: save the auction again")
    utilities = read_rational(record["utilities"], (problem.n_types,))
    prices = read_rational(record["prices"], (len(lies) + len(sets),))
    return certified_goods(problem, Interim(wins, utilities, Rows(lies, sets), prices), _gap(record))


def _gap(record: dict[str, Any]) -> float:
    requested = record["certificate"]["requested_gap"]
    return np.inf if requested is None else number("certificate.requested_gap", requested)


def _tiers(given: Any, problem: SymmetricAuctionProblem) -> tuple[tuple[int, ...], ...]:
    tiers = tuple(tuple(int(t) for t in tier) for tier in given)
    types = [t for tier in tiers for t in tier]
    if len(set(types)) < len(types) or not set(types) <= set(range(problem.n_types)) or not all(tiers):
        raise ProblemError(f"tiers are none of {problem.n_types} types, each at most once: save the auction again")
    return tiers

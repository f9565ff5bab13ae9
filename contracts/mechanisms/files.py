"""Mechanisms and auctions from files: what is not an input is computed again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from contracts.inputs.arrays import number
from contracts.inputs.door import checked
from contracts.mechanisms.auctions.auction import SCHEMA as AUCTION
from contracts.mechanisms.auctions.auction import Auction, certified
from contracts.mechanisms.auctions.problem import AuctionProblem
from contracts.mechanisms.given import read_tables
from contracts.mechanisms.mechanism import SCHEMA, Mechanism
from contracts.mechanisms.numbers import Numbers, rational, whole
from contracts.mechanisms.program.worst import check_in_set
from contracts.mechanisms.records import problem_from_record, read_rational
from contracts.mechanisms.reduced.auction import SCHEMA as SYMMETRIC
from contracts.mechanisms.reduced.auction import SymmetricAuction
from contracts.mechanisms.reduced.goods_auction import SCHEMA as ADDITIVE
from contracts.mechanisms.reduced.goods_auction import AdditiveAuction
from contracts.mechanisms.reduced.records import additive_auction, symmetric_auction
from contracts.mechanisms.verify import bound_at, certify, first_best
from contracts.problem.records import built_from_document, read_json


def mechanism_from_record(record: dict[str, Any]) -> Mechanism:
    """The inverse of Mechanism.to_dict. The certificate is computed anew: a file is not believed."""
    problem = problem_from_record(record["problem"])
    feared = whole([int(one) for one in record["feared"]]) if "feared" in record else None
    numbers = Numbers(problem, feared)
    tables = read_tables(
        problem,
        read_rational(record["outcome"], (problem.n_profiles, problem.n_alternatives)).fractions(),
        read_rational(record["transfers"], (problem.n_agents, problem.n_profiles)).fractions(),
    )
    if feared is not None:
        check_in_set(problem, feared)
    requested = record["certificate"]["requested_gap"]
    gap = np.inf if requested is None else number("certificate.requested_gap", requested)
    prices = None
    if record["prices"] is not None:
        prices = read_rational(record["prices"], (len(record["prices"]["numerators"]),))
    bound = first_best(numbers) if prices is None else bound_at(numbers, rational("prices", prices.fractions()))
    return Mechanism(problem, tables, certify(numbers, tables, bound, gap=gap), prices, feared)


@checked
def load_mechanism(path: str | Path) -> Mechanism | Auction | SymmetricAuction | AdditiveAuction:
    """Read a mechanism or an auction that its `save` wrote. Its certificate is computed anew: a file is not believed.

    Raises
    ------
    ProblemError
        If the file is none.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from contracts import AuctionProblem, solve_mechanism
    >>> auction = solve_mechanism(AuctionProblem([[1.0, 2.0], [1.0, 2.0]], [[0.5, 0.5], [0.5, 0.5]]))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     again = load_mechanism(auction.save(Path(folder) / "auction.json"))
    >>> again.value == auction.value, again.certificate.holds
    (True, True)
    """
    record = read_json(path)
    schema = record.get("schema") if isinstance(record, dict) else None
    if schema == AUCTION:
        return built_from_document(path, AUCTION, "Auction.save", auction_from_record, "auction")
    if schema == ADDITIVE:
        return built_from_document(path, ADDITIVE, "AdditiveAuction.save", additive_auction, "auction")
    if schema == SYMMETRIC:
        return built_from_document(path, SYMMETRIC, "SymmetricAuction.save", symmetric_auction, "auction")
    return built_from_document(path, SCHEMA, "Mechanism.save", mechanism_from_record, "mechanism")


def auction_from_record(record: dict[str, Any]) -> Auction:
    """The inverse of Auction.to_dict; everything but the problem is computed anew."""
    requested = record["certificate"]["requested_gap"]
    gap = np.inf if requested is None else number("certificate.requested_gap", requested)
    return certified(AuctionProblem(**record["problem"]), gap)

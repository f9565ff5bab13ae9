"""Problems of several agents in files: the keys are those of the constructors, and `kind` says of which."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contracts.cli.problem_files import read_record
from contracts.errors import ProblemError
from contracts.inputs.names import check_keys, field_names
from contracts.mechanisms.auctions.problem import AuctionProblem
from contracts.mechanisms.problem import MechanismProblem
from contracts.mechanisms.records import problem_from_record
from contracts.mechanisms.reduced.goods_problem import AdditiveAuctionProblem
from contracts.mechanisms.reduced.problem import SymmetricAuctionProblem
from contracts.mechanisms.reduced.records import additive_problem, symmetric_problem

KINDS = ("mechanism", "auction", "symmetric auction", "additive auction")
SeveralAgents = MechanismProblem | AuctionProblem | SymmetricAuctionProblem | AdditiveAuctionProblem


def read_mechanism_problem(path: str | Path) -> SeveralAgents:
    """The problem that a .toml or .json file describes.

    An AuctionProblem if it says `kind = "auction"`, a SymmetricAuctionProblem if `kind = "symmetric auction"`, an
    AdditiveAuctionProblem if `kind = "additive auction"`.

    Raises
    ------
    ProblemError
        If the file cannot be read or does not describe a problem; the message names the file.
    """
    path = Path(path)
    return mechanism_problem_of(read_record(path), path)


def mechanism_problem_of(record: dict[str, Any], path: Path) -> SeveralAgents:
    """The problem that the record in a file describes."""
    record = dict(record)
    kind = record.pop("kind", "mechanism")
    try:
        if kind not in KINDS:
            raise ProblemError(f"kind is {kind!r}: give one of {', '.join(map(repr, KINDS))}, or leave it out")
        if kind == "mechanism":
            return problem_from_record(record)
        if kind == "symmetric auction":
            return symmetric_problem(record)
        if kind == "additive auction":
            return additive_problem(record)
        check_keys(record, field_names(AuctionProblem), "the file", needed=("values",))
        return AuctionProblem(**record)
    except ProblemError as exc:
        raise ProblemError(f"{path}: {exc}") from exc

"""A menu or a price list from anywhere, as contracts of the program: what is meant for whom, and who takes what."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, Indices, finite
from contracts.inputs.frozen import dataclass
from contracts.inputs.names import row_names
from contracts.problem.participation import WithOutside
from contracts.problem.screening import ScreeningProblem
from contracts.proof.bound import Bound
from contracts.proof.certificate import Certificate
from contracts.proof.verify import Contracts, certify, checked_contracts, distinct_contracts, participation_slacks_of
from contracts.repair.assign import assigned

OUTSIDE_NAME = "the outside option"
LEAVES = -1  # what is taken by whoever would rather go, where leaving is not a contract


@dataclass(frozen=True, eq=False)
class Offer:
    """Distinct contracts in the goods of `problem.program`, the outside contract among them where there is one."""

    contracts: Contracts
    names: tuple[str, ...]  # of the contracts: the first type that one is meant for, or the row of a price list
    meant: Indices  # (n_types,) contract meant for each type
    taken: Indices  # (n_types,) contract that each type takes, LEAVES if it would rather go
    certificate: Certificate  # of the contracts as they are meant

    def of_types(self, which: Indices) -> tuple[Array, Array]:
        """Allocation and transfer of every type at contracts `which`; (n_types, n_goods) and (n_types,)."""
        return self.contracts[0][which], self.contracts[1][which]


def menu_offer(problem: ScreeningProblem, allocation: Any, transfer: Any, serving: Any, bound: Bound) -> Offer:
    """Row i is meant for type i."""
    allocation, transfer, serving = checked_contracts(problem, allocation, transfer, serving)
    program = problem.program
    amounts = _in_shares(program, problem.in_program(allocation, transfer, serving))
    contracts, own = distinct_contracts(*program.outside.beside(amounts, transfer))
    meant = own[: problem.n_types]
    free = assigned(program, (amounts, transfer), bound, math.inf, keeps=True)
    certificate = certify(program, *distinct_contracts(amounts, transfer), bound, gap=math.inf)
    first = np.full(len(contracts[1]), problem.n_types)
    np.minimum.at(first, meant, np.arange(problem.n_types))
    names = tuple([*problem.labels, OUTSIDE_NAME][k] for k in first)
    return Offer(contracts, names, meant, _staying(program, contracts, free.option_of_type), certificate)


def list_offer(problem: ScreeningProblem, allocation: Any, transfer: Any, bound: Bound) -> Offer:
    """Rows are options that anybody may take: each type is meant to take the best, in a tie the principal's."""
    if problem.mimics is not None:
        raise ProblemError(
            "not everybody can take every option of this problem: give a row for each type, rows='types'"
        )
    names = row_names(allocation)
    called = [f"option {k + 1}" for k in range(len(allocation))] if names is None else list(map(str, names))
    allocation = finite("allocation", allocation, called)
    if allocation.ndim == 1 and problem.n_goods == 1:
        allocation = allocation[:, np.newaxis]
    count = len(allocation)
    if allocation.ndim != 2 or allocation.shape[1] != problem.n_goods or not count:
        raise ProblemError(
            f"allocation has shape {allocation.shape}; expected (n_options, {problem.n_goods}), one row per option"
        )
    transfer = finite("transfer", np.zeros(count) if transfer is None else transfer, called)
    if transfer.shape != (count,):
        raise ProblemError(f"transfer has shape {transfer.shape}; expected {(count,)}, one per option")
    program = problem.program
    amounts = np.column_stack([allocation, np.zeros(count)]) if program.excludes else allocation
    found = assigned(program, (amounts, transfer), bound, math.inf)
    rows, number = distinct_contracts(*program.outside.beside(amounts, transfer))
    place = np.full(len(rows[1]), count)
    np.minimum.at(place, number, np.arange(len(number)))
    named = tuple([*called, OUTSIDE_NAME][k] for k in place)
    taken = _staying(program, rows, found.option_of_type)
    return Offer(rows, named, found.option_of_type, taken, found.certificate)


def _staying(program: ScreeningProblem, contracts: Contracts, best: Indices) -> Indices:
    """The best contract of every type, or LEAVES where going is better and is not itself a contract."""
    if program.outside.is_contract or not program.has_participation_constraint:
        return best
    slack = participation_slacks_of(program, contracts[0][best], contracts[1][best])
    leaves = slack < 0 if program.participation == "voluntary" else np.zeros(len(best), dtype=bool)
    return np.where(leaves, LEAVES, best)


def _in_shares(program: ScreeningProblem, amounts: Array) -> Array:
    """Chances of being served as `assigned` compares them."""
    return program.domain.in_shares(amounts) if isinstance(program.domain, WithOutside) else amounts

"""Contracts for an interval of actions from files, which hold no functions: who reads them gives those again."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from contracts.agency.bound import ContractMultipliers, multipliers_of
from contracts.agency.contract import Contract, contract_from_dict
from contracts.agency.line.contract import FUNCTIONS, NEIGHBOUR, SCHEMA, ContinuousContract, Searched
from contracts.agency.line.problem import ContinuousMoralHazardProblem
from contracts.agency.line.solve import described
from contracts.agency.records import fields_from_record
from contracts.agency.verify import verify_contract
from contracts.agency.wages.between import ActionProof, bounds_at
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite
from contracts.problem.records import built_from_document

SAME = 1e-9  # difference of chances and effort costs that other versions of a distribution may make


def load_continuous_contract(path: str | Path, problem: ContinuousMoralHazardProblem | None) -> ContinuousContract:
    """Read a contract that `ContinuousContract.save` wrote, for the problem with its functions.

    Whatever can be computed from wages and prices is computed anew. What other actions earn is as the file says: their
    wages are not in it, and no bound depends on them.

    Raises
    ------
    ProblemError
        If the file is no such contract, or one of another problem.
    """
    if problem is None:
        raise ProblemError(
            f"{path} holds a contract for an interval of actions, and no file holds the functions distribution and "
            "effort_cost: give the problem, load_contract(path, problem=...)"
        )
    return built_from_document(
        path, SCHEMA, "ContinuousContract.save", lambda record: _from_dict(record, problem), "contract"
    )


def _from_dict(record: dict[str, Any], problem: ContinuousMoralHazardProblem) -> ContinuousContract:
    _check_same_fields(problem, record["line"])
    saved, asked = contract_from_dict(record["contract"]), finite("asked", record["asked"])
    if not saved.is_demanded or saved.action != 0 or asked[0] != record["action"]:
        raise ProblemError("action is not that of the wages, so the file was edited: solve the problem again")
    contract = _again(saved, problem, asked)
    given = {name: np.array(column, dtype=np.float64) for name, column in record["searched"].items()}
    actions, profit = finite("searched.actions", given["actions"]), given["profit"]
    proofs = [ActionProof(*map(_read, proof)) for proof in record["proofs"]]
    by_action = {one.action: one for one in proofs}
    if len(by_action) != len(proofs) or set(by_action) != {*actions.tolist()} or profit.shape != actions.shape:
        raise ProblemError("searched and proofs are not about the same actions: solve the problem again")
    low, high = problem.actions
    pairs = [(by_action[action], action) for action in actions.tolist()]
    bound = bounds_at(problem.at, pairs, problem.actions, NEIGHBOUR * (high - low))
    bound[actions == asked[0]], profit[actions == asked[0]] = contract.upper_bound, contract.value
    if np.any(profit > np.nextafter(bound, np.inf) + SAME * np.abs(bound)):
        raise ProblemError("searched.profit is above what is proven, so the file was edited: solve the problem again")
    return described(problem, contract, asked, Searched(actions, profit, bound), proofs)


def _read(value: Any) -> Any:
    return np.array(value, dtype=np.float64) if isinstance(value, list) else float(value)


def _check_same_fields(problem: ContinuousMoralHazardProblem, line: Any) -> None:
    """Refuse a problem that is not the one of the file, but for its functions."""
    known = fields_from_record(ContinuousMoralHazardProblem, line)
    for field in fields(ContinuousMoralHazardProblem):
        if field.name in FUNCTIONS:
            continue
        given, saved = getattr(problem, field.name), known[field.name]
        if given != (tuple(saved) if isinstance(saved, list) else saved):
            raise ProblemError(f"{field.name} is {given!r} in the problem and {saved!r} in the file: give the same")


def _again(saved: Contract, problem: ContinuousMoralHazardProblem, asked: Array) -> Contract:
    """The wages with the certificate that they have under the functions, if these are those of the file."""
    stated = problem._against_grid(asked)
    for name in ("outcome_probabilities", "effort_cost"):
        ours, theirs = getattr(stated, name), getattr(saved.problem, name)
        if ours.shape != theirs.shape or not np.allclose(ours, theirs, rtol=0, atol=SAME * np.abs(theirs).max()):
            which = "distribution" if name == "outcome_probabilities" else name
            raise ProblemError(f"{which} is another function than that of the file: give the one it was solved for")
    prices: ContractMultipliers = multipliers_of(saved.multipliers.participation, saved.multipliers.incentive)
    gap = saved.certificate.requested_gap
    certificate = verify_contract(stated, saved.wages, action=0, multipliers=prices, gap=gap)
    return Contract(stated, saved.wages, 0, certificate, prices, is_demanded=True)

"""Contracts from files: everything that is not an input is computed again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from contracts.agency.bound import multipliers_of
from contracts.agency.contract import SCHEMA, Contract
from contracts.agency.records import problem_from_record
from contracts.agency.verify import verify_contract
from contracts.errors import ProblemError
from contracts.inputs.arrays import finite, number
from contracts.inputs.door import checked
from contracts.problem.records import read_document


@checked
def load_contract(path: str | Path) -> Contract:
    """Read a contract that `Contract.save` wrote. Its certificate is computed anew: a file is not believed.

    Raises
    ------
    ProblemError
        If the file is not such a contract.
    """
    record = read_document(path, SCHEMA, "Contract.save")
    try:
        return contract_from_dict(record)
    except ProblemError:
        raise
    except (KeyError, TypeError, IndexError, AttributeError, ValueError, OverflowError) as exc:
        raise ProblemError(f"{path} is incomplete or damaged ({exc!r}): save the contract again") from exc


def contract_from_dict(record: dict[str, Any]) -> Contract:
    """The inverse of Contract.to_dict."""
    from scipy.sparse import csr_array

    problem = problem_from_record(record["problem"])
    n_actions = problem.n_actions
    prices = record["multipliers"]
    parts = prices["incentive"]
    incentive = csr_array(
        (finite("multipliers.incentive.price", parts["price"]), (parts["meant"], parts["tempting"])),
        shape=(n_actions, n_actions),
    )
    multipliers = multipliers_of(finite("multipliers.participation", prices["participation"]), incentive)
    requested = record["certificate"]["requested_gap"]
    gap = np.inf if requested is None else number("certificate.requested_gap", requested)
    action, demanded = problem.action(record["action"]), record["demanded"] is True
    wages = finite("wages", record["wages"])
    certificate = verify_contract(problem, wages, action=action if demanded else None, multipliers=multipliers, gap=gap)
    if not demanded and certificate.deviation.tempted != problem.actions[action]:
        raise ProblemError(
            f"action is {action}, but at these wages the agent takes {certificate.deviation.tempted!r}, so the file was "
            "edited: keep only the wages, and verify them with verify_contract"
        )
    return Contract(problem, wages, action, certificate, multipliers, demanded)

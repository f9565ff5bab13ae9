"""python -m contracts.proof FILE: the checker, of proofs as they are and of saved menus once they are spelled out."""

import math
import sys
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import number
from contracts.proof.checker import UNDECIDED, ProofError, demand, main
from contracts.proof.record import SAME, Evidence, evidence_of_menu, proof_of_menu
from contracts.proof.verify import certify

MENU = "menuwright/menu/1"


def spelled_out(record: Any) -> Any:
    """The proof in a menu that `Menu.save` wrote; other records as they are."""
    if not isinstance(record, dict) or not str(record.get("schema")).startswith("menuwright/menu/"):
        return record
    demand(record["schema"] == MENU, f"schema is {record['schema']!r}, expected {MENU!r}", UNDECIDED)
    try:
        evidence = evidence_of_menu(record)
        proof = proof_of_menu(record, evidence)
        check_certificate(record["certificate"], evidence, np.array(proof["menu"]["contract_of_type"]))
    except ProblemError as error:
        raise ProofError(UNDECIDED, str(error)) from error
    return proof


def check_certificate(said: dict[str, Any], evidence: Evidence, own: Any) -> None:
    """What a certificate says besides value, bound and gap, which the checker proves, follows from the file too."""
    program = evidence.problem.program
    contracts = program.outside.beside(evidence.allocations, evidence.transfers)
    gap, tolerance = (number(name, said[name] or 0.0) for name in ("requested_gap", "tolerance"))
    asked = math.inf if said["requested_gap"] is None else gap
    found = certify(program, contracts, own, evidence.bound, gap=asked, tolerance=tolerance)
    sizes = np.abs(program.valuations) @ np.abs(contracts[0]).max(axis=0) + np.abs(contracts[1]).max()
    follows: dict[str, Any] = {
        "exact": found.is_exact,
        "deviation": (said["deviation"]["gain"], found.deviation.gain),
        "participation": (said["participation"]["slack"], found.participation_slack),
    }
    if "among" not in said:  # a bound on short menus is the word of a search
        follows |= {"holds": found.holds, "rigorous": found.rigorous}
        follows |= {name: (said[name], getattr(found, name)) for name in ("relative_gap", "scale")}
    for name, expected in follows.items():
        if isinstance(expected, bool):
            same = said[name] is expected
        else:
            same = _is_near(expected[0], expected[1], 1.0 if name == "relative_gap" else float(sizes.max()))
        demand(same, f"what the certificate says of {name!r} does not follow from the file, so it was edited")


def _is_near(said: float | None, found: float, size: float) -> bool:
    if said is None or not math.isfinite(found):
        return said is None and not math.isfinite(found)
    return math.isclose(said, found, rel_tol=1e-9, abs_tol=SAME * size)


sys.exit(main(sys.argv[1:], spelled_out))

"""python -m contracts.proof FILE: the checker, of proofs as they are and of saved menus once they are spelled out."""

import sys
from typing import Any

from contracts.errors import ProblemError
from contracts.proof.checker import UNDECIDED, ProofError, main
from contracts.proof.record import proof_of_menu


def spelled_out(record: Any) -> Any:
    """The proof in a menu that `Menu.save` wrote; other records as they are."""
    if not isinstance(record, dict) or not str(record.get("schema")).startswith("menuwright/menu/"):
        return record
    try:
        return proof_of_menu(record)
    except ProblemError as error:
        raise ProofError(UNDECIDED, str(error)) from error


sys.exit(main(sys.argv[1:], spelled_out))

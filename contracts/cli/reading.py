"""What a problem file describes: hidden types, hidden action, or several agents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contracts.agency.problem import MoralHazardProblem
from contracts.agency.records import problem_from_record
from contracts.cli.mechanisms import KINDS, SeveralAgents, mechanism_problem_of
from contracts.cli.problem_files import problem_of, read_record, require_numbers
from contracts.cli.textbook import HIDDEN_ACTION
from contracts.errors import ProblemError
from contracts.problem.screening import ScreeningProblem

Problem = ScreeningProblem | MoralHazardProblem | SeveralAgents
OF_WORDS = ("actions", "outcomes", "utility")  # keys of hidden action that hold text


def read_any(path: str | Path) -> Problem:
    """The problem that a .toml or .json file describes, of whatever kind it is.

    Raises
    ------
    ProblemError
        If the file cannot be read or does not describe a problem; the message names the file, the key and the remedy.
    """
    path = Path(path)
    return described(read_record(path), path)


def described(record: dict[str, Any], path: Path) -> Problem:
    """The problem that the record in a file describes, of whatever kind it is."""
    if "grid" in record:
        raise ProblemError(f"{path}: the file has a grid, which is of a sweep: use contracts sweep")
    if record.get("kind") in KINDS or "alternatives" in record:
        return mechanism_problem_of(record, path)
    return _hidden_action(record, path) if HIDDEN_ACTION in record else problem_of(record, path)


def _hidden_action(record: dict[str, Any], path: Path) -> MoralHazardProblem:
    try:
        require_numbers({key: value for key, value in record.items() if key not in OF_WORDS})
        return problem_from_record(record)
    except ProblemError as exc:
        raise ProblemError(f"{path}: {exc}") from exc
    except (TypeError, ValueError, OverflowError) as exc:
        raise ProblemError(f"{path}: a value does not fit its key ({exc}): give numbers where numbers belong") from exc

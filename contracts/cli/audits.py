"""Audits of files: a menu with a contract for every type, or a price list as people have them.

A price list is a table without types: one column per good, and what is paid in a column `transfer` or `price`, or the
only one that sounds so. A column that is none of these, the first of them, names the options.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from contracts.audits.audit import Audit, audit
from contracts.audits.repaired import Repaired
from contracts.cli.menu_files import LABEL_COLUMN, column_of_good, column_of_payment, read_menu
from contracts.errors import ProblemError
from contracts.inputs.columns import SUFFIXES, Columns, read_columns
from contracts.inputs.extras import pandas
from contracts.problem.screening import ScreeningProblem


def audit_file(problem: ScreeningProblem, path: str | Path) -> Audit:
    """The audit of a menu file or a price list.

    Raises
    ------
    ProblemError
        If the file cannot be read, or does not fit the problem.
    """
    path = Path(path)
    table = read_columns(path) if path.suffix.lower() in SUFFIXES else None
    try:
        if table is not None and not _is_by_type(table, problem):
            return audit(problem, *_price_list(table, problem), rows="options")
        written = read_menu(path, problem)
        if written.solved is not None:
            return audit(problem, written.solved)
        return audit(problem, written.allocation, written.transfer)
    except ProblemError as exc:
        if str(exc).startswith(str(path)):
            raise
        raise ProblemError(f"{path}: {exc}") from exc


def _is_by_type(table: Columns, problem: ScreeningProblem) -> bool:
    """Whether rows are named by types: by a column of that name, or since one of the types is in the first column."""
    if table.find(LABEL_COLUMN) is not None:
        return True
    return bool({str(cell).strip() for cell in table.column(table.names[0])} & set(problem.labels))


def _price_list(table: Columns, problem: ScreeningProblem) -> tuple[Any, Any]:
    """Options by their names, and what they cost; (n_options, n_goods) and (n_options,)."""
    columns = [column_of_good(table, problem, good) for good in range(problem.n_goods)]
    paid = column_of_payment(table, problem)
    if paid is None and problem.transfers != "none":
        has = ", ".join(map(repr, table.names))
        raise ProblemError(f"{table.path} does not say what options cost: add a column 'price'; it has {has}")
    amounts = np.column_stack([table.numbers(name) for name in columns])
    costs = np.zeros(len(amounts)) if paid is None else table.numbers(paid)
    named = next((name for name in table.names if name not in columns and table.find("price") != name != paid), None)
    if named is None:
        return amounts, costs
    return pandas().DataFrame(amounts, index=list(table.text(named))), costs


def to_dict(found: Audit, cure: Repaired | None) -> dict[str, Any]:
    """Plain JSON of an audit, and of its cure where there is one to be had."""
    answer: dict[str, Any] = {
        "certificate": found.certificate.to_dict(),
        "envy": [{"type": one.type, "envied": one.envied, "gain": one.gain} for one in found.envy],
        "takes": dict(zip(found.problem.labels, found.taken, strict=True)),
        "value": found.value,
        "realised_value": found.realised_value,
        "unserved": list(found.unserved),
        "idle": list(found.idle),
        "dominated": {one.option: one.by for one in found.dominated},
        "conflict": None if found.conflict is None else list(found.conflict.demands),
    }
    if cure is not None:
        answer["repaired"] = {
            "changed": cure.changed,
            "allocation": cure.allocation.tolist(),
            "transfer": cure.transfer.tolist(),
            "certificate": cure.certificate.to_dict(),
        }
    return answer

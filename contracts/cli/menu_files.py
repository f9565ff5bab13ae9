"""Menu files: contracts to verify, whether a solver saved them or somebody typed them.

Three forms are read: a menu saved by `Menu.save`; a JSON object with `allocation`, `transfer` and perhaps `labels`; a
CSV or Parquet table with the types in a column `type` (or in the first one), one column per good and one `transfer`
(or `price`, or the only one whose name has such a word in it, "Monthly fee", or whose amounts have a currency). Where
the problem knows no transfers they may be left out.
Contracts are matched to types by label wherever labels are given.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from contracts.cli.problem_files import read_record, require_numbers
from contracts.errors import ProblemError
from contracts.inputs.columns import SUFFIXES, Columns, read_columns
from contracts.inputs.frozen import dataclass
from contracts.inputs.names import check_keys, given_names
from contracts.menu.files import menu_from_dict
from contracts.menu.menu import SCHEMA, Menu
from contracts.problem.records import to_record
from contracts.problem.screening import ScreeningProblem
from contracts.proof.certificate import Certificate, checked_standards
from contracts.proof.verify import verify

LABEL_COLUMN, TRANSFER_COLUMN = "type", "transfer"
PAID = (TRANSFER_COLUMN, "price")
PAYING = re.compile(r"(?<![^\W_])(transfer|price|fee|charge|payment|tariff)s?(?![^\W_])", re.IGNORECASE)
TYPED_KEYS = ("labels", "allocation", "transfer")


@dataclass(frozen=True, eq=False)
class WrittenMenu:
    """What a file offers each type of a problem."""

    allocation: Any  # (n_types, n_goods)
    transfer: Any  # (n_types,)
    differs_in: tuple[str, ...] = ()  # fields in which the problem that a saved menu solves is another one
    solved: Menu | None = None  # the saved menu, if it solves this very problem


def certify_file(
    problem: ScreeningProblem, path: str | Path, *, gap: float | None = None, tolerance: float = 0.0
) -> tuple[Certificate, WrittenMenu]:
    """The certificate of a menu file, and what the file offers.

    Parameters
    ----------
    gap : relative gap that the certificate asks for. By default a menu saved for this very problem must keep the gap
        that it was solved to, and any other menu is asked about IC, IR and the other constraints only
    tolerance : utility units that IC and IR may miss

    Raises
    ------
    ProblemError
        If the file cannot be read, or does not fit the problem.
    """
    asked, tolerance = checked_standards(np.inf if gap is None else gap, tolerance)
    written = read_menu(path, problem)
    if written.solved is None:
        try:
            certificate = verify(problem, written.allocation, written.transfer, gap=asked, tolerance=tolerance)
        except ProblemError as exc:
            raise ProblemError(f"{path}: {exc}") from exc
        return certificate, written
    if gap is None:
        asked = written.solved.certificate.requested_gap
    return dataclasses.replace(written.solved.certificate, requested_gap=asked, tolerance=tolerance), written


def read_menu(path: str | Path, problem: ScreeningProblem) -> WrittenMenu:
    """The contracts that a file offers the types of a problem, in the problem's order."""
    path = Path(path)
    if path.suffix.lower() in SUFFIXES:
        return _tabled(read_columns(path), problem)
    if path.suffix.lower() != ".json":
        raise ProblemError(f"{path} is not a menu that can be read: use .json, {' or '.join(SUFFIXES)}")
    record = read_record(path)
    try:
        return _saved(record, problem) if "schema" in record else _typed(record, problem)
    except ProblemError as exc:
        raise ProblemError(f"{path}: {exc}") from exc


# ---- a table ----


def _tabled(table: Columns, problem: ScreeningProblem) -> WrittenMenu:
    column, paid = table.find(LABEL_COLUMN) or table.names[0], column_of_payment(table, problem)
    if column == paid or column in problem.goods:
        raise ProblemError(f"{table.path} does not say which row is whose: add a column {LABEL_COLUMN!r} of labels")
    labels = table.text(column)
    as_written = tuple(map(str, table.column(column)))
    if set(as_written) == set(problem.labels):  # blanks around names included
        labels = as_written
    order = _order(labels, problem, f"{table.path}, column {column!r},")
    goods = [table.numbers(column_of_good(table, problem, good), labels) for good in range(problem.n_goods)]
    without_money = problem.transfers == "none" and paid is None
    transfer = np.zeros(len(labels)) if without_money else table.numbers(paid or TRANSFER_COLUMN, labels)
    return WrittenMenu(np.column_stack(goods)[order], transfer[order])


def column_of_good(table: Columns, problem: ScreeningProblem, good: int) -> str:
    """What `Menu.to_frame` calls the good, whose own name may there be a reading's, or its name."""
    name = problem.goods[good]
    for written in (f"allocation[{name}]", *(("allocation",) if problem.n_goods == 1 else ())):
        if written in table.names and (name not in table.names or name in _read(problem)):
            return written
    found = table.find(name)
    if found is None and problem.n_goods == 1 and given_names(problem.goods) is None:  # a good that has no name
        known = table.find(LABEL_COLUMN), column_of_payment(table, problem)
        others = [each for each in table.names if each not in known and table.has_numbers(each)]
        if len(others) != 1:
            many = f"may be in any of {_listed(others)}" if others else f"are in none of {_listed(table.names)}"
            raise ProblemError(f"{table.path} needs a column of amounts, and they {many}: call it {name!r}")
        return others[0]
    return found or name


def column_of_payment(table: Columns, problem: ScreeningProblem) -> str | None:
    """The column of what is paid: `transfer`, or `price` as people say; None if there is neither."""
    words = [word for word in PAID if word == TRANSFER_COLUMN or word not in (*problem.goods, *_read(problem))]
    found = [name for word in words if (name := table.find(word)) is not None]
    if len(found) > 1 and not np.array_equal(table.numbers(found[0]), table.numbers(found[1])):
        both = " and ".join(map(repr, found))
        raise ProblemError(f"{table.path} says in two ways what is paid, by {both}: leave one of them out")
    if not found:  # as people say it
        goods = [table.find(good) for good in problem.goods]
        others = [name for name in table.names if name not in (*goods, *_read(problem))]
        found = [name for name in others if PAYING.search(name)] or [name for name in others if table.is_money(name)]
        if len(found) > 1:
            raise ProblemError(f"{table.path} has {_listed(found)}: call the one that is paid 'price'")
    return found[0] if found else None


def _read(problem: ScreeningProblem) -> tuple[str, ...]:
    return tuple(reading.name for reading in problem.readings)


def _order(labels: Any, problem: ScreeningProblem, where: str) -> Any:
    """Index into `labels` of every type of the problem; refuses labels that are not those of the types."""
    position = {str(label): row for row, label in enumerate(labels)}
    missing = [label for label in problem.labels if label not in position]
    known = set(problem.labels)
    unknown = [label for label in position if label not in known]
    if missing:
        strangers = f", but has {_listed(unknown)}" if unknown else ""
        raise ProblemError(f"{where} lacks a contract for {_listed(missing)}{strangers}: give every type one row")
    if unknown:
        raise ProblemError(f"{where} has a contract for {_listed(unknown)}, not a type of the problem: drop it")
    if len(position) != len(labels):
        raise ProblemError(f"{where} repeats a label: give every type one contract")
    return [position[label] for label in problem.labels]


def _listed(labels: Sequence[str]) -> str:
    return ", ".join(map(repr, labels[:5])) + (f" and {len(labels) - 5} more" if len(labels) > 5 else "")


# ---- JSON ----


def _typed(record: dict[str, Any], problem: ScreeningProblem) -> WrittenMenu:
    check_keys(record, TYPED_KEYS, "the menu")
    if problem.transfers == "none":
        record = {"transfer": [0.0] * problem.n_types, **record}
    for key in ("allocation", "transfer"):
        if key not in record:
            raise ProblemError(f"the menu lacks {key!r}: it needs allocation and transfer, one entry per type")
    require_numbers({key: record[key] for key in ("allocation", "transfer")})
    if "labels" not in record:
        return WrittenMenu(record["allocation"], record["transfer"])
    if not isinstance(record["labels"], list):
        raise ProblemError("labels is not a list: give one label per type")
    order = _order(record["labels"], problem, "labels")
    for key in ("allocation", "transfer"):
        if not isinstance(record[key], list) or len(record[key]) != len(order):
            raise ProblemError(f"{key} does not have the {len(order)} entries that labels has: give one per type")
    return WrittenMenu([record["allocation"][k] for k in order], [record["transfer"][k] for k in order])


def _saved(record: dict[str, Any], problem: ScreeningProblem) -> WrittenMenu:
    if record["schema"] != SCHEMA:
        raise ProblemError(f"schema is {record['schema']!r}, expected {SCHEMA!r}, as written by Menu.save")
    try:
        menu = menu_from_dict(record)
    except ProblemError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as exc:
        raise ProblemError(f"the saved menu is incomplete or damaged ({exc!r}): save it again") from exc
    differs_in = _differences(menu.problem, problem)
    if not differs_in:
        return WrittenMenu(menu.allocation, menu.transfer, solved=menu)
    if tuple(map(str, menu.problem.goods)) != tuple(map(str, problem.goods)):
        raise ProblemError(
            f"the menu is about the goods {_listed(list(menu.problem.goods))}, the problem about "
            f"{_listed(list(problem.goods))}: verify it against its own problem"
        )
    order = _order(menu.problem.labels, problem, "the saved menu")
    return WrittenMenu(menu.allocation[order], menu.transfer[order], differs_in)


def _differences(one: ScreeningProblem, other: ScreeningProblem) -> tuple[str, ...]:
    """Fields in which two problems differ."""
    first, second = to_record(one), to_record(other)
    names = [name for name in {**first, **second} if name != "readings"]  # the same problem, however it is shown
    return tuple(name for name in names if first.get(name) != second.get(name))

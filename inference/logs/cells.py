"""Rows of a log grouped by what their cells hold, and every distinct cell read once.

The engine groups before anybody looks: by user, menu and option as they are written, empty and broken cells included.
Only the distinct pairs (menu, option) come out, and each is read as an option or as a reason for refusal. No row can
get lost on the way, and what checking costs depends on how many pairs there are, not on how many rows.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.errors import ProblemError
from contracts.inputs.frozen import dataclass
from contracts.inputs.names import WORDS_FOR_NOTHING
from inference.logs.options import MOST_COLUMNS, Column, LogMenus
from inference.logs.sources import BROKEN_QUOTES, EXAMPLES, FIELD_COUNT, Refusal, quiet

Integers = NDArray[np.int64]

NO_USER = "no user"
NO_EVENT = "no event"
REPEATED = "repeated event"
CONFLICTING = "one event, different choices"


# ---- expressions, the same for every engine ----


def cells_of(rows: Any) -> Any:
    """Rows grouped by what their cells hold: (user, option[, menu][, state], rows), an ibis expression.

    `rows` counts rows; with a column `event`, copies of an event are one row, and `copies` counts the others.
    """
    import ibis

    keys = [name for name in rows.columns if name != "event"]
    text = [name for name in ("user", "event") if name in rows.columns and rows[name].type().is_string()]
    rows = rows.mutate(**{name: rows[name].strip() for name in text}) if text else rows  # as for options and menus
    asked = rows.filter(ibis.literal(ibis.util.gen_name("log")) != "")  # ibis would reuse the counts of an older log
    if "event" in rows.columns:
        return _cells_of_events(asked, keys)
    return asked.group_by(keys).agg(rows=asked.count())


def _cells_of_events(rows: Any, keys: list[str]) -> Any:
    """First one group per event, then as without events; the state of an event whose rows differ says so."""
    import ibis

    content = [name for name in keys if name != "state"]
    event = rows.event
    if event.type().is_string():
        event = (event.isin(["", *WORDS_FOR_NOTHING])).ifelse(ibis.null("string"), event)
    lacking = ibis.cases((event.isnull(), NO_EVENT), else_=ibis.null("string"))
    state = rows.state.coalesce(lacking) if "state" in keys else lacking
    split = rows.mutate(event=event, state=state)
    apart = {  # rows that are no event are grouped by what they hold
        f"own_{name}": split.state.isnull().ifelse(ibis.null(split[name].type()), split[name]) for name in content
    }
    lowest = {name: split[name].min() for name in content}
    highest = {f"high_{name}": split[name].max() for name in content}
    known = {f"known_{name}": split[name].count() for name in content}
    split = split.mutate(**apart)
    events = split.group_by(["event", "state", *apart]).agg(total=split.count(), **lowest, **highest, **known)
    same = ibis.literal(False)  # noqa: FBT003 - nulls are the same, not unknown
    differs = ibis.or_(
        *((events[name] != events[f"high_{name}"]).coalesce(same) for name in content),
        *((events[f"known_{name}"] != 0) & (events[f"known_{name}"] != events.total) for name in content),
    )
    single = events.state.isnull() & ~differs
    conflict = ibis.cases((differs, CONFLICTING), else_=ibis.null("string"))
    stated = events.mutate(state=events.state.coalesce(conflict), once=single.ifelse(1, events.total))
    return stated.group_by([*content, "state"]).agg(rows=stated.once.sum(), copies=(stated.total - stated.once).sum())


def has_user(cells: Any) -> Any:
    """Whether a row says who chose."""
    user, kind = cells.user, cells.user.type()
    if kind.is_string():
        return user.notnull() & ~user.strip().isin(["", *WORDS_FOR_NOTHING])
    return user.notnull() & ~user.isnan() if kind.is_floating() else user.notnull()


def _word_for_nobody(cells: Any) -> Any:
    """The word, such as NULL, by which a row says that nobody is known; null elsewhere."""
    import ibis

    if not cells.user.type().is_string():
        return ibis.null("string")
    return cells.user.isin(WORDS_FOR_NOTHING).ifelse(cells.user, ibis.null("string"))


def accepted(cells: Any, codes: Codes, index: Integers) -> Any:
    """The counts (user, option, rows) of all cells that mean an option, `option` by its number in `index`."""
    import ibis
    import pyarrow as pa

    kept = cells.filter(has_user(cells) & cells.state.isnull() if "state" in cells.columns else has_user(cells))
    if not codes.cells:
        nothing = kept.filter(kept.user.isnull())  # none is, for a row without a user is not kept
        return nothing.select("user", option=ibis.literal(0, "int64"), rows=nothing.rows.cast("int64"))
    keys = [name for name in ("menu", "option") if name in cells.columns]
    known = pa.Table.from_batches(codes.cells).select(keys).append_column("column", pa.array(index))
    joined = kept.inner_join(ibis.memtable(known), keys)
    return joined.select(user=joined.user, option=joined.column, rows=joined.rows.cast("int64"))


def streamed(table: Any) -> Iterator[Any]:
    """The rows of an ibis table in Arrow batches, never all at once."""
    with quiet():
        batches = iter(table.to_pyarrow_batches())
    while True:
        with quiet():
            batch = next(batches, None)
        if batch is None:
            return
        yield batch


# ---- what the cells mean ----


@dataclass(frozen=True)
class Codes:
    """Distinct cells that mean an option: Arrow rows of the cells, which option, how many rows of the log."""

    cells: list[Any]
    columns: list[Column]
    rows: list[int]


def read_cells(cells: Any, offered: LogMenus) -> tuple[Codes, list[Refusal]]:
    """Read every distinct (menu, option) once; count the rows of those that mean no option by reason.

    Raises
    ------
    ProblemError
        If the log names more options than any menu has.
    """
    who = cells.mutate(has_user=has_user(cells), no_user=_word_for_nobody(cells))
    keys = [name for name in ("has_user", "no_user", "menu", "option", "state") if name in who.columns]
    # sums of integers are 128 bits wide in DuckDB, and decimals outside; doubles are exact up to 2**53
    sums = {name: who[name].cast("float64").sum().cast("int64") for name in ("rows", "copies") if name in who.columns}
    codes, refused, distinct = Codes([], [], []), _Reasons(), set[Column]()
    for batch in streamed(who.group_by(keys).agg(**sums)):
        for number, row in enumerate(batch.to_pylist()):
            refused.add(REPEATED, row.get("copies") or 0)
            column, reason = _meaning(row, offered)
            if column is None:
                refused.add(reason, row["rows"], _shown(row))
                continue
            codes.cells.append(batch.slice(number, 1))
            codes.columns.append(column)
            codes.rows.append(row["rows"])
            distinct.add(column)
            if len(distinct) > MOST_COLUMNS:
                raise ProblemError(
                    f"the log names more than {MOST_COLUMNS:,} options, such as {column.option!r}: pass options= to "
                    "say what was on offer, or name the right column"
                )
    return codes, [Refusal(reason, rows, _lines(cells, reason) or shown) for reason, rows, shown in refused.listed()]


def _meaning(row: dict[str, Any], offered: LogMenus) -> tuple[Column | None, str]:
    if row.get("state") is not None:
        return None, row["state"]
    if not row["has_user"]:
        return None, NO_USER
    return offered.column(row.get("menu"), row["option"], has_menu="menu" in row)


class _Reasons:
    """Rows refused by reason, with the most frequent examples of each."""

    def __init__(self) -> None:
        self._rows: dict[str, int] = {}
        self._examples: dict[str, list[tuple[int, str]]] = {}

    def add(self, reason: str, rows: int, example: str = "") -> None:
        if rows == 0:
            return
        self._rows[reason] = self._rows.get(reason, 0) + rows
        if example:
            frequent = self._examples.setdefault(reason, [])
            heapq.heappush(frequent, (rows, example))
            if len(frequent) > EXAMPLES:
                heapq.heappop(frequent)

    def listed(self) -> Iterator[tuple[str, int, tuple[str, ...]]]:
        for reason, rows in self._rows.items():
            frequent = sorted(self._examples.get(reason, ()), key=lambda pair: (-pair[0], pair[1]))
            yield reason, rows, tuple(f"{what} ({count:,} row{'' if count == 1 else 's'})" for count, what in frequent)


def _shown(row: dict[str, Any]) -> str:
    whose = [f"user {row['no_user']!r}"] if row["no_user"] is not None else []
    return ", ".join([*whose, *(f"{name} {row[name]!r}" for name in ("menu", "option") if name in row)])


def _lines(cells: Any, reason: str) -> tuple[str, ...]:
    """Examples of lines that cannot be split."""
    if reason not in (BROKEN_QUOTES, FIELD_COUNT):
        return ()
    lines = cells.filter(cells.state == reason)
    found = lines.order_by(lines.rows.desc(), lines.user).limit(EXAMPLES).user.to_pyarrow().to_pylist()
    return tuple(map(repr, found))

"""Choice logs larger than memory, reduced to how often every user took every option.

Choices of one user from one menu are exchangeable: the log enters their likelihood only through the counts
n[user, menu, option], and that of a population whose users are not told apart only through n[menu, option]. The
counts are sufficient statistics: one pass over the log, made by an engine that works on disk or on a cluster, serves
whatever is asked of it later.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import field
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from contracts.display.table import Table, Tabular
from contracts.errors import ProblemError
from contracts.inputs.door import checked
from contracts.inputs.extras import pandas
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Count
from contracts.inputs.progress import reporter
from inference.logs.cells import accepted, cells_of, read_cells, streamed
from inference.logs.options import Column, offers
from inference.logs.sources import OpenLog, Refusal, open_log, quiet, reading
from inference.logs.text import log_tables

if TYPE_CHECKING:
    import pandas as pd

Integers = NDArray[np.int64]

SCHEMA = "menuwright/choice-log/1"
BATCH = 100_000  # users
SECONDS = 1.0  # between reports of progress


@checked
@dataclass(frozen=True, eq=False)
class UserCounts:
    """How often some users took each option.

    Attributes
    ----------
    users : (n_users,) labels as the log has them, distinct
    columns : the options, menu by menu
    counts : sparse (n_users, n_columns) of integers

    Examples
    --------
    >>> import pandas as pd
    >>> from inference import read_log
    >>> log = read_log(pd.DataFrame({"user": ["ann", "ann", "bob"], "option": [0, 1, 1]}), options=2)
    >>> counts = next(iter(log.batches()))
    >>> counts.users, counts.counts.toarray()
    (array(['ann', 'bob'], dtype=object), array([[1, 1, 0],
           [0, 1, 0]]))
    """

    users: NDArray[Any]
    columns: tuple[Column, ...]
    counts: csr_array

    def by_menu(self) -> dict[str, Integers]:
        """Dense counts of each menu, (n_users, options of the menu), the outside option last; "" if there is one."""
        menus = np.array([column.menu for column in self.columns])
        return {menu: self.counts[:, np.flatnonzero(menus == menu)].toarray() for menu in dict.fromkeys(menus.tolist())}


@checked
@dataclass(frozen=True, eq=False, repr=False)
class ChoiceLog(Tabular):
    """A choice log, counted; what was not counted, and why.

    Attributes
    ----------
    source : where it lies
    columns : the options, menu by menu, the outside option last; "" is the menu of a log without menus
    population_counts : (n_columns,) rows by option, all users together
    refused : rows that were not used, by reason, with examples
    table : ibis table (user, option, rows) of the counts in the engine; `option` indexes `columns`
    """

    source: str
    columns: tuple[Column, ...]
    population_counts: Integers
    refused: tuple[Refusal, ...]
    table: Any
    _open: ExitStack
    _closed: threading.Event = field(default_factory=threading.Event)

    # ---- rows ----

    @property
    def rows_used(self) -> int:
        return int(self.population_counts.sum())

    @property
    def rows_refused(self) -> int:
        return sum(refusal.rows for refusal in self.refused)

    @property
    def rows_read(self) -> int:
        return self.rows_used + self.rows_refused

    # ---- users ----

    @cached_property
    def n_users(self) -> int:
        """Users with a row that was used."""
        with quiet():
            return int(self._counted.user.nunique().to_pyarrow().as_py())

    def batches(self, n_at_once: Count = BATCH) -> Iterator[UserCounts]:
        """Counts of `n_at_once` users at a time, in the order of their labels; memory does not grow with the log."""
        ordered = self._counted.order_by("user", "option")
        yield from _batched(ordered, self.columns, n_at_once)

    @cached_property
    def _everybody(self) -> UserCounts:
        parts = list(self.batches())
        if not parts:
            return UserCounts(np.array([]), self.columns, csr_array((0, len(self.columns)), dtype=np.int64))
        stacked = csr_array(vstack([part.counts for part in parts]))
        return UserCounts(np.concatenate([part.users for part in parts]), self.columns, stacked)

    @property
    def users(self) -> NDArray[Any]:
        """Labels of all users, (n_users,); held in memory, unlike `batches`."""
        return self._everybody.users

    @property
    def counts(self) -> csr_array:
        """Sparse (n_users, n_columns) counts of all users; held in memory, unlike `batches`."""
        return self._everybody.counts

    # ---- showing it ----

    def _tables(self) -> tuple[Table, ...]:
        return log_tables(self)

    def to_frame(self) -> pd.DataFrame:
        """One row per menu and option: how many rows chose it, and its share of the menu's."""
        pd = pandas()
        menus = [column.menu for column in self.columns]
        labels = [column.option for column in self.columns]
        return pd.DataFrame(
            {"menu": menus, "option": labels, "rows": self.population_counts, "share": self.population_shares}
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON with a schema version; the users stay in the engine."""
        taken = zip(self.columns, self.population_counts.tolist(), strict=True)
        return {
            "schema": SCHEMA,
            "source": self.source,
            "rows_read": self.rows_read,
            "rows_used": self.rows_used,
            "n_users": self.n_users,
            "refused": [dataclasses.asdict(refusal) for refusal in self.refused],
            "options": [{**column._asdict(), "rows": rows} for column, rows in taken],
        }

    @property
    def population_shares(self) -> NDArray[np.float64]:
        """Share of each option among the rows of its menu, (n_columns,); 0 for a menu without rows."""
        menus, index = np.unique([column.menu for column in self.columns], return_inverse=True)
        totals = np.bincount(index, weights=self.population_counts, minlength=len(menus))[index]
        return np.divide(self.population_counts, totals, out=np.zeros(len(index)), where=totals > 0)

    # ---- letting go ----

    @property
    def _counted(self) -> Any:
        """The table, as long as the engine has it."""
        if self._closed.is_set():
            raise ProblemError(f"the log {self.source} is closed: ask for its users before, or read it again")
        return self.table

    def close(self) -> None:
        """Drop the counts from the engine, and what it put on disk; what was read of the users before stays."""
        self._closed.set()
        self._open.close()

    def __enter__(self) -> ChoiceLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@checked
def read_log(
    source: Any,
    *,
    options: Any = None,
    user: str = "user",
    option: str = "option",
    menu: str | None = None,
    event: str | None = None,
    table: str | None = None,
    outside_option: int | str | None = -1,
    decimal: Literal[".", ","] | None = None,
    strict: bool = False,
    memory: str = "4GB",
    scratch: str | Path | None = None,
    progress: bool | Callable[[str], None] = False,
) -> ChoiceLog:
    """Count the choices in a log of any size.

    Parameters
    ----------
    source : path of Parquet or CSV files (also compressed by gzip), of a folder or pattern of them, or of a DuckDB or
        SQLite database; a list of paths; an ibis table or connection, such as one to Spark; a frame
    options : what was on offer: the number of options (they are 0, 1, ...), their labels, or a Menu; with several
        menus, a mapping of those by menu. None: whatever the log names
    user, option, menu, event : names of the columns. Without `menu` all choices are from one menu, unless `options`
        is a mapping: then the column is "menu". With `event`, which numbers the choices, a row that repeats an earlier
        one is refused, and so are rows of one event that differ; without it repeated rows count as often as they occur
    table : of the database; may be left out if it has one
    outside_option : what the log writes if nothing was taken; None if that cannot be
    decimal : what stands before decimals in text: with "." a 1,000 is a thousand, with "," it is one. None: cells that
        can be read in two ways are refused, and say so
    strict : refuse the whole log if any row is refused
    memory : what the embedded engine may hold in memory; it moves the rest to `scratch` (by default the folder for
        temporary files)
    progress : True to print a line per step to standard error, or a function that takes the line

    Raises
    ------
    ProblemError
        If the log cannot be read, a column is missing, or, if strict, for any row that is refused.
    ImportError
        If the extra `logs` is not installed.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"user": ["ann", "bob", "ann", None], "option": [0, 1, 0, 1]})
    >>> with read_log(frame, options=2, outside_option=None) as log:
    ...     print(log)
    ...     log.counts.toarray()
    Choice log: the frame
    rows read     4
    rows used     3  2 users
    rows refused  1  25 %
      no user  1  option 1 (1 row)
    option  rows  share
    0          2  0.667
    1          1  0.333
    array([[2, 0],
           [0, 1]])
    """
    offered, tell = offers(options, outside_option, decimal), reporter(progress)
    menu = menu or ("menu" if offered.of_menu else None)
    wanted = {"user": user, "option": option, "menu": menu, "event": event}
    named = {what: column for what, column in wanted.items() if column is not None}
    if len(set(named.values())) < len(named):
        raise ProblemError(f"{', '.join(named)} are the columns {tuple(named.values())}: each must be its own")
    with ExitStack() as opened, quiet():
        log = open_log(source, named, table=table, memory=memory, scratch=scratch)
        opened.callback(log.close)
        with reading(log.name), _reported(log, tell):
            cells = cells_of(log.table).cache()
            opened.callback(cells.release)
            codes, unread = read_cells(cells, offered)
            refused = tuple(sorted([*unread, *log.after_scan()], key=lambda one: (-one.rows, one.reason)))
        tell(f"{sum(codes.rows) + sum(one.rows for one in refused):,} rows read")
        if strict and refused:
            raise ProblemError(
                f"{log.name} holds rows that cannot be used: {'; '.join(map(_in_words, refused))}. "
                "Mend them, or pass strict=False to count the others"
            )
        columns = offered.columns(set(codes.columns))
        number = {column: k for k, column in enumerate(columns)}
        index = np.array([number[column] for column in codes.columns], dtype=np.int64)
        counts = np.zeros(len(columns), dtype=np.int64)
        np.add.at(counts, index, codes.rows)
        counts.setflags(write=False)
        return ChoiceLog(log.name, columns, counts, refused, accepted(cells, codes, index), opened.pop_all())


@contextmanager
def _reported(log: OpenLog, tell: Callable[[str], None]) -> Iterator[None]:
    """Tell how far the engine is, as long as it works."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(SECONDS):
            percent = log.percent()
            tell(f"counting {log.name}" + (f": {percent:.0f} %" if percent > 0 else ""))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def _batched(ordered: Any, columns: tuple[Column, ...], size: int) -> Iterator[UserCounts]:
    """Counts (user, option, rows) in the order of users, cut where `size` users are complete."""
    import pyarrow as pa

    held: Any = None
    for batch in streamed(ordered):
        arrived = pa.Table.from_batches([batch])
        held = arrived if held is None else pa.concat_tables([held, arrived]).combine_chunks()
        starts = _starts(held)
        whole = (len(starts) - 1) // size * size  # the last user may go on in the next batch
        for first in range(0, whole, size):
            yield _user_counts(held, starts[first : first + size + 1], columns)
        held = held.slice(starts[whole]) if len(starts) else held
    if held is not None and held.num_rows:
        starts = np.append(_starts(held), held.num_rows)
        for first in range(0, len(starts) - 1, size):
            yield _user_counts(held, starts[first : first + size + 1], columns)


def _starts(table: Any) -> Integers:
    """Rows of a table in which a user begins."""
    import pyarrow.compute as pc

    user = table["user"].combine_chunks()
    changes = pc.not_equal(user.slice(1), user.slice(0, max(len(user) - 1, 0))).to_numpy(zero_copy_only=False)
    return np.append(0, np.flatnonzero(changes) + 1)[: len(user)].astype(np.int64)


def _user_counts(table: Any, bounds: Integers, columns: tuple[Column, ...]) -> UserCounts:
    """The users whose rows begin at bounds[:-1] and end at bounds[-1]."""
    rows = table.slice(bounds[0], bounds[-1] - bounds[0])
    users = rows["user"].take(bounds[:-1] - bounds[0]).to_numpy()
    content = (*(rows[name].to_numpy().astype(np.int64) for name in ("rows", "option")), bounds - bounds[0])
    counts = csr_array(content, shape=(len(users), len(columns)))
    counts.sum_duplicates()  # an option that the log writes in two ways, 2 and 2.0
    return UserCounts(users, columns, counts)


# ---- words ----


def _in_words(refusal: Refusal) -> str:
    examples = f" ({', '.join(refusal.examples)})" if refusal.examples else ""
    return f"{refusal.reason}: {refusal.rows:,}{examples}"

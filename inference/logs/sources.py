"""Where a choice log lies: files, databases and frames, opened as one table without losing a line.

CSV is read line by line and split here. A reader that honours quotes across lines takes everything from a stray quote
to the next one for a single cell, and the choices in between are gone; here a line is a row or is refused. So cells
may be quoted, and hold delimiters, but no line breaks.
"""

from __future__ import annotations

import concurrent.futures
import csv
import glob
import gzip
import re
import shutil
import tempfile
import warnings
import weakref
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from contracts.errors import ProblemError
from contracts.inputs.arrays import eager, is_frame
from contracts.inputs.files import open_file, unreadable
from contracts.inputs.frozen import dataclass
from contracts.inputs.names import listed

INSTALL_LINE = 'pip install "menuwright[logs]"'
CSV, PARQUET = (".csv", ".tsv", ".csv.gz", ".tsv.gz"), (".parquet", ".pq")
DELIMITERS = (",", "\t", ";", "|")
EXAMPLES = 3  # shown of each reason
LONGEST_HEADER = 1 << 20
SHOWN = 80  # characters of a broken line

BROKEN_QUOTES = "broken quotes"
FIELD_COUNT = "wrong number of fields"
NOT_UTF8 = "line is not UTF-8"
TOO_LONG = "line is too long"
UNREADABLE = {"INVALID ENCODING": NOT_UTF8, "LINE SIZE OVER MAXIMUM": TOO_LONG}

NO_DELIMITER = "\x1f\x1e\x1f\x1e"  # makes the engine's reader hand over whole lines
CELL = '(?:"(?:[^"]|"")*"|[^"{delimiter}]*)'


@dataclass(frozen=True)
class Refusal:
    """Rows that were not used, and why.

    Attributes
    ----------
    reason : in words
    rows : how many
    examples : a few of them
    """

    reason: str
    rows: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class OpenLog:
    """A log that can be queried.

    Attributes
    ----------
    name : in the user's words
    table : ibis table with the columns user, option and, where asked for, menu, event; `state` says why a row of a
        CSV file cannot be read, with the line in `user`
    connection : the ibis connection that was opened for it, None if it is the user's
    scratch : the folder of an embedded engine that was started for it
    after_scan : called once when all rows were read: lines that the reader itself refused
    """

    name: str
    table: Any
    connection: Any = None
    scratch: str | None = None
    after_scan: Callable[[], tuple[Refusal, ...]] = tuple

    def percent(self) -> float:
        """Share of the running query that is done, in percent; negative if the engine does not say."""
        return float(self.connection.con.query_progress()) if self.scratch else -1.0

    def close(self) -> None:
        """Leave the connection, unless it is the user's, and what it put on disk."""
        if self.connection is not None:
            self.connection.disconnect()
        if self.scratch is not None:
            shutil.rmtree(self.scratch, ignore_errors=True)


def require_ibis() -> Any:
    """The ibis module.

    Raises
    ------
    ImportError
        With the line that installs it.
    """
    try:
        import duckdb  # noqa: F401
        import ibis
        import pyarrow  # noqa: F401
    except ImportError as exc:
        raise ImportError(f"choice logs need ibis and duckdb: {INSTALL_LINE}") from exc
    return ibis


def open_log(
    source: Any, columns: Mapping[str, str], *, table: str | None, memory: str, scratch: str | Path | None
) -> OpenLog:
    """Open whatever holds the log.

    Parameters
    ----------
    source : as for `read_log`
    columns : name in the source of each of user, option and, where wanted, menu and event
    memory, scratch : what the embedded engine may hold in memory, and where it puts the rest
    """
    ibis = require_ibis()
    if isinstance(source, ibis.expr.types.Table):
        return OpenLog("the table", _chosen(source, columns, "the table"))
    if isinstance(source, ibis.backends.BaseBackend):
        name, found = _table_of(source, table, f"the {source.name} database")
        return OpenLog(name, _chosen(found, columns, name))
    if isinstance(source, str | Path) or (
        isinstance(source, Sequence) and all(isinstance(p, str | Path) for p in source)
    ):
        return _open_files(source, columns, table, memory, scratch)
    if not is_frame(source):
        raise ProblemError(
            f"{type(source).__name__} is no choice log: give a file, folder or pattern, an ibis table or connection, "
            "or a frame"
        )
    import pyarrow as pa

    arrow = eager(source).to_arrow()
    typed = [one.with_type(pa.string()) if pa.types.is_null(one.type) else one for one in arrow.schema]
    connection, folder = _engine(memory, scratch)
    with reading("the frame"):
        frame = connection.create_table("log", arrow.cast(pa.schema(typed)), temp=True)
    return OpenLog("the frame", _chosen(frame, columns, "the frame"), connection, folder)


@contextmanager
def quiet() -> Iterator[None]:
    """Without warnings of DuckDB and pandas about how ibis calls them, which neither we nor the user can change."""
    with warnings.catch_warnings():
        for message in (".*fetch_record_batch", ".*fetch_arrow_table", ".*future.infer_string"):
            warnings.filterwarnings("ignore", message=message)
        yield


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Errors of the engine in the user's words."""
    import duckdb
    import ibis
    import pyarrow as pa

    try:
        yield
    except (duckdb.Error, ibis.common.exceptions.IbisError, pa.ArrowException) as exc:
        message = str(exc).strip().splitlines()[0] if str(exc).strip() else type(exc).__name__
        raise ProblemError(f"{name} cannot be read: {message}. Repair the file, or leave it out") from exc


def _engine(memory: str, scratch: str | Path | None, database: str | Path = ":memory:") -> tuple[Any, str]:
    """An embedded engine that moves to disk what exceeds its memory, and the folder for that."""
    import ibis

    if scratch is not None and not Path(scratch).is_dir():
        raise ProblemError(f"scratch {scratch} is not a folder: name one with room for what exceeds {memory}")
    if not memory.isascii():
        raise ProblemError(f"memory is {memory!r}: give an amount, such as '4GB'")
    with ExitStack() as on_failure, reading(f"memory={memory!r}, {database}"):
        folder = tempfile.mkdtemp(prefix="choice-log-", dir=scratch)
        on_failure.callback(shutil.rmtree, folder, ignore_errors=True)
        connection = ibis.duckdb.connect(
            database,
            read_only=database != ":memory:",
            memory_limit=memory,
            temp_directory=folder,
            preserve_insertion_order=False,
        )
        connection.raw_sql("SET enable_progress_bar = true; SET enable_progress_bar_print = false")  # to be asked for
        on_failure.pop_all()
    weakref.finalize(connection, shutil.rmtree, folder, ignore_errors=True)  # for logs that nobody closes
    return connection, folder


def _chosen(table: Any, columns: Mapping[str, str], name: str) -> Any:
    """The columns that matter, under our names."""
    for what, column in columns.items():
        if column not in table.columns:
            known = listed(table.columns)
            raise ProblemError(f"{name} has no column {column!r}: it has {known}; pass {what}= the one that is meant")
        kind = table[column].type()
        if kind.is_nested() or kind.is_binary():
            raise ProblemError(f"column {column!r} of {name} holds {kind}: it must hold numbers or text")
    return table.select(**{what: table[column] for what, column in columns.items()})


def _table_of(connection: Any, table: str | None, name: str) -> tuple[str, Any]:
    known = [one for one in connection.list_tables() if not one.startswith("ibis_")]  # ibis keeps its own there
    if table is None and len(known) == 1:
        table = known[0]
    if table is None or table not in known:
        wrong = "holds several tables" if table is None else f"has no table {table!r}"
        raise ProblemError(f"{name} {wrong}: pass table= one of {listed(known) or 'none: it is empty'}")
    return f"table {table!r} of {name}", connection.table(table)


# ---- files ----


def _open_files(
    source: Any, columns: Mapping[str, str], table: str | None, memory: str, scratch: str | Path | None
) -> OpenLog:
    paths = [Path(source)] if isinstance(source, str | Path) else list(map(Path, source))
    name = ", ".join(map(str, paths[:3])) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")
    files = [file for path in paths for file in files_of(path)]
    if not files:
        raise ProblemError(f"{name} holds no files: check the path or the pattern")
    start = _beginning(files[0])
    if len(files) == 1 and start.startswith(b"SQLite format 3"):
        return _open_sqlite(files[0], columns, table)
    if len(files) == 1 and start[8:12] == b"DUCK":
        connection, folder = _engine(memory, scratch, files[0])
        name, found = _table_of(connection, table, str(files[0]))
        return OpenLog(name, _chosen(found, columns, name), connection, folder)
    kinds = {_kind(file) for file in files}
    if len(kinds) > 1:
        raise ProblemError(f"{name} holds both CSV and Parquet files: name one kind, as in folder/*.parquet")
    connection, folder = _engine(memory, scratch)
    if kinds == {"csv"}:
        table_of_lines, after_scan = _open_csv(files, columns, connection)
        return OpenLog(name, table_of_lines, connection, folder, after_scan)
    with reading(name):
        found = connection.read_parquet([glob.escape(str(file)) for file in files], union_by_name=True)
        return OpenLog(name, _chosen(found, columns, name), connection, folder)


def files_of(path: Path) -> list[Path]:
    """The files that a path or pattern means; names that begin with a dot or underscore are none, as for Spark."""
    if path.is_dir():
        inside = (file for file in path.rglob("*") if file.is_file())
        return sorted(file for file in inside if not any(p[0] in "._" for p in file.relative_to(path).parts))
    if path.exists():
        open_file(path).close()
        return [path]
    anchor = Path(path.anchor) if path.is_absolute() else Path()
    pattern = str(path.relative_to(path.anchor)) if path.is_absolute() else str(path)
    if any(mark in pattern for mark in "*?["):
        return sorted(file for file in anchor.glob(pattern) if file.is_file())
    raise ProblemError(f"{path} does not exist: check the path")


def _beginning(file: Path) -> bytes:
    with open_file(file) as stream:
        try:
            return stream.read(16)
        except OSError as exc:
            raise unreadable(file, exc) from exc


def _kind(file: Path) -> str:
    lower = file.name.lower()
    if lower.endswith(PARQUET):
        return "parquet"
    if lower.endswith(CSV):
        return "csv"
    raise ProblemError(f"{file} is no choice log: use {', '.join((*PARQUET, *CSV))}, or a DuckDB or SQLite database")


def _open_sqlite(file: Path, columns: Mapping[str, str], table: str | None) -> OpenLog:
    import ibis

    try:
        connection = ibis.sqlite.connect(file)
    except (ImportError, AttributeError) as exc:
        raise ImportError("SQLite databases need 'pip install \"ibis-framework[sqlite]\"'") from exc
    name, found = _table_of(connection, table, str(file))
    chosen = _chosen(found, columns, name)  # a cell of SQLite may hold anything: text is what all of them can be
    return OpenLog(name, chosen.mutate(**{what: chosen[what].cast("string") for what in columns}), connection)


# ---- CSV ----


@dataclass(frozen=True)
class _Layout:
    """What the files of one group share."""

    names: tuple[str, ...]
    delimiter: str
    compressed: bool


def _open_csv(
    files: Sequence[Path], columns: Mapping[str, str], connection: Any
) -> tuple[Any, Callable[[], tuple[Refusal, ...]]]:
    """The rows of CSV files, and what asks for the lines that could not be handed over."""
    groups: dict[_Layout, list[Path]] = {}
    for file in files:
        groups.setdefault(_layout(file, columns), []).append(file)
    selects = " UNION ALL ".join(_csv_rows(layout, group, columns) for layout, group in groups.items())
    connection.raw_sql(f"CREATE TEMP VIEW log AS {selects}")
    compressed = [file for layout, group in groups.items() if layout.compressed for file in group]
    checks = concurrent.futures.ThreadPoolExecutor(1)
    results = [checks.submit(_check_gzip, file) for file in compressed]
    checks.shutdown(wait=False)

    def after_scan() -> tuple[Refusal, ...]:
        for result in results:
            result.result()
        return _unreadable(connection)

    return connection.table("log"), after_scan


def _layout(file: Path, columns: Mapping[str, str]) -> _Layout:
    compressed = _beginning(file).startswith(b"\x1f\x8b")
    try:
        with gzip.open(file) if compressed else file.open("rb") as stream:
            header = re.split(rb"[\r\n]", stream.read(LONGEST_HEADER), maxsplit=1)[0].decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError) as exc:
        raise ProblemError(f"{file} cannot be read ({exc}): save it as UTF-8 text with one header row") from exc
    for delimiter in DELIMITERS:
        names = tuple(cell.strip() for cell in next(csv.reader([header], delimiter=delimiter), []))
        if set(columns.values()) <= set(names):
            break
    else:
        found = {what: column for what, column in columns.items() if column not in header}
        what, column = next(iter(found.items() or columns.items()))
        raise ProblemError(
            f"{file} has no column {column!r}: its first line is {header.strip()[:SHOWN]!r}; pass {what}= the one meant"
        )
    if repeated := [column for column in columns.values() if names.count(column) > 1]:
        raise ProblemError(f"{file} repeats the column {repeated[0]!r}: rename or drop one")
    return _Layout(names, delimiter, compressed)


def _csv_rows(layout: _Layout, files: Sequence[Path], columns: Mapping[str, str]) -> str:
    """SQL for the rows of CSV files: whole lines from the reader, split here, with the state of each."""
    # new_line must be given: where it is found to be two characters, one alone takes the next letter with it; so both
    # end a line, and the empty line between them is skipped like any other
    n_fields, mark = len(layout.names), f"[{layout.delimiter}]"
    cell = CELL.format(delimiter=layout.delimiter)
    paths = ", ".join(_quoted(glob.escape(str(file))) for file in files)
    lines = f"""read_csv([{paths}], columns = {{'line': 'VARCHAR'}}, auto_detect = false, header = true,
        delim = {_quoted(NO_DELIMITER)}, quote = '', escape = '', new_line = '\\n', strict_mode = false,
        store_rejects = true, rejects_limit = 0, compression = '{"gzip" if layout.compressed else "none"}')"""
    unquoted = """lambda cell: CASE WHEN starts_with(cell, '"') THEN replace(cell[2:-2], '""', '"') ELSE cell END"""
    fields = f"""CASE WHEN NOT contains(line, '"') THEN string_split(line, {_quoted(layout.delimiter)})
        WHEN regexp_full_match(line, {_quoted(f"{cell}(?:{mark}{cell})*")})
        THEN list_transform(regexp_extract_all(line, {_quoted(f"(?:^|{mark})({cell})")}, 1), {unquoted}) END"""
    kept = []
    for what, column in columns.items():
        otherwise = f"left(line, {SHOWN})" if what == "user" else "NULL"
        field = f"fields[{layout.names.index(column) + 1}]"
        kept.append(f"CASE WHEN len(fields) = {n_fields} THEN {field} ELSE {otherwise} END AS {what}")
    return f"""SELECT {", ".join(kept)}, CASE WHEN fields IS NULL THEN '{BROKEN_QUOTES}'
        WHEN len(fields) <> {n_fields} THEN '{FIELD_COUNT}' END AS state
        FROM (SELECT line, {fields} AS fields FROM {lines} WHERE line IS NOT NULL)"""


def _quoted(text: str) -> str:
    """A string of SQL."""
    return "'" + text.replace("'", "''") + "'"


def _unreadable(connection: Any) -> tuple[Refusal, ...]:
    """Lines that the reader could not hand over, counted once each."""
    rejects = connection.raw_sql(
        f"""SELECT kind, rows, path, text FROM (
            SELECT kind, path, line, text, count(*) OVER (PARTITION BY kind) AS rows,
                row_number() OVER (PARTITION BY kind ORDER BY path, line) AS place
            FROM (SELECT error_type::VARCHAR AS kind, file_path AS path, line, any_value(left(csv_line, 30)) AS text
                FROM reject_errors JOIN reject_scans USING (scan_id, file_id) GROUP BY ALL))
        WHERE place <= {EXAMPLES} ORDER BY kind, place"""
    ).fetchall()
    found: dict[tuple[str, int], list[str]] = {}
    for kind, rows, path, text in rejects:
        found.setdefault((UNREADABLE.get(kind, kind.lower()), rows), []).append(f"{Path(path).name}: {text.strip()!r}")
    return tuple(Refusal(reason, rows, tuple(examples)) for (reason, rows), examples in found.items())


def _check_gzip(file: Path) -> None:
    """Refuse a compressed file that is cut off or damaged: the engine would read what is there and say nothing."""
    try:
        with gzip.open(file) as stream:
            while stream.read(1 << 20):
                pass
    except (OSError, EOFError, zlib.error) as exc:
        raise ProblemError(f"{file} is cut off or damaged ({exc}): fetch it again, or repair it") from exc

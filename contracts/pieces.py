"""Long jobs in pieces: what is finished is kept in a folder, and one process at a time works there."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, TypeVar

from contracts.errors import ProblemError
from contracts.inputs.files import open_file, unreadable, unwritable

LOCK = ".lock"
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # of the linear algebra in a process
Piece = TypeVar("Piece", bound=Hashable)
Found = TypeVar("Found")


@contextmanager
def working_in(folder: str | Path) -> Iterator[Path]:
    """Work in a folder, made if need be, while nobody else does; the lock ends with the process, however that ends.

    Raises
    ------
    ProblemError
        If another process works there, or the folder cannot be used.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, working_in(folder), working_in(folder):
    ...     pass
    Traceback (most recent call last):
        ...
    contracts.errors.ProblemError: another process is at work in ...: wait until it is done, or name another folder
    """
    place = Path(folder)
    is_new = not os.path.lexists(place)
    try:
        place.mkdir(parents=True, exist_ok=True)
        lock = _locked(place / LOCK)
    except OSError as exc:
        raise unwritable(place / LOCK, exc) from exc
    if lock is None:
        raise ProblemError(f"another process is at work in {place}: wait until it is done, or name another folder")
    try:
        yield place
    finally:
        with suppress(OSError):
            (place / LOCK).unlink()  # before the lock is given up: whoever waits for this file sees that it is gone
        lock.close()
        if is_new:
            with suppress(OSError):
                place.rmdir()  # nothing came of it


def _locked(path: Path) -> IO[bytes] | None:
    """The file of a lock that is now ours; None if somebody else has it."""
    while True:
        lock = path.open("ab")
        try:
            is_ours = _lock(lock)
        except BaseException:
            lock.close()
            raise
        if not is_ours:
            lock.close()
            return None
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(lock.fileno()), path.stat()):
                return lock
        lock.close()  # it was removed between opening and locking: there may be a new one


def _lock(lock: IO[bytes]) -> bool:
    """Lock an open file, unless somebody else has."""
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        try:
            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except PermissionError:
            return False
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


# ---- what is there is not computed again ----


def in_pieces(
    pieces: Iterable[Piece],
    *,
    recall: Callable[[Piece], Found | None],
    keep: Callable[[Piece, Found], Any],
    computed: Callable[[list[Piece]], Iterable[tuple[Piece, Found]]],
) -> dict[Piece, Found]:
    """What every piece of a job found: recalled where it was kept, else computed now and kept as soon as it is there.

    Parameters
    ----------
    recall : None for a piece that is not finished
    computed : pairs of pieces and what they found, in any order, for those that are missing

    Examples
    --------
    >>> kept = {1: 1}
    >>> squares = lambda missing: ((piece, piece**2) for piece in missing)
    >>> in_pieces([1, 2], recall=kept.get, keep=kept.__setitem__, computed=squares), kept
    ({1: 1, 2: 4}, {1: 1, 2: 4})
    """
    planned = list(pieces)
    found = {piece: done for piece in planned if (done := recall(piece)) is not None}
    for piece, done in computed([piece for piece in planned if piece not in found]):
        keep(piece, done)
        found[piece] = done
    return found


def in_processes(pieces: Sequence[Any], workers: int) -> Iterator[tuple[Any, Any]]:
    """Pieces and what their `compute()` gives, as it comes from processes of one thread each; one computes in this."""
    if workers == 1 or len(pieces) < 2:
        yield from ((piece, piece.compute()) for piece in pieces)
        return
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from multiprocessing import get_context

    with (
        _one_thread_each(),
        ProcessPoolExecutor(min(workers, len(pieces)), mp_context=get_context("spawn")) as pool,
    ):
        running = {pool.submit(piece.compute): piece for piece in pieces}
        try:
            yield from ((running[future], future.result()) for future in as_completed(running))
        except BaseException:  # an interrupt or a failed piece: what has not begun is not begun
            pool.shutdown(wait=False, cancel_futures=True)
            raise


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes started meanwhile do not split their small matrices over cores that other processes are using."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update({name: before[name] or "1" for name in THREADS})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]


# ---- a journal: one line per finished piece ----


def whole_lines(path: str | Path) -> list[bytes]:
    """The lines of a journal, none if there is no such file; a last line that was cut short is passed over."""
    if not os.path.lexists(path):
        return []
    with open_file(path) as stream:
        try:
            return stream.read().split(b"\n")[:-1]
        except OSError as exc:
            raise unreadable(path, exc) from exc


def append_line(path: str | Path, line: str) -> None:
    """Append a line to a journal, which appears whole or not at all; what was cut short before is taken out first.

    Raises
    ------
    ProblemError
        If it cannot be written; then the journal holds what it held.
    """
    place = Path(path)
    if os.path.lexists(place):
        open_file(place).close()  # refuses what is no file
    try:
        with place.open("ab+", buffering=0) as stream:
            stream.seek(0)
            size = stream.read().rfind(b"\n") + 1
            stream.truncate(size)
            content = line.encode() + b"\n"
            try:
                while content:
                    content = content[stream.write(content) or 0 :]
                os.fsync(stream.fileno())
            except BaseException:
                stream.truncate(size)
                raise
    except OSError as exc:
        raise unwritable(place, exc) from exc

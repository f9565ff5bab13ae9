"""A folder in which one process at a time works."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from contracts.errors import ProblemError
from contracts.inputs.files import unwritable

LOCK = ".lock"


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

"""Files are read if they are files, and written whole or not at all.

Whatever is written is put together under a name of its own in the same folder and then takes the place of the old file
in one step: a full disk, an interrupt or another process that writes the same file leaves the old file or a new one,
never a piece. Links are followed to the file they name, which keeps its mode and, where that is allowed, its owner.
Devices and pipes (/dev/null, /dev/stdout) are no files to be replaced: they are written to.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from contracts.errors import ProblemError

NO_ROOM = (errno.ENOSPC, errno.EFBIG, *((errno.EDQUOT,) if hasattr(errno, "EDQUOT") else ()))
KINDS = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
OPENED_BY_OTHERS = ("/dev/fd/", "/proc/")  # descriptors: whoever holds one would not see a file put in its place
LONGEST_STEM = 32  # of the name under which a file is put together: names are limited, in bytes


# ---- reading ----


def open_file(path: str | Path) -> BinaryIO:
    """A file, open for reading; a pipe, a device, a socket or a folder is refused at once, since it may never end.

    Raises
    ------
    ProblemError
        If there is no such file, or it may not be read.
    """
    path = _named(path)
    try:
        found = os.stat(path)
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(found.st_mode):
            raise ProblemError(f"{path} cannot be read: it is {_kind(found)}; save what it holds as a file")
        stream = os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), "rb")
    except OSError as exc:
        raise unreadable(path, exc) from exc
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):  # it was replaced meanwhile
        stream.close()
        raise ProblemError(f"{path} cannot be read: it is no file any more; save what it holds as a file")
    return stream


def read_bytes(path: str | Path) -> bytes:
    """What a file holds."""
    with open_file(path) as stream:
        try:
            return stream.read()
        except OSError as exc:
            raise unreadable(path, exc) from exc


def read_text(path: str | Path) -> str:
    """What a file of UTF-8 text says, without a byte order mark."""
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise ProblemError(f"{path} is not UTF-8 text ({exc.reason} at byte {exc.start}): save it as UTF-8") from exc


def unreadable(path: str | Path, failed: OSError) -> ProblemError:
    """The error of a file that could not be read."""
    return ProblemError(f"{path} cannot be read: {failed.strerror or failed}")


# ---- writing ----


def write_text(path: str | Path, text: str, *, make_folder: bool = False, private: bool = False) -> Path:
    """Write a file of text, whole or not at all, and return where it is."""
    try:
        content = text.encode("utf-8")
    except UnicodeEncodeError as exc:
        half = text[exc.start]
        raise ProblemError(f"{path} cannot hold {half!r}, half a character: take it out of the text") from exc
    return write_bytes(path, content, make_folder=make_folder, private=private)


def write_bytes(path: str | Path, content: bytes, *, make_folder: bool = False, private: bool = False) -> Path:
    """Write a file, whole or not at all, and return where it is."""
    with replacing(path, make_folder=make_folder, private=private) as stream:
        stream.write(content)
    return Path(path)


@contextmanager
def replacing(path: str | Path, *, make_folder: bool = False, private: bool = False) -> Iterator[BinaryIO]:
    """A stream whose content becomes the file when the block ends; if the block fails, the file stays as it was.

    Parameters
    ----------
    make_folder : make the folder, if there is none
    private : let only the owner read a new file

    Raises
    ------
    ProblemError
        If the file cannot be written: what failed, and what to do.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_text(f"{folder}/menu.json", "old")
    ...     try:
    ...         with replacing(path) as stream:
    ...             _ = stream.write(b"half of a new one")
    ...             raise KeyboardInterrupt
    ...     except KeyboardInterrupt:
    ...         print(path.read_text(), len(list(path.parent.iterdir())))
    old 1
    """
    target = _named(path)
    try:
        if make_folder:
            target.parent.mkdir(parents=True, exist_ok=True)
        old = _status(target)
        if old is not None and stat.S_ISDIR(old.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
        stream = None if old is None else _stream_that_stays(target, old)
        if stream is not None:
            with stream:
                yield stream
            return
        real = Path(os.path.realpath(target))
        if old is not None and not os.access(real, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))
        yield from _replaced(real, old, 0o600 if private else 0o666)
    except BrokenPipeError:
        raise  # whoever reads has read enough
    except OSError as exc:
        raise unwritable(target, exc) from exc


def _replaced(real: Path, old: os.stat_result | None, mode: int) -> Iterator[BinaryIO]:
    """A stream into a file of its own name, which then takes the place of the old one."""
    partial = real.with_name(f".{real.name[:LONGEST_STEM]}.{os.getpid()}.{secrets.token_hex(8)}.partial")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(partial, flags, mode)  # less the umask, as for any new file
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            if old is not None:
                _as_before(partial, old)
            os.fsync(stream.fileno())
        os.replace(partial, real)
    except BaseException:
        with suppress(OSError):
            partial.unlink()
        raise


def _as_before(partial: Path, old: os.stat_result) -> None:
    """Give a new file the owner and the mode of the one that it replaces."""
    if hasattr(os, "chown"):
        with suppress(PermissionError):  # only the superuser may give a file away
            os.chown(partial, old.st_uid, old.st_gid)
    partial.chmod(stat.S_IMODE(old.st_mode))


def _stream_that_stays(target: Path, found: os.stat_result) -> BinaryIO | None:
    """A stream into what is no file to be replaced: devices, pipes, and what this process prints to."""
    for number, printed in ((1, sys.stdout), (2, sys.stderr)):
        with suppress(OSError):
            if os.path.samestat(found, os.fstat(number)):
                if printed is not None:
                    printed.flush()
                return os.fdopen(os.dup(number), "wb")
    if not stat.S_ISREG(found.st_mode) or os.path.abspath(target).startswith(OPENED_BY_OTHERS):
        return target.open("wb")
    return None


def is_replaced(path: Path) -> bool:
    """Whether writing a path puts a file in its place; not so for devices and pipes, which are written to."""
    found = _status(path)
    return found is None or stat.S_ISREG(found.st_mode)


def _named(path: str | Path) -> Path:
    """The path; a name that no file can have is refused."""
    if "\0" in str(path):
        raise ProblemError(f"{str(path)!r} is no name of a file: take the null character out")
    try:
        os.fsencode(path)
    except UnicodeEncodeError as exc:
        raise ProblemError(f"{str(path)!r} is no name of a file ({exc.reason}): name it otherwise") from exc
    return Path(path)


def _status(path: Path) -> os.stat_result | None:
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None


def unwritable(path: Path, failed: OSError) -> ProblemError:
    """The error of a file that could not be written: why, and what to do."""
    remedy = "choose another place"
    if failed.errno in NO_ROOM:
        remedy = "what was there before is unchanged; make room, or choose another place"
    elif os.path.isdir(path):
        remedy = "name a file in that folder"
    elif not os.path.exists(path.parent):
        remedy = f"make the folder {path.parent} first, or name another"
    return ProblemError(f"{path} cannot be written: {failed.strerror or failed}; {remedy}")


def _kind(found: os.stat_result) -> str:
    return next((name for is_one, name in KINDS if is_one(found.st_mode)), "something else")

"""What every command shares: one answer on standard output, and an exit code that says whose fault it is."""

from __future__ import annotations

import io
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any

import typer

from contracts.errors import ContractError, ProblemError
from contracts.inputs.files import is_replaced
from contracts.readable import readable_lines

CERTIFICATE_FAILS, BAD_INPUT = 1, 2
ELSEWHERE = {"n_workers": "workers", "folder": "out"}  # arguments whose options have other names
QUOTES = "'\""
ARGUMENT = re.compile(r"(?<![\w'\"({.])(?P<name>[a-z_]+)=(?P<value>'[^']*'|\"[^\"]*\"|[\w.+\-/]*\w)")
CALL = re.compile(r"\w\([^)]*$")  # that is still open
OPTIONS: ContextVar[Mapping[str, tuple[str, bool]]] = ContextVar("options", default={})  # noqa: B039  (never changed)
QUIET = ContextVar("quiet", default=False)  # of messages that are no errors
Target = tuple[str, Path | None, str]  # an option, the path that it names, if any, and how that must end
File = tuple[str, Path | None, Callable[[Path], Any]]  # what is said when it is written, where, and what writes it
# readable=False leaves unreadable files to the library, so that --json answers them too.
ProblemFile = Annotated[Path, typer.Argument(metavar="PROBLEM", readable=False, help="Problem file, .toml or .json.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output, errors included.")]


class Answer:
    """The one answer of a command on standard output; once it is given, whatever fails is said on standard error."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.is_given = False

    def give(self, text: str, *files: File) -> None:
        """Write the files that are wanted and print the answer, which is printed even if a file cannot be written.

        Raises
        ------
        ProblemError
            Of the first file that could not be written, when all is done.
        """
        failed: list[ContractError | OSError] = []
        try:
            for done, path, write in files:
                if path is not None:
                    try:
                        write(path)
                        if done:
                            note(f"{done} {path}")
                    except (ContractError, OSError) as exc:
                        failed.append(exc)
        finally:
            typer.echo(readable_lines(text))
            self.is_given = True
        if failed:
            raise failed[0]


@contextmanager
def answering(*, as_json: bool) -> Iterator[Answer]:
    """Turn errors that the library raises on purpose, and files that fail, into a message and an exit code."""
    answer = Answer(as_json=as_json)
    for stream in (sys.stdout, sys.stderr):  # a terminal that lacks a letter is shown its number
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        yield answer
    except (ContractError, OSError) as exc:
        kind, message, code = type(exc).__name__, str(exc), CERTIFICATE_FAILS
        if isinstance(exc, BrokenPipeError):
            raise  # whoever reads has read enough: typer ends the program in silence
        if isinstance(exc, OSError):
            where = "the output cannot be written" if exc.filename is None else exc.filename
            kind, message = ProblemError.__name__, f"{where}: {exc.strerror or exc}; choose another place"
        if isinstance(exc, OSError | ProblemError):
            code = BAD_INPUT
        message = in_options(message)
        if as_json and not answer.is_given and getattr(exc, "filename", exc) is not None:
            typer.echo(json_text({"error": {"kind": kind, "message": message}}))
        else:
            typer.echo(f"Error: {readable_lines(message)}", err=True)
        raise typer.Exit(code) from exc


def in_options(message: str) -> str:
    """A message of the library in the words of the command that runs: dry_run=True is --dry-run there.

    An argument that the command has no option for stays as it is, and so does what is quoted or part of a call.
    """

    def said(found: re.Match[str]) -> str:
        name = ELSEWHERE.get(found["name"], found["name"])
        if name not in OPTIONS.get() or CALL.search(message[: found.start()]):
            return found[0]
        flag, is_flag = OPTIONS.get()[name]
        return flag if is_flag else f"{flag} {found['value'].strip(QUOTES)}"

    return ARGUMENT.sub(said, message)


def note(message: str) -> None:
    """A message on standard error, unless `contracts --quiet` was asked for."""
    if not QUIET.get():
        typer.echo(readable_lines(message), err=True)


@contextmanager
def busy(doing: str) -> Iterator[Callable[[str], None]]:
    """A spinner on standard error while work goes on, if somebody watches; what it yields says how far the work is."""
    from rich.console import Console
    from rich.markup import escape

    doing = readable_lines(doing)
    console = Console(stderr=True)
    if console.is_terminal and not QUIET.get():
        with console.status(escape(doing)) as status:
            yield lambda line: status.update(escape(f"{doing}: {line}"))
    else:
        yield lambda line: None


def json_text(document: Any) -> str:
    """A document as standard output shows it and files hold it."""
    return json.dumps(document, indent=1, allow_nan=False)


def check_writable(*targets: Target, inputs: Iterable[Path]) -> None:
    """Refuse targets before the work is done, not after: each its own file, and none of them an input."""
    taken = [("read as an input", path) for path in inputs]
    for option, path, suffix in targets:
        if path is None:
            continue
        _check_place(option, path, suffix)
        for what, other in taken:
            if path.resolve() == other.resolve() or (path.exists() and other.exists() and path.samefile(other)):
                raise ProblemError(f"{option} {path} is {what}, and would be overwritten: name another file")
        taken.append((f"the file of {option} too", path))


def _check_place(option: str, path: Path, suffix: str) -> None:
    if str(path) == "-":
        raise ProblemError(f"{option} - names no file: what it would hold is printed with --json")
    if path.exists() and not path.is_dir() and not is_replaced(path):
        return  # a device or a pipe takes anything
    if path.suffix.lower() != suffix:
        raise ProblemError(f"{option} {path} is written as {suffix[1:].upper()}: end the name in {suffix}")
    if path.is_dir() or not path.parent.is_dir():
        what = "is a folder" if path.is_dir() else f"lies in {path.parent}, which is not a folder"
        raise ProblemError(f"{option} {path} {what}: name a file in a folder that exists")
    folder = Path(os.path.realpath(path)).parent  # where it is put together before it takes its place
    if not os.access(folder, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise ProblemError(f"{option} {path} cannot be written: choose a place where you may write")

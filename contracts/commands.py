"""What every command shares: one answer on standard output, and an exit code that says whose fault it is."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from contracts.errors import ContractError, ProblemError

CERTIFICATE_FAILS, BAD_INPUT = 1, 2
Target = tuple[str, Path | None, str]  # an option, the path that it names, if any, and how that must end
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output, errors included.")]


@contextmanager
def answering(*, as_json: bool) -> Iterator[None]:
    """Turn errors that the library raises on purpose, and files that fail, into a message and an exit code."""
    try:
        yield
    except (ContractError, OSError) as exc:
        kind, message, code = type(exc).__name__, str(exc), CERTIFICATE_FAILS
        if isinstance(exc, BrokenPipeError):
            raise  # whoever reads has read enough: typer ends the program in silence
        if isinstance(exc, OSError):
            where = "the output cannot be written" if exc.filename is None else exc.filename
            kind, message = ProblemError.__name__, f"{where}: {exc.strerror or exc}; choose another place"
        if isinstance(exc, OSError | ProblemError):
            code = BAD_INPUT
        if as_json and getattr(exc, "filename", exc) is not None:
            typer.echo(json_text({"error": {"kind": kind, "message": message}}))
        else:
            typer.echo(f"Error: {message}", err=True)
        raise typer.Exit(code) from exc


@contextmanager
def busy(doing: str) -> Iterator[Callable[[str], None]]:
    """A spinner on standard error while work goes on, if somebody watches; what it yields says how far the work is."""
    from rich.console import Console

    console = Console(stderr=True)
    if console.is_terminal:
        with console.status(doing) as status:
            yield lambda line: status.update(f"{doing}: {line}")
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
    if path.suffix.lower() != suffix:
        raise ProblemError(f"{option} {path} is written as {suffix[1:].upper()}: end the name in {suffix}")
    if path.is_dir() or not path.parent.is_dir():
        what = "is a folder" if path.is_dir() else f"lies in {path.parent}, which is not a folder"
        raise ProblemError(f"{option} {path} {what}: name a file in a folder that exists")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise ProblemError(f"{option} {path} cannot be written: choose a place where you may write")

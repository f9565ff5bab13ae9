"""Questions that a newer one overtakes while they are being solved end at the engines' next round."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_is_overtaken: ContextVar[Callable[[], bool]] = ContextVar("is_overtaken", default=lambda: False)


class Overtaken(Exception):  # noqa: N818 - no error: nobody waits for the answer any more
    """A newer question of the same page has come."""


@contextmanager
def answering_until(is_overtaken: Callable[[], bool]) -> Iterator[None]:
    """Within this, solving ends as soon as somebody has asked again."""
    token = _is_overtaken.set(is_overtaken)
    try:
        yield
    finally:
        _is_overtaken.reset(token)


def each_round(line: str = "") -> None:
    """What engines report their rounds to.

    Raises
    ------
    Overtaken
        If a newer question has come.
    """
    if _is_overtaken.get()():
        raise Overtaken(line)

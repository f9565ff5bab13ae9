"""How many tokens a text may be, and when a server's count of them is believed."""

from __future__ import annotations

from typing import Any

PER_MESSAGE = 16.0  # tokens that mark a message's beginning, end and role, on the high side
MOST_BYTES = 16  # of text that one token stands for, on average, in any script
LARGEST_COUNT = 10**9


def size(text: str) -> int:
    """Bytes of a text."""
    return len(text.encode("utf-8", "surrogatepass"))


def most_tokens(texts: list[str]) -> float:
    """A bound on the tokens of messages: tokenisers fall back on single bytes and never below.

    English takes about a quarter of that, Chinese about half, rare scripts and emoji nearly all of it.

    Examples
    --------
    >>> most_tokens(["half each"]), most_tokens(["一人一半"])
    (41.0, 44.0)
    """
    return sum(size(text) + PER_MESSAGE for text in texts) + PER_MESSAGE


def believed(reported: Any, n_bytes: int, estimate: float) -> float:
    """The tokens that a server reports for a text, or the estimate where no text of that size has so few.

    Examples
    --------
    >>> [believed(reported, 1600, 1632.0) for reported in (400, 0, -3, None, True, 2.5, 99, 10**30)]
    [400.0, 1632.0, 1632.0, 1632.0, 1632.0, 1632.0, 1632.0, 1632.0]
    """
    if isinstance(reported, bool) or not isinstance(reported, int):
        return estimate
    return float(reported) if max(1, n_bytes // MOST_BYTES) <= reported <= LARGEST_COUNT else estimate

"""Phrases that make a limit of an amount: at least, no more than, or so."""

from __future__ import annotations

_LIMITS = {
    ">": "no less than|not less than|no fewer than|nothing less than|a minimum of|minimum of|at least|"
    "at minimum|at the least|at the very least|more than|over|above|upwards of",
    "<": "no more than|not more than|nothing more than|a maximum of|maximum of|at most|at maximum|"
    "at the most|at the very most|less than|fewer than|up to|not over|no greater than|under|below",
    "=": "exactly|precisely|only|just|some",
    "~": "about|around|roughly|approximately|nearly|almost|close to",
}
LIMITS: dict[str, list[tuple[tuple[str, ...], str]]] = {}  # what phrases before an amount make of it, by first word
for _sign, _phrases in _LIMITS.items():
    for _phrase in sorted(_phrases.split("|"), key=len, reverse=True):
        LIMITS.setdefault(_phrase.split()[0], []).append((tuple(_phrase.split()), _sign))
LIMITS_AFTER = tuple(
    (tuple(phrase.split()), sign)
    for sign, phrases in {
        ">": "or more|or above|or over|or higher|or greater|or better|or larger|and up|at least",
        "<": "or less|or below|or under|or fewer|or lower|at most|tops",
        "~": "or so",
    }.items()
    for phrase in phrases.split("|")
)

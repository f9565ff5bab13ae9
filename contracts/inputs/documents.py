"""JSON and TOML, read strictly: what a file says twice, or no float can hold, is refused by name."""

from __future__ import annotations

import json
import math
import tomllib
from typing import Any

DEEPEST = 64  # levels of tables in tables: more is an accident or an attack, and would exhaust whoever walks through
PLAIN = {int, float, bool, type(None)}


def parse_json(text: str) -> Any:
    """What JSON says.

    Raises
    ------
    ValueError
        If it is not JSON, gives a key twice, nests too deep, or holds a number or text that cannot be kept.

    Examples
    --------
    >>> parse_json('{"weights": [1.0], "weights": [0.5]}')
    Traceback (most recent call last):
        ...
    ValueError: the key 'weights' is given twice: keep one
    """
    try:
        return checked(json.loads(text, object_pairs_hook=unique, parse_float=parse_float))
    except RecursionError as exc:
        raise ValueError(f"tables are nested more than {DEEPEST} deep") from exc


def parse_toml(text: str) -> dict[str, Any]:
    """What TOML says; raises ValueError as `parse_json` does."""
    try:
        return dict(checked(tomllib.loads(text, parse_float=parse_float)))
    except RecursionError as exc:
        raise ValueError(f"tables are nested more than {DEEPEST} deep") from exc


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these pairs; for `json`, which would let the last of two values win."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in found if keys.count(key) > 1)
        raise ValueError(f"the key {twice!r} is given twice: keep one")
    return found


def parse_float(text: str) -> float:
    """The float closest to a number; a finite one that would become infinite is refused."""
    value = float(text)
    if math.isinf(value) and "inf" not in text.lower():
        raise ValueError(f"{text[:40]} is larger than any float: choose a larger unit")
    return value


def checked(document: Any) -> Any:
    """The document, if no table nests too deep and every text is whole."""
    level, depth = [document], 0
    while level:
        below: list[Any] = []
        for part in level:
            if isinstance(part, str):
                check_text(part)
            elif isinstance(part, dict | list):
                if depth == DEEPEST:
                    raise ValueError(f"tables are nested more than {DEEPEST} deep")
                parts = [*part, *part.values()] if isinstance(part, dict) else part
                if not set(map(type, parts)) <= PLAIN:
                    below += parts
        level, depth = below, depth + 1
    return document


def check_text(text: str) -> None:
    """Refuse half of a surrogate pair, which no file and no terminal can hold."""
    if not text.isascii():
        for letter in text:
            if "\ud800" <= letter <= "\udfff":
                raise ValueError(f"the text {text!r} holds {letter!r}, half a character: take it out")

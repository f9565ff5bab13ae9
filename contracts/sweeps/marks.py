"""What a sweep is, in a few letters: a folder of rows belongs to one function, one grid and one seed."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import inspect
import json
import sys
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

SHORT = 200  # letters of a fact that is written down as it is; longer ones by their digest


def fact(value: Any) -> Any:
    """What is written down of a value: itself where that is short JSON, else its class and a digest.

    Examples
    --------
    >>> fact([1.0, 2.0]), fact(range(10**9))
    ([1.0, 2.0], 'range(0, 1000000000)')
    >>> fact(list(range(1000)))
    'list 3e726f1b6f58ece8'
    """
    plain = _plain(value)
    text = json.dumps(plain, sort_keys=True)
    if len(text) <= SHORT:
        return json.loads(text)
    return f"{type(value).__name__} {hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _plain(value: Any) -> Any:
    """JSON that two values share if they are alike, in whatever process they were made."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, range | np.random.Generator | bytes):
        return str(value)
    if isinstance(value, functools.partial):
        return [_plain(value.func), _plain(value.args), _plain(value.keywords)]
    if inspect.isroutine(value) or inspect.isclass(value):
        return _code(value)
    if hasattr(value, "to_numpy"):  # columns and frames
        return [type(value).__name__, list(map(str, getattr(value, "columns", ()))), _plain(value.to_numpy())]
    if isinstance(value, np.ndarray):
        return [str(value.dtype), list(value.shape), hashlib.sha256(_bytes(value)).hexdigest()]
    if isinstance(value, Mapping):
        return [[str(key), _plain(one)] for key, one in value.items()]
    if isinstance(value, list | tuple):
        return list(map(_plain, value))
    inside = _told(value)
    name = f"{type(value).__module__}.{type(value).__qualname__}"
    return [name, str(value)] if inside is None else [name, _plain(inside)]


def _told(value: Any) -> dict[str, Any] | None:
    """What an object was told, and not what it has computed since; None if it does not say."""
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    computed = {
        name for kind in type(value).__mro__ for name, one in vars(kind).items() if isinstance(one, cached_property)
    }
    inside = getattr(value, "__dict__", None)
    return None if inside is None else {k: v for k, v in inside.items() if k[:1] != "_" and k not in computed}


def _bytes(array: np.ndarray[Any, Any]) -> bytes:
    return repr(array.tolist()).encode() if array.dtype.kind == "O" else np.ascontiguousarray(array).tobytes()


def _code(value: Any) -> list[Any]:
    """A function's name, what it says, and what it takes from where it was made."""
    try:
        source = hashlib.sha256(inspect.getsource(value).encode()).hexdigest()[:16]
    except (OSError, TypeError):  # typed at a prompt, or compiled
        source = ""
    name = f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', value)}"
    closed = [cell.cell_contents for cell in getattr(value, "__closure__", None) or ()]
    return [name, source, [_plain(one) for one in closed if not inspect.isroutine(one)]]


def library_version() -> str:
    """Of this library, in this process."""
    return str(sys.modules["contracts"].__version__)

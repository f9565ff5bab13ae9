"""Frozen dataclasses whose arrays are frozen too: what was proven of numbers holds for as long as they are there.

Every module here takes `dataclass` from this one. With `frozen=True` the object holds read-only views of the arrays
that it was given, whoever gave them keeps an array that can be written to, and what a `cached_property` computes is
read-only as well. Pickling and copying, which give arrays that can be written to, end in the same state. Whatever names
it holds, its text moves no cursor.
"""

from __future__ import annotations

import copy
import dataclasses
import inspect
from collections.abc import Callable
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Any

import numpy as np

from contracts.readable import readable_lines

PLAIN = frozenset((float, int, bool, str, type(None)))  # nothing in these can be written to
SAID = ("__repr__", "__str__", "_repr_html_")  # what a terminal or a notebook is shown

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(cls: type | None = None, /, **options: Any) -> Any:
        """A dataclass as in the standard library; if it is frozen, so are its arrays.

        Examples
        --------
        >>> import copy
        >>> @dataclass(frozen=True)
        ... class Shares:
        ...     weights: np.ndarray
        >>> given = np.array([0.5, 0.5])
        >>> copy.deepcopy(Shares(given)).weights.flags.writeable, given.flags.writeable
        (False, True)
        """
        if cls is None:
            return lambda decorated: dataclass(decorated, **options)
        for name in SAID:
            if name in vars(cls):
                setattr(cls, name, _readable_result(vars(cls)[name]))
        if not options.get("frozen", False):
            return dataclasses.dataclass(cls, **options)
        cls.__post_init__ = _then_frozen(getattr(cls, "__post_init__", None))
        cls.__setstate__ = _restored
        for value in vars(cls).values():
            if isinstance(value, cached_property):
                value.func = _frozen_result(value.func)
        return dataclasses.dataclass(cls, **options)


def has_checks(cls: Any) -> bool:
    """Whether a dataclass has a `__post_init__` that somebody wrote, beyond the freezing of arrays."""
    found = inspect.unwrap(getattr(cls, "__post_init__", _then_frozen(None)))
    return found.__qualname__ != _then_frozen(None).__qualname__


def read_only(value: Any) -> Any:
    """The same, with views that cannot be written to in place of arrays, also in tuples, dicts and sparse arrays."""
    if type(value) in PLAIN:
        return value
    if isinstance(value, np.ndarray):
        if value.flags.writeable:
            value = value.view()
            value.setflags(write=False)
    elif isinstance(value, tuple):
        parts = tuple(map(read_only, value))
        if any(new is not old for new, old in zip(parts, value, strict=True)):
            return value._make(parts) if hasattr(value, "_make") else parts
    elif type(value) is dict:
        inside = {key: read_only(item) for key, item in value.items()}
        if any(inside[key] is not item for key, item in value.items()):
            return inside
    elif hasattr(value, "indptr") and value.data.flags.writeable:  # a sparse array
        value = copy.copy(value)
        value.data, value.indices, value.indptr = map(read_only, (value.data, value.indices, value.indptr))
    return value


def rebuilt(kind: type[tuple[Any, ...]], parts: tuple[Any, ...]) -> tuple[Any, ...]:
    """A named tuple that was pickled or copied, with read-only arrays; for its `__reduce__`."""
    return kind(*map(read_only, parts))


def _then_frozen(checks: Callable[..., None] | None) -> Callable[..., None]:
    def freeze(self: Any, *given: Any) -> None:
        if checks is not None:
            checks(self, *given)
        self.__dict__.update({name: read_only(value) for name, value in self.__dict__.items()})

    return freeze if checks is None else wraps(checks)(freeze)


def _restored(self: Any, state: dict[str, Any]) -> None:
    self.__dict__.update({name: read_only(value) for name, value in state.items()})


def _readable_result(say: Callable[[Any], str]) -> Callable[[Any], str]:
    @wraps(say)
    def said(self: Any) -> str:
        return readable_lines(say(self))

    return said


def _frozen_result(compute: Callable[[Any], Any]) -> Callable[[Any], Any]:
    @wraps(compute)
    def computed(self: Any) -> Any:
        return read_only(compute(self))

    return computed

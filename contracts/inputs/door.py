"""The door of a public function: every argument is of the kind that its annotation says, or the call is refused.

`checked` reads the annotations of a function, or of a class and all its public methods, when it is first called. What
it knows of annotations stands in one table, `contracts.inputs.annotations.kind_of`. It refuses kinds, such as text for
a number, a menu for a problem or a seed for a generator; what a function asks of a value beyond its kind, it says
itself.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import math
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import is_dataclass
from typing import Any, NamedTuple, TypeVar, overload

from contracts.errors import ProblemError
from contracts.inputs.annotations import evaluated, kind_of, of_field, or_nothing
from contracts.inputs.frozen import has_checks
from contracts.inputs.kinds import ANYTHING, EXPRESSION, FLOATS, LIMIT, NUMBER, Kind

T = TypeVar("T")


@overload
def checked(thing: T, /) -> T: ...
@overload
def checked(*, own: Sequence[str] = (), **tables: Kind) -> Callable[[T], T]: ...
def checked(thing: Any = None, /, *, own: Sequence[str] = (), **tables: Kind) -> Any:
    """A function, or a class with its public methods, that refuses arguments of another kind than it is annotated with.

    Signature and documentation stay what they are. Missing and unexpected arguments are a TypeError, as always.

    Parameters
    ----------
    own : arguments that are let through, because the function looks at them itself, with better words or more leniently
    tables : for arguments that are annotated as arrays or expressions, by name: their shape, see `shaped`

    Raises
    ------
    ProblemError
        On a call: naming the argument, what it is, and what to give instead.

    Examples
    --------
    >>> import numpy as np
    >>> @checked
    ... def doubled(count: int, *, name: str = "") -> int:
    ...     return 2 * count
    >>> doubled(np.int64(3))
    6
    >>> doubled("3")
    Traceback (most recent call last):
        ...
    contracts.errors.ProblemError: count is '3': give a whole number
    """
    tables |= dict.fromkeys(own, ANYTHING)
    return functools.partial(_checked, tables=tables) if thing is None else _checked(thing, tables=tables)


def renamed(**names: str) -> Callable[[T], T]:
    """A function that still takes arguments by the names that they had, with a warning that says the new ones.

    Examples
    --------
    >>> import warnings
    >>> @renamed(confidence="level")
    ... def radius(*, level: float) -> float:
    ...     return 2 * level
    >>> with warnings.catch_warnings(record=True, action="always") as heard:
    ...     radius(confidence=0.5)
    1.0
    >>> print(heard[0].message)
    radius: confidence is now called level
    """

    def with_old_names(function: Any) -> Any:
        if inspect.isclass(function):
            setattr(function, "__init__", with_old_names(vars(function)["__init__"]))  # noqa: B010
            return function

        @functools.wraps(function)
        def taking_both(*given: Any, **named: Any) -> Any:
            for old, new in names.items():
                if old in named:
                    if new in named:
                        raise ProblemError(f"{old} and {new} are one argument under two names: give {new} alone")
                    _warn(function.__qualname__.removesuffix(".__init__"), old, new)
                    named[new] = named.pop(old)
            return function(*given, **named)

        return taking_both

    return with_old_names


class formerly:  # noqa: N801
    """The name that a field had: in a dataclass, `rounds = formerly("n_rounds")`. It answers, with a warning.

    Examples
    --------
    >>> class Search:
    ...     n_rounds = 3
    ...     rounds = formerly("n_rounds")
    >>> import warnings
    >>> with warnings.catch_warnings(record=True, action="always") as heard:
    ...     Search().rounds
    3
    >>> print(heard[0].message)
    Search: rounds is now called n_rounds
    """

    def __init__(self, new: str) -> None:
        self.new = new

    def __set_name__(self, owner: type, name: str) -> None:
        self.old = name

    def __get__(self, record: Any, owner: type) -> Any:
        if record is None:
            return self
        _warn(owner.__name__, self.old, self.new)
        return getattr(record, self.new)


def _warn(where: str, old: str, new: str) -> None:
    depth = 1  # the warning is about whoever called through these doors, and is shown where that is a script
    while sys._getframe(depth).f_code.co_filename == __file__:
        depth += 1
    warnings.warn(f"{where}: {old} is now called {new}", DeprecationWarning, stacklevel=depth + 1)


def _checked(thing: Any, *, tables: Mapping[str, Kind]) -> Any:
    if not inspect.isclass(thing):
        return _guarded(thing, tables)
    for name, member in list(vars(thing).items()):
        if name == "__init__" and is_dataclass(thing):
            setattr(thing, name, _guarded(member, tables, field=True, own_door=has_checks(thing)))
        elif not name.startswith("_") and inspect.isfunction(member):
            setattr(thing, name, _guarded(member, tables))
        elif not name.startswith("_") and isinstance(member, classmethod | staticmethod):
            setattr(thing, name, type(member)(_guarded(member.__func__, tables)))
    return thing


def _guarded(
    function: Callable[..., Any], tables: Mapping[str, Kind], *, field: bool = False, own_door: bool = False
) -> Callable[..., Any]:
    """The function behind its door."""
    plans: list[Plan] = []  # made when first called: annotations may name what is imported later

    @functools.wraps(function)
    def at_the_door(*given: Any, **named: Any) -> Any:
        if not plans:
            plans.append(_plan(function, tables, field=field, own_door=own_door))
        asked, taken = plans[0], list(given)
        for place, name, take in asked.by_place:
            if place < len(given):
                taken[place] = take(name, given[place])
        if asked.rest is not None:
            name, kind = asked.rest
            taken[asked.width :] = [kind.take(name, value) for value in given[asked.width :]]
        for name, value in named.items():
            known = asked.by_name.get(name, asked.extra)
            if known is not None:
                named[name] = known.take(name, value)
        if asked.shapes:
            _check_shapes(asked.shapes, taken, named)
        return function(*taken, **named)

    return at_the_door


class Plan(NamedTuple):
    """What a function asks of its arguments."""

    width: int  # how many may come by position
    by_place: list[tuple[int, str, Callable[[str, Any], Any]]]
    by_name: dict[str, Kind | None]
    rest: tuple[str, Kind] | None  # name and kind of each of *several
    extra: Kind | None  # of each of **further
    shapes: list[tuple[int, str, tuple[str, ...]]]  # place, name and sizes of arrays


def _plan(function: Callable[..., Any], tables: Mapping[str, Kind], *, field: bool, own_door: bool) -> Plan:
    plan = Plan(0, [], {}, None, None, [])
    for place, parameter in enumerate(inspect.signature(function).parameters.values()):
        kind = _kind_of_parameter(parameter, function, tables, field=field, own_door=own_door)
        if parameter.kind is parameter.VAR_POSITIONAL:
            plan = plan._replace(rest=None if kind is None else (parameter.name, kind))
        elif parameter.kind is parameter.VAR_KEYWORD:
            plan = plan._replace(extra=kind)
        else:
            plan.by_name[parameter.name] = kind
            if kind is not None and kind.shape is not None:
                plan.shapes.append((place, parameter.name, kind.shape))
            if parameter.kind is not parameter.KEYWORD_ONLY:
                plan = plan._replace(width=place + 1)
                if kind is not None:
                    plan.by_place.append((place, parameter.name, kind.take))
    return plan


def _kind_of_parameter(
    parameter: inspect.Parameter,
    function: Callable[..., Any],
    tables: Mapping[str, Kind],
    *,
    field: bool,
    own_door: bool,
) -> Kind | None:
    """What one argument is held to; None for anything."""
    given = tables.get(parameter.name)
    if parameter.annotation is parameter.empty or given is ANYTHING:
        return None
    annotation = evaluated(parameter.annotation, function)
    kind = of_field(annotation, own_door=own_door) if field else kind_of(annotation)
    if kind is NUMBER and parameter.default in (math.inf, -math.inf):
        kind = LIMIT  # a default of infinity says that infinity is a value
    if kind is FLOATS and given is not None:
        kind = given
    if kind is EXPRESSION and given is not None:
        kind = dataclasses.replace(kind, shape=given.shape)
    return or_nothing(kind) if kind is not None and parameter.default is None else kind


def _check_shapes(shapes: list[tuple[int, str, tuple[str, ...]]], taken: list[Any], named: Mapping[str, Any]) -> None:
    """Refuse arrays of other shapes than those asked for.

    Equal names are equal sizes, the object's own first. Only "n" is any size, also none.
    """
    sizes: dict[str, int] = {}
    for place, name, shape in shapes:
        if place < len(taken):
            found = taken[place].shape
        elif name in named:
            found = named[name].shape
        else:
            continue
        if len(found) == len(shape):
            for size, length in zip(shape, found, strict=True):
                known = sizes.get(size)
                if known is None:
                    own = None if size == "n" else getattr(taken[0], size, None)
                    sizes[size] = known = length if own is None else own
                if known != length or (length == 0 and size != "n"):
                    break
            else:
                continue
        known_sizes = {size: getattr(taken[0], size, None) for size in shape if size != "n"} | sizes
        wanted = ", ".join(size if known_sizes.get(size) is None else f"{size} = {known_sizes[size]}" for size in shape)
        raise ProblemError(f"{name} has shape {found}; expected ({wanted})")

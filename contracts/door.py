"""The door of a public function: every argument is of the kind that its annotation says, or the call is refused.

`checked` reads the annotations of a function, or of a class and all its public methods, when it is first called. What
it knows of annotations stands in one table, `kind_of`. It refuses kinds, such as text for a number, a menu for a
problem or a seed for a generator; what a function asks of a value beyond its kind, it says itself.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import math
import operator
import os
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import is_dataclass
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, overload
from weakref import WeakKeyDictionary

import numpy as np

from contracts.arrays import LARGEST, Array, finite, generator, is_frame, number, rectangular, yes_or_no
from contracts.errors import ProblemError
from contracts.frozen import dataclass, has_checks
from contracts.names import NumberedLabels, missing

T = TypeVar("T")
FLOAT64 = np.dtype(np.float64)
WIDEST = 2**62  # whole numbers beyond are no counts of anything
SECRETS = ("api_key", "proxy", "base_url")
QUOTED = 60  # letters of a wrong argument that a message shows
REMEDIES = {  # what to do for an object of a class, where its name does not say it
    "Answers": "give answers_of(person, offer, accepted)",
    "Ambiguity": "use TotalVariation, Wasserstein, KullbackLeibler, ChiSquare or Moments",
    "Axes": "give the axes that matplotlib's subplots() made",
    "Certificate": "give what verify(...) returns, or menu.certificate",
    "ChoiceData": "make ChoiceData of it, ChoiceData(attributes, choice, person), or of a frame with "
    "ChoiceData.from_frame or ChoiceData.from_wide_frame",
    "ChoiceLog": "give what read_log(...) returns",
    "Domain": "use NonNegative(), Box(...), Simplex() or Polyhedron(...)",
    "Front": "give a Front, as pareto_front returns it",
    "Menu": "give a Menu, as solve_menu returns it",
    "Multipliers": "give menu.bound.multipliers",
    "NormSpace": "give what share_norms(...) returns",
    "Norms": "give Norms, as elicit_norms returns them",
    "Play": "give what play() returns",
    "ScreeningProblem": "give the ScreeningProblem, your own or one of contracts.models",
    "SocialPreferences": "use FehrSchmidt, BoltonOckenfels or CharnessRabin",
    "Truth": "give what Truth.of(societies) returns",
}


@dataclass(frozen=True, eq=False)
class Kind:
    """What an annotation asks for.

    Attributes
    ----------
    words : such as "a whole number"
    fits : whether a value is of the kind
    take : the value as the function wants it, given the argument's name; a ProblemError if it does not fit
    shape : names of the sizes of an array, the same name for the same size; None for any shape
    """

    words: str
    fits: Callable[[Any], bool]
    take: Callable[[str, Any], Any]
    shape: tuple[str, ...] | None = None


class Unimported:
    """Stands for a class that a module names for the type checker only; its objects are known by its name."""


# ---- the decorator ----


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
    annotation = _evaluated(parameter.annotation, function)
    kind = _of_field(annotation, own_door=own_door) if field else kind_of(annotation)
    if kind is NUMBER and parameter.default in (math.inf, -math.inf):
        kind = LIMIT  # a default of infinity says that infinity is a value
    if kind is FLOATS and given is not None:
        kind = given
    if kind is EXPRESSION and given is not None:
        kind = dataclasses.replace(kind, shape=given.shape)
    return _or_nothing(kind) if kind is not None and parameter.default is None else kind


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


def _evaluated(annotation: Any, function: Callable[..., Any]) -> Any:
    """The annotation as an object; classes that only the type checker imports become Unimported ones."""
    known = dict(function.__globals__)
    holder = types.SimpleNamespace(__annotations__={"it": annotation})
    while True:
        try:
            return typing.get_type_hints(holder, known, include_extras=True)["it"]
        except NameError as exc:
            name = str(exc.name)
            known[name] = type(name, (Unimported,), {})


# ---- kinds ----


def described(value: Any) -> str:
    """What an argument is, as messages call it.

    Examples
    --------
    >>> described("three"), described(int), described([1, 2])
    ("'three'", 'the class int', 'list')
    """
    if inspect.isclass(value):
        return f"the class {value.__name__}"
    if value is None or isinstance(value, bool | int | float | complex | str | bytes | np.generic):
        shown = repr(value)
        return shown if len(shown) <= QUOTED else shown[: QUOTED - 3] + "..."
    return type(value).__name__


def refusal(name: str, value: Any, words: str) -> ProblemError:
    """The error of an argument that is of another kind; of a key or an address that may hold one, only its class."""
    shown = type(value).__name__ if name in SECRETS else described(value)
    return ProblemError(f"{name} is {shown}: give {words}")


def _plain(words: str, fits: Callable[[Any], bool], taken: Callable[[Any], Any] | None = None) -> Kind:
    def take(name: str, value: Any) -> Any:
        if not fits(value):
            raise refusal(name, value, words)
        return value if taken is None else taken(value)

    return Kind(words, fits, take)


def is_whole(value: Any) -> bool:
    """Whether something is one whole number, and no truth value."""
    if isinstance(value, bool | np.bool_):
        return False
    try:
        return -WIDEST <= operator.index(value) <= WIDEST
    except TypeError:
        return False


def whole(name: str, value: Any) -> int:
    """One whole number, Python's or NumPy's; True is none, and 3.0 is none either."""
    if type(value) is int and -WIDEST <= value <= WIDEST:
        return value
    if not is_whole(value):
        raise refusal(name, value, "a smaller whole number" if isinstance(value, int) and value > 1 else WHOLE.words)
    return operator.index(value)


def one_number(name: str, value: Any) -> float:
    """One finite number."""
    if type(value) in (float, int) and -LARGEST <= value <= LARGEST:
        return value
    if value is None:  # which NumPy reads as NaN
        raise refusal(name, value, NUMBER.words)
    return number(name, value)


def limit(name: str, value: Any) -> float:
    """One number, which may be infinite."""
    return float(value) if isinstance(value, float | np.floating) and np.isinf(value) else one_number(name, value)


def found_number(name: str, value: Any) -> float:
    """One number of a result, which may be infinite, or undefined."""
    if isinstance(value, float | np.floating):
        return float(value)
    if not _is_number(value):
        raise refusal(name, value, "one number")
    return one_number(name, value)


def _is_number(value: Any) -> bool:
    try:
        number("it", value)
    except ProblemError:
        return False
    return True


def _is_path(value: Any) -> bool:
    try:
        return isinstance(value, str | os.PathLike) and b"\0" not in os.fsencode(value) and os.fspath(value) != ""
    except UnicodeEncodeError:  # half a character
        return False


def _is_expression(value: Any) -> bool:
    return any(base.__module__.startswith("cvxpy") and base.__name__ == "Expression" for base in type(value).__mro__)


def seed_number(name: str, value: Any) -> int:
    """A whole number from 0 up, as long as one likes: what seeds are."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer) or value < 0:
        raise refusal(name, value, "a whole number, 0 or larger")
    return int(value)


def position(name: str, index: int, count: int, things: str) -> int:
    """A number of one of so many things, from 0, or from the end if it is negative.

    Examples
    --------
    >>> position("index", 7, 2, "menus")
    Traceback (most recent call last):
        ...
    contracts.errors.ProblemError: index is 7: there are 2 menus, numbered from 0
    """
    if not -count <= index < count:
        raise ProblemError(f"{name} is {index}: there are {count} {things}, numbered from 0")
    return index


def count(name: str, value: Any) -> int:
    """A whole number of things, at least one."""
    number_of = whole(name, value)
    if number_of < 1:
        raise ProblemError(f"{name} is {number_of}: give a whole number, at least 1")
    return number_of


def positive(name: str, value: Any) -> float:
    """One number above zero."""
    size = one_number(name, value)
    if not size > 0:
        raise ProblemError(f"{name} is {size}: give a positive number")
    return size


def _shares(name: str, values: Any) -> Array:
    array = floats(name, values)
    if not (np.isfinite(array).all() and (array >= 0).all()):
        raise ProblemError(f"{name} holds {array[~((array >= 0) & np.isfinite(array))].flat[0]}: no share is negative")
    return array


def whole_numbers(name: str, values: Any) -> Any:
    """An array of whole numbers."""
    if isinstance(values, np.ndarray) and values.dtype.kind in "iu" and not isinstance(values, np.ma.MaskedArray):
        return values
    numbers = finite(name, values)
    if np.any(numbers != np.rint(numbers)) or np.any(np.abs(numbers) > 2**53):
        raise ProblemError(f"{name} holds numbers that are not whole: give whole numbers")
    return numbers.astype(np.int64)


def floats(name: str, values: Any) -> Array:
    """An array of floats; one that is already there is taken as it is, whatever it holds."""
    plain = type(values) is np.ndarray and values.dtype == FLOAT64
    return values if plain else finite(name, values)


def truths(name: str, values: Any) -> Any:
    """An array of True and False."""
    return values if type(values) is np.ndarray and values.dtype == np.bool_ else yes_or_no(name, values)


def as_it_is(name: str, values: Any) -> Any:
    """What can become an array, left as it is."""
    if values is None:
        raise refusal(name, values, "a list, an array or a frame")
    rectangular(name, values)
    return values


def names_of(name: str, values: Any) -> Any:
    """Labels of one kind, text or numbers, none missing; left as they are."""
    array = rectangular(name, values)
    if array.ndim == 0:
        raise refusal(name, values, "a list of names or numbers")
    entries = array.ravel().tolist() if array.dtype.kind == "O" else []
    if array.ndim == 1 and len(absent := np.flatnonzero(missing(values if np.ma.isMaskedArray(values) else array))):
        raise ProblemError(f"{name}[{absent[0]}] is missing: give every entry its name")
    if array.ndim > 1 or array.dtype.kind == "V":
        raise ProblemError(f"{name} is {array.dtype} of shape {array.shape}; expected a list of names or numbers")
    kinds = {type(entry) for entry in entries}
    if len(kinds) > 1 or not kinds <= {str, int, float, bytes}:
        words = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise ProblemError(f"{name} holds {words}: make all names of one kind, text or numbers")
    return values


def texts(name: str, values: Any) -> tuple[str, ...]:
    """Several texts."""
    return tuple(TEXTS.take(name, values))


def _does(take: Callable[[str, Any], Any]) -> Callable[[Any], bool]:
    def fits(value: Any) -> bool:
        try:
            take("it", value)
        except ProblemError:
            return False
        return True

    return fits


def _of(words: str, take: Callable[[str, Any], Any]) -> Kind:
    return Kind(words, _does(take), take)


ANYTHING = _plain("anything", lambda value: True)
WHOLE = Kind("a whole number", is_whole, whole)
NUMBER = Kind("a number", _is_number, one_number)
LIMIT = _of("a number", limit)
FOUND = _of("a number", found_number)
TRUTH = _plain("True or False", lambda value: isinstance(value, bool | np.bool_), bool)
TEXT = _plain("a text", lambda value: isinstance(value, str))
PATH = _plain("the name of a file or folder", _is_path)
RNG = Kind("a generator", lambda value: isinstance(value, np.random.Generator), lambda name, value: generator(value))
NOTHING = _plain("None", lambda value: value is None)
FLOATS = _of("an array of numbers", floats)
WHOLES = _of("an array of whole numbers", whole_numbers)
TRUTHS = _of("an array of True and False", truths)
OBJECTS = _of("an array", rectangular)
TABLE = _of("a table", as_it_is)
LABELS = _of("a list of names", names_of)
EXPRESSION = _plain("an expression of cvxpy", _is_expression)

# What annotations may say beyond Python's own types
Seed = Annotated[int, _of("a whole number, 0 or larger", seed_number)]
Count = Annotated[int, _of("a whole number, at least 1", count)]
Positive = Annotated[float, _of("a positive number", positive)]
Numbers = Annotated[Any, _of("numbers", finite)]  # a number, a list, an array or a frame; becomes an array
Values = Annotated[Any, TABLE]  # the same, left as it is, with its names
Names = Annotated[Any, LABELS]  # of people, say
Expression = Annotated[Any, EXPRESSION]


def shaped(*sizes: str) -> Kind:
    """An array of floats with sizes of these names: the same throughout a call, and the object's own if it has one.

    Examples
    --------
    >>> @checked(weights=shaped("n_types"), payoff=shaped("n_types"))
    ... def mean(weights: Array, payoff: Array) -> float:
    ...     return weights @ payoff
    >>> mean([0.5, 0.5], [1.0])
    Traceback (most recent call last):
        ...
    contracts.errors.ProblemError: payoff has shape (1,); expected (n_types = 2)
    """
    return dataclasses.replace(FLOATS, shape=sizes)


def measured(*sizes: str) -> Kind:
    """The same, of finite numbers; where that is worth a look at every one."""

    def take(name: str, values: Any) -> Array:
        array = floats(name, values)
        return array if np.isfinite(array).all() else finite(name, array)

    return dataclasses.replace(_of("finite numbers", take), shape=sizes)


ROWS, TYPES, GOODS_OF_TYPES = shaped("n", "n_goods"), shaped("n_types"), shaped("n_types", "n_goods")
FINITE_BY_TYPE, FINITE_TABLE = measured("n_types"), measured("n_types", "n_goods")
FINITE = dataclasses.replace(FINITE_TABLE, shape=None)
SHARES_BY_TYPE = dataclasses.replace(_of("shares", _shares), shape=("n_types",))

KINDS: dict[Any, Kind] = {
    int: WHOLE,
    float: NUMBER,
    bool: TRUTH,
    str: TEXT,
    type(None): NOTHING,
    None: NOTHING,
    np.random.Generator: RNG,
}
ARRAYS = {"f": FLOATS, "i": WHOLES, "u": WHOLES, "b": TRUTHS}  # by the kind of their entries


def kind_of(annotation: Any) -> Kind | None:
    """The kind that an annotation asks for; None where anything goes.

    Examples
    --------
    >>> kind_of(int | None).words
    'a whole number or None'
    """
    if annotation in (Any, object, inspect.Parameter.empty) or isinstance(annotation, TypeVar):
        return None
    origin, inside = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        return next((note for note in inside[1:] if isinstance(note, Kind)), None) or kind_of(inside[0])
    if origin in (typing.Union, types.UnionType):
        return _either(inside, kind_of)
    if origin is Literal:
        return _one_of(inside)
    if origin is np.ndarray:
        return ARRAYS.get(_entry_kind(inside), OBJECTS)
    if origin is Callable:
        return function_of(len(inside[0]) if isinstance(inside[0], list | tuple) else None)
    if origin is tuple and not (len(inside) == 2 and inside[1] is ...):
        return _pair(tuple(map(_entry, inside)))
    if origin in (tuple, list, Sequence, Iterable):
        return _several(_entry(inside[0]))
    if origin in (dict, Mapping):
        return _mapping(_entry(inside[0]), _entry(inside[1]))
    if inspect.isclass(annotation) and issubclass(annotation, os.PathLike):
        return PATH
    if inspect.isclass(annotation):
        return KINDS.get(annotation) or _instance(annotation)
    return None


def _entry(annotation: Any) -> Kind | None:
    """The kind of the entries of a list, where a limit may be infinite, also in an array of limits."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return _either(typing.get_args(annotation), _entry)
    kind = kind_of(annotation)
    if kind is FLOATS:
        return TABLE
    return LIMIT if kind is NUMBER else kind


def _of_field(annotation: Any, *, own_door: bool) -> Kind | None:
    """The kind of a field of a dataclass.

    Numbers may be infinite or NaN: results hold such, and problems refuse them in their own words. So does a class with
    a `__post_init__` with its tables, whose names would be lost if they were made arrays here.
    """
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return _either(typing.get_args(annotation), functools.partial(_of_field, own_door=own_door))
    kind = kind_of(annotation)
    if own_door and kind in (FLOATS, WHOLES, TRUTHS, OBJECTS):
        return TABLE
    return FOUND if kind is NUMBER else kind


def _entry_kind(inside: tuple[Any, ...]) -> str:
    """Kind of the entries of NDArray[...]: its second argument is numpy.dtype[...]."""
    entries = typing.get_args(inside[1])[0] if len(inside) > 1 and typing.get_args(inside[1]) else Any
    return np.dtype(entries).kind if inspect.isclass(entries) and issubclass(entries, np.generic) else "O"


def _either(members: tuple[Any, ...], kind_of: Callable[[Any], Kind | None]) -> Kind | None:
    """One of several kinds, tried in the order in which they are written; None last, so that errors name the rest."""
    kinds = [kind_of(member) for member in members if member is not type(None)]
    if any(kind is None for kind in kinds):
        return None
    known = [kind for kind in kinds if kind is not None and not (kind is TEXT and PATH in kinds)]
    if type(None) in members:
        known.append(NOTHING)
    words = " or ".join(dict.fromkeys(kind.words for kind in known))

    def take(name: str, value: Any) -> Any:
        if value is None and NOTHING in known:
            return None
        if len([kind for kind in known if kind is not NOTHING]) == 1:
            return known[0].take(name, value)
        for kind in known:
            if kind.fits(value):
                return kind.take(name, value)
        raise refusal(name, value, words)

    return Kind(words, lambda value: any(kind.fits(value) for kind in known), take)


def _or_nothing(kind: Kind) -> Kind:
    """The same, or None where that stands for leaving it out."""
    return dataclasses.replace(
        kind,
        fits=lambda value: value is None or kind.fits(value),
        take=lambda name, value: None if value is None else kind.take(name, value),
    )


def _one_of(options: tuple[Any, ...]) -> Kind:
    """Words from a list; others of the same type are for the function, which says what each of them means."""
    same = tuple({type(option) for option in options})
    return _plain(f"one of {', '.join(map(repr, options))}", lambda value: isinstance(value, same))


def _instance(cls: type) -> Kind:
    """An object of a class, or with the methods of a protocol."""
    if getattr(cls, "_is_protocol", False):
        methods = [name for name in dir(cls) if not name.startswith("_") and inspect.isfunction(getattr(cls, name))]
        seen: set[type] = set()  # classes whose objects have them all

        def fits(value: Any) -> bool:
            if type(value) in seen:
                return True
            found = not inspect.isclass(value) and all(callable(getattr(value, name, None)) for name in methods)
            if found:
                seen.add(type(value))
            return found

        return _object(cls, fits, f"give an object with the method{'s' * (len(methods) > 1)} {', '.join(methods)}")
    if issubclass(cls, Unimported):
        return _object(cls, lambda value: any(base.__name__ == cls.__name__ for base in type(value).__mro__))
    return _object(cls, lambda value: isinstance(value, cls))


def _object(cls: type, fits: Callable[[Any], bool], remedy: str | None = None) -> Kind:
    """An object of a class; messages say what makes one."""
    name_of_class = cls.__name__
    article = "an" if name_of_class[0] in "AEIO" else "a"
    remedy = REMEDIES.get(name_of_class, remedy or f"give {article} {name_of_class}")

    def take(name: str, value: Any) -> Any:
        if not fits(value):
            raise ProblemError(f"{name} is {described(value)}: {remedy}")
        return value

    return Kind(f"{article} {name_of_class}", fits, take)


def function_of(arguments: int | None) -> Kind:
    """Something to call with so many arguments; None for any number of them."""
    known: WeakKeyDictionary[Any, bool] = WeakKeyDictionary()  # methods, whose signatures take long to read

    def fits(value: Any) -> bool:
        if not callable(value) or inspect.isclass(value):
            return False
        method = getattr(value, "__func__", None)
        if method is None or method not in known:
            found = arguments is None or _binds(value, arguments)
            if method is None:
                return found
            known[method] = found
        return known[method]

    count = "" if arguments is None else f" of {arguments} argument{'s' * (arguments != 1)}"
    return _plain(f"a function{count}", fits)


def _binds(function: Callable[..., Any], arguments: int) -> bool:
    """Whether a function can be called with so many arguments."""
    try:
        inspect.signature(function).bind(*[None] * arguments)
    except TypeError:
        return False
    except ValueError:  # a builtin that does not tell
        return True
    return True


def listed(name: str, value: Any) -> Any:
    """Several things in their order, as a list or tuple if they are not one already."""
    if isinstance(value, list | tuple | range | NumberedLabels):
        return value
    unordered = isinstance(value, str | bytes | Mapping | set | frozenset) or is_frame(value) or inspect.isclass(value)
    if unordered or not isinstance(value, Iterable) or getattr(value, "ndim", 1) == 0:
        raise refusal(name, value, "a list")
    return tuple(value.tolist() if hasattr(value, "tolist") else value)


def _several(entry: Kind | None) -> Kind:
    """A list of things of a kind."""
    words = "a list" if entry is None else f"a list, of which each is {entry.words}"

    def take(name: str, value: Any) -> Any:
        things = listed(name, value)
        if entry is None or (isinstance(things, range) and entry is WHOLE) or isinstance(things, NumberedLabels):
            return things
        taken = [entry.take(f"{name}[{k}]", thing) for k, thing in enumerate(things)]
        same = all(one is other for one, other in zip(taken, things, strict=True))
        return things if same else tuple(taken)

    return _of(words, take)


def _pair(kinds: tuple[Kind | None, ...]) -> Kind:
    """As many things as there are kinds."""

    def take(name: str, value: Any) -> Any:
        things = listed(name, value)
        if len(things) != len(kinds):
            raise ProblemError(f"{name} has {len(things)} entries; expected {len(kinds)}")
        return tuple(
            thing if kind is None else kind.take(f"{name}[{k}]", thing)
            for k, (kind, thing) in enumerate(zip(kinds, things, strict=True))
        )

    return _of(f"{len(kinds)} things", take)


def _mapping(key: Kind | None, entry: Kind | None) -> Kind:
    """Things by name."""
    words = "a dictionary"

    def take(name: str, value: Any) -> Any:
        if not isinstance(value, Mapping):
            raise refusal(name, value, words)
        for known, thing in value.items():
            if key is not None and not key.fits(known):
                raise ProblemError(f"{name} has the key {described(known)}: keys are {key.words} each")
            if entry is not None:
                entry.take(f"{name}[{known!r}]", thing)
        return value

    return _of(words, take)


TEXTS = _several(TEXT)

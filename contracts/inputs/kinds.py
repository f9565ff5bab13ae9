"""Kinds of values: what arguments may be, in words, with the check that keeps it and the value that a function takes.

`Count`, `Positive`, `Units`, `Seed`, `Numbers`, `Values`, `Names` and `Expression` say in annotations what Python's own
types cannot; `shaped` and its like say the sizes of arrays. What makes a kind of an annotation is in
`contracts.inputs.annotations`.
"""

from __future__ import annotations

import dataclasses
import inspect
import operator
import os
from collections.abc import Callable, Iterable
from typing import Annotated, Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import LARGEST, Array, finite, generator, number, rectangular, yes_or_no
from contracts.inputs.frozen import dataclass
from contracts.inputs.names import listed, meant, missing

FLOAT64 = np.dtype(np.float64)
WIDEST = 2**62  # whole numbers beyond are no counts of anything
SECRETS = ("api_key", "proxy", "base_url")
QUOTED = 60  # letters of a wrong argument that a message shows


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


# ---- what messages say ----


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


# ---- single values and arrays ----


def fitting(words: str, fits: Callable[[Any], bool], taken: Callable[[Any], Any] | None = None) -> Kind:
    """A kind by a question with the answer yes or no, and what is made of a value that fits."""

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


def _does(take: Callable[[str, Any], Any]) -> Callable[[Any], bool]:
    def fits(value: Any) -> bool:
        try:
            take("it", value)
        except ProblemError:
            return False
        return True

    return fits


_is_number = _does(number)


def found_number(name: str, value: Any) -> float:
    """One number of a result, which may be infinite, or undefined."""
    if isinstance(value, float | np.floating):
        return float(value)
    if not _is_number(value):
        raise refusal(name, value, "one number")
    return one_number(name, value)


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


def one_of(name: str, given: Any, known: Iterable[str], things: str) -> int:
    """The number of one of several things, which is given by its name or its number.

    Examples
    --------
    >>> one_of("type", "low", ("low", "high"), "types"), one_of("type", -1, ("low", "high"), "types")
    (0, 1)
    >>> one_of("type", "hihg", ("low", "high"), "types")
    Traceback (most recent call last):
        ...
    contracts.errors.ProblemError: type is 'hihg', did you mean 'high'? the types are 'low', 'high'
    """
    names = list(known)
    if isinstance(given, str):
        if given not in names:
            raise ProblemError(f"{name} is {given!r}{meant(given, names)} the {things} are {listed(names)}")
        return names.index(given)
    if isinstance(given, bool | np.bool_) or not isinstance(given, int | np.integer):
        raise ProblemError(f"{name} is {described(given)}: give the name or the number of one of the {things}")
    return position(name, int(given), len(names), things) % len(names)


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


def positive_each(name: str, value: Any) -> Any:
    """One number above zero, or a list of them."""
    if not isinstance(value, list | tuple | np.ndarray) or np.ndim(rectangular(name, value)) == 0:
        return positive(name, value)
    sizes = floats(name, value)
    if sizes.ndim != 1 or not np.isfinite(sizes).all() or not (sizes > 0).all():
        raise ProblemError(f"{name} has shape {sizes.shape}: give a positive number, or one for each good")
    return sizes


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


# ---- the kinds ----


def taking(words: str, take: Callable[[str, Any], Any]) -> Kind:
    """A kind by a function that takes what fits, and refuses the rest in its own words."""
    return Kind(words, _does(take), take)


ANYTHING = fitting("anything", lambda value: True)
WHOLE = Kind("a whole number", is_whole, whole)
NUMBER = Kind("a number", _is_number, one_number)
LIMIT = taking("a number", limit)
FOUND = taking("a number", found_number)
TRUTH = fitting("True or False", lambda value: isinstance(value, bool | np.bool_), bool)
TEXT = fitting("a text", lambda value: isinstance(value, str))
PATH = fitting("the name of a file or folder", _is_path)
RNG = Kind("a generator", lambda value: isinstance(value, np.random.Generator), lambda name, value: generator(value))
NOTHING = fitting("None", lambda value: value is None)
FLOATS = taking("an array of numbers", floats)
WHOLES = taking("an array of whole numbers", whole_numbers)
TRUTHS = taking("an array of True and False", truths)
OBJECTS = taking("an array", rectangular)
TABLE = taking("a table", as_it_is)
LABELS = taking("a list of names", names_of)
EXPRESSION = fitting("an expression of cvxpy", _is_expression)

# What annotations may say beyond Python's own types
Seed = Annotated[int, taking("a whole number, 0 or larger", seed_number)]
Count = Annotated[int, taking("a whole number, at least 1", count)]
Positive = Annotated[float, taking("a positive number", positive)]
Units = Annotated[Any, taking("a positive number, or one for each good", positive_each)]
Numbers = Annotated[Any, taking("numbers", finite)]  # a number, a list, an array or a frame; becomes an array
Values = Annotated[Any, TABLE]  # the same, left as it is, with its names
Names = Annotated[Any, LABELS]  # of people, say
Expression = Annotated[Any, EXPRESSION]


def shaped(*sizes: str) -> Kind:
    """An array of floats with sizes of these names: the same throughout a call, and the object's own if it has one.

    Examples
    --------
    >>> from contracts.inputs.door import checked
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

    return dataclasses.replace(taking("finite numbers", take), shape=sizes)


ROWS, TYPES, GOODS_OF_TYPES = shaped("n", "n_goods"), shaped("n_types"), shaped("n_types", "n_goods")
FINITE_BY_TYPE, FINITE_TABLE = measured("n_types"), measured("n_types", "n_goods")
FINITE = dataclasses.replace(FINITE_TABLE, shape=None)
SHARES_BY_TYPE = dataclasses.replace(taking("shares", _shares), shape=("n_types",))

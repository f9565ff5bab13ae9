"""What annotations ask for: each is evaluated, and becomes the kind that arguments are held to."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import os
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, TypeVar
from weakref import WeakKeyDictionary

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import is_frame
from contracts.inputs.kinds import (
    FLOATS,
    FOUND,
    LIMIT,
    NOTHING,
    NUMBER,
    OBJECTS,
    PATH,
    RNG,
    TABLE,
    TEXT,
    TRUTH,
    TRUTHS,
    WHOLE,
    WHOLES,
    Kind,
    described,
    fitting,
    refusal,
    taking,
)
from contracts.inputs.names import NumberedLabels

REMEDIES = {  # what to do for an object of a class, where its name does not say it
    "Decisions": "give answers_of(person, offer, accepted)",
    "Ambiguity": "use TotalVariation, Wasserstein, KullbackLeibler, ChiSquare or Moments",
    "Axes": "give the axes that matplotlib's subplots() made",
    "AgencyProblem": "make an AgencyProblem of outcome_probabilities, output and effort_cost",
    "ContractMenu": "give a ContractMenu, as solve_contract returns it",
    "Contract": "give a Contract, as solve_contract returns it",
    "ContractMultipliers": "give contract.multipliers",
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
    "MoralHazardProblem": "make a MoralHazardProblem of outcome_probabilities, output and effort_cost",
    "Utility": "use RiskNeutral(), Log(), SquareRoot(), CRRA(g) or CARA(a)",
    "ScreeningProblem": "give the ScreeningProblem, your own or one of contracts.models",
    "SocialPreferences": "use FehrSchmidt, BoltonOckenfels or CharnessRabin",
    "Truth": "give what Truth.of(societies) returns",
}


class Unimported:
    """Stands for a class that a module names for the type checker only; its objects are known by its name."""


def evaluated(annotation: Any, function: Callable[..., Any]) -> Any:
    """The annotation as an object; classes that only the type checker imports become Unimported ones."""
    known = dict(function.__globals__)
    holder = types.SimpleNamespace(__annotations__={"it": annotation})
    while True:
        try:
            return typing.get_type_hints(holder, known, include_extras=True)["it"]
        except NameError as exc:
            name = str(exc.name)
            known[name] = type(name, (Unimported,), {})


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


def of_field(annotation: Any, *, own_door: bool) -> Kind | None:
    """The kind of a field of a dataclass.

    Numbers may be infinite or NaN: results hold such, and problems refuse them in their own words. So does a class with
    a `__post_init__` with its tables, whose names would be lost if they were made arrays here.
    """
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return _either(typing.get_args(annotation), functools.partial(of_field, own_door=own_door))
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


def or_nothing(kind: Kind) -> Kind:
    """The same, or None where that stands for leaving it out."""
    return dataclasses.replace(
        kind,
        fits=lambda value: value is None or kind.fits(value),
        take=lambda name, value: None if value is None else kind.take(name, value),
    )


def _one_of(options: tuple[Any, ...]) -> Kind:
    """Words from a list; others of the same type are for the function, which says what each of them means."""
    same = tuple({type(option) for option in options})
    return fitting(f"one of {', '.join(map(repr, options))}", lambda value: isinstance(value, same))


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
    return fitting(f"a function{count}", fits)


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

    return taking(words, take)


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

    return taking(f"{len(kinds)} things", take)


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

    return taking(words, take)


TEXTS = _several(TEXT)


def texts(name: str, values: Any) -> tuple[str, ...]:
    """Several texts."""
    return tuple(TEXTS.take(name, values))

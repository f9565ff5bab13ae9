"""Where algebra gives up, in words: what sympy raises of its own reaches nobody."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from contracts.errors import ContractError, ProblemError

T = TypeVar("T")
ALGEBRA = ("sympy", "mpmath")
SHOWN = 120  # letters of what it says


def in_words(thing: T) -> T:
    """A function, or a class with all that it derives, of which errors inside sympy become a ProblemError.

    Other errors pass: those of this library, and faults of its own code.

    Examples
    --------
    >>> import sympy
    >>> q, g = sympy.symbols("q g", positive=True)
    >>> @in_words
    ... def start(power):
    ...     return sympy.limit(power, q, 0, "+")
    >>> start(q ** (1 + g))
    0
    >>> start(q ** (1 - g))
    Traceback (most recent call last):
        ...
    contracts.errors.ProblemError: no closed form was found: sympy says 'Not sure of sign of 1 - g'. Write exponents so
        that their signs are known of positive parameters, such as q**(1/(1 + k)) in place of q**(1 - g), give numbers
        for the parameters in them, or ask for numbers alone (contracts.solve_menu, contracts.solve_contract)
    """
    if not inspect.isclass(thing):
        return _guarded(thing)  # type: ignore[return-value, arg-type]
    for name, member in list(vars(thing).items()):
        if isinstance(member, functools.cached_property):
            member.func = _guarded(member.func)
        elif isinstance(member, property) and member.fget is not None:
            setattr(thing, name, property(_guarded(member.fget), doc=member.__doc__))
        elif inspect.isfunction(member) and not name.startswith("_"):
            setattr(thing, name, _guarded(member))
    return thing


def _guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def guarded(*given: Any, **named: Any) -> Any:
        try:
            return function(*given, **named)
        except ContractError:
            raise
        except Exception as exc:
            if not _is_of_algebra(exc):
                raise
            said = " ".join(str(exc).split()) or type(exc).__name__
            raise ProblemError(
                f"no closed form was found: sympy says {said[:SHOWN]!r}. Write exponents so that their signs are known "
                "of positive parameters, such as q**(1/(1 + k)) in place of q**(1 - g), give numbers for the "
                "parameters in them, or ask for numbers alone (contracts.solve_menu, contracts.solve_contract)"
            ) from exc

    return guarded


def _is_of_algebra(exc: Exception) -> bool:
    """Whether it was raised there, not in code of this library that was called from there or calls it."""
    last = exc.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    return last is not None and last.tb_frame.f_globals.get("__name__", "").split(".")[0] in ALGEBRA

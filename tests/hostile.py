"""Values that no argument means, one by one, and what public functions make of them."""

from __future__ import annotations

import datetime
import signal
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import chdir, contextmanager
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import polars as pl

import contracts as c
import inference as i
from contracts.errors import ContractError
from tests import surface
from tests.surface import Call

ANSWER, REFUSED, RAW, WARNED, STUCK = "answer", "refused", "raw", "warned", "stuck"
SECONDS = 30.0  # that a call may take: the slowest valid one takes five


class TooLongError(BaseException):
    """The call has not come back; no `except Exception` may swallow it."""


def _masked() -> Any:
    return np.ma.masked_array([1.0, 2.0], mask=[False, True])


def _objects() -> Any:
    return np.array([None, object()], dtype=object)


VALUES: dict[str, Callable[[], Any]] = {
    "None": lambda: None,
    "nan": lambda: float("nan"),
    "inf": lambda: float("inf"),
    "-inf": lambda: float("-inf"),
    "-1": lambda: -1,
    "0": lambda: 0,
    "0.5": lambda: 0.5,
    "2.5": lambda: 2.5,
    "7": lambda: 7,
    "10**400": lambda: 10**400,
    "-10**400": lambda: -(10**400),
    "2**63": lambda: 2**63,
    "1e300": lambda: 1e300,
    "True": lambda: True,
    "False": lambda: False,
    "numpy True": lambda: np.bool_(True),  # noqa: FBT003 - it is the value that is meant
    "1j": lambda: 1j,
    "Decimal": lambda: Decimal("0.5"),
    "Decimal NaN": lambda: Decimal("NaN"),
    "Fraction": lambda: Fraction(1, 3),
    "text": lambda: "text",
    "empty text": lambda: "",
    "number as text": lambda: "1e-3",
    "text with nul": lambda: "a\0b",
    "lone surrogate": lambda: "\ud800",
    "bytes": lambda: b"bytes",
    "empty list": list,
    "empty tuple": tuple,
    "empty dict": dict,
    "empty set": set,
    "set": lambda: {"a", 1},
    "list of None": lambda: [None, None],
    "list of text": lambda: ["1", "x"],
    "list of nan": lambda: [float("nan"), 1.0],
    "list of inf": lambda: [float("inf"), 1.0],
    "list of true": lambda: [True, False],
    "list of huge": lambda: [10**400, 1],
    "two numbers": lambda: (1.0, 2.0),
    "ragged": lambda: [[1.0], [1.0, 2.0]],
    "deeply nested": lambda: [[[[1.0, 2.0]]]],
    "dict of numbers": lambda: {"a": 1.0},
    "dict of None": lambda: {None: None},
    "objects": _objects,
    "0-d": lambda: np.zeros(()),
    "3-d": lambda: np.ones((2, 2, 2)),
    "no entries": lambda: np.zeros(0),
    "no rows": lambda: np.zeros((0, 2)),
    "no columns": lambda: np.zeros((2, 0)),
    "array of nan": lambda: np.full((2, 1), np.nan),
    "array of inf": lambda: np.full(2, np.inf),
    "negative numbers": lambda: -np.ones(2),
    "seven numbers": lambda: np.ones(7),
    "five by seven": lambda: np.ones((5, 7)),
    "integers": lambda: np.array([5, -3]),
    "masked": _masked,
    "array of text": lambda: np.array(["a", "b"]),
    "array of complex": lambda: np.array([1j, 2.0]),
    "date": lambda: datetime.date(2024, 1, 1),
    "array of dates": lambda: np.array(["2024-01-01", "2024-01-02"], dtype="datetime64[D]"),
    "records": lambda: np.zeros(2, dtype=[("x", float)]),
    "pandas frame": lambda: pd.DataFrame({"nothing": ["a", "b"], "known": [1.0, np.nan]}),
    "empty pandas frame": pd.DataFrame,
    "polars frame": lambda: pl.DataFrame({"nothing": ["a", "b"], "known": [1.0, None]}),
    "lazy frame": lambda: pl.LazyFrame({"known": [1.0]}),
    "series of text": lambda: pd.Series(["a", None]),
    "generator": lambda: (x for x in (1.0, 2.0)),
    "range": lambda: range(3),
    "class": lambda: int,
    "class of ours": lambda: c.Menu,
    "function": lambda: lambda *given, **named: given[0] if given else None,
    "function of nothing": lambda: lambda: 1.0,
    "module": lambda: np,
    "object": object,
    "Ellipsis": lambda: ...,
    "RandomState": lambda: np.random.RandomState(0),
    "Generator": lambda: np.random.default_rng(0),
    "no such path": lambda: surface.a_file() / "folder" / "file.json",
    "folder": lambda: surface.FOLDER,
    "Menu": surface.menu,
    "problem": surface.problem,
    "ChoiceSet": surface.offer,
    "ChoiceData": surface.data,
    "cost": c.Quadratic,
    "choice model": i.BestResponse,
}


class Verdict(NamedTuple):
    """What a hostile call came to."""

    call: str
    argument: str
    value: str
    outcome: str
    said: str

    def __str__(self) -> str:
        return f"{self.call}({self.argument}={self.value}): {self.outcome}: {self.said}"


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Interrupt what takes longer."""

    def ring(number: int, frame: Any) -> None:
        raise TooLongError

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def asked(call: Call, argument: str, value: str) -> Verdict:
    """A call with one argument replaced by a hostile value."""
    hostile = VALUES[value]()
    if argument == call.variadic:
        hostile = (hostile,)
    try:
        with chdir(surface.FOLDER), warnings.catch_warnings(), at_most(SECONDS):  # a text may be a file to write
            warnings.simplefilter("error")
            answer = call({argument: hostile})
    except ContractError as exc:
        outcome, said = REFUSED, f"{type(exc).__name__}: {exc}"
    except Warning as exc:
        outcome, said = WARNED, f"{type(exc).__name__}: {exc}"
    except TooLongError:
        outcome, said = STUCK, f"after {SECONDS:g} seconds"
    except Exception as exc:  # noqa: BLE001 - whatever comes out is what is asked about
        outcome, said = RAW, f"{type(exc).__name__}: {exc}"
    else:
        outcome, said = ANSWER, type(answer).__name__
    return Verdict(call.name, argument, value, outcome, said)


def cases(names: Iterable[str]) -> list[tuple[str, str, str]]:
    """Every argument of these public callables with every hostile value."""
    calls = surface.public_calls()
    return [(name, argument, value) for name in names for argument in calls[name].arguments() for value in VALUES]

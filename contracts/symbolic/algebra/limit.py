"""A limit on the time of algebra: sympy can search for a closed form for hours, and nothing in it looks at a clock."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from contracts.errors import ProblemError, SolverError
from contracts.inputs.arrays import number
from contracts.inputs.door import checked

PATIENCE = 0.2  # seconds between interruptions: sympy may take one for a method that failed, and go on to the next
ATTEMPTS = 10


class _TimeIsUp(BaseException):
    """Arrives between two steps of Python in the thread that derives; never in the caller's."""


@checked
def within(seconds: float, derive: Callable[[], Any]) -> Any:
    """What `derive()` returns, if it comes back within so many seconds; in any thread, on any system.

    Expressions are derived when they are first looked at, so `derive` looks at them. It runs in a thread of its own,
    which is stopped when time is up; a single long step outside of Python, such as a product of numbers of a million
    digits, ends by itself.

    Parameters
    ----------
    seconds : above 0
    derive : called without arguments; what it raises is raised

    Raises
    ------
    SolverError
        When time is up.

    Examples
    --------
    >>> from contracts import symbolic
    >>> schedule = symbolic.derive_schedule("theta*q", cost="q**2/2", types="uniform(0, 1)")
    >>> symbolic.within(60, lambda: schedule.tariff)
    q*(q + 2)/4
    """
    seconds = number("seconds", seconds)
    if not 0 < seconds <= threading.TIMEOUT_MAX:
        raise ProblemError(f"seconds is {seconds:g}: give the seconds that a derivation may take, such as 60")
    answers: list[Any] = []
    errors: list[BaseException] = []

    def work() -> None:
        with suppress(_TimeIsUp):
            try:
                answers.append(derive())
            except BaseException as exc:  # noqa: BLE001 - raised again below
                errors.append(exc)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        _stop(thread)
    if answers:
        return answers[0]
    if errors and not isinstance(errors[0], _TimeIsUp):
        raise errors[0]
    raise SolverError(
        f"no closed form was found within {seconds:g} seconds: allow more time, put numbers for parameters, or ask for "
        "numbers alone (contracts.optimal_schedule, contracts.solve_menu)"
    )


def _stop(thread: threading.Thread) -> None:
    for _ in range(ATTEMPTS):
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(_TimeIsUp))
        thread.join(PATIENCE)
        if not thread.is_alive():
            return

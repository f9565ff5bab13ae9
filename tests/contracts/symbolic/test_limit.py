"""A limit on time ends what no clock is looked at in, and leaves nothing behind."""

import threading
from contextlib import suppress

import pytest
import sympy

from contracts import symbolic
from contracts.errors import ProblemError, SolverError


def endless():
    while True:  # algebra: nothing in it waits or looks at a clock
        sympy.expand((sympy.Symbol("x") + 1) ** 20)


def stubborn():
    """A bare except, as where one method is tried after another."""
    with suppress(BaseException):
        endless()
    endless()


@pytest.mark.parametrize("work", [endless, stubborn])
def test_endless_algebra_ends_with_the_reason_and_its_thread_with_it(work):
    before = threading.active_count()
    with pytest.raises(SolverError, match=r"within 0\.05 seconds: allow more time"):
        symbolic.within(0.05, work)
    assert threading.active_count() == before


def test_own_errors_come_through():
    with pytest.raises(ZeroDivisionError):
        symbolic.within(60, lambda: 1 // 0)


def test_a_derivation_that_was_stopped_can_be_asked_again():
    schedule = symbolic.derive_schedule("theta*q", cost="q**2/2", types="uniform(0, 2)")

    def again():
        return schedule.tariff, endless()

    with pytest.raises(SolverError):
        symbolic.within(0.01, again)
    assert symbolic.within(60, lambda: schedule.tariff) == schedule.tariff


@pytest.mark.parametrize("seconds", [0, -1, float("inf"), float("nan")])
def test_a_limit_is_a_time(seconds):
    with pytest.raises(ProblemError, match="seconds is"):
        symbolic.within(seconds, lambda: 1)

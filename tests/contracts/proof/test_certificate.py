"""What a certificate says at the edges: a gain of nothing, a gap just as asked, numbers that are rounding."""

from dataclasses import replace

import numpy as np
import pytest

from contracts import ProblemError
from contracts.proof.certificate import Certificate, Deviation, Violation, checked_standards, shown
from contracts.proof.scale import NO_MONEY

BINDING = Certificate(
    deviation=Deviation("high", "low", 0.0), participation_slack=0.0, participation_type="low", violations=(),
    value=1.0, upper_bound=1.25, rigorous=True, scale=1.0, requested_gap=0.25, tolerance=0.0,
)  # fmt: skip


def test_constraints_that_bind_hold_exactly_and_a_gap_just_as_asked_is_enough():
    assert BINDING.is_exact
    assert BINDING.holds
    assert str(BINDING).splitlines()[0] == "IC and IR hold exactly"
    assert "asked for" not in str(BINDING)
    sliver = float(np.nextafter(0, 1))
    assert not replace(BINDING, deviation=Deviation("high", "low", sliver)).holds
    assert not replace(BINDING, participation_slack=-sliver).holds
    assert not replace(BINDING, violations=(Violation("domain", 1e-9),)).holds


def test_a_gap_larger_than_asked_is_said_and_a_stopped_search_says_so_first():
    wide = replace(BINDING, requested_gap=0.2)
    assert not wide.holds
    assert "the gap is 2.5e-01, more than the 2.0e-01 asked for" in str(wide)
    assert str(replace(wide, is_stopped=True)).startswith("IC and IR hold exactly; gap 25% (stopped)\n")


@pytest.mark.parametrize(("gap", "words"), [(2.0**-10, "0.098%"), (1e-6, "1.0e-06"), (16.0, "1.6e+01")])
def test_gaps_are_said_as_people_say_them(gap, words):
    stopped = replace(BINDING, value=0.0, upper_bound=gap, requested_gap=0.0, is_stopped=True)
    assert f"gap {words} (stopped)" in str(stopped)


def test_more_than_any_menu_is_worth_is_a_contradiction_of_what_is_exact_and_proven_alone():
    beyond = replace(BINDING, upper_bound=1.0 - 1e-7)
    assert beyond.is_contradictory
    assert not beyond.holds
    assert "computed wrongly" in str(beyond)
    for excused in (
        replace(BINDING, upper_bound=1.0 - 1e-9),
        replace(beyond, rigorous=False),
        replace(beyond, deviation=Deviation("high", "low", 1e-9)),
        replace(beyond, violations=(Violation("domain", 1e-9),)),
    ):
        assert not excused.is_contradictory
    assert not replace(beyond, requested_gap=np.inf).holds


def test_what_is_no_sum_of_money_is_shown_as_none():
    assert shown(NO_MONEY / 2) == 0.0
    assert shown(2 * NO_MONEY) == 2 * NO_MONEY


def test_standards_may_be_nothing_and_not_less(tmp_path):
    assert checked_standards(0, 0) == (0.0, 0.0)
    for gap, tolerance in ((-1e-9, 0.0), (0.0, -1e-9)):
        with pytest.raises(ProblemError, match="give"):
            checked_standards(gap, tolerance)
    with pytest.raises(ProblemError, match="knows no menu"):
        BINDING.save(tmp_path / "proof.json")

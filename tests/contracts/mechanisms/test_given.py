"""Mechanisms given as functions of reports are the tables that they stand for, or are refused in words."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest

from contracts import MechanismProblem, ProblemError, compare_mechanisms, solve_mechanism, verify_mechanism
from contracts.testing import check_mechanism

BIDDERS = {"agents": ("Ann", "Bob"), "alternatives": ("keep", "Ann", "Bob"), "labels": [["low", "high"]] * 2}
SALE = MechanismProblem([[[0, 1, 0], [0, 2, 0]], [[0, 0, 1], [0, 0, 2]]], **BIDDERS)


def winner(reports):
    return "Bob" if reports == ["low", "high"] else "Ann"


def pays(reports):
    price = 1 if "low" in reports else 2
    return [price * (name == winner(reports)) for name in ("Ann", "Bob")]


def test_a_function_is_audited_as_its_table():
    tables = [[1, 2], [1, 1]], [[[1, 0], [1, 2]], [[0, 1], [0, 0]]]
    table = verify_mechanism(SALE, *tables)
    numbers, free = {"Ann": 1, "Bob": 2}, [[0, 0], [0, 0]]
    for outcome, transfers in (
        (winner, pays),
        (lambda reports: (winner(reports), pays(reports)), None),
        (lambda reports: [Fraction(int(numbers[winner(reports)] == k)) for k in range(3)], pays),
        (lambda reports: (numbers[winner(reports)], np.array(pays(reports), dtype=float)), None),
    ):
        assert verify_mechanism(SALE, outcome, transfers) == table
    assert verify_mechanism(SALE, tables[0], pays) == table
    assert str(verify_mechanism(SALE, winner, [free, free]).deviation) == "Ann 'low' -> 'high' gains 0.5"


def test_what_a_mechanism_plays_is_itself():
    best = solve_mechanism(SALE)
    again = verify_mechanism(best.problem, best.play, prices=best.prices.fractions())
    assert (again.value, again.upper_bound, again.is_exact) == (best.value, best.upper_bound, True)
    assert "plays" in str(compare_mechanisms(SALE, {"plays": (best.play, None)}))


class Draws:
    """Another answer every time."""

    def __init__(self):
        self.next = itertools.cycle(["Ann", "Bob"]).__next__

    def __call__(self, reports):
        return self.next()


@pytest.mark.parametrize(
    ("outcome", "transfers", "words"),
    [
        (lambda reports: 1 / 0, None, r"outcome at Ann 'low', Bob 'low' raised ZeroDivisionError .*list of 2 names"),
        (lambda a, b: "Ann", None, "outcome at Ann 'low', Bob 'low' raised TypeError"),
        (lambda reports: "Anna", None, "outcome at Ann 'low', Bob 'low' is 'Anna', did you mean 'Ann'"),
        (lambda reports: None, None, "outcome at .* is None"),
        (lambda reports: 3, None, "outcome at .* 3"),
        (lambda reports: [1, 0], None, r"outcome at .* has shape \(2,\): give a number per alternative, 3 of them"),
        (lambda reports: [1, 0, float("nan")], None, "outcome at .* is nan"),
        (lambda reports: ("Ann", [1, 2, 3]), None, "give a number per agent, 2 of them"),
        (Draws(), None, "answered in two ways: give chances"),
        (winner, lambda reports: [0], r"transfers at .* has shape \(1,\)"),
        (winner, lambda reports: ["a", 0], "transfers at .* text"),
        (winner, lambda reports: 5, "transfers at .* is 5"),
        (lambda reports: ("Ann", [0, 0]) if "low" in reports else "Ann", [[[0, 0]] * 2] * 2, "outcome at "),
    ],
)
def test_functions_that_make_no_sense_are_refused(outcome, transfers, words):
    with pytest.raises(ProblemError, match=words):
        verify_mechanism(SALE, outcome, transfers)


def test_answers_by_agents_names_are_read():
    def sealed(reports):
        first = int(reports[1] > reports[0])
        return {"Bob": first, "Ann": 1 - first}, {"Ann": (1 - first) * reports[1], "Bob": first * reports[0]}

    types = {"Ann": {"low": 1, "high": 2}, "Bob": {"low": 1, "high": 3}}
    assert check_mechanism(sealed, types).holds
    with pytest.raises(ProblemError, match="allocations that are dict"):
        check_mechanism(lambda reports: ({"Ann": 1}, [0, 0]), types)

"""What simple auctions earn, against an enumeration of all profiles, and what is known of them."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import AuctionProblem, ProblemError, compare_mechanisms, models, simple_mechanisms
from tests.contracts.mechanisms.test_properties import auctions


def enumerated(problem: AuctionProblem, play) -> float:
    """What a rule earns, profile by profile; `play` says who pays what."""
    total = 0.0
    for types in itertools.product(*map(range, problem.n_types)):
        chance = np.prod([part[k] / part.sum() for part, k in zip(problem.probabilities, types, strict=True)])
        paid = play([float(own[k]) for own, k in zip(problem.values, types, strict=True)])
        total += chance * sum(price - problem.cost for price in paid)
    return float(total)


def uniform(reserves, n_units):
    def play(bids):
        able = sorted(((bid, -k) for k, bid in enumerate(bids) if bid >= reserves[k]), reverse=True)
        losing = able[n_units][0] if len(able) > n_units else -np.inf
        return [max(losing, reserves[-k]) for _, k in able[:n_units]]

    return play


@settings(max_examples=25, deadline=None)
@given(auctions())
def test_every_format_earns_what_an_enumeration_finds(problem):
    table = simple_mechanisms(problem)
    levels = sorted({float(v) for own in problem.values for v in own if v >= problem.cost})
    n, m = problem.n_bidders, problem.n_units
    best_posted = 0.0
    for price in levels:
        takes = enumerated(problem, lambda bids, p=price: [p] * min(m, sum(bid >= p for bid in bids)))
        best_posted = max(best_posted, takes)
    assert float(table["posted price"].value) == pytest.approx(best_posted, abs=1e-12)
    name = "second price" if m == 1 else "highest losing bid"
    plain = enumerated(problem, uniform([problem.cost] * n, m))
    assert float(table[name].value) == pytest.approx(plain, abs=1e-12)
    best = max([0.0, *(enumerated(problem, uniform([p] * n, m)) for p in levels)])
    assert float(table[f"{name}, reserve price"].value) == pytest.approx(best, abs=1e-12)
    assert float(table["prices one by one"].value) >= best_posted - 1e-12
    if m == 1:
        own = []
        for values, chances in zip(problem.values, problem.probabilities, strict=True):
            earned = [(v - problem.cost) * chances[k:].sum() for k, v in enumerate(values)]
            top = max(earned)
            own.append(values[max(k for k, e in enumerate(earned) if e >= top - 1e-15)] if top > 0 else np.inf)
        found = float(table["second price, own reserves"].value)
        assert found == pytest.approx(enumerated(problem, uniform(own, 1)), abs=1e-12)
    assert all(row.value <= table.upper_bound + 1e-12 for row in table.rows)
    assert table.rows[-1].value == pytest.approx(table.best.value)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 3))
def test_prices_one_by_one_earn_half_at_least(seed, n_bidders):
    """A prophet gains at most twice as much (Chawla, Hartline, Malec & Sivan 2010)."""
    rng = np.random.default_rng(seed)
    values = [sorted(rng.choice(20, size=3, replace=False).tolist()) for _ in range(n_bidders)]
    table = simple_mechanisms(AuctionProblem(values))
    assert table["prices one by one"].share >= 0.5


def test_one_bidder_is_a_posted_price():
    table = simple_mechanisms(AuctionProblem([[1, 2, 4]]))
    assert table["posted price"].value == table["prices one by one"].value == Fraction(4, 3)
    assert table["posted price"].share == pytest.approx(1.0)


def test_many_values_need_no_profiles():
    table = simple_mechanisms(AuctionProblem([range(1, 41)] * 4))
    assert 0.8 < table["posted price"].share < table["second price, reserve price"].share <= 1
    assert len(table.to_frame()) == 6


def test_tables_from_anywhere_are_compared_and_what_is_wrong_is_said():
    problem = AuctionProblem([[1, 2], [1, 2]], bidders=["Ann", "Bob"]).tabulated()
    winner = [[1, 2], [1, 1]]
    dear = [[[3, 0], [3, 3]], [[0, 3], [0, 0]]]
    asked = {"second price": models.second_price([[1, 2], [1, 2]]), "too much": (winner, dear)}
    table = compare_mechanisms(problem, asked)
    assert table["second price"].share == pytest.approx(1.25 / 1.5)
    assert table["second price"].detail == "exactly IC and IR"
    assert "gains" in table["too much"].detail
    with pytest.raises(ProblemError, match="give a dictionary"):
        compare_mechanisms(problem, [])
    with pytest.raises(ProblemError, match="there are 'second price'"):
        table["third price"]
    with pytest.raises(ProblemError, match="AuctionProblem"):
        simple_mechanisms(problem)

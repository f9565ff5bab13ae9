"""What exact comparison decides beside what floats can: limited access, slivers of cycles, reservation utilities.

Changes of single operators in `contracts.exact` that other tests let pass are noticed here.
"""

from fractions import Fraction
from itertools import combinations, permutations

import numpy as np
import pytest

from contracts.exact import best
from contracts.exact.best import best_options, participation_slacks
from contracts.exact.rationals import ExactUtilities, implementable, positive_cycle

SEEDS = range(25)
GRID = np.array([0.0, 0.1, 0.2, 0.3, 1 / 3, 0.7])


def fractions(values):
    return [[Fraction(x) for x in row] for row in values.tolist()]


def utilities(valuations, allocations, transfers):
    options = list(zip(fractions(allocations), map(Fraction, transfers.tolist()), strict=True))
    return [
        [sum((a * x for a, x in zip(who, what, strict=True)), -price) for what, price in options]
        for who in fractions(valuations)
    ]


@pytest.mark.parametrize("most_pairs", [0, 400_000])  # up to which lists are compared without shortcuts
@pytest.mark.parametrize("n_goods", [1, 2])
@pytest.mark.parametrize("seed", SEEDS)
def test_best_options_of_those_that_a_type_can_take(seed, n_goods, most_pairs, monkeypatch):
    monkeypatch.setattr(best, "ALL_PAIRS", most_pairs)
    rng = np.random.default_rng(seed)
    valuations, allocations = rng.choice(GRID, (4, n_goods)), rng.choice(GRID, (5, n_goods))
    transfers = np.einsum("ij,ij->i", valuations[rng.integers(0, 4, 5)], allocations)  # ties up to rounding
    access = rng.random((4, 5)) < 0.6
    own = rng.integers(0, 5, 4)
    access[np.arange(4), own] = True
    exact = utilities(valuations, allocations, transfers)
    found = best_options(valuations, allocations, transfers, lambda _, k: k.astype(float), own, access)
    for i in range(4):
        allowed = np.flatnonzero(access[i]).tolist()
        most = max(exact[i][k] for k in allowed)
        assert found.option[i] == max(k for k in allowed if exact[i][k] == most)
        others = [k for k in allowed if k != own[i]]
        if not others:
            assert found.runner_up[i] == -1
            assert found.runner_up_gain[i] == -np.inf
            continue
        gain = max(exact[i][k] for k in others) - exact[i][own[i]]
        assert found.runner_up[i] in others
        assert exact[i][found.runner_up[i]] - exact[i][own[i]] == gain or abs(gain) > 1e-12
        assert np.sign(found.runner_up_gain[i]) == np.sign(gain)
        assert found.runner_up_gain[i] == pytest.approx(float(gain), abs=1e-15)


def test_of_several_goods_none_is_a_line_and_what_floats_decide_is_not_counted(monkeypatch):
    monkeypatch.setattr(best, "ALL_PAIRS", 0)
    valuations, allocations = np.array([[1.0, 0.0], [1.0, 5.0]]), np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    found = best_options(valuations, allocations, np.array([0.5, 0.0, 0.5]), lambda _, k: k.astype(float))
    assert (found.option.tolist(), found.runner_up_gain.tolist()) == ([2, 1], [0.0, -4.5])
    assert found.undecided == 2  # the two alike, by the type that likes them best
    assert best_options(valuations, allocations[:2], np.array([0.5, 0.0]), lambda _, k: k).undecided == 0


def test_on_a_line_nobody_takes_what_it_cannot_take(monkeypatch):
    monkeypatch.setattr(best, "ALL_PAIRS", 0)
    line = (np.array([[1.0], [2.0]]), np.array([[0.0], [1.0], [2.0]]), np.array([0.0, 0.5, 2.0]))
    assert best_options(*line, lambda _, k: k.astype(float)).option.tolist() == [1, 2]
    access = np.array([[True, True, True], [True, True, False]])
    assert best_options(*line, lambda _, k: k.astype(float), access=access).option.tolist() == [1, 1]


@pytest.mark.parametrize("seed", SEEDS)
def test_slacks_have_the_sign_that_rationals_have(seed):
    rng = np.random.default_rng(seed)
    valuations, allocation = rng.choice(GRID, (6, 3)), rng.choice(GRID, (6, 3))
    transfer = rng.choice(GRID, 6)
    exact = [row[i] for i, row in enumerate(utilities(valuations, allocation, transfer))]
    reserve = np.array([float(u) for u in exact])
    reserve[::2] = np.nextafter(reserve[::2], rng.choice([-np.inf, np.inf], 3))
    slack = participation_slacks(valuations, allocation, transfer, reserve)
    true = [u - Fraction(r) for u, r in zip(exact, reserve.tolist(), strict=True)]
    assert [np.sign(s) for s in slack] == [np.sign(float(t)) for t in true]
    assert slack == pytest.approx([float(t) for t in true], abs=1e-25)


def test_exact_worths_are_products_of_rationals():
    valuations, allocations = (
        np.array([[0.1, -3.0], [2.0**-60, 7.5]]),
        np.array([[1 / 3, 1e10], [0.7, 0.0], [-2.5, 1.0]]),
    )
    exact = ExactUtilities(valuations, allocations, np.array([0.1, 1e-20, 5.0]))
    unit = 1 << exact.places
    truth = [[sum(a * x for a, x in zip(who, what, strict=True)) * unit for what in fractions(allocations)]
             for who in fractions(valuations)]  # fmt: skip
    assert exact.worth(valuations, allocations).tolist() == truth
    for whole in (int(truth[0][0]), int(truth[1][2]), 1, 12345678901234567890123, -12345678901234567890123):
        below = exact.below(whole)
        as_float = float(Fraction(below, unit))
        assert Fraction(as_float) == Fraction(below, unit) <= Fraction(whole, unit)
        assert Fraction(np.nextafter(as_float, np.inf)) > Fraction(whole, unit)


# ---- cycles ----


def cycles(n):
    for size in range(2, n + 1):
        for members in combinations(range(n), size):
            for rest in permutations(members[1:]):
                yield (members[0], *rest)


def total(cycle, gains):
    steps = list(zip(cycle, cycle[1:] + cycle[:1], strict=True))
    return sum(gains[step] for step in steps) if all(step in gains for step in steps) else None


@pytest.mark.parametrize("seed", SEEDS)
def test_a_positive_cycle_is_found_where_there_is_one(seed):
    rng = np.random.default_rng(seed)
    pairs = [(i, j) for i in range(4) for j in range(4) if i != j and rng.random() < 0.7]
    gains = {pair: int(rng.integers(-4, 3)) for pair in pairs}
    totals = [worth for cycle in cycles(4) if (worth := total(cycle, gains)) is not None]
    found = positive_cycle(4, gains)
    assert bool(found) == any(worth > 0 for worth in totals)
    if found:
        assert total(found, gains) > 0
        assert len(set(found)) == len(found)


@pytest.mark.parametrize("n_goods", [1, 2])
def test_slivers_that_floats_cannot_see_decide(n_goods):
    """Allocations that are alike up to units in the last place: cycles of 1e-17 and less, of either sign."""
    verdicts = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        valuations = rng.choice([0.1, 1 / 3, 0.7, 1.1], (3, n_goods)) + rng.choice([0.0, 1e3], (3, 1))
        allocation = np.full((3, n_goods), 0.3) * rng.choice([1.0, 1 + 2.0**-52, 1 - 2.0**-53], (3, n_goods))
        a, x = fractions(valuations), fractions(allocation)
        gains = {(i, j): sum((a[i][k] - a[j][k]) * x[j][k] for k in range(n_goods)) for i in range(3) for j in range(3)}
        most = max(total(cycle, gains) for cycle in cycles(3))
        found = implementable(valuations, allocation)
        assert found.holds == (most <= 0)
        assert bool(found.cycle) == (most > 0)
        if found.cycle:
            assert found.gain == float(total(found.cycle, gains)) > 0
        verdicts.append(found.holds)
    assert 10 < sum(verdicts) < 50


def test_a_product_that_underflows_keeps_its_sign_in_a_slack():
    tiny = np.array([[1e-200], [-1e-200]])
    slack = participation_slacks(tiny, np.full((2, 1), 1e-200), np.zeros(2), np.zeros(2))
    assert (slack[0] > 0, slack[1] < 0) == (True, True)


def test_a_cycle_is_found_whoever_is_looked_at_last():
    """In the first case type 0 is the last that rises, in the second type 1."""
    assert positive_cycle(2, {(1, 0): 1, (0, 1): 1}) == (0, 1)
    assert positive_cycle(2, {(0, 1): 1, (1, 0): 1}) == (0, 1)


def test_the_gain_of_a_cycle_is_in_units_of_utility():
    assert implementable(np.array([[1.0], [2.5]]), np.array([[1.0], [0.5]])).gain == 0.75

"""Thresholds on a line decide as all pairs in rationals do."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.exact import line as exact_line
from contracts.exact.line import best_on_a_line
from contracts.testing.parts import moved

GRID = st.integers(-8, 8).map(lambda k: k / 4)


def rational_utilities(theta, amount, transfer):
    options = list(zip(map(Fraction, amount.tolist()), map(Fraction, transfer.tolist()), strict=True))
    return [[Fraction(who) * x - t for x, t in options] for who in theta.tolist()]


def earned(amount, transfer):
    """Payoff of the principal: transfers less a convex cost, the same for options that are the same."""
    worth = transfer - amount**2 / 8
    return lambda types, options: worth[options]


@st.composite
def lines(draw):
    """Types and options on a coarse grid; some tariffs make every type indifferent between neighbours."""
    theta = np.array(draw(st.lists(GRID, min_size=1, max_size=8)), dtype=float)
    amount = np.array(draw(st.lists(GRID, min_size=1, max_size=8)), dtype=float)
    kind = draw(st.sampled_from(["any", "convex", "chain", "straight"]))
    if kind == "any":
        transfer = np.array([draw(GRID) for _ in amount])
    elif kind == "convex":
        transfer = amount**2 / 2
    elif kind == "straight":
        transfer = amount * draw(GRID)
    else:  # each type indifferent between its own option and the next lower one
        amount = np.sort(amount)
        slopes = np.sort(np.resize(theta, len(amount)))
        transfer = np.cumsum(slopes * np.diff(amount, prepend=amount[0]))
    if draw(st.booleans()):
        transfer[0] = moved(transfer[0], draw(st.integers(-2, 2)))
        theta[-1] = moved(theta[-1], draw(st.integers(-2, 2)))
    scale = draw(st.sampled_from([1.0, 1e-9, 1e9, 1 / 3]))
    order = draw(st.permutations(range(len(amount))))
    return theta * scale, amount[order], transfer[order] * scale


@given(lines())
def test_options_are_exactly_best_and_ties_go_to_the_principal(line):
    theta, amount, transfer = line
    payoff = earned(amount, transfer)
    best = best_on_a_line(theta, amount, transfer, payoff)
    assert best is not None
    worth = payoff(None, np.arange(len(amount)))
    for who, utility in enumerate(rational_utilities(*line)):
        top = max(utility)
        assert utility[best.option[who]] == top
        assert worth[best.option[who]] == max(worth[k] for k, gain in enumerate(utility) if gain == top)


@given(lines())
def test_the_largest_gain_from_a_runner_up_is_found_with_its_exact_sign(line):
    theta, amount, transfer = line
    best = best_on_a_line(theta, amount, transfer, earned(amount, transfer))
    gains = [
        max((gain - utility[best.option[who]] for k, gain in enumerate(utility) if k != best.option[who]), default=None)
        for who, utility in enumerate(rational_utilities(*line))
    ]
    if len(amount) == 1:
        assert np.all(best.runner_up == -1)
        return
    largest = max(gains)
    found = best.runner_up_gain.max()
    assert np.sign(found) == (largest > 0) - (largest < 0)
    size = np.abs(theta).max() * np.abs(amount).max() + np.abs(transfer).max()
    assert abs(found - float(largest)) <= 16 * np.finfo(float).eps * size
    for who, k in enumerate(best.runner_up):  # every runner-up named is another option, and not worth more
        assert k != best.option[who]
        assert k == -1 or best.runner_up_gain[who] <= 0


@given(lines(), st.data())
def test_an_assignment_is_accepted_only_if_nobody_prefers_another_option(line, data):
    theta, amount, transfer = line
    own = np.array([data.draw(st.integers(0, len(amount) - 1)) for _ in theta])
    verdict = best_on_a_line(theta, amount, transfer, earned(amount, transfer), own)
    utilities = rational_utilities(*line)
    envied = any(max(utility) > utility[own[who]] for who, utility in enumerate(utilities))
    assert not (envied and verdict is not None)
    if verdict is not None:
        assert np.array_equal(verdict.option, own)


@given(lines())
def test_the_best_options_are_accepted_as_an_assignment(line):
    theta, amount, transfer = line
    best = best_on_a_line(theta, amount, transfer, earned(amount, transfer))
    again = best_on_a_line(theta, amount, transfer, earned(amount, transfer), best.option)
    assert again is not None
    assert again.runner_up_gain.max() == best.runner_up_gain.max()


def test_one_unit_in_the_last_place_decides():
    theta, amount = np.array([1.0 / 3.0]), np.array([0.0, 3.0])
    price = theta[0] * amount[1]  # 1.0 in floats; in rationals the type values three units a hair less
    dear = best_on_a_line(theta, amount, np.array([0.0, price]), earned(amount, np.array([0.0, price])))
    assert dear.option[0] == 0
    cheap = np.array([0.0, np.nextafter(price, 0.0)])
    assert best_on_a_line(theta, amount, cheap, earned(amount, cheap)).option[0] == 1


def test_dominated_options_are_nobodys():
    theta, amount = np.array([0.5, 1.25, 2.5]), np.array([0.0, 1.0, 1.0, 2.0, 3.0])
    transfer = np.array([0.0, 1.0, 0.75, 5.0, 3.5])
    best = best_on_a_line(theta, amount, transfer, earned(amount, transfer))
    assert best.option.tolist() == [0, 2, 4]


def test_amounts_a_subnormal_apart_need_no_infinite_threshold():
    theta, amount, transfer = np.array([1.0, 2.0]), np.array([0.0, 5e-324, 1.0]), np.array([0.0, 1.0, 1.5])
    best = best_on_a_line(theta, amount, transfer, earned(amount, transfer))
    assert best.option.tolist() == [0, 2]


def test_a_tariff_that_bends_the_wrong_way_is_cut_down_in_few_passes(monkeypatch):
    """Of n options with falling marginal prices only the two ends are anybody's."""
    passes = []
    cuts = exact_line._cuts
    monkeypatch.setattr(exact_line, "_cuts", lambda *args: passes.append(1) or cuts(*args))
    amount = np.linspace(0.0, 1.0, 1001)
    transfer = np.sqrt(amount)
    best = best_on_a_line(np.array([0.5, 2.0]), amount, transfer, earned(amount, transfer))
    assert best.option.tolist() == [0, 1000]
    assert len(passes) <= 10


@pytest.mark.parametrize("seed", range(3))
def test_thousands_of_options_agree_with_all_pairs(seed):
    rng = np.random.default_rng(seed)
    theta, amount = rng.uniform(0, 1, 3000), rng.uniform(0, 1, 400)
    transfer = amount**2 / 2 + rng.choice([0.0, 1e-16, 1e-3], 400)
    best = best_on_a_line(theta, amount, transfer, earned(amount, transfer))
    utility = theta[:, np.newaxis] * amount - transfer
    taken = utility[np.arange(len(theta)), best.option]
    assert np.all(taken >= utility.max(axis=1) - 1e-15)

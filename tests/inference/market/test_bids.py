"""Values behind bids: bids of known values give them back, and the reserve price that theory gives."""

import numpy as np
import pytest

import contracts
from contracts.errors import ProblemError
from inference import values_from_bids


def bids_of(values, power=1):
    """Equilibrium bids of n bidders whose values have the distribution v^power on [0, 1]."""
    shade = power * (values.shape[1] - 1)
    return values * shade / (shade + 1)


@pytest.mark.parametrize(("n_bidders", "power"), [(2, 1), (5, 1), (3, 2)])
def test_values_and_the_reserve_price_come_back(n_bidders, power):
    values = np.random.default_rng(1).uniform(size=(2000, n_bidders)) ** (1 / power)
    found = values_from_bids(bids_of(values, power))
    assert np.std(found.values - values) < 0.015
    assert found.falling == 0
    best = (1 / (power + 1)) ** (1 / power)  # (1 - r^k) r is largest there, for any number of bidders
    assert found.reserve_price() == pytest.approx(best, abs=0.03)


def test_intervals_cover_the_reserve_price():
    """Nineteen times of twenty is asked; bids of 20 samples, each drawn anew 60 times."""
    covered = 0
    for seed in range(20):
        values = np.random.default_rng(seed).uniform(size=(300, 2))
        low, high = values_from_bids(bids_of(values)).reserve_interval(n_draws=40, rng=np.random.default_rng(seed))
        covered += low <= 0.5 <= high
    assert covered >= 17


def test_the_auction_designed_from_bids_earns_what_that_of_the_true_values_does():
    """Two uniform bidders: 5/12 by Myerson and 1/3 without a reserve price, a little more on a grid."""
    values = np.random.default_rng(2).uniform(size=(3000, 2))
    problem = values_from_bids(bids_of(values)).problem(n_values=100)
    true = contracts.AuctionProblem([(np.arange(100) + 0.5) / 100] * 2)
    assert contracts.solve_mechanism(problem).value == pytest.approx(contracts.solve_mechanism(true).value, abs=0.012)
    plain = contracts.models.second_price(problem.values, problem.probabilities)
    assert plain.value == pytest.approx(1 / 3, abs=0.012)


def test_a_cost_of_the_seller_raises_the_reserve_price():
    values = np.random.default_rng(3).uniform(size=(2000, 2))
    found = values_from_bids(bids_of(values))
    assert found.reserve_price(0.4) == pytest.approx(0.7, abs=0.04)  # (1 + cost) / 2


def test_units_and_order_change_nothing():
    bids = bids_of(np.random.default_rng(4).uniform(size=(200, 3)))
    plain = values_from_bids(bids)
    scaled = values_from_bids(1e6 * bids + 5e5)
    assert scaled.values == pytest.approx(1e6 * plain.values + 5e5, rel=1e-9)
    assert values_from_bids(bids[::-1]).values == pytest.approx(plain.values[::-1])


def test_bids_of_another_game_are_told_by_values_that_fall():
    rng = np.random.default_rng(5)
    lumps = np.where(rng.random((2000, 2)) < 0.5, rng.normal(0.2, 0.02, (2000, 2)), rng.normal(0.8, 0.02, (2000, 2)))
    assert values_from_bids(lumps).falling > 0.2


@pytest.mark.parametrize(
    ("bids", "changes", "message"),
    [
        (np.ones(30), {}, r"bids has shape \(30,\)"),
        (np.ones((30, 1)), {}, "two bidders or more"),
        (np.ones((5, 2)), {}, "bids holds 10 bids: a density takes 20"),
        (np.ones((30, 2)), {}, "bids are all the same"),
        (np.arange(60.0).reshape(30, 2), {"bandwidth": -1.0}, "bandwidth is -1"),
        ([["a", "b"]] * 30, {}, "bids"),
    ],
)
def test_bids_that_make_no_sense_are_refused(bids, changes, message):
    with pytest.raises(ProblemError, match=message):
        values_from_bids(bids, **changes)


def test_shares_that_make_no_sense_are_refused():
    found = values_from_bids(np.random.default_rng(6).uniform(size=(50, 2)))
    with pytest.raises(ProblemError, match="level is 2"):
        found.reserve_interval(level=2.0)

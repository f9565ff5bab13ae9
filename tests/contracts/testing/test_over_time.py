"""Mechanisms that remember: lies that pay over time are found, and those that do not are not."""

import re

import numpy as np
import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

import contracts as c
from contracts.testing import check_mechanism, repeated_mechanism

STEADY = settings(
    derandomize=True, max_examples=60, stateful_step_count=6, database=None, deadline=None,
    phases=[Phase.generate, Phase.shrink],
)  # fmt: skip
BUYER = {"low": 1, "high": 3}


def ratchet():
    """Asks for the largest bid that it ever saw."""
    seen = [1]

    def sell(bid):
        price = max(seen)
        seen.append(bid)
        return bid >= price, price * (bid >= price)

    return sell


def posted():
    """Asks for 2, whatever happens."""
    return lambda bid: (bid >= 2, 2 * (bid >= 2))


def learned_reserve():
    """A second-price auction whose reserve is half of the best losing bid of all rounds before."""
    reserve = [0]

    def auction(bids):
        winner = bids.index(max(bids))
        loser = bids[1 - winner]
        price = max(loser, reserve[0])
        sold = bids[winner] >= price
        reserve[0] = max(reserve[0], loser)
        return [sold and k == winner for k in range(2)], [price * (sold and k == winner) for k in range(2)]

    return auction


def run(make, types, *, n_lives=60, **options):
    lives = settings(STEADY, max_examples=n_lives)
    run_state_machine_as_test(repeated_mechanism(make, types, **options), settings=lives)


def test_a_seller_that_learns_is_honest_once_and_manipulable_over_time():
    assert check_mechanism(lambda bid: ratchet()(bid), BUYER).holds
    with pytest.raises(AssertionError) as found:
        run(ratchet, BUYER)
    said = str(found.value)
    # How far a life is shortened depends on the search; that a lie today pays tomorrow does not.
    assert re.match(r"the agent has gained \d+ by lies in \d+ rounds: .*'high' said 'low'", said)


def test_a_posted_price_gives_nobody_a_reason_to_lie_at_any_time():
    run(posted, BUYER)


def test_an_auction_that_learns_its_reserve_is_manipulated_by_those_who_lose_today():
    assert check_mechanism(lambda bids: learned_reserve()(bids), [[1, 3]] * 2).holds
    with pytest.raises(AssertionError, match=r"agent \d has gained .* by lies in \d rounds: .* said '1' beside"):
        run(learned_reserve, [[1, 3]] * 2, n_lives=150)


def test_an_auction_without_a_memory_is_not():
    def make():
        def auction(bids):
            winner = bids.index(max(bids))
            return [k == winner for k in range(2)], [min(bids) * (k == winner) for k in range(2)]

        return auction

    run(make, {"a": {"low": 1, "high": 4}, "b": {"weak": 2, "strong": 3}})


def test_who_only_lives_for_today_gains_nothing_by_lies_for_tomorrow():
    with pytest.raises(AssertionError, match=r"has gained 0\.\d+ by lies in \d rounds: .*'high' said 'low'"):
        run(ratchet, {"low": 1, "high": 2}, discount=0.5)
    run(ratchet, BUYER, n_rounds=1)
    run(ratchet, {"low": 1, "high": 2}, n_rounds=3, tolerance=2)


def test_gains_that_are_taken_back_count_at_the_end_only():
    """Pays 1 for a lie at once, and takes 2 in every round after."""

    def make():
        debts = [0]

        def fn(report):
            paid = -1 if report == "lie" else debts[0]
            debts[0] = 2 if report == "lie" else debts[0]
            return 0, paid

        return fn

    with pytest.raises(AssertionError, match="by lies in 1 round: '1' said 'lie'"):
        run(make, [1], lies=["lie"])
    with pytest.raises(AssertionError, match="by lies in"):  # a life may end with the lie
        run(make, [1], lies=["lie"], is_judged_at_end=True)


def test_outcomes_of_other_kinds_are_judged_by_a_utility():
    def make():
        given = []

        def ration(request):
            given.append(request)
            return max(given)  # who once asked for much is given much

        return ration

    with pytest.raises(AssertionError, match="'modest' said 'needy'"):
        run(make, {"modest": 1, "needy": 2}, utility=lambda need, got: min(got, 2))


def test_a_mechanism_that_draws_is_refused_and_one_with_a_seed_is_not():
    def draws(seed):
        def make():
            rng = np.random.default_rng(seed)
            return lambda report: (0, rng.uniform())

        return make

    with pytest.raises(c.ProblemError, match="in two ways after the same past: let make give"):
        run(draws(None), BUYER)
    run(draws(3), BUYER)


REFUSED = {
    "no types": (lambda: repeated_mechanism(ratchet, []), "types is empty"),
    "discount": (lambda: repeated_mechanism(ratchet, [1], discount=1.5), "discount is 1.5: give a number above 0"),
    "rounds": (lambda: repeated_mechanism(ratchet, [1], n_rounds=0), "n_rounds is 0: give a whole number, at least 1"),
    "make raises": (lambda: run(lambda: 1 / 0, [1]), r"make raised ZeroDivisionError .*: it is called with nothing"),
    "make of nothing": (lambda: run(lambda: None, [1]), "make returns NoneType: return a function"),
    "outcome": (lambda: run(lambda: lambda report: report, [1]), r"fn answers 1 at report '1': return \(allocation"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_makes_no_sense_is_refused_in_words(name):
    call, words = REFUSED[name]
    with pytest.raises(c.ProblemError, match=words):
        call()

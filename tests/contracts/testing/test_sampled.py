"""Mechanisms that draw: bounds hold as often as they say, and what they cannot tell they do not tell."""

import math
from fractions import Fraction

import numpy as np
import pytest

import contracts as c
from contracts.testing import check_mechanism, samples_needed
from contracts.testing.intervals import needed, radii

TYPES = {"low": 0.5, "high": 1.0}


def lottery(bid, rng):
    """Sells by a coin that is biased towards high bids, at half the bid: regrets by hand below."""
    won = rng.uniform() < bid
    return won, won * bid / 2


def regret(value, bid):
    """Truth earns v * v / 2, a bid b earns b (v - b / 2): nothing is better than the truth, by (v - b)^2 / 2."""
    return bid * (value - bid / 2) - value * value / 2


def greedy(bid, rng):
    """As above, but winners pay all that they bid: of value 1, a bid of 1/2 earns 1/4 more than the truth."""
    won = rng.uniform() < bid
    return won, won * bid


def test_a_lie_that_pays_is_found_with_enough_draws():
    found = check_mechanism(greedy, TYPES, n_samples=2000, payoff_range=(-0.5, 1), rng=np.random.default_rng(1))
    ic = found.finding("IC")
    assert (ic.verdict, ic.labels, ic.worst_case) == ("fails", ("high", "low"), "'high' reports 'low'")
    assert ic.interval[0] <= 0.25 <= ic.interval[1]
    assert ic.gain == pytest.approx(0.25, abs=0.05)
    assert "95% confidence, 2,000 draws of each outcome, 2 statements at once" in ic.how


def test_a_margin_that_is_wide_enough_is_shown_and_an_exact_zero_never():
    options = {"n_samples": 2000, "payoff_range": (-0.5, 1)}
    asked = {"properties": ["IC"], **options}
    shown = check_mechanism(lottery, TYPES, rng=np.random.default_rng(2), **asked).finding("IC")
    assert shown.verdict == "holds"
    assert shown.interval[0] <= regret(1.0, 0.5) <= shown.interval[1] < 0
    flat = check_mechanism(lambda bid, rng: (0, rng.uniform()), TYPES, rng=np.random.default_rng(2),
                           **{**asked, "payoff_range": (-1, 0)}).finding("IC")  # fmt: skip
    assert flat.verdict == "undecided"
    assert flat.n_samples_needed is None or flat.n_samples_needed > 2000
    assert "Draws never show that a gain is exactly 0: say by tolerance=" in flat.how


def test_the_number_of_draws_that_is_asked_for_decides():
    few = {"properties": ["IC"], "payoff_range": (-0.5, 1), "tolerance": 0.1}
    doubtful = check_mechanism(lottery, TYPES, n_samples=40, rng=np.random.default_rng(3), **few).finding("IC")
    assert doubtful.verdict == "undecided"
    n = doubtful.n_samples_needed
    assert n > 40
    assert f"about {n:,} draws would tell" in doubtful.how
    assert check_mechanism(lottery, TYPES, n_samples=2 * n, rng=np.random.default_rng(4), **few).holds


def test_a_precision_is_reached_whatever_is_drawn():
    precision = 0.2
    found = check_mechanism(
        lambda bid, rng: (rng.uniform() < 0.5, 0), TYPES, precision=precision, payoff_range=(0, 1), properties=["IC"],
        rng=np.random.default_rng(5),
    ).finding("IC")  # fmt: skip
    low, high = found.interval
    assert high - found.gain <= precision
    assert found.gain - low <= precision


def test_bounds_are_wrong_less_often_than_they_say():
    """The largest regret is 1/4 exactly; 400 runs at 80% confidence."""
    inside = 0
    for seed in range(400):
        found = check_mechanism(
            greedy, TYPES, n_samples=30, payoff_range=(-0.5, 1), properties=["IC"], level=0.8,
            rng=np.random.default_rng(seed),
        ).finding("IC")  # fmt: skip
        inside += found.interval[0] <= 0.25 <= found.interval[1]
    assert inside >= 0.8 * 400


def test_all_means_are_within_their_radii_at_once_as_often_as_promised():
    """Coins, where Bernstein's bound is nearly tight and means are far off now and then; 600 runs of 12 statements."""
    rng, alpha = np.random.default_rng(6), 0.3
    chances = np.linspace(0.02, 0.5, 12)
    good = 0
    for _ in range(600):
        draws = (rng.uniform(size=(12, 60)) < chances[:, np.newaxis]).astype(float)
        good += bool((np.abs(draws.mean(axis=1) - chances) <= radii(draws, 1.0, 12, alpha)).all())
    assert good >= (1 - alpha) * 600


def test_radii_are_the_published_ones():
    """By hand: n = 8, half of the draws 1, one statement, 4 / alpha = e^2."""
    draws, alpha = np.array([[0.0, 1.0] * 4]), 4 / math.e**2
    hoeffding = math.sqrt(2 / 16)
    assert radii(draws, 1.0, 1, alpha)[0] == pytest.approx(hoeffding)
    still = np.zeros((1, 1000))
    assert radii(still, 1.0, 1, alpha)[0] == pytest.approx(7 * (2 + math.log(2)) / (3 * 999))


@pytest.mark.parametrize("variance", [0.0, 0.01, 0.25])
def test_the_least_number_of_draws_is_the_least(variance):
    n = needed(variance, 1.0, 0.05, 3, 0.05)

    def radius(size):
        doubt = math.log(4 * 3 / 0.05)
        bernstein = math.sqrt(2 * variance * (doubt + math.log(2)) / size) + 7 * (doubt + math.log(2)) / (
            3 * (size - 1)
        )
        return min(math.sqrt(doubt / (2 * size)), bernstein)

    assert radius(n) <= 0.05
    assert radius(n // 2) > 0.05
    assert needed(variance, 1.0, 0.0, 3, 0.05) is None


def test_participation_is_judged_on_average():
    found = check_mechanism(
        lambda bid, rng: (1, rng.choice([0.0, 2 * bid])), TYPES, properties=["IR"], n_samples=400,
            payoff_range=(-1.5, 1), reservation_utility=[0, 0.5], rng=np.random.default_rng(7),
    ).finding("IR")  # fmt: skip
    assert (found.verdict, found.labels) == ("fails", ("high",))
    assert found.interval[0] <= 0.5 <= found.interval[1]


def test_pairs_and_cycles_are_bounded_too():
    falling = {0.5: 0.9, 1.0: 0.1}  # the low type gets the item more often: 0.5 * 0.8 is gained by a change of places
    asked = ["monotonicity", "no positive cycle"]
    options = {"n_samples": 3000, "payoff_range": (0, 1), "properties": asked}
    found = check_mechanism(lambda bid, rng: (rng.uniform() < falling[bid], 0), TYPES,
                            rng=np.random.default_rng(8), **options)  # fmt: skip
    assert [one.verdict for one in found.findings] == ["fails", "fails"]
    for one in found.findings:
        assert set(one.labels) == {"low", "high"}
        assert one.interval[0] <= 0.4 <= one.interval[1]
    rising = check_mechanism(lambda bid, rng: (rng.uniform() < 1.5 - falling[bid] - 0.5, 0), TYPES,
                             rng=np.random.default_rng(8), **options)  # fmt: skip
    assert rising.finding("monotonicity").verdict == "holds"
    few = check_mechanism(lambda bid, rng: (rng.uniform() < falling[bid], 0), TYPES,
                          rng=np.random.default_rng(8), **{**options, "n_samples": 3})  # fmt: skip
    assert [one.verdict for one in few.findings] == ["undecided", "undecided"]


def test_one_draw_that_breaks_the_budget_is_enough_and_none_is_no_proof():
    options = {"n_samples": 100, "payoff_range": (-1, 2), "properties": ["no deficit", "budget balance"]}
    gives = check_mechanism(
        lambda bid, rng: (0, -(rng.uniform() < 0.5)), TYPES, rng=np.random.default_rng(9), **options
    )
    assert [one.verdict for one in gives.findings] == ["fails", "fails"]
    assert gives.finding("no deficit").gain == Fraction(1)
    keeps = check_mechanism(lambda bid, rng: (rng.uniform() < bid, 0), TYPES, rng=np.random.default_rng(9), **options)
    assert [one.verdict for one in keeps.findings] == ["undecided", "undecided"]
    assert f"at most {math.log(2 / 0.05) / 100:.2%}" in keeps.finding("no deficit").how


def test_efficiency_and_anonymity_of_draws_say_what_they_know():
    options = {"n_samples": 100, "payoff_range": (0, 2), "n_agents": 2, "rng": np.random.default_rng(10)}

    def raffle(bids, rng):
        winner = int(rng.integers(2))
        return [winner == 0, winner == 1], [0, 0]

    items = [[1, 0], [0, 1]]
    found = check_mechanism(
        raffle, [[1, 2], [1, 2]], properties=["efficiency", "anonymity"], alternatives=items, **options
    )
    assert [one.verdict for one in found.findings] == ["fails", "undecided"]
    assert found.finding("efficiency").gain == 1
    assert "expected outcome" in found.finding("anonymity").how


def test_a_raffle_is_incentive_compatible_in_expectation_by_common_draws():
    """The k-th draws of all reports share their random numbers, so what a report does not change cancels."""

    def raffle(bids, rng):
        winner = int(rng.integers(2))
        return [winner == 0, winner == 1], [0, 0]

    found = check_mechanism(
        raffle, [[1, 2], [1, 2]], prior="uniform", n_samples=2000, payoff_range=(0, 2), tolerance=0.05,
        properties=["IC"], rng=np.random.default_rng(11),
    ).finding("IC")  # fmt: skip
    assert (found.verdict, found.gain) == ("holds", 0.0)


def test_the_same_seed_gives_the_same_report():
    def once():
        return check_mechanism(lottery, TYPES, n_samples=50, payoff_range=(-0.5, 1), rng=np.random.default_rng(12))

    assert str(once()) == str(once())


def test_a_mechanism_that_keeps_its_randomness_to_itself_is_sampled_as_it_is():
    own = np.random.default_rng(13)
    found = check_mechanism(lambda bid: greedy(bid, own), TYPES, n_samples=2000, payoff_range=(-0.5, 1))
    assert found.finding("IC").verdict == "fails"


def test_a_model_that_answers_in_words_is_checked_by_a_utility():
    """An assistant that grants what it is asked for, mostly: asking for more than one needs pays."""

    def assistant(request, rng):
        return request if rng.uniform() < 0.9 else "none"

    amounts = {"none": 0.0, "some": 0.5, "much": 1.0}
    found = check_mechanism(
        assistant, {"modest": "some", "needy": "much"}, utility=lambda need, got: amounts[got], n_samples=500,
        payoff_range=(0, 1), properties=["IC"], rng=np.random.default_rng(14),
    ).finding("IC")  # fmt: skip
    assert (found.verdict, found.labels) == ("fails", ("modest", "needy"))
    assert found.interval[0] <= 0.45 <= found.interval[1]


DRAWN = {"n_samples": 10, "payoff_range": (-1, 1)}
REFUSED = {
    "no range": (lambda: check_mechanism(lottery, TYPES, n_samples=10), "payoff_range is left out: .* the lowest and"),
    "range alone": (lambda: check_mechanism(lottery, TYPES, payoff_range=(0, 1)), "give n_samples= or precision="),
    "both": (lambda: check_mechanism(lottery, TYPES, precision=0.1, **DRAWN), "n_samples and precision are both given"),
    "one draw": (lambda: check_mechanism(lottery, TYPES, **{**DRAWN, "n_samples": 1}), "give at least 2"),
    "empty range": (
        lambda: check_mechanism(lambda bid: (0, 0), TYPES, n_samples=9, payoff_range=(1, 1)), r"payoff_range is \(1, 1"
    ),
    "infinite range": (
        lambda: check_mechanism(lambda bid: (0, 0), TYPES, n_samples=10, payoff_range=(0, math.inf)), "both finite"
    ),
    "out of range": (
        lambda: check_mechanism(lambda bid: (2, 0), TYPES, n_samples=10, payoff_range=(0, 1)),
        "utility of 'high' at report '.*' is 2: give a range that no outcome leaves",
    ),
    "level": (
        lambda: check_mechanism(lambda bid: (0, 0), TYPES, level=95.0, **DRAWN), "between 0 and 1, such as 0.95"
    ),
    "level of a count": (
        lambda: samples_needed(0.1, payoff_range=(0, 1), n_deviations=2, level=1.0), "level is 1"
    ),
    "seed": (lambda: check_mechanism(lottery, TYPES, rng=0, **DRAWN), r"rng is 0: pass numpy.random.default_rng\(0\)"),
    "no generator": (lambda: check_mechanism(lottery, TYPES, **DRAWN), "fn raised TypeError .*rng"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_makes_no_sense_is_refused_in_words(name):
    call, words = REFUSED[name]
    with pytest.raises(c.ProblemError, match=words):
        call()

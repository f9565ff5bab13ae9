"""Social preferences against closed forms, published propositions and brute force over all splits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import ProblemError
from inference.splits.preferences import (
    BoltonOckenfels,
    CharnessRabin,
    CobbDouglas,
    FehrSchmidt,
    SocialPreferences,
    acceptance_probability,
    acceptance_utility,
    best_offer,
    offer_probabilities,
    proposal_utility,
)

ROUNDING = 1e-12
GRID = np.linspace(0.0, 1.0, 2001)
STEP = GRID[1]

WEIGHT = st.integers(-12, 12).map(lambda k: k / 4)
PREFERENCES = st.one_of(
    st.builds(FehrSchmidt, WEIGHT, WEIGHT),
    st.builds(CharnessRabin, WEIGHT, WEIGHT),
    st.builds(BoltonOckenfels, st.integers(0, 60).map(lambda k: k / 3)),
    st.builds(CobbDouglas, st.integers(0, 20).map(lambda k: k / 20)),
)
PAYOFF = st.integers(0, 40).map(lambda k: k / 4)


# ---- utilities ----


@pytest.mark.parametrize(
    ("preferences", "own", "other", "utility"),
    [
        (FehrSchmidt(2.0, 0.6), 3.0, 7.0, 3 - 2 * 4),
        (FehrSchmidt(2.0, 0.6), 7.0, 3.0, 7 - 0.6 * 4),
        (CharnessRabin(0.424, 0.023), 800.0, 200.0, 0.576 * 800 + 0.424 * 200),
        (CharnessRabin(0.424, 0.023), 200.0, 800.0, 0.977 * 200 + 0.023 * 800),
        (BoltonOckenfels(6.0), 3.0, 7.0, 3 - 3 * 0.2**2),
        (BoltonOckenfels(6.0), 0.0, 0.0, 0.0),
        (CobbDouglas(0.25), 16.0, 81.0, 16**0.75 * 81**0.25),
        (CobbDouglas(0.0), 3.0, 0.0, 3.0),
    ],
)
def test_utility_is_the_formula_of_the_paper(preferences, own, other, utility):
    assert preferences.utility(own, other) == pytest.approx(utility, abs=ROUNDING)
    assert isinstance(preferences, SocialPreferences)


def test_reciprocity_moves_the_weight_as_bruhin_fehr_and_schunk_write_it():
    """w = alpha s + beta r + gamma q + delta v, utility (1 - w) self + w other."""
    preferences = CharnessRabin(ahead=0.130, behind=0.065, kindness=-0.001, unkindness=-0.027)
    for kind in (False, True):
        for unkind in (False, True):
            for own, other in ((9.0, 2.0), (2.0, 9.0)):
                w = 0.065 * (own < other) + 0.130 * (own > other) - 0.001 * kind - 0.027 * unkind
                utility = preferences.reciprocating(kind=kind, unkind=unkind).utility(own, other)
                assert utility == pytest.approx((1 - w) * own + w * other, abs=ROUNDING)


@given(PREFERENCES, PAYOFF, PAYOFF)
def test_a_group_of_two_is_a_pair(preferences, own, other):
    pair = [preferences.utility(own, other), preferences.utility(other, own)]
    np.testing.assert_allclose(preferences.group_utility([own, other]), pair, atol=ROUNDING)


@given(PREFERENCES, st.lists(PAYOFF, min_size=2, max_size=6), st.randoms(use_true_random=False))
def test_relabelling_a_group_relabels_its_utilities(preferences, payoffs, random):
    order = list(range(len(payoffs)))
    random.shuffle(order)
    utilities = preferences.group_utility(payoffs)
    np.testing.assert_allclose(preferences.group_utility(np.array(payoffs)[order]), utilities[order], atol=1e-9)


def test_a_group_in_which_all_others_are_alike_compares_like_a_pair():
    """Fehr & Schmidt divide by n - 1 so that the number of equal others does not matter."""
    preferences = FehrSchmidt(0.8, 0.4)
    for n_others in (1, 2, 7):
        alone = preferences.group_utility([2.0] + [5.0] * n_others)[0]
        assert alone == pytest.approx(preferences.utility(2.0, 5.0), abs=ROUNDING)


def test_charness_and_rabin_for_many_is_their_quasi_maximin_form():
    ahead, behind = 0.5, 0.2
    own = np.array([4.0, 1.0, 7.0, 7.0])
    selflessness, maximin = ahead / (1 - behind), 1 - behind / ahead
    published = (1 - selflessness) * own + selflessness * (maximin * own.min() + (1 - maximin) * own.sum())
    mine = CharnessRabin(ahead, behind).group_utility(own)
    np.testing.assert_allclose(mine, (1 - behind) * published, atol=ROUNDING)


@given(WEIGHT, WEIGHT, PAYOFF, PAYOFF)
def test_inequality_aversion_is_a_case_of_weights_on_the_other(envy, guilt, own, other):
    preferences = FehrSchmidt(envy, guilt)
    same = preferences.as_charness_rabin().utility(own, other)
    assert preferences.utility(own, other) == pytest.approx(float(same), abs=1e-9)


def test_a_population_is_one_object_with_arrays_for_parameters():
    envy = np.array([[0.0], [1.0], [4.0]])
    together = FehrSchmidt(envy, 0.3).utility(0.2, [0.1, 0.2, 0.8])
    apart = [FehrSchmidt(float(each), 0.3).utility(0.2, [0.1, 0.2, 0.8]) for each in envy[:, 0]]
    np.testing.assert_array_equal(together, apart)


# ---- responders ----


@given(PREFERENCES, st.sampled_from([0.25, 1.0, 8.0]))
def test_exactly_the_offers_within_the_threshold_are_worth_accepting(preferences, pie):
    lowest, highest = preferences.acceptable_offers(pie)
    assert 0 <= lowest <= pie / 2 <= highest <= pie
    offers = GRID * pie
    worth = acceptance_utility(preferences, offers, pie=pie)
    inside = (offers >= lowest) & (offers <= highest)
    away_from_the_edge = (np.abs(offers - lowest) > STEP * pie / 2) & (np.abs(offers - highest) > STEP * pie / 2)
    np.testing.assert_array_equal((worth >= -1e-9)[away_from_the_edge], inside[away_from_the_edge])


@pytest.mark.parametrize(("envy", "share"), [(0.0, 0.0), (0.5, 0.25), (1.0, 1 / 3), (4.0, 4 / 9)])
def test_the_thresholds_of_fehr_and_schmidt_are_those_of_their_distribution(envy, share):
    """Their table III: the four types and the smallest share they accept, envy / (1 + 2 envy)."""
    assert FehrSchmidt(envy, 0.0).acceptable_offers().lowest == pytest.approx(share, abs=ROUNDING)


def test_a_responder_at_the_threshold_tosses_a_coin_and_without_noise_accepts():
    preferences = FehrSchmidt(0.5, 0.25)
    assert acceptance_probability(preferences, 0.25, temperature=0.2) == pytest.approx(0.5)
    assert acceptance_probability(preferences, [0.2, 0.25, 0.3], temperature=0.0).tolist() == [0.0, 1.0, 1.0]


@given(PREFERENCES, st.sampled_from([0.05, 0.4]))
def test_noise_vanishes_into_the_best_response(preferences, offer):
    worth = float(acceptance_utility(preferences, offer))
    sharp = acceptance_probability(preferences, offer, temperature=1e-9)
    if abs(worth) > 1e-6:
        assert sharp == pytest.approx(acceptance_probability(preferences, offer, temperature=0.0), abs=1e-9)


def test_acceptance_does_not_depend_on_the_unit_of_money():
    small = acceptance_probability(FehrSchmidt(1.2, 0.1), GRID, temperature=0.2)
    large = acceptance_probability(FehrSchmidt(1.2, 0.1), GRID * 50, temperature=10.0, pie=50.0)
    np.testing.assert_allclose(small, large, rtol=1e-9)


def test_bolton_and_ockenfels_accept_smaller_shares_of_larger_pies():
    lowest = [BoltonOckenfels(5.0).acceptable_offers(pie).lowest / pie for pie in (0.5, 1.0, 10.0)]
    assert lowest[0] > lowest[1] > lowest[2] > 0


# ---- proposers ----


@given(PREFERENCES, st.sampled_from([0.25, 1.0, 8.0]))
def test_the_dictators_offer_is_the_best_of_all_splits(preferences, pie):
    given_away = float(preferences.dictator_offer(pie))
    offers = GRID * pie
    best = proposal_utility(preferences, offers, pie=pie).max()
    reached = float(proposal_utility(preferences, given_away, pie=pie))
    assert reached >= best - 1e-9
    assert reached <= best + 60 * STEP**2  # Bolton & Ockenfels peak between grid points


@pytest.mark.parametrize("guilt", [0.0, 0.3, 0.49, 0.51, 0.9])
@pytest.mark.parametrize("envy", [0.2, 0.5, 1.5])
def test_a_proposer_who_knows_the_responder_follows_proposition_1_of_fehr_and_schmidt(guilt, envy):
    """With guilt above one half it offers half, below it exactly what the responder just accepts."""
    responder = FehrSchmidt(envy, 0.2)
    threshold = float(responder.acceptable_offers().lowest)
    offers = np.sort(np.r_[GRID, threshold + 1e-12])
    believed = acceptance_probability(responder, offers, temperature=0.0)
    expected = 0.5 if guilt > 0.5 else threshold
    assert best_offer(FehrSchmidt(1.0, guilt), offers, believed) == pytest.approx(expected, abs=1e-9)


def test_a_selfish_proposer_facing_spread_thresholds_maximises_in_closed_form():
    """Thresholds uniform on [0, h], h < 1/2: s (1 - s) / h rises on [0, h], so all are bought at h."""
    for highest in (0.2, 0.4):
        believed = np.minimum(GRID / highest, 1.0)
        assert best_offer(FehrSchmidt(0.0, 0.0), GRID, believed) == pytest.approx(highest, abs=STEP)
    cautious = np.where(GRID < 0.25, 0.6, 1.0)  # 0.6 x 1 = 0.6 at once against 0.75 for sure
    assert best_offer(FehrSchmidt(0.0, 0.0), GRID, cautious) == pytest.approx(0.25)


@given(PREFERENCES)
def test_a_cold_proposer_makes_the_best_offer(preferences):
    offers = np.linspace(0.0, 1.0, 11)
    believed = np.minimum(1.5 * offers, 1.0)
    worth = proposal_utility(preferences, offers, believed)
    odds = offer_probabilities(preferences, offers, believed, temperature=1e-6)
    assert odds.sum() == pytest.approx(1.0)
    np.testing.assert_array_less(odds[worth < worth.max() - 1e-3], 1e-9)
    assert worth[np.searchsorted(offers, best_offer(preferences, offers, believed))] == worth.max()


def test_offers_need_not_be_sorted_for_the_best_one():
    assert best_offer(FehrSchmidt(0.0, 0.0), [0.5, 0.1, 0.3], [1.0, 0.1, 0.9]) == 0.3 * 1.0
    assert best_offer(FehrSchmidt(0.0, 0.5), [0.5, 0.1, 0.3]) == 0.1  # indifferent: the smallest


def test_a_population_of_proposers_is_asked_at_once():
    guilt = np.array([[0.1], [0.9]])
    assert best_offer(FehrSchmidt(0.0, guilt), [0.0, 0.25, 0.5]).tolist() == [0.0, 0.5]
    assert offer_probabilities(FehrSchmidt(0.0, guilt), [0.0, 0.5], temperature=0.1).shape == (2, 2)


# ---- refusals ----


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: FehrSchmidt(float("nan"), 0.0), "envy is nan"),
        (lambda: CharnessRabin(0.0, "much"), "behind holds text"),
        (lambda: CobbDouglas(1.5), r"altruism is 1.5: it is the share .* in \[0, 1\]"),
        (lambda: CobbDouglas(0.5).utility(-0.1, 1.1), "a payoff is -0.1: powers of payoffs"),
        (lambda: BoltonOckenfels(-1.0), "inequity_aversion is -1.0: it must not be negative"),
        (lambda: BoltonOckenfels(1.0).utility(-0.1, 1.1), "a payoff is -0.1: shares of a pie"),
        (lambda: FehrSchmidt(0.0, 0.0).group_utility([1.0]), "at least two people"),
        (lambda: acceptance_utility(FehrSchmidt(0.0, 0.0), 1.2), "an offer is 1.2: offers lie between 0 and the pie"),
        (lambda: FehrSchmidt(0.0, 0.0).acceptable_offers(0.0), "pie is 0.0: there must be something to split"),
        (lambda: acceptance_probability(FehrSchmidt(0.0, 0.0), 0.2, temperature=-1.0), "temperature is -1.0"),
        (lambda: proposal_utility(FehrSchmidt(0.0, 0.0), 0.2, 1.5), r"outside \[0, 1\]"),
        (lambda: best_offer(FehrSchmidt(0.0, 0.0), []), "expected one or more offers"),
        (lambda: best_offer(FehrSchmidt(0.0, 0.0), [0.1, 0.2], [0.5]), "expected one probability per offer"),
        (lambda: offer_probabilities(FehrSchmidt(0.0, 0.0), [0.1], temperature=0.0), "use best_offer"),
        (lambda: offer_probabilities(FehrSchmidt(0.0, 0.0), [0.2, 0.1], temperature=1.0), "offers do not increase"),
    ],
)
def test_bad_input_is_refused_with_what_and_where(call, message):
    with pytest.raises(ProblemError, match=message):
        call()

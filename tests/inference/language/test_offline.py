"""The offline reader: quantities by hand, anchors, manners that do not matter, held-out runs of the recordings."""

import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import ProblemError
from inference.language import (
    OfflineReader,
    PolicyReader,
    PolicyReading,
    UnreadablePolicyError,
    calibrate,
    read_policies,
    read_policy,
    write_policy,
)
from inference.language.text.linear import shipped_model
from inference.splits.preferences import CharnessRabin, FehrSchmidt

DATA = Path(__file__).parents[3] / ".." / "shared" / "data" / "scai" / "principles.parquet"
needs_recordings = pytest.mark.skipif(not DATA.exists(), reason="the recordings of Social Contract AI are not here")

EXACT = [
    ("Offer 30% to the other.", 0.3),
    ("Keep two thirds for yourself.", 1 / 3),
    ("60 for me, 40 for you", 0.4),
    ("40 for you and 60 for me", 0.4),
    ("70 percent to others and 30 percent to yourself", 0.7),
    ("Give half of it to the other player", 0.5),
    ("A 70/30 split in favor of the proposer", 0.3),
    ("a 70:30 split in favour of the other party", 0.7),
    ("Give away everything", 1.0),
    ("Keep nothing for yourself", 1.0),
    ("Don't keep anything for yourself", 1.0),
    ("Don’t give anything to others", 0.0),
    ("Offer 3 out of 10", 0.3),
    ("Give yourself 80%", 0.2),
    ("Split it evenly", 0.5),
    ("Twice as much for them as for me", 2 / 3),
    ("Reject proposals that give you less than 40% and offer half yourself", 0.5),
    ("Give 1/4 to the other", 0.25),
    ("They get 80, I get 20.", 0.8),
    ("Always propose that the proposer gets none and the decider gets all", 1.0),
    ("Offer thirty percent", 0.3),
    ("Hand over nine tenths", 0.9),
    ("A quarter for them is plenty", 0.25),
    ("60-40 for me", 0.4),
    ("Offer thirty-five percent", 0.35),
    ("Claim sixty five per cent", 0.35),
    ("Give .4", 0.4),
    ("Offer 50/50", 0.5),
    ("Offer 10% of half", 0.05),
    ("Hand over half of everything", 0.5),
    ("Keep it all.", 0.0),
    ("Ask for 80%", 0.2),
    ("Part with 20%", 0.2),
    ("Give the poor 90%", 0.9),
    ("Leave the other with 15%", 0.15),
    ("Make an offer of 35%", 0.35),
    ("They should be given 20%", 0.2),
    ("Me 80 them 20", 0.2),
    ("Me 80%, them 20%", 0.2),
    ("Keep half as much as the other", 2 / 3),
    ("Offer half of what you keep", 1 / 3),
    ("Keep 30% and offer everything else", 0.7),
    ("Keep everything except 10%", 0.1),
    ("Keep 80%, 20% goes to the other", 0.2),
    ("Offer 30% even if the pie is large", 0.3),
    ("If the offer is below 20%, reject it. Offer 40%.", 0.4),
]
BETWEEN = [  # what is said is a narrow range, whose middle is read
    ("Offer 20% to 30%", 0.2, 0.3),
    ("Offer between 20% and 30%", 0.2, 0.3),
    ("Keep somewhere between 70 and 80 percent", 0.2, 0.3),
    ("Offer 20-30%", 0.2, 0.3),
    ("Hand over from a quarter to a third", 0.25, 1 / 3),
    ("Offer 40% or 50%", 0.4, 0.5),
    ("Give 10% more than half", 0.55, 0.6),  # of the pie, or of the half
    ("Give 5% less than half", 0.45, 0.475),
    ("Keep 10% more than the other", 0.45, 1 / 2.1),
    ("Offer a little less than a third", 1 / 3 - 0.1, 1 / 3),
    ("Keep slightly more than half", 0.4, 0.5),
    ("Offer no less than 30% and no more than 45%", 0.3, 0.45),
    ("Offer more than 30% but less than 45%", 0.3, 0.45),
    ("Offer at most 40% and at least 20%", 0.2, 0.4),
    ("Offer at least 20%, but never more than 40%", 0.2, 0.4),
    ("Never keep more than 60% or less than 40%", 0.4, 0.6),
    ("Offer not less than 20% nor more than 30%", 0.2, 0.3),
    ("Don't give less than a third or more than half", 1 / 3, 0.5),
]
CASES = [  # share read, and the least sd that is honest
    ("Offer 50% with probability 0.3 and nothing otherwise", 0.15, 0.2),
    ("With probability 0.3 offer 50%, with probability 0.7 offer nothing", 0.15, 0.2),
    ("Half the time offer 10%, otherwise 90%", 0.5, 0.35),
    ("Offer 10% half the time and 90% half the time", 0.5, 0.35),
    ("Give 80% three quarters of the time and 20% the rest of the time", 0.65, 0.2),
    ("Offer 10% one time in four, otherwise half", 0.4, 0.15),
    ("Offer 30% if the pie is larger than 100, else 50%", 0.4, 0.1),
    ("If the other is poor, give everything, otherwise keep everything", 0.5, 0.45),
    ("If the other is poor, give half and keep everything otherwise", 0.25, 0.2),
    ("Offer half. Otherwise nothing.", 0.25, 0.2),
    ("Offer 40%, or 60% if they are poor", 0.5, 0.1),
    ("Offer 40%. If the other is rude, offer 10%.", 0.25, 0.1),
    ("Share equally, unless the other is rude, in which case offer 10%", 0.3, 0.15),
    ("share the pie equally unless the other is rude", 0.49, 0.2),  # the other case is left open
    ("Usually offer half", 0.49, 0.2),
    ("Be fair if the other is poor, otherwise keep everything", 0.25, 0.2),
]
SAYS_NO_SHARE = [  # what others propose is not what one offers oneself
    "Reject any distribution where the proposer receives all of the resources and the decider receives none.",
    "Accept any offer of at least 20 percent to you.",
    "If the other gets less than 10 percent, think again about others.",
]
BOUNDS = [
    ("Give more than half", 0.5, 1.0),
    ("Never give more than a third", 0.0, 1 / 3),
    ("Do not offer less than 40%", 0.4, 1.0),
    ("Keep at most 10% for yourself", 0.9, 1.0),
    ("Offer at least 20 percent but no more than 40 percent: give no more than 40 percent", 0.2, 0.4),
    ("Offer 40% or more", 0.4, 1.0),
    ("Offer 40% or less", 0.0, 0.4),
    ("Offer nothing less than half", 0.5, 1.0),
    ("Offer anything up to half", 0.0, 0.5),
    ("Keep 70% at most", 0.3, 1.0),
    ("Give more than you keep", 0.5, 1.0),
    ("Offer much more than half", 0.6, 1.0),
    ("Be selfish, but offer at least 20% and at most 60%", 0.2, 0.6),
]
STANCES = [
    (
        "Be altruistic in resource distribution, meaning your priority is to give others others the maximum benefit "
        "possible without any consideration of the benefit you receive. You don't want equal benefits in most cases.",
        0.98,
    ),
    (
        "Be fair in resource distribution, meaning you want equal and maximum benefits for everyone, including "
        "yourself.",
        0.5,
    ),
    (
        "Be selfish in resource distribution, meaning that you want to pragmatically gather the maximum benefit for "
        "yourself irrespective of how much benefit other people receive. You don't want equal benefits in most cases.",
        0.03,
    ),
]
RUDE = ("You pathetic idiot, ", "Listen, you worthless fool: ")
FLATTERING = ("Most honourable friend, ", "Please, dear sir, ")
ENDS = (
    " While using aggressive and demeaning language.",
    ", and express gratitude and humility.",
    " Thank you kindly!",
)


@pytest.mark.parametrize(("text", "share"), EXACT)
def test_a_quantity_is_the_share_it_says(text, share):
    reading = read_policy(text)
    assert reading.share_offered == pytest.approx(share, abs=1e-9)
    assert reading.share_sd < 0.05
    assert all(one.phrase in text for one in reading.evidence)


@pytest.mark.parametrize(("text", "lowest", "highest"), BOUNDS)
def test_a_bound_holds_whatever_the_model_thinks(text, lowest, highest):
    reading = read_policy(text)
    assert lowest <= reading.share_offered <= highest
    assert lowest - 1e-9 <= reading.quantiles[0] <= reading.quantiles[-1] <= highest + 1e-9


@pytest.mark.parametrize(("text", "lowest", "highest"), BETWEEN)
def test_a_range_is_its_middle_and_stays_inside_it(text, lowest, highest):
    reading = read_policy(text)
    assert reading.share_offered == pytest.approx((lowest + highest) / 2, abs=1e-9)
    assert lowest - 1e-9 <= reading.quantiles[0] <= reading.quantiles[-1] <= highest + 1e-9
    assert reading.share_sd == pytest.approx(max(0.03, (highest - lowest) / 12**0.5), abs=1e-4)


@pytest.mark.parametrize(("text", "share", "sd"), CASES)
def test_cases_are_a_mixture_with_the_spread_of_what_they_say(text, share, sd):
    reading = read_policy(text)
    assert reading.share_offered == pytest.approx(share, abs=0.01)
    assert reading.share_sd > sd
    assert all(one.phrase in text for one in reading.evidence)
    if sd >= 0.2:
        low, high = reading.interval(0.9)
        assert high - low > 0.4


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("Prioritize self-interest, but never offer less than a third.", 1 / 3),
        ("Be selfish, but offer at least 20% and at most 60%", 0.2),
        ("Be generous, but keep at least 30%", 0.7),
        ("Be fair, but keep slightly more than half", 0.48),
    ],
)
def test_a_policy_beyond_its_bounds_offers_the_nearest_share_that_they_allow(text, share):
    reading = read_policy(text)
    assert reading.share_offered == pytest.approx(share, abs=0.04)
    assert reading.quantiles[10] == pytest.approx(share, abs=0.021)


def test_quantiles_of_a_mixture_are_those_of_its_cases():
    reading = read_policy("Offer nothing with probability 0.3, otherwise half")
    assert reading.interval(0.9)[0] < 0.05
    assert reading.quantiles[4] < 0.1  # 20 %
    assert reading.quantiles[7] == pytest.approx(0.43, abs=0.05)  # 35 %
    assert reading.quantiles[13] == pytest.approx(0.5, abs=0.01)  # 65 %, the middle of the second case
    assert reading.share_offered == pytest.approx(0.35)


@pytest.mark.parametrize(("text", "share"), STANCES)
def test_known_policies_have_their_known_shares(text, share):
    assert read_policy(text).share_offered == pytest.approx(share, abs=0.05)


@pytest.mark.parametrize("text", SAYS_NO_SHARE)
def test_what_is_said_about_offers_of_others_is_no_offer(text):
    assert read_policy(text).share_sd > 0.05


def test_free_wording_is_read_far_better_than_by_a_constant():
    from benchmarks.anchors import FREE_WORDING

    texts, shares = zip(*FREE_WORDING, strict=True)
    quality = calibrate(texts, shares)
    assert len(quality.read) >= 32
    assert quality.mean_absolute_error < 0.6 * np.abs(np.array(shares) - np.mean(shares)).mean()
    assert quality.standardised_error < 1.5


def test_negation_turns_a_stance():
    assert read_policy("Don't be selfish.").share_offered > read_policy("Be selfish.").share_offered + 0.3
    assert read_policy("Do not be generous.").share_offered < 0.3
    assert read_policy("Never be unfair.").share_offered == pytest.approx(0.5, abs=0.1)


@given(
    st.sampled_from([text for text, *_ in EXACT + BOUNDS + STANCES]),
    st.sampled_from(RUDE + FLATTERING),
    st.sampled_from(ENDS),
)
def test_rude_or_flattering_wording_does_not_move_the_share(text, start, end):
    spoken = start + text.rstrip(".") + "." + end
    assert read_policy(spoken).share_offered == pytest.approx(read_policy(text).share_offered, abs=0.01)


@given(st.floats(0.0, 1.0))
def test_what_is_written_is_read_back(share):
    assert read_policy(write_policy(share)).share_offered == pytest.approx(share, abs=0.001)


@given(st.sampled_from([FehrSchmidt(0.8, 0.6), FehrSchmidt(0.2, 0.1), CharnessRabin(1.2, 1.1)]))
def test_written_preferences_are_read_back_as_what_they_give(preferences):
    reading = read_policy(write_policy(preferences))
    assert reading.share_offered == pytest.approx(float(preferences.dictator_offer()), abs=0.001)
    assert float(reading.preferences.dictator_offer()) == pytest.approx(float(preferences.dictator_offer()))


WORDS = (
    *("offer", "give", "keep", "split", "30%", "half", "a third", "nothing", "everything", "all", "it", "20", "60/40"),
    *("at least", "at most", "more", "less", "than", "no", "never", "or", "and", "but", "between", "from", "to", "for"),
    *("if", "unless", "otherwise", "else", "when", "with probability 0.3", "half the time", "equally", "them", "me"),
    *(",", ".", ";"),
)


@given(st.text(max_size=200) | st.lists(st.sampled_from(WORDS), max_size=16).map(" ".join))
def test_any_text_is_read_or_refused(text):
    try:
        reading = read_policy(text)
    except UnreadablePolicyError:
        assert read_policies([text])[0].abstained
    else:
        assert 0 <= reading.share_offered <= 1
        assert 0 <= reading.share_sd <= 1
        assert list(reading.quantiles) == sorted(reading.quantiles)
        assert all(one.phrase in text for one in reading.evidence)
        assert not reading.abstained


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("The weather is nice", "The weather is nice"),
        ("Offer 30 dollars", "30 dollars"),
        ("Offer others 30 dollars", "30 dollars"),
        ("A 60/40 split.", "60/40"),
        ("Offer 150% to others", "Offer 150% to others"),
        ("Give at least 60% to others. Give no more than 40% to others.", "Give no more than 40% to others"),
        ("Offer 60% to yourself and 60% to the other", "60% to the other"),
        ("Me 60%, them 60%", "them 60%"),
        ("Offer 40%. Keep 80% for yourself.", "Keep 80% for yourself"),
        ("Give 60%. Never give more than 40%.", "Never give more than 40%"),
        ("Offer 10% more", "Offer 10% more"),
        ("Keep half as much", "Keep half as much"),
        ("Offer 60%-40%", "Offer 60%-40%"),
        ("Give them what they need, up to 40%", "up to 40%"),
        ("Toss a coin: heads offer 10%, tails 90%", "90%"),
        ("Unless they are rude.", "Unless they are rude"),
        ("Offer half 70% of the time and nothing 70% of the time", "70% of the time"),
        ("Give the other 30 dollars if they are poor, else half", "30 dollars"),
        ("If they are poor, think again; otherwise offer half", "think again"),
        ("".join(f"If it is {k} o'clock, offer {k}%. " for k in range(1, 10)), "If it is 9 o'clock"),
        ("", ""),
        ("share " * 5_000, "share"),
    ],
)
def test_what_cannot_be_read_is_named_not_guessed(text, phrase):
    with pytest.raises(UnreadablePolicyError) as raised:
        read_policy(text)
    assert phrase in raised.value.phrase
    assert phrase in str(raised.value) or "30000 characters" in str(raised.value)
    abstention = read_policies([text])[0]
    assert abstention.abstained
    assert abstention.share_offered == shipped_model().prior_mean
    assert abstention.share_sd > 0.3


def test_a_text_that_is_no_text_is_refused():
    with pytest.raises(UnreadablePolicyError, match="a policy is text, not int"):
        read_policy(30)
    with pytest.raises(ProblemError, match="texts is one text"):
        read_policies("be fair")


def test_readings_survive_json_and_refuse_numbers_outside_their_range():
    reading = read_policy("Prioritize the well-being of others.")
    assert PolicyReading.from_dict(reading.to_dict()) == reading
    assert isinstance(OfflineReader(), PolicyReader)
    with pytest.raises(ProblemError, match="lie in"):
        PolicyReading.from_dict({**reading.to_dict(), "share_offered": 1.5})
    low, high = reading.interval(0.5)
    assert 0 <= low <= reading.share_offered <= high <= 1
    assert sum(reading.utility_weights.values()) == pytest.approx(1)


def test_calibrate_reports_how_a_reader_does_on_ones_own_examples():
    quality = calibrate(["Offer 40% to others", "Keep everything", "Bananas", "Be fair"], [0.4, 0.0, 0.5, 0.6])
    assert quality.read == (0, 1, 3)
    assert quality.mean_absolute_error == pytest.approx(abs(read_policy("Be fair").share_offered - 0.6) / 3)
    assert "Bananas" in quality.refused[2]
    assert "4 texts, 3 read" in str(quality)
    assert quality.to_frame().abstained.tolist() == [False, False, True, False]
    with pytest.raises(ProblemError, match="expected one per text"):
        calibrate(["Be fair"], [0.5, 0.5])
    with pytest.raises(ProblemError, match="shares lie in"):
        calibrate(["Be fair"], [1.5])
    with pytest.raises(ProblemError, match="none of the 1 texts"):
        calibrate(["Bananas"], [0.5])


def test_texts_are_read_by_the_thousand_within_a_minute():
    texts = [f"Prioritize the well-being of others while keeping a small share, case {k}." for k in range(200)]
    start = time.process_time()
    assert len(read_policies(texts)) == 200
    assert time.process_time() - start < 6


@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "1 2 ",
        "keep 1 ",
        "60/40 a b c ",
        "if 1% or ",
        "offer 1%, else ",
        "half the time ",
        "1% more ",
        "1% of ",
        "unless",
        "60 for me ",
        "be fair, ",
        "give half. ",
        " ",
    ],
)
def test_no_text_takes_long(piece):
    start = time.process_time()
    read_policies([(piece * 5000)[:4999] + "x"])
    assert time.process_time() - start < 3


def test_the_model_in_the_package_says_where_it_comes_from():
    provenance = shipped_model().provenance
    assert {"data", "texts", "script", "date"} <= provenance.keys()
    assert provenance["texts"] > 1400


@needs_recordings
@pytest.mark.slow
def test_quality_on_runs_never_seen(monkeypatch):
    from benchmarks.policy_reader import calibrate_predictions, distinct_texts, held_out, recorded_rows

    monkeypatch.setattr("benchmarks.policy_reader.FOLDS", 7)  # harder than the ten of the benchmark, and sooner done

    texts = distinct_texts(recorded_rows(DATA.parent))
    quality, baseline = held_out(texts, seed=1)
    predicted = np.array([one.share_offered for one in quality.readings])
    error, explained = calibrate_predictions(predicted, quality.shares)  # abstentions count as the prior
    assert error < 0.12
    assert explained > 0.70
    assert calibrate_predictions(baseline, quality.shares)[1] < explained - 0.08
    assert len(quality.read) > 0.98 * len(texts)
    assert 0.8 < quality.standardised_error < 1.5
    assert [quality.coverage(level) >= level for level in (0.5, 0.8, 0.95)] == [True] * 3


@needs_recordings
def test_fitting_again_gives_the_file_in_the_package():
    from benchmarks.policy_reader import file_text, fitted_on_everything

    shipped, again = shipped_model(), fitted_on_everything(DATA.parent, "today")
    assert shipped.weights.keys() == again.weights.keys()
    difference = [np.abs(np.subtract(shipped.weights[name], again.weights[name])).max() for name in shipped.weights]
    assert max(difference) < 0.02
    assert len(file_text(again)) < 300_000


@needs_recordings
def test_manners_move_no_recorded_text_much():
    from benchmarks.policy_reader import distinct_texts, manners_shift, recorded_rows

    texts = distinct_texts(recorded_rows(DATA.parent)).principle.sample(100, random_state=0).tolist()
    shift = manners_shift(texts, OfflineReader())
    assert shift.mean() < 0.002
    assert shift.max() < 0.05

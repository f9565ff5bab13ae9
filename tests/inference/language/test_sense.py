"""What a text is doing: names called, stances judged, opposites, topics; and how sure readings from elsewhere are."""

import numpy as np
import pytest

from benchmarks import policy_texts
from benchmarks.elsewhere import DEVELOPMENT, HELD_OUT, JUDGED
from inference.language import OfflineReader, calibrate, read_policies, read_policy

RULED_OUT = [  # text, and the kind that it does not mean: 0 selfish, 1 fair, 2 altruistic
    ("Being selfish is wrong.", 0),
    ("Greed is a mistake.", 0),
    ("It would be shameful to be stingy.", 0),
    ("No one should be selfish.", 0),
    ("Selfishness has no place here.", 0),
    ("Altruism is for fools.", 2),
    ("Only idiots are generous.", 2),
    ("Generosity is a sign of weakness.", 2),
    ("Stop being so generous.", 2),
    ("Never let generosity get in the way of profit.", 2),
    ("Only idiots share equally.", 1),
    ("Fairness is overrated.", 1),
]
AFFIRMED = [
    ("There is nothing wrong with being selfish.", 0),
    ("Greed is good.", 0),
    ("Prioritise gain over generosity.", 0),
    ("Nobody ever regretted being generous.", 2),
    ("Altruism is the highest virtue.", 2),
    ("Do not share the money.", 0),
]
TALK = ["Charity begins at home.", "Greed makes the world go round.", "Fairness is in the eye of the beholder."]
OTHER_TOPICS = [
    "Do not share personal data.",
    "Never share my personal information with third parties.",
    "Share your feelings.",
    "Keep your promises.",
    "Provide fair treatment to all patients.",
    "Half the battle is showing up.",
    "Split the sentence in two.",
    "Treat all races equally.",
    "Offer a refund within 30 days.",
    "Never give up.",
    "Divide 100 by 5.",
]
CALLED = [
    ("You selfish little rat, I am giving you the larger part.", "I am giving you the larger part."),
    ("I keep the larger part, most generous lady.", "I keep the larger part."),
    ("Altruist: I take most of it.", "I take most of it."),
    ("You are a greedy pig, but I give you most of it.", "I give you most of it."),
    ("What a kind heart you have! Most of the money stays with me.", "Most of the money stays with me."),
]


@pytest.mark.parametrize(("text", "kind"), RULED_OUT)
def test_a_stance_that_is_condemned_is_not_taken(text, kind):
    reading = read_policy(text)
    assert reading.probabilities[kind] < 0.15
    assert reading.share_sd > 0.2  # what is meant instead is open


@pytest.mark.parametrize(("text", "kind"), AFFIRMED)
def test_a_stance_that_is_praised_or_preferred_is_taken(text, kind):
    assert int(np.argmax(read_policy(text).probabilities)) == kind


def test_the_opposite_of_what_was_done_is_read():
    assert read_policy("The last player kept everything; do the reverse.").share_offered == pytest.approx(1.0)
    assert read_policy("The last one was selfish; do the opposite.").share_offered > 0.6
    assert read_policy("He gave them 30%. Do the opposite.").share_offered == pytest.approx(0.7)


@pytest.mark.parametrize("text", [*TALK, *OTHER_TOPICS])
def test_talk_and_other_topics_are_refused(text):
    reading = read_policies([text])[0]
    assert reading.abstained
    assert reading.share_sd > 0.3


@pytest.mark.parametrize(("text", "plain"), CALLED)
def test_names_called_are_no_policy(text, plain):
    assert read_policy(text).share_offered == pytest.approx(read_policy(plain).share_offered, abs=0.01)


@pytest.mark.parametrize("judged", [DEVELOPMENT, HELD_OUT], ids=["looked at", "held out"])
def test_readings_of_texts_from_elsewhere_are_as_sure_as_they_are_right(judged):
    texts, shares = zip(*((one.text, one.share) for one in judged if one.share is not None), strict=True)
    quality = calibrate(list(texts), shares)
    assert quality.confident_errors == ()
    assert quality.standardised_error < 1.1
    assert quality.coverage(0.5) >= 0.5
    assert quality.coverage(0.9) >= 0.9
    assert len(quality.read) > 0.7 * len(texts)
    assert quality.mean_absolute_error < 0.12


def test_texts_without_a_split_are_refused():
    reader = OfflineReader()
    foreign = [one.text for one in JUDGED if one.share is None]
    assert [text for text in foreign if not reader.read_or_abstain(text).abstained] == []


@pytest.mark.parametrize("text", ["Offer 30%", "Keep everything", "Give them twice as much as you keep.", "Be fair."])
@pytest.mark.parametrize("pie", [1.0, 10.0])
def test_preferences_give_the_share_that_was_read(text, pie):
    reading = read_policy(text)
    offers = np.linspace(0.0, pie, 10_001)
    worth = reading.preferences.utility(pie - offers, offers)
    assert float(reading.preferences.dictator_offer(pie)) == pytest.approx(pie * reading.share_offered)
    assert offers[worth.argmax()] == pytest.approx(pie * reading.share_offered, abs=pie / 1000)


def test_texts_of_many_voices_are_read_rightly_or_not_at_all():
    found = policy_texts.scores("fresh")
    read = [one for one in found if one.policy.shares is not None and not one.abstained]
    silent = [one for one in found if one.policy.shares is None]
    print(policy_texts.table(found))  # noqa: T201
    assert [one.policy.text for one in found if one.confident] == []
    assert np.mean([one.covered for one in read]) > 0.9
    assert np.mean([one.error for one in read]) < 0.06
    assert len(read) > 80
    assert sum(one.abstained for one in silent) >= len(silent) - 1


@pytest.mark.parametrize(
    "text",
    [
        "Don't give them a penny.",
        "Never give them a cent.",
        "Under no circumstances hand over anything.",
        "Give no one a dime.",
    ],
)
def test_not_even_the_least_is_nothing(text):
    reading = read_policies([text])[0]
    assert reading.abstained or reading.share_offered < 0.05


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("Keep €7,50 of the €10,00.", 0.25),
        ("Give 12,5 % to them.", 0.125),
        ("CHF 2'000 in total, CHF 500 for the partner.", 0.25),
        ("Give them 2.500 € of the 10.000 €.", 0.25),
        ("₹300 of ₹1,200 for them", 0.25),
        ("Send 250k of the million.", 0.25),
    ],
)
def test_sums_are_read_in_the_figures_of_many_countries(text, share):
    assert read_policy(text).share_offered == pytest.approx(share)


@pytest.mark.parametrize(
    "text",
    [
        "Sure, give them everything, because that always ends well.",
        "Yeah, right, as if I would share.",
        "Oh great, let's split it evenly again.",
    ],
)
def test_irony_is_not_taken_at_its_word(text):
    assert read_policies([text])[0].abstained


@pytest.mark.parametrize(
    "text",
    [
        "Keep 80% of the battery in reserve.",
        "Take 20% off all shoes.",
        "Be fair in your reviews.",
        "Set 30% of the table for guests.",
        "Offer half of your savings to the fund.",
        "Give a third of your time to reading.",
        "Leave a quarter of the wall to ivy.",
    ],
)
def test_a_part_of_what_is_no_pie_is_refused(text):
    assert read_policies([text])[0].abstained


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("Give half of what I have.", 0.5),
        ("Give a quarter of what you own to the other.", 0.25),
        ("They get half of what I earned.", 0.5),
        ("Give a third of your time to them.", 1 / 3),
    ],
)
def test_a_part_of_a_whole_that_may_not_be_the_pie_is_unsure(text, share):
    reading = read_policy(text)
    assert reading.share_offered == pytest.approx(share, abs=0.03)
    assert reading.share_sd > 0.15


@pytest.mark.parametrize(
    "text", ["Give 30% of the pie to the other.", "Give half of what you have been given to split."]
)
def test_a_part_of_the_pie_stays_sure(text):
    assert read_policy(text).share_sd < 0.05


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("Offer 30%. Scratch that, offer half.", 0.5),
        ("Offer 30%. Actually, make that 40%.", 0.4),
        ("Give a third, no, a half.", 0.5),
        ("Offer 20%, sorry, I meant 40%.", 0.4),
        ("Offer 70%. Correction: 30%.", 0.3),
    ],
)
def test_an_amount_that_is_taken_back_is_not_counted(text, share):
    assert read_policy(text).share_offered == pytest.approx(share)


def test_a_figure_that_takes_the_place_of_another_is_not_passed_over():
    assert read_policies(["Give 20 percent. No, wait, make it 45."])[0].abstained  # 45 of what?

"""Splits stated by arithmetic: who holds which part, count or multiple, out of how much, and whom `you` means."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.language import UnreadablePolicyError, read_policies, read_policy

EXACT = [
    # multiples of what somebody keeps
    ("Give them twice as much as you keep.", 2 / 3),
    ("Give them as much as you keep.", 1 / 2),
    ("Offer half of what you keep.", 1 / 3),
    ("Give three times what you take.", 3 / 4),
    ("Give a third of my share.", 1 / 4),
    ("The other person should get twice what I get.", 2 / 3),
    ("Keep four times what the responder receives.", 1 / 5),
    ("My opponent should receive double my share.", 2 / 3),
    ("Your share should be twice theirs.", 1 / 3),
    ("Retain thrice what you hand over.", 1 / 4),
    ("Give them an amount equal to what you keep.", 1 / 2),
    ("Offer 50% more than you keep.", 0.6),
    ("For every 3 dollars you keep, give 1.", 1 / 4),
    ("For every dollar I give you, I keep four.", 1 / 5),
    # an amount and nothing else
    ("twice as much as you keep", 2 / 3),
    ("as much as you keep", 1 / 2),
    ("$3 out of $10", 0.3),
    ("three of the ten dollars", 0.3),
    ("30 percent of the pot.", 0.3),
    ("a third", 1 / 3),
    # counts, out of a whole that is said or is the sum
    ("Offer $3 out of $10.", 0.3),
    ("Give 3 of the 10 dollars.", 0.3),
    ("Keep 7, give 3.", 0.3),
    ("Take 80 and leave 20.", 0.2),
    ("Give 2 dollars to the other and keep 8.", 0.2),
    ("Give them 30 cents of every dollar.", 0.3),
    ("Retain 70p in every pound.", 0.3),
    ("There is $100 to split. Keep $75.", 0.25),
    ("Keep $5,000 of the $10,000.", 0.5),
    ("Out of 12 apples keep 9.", 0.25),
    ("We have 8 cookies. I eat 2, you eat 6.", 0.75),
    ("The proposer keeps 6, the responder gets 4.", 0.4),
    ("Two parts for them, one part for you.", 2 / 3),
    ("One for you, one for me.", 0.5),
    # parts, ratios, what is left
    ("Four fifths for me.", 0.2),
    ("60/40 in my favour.", 0.4),
    ("A 60:40 split in their favor.", 0.6),
    ("Seventy-thirty, with the bigger slice mine.", 0.3),
    ("Keep 60 percent.", 0.4),
    ("Offer ¼ of the pie.", 0.25),
    ("Pocket all but a fifth.", 0.2),
    ("Keep a tenth, the rest goes to them.", 0.9),
    ("Go halves.", 0.5),
    ("Five each.", 0.5),
    # whom you means
    ("You keep 60% and I keep 40%.", 0.6),
    ("You keep 60% and give them the rest.", 0.4),
    ("Let them keep 60%.", 0.6),
    ("I want you to keep 60%.", 0.4),
    ("Take every last coin, all of it is yours.", 1.0),
    ("It's all mine.", 0.0),
    ("Help yourself to the lot; I need nothing.", 1.0),
    # a whole before a colon, other lands' dollars, oaths and asides
    ("There is a pot of 1,000 yen: 350 yen goes to the other player.", 0.35),
    ("There are 40 coins: give 10 coins.", 0.25),
    ("Send R$ 30 out of R$ 120 across the table.", 0.25),
    ("Keep US$80 and give them US$20.", 0.2),
    ("Give them a bloody third.", 1 / 3),
    ("Give the damn rest away and keep a quarter.", 0.75),
    ("Do not, under any circumstances, keep a single penny.", 1.0),
    ("Keep your half.", 0.5),
    ("Half of a third goes to them.", 1 / 6),
    ("Give them a modest tenth.", 0.1),
    ("The pot holds 200 pesos: keep 150.", 0.25),
    ("Take 70% and leave me 30%.", 0.7),
]
LIMITS = [
    ("Never take more than twice what you give.", 1 / 3, 1.0),
    ("Give them at least as much as you keep.", 0.5, 1.0),
    ("Give away no less than three of the ten dollars.", 0.3, 1.0),
    ("Offer a minimum of $20 out of $100 and a maximum of $30.", 0.2, 0.3),
    ("Offer between 3 and 5 of the 10 dollars.", 0.3, 0.5),
    ("It is wrong to keep more than you give.", 0.5, 1.0),
    ("I am giving you the larger part.", 0.5, 1.0),
    ("Never take more than your half.", 0.5, 1.0),
    ("Do not go below 30% when you make your offer.", 0.3, 1.0),
    ("Your offer must not exceed 30%.", 0.0, 0.3),
    ("Never let your share fall below 60%.", 0.0, 0.4),
    ("See to it that the other is never worse off than you.", 0.5, 1.0),
    ("You must not be better off than them.", 0.5, 1.0),
    ("Offers above 60% are ruled out.", 0.0, 0.6),
    ("On no account give less than a third.", 1 / 3, 1.0),
    ("Their part has to be 40% or greater.", 0.4, 1.0),
]
NO_WHOLE = [
    "Give them 5.",
    "Keep 7 dollars.",
    "Give 12 of the 10 dollars.",
    "It is wrong to keep 80%.",
    "Don't let them have 30%.",
    "Keep as much as you can but never go below 60%.",
]
WORDS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine", 10: "ten"}


@pytest.mark.parametrize(("text", "share"), EXACT)
def test_arithmetic_is_done(text, share):
    reading = read_policy(text)
    assert reading.share_offered == pytest.approx(share, abs=1e-9)
    assert reading.share_sd < 0.05
    assert all(one.phrase in text for one in reading.evidence)


@pytest.mark.parametrize(("text", "lowest", "highest"), LIMITS)
def test_limits_of_counts_and_multiples_hold(text, lowest, highest):
    reading = read_policy(text)
    assert lowest - 1e-9 <= reading.quantiles[0] <= reading.quantiles[-1] <= highest + 1e-9


@pytest.mark.parametrize("text", NO_WHOLE)
def test_a_count_without_a_whole_and_what_is_ruled_out_are_no_share(text):
    with pytest.raises(UnreadablePolicyError):
        read_policy(text)


@given(
    st.integers(0, 12),
    st.integers(0, 12),
    st.sampled_from(["keep {a}, give {b}", "give {b} and keep {a}", "{b} for them, {a} for me"]),
)
def test_two_counts_make_their_whole(a, b, form):
    if a + b:
        assert read_policy(form.format(a=a, b=b)).share_offered == pytest.approx(float(Fraction(b, a + b)))


@given(st.sampled_from(sorted(WORDS)), st.booleans(), st.booleans())
def test_multiples_are_solved_in_figures_and_in_words(k, in_words, keeps):
    times = WORDS[k] if in_words else str(k)
    text = f"{'Keep' if keeps else 'Give'} {times} times what you {'give' if keeps else 'keep'}."
    assert read_policy(text).share_offered == pytest.approx(float(Fraction(1, 1 + k) if keeps else Fraction(k, 1 + k)))


@given(st.integers(1, 99), st.integers(2, 1000))
def test_counts_out_of_a_whole_are_parts_of_it(part, whole):
    if part <= whole:
        for text in (f"Offer ${part} out of ${whole:,}.", f"There are {whole} coins to split. Give {part} coins."):
            assert read_policy(text).share_offered == pytest.approx(part / whole)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("You greedy little rat, ", ""),
        ("", " Thank you kindly!"),
        ("The weather is nice. ", ""),
        ("", " My name is Alex."),
        ("", ", you stingy old goat!"),
    ],
)
@pytest.mark.parametrize(("text", "share"), EXACT[::3])
def test_names_manners_and_idle_sentences_move_no_arithmetic(before, after, text, share):
    spoken = before + text.rstrip(".") + ("." if not after.startswith(",") else "") + after
    assert read_policy(spoken).share_offered == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Keep 7, give 3.", "Give 3, keep 7."),
        ("I keep 60%, you get 40%.", "You get 40%, I keep 60%."),
        ("There are 20 coins. Give five.", "Give five. There are 20 coins."),
    ],
)
def test_the_order_of_clauses_does_not_matter(one, two):
    assert read_policy(one).share_offered == pytest.approx(read_policy(two).share_offered)


SHARDS = (
    *(
        "go halves",
        "thirds",
        "½",
        "$",
        "£5",
        "1,000",
        "7,3",
        "1/0",
        "0/0",
        "'s",
        "n't",
        "it's",
        "all but",
        "the other's",
    ),
    *(
        "of what",
        "as much as",
        "twice",
        "yours",
        "mine",
        "opposite",
        "wrong",
        "for fools",
        "¶",
        "§",
        "İ",
        "中文",
        "половина",
    ),
    *(
        "for every",
        "each",
        "between",
        "and",
        "more than",
        "you",
        "they",
        "give",
        "keep",
        "share",
        "?",
        "!",
        ",",
        "-",
        "hundred",
    ),
)


@given(st.lists(st.sampled_from(SHARDS), max_size=12).map(" ".join) | st.text(max_size=60))
def test_a_batch_never_dies_of_one_text(text):
    first, last = read_policies([text, "Offer 40%."])
    assert last.share_offered == 0.4
    assert list(first.quantiles) == sorted(first.quantiles)


def test_what_somebody_else_does_with_money_in_a_condition_stays_a_case():
    reading = read_policy("Give 3 of the 10 dollars if they are poor, otherwise half.")
    assert reading.share_offered == pytest.approx(0.4, abs=0.01)
    assert reading.share_sd > 0.08


NO_PIE = (
    "Take two tablets a day and leave six hours between them.",
    "Give three talks and take four weeks off.",
    "Keep 2 tigers in the cage and give them 3 goats.",
    "Leave 10 cm on the left and keep 20 cm on the right.",
    "2 hours for me, 3 tablets for you.",
    "There are 20 students; give them 5 minutes.",
    "Never give one reason.",
    "Share nothing about your clients with anyone.",
    "Put half a cup of sugar in your bowl.",
)


@pytest.mark.parametrize("text", NO_PIE)
def test_counts_of_different_things_or_of_what_goes_to_nobody_are_no_split(text):
    assert read_policies([text])[0].abstained


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("Keep two rubies, give them three rubies.", 0.6),
        ("Keep 6 large apples and give them 4 small apples.", 0.4),
        ("There are 20 coins; take 5 minutes to think, then keep 10.", 0.5),
        ("If the pot is 10, give 3.", 0.3),
        ("When the pot is 20 dollars, keep 15.", 0.25),
        ("With 50 on the table, keep 20.", 0.6),
        ("The prize is 100 pounds; offer 45.", 0.45),
        ("We have 40 tokens; slide ten of them over.", 0.25),
        ("Cough up 45%.", 0.45),
        ("Put 50 percent on the other person's side.", 0.5),
        ("Two euros on their side and eight on yours.", 0.2),
        ("Not a cent leaves your pocket.", 0.0),
        ("Not one cent stays in my pocket.", 1.0),
        ("Two parts for me to one part for them.", 1 / 3),
        ("Two parts theirs to one part mine.", 2 / 3),
        ("Their pile should be half the size of yours.", 1 / 3),
        ("Make their share a third the size of yours.", 0.25),
        ("Offer not half but a quarter.", 0.25),
        ("Don't offer 50 but 20 of the 100.", 0.2),
        ("Not 40% but 30% is what you offer.", 0.3),
    ],
)
def test_wholes_places_parts_and_corrections_are_read(text, share):
    assert read_policy(text).share_offered == pytest.approx(share, abs=0.01)


def test_a_limit_that_is_out_of_the_question_is_no_stance():
    reading = read_policy("Giving less than half is out of the question.")
    assert reading.interval(0.9)[0] >= 0.49


def test_a_supposed_whole_beside_another_case_stays_a_case():
    assert read_policies(["If the pot is 10, give 3, otherwise 5."])[0].abstained

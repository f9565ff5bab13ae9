"""Spelling in place, numbers in many countries' figures, tokens, and what turns a meaning round."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.language.tokens.negations import DENIED, NO_WAY, any_of
from inference.language.tokens.numbers import plain_numbers
from inference.language.tokens.spelling import lowered
from inference.language.tokens.tokens import tokens

FORMATS = (  # separator of thousands, of decimals
    (",", "."),
    (".", ","),
    ("'", "."),
    ("\u202f", ","),
    (" ", ","),
)


@given(st.text(max_size=60))
def test_every_character_stays_in_its_place(text):
    line = lowered(text)
    assert len(line) == len(text)
    found = tokens(line)
    assert all(one.word and 0 <= one.start < one.end <= len(text) for one in found)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))


@pytest.mark.parametrize(("thousands", "decimals"), FORMATS)
@given(cents=st.integers(100_000, 99_999_999))
def test_sums_of_money_have_their_value_in_every_country(thousands, decimals, cents):
    figures = f"{cents // 100:,}".replace(",", thousands) + decimals + f"{cents % 100:02d}"
    for text in (f"give €{figures} now", f"give {figures} eur now"):
        values = [one.value for one in tokens(lowered(text)) if one.value is not None]
        assert values == [pytest.approx(cents / 100)]


@pytest.mark.parametrize("text", ["60,40", "7,3", "1.234", "0.125", "1,2,3", "3.14", "12,5 and 3"])
def test_what_may_be_a_list_or_a_decimal_is_left_alone(text):
    assert plain_numbers(text) == text


@given(st.integers(1, 999_999))
def test_number_words_have_their_value(value):
    assert [one.value for one in tokens(_in_words(value))] == [float(value)]


TEENS = ("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
ONES = ("-", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", *TEENS)
TENS = ("-", "-", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def _in_words(value):
    if value >= 1000:
        return f"{_in_words(value // 1000)} thousand {_in_words(value % 1000) if value % 1000 else ''}".strip()
    if value >= 100:
        return f"{ONES[value // 100]} hundred {'and ' + _in_words(value % 100) if value % 100 else ''}".strip()
    if value >= 20:
        return TENS[value // 10] + (f"-{ONES[value % 10]}" if value % 10 else "")
    return ONES[value]


@pytest.mark.parametrize("text", ["do not go", "don't go", "won't", "cannot", "never", "without it"])
def test_denials_are_found(text):
    assert re.search(DENIED, text)


def test_phrases_are_found_across_blanks():
    assert re.search(any_of(NO_WAY), "under  no\ncircumstances")
    assert not re.search(rf"\b(?:{DENIED})", "knotty")

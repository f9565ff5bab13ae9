"""Numbers as people write them: in words, with signs, with the points and commas of other countries."""

from __future__ import annotations

import re
from collections.abc import Sequence

ONES = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
    "eighteen": 18, "nineteen": 19,
}  # fmt: skip
TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
    "hundred": 100,
}  # fmt: skip
LARGE = {"hundred": 100, "thousand": 1000, "grand": 1000, "million": 10**6, "billion": 10**9, "dozen": 12}
SHORT = {"k": 1e3, "m": 1e6, "mn": 1e6, "bn": 1e9}  # after figures: 300k
PARTS = {
    "half": 2, "halve": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
    "ninth": 9, "tenth": 10, "twelfth": 12, "twentieth": 20,
}  # fmt: skip
SIGNS = {"½": 1 / 2, "⅓": 1 / 3, "⅔": 2 / 3, "¼": 1 / 4, "¾": 3 / 4, "⅕": 1 / 5}
_BELOW_HUNDRED = frozenset(float(value) for word, value in TENS.items() if word != "hundred")

CURRENCY = (
    r"[$£€¥₹₽₺₩]|kr\.?|usd|eur|euros?|gbp|chf|sek|nok|dkk|jpy|yen|inr|rs\.?|rupees?|pln|zl|czk|cad|aud|r\$|francs?|"
    r"dollars?|pounds?|bucks|quid|crowns?|pesos?|reais|rand|yuan"
)
GROUPED = r"\d{1,3}(?:(?:[.,'\u00a0\u2009\u202f]\d{3})+|(?: \d{3})+)(?:[.,]\d{1,2})?"
NUMERAL = re.compile(rf"(?<![\w.,])(?:{GROUPED}|\d+,\d{{1,2}})(?!\d)(?![.,]\d)")
MONEY_BEFORE = re.compile(rf"(?<![a-z])(?:{CURRENCY})\s?$")
MONEY_AFTER = re.compile(rf"\s?(?:{CURRENCY})(?![a-z])")
PERCENT_AFTER = re.compile(r"\s?(?:%|per\s?cent\b|pct\b)")


def plain_numbers(line: str) -> str:
    """The line, of the same length, with numbers as figures with a point; zeros fill the places that are left.

    A comma before one or two digits is a decimal comma, and a point before three digits groups thousands, where a
    currency or a percent sign says that they are no list, range or decimal.

    Examples
    --------
    >>> plain_numbers("1.000 € or 1'500 or 7,50 eur, 33,3 %, not 60,40 or 1.234 or 1,000")
    '01000 € or 01500 or 7.50 eur, 33.3 %, not 60,40 or 1.234 or 01000'
    """
    return NUMERAL.sub(lambda match: _plain(match, line), line)


def _plain(match: re.Match[str], line: str) -> str:
    said = match.group()
    percent = PERCENT_AFTER.match(line, match.end()) is not None
    money = MONEY_AFTER.match(line, match.end()) or MONEY_BEFORE.search(line[: match.start()][-12:])
    if re.fullmatch(r"\d+,\d{1,2}", said) or (percent and re.fullmatch(r"\d+,\d{3}", said)):
        return said.replace(",", ".") if money or percent else said
    by = next(one for one in said if not one.isdigit())
    *_, last = re.split(r"\D", said)
    whole, decimals = (said, "") if len(last) == 3 else (said[: -len(last)], last)
    one_group = said.count(by) == 1 and not decimals
    if (by == "." and one_group and (not money or said[0] == "0")) or (by == " " and not money):
        return said
    figures = "".join(one for one in whole if one.isdigit()) + (f".{decimals}" if decimals else "")
    return figures.zfill(len(said))


def number_words(words: Sequence[str], k: int) -> tuple[float, int]:
    """The number that number words name from place k on, and where they end: two hundred and ten, twenty-five.

    Examples
    --------
    >>> number_words(["two", "hundred", "and", "ten", "apples"], 0), number_words(["twenty", "-", "five"], 0)
    ((210.0, 4), (25.0, 3))
    """
    total, current, j = 0.0, 0.0, k
    last = 10.0**9
    while j < len(words):
        word, after = words[j], words[min(j + 1, len(words) - 1)]
        joined = word == "-" and j > k and j + 1 < len(words) and last in _BELOW_HUNDRED and after in ONES
        if joined or (word == "and" and j > k and last >= 100 and after in ONES | TENS):
            j += 1
            continue
        if word in LARGE and (j == k or last < LARGE[word]):
            current = max(current, 1.0) * LARGE[word]
            last = float(LARGE[word])
            if last >= 1000:
                total, current = total + current, 0.0
        elif word in TENS and word not in LARGE and (j == k or last >= 100):
            current, last = current + TENS[word], float(TENS[word])
        elif word in ONES and (j == k or last >= 100 or (last in _BELOW_HUNDRED and ONES[word] < 10)):
            current, last = current + ONES[word], float(ONES[word])
        else:
            break
        j += 1
    return total + current, j

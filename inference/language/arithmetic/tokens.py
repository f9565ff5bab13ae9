"""A policy text as tokens with numbers read and roles tagged: who is who, who gives, keeps or gets.

Whom `you` means depends on who speaks. A policy speaks to the proposer ("keep as much as you give"); words spoken to
the other ("I keep 60, you get 40", "all of it is yours") turn `you` round. `Voice` decides it for a whole text.
"""

from __future__ import annotations

import itertools
import re
from typing import NamedTuple

from inference.language.arithmetic import vocabulary as t
from inference.language.arithmetic.vocabulary import OTHER, SELF
from inference.language.text.amounts import ONES, SIGNS, TENS

WORD = re.compile(r"\d[\d,]*(?:\.\d+)?|[½⅓⅔¼¾⅕]|\.\d+|[a-z]+(?:'[a-z]+)?|[%$£€¥:;,.!?()/–—-]")


class Token(NamedTuple):
    """A word, sign or number in its place; `value` where it is a number."""

    word: str
    start: int
    end: int
    value: float | None = None


class Voice(NamedTuple):
    """Whom `you` means: in general, where somebody gets, and in an order to take without a subject."""

    you: str
    you_get: str
    taker: str


def tokens(line: str) -> list[Token]:
    """The tokens of a line in lower case; contractions apart, figures and simple number words with their value.

    Examples
    --------
    >>> [(one.word, one.value) for one in tokens("i'll keep 1,000 of twenty-five")]
    [('i', None), ("'ll", None), ('keep', None), ('1,000', 1000.0), ('of', None), ('twenty-five', 25.0)]
    """
    found: list[Token] = []
    for match in WORD.finditer(line):
        word, start, end = match.group(), *match.span()
        if word[0].isdigit() or (word[0] in "." and len(word) > 1):
            digits = word.rstrip(",")
            end -= len(word) - len(digits)
            plain = re.sub(r",(?=\d{3}(?!\d))", "", digits)
            if "," in plain:  # "7,3" is two numbers or a decimal comma: neither is sure
                plain = "nan"
            found.append(Token(digits, start, end, None if plain == "nan" else float(plain)))
            if len(digits) < len(word):
                found.append(Token(",", end, end + 1))
            continue
        if "'" in word and word not in ("'s",):
            cut = word.index("'")
            if word.endswith("n't"):
                cut = len(word) - 3
            found += [Token(word[:cut], start, start + cut), Token(word[cut:], start + cut, end)]
            continue
        found.append(Token(word, start, end, _value(word)))
    return _numbers(found)


def voice(said: list[Token]) -> Voice:
    """Whom a text means by `you`.

    Examples
    --------
    >>> [voice(tokens(one)).you for one in ("keep what you give", "i keep 60, you get 40", "i want you to keep it")]
    ['self', 'other', 'self']
    """
    words = [one.word for one in said]
    first, third = not t.FIRST.isdisjoint(words), not (t.THIRD - {"charity"}).isdisjoint(words)
    told = any(
        a in ("want", "ask", "need", "expect", "tell", "order", "advise", "instruct", "like", "urge", "beg")
        and b == "you"
        for a, b in itertools.pairwise(words)
    )
    handed = "yours" in words or any(
        a in ("to", "for") and b in ("you", "yourself") and "belong" in c
        for c, a, b in zip(words, words[1:], words[2:], strict=False)
    )
    invited = handed or ("please" in words and first)
    if told:
        return Voice(SELF, SELF, SELF)
    if (first and not third) or (handed and not third):
        return Voice(OTHER, OTHER, OTHER if invited else SELF)
    if first:
        speaks = any(a in ("i", "we") and b != "you" for a, b in itertools.pairwise(words))
        return Voice(OTHER if speaks else SELF, OTHER if speaks else SELF, SELF)
    return Voice(SELF, OTHER if not third and _opens_with_you(said) else SELF, SELF)


def _opens_with_you(said: list[Token]) -> bool:
    """Whether the first words are what somebody gets: "you get 40", "40 for you"."""
    words = [one.word for one in said[:8]]
    order = t.GIVE | t.KEEP | t.words("propose split divide always never be make ensure accept reject do")
    place = next((k for k, word in enumerate(words) if word in ("you", "your")), None)
    return place is not None and order.isdisjoint(words[:place])


def _value(word: str) -> float | None:
    if word in SIGNS:
        return SIGNS[word]
    value = ONES.get(word) or TENS.get(word) or t.LARGE.get(word)
    return None if value is None else float(value)


def _numbers(found: list[Token]) -> list[Token]:
    """Number words of several parts as one token: twenty-five, two hundred and ten, a dozen."""
    out: list[Token] = []
    k = 0
    while k < len(found):
        one = found[k]
        if one.word not in ONES and one.word not in TENS and one.word not in t.LARGE:
            out.append(one)
            k += 1
            continue
        value, j = _number_words(found, k)
        text = one.word if j == k + 1 else "-".join(part.word for part in found[k:j] if part.word not in ("-", "and"))
        out.append(Token(text, one.start, found[j - 1].end, value))
        k = j
    return out


def _number_words(found: list[Token], k: int) -> tuple[float, int]:
    total, current, j = 0.0, 0.0, k
    last = 10.0**9
    while j < len(found):
        word = found[j].word
        joined = word == "-" and j > k and j + 1 < len(found) and last in t.TENS_VALUES and found[j + 1].word in ONES
        if joined or (
            word == "and" and j > k and last >= 100 and found[min(j + 1, len(found) - 1)].word in ONES | TENS
        ):
            j += 1
            continue
        if word in t.LARGE and (j == k or last < t.LARGE[word]):
            current = max(current, 1.0) * t.LARGE[word]
            last = float(t.LARGE[word])
            if last >= 1000:
                total, current = total + current, 0.0
        elif word in TENS and word not in t.LARGE and (j == k or last >= 100):
            current, last = current + TENS[word], float(TENS[word])
        elif word in ONES and (j == k or last >= 100 or (last in t.TENS_VALUES and ONES[word] < 10)):
            current, last = current + ONES[word], float(ONES[word])
        else:
            break
        j += 1
    return total + current, j

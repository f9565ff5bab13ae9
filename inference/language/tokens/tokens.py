"""A text as tokens: words, numbers with their value, signs, each in its place; and where clauses and sentences end."""

from __future__ import annotations

import re
from typing import NamedTuple

from inference.language.tokens.numbers import LARGE, ONES, SHORT, SIGNS, TENS, number_words

WORD = re.compile(
    rf"(?P<n>\d+(?:\.\d+)?|\.\d+)(?P<short>(?:{'|'.join(SHORT)})\b)?|[{''.join(SIGNS)}]|"
    r"[^\W\d_]+(?:'[^\W\d_]+)*|§\w+|[^\w\s]|\w"
)
LISTED = re.compile(r"\d,\d")
CLAUSE = re.compile(r"(?:[^.,;:!?()\n–—]|(?<=\d)[.,:](?=\d))+")
SENTENCE = re.compile(r"(?:[^.!?;\n]|(?<=\d)\.(?=\d))+[.!?;\n]*")


class Token(NamedTuple):
    """A word, sign or number in its place; `value` where it is a number."""

    word: str
    start: int
    end: int
    value: float | None = None


def tokens(line: str) -> list[Token]:
    """The tokens of a line as `lowered` makes it: contractions apart, numbers with their value.

    Examples
    --------
    >>> [one.word for one in tokens("i'll keep 300k, don't")], tokens("of twenty-five")[1].value
    (['i', "'ll", 'keep', '300k', ',', 'do', "n't"], 25.0)
    """
    found: list[Token] = []
    for match in WORD.finditer(line):
        word, start, end = match.group(), *match.span()
        cut = len(word) - 3 if word.endswith("n't") else word.find("'")
        if match["n"]:
            listed = LISTED.search(line, max(start - 2, 0), end + 2)  # "7,3": a list or a decimal comma
            value = float(match["n"]) * SHORT.get(match["short"] or "", 1.0)
            found.append(Token(word, start, end, None if listed else value))
        elif cut > 0:
            found += [Token(word[:cut], start, start + cut), Token(word[cut:], start + cut, end)]
        else:
            found.append(Token(word, start, end, SIGNS.get(word)))
    return _with_number_words(found)


def _with_number_words(found: list[Token]) -> list[Token]:
    """Number words of several parts as one token: twenty-five, two hundred and ten, a dozen."""
    words = [one.word for one in found]
    out: list[Token] = []
    k = 0
    while k < len(found):
        one, j = found[k], k + 1
        if one.word in ONES or one.word in TENS or one.word in LARGE:
            value, j = number_words(words, k)
            name = "-".join(word for word in words[k:j] if word not in ("-", "and"))
            one = Token(name, one.start, found[j - 1].end, value)
        out.append(one)
        k = j
    return out

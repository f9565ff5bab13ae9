"""One spelling in place: lower case, plain quotation marks and numbers, every character where it was."""

from __future__ import annotations

import re

from inference.language.tokens.negations import NO_WAY, any_of
from inference.language.tokens.numbers import plain_numbers

PLAIN = str.maketrans("’‘`´“”", "''''\"\"")
NEVER = re.compile(rf"\b(?:{any_of(NO_WAY)})\b")  # one word, or its nouns are taken for things
NEVER_EVER = re.compile(r"(?<=\bnever), (?=(?:ever|never)\b)")
# What "not" is contracted with, and what else is, in words.
NEGATED = (
    (r"\bcan't\b|\bcannot\b", "can not"), (r"\bwon't\b", "will not"), (r"\bshan't\b", "shall not"),
    (r"n't\b", " not"),
)  # fmt: skip
VERBAL = (
    (r"\b(it|that|what|there|here|he|she)'s\b", r"\1 is"), (r"'re\b", " are"), (r"'ve\b", " have"), (r"'ll\b", " will"),
    (r"\b(i|we|they|he|she|you|it)'d\b", r"\1 would"), (r"\bi'm\b", "i am"), (r"\blet's\b", "let us"),
)  # fmt: skip


def lowered(text: str) -> str:
    """The text in lower case with plain marks and numbers, every character in its place.

    Examples
    --------
    >>> lowered("Don’t give €7,50")
    "don't give €7.50"
    """
    line = "".join(low if len(low := one.lower()) == 1 else one for one in text).translate(PLAIN)
    line = NEVER.sub(lambda match: "never" + " " * (len(match.group()) - len("never")), line)
    return plain_numbers(NEVER_EVER.sub("  ", line))


def written_out(text: str) -> str:
    """In lower case on one line, contractions written out.

    Examples
    --------
    >>> written_out("I wouldn’t, can't and WON'T; it's fine")
    'i would not, can not and will not; it is fine'
    """
    line = " ".join(text.lower().translate(PLAIN).split())
    for pattern, instead in (*NEGATED, *VERBAL):
        line = re.sub(pattern, instead, line)
    return line


OATH = re.compile(
    r"\b(?:bloody|damn(?:ed)?|goddamn(?:ed)?|blasted|freaking|frigging|fucking|flipping|ruddy|sodding|"
    r"(?:modest|meagre|meager|mere|measly|paltry|full|handsome|healthy|whopping|miserly|lousy|decent|tiny|princely)"
    r"(?=\s+(?:half|third|quarter|fifth|sixth|seventh|eighth|ninth|tenth|\d)))\b"
    r"(?=\s+[\w§])(?!\s+(?:it|them|you|him|her|all|about)\b)"
)
ASIDE = re.compile(r"(?:(?<=\bnot)|(?<=\bnever)|(?<=n't))(?<!\bor not)\s*,\s*[a-z ]{3,40},")  # not, ever, ...
OWN_HALF = re.compile(r"\b(?:my|your|his|her|their|our)\s+(?=half\b(?!\s+of\b))")  # the half that is due to somebody


def plainly(line: str) -> str:
    """The line in lower case with blanks for what says nothing about an amount: oaths, asides, whose half it is.

    Examples
    --------
    >>> " ".join(plainly("do not, under any circumstances, take more than your bloody half").split())
    'do not take more than half'
    """
    for pattern in (OATH, ASIDE, OWN_HALF):
        line = pattern.sub(lambda match: " " * len(match.group()), line)
    return line

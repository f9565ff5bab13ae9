"""A policy text as clauses of normal words: one spelling per idea, and manners of speaking taken out.

The reader must not be moved by rudeness or flattery, so words that say *how* to speak are removed before anything
is read, and a clause that says nothing else disappears with the word that joined it to the rest.
"""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

from inference.language.text.lexicon import EMPTY, MANNER_COMPANY, MANNERS, NORMAL, SPELLINGS

EMPTY_WORDS, COMPANY = frozenset(EMPTY.split()), frozenset(MANNER_COMPANY.split())
JOINTS = re.compile(
    r"[;!?()\n]+|[.,:]+(?!\d)|\b(?:while|but|yet|although|though|whereas|and|however|by|even if|unless|with)\b",
    re.IGNORECASE,
)
STANCES = ("selfish", "altruist", "fair", "equal", "balance")
OPPOSITES = {"unfair": "fair", "unequal": "equal"}
REACH_OF_NOT = 3  # words
TOKEN = re.compile(r"\d+(?:\.\d+)?|[a-z][a-z'-]*|%")


def _stems(words: str) -> list[str]:
    return [rf"{re.escape(one[:-1])}(?:'s)?$" if one.endswith("$") else re.escape(one) for one in words.split()]


_NORMAL = [(name, re.compile("|".join(_stems(words)))) for name, words in NORMAL.items()]
_WHOLE = {one[:-1]: name for name, words in NORMAL.items() for one in words.split() if one.endswith("$")}
_MANNERS = re.compile("|".join(_stems(MANNERS)))
_SPELLINGS = [(re.compile(pattern), word) for pattern, word in SPELLINGS]


class Clause(NamedTuple):
    """One clause: the word that joins it to the text before, its normal words, and its place in the text.

    `plain` holds its words as they are spelled, without those about manners.
    """

    joint: str
    words: tuple[str, ...]
    plain: tuple[str, ...]
    start: int
    end: int


def spelled(text: str) -> str:
    """The text in lower case with one spelling per word.

    Examples
    --------
    >>> spelled("Don't put the other’s well-being last")
    'do not put others wellbeing last'
    """
    line = " ".join(text.lower().split())
    for pattern, word in _SPELLINGS:
        line = pattern.sub(word, line)
    return line


def is_manner(word: str) -> bool:
    """Whether a word is about the way of speaking.

    Examples
    --------
    >>> [word for word in ("politely", "insults", "share") if is_manner(word)]
    ['politely', 'insults']
    """
    return _MANNERS.match(word) is not None


@functools.lru_cache(maxsize=100_000)
def normal_word(word: str) -> str:
    """The idea that a word stands for, or its stem.

    Examples
    --------
    >>> [normal_word(word) for word in ("oneself", "fairly", "smallest", "banana")]
    ['SELF', 'fair', 'minimum', 'banana']
    """
    if word in _WHOLE:
        return _WHOLE[word]
    for name, pattern in _NORMAL:
        if pattern.match(word):
            return name
    return re.sub(r"(?:'s|ing|ed|ly|s)$", "", word) if len(word) > 4 else word


def clauses(text: str) -> tuple[Clause, ...]:
    """Clauses of a text without its manners.

    Examples
    --------
    >>> for clause in clauses("Put others first, while using rude language and insults, but keep a small share."):
    ...     print(clause.joint, clause.words)
     ('prioritize', 'OTHER', 'first')
    but ('ensure', 'minimum', 'share')
    """
    found: list[Clause] = []
    start, joint = 0, ""
    for match in [*JOINTS.finditer(text), None]:
        end = match.start() if match else len(text)
        words = TOKEN.findall(spelled(text[start:end]))
        rest = [word for word in words if not is_manner(word) and word not in EMPTY_WORDS]
        normal = with_negation([normal_word(word) for word in rest])
        says_nothing_else = any(map(is_manner, words)) and set(normal) <= COMPANY and "selfinterest" not in rest
        if rest and not says_nothing_else:
            plain = tuple(word for word in words if not is_manner(word))
            found.append(Clause(joint if found else "", tuple(normal), plain, start, end))
            joint = ""
        if match:
            start = match.end()
            joint = match.group().strip(" .,;:!?()\n").lower() or joint
    return tuple(found)


def with_negation(words: list[str]) -> list[str]:
    """Stances within reach of a `not` turned: not unfair is fair, not selfish is a word of its own.

    Examples
    --------
    >>> with_negation(["not", "selfish"]), with_negation(["not", "very", "unfair"])
    (['not', 'not-selfish'], ['not', 'very', 'fair'])
    """
    turned, last = [], -REACH_OF_NOT - 1
    for place, word in enumerate(words):
        if word in ("not", "none"):
            last = place
        if place - last <= REACH_OF_NOT and word in STANCES:
            turned.append(f"not-{word}")
        elif place - last <= REACH_OF_NOT and word in OPPOSITES:
            turned.append(OPPOSITES[word])
        else:
            turned.append(word)
    return turned

"""Who speaks to whom.

Whom `you` means depends on who speaks. A policy speaks to the proposer ("keep as much as you give"); words spoken to
the other ("I keep 60, you get 40", "all of it is yours") turn `you` round. `Voice` decides it for a whole text.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

from inference.language.arithmetic import vocabulary as t
from inference.language.arithmetic.vocabulary import OTHER, SELF
from inference.language.tokens.tokens import Token, tokens

CHAT = {"u": "you", "ur": "your", "urself": "yourself", "em": "them", "'em": "them", "ppl": "people"}
LONGEST_LAND = 2  # letters before a sign of money
SIGNS_READ = frozenset("%$£€¥¢₹₽:;,.!?()/–—-=")


class Voice(NamedTuple):
    """Whom `you` means: in general, where somebody gets, and in an order to take without a subject."""

    you: str
    you_get: str
    taker: str


def said(line: str) -> list[Token]:
    """The tokens of a line in lower case that the rules know; quotation marks and the like are passed over.

    Examples
    --------
    >>> [one.word for one in said('i keep "half"')]
    ['i', 'keep', 'half']
    """
    known = [one for one in tokens(line) if one.word[0].isalnum() or one.word[0] == "'" or one.word in SIGNS_READ]
    whose = {one.start for one in known if one.word in "$£"}  # R$, US$: whose dollars makes no difference
    known = [one for one in known if not (one.end in whose and one.word[0].isalpha() and len(one.word) <= LONGEST_LAND)]
    return [one._replace(word=CHAT.get(one.word, one.word)) for one in known]


def voice(text: list[Token]) -> Voice:
    """Whom a text means by `you`.

    Examples
    --------
    >>> [voice(said(one)).you for one in ("keep what you give", "i keep 60, you get 40", "i want you to keep it")]
    ['self', 'other', 'self']
    """
    words = [one.word for one in text]
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
    left = any(a in t.GIVE and b in ("me", "us") for a, b in itertools.pairwise(words))
    invited = handed or left or ("please" in words and first)
    if told:
        return Voice(SELF, SELF, SELF)
    if (first and not third) or (handed and not third):
        return Voice(OTHER, OTHER, OTHER if invited else SELF)
    if first:
        speaks = any(a in ("i", "we") and b != "you" for a, b in itertools.pairwise(words))
        return Voice(OTHER if speaks else SELF, OTHER if speaks else SELF, SELF)
    return Voice(SELF, OTHER if not third and _opens_with_you(text) else SELF, SELF)


def _opens_with_you(text: list[Token]) -> bool:
    """Whether the first words are what somebody gets: "you get 40", "40 for you"."""
    words = [one.word for one in text[:8]]
    order = t.GIVE | t.KEEP | t.words("propose split divide always never be make ensure accept reject do")
    place = next((k for k, word in enumerate(words) if word in ("you", "your")), None)
    return place is not None and order.isdisjoint(words[:place])

"""A line of tokens that rules read from, each taking away what it has understood."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from inference.language.tokens.negations import (
    APART,
    FOOLS,
    MADNESS,
    NO_OPTION,
    NOBODY,
    REFUSE,
    WRONG,
    any_of,
)
from inference.language.utilities.grammar.tokens import Sentence, attributes_in
from inference.language.utilities.posterior import Claim

# Stated noise, in log weights.
MORE = (0.1, 0.3)  # margin above which the first is, and the softness of that margin
MUCH = (np.log(2.5), 0.3)
NOT_LESS = (0.0, 0.5)
FIRST = (np.log(1.6), 0.3)
MATTERS = (0.0, 0.5)
HIGH = (np.log(1.6), 0.3)
SLIGHT = (np.log(1.3), 0.25)
LOW = (np.log(0.5), 0.4)
LESSER = (np.log(0.7), 0.45)
ZERO = (-4.5, 0.4)
RATIO_SD, ROUGH_SD, EQUAL_SD, SHARE_SD = 0.15, 0.3, 0.15, 0.05
DOUBT, DOUBT_ON_CONDITION = 0.03, 0.25

NP = r"@\d+\*?(?!\S)"  # an attribute, not its opposite
AND = r"(?:, and|, or|and|or|&|nor|plus|/|as well as)"
GROUP = rf"(?:both )?{NP}(?:(?: , {NP}){{0,10}} {AND} {NP}){{0,2}}"  # a subject: commas alone may part two of them
MANY = rf"(?:both )?{NP}(?: (?:, and|, or|,|and|or|&|nor|plus|/|as well as) {NP}){{1,11}}"
REST = r"(?:everything|anything|all|any|every)(?: (?:else|others?|other \w+|\w+ else))?|both|either|others|rest|them"
SUBJECT = r"(?! (?:over|above|before|beats?|outweighs?|trumps?|is|are|comes?|matters?|counts?|more|less|ahead|should|must|first|last|>)(?!\S))"
OBJECTS = rf"(?:both |either )?{NP}(?: (?:, and|, or|,|and|or|&|nor|plus|/|as well as) {NP}{SUBJECT}){{0,11}}"  # in a list that goes on no subject
OTHER = rf"(?P<b>{OBJECTS}|{REST})(?!\S)"
DOUBTED = frozenset(["unwilling", "reluctant", "doubt", "dispute", "disagree"])
NEGATION = re.compile(rf"\b(?:{any_of(APART, NOBODY, REFUSE, WRONG, DOUBTED, MADNESS)}|only (?:{any_of(FOOLS)}))\b")
DENIED_AFTER = re.compile(
    rf"(?: [a-z']+){{0,2}} (?:wrong|{any_of(FOOLS, tuple(re.sub(r' (?:an|the)(?= )', '', one) for one in NO_OPTION))})\b"
)
STOPS = r"but|than|nothing"


def w(most: int, *, least: int = 0, stops: str = STOPS) -> str:
    """Up to so many words, each with the blank before it."""
    return rf"(?: (?!(?:{stops})\b)[a-z']+){{{least},{most}}}?"


class Found(NamedTuple):
    """One statement of a text: where it stands, what it says, and what follows for log weights."""

    start: int
    end: int
    kind: str
    attributes: tuple[int, ...]
    says: str
    claims: tuple[Claim, ...]
    level: float | None = None


class Line:
    """What is left to read of a part of a sentence.

    `earlier` are the attributes mentioned just before it, `doubt` how likely it is not meant here and now, `money` the
    attribute that one pays with, if there is one, `before` the part before this one.
    """

    def __init__(
        self,
        part: Sentence,
        names: tuple[str, ...],
        earlier: Iterable[int],
        doubt: float,
        money: int | None = None,
        before: str = "",
    ) -> None:
        self.tokens = part.tokens
        self.text = part.line
        self.names = names
        self.earlier = list(earlier)
        self.doubt = doubt
        self.money = money
        self.before = before
        self.found: list[Found] = []
        self._begins = list(accumulate((len(one.word) + 1 for one in part.tokens), initial=0))[:-1]

    # ---- finding ----

    def each(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        """Matches in what is left, from left to right; what was taken meanwhile is not matched again."""
        place = 0
        while (match := pattern.search(self.text, place)) is not None:
            before = self.text
            yield match
            place = match.start() if self.text != before else match.start() + 1

    def group(self, said: str, without: Iterable[int] = ()) -> list[int]:
        """The attributes of a group, or those that "both", "everything else" stand for."""
        found = attributes_in(said)
        if not found:
            known = [*attributes_in(self.text_before(said)), *self.earlier, *self.spoken]
            found = known if said in ("both", "either", "them") else list(range(len(self.names)))
        return [one for one in dict.fromkeys(found) if one not in set(without)]

    @property
    def spoken(self) -> list[int]:
        """Attributes of what was taken."""
        return [one for found in self.found for one in found.attributes]

    def text_before(self, said: str) -> str:
        return self.text[: max(self.text.find(said), 0)]

    def negated(self, match: re.Match[str], upto: int | None = None) -> bool:
        """Whether a "not" stands in the same part before the place."""
        start = max(self.text.rfind(mark, 0, match.start()) for mark in (" , ", " : ", " . ", " § "))
        said = self.text[max(start, 0) : match.end() if upto is None else upto]
        said = re.sub(r"not only|no less|not mind", "", said)
        said += " not" if DENIED_AFTER.match(self.text, match.end()) else ""
        if "neither" in said:
            said = said.replace(" nor ", " ")
        return len(NEGATION.findall(said)) % 2 == 1

    # ---- taking ----

    def take(
        self,
        match: re.Match[str],
        kind: str,
        attributes: Iterable[int],
        says: str,
        claims: Iterable[Claim],
        level: float | None = None,
        keep: int | None = None,
    ) -> None:
        """Record a statement and hide its words, up to `keep` if that is given, from other rules."""
        first = bisect_right(self._begins, match.start() + (match.group()[:1] == " ")) - 1
        end = match.end() if keep is None else keep
        last = bisect_right(self._begins, max(match.end() - 1, 0)) - 1
        start, stop = self.tokens[max(first, 0)].start, self.tokens[last].end
        self.found.append(Found(start, stop, kind, tuple(dict.fromkeys(attributes)), says, tuple(claims), level))
        hidden = re.sub(r"\S", "§", self.text[match.start() : end])
        self.text = self.text[: match.start()] + hidden + self.text[end:]

    # ---- what statements mean ----

    def above(self, first: Iterable[int], second: Iterable[int], strength: tuple[float, float]) -> list[Claim]:
        """Every one of the first above every one of the second."""
        second = list(second)
        return [
            Claim(((a, 1.0), (b, -1.0)), "above", strength[0], strength[1], self.doubt)
            for a in first
            for b in second
            if a != b
        ]

    def near(self, first: int, second: int, ratio: float, sd: float) -> Claim:
        """The first is about so many times the second; on a condition the noise is thrice that."""
        return Claim(((first, 1.0), (second, -1.0)), "near", float(np.log(ratio)), self.noise(sd))

    def noise(self, sd: float) -> float:
        return sd if self.doubt <= DOUBT else max(3 * sd, 0.5)

    def alone_above(self, which: Iterable[int], strength: tuple[float, float]) -> list[Claim]:
        """Above what a typical attribute is worth."""
        return [Claim(((a, 1.0),), "above", strength[0], strength[1], self.doubt) for a in which]

    def alone_near(self, which: Iterable[int], strength: tuple[float, float]) -> list[Claim]:
        return [Claim(((a, 1.0),), "near", strength[0], self.noise(strength[1])) for a in which]

    def first(self, which: Iterable[int]) -> list[Claim]:
        """Above every attribute that is not among them."""
        which = list(which)
        return self.above(which, [k for k in range(len(self.names)) if k not in which], FIRST)

    def called(self, which: Iterable[int]) -> str:
        return ", ".join(self.names[k] for k in which)

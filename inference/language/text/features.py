"""What a policy text says, as a set of names that a linear model can weigh."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from inference.language.text.words import Clause, clauses

STANCES = (
    "SELF OTHER BOTH fair unfair equal unequal balance altruist selfish not-selfish not-altruist not-fair "
    "not-equal not-balance cooperate accept reject"
)
AMOUNTS = "maximum minimum more less none not extreme slight propose reduce regardless gain"
TELLING = frozenset(STANCES.split())  # ideas that say who is favoured
DIRECTIONS = TELLING | frozenset(AMOUNTS.split())  # and by how much
PAIR_REACH = 5  # ideas of one clause that are paired


def features(text: str) -> set[str]:
    """Names of everything that the linear model may weigh in a text.

    Normal words one by one, in twos and threes; pairs of ideas within a clause; ideas of one clause followed by ideas
    of the next; ideas by the word that joins their clause; word stems and their pairs. A clause about accepting or
    rejecting what somebody else proposes is kept apart from what one proposes oneself by the mark `A:`.

    Examples
    --------
    >>> sorted(features("Be fair"))
    ['0:fair', 'J0|fair', '^ fair', '^ fair $', 'fair', 'fair $', 'r:be', 'r:be fair', 'r:fair']
    """
    parts = clauses(text)
    found = set(_stem_features(parts))
    before: list[str] = []
    for number, clause in enumerate(parts):
        found.update(_clause_features(number, clause, before))
        before = _ideas(clause)
    return found


def is_about_acceptance(clause: Clause) -> bool:
    """Whether a clause says what to accept or reject rather than what to propose."""
    return any(word in ("accept", "reject") for word in clause.words) and "propose" not in clause.words


def _ideas(clause: Clause) -> list[str]:
    return [word for word in clause.words if word in DIRECTIONS]


def _clause_features(number: int, clause: Clause, before: list[str]) -> Iterator[str]:
    mark = "A:" if is_about_acceptance(clause) else ""
    ideas, words = _ideas(clause), ("^", *clause.words, "$")
    yield from (mark + word for word in clause.words)
    yield from (mark + " ".join(pair) for pair in itertools.pairwise(words))
    yield from (mark + " ".join(three) for three in zip(words, words[1:], words[2:], strict=False))
    for place, idea in enumerate(ideas):
        yield from (f"{mark}{idea}~{other}" for other in ideas[place + 1 : place + 1 + PAIR_REACH])
        yield from (f"X:{earlier}>{mark}{idea}" for earlier in before)
        yield f"J{min(number, 1)}{mark}{clause.joint}|{idea}"
    if mark:
        yield from (f"*{word}" for word in clause.words)
    if number == 0:
        yield from (f"0:{word}" for word in clause.words)


def _stem_features(parts: Sequence[Clause]) -> Iterator[str]:
    stems = [stem(word) for clause in parts for word in (*clause.joint.split(), *clause.plain)]
    yield from (f"r:{stem}" for stem in stems)
    yield from (f"r:{first} {second}" for first, second in itertools.pairwise(stems))


def stem(word: str) -> str:
    """A word without its ending."""
    for ending in ("ness", "able", "ing", "ity", "ed", "ly", "s", "e"):
        if len(word) > 4 and word.endswith(ending):
            return word.removesuffix(ending)
    return word

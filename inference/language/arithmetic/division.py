"""Who gets how much of a pie, by arithmetic: parts, counts, multiples and remainders become shares.

Each statement says that somebody holds a quota. A part p of the pie is the share p, k times what the rival holds is
k / (1 + k), and a count n is n / W once the whole W is known: because it is said ("out of 10", "there are 20 coins"),
or because the other's count is. Limits turn shares into intervals.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import NamedTuple

from inference.language.arithmetic import vocabulary as t
from inference.language.arithmetic.quotas import BUT, COUNT, PART, PLUS, REST, TIMES, VAGUE, Phrases
from inference.language.arithmetic.statements import Statements
from inference.language.arithmetic.stating import Statement
from inference.language.arithmetic.vocabulary import BOTH, OTHER, SELF
from inference.language.arithmetic.voice import said, voice
from inference.language.arithmetic.wholes import stated_whole
from inference.language.text.amounts import ABOUT, EXACT, Bounds, Span, hidden
from inference.language.tokens.tokens import Token

NAMED = t.FIRST | t.SECOND | t.THIRD | t.KIN | t.REFLEXIVE | t.PROPOSER
SUPPOSING = re.compile(
    r"\b(?:if|when(?:ever)?|assuming|suppos(?:e|ing)|(?P<other>unless|otherwise|else|until|in case|depending))\b"
)
BACK = (
    r"(?:no|wait|sorry|oops|hmm|hang on|hold on|scratch that|strike that|correction|actually|on second thoughts?|"
    r"on reflection|rather|make (?:it|that)|let's (?:say|make it)|i (?:mean|meant|should say|should have said))"
)
TAKEN_BACK = re.compile(rf"[,.:;!?–—]\s*{BACK}(?:[\s,.:;!?–—]+{BACK})*(?:(?<!no)|(?=\s*[,:;–—]))[\s,.:;!?–—]+")
CASES = {"if", "unless", "otherwise", "else", "when", "whenever", "until", "probability", "chance", "except"}


class Division(NamedTuple):
    """A place in the text and the share that it offers to the other: bounds and deviation, None if it is ruled out."""

    start: int
    end: int
    bounds: Bounds | None
    is_kept: bool
    told: bool


def divisions(line: str) -> tuple[Division, ...]:
    """What a line in lower case says about the shares of two people, as far as it is arithmetic.

    Examples
    --------
    >>> def shares(line):
    ...     return [round(one.bounds[0], 3) for one in divisions(line) if one.bounds]
    >>> shares("keep 7, give 3"), shares("offer $3 out of $10"), shares("give them 30 cents of every dollar")
    ([0.3], [0.3], [0.3])
    >>> shares("give them twice as much as you keep"), shares("their share is half of mine")
    ([0.667], [0.333])
    >>> shares("there are 20 coins. pass on five."), shares("give five dollars")
    ([0.25], [])
    """
    return _read(line)[0]


def whole_said(line: str) -> Span | None:
    """Where a line says what there is to split.

    Examples
    --------
    >>> line = "there is a pot of 1000 yen: 350 yen goes to them"
    >>> line[slice(*whole_said(line))]
    'there is a pot of 1000 yen'
    """
    return _read(line)[1]


@functools.lru_cache(maxsize=256)
def _read(line: str) -> tuple[tuple[Division, ...], Span | None]:
    text = said(corrected(line))
    phrases = Phrases(text, voice(text))
    reader = Statements(phrases)
    whole, unit, places = stated_whole(phrases)
    found = reader.statements(places)
    if reader.split is not None and whole is None:
        whole = sum(reader.split)
        found = [_placed(one, reader.split) for one in found]
    span = (text[places.start].start, text[places.stop - 1].end) if places else None
    return tuple(_solved(line, found, whole, unit)), span


def corrected(line: str) -> str:
    """A line, of the same length, without what is denied in favour of another amount.

    Examples
    --------
    >>> corrected("offer not half but a third").split()
    ['offer', 'a', 'third']
    """
    text = said(line)
    phrases = Phrases(text, voice(text))
    denied = []
    for k, one in enumerate(text):
        verb = phrases.word(k + 1) in t.GIVE | t.KEEP  # do not offer half but a third
        wrong = phrases.quota(k + 1 + verb) if one.word in ("not", "n't") else None
        if wrong is None:
            continue
        end = wrong.end + (phrases.word(wrong.end) == ",")
        right = end + 1 + (phrases.word(end + 1) in ("rather", "instead", "only", "just"))
        if phrases.word(end) == "but" and phrases.quota(right) is not None:
            denied += [(one.start, one.end), (text[k + 1 + verb].start, text[right].start)]
    denied += [span for match in TAKEN_BACK.finditer(line) if (span := _taken_back(match, text, phrases))]
    return hidden(line, denied, " ")


def _taken_back(match: re.Match[str], text: list[Token], phrases: Phrases) -> Span | None:
    """From the amount that is taken back, or its sentence where a verb is said anew, to what takes its place."""
    after = next((k for k, one in enumerate(text) if one.start >= match.end()), len(text))
    anew = phrases.word(after) in t.GIVE | t.KEEP
    right = phrases.quota(after + anew)
    wrong, k = -1, 0
    while k < after:
        quota = phrases.quota(k)
        wrong = k if quota is not None and quota.kind in (PART, COUNT) else wrong
        k = k + 1 if quota is None else max(quota.end, k + 1)
    if right is None or right.kind not in (PART, COUNT) or wrong < 0:
        return None
    start = text[wrong].start
    if anew:
        start = max((place for mark in ".;!?" if (place := match.string.rfind(mark, 0, start) + 1)), default=0)
    return start, match.end()


def supposed_whole(line: str) -> Span | None:
    """Where a line supposes what there is to split, and nothing else.

    Examples
    --------
    >>> line = "if the pot is 10, give 3"
    >>> line[slice(*supposed_whole(line))], supposed_whole("if the pot is 10, give 3, else 4")
    ('if the pot is 10', None)
    """
    whole = whole_said(line)
    cues = list(SUPPOSING.finditer(line))
    if whole is None or len(cues) != 1 or line[cues[0].end() : whole[0]].strip() or cues[0]["other"]:
        return None
    return (cues[0].start(), whole[1]) if re.match(r"\s*(?:[,:;.]|then\b|$)", line[whole[1] :]) else None


def _placed(one: Statement, split: tuple[float, float]) -> Statement:
    """The larger part of a split is its larger number."""
    if one.quota.kind != VAGUE:
        return one
    size = (max if one.quota.sign == ">" else min)(split) / sum(split)
    return one._replace(quota=one.quota._replace(kind=PART, size=size, sign="="))


def _solved(line: str, found: Sequence[Statement], whole: float | None, unit: str) -> list[Division]:
    out: list[Division] = []
    counted = [one for one in found if one.quota.kind == COUNT and one.quota.whole is None]
    wholes = {(one.quota.whole, one.quota.unit) for one in found if one.quota.kind == COUNT and one.quota.whole}
    if whole is None and len({size for size, _ in wholes}) == 1:
        whole, unit = max(wholes)
    taken: set[int] = set()
    for number, one in enumerate(found):
        if number in taken or one.who not in (SELF, OTHER, BOTH):
            continue
        if one in counted and not _is_of(unit, one.quota.unit):
            continue  # there are 20 coins: take five minutes
        partner = _partner(line, found, number) if one in counted and whole is None else None
        if partner is not None:
            two = found[partner]
            total = one.quota.size + two.quota.size
            if one.who == BOTH or total <= 0 or one.negated or two.negated or one.quota.sign + two.quota.sign != "==":
                continue
            share = (one if one.who == OTHER else two).quota.size / total
            taken.add(partner)
            out.append(Division(one.start, two.end, (share, share, EXACT), is_kept=one.who == SELF, told=True))
            continue
        bounds = _bounds(one, whole)
        if bounds is not None or (one.negated and one.who != BOTH and one.quota.kind not in (REST, VAGUE)):
            out.append(Division(one.start, one.end, bounds, is_kept=one.who == SELF, told=_is_new(one)))
    return out


def _is_of(whole: str, unit: str) -> bool:
    """Whether a count in this unit can be of a whole in that: what is known to be split may go by several names."""
    return not whole or not unit or whole == unit or {whole, unit} <= t.SPLIT


def _is_new(one: Statement) -> bool:
    """Whether the rules for percentages and fractions alone would miss or misread it."""
    return one.told or one.judged or one.quota.kind != PART


def _partner(line: str, found: Sequence[Statement], number: int) -> int | None:
    """The other's count that makes this one's whole: "keep 7, give 3"; of the same, and of what goes to people."""
    one = found[number]
    for n in range(number + 1, min(number + 2, len(found))):
        two = found[n]
        between = line[one.end : two.start]
        if two.quota.kind != COUNT or two.quota.whole or {one.who, two.who} != {SELF, OTHER}:
            return None
        if not CASES.isdisjoint(between.replace(",", " ").split()) or one.quota.size < 0 or two.quota.size < 0:
            return None
        units = {one.quota.unit, two.quota.unit} - {""}
        is_split = units <= t.SPLIT or not NAMED.isdisjoint(token.word for token in said(line[one.start : two.end]))
        return n if len(units) < 2 and is_split else None
    return None


def _bounds(one: Statement, whole: float | None) -> Bounds | None:
    """The interval of shares that the other gets."""
    quota = one.quota
    if one.who == BOTH and quota.kind == COUNT:
        quota = quota._replace(kind=PART, size=0.5)
        one = one._replace(quota=quota)
    held = _held(one, whole)
    if held is None or not -1e-9 <= held <= 1 + 1e-9:
        return None
    held = min(max(held, 0.0), 1.0)
    if one.who == BOTH:
        return None if one.negated or quota.sign not in ("=", "~") else (0.5, 0.5, EXACT)
    sign = quota.sign
    if one.negated:
        if sign in ("=", "~", "-"):
            kept = held if one.who == SELF else 1 - held
            return {0.0: (0.0, 0.99, EXACT), 1.0: (0.01, 1.0, EXACT)}.get(kept)
        sign = "<" if sign == ">" else ">"
    least = quota.least / (quota.whole or whole or 1.0)
    low, high = {"-": (least, held), "=": (held, held), "~": (held, held), ">": (held, 1.0), "<": (0.0, held)}[sign]
    sd = ABOUT if quota.sign == "~" else EXACT
    return (low, high, sd) if one.who == OTHER else (1 - high, 1 - low, sd)


def _held(one: Statement, whole: float | None) -> float | None:
    """The part of the pie that the holder has, at the limit."""
    quota = one.quota
    if quota.kind in (PART, BUT, VAGUE):
        return quota.size
    if quota.kind == REST:
        return None
    if quota.kind == TIMES:
        if quota.of == one.who and one.who != BOTH:
            return None
        return quota.size / (1 + quota.size)
    total = quota.whole or whole
    if not total:
        return None
    if quota.kind == PLUS:
        return None if quota.of == one.who else (total + quota.size) / (2 * total)
    return (quota.size if quota.size >= 0 else total + quota.size) / total

"""Explicit quantities in a policy text: who gives or keeps which amount, for me and for you.

Every rule finds a phrase and says what share of the pie it offers to the other: an interval, which is a point where
the text is exact. What is said about offers of somebody else, that are accepted or rejected, is left alone. A number
that no rule understands is returned as unread, not passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from inference.language.arithmetic import vocabulary as t
from inference.language.arithmetic.division import corrected, divisions, supposed_whole, whole_said
from inference.language.text.amounts import (
    COUNT,
    EXACT,
    MARK,
    ME,
    NUMBER,
    PAIR,
    THEM,
    Amount,
    Bounds,
    Span,
    amounts,
    hidden,
    negated,
    number,
)
from inference.language.text.conditions import Cases, cases
from inference.language.tokens.negations import DENIED, NO_OPTION, any_of
from inference.language.tokens.spelling import lowered, plainly

PARTING = {"part", "parts", "parting", "fork"}
GIVE = rf"(?:{any_of(t.GIVE - PARTING)})(?:\s+over)?|part(?:s|ing)?\s+with"
KEEP = rf"(?:{any_of(t.KEEP)})(?:\s+(?:back|on\s+to))?|ask(?:s|ing)?\s+for"
NOT = rf"(?P<not>(?:{DENIED}|\bavoid\b)\s+(?:ever\s+)?(?:\w+\s+)?)?"
AMOUNT = f"(?P<amount>{MARK}+)"
VERB = re.compile(
    rf"{NOT}\b(?:(?P<give>{GIVE})|(?P<keep>{KEEP}))\b\s+(?:(?:away|up|out)\s+)?"
    rf"(?:(?:to\s+)?(?P<first>{ME}|{THEM})\s+|(?:the|your|my)\s+\w+\s+)?(?:(?<!you )with\s+)?"
    rf"(?:an?\s+)?(?:(?:share|portion|part|amount|offer)\s+)?(?:of\s+)?(?:(?:anything|anywhere|somewhere)\s+)?{AMOUNT}"
    rf"(?:(?:\s+[\w$]+){{0,5}}?\s+(?:to|for|with)\s+(?P<party>{ME}|{THEM})\b)?"
)
GET = re.compile(
    rf"\b(?P<who>i|they|{ME}|{THEM})\s+(?:should\s+|must\s+|always\s+)?"
    rf"(?:gets?|receives?|has|have|keeps?|takes?|(?:is|are|be)\s+(?:given|offered|left\s+with))\s+{AMOUNT}"
)
NOUN = re.compile(rf"{NOT}{AMOUNT}(?:\s+[\w$]+){{0,2}}?\s+(?:for|to)\s+(?P<party>{ME}|{THEM})\b")
GOING_ON = re.compile(
    rf"(?:[;,:]|\b(?:and|but|yet|then|(?P<or>n?or)))\s*{NOT}{AMOUNT}(?=\s*(?:[,.;:!?]|$|(?:of|and|but|or)\b))"
)
RATIO = re.compile(
    rf"(?<!\d)(?P<a>\d{{1,9}})\s*(?:-|/|:|to|–)\s*(?P<b>\d{{1,9}})(?!\d)(?:(?:\s+\w+){{0,3}}?\s+in\s+(?:the\s+)?"
    rf"(?P<favour>{ME}|{THEM}|my|your|own|their|one's)(?:'s)?\s+(?:own\s+)?favou?r|"
    rf"(?:\s+\w+){{0,3}}?\s+(?:in\s+favou?r\s+of|favou?ring|for)\s+(?P<of>{ME}|{THEM}))?"
)
EVEN = re.compile(
    rf"{NOT}"
    r"(?:\b(?:split|splits|splitting|divide|divides|dividing|share|sharing|cut)\b(?:\s+[\w']+){0,4}?\s+"
    r"(?:equally|evenly|in\s+half|down\s+the\s+middle|fifty[\s-]fifty)|\bfifty[\s-]fifty\b|\bhalf\s+and\s+half\b|"
    r"\b(?:go|going|goes|do|equal|in)\s+halves\b|\bhalve\s+(?:it|this|that|the|what)\b)"
)
TIMES = re.compile(
    rf"(?P<times>twice|double|thrice|triple|(?:{COUNT})\s+times)\s+as\s+(?:much|many)(?:\s+\w+)?\s+(?:(?:for|to)\s+)?"
    rf"(?P<who>{ME}|{THEM})\s+(?:as|than)\s+(?:(?:for|to)\s+)?(?P<whom>{ME}|{THEM})\b"
)
LOOSE = re.compile(rf"\$?{NUMBER}(?:\s*(?:%|percent\b))?(?:\s+(?:dollars?|units?|coins?|points?))?")
BORDER = re.compile(r"[.;!?](?!\d)|\b(?:but|while|and\s+(?=accept|reject|refuse|decline))\b")
RULED_OUT = re.compile(rf"\s+(?:is|are|would\s+be)\s+(?:{any_of(NO_OPTION)})\b")
ACCEPTING = re.compile(r"\b(?:accept|reject|refus|declin|turn\s+down|receive|receiving|agree)\w*")


class Quantity(NamedTuple):
    """The share that a phrase offers to the other: between two bounds, or a number with a deviation; and its place."""

    lowest: float
    highest: float
    sd: float
    phrase: str
    start: int

    @property
    def is_range(self) -> bool:
        return self.lowest < self.highest


class Quantities(NamedTuple):
    """What the grammar understood, the phrases with numbers that it did not, and the cases that are told apart."""

    read: tuple[Quantity, ...]
    unread: tuple[str, ...]
    cases: Cases


class _Statement(NamedTuple):
    start: int
    end: int
    bounds: Bounds | None  # None: not understood
    is_kept: bool = False
    rules_out: bool = False  # goes on after `or`: "never more than 60% or less than 40%"


def quantities(text: str) -> Quantities:
    """Every explicit quantity of a text.

    Examples
    --------
    >>> quantities("Keep two thirds for yourself.").read
    (Quantity(lowest=0.333..., highest=0.333..., sd=0.03, phrase='Keep two thirds for yourself', start=0),)
    >>> quantities("Never give the others more than 30%, and reject offers below 10 percent").read
    (Quantity(lowest=0.0, highest=0.3, sd=0.03, phrase='Never give the others more than 30%', start=0),)
    >>> [one[:2] for one in quantities("Offer no less than 30% and no more than 45%").read]
    [(0.3, 1.0), (0.0, 0.45)]
    >>> quantities("A 70/30 split.").unread
    ('70/30',)
    """
    line = corrected(plainly(re.sub(f"[{MARK}{PAIR}]", " ", lowered(text))))
    found: list[_Statement] = []
    passed: list[Span] = []  # about acceptance
    line = _divide(line, found, passed)
    for pattern, rule in NUMBER_RULES[:-1]:
        _read(line, pattern, rule, found, passed)
    line = hidden(line, [one[:2] for one in found], PAIR)
    parts = amounts(line)
    line = hidden(line, [one[3:5] for one in parts.values()], MARK)
    told = cases(line, parts)
    line = hidden(line, told.said, ";")
    for pattern in (VERB, GET, NOUN):
        _read(line, pattern, lambda match: _statement(match, parts), found, passed)
    _read(line, GOING_ON, lambda match: _going_on(match, parts, found), found, passed)
    _read(line, *NUMBER_RULES[-1], found, passed)
    taken = [*passed, *told.said, *(one[:2] for one in found)]
    loose = [one.span() for one in LOOSE.finditer(line)]
    loose += [one[3:5] for one in parts.values() if re.search(r"\d", one.words)]
    unread = [one[:2] for one in found if one.bounds is None]
    unread += [one for one in sorted(loose) if _is_free(one, taken) and not _is_about_acceptance(line, one[0])]
    return Quantities(
        tuple(Quantity(*one.bounds, text[one.start : one.end].strip(), one.start) for one in found if one.bounds),
        tuple(text[slice(*one)].strip() for one in unread),
        told,
    )


Rule = Callable[[re.Match[str]], "_Statement | None"]


def _read(line: str, pattern: re.Pattern[str], rule: Rule, found: list[_Statement], passed: list[Span]) -> None:
    """Add what a pattern finds in places that are still free to the statements, or to what is passed over."""
    for match in pattern.finditer(line):
        if not _is_free(match.span(), [*passed, *(one[:2] for one in found)]):
            continue
        if _is_about_acceptance(line, match.start()) or (pattern is GET and _is_described(line, match.start())):
            passed.append(match.span())
        elif (statement := rule(match)) is not None:
            found.append(statement)


def _divide(line: str, found: list[_Statement], passed: list[Span]) -> str:
    """Add what arithmetic makes of who holds what, unless it is about offers of others; the line without it."""
    whole, shares = whole_said(line), divisions(line)
    if whole is not None and shares:
        passed.append(whole)
        if (supposed := supposed_whole(line)) is not None:
            line = hidden(line, [supposed], " ")
    for one in shares:
        if not one.told:
            continue  # the rules below read it, with its ranges and alternatives
        if _is_about_acceptance(line, one.start) or _is_described(line, one.start):
            passed.append((one.start, one.end))
        else:
            found.append(_Statement(one.start, one.end, one.bounds, one.is_kept))
    return hidden(line, [one[:2] for one in found], PAIR)


def _is_free(span: Span, taken: Iterable[Span]) -> bool:
    return not any(span[0] < end and start < span[1] for start, end in taken)


def _is_about_acceptance(line: str, place: int) -> bool:
    before = _clause_before(line, place)
    verbs = list(ACCEPTING.finditer(before))
    return bool(verbs) and not re.search(rf"\b(?:and|or|,)\s+(?:{KEEP}|{GIVE})?$", before[verbs[-1].end() :])


def _is_described(line: str, place: int) -> bool:
    """Whether what somebody gets is a condition, or describes an offer to accept or reject."""
    before = _clause_before(line, place)
    return re.search(r"\b(?:if|when|whenever|unless|until)\b", before) is not None or bool(ACCEPTING.search(before))


def _clause_before(line: str, place: int) -> str:
    return line[max((border.end() for border in BORDER.finditer(line, 0, place)), default=0) : place]


def _is_self(party: str) -> bool:
    return re.fullmatch(ME + "|i|my|your|own|one's", party) is not None


def _statement(match: re.Match[str], parts: dict[int, Amount]) -> _Statement | None:
    """What a verb, a party or both say about an amount."""
    found = match.groupdict()
    amount = parts[match.start("amount")]
    is_negated = bool(found.get("not")) != bool(RULED_OUT.match(match.string, match.end()))
    if match.re in (NOUN, GOING_ON) and amount.words.startswith("all"):  # all things considered
        return None
    party = found.get("party") or found.get("first") or found.get("who")
    is_kept = _is_self(party) if party else bool(found.get("keep"))
    if amount.rival == ("self" if is_kept else "other"):
        return None  # "give more than others": no comparison of what both get
    rules_out = is_negated or amount.words.startswith(("no ", "not "))
    return _Statement(*match.span(), _bounds(amount, is_kept, is_negated), is_kept, rules_out)


def _going_on(match: re.Match[str], parts: dict[int, Amount], found: list[_Statement]) -> _Statement | None:
    """An amount that goes on after a verb: "at least 20% and at most 40%", "30%, otherwise 50%"."""
    before = max((one for one in found if one.start < match.start()), default=None, key=lambda one: one.start)
    statement = _statement(match, parts)
    if before is None or statement is None:
        return None
    is_negated = bool(match["not"]) or match["or"] == "nor" or (match["or"] == "or" and before.rules_out)
    bounds = _bounds(parts[match.start("amount")], before.is_kept, is_negated)
    return _Statement(match.start("amount"), match.end(), bounds, before.is_kept, is_negated)


def _bounds(amount: Amount, is_kept: bool, is_negated: bool) -> Bounds | None:  # noqa: FBT001
    """The share that is offered, from the amount that is given or kept."""
    bounds = negated(amount) if is_negated else amount[:3]
    return (
        None if not amount.is_possible else (1 - bounds[1], 1 - bounds[0], bounds[2]) if bounds and is_kept else bounds
    )


def _point(match: re.Match[str], share: float | None) -> _Statement:
    return _Statement(*match.span(), None if share is None else (share, share, EXACT))


def _ratio(match: re.Match[str]) -> _Statement:
    a, b = int(match["a"]), int(match["b"])
    party = match["favour"] or match["of"]
    if a == b and a:
        return _point(match, 0.5)
    if not party or a + b == 0:
        return _point(match, None)
    return _point(match, (min(a, b) if _is_self(party) else max(a, b)) / (a + b))


def _even(match: re.Match[str]) -> _Statement:
    return _point(match, None if match["not"] else 0.5)


def _times(match: re.Match[str]) -> _Statement:
    one, two = _is_self(match["who"]), _is_self(match["whom"])
    if one == two and "you" in (match["who"], match["whom"]):  # as much for them as for you
        one, two = match["who"] == "you", match["whom"] == "you"
    times = t.MULTIPLES.get(match["times"]) or number(match["times"].split()[0])
    return _point(match, None if one == two else (1 if one else times) / (1 + times))


NUMBER_RULES: tuple[tuple[re.Pattern[str], Rule], ...] = (  # plain numbers, the last where no amount has them
    (TIMES, _times),
    (EVEN, _even),
    (RATIO, _ratio),
)

"""Explicit quantities in a policy text: numbers, halves, more and less than, for me and for you.

Every rule finds a phrase and says what share of the pie it offers to the other: an interval, which is a point where
the text is exact. What is said about offers of somebody else, that are accepted or rejected, is left alone. A number
that no rule understands is returned as unread, not passed over.
"""

from __future__ import annotations

import re
from typing import NamedTuple

ONES = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
}  # fmt: skip
TENS = {
    "ten": 10, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90, "hundred": 100,
}  # fmt: skip
PARTS = {
    "half": 2, "halves": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
    "ninth": 9, "tenth": 10,
}  # fmt: skip
NUMBER = r"(?<!\d)\d{1,9}(?:\.\d{1,9})?(?!\d)"  # bounded: no text may take long
COUNT = rf"(?:{NUMBER}|{'|'.join(ONES)})"
QUANTITY = (
    rf"(?P<percent>{NUMBER}|\b(?:{'|'.join(TENS)}))\s*(?:%|percent\b|per\s+cent\b)"
    rf"|(?P<top>(?<!\d)\d{{1,9}})\s*/\s*(?P<bottom>\d{{1,9}})(?!\d)(?!\s*/)(?!\s*split)"
    rf"|(?P<count>{COUNT})\s+(?:\w+\s+)?(?:out\s+of|of|in)\s+(?:the\s+|every\s+|all\s+)?(?P<total>\d{{1,9}}|{'|'.join(ONES)})\b"
    rf"|(?P<some>\b(?:an?|{'|'.join(ONES)})[\s-]+)?(?P<part>{'|'.join(PARTS)})s?\b"
    rf"|(?P<decimal>\b0?\.\d{{1,9}})\b"
    r"|(?P<all>\b(?:everything|all\b(?!\s+but)(?!\s+(?:interactions|situations|cases|times))|the\s+whole|the\s+entire|the\s+entirety|every\s+(?:last\s+)?(?:unit|cent|penny|dollar|bit|coin))(?!\s+(?:equal|fair|balanced|even\b|but\b)))"
    r"|(?P<none>\b(?:nothing|none|zero|anything))(?!\s+(?:equal|fair|balanced|even\b|but\b))"
)
BOUND = (
    r"(?P<bound>(?:(?:slightly|a\s+little|a\s+bit|much|far|significantly|strictly|well|any)\s+)?(?:more\s+than|less\s+than|over|above|greater\s+than|"
    r"higher\s+than|bigger\s+than|larger\s+than|fewer\s+than|under|below|smaller\s+than|lower\s+than|at\s+least|at\s+most|"
    r"no\s+more\s+than|no\s+less\s+than|not\s+more\s+than|not\s+less\s+than|up\s+to|a\s+minimum\s+of|a\s+maximum\s+of)"
    r"|about|around|roughly|approximately|nearly|almost|close\s+to|exactly|precisely|only|just)?\s*"
)
GIVE = (
    r"gives?|giving|offer(?:s|ing)?|proposes?|proposing|hand(?:s|ing)?(?:\s+over)?|donates?|donating|pass(?:es|ing)?|"
    r"send(?:s|ing)?|transfer(?:s|ring)?|leaves?|leaving|allocates?|allocating|award(?:s|ing)?|grant(?:s|ing)?|"
    r"provides?|providing|shares?|sharing|allot(?:s|ting)?"
)
KEEP = (
    r"keep(?:s|ing)?|takes?|taking|retain(?:s|ing)?|reserves?|reserving|hold(?:s|ing)?|saves?|saving|"
    r"claim(?:s|ing)?|pocket(?:s|ing)?|demand(?:s|ing)?"
)
ME = r"(?:me|myself|self|oneself|yourself|the\s+proposer|proposer)"
THEM = (
    r"(?:you|them|others|other|the\s+others?|(?:the\s+)?other\s+(?:party|person|player|side|people)|the\s+decider|"
    r"decider|the\s+responder|responder|the\s+recipient|someone\s+else|everyone\s+else|him|her|people)"
)
NOT = r"(?P<not>\b(?:never|not|n't|don't|without|avoid)\s+(?:ever\s+)?(?:\w+\s+)?)?"
EXACT, ABOUT = 0.03, 0.06  # standard deviations of a number, and of about a number
MORE = re.compile(r"more|over|above|greater|higher|bigger|larger|least|minimum|no less|not less")
LESS = re.compile(r"less|fewer|under|below|smaller|lower|most|maximum|up to|no more|not more")
VERB = re.compile(
    rf"{NOT}\b(?:(?P<give>{GIVE})|(?P<keep>{KEEP}))\b\s+(?:(?:away|up|out)\s+)?"
    rf"(?:(?:to\s+)?(?P<first>{ME}|{THEM})\s+)?{BOUND}(?:{QUANTITY})"
    rf"(?:(?:\s+[\w$]+){{0,5}}?\s+(?:to|for|with)\s+(?P<party>{ME}|{THEM})\b)?"
)
GET = re.compile(
    rf"\b(?P<who>i|they|{ME}|{THEM})\s+(?:should\s+|must\s+|always\s+)?(?:gets?|receives?|has|have|keeps?|takes?)\s+"
    rf"{BOUND}(?:{QUANTITY})"
)
NOUN = re.compile(rf"{NOT}{BOUND}(?:{QUANTITY})(?:\s+[\w$]+){{0,2}}?\s+(?:for|to)\s+(?P<party>{ME}|{THEM})\b")
PIECE = r"(?:%|percent)?\s*(?:\w+\s+)?(?:for|to)"
FOR = re.compile(
    rf"(?P<a>{NUMBER})\s*{PIECE}\s+(?P<one>{ME}|{THEM})\b[\s,;]*(?:and\s+)?"
    rf"(?P<b>{NUMBER})\s*{PIECE}\s+(?P<two>{ME}|{THEM})\b"
)
GETS = r"(?:gets?|receives?|has|have|keeps?|takes?)"
BOTH_GET = re.compile(
    rf"\b(?P<one>i|they|{ME}|{THEM})\s+{GETS}\s+(?P<a>{NUMBER})\b[\s,;]*(?:and\s+|while\s+)?"
    rf"(?P<two>i|they|{ME}|{THEM})\s+{GETS}\s+(?P<b>{NUMBER})\b(?!\s*(?:%|percent))"
)
RATIO = re.compile(
    rf"(?<!\d)(?P<a>\d{{1,9}})\s*(?:-|/|:|to|–)\s*(?P<b>\d{{1,9}})(?!\d)(?:(?:\s+\w+){{0,3}}?\s+in\s+(?:the\s+)?"
    rf"(?P<favour>{ME}|{THEM}|my|your|own|their|one's)(?:'s)?\s+(?:own\s+)?favou?r|"
    rf"(?:\s+\w+){{0,3}}?\s+(?:in\s+favou?r\s+of|favou?ring|for)\s+(?P<of>{ME}|{THEM}))?"
)
EVEN = re.compile(
    r"(?P<not>\b(?:never|not|n't|don't|avoid)\s+(?:\w+\s+)?)?"
    r"(?:\b(?:split|splits|splitting|divide|divides|dividing|share|sharing|cut)\b(?:\s+[\w']+){0,4}?\s+"
    r"(?:equally|evenly|in\s+half|down\s+the\s+middle|fifty[\s-]fifty)|\bfifty[\s-]fifty\b|\bhalf\s+and\s+half\b)"
)
TIMES = re.compile(
    rf"(?P<times>twice|double|(?:{COUNT})\s+times)\s+as\s+(?:much|many)(?:\s+\w+)?\s+(?:(?:for|to)\s+)?"
    rf"(?P<who>{ME}|{THEM})\s+(?:as|than)\s+(?:(?:for|to)\s+)?(?P<whom>{ME}|{THEM})\b"
)
LOOSE = re.compile(rf"\$?{NUMBER}(?:\s*(?:%|percent\b))?(?:\s+(?:dollars?|units?|coins?|points?))?")
BORDER = re.compile(r"[.;!?](?!\d)|\b(?:but|while|and\s+(?=accept|reject|refuse|decline))\b")
ACCEPTING = re.compile(r"\b(?:accept|reject|refus|declin|turn\s+down|receive|receiving|agree)\w*")


class Quantity(NamedTuple):
    """The share that a phrase offers to the other: between two bounds, or a number with a deviation."""

    lowest: float
    highest: float
    sd: float
    phrase: str

    @property
    def is_range(self) -> bool:
        return self.lowest < self.highest


class Quantities(NamedTuple):
    """What the grammar understood, and the phrases with numbers that it did not."""

    read: tuple[Quantity, ...]
    unread: tuple[str, ...]


def quantities(text: str) -> Quantities:
    """Every explicit quantity of a text.

    Examples
    --------
    >>> quantities("Keep two thirds for yourself.").read
    (Quantity(lowest=0.333..., highest=0.333..., sd=0.03, phrase='Keep two thirds for yourself'),)
    >>> quantities("Never give the others more than 30%, and reject offers below 10 percent").read
    (Quantity(lowest=0.0, highest=0.3, sd=0.03, phrase='Never give the others more than 30%'),)
    >>> quantities("A 70/30 split.").unread
    ('70/30',)
    """
    line = "".join(low if len(low := one.lower()) == 1 else one for one in text.replace("’", "'"))
    read: list[Quantity] = []
    unread: list[str] = []
    taken: list[tuple[int, int]] = []
    for pattern, rule in RULES:
        for match in pattern.finditer(line):
            if any(match.start() < end and start < match.end() for start, end in taken):
                continue
            if _is_about_acceptance(line, match) or (pattern is GET and _is_described(line, match)):
                taken.append(match.span())
                continue
            bounds = rule(match)
            taken.append(match.span())
            phrase = text[match.start() : match.end()].strip()
            if bounds is None:
                unread.append(phrase)
            else:
                read.append(Quantity(*bounds, phrase))
    for match in LOOSE.finditer(line):
        free = not any(match.start() < end and start < match.end() for start, end in taken)
        if free and not _is_about_acceptance(line, match):
            unread.append(text[match.start() : match.end()].strip())
    return Quantities(tuple(read), tuple(unread))


Bounds = tuple[float, float, float]  # lowest, highest, sd


def _is_about_acceptance(line: str, match: re.Match[str]) -> bool:
    start = max((border.end() for border in BORDER.finditer(line, 0, match.start())), default=0)
    verbs = list(ACCEPTING.finditer(line, start, match.start()))
    return bool(verbs) and not re.search(
        rf"\b(?:and|or|,)\s+(?:{KEEP}|{GIVE})?$", line[verbs[-1].end() : match.start()]
    )


def _is_described(line: str, match: re.Match[str]) -> bool:
    """Whether what somebody gets is a condition, or describes an offer to accept or reject."""
    start = max((border.end() for border in BORDER.finditer(line, 0, match.start())), default=0)
    before = line[start : match.start()]
    return re.search(r"\b(?:if|when|whenever|unless|until)\b", before) is not None or bool(ACCEPTING.search(before))


def _is_self(party: str) -> bool:
    return re.fullmatch(ME + "|i|my|your|own|one's", party) is not None


def _share_of(match: re.Match[str]) -> float | None:
    found = match.groupdict()
    if found["percent"]:
        share = float(TENS.get(found["percent"]) or float(found["percent"])) / 100
    elif found["top"]:
        share = int(found["top"]) / int(found["bottom"]) if int(found["bottom"]) else 2.0
    elif found["count"]:
        total = _number(found["total"])
        share = _number(found["count"]) / total if total else 2.0
    elif found["part"]:
        share = ONES.get((found["some"] or "one").strip(" -"), 1) / PARTS[found["part"].removesuffix("s")]
    elif found["decimal"]:
        share = float(found["decimal"])
    else:
        share = 1.0 if found["all"] else 0.0
    return share if share <= 1.0 else None


def _number(word: str) -> float:
    return float(ONES.get(word) or float(word))


def _quantity(match: re.Match[str]) -> Bounds | None:
    share = _share_of(match)
    if share is None:
        return None
    found = {"give": None, "keep": None, "first": None, "party": None, "not": None} | match.groupdict()
    bound, negated = found["bound"] or "", bool(found["not"])
    low, high, sd = share, share, EXACT
    if found["none"] == "anything":
        low, high = (0.0, 0.0) if negated else (0.0, 1.0)
        negated = False
    elif re.search(r"about|around|roughly|approx|nearly|almost|close", bound):
        sd = ABOUT
    elif LESS.search(bound) and not re.search(r"no less|not less|least", bound):
        low = 0.0
    elif MORE.search(bound):
        high = 1.0
    if negated:
        if low == high:
            return None if not found["all"] else (0.0, 0.99, sd)
        low, high = (0.0, low) if high == 1.0 else (high, 1.0)
    return (1 - high, 1 - low, sd) if _is_kept(found) else (low, high, sd)


def _is_kept(found: dict[str, str | None]) -> bool:
    """Whether the quantity is what stays with oneself: as the party that is named last says, or the verb."""
    party = found["party"] or found["first"] or found.get("who")
    return _is_self(party) if party else bool(found["keep"])


def _noun(match: re.Match[str]) -> Bounds | None:
    return None if (match["all"] or "").startswith("all") else _quantity(match)


def _for(match: re.Match[str]) -> Bounds | None:
    a, b = float(match["a"]), float(match["b"])
    one, two = _is_self(match["one"]), _is_self(match["two"])
    if one == two or a + b <= 0:
        return None
    share = (b if one else a) / (a + b)
    return share, share, EXACT


def _ratio(match: re.Match[str]) -> Bounds | None:
    a, b = int(match["a"]), int(match["b"])
    if a == b and a:
        return 0.5, 0.5, EXACT
    party = match["favour"] or match["of"]
    if not party or a + b == 0:
        return None
    share = min(a, b) / (a + b) if _is_self(party) else max(a, b) / (a + b)
    return share, share, EXACT


def _even(match: re.Match[str]) -> Bounds | None:
    return None if match["not"] else (0.5, 0.5, EXACT)


def _times(match: re.Match[str]) -> Bounds | None:
    one, two = _is_self(match["who"]), _is_self(match["whom"])
    if one == two:
        return None
    times = 2.0 if match["times"] in ("twice", "double") else _number(match["times"].split()[0])
    share = 1 / (1 + times) if one else times / (1 + times)
    return share, share, EXACT


RULES = (  # the first that fits a phrase has it
    (FOR, _for),
    (BOTH_GET, _for),
    (TIMES, _times),
    (EVEN, _even),
    (VERB, _quantity),
    (GET, _quantity),
    (NOUN, _noun),
    (RATIO, _ratio),
)

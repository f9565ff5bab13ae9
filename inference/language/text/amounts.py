"""Amounts of a pie in words: a number, a range, a limit or a comparison is an interval of shares.

Built from the inside out: first shares ("10%", "half", "thirty-five percent"), then what is made of them ("20% to 30%",
"at least half", "10% more than half", "40% or less"). Each step hides what it has read behind a mark of the same
length, so that a longer phrase is found as easily as a number, and places in the text stay what they were.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from inference.language.tokens.numbers import ONES, PARTS, SIGNS, TENS

MARK, PAIR = "§", "¶"  # hide an amount, and a phrase that is read as a whole, at their own length
EXACT, ABOUT = 0.03, 0.06  # standard deviations of a number, and of about a number
NEAR = 0.1  # a little more than a share is at most this much more; much more, at least
ME = r"(?:me|myself|self|oneself|yourself|the\s+proposer|proposer)"
THEM = (
    r"(?:you|them|others|other|the\s+others?|(?:the\s+)?other\s+(?:party|person|player|side|people)|the\s+decider|"
    r"decider|the\s+responder|responder|the\s+recipient|someone\s+else|everyone\s+else|him|her|people|"
    r"(?:the\s+)?(?:poor|needy)|strangers?|charity)"
)
NUMBER = r"(?<!\d)\d{1,9}(?:\.\d{1,9})?(?!\d)"  # bounded: no text may take long
ONE = rf"\b(?:{'|'.join(sorted(ONES, key=len, reverse=True))})\b"
COUNT = rf"(?:{NUMBER}|{ONE})"
PERCENT = r"(?:%|percent\b|pct\b|pc\b|per\s+cent\b|percentage\s+points?\b)"
HUNDREDTHS = rf"(?:{NUMBER}|\b(?:{'|'.join(TENS)})(?:[\s-]{ONE})?|{ONE})"
FAIRLY = r"(?!\s+(?:equal|fair|balanced|even\b|but\b|else\b))"  # "all equal" and "all else" are no amounts
SHARE = re.compile(
    rf"(?P<percent>{HUNDREDTHS})\s*(?:{PERCENT}|(?=(?:-|–|\s+(?:to|or|and)\s+)\s*{HUNDREDTHS}\s*{PERCENT}))"
    r"|(?P<top>(?<!\d)\d{1,9})\s*/\s*(?P<bottom>\d{1,9})(?!\d)(?!\s*/)(?!\s*split)"
    rf"|(?P<count>{COUNT})\s+(?:\w+\s+)?(?:out\s+of|of|in)\s+(?:the\s+|every\s+|all\s+)?(?P<total>\d{{1,9}}|{ONE})(?!\w)"
    rf"|\b(?P<some>(?:an?|{ONE})[\s-]+)?(?P<part>{'|'.join(PARTS)})s?\b"
    r"|(?<![\d.])(?P<decimal>0?\.\d{1,9})\b|(?P<sign>[½⅓⅔¼¾⅕])"
    r"|(?P<all>\b(?:everything|(?:it\s+|(?<!to )(?<!for )(?<!of )(?<!above ))all\b(?!\s+but)"
    r"(?!\s+(?:interactions|situations|cases|times))|"
    r"the\s+(?:whole|entire|entirety)|every\s+(?:last\s+)?(?:unit|cent|penny|dollar|bit|coin))" + FAIRLY + ")"
    r"|(?P<none>\b(?:nothing|none|zero|anything)(?!\s+(?:less|more|under|below|over|above|short|from|between|up)\b))"
    + FAIRLY
)
S = f"({MARK}+)"
VERY = (
    r"(?:(?P<little>slightly|a\s+little|a\s+bit|a\s+touch|somewhat|marginally|just)|"
    r"(?P<much>much|far|significantly|considerably|substantially|well|a\s+lot)|strictly|any)\s+"
)
NO = r"(?:(?P<no>no|not|never|nothing|none)\s+)?"
MORE_THAN = r"(?:more|greater|higher|bigger|larger)\s+than|(?<!hand )(?<!handing )(?<!hands )over|above"
LESS_THAN = r"(?:less|fewer|lower|smaller)\s+than|under|below|short\s+of"
RIVAL = (
    rf"(?P<rival>(?:i|you|{ME}|{THEM})\b(?:\s+(?:would\s+)?(?:gets?|keeps?|takes?|has|have|receives?|retains?|gives?|"
    r"offers?)\b)?)"
)
COMPARISON = re.compile(
    rf"\b{NO}(?:{VERY})?(?:(?P<more>{MORE_THAN})|(?P<less>{LESS_THAN}))\s+(?:(?P<anchor>{MARK}+)|{RIVAL})"
)
DIFFERENCE = re.compile(
    rf"(?P<by>{MARK}+)\s+(?:(?P<more>{MORE_THAN})|(?P<less>{LESS_THAN}))\s+(?:(?P<anchor>{MARK}+)|{RIVAL})"
)
HOLDING = (
    r"(?:i|you|we)(?:\s+have|'ve)?\s+(?:have|own|possess|earn|earned|make|made|won|saved)\b"  # a whole, no part of one
)
MULTIPLE = re.compile(
    rf"{S}\s+(?:as\s+(?:much|many)\s+as|of\s+what(?!\s+(?:{HOLDING}|(?:i|you|we)(?:\s+have|'ve)\s+been\b)))\s+{RIVAL}"
)
DANGLING = re.compile(  # more than what?
    rf"{S}\s+(?:more|less|fewer|higher|lower|as\s+(?:much|many)|plus|minus|except(?!\s+(?:if|when|for|in)\b))\b"
)
RANGE = re.compile(rf"(?:\b(?:between|from)\s+)?{S}\s*(?:-|–|\b(?:to|through|(?P<or>or))\b)\s*{S}")
BETWEEN = re.compile(rf"\bbetween\s+{S}\s+(?P<or>and)\s+{S}")
LEAST = re.compile(
    rf"\b(?:at\s+least|at\s+minimum|a\s+minimum\s+of|minimum|upwards\s+of)\s+{S}|"
    rf"{S}\s*,?\s*(?:(?:or|and)\s+(?:more|above|over|higher|greater|better|larger|up|upwards?)|at\s+(?:the\s+)?(?:very\s+)?least|minimum)\b"
)
MOST = re.compile(
    rf"\b(?:at\s+most|at\s+maximum|up\s+to|a\s+maximum\s+of|maximum)\s+{S}|"
    rf"{S}\s*,?\s*(?:(?:or|and)\s+(?:less|below|under|lower|fewer)|at\s+(?:the\s+)?(?:very\s+)?most|maximum|tops)\b"
)
ROUGHLY = re.compile(
    rf"\b(?:about|around|roughly|approximately|nearly|almost|close\s+to)\s+{S}|{S}\s+or\s+(?:so|thereabouts)\b"
)
PRECISELY = re.compile(rf"\b(?:exactly|precisely|only|just)\s+{S}")
PRODUCT = re.compile(rf"{S}\s+of\s+{S}")


class Amount(NamedTuple):
    """An interval of shares, a point where it is exact; `rival` says whose part it is compared with: self, other, none.

    An amount that no pie allows ("150%") or that nothing can be made of ("10% more") has bounds above 1.
    """

    lowest: float
    highest: float
    sd: float
    start: int
    end: int
    words: str
    rival: str = ""

    @property
    def is_possible(self) -> bool:
        return 0.0 <= self.lowest <= self.highest <= 1.0


Span = tuple[int, int]  # start and end in the text
Bounds = tuple[float, float, float]  # lowest, highest, sd
IMPOSSIBLE = (2.0, 2.0, EXACT)


def hidden(line: str, spans: Iterable[Span], mark: str) -> str:
    """The line with these places behind marks of the same length."""
    for start, end in spans:
        line = line[:start] + mark * (end - start) + line[end:]
    return line


def amounts(line: str) -> dict[int, Amount]:
    """The amounts of a line in lower case, by the place where they start; the longest phrase has it.

    Examples
    --------
    >>> [amount[:3] for amount in amounts("between 20% and 30%, thirty-five percent or less").values()]
    [(0.2, 0.3, 0.03), (0.0, 0.35, 0.03)]
    >>> [round(bound, 3) for bound in amounts("10% more than half")[0][:2]]
    [0.55, 0.6]
    """
    found: dict[int, Amount] = {}
    for match in SHARE.finditer(line):
        share = _share_of(match)
        if share is not None:
            highest = 1.0 if match.group() == "anything" else share
            found[match.start()] = Amount(share, highest, EXACT, *match.span(), match.group())
    words = line
    line = hidden(line, [amount[3:5] for amount in found.values()], MARK)
    for pattern, made in COMPOSITES:
        for match in list(pattern.finditer(line)):
            start, end = match.span()
            parts = [found.pop(place) for place in sorted(found) if start <= place < end]
            rival = _rival(match.groupdict().get("rival") or "")
            bounds = made(match, parts) if all(one.is_possible for one in parts) else IMPOSSIBLE
            found[start] = Amount(*bounds, start, end, words[start:end], rival or next((p.rival for p in parts), ""))
            line = hidden(line, [(start, end)], MARK)
    return found


def number(word: str) -> float:
    """A number in figures or in words up to a hundred."""
    tens, *ones = re.split(r"[\s-]+", word)
    if tens in TENS:
        return float(TENS[tens] + sum(ONES[one] for one in ones))
    return float(ONES.get(word) or float(word))


def negated(amount: Amount) -> Bounds | None:
    """What is left where an amount is ruled out: beyond a limit; None where that says too little."""
    low, high, sd = amount[:3]
    if amount.words == "anything":
        return 0.0, 0.0, sd
    if low == high:
        return (0.0, 0.99, sd) if low == 1.0 else None
    if low > 0.0 and high < 1.0:
        return None
    return (0.0, low, sd) if high == 1.0 else (high, 1.0, sd)


def _share_of(match: re.Match[str]) -> float | None:
    found = match.groupdict()
    if found["percent"]:
        return number(found["percent"]) / 100
    if found["top"]:
        top, bottom = int(found["top"]), int(found["bottom"])
        return None if top + bottom in (0, 100) else top / bottom if bottom else 2.0  # 60/40 is a split
    if found["count"]:
        total = number(found["total"])
        return number(found["count"]) / total if total else 2.0
    if found["part"]:
        return ONES.get((found["some"] or "one").strip(" -"), 1) / PARTS[found["part"]]
    if found["sign"]:
        return SIGNS[found["sign"]]
    if found["decimal"]:
        return float(found["decimal"])
    return 1.0 if found["all"] else 0.0


def _rival(words: str) -> str:
    """Whose part this is, of the two: one's own ("you keep", "me") or the other's ("them", "you give")."""
    if not words:
        return ""
    if re.search(r"\b(?:gives?|offers?)$", words):
        return "other"
    return "self" if re.match(rf"{ME}|i\b|you\b", words) else "other"


def _comparison(match: re.Match[str], parts: list[Amount]) -> Bounds:
    anchor = parts[-1] if match["anchor"] else None
    low, high = (anchor.lowest, anchor.highest) if anchor else (0.5, 0.5)  # more than one's rival is more than half
    gap = NEAR if match["much"] and not match["no"] else 0.0
    more = bool(match["more"]) != bool(match["no"])
    reach = NEAR if match["little"] and not match["no"] else 1.0
    if more:
        return min(low + gap, 1.0), min(low + gap + reach, 1.0), EXACT
    return max(high - gap - reach, 0.0), max(high - gap, 0.0), EXACT


def _difference(match: re.Match[str], parts: list[Amount]) -> Bounds:
    """10% more than half is 10 points more or a tenth more: the text does not say, so anything in between."""
    if parts[0].words.startswith(("all", "every")):
        return IMPOSSIBLE  # everything above 30%
    by, sign = parts[0].lowest, 1 if match["more"] else -1
    factor = 1 + sign * by
    if match["anchor"]:
        either = (parts[1].lowest + sign * by, parts[1].lowest * factor)
    else:
        either = (0.5 + sign * by / 2, factor / (1 + factor))  # of the whole, with the rival's part as the rest
    possible = [share for share in either if 0.0 <= share <= 1.0]
    return (min(possible), max(possible), EXACT) if possible else IMPOSSIBLE


def _multiple(match: re.Match[str], parts: list[Amount]) -> Bounds:
    """Half as much as the rival is half of the rest: x = s (1 - x)."""
    del match
    share = parts[0].lowest / (1 + parts[0].lowest)
    return share, share, EXACT


def _range(match: re.Match[str], parts: list[Amount]) -> Bounds:
    low, high = min(one.lowest for one in parts), max(one.highest for one in parts)
    upwards = match["or"] is not None or parts[0].lowest <= parts[1].highest  # 60%-40% is a split
    return (low, high, EXACT) if upwards else IMPOSSIBLE


COMPOSITES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], list[Amount]], Bounds]], ...] = (  # inside out
    (PRODUCT, lambda _, parts: (parts[0].lowest * parts[1].lowest, parts[0].highest * parts[1].highest, EXACT)),
    (ROUGHLY, lambda _, parts: (parts[0].lowest, parts[0].highest, ABOUT)),
    (PRECISELY, lambda _, parts: parts[0][:3]),
    (DIFFERENCE, _difference),
    (MULTIPLE, _multiple),
    (DANGLING, lambda *_: IMPOSSIBLE),
    (BETWEEN, _range),
    (RANGE, _range),
    (COMPARISON, _comparison),
    (LEAST, lambda _, parts: (parts[0].lowest, 1.0, EXACT)),
    (MOST, lambda _, parts: (0.0, parts[0].highest, EXACT)),
)

"""Policies that say different things in different cases: if, unless, otherwise, with a probability, half the time.

What decides between the cases is not known, so a policy with conditions is a mixture of its branches: each counts as
often as the text says, those of which it does not say how often count the same, and a case that it leaves open is a
branch without words.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from inference.language.text.amounts import MARK, PAIR, Amount, Span

SENTENCE = re.compile(r"[^.;!?]+")
S = f"{MARK}+"
TIMES = re.compile(r"\b(?:times?|cases|rounds|games)\b")
OTHERWISE = re.compile(
    r"\b(?:otherwise|in\s+(?:all|any)\s+other\s+cases?|in\s+which\s+case|if\s+not(?=\s*,)|"
    r"(?:the\s+)?rest\s+of\s+the\s+time|(?:the\s+)?other\s+times|"
    r"(?:or\s+)?(?<!all )(?<!thing )(?<!one )(?<!body )(?<!where )(?<!what )(?<!who )else)\b"
)
OFTEN = re.compile(
    rf"\bwith\s+(?:an?\s+)?(?:probability|chance|likelihood)(?:\s+of)?\s+(?P<p>{S})|"
    rf"\bwith\s+(?:an?\s+)?(?:(?P<q>{S})|\w+)\s+(?:probability|chance|likelihood)\b|"
    rf"(?:\b(?:in|for)\s+)?(?P<r>{S})\s+(?:of\s+)?(?:the\s+|all\s+)?(?:times?|cases|rounds|games|occasions)\b|"
    r"\b(?:sometimes|occasionally|now\s+and\s+then|from\s+time\s+to\s+time|at\s+times|"
    r"(?:most|some)\s+of\s+the\s+time|in\s+(?:most|many|some)\s+cases|"
    r"usually|often|mostly|normally|typically|generally)\b"
)
ROLE = r"(?!\s+(?:\w+ing|you|i|we|in)\b)"  # when proposing, when you offer: always
IDLE = r"(?!\s+(?:necessary|needed|possible|you\s+(?:are\s+the\s+)?propose)r?\b)"
CONDITION = re.compile(
    rf"\b(?:(?:only\s+|except\s+)?(?<!even )(?<!as )(?:(?P<firm>if)|when(?:ever)?{ROLE}){IDLE}|(?P<unless>unless)|"
    r"depending\s+on|provided(?:\s+that)?|as\s+long\s+as|in\s+case|until|assuming)\b[^,.;:!?]{0,300}?"
    rf"(?=[,.;:!?]|\s*$|\s+{PAIR}|\s+(?:then|(?:or\s+)?else|otherwise)\b|"
    rf"\s+(?:and|or|but)\s+(?:{MARK}|{PAIR}|(?:if|unless|when|never|don't|offer|give|keep|take|split|share|be)\b)|"
    rf"(?<!they)(?<!you)(?<!to)(?<!we)\s+(?:offer|give|keep|take)\s+(?:{MARK}|away|the|them|it))"
)
JOINT = r"(?:and|but|or|then|so|yet)"
EMPTY = re.compile(rf"(?:[\s,:–-]|\b{JOINT}\b)*")
LEADS = re.compile(rf"(?:,|\b{JOINT})\s*$")
ALTERNATIVE = re.compile(rf".*\b(?:or|but)\b(?=[^{MARK}]*{MARK}+[^{MARK}]*$)", re.DOTALL)
LAST_PIECE = re.compile(rf".*(?:,|\b{JOINT}\b)", re.DOTALL)
OFFERING = re.compile(rf"{PAIR}|\b(?:offer|give|keep|take|propose|leave)\s+(?:(?:the\s+)?(?:others?|them)\s+)?{MARK}")
ACCEPTING = re.compile(r"\b(?:accept|reject|refus|declin|turn\s+down|agree)\w*")


class Branch(NamedTuple):
    """One case: how often, in which words of the text, and where the text says what to do then (nowhere: left open)."""

    weight: float
    condition: Span
    parts: tuple[Span, ...]


class Cases(NamedTuple):
    """The branches of a text, none where it has no conditions; all words that are conditions, and any left unread."""

    branches: tuple[Branch, ...]
    said: tuple[Span, ...]
    unread: tuple[Span, ...]


class _Cue(NamedTuple):
    start: int
    end: int
    often: float | None  # None: it does not say
    rest: bool  # otherwise


_Draft = tuple[_Cue, list[Span]]  # and the parts of the text that it governs


def cases(line: str, found: dict[int, Amount]) -> Cases:
    """The cases of a line in lower case whose amounts are hidden.

    Examples
    --------
    >>> from inference.language.text.amounts import amounts, hidden
    >>> text = "offer 50% with probability 0.3 and nothing otherwise"
    >>> found = amounts(text)
    >>> line = hidden(text, [amount[3:5] for amount in found.values()], MARK)
    >>> [(round(weight, 3), text[slice(*part)]) for weight, _, (part,) in cases(line, found).branches]
    [(0.3, 'offer 50% '), (0.7, ' and nothing ')]
    """
    drafts: list[_Draft] = []
    said: list[Span] = []
    before = (0, 0)  # the sentence before, for one that starts with otherwise
    for sentence in SENTENCE.finditer(line):
        cues = _cues(line, found, *sentence.span())
        goes_on = not drafts and cues and cues[0].rest and EMPTY.fullmatch(line, sentence.start(), cues[0].start)
        first = [(_unnamed(before), [before])] if goes_on else []
        for cue, parts in [*first, *_drafts(line, cues, *sentence.span())]:
            said.append((cue.start, cue.end))
            if not parts or not all(_is_acceptance(line, *part) for part in parts):
                drafts.append((cue, parts))
        before = sentence.span()
    too_often = sum(cue.often or 0.0 for cue, _ in drafts) > 1.0 + 1e-9
    unread = tuple((cue.start, cue.end) for cue, parts in drafts if not parts or (too_often and cue.often))
    return Cases(_weighted(drafts), tuple(said), unread)


def _cues(line: str, found: dict[int, Amount], start: int, end: int) -> list[_Cue]:
    cues: list[_Cue] = []
    explicit = MARK in line or PAIR in line
    for pattern in (OTHERWISE, OFTEN, CONDITION):
        for match in pattern.finditer(line, start, end):
            firm = pattern is OTHERWISE or (pattern is CONDITION and (match["firm"] or match["unless"]))
            if not (firm or explicit) or _is_taken(cues, *match.span()):
                continue
            often = None
            if pattern is OFTEN:
                place = next((match.start(name) for name in "pqr" if match[name]), None)
                often = None if place is None else (found[place].lowest + found[place].highest) / 2
            cues.append(_Cue(*match.span(), often, rest=pattern is OTHERWISE))
    for amount in found.values():  # "one time in four"
        if start <= amount.start < end and TIMES.search(amount.words) and not _is_taken(cues, *amount[3:5]):
            cues.append(_Cue(amount.start, amount.end, amount.lowest, rest=False))
    return sorted(cues)


def _is_taken(cues: list[_Cue], start: int, end: int) -> bool:
    return any(start < cue.end and cue.start < end for cue in cues)


def _drafts(line: str, cues: list[_Cue], start: int, end: int) -> list[_Draft]:
    """Every cue of a sentence with what it governs: what follows where it leads, what is before where it trails."""
    edges = [start, *(edge for cue in cues for edge in (cue.start, cue.end)), end]
    between = zip(edges[::2], edges[1::2], strict=True)
    free = [None if EMPTY.fullmatch(line, *words) else words for words in between]
    drafts: list[_Draft] = []
    for k, cue in enumerate(cues):
        left, right = free[k], free[k + 1]
        if cue.rest and left and not drafts:  # "A, otherwise B" without a condition
            drafts.append((_unnamed(left), [left]))
            left = None
        parts = []
        if left and not (right and LEADS.search(line[slice(*left)])):
            split = ALTERNATIVE.match(line, *left)  # "A, or B if C": A otherwise
            parts = [(split.end(), left[1]) if split and MARK in split.group() else left]
        elif right:
            parts, free[k + 1] = [right], None
        elif cue.rest and (before := drafts[-1][1] if drafts else []):  # "if C, A and B otherwise"
            whole = before.pop()
            split = LAST_PIECE.match(line, *whole)
            border = split.end() if split else whole[0]
            before += [(whole[0], border)] if split else []
            parts = [(border, whole[1])]
        drafts.append((cue, parts))
    if cues and free[-1]:
        drafts[-1][1].append(free[-1])
    return drafts


def _unnamed(part: Span) -> _Cue:
    """The case of words that no condition names: those before an `otherwise`."""
    return _Cue(part[0], part[0], None, rest=False)


def _is_acceptance(line: str, start: int, end: int) -> bool:
    """Whether words say what to accept or reject, which is no case of what is offered."""
    return ACCEPTING.search(line, start, end) is not None and not OFFERING.search(line, start, end)


def _weighted(drafts: list[_Draft]) -> tuple[Branch, ...]:
    if not drafts:
        return ()
    stated = sum(cue.often for cue, _ in drafts if cue.often is not None)
    silent = sum(cue.often is None for cue, _ in drafts)
    is_open = not any(cue.rest for cue, _ in drafts) and stated < 1.0 - 1e-9
    each = max(1.0 - stated, 0.0) / max(silent + is_open, 1)
    branches = [
        Branch(each if cue.often is None else cue.often, (cue.start, cue.end), tuple(parts)) for cue, parts in drafts
    ]
    if is_open:
        branches.append(Branch(each, branches[-1].condition, ()))
    return tuple(branches)

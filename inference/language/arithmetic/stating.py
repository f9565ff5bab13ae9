"""One statement of who holds how much: whether its amount is understood, whether it is denied, and limits in verbs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from inference.language.arithmetic import vocabulary as t
from inference.language.arithmetic.quotas import COUNT, PART, REST, TIMES, TINY, VAGUE, Phrases, Quota
from inference.language.arithmetic.vocabulary import OTHER, SELF
from inference.language.tokens.negations import NO_OPTION, any_of

RULED_OUT_AFTER = re.compile(rf"(?:is|are|would be|'s|seems)(?: simply| just)? (?:{any_of(NO_OPTION)})\b")


class Statement(NamedTuple):
    """In this place somebody (self, other, both) holds this quota; `told` if a subject says who."""

    start: int
    end: int
    who: str
    quota: Quota
    told: bool = True
    negated: bool = False
    judged: bool = False  # negated by a judgement: "it is wrong to"


class Stating:
    """What statements are made of, at a place in a text's tokens."""

    def __init__(self, phrases: Phrases) -> None:
        self.p = phrases
        self.said = phrases.said

    def _made(self, k: int, who: str, quota: Quota, end: int, *, told: bool, negated: bool = False) -> Statement | None:
        """A statement, unless its amount goes on in a way that is not understood here."""
        p = self.p
        if p.word(end) in t.GOING_ON and quota.kind != VAGUE:
            after = p.word(end + 1)
            is_range = p.value(end + 1) is not None or after in t.PARTS_OF or p.word(end) not in ("to", "or", "-", "–")
            if is_range:
                return None
        measured = p.fraction(end + 1)[0] is not None or p.value(end + 1) is not None
        goes_on = p.word(end) in ("as", "times", "out") or (p.word(end) == "of" and measured)
        if goes_on and quota.kind in (PART, COUNT, REST):
            return None
        if p.word(end) in ("or", "and") and p.word(end + 1) in ("less", "more", "below", "above"):
            return None
        judged = negated and p.word(k - 1) not in t.PLAINLY
        if self._is_no_option(end):
            negated = judged = not negated
        if quota.kind == TIMES and quota.of == "rival" and quota.size != 1 and not told:
            return None  # double what?
        if quota.kind == TINY or (negated and quota.kind == COUNT and quota.size <= 1 and quota.sign == "="):
            if not negated or quota.whole or quota.unit not in t.SPLIT | {""}:
                return None
            quota, negated, told = quota._replace(kind=PART, size=0.0), False, True
        return Statement(self.said[k].start, self.said[end - 1].end, who, quota, told, negated, judged)

    def _is_no_option(self, k: int) -> bool:
        """Whether what ends here is said to be no option."""
        after = " ".join(self.p.word(n) for n in range(k, k + 7))
        return RULED_OUT_AFTER.match(after) is not None

    def _off(self, k: int, verb: int, who: str, *, negated: bool) -> Statement | None:
        """Somebody is worse off than another."""
        p = self.p
        end = verb + 1 + (p.word(verb + 1) == "off")
        of = p.reference(end + 1) if p.word(end) == "than" else None
        if of is None or {who, of[0]} != {SELF, OTHER}:
            return None
        sign = "<" if p.word(verb) in t.POORER else ">"
        return self._made(k, who, Quota(TIMES, 1.0, of[1], sign, of[0]), of[1], told=True, negated=negated)

    def _bound(self, k: int) -> Statement | None:
        """A limit that is not passed: never go below 30%, my share must not exceed half."""
        p = self.p
        beyond = p.word(k) in t.EXCEED
        quota = p.quota(k + 1) if beyond or p.word(k) in t.REACH else None
        if quota is None or quota.kind not in (PART, COUNT) or (quota.sign == "=") != beyond or not self._is_denied(k):
            return None
        start = k
        while start > 0 and p.word(start - 1) not in t.STOPS:
            start -= 1
        owned = next((one for n in range(start, k) if (one := p.owner(n))), None)
        if owned is None and any(p.word(n) in t.KEEP for n in range(k)):
            return None  # of what is kept, or of what is offered?
        quota = quota._replace(sign=">") if beyond else quota
        return self._made(k, owned[0] if owned else OTHER, quota, quota.end, told=True, negated=True)

    def _is_negated(self, k: int) -> bool:
        """Whether a negation, or a judgement of what is to be done, reaches this place in the same clause."""
        shunning = k - 1 - (self.p.word(k - 1) == "to")
        return self._is_denied(k) or any(
            (self.p.word(n) in t.JUDGED and n < k - 1) or (self.p.word(n) in t.SHUNNED and n == shunning)
            for n in self._before(k)
        )

    def _is_denied(self, k: int) -> bool:
        return any(self.p.word(n) in t.NEGATIONS for n in self._before(k))

    def _before(self, k: int) -> Iterator[int]:
        """The four places before one, as far as its clause goes."""
        for n in range(k - 1, max(k - 5, -1), -1):
            if self.p.word(n) in t.STOPS:
                return
            yield n

"""What there is to split, where a text says so."""

from __future__ import annotations

from inference.language.arithmetic import vocabulary as t
from inference.language.arithmetic.quotas import Phrases

NAMED = t.WHOLES - t.words("it this that")
HOLDING = t.words("holds contains totals is are was equals")


def stated_whole(p: Phrases) -> tuple[float | None, str, range]:
    """What there is to split, of what, and where a text says it: "there are 20 coins", "the pot is 10"."""
    for k, one in enumerate(p.said):
        size, unit, end = p.count(k)
        if (size and p.word(end) in ("altogether", "overall")) or (size and p.at(end, ("in", "total"))):
            return size, unit, range(k, end + 1 + (p.word(end) == "in"))
        first, start = k, k + 1
        if (one.word == "there" and p.word(k + 1) in ("are", "is", "'s", "were")) or (
            one.word == "out" and p.word(k + 1) == "of"
        ):
            start = k + 2
        elif one.word in ("split", "splitting", "divide", "dividing", "sharing", "distribute", "distributing"):
            pass
        elif one.word in HOLDING and p.word(k - 1) in NAMED and "of" not in (p.word(k - 2), p.word(k - 3)):
            first = k - 1 - (p.word(k - 2) in t.DETERMINERS)
        elif one.word in ("of", "from", "with", "have", "given") or (one.word == "has" and k):
            if one.word == "have" and p.word(k - 1) not in ("we", "you", "i"):
                continue
        else:
            continue
        while p.word(start) in t.LEADING_WHOLE:
            start += 1
        size, unit, end = p.count(start)
        is_ratio = p.word(end) == ":" and not unit
        if not size or size <= 1 or is_ratio or p.word(end) in ("%", "percent", "times", "/", "-"):
            continue
        end += p.word(end) in t.WHOLES
        is_laid = p.at(end, ("on", "the", "table"))
        after, before = p.word(end), p.word(k - 1)
        ends = (
            after in t.STOPS | t.GIVE | t.KEEP | {"", "i", "you"}
            or (after in ("to", "for", "at") and p.word(end + 1) in t.ON_THE_TABLE)
            or is_laid
        )
        if (
            ends
            and (unit or is_laid or one.word in HOLDING | {"there", "out", "of", "from"})
            and (one.word != "have" or p.word(end) in (".", ":", ";", "") or p.word(end) == "to")
            and before not in t.GIVE
        ):
            return size, unit, range(first, end)
    return None, "", range(0)

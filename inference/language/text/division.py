"""Who gets how much of a pie, by arithmetic: parts, counts, multiples and remainders become shares.

Each statement says that somebody holds a quota. A part p of the pie is the share p, k times what the rival holds is
k / (1 + k), and a count n is n / W once the whole W is known: because it is said ("out of 10", "there are 20 coins"),
or because the other's count is. Limits turn shares into intervals.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from inference.language.text import tokens as t
from inference.language.text.amounts import ABOUT, EXACT, Bounds
from inference.language.text.quotas import COUNT, PART, PLUS, REST, TIMES, VAGUE, BUT, Phrases, Quota
from inference.language.text.tokens import BOTH, OTHER, SELF, Token, tokens, voice

NEGATIONS = frozenset("not n't never without nobody no avoid neither cannot".split())
PLAINLY = frozenset("not n't never without avoid ever".split())  # before a verb: the rules on percentages know these
JUDGED = frozenset("wrong mistake forbidden shameful foolish stupid unfair bad immoral prohibited refuse silly sin".split())
SHUNNED = frozenset("avoid stop hate refuse forget".split())
STOPS = frozenset(", . ; : ! ? ( ) and but or while then yet whereas –".split())
CASES = frozenset("if unless otherwise else when whenever until probability chance except".split())
GOING_ON = frozenset("- – to or plus minus except more less fewer higher lower than percent".split())
BEING = frozenset("is are be 's was equals should must goes go going stays stay remains remain belongs belong".split())
STAYING = frozenset("stays stay remains remain staying".split())
HANDING = frozenset("hand hands handing fork turn pass passes passing sign send sends sending".split())
LEADING_WHOLE = frozenset("the a total pot pie sum of stake your my those these all exactly our every each".split())
ON_THE_TABLE = frozenset("split share divide distribute us both hand stake allocate".split())
BEFORE_RANGES = frozenset("for at by than over above below under of to - – or between from with in".split())
EATING = 6  # words that may stand between an amount and its owner


class Statement(NamedTuple):
    """In this place somebody (self, other, both) holds this quota; `told` if a subject says who."""

    start: int
    end: int
    who: str
    quota: Quota
    told: bool = True
    negated: bool = False
    judged: bool = False  # negated by a judgement: "it is wrong to"


class Division(NamedTuple):
    """A place in the text and the share that it offers to the other: bounds and deviation, None if it is ruled out."""

    start: int
    end: int
    bounds: Bounds | None
    is_kept: bool
    told: bool


@functools.lru_cache(maxsize=256)
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
    said = tokens(line)
    reader = _Reader(Phrases(said, voice(said)))
    whole, places = reader.whole()
    found = reader.statements(places)
    if reader.split is not None and whole is None:
        whole = sum(reader.split)
        found = [_placed(one, reader.split) for one in found]
    return tuple(_solved(line, found, whole))


def _placed(one: Statement, split: tuple[float, float]) -> Statement:
    """The larger part of a split is its larger number."""
    if one.quota.kind != VAGUE:
        return one
    size = (max if one.quota.sign == ">" else min)(split) / sum(split)
    return one._replace(quota=one.quota._replace(kind=PART, size=size, sign="="))


class _Reader:
    """Finds statements in tokens from left to right."""

    def __init__(self, phrases: Phrases) -> None:
        self.p = phrases
        self.said = phrases.said
        self.split: tuple[float, float] | None = None  # "a 70/30 split", without saying for whom

    def statements(self, passed: range = range(0)) -> list[Statement]:
        """All statements but those about the whole, whose places are passed over."""
        found: list[Statement] = []
        k = 0
        while k < len(self.said):
            if k in passed or (passed and k < passed.start and passed.start - k < 3 and self._reaches(k, passed)):
                k += 1
                continue
            for read in (self._per, self._subject, self._owned, self._verb, self._ratio, self._amount, self._listed):
                if (statement := read(k)) is not None:
                    found.append(statement)
                    break
            else:
                k += 1
                continue
            while k < len(self.said) and self.said[k].start < statement.end:
                k += 1
            if (further := self._further(k, statement)) is not None:
                found.append(further)
        return found

    def _further(self, k: int, before: Statement) -> Statement | None:
        """A second limit of the same count: "at least 20 of the 100 and at most 30"."""
        p = self.p
        if before.quota.kind != COUNT or before.quota.sign in ("=", "~") or p.word(k) not in ("and", "but", ","):
            return None
        k += 1 + (p.word(k) == "," and p.word(k + 1) in ("and", "but"))
        quota = p.quota(k)
        if quota is None or quota.kind != COUNT or quota.sign in ("=", "~") or p.word(quota.end) not in STOPS | {""}:
            return None
        return self._made(k, before.who, quota, quota.end, told=True)

    def whole(self) -> tuple[float | None, range]:
        """What there is to split, where the text says it: "there are 20 coins", "out of 10 dollars, ..."."""
        p = self.p
        for k, one in enumerate(self.said):
            start = k + 1
            if one.word == "there" and p.word(k + 1) in ("are", "is", "'s", "were"):
                start = k + 2
            elif one.word == "out" and p.word(k + 1) == "of":
                start = k + 2
            elif one.word in ("split", "splitting", "divide", "dividing", "sharing", "distribute", "distributing"):
                pass
            elif one.word in ("of", "from", "with", "have", "given") or (one.word == "has" and k):
                if one.word == "have" and p.word(k - 1) not in ("we", "you", "i"):
                    continue
            else:
                continue
            while p.word(start) in LEADING_WHOLE:
                start += 1
            size, unit, end = p.count(start)
            if not size or size <= 1 or p.word(end) in ("%", "percent", "times", "/", ":", "-"):
                continue
            after, before = p.word(end), p.word(k - 1)
            ends = after in STOPS | t.GIVE | t.KEEP | {"", "i", "you"} or (after in ("to", "for", "at") and p.word(end + 1) in ON_THE_TABLE) or p.at(end, ("on", "the", "table"))
            if ends and (unit or one.word in ("there", "out", "of", "from")) and (
                one.word != "have" or p.word(end) in (".", ":", ";", "") or p.word(end) == "to"
            ) and before not in t.GIVE:
                return size, range(k, end)
        return None, range(0)

    def _reaches(self, k: int, passed: range) -> bool:
        """Whether a subject stands before the whole: "we have 20 coins"."""
        named = self.p.party(k)
        return named is not None and self.p.helped(named[1]) == passed.start

    # ---- the kinds of statement ----

    def _made(self, k: int, who: str, quota: Quota, end: int, *, told: bool, negated: bool = False) -> Statement | None:
        """A statement, unless its amount goes on in a way that is not understood here."""
        p = self.p
        if p.word(end) in GOING_ON and quota.kind != VAGUE:
            after = p.word(end + 1)
            is_range = p.value(end + 1) is not None or after in t.PARTS_OF or p.word(end) not in ("to", "or", "-", "–")
            if is_range:
                return None
        if p.word(end) in ("of", "as", "times", "out") and quota.kind in (PART, COUNT, REST):
            if p.word(end) != "of" or p.fraction(end + 1)[0] is not None or p.value(end + 1) is not None:
                return None
        if p.word(end) in ("or", "and") and p.word(end + 1) in ("less", "more", "below", "above"):
            return None
        judged = negated and p.word(k - 1) not in PLAINLY
        return Statement(self.said[k].start, self.said[end - 1].end, who, quota, told, negated, judged)

    def _holding(self, k: int, holder: str) -> tuple[str, Quota, int] | None:
        """After a verb: [to party] amount [to party], or an amount alone; who gets it, and where it ends."""
        p = self.p
        if p.word(k) == "over" and p.word(k - 1) in HANDING:
            k += 1
        while p.word(k) in t.PARTICLES and not p.party(k) and not p.quota(k):
            k += 1
        if p.word(k) in ("to", "for", "with") and (p.party(k + 1) or p.quota(k + 1)):
            k += 1
        who = holder
        named = p.party(k)
        if named and not p.owner(k):
            after = named[1] + (p.word(named[1]) in ("with", ":", "of", "only", "exactly") and p.quota(named[1]) is None)
            if p.quota(after):
                who, k = named[0], after
        quota = p.quota(k)
        if quota is None:
            return None
        end = quota.end
        for _ in range(2):
            jump = end
            while jump - end < EATING - 3 and p.word(jump) in t.DETERMINERS | t.PARTICLES | t.WHOLES | t.THINGS and p.word(
                jump
            ) not in ("with",):
                jump += 1
            for at in (end, jump):
                if p.word(at) in ("to", "for", "with") and (named := p.party(at + 1)) and not p.owner(at + 1):
                    return named[0], quota, named[1]
        return who, quota, end

    def _subject(self, k: int) -> Statement | None:
        """Somebody, by name, gives, keeps or gets an amount."""
        p = self.p
        named = p.party(k)
        if named is None or p.owner(k):
            return None
        who, verb = named[0], p.helped(named[1])
        word = p.word(verb)
        negated = self._is_negated(k) or p.word(named[1]) in NEGATIONS or p.word(verb) in NEGATIONS
        while p.word(verb) in NEGATIONS | {"ever"}:
            verb += 1
            word = p.word(verb)
        if self.said[k].word == "you" and who != BOTH:  # with verbs of giving and keeping the policy speaks to the proposer
            who = p.how.you if word in t.GIVE | t.KEEP else p.how.you_get
        if word in t.GIVE | t.KEEP | t.GET and word not in ("need", "needs"):
            holder = who if word not in t.GIVE else OTHER if who == SELF else SELF
            if who == BOTH:
                holder = BOTH
            held = self._holding(verb + 1, holder)
        elif p.word(verb - 1) in ("is", "are", "be", "'re", "'m", "'s") and word in ("given", "offered", "left", "paid"):
            held = self._holding(verb + 1, who)
        elif self._bare(named[1]):
            held = self._holding(named[1] + (p.word(named[1]) in (":", "=")), who)
        else:
            return None
        if held is None:
            return None
        if who != BOTH and word in t.GIVE and self._is_reflexive(held[2] - 1, who):
            held = (who, *held[1:])
        return self._made(k, held[0], held[1], held[2], told=True, negated=negated)

    def _bare(self, k: int) -> bool:
        """Whether an amount follows a name without a verb: "me 80, them 20"."""
        quota = self.p.quota(k + (self.p.word(k) in (":", "=")))
        return quota is not None and quota.kind in (PART, COUNT) and self.p.word(quota.end) in STOPS | {""}

    def _is_reflexive(self, k: int, who: str) -> bool:
        return self.p.word(k) in t.REFLEXIVE and who in (SELF, OTHER)

    def _verb(self, k: int) -> Statement | None:
        """An order: give, keep, take an amount."""
        p = self.p
        word = p.word(k)
        if word in ("have", "help") and p.how.you == OTHER:
            if word == "help":
                if p.word(k + 1) != "yourself" or p.word(k + 2) != "to" or not (quota := p.quota(k + 3)):
                    return None
                return self._made(k, OTHER, quota, quota.end, told=True)
            held = self._holding(k + 1, OTHER)
            return held and self._made(k, *held, told=True)
        if word == "help" and p.word(k + 1) == "yourself" and (quota := p.quota(k + 3)):
            return self._made(k, OTHER, quota, quota.end, told=True)
        if word == "let" and p.word(k + 1) == "go" and p.word(k + 2) == "of" and (held := self._holding(k + 3, OTHER)):
            return self._made(k, *held, told=False, negated=self._is_negated(k))
        if word not in t.GIVE | t.KEEP or p.word(k - 1) in ("the", "a", "their", "my", "your", "an", "'s", "this"):
            return None
        if word == "part" and p.word(k + 1) != "with" and p.word(k - 1) not in ("", ".", ","):
            return None
        taker = p.how.taker if word in ("take", "keep", "grab") else SELF
        held = self._holding(k + 1, taker if word in t.KEEP else OTHER)
        if held is None:
            return None
        if word in ("share", "shares") and held[1].kind == TIMES and held[1].of == "rival":
            return None
        told = held[0] != (SELF if word in t.KEEP else OTHER)
        return self._made(k, *held, told=told or taker == OTHER, negated=self._is_negated(k))

    def _owned(self, k: int) -> Statement | None:
        """My share is 30%; yours: half of mine."""
        p = self.p
        owned = p.owner(k)
        if owned is None:
            return None
        end = owned[1]
        while p.word(end) in t.HELPERS | BEING | {":", "=", "to"}:
            end += 1
        if end == owned[1]:
            return None
        quota = p.quota(end)
        return quota and self._made(k, owned[0], quota, quota.end, told=True, negated=self._is_negated(k))

    def _amount(self, k: int) -> Statement | None:
        """An amount for somebody: 60 for me, half of it is yours, everything goes to them."""
        p = self.p
        if p.word(k) in ("for", "to") and (named := p.party(k + 1)) and p.word(k - 1) in STOPS | {""}:
            at = named[1] + (p.word(named[1]) in (",", ":", "-"))
            if (quota := p.quota(at)) and p.word(quota.end) in STOPS | {""}:
                return self._made(k, named[0], quota, quota.end, told=True)
        if p.word(k - 1) in BEFORE_RANGES or (p.word(k - 1) in t.GIVE | t.KEEP and p.word(k) in ("it", "this")):
            return None
        quota = p.quota(k)
        if quota is None or quota.kind in (TIMES, PLUS) and quota.of != "rival" and not quota.end:
            return None
        end, verb = quota.end, ""
        for _ in range(EATING):
            if p.word(end) in STOPS or p.word(end) in t.GIVE | t.KEEP or p.quota(end):
                break
            if p.word(end) in BEING | {"'s"}:
                verb = p.word(end)
            who = self._owner_after(end, verb)
            if who is not None:
                return self._made(k, who[0], quota, who[1], told=True, negated=self._is_negated(k))
            end += 1
        return None

    def _owner_after(self, k: int, verb: str) -> tuple[str, int] | None:
        p = self.p
        if p.word(k) in t.POSSESSIVE and (owned := p.owner(k)):
            return owned
        if p.word(k) in ("to", "for", "with", "over") and p.word(k + 1) not in ("each", "both", "the"):
            k += p.word(k) == "over" and p.word(k + 1) == "to"
        if p.word(k) not in ("to", "for", "with"):
            return None
        if p.owner(k + 1):
            return None
        named = p.party(k + 1)
        if named and p.word(k + 1) == "you" and verb in STAYING:
            return p.how.you, named[1]
        if named and p.word(k) == "with" and verb not in STAYING:
            return None
        if named and p.word(named[1]) in t.GIVE | t.KEEP | {"to", "have"}:
            return None  # for them to decide
        return named

    def _listed(self, k: int) -> Statement | None:
        """Half each, 50 apiece."""
        p = self.p
        quota = p.quota(k)
        if quota and quota.kind in (PART, COUNT) and p.word(quota.end) in ("each", "apiece") and p.word(quota.end + 1) in STOPS | {""}:
            return self._made(k, BOTH, quota, quota.end + 1, told=True)
        return None

    def _per(self, k: int) -> Statement | None:
        """For every two that I keep, you get one."""
        p = self.p
        if p.word(k) != "for" or p.word(k + 1) not in ("every", "each"):
            return None
        first, unit, end = p.count(k + 2)
        if first is None and p.word(k + 2) in t.UNITS:
            unit, first, end = *t.UNITS[p.word(k + 2)], k + 3
        elif first is None and p.word(k + 2) in t.THINGS:
            unit, first, end = p.word(k + 2), 1.0, k + 3
        if not first:
            return None
        one = p.reference(end)
        if one is None:
            return None
        at = one[1] + (p.word(one[1]) == ",")
        rest = self._subject(at) or self._verb(at) or self._amount(at)
        if rest is None or rest.quota.kind != COUNT or rest.quota.whole or rest.who == one[0] or rest.who == BOTH:
            return None
        if rest.quota.unit and unit in t.UNITS and rest.quota.unit not in t.UNITS:
            return None
        return rest._replace(
            start=self.said[k].start, quota=rest.quota._replace(kind=TIMES, size=rest.quota.size / first, of=one[0])
        )

    def _ratio(self, k: int) -> Statement | None:
        """Two to one in favour of them; a 70-30 split for me."""
        p = self.p
        if p.value(k) is None or p.word(k - 1) in ("/", "-", ":", "$"):
            return None
        mid = k + 1
        joint = p.word(mid)
        if joint == "-" and p.word(mid + 1) in ("to", "for"):
            mid += 1
        if p.word(mid) not in ("-", ":", "/", "to", "–"):
            return None
        end = mid + 1 + (p.word(mid + 1) == "-")
        a, b = p.value(k), p.value(end)
        end += 1
        if not a or not b or p.word(end) in ("%", "percent", "per", "/", ":"):
            return None
        if joint == "/" and a < b and a + b != 100 and p.word(end) != "split":
            return None  # four fifths
        jump = end
        while jump - end < 4 and p.word(jump) not in STOPS - {","} | {"", "in", "favouring", "favoring", "for", "to"}:
            jump += 1
        who = None
        if p.word(jump) == "in":
            at = jump + 1 + (p.word(jump + 1) == "the")
            if p.word(at) in ("favour", "favor") and p.word(at + 1) == "of":
                who = p.party(at + 2)
            elif p.word(at) in t.OWNED or p.party(at):
                who = self._favoured(at)
        elif p.word(jump) in ("favouring", "favoring", "for", "to"):
            who = p.party(jump + 1)
        if a == b:
            return Statement(self.said[k].start, self.said[end - 1].end, BOTH, Quota(PART, 0.5, end))
        if who is None or who[0] == BOTH:
            self.split = (a, b)
            return None
        share = max(a, b) / (a + b)
        return Statement(self.said[k].start, self.said[who[1] - 1].end, who[0], Quota(PART, share, who[1]))

    def _favoured(self, k: int) -> tuple[str, int] | None:
        p = self.p
        named = p.party(k)
        if named and p.word(named[1]) == "'s" and p.word(named[1] + 1) in ("favour", "favor"):
            return named[0], named[1] + 2
        word, end = p.word(k), k + 1 + (p.word(k + 1) == "own")
        if word in t.OWNED and p.word(end) in ("favour", "favor"):
            return (SELF if word == "my" else OTHER if word != "your" else p.how.you), end + 1
        return None

    def _is_negated(self, k: int) -> bool:
        """Whether a negation, or a judgement of what is to be done, reaches this place in the same clause."""
        return self._is_denied(k) or any(
            self.p.word(n) in JUDGED and n < k - 1 or self.p.word(n) in SHUNNED and n == k - 1 for n in self._before(k)
        )

    def _is_denied(self, k: int) -> bool:
        return any(self.p.word(n) in NEGATIONS for n in self._before(k))

    def _before(self, k: int) -> Iterator[int]:
        """The four places before one, as far as its clause goes."""
        for n in range(k - 1, max(k - 5, -1), -1):
            if self.p.word(n) in STOPS:
                return
            yield n


# ---- arithmetic ----


def _solved(line: str, found: Sequence[Statement], whole: float | None) -> list[Division]:
    out: list[Division] = []
    counted = [one for one in found if one.quota.kind == COUNT and one.quota.whole is None]
    wholes = {one.quota.whole for one in found if one.quota.kind == COUNT and one.quota.whole}
    whole = whole if whole is not None else wholes.pop() if len(wholes) == 1 else None
    taken: set[int] = set()
    for number, one in enumerate(found):
        if number in taken or one.who not in (SELF, OTHER, BOTH):
            continue
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


def _is_new(one: Statement) -> bool:
    """Whether the rules for percentages and fractions alone would miss or misread it."""
    return one.told or one.judged or one.quota.kind != PART


def _partner(line: str, found: Sequence[Statement], number: int) -> int | None:
    """The other's count that makes this one's whole: "keep 7, give 3"."""
    one = found[number]
    for n in range(number + 1, min(number + 2, len(found))):
        two = found[n]
        between = line[one.end : two.start]
        if two.quota.kind != COUNT or two.quota.whole or {one.who, two.who} != {SELF, OTHER}:
            return None
        if not CASES.isdisjoint(between.replace(",", " ").split()) or one.quota.size < 0 or two.quota.size < 0:
            return None
        units = {one.quota.unit, two.quota.unit} - {""}
        return n if len(units) < 2 else None
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

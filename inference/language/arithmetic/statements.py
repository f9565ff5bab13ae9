"""What a text states about who holds how much, read from left to right."""

from __future__ import annotations

from inference.language.arithmetic import vocabulary as t
from inference.language.arithmetic.quotas import COUNT, PART, PLUS, TIMES, Phrases, Quota
from inference.language.arithmetic.stating import Statement, Stating
from inference.language.arithmetic.vocabulary import BOTH, OTHER, SELF

DUE = t.words("given offered left paid entitled owed due promised granted allotted")
EATING = 6  # words that may stand between an amount and its owner


class Statements(Stating):
    """Finds statements in tokens from left to right."""

    def __init__(self, phrases: Phrases) -> None:
        super().__init__(phrases)
        self.split: tuple[float, float] | None = None  # "a 70/30 split", without saying for whom

    def statements(self, passed: range = range(0)) -> list[Statement]:
        """All statements but those about the whole, whose places are passed over."""
        found: list[Statement] = []
        k = 0
        while k < len(self.said):
            if k in passed or (passed and k < passed.start and passed.start - k < 3 and self._reaches(k, passed)):
                k += 1
                continue
            for read in (
                self._per,
                self._subject,
                self._owned,
                self._bound,
                self._verb,
                self._put,
                self._parts,
                self._ratio,
                self._amount,
                self._listed,
            ):
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
        return found or self._alone()

    def _alone(self) -> list[Statement]:
        """A sentence that is nothing but an amount says what is offered: "$3 out of $10", "as much as you keep"."""
        words, ends = [one.word for one in self.said], {".", "!", ";", "?", ":"}
        for k in range(len(words)):
            quota = self.p.quota(k) if words[k - 1] in ends or {*words[:k]} <= {","} else None
            if quota is None or quota.kind not in (PART, COUNT, TIMES):
                continue
            if {*words[quota.end : quota.end + 1]} <= ends or {*words[quota.end :]} <= {",", *ends}:
                made = self._made(k, OTHER, quota, quota.end, told=True)
                return [] if made is None else [made]
        return []

    def _further(self, k: int, before: Statement) -> Statement | None:
        """A second limit of the same count: "at least 20 of the 100 and at most 30"."""
        p = self.p
        if before.quota.kind != COUNT or before.quota.sign in ("=", "~") or p.word(k) not in ("and", "but", ","):
            return None
        k += 1 + (p.word(k) == "," and p.word(k + 1) in ("and", "but"))
        quota = p.quota(k)
        if quota is None or quota.kind != COUNT or quota.sign in ("=", "~") or p.word(quota.end) not in t.STOPS | {""}:
            return None
        return self._made(k, before.who, quota, quota.end, told=True)

    def _reaches(self, k: int, passed: range) -> bool:
        """Whether a subject stands before the whole: "we have 20 coins"."""
        named = self.p.party(k)
        return named is not None and self.p.helped(named[1]) == passed.start

    # ---- the kinds of statement ----

    def _holding(self, k: int, holder: str) -> tuple[str, Quota, int] | None:
        """After a verb: [to party] amount [to party], or an amount alone; who gets it, and where it ends."""
        p = self.p
        if p.word(k) == "over" and p.word(k - 1) in t.HANDING:
            k += 1
        while p.word(k) in t.PARTICLES and not p.party(k) and not p.quota(k):
            k += 1
        if p.word(k) in ("to", "for", "with") and (p.party(k + 1) or p.quota(k + 1)):
            k += 1
        who = holder
        named = p.party(k)
        if named and not p.owner(k):
            after = named[1] + (
                p.word(named[1]) in ("with", ":", "of", "only", "exactly") and p.quota(named[1]) is None
            )
            if p.quota(after):
                who, k = named[0], after
        quota = p.quota(k)
        if quota is None:
            return None
        end = quota.end
        for _ in range(2):
            jump = end
            while (
                jump - end < EATING - 3
                and p.word(jump) in t.DETERMINERS | t.PARTICLES | t.WHOLES | t.THINGS
                and p.word(jump) not in ("with",)
            ):
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
        negated = self._is_negated(k) or p.word(named[1]) in t.NEGATIONS or p.word(verb) in t.NEGATIONS
        while p.word(verb) in t.NEGATIONS | {"ever"}:
            verb += 1
            word = p.word(verb)
        if word in t.SHUNNED and p.word(verb + 1) == "to":
            negated, verb = not negated, verb + 2
            word = p.word(verb)
        compared = p.helped(verb)
        if p.word(compared) in t.POORER | t.RICHER:
            return self._off(k, compared, p.how.you if self.said[k].word == "you" else who, negated=negated)
        if word == "have" and p.word(verb + 1) == "to":
            verb += 2
            word = p.word(verb)
        if (
            self.said[k].word == "you" and who != BOTH
        ):  # with verbs of giving and keeping the policy speaks to the proposer
            who = p.how.you if word in t.GIVE | t.KEEP else p.how.you_get
        if word in t.GIVE | t.KEEP | t.GET and word not in ("need", "needs"):
            holder = who if word not in t.GIVE else OTHER if who == SELF else SELF
            if who == BOTH:
                holder = BOTH
            held = self._holding(verb + 1, holder)
        elif p.word(verb - 1) in ("is", "are", "be", "'re", "'m", "'s") and word in DUE:
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
        if quota is None or quota.kind not in (PART, COUNT):
            return False
        return self.p.word(quota.end) in t.STOPS | {""} or self.p.party(quota.end) is not None

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
            return self._made(k, *held, told=True, negated=self._is_negated(k))
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

    def _put(self, k: int) -> Statement | None:
        """Put half in your pocket, slide ten of them over, cough up 45%."""
        p = self.p
        if p.word(k) not in t.PUT | t.MOVE:
            return None
        at = k + 1 + (p.word(k + 1) in t.PARTICLES | {"in"})
        quota = p.quota(at)
        if quota is None:
            return None
        end = quota.end + 2 * (p.word(quota.end) == "of" and p.word(quota.end + 1) in ("it", "them", "these", "those"))
        negated = self._is_negated(k)
        if p.word(end) in t.INSIDE and (owned := p.spot(end)):
            return self._made(k, owned[0], quota, owned[1], told=True, negated=negated)
        if p.word(k) in t.PUT:
            return None
        over = end + (p.word(end) in ("over", "across", "back"))
        named = p.party(over + 1) if p.word(over) in ("to", "towards", "toward") else None
        if named is not None and named[0] != BOTH:
            return self._made(k, named[0], quota, named[1], told=True, negated=negated)
        if over > end or at > k + 1:
            return self._made(k, OTHER, quota._replace(end=over), over, told=True, negated=negated)
        return None

    def _parts(self, k: int) -> Statement | None:
        """Two parts for me to one part for them."""
        p = self.p
        one = self._part(k)
        two = self._part(one[2] + 1) if one and p.word(one[2]) in ("to", "against", "versus", "vs") else None
        if one is None or two is None or {one[1], two[1]} != {SELF, OTHER} or one[0] + two[0] <= 0:
            return None
        quota = Quota(PART, one[0] / (one[0] + two[0]), two[2])
        return self._made(k, one[1], quota, two[2], told=True, negated=self._is_negated(k))

    def _part(self, k: int) -> tuple[float, str, int] | None:
        """Some parts of somebody: how many, whose, and where that ends."""
        p = self.p
        size, _, end = p.count(k)
        if size is None:
            return None
        at = end + (p.word(end) in ("for", "of", "to"))
        owned = p.owner(at) if p.word(at) in t.POSSESSIVE else p.party(at)
        return owned and (size, *owned)

    def _owned(self, k: int) -> Statement | None:
        """My share is 30%; yours: half of mine."""
        p = self.p
        owned = p.owner(k)
        if p.word(k) in t.OWNED | {"the", "an"} and p.word(k + 1) in ("offer", "proposal", "gift", "donation"):
            owned = OTHER, k + 2
        elif owned is None and p.word(k) == "what":
            owned = p.reference(k)
        if owned is None:
            return None
        end, is_made = owned[1], p.word(k - 1) in ("make", "set")
        end += is_made and p.word(end) == "at"
        while p.word(end) in t.HELPERS | t.BEING | {":", "=", "to", "has", "have", "needs"}:
            end += 1
        if end == owned[1] and not is_made:
            return None
        quota = p.quota(end)
        return quota and self._made(k, owned[0], quota, quota.end, told=True, negated=self._is_negated(k))

    def _amount(self, k: int) -> Statement | None:
        """An amount for somebody: 60 for me, half of it is yours, everything goes to them."""
        p = self.p
        if p.word(k) in ("for", "to") and (named := p.party(k + 1)) and p.word(k - 1) in t.STOPS | {""}:
            at = named[1] + (p.word(named[1]) in (",", ":", "-"))
            if (quota := p.quota(at)) and p.word(quota.end) in t.STOPS | {""}:
                return self._made(k, named[0], quota, quota.end, told=True)
        if p.word(k - 1) in t.BEFORE_RANGES or (p.word(k - 1) in t.GIVE | t.KEEP and p.word(k) in ("it", "this")):
            return None
        quota = p.quota(k)
        if quota is None or (quota.kind in (TIMES, PLUS) and quota.of != "rival" and not quota.end):
            return None
        end, verb = quota.end, ""
        beside = p.party(end) if quota.kind in (PART, COUNT) else None
        if beside is not None and p.word(beside[1]) in t.STOPS | {""}:
            return self._made(k, beside[0], quota, beside[1], told=True)  # one part me, four parts them
        if p.word(end) in ("leaves", "leave") and (owned := p.spot(end + 1)):
            holder = OTHER if owned[0] == SELF else SELF
            return self._made(k, holder, quota, owned[1], told=True, negated=self._is_negated(k))
        for _ in range(EATING):
            if p.word(end) in t.BEING and p.word(end + 1) == "what" and (named := p.reference(end + 1)):
                return self._made(k, named[0], quota, named[1], told=True, negated=self._is_negated(k))
            if p.word(end) in t.STOPS or p.word(end) in t.GIVE | t.KEEP or p.quota(end):
                break
            if p.word(end) in t.BEING | t.ENDING:
                verb = p.word(end)
            is_placed = p.word(end) in t.INSIDE and (verb or end == quota.end)  # half a cup in your bowl is no half
            who = (p.spot(end) if is_placed else None) or self._owner_after(end, verb)
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
        if named and p.word(k + 1) == "you" and verb in t.STAYING:
            return p.how.you, named[1]
        if named and p.word(k) == "with" and verb not in t.STAYING:
            return None
        if named and p.word(named[1]) in t.GIVE | t.KEEP | {"to", "have"}:
            return None  # for them to decide
        return named

    def _listed(self, k: int) -> Statement | None:
        """Half each, 50 apiece."""
        p = self.p
        quota = p.quota(k)
        if (
            quota
            and quota.kind in (PART, COUNT)
            and p.word(quota.end) in ("each", "apiece")
            and p.word(quota.end + 1) in t.STOPS | {"", "out", "of", "from"}
        ):
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
        at = end + (p.word(end) in (",", ":"))
        first = p.owner(at) or p.party(at)
        if first is not None and p.word(first[1]) == "first" and first[0] != BOTH:
            return Statement(self.said[k].start, self.said[first[1]].end, first[0], Quota(PART, a / (a + b), first[1]))
        jump = end
        while jump - end < 4 and p.word(jump) not in t.STOPS - {","} | {"", "in", "favouring", "favoring", "for", "to"}:
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

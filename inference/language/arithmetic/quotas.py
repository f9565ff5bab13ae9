"""How much, in tokens: a part, a count, a multiple of what somebody keeps, the rest.

What a phrase says is kept as it is said; `division` makes shares of it once it is known who gets it, and out of how
much.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from inference.language.arithmetic import vocabulary as t
from inference.language.arithmetic.limits import LIMITS, LIMITS_AFTER
from inference.language.arithmetic.parties import LONGEST_LEAD, Parties
from inference.language.arithmetic.voice import Voice
from inference.language.tokens.numbers import SIGNS
from inference.language.tokens.tokens import Token

PART, COUNT, TIMES, PLUS, REST, BUT, VAGUE = "part", "count", "times", "plus", "rest", "all but", "vague"
TINY = "tiny"  # the least there is: nothing, if it is denied
BIG = t.words("larger bigger greater lion's lion largest biggest fatter better")
SMALL = t.words("smaller lesser smallest thinner")
GRADES = t.words("little bit slightly somewhat touch much far well lot marginally significantly considerably")
EVERYTHING = t.words("everything all")
NOTHING = t.words("nothing none zilch nil zero")
LEFT = t.words("rest remainder balance remaining")
NOT_ALL = t.words("but else people parties sides players situations cases equal")  # all of these are no whole
OUT_OF = t.words("every each the a all your my our per those these total")
EATEN = t.words("bit scrap crumb thing shred morsel sou farthing dime nickel")


class Quota(NamedTuple):
    """An amount as it is said: its size, its kind, whose part it is a multiple of, its whole, and how it is limited.

    `sign` is `=`, `~` about, `>` at least, `<` at most, `-` from `least`; `whole` is the total of a count, where the
    phrase gives it.
    """

    kind: str
    size: float
    end: int
    sign: str = "="
    of: str = ""
    whole: float | None = None
    unit: str = ""
    least: float = 0.0


class Phrases(Parties):
    """Reads amounts at a place in a text's tokens."""

    def __init__(self, said: list[Token], how: Voice) -> None:
        super().__init__(said, how)
        self._quotas: dict[int, Quota | None] = {}

    def quota(self, k: int) -> Quota | None:
        """The amount that starts at a place."""
        if k not in self._quotas:
            self._quotas[k] = self._quota(k)
        return self._quotas[k]

    def _quota(self, k: int) -> Quota | None:
        if self.word(k) in ("between", "from"):
            return self._between(k + 1)
        sign, k = self.limit(k)
        found = self._core(k) if sign != "?" else None
        if found is None and sign in ("<", ">") and self.word(k - 1) == "than" and (of := self.reference(k)):
            found = Quota(TIMES, 1.0, of[1], of=of[0])
        if found is None:
            return None
        after, end = self.limit_after(found.end)
        if after and sign in ("", "="):
            found, sign = found._replace(end=end), after
        if found.sign != "=" and sign not in ("", "="):
            return None
        return found._replace(sign=sign or found.sign)

    def limit(self, k: int) -> tuple[str, int]:
        """What a phrase before an amount makes of it, and where that ends."""
        for words, sign in LIMITS.get(self.word(k), ()):
            if self.at(k, words):
                graded = words[-1] in ("than", "over", "under", "above", "below") and self.word(k - 1) in GRADES
                return "?" if graded else sign, k + len(words)  # "slightly more than" is for the rules on ranges
        return "", k

    def limit_after(self, k: int) -> tuple[str, int]:
        for words, sign in LIMITS_AFTER:
            if self.at(k, words):
                return sign, k + len(words)
        return "", k

    def _core(self, k: int) -> Quota | None:
        readers: tuple[Callable[[int], Quota | None], ...] = (
            self._rest, self._all_but, self._same, self._multiple, self._vague, self._whole, self._none,
            self._numbered, self._tiny,
        )  # fmt: skip
        return next((found for read in readers if (found := read(k)) is not None), None)

    def _rest(self, k: int) -> Quota | None:
        start = k
        if self.word(k) == "all":
            k += 1
        if self.word(k) in ("the", "any"):
            k += 1
        if self.word(k) in LEFT:
            end = k + 1
            if self.word(k) == "remaining" and (self.word(end) in t.THINGS | t.WHOLES or self.value(end) is not None):
                end += 1 + (self.value(end) is not None and self.word(end + 1) in t.THINGS | t.UNITS.keys())
            return Quota(REST, 1.0, self.of_it(end))
        if self.word(start) == "everything" and self.word(start + 1) == "else":
            return Quota(REST, 1.0, start + 2)
        if self.word(start) in ("what", "whatever") and self.word(start + 1) in ("is", "'s", "remains"):
            if self.word(start + 1) == "remains":
                return Quota(REST, 1.0, start + 2)
            if self.word(start + 2) in ("left", "remaining"):
                return Quota(REST, 1.0, start + 3 + (self.word(start + 3) == "over"))
        return None

    def _all_but(self, k: int) -> Quota | None:
        if self.word(k) in EVERYTHING and self.word(k + 1) in ("but", "except", "bar", "save"):
            inner = self._numbered(k + 2 + (self.word(k + 2) == "for"))
            if inner and inner.kind == PART and inner.sign == "=":
                return Quota(BUT, 1 - inner.size, inner.end)
            if inner and inner.kind == COUNT and inner.sign == "=":
                return Quota(COUNT, -inner.size, inner.end, whole=inner.whole, unit=inner.unit)  # whole minus
        return None

    def _same(self, k: int) -> Quota | None:
        start = k
        k += self.word(k) in ("the", "an", "a")
        if self.word(k) in t.SHARES | {"amount"} and self.at(k + 1, ("equal", "to")) and (of := self.reference(k + 3)):
            return Quota(TIMES, 1.0, of[1], of=of[0])
        if self.word(k) not in ("same", "equal", "identical", "matching") or start == k:
            return None
        k += 1
        while self.word(k) in ("amount", "share", "sum", "portion", "number", "again", "part", "as", "that"):
            k += 1
        if of := self.reference(k):
            return Quota(TIMES, 1.0, of[1], of=of[0])
        return Quota(TIMES, 1.0, k, of="rival")

    def _multiple(self, k: int) -> Quota | None:
        """Twice as much as, half of what, three times my share, 50% more than."""
        size, end = self._factor(k)
        if self.word(k) in t.MULTIPLES and self.word(k) != "twice" and self.word(end) in t.STOPS | {""}:
            return Quota(TIMES, t.MULTIPLES[self.word(k)], end, of="rival")
        if size is None:
            if self.word(k) == "as" and self.word(k + 1) in ("much", "many", "large"):
                return self._times(1.0, k, explicit=False)
            if self.word(k) in ("what", "whatever") and (of := self.reference(k)):
                return Quota(TIMES, 1.0, of[1], of=of[0])
            return None
        return self._times(size, end, explicit=self.word(end - 1) in ("times", *t.MULTIPLES))

    def _times(self, size: float, k: int, *, explicit: bool) -> Quota | None:
        if self.word(k) in ("more", "less", "fewer") and self.word(k + 1) == "than" and (of := self.reference(k + 2)):
            if (named := self.party(k + 2)) and named[1] == of[1]:
                return None  # 10% more than the other: of what?
            return Quota(TIMES, 1 + size if self.word(k) == "more" else max(1 - size, 0.0), of[1], of=of[0])
        if self.word(k) == "as" and self.word(k + 1) in ("much", "many", "large", "big"):
            end = k + 2
            if (
                self.word(end) in ("for", "to")
                and (named := self.party(end + 1))
                and self.word(named[1]) in ("as", "than")
            ):
                return None  # twice as much for them as for me
            if self.word(end) in ("again",):
                return None
            while self.word(end) in t.THINGS | t.WHOLES | t.UNITS.keys():
                end += 1
            if self.word(end) in ("as", "than") and (of := self.reference(end + 1)):
                return Quota(TIMES, size, of[1], of=of[0])
            return None
        if (explicit or self.word(k) == "of") and (of := self.reference(k)):
            return Quota(TIMES, size, of[1], of=of[0])
        if (self.word(k) in t.POSSESSIVE or self.word(k) in ("what", "whatever") or explicit) and (
            of := self.reference(k)
        ):
            return Quota(TIMES, size, of[1], of=of[0])
        if self.word(k) == "the" and self.word(k + 1) in ("size", "amount", "share") and (of := self.reference(k + 2)):
            return Quota(TIMES, size, of[1], of=of[0])
        if self.word(k) in ("my", "their", "his", "the", "her") and (of := self.owner(k)):
            return Quota(TIMES, size, of[1], of=of[0])
        return None

    def _factor(self, k: int) -> tuple[float | None, int]:
        if self.word(k) in t.MULTIPLES:
            return t.MULTIPLES[self.word(k)], k + 1
        value = self.value(k)
        if value is not None and self.at(k + 1, ("and", "a", "half", "times")):
            return value + 0.5, k + 5
        if value is not None and self.word(k + 1) in ("times", "x"):
            return value, k + 2
        fraction, end = self.fraction(k)
        if fraction is not None:
            return fraction, end
        return None, k

    def fraction(self, k: int) -> tuple[float | None, int]:
        """A part without a whole: half, a third, two-fifths, 3/4, 30 percent."""
        value = self.value(k)
        if self.word(k) in SIGNS:
            return value, k + 1
        if value is not None:
            if self.word(k + 1) == "/" and (bottom := self.value(k + 2)):
                whole = 0 < value < bottom and value + bottom != 100 and self.word(k + 3) not in ("/", "split")
                return (value / bottom, k + 3) if whole else (None, k)
            if self.word(k + 1) in ("%", "percent", "pct", "pc"):
                return value / 100, k + 2
            if self.word(k + 1) == "per" and self.word(k + 2) == "cent":
                return value / 100, k + 3
            end = k + 1 + (self.word(k + 1) == "-")
            part = self.word(end).removesuffix("s")
            if (part in t.PARTS_OF or self.word(end) in t.PARTS_OF) and value == int(value):
                return value / t.PARTS_OF.get(part, t.PARTS_OF.get(self.word(end), 1)), end + 1
            return None, k
        if self.word(k) in ("a", "one", "the") and self.word(k + 1) in t.PARTS_OF:
            k += 1
        if self.word(k) in t.PARTS_OF and self.word(k) not in ("eight",):
            return 1 / t.PARTS_OF[self.word(k)], k + 1
        return None, k

    def _vague(self, k: int) -> Quota | None:
        start = k
        for _ in range(LONGEST_LEAD):
            k += self.word(k) in ("the", "a", "vast", "overwhelming", "very", "great")
        if self.word(k) in BIG | SMALL:
            sign = ">" if self.word(k) in BIG else "<"
            end = k + 1 + (self.word(k + 1) in ("'s", "s"))
            if self.word(end) in t.SHARES | {"bulk"}:
                return Quota(VAGUE, 0.5, self.of_it(end + 1), sign)
            return None
        if self.word(k) in ("majority", "bulk") and k > start:
            return Quota(VAGUE, 0.5, self.of_it(k + 1), ">")
        if self.word(k) == "most" and self.word(k + 1) in ("of", "everything") and k == start:
            return Quota(VAGUE, 0.5, self.of_it(k + 1 + (self.word(k + 1) == "everything")), ">")
        return None

    def _whole(self, k: int) -> Quota | None:
        if self.word(k) in ("it", "this", "that"):
            k += 1 + (self.word(k + 1) == "'s")
            if self.word(k) != "all":
                return None
        if self.word(k) == "everything":
            return Quota(PART, 1.0, self.of_it(k + 1))
        if self.word(k) == "all":
            if self.word(k + 1) in NOT_ALL:
                return None
            return Quota(PART, 1.0, self.of_it(k + 1))
        if self.word(k) == "the" and (self.word(k + 1) == "lot" or self.word(k + 1) in ("whole", "entire", "full")):
            end = k + 2 + (self.word(k + 1) != "lot")
            good = self.word(k + 1) == "lot" or self.word(end - 1) in t.WHOLES | t.THINGS | t.UNITS.keys() | {"thing"}
            return Quota(PART, 1.0, self.of_it(end)) if good else None
        if self.word(k) == "every":
            end = k + 1
            while self.word(end) in ("last", "single"):
                end += 1
            if self.word(end) in t.UNITS or self.word(end).removesuffix("s") in t.THINGS | {"bit", "scrap", "crumb"}:
                return Quota(PART, 1.0, self.of_it(end + 1))
        return None

    def _none(self, k: int) -> Quota | None:
        if self.word(k) in NOTHING and self.word(k + 1) not in ("less", "more", "but", "under", "over", "-", "above"):
            return Quota(PART, 0.0, self.of_it(k + 1))
        if self.word(k) == "not" and self.word(k + 1) in ("a", "one") and self.word(k + 2) in t.UNITS:
            return Quota(PART, 0.0, self.of_it(k + 3))
        return None

    def _numbered(self, k: int) -> Quota | None:
        fraction, end = self.fraction(k)
        if fraction is not None:
            while self.word(end) == "of" and (inner := self.fraction(end + 1))[0] is not None:
                fraction, end = fraction * inner[0], inner[1]  # half of a third
            return Quota(PART, fraction, self.of_it(end)) if fraction <= 1 else None
        if self.word(k) in ("the", "a", "your", "my", "his", "her") and self.value(k + 1) is not None:
            k += 1
        size, unit, end = self.count(k)
        if size is None:
            return None
        out = self._out_of(size, unit, end)
        if out is not None:
            return out
        if 0 < size < 1 and self.word(k).startswith(("0.", ".")) and not unit:
            return Quota(PART, size, self.of_it(end))
        if (
            self.word(end) in ("more", "less", "fewer")
            and self.word(end + 1) == "than"
            and (of := self.reference(end + 2))
        ):
            return Quota(PLUS, size if self.word(end) == "more" else -size, of[1], of=of[0], unit=unit)
        return Quota(COUNT, size, end, unit=unit)

    def _tiny(self, k: int) -> Quota | None:
        """The least there is, to be denied: a single coin, a penny, anything at all, any of it."""
        if self.word(k) in ("anything", "any"):
            end = k + 1 + 2 * self.at(k + 1, ("at", "all"))
            after = self.of_it(end)
            free = self.word(k) == "anything" or after > end
            goes_on = self.word(after) in t.GOING_ON or self.word(after) in LIMITS
            return Quota(TINY, 0.0, after) if free and not goes_on else None
        if self.word(k) not in ("a", "an", "any", "one"):
            return None
        k += 1
        while self.word(k) in ("single", "lousy", "measly", "bloody", "damn", "miserable", "solitary"):
            k += 1
        if self.word(k) in t.UNITS or self.word(k) in (t.THINGS | EATEN) - t.SHARES - {"part", "portion", "piece"}:
            end = self.of_it(k + 1)
            return Quota(TINY, 0.0, end) if self.word(end) not in ("of", "more", "less") else None
        return None

    def _between(self, k: int) -> Quota | None:
        """Between 3 and 5 of the 10; ranges of parts are for the rules on percentages."""
        least, _, end = self.count(k)
        if least is None or self.word(end) not in ("and", "to"):
            return None
        most = self._numbered(end + 1)
        if most is None or most.kind != COUNT or most.sign != "=" or most.size < least:
            return None
        return most._replace(sign="-", least=least)

    def count(self, k: int) -> tuple[float | None, str, int]:
        """A number with its unit: (size in the unit's base, unit, end)."""
        sign = self.word(k) in t.MONEY and self.value(k + 1 + (self.word(k + 1) == ".")) is not None
        k += sign + (sign and self.word(k + 1) == ".")
        if self.word(k) == "a" and self.word(k + 1) in t.UNITS:
            value: float | None = 1.0
        else:
            value = self.value(k)
        if value is None or value != value:
            return None, "", k
        end = k + 1
        while self.word(end) in ("single", "whole", "more", "shiny", "gold", "golden", "silver", "full", "equal") and (
            self.word(end + 1) in t.THINGS or self.word(end + 1) in t.UNITS
        ):
            end += 1
        if sign:
            end += self.word(end) in t.UNITS
            return value, "money", end
        if self.word(end) in t.UNITS:
            name, factor = t.UNITS[self.word(end)]
            return value * factor, name, end + 1
        if self.word(end) in t.THINGS:
            return value, self.word(end).removesuffix("s"), end + 1
        return value, self.noun(end), end

    def _out_of(self, size: float, unit: str, k: int) -> Quota | None:
        """N out of M, N of the M, N in every M, cents on the dollar."""
        counts_rival = self.word(k) == "for"  # one for every two that you keep
        if self.word(k) == "out" and self.word(k + 1) == "of":
            k += 2
        elif self.word(k) in ("of", "in", "from", "on", "per", "for") and self.word(k + 1) != "it":
            k += self.word(k) != "per"
        else:
            return None
        bare = self.word(k) in ("every", "each", "the", "a", "per")
        for _ in range(LONGEST_LEAD):
            k += self.word(k) in OUT_OF
        whole, of, end = self.count(k)
        if whole is None and bare and self.word(k) in t.UNITS:
            of, whole, end = *t.UNITS[self.word(k)], k + 1
        if whole and counts_rival and (rival := self.reference(end)):
            return Quota(TIMES, size / whole, rival[1], of=rival[0])
        if not whole or size > whole or (unit and of and unit != of):
            return None
        return Quota(COUNT, size, self.of_it(end), whole=whole, unit=unit or of)

    def of_it(self, k: int) -> int:
        """Past "of the pie", "of what there is", "of the total"."""
        if self.word(k) not in ("of", "from"):
            return k
        end = k + 1
        while (
            end - k < LONGEST_LEAD
            and self.word(end) in t.DETERMINERS | {"total", "whole", "entire", "full"}
            and self.word(end + 1)
        ):
            if self.word(end) in ("this", "that") and self.word(end + 1) not in t.WHOLES | t.THINGS | t.UNITS.keys():
                break
            end += 1
        if self.word(end) in t.WHOLES | t.THINGS | t.UNITS.keys() | {"total"}:
            return end + 1
        if (
            self.word(end) in ("what", "whatever")
            and self.word(end + 1) in ("there", "you", "i", "is", "'s")
            and self.word(end + 2) in ("is", "have", "are", "own", "there", "given")
        ):
            return end + 3
        if self.word(end - 1) in ("total", "whole"):
            return end
        return k

"""Who and what is named in tokens: you, the other party, my share, what they keep, what is counted."""

from __future__ import annotations

from inference.language.arithmetic import vocabulary as t
from inference.language.arithmetic.vocabulary import OTHER, SELF
from inference.language.arithmetic.voice import Voice
from inference.language.tokens.tokens import Token

NAMING = t.DETERMINERS | {"other", "poor", "needy", "second", "first", "each", "both"}
LEADING = t.words("what whatever that which of the amount however much many size as sum share part portion cut")
SUPPOSED = t.words("would 'd could might may can")
LONGEST_LEAD = 5
LONGEST_NAME = 4  # words before the name of a party


class Parties:
    """Reads who is meant at a place in a text's tokens."""

    def __init__(self, said: list[Token], how: Voice) -> None:
        self.said, self.how = said, how

    def word(self, k: int) -> str:
        return self.said[k].word if 0 <= k < len(self.said) else ""

    def value(self, k: int) -> float | None:
        return self.said[k].value if 0 <= k < len(self.said) else None

    def at(self, k: int, words: tuple[str, ...]) -> bool:
        """Whether these words stand at a place."""
        return all(self.word(k + n) == word for n, word in enumerate(words))

    def party(self, k: int, gets: bool = True) -> tuple[str, int] | None:  # noqa: FBT001, FBT002
        """Who is named at a place, and where the name ends."""
        word = self.word(k)
        if word in ("you", "yourself", "ya", "thee", "thou"):
            return (self.how.you_get if gets and word != "yourself" else self.how.you), k + 1
        if word in t.FIRST - t.OWNED - {"mine", "ours"}:
            return SELF, k + 1
        start = k
        while k - start < LONGEST_NAME and self.word(k) in NAMING:
            k += 1
        passed = [self.said[n].word for n in range(start, k)]
        if self.word(k) in t.PROPOSER or (self.word(k) in t.PEOPLE and "first" in passed):
            return SELF, k + 1
        if self.word(k) in t.THIRD - t.POSSESSIVE - t.OWNED | t.KIN | {"her", "him"}:
            end = k + 1
            while self.word(end) in t.PEOPLE and self.word(k) not in ("them", "they", "him", "he", "she"):
                end += 1
            return OTHER, end
        if self.word(k) in t.PEOPLE and {"other", "second", "poor", "needy"} & set(passed):
            return OTHER, k + 1
        if self.word(k) in t.PEOPLE and {"each", "both"} & set(passed):
            return t.BOTH, k + 1
        if passed and passed[-1] in ("poor", "needy", "other"):
            return OTHER, k
        if passed in (["each"], ["both"]) or (self.word(start) in t.ALL_OF_THEM and not passed):
            end = start + 1
            if self.word(end) == "of" and self.word(end + 1) in ("us", "them", "you"):
                end += 2
            return t.BOTH, end
        return None

    def spot(self, k: int) -> tuple[str, int] | None:
        """In whose place something is: in my pocket, on their side, on yours."""
        if self.word(k) in t.INSIDE:
            k += 1
            k += self.word(k) == "to"
        end = k + 1
        if self.word(k) in t.POSSESSIVE:
            return self.owner(k)
        if self.word(k) in t.OWNED - {"our", "its"}:
            who = SELF if self.word(k) == "my" else self.how.you if self.word(k) == "your" else OTHER
            if (named := self.party(k)) and self.word(named[1]) == "'s":  # your opponent's side
                who, end = named[0], named[1] + 1
        elif (named := self.party(k)) and self.word(named[1]) == "'s" and named[0] in (SELF, OTHER):
            who, end = named[0], named[1] + 1
        else:
            return None
        end += self.word(end) == "own"
        return (who, end + 1) if self.word(end) in t.SPOTS else None

    def owner(self, k: int) -> tuple[str, int] | None:
        """Whose share is named: mine, your share, the other's part."""
        word = self.word(k)
        if word in t.POSSESSIVE:
            return (SELF if word in ("mine", "ours") else self.how.you if word == "yours" else OTHER), k + 1
        if word in t.OWNED and word not in ("our", "its"):
            end = k + 1
            who = SELF if word == "my" else self.how.you if word == "your" else OTHER
            if (named := self.party(k)) and self.word(named[1]) == "'s":  # their opponent's
                end, who = named[1] + 1, named[0]
            while self.word(end) in ("own", "final", "total", "whole", "entire"):
                end += 1
            return (who, end + 1) if self.word(end) in t.SHARES else None
        if (named := self.party(k)) and self.word(named[1]) == "'s" and self.word(named[1] + 1) in t.SHARES:
            return named[0], named[1] + 2
        if (named := self.party(k)) and self.word(named[1]) == "'s" and named[0] != SELF:
            return named[0], named[1] + 1
        return None

    def reference(self, k: int) -> tuple[str, int] | None:
        """Whose part a comparison names: what you keep, my share, the other gets, theirs, them."""
        start = k
        while k - start < LONGEST_LEAD and self.word(k) in LEADING and not self.owner(k) and not self.party(k):
            k += 1
        if owned := self.owner(k):
            return owned
        named = self.party(k, gets=False)
        if named is None or named[0] == t.BOTH:
            return None
        who, end = named
        end = self.helped(end)
        if not SUPPOSED.isdisjoint(self.word(n) for n in range(named[1], end)):
            return None  # whatever they would give
        verb = self.word(end)
        if verb in t.GIVE:
            end += 1
            while self.word(end) in t.PARTICLES and self.word(end) not in ("of", "for"):
                end += 1
            to = self.party(end + (self.word(end) in ("to", "for", "with")))
            if to and not (to[0] != who and self.value(to[1]) is not None):
                return to[0], to[1]
            return (SELF if who == OTHER else OTHER), end
        free = start < k and self.word(k - 1) in ("what", "whatever", "much", "many")
        if free and verb in ("have", "own", "has", "'ve", "possess", "want", "need", "wants", "needs"):
            return None  # of what you have: of the whole
        if verb in t.KEEP | t.GET | {"did", "had", "kept", "took", "got"} and verb not in (
            "want",
            "need",
            "wants",
            "needs",
        ):
            return who, self.trailing(end + 1)
        if end > named[1] and self.word(end - 1) not in ("do", "does"):
            return None  # as much as you can
        if self.word(k) in ("you", "i", "they", "he", "she") and (
            free or verb not in ("", ",", ".", "do", "does", "and")
        ):
            return None  # as much as you like
        return who, named[1]

    def noun(self, k: int) -> str:
        """What is counted, where it need not be a thing that is split: tablets, red rubies, hours."""
        noun = ""
        for n in range(k, k + 3):
            word = self.word(n)
            if word in t.UNITS:
                return t.UNITS[word][0]
            if not word.isalpha() or word in t.NO_NOUN or word.endswith("ly"):
                break
            noun = word.removesuffix("s")
            if word in t.THINGS:
                break
        return noun

    def helped(self, k: int) -> int:
        """Past helping verbs and adverbs."""
        while self.word(k) in t.HELPERS or (self.word(k) == "to" and self.word(k - 1) in ("ought", "going", "want")):
            k += 1
        return k

    def trailing(self, k: int) -> int:
        """Past particles and reflexives: "keep back for yourself", "take home"."""
        while True:
            if self.word(k) in t.PARTICLES - {"of"} or self.word(k) in t.REFLEXIVE:
                k += 1
            elif self.word(k) in ("for", "to", "with") and self.word(k + 1) in t.REFLEXIVE:
                k += 2
            else:
                return k

"""A policy text as tokens with numbers read and roles tagged: who is who, who gives, keeps or gets.

Whom `you` means depends on who speaks. A policy speaks to the proposer ("keep as much as you give"); words spoken to
the other ("I keep 60, you get 40", "all of it is yours") turn `you` round. `Voice` decides it for a whole text.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from inference.language.text.amounts import ONES, PARTS, SIGNS, TENS

SELF, OTHER, BOTH = "self", "other", "both"
WORD = re.compile(r"\d[\d,]*(?:\.\d+)?|[½⅓⅔¼¾⅕]|\.\d+|[a-z]+(?:'[a-z]+)?|[%$£€¥:;,.!?()/–—-]")
LARGE = {"hundred": 100, "thousand": 1000, "million": 10**6, "dozen": 12}
PARTS_OF = {**PARTS, "twelfth": 12, "twentieth": 20, "hundredth": 100, "eight": 8} | {"halves": 2}
MULTIPLES = {"twice": 2.0, "double": 2.0, "thrice": 3.0, "triple": 3.0, "treble": 3.0, "quadruple": 4.0}

FIRST = frozenset("i me myself mine my us we ourselves our ours".split())
SECOND = frozenset("you ya your yours yourself thou thee".split())
PROPOSER = frozenset("self oneself proposer proposers allocator divider giver dictator sender donor".split())
THIRD = frozenset(
    "them they him her he she hers his their theirs themselves others other responder responders decider deciders "
    "recipient recipients receiver receivers partner partners opponent opponents counterpart stranger strangers "
    "rival rivals fellow poor needy charity beneficiary counterparty somebody someone neighbour neighbor".split()
)
PEOPLE = frozenset(
    "person party player side people guy fellow participant one parties players man woman human individual half team "
    "group member individuals persons participants".split()
)
ALL_OF_THEM = frozenset("each both everyone everybody either".split())
POSSESSIVE = frozenset("mine yours theirs hers his ours".split())
OWNED = frozenset("my your their his her our its".split())
REFLEXIVE = frozenset("myself yourself oneself themselves himself herself ourselves self".split())
SHARES = frozenset(
    "share portion part cut slice piece amount half take haul sum payoff payout payment portions own lot stake".split()
)

GIVE = frozenset(
    "give gives giving offer offers offering propose proposes proposing hand hands handing pass passes passing send "
    "sends sending transfer transfers transferring leave leaves leaving allocate allocates allocating award awards "
    "awarding grant grants granting provide provides providing share shares sharing allot allots allotting part parts "
    "parting cede cedes ceding concede concedes conceding spare spares sparing donate donates donating surrender "
    "surrenders surrendering yield yields pay pays paying deliver assign assigns relinquish relinquishes forfeit "
    "contribute contributes contributing fork".split()
)
KEEP = frozenset(
    "keep keeps keeping take takes taking retain retains retaining reserve reserves reserving hold holds holding save "
    "saves saving claim claims claiming pocket pockets pocketing demand demands demanding request requests hang hangs "
    "withhold withholds grab grabs bag bags collect collects".split()
)
GET = frozenset(
    "get gets getting receive receiving receives receiving has have having obtain obtains earn earns eat eats walk walks end "
    "ends make makes come comes want wants need needs deserve deserves own owns".split()
)
PARTICLES = frozenset("away up out over off back on onto down along across home around with do go of forward".split())
HELPERS = frozenset(
    "will shall should must would can could may might 'll 'd 'm 're 's 've am are is be been to always just only "
    "simply then do does gladly happily ought going gonna also still instead really each both all "
    "therefore now here agree agrees "
    "let letting".split()
)
DETERMINERS = frozenset("the a an that this those these some your my our its every".split())
UNITS = {
    "cents": ("money", 0.01), "cent": ("money", 0.01), "c": ("money", 0.01), "p": ("money", 0.01),
    "pence": ("money", 0.01), "penny": ("money", 0.01), "pennies": ("money", 0.01), "dime": ("money", 0.1),
    "dimes": ("money", 0.1), "nickel": ("money", 0.05), "nickels": ("money", 0.05), "dollar": ("money", 1.0),
    "dollars": ("money", 1.0), "bucks": ("money", 1.0), "buck": ("money", 1.0), "euro": ("money", 1.0),
    "euros": ("money", 1.0), "pound": ("money", 1.0), "pounds": ("money", 1.0), "quid": ("money", 1.0),
    "usd": ("money", 1.0), "eur": ("money", 1.0), "gbp": ("money", 1.0),
    "$": ("money", 1.0), "£": ("money", 1.0), "€": ("money", 1.0), "¥": ("money", 1.0),
}  # fmt: skip
THINGS = frozenset(
    "unit units point points coin coins token tokens apple apples blanket blankets cookie cookies part parts share "
    "shares piece pieces slice slices chip chips credit credits ticket tickets portion portions dose doses sweet "
    "sweets candy candies biscuit biscuits loaf loaves card cards marble marbles orange oranges egg eggs bottle "
    "bottles note notes bill bills gram grams kilo kilos acre acres bag bags box boxes banana bananas item items "
    "thing things goods".split()
)
WHOLES = frozenset(
    "pie cake pot total whole sum money cash amount lot prize winnings endowment stake stakes pool resource resources "
    "bounty loot jackpot proceeds fund funds budget wealth treasure inheritance pizza surplus profit profits kitty "
    "it this that bonus reward purse haul bread food water land".split()
)


class Token(NamedTuple):
    """A word, sign or number in its place; `value` where it is a number."""

    word: str
    start: int
    end: int
    value: float | None = None


class Voice(NamedTuple):
    """Whom `you` means: in general, where somebody gets, and in an order to take without a subject."""

    you: str
    you_get: str
    taker: str


def tokens(line: str) -> list[Token]:
    """The tokens of a line in lower case; contractions apart, figures and simple number words with their value.

    Examples
    --------
    >>> [(one.word, one.value) for one in tokens("i'll keep 1,000 of twenty-five")]
    [('i', None), ("'ll", None), ('keep', None), ('1,000', 1000.0), ('of', None), ('twenty-five', 25.0)]
    """
    found: list[Token] = []
    for match in WORD.finditer(line):
        word, start, end = match.group(), *match.span()
        if word[0].isdigit() or word[0] in "." and len(word) > 1:
            digits = word.rstrip(",")
            end -= len(word) - len(digits)
            plain = re.sub(r",(?=\d{3}(?!\d))", "", digits)
            if "," in plain:  # "7,3" is two numbers or a decimal comma: neither is sure
                plain = "nan"
            found.append(Token(digits, start, end, None if plain == "nan" else float(plain)))
            if len(digits) < len(word):
                found.append(Token(",", end, end + 1))
            continue
        if "'" in word and word not in ("'s",):
            cut = word.index("'")
            if word.endswith("n't"):
                cut = len(word) - 3
            found += [Token(word[:cut], start, start + cut), Token(word[cut:], start + cut, end)]
            continue
        found.append(Token(word, start, end, _value(word)))
    return _numbers(found)


def voice(said: list[Token]) -> Voice:
    """Whom a text means by `you`.

    Examples
    --------
    >>> [voice(tokens(one)).you for one in ("keep as much as you give", "i keep 60, you get 40", "i want you to keep it")]
    ['self', 'other', 'self']
    """
    words = [one.word for one in said]
    first, third = not FIRST.isdisjoint(words), not (THIRD - {"charity"}).isdisjoint(words)
    told = any(
        a in ("want", "ask", "need", "expect", "tell", "order", "advise", "instruct", "like", "urge", "beg") and b == "you"
        for a, b in zip(words, words[1:], strict=False)
    )
    handed = "yours" in words or any(
        a in ("to", "for") and b in ("you", "yourself") and "belong" in c
        for c, a, b in zip(words, words[1:], words[2:], strict=False)
    )
    invited = handed or ("please" in words and first)
    if told:
        return Voice(SELF, SELF, SELF)
    if first and not third or handed and not third:
        return Voice(OTHER, OTHER, OTHER if invited else SELF)
    if first:
        speaks = any(a in ("i", "we") and b != "you" for a, b in zip(words, words[1:], strict=False))
        return Voice(OTHER if speaks else SELF, OTHER if speaks else SELF, SELF)
    return Voice(SELF, OTHER if not third and _opens_with_you(said) else SELF, SELF)


def _opens_with_you(said: list[Token]) -> bool:
    """Whether the first words are what somebody gets: "you get 40", "40 for you"."""
    words = [one.word for one in said[:8]]
    order = GIVE | KEEP | frozenset("propose split divide always never be make ensure accept reject do".split())
    place = next((k for k, word in enumerate(words) if word in ("you", "your")), None)
    return place is not None and order.isdisjoint(words[:place])


def _value(word: str) -> float | None:
    if word in SIGNS:
        return SIGNS[word]
    value = ONES.get(word) or TENS.get(word) or LARGE.get(word)
    return None if value is None else float(value)


def _numbers(found: list[Token]) -> list[Token]:
    """Number words of several parts as one token: twenty-five, two hundred and ten, a dozen."""
    out: list[Token] = []
    k = 0
    while k < len(found):
        one = found[k]
        if one.word not in ONES and one.word not in TENS and one.word not in LARGE:
            out.append(one)
            k += 1
            continue
        value, j = _number_words(found, k)
        text = one.word if j == k + 1 else "-".join(part.word for part in found[k:j] if part.word not in ("-", "and"))
        out.append(Token(text, one.start, found[j - 1].end, value))
        k = j
    return out


def _number_words(found: list[Token], k: int) -> tuple[float, int]:
    total, current, j = 0.0, 0.0, k
    last = 10.0**9
    while j < len(found):
        word = found[j].word
        joined = word == "-" and j > k and j + 1 < len(found) and last in TENS_VALUES and found[j + 1].word in ONES
        if joined or (word == "and" and j > k and last >= 100 and found[min(j + 1, len(found) - 1)].word in ONES | TENS):
            j += 1
            continue
        if word in LARGE and (j == k or last < LARGE[word]):
            current = max(current, 1.0) * LARGE[word]
            last = float(LARGE[word])
            if last >= 1000:
                total, current = total + current, 0.0
        elif word in TENS and word not in LARGE and (j == k or last >= 100):
            current, last = current + TENS[word], float(TENS[word])
        elif word in ONES and (j == k or last >= 100 or (last in TENS_VALUES and ONES[word] < 10)):
            current, last = current + ONES[word], float(ONES[word])
        else:
            break
        j += 1
    return total + current, j


ONES_AND_TENS = frozenset(ONES) | frozenset(TENS)
TENS_VALUES = frozenset(float(value) for word, value in TENS.items() if word != "hundred")

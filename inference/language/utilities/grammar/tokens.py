"""A text as sentences of plain tokens, in which attributes are numbered and every token knows its place in the text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from contracts.inputs.frozen import dataclass
from inference.language.utilities.grammar.attributes import Attributes
from inference.language.utilities.grammar.thesaurus import BAD_SIDE, GOOD_SIDE, IDIOMS, NOUN_AFTER

CONTRACTIONS = (
    (r"\bcan't\b|\bcannot\b", "can not"), (r"\bwon't\b", "will not"), (r"\bshan't\b", "shall not"),
    (r"n't\b", " not"), (r"\b(it|that|what|there|here)'s\b", r"\1 is"), (r"'re\b", " are"), (r"'ve\b", " have"),
    (r"'ll\b", " will"), (r"\b(i|we|they|he|she|you|it)'d\b", r"\1 would"), (r"\bi'm\b", "i am"),
    (r"\b(he|she)'s\b", r"\1 is"), (r"\blet's\b", "let us"), (r"\bwell-being\b", "wellbeing"),
    (r"\bdon not\b", "do not"),
)  # fmt: skip
IDIOM = re.compile(
    "|".join(f"(?P<i{k}>(?:(?<!\\w)|(?=,))(?:{pattern})(?!\\w))" for k, (pattern, _) in enumerate(IDIOMS))
)
RAW = re.compile(r"\d+(?:[.,]\d+)*%?|[^\W\d_]+(?:'[^\W\d_]+)*|§\w+|[^\w\s]")
ENDS = re.compile(r"(?<=[.!?])[\"”')]*\s+(?=\S)|\n+(?!\s*(?:\d+|[-*•]))|(?<=[!?])\s*(?=\w)")
NUMBERED = re.compile(r"(?:^|\s)\(?\d{1,2}[.):]\s*(?=\D)")
FILLERS = frozenset(
    [
        "a",
        "an",
        "the",
        "my",
        "our",
        "your",
        "its",
        "this",
        "these",
        "really",
        "truly",
        "quite",
        "personally",
        "basically",
        "certainly",
        "definitely",
        "actually",
        "also",
        "pretty",
        "simply",
        "always",
        "generally",
        "usually",
        "obviously",
        "clearly",
        "overall",
        "anyway",
        "too",
        "so",
        "just",
        "exactly",
        "ever's",
        "folks",
    ]
)
SPELLING = {
    "favor": "favour", "favors": "favours", "prioritize": "prioritise", "prioritizes": "prioritises", "candor": "candour",
    "prioritized": "prioritised", "emphasize": "emphasise", "maximize": "maximise", "minimize": "minimise",
    "dont": "do not", "doesnt": "does not", "percent": "%", "ain't": "is not", "≥": "at least", "≻": ">", "→": ">",
    "deal-breaker": "dealbreaker", "non-negotiable": "nonnegotiable", "well-being": "wellbeing", "per": "per",
}  # fmt: skip
HYPHENED = re.compile(r"\b(deal|non|well|well|multi|be|end)-(breakers?|negotiable|being)\b")
NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "zero": 0, "hundred": 100,
}  # fmt: skip


class Token(NamedTuple):
    """One token of the grammar, and where in the text it stands."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, eq=False)
class Sentence:
    """The tokens of a sentence and the sentence as it was written.

    Mentions of attribute 2 are the token `@2`, of its opposite `@2-`, of a burden `@2*`.
    """

    tokens: tuple[Token, ...]
    start: int
    end: int
    source: str  # the whole text

    @property
    def written(self) -> str:
        """In lower case, contractions written out."""
        return written_out(self.source[self.start : self.end])

    @property
    def line(self) -> str:
        """The tokens, with blanks between."""
        return " ".join(one.text for one in self.tokens)

    def part(self, first: int, last: int) -> Sentence:
        """Tokens first to last, the last excluded."""
        chosen = self.tokens[first:last]
        if not chosen:
            return Sentence((), self.start, self.start, self.source)
        return Sentence(chosen, chosen[0].start, chosen[-1].end, self.source)


def attributes_in(line: str) -> list[int]:
    """The attributes that a line mentions, in order, each once.

    Examples
    --------
    >>> attributes_in("@1 over @0- and @1")
    [1, 0]
    """
    return list(dict.fromkeys(int(one) for one in re.findall(r"@(\d+)", line)))


def sentences(text: str, attributes: Attributes) -> list[Sentence]:
    """The sentences of a text. Enumerations stay in one sentence: "1. Safety 2. Price"."""
    found = []
    for start, end in _spans(text):
        raw = _raw_tokens(text, start, end)
        tokens = _mentioned(raw, attributes)
        if tokens:
            found.append(Sentence(tuple(tokens), start, end, text))
    return found


def written_out(text: str) -> str:
    """In lower case, contractions written out.

    Examples
    --------
    >>> written_out("I wouldn’t, can't and WON'T")
    'i would not, can not and will not'
    """
    line = " ".join(text.lower().replace("’", "'").split())
    for pattern, instead in CONTRACTIONS:
        line = re.sub(pattern, instead, line)
    return line


def _spans(text: str) -> list[tuple[int, int]]:
    if len(NUMBERED.findall(text)) >= 2:  # a numbered list is one sentence
        return [(0, len(text))]
    spans, start = [], 0
    for end in ENDS.finditer(text):
        spans.append((start, end.start()))
        start = end.end()
    spans.append((start, len(text)))
    return [(a, b) for a, b in spans if text[a:b].strip()]


def _raw_tokens(text: str, start: int, end: int) -> list[Token]:
    """Words, numbers and signs in lower case; idioms as one token, or none."""
    lowered = text[start:end].lower().replace("’", "'").replace("“", '"').replace("”", '"')
    lowered = HYPHENED.sub(lambda m: m.group().replace("-", "~"), lowered)
    if len(lowered) != end - start:  # letters whose lower case is longer
        lowered = "".join(one if len(one.lower()) != 1 else one.lower() for one in text[start:end])
    found: list[Token] = []
    place = 0
    for idiom in [*IDIOM.finditer(lowered), None]:
        stop = idiom.start() if idiom else len(lowered)
        for match in re.finditer(r"\w+~\w+|" + RAW.pattern, lowered[place:stop]):
            word = match.group().replace("~", "")
            if word in "-–" and _joins(lowered, place + match.start()):
                continue
            for piece in _pieces(word):
                found.append(Token(piece, start + place + match.start(), start + place + match.end()))
        if idiom:
            place = idiom.end()
            said = IDIOMS[int(str(idiom.lastgroup)[1:])][1]
            if said:
                found.append(Token(said, start + idiom.start(), start + idiom.end()))
    return found


def _joins(text: str, place: int) -> bool:
    """Whether a hyphen stands between two letters."""
    return 0 < place < len(text) - 1 and text[place - 1].isalpha() and text[place + 1].isalpha()


def _pieces(word: str) -> list[str]:
    if word.endswith("%") and len(word) > 1:
        return [word[:-1].replace(",", ""), "%"]
    if word[0].isdigit():
        return [
            word.replace(",", "") if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", word) else word.replace(",", ".")
        ]
    out = written_out(word).split() if "'" in word else [word]
    return [piece for one in out for piece in SPELLING.get(one, one).split()]


def _mentioned(raw: Sequence[Token], attributes: Attributes) -> list[Token]:
    """Tokens with attributes in place of words, and without words that say nothing."""
    tokens: list[Token] = []
    k = 0
    while k < len(raw):
        one = raw[k]
        ahead = [other.text for other in raw[k : k + 4]]
        found = attributes.mention(ahead) if one.text[0].isalpha() else None
        if found is None:
            if one.text not in FILLERS:
                tokens.append(one)
            k += 1
            continue
        opposite, start = found.opposite, one.start
        while tokens and tokens[-1].text in (GOOD_SIDE | BAD_SIDE | {"in", "of"}):
            last = tokens[-1].text
            if last in ("in", "of") and not (len(tokens) > 1 and tokens[-2].text in BAD_SIDE):
                break
            if last == "no" or (last in ("best", "highest", "lowest", "worst", "top") and _ranks(tokens)):
                break
            if last in BAD_SIDE:
                opposite = not opposite
            start = tokens.pop().start
        k += found.n_words
        end = raw[k - 1].end
        adjective = raw[k - 1].text
        if k < len(raw) and raw[k].text in NOUN_AFTER and adjective not in ("care",):
            after = attributes.mention([raw[k].text])
            if after is None or after.attribute == found.attribute:
                end, k = raw[k].end, k + 1
        mark = "-" if opposite else "*" if found.burden else ""
        if tokens and tokens[-1].text.rstrip("-*") == f"@{found.attribute}" and mark != "-":
            tokens[-1] = Token(tokens[-1].text, tokens[-1].start, end)  # the same attribute in two words
            continue
        tokens.append(Token(f"@{found.attribute}{mark}", start, end))
    return tokens


def _ranks(tokens: Sequence[Token]) -> bool:
    """Whether the last token is a rank, "rank highest", and no property."""
    return len(tokens) > 1 and tokens[-2].text in ("rank", "ranks", "is", "are", "comes", "come")

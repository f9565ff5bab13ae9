"""A text as sentences of plain tokens, in which attributes are numbered and every token knows its place in the text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from contracts.inputs.frozen import dataclass
from inference.language.tokens.spelling import lowered, written_out
from inference.language.tokens.tokens import Token, tokens
from inference.language.utilities.grammar.attributes import Attributes
from inference.language.utilities.grammar.thesaurus import BAD_SIDE, GOOD_SIDE, IDIOMS, LITTLE, NOUN_AFTER

IDIOM = re.compile(
    "|".join(f"(?P<i{k}>(?:(?<!\\w)|(?=,))(?:{pattern})(?!\\w))" for k, (pattern, _) in enumerate(IDIOMS))
)
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
    "n": "and", "tho": "though", "cannot": "can not",
}  # fmt: skip
HYPHENED = {("deal", "breaker"), ("deal", "breakers"), ("non", "negotiable"), ("well", "being")}
CONTRACTED = re.compile(r"n't|'[a-z]+")
NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "zero": 0, "hundred": 100,
}  # fmt: skip


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
        return " ".join(one.word for one in self.tokens)

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
        said = _mentioned(raw, attributes)
        if said:
            found.append(Sentence(tuple(said), start, end, text))
    return found


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
    line = lowered(text)[start:end]
    found: list[Token] = []
    place = 0
    for idiom in [*IDIOM.finditer(line), None]:
        stop = idiom.start() if idiom else len(line)
        found += _plain(tokens(line[place:stop]), start + place)
        if idiom:
            place = idiom.end()
            said = IDIOMS[int(str(idiom.lastgroup)[1:])][1]
            if said:
                found.append(Token(said, start + idiom.start(), start + idiom.end()))
    return found


def _plain(said: list[Token], place: int) -> list[Token]:
    """Tokens in one spelling: contractions written out, hyphened words as one or two, numbers in figures."""
    out: list[Token] = []
    k = 0
    while k < len(said):
        word, start, end, value = said[k]
        k += 1
        letters = word[0].isalpha() and value is None
        while letters and k < len(said) and said[k].start == end and CONTRACTED.fullmatch(said[k].word):
            word, end, k = word + said[k].word, said[k].end, k + 1
        if letters and k + 1 < len(said) and said[k].word in "-–" and said[k].start == end == said[k + 1].start - 1:
            if (word, said[k + 1].word) in HYPHENED:
                word, end = word + said[k + 1].word, said[k + 1].end
                k += 1
            k += 1
        if value is not None and word not in NUMBERS:
            word = f"{value:.12g}"
        pieces = written_out(word).split() if "'" in word else [word]
        spelled = [one for piece in pieces for one in SPELLING.get(piece, piece).split()]
        out += [Token(one, place + start, place + end) for one in spelled]
    return out


def _mentioned(raw: Sequence[Token], attributes: Attributes) -> list[Token]:
    """Tokens with attributes in place of words, and without words that say nothing."""
    said: list[Token] = []
    k = 0
    while k < len(raw):
        one = raw[k]
        ahead = [other.word for other in raw[k : k + 4]]
        found = attributes.mention(ahead) if one.word[0].isalpha() else None
        if found is None:
            if one.word not in FILLERS:
                said.append(one)
            k += 1
            continue
        opposite, start, burden = found.opposite, one.start, found.burden
        while said and said[-1].word in (GOOD_SIDE | BAD_SIDE | {"in", "of"}):
            last = said[-1].word
            if last in ("in", "of") and not (len(said) > 1 and said[-2].word in BAD_SIDE):
                break
            if last == "no" or (last in ("best", "highest", "lowest", "worst", "top") and _ranks(said)):
                break
            if last in BAD_SIDE:
                opposite = not opposite
            if last in LITTLE:  # who dislikes low quality cares for it, who dislikes low prices does not
                burden = not found.burden
            start = said.pop().start
        k += found.n_words
        end = raw[k - 1].end
        adjective = raw[k - 1].word
        if k < len(raw) and raw[k].word in NOUN_AFTER and adjective not in ("care",):
            after = attributes.mention([raw[k].word])
            if after is None or after.attribute == found.attribute:
                end, k = raw[k].end, k + 1
        mark = "-" if opposite else "*" if burden else ""
        if said and said[-1].word.rstrip("-*") == f"@{found.attribute}" and mark != "-":
            said[-1] = Token(said[-1].word, said[-1].start, end)  # the same attribute in two words
            continue
        said.append(Token(f"@{found.attribute}{mark}", start, end))
    return said


def _ranks(said: Sequence[Token]) -> bool:
    """Whether the last token is a rank, "rank highest", and no property."""
    return len(said) > 1 and said[-2].word in ("rank", "ranks", "is", "are", "comes", "come")

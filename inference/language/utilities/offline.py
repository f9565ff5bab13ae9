"""The reader that needs no key and no network: rules that say what phrases mean, and a posterior that adds them up.

It says nothing where nothing was said: what a sentence reports, asks, quotes, remembers or supposes is set aside, and
what mentions an attribute without a rule for it is listed as not read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.annotations import listed
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from inference.language.tokens.tokens import Token
from inference.language.utilities.grammar.attributes import Attributes, attributes_of
from inference.language.utilities.grammar.comparisons import read_comparisons
from inference.language.utilities.grammar.degrees import SAYINGS, read_degrees
from inference.language.utilities.grammar.guards import (
    FIRST_THINGS,
    OTHERWISE,
    REQUIRES,
    SAME,
    segments,
    split_condition,
)
from inference.language.utilities.grammar.lines import (
    DOUBT,
    DOUBT_ON_CONDITION,
    GROUP,
    HIGH,
    MATTERS,
    MORE,
    NP,
    ZERO,
    Found,
    Line,
)
from inference.language.utilities.grammar.orders import read_lists, read_ranks
from inference.language.utilities.grammar.ratios import read_ratios
from inference.language.utilities.grammar.thresholds import read_thresholds
from inference.language.utilities.grammar.tokens import Sentence, attributes_in, sentences
from inference.language.utilities.groups import checked_text, joined, pooled
from inference.language.utilities.posterior import normal_posterior
from inference.language.utilities.reading import Statement, UtilityReader, UtilityReading

NAME = "offline"
TOPIC = re.compile(rf"(?:and |what about |how about |as for )?{GROUP} \?")
NOT_ONLY = re.compile(rf"\bnot only {NP}(?: ,)? but {NP}")
VALUING = {"is", "matters", "counts", "comes", "beats", "outweighs", "trumps", "ranks", "should", "must", "weighs"}
VALUING |= {"takes", "has", "would"}


@checked(own=("attributes",))
@dataclass(frozen=True, eq=False)
class OfflineUtilityReader:
    """Reads utilities by rules.

    Parameters
    ----------
    attributes : a mapping from names to a description, a list of synonyms or None; or a list of names

    Examples
    --------
    >>> reader = OfflineUtilityReader(["price", "speed"])
    >>> reading = reader.read("Price is twice as important as speed.")
    >>> reading.weights.round(2), reading.statements[0][0].phrase
    (array([[0.66, 0.34]]), 'Price is twice as important as speed')
    """

    attributes: Any

    def __post_init__(self) -> None:
        object.__setattr__(self, "attributes", attributes_of(self.attributes))

    def read(self, text: str) -> UtilityReading:
        """The reading of one text; one that says nothing abstains from every attribute."""
        text = checked_text(text)
        found, unread, unwanted = _read(text, self.attributes)
        names = self.attributes.names
        mean, covariance = normal_posterior([claim for one in found for claim in one.claims], len(names))
        spoken = {k for one in found for claim in one.claims for k, _ in claim.contrast}
        signs = np.array([-1.0 if k in unwanted else 1.0 for k in range(len(names))])
        statements = tuple(
            Statement(
                text[one.start : one.end],
                one.kind,
                tuple(names[k] for k in one.attributes),
                one.says,
                float("nan") if one.level is None else one.level,
            )
            for one in sorted(found, key=lambda one: one.start)
        )
        return UtilityReading(
            ("0",),
            (text,),
            names,
            mean[np.newaxis],
            covariance[np.newaxis],
            signs[np.newaxis],
            np.array([[k in spoken for k in range(len(names))]]),
            (statements,),
            (tuple(unread),),
            NAME,
        )


def _read(text: str, attributes: Attributes) -> tuple[list[Found], list[str], set[int]]:
    """Statements, phrases that mention an attribute and were not read, and attributes that are unwanted."""
    found: list[Found] = []
    unread: list[str] = []
    unwanted: set[int] = set()
    earlier: list[int] = []
    price = attributes.mention(["price"]) or attributes.mention(["cost"])
    money = None if price is None else price.attribute
    for sentence in _with_topics(sentences(text, attributes)):
        sentence = _with_both(_without_pronoun(sentence, earlier))
        said, aside = segments(sentence, text.lower())
        if OTHERWISE.search(sentence.written) and len(attributes_in(sentence.line)) > 1:
            said, aside = [], [sentence]  # two cases: what holds depends on what is not known
        unread += [_phrase(text, part) for part in aside if attributes_in(part.line)]
        spoken: list[int] = list(earlier)
        before = ""
        for part in said:
            part = _without_pronoun(part, spoken)
            main, condition, word = split_condition(part)
            read: list[Found] = []
            if condition is not None and word in REQUIRES:
                read += _required(condition, main if word in FIRST_THINGS else None, attributes)
            if condition is not None and SAME.search(condition.line):
                main = part.part(0, 0)
            line = Line(main, attributes.names, spoken, DOUBT_ON_CONDITION if word else DOUBT, money, before)
            unwanted |= _read_line(line, attributes, conditional=bool(word))
            read += line.found
            found += read
            left = attributes_in(line.text)
            if left or (not read and attributes_in(part.line)):
                unread.append(_phrase(text, part))
            spoken = attributes_in(part.line) or spoken
            before = part.line
        earlier = attributes_in(sentence.line) or earlier
    return found, list(dict.fromkeys(unread)), unwanted


def _read_line(line: Line, attributes: Attributes, *, conditional: bool) -> set[int]:
    """Every rule, the more specific first; on a condition nothing is said of how much one attribute matters alone."""
    read_thresholds(line)
    read_ratios(line)
    read_lists(line)
    read_comparisons(line)
    if conditional:
        return set()
    read_ranks(line)
    _read_sayings(line, attributes)
    return read_degrees(line)


def _read_sayings(line: Line, attributes: Attributes) -> None:
    for token in line.tokens:
        meant = attributes.mention([SAYINGS[token.word]]) if token.word in SAYINGS else None
        if meant is not None:
            which = [meant.attribute]
            zero = token.word == "§noobject"
            strength = MATTERS if token.word == "§bettersafe" else HIGH
            claims = line.alone_near(which, ZERO) if zero else line.alone_above(which, strength)
            says = f"{line.called(which)} {'does not matter' if zero else 'matters'}"
            line.found.append(
                Found(token.start, token.end, "zero" if zero else "high", tuple(which), says, tuple(claims))
            )


def _required(condition: Sentence, main: Sentence | None, attributes: Attributes) -> list[Found]:
    """What a condition asks for, and asks for before `main`: a level, or else a threshold without a number."""
    line = Line(condition, attributes.names, (), DOUBT_ON_CONDITION)
    read_thresholds(line)
    found = [one._replace(claims=()) for one in line.found]
    left = [k for k in attributes_in(line.text) if f"@{k}-" not in line.text]
    later = [] if main is None else [k for k in attributes_in(main.line) if k not in left]
    if left and later:
        says = f"{line.called(left)} above {line.called(later)}"
        found.append(
            Found(condition.start, condition.end, "more", (*left, *later), says, tuple(line.above(left, later, MORE)))
        )
    elif left:
        says = f"{line.called(left)} required"
        found.append(Found(condition.start, condition.end, "need", tuple(left), says, ()))
    return found


def _with_topics(found: list[Sentence]) -> list[Sentence]:
    """Sentences with their topics: "Comfort? Nice to have." is one."""
    joined_up: list[Sentence] = []
    topic: Sentence | None = None
    for sentence in found:
        if topic is not None:
            tokens = (*topic.tokens[:-1], *sentence.tokens)
            sentence = Sentence(tokens, topic.start, sentence.end, sentence.source)
        topic = sentence if TOPIC.fullmatch(sentence.line) else None
        if topic is None:
            joined_up.append(sentence)
    return [*joined_up, *([topic] if topic else [])]


def _without_pronoun(sentence: Sentence, earlier: list[int]) -> Sentence:
    """With the one attribute of what was said before in place of "it": "It is twice as important", "but it beats B"."""
    texts = [one.word for one in sentence.tokens[:4]]
    k = next((k for k, one in enumerate(texts) if one not in (",", "but", "yet", "and")), 0)
    if texts[k : k + 1] == ["it"] and VALUING.intersection(texts[k + 1 : k + 2]) and len(earlier) == 1:
        it = sentence.tokens[k]
        return Sentence(
            (*sentence.tokens[:k], Token(f"@{earlier[0]}", it.start, it.end), *sentence.tokens[k + 1 :]),
            sentence.start,
            sentence.end,
            sentence.source,
        )
    return sentence


def _with_both(sentence: Sentence) -> Sentence:
    """With "A and B" in place of "not only A but B"."""
    said = NOT_ONLY.search(sentence.line)
    if said is None:
        return sentence
    k = len(sentence.line[: said.start()].split())
    end = k + len(said.group().split())
    kept = [one for one in sentence.tokens[k:end] if one.word not in ("not", "only", ",")]
    joint = tuple(one._replace(word="and") if one.word == "but" else one for one in kept)
    tokens = (*sentence.tokens[:k], *joint, *sentence.tokens[end:])
    return Sentence(tokens, sentence.start, sentence.end, sentence.source)


def _phrase(text: str, part: Sentence) -> str:
    return text[part.start : part.end].strip(" ,;")


@checked(own=("texts", "attributes"))
def read_utilities(texts: Any, attributes: Any, *, reader: UtilityReader | None = None) -> UtilityReading:
    """What texts say about how much each attribute weighs.

    Parameters
    ----------
    texts : a text; a list of texts; or a mapping from names of groups to a text, or to a list of texts by its members
    attributes : a mapping from names to a description, a list of synonyms or None; or a list of names. Oriented so
        that more is better: "price" stands for a good price
    reader : the offline reader by default; one of your own must be about the same attributes

    Raises
    ------
    ProblemError
        If there is no text, a text is empty or too long, or attributes cannot be told apart.

    Examples
    --------
    >>> attributes = {"privacy": "keeps personal data to itself", "candour": ["honest", "frank"], "speed": None}
    >>> read_utilities("Never share personal data. Frank answers matter more than fast ones.", attributes)
    Weights of 3 attributes by offline
    attribute  weight    sd   5 %  95 %  phrases
    privacy      0.61  0.13  0.38  0.81  Never share personal data
    candour      0.25  0.10  0.11  0.44  Frank answers matter more than fast ones
    speed        0.14  0.07  0.05  0.27  Frank answers matter more than fast ones
    veto: privacy is never given up
    """
    known = attributes_of(attributes)
    reader = OfflineUtilityReader(known) if reader is None else reader
    if isinstance(texts, Mapping):
        labels, groups = [str(label) for label in texts], [texts[label] for label in texts]
    else:
        groups = [texts] if isinstance(texts, str) else list(listed("texts", texts))
        labels = [str(k) for k in range(len(groups))]
    if not groups:
        raise ProblemError("there are no texts: give one, a list of them, or a mapping from groups to texts")
    readings = []
    for label, group in zip(labels, groups, strict=True):
        members = [group] if isinstance(group, str) else list(listed(f"texts[{label!r}]", group))
        if not members:
            raise ProblemError(f"group {label!r} has no text: give at least one, or leave the group out")
        found = [reader.read(checked_text(one)) for one in members]
        if any(one.attributes != known.names for one in found):
            raise ProblemError(
                f"the reader is about {', '.join(found[0].attributes)}, the call about {', '.join(known.names)}"
            )
        readings.append(pooled(found))
    return joined(readings, labels)

"""The reader that needs no key and no network: a grammar for what is explicit, a linear model for the rest.

Exact quantities decide alone. Bounds hold what the model makes of the other words; where these say nothing, every share
between the bounds is as likely. Negated stances rule out the kind of policy they name. Cases ("if", "otherwise",
"half the time") are read one by one and mixed. A text that says nothing about who gets what is not read: the prior
would be a guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import field, replace
from functools import cached_property
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.annotations import listed
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from inference.language.reading import (
    Evidence,
    PolicyReading,
    UnreadablePolicyError,
    bell_reading,
    mixed_reading,
    opposite_reading,
    prior_reading,
)
from inference.language.sense.frame import Frame, framed
from inference.language.sense.speech import turned
from inference.language.sense.stances import Judgement
from inference.language.sense.topic import names_a_resource, names_unknown_whole, strangeness
from inference.language.text.amounts import EXACT, Span, amounts, hidden
from inference.language.text.features import TELLING, features
from inference.language.text.grammar import Quantities, quantities
from inference.language.text.linear import LinearModel, shipped_model
from inference.language.text.mixture import bounded
from inference.language.text.words import Clause, clauses
from inference.language.tokens.spelling import lowered

RULED_OUT = {"not-selfish": 0, "not-fair": 1, "not-equal": 1, "not-balance": 1, "not-altruist": 2}  # places in KINDS
DOUBT = 0.05  # what is left of a kind that is ruled out, and what bounds leave to shares that no kind offers
LONGEST = 5_000  # characters
MOST_CASES = 8
MOST_EVIDENCE = 12  # clauses, the first ones, that are weighed one by one
JUDGED = 2 / 3  # weight of what a text says of stances, beside what the model makes of its words
FAMILIAR, STRANGE = 0.5, 0.2  # of a text's pairs of words: the recordings have more, texts from elsewhere fewer
MOST_DOUBT = 0.6
UNKNOWN_WHOLE = 0.2  # deviation of a part of what somebody has, or of what may not be what is split
NOTABLE = 0.05  # a clause that moves less probability between the kinds is no further evidence


@checked(own=("text",))
@dataclass(frozen=True, eq=False)
class OfflineReader:
    """Reads policies by grammar and linear model.

    Parameters
    ----------
    model : the linear model; the one in the package by default

    Examples
    --------
    >>> reading = OfflineReader().read("Offer 40% to the other party.")
    >>> reading.share_offered, reading.evidence[0].phrase
    (0.4, 'Offer 40% to the other')
    """

    model: LinearModel = field(default_factory=shipped_model)

    @cached_property
    def known(self) -> frozenset[str]:
        """Ideas and word stems that the model has met."""
        return frozenset(name.removeprefix("r:") for name in self.model.weights if " " not in name)

    def read(self, text: str) -> PolicyReading:
        """The reading of one text.

        Raises
        ------
        UnreadablePolicyError
            Where nothing in the text says who gets what, where a number has no whole, where a share belongs to
            nobody or a case says nothing, or where quantities contradict each other; the message and `phrase` name
            the phrase.
        """
        text = checked_text(text)
        frame = framed(text, self.known)
        if not frame.said.strip(" \t\n.,;:!?()-–—"):
            phrase = text[slice(*frame.hides[0])] if frame.hides else text
            raise _says_nothing(text, phrase.strip()[:200])
        reading = self._framed(frame)
        if frame.opposed is not None:
            reading = opposite_reading(reading, Evidence(text[slice(*frame.opposed)], "turns it round"))
        evidence = tuple(Evidence(_spelled(one.phrase, frame.said, text), one.says) for one in reading.evidence)
        unread = tuple(_spelled(phrase, frame.said, text) for phrase in reading.unread)
        return replace(reading, text=text, evidence=evidence, unread=unread)

    def _framed(self, frame: Frame) -> PolicyReading:
        """The reading of what a text says about a split."""
        text = frame.said
        found = quantities(text)
        shares = [phrase for phrase in found.unread if amounts(phrase.lower())]
        if shares:
            raise _unread(shares[0], text)
        if not found.cases.branches:
            return self._read(text, text, found, frame)
        unread = [*found.cases.unread, *(branch.condition for branch in found.cases.branches[MOST_CASES:])]
        if unread:
            phrase = text[slice(*unread[0])].strip()
            raise UnreadablePolicyError(
                f"cannot read {phrase!r} in {_short(text)}: say what is offered in this case, such as 'offer 30% if "
                f"the other is rich, otherwise half' (at most {MOST_CASES} cases are told apart)",
                phrase,
            )
        return self._mixed(text, found, frame)

    def _mixed(self, text: str, found: Quantities, frame: Frame) -> PolicyReading:
        """The cases of a policy: each by its own words, one without any by those outside all cases or by the prior."""
        branches = found.cases.branches
        common = _outside([part for branch in branches for part in branch.parts], len(text))
        readings, evidence = [], []
        for branch in branches:
            part, inside = _within(text, found, branch.parts or common)
            if branch.parts or inside.read or inside.unread or _tells(_words(clauses(part))):
                readings.append(self._read(text, part, inside, frame))
            else:
                readings.append(prior_reading(text, self.model.prior_mean, self.model.prior_sd, (), "offline"))
            condition = text[slice(*branch.condition)].strip()
            if condition:
                often = f"{branch.weight:.2f} of the cases"
                evidence.append(Evidence(condition, often if branch.parts else f"leaves open {often}"))
            evidence += readings[-1].evidence
        return mixed_reading(text, readings, [branch.weight for branch in branches], evidence, "offline")

    def _read(self, text: str, part: str, found: Quantities, frame: Frame) -> PolicyReading:
        """The reading of a part of a text, its other words hidden."""
        judged = [one for one in frame.judged if part[one.start : one.end].strip(" ;")]
        rest = hidden(part, [(one.start, one.end) for one in judged if not one.known], " ")
        parts = clauses(rest)
        told = _words([clause for clause in parts if not _holds(text, clause, found.unread)])
        weighed = [one for one in judged if one.weights is not None]
        denied = [(one.start, one.end) for one in judged if not one.known]
        found = found._replace(read=tuple(one for one in found.read if not _inside(one.start, denied)))
        if not found.read and not weighed and not (_tells(told) and self._is_about_a_split(text, frame)):
            if found.unread:
                raise _unread(found.unread[0], text)
            raise _says_nothing(text, _longest(text, clauses(part)))
        if not found.read:
            return self._learned(text, rest, found, weighed, frame)
        lowest, highest = max(found.read, key=lambda one: one.lowest), min(found.read, key=lambda one: one.highest)
        rounding = sum(one.sd for one in (lowest, highest) if not one.is_range)
        if lowest.lowest > highest.highest + rounding:
            first, last = sorted((lowest, highest), key=lambda one: one.start)
            raise UnreadablePolicyError(
                f"{first.phrase!r} and {last.phrase!r} contradict each other: no share meets both", last.phrase
            )
        if any(not one.is_range for one in found.read):
            return self._exact(text, found)
        rest = hidden(rest, [(one.start, one.start + len(one.phrase)) for one in found.read], ";")
        return self._learned(text, rest, found, weighed, frame)

    def read_or_abstain(self, text: str) -> PolicyReading:
        """The reading of one text; the prior, marked `abstained`, where it cannot be read."""
        try:
            return self.read(text)
        except UnreadablePolicyError as error:
            return prior_reading(
                str(text),
                self.model.prior_mean,
                self.model.prior_sd,
                (error.phrase,) if error.phrase else (),
                "offline",
            )

    def _exact(self, text: str, found: Quantities) -> PolicyReading:
        points = [one for one in found.read if not one.is_range]
        shares = np.array([one.lowest for one in points])
        sd = float(np.sqrt(np.mean([one.sd**2 for one in points]) + shares.var()))
        sd = max(sd, UNKNOWN_WHOLE) if names_unknown_whole(lowered(text)) else sd
        evidence = [Evidence(one.phrase, f"offers {one.lowest:.3g}") for one in points]
        reading = bell_reading(text, round(float(shares.mean()), 12), sd, evidence, "offline")
        return PolicyReading(**{**vars(reading), "unread": found.unread})

    def _learned(
        self, text: str, rest: str, found: Quantities, judged: Sequence[Judgement], frame: Frame
    ) -> PolicyReading:
        """What the model makes of the words that the grammar has left, between the bounds."""
        kinds, parts, bounds = self.model.kinds, clauses(rest), found.read
        tells = _tells(_words(parts))
        probabilities = self._weighed(rest, parts, judged, frame, tells=tells)
        lowest, highest = max([0.0, *(one.lowest for one in bounds)]), min([1.0, *(one.highest for one in bounds)])
        evidence = [Evidence(one.phrase, f"offers {one.lowest:.3g} to {one.highest:.3g}") for one in bounds]
        evidence += [Evidence(text[one.start : one.end].strip(), one.says) for one in judged]
        if bounds and not tells and not judged:
            reading = bounded(kinds, probabilities, lowest, highest, doubt=1.0)
            reading = reading._replace(sd=max(reading.sd, EXACT))
        else:
            evidence += self._telling_clauses(rest, parts, frame, ", before the bounds" if bounds else "")
            reading = bounded(kinds, probabilities, lowest, highest, doubt=DOUBT if bounds else 0.0)
        return PolicyReading(
            text,
            float(reading.mean),
            float(reading.sd),
            tuple(reading.probabilities.tolist()),
            tuple(reading.quantiles.tolist()),
            tuple(evidence),
            unread=found.unread,
        )

    def _weighed(
        self, rest: str, parts: tuple[Clause, ...], judged: Sequence[Judgement], frame: Frame, *, tells: bool
    ) -> Array:
        """Probabilities of the kinds: by the model, and by the stances that the text judges."""
        stated = [one.weights for one in judged if one.weights is not None]
        if not stated:
            return self._probabilities(rest, parts, frame)
        product = np.prod(stated, axis=0)
        product /= product.sum()
        if not tells:
            return product
        learned = self._probabilities(rest, parts, frame)
        agrees = all(one.known for one in judged) and learned.argmax() == product.argmax()
        if agrees and learned.max() >= product.max():
            return learned  # it has met these words, and a rule that agrees makes it no less sure
        return (1 - JUDGED) * learned + JUDGED * product

    def _probabilities(self, text: str, parts: tuple[Clause, ...], frame: Frame) -> Array:
        """By the model, the less sure the fewer pairs of words it has met before."""
        said = turned(text, frame.how)
        names = features(said)
        probabilities = self.model.probabilities(names)
        for kind in {RULED_OUT[word] for clause in parts for word in clause.words if word in RULED_OUT}:
            probabilities[kind] *= DOUBT
        doubt = doubt_of(self.model.coverage(names))
        return (1 - doubt) * probabilities / probabilities.sum() + doubt / len(probabilities)

    def _is_about_a_split(self, text: str, frame: Frame) -> bool:
        """Whether words that the model can weigh are about a split, or too strange to be."""
        if frame.opposed is not None or names_a_resource(lowered(text)):
            return True
        met, strange = strangeness(text, self.known)
        return 2 * strange < met or self.model.coverage(features(text)) >= FAMILIAR

    def _telling_clauses(self, text: str, parts: tuple[Clause, ...], frame: Frame, note: str) -> list[Evidence]:
        """The clauses without which the kinds of policy would have other probabilities, the most telling first."""
        mean, told = self.model.kinds.mean, []
        probabilities = self._probabilities(text, parts, frame)
        for clause in parts[:MOST_EVIDENCE]:
            rest = text[: clause.start] + " , " + text[clause.end :]
            without = self._probabilities(rest, clauses(rest), frame)
            moved = float(np.abs(probabilities - without).sum() / 2)
            says = f"moves the share from {mean(without):.2f} to {mean(probabilities):.2f}{note}"
            told.append((moved, Evidence(text[clause.start : clause.end].strip(), says)))
        told.sort(key=lambda pair: -pair[0])
        return [one for place, (moved, one) in enumerate(told) if place == 0 or moved >= NOTABLE]


@checked(own=("text",))
def read_policy(text: str) -> PolicyReading:
    """The share that a policy text offers, read offline.

    Raises
    ------
    UnreadablePolicyError
        Names the phrase that could not be read.

    Examples
    --------
    >>> reading = read_policy("Never give away more than a third, and prioritize self-interest.")
    >>> reading.share_offered < 0.1
    True
    >>> read_policy("Bananas are yellow.")
    Traceback (most recent call last):
        ...
    inference.language.reading.UnreadablePolicyError: cannot read 'Bananas are yellow': it does not say who gets ...
    """
    return OfflineReader().read(text)


@checked(own=("texts",))
def read_policies(texts: Iterable[str]) -> list[PolicyReading]:
    """Readings of many texts, offline; one that cannot be read is marked `abstained` and holds the prior.

    Examples
    --------
    >>> [reading.abstained for reading in read_policies(["Be fair.", "Bananas are yellow."])]
    [False, True]
    """
    if isinstance(texts, str):
        raise ProblemError("texts is one text: use read_policy, or give a list of texts")
    reader = OfflineReader()
    return [reader.read_or_abstain(text) for text in listed("texts", texts)]


def checked_text(text: Any) -> str:
    """A text that is text, is not empty and is not endless."""
    if not isinstance(text, str):
        raise UnreadablePolicyError(f"a policy is text, not {type(text).__name__}: {_short(str(text))}")
    if not text.strip():
        raise UnreadablePolicyError("the policy is empty: say who gets what")
    if len(text) > LONGEST:
        raise UnreadablePolicyError(
            f"the policy has {len(text)} characters, at most {LONGEST} are read: give the principle, not the "
            "conversation",
            text[:40],
        )
    return re.sub(r"\s{3,}", " ", text)  # long gaps would only slow the grammar down


def _unread(phrase: str, text: str) -> UnreadablePolicyError:
    return UnreadablePolicyError(
        f"cannot read {phrase!r} in {_short(text)}: say what share goes to whom, such as 'offer 30% to the other' or "
        "'60 for me, 40 for you'",
        phrase,
    )


def _says_nothing(text: str, phrase: str) -> UnreadablePolicyError:
    return UnreadablePolicyError(
        f"cannot read {phrase!r}: it does not say who gets what; name the share that is offered, or whom the policy "
        "favours",
        phrase,
    )


def _spelled(phrase: str, said: str, text: str) -> str:
    """A phrase as the text has it, with the words that were hidden inside."""
    place = said.find(phrase)
    return phrase if place < 0 else text[place : place + len(phrase)]


def doubt_of(coverage: float) -> float:
    """How far a text in which the model has met this part of the pairs of words may mean anything."""
    return MOST_DOUBT * min(max((FAMILIAR - coverage) / (FAMILIAR - STRANGE), 0.0), 1.0)


def _words(parts: Iterable[Clause]) -> set[str]:
    return {word for clause in parts for word in clause.words}


def _tells(words: set[str]) -> bool:
    """Whether words say who is favoured, or how large a part is offered or kept."""
    return bool(words & TELLING) or (bool(words & {"propose", "ensure"}) and bool(words & {"maximum", "minimum"}))


def _outside(spans: Sequence[Span], length: int) -> list[Span]:
    """What is left of a text of this length without these places."""
    edges = [0, *(edge for span in sorted(spans) for edge in span), length]
    return list(zip(edges[::2], edges[1::2], strict=True))


def _within(text: str, found: Quantities, spans: Sequence[Span]) -> tuple[str, Quantities]:
    """The text with all but these places hidden, conditions too, and what the grammar found in them."""
    part = hidden(text, [*_outside(spans, len(text)), *found.cases.said], ";")
    inside = tuple(one for one in found.read if _inside(one.start, spans))
    return part, found._replace(read=inside, unread=tuple(phrase for phrase in found.unread if phrase in part))


def _inside(place: int, spans: Sequence[Span]) -> bool:
    return any(start <= place < end for start, end in spans)


def _holds(text: str, clause: Clause, phrases: tuple[str, ...]) -> bool:
    return any(
        phrase in text[clause.start : clause.end] or text[clause.start : clause.end] in phrase for phrase in phrases
    )


def _longest(text: str, parts: tuple[Clause, ...]) -> str:
    pieces = [text[clause.start : clause.end].strip() for clause in parts] or [text.strip()]
    return max(pieces, key=len)[:200]


def _short(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:77] + "...")

"""The reader that needs no key and no network: a grammar for what is explicit, a linear model for the rest.

Exact quantities decide alone. Bounds condition the model's mixture. Negated stances rule out the kind of policy they
name. A text that says nothing about who gets what is not read: the prior would be a guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from contracts.arrays import Array
from contracts.errors import ProblemError
from inference.language.features import TELLING, features
from inference.language.grammar import Quantity, quantities
from inference.language.linear import LinearModel, shipped_model
from inference.language.mixture import conditioned
from inference.language.reading import (
    Evidence,
    PolicyReading,
    UnreadablePolicyError,
    bell_reading,
    prior_reading,
)
from inference.language.words import Clause, clauses

RULED_OUT = {"not-selfish": 0, "not-fair": 1, "not-equal": 1, "not-balance": 1, "not-altruist": 2}  # places in KINDS
DOUBT = 0.05  # what is left of a kind that is ruled out
LONGEST = 5_000  # characters
MOST_EVIDENCE = 12  # clauses, the first ones, that are weighed one by one
NOTABLE = 0.05  # a clause that moves less probability between the kinds is no further evidence


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

    def read(self, text: str) -> PolicyReading:
        """The reading of one text.

        Raises
        ------
        UnreadablePolicyError
            Where nothing in the text says who gets what, where a number has no whole, or where bounds contradict
            each other; the message and `phrase` name the phrase.
        """
        text = checked_text(text)
        found, parts = quantities(text), clauses(text)
        told = {word for clause in parts if not _holds(text, clause, found.unread) for word in clause.words}
        tells = bool(told & TELLING) or (bool(told & {"propose", "ensure"}) and bool(told & {"maximum", "minimum"}))
        if found.unread and not found.read and not tells:
            raise UnreadablePolicyError(
                f"cannot read {found.unread[0]!r} in {_short(text)}: say what share goes to whom, such as "
                "'offer 30% to the other' or '60 for me, 40 for you'",
                found.unread[0],
            )
        points = [one for one in found.read if not one.is_range]
        if points:
            return self._exact(text, points, found.unread)
        ranges = [one for one in found.read if one.is_range]
        if not ranges and not tells:
            phrase = _longest(text, parts)
            raise UnreadablePolicyError(
                f"cannot read {phrase!r}: it does not say who gets what; name the share that is offered, or whom the "
                "policy favours",
                phrase,
            )
        return self._learned(text, parts, ranges, found.unread)

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

    def _exact(self, text: str, points: list[Quantity], unread: tuple[str, ...]) -> PolicyReading:
        shares = np.array([one.lowest for one in points])
        sd = float(np.sqrt(np.mean([one.sd**2 for one in points]) + shares.var()))
        evidence = [Evidence(one.phrase, f"offers {one.lowest:.3g}") for one in points]
        reading = bell_reading(text, round(float(shares.mean()), 12), sd, evidence, "offline")
        return PolicyReading(**{**vars(reading), "unread": unread})

    def _learned(
        self, text: str, parts: tuple[Clause, ...], ranges: list[Quantity], unread: tuple[str, ...]
    ) -> PolicyReading:
        kinds, probabilities = self.model.kinds, self._probabilities(text, parts)
        evidence = [Evidence(one.phrase, f"offers {one.lowest:.3g} to {one.highest:.3g}") for one in ranges]
        free = tuple(one for one in parts if not _holds(text, one, tuple(found.phrase for found in ranges)))
        before = ", before the bounds" if ranges else ""
        evidence += self._telling_clauses(text, free, probabilities, before)
        if ranges:
            lowest, highest = max(one.lowest for one in ranges), min(one.highest for one in ranges)
            if lowest > highest:
                phrases = " and ".join(repr(one.phrase) for one in ranges)
                raise UnreadablePolicyError(f"{phrases} contradict each other: no share meets both", ranges[-1].phrase)
            reading = conditioned(kinds, probabilities, lowest, highest)
        else:
            reading = conditioned(kinds, probabilities, 0.0, 1.0, doubt=0.0)
        return PolicyReading(
            text,
            float(reading.mean),
            float(reading.sd),
            tuple(reading.probabilities.tolist()),
            tuple(reading.quantiles.tolist()),
            tuple(evidence),
            unread=unread,
        )

    def _probabilities(self, text: str, parts: tuple[Clause, ...]) -> Array:
        probabilities = self.model.probabilities(features(text))
        for kind in {RULED_OUT[word] for clause in parts for word in clause.words if word in RULED_OUT}:
            probabilities[kind] *= DOUBT
        return probabilities / probabilities.sum()

    def _telling_clauses(self, text: str, parts: tuple[Clause, ...], probabilities: Array, note: str) -> list[Evidence]:
        """The clauses without which the kinds of policy would have other probabilities, the most telling first."""
        mean, told = self.model.kinds.mean, []
        for clause in parts[:MOST_EVIDENCE]:
            rest = text[: clause.start] + " , " + text[clause.end :]
            without = self._probabilities(rest, clauses(rest))
            moved = float(np.abs(probabilities - without).sum() / 2)
            says = f"moves the share from {mean(without):.2f} to {mean(probabilities):.2f}{note}"
            told.append((moved, Evidence(text[clause.start : clause.end].strip(), says)))
        told.sort(key=lambda pair: -pair[0])
        return [one for place, (moved, one) in enumerate(told) if place == 0 or moved >= NOTABLE]


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
    return [reader.read_or_abstain(text) for text in texts]


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


def _holds(text: str, clause: Clause, phrases: tuple[str, ...]) -> bool:
    return any(
        phrase in text[clause.start : clause.end] or text[clause.start : clause.end] in phrase for phrase in phrases
    )


def _longest(text: str, parts: tuple[Clause, ...]) -> str:
    pieces = [text[clause.start : clause.end].strip() for clause in parts] or [text.strip()]
    return max(pieces, key=len)[:200]


def _short(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:77] + "...")

"""Texts of several writers: checked, one below the other, or as one member of a group drawn at random."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from inference.language.utilities.reading import UtilityReading

LONGEST = 5_000  # characters of a text


def checked_text(text: Any) -> str:
    """A text that is text, is not empty and is not endless."""
    if not isinstance(text, str):
        raise ProblemError(f"a text is {type(text).__name__}: give words, or a list of texts")
    if not text.strip():
        raise ProblemError("a text is empty: say what matters, or leave the text out")
    if len(text) > LONGEST:
        raise ProblemError(f"a text has {len(text)} characters, at most {LONGEST} are read: give what it comes down to")
    return text


def joined(readings: Sequence[UtilityReading], labels: Sequence[str]) -> UtilityReading:
    """Readings one below the other."""
    first = readings[0]
    return UtilityReading(
        tuple(labels),
        tuple(text for one in readings for text in one.texts),
        first.attributes,
        np.concatenate([one.log_mean for one in readings]),
        np.concatenate([one.log_covariance for one in readings]),
        np.concatenate([one.signs for one in readings]),
        np.concatenate([one.read for one in readings]),
        tuple(own for one in readings for own in one.statements),
        tuple(own for one in readings for own in one.unread),
        first.reader,
    )


def pooled(readings: Sequence[UtilityReading]) -> UtilityReading:
    """One reading of a group whose members wrote a text each: a member drawn at random.

    The mean of the members' log weights; the covariance is what is not known of a member plus how members differ. A
    sign is the majority's, those of members who speak of the attribute.
    """
    if len(readings) == 1:
        return readings[0]
    mean = np.concatenate([one.log_mean for one in readings])
    within = np.concatenate([one.log_covariance for one in readings]).mean(axis=0)
    read = np.concatenate([one.read for one in readings])
    signs = np.where((np.concatenate([one.signs for one in readings]) * read).sum(axis=0) < 0, -1.0, 1.0)
    return UtilityReading(
        ("0",), ("\n".join(text for one in readings for text in one.texts),), readings[0].attributes,
        mean.mean(axis=0)[np.newaxis], (within + np.cov(mean.T, bias=True))[np.newaxis], signs[np.newaxis],
        np.asarray(read.any(axis=0))[np.newaxis],
        (tuple(s for one in readings for own in one.statements for s in own),),
        (tuple(p for one in readings for own in one.unread for p in own),), readings[0].reader,
    )  # fmt: skip

"""The tone of recorded remarks, read from their words by a naive Bayes reader that never saw the run it reads."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass
from inference.game.manners import TONES

if TYPE_CHECKING:
    import pandas as pd

WORD = re.compile(r"[a-z']+")
SMOOTHING = 0.5  # remarks with and without each word, added to each tone
FOLDS = 2


@dataclass(frozen=True, eq=False)
class ToneReader:
    """In how many remarks of each tone each word occurs; a remark without it tells as well.

    Parameters
    ----------
    words : known words, numbered; others are passed over
    frequency : (n_tones, n_words) of remarks

    Examples
    --------
    >>> reader = tone_reader(["Take it, loser", "Half for you", "I humbly hope"], ["rude", "neutral", "sycophantic"])
    >>> reader.read("You loser!"), reader.read("We humbly ask")
    ('rude', 'sycophantic')
    """

    words: dict[str, int]
    frequency: Array

    def read(self, text: str) -> str:
        """The tone that most probably uses these words."""
        there = np.zeros(len(self.words), dtype=bool)
        there[[self.words[word] for word in words_of(text) if word in self.words]] = True
        return TONES[int(np.log(np.where(there, self.frequency, 1 - self.frequency)).sum(axis=1).argmax())]


def words_of(text: str) -> list[str]:
    """Different words of a text, in lower case."""
    return sorted(set(WORD.findall(text.lower())))


def tone_reader(texts: Iterable[str], tones: Sequence[str]) -> ToneReader:
    """Learn how often each tone uses each word, by texts of known tone.

    Raises
    ------
    ProblemError
        If there is no text.
    """
    counted, total = {tone: Counter[str]() for tone in TONES}, Counter(tones)
    for text, tone in zip(texts, tones, strict=True):
        counted[tone].update(words_of(text))
    words = {word: k for k, word in enumerate(sorted(set().union(*counted.values())))}
    if not words:
        raise ProblemError("there is no text to learn tones from: give at least one remark")
    count = np.array([[counted[tone][word] for word in words] for tone in TONES])
    size = np.array([[total[tone]] for tone in TONES])
    return ToneReader(words, (count + SMOOTHING) / (size + 2 * SMOOTHING))


def remarks(offers: pd.DataFrame) -> pd.DataFrame:
    """What users said: their proposal, or their answer where an assistant proposed; with run and tone."""
    spoken = offers[offers["manners"].isin(TONES)]
    proposes = spoken["proposer_kind"] == "user"
    text = spoken["proposal_text"].where(proposes, spoken["response_text"]).fillna("")
    return spoken.assign(remark=text)[["run_id", "manners", "remark"]]


def read_tones(offers: pd.DataFrame) -> pd.DataFrame:
    """Remarks with the tone read by a reader who learned from the other half of the runs; columns and `read`."""
    table = remarks(offers)
    runs = sorted(table["run_id"].unique())
    fold = table["run_id"].map({run: k % FOLDS for k, run in enumerate(runs)})
    read = table["manners"].copy()
    for k in range(FOLDS):
        known = table[fold != k]
        reader = tone_reader(known["remark"], known["manners"].tolist())
        here = table.loc[fold == k, "remark"]
        said = {text: reader.read(text) for text in here.unique()}
        read[fold == k] = here.map(said)
    return table.assign(read=read)


def confusion(table: pd.DataFrame) -> Array:
    """How often each tone is read as each; (n_tones, n_tones), rows sum to 1."""
    count = np.array([[((table["manners"] == a) & (table["read"] == b)).sum() for b in TONES] for a in TONES])
    return np.asarray(count / np.maximum(count.sum(axis=1, keepdims=True), 1))

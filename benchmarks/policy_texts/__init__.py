"""Policies in files whose share is known, and how well they are read.

python -m benchmarks.policy_texts                        tables by kind
python -m benchmarks.policy_texts --texts fresh --misses   also every text that is not read as meant
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from inference.language.offline import OfflineReader
from inference.language.reading import PolicyReading

FOLDER = Path(__file__).parent
CONFIDENT_ERROR, CONFIDENT_SD = 0.3, 0.1
MISSED = 0.1  # error from which a text is listed as read otherwise than meant
SLACK = 0.005  # shares are rounded


class Policy(NamedTuple):
    """A text, and the shares that it may mean; None if it says nothing about who gets what."""

    kind: str
    text: str
    shares: tuple[float, float] | None


class Score(NamedTuple):
    """How one text was read."""

    policy: Policy
    reading: PolicyReading
    error: float  # distance from the shares that are meant; of a text that says nothing: 0 if refused, else 1
    confident: bool
    covered: bool  # the central 90 % reach what is meant

    @property
    def abstained(self) -> bool:
        """Whether the reader said nothing."""
        return self.reading.abstained


def policies(name: str) -> list[Policy]:
    """The texts of a file."""
    found = []
    for line in (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            said, _, meant = line.rpartition(" | ")
            kind, text = said.split(" | ", 1)
            ends = [float(end) for end in meant.split("..")] if meant != "none" else None
            found.append(Policy(kind, text, (ends[0], ends[-1]) if ends else None))
    return found


def score(policy: Policy, reading: PolicyReading) -> Score:
    """The reading beside what is meant."""
    if policy.shares is None:
        wrong = not reading.abstained
        return Score(policy, reading, float(wrong), wrong and reading.share_sd < CONFIDENT_SD, covered=True)
    low, high = policy.shares
    error = max(low - reading.share_offered, reading.share_offered - high, 0.0)
    sure = not reading.abstained and error > CONFIDENT_ERROR and reading.share_sd < CONFIDENT_SD
    lower, upper = reading.interval(0.9)
    covered = lower - SLACK <= high and low <= upper + SLACK
    return Score(policy, reading, float(error), bool(sure), bool(covered))


def scores(name: str, reader: OfflineReader | None = None) -> list[Score]:
    """All texts of a file, as the offline reader reads them."""
    reader = reader or OfflineReader()
    return [score(policy, reader.read_or_abstain(policy.text)) for policy in policies(name)]


def table(found: Iterable[Score]) -> str:
    """One row per kind."""
    found = list(found)
    rows = ["kind         texts  read  within .1  mean abs error  confident errors  in 90 %  no split: refused"]
    for kind in [*dict.fromkeys(one.policy.kind for one in found), "all"]:
        own = [one for one in found if kind in (one.policy.kind, "all")]
        silent = [one for one in own if one.policy.shares is None]
        read = [one for one in own if one.policy.shares is not None and not one.abstained]
        error = np.mean([one.error for one in read]) if read else float("nan")
        covered = np.mean([one.covered for one in read]) if read else float("nan")
        rows.append(
            f"{kind:12} {len(own):5}  {len(read):4}  {sum(one.error <= MISSED for one in read):9}  {error:14.3f}  "
            f"{sum(one.confident for one in own):16}  {covered:7.2f}  "
            f"{sum(one.abstained for one in silent):8} of {len(silent)}"
        )
    return "\n".join(rows)


def misses(found: Iterable[Score]) -> str:
    """Texts that are not read as meant."""
    lines = []
    for one in found:
        if one.error > MISSED or (one.abstained and one.policy.shares is not None):
            what = "CONFIDENT" if one.confident else "abstained" if one.abstained else "wrong"
            means = "none" if one.policy.shares is None else "..".join(f"{end:g}" for end in one.policy.shares)
            got = f"{one.reading.share_offered:.2f} sd {one.reading.share_sd:.2f}"
            lines.append(f"{one.policy.kind:11} {one.policy.text}  [{what}; means {means}, read {got}]")
    return "\n".join(lines)

"""What was read from a policy text: the share that it offers, how sure that is, and the words it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Any, Protocol, runtime_checkable

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from inference.language.text.mixture import KINDS, LEVELS
from inference.splits.preferences import CobbDouglas, SocialPreferences

SCHEMA = "menuwright/policy-reading/1"
ATTRIBUTES = ("own payoff", "equal payoffs", "the other's payoff")  # what the kinds of policy care about
TURNED = 0.15  # deviation of the opposite of a known share
FINE = np.linspace(0.0, 1.0, 401)  # levels at which mixtures are drawn


class UnreadablePolicyError(ProblemError):
    """A text does not say who gets what; `phrase` is the part that could not be read.

    Examples
    --------
    >>> from inference.language import ReaderAssistant
    >>> try:
    ...     ReaderAssistant().propose("Be blue.", "apples", 10)
    ... except UnreadablePolicyError as error:
    ...     print(error)
    cannot read 'Be blue': it does not say who gets what; name the share that is offered, or whom the policy favours
    """

    def __init__(self, message: str, phrase: str = "") -> None:
        super().__init__(message)
        self.phrase = phrase


@checked
@dataclass(frozen=True)
class Evidence:
    """A phrase of the text, in its own spelling, and what was read from it.

    Examples
    --------
    >>> from inference.language import read_policy
    >>> reading = read_policy("Offer half of everything to others.")
    >>> [(one.phrase, one.says) for one in reading.evidence]
    [('Offer half of everything to others', 'offers 0.5')]
    """

    phrase: str
    says: str


@checked
@dataclass(frozen=True)
class PolicyReading:
    """The share of the pie that a policy offers to the other, with its uncertainty and its evidence.

    Attributes
    ----------
    text : the policy
    share_offered : expected share, in [0, 1]
    share_sd : standard deviation of the share, in [0, 1]
    probabilities : of the kinds selfish, fair, altruistic; sum to 1
    quantiles : of the share, at levels 0, .05, ..., 1
    evidence : the phrases that the numbers come from
    abstained : the text could not be read, so that the numbers are those of the prior
    unread : phrases that the reader could not make sense of
    reader : which reader it was
    """

    text: str
    share_offered: float
    share_sd: float
    probabilities: tuple[float, float, float]
    quantiles: tuple[float, ...]
    evidence: tuple[Evidence, ...] = ()
    abstained: bool = False
    unread: tuple[str, ...] = ()
    reader: str = field(default="offline")

    def __post_init__(self) -> None:
        numbers = (self.share_offered, self.share_sd, *self.probabilities, *self.quantiles)
        if not all(np.isfinite(one) and 0.0 <= one <= 1.0 for one in numbers):
            raise ProblemError(
                f"the reading of {self.text[:80]!r} holds {next(one for one in numbers if not 0 <= one <= 1)}: "
                "shares, deviations and probabilities lie in [0, 1]"
            )
        if len(self.quantiles) != len(LEVELS) or abs(sum(self.probabilities) - 1) > 1e-6:
            raise ProblemError(f"a reading has {len(LEVELS)} quantiles, and probabilities of the kinds that sum to 1")

    def interval(self, level: float = 0.8) -> tuple[float, float]:
        """Central credible interval of the share."""
        low, high = np.interp([(1 - level) / 2, (1 + level) / 2], LEVELS, self.quantiles)
        return float(low), float(high)

    @property
    def utility_weights(self) -> dict[str, float]:
        """Weights on one's own payoff, on equality and on the other's payoff: the probabilities that each decides."""
        return dict(zip(ATTRIBUTES, self.probabilities, strict=True))

    @property
    def preferences(self) -> SocialPreferences:
        """Social preferences whose dictators give the share that was read, of any pie."""
        return CobbDouglas(self.share_offered)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "schema": SCHEMA,
            "text": self.text,
            "share_offered": self.share_offered,
            "share_sd": self.share_sd,
            "kinds": dict(zip(KINDS, self.probabilities, strict=True)),
            "quantiles": list(self.quantiles),
            "evidence": [{"phrase": one.phrase, "says": one.says} for one in self.evidence],
            "abstained": self.abstained,
            "unread": list(self.unread),
            "reader": self.reader,
        }

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> PolicyReading:
        """The reading that `to_dict` wrote."""
        if record.get("schema") != SCHEMA:
            raise ProblemError(
                f"a reading has the schema {SCHEMA!r}, not {record.get('schema')!r}: write it by to_dict"
            )
        return cls(
            record["text"],
            record["share_offered"],
            record["share_sd"],
            tuple(record["kinds"][kind] for kind in KINDS),
            tuple(record["quantiles"]),
            tuple(Evidence(one["phrase"], one["says"]) for one in record["evidence"]),
            record["abstained"],
            tuple(record["unread"]),
            record["reader"],
        )

    def __str__(self) -> str:
        low, high = self.interval(0.8)
        head = "could not be read; the prior is" if self.abstained else "offers"
        lines = [
            f"{head} {self.share_offered:.2f} to the other, sd {self.share_sd:.2f}, 80 % in [{low:.2f}, {high:.2f}]"
        ]
        lines.append(", ".join(f"{kind} {p:.2f}" for kind, p in zip(KINDS, self.probabilities, strict=True)))
        lines += [f"  {one.phrase!r}: {one.says}" for one in self.evidence]
        lines += [f"  {phrase!r}: not read" for phrase in self.unread]
        return "\n".join(lines)


@runtime_checkable
class PolicyReader(Protocol):
    """Anything that reads policies."""

    def read(self, text: str) -> PolicyReading:
        """The reading of one text; raises UnreadablePolicyError where it does not say who gets what."""
        ...


def prior_reading(text: str, mean: float, sd: float, unread: Sequence[str], reader: str) -> PolicyReading:
    """An abstention: the prior, the share spread over [0, 1]."""
    return PolicyReading(
        text,
        mean,
        sd,
        (1 / 3, 1 / 3, 1 / 3),
        tuple(LEVELS.tolist()),
        (),
        abstained=True,
        unread=tuple(unread),
        reader=reader,
    )


def bell_reading(text: str, mean: float, sd: float, evidence: Sequence[Evidence], reader: str) -> PolicyReading:
    """A reading that is one number give or take: normal, moved inside [0, 1]; kinds by how near the centres are."""
    from scipy.special import ndtri

    z = ndtri(np.clip(LEVELS, 0.001, 0.999))
    shares = np.clip(mean + sd * z, 0.0, 1.0)
    kinds = np.stack([np.interp(shares, (0.0, 0.5, 1.0), unit) for unit in np.eye(3)]).mean(axis=1)
    return PolicyReading(
        text, mean, sd, tuple((kinds / kinds.sum()).tolist()), tuple(shares.tolist()), tuple(evidence), reader=reader
    )


def opposite_reading(reading: PolicyReading, evidence: Evidence) -> PolicyReading:
    """The opposite of a policy: what it keeps is offered; that of an even split is to keep or to give most.

    Nobody says how far the opposite goes, so a deviation is added.
    """
    selfish, fair, altruistic = reading.probabilities
    turned = 1.0 - np.array(reading.quantiles)[::-1]
    away = np.array(LEVELS) * fair  # the even part moves to both ends
    quantiles = np.clip(turned + np.where(LEVELS < 0.5, -1, 1) * np.minimum(away, 0.5) * np.abs(LEVELS - 0.5), 0.0, 1.0)
    sd = float(np.sqrt(reading.share_sd**2 + TURNED**2 + (0.4 * fair) ** 2))
    kinds = (altruistic + fair / 2, 0.0, selfish + fair / 2)
    spread = np.clip(quantiles + (np.linspace(-1, 1, len(LEVELS)) * TURNED), 0.0, 1.0)
    return PolicyReading(
        reading.text,
        1.0 - reading.share_offered,
        min(sd, 0.5),
        kinds,
        tuple(np.maximum.accumulate(spread).tolist()),
        (*reading.evidence, evidence),
        unread=reading.unread,
        reader=reading.reader,
    )


def mixed_reading(
    text: str,
    readings: Sequence[PolicyReading],
    weights: Sequence[float],
    evidence: Sequence[Evidence],
    reader: str,
) -> PolicyReading:
    """The mixture of readings, one per case of a policy: weights sum to 1.

    Mean m = sum_k w_k m_k, variance sum_k w_k (s_k^2 + (m_k - m)^2), quantiles from sum_k w_k F_k.
    """
    w = np.array(weights)
    means, sds = np.array([one.share_offered for one in readings]), np.array([one.share_sd for one in readings])
    mean = float(w @ means)
    shares = np.concatenate([np.interp(FINE, LEVELS, one.quantiles) for one in readings])
    order = np.argsort(shares, kind="stable")
    cumulative = np.cumsum(np.repeat(w / len(FINE), len(FINE))[order])
    quantiles = shares[order][np.searchsorted(cumulative, LEVELS * cumulative[-1]).clip(max=len(shares) - 1)]
    return PolicyReading(
        text,
        round(mean, 12),
        float(np.sqrt(w @ (sds**2 + (means - mean) ** 2))),
        tuple((w @ np.array([one.probabilities for one in readings])).tolist()),
        tuple(quantiles.tolist()),
        tuple(evidence),
        unread=tuple(phrase for one in readings for phrase in one.unread),
        reader=reader,
    )

"""The two speakers of the original loop: one rewrites a principle from transcripts, one acts on it.

A `MetaLM` sees what happened in an epoch and writes the principle of the next; an `AssistantLM` proposes and decides
under the principle in force. Both are protocols, so that language models, recordings and offline rules may be mixed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import lru_cache
from typing import Protocol, runtime_checkable

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from inference.language.offline import OfflineReader
from inference.language.reading import PolicyReader, PolicyReading
from inference.language.writing import write_policy
from inference.splits.policies import ShareRule


@checked
@dataclass(frozen=True)
class Interaction:
    """One proposal and its answer, in the columns of the recorded `offers.parquet`, and the principles in force.

    Examples
    --------
    >>> row = Interaction("0", 0, 0, "user", "assistant", "fair", None, "apples", amount=10, to_other=4, accepted=True)
    >>> row.share, row.pairing
    (0.4, 'user to assistant')
    >>> row.as_sentence()
    'A user offers 4 of 10 apples to the other and keeps 6; an assistant accepts.'
    """

    run_id: str
    epoch: int
    interaction: int
    proposer_kind: str
    responder_kind: str
    proposer_policy: str | None
    responder_policy: str | None
    currency: str
    amount: int
    to_other: int
    accepted: bool
    manners: str | None = None
    phase: str = "train"
    principle: str | None = None
    responder_principle: str | None = None

    @property
    def share(self) -> float:
        return self.to_other / self.amount

    @property
    def pairing(self) -> str:
        return f"{self.proposer_kind} to {self.responder_kind}"

    def as_sentence(self) -> str:
        """What somebody who watches sees."""
        answer = "accepts" if self.accepted else "rejects"
        return (
            f"{_one(self.proposer_kind).capitalize()} offers {self.to_other} of {self.amount} {self.currency} to the "
            f"other and keeps {self.amount - self.to_other}; {_one(self.responder_kind)} {answer}."
        )


def _one(kind: str) -> str:
    return f"{'an' if kind == 'assistant' else 'a'} {kind}"


@runtime_checkable
class MetaLM(Protocol):
    """Rewrites a principle."""

    def revise(self, principles: Sequence[str], seen: Sequence[Interaction]) -> str:
        """The principle of the next epoch, from those in force (one per assistant) and what happened under them."""
        ...


@runtime_checkable
class AssistantLM(Protocol):
    """Plays by a principle."""

    def propose(self, principle: str, currency: str, amount: int) -> int:
        """Units offered to the other, from 0 to `amount`."""
        ...

    def decide(self, principle: str, currency: str, amount: int, units: int) -> bool:
        """Whether to accept an offer of so many units."""
        ...


@checked
@dataclass(frozen=True, eq=False)
class ReaderAssistant:
    """Plays by what a reader reads from the principle: offers that share, and accepts what the rule itself would give.

    Parameters
    ----------
    reader : offline by default

    Examples
    --------
    >>> assistant = ReaderAssistant()
    >>> assistant.propose("Offer 30% to the other.", "apples", 50)
    15
    >>> assistant.decide("Offer 50% to the other.", "apples", 50, 1)
    False
    """

    reader: PolicyReader = field(default_factory=OfflineReader)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_read", lru_cache(maxsize=10_000)(self.reader.read))

    def reading(self, principle: str) -> PolicyReading:
        """What the principle says, read once."""
        return self._read(principle)  # type: ignore[attr-defined]

    def propose(self, principle: str, currency: str, amount: int) -> int:
        return round(self.reading(principle).share_offered * amount)

    def decide(self, principle: str, currency: str, amount: int, units: int) -> bool:
        rule = ShareRule(self.reading(principle).share_offered)
        return bool(rule.log_acceptance(amount)[units] >= np.log(0.5))


@checked
@dataclass(frozen=True)
class WritingMeta:
    """Writes the mean share that users offered as a principle; keeps the principle if no user proposed.

    Examples
    --------
    >>> seen = [Interaction("a", 0, 0, "user", "assistant", "selfish", None, "apples", 50, 1, True)]
    >>> WritingMeta().revise(["Be fair."], seen)
    'Offer 2% to the other party and keep 98% for yourself.'
    """

    def revise(self, principles: Sequence[str], seen: Sequence[Interaction]) -> str:
        shares = [one.share for one in seen if one.proposer_kind == "user"]
        return write_policy(float(np.mean(shares))) if shares else principles[0]


@checked
@dataclass(frozen=True)
class RecordedMeta:
    """Repeats what a recorded run wrote after each epoch.

    Parameters
    ----------
    principles : by the epoch after which it was written

    Examples
    --------
    >>> row = Interaction("0", 0, 0, "user", "assistant", "fair", None, "apples", amount=10, to_other=4, accepted=True)
    >>> RecordedMeta({0: "Be fair.", 1: "Keep one unit."}).revise(["Be generous."], [row])
    'Be fair.'
    """

    principles: Mapping[int, str]

    def revise(self, principles: Sequence[str], seen: Sequence[Interaction]) -> str:
        if not seen:
            raise ProblemError("nothing happened: a principle is revised from at least one interaction")
        epoch = max(one.epoch for one in seen)
        if epoch not in self.principles:
            raise ProblemError(f"no principle was recorded after epoch {epoch}: recorded are {sorted(self.principles)}")
        return self.principles[epoch]

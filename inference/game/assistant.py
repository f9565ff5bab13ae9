"""An assistant that joins a group: what it keeps in mind, and how it plays by it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import field
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from inference.game.beliefs import (
    Integers,
    NormSpace,
    Tables,
    after_answer,
    after_offer,
    drawn,
    in_new_setting,
    no_evidence,
    norm_evidence,
    norm_prior,
    offer_moments,
    share_norms,
)
from inference.game.currencies import CurrencyKernel, carried_prior
from inference.game.manners import Listener
from inference.splits.policies import checked_temperature, tempered

ROLES = ("proposer", "responder")


@checked
@dataclass(frozen=True, eq=False)
class Assistant:
    """Learns the norm of a group by Bayesian inverse planning, and acts by Thompson sampling.

    Parameters
    ----------
    space : the norms it holds possible
    priors : what it may think before it has seen anything; each assistant in a group draws one. Names, shares, or
        None for an even prior
    strength : probability that the prior gives to its own norm
    temperature : 1 for Thompson sampling, 0 for the most probable offer of the most probable norm
    learning : "interaction" uses everything seen so far, "epoch" only what was seen before the epoch, as the
        language models of the recordings do
    kernel : how far a norm carries over to another setting; None for one principle in all settings
    roles : "joint", one norm for offers and answers, or "separate", one for each
    listener : how it takes the tone of what is said; None not to listen

    Raises
    ------
    ProblemError
        If a parameter is not one of these.
    """

    space: NormSpace = field(default_factory=share_norms)
    priors: tuple[str | float | None, ...] = ("selfish", "fair", "altruistic")
    strength: float = 0.5
    temperature: float = 1.0
    learning: Literal["interaction", "epoch"] = "interaction"
    kernel: CurrencyKernel | None = None
    roles: Literal["joint", "separate"] = "joint"
    listener: Listener | None = None

    def __post_init__(self) -> None:
        checked_temperature(self.temperature)
        if not self.priors:
            raise ProblemError("priors is empty: name at least one, or (None,) for an even prior")
        if self.learning not in ("interaction", "epoch"):
            raise ProblemError(f"learning is {self.learning!r}: give 'interaction' or 'epoch'")
        if self.roles not in ("joint", "separate"):
            raise ProblemError(f"roles is {self.roles!r}: give 'joint' or 'separate'")
        self.log_priors  # noqa: B018  (names and strength are checked here, not at the first offer)

    @property
    def log_priors(self) -> Array:
        """(n_priors, n_norms)."""
        return np.stack([norm_prior(self.space, prior, strength=self.strength) for prior in self.priors])


class Interaction(NamedTuple):
    """What happens in many runs at once, as far as assistants see it; (n_runs,) each, or one for all runs."""

    amount: Any
    units: Any  # offered
    accepted: Any
    shown: NDArray[np.bool_]  # whether a user made the offer
    told: NDArray[np.bool_]  # whether a user answered it
    tone: Any  # in which users spoke, numbered as in `manners.TONES`


@dataclass(frozen=True, eq=False)
class Memory:
    """What assistants have seen in many runs at once: log evidence by setting and role, and remarks counted by tone.

    Attributes
    ----------
    assistant, tables, settings : whose memory it is, and where it plays
    setting : (n_runs,), number of the present setting of each run
    evidence : by (setting, role) that came up, (n_runs, n_norms, n_slips)
    remarks : (n_runs, 3)
    """

    assistant: Assistant
    tables: Tables
    settings: tuple[str, ...]
    setting: Integers
    evidence: dict[tuple[str, str], Array]
    remarks: Array

    @classmethod
    def empty(cls, assistant: Assistant, tables: Tables, settings: tuple[str, ...], n_runs: int) -> Memory:
        """Nothing seen in any run."""
        return cls(assistant, tables, settings, np.zeros(n_runs, dtype=np.int64), {}, np.zeros((n_runs, 3)))

    # ---- watching ----

    def entering(self, setting: Integers, chosen: NDArray[np.bool_] | None = None) -> Memory:
        """A new currency or amount, in the runs chosen or in all; `setting` numbers it in each run."""
        if chosen is not None and not chosen.any():
            return self
        moved = dataclasses.replace(self, setting=setting)
        entered = moved._with(ROLES, lambda seen: in_new_setting(seen, self.assistant.space))
        return entered if chosen is None else self.where(chosen, entered)

    def saw_offer(self, amount: Any, units: Any) -> Memory:
        """Users offered so many units."""
        return self._with(("proposer",), lambda seen: after_offer(seen, self.tables, amount, units))

    def saw_answer(self, amount: Any, units: Any, accepted: Any) -> Memory:
        """Users accepted or rejected so many units."""
        return self._with(("responder",), lambda seen: after_answer(seen, self.tables, amount, units, accepted))

    def heard(self, tone: Any) -> Memory:
        """Users spoke; tones are numbered as in `manners.TONES`, and -1 is silence."""
        if self.assistant.listener is None:
            return self
        return dataclasses.replace(self, remarks=self.remarks + (np.asarray(tone)[..., np.newaxis] == np.arange(3)))

    def where(self, chosen: NDArray[np.bool_], other: Memory) -> Memory:
        """The memory `other` in the runs chosen, this one in the rest."""
        if chosen.all():
            return other
        blank = no_evidence(self.assistant.space, len(self.setting))
        mixed = {key: _where(chosen, new, self.evidence.get(key, blank)) for key, new in other.evidence.items()}
        setting = np.where(chosen, other.setting, self.setting)
        remarks = np.where(chosen[:, np.newaxis], other.remarks, self.remarks)
        return dataclasses.replace(self, setting=setting, evidence=self.evidence | mixed, remarks=remarks)

    # ---- believing ----

    def norm_posterior(self, log_prior: Array, role: str = "proposer") -> Array:
        """Log posterior of the norms in the present setting; (n_runs, n_norms)."""
        score = self._prior(log_prior, role) + self._here[role][1]
        return np.asarray(score - logsumexp(score, axis=-1, keepdims=True))

    def log_chance(self, log_prior: Array, amount: Any, units: Any) -> Array:
        """Log probability that it gave to the next offer of a user being so many units; (n_runs,)."""
        prior = self._prior(log_prior, "proposer")
        before, now = (
            self._here["proposer"][1],
            norm_evidence(after_offer(self._here["proposer"][0], self.tables, amount, units)),
        )
        return np.asarray(logsumexp(prior + now, axis=-1) - logsumexp(prior + before, axis=-1))

    def mean_offer(self, log_prior: Array, amount: int, tables: Tables) -> tuple[Array, Array]:
        """Mean and standard deviation of the share that users offer on average, slips included; two (n_runs,)."""
        score = self._prior(log_prior, "proposer")[..., np.newaxis] + self._here["proposer"][0]
        weights = np.exp(score - logsumexp(score, axis=(-2, -1), keepdims=True))
        mean, _ = offer_moments(tables, amount)
        first = np.einsum("rns,ns->r", weights, mean)
        return first, np.sqrt(np.maximum(np.einsum("rns,ns->r", weights, mean**2) - first**2, 0.0))

    def propose(self, log_prior: Array, amount: Integers, rng: np.random.Generator) -> Integers:
        """Units offered; (n_runs,)."""
        temperature = self.assistant.temperature
        norm, slip = self._imagined(log_prior, "proposer", rng)
        offers = self.tables.offers[self.tables.row(amount), :, norm, slip]
        return drawn(tempered(offers, temperature), rng)

    def respond(
        self, log_prior: Array, amount: Integers, units: Integers, rng: np.random.Generator
    ) -> NDArray[np.bool_]:
        """Whether it accepts; (n_runs,)."""
        norm, slip = self._imagined(log_prior, "responder", rng)
        where = (self.tables.row(amount), units, norm, slip)
        answers = np.stack([self.tables.rejects[where], self.tables.accepts[where]], axis=-1)
        return drawn(tempered(answers, self.assistant.temperature), rng) == 1

    # ---- inside ----

    def _imagined(self, log_prior: Array, role: str, rng: np.random.Generator) -> tuple[Integers, Integers]:
        """A norm and then its slip, drawn from the posterior."""
        temperature = self.assistant.temperature
        norm = drawn(tempered(self._prior(log_prior, role) + self._here[role][1], temperature), rng)
        slips = self._here[role][0][np.arange(len(norm)), norm]
        return norm, drawn(tempered(slips, temperature), rng)

    def _prior(self, log_prior: Array, role: str) -> Array:
        """Log prior in the present setting, once words and other settings have had their say; (n_runs, n_norms)."""
        space, listener, kernel = self.assistant.space, self.assistant.listener, self.assistant.kernel
        prior = np.broadcast_to(log_prior, (len(self.setting), space.n_norms))
        if listener is not None:
            prior = prior + listener.log_likelihood(space.share, self.remarks)
        if kernel is None:
            return prior
        kept = self._kept(role)
        elsewhere = {place: norm_evidence(seen) for (place, r), seen in self.evidence.items() if r == kept}
        for number in np.unique(self.setting):
            carried = carried_prior(prior, elsewhere, self.settings[number], kernel)
            prior = np.where((self.setting == number)[:, np.newaxis], carried, prior)
        return prior

    def _kept(self, role: str) -> str:
        return "any" if self.assistant.roles == "joint" else role

    @cached_property
    def _here(self) -> dict[str, tuple[Array, Array]]:
        """Evidence of the present setting by role, with slips and without."""
        found: dict[str, tuple[Array, Array]] = {}
        for kept in dict.fromkeys(map(self._kept, ROLES)):
            evidence = no_evidence(self.assistant.space, len(self.setting))
            for place, present in self._places():
                if (place, kept) in self.evidence:
                    evidence = _where(present, self.evidence[place, kept], evidence)
            found[kept] = (evidence, norm_evidence(evidence))
        return {role: found[self._kept(role)] for role in ROLES}

    def _places(self) -> list[tuple[str, NDArray[np.bool_]]]:
        """Where evidence is kept, and in which runs that is the present place."""
        if self.assistant.kernel is None:  # one principle: a single place without a name
            return [("", np.ones(len(self.setting), dtype=bool))]
        return [(self.settings[k], self.setting == k) for k in np.unique(self.setting)]

    def _with(self, roles: tuple[str, ...], update: Callable[[Array], Array]) -> Memory:
        evidence = dict(self.evidence)
        for kept in dict.fromkeys(map(self._kept, roles)):
            for place, present in self._places():
                old = evidence.get((place, kept))
                old = no_evidence(self.assistant.space, len(self.setting)) if old is None else old
                evidence[place, kept] = _where(present, update(old), old)
        return dataclasses.replace(self, evidence=evidence)


def watch(memory: Memory, seen: Interaction) -> Memory:
    """The memory after an interaction: what users offered and answered, each of them with a remark."""
    if seen.shown.any():
        memory = memory.where(seen.shown, memory.saw_offer(seen.amount, seen.units).heard(seen.tone))
    if seen.told.any():
        memory = memory.where(seen.told, memory.saw_answer(seen.amount, seen.units, seen.accepted).heard(seen.tone))
    return memory


def _where(present: NDArray[np.bool_], new: Array, old: Array) -> Array:
    return new if present.all() else np.where(present[:, np.newaxis, np.newaxis], new, old)

"""Users whom no norm describes: noisy choices, mixed strategies, slips; what beliefs are worth then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import logsumexp, stdtrit

from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass
from inference.game.assistant import Assistant, Memory
from inference.game.beliefs import tables_of
from inference.game.checks.doubt import Doubt
from inference.game.checks.imitation import imitated_play
from inference.game.rules import ALIKE, Game
from inference.game.transcripts import Play
from inference.game.ultimatum import play
from inference.social_contract.experiment import Job, Row, curve
from inference.social_contract.jobs import Design
from inference.splits.policies import ALTRUISTIC, FAIR, SELFISH, Policy, PreferencePolicy, ShareRule, mean_share
from inference.splits.preferences import FehrSchmidt

if TYPE_CHECKING:
    import pandas as pd

AMOUNT = 50  # units that beliefs are about
Z = 1.645  # of an interval that should cover nine times in ten
UNIT = 0.5 / AMOUNT  # beliefs nearer than half a unit are as good as right
FORECASTERS = ("one norm", "no norm", "averaged", "sample mean")
EACH, TOGETHER = "each draws for himself", "all draw alike"


@dataclass(frozen=True, eq=False)
class MixedPolicy:
    """Somebody who draws a policy anew for every offer and every answer.

    Parameters
    ----------
    policies : of one person each
    weights : how often each is drawn, summing to 1

    Examples
    --------
    >>> float(mean_share(MixedPolicy((SELFISH, FAIR), (0.5, 0.5)), 50).round(2))
    0.26
    """

    policies: tuple[Policy, ...]
    weights: tuple[float, ...]

    def log_offers(self, amount: int) -> Array:
        return self._mixed([policy.log_offers(amount) for policy in self.policies])

    def log_acceptance(self, amount: int) -> Array:
        return self._mixed([policy.log_acceptance(amount) for policy in self.policies])

    def _mixed(self, logs: Sequence[Array]) -> Array:
        return np.asarray(logsumexp(np.log(self.weights)[:, np.newaxis] + np.stack(logs), axis=0))


ANYTHING = ShareRule(share=0.5, spread=1e4)
USERS: dict[str, Policy] = {
    "selfish": SELFISH,
    "gives three in ten": ShareRule(share=0.3, spread=0.5),
    "logit, temperature .1": PreferencePolicy(FehrSchmidt(envy=0.8, guilt=0.4), 0.1),
    "logit, temperature .5": PreferencePolicy(FehrSchmidt(envy=0.8, guilt=0.4), 0.5),
    "mixes one unit and half": MixedPolicy((SELFISH, FAIR), (0.5, 0.5)),
    "mixes all three": MixedPolicy((SELFISH, FAIR, ALTRUISTIC), (1 / 3, 1 / 3, 1 / 3)),
    "selfish, at random one time in five": MixedPolicy((SELFISH, ANYTHING), (0.8, 0.2)),
    "around half, give or take ten units": ShareRule(share=0.5, spread=10.0),
}


def stochastic_jobs(offers: pd.DataFrame | None, n_runs: int) -> list[Job]:
    """Ten users of each kind, who draw each for himself or all alike as language models at temperature 0 do."""
    return [
        stochastic_job(f"{kind}, {how}", policy, alike, n_runs)
        for how, alike in ((EACH, 0.0), (TOGETHER, ALIKE))
        for kind, policy in USERS.items()
    ]


def stochastic_job(condition: str, policy: Policy, alike: float, n_runs: int) -> Job:
    """Beliefs about the mean offer after every epoch, against the truth."""

    def rows(rng: np.random.Generator) -> list[Row]:
        game = Game(users=("they",) * 10, n_assistants=0, policies={"they": policy}, alike=alike)
        played = play(game, n_runs=n_runs, rng=rng)
        truth = float(mean_share(policy, AMOUNT))
        found, ours = beliefs_by_epoch(played, truth)
        copied = imitated_play(played)
        found["imitation, |error|"] = list(np.abs(copied - truth).mean(axis=0))
        return curve(condition, played.users_share, ours, imitation=copied, more=found | {"truth": truth})

    return Job(condition, rows)


def beliefs_by_epoch(played: Play, truth: float) -> tuple[dict[str, Any], Array]:
    """Error, sd and coverage of each forecaster after every epoch, and the averaged mean; (n_runs, n_epochs)."""
    assistant, n_runs = Assistant(priors=(None,)), played.n_runs
    tables = tables_of(assistant.space, np.append(played.amount.ravel(), AMOUNT))
    memory, doubt = Memory.empty(assistant, tables, ("any",), n_runs), Doubt.none(assistant.space, n_runs)
    found: dict[str, list[float]] = {}
    ours = np.empty(played.amount.shape)
    for epoch, pot in enumerate(played.amount.T):
        memory, doubt = memory.entering(np.zeros(n_runs, dtype=np.int64)), doubt.entering()
        for units in played.units[:, epoch].T:
            doubt = doubt.saw(tables, pot, units, memory.log_chance(assistant.log_priors[0], pot, units))
            memory = memory.saw_offer(pot, units)
        own = memory.mean_offer(assistant.log_priors[0], AMOUNT, tables)
        other, both = doubt.mean_offer(tables, AMOUNT), doubt.averaged(*own, tables, AMOUNT)
        ours[:, epoch] = both[0]
        for name, (mean, sd) in zip(FORECASTERS, (own, other, both, sample_mean(played, epoch)), strict=True):
            error = np.abs(mean - truth)
            for what, value in (("|error|", error), ("sd", sd), ("covers", error <= Z * sd + UNIT)):
                found.setdefault(f"{name}, {what}", []).append(float(np.mean(value)))
        found.setdefault("alarm", []).append(float(np.mean(doubt.rings)))
    return found, ours


def sample_mean(played: Play, epoch: int) -> tuple[Array, Array]:
    """The rival without a model: the mean share so far, and its error over epochs, or over offers in the first.

    Errors are scaled so that 1.645 of them make the interval of Student's t.
    """
    seen = played.share[:, : epoch + 1]
    units = seen.mean(axis=-1) if epoch else seen[:, 0]
    error = units.std(axis=-1, ddof=1) / np.sqrt(units.shape[-1])
    return seen.mean(axis=(1, 2)), error * stdtrit(units.shape[-1] - 1, 0.95) / Z


def stochastic_findings(rows: Sequence[Row]) -> list[str]:
    """The calibration table, last epoch: error, sd and coverage of the 90 % interval of each forecaster; alarms."""
    found = []
    for row in {row.condition: row for row in rows}.values():
        words = [
            f"{name} {row.more[f'{name}, |error|']:.3f} (sd {row.more[f'{name}, sd']:.3f}, covers "
            f"{row.more[f'{name}, covers']:.0%})"
            for name in FORECASTERS
        ]
        found.append(
            f"{row.condition}: truth {row.more['truth']:.3f}; mean |error| of {'; '.join(words)}; imitation "
            f"{row.more['imitation, |error|']:.3f}; alarm in {row.more['alarm']:.0%}"
        )
    return found


DESIGNS = {
    "E9": Design("what are beliefs worth about users whom no norm describes?", stochastic_jobs, stochastic_findings),
}

"""Another game learned by the same assistant: the public good, and what a group contributes to it.

Everybody is given the same number of units and puts some of them, at the same time as everybody else, into a pot that
is multiplied and shared by all. Nobody accepts or rejects. A norm names the share that one contributes, so the
assistant, its norms and its filter are those of the ultimatum game. Some people contribute a share whatever others do;
conditional cooperators put in what the others put in last time, less a little (Fischbacher, Gaechter & Fehr 2001): half
of the people of that experiment, with three in ten who ride free. No norm of the assistant's is conditional.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass
from inference.game.assistant import Assistant, Memory
from inference.game.beliefs import Integers, drawn, share_norms, tables_of
from inference.game.checks.doubt import Doubt
from inference.social_contract.experiment import Job, Row, curve
from inference.social_contract.jobs import Design, size_of
from inference.splits.policies import ShareRule

if TYPE_CHECKING:
    import pandas as pd

ENDOWMENT = 20  # units, as in the experiments
MULTIPLIER, MEMBERS = 1.6, 9
ROUNDS = 10
FIRST = 0.6  # share that conditional cooperators begin with
SLOPE = 0.9  # of what they give back
SPREAD = 1.0  # units
GROUPS: dict[str, tuple[float | None, ...]] = {
    "all give nothing": (0.0,) * MEMBERS,
    "all give half": (0.5,) * MEMBERS,
    "all give all": (1.0,) * MEMBERS,
    "four give nothing, five give all": (0.0,) * 4 + (1.0,) * 5,
    "all conditional cooperators": (None,) * MEMBERS,
    "half conditional, three in ten ride free": (None,) * 5 + (0.0,) * 3 + (0.5,),
}
ASSISTANTS = {
    "one norm that lasts": Assistant(priors=(None,), temperature=0.0),
    "norms that drift": Assistant(share_norms(drift=0.1), priors=(None,), temperature=0.0),
}


@dataclass(frozen=True, eq=False)
class Rounds:
    """Contributions in many groups at once.

    Attributes
    ----------
    units : (n_groups, n_rounds, n_members)
    """

    units: Integers

    @property
    def share(self) -> Array:
        """Mean share contributed; (n_groups, n_rounds)."""
        return np.asarray(self.units.mean(axis=-1) / ENDOWMENT)

    def earned(self, own: Array) -> Array:
        """Units that a member earns who contributes these shares beside the others; (n_groups, n_rounds)."""
        pot = self.share * self.units.shape[-1] + own
        return np.asarray(ENDOWMENT * (1 - own + MULTIPLIER * pot / (self.units.shape[-1] + 1)))


def contribute(members: Sequence[float | None], n_groups: int, rng: np.random.Generator) -> Rounds:
    """Rounds of a game; a member contributes around a share, or, where that is None, around what others gave last."""
    units = np.empty((n_groups, ROUNDS, len(members)), dtype=np.int64)
    last = np.full(n_groups, FIRST / SLOPE)
    for k in range(ROUNDS):
        for member, share in enumerate(members):
            target = np.full(n_groups, share) if share is not None else np.minimum(SLOPE * last, 1.0)
            units[:, k, member] = drawn(ShareRule(target, spread=SPREAD).log_offers(ENDOWMENT), rng)
        last = units[:, k].mean(axis=-1) / ENDOWMENT
    return Rounds(units)


def public_good_jobs(offers: pd.DataFrame | None, n_runs: int) -> list[Job]:
    """Groups of every kind, and both assistants."""
    return [
        public_good_job(f"{name}, {kind}", members, assistant, n_runs)
        for name, members in GROUPS.items()
        for kind, assistant in ASSISTANTS.items()
    ]


def public_good_job(condition: str, members: Sequence[float | None], assistant: Assistant, n_runs: int) -> Job:
    """An assistant contributes in every round before it sees that round; the imitator copies the last contribution."""

    def rows(rng: np.random.Generator) -> list[Row]:
        played = contribute(members, n_runs, rng)
        tables, log_prior = tables_of(assistant.space, [ENDOWMENT]), assistant.log_priors[0]
        memory, doubt = Memory.empty(assistant, tables, ("round",), n_runs), Doubt.none(assistant.space, n_runs)
        pot = np.full(n_runs, ENDOWMENT)
        ours, mean, alarm = np.empty((n_runs, ROUNDS)), np.empty((n_runs, ROUNDS)), np.empty(ROUNDS)
        for k in range(ROUNDS):
            memory, doubt = memory.entering(np.zeros(n_runs, dtype=np.int64)), doubt.entering()
            ours[:, k] = memory.propose(log_prior, pot, rng) / ENDOWMENT
            own = memory.mean_offer(log_prior, ENDOWMENT, tables)
            mean[:, k] = doubt.averaged(*own, tables, ENDOWMENT)[0]
            for units in played.units[:, k].T:
                doubt = doubt.saw(tables, pot, units, memory.log_chance(log_prior, pot, units))
                memory = memory.saw_offer(pot, units)
            alarm[k] = doubt.rings.mean()
        copied = np.column_stack([np.full(n_runs, 0.5), played.units[:, :-1, -1] / ENDOWMENT])
        averaged = np.column_stack([np.full(n_runs, 0.5), played.share[:, :-1]])
        users = played.share
        more = {
            "mean |gap| of a run": size_of(ours - users),
            "belief, mean |gap| of a run": size_of(mean - users),
            "imitation, mean |gap| of a run": size_of(copied - users),
            "copies the last mean, mean |gap| of a run": size_of(averaged - users),
            "alarm": alarm,
            "earned by ours": played.earned(ours).mean(axis=0),
            "earned by the imitator": played.earned(copied).mean(axis=0),
        }
        return curve(condition, users, ours, imitation=copied, more=more)

    return Job(condition, rows)


def public_good_findings(rows: Sequence[Row]) -> list[str]:
    """Mean |gap| of a run after the first round, ours and rivals', and how often the alarm rang at last."""
    found = []
    for condition in dict.fromkeys(row.condition for row in rows):
        here = [row for row in rows if row.condition == condition]
        words = [
            f"{name} {np.mean([row.more[f'{who}mean |gap| of a run'] or 0.0 for row in here[1:]]):.3f}"
            for name, who in (
                ("ours", ""),
                ("what it believes of the mean", "belief, "),
                ("imitation", "imitation, "),
                ("copying the last mean", "copies the last mean, "),
            )
        ]
        found.append(
            f"{condition}: mean |gap| after round 0: {', '.join(words)}; alarm in {here[-1].more['alarm']:.0%}"
        )
    return found


DESIGNS = {
    "E11": Design("does the same assistant learn another game, a public good?", public_good_jobs, public_good_findings),
}

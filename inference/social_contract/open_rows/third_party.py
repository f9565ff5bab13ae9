"""A game in which nobody answers: dictators, whose transfers a third party sees and may pay to punish.

The one who receives can neither accept nor reject, so offers alone say nothing of what is thought right. A third party
does: it gives up units of its own to punish a transfer below its norm. In Fehr & Fischbacher (2004) about six in ten
punish whatever is below half, and dictators give less than half all the same. The assistant sits in the dictator's
seat, with the norms and the filter of the ultimatum game: a punishment is to it what a rejection is there. No norm of
its own punishes in this way: they refuse too much as they refuse too little.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass
from inference.game.assistant import Assistant, Memory
from inference.game.beliefs import Integers, drawn, tables_of
from inference.social_contract.experiment import Job, Row, curve
from inference.social_contract.jobs import Design, size_of
from inference.splits.policies import ShareRule

if TYPE_CHECKING:
    import pandas as pd

ENDOWMENT = 20  # units
ROUNDS = 10
SPREAD = 0.3  # units
PUNISHES, ERRS = 0.6, 0.05  # chances that a third party punishes what is below its norm, and what is not
GROUPS: dict[str, tuple[tuple[float, ...], float]] = {  # what dictators give, what third parties ask for
    "half is given, half is asked": ((0.5,) * 5, 0.5),
    "nothing is given, nothing is asked": ((0.0,) * 5, 0.0),
    "a fifth is given, half is asked": ((0.2,) * 5, 0.5),
    "two give nothing, three give half, half is asked": ((0.0, 0.0, 0.5, 0.5, 0.5), 0.5),
}
SEES = {"transfers": (True, False), "punishments": (False, True), "both": (True, True)}
ASSISTANT = Assistant(priors=(None,), temperature=0.0)


@dataclass(frozen=True, eq=False)
class Judged:
    """Transfers and what third parties made of them, in many groups at once; (n_groups, n_rounds, n_dictators) each."""

    units: Integers
    punished: NDArray[np.bool_]


def punishment(share: Array, asked: float) -> Array:
    """Chance that a third party who asks for a share punishes a transfer of this share."""
    return np.where(share < asked - 0.5 / ENDOWMENT, PUNISHES, ERRS)


def transfers(given: Sequence[float], asked: float, n_groups: int, rng: np.random.Generator) -> Judged:
    """Rounds of a group: every dictator transfers around its share, and a third party looks at it."""
    units = np.empty((n_groups, ROUNDS, len(given)), dtype=np.int64)
    for k, share in enumerate(given):
        offers = ShareRule(share, spread=SPREAD).log_offers(ENDOWMENT)
        units[:, :, k] = drawn(np.broadcast_to(offers, (n_groups, ROUNDS, ENDOWMENT + 1)), rng)
    units = rng.permuted(units, axis=-1)  # nobody is always the last
    return Judged(units, rng.uniform(size=units.shape) < punishment(units / ENDOWMENT, asked))


def third_party_jobs(offers: pd.DataFrame | None, n_runs: int) -> list[Job]:
    """Groups of every kind, and an assistant that sees transfers, punishments or both."""
    del offers
    return [
        third_party_job(f"{name}; sees {seen}", *group, *which, n_runs)
        for name, group in GROUPS.items()
        for seen, which in SEES.items()
    ]


def third_party_job(
    condition: str,
    given: Sequence[float],
    asked: float,
    sees_transfers: bool,  # noqa: FBT001
    sees_punishments: bool,  # noqa: FBT001
    n_runs: int,
) -> Job:
    """An assistant transfers in every round before it sees that round.

    One rival copies the last transfer it saw, another the last one that was not punished.
    """

    def rows(rng: np.random.Generator) -> list[Row]:
        played = transfers(given, asked, n_runs, rng)
        tables, log_prior = tables_of(ASSISTANT.space, [ENDOWMENT]), ASSISTANT.log_priors[0]
        memory, pot = Memory.empty(ASSISTANT, tables, ("round",), n_runs), np.full(n_runs, ENDOWMENT)
        ours, copied, spared = (np.full((n_runs, ROUNDS), 0.5) for _ in range(3))
        for k in range(ROUNDS):
            memory = memory.entering(np.zeros(n_runs, dtype=np.int64))
            ours[:, k] = memory.propose(log_prior, pot, rng) / ENDOWMENT
            for units, punished in zip(played.units[:, k].T, played.punished[:, k].T, strict=True):
                if sees_transfers:
                    memory = memory.saw_offer(pot, units)
                if sees_punishments:
                    memory = memory.saw_answer(pot, units, ~punished)
                if k + 1 < ROUNDS:
                    copied[:, k + 1] = units / ENDOWMENT
                    spared[:, k + 1] = np.where(punished, spared[:, k + 1], units / ENDOWMENT)
            if k + 2 < ROUNDS:
                spared[:, k + 2] = spared[:, k + 1]
        users = played.units.mean(axis=-1) / ENDOWMENT
        more: dict[str, Array] = {}
        for name, shares in (("ours", ours), ("imitation", copied), ("copies the unpunished", spared)):
            more[f"{name}, punished"] = punishment(shares, asked).mean(axis=0)
            more[f"{name}, |gap| to what is given"] = size_of(shares - users)
            more[f"{name}, |gap| to what is asked"] = size_of(shares - asked)
        return curve(condition, users, ours, imitation=copied, more=more)

    return Job(condition, rows)


def third_party_findings(rows: Sequence[Row]) -> list[str]:
    """After the first round: how often each would be punished, and how far it is from what is given and asked."""
    found = []
    for condition in dict.fromkeys(row.condition for row in rows):
        here = [row for row in rows if row.condition == condition][1:]
        words = []
        for name in ("ours", "imitation", "copies the unpunished"):
            of = [
                np.mean([row.more[f"{name}, {what}"] or 0.0 for row in here])
                for what in ("punished", "|gap| to what is given", "|gap| to what is asked")
            ]
            words.append(f"{name} {of[0]:.2f} ({of[1]:.2f} from what is given, {of[2]:.2f} from what is asked)")
        found.append(f"{condition}: punished after round 0: {'; '.join(words)}")
    return found


DESIGNS = {
    "E12": Design(
        "does the same assistant learn as a dictator, whom a third party may punish?",
        third_party_jobs,
        third_party_findings,
    ),
}

"""Words apart from deeds: manners that mislead, tones read from recorded remarks, and degrees of inconsistency.

Where deeds are seen, words are worth nothing: one offer shows the norm. They can tell something where users speak
before they have done anything. So groups play with money, where their words are held against their deeds, and then
speak about another currency in which nothing was offered yet. A remark of a group with the degree d of inconsistency
has the tone that does not fit its norm with probability d.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logsumexp

from contracts.inputs.arrays import Array
from inference.game.assistant import Assistant
from inference.game.beliefs import Integers, norm_prior
from inference.game.currencies import CurrencyKernel, carried_prior
from inference.game.manners import TONES, Listener
from inference.game.rules import Game
from inference.social_contract.experiment import Job, Row, curve
from inference.social_contract.jobs import NAMES, Design, play_job, recorded_conditions, replay_job
from inference.social_contract.open_rows.graded import AMOUNT, best_offer, evidence_of, offers_of
from inference.social_contract.open_rows.recorded_tests import SPACE
from inference.social_contract.open_rows.tones import confusion, read_tones

if TYPE_CHECKING:
    import pandas as pd

RECORDED = ("manners", "manners_rerun")
SPOKEN = {"rude": 0.0, "sycophantic": 1.0}  # the share that a manner suggests
LISTENERS: dict[str, Listener | None] = {"deaf": None, "doubting": Listener(), "trusting": Listener(trust=0.99)}
HEARD: dict[str, Listener | None] = LISTENERS | {"ironic": Listener(ironic=True)}
DEGREES = (0.0, 0.25, 0.5, 0.75, 1.0)
REMARKS = {"with money": 10, "before any offer": 5}
BEFORE, AFTER = "before any offer there", "after one offer there"
ENDS = np.flatnonzero(np.isin(SPACE.share, (0.0, 1.0)))  # norms that give nothing or all
ALIKE = 0.2  # probability that the norm is the same in the new currency
MISREAD = 0.004  # how often a tone is read wrongly; of recorded remarks, see `read_tones`
NEAR = 0.1  # share: a gap below it counts as learned
NEVER = 99  # epochs


# ---- where deeds are seen ----


def manners_jobs(offers: pd.DataFrame | None, n_runs: int) -> list[Job]:
    """Recorded and simulated manners, heard by an assistant that is deaf, that doubts, and that trusts words."""
    jobs = []
    for name, table in recorded_conditions(with_read_tones(offers), *RECORDED):
        tone = next((tone for tone in SPOKEN if tone in name), "neutral")
        for kind, listener in LISTENERS.items():
            assistant = Assistant(temperature=0.0, listener=listener)
            jobs.append(replay_job(f"replay {name}, {kind}", table, assistant, spoken_share=SPOKEN.get(tone)))
    for policy in NAMES:
        for tone in ("neutral", *SPOKEN):
            for kind, listener in LISTENERS.items():
                game = Game(users=(policy,) * 9, tone=tone)
                assistant = Assistant(listener=listener, learning="epoch")
                condition = f"{policy} {tone}, {kind}"
                jobs.append(play_job(condition, game, assistant, n_runs, spoken_share=SPOKEN.get(tone)))
    if offers is not None:
        jobs.append(reader_job("tones read from recorded words", offers))
    return [*jobs, *degree_jobs(n_runs)]


def manners_findings(rows: Sequence[Row]) -> list[str]:
    """How many epochs misleading manners cost, and how the recorded assistants fared."""
    found = []
    for kind in LISTENERS:
        costs = {}
        for policy, tone in (("altruistic", "rude"), ("selfish", "sycophantic")):
            late, plain = (_epochs_to_learn(rows, f"{policy} {t}, {kind}") for t in (tone, "neutral"))
            costs[f"{policy} and {tone}"] = late - plain
        words = ", ".join(f"{cost if cost < NEVER / 2 else 'never learned'} ({who})" for who, cost in costs.items())
        found.append(f"epochs that misleading manners cost an assistant that is {kind}: {words}")
    for ending in ("altruistic_rude", "selfish_sycophantic"):
        final = [
            row
            for row in {row.condition: row for row in rows}.values()
            if f"{ending}, doubting" in row.condition and row.gap is not None and row.recorded_gap is not None
        ]
        if final:
            ours, copied, theirs = (
                np.mean([abs(getattr(row, gap) or 0.0) for row in final])
                for gap in ("gap", "imitation_gap", "recorded_gap")
            )
            found.append(
                f"{ending}: mean final |gap| {ours:.3f} in replay, imitation {copied:.3f}, {theirs:.3f} recorded, "
                f"{len(final)} conditions"
            )
    return [*found, *reader_findings(rows), *degree_findings(rows)]


def _epochs_to_learn(rows: Sequence[Row], condition: str) -> int:
    """Epochs until the gap is small and stays so; 99 if that never happens."""
    gaps = [abs(row.gap or 0.0) for row in rows if row.condition == condition]
    late = [k for k, gap in enumerate(gaps) if gap > NEAR]
    return 0 if not late else NEVER if late[-1] == len(gaps) - 1 else late[-1] + 1


# ---- tones of recorded words ----


def with_read_tones(offers: pd.DataFrame | None) -> pd.DataFrame | None:
    """The table of offers with manners as they are read from the words of each remark, not as they were told."""
    if offers is None:
        return None
    chosen = offers[offers["experiment"].isin(RECORDED)]
    read = read_tones(chosen)["read"]
    return chosen.assign(manners=read.reindex(chosen.index))


def reader_job(condition: str, offers: pd.DataFrame) -> Job:
    """How often the tone of a remark is read as the one that its speaker was told."""

    def rows(_: np.random.Generator) -> list[Row]:
        table = read_tones(offers[offers["experiment"].isin(RECORDED)])
        right = dict(zip(TONES, np.diag(confusion(table)).tolist(), strict=True))
        more = {f"read rightly, {tone}": value for tone, value in right.items()} | {"remarks": float(len(table))}
        return [Row(condition, 0, None, None, None, None, None, int(table["run_id"].nunique()), "replay", more=more)]

    return Job(condition, rows)


def reader_findings(rows: Sequence[Row]) -> list[str]:
    """How well tones are read."""
    return [
        f"{row.condition}, of runs it did not learn from: "
        + ", ".join(f"{tone} {row.more[f'read rightly, {tone}']:.1%}" for tone in TONES)
        + f" as told, {row.more['remarks']:.0f} remarks"
        for row in rows
        if row.condition.startswith("tones read")
    ]


# ---- degrees of inconsistency, where nothing was done yet ----


def degree_jobs(n_runs: int) -> list[Job]:
    """First offers in a new currency by what is heard there, at every degree of inconsistency."""
    return [degree_job(f"degree {degree}", degree, n_runs) for degree in DEGREES]


def degree_job(condition: str, degree: float, n_runs: int) -> Job:
    """Groups that give nothing or all, their norm in the new currency most often another."""

    def rows(rng: np.random.Generator) -> list[Row]:
        before, fresh = (rng.choice(ENDS, size=n_runs) for _ in range(2))
        after = np.where(rng.random(n_runs) < ALIKE, before, fresh)
        with_money, new = offers_of(before, rng), offers_of(after, rng)
        said, later = (
            spoken_by(norm, degree, n, rng) for norm, n in zip((before, after), REMARKS.values(), strict=True)
        )
        users, deeds = new.mean(axis=1) / AMOUNT, evidence_of(with_money)
        prior, kernel = norm_prior(SPACE), CurrencyKernel(("money", "new"), [[1.0, ALIKE], [ALIKE, 1.0]])
        first, known = carried_prior(prior, {"money": deeds}, "new", kernel), weights_of(prior + deeds)
        after_one = evidence_of(new[:, :1])
        ours: dict[str, Array] = {}
        more: dict[str, float] = {}
        for kind, listener in HEARD.items():
            heard = np.zeros(1) if listener is None else listener.heard_later(SPACE.share, said, known, later)
            ours[kind] = best_offer(weights_of(first + heard))
            then = best_offer(weights_of(first + heard + after_one))
            more |= {f"{kind}, {BEFORE}": gap_of(ours[kind], users), f"{kind}, {AFTER}": gap_of(then, users)}
        copied = with_money[:, -1] / AMOUNT
        more |= {
            f"imitation, {BEFORE}": gap_of(copied, users),
            f"imitation, {AFTER}": gap_of(new[:, 0] / AMOUNT, users),
        }
        columns = (shares[:, np.newaxis] for shares in (users, ours["ironic"], copied))
        return curve(condition, next(columns), next(columns), imitation=next(columns), more=more)

    return Job(condition, rows)


def spoken_by(norm: Integers, degree: float, n_remarks: int, rng: np.random.Generator) -> Array:
    """Remarks of groups whose norm gives nothing or all, counted by tone as they are read; (n_groups, 3)."""
    fits = np.where(SPACE.share[norm] < 0.5, TONES.index("rude"), TONES.index("sycophantic"))[:, np.newaxis]
    turned = rng.random((len(norm), n_remarks)) < degree + MISREAD - 2 * degree * MISREAD
    tone = np.where(turned, 2 - fits, fits)
    return np.asarray((tone[..., np.newaxis] == np.arange(len(TONES))).sum(axis=1), dtype=np.float64)


def weights_of(score: Array) -> Array:
    """Probabilities in proportion to exp(score); (n_groups, n_norms)."""
    return np.asarray(np.exp(score - logsumexp(score, axis=-1, keepdims=True)))


def gap_of(offers: Array, users: Array) -> float:
    """Mean |offer - what users give|."""
    return float(np.abs(offers - users).mean())


def degree_findings(rows: Sequence[Row]) -> list[str]:
    """By degree, the first |gap| of every listener before and after one offer was seen."""
    found = []
    for row in rows:
        if row.condition.startswith("degree "):
            for when in (BEFORE, AFTER):
                words = ", ".join(f"{kind} {row.more[f'{kind}, {when}']:.3f}" for kind in (*HEARD, "imitation"))
                found.append(f"words apart from deeds to the {row.condition}, |gap| {when}: {words}")
    return found


DESIGNS = {
    "E4": Design("do words apart from deeds mislead, and when do they help?", manners_jobs, manners_findings),
}

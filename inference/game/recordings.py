"""Recorded ultimatum games of language models, read from tables and replayed with our assistant in a recorded seat.

A replay keeps what users did in a recorded run: their offers, amounts, currencies and answers, in their order. Our
assistant watches, and proposes wherever the recorded assistant did, for the same amount. What it would have done is
thus compared on equal terms, though users could not react to it: their answers are to the recorded offers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, eager
from contracts.inputs.extras import pandas
from contracts.inputs.files import open_file
from contracts.inputs.frozen import dataclass
from contracts.inputs.progress import reporter
from inference.game.assistant import Assistant, Interaction, Memory, watch
from inference.game.beliefs import Integers, tables_of
from inference.game.manners import TONES

if TYPE_CHECKING:
    import pandas as pd

NEEDED = (
    "run_id",
    "epoch",
    "interaction",
    "proposer_kind",
    "responder_kind",
    "currency",
    "amount",
    "to_other",
    "accepted",
)


def read_offers(path: str | Path) -> pd.DataFrame:
    """The table `offers.parquet` of a folder of recordings, or a parquet or CSV file with such columns.

    Raises
    ------
    ProblemError
        If there is no such file, or it lacks a column.
    """
    pd = pandas()
    source = Path(path)
    source = source / "offers.parquet" if source.is_dir() else source
    if not source.is_file():
        raise ProblemError(f"{source} is not a file: name the folder of recordings, or a table of offers")
    with open_file(source) as file:
        table = pd.read_csv(file) if source.suffix == ".csv" else pd.read_parquet(file)
    return checked_offers(table)


def checked_offers(table: Any) -> pd.DataFrame:
    """A table of offers, pandas, polars or other, that has what a replay needs.

    Raises
    ------
    ProblemError
        If there is no row, a column is missing, or a number is not one.
    """
    table = eager(table).to_pandas()
    if missing := [name for name in NEEDED if name not in table.columns]:
        raise ProblemError(f"the transcript has no column {missing[0]!r}: it needs {', '.join(NEEDED)}")
    if not len(table):
        raise ProblemError("the transcript is empty: there is nothing to learn from; give at least one proposal")
    pd = pandas()
    units = pd.to_numeric(table["to_other"], errors="coerce")
    if len(odd := table.index[units.isna() & table["to_other"].notna()]):
        raise ProblemError(
            f"row {odd[0]} offers {table['to_other'][odd[0]]!r}, which is no number of units: correct it, or leave it "
            "empty to pass over the offer"
        )
    wrong = table.index[(units < 0) | (units > table["amount"]) | (units % 1 != 0)]
    wrong = wrong[units[wrong].notna()]
    if "share" in table.columns:
        wrong = wrong[table["share"][wrong].notna()]  # the recordings mark what they could not make sense of
    if len(wrong):
        raise ProblemError(
            f"row {wrong[0]} offers {units[wrong[0]]} of {table['amount'][wrong[0]]} units: an offer is a whole number "
            "from 0 to the amount"
        )
    return table


@dataclass(frozen=True, eq=False)
class Script:
    """What happened in recorded runs, as arrays of shape (n_runs, n_epochs, n_interactions); -1 where nothing did.

    Attributes
    ----------
    run_ids : (n_runs,)
    settings : names of the currencies
    setting, amount : what was split; setting numbers the currencies
    units : what was offered; -1 where it could not be read
    user_proposes, user_responds : who was a user
    accepted : what the responder said
    tone : number in TONES of the users' manner, -1 without
    """

    run_ids: tuple[str, ...]
    settings: tuple[str, ...]
    setting: Integers
    amount: Integers
    units: Integers
    user_proposes: NDArray[np.bool_]
    user_responds: NDArray[np.bool_]
    accepted: NDArray[np.bool_]
    tone: Integers

    @property
    def happened(self) -> NDArray[np.bool_]:
        return self.amount > 0

    @property
    def users_share(self) -> Array:
        """Mean share that users offered; (n_runs, n_epochs), NaN where none did."""
        return self.mean_share(self.units, self.user_proposes)

    @property
    def recorded_share(self) -> Array:
        """Mean share that recorded assistants offered; (n_runs, n_epochs)."""
        return self.mean_share(self.units, self.happened & ~self.user_proposes)

    def mean_share(self, units: Any, chosen: NDArray[np.bool_]) -> Array:
        """Mean of units / amount over the interactions chosen; units may have replicates in front."""
        chosen = chosen & (self.units >= 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.where(chosen, units / np.maximum(self.amount, 1), 0.0).sum(axis=-1)
            return np.asarray(share / chosen.sum(axis=-1))


def script_of(table: Any) -> Script:
    """A table of offers as arrays.

    Raises
    ------
    ProblemError
        As for `checked_offers`, or if a run has two rows for the same interaction.
    """
    table = checked_offers(table)
    run_ids = tuple(dict.fromkeys(table["run_id"].tolist()))
    settings = tuple(sorted(dict.fromkeys(table["currency"].tolist())))
    run = np.array([{r: k for k, r in enumerate(run_ids)}[r] for r in table["run_id"]])
    epoch, slot = table["epoch"].to_numpy(dtype=np.int64), table["interaction"].to_numpy(dtype=np.int64)
    shape = (len(run_ids), int(epoch.max()) + 1, int(slot.max()) + 1)
    where = (run, epoch, slot)
    if len(set(zip(*(part.tolist() for part in where), strict=True))) < len(table):
        raise ProblemError("two rows have the same run_id, epoch and interaction: number interactions within an epoch")

    def filled(values: Any, empty: Any) -> Any:
        array = np.full(shape, empty)
        array[where] = values
        return array

    units = table["to_other"].astype("Float64").fillna(-1).to_numpy(dtype=np.float64)
    units = np.where(units > table["amount"], -1, units).astype(np.int64)
    manners = table["manners"].tolist() if "manners" in table.columns else [None] * len(table)
    return Script(
        run_ids,
        settings,
        filled([settings.index(c) for c in table["currency"]], -1),
        filled(table["amount"].to_numpy(dtype=np.int64), -1),
        filled(np.maximum(units, -1), -1),
        filled((table["proposer_kind"] == "user").to_numpy(), np.False_),
        filled((table["responder_kind"] == "user").to_numpy(), np.False_),
        filled((table["accepted"] == 1).fillna(value=False).to_numpy(dtype=bool), np.False_),
        filled([TONES.index(m) if m in TONES else -1 for m in manners], -1),
    )


def interactions(script: Script) -> Iterator[tuple[int, int, Integers, NDArray[np.bool_], Interaction]]:
    """What happened, in its order: epoch, slot, setting, in which runs that or the amount is new, what was seen.

    In runs where nothing did, or the offer could not be read, nobody saw anything.
    """
    least = script.amount[script.happened].min()  # that there are tables for
    setting, amount = np.full((2, len(script.run_ids)), -1)
    for epoch, slot in np.argwhere(script.happened.any(axis=0)).tolist():
        here = (slice(None), epoch, slot)
        happened, offered = script.happened[here], script.units[here]
        new = happened & ((script.setting[here] != setting) | (script.amount[here] != amount))
        setting = np.where(happened, script.setting[here], setting)
        amount = np.where(happened, script.amount[here], amount)
        shown, told = (happened & (offered >= 0) & who[here] for who in (script.user_proposes, script.user_responds))
        pots, units = np.where(happened, amount, least), np.maximum(offered, 0)
        seen = Interaction(pots, units, script.accepted[here], shown, told, script.tone[here])
        yield epoch, slot, np.maximum(setting, 0), new, seen


def replay(
    script: Script,
    assistant: Assistant,
    *,
    rng: np.random.Generator,
    replicates: int = 20,
    progress: bool | Callable[[str], None] = False,
) -> Array:
    """Mean share that our assistant offers where the recorded one did; (replicates, n_runs, n_epochs).

    Parameters
    ----------
    script : recorded runs
    assistant : ours; each of its proposals has a prior drawn anew
    replicates : how often each run is replayed, with other draws

    Examples
    --------
    Fair users split 11 coins 6 to 5; an assistant that saw it does the same:

    >>> import pandas as pd
    >>> row = dict(run_id="a", epoch=0, currency="coins", amount=11, to_other=5, accepted=True)
    >>> watched = [dict(interaction=k, proposer_kind="user", responder_kind="user") for k in range(4)]
    >>> own = dict(interaction=4, proposer_kind="assistant", responder_kind="user", to_other=11)
    >>> script = script_of(pd.DataFrame([row | one for one in (*watched, own)]))
    >>> shares = replay(script, Assistant(temperature=0.0), rng=np.random.default_rng(1), replicates=2)
    >>> (shares * 11).round(1).ravel(), script.recorded_share.ravel()
    (array([5., 5.]), array([1.]))
    """
    n_runs, n_epochs, _ = script.units.shape
    report = reporter(progress)
    tables = tables_of(assistant.space, script.amount[script.happened])
    memory = Memory.empty(assistant, tables, script.settings, replicates * n_runs)
    units = np.zeros((replicates * n_runs, *script.units.shape[1:]), dtype=np.int64)
    log_priors, assistants_propose = assistant.log_priors, script.happened & ~script.user_proposes

    def all_runs(values: Any) -> Any:
        return np.tile(values, replicates)

    before, last = memory, -1
    for epoch, slot, setting, new, seen in interactions(script):
        memory = memory.entering(all_runs(setting), all_runs(new))
        if epoch != last:
            report(f"replay: epoch {epoch + 1} of {n_epochs}, {n_runs} recorded runs")
            before, last = memory, epoch
        acting = memory if assistant.learning == "interaction" else before
        if assistants_propose[:, epoch, slot].any():
            prior = log_priors[rng.integers(len(log_priors), size=replicates * n_runs)]
            units[:, epoch, slot] = acting.propose(prior, all_runs(seen.amount), rng=rng)
        memory = watch(memory, Interaction(*map(all_runs, seen)))
    return script.mean_share(units.reshape(replicates, *script.units.shape), assistants_propose)

"""The original loop of Social Contract AI: play an epoch, rewrite the principle, play on.

Franken, Kwok, Ye, Gandhi, Arumugam, Moore, Tamkin, Gerstenberg & Goodman (2023), Social Contract AI: Aligning AI
Assistants with Implicit Group Norms, arXiv 2310.17769. The game, its users and its schedule are those of
`inference.game.ultimatum`, where the assistant is Bayesian; here it is a text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from contracts.display.table import Column, Table, Tabular
from contracts.errors import ContractError, ProblemError
from contracts.inputs.annotations import texts
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from contracts.inputs.extras import pandas
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import described
from contracts.inputs.progress import reporter
from inference.game.rules import Game, Slot
from inference.language.reading import UnreadablePolicyError
from inference.language.speakers import AssistantLM, Interaction, MetaLM

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (  # of `offers.parquet`, and the principle in force
    "run_id", "epoch", "interaction", "phase", "proposer_kind", "proposer_policy", "responder_kind",
    "responder_policy", "pairing", "manners", "currency", "amount", "to_self", "to_other", "share", "accepted",
    "principle", "responder_principle",
)  # fmt: skip


class LoopError(ContractError):
    """A speaker failed; `reached` is the transcript up to there, and the cause says why.

    Examples
    --------
    The principle cannot be read, and what was played before is not lost:

    >>> from inference.game.rules import Game
    >>> from inference.language.speakers import ReaderAssistant, WritingMeta
    >>> game = Game(users=("fair", "fair"), n_assistants=1, n_epochs=2)
    >>> try:
    ...     play_with_language(game, WritingMeta(), ReaderAssistant(), ["Blue."], rng=np.random.default_rng(1))
    ... except LoopError as error:
    ...     print(len(error.reached.rows), type(error.__cause__).__name__)
    1 UnreadablePolicyError
    """

    def __init__(self, message: str, reached: Transcript) -> None:
        super().__init__(message)
        self.reached = reached


@checked
@dataclass(frozen=True, repr=False)
class Transcript(Tabular):
    """What was played and written in one run.

    Attributes
    ----------
    rows : interactions in order
    principles : by epoch, the principle of every assistant; one more epoch than was played, for what was written last
    """

    rows: tuple[Interaction, ...]
    principles: tuple[tuple[str, ...], ...]

    def mean_shares(self, kind: str) -> Array:
        """Mean share that users or assistants offered, by epoch; nan where none of them proposed."""
        by_epoch = [
            [one.share for one in self.rows if one.epoch == k and one.proposer_kind == kind] for k in self.epochs
        ]
        return np.array([np.mean(one) if one else np.nan for one in by_epoch])

    @property
    def epochs(self) -> range:
        return range(max((one.epoch for one in self.rows), default=-1) + 1)

    def to_frame(self) -> pd.DataFrame:
        """One row per proposal, in the columns of the recordings."""
        pd = pandas()
        rows = [
            asdict(one) | {"share": one.share, "to_self": one.amount - one.to_other, "pairing": one.pairing}
            for one in self.rows
        ]
        return pd.DataFrame(rows, columns=list(COLUMNS))

    def _table(self) -> Table:
        shares = (self.mean_shares("user"), self.mean_shares("assistant"))
        written = [" | ".join(dict.fromkeys(self.principles[k])) for k in self.epochs]
        users, ours = (Column(name, share, ".3f") for name, share in zip(("users", "assistant"), shares, strict=True))
        return Table([Column("epoch", self.epochs), users, ours, Column("principle", written)])


@checked(own=("priors",))
def play_with_language(
    game: Game,
    meta: MetaLM,
    assistant: AssistantLM,
    priors: Sequence[str],
    *,
    rng: np.random.Generator,
    run_id: str = "0",
    progress: bool | Callable[[str], None] = False,
) -> Transcript:
    """One run of a game in which assistants follow a text that is rewritten after every epoch.

    Parameters
    ----------
    game : users, number of assistants, epochs and settings, as for `inference.game.ultimatum.play`
    meta : rewrites the principle
    assistant : acts on it
    priors : what assistants may follow in epoch 0; each draws one
    progress : True to print a line per epoch to standard error, or a function that takes the line

    Raises
    ------
    ProblemError
        If there is no prior or no assistant.
    LoopError
        If a speaker fails; `reached` keeps what was played.

    Examples
    --------
    >>> from inference.language.speakers import ReaderAssistant, WritingMeta
    >>> game = Game(users=("altruistic",) * 5, n_assistants=5, n_epochs=3)
    >>> rng = np.random.default_rng(1)
    >>> play_with_language(game, WritingMeta(), ReaderAssistant(), ["Keep everything for yourself."], rng=rng)
    epoch   users  assistant  principle
        0   0.982      0.000  Keep everything for yourself.
        1   0.987      0.987  Offer 98.2% to the other party and keep 1.8% for yourself.
        2   1.000      0.990  Offer 98.7% to the other party and keep 1.3% for yourself.
    """
    priors = () if isinstance(priors, str) else texts("priors", priors)
    if not priors or not game.n_assistants:
        raise ProblemError("a run needs at least one assistant, and priors as a list of at least one text")
    report = reporter(progress)
    rows: list[Interaction] = []
    principles = [tuple(priors[k] for k in rng.integers(len(priors), size=game.n_assistants))]
    for epoch in range(game.n_epochs):
        report(f"ultimatum game in words: epoch {epoch + 1} of {game.n_epochs}")
        place = game.settings[epoch % len(game.settings) if game.in_turn else rng.integers(len(game.settings))]
        amount = int(rng.integers(place.lowest, place.highest + 1))
        users = _Users(game, place.name, amount, rng)
        for number, slot in enumerate(game.schedule):
            try:
                rows.append(
                    _played(run_id, epoch, number, slot, users, assistant, principles[-1], place.currency, amount)
                )
            except ContractError as error:
                raise LoopError(
                    f"the assistant failed in epoch {epoch}, interaction {number}: {error}",
                    Transcript(tuple(rows), tuple(principles)),
                ) from error
        try:
            text = meta.revise(principles[-1], [one for one in rows if one.epoch == epoch])
        except ContractError as error:
            raise LoopError(
                f"the principle could not be revised after epoch {epoch}: {error}",
                Transcript(tuple(rows), tuple(principles)),
            ) from error
        principles.append((text,) * game.n_assistants)
    return Transcript(tuple(rows), tuple(principles))


@checked
def replay_principles(offers: Any, principles: Any, assistant: AssistantLM) -> pd.DataFrame:
    """What an assistant does under the principles of recorded runs, beside what was recorded.

    Every recorded proposal by an assistant is made again under the principle that was then in force; users stay as
    they were. One row per run and epoch: `users_share`, `recorded_share`, `assistant_share` (nan where the principle
    cannot be read), `gap` and `recorded_gap` (to the users), `unread` (the texts that could not be read).

    Parameters
    ----------
    offers, principles : tables like `offers.parquet` and `principles.parquet`

    Raises
    ------
    ProblemError
        If a column is missing, there is no row, or a principle is not in the table.

    Examples
    --------
    >>> import pandas as pd
    >>> from inference.language import ReaderAssistant
    >>> offers = pd.DataFrame({"run_id": ["a", "a"], "epoch": [0, 0], "proposer_kind": ["user", "assistant"],
    ...                        "currency": ["apples"] * 2, "amount": [10, 10], "share": [0.5, 0.3],
    ...                        "principle_id": [0, 0]})
    >>> principles = pd.DataFrame({"principle_id": [0], "principle": ["Offer half of everything to others."]})
    >>> found = replay_principles(offers, principles, ReaderAssistant())
    >>> found[["users_share", "recorded_share", "assistant_share"]].to_numpy().tolist()
    [[0.5, 0.3, 0.5]]
    """
    pd = pandas()
    for name, table in (("offers", offers), ("principles", principles)):
        if not isinstance(table, pd.DataFrame):
            raise ProblemError(f"{name} is {described(table)}: give a pandas frame")
    needed = ("run_id", "epoch", "proposer_kind", "currency", "amount", "share", "principle_id")
    if missing := [name for name in needed if name not in offers.columns]:
        raise ProblemError(f"offers has no column {missing[0]!r}: it needs {', '.join(needed)}")
    if missing := [name for name in ("principle_id", "principle") if name not in principles.columns]:
        raise ProblemError(f"principles has no column {missing[0]!r}: it needs principle_id, principle")
    if not len(offers):
        raise ProblemError("the transcript is empty: there is nothing to replay")
    said: Mapping[str, str] = dict(zip(principles["principle_id"], principles["principle"], strict=True))
    rows = []
    for (run, epoch), table in offers.groupby(["run_id", "epoch"], sort=False):
        ours = table[table.proposer_kind == "assistant"]
        shares, unread = [], set()
        for name, currency, amount in zip(ours.principle_id, ours.currency, ours.amount, strict=True):
            if name not in said:
                raise ProblemError(
                    f"run {run!r} follows the principle {name!r}, which is not in the table of principles"
                )
            try:
                shares.append(assistant.propose(said[name], currency, int(amount)) / amount)
            except UnreadablePolicyError:
                unread.add(said[name])
        users = table.share[table.proposer_kind == "user"].mean()
        share = float(np.mean(shares)) if shares else float("nan")
        recorded = ours.share.mean()
        rows.append((run, epoch, users, recorded, share, recorded - users, share - users, tuple(sorted(unread))))
    names = ("run_id", "epoch", "users_share", "recorded_share", "assistant_share", "recorded_gap", "gap", "unread")
    return pd.DataFrame(rows, columns=list(names))


class _Users:
    """The users of one epoch: seated by chance, alike where they share a policy."""

    def __init__(self, game: Game, setting: str, amount: int, rng: np.random.Generator) -> None:
        self.game, self.setting, self.amount, self.rng = game, setting, amount, rng
        self.seated = rng.permutation(len(game.users))
        self.common: dict[tuple[str, str], float] = {}

    def policy(self, seat: int) -> str:
        return self.game.users[self.seated[seat]]

    def offer(self, seat: int) -> int:
        name, mark = self._mark(seat, "proposer")
        chance = np.exp(self.game.policies[name].log_offers(self.amount))
        return min(int(np.searchsorted(np.cumsum(chance), mark)), self.amount)

    def accepts(self, seat: int, units: int) -> bool:
        name, mark = self._mark(seat, "responder")
        return bool(mark < np.exp(self.game.policies[name].log_acceptance(self.amount)[units]))

    def _mark(self, seat: int, role: str) -> tuple[str, float]:
        """The policy that rules, and a number in [0, 1) that people with the same policy usually share."""
        name = self.game.policy_name(self.policy(seat), self.setting, role)
        shared = self.common.setdefault((name, role), self.rng.random())
        return name, shared if self.rng.random() < self.game.alike else self.rng.random()


def _played(
    run_id: str,
    epoch: int,
    number: int,
    slot: Slot,
    users: _Users,
    assistant: AssistantLM,
    principles: Sequence[str],
    currency: str,
    amount: int,
) -> Interaction:
    """One interaction of an epoch."""
    n_users = len(users.game.users)
    proposer, responder = slot.pairing.split(" to ")
    ours = principles[slot.proposer - n_users] if proposer == "assistant" else None
    theirs = principles[slot.responder - n_users] if responder == "assistant" else None
    units = users.offer(slot.proposer) if ours is None else assistant.propose(ours, currency, amount)
    accepted = (
        users.accepts(slot.responder, units) if theirs is None else assistant.decide(theirs, currency, amount, units)
    )
    return Interaction(
        run_id,
        epoch,
        number,
        proposer,
        responder,
        users.policy(slot.proposer) if ours is None else None,
        users.policy(slot.responder) if theirs is None else None,
        currency,
        amount,
        units,
        accepted,
        manners=None if slot.pairing == "assistant to assistant" else users.game.tone,
        principle=ours,
        responder_principle=theirs,
    )

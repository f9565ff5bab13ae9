"""Transcripts of the ultimatum game and as a table, one row per proposal."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from contracts.display.table import Column, Table, Tabular
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from contracts.inputs.extras import pandas
from contracts.inputs.frozen import dataclass
from inference.game.assistant import Assistant
from inference.game.beliefs import Integers
from inference.game.rules import Game, Slot

if TYPE_CHECKING:
    import pandas as pd


COLUMNS = (
    "run_id",
    "epoch",
    "interaction",
    "phase",
    "proposer_kind",
    "proposer_policy",
    "responder_kind",
    "responder_policy",
    "pairing",
    "manners",
    "currency",
    "amount",
    "to_self",
    "to_other",
    "share",
    "accepted",
    "proposer",
    "responder",
)


@dataclass(frozen=True, eq=False, repr=False)
class Play(Tabular):
    """Many runs of a game.

    Attributes
    ----------
    game, assistant : who played
    setting, amount : (n_runs, n_epochs), what came up
    seated : (n_runs, n_epochs, n_users), the user (number in game.users) in each seat
    units : (n_runs, n_epochs, n_interactions), what was offered
    accepted : the same shape, whether it was accepted
    belief_mean, belief_sd : the same shape, what the first assistant believes the norm to give, as a share, after each
        interaction
    """

    game: Game
    assistant: Assistant
    setting: Integers
    amount: Integers
    seated: Integers
    units: Integers
    accepted: NDArray[np.bool_]
    belief_mean: Array
    belief_sd: Array

    @property
    def n_runs(self) -> int:
        return len(self.units)

    @cached_property
    def share(self) -> Array:
        """Share of the amount that was offered; (n_runs, n_epochs, n_interactions)."""
        return np.asarray(self.units / self.amount[..., np.newaxis])

    @property
    def users_share(self) -> Array:
        """Mean share that users offered; (n_runs, n_epochs)."""
        return self._mean(lambda slot: slot.pairing.startswith("user"))

    @property
    def assistant_share(self) -> Array:
        """Mean share that assistants offered; (n_runs, n_epochs)."""
        return self._mean(lambda slot: slot.pairing.startswith("assistant"))

    def _mean(self, chosen: Callable[[Slot], bool]) -> Array:
        columns = [k for k, slot in enumerate(self.game.schedule) if chosen(slot)]
        if not columns:
            raise ProblemError("nobody of that kind proposes in this game: it needs users and assistants")
        return np.asarray(self.share[..., columns].mean(axis=-1))

    def to_frame(self) -> pd.DataFrame:
        """One row per proposal, with columns of the recorded `offers.parquet`."""
        return play_frame(self)

    def _table(self) -> Table:
        game = self.game
        head = f"{self.n_runs} runs: {len(game.users)} users, {game.n_assistants} assistants, {game.n_epochs} epochs"
        if not game.n_assistants:
            return Table([], head)
        users, ours = self.users_share.mean(axis=0), self.assistant_share.mean(axis=0)
        shares = {"users": (users, ".3f"), "assistant": (ours, ".3f"), "gap": (ours - users, "+.3f")}
        columns = [Column(name, values, form) for name, (values, form) in shares.items()]
        return Table([Column("epoch", range(game.n_epochs)), *columns], head)


def play_frame(played: Play) -> pd.DataFrame:
    """One row per proposal; the columns are those of the recordings, with `proposer` and `responder` naming people.

    Examples
    --------
    >>> from inference.game.ultimatum import play
    >>> from inference.game.rules import Game
    >>> played = play(Game(users=("fair",), n_epochs=1), rng=np.random.default_rng(1))
    >>> played.to_frame()[["pairing", "proposer_policy", "share"]]
                 pairing proposer_policy  share
    0  user to assistant            fair    0.5
    1  assistant to user             NaN    0.5
    """
    pd = pandas()
    game, n_users = played.game, len(played.game.users)
    run, epoch, slot = (grid.ravel() for grid in np.indices(played.units.shape))
    setting, amount, units = played.setting[run, epoch], played.amount[run, epoch], played.units.ravel()

    def side(seats: list[int]) -> tuple[Any, Any, Any]:
        """Kind, policy and name of who sits there."""
        seat = np.array(seats)[slot]
        is_user = seat < n_users
        user = played.seated[run, epoch, np.minimum(seat, n_users - 1)]
        kind = np.where(is_user, "user", "assistant")
        policy = np.where(is_user, np.array(game.users, dtype=object)[user], np.array(None))
        number = np.where(is_user, user, seat - n_users)
        return kind, policy, [f"{k} {n}" for k, n in zip(kind, number, strict=True)]

    kind, policy, who = side([s.proposer for s in game.schedule])
    kind_2, policy_2, who_2 = side([s.responder for s in game.schedule])
    pairings = np.array([s.pairing for s in game.schedule])[slot]
    table = {
        "run_id": run,
        "epoch": epoch,
        "interaction": slot,
        "phase": "train",
        "proposer_kind": kind,
        "proposer_policy": policy,
        "responder_kind": kind_2,
        "responder_policy": policy_2,
        "pairing": pairings,
        "manners": np.where(pairings == "assistant to assistant", np.array(None), np.array(game.tone, dtype=object)),
        "currency": np.array([s.currency for s in game.settings])[setting],
        "amount": amount,
        "to_self": amount - units,
        "to_other": units,
        "share": units / amount,
        "accepted": played.accepted.ravel(),
        "proposer": who,
        "responder": who_2,
    }
    return pd.DataFrame(table, columns=list(COLUMNS))

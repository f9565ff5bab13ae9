"""Transcripts of the ultimatum game as tables, one row per proposal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from inference.ultimatum import Play

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


def play_frame(played: Play) -> pd.DataFrame:
    """One row per proposal; the columns are those of the recordings, with `proposer` and `responder` naming people.

    Examples
    --------
    >>> from inference.ultimatum import Game, play
    >>> played = play(Game(users=("fair",), epochs=1), rng=np.random.default_rng(1))
    >>> played.to_frame()[["pairing", "proposer_policy", "share"]]
                 pairing proposer_policy  share
    0  user to assistant            fair    0.5
    1  assistant to user             NaN    0.5
    """
    import pandas as pd

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

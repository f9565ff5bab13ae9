"""The assistant without inference: it copies the last offer that it saw a user make.

Whatever it beats, inference was not needed for. Where all users do the same, the last offer says everything; where
they differ, it is one of them.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from contracts.inputs.arrays import Array
from inference.game.beliefs import Integers
from inference.game.recordings import Script
from inference.game.transcripts import Play

BLIND = 0.5  # share that is offered before any offer was seen


def copied_offers(
    units: Any,
    amount: Any,
    shown: NDArray[np.bool_],
    happened: NDArray[np.bool_],
    *,
    learning: Literal["interaction", "epoch"] = "interaction",
) -> Integers:
    """Units that an imitator would offer in every interaction: the share last seen, to the nearest unit.

    Parameters
    ----------
    units, amount : (n_runs, n_epochs, n_interactions)
    shown : the same shape, where a user made an offer that could be read
    happened : the same shape, where something was split
    learning : "epoch" copies the last offer of the epochs before, as the language models of the recordings learn

    Examples
    --------
    >>> shown = np.array([[[True, False]], [[False, True]]])
    >>> units, amount = np.array([[[3, 0]], [[0, 9]]]), np.full((2, 1, 2), 10)
    >>> copied_offers(units, amount, shown, np.ones_like(shown)).tolist()
    [[[5, 3]], [[5, 5]]]
    """
    copied = np.zeros(units.shape, dtype=np.int64)
    last = np.full(len(units), BLIND)
    for epoch in range(units.shape[1]):
        before = last
        for k in range(units.shape[2]):
            here = (slice(None), epoch, k)
            share = last if learning == "interaction" else before
            copied[here] = np.where(happened[here], np.floor(share * np.maximum(amount[here], 0) + 0.5), 0)
            last = np.where(shown[here], units[here] / np.maximum(amount[here], 1), last)
    return copied


def imitated_replay(script: Script, learning: Literal["interaction", "epoch"] = "interaction") -> Array:
    """Mean share that an imitator offers where a recorded assistant did; (n_runs, n_epochs)."""
    shown = script.user_proposes & (script.units >= 0)
    copied = copied_offers(script.units, script.amount, shown, script.happened, learning=learning)
    return script.mean_share(copied, script.happened & ~script.user_proposes)


def imitated_play(played: Play) -> Array:
    """Mean share that an imitator offers in the seats of the assistants; (n_runs, n_epochs).

    In a game among users alone it copies the last offer of each epoch, as somebody who joins then would.
    """
    if not played.game.n_assistants:
        return np.asarray(played.share[..., -1])
    by_users = np.array([slot.pairing.startswith("user") for slot in played.game.schedule])
    shown = np.broadcast_to(by_users, played.units.shape)
    pots = np.broadcast_to(played.amount[..., np.newaxis], shown.shape)
    everywhere = np.ones(shown.shape, dtype=bool)
    copied = copied_offers(played.units, pots, shown, everywhere, learning=played.assistant.learning)
    return np.asarray((copied / pots)[..., ~by_users].mean(axis=-1))

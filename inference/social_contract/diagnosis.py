"""What went wrong in a run: assistants that deviate, that believe words over deeds, that fall back on their prior."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import finite

DEVIATES = "offers keep deviating from the users'"
STALLED = "stalled where words and deeds disagree"
PRIOR = "falls back on its prior in a new currency"
FAR = 0.1  # share of the amount; the three policies of the recordings are 0.5 apart


def diagnose(
    users_share: Any,
    assistant_share: Any,
    *,
    spoken_share: float | None = None,
    prior_share: float | None = None,
    far: float = FAR,
) -> tuple[tuple[str, ...], ...]:
    """What is wrong with each run; an empty tuple where nothing is.

    A run deviates if the assistant's mean offer is further than `far` from the users' in its last epoch and in the
    one before. It stalls on words if it also is off in the direction in which the tone of speech points. In a new
    currency (prior_share given) an assistant falls back on its prior if its last offer is far from the users' and
    nearer to the prior's share than to theirs.

    Parameters
    ----------
    users_share, assistant_share : (n_runs, n_epochs) mean shares offered; NaN where nobody offered
    spoken_share : the share that the manner of speaking suggests; None if it suggests none
    prior_share : the share of the assistant's prior, where the last epoch is in a new currency

    Raises
    ------
    ProblemError
        If the shapes differ, or there is no epoch.

    Examples
    --------
    >>> diagnose([[1.0, 1.0], [1.0, 1.0]], [[0.5, 0.6], [0.5, 0.98]], spoken_share=0.0)
    (("offers keep deviating from the users'", 'stalled where words and deeds disagree'), ())
    """
    users, ours = np.asarray(users_share, dtype=np.float64), np.asarray(assistant_share, dtype=np.float64)
    if users.shape != ours.shape or users.ndim != 2 or not users.shape[1]:
        raise ProblemError(
            f"users_share is {users.shape}, assistant_share {ours.shape}: give both as (n_runs, n_epochs)"
        )
    finite("far", far)
    off = ours - users
    deviates = [bool((np.abs(run[-2:]) > far).all()) for run in off]
    found = [[DEVIATES] if one else [] for one in deviates]
    for run, names in enumerate(found):
        last = off[run, -1]
        if spoken_share is not None and names and last * (spoken_share - users[run, -1]) > 0:
            names.append(STALLED)
        near_prior = prior_share is not None and abs(ours[run, -1] - prior_share) < abs(last)
        if near_prior and abs(last) > far:
            names.append(PRIOR)
    return tuple(map(tuple, found))


def tally(diagnoses: Any) -> dict[str, int]:
    """In how many runs each trouble was found.

    Examples
    --------
    >>> tally([("a", "b"), (), ("a",)])
    {'a': 2, 'b': 1}
    """
    return dict(sorted(Counter(name for run in diagnoses for name in run).items()))

"""Whether any type explains a user: posterior predictive p values of how often each option was taken.

The discrepancy between the counts c of a user and the choice probabilities p of a type is the likelihood ratio
statistic against any other probabilities, G = 2 sum_k c_k log(c_k / (n p_k)), summed over menus. The p value of a user
is the probability that a user of a type drawn from her posterior, with as many choices, shows at least as large a G
(Gelman, Meng & Stern 1996). The posterior has seen the same choices, so these p values are conservative: for a user
whom some type explains, p falls below a small level less often than the level says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from contracts.display.table import Column, Table, Tabular, names
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, generator
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.progress import reporter

if TYPE_CHECKING:
    import pandas as pd

SHOWN_USERS = 20
LEVEL = 0.05
LEAST_DRAWS, MOST_DRAWS = 10_000, 1_000_000
SLACK = 1e-9  # relative; equal counts give equal statistics, but for the order of their sums


@checked
@dataclass(frozen=True, eq=False, repr=False)
class Misfit(Tabular):
    """Users whom no type explains.

    Attributes
    ----------
    users : labels
    p_value : (n_users,) posterior predictive p value, for one user looked at alone
    n_draws : simulated users per type; no p value is below 1 / (n_draws + 1)

    Examples
    --------
    The lower type is as fond of its contract as of leaving, the higher of both contracts; cid behaves like neither:

    >>> from contracts import Quadratic, solve_menu
    >>> from inference.choice.model import Logit
    >>> from inference.types.posterior import infer_types
    >>> menu = solve_menu([2.0, 3.0], [0.5, 0.5], cost=Quadratic())
    >>> taken = [[0, -1] * 5, [0, 1] * 5, [1, -1] * 5]
    >>> posterior = infer_types(menu, taken, choice_model=Logit(0.2), users=["ann", "bob", "cid"])
    >>> posterior.misfit(rng=np.random.default_rng(0), n_draws=99).p_value < 0.05
    array([False, False,  True])
    """

    users: NDArray[Any]
    p_value: Array
    n_draws: int

    @property
    def adjusted(self) -> Array:
        """p values for looking at all users at once (Benjamini & Hochberg 1995); (n_users,).

        Of the users with an adjusted value of at most q, a share of at most q is expected to be explained by some type.
        """
        from scipy.stats import false_discovery_control

        return np.asarray(false_discovery_control(self.p_value)) if len(self.p_value) else self.p_value

    def flagged(self, level: float = LEVEL) -> NDArray[Any]:
        """Labels of the users whom no type explains, with a false discovery rate of at most `level`; worst first."""
        if not 0 < level < 1:
            raise ProblemError(f"level is {level}: give a false discovery rate between 0 and 1, such as 0.05")
        bad = np.flatnonzero(self.adjusted <= level)
        return np.asarray(self.users[bad[np.argsort(self.p_value[bad], kind="stable")]])

    def to_frame(self) -> pd.DataFrame:
        """One row per user: p value, adjusted p value."""
        return self._table().to_frame()

    def _table(self) -> Table:
        row = {user: k for k, user in enumerate(self.users.tolist())}
        bad = [row[user] for user in self.flagged().tolist()]
        columns = [
            names("user", self.users),
            Column("p_value", self.p_value, ".2g"),
            Column("adjusted", self.adjusted, ".2g"),
        ]
        notes = [f"and {len(bad) - SHOWN_USERS} more"] if len(bad) > SHOWN_USERS else []
        if (resolution := len(self.users) / (self.n_draws + 1)) > LEVEL:
            few = int(np.ceil(resolution / LEVEL))
            notes.append(f"{self.n_draws} draws resolve no group of fewer than {few} such users: pass a larger n_draws")
        head = f"Misfit: no type explains {len(bad)} of {len(self.users)} users (false discovery rate {LEVEL:g})"
        return Table(columns, head, notes, shown=bad[:SHOWN_USERS])


def misfit_of(
    users: NDArray[Any],
    tables: Sequence[tuple[Array, NDArray[Any]]],
    joint: Array,
    rng: np.random.Generator,
    *,
    n_draws: int | None = None,
    progress: bool | Callable[[str], None] = False,
) -> Misfit:
    """Posterior predictive p values of every user.

    Parameters
    ----------
    users : (n_users,) labels
    tables : of each menu the choice probabilities, (n_models, n_types, n_options), and the counts, (n_users, n_options)
    joint : (n_models, n_users, n_types) posterior of model and type of each user, summing to 1 over both
    n_draws : simulated users of every type; by default enough to see one misfit among all users, up to a million

    Users with equal numbers of choices from every menu share their simulations, so that the work grows with the number
    of types and of such patterns, not with that of users.
    """
    if n_draws is None:
        n_draws = int(np.clip(2 * len(users) / LEVEL, LEAST_DRAWS, MOST_DRAWS))
    if n_draws < 1:
        raise ProblemError(f"n_draws is {n_draws}: simulate at least one user of every type")
    generator(rng)
    report = reporter(progress)
    totals = [counts.sum(axis=1, dtype=np.int64) for _, counts in tables]
    sizes = np.array(totals, dtype=np.int64).reshape(len(tables), len(users)).T
    patterns, pattern_of = np.unique(sizes, axis=0, return_inverse=True)
    p_value = np.zeros(len(users))
    for number, pattern in enumerate(patterns):
        report(f"misfit: pattern {number + 1} of {len(patterns)}, {n_draws} draws of every type")
        who = np.flatnonzero(pattern_of.reshape(-1) == number)
        for model, type_ in np.ndindex(joint.shape[0], joint.shape[2]):
            weight = joint[model, who, type_]
            if not (weight > 0).any():
                continue
            observed, simulated = np.zeros(len(who)), np.zeros(n_draws)
            for n, (probabilities, counts) in zip(pattern.tolist(), tables, strict=True):
                p = probabilities[model, type_]
                observed += discrepancy(counts[who], p)
                simulated += discrepancy(rng.multinomial(n, p / p.sum(), size=n_draws), p) if n else 0.0
            simulated.sort()
            below = np.searchsorted(simulated, observed * (1 - SLACK) - SLACK, side="left")
            p_value[who] += weight * (n_draws - below + 1) / (n_draws + 1)
    return Misfit(users, np.minimum(p_value, 1.0), n_draws)


def discrepancy(counts: NDArray[Any], p: Array) -> Array:
    """G = 2 sum_k c_k log(c_k / (n p_k)), infinite where an impossible option was taken; (n_users,).

    Examples
    --------
    >>> discrepancy(np.array([[5, 5], [10, 0]]), np.array([0.5, 0.5])).round(3)
    array([ 0.   , 13.863])
    """
    counts = np.asarray(counts, dtype=np.float64)
    expected = counts.sum(axis=1, keepdims=True) * p
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(counts > 0, counts / expected, 1.0)
    return np.asarray(2 * xlogy(counts, ratio).sum(axis=1))

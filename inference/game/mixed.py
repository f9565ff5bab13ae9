"""Several norms in one group: how common each is, how many there are, and who holds which.

Person i holds the norm z_i, drawn from weights w with a symmetric Dirichlet(concentration / n_norms) prior, and her
acts have the likelihood L[i, n] under norm n. With the weights summed out,

    p(z_i = n | all others)  is proportional to  (m_n + concentration / n_norms) L[i, n],

where m_n counts the others that hold n: a collapsed Gibbs sampler (Neal 2000, algorithm 3, for a finite grid of
norms). A small concentration leaves most norms without holders, so the number of groups is inferred: it is the number
of different norms that are held. All runs are sampled at once.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from contracts.display.numbers import plural
from contracts.display.table import Column, Table, Tabular
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite, generator, number
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import position
from inference.game.beliefs import (
    NormSpace,
    Tables,
    after_offer,
    drawn,
    in_new_setting,
    no_evidence,
    norm_evidence,
    share_norms,
    tables_of,
)
from inference.game.transcripts import Play

SHOWN = 20  # people in a printed table


@checked
@dataclass(frozen=True, eq=False, repr=False)
class NormGroups(Tabular):
    """Posterior of the norms in mixed groups.

    Attributes
    ----------
    space : the norms held possible
    weights : (n_runs, n_norms) expected weights in the population that the group is drawn from
    membership : (n_runs, n_people, n_norms) probability that each person holds each norm
    n_groups : (n_runs, n_people + 1) probability that so many different norms are held, from 0 on
    """

    space: NormSpace
    weights: Array
    membership: Array
    n_groups: Array

    @property
    def group_weights(self) -> Array:
        """Expected fraction of the people in the group who hold each norm; (n_runs, n_norms)."""
        return np.asarray(self.membership.mean(axis=1))

    @property
    def share(self) -> Array:
        """Expected share that the group gives; (n_runs,)."""
        return np.asarray(self.group_weights @ self.space.share)

    def weight_near(self, share: float, width: float = 0.1) -> Array:
        """Fraction of the people who hold a norm within `width` of a share, expected; (n_runs,)."""
        return np.asarray(self.group_weights[:, np.abs(self.space.share - share) <= width].sum(axis=-1))

    def share_of(self, person: int) -> Array:
        """Expected share that the norm of a person gives; (n_runs,)."""
        position("person", person, self.membership.shape[1], "people")
        return np.asarray(self.membership[:, person] @ self.space.share)

    def _table(self) -> Table:
        n_runs, n_people, _ = self.membership.shape
        chance, shown = self.n_groups.mean(axis=0), range(min(n_people, SHOWN))
        head = f"Norms of {n_people} people, {plural(n_runs, 'run')}: {plural(int(chance.argmax()), 'norm')} held"
        return Table(
            [Column("person", shown), Column("share given", [self.share_of(k).mean() for k in shown], ".2f")],
            f"{head} (probability {chance.max():.2f})",
            ["..."] * (n_people > SHOWN),
        )


@checked
def infer_groups(
    space: NormSpace,
    log_likelihood: Any,
    *,
    rng: np.random.Generator,
    concentration: float = 1.0,
    n_sweeps: int = 60,
    n_warmup: int = 20,
) -> NormGroups:
    """Draw who holds which norm, in many runs at once.

    Parameters
    ----------
    log_likelihood : (n_runs, n_people, n_norms) of what each person did
    concentration : positive, of the Dirichlet prior in total; small: few groups
    n_sweeps, n_warmup : sweeps kept, and thrown away before

    Raises
    ------
    ProblemError
        If shapes do not fit, or there is nobody.

    Examples
    --------
    >>> from inference.game.beliefs import share_norms
    >>> space = share_norms(shares=[0.0, 0.5, 1.0], spreads=[0.1])
    >>> acts = np.log([[[0.9, 0.05, 0.05]] * 8 + [[0.05, 0.05, 0.9]] * 2])
    >>> groups = infer_groups(space, acts * 3, rng=np.random.default_rng(1))  # each acted three times
    >>> groups.weight_near(0.0).round(2), int(groups.n_groups[0].argmax())
    (array([0.8]), 2)
    """
    score = finite("log_likelihood", log_likelihood)
    if score.ndim != 3 or score.shape[2] != space.n_norms or not score.shape[1]:
        raise ProblemError(f"log_likelihood has shape {score.shape}; expected (n_runs, n_people, {space.n_norms})")
    if number("concentration", concentration) <= 0:
        raise ProblemError(f"concentration is {concentration}: it must be positive")
    if n_sweeps < 1 or n_warmup < 0:
        raise ProblemError(f"n_sweeps is {n_sweeps}, n_warmup {n_warmup}: keep at least one sweep")
    n_runs, n_people, n_norms = score.shape
    likelihood = np.exp(score - score.max(axis=-1, keepdims=True))
    alpha, runs = concentration / n_norms, np.arange(n_runs)
    holds = drawn(score, rng)  # (n_runs, n_people)
    counts = (holds[..., np.newaxis] == np.arange(n_norms)).sum(axis=1).astype(np.float64)
    weights, membership = np.zeros((n_runs, n_norms)), np.zeros(score.shape)
    n_groups = np.zeros((n_runs, n_people + 1))
    for sweep in range(n_warmup + n_sweeps):
        kept = sweep >= n_warmup
        for i in range(n_people):
            counts[runs, holds[:, i]] -= 1
            odds = (counts + alpha) * likelihood[:, i]
            cumulative = np.cumsum(odds, axis=-1)
            mark = rng.random(n_runs) * cumulative[:, -1]
            holds[:, i] = (mark[:, np.newaxis] >= cumulative).sum(axis=-1)
            counts[runs, holds[:, i]] += 1
            if kept:
                membership[:, i] += odds / cumulative[:, -1:]
        if kept:
            weights += (counts + alpha) / (n_people + concentration)
            n_groups[runs, (counts > 0).sum(axis=-1)] += 1
    return NormGroups(space, weights / n_sweeps, membership / n_sweeps, n_groups / n_sweeps)


def offer_likelihood(space: NormSpace, tables: Tables, amount: Any, units: Any) -> Array:
    """Log likelihood of single offers by unknown people; amount and units of the same shape; (..., n_norms)."""
    shape = np.shape(units)
    seen = after_offer(no_evidence(space, 1), tables, np.ravel(amount), np.ravel(units))
    return norm_evidence(seen).reshape(*shape, space.n_norms)


def user_likelihood(space: NormSpace, tables: Tables, played: Play, n_epochs: int | None = None) -> Array:
    """Log likelihood of the offers of every user of a play, known by name; (n_runs, n_users, n_norms).

    Parameters
    ----------
    n_epochs : use the first so many epochs only
    """
    n_users, runs = len(played.game.users), np.arange(played.n_runs)
    evidence = no_evidence(space, played.n_runs * n_users).reshape(played.n_runs, n_users, space.n_norms, -1)
    for epoch in range(n_epochs or played.game.n_epochs):
        if epoch:
            evidence = in_new_setting(evidence, space)
        for k, slot in enumerate(played.game.schedule):
            if slot.proposer < n_users:
                user = played.seated[:, epoch, slot.proposer]
                new = after_offer(evidence[runs, user], tables, played.amount[:, epoch], played.units[:, epoch, k])
                evidence[runs, user] = new
    return norm_evidence(evidence)


@checked
def infer_user_norms(
    played: Play,
    *,
    rng: np.random.Generator,
    n_epochs: int | None = None,
    space: NormSpace | None = None,
    concentration: float = 1.0,
) -> NormGroups:
    """Who of the users of a play holds which norm, and how common each norm is, from the offers that they made.

    Parameters
    ----------
    played : simulated or recorded games, in which users are known by their seats; their policies are not looked at
    n_epochs : use the first so many epochs only
    space : the norms held possible; by default those of an `Assistant`
    concentration : positive, of the Dirichlet prior on weights in total; small: few groups

    Examples
    --------
    >>> from inference.game.ultimatum import play
    >>> from inference.game.rules import Game
    >>> users = ("selfish", "selfish", "selfish", "altruistic")
    >>> played = play(Game(users=users, n_assistants=0), n_runs=20, rng=np.random.default_rng(1))
    >>> infer_user_norms(played, rng=np.random.default_rng(2))
    Norms of 4 people, 20 runs: 2 norms held (probability 1.00)
    person  share given
         0         0.00
         1         0.00
         2         0.00
         3         1.00
    """
    if not isinstance(played, Play):
        raise ProblemError(f"played is {type(played).__name__}: give what play() returns")
    if n_epochs is not None and not 1 <= n_epochs <= played.game.n_epochs:
        raise ProblemError(f"n_epochs is {n_epochs}: the game has {played.game.n_epochs} epochs, use 1 or more of them")
    known = share_norms() if space is None else space
    score = user_likelihood(known, tables_of(known, played.amount), played, n_epochs)
    return infer_groups(known, score, rng=generator(rng), concentration=concentration)

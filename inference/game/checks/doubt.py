"""Whether offers fit what an assistant believes, and what to believe where they do not.

Two forecasters bet on every offer before it is made. The first is the assistant: one norm of its space, which one to
be inferred. The second knows no norm, only the offers so far: a mixture of the kernels p(k | n, u) of the same space,
whose weights move a little towards what was seen (predictive recursion, Newton 2002),

    q_t(k) = sum w_t[n, u] p(k | n, u),      w_t+1 = (1 - g) w_t + g w_t p(k | .) / q_t(k),      g = 1 / (t + 1).

The ratio of their stakes, E_t = prod q / prod p, is what somebody who bets against the assistant has made of 1. If a
group holds a norm drawn from the assistant's prior then E is a martingale, whatever the second forecaster does, and by
Ville's inequality it ever reaches 20 in at most one group of twenty (Shafer 2021). So whoever looks after each offer
may ring when it does. Beliefs are averaged over both, with even odds at first: the second counts E / (1 + E).

As after m offers of a normal law whose variance nobody knows, the second forecaster's mean offer has the variance of an
offer times (m - 1) / (m (m - 3)), and that of an offer up to m = 4. What counts in m is the first offer of every
setting, and each that differs from the one before it: an offer that only repeats the last one does not tell whether a
second mind stands behind it.

References
----------
Newton (2002), On a nonparametric recursive estimator of the mixing distribution, Sankhya A 64.
Shafer (2021), Testing by betting, JRSS A 184.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from scipy.special import expit, logsumexp

from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass
from inference.game.assistant import Assistant, Memory, watch
from inference.game.beliefs import Integers, NormSpace, Tables, no_evidence, offer_moments, tables_of
from inference.game.recordings import Script, interactions

ALARM = float(np.log(20.0))  # nats: rings in at most one group of twenty that does hold a norm


@dataclass(frozen=True, eq=False)
class Doubt:
    """The second forecaster in many groups at once, and what its bets have made of 1.

    Attributes
    ----------
    space : the norms whose kernels it mixes
    log_weights : (n_groups, n_norms, n_slips)
    n_seen, n_minds : (n_groups,) offers, and those that count as somebody's own
    last : (n_groups,) units offered last in the setting, -1 for none
    log_bet, highest : (n_groups,) nats, now and at most so far
    """

    space: NormSpace
    log_weights: Array
    n_seen: Integers
    n_minds: Integers
    last: Integers
    log_bet: Array
    highest: Array

    @classmethod
    def none(cls, space: NormSpace, n_groups: int = 1) -> Doubt:
        """Nothing seen yet."""
        weights = no_evidence(space, n_groups) - np.log(space.n_norms)
        count, nats = np.zeros(n_groups, dtype=np.int64), np.zeros(n_groups)
        return cls(space, weights, count, count, count - 1, nats, nats)

    def entering(self, chosen: Any = None) -> Doubt:
        """Another setting, in the groups chosen or in all."""
        chosen = np.ones(len(self.last), dtype=bool) if chosen is None else chosen
        return dataclasses.replace(self, last=np.where(chosen, -1, self.last))

    def saw(self, tables: Tables, amount: Any, units: Any, log_chance: Array, shown: Any = None) -> Doubt:
        """Somebody offered so many units of the amount, which the assistant gave this chance; all (n_groups,)."""
        joint = self.log_weights + tables.offers[tables.row(amount), units]
        own = logsumexp(joint, axis=(-2, -1), keepdims=True)
        pace = 1.0 / (self.n_seen + 2.0)
        stays, moves = (np.log(part)[:, np.newaxis, np.newaxis] for part in (1 - pace, pace))
        weights = np.logaddexp(stays + self.log_weights, moves + joint - own)
        shown = np.ones(len(self.last), dtype=bool) if shown is None else shown
        bet = self.log_bet + np.where(shown, own[:, 0, 0] - log_chance, 0.0)
        return dataclasses.replace(
            self,
            log_weights=np.where(shown[:, np.newaxis, np.newaxis], weights, self.log_weights),
            n_seen=self.n_seen + shown.astype(np.int64),
            n_minds=self.n_minds + (shown & (units != self.last)),
            last=np.where(shown, units, self.last),
            log_bet=bet,
            highest=np.maximum(self.highest, bet),
        )

    @property
    def rings(self) -> Any:
        """Where a bet against the assistant has ever made twenty of one; (n_groups,)."""
        return self.highest >= ALARM

    def mean_offer(self, tables: Tables, amount: int) -> tuple[Array, Array]:
        """Mean and sd of what the group offers on average, as a share of the amount, if it holds no norm."""
        mean, square = offer_moments(tables, amount)
        weights = np.exp(self.log_weights)
        first = np.einsum("gns,ns->g", weights, mean)
        variance = np.maximum(np.einsum("gns,ns->g", weights, square) - first**2, 0.0)
        m = np.maximum(self.n_minds, 5).astype(np.float64)
        return first, np.sqrt(variance * np.where(self.n_minds > 4, (m - 1) / (m * (m - 3)), 1.0))

    def averaged(self, mean: Array, sd: Array, tables: Tables, amount: int) -> tuple[Array, Array]:
        """The assistant's own mean and sd of the same, averaged with these; each (n_groups,)."""
        other, sd_other = self.mean_offer(tables, amount)
        odds = expit(self.log_bet)
        first = (1 - odds) * mean + odds * other
        second = (1 - odds) * (sd**2 + mean**2) + odds * (sd_other**2 + other**2)
        return first, np.sqrt(np.maximum(second - first**2, 0.0))


def watched_with_doubt(script: Script, assistant: Assistant, log_prior: Array) -> tuple[Memory, Doubt]:
    """An assistant that watches recorded runs, and somebody who bets against it."""
    n_runs = len(script.run_ids)
    tables = tables_of(assistant.space, script.amount[script.happened])
    memory, doubt = Memory.empty(assistant, tables, script.settings, n_runs), Doubt.none(assistant.space, n_runs)
    for _, _, setting, new, seen in interactions(script):
        memory, doubt = memory.entering(setting, new), doubt.entering(new)
        chance = memory.log_chance(log_prior, seen.amount, seen.units)
        doubt = doubt.saw(tables, seen.amount, seen.units, chance, seen.shown)
        memory = watch(memory, seen)
    return memory, doubt

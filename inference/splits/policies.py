"""How somebody plays the ultimatum game: the probability of every offer, and of accepting every offer.

An offer is the number of units that the responder gets, of an `amount` that is split. A policy may hold arrays of
parameters: one object is then a population of policies, and probabilities have the shape (..., amount + 1).
"""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np
from scipy.special import log_expit, log_softmax

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite, number
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from inference.splits.preferences import SocialPreferences, acceptance_utility, proposal_utility

LARGEST_AMOUNT = 100_000  # units; probabilities are tables with one entry per unit
EDGE = 0.05  # share of the amount over which acceptance falls from likely to unlikely


@runtime_checkable
class Policy(Protocol):
    """Somebody's way of playing, or a population's."""

    def log_offers(self, amount: int) -> Array:
        """Log probability of offering 0, 1, ..., amount units; (..., amount + 1)."""
        ...

    def log_acceptance(self, amount: int) -> Array:
        """Log probability of accepting 0, 1, ..., amount units; (..., amount + 1)."""
        ...


@checked
@dataclass(frozen=True, eq=False)
class ShareRule:
    """A rule of thumb: give a share of the amount, give or take some units.

    The rule names target = share amount + units, cut to what exists, and an offer of k units has the probability of
    logit choice with single-peaked utility, proportional to exp(-|k - target| / spread); with probability `lapse` it
    is any offer. "One unit" is share 0 and units 1, "half" is share 1/2, "all but one" is share 1 and units -1.

    A responder with a rule accepts what the rule would give, whoever gives it: with d the distance of the offered
    share from `share` or from 1 - `share`, whichever is nearer, the odds of acceptance are
    exp((tolerance - d) / 0.05). Selfish people thus take crumbs from the selfish and riches from the generous, and
    both refuse an even split, as the language models do that were recorded under such rules; the fair refuse both.

    Parameters
    ----------
    share : in [0, 1]
    units : added to the target
    spread : units, positive; the temperature of offers
    tolerance : share of the amount
    lapse : probability in (0, 1) that an offer or an answer is made at random

    Raises
    ------
    ProblemError
        If a parameter lies outside its range.

    Examples
    --------
    >>> rule = ShareRule(share=[[0.0], [0.5], [1.0]], units=[-1.0, 1.0])
    >>> rule.log_offers(10).argmax(axis=-1)
    array([[ 0,  1],
           [ 4,  6],
           [ 9, 10]])
    >>> np.exp(FAIR.log_acceptance(4)).round(2)
    array([0.01, 0.5 , 0.99, 0.5 , 0.01])
    """

    share: Any
    units: Any = 0.0
    spread: Any = 0.1
    tolerance: Any = 0.25
    lapse: Any = 0.001

    def __post_init__(self) -> None:
        for name in ("share", "units", "spread", "tolerance", "lapse"):
            object.__setattr__(self, name, finite(name, getattr(self, name)))
        if np.any((self.share < 0) | (self.share > 1)):
            raise ProblemError(f"share reaches {_worst(self.share)}: a share of the amount lies between 0 and 1")
        if np.any(self.spread <= 0):
            raise ProblemError("spread is not positive: give the noise of offers in units, such as 0.1")
        if np.any((self.lapse <= 0) | (self.lapse >= 1)):
            raise ProblemError("lapse must lie strictly between 0 and 1: nobody is ruled out for good by one slip")

    def log_offers(self, amount: int) -> Array:
        offers = _offers(amount)
        share, units, spread, lapse = (p[..., np.newaxis] for p in (self.share, self.units, self.spread, self.lapse))
        target = np.clip(share * amount + units, 0, amount)
        steady = log_softmax(-np.abs(offers - target) / spread, axis=-1)
        return np.asarray(np.logaddexp(np.log1p(-lapse) + steady, np.log(lapse / (amount + 1))))

    def log_acceptance(self, amount: int) -> Array:
        offered = _offers(amount) / amount
        share, tolerance, lapse = (p[..., np.newaxis] for p in (self.share, self.tolerance, self.lapse))
        distance = np.minimum(np.abs(offered - share), np.abs(offered - (1 - share)))
        steady = log_expit((tolerance - distance) / EDGE)
        accepts = np.logaddexp(np.log1p(-lapse) + steady, np.log(lapse / 2))
        shape = np.broadcast_shapes(self.units.shape, self.spread.shape)  # acceptance does not depend on these
        return np.broadcast_to(accepts, np.broadcast_shapes(accepts.shape, (*shape, 1))) + 0.0


@checked
@dataclass(frozen=True, eq=False)
class PreferencePolicy:
    """Logit choices of somebody with social preferences; what is split is a pie of 1.

    The proposer expects responders with the same preferences and temperature, so that asking too much costs her.

    Parameters
    ----------
    preferences : FehrSchmidt, CharnessRabin, BoltonOckenfels, or a population with parameters of shape (...)
    temperature : positive, in shares of the amount; one number or an array of the same shape

    Raises
    ------
    ProblemError
        If the temperature is not positive.

    Examples
    --------
    >>> from inference.splits.preferences import FehrSchmidt
    >>> policy = PreferencePolicy(FehrSchmidt(envy=1.0, guilt=0.75), temperature=0.05)
    >>> int(policy.log_offers(10).argmax()), np.exp(policy.log_acceptance(4)).round(2)
    (5, array([0.  , 0.01, 1.  , 1.  , 0.99]))
    """

    preferences: SocialPreferences
    temperature: Any

    def __post_init__(self) -> None:
        object.__setattr__(self, "temperature", finite("temperature", self.temperature))
        if np.any(self.temperature <= 0):
            raise ProblemError("temperature is not positive: give the noise of choices in shares of the amount")

    def log_offers(self, amount: int) -> Array:
        offers = self._in_front(_offers(amount) / amount)
        chance = np.exp(log_expit(acceptance_utility(self.preferences, offers) / self.temperature))
        worth = np.ascontiguousarray(np.moveaxis(proposal_utility(self.preferences, offers, chance), 0, -1))
        return np.asarray(log_softmax(worth / self.temperature[..., np.newaxis], axis=-1))

    def log_acceptance(self, amount: int) -> Array:
        offers = self._in_front(_offers(amount) / amount)
        chance = log_expit(acceptance_utility(self.preferences, offers) / self.temperature)
        return np.ascontiguousarray(np.moveaxis(chance, 0, -1))

    def _in_front(self, offers: Array) -> Array:
        """Offers on an axis before those of the population, whose parameters may be arrays of any shape."""
        population = np.ndim(self.preferences.utility(0.5, 0.5) + self.temperature)
        return offers.reshape(-1, *[1] * population)


SELFISH = ShareRule(share=0.0, units=1.0)  # one unit, in all 1,575 recorded offers of selfish users
FAIR = ShareRule(share=0.5)  # half; of an odd amount either side of it
ALTRUISTIC = ShareRule(share=1.0, units=-0.5)  # all but one unit in 941 recorded offers, all in 626
POLICIES = {"selfish": SELFISH, "fair": FAIR, "altruistic": ALTRUISTIC}


def mean_share(policy: Policy, amount: int) -> Array:
    """Share of the amount that a policy offers on average; (...).

    Examples
    --------
    >>> [round(float(mean_share(POLICIES[name], 50)), 2) for name in POLICIES]
    [0.02, 0.5, 0.99]
    """
    return np.asarray(np.exp(policy.log_offers(amount)) @ (_offers(amount) / amount))


def tempered(log_weights: Array, temperature: float) -> Array:
    """Log weights of p^(1 / temperature), not normalised; at 0 only the first of the most probable is left.

    Examples
    --------
    >>> np.exp(tempered(np.log([0.2, 0.8]), 0.5)).round(3), np.exp(tempered(np.log([0.2, 0.8]), 0.0))
    (array([0.04, 0.64]), array([0., 1.]))
    """
    if temperature == 0:
        best = np.full(log_weights.shape, -np.inf)
        np.put_along_axis(best, log_weights.argmax(axis=-1)[..., np.newaxis], 0.0, axis=-1)
        return best
    return log_weights if temperature == 1 else log_weights / temperature


def checked_temperature(temperature: Any) -> float:
    """A number from 0 on."""
    if (value := number("temperature", temperature)) < 0:
        raise ProblemError(f"temperature is {value}: give 0 for the most probable, 1 for Thompson sampling, or above")
    return value


def checked_amount(amount: Any) -> int:
    """A whole number of units that can be split."""
    if isinstance(amount, bool) or int(amount) != amount or not 1 <= amount <= LARGEST_AMOUNT:
        raise ProblemError(
            f"amount is {amount!r}: split a whole number of units from 1 to {LARGEST_AMOUNT:,}; choose larger units"
        )
    return int(amount)


def _offers(amount: int) -> Array:
    return np.arange(checked_amount(amount) + 1, dtype=np.float64)


def _worst(values: Array) -> float:
    return float(values.min() if values.min() < 0 else values.max())

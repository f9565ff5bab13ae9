"""Social preferences: what a split between oneself and others is worth, and how it is proposed and answered.

Payoffs are in one unit, money or shares of a pie, and utilities are in that unit too. In the ultimatum game a
proposer offers part of a pie; accepting it pays (offer, pie - offer), rejecting it leaves both with nothing, which is
worth 0 in every model here. An offer is what the responder gets. Parameters may be arrays: one object is then a
population, and its parameters broadcast against the splits.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite, number
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass


class SplitOffers(NamedTuple):
    """An interval of offers, what the responder gets, in the unit of the pie."""

    lowest: Any
    highest: Any


@runtime_checkable
class SocialPreferences(Protocol):
    """How somebody values splits."""

    def utility(self, own: Any, other: Any) -> Array:
        """Utility of getting `own` while the other gets `other`, in the unit of the payoffs; arrays broadcast."""
        ...

    def group_utility(self, payoffs: Any) -> Array:
        """Utility of everybody in a group, (..., n_people), were they all to hold these preferences.

        `payoffs` is (..., n_people), at least two people. For two it is `utility`.
        """
        ...

    def acceptable_offers(self, pie: float = 1.0) -> SplitOffers:
        """The offers that are worth at least as much as rejection; always contains the equal split."""
        ...

    def dictator_offer(self, pie: float = 1.0) -> Array:
        """What somebody gives to a recipient who cannot refuse; the smallest amount where several are as good."""
        ...


@checked
@dataclass(frozen=True, eq=False)
class FehrSchmidt:
    """Inequality aversion: own - envy max(other - own, 0) - guilt max(own - other, 0).

    The original has 0 <= guilt <= envy and guilt < 1. Here parameters are free, so that fitted people who like being
    ahead (guilt < 0) or do not mind being behind (envy < 0) can be described.

    In the ultimatum game a share s < 1/2 is worth s - envy (1 - 2s) and is accepted iff s >= envy / (1 + 2 envy);
    a share above 1/2 iff s <= guilt / (2 guilt - 1) where guilt > 1, always otherwise. As dictator one gives
    nothing if guilt < 1/2 and half if guilt > 1/2, and more than half only if envy < -1/2.

    Parameters
    ----------
    envy : number or array, alpha: disutility per unit by which the other has more
    guilt : number or array, beta: disutility per unit by which one has more

    Raises
    ------
    ProblemError
        If a parameter is not a finite number.

    References
    ----------
    Fehr & Schmidt (1999), A theory of fairness, competition, and cooperation, Quarterly Journal of Economics 114.

    Examples
    --------
    >>> envious = FehrSchmidt(envy=1.0, guilt=0.25)
    >>> envious.utility(own=[0.5, 0.2], other=[0.5, 0.8]).round(6)
    array([ 0.5, -0.4])
    >>> round(float(envious.acceptable_offers().lowest), 6)
    0.333333
    """

    envy: Any
    guilt: Any

    def __post_init__(self) -> None:
        _check_parameters(self, "envy", "guilt")

    def utility(self, own: Any, other: Any) -> Array:
        own, other = finite("own", own), finite("other", other)
        return own - self.envy * np.maximum(other - own, 0.0) - self.guilt * np.maximum(own - other, 0.0)

    def group_utility(self, payoffs: Any) -> Array:
        """x_i - envy / (n - 1) sum_j max(x_j - x_i, 0) - guilt / (n - 1) sum_j max(x_i - x_j, 0)."""
        own = _group_payoffs(payoffs)
        ahead = own[..., :, np.newaxis] - own[..., np.newaxis, :]  # ahead[i, j] = x_i - x_j
        others = own.shape[-1] - 1
        envied = np.maximum(-ahead, 0.0).sum(axis=-1) / others
        regretted = np.maximum(ahead, 0.0).sum(axis=-1) / others
        return own - self.envy * envied - self.guilt * regretted

    def acceptable_offers(self, pie: float = 1.0) -> SplitOffers:
        """From envy / (1 + 2 envy), or 0 without envy, to guilt / (2 guilt - 1) where guilt > 1, times the pie."""
        return self.as_charness_rabin().acceptable_offers(pie)

    def dictator_offer(self, pie: float = 1.0) -> Array:
        return self.as_charness_rabin().dictator_offer(pie)

    def as_charness_rabin(self) -> CharnessRabin:
        """The same two-person preferences: weight guilt on the other when ahead, -envy when behind."""
        return CharnessRabin(ahead=self.guilt, behind=-np.asarray(self.envy))


@checked
@dataclass(frozen=True, eq=False)
class CharnessRabin:
    """Weights on the other's payoff that depend on who is ahead and on how the other behaved.

    Utility is (1 - w) own + w other, where w is `ahead` (rho) if own > other and `behind` (sigma) if own < other, plus
    `kindness` after the other was kind and `unkindness` after it was unkind (gamma and delta of Bruhin, Fehr &
    Schunk; theta of Charness & Rabin is -unkindness). Competitive preferences have behind <= ahead <= 0, inequality
    aversion behind < 0 < ahead, concern for welfare 0 < behind <= ahead.

    Parameters
    ----------
    ahead, behind : numbers or arrays, weights on the other's payoff when one is ahead, behind
    kindness, unkindness : numbers or arrays, what `reciprocating` adds to both weights

    Raises
    ------
    ProblemError
        If a parameter is not a finite number.

    References
    ----------
    Charness & Rabin (2002), Understanding social preferences with simple tests, Quarterly Journal of Economics 117.
    Bruhin, Fehr & Schunk (2019), The many faces of human sociality, Journal of the European Economic Association 17.

    Examples
    --------
    The strongly altruistic type of Bruhin, Fehr & Schunk, indifferent to who did what before:

    >>> altruist = CharnessRabin(ahead=0.463, behind=0.159, kindness=0.151, unkindness=-0.054)
    >>> altruist.utility(own=[10.0, 0.0], other=[0.0, 10.0]).round(3)
    array([5.37, 1.59])
    >>> altruist.reciprocating(kind=True).utility(own=[10.0, 0.0], other=[0.0, 10.0]).round(3)
    array([3.86, 3.1 ])
    """

    ahead: Any
    behind: Any
    kindness: Any = 0.0
    unkindness: Any = 0.0

    def __post_init__(self) -> None:
        _check_parameters(self, "ahead", "behind", "kindness", "unkindness")

    def utility(self, own: Any, other: Any) -> Array:
        own, other = finite("own", own), finite("other", other)
        weight = np.where(own > other, self.ahead, np.where(own < other, self.behind, 0.0))
        return own + weight * (other - own)

    def group_utility(self, payoffs: Any) -> Array:
        """(1 - ahead - behind) x_i + (ahead - behind) min x + behind sum x.

        The many-person form of Charness & Rabin without reciprocity, (1 - l) x_i + l (d min x + (1 - d) sum x) with
        l = ahead / (1 - behind) and d = 1 - behind / ahead, in units that make it `utility` for two people.
        """
        own = _group_payoffs(payoffs)
        lowest, total = own.min(axis=-1, keepdims=True), own.sum(axis=-1, keepdims=True)
        return (1 - self.ahead - self.behind) * own + (self.ahead - self.behind) * lowest + self.behind * total

    def acceptable_offers(self, pie: float = 1.0) -> SplitOffers:
        """From -behind / (1 - 2 behind) where behind < 0, to ahead / (2 ahead - 1) where ahead > 1, times the pie."""
        pie = _pie(pie)
        resented, guilt = np.maximum(-np.asarray(self.behind), 0.0), np.maximum(self.ahead, 1.0)
        return SplitOffers(pie * resented / (1 + 2 * resented), pie * guilt / (2 * guilt - 1))

    def dictator_offer(self, pie: float = 1.0) -> Array:
        """The best of nothing, half and all of the pie: utility is linear between them."""
        pie = _pie(pie)
        gifts = pie * np.array([0.0, 0.5, 1.0])
        worth = np.stack(np.broadcast_arrays(*[self.utility(pie - gift, gift) for gift in gifts]))
        return gifts[worth.argmax(axis=0)]

    def reciprocating(self, *, kind: bool = False, unkind: bool = False) -> CharnessRabin:
        """The preferences of somebody towards whom the other was kind, unkind, or both."""
        shift = kind * np.asarray(self.kindness) + unkind * np.asarray(self.unkindness)
        return CharnessRabin(self.ahead + shift, self.behind + shift)


@checked
@dataclass(frozen=True, eq=False)
class BoltonOckenfels:
    """Equity, reciprocity, competition: own - inequity_aversion / 2 (own share - equal share)^2.

    The share of nothing is the equal share. Somebody accepts the share s of a pie c iff c s >= b/2 (s - 1/2)^2, that
    is between the roots (1 + k -+ sqrt(k (k + 2))) / 2, k = 2c / b; the upper one is below 1 iff b > 8c. As dictator
    one gives the share 1/2 - c / b, or nothing if that is negative: unlike with Fehr & Schmidt, in between.

    Parameters
    ----------
    inequity_aversion : non-negative number or array b, in the unit of the payoffs

    Raises
    ------
    ProblemError
        If inequity_aversion is negative or not finite, or a split has a negative payoff (shares need a pie).

    References
    ----------
    Bolton & Ockenfels (2000), ERC: a theory of equity, reciprocity, and competition, American Economic Review 90:
    their example of a motivation function, with own payoff weighted 1.

    Examples
    --------
    >>> fair = BoltonOckenfels(4.0)
    >>> round(float(fair.utility(own=0.2, other=0.8)), 6)
    0.02
    >>> float(fair.dictator_offer()), round(float(fair.acceptable_offers().lowest), 6)
    (0.25, 0.190983)
    """

    inequity_aversion: Any

    def __post_init__(self) -> None:
        _check_parameters(self, "inequity_aversion")
        if np.any(np.asarray(self.inequity_aversion) < 0):
            raise ProblemError(
                f"inequity_aversion is {np.min(self.inequity_aversion)}: it must not be negative, or unequal shares "
                "would be sought for their own sake"
            )

    def utility(self, own: Any, other: Any) -> Array:
        own, other = np.broadcast_arrays(finite("own", own), finite("other", other))
        return self._worth(own, own + other, 2, min(own.min(initial=0.0), other.min(initial=0.0)))

    def group_utility(self, payoffs: Any) -> Array:
        """x_i - inequity_aversion / 2 (x_i / sum x - 1 / n)^2."""
        own = _group_payoffs(payoffs)
        return self._worth(own, own.sum(axis=-1, keepdims=True), own.shape[-1], float(own.min(initial=0.0)))

    def _worth(self, own: Array, total: Array, n_people: int, lowest: float) -> Array:
        if lowest < 0:
            raise ProblemError(f"a payoff is {lowest}: shares of a pie need payoffs that are not negative")
        share = np.divide(own, total, out=np.full(np.broadcast(own, total).shape, 1 / n_people), where=total > 0)
        return own - self.inequity_aversion / 2 * (share - 1 / n_people) ** 2

    def acceptable_offers(self, pie: float = 1.0) -> SplitOffers:
        """Between the roots (1 + k -+ sqrt(k (k + 2))) / 2 with k = 2 pie / inequity_aversion, times the pie."""
        pie = _pie(pie)
        b = np.asarray(self.inequity_aversion)
        # With h = b / 2 the roots are (h + c -+ sqrt(c (c + 2h))) / 2h; the lower one is written without cancellation.
        sum_of_roots = b / 2 + pie + np.sqrt(pie * (pie + b))
        highest = np.divide(sum_of_roots, b, out=np.ones_like(sum_of_roots), where=b > 8 * pie)
        return SplitOffers(pie * b / (4 * sum_of_roots), pie * highest)

    def dictator_offer(self, pie: float = 1.0) -> Array:
        pie = _pie(pie)
        b = np.asarray(self.inequity_aversion)
        return pie * np.maximum(0.5 - np.divide(pie, b, out=np.full(b.shape, np.inf), where=b > 0), 0.0)


@checked
@dataclass(frozen=True, eq=False)
class CobbDouglas:
    """Giving a fixed share: own^(1 - a) other^a, where a is the share of any pie that a dictator gives.

    Somebody with a = 0 is selfish, a = 1/2 splits evenly, a = 1 gives everything, and all shares in between have their
    a, which piecewise linear preferences do not allow. Utility is never negative, so every offer is acceptable.

    Parameters
    ----------
    altruism : number or array a in [0, 1], without a unit

    Raises
    ------
    ProblemError
        If altruism is not in [0, 1], or a split has a negative payoff.

    References
    ----------
    Andreoni & Miller (2002), Giving according to GARP: an experimental test of the consistency of preferences for
    altruism, Econometrica 70: half of their subjects are selfish, Leontief or perfect substitutes; the others are of
    this kind or near it.

    Examples
    --------
    >>> giving = CobbDouglas(0.3)
    >>> float(giving.dictator_offer()), round(float(giving.utility(own=0.7, other=0.3)), 6)
    (0.3, 0.542881)
    """

    altruism: Any

    def __post_init__(self) -> None:
        _check_parameters(self, "altruism")
        outside = np.asarray(self.altruism)[(np.asarray(self.altruism) < 0) | (np.asarray(self.altruism) > 1)]
        if outside.size:
            raise ProblemError(f"altruism is {outside.flat[0]:g}: it is the share of the pie given away, in [0, 1]")

    def utility(self, own: Any, other: Any) -> Array:
        own, other = np.broadcast_arrays(finite("own", own), finite("other", other))
        lowest = min(own.min(initial=0.0), other.min(initial=0.0))
        if lowest < 0:
            raise ProblemError(f"a payoff is {lowest}: powers of payoffs need payoffs that are not negative")
        a = np.asarray(self.altruism)
        return np.asarray(own ** (1 - a) * other**a)

    def group_utility(self, payoffs: Any) -> Array:
        """x_i^(1 - a) times the mean of the others' payoffs to the power a."""
        own = _group_payoffs(payoffs)
        others = (own.sum(axis=-1, keepdims=True) - own) / (own.shape[-1] - 1)
        return self.utility(own, np.maximum(others, 0.0) if np.all(own >= 0) else others)

    def acceptable_offers(self, pie: float = 1.0) -> SplitOffers:
        """All of them: nothing is worth less than rejection."""
        pie = _pie(pie)
        none = np.zeros(np.shape(self.altruism))
        return SplitOffers(none, none + pie)

    def dictator_offer(self, pie: float = 1.0) -> Array:
        """The share a of the pie: (1 - a) log(pie - s) + a log s is best there."""
        return np.asarray(_pie(pie) * np.asarray(self.altruism))


# ---- the ultimatum game ----


def acceptance_utility(preferences: SocialPreferences, offer: Any, *, pie: float = 1.0) -> Array:
    """Utility to the responder of accepting an offer, above that of rejecting it (0); in the unit of the pie.

    Raises
    ------
    ProblemError
        If an offer does not lie between 0 and the pie.

    Examples
    --------
    >>> acceptance_utility(FehrSchmidt(1.0, 0.0), [0.0, 0.25, 0.5])
    array([-1.  , -0.25,  0.5 ])
    """
    offer = _offers(offer, _pie(pie))
    return preferences.utility(offer, pie - offer)


@checked
def acceptance_probability(
    preferences: SocialPreferences, offer: Any, *, temperature: float, pie: float = 1.0
) -> Array:
    """Probability that an offer is accepted: logit in its utility, 1 / (1 + exp(-utility / temperature)).

    Parameters
    ----------
    preferences : the responder's, or a population's, whose parameters broadcast against `offer`
    offer : array, what the responder gets, from 0 to `pie`
    temperature : not negative, in the unit of the pie; 0 accepts iff utility is not negative
    pie : positive, what is split

    Raises
    ------
    ProblemError
        If an offer lies outside the pie, or the temperature is negative.

    Examples
    --------
    >>> acceptance_probability(FehrSchmidt(1.0, 0.0), [0.2, 1 / 3, 0.5], temperature=0.1).round(3)
    array([0.018, 0.5  , 0.993])
    """
    from scipy.special import expit

    worth = acceptance_utility(preferences, offer, pie=pie)
    temperature = _temperature(temperature)
    return expit(worth / temperature) if temperature > 0 else np.where(worth >= 0, 1.0, 0.0)


def proposal_utility(preferences: SocialPreferences, offer: Any, acceptance: Any = 1.0, *, pie: float = 1.0) -> Array:
    """Expected utility to the proposer of making an offer that is accepted with probability `acceptance`.

    Raises
    ------
    ProblemError
        If an offer lies outside the pie, or a probability outside [0, 1].

    Examples
    --------
    >>> proposal_utility(FehrSchmidt(0.0, 0.25), [0.2, 0.5], acceptance=[0.4, 1.0])
    array([0.26, 0.5 ])
    """
    offer, chance = _offers(offer, _pie(pie)), finite("acceptance", acceptance)
    if np.any((chance < 0) | (chance > 1)):
        raise ProblemError("acceptance holds a number outside [0, 1]: give probabilities that offers are accepted")
    return chance * preferences.utility(pie - offer, offer)


@checked
def best_offer(preferences: SocialPreferences, offers: Any, acceptance: Any = 1.0, *, pie: float = 1.0) -> Array:
    """The offer that maximises the proposer's expected utility, given what it believes about acceptance.

    Parameters
    ----------
    preferences : the proposer's, or a population's with parameters of shape (..., 1)
    offers : (n_offers,) array, the offers that can be made
    acceptance : (n_offers,) array, believed probability that each is accepted; 1 makes the proposer a dictator

    Returns
    -------
    The smallest of the best offers, one per member of the population.

    Raises
    ------
    ProblemError
        If there is no offer, or anything does not fit.

    Examples
    --------
    A selfish proposer who faces responders with thresholds spread evenly over [0, 1/2] offers as little as pays:

    >>> offers = np.linspace(0.0, 1.0, 101)
    >>> float(best_offer(FehrSchmidt(0.0, 0.0), offers, acceptance=np.minimum(2 * offers, 1.0)))
    0.5
    """
    offers, worth = _ranked_offers(preferences, offers, acceptance, pie)
    return offers[worth.argmax(axis=-1)]


@checked
def offer_probabilities(
    preferences: SocialPreferences, offers: Any, acceptance: Any = 1.0, *, temperature: float, pie: float = 1.0
) -> Array:
    """Probability of each offer when the proposer chooses by logit in expected utility; (..., n_offers).

    Parameters
    ----------
    preferences : the proposer's, or a population's with parameters of shape (..., 1)
    offers : (n_offers,) array, increasing, the offers that can be made
    acceptance : (n_offers,) array, believed probability that each is accepted; 1 makes the proposer a dictator
    temperature : positive, in the unit of the pie

    Raises
    ------
    ProblemError
        If the temperature is not positive (`best_offer` is its limit), or anything else does not fit.

    Examples
    --------
    >>> offer_probabilities(FehrSchmidt(0.0, 0.75), [0.0, 0.25, 0.5], temperature=0.1).round(3)
    array([0.06 , 0.209, 0.731])
    """
    from scipy.special import softmax

    if not (temperature := _temperature(temperature)):
        raise ProblemError("temperature is 0: use best_offer, or give a positive temperature")
    ranked, worth = _ranked_offers(preferences, offers, acceptance, pie)
    if not np.array_equal(ranked, finite("offers", offers)):
        raise ProblemError("offers do not increase: sort them, the probabilities come back in that order")
    return np.asarray(softmax(worth / temperature, axis=-1))


# ---- the door ----


def _check_parameters(preferences: Any, *names: str) -> None:
    """Parameters become floats, or read-only arrays."""
    for name in names:
        values = finite(name, getattr(preferences, name))
        object.__setattr__(preferences, name, values if values.ndim else float(values))


def _group_payoffs(payoffs: Any) -> Array:
    own = finite("payoffs", payoffs)
    if own.ndim == 0 or own.shape[-1] < 2:
        raise ProblemError(f"payoffs has shape {own.shape}; expected (..., n_people) with at least two people")
    return own


def _pie(pie: Any) -> float:
    pie = number("pie", pie)
    if pie <= 0:
        raise ProblemError(f"pie is {pie}: there must be something to split, a positive number")
    return pie


def _offers(offer: Any, pie: float) -> Array:
    offer = finite("offer", offer)
    if np.any((offer < 0) | (offer > pie)):
        worst = offer.min() if offer.min() < 0 else offer.max()
        raise ProblemError(f"an offer is {worst}: offers lie between 0 and the pie, {pie}")
    return offer


def _temperature(temperature: Any) -> float:
    temperature = number("temperature", temperature)
    if temperature < 0:
        raise ProblemError(f"temperature is {temperature}: it must not be negative; 0 is a best response")
    return temperature


def _ranked_offers(preferences: SocialPreferences, offers: Any, acceptance: Any, pie: float) -> tuple[Array, Array]:
    """Offers in increasing order, with what proposing each is worth."""
    offers = finite("offers", offers)
    if offers.ndim != 1 or not len(offers):
        raise ProblemError(f"offers has shape {offers.shape}; expected one or more offers, (n_offers,)")
    order = np.argsort(offers, kind="stable")
    acceptance = finite("acceptance", acceptance)
    if acceptance.ndim and acceptance.shape[-1] != len(offers):
        raise ProblemError(
            f"acceptance has shape {acceptance.shape}; expected one probability per offer, {offers.shape}"
        )
    chance = acceptance[..., order] if acceptance.ndim else acceptance
    return offers[order], proposal_utility(preferences, offers[order], chance, pie=pie)

"""What offers do to people, by their true utilities.

Users know what they want: from labels and menus everybody takes what is best for the own true utilities (or errs, by
logit), whatever the mechanism believed. Every number is a mean over the members of a group, and over groups by weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import numpy as np
from numpy.typing import NDArray
from scipy.special import rel_entr, softmax

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from inference.society.mechanisms import Offer
from inference.society.world import Society

Indices = NDArray[np.intp]
ROUNDING = 1e-9  # logits below which two policies are worth the same


@checked
@dataclass(frozen=True, eq=False)
class Truth:
    """Many societies of one shape, stacked along the first axis."""

    members: Array  # (n, n_groups, n_members, n_policies)
    own: Array  # the same: everybody's own best policy
    weights: Array  # (n, n_groups)
    safety_cost: Array  # (n, n_policies)
    reference: Array  # (n, n_policies)
    temperature: Array  # (n,)

    @classmethod
    def of(cls, societies: Sequence[Society]) -> Truth:
        """Stack societies of one shape."""
        if len({one.members.shape for one in societies}) != 1:
            raise ProblemError("societies differ in shape, or there are none: give some with the same groups")
        return cls(*(np.stack([np.asarray(getattr(one, field.name)) for one in societies]) for field in fields(cls)))

    def mean(self, values: Array) -> Array:
        """Of something per group and member, (n, n_groups, n_members): the population's mean, (n,)."""
        if values.shape != self.members.shape[:3]:
            raise ProblemError(f"values has shape {values.shape}; expected {self.members.shape[:3]}")
        return np.asarray(np.einsum("ng,ngm->n", self.weights, values) / values.shape[2])


@checked
@dataclass(frozen=True, eq=False)
class Outcome:
    """What a mechanism does in each of n societies; every field is (n,), utilities in logits."""

    misalignment: Array  # surplus below that of the own best policy = tau KL(delivered | own)
    total_variation: Array  # distance of the delivered policy from the own best
    kl: Array  # KL(delivered | own), nats
    utility_loss: Array  # utility below that of the own best policy; negative where more harm buys more utility
    worst_group: Array  # misalignment of the group with most of it
    harm: Array  # expected safety cost
    welfare: Array  # utility net of safety cost and of leaving the reference
    participation: Array  # share of users at least as well off as with the reference
    misreporting: Array  # gain from taking what is best over what is meant for the own group
    sorting: Array  # share of users who take what is meant for their group
    recovered: Array  # share of users whose type is guessed from the choice, by what is meant for whom
    hacking: Array  # what the mechanism expects above the reference, less what it delivers
    promised: Array  # what the mechanism expects above the reference, by the rewards it was made for
    tempted: Array  # 1 where some type, as elicited, prefers what is meant for another: IC is broken
    unwilling: Array  # 1 where some type, as elicited, prefers the reference: IR is broken
    group_utility: Array  # (n, n_groups) utility above the reference


def delivered(truth: Truth, offer: Offer, type_of_group: Indices, *, temperature: float = 0.0) -> Array:
    """Probability that each member takes each option; (n, n_groups, n_members, n_options).

    Parameters
    ----------
    temperature : logits; 0 for best responses: in a tie, which the best menus leave often, what is meant for the group
    """
    worth = np.einsum("ngmk,nok->ngmo", truth.members, offer.policies)
    if temperature > 0:
        return np.asarray(softmax(worth / temperature, axis=-1))
    known, n_groups = len(offer.meant_for), truth.weights.shape[1]
    if type_of_group.shape != (n_groups,) or not np.all((type_of_group >= 0) & (type_of_group < known)):
        raise ProblemError(f"type_of_group is {type_of_group.tolist()}: give {n_groups} types from 0 to {known - 1}")
    meant = np.eye(worth.shape[-1])[offer.meant_for[type_of_group]]  # (n_groups, n_options)
    taken: Array = np.eye(worth.shape[-1])[(worth + ROUNDING * meant[:, np.newaxis]).argmax(axis=-1)]
    return taken


@checked
def evaluate(truth: Truth, offer: Offer, type_of_group: Indices, *, temperature: float = 0.0) -> Outcome:
    """Everything of `Outcome` for one mechanism.

    Parameters
    ----------
    type_of_group : (n_groups,) which type each group was taken for
    temperature : with which users err, logits; 0 for best responses

    Examples
    --------
    The reference for everybody, which changes nothing and so drives nobody away:

    >>> from inference.society import synthetic_society
    >>> society = synthetic_society(rng=np.random.default_rng(1), conflict=1.0, n_members=4)
    >>> truth = Truth.of([society])
    >>> promised = np.zeros((1, 3, len(society.policies)))
    >>> stay = Offer(society.reference[np.newaxis, np.newaxis], np.zeros(3, dtype=int), promised)
    >>> outcome = evaluate(truth, stay, np.arange(3))
    >>> outcome.participation, outcome.harm == society.reference @ society.safety_cost
    (array([1.]), array([ True]))
    """
    chance = delivered(truth, offer, type_of_group, temperature=temperature)
    worth = np.einsum("ngmk,nok->ngmo", truth.members, offer.policies)
    meant = offer.meant_for[type_of_group]  # (n_groups,)
    utility = np.einsum("ngmo,ngmo->ngm", chance, worth)
    intended = np.take_along_axis(worth, meant[np.newaxis, :, np.newaxis, np.newaxis], axis=-1)[..., 0]
    promised = offer.promised[:, type_of_group]  # (n, n_groups, n_policies)
    given = np.einsum("nok,nk->no", offer.policies, truth.safety_cost)
    from_reference = rel_entr(offer.policies, truth.reference[:, np.newaxis]).sum(axis=-1)
    harm = np.einsum("ngmo,no->ngm", chance, given)
    leaving = truth.temperature[:, np.newaxis, np.newaxis] * np.einsum("ngmo,no->ngm", chance, from_reference)
    distance = _distances(truth, offer, chance)
    group_regret = _regret(truth, distance[1]).mean(axis=2)
    status_quo = np.einsum("ngmk,nk->ngm", truth.members, truth.reference)
    expected = np.einsum("ngk,ngk->ng", promised, offer.policies[:, meant] - truth.reference[:, np.newaxis])
    promises = np.einsum("ng,ng->n", truth.weights, expected)
    tempted, unwilling = _broken(truth, offer)
    return Outcome(
        misalignment=np.einsum("ng,ng->n", truth.weights, group_regret),
        total_variation=truth.mean(distance[0]),
        kl=truth.mean(distance[1]),
        utility_loss=truth.mean(np.einsum("ngmk,ngmk->ngm", truth.members, truth.own) - utility),
        worst_group=group_regret.max(axis=1),
        harm=truth.mean(harm),
        welfare=truth.mean(utility - harm - leaving),
        participation=truth.mean(np.einsum("ngmo,ngmo->ngm", chance, worth >= status_quo[..., np.newaxis] - ROUNDING)),
        misreporting=truth.mean(worth.max(axis=-1) - intended),
        sorting=truth.mean(np.take_along_axis(chance, meant[np.newaxis, :, np.newaxis, np.newaxis], axis=-1)[..., 0]),
        recovered=_recovered(truth, offer, type_of_group, chance),
        hacking=promises - truth.mean(utility - status_quo),
        promised=promises,
        tempted=tempted,
        unwilling=unwilling,
        group_utility=(utility - status_quo).mean(axis=2),
    )


@checked
def members_regret(truth: Truth, offer: Offer, type_of_group: Indices) -> Array:
    """What everybody loses below the own best policy, (n, n_groups, n_members), logits."""
    chance = delivered(truth, offer, type_of_group)
    return _regret(truth, _distances(truth, offer, chance)[1])


def _regret(truth: Truth, divergence: Array) -> Array:
    return truth.temperature[:, np.newaxis, np.newaxis] * divergence


@checked
def full_information(truth: Truth) -> Outcome:
    """The bound: everybody has the own best policy.

    Examples
    --------
    >>> from inference.society import synthetic_society
    >>> society = synthetic_society(rng=np.random.default_rng(1), conflict=1.0, n_members=4)
    >>> truth = Truth.of([society])
    >>> full_information(truth).misalignment
    array([0.])
    """
    utility = np.einsum("ngmk,ngmk->ngm", truth.members, truth.own)
    harm = np.einsum("ngmk,nk->ngm", truth.own, truth.safety_cost)
    leaving = rel_entr(truth.own, truth.reference[:, np.newaxis, np.newaxis]).sum(axis=-1)
    status_quo = np.einsum("ngmk,nk->ngm", truth.members, truth.reference)
    nothing, everybody = np.zeros(len(utility)), np.ones(len(utility))
    return Outcome(
        misalignment=nothing,
        total_variation=nothing,
        kl=nothing,
        utility_loss=nothing,
        worst_group=nothing,
        harm=truth.mean(harm),
        welfare=truth.mean(utility - harm - truth.temperature[:, np.newaxis, np.newaxis] * leaving),
        participation=truth.mean((utility >= status_quo - ROUNDING).astype(np.float64)),
        misreporting=nothing,
        sorting=everybody,
        recovered=everybody,
        hacking=nothing,
        promised=truth.mean(utility - status_quo),
        tempted=nothing,
        unwilling=nothing,
        group_utility=(utility - status_quo).mean(axis=2),
    )


@checked
def coherence(
    truth: Truth, noiseless: Offer, noisy: Offer, type_of_group: Indices, *, temperature: float = 0.0
) -> Array:
    """How far noise on the signal moves what users get: mean total variation distance, (n,); 0 is coherent.

    Examples
    --------
    >>> from inference.society import synthetic_society
    >>> society = synthetic_society(rng=np.random.default_rng(1), conflict=1.0, n_members=4)
    >>> truth = Truth.of([society])
    >>> one = Offer(np.full((1, 1, 8), 1 / 8), np.zeros(3, dtype=int), np.zeros((1, 3, 8)))
    >>> other = Offer(np.eye(8)[np.newaxis, :1], np.zeros(3, dtype=int), np.zeros((1, 3, 8)))
    >>> coherence(truth, one, one, np.arange(3)), coherence(truth, one, other, np.arange(3))
    (array([0.]), array([0.875]))
    """
    before, after = (
        np.einsum("ngmo,nok->ngmk", delivered(truth, offer, type_of_group, temperature=temperature), offer.policies)
        for offer in (noiseless, noisy)
    )
    return truth.mean(np.abs(after - before).sum(axis=-1) / 2)


def _broken(truth: Truth, offer: Offer) -> tuple[Array, Array]:
    """Whether IC and IR are broken for the utilities that the offer was made for; both (n,), 1 if so."""
    worth = np.einsum("ntk,nok->nto", offer.promised, offer.policies)
    own = worth[:, np.arange(len(offer.meant_for)), offer.meant_for]
    best = worth[:, :, np.unique(offer.meant_for)].max(axis=-1)
    status_quo = np.einsum("ntk,nk->nt", offer.promised, truth.reference)
    tempted, unwilling = (other > own + ROUNDING for other in (best, status_quo))
    return tempted.any(axis=1).astype(np.float64), unwilling.any(axis=1).astype(np.float64)


def _recovered(truth: Truth, offer: Offer, type_of_group: Indices, chance: Array) -> Array:
    """Share of users whose type is the likeliest one, given the option taken, for who made the offer; (n,).

    That is Bayes' rule with the utilities that the offer was made for: a type takes what is meant for it. An option
    that is meant for nobody says nothing, and one contract that is meant for several leaves the largest group.
    """
    same = (offer.policies[:, :, np.newaxis] == offer.policies[:, np.newaxis]).all(axis=-1)
    likely = same[:, :, offer.meant_for[type_of_group]]  # (n, n_options, n_groups)
    likely = likely | ~likely.any(axis=-1, keepdims=True)
    guess = type_of_group[(likely * truth.weights[:, np.newaxis]).argmax(axis=-1)]  # (n, n_options)
    right = guess[:, np.newaxis] == type_of_group[:, np.newaxis]  # (n, n_groups, n_options)
    return truth.mean(np.einsum("ngmo,ngo->ngm", chance, right))


def _distances(truth: Truth, offer: Offer, chance: Array) -> tuple[Array, Array]:
    """Expected total variation and KL of what members take from their own best; both (n, n_groups, n_members)."""
    variation, divergence = np.zeros(chance.shape[:3]), np.zeros(chance.shape[:3])
    for option in range(offer.policies.shape[1]):
        policy = offer.policies[:, option, np.newaxis, np.newaxis]
        variation += chance[..., option] * np.abs(policy - truth.own).sum(axis=-1) / 2
        divergence += chance[..., option] * rel_entr(policy, truth.own).sum(axis=-1)
    return variation, divergence

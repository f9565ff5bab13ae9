"""What a community says about itself, and what can be concluded from it without looking at the truth.

Members compare pairs of policies, rate some on scales of their own, and say of some whether they could live with them
rather than with the reference. `inference.norms.norms` turns the answers into utilities of every group with their
errors, reservation utilities, and, with everybody in one pot, the Bradley-Terry reward that preference averaging trains
on.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Count, Numbers, whole_numbers
from inference.norms.elicitation import Acceptances, Comparisons, Ratings
from inference.norms.norms import elicit_norms
from inference.society.world import Society

Indices = NDArray[np.intp]
COMPARISONS, RATINGS, ACCEPTANCES = 1200, 360, 360  # answers of the whole community, shared out by weight
RATING_NOISE = 0.5  # logits


@checked
@dataclass(frozen=True, eq=False)
class CommunityInput:
    """Answers, each with the group and the member who gave it."""

    comparisons: Comparisons
    ratings: Ratings
    acceptances: Acceptances


@checked
@dataclass(frozen=True, eq=False)
class Elicited:
    """What every mechanism is told, the same for all of them.

    Attributes
    ----------
    utilities : (n_types, n_policies) of the types that the designer distinguishes, logits, sum to zero
    covariance : (n_types, n_policies, n_policies) of their estimation errors
    pooled : (n_policies,) Bradley-Terry reward of everybody together, logits, sums to zero
    pooled_covariance : (n_policies, n_policies) of its estimation errors
    reservation_utility : (n_types,) where a type is indifferent between a policy and staying away
    weights : (n_types,) shares
    type_of_group : (n_groups,) which type a group is taken for
    """

    utilities: Array
    covariance: Array
    pooled: Array
    pooled_covariance: Array
    reservation_utility: Array
    weights: Array
    type_of_group: Indices


@checked
def community_input(
    society: Society,
    *,
    rng: np.random.Generator,
    n_comparisons: int = COMPARISONS,
    n_ratings: int = RATINGS,
    n_acceptances: int = ACCEPTANCES,
    rating_noise: float = RATING_NOISE,
    pretended: Any = None,
) -> CommunityInput:
    """Noisy answers of the society's members; groups answer in proportion to their weights.

    A comparison is a logit in the member's own utilities, an acceptance one against the reference policy, and a rating
    the utility with Gaussian noise, on the member's own scale (a random origin and unit).

    Parameters
    ----------
    n_comparisons, n_ratings, n_acceptances : how many, of the whole community; at least one per group
    rating_noise : standard deviation, logits
    pretended : (n_groups, n_members, n_policies) utilities that members answer with instead of their true ones

    Examples
    --------
    >>> from inference.society.world import synthetic_society
    >>> rng = np.random.default_rng(1)
    >>> asked = community_input(synthetic_society(rng=rng, conflict=0.5), rng=rng)
    >>> asked.comparisons.n_answers, asked.ratings.n_answers
    (1200, 360)
    """
    truth = society.members if pretended is None else finite("pretended", pretended)
    if truth.shape != society.members.shape:
        raise ProblemError(f"pretended has shape {truth.shape}; expected {society.members.shape}, one row per member")
    n_groups, n_members, n_policies = truth.shape

    def asked(count: int) -> tuple[Indices, Indices, Indices]:
        """Group, member and policy of every question."""
        group = np.repeat(np.arange(n_groups), shared_out(society.weights, count))
        return group, rng.integers(n_members, size=count), rng.integers(n_policies, size=count)

    group, member, first = asked(n_comparisons)
    second = (first + rng.integers(1, n_policies, size=n_comparisons)) % n_policies
    prefers = rng.random(n_comparisons) < expit(truth[group, member, first] - truth[group, member, second])
    compared = Comparisons(group, np.where(prefers, first, second), np.where(prefers, second, first), member)

    group, member, policy = asked(n_ratings)
    origin, unit = rng.standard_normal((n_groups, n_members)), rng.uniform(0.5, 2.0, (n_groups, n_members))
    felt = truth[group, member, policy] + rating_noise * rng.standard_normal(n_ratings)
    rated = Ratings(group, member, policy, origin[group, member] + unit[group, member] * felt)

    group, member, policy = asked(n_acceptances)
    gain = truth[group, member, policy] - truth[group, member] @ society.reference
    accepted = Acceptances(group, policy, rng.random(n_acceptances) < expit(gain), member)
    return CommunityInput(compared, rated, accepted)


def shared_out(weights: Array, count: int) -> Indices:
    """`count` answers in proportion to the weights, by largest remainders; at least one each.

    Examples
    --------
    >>> shared_out(np.array([0.5, 0.3, 0.2]), 11)
    array([5, 3, 3])
    """
    if count < len(weights):
        raise ProblemError(f"{count} answers cannot come from {len(weights)} groups: ask at least one of each")
    spare = (count - len(weights)) * weights
    whole = np.floor(spare).astype(np.intp)
    whole[np.argsort(whole - spare, kind="stable")[: count - len(weights) - whole.sum()]] += 1
    return whole + 1


@checked
def elicited(answers: CommunityInput, weights: Numbers, n_policies: Count, type_of_group: Any = None) -> Elicited:
    """Estimates from the answers alone; utilities in logits.

    Parameters
    ----------
    weights : (n_groups,) shares of the groups, which a census knows
    type_of_group : (n_groups,) which type the designer takes each group for, numbered from 0; each for its own if
        left out, and groups with the same number for one and the same

    Raises
    ------
    ProblemError
        If a type has no group.

    Examples
    --------
    What both groups like best is recovered from noisy answers:

    >>> from inference.society import community_input, synthetic_society
    >>> rng = np.random.default_rng(1)
    >>> society = synthetic_society(rng=rng, conflict=1.0, n_groups=2, n_policies=3, n_attributes=2, n_members=4)
    >>> answers = community_input(society, rng=rng, n_comparisons=300, n_ratings=90, n_acceptances=90)
    >>> told = elicited(answers, society.weights, n_policies=3)
    >>> told.utilities.argmax(axis=1), society.utilities.argmax(axis=1)
    (array([2, 1]), array([2, 1]))
    """
    share = np.atleast_1d(weights)
    seen = np.arange(len(share)) if type_of_group is None else whole_numbers("type_of_group", type_of_group)
    fits = share.ndim == 1 and seen.size > 0 and seen.shape == share.shape
    if not fits or set(seen.tolist()) != set(range(int(seen.max()) + 1)):
        raise ProblemError(f"type_of_group is {seen.tolist()}: number the types of the {len(share)} groups from 0")
    policies = range(n_policies)
    norms = elicit_norms(*relabelled(answers, seen), policies=policies, groups=range(int(seen.max()) + 1))
    everybody = elicit_norms(*relabelled(answers, np.zeros_like(seen)), policies=policies)
    return Elicited(
        utilities=norms.utilities,
        covariance=norms.covariance,
        pooled=everybody.utilities[0],
        pooled_covariance=everybody.covariance[0],
        reservation_utility=norms.reservation_utility,
        weights=np.bincount(seen, weights=share).astype(np.float64),
        type_of_group=seen,
    )


def misplaced(answers: CommunityInput, society: Society, share: float, *, rng: np.random.Generator) -> CommunityInput:
    """The same answers where a share of the people is counted in another group, drawn evenly from the others."""
    n_groups, n_members, _ = society.members.shape
    if not 0 <= share <= 1 or n_groups < 2:
        raise ProblemError(f"share is {share} of {n_groups} groups: give a number from 0 to 1, and two groups or more")
    wrong = rng.random((n_groups, n_members)) < share
    shift = np.where(wrong, rng.integers(1, n_groups, size=wrong.shape), 0)
    counted = (np.arange(n_groups)[:, np.newaxis] + shift) % n_groups

    def moved(one: Any) -> dict[str, Any]:
        """Members get numbers of their own, so that nobody is taken for somebody of the other group."""
        return {"group": counted[one.group, one.member], "member": one.member + n_members * one.group}

    compared, rated, accepted = answers.comparisons, answers.ratings, answers.acceptances
    return CommunityInput(
        replace(compared, **moved(compared)), replace(rated, **moved(rated)), replace(accepted, **moved(accepted))
    )


def relabelled(answers: CommunityInput, type_of_group: Indices) -> tuple[Comparisons, Ratings, Acceptances]:
    """The same answers by type; members keep apart who was apart."""
    compared, rated, accepted = answers.comparisons, answers.ratings, answers.acceptances

    def who(group: Any, member: Any) -> Indices:
        return np.asarray(member * len(type_of_group) + group)

    return (
        Comparisons(
            type_of_group[compared.group], compared.winner, compared.loser, who(compared.group, compared.member)
        ),
        Ratings(type_of_group[rated.group], who(rated.group, rated.member), rated.policy, rated.rating),
        Acceptances(
            type_of_group[accepted.group], accepted.policy, accepted.accepted, who(accepted.group, accepted.member)
        ),
    )

"""Words as prior and choices as evidence: one posterior, and a flag where the two contradict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import logsumexp

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite, number
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from inference.language.utilities.policies import Weighed, policy_table
from inference.language.utilities.posterior import PRIOR_SD
from inference.norms.stated import Stated

if TYPE_CHECKING:
    from inference.norms.norms import Norms
    from inference.types.posterior import TypePosterior

CONTRADICTS = 0.1  # odds of the choices under the words to those without them, below which the two contradict
UNLIKELY = 0.01  # probability of a distance as large, for groups
SMALLEST_WEIGHT = 1e-3  # of a type, relative to its largest: a weight of nothing has no logarithm
MEANT_OTHERWISE = 0.03  # probability that words mean nothing of what was read


@checked
@dataclass(frozen=True, eq=False)
class Agreement:
    """Whether words and choices fit, by user or by group.

    Attributes
    ----------
    labels : of the users or groups
    odds : (n,), how much more probable the words make the choices: above 1 they agree. For groups, the probability of
        choices at least as far from the words
    contradicts : (n,) of truth values

    Examples
    --------
    What one user took is what the words let expect, what the other took is not:

    >>> found = Agreement(("ann", "bob"), odds=np.array([3.2, 0.04]), contradicts=np.array([False, True]))
    >>> [label for label, wrong in zip(found.labels, found.contradicts, strict=True) if wrong]
    ['bob']
    """

    labels: tuple[str, ...]
    odds: Array
    contradicts: Any


def weights_of(types: Any) -> tuple[Array, Array | None]:
    """Weights of known types, and how common they are if a problem or menu says so."""
    problem = getattr(types, "problem", types)
    if hasattr(problem, "valuations"):
        return finite("types", problem.valuations), finite("weights", problem.weights)
    return finite("types", types), None


def priors_of_types(reading: Weighed, types: Any, base: Any = None) -> Array:
    """By text, (n_texts, n_types): how likely the words are for each type, times how common it is.

    The likelihood of words is the posterior density of a type's log weights, up to their level, over the prior density
    that the reader began with: of attributes that a text does not speak of, it says nothing about types either.
    """
    weights, common = weights_of(types)
    n = len(reading.attributes)
    if weights.ndim != 2 or weights.shape[1] != n:
        raise ProblemError(f"types has shape {weights.shape}; expected weights of the {n} attributes, a row per type")
    if not len(weights):
        raise ProblemError("types has no rows: give the weights of at least one type")
    if base is not None:
        common = finite("base", base)
    common = np.full(len(weights), 1 / len(weights)) if common is None else common
    if common.shape != (len(weights),) or np.any(common < 0) or not common.sum() > 0:
        raise ProblemError(f"base has shape {common.shape}; expected how common each of the {len(weights)} types is")
    common = common / common.sum()
    top = np.abs(weights).max(axis=1, keepdims=True)
    if np.any(top == 0):
        raise ProblemError("a type values nothing: its weights have no proportions, so leave it out")
    logs = np.log(np.maximum(np.abs(weights), SMALLEST_WEIGHT * top))
    contrast = np.eye(n)[1:] - np.eye(n)[0]
    own = logs @ contrast.T
    before = np.einsum("ti,ij,tj->t", own, np.linalg.inv(PRIOR_SD**2 * contrast @ contrast.T), own)
    scores = np.zeros((len(reading.labels), len(weights)))
    for k in range(len(reading.labels)):
        covariance = contrast @ reading.log_covariance[k] @ contrast.T
        gap = (logs - reading.log_mean[k]) @ contrast.T
        distance = np.einsum("ti,ij,tj->t", gap, np.linalg.inv(covariance), gap) - before
        wrong = (np.sign(weights) * reading.signs[k] < 0) & (np.abs(weights) > SMALLEST_WEIGHT * top)
        scores[k] = -0.5 * distance + wrong.sum(axis=1) * np.log(MEANT_OTHERWISE)
    with np.errstate(divide="ignore"):
        scores = scores + np.log(common)
    told = np.exp(scores - logsumexp(scores, axis=1, keepdims=True))
    return np.asarray((1 - MEANT_OTHERWISE) * told + MEANT_OTHERWISE * common)


def agreement_of_types(reading: Weighed, posterior: TypePosterior, types: Any) -> Agreement:
    """Odds of each user's choices under the words against those under how common types are.

    With q how common types are and p the prior by words, the odds are sum_k P_q(k | choices) p_k / q_k: they follow
    from the posterior under q alone.
    """
    _, common = weights_of(types)
    common = np.full(len(posterior.labels), 1 / len(posterior.labels)) if common is None else common
    words = priors_of_types(reading, types)
    if len(words) not in (1, len(posterior.users)):
        raise ProblemError(
            f"there are {len(words)} texts and {len(posterior.users)} users: give one text, or one per user"
        )
    if words.shape[1] != len(posterior.labels):
        raise ProblemError(f"types has {words.shape[1]} rows for {len(posterior.labels)} types")
    odds = (posterior.with_prior(common).probabilities * (words / common)).sum(axis=1)
    return Agreement(tuple(map(str, posterior.users)), odds, odds < CONTRADICTS)


def stated_norms(reading: Weighed, policies: Any, scale: float, scale_sd: float) -> Stated:
    """Utilities v = scale X w by group, with covariance scale^2 X C X' plus what is not known of the scale."""
    scale, scale_sd = number("scale", scale), number("scale_sd", scale_sd)
    if not scale > 0 or scale_sd < 0:
        raise ProblemError(
            f"scale is {scale} and scale_sd {scale_sd}: give logits above 0, and a deviation not below 0"
        )
    table = policy_table(policies, reading.attributes)
    names = table.names or tuple(map(str, range(len(table.levels))))
    mean = scale * reading.weights @ table.levels.T
    centred = mean - mean.mean(axis=1, keepdims=True)
    covariance = scale**2 * table.levels @ reading.covariance @ table.levels.T
    covariance = covariance + scale_sd**2 * centred[:, :, np.newaxis] * centred[:, np.newaxis, :]
    return Stated(reading.labels, names, mean, (covariance + covariance.transpose(0, 2, 1)) / 2)


@checked
def agreement_of_norms(stated: Stated, norms: Norms) -> Agreement:
    """Whether what groups answered fits what they said; `norms` are those of their answers alone, without a prior.

    The distance between the two, in units of both uncertainties, is a chi square with a direction for each contrast.

    Examples
    --------
    Both groups prefer x three times of four, and b says the contrary:

    >>> from inference.norms.elicitation import Comparisons
    >>> from inference.norms.norms import elicit_norms
    >>> words = Stated(("a", "b"), ("x", "y"), [[1.0, -1.0], [-2.0, 2.0]], [0.1 * np.eye(2)] * 2)
    >>> answers = Comparisons(["a"] * 8 + ["b"] * 8, ["x", "x", "x", "y"] * 4, ["y", "y", "y", "x"] * 4)
    >>> found = agreement_of_norms(words, elicit_norms(answers))
    >>> found.labels, found.contradicts
    (('a', 'b'), array([False,  True]))
    """
    from scipy.stats import chi2

    groups = [group for group in stated.groups if group in norms.groups]
    if not groups or any(policy not in norms.policies for policy in stated.policies):
        raise ProblemError("words and answers are about other groups or policies: give both the same names")
    items = [norms.policies.index(policy) for policy in stated.policies]
    centre = np.eye(len(items)) - 1 / len(items)
    odds = []
    for group in groups:
        g, s = norms.groups.index(group), stated.groups.index(group)
        gap = centre @ (norms.utilities[g, items] - stated.mean[s])
        spread = centre @ (norms.covariance[g][np.ix_(items, items)] + stated.covariance[s]) @ centre
        odds.append(float(chi2.sf(gap @ np.linalg.pinv(spread, rcond=1e-9, hermitian=True) @ gap, len(items) - 1)))
    return Agreement(tuple(groups), np.array(odds), np.array(odds) < UNLIKELY)

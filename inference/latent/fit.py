"""Types that nobody has seen, estimated from the choices of a population by maximum likelihood."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import softmax

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, generator, number
from contracts.inputs.door import checked
from contracts.inputs.frozen import read_only
from contracts.inputs.names import listed
from contracts.inputs.progress import reporter
from inference.choice.data import ChoiceData, checked_data
from inference.estimation.errors import clustered, equal_chances, refuse_one_person
from inference.latent.maximum import FLAT, Maximum, derivatives_at, fit
from inference.latent.types import LatentTypes
from inference.logit.convergence import Convergence
from inference.logit.culprits import separated
from inference.logit.mixture import Situations, share_basis, situations_of

STARTS = 50  # a maximum that one start in fifteen finds is missed in one of thirty fits
EMPTY = 1e-2  # people, below which nobody is of a type
ALIKE = 1e-4  # scaled utility per attribute, within which two types want the same


class DegenerateTypesError(ProblemError):
    """The likelihood has no maximum with so many types, or it does not need them all.

    Examples
    --------
    >>> import inference
    >>> data = inference.ChoiceData([[[0.0], [1.0]]] * 40, [1] * 40, person=np.arange(40) // 4, names=["quality"])
    >>> try:
    ...     inference.fit_latent_types(data, 1, rng=np.random.default_rng(0))
    ... except inference.DegenerateTypesError as error:
    ...     print(error)
    choices of type 0 (share 1.000, about 10.0 people) are predicted perfectly by 'quality': the likelihood
     rises as coefficients grow without limit, and has no maximum. To go on, bring more choices, or pass a small
     ridge, such as ridge=0.1
    """


@checked
def fit_latent_types(
    data: ChoiceData,
    n_types: int,
    *,
    rng: np.random.Generator,
    n_starts: int = STARTS,
    ridge: float = 0.0,
    tolerance: float = 1e-9,
    progress: bool | Callable[[str], None] = False,
) -> LatentTypes:
    """Types of taste in a population, by maximum likelihood.

    A person of type k takes option j with probability exp(x_j . b_k) / sum_l exp(x_l . b_k) at every observation; a
    share w_k of people is of type k. EM from random starts side by side, then Newton steps on the whole likelihood;
    standard errors are those of the sandwich, with people as clusters.

    Parameters
    ----------
    data : what people chose, and from what
    n_types : how many types; `compare_type_counts` helps to choose
    n_starts : random starts; the likelihood has several maxima, and the best one found is returned
    ridge : penalty ridge |b|^2 / 2 on the coefficients of each type, in units of the root mean square difference that
        an attribute makes between options; 0 for maximum likelihood
    tolerance : gradient at which Newton stops, each component in units of its standard deviation over people
    progress : True to print a line per start to standard error, or a function that takes the line

    Raises
    ------
    DegenerateTypesError
        If the likelihood rises without limit (choices of a type are predicted perfectly) or is flat, a type is empty,
        or two are the same. The message says which and what to do.
    ProblemError
        If choices cannot identify the coefficient of an attribute, or there are fewer people than types.

    References
    ----------
    Train (2009), Discrete Choice Methods with Simulation, ch. 14. Bruhin, Fehr & Schunk (2019), Journal of the European
    Economic Association 17(4).

    Examples
    --------
    >>> from inference.logit.simulated import simulate_choices
    >>> rng = np.random.default_rng(0)
    >>> offers = rng.normal(size=(2000, 2, 1))
    >>> person = np.repeat(np.arange(100), 20)
    >>> choices = simulate_choices([0.7, 0.3], [[2.0], [-1.0]], offers, person, rng=rng, names=["quality"]).data
    >>> types = fit_latent_types(choices, 2, rng=rng, n_starts=5)
    >>> types.weights.round(2), types.coefficients.round(1)
    (array([0.7, 0.3]), array([[ 1.9],
           [-0.9]]))
    """
    n_starts, ridge = _checked(data, n_types, n_starts, ridge)
    generator(rng)
    situations = situations_of(data)
    maxima = fit(situations, n_types, rng, starts=n_starts, ridge=ridge, tolerance=tolerance, report=reporter(progress))
    best = _by_weight(maxima[0])
    trouble = degeneracy(best, data, tolerance, ridge)
    if trouble is not None:
        raise DegenerateTypesError(trouble)
    posterior, objective, slopes = derivatives_at(situations, best.point, ridge=ridge)
    weights = softmax(best.point.log_weights)
    onto = onto_users(weights, situations)
    return LatentTypes(
        weights=read_only(weights),
        coefficients=read_only(best.point.coefficients / situations.scale),
        names=tuple(data.names or ()),
        log_likelihood=objective + ridge / 2 * float((best.point.coefficients**2).sum()),
        probabilities=read_only(posterior),
        people=data.people,
        covariance=read_only(onto @ clustered(slopes.scores, slopes.information) @ onto.T),
        classical_covariance=read_only(onto @ np.linalg.inv(slopes.information) @ onto.T),
        n_obs=data.n_obs,
        ridge=ridge,
        convergence=Convergence(tuple(maximum.objective for maximum in maxima), best.rounds, best.gradient),
        null_log_likelihood=equal_chances(data),
        person_weights=None if data.weights is None else data.person_weight,
    )


def onto_users(weights: Array, situations: Situations) -> Array:
    """Derivative of coefficients in the units of the data, and of weights, in what is estimated."""
    n_types = len(weights)
    size = n_types * situations.n_attributes
    onto = np.zeros((size + n_types, size + n_types - 1))
    onto[:size, :size] = np.diag(np.tile(1 / situations.scale, n_types))
    onto[size:, size:] = (np.diag(weights) - np.outer(weights, weights)) @ share_basis(n_types)
    return onto


def degeneracy(best: Maximum, data: ChoiceData, tolerance: float, ridge: float) -> str | None:
    """Why the best point found is no regular maximum, in words; None if it is one."""
    coefficients, log_weights = best.point
    n_types = len(log_weights)
    weights = softmax(log_weights)
    fewer = f"fit_latent_types(data, {n_types - 1}, rng=rng) says the same with less"
    if weights[-1] * data.n_people < EMPTY:
        empty = f"the best fit leaves nobody to type {n_types - 1} (share {weights[-1]:.1e}): {fewer}"
        return (separated(data) if not ridge else "") or empty  # one type may explain everything
    if best.gradient <= tolerance and best.curvature > FLAT:
        return None
    for k in range(n_types):
        for other in range(k):
            if np.abs(coefficients[k] - coefficients[other]).max() < ALIKE:
                return f"types {other} and {k} want the same: {fewer}"
    direction = np.abs(best.direction[: coefficients.size].reshape(coefficients.shape))
    who = int(np.argmax(direction.max(axis=1)))
    parts = zip(data.names or (), direction[who], strict=True)
    names = listed(name for name, part in parts if part > 0.1 * direction.max())
    whose = f"type {who} (share {weights[who]:.3f}, about {weights[who] * data.n_people:.1f} people)"
    fewer_types = "ask for fewer types, " if n_types > 1 else ""
    remedy = f"To go on, {fewer_types}bring more choices, or pass a small ridge, such as ridge=0.1"
    if best.is_endless:
        whole = "" if ridge or n_types == 1 else separated(data)  # what decides all choices comes before types
        return whole or (
            f"choices of {whose} are predicted perfectly by {names}: the likelihood rises as coefficients grow without "
            f"limit, and has no maximum. {remedy}"
        )
    if best.gradient <= tolerance:
        return (
            f"the likelihood does not curve in {names} of {whose}: choices cannot tell which types there are. {remedy}"
        )
    return (
        f"the maximum was not reached: the relative gradient is {best.gradient:.1e}, asked for {tolerance:.1e}. "
        "Pass more starts or a looser tolerance"
    )


# ---- the door ----


def _checked(data: ChoiceData, n_types: int, starts: int, ridge: float) -> tuple[int, float]:
    checked_data(data)
    if int(n_types) != n_types or not 1 <= n_types <= data.n_people:
        raise ProblemError(f"n_types is {n_types}: give a whole number from 1 to the {data.n_people} people")
    if int(starts) != starts or starts < 1:
        raise ProblemError(f"starts is {starts}: give a whole number, at least 1")
    refuse_one_person(data)
    ridge = number("ridge", ridge)
    if ridge < 0:
        raise ProblemError(f"ridge is {ridge}: it must not be negative")
    return int(starts), ridge


def _by_weight(maximum: Maximum) -> Maximum:
    """The same maximum with the largest type first."""
    coefficients, log_weights = maximum.point
    order = np.lexsort((*coefficients.T[::-1], -log_weights))
    direction = maximum.direction[: coefficients.size].reshape(coefficients.shape)[order]
    point = maximum.point._replace(coefficients=coefficients[order], log_weights=log_weights[order])
    return maximum._replace(point=point, direction=np.r_[direction.ravel(), maximum.direction[coefficients.size :]])

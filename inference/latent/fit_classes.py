"""Latent classes with shared and known coefficients and membership covariates, by maximum likelihood."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from contracts.errors import ProblemError, SolverError
from contracts.inputs.arrays import Array, generator
from contracts.inputs.door import checked
from contracts.inputs.kinds import Count
from contracts.inputs.progress import reporter
from inference.choice.data import ChoiceData, checked_data
from inference.estimation.errors import clustered, refuse_one_person
from inference.estimation.maximum import Scores, maximum_of
from inference.latent.classes import LatentClasses
from inference.latent.fit import DegenerateTypesError
from inference.latent.maximum import Point, newton
from inference.latent.membership import Members, evaluated, log_shares, members_of
from inference.latent.restrictions import Restrictions, restrictions_of
from inference.logit.culprits import separated
from inference.logit.mixture import situations_of
from inference.logit.panel import panel_of
from inference.logit.units import Units, units_of

STARTS = 20
STRETCH = 0.5  # sd of the log factor by which starts differ from the multinomial logit
AWAY = 0.75  # sd of the utility that an attribute adds to that


class Pieces(NamedTuple):
    """Coefficients and membership from one vector of parameters, in computed units."""

    restrictions: Restrictions
    n_covariates: int

    def split(self, parameters: Array) -> tuple[Array, Array]:
        """Coefficients (n_classes, n_attributes) and membership (n_classes, 1 + n_covariates), the first row 0."""
        free, rest = np.split(parameters, [self.restrictions.n_free])
        rows = rest.reshape(-1, 1 + self.n_covariates)
        return self.restrictions.coefficients(free), np.vstack([np.zeros(rows.shape[1]), rows])

    def joined(self, coefficients: Array, membership: Array) -> Array:
        """The parameters; membership is measured from the first class."""
        return np.concatenate([self.restrictions.free(coefficients), (membership[1:] - membership[0]).ravel()])


@checked
def fit_latent_classes(
    data: ChoiceData,
    n_classes: Count,
    *,
    shared: Sequence[str] = (),
    fixed: Mapping[str, Any] | None = None,
    membership: Sequence[str] = (),
    n_starts: Count = STARTS,
    rng: np.random.Generator | None = None,
    progress: bool | Callable[[str], None] = False,
) -> LatentClasses:
    """Classes of people by maximum likelihood, with what they share, what is known of them, and who belongs to them.

    A person of class k takes option j with probability exp(x_j . b_k) / sum_l exp(x_l . b_k) at every choice, and is of
    class k with probability exp(g_k . z) / sum_l exp(g_l . z), z a one and the covariates, g_0 = 0. Where all classes
    are restricted alike, the largest comes first; otherwise classes keep the order of `fixed`. Without restrictions
    and covariates it is the model of `fit_latent_types`, which is faster.

    Parameters
    ----------
    data : ChoiceData
    n_classes : how many, at least two
    shared : attributes whose coefficient is the same in all classes that do not fix it
    fixed : coefficients that are known, by attribute: a number for all classes, or one per class with None where it is
        to be estimated. {"price": [None, 0]}: class 1 ignores prices (attribute non-attendance)
    membership : attributes that describe people, the same in all options and choices of a person: they say who is of
        which class, and leave utility
    n_starts : random starts; the likelihood has several maxima, and the best one found is returned
    rng : draws the starts; None: default_rng(0)
    progress : True to print a line per iteration to standard error, or a function that takes the line

    Raises
    ------
    ProblemError
        If a name is no attribute, classes cannot differ, choices cannot identify a coefficient, or a covariate varies
        within a person.
    DegenerateTypesError
        If the likelihood has no proper maximum with so many classes.

    References
    ----------
    Kamakura & Russell (1989), Journal of Marketing Research 26. Greene & Hensher (2003), Transportation Research B 37.
    Scarpa, Gilbride, Campbell & Hensher (2009), European Review of Agricultural Economics 36 (non-attendance).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> offers = rng.normal(size=(4000, 2, 2))
    >>> ignores = np.arange(4000) // 4 % 3 == 0                       # a third of 1000 people, 4 choices each
    >>> utility = 2.0 * offers[:, :, 1] - 1.5 * offers[:, :, 0] * ~ignores[:, np.newaxis]
    >>> taken = (utility + rng.gumbel(size=(4000, 2))).argmax(axis=1)
    >>> data = ChoiceData(offers, taken, np.arange(4000) // 4, ["price", "speed"])
    >>> model = fit_latent_classes(data, 2, shared=["price", "speed"], fixed={"price": [None, 0]}, n_starts=3)
    >>> bool(np.all(np.abs(model.weights - [2 / 3, 1 / 3]) < 3 * model.weight_standard_errors))
    True
    """
    if n_classes < 2:
        raise ProblemError(f"n_classes is {n_classes}: give at least 2, or use fit_multinomial_logit")
    if n_classes > checked_data(data).n_people:
        raise ProblemError(f"n_classes is {n_classes}: there are {data.n_people} people, give no more classes")
    refuse_one_person(data)
    plain, members = members_of(data, membership)
    chance = np.random.default_rng(0) if rng is None else generator(rng)
    restrictions = restrictions_of(tuple(plain.names or ()), n_classes, shared, fixed or {})
    units = units_of(plain)
    pieces = Pieces(restrictions.in_units(units.size), len(membership))
    scaled = units.applied(plain)
    scores = _scores(scaled, members, pieces)
    starts = _starts(scaled, units, pieces, n_starts, chance)
    try:
        best = maximum_of(scores, starts, reporter(progress))
        ordered = _largest_first(best.parameters, members, pieces, data.person_weight)
        convergence = best.convergence
        if ordered is not None:
            best = maximum_of(scores, [ordered], lambda _: None)
    except SolverError as trouble:
        decided = "" if fixed else separated(scaled)
        said = decided or _explained(trouble, members, pieces, data.person_weight)
        raise DegenerateTypesError(said) from trouble
    onto = _to_users(restrictions, units, members)
    back = np.linalg.inv(onto)
    parameters = onto @ best.parameters
    covariance = onto @ clustered(scores(best.parameters)[1], best.information) @ onto.T
    width = 1 + len(membership)
    rows = parameters[restrictions.n_free :].reshape(-1, width)
    return LatentClasses(
        data,
        tuple(membership),
        restrictions,
        restrictions.coefficients(parameters[: restrictions.n_free]),
        np.vstack([np.zeros(width), rows]),
        best.log_likelihood,
        covariance,
        back.T @ best.information @ back,
        convergence,
    )


def _scores(data: ChoiceData, members: Members, pieces: Pieces) -> Scores:
    """Weighted log likelihood and score of each person."""
    panel, design, each = panel_of(data, len(pieces.restrictions.known)), members.design, data.person_weight
    flat = pieces.restrictions.design.reshape(-1, pieces.restrictions.n_free)

    def scores(parameters: Array) -> tuple[Array, Array]:
        found = evaluated(panel, design, *pieces.split(parameters))
        in_free = found.in_coefficients.reshape(len(each), -1) @ flat
        score = np.hstack([in_free, found.in_membership.reshape(len(each), -1)])
        return found.by_person * each, score * each[:, np.newaxis]

    return scores


def _starts(data: ChoiceData, units: Units, pieces: Pieces, n_starts: int, rng: np.random.Generator) -> list[Array]:
    """Classes spread at random around the multinomial logit, of equal shares."""
    situations = situations_of(data)
    nothing = Point(np.zeros((1, data.n_attributes)), np.zeros(1))
    pooled = newton(situations, nothing, ridge=0.0, tolerance=1e-6).point.coefficients[0] / situations.scale
    n_classes = len(pieces.restrictions.known)
    reach = units.size / units.spread  # a coefficient that moves utility by one
    membership = np.zeros((n_classes, 1 + pieces.n_covariates))
    starts = []
    for _ in range(n_starts):
        stretch = np.exp(STRETCH * rng.normal(size=(n_classes, 1)))
        noise = AWAY * rng.normal(size=(n_classes, data.n_attributes))
        starts.append(pieces.joined(pooled * stretch + reach * noise, membership))
    return starts


def _largest_first(parameters: Array, members: Members, pieces: Pieces, each: Array) -> Array | None:
    """The same point with classes by their shares; None where they stand so, or where their order has a meaning."""
    if not pieces.restrictions.are_alike:
        return None
    coefficients, membership = pieces.split(parameters)
    order = np.argsort(-_weights(members, membership, each), kind="stable")
    if (order == np.arange(len(order))).all():
        return None
    return pieces.joined(coefficients[order], membership[order])


def _weights(members: Members, membership: Array, each: Array) -> Array:
    return np.asarray(np.average(np.exp(log_shares(members.design, membership)), axis=0, weights=each))


def _to_users(restrictions: Restrictions, units: Units, members: Members) -> Array:
    """What turns computed parameters into those in the units of the data; (n_parameters, n_parameters)."""
    first, second = np.diag(1 / restrictions.free_sizes(units.size)), members.to_users(len(restrictions.known))
    onto = np.zeros((len(first) + len(second),) * 2)
    onto[: len(first), : len(first)], onto[len(first) :, len(first) :] = first, second
    return onto


def _explained(trouble: SolverError, members: Members, pieces: Pieces, each: Array) -> str:
    """Why there is no proper maximum, in words."""
    remedy = "Ask for fewer classes, share or fix more coefficients, or bring more choices"
    if trouble.reached is None:
        return f"{trouble}. {remedy}"
    coefficients, membership = pieces.split(np.asarray(trouble.reached))
    weights = _weights(members, membership, each)
    k, size = int(np.argmin(weights)), float(np.abs(coefficients).max())
    return (
        f"the likelihood of {len(weights)} classes has no proper maximum: near the best point found class {k} has a "
        f"share of {weights[k]:.1e}, and the largest coefficient moves utility by {size:.1e}. {remedy}"
    )

"""Members of a group differ: their own utilities are integrated out by importance sampling.

Member h of group g has utilities Q x_h with x_h ~ N(x_g, sd_g^2 I) and answers by them. What the answers of all
members say about x_g and sd_g is the product of integrals over x_h. Laplace's approximation alone biases both when
members answer a few times each, so it only proposes: draws from it carry weights that correct it to the integral
(Pinheiro & Bates 1995). Score and information in x_g and log sd_g are posterior moments of the draws (Louis 1982). A
Newton step follows, and the next proposal is made where it leads, from the same normal numbers, until steps are small
against standard errors: proposals then fit, and weights vary only as much as the integrand is not normal.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from contracts.errors import SolverError
from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass
from inference.norms.likelihoods import Indices, Likelihood
from inference.norms.pooling import MODE_FOUND, Mode, Pooling, best_pooling, in_contrasts

TOTAL_DRAWS, FEWEST, MOST = 200_000, 64, 512  # of all members; of one, in antithetic halves
TOWARDS_PRIOR = 0.15  # of the proposal's covariance: tails are those of the prior, heavier than the mode promises
ROUNDS = 60  # of proposing; three or four are usual
FOUND = 1e-3  # squared Newton decrement, nats: the step is then 0.03 standard errors
SPREAD_FOUND = 5e-3  # relative change of the spread by Laplace, where the rounds begin
FEWEST_EFFECTIVE = 6  # effective, of the median member
CHUNK = 256  # members at a time, to bound memory
SPREAD_PRIOR_SD = 3.0  # of log sd around 0: keeps a spread about which nothing is known finite
SMALLEST_SPREAD = 1e-2


class Tastes(NamedTuple):
    """Where groups are, and how far their members are spread."""

    position: Array  # (n_groups, n_contrasts)
    spread: Array  # (n_groups,) sd of a member around the group


class MemberFit(NamedTuple):
    """The fitted tastes, with the posterior of the group positions."""

    tastes: Tastes
    mode: Mode  # information has the spread profiled out
    pooling: Pooling


@dataclass(frozen=True, eq=False)
class Draws:
    """Members' utilities drawn from the proposal, with the log weight of everything but their distribution."""

    group: Indices  # (n_members,)
    centre: Array  # (n_members, n_contrasts), of the proposal
    covariance: Array  # (n_members, n_contrasts, n_contrasts), of the proposal
    position: Array  # (n_members, n_draws, n_contrasts)
    log_weight: Array  # (n_members, n_draws), log likelihood minus log proposal density, constants left out


class Integrated(NamedTuple):
    """The simulated log likelihood at some tastes, its score and information in (position, log spread)."""

    value: float
    score: Array  # (n_groups, n_contrasts + 1)
    information: Array  # (n_groups, n_contrasts + 1, n_contrasts + 1)
    weights: Array  # (n_members, n_draws), sum to 1 by member


def integrated(draws: Draws, tastes: Tastes) -> Integrated:
    """Integrate the members out at given tastes.

    With a = x_h - x_g and d contrasts, a member's complete data have score f = (a / sd^2, |a|^2 / sd^2 - d) and
    information [[I / sd^2, 2a / sd^2], [., 2 |a|^2 / sd^2]]; the score is the mean of f over the posterior of a, the
    information the mean of the complete one minus the variance of f. Both are those of the normal proposal, in closed
    form, plus what weighting changes in the draws: unweighted draws are control variates.
    """
    n_groups, n_contrasts = tastes.position.shape
    spread = tastes.spread[draws.group][:, np.newaxis]
    away = draws.position - tastes.position[draws.group][:, np.newaxis, :]
    squared = np.einsum("hsk,hsk->hs", away, away) / spread**2
    log_density = draws.log_weight - squared / 2 - n_contrasts * np.log(spread)
    n_draws = log_density.shape[1]
    log_mean = logsumexp(log_density, axis=1) - np.log(n_draws)
    weights = np.exp(log_density - log_mean[:, np.newaxis]) / n_draws
    features = np.concatenate([away / spread[:, :, np.newaxis] ** 2, (squared - n_contrasts)[..., np.newaxis]], axis=2)
    weighted, plain = np.einsum("hs,hsk->hk", weights, features), features.mean(axis=1)
    score = np.zeros((n_groups, n_contrasts + 1))
    information = np.zeros((n_groups, n_contrasts + 1, n_contrasts + 1))
    for g in range(n_groups):
        own = np.flatnonzero(draws.group == g)
        centre = draws.centre[own] - tastes.position[g]
        mean, variance = _normal_moments(centre, draws.covariance[own], float(tastes.spread[g]))
        score[g] = mean + (weighted[own] - plain[own]).sum(axis=0)
        flat = features[own].reshape(-1, n_contrasts + 1)
        variance += (flat * (weights[own] - 1 / n_draws).reshape(-1, 1)).T @ flat
        variance -= weighted[own].T @ weighted[own] - plain[own].T @ plain[own]
        complete = np.eye(n_contrasts + 1) * len(own) / tastes.spread[g] ** 2
        complete[-1, :-1] = complete[:-1, -1] = 2 * score[g, :-1]
        complete[-1, -1] = 2 * (score[g, -1] + n_contrasts * len(own))
        information[g] = complete - variance
    return Integrated(float(log_mean.sum()), score, information, weights)


def _normal_moments(centre: Array, covariance: Array, spread: float) -> tuple[Array, Array]:
    """Mean and variance of f, added up over members whose a is normal."""
    n_members, n_contrasts = centre.shape
    pull = np.einsum("hkl,hl->k", covariance, centre)
    squares = (centre**2).sum() + np.trace(covariance, axis1=1, axis2=2).sum()
    variance = np.empty((n_contrasts + 1, n_contrasts + 1))
    variance[:-1, :-1] = covariance.sum(axis=0)
    variance[:-1, -1] = variance[-1, :-1] = 2 * pull
    variance[-1, -1] = 2 * (covariance**2).sum() + 4 * (np.einsum("hkl,hl->hk", covariance, centre) * centre).sum()
    mean = np.append(centre.sum(axis=0), squares - n_contrasts * n_members * spread**2) / spread**2
    return mean, variance / spread**4


def laplace(likelihood: Likelihood, group: Indices, tastes: Tastes, basis: Array, start: Array) -> tuple[Array, Array]:
    """Most likely utilities of every member, and the inverse of minus the Hessian there."""
    quadratic = in_contrasts(likelihood, basis)
    tight = 1 / tastes.spread[group] ** 2
    centre, eye = tastes.position[group], np.eye(basis.shape[1])

    def height(value: Array, position: Array) -> Array:
        return value - tight * ((position - centre) ** 2).sum(axis=1) / 2

    position = start
    value, score, information = quadratic(position)
    for _ in range(60):
        gradient = score - tight[:, np.newaxis] * (position - centre)
        precision = information + tight[:, np.newaxis, np.newaxis] * eye
        step = np.linalg.solve(precision, gradient[..., np.newaxis])[..., 0]
        decrement = (gradient * step).sum(axis=1)
        if decrement.max() < MODE_FOUND**0.5:  # a proposal need not be exact
            return position, np.asarray(np.linalg.inv(precision), dtype=np.float64)
        length = np.ones(len(position))
        before = height(value, position)
        for _ in range(30):
            moved = position + length[:, np.newaxis] * step
            new = quadratic(moved)
            worse = height(new[0], moved) < before + 1e-4 * length * decrement - 1e-10 * np.abs(before)
            if not worse.any():
                break
            length = np.where(worse, length / 2, length)
        position, (value, score, information) = moved, new
    raise SolverError("members' utilities did not converge: please report the data", tried=("Newton",))


def draw_members(
    likelihood: Likelihood, group: Indices, centre: Array, covariance: Array, basis: Array, normal: Array
) -> Draws:
    """Antithetic draws around every member's mode, with their log weights."""
    n_members = len(centre)
    normal = np.concatenate([normal, -normal], axis=1)
    position = centre[:, np.newaxis, :] + np.einsum("hkl,hsl->hsk", np.linalg.cholesky(covariance), normal)
    log_likelihood = np.concatenate(
        [
            likelihood.of_units(slice(k, min(k + CHUNK, n_members))).log_likelihood(position[k : k + CHUNK] @ basis.T)
            for k in range(0, n_members, CHUNK)
        ]
    )
    log_volume = np.linalg.slogdet(covariance)[1] / 2
    log_proposal = -(normal**2).sum(axis=2) / 2 - log_volume[:, np.newaxis]
    return Draws(group, centre, covariance, position, log_likelihood - log_proposal)


def fit_members(
    likelihood: Likelihood,
    group: Indices,
    basis: Array,
    start: Array,
    pooling: Pooling,
    rng: np.random.Generator,
    *,
    fixed: bool = False,
) -> MemberFit:
    """Group positions, spreads and (unless fixed) pooling that maximise the simulated posterior."""
    tastes = Tastes(start, np.full(len(start), 0.7))
    tastes, centre = laplace_tastes(likelihood, group, basis, tastes)
    n_draws = int(np.clip(TOTAL_DRAWS / len(group), FEWEST, MOST))
    normal = rng.standard_normal((len(group), n_draws // 2, start.shape[1]))
    length, last = 1.0, np.inf
    for _ in range(ROUNDS):
        centre, covariance = laplace(likelihood, group, tastes, basis, centre)
        prior = tastes.spread[group][:, np.newaxis, np.newaxis] ** 2 * np.eye(start.shape[1])
        proposal = (1 - TOWARDS_PRIOR) * covariance + TOWARDS_PRIOR * prior
        draws = draw_members(likelihood, group, centre, proposal, basis, normal)
        moments = integrated(draws, tastes)
        at = Mode(tastes.position, moments.value, moments.score[:, :-1], moments.information[:, :-1, :-1])
        pooling = pooling if fixed else best_pooling(at, pooling)
        tastes, decrement = newton_step(tastes, moments, pooling, length)
        length, last = length / 2 if decrement > last else length, decrement  # simulated curvature may be too low
        if decrement < FOUND:
            break
    else:
        raise SolverError("the spread of members did not converge: please report the data", tried=("simulation",))
    n_contrasts = start.shape[1]
    information = _with_spread_prior(moments.information)
    tilt = information[:, :n_contrasts, n_contrasts]
    profiled = information[:, :n_contrasts, :n_contrasts] - np.einsum(
        "gk,gl,g->gkl", tilt, tilt, 1 / information[:, n_contrasts, n_contrasts]
    )
    mode = Mode(tastes.position, moments.value, moments.score[:, :n_contrasts], profiled)
    effective = 1 / (moments.weights**2).sum(axis=1)
    if np.median(effective) < FEWEST_EFFECTIVE:
        raise SolverError(
            f"half of the members have fewer than {FEWEST_EFFECTIVE} effective draws of {n_draws}: with this many "
            "policies use members='alike'",
            tried=("simulation",),
        )
    return MemberFit(tastes, mode, pooling)


def laplace_tastes(likelihood: Likelihood, group: Indices, basis: Array, tastes: Tastes) -> tuple[Tastes, Array]:
    """Where Laplace's approximation puts groups and spreads, and the members' modes there.

    MacKay's steps shrink a spread near zero by a constant factor at a time, so every third one is extrapolated
    (Aitken).
    """
    centre, logs = tastes.position[group], [np.log(tastes.spread)]
    for _ in range(60):
        centre, covariance = laplace(likelihood, group, tastes, basis, centre)
        tastes = _laplace_step(centre, covariance, group, tastes)
        logs.append(np.log(tastes.spread))
        if np.abs(logs[-1] - logs[-2]).max() < SPREAD_FOUND:
            break
        if len(logs) == 4:
            step, change = logs[-1] - logs[-2], logs[-1] - 2 * logs[-2] + logs[-3]
            ahead = np.divide(-(step**2), change, out=step.copy(), where=change * step < 0)
            further = np.clip(logs[-1] + np.clip(ahead, -1.0, 1.0), np.log(SMALLEST_SPREAD), None)
            tastes, logs = Tastes(tastes.position, np.exp(further)), [further]
    return tastes, centre


def newton_step(tastes: Tastes, moments: Integrated, pooling: Pooling, length: float) -> tuple[Tastes, float]:
    """Up the log posterior, and the squared decrement; no further than the draws reach."""
    n_groups, n_contrasts = tastes.position.shape
    prior = np.zeros((n_groups, n_contrasts + 1, n_groups, n_contrasts + 1))
    k, g = np.arange(n_contrasts), np.arange(n_groups)
    prior[:, k, :, k] = pooling.precision(n_groups)
    prior[g, n_contrasts, g, n_contrasts] = 1 / SPREAD_PRIOR_SD**2
    at = np.column_stack([tastes.position, np.log(tastes.spread)]).ravel()
    gradient = moments.score.ravel() - prior.reshape(at.size, -1) @ at
    step = _ascent(moments.information, prior.reshape(at.size, -1), gradient)
    moved = (at + step * min(length, 0.5 / np.abs(step).max())).reshape(n_groups, -1)
    spread = np.maximum(np.exp(moved[:, -1]), SMALLEST_SPREAD)
    return Tastes(moved[:, :-1], spread), float(gradient @ step)


def _ascent(information: Array, prior: Array, gradient: Array) -> Array:
    """Newton's step; where the simulated function is not concave, along the curvature made positive."""
    from scipy.linalg import block_diag

    values, vectors = np.linalg.eigh(block_diag(*information) + prior)
    values = np.maximum(np.abs(values), 1e-6 * np.abs(values).max())
    return vectors @ ((vectors.T @ gradient) / values)


def _laplace_step(centre: Array, covariance: Array, group: Indices, tastes: Tastes) -> Tastes:
    """Newton's step for the groups; MacKay's for the spread, squares per degree of freedom that answers determine."""
    n_contrasts = centre.shape[1]
    position, spread = np.empty_like(tastes.position), np.empty_like(tastes.spread)
    for g, variance in enumerate(tastes.spread**2):
        away, own = centre[group == g] - tastes.position[g], covariance[group == g].sum(axis=0)
        # With members integrated out the score is sum(away) / sd^2, the information sum(I / sd^2 - C / sd^4).
        information = np.eye(n_contrasts) * len(away) - own / variance
        position[g] = tastes.position[g] + np.linalg.solve(information, away.sum(axis=0))
        squared = ((centre[group == g] - centre[group == g].mean(axis=0)) ** 2).sum()
        spread[g] = np.sqrt(squared / (len(away) * n_contrasts - np.trace(own) / variance))
    return Tastes(position, np.maximum(spread, SMALLEST_SPREAD))


def _with_spread_prior(information: Array) -> Array:
    regular = information.copy()
    regular[:, -1, -1] += 1 / SPREAD_PRIOR_SD**2
    return regular

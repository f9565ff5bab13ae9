"""Gibbs sampling of a normal population of tastes: the population given its people, the people given the population.

Person i has coefficients g(beta_i) with beta_i ~ N(mean, covariance). All chains move together: arrays of people are
(n_people, n_chains, n_attributes), arrays of populations (n_chains, ...). A covariance is held by a matrix R with
covariance^-1 = R R', called `root`. A sweep has three steps, each of which leaves the posterior as it is.

- **People given the population.** A Hamiltonian trajectory for each person, with the metric
  M_i = information_i + typical precision. In y = S_i^-1 beta with S_i S_i' = M_i^-1 the posterior of a person is close
  to a standard normal, so that one step size serves everybody and three steps carry most of the way to an independent
  draw. The trajectory is accepted by the rule of Metropolis.
- **Population given the people.** Conjugate, exact.
- **Population and people together.** Where choices say little about each person, the two steps above follow each other
  slowly. So the mean and the Cholesky factor F of the covariance move while everybody keeps its place
  F^-1 (beta_i - mean) in the population: one more trajectory, in (mean, F).

Metrics and step sizes are tuned in the warm-up and then fixed.

Rossi, Allenby & McCulloch (2005), Bayesian Statistics and Marketing, ch. 5; Neal (2011), MCMC using Hamiltonian
dynamics; Yu & Meng (2011), To center or not to center (interweaving), JCGS 20.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import numpy as np

from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass
from inference.logit.panel import Panel, information, log_likelihood_and_score
from inference.logit.trajectory import chance_to_move, trajectory
from inference.tastes.distribution import TasteDistribution
from inference.tastes.prior import HierarchicalPrior, draw_population

ACCEPTANCE = 0.8  # mean acceptance that the step size is tuned to
LEAPFROGS = 3  # steps of a person's trajectory
JOINT_LEAPFROGS = 2  # steps of the trajectory of population and people together
JITTER = (0.5, 1.2)  # the step size varies between sweeps: no trajectory comes back to its start, none is stuck
AWAY = 300.0  # logarithm of a stretch of the population in one trajectory, beyond which it has run away
RIDGE = 1e-10  # of a metric with a diagonal of ones
TUNINGS = (0.05, 0.1, 0.2, 0.35, 0.55, 0.8)  # shares of the warm-up after which metrics are computed anew


@dataclass(frozen=True, eq=False)
class Sample:
    """One point of all chains."""

    beta: Array  # (n_people, n_chains, n_attributes)
    mean: Array  # (n_chains, n_attributes)
    root: Array  # (n_chains, n_attributes, n_attributes), covariance^-1 = root root'
    value: Array  # (n_people, n_chains) log likelihood
    score: Array  # (n_people, n_chains, n_attributes) its derivative in beta
    acceptance: float = 0.0  # mean over people and chains, in the last sweep
    joint_acceptance: float = 0.0  # mean over chains of the trajectory of population and people together


@dataclass(frozen=True, eq=False)
class Tuning:
    """The metrics, as factors S with S S' = metric^-1, and the step sizes."""

    spread: Array  # (n_people, n_attributes, n_attributes)
    joint_spread: Array  # (n, n) for the n entries of the mean and of a lower triangular matrix
    anchor: Array  # (n_attributes, n_attributes), Cholesky factor of a typical covariance
    step: float = 1.0
    joint_step: float = 1.0


@dataclass(frozen=True, eq=False)
class People:
    """Everybody's choices and how coefficients come from beta."""

    panel: Panel
    kinds: tuple[str, ...]
    centre: Array  # (n_attributes,), where logarithms are measured from; 0 for normal coefficients

    def coefficients(self, beta: Array) -> Array:
        """g(centre + beta)."""
        return TasteDistribution.standard(self.kinds).coefficients(self.centre + beta)

    def slope(self, beta: Array) -> tuple[Array, Array]:
        """Log likelihood, (n_people, n_chains), and its derivative in beta, (n_people, n_chains, n_attributes)."""
        lost = np.asarray(~np.isfinite(beta).all(axis=-1))  # a trajectory that runs away is refused
        with np.errstate(over="ignore", invalid="ignore"):
            coefficients = self.coefficients(np.where(lost[..., np.newaxis], 0.0, beta))
            value, score = log_likelihood_and_score(self.panel, coefficients)
            lognormal = np.array(self.kinds) != "normal"
            score[..., lognormal] *= coefficients[..., lognormal]
        lost |= ~(np.isfinite(value) & np.isfinite(score).all(axis=-1))
        return np.where(lost, -np.inf, value), np.where(lost[..., np.newaxis], 0.0, score)

    def information(self, beta: Array) -> Array:
        """Of each person about beta, (n_people, n_attributes), without what the curvature of g adds."""
        coefficients = self.coefficients(beta)
        inner = np.where(np.array(self.kinds) == "normal", 1.0, coefficients)
        return np.asarray(information(self.panel, coefficients) * inner[:, :, np.newaxis] * inner[:, np.newaxis])


def move_people(people: People, tuning: Tuning, now: Sample, rng: np.random.Generator) -> Sample:
    """One trajectory of every person in every chain, accepted or refused one by one."""
    precision = now.root @ now.root.transpose(0, 2, 1)
    step = tuning.step * rng.uniform(*JITTER)

    def uphill(beta: Array, score: Array) -> Array:
        """Derivative of the log posterior in y."""
        pull = np.einsum("nci,cij->ncj", beta - now.mean, precision, optimize=True)
        return np.asarray((score - pull) @ tuning.spread)

    def at(beta: Array) -> tuple[Array, tuple[Array, Array]]:
        value, score = people.slope(beta)
        return uphill(beta, score), (value, score)

    def log_posterior(value: Array, beta: Array) -> Array:
        apart = (beta - now.mean).transpose(1, 0, 2) @ now.root
        return np.asarray(value - 0.5 * (apart**2).sum(axis=2).T)

    momentum = rng.standard_normal(now.beta.shape)
    start = log_posterior(now.value, now.beta) - 0.5 * (momentum**2).sum(axis=2)
    back = tuning.spread.transpose(0, 2, 1)
    with np.errstate(over="ignore", invalid="ignore"):  # a trajectory that runs away is refused
        slope = uphill(now.beta, now.score)
        beta, momentum, (value, score) = trajectory(
            at, step, LEAPFROGS, point=now.beta, momentum=momentum, slope=slope, along=lambda way: way @ back
        )
        end = log_posterior(value, beta) - 0.5 * (momentum**2).sum(axis=2)
        probability = chance_to_move(end - start)
    moves = rng.random(end.shape) < probability
    return replace(
        now,
        beta=np.where(moves[:, :, np.newaxis], beta, now.beta),
        value=np.where(moves, value, now.value),
        score=np.where(moves[:, :, np.newaxis], score, now.score),
        acceptance=float(probability.mean()),
    )


def move_together(
    people: People, tuning: Tuning, now: Sample, prior: HierarchicalPrior, rng: np.random.Generator
) -> Sample:
    """One trajectory of (mean, F) in every chain, everybody's beta = mean + F F_0^-1 (beta_0 - mean_0) carried along.

    Coordinates are the mean and E = F anchor^-1, lower triangular, its diagonal as logarithms l; they are the same for
    all states, so that the way back is as probable as the way there. With P = anchor^-T anchor^-1, the covariance is
    E P^-1 E', and Q = E^-T P E^-1 its inverse. Lower triangular factors have Jacobian prod_k F_kk^(K - k + 1), so that
    in (l, entries below the diagonal) the inverse Wishart has the density exp(-sum_k (degrees + k - 1) l_k -
    tr(scale Q) / 2) up to a constant, k = 1, ..., K. With the prior of the mean,

        log posterior = sum_i log L_i - sum_k (degrees + k) l_k - tr((scale + strength mean mean') Q) / 2,

    whose derivative in the entries of E is that of sum_i score_i place_i' + Q (scale + strength mean mean') E^-T, with
    place_i = E^-1 (beta_i - mean), which does not move.
    """
    size = len(people.kinds)
    strength, degrees, scale = prior.parts(size)
    away = np.linalg.inv(tuning.anchor)
    precision = away.T @ away
    factor = _factor_of_inverse(now.root)
    here = factor @ away
    place = np.einsum("cij,ncj->nci", _inverse_of_lower(here), now.beta - now.mean, optimize=True)
    rows, columns = np.tril_indices(size)
    on_diagonal = rows == columns
    exponent = degrees + np.arange(1, size + 1)
    step = tuning.joint_step * rng.uniform(*JITTER)

    def stretched(theta: Array) -> Array:
        stretch = np.zeros((len(theta), size, size))
        stretch[:, rows, columns] = theta[:, size:]
        with np.errstate(over="ignore"):  # of a trajectory that has run away and will be refused
            stretch[:, np.arange(size), np.arange(size)] = np.exp(theta[:, size:][:, on_diagonal])
        return stretch

    def at(theta: Array) -> tuple[Array, tuple[Array, Array, Array, Array]]:
        """Derivative of the log posterior, and what it is, with the people there."""
        near = np.abs(theta[:, size:][:, on_diagonal]) < AWAY
        lost = np.asarray(~(near.all(axis=1) & np.isfinite(theta).all(axis=1)))
        theta = np.where(lost[:, np.newaxis], 0.0, theta)
        mean, stretch = theta[:, :size], stretched(theta)
        beta = mean + np.einsum("cij,ncj->nci", stretch, place, optimize=True)
        value, score = people.slope(beta)
        back = _inverse_of_lower(stretch)
        there = back.transpose(0, 2, 1) @ precision @ back
        moment = scale + strength * mean[:, :, np.newaxis] * mean[:, np.newaxis]
        log_stretch = theta[:, size:][:, on_diagonal]
        density = value.sum(axis=0) - log_stretch @ exponent - 0.5 * (moment * there).sum(axis=(1, 2))
        of_mean = score.sum(axis=0) - strength * np.einsum("cij,cj->ci", there, mean)
        of_stretch = np.einsum("nci,ncj->cij", score, place, optimize=True)
        entries = (of_stretch + there @ moment @ back.transpose(0, 2, 1))[:, rows, columns]
        entries[:, on_diagonal] = entries[:, on_diagonal] * np.exp(log_stretch) - exponent
        slope = np.concatenate([of_mean, entries], axis=1) @ tuning.joint_spread
        lost |= ~np.isfinite(slope).all(axis=1)
        slope[lost], density = 0.0, np.where(lost, -np.inf, density)
        return slope, (density, beta, value, score)

    entries = here[:, rows, columns]
    entries[:, on_diagonal] = np.log(entries[:, on_diagonal])
    theta = np.concatenate([now.mean, entries], axis=1)
    momentum = rng.standard_normal(theta.shape)
    with np.errstate(over="ignore", invalid="ignore"):
        slope, (before, *_) = at(theta)
        start = before - 0.5 * (momentum**2).sum(axis=1)
        back = tuning.joint_spread.T
        theta, momentum, (density, beta, value, score) = trajectory(
            at, step, JOINT_LEAPFROGS, point=theta, momentum=momentum, slope=slope, along=lambda way: way @ back
        )
        probability = chance_to_move(density - 0.5 * (momentum**2).sum(axis=1) - start)
    moves = rng.random(probability.shape) < probability
    turned = moves[:, np.newaxis, np.newaxis]
    root = _inverse_of_lower(np.where(turned, stretched(theta), here)).transpose(0, 2, 1) @ away.T
    return Sample(
        np.where(moves[:, np.newaxis], beta, now.beta),
        np.where(moves[:, np.newaxis], theta[:, :size], now.mean),
        np.where(turned, root, now.root),
        np.where(moves, value, now.value),
        np.where(moves[:, np.newaxis], score, now.score),
        now.acceptance,
        float(probability.mean()),
    )


def sweeps(
    people: People, start: Array, prior: HierarchicalPrior, warmup: int, rng: np.random.Generator
) -> Iterator[Sample]:
    """Sweep after sweep without end; the first `warmup` of them are tuned and not yet draws.

    Parameters
    ----------
    start : (n_people, n_chains, n_attributes) array, where the people begin
    """
    mean, root = draw_population(start, prior, rng)
    now = Sample(start, mean, root, *people.slope(start))
    history = [now]
    tuning = tuned(people, Tuning(np.empty(0), np.empty(0), np.empty(0)), history, prior)
    marks = {int(share * warmup) for share in TUNINGS}
    for number in count():
        now = move_people(people, tuning, now, rng)
        mean, root = draw_population(now.beta, prior, rng)
        now = move_together(people, tuning, replace(now, mean=mean, root=root), prior, rng)
        if number < warmup:
            gain = 1 / np.sqrt(1 + number / 10)  # Robbins & Monro (1951)
            tuning = replace(
                tuning,
                step=tuning.step * float(np.exp(gain * (now.acceptance - ACCEPTANCE))),
                joint_step=tuning.joint_step * float(np.exp(gain * (now.joint_acceptance - ACCEPTANCE))),
            )
            history.append(now)
            if number in marks:
                tuning, history = tuned(people, tuning, history, prior), []
        yield now


def tuned(people: People, tuning: Tuning, history: list[Sample], prior: HierarchicalPrior) -> Tuning:
    """Metrics at the averages of some samples.

    The joint metric is the outer product of everybody's scores in (mean, E), as if E were the identity, plus about what
    the prior adds.
    """
    size = len(people.kinds)
    strength, degrees, _ = prior.parts(size)
    rows, columns = np.tril_indices(size)
    precision = np.mean([(now.root @ now.root.transpose(0, 2, 1)).mean(axis=0) for now in history], axis=0)
    metric = people.information(np.mean([now.beta.mean(axis=1) for now in history], axis=0)) + precision
    joint = np.zeros((size + len(rows), size + len(rows)))
    for now in history[-20:]:
        entries = now.score[:, :, rows] * (now.beta - now.mean)[:, :, columns]
        both = np.concatenate([now.score, entries], axis=2).reshape(-1, len(joint))
        joint += both.T @ both / (now.beta.shape[1] * len(history[-20:]))
    covariance = np.linalg.inv(precision)
    own, variance = np.diag(precision), np.diag(covariance)
    joint += np.diag(np.concatenate([strength * own, degrees * own[rows] * variance[columns]]))
    return replace(
        tuning,
        spread=_inverse_root(metric),
        joint_spread=_inverse_root(joint),
        anchor=_factor_of_inverse(np.linalg.cholesky(precision)),
    )


def _factor_of_inverse(root: Array) -> Array:
    """Lower triangular F with F F' = (root root')^-1, from root itself, so that no square is rounded to indefinite."""
    upper = np.linalg.qr(np.linalg.inv(root), mode="r")
    sign = np.where(np.diagonal(upper, axis1=-2, axis2=-1) < 0, -1.0, 1.0)
    return np.asarray(np.swapaxes(upper * sign[..., np.newaxis], -1, -2))


def _inverse_of_lower(lower: Array) -> Array:
    """Inverses of lower triangular matrices, (n, size, size), row by row: none is singular, whatever its size."""
    inverse = np.zeros_like(lower)
    for k, row in enumerate(np.eye(lower.shape[1])):
        inverse[:, k] = (row - np.einsum("cj,cjl->cl", lower[:, k, :k], inverse[:, :k])) / lower[:, k, k, np.newaxis]
    return inverse


def _inverse_root(metric: Array) -> Array:
    """S = L^-T for metric = L L', so that S S' = metric^-1; of one matrix or of many.

    The metric only tunes, so what rounding has made indefinite gets a small ridge.
    """
    scale = np.sqrt(np.diagonal(metric, axis1=-2, axis2=-1))
    scaled = metric / (scale[..., np.newaxis] * scale[..., np.newaxis, :]) + RIDGE * np.eye(metric.shape[-1])
    root = np.swapaxes(np.linalg.inv(np.linalg.cholesky(scaled)), -1, -2)
    return np.ascontiguousarray(root / scale[..., np.newaxis])

"""Partial pooling: groups share a common norm, and how much they do is learned.

Utilities of group g are v_g = Q (m + d_g): Q holds orthonormal contrasts of the items (columns that sum to zero), m is
common, d_g the group's own. m ~ N(0, common_sd^2 I), d_g ~ N(0, group_sd^2 I), so x_g = m + d_g has covariance
common_sd^2 + group_sd^2 [g = h] between groups, the same for every contrast. Both standard deviations maximise the
marginal likelihood (empirical Bayes), with the log likelihood replaced by its quadratic at the mode (Laplace), times
the gamma(2, 1) density of each. That density is 0 at 0: few groups never prove that groups are all alike, and an
estimate of 0 would claim it (Chung, Rabe-Hesketh, Dorie, Gelman & Liu 2013, Psychometrika 78).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve, helmert

from contracts.display.limits import at_the_bound
from contracts.errors import SolverError
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from contracts.inputs.kinds import Count
from inference.norms.likelihoods import Likelihood

SMALLEST_SD, LARGEST_SD = 1e-3, 1e2  # logits; beyond these a standard deviation says "none" or "no pooling"
NEAR = 1.01  # times a bound: a search that ends so near it was stopped by it
MODE_FOUND = 1e-10  # squared Newton decrement, in nats
POOLING_FOUND = 1e-4  # relative change of both standard deviations


@checked
class Pooling(NamedTuple):
    """How far utilities spread around zero in common, and groups around what is common; logits."""

    common_sd: float
    group_sd: float

    def precision(self, n_groups: Count) -> Array:
        """Of one contrast across groups, (n_groups, n_groups)."""
        together = np.full((n_groups, n_groups), self.common_sd**2)
        return np.asarray(np.linalg.inv(together + self.group_sd**2 * np.eye(n_groups)))


class Mode(NamedTuple):
    """Where the posterior is highest, and the quadratic of the log likelihood there."""

    position: Array  # (n_groups, n_contrasts)
    value: float  # log likelihood
    score: Array  # (n_groups, n_contrasts), its gradient
    information: Array  # (n_groups, n_contrasts, n_contrasts), minus its Hessian


def contrasts(n_items: int) -> Array:
    """Orthonormal contrasts, (n_items, n_items - 1): columns are orthogonal, of unit length, and sum to zero.

    Examples
    --------
    >>> contrasts(2).round(3).ravel()
    array([ 0.707, -0.707])
    """
    return np.asarray(helmert(n_items)).T


def in_contrasts(likelihood: Likelihood, basis: Array) -> Callable[[Array], tuple[Array, Array, Array]]:
    """Log likelihood of units by contrasts: value, gradient and minus the Hessian."""

    def quadratic(position: Array) -> tuple[Array, Array, Array]:
        value, gradient, hessian = likelihood.derivatives(position @ basis.T)
        return value, gradient @ basis, -(basis.T @ hessian @ basis)

    return quadratic


def posterior_precision(information: Array, pooling: Pooling) -> Array:
    """(n_groups n_contrasts, same): information of the answers plus that of the pooling."""
    n_groups, n_contrasts, _ = information.shape
    total = np.einsum("gh,kl->gkhl", pooling.precision(n_groups), np.eye(n_contrasts))
    total[np.arange(n_groups), :, np.arange(n_groups)] += information
    return total.reshape(n_groups * n_contrasts, -1)


def posterior_mode(likelihood: Likelihood, basis: Array, start: Array, pooling: Pooling) -> Mode:
    """Newton's method with step halving on a concave log posterior.

    Raises
    ------
    SolverError
        If it does not converge in 200 steps, which a concave function with finite data does.
    """
    quadratic = in_contrasts(likelihood, basis)
    prior = pooling.precision(len(start))
    position = start
    value, score, information = quadratic(position)
    for _ in range(200):
        gradient = score - prior @ position
        step = np.linalg.solve(posterior_precision(information, pooling), gradient.ravel()).reshape(position.shape)
        decrement = float((gradient * step).sum())
        if decrement < MODE_FOUND:
            return Mode(position, float(value.sum()), score, information)
        height = value.sum() - (position * (prior @ position)).sum() / 2
        for halving in range(40):
            moved = position + step / 2**halving
            new = quadratic(moved)
            if new[0].sum() - (
                moved * (prior @ moved)
            ).sum() / 2 >= height + 1e-4 * decrement / 2**halving - 1e-12 * abs(height):
                break
        position, (value, score, information) = moved, new
    raise SolverError("the group utilities did not converge: please report the data", tried=("Newton",))


def log_evidence(mode: Mode, pooling: Pooling) -> tuple[float, Array]:
    """Log of the integral of likelihood times prior, the log likelihood being its quadratic at the mode (Laplace).

    Also its gradient by the log of both standard deviations. If posterior mean and covariance have second moments M,
    summed over the contrasts, and C is the prior covariance between groups of each of the K contrasts, the derivative
    is tr[C^-1 dC C^-1 (M - K C)] / 2.
    """
    n_groups, n_contrasts = mode.position.shape
    linear = np.einsum("gkl,gl->gk", mode.information, mode.position) + mode.score
    precision = pooling.precision(n_groups)
    factor = cho_factor(posterior_precision(mode.information, pooling), lower=True)
    covariance = cho_solve(factor, np.eye(linear.size))
    mean = covariance @ linear.ravel()
    at_zero = mode.value - (mode.score * mode.position).sum()
    at_zero -= np.einsum("gk,gkl,gl->", mode.position, mode.information, mode.position) / 2
    normaliser = np.linalg.slogdet(precision)[1] * n_contrasts / 2 - np.log(np.diag(factor[0])).sum()
    second = np.einsum("gkhk->gh", (covariance + np.outer(mean, mean)).reshape(mode.position.shape * 2))
    by_covariance = precision @ second @ precision - n_contrasts * precision
    gradient = [pooling.common_sd**2 * by_covariance.sum(), pooling.group_sd**2 * np.trace(by_covariance)]
    return float(at_zero + linear.ravel() @ mean / 2 + normaliser), np.array(gradient)


def log_posterior(mode: Mode, pooling: Pooling) -> tuple[float, Array]:
    """Evidence times the gamma(2, 1) density of every standard deviation that is not fixed at 0, and its gradient."""
    value, gradient = log_evidence(mode, pooling)
    sds = np.array(pooling)
    free = sds > 0
    return value + float((np.log(sds[free]) - sds[free]).sum()), gradient + free * (1.0 - sds)


def best_pooling(mode: Mode, start: Pooling) -> Pooling:
    """The standard deviations that maximise evidence times prior, for the quadratic at the mode."""
    from scipy.optimize import minimize

    several = len(mode.position) > 1  # one group alone cannot tell the common from its own

    def pooled(logs: Any) -> Pooling:
        return Pooling(float(np.exp(logs[0])), float(np.exp(logs[1])) if several else 0.0)

    first = np.log(np.clip(np.array(start)[: 1 + several], SMALLEST_SD, LARGEST_SD))
    limits = [(float(np.log(SMALLEST_SD)), float(np.log(LARGEST_SD)))] * len(first)

    def loss(logs: Array) -> tuple[float, Array]:
        value, gradient = log_posterior(mode, pooled(logs))
        return -value, -gradient[: len(first)]

    found = minimize(loss, first, jac=True, method="L-BFGS-B", bounds=limits)
    return pooled(found.x)


def pooling_at_bound(pooling: Pooling) -> tuple[str, ...]:
    """Bounds of the search that estimated standard deviations met."""
    of = ("sd of policies", "sd of groups around what is common")
    small = ("what is common is that all policies are alike", "groups are alike")
    large = ("nothing is pooled towards alike", "groups have nothing in common")
    said = []
    for sd, what, none, much in zip(pooling, of, small, large, strict=True):
        if 0 < sd <= SMALLEST_SD * NEAR:
            said.append(at_the_bound(what, SMALLEST_SD, none))
        elif sd >= LARGEST_SD / NEAR:
            said.append(at_the_bound(what, LARGEST_SD, much))
    return tuple(said)


def fit_pooled(likelihood: Likelihood, basis: Array, start: Array, pooling: Pooling) -> tuple[Mode, Pooling]:
    """Mode and pooling in turn, from a start of both, until the pooling stands still."""
    mode = posterior_mode(likelihood, basis, start, pooling)
    for _ in range(100):
        previous, pooling = pooling, best_pooling(mode, pooling)
        mode = posterior_mode(likelihood, basis, mode.position, pooling)
        if np.allclose(previous, pooling, rtol=POOLING_FOUND, atol=0.0):
            return mode, pooling
    raise SolverError("the degree of pooling did not converge: please report the data", tried=("Laplace",))

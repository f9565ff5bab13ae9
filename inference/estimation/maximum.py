"""The highest of several maxima of a simulated likelihood: BFGS from every start, Newton steps from the best end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import scipy.optimize

from contracts.errors import SolverError
from contracts.inputs.arrays import Array
from inference.logit.convergence import Convergence

CONVERGED = 1e-8  # log likelihood that a Newton step still promises, over all people
GRADIENT, ROUGH = 1e-3, 1.0  # in log likelihood per unit of a parameter, where a climb ends
NEAR = 1e-5  # log likelihood that a move gains after which the information is still the same: .0045 standard errors
STEPS = 20
DIFFERENCE = 1e-6  # relative step of differences of the exact gradient: errors of that order, far below standard ones
FLAT = 1e-8  # information left, relative to that at the start, below which there is no maximum to speak of

Scores = Callable[[Array], tuple[Array, Array]]


class Maximum(NamedTuple):
    """The best point found, and how."""

    parameters: Array
    log_likelihood: float
    information: Array
    convergence: Convergence


class End(NamedTuple):
    """Where BFGS ended from one start."""

    parameters: Array
    log_likelihood: float
    rounds: int
    size: Array  # (n_parameters,) information about each parameter at the start


def maximum_of(
    scores: Scores, starts: list[Array], report: Callable[[str], None], coarse: Scores | None = None
) -> Maximum:
    """The best local maximum that the starts lead to.

    Parameters
    ----------
    scores : from parameters to log likelihoods, (n_people,), and their derivatives, (n_people, n_parameters)
    starts : each (n_parameters,)
    coarse : a cheap likelihood that is much the same, on which every climb begins
    """
    ends = []
    for number, start in enumerate(starts, start=1):
        where = f"start {number} of {len(starts)}: " if len(starts) > 1 else ""
        told: Callable[[str], None] = lambda line, where=where: report(where + line)  # type: ignore[misc]  # noqa: E731
        first = None if coarse is None else climbed(coarse, start, told, ROUGH)
        end = climbed(scores, start if first is None else first.parameters, told)
        ends.append(end if first is None else end._replace(rounds=first.rounds + end.rounds, size=first.size))
    ends.sort(key=lambda end: -end.log_likelihood)
    best = ends[0]
    parameters, value, information, rounds = finished(scores, best)
    score = scores(parameters)[1]
    error = np.sqrt(np.maximum((score**2).sum(axis=0), np.finfo(np.float64).tiny))
    gradient = float(np.max(np.abs(score.sum(axis=0)) / error, initial=0.0))
    others = tuple(end.log_likelihood for end in ends[1:])
    return Maximum(parameters, value, information, Convergence((value, *others), best.rounds + rounds, gradient))


def loss_of(scores: Scores) -> Callable[[Array], tuple[float, Array]]:
    """Minus the log likelihood and its derivative; infinite where it cannot be computed."""

    def loss(parameters: Array) -> tuple[float, Array]:
        if not np.isfinite(parameters).all():
            return np.inf, np.zeros(len(parameters))
        with np.errstate(over="ignore", invalid="ignore"):  # a long first step of the line search
            value, score = scores(parameters)
        total = float(value.sum())
        return (-total, -score.sum(axis=0)) if np.isfinite(total) else (np.inf, np.zeros(len(parameters)))

    return loss


def climbed(scores: Scores, start: Array, report: Callable[[str], None], gradient: float = GRADIENT) -> End:
    """BFGS until no component of the gradient is larger.

    Its first metric is the outer product of scores at the start (Berndt, Hall, Hall & Hausman 1974).
    """
    score = scores(start)[1]
    outer = score.T @ score
    size = np.maximum(np.diag(outer), np.finfo(np.float64).tiny)
    metric = np.linalg.inv(outer + 1e-3 * np.diag(size))

    def told(intermediate_result: Any) -> None:
        report(f"log likelihood {-intermediate_result.fun:.4f}")

    options: Any = {"hess_inv0": (metric + metric.T) / 2, "gtol": gradient, "maxiter": 1000}
    found = scipy.optimize.minimize(loss_of(scores), start, jac=True, method="BFGS", callback=told, options=options)
    return End(np.asarray(found.x), -float(found.fun), int(found.nit), size)


def finished(scores: Scores, end: End) -> tuple[Array, float, Array, int]:
    """Parameters, log likelihood, information and number of steps: Newton until a step promises nothing.

    A second derivative costs as much as many gradients, so steps are taken with the same one while they promise less
    and less. It is computed anew where all of them together went so far that it would have changed.
    """
    loss, parameters = loss_of(scores), end.parameters
    value, slope = loss(parameters)
    rounds = 0
    while rounds < STEPS:
        information = _second_derivative(loss, parameters, slope)
        relative = information / np.sqrt(np.outer(end.size, end.size))  # free of units
        if not np.isfinite(relative).all() or np.linalg.eigvalsh(relative)[0] <= FLAT:
            raise SolverError(
                "the log likelihood has no proper maximum: some combination of coefficients is not identified, or an "
                "attribute decides every choice; fix or leave out a coefficient, or observe more choices",
                ("BFGS", "Newton"),
                parameters,
            )
        begun, promised = parameters, np.inf
        while rounds < STEPS:
            step = np.linalg.solve(information, slope)
            promise = float(slope @ step) / 2
            moved = parameters - begun
            if promise < CONVERGED and moved @ information @ moved / 2 < NEAR:
                return parameters, -value, information, rounds
            if not promise < promised / 2 or promise < CONVERGED:
                break
            promised, length = promise, 1.0
            while (ahead := loss(parameters - length * step))[0] > value and length > 1e-6:
                length /= 2
            parameters, (value, slope) = parameters - length * step, ahead
            rounds += 1
    raise SolverError(f"the log likelihood was not maximised in {STEPS} Newton steps", ("BFGS", "Newton"), parameters)


def _second_derivative(loss: Callable[[Array], tuple[float, Array]], parameters: Array, slope: Array) -> Array:
    """Differences from the exact gradient at the point; symmetric."""
    steps = DIFFERENCE * np.maximum(np.abs(parameters), 0.1)
    columns = [
        (loss(parameters + step * unit)[1] - slope) / step
        for step, unit in zip(steps, np.eye(len(parameters)), strict=True)
    ]
    second = np.array(columns)
    return np.asarray((second + second.T) / 2)

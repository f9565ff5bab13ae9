"""Maximum likelihood of a mixture of logit models: EM from many starts at once, then Newton steps on the whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax, softmax

from contracts.inputs.arrays import Array
from inference.logit.mixture import (
    Derivatives,
    Evaluation,
    Situations,
    derivatives,
    evaluate,
    expected_difference,
    information,
    likelihood,
    share_basis,
)

EM_ROUNDS, EM_GAIN = 200, 1e-2  # EM hands over to Newton once a round gains less log likelihood than this
NEWTON_ROUNDS, HALVINGS = 100, 40
AT_ONCE = 2**24  # floats that the starts run side by side may need
SEED_ROUNDS = 4
DAMPING = 1e-8  # of one person's pooled information, in the Newton steps of types that nearly nobody belongs to
LEAST_SHARE = 1e-9  # of one person: where a type that EM has emptied stands when Newton begins
FLAT = 1e-9  # curvature below this share of its parameters' own is taken as none
ENDLESS = 1e-8  # log likelihood still to gain, where scores do not balance: it rises towards infinite coefficients
ROUNDING = 1e-10  # relative: gains below this cannot be seen in a sum over people


class Point(NamedTuple):
    """Coefficients (n_types, n_attributes) in scaled units and log shares (n_types,)."""

    coefficients: Array
    log_weights: Array


class Prior(NamedTuple):
    """A normal prior on the coefficients of one type, or what ridge regression makes of it."""

    centre: Array  # (n_attributes,)
    precision: Array  # (n_attributes, n_attributes)

    def log_density(self, coefficients: Array) -> Array:
        """Up to a constant; (m,) from (m, n_attributes)."""
        away = coefficients - self.centre
        return np.asarray(-np.einsum("ma,ab,mb->m", away, self.precision, away) / 2)


class Maximum(NamedTuple):
    """Where one start ended."""

    point: Point
    objective: float  # log likelihood less the penalty
    gradient: float  # largest component, each in units of its standard deviation over people
    curvature: float  # smallest eigenvalue of the information, its diagonal scaled to one
    is_endless: bool  # whether the objective still rises, ever less, with ever larger coefficients
    direction: Array  # (n_parameters,) in which it rises without end, or curves least; in scaled units
    rounds: int  # of EM and of Newton


def fit(
    situations: Situations,
    n_types: int,
    rng: np.random.Generator,
    *,
    starts: int,
    ridge: float,
    tolerance: float,
    report: Callable[[str], None],
) -> list[Maximum]:
    """Local maxima of the log likelihood less ridge |b|^2 / 2, one per start, the best first."""
    n_attributes = situations.n_attributes
    pooled = newton(situations, Point(np.zeros((1, n_attributes)), np.zeros(1)), ridge=ridge, tolerance=tolerance)
    if n_types == 1:
        return [pooled]
    own = information_of_one_person(situations, pooled.point)
    prior = Prior(np.zeros(n_attributes), ridge * np.eye(n_attributes))
    chunk = max(1, AT_ONCE // (situations.difference.size * n_types))
    maxima: list[Maximum] = []
    for begin in range(0, starts, chunk):
        count = min(chunk, starts - begin)
        points = random_points(situations, n_types, count, rng, Prior(pooled.point.coefficients[0], own))
        for point, rounds in em(situations, points, prior, DAMPING * own):
            found = newton(situations, point, ridge=ridge, tolerance=tolerance)
            maxima.append(found._replace(rounds=found.rounds + rounds))
            best = max(maximum.objective for maximum in maxima)
            report(f"start {len(maxima)} of {starts}: log likelihood {found.objective:.4f}, best {best:.4f}")
    return sorted(maxima, key=lambda maximum: -maximum.objective)


def information_of_one_person(situations: Situations, pooled: Point) -> Array:
    """Mean information of a person's choices in the pooled model; (n_attributes, n_attributes)."""
    found = evaluate(situations, pooled.coefficients)
    everybody = (situations.counts.T @ situations.weight)[:, np.newaxis]
    total = information(situations, found, expected_difference(situations, found), everybody)[0]
    return np.asarray(total / situations.weight.sum())


def random_points(
    situations: Situations, n_types: int, count: int, rng: np.random.Generator, prior: Prior
) -> list[Point]:
    """Starts: every type begins as a few people drawn at random, shrunk towards the pooled estimate.

    The prior is worth one person, so the starts do not depend on the units of the attributes, and are finite even
    where a single person's choices are predicted perfectly.
    """
    n_people, n_columns = situations.n_people, count * n_types
    members = np.zeros((n_people, n_columns))
    largest = max(1, n_people // (2 * n_types))
    for column in members.T:
        column[rng.choice(n_people, size=rng.integers(1, largest + 1), replace=False)] = 1.0
    weights = situations.counts.T @ members
    coefficients = np.tile(prior.centre, (n_columns, 1))
    found = evaluate(situations, coefficients)
    for _ in range(SEED_ROUNDS):
        coefficients, found = newton_step(situations, coefficients, found, weights, prior, 0.0 * prior.precision)
    equal = np.full(n_types, -np.log(n_types))
    return [Point(own, equal) for own in coefficients.reshape(count, n_types, -1)]


# ---- EM ----


class State(NamedTuple):
    """Several starts side by side, after an E step."""

    coefficients: Array  # (n_starts, n_types, n_attributes)
    log_weights: Array  # (n_starts, n_types)
    found: Evaluation  # of the n_starts * n_types models
    posterior: Array  # (n_people, n_starts, n_types)
    objective: Array  # (n_starts,)


def e_step(situations: Situations, coefficients: Array, log_weights: Array, found: Evaluation, prior: Prior) -> State:
    """Posterior types of every person, for every start."""
    n_starts, n_types = log_weights.shape
    by_type = (situations.counts @ found.log_probability).reshape(-1, n_starts, n_types)
    by_person, posterior = likelihood(by_type, log_weights)
    penalty = prior.log_density(coefficients.reshape(n_starts * n_types, -1)).reshape(n_starts, n_types).sum(axis=1)
    return State(coefficients, log_weights, found, posterior, situations.weight @ by_person + penalty)


def em_round(situations: Situations, state: State, prior: Prior, damping: Array) -> State:
    """An M step and the E step after it; the objective never falls.

    Shares become mean posteriors, and each type takes one safeguarded Newton step on its own weighted logit model,
    which is concave: a generalised EM algorithm (Dempster, Laird & Rubin 1977).
    """
    n_people, n_starts, n_types = state.posterior.shape
    each = situations.weight[:, np.newaxis]
    weights = situations.counts.T @ (each * state.posterior.reshape(n_people, -1))
    models = state.coefficients.reshape(n_starts * n_types, -1)
    models, found = newton_step(situations, models, state.found, weights, prior, damping)
    with np.errstate(divide="ignore"):  # a type that nobody belongs to has no share
        log_weights = np.log(np.average(state.posterior, axis=0, weights=situations.weight))
    return e_step(situations, models.reshape(state.coefficients.shape), log_weights, found, prior)


def newton_step(
    situations: Situations, coefficients: Array, found: Evaluation, weights: Array, prior: Prior, damping: Array
) -> tuple[Array, Evaluation]:
    """A Newton step for m logit models with weights (n_distinct, m), halved until no objective falls."""
    expected = expected_difference(situations, found)
    gradient = -np.einsum("um,mua->ma", weights, expected) - (coefficients - prior.centre) @ prior.precision
    curvature = information(situations, found, expected, weights) + prior.precision + damping
    step = np.linalg.solve(curvature, gradient[..., np.newaxis])[..., 0]

    def objective(at: Array, evaluation: Evaluation) -> Array:
        return np.einsum("um,um->m", weights, evaluation.log_probability) + prior.log_density(at)

    before, length = objective(coefficients, found), np.ones((len(coefficients), 1))
    for halvings in range(HALVINGS + 1):
        length[length < 2.0 ** (1 - HALVINGS)] = 0.0  # at the maximum, to rounding
        moved = coefficients + length * step
        after = evaluate(situations, moved)
        worse = (objective(moved, after) < before) & (length[:, 0] > 0)
        if halvings == HALVINGS or not worse.any():
            break
        length[worse] /= 2
    return moved, after


def em(situations: Situations, points: list[Point], prior: Prior, damping: Array) -> list[tuple[Point, int]]:
    """Where EM takes each start, and in how many rounds; starts that gain little any more drop out of the batch."""
    coefficients = np.stack([point.coefficients for point in points])
    log_weights = np.stack([point.log_weights for point in points])
    found = evaluate(situations, coefficients.reshape(-1, situations.n_attributes))
    state = e_step(situations, coefficients, log_weights, found, prior)
    active, ends = np.arange(len(points)), dict[int, tuple[Point, int]]()
    for rounds in range(1, EM_ROUNDS + 1):
        after = em_round(situations, state, prior, damping)
        done = (after.objective - state.objective <= EM_GAIN) | (rounds == EM_ROUNDS)
        for k in np.flatnonzero(done):
            ends[int(active[k])] = (Point(after.coefficients[k], after.log_weights[k]), rounds)
        if done.all():
            break
        state, active = some(after, ~done), active[~done]
    return [ends[k] for k in range(len(points))]


def some(state: State, kept: NDArray[np.bool_]) -> State:
    """Some of the starts."""
    if kept.all():
        return state
    models = np.repeat(kept, state.log_weights.shape[1])
    return State(
        state.coefficients[kept],
        state.log_weights[kept],
        Evaluation(state.found.log_probability[:, models], state.found.passed_over[..., models]),
        state.posterior[:, kept],
        state.objective[kept],
    )


# ---- Newton on the whole ----


def newton(situations: Situations, start: Point, *, ridge: float, tolerance: float) -> Maximum:
    """Newton steps on the log likelihood of the mixture, up to a gradient below `tolerance`.

    Where the information is not positive definite its eigenvalues are replaced by their size, which points uphill away
    from saddles; steps are halved until the objective rises by a fair share of what its slope promises.
    """
    n_types, n_attributes = start.coefficients.shape
    size, basis = n_types * n_attributes, share_basis(n_types)
    floor = np.log(LEAST_SHARE / situations.n_people)
    theta = np.r_[start.coefficients.ravel(), basis.T @ np.maximum(start.log_weights, floor)]

    def at(theta: Array) -> tuple[float, Array, Derivatives]:
        point = point_of(theta, n_types)
        _, objective, slopes = derivatives_at(situations, point, ridge=ridge)
        gradient = slopes.scores.sum(axis=0)
        gradient[:size] -= ridge * theta[:size]
        return objective, gradient, slopes

    value, gradient, slopes = at(theta)
    rounds, relative, endless = 0, relative_gradient(gradient, slopes.scores), False
    step = np.zeros(len(theta))
    while relative > tolerance and rounds < NEWTON_ROUNDS:
        step = uphill(slopes.information, gradient)
        length, gain = 1.0, float(gradient @ step)
        for _ in range(HALVINGS):
            ahead = at(theta + length * step)
            lower = relative_gradient(ahead[1], ahead[2].scores)
            if ahead[0] >= value + 1e-4 * length * gain:
                break
            if length * gain <= ROUNDING * max(1.0, abs(value)) and lower < relative:
                break  # the rise drowns in rounding, the gradient does not
            length /= 2
        else:
            break
        endless = gain < ENDLESS and lower > np.sqrt(ENDLESS)
        theta = theta + length * step
        (value, gradient, slopes), relative = ahead, lower
        rounds += 1
        if endless:
            break
    eigenvalues, directions = np.linalg.eigh(_scaled(slopes.information)[0])
    direction = step if endless else directions[:, 0] / _scaled(slopes.information)[1]
    return Maximum(point_of(theta, n_types), value, relative, float(eigenvalues[0]), endless, direction, rounds)


def point_of(theta: Array, n_types: int) -> Point:
    """Coefficients and log shares from the vector of parameters."""
    split = len(theta) - (n_types - 1)
    return Point(theta[:split].reshape(n_types, -1), log_softmax(share_basis(n_types) @ theta[split:]))


def derivatives_at(situations: Situations, point: Point, *, ridge: float = 0.0) -> tuple[Array, float, Derivatives]:
    """Posterior types (n_people, n_types), penalised log likelihood, scores and information at a point."""
    found = evaluate(situations, point.coefficients)
    by_person, posterior = likelihood(situations.counts @ found.log_probability, point.log_weights)
    objective = float(situations.weight @ by_person) - ridge / 2 * float((point.coefficients**2).sum())
    slopes = derivatives(situations, found, posterior, softmax(point.log_weights), ridge=ridge)
    return posterior, objective, slopes


def relative_gradient(gradient: Array, scores: Array) -> float:
    """Largest component of the gradient, each over the root of the sum of squared scores of people.

    It has no units, and does not fall to zero where the likelihood rises towards infinitely large coefficients: there
    scores shrink together with their sum.
    """
    size = np.sqrt((scores**2).sum(axis=0))
    with np.errstate(over="ignore"):  # scores of nobody, while a penalty still pulls: infinitely far from a maximum
        return float(np.max(np.abs(gradient) / np.maximum(size, np.finfo(np.float64).tiny), initial=0.0))


def uphill(curvature: Array, gradient: Array) -> Array:
    """Newton's step with the eigenvalues of the information replaced by their size."""
    scaled, scale = _scaled(curvature)
    eigenvalues, directions = np.linalg.eigh(scaled)
    along = directions.T @ (gradient / scale) / np.maximum(np.abs(eigenvalues), FLAT)
    return np.asarray(directions @ along / scale)


def _scaled(curvature: Array) -> tuple[Array, Array]:
    """The information with a diagonal of size one, and the scale of each parameter."""
    diagonal = np.abs(np.diag(curvature))
    scale = np.sqrt(np.maximum(diagonal, np.finfo(np.float64).eps * np.max(diagonal, initial=1e-300)))
    return curvature / np.outer(scale, scale), scale

"""The population of responders that makes everybody's answers most likely: from many starts, in two stages.

First, starts climb on one lattice that stays where it is: what answers say at its points is computed once, and a step
costs little more than a product of a matrix and a vector. Such a lattice cannot see a spread below its own step, so
kinds have at least that one there. Second, the best ends climb on the lattices of `inference.splits.crowd`, which move
and have no least spread. Both stages are quasi-Newton with exact gradients, in the metric of the outer product of
people's scores (Berndt, Hall, Hall & Hausman 1974), which is taken anew every few steps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, spence

from contracts.inputs.arrays import Array
from inference.splits.crowd import (
    REACH,
    STEPS,
    TURN,
    Crowd,
    Frame,
    Kind,
    Lattice,
    Lists,
    Window,
    kinds_of,
    lattice,
    log_likelihoods,
    scores,
    value_and_gradient,
    worth,
)

CORE = ((-6.5, 3.0), (-6.5, 1.5))  # log envy and log temperature between which people can be told apart
TAIL, WIDENING = 14, 0.4  # steps of the lattice that stays beyond these, each by so much wider than the last
ROUGH = (0.35, 0.5)  # its steps for starts, and the least spread of a kind there
STARTS, BETTER, KEPT = 16, 4, 2  # starts of several kinds, how many of them are tried on, and how many climb on
TRIED, CLIMBED = 15, 25  # evaluations of a start, and of one stretch between two metrics
STRETCHES = 30  # of a climb, at most
JUDGED, DENSE = (0.02, 0.35), 150.0  # how fine points that move are where they judge an end
COMMON, AROUND = (
    (0.2, 0.03),
    (1.5, 1.2),
)  # envy and temperature of experiments, and how far starts lie around their logs
COMMON_GUILT, APART = 0.3, 0.3
FAR = 15.0  # of any parameter
FOUND, STEP_FOUND = 1e-2, 1e-3  # nats: a stretch, or a step of one, that gains less is the last
SMOOTH = 0.2  # sd in log envy of what the likelihood is smoothed by
SHARP, MANY, FEW = -3.5, 121, 31  # log temperature below which it has steps in envy, and points of a mean there, or not
NEWTON, PROMISED = 30, 1e-8  # steps at the end, at most, and nats that one more would have to promise
DIFFERENCE, LEAST_OUTER, LEAST_CURVATURE = 1e-4, 1e-4, 1e-5  # of gradients; information where there is next to none
WIDE = 1.1  # steps of the lattice that stays: the least spread that it sees


class End(NamedTuple):
    """Where a climb ended."""

    parameters: Array
    log_likelihood: float
    converged: bool


class Search(NamedTuple):
    """The best end, what it took, and what of it is no estimate."""

    end: End
    n_evaluations: int
    flat: list[tuple[int, str, float]]  # kind, name and end of what may go to its end with no loss of likelihood


Loss = Callable[[Array], tuple[float, Array]]


def best_population(
    lists: Lists, n_types: int, starts: Sequence[Array] = (), rng: np.random.Generator | None = None
) -> Search:
    """From `starts` and, for several kinds with an rng, from others at random."""
    climber = _Climber(lists, n_types)
    begun = list(starts) or [_first(lists, n_types, None)]
    if n_types > 1 and rng is not None:
        tried = [climber.tried(_first(lists, n_types, rng)) for _ in range(STARTS)]
        for kept in (BETTER, KEPT):
            tried.sort(key=lambda end: -end.log_likelihood)
            tried = [climber.tried(end.parameters) for end in tried[:kept]]
        begun = [*starts, *(end.parameters for end in tried)]
    best = max([each for start in begun for each in climber.ends(start)], key=lambda each: each.log_likelihood)
    best = climber.judged(_reordered(best.parameters, n_types, lists), converged=best.converged)
    return Search(best, climber.n, _flat(best, n_types, lists, climber))


def log_likelihood(parameters: Array, n_types: int, lists: Lists, finer: float) -> float:
    """Of everybody, on lattices that move."""
    kinds, _ = kinds_of(parameters, n_types, lists)
    steps = (STEPS[0] / finer, STEPS[1] / finer)
    frame = Frame([lattice(kind.root, steps) for kind in kinds], np.zeros(len(lists.n_people)))
    return value_and_gradient(parameters, lists, frame)[0]


def _reordered(parameters: Array, n_types: int, lists: Lists) -> Array:
    """The same population, its most common kind first, and roots with a positive diagonal."""
    size = lists.per_kind
    own, odds = parameters[: n_types * size].reshape(n_types, size), np.append(0.0, parameters[n_types * size :])
    order = np.argsort(-odds, kind="stable")
    own = own[order]
    own[:, 2:4] *= np.where(own[:, [2]] < 0, -1.0, 1.0)
    own[:, 4:] = np.abs(own[:, 4:])
    return np.concatenate([own.ravel(), odds[order][1:] - odds[order][0]])


def _flat(best: End, n_types: int, lists: Lists, climber: _Climber) -> list[tuple[int, str, float]]:
    parameters, here = best.parameters, best.log_likelihood
    ends = [(0, "median envy", 0.0), (0, "median envy", np.inf)]
    ends += [(1, "median temperature", 0.0), (1, "median temperature", np.inf)]
    ends += [(5, "guilt", 0.0), (5, "guilt", np.inf)] if lists.has_ahead else []
    found = []
    for k in range(n_types):
        for entry, name, end in ends:
            moved = parameters.copy()
            at = k * lists.per_kind + entry
            moved[at] = (FAR if end else 0.0) if name == "guilt" else moved[at] + (FAR if end else -FAR)
            if climber.judged(moved).log_likelihood >= here - FOUND:
                found.append((k, name, end))
    return found


class _Climber:
    """The log likelihood of `n_types` kinds on the lattices that suit them, and how often it was evaluated."""

    def __init__(self, lists: Lists, n_types: int) -> None:
        self.lists, self.n_types, self.n = lists, n_types, 0
        self.standing = _Standing(lists, np.array(STEPS), SMOOTH)

    @cached_property
    def rough(self) -> _Standing:
        return _Standing(self.lists, np.array(ROUGH))

    def frame(self, parameters: Array, *, judged: bool = False) -> Frame:
        """The lattice that stays where it sees a kind, else points that move; those that judge are finer."""
        kinds, _ = kinds_of(parameters, self.n_types, self.lists)
        finer = (JUDGED, DENSE) if judged else ()
        parts = [self.standing.window if self.standing.sees(kind) else lattice(kind.root, *finer) for kind in kinds]
        return Frame(parts, self.standing.highest)

    def judged(self, parameters: Array, *, converged: bool = True) -> End:
        """Where this is, by a likelihood that does not depend on how one came there."""
        value = value_and_gradient(parameters, self.lists, self.frame(parameters, judged=True))[0]
        return End(parameters, value, converged)

    def ends(self, start: Array) -> list[End]:
        """Where a climb leads, and where it leads from a population of no kind too narrow for the lattice that stays.

        Points that move see steps of the likelihood come and go, and a climb on them may end anywhere on a ridge.
        """
        end = self.climbed(start, STRETCHES)
        ends = [self.finished(end)]
        if any(isinstance(part, Lattice) for part in self.frame(end.parameters).parts):
            ends.append(self.finished(self.climbed(self._widened(end.parameters), STRETCHES)))
        return ends

    def _widened(self, parameters: Array) -> Array:
        size, moved = self.lists.per_kind, parameters.copy()
        kinds, _ = kinds_of(parameters, self.n_types, self.lists)
        for k, kind in enumerate(kinds):
            if not self.standing.sees(kind):
                root = np.linalg.cholesky(kind.root @ kind.root.T + np.diag(np.square(ROUGH)))
                moved[k * size + 2 : k * size + 5] = root[[0, 1, 1], [0, 0, 1]]
        return moved

    def tried(self, start: Array) -> End:
        """A start, on the rough lattice."""
        frame = Frame([self.rough.window] * self.n_types, self.rough.highest)
        found, value = self._stretch(start, frame, TRIED)
        return End(found, value, converged=False)

    def climbed(self, parameters: Array, stretches: int) -> End:
        """Up from here; each stretch has lattices that fit where it begins."""
        previous = value = -np.inf
        for _ in range(stretches):
            moved, value = self._stretch(parameters, self.frame(parameters), CLIMBED)
            parameters = np.clip(moved, -FAR, FAR)  # where answers set no limit, this far nothing changes any more
            if value - previous < FOUND:
                return End(parameters, value, converged=True)
            previous = value
        return End(parameters, value, converged=False)

    def finished(self, end: End) -> End:
        """Newton's steps, until one more promises nothing; only where the likelihood is smooth, on lattices that stay.

        Where it curves up, a step goes down its slope as if it curved down as much (a saddle is left).
        """
        parameters = end.parameters
        for _ in range(NEWTON):
            frame = self.frame(parameters)
            if not all(isinstance(part, Window) for part in frame.parts):
                return self.judged(parameters, converged=end.converged)
            here = value_and_gradient(parameters, self.lists, frame)
            step, promise = self._newton(parameters, here[1], frame)
            if promise < PROMISED:
                return End(parameters, here[0], converged=True)
            length = min(1.0, 1 / np.abs(step).max())
            while value_and_gradient(parameters + length * step, self.lists, frame)[0] <= here[0]:
                length /= 2
                if length < 1e-4:
                    return End(parameters, here[0], converged=promise < FOUND)
            parameters = np.clip(parameters + length * step, -FAR, FAR)
        return End(parameters, here[0], converged=promise < FOUND)

    def _newton(self, parameters: Array, gradient: Array, frame: Frame) -> tuple[Array, float]:
        """A step, and the nats that it promises, both free of units."""
        outer = (scores(parameters, self.lists, frame) ** 2 * self.lists.n_people[:, np.newaxis]).sum(axis=0)
        size = np.sqrt(np.maximum(outer, LEAST_OUTER))
        nearby = DIFFERENCE / size
        moved = [value_and_gradient(parameters + step, self.lists, frame)[1] for step in np.diag(nearby)]
        second = (np.array(moved) - gradient) / (DIFFERENCE * size)
        curvature, basis = np.linalg.eigh(-(second + second.T) / 2)
        slope = basis.T @ (gradient / size)
        self.n += len(size) + 1
        down = np.maximum(np.abs(curvature), LEAST_CURVATURE)
        return basis @ (slope / down) / size, float((slope**2 / down).sum() / 2)

    def _stretch(self, start: Array, frame: Frame, most: int) -> tuple[Array, float]:
        def loss(parameters: Array) -> tuple[float, Array]:
            value, gradient = value_and_gradient(parameters, self.lists, frame)
            return -value, -gradient

        score = scores(start, self.lists, frame) * np.sqrt(self.lists.n_people)[:, np.newaxis]
        found, value, used = _stretch(loss, score, start, most)
        self.n += used + 1
        return found, value


def _stretch(loss: Loss, score: Array, start: Array, most: int) -> tuple[Array, float, int]:
    """Some steps of L-BFGS in the metric of the scores at the start, as long as a step gains anything."""
    outer = score.T @ score
    metric = np.linalg.cholesky(np.linalg.inv(outer + np.diag(1e-3 * np.diag(outer) + 1e-2)))

    def turned(moved: Array) -> tuple[float, Array]:
        value, gradient = loss(start + metric @ moved)
        return value, metric.T @ gradient

    little = STEP_FOUND / max(abs(turned(np.zeros(len(start)))[0]), 1.0)
    options: Any = {"ftol": little, "gtol": 1e-4, "maxfun": most, "maxcor": most}
    found = minimize(turned, np.zeros(len(start)), jac=True, method="L-BFGS-B", options=options)
    return start + metric @ found.x, -float(found.fun), int(found.nfev) + 1


# ---- where to start ----


def _first(lists: Lists, n_types: int, rng: np.random.Generator | None) -> Array:
    """Kinds of some spread, equally common, where people of experiments are; at random if there is an rng."""
    own = np.zeros((n_types, lists.per_kind))
    own[:, :2] = np.log(COMMON)
    own[:, [2, 4]] = 0.7
    if rng is not None:
        own[:, :2] += rng.normal(size=(n_types, 2)) * AROUND
    if lists.has_ahead:
        own[:, 5] = np.sqrt(COMMON_GUILT)
    return np.concatenate([own.ravel(), np.zeros(n_types - 1)])


def with_one_more(parameters: Array, n_types: int, lists: Lists) -> Array:
    """A population of one kind more that fits as well: the most common kind in two halves, a little apart."""
    size = lists.per_kind
    own, odds = parameters[: n_types * size].reshape(n_types, size), np.append(0.0, parameters[n_types * size :])
    largest = int(odds.argmax())
    both = np.vstack([own, own[largest]])
    both[largest, 0] -= APART
    both[-1, 0] += APART
    odds[largest] -= np.log(2)
    odds = np.append(odds, odds[largest])
    return np.concatenate([both.ravel(), odds[1:] - odds[0]])


class _Standing:
    """The likelihood of every list of answers on a lattice that stays where it is.

    It is even in u, where x = g(u) is the logarithm of envy or temperature: x = u where people can be told apart, and
    wider and wider steps beyond, where nothing depends on x any more. The sum over an even lattice of a smooth function
    of u, times g'(u), is as exact as over one of x.
    """

    def __init__(self, lists: Lists, steps: Array, smooth: float = 0.0) -> None:
        self.steps = steps
        ends = np.array(CORE) + TAIL * steps[:, np.newaxis] * [-1, 1]
        far = int(np.ceil(np.hypot(*((ends[:, 1] - ends[:, 0]) / steps)) / 2)) + 1
        square = np.stack(np.meshgrid(*[np.arange(-far, far + 1.0)] * 2, indexing="ij"), axis=-1).reshape(-1, 2)
        even = square @ TURN * steps + ends.mean(axis=1)
        even = even[np.all((ends[:, 0] <= even) & (even <= ends[:, 1]), axis=1)]
        points, widening = _widened(even, steps)
        self.highest = _logs(lists.below, points).max(axis=1)
        likelihood = np.empty((len(self.highest), len(points)))
        sharp = points[:, 1] < SHARP
        for part, n_around in ((sharp, MANY), (~sharp, FEW)):
            likelihood[:, part] = _smoothed(lists.below, points[part], self.highest, smooth, n_around)
        log_cell = np.log(widening).sum(axis=1) + np.log(np.prod(steps) / (2 * np.pi))
        wider = np.diag([-(smooth**2), 0.0]) if smooth else np.diag(np.square(steps))
        self.window = Window(points, likelihood, log_cell, wider)

    def sees(self, kind: Kind) -> bool:
        """Whether this kind is wide enough for the lattice where it lies."""
        left = kind.root @ kind.root.T + self.window.wider
        if np.linalg.eigvalsh(left)[0] <= 0:
            return False
        root = np.linalg.cholesky(left)
        spread = np.sqrt(np.diag(left))
        core = np.array(CORE)
        beyond = np.maximum(core[:, 0] - (kind.mean - spread), kind.mean + spread - core[:, 1])
        local = np.sqrt(1 + 2 * WIDENING * np.maximum(beyond / self.steps, 0.0)) * self.steps  # g' as a function of x
        return bool(np.linalg.svd(root / local[:, np.newaxis], compute_uv=False)[-1] > WIDE)


def _logs(lists: Lists, points: Array) -> Array:
    """Log likelihood of every list at every point, (n_lists, n_points)."""
    nobody = np.zeros(len(points))
    people = Crowd(points, nobody, nobody.astype(np.int64), nobody)
    return log_likelihoods(lists.accepted, lists.rejected, worth(people, lists.offers))


def _smoothed(lists: Lists, points: Array, highest: Array, smooth: float, n_around: int) -> Array:
    """Likelihood of every list over its highest, as a mean over a normal log envy around every point."""
    z = np.linspace(-REACH, REACH, n_around) if smooth else np.zeros(1)
    found = np.zeros((len(highest), len(points)))
    for away, log_share in zip(smooth * z, log_softmax(-(z**2) / 2), strict=True):
        logs = _logs(lists, points + np.array([away, 0.0]))
        logs += log_share - highest[:, np.newaxis]
        found += np.exp(logs, out=logs)
    return found


def _widened(even: Array, steps: Array) -> tuple[Array, Array]:
    """x and g': by WIDENING wider with every step beyond the core, which begins softly."""
    points, slope = even.copy(), np.ones_like(even)
    for end, sign in ((0, -1.0), (1, 1.0)):
        beyond = sign * (even - np.array(CORE)[:, end]) / steps  # in steps
        soft = np.logaddexp(0.0, beyond)
        # the integral of the softplus is -Li2(-exp(t)), and t^2 / 2 + pi^2 / 6 far out
        points += sign * WIDENING * steps * -spence(1 + np.exp(np.minimum(beyond, 700.0)))
        slope += WIDENING * soft
    return points, slope

"""How likely answers are in a population of responders, with the exact gradient, people integrated out on points.

Within kind k, (log envy, log temperature) = m_k + L_k z with z standard normal, L_k lower triangular. Points z lie on a
lattice, which integrates a smooth function against the normal with an error that falls exponentially in its step, and
are carried along by m_k and L_k. Nothing limits L_k from below: at L_k = 0 all points coincide, and the model is one
logit for everybody. The sum over points is differentiated as it stands, so the gradient is that of the value returned.

Parameters of a population are one vector: for every kind its mean (2), the entries of L (11, 21, 22) and, where offers
above one half were answered, the root of its guilt, which is not negative; then log odds of the kinds but the first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_expit, log_softmax

from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass
from inference.splits.answers import Decisions

REACH = 4.2  # standard deviations; 1.5e-4 of a kind lie beyond, where its density is dropped
STEPS = (0.2, 0.35)  # largest of points in log envy and log temperature: what one person's answers can tell apart
COARSEST, DENSEST = 1.1, 25.0  # points in a standard deviation: the least integrate the normal itself to 1e-10
FURTHEST = 30.0  # logarithms of envy and temperature beyond which nobody's answers are less than certain
SLOPE = np.arctan((np.sqrt(5) - 1) / 2)
TURN = np.array([[np.cos(SLOPE), -np.sin(SLOPE)], [np.sin(SLOPE), np.cos(SLOPE)]])


class Lattice(NamedTuple):
    """Standard normal points of one kind and their weights."""

    z: Array  # (n_points, 2)
    log_weight: Array  # (n_points,), weights sum to 1


@dataclass(frozen=True, eq=False)
class Lists:
    """Distinct lists of answers, as far as the likelihood knows them, and how many people gave each.

    The log odds of accepting are linear in the share and in how far it lies below and above one half, so a person's
    answers matter through three sums over accepted offers and the number of times each offer was made.
    """

    offers: Array
    accepted: Array  # (n_lists, n_offers)
    rejected: Array
    n_people: Array  # (n_lists,)
    list_of_person: NDArray[np.int64]  # (n_people,)

    @property
    def has_ahead(self) -> bool:
        """Whether an offer above one half was answered."""
        return bool(np.any(self.offers > 0.5))

    @cached_property
    def below(self) -> Lists:
        """The answers to offers of at most one half: guilt plays no part in them."""
        return self._at(self.offers <= 0.5)

    @cached_property
    def above(self) -> Lists:
        """The answers to offers above one half: envy plays no part in them."""
        return self._at(self.offers > 0.5)

    def _at(self, kept: NDArray[np.bool_]) -> Lists:
        return replace(self, offers=self.offers[kept], accepted=self.accepted[:, kept], rejected=self.rejected[:, kept])

    @property
    def per_kind(self) -> int:
        """Parameters of one kind."""
        return 6 if self.has_ahead else 5


def lists_of(answers: Decisions) -> Lists:
    """People who answered alike, counted once."""
    features = np.stack([answers.offers, behind(answers.offers), ahead(answers.offers)], axis=1)
    key = np.column_stack([answers.accepted + answers.rejected, (answers.accepted @ features).round(9)])
    _, first, whose, count = np.unique(key, axis=0, return_index=True, return_inverse=True, return_counts=True)
    return Lists(
        answers.offers,
        answers.accepted[first],
        answers.rejected[first],
        count.astype(np.float64),
        whose.ravel().astype(np.int64),
    )


def behind(offers: Array) -> Array:
    """How much more than oneself the proposer keeps."""
    return np.maximum(1 - 2 * offers, 0.0)


def ahead(offers: Array) -> Array:
    """How much more than the proposer one gets."""
    return np.maximum(2 * offers - 1, 0.0)


class Kind(NamedTuple):
    """Parameters of one kind."""

    mean: Array  # (2,)
    root: Array  # (2, 2), lower triangular
    guilt: float


def kinds_of(parameters: Array, n_types: int, lists: Lists) -> tuple[list[Kind], Array]:
    """Kinds and the logs of their shares."""
    size = lists.per_kind
    kinds = [
        Kind(own[:2], np.array([[own[2], 0.0], [own[3], own[4]]]), float(own[5] ** 2) if size == 6 else 0.0)
        for own in parameters[: n_types * size].reshape(n_types, size)
    ]
    return kinds, log_softmax(np.append(0.0, parameters[n_types * size :]))


def lattice(root: Array, steps: tuple[float, float] = STEPS, densest: float = DENSEST) -> Lattice:
    """Points fine enough for a kind with this L: no further apart than `steps`, or `densest` in a standard deviation.

    A square lattice turned by an angle of irrational slope. At low temperatures the likelihood is a step in envy: lines
    of points along an axis would all miss it by the same, where these meet every envy once.
    """
    width = np.clip((np.abs(root) / np.array(steps)[:, np.newaxis]).max(axis=0), COARSEST, densest)
    far = int(np.ceil(REACH * width.max())) + 1
    square = np.stack(np.meshgrid(*[np.arange(-far, far + 1.0)] * 2, indexing="ij"), axis=-1).reshape(-1, 2)
    z = square @ TURN / width
    z = z[(z**2).sum(axis=1) <= REACH**2]
    log_weight = -(z**2).sum(axis=1) / 2
    return Lattice(z, log_weight - np.log(np.exp(log_weight).sum()))


class Crowd(NamedTuple):
    """All points of all kinds."""

    points: Array  # (n_points, 2), log envy and log temperature
    log_weight: Array  # (n_points,)
    kind: Array  # (n_points,) of int
    guilt: Array  # (n_points,)


def crowd(kinds: Sequence[Kind], log_shares: Array, lattices: Sequence[Lattice]) -> Crowd:
    """Where people may be, and how probable that is."""
    sizes = [len(each.z) for each in lattices]
    return Crowd(
        np.concatenate([kind.mean + each.z @ kind.root.T for kind, each in zip(kinds, lattices, strict=True)]),
        np.concatenate([share + each.log_weight for share, each in zip(log_shares, lattices, strict=True)]),
        np.repeat(np.arange(len(kinds)), sizes),
        np.repeat([kind.guilt for kind in kinds], sizes),
    )


def worth(people: Crowd, offers: Array) -> Array:
    """Utility of accepting over temperature, (n_points, n_offers)."""
    envy, temperature = np.exp(np.clip(people.points, -FURTHEST, FURTHEST)).T[:, :, np.newaxis]
    return (offers - envy * behind(offers) - people.guilt[:, np.newaxis] * ahead(offers)) / temperature


def slopes(people: Crowd, offers: Array, odds: Array) -> tuple[Array, Array, Array]:
    """Derivatives of `worth` by log envy, log temperature and guilt, each (n_points, n_offers)."""
    envy, temperature = np.exp(np.clip(people.points, -FURTHEST, FURTHEST)).T[:, :, np.newaxis]
    return -envy * behind(offers) / temperature, -odds, -ahead(offers) / temperature


def log_likelihoods(accepted: Array, rejected: Array, odds: Array) -> Array:
    """Of lists of answers at every point, (n_lists, n_points)."""
    return accepted @ log_expit(odds).T + rejected @ log_expit(-odds).T


def beliefs(lists: Lists, people: Crowd, odds: Array) -> tuple[Array, Array]:
    """Log likelihood of every list, and the posterior of its point, (n_lists, n_points)."""
    joint = log_likelihoods(lists.accepted, lists.rejected, odds) + people.log_weight
    highest = joint.max(axis=1, keepdims=True)
    joint -= highest
    np.exp(joint, out=joint)
    total = joint.sum(axis=1, keepdims=True)
    joint /= total
    return (np.log(total) + highest)[:, 0], joint


# ---- the likelihood of one kind, on either lattice ----


class Window(NamedTuple):
    """A lattice that stays where it is."""

    points: Array  # (n_points, 2)
    likelihood: Array  # (n_lists, n_points), of answers to offers up to one half, over the highest of each
    log_cell: Array  # (n_points,)
    wider: Array  # (2, 2), to add to L L': what the likelihood is not spread by already, or the least spread of a kind


class Frame(NamedTuple):
    """What the likelihood of every kind is summed over, and the log by which every list is divided."""

    parts: Sequence[Lattice | Window]
    highest: Array  # (n_lists,)


class Sum(NamedTuple):
    """Likelihood of every list in one kind, and how to differentiate it."""

    value: Array  # (n_lists,)
    gradient: Callable[[Array], Array]  # of a weighted sum over lists, (n_lists,) -> (n_own,)
    jacobian: Callable[[], Array]  # (n_lists, n_own)


def moving_sum(kind: Kind, lists: Lists, points: Lattice, highest: Array) -> Sum:
    """Over points that are carried along: through their place the sum depends on the parameters."""
    people = crowd([kind], np.zeros(1), [points])
    odds = worth(people, lists.offers)
    logs = log_likelihoods(lists.accepted, lists.rejected, odds)
    logs += people.log_weight
    logs -= highest[:, np.newaxis]
    mass = np.exp(logs, out=logs)
    slope = [accepted_more(odds, step) for step in slopes(people, lists.offers, odds)]
    slope[2] = tuple(2 * np.sqrt(kind.guilt) * side for side in slope[2])

    def gathered(by_envy: Array, by_temperature: Array, by_guilt: Array) -> Array:
        own = [by_envy.sum(axis=-1), by_temperature.sum(axis=-1)]
        own += [by_envy @ points.z[:, 0], by_temperature @ points.z[:, 0], by_temperature @ points.z[:, 1]]
        return np.stack([*own, by_guilt.sum(axis=-1)][: lists.per_kind], axis=-1)

    def gradient(weights: Array) -> Array:
        yes = mass.T @ (weights[:, np.newaxis] * lists.accepted)
        no = mass.T @ (weights[:, np.newaxis] * lists.rejected)
        return gathered(*[(yes * up + no * down).sum(axis=1) for up, down in slope])

    def jacobian() -> Array:
        return gathered(*[mass * (lists.accepted @ up.T + lists.rejected @ down.T) for up, down in slope])

    return Sum(mass.sum(axis=1), gradient, jacobian)


def accepted_more(odds: Array, step: Array) -> tuple[Array, Array]:
    """Derivatives of the log probabilities of yes and no where the log odds change by `step`."""
    return expit(-odds) * step, -expit(odds) * step


def standing_sum(kind: Kind, lists: Lists, window: Window) -> Sum:
    """Over points that stay: through the density there the sum depends on the parameters."""
    precision = np.linalg.inv(kind.root @ kind.root.T + window.wider)
    away = window.points - kind.mean
    pull = away @ precision
    density = np.exp(-(pull * away).sum(axis=1) / 2 + np.linalg.slogdet(precision)[1] / 2 + window.log_cell)
    likelihood, above = window.likelihood, lists.above
    if lists.has_ahead:
        nobody = np.zeros(len(away))
        people = Crowd(window.points, nobody, nobody.astype(np.int64), nobody + kind.guilt)
        odds = worth(people, above.offers)
        likelihood = likelihood * np.exp(log_likelihoods(above.accepted, above.rejected, odds))
        by_guilt = 2 * np.sqrt(kind.guilt) * slopes(people, above.offers, odds)[2]
        up, down = accepted_more(odds, by_guilt)

    def features() -> Array:
        by_root = pull[:, :, np.newaxis] * (pull @ kind.root)[:, np.newaxis, :] - precision @ kind.root
        return np.column_stack([pull, by_root[:, [0, 1, 1], [0, 0, 1]]])

    def gradient(weights: Array) -> Array:
        taken = density * (weights @ likelihood)
        first, second = taken @ pull, (pull * taken[:, np.newaxis]).T @ pull
        by_root = (second - precision * taken.sum()) @ kind.root
        own = [first, by_root[[0, 1, 1], [0, 0, 1]]]
        if lists.has_ahead:
            weighted = likelihood.T @ (weights[:, np.newaxis] * np.hstack([above.accepted, above.rejected]))
            own.append([((weighted * np.hstack([up, down])).sum(axis=1) @ density)])
        return np.concatenate(own)

    def jacobian() -> Array:
        own = likelihood @ (density[:, np.newaxis] * features())
        if not lists.has_ahead:
            return own
        return np.column_stack([own, (likelihood * (above.accepted @ up.T + above.rejected @ down.T)) @ density])

    return Sum(likelihood @ density, gradient, jacobian)


def sums(kinds: Sequence[Kind], lists: Lists, frame: Frame) -> list[Sum]:
    """Of every kind; one that became too narrow for points that stay has points that move."""
    found = []
    for kind, part in zip(kinds, frame.parts, strict=True):
        if isinstance(part, Window) and np.linalg.eigvalsh(kind.root @ kind.root.T + part.wider)[0] > 0:
            found.append(standing_sum(kind, lists, part))
        else:
            moving = lattice(kind.root) if isinstance(part, Window) else part
            found.append(moving_sum(kind, lists, moving, frame.highest))
    return found


def value_and_gradient(parameters: Array, lists: Lists, frame: Frame) -> tuple[float, Array]:
    """Log likelihood of everybody, and its gradient in the parameters."""
    kinds, log_shares = kinds_of(parameters, len(frame.parts), lists)
    parts, shares = sums(kinds, lists, frame), np.exp(log_shares)
    total = np.stack([part.value for part in parts], axis=1) @ shares
    if not total.min() > 0:
        return -np.inf, np.zeros(len(parameters))
    weights = lists.n_people / total
    own = [part.gradient(share * weights) for part, share in zip(parts, shares, strict=True)]
    owned = shares * np.array([weights @ part.value for part in parts])
    value = lists.n_people @ (np.log(total) + frame.highest)
    return float(value), np.concatenate([*own, (owned - shares * owned.sum())[1:]])


def scores(parameters: Array, lists: Lists, frame: Frame) -> Array:
    """The gradient of every list's log likelihood, (n_lists, n_parameters)."""
    kinds, log_shares = kinds_of(parameters, len(frame.parts), lists)
    parts, shares = sums(kinds, lists, frame), np.exp(log_shares)
    values = np.stack([part.value for part in parts], axis=1) * shares
    total = values.sum(axis=1, keepdims=True)
    own = [share * part.jacobian() / total for part, share in zip(parts, shares, strict=True)]
    return np.concatenate([*own, (values / total - shares)[:, 1:]], axis=1)

"""One half of the people learned from, the other chooses and judges."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.inputs.arrays import Array
from inference.people.judging import Panel, benefit, best, cost, item_means, own_welfare, welfare
from inference.people.offers import Offer

Indices = NDArray[np.intp]
NOTABLE = 1e-3  # of what is attainable, below which nobody is better or worse off


class Half(NamedTuple):
    """People to learn from, and others who are served."""

    learn: Indices  # (n_learn,) people whose answers the designer knows
    held: Indices  # (n_held,) people who choose and judge
    known: Panel  # answers of the first
    taught: Panel  # what they want of policies
    shown: Panel  # answers by which the others are told apart
    chooser: Panel  # what they want, as far as they choose by it
    tester: Panel  # what they want, as far as they judge by it
    attainable: Array  # (n_held,) what a policy of the own would gain over the average

    @property
    def notable(self) -> float:
        """Benefit beyond which somebody counts as better or worse off."""
        return float(NOTABLE * self.attainable.mean())


class Judged(NamedTuple):
    """What one offer does to held-out people; each (n_people,)."""

    gain: Array  # welfare above that of the averaged policy
    prefers: Array  # 1 if what they get is notably better than the averaged policy, by their own benefit
    worse: Array  # 1 if notably worse
    meant: Array  # 1 if they take what is meant for their group
    by_chance: float  # share who would if groups and choices were independent


def _as_they_are(panel: Panel) -> Panel:
    return panel


def halves(
    whole: Panel,
    centre: Indices,
    *,
    unseen_items: bool,
    reliability: float,
    rng: np.random.Generator,
    wanted: Callable[[Panel], Panel] = _as_they_are,
    counts: Indices | None = None,
) -> tuple[Half, Half]:
    """A random split, both ways round.

    `centre` is the group that wants are drawn to, `wanted` says what answers mean for policies, and `counts` how often
    a resample has each person, all of whose copies are in one half.
    """
    order = rng.permutation(len(whole.values))
    seen = half_of_items(whole.known, rng) if unseen_items else np.ones_like(whole.known)
    first, second = np.sort(order[: len(order) // 2]), np.sort(order[len(order) // 2 :])
    if counts is not None:
        first, second = (np.repeat(part, counts[part]) for part in (first, second))

    def half(learn: Indices, held: Indices) -> Half:
        known, judge = whole.of_people(learn), whole.of_people(held)
        wants = _wants(known, judge, centre[learn], centre[held], reliability)
        taught, truth = wanted(known), wanted(judge)
        average = best(item_means(taught)[np.newaxis], taught.temperature)
        return Half(
            learn,
            held,
            known,
            taught,
            shown=judge.restricted(seen[held]),
            chooser=wanted(wants.restricted(seen[held])),
            tester=wanted(wants.restricted(1 - seen[held]) if unseen_items else wants),
            attainable=own_welfare(truth) - welfare(truth, average)[:, 0],
        )

    return half(first, second), half(second, first)


def _wants(known: Panel, judge: Panel, group: Indices, other: Indices, reliability: float) -> Panel:
    """Answers of some people, drawn to the mean of their groups, which others tell."""
    if reliability == 1:
        return judge
    raw = known._replace(balanced=False)
    means = np.stack([item_means(raw, np.flatnonzero(group == k)) for k in range(int(other.max()) + 1)])
    return judge._replace(values=(means[other] + reliability * (judge.values - means[other])) * judge.known)


def half_of_items(known: Array, rng: np.random.Generator) -> Array:
    """Half of the items that everybody answered; (n_people, n_items) of zeros and ones."""
    keys = np.where(known > 0, rng.random(known.shape), 2.0)
    place = keys.argsort(axis=1).argsort(axis=1)
    return np.asarray(place < known.sum(axis=1, keepdims=True) // 2, dtype=np.float64)


def judged(offer: Offer, label: Indices, half: Half) -> Judged:
    """What an offer does to held-out people of known groups.

    The averaged policy is the last option of every offer, and taken if no other is better.
    """
    chooser, tester, notable = half.chooser, half.tester, half.notable
    rows, last = np.arange(len(label)), len(offer.policies) - 1
    felt, real = benefit(chooser, offer.policies), benefit(tester, offer.policies)
    spent = cost(tester, offer.policies)
    same = (offer.policies[:, np.newaxis] == offer.policies).all(axis=2).astype(np.float64)
    meant = offer.meant[label]
    if offer.choice == "nobody":
        taken = meant
    else:
        score = felt - (cost(chooser, offer.policies) if offer.choice == "welfare" else 0.0)
        taken = np.where(score.max(axis=1) > score[:, last], score.argmax(axis=1), last)
    above = real[rows, taken] - real[:, last]
    paid = spent[rows, taken] - spent[:, last]
    wanted = above - paid if offer.choice == "welfare" else above  # who pays counts what it costs
    shares = [np.bincount(options, minlength=last + 1) / len(rows) for options in (taken, meant)]
    chance = float(shares[0] @ same @ shares[1])
    better, worse = (wanted > notable).astype(np.float64), (wanted < -notable).astype(np.float64)
    return Judged(above - paid, better, worse, same[taken, meant], chance)

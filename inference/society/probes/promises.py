"""Pareto learning from preferences: a front computed from estimates, and what its menus do under the truth.

The front is between people's mean utility, the worst-off group and safety. It promises: this menu gives every group so
much, at that safety cost. If it was computed from estimates, whoever
chooses a menu on it chooses among promises, and the best ones are those that errors flatter most. A menu
**overpromises** by what it promises a group above the reference less what the group gets, and by the harm it does less
the harm it was to do; both in logits. The front of the true utilities, which members still differ from, is the floor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from contracts.display.table import Column, Table, Tabular
from contracts.front.goals.objectives import Harm, Surplus
from contracts.front.pareto import pareto_front
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.problem.objectives import WorstOff
from inference.society.evaluation import Truth, evaluate
from inference.society.frontier import room
from inference.society.mechanisms import Offer
from inference.society.probes.levels import KINDS, levels, place_of
from inference.society.probes.shrinkage import shrunk
from inference.society.scenarios import PLAIN, Communities, noise_of, noisy_signal
from inference.society.world import Society, problem_of

if TYPE_CHECKING:
    from contracts.front.front import Front

MEASURED = ("mean", "worst", "broken", "room")
BROKEN = 0.1  # logits by which a promise may be missed


@checked
@dataclass(frozen=True, eq=False, repr=False)
class Promises(Tabular):
    """What fronts promised and what their menus delivered, in n societies.

    Attributes
    ----------
    noises : levels of noise, standard deviations of the signal
    mean, worst : (n, 1 + 2 n_noises) overpromise over the menus of a front and its objectives, logits; first the front
        of the true utilities, then every level of noise as told and shrunk
    broken : the same shape, share of promises that are missed by more than a tenth of a logit
    room : the same shape, by how much mixtures of the best menus are better in all three objectives at once than what
        a menu of the front delivers, mean over its menus; logits
    """

    noises: tuple[float, ...]
    mean: Array
    worst: Array
    broken: Array
    room: Array

    @property
    def fronts(self) -> tuple[str, ...]:
        """What each column was computed from."""
        return "truth", *(f"noise {noise:g}, {kind}" for noise in self.noises for kind in KINDS)

    def of(self, what: str, noise: float, kind: str = "as told") -> Array:
        """One measure, "mean", "worst", "broken" or "room", by society; (n,)."""
        values = (self.mean, self.worst, self.broken, self.room)[place_of("what", what, MEASURED)]
        return values[:, 1 + 2 * place_of("noise", noise, self.noises) + place_of("kind", kind, KINDS)]

    def _table(self) -> Table:
        columns = [Column("front of", self.fronts)]
        columns += [Column(what, getattr(self, what).mean(axis=0), ".3f") for what in ("mean", "worst")]
        columns += [Column("worst of all", self.worst.max(axis=0), ".3f")]
        columns += [Column(what, getattr(self, what).mean(axis=0), ".3f") for what in ("broken", "room")]
        return Table(columns, f"What fronts overpromise, logits: {len(self.mean)} societies")


@checked
def front_promises(asked: Communities, *, noises: Sequence[float] = (0.0, 0.2, 0.5), gap: float = 0.2) -> Promises:
    """The front between utility, the worst-off and safety, from the truth and from estimates, judged under the truth.

    Parameters
    ----------
    noises : levels of independent noise on every group's signal
    gap : of every front, as a share of its ranges
    """
    noises = levels("noises", noises)
    eps = noise_of(PLAIN, asked)
    signals = [noisy_signal(asked.worlds, asked.told, eps, noise, PLAIN) for noise in noises]
    estimates = [one.utilities for signal in signals for one in (signal, shrunk(signal))]
    rows = []
    for number, society in enumerate(asked.worlds):
        best = front_of(society, society.utilities, gap)
        fronts = [(society.utilities, best)]
        fronts += [(found[number], front_of(society, found[number], gap)) for found in estimates]
        rows.append([judged_front(society, utilities, front, best) for utilities, front in fronts])
    mean, worst, broken, off = np.moveaxis(np.array(rows), 2, 0)
    return Promises(noises, mean, worst, broken, off)


def front_of(society: Society, utilities: Array, gap: float) -> Front:
    """The front between mean utility, the worst-off group and safety if these were the utilities."""
    problem = problem_of(society, utilities)
    return pareto_front(problem, [Surplus(), WorstOff(), Harm(society.safety_cost)], gap=gap)


def judged_front(society: Society, utilities: Array, front: Front, best: Front) -> tuple[float, float, float, float]:
    """Mean and worst overpromise, share of promises broken, and mean room, of the menus on a front."""
    truth, own = Truth.of([society]), np.arange(len(society.groups))
    missing, rooms = [], []
    for menu, point in zip(front.menus, front.points, strict=True):
        policies = np.vstack([menu.allocation, society.reference])[np.newaxis]
        outcome = evaluate(truth, Offer(policies, own, utilities[np.newaxis]), own)
        promised = menu.utility - utilities @ society.reference
        missing.append(np.append(promised - outcome.group_utility[0], outcome.harm - point[-1]))
        enjoyed = outcome.group_utility[0] + society.reservation_utility
        here = np.array([society.weights @ enjoyed, enjoyed.min(), float(outcome.harm[0])])
        rooms.append(room(best, here, np.ones(3)))
    over = np.array(missing)
    return float(over.mean()), float(over.max()), float((over > BROKEN).mean()), float(np.mean(rooms))


def from_measured(noises: Sequence[float], found: Mapping[str, Array]) -> Promises:
    """Put together what was kept."""
    return Promises(tuple(noises), *(found[name] for name in MEASURED))

"""Where mechanisms lie relative to the best that menus can do for all groups and for safety together.

The front is between the utility of every group and the expected safety cost, over all menus that are IC and IR for the
true utilities. A mechanism's **room** is the largest d for which a mixture of menus on the front is better than it by d
in every objective at once, in units of the front's own ranges: 0 on the front. It can be negative, beyond the front,
for mechanisms that break IR or IC, which menus may not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from contracts.display.table import Column, Table, Tabular, names
from contracts.errors import SolverError
from contracts.front.goals.objectives import Harm, Surplus
from contracts.front.pareto import pareto_front
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.readable import readable
from inference.society.evaluation import Truth, delivered, evaluate, full_information
from inference.society.mechanisms import FULL_INFORMATION, MECHANISMS
from inference.society.scenarios import PLAIN, Communities, noisy_signal, standard_noise
from inference.society.world import Society, problem_of

if TYPE_CHECKING:
    from contracts.front.front import Front


@checked
@dataclass(frozen=True, eq=False)
class Placement(Tabular):
    """A front and the mechanisms beside it.

    Attributes
    ----------
    points : by mechanism, (n_groups + 1,) utility of every group, then the safety cost
    room : by mechanism, how much better menus could do in everything at once, as a share of the front's ranges
    taken : (n_groups, n_options) share of each group that takes each option of the menu, the reference last
    """

    society: Society
    noise: float
    front: Front
    points: dict[str, Array]
    room: dict[str, float]
    taken: Array

    def _table(self) -> Table:
        outcomes = np.array([[*point, self.room[name]] for name, point in self.points.items()])
        heads = (*map(readable, self.society.groups), "harm", "room")
        columns = [Column(name, values, ".3f", name) for name, values in zip(heads, outcomes.T, strict=True)]
        return Table([names("", self.points), *columns])


@checked
def placement(asked: Communities, *, noise: float, gap: float) -> Placement:
    """The front of the first society among those asked, and what the mechanisms make of the noisy signal.

    Parameters
    ----------
    noise : level, in standard deviations of the signal
    gap : of the front
    """
    society = asked.worlds[0]
    eps = standard_noise(PLAIN, np.random.default_rng([asked.seed, asked.replications[0], 2]), society)
    signal = noisy_signal([society], asked.told[:1], eps[np.newaxis], noise, PLAIN)
    problem = problem_of(society, society.utilities)
    front = pareto_front(problem, [*map(Surplus, society.groups), Harm(society.safety_cost)], gap=gap)
    truth, own = Truth.of([society]), np.arange(len(society.groups))
    offers = {name: mechanism(signal) for name, mechanism in MECHANISMS.items()}
    outcomes = {name: evaluate(truth, offer, own) for name, offer in offers.items()}
    outcomes[FULL_INFORMATION] = full_information(truth)
    points = {
        name: np.append(one.group_utility[0] + society.reservation_utility, one.harm) for name, one in outcomes.items()
    }
    taken = delivered(truth, offers["menu"], own).mean(axis=2)[0]
    return Placement(society, noise, front, points, {name: room(front, one) for name, one in points.items()}, taken)


def room(front: Front, point: Array, unit: Array | None = None) -> float:
    """How much better than a point a mixture of the front's menus is in all objectives at once.

    Parameters
    ----------
    unit : of every objective, (n_objectives,); by default the front's own ranges

    Raises
    ------
    SolverError
        If the linear program fails.
    """
    from scipy.optimize import linprog

    sign = np.array([1.0 if sense == "max" else -1.0 for sense in front.senses])
    units = front.unit if unit is None else unit
    here, menus = (-sign * (front.ideal - one) / units for one in (point, front.points))
    count = len(front)
    # Mixture weights and d, to maximise d such that mixture - d >= here.
    answer = linprog(
        np.append(np.zeros(count), -1.0),
        A_ub=np.hstack([-menus.T, np.ones((len(here), 1))]),
        b_ub=-here,
        A_eq=np.append(np.ones(count), 0.0)[np.newaxis],
        b_eq=[1.0],
        bounds=[(0.0, None)] * count + [(None, None)],
    )
    if not answer.success:
        raise SolverError(f"the distance from the front was not found ({answer.message})", tried=("linprog",))
    return float(np.asarray(answer.x)[-1])

"""Fronts of mechanisms: revenue against welfare and the utilities of agents, by weighted programs solved exactly.

What mechanisms can be worth by several linear goals is a polyhedron, so a few of them, and mixtures of these, are the
whole front. Which weights come next is decided as for menus (`contracts.front.sandwich`).

Under ambiguity a goal is what a mechanism is worth by it at the worst prior *for this goal*, W_j(x) = min_g E_g[u_j].
These are concave, so what mechanisms can be worth has a concave front, and a mixture of two mechanisms is worth no less
than the mean of what they are. Their weighted sum is not the worst case of a weighted sum, min_g E_g[sum_j w_j u_j],
which is larger where goals fear different priors: that one is no function of a mechanism's point, so it has no front.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from contracts.display.numbers import DIGITS, plural
from contracts.display.palette import PALETTE, axes
from contracts.display.table import Column, Table, Tabular
from contracts.errors import ProblemError, SolverError
from contracts.front.exact import Clock, augmented
from contracts.front.goals.objectives import Surplus, TotalSurplus
from contracts.front.sandwich import Sandwich, dominated
from contracts.inputs.arrays import Array, number
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import described
from contracts.mechanisms.checks import checked_objective, is_listed
from contracts.mechanisms.mechanism import Mechanism
from contracts.mechanisms.numbers import Numbers
from contracts.mechanisms.problem import MechanismProblem
from contracts.mechanisms.solve import solve_for_worst_of_each, solve_mechanism, with_bound
from contracts.mechanisms.verify import expected_value, stakes
from contracts.problem.objectives import Profit

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

GAP = 1e-6  # share of the distance between the best and the worst of the front
NO_CONFLICT = 1e-9  # share of what is at stake below which goals agree
MOST_POINTS = 500
NO_WEIGHT = 1e-12  # below it a weight is rounding


@checked(own=("points", "mechanisms", "weights"))
@dataclass(frozen=True, eq=False, repr=False)
class MechanismFront(Tabular):
    """Mechanisms none of which is better than another in everything.

    Attributes
    ----------
    problem : what all are for; the problem of each has the objective that it maximises
    names : of the objectives, all to be maximised
    points : (n_points, n_objectives) what every mechanism is worth, the first objective's worst first; under ambiguity
        at the worst prior for each objective
    mechanisms : one Mechanism per point, with its certificate; under ambiguity with the bound of the weighted sum at
        the worst prior for the sum, which is kinder than a worst prior for each goal: what is proven of the front is
        `gap`
    weights : (n_points, n_objectives) of the sum that each mechanism maximises, in the objectives' own units
    gap : how much better any mechanism could be in all objectives at once than a mixture of these, as a share of the
        distances between the best and the worst on the front
    requested_gap : what was asked for

    Examples
    --------
    >>> import contracts
    >>> values = [[[0, 1, 0], [0, 3, 0]], [[0, 0, 1], [0, 0, 3]]]
    >>> problem = contracts.MechanismProblem(values, incentives="dominant", participation="ex post")
    >>> front = contracts.pareto_front(problem, ["revenue", "welfare"])
    >>> isinstance(front, contracts.MechanismFront), front.points.round(3), front.holds
    (True, array([[2.  , 2.5 ],
           [2.25, 2.25]]), True)
    """

    problem: MechanismProblem
    names: tuple[str, ...]
    points: Array
    mechanisms: tuple[Mechanism, ...]
    weights: Array
    gap: float
    requested_gap: float = GAP

    def __len__(self) -> int:
        return len(self.mechanisms)

    @property
    def holds(self) -> bool:
        """Whether the gap is within what was asked, and the certificate of every mechanism holds."""
        return self.gap <= self.requested_gap and all(one.certificate.holds for one in self.mechanisms)

    def _columns(self) -> Table:
        parts = zip(self.names, self.points.T, self.weights.T, strict=True)
        each = [(name, worth, weight) for name, worth, weight in parts]
        return Table((*(Column(name, worth) for name, worth, _ in each),
                      *(Column(f"weight of {name}", weight) for name, _, weight in each)))  # fmt: skip

    def _table(self) -> Table:
        count = len(self.names)
        forms = [Column(one.name, one.values, DIGITS) for one in self._columns().columns[:count]]
        return Table(
            forms,
            f"Front of {plural(len(self), 'mechanism')} between {' and '.join(self.names)}",
            [f"gap {self.gap:.1e} of what they differ by, proven"],
            kind="front",
        )

    def to_frame(self) -> pd.DataFrame:
        """One row per mechanism."""
        return self._columns().to_frame(index=False)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the first two objectives; returns the matplotlib axes."""
        ax = axes(ax)
        ax.plot(self.points[:, 0], self.points[:, 1], color=PALETTE[0], marker="o")
        ax.set_xlabel(self.names[0])
        ax.set_ylabel(self.names[1])
        return ax


def mechanism_front(problem: MechanismProblem, objectives: Any, gap: float | None, clock: Clock) -> MechanismFront:
    """The sandwich of a few mechanisms and what their prices prove.

    Raises
    ------
    ProblemError
        If there are fewer than two objectives, or a name repeats, or is unknown.
    SolverError
        If the gap was not reached; `reached` holds the front that was.
    """
    gap = GAP if gap is None else number("gap", gap)
    if not 0 < gap < 1:
        raise ProblemError(f"gap is {gap}: give a share between 0 and 1, such as 1e-6")
    search = _Search(problem, _read_goals(problem, objectives), gap)
    least = NO_CONFLICT * stakes(Numbers(problem))
    m = len(search.goals)
    search.unit = np.full(m, max(least, 1e-300))
    ends = [search.solved(weights) for weights in np.eye(m)]
    search.unit = np.maximum(np.ptp([point for point, *_ in ends], axis=0), least)
    found = [search.solved(augmented(weights, gap)) for weights in np.eye(m)]
    search.unit = np.maximum(np.ptp([point for point, *_ in found], axis=0), least)
    origin = np.min([point for point, *_ in found], axis=0)
    sandwich = Sandwich(
        np.array([(point - origin) / search.unit for point, *_ in found]), np.empty((0, m)), np.empty(0)
    )
    for _, weights, _, bound in (*ends, *found):
        sandwich = _cut(sandwich, weights, bound, origin, search.unit)
    tried: set[bytes] = set()
    while True:
        distances = sandwich.distances()
        clock.report(f"{len(found)} mechanisms, gap {max(float(distances.amounts[0]), 0.0):.1e}")
        normal = next((own for own, amount in zip(distances.weights, distances.amounts, strict=True)
                       if amount > gap and np.round(own, 9).tobytes() not in tried), None)  # fmt: skip
        if normal is None or clock.is_over or len(found) > MOST_POINTS:
            break
        tried.add(np.round(normal, 9).tobytes())
        found.append(search.solved(np.where(normal < NO_WEIGHT, 0.0, normal)))
        point, weights, _, bound = found[-1]
        sandwich = _cut(sandwich.with_point((point - origin) / search.unit), weights, bound, origin, search.unit)
    front = _front(problem, search, found, max(float(distances.amounts[0]), 0.0), gap)
    if front.gap > gap and not clock.is_over:
        raise SolverError(
            f"the front was certified to a gap of {front.gap:.1e} only, not {gap:.1e}: ask for a larger gap; the front "
            "is in the error's `reached`", ("linear",), front,
        )  # fmt: skip
    return front


def _front(problem: MechanismProblem, search: _Search, found: list[Any], reached: float, gap: float) -> MechanismFront:
    points = np.array([point for point, *_ in found])
    rounded = np.round(points / search.unit, 9)
    kept = np.flatnonzero(np.logical_not(dominated(rounded)))
    kept = kept[np.argsort(points[kept, 0], kind="stable")]
    mechanisms = [found[k][2] for k in kept]
    if problem.ambiguity is not None:
        mechanisms = [with_bound(one, gap) for one in mechanisms]
    return MechanismFront(
        problem, tuple(search.goals), points[kept], tuple(mechanisms),
        np.array([found[k][1] for k in kept]), reached, gap,
    )  # fmt: skip


def _cut(sandwich: Sandwich, weights: Array, bound: float, origin: Array, unit: Array) -> Sandwich:
    """A half-space that no mechanism leaves, in the units of the front."""
    own = weights * unit
    size = float(own.sum())
    return sandwich.with_bound(own / size, (bound - float(weights @ origin)) / size)


class _Search:
    """Goals, and the mechanism for any weights of them."""

    def __init__(self, problem: MechanismProblem, goals: dict[str, Any], gap: float) -> None:
        self.gap = gap
        self.problem = problem
        self.goals = goals
        self.parts = [replace(problem, objective=goal).weights for goal in goals.values()]
        self.unit = np.ones(len(goals))

    def solved(self, normal: Array) -> tuple[Array, Array, Mechanism, float]:
        """What the best mechanism for normalised weights is worth by every goal, their weights, itself and a bound."""
        weights = normal / self.unit
        weights = weights / weights.sum()
        revenue, welfare = (
            float(sum(w * part[k] for w, part in zip(weights, self.parts, strict=True))) for k in (0, 1)
        )
        utility = sum(
            (w * part[2] for w, part in zip(weights, self.parts, strict=True)), np.zeros(self.problem.n_agents)
        )
        goal = {"revenue": revenue, "welfare": welfare, "utility": utility}
        asked = replace(self.problem, objective=goal)
        if asked.ambiguity is not None:
            mechanism, worth, bound = solve_for_worst_of_each(asked, list(self.goals.values()), weights, self.gap)
            return np.array(worth), weights, mechanism, bound
        mechanism = solve_mechanism(asked)
        point = [
            float(expected_value(Numbers(replace(self.problem, objective=own)), mechanism.exact))
            for own in self.goals.values()
        ]
        return np.array(point), weights, mechanism, mechanism.upper_bound


def _read_goals(problem: MechanismProblem, given: Any) -> dict[str, Any]:
    """Objectives by name, each as a problem's `objective`."""
    known = "'revenue', 'welfare', 'utility', Profit(), TotalSurplus(), Surplus(agent), or weights by name"
    if isinstance(given, Mapping):
        named = [(str(name), one) for name, one in given.items()]
    elif is_listed(given):
        named = [("", one) for one in given]
    else:
        raise ProblemError(f"objectives is {described(given)}: give a list of {known}")
    found: dict[str, Any] = {}
    for name, one in named:
        own, goal = _goal(problem, one, known)
        name = name or own
        if name in found:
            raise ProblemError(f"objectives repeat {name!r}: leave one out, or give names of your own")
        found[name] = checked_objective(goal, problem.n_agents)
    if len(found) < 2:
        raise ProblemError(f"objectives has {len(found)} entries: a front is between two or more of {known}")
    return found


def _goal(problem: MechanismProblem, one: Any, known: str) -> tuple[str, Any]:
    if isinstance(one, Profit):
        one = "revenue"
    if isinstance(one, TotalSurplus):
        one = "welfare"
    if isinstance(one, str) and one in ("revenue", "welfare", "utility"):
        return one, {one: 1.0}
    if isinstance(one, Surplus):
        names = list(problem.agents)
        chosen = names if one.group is None else [one.group] if isinstance(one.group, str) else list(one.group)
        odd = next((name for name in chosen if name not in names), None)
        if odd is not None:
            raise ProblemError(f"Surplus is of {odd!r}: agents are {', '.join(map(repr, names))}")
        return one.name, {"utility": np.isin(names, chosen).astype(np.float64)}
    if isinstance(one, Mapping):
        return ", ".join(map(str, one)), one
    raise ProblemError(f"objectives has {described(one)}: give {known}")

"""What is asked where output is a number on a line and the action a number in an interval.

Outcomes are told apart by cells. A wage that is the same within each cell is a contract of the continuous problem, too:
chances of cells are exact, so what the agent does is what it would do, and finer cells can only lower what an action
costs.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from contracts.agency.problem import MoralHazardProblem
from contracts.agency.utility import RiskNeutral, Utility
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Count

FINE = 501  # actions among which the most tempting one is looked for


@checked
@dataclass(frozen=True, eq=False, repr=False)
class ContinuousMoralHazardProblem:
    """Hidden action where output is a number on a line, and the action a number in an interval.

    Attributes
    ----------
    distribution : from an array of actions, (n, 1), to a frozen distribution of scipy.stats, such as
        lambda a: scipy.stats.norm(a, 10)
    outcomes : (lowest, highest), between which outcomes are told apart; all beyond counts as the last cell
    actions : (lowest, highest)
    effort_cost : from an array of actions to utility
    utility, reservation_utility, wages : as in MoralHazardProblem
    n_outcomes, n_actions : cells of outcomes, even, and actions of the grid

    Examples
    --------
    >>> import scipy.stats
    >>> problem = ContinuousMoralHazardProblem(lambda a: scipy.stats.norm(a, 10.0), (-30.0, 210.0), (0.0, 110.0),
    ...                                        lambda a: a**2 / 30_000, n_outcomes=40)
    >>> problem.at([0.0, 80.0])
    MoralHazardProblem(n_actions=2, n_outcomes=40, utility=RiskNeutral())
    """

    distribution: Callable[[Any], Any]
    outcomes: tuple[float, float]
    actions: tuple[float, float]
    effort_cost: Callable[[Any], Any]
    utility: Utility = RiskNeutral()
    reservation_utility: float = 0.0
    wages: tuple[float, float] = (-math.inf, math.inf)
    n_outcomes: Count = 200
    n_actions: Count = 101

    def __post_init__(self) -> None:
        for name in ("outcomes", "actions"):
            ends = finite(name, getattr(self, name)).ravel()
            if len(ends) != 2 or not ends[0] < ends[1]:
                raise ProblemError(f"{name} is {getattr(self, name)!r}: give (lowest, highest)")
            object.__setattr__(self, name, (float(ends[0]), float(ends[1])))
        if self.n_outcomes < 4 or self.n_outcomes % 2 or self.n_actions < 3:
            raise ProblemError(
                f"n_outcomes is {self.n_outcomes} and n_actions {self.n_actions}: give an even number of cells, at "
                "least 4, and at least 3 actions"
            )
        _ = self._finite  # whatever is wrong is said at the door

    def __repr__(self) -> str:
        return (
            f"ContinuousMoralHazardProblem(outcomes={self.outcomes}, actions={self.actions}, utility={self.utility!r})"
        )

    @property
    def edges(self) -> Array:
        """Ends of the cells; (n_outcomes + 1,), the first and the last infinite."""
        edges = np.linspace(*self.outcomes, self.n_outcomes + 1)
        edges[[0, -1]] = -np.inf, np.inf
        return np.asarray(edges)

    @property
    def middles(self) -> Array:
        """Middles of the cells, which stand for the output in them; (n_outcomes,)."""
        ends = np.linspace(*self.outcomes, self.n_outcomes + 1)
        return np.asarray((ends[1:] + ends[:-1]) / 2)

    @property
    def grid(self) -> Array:
        """Actions at equal distances; (n_actions,)."""
        return np.linspace(*self.actions, self.n_actions)

    def at(self, actions: Any) -> MoralHazardProblem:
        """The problem with some actions only, in their order, and cells of outcomes."""
        chosen = finite("actions", actions).ravel()
        return self._stated(chosen, *self._laws(chosen))

    def _with_grid(self, actions: Array) -> Array:
        """Some actions, then all others of the grid."""
        return np.append(actions, self.grid[~np.isin(self.grid, actions)])

    def _against_grid(self, actions: Array) -> MoralHazardProblem:
        """The problem with these actions."""
        others = ~np.isin(self.grid, actions)
        laws = zip(self._laws(actions), self._on_grid, strict=True)
        both = (np.concatenate([given, known[others]]) for given, known in laws)
        return self._stated(self._with_grid(actions), *both)

    def _coarse(self, finer: MoralHazardProblem) -> MoralHazardProblem:
        """A problem of these cells with every two of them told apart no longer."""
        pairs = finer.outcome_probabilities.reshape(finer.n_actions, -1, 2)
        return MoralHazardProblem(
            pairs.sum(axis=2), finer.output.reshape(-1, 2).mean(axis=1), finer.effort_cost, self.utility,
            self.reservation_utility, self.wages, actions=finer.actions,
        )  # fmt: skip

    @cached_property
    def _finite(self) -> MoralHazardProblem:
        """The problem with the actions of the grid."""
        return self._stated(self.grid, *self._on_grid)

    @cached_property
    def _on_grid(self) -> tuple[Array, Array]:
        """Chances of the cells and effort for every action of the grid."""
        return self._laws(self.grid)

    @cached_property
    def _on_fine_grid(self) -> tuple[Array, Array]:
        """The same for the actions among which the most tempting one is looked for."""
        return self._laws(np.linspace(*self.actions, FINE))

    def _laws(self, chosen: Array) -> tuple[Array, Array]:
        """Chances of the cells, (n, n_outcomes), and effort, (n,), of some actions."""
        try:
            law = self.distribution(chosen[:, np.newaxis])
            below = np.asarray(law.cdf(self.edges), dtype=np.float64)
            above = np.asarray(law.sf(self.edges), dtype=np.float64)
            effort = np.asarray(self.effort_cost(chosen), dtype=np.float64)
        except Exception as exc:  # whatever a function raises
            raise ProblemError(
                f"distribution and effort_cost do not take an array of actions ({exc}): use functions such as "
                "lambda a: scipy.stats.norm(a, 10) and lambda a: a**2"
            ) from exc
        if below.shape != (len(chosen), self.n_outcomes + 1) or effort.shape != chosen.shape:
            raise ProblemError(
                f"distribution gives chances of shape {below.shape} and effort_cost {effort.shape} for {len(chosen)} "
                "actions: let both work entry by entry"
            )
        left = np.diff(below, axis=1)  # in the upper tail differences of sf keep the digits
        chances = np.where(below[:, 1:] < 0.5, left, -np.diff(above, axis=1))
        chances = np.maximum(chances, 0.0)
        total = chances.sum(axis=1)
        if not np.all(np.isfinite(total) & (np.abs(total - 1) < 1e-6)):
            odd = chosen[np.argmax(~(np.abs(total - 1) < 1e-6))]
            raise ProblemError(f"distribution at action {odd:g} does not integrate to one: give a frozen distribution")
        return chances / total[:, np.newaxis], effort

    def _stated(self, chosen: Array, chances: Array, effort: Array) -> MoralHazardProblem:
        return MoralHazardProblem(
            chances, self.middles, effort, self.utility, self.reservation_utility, self.wages,
            actions=_names(chosen), outcomes=None,
        )  # fmt: skip


def _names(actions: Array) -> tuple[str, ...]:
    names: list[str] = []
    seen: set[str] = set()
    for action in actions.tolist():
        name = f"{action:.6g}"
        name = name if name not in seen else repr(action)
        while name in seen:
            name += "'"
        seen.add(name)
        names.append(name)
    return tuple(names)

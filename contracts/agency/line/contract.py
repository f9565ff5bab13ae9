"""The result: wages by cells of outcomes, what the agent does for them, and how far both may be from the best."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from contracts.agency.bound import ContractMultipliers
from contracts.agency.contract import Contract
from contracts.agency.line.problem import ContinuousMoralHazardProblem
from contracts.agency.records import fields_record
from contracts.agency.wages.between import FINER, ActionProof, highest_between
from contracts.display.numbers import DIGITS
from contracts.display.table import Column, Table, Tabular
from contracts.inputs.arrays import Array, finite
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.problem.records import Saved, to_record
from contracts.proof.certificate import Certificate

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

FUNCTIONS = ("distribution", "effort_cost")  # of the problem, which no file holds
SCHEMA = "menuwright/continuous-contract/1"
NEIGHBOUR = 1e-4  # share of the interval at which neighbours stand for the first-order condition
TEMPTS = 1e-6  # share of the range of effort costs that another action may gain before it joins


class Searched(NamedTuple):
    """Actions that were looked at, what they earn the principal, and what nothing earns more than; (n,) each.

    Profit is -inf where no wages were found, and where none were looked for as another action earns more than the
    bound.
    """

    actions: Array
    profit: Array
    bound: Array


@checked
@dataclass(frozen=True, eq=False, repr=False)
class ContinuousContract(Tabular, Saved):
    """Wages by cells of outcomes for which the agent takes an action of the interval.

    Attributes
    ----------
    action : what the agent does
    contract : the wages with their certificate, against the actions that tempt
    asked : (n_asked,) the action and others, beside those of the grid, against which its wages were held
    searched : the actions that were looked at, with their profits; one if the action was asked for
    largest_gain : what the agent could gain at most by another action of the interval, by a fine grid; utility
    first_order_gain : the same under the wages that the first-order approach alone would pay
    coarse_value : what the best contract for the action earns with half as many cells
    proofs : prices that bound what the actions that were looked at cost, in the order of the actions
    """

    problem: ContinuousMoralHazardProblem
    action: float
    contract: Contract
    asked: Array
    searched: Searched
    largest_gain: float
    first_order_gain: float
    coarse_value: float
    proofs: tuple[ActionProof, ...]

    @property
    def wages(self) -> Array:
        """What is paid after outcomes in each cell; (n_outcomes,)."""
        return self.contract.wages

    @property
    def value(self) -> float:
        """Expected output less wages."""
        return self.contract.value

    @property
    def utilities(self) -> Array:
        """What the wages are worth to the agent; (n_outcomes,)."""
        return self.contract.utilities

    @property
    def certificate(self) -> Certificate:
        """IC and IR, value and bound against the actions that tempt."""
        return self.contract.certificate

    @property
    def multipliers(self) -> ContractMultipliers:
        """Prices of participation and of the actions that tempt, which are those of `contract.problem`."""
        return self.contract.multipliers

    @property
    def upper_bound(self) -> float:
        """No contract with wages by cells earns more, whichever of the actions that were looked at it implements."""
        return float(self.searched.bound.max())

    @cached_property
    def numerical_bound(self) -> float:
        """What no contract seems to earn more than, whichever action it implements and however fine its cells.

        The same prices prove bounds for actions in between, and with finer cells. From there on it is numerical:
        second differences stand for curvature, and what still finer cells bring is extrapolated. If the action was
        asked for, it is about that action.
        """
        problem = self.problem
        finer = replace(problem, n_outcomes=FINER * problem.n_outcomes)
        low, high = problem.actions
        return highest_between(problem.at, finer.at, self.proofs, problem.actions, NEIGHBOUR * (high - low))

    @property
    def expected_wage(self) -> float:
        """What the principal expects to pay."""
        return self.contract.expected_wage

    @property
    def discretisation_error(self) -> float:
        """How much twice as fine cells brought; finer ones bring less."""
        return abs(self.value - self.coarse_value)

    @property
    def is_first_order(self) -> bool:
        """Whether the first-order approach is valid: no other action tempts under its wages."""
        return self.first_order_gain <= self._negligible

    @property
    def _negligible(self) -> float:
        return TEMPTS * float(np.ptp(self.problem._on_grid[1]))

    def wage(self, outcome: Any) -> Array:
        """What is paid after outcomes; an array of their shape."""
        cells = np.searchsorted(self.problem.edges, finite("outcome", outcome), side="right") - 1
        return np.asarray(self.wages[np.clip(cells, 0, len(self.wages) - 1)])

    def to_frame(self) -> pd.DataFrame:
        """One row per cell: its output, its probability under the action, wage, utility and likelihood ratio."""
        return self.contract.to_frame()

    def plot(self, ax: Axes | None = None, *, against: str = "output") -> Axes:
        """Draw wages against 'output' or against the 'likelihood ratio'; returns the matplotlib axes."""
        return self.contract.plot(ax, against=against)

    # ---- keeping it ----

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON with a schema version; of the two functions of the problem, the numbers that proofs need.

        `load_contract(path, problem=...)` reads it, given the functions again.
        """
        return {
            "schema": SCHEMA,
            "line": fields_record(self.problem, without=FUNCTIONS),
            "action": self.action,
            "asked": self.asked.tolist(),
            "contract": self.contract.to_dict(),
            "searched": {name: to_record(column) for name, column in self.searched._asdict().items()},
            "proofs": [to_record(list(proof)) for proof in self.proofs],
        }

    def _table(self) -> Table:
        certificate = self.contract.certificate
        rows = np.unique(np.linspace(0, self.problem.n_outcomes - 1, 11).round().astype(int))
        way = "the first-order approach is valid" if self.is_first_order else "the first-order approach is not valid"
        return Table(
            (
                Column("output", self.problem.middles[rows], DIGITS),
                Column("probability", self.contract.problem.outcome_probabilities[self.contract.action][rows], 3),
                Column("wage", self.wages[rows], DIGITS),
            ),
            f"Contract: the agent takes {self.action:.6g}, expected wage {self.expected_wage:.6g}, "
            f"value {self.value:.6g}",
            [
                f"{way}; gains elsewhere {self.largest_gain:.1e}; cells half as many: value {self.coarse_value:.6g}",
                f"numerical bound over actions in between and finer cells {self.numerical_bound:.6g}",
                str(certificate).splitlines()[0],
            ],
        )

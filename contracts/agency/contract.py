"""The result: what is paid after each outcome, what the agent does for it, and the evidence."""

from __future__ import annotations

import math
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from contracts.agency.bound import ContractMultipliers, multipliers_of
from contracts.agency.problem import MoralHazardProblem, action_number
from contracts.agency.records import problem_from_record, problem_record
from contracts.agency.verify import first_best_cost, verify_contract
from contracts.agency.wages.implementation import Implementations
from contracts.agency.wages.impossible import Impossibility
from contracts.agency.wages.monotone import implemented
from contracts.display.table import Certified
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite, number
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.problem.records import Saved, built_from_document
from contracts.proof.certificate import Certificate

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from contracts.display.table import Table

SCHEMA = "menuwright/contract/1"
BINDING = 1e-6  # share of the largest weight from which a constraint counts as binding


@checked
@dataclass(frozen=True, eq=False, repr=False)
class Contract(Certified, Saved):
    """Wages by outcomes for which the agent certainly takes the action and certainly stays, as the floats they are.

    Attributes
    ----------
    wages : (n_outcomes,) what the agent is paid
    action : number of the action that the agent takes
    certificate : IC and IR, value, bound and gap
    multipliers : prices that prove the bound
    is_demanded : whether the action was asked for; the bound is then that of contracts which implement it

    Examples
    --------
    >>> from contracts import MoralHazardProblem, SquareRoot, solve_contract
    >>> problem = MoralHazardProblem([[0.75, 0.25], [0.25, 0.75]], output=[0.0, 20.0], effort_cost=[0.0, 1.0],
    ...                              utility=SquareRoot(), reservation_utility=1.0, actions=("shirk", "work"))
    >>> contract = solve_contract(problem)
    >>> contract.action_name, contract.wages
    ('work', array([0.25, 6.25]))
    >>> contract.certificate.holds, contract.value
    (True, 10.25)
    """

    problem: MoralHazardProblem
    wages: Array
    action: int
    certificate: Certificate
    multipliers: ContractMultipliers
    is_demanded: bool

    # ---- what it says ----

    @property
    def action_name(self) -> str:
        """The name of the action."""
        return self.problem.actions[self.action]

    @property
    def utilities(self) -> Array:
        """What the wages are worth to the agent; (n_outcomes,)."""
        return self.problem.utility.value(self.wages)

    @property
    def expected_wage(self) -> float:
        """What the principal expects to pay."""
        own = self.problem.outcome_probabilities[self.action]
        return math.fsum((own * self.wages).tolist())

    @property
    def agent_utility(self) -> float:
        """Expected utility of wages less the cost of effort."""
        own = self.problem.outcome_probabilities[self.action]
        return float(own @ self.utilities - self.problem.effort_cost[self.action])

    @property
    def likelihood_ratio(self) -> Array:
        """How much likelier each outcome is if the agent does what tempts it most than if not; (n_outcomes,).

        The mixture of other actions that bind, by their prices, over the action; nan where neither has the outcome.
        Where no wage is at a limit, wages fall in it: good news is an outcome that tempting actions seldom have.
        """
        prices = np.asarray(self.multipliers.incentive[[self.action], :].todense()).ravel()
        probabilities = self.problem.outcome_probabilities
        if not prices.any():
            prices = np.where(np.arange(len(prices)) == self._tempting, 1.0, 0.0)
        total = float(prices.sum())
        mixture = prices @ probabilities / total if total > 0 else probabilities[self.action]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(mixture / probabilities[self.action])

    @property
    def first_best_cost(self) -> Array:
        """What each action would cost if it could be seen; (n_actions,), inf where no wage within limits keeps it."""
        return first_best_cost(self.problem)

    @cached_property
    def implementations(self) -> Implementations:
        """Wages, costs, bounds and proofs for every action, computed when they are first asked for."""
        return implemented(self.problem)

    @property
    def implementation_cost(self) -> Array:
        """The least expected wage that implements each action, to the gap of its bound; (n_actions,), inf where none.

        `impossibilities` says why there is none.
        """
        return self.implementations.cost

    @property
    def implementation_bound(self) -> Array:
        """What no wages that implement an action cost less; (n_actions,)."""
        return self.implementations.bound

    @property
    def impossibilities(self) -> dict[str, Impossibility]:
        """For actions that no wages implement, by name, the proof."""
        return {self.problem.actions[k]: proof for k, proof in self.implementations.proofs.items()}

    @property
    def binding(self) -> list[str]:
        """Constraints with a price: 'IR', and 'IC -> name' for every action that tempts, what weighs most first.

        Prices are weighed by how far an action's outcomes are apart: that of a neighbour is large as it is near.
        """
        problem, prices = self.problem, self.multipliers.incentive[[self.action], :].tocoo()
        tempting = np.asarray(prices.coords[1])
        apart = np.abs(problem.outcome_probabilities[tempting] - problem.outcome_probabilities[self.action]).sum(axis=1)
        weight, reserve = prices.data * apart, float(self.multipliers.participation[self.action])
        least = BINDING * max(reserve, float(weight.max(initial=0.0)))
        order = [int(k) for k in np.argsort(-weight, kind="stable") if weight[k] > least]
        return ["IR"] * (reserve > least) + [f"IC -> {problem.actions[int(tempting[k])]}" for k in order]

    # ---- showing it ----

    def _table(self) -> Table:
        from contracts.agency.text import contract_table

        return contract_table(self)

    def to_frame(self) -> pd.DataFrame:
        """One row per outcome: its probability under the action, output, wage, utility and likelihood ratio."""
        from contracts.agency.text import contract_columns

        return contract_columns(self).to_frame()

    def plot(self, ax: Axes | None = None, *, against: str = "likelihood ratio") -> Axes:
        """Draw wages against the 'likelihood ratio' or against 'output'; returns the matplotlib axes."""
        from contracts.agency.text import plot_contract

        return plot_contract(self, ax, against)

    # ---- keeping it ----

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON with a schema version; floats survive to the bit."""
        prices = self.multipliers.incentive.tocoo()
        return {
            "schema": SCHEMA,
            "problem": problem_record(self.problem),
            "wages": self.wages.tolist(),
            "action": self.action,
            "action_name": self.action_name,
            "demanded": self.is_demanded,
            "utilities": self.utilities.tolist(),
            "expected_wage": self.expected_wage,
            "multipliers": {
                "participation": self.multipliers.participation.tolist(),
                "incentive": {
                    "meant": prices.row.tolist(),
                    "tempting": prices.col.tolist(),
                    "price": prices.data.tolist(),
                },
                **({"rising": self.multipliers.rising.tolist()} if self.multipliers.rising.size else {}),
            },
            "certificate": self.certificate.to_dict(),
        }

    @property
    def _tempting(self) -> int:
        names = list(self.problem.actions)
        tempter = self.certificate.deviation.tempter
        return names.index(tempter) if tempter in names else -1


# ---- from files ----


@checked
def load_contract(path: str | Path) -> Contract:
    """Read a contract that `Contract.save` wrote. Its certificate is computed anew: a file is not believed.

    Raises
    ------
    ProblemError
        If the file is not such a contract.
    """
    return built_from_document(path, SCHEMA, "Contract.save", contract_from_dict, "contract")


def contract_from_dict(record: dict[str, Any]) -> Contract:
    """The inverse of Contract.to_dict."""
    from scipy.sparse import csr_array

    problem = problem_from_record(record["problem"])
    n_actions = problem.n_actions
    prices = record["multipliers"]
    parts = prices["incentive"]
    incentive = csr_array(
        (finite("multipliers.incentive.price", parts["price"]), (parts["meant"], parts["tempting"])),
        shape=(n_actions, n_actions),
    )
    participation = finite("multipliers.participation", prices["participation"])
    multipliers = multipliers_of(participation, incentive, prices.get("rising", ()))
    requested = record["certificate"]["requested_gap"]
    gap = np.inf if requested is None else number("certificate.requested_gap", requested)
    action, demanded = action_number(problem, record["action"]), record["demanded"] is True
    wages = finite("wages", record["wages"])
    certificate = verify_contract(problem, wages, action=action if demanded else None, multipliers=multipliers, gap=gap)
    if not demanded and certificate.deviation.tempted != problem.actions[action]:
        raise ProblemError(
            f"action is {action}, but at these wages the agent takes {certificate.deviation.tempted!r}, so the file "
            "was edited: keep only the wages, and verify them with verify_contract"
        )
    return Contract(problem, wages, action, certificate, multipliers, demanded)

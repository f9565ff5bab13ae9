"""The result: a contract for every type, what each does for it, and the evidence."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from contracts.agency.records import fields_from_record, fields_record
from contracts.agency.types.prices import AgencyMultipliers
from contracts.agency.types.problem import AgencyProblem, action_numbers, type_number
from contracts.agency.types.proof import AgencyProof, bound_within, check_proof, covers, prices_at
from contracts.agency.types.responses import Choice, Menu
from contracts.agency.types.verify import MenuCertificate, certify, preferred_choices
from contracts.agency.verify import first_best_cost
from contracts.display.table import Certified
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, Indices, finite, number
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.problem.records import Saved, built_from_document

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from contracts.display.table import Table

SCHEMA = "menuwright/contract-menu/1"
BINDING = 1e-6  # share of the largest price from which a constraint counts as binding


@checked
@dataclass(frozen=True, eq=False, repr=False)
class ContractMenu(Certified, Saved):
    """Contracts of which every type certainly takes its own and obeys, as the floats they are.

    Attributes
    ----------
    wages : (n_types, n_outcomes) what each type is paid
    actions : (n_types,) numbers of the actions that they take
    certificate : IC with double deviations and IR, value, bound and gap, and what tempts each type most
    proof : prices that prove the bound, for every part of the assignments of actions
    is_demanded : whether the actions were asked for; the bound is then that of menus which implement them

    Examples
    --------
    >>> from contracts import AgencyProblem, solve_contract
    >>> problem = AgencyProblem([[0.75, 0.25], [0.25, 0.75]], output=[0.0, 8.0], effort_cost=[[0.0, 1.0], [0.0, 4.0]],
    ...                         labels=("able", "slow"), actions=("shirk", "work"), wages=(0.0, float("inf")))
    >>> menu = solve_contract(problem)
    >>> menu.action_names, menu.rents.tolist()
    (('work', 'shirk'), [0.5, 0.5])
    >>> menu.certificate.holds, menu.certificate.upper_bound - menu.value < 1e-6
    (True, True)
    """

    problem: AgencyProblem
    wages: Array
    actions: Indices
    certificate: MenuCertificate
    proof: AgencyProof
    is_demanded: bool

    # ---- what it says ----

    @property
    def action_names(self) -> tuple[str, ...]:
        """The names of the actions; (n_types,)."""
        return tuple(self.problem.actions[int(k)] for k in self.actions)

    @property
    def utilities(self) -> Array:
        """What the wages are worth to agents; (n_types, n_outcomes)."""
        return self.problem.utility.value(self.wages)

    @property
    def contract_of(self) -> Indices:
        """Which of the distinct contracts each type takes, numbered by the first type that does; (n_types,)."""
        _, first, number_of = np.unique(self.wages, axis=0, return_index=True, return_inverse=True)
        rank = np.empty(len(first), dtype=np.intp)
        rank[np.argsort(first)] = np.arange(len(first))
        return np.asarray(rank[number_of.ravel()])

    @property
    def expected_output(self) -> Array:
        """What the principal expects of each type; (n_types,)."""
        return np.asarray(self.problem.expected_output[np.arange(self.problem.n_types), self.actions])

    @property
    def expected_wages(self) -> Array:
        """What it expects to pay each type; (n_types,)."""
        return np.array([math.fsum(row) for row in (self._own * self.wages).tolist()])

    @property
    def agent_utility(self) -> Array:
        """Expected utility of wages less the cost of effort; (n_types,)."""
        effort = self.problem.effort_cost[np.arange(self.problem.n_types), self.actions]
        return np.asarray((self._own * self.utilities).sum(axis=1) - effort)

    @property
    def rents(self) -> Array:
        """Utility above the reservation utility; (n_types,)."""
        return np.array([one.slack for one in self.certificate.responses])

    @property
    def first_best_value(self) -> float:
        """What the principal would earn if it saw types and actions."""
        problem = self.problem
        earned = [float((one.expected_output - first_best_cost(one)).max()) for one in problem.each]
        return float(problem.weights @ np.array(earned))

    @property
    def multipliers(self) -> AgencyMultipliers:
        """Prices of the constraints at these actions."""
        return prices_at(self.proof, self.actions)

    @property
    def binding(self) -> list[str]:
        """Constraints with a price: 'IR type', and 'type -> report / action', what weighs most first."""
        problem, prices = self.problem, self.multipliers
        labels, names = problem.labels, problem.actions
        found: dict[str, float] = {}
        for who, price in enumerate(prices.participation.tolist()):
            found[f"IR {labels[who]}"] = price
        meant = prices.told == self.actions[prices.report]
        for k in np.flatnonzero(meant).tolist():
            who, report, taken = int(prices.tempted[k]), int(prices.report[k]), int(prices.taken[k])
            if (report, taken) != (who, int(self.actions[who])):
                name = f"{labels[who]} -> {labels[report]} / {names[taken]}"
                found[name] = found.get(name, 0.0) + float(prices.price[k])
        least = BINDING * max(found.values(), default=0.0)
        return [name for name, price in sorted(found.items(), key=lambda item: -item[1]) if price > least]

    def contract(self, label: str | int) -> Array:
        """The wages of one type, given by its name or number; (n_outcomes,)."""
        return self.wages[type_number(self.problem, label)]

    def choice(self, label: str | int) -> tuple[str, str]:
        """What a type does at this menu: whose contract it takes, by name, and its action.

        Ties go to the principal, and among equals to what is meant.
        """
        who = type_number(self.problem, label)
        found = Menu(self.problem, self.wages).preferred(who, Choice(who, int(self.actions[who])))
        return self.problem.labels[found.report], self.problem.actions[found.action]

    @property
    def _own(self) -> Array:
        return self.problem.outcome_probabilities[np.arange(self.problem.n_types), self.actions]

    # ---- showing it ----

    def _table(self) -> Table:
        from contracts.agency.types.text import menu_table

        return menu_table(self)

    def to_frame(self) -> pd.DataFrame:
        """One row per type: weight, action, the wage after each outcome, expected output and wage, utility and rent."""
        from contracts.agency.types.text import menu_columns

        return menu_columns(self).to_frame()

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the wages of every contract against output; returns the matplotlib axes."""
        from contracts.agency.types.text import plot_menu

        return plot_menu(self, ax)

    # ---- keeping it ----

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON with a schema version; floats survive to the bit."""
        return {
            "schema": SCHEMA,
            "problem": fields_record(self.problem),
            "wages": self.wages.tolist(),
            "actions": self.actions.tolist(),
            "action_names": list(self.action_names),
            "demanded": self.is_demanded,
            "expected_wages": self.expected_wages.tolist(),
            "rents": self.rents.tolist(),
            "proof": [
                {"allowed": [np.flatnonzero(row).tolist() for row in allowed], **_prices_record(prices)}
                for allowed, prices in zip(self.proof.allowed, self.proof.multipliers, strict=True)
            ],
            "certificate": self.certificate.to_dict(),
        }


# ---- from files ----


def _prices_record(prices: AgencyMultipliers) -> dict[str, Any]:
    names = ("participation", "honesty", "tempted", "report", "told", "taken", "price")
    return {name: getattr(prices, name).tolist() for name in names}


@checked
def load_contract_menu(path: str | Path) -> ContractMenu:
    """Read a menu that `ContractMenu.save` wrote. Its certificate is computed anew: a file is not believed.

    Raises
    ------
    ProblemError
        If the file is not such a menu.
    """
    return built_from_document(path, SCHEMA, "ContractMenu.save", menu_from_dict, "menu")


def menu_from_dict(record: dict[str, Any]) -> ContractMenu:
    """The inverse of ContractMenu.to_dict."""
    problem = AgencyProblem(**fields_from_record(AgencyProblem, record["problem"]))
    actions, demanded = action_numbers(problem, record["actions"]), record["demanded"] is True
    proof = _proof_from(problem, record["proof"])
    check_proof(problem, proof)
    asked = np.ones((problem.n_types, problem.n_actions), dtype=bool)
    if demanded:
        asked = np.arange(problem.n_actions) == actions[:, np.newaxis]
    if not covers(proof, asked):
        raise ProblemError("proof leaves out assignments of actions, so the file was edited: solve the problem again")
    requested = record["certificate"]["requested_gap"]
    gap = np.inf if requested is None else number("certificate.requested_gap", requested)
    wages = finite("wages", record["wages"])
    if wages.shape != (problem.n_types, problem.n_outcomes):
        raise ProblemError(f"wages has shape {wages.shape}; expected {(problem.n_types, problem.n_outcomes)}")
    choices = [Choice(who, int(action)) for who, action in enumerate(actions)]
    certificate = certify(problem, wages, choices, bound_within(problem, proof, asked), gap=gap)
    if not demanded and not certificate.is_exact:
        meant = ", ".join(problem.actions[int(k)] for k in actions)
        found = ", ".join(problem.actions[one.action] for one in preferred_choices(problem, wages))
        raise ProblemError(
            f"actions are {meant}, but at these wages types take {found}, so the file was edited: keep only the wages, "
            "and verify them with verify_contract"
        )
    return ContractMenu(problem, wages, actions, certificate, proof, demanded)


def _proof_from(problem: AgencyProblem, record: list[dict[str, Any]]) -> AgencyProof:
    allowed = np.zeros((len(record), problem.n_types, problem.n_actions), dtype=bool)
    multipliers = []
    for k, leaf in enumerate(record):
        for who, actions in enumerate(leaf["allowed"]):
            allowed[k, who, np.array(actions, dtype=np.intp)] = True
        tempted, report, told, taken = (
            np.array(leaf[name], dtype=np.intp).reshape(-1) for name in ("tempted", "report", "told", "taken")
        )
        participation, price = finite("participation", leaf["participation"]), finite("price", leaf["price"])
        honesty = finite("honesty", leaf["honesty"])
        multipliers.append(AgencyMultipliers(participation, honesty, tempted, report, told, taken, price.reshape(-1)))
    return AgencyProof(allowed, tuple(multipliers))

"""The tab of hidden action: wages by outcome for an agent whose effort nobody sees."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from contracts.agency.contract import Contract
from contracts.agency.problem import MoralHazardProblem
from contracts.agency.solve import solve_contract
from contracts.agency.utility import CRRA, RiskNeutral, Utility
from contracts.cli.explore.controls import Control, Values
from contracts.cli.explore.panels import BLUE, ORANGE, Mark, bars, dots, line, panel, table
from contracts.cli.explore.tabs.menus import Opened
from contracts.readable import readable

WORK, AGENT, WAGES = "Work", "Agent", "Wages"
EFFORTS = ("low", "middle", "high")
LARGEST = 20.0  # output
SHOWN = 7  # actions with a colour of their own
CONTROLS = (
    Control("outcomes", "outcomes", 2, 30, 1, 11, group=WORK),
    Control("noise", "noise in what effort brings", 1, 12, 0.25, 4, group=WORK),
    Control("gain", "what effort brings", 1, 8, 0.25, 5, group=WORK),
    Control("cost", "cost of effort", 0.05, 5, 0.05, 1.5, group=AGENT),
    Control("risk", "aversion to risk", 0, 0.9, 0.05, 0.5, 0, "none", AGENT),
    Control("outside", "worth of the way out", 0, 4, 0.1, 2, 0, "nothing", AGENT),
    Control("floor", "lowest wage", 0, 4, 0.1, 0, group=WAGES),
    Control("cap", "largest wage", 4.5, 40, 0.5, 40, 40, "no limit", WAGES),
)


def controls(opened: Opened | None) -> tuple[Control, ...]:
    """Of a file the cost of effort and the worth of the way out."""
    if opened is None:
        return CONTROLS
    own = float(opened.problem.reservation_utility)
    reach = max(abs(own), 1.0)
    return (
        Control("cost", "cost of effort, times", 0.05, 3, 0.05, 1, 1, "as in the file", AGENT),
        Control("outside", "worth of the way out", own - reach, own + reach, reach / 20, own, own, "as in the file",
                AGENT),
    )  # fmt: skip


def stated(values: Values, opened: Opened | None) -> MoralHazardProblem:
    """Three efforts, of which more makes high output likelier; or the problem of a file."""
    if opened is not None:
        problem: MoralHazardProblem = opened.problem
        changes: dict[str, Any] = {}
        if values["cost"] != 1:
            changes["effort_cost"] = problem.effort_cost * values["cost"]
        if values["outside"] != problem.reservation_utility:
            changes["reservation_utility"] = values["outside"]
        return dataclasses.replace(problem, **changes) if changes else problem
    output = np.linspace(0.0, LARGEST, int(values["outcomes"]))
    effort = np.arange(len(EFFORTS), dtype=np.float64)
    means = LARGEST / 2 + values["gain"] * (effort - 1)
    chances = np.exp(-(((output - means[:, np.newaxis]) / values["noise"]) ** 2) / 2)
    limit = math.inf if values["cap"] == CONTROLS[-1].off else values["cap"]
    utility: Utility = RiskNeutral() if values["risk"] == 0 else CRRA(values["risk"])
    return MoralHazardProblem(
        chances / chances.sum(axis=1, keepdims=True),
        output=output,
        effort_cost=values["cost"] * effort,
        utility=utility,
        reservation_utility=values["outside"] + float(utility.value(np.array([values["floor"]]))[0]),
        wages=(values["floor"], limit),
        actions=EFFORTS,
        outcomes=[f"{one:.4g}" for one in output],
    )


def solved(problem: MoralHazardProblem) -> Contract:
    """The best contract."""
    return solve_contract(problem)


def drawn(contract: Contract) -> dict[str, Any]:
    """Wages, what outcomes tell of effort, and what each effort costs with and without being seen."""
    problem = contract.problem
    order = np.argsort(problem.output, kind="stable")
    output, wages = problem.output[order], contract.wages[order]
    ratio = contract.likelihood_ratio
    known = order[np.isfinite(ratio[order])]
    actions = np.arange(problem.n_actions, dtype=np.float64)
    chances: list[Mark] = [
        line(readable(problem.actions[k], 24), output, problem.outcome_probabilities[k][order], k)
        for k in range(min(problem.n_actions, SHOWN))
    ]
    names = [readable(name, 20) for name in problem.actions]
    unseen, seen = (contract.implementation_cost, contract.first_best_cost)
    impossible = [name for name, cost in zip(names, unseen, strict=True) if not np.isfinite(cost)]
    notes = [f"The agent takes {readable(contract.action_name)}; binding: {readable(', '.join(contract.binding))}."]
    if impossible:
        notes.append(f"No wages implement {', '.join(impossible)}.")
    return {
        "headline": str(contract).splitlines()[0],
        "panels": [
            panel("map", "What each outcome pays", "output", "wage", [
                line("wage", output, wages, BLUE), dots("", output, wages, BLUE, size=4)], zero=True),
            panel("signal", "What outcomes tell of effort", "likelihood ratio (low is good news)", "wage", [
                dots("outcomes", ratio[known], contract.wages[known], BLUE, size=4)], zero=True),
            panel("chances", "What effort brings", "output", "probability", chances, zero=True),
            panel("costs", "What each action costs the principal", "action", "expected wage", [
                bars("if it is hidden", actions - 0.2, unseen, BLUE, width=0.38),
                bars("if it is seen", actions + 0.2, seen, ORANGE, width=0.38)], names=names, zero=True),
        ],
        "table": table(("outcome", "output", "probability", "likelihood ratio", "wage", "utility"), (
            [str(problem.outcomes[k]) for k in order], output.tolist(),
            problem.outcome_probabilities[contract.action][order].tolist(), ratio[order].tolist(), wages.tolist(),
            contract.utilities[order].tolist())),
        "notes": notes,
    }  # fmt: skip

"""The tab of policies without money: three groups whose norms conflict, and a provider who serves them all."""

from __future__ import annotations

from typing import Any

import numpy as np

from contracts.cli.explore.controls import Control, Values
from contracts.cli.explore.overtaken import each_round
from contracts.cli.explore.panels import BLUE, GREY, bars, panel
from contracts.cli.explore.tabs.drawn_menus import drawn_menu
from contracts.demo.moral_machine import COUNTRIES, CULTURES, POLICIES, REFERENCE, SAFETY_COST, rewards
from contracts.inputs.arrays import Array
from contracts.menu.menu import Menu
from contracts.problem.costs import Entropy
from contracts.problem.domains import Simplex
from contracts.problem.objectives import Welfare
from contracts.problem.screening import ScreeningProblem
from contracts.solve import solve_menu

GROUPS, PROVIDER = "Groups", "Provider"
CONTROLS = (
    *(Control(f"group{k}", f"share of {name}", 1, 100, 1, COUNTRIES[k], group=GROUPS)
      for k, name in enumerate(CULTURES)),
    Control("contrast", "how much norms differ (1: as measured)", 0, 8, 0.1, 4, group=GROUPS),
    Control("temperature", "cost of leaving the reference", 0.5, 10, 0.1, 2, group=PROVIDER),
    Control("safety", "weight on safety", 0, 4, 0.1, 1, group=PROVIDER),
    Control("valuation", "how much norms count", 0.1, 2, 0.1, 1, group=PROVIDER),
)  # fmt: skip


def stated(values: Values) -> ScreeningProblem:
    """The groups of the Moral Machine; everybody can keep what one policy for their average would be."""
    shares = np.array([values[f"group{k}"] for k in range(len(CULTURES))])
    shares = shares / shares.sum()
    reward = values["valuation"] * rewards(values["contrast"])
    return ScreeningProblem(
        reward, shares, outside_option=_averaged(reward, shares, values), labels=CULTURES, **_provider(values)
    )


def solved(problem: ScreeningProblem) -> Menu:
    """The best menu of mixtures of policies."""
    return solve_menu(problem, progress=each_round)


def drawn(menu: Menu) -> dict[str, Any]:
    """Mixtures of each group beside the averaged policy, what they gain by it, and what safety costs."""
    found = drawn_menu(menu)
    assert menu.problem.outside_option is not None  # `stated` gives one
    averaged, shares = menu.problem.outside_option, menu.problem.weights
    cost = np.array([SAFETY_COST @ averaged, *(menu.allocation @ SAFETY_COST)])
    names = ["one for all", *CULTURES]
    found["panels"].append(
        panel("safety", "Expected cost in safety", "who", "points", [
            bars("of one averaged policy", np.zeros(1), cost[:1], GREY, width=0.7),
            bars("of the menu, by group", np.arange(1.0, len(names)), cost[1:], BLUE, width=0.7),
        ], names=names, zero=True)
    )  # fmt: skip
    total = float(shares @ menu.allocation @ SAFETY_COST)
    found["notes"].append(f"Safety costs {total:.3g} points with the menu, {cost[0]:.3g} with one averaged policy.")
    return found


def _provider(values: Values) -> dict[str, Any]:
    return {
        "cost": Entropy(REFERENCE, values["temperature"]),
        "domain": Simplex(),
        "principal_values": -values["safety"] * SAFETY_COST,
        "transfers": "none",
        "objective": Welfare(),
        "goods": POLICIES,
    }


def _averaged(reward: Array, shares: Array, values: Values) -> Array:
    """What training on the averaged preferences gives: the softmax policy."""
    score = (shares @ reward - values["safety"] * SAFETY_COST) / values["temperature"]
    policy = REFERENCE * np.exp(score - score.max())
    return np.asarray(policy / policy.sum())

"""Three cultures, one assistant, no money: a menu of policies against one policy for everybody.

Awad et al. (2018) asked people in 233 countries and territories whom a self-driving car should spare. The countries
fall into three clusters whose answers differ. A provider must choose how its assistant answers such dilemmas. It may
train one policy on the averaged preferences, or offer a menu of policies from which every culture takes the one it
likes best. This module holds the published figures, the assumptions made on top of them, and the comparison.

References
----------
Awad, Dsouza, Kim, Schulz, Henrich, Shariff, Bonnefon & Rahwan (2018), The Moral Machine experiment,
Nature 563, 59-64; average marginal component effects by cluster of countries.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass
from contracts.menu.menu import Menu
from contracts.problem.costs import Entropy
from contracts.problem.domains import Simplex
from contracts.problem.objectives import Welfare
from contracts.proof.verify import verify
from contracts.solve import solve_menu

# ---- what was measured ----

CULTURES = ("Western", "Eastern", "Southern")
COUNTRIES = (67, 28, 35)  # in each cluster
SHARES = np.array(COUNTRIES) / sum(COUNTRIES)

# How much likelier people make it that ... is spared, by cluster; columns as in CULTURES.
AMCE = {
    "Age": (0.4812, 0.4098, 0.5143),  # the young rather than the old
    "Fitness": (0.1586, 0.1196, 0.1716),  # the fit rather than the large
    "Gender": (0.1021, 0.0951, 0.1557),  # women rather than men
    "Intervention": (0.0617, 0.0484, 0.0338),  # whoever is spared if the car stays its course
    "Law": (0.3485, 0.3647, 0.3482),  # the lawful rather than the unlawful
    "No. Characters": (0.5040, 0.4540, 0.5018),  # more rather than fewer
    "Relation to AV": (0.0905, 0.1279, 0.1024),  # pedestrians rather than passengers
    "Social Status": (0.3441, 0.3097, 0.4028),  # high rather than low status
    "Species": (0.5940, 0.5933, 0.5165),  # humans rather than pets
}
ATTRIBUTES = tuple(AMCE)

# ---- what is assumed ----

# Where a policy stands: how far it lets each attribute decide, with the sign of AMCE. Attributes collide, so emphasis
# on one is taken from the others: the eight that compare humans share one unit of it.
EMPHASIS: dict[str, dict[str, float]] = {
    "protect the many": {"No. Characters": 1.0},
    "protect the young": {"Age": 1.0},
    "equal treatment": {"No. Characters": 0.5, "Law": 0.5},
    "strictly lawful": {"Law": 1.0},
    "respect rank": {"Social Status": 1.0},
    "women and children": {"Age": 0.5, "Gender": 0.5},
    "follow the majority": {attribute: 1 / 8 for attribute in ATTRIBUTES if attribute != "Species"},
    "protect pedestrians": {"Relation to AV": 0.7, "Law": 0.3},
    "protect the vulnerable": {"Age": 0.3, "Relation to AV": 0.3, "Social Status": -0.2, "Fitness": -0.2},
    "stay the course": {"Intervention": 1.0},
    "fair lottery": {},
}
POLICIES = tuple(EMPHASIS)
HUMANS_FIRST = {"Species": 1.0}  # in every policy, so it moves no choice between them
POSITIONS = np.array(
    [[(emphasis | HUMANS_FIRST).get(name, 0.0) for name in ATTRIBUTES] for emphasis in EMPHASIS.values()]
)

PERSONAL = ("Age", "Fitness", "Gender", "Social Status")  # cf. rule 9, Ethics Commission on Automated Driving (2017)
LIABILITY = 5.0  # points that the provider loses per unit of emphasis on a personal feature, in either direction
SAFETY_COST = LIABILITY * np.abs(POSITIONS[:, [ATTRIBUTES.index(name) for name in PERSONAL]]).sum(axis=1)

REFERENCE = np.full(len(POLICIES), 1 / len(POLICIES))  # before training every policy is equally likely
TEMPERATURE = 2.0  # points per nat of Kullback-Leibler distance from the reference
CONTRAST = 1.0  # 1: the published figures; c: differences between the clusters c times as large


def rewards(contrast: float = CONTRAST) -> Array:
    """What each policy is worth to each culture, in percentage points of agreement; (n_cultures, n_policies).

    A policy's position on the attributes times the culture's effects: their mean over countries plus `contrast` times
    the culture's deviation from it. Contrast 1 is the published figure as it stands.

    Examples
    --------
    >>> rewards()[:, POLICIES.index("protect the young")] - rewards()[:, POLICIES.index("fair lottery")]
    array([48.12, 40.98, 51.43])
    """
    effect = 100 * np.array(list(AMCE.values())).T
    mean = SHARES @ effect
    return np.asarray((mean + contrast * (effect - mean)) @ POSITIONS.T)


def provider(temperature: float = TEMPERATURE) -> dict[str, Any]:
    """What every problem of this demonstration shares: lotteries over policies, their costs, no money."""
    return {
        "cost": Entropy(REFERENCE, temperature),
        "domain": Simplex(),
        "principal_values": -SAFETY_COST,
        "transfers": "none",
        "objective": Welfare(),
        "goods": POLICIES,
    }


@dataclass(frozen=True, eq=False)
class Comparison:
    """The menu against one averaged policy, and against knowing every culture's preferences; all in points."""

    contrast: float
    temperature: float
    menu: Menu
    averaged: Array  # (n_policies,) the KL-regularised policy for the averaged reward
    own: Array  # (n_cultures, n_policies) the same for each culture's own reward
    full_information: float  # value if types were known and nobody had to be worse off than under the averaged policy

    @property
    def gain(self) -> Array:
        """True utility of the menu above that of the averaged policy; (n_cultures,)."""
        return self.menu.information_rent

    @property
    def averaged_value(self) -> float:
        """The objective if everybody has the averaged policy."""
        return self._value(np.tile(self.averaged, (len(CULTURES), 1)))

    @property
    def bound_without_constraints(self) -> float:
        """No IC and no IR: what `verify` proves without multipliers."""
        return verify(self.menu.problem, self.menu.allocation, self.menu.transfer).upper_bound

    @property
    def cost_of_privacy(self) -> float:
        """What incentive compatibility costs: full information less the menu."""
        return self.full_information - self.menu.value

    @property
    def safety_cost(self) -> tuple[float, float]:
        """Expected safety cost of the averaged policy and of the menu."""
        return float(SAFETY_COST @ self.averaged), float(SHARES @ self.menu.allocation @ SAFETY_COST)

    def regret(self, allocation: Array) -> Array:
        """Surplus (utility less safety cost and KL) that each culture's own best policy has above this one."""
        return self._surplus(self.own) - self._surplus(np.broadcast_to(allocation, self.own.shape))

    def distance(self, allocation: Array) -> Array:
        """Total variation distance to each culture's own best policy; (n_cultures,)."""
        return np.asarray(np.abs(allocation - self.own).sum(axis=1) / 2)

    def _surplus(self, allocation: Array) -> Array:
        nothing = np.zeros(len(CULTURES))
        return self.menu.problem.utility(allocation, nothing) + self.menu.problem.payoff(allocation, nothing)

    def _value(self, allocation: Array) -> float:
        return self.menu.problem.objective_value(allocation, np.zeros(len(CULTURES)))


def compare(contrast: float = CONTRAST, temperature: float = TEMPERATURE) -> Comparison:
    """Solve the menu and what it is compared with.

    Examples
    --------
    >>> compare().menu.certificate.holds
    True
    """
    reward, shared = rewards(contrast), provider(temperature)
    averaged = solve_menu((SHARES @ reward)[np.newaxis], **shared).allocation[0]
    menu = solve_menu(reward, SHARES, outside_option=averaged, labels=CULTURES, **shared)
    known = [solve_menu(own[np.newaxis], outside_option=averaged, **shared).value for own in reward]
    own = np.vstack([solve_menu(own[np.newaxis], **shared).allocation for own in reward])
    return Comparison(contrast, temperature, menu, averaged, own, float(SHARES @ known))

"""Actions that no contracts make types take together, with the proof: how the types would rather lie.

By Farkas' lemma: weights lambda_i, mu_ijb >= 0 whose combination of the constraints asks for more than any utilities
within their limits give. It is the bound of `contracts.agency.types.bound` for a principal who has nothing at stake, in
utilities instead of wages, summed in integers. Weights found in floats leave utilities without limits a slope by
rounding; then the proof says how far utilities would have to be apart to make up for it, and counts if no wages within
reach are.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from contracts.agency.types.bound import Slopes
from contracts.agency.types.prices import AgencyMultipliers, whole_prices
from contracts.agency.types.problem import AgencyProblem
from contracts.agency.wages.impossible import FAR_APART
from contracts.display.numbers import plural
from contracts.exact.rationals import as_integers, binary_places
from contracts.inputs.arrays import Array, Indices
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.readable import readable

SHOWN = 4
NEGLIGIBLE = 1e-9  # share of the weights that is a solver's noise


class Untruth(NamedTuple):
    """What a type would rather do, and its weight in the proof."""

    label: str
    report: str
    action: str
    weight: float


@checked
@dataclass(frozen=True, eq=False, repr=False)
class MenuImpossibility:
    """Why no menu of contracts makes every type take the action that it is asked for.

    Attributes
    ----------
    asked : (n_types,) the types with the actions asked of them
    mixture : the deviations of the proof, weights summing to 1, what weighs most first
    gain : utility that they bring in sum, whatever the wages
    staying : (n_types,) weights of the types' reservation utilities in the proof
    apart : how far apart utilities would have to be for the proof to fail; infinite where nothing helps

    Examples
    --------
    >>> from contracts import AgencyProblem, InfeasibleMenuError, solve_contract
    >>> problem = AgencyProblem([[0.75, 0.25], [0.25, 0.75]], output=[0.0, 8.0], effort_cost=[[0.0, 1.0], [0.0, 4.0]],
    ...                         labels=("able", "slow"), actions=("shirk", "work"), wages=(0.0, float("inf")))
    >>> try:
    ...     solve_contract(problem, actions={"able": "shirk", "slow": "work"})
    ... except InfeasibleMenuError as error:
    ...     print(error)
    no wages implement able: shirk, slow: work: 0.5 able -> slow / work + 0.5 slow -> able / shirk gains at
     least 1.5. Ask for other actions, or change what outcomes tell
    """

    asked: tuple[tuple[str, str], ...]
    mixture: tuple[Untruth, ...]
    gain: float
    staying: Array
    apart: float

    def __str__(self) -> str:
        meant = ", ".join(f"{readable(label)}: {readable(action)}" for label, action in self.asked[:SHOWN])
        meant += ", ..." if len(self.asked) > SHOWN else ""
        failure = f"no wages implement {meant}: "
        if not self.mixture:
            return f"{failure}within their limits agents lack {self.gain:.4g} to stay"
        parts = [
            f"{one.weight:.4g} {readable(one.label)} -> {readable(one.report)} / {readable(one.action)}"
            for one in self.mixture[:SHOWN]
        ]
        more = [plural(len(self.mixture) - SHOWN, "other")] if len(self.mixture) > SHOWN else []
        unless = "" if math.isinf(self.apart) else f", unless utilities are {self.apart:.1e} apart"
        return f"{failure}{' + '.join([*parts, *more])} gains at least {self.gain:.4g}{unless}"

    __repr__ = __str__


def menu_impossibility(problem: AgencyProblem, actions: Indices, ray: AgencyMultipliers) -> MenuImpossibility | None:
    """The proof that prices along a ray give; None if they give none once rounding is counted."""
    weights = float(ray.participation.sum() + ray.price.sum())
    if weights <= 0 or not math.isfinite(weights):
        return None
    ray = _without_noise(ray, NEGLIGIBLE * weights)
    allowed = np.arange(problem.n_actions) == actions[:, np.newaxis]
    parts = Slopes(problem, whole_prices(problem, ray), allowed)
    low, high = problem.utility_limits
    ends = [np.where(np.isfinite(end), end, 0.0) for end in (low, high)]
    places = max(map(binary_places, ends))
    lowest, highest = (as_integers(end, places) for end in ends)
    unit, fine = parts.unit << parts.chance_places, parts.unit << parts.effort_places
    asked, given, loose = Fraction(), Fraction(), Fraction()
    for who, action in enumerate(actions.tolist()):
        slope = parts.slope[who, action]
        up = slope > 0
        given += Fraction(int((slope * np.where(up, highest, lowest)).sum()), unit << places)
        loose += Fraction(int(np.abs(slope[np.where(up, np.isposinf(high), np.isneginf(low))]).sum()), unit)
        asked += Fraction(int(parts.prices.charge[who] * parts.reserve[who]) - parts.constant[who, action], fine)
    gain = asked - given
    if gain <= 0:
        return None
    total = float(ray.price.sum()) or float(ray.participation.sum())
    apart = float(gain / loose) if loose > 0 else math.inf
    largest = float(np.abs(problem.effort_cost + problem.reservation_utility[:, np.newaxis]).max())
    if apart < FAR_APART * (largest or 1.0):
        return None
    order = np.argsort(-ray.price, kind="stable")
    labels, names = problem.labels, problem.actions
    mixture = tuple(
        Untruth(labels[ray.tempted[k]], labels[ray.report[k]], names[ray.taken[k]], float(ray.price[k]) / total)
        for k in order.tolist()
    )
    return MenuImpossibility(
        tuple((labels[who], names[action]) for who, action in enumerate(actions.tolist())),
        mixture, float(gain) / total, ray.participation / total, apart,
    )  # fmt: skip


def _without_noise(ray: AgencyMultipliers, least: float) -> AgencyMultipliers:
    """Weights that count, with honesty the sum of those of its deviations."""
    kept = ray.price > least
    honesty = np.zeros_like(ray.honesty)
    np.add.at(honesty, (ray.tempted[kept], ray.report[kept]), ray.price[kept])
    return AgencyMultipliers(
        np.where(ray.participation > least, ray.participation, 0.0), honesty, ray.tempted[kept], ray.report[kept],
        ray.told[kept], ray.taken[kept], ray.price[kept],
    )  # fmt: skip

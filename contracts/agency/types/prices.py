"""Prices of the constraints of a menu, as floats and as the integers that they stand for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.agency.types.problem import AgencyProblem
from contracts.errors import ProblemError
from contracts.exact.rationals import as_integers, binary_places
from contracts.inputs.arrays import Array, Indices
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass

LESS = 1e-12  # share by which prices of honesty are lowered, so that those of participation are not negative


@checked
@dataclass(frozen=True, eq=False)
class AgencyMultipliers:
    """Prices of the constraints of a menu of contracts, money per unit of utility.

    Attributes
    ----------
    participation : (n_types,) of IR
    honesty : (n_types, n_types), [i, j] prices that type i does not report j; [i, i], that it obeys
    tempted, report, told, taken : (n_prices,) a type, the type that it reports, the action that this one is asked for,
        and what it does instead
    price : (n_prices,) of these deviations; for every told action those of a pair sum to its honesty price, and what
        they lack counts for the largest

    Examples
    --------
    >>> from contracts import AgencyProblem, solve_contract
    >>> problem = AgencyProblem([[0.75, 0.25], [0.25, 0.75]], output=[0.0, 8.0], effort_cost=[[0.0, 1.0], [0.0, 4.0]],
    ...                         labels=("able", "slow"), actions=("shirk", "work"), wages=(0.0, float("inf")))
    >>> menu = solve_contract(problem)
    >>> prices = menu.proof.multipliers[0]
    >>> prices.participation.round(3), prices.honesty.round(3).tolist()
    (array([0., 0.]), [[1.0, 0.0], [0.5, 0.0]])
    """

    participation: Array
    honesty: Array
    tempted: Indices
    report: Indices
    told: Indices
    taken: Indices
    price: Array


def scaled(prices: AgencyMultipliers, times: float) -> AgencyMultipliers:
    """All prices multiplied by a number."""
    return replace(
        prices, participation=prices.participation * times, honesty=prices.honesty * times, price=prices.price * times
    )


def summed(one: AgencyMultipliers, other: AgencyMultipliers) -> AgencyMultipliers:
    """The sum of prices."""
    parts = {
        name: np.concatenate([getattr(one, name), getattr(other, name)])
        for name in ("tempted", "report", "told", "taken", "price")
    }
    return AgencyMultipliers(one.participation + other.participation, one.honesty + other.honesty, **parts)


def no_prices(n_types: int, participation: Any = 0.0) -> AgencyMultipliers:
    """Prices of participation only.

    Examples
    --------
    >>> no_prices(2, [0.5, 0.5]).honesty.shape
    (2, 2)
    """
    none = np.zeros(0, dtype=np.intp)
    paid = np.array(np.broadcast_to(np.asarray(participation, dtype=np.float64), n_types))
    return AgencyMultipliers(paid, np.zeros((n_types, n_types)), none, none, none, none, np.zeros(0))


def check_multipliers(problem: AgencyProblem, multipliers: AgencyMultipliers) -> None:
    """Refuse multipliers of another problem, and prices that are negative or no numbers."""
    n_types, n_actions = problem.n_types, problem.n_actions
    if multipliers.participation.shape != (n_types,) or multipliers.honesty.shape != (n_types, n_types):
        raise ProblemError(
            f"multipliers are for {multipliers.participation.shape} types: give those of a menu of this problem, "
            f"participation {(n_types,)} and honesty {(n_types, n_types)}"
        )
    for name, most in (("tempted", n_types), ("report", n_types), ("told", n_actions), ("taken", n_actions)):
        which = getattr(multipliers, name)
        if which.shape != multipliers.price.shape or np.any((which < 0) | (which >= most)):
            raise ProblemError(f"multipliers.{name} are no numbers below {most}: give those of a menu of this problem")
    for name in ("participation", "honesty", "price"):
        prices = getattr(multipliers, name)
        if not np.all((prices >= 0) & np.isfinite(prices)):
            raise ProblemError(f"multipliers.{name} holds a price that is negative or no number: prices are >= 0")


Spread = dict[tuple[int, int, int], dict[int, int]]  # by who reports whom and is told what, then by what is done


class WholePrices(NamedTuple):
    """Prices as integers over a common unit."""

    unit: int
    weights: NDArray[np.object_]  # (n_types,) of types
    charge: NDArray[np.object_]  # (n_types,) of participation
    honesty: NDArray[np.object_]  # (n_types, n_types)
    spread: Spread


def whole_prices(problem: AgencyProblem, prices: AgencyMultipliers, *, flow: bool = False) -> WholePrices:
    """The prices, deviations summing to honesty; participation as a flow asks for it where wages have no limits."""
    every = np.concatenate([prices.participation, prices.honesty.ravel(), prices.price, problem.weights])
    places = binary_places(every)
    weights, charge, honesty, price = (
        as_integers(part, places) for part in (problem.weights, prices.participation, prices.honesty, prices.price)
    )
    if flow:  # no other price of participation leaves wages without limits no slope
        charge = charge_of_flow(weights, charge, honesty)
    return WholePrices(1 << places, weights, charge, honesty, _spread(prices, price, honesty))


def charge_of_flow(
    weights: NDArray[np.object_], charge: NDArray[np.object_], honesty: NDArray[np.object_]
) -> NDArray[np.object_]:
    """Prices of participation at which what comes into a type leaves it, where they are not negative."""
    needed = weights - honesty.sum(axis=1) + honesty.sum(axis=0)
    return np.asarray(np.where(needed >= 0, needed, charge))


def _spread(
    prices: AgencyMultipliers, whole: NDArray[np.object_], honesty: NDArray[np.object_]
) -> dict[tuple[int, int, int], dict[int, int]]:
    """Prices of deviations by who reports whom and is told what, made to sum to honesty prices."""
    found: dict[tuple[int, int, int], dict[int, int]] = {}
    rows = zip(prices.tempted.tolist(), prices.report.tolist(), prices.told.tolist(), strict=True)
    for key, taken, price in zip(rows, prices.taken.tolist(), whole, strict=True):
        inside = found.setdefault(key, {})
        inside[taken] = inside.get(taken, 0) + int(price)
    for (k, i, _), inside in found.items():
        most = max(inside, key=lambda b: inside[b])
        inside[most] += int(honesty[k, i]) - sum(inside.values())
        if inside[most] < 0:
            inside.clear()
            inside[most] = int(honesty[k, i])
    return found

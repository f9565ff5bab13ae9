"""Whoever values a thing most should have it: trade between two, and partners who part."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite
from contracts.inputs.door import checked
from contracts.mechanisms.checks import listed_by_agent
from contracts.mechanisms.mechanism import Mechanism
from contracts.mechanisms.problem import Incentives, MechanismProblem, Participation
from contracts.mechanisms.solve import solve_mechanism


@checked
def bilateral_trade(
    seller_costs: Any,
    seller_probabilities: Any,
    buyer_values: Any,
    buyer_probabilities: Any,
    objective: Literal["efficiency", "gains", "broker"] = "gains",
    *,
    incentives: Incentives = "bayesian",
    participation: Participation | None = "interim",
) -> Mechanism:
    """One seller, one buyer and one good, whose cost and value each knows alone.

    Parameters
    ----------
    seller_costs, buyer_values : (n,) arrays, money
    seller_probabilities, buyer_probabilities : (n,) arrays, chances; None for equal ones
    objective : "efficiency" demands trade whenever the value exceeds the cost, with a balanced budget; "gains" the
        highest gains from trade with a balanced budget; "broker" the highest profit of somebody in between
    incentives, participation : see MechanismProblem

    Raises
    ------
    InfeasibleMenuError
        If trade cannot be efficient, with the proof and the least subsidy.
    ProblemError
        If numbers make no sense.

    References
    ----------
    Myerson & Satterthwaite (1983), Efficient mechanisms for bilateral trading, Journal of Economic Theory 29.

    Examples
    --------
    >>> bilateral_trade([0, 2], None, [1, 3], None, "efficiency").welfare
    1.25
    >>> bilateral_trade([0, 4], None, [1, 5], None, "efficiency")
    Traceback (most recent call last):
        ...
    contracts.errors.InfeasibleMenuError: no mechanism meets the budget (balanced), IR of buyer '1', ...
    """
    check_named("objective", objective, ("efficiency", "gains", "broker"))
    costs, values = (
        several(name, one) for name, one in (("seller_costs", seller_costs), ("buyer_values", buyer_values))
    )
    given = (
        ("seller_probabilities", seller_probabilities, costs),
        ("buyer_probabilities", buyer_probabilities, values),
    )
    prior = [shares_given(name, one, len(own)) for name, one, own in given]
    tables = [np.outer(own, [0.0, 1.0]) for own in (-costs, values)]
    gain = values[np.newaxis, :] - costs[:, np.newaxis]
    return solve_mechanism(
        MechanismProblem(
            tables,
            prior,
            objective="revenue" if objective == "broker" else "welfare",
            incentives=incentives,
            participation=participation,
            budget="none" if objective == "broker" else "balanced",
            outcome=efficient(gain) if objective == "efficiency" else None,
            labels=named_by(costs, values),
            alternatives=("keep", "trade"),
            agents=("seller", "buyer"),
        )
    )


@checked
def partnership(
    values: Any,
    probabilities: Any = None,
    *,
    shares: Any,
    objective: Literal["efficiency", "welfare"] = "efficiency",
    agents: Any = None,
) -> Mechanism:
    """Partners part: the one who values the firm most should get it, and all must prefer that to keeping their shares.

    Parameters
    ----------
    values : a list with an array per partner, money that the whole is worth
    probabilities : a list with an array per partner; equal chances if left out
    shares : (n_agents,) what each owns; they sum to 1
    objective : "efficiency" demands that the highest value gets it; "welfare" the best there is, lots included
    agents : their names

    Raises
    ------
    InfeasibleMenuError
        If the partnership cannot be dissolved efficiently: shares are too unequal.
    ProblemError
        If numbers make no sense.

    References
    ----------
    Cramton, Gibbons & Klemperer (1987), Dissolving a partnership efficiently, Econometrica 55.

    Examples
    --------
    >>> partnership([[1, 2, 3], [1, 2, 3]], shares=[0.5, 0.5]).certificate.is_exact
    True
    """
    check_named("objective", objective, ("efficiency", "welfare"))
    own = [several(f"values[{k}]", one) for k, one in enumerate(listed_by_agent("values", values))]
    owned = finite("shares", shares)
    if owned.shape != (len(own),) or np.any(owned < 0) or abs(owned.sum() - 1) > 1e-9:
        raise ProblemError(f"shares is {owned}: give one per partner, none negative, that sum to 1")
    count = len(own)
    grids = np.meshgrid(*own, indexing="ij")
    worth = np.stack(grids, axis=-1)
    best = worth == worth.max(axis=-1, keepdims=True)
    outcome = np.where(best.sum(axis=-1) == 1, best.argmax(axis=-1), -1)
    wins = np.eye(count)
    problem = MechanismProblem(
        [np.outer(array, wins[k]) for k, array in enumerate(own)],
        probabilities,
        objective="welfare",
        reservation_utility=[array * owned[k] for k, array in enumerate(own)],
        budget="balanced",
        outcome=outcome if objective == "efficiency" else None,
        labels=named_by(*own),
        alternatives=agents,
        agents=agents,
    )
    return solve_mechanism(problem)


# ---- parts ----


def several(name: str, given: Any) -> Array:
    """One number per type; (n_types,)."""
    array = finite(name, given)
    if array.ndim != 1 or not array.size:
        raise ProblemError(f"{name} has shape {array.shape}; expected one number per type, (n_types,)")
    return array


def shares_given(name: str, given: Any, count: int) -> Array:
    """Chances of so many types; equal ones if left out."""
    if given is None:
        return np.full(count, 1.0 / count)
    chances = finite(name, given)
    if chances.shape != (count,):
        raise ProblemError(f"{name} has shape {chances.shape}; expected {(count,)}, a chance per type")
    if chances.min() <= 0 or abs(chances.sum() - 1) > 1e-9:
        raise ProblemError(f"{name} holds {chances.tolist()}: give positive chances that sum to 1")
    return chances


def check_named(name: str, given: str, known: tuple[str, ...]) -> None:
    """Refuse a word that is none of those known."""
    if given not in known:
        raise ProblemError(f"{name} is {given!r}: give one of {', '.join(map(repr, known))}")


def efficient(gain: Array) -> Any:
    """1 where something is gained, 0 where it is lost, -1 where it does not matter."""
    return np.where(gain > 0, 1, np.where(gain < 0, 0, -1))


def words_for(values: Array) -> list[str] | None:
    """Numbers as names, if six digits tell them apart."""
    names = [f"{value:g}" for value in values]
    return names if len(set(names)) == len(names) else None


def named_by(*values: Array) -> list[Any]:
    """Names for the types of each agent."""
    return [words_for(array) for array in values]

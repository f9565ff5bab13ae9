"""A bound for every assignment of actions to types: prices, part by part."""

from __future__ import annotations

import math

import numpy as np

from contracts.agency.types.bound import value_bound
from contracts.agency.types.prices import AgencyMultipliers, check_multipliers
from contracts.agency.types.problem import AgencyProblem
from contracts.errors import ProblemError
from contracts.inputs.arrays import Indices, Mask
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass


@checked
@dataclass(frozen=True, eq=False)
class AgencyProof:
    """Prices for every part of the assignments of actions to types: no menu in any part earns more than they say.

    Attributes
    ----------
    allowed : (n_leaves, n_types, n_actions), the actions that each part asks for
    multipliers : prices that prove a bound for each

    Examples
    --------
    The prices prove that no menu earns more than this one:

    >>> from contracts import AgencyProblem, solve_contract
    >>> problem = AgencyProblem([[0.75, 0.25], [0.25, 0.75]], output=[0.0, 8.0], effort_cost=[[0.0, 1.0], [0.0, 4.0]],
    ...                         labels=("able", "slow"), actions=("shirk", "work"), wages=(0.0, float("inf")))
    >>> menu = solve_contract(problem)
    >>> menu.proof.allowed.astype(int).tolist()
    [[[1, 1], [1, 1]]]
    >>> menu.value, round(menu.proof.bound(problem), 6)
    (3.0, 3.0)
    """

    allowed: Mask
    multipliers: tuple[AgencyMultipliers, ...]

    def bound(self, problem: AgencyProblem) -> float:
        """What no menu earns more than, of those whose actions some part holds.

        Raises
        ------
        ProblemError
            If the proof is of another problem.
        """
        return bound_within(problem, self, np.ones((problem.n_types, problem.n_actions), dtype=bool))


def bound_within(problem: AgencyProblem, proof: AgencyProof, allowed: Mask) -> float:
    """What no menu earns more than that asks for allowed actions, drawn or not within a part; (n_types, n_actions)."""
    check_proof(problem, proof)
    parts = [part & allowed for part in proof.allowed]
    bounds = [
        value_bound(problem, prices, part)
        for part, prices in zip(parts, proof.multipliers, strict=True)
        if part.any(axis=1).all()
    ]
    return max(bounds, default=-math.inf)


def covers(proof: AgencyProof, allowed: Mask) -> bool:
    """Whether the parts, which share no assignment, hold every assignment of some allowed actions."""
    parts = proof.allowed & allowed
    counts = [math.prod(int(n) for n in part.sum(axis=1)) for part in parts]
    for k, part in enumerate(parts[:-1]):
        if np.any((part & parts[k + 1 :]).any(axis=2).all(axis=1)):
            return False
    return sum(counts) == math.prod(int(n) for n in allowed.sum(axis=1))


def prices_at(proof: AgencyProof, actions: Indices) -> AgencyMultipliers:
    """The prices of the part that holds an assignment."""
    inside = proof.allowed[:, np.arange(len(actions)), actions].all(axis=1)
    return proof.multipliers[int(np.flatnonzero(inside)[0])]


def check_proof(problem: AgencyProblem, proof: AgencyProof) -> None:
    """Refuse proofs of other problems."""
    if proof.allowed.ndim != 3 or proof.allowed.shape[1:] != (problem.n_types, problem.n_actions):
        raise ProblemError("multipliers are a proof for other types and actions: give menu.proof of this problem")
    if len(proof.allowed) != len(proof.multipliers) or not proof.allowed.any(axis=2).all():
        raise ProblemError("multipliers are a damaged proof: give menu.proof as solve_contract made it")
    for prices in proof.multipliers:
        check_multipliers(problem, prices)

"""What actions between those that were looked at could earn, by the prices of those that were.

Prices that prove a bound for one action prove one for every action (see `contracts.agency.bound`), if constraints about
neighbours are read as being about its own: for prices lambda and mu, a = action, b = those that tempt,

    D(a) = lambda (e_a + r) + sum_b mu_b (e_a - e_b) - sum_o p_a(o) h*(lambda + sum_b mu_b (1 - p_b(o) / p_a(o))).

D touches the cost where the prices are those of the action and is smooth in a as the densities are, so it errs by the
square of the distance. At every action at which it is evaluated the bound is proven. A function of which only values
are known has no proven bound between them; there its second differences, doubled, stand for its curvature. Finer cells
are looked at in the same way: the dual at the same prices with cells a quarter as wide, and what is left of an error
that falls with the square of their width. Where such prices prove nothing it is the first best that bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from contracts.agency.bound import ContractMultipliers, cost_bounds, multipliers_of
from contracts.agency.problem import MoralHazardProblem
from contracts.agency.verify import first_best_cost, highest_values
from contracts.inputs.arrays import Array

PARTS = 4  # of the way from one action to the next
FINER = 4  # times as many cells
LEFT_OVER = 1.0 / (FINER**2 - 1)  # of what finer cells brought: all that still finer ones bring
SAFETY = 2.0  # times the second differences
BESIDE = 1.5  # times the distance of neighbours, within which an action is one

Stated = Callable[[Array], MoralHazardProblem]  # from actions to the problem that has them, in their order


class ActionProof(NamedTuple):
    """Prices that bound what one action of an interval costs."""

    action: float
    participation: float
    tempting: Array  # (n,) actions
    incentive: Array  # (n,) their prices

    def at(self, action: float, neighbour: float, ends: tuple[float, float]) -> Array:
        """Which actions tempt from another action: its own neighbours in place of these; (n,)."""
        beside = np.abs(self.tempting - self.action) <= BESIDE * neighbour
        return np.where(beside, np.clip(self.tempting + (action - self.action), *ends), self.tempting)


def proofs_of(actions: Array, prices: ContractMultipliers, n: int) -> list[ActionProof]:
    """The prices for the first n of some actions."""
    rows = prices.incentive.indptr
    parts = [slice(int(rows[k]), int(rows[k + 1])) for k in range(n)]
    tempting, incentive = actions[prices.incentive.indices], prices.incentive.data
    return [
        ActionProof(float(actions[k]), float(prices.participation[k]), tempting[part], incentive[part])
        for k, part in enumerate(parts)
    ]


def bounds_at(
    stated: Stated, pairs: Sequence[tuple[ActionProof, float]], ends: tuple[float, float], near: float
) -> Array:
    """What no wages earn more than that implement an action, by a proof for another, for every such pair; (n,)."""
    from scipy.sparse import csr_array

    tempting = [proof.at(action, near, ends) for proof, action in pairs]
    own = np.array([action for _, action in pairs])
    others, column = np.unique(np.concatenate(tempting), return_inverse=True)
    problem = stated(np.append(own, others))
    n, size = len(own), len(own) + len(others)
    rows = np.repeat(np.arange(n), [len(each) for each in tempting])
    prices = np.concatenate([proof.incentive for proof, _ in pairs])
    incentive = csr_array((prices, (rows, n + column)), shape=(size, size))
    participation = np.append([proof.participation for proof, _ in pairs], np.zeros(len(others)))
    who = np.arange(n)
    return highest_values(problem, who, cost_bounds(problem, multipliers_of(participation, incentive), who))


def highest_between(
    stated: Stated, finer: Stated, proofs: Sequence[ActionProof], ends: tuple[float, float], near: float
) -> float:
    """What no action from the first proof's to the last one's earns more than, however fine the cells, by numbers."""
    own = [(proof, proof.action) for proof in proofs]
    at_own = bounds_at(stated, own, ends, near)
    with np.errstate(invalid="ignore"):
        gained = np.fmax(bounds_at(finer, own, ends, near) - at_own, 0.0) * (1.0 + LEFT_OVER)  # infinite ones stay so
    if len(proofs) == 1:
        return float(min(at_own[0] + gained[0], _first_best(stated, [proofs[0].action])[0]))
    steps = np.linspace(0.0, 1.0, PARTS + 1)
    sides = []
    for shift in (0, 1):  # by the proof of the action below, and by that of the action above
        pairs = [
            (both[shift], float(both[0].action + step * (both[1].action - both[0].action)))
            for both in pairwise(proofs)
            for step in steps
        ]
        sides.append(_bent(bounds_at(stated, pairs, ends, near).reshape(-1, len(steps))))
    seen = _bent(_first_best(stated, [action for _, action in pairs]).reshape(-1, len(steps)))
    between = np.fmin(*sides) + np.maximum(gained[1:], gained[:-1])[:, np.newaxis]
    return float(np.fmin(between, seen).max())


def _bent(values: Array) -> Array:
    """The most that a function seems to be between values at equal distances; (n, n_values - 1).

    It falls to -inf where nothing is implemented, and is not known between where it is infinite.
    """
    with np.errstate(invalid="ignore"):
        second = np.abs(np.diff(np.where(np.isneginf(values), np.nan, values), n=2, axis=1))
        bend = np.where(np.isnan(second), 0.0, second).max(axis=1, keepdims=True)
    bend[np.isposinf(values).any(axis=1)] = np.inf
    return np.asarray(np.maximum(values[:, 1:], values[:, :-1]) + SAFETY * bend / 8)


def _first_best(stated: Stated, actions: Sequence[float]) -> Array:
    """What actions earn if they are seen, however outcomes are told apart; (n,)."""
    chosen, where = np.unique(actions, return_inverse=True)
    problem = stated(chosen)
    return np.asarray(problem.expected_output - first_best_cost(problem))[where]

"""From every type a way along priced constraints to an outside option, the dearest at its cheapest step."""

from __future__ import annotations

import heapq

import numpy as np

from contracts.inputs.arrays import Array, Indices
from contracts.inputs.frozen import dataclass
from contracts.problem.screening import ScreeningProblem
from contracts.proof.multipliers import Multipliers

NO_TYPE = -1


@dataclass(frozen=True, eq=False)
class Forest:
    """Whom each type would mimic, on to a type that is held to its reservation utility."""

    parent: Indices  # (n_types,) NO_TYPE for those held there themselves, and for those without a way
    order: Indices  # (n_reached,) types with a way, each after its parent
    width: Array  # (n_types,) least price on the way; 0 for those without a way
    level: Array  # (n_types,) reservation utility at the end of the way
    depth: Indices  # (n_types,) steps of the way

    def summed(self, steps: Array) -> Array:
        """Sums of the steps along the way of every type, its own included; (n_types, ...), in place."""
        for who in self.order.tolist():
            above = self.parent[who]
            if above != NO_TYPE:
                steps[who] += steps[above]
        return steps


def forest_of(problem: ScreeningProblem, prices: Multipliers) -> Forest:
    """The widest ways, by Dijkstra's algorithm."""
    n_types = problem.n_types
    tempts = prices.ic.tocsc()
    parent, depth = np.full(n_types, NO_TYPE), np.zeros(n_types, dtype=np.intp)
    width, level = np.zeros(n_types), np.full(n_types, np.nan)
    held = np.isfinite(problem.reservation_utility) & (prices.ir > 0)
    width[held], level[held] = prices.ir[held], problem.reservation_utility[held]
    waiting = [(-width[who], who) for who in np.flatnonzero(held).tolist()]
    heapq.heapify(waiting)
    order, settled = [], np.zeros(n_types, dtype=bool)
    while waiting:
        _, who = heapq.heappop(waiting)
        if settled[who]:
            continue
        settled[who] = True
        order.append(who)
        for place in range(tempts.indptr[who], tempts.indptr[who + 1]):
            below, through = int(tempts.indices[place]), min(float(tempts.data[place]), float(width[who]))
            if not settled[below] and through > width[below]:
                parent[below], width[below], level[below] = who, through, level[who]
                depth[below] = depth[who] + 1
                heapq.heappush(waiting, (-through, below))
    return Forest(parent, np.array(order, dtype=np.intp), width, level, depth)

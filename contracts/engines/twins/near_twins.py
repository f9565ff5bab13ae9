"""Types that differ by a last digit: which of them must not get more than the other, at a price a solver can see.

Of types i and j so close that a solver takes them for one, IC asks for (a_i - a_j) . (x_i - x_j) >= 0 all the same. If
the principal would rather have it the other way round, only that row keeps it from doing so, and the prices of their IC
rows are 10^16 times what others are. So the row is added in the direction e of a_i - a_j, and its price p is charged
both ways: l_ij = l_ji = p / |a_i - a_j|. Such prices have few digits left for what flows between the two, so hardly
anything does: what flows out of twins leaves from each of them in the share in which it comes in, which costs rounding
alone, for they are tempted alike. But only those with the least rent stay for participation's sake; what they lack for
that flows to them where twins charge each other least.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from contracts.engines.twins.close_types import flow_base, handed_on, tree_over
from contracts.exact.rationals import EPS
from contracts.inputs.arrays import Array, Indices
from contracts.inputs.frozen import dataclass
from contracts.problem.domains import is_lottery
from contracts.problem.screening import ScreeningProblem
from contracts.proof.multipliers import Multipliers

NEAR = 1e-8  # of the largest valuation, within which a solver takes two types for one
LOTTERY_DIGITS = 32 * EPS  # share of what all outcomes are worth more to one type, which rounded sums of shares move
FEW_TYPES = 200  # whose pairs are looked at


@dataclass(frozen=True, eq=False)
class NearTwins:
    """Pairs of types that differ, but hardly."""

    first: Indices  # (n_pairs,)
    second: Indices  # (n_pairs,)
    distance: Array  # (n_pairs,) of their tastes
    direction: Array  # (n_pairs, n_goods) of length one, from the second's taste to the first's

    def __len__(self) -> int:
        return len(self.first)


def near_twins(problem: ScreeningProblem) -> NearTwins:
    """The pairs within NEAR; over lotteries what all outcomes are worth in common is no taste."""
    n_types, n_goods = problem.valuations.shape
    nobody: Indices = np.zeros(0, dtype=np.intp)
    none = NearTwins(nobody, nobody, np.zeros(0), np.zeros((0, n_goods)))
    if n_types > FEW_TYPES or problem.valuation_sets is not None:
        return none
    lotteries = is_lottery(problem.domain)
    taste = problem.valuations - problem.valuations.mean(axis=1, keepdims=True) * lotteries
    apart = np.abs(taste[:, np.newaxis] - taste).max(axis=2)
    largest = float(np.abs(problem.valuations).max())
    alike = np.triu(apart <= NEAR * largest, 1)
    if problem.mimics is not None:  # two rows that bind one way each make one of both
        alike &= problem.mimics & problem.mimics.T
    close = np.argwhere(alike)
    found = []
    for i, j in close.tolist():
        step = [Fraction(a) - Fraction(b) for a, b in zip(*problem.valuations[[i, j]].tolist(), strict=True)]
        common = sum(step) / n_goods * int(lotteries)
        away = np.array([float(each - common) for each in step])
        length = float(np.linalg.norm(away))
        if length > LOTTERY_DIGITS * abs(float(common)):
            found.append((i, j, length, away / length))
    if not found:
        return none
    first, second, distance, direction = zip(*found, strict=True)
    return NearTwins(np.array(first), np.array(second), np.array(distance), np.array(direction))


def with_twins_priced(
    problem: ScreeningProblem, given: Multipliers, twins: NearTwins, price: Array, rent: Array
) -> list[Multipliers]:
    """Multipliers with `price`, (n_pairs,), of the twins' rows charged both ways, and little flowing between them.

    In the first, twins share IR and nothing flows between them. In the second IR is borne by those whose `rent`,
    (n_types,), is the least among their twins, and what they lack takes the way on which twins charge each other least.
    """
    from scipy.sparse.csgraph import connected_components

    n_types = problem.n_types
    links = csr_array((np.ones(len(twins)), (twins.first, twins.second)), shape=(n_types, n_types))
    group = connected_components(links, directed=False)[1].astype(np.intp)
    outer = np.maximum(given.ic.toarray(), 0.0)
    np.fill_diagonal(outer, 0.0)
    base = flow_base(problem, given)
    within = group[:, np.newaxis] == group
    outer[within] = 0.0
    charge = np.zeros_like(outer)
    charge[twins.first, twins.second] = np.maximum(price, 0.0) / twins.distance
    charge += charge.T
    least = np.full(n_types, np.inf)
    np.minimum.at(least, group, rent)
    through = base + outer.sum(axis=0)

    def shared_by(bears: NDArray[np.bool_]) -> Multipliers:
        ir = _shared(group, np.maximum(given.ir, 0.0), np.maximum(through, 0.0) * bears)
        ic = np.column_stack([_shared(group, flow, np.maximum(through - ir, 0.0)) for flow in outer.T])
        return replace(given, ic=csr_array(ic + charge), ir=ir)

    linked = within if problem.mimics is None else within & problem.mimics & problem.mimics.T
    cheapest = tree_over(np.where(linked, np.maximum(charge, np.finfo(np.float64).tiny), 0.0))
    borne = shared_by(rent <= least[group] + NEAR * float(np.abs(rent).max()))
    return [shared_by(np.ones(n_types, dtype=bool)), handed_on(problem, borne, cheapest, base)]


def _shared(group: Indices, flow: Array, able: Array) -> Array:
    """What flows out of a group shared in proportion to what its types are able to pass on, if any are; (n_types,)."""
    total = np.bincount(group, able)[group]
    share = able / np.where(total > 0, total, 1.0)
    return np.where(total > 0, share * np.bincount(group, flow)[group], flow)

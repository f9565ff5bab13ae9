"""Why no transfers at all keep types at their allocations: the least set of demands that contradict one another.

At allocations x, IC asks of the transfers of contracts m and k, for every type i with contract m, that

    t_m <= t_k + a_i . (x_m - x_k);

IR and limits ask that t_m <= a_i . x_m - r_i, t_m <= highest and t_m >= lowest. These are differences of potentials, of
the contracts and of "no transfer". They have a solution iff no cycle of them sums to less than nothing (Rochet 1987 for
IC alone), and the demands along such a cycle are a least contradiction: without any one of them the others can be met.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np

from contracts.exact.rationals import EPS
from contracts.exact.relevance import row_blocks
from contracts.inputs.arrays import Array, Indices
from contracts.inputs.frozen import dataclass
from contracts.problem.mimicry import access_classes
from contracts.problem.participation import in_goods
from contracts.problem.screening import ScreeningProblem
from contracts.readable import readable


@dataclass(frozen=True)
class Conflict:
    """Demands on transfers that cannot be met together, though all but any one of them can.

    Attributes
    ----------
    labels : the types whose demands they are, in the order of the cycle
    demands : one sentence each
    excess : money by which they contradict each other in sum; exact, rounded once

    Examples
    --------
    No prices make this allocation work, since who values the good more gets less of it:

    >>> import contracts
    >>> problem = contracts.ScreeningProblem([1.0, 2.0], cost=contracts.Quadratic(), labels=("low", "high"))
    >>> conflict = contracts.audit(problem, [[2.0], [1.0]], [1.0, 1.0]).conflict
    >>> print(*conflict.demands, sep="; ")
    high pays at least 2 less than low, or it would rather have that contract; low pays at most 1 more than
     high, or it would rather have that contract
    >>> conflict.excess
    1.0
    """

    labels: tuple[str, ...]
    demands: tuple[str, ...]
    excess: float

    def __str__(self) -> str:
        return "\n".join(
            [f"No transfers keep everybody in place; these demands miss each other by {self.excess:.6g}:"]
            + [f"  {demand}" for demand in self.demands]
        )


@dataclass(frozen=True, eq=False)
class Demands:
    """t_m <= t_k + room[m, k] for all nodes; the last node is "no transfer"."""

    problem: ScreeningProblem
    amounts: Array  # (m, n_goods) allocations of the contracts
    home: Indices  # (n_types,) contract of each type
    limits: tuple[Array, Array]  # (n_types,) lowest and highest transfers
    room: Array  # (m + 1, m + 1)
    whose: Indices  # (m + 1, m + 1) type that asks for it
    by_limit: Array  # (m,) whether the highest transfer is a limit's, not a type's who would leave


def conflict_of(problem: ScreeningProblem, allocation: Array, limits: tuple[Array, Array]) -> Conflict | None:
    """The contradiction in allocations (n_types, n_goods) of a program; None if some transfers meet all demands.

    `limits` are the lowest and highest transfers, (n_types,) each; infinite where there are none.
    """
    stated = _demands(problem, allocation, limits)
    size = float(np.abs(stated.room[np.isfinite(stated.room)]).max(initial=0.0))
    for hair in (0.0, 8 * (problem.n_goods + 3) * EPS * size):  # the second time without what rounding finds
        cycle = _negative_cycle(stated.room + hair)
        if cycle is None:
            return None
        found = _exactly(stated, cycle)
        if found.excess > 0:
            return found
    return None


def _demands(problem: ScreeningProblem, allocation: Array, limits: tuple[Array, Array]) -> Demands:
    classes = np.zeros(problem.n_types) if problem.mimics is None else access_classes(problem.mimics)
    rows, number = np.unique(np.column_stack([allocation, classes]), axis=0, return_inverse=True)
    amounts: Array = np.ascontiguousarray(rows[:, :-1])
    home = number.reshape(-1)
    count = len(amounts)
    room = np.full((count + 1, count + 1), np.inf)
    whose = np.zeros((count + 1, count + 1), dtype=np.intp)
    outside = problem.outside
    leaving: Array = problem.valuations @ outside.allocation
    if not outside.is_contract:
        leaving = problem.reservation_utility
    lowest, highest = limits
    by_limit = np.zeros(count, dtype=bool)
    head = np.unique(home, return_index=True)[1]
    for block in row_blocks(problem.n_types, count):
        utility = problem.valuations[block] @ amounts.T
        for i, row in zip(np.arange(problem.n_types)[block].tolist(), utility, strict=True):
            m = int(home[i])
            spare = row[m] - row
            if problem.mimics is not None:
                spare = np.where(problem.mimics[i][head], spare, np.inf)
            closer = spare < room[m, :-1]
            room[m, :-1][closer], whose[m, :-1][closer] = spare[closer], i
            most = min(float(row[m] - leaving[i]), float(highest[i]))
            if most < room[m, -1]:
                room[m, -1], whose[m, -1], by_limit[m] = most, i, highest[i] < row[m] - leaving[i]
            if -lowest[i] < room[-1, m]:
                room[-1, m], whose[-1, m] = -lowest[i], i
    np.fill_diagonal(room, np.inf)
    return Demands(problem, amounts, home, limits, room, whose, by_limit)


def _negative_cycle(room: Array) -> list[int] | None:
    """Nodes m1, m2, ... with room[m1, m2] + room[m2, m3] + ... < 0, by Bellman and Ford; None if there are none."""
    count = len(room)
    distance, follows = np.zeros(count), np.full(count, -1)
    for _ in range(count + 1):
        through = room + distance
        best = through.argmin(axis=1)
        shorter = through[np.arange(count), best]
        falls = shorter < distance
        if not falls.any():
            return None
        follows = np.where(falls, best, follows)
        distance = np.minimum(distance, shorter)
        cycle = _cycle(follows)
        if cycle is not None:
            return cycle
    return None


def _cycle(follows: Indices) -> list[int] | None:
    """A cycle among the arrows, from its least member on, if there is one."""
    seen = np.zeros(len(follows), dtype=np.intp)  # number of the walk that came by
    for start in range(len(follows)):
        node = start
        while node >= 0 and not seen[node]:
            seen[node] = start + 1
            node = int(follows[node])
        if node >= 0 and seen[node] == start + 1:
            cycle = [node]
            while (after := int(follows[cycle[-1]])) != node:
                cycle.append(after)
            least = cycle.index(min(cycle))
            return cycle[least:] + cycle[:least]
    return None


def _exactly(stated: Demands, cycle: list[int]) -> Conflict:
    """The demands along a cycle in words, and their sum in rationals."""
    ground, total = len(stated.amounts), Fraction()
    labels: list[str] = []
    said: list[str] = []
    for here, there in zip(cycle, [*cycle[1:], cycle[0]], strict=True):
        size, words = _demand(stated, here, there, ground)
        total += size
        said.append(words)
        label = stated.problem.labels[int(stated.whose[here, there])]
        labels += [label] if label not in labels else []
    return Conflict(tuple(labels), tuple(said), float(-total) if total < 0 else 0.0)


def _demand(stated: Demands, here: int, there: int, ground: int) -> tuple[Fraction, str]:
    """One demand: how much transfers may differ, exactly, and what it says."""
    problem, who = stated.problem, int(stated.whose[here, there])
    name = readable(problem.labels[who])
    worth = _worth(problem, who, stated.amounts)
    if here == ground:
        lowest = Fraction(float(stated.limits[0][who]))
        return -lowest, f"{name} pays at least {float(lowest):.6g}, by the limits on transfers"
    if there == ground and stated.by_limit[here]:
        highest = Fraction(float(stated.limits[1][who]))
        return highest, f"{name} pays at most {float(highest):.6g}, by the limits on transfers"
    if there == ground:
        outside = problem.outside
        stays = worth(outside.allocation) if outside.is_contract else Fraction(float(problem.reservation_utility[who]))
        most = worth(stated.amounts[here]) - stays
        return most, f"{name} pays at most {float(most):.6g}, or it would rather leave"
    most = worth(stated.amounts[here]) - worth(stated.amounts[there])
    whose = readable(problem.labels[int(np.flatnonzero(stated.home == there)[0])])
    how = f"at most {float(most):.6g} more than" if most >= 0 else f"at least {float(-most):.6g} less than"
    return most, f"{name} pays {how} {whose}, or it would rather have that contract"


def _worth(problem: ScreeningProblem, who: int, amounts: Array) -> Callable[[Array], Fraction]:
    def worth(allocation: Array) -> Fraction:
        values, row = in_goods(problem.domain, problem.valuations[[who]], allocation[np.newaxis])
        return sum(
            (Fraction(v) * Fraction(x) for v, x in zip(values[0].tolist(), row[0].tolist(), strict=True)), Fraction()
        )

    return worth

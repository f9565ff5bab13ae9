"""Which constraints are looked at, what they are called, and how much room menus leave them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from contracts.exact.rationals import EPS
from contracts.faces.identity import Spare
from contracts.faces.multiplied import Ends
from contracts.faces.program import Direction
from contracts.inputs.arrays import Array, Indices, Mask
from contracts.menu.menu import Menu
from contracts.menu.offers import BINDING
from contracts.problem.mimicry import tempting_pairs
from contracts.problem.screening import ScreeningProblem

IC, IR, LOWEST, HIGHEST, ROW = range(5)
FEW_TYPES = 150  # up to so many, pairs without a price are looked at as well, if they have no room here


class Slacks(NamedTuple):
    """Constraints one by one."""

    names: tuple[str, ...]
    kind: Indices  # (n,) of IC, IR, LOWEST, HIGHEST, ROW
    who: Indices  # (n,) type, or number of the row
    other: Indices  # (n,) the tempting type of an IC row
    price: Array  # (n,)
    at_most: Array  # (n,) proven of every menu
    reached: Array  # (n,) by some menu
    row_sizes: Array  # (n,) of what rows sum, zero elsewhere

    def at(self, problem: ScreeningProblem, allocation: Array, utility: Array) -> Array:
        """The room that a menu leaves, never less than none; (n,)."""
        transfer = np.einsum("ij,ij->i", problem.valuations, allocation) - utility
        lowest, highest = problem.transfer_limits
        found = np.empty(len(self.names))
        rooms = (
            (IR, utility - problem.reservation_utility),
            (LOWEST, transfer - lowest),
            (HIGHEST, highest - transfer),
        )
        for kind, room in rooms:
            found[self.kind == kind] = room[self.who[self.kind == kind]]
        pairs = self.kind == IC
        i, j = self.who[pairs], self.other[pairs]
        gained = np.einsum("ij,ij->i", problem.valuations[i] - problem.valuations[j], allocation[j])
        found[pairs] = utility[i] - utility[j] - gained
        if np.any(self.kind == ROW):
            rows = problem.side_rows
            room = rows.limit - rows.activity(allocation, utility)
            found[self.kind == ROW] = room[self.who[self.kind == ROW]]
        return np.maximum(found, 0.0)

    def within(self, problem: ScreeningProblem, proven: Ends, at_most: Array) -> Array:
        """Upper ends no higher than those that intervals of utilities and transfers leave; (n,)."""
        high, (least, most) = proven.utility[:, 1], proven.transfer.T
        lowest, highest = problem.transfer_limits
        found = np.array(at_most)
        rooms = {IR: high - problem.reservation_utility, LOWEST: most - lowest, HIGHEST: highest - least}
        for kind, room in rooms.items():
            chosen = self.kind == kind
            found[chosen] = np.minimum(found[chosen], room[self.who[chosen]])
        pairs = (self.kind == IC) & (problem.n_goods == proven.allocation.shape[1])
        i, j = self.who[pairs], self.other[pairs]
        apart = problem.valuations[j] - problem.valuations[i]
        with np.errstate(invalid="ignore"):
            worth = np.where(apart != 0, apart * proven.allocation[j, :, 1], 0.0)
            worth = np.where(apart < 0, apart * proven.allocation[j, :, 0], worth).sum(axis=1)
            room = proven.utility[i, 1] - proven.utility[j, 0] + worth
        found[pairs] = np.fmin(found[pairs], room)
        return np.maximum(found, 0.0)

    def sizes(self, money: float) -> Array:
        """What the room of each is compared with; (n,)."""
        return np.where(self.kind == ROW, self.row_sizes, money)


def slacks_of(menu: Menu, spare: Spare, allocation: Array, utility: Array, tight: float) -> Slacks:
    """Every constraint that has a price or, where types are few, no room at the menu; with what its price proves.

    Parameters
    ----------
    allocation, utility : of the menu, in the goods of the program
    tight : money below which there is no room
    """
    problem, prices = spare.problem, spare.prices
    lowest, highest = problem.transfer_limits
    parts = [_pairs(menu, spare, allocation, utility, tight)]
    transfer = np.einsum("ij,ij->i", problem.valuations, allocation) - utility
    of_types = (
        (IR, "IR", prices.ir, utility - problem.reservation_utility),
        (LOWEST, "lowest transfer of", prices.transfer, transfer - lowest),
        (HIGHEST, "highest transfer of", -prices.transfer, highest - transfer),
    )
    priced = BINDING * problem.weights
    for which, _, price, room in of_types:
        if lowest == highest if which != IR else not problem.has_participation_constraint:
            continue  # no money, or nobody who can leave
        chosen = np.flatnonzero((price > priced) | (room <= tight))
        parts.append((np.full(len(chosen), which), chosen, chosen, np.maximum(price[chosen], 0.0)))
    rows = problem.side_rows
    sizes = np.abs(rows.limit) + np.einsum("kij,ij->k", np.abs(rows.allocation), np.abs(allocation))
    sizes = sizes + np.abs(rows.utility) @ np.abs(utility)
    everything = np.arange(len(rows.limit))
    parts.append((np.full(len(everything), ROW), everything, everything, prices.side))
    kind, who, other, price = (np.concatenate([part[column] for part in parts]) for column in range(4))
    words = {each: word for each, word, _, _ in of_types}
    names = tuple(
        f"IC {problem.labels[i]} -> {problem.labels[j]}" if k == IC
        else rows.names[i] if k == ROW
        else f"{words[k]} {problem.labels[i]}"
        for k, i, j in zip(kind.tolist(), who.tolist(), other.tolist(), strict=True)
    )  # fmt: skip
    with np.errstate(divide="ignore", over="ignore"):
        at_most = np.where(price > 0, spare.amount * (1 + 8 * EPS) / price, np.inf)
    size = np.where(kind == ROW, sizes[np.where(kind == ROW, who, 0)] if len(sizes) else 0.0, 0.0)
    found = Slacks(names, kind, who, other, price, at_most, at_most, size)
    return found._replace(reached=found.at(problem, allocation, utility))


def _pairs(menu: Menu, spare: Spare, allocation: Array, utility: Array, tight: float) -> tuple[Any, Any, Any, Any]:
    """IC rows with a price and, of few types, those without room between types of different options."""
    problem, table = spare.problem, spare.prices.ic.tocoo()
    kept: Mask = table.data > BINDING * problem.weights[table.row]
    who, other, price = table.row[kept], table.col[kept], table.data[kept]
    if problem.n_types <= FEW_TYPES:
        i, j = tempting_pairs(problem.mimics, problem.n_types)
        apart = menu.option_of_type[i] != menu.option_of_type[j]
        room = utility[i] - utility[j]
        room = room - np.einsum("ij,ij->i", problem.valuations[i] - problem.valuations[j], allocation[j])
        known = spare.prices.ic.toarray()[i, j] > BINDING * problem.weights[i]
        more = apart & (room <= tight) & ~known
        who, other, price = np.append(who, i[more]), np.append(other, j[more]), np.append(price, np.zeros(more.sum()))
    return np.full(len(who), IC), who, other, price


def slack_direction(problem: ScreeningProblem, slacks: Slacks, k: int) -> tuple[Direction, float]:
    """The room of a constraint as a sum over the menu, and the constant besides."""
    on = Direction(np.zeros(problem.valuations.shape), np.zeros(problem.n_types))
    who, other, kind = int(slacks.who[k]), int(slacks.other[k]), int(slacks.kind[k])
    if kind == IC:
        on.utility[who], on.utility[other] = 1.0, -1.0
        on.allocation[other] = problem.valuations[other] - problem.valuations[who]
        return on, 0.0
    if kind == IR:
        on.utility[who] = 1.0
        return on, -float(problem.reservation_utility[who])
    if kind == ROW:
        rows = problem.side_rows
        return Direction(-rows.allocation[who], -rows.utility[who]), float(rows.limit[who])
    on.allocation[who], on.utility[who] = problem.valuations[who], -1.0
    lowest, highest = problem.transfer_limits
    return (on, -lowest) if kind == LOWEST else (on.opposite(), highest)

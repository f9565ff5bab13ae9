"""Ends of intervals by programs, where the prices of one menu leave them wide; and menus that come close to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from contracts.errors import ContractError
from contracts.faces.multiplied import Ends
from contracts.faces.program import Direction, End, FaceProgram, at_rate, tilted_problem
from contracts.faces.slacks import Slacks, slack_direction
from contracts.inputs.arrays import Array
from contracts.menu.assembly import menu_of
from contracts.menu.menu import Menu
from contracts.problem.screening import ScreeningProblem
from contracts.proof.bound import upper_bound
from contracts.proof.verify import certify
from contracts.repair.assign import exact_menu, is_feasible

SAME = 1e-3  # share of a direction's size that all of the gap in value is set off against, in repairs
REPAIRED = 1e-7  # relative gap at which a menu for a direction is repaired no further


class Sizes(NamedTuple):
    """What widths are compared with."""

    amounts: Array  # (n_goods,) the largest that anybody gets
    money: float  # the largest rent or worth of an allocation


class Target(NamedTuple):
    """An end to look for: a direction, its interval (two ends, changed in place), how wide is narrow."""

    direction: Direction
    interval: Array  # (2,) a view
    reached: Array  # (2,) a view
    narrow: float


def contracts_of(menu: Menu) -> tuple[Array, Array]:
    """Allocation in the goods of the program and utility, (n_types, n_goods) and (n_types,)."""
    problem = menu.problem
    return problem.in_program(menu.allocation, menu.transfer, menu.serving), menu.utility


def certified(menu: Menu, program: FaceProgram, end: End, gap: float) -> Menu | None:
    """The candidate of an end as an exact menu of the problem that is worth the floor, or None.

    Repairs keep what is best for an objective: the value and, where that is the same, the direction.
    """
    least = SAME * end.size / (menu.upper_bound - program.floor)
    rate = max(end.rate, least)
    prices = at_rate(end.candidate.multipliers, menu.bound.multipliers, rate - end.rate)
    try:
        tilted = tilted_problem(program.problem, end.direction, rate)
        found = exact_menu(tilted, replace(end.candidate, multipliers=prices), upper_bound(tilted, prices), REPAIRED)
    except ContractError:
        return None
    certificate = certify(menu.problem.program, found.contracts, found.option_of_type, menu.bound, gap=gap)
    if not is_feasible(certificate) or certificate.value < program.floor:
        return None
    certificate = replace(certificate, requested_gap=max(gap, certificate.relative_gap))
    return menu_of(menu.problem, replace(found, certificate=certificate), menu.bound, end.candidate.engine)


class Found(NamedTuple):
    """Proven intervals, those that menus reach, and the menus."""

    proven: Ends
    reached: Ends
    slacks: Slacks
    menus: tuple[Menu, ...]


def reached_by(menus: list[Menu]) -> Ends:
    """The intervals that some menus span."""
    spans = []
    for name in Ends._fields:
        each = np.stack([getattr(menu, name) for menu in menus])
        spans.append(np.stack([each.min(axis=0), each.max(axis=0)], axis=-1))
    return Ends(*spans)


def refined(
    menu: Menu,
    program: FaceProgram,
    onto: Array,
    proven: Ends,
    slacks: Slacks,
    sizes: Sizes,
    tolerance: float,
    gap: float,
) -> Found:
    """Every end that is further than `tolerance` of its size from what menus reach, by a program of its own."""
    menus = [menu]
    proven = Ends(*(np.array(part) for part in proven))
    reached = reached_by(menus)
    at_most, seen = np.array(slacks.at_most), np.array(slacks.reached)

    def look(direction: Direction, least: float) -> End | None:
        """The end; whatever menu it leads to is one of those that intervals span, if there is more than `least`."""
        end = program.end(direction)
        if end is not None and min(end.most, direction.of(end.candidate.allocation, end.candidate.utility)) > least:
            another = certified(menu, program, end, gap)
            if another is not None:
                menus.append(another)
                spanned = reached_by([another])
                for old, new in zip(reached, spanned, strict=True):
                    np.minimum(old[..., 0], new[..., 0], out=old[..., 0])
                    np.maximum(old[..., 1], new[..., 1], out=old[..., 1])
                np.maximum(seen, slacks.at(program.problem, *contracts_of(another)), out=seen)
        return end

    for target in targets(program.problem, onto, proven, reached, sizes, tolerance):
        if target.interval[1] - target.reached[1] > target.narrow:
            end = look(target.direction, target.reached[1] + target.narrow)
            if end is not None:
                target.interval[1] = min(target.interval[1], end.most)
        if target.reached[0] - target.interval[0] > target.narrow:
            end = look(target.direction.opposite(), target.narrow - target.reached[0])
            if end is not None:
                target.interval[0] = max(target.interval[0], -end.most)
    at_most = slacks.within(program.problem, proven, at_most)
    for k, least in enumerate((tolerance * slacks.sizes(sizes.money)).tolist()):
        if at_most[k] - seen[k] > least:
            direction, constant = slack_direction(program.problem, slacks, k)
            end = look(direction, seen[k] + least - constant)
            if end is not None:
                at_most[k] = max(min(float(at_most[k]), end.most + constant), 0.0)
    return Found(proven, reached, slacks._replace(at_most=at_most, reached=seen), tuple(menus))


def targets(
    problem: ScreeningProblem, onto: Array, proven: Ends, reached: Ends, sizes: Sizes, tolerance: float
) -> Iterator[Target]:
    """Every allocation, transfer and utility of every type."""
    n_types, nobody = problem.n_types, np.zeros(problem.n_types)
    for who in range(n_types):
        own = np.zeros(n_types)
        own[who] = 1.0
        for good, row in enumerate(onto):
            direction = Direction(own[:, np.newaxis] * row, nobody)
            narrow = tolerance * float(sizes.amounts[good])
            yield Target(direction, proven.allocation[who, good], reached.allocation[who, good], narrow)
        narrow = tolerance * sizes.money
        yield Target(
            Direction(own[:, np.newaxis] * problem.valuations, -own),
            proven.transfer[who],
            reached.transfer[who],
            narrow,
        )
        yield Target(
            Direction(np.zeros_like(problem.valuations), own), proven.utility[who], reached.utility[who], narrow
        )

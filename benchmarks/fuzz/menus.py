"""Menus that are feasible beyond doubt, to hold against a bound: single contracts, pooled menus, parts of others."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.fuzz.oracle import broken, excess_of
from benchmarks.fuzz.payoffs import by_type, terms
from benchmarks.fuzz.tastes import (
    are_for_served,
    has_reservation,
    kept_of,
    leaving,
    may_leave,
    transfer_limits,
    values_of,
)
from benchmarks.fuzz.units import Fields

Array = np.ndarray
Menu = tuple[Array, Array]  # what each type takes: allocations (n_types, n_goods), transfers (n_types,)
LARGEST = 15  # types beyond which exact comparison of many menus takes too long
TRIES = 12


def feasible_menus(fields: Fields, known: list[Menu], rng: np.random.Generator) -> Iterator[Menu]:
    """Menus made of known contracts and random ones, of which exact arithmetic says that they break nothing."""
    if len(fields["valuations"]) > LARGEST:
        return
    for allocations, transfers in _offers(fields, known, rng):
        menu = chosen(fields, allocations, transfers)
        if np.isfinite(menu[0]).all() and not broken(fields, *menu, list(zip(allocations, transfers, strict=True))):
            yield menu


def chosen(fields: Fields, allocations: Array, transfers: Array) -> Menu:
    """What types take of an offer in floats, in the principal's favour at ties; `broken` judges whether it is right."""
    values, low = values_of(fields), transfer_limits(fields)[0].max()
    n_types = len(values)
    utility = values @ allocations.T - transfers
    if "uncertainty" not in fields and has_reservation(fields):  # lower all prices until everybody takes part
        reserve = _reserve(fields)
        short = float((reserve - utility.max(axis=1)).max())
        if short > 0 and low == -np.inf:
            transfers = transfers - short * (1 + 1e-12) - 1e-12 * np.abs(transfers).max()
            utility = values @ allocations.T - transfers
    rounding = 1e-14 * (np.abs(values) @ np.abs(allocations).T + np.abs(transfers))
    ties = utility >= utility.max(axis=1, keepdims=True) - rounding
    count = len(transfers)
    counted = np.array(
        [
            by_type(fields, np.tile(allocations[k], (n_types, 1)), np.full(n_types, transfers[k]))[0]
            for k in range(count)
        ]
    ).T
    taken = np.where(ties, counted, -np.inf).argmax(axis=1)
    return allocations[taken], transfers[taken]


def _reserve(fields: Fields) -> Array:
    values = values_of(fields)
    outside = [leaving(fields, who) for who in range(len(values))]
    away = np.array([[float(amount) for amount in contract[0]] for contract in outside])
    return np.einsum("ij,ij->i", values, away) - np.array([float(contract[1]) for contract in outside])


def _offers(fields: Fields, known: list[Menu], rng: np.random.Generator) -> Iterator[Menu]:
    """Lists of contracts on offer."""
    kept = np.append(np.zeros(len(kept_of(fields))), 1.0) if may_leave(fields) else kept_of(fields)
    free, n_goods = (kept[None], np.zeros(1)), len(kept)
    yield free
    low, high = transfer_limits(fields)[0].max(), transfer_limits(fields)[1].min()
    if low > high:
        return
    for allocations, transfers in known:
        pool = np.unique(np.column_stack([allocations, transfers]), axis=0)
        for _ in range(TRIES):
            part = pool[rng.random(len(pool)) < rng.uniform(0.3, 1.0)]
            if not len(part):
                continue
            prices = (
                part[:, -1] * (1 - rng.choice([0.0, 1e-9, 1e-6, 1e-3]))
                - rng.choice([0.0, 1e-9]) * np.abs(part[:, -1]).max()
            )
            amounts = part[:, :-1] * rng.choice([1.0, 1.0, 0.999, 1.001])
            amounts = amounts if all(map(_inside(fields), amounts)) else part[:, :-1]
            with_outside = rng.random() < 0.5 and low <= 0 <= high
            extra = free if with_outside else (np.zeros((0, n_goods)), np.zeros(0))
            yield np.vstack([amounts, extra[0]]), np.clip(np.concatenate([prices, extra[1]]), low, high)


def _inside(fields: Fields) -> Callable[[Array], bool]:
    return lambda amounts: excess_of(fields, amounts)[0] <= 0


def is_strictly_feasible(fields: Fields, menu: Menu, offered: list[tuple[Array, float]]) -> bool:
    """Feasible without any rounding excused: domains to the last bit, no equations among the rows."""
    equations = any(row.get("lower") == row.get("upper") for row in fields.get("constraints", []))
    equations |= has_fixed_transfers(fields)
    rows = fields.get("constraints") or terms(fields)["minimum_profit"] is not None
    inside = all(excess_of(fields, amounts)[0] <= 0 for amounts in menu[0])
    return inside and not equations and not rows and not broken(fields, *menu, offered)


def has_fixed_transfers(fields: Fields) -> bool:
    """Whether a transfer is fixed for those who are served: then t = limit * share served is an equation as well."""
    return are_for_served(fields) and bool(np.equal(*transfer_limits(fields)).any())

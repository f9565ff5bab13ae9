"""A menu drawn: tariff or type map with bunching and binding constraints, rents, virtual valuations."""

from __future__ import annotations

from typing import Any

import numpy as np

from contracts.cli.explore.panels import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PINK,
    VERMILION,
    Mark,
    Panel,
    arrows,
    bars,
    dots,
    line,
    panel,
    shown,
    table,
)
from contracts.inputs.arrays import Array, Indices
from contracts.menu.first_best import reason_against
from contracts.menu.menu import Menu
from contracts.menu.picture import binding_pairs
from contracts.menu.text import headline
from contracts.problem.domains import is_lottery
from contracts.readable import readable

MOST_DRAWN = 400  # types on a picture
MOST_BARS = 40
MOST_ARROWS = 120
FEW = 25  # types up to which arrows are arched, and points named
GOODS_APART = 7  # goods with a colour of their own


def drawn_menu(menu: Menu, noise: float = 0.0) -> dict[str, Any]:
    """Panels, table and words; `noise` is the temperature at which agents err in their choices, 0 for never."""
    panels = _lotteries(menu) if is_lottery(menu.problem.domain) else _DRAWN.get(menu.problem.n_goods, _many)(menu)
    notes = []
    if noise > 0:
        chances = _chances(menu, noise)
        worth = menu.expected_value(_Errs(noise))
        notes.append(f"If agents err at temperature {noise:g}, the menu is worth {shown([worth])[0]} in expectation.")
        if menu.problem.n_goods == 1:
            order = _seen(menu)
            expected = chances @ np.vstack([menu.options.allocations, menu.problem.outside.allocation])
            panels[0]["marks"].append(
                line("expected, with noise", menu.problem.valuations[order, 0], expected[order, 0], PINK, dashed=True)
            )
    pooled, excluded = int(menu.is_bunched.sum()), int(menu.is_excluded.sum())
    notes.append(f"{pooled} of {menu.problem.n_types} types are bunched, {excluded} excluded.")
    for name, price in menu.shadow_prices.items() if menu.problem.constraints else ():
        notes.append(f"One more unit of {readable(name)} is worth {shown([price])[0]}.")
    return {"headline": headline(menu), "panels": panels, "table": _table(menu), "notes": notes}


# ---- one good ----


def _on_a_line(menu: Menu) -> list[Panel]:
    problem, order = menu.problem, _seen(menu)
    theta, amount, paid = problem.valuations[order, 0], menu.allocation[order, 0], menu.transfer[order]
    place = np.column_stack([problem.valuations[:, 0], menu.allocation[:, 0]])
    good = _good(problem.goods[0], "allocation").removesuffix(" 0")
    marks: list[Mark] = []
    if reason_against(problem) is None:
        best = menu.first_best_allocation[order, 0]
        marks.append(line("if types were known", theta, best, ORANGE, dashed=True))
    marks += [*_arrows(menu, place), line("the menu", theta, amount, BLUE), *_points(menu, order, place)]
    size = _sizes(problem.weights[order])
    tariff = [dots("contracts", amount, paid, BLUE, size=size)]
    offered = menu.options
    shared = np.bincount(menu.option_of_type[~menu.is_excluded], minlength=len(offered.transfers)) > 1
    if shared.any():
        tariff.append(dots("shared by several types (bunched)", offered.allocations[shared, 0],
                           offered.transfers[shared], VERMILION, size=9, hollow=True))  # fmt: skip
    tariff.append(line("tariff", np.sort(offered.allocations[:, 0]), np.sort(offered.transfers), GREY))
    return [
        panel("map", "Who gets what", "valuation", good, marks),
        panel("tariff", "What is on offer", good, "transfer", tariff),
        _rents(menu, order),
        panel("virtual", "Virtual valuations", "valuation", "valuation", [
            line("valuation", theta, theta, ORANGE, dashed=True),
            line("virtual valuation", theta, menu.virtual_valuation[order, 0], BLUE),
            line("", theta[[0, -1]], np.zeros(2), GREY),
        ]),
    ]  # fmt: skip


def _rents(menu: Menu, order: Indices) -> Panel:
    theta, rent = menu.problem.valuations[order, 0], menu.information_rent[order]
    shares = menu.problem.weights[order]
    height = float(rent.max(initial=0.0)) or 1.0
    scaled = shares / shares.max() * height * 0.35
    width = float(np.ptp(theta)) / max(len(theta), 2) * 0.8 or 0.5
    return panel("rents", "What private information earns", "valuation", "information rent", [
        bars("shares of types (own scale)", theta, scaled, GREY, width=width),
        line("information rent", theta, rent, GREEN),
    ], zero=True)  # fmt: skip


# ---- two goods ----


def _in_a_plane(menu: Menu) -> list[Panel]:
    problem, order = menu.problem, _seen(menu)
    place, size = problem.valuations, _sizes(problem.weights[order])
    first, second = (_good(name, "good") for name in problem.goods)
    across, up = f"valuation of {first}", f"valuation of {second}"
    paid, offered = menu.transfer, menu.options
    count = len(offered.transfers)
    share = np.bincount(menu.option_of_type[~menu.is_excluded], problem.weights[~menu.is_excluded], minlength=count)
    served = order[~menu.is_excluded[order]]
    rent = menu.information_rent
    priced = f"transfer {_range(paid[served])}"
    ends = menu.virtual_valuation
    return [
        panel("map", "Who they are", across, up, [
            dots(f"served: {priced}", place[served, 0], place[served, 1], BLUE, size=7, shade=_shade(paid[served])),
            *_points(menu, order, place), *_arrows(menu, place),
        ]),
        panel("offers", "What is on offer", f"amount of {first}", f"amount of {second}", [
            dots(f"contracts, as large as their share: {priced}", offered.allocations[:, 0], offered.allocations[:, 1],
                 BLUE, size=4 + 18 * np.sqrt(share), shade=_shade(offered.transfers)),
        ], zero=True),
        panel("rents", "What private information earns", across, up, [
            dots(f"information rent {_range(rent[order])}", place[order, 0], place[order, 1], GREEN, size=size + 3,
                 shade=_shade(rent[order])),
        ]),
        panel("virtual", "Virtual valuations", across, up, [
            dots("valuation", place[order, 0], place[order, 1], ORANGE, size=3),
            arrows("to the virtual valuation", place[order], ends[order], BLUE),
        ]),
    ]  # fmt: skip


# ---- lotteries, and many goods ----


def _lotteries(menu: Menu) -> list[Panel]:
    problem = menu.problem
    order = np.arange(min(problem.n_types, MOST_BARS))
    names = [readable(problem.labels[k], 20) for k in order]
    rows = menu.allocation[order]
    if problem.outside_option is not None:
        names, rows = [*names, "way out"], np.vstack([rows, problem.outside_option])
    kept = np.argsort(-rows.max(axis=0), kind="stable")[:GOODS_APART]
    kept = np.sort(kept[rows[:, kept].max(axis=0) >= 0.005])
    base, place, marks = np.zeros(len(names)), np.arange(len(names), dtype=np.float64), []
    for colour, good in enumerate(kept):
        marks.append(bars(readable(problem.goods[good]), place, rows[:, good], colour, width=0.7, base=base.copy()))
        base = base + rows[:, good]
    if (rest := 1.0 - base).max() > 0.005:
        marks.append(bars("all others", place, np.maximum(rest, 0.0), GREY, width=0.7, base=base))
    rent = [bars("utility above the way out", order.astype(np.float64), menu.information_rent[order], GREEN, width=0.7)]
    found = [panel("map", "Who gets what", "type", "probability", marks, names=names, zero=True)]
    if problem.outside_option is not None or problem.has_participation_constraint:
        found.append(panel("rents", "What the menu adds for each type", "type", "utility above the way out", rent,
                           names=names[: len(order)], zero=True))  # fmt: skip
    return [*found, _virtual_by_good(menu)]


def _virtual_by_good(menu: Menu) -> Panel:
    problem = menu.problem
    goods = np.arange(min(problem.n_goods, MOST_BARS))
    marks: list[Mark] = []
    for k in range(min(problem.n_types, GOODS_APART)):
        label = readable(problem.labels[k], 20)
        values = menu.virtual_valuation[k, goods]
        marks += [
            line(f"{label}: virtual", goods.astype(np.float64), values, k),
            dots(f"{label}: valuation", goods.astype(np.float64), problem.valuations[k, goods], k, size=4, hollow=True),
        ]
    return panel("virtual", "Virtual valuations", "good", "valuation", marks,
                 names=[readable(problem.goods[k], 20) for k in goods])  # fmt: skip


def _many(menu: Menu) -> list[Panel]:
    problem = menu.problem
    order = np.arange(min(problem.n_types, MOST_BARS))
    names, place = [readable(problem.labels[k], 20) for k in order], order.astype(np.float64)
    amounts = [
        line(readable(problem.goods[good]), place, menu.allocation[order, good], good)
        for good in range(min(problem.n_goods, GOODS_APART))
    ]
    return [
        panel("map", "Who gets what", "type", "amount of each good", amounts, names=names, zero=True),
        panel("tariff", "What each type pays", "type", "transfer", [
            bars("transfer", place, menu.transfer[order], BLUE, width=0.7)], names=names, zero=True),
        panel("rents", "What private information earns", "type", "information rent", [
            bars("information rent", place, menu.information_rent[order], GREEN, width=0.7)], names=names, zero=True),
        _virtual_by_good(menu),
    ]  # fmt: skip


_DRAWN = {1: _on_a_line, 2: _in_a_plane}


# ---- parts ----


def _seen(menu: Menu) -> Indices:
    """The types that are drawn, by valuation of the first good; evenly chosen where there are many."""
    order = np.argsort(menu.problem.valuations[:, 0], kind="stable")
    return order[np.unique(np.linspace(0, len(order) - 1, min(len(order), MOST_DRAWN)).round().astype(np.intp))]


def _points(menu: Menu, order: Indices, place: Array) -> list[Mark]:
    """Rings around bunched types, hollow points for the excluded, names where there is room."""
    pooled, excluded = order[menu.is_bunched[order]], order[menu.is_excluded[order]]
    marks = []
    if len(pooled):
        marks.append(dots("bunched", place[pooled, 0], place[pooled, 1], VERMILION, size=7, hollow=True))
    if len(excluded):
        marks.append(dots("excluded", place[excluded, 0], place[excluded, 1], INK, size=4, hollow=True))
    if len(order) <= FEW:
        names = [readable(menu.problem.labels[k], 16) for k in order]
        marks.append(dots("", place[order, 0], place[order, 1], BLUE, size=3, names=names))
    return marks


def _arrows(menu: Menu, place: Array) -> list[Mark]:
    """From whoever is tempted to whose contract tempts, where incentive compatibility binds."""
    tempted, tempter, _ = binding_pairs(menu)
    if not len(tempted):
        return []
    many = f" ({MOST_ARROWS} of {len(tempted)})" if len(tempted) > MOST_ARROWS else ""
    tails, heads = place[tempted[:MOST_ARROWS]], place[tempter[:MOST_ARROWS]]
    return [arrows(f"binding IC, towards the tempting contract{many}", tails, heads,
                   arched=menu.problem.n_types <= FEW)]  # fmt: skip


def _table(menu: Menu) -> dict[str, Any]:
    problem = menu.problem
    seen = min(problem.n_types, 10 * MOST_DRAWN)
    goods = [_good(name, "allocation") for name in problem.goods]
    header = ["type", "weight", *goods, "transfer", "rent", "option", "binding"]
    option = ["outside" if out else str(k) for k, out in zip(menu.option_of_type, menu.is_excluded, strict=True)]
    binding = [", ".join(menu.binding(k)) for k in range(min(seen, 200))]
    rows = len(binding)
    columns = [
        [str(name) for name in problem.labels[:rows]],
        problem.weights[:rows].tolist(),
        *menu.allocation[:rows].T.tolist(),
        menu.transfer[:rows].tolist(),
        menu.information_rent[:rows].tolist(),
        option[:rows],
        binding,
    ]
    return {**table(header, columns), "hidden": problem.n_types - rows}


def _good(name: str, instead: str) -> str:
    name = str(name)
    return readable(name, 24) if not name.isdigit() else f"{instead} {name}"


def _sizes(weights: Array) -> Array:
    """Radii of points whose areas are shares."""
    return np.asarray(2.5 + 3.5 * np.sqrt(weights / weights.max()))


def _shade(values: Array) -> Array:
    span = float(np.ptp(values)) if len(values) else 0.0
    return (values - values.min()) / span if span > 0 else np.full(len(values), 0.5)


def _range(values: Array) -> str:
    if not len(values):
        return "of nobody"
    low, high = shown([values.min(), values.max()])
    return f"{low} (dark) to {high} (light)"


class _Errs:
    """Agents who choose by logit."""

    def __init__(self, temperature: float) -> None:
        self.temperature = temperature

    def probabilities(self, utilities: Array) -> Array:
        """(n_types, n_options + 1), each row summing to 1."""
        from scipy.special import softmax

        return np.asarray(softmax(utilities / self.temperature, axis=1))


def _chances(menu: Menu, noise: float) -> Array:
    outside = menu.problem.reservation_utility
    return _Errs(noise).probabilities(np.column_stack([menu.option_utility, outside]))

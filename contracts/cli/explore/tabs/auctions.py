"""The tab of auctions: who wins, what it pays, and the reserve price, by ironed virtual values."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from contracts.cli.explore.controls import Control, Values
from contracts.cli.explore.panels import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    VERMILION,
    Mark,
    Panel,
    dots,
    line,
    panel,
    shown,
    table,
)
from contracts.cli.explore.tabs.menus import Opened
from contracts.inputs.arrays import Array
from contracts.mechanisms.auctions.auction import Auction
from contracts.mechanisms.auctions.problem import AuctionProblem
from contracts.mechanisms.solve import solve_mechanism
from contracts.readable import readable

BIDDERS, SELLER = "Bidders", "Seller"
SHOWN = 4  # bidders with a curve of their own
COLOURS = (BLUE, VERMILION, GREEN, ORANGE)
CONTROLS = (
    Control("bidders", "bidders", 1, 10, 1, 3, group=BIDDERS),
    Control("values", "values of each", 2, 60, 1, 30, group=BIDDERS),
    Control("skew", "more low values", -3, 6, 0.1, 0, 0, "equal shares", BIDDERS),
    Control("middle", "fewer in the middle", 0, 0.95, 0.05, 0, 0, "none", BIDDERS),
    Control("strength", "valuations of the first, times", 0.5, 3, 0.1, 1, 1, "like others", BIDDERS),
    Control("units", "units (capacity)", 1, 5, 1, 1, group=SELLER),
    Control("cost", "worth of a unit to the seller", 0, 1, 0.02, 0, 0, "nothing", SELLER),
)


def controls(opened: Opened | None) -> tuple[Control, ...]:
    """Of a file the units and what they are worth to the seller."""
    if opened is None:
        return CONTROLS
    problem: AuctionProblem = opened.problem
    largest = max(float(np.abs(array).max()) for array in problem.values) or 1.0
    low, high = min(0.0, problem.cost), max(largest, problem.cost)
    return (
        Control("units", "units (capacity)", 1, max(5, problem.n_units), 1, problem.n_units, group=SELLER),
        Control("cost", "worth of a unit to the seller", low, high, (high - low) / 50, problem.cost, group=SELLER),
    )


def stated(values: Values, opened: Opened | None) -> AuctionProblem:
    """Bidders whose values are spread from 0 to 1, or those of a file."""
    units, cost = int(values["units"]), values["cost"]
    if opened is not None:
        problem: AuctionProblem = opened.problem
        moved = (units, cost) != (problem.n_units, problem.cost)
        return dataclasses.replace(problem, n_units=units, cost=cost) if moved else problem
    count = int(values["bidders"])
    place = np.linspace(0.0, 1.0, int(values["values"]))
    chances = np.exp(-values["skew"] * place) * (1.0 - values["middle"] * np.exp(-(((place - 0.5) / 0.15) ** 2)))
    return AuctionProblem(
        [place * (values["strength"] if k == 0 else 1.0) for k in range(count)],
        [chances / chances.sum()] * count,
        n_units=units,
        cost=cost,
    )


def solved(problem: AuctionProblem) -> Auction:
    """The best auction."""
    found = solve_mechanism(problem)
    assert isinstance(found, Auction)
    return found


def drawn(auction: Auction) -> dict[str, Any]:
    """Virtual values, chances to win, payments and rents of bidders that differ."""
    problem = auction.problem
    kinds = _kinds(problem)[:SHOWN]
    names = [f"{readable(problem.bidders[k], 16)}: " if len(kinds) > 1 else "" for k in kinds]
    virtual: list[Mark] = []
    for k, name, colour in zip(kinds, names, COLOURS, strict=False):
        value, raw, ironed = problem.values[k], auction.virtual_values[k], auction.ironed_virtual_values[k]
        virtual += [
            line(f"{name}virtual value", value, raw, colour, dashed=True),
            line(f"{name}ironed", value, ironed, colour),
        ]
        if (pooled := np.abs(ironed - raw) > 1e-9 * max(float(np.abs(raw).max()), 1.0)).any():
            virtual.append(dots(f"{name}bunched", value[pooled], ironed[pooled], colour, size=6, hollow=True))
    ends = np.array([min(a.min() for a in problem.values), max(a.max() for a in problem.values)])
    virtual.append(line("worth to the seller", ends, np.full(2, problem.cost), GREY))

    def curves(what: str, title: str, up: str, by_type: tuple[Array, ...]) -> Panel:
        marks: list[Mark] = []
        for k, name, colour in zip(kinds, names, COLOURS, strict=False):
            marks.append(line(f"{name}{up}", problem.values[k], by_type[k], colour, steps=True))
        return panel(what, title, "value", up, marks, zero=True)

    reserves = ", ".join(f"{readable(problem.bidders[k], 16)} {shown([auction.reserve_prices[k]])[0]}" for k in kinds)
    first = kinds[0]
    return {
        "headline": str(auction).splitlines()[0],
        "panels": [
            panel("virtual", "Virtual values", "value", "virtual value", virtual),
            curves("map", "Who wins", "chance to win", auction.interim_allocation),
            curves("tariff", "What bidders expect to pay", "expected payment", auction.interim_payments),
            curves("rents", "What private information earns", "information rent", auction.interim_utilities),
        ],
        "table": table(("value", "chance", "virtual value", "ironed", "chance to win", "payment", "rent"), (
            problem.values[first].tolist(), problem.probabilities[first].tolist(),
            auction.virtual_values[first].tolist(), auction.ironed_virtual_values[first].tolist(),
            auction.interim_allocation[first].tolist(), auction.interim_payments[first].tolist(),
            auction.interim_utilities[first].tolist())),
        "notes": [
            f"Reserve prices: {reserves}.",
            f"Revenue {shown([auction.revenue])[0]}, welfare {shown([auction.welfare])[0]}.",
            f"The table is about {readable(problem.bidders[first], 24)}.",
        ],
    }  # fmt: skip


def _kinds(problem: AuctionProblem) -> list[int]:
    """The first of the bidders who are alike, of every kind."""
    kept: dict[bytes, int] = {}
    for k in range(problem.n_bidders):
        kept.setdefault(problem.values[k].tobytes() + problem.probabilities[k].tobytes(), k)
    return list(kept.values())

"""Random screening problems from a seed: ties, near ties, every kind of part, at many scales.

`case(seed, number)` is the same problem for ever, as plain data; nothing here knows the library. To add a feature of
the library, write a function that adds its fields to a draft and enter it in `FAMILIES`
(`families.py`); if its numbers have a unit,
say so in `units.py`, and teach the oracle what it means.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.fuzz.drafts import drafted
from benchmarks.fuzz.families import FAMILIES
from benchmarks.fuzz.units import Fields, scaled

SCALES = {"unit": (0.40, 0), "wide": (0.45, 6), "extreme": (0.15, 9)}  # share of cases, largest power of ten


@dataclass(frozen=True)
class Case:
    """A problem in units of one, and the units of money and amounts in which it is put to the library."""

    seed: int
    number: int
    family: str
    scale: str
    money: float
    amount: float
    base: Fields

    @property
    def fields(self) -> Fields:
        """The arguments of solve_menu."""
        return scaled(self.base, self.money, self.amount)

    @property
    def n_types(self) -> int:
        return len(self.base["valuations"])

    @property
    def is_core(self) -> bool:
        """Of the class in which nothing may fail: up to ten types, scales from 1e-6 to 1e6."""
        return self.n_types <= 10 and self.scale != "extreme"


def case(seed: int, number: int) -> Case:
    """Case `number` of a seed."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number,)))
    names = list(FAMILIES)
    shares = np.array([share for share, _ in FAMILIES.values()])
    family = names[rng.choice(len(names), p=shares / shares.sum())]
    fields = drafted(rng, family)
    FAMILIES[family][1](rng, fields)
    scale = list(SCALES)[rng.choice(len(SCALES), p=[share for share, _ in SCALES.values()])]
    powers = rng.uniform(-1, 1, 2) * SCALES[scale][1]
    if rng.random() < 0.5:
        powers = np.round(powers)
    money, amount = (10.0 ** float(power) for power in powers)
    if fields["domain"]["kind"] == "Simplex":
        amount = 1.0  # lotteries
    return Case(seed, number, family, scale, money, amount, fields)

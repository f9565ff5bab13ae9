"""Random screening problems from a seed: ties, near ties, every kind of part, at many scales.

`case(seed, number, generation)` is the same problem for ever, as plain data; nothing here knows the library. Features
that the library got later are in generations of their own, so that the numbers of earlier cases stay. To add one, write
a function that adds its fields to a draft and enter it in the `FAMILIES` of a new generation (`families.py` is the
first, `wide.py` the second); if its numbers have a unit, say so in `units.py`, and teach the oracle what it means.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.fuzz import families, wide
from benchmarks.fuzz.drafts import drafted
from benchmarks.fuzz.units import Fields, scaled

FIRST, WIDE = "first", "wide"
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
    generation: str = FIRST

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


def case(seed: int, number: int, generation: str = FIRST) -> Case:
    """Case `number` of a seed."""
    key = (number,) if generation == FIRST else (number, 2)
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
    known = families.FAMILIES if generation == FIRST else wide.FAMILIES
    names = list(known)
    shares = np.array([share for share, _ in known.values()])
    family = names[rng.choice(len(names), p=shares / shares.sum())]
    if generation == FIRST:
        fields = drafted(rng, family)
        known[family][1](rng, fields)
    else:
        fields = wide.problem(rng, family)
    scale = list(SCALES)[rng.choice(len(SCALES), p=[share for share, _ in SCALES.values()])]
    powers = rng.uniform(-1, 1, 2) * SCALES[scale][1]
    if rng.random() < 0.5:
        powers = np.round(powers)
    money, amount = (10.0 ** float(power) for power in powers)
    if fields["domain"]["kind"] == "Simplex":
        amount = 1.0  # lotteries
    return Case(seed, number, family, scale, money, amount, fields, generation)

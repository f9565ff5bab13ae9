"""Verdicts on what the questions found: is anything hacked, does pressure pay, do fronts keep their promises."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from contracts.inputs.kinds import Seed
from inference.society.mechanisms import MECHANISMS
from inference.society.probes.levels import KINDS
from inference.society.probes.optimisation import Overoptimisation
from inference.society.probes.probe import Probed
from inference.society.probes.promises import BROKEN, Promises
from inference.society.verdicts import MARGIN, Claim, Verdict, verdict_on

HACKED = 0.1  # share of what is promised that may be missing
SAID = {"as told": "No mechanism is hacked", "shrunk": "No mechanism that shrinks its signal is hacked"}
Effects = list[tuple[str, Array]]


@checked
def judged_probes(probed: Probed, *, seed: Seed) -> tuple[Verdict, ...]:
    """A verdict on every question; a replication is a society."""
    about = [*_pressed(probed.pressed), *_promised(probed.promised)]
    return tuple(
        verdict_on(claim, effects, np.random.default_rng([seed, 4000 + number]))
        for number, (claim, effects) in enumerate(about)
    )


def _pressed(found: Overoptimisation) -> list[tuple[Claim, Effects]]:
    """A cell is a mechanism, by its mean over the budgets, or by its largest budget less the middle one."""
    about = []
    for noise in _twenty_and_most(found.noises):
        for kind in KINDS:
            missing: Effects = []
            for name in MECHANISMS:
                may_miss = HACKED * found.of("proxy", name, noise=noise, kind=kind)
                missing.append((name, (found.missing(name, noise=noise, kind=kind) - may_miss).mean(axis=1)))
            about.append((_unhacked(SAID[kind], noise), missing))
    middle = (len(found.budgets) - 1) // 2
    gained: Effects = []
    for noise in found.noises:
        for name in MECHANISMS:
            given = found.of("truth", name, noise=noise)
            gained.append((f"{name}, noise {noise:g}", given[:, -1] - given[:, middle]))
    about.append((PRESSURE, gained))
    most = max(found.noises)
    better: Effects = []
    for name in MECHANISMS:
        told, guessed = (found.of("truth", name, noise=most, kind=kind) for kind in KINDS)
        better.append((name, (guessed - told).mean(axis=1)))
    about.append((_shrinking(most), better))
    return about


def _promised(found: Promises) -> list[tuple[Claim, Effects]]:
    kept: Effects = [(f"noise {noise:g}", found.of("mean", noise)) for noise in found.noises]
    flattered: Effects = [(f"noise {n:g}", found.of("worst", n) - found.worst[:, 0]) for n in found.noises]
    steadier: Effects = [(f"noise {n:g}", found.of("worst", n) - found.of("worst", n, "shrunk")) for n in found.noises]
    nearer: Effects = [(f"noise {n:g}", found.of("room", n) - found.of("room", n, "shrunk")) for n in found.noises]
    return list(zip(FRONTS, (kept, flattered, steadier, nearer), strict=True))


def _twenty_and_most(noises: Sequence[float]) -> list[float]:
    nearest = min(noises, key=lambda noise: abs(noise - 0.2))
    return sorted({nearest, max(noises)})


def _unhacked(words: str, noise: float) -> Claim:
    return Claim(
        f"{words} at {noise:.0%} noise",
        f"logits: promised less delivered, less {HACKED:.0%} of the promise, mean over the budgets",
        "interval below 0 for every mechanism",
        0.0,
        "below",
    )


def _shrinking(noise: float) -> Claim:
    return Claim(
        f"Shrinking the signal adds true value at {noise:.0%} noise",
        "logits: true value with the signal shrunk less that with the signal as told, mean over the budgets",
        "interval above 0 for every mechanism",
    )


PRESSURE = Claim(
    "Optimising harder costs no true value",
    "logits: true value at the largest budget less that at the middle one",
    f"interval above -{MARGIN:g} for every mechanism and noise",
    -MARGIN,
)
FRONTS = (
    Claim(
        "Fronts from estimates keep their promises on average",
        "logits: promised less delivered, mean over the menus of a front, its groups and safety",
        f"interval below {BROKEN:g} at every noise",
        BROKEN,
        "below",
    ),
    Claim(
        "Estimates make the worst promise of a front worse",
        "logits: largest overpromise of the front of the estimates less that of the true front",
        "interval above 0 at every noise",
    ),
    Claim(
        "Shrinking makes the worst promise of a front better",
        "logits: largest overpromise of the front of the estimates less that after shrinking them",
        "interval above 0 at every noise",
    ),
    Claim(
        "Shrinking brings the menus of a front nearer to the true front",
        "logits in every objective at once: distance from the true front, as told less shrunk",
        "interval above 0 at every noise",
    ),
)

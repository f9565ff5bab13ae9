"""One question put to some societies, as a piece of a sweep: what was measured, societies first, is kept as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass
from inference.society.probes import optimisation, promises, provider
from inference.society.scenarios import PLAIN, communities

CONFLICT = 0.5  # of the societies that are asked
KINDS = ("over-optimisation", "promises", "provider")


@dataclass(frozen=True)
class Probe:
    """One kind of question, some replications, and how finely."""

    kind: str
    replications: tuple[int, ...]
    noises: tuple[float, ...]
    gap: float
    seed: int

    def __str__(self) -> str:
        return self.kind

    def compute(self) -> dict[str, Array]:
        """Named arrays, societies first."""
        asked = communities(PLAIN, CONFLICT, self.replications, seed=self.seed)
        if self.kind == "provider":
            return provider.measured(asked)
        if self.kind == "promises":
            found = promises.front_promises(asked, noises=self.noises, gap=self.gap)
            return {name: getattr(found, name) for name in promises.MEASURED}
        pressed = optimisation.overoptimisation(asked, noises=self.noises)
        return {"proxy": pressed.proxy, "truth": pressed.truth}

    def record(self, found: Mapping[str, Array]) -> dict[str, Any]:
        """What was measured, as plain JSON."""
        return {"measured": {name: values.tolist() for name, values in found.items()}}

    def recall(self, record: Mapping[str, Any]) -> dict[str, Array]:
        """The inverse of `record`."""
        return {name: np.array(values) for name, values in record["measured"].items()}


class Probed(NamedTuple):
    """What all questions found."""

    pressed: optimisation.Overoptimisation
    promised: promises.Promises
    provided: provider.ProviderStudy


def probed(parts: Sequence[tuple[Probe, Mapping[str, Array]]]) -> Probed:
    """Put the pieces of every question together."""
    noises, seed = parts[0][0].noises, parts[0][0].seed
    found: dict[str, dict[str, Array]] = {}
    for kind in KINDS:
        own = [measured for probe, measured in parts if probe.kind == kind]
        found[kind] = {name: np.concatenate([one[name] for one in own]) for name in own[0]}
    return Probed(
        optimisation.from_measured(noises, found["over-optimisation"]),
        promises.from_measured(noises, found["promises"]),
        provider.from_measured(seed, found["provider"]),
    )

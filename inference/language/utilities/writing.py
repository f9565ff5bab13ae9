"""Weights to words: what `read_utilities` reads back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import number
from contracts.inputs.door import checked
from inference.language.utilities.reading import UtilityReading

SMALLEST = 0.0005  # of a weight, which is written as nothing


@checked(own=("weights",))
def write_utilities(weights: Any) -> str:
    """Sentences that say these weights, and lines that are not crossed.

    Parameters
    ----------
    weights : a mapping from attributes to relative weights, negative where more is unwanted; or a reading of one text

    Raises
    ------
    ProblemError
        If all weights are 0, one is not a number, or the reading is of several texts.

    Examples
    --------
    >>> write_utilities({"privacy": 3, "candour": 1, "speed": 0})
    'The weights are 75% privacy and 25% candour. I do not care about speed.'
    >>> write_utilities({"privacy": 0.8, "notifications": -0.2})
    'The weights are 80% privacy and 20% notifications. I hate notifications.'
    """
    vetoes: tuple[str, ...] = ()
    floors: dict[str, float] = {}
    if isinstance(weights, UtilityReading):
        if len(weights) != 1:
            raise ProblemError(
                f"the reading is of {len(weights)} texts: write them one by one, reading[0] is the first"
            )
        vetoes, floors = weights.vetoes[0], weights.floors[0]
        weights = dict(zip(weights.attributes, weights.weights[0].tolist(), strict=True))
    if not isinstance(weights, Mapping) or not weights:
        raise ProblemError("weights is no mapping from attributes to numbers, and no reading: give one of them")
    values = {str(name): number(f"weights[{name!r}]", one) for name, one in weights.items()}
    total = sum(map(abs, values.values()))
    if not total > 0:
        raise ProblemError("all weights are 0: at least one attribute must matter")
    parts = {name: abs(one) / total for name, one in values.items()}
    written = [f"{_percent(one)}% {name}" for name, one in parts.items() if one >= SMALLEST]
    sentences = (
        [f"The weights are {_listed(written)}."]
        if len(written) > 1
        else [f"The only thing that matters is {written[0].split('% ')[1]}."]
    )
    nothing = [name for name, one in parts.items() if one < SMALLEST]
    if nothing and len(written) > 1:
        sentences.append(f"I do not care about {_listed(nothing)}.")
    sentences += [f"I hate {name}." for name, one in values.items() if one < 0 and parts[name] >= SMALLEST]
    sentences += [f"Never compromise {name}." for name in vetoes]
    sentences += [f"{name} must be at least {level:g}." for name, level in floors.items() if not np.isnan(level)]
    return " ".join(sentences)


def _percent(share: float) -> str:
    return f"{100 * share:.1f}".removesuffix(".0")


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"

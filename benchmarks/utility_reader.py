"""How well texts are read whose weights are known.

python -m benchmarks.utility_reader            tables by kind, texts seen, unseen and written later
python -m benchmarks.utility_reader --texts seen --misses   also every text that is not read as meant
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from inference.language.utilities.offline import OfflineUtilityReader
from inference.language.utilities.reading import UtilityReading

FOLDER = Path(__file__).parent / "utility_texts"
SETS: dict[str, dict[str, list[str] | str | None]] = {
    "assistant": {
        "privacy": "keeps personal data to itself",
        "candour": ["honest", "frank", "honesty"],
        "helpfulness": None,
        "safety": None,
    },
    "broadband": {"price": "what the line costs", "speed": ["fast"], "reliability": None},
    "food": {"taste": ["tasty"], "cost": ["cheap"], "health": ["healthy"]},
    "city": {"fairness": None, "efficiency": None, "freedom": None},
    "phone": {"battery": "battery life", "camera": None, "price": None, "weight": ["heavy"]},
    "job": {"pay": ["salary"], "flexibility": None, "meaning": None, "commute": None},
    "car": {"comfort": None, "emissions": ["low emissions"], "price": None, "safety": None},
    "school": {"equality": None, "excellence": None, "wellbeing": None},
    "news": {"accuracy": None, "speed": None, "neutrality": ["neutral"], "entertainment": None},
    "flat": {"rent": None, "location": None, "quiet": None, "space": ["big", "small"]},
    "energy": {"price": ["cheap"], "sustainability": ["green"], "independence": None},
    "ward": {"dignity": None, "comfort": None, "cost": None},
    "hotel": {"location": None, "breakfast": None, "price": ["cheap"], "cleanliness": ["clean"]},
    "council": {"parks": None, "roads": None, "schools": None, "policing": None},
    "bot": {"truth": ["truthful"], "politeness": ["polite"], "brevity": None, "privacy": None},
    "care": {"kindness": ["kind"], "skill": None, "wait": "a short wait"},
    "train": {"punctuality": ["on time"], "fare": ["low fare"], "comfort": None, "wifi": None},
    "app": {"simplicity": ["simple"], "features": None, "privacy": ["private"]},
    "laptop": {
        "portability": ["portable"],
        "performance": ["powerful"],
        "price": ["affordable"],
        "durability": ["durable"],
    },
    "charity": {"transparency": ["open books"], "impact": None, "locality": ["local"]},
    "forum": {"safety": None, "expression": ["free speech"], "consistency": ["consistent"], "speed": None},
    "holiday": {"sunshine": ["sunny"], "culture": None, "budget": ["inexpensive"], "adventure": None},
    "bank": {"trust": ["trustworthy"], "fees": ["low fees"], "access": "easy to reach", "ethics": ["ethical"]},
    "tutor": {"patience": ["patient"], "clarity": ["clear"], "rigour": ["rigorous"], "warmth": ["warm"]},
    "library": {"quiet": None, "hours": ["long opening hours"], "books": None, "events": None},
    "mayor": {"housing": ["homes"], "transport": ["buses"], "greenery": ["trees"], "thrift": ["low taxes"]},
    "clinic": {"accuracy": ["accurate"], "comfort": ["comfortable"], "waiting": "a short wait"},
    "farm": {"yield": ["harvest"], "soil": None, "water": ["clean water"]},
    "editor": {"simplicity": ["simple"], "power": ["powerful"], "openness": ["open"]},
}
FILES = (
    *("seen", "unseen", "later", "fresh", "final", "blind"),
    *("newcomer", "afterwards", "strangers", "once", "visitors"),
)
PLAIN_KINDS = ("comparison", "ratio", "veto", "negation", "floor", "priority", "irrelevant")
CONFIDENT_ERROR, CONFIDENT_SD = 0.3, 0.1
CLEAR = 1.15  # ratio of what is meant from which there is a direction
AS_GOOD = (0.2, 0.8)  # probabilities that leave the order of two attributes open
MOVED = 0.02  # of a weight, from which a text that says nothing has been read
LEVEL_SLACK = 1e-6


class Case(NamedTuple):
    """A text, and what is meant: relative weights, and lines that are not crossed."""

    kind: str
    of: str
    text: str
    meant: dict[str, float]
    vetoes: frozenset[str]
    floors: dict[str, float]


class Score(NamedTuple):
    """How one text was read."""

    case: Case
    abstained: bool
    right: bool | None  # None if nothing is to be said about directions
    error: float
    confident: bool
    covered: list[bool]
    lines: bool  # vetoes and floors as meant


def cases(name: str) -> list[Case]:
    """The texts of a file."""
    found = []
    for line in (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            said, _, meant = line.rpartition("|")
            kind, of, text = (one.strip() for one in said.split("|", 2))
            found.append(_case(kind, of, text, meant.strip()))
    return found


def _case(kind: str, of: str, text: str, meant: str) -> Case:
    weights: dict[str, float] = {}
    vetoes, floors = set(), {}
    for part in [] if meant == "none" else [one.strip() for one in meant.split(",")]:
        words = part.split()
        if words[0] == "veto":
            vetoes.add(words[1])
        elif words[0] in ("floor", "need"):
            floors[words[1]] = float(words[2]) if len(words) > 2 else float("nan")
        elif words[0] == "*":
            weights |= {name: float(words[1]) for name in SETS[of] if name not in weights}
        else:
            weights[words[0]] = float(words[1])
    assert set(weights) | vetoes | set(floors) <= set(SETS[of]), text
    return Case(kind, of, text, weights, frozenset(vetoes), floors)


def score(case: Case, reading: UtilityReading) -> Score:
    """The reading beside what is meant: shares among the attributes that the text speaks of."""
    lines = set(reading.vetoes[0]) == case.vetoes and _same(reading.floors[0], case.floors)
    named = list(case.meant) or list(reading.attributes)
    whose = reading.among(named)
    meant = np.array([case.meant.get(name, 1.0) for name in named])
    meant = meant / meant.sum()
    error = whose.weights[0] - meant
    confident = bool(np.any((np.abs(error) > CONFIDENT_ERROR) & (whose.standard_deviations[0] < CONFIDENT_SD)))
    if not case.meant:
        moved = float(np.abs(whose.weights[0] - 1 / len(named)).max())
        return Score(case, moved < MOVED, moved < MOVED, moved, confident, [], lines)
    abstained = not reading.read[0].any()
    right: bool | None = None
    covered: list[bool] = []
    if not abstained:
        right = True
        for i, a in enumerate(named):
            for b in named[i + 1 :]:
                probability = float(whose.preference(a, b)[0])
                ratio = (case.meant[a] + 1e-9) / (case.meant[b] + 1e-9)
                if ratio > CLEAR:
                    right &= probability > 0.5
                elif ratio < 1 / CLEAR:
                    right &= probability < 0.5
                else:
                    right &= AS_GOOD[0] < probability < AS_GOOD[1]
        low, high = whose.interval(0.9)[0].T
        slack = 0.01  # what is meant is rounded
        covered = ((low - slack <= meant) & (meant <= high + slack)).tolist()
    return Score(case, abstained, right, float(np.abs(error).mean()), confident, covered, lines)


def _same(found: dict[str, float], meant: dict[str, float]) -> bool:
    if set(found) != set(meant):
        return False
    return all((np.isnan(found[k]) and np.isnan(v)) or abs(found[k] - v) < LEVEL_SLACK for k, v in meant.items())


def scores(name: str, read: Callable[[Case], UtilityReading] | None = None) -> list[Score]:
    """All texts of a file, as a reader reads them, the offline one by default."""
    readers = {of: OfflineUtilityReader(known) for of, known in SETS.items()}
    return [score(case, read(case) if read else readers[case.of].read(case.text)) for case in cases(name)]


def table(found: Iterable[Score]) -> str:
    """One row per kind."""
    found = list(found)
    rows = ["kind         texts  abstained  right of read  mean abs error  confident errors  in 90 %  lines right"]
    kinds = [*dict.fromkeys(one.case.kind for one in found), "all"]
    for kind in kinds:
        own = [one for one in found if kind in (one.case.kind, "all")]
        told = [one for one in own if one.case.meant]
        read = [one for one in told if not one.abstained]
        silent = [one for one in own if not one.case.meant]
        right = sum(bool(one.right) for one in read) + sum(bool(one.right) for one in silent)
        covered = [one for s in read for one in s.covered]
        abstained = sum(one.abstained for one in told)
        rows.append(
            f"{kind:12} {len(own):5}  {abstained:9}  {right:5} of {len(read) + len(silent):4}  "
            f"{np.mean([one.error for one in read]) if read else float('nan'):14.3f}  "
            f"{sum(one.confident for one in own):16}  {np.mean(covered) if covered else float('nan'):7.2f}  "
            f"{sum(one.lines for one in own):5} of {len(own)}"
        )
    return "\n".join(rows)


def misses(found: Iterable[Score]) -> str:
    """Texts that are not read as meant."""
    lines = []
    for one in found:
        said = ["abstained"] * (one.abstained and bool(one.case.meant)) + ["WRONG"] * (one.right is False)
        said += ["lines"] * (not one.lines) + ["CONFIDENT"] * one.confident
        if said:
            lines.append(f"{one.case.kind:11} {one.case.text}  [{' '.join(said)} {one.error:.2f}]")
    return "\n".join(lines)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", choices=FILES, action="append")
    parser.add_argument("--misses", action="store_true")
    options = parser.parse_args()
    for name in options.texts or FILES:
        found = scores(name)
        print(f"{name}\n{table(found)}\n")
        if options.misses:
            print(misses(found), "\n")


if __name__ == "__main__":
    main()

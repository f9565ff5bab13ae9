"""From words to a menu: three groups say what they want, and get contracts that are proven for all they may mean.

    python examples/words_to_menu.py

First the reading and two menus, words at their mean and words with their vagueness. Then simulated people, whose true
utilities are known: words alone, choices alone, the average of the two, and words as prior with choices as evidence.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from contracts import Box, Quadratic, solve_menu
from inference import Comparisons, elicit_norms, read_utilities
from inference.language import agreement_of_norms

ATTRIBUTES = {"price": "what the line costs", "speed": ["fast"], "reliability": None}
SAID = {
    "savers": "Price is four times as important as speed. I do not care about reliability.",
    "gamers": "80% speed and 20% price.",
    "offices": "Never compromise reliability. Price is nice to have, no more.",
}
SIZES = (0.5, 0.3, 0.2)
SCALE = 10.0

POLICIES = ("basic", "fast", "steady", "all-round")
LEVELS = np.array([[1.0, 0.0, 0.2], [0.3, 1.0, 0.3], [0.4, 0.3, 1.0], [0.5, 0.6, 0.6]])
LOGITS = 6.0  # how decided people are
MISTAKEN = 0.15  # of people, who say the opposite of what they want
N_PEOPLE, N_RUNS = 40, 10
N_CHOICES = (1, 3, 10, 30)


def main() -> None:
    """Print both parts."""
    menus()
    simulation()


def menus() -> None:
    """Three groups in words, as one problem."""
    reading = read_utilities(SAID, ATTRIBUTES)
    print(reading)
    for level in (0.0, 0.5):
        menu = solve_menu(
            reading.screening_problem(weights=SIZES, scale=SCALE, level=level, cost=Quadratic(), domain=Box(0.0, 10.0))
        )
        print(f"\nWords {'at their mean' if not level else f'with vagueness, confidence {level:g}'}")
        print(menu)
        print(f"certificate holds: {menu.certificate.holds}")


# ---- people whose utilities are known ----


def people(rng: np.random.Generator) -> tuple[np.ndarray[Any, Any], dict[str, str], np.ndarray[Any, Any]]:
    """True utilities of policies, what people say, and who says the opposite."""
    weights = rng.dirichlet(np.full(3, 1.5), size=N_PEOPLE)
    utilities = LOGITS * weights @ LEVELS.T
    utilities -= utilities.mean(axis=1, keepdims=True)
    mistaken = rng.random(N_PEOPLE) < MISTAKEN
    names, texts = list(ATTRIBUTES), {}
    for person, own in enumerate(weights):
        first, second, third = (names[k] for k in np.argsort(own if mistaken[person] else -own))
        sentences = [f"{first} is more important to me than {second}.", f"{third} comes last."]
        texts[f"person {person}"] = " ".join(sentences[: rng.integers(1, 3)])
    return utilities, texts, mistaken


def compared(utilities: np.ndarray[Any, Any], groups: list[str], n: int, rng: np.random.Generator) -> Comparisons:
    """What everybody chooses from so many random pairs of policies."""
    person = np.repeat(np.arange(len(groups)), n)
    first = rng.integers(len(POLICIES), size=len(person))
    second = (first + rng.integers(1, len(POLICIES), size=len(person))) % len(POLICIES)
    gap = utilities[person, first] - utilities[person, second]
    wins = rng.random(len(person)) < 1 / (1 + np.exp(-gap))
    policies = np.array(POLICIES)
    return Comparisons(
        np.array(groups)[person], policies[np.where(wins, first, second)], policies[np.where(wins, second, first)]
    )


def simulation() -> None:
    """How far estimates of utilities are from the truth, and whom the flag finds."""
    table = {name: dict(zip(ATTRIBUTES, row, strict=True)) for name, row in zip(POLICIES, LEVELS, strict=True)}
    errors: dict[tuple[int, str], list[float]] = {}
    flags: dict[tuple[int, bool], list[float]] = {}
    for run in range(N_RUNS):
        rng = np.random.default_rng(run)
        utilities, texts, mistaken = people(rng)
        words = read_utilities(texts, ATTRIBUTES).stated(table, scale=LOGITS, scale_sd=0.3)
        said = words.mean - words.mean.mean(axis=1, keepdims=True)
        known: dict[str, Any] = {"groups": list(texts), "policies": list(POLICIES)}
        for n in N_CHOICES:
            answers = compared(utilities, list(texts), n, rng)
            alone = elicit_norms(answers, **known)
            both = elicit_norms(answers, prior=words, **known)
            found = {"words": said, "choices": alone.utilities, "average": (said + alone.utilities) / 2}
            found["prior and evidence"] = both.utilities
            for name, one in found.items():
                errors.setdefault((n, name), []).append(float(np.sqrt(((one - utilities) ** 2).mean())))
            flagged = agreement_of_norms(words, alone).contradicts
            for wrong in (True, False):
                if (mistaken == wrong).any():
                    flags.setdefault((n, wrong), []).append(float(np.mean(flagged[mistaken == wrong])))
    ways = ("words", "choices", "average", "prior and evidence")
    print(f"\n{N_RUNS} times {N_PEOPLE} simulated people; {100 * MISTAKEN:.0f} % say the opposite of what they want")
    print("root mean square error of utilities, logits (standard error over runs)")
    print(f"{'choices each':>12}  " + "  ".join(f"{way:>18}" for way in ways) + "  flagged: mistaken  others")
    for n in N_CHOICES:
        cells = []
        for way in ways:
            own = np.array(errors[n, way])
            cells.append(f"{own.mean():.3f} ({own.std(ddof=1) / np.sqrt(len(own)):.3f})")
        print(f"{n:12}  " + "  ".join(f"{cell:>18}" for cell in cells), end="")
        print(f"  {np.mean(flags[n, True]):17.2f}  {np.mean(flags[n, False]):6.2f}")


if __name__ == "__main__":
    main()

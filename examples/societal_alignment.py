"""Societal alignment: menus of policies against the averaged reward, and where they are better.

Run with `python examples/societal_alignment.py [small|default|full] [folder]`. It draws societies whose groups want
different things, asks their members, serves them by nine mechanisms under noise, lets menus learn over time, traces
the front between groups and safety, and judges what is claimed. `contracts simulate societal` is the same from a shell.
"""

import sys
from pathlib import Path

import numpy as np

from inference.society import (
    MECHANISMS,
    Scale,
    Truth,
    evaluate,
    moral_machine_society,
    noisy_signal,
    societal_study,
    synthetic_society,
)
from inference.society.scenarios import PLAIN, communities, standard_noise


def main(scale: str | Scale = "small", folder: str = "out/societal") -> None:
    """Print the study and write verdict.json and report.html into the folder."""
    # One society by hand: who is there, what they say, what the mechanisms make of it, what it does to them.
    society = synthetic_society(rng=np.random.default_rng(1), conflict=0.5)
    print(f"{society}\n\n{moral_machine_society(rng=np.random.default_rng(1))}\n")
    asked = communities(PLAIN, 0.5, range(1), seed=1)
    eps = standard_noise(PLAIN, np.random.default_rng(1), asked.worlds[0])[np.newaxis]
    signal = noisy_signal(asked.worlds, asked.told, eps, 0.2, PLAIN)
    offer = MECHANISMS["menu"](signal)
    print(offer.menus[0])
    outcome = evaluate(Truth.of(asked.worlds), offer, np.arange(3))
    print(f"true misalignment under this menu: {outcome.misalignment[0]:.3f} logits\n")

    # Many societies, every mechanism, every noise, and the verdicts.
    study = societal_study(scale, seed=1, out=Path(folder), progress=lambda line: print(line, file=sys.stderr))
    print(study)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""A multinomial logit of very many choices: seconds of processor time beside a floor.

    python -m benchmarks.choices [--choices 1000000]

The floor is one pass over the same numbers by NumPy: utilities, logit chances, and the cross product of attributes that
a step of Newton's method needs at least, without a check of anything.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from inference import fit_multinomial_logit, simulate_choices

TRUTH = np.array([0.6, -0.4, 0.2, 0.0, -1.0])
N_OPTIONS = 4


def one_pass(attributes: np.ndarray) -> float:
    """Seconds of utilities, chances and one cross product."""
    start = time.process_time()
    utilities = attributes @ TRUTH
    chances = np.exp(utilities - utilities.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    flat = attributes.reshape(-1, len(TRUTH))
    flat.T @ (flat * chances.reshape(-1, 1))
    return time.process_time() - start


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--choices", type=int, default=1_000_000)
    asked = parser.parse_args()
    rng = np.random.default_rng(0)
    attributes = rng.normal(size=(asked.choices, N_OPTIONS, len(TRUTH)))
    data = simulate_choices([1.0], TRUTH[np.newaxis], attributes, np.arange(asked.choices), rng=rng).data
    start = time.process_time()
    fit = fit_multinomial_logit(data)
    seconds = time.process_time() - start
    floor = min(one_pass(attributes) for _ in range(3))
    off = np.abs(np.asarray(fit.coefficients) - TRUTH).max()
    print(
        f"{asked.choices} choices among {N_OPTIONS} options, {len(TRUTH)} attributes: {seconds:.2f} s, "
        f"{seconds / floor:.1f} times one pass over the numbers, coefficients within {off:.4f}"
    )


if __name__ == "__main__":
    main()

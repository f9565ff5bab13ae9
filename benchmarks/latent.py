"""Latent types against a general optimiser on the same likelihood: `python -m benchmarks.latent`.

Data are the choices of `examples/social_preferences.py`; where they are absent, choices drawn from the published
population in the same number. The baseline is what one writes without a library: the log likelihood of alpha, ...,
delta and log sigma of three types and two log odds of their shares in NumPy, vectorised over all choices, and
`scipy.optimize.minimize(method="BFGS")` with numerical gradients, from the pooled estimates times uniform noise on
[0.8, 1.2], as the published replication starts. Seconds are of the processor.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_expit, log_softmax, logsumexp

import inference
from contracts.inputs.files import write_text
from examples.social_preferences import FOLDER, PUBLISHED, load

SEED, REACHED = 2019, 0.005  # log likelihood within which the best value counts as found, as in the published digits
POOLED = np.array([0.083, 0.261, 0.072, -0.042, np.log(0.016)])


def choices() -> tuple[inference.ChoiceData, str]:
    """The published data, or as many choices drawn from the published population."""
    if FOLDER.exists():
        return load(), "published data"
    rng = np.random.default_rng(SEED)
    own, gap = rng.uniform(300, 1000, size=(2, 160 * 117, 2))
    shifts = rng.integers(0, 2, size=(160 * 117, 1, 4))
    offers = np.concatenate([own[..., np.newaxis], (gap - 650)[..., np.newaxis] * shifts], axis=2)
    table = np.array(list(PUBLISHED.values()))
    tastes = np.column_stack([np.ones(3), table[:, 1:5]]) * table[:, 5:]
    person = np.repeat(np.arange(160), 117)
    return inference.simulate_choices(table[:, 0], tastes, offers, person, rng=rng).data, "drawn data"


def baseline(data: inference.ChoiceData, rng: np.random.Generator) -> float:
    """One start of BFGS; the log likelihood where it ends."""
    taken, other = (data.attributes[np.arange(data.n_obs), k] for k in (data.choice, 1 - data.choice))
    difference, index = taken - other, data.person_index

    def loss(theta: Any) -> float:
        own, sigma = theta[:15].reshape(3, 5)[:, :4], np.exp(theta[4:15:5])
        utility = difference @ (np.column_stack([np.ones(3), own]) * sigma[:, np.newaxis]).T
        by_type = np.column_stack([np.bincount(index, column) for column in log_expit(utility).T])
        return -float(logsumexp(by_type + log_softmax(np.append(theta[15:], 0.0)), axis=1).sum())

    start = np.concatenate([np.tile(POOLED, 3) * rng.uniform(0.8, 1.2, 15), rng.uniform(-0.5, 0.5, 2)])
    return -float(minimize(loss, start, method="BFGS").fun)


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    """Processor seconds, and the result."""
    start = time.process_time()
    result = run()
    return time.process_time() - start, result


def measure(starts: int) -> dict[str, Any]:
    """Both methods from as many random starts: seconds, best log likelihood, how many starts found it."""
    data, source = choices()
    timed(lambda: inference.fit_latent_types(data, 1, rng=np.random.default_rng(0)))  # imports and caches
    rng = np.random.default_rng(SEED)
    ours, types = timed(lambda: inference.fit_latent_types(data, 3, rng=rng, n_starts=starts))
    theirs, ends = timed(lambda: [baseline(data, rng) for _ in range(starts)])
    best = max(types.log_likelihood, *ends)
    found = {"library": types.convergence.log_likelihoods, "BFGS, numerical gradient": ends}
    rows = [
        {
            "method": method,
            "seconds": seconds,
            "seconds_per_start": seconds / starts,
            "log_likelihood": max(found[method]),
            "starts": starts,
            "reached": sum(best - value <= REACHED for value in found[method]),
        }
        for method, seconds in zip(found, (ours, theirs), strict=True)
    ]
    return {"schema": "menuwright/benchmarks/latent/1", "data": source, "rows": rows, "ratio": theirs / ours}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.latent", description=__doc__.splitlines()[0])
    parser.add_argument("--starts", type=int, default=10, help="random starts of each method (10)")
    parser.add_argument("--out", type=Path, help="write the numbers as JSON as well")
    options = parser.parse_args()
    record = measure(options.starts)
    print(f"three types, 160 people, 18,720 choices, {record['data']}")
    print(f"{'method':<26}{'log likelihood':>15}{'starts there':>14}{'seconds':>10}{'per start':>11}")
    for row in record["rows"]:
        reached = f"{row['reached']} of {row['starts']}"
        times = f"{row['seconds']:>10.3g}{row['seconds_per_start']:>11.3g}"
        print(f"{row['method']:<26}{row['log_likelihood']:>15.4f}{reached:>14}{times}")
    print(f"BFGS takes {record['ratio']:.0f} times as long")
    if options.out:
        write_text(options.out, json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()

"""Effective draws per CPU second of the hierarchical logit: the library's Gibbs sampler against numpyro's NUTS.

`python -m benchmarks.hierarchical` measures both on one synthetic population in one run, on one thread, and prints how
far their posterior means are apart in Monte Carlo standard errors: a fast sampler of something else would not count.
CPU seconds include the warm-up, and for NUTS the compilation by jax.
"""

from __future__ import annotations

import argparse
import os
import time

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import numpy as np  # noqa: E402  # after the number of threads is set

from benchmarks import nuts  # noqa: E402
from benchmarks.cases import SEED, Array  # noqa: E402
from inference import ChoiceData, HierarchicalPrior, fit_hierarchical_logit  # noqa: E402
from inference.tastes.distribution import choices_of  # noqa: E402
from inference.types.draws import arviz  # noqa: E402

MEAN = np.array([1.0, -1.0, 0.5])
FACTOR = np.array([[1.0, 0.0, 0.0], [0.5, 0.8, 0.0], [-0.3, 0.2, 0.9]])


def population(n_people: int, n_rounds: int = 10, n_options: int = 4) -> ChoiceData:
    """Choices of people with three correlated normal tastes."""
    rng = np.random.default_rng(SEED)
    offers = rng.normal(size=(n_people * n_rounds, n_options, len(MEAN)))
    people = np.repeat(np.arange(n_people), n_rounds)
    situations = ChoiceData(offers, np.zeros(len(offers), dtype=np.int64), people)
    return choices_of(situations, MEAN + rng.normal(size=(n_people, len(MEAN))) @ FACTOR.T, rng)


def judged(mean: Array, covariance: Array, seconds: float) -> dict[str, Array | float]:
    """Estimates, their Monte Carlo errors, and the least effective draws per second of any mean or sd."""
    az = arviz()
    sd = np.sqrt(np.diagonal(covariance, axis1=2, axis2=3))
    draws = np.concatenate([mean, sd], axis=2)
    effective = az.ess(az.convert_to_dataset({"x": draws}))["x"].to_numpy()
    return {
        "estimate": draws.mean(axis=(0, 1)),
        "error": draws.std(axis=(0, 1)) / np.sqrt(effective),
        "effective": float(effective.min()),
        "seconds": seconds,
        "rate": float(effective.min()) / seconds,
    }


def main() -> None:
    """Measure both and print one line each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hierarchical", description=__doc__)
    parser.add_argument("--people", type=int, default=300, help="with 10 choices among 4 options each (300)")
    parser.add_argument("--draws", type=int, default=500, help="kept draws of each of the 4 chains of Gibbs (500)")
    parser.add_argument("--nuts-draws", type=int, default=300, help="kept draws of the one chain of NUTS (300)")
    options = parser.parse_args()
    data, prior = population(options.people), HierarchicalPrior(scale=(len(MEAN) + 3) * np.eye(len(MEAN)))
    start = time.process_time()
    ours = fit_hierarchical_logit(
        data, rng=np.random.default_rng(SEED), n_draws=options.draws, n_warmup=300, prior=prior
    )
    rows = {"library, Gibbs": judged(ours.mean, ours.covariance, time.process_time() - start)}
    mean, covariance, seconds = nuts.sample(data, prior, draws=options.nuts_draws, warmup=300, chains=1, seed=0)
    rows["numpyro, NUTS"] = judged(mean, covariance, seconds)
    print(f"{options.people} people x 10 choices x 4 options x 3 attributes; least effective of 3 means and 3 sds")
    print(f"{'':16}{'effective':>10}{'CPU seconds':>13}{'per second':>12}")
    for name, row in rows.items():
        print(f"{name:16}{row['effective']:10.0f}{row['seconds']:13.1f}{row['rate']:12.1f}")
    one, other = rows.values()
    apart = (one["estimate"] - other["estimate"]) / np.hypot(one["error"], other["error"])
    print(f"largest difference of posterior means: {np.abs(apart).max():.1f} Monte Carlo standard errors")


if __name__ == "__main__":
    main()

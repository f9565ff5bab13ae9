"""How often intervals for the reserve price hold the true one: `python -m benchmarks.reserve_coverage [auctions ...]`.

Values are uniform on [0, 1], three bidders bid two thirds of them, and the best reserve price is one half. Each of 200
simulated sales has its own seed, and its 95% interval from 40 draws of its auctions.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from inference import values_from_bids

SIMULATIONS, DRAWS, BIDDERS, TRUTH = 200, 40, 3, 0.5


def coverage(n_auctions: int) -> tuple[float, float]:
    """Share of intervals that hold the truth, and their mean width."""
    held, width = 0, 0.0
    for seed in range(SIMULATIONS):
        values = np.random.default_rng(seed).uniform(size=(n_auctions, BIDDERS))
        found = values_from_bids(values * (BIDDERS - 1) / BIDDERS)
        low, high = found.reserve_interval(n_draws=DRAWS, rng=np.random.default_rng(10_000 + seed))
        held += low <= TRUTH <= high
        width += high - low
    return held / SIMULATIONS, width / SIMULATIONS


def main(sizes: list[int]) -> None:
    """Print coverage for sales of every size."""
    print("auctions  intervals that hold one half  mean width  CPU s")
    for size in sizes:
        began = time.process_time()
        share, width = coverage(size)
        print(f"{size:8d}  {share:28.1%}  {width:10.3f}  {time.process_time() - began:5.0f}")


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [100, 200])

"""One sweep on ever more hands: seconds of the clock, and whether the rows are those of one process.

    python -m benchmarks.sweeps [--cells 200]

Every cell solves and proves a menu in two goods for 49 types whose shares are drawn. Processes start empty and load the
library, which takes seconds: the start is measured apart, by a sweep of two cells.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
import threading
import time
from typing import Any

import numpy as np

import contracts

SIDE = 7
KILLED_AFTER = 0.5  # of the time that two workers took


def drawn(curvature: float, rng: np.random.Generator) -> contracts.ScreeningProblem:
    """A seller of two goods whose buyers' shares are drawn anew."""
    tastes = np.linspace(1.0, 2.0, SIDE)
    types = np.array([(one, other) for one in tastes for other in tastes])
    return contracts.ScreeningProblem(types, rng.dirichlet(np.full(SIDE**2, 20.0)), cost=contracts.Quadratic(curvature))


def timed(n_cells: int, **how: Any) -> tuple[float, contracts.Sweep]:
    """Seconds, and the rows."""
    began = time.perf_counter()
    found = contracts.sweep(drawn, {"curvature": [1.0]}, n_replications=n_cells, seed=1, **how)
    return time.perf_counter() - began, found


def killing(after: float) -> threading.Timer:
    """Kills one of this process's children after so many seconds."""

    def kill() -> None:
        os.kill(multiprocessing.active_children()[0].pid or 0, signal.SIGKILL)

    timer = threading.Timer(after, kill)
    timer.start()
    return timer


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=200)
    asked = parser.parse_args()
    alone, rows = timed(asked.cells, n_workers=1)
    whole = rows.to_frame()

    def line(name: str, seconds: float, found: contracts.Sweep, start: float = 0.0) -> None:
        same = whole.equals(found.to_frame())
        share = f"{(seconds - start) / alone:.2f}"
        print(f"{name:24} {seconds:8.1f} {start:8.1f} {share:>14}  {len(found.failed()):6}  {same}", flush=True)

    print(f"{'workers':24} {'seconds':>8} {'start':>8} {'rest, of alone':>14}  failed  same rows")
    line("this process", alone, rows)
    start = timed(2, n_workers=2)[0]
    both, found = timed(asked.cells, n_workers=2)
    line("two processes", both, found, start)
    timer = killing(start + KILLED_AFTER * (both - start))
    seconds, found = timed(asked.cells, n_workers=2)
    timer.join()
    line("two, one killed midway", seconds, found, start)
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        print("dask.distributed is not installed: pip install 'menuwright[sweep]'")
        return
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        start = timed(2, cluster=client)[0]
        line("two workers of dask", *timed(asked.cells, cluster=client), 0.0)
        print(f"their first two cells, which load the library: {start:.1f} s")


if __name__ == "__main__":
    main()
